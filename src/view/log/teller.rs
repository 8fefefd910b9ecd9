//! Events as sentences.

use crate::engine::api::json::Map;
use crate::engine::consumer::Consumer;
use crate::engine::event::{Abandoned, AckKind, Changes, ConsumerEnd, Event, Removal};
use crate::engine::stream::config::Retention;
use crate::engine::table::{ConsumerId, StreamId};
use crate::engine::time::Timestamp;
use crate::texts::{Pieces, Template, ordinal, unit};
use crate::texts::{form as form_texts, log as texts};

use super::LogKind::{self, Changed, Lost, Redelivery};
use crate::view::form::{Entry, Form, object};
use crate::view::scene::time_of_day;
use crate::view::text::Part::{self, Code, Plain, Raw, Seq};
use crate::view::text::{self, Phrase};
use crate::view::why::why_removed;
use crate::view::{Scene, consumer_form, stream_form};

/// Puts events into sentences.
pub struct Teller<'a> {
    pub scene: Scene<'a>,
    /// When the event happened.
    pub at: Timestamp,
}

/// A line's kind and sentence.
pub type Line = Option<(LogKind, Phrase)>;

impl<'a> Teller<'a> {
    /// The line of `event`; `None` for what is not worth one.
    pub fn tell(&self, event: &Event) -> Line {
        match event {
            Event::StreamCreated { name, .. } => say(Changed, texts::STREAM_CREATED, &[Code(name)]),
            Event::StreamUpdated { stream, changes } => {
                updated(texts::STREAM_UPDATED, Code(self.stream(*stream)), changes, stream_form::edit)
            }
            Event::StreamDeleted { name, .. } => say(Lost, texts::STREAM_DELETED_MESSAGES_CONSUMERS, &[Code(name)]),
            Event::Stored { stream, seq, subject, payload_bytes } => {
                let size = text::counted(*payload_bytes as u64, unit::BYTES);
                let args = [Seq(*seq), Code(self.stream(*stream)), Raw(subject), Plain(&size)];
                say(LogKind::Stored, texts::STORED_IN_ON, &args)
            }
            Event::NotKept { stream, seq, subject } => {
                let args = [Raw(subject), Seq(*seq), Code(self.stream(*stream))];
                say(Lost, texts::NOT_KEPT, &args)
            }
            Event::Duplicate { msg_id, original_seq, .. } => {
                say(LogKind::Refused, texts::DUPLICATE, &[Raw(msg_id), Seq(*original_seq)])
            }
            Event::Refused { subject, err_code, description, .. } => {
                refused(texts::PUBLISH_REFUSED, subject, description, *err_code)
            }
            Event::ApiError { subject, err_code, description } => {
                refused(texts::REFUSED, subject, description, *err_code)
            }
            Event::NoResponders { subject, .. } => {
                say(LogKind::Refused, texts::NOBODY_LISTENS_ANSWERED_503, &[Raw(subject)])
            }
            Event::Removed { stream, seq, cause } => self.tell_removed(*stream, *seq, *cause),
            Event::MsgIdForgotten { msg_id, .. } => say(Changed, texts::ID_LEFT_DUPLICATE_WINDOW, &[Raw(msg_id)]),
            Event::ClientConnected { conn } => say(Changed, texts::CONNECTED, &[Code(self.scene.client_of(*conn)?)]),
            Event::ClientGone { conn } => {
                let gone = texts::GONE_WHAT_HELD_STAYS;
                say(Changed, gone, &[Code(self.scene.client_of(*conn)?)])
            }
            Event::SlowConsumer { conn } => {
                let name = self.scene.client_of(*conn).unwrap_or(texts::A_CLIENT);
                say(LogKind::Refused, texts::READ_TOO_SLOWLY_DISCONNECTED, &[Code(name)])
            }
            Event::WentInCircles { rounds } => say(LogKind::Refused, texts::IN_CIRCLES, &[Plain(&rounds.to_string())]),
            _ => self.tell_of_batch(event),
        }
    }

