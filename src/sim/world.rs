//! The server with the scripted clients around it: one value, moved by inputs and time.
//!
//! Everything passes between clients and server as bytes, at once. Cloning it is cheap, so that a past can be kept.

use crate::engine::connection::Connection;
use crate::engine::event::Event;
use crate::engine::rng::Rng;
use crate::engine::stream::OriginRef;
use crate::engine::table::{ConnId, Table};
use crate::engine::time::Timestamp;
use crate::engine::{Deadline, Input, Output, Server, ServerConfig};

use super::actor::{Actor, ActorId};
use super::wire::Frame;

/// Exchanges between server and clients at one instant, after which it has to be a loop without end.
const MAX_EXCHANGES: usize = 1_000_000;
/// Frames at one moment of which somebody is told.
const MAX_FRAMES: usize = 4_000;

/// What happens next in a world without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextEvent {
    Server(Deadline),
    Actor(Timestamp, ActorId),
}

impl NextEvent {
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Server(deadline) => deadline.at,
            Self::Actor(at, _) => *at,
        }
    }
}

/// What leaves for a connection that no scripted client holds: that of an attached one, or of the page itself.
pub type Outgoing = Output;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    now: Timestamp,
    server: Server,
    actors: Table<ActorId, Actor>,
    /// Of the scripted clients; apart from the server's, so that they cannot disturb each other.
    rng: Rng,
    /// What went over the connections since somebody asked; `None` while nobody does.
    frames: Option<Vec<Frame>>,
}

impl World {
    /// A world whose events are collected.
    pub fn new(config: ServerConfig, start: Timestamp) -> Self {
        let mut world = Self::unwatched(config, start);
        world.watch();
        world
    }

    /// A world in which nobody asks what happened, until [`watch`](Self::watch).
    pub fn unwatched(config: ServerConfig, start: Timestamp) -> Self {
        let rng = Rng::new(config.seed ^ 0x5eed);
        Self { now: start, server: Server::new(config), actors: Table::default(), rng, frames: None }
    }

    /// Collects from now on what [`take_events`](Self::take_events) and [`take_frames`](Self::take_frames) give out.
    pub fn watch(&mut self) {
        self.server.watch();
        self.frames = Some(Vec::new());
    }

    pub const fn now(&self) -> Timestamp {
        self.now
    }

    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Bytes of all messages, as limits count them.
    pub fn stored_bytes(&self) -> u64 {
        self.server.account().streams().map(|stream| stream.store().bytes()).sum()
    }

    /// How much a clone copies, where it is not next to nothing: see [`Stream::own_entries`](crate::engine::stream::Stream::own_entries).
    pub fn own_entries(&self) -> u64 {
        self.server.account().streams().map(|stream| stream.own_entries() as u64).sum()
    }

    pub const fn actors(&self) -> &Table<ActorId, Actor> {
        &self.actors
    }

    /// The connections of clients from outside: those that no scripted client holds.
    pub fn attached(&self) -> impl Iterator<Item = (ConnId, &Connection)> {
        self.server.connections().filter(|(conn, _)| self.actor_of(*conn).is_none())
    }

    pub fn take_events(&mut self) -> Vec<(Timestamp, Event)> {
        self.server.take_events()
    }

    pub fn take_frames(&mut self) -> Vec<Frame> {
        self.frames.as_mut().map_or_else(Vec::new, std::mem::take)
    }

    /// Hands the server what a client says.
    fn hear(&mut self, conn: ConnId, bytes: &[u8]) {
        self.note_frame(conn, true, bytes);
        self.server.handle(self.now, Input::Bytes { conn, bytes });
    }

    fn note_frame(&mut self, conn: ConnId, from_client: bool, bytes: &[u8]) {
        if let Some(frames) = self.frames.as_mut().filter(|frames| frames.len() < MAX_FRAMES) {
            frames.push(Frame::new(conn, from_client, bytes));
        }
    }

    /// Opens a connection for somebody outside.
    pub fn connect(&mut self, outgoing: &mut Vec<Outgoing>) -> ConnId {
        let conn = self.server.connect(self.now);
        self.exchange(outgoing);
        conn
    }

    /// Hands bytes from outside to the server.
    pub fn send(&mut self, conn: ConnId, bytes: &[u8], outgoing: &mut Vec<Outgoing>) {
        self.hear(conn, bytes);
        self.exchange(outgoing);
    }

    pub fn disconnect(&mut self, conn: ConnId, outgoing: &mut Vec<Outgoing>) {
        self.server.handle(self.now, Input::Disconnect { conn });
        self.exchange(outgoing);
    }

    /// Adds a scripted client and connects it.
    pub fn add_actor(&mut self, actor: Actor, outgoing: &mut Vec<Outgoing>) -> ActorId {
        let id = self.actors.insert(actor);
        self.connect_actor(id, outgoing);
        id
    }

    pub fn remove_actor(&mut self, id: ActorId, outgoing: &mut Vec<Outgoing>) {
        self.kill_actor(id, outgoing);
        self.actors.remove(id);
    }

