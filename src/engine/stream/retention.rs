//! Messages go: by limit, by age, by ack, by hand. And the deadlines of a stream.
//!
//! Every removal of a single message goes through `Stream::take_message`, which tells the consumers, unless all of them are
//! done with it (`Stream::release`). Source: nats-server
//! `server/memstore.go` (`enforceMsgLimit`), `server/stream.go` (`ackMsg`, `storeUpdates`).

use std::time::Duration;

use super::config::{Discard, Retention};
use super::consumers::{Readers, readers};
use super::{Context, LinkDue, Room, Stream};
use crate::engine::config::IS_PAGE;
use crate::engine::consumer::{Due, StreamView};
use crate::engine::event::{ConsumerEnd, Event, Removal};
use crate::engine::store::Purge;
use crate::engine::table::{ConsumerId, LinkId};
use crate::engine::time::Timestamp;

/// What a stream does without an input, in the order in which it acts at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamDue {
    /// A message reaches its TTL.
    Ttl,
    /// The oldest message reaches max age.
    MaxAge,
    /// A message id leaves the duplicate window.
    DuplicateWindow,
    /// An atomic batch has waited too long for its next message.
    AtomicBatch,
    /// A fast batch has waited too long for its next message.
    FastBatch,
    /// A schedule fires.
    Schedule,
    /// The pause or the pin of a consumer that was deleted ends.
    Leftover,
    /// A link to an origin has something to do.
    Link(LinkId, LinkDue),
    /// Something is due in a consumer.
    Consumer(ConsumerId, crate::engine::consumer::Wakeup),
}

impl StreamDue {
    /// Those of the stream itself.
    const OWN: [Self; 7] = [
        Self::Ttl,
        Self::MaxAge,
        Self::DuplicateWindow,
        Self::AtomicBatch,
        Self::FastBatch,
        Self::Schedule,
        Self::Leftover,
    ];
}

impl Stream {
    /// Removes one message and tells the consumers that read its subject. Whether it was there.
    pub(super) fn remove_message(&mut self, ctx: &mut Context<'_>, seq: u64, cause: Removal) -> bool {
        let was_there = self.take_message(ctx, seq, cause);
        if was_there {
            self.terminate_removed(ctx);
        }
        was_there
    }

    /// As [`remove_message`](Self::remove_message), but those that had it pending take it as an ack only with
    /// [`terminate_removed`](Self::terminate_removed).
    fn take_message(&mut self, ctx: &mut Context<'_>, seq: u64, cause: Removal) -> bool {
        let Some(subject) = self.store.subject_of(seq) else { return false };
        let readers = readers(&mut self.latest_readers, &self.filters, subject);
        self.forget_message(seq);
        ctx.tell(|| Event::Removed { stream: self.id, seq, cause });
        self.tell_removed(ctx.now, seq, &readers);
        true
    }

    /// Tells `readers` that message `seq` is gone.
    pub(super) fn tell_removed(&mut self, now: Timestamp, seq: u64, readers: &Readers) {
        for (id, matches) in readers.iter().copied() {
            let consumer = self.consumers.get_mut(id);
            let ack = consumer.and_then(|consumer| consumer.handle_removed(now, seq, matches));
            self.removed_pending.extend(ack.map(|ack| (id, ack, matches)));
        }
    }

    /// Whether [`terminate_removed`](Self::terminate_removed) has anything to do.
    #[inline]
    pub(super) fn has_removed(&self) -> bool {
        !self.removed_pending.is_empty() || !self.refiltered.is_empty()
    }

    /// Lets consumers take as an ack that messages were removed which they had pending, and those that ever got other
    /// filters note that something may have left without a word to them.
    pub(super) fn terminate_removed(&mut self, ctx: &mut Context<'_>) {
        for (id, ack, matches) in std::mem::take(&mut self.removed_pending) {
            let has_room = self
                .with_consumer(ctx, id, |consumer, ctx, stream| consumer.terminate_removed(ctx, stream, ack, matches));
            if has_room == Some(true) {
                self.unblocked.push(id);
            }
        }
        let Self { id, config, store, consumers, refiltered, .. } = self;
        for consumer in refiltered {
            if let Some(consumer) = consumers.get_mut(*consumer) {
                consumer.notice_removals(ctx.now, StreamView { id: *id, config, store });
            }
        }
    }