    /// Batches and schedules.
    fn tell_of_batch(&self, event: &Event) -> Line {
        match event {
            Event::BatchStaged { batch, subject, .. } => {
                say(Changed, texts::MESSAGE_WAITS_REST_BATCH, &[Raw(subject), Raw(batch)])
            }
            Event::BatchCommitted { batch, count, .. } => {
                let count = text::counted(*count, unit::MESSAGES);
                say(Changed, texts::BATCH_ENDED, &[Raw(batch), Plain(&count)])
            }
            Event::BatchAbandoned { batch, why, .. } => {
                let why = match why {
                    Abandoned::Timeout => texts::NOTHING_ADDED_TOO_LONG,
                    Abandoned::Large => texts::TOO_MANY_MESSAGES,
                    Abandoned::Incomplete => texts::MESSAGE_MISSING,
                    Abandoned::Unsupported => texts::NEEDS_NEWER_SERVER,
                };
                say(Lost, texts::BATCH_GIVEN_UP, &[Raw(batch), Plain(why)])
            }
            Event::ScheduleFired { subject, target, next, .. } => {
                let (subject, target) = (Raw(subject), Raw(target));
                match next {
                    Some(next) => say(Changed, texts::FIRED, &[subject, target, Plain(&time_of_day(*next))]),
                    None => say(Changed, texts::FIRED_LAST, &[subject, target]),
                }
            }
            _ => self.tell_of_consumer(event),
        }
    }

    fn tell_of_consumer(&self, event: &Event) -> Line {
        match event {
            Event::ConsumerCreated { stream, name, .. } => {
                say(Changed, texts::CONSUMER_CREATED, &[Code(name), Code(self.stream(*stream))])
            }
            Event::ConsumerUpdated { stream, consumer, changes } => {
                updated(texts::CONSUMER_UPDATED, self.consumer(*stream, *consumer), changes, consumer_form::edit)
            }
            Event::ConsumerDeleted { name, cause, .. } => {
                let says = match cause {
                    ConsumerEnd::Deleted => texts::CONSUMER_DELETED,
                    ConsumerEnd::Inactive => texts::CONSUMER_UNUSED,
                    ConsumerEnd::StreamDeleted => texts::CONSUMER_GONE_WITH_STREAM,
                };
                say(Lost, says, &[Code(name)])
            }
            Event::Delivered { stream, consumer, stream_seq, delivered, to, ack_due, .. } => {
                let to = self.scene.client_of_inbox(to).map_or(Raw(to), Code);
                let (by, seq) = (self.consumer(*stream, *consumer), Seq(*stream_seq));
                let (times, until) = (ordinal(*delivered), ack_due.map(time_of_day));
                let kind = LogKind::Delivered;
                match (*delivered > 1, &until) {
                    (false, None) => say(kind, texts::DELIVERED, &[by, seq, to]),
                    (false, Some(until)) => say(kind, texts::DELIVERED_UNTIL, &[by, seq, to, Plain(until)]),
                    (true, None) => say(kind, texts::DELIVERED_AGAIN, &[by, seq, to, Plain(&times)]),
                    (true, Some(until)) => {
                        say(kind, texts::DELIVERED_AGAIN_UNTIL, &[by, seq, to, Plain(&times), Plain(until)])
                    }
                }
            }
            Event::Acked { stream, consumer, stream_seq, by } => {
                let says = match by {
                    AckKind::Ack | AckKind::Next => texts::ACK_OF_FOR,
                    AckKind::Term => texts::TERM_SETTLED_WITHOUT_SUCCESS,
                    AckKind::AckAll => texts::SETTLED_ACK_LATER_ONE,
                    // Said with the delivery.
                    AckKind::Delivery => return None,
                };
                say(LogKind::Acked, says, &[Seq(*stream_seq), self.consumer(*stream, *consumer)])
            }
            Event::Naked { stream, consumer, stream_seq, delay } => {
                let after = match delay {
                    Some(delay) => texts::KEEPS_SLOT.with([&text::duration(*delay)]),
                    None => texts::AT_ONCE.into(),
                };
                let args = [Seq(*stream_seq), self.consumer(*stream, *consumer), Plain(&after)];
                say(Redelivery, texts::NAK_GOES_OUT_AGAIN, &args)
            }
            Event::InProgress { stream_seq, ack_due, .. } => {
                let args = [Seq(*stream_seq), Plain(&time_of_day(*ack_due))];
                say(Changed, texts::WORK_GOES_ACKWAIT_STARTS, &args)
            }
            Event::AckIgnored { stream, consumer, stream_seq } => {
                let args = [Seq(*stream_seq), self.consumer(*stream, *consumer)];
                say(Changed, texts::ACK_CHANGED_NOTHING_SETTLED, &args)
            }
            Event::AckToNobody { subject } => answer(texts::ACK_TO_NOBODY, subject),
            Event::AckLost { subject } => answer(texts::ACK_LOST, subject),
            Event::AckWaitEnded { stream, consumer, stream_seq, nak_delay, is_last } => {
                let says = if *nak_delay { texts::DELAY_ENDED } else { texts::UNACKED };
                let is_pull = self.is_pull(*stream, *consumer);
                let then = match (is_last, is_pull) {
                    (true, _) => texts::GIVEN_UP_NEXT,
                    (false, true) => texts::OUT_WITH_PULL,
                    (false, false) => texts::OUT_AGAIN,
                };
                say(Redelivery, says, &[Seq(*stream_seq), Plain(then)])
            }
            Event::GaveUp { stream, consumer, stream_seq, delivered } => {
                let times = text::counted(*delivered, unit::DELIVERIES);
                let args = [self.consumer(*stream, *consumer), Seq(*stream_seq), Plain(&times)];
                say(Lost, texts::GAVE_UP, &args)
            }
            _ => self.tell_of_pulls(event),
        }
    }

