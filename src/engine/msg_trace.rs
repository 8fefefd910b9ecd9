//! Message tracing: who names a subject in `Nats-Trace-Dest` is told there what became of the message.
//!
//! The answer of nats-server has one event for the way in, and one for each client, stream or service that it reached.
//! Compressed traces are not made, and `traceparent` alone traces nothing where the account has no destination for it.
//! Sources: nats-server `server/msgtrace.go`, `server/stream.go` (`processInboundJetStreamMsg`).

use super::sorted_map::SortedMap;

use super::Server;
use super::api::advisory::ACCOUNT;
use super::api::json::{Text, to_json};
use super::client::{is_reserved_subject, refuse, reserved};
use super::connection::Message;
use super::effects::Effects;
use super::event::Event;
use super::message::{HEADER_LINE, HeaderBlock, Headers, with_header};
use super::quote::quote;
use super::router::Subscription;
use super::stream::FastStep;
use super::stream::headers::{sequence, without_headers};
use super::subject::is_valid_literal;
use super::table::{ConnId, Id, StreamId};
use super::time::Timestamp;

const DEST_NAME: &str = "Nats-Trace-Dest";
const DEST: &[u8] = DEST_NAME.as_bytes();
const ONLY: &[u8] = b"Nats-Trace-Only";
const ORIGIN_ACCOUNT: &[u8] = b"Nats-Trace-Origin-Account";
/// Stands in for the destination in what is kept of a message that was traced.
const DISABLED: &[u8] = b"trace disabled";
const MAX_PAYLOAD: &str = "maximum payload exceeded";

/// What becomes of the message that is being traced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct MsgTrace {
    /// Nobody is given the message.
    is_only: bool,
    /// It waits for the rest of its batch: nothing is told of it.
    is_staged: bool,
    /// JSON objects, each with a comma before it.
    steps: Vec<u8>,
}

/// What is known of a message once it has arrived.
struct Traced<'a> {
    subject: &'a [u8],
    headers: HeaderMap<'a>,
    size: usize,
}

/// Values by name.
type HeaderMap<'a> = SortedMap<Text<'a>, Vec<Text<'a>>>;

/// A member of a step. Empty text is left out.
enum Field<'a> {
    Text(&'a [u8]),
    Number(u32),
    Yes,
}

