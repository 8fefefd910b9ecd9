//! Backups and restores through bytes: what comes back, how chunks flow, and what is bad.

use std::time::Duration;

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::stream::Stream;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};

/// A stream with two consumers, as nats-server 2.15.1 backed it up: message 3 of 6 is deleted, `C` was delivered three
/// messages, acked the second, and was delivered the first again.
const OF_A_REAL_SERVER: &[u8] = include_bytes!("archives/nats-server-2.15.1.bin");

/// A message as a client gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Message {
    subject: String,
    reply: String,
    headers: String,
    payload: Vec<u8>,
}

/// One client of a server, with the time that it sees.
struct Client {
    server: Server,
    now: Timestamp,
    conn: ConnId,
    said: Vec<u8>,
}

impl Client {
    fn new() -> Self {
        let mut server = Server::new(ServerConfig::default());
        let now = Timestamp::SIMULATION_START;
        let conn = server.connect(now);
        let mut client = Self { server, now, conn, said: Vec::new() };
        client.send(b"CONNECT {\"headers\":true,\"no_responders\":true,\"verbose\":false,\"pedantic\":false}\r\n");
        client.send(b"SUB reply 1\r\n");
        client.said.clear();
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.server.handle(self.now, Input::Bytes { conn: self.conn, bytes });
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(output) = self.server.poll_output() {
            if let Output::Bytes { bytes, .. } = output {
                self.said.extend(bytes);
            }
        }
    }

    fn publish(&mut self, subject: &str, reply: &str, headers: &str, payload: &[u8]) {
        let block = if headers.is_empty() { String::new() } else { format!("NATS/1.0\r\n{headers}\r\n\r\n") };
        let (verb, sizes) = match block.len() {
            0 => ("PUB", payload.len().to_string()),
            len => ("HPUB", format!("{len} {}", len + payload.len())),
        };
        self.send(&[format!("{verb} {subject} {reply} {sizes}\r\n{block}").as_bytes(), payload, b"\r\n"].concat());
    }

