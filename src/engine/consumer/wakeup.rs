//! What happens to a consumer without an input, and when.
//!
//! One function knows every deadline; asking and acting both go through it.

use std::time::Duration;

use super::ack_pending::{Pending, PendingState};
use super::{Consumer, Context, StreamView};
use crate::engine::api::advisory;
use crate::engine::date_time::DateTime;
use crate::engine::event::Event;
use crate::engine::table::StreamId;
use crate::engine::time::Timestamp;

/// The kinds of deadline, in the order in which they act at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wakeup {
    PauseEnd,
    /// An ack wait or nak delay ends.
    AckWait,
    /// The server's timer for acks goes off for what is pending no more, or is stale.
    AckTimer,
    /// A pull request expires or is due a heartbeat.
    Waiting,
    /// A message that was held back to keep a pace.
    InHand,
    IdleHeartbeat,
    PinTimeout,
    Inactivity,
    /// The rest of what one turn could not deliver.
    Backlog,
}

impl Wakeup {
    pub const ALL: [Self; 9] = [
        Self::PauseEnd,
        Self::AckWait,
        Self::AckTimer,
        Self::Waiting,
        Self::InHand,
        Self::IdleHeartbeat,
        Self::PinTimeout,
        Self::Inactivity,
        Self::Backlog,
    ];
}

/// A deadline of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due {
    pub at: Timestamp,
    pub wakeup: Wakeup,
}

impl Consumer {
    /// When `wakeup` falls due; `None` while it is not armed. Nothing else knows.
    pub fn due_at(&self, wakeup: Wakeup) -> Option<Timestamp> {
        match wakeup {
            Wakeup::PauseEnd => self.pause_ends,
            Wakeup::AckWait => self.ack_pending.first_due().map(|at| at.max(self.ack_waits_held)),
            Wakeup::AckTimer => self.ack_timer,
            // The loop sleeps.
            Wakeup::Waiting | Wakeup::IdleHeartbeat if self.in_hand.is_some() => None,
            Wakeup::Waiting => self.waiting.first_due(),
            Wakeup::InHand => self.in_hand.as_ref().map(|held| held.until),
            Wakeup::IdleHeartbeat => {
                self.push.as_ref().filter(|push| push.is_bound()).and_then(|push| push.heartbeat_at)
            }
            Wakeup::PinTimeout => self.pin.as_ref().map(|pin| pin.until),
            Wakeup::Inactivity => self.inactivity_check,
            Wakeup::Backlog => self.has_backlog,
        }
    }

    /// The first deadline.
    pub fn next_due(&self) -> Option<Due> {
        Wakeup::ALL.into_iter().filter_map(|wakeup| Some(Due { at: self.due_at(wakeup)?, wakeup })).min()
    }

    /// Acts on everything that is due. Whether the consumer is to be deleted, since nobody uses it.
    pub fn handle_deadlines(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) -> bool {
        let mut is_unused = false;
        for wakeup in Wakeup::ALL {
            if self.due_at(wakeup).is_some_and(|at| at <= ctx.now) {
                is_unused |= self.wake(wakeup, ctx, stream);
                debug_assert!(
                    is_unused || wakeup == Wakeup::Backlog || self.due_at(wakeup).is_none_or(|at| at > ctx.now),
                    "{wakeup:?} would fire forever"
                );
            }
        }
        is_unused
    }

    fn wake(&mut self, wakeup: Wakeup, ctx: &mut Context<'_>, stream: StreamView<'_>) -> bool {
        match wakeup {
            Wakeup::PauseEnd => self.end_pause(ctx, stream),
            Wakeup::AckWait => self.expire_ack_waits(ctx, stream),
            Wakeup::AckTimer => self.look_through_pending(ctx.now, stream),
            Wakeup::Waiting => {
                self.tidy_waiting(ctx, stream.id, true);
                self.deliver(ctx, stream);
            }
            Wakeup::InHand => self.send_in_hand(ctx, stream),
            Wakeup::IdleHeartbeat => {
                self.push_heartbeat(ctx, stream);
                self.deliver(ctx, stream);
            }
            Wakeup::PinTimeout => self.expire_pin(ctx, stream),
            Wakeup::Inactivity => return self.check_inactivity(ctx, stream),
            Wakeup::Backlog => self.deliver(ctx, stream),
        }
        false
    }

    /// Tells that the pause was set, changed, cleared, or is over.
    pub fn advise_pause(&self, ctx: &mut Context<'_>) {
        advise_pause(ctx, &self.stream_name, &self.name, self.config.pause_until.unwrap_or(DateTime::ZERO));
    }

