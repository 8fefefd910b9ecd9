//! The form of a stream.
//!
//! Sources: ADR-33 and nats-server `server/stream.go` for fields, defaults and what an update may change.

use std::rc::Rc;

use crate::engine::api::json::{Map, to_json};
use crate::engine::asset::MAX_NAME_LEN;
use crate::sim::world::World;
use crate::texts::form as texts;

use super::form::field::Later;
use super::form::{ApiError, ApiRequest, FieldError, Form, object, write_object};

const FIELDS: &str = texts::STREAM;
/// What a mirror and a source consist of.
const ORIGIN: &str = texts::SOURCE;

/// The form of a new stream.
pub fn create() -> Form {
    with_origins(Form::new(FIELDS))
}

/// The form of a stream that has `config`.
pub fn edit(config: Map) -> Form {
    with_origins(Form::edit(FIELDS, config))
}

fn with_origins(form: Form) -> Form {
    form.with_object((ORIGIN, texts::MIRROR, "mirror"), Later::GivenUp).with_list((
        ORIGIN,
        texts::SOURCE_NUMBER,
        "sources",
    ))
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
        errors.insert(0, FieldError { key: Some("name".into()), says: says.into() });
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
        Some(texts::NAME_REQUIRED)
    } else if name.contains(|c: char| c.is_whitespace() || matches!(c, '.' | '*' | '>')) {
        Some(texts::NAME_ONE_TOKEN_SUBJECT)
    } else if name.len() > MAX_NAME_LEN {
        Some(texts::NAME_MOST_255_BYTES)
    } else {
        None
    }
}

/// The field that `error` is about.
pub fn field_of(form: &Form, error: &ApiError) -> Option<Rc<str>> {
    let Some(key) = clue(error, CODES, CLUES) else { return form.key_in(&error.description) };
    let is_mirror = form.value("sources.0.name").is_empty() && !form.value("mirror.name").is_empty();
    if is_mirror {
        return Some(key.replace("sources.0", "mirror").into());
    }
    // Of several sources it is most likely the one that was added last.
    let sources = (1..).take_while(|number| !form.value(&format!("sources.{number}.name")).is_empty()).count();
    Some(key.replace("sources.0", &format!("sources.{sources}")).into())
}

/// The field that the code of an error stands for in `codes`, or the first of its words that are found in `clues`.
///
/// Both are lines, the field first; the codes follow, or the words.
pub fn clue(error: &ApiError, codes: &'static str, clues: &'static str) -> Option<&'static str> {
    let code = error.err_code.to_string();
    let pairs = |text: &'static str| text.lines().filter_map(|line| line.split_once(' '));
    let by_code = pairs(codes).find(|(_, codes)| codes.split(' ').any(|known| known == code));
    by_code.or_else(|| pairs(clues).find(|(_, words)| error.description.contains(words))).map(|(key, _)| key)
}

const CODES: &str = texts::NAME_10056_10058_10128;

