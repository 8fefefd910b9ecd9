//! Workloads of time travel: a run of a hundred thousand events, its checkpoints, and going to any of its moments.

use std::hint::black_box;
use std::time::Duration;

use jetstream_sim::engine::ServerConfig;
use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::actor::{Draft, PublisherScript, WorkerScript};
use jetstream_sim::sim::command::Command;

use super::{Bench, Inputs, Platform, Timer, Value};

/// Events of the run.
const EVENTS: u64 = 100_000;
/// Moments that are gone to.
const SEEKS: u64 = 200;

pub fn benches<P: Platform>() -> Vec<Bench<P>> {
    vec![
        ("run_100k_events", run_100k_events),
        ("checkpoint_100k", checkpoint_100k),
        ("seek_100k", seek_100k),
        ("checkpoint_large", checkpoint_large),
    ]
}

/// A publisher every 5 ms, two workers that ack most, and a limit that removes.
fn world() -> Simulation {
    let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
    let stream = br#"{"name":"S","subjects":["s.>"],"storage":"memory","max_age":20000000000}"#;
    simulation.request("$JS.API.STREAM.CREATE.S", stream);
    let consumer =
        br#"{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit","ack_wait":1000000000}}"#;
    simulation.request("$JS.API.CONSUMER.CREATE.S.c", consumer);
    let draft = Draft { subject: "s.{a|b|c}".to_owned(), payload: "{n}".to_owned(), ..Draft::default() };
    let script = PublisherScript { draft, every: Some(Duration::from_millis(5)), count: None };
    simulation.act(Command::AddPublisher { name: "p".to_owned(), script });
    for name in ["w1", "w2"] {
        let script = WorkerScript {
            is_running: true,
            work_time: Duration::from_millis(9),
            fail_percent: 20,
            ..WorkerScript::default()
        };
        let (stream, consumer) = ("S".to_owned(), "c".to_owned());
        simulation.act(Command::AddWorker { name: name.to_owned(), stream, consumer, script });
    }
    simulation
}

fn run_until(events: u64) -> Simulation {
    let mut simulation = world();
    while simulation.trace().total() < events && simulation.step() {}
    simulation
}

/// The time of one event, checkpoints among them.
fn run_100k_events<P: Platform>(platform: &P, _: &Inputs) -> (u64, Value) {
    let timer = Timer::start(platform);
    let simulation = run_until(EVENTS);
    let value = timer.stop(platform, EVENTS);
    black_box(simulation);
    (EVENTS, value)
}

/// The time of one checkpoint at the end of the run, and of copying what the event after it changes.
fn checkpoint_100k<P: Platform>(platform: &P, _: &Inputs) -> (u64, Value) {
    checkpoints(platform, run_until(EVENTS))
}

/// The same where a stream holds many messages under 1,000 subjects.
fn checkpoint_large<P: Platform>(platform: &P, inputs: &Inputs) -> (u64, Value) {
    let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
    simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s.>"],"storage":"memory"}"#);
    let draft = Draft { subject: "s.{0..999}".to_owned(), payload: "{n}".repeat(20), ..Draft::default() };
    let script = PublisherScript { draft: draft.clone(), every: Some(Duration::from_millis(5)), count: None };
    simulation.act(Command::AddPublisher { name: "p".to_owned(), script });
    let (publisher, _) = simulation.world().actors().iter().next_back().expect("it was just added");
    for _ in 0..inputs.n / 1_000 {
        simulation.act(Command::Publish { publisher, draft: draft.clone(), times: 1_000 });
    }
    checkpoints(platform, simulation)
}

/// Keeps a checkpoint, and lets one thing happen, again and again.
fn checkpoints<P: Platform>(platform: &P, mut simulation: Simulation) -> (u64, Value) {
    let mut kept = Vec::new();
    let timer = Timer::start(platform);
    for _ in 0..SEEKS {
        kept.push(simulation.end().clone());
        simulation.step();
    }
    let value = timer.stop(platform, SEEKS);
    black_box(kept);
    (SEEKS, value)
}

/// The time of going to a moment by chance.
fn seek_100k<P: Platform>(platform: &P, _: &Inputs) -> (u64, Value) {
    let mut simulation = run_until(EVENTS);
    let mut rng = Rng::new(5);
    let end = simulation.moment();
    let timer = Timer::start(platform);
    for _ in 0..SEEKS {
        simulation.seek(rng.below(end));
    }
    let value = timer.stop(platform, SEEKS);
    (SEEKS, value)
}
