//! Client connections to an arm: subscriptions, requests, and everything that arrives in its order.

use crate::arm::{Arm, Arrival};
use crate::json::Json;
use crate::schema;
use crate::wire::{Frame, FrameParser, Message};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// What a plain client says first.
pub const CONNECT: &str = r#"{"verbose":false,"pedantic":false,"lang":"probe","version":"1.0.0","protocol":1,"headers":true,"no_responders":true,"echo":true}"#;

/// The subscription that takes the replies to [`Client::request`].
const REPLIES_SID: &str = "900";

/// A step is over at the latest after this time, though messages keep coming.
const LONGEST_SETTLE: Duration = Duration::from_secs(2);

/// Something that one connection saw.
#[derive(Clone, Debug)]
pub struct Event {
    pub conn: usize,
    pub at: Duration,
    /// `None` when the server closed the connection.
    pub frame: Option<Frame>,
}

#[derive(Default)]
struct Connection {
    parser: FrameParser,
    takes_replies: bool,
    closed_by_client: bool,
    next_sid: u64,
}

/// The connections of one run against one arm.
pub struct Client {
    arm: Box<dyn Arm>,
    connections: Vec<Connection>,
    events: VecDeque<Event>,
    requests: u64,
    observed: Observed,
}

/// What the checks found in everything that arrived.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The `err_code` of every error seen.
    pub err_codes: BTreeSet<u64>,
    /// Every status seen, without `NATS/1.0 `.
    pub statuses: BTreeSet<String>,
    /// Where a message broke its schema or was not written as the server writes.
    pub problems: Vec<String>,
    /// How many messages had a schema.
    pub validated: usize,
}

impl Observed {
    pub fn merge(&mut self, other: Self) {
        self.err_codes.extend(other.err_codes);
        self.statuses.extend(other.statuses);
        self.problems.extend(other.problems);
        self.validated += other.validated;
    }

    /// Errors stand in replies, and in the state of mirrors and sources.
    fn collect_errors(&mut self, json: &Json) {
        self.err_codes.extend(json.get("err_code").and_then(Json::as_u64));
        for (name, member) in json.members() {
            match member {
                Json::String(text) if name == "response" => {
                    if let Ok(response) = Json::parse(text) {
                        self.collect_errors(&response);
                    }
                }
                member => self.collect_errors(member),
            }
        }
        json.elements().iter().for_each(|element| self.collect_errors(element));
    }

    fn look_at(&mut self, message: &Message) {
        self.statuses.extend(message.status().map(str::to_owned));
        let Some(json) = message.json() else { return };
        self.collect_errors(&json);
        if let Some(kind) = json.get("type").and_then(|kind| kind.as_str()).filter(|kind| kind.starts_with("io.nats."))
        {
            self.validated += usize::from(schema::has(kind));
            self.problems.extend(schema::check(kind, &json));
            if json.to_go() != message.text() {
                self.problems.push(format!("{kind}: not as Go's encoder writes it: {}", message.text()));
            }
        }
    }
}

impl Client {
    pub fn new(arm: Box<dyn Arm>) -> Self {
        let observed = Observed::default();
        Self { arm, connections: Vec::new(), events: VecDeque::new(), requests: 0, observed }
    }

    /// What the checks found so far.
    pub fn observed(&mut self) -> Observed {
        std::mem::take(&mut self.observed)
    }

    /// Opens a connection and says nothing on it. What arrives, the INFO first, becomes events.
    pub fn open(&mut self) -> usize {
        let conn = self.arm.connect();
        debug_assert_eq!(conn, self.connections.len());
        self.connections.push(Connection::default());
        conn
    }

    /// Opens a connection, says `CONNECT` and waits for the end of the handshake; no events remain from it.
    pub fn connect(&mut self, options: &str) -> usize {
        let conn = self.open();
        self.send(conn, format!("CONNECT {options}\r\nPING\r\n").as_bytes());
        let limit = self.elapsed() + Duration::from_secs(5);
        let mut seen = Vec::new();
        while !seen.iter().any(|frame| matches!(frame, Some(Frame::Pong) | None)) && self.wait_for_event(conn, limit) {
            seen.extend(self.take_events_of(conn).into_iter().map(|event| event.frame));
        }
        self.settle(Duration::from_millis(5));
        self.take_events_of(conn);
        conn
    }

    pub fn disconnect(&mut self, conn: usize) {
        self.connections[conn].closed_by_client = true;
        self.arm.disconnect(conn);
    }

    pub fn send(&mut self, conn: usize, bytes: &[u8]) {
        self.arm.send(conn, bytes);
    }

    /// Subscribes and returns the sid.
    pub fn subscribe(&mut self, conn: usize, subject: &str, queue: Option<&str>) -> String {
        self.connections[conn].next_sid += 1;
        let sid = self.connections[conn].next_sid.to_string();
        let queue = queue.map(|name| format!("{name} ")).unwrap_or_default();
        self.send(conn, format!("SUB {subject} {queue}{sid}\r\n").as_bytes());
        sid
    }

    pub fn unsubscribe(&mut self, conn: usize, sid: &str, max: Option<u64>) {
        let max = max.map(|count| format!(" {count}")).unwrap_or_default();
        self.send(conn, format!("UNSUB {sid}{max}\r\n").as_bytes());
    }

