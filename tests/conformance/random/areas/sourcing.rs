//! Mirrors and sources: what they begin with, leave out and rename, and what happens to their origins.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const MIRROR: [Field; 8] = [
    ("max_msgs", 12, &["2", "4"], &[]),
    ("max_msgs_per_subject", 12, &["1"], &[]),
    ("allow_rollup_hdrs", 20, &["true"], &[]),
    ("allow_msg_ttl", 10, &["true"], &[]),
    ("allow_direct", 10, &["true"], &[]),
    ("retention", 12, &["interest", "workqueue"], &[]),
    ("subject_transform", 15, &["{\"src\":\"o.*\",\"dest\":\"m.$1\"}", "{\"src\":\">\",\"dest\":\"z.>\"}"], &[]),
    ("republish", 15, &["{\"src\":\">\",\"dest\":\"r.>\"}"], &[]),
];
#[rustfmt::skip]
const ORIGIN: [Field; 8] = [
    ("retention", 20, &["interest", "workqueue"], &[]),
    ("max_msgs", 15, &["3", "5"], &[]),
    ("max_msgs_per_subject", 10, &["1"], &[]),
    ("allow_rollup_hdrs", 30, &["true"], &[]),
    ("allow_msg_ttl", 15, &["true"], &[]),
    ("allow_direct", 15, &["true"], &[]),
    ("subject_transform", 8, &["{\"src\":\"o.*\",\"dest\":\"o.x.$1\"}"], &[]),
    ("allow_msg_counter", 10, &["true"], &[]),
];
const PARTS: [&str; 12] = [
    "",
    "",
    ",\"filter_subject\":\"o.a\"",
    ",\"filter_subject\":\"o.*\"",
    ",\"filter_subject\":\">\"",
    ",\"opt_start_seq\":3",
    ",\"opt_start_seq\":99",
    ",\"opt_start_time\":\"2020-01-01T00:00:00Z\"",
    ",\"opt_start_time\":\"2100-01-01T00:00:00Z\"",
    ",\"subject_transforms\":[{\"src\":\"o.a\",\"dest\":\"t.a\"}]",
    ",\"subject_transforms\":[{\"src\":\"o.*\",\"dest\":\"t.$1\"},{\"src\":\"o.x.>\",\"dest\":\"\"}]",
    ",\"filter_subject\":\"o.a\",\"opt_start_seq\":2",
];

pub fn steps(script: &mut Script) {
    let options = script.fields(&ORIGIN, 0);
    let counter = options.contains("counter");
    script.say("subscribe r.> as=again");
    script.say(format!("stream create O subjects=o.>{options}"));
    if script.rng.chance(30) {
        script.say("stream create P subjects=p.>,o2.>");
        script.say("publish p.a first");
    }
    for _ in 0..script.rng.between(0, 5) {
        publish(script, counter);
    }
    if script.rng.chance(30) {
        script.say_one(&[
            "stream delete_message O seq=2",
            "stream purge O seq=3",
            "stream purge O",
            "stream delete_message O seq=1",
        ]);
    }
    copy(script, counter);
    script.say("wait 600ms");
    for _ in 0..script.rng.between(4, 12) {
        step(script, counter);
    }
    script.say("wait 500ms");
    for name in ["O", "M"] {
        script.say(format!("info {name} deleted_details=true subjects_filter=>"));
    }
    script.say("repeat 7 stream get M seq=$i");
}

/// Creates the stream that copies.
fn copy(script: &mut Script, counter: bool) {
    let mut options = script.fields(&MIRROR, 0);
    if script.rng.chance(50) {
        let part = script.rng.pick(&PARTS);
        script.say(format!("stream create M mirror={{\"name\":\"O\"{part}}}{options}"));
        return;
    }
    if counter {
        options += &script.maybe(60, &["allow_msg_counter"]);
    }
    options += &script.maybe(20, &["subjects=m.>", "duplicate_window=60s", "subjects=m.> duplicate_window=60s"]);
    let part = script.rng.pick(&PARTS);
    let mut sources = format!("{{\"name\":\"O\"{part}}}");
    match script.rng.below(6) {
        0 => sources += ",{\"name\":\"P\"}",
        1 => sources += ",{\"name\":\"O\",\"filter_subject\":\"o.b\"}",
        _ => {}
    }
    script.say(format!("stream create M sources=[{sources}]{options}"));
}

fn publish(script: &mut Script, counter: bool) {
    let subject = script.rng.pick(&["o.a", "o.a", "o.b", "o.x.y", "p.a"]);
    let mut headers = script.maybe(
        30,
        &[
            "Nats-Msg-Id:x",
            "H:v",
            "Nats-Rollup:sub",
            "Nats-Rollup:all",
            "Nats-TTL:60",
            "Nats-Expected-Stream:O",
            "Nats-Expected-Last-Sequence:1",
        ],
    );
    let mut payload = script.payload();
    if counter && subject != "p.a" {
        headers = " Nats-Incr:2".to_owned();
        payload = String::new();
    }
    script.say(format!("publish {subject}{headers} {payload}").trim_end().to_owned());
}

fn step(script: &mut Script, counter: bool) {
    let seq = script.rng.between(1, 7);
    match script.rng.below(24) {
        0..=9 => publish(script, counter),
        10 => script.say("publish m.a own"),
        11 => script.say(format!("stream delete_message O seq={seq}")),
        12 => script.say(format!("stream delete_message M seq={seq}")),
        13 => script.say_one(&[
            "stream purge M",
            "stream purge O",
            "stream purge M seq=3",
            "stream purge O filter=o.a",
            "stream purge M keep=1",
        ]),
        14..=15 => script.say_one(&["info M subjects_filter=>", "info O"]),
        16 => {
            let part = script.rng.pick(&PARTS);
            script.say(format!("stream update M sources=[{{\"name\":\"O\"{part}}}]"));
            script.say("wait 600ms");
        }
        17 => script.say_one(&[
            "stream update M -mirror subjects=m.>",
            "stream update M -sources subjects=m.>",
            "stream update M max_msgs=1",
            "stream update M subject_transform={\"src\":\"o.a\",\"dest\":\"y.a\"}",
            "stream update O max_msgs=1",
        ]),
        18 => script.say_one(&["consumer names O", "info O", "consumer names M"]),
        19..=20 => {
            script.say("consumer create M/c");
            script.say("pull M/c batch=3 no_wait");
        }
        21 => script.say_one(&["ack #1", "ack #2"]),
        _ => script.say_one(&["wait 300ms", "wait 800ms"]),
    }
}
