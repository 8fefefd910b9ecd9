//! Small worlds that the page can open: each shows one thing, and is one event away from it.
//!
//! A preset is made by the commands that a person would give, on simulated time.

use std::time::Duration;

use super::Simulation;
use super::actor::{ActorId, Draft, FetchRequest, PublisherScript, Role, WorkerScript};
use super::command::{Command, Settlement};
use super::world::NextEvent;
use crate::engine::account::AccountDue;
use crate::engine::consumer::Wakeup;
use crate::engine::stream::{OriginRef, StreamDue};
use crate::engine::time::Timestamp;
use crate::engine::{Due, ServerConfig};

/// A world that can be opened by its key.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Names it in actions and links.
    pub key: &'static str,
    pub title: &'static str,
    /// What to look at, one sentence.
    pub look_at: &'static str,
    build: fn(&mut Simulation),
}

impl PartialEq for Preset {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Preset {}

/// All presets, the one first that the page opens on.
pub const PRESETS: [Preset; 8] = [
    Preset {
        key: "work-queue",
        title: "Work queue",
        look_at: "Each message goes to one worker; an ack removes it. The next event is an AckWait that ends.",
        build: work_queue,
    },
    Preset {
        key: "fan-out",
        title: "Fan-out (interest)",
        look_at: "A message stays until every consumer has acked it; the slow consumer holds what the fast one is done with.",
        build: fan_out,
    },
    Preset {
        key: "limits",
        title: "Limits and expiry",
        look_at: "Acks move a bookmark and remove nothing; max age and max msgs do, even what is in flight.",
        build: limits,
    },
    Preset {
        key: "exactly-once",
        title: "Exactly-once publishing",
        look_at: "A publish that repeats a Nats-Msg-Id within the duplicate window is answered with the first sequence.",
        build: exactly_once,
    },
    Preset {
        key: "silent-worker",
        title: "A worker goes silent",
        look_at: "Killing a worker changes nothing until its AckWait ends; then the message goes to another worker.",
        build: silent_worker,
    },
    Preset {
        key: "push",
        title: "Push, and who is pinned",
        look_at: "A push consumer delivers without being asked; a pinned client gets every message while others wait.",
        build: push,
    },
    Preset {
        key: "sources",
        title: "Mirror and sources",
        look_at: "What a stream stores goes on to its mirror and to those that source it, until a link is cut.",
        build: sources,
    },
    Preset {
        key: "headers",
        title: "What headers do",
        look_at: "A TTL ends, a rollup replaces, a counter adds, and a schedule publishes again and again.",
        build: headers,
    },
];

impl Preset {
    pub fn by_key(key: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.key == key)
    }

    /// Makes the world of this preset, paused.
    pub fn open(&self) -> Simulation {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        (self.build)(&mut simulation);
        simulation.open_here();
        simulation
    }
}

/// A deadline that ends an ack wait is next.
fn is_before_redelivery(simulation: &Simulation) -> bool {
    matches!(
        simulation.world().next_event(),
        Some(NextEvent::Server(deadline)) if matches!(deadline.due, Due::Account(AccountDue::Stream(_, StreamDue::Consumer(_, Wakeup::AckWait))))
    )
}

/// Lets time pass up to the event before the next ack wait that ends.
fn stop_before_redelivery(simulation: &mut Simulation) {
    for _ in 0..1_000 {
        if is_before_redelivery(simulation) || !simulation.step() {
            return;
        }
    }
}

fn create_stream(simulation: &mut Simulation, name: &str, config: &str) {
    let body = format!("{{\"name\":\"{name}\",\"storage\":\"memory\",{config}}}");
    simulation.request(&format!("$JS.API.STREAM.CREATE.{name}"), body.as_bytes());
}

fn create_consumer(simulation: &mut Simulation, stream: &str, name: &str, config: &str) {
    let body = format!(
        "{{\"stream_name\":\"{stream}\",\"config\":{{\"durable_name\":\"{name}\",\"ack_policy\":\"explicit\",{config}}}}}"
    );
    simulation.request(&format!("$JS.API.CONSUMER.CREATE.{stream}.{name}"), body.as_bytes());
}

fn draft(subject: &str, payload: &str) -> Draft {
    Draft { subject: subject.to_owned(), payload: payload.to_owned(), ..Draft::default() }
}

fn add_publisher(simulation: &mut Simulation, name: &str, draft: Draft, every: Option<Duration>) -> ActorId {
    let script = PublisherScript { draft, every, count: None };
    simulation.act(Command::AddPublisher { name: name.to_owned(), script });
    last_client(simulation)
}

