//! Replays `probes-consumers.json`: steps at their own times, and what came on each subscription.

use super::matching::{Bindings, Difference, expand, is_like};
use crate::client::{CONNECT, Client};
use crate::clock;
use crate::json::Json;
use crate::wire::{Frame, Message};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// How far a delivery may be from its recorded time: the recording's own timers were late by some milliseconds.
const LATE_MS: u64 = 60;
/// A real server among others on a busy machine.
const LATE_REAL_MS: u64 = 400;
/// How long the recording went on after a last step that is no wait.
const LAST_WAIT_MS: u64 = 100;
/// The removal of an inactive pull consumer has up to 900 ms of random delay.
const LATE_REMOVAL_MS: u64 = 1_000;

/// Which subscription a delivery came on: the connection's name and the subject.
type Place = (String, String);

#[derive(Clone, Debug)]
struct Delivery {
    at_ms: u64,
    message: Message,
    used: bool,
}

struct Replay<'a> {
    client: &'a mut Client,
    real: bool,
    /// When the first step was made.
    start: Duration,
    bindings: Bindings,
    /// Connections by name; `""` is the one that the probe does not name.
    connections: BTreeMap<String, usize>,
    sids: BTreeMap<(usize, String), Place>,
    arrived: HashMap<Place, Vec<Delivery>>,
    /// The reply subject of each delivery that was compared, by its recorded id.
    reply_of: HashMap<String, String>,
    given: Vec<String>,
}

/// Replays `steps`.
///
/// # Errors
/// The index of the first step that came out otherwise, and how.
pub fn replay(client: &mut Client, steps: &[Json], real: bool) -> Result<(), (usize, Difference)> {
    let conn = client.connect(CONNECT);
    let mut replay = Replay {
        start: client.elapsed(),
        client,
        real,
        bindings: Bindings::default(),
        connections: BTreeMap::from([(String::new(), conn)]),
        sids: BTreeMap::new(),
        arrived: HashMap::new(),
        reply_of: HashMap::new(),
        given: Vec::new(),
    };
    for (index, step) in steps.iter().enumerate() {
        let until = steps.get(index + 1).map_or_else(|| at_ms(step) + last_wait(step), at_ms);
        replay.step(step, until).map_err(|difference| (index, difference))?;
    }
    let last = &steps[steps.len() - 1];
    replay.nothing_left(at_ms(last) + last_wait(last)).map_err(|difference| (steps.len() - 1, difference))
}

fn last_wait(step: &Json) -> u64 {
    step.get("wait_ms").and_then(Json::as_u64).unwrap_or(LAST_WAIT_MS)
}

fn at_ms(step: &Json) -> u64 {
    step.get("at_ms").and_then(Json::as_u64).expect("every step has its time")
}

