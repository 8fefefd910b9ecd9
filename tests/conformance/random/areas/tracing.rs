//! Messages that name a destination for their trace, on their way to clients, groups, streams and the API.

use crate::random::script::Script;

pub fn steps(script: &mut Script) {
    script.say("subscribe trace.> as=trace");
    let options = script.maybe(
        60,
        &[
            "max_msgs=2 discard=new",
            "allow_rollup_hdrs",
            "allow_atomic",
            "allow_msg_ttl",
            "subject_transform={\"src\":\"s.*\",\"dest\":\"s.$1.x\"}",
            "republish={\"src\":\">\",\"dest\":\"again.>\"}",
            "retention=interest",
            "max_msg_size=60",
            "no_ack",
        ],
    );
    script.say(format!("stream create S subjects=s.>{options}"));
    // Only where no stream listens: among plain subscriptions the server takes any first.
    if script.rng.chance(60) {
        script.say("subscribe plain.* as=plain");
    }
    if script.rng.chance(50) {
        script.say_one(&[
            "subscribe s.* queue=q as=group",
            "subscribe s.> queue=q as=group",
            "subscribe again.> queue=q as=group",
        ]);
    }
    if script.rng.chance(30) {
        script.say("stream create T subjects=again.>");
    }
    if script.rng.chance(30) {
        script.say("consumer create S/c deliver_subject=d.x");
    }
    script.repeat(6, 20, step);
    script.say("info S");
}

fn step(script: &mut Script) {
    let subject = script.rng.pick(&[
        "s.a",
        "s.a",
        "s.b",
        "s.a.b",
        "nobody",
        "plain.x",
        "$JS.API.INFO",
        "$JS.API.STREAM.INFO.S",
        "again.x",
        "s..a",
        "plain.x",
    ]);
    let mut headers = format!(
        " Nats-Trace-Dest:{}",
        script.rng.pick(&["trace.1", "trace.1", "trace.2", "trace.2", "trace.*", "\"\""])
    );
    headers += &script.maybe(
        25,
        &[
            "Nats-Trace-Only:true",
            "Nats-Trace-Only:1",
            "Nats-Trace-Only:false",
            "Nats-Trace-Only:ON",
            "Nats-Trace-Hop:1",
        ],
    );
    headers += &script.maybe(
        25,
        &[
            "Nats-Msg-Id:x",
            "Nats-Expected-Last-Sequence:1",
            "Nats-Expected-Last-Subject-Sequence:0",
            "Nats-Rollup:sub",
            "Nats-TTL:60",
            "Nats-Incr:1",
            "Nats-Expected-Stream:T",
            "Nats-Batch-Id:b Nats-Batch-Sequence:1 Nats-Batch-Commit:1",
            "Nats-Schedule:x",
            "Nats-Stream-Source:x",
            "Nats-Expected-Last-Msg-Id:x",
            "Nats-Required-Api-Level:9",
            "traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ],
    );
    let payload = if subject.starts_with('$') { String::new() } else { script.payload() };
    match script.rng.below(10) {
        0..=4 => script.say(format!("publish {subject}{headers} {payload}").trim_end().to_owned()),
        5..=7 => script.say(format!("publish_core {subject}{headers} {payload}").trim_end().to_owned()),
        8 => script.say(format!("publish_core {subject} reply=nobody{headers} {payload}").trim_end().to_owned()),
        _ => script.say_one(&[
            "stream purge S",
            "unsubscribe plain",
            "unsubscribe group",
            "stream get S seq=1",
            "publish s.a x",
            "stream update S max_msgs=1 discard=new",
        ]),
    }
}
