//! Atomic batches: messages that are staged one by one and stored all at once, or not at all (ADR-50).
//!
//! Source: nats-server `server/stream.go` (`processJetStreamAtomicBatchMsg`), `server/jetstream_batching.go`.

use std::time::Duration;

use super::headers::{PublishHeaders, digits, without_headers};
use super::staged::{CheckedMessage, Staged, Unfit};
use super::storing::{Kept, Room};
use super::{Context, Inbound, Stream};
use crate::engine::api::advisory::{Head, StreamBatchAbandoned};
use crate::engine::api::json::Text;
use crate::engine::api::wire::{PubAck, PubAckDetail, pub_ack_error};
use crate::engine::asset::is_above_api_level;
use crate::engine::config::BatchLimits;
use crate::engine::error::ApiError;
use crate::engine::event::{Abandoned, Event};
use crate::engine::message::HeaderBlock;
use crate::engine::time::Timestamp;

/// Longest id of a batch, in bytes.
pub(super) const MAX_BATCH_ID: usize = 64;

const MAX_INFLIGHT_PER_STREAM: u64 = 50;
const MAX_INFLIGHT_TOTAL: u64 = 1_000;
const MAX_MESSAGES: u64 = 1_000;
const TIMEOUT: Duration = Duration::from_secs(10);

/// When a batch is given up that gets its last message now.
pub(super) fn batch_due(ctx: &Context<'_>) -> Timestamp {
    ctx.now + batch_limits(ctx).timeout.unwrap_or(TIMEOUT)
}

pub(super) fn batch_limits(ctx: &Context<'_>) -> BatchLimits {
    ctx.config.jetstream.as_ref().map(|jetstream| jetstream.batch).unwrap_or_default()
}

/// The messages of a batch so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AtomicBatch {
    messages: Vec<StagedMessage>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct StagedMessage {
    subject: Box<[u8]>,
    headers: Box<[u8]>,
    payload: Box<[u8]>,
}

impl AtomicBatch {
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

impl StagedMessage {
    fn new(inbound: &Inbound<'_>) -> Self {
        let Inbound { subject, headers, payload, .. } = *inbound;
        Self { subject: subject.into(), headers: headers.into(), payload: payload.into() }
    }

    fn inbound(&self) -> Inbound<'_> {
        Inbound { subject: &self.subject, reply: b"", headers: &self.headers, payload: &self.payload }
    }
}

/// What a message does to its batch, besides being part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commit {
    No,
    /// It is the last one.
    Yes,
    /// The one before was the last one; this one is not stored.
    EndOfBatch,
    Invalid,
}

impl Commit {
    fn read(value: Option<&[u8]>) -> Self {
        match value {
            None => Self::No,
            Some(b"1") => Self::Yes,
            Some(b"eob") => Self::EndOfBatch,
            Some(_) => Self::Invalid,
        }
    }
}

/// Why a message of a batch was refused, and whether the batch was given up for it in so many words.
#[derive(Debug)]
struct Refused {
    error: ApiError,
    abandoned: Option<Abandoned>,
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { error, abandoned: None }
    }
}

impl Refused {
    const fn abandoned(error: ApiError, why: Abandoned) -> Self {
        Self { error, abandoned: Some(why) }
    }
}

/// A batch that was committed: what was stored, and the error that stopped it, if the committer hears of it.
#[derive(Debug, Default)]
struct Committed {
    /// Subjects and sequences.
    stored: Vec<(Vec<u8>, u64)>,
    error: Option<ApiError>,
    is_complete: bool,
}

impl Stream {
    /// Takes a message of the batch `id`, and answers it.
    pub(super) fn handle_atomic(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        inbound: Inbound<'_>,
        asked: &PublishHeaders<'_>,
        id: &[u8],
    ) {
        let taken = self.take_atomic(ctx, room, &inbound, asked, id);
        if !inbound.reply.is_empty() && !self.config.no_ack {
            match &taken {
                Ok(None) => ctx.effects.send(inbound.reply, b""),
                Ok(Some(committed)) => self.answer_commit(ctx, inbound.reply, id, committed),
                Err(refused) => ctx.effects.send(inbound.reply, &pub_ack_error(&self.config.name, &refused.error)),
            }
        }
        match taken {
            Ok(None) => {
                let subject = inbound.subject;
                ctx.tell(|| Event::BatchStaged { stream: self.id, batch: id.into(), subject: subject.into() });
            }
            Ok(Some(committed)) => {
                if committed.is_complete {
                    let count = committed.stored.len() as u64;
                    ctx.tell(|| Event::BatchCommitted { stream: self.id, batch: id.into(), count });
                }
                for (subject, seq) in committed.stored {
                    self.signal_consumers(ctx, &subject, seq);
                }
            }
            Err(Refused { error, abandoned }) => {
                self.tell_refused(ctx, inbound.subject, &error);
                if let Some(why) = abandoned {
                    self.advise_abandoned(ctx, id, why);
                }
            }
        }
    }

