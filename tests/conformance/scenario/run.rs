//! Carries out the steps of a scenario on one arm and writes down what comes.

use super::file::Section;
use super::print::{self, AckSubject};
use super::words::{Word, words};
use crate::arm::{ArmKind, ServerOptions};
use crate::client::{CONNECT, Client, Event, Observed};
use crate::clock;
use crate::json::Json;
use crate::mask::Masks;
use crate::parallel;
use crate::wire::{Frame, Message};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a step lasts, and whether steps may be about what is not there.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A step is over when nothing has come for this long.
    pub(super) quiet: Duration,
    /// An ack of a delivery that did not come is no mistake of the scenario.
    lenient: bool,
}

impl Pace {
    /// That of the scenarios in files.
    const STRICT: Self = Self { quiet: Duration::from_millis(60), lenient: false };
    /// Three paces at which random scenarios are run.
    pub const CALM: [Self; 3] = [Self::lenient(40), Self::lenient(50), Self::lenient(62)];
    /// Where nothing but replies comes, a step is over soon after its reply.
    pub const BRISK: [Self; 3] = [Self::lenient(8), Self::lenient(14), Self::lenient(25)];

    /// The same with steps of so many quarters of the time.
    pub fn quarters(self, number: u32) -> Self {
        Self { quiet: self.quiet * number / 4, ..self }
    }

    const fn lenient(quiet_ms: u64) -> Self {
        Self { quiet: Duration::from_millis(quiet_ms), lenient: true }
    }
}

/// How much longer than its quiet a step of a random scenario lasts.
const BETWEEN: Duration = Duration::from_millis(1);
/// How long a step waits for its reply.
const REPLY: Duration = Duration::from_millis(2_000);
/// How long a step waits for a reply that does not come on purpose.
const NO_REPLY: Duration = Duration::from_millis(300);

/// Stands for what was not seen, where that is no mistake of the scenario.
const UNSEEN: &str = "2020-01-01T00:00:00Z";

/// The connection that a scenario has from its start.
const MAIN: &str = "main";

struct Connection {
    name: String,
    conn: usize,
    /// Shows its frames as they are.
    raw: bool,
}

struct Subscription {
    conn: usize,
    sid: String,
    subject: String,
    label: Option<String>,
}

/// A message with an ack subject.
#[derive(Clone)]
struct Delivery {
    subject: String,
    ack: AckSubject,
}

/// One run of a scenario.
pub struct Runner {
    pub(super) pace: Pace,
    pub(super) client: Client,
    pub(super) masks: Masks,
    connections: Vec<Connection>,
    /// Index into `connections` of the one that steps act on.
    current: usize,
    subscriptions: Vec<Subscription>,
    deliveries: Vec<Delivery>,
    /// Configurations by stream, or stream and consumer, for steps that change them.
    pub(super) configs: BTreeMap<String, Vec<(String, Json)>>,
    last_reply: Option<String>,
    last_flow_control: Option<String>,
    pub(super) last_deliver_subject: Option<String>,
    pub(super) snapshots: BTreeMap<String, super::snapshot::Snapshot>,
}

/// The transcript of each section, and what the checks saw.
pub struct Transcript {
    pub sections: Vec<Vec<String>>,
    pub observed: Observed,
}

/// Runs all sections on a server of their own.
///
/// # Errors
/// A step is not understood, or the server does not start.
pub fn run(kind: &ArmKind, sections: &[Section]) -> Result<Transcript, String> {
    run_at(kind, sections, Pace::STRICT)
}

/// The same at another pace.
///
/// # Errors
/// As [`run`].
pub fn run_at(kind: &ArmKind, sections: &[Section], pace: Pace) -> Result<Transcript, String> {
    let client = Client::new(kind.start(&server_options(sections)?)?);
    parallel::caught(|| run_with(Runner::new(client, pace), sections))?
}

fn run_with(mut runner: Runner, sections: &[Section]) -> Result<Transcript, String> {
    let mut transcript = Vec::new();
    for section in sections {
        let mut lines = Vec::new();
        for (number, step) in section.steps() {
            lines.extend(runner.step(step).map_err(|error| format!("line {number}: {error}"))?);
        }
        transcript.push(lines);
    }
    Ok(Transcript { sections: transcript, observed: runner.client.observed() })
}

