//! The form of a stream.
//!
//! Sources: ADR-33 and nats-server `server/stream.go` for fields, defaults and what an update may change.

use serde_json::{Map, Value};

use crate::engine::api::json::to_json;
use crate::sim::world::World;

use super::form::{ApiError, ApiRequest, Choice, Field, FieldError, FieldKind, Form, Later, object, write_object};

const BASICS: &str = "Basics";
const LIMITS: &str = "Limits";
const PUBLISHING: &str = "Publishing";
const PROTECTION: &str = "Protection and access";

const PLAIN: Field =
    Field { key: "", group: BASICS, kind: FieldKind::Text, default: "", start: None, help: "", later: Later::Free };

const LIMIT: Field = Field { group: LIMITS, kind: FieldKind::Count, default: "-1", ..PLAIN };
const FLAG: Field = Field { kind: FieldKind::Flag, default: "false", ..PLAIN };

/// The fields, in the order of the dialog.
pub static FIELDS: [Field; 22] = [
    Field {
        key: "name",
        help: "Names the stream in every request; no blanks, dots, wildcards or slashes.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "retention",
        kind: FieldKind::Choice(&[
            Choice { value: "limits", help: "kept until a limit removes it" },
            Choice { value: "interest", help: "kept until every consumer that wants it has acked" },
            Choice { value: "workqueue", help: "kept until its one consumer has acked" },
        ]),
        default: "limits",
        help: "Why a message leaves the stream. Limits apply in every case.",
        later: Later::Partly("later only between limits and interest"),
        ..PLAIN
    },
    Field {
        key: "storage",
        kind: FieldKind::Choice(&[
            Choice { value: "memory", help: "kept in memory" },
            Choice { value: "file", help: "kept on disk by a real server, in memory here" },
        ]),
        default: "file",
        start: Some("memory"),
        help: "Where a real server keeps the messages; here it is this tab either way.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "subjects",
        kind: FieldKind::Subjects,
        help: "What is published on these is stored, one a line; none means the stream's own name.",
        ..PLAIN
    },
    Field { key: "description", help: "For people; at most 4096 bytes.", ..PLAIN },
    Field { key: "max_msgs", help: "The most messages; -1 is unlimited. Discard says what happens beyond.", ..LIMIT },
    Field {
        key: "max_bytes",
        kind: FieldKind::Bytes,
        help: "The most bytes, subjects and headers counted; -1 is unlimited.",
        ..LIMIT
    },
    Field {
        key: "max_age",
        kind: FieldKind::Duration,
        default: "0s",
        help: "Messages older than this are removed, acked or not; 0s is never, else at least 100ms.",
        ..LIMIT
    },
    Field {
        key: "max_msgs_per_subject",
        help: "The most messages of each subject; the oldest of it goes first.",
        ..LIMIT
    },
    Field {
        key: "max_msg_size",
        kind: FieldKind::Bytes,
        help: "The largest message, headers included; -1 is unlimited.",
        ..LIMIT
    },
    Field { key: "max_consumers", help: "The most consumers; those that exist stay.", ..LIMIT },
    Field {
        key: "discard",
        kind: FieldKind::Choice(&[
            Choice { value: "old", help: "remove the oldest" },
            Choice { value: "new", help: "refuse the new one" },
        ]),
        default: "old",
        help: "What happens when max_msgs or max_bytes is reached.",
        ..LIMIT
    },
    Field {
        key: "discard_new_per_subject",
        group: LIMITS,
        help: "Refuses the new one at max_msgs_per_subject as well; requires discard new and that limit.",
        ..FLAG
    },
    Field {
        key: "duplicate_window",
        group: PUBLISHING,
        kind: FieldKind::Duration,
        default: "2m",
        help: "How long a Nats-Msg-Id is remembered from when its message was stored; at most max_age.",
        ..PLAIN
    },
    Field {
        key: "no_ack",
        group: PUBLISHING,
        help: "Publishes are stored but never answered, neither with a PubAck nor with an error.",
        ..FLAG
    },
    Field {
        key: "allow_rollup_hdrs",
        group: PUBLISHING,
        help: "Lets a message with Nats-Rollup replace what stands before it; not with deny_purge.",
        ..FLAG
    },
    Field { key: "allow_direct", group: PROTECTION, help: "Answers DIRECT.GET requests for single messages.", ..FLAG },
    Field {
        key: "deny_delete",
        group: PROTECTION,
        help: "Refuses to delete single messages.",
        later: Later::OnlyOn,
        ..FLAG
    },
    Field { key: "deny_purge", group: PROTECTION, help: "Refuses to purge the stream.", later: Later::OnlyOn, ..FLAG },
    Field {
        key: "sealed",
        group: PROTECTION,
        help: "Freezes the stream: no publish, delete, purge or expiry. Only by an update.",
        later: Later::OnlyOn,
        ..FLAG
    },
    Field {
        key: "num_replicas",
        group: PROTECTION,
        kind: FieldKind::Count,
        default: "1",
        help: "Copies in a cluster; a single server has one.",
        ..PLAIN
    },
    Field {
        key: "first_seq",
        group: PROTECTION,
        kind: FieldKind::Count,
        default: "0",
        help: "The sequence of the first message; 0 starts at 1.",
        later: Later::Never,
        ..PLAIN
    },
];

/// The form of a new stream.
pub fn create() -> Form {
    Form::new(&FIELDS)
}

/// The form of a stream that has `config`.
pub fn edit(config: Map<String, Value>) -> Form {
    Form::edit(&FIELDS, config)
}

/// The form of the stream `name`; `None` if there is none.
pub fn of(world: &World, name: &str) -> Option<Form> {
    object(&to_json(&world.server().account().stream_named(name)?.config)).map(edit)
}

