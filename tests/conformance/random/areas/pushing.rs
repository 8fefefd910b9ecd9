//! Consumers that push: heartbeats, flow control, rates, headers only, groups, and receivers that come and go.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const CONSUMER: [Field; 14] = [
    ("ack_policy", 60, &["none", "all", "explicit"], &[]),
    ("deliver_policy", 25, &["last", "new", "last_per_subject", "all"], &[]),
    ("filter_subject", 25, &["s.a", "s.*"], &[]),
    ("idle_heartbeat", 45, &["610ms", "1s"], &[]),
    ("headers_only", 15, &["true"], &[]),
    ("max_deliver", 20, &["1", "2"], &[]),
    ("ack_wait", 40, &["730ms", "2s"], &[]),
    ("max_ack_pending", 30, &["1", "2"], &[]),
    ("deliver_group", 25, &["q"], &[]),
    ("sample_freq", 10, &["\"100\""], &[]),
    ("inactive_threshold", 10, &["20s"], &[]),
    ("replay_policy", 20, &["instant", "original", "original"], &[]),
    ("rate_limit_bps", 10, &["800", "1600"], &[]),
    ("backoff", 10, &["430ms,900ms"], &[]),
];

pub fn steps(script: &mut Script) {
    script.say("subscribe $JS.EVENT.> as=event");
    let options =
        script.maybe(40, &["retention=interest", "retention=workqueue", "max_msgs=3", "max_msgs_per_subject=1"]);
    let size = script.maybe(20, &["max_msg_size=60"]);
    script.say(format!("stream create S subjects=s.>{options}{size}"));
    for _ in 0..script.rng.below(5) {
        publish(script);
        if script.rng.chance(30) {
            script.say_one(&["wait 310ms", "wait 560ms"]);
        }
    }
    if script.rng.chance(60) {
        subscribe(script);
    }
    create(script);
    script.repeat(10, 24, step);
    script.say("consumer info S/c");
}

fn publish(script: &mut Script) {
    let subject = script.rng.pick(&["s.a", "s.b", "s.a.b"]);
    // Some are large enough for flow control to count.
    let payload = if script.rng.chance(12) { "${x*400000}".to_owned() } else { script.payload() };
    let header = script.maybe(15, &["H:v", "Nats-Msg-Size:9"]);
    script.say(format!("publish {subject}{header} {payload}"));
}

fn subscribe(script: &mut Script) {
    script.say_one(&[
        "subscribe d.x as=in",
        "subscribe d.x queue=q as=in",
        "subscribe d.* as=in",
        "subscribe d.x queue=z as=in",
        "subscribe d.y as=in",
    ]);
}

fn create(script: &mut Script) {
    let mut config = script.fields(&CONSUMER, 0);
    if config.contains("idle_heartbeat") {
        config += &script.maybe(40, &["flow_control"]);
    }
    script.say(format!("consumer create S/c deliver_subject=d.x{config}"));
}

fn step(script: &mut Script) {
    match script.rng.below(24) {
        0..=6 => publish(script),
        7..=8 => subscribe(script),
        9 => script.say_one(&["unsubscribe in", "unsubscribe in max=1", "unsubscribe in max=3"]),
        10..=14 => {
            let which = script.rng.between(1, 6);
            let verb = script.rng.pick(&["ack", "ack", "nak", "term", "wpi", "nak", "next"]);
            let delay = if verb == "nak" { script.maybe(30, &["delay=430ms"]) } else { String::new() };
            script.say(format!("{verb} #{which}{delay}"));
        }
        15 => script.say_one(&["info S/c", "publish_core ${flow_control}"]),
        16 => script.say_one(&[
            "consumer update S/c deliver_subject=d.y",
            "consumer update S/c deliver_subject=d.x",
            "consumer update S/c max_ack_pending=3",
            "consumer update S/c headers_only=true",
            "consumer update S/c -idle_heartbeat -flow_control",
            "consumer update S/c filter_subject=s.b",
            "consumer update S/c -deliver_subject -idle_heartbeat -flow_control -deliver_group",
            "consumer update S/c deliver_group=q",
            "consumer update S/c idle_heartbeat=1s",
        ]),
        17 => script.say_one(&[
            "consumer pause S/c until=${now+430ms}",
            "consumer pause S/c",
            "consumer delete S/c",
            "consumer reset S/c",
            "consumer reset S/c seq=2",
            "pull S/c batch=1 no_wait",
        ]),
        18 => script.say_one(&["stream purge S", "stream delete_message S seq=2", "stream purge S filter=s.a"]),
        19 => create(script),
        _ => script.say_one(&["wait 250ms", "wait 680ms", "wait 1250ms"]),
    }
}
