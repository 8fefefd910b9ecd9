//! What the models share: a client that speaks the protocol's bytes, and the search for the shortest run that fails.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::stream::Stream;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};

/// What the client asks is answered at `answer`, which is subscription 0.
const HELLO: &[u8] = b"CONNECT {\"headers\":true,\"no_responders\":true,\"verbose\":false}\r\nSUB answer 0\r\n";

/// A message that the client got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The subscription.
    pub sid: String,
    pub subject: String,
    pub reply: String,
    pub headers: String,
    pub payload: Vec<u8>,
}

/// A server and its one client.
pub struct Client {
    pub server: Server,
    pub now: Timestamp,
    conn: ConnId,
    said: Vec<u8>,
}

impl Client {
    pub fn new(seed: u64) -> Self {
        let mut server = Server::new(ServerConfig { seed, ..ServerConfig::default() });
        let now = Timestamp::SIMULATION_START;
        let conn = server.connect(now);
        let mut client = Self { server, now, conn, said: Vec::new() };
        client.send(HELLO);
        client.said.clear();
        client
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.server.handle(self.now, Input::Bytes { conn: self.conn, bytes });
        self.listen();
    }

    /// Publishes; `headers` are lines, each with its end.
    pub fn publish(&mut self, subject: &str, reply: &str, headers: &str, payload: &[u8]) {
        let mut frame = Vec::with_capacity(256);
        if headers.is_empty() {
            frame.extend_from_slice(format!("PUB {subject} {reply} {}\r\n", payload.len()).as_bytes());
        } else {
            let block = format!("NATS/1.0\r\n{headers}\r\n");
            let sizes = format!("{} {}", block.len(), block.len() + payload.len());
            frame.extend_from_slice(format!("HPUB {subject} {reply} {sizes}\r\n{block}").as_bytes());
        }
        frame.extend_from_slice(payload);
        frame.extend_from_slice(b"\r\n");
        self.send(&frame);
    }

    /// Asks. Returns the answer, if there is one, and what else came since the last call.
    pub fn ask(&mut self, subject: &str, headers: &str, payload: &[u8]) -> (Option<Vec<u8>>, Vec<Received>) {
        self.publish(subject, "answer", headers, payload);
        let mut received = self.received();
        let at = received.iter().position(|message| message.sid == "0");
        (at.map(|at| received.remove(at).payload), received)
    }

    /// What came since the last call.
    pub fn received(&mut self) -> Vec<Received> {
        let said = std::mem::take(&mut self.said);
        let mut received = Vec::new();
        let mut rest = &said[..];
        while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end + 2..];
            let words: Vec<&str> = line.split(' ').collect();
            let sizes = match words[0] {
                "MSG" => 1,
                "HMSG" => 2,
                _ => continue,
            };
            let size = |back: usize| words[words.len() - back].parse::<usize>().expect("the server counts");
            let (total, headers) = (size(1), if sizes == 2 { size(2) } else { 0 });
            let reply = if words.len() == 4 + sizes { words[3] } else { "" };
            received.push(Received {
                sid: words[2].to_owned(),
                subject: words[1].to_owned(),
                reply: reply.to_owned(),
                headers: String::from_utf8_lossy(&rest[..headers]).into_owned(),
                payload: rest[headers..total].to_vec(),
            });
            rest = &rest[total + 2..];
        }
        received
    }

    fn listen(&mut self) {
        while let Some(output) = self.server.poll_output() {
            if let Output::Bytes { bytes, .. } = output {
                self.said.extend_from_slice(&bytes);
            }
        }
    }

    /// Lets time pass up to `until`, deadline by deadline.
    pub fn pass_time(&mut self, until: Timestamp) {
        while let Some(deadline) = self.server.next_deadline().filter(|deadline| deadline.at <= until) {
            self.now = self.now.max(deadline.at);
            self.server.handle(self.now, Input::Deadline);
            self.listen();
        }
        self.now = until;
    }

    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.server.account().stream_named(name)
    }
}

/// Whether a filter covers a subject, token by token.
pub fn covers(filter: &str, subject: &str) -> bool {
    let (filter, subject): (Vec<&str>, Vec<&str>) = (filter.split('.').collect(), subject.split('.').collect());
    let fits = |at: usize| filter[at] == "*" || filter[at] == subject[at];
    if filter.last() == Some(&">") {
        let fixed = filter.len() - 1;
        return subject.len() > fixed && (0..fixed).all(fits);
    }
    filter.len() == subject.len() && (0..filter.len()).all(fits)
}

/// Fails with both sides and what they are about, unless they are equal.
pub fn same<T: PartialEq + Debug>(what: &str, engine: T, model: T) -> Result<(), String> {
    if engine == model { Ok(()) } else { Err(format!("{what}\n  engine: {engine:?}\n   model: {model:?}")) }
}

/// One of `choices`.
pub fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.below(choices.len() as u64) as usize]
}

/// Runs the operations of `seeds`, which `run` carries out on engine and model. `SEED=7` runs that one alone.
///
/// # Panics
/// At the first seed at which the two differ, with the shortest list of operations that shows it.
pub fn agree<O: Clone + Debug>(
    seeds: u64,
    operations: impl Fn(&mut Rng) -> Vec<O>,
    run: impl Fn(u64, &[O]) -> Result<(), String>,
) {
    let run = |seed: u64, operations: &[O]| {
        catch_unwind(AssertUnwindSafe(|| run(seed, operations))).unwrap_or_else(|_| Err("panicked".to_owned()))
    };
    let only: Option<u64> = std::env::var("SEED").ok().map(|seed| seed.parse().expect("SEED is a number"));
    for seed in only.map_or(0..seeds, |seed| seed..seed + 1) {
        let all = operations(&mut Rng::new(seed));
        if run(seed, &all).is_ok() {
            continue;
        }
        let short = shortest(all, |operations| run(seed, operations).is_err());
        let difference = run(seed, &short).expect_err("the shorter list fails as well");
        let lines: Vec<String> = short.iter().map(|operation| format!("  {operation:?}\n")).collect();
        panic!("seed {seed}, {} operations left:\n{}{difference}", short.len(), lines.concat());
    }
}

/// Leaves out operations as long as the rest still fails.
fn shortest<O: Clone>(mut operations: Vec<O>, fails: impl Fn(&[O]) -> bool) -> Vec<O> {
    let mut size = operations.len() / 2;
    while size > 0 {
        let mut start = 0;
        let before = operations.len();
        while start < operations.len() {
            let end = (start + size).min(operations.len());
            let rest = [&operations[..start], &operations[end..]].concat();
            if fails(&rest) { operations = rest } else { start = end }
        }
        if size > 1 || operations.len() == before {
            size /= 2;
        }
    }
    operations
}
