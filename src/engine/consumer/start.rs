//! Where a consumer begins, and what an update of its configuration changes.
//!
//! Source: nats-server `server/consumer.go` (`addConsumerWithAssignment`, `selectStartingSeqNo`, `updateConfig`,
//! `resetStartingSeqLocked`, `updateInactiveThreshold`).

use std::collections::VecDeque;
use std::time::Duration;

use super::ack_pending::{AckPending, AckWait};
use super::ack_reply::AckReply;
use super::config::{ConsumerConfig, DeliverPolicy};
use super::waiting::Waiting;
use super::{Consumer, Context, Reported, SequencePair, SkipList, StreamView};
use crate::engine::date_time::DateTime;
use crate::engine::error::ApiError;
use crate::engine::store::{Cursor, MessageStore};
use crate::engine::subject::SubjectFilter;
use crate::engine::table::ConsumerId;
use crate::engine::time::Timestamp;

/// Where a consumer starts in the stream.
struct Start {
    stream_seq: u64,
    skip_list: Option<SkipList>,
}

impl Consumer {
    /// Makes a consumer that stands where its deliver policy says. It delivers once [`start`](Self::start) was called.
    pub fn new(
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        id: ConsumerId,
        name: String,
        mut config: ConsumerConfig,
    ) -> Self {
        let is_default_threshold = config.fill_new_ephemeral();
        let filters: Vec<SubjectFilter> = config.filters().cloned().collect();
        let Start { stream_seq, skip_list } = start(&config, &filters, stream);
        let before = SequencePair { consumer_seq: 0, stream_seq: stream_seq - 1 };
        let mut consumer = Self {
            id,
            stream_name: stream.config.name.clone(),
            ack_reply: AckReply::new(&stream.config.name, &name),
            name,
            created: ctx.now,
            start_seq: stream_seq,
            next_stream_seq: stream_seq,
            cursor: Cursor::new(&filters),
            skip_list,
            next_consumer_seq: 1,
            ack_pending: AckPending::default(),
            floor: before,
            reported: Reported { delivered: before, ack_floor: before, ..Reported::default() },
            num_pending: 0,
            num_pending_counted_to: 0,
            waiting: Waiting::default(),
            waiting_checked: ctx.now,
            push: None,
            bound_group: config.deliver_group.clone(),
            pin: None,
            in_hand: None,
            replay: None,
            has_backlog: None,
            last_active: ctx.now,
            inactive_after: None,
            inactivity_check: None,
            ack_timer: None,
            ack_waits_held: ctx.now,
            pause_ends: config.pause_until.map(DateTime::to_timestamp).filter(|until| *until > ctx.now),
            released: Vec::new(),
            delivery_releases: false,
            orphans: VecDeque::new(),
            sample_percent: config.sample_percent(),
            config,
        };
        consumer.count_pending(stream.store);
        consumer.set_inactive_threshold(ctx, is_default_threshold);
        consumer.start_push(ctx.now, stream, ctx.config.max_payload);
        consumer.start_replay(stream.store.last_seq());
        consumer.bind(ctx);
        if consumer.config.sourcing {
            consumer.start_behind_floor(ctx.now, stream);
        }
        consumer
    }

    /// Begins to deliver, or goes on after an update. Comes after the request was answered, so that the answer shows the
    /// consumer as it was before.
    pub fn start(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        self.bind(ctx);
        if self.has_backlog.is_some() {
            self.deliver(ctx, stream);
        }
    }

    /// Sets when an unused consumer goes. The server adds some time by chance, so that not all go at once.
    fn set_inactive_threshold(&mut self, ctx: &mut Context<'_>, is_default: bool) {
        let is_jittered = self.is_pull() || is_default;
        self.inactive_after = self.config.inactive_threshold.duration().map(|threshold| {
            let jitter = if is_jittered { 100 + ctx.rng.below(900) } else { 0 };
            threshold + Duration::from_millis(jitter)
        });
        self.inactivity_check = self.inactive_after.map(|after| ctx.now + after);
    }

    /// Replaces the configuration by one that [`ConsumerConfig::check_update`] accepted.
    pub fn update(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, config: ConsumerConfig) {
        let old = std::mem::replace(&mut self.config, config);
        let mut wake = false;
        if old.max_ack_pending != self.config.max_ack_pending {
            wake = true;
        }
        let has_other_wait = old.ack_wait != self.config.ack_wait;
        if has_other_wait || old.backoff != self.config.backoff {
            // The server looks some time behind another ack wait, and of another backoff alone it takes no note.
            let looks_at = Some(ctx.now + Duration::from_millis(100)).filter(|_| has_other_wait);
            self.ack_waits_held = looks_at.or(self.ack_pending.first_due()).unwrap_or(ctx.now);
            let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
            self.ack_pending.reset_deadlines(wait);
        }
        if old.rate_limit_bps != self.config.rate_limit_bps {
            self.set_rate_limit(ctx.now, stream, ctx.config.max_payload);
        }
        if old.sample_freq != self.config.sample_freq
            && let Some(percent) = self.config.sample_number().and_then(|number| i32::try_from(number).ok())
        {
            self.sample_percent = percent;
        }
        if old.inactive_threshold != self.config.inactive_threshold {
            self.set_inactive_threshold(ctx, false);
        }
        let filters: Vec<SubjectFilter> = self.config.filters().cloned().collect();
        let has_other_filters = self.filters() != filters;
        if has_other_wait && (has_other_filters || self.has_stale(stream)) {
            self.set_ack_timer(ctx.now + Duration::from_millis(100));
        } else if let Some(at) = self.ack_pending.first_due().filter(|_| has_other_filters) {
            self.set_ack_timer(at);
        }
        if has_other_filters {
            self.cursor = Cursor::new(&filters);
        }
        if old.deliver_subject != self.config.deliver_subject {
            self.change_deliver_subject(ctx, stream);
            wake = true;
        }
        if self.config.sourcing {
            self.start_behind_floor(ctx.now, stream);
            wake = true;
        }
        if has_other_filters {
            // Last, since one that goes back to its floor adds what the old filters had pending.
            self.count_pending(stream.store);
        }
        if wake {
            self.has_backlog = Some(ctx.now);
        }
    }

