//! The form of a consumer.
//!
//! Sources: ADR-13, ADR-15 and nats-server `server/consumer.go` for fields, defaults and what an update may change.

use serde_json::{Map, Value};

use crate::engine::api::json::to_json;
use crate::sim::world::World;

use super::form::{
    ApiError, ApiRequest, Choice, Field, FieldError, FieldKind, Form, Later, Members, object, write_object,
};
use super::stream_form::name_flaw;

const BASICS: &str = "Basics";
const START: &str = "Where it starts";
const ACKS: &str = "Acks and redelivery";
const PULLS: &str = "Pull requests";
const OTHER: &str = "Other";

const PLAIN: Field =
    Field { key: "", group: BASICS, kind: FieldKind::Text, default: "", start: None, help: "", later: Later::Free };

/// The fields, in the order of the dialog. `durable_name` is a yes or no here, and `filter_subjects` holds also what
/// goes out as `filter_subject`.
pub static FIELDS: [Field; 23] = [
    Field {
        key: "name",
        help: "Names the consumer within its stream; empty lets the server choose.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "durable_name",
        kind: FieldKind::Flag,
        default: "false",
        start: Some("true"),
        help: "Stays without workers. One that is not durable is deleted when unused for inactive_threshold.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "filter_subjects",
        kind: FieldKind::Subjects,
        help: "Which of the stream's messages it delivers, one filter a line; none is all of them.",
        ..PLAIN
    },
    Field { key: "description", help: "For people; at most 4096 bytes.", ..PLAIN },
    Field {
        key: "deliver_policy",
        group: START,
        kind: FieldKind::Choice(&[
            Choice { value: "all", help: "from the first message" },
            Choice { value: "last", help: "from the last message" },
            Choice { value: "new", help: "only what is stored from now on" },
            Choice { value: "by_start_sequence", help: "from opt_start_seq" },
            Choice { value: "by_start_time", help: "from opt_start_time" },
            Choice { value: "last_per_subject", help: "the last of each subject, then what is new" },
        ]),
        default: "all",
        help: "Which message comes first; decided once, when the consumer is created.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "opt_start_seq",
        group: START,
        kind: FieldKind::Count,
        help: "The stream sequence to start at; for by_start_sequence only.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "opt_start_time",
        group: START,
        kind: FieldKind::Time,
        help: "The time to start at, such as 2026-01-01T00:01:00Z; for by_start_time only.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "replay_policy",
        group: START,
        kind: FieldKind::Choice(&[
            Choice { value: "instant", help: "as fast as asked for" },
            Choice { value: "original", help: "in the rhythm in which they were stored" },
        ]),
        default: "instant",
        help: "The rhythm of delivery.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "ack_policy",
        group: ACKS,
        kind: FieldKind::Choice(&[
            Choice { value: "explicit", help: "each message on its own" },
            Choice { value: "all", help: "an ack settles everything before it too" },
            Choice { value: "none", help: "delivered is done" },
        ]),
        default: "none",
        start: Some("explicit"),
        help: "What an ack settles. A request without it means none; a work queue needs explicit.",
        later: Later::Never,
    },
    Field {
        key: "ack_wait",
        group: ACKS,
        kind: FieldKind::Duration,
        default: "30s",
        help: "How long a delivery may go without an ack before it is due again.",
        ..PLAIN
    },
    Field {
        key: "backoff",
        group: ACKS,
        kind: FieldKind::Durations,
        help: "Waits for the 1st, 2nd, … delivery instead of ack_wait: 1s, 5s, 30s. A nak does not follow it.",
        ..PLAIN
    },
    Field {
        key: "max_deliver",
        group: ACKS,
        kind: FieldKind::Count,
        default: "-1",
        help: "The most deliveries of one message, which then stays in the stream; -1 is unlimited.",
        ..PLAIN
    },
    Field {
        key: "max_ack_pending",
        group: ACKS,
        kind: FieldKind::Count,
        default: "1000",
        help: "The most deliveries that wait for an ack, over all workers; then nothing new goes out. -1 is unlimited.",
        ..PLAIN
    },
    Field {
        key: "max_waiting",
        group: PULLS,
        kind: FieldKind::Count,
        default: "512",
        help: "The most pull requests in line; one more is refused with 409.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "max_batch",
        group: PULLS,
        kind: FieldKind::Count,
        default: "0",
        help: "The most messages that one pull request may ask for; 0 is unlimited.",
        ..PLAIN
    },
    Field {
        key: "max_expires",
        group: PULLS,
        kind: FieldKind::Duration,
        default: "0s",
        help: "The longest expiry that a pull request may ask for; 0s is unlimited.",
        ..PLAIN
    },
    Field {
        key: "max_bytes",
        group: PULLS,
        kind: FieldKind::Bytes,
        default: "0",
        help: "The most bytes that one pull request may ask for; 0 is unlimited.",
        ..PLAIN
    },
    Field {
        key: "inactive_threshold",
        group: OTHER,
        kind: FieldKind::Duration,
        help: "Deleted when unused for this long. Empty: never for a durable, 5s for others.",
        ..PLAIN
    },
    Field {
        key: "headers_only",
        group: OTHER,
        kind: FieldKind::Flag,
        default: "false",
        help: "Delivers headers and Nats-Msg-Size instead of payloads.",
        ..PLAIN
    },
    Field {
        key: "sample_freq",
        group: OTHER,
        help: "How many of a hundred acks are reported on the metrics subject, such as 100%.",
        ..PLAIN
    },
    Field {
        key: "mem_storage",
        group: OTHER,
        kind: FieldKind::Flag,
        default: "false",
        help: "Keeps its state in memory on a real server; here it is this tab either way.",
        later: Later::Never,
        ..PLAIN
    },
    Field {
        key: "num_replicas",
        group: OTHER,
        kind: FieldKind::Count,
        default: "0",
        help: "Copies in a cluster; 0 is as many as the stream has.",
        ..PLAIN
    },
    Field {
        key: "pause_until",
        group: OTHER,
        kind: FieldKind::Time,
        help: "Delivers nothing before this time, such as 2026-01-01T00:10:00Z.",
        later: Later::Partly("only when created"),
        ..PLAIN
    },
];

