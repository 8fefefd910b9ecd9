//! Workloads of the whole engine: protocol bytes in, protocol bytes out, as a client would send and get them.
//!
//! Only the server's part is timed. What the client does, reading what arrived and writing its acks, is not.

use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};

use super::{Bench, Inputs, PAYLOAD, Platform, Stopwatch, Value};

const START: Timestamp = Timestamp::SIMULATION_START;
/// Bytes in one frame of publishes.
const FRAME: usize = 64 * 1024;
const EXPLICIT: &str = r#""ack_policy":"explicit""#;
const FILTERED: &str = r#""ack_policy":"explicit","filter_subject":"orders.7.*""#;
const INBOX: &str = "_INBOX.c2VydmVyc2FyZWZ1bg";

/// A client on a server of its own.
struct Client {
    server: Server,
    conn: ConnId,
    now: Timestamp,
    received: Vec<u8>,
    watch: Stopwatch,
}

impl Client {
    fn new() -> Self {
        let mut server = Server::new(ServerConfig::default());
        let conn = server.connect(START);
        let mut client = Self { server, conn, now: START, received: Vec::new(), watch: Stopwatch::default() };
        client.send(&format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}}\r\n\
             SUB {INBOX}.* 1\r\n"
        ));
        client
    }

    fn input(&mut self, input: Input<'_>) {
        self.received.clear();
        self.server.handle(self.now, input);
        while let Some(output) = self.server.poll_output() {
            if let Output::Bytes { bytes, .. } = output {
                self.received.extend_from_slice(&bytes);
            }
        }
    }

    fn send(&mut self, bytes: &str) {
        self.input(Input::Bytes { conn: self.conn, bytes: bytes.as_bytes() });
    }

    /// As [`send`](Self::send), with the watch running.
    fn send_timed(&mut self, platform: &impl Platform, bytes: &[u8]) {
        self.watch.start(platform);
        self.input(Input::Bytes { conn: self.conn, bytes });
        self.watch.stop(platform);
    }

    fn request(&mut self, subject: &str, body: &str) {
        self.send(&request(subject, body));
        let answer = String::from_utf8_lossy(&self.received);
        assert!(!answer.contains("\"error\""), "{subject}: {answer}");
    }

    fn create_stream(&mut self, retention: &str) {
        let config = format!(r#"{{"name":"S","subjects":["orders.>"],"storage":"memory","retention":"{retention}"}}"#);
        self.request("$JS.API.STREAM.CREATE.S", &config);
    }

    fn create_consumer(&mut self, config: &str) {
        let config = format!(r#"{{"stream_name":"S","config":{{"durable_name":"C",{config}}}}}"#);
        self.request("$JS.API.CONSUMER.CREATE.S.C", &config);
    }

    fn publish_all(&mut self, platform: &impl Platform, n: u64) {
        for frame in frames(n) {
            self.send_timed(platform, &frame);
        }
    }

    /// The reply subjects of the deliveries that arrived.
    fn ack_subjects(&self) -> Vec<&[u8]> {
        let (mut rest, mut subjects) = (&self.received[..], Vec::new());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\r') {
            let line: Vec<&[u8]> = rest[..end].split(|byte| *byte == b' ').collect();
            let len = line.last().and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            let reply = line.get(3).filter(|reply| line[0] == b"MSG" && reply.starts_with(b"$JS.ACK."));
            subjects.extend(reply);
            rest = &rest[end + 2 + len.expect("a message has a size") + 2..];
        }
        subjects
    }
}

fn request(subject: &str, body: &str) -> String {
    format!("PUB {subject} {INBOX}.1 {}\r\n{body}\r\n", body.len())
}

/// `n` publishes that ask for an ack, on 10,000 subjects in turn, in frames.
fn frames(n: u64) -> Vec<Vec<u8>> {
    let payload = [b'x'; PAYLOAD];
    let mut frames = vec![Vec::new()];
    for i in 0..n {
        if frames.last().is_some_and(|frame: &Vec<u8>| frame.len() >= FRAME) {
            frames.push(Vec::new());
        }
        let Some(frame) = frames.last_mut() else { continue };
        let subject = format!("orders.{}.{}", i / 100 % 100, i % 100);
        frame.extend_from_slice(format!("PUB {subject} {INBOX}.{i} {PAYLOAD}\r\n").as_bytes());
        frame.extend_from_slice(&payload);
        frame.extend_from_slice(b"\r\n");
    }
    frames
}

