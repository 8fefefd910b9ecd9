//! Streams whose messages go by acks: several consumers with filters that change, messages that are given up, purges, and
//! changes from limits to interest and back.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const CONSUMER: [Field; 6] = [
    ("ack_policy", 40, &["all", "none", "explicit"], &[]),
    ("deliver_policy", 20, &["new", "last", "last_per_subject", "by_start_sequence opt_start_seq=3"], &[]),
    ("ack_wait", 60, &["330ms", "810ms"], &[]),
    ("max_deliver", 60, &["1", "1", "2", "2", "3"], &[]),
    ("max_ack_pending", 20, &["1", "2"], &[]),
    ("backoff", 12, &["330ms", "330ms,810ms"], &[]),
];

const PLACES: [&str; 3] = ["S/a", "S/b", "S/c"];
const SUBJECTS: [&str; 4] = ["s.a", "s.b", "s.c", "s.a.b"];

pub fn steps(script: &mut Script) {
    script.say("subscribe $JS.EVENT.ADVISORY.CONSUMER.> as=event");
    let retention = script.rng.pick(&["interest", "interest", "interest", "limits", "workqueue"]);
    let options =
        script.maybe(30, &["max_msgs=4", "max_msgs_per_subject=1", "max_msgs_per_subject=2", "max_age=2377ms"]);
    script.say(format!("stream create S subjects=s.> retention={retention}{options}"));
    script.repeat(1, 3, create);
    script.repeat(2, 5, publish);
    script.repeat(14, 30, step);
    script.say("info S deleted_details=true");
    for place in PLACES {
        script.say(format!("info {place}"));
    }
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&SUBJECTS);
    let payload = script.payload();
    script.say(format!("publish {subject} {payload}"));
}

fn filter(script: &mut Script) -> &'static str {
    script.rng.pick(&[
        "filter_subject=s.a",
        "filter_subject=s.b",
        "filter_subject=s.*",
        "filter_subject=s.>",
        "filter_subjects=s.a,s.b",
        "filter_subjects=s.b,s.c",
        "filter_subjects=s.a.*,s.a",
    ])
}

fn create(script: &mut Script) {
    let place = script.rng.pick(&PLACES);
    let config = script.fields(&CONSUMER, 0);
    let filter = if script.rng.chance(60) { format!(" {}", filter(script)) } else { String::new() };
    script.say(format!("consumer create {place}{config}{filter}"));
}

fn step(script: &mut Script) {
    let place = script.rng.pick(&PLACES);
    match script.rng.below(30) {
        0..=4 => publish(script),
        5..=10 => {
            let batch = script.rng.between(1, 5);
            script.say(format!("pull {place} batch={batch} no_wait"));
        }
        11..=16 => {
            let which = script.rng.between(1, 10);
            let verb = script.rng.pick(&["ack", "ack", "ack", "nak", "term"]);
            script.say(format!("{verb} #{which}"));
        }
        17..=19 => {
            let filter = filter(script);
            let other = if filter.starts_with("filter_subject=") { "filter_subjects" } else { "filter_subject" };
            let change = match script.rng.below(6) {
                0 => "-filter_subject -filter_subjects".to_owned(),
                _ => format!("-{other} {filter}"),
            };
            script.say(format!("consumer update {place} {change}"));
        }
        20 => {
            let change = script.rng.pick(&["max_deliver=1", "max_deliver=3", "ack_wait=330ms", "max_ack_pending=3"]);
            script.say(format!("consumer update {place} {change}"));
        }
        21 => script.say_one(&["stream update S retention=limits", "stream update S retention=interest"]),
        22 => script.say_one(&[
            "stream purge S",
            "stream purge S keep=1",
            "stream purge S keep=2",
            "stream purge S seq=3",
            "stream purge S filter=s.a",
            "stream purge S filter=s.* keep=1",
            "stream purge S filter=s.b seq=4",
            "stream update S max_msgs=2",
            "stream update S -max_msgs",
        ]),
        23 => {
            let seq = script.rng.between(1, 6);
            script.say(format!("stream delete_message S seq={seq}"));
        }
        24 => script.say(format!("consumer delete {place}")),
        25 => create(script),
        26 => script.say("info S"),
        27 => script.say(format!("info {place}")),
        _ => script.say_one(&["wait 110ms", "wait 470ms", "wait 900ms"]),
    }
}
