//! What clients send wrong: never a panic, never half a change, always an answer or a closed connection.
//!
//! Seeded; a failure names the seed. `INPUTS=1000000` runs longer.

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::stream::Stream;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};

/// Inputs in all, over all seeds.
fn inputs() -> u64 {
    std::env::var("INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

const SEEDS: u64 = 10;
const HELLO: &[u8] =
    b"CONNECT {\"headers\":true,\"no_responders\":true,\"verbose\":false,\"protocol\":1}\r\nSUB i.* 1\r\nPING\r\n";

/// Requests that are right, to begin with: subject and body.
const REQUESTS: [(&str, &str); 30] = [
    ("$JS.API.INFO", ""),
    (
        "$JS.API.STREAM.CREATE.S",
        r#"{"name":"S","subjects":["s.>","t.*"],"storage":"memory","max_msgs":50,"max_age":60000000000,"discard":"old",
            "duplicate_window":30000000000,"allow_direct":true,"metadata":{"a":"b"},"consumer_limits":{"max_ack_pending":100}}"#,
    ),
    ("$JS.API.STREAM.CREATE.W", r#"{"name":"W","subjects":["w.>"],"storage":"memory","retention":"workqueue"}"#),
    ("$JS.API.STREAM.CREATE.I", r#"{"name":"I","subjects":["in.>"],"storage":"memory","retention":"interest"}"#),
    (
        "$JS.API.STREAM.UPDATE.S",
        r#"{"name":"S","subjects":["s.>"],"storage":"memory","max_msgs":20,"republish":{"src":"s.>","dest":"r.>"}}"#,
    ),
    ("$JS.API.STREAM.INFO.S", r#"{"subjects_filter":">","deleted_details":true,"offset":0}"#),
    ("$JS.API.STREAM.NAMES", r#"{"offset":0,"subject":"s.>"}"#),
    ("$JS.API.STREAM.LIST", r#"{"offset":1}"#),
    ("$JS.API.STREAM.PURGE.S", r#"{"filter":"s.a","keep":2}"#),
    ("$JS.API.STREAM.PURGE.S", r#"{"seq":18446744073709551615}"#),
    ("$JS.API.STREAM.MSG.GET.S", r#"{"last_by_subj":"s.*"}"#),
    ("$JS.API.STREAM.MSG.GET.S", r#"{"next_by_subj":"s.a","start_time":"2026-01-01T00:00:01Z"}"#),
    ("$JS.API.STREAM.MSG.DELETE.S", r#"{"seq":3,"no_erase":true}"#),
    ("$JS.API.DIRECT.GET.S", r#"{"next_by_subj":"s.*","seq":1,"batch":5,"max_bytes":300}"#),
    ("$JS.API.DIRECT.GET.S", r#"{"multi_last":["s.>","t.*"],"up_to_time":"2026-01-01T00:00:01Z"}"#),
    ("$JS.API.STREAM.SNAPSHOT.S", r#"{"deliver_subject":"i.9","chunk_size":1024,"window_size":2048}"#),
    (
        "$JS.API.STREAM.RESTORE.R",
        r#"{"config":{"name":"R","subjects":["r.>"],"storage":"memory"},"state":{"messages":1}}"#,
    ),
    ("$JS.API.STREAM.DELETE.W", ""),
    (
        "$JS.API.CONSUMER.CREATE.S.c.s.a",
        r#"{"stream_name":"S","config":{"durable_name":"c","filter_subject":"s.a","ack_policy":"explicit",
            "backoff":[1000000000,2000000000],"max_deliver":5,"sample_freq":"50%"},"action":""}"#,
    ),
    (
        "$JS.API.CONSUMER.CREATE.S.p",
        r#"{"stream_name":"S","config":{"ack_policy":"explicit","priority_groups":["g"],"priority_policy":"overflow",
            "filter_subjects":["s.a","s.b"],"deliver_policy":"last_per_subject"}}"#,
    ),
    (
        "$JS.API.CONSUMER.CREATE.S.push",
        r#"{"stream_name":"S","config":{"deliver_subject":"i.push","flow_control":true,"idle_heartbeat":1000000000,
            "ack_policy":"all","rate_limit_bps":8000,"deliver_policy":"by_start_time","opt_start_time":"2026-01-01T00:00:00+01:00"}}"#,
    ),
    (
        "$JS.API.CONSUMER.DURABLE.CREATE.W.d",
        r#"{"stream_name":"W","config":{"durable_name":"d","ack_policy":"explicit"}}"#,
    ),
    (
        "$JS.API.CONSUMER.CREATE.I",
        r#"{"stream_name":"I","config":{"ack_policy":"none","inactive_threshold":3000000000}}"#,
    ),
    ("$JS.API.CONSUMER.INFO.S.c", ""),
    ("$JS.API.CONSUMER.LIST.S", r#"{"offset":0}"#),
    ("$JS.API.CONSUMER.DELETE.S.c", ""),
    ("$JS.API.CONSUMER.PAUSE.S.c", r#"{"pause_until":"2026-01-01T01:00:00.5Z"}"#),
    ("$JS.API.CONSUMER.RESET.S.c", r#"{"seq":2}"#),
    ("$JS.API.CONSUMER.UNPIN.S.p", r#"{"group":"g"}"#),
    (
        "$JS.API.CONSUMER.MSG.NEXT.S.c",
        r#"{"batch":3,"expires":2000000000,"max_bytes":900,"idle_heartbeat":500000000,"no_wait":false}"#,
    ),
];

/// Other subjects that mean something, and headers for them.
const PUBLISHES: [(&str, &str); 8] = [
    ("s.a", ""),
    ("s.a", "Nats-Msg-Id: 1\r\n"),
    ("s.b", "Nats-Expected-Last-Sequence: 4\r\nNats-Expected-Stream: S\r\n"),
    ("t.x", "Nats-Rollup: sub\r\nNats-TTL: 5s\r\n"),
    ("w.1", "Nats-Incr: +5\r\n"),
    ("in.1", "Nats-Expected-Last-Subject-Sequence: 0\r\n"),
    ("$JS.ACK.S.c.1.1.1.1767225600000000000.3", ""),
    ("$JS.FC.S.push.abcd", ""),
];

const WORDS: [&str; 24] = [
    "null",
    "-1",
    "0",
    "18446744073709551616",
    "1e999",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[[[[[",
    "true",
    "\"*.>\"",
    "\"\"",
    "\u{0}",
    "-NAK {\"delay\":-5}",
    "+TERM",
    "+NXT {\"batch\":",
    "$JS.API.>",
    "..",
    " ",
    "\r\n",
    "'",
    "9223372036854775807",
    "\"9999-99-99\"",
    "é",
];

/// Changes a few bytes or words of `text`.
fn mutate(rng: &mut Rng, text: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..rng.below(4) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] = rng.below(256) as u8;
            }
            2 => {
                let word = WORDS[rng.below(WORDS.len() as u64) as usize];
                bytes.splice(at..at, word.bytes());
            }
            3 if at < bytes.len() => {
                let end = (at + 1 + rng.below(8) as usize).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let other = REQUESTS[rng.below(REQUESTS.len() as u64) as usize].1.as_bytes();
                let from = rng.below(other.len() as u64 + 1) as usize;
                bytes.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let digit = b'0' + rng.below(10) as u8;
                bytes.insert(at, digit);
            }
        }
    }
    bytes.truncate(8_192);
    bytes
}

struct Client {
    server: Server,
    now: Timestamp,
    conn: ConnId,
    said: Vec<u8>,
    closed: bool,
}

impl Client {
    fn new(seed: u64) -> Self {
        let mut server = Server::new(ServerConfig { seed, ..ServerConfig::default() });
        let now = Timestamp::SIMULATION_START;
        let conn = server.connect(now);
        let mut client = Self { server, now, conn, said: Vec::new(), closed: false };
        client.send(HELLO);
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.server.handle(self.now, Input::Bytes { conn: self.conn, bytes });
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Bytes { conn, bytes } if conn == self.conn => self.said.extend_from_slice(&bytes),
                Output::Bytes { .. } => {}
                Output::Closed { conn, .. } => self.closed |= conn == self.conn,
            }
        }
    }

    fn request(&mut self, subject: &[u8], headers: &[u8], body: &[u8]) {
        let mut frame = Vec::new();
        let subject: Vec<u8> = subject.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if headers.is_empty() {
            frame.extend_from_slice(b"PUB ");
            frame.extend_from_slice(&subject);
            frame.extend_from_slice(format!(" i.1 {}\r\n", body.len()).as_bytes());
        } else {
            let block = [b"NATS/1.0\r\n", headers, b"\r\n"].concat();
            frame.extend_from_slice(b"HPUB ");
            frame.extend_from_slice(&subject);
            frame.extend_from_slice(format!(" i.1 {} {}\r\n", block.len(), block.len() + body.len()).as_bytes());
            frame.extend_from_slice(&block);
        }
        frame.extend_from_slice(body);
        frame.extend_from_slice(b"\r\n");
        self.said.clear();
        self.send(&frame);
    }

    /// Lets some milliseconds pass, and returns how many deadlines there were.
    fn pass_time(&mut self, millis: u64) -> u64 {
        let until = self.now + std::time::Duration::from_millis(millis);
        let mut deadlines = 0;
        while let Some(deadline) = self.server.next_deadline().filter(|deadline| deadline.at <= until) {
            self.now = self.now.max(deadline.at);
            self.server.handle(self.now, Input::Deadline);
            self.listen();
            deadlines += 1;
            assert!(deadlines < 100_000, "time hardly moves: {:?}", self.now);
        }
        self.now = until;
        deadlines
    }

    fn streams(&self) -> Vec<Stream> {
        self.server.account().streams().cloned().collect()
    }

    /// How many connections and subscriptions there are, as the server says.
    fn numbers(&mut self) -> [u64; 2] {
        self.request(b"$SYS.REQ.ACCOUNT.PING.STATZ", b"", b"");
        let said = String::from_utf8_lossy(&self.said).into_owned();
        ["\"conns\":", "\"num_subscriptions\":"].map(|name| {
            let (_, number) = said.split_once(name).expect("the server counts");
            number.split(',').next().and_then(|digits| digits.parse().ok()).expect("a number")
        })
    }

    /// Whether a client that comes now is served.
    fn serves(&mut self) -> bool {
        let conn = self.server.connect(self.now);
        self.server.handle(self.now, Input::Bytes { conn, bytes: b"PING\r\n" });
        let mut said = Vec::new();
        while let Some(output) = self.server.poll_output() {
            if let Output::Bytes { conn: to, bytes } = output
                && to == conn
            {
                said.extend_from_slice(&bytes);
            }
        }
        self.server.handle(self.now, Input::Disconnect { conn });
        said.ends_with(b"PONG\r\n")
    }
}

#[test]
fn what_never_falls_due_is_no_deadline() {
    let rated = r#"{"stream_name":"S","config":{"durable_name":"c","deliver_subject":"d","rate_limit_bps":800}}"#;
    let pulled = r#"{"stream_name":"S","config":{"durable_name":"c","ack_policy":"none"}}"#;
    for (consumer, last) in [
        // Larger than what the rate ever lets through.
        (rated, ("s", "1")),
        // A heartbeat of less than no time.
        (pulled, ("$JS.API.CONSUMER.MSG.NEXT.S.c", r#"{"batch":1,"idle_heartbeat":-1}"#)),
    ] {
        let mut server = Server::new(ServerConfig::default());
        let now = Timestamp::SIMULATION_START;
        let conn = server.connect(now);
        server.handle(now, Input::Bytes { conn, bytes: b"SUB d 1\r\nSUB i 2\r\n" });
        let stream = r#"{"name":"S","subjects":["s"],"storage":"memory","max_msg_size":20}"#;
        let requests = [("$JS.API.STREAM.CREATE.S", stream), ("$JS.API.CONSUMER.DURABLE.CREATE.S.c", consumer), last];
        for (subject, body) in requests {
            let bytes = format!("PUB {subject} i {}\r\n{body}\r\n", body.len());
            server.handle(now, Input::Bytes { conn, bytes: bytes.as_bytes() });
        }
        let stream = server.account().stream_named("S").expect("was made");
        assert!(stream.consumer_named("c").is_some(), "{consumer}");
        assert_eq!(server.next_deadline(), None, "{consumer}");
    }
}

#[test]
fn a_refused_request_changes_nothing() {
    let mut refused = 0;
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut client = Client::new(seed);
        for number in 0..inputs() / SEEDS / 2 {
            let before = client.streams();
            if rng.below(4) == 0 {
                let (subject, headers) = PUBLISHES[rng.below(PUBLISHES.len() as u64) as usize];
                let headers = if headers.is_empty() { Vec::new() } else { mutate(&mut rng, headers.as_bytes()) };
                let body = mutate(&mut rng, b"+ACK");
                client.request(subject.as_bytes(), &headers, &body);
            } else {
                let (subject, body) = REQUESTS[rng.below(REQUESTS.len() as u64) as usize];
                let subject = if rng.below(8) == 0 { mutate(&mut rng, subject.as_bytes()) } else { subject.into() };
                let body = mutate(&mut rng, body.as_bytes());
                client.request(&subject, b"", &body);
            }
            let said = String::from_utf8_lossy(&client.said).into_owned();
            if said.contains("\"error\":{\"code\"") && !said.contains("\"did_create\"") {
                refused += 1;
                assert!(before == client.streams(), "seed {seed}, input {number}: {said}");
            }
            assert!(!client.closed, "seed {seed}, input {number}: closed");
            client.pass_time(rng.below(1_500));
        }
        assert!(client.serves(), "seed {seed}");
    }
    assert!(refused > inputs() / 20, "only {refused} were refused");
}

#[test]
fn bytes_of_any_kind_end_a_connection_at_worst() {
    let mut closed = 0;
    for seed in 0..SEEDS {
        let mut rng = Rng::new(1_000 + seed);
        let mut client = Client::new(seed);
        for number in 0..inputs() / SEEDS / 2 {
            let mut frame = Vec::new();
            for _ in 0..=rng.below(3) {
                let line: &[u8] = match rng.below(9) {
                    0 => HELLO,
                    1 => b"SUB s.> q 7\r\n",
                    2 => b"UNSUB 7 3\r\n",
                    3 => b"PUB s.a i.1 5\r\nhello\r\n",
                    4 => b"HPUB s.a i.1 12 17\r\nNATS/1.0\r\n\r\nhello\r\n",
                    5 => b"PING\r\nPONG\r\n+OK\r\n",
                    6 => b"INFO {}\r\n-ERR 'x'\r\n",
                    7 => b"PUB $JS.API.CONSUMER.CREATE.S.c i.1 2\r\n{}\r\n",
                    _ => b"MSG a 1 1\r\nx\r\n",
                };
                let line = if rng.below(3) == 0 { line.to_vec() } else { mutate(&mut rng, line) };
                frame.extend_from_slice(&line);
            }
            for part in frame.chunks(1 + rng.below(frame.len() as u64 + 1) as usize) {
                client.send(part);
            }
            client.said.clear();
            if client.closed {
                closed += 1;
                client.closed = false;
                client.conn = client.server.connect(client.now);
                client.send(HELLO);
            }
            if number % 500 == 0 {
                assert!(client.serves(), "seed {seed}, input {number}");
            }
        }
        assert!(client.serves(), "seed {seed}");
    }
    assert!(closed > 100, "only {closed} connections ended");
}

#[test]
fn waits_of_a_nanosecond_leave_time_for_others() {
    for (config, asked) in [
        (r#""ack_wait":1"#, r#"{"batch":1000000,"expires":60000000000}"#),
        (r#""backoff":[0]"#, r#"{"batch":1000000,"expires":60000000000}"#),
        (r#""backoff":[1,1]"#, r#"{"batch":1000000,"expires":60000000000}"#),
        (r#""backoff":[1000000,0]"#, r#"{"batch":1000000,"expires":60000000000}"#),
        (r#""filter_subject":"s.b""#, r#"{"batch":1,"expires":60000000000,"idle_heartbeat":1}"#),
        (r#""filter_subject":"s.b""#, r#"{"batch":1,"expires":1}"#),
    ] {
        let mut client = Client::new(9);
        client.request(b"$JS.API.STREAM.CREATE.S", b"", br#"{"name":"S","subjects":["s.>"],"storage":"memory"}"#);
        client.request(b"s.a", b"", b"x");
        let body = format!(r#"{{"stream_name":"S","config":{{"durable_name":"C","ack_policy":"explicit",{config}}}}}"#);
        client.request(b"$JS.API.CONSUMER.CREATE.S.C", b"", body.as_bytes());
        client.request(b"$JS.API.CONSUMER.MSG.NEXT.S.C", b"", asked.as_bytes());
        let deadlines = client.pass_time(200);
        assert!(deadlines < 1_000, "{config}: {deadlines} deadlines in 200 ms");
        assert!(client.serves(), "{config}");
    }
}

#[test]
fn a_line_that_never_ends_is_not_kept() {
    for start in [&b"PING"[..], b"+OK", b"SUB ", b"PUB\t"] {
        let mut client = Client::new(7);
        client.send(start);
        for _ in 0..1_000 {
            client.send(&[b' '; 1_000]);
            let held = client.server.connections().map(|(_, connection)| connection.held_bytes()).max();
            assert!(held.is_some_and(|held| held < 10), "{}: {held:?}", start.escape_ascii());
        }
        client.said.clear();
        client.send(if start.ends_with(b" ") { b"x 9\r\nPING\r\n" } else { b"\r\nPING\r\n" });
        assert_eq!(client.closed, start == b"PUB\t", "{}", start.escape_ascii());
    }
}

/// Connections that come and go, half of them cut in the middle of a frame.
const CONNECTIONS: u64 = 1_000;
/// Of them, how many are open at once.
const OPEN_AT_ONCE: usize = 40;

/// What one of them does: it listens, makes a consumer of each kind that goes with its client, asks for messages and
/// publishes.
fn visit(number: u64) -> Vec<u8> {
    let publish =
        |subject: &str, reply: &str, body: &str| format!("PUB {subject} {reply} {}\r\n{body}\r\n", body.len());
    let consumer = |name: &str, config: &str| {
        let body =
            format!(r#"{{"stream_name":"S","config":{{"name":"{name}","inactive_threshold":1000000000,{config}}}}}"#);
        publish(&format!("$JS.API.CONSUMER.CREATE.S.{name}"), &format!("v.{number}.1"), &body)
    };
    [
        format!("CONNECT {{\"name\":\"{number}\",\"headers\":true,\"verbose\":false}}\r\n"),
        format!("SUB v.{number}.* 1\r\nSUB s.> 2\r\nSUB s.a workers 3\r\nSUB d.{number} 4\r\n"),
        consumer(&format!("push{number}"), &format!(r#""deliver_subject":"d.{number}","ack_policy":"none""#)),
        consumer(&format!("pull{number}"), r#""ack_policy":"explicit""#),
        publish("$JS.API.CONSUMER.MSG.NEXT.S.stays", &format!("v.{number}.2"), r#"{"batch":3,"expires":60000000000}"#),
        publish(&format!("$JS.API.CONSUMER.MSG.NEXT.S.pull{number}"), &format!("v.{number}.3"), r#"{"batch":2}"#),
        publish("s.a", &format!("v.{number}.4"), "a message"),
    ]
    .concat()
    .into_bytes()
}

#[test]
fn connections_that_come_and_go_leave_nothing_behind() {
    let mut rng = Rng::new(5);
    let mut client = Client::new(5);
    client.request(
        b"$JS.API.STREAM.CREATE.S",
        b"",
        br#"{"name":"S","subjects":["s.>"],"storage":"memory","max_msgs":20}"#,
    );
    client.request(
        b"$JS.API.CONSUMER.CREATE.S.stays",
        b"",
        br#"{"stream_name":"S","config":{"durable_name":"stays","ack_policy":"explicit","deliver_policy":"new"}}"#,
    );
    let before = client.numbers();
    let mut open: Vec<ConnId> = Vec::new();
    let mut published = 0;
    for number in 0..CONNECTIONS {
        let conn = client.server.connect(client.now);
        let said = visit(number);
        let is_cut = number % 2 == 0;
        let length = if is_cut { rng.below(said.len() as u64 - 1) as usize } else { said.len() };
        published += u64::from(!is_cut);
        for part in said[..length].chunks(1 + rng.below(300) as usize) {
            client.server.handle(client.now, Input::Bytes { conn, bytes: part });
            client.listen();
        }
        if is_cut {
            client.server.handle(client.now, Input::Disconnect { conn });
        } else {
            open.push(conn);
        }
        if open.len() > OPEN_AT_ONCE {
            let conn = open.swap_remove(rng.below(open.len() as u64) as usize);
            client.server.handle(client.now, Input::Disconnect { conn });
        }
        client.listen();
        client.pass_time(rng.below(1_500));
    }
    for conn in open {
        client.server.handle(client.now, Input::Disconnect { conn });
        client.listen();
    }
    // What was delivered and not acked keeps a consumer for its ack wait.
    for _ in 0..120 {
        client.pass_time(rng.below(1_500));
    }
    // INFO looks for requests whose inbox nobody listens to.
    client.request(b"$JS.API.CONSUMER.INFO.S.stays", b"", b"");
    let stream = client.server.account().stream_named("S").expect("it was made");
    assert_eq!(stream.store().last_seq(), published, "what was cut off was published, or what was not is missing");
    let consumers: Vec<&str> = stream.consumers().map(|consumer| consumer.name.as_str()).collect();
    assert_eq!(consumers, ["stays"]);
    assert!(stream.consumer_named("stays").is_some_and(|consumer| consumer.waiting().is_empty()));
    assert_eq!(client.numbers(), before, "connections and subscriptions");
    for subject in ["v.7.1", "d.7", "nobody"] {
        client.request(subject.as_bytes(), b"", b"x");
        assert!(client.said.windows(12).any(|said| said == b"NATS/1.0 503"), "{subject} reaches somebody");
    }
}