    /// Removes one message without a word to anybody. Whether it was there.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn forget_message(&mut self, seq: u64) -> bool {
        if !self.schedules.is_empty()
            && let Some(subject) = self.store.subject_of(seq)
        {
            self.schedules.handle_removed(seq, subject);
        }
        let was_there = self.store.remove(seq).is_some();
        if !self.ttls.is_empty() {
            self.ttls.remove(seq);
        }
        if !self.exempt.is_empty() {
            self.exempt.remove(seq);
        }
        was_there
    }

    /// Consumers need these messages no longer: those that nobody needs go.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn release(&mut self, ctx: &mut Context<'_>, released: &[u64]) {
        if self.config.retention == Retention::Limits {
            return;
        }
        for seq in released {
            // As a rule it is behind all of them: then nobody has to be asked, nor told.
            let is_behind = || self.consumers.iter().all(|(_, consumer)| consumer.has_settled(*seq));
            if !IS_PAGE && self.refiltered.is_empty() && is_behind() {
                if self.forget_message(*seq) {
                    ctx.tell(|| Event::Removed { stream: self.id, seq: *seq, cause: Removal::Acked });
                }
                continue;
            }
            let Some(subject) = self.store.subject_of(*seq) else { continue };
            let is_needed = self.consumers.iter().any(|(_, consumer)| consumer.needs(*seq, subject));
            if !is_needed {
                self.remove_message(ctx, *seq, Removal::Acked);
            }
        }
    }

    /// Removes the messages from `start` on that no consumer needs, after interest in them was lost.
    pub(super) fn remove_unneeded(&mut self, ctx: &mut Context<'_>, start: u64) {
        if start > self.store.last_seq() && self.has_consumer_past_end() {
            return self.drop_all(ctx);
        }
        let is_needed =
            |seq: u64, subject: &[u8]| self.consumers.iter().any(|(_, consumer)| consumer.needs(seq, subject));
        let messages = self.store.messages_from(start.max(self.store.first_seq()));
        let unneeded: Vec<u64> =
            messages.filter(|message| !is_needed(message.seq, message.subject)).map(|message| message.seq).collect();
        for seq in unneeded {
            self.remove_message(ctx, seq, Removal::NoInterest);
        }
    }

    /// Whether a consumer has settled more than there ever was.
    pub(super) fn has_consumer_past_end(&self) -> bool {
        self.consumers().any(|consumer| consumer.settled_up_to() > self.store.last_seq())
    }

    /// A consumer that begins beyond the end makes the real server miscount what to look through, and drop all messages,
    /// also those that others need.
    pub(super) fn drop_all(&mut self, ctx: &mut Context<'_>) {
        let all: Vec<u64> = self.store.messages_from(self.store.first_seq()).map(|message| message.seq).collect();
        for seq in all {
            self.forget_message(seq);
            ctx.tell(|| Event::Removed { stream: self.id, seq, cause: Removal::NoInterest });
        }
        // As of any purge, a stream that never had a message keeps the mark of it.
        self.store.purge(&Purge::default(), |_| {});
        self.tell_bulk_removal(ctx);
    }

    /// Removes what is beyond the limits after a message on `subject` was stored; `cause` is why messages of the subject go.
    /// [`terminate_removed`](Self::terminate_removed) has to follow.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn enforce_limits(&mut self, ctx: &mut Context<'_>, subject: &[u8], cause: Removal) {
        if let Some(max) = self.config.max_msgs_per_subject {
            while self.store.count_of(subject) > max {
                let Some(seq) = self.store.first_of(subject) else { break };
                self.take_message(ctx, seq, cause);
            }
        }
        if self.config.discard == Discard::Old {
            self.enforce_stream_limits(ctx);
        }
    }

    /// Removes the oldest messages until max msgs and max bytes hold. [`terminate_removed`](Self::terminate_removed) has to
    /// follow.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn enforce_stream_limits(&mut self, ctx: &mut Context<'_>) {
        if let Some(max) = self.config.max_msgs {
            while self.store.messages() > max {
                self.take_message(ctx, self.store.first_seq(), Removal::MaxMsgs);
            }
        }
        if let Some(max) = self.config.max_bytes {
            while self.store.bytes() > max {
                self.take_message(ctx, self.store.first_seq(), Removal::MaxBytes);
            }
        }
    }

    /// When `due` falls due; `None` while it is not armed. Nothing else knows.
    fn due_at(&self, due: StreamDue) -> Option<Timestamp> {
        match due {
            StreamDue::Ttl => self.ttls.first().map(|(at, _)| at),
            StreamDue::MaxAge => self.oldest_ageing().map(|(at, _)| at),
            StreamDue::DuplicateWindow => self.duplicates.due_at(),
            StreamDue::AtomicBatch => self.atomic_batches.due_at(),
            StreamDue::FastBatch => self.fast_batches.due_at(),
            StreamDue::Schedule => self.schedules.due_at(),
            StreamDue::Leftover => self.first_leftover().map(|leftover| leftover.at),
            StreamDue::Link(link, due) => self.link_due_at(link, due),
            StreamDue::Consumer(consumer, wakeup) => self.consumers.get(consumer)?.due_at(wakeup),
        }
    }

    /// The first deadline of the stream and its consumers.
    pub fn next_due(&self) -> Option<(Timestamp, StreamDue)> {
        let own = StreamDue::OWN.into_iter().filter_map(|due| Some((self.due_at(due)?, due)));
        let of_consumers = self.consumers.iter().filter_map(|(id, consumer)| {
            let Due { at, wakeup } = consumer.next_due()?;
            Some((at, StreamDue::Consumer(id, wakeup)))
        });
        let of_links = self.next_link_due().map(|(at, link, due)| (at, StreamDue::Link(link, due)));
        own.chain(of_links).chain(of_consumers).min()
    }

    /// Acts on everything that is due.
    pub fn handle_deadlines(&mut self, ctx: &mut Context<'_>, room: &Room) {
        // They have a deadline of their own.
        self.unblocked.clear();
        for due in StreamDue::OWN {
            if self.due_at(due).is_some_and(|at| at <= ctx.now) {
                self.act(ctx, room, due);
            }
        }
        self.handle_link_deadlines(ctx);
        for id in self.consumers.ids() {
            let is_due =
                self.consumers.get(id).and_then(|consumer| consumer.next_due()).is_some_and(|due| due.at <= ctx.now);
            if is_due
                && self.with_consumer(ctx, id, |consumer, ctx, view| consumer.handle_deadlines(ctx, view)) == Some(true)
            {
                self.delete_consumer(ctx, id, ConsumerEnd::Inactive);
            }
        }
    }

    fn act(&mut self, ctx: &mut Context<'_>, room: &Room, due: StreamDue) {
        match due {
            StreamDue::Ttl => self.expire_ttls(ctx, room),
            StreamDue::MaxAge => self.expire_by_age(ctx, room),
            StreamDue::DuplicateWindow => self.expire_duplicates(ctx),
            StreamDue::AtomicBatch => self.expire_atomic(ctx),
            StreamDue::FastBatch => self.expire_fast(ctx),
            StreamDue::Schedule => self.fire_schedules(ctx, room),
            StreamDue::Leftover => self.end_leftovers(ctx),
            StreamDue::Link(..) | StreamDue::Consumer(..) => {}
        }
    }

    pub(super) fn expire_duplicates(&mut self, ctx: &mut Context<'_>) {
        let window = self.config.duplicate_window.unwrap_or(Duration::ZERO);
        for id in self.duplicates.expire(ctx.now, window) {
            ctx.tell(|| Event::MsgIdForgotten { stream: self.id, msg_id: (*id).into() });
        }
    }
}
