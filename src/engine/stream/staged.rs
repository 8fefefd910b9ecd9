//! The checks of a message in a batch, which also hold against the messages before it that are not stored yet.
//!
//! Source: nats-server `server/jetstream_batching.go` (`checkMsgHeadersPreClusteredProposal`).

use super::checks::{Rollup, check_header_size, rollup_failed};
use super::config::Discard;
use super::counter::Counted;
use super::headers::{PublishHeaders, sequence};
use super::publish::Sender;
use super::schedule::with_rollup;
use super::storing::{Candidate, Room, store_failed};
use super::ttl::MessageTtl;
use super::{Context, Inbound, Stream};
use crate::engine::bytes_map::BytesMap;
use crate::engine::error::ApiError;
use crate::engine::store::StoredMessage;
use crate::engine::time::Timestamp;

/// What the messages of a batch will have changed, those that passed so far.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// The last sequence before the batch.
    last_seq: u64,
    msg_ids: BytesMap<()>,
    subjects: BytesMap<StagedSubject>,
    messages: u64,
    bytes: u64,
}

/// What they will have changed on one subject.
#[derive(Debug)]
struct StagedSubject {
    messages: u64,
    /// Whether the last message is a schedule.
    is_schedule: bool,
    /// What the last message makes of a counter.
    counter: Option<Counted>,
}

impl Staged {
    pub fn after(last_seq: u64) -> Self {
        Self { last_seq, ..Self::default() }
    }

    fn has(&self, subject: &[u8]) -> bool {
        self.subjects.contains(subject)
    }

    /// The last message of a counter before `message`.
    fn last<'m>(&'m self, message: &Candidate<'m>) -> Option<StoredMessage<'m>> {
        let Candidate { subject, time, .. } = *message;
        let (headers, payload) = self.subjects.get(subject)?.counter.as_ref()?.content();
        Some(StoredMessage { seq: self.last_seq + self.messages, subject, headers, payload, time })
    }

    fn messages_on(&self, subject: &[u8]) -> u64 {
        self.subjects.get(subject).map_or(0, |staged| staged.messages)
    }

    /// Whether the last message that stands on `subject` is a schedule; `None` if none of the batch does.
    pub fn is_schedule(&self, subject: &[u8]) -> Option<bool> {
        self.subjects.get(subject).map(|staged| staged.is_schedule)
    }

    fn add(&mut self, subject: &[u8], size: u64, is_schedule: bool, counter: Option<Counted>) {
        self.messages += 1;
        self.bytes += size;
        let messages = 1 + self.messages_on(subject);
        self.subjects.insert(subject, StagedSubject { messages, is_schedule, counter });
    }
}

/// A message of a batch that passed the checks, as it is to be stored.
#[derive(Debug)]
pub(super) struct CheckedMessage {
    pub subject: Vec<u8>,
    pub headers: Vec<u8>,
    pub payload: Vec<u8>,
}

impl CheckedMessage {
    pub fn asked(&self) -> PublishHeaders<'_> {
        PublishHeaders::read(&self.headers)
    }

    /// `asked` is what [`asked`](Self::asked) says.
    pub fn candidate<'m>(&'m self, now: Timestamp, asked: &'m PublishHeaders<'m>) -> Candidate<'m> {
        let Self { subject, headers, payload } = self;
        Candidate { subject, headers, payload, time: now, asked }
    }
}

/// Why a message may not be part of a batch.
#[derive(Debug)]
pub(super) enum Unfit {
    /// A message with its id is stored, under this sequence.
    Duplicate {
        msg_id: Box<[u8]>,
        seq: u64,
    },
    Refused(ApiError),
}

impl From<ApiError> for Unfit {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl Unfit {
    pub fn into_error(self) -> ApiError {
        match self {
            Self::Duplicate { .. } => ApiError::AtomicPublishContainsDuplicateMessage,
            Self::Refused(error) => error,
        }
    }
}

impl Stream {
    /// The checks that come first for every message of a batch: whether there is any room for it.
    pub(super) fn check_batch_room(&self, room: &Room, inbound: &Inbound<'_>) -> Result<(), ApiError> {
        if self.config.sealed {
            return Err(ApiError::StreamSealed);
        }
        self.check_server_room(room)?;
        let (headers, payload) = (inbound.headers.len(), inbound.payload.len());
        self.check_account_room(room, self.store.message_size(inbound.subject.len(), headers, payload))?;
        self.check_size(headers + payload)
    }

