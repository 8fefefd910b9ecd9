//! Fast batches: messages that are stored one by one, and answered only every so often.
//!
//! The reply subject says what each message is to its batch: `<prefix>.<id>.<flow>.<gap>.<number>.<operation>.$FI`.
//! Sources: nats-server `server/stream.go` (`processJetStreamFastBatchMsg`, `getFastBatch`),
//! `server/jetstream_batching.go`.

use super::atomic::{MAX_BATCH_ID, batch_due, batch_limits};
use super::headers::{PublishHeaders, digits, without_headers};
use super::staged::{Staged, Unfit};
use super::storing::{Kept, Room};
use super::{Context, Inbound, Stream};
use crate::engine::api::json::to_json;
use crate::engine::api::wire::{FlowAck, FlowError, FlowGap, PubAck, PubAckDetail, pub_ack_error};
use crate::engine::asset::is_above_api_level;
use crate::engine::error::ApiError;
use crate::engine::event::{Abandoned, Event};

const SUFFIX: &[u8] = b".$FI";
/// Messages between two answers, for one who does not say.
const DEFAULT_FLOW: u16 = 10;
/// Messages between two answers at most, for all open batches together.
const MAX_FLOW: u16 = 500;
const MAX_INFLIGHT_PER_STREAM: u64 = 1_000;
const MAX_INFLIGHT_TOTAL: u64 = 50_000;

/// What a message is to its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastStep<'a> {
    id: &'a [u8],
    /// Messages between two answers, as the client wishes.
    flow: u16,
    /// Whether the batch goes on if messages are missing or refused.
    gap_ok: bool,
    /// Of the message in the batch, from 1.
    number: u64,
    operation: Operation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Start,
    Append,
    /// The last message.
    Commit,
    /// The one before was the last message; this one is not stored.
    EndOfBatch,
    /// Asks for the last answer once more.
    Ping,
}

impl<'a> FastStep<'a> {
    /// Whether a reply subject is meant to be one of a fast batch.
    pub fn is_meant(reply: &[u8]) -> bool {
        reply.len() > SUFFIX.len() && reply.ends_with(SUFFIX)
    }

    /// `None` if the reply subject is none of a fast batch.
    fn parse(reply: &'a [u8]) -> Option<Self> {
        let mut parts = reply.strip_suffix(SUFFIX)?.rsplitn(6, |byte| *byte == b'.');
        let operation = match digits(parts.next()?)? {
            0 => Operation::Start,
            1 => Operation::Append,
            2 => Operation::Commit,
            3 => Operation::EndOfBatch,
            4 => Operation::Ping,
            _ => return None,
        };
        let number = digits(parts.next()?).filter(|number| (1..u64::MAX).contains(number))?;
        let fits = match operation {
            Operation::Start => number == 1,
            Operation::Append | Operation::EndOfBatch => number > 1,
            Operation::Commit | Operation::Ping => true,
        };
        let gap_ok = match parts.next()? {
            b"ok" => true,
            b"fail" => false,
            _ => return None,
        };
        let flow = match digits(parts.next()?) {
            Some(flow) if flow > 0 => u16::try_from(flow).unwrap_or(u16::MAX),
            _ => DEFAULT_FLOW,
        };
        let id = parts.next()?;
        parts.next().filter(|_| fits).map(|_| Self { id, flow, gap_ok, number, operation })
    }
}

/// An open fast batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FastBatch {
    gap_ok: bool,
    /// Messages between two answers at most.
    max_flow: u16,
    /// Messages between two answers.
    flow: u16,
    /// Number of the last message that arrived.
    last: u64,
    /// Number up to which all is settled.
    settled: u64,
    /// Number up to which there was an answer.
    answered: u64,
    /// Sequence of the last message that was stored.
    stream_seq: u64,
    /// Messages that passed the checks and were not stored all the same.
    pending: u32,
    /// The end has come; the PubAck waits for what is pending.
    is_committing: bool,
}

impl FastBatch {
    /// What arrived is settled, unless something is pending.
    const fn settle(&mut self) {
        if self.pending == 0 {
            self.settled = self.last;
        }
    }

    /// The answer that is due, if one is. While several batches share the stream, each speeds up from one message.
    fn next_answer(&mut self, open: usize) -> Option<FlowAck> {
        let flow = u64::from(self.flow);
        if self.settled < self.answered + flow {
            return None;
        }
        self.answered += (self.settled - self.answered) / flow * flow;
        let share = usize::from(MAX_FLOW) / open.max(1);
        let max = u16::try_from(share).unwrap_or(MAX_FLOW).max(1).min(self.max_flow);
        self.flow = if self.flow < max { self.flow.saturating_mul(2).min(max) } else { (self.flow / 2).max(max) };
        Some(self.answer())
    }

