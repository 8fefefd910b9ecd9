//! How far a consumer is, as it goes into the archive of its stream and comes back from it.
//!
//! Sources: nats-server `server/memstore.go` (`consumerMemStore.Update`), `server/consumer.go` (`setStoreState`,
//! `applyState`, `checkRedelivered`, `checkPending`).

use super::Consumer;
use super::ack_pending::{AckWait, PendingState};
use crate::engine::api::wire::{ArchivedPending, ConsumerState};
use crate::engine::sorted_map::SortedMap;
use crate::engine::store::MessageStore;
use crate::engine::time::Timestamp;

/// Beyond this there is no sequence; half of what there could be, so that one more never is too much.
pub const MAX_SEQ: u64 = u64::MAX / 2;

impl Consumer {
    /// What an archive keeps of the consumer besides its configuration.
    ///
    /// Ack waits in it begin when the message was stored, as in the real server, unless a nak set another beginning. So
    /// what is pending comes again earlier after a restore, most often at once.
    pub fn archived_state(&self, store: &MessageStore) -> ConsumerState {
        // After a purge some of what is pending can lie below the ack floor; that is not kept.
        let floor = self.reported.ack_floor.stream_seq;
        let kept = self.ack_pending.iter().filter(|(stream_seq, _)| *stream_seq > floor);
        let pending = kept.map(|(stream_seq, pending)| {
            let since = match pending.state {
                PendingState::NakDelayed(_) => pending.since,
                _ => store.time_of(stream_seq).unwrap_or(pending.since),
            };
            let since_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
            (stream_seq.to_string(), ArchivedPending { consumer_seq: pending.consumer_seq, since_ns })
        });
        let redelivered = self.ack_pending.redelivered().map(|(stream_seq, count)| (stream_seq.to_string(), count));
        ConsumerState {
            delivered: self.reported.delivered,
            ack_floor: self.reported.ack_floor,
            pending: pending.collect(),
            redelivered: redelivered.collect(),
        }
    }

    /// Puts a new consumer where `state` says. One that would have to go back stays where it is: it was made behind the
    /// end of what was acked, as the messages before it are gone.
    ///
    /// # Errors
    /// If the state contradicts itself.
    pub fn restore_state(&mut self, state: &ConsumerState, store: &MessageStore) -> Result<(), String> {
        let ConsumerState { delivered, ack_floor, .. } = *state;
        if delivered.consumer_seq.max(delivered.stream_seq) > MAX_SEQ {
            return Err("bad delivered sequence".to_owned());
        }
        if ack_floor.consumer_seq > delivered.consumer_seq {
            return Err("bad ack floor for consumer".to_owned());
        }
        if ack_floor.stream_seq > delivered.stream_seq {
            return Err("bad ack floor for stream".to_owned());
        }
        let pending = by_stream_seq(&state.pending)?;
        if let Some((seq, _)) =
            pending.iter().find(|(seq, _)| *seq <= ack_floor.stream_seq || *seq > delivered.stream_seq)
        {
            return Err(format!("bad pending entry, sequence [{seq}] out of range"));
        }
        if ack_floor.stream_seq >= self.reported.ack_floor.stream_seq {
            self.next_stream_seq = delivered.stream_seq.saturating_add(1);
            self.next_consumer_seq = delivered.consumer_seq.saturating_add(1);
            self.floor = ack_floor;
            self.reported.delivered = delivered;
            self.reported.ack_floor = ack_floor;
            for (digits, count) in state.redelivered.iter() {
                let stream_seq = sequence(digits)?;
                if stream_seq >= store.first_seq() {
                    self.ack_pending.set_redeliveries(stream_seq, *count);
                }
            }
            self.restore_pending(&pending, store.first_seq());
        }
        self.start_replay(store.last_seq());
        self.count_pending(store);
        Ok(())
    }

    /// Takes up what waits to be acked. What the stream no longer has counts as settled.
    fn restore_pending(&mut self, pending: &[(u64, ArchivedPending)], first_seq: u64) {
        for (stream_seq, ArchivedPending { consumer_seq, since_ns }) in pending.iter().copied() {
            if stream_seq < first_seq {
                self.floor.stream_seq = self.floor.stream_seq.max(stream_seq);
                self.floor.consumer_seq = self.floor.consumer_seq.max(consumer_seq);
                self.reported.ack_floor = self.floor;
                continue;
            }
            let since = Timestamp::from_nanos(u64::try_from(since_ns).unwrap_or(0));
            let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
            self.ack_pending.track(since, stream_seq, consumer_seq, wait);
        }
        if self.ack_pending.is_empty() && !pending.is_empty() {
            self.floor = self.reported.delivered;
            self.reported.ack_floor = self.floor;
        }
    }
}

/// Entries by ascending sequence.
fn by_stream_seq(entries: &SortedMap<String, ArchivedPending>) -> Result<Vec<(u64, ArchivedPending)>, String> {
    let mut sorted = Vec::new();
    for (digits, pending) in entries.iter() {
        sorted.push((sequence(digits)?, *pending));
    }
    sorted.sort_unstable_by_key(|(seq, _)| *seq);
    Ok(sorted)
}

fn sequence(digits: &str) -> Result<u64, String> {
    digits.parse().map_err(|_| format!("no sequence: {digits}"))
}