    /// The stream that this consumer feeds asked for it, perhaps anew: it gets everything that it did not ack.
    fn start_behind_floor(&mut self, now: Timestamp, stream: StreamView<'_>) {
        self.start_over(now, stream, self.floor.stream_seq + 1);
    }

    /// Sets or clears the pause; Go's zero time clears it. Whether that changed anything.
    pub fn set_pause(&mut self, now: Timestamp, until: DateTime) -> bool {
        let before = self.config.pause_until.unwrap_or(DateTime::ZERO);
        self.config = self.config.paused(until);
        self.pause_ends = self.paused_until().filter(|until| *until > now);
        !before.is_same_moment(until)
    }

    /// Puts the consumer back to a sequence, or behind its ack floor. Returns where it then stands.
    ///
    /// # Errors
    /// If the deliver policy does not allow the sequence.
    pub fn reset(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, stream_seq: u64) -> Result<u64, ApiError> {
        let refuse = |why: &str| Err(ApiError::ConsumerInvalidReset { err: why.to_owned() });
        let stream_seq = if stream_seq == 0 {
            self.floor.stream_seq.saturating_add(1)
        } else {
            match self.config.deliver_policy {
                DeliverPolicy::All => stream_seq,
                DeliverPolicy::ByStartSequence(start) if stream_seq < start => return refuse("below start seq"),
                DeliverPolicy::ByStartSequence(_) => stream_seq,
                DeliverPolicy::ByStartTime(time) if stream_seq < first_since(stream.store, time) => {
                    return refuse("below start time");
                }
                DeliverPolicy::ByStartTime(_) => stream_seq,
                _ => return refuse("not allowed"),
            }
        };
        self.start_over(ctx.now, stream, stream_seq);
        self.has_backlog = Some(ctx.now);
        Ok(stream_seq)
    }
}

/// The first sequence whose message is not older than `time`; behind the last if all are.
pub fn first_since(store: &MessageStore, time: DateTime) -> u64 {
    store.first_at_or_after(time.to_wrapped_timestamp()).unwrap_or_else(|| store.last_seq() + 1)
}

fn start(config: &ConsumerConfig, filters: &[SubjectFilter], stream: StreamView<'_>) -> Start {
    let store = stream.store;
    let (first_seq, last_seq) = (store.first_seq(), store.last_seq());
    let mut skip_list = None;
    let chosen = match config.deliver_policy {
        DeliverPolicy::All => first_seq,
        DeliverPolicy::Last if filters.is_empty() => last_seq,
        DeliverPolicy::Last => store.last_match(filters, u64::MAX).unwrap_or(0),
        DeliverPolicy::LastPerSubject if stream.config.max_msgs_per_subject == Some(1) => first_seq,
        DeliverPolicy::LastPerSubject => {
            let stream_seqs: VecDeque<u64> = store.last_per_subject(filters, 0, u64::MAX).into();
            let start = stream_seqs.front().copied().unwrap_or(last_seq);
            // The last message of the stream alone leaves nothing to skip.
            let skips = stream_seqs.len() > 1 || start != last_seq;
            skip_list = (skips && !stream_seqs.is_empty()).then_some(SkipList { stream_seqs, resume: last_seq });
            start
        }
        DeliverPolicy::ByStartTime(time) => {
            let since = first_since(store, time);
            let first_match = filters.iter().filter_map(|filter| {
                let mut cursor = Cursor::new(std::slice::from_ref(filter));
                store.next(&mut cursor, first_seq)
            });
            let nearest = first_match.filter(|seq| *seq >= since).min();
            nearest.filter(|seq| *seq > since && *seq < last_seq).unwrap_or(since)
        }
        DeliverPolicy::New => last_seq + 1,
        DeliverPolicy::ByStartSequence(start) => start,
    };
    let is_by_sequence = matches!(config.deliver_policy, DeliverPolicy::ByStartSequence(_));
    let never_used = first_seq == 0;
    let stream_seq = if never_used && !is_by_sequence {
        1
    } else if chosen > last_seq && !is_by_sequence {
        last_seq + 1
    } else {
        chosen.max(first_seq)
    };
    Start { stream_seq: stream_seq.max(1), skip_list }
}
