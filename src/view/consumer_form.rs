//! The form of a consumer.
//!
//! Sources: ADR-13, ADR-15 and nats-server `server/consumer.go` for fields, defaults and what an update may change.

use std::rc::Rc;

use crate::engine::api::json::{Map, Value, to_json};
use crate::sim::world::World;
use crate::texts::form as texts;

use super::form::{ApiError, ApiRequest, FieldError, Form, Members, object, write_object};
use super::stream_form::{clue, name_flaw};

/// The fields. `durable_name` is a yes or no here, `filter_subjects` holds also what goes out as `filter_subject`, and
/// `pedantic` stands beside the configuration.
const FIELDS: &str = texts::CONSUMER;

/// The form of a new consumer.
pub fn create() -> Form {
    Form::new(FIELDS)
}

/// The form of a consumer that has `config`.
pub fn edit(mut config: Map) -> Form {
    if let Some(filter) = config.remove("filter_subject") {
        config.insert("filter_subjects".into(), Value::Array(vec![filter]));
    }
    let is_durable = config.remove("durable_name").is_some();
    config.insert("durable_name".into(), Value::Bool(is_durable));
    Form::edit(FIELDS, config)
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
        errors.insert(0, FieldError { key: Some("name".into()), says: says.into() });
    }
    match form.members() {
        Ok(members) if errors.is_empty() => {
            let last_token = if name.is_empty() { String::new() } else { format!(".{name}") };
            let action = if form.is_edit() { "update" } else { "create" };
            let body = envelope(stream, action, &config(name, members), form.is_on("pedantic"));
            Ok(ApiRequest { subject: format!("$JS.API.CONSUMER.CREATE.{stream}{last_token}"), body })
        }
        _ => Err(errors),
    }
}

/// The members as the server reads them: see [`FIELDS`].
fn config(name: &str, members: Members) -> Members {
    members
        .into_iter()
        .filter_map(|(key, value)| match (&*key, value) {
            ("pedantic", _) => None,
            ("durable_name", value) => (value.as_bool() == Some(true)).then(|| (key, Value::from(name))),
            ("filter_subjects", Value::Array(mut filters)) if filters.len() == 1 => {
                filters.pop().map(|filter| ("filter_subject".into(), filter))
            }
            (_, value) => Some((key, value)),
        })
        .collect()
}

fn envelope(stream: &str, action: &str, config: &Members, is_pedantic: bool) -> String {
    let stream = Value::from(stream);
    let config = write_object(config, 1);
    let pedantic = if is_pedantic { ",\n  \"pedantic\": true" } else { "" };
    format!("{{\n  \"stream_name\": {stream},\n  \"action\": \"{action}\",\n  \"config\": {config}{pedantic}\n}}")
}

/// The field that `error` is about.
pub fn field_of(form: &Form, error: &ApiError) -> Option<Rc<str>> {
    clue(error, CODES, CLUES).map(Rc::from).or_else(|| form.key_in(&error.description))
}

const CODES: &str = "\
name 10017 10020 10102 10127 10148 10149
filter_subjects 10099 10100 10131 10136 10137 10138 10139
deliver_policy 10101
ack_policy 10098 10084 10218 10219
ack_wait 10183 10221
backoff 10184
max_deliver 10116 10222
max_ack_pending 10082 10121 10220
max_expires 10115
max_batch 10125
max_waiting 10080
inactive_threshold 10153
sample_freq 10095
deliver_subject 10013 10079 10081 10112
rate_limit_bps 10086
idle_heartbeat 10083 10088 10108
flow_control 10089
direct 10090 10091
num_replicas 10126
metadata 10135
priority_groups 10159 10160 10161 10162
priority_policy 10178 10196
priority_timeout 10197";

