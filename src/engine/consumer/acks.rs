//! Acknowledgements: `+ACK`, `-NAK`, `+WPI`, `+TERM`, `+NXT`.
//!
//! Source: nats-server `server/consumer.go` (`processAck`, `processAckMsgLocked`, `processNak`, `moveAckFloor`) and
//! `server/memstore.go` (`consumerMemStore.UpdateAcks`).

use std::time::Duration;

use super::ack_pending::AckWait;
use super::config::AckPolicy;
use super::{Consumer, Context, SequencePair, StreamView};
use crate::engine::api::advisory;
use crate::engine::api::json::unmarshal;
use crate::engine::api::wire::NakOptions;
use crate::engine::duration;
use crate::engine::event::{AckKind, Event};
use crate::engine::stream::config::Retention;
use crate::engine::subject::{token_count, tokens};
use crate::engine::time::Timestamp;

/// What stands in the reply subject of a delivery behind the names: the client sends it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AckSubject {
    pub delivered: u64,
    pub stream_seq: u64,
    pub consumer_seq: u64,
}

impl AckSubject {
    /// As [`parse`](Self::parse), for five tokens of which the first three are numbers below 10^8, as nearly all are. `None`
    /// is no answer: then `parse` looks at it.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn parse_usual(text: &[u8]) -> Option<Self> {
        let (delivered, rest) = short_number(text)?;
        let (stream_seq, rest) = short_number(rest)?;
        let (consumer_seq, rest) = short_number(rest)?;
        let are_two = token_count(rest) == 2 && !rest.starts_with(b".") && !rest.ends_with(b".");
        are_two.then_some(Self { delivered, stream_seq, consumer_seq })
    }

    /// Reads `<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, which stands there without empty tokens. What is
    /// no number counts as one that was never reached; beyond the largest number it goes on from 0.
    pub fn parse(text: &[u8]) -> Self {
        let mut numbers = tokens(text).map(number);
        let mut next = || numbers.next().unwrap_or(u64::MAX);
        Self { delivered: next(), stream_seq: next(), consumer_seq: next() }
    }
}

/// What is left to do about an acknowledgement, in this order: remove what was released, answer, ask for more, wake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AckOutcome {
    /// A reply subject gets an empty answer.
    pub answer: bool,
    /// The body of a pull request that came along (`+NXT`).
    pub next: bool,
    /// The delivery loop has something to do.
    pub wake: bool,
    /// It settled a message, or lets go of one that is stored.
    pub settles: bool,
}