/// The options in a `server` step, which has to be the first.
fn server_options(sections: &[Section]) -> Result<ServerOptions, String> {
    let mut options = ServerOptions::default();
    let first = sections.iter().flat_map(Section::steps).next();
    if let Some(arguments) = first.and_then(|(_, step)| step.strip_prefix("server ")) {
        for word in words(arguments)? {
            let (key, value, _) = word.pair().ok_or_else(|| format!("server takes key=value, not {:?}", word.text))?;
            options.set(key, value)?;
        }
    }
    Ok(options)
}

impl Runner {
    fn new(mut client: Client, pace: Pace) -> Self {
        let conn = client.connect(CONNECT);
        Self {
            pace,
            client,
            masks: Masks::default(),
            connections: vec![Connection { name: MAIN.to_owned(), conn, raw: false }],
            current: 0,
            subscriptions: Vec::new(),
            deliveries: Vec::new(),
            configs: BTreeMap::new(),
            last_reply: None,
            last_flow_control: None,
            last_deliver_subject: None,
            snapshots: BTreeMap::new(),
        }
    }

    /// The index of the connection that steps act on.
    pub(super) fn conn(&self) -> usize {
        self.connections[self.current].conn
    }

    fn step(&mut self, step: &str) -> Result<Vec<String>, String> {
        let step = self.filled_in(step)?;
        if let Some(rest) = step.strip_prefix("repeat ") {
            let mut lines = Vec::new();
            for step in numbered(rest)? {
                lines.extend(self.step(&step)?);
            }
            return Ok(lines);
        }
        let mut lines = Vec::new();
        match step.strip_prefix("burst ") {
            Some(rest) => {
                for step in numbered(rest)? {
                    lines.extend(self.act(&words(&step)?)?);
                }
            }
            None => lines.extend(self.act(&words(&step)?)?),
        }
        self.client.settle(self.pace.quiet);
        lines.extend(self.arrived());
        if self.pace.lenient {
            // A real server takes some time for a step: what comes a step's length after it comes in the next one.
            self.client.run_until(self.client.elapsed() + BETWEEN);
        }
        Ok(lines)
    }

    /// Carries out one step; returns the lines of its own reply.
    fn act(&mut self, words: &[Word]) -> Result<Vec<String>, String> {
        let (verb, arguments) = words.split_first().ok_or("an empty step")?;
        let first = || arguments.first().map(|word| word.text.as_str()).ok_or(format!("{} wants a name", verb.text));
        match verb.text.as_str() {
            "server" => Ok(Vec::new()),
            "open" => self.open(first()?),
            "connect" => self.connect(first()?, &arguments[1..]),
            "disconnect" => {
                let index = self.connection(first()?)?;
                self.client.disconnect(self.connections[index].conn);
                Ok(Vec::new())
            }
            "use" => {
                self.current = self.connection(first()?)?;
                Ok(Vec::new())
            }
            "raw" => {
                let conn = self.connections[self.connection(first()?)?].conn;
                let bytes = arguments.get(1).ok_or("raw wants bytes")?;
                self.client.send(conn, bytes.text.as_bytes());
                Ok(Vec::new())
            }
            "wait" => {
                let time = clock::parse_duration(first()?).ok_or("wait wants a duration")?;
                self.client.run_until(self.client.elapsed() + time);
                Ok(Vec::new())
            }
            "subscribe" => self.subscribe_step(arguments),
            "unsubscribe" => self.unsubscribe_step(arguments),
            "publish" => self.request_step(arguments, ""),
            "request" => self.request_step(arguments, ""),
            "api" => self.request_step(arguments, "$JS.API."),
            "publish_core" => self.publish_core(arguments),
            "publish_many" => self.publish_many(arguments),
            "pull" => self.pull(arguments),
            "ack" | "nak" | "term" | "wpi" | "next" | "ack_body" => self.ack(&verb.text, arguments),
            "info" | "stream" | "consumer" | "direct" => self.management_step(&verb.text, arguments),
            "snapshot" | "restore" => self.snapshot_step(&verb.text, arguments),
            other => Err(format!("unknown step {other:?}")),
        }
    }