    const fn answer(&self) -> FlowAck {
        FlowAck { seq: self.answered, msgs: self.flow }
    }
}

impl Stream {
    /// Takes a message of a fast batch, and answers it if an answer is due.
    pub(super) fn handle_fast(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        inbound: Inbound<'_>,
        asked: &PublishHeaders<'_>,
    ) {
        match self.enter_fast(ctx, room, &inbound, asked) {
            Ok(step) if step.operation == Operation::Ping => self.ping_fast(ctx, step, inbound.reply),
            Ok(step) => self.append_fast(ctx, room, step, inbound, asked),
            Err(error) => self.refuse_fast(ctx, &inbound, &error),
        }
    }

    /// Answers a refusal as if the message had come alone.
    fn refuse_fast(&self, ctx: &mut Context<'_>, inbound: &Inbound<'_>, error: &ApiError) {
        if !self.config.no_ack {
            ctx.effects.send(inbound.reply, &pub_ack_error(&self.config.name, error));
        }
        self.tell_refused(ctx, inbound.subject, error);
    }

    /// The checks that come before the message itself, after which its batch is open.
    fn enter_fast<'r>(
        &mut self,
        ctx: &Context<'_>,
        room: &Room,
        inbound: &Inbound<'r>,
        asked: &PublishHeaders<'_>,
    ) -> Result<FastStep<'r>, ApiError> {
        self.check_batch_room(room, inbound)?;
        if !self.config.allow_batched {
            return Err(ApiError::BatchPublishDisabled);
        }
        let step = FastStep::parse(inbound.reply).ok_or(ApiError::BatchPublishInvalidPattern)?;
        if step.id.len() > MAX_BATCH_ID {
            return Err(ApiError::BatchPublishInvalidBatchId);
        }
        if !self.fast_batches.contains(step.id) {
            self.open_fast(ctx, room, &step)?;
        }
        if asked.required_api_level.is_some_and(is_above_api_level) {
            self.fast_batches.remove(step.id);
            return Err(ApiError::RequiredApiLevel);
        }
        if self.fast_batches.get_mut(step.id).is_some_and(|batch| !batch.is_committing) {
            self.fast_batches.set_due(step.id, Some(batch_due(ctx)));
        }
        Ok(step)
    }

    fn open_fast(&mut self, ctx: &Context<'_>, room: &Room, step: &FastStep<'_>) -> Result<(), ApiError> {
        if step.number != 1 || step.operation == Operation::Ping {
            return Err(ApiError::BatchPublishUnknownBatchId);
        }
        let (limits, open) = (batch_limits(ctx), self.fast_batches.len() as u64);
        if open >= limits.max_inflight_per_stream.unwrap_or(MAX_INFLIGHT_PER_STREAM)
            || open + room.fast_batches_others as u64 >= limits.max_inflight_total.unwrap_or(MAX_INFLIGHT_TOTAL)
        {
            return Err(ApiError::BatchPublishTooManyInflight);
        }
        let batch = FastBatch {
            gap_ok: step.gap_ok,
            max_flow: step.flow,
            flow: if open == 0 { step.flow.min(MAX_FLOW) } else { 1 },
            ..FastBatch::default()
        };
        self.fast_batches.insert(step.id, batch, batch_due(ctx));
        Ok(())
    }

    /// Says again how far the batch is. A ping knows how many messages were sent, so it finds gaps as well.
    fn ping_fast(&mut self, ctx: &mut Context<'_>, step: FastStep<'_>, reply: &[u8]) {
        let open = self.fast_batches.len();
        let Some(batch) = self.fast_batches.get_mut(step.id) else { return };
        let mut answer = Some(batch.answer());
        if step.number > batch.last {
            let gap = FlowGap { last_seq: batch.last + 1, seq: step.number + 1 };
            ctx.effects.send(reply, &to_json(&gap));
            if batch.gap_ok {
                batch.last = step.number;
                batch.settle();
                answer = batch.next_answer(open).or(answer);
            } else if self.commit_fast(ctx, step.id, reply) {
                answer = None;
            }
        }
        if let Some(answer) = answer {
            ctx.effects.send(reply, &to_json(&answer));
        }
    }

    fn append_fast(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        step: FastStep<'_>,
        inbound: Inbound<'_>,
        asked: &PublishHeaders<'_>,
    ) {
        let Some(batch) = self.fast_batches.get_mut(step.id) else { return };
        // Whoever ended the batch waits for its PubAck, and for nothing else.
        if batch.is_committing {
            return;
        }
        let expected = batch.last + 1;
        if step.number != expected {
            ctx.effects.send(inbound.reply, &to_json(&FlowGap { last_seq: expected, seq: step.number }));
            if !batch.gap_ok || step.number < expected {
                self.commit_fast(ctx, step.id, inbound.reply);
                return;
            }
        }
        batch.last = step.number;
        if step.operation == Operation::EndOfBatch {
            batch.last -= 1;
            batch.settle();
            self.commit_fast(ctx, step.id, inbound.reply);
            return;
        }
        if step.operation == Operation::Commit {
            batch.is_committing = true;
            self.fast_batches.set_due(step.id, None);
        } else if step.number == 1 && !self.config.no_ack {
            ctx.effects.send(inbound.reply, &to_json(&batch.answer()));
        }
        let without_level = asked
            .required_api_level
            .map(|_| without_headers(inbound.headers, |name| name == b"Nats-Required-Api-Level"));
        let headers = without_level.as_deref().unwrap_or(inbound.headers);
        self.store_fast(ctx, room, step, Inbound { headers, ..inbound });
    }

    fn store_fast(&mut self, ctx: &mut Context<'_>, room: &Room, step: FastStep<'_>, inbound: Inbound<'_>) {
        let last_seq = self.store.last_seq().max(self.refused_up_to);
        let checked = match self.check_staged(ctx, &inbound, &mut Staged::after(last_seq)) {
            Ok(checked) => checked,
            Err(unfit) => return self.handle_unfit(ctx, step, &inbound, unfit),
        };
        if let Some(batch) = self.fast_batches.get_mut(step.id) {
            batch.pending += 1;
        }
        let asked = checked.asked();
        let kept =
            self.check_last_msg_id(&asked).and_then(|()| self.keep(ctx, room, &checked.candidate(ctx.now, &asked)));
        match kept {
            Ok(Kept::Stored(seq) | Kept::Skipped(seq)) => {
                self.register_fast(ctx, step, inbound.reply, seq);
                self.signal_consumers(ctx, &checked.subject, seq);
            }
            Err(error) => self.refuse_fast(ctx, &inbound, &error),
        }
    }

    /// A message was stored: the PubAck or an answer may be due.
    fn register_fast(&mut self, ctx: &mut Context<'_>, step: FastStep<'_>, reply: &[u8], seq: u64) {
        let open = self.fast_batches.len();
        let Some(batch) = self.fast_batches.get_mut(step.id) else { return };
        batch.pending -= 1;
        batch.stream_seq = seq;
        batch.settled = step.number;
        batch.settle();
        if batch.is_committing && batch.settled == batch.last {
            // One who did not want to be answered hears of the end all the same, unless something was pending.
            let is_heard = batch.pending == 0 || !self.config.no_ack;
            let count = batch.last;
            self.fast_batches.remove(step.id);
            self.end_fast(ctx, step.id, reply, (seq, count), is_heard);
        } else if let Some(answer) = batch.next_answer(open) {
            ctx.effects.send(reply, &to_json(&answer));
        }
    }

    /// A message may not be part of the batch. Duplicates are passed over in silence.
    fn handle_unfit(&mut self, ctx: &mut Context<'_>, step: FastStep<'_>, inbound: &Inbound<'_>, unfit: Unfit) {
        let open = self.fast_batches.len();
        let Some(batch) = self.fast_batches.get_mut(step.id) else { return };
        let is_commit = step.operation == Operation::Commit;
        if let Unfit::Duplicate { msg_id, seq } = &unfit {
            ctx.tell(|| Event::Duplicate { stream: self.id, msg_id: msg_id.clone(), original_seq: *seq });
            if batch.pending == 0 {
                batch.settled = step.number;
                if let Some(answer) = batch.next_answer(open) {
                    ctx.effects.send(inbound.reply, &to_json(&answer));
                }
            }
            if !is_commit {
                return;
            }
        }
        // The first message of all is answered as if it had come alone.
        if !step.gap_ok && batch.last == 1 {
            self.fast_batches.remove(step.id);
            return self.answer_unfit_first(ctx, step, inbound, unfit);
        }
        if let Unfit::Refused(error) = unfit {
            self.tell_refused(ctx, inbound.subject, &error);
            ctx.effects.send(inbound.reply, &to_json(&FlowError { seq: step.number, error }));
            if step.gap_ok && !is_commit {
                return;
            }
            if let Some(batch) = self.fast_batches.get_mut(step.id) {
                batch.last -= 1;
                batch.settle();
            }
        }
        self.commit_fast(ctx, step.id, inbound.reply);
    }

    fn answer_unfit_first(&self, ctx: &mut Context<'_>, step: FastStep<'_>, inbound: &Inbound<'_>, unfit: Unfit) {
        let (stream, domain) = (self.config.name.as_str(), ctx.domain());
        let json = match &unfit {
            Unfit::Duplicate { seq, .. } => {
                let detail = PubAckDetail::DuplicateBatch { id: step.id, count: step.number };
                PubAck { stream, domain, seq: *seq, detail }.to_json()
            }
            Unfit::Refused(error) => pub_ack_error(stream, error),
        };
        ctx.effects.send(inbound.reply, &json);
        if let Unfit::Refused(error) = unfit {
            self.tell_refused(ctx, inbound.subject, &error);
        }
    }

    /// Ends a batch with its PubAck, unless something is pending. Whether it ended.
    fn commit_fast(&mut self, ctx: &mut Context<'_>, id: &[u8], reply: &[u8]) -> bool {
        self.fast_batches.set_due(id, None);
        let Some(batch) = self.fast_batches.get_mut(id) else { return true };
        batch.is_committing = true;
        if batch.last != batch.settled {
            return false;
        }
        let end = (batch.stream_seq, batch.last);
        self.fast_batches.remove(id);
        self.end_fast(ctx, id, reply, end, true);
        true
    }

    fn end_fast(&self, ctx: &mut Context<'_>, id: &[u8], reply: &[u8], (seq, count): (u64, u64), is_heard: bool) {
        if is_heard {
            let detail = PubAckDetail::Batch { id, count };
            let ack = PubAck { stream: &self.config.name, domain: ctx.domain(), seq, detail }.to_json();
            ctx.effects.send(reply, &ack);
        }
        ctx.tell(|| Event::BatchCommitted { stream: self.id, batch: id.into(), count });
    }

    /// Forgets the batches that have waited too long.
    pub(super) fn expire_fast(&mut self, ctx: &mut Context<'_>) {
        while let Some(id) = self.fast_batches.pop_due(ctx.now) {
            let why = Abandoned::Timeout;
            ctx.tell(|| Event::BatchAbandoned { stream: self.id, batch: (*id).into(), why });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_subject_says_what_a_message_is_to_its_batch() {
        let step = |flow, gap_ok, number, operation| Some(FastStep { id: b"id", flow, gap_ok, number, operation });
        for (reply, expected) in [
            ("in.id.5.fail.1.0.$FI", step(5, false, 1, Operation::Start)),
            ("a.b.c.id.5.ok.2.1.$FI", step(5, true, 2, Operation::Append)),
            ("in.id.0.ok.1.2.$FI", step(10, true, 1, Operation::Commit)),
            ("in.id.-1.ok.07.3.$FI", step(10, true, 7, Operation::EndOfBatch)),
            ("in.id.70000.ok.1.4.$FI", step(u16::MAX, true, 1, Operation::Ping)),
            ("in.id.5.fail.2.0.$FI", None),
            ("in.id.5.fail.1.1.$FI", None),
            ("in.id.5.fail.1.3.$FI", None),
            ("in.id.5.fail.0.2.$FI", None),
            ("in.id.5.fail.18446744073709551615.1.$FI", None),
            ("in.id.5.fail.1.5.$FI", None),
            ("in.id.5.fail.1.x.$FI", None),
            ("in.id.5.maybe.1.0.$FI", None),
            ("id.5.fail.1.0.$FI", None),
            ("x.$FI", None),
        ] {
            assert_eq!(FastStep::parse(reply.as_bytes()), expected, "{reply}");
            assert!(FastStep::is_meant(reply.as_bytes()));
        }
        assert!(!FastStep::is_meant(b".$FI") && !FastStep::is_meant(b"in.id.5.fail.1.0.$fi"));
    }

    #[test]
    fn batches_that_share_a_stream_are_answered_more_and_more_seldom() {
        let mut batch = FastBatch { max_flow: 100, flow: 1, ..FastBatch::default() };
        let mut answers = Vec::new();
        for number in 1..=40 {
            batch.settled = number;
            // 500 are shared by 50 at first, by 250 in the end.
            answers
                .extend(batch.next_answer(if number < 30 { 50 } else { 250 }).map(|answer| (answer.seq, answer.msgs)));
        }
        let expected = [(1, 2), (3, 4), (7, 8), (15, 10), (25, 10), (35, 5), (40, 2)];
        assert_eq!(answers, expected);
    }
}
