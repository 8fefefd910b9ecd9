//! Replays `probes-streams.json`: requests with their replies, waits, and subscriptions looked at later.

use super::matching::{Bindings, Difference, expand, is_like};
use crate::client::{CONNECT, Client};
use crate::json::Json;
use crate::mask::base64;
use crate::wire::{Frame, Message};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long to wait for a first reply.
const REPLY: Duration = Duration::from_millis(600);
/// How long no further reply may come before all have come.
const QUIET: Duration = Duration::from_millis(120);

struct Replay<'a> {
    client: &'a mut Client,
    conn: usize,
    bindings: Bindings,
    /// Reply subjects of deliveries, the newest last.
    given: Vec<String>,
    /// The sid of each subscription.
    subscriptions: BTreeMap<String, String>,
    /// What came on those subscriptions and was not compared yet.
    received: BTreeMap<String, Vec<Message>>,
}

/// Replays `steps`.
///
/// # Errors
/// The index of the first step that came out otherwise, and how.
pub fn replay(client: &mut Client, steps: &[Json]) -> Result<(), (usize, Difference)> {
    let conn = client.connect(CONNECT);
    let (subscriptions, received) = (BTreeMap::new(), BTreeMap::new());
    let mut replay = Replay { client, conn, bindings: Bindings::default(), given: Vec::new(), subscriptions, received };
    steps.iter().enumerate().try_for_each(|(index, step)| replay.step(step).map_err(|difference| (index, difference)))
}