    fn connection(&self, name: &str) -> Result<usize, String> {
        let known = self.connections.iter().rposition(|connection| connection.name == name);
        known.ok_or_else(|| format!("there is no connection {name:?}"))
    }

    fn open(&mut self, name: &str) -> Result<Vec<String>, String> {
        let conn = self.client.open();
        self.connections.push(Connection { name: name.to_owned(), conn, raw: true });
        Ok(Vec::new())
    }

    fn connect(&mut self, name: &str, options: &[Word]) -> Result<Vec<String>, String> {
        let standard = Json::parse(CONNECT).expect("our own constant");
        let options = Json::Object(super::values::changed(standard.members(), super::values::members(options)?));
        let conn = self.client.connect(&options.to_string());
        self.connections.push(Connection { name: name.to_owned(), conn, raw: false });
        Ok(Vec::new())
    }

    fn subscribe_step(&mut self, arguments: &[Word]) -> Result<Vec<String>, String> {
        let (subject, options) = arguments.split_first().ok_or("subscribe wants a subject")?;
        let option = |name: &str| option(options, name);
        self.subscribe(&subject.text, option("queue"), option("as").map(str::to_owned));
        Ok(Vec::new())
    }

    pub(super) fn subscribe(&mut self, subject: &str, queue: Option<&str>, label: Option<String>) -> String {
        let conn = self.conn();
        let sid = self.client.subscribe(conn, subject, queue);
        self.subscriptions.push(Subscription { conn, sid: sid.clone(), subject: subject.to_owned(), label });
        sid
    }

    fn unsubscribe_step(&mut self, arguments: &[Word]) -> Result<Vec<String>, String> {
        let (name, options) = arguments.split_first().ok_or("unsubscribe wants a subject or label")?;
        let conn = self.conn();
        let is_meant = |subscription: &&Subscription| {
            let label = subscription.label.as_deref();
            subscription.conn == conn && (label == Some(&*name.text) || subscription.subject == name.text)
        };
        let Some(found) = self.subscriptions.iter().rfind(is_meant) else {
            let error = format!("no subscription {:?}", name.text);
            return if self.pace.lenient { Ok(vec![error]) } else { Err(error) };
        };
        let max = option(options, "max").map(str::parse).transpose().map_err(|_| "max wants a number")?;
        self.client.unsubscribe(conn, &found.sid, max);
        Ok(Vec::new())
    }

    /// Publishes with a reply subject and prints the reply.
    fn request_step(&mut self, arguments: &[Word], prefix: &str) -> Result<Vec<String>, String> {
        let (subject, rest) = arguments.split_first().ok_or("a subject is missing")?;
        let (headers, payload) = headers_and_payload(rest)?;
        let subject = format!("{prefix}{}", subject.text);
        let reply = self.request(&subject, headers.as_deref(), payload.as_bytes());
        if let Some(json) = reply.as_ref().and_then(Message::json) {
            let given = json.get("deliver_subject").and_then(Json::as_str);
            self.last_deliver_subject = given.map(str::to_owned).or(self.last_deliver_subject.take());
        }
        Ok(vec![print::reply(&mut self.masks, reply.as_ref())])
    }

    /// Asks and waits for the first reply; briefly where none comes.
    pub(super) fn request(&mut self, subject: &str, headers: Option<&str>, payload: &[u8]) -> Option<Message> {
        let conn = self.conn();
        let limit = self.client.elapsed() + REPLY;
        let reply = self.client.ask(conn, subject, headers, payload);
        let silent = self.client.elapsed() + NO_REPLY;
        self.client.run_until_reply(conn, &reply, silent, limit)
    }

    fn publish_core(&mut self, arguments: &[Word]) -> Result<Vec<String>, String> {
        let (subject, mut rest) = arguments.split_first().ok_or("a subject is missing")?;
        let mut reply = None;
        if let Some(("reply", value, _)) = rest.first().and_then(Word::pair) {
            reply = Some(value);
            rest = &rest[1..];
        }
        let (headers, payload) = headers_and_payload(rest)?;
        self.client.publish(self.conn(), &subject.text, reply, headers.as_deref(), payload.as_bytes());
        Ok(Vec::new())
    }

