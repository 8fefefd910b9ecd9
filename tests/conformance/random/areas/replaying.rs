//! Consumers that replay the pace at which messages came, and what comes in between: acks, pauses, removals, resets.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const CONSUMER: [Field; 9] = [
    ("ack_policy", 50, &["none", "all", "explicit"], &[]),
    ("deliver_policy", 35, &["last", "new", "last_per_subject", "all"], &[]),
    ("filter_subject", 25, &["s.a", "s.*"], &[]),
    ("ack_wait", 35, &["830ms", "1300ms"], &[]),
    ("max_deliver", 20, &["1", "2"], &[]),
    ("max_ack_pending", 30, &["1", "2"], &[]),
    ("backoff", 10, &["430ms,900ms"], &[]),
    ("headers_only", 10, &["true"], &[]),
    ("pause_until", 15, &["${now+700ms}"], &[]),
];

pub fn steps(script: &mut Script) {
    let options =
        script.maybe(35, &["retention=interest", "retention=workqueue", "max_msgs=3", "max_msgs_per_subject=1"]);
    script.say(format!("stream create S subjects=s.>{options}"));
    script.repeat(0, 4, publish);
    if script.rng.chance(50) {
        script.say("subscribe d.x as=in");
    }
    create(script);
    script.repeat(8, 20, step);
    script.say("info S/c");
}

fn create(script: &mut Script) {
    let mut config = script.fields(&CONSUMER, 0);
    if script.rng.chance(40) {
        config += " deliver_subject=d.x";
        config += &script.maybe(20, &["rate_limit_bps=800", "idle_heartbeat=1s"]);
    }
    script.say(format!("consumer create S/c replay_policy=original{config}"));
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&["s.a", "s.b", "s.c.d"]);
    let payload = script.payload();
    script.say(format!("publish {subject} {payload}"));
    // Messages as far apart as some steps are long would come right between two steps.
    script.say_one(&["wait 330ms", "wait 610ms", "wait 870ms"]);
}

fn step(script: &mut Script) {
    match script.rng.below(24) {
        0..=5 => publish(script),
        6..=12 => {
            let mut step = format!("pull S/c batch={}", script.rng.between(1, 4));
            step += script.rng.pick(&[" no_wait", " expires=5s", " expires=5s", " expires=730ms"]);
            step += &script.maybe(25, &["as=one", "as=two"]);
            script.say(step);
        }
        13..=15 => {
            let target = format!("#{}", script.rng.between(1, 8));
            let delay = script.maybe(40, &["delay=410ms", "delay=1s"]);
            let verb = script.rng.pick(&["ack", "ack", "term", "wpi"]);
            let is_nak = script.rng.chance(40);
            script.say(if is_nak { format!("nak {target}{delay}") } else { format!("{verb} {target}") });
        }
        16 => script.say_one(&[
            "consumer pause S/c until=${now+520ms}",
            "consumer pause S/c",
            "consumer reset S/c",
            "consumer reset S/c seq=2",
        ]),
        17 => script.say_one(&[
            "stream purge S",
            "stream delete_message S seq=2",
            "stream purge S seq=3",
            "consumer update S/c filter_subject=s.b",
            "consumer delete S/c",
        ]),
        18 => script.say_one(&["subscribe d.x as=in", "unsubscribe in", "unsubscribe in max=2", "info S/c"]),
        19 => create(script),
        _ => script.say_one(&["wait 450ms", "wait 790ms", "wait 1250ms"]),
    }
}