/// A stream with `n` messages.
fn filled(platform: &impl Platform, retention: &str, n: u64) -> Client {
    let mut client = Client::new();
    client.create_stream(retention);
    client.publish_all(platform, n);
    client.watch = Stopwatch::default();
    client
}

fn publish_ack(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let n = inputs.n;
    let mut client = Client::new();
    client.create_stream("limits");
    client.publish_all(platform, n);
    (n, client.watch.value(n))
}

/// Each message in a call of its own, as a client sends that waits for every ack.
fn publish_one(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let n = inputs.n;
    let mut client = Client::new();
    client.create_stream("limits");
    let payload = "x".repeat(PAYLOAD);
    let n = n / 4;
    let messages: Vec<String> = (0..n)
        .map(|i| format!("PUB orders.{}.{} {INBOX}.{i} {PAYLOAD}\r\n{payload}\r\n", i / 100 % 100, i % 100))
        .collect();
    client.watch.start(platform);
    for message in &messages {
        client.send(message);
    }
    client.watch.stop(platform);
    (n, client.watch.value(n))
}

/// Takes every message in batches and acks it as `ack` says.
fn consume(
    platform: &impl Platform,
    inputs: &Inputs,
    retention: &str,
    config: &str,
    batch: u64,
    ack: Acks,
) -> (u64, Value) {
    let n = inputs.n;
    let mut client = filled(platform, retention, n);
    client.create_consumer(config);
    let pull = request("$JS.API.CONSUMER.MSG.NEXT.S.C", &format!(r#"{{"batch":{batch},"no_wait":true}}"#));
    let mut delivered = 0;
    loop {
        client.send_timed(platform, pull.as_bytes());
        let subjects = client.ack_subjects();
        if subjects.is_empty() {
            break;
        }
        delivered += subjects.len() as u64;
        let acked = match ack {
            Acks::Each => &subjects[..],
            Acks::Last => &subjects[subjects.len() - 1..],
            Acks::None => &[],
        };
        let acks: Vec<u8> = acked.iter().flat_map(|subject| [b"PUB ", *subject, b" 0\r\n\r\n"].concat()).collect();
        client.send_timed(platform, &acks);
    }
    let expected = if config == FILTERED { n / 100 } else { n };
    assert_eq!(delivered, expected, "{config}");
    (delivered, client.watch.value(delivered))
}

/// What the client acks of a batch.
#[derive(Clone, Copy)]
enum Acks {
    Each,
    Last,
    None,
}

/// An ordered consumer, as clients make it: push, without acks, with flow control and heartbeats.
fn consume_ordered(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let n = inputs.n;
    let mut client = filled(platform, "limits", n);
    client.send("SUB ordered.C 2\r\n");
    client.request(
        "$JS.API.CONSUMER.CREATE.S.C",
        r#"{"stream_name":"S","config":{"name":"C","ack_policy":"none","max_deliver":1,"mem_storage":true,
            "num_replicas":1,"deliver_subject":"ordered.C","flow_control":true,"idle_heartbeat":5000000000}}"#,
    );
    let mut delivered = 0;
    while delivered < n {
        delivered += client.ack_subjects().len() as u64;
        let flow = client.received.windows(7).position(|window| window == b"$JS.FC.").map(|at| {
            let subject = client.received[at..].split(|byte| *byte == b' ').next().unwrap_or_default();
            [b"PUB ", subject, b" 0\r\n\r\n"].concat()
        });
        match flow {
            Some(answer) => client.send_timed(platform, &answer),
            None => {
                let Some(deadline) = client.server.next_deadline() else { break };
                client.now = deadline.at;
                client.watch.start(platform);
                client.input(Input::Deadline);
                client.watch.stop(platform);
            }
        }
    }
    assert_eq!(delivered, n, "ordered");
    (delivered, client.watch.value(delivered))
}

fn nak_all<P: Platform>(client: &mut Client, platform: &P, naks: &[u8]) -> u64 {
    let mut again = 0;
    for frame in naks.chunks(FRAME) {
        client.send_timed(platform, frame);
        again += client.ack_subjects().len() as u64;
    }
    again
}

