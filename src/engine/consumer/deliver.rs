//! The delivery loop: which message goes out next, and to whom.
//!
//! The loop runs when something wakes it and stops when there is nothing that it may deliver. Source: nats-server
//! `server/consumer.go` (`loopAndGatherMsgs`, `getNextMsg`, `deliverMsg`).

use std::rc::Rc;

use super::ack_pending::{AckWait, PendingState};
use super::config::{AckPolicy, PriorityPolicy};
use super::{Consumer, Context, Reported, SequencePair, StreamView};
use crate::engine::effects::Publication;
use crate::engine::event::{AckKind, Event};
use crate::engine::message::HeaderBlock;
use crate::engine::store::StoredMessage;
use crate::engine::table::StreamId;
use crate::engine::time::Timestamp;

/// Deliveries in one go. What is left goes out at the same instant, after the outboxes were emptied.
const MAX_DELIVERIES: usize = 4_096;
/// Bytes in one go.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The message that a turn of the loop chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Picked {
    stream_seq: u64,
    /// 1 for the first delivery.
    delivered: u64,
}

/// Why no message was chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nothing {
    EndOfStream,
    MaxAckPending,
}

/// What a pull request that has its batch has to spare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Spare {
    messages: i64,
    bytes: i64,
}

/// Which message goes where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Delivery {
    picked: Picked,
    to: Rc<[u8]>,
    /// At the end of its reply subject: delivery, stream sequence, consumer sequence, time in nanoseconds, and how many
    /// messages are left (ADR-15).
    ack_numbers: [u64; 5],
    /// Set for the last message of a pull request that limits bytes.
    completes: Option<Spare>,
}

/// A delivery that waits for its time, since the pace is kept by replay or rate limit. It goes out as it was taken, also
/// if the message leaves the stream meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct InHand {
    delivery: Delivery,
    pub(super) until: Timestamp,
    /// Subject, headers and payload.
    parts: [Box<[u8]>; 3],
}

impl InHand {
    pub(super) const fn stream_seq(&self) -> u64 {
        self.delivery.picked.stream_seq
    }
}