const CLUES: &str = "\
name consumer name
description description
filter_subjects invalid subject
filter_subjects filter subject
opt_start_seq start sequence
opt_start_time start time
opt_start_seq start start
deliver_policy deliver policy
mem_storage storage type
ack_policy ack policy
replay_policy replay policy
max_waiting max waiting
num_replicas replica
idle_heartbeat heart beats
flow_control flow control
deliver_subject push based
deliver_subject pull based
priority_groups group";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::consumer::config::ConsumerConfigRequest;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::view::form::tests::{assert_brings, assert_kept, assert_read, assert_served};

    #[test]
    fn a_new_durable_is_asked_for_by_its_name() {
        let mut form = create();
        form.set("name", "ship");
        form.set("filter_subjects", "orders.eu.>");
        form.set("max_deliver", "3");
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
        form.set("durable_name", "false");
        form.set("filter_subjects", "a\nb");
        let request = request("ORDERS", &form).expect("a valid form");
        assert_eq!(request.subject, "$JS.API.CONSUMER.CREATE.ORDERS");
        assert!(request.body.contains(r#""filter_subjects": ["a","b"]"#));
        assert!(!request.body.contains("durable_name"));
    }

    #[test]
    fn a_durable_needs_a_name() {
        assert_eq!(request("ORDERS", &create()).expect_err("no name")[0].key.as_deref(), Some("name"));
    }

    #[test]
    fn an_update_comes_back_in_the_servers_own_members() {
        let config = br#"{
            "durable_name": "ship", "name": "ship", "deliver_policy": "all", "ack_policy": "explicit",
            "ack_wait": 30000000000, "filter_subject": "orders.eu.>", "replay_policy": "instant", "num_replicas": 0
        }"#;
        let mut form = edit(object(config).expect("an object"));
        form.set("ack_wait", "10s");
        let request = request("ORDERS", &form).expect("a valid form");
        let sent: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(sent["action"], "update");
        assert_eq!(sent["config"]["durable_name"], "ship");
        assert_eq!(sent["config"]["filter_subject"], "orders.eu.>");
        assert_eq!(sent["config"]["ack_wait"], 10_000_000_000_u64);
        let is_locked = |key: &str| form.entries.iter().any(|entry| &*entry.key == key && form.is_locked(entry));
        assert!(is_locked("pause_until") && !is_locked("num_replicas"), "an update moves no pause");
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
            assert_eq!(field_of(&form, &error).as_deref(), Some(key), "{description}");
        }
    }

    #[test]
    fn every_field_of_the_schema_is_served_and_explained() {
        assert_served(&create(), "consumer_configuration");
    }

    #[test]
    fn errors_stand_beside_a_field_of_the_form() {
        let form = create();
        let keys = CODES.lines().chain(CLUES.lines()).filter_map(|line| line.split(' ').next());
        for key in keys {
            assert!(form.entries.iter().any(|entry| &*entry.key == key), "{key}");
        }
    }

    #[test]
    fn a_pedantic_request_says_so_beside_the_configuration() {
        let mut form = create();
        form.set("name", "ship");
        form.set("pedantic", "true");
        let body = request("ORDERS", &form).expect("a valid form").body;
        let sent: Value = Value::parse(body.as_bytes()).expect("JSON");
        assert_eq!((&sent["pedantic"], &sent["config"]["pedantic"]), (&Value::Bool(true), &Value::Null));
    }

    #[test]
    fn every_member_that_the_engine_reads_has_a_field() {
        // `pedantic` stands beside the configuration.
        assert_read::<ConsumerConfigRequest>(&create(), "", ("pedantic", &["filter_subject"]));
    }

    /// What is typed for a consumer `c`, in groups that go together.
    const SETTINGS: &[&[(&str, &str)]] = &[
        &[
            ("filter_subjects", "s.a\ns.b"),
            ("description", "d"),
            ("deliver_policy", "by_start_sequence"),
            ("opt_start_seq", "3"),
            ("replay_policy", "original"),
            ("ack_policy", "all"),
            ("backoff", "1s, 5s"),
            ("max_deliver", "4"),
            ("max_ack_pending", "9"),
            ("sample_freq", "50%"),
            ("max_waiting", "8"),
            ("max_batch", "6"),
            ("max_expires", "10s"),
            ("max_bytes", "1024"),
            ("inactive_threshold", "1h"),
            ("headers_only", "true"),
            ("mem_storage", "true"),
            ("num_replicas", "1"),
            ("metadata", "owner: shop"),
            ("pause_until", "2026-01-01T01:00:00Z"),
        ],
        &[
            ("filter_subjects", "s.a"),
            ("durable_name", "false"),
            ("deliver_policy", "by_start_time"),
            ("opt_start_time", "2026-01-01T00:00:00Z"),
            ("ack_wait", "5s"),
        ],
        &[("priority_policy", "pinned_client"), ("priority_groups", "jobs"), ("priority_timeout", "10s")],
        &[
            ("deliver_subject", "d"),
            ("deliver_group", "g"),
            ("flow_control", "true"),
            ("idle_heartbeat", "5s"),
            ("rate_limit_bps", "8000"),
        ],
        &[("deliver_subject", "d"), ("durable_name", "false"), ("direct", "true"), ("ack_policy", "none")],
    ];

    #[test]
    fn acks_by_flow_control_name_what_they_bring_along() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s.*"]}"#);
        let mut made = |ack_policy: &str| {
            let mut form = create();
            let settings = [("name", "c"), ("deliver_subject", "d"), ("ack_policy", ack_policy)];
            settings.into_iter().for_each(|(key, value)| form.set(key, value));
            simulation.request("$JS.API.CONSUMER.DELETE.S.c", b"");
            let ApiRequest { subject, body } = request("S", &form).expect("the form is filled");
            simulation.request(&subject, body.as_bytes());
            of(simulation.world(), "S", "c").expect("it was made")
        };
        assert_brings("ack_policy", [&made("explicit"), &made("flow_control")]);
    }

    #[test]
    fn what_is_typed_is_what_the_engine_keeps() {
        for settings in SETTINGS {
            let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
            simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s.*"]}"#);
            let mut form = create();
            form.set("name", "c");
            assert_kept(&mut simulation, form, settings, |form| request("S", form), |world| of(world, "S", "c"));
        }
    }
}