    /// The end of a pause that was not announced as over.
    pub fn unfinished_pause(&self) -> Option<DateTime> {
        self.config.pause_until.filter(|_| self.pause_ends.is_some())
    }

    /// Pauses the consumer until a moment, or resumes it. Resuming this way does not wake the delivery loop.
    pub fn pause(&mut self, ctx: &mut Context<'_>, stream: StreamId, until: DateTime) {
        if !self.set_pause(ctx.now, until) {
            return;
        }
        self.advise_pause(ctx);
        let consumer = self.id;
        match self.pause_ends {
            Some(until) => ctx.tell(|| Event::Paused { stream, consumer, until }),
            None => ctx.tell(|| Event::Resumed { stream, consumer }),
        }
    }

    fn end_pause(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        self.pause_ends = None;
        self.advise_pause(ctx);
        ctx.tell(|| Event::Resumed { stream: stream.id, consumer: self.id });
        self.deliver(ctx, stream);
    }

    /// Messages whose ack wait or nak delay ended are due again, or given up.
    fn expire_ack_waits(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        let was_stalled = self.is_stalled();
        let (mut any_due, mut any_given_up) = (false, false);
        let any_settled = self.settle_stale(stream);
        for (stream_seq, pending) in self.ack_pending.take_expired(ctx.now) {
            if self.give_up_if_spent(ctx, stream, stream_seq) {
                any_given_up = true;
                continue;
            }
            self.ack_pending.make_due(stream_seq);
            any_due = true;
            ctx.tell(|| Event::AckWaitEnded {
                stream: stream.id,
                consumer: self.id,
                stream_seq,
                nak_delay: matches!(pending.state, PendingState::NakDelayed(_)),
                is_last: self
                    .config
                    .max_deliver
                    .is_some_and(|max| self.ack_pending.redeliveries(stream_seq) + 1 >= max),
            });
        }
        self.follow_settled(any_settled);
        if any_due || (was_stalled && any_given_up) {
            self.deliver(ctx, stream);
        }
    }

    /// When the consumer is deleted, unless somebody uses it before; `None` while somebody does.
    pub fn goes_at(&self) -> Option<Timestamp> {
        let after = self.inactive_after.filter(|_| self.waiting.is_empty())?;
        if !self.is_pull() {
            return self.inactivity_check;
        }
        let check = self.inactivity_check.max(Some(self.last_active + after))?;
        let wait = |stream_seq| self.ack_wait().after(self.ack_pending.redeliveries(stream_seq));
        let kept_until = |(stream_seq, pending): (u64, &Pending)| match pending.state {
            // What falls due waits once more, though nothing comes of it; what is then given up waits no longer.
            PendingState::InFlight(at) | PendingState::NakDelayed(at) if self.is_spent(stream_seq) => {
                (check < at).then(|| at + after)
            }
            PendingState::InFlight(at) | PendingState::NakDelayed(at) => Some(at + wait(stream_seq)? + after),
            PendingState::Due | PendingState::Unbounded => Some(pending.since + wait(stream_seq)? + after),
        };
        self.ack_pending.iter().filter_map(kept_until).max().max(Some(check))
    }

    /// An unused consumer goes, unless a request waits or a message is pending; then it is looked at again later.
    fn check_inactivity(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) -> bool {
        let Some(after) = self.inactive_after else {
            self.inactivity_check = None;
            return false;
        };
        if !self.is_pull() {
            return !self.is_push_bound();
        }
        let next_check = if ctx.now.since(self.last_active) < after {
            Some(self.last_active + after)
        } else {
            self.tidy_waiting(ctx, stream.id, true);
            let pending_end = self.ack_pending.last_wait_end(self.ack_wait()).map(|end| end + after);
            if self.waiting.is_empty() { pending_end.filter(|end| *end > ctx.now) } else { Some(ctx.now + after) }
        };
        match next_check {
            Some(at) => {
                self.inactivity_check = Some(at.max(ctx.now + Duration::from_nanos(1)));
                false
            }
            None => true,
        }
    }
}

/// Tells how a consumer's pause until `pause_until` stands.
pub fn advise_pause(ctx: &mut Context<'_>, stream: &str, consumer: &str, pause_until: DateTime) {
    let (now, paused) = (ctx.now, pause_until.to_timestamp() > ctx.now);
    let domain = ctx.domain().map(str::to_owned);
    ctx.advise(
        || format!("$JS.EVENT.ADVISORY.CONSUMER.PAUSE.{stream}.{consumer}"),
        |id| advisory::ConsumerPause {
            head: advisory::Head::new("io.nats.jetstream.advisory.v1.consumer_pause", id, now),
            stream,
            consumer,
            paused,
            pause_until,
            domain,
        },
    );
}
