//! A client that gets messages from a consumer and acks them: by hand, or by a script.
//!
//! From a pull consumer it fetches, and names the priority group if there is one; to a push consumer it listens, and
//! confirms flow control.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::consumer::AckSubject;
use crate::engine::duration::nanos;
use crate::engine::message::Headers;
use crate::engine::rng::Rng;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;
use crate::sim::client::{ReceivedMessage, write_pub, write_sub, write_unsub};
use crate::texts::consumer as texts;

/// Ended pull requests that are remembered.
const MAX_ENDED: usize = 8;
/// Messages that a worker holds at most; beyond, it lets the oldest go.
const MAX_HELD: usize = 1_000;

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchRequest {
    pub batch: u32,
    pub no_wait: bool,
    /// `None`: waits for ever.
    pub expires: Option<Duration>,
}

impl FetchRequest {
    /// One message, for which it waits half a minute.
    pub const ONE: Self = Self { batch: 1, no_wait: false, expires: Some(Duration::from_secs(30)) };
}

/// What a worker does without being told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkerScript {
    /// Fetches and works by itself.
    pub is_running: bool,
    pub fetch: FetchRequest,
    /// How long it works on one message.
    pub work_time: Duration,
    /// How many of a hundred messages it fails on, and naks.
    pub fail_percent: u8,
    /// The delay of such a nak; `None`: at once.
    pub nak_delay: Option<Duration>,
    /// On how many of a hundred messages it crashes instead of acking.
    pub crash_percent: u8,
    /// Its place among the clients of a `prioritized` consumer, 0 first, at most 9.
    pub priority: u8,
    /// Of an `overflow` consumer it takes messages once so many are pending; 0 at once.
    pub min_pending: u32,
}

impl Default for WorkerScript {
    fn default() -> Self {
        Self {
            is_running: false,
            fetch: FetchRequest::ONE,
            work_time: Duration::from_secs(1),
            fail_percent: 0,
            nak_delay: None,
            crash_percent: 0,
            priority: 0,
            min_pending: 0,
        }
    }
}

/// What a client reads of its consumer's configuration before it takes up work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Binding {
    /// The deliver subject of a push consumer, and behind a blank the queue group if there is one.
    pub listens: Option<String>,
    /// The priority group that pull requests name.
    pub group: Option<String>,
}

/// A message that the worker received and did not settle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    pub stream_seq: u64,
    pub consumer_seq: u64,
    /// 1 for the first delivery.
    pub delivered: u64,
    pub subject: Vec<u8>,
    pub payload: Vec<u8>,
    pub received: Timestamp,
    ack_subject: Vec<u8>,
    /// When the script is done with it.
    done_at: Option<Timestamp>,
}

/// A pull request that the worker sent: the ticket of the page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenPull {
    pub number: u64,
    pub request: FetchRequest,
    pub sent: Timestamp,
    /// Sequences that it brought.
    pub received: Vec<u64>,
    /// How it ended; empty if its batch was delivered. `None` while it is open.
    pub status: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    pub stream: String,
    pub consumer: String,
    pub script: WorkerScript,
    pub binding: Binding,
    /// The pin that the server gave it; empty without one.
    pin_id: String,
    inbox: String,
    next_number: u64,
    pulls: VecDeque<OpenPull>,
    held: VecDeque<Held>,
}

impl Worker {
    pub fn new(stream: String, consumer: String, binding: Binding, script: WorkerScript) -> Self {
        Self {
            stream,
            consumer,
            script,
            binding,
            pin_id: String::new(),
            inbox: String::new(),
            next_number: 1,
            pulls: VecDeque::new(),
            held: VecDeque::new(),
        }
    }

    /// Messages that it holds, oldest first.
    pub fn held(&self) -> impl ExactSizeIterator<Item = &Held> {
        self.held.iter()
    }

    /// Its pull requests, oldest first: those that are open, and the last that ended.
    pub fn pulls(&self) -> impl DoubleEndedIterator<Item = &OpenPull> {
        self.pulls.iter()
    }

    /// The pin that the server gave it last, which may be gone; empty without one.
    pub fn pin_id(&self) -> &str {
        &self.pin_id
    }

    pub fn has_open_pull(&self) -> bool {
        self.pulls.iter().any(|pull| pull.status.is_none())
    }

    pub(super) fn handle_connected(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<u8>) {
        self.inbox = format!("_INBOX.w{}", conn.index());
        self.pin_id.clear();
        if let Some(listens) = &self.binding.listens {
            write_sub(out, listens, "push");
        }
        if self.script.is_running {
            self.fetch(now, self.script.fetch.clone(), out);
        }
    }