/// The form of a new consumer.
pub fn create() -> Form {
    Form::new(&FIELDS)
}

/// The form of a consumer that has `config`.
pub fn edit(mut config: Map<String, Value>) -> Form {
    if let Some(filter) = config.remove("filter_subject") {
        config.insert("filter_subjects".into(), Value::Array(vec![filter]));
    }
    let is_durable = config.remove("durable_name").is_some();
    config.insert("durable_name".into(), Value::Bool(is_durable));
    Form::edit(&FIELDS, config)
}

/// The form of the consumer `name` of `stream`; `None` if there is none.
pub fn of(world: &World, stream: &str, name: &str) -> Option<Form> {
    let consumer = world.server().account().stream_named(stream)?.consumer_named(name)?;
    object(&to_json(&consumer.config)).map(edit)
}

/// The request that the form makes for a consumer of `stream`.
///
/// # Errors
/// What cannot be read, a name that no API subject can carry, and a durable without a name.
pub fn request(stream: &str, form: &Form) -> Result<ApiRequest, Vec<FieldError>> {
    let mut errors = form.members().err().unwrap_or_default();
    let name = form.value("name").trim();
    if let Some(says) = name_flaw(name).filter(|_| !name.is_empty() || form.is_on("durable_name")) {
        errors.insert(0, FieldError { key: Some("name"), says: says.into() });
    }
    match form.members() {
        Ok(members) if errors.is_empty() => {
            let last_token = if name.is_empty() { String::new() } else { format!(".{name}") };
            let action = if form.is_edit() { "update" } else { "create" };
            Ok(ApiRequest {
                subject: format!("$JS.API.CONSUMER.CREATE.{stream}{last_token}"),
                body: envelope(stream, action, &config(name, members)),
            })
        }
        _ => Err(errors),
    }
}

/// The members as the server reads them: see [`FIELDS`].
fn config(name: &str, members: Members) -> Members {
    members
        .into_iter()
        .filter_map(|(key, value)| match (&*key, value) {
            ("durable_name", value) => (value == Value::Bool(true)).then(|| (key, Value::from(name))),
            ("filter_subjects", Value::Array(mut filters)) if filters.len() == 1 => {
                filters.pop().map(|filter| ("filter_subject".into(), filter))
            }
            (_, value) => Some((key, value)),
        })
        .collect()
}

fn envelope(stream: &str, action: &str, config: &Members) -> String {
    let stream = Value::from(stream);
    let config = write_object(config, 1);
    format!("{{\n  \"stream_name\": {stream},\n  \"action\": \"{action}\",\n  \"config\": {config}\n}}")
}

/// The field that `error` is about.
pub fn field_of(form: &Form, error: &ApiError) -> Option<&'static str> {
    let known = CODES.iter().find(|(codes, _)| codes.contains(&error.err_code)).map(|(_, key)| *key);
    let says = &error.description;
    let clue = || CLUES.iter().find(|(clue, _)| says.contains(clue)).map(|(_, key)| *key);
    known.or_else(clue).or_else(|| form.key_in(says))
}

