//! A scenario as text: one member a line, and one step.

use std::time::Duration;

use super::cast::{Cast, Script};
use super::members::NEVER;
use super::{FORMAT, Scenario, ScenarioError, Step, VERSION, requests};
use crate::engine::ServerConfig;
use crate::engine::api::json::{to_json, write_text};
use crate::engine::duration::GoDuration;
use crate::engine::stream::OriginRef;
use crate::engine::time::Timestamp;
use crate::sim::actor::{FetchRequest, PublisherScript, WorkerScript};
use crate::sim::clock::Clock;
use crate::sim::command::{Command, Settlement};
use crate::texts::scenario as texts;

/// An object in the making.
pub(super) struct Object {
    out: String,
    /// What stands between two members.
    between: &'static str,
}

impl Object {
    pub fn new(between: &'static str) -> Self {
        Self { out: String::from("{"), between }
    }

    pub fn raw(&mut self, name: &str, raw: &str) {
        if self.out.len() > 1 {
            self.out.push_str(self.between);
        }
        push_text(&mut self.out, name);
        self.out.push(':');
        self.out.push_str(raw);
    }

    pub fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &quoted(text));
    }

    pub fn texts<'a>(&mut self, name: &str, texts: impl Iterator<Item = &'a String>) {
        let texts: Vec<String> = texts.map(|text| quoted(text)).collect();
        self.raw(name, &format!("[{}]", texts.join(",")));
    }

    pub fn number(&mut self, name: &str, number: u64) {
        self.raw(name, &number.to_string());
    }

    pub fn duration(&mut self, name: &str, duration: Option<Duration>) {
        let text = duration.map_or_else(|| NEVER.to_owned(), |duration| GoDuration(duration).to_string());
        let text = if text.ends_with("m0s") { &text[..text.len() - 2] } else { &text };
        let text = if text.ends_with("h0m") { &text[..text.len() - 2] } else { text };
        self.text(name, text);
    }

    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        let text: String = bytes.iter().copied().map(char::from).collect();
        self.text(name, &text);
    }

    pub fn text_unless(&mut self, base: &str, name: &str, text: &str) {
        if text != base {
            self.text(name, text);
        }
    }

    pub fn number_unless(&mut self, base: u64, name: &str, number: u64) {
        if number != base {
            self.number(name, number);
        }
    }

    pub fn flag_unless(&mut self, base: bool, name: &str, flag: bool) {
        if flag != base {
            self.raw(name, if flag { "true" } else { "false" });
        }
    }

    pub fn duration_unless(&mut self, base: Option<Duration>, name: &str, duration: Option<Duration>) {
        if duration != base {
            self.duration(name, duration);
        }
    }

    pub fn done(mut self) -> String {
        self.out.push('}');
        self.out
    }
}

fn push_text(out: &mut String, text: &str) {
    write_text(out, text).expect("a String takes everything");
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    push_text(&mut out, text);
    out
}

fn list(elements: &[String], between: &str) -> String {
    format!("[{}]", elements.join(between))
}

impl Scenario {
    /// The scenario as [`parse`](Self::parse) reads it.
    ///
    /// # Errors
    /// It does something to a client that never was.
    pub fn to_json(&self) -> Result<String, ScenarioError> {
        let mut out = Object::new(",\n");
        out.text("format", FORMAT);
        out.number("version", VERSION);
        out.text("title", &self.about.title);
        out.text_unless("", "look_at", &self.about.look_at);
        let mut cast = Cast::default();
        let steps = self.steps.iter().map(|step| write_step(step, &mut cast)).collect::<Result<Vec<_>, _>>()?;
        if !self.about.first_steps.is_empty() {
            let mut first_steps = Vec::new();
            for first in &self.about.first_steps {
                let mut object = Object::new(",");
                object.text("text", &first.text);
                if !first.steps.is_empty() {
                    let steps = first.steps.iter().map(|step| write_step(step, &mut cast));
                    object.raw("do", &list(&steps.collect::<Result<Vec<_>, _>>()?, ","));
                }
                first_steps.push(object.done());
            }
            out.raw("first_steps", &list(&first_steps, ",\n"));
        }
        let ServerConfig { seed, .. } = self.server;
        out.number_unless(ServerConfig::default().seed, "seed", seed);
        if self.server != (ServerConfig { seed, ..ServerConfig::default() }) {
            out.raw("server", &String::from_utf8_lossy(&to_json(&self.server)));
        }
        if self.start != Timestamp::SIMULATION_START {
            out.text("start", &self.start.to_string());
        }
        if self.clock != Clock::default() {
            out.raw("clock", &clock(&self.clock));
        }
        out.raw("steps", &list(&steps, ",\n"));
        Ok(out.done())
    }
}