    /// Publishes a number of messages in one go and prints the reply to the last one.
    fn publish_many(&mut self, arguments: &[Word]) -> Result<Vec<String>, String> {
        let [count, subject, rest @ ..] = arguments else {
            return Err("publish_many wants a count and a subject".into());
        };
        let count: u64 = count.text.parse().map_err(|_| "publish_many wants a count")?;
        let (headers, payload) = headers_and_payload(rest)?;
        let conn = self.conn();
        let mut replies = Vec::new();
        for index in 1..=count {
            let numbered = |text: &str| text.replace("$i", &index.to_string());
            let headers = headers.as_deref().map(numbered);
            let payload = numbered(&payload);
            replies.push(self.client.ask(conn, &numbered(&subject.text), headers.as_deref(), payload.as_bytes()));
        }
        let limit = self.client.elapsed() + Duration::from_secs(20);
        let mut last = None;
        for reply in &replies {
            last = self.client.run_until_reply(conn, reply, limit, limit);
        }
        Ok(vec![print::reply(&mut self.masks, last.as_ref())])
    }

    fn pull(&mut self, arguments: &[Word]) -> Result<Vec<String>, String> {
        let (consumer, options) = arguments.split_first().ok_or("pull wants STREAM/CONSUMER")?;
        let (stream, consumer) = consumer.text.split_once('/').ok_or("pull wants STREAM/CONSUMER")?;
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
        let (label, body) = pull_body(options)?;
        let inbox = self.pull_inbox(label);
        self.client.publish(self.conn(), &subject, Some(&inbox), None, body.as_bytes());
        Ok(Vec::new())
    }

    /// The inbox with this label, or a new one.
    fn pull_inbox(&mut self, label: Option<String>) -> String {
        let conn = self.conn();
        let known = self
            .subscriptions
            .iter()
            .rfind(|subscription| subscription.conn == conn && label.is_some() && subscription.label == label);
        if let Some(known) = known {
            return known.subject.clone();
        }
        let inbox = format!("_INBOX.pull.{}", self.subscriptions.len() + 1);
        self.subscribe(&inbox, None, label);
        inbox
    }

    fn ack(&mut self, verb: &str, arguments: &[Word]) -> Result<Vec<String>, String> {
        let (target, rest) = arguments.split_first().ok_or("whose ack?")?;
        let subject = match self.delivery(&target.text) {
            Ok(delivery) => delivery.subject.clone(),
            Err(error) if self.pace.lenient => return Ok(vec![error]),
            Err(error) => return Err(error),
        };
        let double = rest.last().is_some_and(|word| word.text == "double" && !word.is_quoted());
        let rest = if double { &rest[..rest.len() - 1] } else { rest };
        let text = rest.first().map(|word| word.text.as_str());
        let body = match (verb, text) {
            ("ack", None) => "+ACK".to_owned(),
            ("nak", None) => "-NAK".to_owned(),
            ("nak", Some(_)) if rest[0].pair().is_some() => {
                format!("-NAK {}", Json::Object(super::values::members(rest)?))
            }
            ("nak", Some(text)) => format!("-NAK {text}"),
            ("term", None) => "+TERM".to_owned(),
            ("term", Some(reason)) => format!("+TERM {reason}"),
            ("wpi", None) => "+WPI".to_owned(),
            ("ack_body", Some(body)) => body.to_owned(),
            ("next", _) => return self.ack_and_next(&subject, rest),
            _ => return Err(format!("{verb} takes no {text:?}")),
        };
        if !double {
            self.client.publish(self.conn(), &subject, None, None, body.as_bytes());
            return Ok(Vec::new());
        }
        let reply = self.request(&subject, None, body.as_bytes());
        Ok(vec![print::reply(&mut self.masks, reply.as_ref())])
    }

    fn ack_and_next(&mut self, subject: &str, options: &[Word]) -> Result<Vec<String>, String> {
        let (label, body) = pull_body(options)?;
        let body = if body.is_empty() { "+NXT".to_owned() } else { format!("+NXT {body}") };
        let inbox = self.pull_inbox(label);
        self.client.publish(self.conn(), subject, Some(&inbox), None, body.as_bytes());
        Ok(Vec::new())
    }

