//! Accounts with limits: what is reserved, what is used, and who may still create something.

use crate::random::script::Script;

pub fn steps(script: &mut Script) {
    let mut server = "server".to_owned();
    server += &script.maybe(50, &["max_memory=300", "max_memory=1000", "max_memory=0"]);
    server += &script.maybe(30, &["max_streams=1", "max_streams=2"]);
    server += &script.maybe(30, &["max_consumers=1", "max_consumers=2"]);
    server += &script.maybe(20, &["max_ack_pending=5"]);
    server += &script.maybe(20, &["max_bytes_required=true"]);
    server += &script.maybe(20, &["memory_max_stream_bytes=200"]);
    server += &script.maybe(15, &["server_max_memory=500"]);
    server += &script.maybe(10, &["domain=hub"]);
    script.say(if server == "server" { "server max_memory=400".to_owned() } else { server });
    script.repeat(12, 30, step);
    script.say("api INFO");
    script.say("stream names");
}

fn step(script: &mut Script) {
    let stream = script.rng.pick(&["S", "S", "T", "U"]);
    let subject = stream.to_lowercase();
    match script.rng.below(20) {
        0..=4 => {
            let mut options =
                script.maybe(60, &["max_bytes=50", "max_bytes=100", "max_bytes=250", "max_bytes=400", "max_bytes=0"]);
            options += &script.maybe(15, &["max_consumers=1", "max_consumers=3"]);
            options += &script.maybe(15, &["discard=new", "max_msgs=2"]);
            options += &script
                .maybe(10, &["consumer_limits={\"max_ack_pending\":10}", "num_replicas=2", "subjects=[\"x..y\"]"]);
            options += &script.maybe(10, &["mirror={\"name\":\"S\"} subjects=[]"]);
            script.say(format!("stream create {stream} subjects={subject}.>{options}"));
        }
        5..=7 => {
            let change = script.rng.pick(&[
                "max_bytes=50",
                "max_bytes=300",
                "-max_bytes",
                "max_bytes=5000",
                "max_consumers=5",
                "max_msgs=1",
            ]);
            script.say(format!("stream update {stream} {change}"));
        }
        8 => script.say(format!("stream delete {stream}")),
        9..=12 => {
            let payload = format!("${{x*{}}}", script.rng.pick(&["5", "40", "100", "200"]));
            script.say(format!("publish {subject}.a {payload}"));
        }
        13..=14 => {
            let consumer = script.rng.pick(&["a", "b", "c"]);
            let options =
                script.maybe(50, &["max_ack_pending=3", "max_ack_pending=10", "max_ack_pending=-1", "ack_policy=none"]);
            script.say(format!("consumer create {stream}/{consumer}{options}"));
        }
        15 => script.say_one(&["consumer delete S/a", "consumer delete S/b"]),
        16 => script.say(format!("stream purge {stream}")),
        17 => script.say(format!("info {stream}")),
        _ => script.say("api INFO"),
    }
}
