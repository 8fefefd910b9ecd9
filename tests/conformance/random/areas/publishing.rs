//! Publishing with every header there is, into streams that allow some of it: which check comes first, and what is stored.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const STREAM: [Field; 17] = [
    ("retention", 30, &["limits", "interest", "workqueue"], &[]),
    ("max_msgs", 25, &["1", "3", "5"], &[]),
    ("max_bytes", 12, &["100", "200", "500"], &[]),
    ("max_msgs_per_subject", 25, &["1", "2"], &[]),
    ("max_msg_size", 12, &["8", "60", "100"], &[]),
    ("discard", 25, &["new"], &[]),
    ("allow_rollup_hdrs", 40, &["true"], &[]),
    ("allow_msg_ttl", 40, &["true"], &[]),
    ("subject_delete_marker_ttl", 15, &["60s", "90s"], &[]),
    ("allow_msg_counter", 25, &["true"], &[]),
    ("allow_msg_schedules", 30, &["true"], &[]),
    ("allow_atomic", 15, &["true"], &[]),
    ("deny_purge", 6, &["true"], &[]),
    ("duplicate_window", 10, &["0", "60s"], &[]),
    ("subject_transform", 12, &["{\"src\":\"s.*\",\"dest\":\"s.$1.x\"}", "{\"src\":\"s.a\",\"dest\":\"s.b\"}", "{\"src\":\"s.>\",\"dest\":\"z.>\"}"], &[]),
    ("republish", 15, &["{\"src\":\">\",\"dest\":\"r.>\"}", "{\"src\":\"s.a\",\"dest\":\"r.a\",\"headers_only\":true}", "{\"src\":\"s.*\",\"dest\":\"r.$1.{{partition(3,1)}}\"}"], &[]),
    ("no_ack", 4, &["true"], &[]),
];

const VALID: [(&str, &[&str]); 16] = [
    ("Nats-Msg-Id", &["x", "y", "z"]),
    ("Nats-Expected-Last-Sequence", &["0", "1", "2", "3"]),
    ("Nats-Expected-Last-Subject-Sequence", &["0", "1", "2"]),
    ("Nats-Expected-Last-Subject-Sequence-Subject", &["s.a", "s.*", "s.>", "t.a"]),
    ("Nats-Expected-Last-Msg-Id", &["x", "y", "\"\""]),
    ("Nats-Expected-Stream", &["S", "T"]),
    ("Nats-Rollup", &["sub", "all", "SUB"]),
    ("Nats-TTL", &["60", "5m", "never", "90s", "0"]),
    ("Nats-Incr", &["+1", "-3", "0", "12345678901234567890123", "5"]),
    ("Nats-Schedule", &["\"@every 1h\"", "\"@at 2100-01-01T00:00:00Z\"", "\"0 0 1 1 1 *\"", "@hourly"]),
    ("Nats-Schedule-Target", &["s.t", "s.b", "s.a"]),
    ("Nats-Schedule-TTL", &["60", "5m", "never"]),
    ("Nats-Schedule-Source", &["s.b", "s.c"]),
    ("Nats-Schedule-Time-Zone", &["Europe/Paris", "UTC", "CET"]),
    ("Nats-Schedule-Rollup", &["sub"]),
    ("Nats-Required-Api-Level", &["1", "5"]),
];
const INVALID: [(&str, &[&str]); 17] = [
    ("Nats-Msg-Id", &["\"\"", "\" x\""]),
    ("Nats-Expected-Last-Sequence", &["x", "-1", "\"\"", "99", "18446744073709551616"]),
    ("Nats-Expected-Last-Subject-Sequence", &["x", "9", "\"\""]),
    ("Nats-Expected-Last-Subject-Sequence-Subject", &["s..a", "\"\"", "\"s a\""]),
    ("Nats-Expected-Last-Msg-Id", &["none"]),
    ("Nats-Expected-Stream", &["\"\"", "s"]),
    ("Nats-Rollup", &["x", "\"\"", "\"sub \""]),
    ("Nats-TTL", &["x", "-1", "999ms", "1.5s", "1d", "\"\"", "10.5"]),
    ("Nats-Incr", &["x", "1.5", "0x1", "\"\"", "++1", "\"1 \""]),
    (
        "Nats-Schedule",
        &[
            "x",
            "\"@every 1ms\"",
            "\"@at x\"",
            "\"@at 2020-01-01T00:00:00Z\"",
            "\"* * * *\"",
            "\"\"",
            "\"@every 0s\"",
            "\"60 * * * * *\"",
        ],
    ),
    ("Nats-Schedule-Target", &["t.x", "s.*", "s..a", "\"\"", "z.a"]),
    ("Nats-Schedule-TTL", &["x", "0", "\"\"", "500ms"]),
    ("Nats-Schedule-Source", &["s.a", "s.*", "t.x", "\"\""]),
    ("Nats-Schedule-Time-Zone", &["Mars/Phobos", "\"\"", "Local"]),
    ("Nats-Schedule-Rollup", &["all", "x", "\"\""]),
    ("Nats-Stream-Source", &["x", "\"S 1 > > s.a\""]),
    ("Nats-Required-Api-Level", &["9", "x"]),
];

