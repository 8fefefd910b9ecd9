//! What a card shows of a consumer and its workers.

use super::*;
use crate::engine::ServerConfig;
use crate::sim::Simulation;
use crate::sim::actor::{Draft, FetchRequest};
use crate::sim::command::{Command, Settlement};
use crate::sim::presets::Preset;
use crate::view::why::Step;
use crate::view::{Focus, tests::rows_of};

fn tray_of(held: usize, num_ack_pending: u64, max_ack_pending: Option<u64>) -> Tray {
    let slots = (0..held).map(|seq| Slot { stream_seq: seq as u64, state: SlotState::Expired }).collect();
    Tray { slots, num_ack_pending, max_ack_pending }
}

#[test]
fn tray_draws_a_few_slots_and_counts_the_rest() {
    assert_eq!(tray_of(2, 2, Some(3)).shown_free(), 1);
    assert_eq!(tray_of(0, 0, Some(1000)).shown_free(), 2);
    assert_eq!(tray_of(0, 0, None).shown_free(), 2);
    assert_eq!(tray_of(6, 900, Some(1000)).shown_free(), 0);
    assert_eq!(tray_of(6, 900, Some(1000)).more(), 894);
}

#[test]
fn tray_is_full_at_its_maximum() {
    assert!(tray_of(3, 3, Some(3)).is_full());
    assert!(!tray_of(2, 2, Some(3)).is_full());
    assert!(!tray_of(6, 5000, None).is_full());
}

fn tray(row: &ConsumerRow) -> &Tray {
    row.tray.as_ref().expect("it waits for acks")
}

fn ship(simulation: &Simulation) -> Rc<ConsumerRow> {
    let rows = rows_of(simulation, &Focus::default());
    Rc::clone(&rows.consumers[0])
}

fn work_queue() -> Simulation {
    Preset::by_key("work-queue").expect("it exists").open()
}

fn worker_of(simulation: &Simulation, name: &str) -> ActorId {
    let mut actors = simulation.world().actors().iter();
    actors.find(|(_, actor)| actor.name == name).expect("the preset has it").0
}

fn settle(simulation: &mut Simulation, name: &str, how: Settlement) {
    let (worker, row) = (worker_of(simulation, name), ship(simulation));
    let held = row.workers.iter().find(|row| row.id == worker).and_then(WorkerRow::in_hand);
    let consumer_seq = held.expect("it holds one").consumer_seq;
    simulation.act(Command::Settle { worker, consumer_seq, how });
}

#[test]
fn a_card_shows_tray_tickets_and_workers() {
    let row = ship(&work_queue());
    assert_eq!((tray(&row).num_ack_pending, tray(&row).is_full()), (3, true));
    let slots: Vec<(u64, &str)> = tray(&row).slots.iter().map(|slot| (slot.stream_seq, slot.state.label())).collect();
    assert_eq!(slots, [(2, "in flight"), (4, "in flight"), (6, "in flight")]);
    assert_eq!(row.tickets.last().map(|ticket| &ticket.state), Some(&TicketState::Used { stream_seq: 6 }));
    let holds: Vec<(&str, usize)> = row.workers.iter().map(|row| (&*row.name, row.held.len())).collect();
    assert_eq!(holds, [("worker A", 1), ("worker B", 2)]);
    assert_eq!(row.tags[1].text, "ack explicit");
}

#[test]
fn an_expired_delivery_waits_for_a_pull_and_offers_one() {
    let mut simulation = work_queue();
    simulation.step();
    let row = ship(&simulation);
    assert_eq!((tray(&row).slots[0].stream_seq, &tray(&row).slots[0].state), (2, &SlotState::Expired));
    let why = row.why.as_ref().expect("nobody asks");
    let says = "#2 waits for a pull. Its AckWait ended at 00:00:35.0 and no worker has an open pull request.";
    assert_eq!(why.says.to_string(), says);
    let mend = why.mend.as_ref().expect("a worker is free");
    assert_eq!(mend.label, "Let worker A fetch 1");
    let [Step::Do(fetch)] = &*mend.steps else { panic!("{mend:?}") };
    simulation.act(fetch.clone());
    let row = ship(&simulation);
    let again = row
        .workers
        .iter()
        .flat_map(|row| &row.held)
        .find(|held| held.stream_seq == 2 && matches!(held.state, HeldState::InFlight(_)));
    assert_eq!(again.map(|held| held.delivered), Some(2));
    assert_eq!((&row.why, row.is_asked), (&None, false));
}

