//! The server as one value: bytes and the time in, bytes out.
//!
//! Asks nothing of the outside: time comes in as `now`, randomness from a seeded generator. Equal inputs give equal
//! bytes, natively and in wasm. A server stays in one thread: its clones share what has not changed, and owners are
//! counted without atomic instructions.
//!
//! Everything in NATS is a message on a subject, so everything here is one: requests to the API, acknowledgements, pull
//! requests, deliveries and advisories. A client operation is routed at once; what the server itself publishes while
//! doing so is collected in [`effects::Effects`] and routed after it, until none is left.

pub mod account;
pub mod api;
pub mod archive;
pub mod asset;
pub mod bound;
pub mod bytes_map;
mod client;
mod clients;
pub mod config;
pub mod connection;
pub mod consumer;
pub mod context;
pub mod date_time;
mod derived;
mod dispatch;
pub mod duration;
pub mod effects;
pub mod emit;
pub mod error;
pub mod event;
pub mod expiring;
mod latest;
pub mod list;
mod liveness;
pub mod message;
mod msg_trace;
pub mod quote;
pub mod rng;
mod route_cache;
pub mod router;
mod run;
pub mod seq_map;
mod short;
pub mod short_hash;
pub mod sorted_map;
pub mod store;
pub mod stream;
pub mod subject;
pub mod subject_map;
mod sys;
pub mod table;
mod text_enum;
pub mod time;
pub mod time_zone;
pub mod transfer;
pub mod transform;

pub use config::ServerConfig;

use std::time::Duration;

use account::{Account, AccountDue};
use clients::Clients;
use connection::{Connection, Traffic};
use context::Context;
use effects::Effects;
use event::Event;
use expiring::Deadlines;
use msg_trace::MsgTrace;
use rng::Rng;
use router::Router;
use stream::OriginRef;
use table::ConnId;
use time::Timestamp;

/// Something that happens to the server from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Bytes arrive on a connection; operations may be cut anywhere.
    Bytes { conn: ConnId, bytes: &'a [u8] },
    /// The client is gone.
    Disconnect { conn: ConnId },
    /// The moment that [`Server::next_deadline`] named has come.
    Deadline,
}

/// Something that leaves the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Bytes {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    /// The server closed the connection; nothing follows. `connection` is as it ended.
    Closed {
        conn: ConnId,
        connection: Box<Connection>,
    },
}

impl Output {
    /// In bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Bytes { bytes, .. } => bytes.len(),
            Self::Closed { .. } => 0,
        }
    }
}

/// Something that happens without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline {
    pub at: Timestamp,
    pub due: Due,
}

/// What happens without an input, in the order in which it happens at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    Account(AccountDue),
    /// A client is asked whether it is there.
    Ping(ConnId),
}

/// A NATS server with JetStream: one server, one account, memory storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    config: ServerConfig,
    server_id: String,
    clients: Clients,
    router: Router,
    rng: Rng,
    effects: Effects,
    account: Account,
    /// Requests to the system that were answered.
    system_requests: u64,
    /// On all connections, those that ended included.
    received: Traffic,
    slow_consumers: u64,
    /// While a message that asks for it is on its way.
    trace: Option<Box<MsgTrace>>,
    /// When clients are asked whether they are there, by their number.
    pings: Deadlines,
}

impl Server {
    pub fn new(mut config: ServerConfig) -> Self {
        let mut rng = Rng::new(config.seed);
        let server_id = format!("N{}", rng.base32(55));
        if config.server_name.is_empty() {
            config.server_name.clone_from(&server_id);
        }
        Self {
            config,
            server_id,
            clients: Clients::default(),
            router: Router::default(),
            rng,
            effects: Effects::default(),
            account: Account::default(),
            system_requests: 0,
            received: Traffic::default(),
            slow_consumers: 0,
            trace: None,
            pings: Deadlines::default(),
        }
    }

    /// Collects events from now on, for [`take_events`](Self::take_events).
    pub fn watch(&mut self) {
        self.effects.watch();
    }

    /// What happened since the last call, if anybody [watches](Self::watch).
    pub fn take_events(&mut self) -> Vec<(Timestamp, Event)> {
        self.effects.take_events()
    }