    /// Checks a message of a batch, and adds it to what is staged.
    ///
    /// # Errors
    /// The first rule broken. What is staged is of no use then.
    pub(super) fn check_staged(
        &self,
        ctx: &mut Context<'_>,
        inbound: &Inbound<'_>,
        staged: &mut Staged,
    ) -> Result<CheckedMessage, Unfit> {
        let subject = self.stored_subject(ctx, inbound.subject).into_owned();
        let (headers, payload) = (inbound.headers, inbound.payload);
        let asked = PublishHeaders::read(headers);
        check_header_size(headers)?;
        let increment = self.check_increment(Sender::Client, payload, &asked)?;
        self.check_expected_stream(&asked)?;
        self.check_staged_ttl(&asked)?;
        self.check_staged_msg_id(&asked, staged)?;
        if asked.stream_source.is_some() {
            return Err(ApiError::MessageSourceHdrNotAllowed.into());
        }
        let message = Candidate { subject: &subject, headers, payload, time: ctx.now, asked: &asked };
        let last = || staged.last(&message).or_else(|| self.store.get(self.store.last_of(&subject)?));
        let counted = self.count(&message, increment, last, ctx.config.max_payload)?;
        let (headers, payload) = counted.as_ref().map_or((headers, payload), Counted::content);
        self.check_staged_sequences(&subject, &asked, staged)?;
        let is_schedule = self.check_schedule(ctx.now, &subject, &asked, staged)?;
        let headers = if is_schedule { with_rollup(headers, &asked) } else { None }.unwrap_or_else(|| headers.to_vec());
        let rollup = PublishHeaders::read(&headers).rollup;
        self.check_staged_rollup(&subject, rollup, staged)?;
        let payload = payload.to_vec();
        let size = self.store.message_size(subject.len(), headers.len(), payload.len());
        staged.add(&subject, size, is_schedule, counted);
        self.check_staged_limits(&subject, rollup.is_some(), staged)?;
        Ok(CheckedMessage { subject, headers, payload })
    }

    fn check_staged_ttl(&self, asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        match asked.ttl.map(MessageTtl::parse) {
            None => Ok(()),
            Some(_) if !self.config.allow_msg_ttl => Err(ApiError::MessageTtlDisabled),
            Some(ttl) => ttl.map(|_| ()).map_err(|()| ApiError::MessageTtlInvalid),
        }
    }

    fn check_staged_msg_id(&self, asked: &PublishHeaders<'_>, staged: &mut Staged) -> Result<(), Unfit> {
        let Some(id) = asked.msg_id else { return Ok(()) };
        if staged.msg_ids.insert(id, ()).is_some() {
            return Err(ApiError::AtomicPublishContainsDuplicateMessage.into());
        }
        match self.duplicates.get(id) {
            Some(seq) => Err(Unfit::Duplicate { msg_id: id.into(), seq }),
            None => Ok(()),
        }
    }

    fn check_staged_sequences(
        &self,
        subject: &[u8],
        asked: &PublishHeaders<'_>,
        staged: &Staged,
    ) -> Result<(), ApiError> {
        if let Some(expected) = asked.expected_last_seq {
            let last_seq = staged.last_seq + staged.messages;
            if sequence(expected) != last_seq {
                return Err(ApiError::StreamWrongLastSequence { seq: last_seq });
            }
            // What is not stored yet cannot be relied upon.
            if staged.messages > 0 {
                return Err(ApiError::StreamWrongLastSequenceConstant);
            }
        }
        let of = asked.expected_last_subject_seq_subject.unwrap_or(subject);
        if asked.expected_last_subject_seq.is_some() && staged.has(of) {
            return Err(ApiError::StreamWrongLastSequenceConstant);
        }
        self.check_last_subject_seq(subject, asked)
    }

    fn check_staged_rollup(&self, subject: &[u8], rollup: Option<&[u8]>, staged: &Staged) -> Result<(), ApiError> {
        let Some(value) = rollup else { return Ok(()) };
        if !self.may_roll_up() {
            return Err(rollup_failed("rollup not permitted"));
        }
        match Rollup::parse(value)? {
            Rollup::Subject if staged.has(subject) => Err(rollup_failed("batch rollup sub invalid")),
            Rollup::All if staged.messages > 0 => Err(rollup_failed("batch rollup all invalid")),
            Rollup::Subject | Rollup::All => Ok(()),
        }
    }

    /// What `discard: new` refuses, with all that is staged counted in.
    fn check_staged_limits(&self, subject: &[u8], has_rollup: bool, staged: &Staged) -> Result<(), ApiError> {
        if self.config.discard != Discard::New {
            return Ok(());
        }
        if self.config.max_msgs.is_some_and(|max| self.store.messages() + staged.messages > max) {
            return Err(store_failed("maximum messages exceeded"));
        }
        if self.config.max_bytes.is_some_and(|max| self.store.bytes() + staged.bytes > max) {
            return Err(store_failed("maximum bytes exceeded"));
        }
        if let Some(max) = self.config.max_msgs_per_subject
            && self.config.discard_new_per_subject
            && !has_rollup
            && self.store.count_of(subject) + staged.messages_on(subject) > max
        {
            return Err(store_failed("maximum messages per subject exceeded"));
        }
        Ok(())
    }
}