/// Error codes that are about one field.
const CODES: [(&[u64], &str); 12] = [
    (&[10013, 10017, 10020, 10102, 10127, 10148, 10149], "name"),
    (&[10099, 10100, 10131, 10136, 10137, 10138, 10139], "filter_subjects"),
    (&[10101], "deliver_policy"),
    (&[10098, 10084], "ack_policy"),
    (&[10183], "ack_wait"),
    (&[10184], "backoff"),
    (&[10116], "max_deliver"),
    (&[10082, 10121], "max_ack_pending"),
    (&[10115], "max_expires"),
    (&[10125], "max_batch"),
    (&[10153], "inactive_threshold"),
    (&[10095], "sample_freq"),
];

/// Words of the server's descriptions, and the field that they are about. The first that is found counts.
const CLUES: [(&str, &str); 13] = [
    ("consumer name", "name"),
    ("description", "description"),
    ("invalid subject", "filter_subjects"),
    ("filter subject", "filter_subjects"),
    ("start sequence", "opt_start_seq"),
    ("start time", "opt_start_time"),
    ("start start", "opt_start_seq"),
    ("deliver policy", "deliver_policy"),
    ("storage type", "mem_storage"),
    ("ack policy", "ack_policy"),
    ("replay policy", "replay_policy"),
    ("max waiting", "max_waiting"),
    ("replica", "num_replicas"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_durable_is_asked_for_by_its_name() {
        let mut form = create();
        form.set("name", "ship".into());
        form.set("filter_subjects", "orders.eu.>".into());
        form.set("max_deliver", "3".into());
        let request = request("ORDERS", &form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.CONSUMER.CREATE.ORDERS.ship");
        let expected = concat!(
            "{\n  \"stream_name\": \"ORDERS\",\n  \"action\": \"create\",\n  \"config\": {\n",
            "    \"name\": \"ship\",\n    \"durable_name\": \"ship\",\n    \"filter_subject\": \"orders.eu.>\",\n",
            "    \"ack_policy\": \"explicit\",\n    \"max_deliver\": 3\n  }\n}"
        );
        assert_eq!(request.body, expected);
    }

    #[test]
    fn a_nameless_ephemeral_leaves_the_name_to_the_server() {
        let mut form = create();
        form.set("durable_name", "false".into());
        form.set("filter_subjects", "a\nb".into());
        let request = request("ORDERS", &form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.CONSUMER.CREATE.ORDERS");
        assert!(request.body.contains(r#""filter_subjects": ["a","b"]"#));
        assert!(!request.body.contains("durable_name"));
    }

    #[test]
    fn a_durable_needs_a_name() {
        assert_eq!(request("ORDERS", &create()).expect_err("no name")[0].key, Some("name"));
    }

    #[test]
    fn an_update_comes_back_in_the_servers_own_members() {
        let config = serde_json::json!({
            "durable_name": "ship", "name": "ship", "deliver_policy": "all", "ack_policy": "explicit",
            "ack_wait": 30_000_000_000_u64, "filter_subject": "orders.eu.>", "replay_policy": "instant", "num_replicas": 0,
        });
        let Value::Object(config) = config else { unreachable!("an object was written above") };
        let mut form = edit(config);
        form.set("ack_wait", "10s".into());
        let request = request("ORDERS", &form).expect("a valid form");
        let sent: Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(sent["action"], "update");
        assert_eq!(sent["config"]["durable_name"], "ship");
        assert_eq!(sent["config"]["filter_subject"], "orders.eu.>");
        assert_eq!(sent["config"]["ack_wait"], 10_000_000_000_u64);
    }

    #[test]
    fn server_errors_stand_beside_their_field() {
        let form = create();
        let cases = [
            (10100, "filtered consumer not unique on workqueue stream", "filter_subjects"),
            (10116, "max deliver is required to be > length of backoff values", "max_deliver"),
            (10012, "deliver policy can not be updated", "deliver_policy"),
            (10012, "max waiting can not be updated", "max_waiting"),
            (
                10094,
                "consumer delivery policy is deliver by start time, but optional start time is not set",
                "opt_start_time",
            ),
            (10052, "consumer name can not contain '.', '*', '>', '\\', '/'", "name"),
            (10148, "consumer already exists", "name"),
        ];
        for (err_code, description, key) in cases {
            let error = ApiError { code: 400, err_code, description: description.into() };
            assert_eq!(field_of(&form, &error), Some(key), "{description}");
        }
    }

    #[test]
    fn every_field_is_explained() {
        for field in &FIELDS {
            assert!(!field.help.is_empty() && field.help.ends_with('.'), "{}", field.key);
        }
    }
}
