//! A message arrives: the checks in the server's order, storing, and the PubAck.
//!
//! Source: nats-server `server/stream.go` (`processJetStreamMsg`).

use std::borrow::Cow;

use super::config::{Discard, Retention};
use super::counter::{Counted, Increment, SourcedTotal};
use super::headers::{PublishHeaders, sequence, without_status};
use super::ttl::MessageTtl;
use super::{Context, Stream};
use crate::engine::api::wire::pub_ack_error;
use crate::engine::connection::decimal;
use crate::engine::effects::Publication;
use crate::engine::error::ApiError;
use crate::engine::event::{Event, Removal};
use crate::engine::message::HeaderBlock;
use crate::engine::quote::quote;
use crate::engine::store::message_size;
use crate::engine::subject::is_valid_literal;
use crate::engine::time::Timestamp;

/// Largest header block of a stored message, in bytes.
const MAX_HEADERS: usize = 65_535;

/// A message as it comes from a publisher.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inbound<'a> {
    pub subject: &'a [u8],
    /// Where the PubAck goes; empty if nowhere.
    pub reply: &'a [u8],
    pub headers: &'a [u8],
    pub payload: &'a [u8],
}

/// What account and server have left for messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Room {
    /// Bytes that the account may still store; `None` if unlimited.
    pub account_bytes: Option<u64>,
    /// The server's memory is used up.
    pub server_is_full: bool,
}

/// Who hands a message in. What another stream stored before was checked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    /// An origin that this stream sources.
    Source,
    /// The origin that this stream mirrors, where the message was stored at a moment.
    Mirror {
        stored: Timestamp,
    },
}

impl Sender {
    /// The time under which the message is stored.
    fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Client | Self::Source => now,
            Self::Mirror { stored } => stored,
        }
    }
}

/// What became of a message.
#[derive(Debug)]
pub(super) enum Accepted {
    Stored {
        seq: u64,
        /// The new total of a counter.
        counter: Option<String>,
    },
    /// It took a sequence and is not kept, since no consumer is interested.
    Skipped {
        seq: u64,
    },
    Duplicate {
        seq: u64,
    },
}

impl Stream {
    /// Takes a message from a publisher, and answers it.
    pub fn handle_publish(&mut self, ctx: &mut Context<'_>, room: Room, inbound: Inbound<'_>) {
        let subject = self.stored_subject(ctx, inbound.subject);
        let accepted = self.accept(ctx, room, Sender::Client, &subject, inbound.headers, inbound.payload);
        if !inbound.reply.is_empty() && !self.config.no_ack {
            self.answer(ctx, inbound.reply, &accepted);
        }
        self.follow(ctx, &subject, &accepted);
    }

    /// Takes a message that another stream stored before.
    pub(super) fn take_from_origin(
        &mut self,
        ctx: &mut Context<'_>,
        room: Room,
        sender: Sender,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
    ) -> Result<Accepted, ApiError> {
        let subject = self.stored_subject(ctx, subject);
        let accepted = self.accept(ctx, room, sender, &subject, headers, payload);
        self.follow(ctx, &subject, &accepted);
        accepted
    }

    /// The subject under which the stream stores what comes on `subject`.
    fn stored_subject<'s>(&self, ctx: &mut Context<'_>, subject: &'s [u8]) -> Cow<'s, [u8]> {
        let transform = self.config.subject_transform.as_ref();
        transform.and_then(|transform| transform.apply(subject, ctx.rng)).map_or(subject.into(), Cow::Owned)
    }

    /// What is left to do once a message was answered: its consumers get it, or those who watch learn why it is not
    /// there.
    fn follow(&mut self, ctx: &mut Context<'_>, subject: &[u8], accepted: &Result<Accepted, ApiError>) {
        match accepted {
            Ok(Accepted::Stored { seq, .. }) => self.signal_consumers(ctx, subject, *seq),
            Ok(Accepted::Skipped { .. } | Accepted::Duplicate { .. }) => {}
            Err(error) => ctx.tell(|| Event::Refused {
                stream: self.id,
                subject: subject.into(),
                err_code: error.err_code(),
                description: error.to_string(),
            }),
        }
    }

