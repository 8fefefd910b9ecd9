//! Delivering to a subject of the consumer's own: whether anybody listens, flow control, heartbeats and pace.
//!
//! Source: nats-server `server/consumer.go` (`updateDeliveryInterest`, `needFlowControl`, `processFlowControl`,
//! `sendIdleHeartbeat`); ADR-9 for heartbeats and flow control.

use std::rc::Rc;
use std::time::Duration;

use super::config::{AckPolicy, ReplayPolicy};
use super::{AckOutcome, AckSubject, Consumer, Context, Replay, StreamView};
use crate::engine::effects::Publication;
use crate::engine::event::Event;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::store::StoredMessage;
use crate::engine::time::Timestamp;

/// Bytes that may be on their way before a client has to confirm, at first and at most.
const FIRST_WINDOW: usize = 2 * 1024 * 1024;
const MAX_WINDOW: usize = 32 * 1024 * 1024;

/// What only a push consumer has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Push {
    /// The deliver subject.
    pub(super) to: Rc<[u8]>,
    /// Somebody listens on the deliver subject.
    is_bound: bool,
    /// When the next heartbeat goes out if nothing else does.
    pub heartbeat_at: Option<Timestamp>,
    flow: Option<FlowControl>,
    rate: Option<RateLimit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FlowControl {
    window: usize,
    outstanding: usize,
    /// The reply subject of the open request, and how many bytes its answer confirms.
    open: Option<(String, usize)>,
}

/// A token bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RateLimit {
    bytes_per_second: u64,
    burst: u64,
    /// Bytes in the bucket, in billionths; below zero while they are owed.
    nanobytes: i128,
    filled: Timestamp,
}

impl Push {
    pub const fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// Whether somebody listens and the window is open.
    pub fn may_deliver(&self) -> bool {
        self.is_bound && self.flow.as_ref().is_none_or(|flow| flow.outstanding <= flow.window)
    }

    /// Bytes that are on their way and not confirmed, and how many may be; `None` without flow control.
    pub fn window(&self) -> Option<(usize, usize)> {
        self.flow.as_ref().map(|flow| (flow.outstanding, flow.window))
    }

    /// The reply subject of the flow control request that nobody answered yet.
    pub fn open_flow_control(&self) -> Option<&str> {
        self.flow.as_ref()?.open.as_ref().map(|(reply, _)| reply.as_str())
    }
}

impl Consumer {
    /// Sets up what only a push consumer has.
    pub(super) fn start_push(&mut self, now: Timestamp, stream: StreamView<'_>, max_payload: usize) {
        let Some(subject) = &self.config.deliver_subject else { return };
        let flow = FlowControl { window: FIRST_WINDOW, outstanding: 0, open: None };
        self.push = Some(Push {
            to: subject.as_bytes().into(),
            is_bound: false,
            heartbeat_at: self.config.idle_heartbeat.map(|every| now + every),
            flow: self.config.flow_control.then_some(flow),
            rate: None,
        });
        self.set_rate_limit(now, stream, max_payload);
    }

    pub(super) fn set_rate_limit(&mut self, now: Timestamp, stream: StreamView<'_>, max_payload: usize) {
        let burst = stream.config.max_msg_size.map_or(max_payload as u64, u64::from);
        let rate = self.config.rate_limit_bps.map(|bits| RateLimit {
            bytes_per_second: (bits / 8).max(1),
            burst,
            nanobytes: i128::from(burst) * 1_000_000_000,
            filled: now,
        });
        if let Some(push) = &mut self.push {
            push.rate = rate;
        }
    }

    /// Notes that interest in the deliver subject may have changed. While a message is held back, nobody looks.
    pub fn handle_interest(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        if self.in_hand.is_none() {
            self.follow_interest(ctx, stream);
        }
    }

    /// As [`handle_interest`](Self::handle_interest), also while a message is held back: a delivery itself found nobody.
    pub(super) fn follow_interest(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        if self.bind(ctx) {
            let skips = self.skip_list.is_some();
            self.deliver(ctx, stream);
            // The server's loop is woken twice, and has got over one listed message that is gone.
            if skips && self.has_backlog.is_none() {
                self.deliver(ctx, stream);
            }
        }
    }