    fn tell_of_pulls(&self, event: &Event) -> Line {
        match event {
            Event::PullRequested { stream, consumer, inbox, batch, no_wait, expires } => {
                let (kind, batch) = (LogKind::Delivered, text::counted(*batch, unit::MESSAGES));
                let (client, of, batch) = (self.client(inbox), self.consumer(*stream, *consumer), Plain(&batch));
                match (no_wait, expires) {
                    (true, _) => say(kind, texts::PULL_WITHOUT_WAIT, &[client, of, batch]),
                    (false, None) => say(kind, texts::PULL, &[client, of, batch]),
                    (false, Some(at)) => {
                        let most = text::duration(at.since(self.at));
                        say(kind, texts::PULL_FOR_UP_TO, &[client, of, batch, Plain(&most)])
                    }
                }
            }
            Event::PullEnded { inbox, status, .. } if !status.is_empty() => {
                say(LogKind::Refused, texts::PULL_ENDED, &[self.client(inbox), Code(status)])
            }
            Event::Stalled { stream, consumer } => {
                say(LogKind::Refused, texts::TRAY_FULL_NOTHING_NEW, &[self.consumer(*stream, *consumer)])
            }
            Event::Paused { stream, consumer, until } => {
                let args = [self.consumer(*stream, *consumer), Plain(&time_of_day(*until))];
                say(Changed, texts::PAUSED, &args)
            }
            Event::Resumed { stream, consumer } => say(Changed, texts::GOES_ON, &[self.consumer(*stream, *consumer)]),
            Event::OriginConnected { stream, origin, .. } => {
                let gets = texts::GETS_MESSAGES_FROM_NOW;
                say(Changed, gets, &[Code(self.stream(*stream)), Code(origin)])
            }
            Event::OriginFailed { stream, origin, why, .. } => {
                let args = [Code(self.stream(*stream)), Code(origin), Plain(why)];
                say(LogKind::Refused, texts::ORIGIN_FAILED, &args)
            }
            Event::OriginSilent { stream, origin, .. } => {
                let silent = texts::HEARD_NOTHING_TEN_SECONDS;
                say(Changed, silent, &[Code(self.stream(*stream)), Code(origin)])
            }
            Event::Pinned { stream, consumer } => {
                say(Changed, texts::PINNED_CLIENT, &[self.consumer(*stream, *consumer)])
            }
            Event::Unpinned { stream, consumer, timed_out } => {
                let says = if *timed_out { texts::UNPINNED_AS_SILENT } else { texts::UNPINNED };
                say(Changed, says, &[self.consumer(*stream, *consumer)])
            }
            _ => None,
        }
    }

