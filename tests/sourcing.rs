//! Mirrors and sources through bytes: what others can see of them on the wire, and how they behave while an origin is
//! missing, refused, replaced or cut off. What a real nats-server 2.15.1 did is what is expected.

use std::collections::VecDeque;
use std::time::Duration;

use jetstream_sim::engine::event::Event;
use jetstream_sim::engine::stream::OriginRef;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};
use serde_json::{Value, json};

/// A message as the tap saw it, and how long after the start.
#[derive(Clone, Debug)]
struct Seen {
    at: Duration,
    subject: String,
    reply: String,
    headers: String,
    payload: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.payload).expect("is JSON")
    }
}

/// A server, a client that asks, and another that listens to everything.
#[derive(Clone)]
struct Lab {
    server: Server,
    now: Timestamp,
    client: ConnId,
    seen: Vec<Seen>,
    answer: Option<String>,
}

impl Lab {
    fn new() -> Self {
        Self::listening_to(">")
    }

    fn listening_to(subject: &str) -> Self {
        let now = Timestamp::SIMULATION_START;
        let mut server = Server::new(ServerConfig::default());
        let [client, tap] = [server.connect(now), server.connect(now)];
        let mut lab = Self { server, now, client, seen: Vec::new(), answer: None };
        lab.send(client, b"CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB answer 1\r\n");
        lab.send(tap, format!("CONNECT {{\"verbose\":false,\"headers\":true}}\r\nSUB {subject} 1\r\n").as_bytes());
        lab
    }

    fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        self.server.handle(self.now, Input::Bytes { conn, bytes });
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.server.poll_output() {
            let Output::Bytes { conn, bytes } = output else { panic!("nobody is disconnected") };
            for message in messages(&bytes, self.now.since(Timestamp::SIMULATION_START)) {
                if conn == self.client {
                    self.answer = Some(message.payload);
                } else if message.reply != "answer" && message.subject != "answer" {
                    self.seen.push(message);
                }
            }
        }
    }

    fn publish(&mut self, subject: &str, payload: &str) {
        self.publish_with(subject, "", payload);
    }

    /// `headers` are whole lines.
    fn publish_with(&mut self, subject: &str, headers: &str, payload: &str) {
        let block = format!("NATS/1.0\r\n{headers}\r\n");
        let total = block.len() + payload.len();
        let bytes = format!("HPUB {subject} {} {total}\r\n{block}{payload}\r\n", block.len());
        self.send(self.client, bytes.as_bytes());
    }

    fn api(&mut self, request: &str, body: Value) -> Value {
        let body = body.to_string();
        self.answer = None;
        self.send(self.client, format!("PUB $JS.API.{request} answer {}\r\n{body}\r\n", body.len()).as_bytes());
        let answer = self.answer.take().expect("the API answers");
        serde_json::from_str(&answer).expect("is JSON")
    }

    fn create(&mut self, name: &str, mut config: Value) -> Value {
        config["name"] = name.into();
        config["storage"] = "memory".into();
        let answer = self.api(&format!("STREAM.CREATE.{name}"), config);
        assert_eq!(answer.get("error"), None);
        answer
    }

    fn update(&mut self, name: &str, mut config: Value) {
        config["name"] = name.into();
        config["storage"] = "memory".into();
        assert_eq!(self.api(&format!("STREAM.UPDATE.{name}"), config).get("error"), None);
    }

    fn info(&mut self, name: &str) -> Value {
        self.api(&format!("STREAM.INFO.{name}"), json!({}))
    }

    fn messages_of(&mut self, name: &str) -> u64 {
        self.info(name)["state"]["messages"].as_u64().expect("is a number")
    }

    fn delete(&mut self, name: &str) {
        assert_eq!(self.api(&format!("STREAM.DELETE.{name}"), json!({}))["success"], true);
    }

    /// Lets time pass, from deadline to deadline.
    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.server.next_deadline().map(|deadline| deadline.at).filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.server.handle(self.now, Input::Deadline);
            self.drain();
        }
        self.now = end;
    }

    fn cut(&mut self, stream: &str, origin: OriginRef, is_cut: bool) {
        assert!(self.server.set_link_cut(self.now, stream, origin, is_cut));
        self.drain();
    }

    /// What went to subjects that begin with `prefix` since the last call.
    fn take_seen(&mut self, prefix: &str) -> Vec<Seen> {
        self.seen.drain(..).filter(|seen| seen.subject.starts_with(prefix)).collect()
    }

    /// When requests for a consumer went out since the last call.
    fn requests(&mut self) -> Vec<Duration> {
        self.take_seen("$JS.API.CONSUMER.").iter().map(|seen| seen.at).collect()
    }
}