    /// Looks whether anybody listens on the deliver subject. Whether somebody does who did not before.
    pub(super) fn bind(&mut self, ctx: &Context<'_>) -> bool {
        let Some(subject) = &self.config.deliver_subject else { return false };
        let is_bound = ctx.router.has_exact_interest(subject.as_bytes(), self.bound_group.as_deref());
        let Some(push) = &mut self.push else { return false };
        let was_bound = std::mem::replace(&mut push.is_bound, is_bound);
        if is_bound {
            self.inactivity_check = None;
        } else if self.inactivity_check.is_none() {
            self.inactivity_check = self.inactive_after.map(|after| ctx.now + after);
        }
        let is_new = is_bound && !was_bound;
        if is_new {
            self.has_backlog = Some(ctx.now);
            // Heartbeats kept their pace while nobody listened.
            if let (Some(at), Some(every)) = (&mut push.heartbeat_at, self.config.idle_heartbeat)
                && *at <= ctx.now
            {
                let missed = ctx.now.since(*at).as_nanos() / every.as_nanos() + 1;
                *at += every * u32::try_from(missed).unwrap_or(u32::MAX);
            }
        }
        is_new
    }

    /// Counts a delivery for flow control, and asks the client to confirm once half the window is on its way.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn count_window(&mut self, ctx: &mut Context<'_>, bytes: usize) {
        let pending_is_full = self.config.ack_policy == AckPolicy::FlowControl && self.is_stalled();
        let Some(push) = &mut self.push else { return };
        push.heartbeat_at = self.config.idle_heartbeat.map(|every| ctx.now + every);
        let Some(flow) = &mut push.flow else { return };
        flow.outstanding += bytes;
        match &mut flow.open {
            None if flow.outstanding > flow.window / 2 || pending_is_full => self.request_flow_control(ctx),
            Some((_, confirmed)) if flow.outstanding - *confirmed >= flow.window => *confirmed += bytes,
            _ => {}
        }
    }

    fn request_flow_control(&mut self, ctx: &mut Context<'_>) {
        let Some(subject) = &self.config.deliver_subject else { return };
        let Some(flow) = self.push.as_mut().and_then(|push| push.flow.as_mut()) else { return };
        let reply = format!("$JS.FC.{}.{}.{}", self.stream_name, self.name, ctx.rng.base62(4));
        let headers = HeaderBlock::with_status("100 FlowControl Request").finish();
        ctx.effects.publish(Publication {
            to: subject.as_bytes(),
            subject: subject.as_bytes(),
            reply: reply.as_bytes(),
            headers: &headers,
            payload: b"",
        });
        flow.open = Some((reply, flow.outstanding));
    }

    /// Takes the answer to a flow control request. Only the latest request counts.
    pub fn handle_flow_control(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        subject: &[u8],
        headers: &[u8],
    ) -> AckOutcome {
        let Some(flow) = self.push.as_mut().and_then(|push| push.flow.as_mut()) else { return AckOutcome::default() };
        match &flow.open {
            Some((reply, confirmed)) if reply.as_bytes() == subject => {
                flow.window = (flow.window * 2).min(MAX_WINDOW);
                flow.outstanding = flow.outstanding.saturating_sub(*confirmed);
                flow.open = None;
            }
            _ => return AckOutcome::default(),
        }
        let mut outcome = AckOutcome { wake: true, ..AckOutcome::default() };
        if self.config.ack_policy == AckPolicy::FlowControl {
            let number = |name| {
                let digits = Headers::new(headers).get(name).and_then(|value| std::str::from_utf8(value).ok());
                digits.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0)
            };
            let (consumer_seq, stream_seq) = (number("Nats-Last-Consumer"), number("Nats-Last-Stream"));
            if stream_seq > 0 {
                let ack = AckSubject { delivered: 1, stream_seq, consumer_seq };
                outcome.wake |= self.ack_message(ctx, stream, ack, false).wake;
            }
        }
        outcome
    }

    /// The heartbeat of a push consumer is due.
    pub(super) fn push_heartbeat(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        let headers = self.heartbeat_headers();
        let asks_for_acks = self.config.ack_policy == AckPolicy::FlowControl && !self.ack_pending.is_empty();
        let Some(push) = &mut self.push else { return };
        push.heartbeat_at = self.config.idle_heartbeat.map(|every| ctx.now + every);
        let Some(subject) = self.config.deliver_subject.as_ref().filter(|_| push.is_bound) else { return };
        ctx.effects.send_headers(subject.as_bytes(), &headers);
        ctx.tell(|| Event::Heartbeat { stream: stream.id, consumer: self.id });
        if asks_for_acks && self.push.as_ref().is_some_and(|push| push.open_flow_control().is_none()) {
            self.request_flow_control(ctx);
        }
    }

    /// Until when a message has to wait, since the consumer replays the pace of the stream or is limited in rate.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn paced_until(
        &mut self,
        now: Timestamp,
        message: &StoredMessage<'_>,
        bytes: usize,
    ) -> Option<Timestamp> {
        let mut until = now;
        if let Some(Replay { last_time, .. }) = &mut self.replay
            && let Some(before) = last_time.replace(message.time)
        {
            let gap = message.time.since(before);
            if gap > Duration::from_millis(1) {
                until += gap;
            }
        }
        if let Some(rate) = self.push.as_mut().and_then(|push| push.rate.as_mut()) {
            until += rate.take(until, bytes);
        }
        (until > now).then_some(until)
    }

    /// Whether deliveries may be held back to keep a pace.
    pub(super) fn is_paced(&self) -> bool {
        self.replay.is_some() || self.push.as_ref().is_some_and(|push| push.rate.is_some())
    }

    /// Begins to replay the pace of the stream, up to the message that is its last now, if there is anything up to that.
    pub(super) fn start_replay(&mut self, last_seq: u64) {
        if self.config.replay_policy == ReplayPolicy::Original && self.next_stream_seq <= last_seq {
            self.replay = Some(Replay { last_time: None, until_seq: last_seq });
        }
    }

    /// Moves a push consumer to another deliver subject. Everything pending goes there at once.
    pub(super) fn change_deliver_subject(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        self.bound_group.clone_from(&self.config.deliver_group);
        let pending: Vec<u64> = self.ack_pending.iter().map(|(stream_seq, _)| stream_seq).collect();
        for stream_seq in pending {
            if !self.give_up_if_spent(ctx, stream, stream_seq) {
                self.ack_pending.make_due(stream_seq);
            }
        }
        // Whoever listens on the new subject is found once the request was answered.
        if let (Some(push), Some(subject)) = (&mut self.push, &self.config.deliver_subject) {
            push.to = subject.as_bytes().into();
            push.is_bound = false;
        }
    }
}

