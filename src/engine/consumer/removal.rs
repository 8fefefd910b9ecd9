//! Messages that leave a consumer without an ack: given up, removed from the stream, purged.
//!
//! Source: nats-server `server/consumer.go` (`hasMaxDeliveries`, `decStreamPending`, `purge`, `resetLocalStartingSeq`).

use super::ack_pending::AckWait;
use super::config::AckPolicy;
use super::{AckSubject, Consumer, Context, SequencePair, StreamView};
use crate::engine::api::advisory;
use crate::engine::event::Event;
use crate::engine::store::MessageStore;
use crate::engine::stream::config::Retention;
use crate::engine::table::StreamId;
use crate::engine::time::Timestamp;

/// The reason in the advisory for a pending message that left the stream.
const DELETED: &[u8] = b"Unacknowledged message was deleted";

impl Consumer {
    /// Ends the deliveries of a message that was delivered as often as it may be. It stays in the stream.
    #[inline(never)]
    pub(super) fn give_up(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, stream_seq: u64, delivered: u64) {
        self.advise_max_deliveries(ctx, stream, stream_seq, delivered);
        if let Some(pending) = self.ack_pending.give_up(stream_seq) {
            self.keep_ack_timer_of(ctx.now, &pending);
            self.reported.last_delivered = Some(ctx.now);
            self.move_floor(SequencePair { consumer_seq: pending.consumer_seq, stream_seq });
        }
    }

    /// Gives a message up whose ack wait ended, if no further delivery is allowed. Unlike
    /// [`give_up`](Self::give_up) this happens without an attempt to deliver, with `max_deliver` 1.
    pub(super) fn give_up_if_spent(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, stream_seq: u64) -> bool {
        if !self.is_spent(stream_seq) {
            return false;
        }
        let counted = self.ack_pending.redeliveries(stream_seq).max(1);
        self.give_up(ctx, stream, stream_seq, self.ack_pending.redeliveries(stream_seq) + 1);
        self.ack_pending.set_redeliveries(stream_seq, counted);
        true
    }

    /// Whether a message whose ack wait ends is given up then. As the real server counts here, the last delivery is
    /// missing, unless it is the only one.
    pub(super) fn is_spent(&self, stream_seq: u64) -> bool {
        let counted = self.ack_pending.redeliveries(stream_seq).max(1);
        self.config.max_deliver.is_some_and(|max| counted >= max)
    }

    fn advise_max_deliveries(&self, ctx: &mut Context<'_>, stream: StreamView<'_>, stream_seq: u64, delivered: u64) {
        let now = ctx.now;
        let domain = ctx.domain().map(str::to_owned);
        ctx.advise(
            || self.advisory_subject("MAX_DELIVERIES"),
            |id| advisory::MaxDeliver::new(id, now, &self.stream_name, &self.name, stream_seq, delivered, domain),
        );
        ctx.tell(|| Event::GaveUp { stream: stream.id, consumer: self.id, stream_seq, delivered });
    }

    /// A delivery reached nobody: the subscription went while it was on its way. It counts, and is repeated at once.
    pub fn handle_undelivered(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, stream_seq: u64, to: &[u8]) {
        self.ack_pending.uncount_redelivery(stream_seq);
        if !self.is_pull() {
            return self.follow_interest(ctx, stream);
        }
        self.tidy_waiting(ctx, stream.id, false);
        self.waiting.credit(to);
        if self.ack_pending.contains(stream_seq) {
            self.ack_pending.make_due(stream_seq);
            if !self.waiting.is_empty() {
                self.deliver(ctx, stream);
            }
        }
    }

    /// A pending message turns out to be gone from the stream, which counts as an ack, and with ack policy `all` also for
    /// those before it. Those stay in the stream all the same.
    #[inline(never)]
    pub(super) fn terminate_missing(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        stream_seq: u64,
        delivered: u64,
    ) {
        if let Some(pending) = self.ack_pending.get(stream_seq) {
            let ack = AckSubject { delivered, stream_seq, consumer_seq: pending.consumer_seq };
            let released = self.released.len();
            self.ack_message(ctx, stream, ack, false);
            self.released.truncate(released);
            self.advise_terminated(ctx, ack, DELETED);
        }
    }

    /// Message `stream_seq`, which so many filters of this consumer match, left the stream. If it was pending, returns
    /// what [`terminate_removed`](Self::terminate_removed) is to get.
    pub fn handle_removed(&mut self, now: Timestamp, stream_seq: u64, matches: usize) -> Option<AckSubject> {
        if stream_seq >= self.next_stream_seq {
            self.num_pending -= matches as i64;
        }
        if let Some(pending) = self.ack_pending.get(stream_seq) {
            let delivered = self.ack_pending.redeliveries(stream_seq).max(1);
            return Some(AckSubject { delivered, stream_seq, consumer_seq: pending.consumer_seq });
        }
        if self.ack_pending.forget_given_up(stream_seq) {
            self.reported.last_ack = Some(now);
        }
        None
    }