impl Replay<'_> {
    fn step(&mut self, step: &Json) -> Result<(), Difference> {
        if let Some(wait) = step.get("wait_ms").and_then(Json::as_u64) {
            self.client.run_until(self.client.elapsed() + Duration::from_millis(wait));
        }
        if let Some(subject) = step.get("subscribe").and_then(Json::as_str) {
            self.subscribe(subject);
        }
        if let Some(subject) = step.get("received_on").and_then(Json::as_str) {
            self.client.settle(QUIET);
            self.collect();
            let sid = self.subscriptions[subject].clone();
            let got: Vec<Json> = self.received.remove(&sid).unwrap_or_default().iter().map(on_subscription).collect();
            let wanted = step.get("messages").cloned().unwrap_or(Json::Null);
            self.bindings.json(subject, &wanted, &Json::Array(got))?;
        }
        if let Some(send) = step.get("send") {
            self.send(send, step)?;
        }
        // The recording took its time between two steps as well.
        self.client.run_until(self.client.elapsed() + Duration::from_millis(2));
        Ok(())
    }

    fn subscribe(&mut self, subject: &str) {
        let sid = self.client.subscribe(self.conn, subject, None);
        self.subscriptions.insert(subject.to_owned(), sid);
    }

    /// Sorts what arrived by subscription.
    fn collect(&mut self) {
        for event in self.client.take_events() {
            if let Some(Frame::Message(message)) = event.frame {
                self.received.entry(message.sid.clone()).or_default().push(message);
            }
        }
    }

    fn send(&mut self, send: &Json, step: &Json) -> Result<(), Difference> {
        let subject = send.get("subject").and_then(Json::as_str).expect("a send has a subject");
        let given = self.given.iter().rev().find(|given| subject.contains('<') && is_like(subject, given));
        let subject = given.cloned().unwrap_or_else(|| subject.to_owned());
        let headers = send.get("headers").and_then(header_block);
        let payload = match send.get("payload") {
            Some(Json::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let (headers, payload) = (headers.as_deref(), payload.as_bytes());
        if send.get("no_reply_subject").is_some() {
            self.client.publish(self.conn, &subject, None, headers, payload);
            return Ok(());
        }
        if let Some(reply_to) = send.get("reply_to").and_then(Json::as_str) {
            let wanted = step.get("replies").or(step.get("reply")).cloned().unwrap_or(Json::Null);
            return self.send_with_reply_to(&subject, reply_to, headers, payload, &wanted);
        }
        match step.get("replies") {
            Some(wanted) => {
                let inbox = format!("_INBOX.many.{}", self.subscriptions.len());
                self.subscribe(&inbox);
                self.send_with_reply_to(&subject, &inbox, headers, payload, wanted)
            }
            None => {
                let wanted = step.get("reply").unwrap_or(&Json::Null);
                let timeout = if *wanted == Json::Null { Duration::from_millis(300) } else { REPLY };
                let reply = self.client.request(self.conn, &subject, headers, payload, timeout);
                match (wanted, reply) {
                    (Json::Null, None) => Ok(()),
                    (wanted, Some(message)) if *wanted != Json::Null => self.compare("reply", wanted, &message),
                    (wanted, reply) => {
                        Err(Difference::new("reply", wanted, reply.map_or("nothing".into(), |m| m.text())))
                    }
                }
            }
        }
    }

    fn send_with_reply_to(
        &mut self,
        subject: &str,
        reply_to: &str,
        headers: Option<&str>,
        payload: &[u8],
        wanted: &Json,
    ) -> Result<(), Difference> {
        // Such a subject names a batch: one subscription takes the replies to each of its messages.
        let batch = match reply_to.ends_with(".$FI") {
            true => reply_to.split('.').take(3).collect::<Vec<_>>().join(".") + ".>",
            false => reply_to.to_owned(),
        };
        if !self.subscriptions.contains_key(&batch) {
            self.subscribe(&batch);
        }
        self.client.publish(self.conn, subject, Some(reply_to), headers, payload);
        self.client.settle(QUIET);
        self.collect();
        let sid = self.subscriptions[&batch].clone();
        let replies = self.received.remove(&sid).unwrap_or_default();
        let wanted = if let Json::Object(_) = wanted { Json::Array(vec![wanted.clone()]) } else { wanted.clone() };
        self.compare_all(&wanted, &replies)
    }

    fn compare_all(&mut self, wanted: &Json, replies: &[Message]) -> Result<(), Difference> {
        let wanted = wanted.elements();
        if wanted.len() != replies.len() {
            let texts: Vec<String> = replies.iter().map(|reply| format!("{:?}", reply.text())).collect();
            return Err(Difference::new("replies", wanted.len(), format!("{}: {}", texts.len(), texts.join(" "))));
        }
        let pairs = wanted.iter().zip(replies).enumerate();
        let mut pairs = pairs.map(|(index, (wanted, reply))| (format!("replies[{index}]"), wanted, reply));
        pairs.try_for_each(|(path, wanted, reply)| self.compare(&path, wanted, reply))
    }

    fn compare(&mut self, path: &str, wanted: &Json, message: &Message) -> Result<(), Difference> {
        self.given.extend(message.reply.clone());
        for (name, wanted) in wanted.members() {
            let path = format!("{path}.{name}");
            match name.as_str() {
                "payload" => self.bindings.json(&path, wanted, &masked_hdrs(wanted, payload_form(message)))?,
                "headers" => self.bindings.json(&path, wanted, &headers_form(message))?,
                "raw" => self.bindings.text(&path, wanted.as_str().unwrap_or(""), &message.text())?,
                "status" => {
                    self.bindings.text(&path, wanted.as_str().unwrap_or(""), message.status().unwrap_or(""))?;
                }
                "subject" => self.bindings.text(&path, wanted.as_str().unwrap_or(""), &message.subject)?,
                "reply_to" => {
                    let reply = message.reply.as_deref().unwrap_or("");
                    self.bindings.text(&path, wanted.as_str().unwrap_or(""), reply)?;
                }
                "decoded_hdrs" => {
                    let encoded = message.json();
                    let encoded =
                        encoded.as_ref().and_then(|json| json.at(&["message", "hdrs"])).and_then(Json::as_str);
                    let decoded = String::from_utf8_lossy(&base64(encoded.unwrap_or(""))).into_owned();
                    if without_ident(&decoded) != without_ident(wanted.as_str().unwrap_or("")) {
                        self.bindings.text(&path, wanted.as_str().unwrap_or(""), &decoded)?;
                    }
                }
                _ => return Err(Difference::new(&path, wanted, "a member that the replay does not know")),
            }
        }
        Ok(())
    }
}

/// Headers that hold volatile values were replaced in the recording, where `decoded_hdrs` beside them shows them, or
/// not, where only the last word of `Nats-Stream-Source` may differ.
fn masked_hdrs(wanted: &Json, mut got: Json) -> Json {
    let Some(wanted_hdrs) = wanted.at(&["message", "hdrs"]).and_then(Json::as_str) else { return got };
    let got_hdrs = got.at(&["message", "hdrs"]).and_then(Json::as_str).unwrap_or("");
    let decoded = |encoded: &str| without_ident(&String::from_utf8_lossy(&base64(encoded)));
    if wanted_hdrs != "<base64 of decoded_hdrs>" && decoded(wanted_hdrs) != decoded(got_hdrs) {
        return got;
    }
    if let Json::Object(members) = &mut got
        && let Some((_, Json::Object(message))) = members.iter_mut().find(|(name, _)| name == "message")
        && let Some((_, hdrs)) = message.iter_mut().find(|(name, _)| name == "hdrs")
    {
        *hdrs = Json::string(wanted_hdrs);
    }
    got
}

/// The lines of a header block, the identity of the origin stream cut off.
fn without_ident(block: &str) -> Vec<String> {
    let cut = |line: &str| match line.rsplit_once(' ') {
        Some((rest, _)) if line.starts_with("Nats-Stream-Source: ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    block.split("\r\n").map(cut).collect()
}

fn payload_form(message: &Message) -> Json {
    message.json().unwrap_or_else(|| Json::String(message.text()))
}

fn headers_form(message: &Message) -> Json {
    let fields = message.header_fields();
    if fields.is_empty() {
        return Json::Null;
    }
    Json::Object(fields.into_iter().map(|(name, value)| (name, Json::String(value))).collect())
}

fn on_subscription(message: &Message) -> Json {
    let members = [
        ("subject", Json::string(&message.subject)),
        ("headers", headers_form(message)),
        ("payload", payload_form(message)),
    ];
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The header block of a recorded object.
fn header_block(headers: &Json) -> Option<String> {
    if headers.members().is_empty() {
        return None;
    }
    let mut block = String::from("NATS/1.0\r\n");
    for (name, value) in headers.members() {
        block += &format!("{name}: {}\r\n", expand(value.as_str().unwrap_or("")));
    }
    Some(block + "\r\n")
}