impl RateLimit {
    /// Takes `bytes` out of the bucket; how long until they were in it. More than it holds never are.
    fn take(&mut self, now: Timestamp, bytes: usize) -> Duration {
        if bytes as u64 > self.burst {
            return Duration::MAX;
        }
        let full = i128::from(self.burst) * 1_000_000_000;
        let elapsed = now.since(self.filled).as_nanos();
        let gained = i128::try_from(elapsed).unwrap_or(i128::MAX).saturating_mul(i128::from(self.bytes_per_second));
        self.nanobytes = self.nanobytes.saturating_add(gained).min(full) - bytes as i128 * 1_000_000_000;
        self.filled = now;
        let owed = u128::try_from(-self.nanobytes).unwrap_or(0);
        let nanos = owed.div_ceil(u128::from(self.bytes_per_second));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_starts_full_and_fills_at_its_rate() {
        let start = Timestamp::from_nanos(1_000_000_000);
        let mut rate = RateLimit { bytes_per_second: 100, burst: 50, nanobytes: 50_000_000_000, filled: start };
        assert_eq!(rate.take(start, 50), Duration::ZERO);
        assert_eq!(rate.take(start, 25), Duration::from_millis(250));
        assert_eq!(rate.take(start + Duration::from_secs(10), 51), Duration::MAX);
        assert_eq!(rate.take(start + Duration::from_secs(10), 50), Duration::ZERO);
    }
}