impl Replay<'_> {
    fn step(&mut self, step: &Json, until_ms: u64) -> Result<(), Difference> {
        self.run_until(at_ms(step));
        if self.real {
            // A late step makes the following ones late too, so that they keep their distance.
            self.start = self.client.elapsed() - Duration::from_millis(at_ms(step));
        }
        let own = String::new();
        let name = step.get("conn").and_then(Json::as_str).unwrap_or(&own).to_owned();
        self.act(step, &name)?;
        self.run_until(until_ms);
        self.collect();
        let deliveries = step.get("deliveries").map(Json::elements).unwrap_or(&[]);
        deliveries.iter().try_for_each(|wanted| self.compare_delivery(wanted))
    }

    fn run_until(&mut self, at_ms: u64) {
        self.client.run_until(self.start + Duration::from_millis(at_ms));
    }

    fn act(&mut self, step: &Json, name: &str) -> Result<(), Difference> {
        for (member, value) in step.members() {
            let text = value.as_str();
            match (member.as_str(), text) {
                ("connect", Some(name)) => {
                    let conn = self.client.connect(CONNECT);
                    self.connections.insert(name.to_owned(), conn);
                }
                ("disconnect", Some(name)) => self.client.disconnect(self.connections[name]),
                ("subscribe", _) => self.subscribe(name, value),
                ("unsubscribe", _) => self.unsubscribe(name, value),
                ("send", _) => self.send(name, value, step.get("reply"))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn subscribe(&mut self, name: &str, subscribe: &Json) {
        let conn = self.connections[name];
        let subject = subscribe.get("subject").and_then(Json::as_str).expect("a subscription has a subject");
        let sid = self.client.subscribe(conn, subject, subscribe.get("queue").and_then(Json::as_str));
        self.sids.insert((conn, sid), (name.to_owned(), subject.to_owned()));
    }

    fn unsubscribe(&mut self, name: &str, unsubscribe: &Json) {
        let conn = self.connections[name];
        let subject = unsubscribe.get("subject").and_then(Json::as_str).expect("it names the subscription");
        let place = (name.to_owned(), subject.to_owned());
        let sids = self.sids.iter().filter(|((on, _), known)| *on == conn && **known == place);
        let sid = sids.map(|((_, sid), _)| sid.clone()).max_by_key(|sid| sid.parse::<u64>().unwrap_or(0));
        let max = unsubscribe.get("max").and_then(Json::as_u64);
        self.client.unsubscribe(conn, &sid.expect("it was subscribed"), max);
    }

    fn send(&mut self, name: &str, send: &Json, wanted: Option<&Json>) -> Result<(), Difference> {
        let conn = self.connections[name];
        let subject = self.subject(send)?;
        let headers = send.get("headers").map(header_block);
        let payload = self.payload(send.get("payload").unwrap_or(&Json::Null))?;
        let Some(wanted) = wanted else {
            let reply = send.get("reply").and_then(Json::as_str);
            self.client.publish(conn, &subject, reply, headers.as_deref(), payload.as_bytes());
            return Ok(());
        };
        let none = wanted.as_str() == Some("<none>");
        let timeout = Duration::from_millis(if none { 250 } else { 2_000 });
        let reply = self.client.request(conn, &subject, headers.as_deref(), payload.as_bytes(), timeout);
        match reply {
            None if none => Ok(()),
            Some(message) if !none => {
                let got = delivered_form(&message, &["headers", "payload"]);
                self.bindings.json("reply", wanted, &got)
            }
            reply => {
                Err(Difference::new("reply", wanted, reply.map_or("nothing".to_owned(), |message| message.text())))
            }
        }
    }

    fn subject(&self, send: &Json) -> Result<String, Difference> {
        let subject = send.get("subject").and_then(Json::as_str).expect("a send has a subject");
        if let Some(id) = send.get("to_reply_of").and_then(Json::as_str) {
            let known = self.reply_of.get(id).cloned();
            return known.ok_or_else(|| Difference::new("to_reply_of", id, "a delivery that did not come"));
        }
        let subject = self.bindings.resolve(subject);
        let given = self.given.iter().rev().find(|given| subject.contains('<') && is_like(&subject, given));
        Ok(given.cloned().unwrap_or(subject))
    }

    fn payload(&mut self, payload: &Json) -> Result<String, Difference> {
        let text = match payload {
            Json::String(text) => text.clone(),
            value => value.to_string(),
        };
        let mut text = self.bindings.resolve(&expand(&text));
        while let Some(start) = text.find("<time of seq ").or(text.find("<now+")) {
            let end = start + text[start..].find('>').expect("a placeholder ends");
            let moment = self.moment(&text[start + 1..end])?;
            text.replace_range(start..=end, &clock::rfc3339(moment));
        }
        Ok(text)
    }

    /// The moment that a placeholder such as `time of seq 2 plus 1ns` or `now+500ms` means.
    fn moment(&mut self, placeholder: &str) -> Result<u64, Difference> {
        let duration = |text: &str| clock::parse_duration(text).expect("a duration").as_nanos() as u64;
        if let Some(later) = placeholder.strip_prefix("now+") {
            return Ok(self.client.unix_nanos() + duration(later));
        }
        let words: Vec<&str> = placeholder.split(' ').collect();
        let request = format!("{{\"seq\":{}}}", words[3]);
        let conn = self.connections[""];
        let get = "$JS.API.STREAM.MSG.GET.S";
        let reply = self.client.request(conn, get, None, request.as_bytes(), Duration::from_secs(2));
        let json = reply.and_then(|message| message.json());
        let time = json.as_ref().and_then(|json| json.at(&["message", "time"])).and_then(Json::as_str);
        let time = time.and_then(clock::parse_rfc3339);
        let time = time.ok_or_else(|| Difference::new("payload", placeholder, "the time could not be asked"))?;
        Ok(match words[4..] {
            ["plus", by] => time + duration(by),
            ["minus", by] => time - duration(by),
            _ => time,
        })
    }

    fn collect(&mut self) {
        for event in self.client.take_events() {
            let Some(Frame::Message(message)) = event.frame else { continue };
            let Some(place) = self.sids.get(&(event.conn, message.sid.clone())) else { continue };
            self.given.extend(message.reply.clone());
            let at_ms = u64::try_from(event.at.saturating_sub(self.start).as_millis()).unwrap_or(u64::MAX);
            self.arrived.entry(place.clone()).or_default().push(Delivery { at_ms, message, used: false });
        }
    }

    /// Compares a recorded delivery with the next one on its subscription, or, where the order of events is not fixed,
    /// with any that was not taken yet.
    fn compare_delivery(&mut self, wanted: &Json) -> Result<(), Difference> {
        let text = |member: &str| wanted.get(member).and_then(Json::as_str).unwrap_or("").to_owned();
        let place = (text("conn"), text("to"));
        let path = format!("{} on {}", text("id"), text("to"));
        let any_order = text("to").starts_with("$JS.EVENT.");
        let recorded_ms = at_ms(wanted);
        let late = self.tolerance(&text("subject"));
        let arrived = self.arrived.entry(place).or_default();
        let mut first = Err(Difference::new(&path, wanted, "nothing"));
        for delivery in arrived.iter_mut().filter(|delivery| !delivery.used) {
            let mut bindings = self.bindings.clone();
            let members = ["subject", "reply", "headers", "payload"];
            let got = delivered_form(&delivery.message, &members);
            let shown: Vec<(String, Json)> =
                wanted.members().iter().filter(|(name, _)| members.contains(&name.as_str())).cloned().collect();
            let result = bindings.json(&path, &Json::Object(sorted(shown, &members)), &got);
            let result = result.and_then(|()| {
                let near = delivery.at_ms.abs_diff(recorded_ms) <= late;
                if near { Ok(()) } else { Err(Difference::new(&path, format!("at {recorded_ms} ms"), delivery.at_ms)) }
            });
            if result.is_ok() {
                delivery.used = true;
                self.bindings = bindings;
                if let Some(reply) = &delivery.message.reply {
                    self.reply_of.insert(text("id"), reply.clone());
                }
                return Ok(());
            }
            if first.as_ref().is_err_and(|difference| difference.got == "nothing") {
                first = result;
            }
            if !any_order {
                break;
            }
        }
        first
    }

    fn tolerance(&self, subject: &str) -> u64 {
        if subject.starts_with("$JS.EVENT.ADVISORY.CONSUMER.DELETED.") {
            return LATE_REMOVAL_MS;
        }
        if self.real { LATE_REAL_MS } else { LATE_MS }
    }

    /// Nothing may have come that the recording, which ended at `end_ms`, does not have. What came so late that it may
    /// have come after that end does not count.
    fn nothing_left(&mut self, end_ms: u64) -> Result<(), Difference> {
        self.collect();
        let late = if self.real { LATE_REAL_MS } else { LATE_MS };
        let places = self.arrived.iter();
        let mut left = places.flat_map(|(place, list)| list.iter().map(move |delivery| (place, delivery)));
        match left.find(|(_, delivery)| !delivery.used && delivery.at_ms + late < end_ms) {
            None => Ok(()),
            Some((place, delivery)) => {
                let got = delivered_form(&delivery.message, &["subject", "reply", "headers", "payload"]);
                Err(Difference::new(
                    &format!("on {}", place.1),
                    "nothing more",
                    format!("at {} ms {got}", delivery.at_ms),
                ))
            }
        }
    }
}

fn sorted(members: Vec<(String, Json)>, order: &[&str]) -> Vec<(String, Json)> {
    let mut members = members;
    members.sort_by_key(|(name, _)| order.iter().position(|known| known == name));
    members
}

/// A message as the recording shows it, with those of its `members` that it has.
fn delivered_form(message: &Message, members: &[&str]) -> Json {
    let mut form = Vec::new();
    for member in members {
        let value = match *member {
            "subject" => Some(Json::string(&message.subject)),
            "reply" => message.reply.as_deref().map(Json::string),
            "headers" => headers_form(message),
            _ => Some(message.json().unwrap_or_else(|| Json::String(message.text()))),
        };
        form.extend(value.map(|value| ((*member).to_owned(), value)));
    }
    Json::Object(form)
}

/// Names and values, the status first; a repeated name keeps its last value.
fn headers_form(message: &Message) -> Option<Json> {
    let mut members: Vec<(String, Json)> = Vec::new();
    members.extend(message.status().map(|status| ("status".to_owned(), Json::string(status))));
    for (name, value) in message.header_fields() {
        match members.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = Json::String(value),
            None => members.push((name, Json::String(value))),
        }
    }
    (!members.is_empty()).then_some(Json::Object(members))
}

fn header_block(headers: &Json) -> String {
    let lines = headers.members().iter().map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap_or("")));
    format!("NATS/1.0\r\n{}\r\n", lines.collect::<String>())
}
