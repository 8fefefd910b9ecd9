//! What arrived, as lines of a transcript.

use super::words::quote;
use crate::json::Json;
use crate::mask::{Masks, base64};
use crate::wire::{Frame, Message};

/// The parts of an ack subject `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`.
#[derive(Clone, Debug)]
pub struct AckSubject {
    pub consumer: String,
    pub delivered: String,
    pub stream_seq: String,
    pub consumer_seq: String,
    pub num_pending: String,
}

impl AckSubject {
    pub fn parse(subject: &str) -> Option<Self> {
        let tokens: Vec<&str> = subject.strip_prefix("$JS.ACK.")?.split('.').collect();
        let [_, consumer, delivered, stream_seq, consumer_seq, _, num_pending] = tokens.as_slice() else { return None };
        Some(Self {
            consumer: (*consumer).to_owned(),
            delivered: (*delivered).to_owned(),
            stream_seq: (*stream_seq).to_owned(),
            consumer_seq: (*consumer_seq).to_owned(),
            num_pending: (*num_pending).to_owned(),
        })
    }
}

/// A message as one line: a delivery, a status, or a plain message.
pub fn message(masks: &mut Masks, message: &Message) -> String {
    let headers = headers(masks, message);
    if let Some(status) = message.status() {
        let reply = message.reply.as_deref().map(|reply| format!(" reply={}", masks.text(reply))).unwrap_or_default();
        return format!("{status}{reply}{headers}{}", payload_after_status(masks, message));
    }
    let subject = masks.text(&message.subject);
    let payload = payload(masks, message);
    match message.reply.as_deref().map(|reply| (AckSubject::parse(reply), reply)) {
        Some((Some(ack), _)) => format!(
            "{subject} {payload} stream_seq={} consumer_seq={} delivered={} num_pending={}{headers}",
            ack.stream_seq, ack.consumer_seq, ack.delivered, ack.num_pending
        ),
        Some((None, reply)) => format!("{subject} {payload} reply={}{headers}", masks.text(reply)),
        None => format!("{subject} {payload}{headers}"),
    }
}

fn payload_after_status(masks: &mut Masks, message: &Message) -> String {
    if message.payload.is_empty() { String::new() } else { format!(" {}", payload(masks, message)) }
}

fn payload(masks: &mut Masks, message: &Message) -> String {
    if let Some(json) = message.json().filter(|_| message.payload.len() > 2) {
        return masks.json(&json).to_string();
    }
    match std::str::from_utf8(&message.payload) {
        Ok(text) => quote(&shortened(&masks.text(text))),
        Err(_) => "<binary>".to_owned(),
    }
}

/// Long runs of one character as `c×N`.
fn shortened(text: &str) -> String {
    let first = text.chars().next();
    match first {
        Some(first) if text.len() > 40 && text.chars().all(|character| character == first) => {
            format!("{first}×{}", text.chars().count())
        }
        _ => text.to_owned(),
    }
}

fn headers(masks: &mut Masks, message: &Message) -> String {
    let mut text = String::new();
    for (name, value) in message.header_fields() {
        let value = masks.header(&name, &value);
        let plain = !value.is_empty() && !value.contains([' ', '"', '\\', '\t']) && !value.contains(char::is_control);
        text += &format!(" {name}:{}", if plain { value } else { quote(&value) });
    }
    text
}

/// The answer to a publication or request whose reply nobody shaped otherwise.
pub fn reply(masks: &mut Masks, reply: Option<&Message>) -> String {
    let Some(reply) = reply else { return "no reply".to_owned() };
    if let Some(json) = reply.json() {
        return json_reply(masks, &json) + &headers(masks, reply);
    }
    if reply.headers.is_none() && reply.payload.is_empty() {
        return "empty reply".to_owned();
    }
    if reply.status().is_some() {
        return message(masks, reply);
    }
    format!("reply {}{}", payload(masks, reply), headers(masks, reply))
}

fn json_reply(masks: &mut Masks, json: &Json) -> String {
    if json.get("type").is_none() && json.get("stream").is_some() {
        return pub_ack(masks, json);
    }
    masks.json(json).to_string()
}

fn pub_ack(masks: &mut Masks, json: &Json) -> String {
    let mut text = match json.get("error") {
        Some(problem) => error(problem),
        None => "puback".to_owned(),
    };
    for (name, value) in json.members().iter().filter(|(name, _)| name != "error") {
        match (name.as_str(), masks.json(value)) {
            ("stream", Json::String(stream)) => text += &format!(" {stream}"),
            ("duplicate", Json::Bool(true)) => text += " duplicate",
            (_, Json::String(value)) => text += &format!(" {name}={value}"),
            (_, value) => text += &format!(" {name}={value}"),
        }
    }
    text
}