/// What has become of the deliveries that a worker holds, once the first steps of a preset were done.
fn held_after(key: &str, steps: usize, worker: &str) -> Vec<(u64, HeldState)> {
    let preset = Preset::by_key(key).expect("it exists");
    let mut simulation = preset.open();
    for first in &preset.scenario().about.first_steps[..steps] {
        first.act(&mut simulation).expect("it can be done");
    }
    let rows = rows_of(&simulation, &Focus::default());
    let mut workers = rows.consumers.iter().flat_map(|row| &row.workers);
    let row = workers.find(|row| &*row.name == worker).expect("it has a card");
    row.held.iter().map(|held| (held.stream_seq, held.state.clone())).collect()
}

#[test]
fn a_held_message_says_what_has_become_of_it() {
    use HeldState::{GivenUp, Gone, InFlight, Late, Orphaned, Settled};
    let running = |left: &str| InFlight(left.into());
    assert_eq!(held_after("c12", 0, "A"), [(1, running("27 s"))]);
    assert_eq!(held_after("c16", 0, "A"), [(1, Late)], "its AckWait ended");
    assert_eq!(held_after("c16", 1, "B"), [(1, Settled)], "by the late ack of another");
    assert_eq!(held_after("c27", 1, "A"), [(1, Gone), (2, Gone)], "max_msgs, and no AckWait");
    assert_eq!(held_after("c22", 2, "A")[0], (1, GivenUp));
    assert_eq!(held_after("c43", 0, "marks"), [(1, Settled)], "without acks nothing is late");
    assert_eq!(held_after("c29", 1, "A"), [(1, Orphaned)]);
}

#[test]
fn workers_of_a_consumer_that_is_gone_are_there_and_can_be_asked() {
    let preset = Preset::by_key("c10").expect("it exists");
    let mut simulation = preset.open();
    assert!(rows_of(&simulation, &Focus::default()).consumers.iter().all(|row| !row.is_gone));
    for first in &preset.scenario().about.first_steps {
        first.act(&mut simulation).expect("it can be done");
    }
    let worker = worker_of(&simulation, "A");
    let focus = Focus { asked: vec![Ask::Worker(worker)], ..Focus::default() };
    let rows = rows_of(&simulation, &focus);
    let [row] = &*rows.consumers else { panic!("{:?}", rows.consumers) };
    assert!(row.is_gone && row.tray.is_none() && row.tickets.len() == 2);
    for why in [&row.why, &row.workers[0].why] {
        let says = why.as_ref().map(|why| why.says.to_string()).unwrap_or_default();
        assert!(says.starts_with("Its consumer is gone. ship was deleted at"), "{says}");
    }
    // One that never was says so.
    let rows = rows_of(&Preset::by_key("c8").expect("it exists").open(), &Focus::default());
    let says = rows.consumers[0].why.as_ref().map(|why| why.says.to_string()).unwrap_or_default();
    assert_eq!(says, "Its consumer does not exist. There is no all on ORDERS; whoever asks it gets 503.");
}

#[test]
fn a_filter_that_can_match_nothing_is_told_unasked() {
    let preset = Preset::by_key("c7").expect("it exists");
    let mut simulation = preset.open();
    for first in &preset.scenario().about.first_steps {
        first.act(&mut simulation).expect("it can be done");
    }
    let rows = rows_of(&simulation, &Focus::default());
    let says = rows.consumers[2].why.as_ref().map(|why| why.says.to_string()).unwrap_or_default();
    let expected = "The filter matches nothing. payments.> matches no subject that ORDERS stores, now or later.";
    assert_eq!((&*rows.consumers[2].name, &*says), ("none", expected));
}

#[test]
fn what_feeds_another_stream_is_not_offered_a_worker() {
    let preset = Preset::by_key("c41").expect("it exists");
    let mut simulation = preset.open();
    for first in &preset.scenario().about.first_steps[..2] {
        first.act(&mut simulation).expect("it can be done");
    }
    let mend = ship(&simulation).why.as_ref().and_then(|why| why.mend.clone()).expect("the link is cut");
    assert_eq!(mend.label, "Mend the link to ARCHIVE");
}

