//! What rows are made from, and what several panels ask of it.

use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;
use crate::sim::Simulation;
use crate::sim::actor::{Actor, ActorId, Worker};
use crate::sim::clock::Clock;
use crate::sim::trace::{Trace, Traced};
use crate::sim::world::World;

use super::{Focus, text};

/// How far back a question about the past is looked up in the trace.
const LOOKED_BACK: usize = 2_000;

/// The world at a moment, what led to it, and what the reader looks at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub simulation: &'a Simulation,
    pub world: &'a World,
    pub trace: &'a Trace,
    pub clock: &'a Clock,
    pub focus: &'a Focus,
}

impl<'a> Scene<'a> {
    pub const fn of(simulation: &'a Simulation, focus: &'a Focus) -> Self {
        let (world, trace, clock) = (simulation.world(), simulation.trace(), &simulation.clock);
        Self { simulation, world, trace, clock, focus }
    }

    pub const fn now(self) -> Timestamp {
        self.world.now()
    }

    /// Streams sorted by name.
    pub fn streams(self) -> impl Iterator<Item = &'a Stream> {
        self.world.server().account().streams()
    }

    /// A consumer with its stream, by their names.
    pub fn consumer(self, stream: &str, consumer: &str) -> Option<(&'a Stream, &'a Consumer)> {
        let stream = self.world.server().account().stream_named(stream)?;
        Some((stream, stream.consumer_named(consumer)?))
    }

    /// The workers of a consumer, in the order of their making.
    pub fn workers(self, stream: &'a str, consumer: &'a str) -> impl Iterator<Item = (ActorId, &'a Actor, &'a Worker)> {
        let of_consumer = move |(id, actor): (ActorId, &'a Actor)| Some((id, actor, actor.worker()?));
        let belongs =
            move |(_, _, worker): &(ActorId, &Actor, &Worker)| worker.stream == stream && worker.consumer == consumer;
        self.world.actors().iter().filter_map(of_consumer).filter(belongs)
    }

    /// What happened of late, the newest first.
    pub fn recent(self) -> impl Iterator<Item = &'a Traced> {
        self.trace.events().rev().take(LOOKED_BACK)
    }

    /// The name of the client that listens, or listened, on an inbox.
    pub fn client_of_inbox(self, inbox: &[u8]) -> Option<&'a str> {
        // Inboxes of scripted clients are `_INBOX.`, a letter, and the number of the connection.
        let after = inbox.strip_prefix(b"_INBOX.")?.get(1..)?;
        let digits: Vec<u8> = after.iter().copied().take_while(u8::is_ascii_digit).collect();
        let conn = ConnId::from_index(std::str::from_utf8(&digits).ok()?.parse().ok()?);
        self.client_of(conn)
    }

    /// The name of the client that holds, or held, a connection.
    pub fn client_of(self, conn: ConnId) -> Option<&'a str> {
        let live = self.world.actors().iter().find(|(_, actor)| actor.conn == Some(conn));
        live.map(|(_, actor)| &*actor.name).or_else(|| self.trace.client_name(conn))
    }
}

/// Simulated time since the start: `00:01:18.0`.
pub fn time_of_day(at: Timestamp) -> String {
    text::clock(at.since(Timestamp::SIMULATION_START))
}

/// Bytes from outside as text; what is no text is replaced.
pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
