//! Events as sentences.

use crate::engine::event::{Abandoned, AckKind, ConsumerEnd, Event, Removal};
use crate::engine::stream::config::Retention;
use crate::engine::table::{ConsumerId, StreamId};
use crate::engine::time::Timestamp;

use super::LogKind::{self, Changed, Lost, Redelivery};
use crate::view::Scene;
use crate::view::scene::time_of_day;
use crate::view::text::Part::{self, Code, Plain, Raw, Seq};
use crate::view::text::{self, Phrase};

/// Puts events into sentences.
pub struct Teller<'a> {
    pub scene: Scene<'a>,
    /// When the event happened.
    pub at: Timestamp,
}

/// A line's kind and sentence.
pub type Line = Option<(LogKind, Phrase)>;

impl<'a> Teller<'a> {
    /// The line of `event`; `None` for what is not worth one, or was said with the event `before` it.
    pub fn tell(&self, event: &Event, before: Option<&Event>) -> Line {
        match event {
            Event::StreamCreated { name, .. } => say(Changed, "Stream {} created.", &[Code(name)]),
            Event::StreamUpdated { stream } => say(Changed, "Stream {} updated.", &[Code(self.stream(*stream))]),
            Event::StreamDeleted { name, .. } => {
                say(Lost, "Stream {} deleted, with its messages and consumers.", &[Code(name)])
            }
            Event::Stored { stream, seq, subject, payload_bytes } => {
                let size = text::counted(*payload_bytes as u64, "byte");
                let args = [Seq(*seq), Code(self.stream(*stream)), Raw(subject), Plain(&size)];
                say(LogKind::Stored, "Stored {} in {} on {}, {}.", &args)
            }
            Event::NotKept { stream, seq, subject } => {
                let args = [Raw(subject), Seq(*seq), Code(self.stream(*stream))];
                say(Lost, "{} took {} in {} and was not kept: no consumer wants it.", &args)
            }
            Event::Duplicate { msg_id, original_seq, .. } => say(
                LogKind::Refused,
                "Id {} repeats {} within the duplicate window: not stored again, PubAck says duplicate.",
                &[Raw(msg_id), Seq(*original_seq)],
            ),
            Event::Refused { subject, err_code, description, .. } => {
                refused("Publish on {} refused: {} ({}).", subject, description, *err_code)
            }
            Event::ApiError { subject, err_code, description } => {
                refused("{} refused: {} ({}).", subject, description, *err_code)
            }
            Event::NoResponders { subject, .. } => {
                say(LogKind::Refused, "Nobody listens on {}: answered 503 no responders.", &[Raw(subject)])
            }
            Event::Removed { stream, seq, cause } => self.tell_removed(*stream, *seq, *cause, before),
            Event::MsgIdForgotten { msg_id, .. } => {
                say(Changed, "Id {} left the duplicate window: it would be stored again.", &[Raw(msg_id)])
            }
            Event::ClientGone { conn } => {
                let gone = "{} is gone; what it held stays in flight until its AckWait ends.";
                say(Changed, gone, &[Code(self.scene.client_of(*conn)?)])
            }
            Event::SlowConsumer { conn } => {
                let name = self.scene.client_of(*conn).unwrap_or("A client");
                say(LogKind::Refused, "{} read too slowly and was disconnected.", &[Code(name)])
            }
            Event::WentInCircles { rounds } => say(
                LogKind::Refused,
                "Messages led to each other {} times at one instant, so the last was dropped. Do consumers deliver into \
                 each other's streams?",
                &[Plain(&rounds.to_string())],
            ),
            _ => self.tell_of_batch(event),
        }
    }

    /// Batches and schedules.
    fn tell_of_batch(&self, event: &Event) -> Line {
        match event {
            Event::BatchStaged { batch, subject, .. } => {
                say(Changed, "A message on {} waits for the rest of batch {}.", &[Raw(subject), Raw(batch)])
            }
            Event::BatchCommitted { batch, count, .. } => {
                let count = text::counted(*count, "message");
                say(Changed, "Batch {} ended with {}.", &[Raw(batch), Plain(&count)])
            }
            Event::BatchAbandoned { batch, why, .. } => {
                let why = match why {
                    Abandoned::Timeout => "nothing was added to it for too long",
                    Abandoned::Large => "it has too many messages",
                    Abandoned::Incomplete => "a message is missing",
                    Abandoned::Unsupported => "it needs a newer server",
                };
                say(Lost, "Batch {} was given up: {}.", &[Raw(batch), Plain(why)])
            }
            Event::ScheduleFired { subject, target, next, .. } => {
                let then = match next {
                    Some(next) => ["the next one at ", &time_of_day(*next)].concat(),
                    None => "and that was all".to_owned(),
                };
                let args = [Raw(subject), Raw(target), Plain(&then)];
                say(Changed, "Schedule {} fired: a message for {}, {}.", &args)
            }
            _ => self.tell_of_consumer(event),
        }
    }

