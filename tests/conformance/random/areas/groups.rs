//! Pull requests of priority groups: pinned, overflowing and prioritized, with minima, and pins that end.

use crate::random::script::Script;

pub fn steps(script: &mut Script) {
    script.say("subscribe $JS.EVENT.ADVISORY.CONSUMER.> as=event");
    let options = script.maybe(30, &["retention=workqueue", "retention=interest", "max_msgs=3"]);
    script.say(format!("stream create S subjects=s.>{options}"));
    let policy = script.rng.pick(&["overflow", "pinned_client", "pinned_client", "prioritized"]);
    let mut config = format!("priority_policy={policy} priority_groups=g");
    config += &script.maybe(40, &["max_ack_pending=1", "max_ack_pending=2"]);
    config += &script.maybe(40, &["ack_wait=730ms", "ack_wait=2s"]);
    config += &script.maybe(15, &["max_waiting=2", "max_deliver=2", "ack_policy=none", "ack_policy=all"]);
    if policy == "pinned_client" {
        config += &script.maybe(60, &["priority_timeout=830ms", "priority_timeout=1430ms"]);
    }
    script.say(format!("consumer create S/c {config}"));
    for _ in 0..script.rng.between(12, 28) {
        step(script, policy);
    }
    script.say("consumer info S/c");
}

fn step(script: &mut Script, policy: &str) {
    match script.rng.below(24) {
        0..=6 => {
            let payload = script.payload();
            let subject = script.rng.pick(&["s.a", "s.b"]);
            script.say(format!("publish {subject} {payload}"));
        }
        7..=14 => pull(script, policy),
        15..=17 => {
            let which = script.rng.between(1, 6);
            let verb = script.rng.pick(&["ack", "ack", "nak", "term", "wpi"]);
            script.say(format!("{verb} #{which}"));
        }
        18 => script.say_one(&[
            "consumer unpin S/c group=g",
            "consumer unpin S/c group=x",
            "consumer unpin S/c group=\"\"",
            "consumer unpin S/c",
            "consumer unpin S/d group=g",
        ]),
        19 => script.say("info S/c"),
        20 => script.say_one(&[
            "unsubscribe one",
            "unsubscribe two",
            "consumer pause S/c until=${now+430ms}",
            "consumer update S/c priority_timeout=1s",
            "consumer update S/c max_ack_pending=3",
            "consumer delete S/c",
            "consumer update S/c -priority_groups priority_policy=none",
            "stream purge S",
            "consumer update S/c priority_groups=h",
        ]),
        _ => script.say_one(&["wait 250ms", "wait 610ms", "wait 1100ms"]),
    }
}

fn pull(script: &mut Script, policy: &str) {
    let mut step = format!("pull S/c batch={}", script.rng.between(1, 3));
    step += script.rng.pick(&[
        " expires=5s",
        " expires=5s",
        " expires=680ms",
        " no_wait",
        " no_wait expires=680ms",
        " expires=5s idle_heartbeat=390ms",
    ]);
    step += script.rng.pick(&[" group=g", " group=g", " group=g", " group=g", " group=h", ""]);
    step += &match policy {
        "overflow" => script.maybe(
            60,
            &[
                "min_pending=1",
                "min_pending=2",
                "min_pending=4",
                "min_ack_pending=1",
                "min_ack_pending=2",
                "min_pending=3 min_ack_pending=2",
            ],
        ),
        "prioritized" => {
            script.maybe(70, &["priority=0", "priority=1", "priority=5", "priority=9", "priority=10", "priority=-1"])
        }
        _ => script.maybe(50, &["id=${pin}", "id=${pin}", "id=wrong", "id=\"\""]),
    };
    step += &script.maybe(8, &["max_bytes=60", "max_bytes=20"]);
    step += &script.maybe(60, &["as=one", "as=two", "as=three"]);
    script.say(step);
}
