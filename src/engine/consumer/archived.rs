//! How far a consumer is, as it goes into the archive of its stream and comes back from it.
//!
//! Sources: nats-server `server/memstore.go` (`consumerMemStore.Update`), `server/consumer.go` (`setStoreState`,
//! `applyState`, `checkRedelivered`, `checkPending`, `reconcileStateWithStream`).

use super::ack_pending::{AckWait, PendingState};
use super::{AckPolicy, AckSubject, Consumer, Context, StreamView};
use crate::engine::api::wire::{ArchivedPending, ConsumerState};
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
        // After a purge some of what is pending can lie below the ack floor. Where an ack settles all before it, that is not
        // kept; where it does not, it is, and the archive cannot be restored.
        let acks_one = self.config.ack_policy == AckPolicy::Explicit;
        let floor = if acks_one { 0 } else { self.reported.ack_floor.stream_seq };
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

    /// Puts a new consumer where `state` says, which passed its [check](ConsumerState::check). One that would have to go
    /// back stays where it is: it was made behind the end of what was acked, as the messages before it are gone. Its time
    /// begins now, however long ago it was made.
    pub fn restore_state(&mut self, ctx: &Context<'_>, state: &ConsumerState, stream: StreamView<'_>) {
        let ConsumerState { delivered, ack_floor, .. } = *state;
        let store = stream.store;
        if ack_floor.stream_seq >= self.reported.ack_floor.stream_seq {
            self.next_stream_seq = delivered.stream_seq.saturating_add(1);
            self.next_consumer_seq = delivered.consumer_seq.saturating_add(1);
            self.floor = ack_floor;
            self.reported.delivered = delivered;
            self.reported.ack_floor = ack_floor;
            for (digits, count) in state.redelivered.iter() {
                if let Ok(stream_seq) = sequence(digits)
                    && stream_seq >= store.first_seq()
                {
                    self.ack_pending.set_redeliveries(stream_seq, *count);
                }
            }
            let mut pending = Vec::new();
            for (digits, entry) in state.pending.iter() {
                if let Ok(seq) = sequence(digits) {
                    pending.push((seq, *entry));
                }
            }
            pending.sort_unstable_by_key(|(seq, _)| *seq);
            self.restore_pending(&pending, store.first_seq());
        }
        self.start_replay(store.last_seq());
        self.count_pending(store);
        self.inactivity_check = self.inactive_after.map(|after| ctx.now + after);
        self.pause_ends = self.paused_until().filter(|until| *until > ctx.now);
        self.start_push(ctx.now, stream, ctx.config.max_payload);
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

impl ConsumerState {
    /// # Errors
    /// If the state contradicts itself.
    pub fn check(&self) -> Result<(), String> {
        let Self { delivered, ack_floor, pending, .. } = self;
        if delivered.consumer_seq.max(delivered.stream_seq) > MAX_SEQ {
            return Err("bad delivered sequence".to_owned());
        }
        if ack_floor.consumer_seq > delivered.consumer_seq {
            return Err("bad ack floor for consumer".to_owned());
        }
        if ack_floor.stream_seq > delivered.stream_seq {
            return Err("bad ack floor for stream".to_owned());
        }
        for (digits, _) in pending.iter() {
            let seq = sequence(digits)?;
            if seq <= ack_floor.stream_seq || seq > delivered.stream_seq {
                return Err(format!("bad pending entry, sequence [{seq}] out of range"));
            }
        }
        for (digits, _) in self.redelivered.iter() {
            sequence(digits)?;
        }
        Ok(())
    }

    /// Forgets what lies behind the end of the stream. How much was delivered and acked stays.
    pub fn go_back_to(&mut self, last_seq: u64) {
        for pair in [&mut self.delivered, &mut self.ack_floor] {
            pair.stream_seq = pair.stream_seq.min(last_seq);
        }
        let is_there = |digits: &String| sequence(digits).is_ok_and(|seq| seq <= last_seq);
        self.pending.retain(|digits, _| is_there(digits));
        self.redelivered.retain(|digits, _| is_there(digits));
    }

    /// What an ack of message `stream_seq` says if that is pending.
    pub fn pending_ack(&self, stream_seq: u64) -> Option<AckSubject> {
        let digits = stream_seq.to_string();
        let ArchivedPending { consumer_seq, .. } = *self.pending.get(&digits)?;
        let delivered = self.redelivered.get(&digits).copied().unwrap_or(1);
        Some(AckSubject { delivered, stream_seq, consumer_seq })
    }
}

fn sequence(digits: &str) -> Result<u64, String> {
    digits.parse().map_err(|_| format!("no sequence: {digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::json::unmarshal;

    #[test]
    fn a_state_must_not_contradict_itself() {
        for (json, expected) in [
            (
                r#"{"delivered":{"consumer_seq":4,"stream_seq":9},"pending":{"9":{},"10":{}}}"#,
                "bad pending entry, sequence [10] out of range",
            ),
            (
                r#"{"delivered":{"consumer_seq":4,"stream_seq":9},"ack_floor":{"stream_seq":3},"pending":{"3":{}}}"#,
                "bad pending entry, sequence [3] out of range",
            ),
            (r#"{"delivered":{"consumer_seq":4,"stream_seq":9},"pending":{"x":{}}}"#, "no sequence: x"),
            (r#"{"delivered":{"consumer_seq":4,"stream_seq":9},"redelivered":{"-1":2}}"#, "no sequence: -1"),
            (r#"{"delivered":{"consumer_seq":18446744073709551615}}"#, "bad delivered sequence"),
            (r#"{"ack_floor":{"consumer_seq":1}}"#, "bad ack floor for consumer"),
            (r#"{"ack_floor":{"stream_seq":1}}"#, "bad ack floor for stream"),
            (r#"{"delivered":{"consumer_seq":4,"stream_seq":9},"pending":{"9":{}},"redelivered":{"9":1}}"#, ""),
        ] {
            let state: ConsumerState = unmarshal(json.as_bytes()).expect("JSON of a state");
            assert_eq!(state.check().err().unwrap_or_default(), expected, "{json}");
        }
    }
}
