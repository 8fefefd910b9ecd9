//! What must be true of a simulation, in words: checks between semicolons.
//!
//! * `stream S path=value …`, `consumer S C path=value …`: of its INFO; `absent S`, `absent S C`
//! * `kept S seq`, `gone S seq Cause`
//! * `deliveries S C seq …`: stream sequences in the order in which they went out; `delivered S C seq times`
//! * `holds worker seq …`; `pull worker open`, `pull worker status`
//! * `puback publisher stored S seq`, `… duplicate S seq`, `… refused code text`, `… none`, `… waits`
//! * `told code text`: the last request was refused; `ended status`: a pull request was, since the preset opened
//! * `event Name`: it happened since the preset opened; `event none`: nothing did in the last step
//! * `elapsed duration`: in the last step

use std::time::Duration;

use jetstream_sim::engine::duration;
use jetstream_sim::engine::event::Event;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::actor::{Actor, Answer, PubAck};
use jetstream_sim::sim::presets::Preset;
use jetstream_sim::sim::scenario::{FirstStep, ScenarioError};
use jetstream_sim::view::form::ApiError;
use serde_json::Value;

pub struct Checked {
    simulation: Simulation,
    /// When the last step began, and how many events there were then.
    began: (Timestamp, u64),
    /// How many events there were when it opened.
    opened: u64,
    answer: Option<String>,
    /// What the page says was refused of the last step.
    pub refusal: Option<ApiError>,
}

impl Checked {
    pub fn open(preset: &Preset) -> Self {
        let simulation = preset.open();
        let total = simulation.trace().total();
        let began = (simulation.now(), total);
        Self { simulation, began, opened: total, answer: None, refusal: None }
    }

    pub fn act(&mut self, first: &FirstStep) -> Result<(), ScenarioError> {
        self.began = (self.simulation.now(), self.simulation.trace().total());
        let answers = first.act(&mut self.simulation)?;
        self.answer = answers.last().map(|(_, answer)| match answer {
            Answer::Payload(payload) => String::from_utf8_lossy(payload).into_owned(),
            Answer::NoResponders => String::new(),
        });
        self.refusal = ApiError::in_answers(answers).map(|(_, error)| error);
        Ok(())
    }

