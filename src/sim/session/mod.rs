//! A world for programs: connections as byte pipes, time that its owner moves, a journal that repeats the run.
//!
//! What JavaScript holds (`js`), where [`Simulation`](super::Simulation) is what the page holds. There are no scripted
//! clients here; requests of the owner itself go through a connection like any other. Connections are known by handles
//! that are never used twice, also where [`Session::restore`] goes back to a time at which the server counted lower.

mod console;
mod events;
mod journal;
mod setup;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use self::console::{Answer, RequestError};
pub use self::journal::{ReplayError, SessionJournal};
pub use self::setup::{Setup, SetupError};

use self::console::Console;
use self::journal::Entry;
use super::world::{NextEvent, Outgoing, World};
use crate::engine::Server;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;

/// What one call lets happen at most, in events and in bytes for clients.
const MAX_EVENTS: u32 = 20_000;
const MAX_OUTGOING: usize = 64 << 20;
/// What may happen in a journal without an input; the tests run unoptimised.
pub const MAX_REPLAYED_EVENTS: u32 = if cfg!(test) { 100_000 } else { 20_000_000 };

/// A connection, from [`Session::connect`] to its end.
pub type Handle = u32;

/// Something that a connection is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Bytes {
        handle: Handle,
        bytes: Vec<u8>,
    },
    /// The server, or a step back in time, ended the connection. Nothing follows. `info` is JSON, as monitoring tells of
    /// the connection; empty after a step back.
    Closed {
        handle: Handle,
        info: Vec<u8>,
    },
}

impl Delivery {
    /// Whom it is for.
    pub const fn handle(&self) -> Handle {
        match self {
            Self::Bytes { handle, .. } | Self::Closed { handle, .. } => *handle,
        }
    }
}

/// A state to go back to. Shares memory with the session until one of the two changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    world: World,
    console: Option<Console>,
    connections: Connections,
    journal: Option<SessionJournal>,
}

/// Handles with the server's names for them.
#[derive(Clone, Debug, Default)]
struct Connections {
    conns: BTreeMap<Handle, ConnId>,
    handles: BTreeMap<ConnId, Handle>,
}

impl Connections {
    fn insert(&mut self, handle: Handle, conn: ConnId) {
        self.conns.insert(handle, conn);
        self.handles.insert(conn, handle);
    }

    fn remove(&mut self, handle: Handle) -> Option<ConnId> {
        let conn = self.conns.remove(&handle)?;
        self.handles.remove(&conn);
        Some(conn)
    }

    fn conn(&self, handle: Handle) -> Option<ConnId> {
        self.conns.get(&handle).copied()
    }

    fn handle(&self, conn: ConnId) -> Option<Handle> {
        self.handles.get(&conn).copied()
    }

    fn handles(&self) -> impl Iterator<Item = Handle> {
        self.conns.keys().copied()
    }
}

#[derive(Clone, Debug)]
pub struct Session {
    world: World,
    console: Option<Console>,
    connections: Connections,
    next_handle: Handle,
    /// `None` if nothing is recorded.
    journal: Option<SessionJournal>,
    outgoing: Vec<Outgoing>,
    deliveries: VecDeque<Delivery>,
}

impl Session {
    pub fn new(setup: Setup) -> Self {
        let journal = setup.journal_bytes.map(|max_bytes| SessionJournal::new(setup.clone(), max_bytes));
        Self {
            world: World::unwatched(setup.server, setup.start),
            console: None,
            connections: Connections::default(),
            next_handle: 1,
            journal,
            outgoing: Vec::new(),
            deliveries: VecDeque::new(),
        }
    }

    pub const fn world(&self) -> &World {
        &self.world
    }

    pub const fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub fn next_event(&self) -> Option<NextEvent> {
        self.world.next_event()
    }

    /// Collects events from now on, for [`take_events_json`](Self::take_events_json).
    pub fn watch(&mut self) {
        self.world.watch();
    }

    /// What happened since the last call, as a JSON array of objects with `at`, `type` and what belongs to it.
    pub fn take_events_json(&mut self) -> String {
        let events = self.world.take_events();
        events::to_json(self.world.server().account(), &events)
    }

