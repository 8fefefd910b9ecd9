//! Plain publishing and subscribing on several connections: maxima, queue groups of which one member can take, echo,
//! replies that nobody gives.

use crate::random::script::Script;

const CONNECTIONS: [&str; 3] = ["main", "b", "c"];
const SUBJECTS: [&str; 8] = ["a", "a.b", "a.b.c", "x", "a.*", "a.>", "a..b", "$SYS.a"];
const FILTERS: [&str; 9] = ["a", "a.b", "a.*", "a.>", "*", "$SYS.>", "*.b", "x", "a.*.c"];

pub fn steps(script: &mut Script) {
    if script.rng.chance(40) {
        raw(script);
        return;
    }
    let options = script.maybe(
        60,
        &["echo=false", "no_responders=false", "headers=false no_responders=false", "pedantic=true", "verbose=true"],
    );
    script.say(format!("connect b{options}"));
    let options = script.maybe(50, &["echo=false", "no_responders=false", "pedantic=true"]);
    script.say(format!("connect c{options}"));
    if script.rng.chance(30) {
        script.say("stream create S subjects=a.b.>,x");
    }
    // One subscription a connection that takes replies: of several the server takes any to say that nobody is there.
    for connection in CONNECTIONS {
        script.say(format!("use {connection}"));
        script.say(format!("subscribe reply.1.{connection} as=reply"));
    }
    // Members of a group stand on one connection, so that it is known who takes a message.
    let group = script.rng.pick(&CONNECTIONS);
    for number in 0..script.rng.between(12, 35) {
        let connection = script.rng.pick(&CONNECTIONS);
        script.say(format!("use {connection}"));
        match script.rng.below(20) {
            0..=5 => {
                let filter = script.rng.pick(&FILTERS);
                if connection == group && script.rng.chance(30) {
                    script.say(format!("subscribe {filter} queue=q{number} as=s{number}"));
                } else {
                    script.say(format!("subscribe {filter} as=s{number}"));
                }
            }
            6..=9 => {
                let label = script.rng.below(number + 1);
                let max = script.maybe(60, &["max=1", "max=2", "max=3", "max=0"]);
                script.say(format!("unsubscribe s{label}{max}"));
            }
            10 => {
                let subject = script.rng.pick(&SUBJECTS);
                script.say(format!("request {subject} x"));
            }
            _ => {
                let subject = script.rng.pick(&SUBJECTS);
                let reply = script.maybe(
                    40,
                    &[
                        "reply=reply.1.main",
                        "reply=reply.1.b",
                        "reply=reply.1.c",
                        "reply=nobody",
                        "reply=_R_.x",
                        "reply=$JS.ACK.x",
                        "reply=a.*",
                    ],
                );
                let header = script.maybe(25, &["H:v"]);
                let payload = script.payload();
                script.say(format!("publish_core {subject}{reply}{header} {payload}"));
            }
        }
    }
}

/// Lines of the protocol, right and wrong, on connections that show their bytes.
fn raw(script: &mut Script) {
    for name in ["r", "t", "u"] {
        script.say(format!("open {name}"));
        let connect = script.rng.pick(&[
            "{\"verbose\":false,\"headers\":true,\"no_responders\":true}",
            "{\"verbose\":false,\"headers\":true,\"no_responders\":true,\"echo\":false}",
            "{\"verbose\":false}",
            "{\"headers\":true}",
            "{\"verbose\":false,\"pedantic\":true,\"headers\":true}",
            "{\"verbose\":false,\"protocol\":1,\"headers\":true,\"no_responders\":true}",
        ]);
        script.say(format!("raw {name} \"CONNECT {}\\r\\n\"", connect.replace('"', "\\\"")));
        for _ in 0..script.rng.between(4, 9) {
            let mut bytes = String::new();
            for _ in 0..script.rng.between(1, 3) {
                // What follows upon a client's error in the same read, the real server still acts on, unseen by the client.
                if !bytes.contains("-ERR") {
                    bytes += &line(script);
                }
            }
            script.say(format!("raw {name} \"{bytes}\""));
        }
    }
}

fn line(script: &mut Script) -> String {
    let wrong = script.rng.chance(12);
    let odd = [
        "PUB\\r\\n",
        "PUB a\\r\\n",
        "PUB a x\\r\\n",
        "PUB a b c 1\\r\\n",
        "SUB a\\r\\n",
        "SUB\\r\\n",
        "SUB a q 1 2\\r\\n",
        "UNSUB\\r\\n",
        "UNSUB 1 2 3\\r\\n",
        "PINGS\\r\\n",
        "PIN",
        "PUB a 2\\r\\nabc\\r\\n",
        "PUB a -1\\r\\n\\r\\n",
        "HPUB a 14 12\\r\\n",
        "HPUB a 0 1\\r\\nx\\r\\n",
        "+OK\\r\\n",
        "-ERR 'x'\\r\\n",
        "MSG a 1 1\\r\\nx\\r\\n",
        "INFO {}\\r\\n",
        "CONNECT {\\\"verbose\\\":true}\\r\\n",
        "CONNECT {}\\r\\n",
        "\\r\\n",
        "X\\r\\n",
        "PUB a 1000000000\\r\\n",
        "SUB a..b 7\\r\\n",
        "SUB a _sys_ 8\\r\\n",
        "PUB $NRG.x 1\\r\\nx\\r\\n",
        "UNSUB 1 x\\r\\n",
        "PUB a 01\\r\\nx\\r\\n",
        "CONNECT {\\\"echo\\\":1}\\r\\n",
        "CONNECT {\\\"protocol\\\":3}\\r\\n",
        "CONNECT {\\\"headers\\\":false,\\\"no_responders\\\":true}\\r\\n",
        "PUB a 1\\r\\nx\\n\\r\\n",
    ];
    if wrong {
        return script.rng.pick(&odd).to_owned();
    }
    let subject = script.rng.pick(&SUBJECTS);
    // No two of these match the same subject: among several subscriptions the server takes any first.
    let sid = script.rng.between(1, 4);
    let filter = ["a", "a.*", "x", "a.*.c"][sid - 1];
    let blank = script.rng.pick(&[" ", " ", " ", "  ", "\\t"]);
    match script.rng.below(12) {
        0..=2 => format!("SUB{blank}{filter}{} {sid}\\r\\n", script.maybe(15, &["q", "r"])),
        3 => format!("UNSUB {sid}{}\\r\\n", script.maybe(70, &["1", "2", "3", "0"])),
        4 => script.rng.pick(&["PING\\r\\n", "ping\\r\\n", "PONG\\r\\n"]).to_owned(),
        5..=8 => {
            format!("PUB{blank}{subject}{} 1\\r\\nx\\r\\n", script.maybe(40, &["a", "r.1", "x", "$JS.ACK.y", "_R_.z"]))
        }
        9 => format!("pub {subject} 0\\r\\n\\r\\n"),
        // Where its reads cut a message, the server complains about its subject once more.
        _ if !is_literal(subject) => "PING\\r\\n".to_owned(),
        _ => format!("HPUB {subject}{} 17 18\\r\\nNATS/1.0\\r\\nA:b\\r\\n\\r\\nx\\r\\n", script.maybe(30, &["a", "x"])),
    }
}

fn is_literal(subject: &str) -> bool {
    subject.split('.').all(|token| !matches!(token, "" | "*" | ">"))
}
