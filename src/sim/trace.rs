//! What happened, as far back as is worth showing.
//!
//! Keeps the last events, the causes of the holes in each tape, and the names of what is gone. Bounded: the oldest goes.

use std::rc::Rc;

use super::shared_log::SharedLog;
use crate::engine::event::{AckKind, Event, Removal};
use crate::engine::seq_map::SeqMap;
use crate::engine::sorted_map::SortedMap;
use crate::engine::table::{ConnId, ConsumerId, StreamId};
use crate::engine::time::Timestamp;

/// Events that are kept.
const MAX_EVENTS: usize = 10_000;
/// Removed messages of one stream whose cause is kept.
const MAX_REMOVALS: usize = 20_000;
/// What limits count of a message beside its texts, in bytes.
const OF_A_MESSAGE: usize = 16;
/// Names of streams, consumers and clients that are kept.
const MAX_NAMES: usize = 10_000;

/// An event with its place in the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traced {
    /// Counts from 0; goes on when the oldest events are dropped.
    pub number: u64,
    /// The first moment at which it has happened: see [`Run::moment`](super::run::Run::moment).
    pub moment: u64,
    pub at: Timestamp,
    pub event: Event,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trace {
    events: SharedLog<Traced>,
    next_number: u64,
    /// Bytes of all messages that were ever stored.
    stored_bytes: u64,
    removals: SortedMap<StreamId, Removals>,
    streams: Rc<SortedMap<StreamId, String>>,
    consumers: Rc<SortedMap<(StreamId, ConsumerId), String>>,
    /// Which client holds a connection; told by the world, since the server does not know scripted clients.
    clients: Rc<SortedMap<ConnId, String>>,
}

/// Causes by sequence, in parts that clones share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Removals {
    /// By the sequence without its last bits.
    parts: SortedMap<u64, Rc<SeqMap<Removal>>>,
    len: usize,
}

impl Removals {
    /// Sequences in one part, as a power of two.
    const PART_BITS: u32 = 10;

    fn insert(&mut self, seq: u64, cause: Removal) {
        let part = Rc::make_mut(self.parts.get_or_default(seq >> Self::PART_BITS));
        let before = part.len();
        part.insert(seq, cause);
        self.len += part.len() - before;
        while self.len > MAX_REMOVALS {
            let Some(oldest) = self.parts.values().next() else { break };
            self.len -= oldest.len();
            self.parts.remove_first();
        }
    }

    fn get(&self, seq: u64) -> Option<Removal> {
        self.parts.get(&(seq >> Self::PART_BITS))?.get(seq).copied()
    }
}

impl Trace {
    /// Takes what happened since the last call, which brought the run to `moment`.
    pub fn extend(&mut self, moment: u64, events: Vec<(Timestamp, Event)>) {
        for (at, mut event) in events {
            self.note(&mut event);
            if self.is_internal(&event) {
                continue;
            }
            let traced = Traced { number: self.next_number, moment, at, event };
            self.events.push_bounded(traced, MAX_EVENTS);
            self.next_number += 1;
        }
    }

    /// Whether the event is of a consumer that the server made for a mirror or source: the stream's own tells enough.
    fn is_internal(&self, event: &Event) -> bool {
        match event {
            Event::ConsumerCreated { stream, consumer, .. }
            | Event::ConsumerDeleted { stream, consumer, .. }
            | Event::Delivered { stream, consumer, .. }
            | Event::Acked { stream, consumer, .. }
            | Event::Heartbeat { stream, consumer } => {
                let name = self.consumer_name(*stream, *consumer);
                name.starts_with("JS_MIRROR_") || name.starts_with("JS_SRC_")
            }
            _ => false,
        }
    }

    fn note(&mut self, event: &mut Event) {
        match event {
            Event::StreamCreated { stream, name } => insert_bounded(&mut self.streams, *stream, name.clone()),
            Event::ConsumerCreated { stream, consumer, name } => {
                insert_bounded(&mut self.consumers, (*stream, *consumer), name.clone());
            }
            Event::Stored { subject, payload_bytes, .. } => {
                self.stored_bytes += (OF_A_MESSAGE + subject.len() + *payload_bytes) as u64;
            }
            Event::StreamDeleted { stream, .. } => {
                self.removals.remove(stream);
            }
            Event::Removed { stream, seq, cause } => {
                if *cause == Removal::Acked && self.was_terminated(*stream, *seq) {
                    *cause = Removal::Terminated;
                }
                self.removals.get_or_default(*stream).insert(*seq, *cause);
            }
            Event::NotKept { stream, seq, .. } => {
                self.removals.get_or_default(*stream).insert(*seq, Removal::NoInterest);
            }
            _ => {}
        }
    }