    /// `#N` is the N-th delivery of the transcript; `N` the newest with that stream sequence; `C/N` the same of consumer C.
    fn delivery(&self, target: &str) -> Result<&Delivery, String> {
        let found = match target.strip_prefix('#') {
            Some(number) => number.parse::<usize>().ok().and_then(|number| self.deliveries.get(number.checked_sub(1)?)),
            None => {
                let (consumer, seq) =
                    target.split_once('/').map_or((None, target), |(consumer, seq)| (Some(consumer), seq));
                self.deliveries.iter().rfind(|delivery| {
                    delivery.ack.stream_seq == seq && consumer.is_none_or(|name| delivery.ack.consumer == name)
                })
            }
        };
        found.ok_or_else(|| format!("no delivery {target}"))
    }

    /// What came since the last step: connection by connection, subscription by subscription, because servers promise no
    /// order between those.
    fn arrived(&mut self) -> Vec<String> {
        let mut events = self.client.take_events();
        events.sort_by_key(|event| self.place(event));
        let mut lines = Vec::new();
        for event in events {
            let index = self.connections.iter().rposition(|connection| connection.conn == event.conn);
            let connection = &self.connections[index.expect("every connection has a name")];
            let mut prefix = if connection.name == MAIN { String::new() } else { connection.name.clone() };
            if connection.raw {
                lines.push(format!("{prefix} {}", print::raw(&mut self.masks, event.frame.as_ref())));
                continue;
            }
            let line = match &event.frame {
                Some(Frame::Message(message)) => {
                    self.remember(message);
                    let line = print::message(&mut self.masks, message);
                    if let Some(label) = self.subscription(&event).and_then(|subscription| subscription.label.clone()) {
                        prefix = if prefix.is_empty() { label } else { format!("{prefix}/{label}") };
                    }
                    line
                }
                Some(Frame::Info(_) | Frame::Pong) => continue,
                other => print::raw(&mut self.masks, other.as_ref()),
            };
            lines.push(if prefix.is_empty() { line } else { format!("{prefix}: {line}") });
        }
        lines
    }

    fn subscription(&self, event: &Event) -> Option<&Subscription> {
        let Some(Frame::Message(message)) = &event.frame else { return None };
        self.subscriptions.iter().find(|known| known.conn == event.conn && known.sid == message.sid)
    }

    /// Events of the server about several things at once come in no fixed order: those are sorted by subject.
    fn place(&self, event: &Event) -> (usize, usize, String, u64) {
        let connection = self.connections.iter().rposition(|connection| connection.conn == event.conn).unwrap_or(0);
        let (Some(Frame::Message(message)), false) = (&event.frame, self.connections[connection].raw) else {
            return (connection, 0, String::new(), 0);
        };
        let sid = message.sid.parse().unwrap_or(0);
        if !message.subject.starts_with("$JS.EVENT.") {
            return (connection, sid, String::new(), 0);
        }
        let seq = message.json().and_then(|json| json.get("stream_seq")?.as_u64()).unwrap_or(0);
        (connection, sid, message.subject.clone(), seq)
    }

    fn remember(&mut self, message: &Message) {
        let Some(reply) = &message.reply else {
            if let Some(stalled) = message.header("Nats-Consumer-Stalled") {
                self.last_flow_control = Some(stalled);
            }
            return;
        };
        if let Some(ack) = AckSubject::parse(reply) {
            self.deliveries.push(Delivery { subject: reply.clone(), ack });
        } else if reply.starts_with("$JS.FC.") {
            self.last_flow_control = Some(reply.clone());
        } else {
            self.last_reply = Some(reply.clone());
        }
    }

    /// Replaces `${…}` in a step.
    fn filled_in(&mut self, step: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = step;
        while let Some(start) = rest.find("${") {
            let end = rest[start..].find('}').map(|end| start + end).ok_or("${ is not closed")?;
            out += &rest[..start];
            out += &self.placeholder(&rest[start + 2..end])?;
            rest = &rest[end + 1..];
        }
        Ok(out + rest)
    }