/// Reads what a server sends.
fn messages(bytes: &[u8], at: Duration) -> VecDeque<Seen> {
    let text = String::from_utf8_lossy(bytes);
    let (mut rest, mut found) = (&*text, VecDeque::new());
    while let Some((line, after)) = rest.split_once("\r\n") {
        rest = after;
        let words: Vec<&str> = line.split(' ').collect();
        let (sizes, names) = match *words.as_slice() {
            ["MSG", ref names @ .., total] => ((0, total), names),
            ["HMSG", ref names @ .., block, total] => ((block.parse().expect("a size"), total), names),
            _ => continue,
        };
        let total: usize = sizes.1.parse().expect("a size");
        found.push_back(Seen {
            at,
            subject: names[0].to_owned(),
            reply: names.get(2).copied().unwrap_or_default().to_owned(),
            headers: rest[..sizes.0].to_owned(),
            payload: rest[sizes.0..total].to_owned(),
        });
        rest = &rest[total + 2..];
    }
    found
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Whether `at` is `after` and the jitter of 100 to 200 ms behind `since`.
fn is_attempt(at: Duration, since: Duration, after: Duration) -> bool {
    (millis(100)..millis(200)).contains(&(at - since - after))
}

#[test]
fn a_mirror_asks_its_origin_for_a_consumer_and_takes_what_it_delivers() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o.>"]}));
    lab.publish("o.a", "1");
    let created = lab.create("M", json!({"mirror": {"name": "O", "filter_subject": "o.>"}}));
    assert_eq!(created["mirror"], json!({"name": "O", "lag": 0, "active": -1}), "the filter is told later");
    lab.seen.clear();
    lab.wait(millis(300));
    let subjects: Vec<String> = lab.seen.iter().map(|seen| seen.subject.clone()).collect();
    let [request, created, answer, audit, message] = &*lab.seen else { panic!("saw {subjects:?}") };
    assert_eq!(request.subject, "$JS.API.CONSUMER.CREATE.O.JS_MIRROR_ih8eMwqr.o.>");
    assert_eq!(request.headers, "NATS/1.0\r\nNats-Required-Api-Level: 4\r\n\r\n");
    let asked = request.json();
    let deliver_subject = asked["config"]["deliver_subject"].as_str().expect("is text").to_owned();
    assert!(deliver_subject.starts_with("$JS.M.") && deliver_subject.len() == 14);
    assert_eq!(
        request.payload,
        format!(
            concat!(
                r#"{{"stream_name":"O","config":{{"name":"JS_MIRROR_ih8eMwqr","deliver_policy":"all","#,
                r#""ack_policy":"none","ack_wait":79200000000000,"max_deliver":1,"filter_subject":"o.\u003e","#,
                r#""replay_policy":"instant","flow_control":true,"deliver_subject":"{}","#,
                r#""idle_heartbeat":1000000000,"inactive_threshold":10000000000,"num_replicas":0,"direct":true,"#,
                r#""sourcing":true,"metadata":{{"_nats.mirror.acc":"$G","_nats.mirror.stream":"M"}}}},"action":""}}"#,
            ),
            deliver_subject
        )
    );
    assert!(created.subject.starts_with("$JS.EVENT.ADVISORY.CONSUMER.CREATED.O.JS_MIRROR_ih8eMwqr-"));
    assert_eq!(answer.subject, request.reply);
    assert!(answer.subject.starts_with("$JSC.R.") && answer.headers.contains("\r\nNats-Stream-Identity: "));
    assert_eq!(
        (audit.json()["client"]["kind"].as_str(), answer.json()["num_pending"].as_u64()),
        (Some("JetStream"), Some(1))
    );
    assert!(message.reply.starts_with("$JS.ACK.O.JS_MIRROR_ih8eMwqr-") && message.reply.contains(".1.1.1."));
    let info = lab.info("M");
    assert_eq!(
        (info["state"]["first_seq"].as_u64(), info["mirror"]["filter_subject"].as_str()),
        (Some(1), Some("o.>"))
    );
    assert_eq!(lab.info("O")["state"]["consumer_count"], 0, "the consumer is hidden");
    assert_eq!(lab.api("INFO", json!({}))["consumers"], 1, "but counted");
}