impl Consumer {
    /// Takes an acknowledgement. What it does not understand is answered and changes nothing.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn handle_ack(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        ack: AckSubject,
        body: &[u8],
    ) -> AckOutcome {
        self.put_off_inactivity(ctx.now);
        let names_message = ack.stream_seq != 0;
        let mut outcome = AckOutcome { answer: names_message, ..AckOutcome::default() };
        if matches!(body, b"" | b"+ACK" | b"+OK") {
            outcome = self.ack_message(ctx, stream, ack, true);
            self.tell_acked(ctx, stream, ack, outcome, AckKind::Ack);
        } else if body.starts_with(b"+NXT") {
            outcome = self.ack_message(ctx, stream, ack, true);
            self.tell_acked(ctx, stream, ack, outcome, AckKind::Next);
            return AckOutcome { answer: false, next: true, ..outcome };
        } else if let Some(argument) = body.strip_prefix(b"-NAK") {
            outcome.wake = self.nak(ctx, stream, ack, argument.trim_ascii());
        } else if body == b"+WPI" {
            self.in_progress(ctx, stream, ack);
        } else if let Some(reason) = body.strip_prefix(b"+TERM") {
            outcome = self.term(ctx, stream, ack, reason.trim_ascii());
        }
        // A subject with sequence 0 is answered where acks are told one by one and remove nothing.
        let is_told = stream.config.retention == Retention::Limits && self.config.ack_policy == AckPolicy::Explicit;
        outcome.answer &= names_message || is_told;
        outcome
    }

    /// Any acknowledgement shows that the consumer is in use.
    fn put_off_inactivity(&mut self, now: Timestamp) {
        let Some(after) = self.inactive_after else { return };
        self.last_active = now;
        if self.inactivity_check.is_some() {
            self.inactivity_check = Some(now + after);
        }
    }

    fn tell_acked(
        &self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        ack: AckSubject,
        outcome: AckOutcome,
        by: AckKind,
    ) {
        let (stream, consumer, stream_seq) = (stream.id, self.id, ack.stream_seq);
        ctx.tell(|| {
            if outcome.settles {
                Event::Acked { stream, consumer, stream_seq, by }
            } else {
                Event::AckIgnored { stream, consumer, stream_seq }
            }
        });
    }

    /// Settles a message: by its stream sequence alone, or with everything before it (ack policy `all`).
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn ack_message(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamView<'_>,
        ack: AckSubject,
        sample: bool,
    ) -> AckOutcome {
        let AckSubject { stream_seq, .. } = ack;
        if stream_seq >= self.next_stream_seq && !self.config.flow_control {
            return AckOutcome::default();
        }
        let wake = self.is_stalled();
        match self.config.ack_policy {
            AckPolicy::None => AckOutcome { answer: true, ..AckOutcome::default() },
            AckPolicy::Explicit => {
                if sample && self.sample_percent > 0 {
                    self.sample_ack(ctx, ack);
                }
                let was_pending = self.settle(ctx, stream, stream_seq, ack.consumer_seq);
                // One that was given up is not pending, and an ack removes it after all.
                let settles =
                    was_pending || stream.config.retention != Retention::Limits && stream.store.contains(stream_seq);
                AckOutcome { answer: true, wake: wake && was_pending, next: false, settles }
            }
            AckPolicy::All | AckPolicy::FlowControl => {
                if ack.consumer_seq <= self.floor.consumer_seq || stream_seq <= self.floor.stream_seq {
                    return AckOutcome { answer: true, ..AckOutcome::default() };
                }
                self.settle_up_to(ctx, stream, ack);
                AckOutcome { answer: true, wake, next: false, settles: true }
            }
        }
    }

    /// Takes one message off what is pending, and lets the floors follow. Whether it was pending.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn settle(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, stream_seq: u64, consumer_seq: u64) -> bool {
        let pending = self.ack_pending.settle(stream_seq);
        let pending_seq = pending.map(|pending| pending.consumer_seq);
        if let Some(pending) = pending {
            self.move_floor(SequencePair { consumer_seq: pending.consumer_seq, stream_seq });
            self.keep_ack_timer_of(ctx.now, &pending);
        }
        let settled = SequencePair { consumer_seq: pending_seq.unwrap_or(consumer_seq), stream_seq };
        self.report_ack(pending_seq.is_some(), settled);
        self.reported.last_ack = Some(ctx.now);
        if stream.config.retention != Retention::Limits {
            self.released.push(stream_seq);
        }
        pending_seq.is_some()
    }

    fn settle_up_to(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, ack: AckSubject) {
        let reached = SequencePair { consumer_seq: ack.consumer_seq, stream_seq: ack.stream_seq };
        let was_pending = self.ack_pending.contains(ack.stream_seq);
        let timer = self.ack_pending.first_due();
        self.floor = reached;
        if stream.config.retention != Retention::Limits {
            self.released.push(ack.stream_seq);
        }
        while let Some((stream_seq, _)) = self.ack_pending.first_from(0).filter(|(seq, _)| *seq <= ack.stream_seq) {
            self.ack_pending.settle(stream_seq);
            if stream_seq != ack.stream_seq {
                if stream.config.retention != Retention::Limits {
                    self.released.push(stream_seq);
                }
                ctx.tell(|| Event::Acked { stream: stream.id, consumer: self.id, stream_seq, by: AckKind::AckAll });
            }
        }
        self.ack_pending.settle(ack.stream_seq);
        if self.is_paced() || self.ack_pending.is_empty() && reached != self.reached() {
            // It lets the floor follow.
            self.keep_ack_timer_at(timer);
        }
        self.reported.last_ack = Some(ctx.now);
        self.report_ack(was_pending, reached);
    }

    /// The two sequences up to which it has delivered.
    pub(super) const fn reached(&self) -> SequencePair {
        SequencePair { consumer_seq: self.next_consumer_seq - 1, stream_seq: self.next_stream_seq.saturating_sub(1) }
    }

    /// Moves the floor that decides, after `settled` left what is pending.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn move_floor(&mut self, settled: SequencePair) {
        if self.ack_pending.is_empty() {
            self.floor = self.reached();
        } else if settled.consumer_seq == self.floor.consumer_seq.saturating_add(1) {
            self.floor = self.before_next_pending(settled, self.next_stream_seq);
        }
    }

    /// Just before the next pending message above `settled`, as long as that is below `end`.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn before_next_pending(&self, settled: SequencePair, end: u64) -> SequencePair {
        match self.ack_pending.first_from(settled.stream_seq.saturating_add(1)) {
            Some((stream_seq, pending)) if stream_seq < end && pending.consumer_seq > 0 => {
                SequencePair { consumer_seq: pending.consumer_seq - 1, stream_seq: stream_seq - 1 }
            }
            _ => settled,
        }
    }

    /// Moves the floor that INFO shows.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn report_ack(&mut self, was_pending: bool, settled: SequencePair) {
        let reported = self.reported;
        if !was_pending || settled.consumer_seq <= reported.ack_floor.consumer_seq {
            return;
        }
        if self.config.ack_policy != AckPolicy::Explicit {
            // What lies below counts as acked there, although a purge may have left it pending.
            if settled.stream_seq > reported.ack_floor.stream_seq {
                self.reported.ack_floor = settled;
            }
        } else if self.ack_pending.is_empty() {
            self.reported.ack_floor = reported.delivered;
        } else if settled.consumer_seq == reported.ack_floor.consumer_seq.saturating_add(1) {
            let moves_on = reported.delivered.consumer_seq > settled.consumer_seq;
            self.reported.ack_floor = if moves_on {
                self.before_next_pending(settled, reported.delivered.stream_seq.saturating_add(1))
            } else {
                settled
            };
        }
    }

    /// Asks for another delivery: at once, or after a delay. Whether the delivery loop has something to do.
    #[inline(never)]
    fn nak(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, ack: AckSubject, argument: &[u8]) -> bool {
        let AckSubject { stream_seq, consumer_seq, .. } = ack;
        let is_current = consumer_seq > self.floor.consumer_seq && consumer_seq <= self.next_consumer_seq;
        let (stream_id, consumer) = (stream.id, self.id);
        if !is_current || !self.ack_pending.contains(stream_seq) {
            ctx.tell(|| Event::AckIgnored { stream: stream_id, consumer, stream_seq });
            return false;
        }
        let now = ctx.now;
        let domain = ctx.domain().map(str::to_owned);
        ctx.advise(
            || self.advisory_subject("MSG_NAKED"),
            |id| advisory::Nak::new(id, now, &self.stream_name, &self.name, ack, domain),
        );
        let delay = nak_delay(argument);
        ctx.tell(|| Event::Naked { stream: stream_id, consumer, stream_seq, delay });
        match delay {
            Some(delay) => {
                let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
                self.ack_pending.delay(now, stream_seq, delay, wait);
                self.report_delivered(now, 0, stream_seq, 1);
                self.ack_waits_held = now + Duration::from_millis(10);
                if self.has_stale(stream) {
                    self.set_ack_timer(self.ack_waits_held);
                }
                false
            }
            None => {
                self.ack_pending.make_due(stream_seq);
                true
            }
        }
    }

    /// Starts the ack wait of a message anew.
    #[inline(never)]
    fn in_progress(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, ack: AckSubject) {
        let stream_seq = ack.stream_seq;
        let (stream_id, consumer) = (stream.id, self.id);
        if !self.ack_pending.contains(stream_seq) {
            return ctx.tell(|| Event::AckIgnored { stream: stream_id, consumer, stream_seq });
        }
        let wait = AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff };
        self.ack_pending.restart(ctx.now, stream_seq, wait);
        let ack_due = wait.after(self.ack_pending.redeliveries(stream_seq)).map_or(ctx.now, |wait| ctx.now + wait);
        self.report_delivered(ctx.now, 0, stream_seq, 1);
        ctx.tell(|| Event::InProgress { stream: stream_id, consumer, stream_seq, ack_due });
    }

    /// Settles a message that is not to be delivered again. The advisory goes out whatever state the message is in.
    #[inline(never)]
    fn term(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, ack: AckSubject, reason: &[u8]) -> AckOutcome {
        let outcome = self.ack_message(ctx, stream, ack, false);
        self.advise_terminated(ctx, ack, reason);
        self.tell_acked(ctx, stream, ack, outcome, AckKind::Term);
        outcome
    }

    pub(super) fn advise_terminated(&self, ctx: &mut Context<'_>, ack: AckSubject, reason: &[u8]) {
        let now = ctx.now;
        let domain = ctx.domain().map(str::to_owned);
        ctx.advise(
            || self.advisory_subject("MSG_TERMINATED"),
            |id| advisory::Terminated::new(id, now, &self.stream_name, &self.name, ack, reason, domain),
        );
    }

    /// Publishes the metric of an ack for the sampled share of them.
    #[inline(never)]
    fn sample_ack(&self, ctx: &mut Context<'_>, ack: AckSubject) {
        let share = u64::try_from(self.sample_percent).unwrap_or(0);
        let Some(pending) = self.ack_pending.get(ack.stream_seq) else { return };
        if share < 100 && ctx.rng.below(100) > share {
            return;
        }
        let now = ctx.now;
        let domain = ctx.domain().map(str::to_owned);
        let subject = || format!("$JS.EVENT.METRIC.CONSUMER.ACK.{}.{}", self.stream_name, self.name);
        ctx.advise(subject, |id| {
            advisory::ConsumerAck::new(id, now, &self.stream_name, &self.name, ack, now.since(pending.since), domain)
        });
    }

    pub(super) fn advisory_subject(&self, kind: &str) -> String {
        format!("$JS.EVENT.ADVISORY.CONSUMER.{kind}.{}.{}", self.stream_name, self.name)
    }
}

