//! Every cause of a consumer or worker that gets nothing, in three states each, and that its button mends it.

use std::time::Duration;

use jetstream_sim::sim::actor::{ActorId, FetchRequest, WorkerScript};
use jetstream_sim::sim::command::{Command, Settlement};
use jetstream_sim::view::why::{Answer, Cause, Place, Step};

use crate::oracle::{Question, has_received, is_held};
use crate::worlds::{World, seconds};

const EXPLICIT: &str = r#""ack_policy":"explicit""#;

/// Fails unless the consumer `c` says `cause`, and delivers once its button is pressed.
fn assert_mended(mut world: World, cause: Cause) -> Answer {
    let answer = world.why("c");
    assert_eq!(answer.cause, cause, "{}", answer.says);
    press(&mut world, &answer, None);
    answer
}

/// Likewise for a worker.
fn assert_worker_mended(mut world: World, worker: ActorId, cause: Cause) -> Answer {
    let answer = world.why_worker(worker);
    assert_eq!(answer.cause, cause, "{}", answer.says);
    press(&mut world, &answer, Some(worker));
    answer
}

fn press(world: &mut World, answer: &Answer, worker: Option<ActorId>) {
    let mend = answer.mend.as_ref().unwrap_or_else(|| panic!("nothing mends it: {}", answer.says));
    let question = Question { consumer: "c", worker };
    let before = world.simulation.trace().total();
    world.mend(mend);
    let goes_out = has_received(world, question, before) || is_held(world, question);
    assert!(goes_out, "{} does not mend it: {}", mend.label, answer.says);
}

/// A world of `messages` on `s.a` with the consumer `c` of `config`, and a worker.
fn world(messages: u64, config: &str) -> (World, ActorId) {
    let mut world = World::new("");
    world.publish("s.a", messages);
    assert_eq!(world.consumer("c", config), None, "{config}");
    let worker = world.worker("c");
    (world, worker)
}

fn with(config: &str) -> String {
    format!("{EXPLICIT},{config}")
}

fn ask(world: &mut World, worker: ActorId, batch: u32, no_wait: bool, expires: Option<u64>) {
    let request = FetchRequest { batch, no_wait, expires: expires.map(seconds) };
    world.act(Command::Fetch { worker, request });
}

#[test]
fn no_pull_request() {
    for number in 1..=3_u64 {
        let (world, worker) = world(number, EXPLICIT);
        assert_mended(world.clone(), Cause::NeverAsked);
        let answer = assert_worker_mended(world.clone(), worker, Cause::NeverAsked);
        assert_eq!(answer.confusions[0].0, 4);
        // Used up, with more there.
        let mut used = world.clone();
        used.publish("s.a", 1);
        ask(&mut used, worker, number as u32, false, Some(30));
        assert_worker_mended(used, worker, Cause::PullUsedUp);
        // Nothing came in time.
        let mut expired = world.clone();
        ask(&mut expired, worker, number as u32 + 1, false, Some(number));
        expired.advance(seconds(number));
        expired.publish("s.a", 1);
        assert_worker_mended(expired, worker, Cause::PullExpired);
        // It did not wait.
        let mut early = world.clone();
        ask(&mut early, worker, number as u32, true, None);
        ask(&mut early, worker, 1, true, None);
        early.publish("s.a", 1);
        let answer = assert_worker_mended(early, worker, Cause::PullFoundNothing);
        assert!(answer.says.to_string().contains("404 No Messages"), "{}", answer.says);
        // What is due again waits for a pull as well.
        let mut due = world;
        ask(&mut due, worker, number as u32, false, Some(30));
        due.advance(seconds(30));
        let answer = assert_mended(due.clone(), Cause::DueWithoutPull);
        assert!(answer.says.to_string().contains("no worker has an open pull request"), "{}", answer.says);
        assert_worker_mended(due, worker, Cause::DueWithoutPull);
    }
}