#[test]
fn a_source_that_is_sourced_twice_has_two_consumers() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o.>"]}));
    let sources =
        json!([{"name": "O", "filter_subject": "o.a"}, {"name": "O", "filter_subject": "o.b", "opt_start_seq": 1}]);
    lab.create("S", json!({"sources": sources}));
    lab.wait(millis(300));
    let mut requests: Vec<String> = lab.take_seen("$JS.API.").into_iter().map(|seen| seen.subject).collect();
    requests.sort();
    assert_eq!(
        requests,
        ["$JS.API.CONSUMER.CREATE.O.JS_SRC_SQxdoltL.o.b", "$JS.API.CONSUMER.CREATE.O.JS_SRC_dVdRUEXA.o.a"]
    );
    lab.publish("o.b", "2");
    lab.publish("o.a", "3");
    let info = lab.info("S");
    let taken: Vec<_> = (0..2).map(|at| info["sources"][at]["seq"].as_u64()).collect();
    assert_eq!(taken, [Some(2), Some(1)]);
}

#[test]
fn a_missing_origin_is_asked_for_again_later_and_later() {
    let mut lab = Lab::new();
    lab.create("S", json!({"sources": [{"name": "O"}]}));
    lab.wait(secs(400));
    let attempts = lab.requests();
    assert!(is_attempt(attempts[0], Duration::ZERO, Duration::ZERO));
    for (at, pair) in attempts.windows(2).enumerate() {
        let backoff = secs(10 * (at as u64 + 1)).min(secs(120));
        assert!(is_attempt(pair[1], pair[0], secs(2) + backoff), "attempt {at}: {pair:?}");
    }
    assert_eq!(attempts.len(), 9);
    let source = &lab.info("S")["sources"][0];
    assert_eq!(source["error"], json!({"code": 404, "err_code": 10059, "description": "stream not found"}));
    assert_eq!(source["active"], -1);
    lab.create("O", json!({"subjects": ["o"]}));
    lab.publish("o", "1");
    lab.wait(secs(90));
    assert_eq!((lab.messages_of("S"), lab.info("S")["sources"][0].get("error")), (1, None));
}

#[test]
fn a_deleted_origin_is_noticed_by_its_silence_and_its_successor_is_told_from_it() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    for payload in ["1", "2", "3"] {
        lab.publish("o", payload);
    }
    lab.create("S", json!({"sources": [{"name": "O"}]}));
    lab.create("M", json!({"mirror": {"name": "O"}}));
    lab.wait(millis(600));
    let connected = lab.requests();
    lab.delete("O");
    lab.wait(millis(100));
    lab.create("O", json!({"subjects": ["o"]}));
    for payload in ["a", "b", "c", "d", "e"] {
        lab.publish("o", payload);
    }
    lab.wait(secs(20));
    // The mirror asks at the first check that comes ten seconds after the last word, the source a little later; that
    // has to ask once more, since the origin is another.
    let asked = lab.requests();
    let mirror = connected.iter().find(|at| asked[0] - **at == secs(10)).expect("the mirror asked 10 s after it began");
    let source = connected.iter().find(|at| *at != mirror).expect("there are two");
    assert!(
        is_attempt(asked[1], *source, secs(10)) && is_attempt(asked[2], asked[1], secs(2)),
        "{connected:?} {asked:?}"
    );
    assert_eq!((lab.messages_of("S"), lab.messages_of("M")), (8, 5), "the mirror goes on behind what it has");
    let fourth = lab.api("STREAM.MSG.GET.M", json!({"seq": 4}));
    assert_eq!(fourth["message"]["data"], "ZA==", "the fourth of the new origin");
}