    fn answer_commit(&self, ctx: &mut Context<'_>, reply: &[u8], id: &[u8], committed: &Committed) {
        let (stream, domain) = (self.config.name.as_str(), ctx.domain());
        let json = match (&committed.error, committed.stored.last()) {
            (Some(error), _) => pub_ack_error(stream, error),
            (None, Some((_, seq))) if committed.is_complete => {
                let detail = PubAckDetail::Batch { id, count: committed.stored.len() as u64 };
                PubAck { stream, domain, seq: *seq, detail }.to_json()
            }
            _ => return,
        };
        ctx.effects.send(reply, &json);
    }

    fn advise_abandoned(&self, ctx: &mut Context<'_>, id: &[u8], why: Abandoned) {
        ctx.tell(|| Event::BatchAbandoned { stream: self.id, batch: id.into(), why });
        let subject = || format!("$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.{}", self.config.name);
        let (now, domain) = (ctx.now, ctx.domain().map(str::to_owned));
        ctx.advise(subject, |event_id| StreamBatchAbandoned {
            head: Head::new(StreamBatchAbandoned::TYPE, event_id, now),
            stream: &self.config.name,
            domain,
            batch: Text(id),
            reason: why.as_str(),
        });
    }

    /// Gives up the batches that have waited too long.
    pub(super) fn expire_atomic(&mut self, ctx: &mut Context<'_>) {
        while let Some(id) = self.atomic_batches.pop_due(ctx.now) {
            self.advise_abandoned(ctx, &id, Abandoned::Timeout);
        }
    }

    /// Stages a message, or commits its batch.
    fn take_atomic(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        inbound: &Inbound<'_>,
        asked: &PublishHeaders<'_>,
        id: &[u8],
    ) -> Result<Option<Committed>, Refused> {
        self.check_batch_room(room, inbound)?;
        if !self.config.allow_atomic {
            return Err(ApiError::AtomicPublishDisabled.into());
        }
        if id.len() > MAX_BATCH_ID {
            return Err(ApiError::AtomicPublishInvalidBatchId.into());
        }
        let number = asked.batch_sequence.and_then(digits).ok_or(ApiError::AtomicPublishMissingSeq)?;
        let commit = Commit::read(asked.batch_commit);
        if !self.atomic_batches.contains(id) {
            self.open_atomic(ctx, room, id, number, commit)?;
        }
        // From here on a mistake costs the batch.
        let taken = self.add_atomic(ctx, room, inbound, asked, (id, number, commit));
        if taken.is_err() || taken.as_ref().is_ok_and(|done| done.as_ref().is_some_and(|done| done.is_complete)) {
            self.atomic_batches.remove(id);
        }
        taken
    }

    fn open_atomic(
        &mut self,
        ctx: &Context<'_>,
        room: &Room,
        id: &[u8],
        number: u64,
        commit: Commit,
    ) -> Result<(), ApiError> {
        let limits = batch_limits(ctx);
        if number != 1 {
            check_batch_len(limits, number, commit)?;
            return Err(ApiError::AtomicPublishIncompleteBatch);
        }
        let open = self.atomic_batches.len() as u64;
        if open >= limits.max_inflight_per_stream.unwrap_or(MAX_INFLIGHT_PER_STREAM)
            || open + room.atomic_batches_others as u64 >= limits.max_inflight_total.unwrap_or(MAX_INFLIGHT_TOTAL)
        {
            return Err(ApiError::AtomicPublishTooManyInflight);
        }
        self.atomic_batches.insert(id, AtomicBatch::default(), batch_due(ctx));
        Ok(())
    }

