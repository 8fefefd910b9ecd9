//! The same operations in one frame, and each in a frame of its own; of a client that has its publishes looked at closely,
//! and of one that has not; with another who listens to the same, and alone. What clients get is the same. Plain operations
//! in a row are handled in a way of their own, and so are messages to a client that alone gets them where nothing can come of
//! it: neither may show.
//!
//! `SEED=7 cargo test --test frames` repeats one seed.

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};
use std::time::Duration;

const SEEDS: u64 = 3_000;
const FRAMES: usize = 6;
const OPERATIONS: u64 = 30;

/// A server with two clients: one that publishes and works, and one that sometimes listens.
struct Arm {
    server: Server,
    now: Timestamp,
    conns: [ConnId; 2],
    got: [Vec<u8>; 2],
}

impl Arm {
    fn new(seed: u64) -> Self {
        let mut server = Server::new(ServerConfig { seed, ..ServerConfig::default() });
        let now = Timestamp::SIMULATION_START;
        let conns = [server.connect(now), server.connect(now)];
        Self { server, now, conns, got: [Vec::new(), Vec::new()] }
    }

    fn send(&mut self, client: usize, bytes: &[u8]) {
        self.server.handle(self.now, Input::Bytes { conn: self.conns[client], bytes });
        self.listen();
        self.happen();
    }

    /// Lets everything happen that is due.
    fn happen(&mut self) {
        while self.server.next_deadline().is_some_and(|deadline| deadline.at <= self.now) {
            self.server.handle(self.now, Input::Deadline);
            self.listen();
        }
    }