    /// Whether the last event was that a `+TERM` settled a message.
    fn was_terminated(&self, of: StreamId, seq: u64) -> bool {
        matches!(self.events.iter().next_back(), Some(Traced { event: Event::Acked { stream, stream_seq, by, .. }, .. })
            if *by == AckKind::Term && (*stream, *stream_seq) == (of, seq))
    }

    /// Notes who holds a connection.
    pub fn name_client(&mut self, conn: ConnId, name: String) {
        insert_bounded(&mut self.clients, conn, name);
    }

    /// The events that are kept, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Traced> {
        self.events.iter()
    }

    /// The event with this number, if it is still kept.
    pub fn event(&self, number: u64) -> Option<&Event> {
        let index = self.events.partition_point(|traced| traced.number < number);
        self.events.get(index).filter(|traced| traced.number == number).map(|traced| &traced.event)
    }

    /// Bytes of all messages that were ever stored, whether they still are or not.
    pub const fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// How many events there were in the whole run.
    pub const fn total(&self) -> u64 {
        self.next_number
    }

    /// Why message `seq` left the stream, if that is still known.
    pub fn removal(&self, stream: StreamId, seq: u64) -> Option<Removal> {
        self.removals.get(&stream)?.get(seq)
    }

    /// The name of a stream, also of one that is gone.
    pub fn stream_name(&self, stream: StreamId) -> &str {
        self.streams.get(&stream).map_or("?", String::as_str)
    }

    /// The name of a consumer, also of one that is gone.
    pub fn consumer_name(&self, stream: StreamId, consumer: ConsumerId) -> &str {
        self.consumers.get(&(stream, consumer)).map_or("?", String::as_str)
    }

    pub fn client_name(&self, conn: ConnId) -> Option<&str> {
        self.clients.get(&conn).map(String::as_str)
    }
}

fn insert_bounded<K: Ord + Clone>(map: &mut Rc<SortedMap<K, String>>, key: K, value: String) {
    let map = Rc::make_mut(map);
    map.insert(key, value);
    if map.len() > MAX_NAMES {
        map.remove_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::table::Id;

    #[test]
    fn the_oldest_events_go_and_the_numbering_goes_on() {
        let mut trace = Trace::default();
        let conn = ConnId::from_index(1);
        for _ in 0..2 * MAX_EVENTS {
            trace.extend(1, vec![(Timestamp::SIMULATION_START, Event::ClientConnected { conn })]);
        }
        assert!((MAX_EVENTS..MAX_EVENTS + MAX_EVENTS / 10).contains(&trace.events().count()));
        assert_eq!(trace.events().next_back().map(|traced| traced.number), Some(2 * MAX_EVENTS as u64 - 1));
        assert_eq!(trace.total(), 2 * MAX_EVENTS as u64);
    }

    #[test]
    fn a_hole_names_its_cause() {
        let mut trace = Trace::default();
        let stream = StreamId::from_index(1);
        let removed = Event::Removed { stream, seq: 3, cause: Removal::MaxAge };
        trace.extend(1, vec![(Timestamp::SIMULATION_START, removed)]);
        assert_eq!(trace.removal(stream, 3), Some(Removal::MaxAge));
        assert_eq!(trace.removal(stream, 4), None);
    }

    #[test]
    fn of_too_many_holes_the_oldest_go() {
        let mut removals = Removals::default();
        (1..=2 * MAX_REMOVALS as u64).for_each(|seq| removals.insert(seq, Removal::Acked));
        assert!(removals.len <= MAX_REMOVALS && removals.len > MAX_REMOVALS / 2);
        assert_eq!((removals.get(1), removals.get(2 * MAX_REMOVALS as u64)), (None, Some(Removal::Acked)));
    }
}