    /// What connections were given since the last call, in order.
    pub fn take_deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries).into()
    }

    /// What a connection is given next.
    pub fn pop_delivery(&mut self) -> Option<Delivery> {
        self.deliveries.pop_front()
    }

    /// Whom [`pop_delivery`](Self::pop_delivery) gives something for.
    pub fn next_receiver(&self) -> Option<Handle> {
        self.deliveries.front().map(Delivery::handle)
    }

    /// Opens a connection.
    pub fn connect(&mut self) -> Handle {
        self.record(|| Entry::Connect);
        let conn = self.world.connect(&mut self.outgoing);
        let handle = self.next_handle;
        self.next_handle += 1;
        self.connections.insert(handle, conn);
        self.hand_out();
        handle
    }

    /// The server's own number for an open connection, as in INFO.
    pub fn client_id(&self, handle: Handle) -> Option<u32> {
        self.connections.conn(handle).map(Id::index)
    }

    /// Hands the server bytes of a client. Nothing happens on a connection that has ended.
    pub fn write(&mut self, handle: Handle, bytes: &[u8]) {
        let Some(conn) = self.connections.conn(handle) else { return };
        self.record(|| Entry::Write { conn, bytes: bytes.into() });
        self.world.send(conn, bytes, &mut self.outgoing);
        self.hand_out();
    }

    /// The client hangs up. What monitoring tells of the connection, as JSON; empty if there is none.
    pub fn close(&mut self, handle: Handle) -> Vec<u8> {
        let Some(conn) = self.connections.remove(handle) else { return Vec::new() };
        self.record(|| Entry::Close { conn });
        let connection = self.world.server().connection(conn);
        let info = connection.map(|connection| Server::ended_connection(self.now(), conn, connection));
        self.world.disconnect(conn, &mut self.outgoing);
        self.hand_out();
        self.deliveries.retain(|delivery| delivery.handle() != handle);
        info.unwrap_or_default()
    }

    /// Lets everything happen up to `target`, and time with it, which never goes back. Whether `target` is reached: one
    /// call goes through so much at most, and the next one goes on.
    pub fn advance_to(&mut self, target: Timestamp) -> bool {
        let (mut is_there, mut bytes) = (false, 0);
        for _ in 0..MAX_EVENTS {
            let before = self.outgoing.len();
            is_there = !self.world.step(target, &mut self.outgoing);
            if is_there {
                self.world.skip_idle_time(target);
                break;
            }
            bytes += self.outgoing[before..].iter().map(Outgoing::size).sum::<usize>();
            if bytes > MAX_OUTGOING {
                break;
            }
        }
        self.hand_out();
        is_there
    }

    /// Lets everything happen within `duration`, as [`advance_to`](Self::advance_to) does.
    pub fn advance(&mut self, duration: Duration) -> bool {
        self.advance_to(self.now() + duration)
    }

    /// Lets what is due next happen, with all else at its instant, unless it is after `target`; without anything due,
    /// time moves to `target`. Whether `target` is reached.
    pub fn advance_once(&mut self, target: Timestamp) -> bool {
        let next = self.next_event().map(|next| next.at().max(self.now())).filter(|at| *at < target);
        self.advance_to(next.unwrap_or(target)) && next.is_none()
    }

    /// Sends a request on the session's own connection, and gives what answers it at once.
    ///
    /// # Errors
    /// Nobody listens, or nothing answers without the help of an attached client.
    pub fn request(
        &mut self,
        subject: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer, RequestError> {
        let mut console = match self.console.take() {
            Some(console) if !console.is_closed => console,
            _ => self.open_console(),
        };
        let conn = console.conn;
        let bytes = console.ask(subject, headers, body);
        self.console = Some(console);
        self.record(|| Entry::Write { conn, bytes: bytes.as_slice().into() });
        self.world.send(conn, &bytes, &mut self.outgoing);
        self.hand_out();
        self.console.as_mut().map_or(Err(RequestError::Unanswered), Console::take_answer)
    }

    /// As [`request`](Self::request), and nothing has happened after it: no counter counts, no advisory goes out.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn inspect(&self, subject: &str, body: &[u8]) -> Result<Answer, RequestError> {
        let mut copy = Self { journal: None, deliveries: VecDeque::new(), ..self.clone() };
        copy.request(subject, &[], body)
    }

    fn open_console(&mut self) -> Console {
        self.record(|| Entry::Connect);
        let conn = self.world.connect(&mut self.outgoing);
        Console::new(conn)
    }

    /// The state as it is.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            world: self.world.clone(),
            console: self.console.clone(),
            connections: self.connections.clone(),
            journal: self.journal.clone(),
        }
    }

    /// Goes back to a state. Connections that are open now and were not then are ended, and those that were and are not
    /// any more hang up; those that are open in both go on.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.deliveries.clear();
        self.world = snapshot.world.clone();
        self.console = snapshot.console.clone();
        self.journal = snapshot.journal.clone();
        let before = std::mem::replace(&mut self.connections, snapshot.connections.clone());
        for handle in before.handles().filter(|handle| self.connections.conn(*handle).is_none()) {
            self.deliveries.push_back(Delivery::Closed { handle, info: Vec::new() });
        }
        let gone: Vec<Handle> = self.connections.handles().filter(|handle| before.conn(*handle).is_none()).collect();
        for handle in gone {
            self.close(handle);
        }
    }

    /// All that happened, for [`replay`](Self::replay).
    ///
    /// # Errors
    /// Nothing is recorded, or more happened than was kept.
    pub fn export_journal(&self) -> Result<String, ReplayError> {
        self.journal.as_ref().ok_or(ReplayError::NotRecorded)?.export(self.now())
    }

    /// A session in the state in which another exported its journal, with all connections ended.
    ///
    /// # Errors
    /// The text is no journal, or more happens in it than [`MAX_REPLAYED_EVENTS`].
    pub fn replay(journal: &str) -> Result<Self, ReplayError> {
        let (setup, entries, until) = SessionJournal::import(journal)?;
        let mut session = Self::new(setup);
        let mut calls = 0..MAX_REPLAYED_EVENTS / MAX_EVENTS;
        let mut advance = |session: &mut Self, target| {
            while !session.advance_to(target) {
                session.deliveries.clear();
                calls.next().ok_or(ReplayError::TooMuch)?;
            }
            Ok(())
        };
        for (at, entry) in entries {
            advance(&mut session, at)?;
            match entry {
                Entry::Connect => {
                    session.connect();
                }
                Entry::Write { conn, bytes } => {
                    if let Some(handle) = session.connections.handle(conn) {
                        session.write(handle, &bytes);
                    }
                }
                Entry::Close { conn } => {
                    if let Some(handle) = session.connections.handle(conn) {
                        session.close(handle);
                    }
                }
            }
        }
        advance(&mut session, until)?;
        for handle in session.connections.handles().collect::<Vec<_>>() {
            session.close(handle);
        }
        session.deliveries.clear();
        Ok(session)
    }

    fn record(&mut self, entry: impl FnOnce() -> Entry) {
        let now = self.now();
        if let Some(journal) = &mut self.journal {
            journal.record(now, entry);
        }
    }

    /// Sorts what left the server by who is given it.
    fn hand_out(&mut self) {
        let mut outgoing = std::mem::take(&mut self.outgoing);
        for outgoing in outgoing.drain(..) {
            let (Outgoing::Bytes { conn, .. } | Outgoing::Closed { conn, .. }) = outgoing;
            if self.console.as_ref().is_some_and(|console| console.conn == conn) {
                self.hand_to_console(outgoing);
                continue;
            }
            let Some(handle) = self.connections.handle(conn) else { continue };
            self.deliveries.push_back(match outgoing {
                Outgoing::Bytes { bytes, .. } => Delivery::Bytes { handle, bytes },
                Outgoing::Closed { connection, .. } => {
                    self.connections.remove(handle);
                    Delivery::Closed { handle, info: Server::ended_connection(self.now(), conn, &connection) }
                }
            });
        }
        // Kept for its memory.
        self.outgoing = outgoing;
    }

    fn hand_to_console(&mut self, outgoing: Outgoing) {
        match (outgoing, &mut self.console) {
            (Outgoing::Bytes { bytes, .. }, Some(console)) => console.handle_bytes(&bytes),
            (Outgoing::Closed { .. }, Some(console)) => console.is_closed = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
