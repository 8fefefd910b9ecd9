//! A message arrives: the checks in the server's order, keeping it, and the PubAck.
//!
//! Messages of batches take ways of their own, see [`atomic`](super::atomic) and [`fast_batch`](super::fast_batch).
//! Source: nats-server `server/stream.go` (`internalLoop`, `processJetStreamMsg`).

use std::borrow::Cow;

use super::checks::check_header_size;
use super::config::Retention;
use super::counter::Increment;
use super::fast_batch::FastStep;
use super::headers::{PublishHeaders, sequence, without_status};
use super::schedule::with_rollup;
use super::staged::Staged;
use super::storing::{Candidate, Kept, Room};
use super::{Context, Stream};
use crate::engine::api::wire::pub_ack_error;
use crate::engine::config::IS_PAGE;
use crate::engine::connection::decimal;
use crate::engine::effects::Publication;
use crate::engine::error::ApiError;
use crate::engine::event::Event;
use crate::engine::time::Timestamp;

/// A message as it comes from a publisher.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inbound<'a> {
    pub subject: &'a [u8],
    /// Where the PubAck goes; empty if nowhere.
    pub reply: &'a [u8],
    pub headers: &'a [u8],
    pub payload: &'a [u8],
}

/// Who hands a message in. What another stream or a schedule stored before was checked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    /// This stream itself: a schedule, or a marker for what expired.
    Stream,
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
            Self::Client | Self::Stream | Self::Source => now,
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
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn handle_publish(&mut self, ctx: &mut Context<'_>, room: &Room, inbound: &Inbound<'_>) {
        if inbound.headers.is_empty() && !FastStep::is_meant(inbound.reply) {
            return if self.keeps_as_is() {
                self.handle_plain(ctx, room, inbound)
            } else {
                self.handle_single(ctx, room, *inbound, &PublishHeaders::NONE)
            };
        }
        let without_status = without_status(inbound.headers);
        let inbound = Inbound { headers: without_status.as_deref().unwrap_or(inbound.headers), ..*inbound };
        let asked = PublishHeaders::read(inbound.headers);
        if FastStep::is_meant(inbound.reply) {
            self.handle_fast(ctx, room, inbound, &asked);
        } else if let Some(id) = asked.batch_id {
            self.handle_atomic(ctx, room, inbound, &asked, id);
        } else {
            self.handle_single(ctx, room, inbound, &asked);
        }
    }

    /// Whether a message without headers is kept as it came, and nothing else comes of it.
    #[inline]
    fn keeps_as_is(&self) -> bool {
        let config = &self.config;
        let changes = config.subject_transform.is_some() || config.republish.is_some();
        let counts = config.allow_msg_counter || config.allow_msg_schedules || config.retention == Retention::Interest;
        !(IS_PAGE || config.sealed || changes || counts)
    }

    /// As [`handle_single`](Self::handle_single), for a message without headers of a stream that
    /// [keeps it as it is](Self::keeps_as_is). Nearly all messages are of this kind.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn handle_plain(&mut self, ctx: &mut Context<'_>, room: &Room, inbound: &Inbound<'_>) {
        let Inbound { subject, reply, payload, .. } = *inbound;
        match self.keep_plain(ctx, room, subject, payload) {
            Ok(seq) => {
                if !reply.is_empty() && !self.config.no_ack {
                    self.ack(ctx, reply, seq, &[]);
                }
                self.signal_consumers(ctx, subject, seq);
            }
            Err(error) => self.finish(ctx, subject, reply, &Err(error)),
        }
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn handle_single(&mut self, ctx: &mut Context<'_>, room: &Room, inbound: Inbound<'_>, asked: &PublishHeaders<'_>) {
        let Inbound { reply, headers, payload, .. } = inbound;
        let subject = self.stored_subject(ctx, inbound.subject);
        let message = Candidate { subject: &subject, headers, payload, time: ctx.now, asked };
        let accepted = self.accept(ctx, room, Sender::Client, &message);
        self.finish(ctx, &subject, reply, &accepted);
    }

    /// What is left to do once it is known what became of a message.
    fn finish(&mut self, ctx: &mut Context<'_>, subject: &[u8], reply: &[u8], accepted: &Result<Accepted, ApiError>) {
        if !reply.is_empty() && !self.config.no_ack {
            self.answer(ctx, reply, accepted);
        }
        self.follow(ctx, subject, accepted);
    }

    /// Takes a message that another stream or a schedule stored before.
    pub(super) fn take_from_origin(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        sender: Sender,
        subject: &[u8],
        headers: &[u8],
        payload: &[u8],
    ) -> Result<Accepted, ApiError> {
        let subject = self.stored_subject(ctx, subject);
        let (time, asked) = (sender.time(ctx.now), &PublishHeaders::read(headers));
        let accepted = self.accept(ctx, room, sender, &Candidate { subject: &subject, headers, payload, time, asked });
        self.follow(ctx, &subject, &accepted);
        accepted
    }

    /// The subject under which the stream stores what comes on `subject`.
    pub(super) fn stored_subject<'s>(&self, ctx: &mut Context<'_>, subject: &'s [u8]) -> Cow<'s, [u8]> {
        let transform = self.config.subject_transform.as_ref();
        transform.and_then(|transform| transform.apply(subject, ctx.rng)).map_or(subject.into(), Cow::Owned)
    }

    /// What is left to do once a message was answered: its consumers get it, or those who watch learn why it is not
    /// there.
    fn follow(&mut self, ctx: &mut Context<'_>, subject: &[u8], accepted: &Result<Accepted, ApiError>) {
        match accepted {
            Ok(Accepted::Stored { seq, .. }) => self.signal_consumers(ctx, subject, *seq),
            Ok(Accepted::Skipped { .. } | Accepted::Duplicate { .. }) => {}
            Err(error) => self.tell_refused(ctx, subject, error),
        }
    }

    pub(super) fn tell_refused(&self, ctx: &mut Context<'_>, subject: &[u8], error: &ApiError) {
        ctx.tell(|| Event::Refused {
            stream: self.id,
            subject: subject.into(),
            err_code: error.err_code(),
            description: error.to_string(),
        });
    }

    fn answer(&mut self, ctx: &mut Context<'_>, reply: &[u8], accepted: &Result<Accepted, ApiError>) {
        match accepted {
            Ok(Accepted::Stored { seq, counter: None } | Accepted::Skipped { seq }) => self.ack(ctx, reply, *seq, &[]),
            Ok(Accepted::Stored { seq, counter: Some(total) }) => {
                self.ack(ctx, reply, *seq, &[",\"val\":\"", total, "\""]);
            }
            Ok(Accepted::Duplicate { seq }) => self.ack(ctx, reply, *seq, &[",\"duplicate\": true"]),
            Err(error) => ctx.effects.send(reply, &pub_ack_error(&self.config.name, error)),
        }
    }

    /// Sends the PubAck of message `seq`, with `rest` behind the sequence.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn ack(&mut self, ctx: &mut Context<'_>, reply: &[u8], seq: u64, rest: &[&str]) {
        if !IS_PAGE && rest.is_empty() {
            let payload = self.latest_ack.write(&self.pub_ack, seq);
            return ctx.publish(Publication { to: reply, subject: reply, payload, ..Publication::default() });
        }
        ctx.effects.send_with(reply, |out| {
            out.extend_from_slice(self.pub_ack.as_bytes());
            decimal(out, seq);
            rest.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
            out.push(b'}');
        });
    }

    /// Keeps a message, or says why not. A refused message leaves no trace.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn accept(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        sender: Sender,
        message: &Candidate<'_>,
    ) -> Result<Accepted, ApiError> {
        let increment = self.check_message(sender, message)?;
        if message.headers.is_empty() {
            return self.count_and_keep(ctx, room, increment, message);
        }
        if sender == Sender::Client
            && self.check_schedule(ctx.now, message.subject, message.asked, &Staged::default())?
            && let Some(headers) = with_rollup(message.headers, message.asked)
        {
            let message = Candidate { headers: &headers, asked: &PublishHeaders::read(&headers), ..*message };
            return self.accept_as_is(ctx, room, sender, increment, &message);
        }
        self.accept_as_is(ctx, room, sender, increment, message)
    }

    /// The checks from those of schedules on, after which only a counter changes the headers.
    fn accept_as_is(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        sender: Sender,
        increment: Option<Increment>,
        message: &Candidate<'_>,
    ) -> Result<Accepted, ApiError> {
        let asked = message.asked;
        if sender == Sender::Client && asked.stream_source.is_some() {
            return Err(ApiError::MessageSourceHdrNotAllowed);
        }
        if let Some((id, seq)) = self.find_duplicate(sender, asked) {
            ctx.tell(|| Event::Duplicate { stream: self.id, msg_id: id.into(), original_seq: seq });
            return Ok(Accepted::Duplicate { seq });
        }
        self.check_last_msg_id(asked)?;
        self.check_rollup(sender, asked)?;
        self.count_and_keep(ctx, room, increment, message)
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn count_and_keep(
        &mut self,
        ctx: &mut Context<'_>,
        room: &Room,
        increment: Option<Increment>,
        message: &Candidate<'_>,
    ) -> Result<Accepted, ApiError> {
        let last = || self.store.get(self.store.last_of(message.subject)?);
        let (kept, counter) = match self.count(message, increment, last, ctx.config.max_payload)? {
            None => {
                self.check_size(message.headers.len() + message.payload.len())?;
                (self.keep(ctx, room, message)?, None)
            }
            Some(counted) => {
                let (headers, payload) = counted.content();
                (self.keep(ctx, room, &Candidate { headers, payload, ..*message })?, Some(counted.total))
            }
        };
        match kept {
            Kept::Stored(seq) => Ok(Accepted::Stored { seq, counter }),
            Kept::Skipped(seq) => Ok(Accepted::Skipped { seq }),
        }
    }

    /// The message id that was seen before, and under which sequence. A mirror leaves that to its origin.
    fn find_duplicate<'a>(&self, sender: Sender, asked: &PublishHeaders<'a>) -> Option<(&'a [u8], u64)> {
        let id = asked.msg_id.filter(|_| !matches!(sender, Sender::Mirror { .. }))?;
        Some((id, self.duplicates.get(id)?))
    }

    /// The checks up to those of schedules.
    fn check_message(&self, sender: Sender, message: &Candidate<'_>) -> Result<Option<Increment>, ApiError> {
        let Candidate { subject, headers, payload, asked, .. } = message;
        if self.config.sealed {
            return Err(ApiError::StreamSealed);
        }
        self.check_size(headers.len() + payload.len())?;
        if headers.is_empty() {
            return Ok(None);
        }
        check_header_size(headers)?;
        let increment = self.check_increment(sender, payload, asked)?;
        self.check_expected_stream(asked)?;
        if sender == Sender::Client {
            self.check_ttl_allowed(asked)?;
        }
        self.check_last_subject_seq(subject, asked)?;
        let last_seq = self.store.last_seq();
        if asked.expected_last_seq.is_some_and(|expected| sequence(expected) != last_seq) {
            return Err(ApiError::StreamWrongLastSequence { seq: last_seq });
        }
        Ok(increment)
    }
}