/// Delivers all messages once, lets `fail` fail them, and times until all were written a second time. `fail` gets the
/// naks of all messages and says how many were written again by it.
fn redeliver<P: Platform>(platform: &P, inputs: &Inputs, fail: fn(&mut Client, &P, &[u8]) -> u64) -> (u64, Value) {
    let n = inputs.n.min(100_000);
    let mut client = filled(platform, "limits", n);
    client.create_consumer(r#""ack_policy":"explicit","ack_wait":30000000000,"max_ack_pending":-1"#);
    let pull = format!(r#"{{"batch":{},"expires":3600000000000}}"#, n * 2);
    client.send(&request("$JS.API.CONSUMER.MSG.NEXT.S.C", &pull));
    let mut naks = Vec::new();
    let mut first = 0;
    while first < n {
        let subjects = client.ack_subjects();
        first += subjects.len() as u64;
        for subject in subjects {
            naks.extend_from_slice(&[b"PUB ", subject, b" 4\r\n-NAK\r\n"].concat());
        }
        if first < n {
            client.now = client.server.next_deadline().expect("the rest is due").at;
            client.input(Input::Deadline);
        }
    }
    let mut again = fail(&mut client, platform, &naks);
    while again < n {
        client.now = client.server.next_deadline().expect("the rest is due").at;
        client.watch.start(platform);
        client.input(Input::Deadline);
        client.watch.stop(platform);
        again += client.ack_subjects().len() as u64;
    }
    (n, client.watch.value(n))
}

/// One thousand consumers made by requests.
fn create_consumers(platform: &impl Platform, client: &mut Client, config: &str) -> (u64, Value) {
    const CONSUMERS: u64 = 1_000;
    let requests: Vec<String> = (0..CONSUMERS)
        .map(|i| {
            let config = format!(
                r#"{{"stream_name":"S","config":{{"durable_name":"C{i}","ack_policy":"explicit","filter_subject":"orders.{}.*"{config}}}}}"#,
                i % 100
            );
            request(&format!("$JS.API.CONSUMER.CREATE.S.C{i}.orders.{}.*", i % 100), &config)
        })
        .collect();
    client.watch = Stopwatch::default();
    for request in &requests {
        client.send_timed(platform, request.as_bytes());
    }
    (CONSUMERS, client.watch.value(CONSUMERS))
}

fn create_1000(platform: &impl Platform, _: &Inputs) -> (u64, Value) {
    let mut client = Client::new();
    client.create_stream("limits");
    create_consumers(platform, &mut client, "")
}

fn create_1000_mid(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let n = inputs.n;
    let mut client = filled(platform, "limits", n);
    let start = format!(r#","deliver_policy":"by_start_sequence","opt_start_seq":{}"#, n / 2);
    create_consumers(platform, &mut client, &start)
}

fn publish_1000_consumers(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let n = inputs.n;
    let mut client = Client::new();
    client.create_stream("limits");
    create_consumers(platform, &mut client, "");
    client.watch = Stopwatch::default();
    client.publish_all(platform, n);
    (n, client.watch.value(n))
}

pub fn benches<P: Platform>() -> Vec<Bench<P>> {
    vec![
        ("publish_ack_128_10k", publish_ack),
        ("publish_one", publish_one),
        ("publish_1000_consumers", publish_1000_consumers),
        ("consume_explicit_b500", |p, i| consume(p, i, "limits", EXPLICIT, 500, Acks::Each)),
        ("consume_all_b500", |p, i| consume(p, i, "limits", r#""ack_policy":"all""#, 500, Acks::Last)),
        ("consume_none_b500", |p, i| consume(p, i, "limits", r#""ack_policy":"none""#, 500, Acks::None)),
        ("consume_ordered", consume_ordered),
        ("consume_filter_1pct_b100", |p, i| consume(p, i, "limits", FILTERED, 100, Acks::Each)),
        ("workqueue_explicit_b500", |p, i| consume(p, i, "workqueue", EXPLICIT, 500, Acks::Each)),
        ("redeliver_timeout_100k", |p, i| redeliver(p, i, |_, _, _| 0)),
        ("redeliver_nak_100k", |p, i| redeliver(p, i, nak_all)),
        ("create_1000", create_1000),
        ("create_1000_mid", create_1000_mid),
    ]
}