#[test]
fn a_nak_with_delay_keeps_its_slot() {
    let mut simulation = work_queue();
    settle(&mut simulation, "worker A", Settlement::Nak(Some(Duration::from_secs(60))));
    simulation.advance(Duration::from_secs(6));
    let row = ship(&simulation);
    let delayed = tray(&row).slots.iter().find(|slot| slot.stream_seq == 2).expect("it holds its slot");
    assert_eq!(delayed.state, SlotState::Delayed(Ring { permille: 900, left: "54 s".into() }));
    assert_eq!(row.workers[0].held.len(), 0);
}

#[test]
fn a_lost_ack_leaves_its_message_in_flight() {
    let mut simulation = work_queue();
    settle(&mut simulation, "worker A", Settlement::LostAck);
    let row = ship(&simulation);
    assert_eq!((row.workers[0].held.len(), tray(&row).num_ack_pending), (0, 3), "only the worker takes it for acked");
    simulation.advance(Duration::from_secs(20));
    assert_eq!(tray(&ship(&simulation)).slots[0], Slot { stream_seq: 2, state: SlotState::Expired });
    simulation.undo();
    assert_eq!(ship(&simulation).workers[0].held.len(), 1);
}

#[test]
fn a_killed_worker_leaves_its_message_in_flight() {
    let mut simulation = work_queue();
    let client = worker_of(&simulation, "worker A");
    simulation.act(Command::Kill { client });
    let row = ship(&simulation);
    assert_eq!((row.workers[0].state, tray(&row).num_ack_pending), (WorkerState::Killed, 3));
}

fn push_preset() -> Simulation {
    Preset::by_key("push").expect("it exists").open()
}

fn consumer(simulation: &Simulation, name: &str) -> Rc<ConsumerRow> {
    let rows = rows_of(simulation, &Focus::default());
    Rc::clone(rows.consumers.iter().find(|row| &*row.name == name).expect("the preset has it"))
}

fn says(row: &ConsumerRow) -> Vec<String> {
    row.countdowns.iter().map(|countdown| countdown.says.with([&"…"])).collect()
}

#[test]
fn a_belt_runs_while_somebody_listens() {
    let mut simulation = push_preset();
    let row = consumer(&simulation, "pager");
    let belt = row.belt.as_ref().expect("a push consumer has one");
    assert_eq!((&*belt.to, belt.says, belt.is_running), ("pager.in", "runs", true));
    assert!(!belt.carried.is_empty() && belt.carried.is_sorted_by(|a, b| a > b), "{:?}", belt.carried);
    assert!(belt.window.as_ref().is_some_and(|window| window.ends_with("of 2 MiB on their way")), "{belt:?}");
    assert_eq!(says(&row), ["Heartbeat in …"]);
    let client = worker_of(&simulation, "on call");
    simulation.act(Command::Kill { client });
    simulation.advance(Duration::from_secs(20));
    let row = consumer(&simulation, "pager");
    assert_eq!(row.belt.as_ref().map(|belt| belt.says), Some("stands: nobody listens"));
    let mend = row.why.as_ref().and_then(|why| why.mend.clone()).expect("somebody could listen");
    assert_eq!(mend.label, "Start on call again");
    simulation.act(Command::Restart { client });
    // Listened to again, it brings what waited, as much as the tray holds.
    let row = consumer(&simulation, "pager");
    assert_eq!(row.belt.as_ref().map(|belt| belt.says), Some("stands: the tray is full"));
    assert_eq!(row.workers[0].held.len(), 5);
}

#[test]
fn a_worker_confirms_flow_control() {
    let mut simulation = push_preset();
    let publisher = worker_of(&simulation, "monitor");
    let client = worker_of(&simulation, "on call");
    let script = WorkerScript { is_running: true, work_time: Duration::ZERO, ..WorkerScript::default() };
    simulation.act(Command::SetWorkerScript { worker: client, name: "on call".into(), script });
    let draft = Draft { subject: "alerts.dump".into(), payload: "x".repeat(400_000), ..Draft::default() };
    for _ in 0..4 {
        simulation.act(Command::Publish { publisher, draft: draft.clone(), times: 1 });
        simulation.advance(Duration::from_millis(1));
    }
    let belt = consumer(&simulation, "pager").belt.clone().expect("a push consumer has one");
    assert!(belt.is_running);
    // Confirmed once, the window is twice as large.
    assert!(belt.window.as_ref().is_some_and(|window| window.contains("of 4 MiB on their way")), "{belt:?}");
}

