//! What becomes of a message, found out by letting it happen in copies of the world.

use std::time::Duration;

use jetstream_sim::engine::consumer::config::ReplayPolicy;
use jetstream_sim::engine::event::{Event, Removal};
use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::stream::config::Retention;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::command::{Command, Settlement};
use jetstream_sim::view::scene::time_of_day;
use jetstream_sim::view::text::Span;
use jetstream_sim::view::why::{Answer, Cause, Step};

use crate::oracle::{open, wait_for_all};
use crate::worlds::{World, seconds};

/// Checks the answers about one message; how many.
pub fn check_one(world: &World, rng: &mut Rng, place: &str) -> u64 {
    let seq = 1 + rng.below(world.stream().store().last_seq() + 1);
    let answers = world.why_message(seq);
    let place = format!("{place}, message {seq}");
    if !world.stream().store().contains(seq) {
        let [answer] = &*answers else { panic!("{place}: {answers:?}") };
        check_gone(world, seq, answer, &place);
        return 1;
    }
    check_stays(world, seq, &answers[0], &place);
    let names: Vec<String> = world.stream().visible_consumers().map(|consumer| consumer.name.clone()).collect();
    assert_eq!(names.len() + 1, answers.len(), "{place}");
    for (name, answer) in names.iter().zip(&answers[1..]) {
        check_turn(world, name, seq, answer, &place);
    }
    answers.len() as u64
}

fn check_gone(world: &World, seq: u64, answer: &Answer, place: &str) {
    let events = world.simulation.trace().events();
    let removed = |event: &Event| match event {
        Event::Removed { seq: removed, cause, .. } if *removed == seq => Some(*cause),
        Event::NotKept { seq: removed, .. } if *removed == seq => Some(Removal::NoInterest),
        _ => None,
    };
    let cause = events.rev().find_map(|traced| removed(&traced.event));
    let expected = match cause {
        Some(_) => Cause::Removed,
        None if seq > world.stream().store().last_seq() => Cause::NotYet,
        None => Cause::Forgotten,
    };
    assert_eq!(answer.cause, expected, "{place}: {}", answer.says);
    let word = match cause {
        Some(Removal::MaxAge) => "max age",
        Some(Removal::Deleted) => "deleted by a request",
        Some(Removal::Purged) => "purge",
        Some(Removal::Acked) => "ack",
        Some(Removal::NoInterest) => "no consumer wants",
        _ => "",
    };
    assert!(answer.says.to_string().contains(word), "{place}: {}", answer.says);
}

/// What removes it, and when; whose ack is missing.
fn check_stays(world: &World, seq: u64, answer: &Answer, place: &str) {
    let says = format!("{place}: {:?} {}", answer.cause, answer.says);
    let mut later = world.clone();
    stop_everybody(&mut later);
    later.advance(seconds(41));
    let aged = removal(&later, seq).filter(|(_, cause)| *cause == Removal::MaxAge);
    let goes_at =
        answer.counters.iter().find(|counter| counter.label == "goes at").map(|counter| counter.value.clone());
    match aged {
        Some((at, _)) => assert_eq!(goes_at, Some(time_of_day(at)), "{says}"),
        None => assert!(goes_at.is_none() || !later.stream().store().contains(seq), "{says}"),
    }
    if answer.cause != Cause::StaysUnacked {
        return;
    }
    let names: Vec<&str> = answer.says.0.iter().filter_map(code).flat_map(|names| names.split(", ")).collect();
    let is_named = |name: &str| names.contains(&name);
    let consumers: Vec<String> = world.stream().visible_consumers().map(|consumer| consumer.name.clone()).collect();
    assert!(consumers.iter().any(|name| is_named(name)), "{says}");
    if world.stream().config.retention != Retention::Interest {
        return;
    }
    let without = |gone: &dyn Fn(&str) -> bool| {
        let mut less = world.clone();
        for name in consumers.iter().filter(|name| gone(name)) {
            less.request(&format!("$JS.API.CONSUMER.DELETE.S.{name}"), "");
        }
        less.stream().store().contains(seq)
    };
    for kept in consumers.iter().filter(|name| is_named(name)) {
        assert!(without(&|name| name != kept), "{says} {kept} alone keeps it");
    }
    let is_given_up = |name: &String| {
        let pending = world.found(name).map(|consumer| consumer.ack_pending());
        pending.is_some_and(|pending| !pending.contains(seq) && pending.is_redelivered(seq))
    };
    if !consumers.iter().any(is_given_up) {
        assert!(!without(&|name| is_named(name)), "{says} nobody else keeps it");
    }
}