#[test]
fn a_full_stream_is_filled_once_there_is_room() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.create("S", json!({"sources": [{"name": "O"}], "max_msgs": 2, "discard": "new"}));
    lab.wait(millis(300));
    let connected = lab.requests()[0];
    for payload in ["1", "2", "3", "4"] {
        lab.publish("o", payload);
    }
    lab.wait(secs(3));
    assert!(is_attempt(lab.requests()[0], connected, secs(2)));
    let source = lab.info("S")["sources"][0].clone();
    assert_eq!((source["seq"].as_u64(), source["lag"].as_u64()), (Some(2), Some(0)));
    lab.api("STREAM.PURGE.S", json!({}));
    lab.wait(secs(3));
    let info = lab.info("S");
    assert_eq!((info["state"]["first_seq"].as_u64(), info["state"]["messages"].as_u64()), (Some(3), Some(2)));
    assert_eq!(info["sources"][0]["seq"], 4);
}

#[test]
fn a_full_mirror_loses_what_comes_and_goes_on_with_sequences_of_its_own() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.create("M", json!({"mirror": {"name": "O"}, "max_msgs": 2, "discard": "new"}));
    lab.wait(millis(300));
    for payload in ["1", "2", "3", "4", "5"] {
        lab.publish("o", payload);
        lab.wait(millis(100));
    }
    lab.api("STREAM.PURGE.M", json!({}));
    lab.publish("o", "6");
    let info = lab.info("M");
    assert_eq!((info["state"]["first_seq"].as_u64(), info["state"]["last_seq"].as_u64()), (Some(3), Some(3)));
    assert_eq!(lab.api("STREAM.MSG.GET.M", json!({"seq": 3}))["message"]["data"], "Ng==");
}

#[test]
fn a_message_that_is_too_large_stops_a_link_for_good() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.create("S", json!({"sources": [{"name": "O"}], "max_msg_size": 150}));
    lab.create("M", json!({"mirror": {"name": "O"}, "max_msg_size": 50}));
    lab.wait(millis(300));
    for payload in ["1", &"2".repeat(100), "3"] {
        lab.publish("o", payload);
    }
    lab.wait(secs(30));
    for name in ["S", "M"] {
        assert_eq!(lab.messages_of(name), 1, "{name}");
    }
    assert!(lab.requests().len() > 20, "both try every two seconds");
}

#[test]
fn a_work_queue_lets_go_of_what_was_sourced_after_the_next_heartbeat() {
    let mut lab = Lab::new();
    lab.create("W", json!({"subjects": ["w"], "retention": "workqueue"}));
    lab.create("S", json!({"sources": [{"name": "W"}]}));
    lab.wait(millis(300));
    let list = lab.api("CONSUMER.LIST.W", json!({}));
    let config = &list["consumers"][0]["config"];
    assert_eq!(
        (config["durable_name"].as_str(), config["ack_policy"].as_str()),
        (Some("JS_SRC_N6lXlrSF"), Some("flow_control"))
    );
    lab.publish("w", "1");
    assert_eq!((lab.messages_of("S"), lab.messages_of("W")), (1, 1));
    lab.seen.clear();
    lab.wait(millis(999));
    assert_eq!(lab.messages_of("W"), 1);
    lab.wait(millis(1));
    let ack = lab.take_seen("$JS.FC.W.JS_SRC_N6lXlrSF.");
    assert_eq!(ack[0].headers, "NATS/1.0\r\nNats-Last-Consumer: 1\r\nNats-Last-Stream: 1\r\n\r\n");
    assert_eq!(lab.messages_of("W"), 0);
    lab.delete("S");
    assert_eq!(lab.api("CONSUMER.NAMES.W", json!({}))["total"], 0, "the consumer goes with the stream that it feeds");
}