    /// It crashed or was killed: what it held is lost to it.
    pub(super) fn handle_closed(&mut self) {
        self.held.clear();
        for pull in &mut self.pulls {
            pull.status.get_or_insert_with(|| texts::CONNECTION_LOST.to_owned());
        }
    }

    /// Sends a pull request; a push consumer takes none.
    pub fn fetch(&mut self, now: Timestamp, request: FetchRequest, out: &mut Vec<u8>) {
        if self.binding.listens.is_some() {
            return;
        }
        let number = self.next_number;
        self.next_number += 1;
        let mut fields = vec![format!("\"batch\":{}", request.batch)];
        if let Some(expires) = request.expires {
            fields.push(format!("\"expires\":{}", nanos(expires)));
        }
        if request.no_wait {
            fields.push("\"no_wait\":true".to_owned());
        }
        if let Some(group) = &self.binding.group {
            fields.push(format!("\"group\":\"{group}\",\"priority\":{}", self.script.priority));
        }
        if self.script.min_pending > 0 {
            fields.push(format!("\"min_pending\":{}", self.script.min_pending));
        }
        if !self.pin_id.is_empty() {
            fields.push(format!("\"id\":\"{}\"", self.pin_id));
        }
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream, self.consumer);
        let reply = format!("{}.{number}", self.inbox);
        let body = format!("{{{}}}", fields.join(","));
        // A subscription of its own for each request, as clients have: it tells what a message is the answer to.
        write_sub(out, &reply, &number.to_string());
        write_pub(out, subject.as_bytes(), reply.as_bytes(), &[], body.as_bytes());
        while self.pulls.len() >= MAX_ENDED {
            let Some(at) = self.pulls.iter().position(|pull| pull.status.is_some()) else { break };
            self.pulls.remove(at);
        }
        self.pulls.push_back(OpenPull { number, request, sent: now, received: Vec::new(), status: None });
    }

    pub fn ack(&mut self, now: Timestamp, consumer_seq: u64, out: &mut Vec<u8>) {
        self.settle(now, consumer_seq, Some(b"+ACK"), out);
    }

    /// Asks for another delivery, at once or after `delay`.
    pub fn nak(&mut self, now: Timestamp, consumer_seq: u64, delay: Option<Duration>, out: &mut Vec<u8>) {
        let body = match delay {
            Some(delay) => format!("-NAK {{\"delay\":{}}}", nanos(delay)),
            None => "-NAK".to_owned(),
        };
        self.settle(now, consumer_seq, Some(body.as_bytes()), out);
    }

    /// Says that the message must not be delivered again.
    pub fn term(&mut self, now: Timestamp, consumer_seq: u64, out: &mut Vec<u8>) {
        self.settle(now, consumer_seq, Some(b"+TERM"), out);
    }

    /// Takes the message for acked, by an ack that does not arrive.
    pub fn lose_ack(&mut self, now: Timestamp, consumer_seq: u64, out: &mut Vec<u8>) {
        self.settle(now, consumer_seq, None, out);
    }

    /// Where the answer to a message goes that it holds.
    pub fn ack_subject(&self, consumer_seq: u64) -> Option<&[u8]> {
        let held = self.held.iter().find(|held| held.consumer_seq == consumer_seq)?;
        Some(&held.ack_subject)
    }

    /// Says that it still works on the message, which it keeps.
    pub fn in_progress(&self, consumer_seq: u64, out: &mut Vec<u8>) {
        if let Some(held) = self.held.iter().find(|held| held.consumer_seq == consumer_seq) {
            write_pub(out, &held.ack_subject, b"", &[], b"+WPI");
        }
    }

    /// Is done with a message; the server hears of it by `body`.
    fn settle(&mut self, now: Timestamp, consumer_seq: u64, body: Option<&[u8]>, out: &mut Vec<u8>) {
        let Some(at) = self.held.iter().position(|held| held.consumer_seq == consumer_seq) else { return };
        let Some(held) = self.held.remove(at) else { return };
        if let Some(body) = body {
            write_pub(out, &held.ack_subject, b"", &[], body);
        }
        self.go_on(now, out);
    }

    /// A running worker takes up the next message it holds, or fetches more.
    fn go_on(&mut self, now: Timestamp, out: &mut Vec<u8>) {
        if !self.script.is_running {
            return;
        }
        if let Some(next) = self.held.front_mut() {
            next.done_at.get_or_insert(now + self.script.work_time);
        } else if !self.has_open_pull() {
            self.fetch(now, self.script.fetch.clone(), out);
        }
    }

    /// Replaces the script. A worker that starts to run takes up what it holds.
    pub fn set_script(&mut self, now: Timestamp, script: WorkerScript, out: &mut Vec<u8>) {
        self.script = script;
        if self.script.is_running {
            self.go_on(now, out);
        } else {
            for held in &mut self.held {
                held.done_at = None;
            }
        }
    }

    pub(super) fn handle_message(&mut self, now: Timestamp, message: &ReceivedMessage, out: &mut Vec<u8>) {
        if message.reply.starts_with(b"$JS.ACK.") {
            self.take_delivery(now, message, out);
        } else {
            self.end_pull(now, message, out);
        }
    }

    fn take_delivery(&mut self, now: Timestamp, message: &ReceivedMessage, out: &mut Vec<u8>) {
        if let Some(pin_id) = Headers::new(&message.headers).get("Nats-Pin-Id") {
            self.pin_id = String::from_utf8_lossy(pin_id).into_owned();
        }
        let numbers = message.reply.splitn(5, |byte| *byte == b'.').nth(4).unwrap_or_default();
        let AckSubject { delivered, stream_seq, consumer_seq } = AckSubject::parse(numbers);
        if let Some(pull) = self.pull_of(message) {
            pull.received.push(stream_seq);
            if pull.received.len() as u64 >= u64::from(pull.request.batch.max(1)) {
                pull.status = Some(String::new());
                write_unsub(out, &pull.number.to_string());
            }
        }
        self.held.retain(|held| held.stream_seq != stream_seq);
        if self.held.len() >= MAX_HELD {
            self.held.pop_front();
        }
        self.held.push_back(Held {
            stream_seq,
            consumer_seq,
            delivered,
            subject: message.subject.clone(),
            payload: message.payload.clone(),
            received: now,
            ack_subject: message.reply.clone(),
            done_at: None,
        });
        self.go_on(now, out);
    }

    /// The open pull request that a message came in for.
    fn pull_of(&mut self, message: &ReceivedMessage) -> Option<&mut OpenPull> {
        let number: u64 = std::str::from_utf8(&message.sid).ok()?.parse().ok()?;
        self.pulls.iter_mut().find(|pull| pull.number == number && pull.status.is_none())
    }

    /// A status on the inbox of a pull request: a heartbeat, or its end.
    fn end_pull(&mut self, now: Timestamp, message: &ReceivedMessage, out: &mut Vec<u8>) {
        let headers = Headers::new(&message.headers);
        let status = headers.status().unwrap_or_default();
        if status.starts_with(b"100") {
            // What asks for flow control is answered; a heartbeat repeats the subject for it while the answer is due.
            let stalled = headers.get("Nats-Consumer-Stalled").unwrap_or_default();
            let to = if message.reply.is_empty() { stalled } else { &message.reply };
            if !to.is_empty() {
                self.confirm(to, out);
            }
            return;
        }
        if status.starts_with(b"423") {
            self.pin_id.clear();
        }
        let Some(pull) = self.pull_of(message) else { return };
        pull.status = Some(String::from_utf8_lossy(status).trim().to_owned());
        write_unsub(out, &pull.number.to_string());
        // A consumer that is gone, or to whom the request is wrong, is not asked again.
        let is_final = |end: &&str| status.starts_with(end.as_bytes());
        if !["400", "503", "409 Consumer", "409 Exceeded"].iter().any(is_final) {
            self.go_on(now, out);
        }
    }

    /// Answers flow control, and says how far it is, which ack policy `flow_control` takes for an ack.
    fn confirm(&self, to: &[u8], out: &mut Vec<u8>) {
        let last = self.held.back().map(|held| {
            let header = |name: &str, seq: u64| (name.to_owned(), seq.to_string());
            [header("Nats-Last-Consumer", held.consumer_seq), header("Nats-Last-Stream", held.stream_seq)]
        });
        write_pub(out, to, b"", last.as_ref().map_or(&[], |last| last), b"");
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.held.iter().filter_map(|held| held.done_at).min()
    }

    /// Finishes the message whose work time is over. Whether the worker crashes on it.
    pub(super) fn handle_due(&mut self, now: Timestamp, rng: &mut Rng, out: &mut Vec<u8>) -> bool {
        let is_done = |held: &&Held| held.done_at.is_some_and(|at| at <= now);
        let Some(consumer_seq) = self.held.iter().find(is_done).map(|held| held.consumer_seq) else {
            return false;
        };
        if rng.below(100) < u64::from(self.script.crash_percent) {
            return true;
        }
        if rng.below(100) < u64::from(self.script.fail_percent) {
            self.nak(now, consumer_seq, self.script.nak_delay, out);
        } else {
            self.ack(now, consumer_seq, out);
        }
        false
    }
}
