//! Events as JSON objects, with names where the engine has ids.

use std::borrow::Cow;

use serde::Serialize;

use crate::engine::account::Account;
use crate::engine::api;
use crate::engine::duration::nanos;
use crate::engine::event::{AckKind, ConsumerEnd, Event, Removal};
use crate::engine::sorted_map::SortedMap;
use crate::engine::table::{ConnId, ConsumerId, Id, StreamId};
use crate::engine::time::Timestamp;

/// One event. What does not apply to it is left out.
#[derive(Default, Serialize)]
struct Line<'a> {
    at: Timestamp,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<u64>,
    /// When an ack, a pull request or a pause is due to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    err_code: Option<u16>,
    /// Why, in words or in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

/// The events as a JSON array.
pub(super) fn to_json(account: &Account, events: &[(Timestamp, Event)]) -> String {
    let names = Names::of(account, events);
    let lines: Vec<Line<'_>> = events.iter().map(|(at, event)| names.line(*at, event)).collect();
    String::from_utf8(api::json::to_json(&lines)).expect("JSON is text")
}

/// The names of streams and consumers, also of those that went during these events.
struct Names<'a> {
    account: &'a Account,
    gone_streams: SortedMap<StreamId, &'a str>,
    gone_consumers: SortedMap<(StreamId, ConsumerId), &'a str>,
}

impl<'a> Names<'a> {
    fn of(account: &'a Account, events: &'a [(Timestamp, Event)]) -> Self {
        let mut names = Self { account, gone_streams: SortedMap::new(), gone_consumers: SortedMap::new() };
        for (_, event) in events {
            match event {
                Event::StreamDeleted { stream, name } => drop(names.gone_streams.insert(*stream, name)),
                Event::ConsumerDeleted { stream, consumer, name, .. } => {
                    names.gone_consumers.insert((*stream, *consumer), name);
                }
                _ => {}
            }
        }
        names
    }