    fn tell_of_consumer(&self, event: &Event) -> Line {
        match event {
            Event::ConsumerCreated { stream, name, .. } => {
                say(Changed, "Consumer {} on {} created.", &[Code(name), Code(self.stream(*stream))])
            }
            Event::ConsumerUpdated { stream, consumer } => {
                say(Changed, "Consumer {} updated.", &[self.consumer(*stream, *consumer)])
            }
            Event::ConsumerDeleted { name, cause, .. } => {
                let why = match cause {
                    ConsumerEnd::Deleted => ".",
                    ConsumerEnd::Inactive => ": nobody used it for its inactive threshold.",
                    ConsumerEnd::StreamDeleted => " with its stream.",
                };
                say(Lost, "Consumer {} deleted{}", &[Code(name), Plain(why)])
            }
            Event::Delivered { stream, consumer, stream_seq, delivered, to, ack_due, .. } => {
                let to = self.scene.client_of_inbox(to).map_or(Raw(to), Code);
                let times = match delivered {
                    0 | 1 => String::new(),
                    _ => [" for the ", &text::ordinal(*delivered), " time"].concat(),
                };
                let until = ack_due.map_or_else(String::new, |at| ["; AckWait runs until ", &time_of_day(at)].concat());
                let args = [self.consumer(*stream, *consumer), Seq(*stream_seq), to, Plain(&times), Plain(&until)];
                say(LogKind::Delivered, "{} delivered {} to {}{}{}.", &args)
            }
            Event::Acked { stream, consumer, stream_seq, by } => {
                let says = match by {
                    AckKind::Ack | AckKind::Next => "Ack of {} for {}.",
                    AckKind::Term => "Term of {} for {}: settled without success, never delivered again.",
                    AckKind::AckAll => "{} settled for {} by the ack of a later one.",
                    // Said with the delivery.
                    AckKind::Delivery => return None,
                };
                say(LogKind::Acked, says, &[Seq(*stream_seq), self.consumer(*stream, *consumer)])
            }
            Event::Naked { stream, consumer, stream_seq, delay } => {
                let after = match delay {
                    Some(delay) => ["in ", &text::duration(*delay), ", and keeps its slot"].concat(),
                    None => "at once, whatever the backoff says".into(),
                };
                let args = [Seq(*stream_seq), self.consumer(*stream, *consumer), Plain(&after)];
                say(Redelivery, "Nak of {} for {}: it goes out again {}.", &args)
            }
            Event::InProgress { stream_seq, ack_due, .. } => {
                let args = [Seq(*stream_seq), Plain(&time_of_day(*ack_due))];
                say(Changed, "Work on {} goes on: its AckWait starts over, until {}.", &args)
            }
            Event::AckIgnored { stream, consumer, stream_seq } => {
                let args = [Seq(*stream_seq), self.consumer(*stream, *consumer)];
                say(Changed, "An ack of {} for {} changed nothing: it was settled before.", &args)
            }
            Event::AckWaitEnded { stream_seq, nak_delay, .. } => {
                let says = if *nak_delay {
                    "Delay of {} ended; it goes out again on the next pull."
                } else {
                    "AckWait of {} ended without an ack; it goes out again on the next pull."
                };
                say(Redelivery, says, &[Seq(*stream_seq)])
            }
            Event::GaveUp { stream, consumer, stream_seq, delivered } => {
                let times = if *delivered == 1 { "y" } else { "ies" };
                let times = [&delivered.to_string(), " deliver", times].concat();
                let args = [self.consumer(*stream, *consumer), Seq(*stream_seq), Plain(&times)];
                say(Lost, "{} gave up on {} after {}: it stays in the stream, and an advisory went out.", &args)
            }
            _ => self.tell_of_pulls(event),
        }
    }