    fn tell_removed(&self, stream: StreamId, seq: u64, cause: Removal) -> Line {
        let of = self.scene.world.server().account().stream(stream);
        let (why, _) = why_removed(of.is_some_and(|of| of.config.retention == Retention::Interest), cause);
        say(Lost, texts::REMOVED, &[Seq(seq), Code(self.stream(stream)), Plain(why)])
    }

    fn stream(&self, id: StreamId) -> &str {
        self.scene.trace.stream_name(id)
    }

    /// Whether its messages are pulled; one that is gone may have been either.
    fn is_pull(&self, stream: StreamId, id: ConsumerId) -> bool {
        let consumer = self.scene.world.server().account().stream(stream).and_then(|stream| stream.consumer(id));
        consumer.is_none_or(Consumer::is_pull)
    }

    fn consumer(&self, stream: StreamId, id: ConsumerId) -> Part<'_> {
        Code(self.scene.trace.consumer_name(stream, id))
    }

    fn client(&self, inbox: &[u8]) -> Part<'_> {
        self.scene.client_of_inbox(inbox).map_or(Plain(texts::SOME_CLIENT), Code)
    }
}

#[inline(always)]
fn say<const PLACES: usize>(kind: LogKind, template: Template<PLACES>, parts: &[Part<'_>; PLACES]) -> Line {
    told(kind, template.pieces(), parts)
}

#[inline(never)]
fn told(kind: LogKind, pieces: Pieces, parts: &[Part<'_>]) -> Line {
    Some((kind, Phrase::filled(pieces, parts)))
}

/// That `what` was updated, and which fields of its form it changed.
fn updated(says: Template<1>, what: Part<'_>, changes: &Changes, form: fn(Map) -> Form) -> Line {
    let (kind, mut phrase) = say(Changed, says, &[what])?;
    let form = |json| object(json).map(form).unwrap_or_default();
    let (before, after) = (form(&changes.before), form(&changes.after));
    // What is no longer there has fields before only, behind those of both.
    let longer = if before.entries.len() > after.entries.len() { &before } else { &after };
    for Entry { key, .. } in &longer.entries {
        let [old, new] = [&before, &after].map(|form| brief(form.value(key)));
        if old != new {
            let (template, parts) = match &**key {
                "sealed" => (texts::SEALED.pieces(), &[][..]),
                _ => (texts::CHANGE.pieces(), &[Code(key), Code(&old), Code(&new)][..]),
            };
            phrase.0.append(&mut Phrase::filled(template, parts).0);
        }
    }
    Some((kind, phrase.plain(".")))
}

/// What is typed, on one line and not too long.
fn brief(typed: &str) -> String {
    const MOST: usize = 40;
    let line = if typed.is_empty() { form_texts::NONE.into() } else { typed.replace('\n', ", ") };
    match line.char_indices().nth(MOST) {
        Some((end, _)) => [&line[..end], "…"].concat(),
        None => line,
    }
}

/// What became of an answer, by the tokens of its subject.
fn answer(template: Template<2>, subject: &[u8]) -> Line {
    let tokens: Vec<&[u8]> = subject.split(|byte| *byte == b'.').collect();
    let [_, _, _, consumer, _, seq, _, _, _] = tokens[..] else { return None };
    say(Changed, template, &[Raw(seq), Raw(consumer)])
}

fn refused(template: Template<3>, subject: &[u8], description: &str, err_code: u16) -> Line {
    say(LogKind::Refused, template, &[Raw(subject), Plain(description), Plain(&err_code.to_string())])
}
