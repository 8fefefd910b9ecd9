//! What happened, as far back as is worth showing.
//!
//! Keeps the last events, the causes of the holes in each tape, and the names of what is gone. Bounded: the oldest goes.

use std::collections::VecDeque;

use crate::engine::event::{Event, Removal};
use crate::engine::seq_map::SeqMap;
use crate::engine::sorted_map::SortedMap;
use crate::engine::table::{ConnId, ConsumerId, StreamId};
use crate::engine::time::Timestamp;

/// Events that are kept.
const MAX_EVENTS: usize = 10_000;
/// Removed messages of one stream whose cause is kept.
const MAX_REMOVALS: usize = 20_000;
/// Names of streams, consumers and clients that are kept.
const MAX_NAMES: usize = 10_000;

/// An event with its place in the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traced {
    /// Counts from 0; goes on when the oldest events are dropped.
    pub number: u64,
    pub at: Timestamp,
    pub event: Event,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trace {
    events: VecDeque<Traced>,
    next_number: u64,
    removals: SortedMap<StreamId, SeqMap<Removal>>,
    streams: SortedMap<StreamId, String>,
    consumers: SortedMap<(StreamId, ConsumerId), String>,
    /// Which client holds a connection; told by the world, since the server does not know scripted clients.
    clients: SortedMap<ConnId, String>,
}

impl Trace {
    /// Takes what happened since the last call.
    pub fn extend(&mut self, events: Vec<(Timestamp, Event)>) {
        for (at, event) in events {
            self.note(&event);
            if self.is_internal(&event) {
                continue;
            }
            if self.events.len() >= MAX_EVENTS {
                self.events.pop_front();
            }
            self.events.push_back(Traced { number: self.next_number, at, event });
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

    fn note(&mut self, event: &Event) {
        match event {
            Event::StreamCreated { stream, name } => insert_bounded(&mut self.streams, *stream, name.clone()),
            Event::ConsumerCreated { stream, consumer, name } => {
                insert_bounded(&mut self.consumers, (*stream, *consumer), name.clone());
            }
            Event::StreamDeleted { stream, .. } => {
                self.removals.remove(stream);
            }
            Event::Removed { stream, seq, cause } => {
                let removals = self.removals.get_or_default(*stream);
                removals.insert(*seq, *cause);
                if removals.len() > MAX_REMOVALS {
                    removals.first().map(|first| removals.remove(first));
                }
            }
            Event::NotKept { stream, seq, .. } => {
                self.removals.get_or_default(*stream).insert(*seq, Removal::NoInterest);
            }
            _ => {}
        }
    }

    /// Notes who holds a connection.
    pub fn name_client(&mut self, conn: ConnId, name: String) {
        insert_bounded(&mut self.clients, conn, name);
    }

    /// The events that are kept, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Traced> + ExactSizeIterator {
        self.events.iter()
    }

    /// How many events there were in the whole run.
    pub const fn total(&self) -> u64 {
        self.next_number
    }

    /// Why message `seq` left the stream, if that is still known.
    pub fn removal(&self, stream: StreamId, seq: u64) -> Option<Removal> {
        self.removals.get(&stream)?.get(seq).copied()
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

fn insert_bounded<K: Ord, V>(map: &mut SortedMap<K, V>, key: K, value: V) {
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
        for _ in 0..MAX_EVENTS + 5 {
            trace.extend(vec![(Timestamp::SIMULATION_START, Event::ClientConnected { conn })]);
        }
        assert_eq!(trace.events().len(), MAX_EVENTS);
        assert_eq!(trace.events().next().map(|traced| traced.number), Some(5));
        assert_eq!(trace.total(), MAX_EVENTS as u64 + 5);
    }

    #[test]
    fn a_hole_names_its_cause() {
        let mut trace = Trace::default();
        let stream = StreamId::from_index(1);
        let removed = Event::Removed { stream, seq: 3, cause: Removal::MaxAge };
        trace.extend(vec![(Timestamp::SIMULATION_START, removed)]);
        assert_eq!(trace.removal(stream, 3), Some(Removal::MaxAge));
        assert_eq!(trace.removal(stream, 4), None);
    }
}