    fn placeholder(&mut self, name: &str) -> Result<String, String> {
        let lenient = self.pace.lenient;
        let missing = |error: String| if lenient { Ok(UNSEEN.to_owned()) } else { Err(error) };
        let known = |value: Option<&str>| {
            value.map(str::to_owned).ok_or_else(|| format!("${{{name}}} was not seen yet")).or_else(missing)
        };
        let duration = |text: &str| {
            let nanos = clock::parse_duration(text).and_then(|duration| u64::try_from(duration.as_nanos()).ok());
            nanos.ok_or_else(|| format!("{text:?} is no duration"))
        };
        match name {
            "pin" => known(self.masks.last_pin()),
            "name" => known(self.masks.last_name()),
            "reply" => known(self.last_reply.as_deref()),
            "flow_control" => known(self.last_flow_control.as_deref()),
            "deliver_subject" => known(self.last_deliver_subject.as_deref()),
            _ => {
                if let Some(later) = name.strip_prefix("now+") {
                    return Ok(clock::rfc3339_nanos(self.client.unix_nanos() + duration(later)?));
                }
                if let Some(earlier) = name.strip_prefix("now-") {
                    return Ok(clock::rfc3339_nanos(self.client.unix_nanos() - duration(earlier)?));
                }
                if let Some((stream, seq)) = name.strip_prefix("time ").and_then(|place| place.split_once('/')) {
                    return self.time_of(stream, seq).or_else(missing);
                }
                if let Some((text, count)) = name.rsplit_once('*') {
                    return count.parse().map(|count| text.repeat(count)).map_err(|_| format!("{count:?} times"));
                }
                Err(format!("unknown placeholder {name:?}"))
            }
        }
    }

    /// When a message was stored.
    fn time_of(&mut self, stream: &str, seq: &str) -> Result<String, String> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{stream}");
        let reply = self.request(&subject, None, format!("{{\"seq\":{seq}}}").as_bytes());
        let json = reply.and_then(|message| message.json());
        let time = json.as_ref().and_then(|json| json.at(&["message", "time"])?.as_str().map(str::to_owned));
        time.ok_or_else(|| format!("{stream} has no message {seq}"))
    }
}

/// `COUNT STEP` as so many steps, `$i` in each replaced by its number.
fn numbered(text: &str) -> Result<Vec<String>, String> {
    let (count, step) = text.split_once(' ').ok_or("a count and a step are missing")?;
    let count: usize = count.parse().map_err(|_| format!("{count:?} times"))?;
    Ok((1..=count).map(|index| step.replace("$i", &index.to_string())).collect())
}

/// The value of the word `name=…`.
pub(super) fn option<'a>(words: &'a [Word], name: &str) -> Option<&'a str> {
    words.iter().filter_map(Word::pair).find(|(key, _, _)| *key == name).map(|(_, value, _)| value)
}

/// Header words and, last, the payload.
fn headers_and_payload(words: &[Word]) -> Result<(Option<String>, String), String> {
    let mut block = String::new();
    for (index, word) in words.iter().enumerate() {
        match word.header().filter(|_| !word.text.starts_with(['{', '['])) {
            Some((name, value)) => block += &format!("{name}: {value}\r\n"),
            None if word.is_quoted()
                && word.text.starts_with("NATS/1.0")
                && block.is_empty()
                && index + 1 < words.len() =>
            {
                return Ok((Some(word.text.clone()), words[index + 1].text.clone()));
            }
            None if index + 1 == words.len() => return Ok((header_block(&block), word.text.clone())),
            None => return Err(format!("only the last word can be the payload, not {:?}", word.text)),
        }
    }
    Ok((header_block(&block), String::new()))
}

fn header_block(lines: &str) -> Option<String> {
    (!lines.is_empty()).then(|| format!("NATS/1.0\r\n{lines}\r\n"))
}

/// The label and the request of a pull.
fn pull_body(options: &[Word]) -> Result<(Option<String>, String), String> {
    let label = option(options, "as").map(str::to_owned);
    if let Some(body) = option(options, "body") {
        return Ok((label, body.to_owned()));
    }
    let members = super::values::members(options)?;
    let members: Vec<(String, Json)> = members.into_iter().filter(|(key, _)| key != "as").collect();
    Ok((label, if members.is_empty() { String::new() } else { Json::Object(members).to_string() }))
}