/// The `error` object of a reply.
pub fn error(error: &Json) -> String {
    let number = |name| error.get(name).map(Json::to_string).unwrap_or_default();
    let description = error.get("description").and_then(Json::as_str).unwrap_or("");
    format!("error {}/{} {description}", number("code"), number("err_code"))
}

/// A reply of the API of which only its success matters.
pub fn outcome(
    masks: &mut Masks,
    message: Option<&Message>,
    success: impl FnOnce(&Json, &mut Masks) -> String,
) -> String {
    match message.and_then(Message::json) {
        Some(json) => match json.get("error") {
            Some(problem) => masks.text(&error(problem)),
            None => success(&json, masks),
        },
        None => reply(masks, message),
    }
}

/// The state of a stream: everything but its times.
pub fn stream_state(name: &str, json: &Json, masks: &mut Masks) -> String {
    let state = json.get("state").map(Json::members).unwrap_or(&[]);
    let mut text = name.to_owned();
    for (name, value) in state.iter().filter(|(name, _)| !name.ends_with("_ts")) {
        text += &format!(" {name}={value}");
    }
    for name in ["mirror", "sources"] {
        if let Some(value) = json.get(name) {
            text += &format!(" {name}={}", in_order_of_names(&masks.json(value)));
        }
    }
    text
}

/// The server gives sources in a random order.
fn in_order_of_names(value: &Json) -> Json {
    match value {
        Json::Array(elements) => {
            let mut elements = elements.clone();
            elements.sort_by_key(Json::to_string);
            Json::Array(elements)
        }
        other => other.clone(),
    }
}

/// The state of a consumer: everything but its config and times.
pub fn consumer_state(json: &Json, masks: &mut Masks) -> String {
    let text = |name| json.get(name).and_then(Json::as_str).unwrap_or("");
    let mut line = masks.text(text("name"));
    for name in ["delivered", "ack_floor"] {
        let number = |member| json.at(&[name, member]).map(Json::to_string).unwrap_or_default();
        line += &format!(" {name}={}/{}", number("consumer_seq"), number("stream_seq"));
    }
    let shown = ["stream_name", "name", "created", "config", "delivered", "ack_floor", "ts", "type", "pause_remaining"];
    for (name, value) in json.members().iter().filter(|(name, _)| !shown.contains(&name.as_str())) {
        line += &format!(" {name}={}", masks.json(value));
    }
    line
}

/// The message in a reply to `STREAM.MSG.GET`.
pub fn stored_message(json: &Json, masks: &mut Masks) -> String {
    let text = |name| json.at(&["message", name]).and_then(Json::as_str).unwrap_or("");
    let seq = json.at(&["message", "seq"]).map(Json::to_string).unwrap_or_default();
    let stored = Message {
        subject: text("subject").to_owned(),
        headers: (!text("hdrs").is_empty()).then(|| String::from_utf8_lossy(&base64(text("hdrs"))).into_owned()),
        payload: base64(text("data")),
        ..Message::default()
    };
    format!("{seq}: {}", message(masks, &stored))
}

/// A frame of a connection that speaks raw protocol.
pub fn raw(masks: &mut Masks, frame: Option<&Frame>) -> String {
    match frame {
        None => "closed".to_owned(),
        Some(Frame::Info(info)) => format!("INFO {}", masks.json(info)),
        Some(Frame::Ok) => "+OK".to_owned(),
        Some(Frame::Err(text)) => format!("-ERR '{text}'"),
        Some(Frame::Ping) => "PING".to_owned(),
        Some(Frame::Pong) => "PONG".to_owned(),
        Some(Frame::Unknown(line)) => format!("? {line}"),
        Some(Frame::Message(message)) => {
            let verb = if message.headers.is_some() { "HMSG" } else { "MSG" };
            let optional = |text: &Option<String>| text.as_deref().map(|text| format!("{text} ")).unwrap_or_default();
            let mut line = format!("{verb} {} {} {}", message.subject, message.sid, optional(&message.reply));
            line += &format!("{}{}", optional(&message.header_len), message.len);
            for part in [message.headers.as_deref(), Some(&*message.text())].into_iter().flatten() {
                line += &format!(" {}", quote(&shortened(part)));
            }
            masks.text(&line)
        }
    }
}