impl MsgTrace {
    fn push(&mut self, now: Timestamp, kind: &str, fields: &[(&str, Field<'_>)]) {
        self.steps.push(b',');
        write_step(&mut self.steps, now, kind, fields);
    }
}

fn write_step(out: &mut Vec<u8>, now: Timestamp, kind: &str, fields: &[(&str, Field<'_>)]) {
    let mut member = |start: &[u8], name: &str, value: &[u8]| {
        [start, b"\"", name.as_bytes(), b"\":", value].iter().for_each(|part| out.extend_from_slice(part));
    };
    member(b"{", "type", &to_json(kind));
    member(b",", "ts", &to_json(&now));
    for (name, field) in fields {
        match field {
            Field::Text(b"") => {}
            Field::Text(text) => member(b",", name, &to_json(&Text(text))),
            Field::Number(number) => member(b",", name, &to_json(number)),
            Field::Yes => member(b",", name, b"true"),
        }
    }
    out.push(b'}');
}

impl Server {
    /// Whether a header block asks for a trace.
    pub(super) fn asks_for_trace(headers: &[u8]) -> bool {
        !headers.is_empty() && Headers::new(headers).get(DEST_NAME).is_some()
    }

    /// Takes a message that asks to be traced.
    #[cold]
    pub(super) fn handle_traced(&mut self, now: Timestamp, conn: ConnId, publish: &Message<'_>) {
        let headers = header_map(publish.headers);
        let first = |name: &'static [u8]| headers.get(&Text(name)).map(|values| values[0].0);
        let Some(dest) = first(DEST).filter(|dest| *dest != DISABLED) else {
            return self.handle_message(now, conn, publish);
        };
        let is_only = first(ONLY)
            .is_some_and(|value| ["1", "true", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes.as_bytes())));
        if first(ORIGIN_ACCOUNT).is_some() {
            if !is_only {
                let headers = disabled(publish.headers);
                self.handle_message(
                    now,
                    conn,
                    &Message { headers: &headers, header_digits: b"", size_digits: b"", ..*publish },
                );
            }
        } else if !is_valid_literal(dest) {
            if !is_only {
                self.handle_message(now, conn, publish);
            }
        } else if is_reserved_subject(dest) {
            let error = refuse("to ", dest);
            self.with_connection(conn, |connection| connection.send_error(&error));
        } else {
            self.trace = Some(MsgTrace { is_only, ..MsgTrace::default() }.into());
            self.handle_message(now, conn, publish);
            if let Some(trace) = self.trace.take().filter(|trace| !trace.is_staged) {
                let error = reserved(publish).unwrap_or_default();
                let size = publish.headers.len() + publish.payload.len();
                self.send_trace(now, conn, &Traced { subject: publish.subject, headers, size }, &error, &trace.steps);
            }
        }
    }

    /// A message that is too large, at the start of `bytes`, is traced before it ends its connection.
    #[cold]
    pub(super) fn trace_too_large(&mut self, now: Timestamp, conn: ConnId, bytes: &[u8]) {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let words = || line.trim_ascii_end().split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let number = |word: Option<&[u8]>| word.map_or(0, sequence) as usize;
        let mut from_end: Vec<&[u8]> = words().collect();
        let (size, header_size) = (number(from_end.pop()), number(from_end.pop()));
        let rest = bytes.get(line.len() + 1..).unwrap_or_default();
        let headers = header_map(&rest[..header_size.min(rest.len())]);
        if headers.get(&Text(DEST)).is_some_and(|dest| dest[0].0 != DISABLED && is_valid_literal(dest[0].0)) {
            let subject = words().nth(1).unwrap_or_default();
            self.send_trace(now, conn, &Traced { subject, headers, size }, MAX_PAYLOAD.as_bytes(), b"");
        }
    }

    fn send_trace(&mut self, now: Timestamp, conn: ConnId, traced: &Traced<'_>, error: &[u8], steps: &[u8]) {
        let mut out = b"{\"server\":".to_vec();
        out.extend_from_slice(&self.next_server_info(now));
        out.extend_from_slice(b",\"request\":{\"header\":");
        out.extend_from_slice(&to_json(&traced.headers));
        out.extend_from_slice(b",\"msgsize\":");
        out.extend_from_slice(&to_json(&traced.size));
        out.extend_from_slice(b"},\"events\":[");
        let name = self.clients.connections.get(conn).map_or("", |connection| &connection.options.name);
        let fields = [
            ("kind", Field::Number(0)),
            ("cid", Field::Number(conn.index())),
            ("name", Field::Text(name.as_bytes())),
            ("acc", Field::Text(ACCOUNT.as_bytes())),
            ("subj", Field::Text(traced.subject)),
            ("error", Field::Text(error)),
        ];
        write_step(&mut out, now, "in", &fields);
        out.extend_from_slice(steps);
        out.extend_from_slice(b"]}");
        if let Some(dest) = traced.headers.get(&Text(DEST)) {
            self.effects.send(dest[0].0, &out);
        }
    }

    /// Notes a client that the traced message reaches. Whether it is not to be given it.
    #[cold]
    pub(super) fn trace_delivery(&mut self, now: Timestamp, subscription: &Subscription, is_echo: bool) -> bool {
        let Some(connection) = self.clients.connections.get(subscription.conn) else { return false };
        let Some(trace) = &mut self.trace else { return false };
        let subject = connection.subscription(&subscription.sid).map_or(&[][..], |subscription| &subscription.subject);
        let error = if is_echo { "Not delivered because of no echo" } else { "" };
        let fields = [
            ("kind", Field::Number(0)),
            ("cid", Field::Number(subscription.conn.index())),
            ("name", Field::Text(connection.options.name.as_bytes())),
            ("sub", Field::Text(subject)),
            ("queue", Field::Text(subscription.queue.as_deref().unwrap_or_default())),
            ("error", Field::Text(error.as_bytes())),
        ];
        trace.push(now, "eg", &fields);
        trace.is_only
    }

    /// Notes that a request is for one of the server's own services. Whether it is not to be given it.
    #[cold]
    pub(super) fn trace_service(&mut self, now: Timestamp, to: &[u8]) -> bool {
        let mut from = to.to_vec();
        let imported = match to {
            b"$SYS.REQ.USER.INFO" => b"$SYS.REQ.USER.$G.INFO",
            b"$SYS.REQ.ACCOUNT.PING.STATZ" => &b"$SYS.REQ.ACCOUNT.$G.STATZ"[..],
            b"$SYS.REQ.ACCOUNT.PING.CONNZ" | b"$SYS.REQ.SERVER.PING.CONNZ" => b"$SYS.REQ.ACCOUNT.$G.CONNZ",
            _ => {
                let Some(request) = self.api_request(to).filter(|_| self.config.jetstream.is_some()) else {
                    return false;
                };
                from = [b"$JS.API.", request].concat();
                &from
            }
        };
        let Some(trace) = &mut self.trace else { return false };
        if from != to {
            trace.push(now, "sm", &[("to", Field::Text(&from))]);
        }
        // Consumers and streams listen to these themselves.
        if [&b"$JS.API.CONSUMER.MSG.NEXT."[..], b"$JS.API.DIRECT.GET."].iter().any(|own| from.starts_with(own)) {
            return false;
        }
        let fields = [("acc", Field::Text(b"$SYS")), ("from", Field::Text(&from)), ("to", Field::Text(imported))];
        trace.push(now, "si", &fields);
        trace.is_only
    }

    /// Hands a stream the traced message, and notes what it says. One that is only traced goes to a copy of all.
    #[cold]
    pub(super) fn trace_publish(&mut self, now: Timestamp, stream: StreamId, message: &Message<'_>) {
        let Some(mut trace) = self.trace.take() else { return };
        let mut caused = if trace.is_only {
            self.clone().publish_watched(now, stream, message)
        } else {
            let headers = with_header(message.headers, DEST_NAME, DISABLED);
            self.publish_watched(now, stream, &Message { headers: &headers, ..*message })
        };
        let events = caused.take_events();
        let mut outcome = Outcome::default();
        for (_, event) in &events {
            outcome.note(event, message);
        }
        trace.is_staged |= outcome.is_staged;
        // What it would find when it stores the message is not looked for.
        let is_taken = trace.is_only && outcome.is_late;
        let mut error = if is_taken { String::new() } else { outcome.error };
        if let Some(name) = self.account.stream(stream).map(|stream| stream.config.name.clone()) {
            if outcome.names_stream {
                error += &format!(" '{ACCOUNT} > {name}'");
            }
            let mut fields = vec![
                ("stream", Field::Text(name.as_bytes())),
                ("subject", Field::Text(outcome.subject)),
                ("error", Field::Text(error.as_bytes())),
            ];
            if outcome.is_skipped {
                fields.insert(2, ("nointerest", Field::Yes));
            }
            trace.push(now, "js", &fields);
        }
        let answers_only = trace.is_only && (!error.is_empty() || trace.is_staged);
        if let Some(batch) = caused.take_publications() {
            batch.for_each(|publication| {
                if !trace.is_only || answers_only && publication.to == message.reply {
                    self.effects.publish(publication);
                }
            });
        }
        if !trace.is_only {
            for (at, event) in events {
                self.effects.tell(at, || event);
            }
        }
        self.trace = Some(trace);
    }

    /// Hands a stream a message; what that causes, and what happened.
    fn publish_watched(&mut self, now: Timestamp, stream: StreamId, message: &Message<'_>) -> Effects {
        let mut watched = Effects::default();
        watched.watch();
        let others = std::mem::replace(&mut self.effects, watched);
        self.publish_to_stream(now, stream, message);
        std::mem::replace(&mut self.effects, others)
    }
}

/// What a stream made of a message.
#[derive(Default)]
struct Outcome<'e> {
    subject: &'e [u8],
    error: String,
    is_staged: bool,
    /// The consumers are not interested.
    is_skipped: bool,
    /// It was refused when it was to be stored.
    is_late: bool,
    /// The error ends with the names of account and stream.
    names_stream: bool,
}

impl<'e> Outcome<'e> {
    fn note(&mut self, event: &'e Event, message: &Message<'_>) {
        let headers = message.headers;
        match event {
            Event::Stored { subject, .. } => self.subject = subject,
            Event::NotKept { subject, .. } => {
                self.subject = subject;
                self.is_skipped = true;
            }
            Event::BatchStaged { .. } => self.is_staged = true,
            Event::Duplicate { .. } => self.error = "msgid is duplicate".to_owned(),
            Event::Refused { subject, err_code, description, .. } => {
                let is_alone = Headers::new(headers).get("Nats-Batch-Id").is_none();
                let is_batched = !is_alone || FastStep::is_meant(message.reply);
                self.names_stream = is_batched && matches!(err_code, 10054 | 10097);
                self.is_late = is_alone && matches!(err_code, 10077 | 10165);
                self.subject = if self.is_late { subject } else { b"" };
                self.error = match err_code {
                    10054 if is_batched => "JetStream message size exceeds limits for".to_owned(),
                    10097 if is_batched => "JetStream header size exceeds limits for".to_owned(),
                    _ => error_text(*err_code, description, headers),
                };
            }
            _ => {}
        }
    }
}

/// How a stream says inside the server what it answers by `description`.
fn error_text(err_code: u16, description: &str, headers: &[u8]) -> String {
    let asked = |name| Headers::new(headers).get(name);
    let (_, actual) = description.split_once(": ").unwrap_or_default();
    match err_code {
        10054 | 10097 => MAX_PAYLOAD.to_owned(),
        10060 | 10077 | 10111 => description.to_owned(),
        10070 => {
            let expected = asked("Nats-Expected-Last-Msg-Id").unwrap_or_default();
            format!("last msgid mismatch: {} vs {}", quote(expected), quote(actual.as_bytes()))
        }
        10071 => {
            let by_subject = asked("Nats-Expected-Last-Subject-Sequence").map(sequence);
            match by_subject.filter(|expected| expected.to_string() != actual) {
                Some(expected) => format!("last sequence by subject mismatch: {expected} vs {actual}"),
                None => {
                    let expected = asked("Nats-Expected-Last-Sequence").map_or(0, sequence);
                    format!("last sequence mismatch: {expected} vs {actual}")
                }
            }
        }
        10166 => "message TTL disabled".to_owned(),
        _ => format!("{description} ({err_code})"),
    }
}

/// The headers by name, as the server lists them: a name may run over lines that have no colon, and what is empty counts
/// as absent.
fn header_map(block: &[u8]) -> HeaderMap<'_> {
    let mut headers = HeaderMap::new();
    let mut rest = block.strip_prefix(HEADER_LINE).unwrap_or_default();
    while let Some(colon) = rest.iter().position(|byte| *byte == b':') {
        let (name, after) = (&rest[..colon], &rest[colon + 1..]);
        let Some(end) = after.windows(2).position(|pair| pair == b"\r\n") else { break };
        let value = after[..end].trim_ascii();
        if !name.is_empty() && !value.is_empty() {
            headers.get_or_default(Text(name)).push(Text(value));
        }
        rest = &after[end + 2..];
    }
    headers
}

/// The block with its destination gone, and the sign that nothing is to be traced behind all others.
fn disabled(block: &[u8]) -> Vec<u8> {
    let mut headers = HeaderBlock::from_bytes(&without_headers(block, |name| name == DEST));
    headers.push(DEST_NAME, DISABLED);
    headers.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_listed_as_the_server_reads_them() {
        let block = b"NATS/1.0\r\nB: 2\r\nA:\t1 \r\nB:3\r\nE:\r\nno colon\r\nC: 4\r\n\r\n";
        let map = header_map(block);
        let names: Vec<&[u8]> = map.iter().map(|(name, _)| name.0).collect();
        assert_eq!(names, [&b"A"[..], b"B", b"no colon\r\nC"]);
        assert_eq!(map.get(&Text(b"B")), Some(&vec![Text(b"2"), Text(b"3")]));
        assert!(header_map(b"NATS/1.0 404\r\nA: 1\r\n\r\n").is_empty());
        assert!(header_map(b"").is_empty());
    }
}