#[test]
fn a_named_consumer_that_appears_is_found_at_once() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.publish("o", "1");
    lab.create("S", json!({"sources": [{"name": "O", "consumer": {"name": "D", "deliver_subject": "d.D"}}]}));
    lab.wait(secs(9));
    let first = lab.take_seen("$JS.API.CONSUMER.");
    assert_eq!(first.len(), 1, "no answer within five seconds, and ten more to wait");
    assert_eq!(first[0].subject, "$JS.API.CONSUMER.RESET.O.D");
    let config = json!({"durable_name": "D", "ack_policy": "flow_control", "deliver_subject": "d.D"});
    lab.api("CONSUMER.DURABLE.CREATE.O.D", json!({"stream_name": "O", "config": config}));
    let appeared = lab.now.since(Timestamp::SIMULATION_START);
    lab.wait(secs(1));
    assert!(is_attempt(lab.requests()[0], appeared, Duration::ZERO));
    assert_eq!(lab.messages_of("S"), 1);
    let stored = lab.api("STREAM.MSG.GET.S", json!({"seq": 1}));
    let headers = stored["message"]["hdrs"].as_str().expect("has headers");
    // NATS/1.0, and Nats-Stream-Source: O:C=1vR9AhxX 1 > > o
    assert!(headers.starts_with("TkFUUy8xLjANCk5hdHMtU3RyZWFtLVNvdXJjZTogTzpDPTF2UjlBaHhYIDEgPiA+IG8g"), "{headers}");
}

#[test]
fn a_source_that_comes_back_goes_on_where_it_was() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.create("S", json!({"subjects": ["s"], "sources": [{"name": "O"}]}));
    lab.wait(millis(300));
    lab.publish("o", "1");
    lab.update("S", json!({"subjects": ["s"]}));
    let deletion = lab.take_seen("$JS.API.CONSUMER.DELETE.");
    assert_eq!(deletion[0].subject, "$JS.API.CONSUMER.DELETE.O.JS_SRC_N6lXlrSF");
    lab.publish("o", "2");
    lab.update("S", json!({"subjects": ["s"], "sources": [{"name": "O"}]}));
    let source = lab.info("S")["sources"][0].clone();
    assert_eq!((source["seq"].as_u64(), source["active"].as_i64()), (Some(1), Some(-1)));
    lab.wait(secs(1));
    assert_eq!(lab.messages_of("S"), 2);
    // Emptied in between, it goes on from the time of its last message.
    lab.update("S", json!({"subjects": ["s"]}));
    lab.api("STREAM.PURGE.S", json!({}));
    lab.wait(secs(1));
    lab.publish("o", "3");
    lab.seen.clear();
    lab.update("S", json!({"subjects": ["s"], "sources": [{"name": "O"}]}));
    lab.wait(secs(1));
    let request = lab.take_seen("$JS.API.CONSUMER.CREATE.").remove(0).json();
    assert_eq!(request["config"]["deliver_policy"], "by_start_time");
    assert_eq!(lab.messages_of("S"), 1);
}