/// The number that `text` begins with, of one to eight digits and a dot, and what follows that.
#[inline]
#[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
fn short_number(text: &[u8]) -> Option<(u64, &[u8])> {
    const EACH: u64 = u64::MAX / 0xFF;
    // Eight at once, the first one lowest. The top bit of the first that is no digit comes out set, and none before it.
    let word = u64::from_le_bytes(*text.first_chunk()?) ^ (EACH * b'0' as u64);
    let others = (word.wrapping_add(EACH * 0x76) | word) & (EACH << 7);
    let len = others.trailing_zeros() as usize / 8;
    let rest = text.get(len..)?.strip_prefix(b".").filter(|_| len > 0)?;
    // With zeros before them, the digits are added to pairs, those to fours, and those to one number.
    let digits = word << (64 - 8 * len);
    let pairs = (digits * 10 + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some(((fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF, rest))
}

/// The number that `token` is, if it is one.
fn number(token: &[u8]) -> u64 {
    let digits = || token.iter().map(|digit| u64::from(digit.wrapping_sub(b'0')));
    if token.is_empty() || digits().any(|digit| digit > 9) {
        return u64::MAX;
    }
    digits().fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(digit))
}

/// The delay that a nak asks for. What cannot be read asks for none.
fn nak_delay(argument: &[u8]) -> Option<Duration> {
    if argument.is_empty() {
        return None;
    }
    let nanos = if argument.starts_with(b"{") {
        unmarshal::<NakOptions>(argument).ok()?.delay_ns
    } else {
        duration::parse(argument)?
    };
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_an_ack_subject() {
        const MAX: u64 = u64::MAX;
        for (text, numbers, is_usual) in [
            ("1.2.3.1764168000000000000.5", [1, 2, 3], true),
            ("1.99999999.12345678.1764168000000000000.0", [1, 99_999_999, 12_345_678], true),
            ("0.007.10.1.20000", [0, 7, 10], true),
            ("1.100000000.3.1764168000000000000.5", [1, 100_000_000, 3], false),
            ("1.2.3", [1, 2, 3], false),
            ("1.2.3.1764168000000000000", [1, 2, 3], false),
            ("1.2.3.1764168000000000000.5.6", [1, 2, 3], false),
            ("1.2.3.1764168000000000000.", [1, 2, 3], false),
            ("1.2.3..1764168000000000000", [1, 2, 3], false),
            ("1..3.1764168000000000000.5", [1, MAX, 3], false),
            ("1.:.3/.1764168000000000000.5", [1, MAX, MAX], false),
            (
                "9999999999999999999.18446744073709551615.18446744073709551616",
                [9_999_999_999_999_999_999, MAX, 0],
                false,
            ),
            ("00000000000000000000001.99999999999999999999.1x.2..3", [1, 7_766_279_631_452_241_919, MAX], false),
            ("1..-3.", [1, MAX, MAX], false),
            ("", [MAX, MAX, MAX], false),
        ] {
            let [delivered, stream_seq, consumer_seq] = numbers;
            let ack = AckSubject { delivered, stream_seq, consumer_seq };
            assert_eq!(AckSubject::parse(text.as_bytes()), ack, "{text}");
            assert_eq!(AckSubject::parse_usual(text.as_bytes()), is_usual.then_some(ack), "{text}");
        }
    }
}
