//! Reading what is stored: by sequence, subject and time, one message and many, and removing in between.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const SELECTORS: [Field; 11] = [
    ("seq", 45, &["1", "3", "5", "9", "12"], &["0", "99", "-1", "x"]),
    ("last_by_subj", 20, &["s.a", "s.*", "s.>", "s.*.x", ">"], &["t.a", "s..a", "\"\""]),
    ("next_by_subj", 35, &["s.a", "s.*", "s.>", "s.*.x", "s.b.*"], &["t.a", "\"\""]),
    ("start_time", 20, &["2020-01-01T00:00:00Z", "${time S/2}", "${time S/6}"], &["2100-01-01T00:00:00Z", "x"]),
    ("no_hdr", 12, &["true", "false"], &[]),
    ("batch", 40, &["1", "2", "3", "100"], &["0", "-1"]),
    ("max_bytes", 15, &["1", "60", "200"], &["0", "-1"]),
    ("multi_last", 25, &["s.a,s.b", "s.*", "s.>", ">", "s.*.x,s.a", "s.a,s.*"], &["[]", "[\"\"]", "t.a", "[\"s..a\"]", "null"]),
    ("up_to_seq", 12, &["2", "5", "8"], &["0", "99"]),
    ("up_to_time", 12, &["${time S/4}", "${time S/8}", "2100-01-01T00:00:00Z"], &["2020-01-01T00:00:00Z", "x"]),
    ("nope", 2, &["1"], &[]),
];

pub fn steps(script: &mut Script) {
    let options =
        script.maybe(30, &["max_msgs_per_subject=2", "max_msgs=7", "max_msgs_per_subject=1", "allow_rollup_hdrs"]);
    script.say(format!("stream create S subjects=s.> allow_direct=true{options}"));
    script.repeat(0, 14, publish);
    script.repeat(10, 24, step);
    script.say("info S deleted_details=true subjects_filter=>");
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&["s.a", "s.b", "s.c", "s.a.x", "s.b.x", "s.b.y", "s.a"]);
    let headers = script.maybe(15, &["H:v", "Nats-Rollup:sub", "Nats-Stream:x", "Nats-Num-Pending:9"]);
    let payload = script.payload();
    script.say(format!("publish {subject}{headers} {payload}"));
}

fn step(script: &mut Script) {
    let seq = script.rng.between(1, 14);
    match script.rng.below(24) {
        0..=2 => publish(script),
        3..=11 => {
            let selectors = script.fields(&SELECTORS, 12);
            script.say(format!("direct S{selectors}"));
        }
        12..=14 => {
            let selectors = script.fields(&SELECTORS, 12);
            script.say(format!("stream get S{selectors}"));
        }
        15 => {
            let subject = script.rng.pick(&["s.a", "s.*", "s.>", "t.a", "s.b.*", "s..a"]);
            let body = script.maybe(30, &["no_hdr=true", "seq=1", "{", "{}", "batch=2", "x", "no_hdr=false"]);
            script.say(format!("direct S {subject}{body}"));
        }
        16 => script.say(format!("stream delete_message S seq={seq}")),
        17 => {
            let options = script.maybe(
                90,
                &[
                    "keep=2",
                    "keep=0",
                    "filter=s.a",
                    "filter=s.*.x keep=1",
                    "filter=s.* seq=6",
                    "filter=s..a",
                    "seq=0",
                    "seq=99",
                    "keep=1 seq=2",
                    "filter=\"\"",
                ],
            );
            script.say(format!("stream purge S{options}"));
        }
        18 => script.say(format!("stream purge S seq={seq}")),
        19..=20 => {
            let mut options = script.maybe(
                60,
                &[
                    "subjects_filter=>",
                    "subjects_filter=s.*",
                    "subjects_filter=s.a",
                    "subjects_filter=t.a",
                    "subjects_filter=s..a",
                    "subjects_filter=\"\"",
                ],
            );
            options += &script.maybe(40, &["deleted_details=true", "deleted_details=false"]);
            options += &script.maybe(30, &["offset=1", "offset=3", "offset=99", "offset=-1"]);
            script.say(format!("stream info S{options}"));
        }
        21 => script.say_one(&[
            "stream update S allow_direct=false",
            "stream update S allow_direct=true",
            "stream update S max_msgs=4",
            "stream update S max_msgs_per_subject=1",
        ]),
        22 => script.say_one(&[
            "stream names subject=s.a",
            "stream names offset=1",
            "stream names subject=s.*",
            "stream names subject=t.a",
            "stream names subject=\"\"",
            "stream names subject=s..a",
        ]),
        _ => {
            let selectors = script.fields(&SELECTORS, 5);
            script.say(format!("direct M{selectors}"));
        }
    }
}