impl Consumer {
    /// Wakes the delivery loop.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn deliver(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        self.has_backlog = None;
        let (mut deliveries, mut bytes) = (0, 0);
        while self.in_hand.is_none() {
            match self.deliver_one(ctx, stream) {
                Some(sent) => (deliveries, bytes) = (deliveries + 1, bytes + sent),
                None => return self.end_replay(),
            }
            if deliveries >= MAX_DELIVERIES || bytes >= MAX_BYTES {
                self.has_backlog = Some(ctx.now);
                return;
            }
        }
    }

    /// One turn. The size of what went out, or `None` if the loop goes to sleep.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn deliver_one(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) -> Option<usize> {
        if self.is_paused(ctx.now) {
            self.tidy_waiting(ctx, stream.id, true);
            return None;
        }
        match &self.push {
            Some(push) if !push.may_deliver() => return None,
            None if self.waiting.is_empty() => return None,
            _ => {}
        }
        let was_stalled = self.is_stalled();
        let (picked, mut message) = match self.pick(ctx, stream) {
            Ok(found) => found,
            Err(nothing) => {
                if nothing == Nothing::EndOfStream {
                    self.settle_pending_count(stream);
                }
                self.tidy_waiting(ctx, stream.id, nothing == Nothing::EndOfStream);
                return None;
            }
        };
        if picked.delivered == 1 {
            self.num_pending -= 1;
        }
        let Picked { delivered, stream_seq } = picked;
        let stored = message.time.as_nanos();
        let ack_numbers = [delivered, stream_seq, self.next_consumer_seq, stored, self.num_pending()];
        self.ack_reply.write(&ack_numbers);
        let reduced;
        if self.config.headers_only {
            reduced = headers_only(&message);
            (message.headers, message.payload) = (&reduced, b"");
        }
        // Bytes that the delivery counts for.
        let contents = message.headers.len() + message.payload.len();
        let size = message.subject.len() + self.ack_reply.as_bytes().len() + contents;
        let Some((to, completes)) = self.choose_receiver(ctx, stream.id, size) else {
            self.put_back(picked);
            self.tidy_waiting(ctx, stream.id, true);
            return None;
        };
        let pinned;
        if self.config.priority_policy == PriorityPolicy::PinnedClient {
            let mut block = HeaderBlock::from_bytes(message.headers);
            block.push("Nats-Pin-Id", self.pin.as_ref().map_or("", |pin| &pin.id));
            pinned = block.finish();
            message.headers = &pinned;
        }
        let delivery = Delivery { picked, to, ack_numbers, completes };
        if let Some(until) = self.paced_until(ctx.now, &message, size) {
            let parts = [message.subject, message.headers, message.payload].map(Box::from);
            if delivered > 1 {
                let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
                self.ack_pending.hold(ctx.now, stream_seq, wait);
            }
            self.in_hand = Some(InHand { delivery, until, parts });
            return None;
        }
        self.send(ctx, stream, &delivery, &message);
        if !was_stalled && self.is_stalled() {
            ctx.tell(|| Event::Stalled { stream: stream.id, consumer: self.id });
        }
        Some(size)
    }

    /// The next message: what has to be delivered again goes first, whatever max ack pending says.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn pick<'s>(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'s>,
    ) -> Result<(Picked, StoredMessage<'s>), Nothing> {
        if let Some(found) = self.pick_redelivery(ctx, stream) {
            return Ok(found);
        }
        if self.is_stalled() {
            return Err(Nothing::MaxAckPending);
        }
        if let Some(list) = &mut self.skip_list {
            let stream_seq = list.stream_seqs.pop_front().unwrap_or(list.resume);
            self.next_stream_seq = if list.stream_seqs.is_empty() { list.resume + 1 } else { stream_seq + 1 };
            if list.stream_seqs.is_empty() {
                self.skip_list = None;
            }
            let message = stream.store.get(stream_seq).ok_or(Nothing::EndOfStream)?;
            return Ok((Picked { stream_seq, delivered: 1 }, message));
        }
        match stream.store.next_message(&mut self.cursor, self.next_stream_seq) {
            Some(message) => {
                self.next_stream_seq = message.seq + 1;
                Ok((Picked { stream_seq: message.seq, delivered: 1 }, message))
            }
            None => {
                self.next_stream_seq = self.next_stream_seq.max(stream.store.last_seq() + 1);
                Err(Nothing::EndOfStream)
            }
        }
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn pick_redelivery<'s>(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'s>,
    ) -> Option<(Picked, StoredMessage<'s>)> {
        while let Some(stream_seq) = self.ack_pending.pop_due().or_else(|| self.orphans.pop_front()) {
            let delivered = self.ack_pending.count_redelivery(stream_seq);
            if self.config.max_deliver.is_some_and(|max| delivered > max) {
                self.give_up(ctx, stream, stream_seq, delivered - 1);
                continue;
            }
            if let Some(message) = stream.store.get(stream_seq) {
                return Some((Picked { stream_seq, delivered }, message));
            }
            self.ack_pending.uncount_redelivery(stream_seq);
            self.terminate_missing(ctx, stream, stream_seq, delivered - 1);
        }
        None
    }

    /// Undoes the choice of a message that nobody could take.
    #[inline(never)]
    fn put_back(&mut self, picked: Picked) {
        let Picked { stream_seq, delivered } = picked;
        if delivered == 1 && stream_seq + 1 == self.next_stream_seq {
            self.next_stream_seq -= 1;
            self.num_pending += 1;
            return;
        }
        self.ack_pending.uncount_redelivery(stream_seq);
        if self.ack_pending.contains(stream_seq) {
            self.ack_pending.make_due(stream_seq);
        } else {
            self.orphans.push_back(stream_seq);
        }
    }

    /// Where the message goes: the deliver subject, or the inbox of the pull request whose turn it is. For the last
    /// message of a request that counts bytes, also how many it has left.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn choose_receiver(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamId,
        size: usize,
    ) -> Option<(Rc<[u8]>, Option<Spare>)> {
        if let Some(push) = &self.push {
            return Some((Rc::clone(&push.to), None));
        }
        self.find_eligible(ctx, stream, size)?;
        let request = self.waiting.front()?;
        let ends = request.batch_left <= 1;
        // A request for none or fewer gets one all the same, and is told how many that was too many.
        let completes = (ends && request.bytes_left > 0)
            .then_some(Spare { messages: request.batch_left - 1, bytes: request.bytes_left });
        let to = Rc::clone(&request.reply);
        self.waiting.serve_front(ctx.now, self.config.priority_policy == PriorityPolicy::Prioritized);
        if ends {
            let inbox = || Box::from(&*to);
            ctx.tell(|| Event::PullEnded { stream, consumer: self.id, inbox: inbox(), status: String::new() });
        }
        Some((to, completes))
    }

    /// Sends what was held back. Who came or went meanwhile is looked at when nothing is held back any more.
    pub(super) fn send_in_hand(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        let Some(InHand { delivery, parts: [subject, headers, payload], .. }) = self.in_hand.take() else { return };
        let [_, seq, _, time, _] = delivery.ack_numbers;
        let time = Timestamp::from_nanos(time);
        let message = StoredMessage { seq, subject: &subject, headers: &headers, payload: &payload, time };
        self.ack_reply.write(&delivery.ack_numbers);
        self.send(ctx, stream, &delivery, &message);
        self.deliver(ctx, stream);
        self.handle_interest(ctx, stream);
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn send(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        delivery: &Delivery,
        message: &StoredMessage<'_>,
    ) {
        let Delivery { picked: Picked { stream_seq, delivered }, ref to, completes, .. } = *delivery;
        let consumer_seq = self.next_consumer_seq;
        self.next_consumer_seq += 1;
        self.report_delivered(ctx.now, consumer_seq, stream_seq, delivered);
        if self.config.ack_policy == AckPolicy::None {
            self.floor = SequencePair { consumer_seq, stream_seq };
        } else {
            let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
            self.ack_pending.track(ctx.now, stream_seq, consumer_seq, wait);
        }
        let &StoredMessage { subject, headers, payload, .. } = message;
        let reply = self.ack_reply.as_bytes();
        let bytes = to.len() + reply.len() + headers.len() + payload.len();
        ctx.publish(Publication { to, subject, reply, headers, payload });
        if let Some(spare) = completes {
            let mut status = HeaderBlock::with_status("409 Batch Completed");
            status
                .push("Nats-Pending-Messages", spare.messages.to_string())
                .push("Nats-Pending-Bytes", spare.bytes.to_string());
            ctx.effects.send_headers(to, &status.finish());
        }
        if self.is_pull() {
            self.last_active = ctx.now;
        } else {
            self.count_window(ctx, bytes);
        }
        if self.delivery_releases {
            self.released.push(stream_seq);
        }
        let (stream, consumer) = (stream.id, self.id);
        ctx.tell(|| {
            let ack_due = match self.ack_pending.get(stream_seq).map(|pending| pending.state) {
                Some(PendingState::InFlight(at)) => Some(at),
                _ => None,
            };
            let to = Box::from(&**to);
            Event::Delivered { stream, consumer, stream_seq, consumer_seq, delivered, to, ack_due }
        });
        if self.config.ack_policy == AckPolicy::None {
            ctx.tell(|| Event::Acked { stream, consumer, stream_seq, by: AckKind::Delivery });
        }
    }

    /// Notes a delivery in what INFO shows.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn report_delivered(&mut self, now: Timestamp, consumer_seq: u64, stream_seq: u64, delivered: u64) {
        let Reported { delivered: reached, ack_floor, last_delivered, .. } = &mut self.reported;
        *last_delivered = Some(now);
        let without_acks = self.config.ack_policy == AckPolicy::None;
        if consumer_seq <= ack_floor.consumer_seq || (without_acks && delivered != 1) {
            return;
        }
        reached.consumer_seq = reached.consumer_seq.max(consumer_seq);
        reached.stream_seq = reached.stream_seq.max(stream_seq);
        if without_acks {
            *ack_floor = *reached;
        }
    }

    /// The loop goes to sleep: what comes later is not replayed. While one delivery waits for its time, it does not.
    fn end_replay(&mut self) {
        if self.in_hand.is_none() && self.replay.is_some_and(|replay| self.next_stream_seq > replay.until_seq) {
            self.replay = None;
        }
    }
}

/// The header block of a message that is delivered without its payload.
fn headers_only(message: &StoredMessage<'_>) -> Vec<u8> {
    let mut block = HeaderBlock::from_bytes(message.headers);
    block.push("Nats-Msg-Size", message.payload.len().to_string());
    block.finish()
}
