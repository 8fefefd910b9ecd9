//! How the counters of streams and consumers went, as far back as is worth drawing.

use super::shared_log::SharedLog;
use super::world::World;
use crate::engine::event::Event;
use crate::engine::sorted_map::SortedMap;
use crate::engine::stream::Stream;
use crate::engine::table::{ConsumerId, StreamId};
use crate::engine::time::Timestamp;

/// Changes that are kept.
const MAX_SAMPLES: usize = 10_000;
/// Consumers of one stream that are followed: asking a thousand after each event would cost more than the event.
const MAX_CONSUMERS: usize = 32;

/// Whose counters: a stream's own, or those of one of its consumers.
pub type Counted = (StreamId, Option<ConsumerId>);

/// Counters after a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sample {
    /// The first moment at which they were so: see [`Run::moment`](super::run::Run::moment).
    pub moment: u64,
    pub at: Timestamp,
    pub of: Counted,
    /// By [`STREAM_COUNTERS`] or [`CONSUMER_COUNTERS`].
    pub values: [u64; 4],
}

/// What the values of a stream count.
pub const STREAM_COUNTERS: [&str; 4] = ["messages", "bytes", "first_seq", "last_seq"];
/// What the values of a consumer count.
pub const CONSUMER_COUNTERS: [&str; 4] = ["num_pending", "num_ack_pending", "num_redelivered", "num_waiting"];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Numbers {
    samples: SharedLog<Sample>,
    last: SortedMap<Counted, [u64; 4]>,
}

impl Numbers {
    /// Reads the counters of the streams of which `events` tell.
    pub fn sample(&mut self, moment: u64, world: &World, events: &[(Timestamp, Event)]) {
        let mut streams: Vec<StreamId> = events.iter().filter_map(|(_, event)| event.stream()).collect();
        streams.sort_unstable();
        streams.dedup();
        for (_, event) in events {
            if let Event::ConsumerDeleted { stream, consumer, .. } = event {
                self.last.remove(&(*stream, Some(*consumer)));
            }
        }
        for id in streams {
            match world.server().account().stream(id) {
                Some(stream) => self.sample_stream(moment, world.now(), id, stream),
                None => self.last.retain(|(of, _), _| *of != id),
            }
        }
    }

    fn sample_stream(&mut self, moment: u64, at: Timestamp, id: StreamId, stream: &Stream) {
        let store = stream.store();
        let counters = [store.messages(), store.bytes(), store.first_seq(), store.last_seq()];
        self.note(Sample { moment, at, of: (id, None), values: counters });
        for consumer in stream.consumers().take(MAX_CONSUMERS) {
            let counters = [
                consumer.num_pending(),
                consumer.ack_pending().len() as u64,
                consumer.num_redelivered(),
                consumer.waiting().len() as u64,
            ];
            self.note(Sample { moment, at, of: (id, Some(consumer.id)), values: counters });
        }
    }

    fn note(&mut self, sample: Sample) {
        if self.last.get(&sample.of) != Some(&sample.values) {
            self.last.insert(sample.of, sample.values);
            self.samples.push_bounded(sample, MAX_SAMPLES);
        }
    }

    /// The changes that are kept, oldest first.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        self.samples.iter()
    }
}

#[cfg(test)]
mod tests {
    use crate::sim::presets::PRESETS;

    #[test]
    fn who_is_gone_is_not_followed() {
        let mut simulation = PRESETS[0].open();
        let followed = simulation.numbers().last.len();
        for name in ["a", "b", "c"] {
            let body = format!(
                r#"{{"stream_name":"ORDERS","config":{{"name":"{name}","filter_subject":"orders.x.{name}","ack_policy":"explicit"}}}}"#
            );
            simulation.request(&format!("$JS.API.CONSUMER.CREATE.ORDERS.{name}"), body.as_bytes());
        }
        assert_eq!(simulation.numbers().last.len(), followed + 3);
        for name in ["a", "b", "c"] {
            simulation.request(&format!("$JS.API.CONSUMER.DELETE.ORDERS.{name}"), b"");
        }
        assert_eq!(simulation.numbers().last.len(), followed);
        simulation.request("$JS.API.STREAM.DELETE.ORDERS", b"");
        assert!(simulation.numbers().last.is_empty());
        assert!(simulation.numbers().samples().any(|sample| sample.values[1] > 0), "what was stays to be drawn");
    }
}
