//! Random operations on a stream of the engine, through the protocol's bytes, and on a model that keeps its messages in a
//! plain list. Both have to agree on every answer and on the state after it.
//!
//! A failure names the seed and the shortest list of operations that shows it; `SEED=7 cargo test --test model` repeats
//! one seed.

#[path = "models/stream.rs"]
mod stream;

mod models;

use std::collections::BTreeMap;
use std::time::Duration;

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::time::Timestamp;
use models::{Client, agree, pick, same};
use serde_json::{Value, json};
use stream::{Answer, Config, Headers, Model, Purge, Setting};

/// Operations in all; 200 for each seed.
const OPERATIONS: u64 = 1_000_000;
const OPERATIONS_PER_SEED: u64 = 200;

/// One thing that happens. Those that [`With`](Operation::With) stands for come first and make up the stream.
#[derive(Clone, Debug)]
enum Operation {
    With(Setting),
    Publish {
        subject: &'static str,
        headers: Headers,
        size: usize,
    },
    /// Deletes the message so many sequences before the last.
    Delete {
        back: u64,
    },
    /// As [`Purge`], its sequence so many before the last, or behind it.
    Purge {
        filter: Option<&'static str>,
        below: Option<i64>,
        keep: Option<u64>,
    },
    Update(Setting),
    Wait(u64),
    Inspect,
}

const SUBJECTS: [&str; 6] = ["s.a", "s.a", "s.b", "s.c", "s.a.x", "s.b.y"];
const FILTERS: [&str; 8] = ["s.a", "s.*", "s.>", ">", "s.a.*", "*.b.>", "s.b", "t.x"];

fn operations(rng: &mut Rng) -> Vec<Operation> {
    let mut operations: Vec<Operation> = (0..rng.below(6)).map(|_| Operation::With(setting(rng, false))).collect();
    while (operations.len() as u64) < OPERATIONS_PER_SEED {
        operations.push(match rng.below(100) {
            0..60 => publish(rng),
            60..69 => Operation::Delete { back: rng.below(8) },
            69..74 => purge(rng),
            74..79 => Operation::Update(setting(rng, true)),
            79..93 => Operation::Wait(pick(rng, &[1, 40, 100, 350, 1_000, 1_700, 6_000])),
            _ => Operation::Inspect,
        });
    }
    operations
}

fn setting(rng: &mut Rng, is_update: bool) -> Setting {
    match rng.below(if is_update { 27 } else { 30 }) {
        0..3 => Setting::MaxMsgs(pick(rng, &[-1, 1, 3, 7, 20])),
        3..5 => Setting::MaxBytes(pick(rng, &[-1, 20, 100, 300, 900])),
        5..9 => Setting::MaxMsgsPerSubject(pick(rng, &[-1, 1, 2, 4])),
        9..11 => Setting::MaxMsgSize(pick(rng, &[-1, 10, 40, 90])),
        11..14 => Setting::MaxAgeMs(pick(rng, &[0, 50, 100, 1_000, 2_500, 9_000])),
        14..18 => Setting::DiscardNew(rng.below(2) == 0),
        18..20 => Setting::DiscardNewPerSubject(rng.below(3) != 0),
        20..22 => Setting::DuplicateWindowMs(pick(rng, &[0, 100, 400, 1_500, 5_000])),
        22 => Setting::AllowRollup(rng.below(4) != 0),
        23 => Setting::AllowTtl(rng.below(8) != 0),
        24 => Setting::MarkerTtlSeconds(pick(rng, &[0, 1, 2, 60])),
        25 => match rng.below(12) {
            0..2 => Setting::DenyDelete(true),
            2..4 => Setting::DenyPurge(true),
            4 => Setting::DenyDelete(false),
            5 => Setting::DenyPurge(false),
            6 if is_update => Setting::Sealed(true),
            _ => Setting::MaxMsgs(5),
        },
        26 => Setting::AllowTtl(true),
        27..29 => Setting::AllowRollup(true),
        _ => Setting::FirstSeq(pick(rng, &[0, 1, 5, 1_000])),
    }
}