/// The request that the form makes.
///
/// # Errors
/// What cannot be read, and a name that no API subject can carry.
pub fn request(form: &Form) -> Result<ApiRequest, Vec<FieldError>> {
    let mut errors = form.members().err().unwrap_or_default();
    let name = form.value("name").trim();
    if let Some(says) = name_flaw(name) {
        errors.insert(0, FieldError { key: Some("name"), says: says.into() });
    }
    match form.members() {
        Ok(members) if errors.is_empty() => {
            let verb = if form.is_edit() { "UPDATE" } else { "CREATE" };
            Ok(ApiRequest { subject: format!("$JS.API.STREAM.{verb}.{name}"), body: write_object(&members, 0) })
        }
        _ => Err(errors),
    }
}

/// Why `name` cannot be a token of an API subject; `None` if it can.
pub fn name_flaw(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("A name is required.")
    } else if name.contains(|c: char| c.is_whitespace() || matches!(c, '.' | '*' | '>')) {
        Some("A name is one token of a subject: no blanks, no dots, no wildcards.")
    } else {
        None
    }
}

/// The field that `error` is about.
pub fn field_of(form: &Form, error: &ApiError) -> Option<&'static str> {
    match error.err_code {
        10065 => return Some("subjects"),
        10058 | 10056 | 10128 => return Some("name"),
        10026 => return Some("max_consumers"),
        10028 | 10047 | 10002 => return Some("max_bytes"),
        10074 | 10133 => return Some("num_replicas"),
        _ => {}
    }
    let says = &error.description;
    let clue = CLUES.iter().find(|(clue, _)| says.contains(clue)).map(|(_, key)| *key);
    clue.or_else(|| form.key_in(says))
}

/// Words of the server's descriptions, and the field that they are about. The first that is found counts.
const CLUES: [(&str, &str); 16] = [
    ("stream name", "name"),
    ("description", "description"),
    ("discard new per subject", "discard_new_per_subject"),
    ("duplicates window", "duplicate_window"),
    ("max age", "max_age"),
    ("roll-ups", "allow_rollup_hdrs"),
    ("storage type", "storage"),
    ("retention policy", "retention"),
    ("unseal", "sealed"),
    ("sealed", "sealed"),
    ("deny message deletes", "deny_delete"),
    ("deny purge", "deny_purge"),
    ("replicas", "num_replicas"),
    ("requires no-ack", "subjects"),
    ("overlaps", "subjects"),
    ("invalid subject", "subjects"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_stream_asks_for_no_more_than_was_chosen() {
        let mut form = create();
        form.set("name", "ORDERS".into());
        form.set("subjects", "orders.>".into());
        form.set("retention", "workqueue".into());
        let request = request(&form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.STREAM.CREATE.ORDERS");
        let expected = "{\n  \"name\": \"ORDERS\",\n  \"retention\": \"workqueue\",\n  \"storage\": \"memory\",\n  \
                        \"subjects\": [\"orders.>\"]\n}";
        assert_eq!(request.body, expected);
    }

    #[test]
    fn an_update_sends_the_whole_configuration() {
        let config = serde_json::json!({
            "name": "S", "subjects": ["s"], "retention": "limits", "max_msgs": -1, "max_age": 0, "storage": "file",
            "duplicate_window": 120_000_000_000_u64, "consumer_limits": {},
        });
        let Value::Object(config) = config else { unreachable!("an object was written above") };
        let mut form = edit(config);
        form.set("max_msgs", "5".into());
        let request = request(&form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.STREAM.UPDATE.S");
        let sent: Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(sent["max_msgs"], 5);
        assert_eq!(sent["duplicate_window"], 120_000_000_000_u64);
        assert_eq!(sent["consumer_limits"], serde_json::json!({}));
    }

    #[test]
    fn a_name_that_no_subject_can_carry_is_refused_here() {
        for name in ["", "a b", "a.b", "*", "a>"] {
            let mut form = create();
            form.set("name", name.into());
            let errors = request(&form).expect_err(name);
            assert_eq!(errors[0].key, Some("name"), "{name}");
        }
    }

    #[test]
    fn server_errors_stand_beside_their_field() {
        let form = create();
        let cases = [
            (10065, "subjects overlap with an existing stream", "subjects"),
            (10052, "duplicates window can not be larger then max age", "duplicate_window"),
            (10052, "max age needs to be >= 100ms", "max_age"),
            (10052, "subject \"a.*\" overlaps with \"a.b\"", "subjects"),
            (10052, "discard new per subject requires discard new policy to be set", "discard_new_per_subject"),
            (10052, "stream configuration update can not change retention policy to/from workqueue", "retention"),
            (10052, "stream configuration update can not cancel deny purge", "deny_purge"),
            (10052, "capturing all subjects requires no-ack to be true", "subjects"),
            (10052, "roll-ups require the purge permission", "allow_rollup_hdrs"),
            (10058, "stream name already in use with a different configuration", "name"),
            (10157, "pedantic mode: max_msgs must be set to -1", "max_msgs"),
        ];
        for (err_code, description, key) in cases {
            let error = ApiError { code: 400, err_code, description: description.into() };
            assert_eq!(field_of(&form, &error), Some(key), "{description}");
        }
        let unknown = ApiError { code: 503, err_code: 10039, description: "JetStream not enabled for account".into() };
        assert_eq!(field_of(&form, &unknown), None);
    }

    #[test]
    fn every_field_is_explained() {
        for field in &FIELDS {
            assert!(!field.help.is_empty() && field.help.ends_with('.'), "{}", field.key);
        }
    }
}