    fn stream(&self, id: StreamId) -> Option<&'a str> {
        let live = self.account.stream(id).map(|stream| &*stream.config.name);
        live.or_else(|| self.gone_streams.get(&id).copied())
    }

    fn consumer(&self, stream: StreamId, id: ConsumerId) -> Option<&'a str> {
        let live = self.account.stream(stream).and_then(|stream| stream.consumer(id)).map(|consumer| &*consumer.name);
        live.or_else(|| self.gone_consumers.get(&(stream, id)).copied())
    }

    fn of_client(&self, kind: &'static str, conn: ConnId) -> Line<'a> {
        Line { kind, client_id: Some(conn.index()), ..Line::default() }
    }

    fn of_stream(&self, kind: &'static str, stream: StreamId) -> Line<'a> {
        Line { kind, stream: self.stream(stream), ..Line::default() }
    }

    fn of_message(&self, kind: &'static str, stream: StreamId, seq: u64) -> Line<'a> {
        Line { stream_seq: Some(seq), ..self.of_stream(kind, stream) }
    }

    fn of_consumer(&self, kind: &'static str, stream: StreamId, consumer: ConsumerId) -> Line<'a> {
        Line { consumer: self.consumer(stream, consumer), ..self.of_stream(kind, stream) }
    }

    fn of_delivery(&self, kind: &'static str, stream: StreamId, consumer: ConsumerId, seq: u64) -> Line<'a> {
        Line { stream_seq: Some(seq), ..self.of_consumer(kind, stream, consumer) }
    }

    fn line(&self, at: Timestamp, event: &'a Event) -> Line<'a> {
        let line = self.of_server(event).or_else(|| self.of_consumers(event)).unwrap_or_default();
        Line { at, ..line }
    }

    /// Clients, streams and their messages.
    fn of_server(&self, event: &'a Event) -> Option<Line<'a>> {
        Some(match event {
            Event::ClientConnected { conn } => self.of_client("client_connected", *conn),
            Event::ClientGone { conn } => self.of_client("client_gone", *conn),
            Event::SlowConsumer { conn } => self.of_client("slow_consumer", *conn),
            Event::NoResponders { conn, subject } => {
                Line { subject: text(subject), ..self.of_client("no_responders", *conn) }
            }
            Event::WentInCircles { .. } => Line { kind: "went_in_circles", ..Line::default() },
            Event::ApiError { subject, err_code, description } => Line {
                kind: "api_error",
                subject: text(subject),
                err_code: Some(*err_code),
                cause: Some(description),
                ..Line::default()
            },
            Event::StreamCreated { stream, name } => {
                Line { stream: Some(name), ..self.of_stream("stream_created", *stream) }
            }
            Event::StreamUpdated { stream, .. } => self.of_stream("stream_updated", *stream),
            Event::StreamDeleted { stream, name } => {
                Line { stream: Some(name), ..self.of_stream("stream_deleted", *stream) }
            }
            Event::Stored { stream, seq, subject, payload_bytes } => Line {
                subject: text(subject),
                payload_bytes: Some(*payload_bytes),
                ..self.of_message("stored", *stream, *seq)
            },
            Event::NotKept { stream, seq, subject } => {
                Line { subject: text(subject), ..self.of_message("not_kept", *stream, *seq) }
            }
            Event::Duplicate { stream, msg_id, original_seq } => {
                Line { msg_id: text(msg_id), ..self.of_message("duplicate", *stream, *original_seq) }
            }
            Event::Refused { stream, subject, err_code, description } => Line {
                subject: text(subject),
                err_code: Some(*err_code),
                cause: Some(description),
                ..self.of_stream("refused", *stream)
            },
            Event::Removed { stream, seq, cause } => {
                Line { cause: Some(removal(*cause)), ..self.of_message("removed", *stream, *seq) }
            }
            Event::MsgIdForgotten { stream, msg_id } => {
                Line { msg_id: text(msg_id), ..self.of_stream("msg_id_forgotten", *stream) }
            }
            Event::OriginConnected { stream, origin, consumer, .. } => {
                Line { origin: Some(origin), consumer: Some(consumer), ..self.of_stream("origin_connected", *stream) }
            }
            Event::OriginFailed { stream, origin, why, .. } => {
                Line { origin: Some(origin), cause: Some(why), ..self.of_stream("origin_failed", *stream) }
            }
            Event::OriginSilent { stream, origin, .. } => {
                Line { origin: Some(origin), ..self.of_stream("origin_silent", *stream) }
            }
            _ => return None,
        })
    }

    /// Consumers and what they deliver.
    fn of_consumers(&self, event: &'a Event) -> Option<Line<'a>> {
        Some(match event {
            Event::ConsumerCreated { stream, consumer, name } => {
                Line { consumer: Some(name), ..self.of_consumer("consumer_created", *stream, *consumer) }
            }
            Event::ConsumerUpdated { stream, consumer, .. } => self.of_consumer("consumer_updated", *stream, *consumer),
            Event::ConsumerDeleted { stream, consumer, name, cause } => Line {
                consumer: Some(name),
                cause: Some(consumer_end(*cause)),
                ..self.of_consumer("consumer_deleted", *stream, *consumer)
            },
            Event::Delivered { stream, consumer, stream_seq, consumer_seq, delivered, to, ack_due } => Line {
                consumer_seq: Some(*consumer_seq),
                delivered: Some(*delivered),
                subject: text(to),
                until: *ack_due,
                ..self.of_delivery("delivered", *stream, *consumer, *stream_seq)
            },
            Event::Acked { stream, consumer, stream_seq, by } => {
                Line { cause: Some(ack(*by)), ..self.of_delivery("acked", *stream, *consumer, *stream_seq) }
            }
            Event::Naked { stream, consumer, stream_seq, delay } => {
                Line { delay_ns: delay.map(nanos), ..self.of_delivery("naked", *stream, *consumer, *stream_seq) }
            }
            Event::InProgress { stream, consumer, stream_seq, ack_due } => {
                Line { until: Some(*ack_due), ..self.of_delivery("in_progress", *stream, *consumer, *stream_seq) }
            }
            Event::AckIgnored { stream, consumer, stream_seq } => {
                self.of_delivery("ack_ignored", *stream, *consumer, *stream_seq)
            }
            Event::AckWaitEnded { stream, consumer, stream_seq, nak_delay, .. } => Line {
                cause: Some(if *nak_delay { "nak_delay" } else { "ack_wait" }),
                ..self.of_delivery("ack_wait_ended", *stream, *consumer, *stream_seq)
            },
            Event::GaveUp { stream, consumer, stream_seq, delivered } => {
                Line { delivered: Some(*delivered), ..self.of_delivery("gave_up", *stream, *consumer, *stream_seq) }
            }
            Event::PullRequested { stream, consumer, inbox, batch, expires, .. } => Line {
                subject: text(inbox),
                batch: Some(*batch),
                until: *expires,
                ..self.of_consumer("pull_requested", *stream, *consumer)
            },
            Event::PullEnded { stream, consumer, inbox, status } => {
                Line { subject: text(inbox), cause: Some(status), ..self.of_consumer("pull_ended", *stream, *consumer) }
            }
            Event::Stalled { stream, consumer } => self.of_consumer("stalled", *stream, *consumer),
            Event::Heartbeat { stream, consumer } => self.of_consumer("heartbeat", *stream, *consumer),
            Event::Paused { stream, consumer, until } => {
                Line { until: Some(*until), ..self.of_consumer("paused", *stream, *consumer) }
            }
            Event::Resumed { stream, consumer } => self.of_consumer("resumed", *stream, *consumer),
            Event::Pinned { stream, consumer } => self.of_consumer("pinned", *stream, *consumer),
            Event::Unpinned { stream, consumer, timed_out } => Line {
                cause: Some(if *timed_out { "timeout" } else { "admin" }),
                ..self.of_consumer("unpinned", *stream, *consumer)
            },
            _ => return None,
        })
    }
}

fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    Some(String::from_utf8_lossy(bytes))
}

const fn removal(cause: Removal) -> &'static str {
    match cause {
        Removal::Acked => "acked",
        Removal::Terminated => "terminated",
        Removal::NoInterest => "no_interest",
        Removal::MaxMsgs => "max_msgs",
        Removal::MaxBytes => "max_bytes",
        Removal::MaxMsgsPerSubject => "max_msgs_per_subject",
        Removal::MaxAge => "max_age",
        Removal::Ttl => "ttl",
        Removal::Deleted => "deleted",
        Removal::Purged => "purged",
        Removal::Rollup => "rollup",
        Removal::Scheduled => "scheduled",
    }
}

const fn ack(by: AckKind) -> &'static str {
    match by {
        AckKind::Ack => "ack",
        AckKind::Next => "next",
        AckKind::Term => "term",
        AckKind::AckAll => "ack_all",
        AckKind::Delivery => "delivery",
    }
}

const fn consumer_end(cause: ConsumerEnd) -> &'static str {
    match cause {
        ConsumerEnd::Deleted => "deleted",
        ConsumerEnd::Inactive => "inactive",
        ConsumerEnd::StreamDeleted => "stream_deleted",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Session, Setup};

    #[test]
    fn events_name_what_they_are_about_even_when_it_is_gone() {
        let mut session = Session::new(Setup::default());
        session.watch();
        let create = br#"{"name":"S","storage":"memory","retention":"workqueue"}"#;
        session.request("$JS.API.STREAM.CREATE.S", &[], create).expect("the API answers");
        session.request("S", &[], b"hi").expect("the stream answers");
        let _ = session.request("$JS.API.STREAM.INFO.T", &[], b"");
        let consumer = br#"{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit"}}"#;
        session.request("$JS.API.CONSUMER.CREATE.S.C", &[], consumer).expect("the API answers");
        session.request("$JS.API.STREAM.DELETE.S", &[], b"").expect("the API answers");
        let json = session.take_events_json();
        for part in [
            r#"{"at":"2026-01-01T00:00:00Z","type":"stream_created","stream":"S"}"#,
            r#""type":"stored","stream":"S","stream_seq":1,"subject":"S","payload_bytes":2}"#,
            r#""type":"api_error","subject":"$JS.API.STREAM.INFO.T","err_code":10059,"cause":"stream not found"}"#,
            r#""type":"consumer_deleted","stream":"S","consumer":"C","cause":"stream_deleted"}"#,
            r#""type":"stream_deleted","stream":"S"}"#,
        ] {
            assert!(json.contains(part), "{part}\n{json}");
        }
        assert!(!json.contains(r#""type":"""#), "every event has a name: {json}");
        assert_eq!(session.take_events_json(), "[]");
    }
}
