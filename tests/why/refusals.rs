//! Refused requests and publishes: the rule, the code, the field, and what mends it.

use jetstream_sim::sim::actor::{ActorId, Draft, PublisherScript};
use jetstream_sim::sim::command::Command;
use jetstream_sim::view::form::ApiError;
use jetstream_sim::view::why::{self, Answer, Cause, Place, Step};

use crate::worlds::World;

fn counter<'a>(answer: &'a Answer, label: &str) -> &'a str {
    answer.counters.iter().find(|counter| counter.label == label).map_or("", |counter| &counter.value)
}

/// A request that is refused in a world: its subject and body, the code, the field and a confusion that it clears up.
struct Refusal(&'static str, &'static str, u64, &'static str, u8);

const CREATE: &str = "$JS.API.STREAM.CREATE.T";
const CONSUMER: &str = "$JS.API.CONSUMER.CREATE.S.d";

#[test]
fn refused_requests_name_rule_code_and_field() {
    let consumer = |config: &str| format!(r#"{{"stream_name":"S","config":{{"durable_name":"d",{config}}}}}"#);
    let cases = [
        Refusal(CREATE, r#"{"name":"T","subjects":["s.a"]}"#, 10065, "subjects", 34),
        Refusal(CREATE, r#"{"name":"T","subjects":["s.>"]}"#, 10065, "subjects", 34),
        Refusal(CREATE, r#"{"name":"T","subjects":["*.a"]}"#, 10052, "subjects", 31),
        Refusal(CONSUMER, r#""ack_policy":"explicit""#, 10099, "filter_subjects", 26),
        Refusal(CONSUMER, r#""ack_policy":"explicit","filter_subject":"s.a""#, 10100, "filter_subjects", 26),
        Refusal(CONSUMER, r#""ack_policy":"explicit","filter_subject":"s.*""#, 10100, "filter_subjects", 26),
        Refusal(
            CONSUMER,
            r#""ack_policy":"explicit","filter_subject":"s.b","deliver_policy":"new""#,
            10101,
            "deliver_policy",
            26,
        ),
        Refusal(CONSUMER, r#""ack_policy":"none","filter_subject":"s.b""#, 10084, "ack_policy", 38),
        Refusal(CONSUMER, r#""ack_policy":"all","filter_subject":"s.b""#, 10098, "ack_policy", 38),
        Refusal(
            CONSUMER,
            r#""ack_policy":"explicit","filter_subject":"s.b","max_deliver":1,"backoff":[1000000000,2000000000]"#,
            10116,
            "max_deliver",
            15,
        ),
    ];
    for Refusal(subject, body, err_code, field, confusion) in cases {
        let mut world = World::new(r#","retention":"workqueue""#);
        world.consumer("c", r#""ack_policy":"explicit","filter_subject":"s.a""#);
        let body = if subject == CONSUMER { consumer(body) } else { body.to_owned() };
        let error = world.request(subject, &body).unwrap_or_else(|| panic!("{body} is not refused"));
        let answer = why::refused(subject, &error, None);
        assert_eq!((answer.cause, error.err_code), (Cause::Refused, err_code), "{body}: {}", answer.says);
        assert_eq!(counter(&answer, "err_code"), err_code.to_string());
        assert_eq!(counter(&answer, "field"), field, "{body}: {}", answer.says);
        assert!(answer.confusions.iter().any(|of| of.0 == confusion), "{}", answer.says);
        assert!(answer.says.to_string().starts_with(&format!("Refused: {} ({err_code}). ", error.description)));
    }
}

#[test]
fn what_is_decided_once_is_told_from_what_is_not() {
    let mut world = World::new("");
    let first = r#""ack_policy":"explicit""#;
    world.consumer("c", first);
    for (config, field) in [
        (r#""ack_policy":"explicit","deliver_policy":"new""#, "deliver_policy"),
        (r#""ack_policy":"none""#, "ack_policy"),
        (r#""ack_policy":"explicit","replay_policy":"original""#, "replay_policy"),
    ] {
        let error = world.consumer("c", config).expect("it is decided once");
        let answer = why::refused("$JS.API.CONSUMER.CREATE.S.c", &error, None);
        assert_eq!((error.err_code, counter(&answer, "field")), (10012, field), "{}", answer.says);
        let place = Place::Consumer { stream: "S".into(), name: "c".into() };
        assert_eq!(answer.mend.map(|mend| mend.steps), Some(vec![Step::Open(place)]));
    }
}

#[test]
fn a_code_without_a_rule_of_its_own_still_says_what_the_server_said() {
    let error = ApiError { code: 500, err_code: 10210, description: "atomic publish too many inflight".into() };
    let answer = why::refused("$JS.API.STREAM.CREATE.T", &error, Some("allow_atomic"));
    assert!(answer.says.to_string().contains("atomic publish too many inflight (10210)"));
    assert_eq!((counter(&answer, "field"), &answer.mend), ("allow_atomic", &None));
}

fn publisher(world: &mut World, subject: &str, headers: &[(&str, &str)], msg_id: &str) -> ActorId {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let draft = Draft { subject: subject.into(), payload: "x".into(), msg_id: msg_id.into(), headers };
    let script = PublisherScript { draft: draft.clone(), ..PublisherScript::default() };
    world.act(Command::AddPublisher { name: "p".into(), script });
    let (publisher, _) = world.simulation.world().actors().iter().next_back().expect("it was added");
    world.act(Command::Publish { publisher, draft, times: 1 });
    publisher
}

fn why_publisher(world: &World, publisher: ActorId) -> Option<Answer> {
    world.ask(|scene| why::publisher(scene, publisher))
}

#[test]
fn a_message_that_nobody_takes_gets_a_stream() {
    for subject in ["other", "t.a", "s.a.b"] {
        let mut world = World::new("");
        let publisher = publisher(&mut world, subject, &[], "");
        let answer = why_publisher(&world, publisher).expect("it was not stored");
        assert_eq!((answer.cause, answer.confusions[0].0), (Cause::NoResponders, 31));
        world.mend(&answer.mend.expect("a stream can be made"));
        let draft = Draft { subject: subject.into(), ..Draft::default() };
        world.act(Command::Publish { publisher, draft, times: 1 });
        assert_eq!(why_publisher(&world, publisher), None, "{subject} is stored");
    }
}

#[test]
fn a_wrong_last_sequence_is_put_right() {
    for (header, stored, code) in [
        ("Nats-Expected-Last-Sequence", 1, 10071),
        ("Nats-Expected-Last-Sequence", 3, 10071),
        ("Nats-Expected-Last-Subject-Sequence", 2, 10071),
    ] {
        let mut world = World::new("");
        world.publish("s.a", stored);
        let publisher = publisher(&mut world, "s.a", &[(header, "99")], "");
        let answer = why_publisher(&world, publisher).expect("it was refused");
        assert!(answer.says.to_string().contains(&code.to_string()), "{}", answer.says);
        assert_eq!(answer.confusions[0].0, 35);
        world.mend(&answer.mend.expect("the right number is known"));
        assert_eq!(why_publisher(&world, publisher), None);
        assert_eq!(world.stream().store().messages(), stored + 1);
    }
}

#[test]
fn a_duplicate_is_stored_once_its_window_is_over() {
    for seconds in [2, 30, 120] {
        let mut world = World::new(&format!(r#","duplicate_window":{seconds}000000000"#));
        let publisher = publisher(&mut world, "s.a", &[], "id");
        assert_eq!(why_publisher(&world, publisher), None, "the first one is stored");
        let draft = Draft { subject: "s.a".into(), payload: "x".into(), msg_id: "id".into(), ..Draft::default() };
        world.act(Command::Publish { publisher, draft: draft.clone(), times: 1 });
        let answer = why_publisher(&world, publisher).expect("it was not stored");
        assert_eq!((answer.cause, answer.confusions[0].0), (Cause::Duplicate, 32));
        world.mend(&answer.mend.expect("time passes"));
        world.act(Command::Publish { publisher, draft, times: 1 });
        assert_eq!(why_publisher(&world, publisher), None, "{seconds} s later it is stored");
    }
}

#[test]
fn a_limit_that_refuses_is_named() {
    for (config, field, confusion) in [
        (r#","discard":"new","max_msgs":1"#, "max_msgs, max_bytes", 27),
        (
            r#","discard":"new","max_msgs":9,"max_msgs_per_subject":1,"discard_new_per_subject":true"#,
            "max_msgs, max_bytes",
            28,
        ),
        (r#","discard":"new","max_bytes":30"#, "max_msgs, max_bytes", 27),
    ] {
        let mut world = World::new(config);
        world.publish("s.a", 1);
        let publisher = publisher(&mut world, "s.a", &[], "");
        let answer = why_publisher(&world, publisher).expect("it was refused");
        assert_eq!(counter(&answer, "field"), field, "{}", answer.says);
        assert!(answer.confusions.iter().any(|of| of.0 == confusion), "{}", answer.says);
        assert_eq!(answer.mend.map(|mend| mend.steps), Some(vec![Step::Open(Place::Stream("S".into()))]));
    }
}