    /// Publishes; `headers` is the whole block.
    pub fn publish(&mut self, conn: usize, subject: &str, reply: Option<&str>, headers: Option<&str>, payload: &[u8]) {
        let reply = reply.map(|subject| format!("{subject} ")).unwrap_or_default();
        let mut bytes = match headers {
            Some(block) => {
                let total = block.len() + payload.len();
                format!("HPUB {subject} {reply}{} {total}\r\n{block}", block.len()).into_bytes()
            }
            None => format!("PUB {subject} {reply}{}\r\n", payload.len()).into_bytes(),
        };
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(b"\r\n");
        self.send(conn, &bytes);
    }

    /// Publishes with a reply subject of its own and returns that subject.
    pub fn ask(&mut self, conn: usize, subject: &str, headers: Option<&str>, payload: &[u8]) -> String {
        if !self.connections[conn].takes_replies {
            self.connections[conn].takes_replies = true;
            self.send(conn, format!("SUB _INBOX.rq{conn}.* {REPLIES_SID}\r\n").as_bytes());
        }
        self.requests += 1;
        let reply = format!("_INBOX.rq{conn}.{}", self.requests);
        self.publish(conn, subject, Some(&reply), headers, payload);
        reply
    }

    /// Sends a request and waits for the first reply, at most for `timeout`. Other arrivals stay events.
    pub fn request(
        &mut self,
        conn: usize,
        subject: &str,
        headers: Option<&str>,
        payload: &[u8],
        timeout: Duration,
    ) -> Option<Message> {
        let reply = self.ask(conn, subject, headers, payload);
        let limit = self.elapsed() + timeout;
        self.run_until_reply(conn, &reply, limit, limit)
    }

    /// Waits for the reply to an [`Self::ask`]: until `silent` when nothing comes at all, else until `limit`. What came at
    /// once counts too: the engine's arm has that before it waits.
    pub fn run_until_reply(&mut self, conn: usize, reply: &str, silent: Duration, limit: Duration) -> Option<Message> {
        loop {
            if let Some(message) = self.take_reply(conn, reply) {
                return Some(message);
            }
            if !self.wait(if self.events.is_empty() { silent } else { limit }) {
                return None;
            }
        }
    }

    /// Takes the first message on the reply subject of an earlier [`Self::ask`].
    pub fn take_reply(&mut self, conn: usize, reply: &str) -> Option<Message> {
        self.pump();
        let is_reply = |event: &Event| {
            let Some(Frame::Message(message)) = &event.frame else { return false };
            event.conn == conn && message.sid == REPLIES_SID && message.subject == reply
        };
        let index = self.events.iter().position(is_reply)?;
        match self.events.remove(index)?.frame {
            Some(Frame::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// Waits until nothing has come for `quiet`.
    pub fn settle(&mut self, quiet: Duration) {
        let last = self.elapsed() + LONGEST_SETTLE;
        let mut until = self.elapsed() + quiet;
        while self.wait(until) {
            until = last.min(self.elapsed() + quiet);
        }
    }

    /// Lets time go on to `until`, whatever arrives.
    pub fn run_until(&mut self, until: Duration) {
        while self.wait(until) {}
    }

    pub fn elapsed(&self) -> Duration {
        self.arm.elapsed()
    }

    pub fn unix_nanos(&self) -> u64 {
        self.arm.unix_nanos()
    }

    /// Everything that arrived and was not taken, in its order.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.pump();
        self.events.drain(..).collect()
    }

    /// Puts events back that were taken, before those that came since.
    pub fn put_back(&mut self, events: Vec<Event>) {
        for event in events.into_iter().rev() {
            self.events.push_front(event);
        }
    }

    pub fn take_events_of(&mut self, conn: usize) -> Vec<Event> {
        self.pump();
        let (taken, kept) = self.events.drain(..).partition(|event: &Event| event.conn == conn);
        self.events = kept;
        taken.into()
    }

    /// Waits until something new arrives, at most until `until`. False when nothing came.
    fn wait(&mut self, until: Duration) -> bool {
        let came = self.arm.wait_for_arrival(until);
        self.pump();
        came
    }

    /// Waits until `conn` has an event that was not taken, at most until `until`.
    pub fn wait_for_event(&mut self, conn: usize, until: Duration) -> bool {
        loop {
            self.pump();
            if self.events.iter().any(|event| event.conn == conn) {
                return true;
            }
            if !self.wait(until) {
                return false;
            }
        }
    }

    /// Turns what arrived into events. PINGs of the server are answered and do not show.
    fn pump(&mut self) {
        while let Some(Arrival { conn, at, bytes }) = self.arm.take() {
            let Some(bytes) = bytes else {
                if !self.connections[conn].closed_by_client {
                    self.events.push_back(Event { conn, at, frame: None });
                }
                continue;
            };
            for frame in self.connections[conn].parser.push(&bytes) {
                match frame {
                    Frame::Ping => self.arm.send(conn, b"PONG\r\n"),
                    frame => {
                        if let Frame::Message(message) = &frame {
                            self.observed.look_at(message);
                        }
                        self.events.push_back(Event { conn, at, frame: Some(frame) });
                    }
                }
            }
        }
    }
}
