//! What a request would remove, found out by doing it to a copy of the world.

use super::Simulation;
use super::command::Command;
use super::world::World;
use crate::engine::stream::Stream;

/// What would be gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    pub streams: u64,
    pub messages: u64,
    /// Of the messages.
    pub bytes: u64,
    pub consumers: u64,
    /// Deliveries that nobody would wait for any more.
    pub ack_pending: u64,
}

impl Loss {
    /// What `before` has and `after` has not.
    fn between(before: &World, after: &World) -> Self {
        let mut loss = Self::default();
        for stream in before.server().account().streams() {
            let left = after.server().account().stream_named(&stream.config.name);
            let count = |counted: fn(&Stream) -> u64| counted(stream).saturating_sub(left.map_or(0, counted));
            loss.streams += u64::from(left.is_none());
            loss.messages += count(|stream| stream.store().messages());
            loss.bytes += count(|stream| stream.store().bytes());
            for consumer in stream.consumers() {
                if left.and_then(|left| left.consumer_named(&consumer.name)).is_none() {
                    loss.consumers += 1;
                    loss.ack_pending += consumer.ack_pending().len() as u64;
                }
            }
        }
        loss
    }
}

impl Simulation {
    /// What a request of the page's own would remove now.
    pub fn rehearse(&self, subject: &str, body: &[u8]) -> Loss {
        let mut run = self.run.clone();
        run.act(Command::Request { subject: subject.to_owned(), body: body.to_vec() }, &mut Vec::new());
        Loss::between(self.world(), run.world())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::presets::Preset;

    #[test]
    fn a_rehearsal_tells_what_goes_and_changes_nothing() {
        let simulation = Preset::by_key("work-queue").expect("it exists").open();
        let before = simulation.world().clone();
        let store = simulation.world().server().account().stream_named("ORDERS").expect("it exists").store();
        let (messages, bytes) = (store.messages(), store.bytes());
        let all = Loss { messages, bytes, ..Loss::default() };
        let api = |verb: &str, body: &str| simulation.rehearse(&format!("$JS.API.{verb}"), body.as_bytes());
        assert_eq!(api("STREAM.PURGE.ORDERS", ""), all);
        assert_eq!(api("STREAM.PURGE.ORDERS", r#"{"keep":1}"#).messages, messages - 1);
        let deleted = api("STREAM.DELETE.ORDERS", "");
        assert_eq!(Loss { ack_pending: 0, ..deleted }, Loss { streams: 1, consumers: 2, ..all });
        assert!(deleted.ack_pending > 0);
        assert_eq!(api("CONSUMER.DELETE.ORDERS.ledger", "").consumers, 1);
        for harmless in ["STREAM.INFO.ORDERS", "STREAM.PURGE.NONE", "CONSUMER.DELETE.ORDERS.none"] {
            assert_eq!(api(harmless, ""), Loss::default(), "{harmless}");
        }
        assert_eq!(*simulation.world(), before);
    }
}