#[test]
fn a_pull_request_that_was_refused() {
    for (config, batch, expires) in
        [(r#""max_batch":2"#, 3, 5), (r#""max_expires":2000000000"#, 1, 3), (r#""max_batch":1"#, 9, 1)]
    {
        let (mut world, worker) = world(1, &with(config));
        ask(&mut world, worker, batch, false, Some(expires));
        let answer = world.why_worker(worker);
        assert_eq!(answer.cause, Cause::PullRefused, "{}", answer.says);
        assert!(answer.says.to_string().contains("409 Exceeded"), "{}", answer.says);
        assert_eq!(answer.confusions[0].0, 6);
        let mut asked = world.clone();
        let before = asked.simulation.trace().total();
        ask(&mut asked, worker, 1, false, Some(1));
        assert!(has_received(&asked, Question { consumer: "c", worker: Some(worker) }, before));
    }
    for number in 1..=3_u64 {
        // More than may wait: what is missing is a message, and room in the line.
        let (mut world, first) = world(0, &with(&format!(r#""max_waiting":{number}"#)));
        (0..number).for_each(|_| ask(&mut world, first, 1, false, None));
        let second = world.worker("c");
        ask(&mut world, second, 1, false, None);
        let answer = world.why_worker(second);
        let max = answer.counters.iter().find(|counter| counter.label == "max waiting");
        assert_eq!(max.map(|max| max.value.clone()), Some(number.to_string()), "{}", answer.says);
        press(&mut world, &answer, None);
    }
}

#[test]
fn the_tray_is_full() {
    for max in 1..=3_u64 {
        let (mut world, worker) = world(max + 2, &with(&format!(r#""max_ack_pending":{max},"ack_wait":60000000000"#)));
        ask(&mut world, worker, max as u32 + 1, false, None);
        let answer = assert_mended(world.clone(), Cause::TrayFull);
        assert_eq!((answer.confusions[0].0, answer.mend.map(|mend| mend.label)), (1, Some("Ack #1".to_owned())));
        let other = world.worker("c");
        let answer = world.why_worker(other);
        assert_eq!(answer.cause, Cause::TrayFull, "{}", answer.says);
        // The first worker is before it in line.
        press(&mut world.clone(), &answer, None);
        // Nobody is left who could ack.
        world.act(Command::Kill { client: worker });
        let answer = assert_mended(world.clone(), Cause::TrayFull);
        let label = answer.mend.map(|mend| mend.label).unwrap_or_default();
        assert!(label.starts_with(&format!("Raise max ack pending to {}", max + 1)), "{label}");
    }
}

#[test]
fn naks_hold_the_slots() {
    for max in 1..=3_u64 {
        let (mut world, worker) = world(max + 1, &with(&format!(r#""max_ack_pending":{max}"#)));
        ask(&mut world, worker, max as u32 + 1, false, None);
        (0..max).for_each(|_| world.settle(worker, Settlement::Nak(Some(seconds(20 * max)))));
        let answer = assert_mended(world, Cause::NaksHoldSlots);
        assert_eq!(answer.confusions[0].0, 2);
    }
}

#[test]
fn nothing_matches() {
    for (filter, cause) in [
        ("s.b", Cause::FilterMatchesNothing),
        ("s.c", Cause::FilterMatchesNothing),
        ("*.d", Cause::FilterMatchesNothing),
        ("x.y", Cause::FilterCannotMatch),
        ("s", Cause::FilterCannotMatch),
        ("s.a.b", Cause::FilterCannotMatch),
    ] {
        let (world, worker) = world(2, &with(&format!(r#""filter_subject":"{filter}""#)));
        let answer = world.why("c");
        assert_eq!((answer.cause, answer.confusions[0].0), (cause, 7), "{}", answer.says);
        if cause == Cause::FilterCannotMatch {
            let place = Place::Consumer { stream: "S".into(), name: "c".into() };
            assert_eq!(answer.mend.map(|mend| mend.steps), Some(vec![Step::Open(place)]));
        } else {
            assert_worker_mended(world.clone(), worker, cause);
            assert_mended(world, cause);
        }
    }
}

#[test]
fn it_starts_later() {
    let future = "2026-01-01T01:00:00Z";
    for start in [
        r#""deliver_policy":"new""#.to_owned(),
        r#""deliver_policy":"by_start_sequence","opt_start_seq":3"#.to_owned(),
        r#""deliver_policy":"by_start_sequence","opt_start_seq":7"#.to_owned(),
        format!(r#""deliver_policy":"by_start_time","opt_start_time":"{future}""#),
    ] {
        let (world, _) = world(2, &with(&start));
        let answer = assert_mended(world, Cause::StartsLater);
        assert_eq!(answer.confusions[0].0, 8);
    }
    // Too far for a click.
    let (world, _) = world(2, &with(r#""deliver_policy":"by_start_sequence","opt_start_seq":900"#));
    let mend = world.why("c").mend.expect("the dialog");
    assert!(matches!(&*mend.steps, [Step::Open(Place::Consumer { .. })]), "{mend:?}");
}

#[test]
fn nothing_is_left() {
    for number in 1..=3_u64 {
        let (mut world, worker) = world(0, EXPLICIT);
        assert_mended(world.clone(), Cause::NothingStored);
        world.publish("s.a", number);
        ask(&mut world, worker, number as u32 + 1, false, None);
        assert_mended(world.clone(), Cause::CaughtUp);
        assert_worker_mended(world.clone(), worker, Cause::CaughtUp);
        (0..number).for_each(|_| world.settle(worker, Settlement::Ack));
        assert_mended(world, Cause::CaughtUp);
    }
}

#[test]
fn it_is_paused() {
    for number in 1..=3_u64 {
        let (mut world, worker) = world(number, EXPLICIT);
        let until = world.simulation.now() + seconds(60 * number);
        world.request("$JS.API.CONSUMER.PAUSE.S.c", &format!("{{\"pause_until\":\"{until}\"}}"));
        assert_mended(world.clone(), Cause::Paused);
        ask(&mut world, worker, 1, false, None);
        assert_mended(world.clone(), Cause::Paused);
        assert_worker_mended(world.clone(), worker, Cause::Paused);
        // To resume without a time wakes nobody.
        world.request("$JS.API.CONSUMER.PAUSE.S.c", "");
        assert_worker_mended(world.clone(), worker, Cause::Asleep);
        assert_mended(world, Cause::Asleep);
    }
}

#[test]
fn the_pace_is_kept() {
    for number in 1..=3_u64 {
        // The pace at which messages were stored.
        let mut world = World::new("");
        world.publish("s.a", 1);
        world.advance(seconds(number));
        world.publish("s.a", 1);
        world.consumer("c", &with(r#""replay_policy":"original""#));
        let worker = world.worker("c");
        ask(&mut world, worker, 5, false, None);
        let answer = assert_mended(world.clone(), Cause::Replays);
        let Some([Step::Wait(wait)]) = answer.mend.as_ref().map(|mend| &*mend.steps) else { panic!("{answer:?}") };
        assert_eq!(*wait, seconds(number));
        // A limit of the rate: the burst of one message is used up.
        let mut world = World::new(r#","max_msg_size":200"#);
        let deliver = r#""deliver_subject":"to.c","rate_limit_bps":"#;
        world.consumer("c", &with(&format!("{deliver}{}", 800 * number)));
        world.worker("c");
        world.publish("s.a", 12);
        assert_mended(world, Cause::RateLimited);
        // What is larger than a burst never goes out, however long one waits.
        let mut world = World::new(r#","max_msg_size":20"#);
        world.consumer("c", &with(&format!("{deliver}{}", 800 * number)));
        world.worker("c");
        world.publish("s.a", 1);
        let answer = world.why("c");
        assert_eq!(answer.cause, Cause::RateLimited, "{}", answer.says);
        let Some([Step::Open(_)]) = answer.mend.as_ref().map(|mend| &*mend.steps) else { panic!("{answer:?}") };
    }
}

#[test]
fn nobody_listens() {
    for (number, config) in [
        r#""deliver_subject":"to.c""#,
        r#""deliver_subject":"to.c","deliver_group":"g""#,
        r#""deliver_subject":"to.c","idle_heartbeat":5000000000"#,
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = World::new("");
        world.publish("s.a", number as u64 + 1);
        world.consumer("c", &with(config));
        let answer = assert_mended(world.clone(), Cause::NobodyListens);
        assert_eq!((answer.confusions[0].0, answer.mend.map(|mend| mend.label)), (20, Some("Add a worker".into())));
        let worker = world.worker("c");
        world.act(Command::Kill { client: worker });
        world.publish("s.a", 1);
        assert_mended(world.clone(), Cause::NobodyListens);
        assert_worker_mended(world, worker, Cause::Disconnected);
    }
}

#[test]
fn flow_control_waits() {
    for size in [300_000, 500_000, 900_000] {
        let mut world = World::new("");
        let config = r#""deliver_subject":"to.c","flow_control":true,"idle_heartbeat":5000000000"#;
        assert_eq!(world.consumer("c", &with(config)), None);
        // A client that never confirms.
        let conn = world.simulation.attach().expect("it is attached");
        world.simulation.attached_says(conn, b"CONNECT {\"verbose\":false}\r\nSUB to.c 1\r\n");
        let payload = vec![b'x'; size];
        for _ in 0..12 {
            world.simulation.request("s.a", &payload);
        }
        assert_mended(world, Cause::FlowControl);
    }
}

#[test]
fn another_is_pinned_or_a_threshold_is_not_reached() {
    for number in 1..=3_u64 {
        let config = r#""priority_groups":["g"],"priority_policy":"pinned_client""#;
        let (mut world, first) = world(1, &with(config));
        ask(&mut world, first, 1, false, None);
        let second = world.worker("c");
        world.publish("s.a", number);
        let answer = assert_worker_mended(world.clone(), second, Cause::PinnedToAnother);
        assert!(answer.mend.is_some_and(|mend| mend.label.contains("npin")), "{}", answer.says);
        ask(&mut world, second, 1, false, None);
        assert_mended(world.clone(), Cause::PinnedToAnother);
        world.act(Command::Kill { client: first });
        assert_worker_mended(world.clone(), second, Cause::PinnedToAnother);
        assert_mended(world, Cause::PinnedToAnother);

        let mut world = World::new("");
        world.consumer("c", &with(r#""priority_groups":["g"],"priority_policy":"overflow""#));
        let script = WorkerScript { min_pending: number as u32 + 1, ..WorkerScript::default() };
        let worker = world.scripted("c", script);
        ask(&mut world, worker, 1, false, None);
        world.publish("s.a", number);
        assert_worker_mended(world.clone(), worker, Cause::BelowThreshold);
        assert_mended(world, Cause::BelowThreshold);
    }
}

#[test]
fn the_worker_is_not_there_or_knows_an_older_configuration() {
    for number in 1..=3_u64 {
        let (mut killed, worker) = world(number, EXPLICIT);
        killed.act(Command::Kill { client: worker });
        let answer = assert_worker_mended(killed, worker, Cause::Disconnected);
        assert_eq!(answer.confusions[0].0, 12);

        let (mut moved, worker) = world(number, EXPLICIT);
        moved.request("$JS.API.CONSUMER.DELETE.S.c", "");
        moved.consumer("c", &with(r#""deliver_subject":"to.c""#));
        let answer = assert_worker_mended(moved, worker, Cause::OutOfDate);
        assert_eq!(answer.confusions[0].0, 20);
    }
}

#[test]
fn the_consumer_is_gone_or_about_to_be() {
    for number in 1..=3_u64 {
        // Nobody asks for long enough.
        let config = with(&format!(r#""inactive_threshold":{number}0000000000"#));
        let mut unused = World::new("");
        unused.publish("s.a", number);
        unused.consumer("c", &config);
        let answer = assert_mended(unused.clone(), Cause::GoesUnused);
        assert_eq!(answer.confusions[0].0, 37);
        let worker = unused.worker("c");
        unused.advance(seconds(10 * number + 2));
        assert!(unused.found("c").is_none());
        let gone = unused.why_worker(worker);
        assert!(
            gone.cause == Cause::ConsumerGone && gone.says.to_string().contains("inactive threshold"),
            "{}",
            gone.says
        );
        // By a request, and with its stream.
        let (mut deleted, worker) = world(number, EXPLICIT);
        deleted.request("$JS.API.CONSUMER.DELETE.S.c", "");
        let gone = deleted.why_worker(worker);
        assert!(gone.cause == Cause::ConsumerGone && gone.says.to_string().contains("by a request"), "{}", gone.says);
        assert_eq!(gone.mend.map(|mend| mend.steps), Some(vec![Step::Open(Place::NewConsumer("S".into()))]));
        deleted.request("$JS.API.STREAM.DELETE.S", "");
        let gone = deleted.why_worker(worker);
        assert_eq!(
            (gone.cause, gone.mend.map(|mend| mend.steps)),
            (Cause::StreamGone, Some(vec![Step::Open(Place::NewStream)]))
        );
    }
}

#[test]
fn what_flows_is_not_in_the_way() {
    // More than one turn of the loop may deliver: the rest goes out at the same instant.
    for most in [4_097_u64, 5_000, 8_000] {
        let (mut world, worker) = world(0, r#""ack_policy":"none""#);
        world.publish("s.a", most);
        ask(&mut world, worker, most as u32, false, None);
        let answer = world.why("c");
        assert_eq!((answer.cause, answer.gates.len(), &answer.mend), (Cause::Flows, 0, &None), "{}", answer.says);
        world.advance(Duration::ZERO);
        assert_eq!(world.why("c").cause, Cause::CaughtUp);
    }
}
