//! What an update of the configuration changes in a running stream.
//!
//! Source: nats-server `server/stream.go` (`updateWithAdvisory`), `server/memstore.go` (`UpdateConfig`).

use super::config::{Discard, Retention, StreamConfig};
use super::{Context, Room, Stream};
use crate::engine::consumer::Consumer;
use crate::engine::error::ApiError;
use crate::engine::event::Removal;

impl Stream {
    /// # Errors
    /// If a consumer is beyond the limits for consumers that `config` sets.
    pub fn check_consumer_limits(&self, config: &StreamConfig) -> Result<(), ApiError> {
        let limits = config.consumer_limits;
        let (max_pending, max_threshold) = (limits.max_ack_pending.limit(), limits.inactive_threshold.limit());
        let exceeds =
            |max: Option<u64>, value: Option<u64>| max.is_some_and(|max| value.is_some_and(|value| value > max));
        let violating: Vec<&str> = self
            .visible_consumers()
            .filter(|consumer| {
                exceeds(max_pending, consumer.config.max_ack_pending.limit())
                    || exceeds(max_threshold, consumer.config.inactive_threshold.limit())
            })
            .map(|consumer| consumer.name.as_str())
            .collect();
        if violating.is_empty() {
            return Ok(());
        }
        Err(ApiError::StreamUpdate { err: format!("change to limits violates consumers: {}", violating.join(", ")) })
    }

    /// Replaces the configuration by one that passed the checks, and enforces it on what is stored.
    pub fn update(&mut self, ctx: &mut Context<'_>, room: &Room, config: StreamConfig) {
        let old = std::mem::replace(&mut self.config, config);
        self.update_sourcing(ctx, &old);
        if !self.config.allow_atomic {
            self.atomic_batches.clear();
        }
        if !self.config.allow_batched {
            self.fast_batches.clear();
        }
        if self.config.allow_msg_ttl && !old.allow_msg_ttl {
            self.recover_ttls();
        }
        if self.config.allow_msg_schedules && !old.allow_msg_schedules {
            self.recover_schedules(ctx.now);
        }
        if self.config.discard == Discard::Old {
            self.enforce_stream_limits(ctx);
            self.terminate_removed(ctx);
        }
        if self.config.max_msgs_per_subject != old.max_msgs_per_subject {
            self.enforce_subject_limit(ctx);
        }
        self.expire_by_age(ctx, room);
        if self.config.allow_msg_schedules {
            self.fire_schedules(ctx, room);
        }
        if self.config.duplicate_window != old.duplicate_window {
            self.expire_duplicates(ctx);
        }
        if old.retention == Retention::Limits && self.config.retention == Retention::Interest {
            self.drop_settled(ctx);
        }
    }

    /// Trims every subject to the newest messages that the limit allows.
    fn enforce_subject_limit(&mut self, ctx: &mut Context<'_>) {
        let Some(max) = self.config.max_msgs_per_subject else { return };
        let too_many: Vec<Box<[u8]>> = self
            .store
            .subjects(&[], 0, usize::MAX)
            .into_iter()
            .filter(|(_, count)| *count > max)
            .map(|(subject, _)| subject.into())
            .collect();
        for subject in too_many {
            while self.store.count_of(&subject) > max {
                let Some(seq) = self.store.first_of(&subject) else { break };
                self.remove_message(ctx, seq, Removal::MaxMsgsPerSubject);
            }
        }
    }

    /// After a change to interest retention, what all consumers have settled goes. Messages that no consumer reads stay
    /// until interest is next looked at.
    pub(super) fn drop_settled(&mut self, ctx: &mut Context<'_>) {
        if self.store.messages() == 0 {
            return;
        }
        if self.consumers.is_empty() {
            self.purge_matching(ctx, None, None, 0, Removal::NoInterest);
            return;
        }
        let is_settled = |seq: u64, subject: &[u8]| {
            let readers = || self.consumers().filter(|consumer| consumer.matches(subject));
            // One whose ack floor lies beyond the end is not asked what it has settled.
            let is_asked = |consumer: &Consumer| consumer.ack_floor() <= self.store.last_seq();
            readers().any(is_asked) && readers().all(|consumer| !consumer.needs(seq, subject))
        };
        let messages = self.store.messages_from(self.store.first_seq());
        let settled: Vec<u64> =
            messages.filter(|message| is_settled(message.seq, message.subject)).map(|message| message.seq).collect();
        for seq in settled {
            self.remove_message(ctx, seq, Removal::Acked);
        }
    }
}