fn code(span: &Span) -> Option<&str> {
    if let Span::Code(code) = span { Some(code) } else { None }
}

fn removal(world: &World, seq: u64) -> Option<(Timestamp, Removal)> {
    let mut events = world.simulation.trace().events().rev();
    events.find_map(|traced| match traced.event {
        Event::Removed { seq: removed, cause, .. } if removed == seq => Some((traced.at, cause)),
        _ => None,
    })
}

fn stop_everybody(world: &mut World) {
    let workers: Vec<_> =
        world.simulation.world().actors().iter().filter(|(_, actor)| actor.worker().is_some()).collect();
    let workers: Vec<_> = workers.into_iter().map(|(id, _)| id).collect();
    for client in workers {
        world.act(Command::Kill { client });
    }
}

/// Whether, and when, the consumer delivers it once everything is open to it.
fn check_turn(world: &World, name: &str, seq: u64, answer: &Answer, place: &str) {
    let says = format!("{place}, consumer {name}: {:?} {}", answer.cause, answer.says);
    if world.found(name).is_some_and(|consumer| consumer.config.replay_policy == ReplayPolicy::Original) {
        return;
    }
    let mut opened = world.clone();
    stop_everybody(&mut opened);
    let before = opened.simulation.trace().total();
    open(&mut opened, name);
    match answer.cause {
        Cause::Ahead | Cause::Due => {
            assert!(outcome(&opened, name, seq, before).is_some_and(|is_delivered| is_delivered), "{says}");
        }
        Cause::InFlight | Cause::NakDelayed => {
            let Some([Step::Wait(wait)]) = answer.mend.as_ref().map(|mend| &*mend.steps) else { panic!("{says}") };
            // Opening took a moment.
            let wait = *wait - wait_for_all();
            assert_eq!(outcome(&opened, name, seq, before), None, "{says}");
            opened.advance(wait - Duration::from_nanos(1));
            let is_stored = opened.stream().store().contains(seq);
            assert_eq!(outcome(&opened, name, seq, before), None, "{says}: too early");
            opened.advance(Duration::from_nanos(1));
            assert!(!is_stored || outcome(&opened, name, seq, before).is_some(), "{says}: too late");
        }
        Cause::GaveUp | Cause::Acked | Cause::BelowStart | Cause::FilteredOut => {
            opened.advance(seconds(35));
            assert_ne!(outcome(&opened, name, seq, before), Some(true), "{says}");
        }
        _ => panic!("{says}"),
    }
}

/// Whether the message was delivered, or given up, since event `since`; the first of the two counts.
fn outcome(world: &World, name: &str, seq: u64, since: u64) -> Option<bool> {
    let trace = world.simulation.trace();
    let mut new: Vec<_> = trace.events().rev().take_while(|traced| traced.number >= since).collect();
    new.reverse();
    new.into_iter().find_map(|traced| match traced.event {
        Event::Delivered { stream, consumer, stream_seq, .. }
            if stream_seq == seq && trace.consumer_name(stream, consumer) == name =>
        {
            Some(true)
        }
        Event::GaveUp { stream, consumer, stream_seq, .. }
            if stream_seq == seq && trace.consumer_name(stream, consumer) == name =>
        {
            Some(false)
        }
        _ => None,
    })
}