fn clock(clock: &Clock) -> String {
    let Clock { is_playing, speed } = clock;
    let mut out = Object::new(",");
    let permille = speed.permille();
    let fraction = format!("{:03}", permille % 1000);
    let speed = format!("{}.{fraction}", permille / 1000);
    out.raw("speed", speed.trim_end_matches('0').trim_end_matches('.'));
    out.flag_unless(Clock::default().is_playing, "playing", *is_playing);
    out.done()
}

fn write_step(step: &Step, cast: &mut Cast) -> Result<String, ScenarioError> {
    let mut out = Object::new(",");
    match step {
        Step::Do(command) => write_command(command, cast, &mut out)?,
        Step::SettleOldest { worker, how } => settle(cast.id_of(*worker)?, *how, &mut out),
        Step::Attach => {
            let id = cast.attach_unnamed()?;
            out.text("attach", &id);
        }
        Step::Say { client, bytes } => {
            out.text("say", cast.attached_id(*client)?);
            out.bytes("bytes", bytes);
        }
        Step::Detach { client } => out.text("detach", cast.attached_id(*client)?),
        Step::Wait(duration) => out.duration("wait", Some(*duration)),
        Step::Events(count) => out.number("step", *count),
        Step::Until(milestone) => out.text("until", milestone.word()),
    }
    Ok(out.done())
}

fn write_command(command: &Command, cast: &mut Cast, out: &mut Object) -> Result<(), ScenarioError> {
    match command {
        Command::AddPublisher { name, script } => {
            out.text("publisher", name);
            let id = cast.add_unnamed(name, Script::Publisher(script.clone()))?;
            out.text_unless(name, "id", &id);
            script.write(&PublisherScript::default(), out);
        }
        Command::AddWorker { name, stream, consumer, script } => {
            out.text("worker", name);
            let id = cast.add_unnamed(name, Script::Worker(script.clone()))?;
            out.text_unless(name, "id", &id);
            out.text("stream", stream);
            out.text("consumer", consumer);
            script.write(&WorkerScript::default(), out);
        }
        Command::RemoveClient { client } => out.text("remove", cast.id_of(*client)?),
        Command::Kill { client } => out.text("kill", cast.id_of(*client)?),
        Command::Restart { client } => out.text("restart", cast.id_of(*client)?),
        Command::PausePublisher { publisher, is_paused } => {
            out.text(if *is_paused { "pause" } else { "resume" }, cast.id_of(*publisher)?);
        }
        Command::RunWorker { worker, is_running } => {
            out.text(if *is_running { "run" } else { "stop" }, cast.id_of(*worker)?);
            cast.client(*worker)?.worker()?.is_running = *is_running;
        }
        Command::Publish { publisher, draft, times } => {
            out.text("publish", cast.id_of(*publisher)?);
            let script = cast.client(*publisher)?.publisher()?;
            draft.write(&script.draft, out);
            script.draft = draft.clone();
            out.number_unless(1, "times", (*times).into());
        }
        Command::SetPublisherScript { publisher, name, script } => {
            out.text("edit", cast.id_of(*publisher)?);
            let client = cast.client(*publisher)?;
            out.text_unless(&client.name, "name", name);
            client.name.clone_from(name);
            let before = std::mem::replace(client.publisher()?, script.clone());
            script.write(&before, out);
        }
        Command::SetWorkerScript { worker, name, script } => {
            out.text("edit", cast.id_of(*worker)?);
            let client = cast.client(*worker)?;
            out.text_unless(&client.name, "name", name);
            client.name.clone_from(name);
            let before = std::mem::replace(client.worker()?, script.clone());
            script.write(&before, out);
        }
        Command::Fetch { worker, request } => {
            out.text("fetch", cast.id_of(*worker)?);
            request.write(&FetchRequest::ONE, out);
        }
        Command::Settle { worker, consumer_seq, how } => {
            settle(cast.id_of(*worker)?, *how, out);
            out.number("consumer_seq", *consumer_seq);
        }
        Command::CutLink { stream, origin, is_cut } => {
            out.text(if *is_cut { "cut" } else { "mend" }, stream);
            if let OriginRef::Source(place) = origin {
                out.number("source", *place as u64);
            }
        }
        Command::Request { subject, body } => requests::write(subject, body, out),
        Command::Attach | Command::AttachedSays { .. } | Command::Detach { .. } => {
            return Err(ScenarioError::new(texts::CLIENTS_FROM_OUTSIDE_HAVE));
        }
    }
    Ok(())
}

fn settle(worker: &str, how: Settlement, out: &mut Object) {
    let verb = match how {
        Settlement::Ack => "ack",
        Settlement::Nak(_) => "nak",
        Settlement::InProgress => "in_progress",
        Settlement::Term => "term",
        Settlement::LostAck => "lose_ack",
    };
    out.text(verb, worker);
    if let Settlement::Nak(Some(delay)) = how {
        out.duration("delay", Some(delay));
    }
}
