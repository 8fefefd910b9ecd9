//! A message that passed the checks is kept: in the store, or, if nobody is interested, only in its number.
//!
//! Source: nats-server `server/stream.go` (`processJetStreamMsg`), `server/memstore.go` (`storeRawMsg`).

use std::borrow::Cow;

use super::checks::Rollup;
use super::config::{Discard, Retention};
use super::headers::PublishHeaders;
use super::ttl::MessageTtl;
use super::{Context, Stream};
use crate::engine::effects::Publication;
use crate::engine::error::ApiError;
use crate::engine::event::{Event, Removal};
use crate::engine::message::HeaderBlock;
use crate::engine::subject::is_valid_literal;
use crate::engine::time::Timestamp;

/// What account and server allow a stream, given what other streams have taken of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that the account may store; `None` if unlimited.
    pub account_max: Option<u64>,
    /// Bytes that other streams have stored in the stream's storage.
    pub storage_others: u64,
    /// Bytes that the server may store in the stream's storage; `None` if unlimited.
    pub server_max: Option<u64>,
    /// Bytes that the server may store in all; `None` if unlimited.
    pub total_max: Option<u64>,
    /// Bytes that other streams have stored in either storage.
    pub total_others: u64,
    /// Atomic batches that are open in other streams.
    pub atomic_batches_others: usize,
    /// Fast batches that are open in other streams.
    pub fast_batches_others: usize,
}

impl Room {
    /// Without a limit, where nothing depends on other streams.
    pub const UNLIMITED: Self = Self {
        account_max: None,
        storage_others: 0,
        server_max: None,
        total_max: None,
        total_others: 0,
        atomic_batches_others: 0,
        fast_batches_others: 0,
    };
}

/// A message under the subject and with the headers and payload that it is to be stored with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'m> {
    pub subject: &'m [u8],
    pub headers: &'m [u8],
    pub payload: &'m [u8],
    /// The time that it is stored with.
    pub time: Timestamp,
    /// What stands in the headers.
    pub asked: &'m PublishHeaders<'m>,
}

/// The sequence of a message, and whether it is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Stored(u64),
    /// No consumer is interested.
    Skipped(u64),
}

impl Stream {
    /// # Errors
    /// If the server's memory is used up.
    #[inline]
    pub(super) fn check_server_room(&self, room: &Room) -> Result<(), ApiError> {
        let is_beyond = |max: Option<u64>, others| max.is_some_and(|max| others + self.store.bytes() > max);
        let is_full = is_beyond(room.server_max, room.storage_others) || is_beyond(room.total_max, room.total_others);
        if is_full { Err(ApiError::InsufficientResources) } else { Ok(()) }
    }

    /// # Errors
    /// If the account has no room for a message of `size` bytes.
    #[inline]
    pub(super) fn check_account_room(&self, room: &Room, size: u64) -> Result<(), ApiError> {
        let is_full = room.account_max.is_some_and(|max| room.storage_others + self.store.bytes() + size > max);
        if is_full { Err(ApiError::AccountResourcesExceeded) } else { Ok(()) }
    }