    /// Puts something that happened around the server among its events.
    pub fn note(&mut self, now: Timestamp, event: Event) {
        self.effects.tell(now, || event);
    }

    /// Opens a connection. Its INFO waits in [`poll_output`](Self::poll_output).
    pub fn connect(&mut self, now: Timestamp) -> ConnId {
        let conn = self.clients.connections.insert(Connection::new(now));
        self.send_info(conn, false);
        self.watch_over(now, conn, Duration::MAX);
        self.effects.tell(now, || Event::ClientConnected { conn });
        conn
    }

    /// Takes one input. Drain [`poll_output`](Self::poll_output) to `None` before the next.
    pub fn handle(&mut self, now: Timestamp, input: Input<'_>) {
        match input {
            Input::Bytes { conn, bytes } => self.handle_bytes(now, conn, bytes),
            Input::Disconnect { conn } => self.handle_disconnect(now, conn),
            Input::Deadline => self.handle_deadlines(now),
        }
        self.route_effects(now);
    }

    /// The earliest moment at which something happens without an input, and what.
    pub fn next_deadline(&self) -> Option<Deadline> {
        let account = self.account.next_due().map(|(at, due)| Deadline { at, due: Due::Account(due) });
        let ping = self.next_ping().map(|(at, conn)| Deadline { at, due: Due::Ping(conn) });
        // What is due at the end of time never comes.
        account.into_iter().chain(ping).min().filter(|deadline| deadline.at < Timestamp::MAX)
    }

    /// Cuts the link between a stream and one of its origins, so that nothing passes, or mends it; see
    /// [`stream::Stream::set_link_cut`]. Whether there is such a link.
    pub fn set_link_cut(&mut self, now: Timestamp, stream: &str, origin: OriginRef, is_cut: bool) -> bool {
        let (account, mut ctx) = self.parts(now);
        let found = account.find(stream).is_ok_and(|stream| stream.set_link_cut(&mut ctx, origin, is_cut));
        self.route_effects(now);
        found
    }

    fn handle_deadlines(&mut self, now: Timestamp) {
        // A PING goes out before what happens at the same moment.
        self.effects.is_direct = self.next_ping().is_none_or(|(at, _)| at > now);
        let (account, mut ctx) = self.parts(now);
        account.handle_deadlines(&mut ctx);
        self.effects.is_direct = false;
        self.handle_pings(now);
    }

    /// The account, and everything that it may use.
    fn parts(&mut self, now: Timestamp) -> (&mut Account, Context<'_>) {
        let Self { config, clients, router, rng, effects, account, .. } = self;
        (account, Context { now, config, clients, router, rng, effects })
    }

    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The connections that are open.
    pub fn connections(&self) -> impl Iterator<Item = (ConnId, &Connection)> {
        self.clients.connections.iter().filter(|(_, connection)| !connection.is_closed())
    }

    pub fn connection(&self, conn: ConnId) -> Option<&Connection> {
        self.clients.connections.get(conn)
    }

    /// Whether anybody, client or stream, gets what is sent to `subject`.
    pub fn has_interest(&self, subject: &[u8]) -> bool {
        self.router.has_interest(subject)
    }

    pub const fn connection_count(&self) -> usize {
        self.clients.connections.len()
    }

    pub const fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// What leaves the server next.
    pub fn poll_output(&mut self) -> Option<Output> {
        while let Some(conn) = self.clients.ready.front().copied() {
            if let Some(connection) = self.clients.connections.get_mut(conn) {
                if connection.has_output() {
                    return Some(Output::Bytes { conn, bytes: connection.take_outbox() });
                }
                connection.leave_line();
                self.clients.ready.pop_front();
                if connection.is_closed()
                    && let Some(connection) = self.clients.connections.remove(conn)
                {
                    return Some(Output::Closed { conn, connection: Box::new(connection) });
                }
            } else {
                self.clients.ready.pop_front();
            }
        }
        None
    }

    /// Notes that `conn` has something to give out.
    fn mark_ready(&mut self, conn: ConnId) {
        if self.clients.connections.get_mut(conn).is_some_and(Connection::make_ready) {
            self.clients.ready.push_back(conn);
        }
    }
}