    /// Connects a scripted client that is not connected.
    pub fn connect_actor(&mut self, id: ActorId, outgoing: &mut Vec<Outgoing>) {
        if self.actors.get(id).is_none_or(|actor| actor.conn.is_some()) {
            return;
        }
        let conn = self.server.connect(self.now);
        let Some(actor) = self.actors.get_mut(id) else { return };
        let bytes = actor.handle_connected(self.now, conn);
        self.hear(conn, &bytes);
        self.exchange(outgoing);
    }

    /// Cuts a scripted client off without a word.
    pub fn kill_actor(&mut self, id: ActorId, outgoing: &mut Vec<Outgoing>) {
        let Some(actor) = self.actors.get_mut(id) else { return };
        let conn = actor.conn;
        actor.handle_closed();
        if let Some(conn) = conn {
            self.server.handle(self.now, Input::Disconnect { conn });
        }
        self.exchange(outgoing);
    }

    /// Lets `act` change a scripted client; what it writes is sent.
    pub fn with_actor(
        &mut self,
        id: ActorId,
        outgoing: &mut Vec<Outgoing>,
        act: impl FnOnce(&mut Actor, Timestamp, &mut Rng, &mut Vec<u8>),
    ) {
        let Some(actor) = self.actors.get_mut(id) else { return };
        let mut bytes = Vec::new();
        act(actor, self.now, &mut self.rng, &mut bytes);
        self.send_from_actor(id, &bytes);
        self.exchange(outgoing);
    }

    /// Puts it among the events that an answer of a worker is lost.
    pub fn note_lost_ack(&mut self, worker: ActorId, consumer_seq: u64) {
        let worker = self.actors.get(worker).and_then(Actor::worker);
        if let Some(subject) = worker.and_then(|worker| worker.ack_subject(consumer_seq)) {
            self.server.note(self.now, Event::AckLost { subject: subject.into() });
        }
    }

    /// Cuts or mends the link between a stream and one of its origins.
    pub fn set_link_cut(&mut self, stream: &str, origin: OriginRef, is_cut: bool, outgoing: &mut Vec<Outgoing>) {
        self.server.set_link_cut(self.now, stream, origin, is_cut);
        self.exchange(outgoing);
    }

    fn send_from_actor(&mut self, id: ActorId, bytes: &[u8]) {
        if let Some(conn) = self.actors.get(id).and_then(|actor| actor.conn).filter(|_| !bytes.is_empty()) {
            self.hear(conn, bytes);
        }
    }

    /// What happens next, and when.
    pub fn next_event(&self) -> Option<NextEvent> {
        let of_actors = self.actors.iter().filter_map(|(id, actor)| Some((actor.next_due()?, id))).min();
        match (self.server.next_deadline(), of_actors) {
            // At one instant the server's deadlines come first.
            (Some(deadline), Some((at, id))) if at < deadline.at => Some(NextEvent::Actor(at, id)),
            (Some(deadline), _) => Some(NextEvent::Server(deadline)),
            (None, Some((at, id))) => Some(NextEvent::Actor(at, id)),
            (None, None) => None,
        }
    }

    /// Lets the next event happen, if it is not after `target`. Time moves to it. Whether there was one.
    pub fn step(&mut self, target: Timestamp, outgoing: &mut Vec<Outgoing>) -> bool {
        let Some(next) = self.next_event().filter(|next| next.at() <= target) else { return false };
        self.now = self.now.max(next.at());
        match next {
            NextEvent::Server(_) => self.server.handle(self.now, Input::Deadline),
            NextEvent::Actor(_, id) => {
                let Some(actor) = self.actors.get_mut(id) else { return true };
                let due = actor.handle_due(self.now, &mut self.rng);
                self.send_from_actor(id, &due.bytes);
                if due.crashed {
                    self.kill_actor(id, outgoing);
                }
            }
        }
        self.exchange(outgoing);
        true
    }

    /// Moves time to `target`, before which nothing happens.
    pub fn skip_idle_time(&mut self, target: Timestamp) {
        self.now = self.now.max(target);
    }

    /// Carries bytes between server and scripted clients until nobody says anything more.
    fn exchange(&mut self, outgoing: &mut Vec<Outgoing>) {
        for _ in 0..MAX_EXCHANGES {
            let Some(output) = self.server.poll_output() else { return };
            if let Output::Bytes { conn, bytes } = &output {
                self.note_frame(*conn, false, bytes);
            }
            match output {
                Output::Bytes { conn, bytes } => match self.actor_of(conn) {
                    Some(id) => {
                        let Some(actor) = self.actors.get_mut(id) else { continue };
                        let answer = actor.handle_bytes(self.now, &bytes);
                        self.send_from_actor(id, &answer);
                    }
                    None => outgoing.push(Outgoing::Bytes { conn, bytes }),
                },
                Output::Closed { conn, connection } => match self.actor_of(conn) {
                    Some(id) => {
                        if let Some(actor) = self.actors.get_mut(id) {
                            actor.handle_closed();
                        }
                    }
                    None => outgoing.push(Outgoing::Closed { conn, connection }),
                },
            }
        }
    }

    fn actor_of(&self, conn: ConnId) -> Option<ActorId> {
        self.actors.iter().find(|(_, actor)| actor.conn == Some(conn)).map(|(id, _)| id)
    }
}