pub fn steps(script: &mut Script) {
    let options = script.fields(&STREAM, 0);
    if options.contains("republish") {
        script.say("subscribe r.> as=again");
    }
    script.say(format!("stream create S subjects=s.>{options}"));
    if options.contains("retention") || script.rng.chance(10) {
        let options = script.maybe(50, &["filter_subject=s.a", "filter_subject=s.*"]);
        script.say(format!("consumer create S/c{options}"));
    }
    script.repeat(12, 40, step);
    script.say("info S deleted_details=true subjects_filter=>");
    script.say("repeat 5 stream get S seq=$i");
}

fn step(script: &mut Script) {
    match script.rng.below(20) {
        0 => script.say_one(&[
            "stream purge S",
            "stream purge S keep=1",
            "stream purge S filter=s.a",
            "stream purge S seq=3",
        ]),
        1 => {
            let seq = script.rng.between(1, 6);
            script.say(format!("stream delete_message S seq={seq}"));
        }
        2 => script.say("info S deleted_details=true subjects_filter=>"),
        3 => {
            let seq = script.rng.between(1, 12);
            script.say(format!("stream get S seq={seq}"));
        }
        4 => script.say_one(&[
            "stream get S last_by_subj=s.a",
            "stream get S last_by_subj=s.*",
            "stream get S last_by_subj=s.t",
        ]),
        5 => {
            let options = script.fields(&STREAM, 0);
            script.say(format!("stream update S{options}"));
        }
        _ => publish(script),
    }
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&["s.a", "s.a", "s.a", "s.b", "s.c", "s.a.b"]);
    let mut headers = String::new();
    let profile = script.rng.below(10);
    let wanted = match profile {
        0..=1 => 0,
        2..=5 => 1,
        6..=7 => 2,
        _ => script.rng.between(2, 5),
    };
    for _ in 0..wanted {
        let table: &[(&str, &[&str])] = if script.rng.chance(25) { &INVALID } else { &VALID };
        let (name, values) = table[script.rng.below(table.len())];
        headers += &format!(" {name}:{}", script.rng.pick(values));
        if name == "Nats-Schedule" {
            headers += &script.maybe(85, &["Nats-Schedule-Target:s.t", "Nats-Schedule-Target:s.b"]);
        }
    }
    headers += &script.maybe(
        8,
        &["H:v", "Nats-Schedule-Next:purge", "Nats-Scheduler:s.a", "Nats-Counter-Sources:{}", "Nats-Num-Pending:1"],
    );
    let payload = script.payload();
    let payload = if headers.contains("Nats-Incr") && script.rng.chance(85) { String::new() } else { payload };
    script.say(format!("publish {subject}{headers} {payload}").trim_end().to_owned());
}