    /// Those of the checks that do not hold, with what is so instead.
    pub fn failures(&self, checks: &str) -> impl Iterator<Item = String> {
        let checks = checks.split(';').map(str::trim);
        checks
            .filter_map(|check| Some(format!("{check}: {}", self.check(check).err()?)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn check(&self, check: &str) -> Result<(), String> {
        let words: Vec<&str> = check.split(' ').collect();
        let rest = |from: usize| words[from..].join(" ");
        match words.as_slice() {
            ["stream", stream, fields @ ..] => fields_of(&self.info(&format!("STREAM.INFO.{stream}"))?, fields),
            ["consumer", stream, name, fields @ ..] => {
                fields_of(&self.info(&format!("CONSUMER.INFO.{stream}.{name}"))?, fields)
            }
            ["absent", stream] => {
                self.info(&format!("STREAM.INFO.{stream}")).map_or(Ok(()), |info| Err(info.to_string()))
            }
            ["absent", stream, name] => {
                self.info(&format!("CONSUMER.INFO.{stream}.{name}")).map_or(Ok(()), |info| Err(info.to_string()))
            }
            ["kept", stream, seq] => self.stored(stream, number(seq)).then_some(()).ok_or("it is not".into()),
            ["gone", stream, seq, cause] => {
                let id = self.simulation.world().server().account().stream_named(stream).ok_or("no stream")?.id;
                let removal = format!("{:?}", self.simulation.trace().removal(id, number(seq)));
                equal(&removal, &format!("Some({cause})"))?;
                (!self.stored(stream, number(seq))).then_some(()).ok_or("it is still there".into())
            }
            ["deliveries", stream, name, ..] => {
                equal(&seqs(self.deliveries(stream, name).iter().map(|(seq, _)| *seq)), &rest(3))
            }
            ["delivered", stream, name, seq, times] => {
                let of = self.deliveries(stream, name).into_iter().filter(|(delivered, _)| *delivered == number(seq));
                equal(&of.map(|(_, times)| times).max().unwrap_or(0), &number(times))
            }
            ["holds", worker, ..] => {
                let worker = self.actor(worker)?.worker().ok_or("no worker")?;
                equal(&seqs(worker.held().map(|held| held.stream_seq)), &rest(2))
            }
            ["pull", worker, "open"] => {
                let worker = self.actor(worker)?.worker().ok_or("no worker")?;
                worker.has_open_pull().then_some(()).ok_or("it has none".into())
            }
            ["pull", worker, "1", "ended"] => {
                let worker = self.actor(worker)?.worker().ok_or("no worker")?;
                (worker.pulls().count() == 1 && !worker.has_open_pull()).then_some(()).ok_or("it is not so".into())
            }
            ["pull", worker, ..] => {
                let worker = self.actor(worker)?.worker().ok_or("no worker")?;
                let statuses: Vec<&str> = worker.pulls().filter_map(|pull| pull.status.as_deref()).collect();
                statuses.iter().any(|status| status.starts_with(&rest(2))).then_some(()).ok_or(format!("{statuses:?}"))
            }
            ["puback", publisher, kind, rest @ ..] => self.pub_ack(publisher, kind, rest),
            ["told", ..] => {
                let answer: Value =
                    serde_json::from_str(self.answer.as_deref().unwrap_or("{}")).map_err(|error| error.to_string())?;
                let error = &answer["error"];
                let says = format!("{} {}", error["err_code"], error["description"].as_str().unwrap_or_default());
                says.starts_with(&rest(1)).then_some(()).ok_or(says)
            }
            ["ended", ..] => {
                let ended: Vec<String> = self
                    .events(self.opened)
                    .filter_map(|event| match event {
                        Event::PullEnded { status, .. } => Some(status.clone()),
                        _ => None,
                    })
                    .collect();
                ended.iter().any(|status| status.starts_with(&rest(1))).then_some(()).ok_or(format!("{ended:?}"))
            }
            ["event", "none"] => self.events(self.began.1).next().map_or(Ok(()), |event| Err(format!("{event:?}"))),
            ["event", name] => {
                let names: Vec<String> = self.events(self.opened).map(|event| format!("{event:?}")).collect();
                names.iter().any(|event| event.starts_with(name)).then_some(()).ok_or(format!("{names:?}"))
            }
            ["elapsed", text] => {
                let nanos = duration::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is no duration"));
                equal(&self.simulation.now().since(self.began.0), &Duration::from_nanos(nanos as u64))
            }
            _ => panic!("nothing is checked by {check:?}"),
        }
    }

    /// The answer to a request about `subject`, which changes nothing here.
    fn info(&self, subject: &str) -> Result<Value, String> {
        let mut asked = self.simulation.clone();
        let Some(Answer::Payload(payload)) = asked.request(&format!("$JS.API.{subject}"), b"") else {
            return Err("no answer".into());
        };
        let info: Value = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
        if info["error"].is_null() { Ok(info) } else { Err(info["error"].to_string()) }
    }

    fn stored(&self, stream: &str, seq: u64) -> bool {
        let stream = self.simulation.world().server().account().stream_named(stream);
        stream.is_some_and(|stream| stream.store().contains(seq))
    }

    fn actor(&self, name: &str) -> Result<&Actor, String> {
        let named = self.simulation.world().actors().iter().find(|(_, actor)| actor.name == name);
        named.map(|(_, actor)| actor).ok_or("nobody is called that".into())
    }

    /// What happened from event number `from` on.
    fn events(&self, from: u64) -> impl Iterator<Item = &Event> {
        self.simulation.trace().events().filter(move |traced| traced.number >= from).map(|traced| &traced.event)
    }

    /// Stream sequences that went out, each with how often.
    fn deliveries(&self, of_stream: &str, of_consumer: &str) -> Vec<(u64, u64)> {
        let trace = self.simulation.trace();
        let delivery = |event: &Event| match event {
            Event::Delivered { stream, consumer, stream_seq, delivered, .. } => {
                let is_it =
                    trace.stream_name(*stream) == of_stream && trace.consumer_name(*stream, *consumer) == of_consumer;
                is_it.then_some((*stream_seq, *delivered))
            }
            _ => None,
        };
        self.events(0).filter_map(delivery).collect()
    }

    fn pub_ack(&self, publisher: &str, kind: &str, rest: &[&str]) -> Result<(), String> {
        let last =
            self.actor(publisher)?.publisher().and_then(|publisher| publisher.last()).ok_or("it sent nothing")?;
        let is = match (kind, rest, &last.ack) {
            ("waits", [], None) | ("none", [], Some(PubAck::NoResponders)) => true,
            ("stored", [stream, seq], Some(PubAck::Stored { stream: of, seq: at }))
            | ("duplicate", [stream, seq], Some(PubAck::Duplicate { stream: of, seq: at })) => {
                of == stream && *at == number(seq)
            }
            ("refused", [code, text @ ..], Some(PubAck::Refused { err_code, description })) => {
                err_code.to_string() == *code && description.starts_with(&text.join(" "))
            }
            _ => false,
        };
        is.then_some(()).ok_or(format!("{:?}", last.ack))
    }
}

fn fields_of(info: &Value, fields: &[&str]) -> Result<(), String> {
    for field in fields {
        let (path, expected) = field.split_once('=').unwrap_or_else(|| panic!("{field} has no value"));
        let pointer = format!("/{}", path.replace('.', "/"));
        let is = info
            .pointer(&pointer)
            .map_or_else(|| "0".to_owned(), |value| value.to_string().trim_matches('"').to_owned());
        if is != expected {
            return Err(format!("{path} is {is}"));
        }
    }
    Ok(())
}

fn seqs(seqs: impl Iterator<Item = u64>) -> String {
    seqs.map(|seq| seq.to_string()).collect::<Vec<_>>().join(" ")
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

fn equal<T: PartialEq + std::fmt::Debug>(is: &T, expected: &T) -> Result<(), String> {
    if is == expected { Ok(()) } else { Err(format!("it is {is:?}")) }
}