    fn add_atomic(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        inbound: &Inbound<'_>,
        asked: &PublishHeaders<'_>,
        (id, number, commit): (&[u8], u64, Commit),
    ) -> Result<Option<Committed>, Refused> {
        if commit == Commit::Invalid {
            return Err(ApiError::AtomicPublishInvalidBatchCommit.into());
        }
        let level = asked.required_api_level;
        if level.is_some_and(is_above_api_level) {
            return Err(Refused::abandoned(ApiError::RequiredApiLevel, Abandoned::Unsupported));
        }
        let was_waiting = self.atomic_batches.set_due(id, Some(batch_due(ctx))).is_some();
        let Some(batch) = self.atomic_batches.get_mut(id) else { return Ok(None) };
        let is_next = number == batch.len() as u64 + 1;
        if !is_next || !was_waiting || (number == 1 && commit == Commit::EndOfBatch) {
            return Err(Refused::abandoned(ApiError::AtomicPublishIncompleteBatch, Abandoned::Incomplete));
        }
        check_batch_len(batch_limits(ctx), number, commit)
            .map_err(|error| Refused::abandoned(error, Abandoned::Large))?;
        if commit != Commit::EndOfBatch {
            let without_level =
                level.map(|_| without_headers(inbound.headers, |name| name == b"Nats-Required-Api-Level"));
            let headers = without_level.as_deref().unwrap_or(inbound.headers);
            batch.messages.push(StagedMessage::new(&Inbound { headers, ..*inbound }));
        }
        if commit == Commit::No {
            return Ok(None);
        }
        let messages = std::mem::take(&mut batch.messages);
        self.atomic_batches.set_due(id, None);
        let checked = self.check_atomic(ctx, &messages, commit)?;
        Ok(Some(self.store_atomic(ctx, room, &checked)))
    }

    /// Checks all messages of a batch. Nothing has been stored yet.
    fn check_atomic(
        &mut self,
        ctx: &mut Context<'_>,
        messages: &[StagedMessage],
        commit: Commit,
    ) -> Result<Vec<CheckedMessage>, ApiError> {
        let mut checked = Vec::with_capacity(messages.len());
        let result = self.check_each(ctx, messages, &mut checked);
        self.refused_up_to = if result.is_err() { self.store.last_seq() + checked.len() as u64 } else { 0 };
        result?;
        // The last message that is stored says that the batch ended with it.
        if let Some(last) = checked.last_mut().filter(|_| commit == Commit::EndOfBatch) {
            let mut block = HeaderBlock::from_bytes(&last.headers);
            block.push("Nats-Batch-Commit", "1");
            last.headers = block.finish();
        }
        Ok(checked)
    }

    fn check_each(
        &self,
        ctx: &mut Context<'_>,
        messages: &[StagedMessage],
        checked: &mut Vec<CheckedMessage>,
    ) -> Result<(), ApiError> {
        let mut staged = Staged::after(self.store.last_seq());
        for message in messages {
            if PublishHeaders::read(&message.headers).expected_last_msg_id.is_some() {
                let header = "Nats-Expected-Last-Msg-Id".to_owned();
                return Err(ApiError::AtomicPublishUnsupportedHeaderBatch { header });
            }
            let message = self.check_staged(ctx, &message.inbound(), &mut staged);
            checked.push(message.map_err(Unfit::into_error)?);
        }
        Ok(())
    }

    /// Stores all messages of a batch.
    ///
    /// Where the account has no room for one of them, the real server stops there: what it stored stays, the committer
    /// hears of it only if it was the last, and the batch counts as open until its id is used again.
    fn store_atomic(&mut self, ctx: &mut Context<'_>, room: &Room, checked: &[CheckedMessage]) -> Committed {
        let mut committed = Committed::default();
        for (index, message) in checked.iter().enumerate() {
            match self.keep(ctx, room, &message.candidate(ctx.now, &message.asked())) {
                Ok(Kept::Stored(seq) | Kept::Skipped(seq)) => committed.stored.push((message.subject.clone(), seq)),
                Err(error) => {
                    self.tell_refused(ctx, &message.subject, &error);
                    committed.error = Some(error).filter(|_| index + 1 == checked.len());
                    return committed;
                }
            }
        }
        committed.is_complete = true;
        committed
    }
}

/// The message that ends a batch without being stored does not count.
fn check_batch_len(limits: BatchLimits, number: u64, commit: Commit) -> Result<(), ApiError> {
    let max = limits.max_msgs.unwrap_or(MAX_MESSAGES);
    // Below zero the server counts from the other end.
    let len = number.wrapping_sub(u64::from(commit == Commit::EndOfBatch));
    if len > max { Err(ApiError::AtomicPublishTooLargeBatch { size: max }) } else { Ok(()) }
}
