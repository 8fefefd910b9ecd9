//! What INFO says about a consumer.
//!
//! Asking has effects: requests that have ended leave the line, and the pending count is put right. Source: nats-server
//! `server/consumer.go` (`infoWithSnapAndReply`, `checkNumPending`).

use std::time::Duration;

use super::{Consumer, Context, SequencePair, StreamView};
use crate::engine::api::wire::{ConsumerInfo, PriorityGroupState, SequenceInfo};
use crate::engine::time::Timestamp;

impl Consumer {
    /// Configuration and state. `shown` adds the server's version to the metadata.
    pub fn info(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, shown: bool) -> ConsumerInfo {
        self.put_num_pending_right(stream);
        self.tidy_waiting(ctx, stream.id, false);
        let now = ctx.now;
        let paused_until = self.paused_until().filter(|until| *until > now);
        ConsumerInfo {
            stream_name: self.stream_name.clone(),
            name: self.name.clone(),
            created: self.created,
            config: if shown { self.config.shown() } else { self.config.clone() },
            delivered: sequence_info(self.reported_delivered(), self.reported.last_delivered),
            ack_floor: sequence_info(self.reported.ack_floor, self.reported.last_ack),
            num_ack_pending: self.ack_pending.len() as u64,
            num_redelivered: self.num_redelivered(),
            num_waiting: self.waiting.len() as u64,
            num_pending: self.num_pending(),
            push_bound: self.is_push_bound(),
            paused: paused_until.is_some(),
            pause_remaining: paused_until.map_or(Duration::ZERO, |until| until.since(now)),
            ts: now,
            priority_groups: self.priority_group_state(),
        }
    }

    /// Messages that were delivered again, or given up, and not settled since.
    pub fn num_redelivered(&self) -> u64 {
        if self.config.max_deliver == Some(1) { 0 } else { self.ack_pending.num_redelivered() as u64 }
    }

    /// Delivered so far, as INFO shows it: before anything was, the position of the scan.
    pub fn reported_delivered(&self) -> SequencePair {
        if self.reported.delivered != SequencePair::default() {
            return self.reported.delivered;
        }
        self.reached()
    }

    fn put_num_pending_right(&mut self, stream: StreamView<'_>) {
        let last_seq = stream.store.last_seq();
        if self.next_stream_seq > last_seq {
            self.num_pending = 0;
        } else if self.num_pending > 0 {
            let most = stream.store.messages().min(last_seq - self.next_stream_seq + 1);
            self.num_pending = self.num_pending.min(i64::try_from(most).unwrap_or(i64::MAX));
        }
    }

    fn priority_group_state(&self) -> Vec<PriorityGroupState> {
        let first = self.config.priority_groups.first();
        let state = first.map(|group| PriorityGroupState {
            group: group.clone(),
            pinned_client_id: self.pin.as_ref().map(|pin| pin.id.clone()),
            pinned_ts: self.pin.as_ref().map(|pin| pin.since),
        });
        state.into_iter().collect()
    }
}

fn sequence_info(pair: SequencePair, last_active: Option<Timestamp>) -> SequenceInfo {
    SequenceInfo { consumer_seq: pair.consumer_seq, stream_seq: pair.stream_seq, last_active }
}
