//! The checks of one message that do not depend on how it came: alone, in a batch, from a schedule.
//!
//! Source: nats-server `server/stream.go` (`processJetStreamMsg`), `server/jetstream_batching.go`
//! (`checkMsgHeadersPreClusteredProposal`).

use super::Stream;
use super::counter::{Counted, Increment, SourcedTotal};
use super::headers::{PublishHeaders, sequence};
use super::publish::Sender;
use super::storing::Candidate;
use super::ttl::MessageTtl;
use crate::engine::error::ApiError;
use crate::engine::quote::quote;
use crate::engine::store::StoredMessage;

/// Largest header block of a stored message, in bytes.
const MAX_HEADERS: usize = 65_535;

/// Which messages a `Nats-Rollup` replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rollup {
    Subject,
    All,
}

impl Rollup {
    /// # Errors
    /// If the value is neither `sub` nor `all`, in any case.
    pub fn parse(value: &[u8]) -> Result<Self, ApiError> {
        let value = value.to_ascii_lowercase();
        match value.as_slice() {
            b"sub" => Ok(Self::Subject),
            b"all" => Ok(Self::All),
            _ => Err(rollup_failed(format!("rollup value invalid: {}", quote(&value)))),
        }
    }
}

pub(super) fn rollup_failed(err: impl Into<String>) -> ApiError {
    ApiError::StreamRollupFailed { err: err.into() }
}

impl Stream {
    /// Headers and payload together have so many bytes.
    #[inline]
    pub(super) fn check_size(&self, bytes: usize) -> Result<(), ApiError> {
        let is_too_large = self.config.max_msg_size.is_some_and(|max| bytes > max as usize);
        if is_too_large { Err(ApiError::StreamMessageExceedsMaximum) } else { Ok(()) }
    }

    pub(super) fn check_increment(
        &self,
        sender: Sender,
        payload: &[u8],
        asked: &PublishHeaders<'_>,
    ) -> Result<Option<Increment>, ApiError> {
        let Some(text) = asked.incr else { return Ok(None) };
        let increment = Increment::parse(text).ok_or(ApiError::MessageIncrInvalid)?;
        if sender != Sender::Client {
            return Ok(Some(increment));
        }
        if !self.config.allow_msg_counter {
            return Err(ApiError::MessageIncrDisabled);
        }
        if !payload.is_empty() {
            return Err(ApiError::MessageIncrPayload);
        }
        let conflicting = [
            asked.rollup,
            asked.expected_stream,
            asked.expected_last_msg_id,
            asked.expected_last_subject_seq_subject,
            asked.expected_last_seq,
            asked.expected_last_subject_seq,
        ];
        if conflicting.iter().any(Option::is_some) {
            return Err(ApiError::MessageIncrInvalid);
        }
        Ok(Some(increment))
    }

    pub(super) fn check_expected_stream(&self, asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        let is_other = asked.expected_stream.is_some_and(|name| name != self.config.name.as_bytes());
        if is_other { Err(ApiError::StreamNotMatch) } else { Ok(()) }
    }

    /// A TTL that is none is found later.
    pub(super) fn check_ttl_allowed(&self, asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        let wants_ttl = asked.ttl.is_some_and(|text| matches!(MessageTtl::parse(text), Ok(Some(_))));
        if wants_ttl && !self.config.allow_msg_ttl { Err(ApiError::MessageTtlDisabled) } else { Ok(()) }
    }

    pub(super) fn check_last_subject_seq(&self, subject: &[u8], asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        let of = asked.expected_last_subject_seq_subject;
        let Some(expected) = asked.expected_last_subject_seq else {
            return if of.is_some() { Err(ApiError::StreamExpectedLastSeqPerSubjectInvalid) } else { Ok(()) };
        };
        let last = self.last_matching(of.unwrap_or(subject)).unwrap_or(0);
        if last == sequence(expected) { Ok(()) } else { Err(ApiError::StreamWrongLastSequence { seq: last }) }
    }

    pub(super) fn check_last_msg_id(&self, asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        if asked.expected_last_msg_id.is_some_and(|expected| expected != self.last_msg_id) {
            return Err(ApiError::StreamWrongLastMsgId { id: String::from_utf8_lossy(&self.last_msg_id).into_owned() });
        }
        Ok(())
    }

    pub(super) fn check_rollup(&self, sender: Sender, asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        let Some(value) = asked.rollup else { return Ok(()) };
        if sender == Sender::Client && !self.may_roll_up() {
            return Err(rollup_failed("rollup not permitted"));
        }
        Rollup::parse(value).map(|_| ())
    }

    pub(super) const fn may_roll_up(&self) -> bool {
        self.config.allow_rollup_hdrs && !self.config.deny_purge
    }

    /// What a counter becomes by the increment; `last` finds the last message of its subject.
    pub(super) fn count<'l>(
        &self,
        message: &Candidate<'_>,
        increment: Option<Increment>,
        last: impl FnOnce() -> Option<StoredMessage<'l>>,
        max_payload: usize,
    ) -> Result<Option<Counted>, ApiError> {
        if !self.config.allow_msg_counter {
            return Ok(None);
        }
        let Candidate { subject, headers, payload, asked, .. } = message;
        let increment = increment.ok_or(ApiError::MessageIncrMissing)?;
        let sourced = asked.stream_source.map(|header| SourcedTotal::new(header, subject, payload));
        let counted = Counted::new(last(), headers, increment, sourced).ok_or(ApiError::MessageCounterBroken)?;
        if counted.len() > max_payload {
            return Err(ApiError::StreamMessageExceedsMaximum);
        }
        self.check_size(counted.len())?;
        Ok(Some(counted))
    }
}

pub(super) fn check_header_size(headers: &[u8]) -> Result<(), ApiError> {
    if headers.len() > MAX_HEADERS { Err(ApiError::StreamHeaderExceedsMaximum) } else { Ok(()) }
}
