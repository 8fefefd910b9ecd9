//! What both targets share: a server on a clock, the connections to it, and the script that an input is read as.
//!
//! An input is a list of steps between [`SEPARATOR`]s. What a step does stands in its first bytes and what it does it with in
//! the rest, so that bytes put in or taken out anywhere leave the other steps as they are.

use std::collections::BTreeMap;
use std::time::Duration;

use jetstream_sim::engine::config::JetStreamConfig;
use jetstream_sim::engine::connection::MAX_PENDING;
use jetstream_sim::engine::config::MAX_CONTROL_LINE;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};

/// Ends a step. It is in no valid UTF-8.
pub const SEPARATOR: u8 = 0xff;

/// Steps that are taken of one input.
pub const MAX_STEPS: usize = 64;

/// Largest message; small, so that inputs reach the limit.
pub const MAX_PAYLOAD: usize = 2_048;

/// Bytes that all streams may store.
const MAX_STORE: u64 = 4 * 1024 * 1024;

/// Deadlines that one step of time may meet. A message scheduled every second has one in each.
const MAX_DEADLINES: usize = 200;

/// Deadlines that may follow each other without time passing.
const MAX_AT_ONE_INSTANT: usize = 100;

/// The longest operation that can arrive: a control line with its verb, blanks and line end, and a message.
pub const MAX_HELD: usize = MAX_CONTROL_LINE + MAX_PAYLOAD + 16;

/// The steps of an input.
pub fn steps(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|byte| *byte == SEPARATOR).filter(|step| !step.is_empty()).take(MAX_STEPS)
}

/// How far a step of time goes: from 1 µs to 12 days, doubling.
pub fn step_of_time(exponent: u8) -> Duration {
    Duration::from_micros(1 << (exponent % 41))
}

/// A server, and what it said to each of its clients since they were last listened to.
pub struct World {
    pub server: Server,
    pub now: Timestamp,
    said: BTreeMap<ConnId, Vec<u8>>,
}

impl World {
    pub fn new(has_jetstream: bool) -> Self {
        let jetstream = JetStreamConfig { max_total_store: Some(MAX_STORE), ..JetStreamConfig::default() };
        let config = ServerConfig {
            max_payload: MAX_PAYLOAD,
            ping_interval: Some(Duration::from_secs(120)),
            jetstream: has_jetstream.then_some(jetstream),
            ..ServerConfig::default()
        };
        Self { server: Server::new(config), now: Timestamp::SIMULATION_START, said: BTreeMap::new() }
    }

    pub fn connect(&mut self) -> ConnId {
        let conn = self.server.connect(self.now);
        self.said.insert(conn, Vec::new());
        self.listen();
        conn
    }

    /// Whether the server has not closed the connection.
    pub fn is_open(&self, conn: ConnId) -> bool {
        self.said.contains_key(&conn)
    }

    pub fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        self.server.handle(self.now, Input::Bytes { conn, bytes });
        self.listen();
    }

    /// Ends a connection from the client's side.
    pub fn disconnect(&mut self, conn: ConnId) {
        self.server.handle(self.now, Input::Disconnect { conn });
        self.said.remove(&conn);
        self.listen();
    }

    /// What the client was told since this was last asked for.
    pub fn take_said(&mut self, conn: ConnId) -> Vec<u8> {
        self.said.get_mut(&conn).map(std::mem::take).unwrap_or_default()
    }

    /// Lets time pass, through every deadline on the way.
    pub fn pass_time(&mut self, time: Duration) {
        let until = self.now + time;
        let mut at_this_instant = 0;
        for _ in 0..MAX_DEADLINES {
            let Some(deadline) = self.server.next_deadline().filter(|deadline| deadline.at <= until) else {
                self.now = until;
                return;
            };
            at_this_instant = if deadline.at > self.now { 0 } else { at_this_instant + 1 };
            assert!(at_this_instant < MAX_AT_ONE_INSTANT, "{deadline:?} falls due for ever");
            self.now = self.now.max(deadline.at);
            self.server.handle(self.now, Input::Deadline);
            self.listen();
        }
    }

    /// How many subscriptions the server counts, its own included.
    pub fn subscriptions(&mut self) -> u64 {
        let conn = self.connect();
        self.send(conn, b"CONNECT {\"verbose\":false}\r\nSUB counts 1\r\n");
        self.send(conn, b"PUB $SYS.REQ.ACCOUNT.PING.STATZ counts 0\r\n\r\n");
        let said = String::from_utf8_lossy(&self.take_said(conn)).into_owned();
        self.disconnect(conn);
        let (_, number) = said.split_once("\"num_subscriptions\":").expect("the server counts");
        number.split(',').next().and_then(|digits| digits.parse().ok()).expect("a number")
    }

    /// Takes everything that the server has to say, and looks whether its connections keep within their bounds.
    fn listen(&mut self) {
        for (conn, connection) in self.server.connections() {
            let (held, pending) = (connection.held_bytes(), connection.pending_bytes());
            assert!(held <= MAX_HELD, "{conn:?} holds {held} bytes");
            assert!(pending <= MAX_PENDING, "{pending} bytes wait for {conn:?}");
        }
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Bytes { conn, bytes } => {
                    let said = self.said.get_mut(&conn).expect("bytes are for a connection that is open");
                    said.extend_from_slice(&bytes);
                }
                Output::Closed { conn, .. } => {
                    self.said.remove(&conn).expect("a connection is closed once");
                }
            }
        }
        assert_eq!(self.server.connection_count(), self.said.len(), "connections");
    }
}