fn add_worker(simulation: &mut Simulation, name: &str, stream: &str, consumer: &str, script: WorkerScript) -> ActorId {
    let (name, stream, consumer) = (name.to_owned(), stream.to_owned(), consumer.to_owned());
    simulation.act(Command::AddWorker { name, stream, consumer, script });
    last_client(simulation)
}

fn last_client(simulation: &Simulation) -> ActorId {
    let (id, _) = simulation.world().actors().iter().next_back().expect("one was just added");
    id
}

fn publish(simulation: &mut Simulation, publisher: ActorId, draft: Draft) {
    simulation.act(Command::Publish { publisher, draft, times: 1 });
}

fn fetch(simulation: &mut Simulation, worker: ActorId, batch: u32) {
    let request = FetchRequest { batch, ..FetchRequest::ONE };
    simulation.act(Command::Fetch { worker, request });
}

/// Lets a worker settle the message that it holds longest.
fn settle(simulation: &mut Simulation, worker: ActorId, how: Settlement) {
    let actor = simulation.world().actors().get(worker);
    let held = actor.and_then(|actor| match &actor.role {
        Role::Worker(worker) => worker.held().next().map(|held| held.consumer_seq),
        _ => None,
    });
    if let Some(consumer_seq) = held {
        simulation.act(Command::Settle { worker, consumer_seq, how });
    }
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The worker of the pictures: by hand, with time to think.
fn by_hand() -> WorkerScript {
    WorkerScript { work_time: seconds(5), ..WorkerScript::default() }
}

fn work_queue(simulation: &mut Simulation) {
    create_stream(
        simulation,
        "ORDERS",
        r#""subjects":["orders.>"],"retention":"workqueue","max_age":600000000000,"duplicate_window":120000000000"#,
    );
    create_consumer(
        simulation,
        "ORDERS",
        "ship",
        r#""filter_subject":"orders.eu.>","ack_wait":30000000000,"max_deliver":3,"max_ack_pending":3"#,
    );
    create_consumer(simulation, "ORDERS", "ledger", r#""filter_subject":"orders.us.>","ack_wait":30000000000"#);
    let eu = draft("orders.eu.created", "{\"order\": {n}}");
    let api = add_publisher(simulation, "orders-api", eu.clone(), None);
    let cron = add_publisher(simulation, "billing-cron", draft("orders.us.paid", "{\"bill\": {n}}"), Some(seconds(5)));
    simulation.act(Command::PausePublisher { publisher: cron, is_paused: true });
    let a = add_worker(simulation, "worker A", "ORDERS", "ship", by_hand());
    let b = add_worker(simulation, "worker B", "ORDERS", "ship", by_hand());
    let ledger = add_worker(simulation, "ledger", "ORDERS", "ledger", by_hand());
    for _ in 0..2 {
        simulation.advance(seconds(2));
        publish(simulation, api, eu.clone());
    }
    fetch(simulation, b, 1);
    simulation.advance(seconds(1));
    settle(simulation, b, Settlement::Ack);
    fetch(simulation, a, 1);
    for _ in 0..2 {
        simulation.advance(seconds(2));
        publish(simulation, api, eu.clone());
    }
    simulation.advance(seconds(3));
    publish(simulation, cron, draft("orders.us.paid", "{\"bill\": {n}}"));
    fetch(simulation, ledger, 1);
    simulation.advance(seconds(4));
    fetch(simulation, b, 1);
    simulation.advance(seconds(2));
    publish(simulation, api, eu);
    simulation.advance(seconds(6));
    settle(simulation, b, Settlement::Ack);
    simulation.advance(seconds(3));
    fetch(simulation, b, 2);
    stop_before_redelivery(simulation);
}

fn fan_out(simulation: &mut Simulation) {
    create_stream(simulation, "EVENTS", r#""subjects":["events.>"],"retention":"interest""#);
    create_consumer(simulation, "EVENTS", "mailer", r#""ack_wait":20000000000"#);
    create_consumer(simulation, "EVENTS", "audit", r#""filter_subject":"events.user.>","ack_wait":20000000000"#);
    let source = draft("events.{user|shop}.{created|changed}", "{\"n\": {n}}");
    add_publisher(simulation, "events-api", source, Some(seconds(4)));
    let fast = WorkerScript { is_running: true, work_time: seconds(1), ..WorkerScript::default() };
    add_worker(simulation, "mailer 1", "EVENTS", "mailer", fast);
    let slow = add_worker(simulation, "auditor", "EVENTS", "audit", by_hand());
    simulation.advance(seconds(18));
    fetch(simulation, slow, 1);
    stop_before_redelivery(simulation);
}

fn limits(simulation: &mut Simulation) {
    create_stream(
        simulation,
        "METRICS",
        r#""subjects":["metrics.*"],"max_msgs":8,"max_age":60000000000,"max_msgs_per_subject":4,"duplicate_window":60000000000"#,
    );
    create_consumer(simulation, "METRICS", "chart", r#""ack_wait":15000000000"#);
    add_publisher(simulation, "sensors", draft("metrics.{cpu|disk|net}", "{\"value\": {10..99}}"), Some(seconds(5)));
    let chart = add_worker(simulation, "charts", "METRICS", "chart", by_hand());
    simulation.advance(seconds(26));
    fetch(simulation, chart, 2);
    simulation.advance(seconds(2));
    settle(simulation, chart, Settlement::Ack);
    stop_before_redelivery(simulation);
}

fn exactly_once(simulation: &mut Simulation) {
    create_stream(simulation, "PAYMENTS", r#""subjects":["payments.>"],"duplicate_window":30000000000"#);
    create_consumer(simulation, "PAYMENTS", "bank", r#""ack_wait":20000000000"#);
    let mut payment = draft("payments.new", "{\"amount\": 42}");
    payment.msg_id = "pay-1".to_owned();
    let shop = add_publisher(simulation, "shop", payment.clone(), None);
    let bank = add_worker(simulation, "bank", "PAYMENTS", "bank", by_hand());
    publish(simulation, shop, payment.clone());
    simulation.advance(seconds(4));
    publish(simulation, shop, payment.clone());
    simulation.advance(seconds(3));
    payment.msg_id = "pay-2".to_owned();
    publish(simulation, shop, payment);
    fetch(simulation, bank, 1);
    simulation.advance(seconds(2));
    stop_before_redelivery(simulation);
}

fn silent_worker(simulation: &mut Simulation) {
    create_stream(simulation, "JOBS", r#""subjects":["jobs.>"],"retention":"workqueue""#);
    create_consumer(simulation, "JOBS", "render", r#""ack_wait":20000000000,"max_deliver":4,"max_ack_pending":4"#);
    let jobs = draft("jobs.render", "{\"job\": {n}}");
    let queue = add_publisher(simulation, "job-queue", jobs.clone(), None);
    let running = WorkerScript {
        is_running: true,
        fetch: FetchRequest { batch: 1, no_wait: false, expires: Some(seconds(60)) },
        work_time: seconds(6),
        ..WorkerScript::default()
    };
    let silent = add_worker(simulation, "worker A", "JOBS", "render", running.clone());
    add_worker(simulation, "worker B", "JOBS", "render", running);
    for _ in 0..4 {
        publish(simulation, queue, jobs.clone());
        simulation.advance(seconds(1));
    }
    simulation.act(Command::Kill { client: silent });
    stop_before_redelivery(simulation);
}

fn push(simulation: &mut Simulation) {
    create_stream(simulation, "ALERTS", r#""subjects":["alerts.>"],"max_msgs":20"#);
    create_consumer(
        simulation,
        "ALERTS",
        "pager",
        r#""deliver_subject":"pager.in","idle_heartbeat":5000000000,"flow_control":true,"ack_wait":20000000000,"max_ack_pending":5"#,
    );
    create_consumer(
        simulation,
        "ALERTS",
        "desk",
        r#""priority_groups":["desk"],"priority_policy":"pinned_client","priority_timeout":60000000000,"ack_wait":60000000000"#,
    );
    let peek =
        br#"{"stream_name":"ALERTS","config":{"name":"peek","ack_policy":"none","inactive_threshold":60000000000}}"#;
    simulation.request("$JS.API.CONSUMER.CREATE.ALERTS.peek", peek);
    let running = WorkerScript { is_running: true, work_time: seconds(2), ..WorkerScript::default() };
    add_worker(simulation, "Ann", "ALERTS", "desk", running.clone());
    add_worker(simulation, "Ben", "ALERTS", "desk", running);
    let on_call = add_worker(simulation, "on call", "ALERTS", "pager", by_hand());
    add_publisher(simulation, "monitor", draft("alerts.{cpu|disk}", "{\"value\": {80..99}}"), Some(seconds(6)));
    simulation.advance(seconds(19));
    settle(simulation, on_call, Settlement::Ack);
    stop_before_redelivery(simulation);
}

fn sources(simulation: &mut Simulation) {
    create_stream(simulation, "ORDERS", r#""subjects":["orders.>"]"#);
    create_stream(simulation, "ORDERS-COPY", r#""mirror":{"name":"ORDERS"}"#);
    create_stream(simulation, "REFUNDS", r#""subjects":["refunds.>"]"#);
    create_stream(
        simulation,
        "SALES",
        r#""sources":[{"name":"ORDERS","filter_subject":"orders.eu.>"},{"name":"REFUNDS"}]"#,
    );
    create_consumer(simulation, "SALES", "report", r#""ack_wait":20000000000"#);
    let report = add_worker(simulation, "report", "SALES", "report", by_hand());
    add_publisher(simulation, "shop", draft("orders.{eu|us}.created", "{\"order\": {n}}"), Some(seconds(3)));
    add_publisher(simulation, "support", draft("refunds.asked", "{\"refund\": {n}}"), Some(seconds(8)));
    simulation.advance(seconds(14));
    fetch(simulation, report, 1);
    simulation.advance(seconds(9));
    simulation.act(Command::CutLink { stream: "ORDERS-COPY".to_owned(), origin: OriginRef::Mirror, is_cut: true });
    stop_before_redelivery(simulation);
}

fn headers(simulation: &mut Simulation) {
    create_stream(
        simulation,
        "DESK",
        r#""subjects":["desk.>"],"allow_msg_ttl":true,"subject_delete_marker_ttl":15000000000,"allow_rollup_hdrs":true,"allow_msg_schedules":true"#,
    );
    create_stream(simulation, "VISITS", r#""subjects":["visits.*"],"allow_msg_counter":true"#);
    create_consumer(simulation, "DESK", "screen", r#""filter_subject":"desk.note.>","ack_wait":20000000000"#);
    let screen = add_worker(simulation, "screen", "DESK", "screen", by_hand());
    let hand = add_publisher(simulation, "desk", draft("desk.note.a", "tea at four"), None);
    let counter = add_publisher(simulation, "door", draft("visits.today", ""), None);
    let said = |subject: &str, payload: &str, headers: &[(&str, &str)]| Draft {
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..draft(subject, payload)
    };
    publish(
        simulation,
        hand,
        said("desk.tick", "tick", &[("Nats-Schedule", "@every 10s"), ("Nats-Schedule-Target", "desk.time")]),
    );
    publish(simulation, hand, said("desk.menu", "soup", &[]));
    publish(simulation, hand, said("desk.lost", "an umbrella", &[("Nats-TTL", "20s")]));
    for _ in 0..3 {
        simulation.advance(seconds(2));
        publish(simulation, counter, said("visits.today", "", &[("Nats-Incr", "+1")]));
    }
    publish(simulation, hand, said("desk.menu", "stew", &[("Nats-Rollup", "sub")]));
    publish(simulation, hand, said("desk.note.a", "tea at four", &[("Nats-TTL", "45s")]));
    simulation.advance(seconds(2));
    fetch(simulation, screen, 1);
    stop_before_redelivery(simulation);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Event;

    #[test]
    fn every_preset_opens_one_event_before_its_first_redelivery() {
        for preset in &PRESETS {
            let mut simulation = preset.open();
            assert!(!simulation.clock.is_playing);
            let redelivered = |simulation: &Simulation| {
                simulation.trace().events().any(|traced| matches!(traced.event, Event::AckWaitEnded { .. }))
            };
            assert!(!redelivered(&simulation), "{}", preset.key);
            assert!(is_before_redelivery(&simulation), "{}", preset.key);
            simulation.step();
            assert!(redelivered(&simulation), "{}", preset.key);
        }
    }

    #[test]
    fn a_preset_is_the_same_world_whenever_it_is_opened() {
        for preset in &PRESETS {
            let (mut one, mut other) = (preset.open(), preset.open());
            one.advance(seconds(300));
            for _ in 0..300 {
                other.advance(seconds(1));
            }
            assert_eq!(one.world(), other.world(), "{}", preset.key);
        }
    }

    #[test]
    fn no_request_of_a_preset_is_refused() {
        for preset in &PRESETS {
            let simulation = preset.open();
            let refused = simulation.trace().events().find(|traced| {
                matches!(traced.event, Event::ApiError { .. } | Event::Refused { .. } | Event::NoResponders { .. })
            });
            assert!(refused.is_none(), "{}: {refused:?}", preset.key);
        }
    }
}
