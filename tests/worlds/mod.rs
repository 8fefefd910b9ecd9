//! Worlds that several tests run.

use std::time::Duration;

use jetstream_sim::engine::ServerConfig;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::actor::{Draft, FetchRequest, PublisherScript, WorkerScript};
use jetstream_sim::sim::command::Command;

/// A world in which everything that waits for time happens: ack waits, backoffs, nak delays, expiries of pulls and
/// messages, heartbeats, a duplicate window, pauses, consumers that go.
pub fn world() -> Simulation {
    let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
    let mut request = |subject: &str, body: &str| {
        let answer = simulation.request(subject, body.as_bytes());
        let text = format!("{answer:?}");
        assert!(!text.contains("err_code"), "{subject}: {text}");
    };
    request(
        "$JS.API.STREAM.CREATE.JOBS",
        r#"{"name":"JOBS","subjects":["jobs.>"],"storage":"memory","retention":"workqueue","max_age":5400000000000,
            "duplicate_window":90000000000}"#,
    );
    request(
        "$JS.API.STREAM.CREATE.LOG",
        r#"{"name":"LOG","subjects":["log.>"],"storage":"memory","max_msgs":500,"max_age":3600000000000,
            "allow_msg_ttl":true,"subject_delete_marker_ttl":7000000000}"#,
    );
    for (stream, name, config) in [
        ("JOBS", "eu", r#""filter_subject":"jobs.eu","ack_policy":"explicit","ack_wait":7300000000,"max_deliver":4"#),
        (
            "JOBS",
            "us",
            r#""filter_subject":"jobs.us","ack_policy":"explicit","backoff":[1100000000,4700000000,13000000000]"#,
        ),
        ("LOG", "all", r#""ack_policy":"all","ack_wait":11000000000,"max_ack_pending":20"#),
        ("LOG", "idle", r#""ack_policy":"explicit","inactive_threshold":3600000000000"#),
    ] {
        let body = format!(r#"{{"stream_name":"{stream}","config":{{"durable_name":"{name}",{config}}}}}"#);
        request(&format!("$JS.API.CONSUMER.CREATE.{stream}.{name}"), &body);
    }
    request("$JS.API.CONSUMER.PAUSE.LOG.all", r#"{"pause_until":"2026-01-01T03:00:00.123456789Z"}"#);
    add_clients(&mut simulation);
    simulation
}

fn add_clients(simulation: &mut Simulation) {
    let publisher = |subject: &str, millis, headers: &[(&str, &str)], msg_id: &str| PublisherScript {
        draft: Draft {
            subject: subject.to_owned(),
            payload: "{n}".to_owned(),
            msg_id: msg_id.to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        },
        every: Some(Duration::from_millis(millis)),
        count: None,
    };
    for (name, script) in [
        ("jobs", publisher("jobs.{eu|us}", 13_700, &[], "id-{1..9}")),
        ("log", publisher("log.{a|b|c}", 31_300, &[("Nats-TTL", "45s")], "")),
        ("plain", publisher("log.plain.{n}", 61_100, &[], "")),
    ] {
        simulation.act(Command::AddPublisher { name: name.to_owned(), script });
    }
    let worker = |work_millis, fail_percent, crash_percent| WorkerScript {
        is_running: true,
        fetch: FetchRequest { batch: 2, no_wait: false, expires: Some(Duration::from_millis(20_500)) },
        work_time: Duration::from_millis(work_millis),
        fail_percent,
        nak_delay: Some(Duration::from_millis(2_250)),
        crash_percent,
        ..WorkerScript::default()
    };
    for (name, stream, consumer, script) in [
        ("e1", "JOBS", "eu", worker(3_100, 20, 0)),
        ("e2", "JOBS", "eu", worker(9_900, 0, 1)),
        ("u1", "JOBS", "us", worker(2_900, 30, 0)),
        ("l1", "LOG", "all", worker(900, 5, 0)),
    ] {
        let (name, stream, consumer) = (name.to_owned(), stream.to_owned(), consumer.to_owned());
        simulation.act(Command::AddWorker { name, stream, consumer, script });
    }
}