    fn answer(&self, ctx: &mut Context<'_>, reply: &[u8], accepted: &Result<Accepted, ApiError>) {
        let (seq, rest): (u64, &[&str]) = match accepted {
            Ok(Accepted::Stored { seq, counter: None } | Accepted::Skipped { seq }) => (*seq, &["}"]),
            Ok(Accepted::Stored { seq, counter: Some(total) }) => (*seq, &[",\"val\":\"", total, "\"}"]),
            Ok(Accepted::Duplicate { seq }) => (*seq, &[",\"duplicate\": true}"]),
            Err(error) => return ctx.effects.send(reply, &pub_ack_error(&self.config.name, error)),
        };
        ctx.effects.send_with(reply, |out| {
            out.extend_from_slice(self.pub_ack.as_bytes());
            decimal(out, seq);
            rest.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        });
    }

    /// Stores a message, or says why not. A refused message leaves no trace.
    fn accept(
        &mut self,
        ctx: &mut Context<'_>,
        room: Room,
        sender: Sender,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
    ) -> Result<Accepted, ApiError> {
        let without_status = without_status(headers);
        let headers = without_status.as_deref().unwrap_or(headers);
        let asked = PublishHeaders::read(headers);
        let increment = self.check_message(sender, subject, headers, payload, &asked)?;
        if let Some((id, seq)) = self.find_duplicate(sender, &asked) {
            ctx.tell(|| Event::Duplicate { stream: self.id, msg_id: id.into(), original_seq: seq });
            return Ok(Accepted::Duplicate { seq });
        }
        self.check_last_msg_id(&asked)?;
        let rollup = self.check_rollup(sender, &asked)?;
        let counted = self.count(subject, headers, payload, increment, &asked, ctx.config.max_payload)?;
        let (headers, payload) = counted.as_ref().map_or((headers, payload), Counted::content);
        if room.server_is_full {
            return Err(ApiError::InsufficientResources);
        }
        if self.config.retention == Retention::Interest && !self.filters.any_match(subject, |_| true) {
            let seq = self.skip_for_lack_of_interest(ctx, subject, &asked, rollup)?;
            return Ok(Accepted::Skipped { seq });
        }
        let previous_seq = self.config.republish.as_ref().and_then(|_| self.store.last_of(subject)).unwrap_or(0);
        let time = sender.time(ctx.now);
        let (seq, stored_headers) = self.store_message(ctx, room, time, subject, headers, payload, &asked)?;
        self.remember(ctx, &asked, seq, true);
        self.roll_up(ctx, subject, rollup, 1);
        self.republish(ctx, time, subject, &stored_headers, payload, seq, previous_seq);
        Ok(Accepted::Stored { seq, counter: counted.map(|counted| counted.total) })
    }

