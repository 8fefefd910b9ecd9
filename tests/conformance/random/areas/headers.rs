//! Header blocks that are written otherwise than clients do: blanks, cases, repetitions, lines without a colon or an end.

use crate::random::script::Script;

const LINES: [&str; 40] = [
    "Nats-Msg-Id: x",
    "Nats-Msg-Id:x",
    "Nats-Msg-Id:  x ",
    "Nats-Msg-Id:\\tx",
    "nats-msg-id: y",
    "Nats-Msg-Id : y",
    " Nats-Msg-Id: y",
    "Nats-Msg-Id:",
    "Nats-Msg-Id: y",
    "X-Nats-Msg-Id: z",
    "Nats-Msg-Ids: z",
    "A: Nats-Msg-Id: z",
    "Nats-Expected-Last-Sequence: 0",
    "Nats-Expected-Last-Sequence:  1",
    "Nats-Expected-Last-Sequence: 1 ",
    "Nats-Expected-Last-Sequence:+1",
    "Nats-Expected-Last-Sequence: 01",
    "Nats-Expected-Last-Subject-Sequence: 0",
    "Nats-Expected-Last-Subject-Sequence:\\t1",
    "Nats-Expected-Stream:  S",
    "Nats-Expected-Stream: S ",
    "Nats-Rollup:  sub",
    "Nats-Rollup: sub ",
    "Nats-Rollup: Sub",
    "Nats-Rollup: all",
    "Nats-TTL:  60",
    "Nats-TTL: 60 ",
    "Nats-TTL: +60",
    "Nats-TTL: 1m ",
    "Nats-TTL: 1h30m",
    "Nats-TTL: 1.5m",
    "Nats-TTL: 61000ms",
    "Nats-TTL: 1us",
    "NATS-TTL: 60",
    "no colon",
    ": nameless",
    "",
    "Nats-Batch-Id: b",
    "Status: 100",
    "é: ü",
];
const STARTS: [&str; 8] = [
    "NATS/1.0\\r\\n",
    "NATS/1.0\\r\\n",
    "NATS/1.0\\r\\n",
    "NATS/1.0\\r\\n",
    "NATS/1.0 100\\r\\n",
    "NATS/1.0 404 Not Found\\r\\n",
    "NATS/1.0\\n",
    "NATS/1.0",
];

pub fn steps(script: &mut Script) {
    let options = script.maybe(
        80,
        &[
            "allow_msg_ttl",
            "allow_rollup_hdrs",
            "allow_msg_ttl subject_delete_marker_ttl=120s",
            "allow_rollup_hdrs allow_atomic",
        ],
    );
    script.say(format!("stream create S subjects=s.> allow_direct{options}"));
    for _ in 0..script.rng.between(10, 30) {
        match script.rng.below(10) {
            0 => script.say("info S"),
            1 => script.say("stream get S last_by_subj=s.>"),
            2 => script.say("direct S last_by_subj=s.>"),
            _ => {
                let block = block(script);
                let (subject, payload) = (script.rng.pick(&["s.a", "s.b"]), script.payload());
                script.say(format!("publish {subject} \"{block}\" {payload}"));
            }
        }
    }
    script.say("info S subjects_filter=>");
    script.say("repeat 5 stream get S seq=$i");
}

fn block(script: &mut Script) -> String {
    let mut block = script.rng.pick(&STARTS).to_owned();
    for _ in 0..script.rng.between(0, 4) {
        block += script.rng.pick(&LINES);
        block += script.rng.pick(&["\\r\\n", "\\r\\n", "\\r\\n", "\\r\\n", "\\r\\n", "\\n", "\\r"]);
    }
    block + script.rng.pick(&["\\r\\n", "\\r\\n", "\\r\\n", "\\r\\n", "", "\\r\\n\\r\\n"])
}
