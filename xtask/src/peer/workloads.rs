//! The benches of the engine, on a real nats-server: the same requests and messages as `benches/workloads/engine.rs`.
//! What counts is the CPU time of the server; the client's and the way there and back do not.

use std::path::Path;
use std::time::Instant;

use super::connection::{Connection, INBOX, Server, request};
use crate::{Failure, Result};

const PAYLOAD: usize = 128;
const FRAME: usize = 64 * 1024;
/// Frames of publishes that are on their way at once.
const IN_FLIGHT: usize = 4;
const EXPLICIT: &str = r#""ack_policy":"explicit""#;
const FILTERED: &str = r#""ack_policy":"explicit","filter_subject":"orders.7.*""#;
const PULL: &str = "$JS.API.CONSUMER.MSG.NEXT.S.C";

/// Operations, and nanoseconds of one: by the clock, and of the server's CPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub ns_op: f64,
    pub cpu_op: f64,
}

type Workload = fn(&mut Run) -> Result<Sample>;

/// By the names of the engine's benches.
const WORKLOADS: [(&str, Workload); 11] = [
    ("publish_ack_128_10k", publish_ack),
    ("consume_explicit_b500", |run| consume(run, "limits", EXPLICIT, 500, Acks::Each)),
    ("consume_all_b500", |run| consume(run, "limits", r#""ack_policy":"all""#, 500, Acks::Last)),
    ("consume_none_b500", |run| consume(run, "limits", r#""ack_policy":"none""#, 500, Acks::None)),
    ("consume_ordered", consume_ordered),
    ("consume_filter_1pct_b100", |run| consume(run, "limits", FILTERED, 100, Acks::Each)),
    ("workqueue_explicit_b500", |run| consume(run, "workqueue", EXPLICIT, 500, Acks::Each)),
    ("redeliver_timeout_100k", |run| redeliver(run, 3, |_| Ok(()))),
    ("redeliver_nak_100k", |run| redeliver(run, 60, nak_all)),
    ("create_1000", |run| create(run, 1_000, "")),
    ("create_1000_mid", create_in_the_middle),
];

/// Runs a bench on a server of its own, `reps` times on that; `None` if there is none of that name.
///
/// # Errors
/// The server does not do what the bench needs.
pub fn measure(binary: &Path, name: &str, n: u64, reps: u32) -> Result<Option<Vec<Sample>>> {
    let Some((_, workload)) = WORKLOADS.iter().find(|(known, _)| *known == name) else { return Ok(None) };
    let server = Server::start(binary)?;
    let measured = (0..reps).map(|_| {
        let connection = Connection::open(&server)?;
        let mut run = Run { server: &server, connection, n, replies: Vec::new() };
        let sample = workload(&mut run)?;
        run.connection.request("$JS.API.STREAM.DELETE.S", "")?;
        Ok(sample)
    });
    measured.collect::<Result<_>>().map(Some)
}

struct Run<'a> {
    server: &'a Server,
    connection: Connection,
    /// Messages to publish.
    n: u64,
    /// Reply subjects of the messages that were delivered first.
    replies: Vec<String>,
}

/// What the client acks of a batch.
#[derive(Clone, Copy)]
enum Acks {
    Each,
    Last,
    None,
}

impl Run<'_> {
    /// Times `work`, which says how many operations it was.
    fn timed(&mut self, work: impl FnOnce(&mut Self) -> Result<u64>) -> Result<Sample> {
        let (start, cpu) = (Instant::now(), self.server.cpu_ns());
        let operations = work(self)?.max(1) as f64;
        let (wall, cpu) = (start.elapsed().as_nanos() as f64, self.server.cpu_ns() - cpu);
        Ok(Sample { ns_op: wall / operations, cpu_op: cpu as f64 / operations })
    }

    fn create_stream(&mut self, retention: &str) -> Result {
        let config = format!(r#"{{"name":"S","subjects":["orders.>"],"storage":"memory","retention":"{retention}"}}"#);
        self.connection.request("$JS.API.STREAM.CREATE.S", &config).map(drop)
    }

    fn create_consumer(&mut self, config: &str) -> Result {
        let config = format!(r#"{{"stream_name":"S","config":{{"durable_name":"C",{config}}}}}"#);
        self.connection.request("$JS.API.CONSUMER.CREATE.S.C", &config).map(drop)
    }

    fn filled(&mut self, retention: &str, n: u64) -> Result {
        self.create_stream(retention)?;
        self.publish_all(n)
    }

    /// Publishes `n` messages on 10,000 subjects in turn, and takes the acks of all.
    fn publish_all(&mut self, n: u64) -> Result {
        let payload = "x".repeat(PAYLOAD);
        let (mut frame, mut acked, mut sent) = (String::with_capacity(FRAME * 2), 0, 0);
        let mut ends = Vec::new();
        for i in 0..n {
            let subject = format!("orders.{}.{}", i / 100 % 100, i % 100);
            frame += &format!("PUB {subject} {INBOX}.{i} {PAYLOAD}\r\n{payload}\r\n");
            if frame.len() < FRAME && i + 1 < n {
                continue;
            }
            self.connection.send(frame.as_bytes())?;
            frame.clear();
            ends.push(i + 1);
            sent += 1;
            while sent >= IN_FLIGHT && acked < ends[sent - IN_FLIGHT] {
                self.ack_of_publish()?;
                acked += 1;
            }
        }
        (acked..n).try_for_each(|_| self.ack_of_publish())
    }

    fn ack_of_publish(&mut self) -> Result {
        let ack = self.connection.next()?.content;
        if ack.starts_with(br#"{"stream":"S""#) {
            return Ok(());
        }
        Err(Failure::new(format!("not stored: {}", String::from_utf8_lossy(&ack))))
    }

    /// Waits for `count` deliveries. Flow control is answered on the way.
    fn deliveries(&mut self, count: u64) -> Result<Vec<String>> {
        let mut replies = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        while (replies.len() as u64) < count {
            match self.connection.next()?.reply {
                Some(reply) if reply.starts_with("$JS.ACK.") => replies.push(reply),
                Some(flow) => self.connection.send(format!("PUB {flow} 0\r\n\r\n").as_bytes())?,
                None => {}
            }
        }
        Ok(replies)
    }
}

fn publish_ack(run: &mut Run) -> Result<Sample> {
    run.create_stream("limits")?;
    run.timed(|run| run.publish_all(run.n).map(|()| run.n))
}

fn consume(run: &mut Run, retention: &str, config: &str, batch: u64, ack: Acks) -> Result<Sample> {
    run.filled(retention, run.n)?;
    run.create_consumer(config)?;
    let expected = if config == FILTERED { run.n / 100 } else { run.n };
    let pull = request(PULL, &format!(r#"{{"batch":{batch},"expires":30000000000}}"#));
    run.timed(|run| {
        let mut left = expected;
        while left > 0 {
            run.connection.send(pull.as_bytes())?;
            let replies = run.deliveries(batch.min(left))?;
            left -= replies.len() as u64;
            let acked = match ack {
                Acks::Each => &replies[..],
                Acks::Last => &replies[replies.len() - 1..],
                Acks::None => &[],
            };
            let acks: String = acked.iter().map(|reply| format!("PUB {reply} 0\r\n\r\n")).collect();
            run.connection.send(acks.as_bytes())?;
        }
        while !run.connection.request("$JS.API.CONSUMER.INFO.S.C", "")?.contains(r#""num_ack_pending":0"#) {}
        Ok(expected)
    })
}

fn consume_ordered(run: &mut Run) -> Result<Sample> {
    run.filled("limits", run.n)?;
    run.connection.send(b"SUB ordered.C 2\r\n")?;
    run.timed(|run| {
        // Its answer arrives among the deliveries.
        let create = request(
            "$JS.API.CONSUMER.CREATE.S.C",
            r#"{"stream_name":"S","config":{"name":"C","ack_policy":"none","max_deliver":1,"mem_storage":true,"num_replicas":1,"deliver_subject":"ordered.C","flow_control":true,"idle_heartbeat":5000000000}}"#,
        );
        run.connection.send(create.as_bytes())?;
        run.deliveries(run.n).map(|_| run.n)
    })
}

/// Delivers all messages once, lets `fail` fail them, and times until all were delivered a second time.
fn redeliver(run: &mut Run, ack_wait_secs: u64, fail: fn(&mut Run) -> Result) -> Result<Sample> {
    let n = run.n.min(100_000);
    run.filled("limits", n)?;
    run.create_consumer(&format!(
        r#""ack_policy":"explicit","ack_wait":{},"max_ack_pending":-1"#,
        ack_wait_secs * 1_000_000_000
    ))?;
    let pull = request(PULL, &format!(r#"{{"batch":{},"expires":120000000000}}"#, n * 2));
    run.connection.send(pull.as_bytes())?;
    run.replies = run.deliveries(n)?;
    run.timed(|run| {
        fail(run)?;
        run.deliveries(n).map(|_| n)
    })
}

fn nak_all(run: &mut Run) -> Result {
    for replies in std::mem::take(&mut run.replies).chunks(1_000) {
        let naks: String = replies.iter().map(|reply| format!("PUB {reply} 4\r\n-NAK\r\n")).collect();
        run.connection.send(naks.as_bytes())?;
    }
    Ok(())
}

fn create(run: &mut Run, consumers: u64, start: &str) -> Result<Sample> {
    if start.is_empty() {
        run.create_stream("limits")?;
    }
    run.timed(|run| {
        for i in 0..consumers {
            let filter = format!("orders.{}.*", i % 100);
            let config = format!(
                r#"{{"stream_name":"S","config":{{"durable_name":"C{i}","ack_policy":"explicit","filter_subject":"{filter}"{start}}}}}"#
            );
            run.connection.request(&format!("$JS.API.CONSUMER.CREATE.S.C{i}.{filter}"), &config)?;
        }
        Ok(consumers)
    })
}

/// A few, since the real server counts through half of the stream for each.
fn create_in_the_middle(run: &mut Run) -> Result<Sample> {
    run.filled("limits", run.n)?;
    create(run, 20, &format!(r#","deliver_policy":"by_start_sequence","opt_start_seq":{}"#, run.n / 2))
}