/// A stream of two messages with a consumer `c` of `policy`, and a worker of each script, who asks for ten.
fn group(policy: &str, scripts: [WorkerScript; 2]) -> Simulation {
    let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
    let config =
        format!(r#""durable_name":"c","ack_policy":"explicit","priority_groups":["g"],"priority_policy":"{policy}""#);
    let consumer = format!(r#"{{"stream_name":"S","config":{{{config}}}}}"#);
    simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s"]}"#);
    simulation.request("$JS.API.CONSUMER.CREATE.S.c", consumer.as_bytes());
    for (name, script) in ["first", "second"].into_iter().zip(scripts) {
        let (stream, consumer) = ("S".to_owned(), "c".to_owned());
        simulation.act(Command::AddWorker { name: name.into(), stream, consumer, script });
        let worker = worker_of(&simulation, name);
        simulation.act(Command::Fetch { worker, request: FetchRequest { batch: 10, ..FetchRequest::ONE } });
    }
    simulation.request("s", b"1");
    simulation.request("s", b"2");
    simulation
}

#[test]
fn a_group_serves_by_priority_or_by_what_is_pending() {
    let held = |simulation: &Simulation| -> Vec<(usize, String)> {
        let row = ship(simulation);
        row.workers.iter().map(|row| (row.held.len(), row.standing.clone().unwrap_or_default())).collect()
    };
    let scripts = [1, 0].map(|priority| WorkerScript { priority, ..WorkerScript::default() });
    let simulation = group("prioritized", scripts);
    assert_eq!(held(&simulation), [(0, "priority 1".into()), (2, "priority 0".into())]);
    let scripts = [3, 0].map(|min_pending| WorkerScript { min_pending, ..WorkerScript::default() });
    let simulation = group("overflow", scripts);
    let standing = ["takes messages from 3 pending on", "takes any message"].map(String::from);
    let [busy, free] = standing;
    assert_eq!(held(&simulation), [(0, busy), (2, free)]);
}

#[test]
fn a_group_shows_who_is_pinned_and_who_waits() {
    let mut simulation = push_preset();
    let standing = |simulation: &Simulation| {
        let row = consumer(simulation, "desk");
        row.workers.iter().map(|worker| worker.standing.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(standing(&simulation), ["pinned: gets every message", "waits until the pin is free"]);
    let row = consumer(&simulation, "desk");
    assert_eq!(row.pinned_group.as_deref(), Some("desk"));
    assert_eq!(says(&row), ["Pinned client: let go, unless it asks, in …"]);
    let ann = worker_of(&simulation, "Ann");
    simulation.act(Command::Kill { client: ann });
    simulation.advance(Duration::from_secs(70));
    assert_eq!(standing(&simulation), ["not pinned", "pinned: gets every message"]);
}

#[test]
fn pauses_and_ephemerals_count_down() {
    let mut simulation = push_preset();
    let row = consumer(&simulation, "peek");
    let [countdown] = &*row.countdowns else { panic!("it is unused: {:?}", row.countdowns) };
    assert_eq!(says(&row), ["Unused: deleted in …"]);
    let left = countdown.ring.left.clone();
    assert!(row.tags.iter().any(|tag| tag.text == "unused: gone after 1 min"), "{:?}", row.tags);
    simulation.advance(crate::view::text::parse_duration(&left.replace(' ', "")).expect("a duration"));
    assert!(rows_of(&simulation, &Focus::default()).consumers.iter().all(|row| &*row.name != "peek"), "{left}");
    let until = simulation.now() + Duration::from_secs(30);
    simulation.request("$JS.API.CONSUMER.PAUSE.ALERTS.desk", format!("{{\"pause_until\":\"{until}\"}}").as_bytes());
    simulation.advance(Duration::from_secs(12));
    let row = consumer(&simulation, "desk");
    assert_eq!((says(&row)[0].as_str(), &*row.countdowns[0].ring.left), ("Paused: goes on in …", "18 s"));
    assert_eq!(row.countdowns[0].ring.permille, 600);
}