    /// The messages since the last call.
    fn messages(&mut self) -> Vec<Message> {
        let said = std::mem::take(&mut self.said);
        let (mut rest, mut messages) = (&said[..], Vec::new());
        while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
            let line = std::str::from_utf8(&rest[..end]).expect("control lines are text");
            let words: Vec<&str> = line.split_whitespace().collect();
            rest = &rest[end + 2..];
            let (has_headers, sizes) = match words[0] {
                "MSG" => (false, 1),
                "HMSG" => (true, 2),
                _ => continue,
            };
            let size = |back: usize| words[words.len() - back].parse::<usize>().expect("a size");
            let (headers_len, len) = (if has_headers { size(2) } else { 0 }, size(1));
            messages.push(Message {
                subject: words[1].to_owned(),
                reply: if words.len() == 4 + sizes { words[3].to_owned() } else { String::new() },
                headers: String::from_utf8_lossy(&rest[..headers_len]).into_owned(),
                payload: rest[headers_len..len].to_vec(),
            });
            rest = &rest[len + 2..];
        }
        messages
    }

    /// Sends a request and returns its answer; what else came is dropped.
    fn request(&mut self, subject: &str, payload: &[u8]) -> Message {
        self.said.clear();
        self.publish(subject, "reply", "", payload);
        self.messages().into_iter().find(|message| message.subject == "reply").unwrap_or_default()
    }

    /// A request to the API that has to succeed.
    fn api(&mut self, tail: &str, body: &str) -> serde_json::Value {
        let answer = self.request(&format!("$JS.API.{tail}"), body.as_bytes());
        let json: serde_json::Value = serde_json::from_slice(&answer.payload).expect("JSON");
        assert!(json.get("error").is_none(), "{tail}: {json}");
        json
    }

    /// Lets time pass, every deadline at its instant.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(deadline) = self.server.next_deadline().filter(|deadline| deadline.at <= until) {
            self.now = self.now.max(deadline.at);
            self.server.handle(self.now, Input::Deadline);
            self.listen();
        }
        self.now = until;
    }

    fn stream(&self, name: &str) -> Option<Stream> {
        self.server.account().stream_named(name).cloned()
    }

    /// Backs a stream up. Returns its configuration and the chunks.
    fn snapshot(&mut self, stream: &str, options: &str) -> (String, Vec<Vec<u8>>) {
        self.send(b"SUB backup 2\r\n");
        self.said.clear();
        let body = format!(r#"{{"deliver_subject":"backup"{options}}}"#);
        self.publish(&format!("$JS.API.STREAM.SNAPSHOT.{stream}"), "reply", "", body.as_bytes());
        let (mut config, mut chunks, mut has_end) = (String::new(), Vec::new(), false);
        while !has_end {
            let messages = self.messages();
            assert!(!messages.is_empty(), "the backup stands still");
            for message in messages {
                if message.subject == "reply" {
                    let json: serde_json::Value = serde_json::from_slice(&message.payload).expect("JSON");
                    config = json["config"].to_string();
                } else if message.payload.is_empty() {
                    has_end = true;
                    let is_long = chunks.len() > 1;
                    assert_eq!(message.headers, if is_long { "NATS/1.0 204\r\n\r\n" } else { "" });
                } else {
                    chunks.push(message.payload);
                    if !message.reply.is_empty() {
                        self.publish(&message.reply, "", "", b"");
                    }
                }
            }
        }
        self.send(b"UNSUB 2\r\n");
        (config, chunks)
    }

    /// Begins a restore. Returns where its chunks go.
    fn begin_restore(&mut self, config: &str) -> String {
        let name = serde_json::from_str::<serde_json::Value>(config).expect("JSON")["name"].clone();
        let name = name.as_str().expect("a name");
        let answer = self.api(&format!("STREAM.RESTORE.{name}"), &format!(r#"{{"config":{config},"state":{{}}}}"#));
        answer["deliver_subject"].as_str().expect("a subject").to_owned()
    }

    /// Restores a stream and returns the last answer.
    fn restore<C: AsRef<[u8]>>(&mut self, config: &str, chunks: &[C]) -> serde_json::Value {
        let subject = self.begin_restore(config);
        for chunk in chunks {
            let answer = self.request(&subject, chunk.as_ref());
            assert_eq!(answer, Message { subject: "reply".to_owned(), ..Message::default() });
        }
        let answer = self.request(&subject, b"");
        serde_json::from_slice(&answer.payload).expect("JSON")
    }
}

/// A stream with a hole at each end and one within, messages of all shapes, and consumers that are half way.
fn client_with_stream() -> Client {
    let mut client = Client::new();
    client.api(
        "STREAM.CREATE.S",
        r#"{"name":"S","subjects":["s.>"],"storage":"memory","allow_msg_ttl":true,"metadata":{"team":"x"}}"#,
    );
    let mut rng = Rng::new(1);
    for number in 0..200 {
        let headers = [("", ""), ("A", "b"), ("Nats-TTL", "3600"), ("Nats-TTL", "never")][number % 4];
        let headers = if headers.0.is_empty() { String::new() } else { format!("{}: {}", headers.0, headers.1) };
        let payload: Vec<u8> =
            (0..rng.below(400)).map(|_| rng.below(if number % 3 == 0 { 256 } else { 4 }) as u8).collect();
        client.publish(&format!("s.{}", number % 7), "reply", &headers, &payload);
        client.wait(Duration::from_millis(7));
    }
    for seq in [1, 2, 90, 91, 150] {
        client.api("STREAM.MSG.DELETE.S", &format!(r#"{{"seq":{seq}}}"#));
    }
    for (name, config) in [
        ("c", r#""durable_name":"c","ack_policy":"explicit","ack_wait":20000000000,"max_ack_pending":10"#),
        ("e", r#""name":"e","ack_policy":"all","filter_subjects":["s.1","s.3"],"inactive_threshold":100000000000"#),
        ("p", r#""durable_name":"p","deliver_subject":"pushed","ack_policy":"none","deliver_policy":"last""#),
    ] {
        let body = format!(r#"{{"stream_name":"S","config":{{{config}}}}}"#);
        client.api(&format!("CONSUMER.CREATE.S.{name}"), &body);
    }
    client.said.clear();
    client.send(b"SUB pulled 3\r\n");
    client.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", "pulled", "", b"10");
    client.publish("$JS.API.CONSUMER.MSG.NEXT.S.e", "pulled", "", b"5");
    let delivered = client.messages();
    for (at, body) in [(0, "+ACK"), (3, "+ACK"), (4, "-NAK"), (12, "+ACK")] {
        client.publish(&delivered[at].reply, "", "", body.as_bytes());
    }
    client.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", "pulled", "", b"1");
    client.send(b"UNSUB 3\r\n");
    client.wait(Duration::from_secs(5));
    client
}

/// What CONSUMER.LIST says, without what a restore does not bring back.
fn consumers(client: &mut Client) -> serde_json::Value {
    let mut list = client.api("CONSUMER.LIST.S", "")["consumers"].clone();
    for consumer in list.as_array_mut().expect("a list") {
        let consumer = consumer.as_object_mut().expect("an object");
        consumer.remove("created");
        consumer.remove("ts");
        for floor in ["delivered", "ack_floor"] {
            consumer[floor].as_object_mut().expect("an object").remove("last_active");
        }
    }
    list
}

#[test]
fn all_of_a_stream_comes_back() {
    for options in ["", r#","chunk_size":1024,"window_size":1024"#, r#","chunk_size":5000,"window_size":20000"#] {
        let mut client = client_with_stream();
        let (before, consumers_before) = (client.stream("S").expect("was made"), consumers(&mut client));
        let (config, chunks) = client.snapshot("S", options);
        client.api("STREAM.DELETE.S", "");
        client.wait(Duration::from_secs(1));
        let answer = client.restore(&config, &chunks);
        assert_eq!(answer["state"]["messages"], 195, "{options}: {answer}");
        let after = client.stream("S").expect("was restored");
        assert!(after.store() == before.store(), "{options}: messages, sequences, times");
        assert_eq!(after.config, before.config);
        assert!(after.ttls().iter().eq(before.ttls().iter()), "{options}: TTLs");
        assert_eq!(consumers(&mut client), consumers_before, "{options}");
        client.publish("s.1", "reply", "", b"next");
        assert!(client.messages().iter().any(|message| message.payload == br#"{"stream":"S","seq":201}"#));
    }
}

#[test]
fn what_was_not_acked_comes_again_an_ack_wait_after_it_was_stored() {
    let mut client = client_with_stream();
    let (config, chunks) = client.snapshot("S", "");
    client.api("STREAM.DELETE.S", "");
    client.restore(&config, &chunks);
    client.send(b"SUB pulled 3\r\n");
    client.messages();
    client.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", "pulled", "", br#"{"batch":20,"expires":60000000000}"#);
    assert_eq!(client.messages().len(), 2, "8 of 10 are pending");
    // Their ack wait of 20 s counts from when they were stored, one each 7 ms: number 4 was 6,379 ms ago.
    client.wait(Duration::from_millis(13_620));
    assert_eq!(client.messages(), []);
    client.wait(Duration::from_millis(1));
    let mut again = client.messages();
    assert_eq!(again.len(), 1);
    client.wait(Duration::from_millis(7 * 8));
    again.extend(client.messages());
    let again: Vec<String> = again.into_iter().map(|message| message.reply).collect();
    let delivered: Vec<String> =
        again.iter().map(|reply| reply.split('.').skip(4).take(2).collect::<Vec<_>>().join(" of ")).collect();
    // 3 and 6 were acked, and 7 was delivered twice already.
    assert_eq!(delivered, ["2 of 4", "2 of 5", "3 of 7", "2 of 8", "2 of 9", "2 of 10", "2 of 11", "2 of 12"]);
}

#[test]
fn consumers_stay_behind_if_asked() {
    let mut client = client_with_stream();
    let (config, chunks) = client.snapshot("S", r#","no_consumers":true"#);
    client.api("STREAM.DELETE.S", "");
    assert_eq!(client.restore(&config, &chunks)["state"]["consumer_count"], 0);
}

#[test]
fn a_backup_of_a_real_server_is_restored() {
    let mut client = Client::new();
    let config = r#"{"name":"REAL","subjects":["real.>"],"storage":"memory"}"#;
    let answer = client.restore(config, &[OF_A_REAL_SERVER]);
    let state = &answer["state"];
    assert_eq!((&state["messages"], &state["bytes"]), (&5.into(), &604.into()), "{answer}");
    assert_eq!((&state["first_ts"], &state["last_seq"]), (&"2026-11-25T14:50:33.978365466Z".into(), &6.into()));
    let info = client.api("CONSUMER.INFO.REAL.C", "");
    assert_eq!(info["delivered"], serde_json::json!({"consumer_seq": 4, "stream_seq": 4}));
    let numbers = ["num_ack_pending", "num_redelivered", "num_pending"].map(|name| info[name].as_u64());
    assert_eq!(numbers, [Some(2), Some(1), Some(2)]);
    let stream = client.stream("REAL").expect("was restored");
    let message = stream.store().get(2).expect("was kept");
    assert_eq!((message.subject, message.headers), (&b"real.1"[..], &b"NATS/1.0\r\nN: v1\r\n\r\n"[..]));
    assert_eq!(message.payload, ["abcdefgh".repeat(40), "1".to_owned()].concat().as_bytes());
}

/// A backup that begins with these options, of a stream that fills many chunks; what came of it.
fn begin_backup(subscription: &str, options: &str) -> (Client, Vec<Message>) {
    let mut client = client_with_stream();
    client.send(b"SUB $JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.S 8\r\n");
    client.send(format!("SUB {subscription} 9\r\n").as_bytes());
    client.said.clear();
    let body = format!(r#"{{"deliver_subject":"to.me","chunk_size":1024{options}}}"#);
    client.publish("$JS.API.STREAM.SNAPSHOT.S", "", "", body.as_bytes());
    let messages = client.messages();
    (client, messages)
}

fn statuses(messages: &[Message]) -> Vec<&str> {
    let status = |message: &Message| message.payload.is_empty().then(|| message.headers.trim_end().len());
    messages.iter().filter_map(|message| Some(&message.headers[..status(message)?])).collect()
}

#[test]
fn a_window_of_chunks_waits_for_acks_and_no_more_than_5_seconds() {
    let (mut client, chunks) = begin_backup("to.me", r#","window_size":3100"#);
    let token = chunks[0].reply.split('.').nth(4).expect("a token").to_owned();
    let replies: Vec<&str> = chunks.iter().map(|chunk| chunk.reply.as_str()).collect();
    let expected: Vec<String> = (1..=3).map(|index| format!("$JS.SNAPSHOT.ACK.S.{token}.1024.{index}")).collect();
    assert_eq!(replies, expected);
    client.wait(Duration::from_secs(4));
    // Any ack makes room for a chunk, and the wait begins anew.
    client.publish(&format!("$JS.SNAPSHOT.ACK.S.{token}.whatever"), "", "", b"");
    assert_eq!(client.messages().len(), 1);
    client.wait(Duration::from_millis(4_999));
    assert_eq!(client.messages(), []);
    client.wait(Duration::from_millis(1));
    let messages = client.messages();
    assert_eq!(statuses(&messages), ["NATS/1.0 408 No Flow Response"]);
    assert!(String::from_utf8_lossy(&messages[1].payload).contains(r#""error":"no flow response""#));
    client.publish(&chunks[1].reply, "reply", "", b"");
    assert_eq!(client.messages()[0].headers, format!("NATS/1.0 503\r\nNats-Subject: {}\r\n\r\n", chunks[1].reply));
}

#[test]
fn a_backup_ends_when_its_receiver_leaves() {
    let (mut client, _) = begin_backup("to.me", r#","window_size":1024"#);
    client.send(b"SUB to.> 10\r\nUNSUB 9\r\n");
    let messages = client.messages();
    assert_eq!(statuses(&messages), ["NATS/1.0 408 No Interest"]);
    assert!(String::from_utf8_lossy(&messages[1].payload).contains(r#""error":"no interest""#));
}

#[test]
fn a_receiver_of_more_subjects_waits_for_2_seconds() {
    let (mut client, messages) = begin_backup("to.*", r#","window_size":1024"#);
    assert_eq!(messages, []);
    client.wait(Duration::from_millis(1_999));
    assert_eq!(client.messages(), []);
    client.wait(Duration::from_millis(1));
    assert_eq!(client.messages().len(), 1);
    // One that comes too late is taken for one that leaves.
    client.send(b"SUB to.me 10\r\n");
    assert_eq!(statuses(&client.messages())[0], "NATS/1.0 408 No Interest");

    let (mut client, _) = begin_backup("to.*", r#","window_size":1024"#);
    client.send(b"SUB to.me 10\r\n");
    assert_eq!(client.messages().len(), 2, "one chunk, to both");
}

#[test]
fn a_backup_shows_one_moment() {
    let (mut client, mut messages) = begin_backup("to.me", r#","window_size":1024"#);
    let before = client.stream("S").expect("was made");
    client.publish("s.new", "", "", b"x");
    client.api("STREAM.PURGE.S", r#"{"keep":5}"#);
    let mut chunks = Vec::new();
    while let Some(chunk) = messages.iter().find(|message| message.subject == "to.me" && !message.payload.is_empty()) {
        chunks.push(chunk.payload.clone());
        if chunk.reply.is_empty() {
            break;
        }
        client.publish(&chunk.reply.clone(), "", "", b"");
        messages = client.messages();
    }
    client.api("STREAM.DELETE.S", "");
    let answer = client.restore(r#"{"name":"S","subjects":["s.>"],"storage":"memory","allow_msg_ttl":true}"#, &chunks);
    assert_eq!(answer["state"]["messages"], 195);
    assert!(client.stream("S").expect("was restored").store() == before.store());
}

#[test]
fn a_restore_is_given_up_after_5_silent_seconds() {
    let mut client = Client::new();
    let subject = client.begin_restore(r#"{"name":"REAL","subjects":["real.>"],"storage":"memory"}"#);
    client.wait(Duration::from_millis(4_999));
    assert_eq!(client.request(&subject, OF_A_REAL_SERVER).headers, "");
    client.wait(Duration::from_millis(4_999));
    assert_eq!(client.request(&subject, b"what follows is passed over").headers, "");
    client.wait(Duration::from_secs(5));
    let expected = format!("NATS/1.0 503\r\nNats-Subject: {subject}\r\n\r\n");
    assert_eq!(client.request(&subject, b"").headers, expected);
    assert_eq!(client.stream("REAL").expect("stays as far as it came").store().messages(), 5);
}

#[test]
fn time_begins_for_consumers_when_their_restore_is_over() {
    let mut client = Client::new();
    let config = r#"{"name":"S","subjects":["s.>"],"storage":"memory"}"#;
    client.api("STREAM.CREATE.S", config);
    let consumer = |name: &str, more: &str| {
        format!(r#"{{"stream_name":"S","config":{{"name":"{name}","ack_policy":"explicit",{more}}}}}"#)
    };
    client.api("CONSUMER.CREATE.S.pull", &consumer("pull", r#""inactive_threshold":5000000000"#));
    client.send(b"SUB to.push 9\r\n");
    client
        .api("CONSUMER.CREATE.S.push", &consumer("push", r#""deliver_subject":"to.push","idle_heartbeat":5000000000"#));
    let (_, chunks) = client.snapshot("S", "");
    client.api("STREAM.DELETE.S", "");

    let subject = client.begin_restore(config);
    client.request(&subject, &chunks.concat());
    client.wait(Duration::from_secs(3));
    client.request(&subject, b"what follows is passed over");
    client.wait(Duration::from_secs(3));
    client.request(&subject, b"");
    client.messages();
    client.wait(Duration::from_millis(4_999));
    assert_eq!(client.stream("S").expect("was restored").consumers().count(), 2);
    assert_eq!(client.messages(), []);
    client.wait(Duration::from_secs(2));
    assert_eq!(client.stream("S").expect("was restored").consumers().count(), 1);
    assert!(client.messages()[0].headers.contains("Idle Heartbeat"));
}

#[test]
fn a_chunk_without_reply_ends_a_restore() {
    let mut client = Client::new();
    let subject = client.begin_restore(r#"{"name":"REAL","subjects":["real.>"],"storage":"memory"}"#);
    client.request(&subject, OF_A_REAL_SERVER);
    client.send(b"SUB > 8\r\n");
    client.publish(&subject, "", "", b"more");
    let messages = client.messages();
    client.send(b"UNSUB 8\r\n");
    // The chunk, that the stream was made, and that the restore is over; no answer.
    assert_eq!(messages.len(), 3, "{messages:?}");
    let advisory = String::from_utf8(messages[2].payload.clone()).expect("JSON is text");
    assert!(advisory.contains("restore_complete") && advisory.contains(r#""bytes":680,"#), "{advisory}");
    assert!(client.request(&subject, b"").headers.starts_with("NATS/1.0 503"));
    assert_eq!(client.stream("REAL").expect("stays as far as it came").store().messages(), 5);
}

#[test]
fn a_cut_archive_leaves_what_came_before() {
    let mut client = client_with_stream();
    // More than one block of an archive holds.
    let mut rng = Rng::new(2);
    for _ in 0..3 {
        let payload: Vec<u8> = (0..50_000).map(|_| rng.below(256) as u8).collect();
        client.publish("s.large", "", "", &payload);
    }
    let (messages, consumers_before) =
        (client.stream("S").expect("was made").store().messages(), consumers(&mut client));
    let (config, chunks) = client.snapshot("S", r#","chunk_size":1024"#);
    client.api("STREAM.DELETE.S", "");
    let answer = client.restore(&config, &chunks[..chunks.len() - 1]);
    assert_eq!(answer["error"]["err_code"], 10062, "{answer}");
    let left = client.stream("S").expect("stays as far as it came").store().messages();
    assert!((1..messages).contains(&left), "{left} of {messages}");
    let count = |consumers: &serde_json::Value| consumers.as_array().expect("a list").len();
    assert_eq!(count(&consumers(&mut client)), count(&consumers_before));
}

/// All of this archive is one block, so nothing is read of a bad one.
#[test]
fn bad_archives_leave_nothing_behind() {
    let config = r#"{"name":"REAL","subjects":["real.>"],"storage":"memory"}"#;
    let (mut rng, mut refused) = (Rng::new(5), 0);
    for case in 0..600 {
        let mut client = Client::new();
        let mut archive = OF_A_REAL_SERVER.to_vec();
        if case < 300 {
            archive.truncate(rng.below(archive.len() as u64) as usize);
        } else {
            for _ in 0..=rng.below(3) {
                let at = rng.below(archive.len() as u64) as usize;
                archive[at] = rng.below(256) as u8;
            }
        }
        let pieces: Vec<&[u8]> = archive.chunks(1 + rng.below(300) as usize).collect();
        let answer = client.restore(config, &pieces);
        if let Some(error) = answer.get("error") {
            refused += 1;
            assert_eq!(error["err_code"], 10062, "case {case}: {error}");
            assert_eq!(client.server.account().len(), 0, "case {case}");
            assert_eq!(client.server.next_deadline(), None, "case {case}");
        }
    }
    assert!(refused > 590, "{refused}");
}

#[test]
fn what_the_account_does_not_allow_is_not_restored() {
    let mut client = Client::new();
    let config = r#"{"name":"REAL","subjects":["real.>"],"storage":"memory"}"#;
    let error = |answer: serde_json::Value| answer["error"]["description"].as_str().unwrap_or("none").to_owned();

    let subject = client.begin_restore(config);
    client.api("STREAM.CREATE.REAL", config);
    client.request(&subject, OF_A_REAL_SERVER);
    let answer = serde_json::from_slice(&client.request(&subject, b"").payload).expect("JSON");
    assert_eq!(error(answer), "stream name already in use, cannot restore");
    client.api("STREAM.DELETE.REAL", "");

    client.api("STREAM.CREATE.OTHER", r#"{"name":"OTHER","subjects":["real.5"],"storage":"memory"}"#);
    assert_eq!(
        error(client.restore(config, &[OF_A_REAL_SERVER])),
        "restore failed: error adding stream: subjects overlap with an existing stream (10065)"
    );
    client.api("STREAM.DELETE.OTHER", "");

    let small = r#"{"name":"REAL","subjects":["real.>"],"storage":"memory","max_msg_size":100}"#;
    assert_eq!(
        error(client.restore(small, &[OF_A_REAL_SERVER])),
        "restore failed: message sequence 2 exceeds maximum message size"
    );

    let mut server = ServerConfig::default();
    server.jetstream.as_mut().expect("is on").limits.max_memory = Some(600);
    client.server = Server::new(server);
    client.conn = client.server.connect(client.now);
    client.send(b"SUB reply 1\r\n");
    assert_eq!(error(client.restore(config, &[OF_A_REAL_SERVER])), "insufficient memory resources available");
    assert_eq!(client.server.account().len(), 0);
}

#[test]
fn limits_of_the_new_configuration_hold() {
    let mut client = Client::new();
    let config = r#"{"name":"REAL","subjects":["real.>"],"storage":"memory","max_msgs":3,"max_msgs_per_subject":2}"#;
    let state = client.restore(config, &[OF_A_REAL_SERVER])["state"].clone();
    assert_eq!((&state["messages"], &state["first_seq"], &state["last_seq"]), (&3.into(), &4.into(), &6.into()));
}

/// The scenario `restore-trims-pending` cannot ask for this floor: two messages go at once here, and the real server works
/// on each in a goroutine of its own.
#[test]
fn the_floor_follows_what_a_restore_trims() {
    let mut client = Client::new();
    client.api("STREAM.CREATE.S", r#"{"name":"S","subjects":["s.>"],"storage":"memory"}"#);
    for subject in ["s.c", "s.b", "s.a", "s.a"] {
        client.publish(subject, "", "", b"");
    }
    client.api("CONSUMER.CREATE.S.c", r#"{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit"}}"#);
    client.send(b"SUB pulled 3\r\n");
    client.messages();
    client.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", "pulled", "", b"3");
    let delivered = client.messages();
    assert_eq!(delivered.len(), 3);
    client.publish(&delivered[1].reply, "", "", b"+ACK");
    let (config, chunks) = client.snapshot("S", "");
    client.api("STREAM.DELETE.S", "");
    client.restore(&config.replace(r#""max_msgs":-1"#, r#""max_msgs":2"#), &chunks);
    let info = client.api("CONSUMER.INFO.S.c", "");
    assert_eq!(info["ack_floor"]["stream_seq"], 1, "{info}");
    assert_eq!((&info["num_ack_pending"], &info["num_pending"]), (&1.into(), &1.into()), "{info}");
}