#[test]
fn counters_of_several_streams_add_up() {
    let mut lab = Lab::new();
    let from = |name: &str| json!({"name": name, "subject_transforms": [{"src": ">", "dest": "t.>"}]});
    lab.create("A", json!({"subjects": ["a"], "allow_msg_counter": true}));
    lab.create("B", json!({"subjects": ["b"], "allow_msg_counter": true}));
    lab.create(
        "T",
        json!({
            "subjects": ["t.>"], "allow_msg_counter": true,
            "sources": [{"name": "A", "subject_transforms": [{"src": "a", "dest": "t.x"}]},
                        {"name": "B", "subject_transforms": [{"src": "b", "dest": "t.x"}]}],
        }),
    );
    lab.create("N", json!({"sources": [from("A")]}));
    lab.wait(millis(300));
    for (subject, increment) in [("a", "+5"), ("b", "-2"), ("t.x", "100"), ("a", "1")] {
        lab.publish_with(subject, &format!("Nats-Incr: {increment}\r\n"), "");
    }
    lab.api("STREAM.PURGE.A", json!({}));
    lab.publish_with("a", "Nats-Incr: 2\r\n", "");
    lab.seen.clear();
    lab.create("V", json!({"mirror": {"name": "T"}}));
    lab.wait(millis(300));
    let stored: Vec<(String, String)> =
        lab.take_seen("t.x").into_iter().map(|seen| (seen.payload, seen.headers)).collect();
    let totals: Vec<&str> = stored.iter().map(|(payload, _)| payload.as_str()).collect();
    assert_eq!(totals, ["5", "3", "103", "104", "100"].map(|total| format!("{{\"val\":\"{total}\"}}")));
    let own = "NATS/1.0\r\nNats-Incr: 100\r\nNats-Counter-Sources: {\"A\":{\"a\":\"5\"},\"B\":{\"b\":\"-2\"}}\r\n\r\n";
    assert_eq!(stored[2].1, own, "increments of clients carry on what is known of the sources");
    let last = &stored[4].1;
    assert!(last.starts_with("NATS/1.0\r\nNats-Incr: -4\r\nNats-Stream-Source: A 3 a t.x a "), "{last}");
    assert!(last.ends_with("\r\nNats-Counter-Sources: {\"A\":{\"a\":\"2\"},\"B\":{\"b\":\"-2\"}}\r\n\r\n"), "{last}");
    let plain = lab.api("STREAM.MSG.GET.N", json!({"last_by_subj": "t.a"}));
    assert_eq!(plain["message"]["data"], "eyJ2YWwiOiIyIn0=", "a stream that counts nothing takes it as it is");
}

#[test]
fn a_mirror_that_is_promoted_lets_go_of_its_origin() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"], "retention": "interest"}));
    lab.create("M", json!({"mirror": {"name": "O"}}));
    lab.wait(millis(300));
    lab.publish("o", "1");
    lab.update("M", json!({"subjects": ["m"]}));
    assert_eq!(lab.api("CONSUMER.NAMES.O", json!({}))["total"], 0);
    lab.publish("o", "2");
    lab.publish("m", "3");
    let info = lab.info("M");
    assert_eq!((info["state"]["last_seq"].as_u64(), info.get("mirror")), (Some(2), None));
    assert_eq!(info["config"]["duplicate_window"], 120_000_000_000_u64);
}

#[test]
fn a_mirror_answers_direct_gets_for_its_origin_once_it_has_caught_up() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"], "allow_direct": true}));
    lab.create("M", json!({"mirror": {"name": "O"}}));
    lab.wait(millis(300));
    assert_eq!(lab.server.account().streams_answering_direct("O").len(), 1, "nothing was mirrored yet");
    lab.publish("o", "1");
    assert_eq!(lab.server.account().streams_answering_direct("O").len(), 2);
    assert_eq!(lab.server.account().streams_answering_direct("M").len(), 0);
    lab.update("M", json!({"allow_direct": true}));
    assert_eq!(lab.server.account().streams_answering_direct("O").len(), 1);
    assert_eq!(lab.server.account().streams_answering_direct("M").len(), 1);
}

