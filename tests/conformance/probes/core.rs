//! Replays `probes-core.json`: raw protocol bytes and everything that a connection receives.

use super::matching::{Bindings, Difference, is_like};
use crate::client::{Client, Event};
use crate::json::Json;
use crate::wire::{Frame, Message};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long to wait for the first thing of a step that has some.
const FIRST: Duration = Duration::from_millis(400);
/// How long a connection has to be silent before a step counts as over.
const QUIET: Duration = Duration::from_millis(150);

struct Replay<'a> {
    client: &'a mut Client,
    connections: BTreeMap<String, usize>,
    /// The queue group of each sid that has one.
    queues: BTreeMap<String, String>,
    bindings: Bindings,
    /// Subjects that the server gave away: replies and deliver subjects, the newest last.
    given: Vec<String>,
    /// The newest stream info, and the newest payload that was no text: a piece of a snapshot.
    stream_info: Option<Json>,
    chunk: Vec<u8>,
}

/// Replays `steps`.
///
/// # Errors
/// The index of the first step that came out otherwise, and how.
pub fn replay(client: &mut Client, steps: &[Json]) -> Result<(), (usize, Difference)> {
    let mut replay = Replay {
        client,
        connections: BTreeMap::new(),
        queues: BTreeMap::new(),
        bindings: Bindings::default(),
        given: Vec::new(),
        stream_info: None,
        chunk: Vec::new(),
    };
    steps.iter().enumerate().try_for_each(|(index, step)| replay.step(step).map_err(|difference| (index, difference)))
}

impl Replay<'_> {
    fn step(&mut self, step: &Json) -> Result<(), Difference> {
        let name = step.get("open").or(step.get("conn")).and_then(Json::as_str).unwrap_or("a");
        if step.get("open").is_some() {
            let conn = self.client.open();
            self.connections.insert(name.to_owned(), conn);
        }
        let conn = self.connections[name];
        match step.get("send") {
            Some(Json::String(bytes)) => {
                self.queues.extend(queues(bytes));
                self.client.send(conn, raw_bytes(bytes).as_bytes());
            }
            Some(send) => self.publish(conn, send),
            None => {}
        }
        let wait = step.get("wait_ms").and_then(Json::as_u64).unwrap_or(0);
        self.client.run_until(self.client.elapsed() + Duration::from_millis(wait));
        let wanted = step.get("recv").map(Json::elements).unwrap_or(&[]);
        if !wanted.is_empty() {
            self.client.wait_for_event(conn, self.client.elapsed() + FIRST);
        }
        self.client.settle(QUIET);
        let events = self.client.take_events_of(conn);
        self.remember(&events);
        let closed = events.iter().any(|event| event.frame.is_none());
        let got: Vec<Json> =
            events.into_iter().filter_map(|event| event.frame).map(|frame| recorded_form(&frame)).collect();
        self.compare(wanted, &got)?;
        let wanted_closed = step.get("closed").is_some();
        if closed == wanted_closed { Ok(()) } else { Err(Difference::new("closed", wanted_closed, closed)) }
    }

    fn publish(&mut self, conn: usize, send: &Json) {
        let subject = self.given_subject(send.get("subject").and_then(Json::as_str).expect("a send has a subject"));
        let reply = send.get("reply").and_then(Json::as_str);
        let headers = send.get("headers").and_then(Json::as_str);
        let payload = self.payload(send.get("payload").expect("a send has a payload"));
        self.client.publish(conn, &subject, reply, headers, &payload);
    }

    fn payload(&self, payload: &Json) -> Vec<u8> {
        match payload {
            Json::String(text) if text == "<chunk>" => self.chunk.clone(),
            Json::String(text) => text.clone().into_bytes(),
            object => {
                let info = self.stream_info.as_ref();
                let part = |name| info.and_then(|info| info.get(name)).map(Json::to_string).unwrap_or_default();
                object
                    .to_string()
                    .replace("\"<config of the stream info reply>\"", &part("config"))
                    .replace("\"<state of the stream info reply>\"", &part("state"))
                    .into_bytes()
            }
        }
    }

    /// A subject of the recording, its placeholders filled from what the server gave.
    fn given_subject(&self, subject: &str) -> String {
        let given = self.given.iter().rev().find(|given| subject.contains('<') && is_like(subject, given));
        given.cloned().unwrap_or_else(|| subject.to_owned())
    }

    fn remember(&mut self, events: &[Event]) {
        for event in events {
            let Some(Frame::Message(message)) = &event.frame else { continue };
            self.given.extend(message.reply.clone());
            if std::str::from_utf8(&message.payload).is_err() {
                self.chunk = message.payload.clone();
            }
            let Some(json) = message.json() else { continue };
            self.given.extend(json.get("deliver_subject").and_then(Json::as_str).map(str::to_owned));
            if json.get("state").is_some() && json.get("cluster").is_some() {
                self.stream_info = Some(json);
            }
        }
    }

    /// Compares in the order of arrival, or, failing that, subscription by subscription.
    fn compare(&mut self, wanted: &[Json], got: &[Json]) -> Result<(), Difference> {
        let in_order = self.bindings.clone().json("recv", &Json::Array(wanted.to_vec()), &Json::Array(got.to_vec()));
        let Err(difference) = in_order else { return Ok(()) };
        let (wanted_groups, groups) = (self.by_subscription(wanted), self.by_subscription(got));
        if wanted_groups.len() != groups.len() || wanted.len() != got.len() {
            let texts = |frames: &[Json]| Json::Array(frames.to_vec()).to_string();
            return Err(Difference::new(&difference.path, texts(wanted), texts(got)));
        }
        for ((wanted_sid, wanted), (sid, got)) in wanted_groups.iter().zip(&groups) {
            if wanted_sid != sid {
                return Err(difference);
            }
            self.bindings.json(&format!("recv sid {sid}"), &Json::Array(wanted.clone()), &Json::Array(got.clone()))?;
        }
        Ok(())
    }

    /// Frames by their sid, or their queue group: which member gets a message is the server's choice. Events of the
    /// server in the order of their subjects, because theirs is not fixed.
    fn by_subscription(&self, frames: &[Json]) -> BTreeMap<String, Vec<Json>> {
        let mut groups: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for frame in frames {
            let sid = frame.get("sid").and_then(Json::as_str).unwrap_or("");
            let queue = self.queues.get(sid);
            let mut frame = frame.clone();
            if let (Some(_), Json::Object(members)) = (queue, &mut frame) {
                members.retain(|(name, _)| name != "sid");
            }
            groups.entry(queue.map_or(sid.to_owned(), |queue| format!("queue {queue}"))).or_default().push(frame);
        }
        for group in groups.values_mut() {
            group.sort_by_key(|frame| {
                let subject = frame.get("subject").and_then(Json::as_str).unwrap_or("");
                let seq = frame.at(&["payload", "stream_seq"]).and_then(Json::as_u64);
                if subject.starts_with("$JS.EVENT.") { (subject.to_owned(), seq) } else { (String::new(), None) }
            });
        }
        groups
    }
}