fn publish(rng: &mut Rng) -> Operation {
    let mut headers: Headers = Vec::new();
    let mut maybe = |percent: u64, name: &'static str, values: &[&str]| {
        if rng.below(100) < percent {
            headers.push((name, pick(rng, values).to_owned()));
        }
    };
    maybe(25, "Nats-Msg-Id", &["x", "y", "z", "u", "v"]);
    maybe(5, "Nats-Expected-Last-Sequence", &["0", "1", "@0", "@0", "@1"]);
    maybe(5, "Nats-Expected-Last-Subject-Sequence", &["0", "@0", "@1", "@2"]);
    maybe(2, "Nats-Expected-Last-Subject-Sequence-Subject", &["s.a", "s.*", "*.b.>"]);
    maybe(3, "Nats-Expected-Last-Msg-Id", &["x", "y", "z"]);
    maybe(2, "Nats-Expected-Stream", &["S", "S", "T"]);
    maybe(5, "Nats-Rollup", &["sub", "sub", "SUB", "all", "some"]);
    maybe(14, "Nats-TTL", &["1", "2s", "3", "1500ms", "never", "70s", "0", "soon"]);
    maybe(5, "Other", &["", "a value"]);
    Operation::Publish { subject: pick(rng, &SUBJECTS), headers, size: rng.below(30) as usize }
}

fn purge(rng: &mut Rng) -> Operation {
    let filter = if rng.below(3) == 0 { None } else { Some(pick(rng, &FILTERS)) };
    let (mut below, mut keep) = (None, None);
    match rng.below(12) {
        0..5 => below = Some(pick(rng, &[0, 1, 2, 3, 5, 9, -1, -4])),
        5..10 => keep = Some(1 + rng.below(4)),
        10 => (below, keep) = (Some(1), Some(1)),
        _ => {}
    }
    Operation::Purge { filter, below, keep }
}

/// Engine and model side by side.
struct Pair {
    client: Client,
    model: Model,
}

impl Pair {
    /// # Errors
    /// How the two differ.
    fn act(&mut self, operation: &Operation) -> Result<(), String> {
        match operation {
            Operation::With(_) => return Ok(()),
            Operation::Publish { subject, headers, size } => self.publish(subject, headers, *size)?,
            Operation::Delete { back } => {
                let seq = self.model.last_seq.saturating_sub(*back);
                let answer = self.ask("STREAM.MSG.DELETE.S", &json!({ "seq": seq }))?;
                same("delete", answer, self.model.delete(seq))?;
            }
            Operation::Purge { filter, below, keep } => self.purge(*filter, *below, *keep)?,
            Operation::Update(setting) => {
                let config = self.model.config.with(*setting);
                let answer = self.ask("STREAM.UPDATE.S", &config.to_json())?;
                same("update", answer, self.model.update(config))?;
            }
            Operation::Wait(millis) => {
                let until = self.client.now + Duration::from_millis(*millis);
                self.client.pass_time(until);
                self.model.pass_time(until);
            }
            Operation::Inspect => self.compare_everything()?,
        }
        self.compare_numbers()
    }

    fn publish(&mut self, subject: &str, headers: &Headers, size: usize) -> Result<(), String> {
        // `@1` stands for the last sequence but one.
        let of_now = |value: &String| match value.strip_prefix('@') {
            Some(back) => self.model.last_seq.saturating_sub(back.parse().expect("a digit")).to_string(),
            None => value.clone(),
        };
        let headers: Headers = headers.iter().map(|(name, value)| (*name, of_now(value))).collect();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let payload = vec![b'p'; size];
        let answer = request(&mut self.client, subject, &lines, &payload)?;
        same("publish", read(&answer)?, self.model.publish(subject, &headers, &payload))
    }

    fn purge(&mut self, filter: Option<&'static str>, below: Option<i64>, keep: Option<u64>) -> Result<(), String> {
        let below = below.map(|back| self.model.last_seq.saturating_add_signed(-back));
        let mut body = json!({});
        if let Some(filter) = filter {
            body["filter"] = json!(filter);
        }
        if let Some(below) = below {
            body["seq"] = json!(below);
        }
        if let Some(keep) = keep {
            body["keep"] = json!(keep);
        }
        let answer = self.ask("STREAM.PURGE.S", &body)?;
        same("purge", answer, self.model.purge(&Purge { filter, below, keep }))
    }

    fn ask(&mut self, request: &str, body: &Value) -> Result<Answer, String> {
        read(&self::request(&mut self.client, &format!("$JS.API.{request}"), "", body.to_string().as_bytes())?)
    }

