//! Atomic and fast batches, mostly continued as they should be.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const STREAM: [Field; 15] = [
    ("allow_atomic", 85, &["true"], &[]),
    ("allow_batched", 60, &["true"], &[]),
    ("retention", 15, &["interest", "workqueue"], &[]),
    ("max_msgs", 20, &["1", "3", "5"], &[]),
    ("max_bytes", 10, &["100", "200"], &[]),
    ("max_msgs_per_subject", 20, &["1", "2"], &[]),
    ("max_msg_size", 10, &["70", "100"], &[]),
    ("discard", 20, &["new"], &[]),
    ("discard_new_per_subject", 10, &["true"], &[]),
    ("allow_rollup_hdrs", 30, &["true"], &[]),
    ("allow_msg_ttl", 25, &["true"], &[]),
    ("allow_msg_counter", 10, &["true"], &[]),
    ("allow_msg_schedules", 12, &["true"], &[]),
    ("subject_transform", 8, &["{\"src\":\"s.*\",\"dest\":\"s.$1.x\"}"], &[]),
    ("no_ack", 5, &["true"], &[]),
];

const EXTRA: [&str; 24] = [
    "Nats-Msg-Id:x",
    "Nats-Msg-Id:y",
    "Nats-Msg-Id:z",
    "Nats-Expected-Last-Sequence:0",
    "Nats-Expected-Last-Sequence:1",
    "Nats-Expected-Last-Sequence:3",
    "Nats-Expected-Last-Subject-Sequence:0",
    "Nats-Expected-Last-Subject-Sequence:1",
    "Nats-Expected-Last-Subject-Sequence:1 Nats-Expected-Last-Subject-Sequence-Subject:s.b",
    "Nats-Expected-Last-Subject-Sequence-Subject:s.b",
    "Nats-Expected-Last-Msg-Id:x",
    "Nats-Expected-Stream:S",
    "Nats-Expected-Stream:T",
    "Nats-Rollup:sub",
    "Nats-Rollup:all",
    "Nats-Rollup:x",
    "Nats-TTL:60",
    "Nats-TTL:x",
    "Nats-Incr:1",
    "Nats-Schedule:\"@every 1h\" Nats-Schedule-Target:s.t",
    "Nats-Schedule:x",
    "Nats-Required-Api-Level:9",
    "H:v",
    "Nats-Stream-Source:x",
];

const IDS: [&str; 3] = ["p", "q", "r"];

pub fn steps(script: &mut Script) {
    if script.rng.chance(20) {
        script.say_one(&[
            "server limit_batch_max_msgs=3",
            "server limit_batch_max_inflight_per_stream=1",
            "server limit_batch_max_inflight_total=2",
        ]);
    }
    script.say("subscribe $JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.> as=event");
    script.say("subscribe in.> as=ack");
    let options = script.fields(&STREAM, 0);
    script.say(format!("stream create S subjects=s.>{options}"));
    if options.contains("retention") {
        script.say_one(&["consumer create S/c", "consumer create S/c filter_subject=s.a"]);
    }
    let mut next = [[1usize; 3]; 2];
    for _ in 0..script.rng.between(15, 45) {
        match script.rng.below(20) {
            0 => script.say("info S deleted_details=true subjects_filter=>"),
            1 => {
                let (subject, payload) = (script.rng.pick(&["s.a", "s.b"]), script.payload());
                let extra = script.maybe(30, &EXTRA);
                script.say(format!("publish {subject}{extra} {payload}"));
            }
            2 => script.say_one(&[
                "stream update S -allow_atomic",
                "stream update S allow_atomic=true",
                "stream update S max_msgs=2",
                "stream update S -allow_batched",
                "stream update S allow_batched=true",
                "stream purge S",
                "stream delete_message S seq=2",
            ]),
            3..=12 => atomic(script, &mut next[0]),
            _ => fast(script, &mut next[1]),
        }
    }
    script.say("info S deleted_details=true subjects_filter=>");
    script.say("repeat 6 stream get S seq=$i");
}

/// The sequence that the batch goes on with, or another one.
fn sequence(script: &mut Script, next: &mut [usize; 3], batch: usize) -> usize {
    let seq = match script.rng.below(100) {
        0..=3 => next[batch] + 1,
        4..=5 => next[batch].saturating_sub(1),
        6..=8 => 1,
        _ => next[batch],
    };
    next[batch] = seq + 1;
    seq
}

fn atomic(script: &mut Script, next: &mut [usize; 3]) {
    let batch = script.rng.below(IDS.len());
    let seq = sequence(script, next, batch);
    let subject = script.rng.pick(&["s.a", "s.a", "s.b", "s.c"]);
    let commit = match script.rng.below(100) {
        0..=22 => " Nats-Batch-Commit:1",
        23..=29 => " Nats-Batch-Commit:eob",
        30 => " Nats-Batch-Commit:x",
        31 => " Nats-Batch-Commit:\"\"",
        _ => "",
    };
    if !commit.is_empty() {
        next[batch] = 1;
    }
    let extra = script.maybe(22, &EXTRA);
    let odd = script.maybe(3, &["Nats-Batch-Sequence:x", "Nats-Batch-Id:\"\"", "Nats-Batch-Id:${x*65}"]);
    let payload = if extra.contains("Incr") { String::new() } else { script.payload() };
    let head = format!("Nats-Batch-Id:{} Nats-Batch-Sequence:{seq}", IDS[batch]);
    let head = if odd.is_empty() { head } else { odd.trim().to_owned() };
    script.say(format!("publish {subject} {head}{commit}{extra} {payload}").trim_end().to_owned());
}

/// The reply subject is `<prefix>.<id>.<acked every>.<gap>.<sequence>.<operation>.$FI`.
fn fast(script: &mut Script, next: &mut [usize; 3]) {
    let batch = script.rng.below(IDS.len());
    let mut seq = sequence(script, next, batch);
    let operation = match script.rng.below(100) {
        _ if seq == 1 => 0,
        0..=59 => 1,
        60..=74 => 2,
        75..=84 => 3,
        85..=94 => 4,
        _ => script.rng.below(6),
    };
    if operation == 4 {
        seq -= 1;
        next[batch] = seq + 1;
    }
    if operation == 2 || operation == 3 {
        next[batch] = 1;
    }
    let every = script.rng.pick(&["1", "2", "2", "10", "x", "0"]);
    let gap = script.rng.pick(&["fail", "fail", "ok", "x"]);
    let subject = script.rng.pick(&["s.a", "s.a", "s.b"]);
    let extra = script.maybe(15, &EXTRA);
    let payload = if operation >= 3 || extra.contains("Incr") { String::new() } else { script.payload() };
    let step =
        format!("publish_core {subject} reply=in.{}.{every}.{gap}.{seq}.{operation}.$FI{extra} {payload}", IDS[batch]);
    script.say(step.trim_end().to_owned());
}
