//! One pull consumer and many ways to answer it: gaps, delays against backoff, the last delivery, what nobody asked for.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const CONSUMER: [Field; 8] = [
    ("ack_policy", 55, &["all", "all", "explicit", "none"], &[]),
    ("backoff", 45, &["330ms", "330ms,810ms", "330ms,810ms,1700ms"], &[]),
    ("ack_wait", 45, &["810ms", "1700ms", "5s"], &[]),
    ("max_ack_pending", 45, &["1", "2", "3", "-1"], &[]),
    ("filter_subject", 20, &["s.a", "s.*"], &[]),
    ("filter_subjects", 12, &["s.a,s.b"], &[]),
    ("max_waiting", 15, &["1", "2"], &[]),
    ("sample_freq", 10, &["\"100\""], &[]),
];

pub fn steps(script: &mut Script) {
    script.say("subscribe $JS.EVENT.ADVISORY.CONSUMER.> as=event");
    let options =
        script.maybe(55, &["retention=workqueue", "retention=interest", "max_msgs=4", "max_msgs_per_subject=1"]);
    script.say(format!("stream create S subjects=s.>{options}"));
    let mut config = script.fields(&CONSUMER, 0);
    if config.contains("filter_subject=") {
        config = config.replace(" filter_subjects=s.a,s.b", "");
    }
    config += script.rng.pick(&[
        "",
        " max_deliver=1",
        " max_deliver=2",
        " max_deliver=3",
        " max_deliver=4",
        " max_deliver=4",
    ]);
    script.say(format!("consumer create S/c{config}"));
    script.repeat(2, 7, publish);
    script.repeat(14, 30, step);
    script.say("info S deleted_details=true");
    script.say("consumer info S/c");
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&["s.a", "s.b", "s.c.d"]);
    let payload = script.payload();
    script.say(format!("publish {subject} {payload}"));
}

fn step(script: &mut Script) {
    match script.rng.below(24) {
        0..=1 => publish(script),
        2..=7 => {
            let mut step = format!("pull S/c batch={}", script.rng.between(1, 5));
            step +=
                script.rng.pick(&[" no_wait", " no_wait", " expires=5s", " expires=680ms", " no_wait expires=680ms"]);
            step += &script.maybe(15, &["max_bytes=60", "max_bytes=90"]);
            step += &script.maybe(30, &["as=one", "as=two"]);
            script.say(step);
        }
        8..=16 => answer(script),
        17 => written_ack(script),
        18 => script.say_one(&[
            "info S/c",
            "consumer reset S/c",
            "consumer reset S/c seq=2",
            "consumer pause S/c until=${now+430ms}",
        ]),
        19 => script.say_one(&[
            "stream purge S",
            "stream delete_message S seq=2",
            "stream purge S seq=3",
            "stream delete_message S seq=4",
            "consumer update S/c max_deliver=2",
            "consumer update S/c max_ack_pending=2",
            "consumer update S/c -backoff",
            "consumer update S/c ack_wait=900ms",
            "consumer update S/c filter_subject=s.b",
            "stream update S max_msgs=2",
        ]),
        _ => script.say_one(&["wait 250ms", "wait 470ms", "wait 920ms", "wait 1900ms"]),
    }
}

fn answer(script: &mut Script) {
    let target = match script.rng.chance(50) {
        true => format!("#{}", script.rng.between(1, 10)),
        false => format!("c/{}", script.rng.between(1, 6)),
    };
    let double = script.maybe(25, &["double"]);
    let step = match script.rng.below(20) {
        0..=6 => format!("ack {target}{double}"),
        7..=9 => format!("nak {target}{double}"),
        10..=11 => format!("nak {target} delay={}{double}", script.rng.pick(&["250ms", "570ms", "1400ms"])),
        12 => format!(
            "nak {target} {}{double}",
            script.rng.pick(&["500000000", "\"{\\\"delay\\\":\\\"500ms\\\"}\"", "x", "-1", "{}", "{\"delay\":-5}"])
        ),
        13 => format!("term {target}{double}"),
        14..=15 => format!("wpi {target}{double}"),
        16 => format!(
            "next {target} {}",
            script.rng.pick(&["batch=2 no_wait", "batch=1 expires=680ms", "batch=3 expires=5s", "no_wait=true"])
        ),
        17 => format!(
            "ack_body {target} {}{double}",
            script.rng.pick(&[
                "\"\"",
                "\"+ack\"",
                "\"+ACK x\"",
                "\"-NAKx\"",
                "\"+TERMx\"",
                "\"+WPI x\"",
                "\"+NXT\"",
                "\"+NXT 2\"",
                "\"+NXT x\"",
                "\"+FOO\""
            ])
        ),
        _ => format!("ack {target}{double}"),
    };
    script.say(step);
}

/// An ack subject that was put together, and not taken from a delivery.
fn written_ack(script: &mut Script) {
    let mut number = || script.rng.pick(&["0", "1", "2", "3", "4", "9", "-1", "x", "1"]);
    let (delivered, stream_seq, consumer_seq) = (number(), number(), number());
    let tail = script.rng.pick(&["1795615530087882635.0", "1.1", "0", "1.1.1", "x.y"]);
    let (stream, body) =
        (script.rng.pick(&["S", "S", "S", "T"]), script.rng.pick(&["+ACK", "-NAK", "+TERM", "+WPI", ""]));
    script.say(format!("request $JS.ACK.{stream}.c.{delivered}.{stream_seq}.{consumer_seq}.{tail} \"{body}\""));
}