/// The queue subscriptions in raw bytes: sid and group.
fn queues(bytes: &str) -> impl Iterator<Item = (String, String)> {
    bytes.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [verb, _, queue, sid] = words.as_slice() else { return None };
        verb.eq_ignore_ascii_case("SUB").then(|| ((*sid).to_owned(), (*queue).to_owned()))
    })
}

/// The recording shortened one line to its start and `<N bytes>`; any text of that length does the same.
fn raw_bytes(text: &str) -> String {
    let shortened = text.strip_suffix(" bytes>").and_then(|text| text.rsplit_once('<'));
    match shortened.and_then(|(start, count)| Some((start, count.parse::<usize>().ok()?))) {
        Some((start, count)) => format!("{start:x<count$}"),
        None => text.to_owned(),
    }
}

/// A frame as the recording shows it.
fn recorded_form(frame: &Frame) -> Json {
    match frame {
        Frame::Info(info) => object([("op", Json::string("INFO")), ("json", info.clone())]),
        Frame::Ok => Json::string("+OK"),
        Frame::Err(text) => Json::String(format!("-ERR '{text}'")),
        Frame::Ping => Json::string("PING"),
        Frame::Pong => Json::string("PONG"),
        Frame::Message(message) => message_form(message),
        Frame::Unknown(line) => Json::string(line),
    }
}

fn message_form(message: &Message) -> Json {
    let op = if message.headers.is_some() { "HMSG" } else { "MSG" };
    let mut members = vec![("op", Json::string(op)), ("subject", Json::string(&message.subject))];
    members.push(("sid", Json::string(&message.sid)));
    members.extend(message.reply.as_deref().map(|reply| ("reply", Json::string(reply))));
    members.extend(message.headers.as_deref().map(|headers| ("headers", Json::string(headers))));
    members.push(("payload", message.json().unwrap_or_else(|| Json::String(message.text()))));
    members.extend(message.header_len.as_deref().map(|len| ("hdr_len", Json::string(len))));
    members.push(("len", Json::string(&message.len)));
    object(members)
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