    /// Keeps a message. Consumers are not told yet.
    ///
    /// # Errors
    /// If there is no room for it, or its TTL is none. Then nothing has changed.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn keep(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        message: &Candidate<'_>,
    ) -> Result<Kept, ApiError> {
        self.check_server_room(room)?;
        let Candidate { subject, asked, .. } = *message;
        if self.config.retention == Retention::Interest && !self.filters.any_match(subject, |_| true) {
            return self.skip_for_lack_of_interest(ctx, message).map(Kept::Skipped);
        }
        let previous_seq = self.config.republish.as_ref().and_then(|_| self.store.last_of(subject)).unwrap_or(0);
        let (seq, stored_headers) = self.store_message(ctx, room, message)?;
        self.remember(ctx, asked, seq, true);
        self.roll_up(ctx, message, 1);
        self.terminate_removed(ctx);
        if self.config.republish.is_some() {
            self.republish(ctx, &Candidate { headers: &stored_headers, ..*message }, seq, previous_seq);
        }
        Ok(Kept::Stored(seq))
    }

    /// A message that no consumer wants takes a sequence, and nothing else remains of it.
    fn skip_for_lack_of_interest(&mut self, ctx: &mut Context<'_>, message: &Candidate<'_>) -> Result<u64, ApiError> {
        let Candidate { subject, asked, .. } = *message;
        let seq = self.store.skip(ctx.now).map_err(|_| ApiError::InsufficientResources)?;
        self.remember(ctx, asked, seq, false);
        ctx.tell(|| Event::NotKept { stream: self.id, seq, subject: subject.into() });
        self.roll_up(ctx, message, 0);
        Ok(seq)
    }

    /// Stores a message. Returns its sequence, and the headers as they were stored.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn store_message<'h>(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        message: &Candidate<'h>,
    ) -> Result<(u64, Cow<'h, [u8]>), ApiError> {
        let Candidate { subject, headers, payload, time, asked } = *message;
        self.check_account_room(room, self.store.message_size(subject.len(), headers.len(), payload.len()))?;
        let ttl = match asked.ttl.map_or(Ok(None), MessageTtl::parse) {
            Ok(ttl) => ttl,
            Err(()) => return Err(ApiError::MessageTtlInvalid),
        };
        let (ttl, headers) = self.raise_ttl(ttl, headers.into());
        let has_rollup = asked.rollup.is_some();
        self.check_discard_new(
            subject,
            self.store.message_size(subject.len(), headers.len(), payload.len()),
            has_rollup,
        )?;
        let seq = self.push(ctx, subject, &headers, payload, time)?;
        self.track_ttl(time, seq, ttl);
        if self.config.allow_msg_schedules {
            self.track_schedule(ctx.now, time, seq, subject, asked);
        }
        // A rollup removes them too, once the limits were heeded.
        let cause = match has_rollup {
            true => self.cause_of_rollup(ctx.now, subject, message.headers),
            false => Removal::MaxMsgsPerSubject,
        };
        self.enforce_limits(ctx, subject, cause);
        Ok((seq, headers))
    }

    /// As [`keep`](Self::keep), for a message without headers of a stream that keeps it as it is. Returns its sequence.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn keep_plain(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        subject: &[u8],
        payload: &[u8],
    ) -> Result<u64, ApiError> {
        let size = self.store.message_size(subject.len(), 0, payload.len());
        self.check_size(payload.len())?;
        self.check_server_room(room)?;
        self.check_account_room(room, size)?;
        self.check_discard_new(subject, size, false)?;
        let seq = self.push(ctx, subject, b"", payload, ctx.now)?;
        self.enforce_limits(ctx, subject, Removal::MaxMsgsPerSubject);
        if self.has_removed() {
            self.terminate_removed(ctx);
        }
        self.last_msg_id.clear();
        Ok(seq)
    }

    #[inline]
    fn push(
        &mut self,
        ctx: &mut Context<'_>,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
        time: Timestamp,
    ) -> Result<u64, ApiError> {
        let seq = self.store.push(subject, headers, payload, time).map_err(|_| ApiError::InsufficientResources)?;
        let payload_bytes = payload.len();
        ctx.tell(|| Event::Stored { stream: self.id, seq, subject: subject.into(), payload_bytes });
        Ok(seq)
    }

    /// What `discard: new` refuses.
    #[inline]
    fn check_discard_new(&self, subject: &[u8], size: u64, has_rollup: bool) -> Result<(), ApiError> {
        if self.config.discard != Discard::New {
            return Ok(());
        }
        let at_subject_limit = self.config.max_msgs_per_subject.is_some_and(|max| self.store.count_of(subject) >= max);
        if at_subject_limit && self.config.discard_new_per_subject && !has_rollup {
            return Err(store_failed("maximum messages per subject exceeded"));
        }
        if self.config.max_msgs.is_some_and(|max| self.store.messages() >= max) && !at_subject_limit {
            return Err(store_failed("maximum messages exceeded"));
        }
        if self.config.max_bytes.is_some_and(|max| self.store.bytes() + size > max) {
            // A message that takes the place of another of its subject may be as large as that one.
            let replaced = self.store.first_of(subject).and_then(|seq| self.store.size_of(seq));
            if !at_subject_limit || replaced.is_none_or(|replaced| replaced < size) {
                return Err(store_failed("maximum bytes exceeded"));
            }
        }
        Ok(())
    }

    /// Remembers the id of a message for what comes after it.
    fn remember(&mut self, ctx: &Context<'_>, asked: &PublishHeaders<'_>, seq: u64, is_kept: bool) {
        self.last_msg_id.clear();
        if let Some(id) = asked.msg_id {
            self.last_msg_id.extend_from_slice(id);
        }
        if let (Some(id), Some(window)) = (asked.msg_id, self.config.duplicate_window) {
            self.duplicates.insert(ctx.now, id, seq, is_kept, window);
        }
    }

    /// Removes what the message replaces: by rollup, of which the newest `keep` messages stay, and the
    /// schedule that it ends.
    fn roll_up(&mut self, ctx: &mut Context<'_>, message: &Candidate<'_>, keep: u64) {
        let Candidate { subject, asked, headers, .. } = *message;
        if !self.may_roll_up() {
            return;
        }
        let rollup = asked.rollup.and_then(|value| Rollup::parse(value).ok());
        if let Some(rollup) = rollup {
            let filter = (rollup == Rollup::Subject).then_some(subject);
            self.purge_matching(ctx, filter, None, keep, self.cause_of_rollup(ctx.now, subject, headers));
        }
        if let Some(scheduler) = asked.ended_schedule() {
            self.purge_matching(ctx, Some(scheduler), None, 0, Removal::Scheduled);
        }
    }

    pub(super) fn republish(&self, ctx: &mut Context<'_>, message: &Candidate<'_>, seq: u64, previous_seq: u64) {
        let Candidate { subject, headers, payload, time, .. } = *message;
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

/// What the store says when `discard: new` refuses a message.
pub(super) fn store_failed(why: &str) -> ApiError {
    ApiError::StreamStoreFailed { err: why.to_owned() }
}
