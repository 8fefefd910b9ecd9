//! Backups that are brought back, with consumers in the middle of something, and what comes after.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const STREAM: [Field; 8] = [
    ("retention", 50, &["interest", "workqueue", "limits"], &[]),
    ("max_msgs", 20, &["3", "5"], &[]),
    ("max_msgs_per_subject", 20, &["1", "2"], &[]),
    ("allow_msg_ttl", 30, &["true"], &[]),
    ("allow_rollup_hdrs", 20, &["true"], &[]),
    ("allow_msg_schedules", 20, &["true"], &[]),
    ("allow_direct", 30, &["true"], &[]),
    ("allow_atomic", 20, &["true"], &[]),
];

#[rustfmt::skip]
const CONSUMER: [Field; 8] = [
    ("ack_policy", 40, &["all", "none", "explicit"], &[]),
    ("deliver_policy", 30, &["new", "last", "last_per_subject", "by_start_sequence opt_start_seq=3"], &[]),
    ("filter_subject", 40, &["s.a", "s.*"], &[]),
    ("ack_wait", 60, &["810ms", "5s"], &[]),
    ("max_deliver", 40, &["1", "2", "3"], &[]),
    ("max_ack_pending", 20, &["1", "2"], &[]),
    ("deliver_subject", 15, &["d.x", "d.x idle_heartbeat=610ms"], &[]),
    ("priority_policy", 10, &["overflow priority_groups=g", "pinned_client priority_groups=g"], &[]),
];

pub fn steps(script: &mut Script) {
    let options = script.fields(&STREAM, 0);
    script.say(format!("stream create S subjects=s.>{options}"));
    script.repeat(1, 2, create);
    script.repeat(2, 5, publish);
    script.repeat(3, 9, step);
    for _ in 0..script.rng.between(1, 2) {
        let options = script.maybe(30, &["no_consumers=true", "no_consumers=true", "chunk_size=512", "jsck=true"]);
        script.say(format!("snapshot S{options}"));
        script.repeat(0, 2, step);
        script.say("stream delete S");
        let changes = script.maybe(
            25,
            &[
                "max_msgs=2",
                "max_msgs_per_subject=1",
                "retention=limits",
                "retention=interest",
                "description=x",
                "subjects=s.>,t.>",
                "max_consumers=1",
            ],
        );
        script.say(format!("restore S{changes}"));
        script.say("info S deleted_details=true subjects_filter=>");
        script.say("repeat 6 stream get S seq=$i");
        script.say("info S/a");
        script.say("info S/b");
        script.repeat(4, 10, step);
    }
    script.say("info S deleted_details=true");
    script.say("consumer info S/a");
    script.say("consumer info S/b");
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&["s.a", "s.b", "s.c.d"]);
    let headers = script.maybe(
        30,
        &[
            "Nats-Msg-Id:x",
            "Nats-TTL:1",
            "Nats-TTL:never",
            "Nats-Rollup:sub",
            "Nats-Expected-Last-Sequence:3",
            "Nats-Schedule:\"@every 1s\" Nats-Schedule-Target:s.t",
            "H:v",
        ],
    );
    let payload = script.payload();
    script.say(format!("publish {subject}{headers} {payload}"));
}

fn create(script: &mut Script) {
    let place = script.rng.pick(&["S/a", "S/b"]);
    let config = script.fields(&CONSUMER, 0);
    script.say(format!("consumer create {place}{config}"));
}

fn step(script: &mut Script) {
    let place = script.rng.pick(&["S/a", "S/b"]);
    match script.rng.below(20) {
        0..=4 => publish(script),
        5..=9 => {
            let batch = script.rng.between(1, 4);
            let group = script.maybe(10, &["group=g"]);
            script.say(format!("pull {place} batch={batch} no_wait{group}"));
        }
        10..=14 => {
            let which = script.rng.between(1, 8);
            let verb = script.rng.pick(&["ack", "ack", "nak", "term"]);
            script.say(format!("{verb} #{which}"));
        }
        15 => {
            let seq = script.rng.between(1, 5);
            script.say(format!("stream delete_message S seq={seq}"));
        }
        16 => script.say_one(&["stream purge S keep=2", "stream purge S filter=s.a", "stream purge S"]),
        17 => script.say_one(&[
            "consumer update S/a max_deliver=3",
            "consumer pause S/a until=${now+30s}",
            "consumer delete S/b",
        ]),
        _ => script.say_one(&["wait 110ms", "wait 470ms", "wait 900ms"]),
    }
}