/// The causes in states of their own, three of each.
#[test]
fn each_cause_about_a_message_in_three_states() {
    let causes_of =
        |world: &World, seq: u64| -> Vec<Cause> { world.why_message(seq).iter().map(|answer| answer.cause).collect() };
    for number in 1..=3_u64 {
        // Limits: nothing removes it, or max age, max msgs, a limit per subject do.
        let mut world = World::new("");
        world.publish("s.a", number);
        assert_eq!(causes_of(&world, number), [Cause::StaysByLimits]);
        assert_eq!(causes_of(&world, number + 1), [Cause::NotYet]);
        let mut world = World::new(&format!(r#","max_age":{}000000000"#, 10 * number));
        world.publish("s.a", 1);
        let answer = world.why_message(1).remove(0);
        assert_eq!(answer.cause, Cause::StaysUntilLimit);
        world.mend(&answer.mend.expect("time passes"));
        assert_eq!(causes_of(&world, 1), [Cause::Removed]);
        for limit in ["max_msgs", "max_msgs_per_subject"] {
            let mut world = World::new(&format!(r#","{limit}":{}"#, number + 2));
            world.publish("s.a", 2);
            let answer = world.why_message(2).remove(0);
            assert_eq!(answer.cause, Cause::StaysUntilLimit, "{}", answer.says);
            let after = answer.counters.iter().find(|counter| counter.label == "goes after").expect("it is counted");
            let after: u64 = after.value.split(' ').next().and_then(|count| count.parse().ok()).expect("a number");
            world.publish("s.a", after - 1);
            assert!(world.stream().store().contains(2), "{}", answer.says);
            world.publish("s.a", 1);
            let gone = world.why_message(2).remove(0);
            assert!(gone.cause == Cause::Removed && gone.says.to_string().contains("beyond max msgs"), "{}", gone.says);
        }

        // A work queue: nobody wants it; its ack is missing; it was given up.
        let mut world = World::new(r#","retention":"workqueue""#);
        world.publish("s.a", number);
        assert_eq!(causes_of(&world, number), [Cause::StaysUnclaimed]);
        world.consumer("c", r#""ack_policy":"explicit","ack_wait":5000000000,"max_deliver":1"#);
        let worker = world.worker("c");
        assert_eq!(causes_of(&world, number), [Cause::StaysUnacked, Cause::Ahead]);
        world.fetch(worker, number as u32);
        assert_eq!(causes_of(&world, number), [Cause::StaysUnacked, Cause::InFlight]);
        let mut acked = world.clone();
        for _ in 0..number {
            let first = acked.stream().store().first_seq();
            let mend = acked.why_message(first).remove(0).mend.expect("the worker holds it");
            acked.mend(&mend);
        }
        assert_eq!(causes_of(&acked, number), [Cause::Removed], "the ack that was missing");
        let mut delayed = world.clone();
        delayed.settle(worker, Settlement::Nak(Some(seconds(number))));
        assert_eq!(causes_of(&delayed, 1), [Cause::StaysUnacked, Cause::NakDelayed]);
        world.advance(seconds(5));
        assert_eq!(causes_of(&world, number), [Cause::StaysGivenUp, Cause::GaveUp]);
        let mend = world.why_message(number).remove(0).mend.expect("it can be deleted");
        world.mend(&mend);
        assert!(world.why_message(number)[0].says.to_string().contains("deleted by a request"));

        // Interest: one consumer is done, the slow one keeps it; with the last consumer all goes.
        let mut world = World::new(r#","retention":"interest""#);
        world.publish("s.a", number);
        assert_eq!(causes_of(&world, number), [Cause::Removed], "no interest");
        for name in ["fast", "slow"] {
            world.consumer(name, r#""ack_policy":"explicit","ack_wait":5000000000"#);
        }
        world.publish("s.a", 1);
        let seq = number + 1;
        let fast = world.worker("fast");
        world.fetch(fast, 1);
        world.settle(fast, Settlement::Ack);
        assert_eq!(causes_of(&world, seq), [Cause::StaysUnacked, Cause::Acked, Cause::Ahead]);
        assert!(world.why_message(seq)[0].says.to_string().contains("acked by slow"));
        let slow = world.worker("slow");
        world.fetch(slow, 1);
        world.advance(seconds(5 + number));
        assert_eq!(causes_of(&world, seq), [Cause::StaysUnacked, Cause::Acked, Cause::Due]);

        // Before the start, and not for it.
        let mut world = World::new("");
        world.publish("s.a", number + 1);
        world.consumer("new", r#""ack_policy":"explicit","deliver_policy":"new""#);
        world.consumer("b", r#""ack_policy":"explicit","filter_subject":"s.b""#);
        world.consumer(
            "later",
            &format!(r#""ack_policy":"none","deliver_policy":"by_start_sequence","opt_start_seq":{}"#, number + 1),
        );
        let causes = [Cause::StaysByLimits, Cause::FilteredOut, Cause::BelowStart, Cause::BelowStart];
        assert_eq!(causes_of(&world, number), causes);
    }
}
