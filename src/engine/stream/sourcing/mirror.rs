//! Taking the messages of the origin that a stream mirrors: under the same sequences, with the same times.
//!
//! Source: nats-server `server/stream.go` (`processInboundMirrorMsg`, `setupMirrorConsumer`, `processJetStreamMsg`).

use super::delivery::{Control, Delivery, handle_control, is_control};
use super::headers::mirrored;
use super::link::Reached;
use crate::engine::context::Context;
use crate::engine::error::ApiError;
use crate::engine::stream::publish::Sender;
use crate::engine::stream::{Inbound, Room, Stream};
use crate::engine::table::LinkId;
use crate::engine::time::Timestamp;

/// A mirror answers direct gets for its origin once it is so close behind.
const CAUGHT_UP: u64 = 10;

/// Why a mirrored message was not taken.
enum NotMirrored {
    /// It does not follow upon the last one.
    Gap,
    Refused,
}

impl Stream {
    /// The origin made a consumer that begins behind `delivered_seq`. What comes before it is never to be had.
    pub(super) fn connect_mirror(
        &mut self,
        ctx: &mut Context<'_>,
        id: LinkId,
        deliver_subject: String,
        delivered_seq: u64,
    ) {
        let last_seq = self.store.last_seq();
        if delivered_seq > last_seq {
            self.store.skip_to(delivered_seq.saturating_add(1), None);
        }
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        link.reached = Reached { stream_seq: delivered_seq.max(last_seq), consumer_seq: 0 };
        link.listen(ctx, self.id, deliver_subject, false);
    }

    /// Takes what the origin's consumer sent.
    pub(super) fn handle_mirrored(&mut self, ctx: &mut Context<'_>, room: &Room, id: LinkId, message: Inbound<'_>) {
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        if is_control(&message) {
            if handle_control(ctx, &message, link.reached) == Control::Gap {
                self.set_up_mirror(ctx, id);
            }
            return;
        }
        let Some(delivery) = Delivery::parse(message.reply) else { return };
        if delivery.consumer != link.consumer.as_bytes() || delivery.delivered > 1 {
            return;
        }
        let (before, lag_before) = (link.reached, link.lag);
        let follows = delivery.consumer_seq == before.consumer_seq + 1;
        if delivery.stream_seq <= before.stream_seq {
            link.reached.consumer_seq += u64::from(follows);
            return;
        }
        if delivery.stream_seq - before.stream_seq > 1 {
            // Only what was not delivered may be missing: it left the origin, or a filter passed it over.
            if !follows || self.store.last_seq() != before.stream_seq {
                return self.set_up_mirror(ctx, id);
            }
            self.skip_passed_over(ctx.now, delivery.stream_seq);
        }
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        link.reached = Reached { stream_seq: delivery.stream_seq, consumer_seq: delivery.consumer_seq };
        link.lag = delivery.lag();
        let subject = link.subject(ctx, message.subject);
        let is_close = delivery.num_pending < CAUGHT_UP;
        if self.config.mirror_direct && is_close && self.sourcing.direct_for.is_none() {
            self.sourcing.direct_for = self.config.mirror.as_ref().map(|mirror| mirror.name.clone());
        }
        match self.store_mirrored(ctx, room, &delivery, &subject, message) {
            Ok(()) => {}
            Err(NotMirrored::Gap) => {
                let last_seq = self.store.last_seq();
                let Some(link) = self.sourcing.links.get_mut(id) else { return };
                link.lag = lag_before;
                link.reached = before;
                if delivery.stream_seq <= last_seq {
                    link.reached.stream_seq = last_seq;
                }
                self.set_up_mirror(ctx, id);
            }
            Err(NotMirrored::Refused) => {
                // That it is missing shows when the next message comes, or with a heartbeat.
                let Some(link) = self.sourcing.links.get_mut(id) else { return };
                link.deaf_at = Some(ctx.now);
            }
        }
    }

    /// Uses up the sequences before `seq`, which the origin's consumer passed over. They are only given a time if no
    /// message has one.
    fn skip_passed_over(&mut self, now: Timestamp, seq: u64) {
        let time = Some(now).filter(|_| self.store.last_time().is_none());
        self.store.skip_to(seq, time);
    }

    fn store_mirrored(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        delivery: &Delivery<'_>,
        subject: &[u8],
        message: Inbound<'_>,
    ) -> Result<(), NotMirrored> {
        let previous = delivery.stream_seq - 1;
        if previous > 0 && previous != self.store.last_seq() + self.sourcing.refused {
            if !self.store.is_unused() {
                return Err(NotMirrored::Gap);
            }
            self.store.skip_to(delivery.stream_seq, None);
        }
        if previous.checked_sub(self.sourcing.refused) != Some(self.store.last_seq()) {
            return Err(NotMirrored::Refused);
        }
        let sender = Sender::Mirror { stored: delivery.stored };
        match self.take_from_origin(ctx, room, sender, subject, &mirrored(message.headers), message.payload) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.sourcing.refused += u64::from(matches!(error, ApiError::StreamStoreFailed { .. }));
                Err(NotMirrored::Refused)
            }
        }
    }
}