#[test]
fn a_link_that_was_cut_for_a_moment_goes_on() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.create("S", json!({"sources": [{"name": "O"}]}));
    lab.create("M", json!({"mirror": {"name": "O"}}));
    lab.wait(millis(300));
    for (stream, origin) in [("S", OriginRef::Source(0)), ("M", OriginRef::Mirror)] {
        lab.cut(stream, origin, true);
    }
    lab.publish("o", "1");
    lab.wait(secs(5));
    assert_eq!((lab.messages_of("S"), lab.messages_of("M")), (0, 0));
    lab.seen.clear();
    for (stream, origin) in [("S", OriginRef::Source(0)), ("M", OriginRef::Mirror)] {
        lab.cut(stream, origin, false);
    }
    assert_eq!((lab.messages_of("S"), lab.messages_of("M")), (1, 1));
    assert!(lab.requests().is_empty(), "the consumers are still there");
}

#[test]
fn a_link_that_is_cut_for_long_begins_anew() {
    // Who listens to all subjects would keep the consumer from moving to another.
    let mut lab = Lab::listening_to("$JS.API.>");
    lab.create("W", json!({"subjects": ["w"], "retention": "workqueue"}));
    lab.create("S", json!({"sources": [{"name": "W"}]}));
    lab.wait(millis(300));
    let connected = lab.requests()[0];
    lab.publish("w", "1");
    lab.wait(secs(2));
    lab.cut("S", OriginRef::Source(0), true);
    lab.publish("w", "2");
    lab.wait(secs(55));
    assert!(lab.requests().is_empty(), "what is sent is lost");
    assert_eq!((lab.messages_of("S"), lab.messages_of("W")), (1, 1), "the origin keeps what was not acked");
    let link = lab.server.account().stream_named("S").and_then(|stream| stream.link(OriginRef::Source(0)));
    let next =
        link.and_then(|link| link.next_attempt()).expect("one attempt failed").since(Timestamp::SIMULATION_START);
    // Silence is noticed at the check after next, an answer is awaited for 30 s, and ten seconds more go by.
    assert!((secs(60)..millis(60_400)).contains(&(next - connected)), "{connected:?} {next:?}");
    assert!(!lab.server.set_link_cut(lab.now, "S", OriginRef::Source(1), true), "there is no such source");
    lab.cut("S", OriginRef::Source(0), false);
    lab.wait(secs(1));
    assert_eq!(lab.messages_of("S"), 2);
    lab.wait(secs(1));
    assert_eq!(lab.messages_of("W"), 0);
}

#[test]
fn the_length_of_a_step_of_time_changes_nothing() {
    let mut lab = Lab::new();
    lab.create("O", json!({"subjects": ["o"]}));
    lab.create("S", json!({"sources": [{"name": "O"}, {"name": "P"}]}));
    lab.create("M", json!({"mirror": {"name": "S"}}));
    lab.publish("o", "1");
    let (mut once, mut often) = (lab.clone(), lab);
    once.wait(secs(100));
    for _ in 0..1_000 {
        often.wait(millis(100));
    }
    assert_eq!(once.server, often.server);
    assert_eq!(once.messages_of("M"), 1);
}

/// Streams whose consumers deliver to each other would pass a message round for ever.
#[test]
fn messages_in_circles_are_stopped() {
    let mut lab = Lab::listening_to("nobody");
    for (stream, subject, to) in [("A", "a", "b"), ("B", "b", "a")] {
        lab.create(stream, json!({"subjects": [subject], "max_msgs": 10}));
        let config = json!({"durable_name": "c", "deliver_subject": to, "ack_policy": "none"});
        let made = lab.api(&format!("CONSUMER.CREATE.{stream}.c"), json!({"stream_name": stream, "config": config}));
        assert_eq!(made.get("error"), None);
    }
    lab.server.watch();
    lab.publish("a", "1");
    let is_stop = |event: &Event| matches!(event, Event::WentInCircles { .. });
    assert_eq!(lab.server.take_events().iter().filter(|(_, event)| is_stop(event)).count(), 1);
    assert_eq!((lab.messages_of("A"), lab.messages_of("B")), (10, 10));
}