const CLUES: &str = texts::NAME_STREAM_NAME_DESCRIPTION;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::stream::config as of_engine;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::view::form::tests::{assert_brings, assert_kept, assert_read, assert_served};

    #[test]
    fn a_new_stream_asks_for_no_more_than_was_chosen() {
        let mut form = create();
        form.set("name", "ORDERS");
        form.set("subjects", "orders.>");
        form.set("retention", "workqueue");
        let request = request(&form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.STREAM.CREATE.ORDERS");
        let expected = "{\n  \"name\": \"ORDERS\",\n  \"subjects\": [\"orders.>\"],\n  \"retention\": \"workqueue\",\n  \
                        \"storage\": \"memory\"\n}";
        assert_eq!(request.body, expected);
    }

    /// A real server has no duplicate window with sources, keeps what is sent, and refuses to seal what is new.
    #[test]
    fn a_default_that_is_typed_is_sent() {
        let mut form = create();
        form.set("name", "ALL");
        form.set("sources.0.name", "ORDERS");
        assert_eq!(form.value("duplicate_window"), "");
        assert!(!request(&form).expect("a valid form").body.contains("duplicate_window"));
        form.set("duplicate_window", "2m");
        assert!(request(&form).expect("a valid form").body.contains(r#""duplicate_window": 120000000000"#));
        let edited = edit(object(br#"{"name": "ALL", "sources": [{"name": "ORDERS"}]}"#).expect("an object"));
        assert_eq!(edited.value("duplicate_window"), "");
        for (form, locked) in [(&form, "sealed"), (&edited, "name"), (&edited, "placement.preferred")] {
            assert!(form.entries.iter().any(|entry| &*entry.key == locked && form.is_locked(entry)), "{locked}");
        }
        let free = |key| edited.entries.iter().any(|entry| &*entry.key == key && !edited.is_locked(entry));
        assert!(free("sealed") && free("first_seq"));
    }

    #[test]
    fn an_update_sends_the_whole_configuration() {
        let config = br#"{
            "name": "S", "subjects": ["s"], "retention": "limits", "max_msgs": -1, "max_age": 0, "storage": "file",
            "duplicate_window": 120000000000, "consumer_limits": {"max_ack_pending": 5}, "metadata": {"owner": "me"}
        }"#;
        let mut form = edit(object(config).expect("an object"));
        form.set("max_msgs", "5");
        let request = request(&form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.STREAM.UPDATE.S");
        let sent: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(sent["max_msgs"], 5);
        assert_eq!(sent["duplicate_window"], 120_000_000_000_u64);
        assert_eq!(sent["consumer_limits"]["max_ack_pending"], 5);
        assert_eq!(sent["metadata"]["owner"], "me");
    }

    #[test]
    fn a_name_that_no_subject_can_carry_is_refused_here() {
        for name in ["", "a b", "a.b", "*", "a>"] {
            let mut form = create();
            form.set("name", name);
            let errors = request(&form).expect_err(name);
            assert_eq!(errors[0].key.as_deref(), Some("name"), "{name}");
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
            assert_eq!(field_of(&form, &error).as_deref(), Some(key), "{description}");
        }
        let mut mirror = create();
        mirror.set("mirror.name", "ORDERS");
        let mut of_sources = create();
        of_sources.set("sources.0.name", "A");
        of_sources.set("sources.1.name", "B");
        let of_origins = [
            (&mirror, 10021, "stream external api prefix $JS.API must not overlap with $JS.API", "mirror.external.api"),
            (
                &mirror,
                10024,
                "stream external delivery prefix o.> must not contain wildcards",
                "mirror.external.deliver",
            ),
            (&mirror, 10049, "subject filter 'a..b' for the mirror invalid subject", "mirror.filter_subject"),
            (&of_sources, 10049, "subject filter 'a..b' for the source: invalid subject", "sources.1.filter_subject"),
            (
                &of_sources,
                10052,
                "stream external api prefix \"a b\" must be a valid subject without wildcards",
                "sources.1.external.api",
            ),
        ];
        for (form, err_code, description, key) in of_origins {
            let error = ApiError { code: 400, err_code, description: description.into() };
            assert_eq!(field_of(form, &error).as_deref(), Some(key), "{description}");
        }
        let unknown = ApiError { code: 503, err_code: 10039, description: "JetStream not enabled for account".into() };
        assert_eq!(field_of(&form, &unknown), None);
    }

    #[test]
    fn every_field_of_the_schema_is_served_and_explained() {
        assert_served(&create(), "stream_create_request");
    }

    #[test]
    fn every_member_that_the_engine_reads_has_a_field() {
        let (form, same) = (create(), ("", &[][..]));
        assert_read::<of_engine::StreamConfigRequest>(&form, "", same);
        for origin in ["mirror.", "sources.0."] {
            assert_read::<of_engine::StreamSourceRequest>(&form, origin, same);
            assert_read::<of_engine::ExternalStream>(&form, &format!("{origin}external."), same);
            assert_read::<of_engine::StreamConsumerSource>(&form, &format!("{origin}consumer."), same);
        }
        assert_read::<of_engine::RePublishRequest>(&form, "republish.", same);
        assert_read::<of_engine::SubjectTransformRequest>(&form, "subject_transform.", same);
        assert_read::<of_engine::ConsumerLimits>(&form, "consumer_limits.", same);
        assert_read::<of_engine::Placement>(&form, "placement.", same);
    }

    /// What is typed for a stream `S`, in groups that go together.
    const SETTINGS: &[&[(&str, &str)]] = &[
        &[
            ("subjects", "a.>\nb"),
            ("retention", "interest"),
            ("storage", "file"),
            ("description", "d"),
            ("max_msgs", "7"),
            ("max_bytes", "4096"),
            ("max_age", "1h"),
            ("max_msgs_per_subject", "3"),
            ("max_msg_size", "512"),
            ("max_consumers", "2"),
            ("discard", "new"),
            ("discard_new_per_subject", "true"),
            ("consumer_limits.max_ack_pending", "5"),
            ("consumer_limits.inactive_threshold", "1m"),
            ("duplicate_window", "30s"),
            ("metadata", "owner: shop"),
            ("allow_direct", "true"),
            ("first_seq", "10"),
            ("compression", "s2"),
            ("deny_delete", "true"),
            ("deny_purge", "true"),
        ],
        &[
            ("allow_msg_ttl", "true"),
            ("subject_delete_marker_ttl", "1m"),
            ("allow_rollup_hdrs", "true"),
            ("allow_atomic", "true"),
            ("allow_batched", "true"),
            ("allow_msg_schedules", "true"),
            ("subject_transform.src", "S"),
            ("subject_transform.dest", "T"),
            ("republish.src", "T"),
            ("republish.dest", "live.T"),
            ("republish.headers_only", "true"),
        ],
        &[("no_ack", "true"), ("persist_mode", "async"), ("storage", "file")],
        &[("allow_msg_counter", "true")],
        &[("mirror.name", "ORIGIN"), ("mirror.filter_subject", "o.a"), ("mirror.opt_start_seq", "2")],
        &[
            ("mirror.name", "ORIGIN"),
            ("mirror.opt_start_time", "2026-01-01T00:00:00Z"),
            ("mirror.subject_transforms", "o.a -> p.a"),
            ("mirror_direct", "true"),
            ("allow_direct", "true"),
        ],
        &[
            ("sources.0.name", "ORIGIN"),
            ("sources.0.filter_subject", "o.a"),
            ("sources.0.opt_start_seq", "1"),
            ("sources.1.name", "OTHER"),
            ("sources.1.subject_transforms", "x.* -> y.{{wildcard(1)}}"),
        ],
    ];

    #[test]
    fn what_is_typed_is_what_the_engine_keeps() {
        for settings in SETTINGS {
            let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
            for (name, subject) in [("ORIGIN", "o.*"), ("OTHER", "x.*")] {
                let body = format!(r#"{{"name":"{name}","subjects":["{subject}"],"allow_direct":true}}"#);
                simulation.request(&format!("$JS.API.STREAM.CREATE.{name}"), body.as_bytes());
            }
            let mut form = create();
            form.set("name", "S");
            assert_kept(&mut simulation, form, settings, request, |world| of(world, "S"));
        }
    }

    #[test]
    fn a_field_that_brings_others_along_names_them() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        let mut made = |verb: &str, name: &str, member: &str| {
            let body = format!(r#"{{"name":"{name}","subjects":["{name}"]{member}}}"#);
            simulation.request(&format!("$JS.API.STREAM.{verb}.{name}"), body.as_bytes());
            let mut form = of(simulation.world(), name).expect("it was made");
            ["name", "subjects"].into_iter().for_each(|key| form.set(key, ""));
            form
        };
        let plain = made("CREATE", "A", r#","deny_purge":true"#);
        let markers = made("CREATE", "B", r#","deny_purge":true,"subject_delete_marker_ttl":60000000000"#);
        assert_brings("subject_delete_marker_ttl", [&plain, &markers]);
        let schedules = made("CREATE", "C", r#","deny_purge":true,"allow_msg_schedules":true"#);
        assert_brings("allow_msg_schedules", [&plain, &schedules]);
        let open = made("CREATE", "D", r#","max_age":3600000000000,"allow_rollup_hdrs":true"#);
        let sealed = made("UPDATE", "D", r#","max_age":3600000000000,"allow_rollup_hdrs":true,"sealed":true"#);
        assert_brings("sealed", [&open, &sealed]);
    }

    #[test]
    fn errors_of_origins_stand_beside_a_field_of_the_form() {
        let form = create();
        let keys = CODES.lines().chain(CLUES.lines()).filter_map(|line| line.split(' ').next());
        for key in keys {
            assert!(form.entries.iter().any(|entry| &*entry.key == key), "{key}");
        }
    }
}