    fn listen(&mut self) {
        while let Some(output) = self.server.poll_output() {
            let (Output::Bytes { conn, .. } | Output::Closed { conn, .. }) = &output;
            let client = usize::from(*conn == self.conns[1]);
            match output {
                Output::Bytes { bytes, .. } => self.got[client].extend_from_slice(&bytes),
                Output::Closed { .. } => self.got[client].extend_from_slice(b"closed"),
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.server.next_deadline().filter(|deadline| deadline.at <= end) {
            self.now = self.now.max(deadline.at);
            self.server.handle(self.now, Input::Deadline);
            self.listen();
        }
        self.now = end;
    }
}

fn publish(subject: &str, reply: &str, headers: &str, payload: &str) -> String {
    if headers.is_empty() {
        return format!("PUB {subject} {reply} {}\r\n{payload}\r\n", payload.len()).replace("  ", " ");
    }
    let block = format!("NATS/1.0\r\n{headers}\r\n\r\n");
    let sizes = format!("{} {}", block.len(), block.len() + payload.len());
    format!("HPUB {subject} {reply} {sizes}\r\n{block}{payload}\r\n").replace("  ", " ")
}

/// One operation of a client.
fn operation(rng: &mut Rng) -> (usize, String) {
    let one_of = |rng: &mut Rng, texts: &[&str]| texts[rng.below(texts.len() as u64) as usize].to_owned();
    let reply = |rng: &mut Rng| match rng.below(12) {
        0..4 => String::new(),
        4 => one_of(rng, &["_R_.x", "$JS.ACK.x", "s.1", "nobody"]),
        5 => format!("j.{}", rng.below(3)),
        _ => format!("i.{}", rng.below(50)),
    };
    let subject = |rng: &mut Rng| match rng.below(8) {
        0 => one_of(
            rng,
            &["t.a", "u.a", "nobody", "i.x", "$NRG.x", "_GR_.x", "$KV.a", "$JS.API.STREAM.NAMES", "$SYS.REQ.USER.INFO"],
        ),
        1 => format!("s.b.{}", rng.below(3)),
        _ => format!("s.{}", rng.below(4)),
    };
    let by_worker = match rng.below(24) {
        0..10 => {
            let (subject, reply) = (subject(rng), reply(rng));
            publish(&subject, &reply, "", &"x".repeat(rng.below(70) as usize))
        }
        10 => {
            let headers =
                one_of(rng, &["Nats-Msg-Id: 1", "Nats-Rollup: sub", "Nats-Expected-Last-Sequence: 3", "A: b"]);
            let (subject, reply) = (subject(rng), reply(rng));
            publish(&subject, &reply, &headers, "h")
        }
        11..17 => {
            let (delivered, seq) = (1 + rng.below(2), 1 + rng.below(40));
            let consumer = one_of(rng, &["S.C", "S.C", "S.C", "S.P", "S.gone", "T.C"]);
            let body = one_of(rng, &["", "+ACK", "+ACK", "-NAK", "+WPI", "+TERM", "+NXT", "-NAK {\"delay\":1000000}"]);
            let reply = if rng.below(4) == 0 { format!("i.{}", rng.below(9)) } else { String::new() };
            publish(&format!("$JS.ACK.{consumer}.{delivered}.{seq}.{seq}.1767225600000000000.{seq}"), &reply, "", &body)
        }
        17..19 => {
            let body = one_of(rng, &["3", r#"{"batch":9,"no_wait":true}"#, r#"{"batch":5,"expires":2000000000}"#]);
            publish("$JS.API.CONSUMER.MSG.NEXT.S.C", &format!("i.{}", rng.below(5)), "", &body)
        }
        19 => publish(&format!("$JS.API.{}", one_of(rng, &["STREAM.INFO.S", "CONSUMER.INFO.S.C"])), "i.1", "", ""),
        20 => publish("$JS.API.STREAM.PURGE.S", "i.1", "", r#"{"keep":2}"#),
        21 => one_of(rng, &["PING\r\n", "PUB  s.1  2\r\nab\r\n", "pub s.1\t0\r\n\r\n", "UNSUB 9\r\n"]),
        22 => one_of(
            rng,
            &["SUB j.> 9\r\nUNSUB 9 4\r\n", "SUB j.1 9\r\n", "SUB i.> g 9\r\n", "SUB s.1 9\r\n", "SUB d.> 9\r\n"],
        ),
        _ => {
            let listens =
                ["SUB s.> 1\r\n", "SUB $JS.ACK.> 1\r\n", "SUB $JS.EVENT.> 1\r\n", "UNSUB 1\r\n", "UNSUB 1\r\n"];
            return (1, one_of(rng, &listens));
        }
    };
    (0, by_worker)
}

/// What comes first: who listens, and streams and consumers of some kind.
fn beginning(rng: &mut Rng) -> Vec<String> {
    let request = |api: &str, body: &str| publish(&format!("$JS.API.{api}"), "i.0", "", body);
    let stream = [
        r#""retention":"limits""#,
        r#""retention":"workqueue""#,
        r#""retention":"interest""#,
        r#""max_msgs_per_subject":2"#,
        r#""max_msgs":5,"discard":"new""#,
        r#""republish":{"src":">","dest":"t.r"}"#,
    ][rng.below(6) as usize];
    let push = r#""deliver_subject":"d.1","flow_control":true,"idle_heartbeat":1000000000"#;
    let mut all = vec![
        request("STREAM.CREATE.S", &format!(r#"{{"name":"S","subjects":["s.>"],"storage":"memory",{stream}}}"#)),
        request(
            "STREAM.CREATE.T",
            r#"{"name":"T","subjects":["t.>","_GR_.>","$KV.>"],"storage":"memory","sources":[{"name":"S"}]}"#,
        ),
        request(
            "CONSUMER.CREATE.S.C",
            r#"{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit","ack_wait":500000000}}"#,
        ),
    ];
    if rng.below(2) == 0 && !stream.contains("workqueue") {
        let config = format!(r#"{{"stream_name":"S","config":{{"durable_name":"P","ack_policy":"all",{push}}}}}"#);
        all.push(request("CONSUMER.CREATE.S.P", &config));
    }
    all
}

/// How operations come.
#[derive(Clone, Copy)]
struct Way {
    /// In a frame each.
    apart: bool,
    /// The second client listens to everything that the first one gets.
    overheard: bool,
    /// Publishes are looked at closely, which changes nothing about those that are in order.
    pedantic: bool,
}

/// What each of two clients gets, and the server at the end.
fn run(seed: u64, Way { apart, overheard, pedantic }: Way) -> ([Vec<u8>; 2], Server) {
    let (mut rng, mut arm) = (Rng::new(seed), Arm::new(seed));
    let options = format!(r#"{{"headers":true,"no_responders":true,"verbose":false,"pedantic":{pedantic}}}"#);
    let hello = format!("CONNECT {options}\r\n");
    arm.send(0, format!("{hello}SUB i.> 5\r\nSUB d.1 66\r\n").as_bytes());
    arm.send(1, hello.as_bytes());
    if overheard {
        arm.send(1, b"SUB i.> heard\r\nSUB j.> heard2\r\nSUB d.> heard3\r\n");
    }
    for request in beginning(&mut rng) {
        arm.send(0, request.as_bytes());
    }
    for _ in 0..FRAMES {
        let mut frame: Option<(usize, Vec<u8>)> = None;
        for _ in 0..OPERATIONS {
            let (client, bytes) = operation(&mut rng);
            let goes_on = frame.as_ref().is_some_and(|(last, _)| *last == client && !apart);
            if let Some((client, bytes)) = frame.take_if(|_| !goes_on) {
                arm.send(client, &bytes);
            }
            frame.get_or_insert((client, Vec::new())).1.extend_from_slice(bytes.as_bytes());
        }
        if let Some((client, bytes)) = frame {
            arm.send(client, &bytes);
        }
        arm.wait(Duration::from_millis(rng.below(700)));
    }
    (arm.got, arm.server)
}

/// What the second client got for itself.
fn without_overheard(got: &[u8]) -> Vec<u8> {
    let (mut own, mut rest) = (Vec::new(), got);
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size: usize = line.split(' ').next_back().and_then(|size| size.parse().ok()).unwrap_or(0);
        let is_message = line.starts_with("MSG ") || line.starts_with("HMSG ");
        let len = if is_message { end + 2 + size + 2 } else { end + 2 };
        if !line.contains(" heard") {
            own.extend_from_slice(&rest[..len]);
        }
        rest = &rest[len..];
    }
    own
}

/// The lines at which two begin to differ; empty if they do not.
fn difference(one: &[Vec<u8>; 2], other: &[Vec<u8>; 2]) -> Vec<[String; 2]> {
    let lines = |got: &[Vec<u8>; 2]| -> Vec<String> {
        got.iter()
            .flat_map(|bytes| bytes.split(|byte| *byte == b'\n'))
            .map(|line| line.escape_ascii().to_string())
            .collect()
    };
    let (mut one, mut other) = (lines(one), lines(other));
    let longest = one.len().max(other.len());
    one.resize(longest, String::new());
    other.resize(longest, String::new());
    let differ = one.into_iter().zip(other).skip_while(|(one, other)| one == other);
    differ.take(4).map(|(one, other)| [one, other]).collect()
}

#[test]
fn how_operations_come_does_not_show() {
    let seeds = match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..SEEDS,
    };
    for seed in seeds {
        let slow = Way { apart: false, overheard: true, pedantic: true };
        let fast = Way { apart: false, overheard: false, pedantic: false };
        let ((got, server), (got_apart, server_apart)) = (run(seed, fast), run(seed, Way { apart: true, ..fast }));
        let [of_first, of_second] = run(seed, slow).0;
        let slow = [of_first, without_overheard(&of_second)];
        assert_eq!(difference(&slow, &got), [[""; 2]; 0], "seed {seed}, in frames");
        assert_eq!(difference(&got, &got_apart), [[""; 2]; 0], "seed {seed}, in a frame each");
        assert!(server == server_apart, "the servers differ: seed {seed}");
    }
}
