//! The server's timer for acks, where it shows that there is one for all that is pending.
//!
//! Here each pending message has its deadline, and [`Wakeup::AckWait`](super::Wakeup::AckWait) is the first of them. The server
//! has one timer (`ptmr`), set by the first delivery, which goes off although that was acked meanwhile. Then it looks through
//! what is pending: what is stale counts as acked, and with nothing pending the floor goes up to what was reached, past a
//! delivery that is held back. Most of the time there is nothing to find, so its moment is kept only where there can be.
//! Source: nats-server `server/consumer.go` (`trackPending`, `checkPending`, `resetPtmr`).

use super::ack_pending::Pending;
use super::{Consumer, SequencePair, StreamView};
use crate::engine::time::Timestamp;

impl Consumer {
    /// Whether something is pending that left the stream, or that the floor has passed.
    pub(super) fn has_stale(&self, stream: StreamView<'_>) -> bool {
        self.ack_pending.first_from(0).is_some_and(|(seq, _)| seq < self.stale_end(stream))
    }

    /// Pending messages below this are stale. The floor passes one that is held back when the others are settled meanwhile, and
    /// those before a message that a purge took when the next is acked.
    fn stale_end(&self, stream: StreamView<'_>) -> u64 {
        stream.store.first_seq().max(self.floor.stream_seq.saturating_add(1))
    }

    /// The server sets its timer anew: some time behind a change of the ack wait or a delayed nak.
    pub(super) fn set_ack_timer(&mut self, at: Timestamp) {
        if !self.ack_pending.is_empty() {
            self.ack_timer = Some(at);
        }
    }

    /// Messages left the stream. If they are pending here, and no filter covers them any more, they are found when the
    /// timer next goes off, which it does even if all that is pending waits to be delivered again.
    pub fn notice_removals(&mut self, now: Timestamp, stream: StreamView<'_>) {
        if self.has_stale(stream) {
            self.keep_ack_timer(now);
        }
    }

    /// The timer stays set, whatever becomes of what is pending.
    #[inline(never)]
    pub(super) fn keep_ack_timer(&mut self, now: Timestamp) {
        self.keep_ack_timer_at(self.ack_pending.next_look(now, self.ack_wait()));
    }

    /// The timer stays set for a message that is pending no more: it may go off while the next one is held back.
    #[inline(never)]
    pub(super) fn keep_ack_timer_of(&mut self, now: Timestamp, pending: &Pending) {
        if self.is_paced() {
            self.keep_ack_timer_at(pending.next_look(now, self.ack_wait()));
        }
    }

    /// The timer goes off at `at`, or before that if it was set for earlier.
    #[inline(never)]
    pub(super) fn keep_ack_timer_at(&mut self, at: Option<Timestamp>) {
        if self.ack_timer.is_none_or(|set| at.is_some_and(|at| at < set)) {
            self.ack_timer = at;
        }
    }

    /// The timer goes off.
    pub(super) fn look_through_pending(&mut self, now: Timestamp, stream: StreamView<'_>) {
        let any_settled = self.settle_stale(stream);
        self.follow_settled(any_settled);
        self.ack_timer = self.ack_pending.first_due().filter(|at| *at > now);
    }

    /// What is pending and stale counts as acked: it left the stream without a word to this consumer, whose filters no longer
    /// match it, or the floor has passed it. Whether there was something.
    pub(super) fn settle_stale(&mut self, stream: StreamView<'_>) -> bool {
        let (mut any_settled, end) = (false, self.stale_end(stream));
        while let Some((stream_seq, pending)) = self.ack_pending.first_from(0).filter(|(seq, _)| *seq < end) {
            let consumer_seq = self.floor.consumer_seq.max(pending.consumer_seq);
            self.floor = SequencePair { consumer_seq, stream_seq: self.floor.stream_seq.max(stream_seq) };
            self.ack_pending.settle(stream_seq);
            any_settled = true;
        }
        any_settled
    }

    /// The floors, once what left the stream unnoticed, or may not be delivered again, is no longer pending.
    pub(super) fn follow_settled(&mut self, any_settled: bool) {
        if self.ack_pending.is_empty() {
            self.floor = self.reached();
        }
        if any_settled {
            self.report_internal_state();
        }
    }
}