    /// Takes the removal of a pending message as an ack, as often as filters match it. Whether that makes room for
    /// another message, which goes out when the stream has done what it is about.
    pub fn terminate_removed(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        ack: AckSubject,
        matches: usize,
    ) -> bool {
        let was_stalled = self.is_stalled();
        for _ in 0..matches {
            self.ack_message(ctx, stream, ack, false);
            self.advise_terminated(ctx, ack, DELETED);
        }
        let has_room = was_stalled && !self.is_stalled();
        if has_room {
            self.has_backlog = Some(ctx.now);
        }
        has_room
    }

    /// The stream was purged up to `first_seq`, or, if `is_wider`, of some subjects of this consumer.
    pub fn handle_purge(&mut self, ctx: &mut Context<'_>, store: &MessageStore, first_seq: u64, is_wider: bool) {
        self.next_stream_seq = self.next_stream_seq.max(first_seq);
        if self.floor.stream_seq < first_seq {
            self.floor.stream_seq = first_seq.saturating_sub(1);
            let gone: Vec<(u64, u64)> = self
                .ack_pending
                .iter()
                .filter(|(stream_seq, _)| {
                    *stream_seq <= self.floor.stream_seq || (is_wider && store.get(*stream_seq).is_none())
                })
                .map(|(stream_seq, pending)| (stream_seq, pending.consumer_seq))
                .collect();
            for (stream_seq, consumer_seq) in gone {
                if consumer_seq > self.floor.consumer_seq {
                    self.floor.consumer_seq = consumer_seq;
                    self.next_consumer_seq = self.next_consumer_seq.max(consumer_seq);
                }
                if let Some(pending) = self.ack_pending.settle(stream_seq) {
                    self.keep_ack_timer_of(ctx.now, &pending);
                }
                self.report_ack(true, SequencePair { consumer_seq, stream_seq });
                self.reported.last_ack = Some(ctx.now);
            }
        }
        if self.ack_pending.is_empty() {
            self.ack_pending.clear();
            self.floor = self.reached();
        }
        // Those that were due lose their place; their ack wait decides again.
        let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
        self.ack_pending.forget_due(ctx.now, wait);
        self.report_internal_state();
    }

    /// Several messages left the stream at once: counts anew.
    pub fn handle_bulk_removal(&mut self, store: &MessageStore) {
        self.count_pending(store);
        self.ack_pending.forget_redeliveries_below(store.first_seq());
    }

    /// Shows what decides, if that is no step back, and in itself possible (nats-server `consumerMemStore.Update`).
    pub(super) fn report_internal_state(&mut self) {
        let delivered = self.reached();
        let is_sound = self.floor.consumer_seq <= delivered.consumer_seq
            && self.floor.stream_seq <= delivered.stream_seq
            && delivered.consumer_seq >= self.reported.delivered.consumer_seq
            && self.floor.stream_seq >= self.reported.ack_floor.stream_seq
            && self.ack_pending.are_between(self.floor.stream_seq, delivered.stream_seq);
        if is_sound {
            self.reported.delivered = delivered;
            self.reported.ack_floor = self.floor;
        }
    }

    /// The consumer is deleted: whoever waits is told.
    pub fn end(&mut self, ctx: &mut Context<'_>, stream: StreamId) {
        self.end_all_requests(ctx, stream);
    }

    /// Up to here this consumer has settled everything.
    pub const fn settled_up_to(&self) -> u64 {
        self.floor.stream_seq
    }

    /// Puts the consumer back to `stream_seq`, as RESET asks. Everything that was delivered is forgotten, but the server's
    /// timer for acks stays set.
    pub(super) fn start_over(&mut self, now: Timestamp, stream: StreamView<'_>, stream_seq: u64) {
        let mut recount = self.next_stream_seq != stream_seq || !self.ack_pending.is_empty();
        let acks_all = matches!(self.config.ack_policy, AckPolicy::All | AckPolicy::FlowControl);
        if recount && acks_all && stream_seq == self.floor.stream_seq.saturating_add(1) {
            // Back at its floor, it counts what was pending, and not anew.
            self.num_pending += self.ack_pending.len() as i64;
            recount = false;
        }
        self.keep_ack_timer(now);
        self.ack_pending.clear();
        self.orphans.clear();
        self.start_seq = stream_seq;
        self.next_stream_seq = stream_seq;
        self.next_consumer_seq = 1;
        self.floor = SequencePair { consumer_seq: 0, stream_seq: stream_seq - 1 };
        self.reported = super::Reported { delivered: self.floor, ack_floor: self.floor, ..super::Reported::default() };
        if recount {
            self.count_pending(stream.store);
        }
        if stream.config.retention == Retention::Interest {
            self.release_up_to(stream.store, stream_seq - 1);
        }
    }

    /// Releases all messages up to `stream_seq` that match; none, if the stream has not come that far.
    fn release_up_to(&mut self, store: &MessageStore, stream_seq: u64) {
        if stream_seq > store.last_seq() {
            return;
        }
        let mut from = store.first_seq();
        while let Some(found) = store.next(&mut self.cursor, from).filter(|found| *found <= stream_seq) {
            self.released.push(found);
            from = found + 1;
        }
    }
}