    fn tell_of_pulls(&self, event: &Event) -> Line {
        match event {
            Event::PullRequested { stream, consumer, inbox, batch, no_wait, expires } => {
                let how = match (no_wait, expires) {
                    (true, _) => ", taking what is there".into(),
                    (false, Some(at)) => [", for up to ", &text::duration(at.since(self.at))].concat(),
                    (false, None) => String::new(),
                };
                let batch = text::counted(*batch, "message");
                let args = [self.client(inbox), self.consumer(*stream, *consumer), Plain(&batch), Plain(&how)];
                say(LogKind::Delivered, "{} asks {} for {}{}.", &args)
            }
            Event::PullEnded { inbox, status, .. } if !status.is_empty() => {
                say(LogKind::Refused, "The pull request of {} ended: {}.", &[self.client(inbox), Code(status)])
            }
            Event::Stalled { stream, consumer } => say(
                LogKind::Refused,
                "{} has its tray full: nothing new goes out until one is acked.",
                &[self.consumer(*stream, *consumer)],
            ),
            Event::Paused { stream, consumer, until } => {
                let args = [self.consumer(*stream, *consumer), Plain(&time_of_day(*until))];
                say(Changed, "{} paused until {}.", &args)
            }
            Event::Resumed { stream, consumer } => say(Changed, "{} goes on.", &[self.consumer(*stream, *consumer)]),
            Event::OriginConnected { stream, origin, .. } => {
                let gets = "{} gets the messages of {} from now on.";
                say(Changed, gets, &[Code(self.stream(*stream)), Code(origin)])
            }
            Event::OriginFailed { stream, origin, why, .. } => {
                let args = [Code(self.stream(*stream)), Code(origin), Plain(why)];
                say(LogKind::Refused, "{} asked {} for its messages: {}.", &args)
            }
            Event::OriginSilent { stream, origin, .. } => {
                let silent = "{} heard nothing of {} for ten seconds and more.";
                say(Changed, silent, &[Code(self.stream(*stream)), Code(origin)])
            }
            Event::Pinned { stream, consumer } => {
                say(Changed, "{} pinned a client.", &[self.consumer(*stream, *consumer)])
            }
            Event::Unpinned { stream, consumer, timed_out } => {
                let why = if *timed_out { ": it was silent" } else { "" };
                say(Changed, "{} let its pinned client go{}.", &[self.consumer(*stream, *consumer), Plain(why)])
            }
            _ => None,
        }
    }

    fn tell_removed(&self, stream: StreamId, seq: u64, cause: Removal, before: Option<&Event>) -> Line {
        let was_acked = matches!(before, Some(Event::Acked { stream: of, stream_seq, .. })
            if *of == stream && *stream_seq == seq);
        let retention = || self.scene.world.server().account().stream(stream).map(|stream| stream.config.retention);
        let why = match cause {
            Removal::Acked if retention() == Some(Retention::Interest) => "interest: the last who wanted it has acked",
            Removal::Acked => "work queue",
            Removal::NoInterest => "no consumer needs it any more",
            Removal::MaxMsgs => "the oldest beyond max msgs",
            Removal::MaxBytes => "the oldest beyond max bytes",
            Removal::MaxMsgsPerSubject => "the oldest of its subject beyond max msgs per subject",
            Removal::MaxAge => "older than max age, acked or not",
            Removal::Ttl => "its TTL ended",
            Removal::Deleted => "deleted by hand",
            Removal::Purged => "purged",
            Removal::Rollup => "replaced by a rollup",
            Removal::Scheduled => "its schedule is done",
        };
        let by = if cause == Removal::Acked && was_acked { " with that ack" } else { "" };
        say(Lost, "{} left {}{}: {}.", &[Seq(seq), Code(self.stream(stream)), Plain(by), Plain(why)])
    }

    fn stream(&self, id: StreamId) -> &str {
        self.scene.trace.stream_name(id)
    }

    fn consumer(&self, stream: StreamId, id: ConsumerId) -> Part<'_> {
        Code(self.scene.trace.consumer_name(stream, id))
    }

    fn client(&self, inbox: &[u8]) -> Part<'_> {
        self.scene.client_of_inbox(inbox).map_or(Plain("a client"), Code)
    }
}

#[inline(never)]
fn say(kind: LogKind, template: &'static str, parts: &[Part<'_>]) -> Line {
    Some((kind, Phrase::fill(template, parts)))
}

fn refused(template: &'static str, subject: &[u8], description: &str, err_code: u16) -> Line {
    say(LogKind::Refused, template, &[Raw(subject), Plain(description), Plain(&err_code.to_string())])
}
