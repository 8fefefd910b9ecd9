//! What ends by itself: ages, TTLs, markers, schedules, duplicates, and limits beside them.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const STREAM: [Field; 13] = [
    ("max_age", 35, &["1577ms", "2377ms"], &[]),
    ("allow_msg_ttl", 60, &["true"], &[]),
    ("subject_delete_marker_ttl", 40, &["1s", "2s", "3s"], &[]),
    ("allow_rollup_hdrs", 40, &["true"], &[]),
    ("allow_msg_schedules", 35, &["true"], &[]),
    ("max_msgs", 15, &["2", "4"], &[]),
    ("max_msgs_per_subject", 25, &["1", "2"], &[]),
    ("max_bytes", 8, &["200"], &[]),
    ("duplicate_window", 15, &["733ms"], &[]),
    ("retention", 25, &["interest", "workqueue"], &[]),
    ("deny_delete", 5, &["true"], &[]),
    ("republish", 15, &["{\"src\":\">\",\"dest\":\"r.>\"}"], &[]),
    ("subject_transform", 10, &["{\"src\":\"s.*\",\"dest\":\"s.x.$1\"}"], &[]),
];

pub fn steps(script: &mut Script) {
    let options = script.fields(&STREAM, 0);
    if options.contains("republish") {
        script.say("subscribe r.> as=again");
    }
    script.say(format!("stream create S subjects=s.>{options}"));
    if options.contains("retention") || script.rng.chance(30) {
        let options = script
            .maybe(60, &["filter_subject=s.a", "ack_policy=none", "ack_policy=all", "deliver_policy=last_per_subject"]);
        script.say(format!("consumer create S/c{options}"));
    }
    script.repeat(8, 20, step);
    script.say("wait 2s");
    script.say("info S deleted_details=true subjects_filter=>");
    script.say("repeat 6 stream get S seq=$i");
    script.say("pull S/c batch=10 no_wait");
}

fn step(script: &mut Script) {
    let seq = script.rng.between(1, 8);
    match script.rng.below(20) {
        0..=3 => script.say_one(&["wait 470ms", "wait 900ms", "wait 1250ms"]),
        4 => script.say("info S deleted_details=true subjects_filter=>"),
        5 => script.say_one(&["pull S/c batch=2 no_wait", "pull S/c batch=1 no_wait"]),
        6 => script.say(format!("ack c/{seq}")),
        7 => script.say_one(&[
            "stream purge S",
            "stream purge S filter=s.a",
            "stream purge S keep=1",
            "stream update S max_age=1277ms",
            "stream update S -max_age",
            "stream update S max_msgs=1",
            "stream update S max_msgs_per_subject=1",
        ]),
        8 => script.say(format!("stream delete_message S seq={seq}")),
        9 => script.say(format!("stream get S seq={seq}")),
        _ => {
            let subject = script.rng.pick(&["s.a", "s.a", "s.b", "s.c"]);
            let mut headers = script.maybe(45, &["Nats-TTL:1", "Nats-TTL:2s", "Nats-TTL:3", "Nats-TTL:never"]);
            headers += &script.maybe(12, &["Nats-Rollup:sub", "Nats-Rollup:all"]);
            headers += &script.maybe(15, &["Nats-Msg-Id:x", "Nats-Msg-Id:y"]);
            headers += &script.maybe(
                20,
                &[
                    "Nats-Schedule:\"@at ${now+600ms}\" Nats-Schedule-Target:s.t",
                    "Nats-Schedule:\"@at ${now+1200ms}\" Nats-Schedule-Target:s.b Nats-Schedule-TTL:2",
                    "Nats-Schedule:\"@every 1s\" Nats-Schedule-Target:s.t",
                    "Nats-Schedule:\"@every 2s\" Nats-Schedule-Target:s.b Nats-Schedule-Source:s.c",
                    "Nats-Schedule:\"@at ${now-1s}\" Nats-Schedule-Target:s.t Nats-Schedule-Rollup:sub",
                    "Nats-Marker-Reason:Remove",
                    "Nats-Schedule-Next:purge Nats-Scheduler:s.a",
                ],
            );
            let payload = script.payload();
            script.say(format!("publish {subject}{headers} {payload}"));
        }
    }
}