    fn compare_numbers(&self) -> Result<(), String> {
        let store = self.client.stream("S").ok_or("the stream is gone")?.store();
        let model = &self.model;
        same("sequences", (store.first_seq(), store.last_seq()), (model.first_seq(), model.last_seq))?;
        same("times", (store.first_time(), store.last_time()), (model.first_time(), model.last_time))?;
        same("messages and bytes", (store.messages(), store.bytes()), (model.messages.len() as u64, model.bytes()))?;
        same("subjects", store.num_subjects(), model.subjects().len() as u64)?;
        same("deleted", store.num_deleted(), model.deleted().len() as u64)
    }

    /// What INFO says, and every message.
    fn compare_everything(&mut self) -> Result<(), String> {
        let body = br#"{"subjects_filter":">","deleted_details":true}"#;
        let info = request(&mut self.client, "$JS.API.STREAM.INFO.S", "", body)?;
        let info: Value = serde_json::from_slice(&info).map_err(|error| error.to_string())?;
        same("state", &info["state"], &self.state())?;
        let store = self.client.stream("S").ok_or("the stream is gone")?.store();
        let engine = store.messages_from(0).map(|message| {
            let headers = String::from_utf8_lossy(message.headers).into_owned();
            (message.seq, message.time, String::from_utf8_lossy(message.subject).into_owned(), headers, message.payload)
        });
        let model = self.model.messages.iter().map(|message| {
            (message.seq, message.stored, message.subject.clone(), message.header_block(), &message.payload[..])
        });
        same("content", engine.collect::<Vec<_>>(), model.collect())
    }

    fn state(&self) -> Value {
        let model = &self.model;
        let time = |time: Option<Timestamp>| time.map_or("0001-01-01T00:00:00Z".to_owned(), |time| time.to_string());
        let mut state = json!({
            "messages": model.messages.len(),
            "bytes": model.bytes(),
            "first_seq": model.first_seq(),
            "first_ts": time(model.first_time()),
            "last_seq": model.last_seq,
            "last_ts": time(model.last_time),
            "consumer_count": 0,
        });
        let subjects: BTreeMap<String, u64> = model.subjects();
        if !subjects.is_empty() {
            state["num_subjects"] = json!(subjects.len());
            state["subjects"] = json!(subjects);
        }
        let deleted = model.deleted();
        if !deleted.is_empty() {
            state["num_deleted"] = json!(deleted.len());
            state["deleted"] = json!(deleted);
        }
        state
    }
}

/// Asks for something that has one answer, and nothing besides it.
fn request(client: &mut Client, subject: &str, headers: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    match client.ask(subject, headers, payload) {
        (Some(answer), besides) if besides.is_empty() => Ok(answer),
        other => Err(format!("{subject}: one answer was expected, came {other:?}")),
    }
}

/// What an answer says: a sequence, a count, success, or the code of an error.
fn read(answer: &[u8]) -> Result<Answer, String> {
    let value: Value = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
    let number = |value: &Value| value.as_u64();
    Ok(if let Some(code) = number(&value["error"]["err_code"]) {
        Answer::Error(code)
    } else if let Some(seq) = number(&value["seq"]) {
        Answer::Stored { seq, is_duplicate: value["duplicate"] == true }
    } else if let Some(count) = number(&value["purged"]) {
        Answer::Purged(count)
    } else {
        Answer::Success
    })
}

fn run(seed: u64, operations: &[Operation]) -> Result<(), String> {
    let wanted = operations.iter().fold(Config::default(), |config, operation| match operation {
        Operation::With(setting) => config.with(*setting),
        _ => config,
    });
    let mut client = Client::new(seed);
    let answer = request(&mut client, "$JS.API.STREAM.CREATE.S", "", wanted.to_json().to_string().as_bytes())?;
    let config = match (read(&answer)?, wanted.checked()) {
        (Answer::Success, Ok(config)) => config,
        (engine, model) => return same("create", engine, model.map_or_else(Answer::Error, |_| Answer::Success)),
    };
    let mut pair = Pair { model: Model::new(config, client.now), client };
    for operation in operations {
        pair.act(operation)?;
    }
    pair.compare_everything()
}

#[test]
fn the_engine_agrees_with_a_list_of_messages() {
    agree(OPERATIONS / OPERATIONS_PER_SEED, operations, run);
}