    /// The message id that was seen before, and under which sequence. A mirror leaves that to its origin.
    fn find_duplicate<'a>(&self, sender: Sender, asked: &PublishHeaders<'a>) -> Option<(&'a [u8], u64)> {
        let id = asked.msg_id.filter(|_| !matches!(sender, Sender::Mirror { .. }))?;
        Some((id, self.duplicates.get(id)?))
    }

    /// The checks that need nothing but the message and the state of the stream.
    fn check_message(
        &self,
        sender: Sender,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
        asked: &PublishHeaders<'_>,
    ) -> Result<Option<Increment>, ApiError> {
        if self.config.sealed {
            return Err(ApiError::StreamSealed);
        }
        self.check_size(headers.len() + payload.len())?;
        if headers.len() > MAX_HEADERS {
            return Err(ApiError::StreamHeaderExceedsMaximum);
        }
        let increment = self.check_increment(sender, payload, asked)?;
        if asked.expected_stream.is_some_and(|name| name != self.config.name.as_bytes()) {
            return Err(ApiError::StreamNotMatch);
        }
        let is_client = sender == Sender::Client;
        let wants_ttl = asked.ttl.and_then(|text| MessageTtl::parse(text).ok()).is_some();
        if wants_ttl && is_client && !self.config.allow_msg_ttl {
            return Err(ApiError::MessageTtlDisabled);
        }
        self.check_expected_sequences(subject, asked)?;
        if is_client && asked.stream_source.is_some() {
            return Err(ApiError::MessageSourceHdrNotAllowed);
        }
        Ok(increment)
    }

    fn check_size(&self, bytes: usize) -> Result<(), ApiError> {
        let is_too_large = self.config.max_msg_size.is_some_and(|max| bytes > max as usize);
        if is_too_large { Err(ApiError::StreamMessageExceedsMaximum) } else { Ok(()) }
    }

    fn check_increment(
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

    fn check_expected_sequences(&self, subject: &[u8], asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        if let Some(expected) = asked.expected_last_subject_seq {
            let of = asked.expected_last_subject_seq_subject.unwrap_or(subject);
            let last = self.last_matching(of).unwrap_or(0);
            if last != sequence(expected) {
                return Err(ApiError::StreamWrongLastSequence { seq: last });
            }
        } else if asked.expected_last_subject_seq_subject.is_some() {
            return Err(ApiError::StreamExpectedLastSeqPerSubjectInvalid);
        }
        let last_seq = self.store.last_seq();
        if asked.expected_last_seq.is_some_and(|expected| sequence(expected) != last_seq) {
            return Err(ApiError::StreamWrongLastSequence { seq: last_seq });
        }
        Ok(())
    }

    fn check_last_msg_id(&self, asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        if asked.expected_last_msg_id.is_some_and(|expected| expected != self.last_msg_id) {
            return Err(ApiError::StreamWrongLastMsgId { id: String::from_utf8_lossy(&self.last_msg_id).into_owned() });
        }
        Ok(())
    }

    fn check_rollup(&self, sender: Sender, asked: &PublishHeaders<'_>) -> Result<Option<Rollup>, ApiError> {
        let Some(value) = asked.rollup else { return Ok(None) };
        let is_permitted = self.config.allow_rollup_hdrs && !self.config.deny_purge;
        if !is_permitted && sender == Sender::Client {
            return Err(ApiError::StreamRollupFailed { err: "rollup not permitted".to_owned() });
        }
        let value = String::from_utf8_lossy(value).to_lowercase();
        let rollup = match value.as_str() {
            "sub" => Rollup::Subject,
            "all" => Rollup::All,
            _ => {
                let err = format!("rollup value invalid: {}", quote(value.as_bytes()));
                return Err(ApiError::StreamRollupFailed { err });
            }
        };
        Ok(Some(rollup).filter(|_| is_permitted))
    }

    /// What a counter becomes by the increment.
    fn count(
        &self,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
        increment: Option<Increment>,
        asked: &PublishHeaders<'_>,
        max_payload: usize,
    ) -> Result<Option<Counted>, ApiError> {
        if !self.config.allow_msg_counter {
            return Ok(None);
        }
        let increment = increment.ok_or(ApiError::MessageIncrMissing)?;
        let last = self.store.last_of(subject).and_then(|seq| self.store.get(seq));
        let sourced = asked.stream_source.map(|header| SourcedTotal::new(header, subject, payload));
        let counted = Counted::new(last, headers, increment, sourced).ok_or(ApiError::MessageCounterBroken)?;
        if counted.len() > max_payload {
            return Err(ApiError::StreamMessageExceedsMaximum);
        }
        self.check_size(counted.len())?;
        Ok(Some(counted))
    }

    /// A message that no consumer wants takes a sequence, and nothing else remains of it.
    fn skip_for_lack_of_interest(
        &mut self,
        ctx: &mut Context<'_>,
        subject: &[u8],
        asked: &PublishHeaders<'_>,
        rollup: Option<Rollup>,
    ) -> Result<u64, ApiError> {
        let seq = self.store.skip(ctx.now).map_err(|_| ApiError::InsufficientResources)?;
        self.remember(ctx, asked, seq, false);
        ctx.tell(|| Event::NotKept { stream: self.id, seq, subject: subject.into() });
        self.roll_up(ctx, subject, rollup, 0);
        Ok(seq)
    }

    /// Stores a message that passed the checks. Returns its sequence, and the headers as they were stored.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message; a struct would only rename them")]
    fn store_message<'h>(
        &mut self,
        ctx: &mut Context<'_>,
        room: Room,
        time: Timestamp,
        subject: &[u8],
        headers: &'h [u8],
        payload: &[u8],
        asked: &PublishHeaders<'_>,
    ) -> Result<(u64, Cow<'h, [u8]>), ApiError> {
        let size = message_size(subject.len(), headers.len() + payload.len());
        if room.account_bytes.is_some_and(|left| size > left) {
            return Err(ApiError::AccountResourcesExceeded);
        }
        let ttl = match asked.ttl.map(MessageTtl::parse).transpose() {
            Ok(ttl) => ttl,
            Err(_) => return Err(ApiError::MessageTtlInvalid),
        };
        let (ttl, headers) = self.raise_ttl(ttl, headers.into());
        let has_rollup = asked.rollup.is_some();
        self.check_discard_new(subject, message_size(subject.len(), headers.len() + payload.len()), has_rollup)?;
        let Ok(seq) = self.store.push(subject, &headers, payload, time) else {
            return Err(ApiError::InsufficientResources);
        };
        let payload_bytes = payload.len();
        ctx.tell(|| Event::Stored { stream: self.id, seq, subject: subject.into(), payload_bytes });
        self.track_ttl(time, seq, ttl);
        self.enforce_limits(ctx, subject);
        Ok((seq, headers))
    }

    /// What `discard: new` refuses.
    fn check_discard_new(&self, subject: &[u8], size: u64, has_rollup: bool) -> Result<(), ApiError> {
        if self.config.discard != Discard::New {
            return Ok(());
        }
        let refuse = |why: &str| Err(ApiError::StreamStoreFailed { err: why.to_owned() });
        let at_subject_limit = self.config.max_msgs_per_subject.is_some_and(|max| self.store.count_of(subject) >= max);
        if at_subject_limit && self.config.discard_new_per_subject && !has_rollup {
            return refuse("maximum messages per subject exceeded");
        }
        if self.config.max_msgs.is_some_and(|max| self.store.messages() >= max) && !at_subject_limit {
            return refuse("maximum messages exceeded");
        }
        if self.config.max_bytes.is_some_and(|max| self.store.bytes() + size > max) {
            // A message that takes the place of another of its subject may be as large as that one.
            let replaced = self.store.first_of(subject).and_then(|seq| self.store.size_of(seq));
            if !at_subject_limit || replaced.is_none_or(|replaced| replaced < size) {
                return refuse("maximum bytes exceeded");
            }
        }
        Ok(())
    }

    /// Remembers the id of a message for what comes after it.
    fn remember(&mut self, ctx: &Context<'_>, asked: &PublishHeaders<'_>, seq: u64, is_kept: bool) {
        self.last_msg_id = asked.msg_id.map(<[u8]>::to_vec).unwrap_or_default();
        if let (Some(id), Some(window)) = (asked.msg_id, self.config.duplicate_window) {
            self.duplicates.insert(ctx.now, id, seq, is_kept, window);
        }
    }

    /// Removes what a rollup replaces; the newest `keep` messages stay.
    fn roll_up(&mut self, ctx: &mut Context<'_>, subject: &[u8], rollup: Option<Rollup>, keep: u64) {
        let filter = match rollup {
            None => return,
            Some(Rollup::Subject) => Some(subject),
            Some(Rollup::All) => None,
        };
        self.purge_matching(ctx, filter, None, keep, Removal::Rollup);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one message; a struct would only rename them")]
    fn republish(
        &self,
        ctx: &mut Context<'_>,
        time: Timestamp,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
        seq: u64,
        previous_seq: u64,
    ) {
        let Some(republish) = &self.config.republish else { return };
        let Some(to) = republish.target(subject, ctx.rng).filter(|to| is_valid_literal(to)) else { return };
        let mut block = HeaderBlock::from_bytes(headers);
        block
            .push("Nats-Stream", &self.config.name)
            .push("Nats-Subject", subject)
            .push("Nats-Sequence", seq.to_string())
            .push("Nats-Time-Stamp", time.to_string())
            .push("Nats-Last-Sequence", previous_seq.to_string());
        if republish.headers_only {
            block.push("Nats-Msg-Size", payload.len().to_string());
        }
        let headers = block.finish();
        let payload = if republish.headers_only { b"" } else { payload };
        ctx.effects.publish(Publication { to: &to, subject: &to, reply: b"", headers: &headers, payload });
    }
}

/// Which messages a `Nats-Rollup` replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rollup {
    Subject,
    All,
}
