//! Random operations on a stream of the engine and its consumers, through the protocol's bytes, and on a model that
//! keeps a list of deliveries. Both have to agree on everything that clients get and on the state after it; and what
//! holds for consumers in general has to hold after each step.
//!
//! A failure names the seed and the shortest list of operations that shows it; `SEED=7 cargo test --test consumer_model`
//! repeats one seed.

#[path = "models/consumer.rs"]
mod consumer;
mod models;
#[path = "models/queue.rs"]
mod queue;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use consumer::{Ack, AckPolicy, Config, Numbers, Request, Start};
use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::table::ConsumerId;
use models::{Client, Received, agree, pick, same};
use queue::{Model, Purge, Retention, StreamConfig};
use serde_json::{Value, json};

/// Operations in all; 200 for each seed.
const OPERATIONS: u64 = 1_000_000;
const OPERATIONS_PER_SEED: u64 = 200;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Operation {
    /// Comes first.
    Stream(StreamConfig),
    Publish(&'static str),
    Create {
        name: &'static str,
        config: Config,
    },
    DeleteConsumer(&'static str),
    Update {
        name: &'static str,
        max_deliver: i64,
        max_ack_pending: i64,
    },
    /// To so many sequences before the last; `None` for the ack floor.
    Reset {
        name: &'static str,
        back: Option<i64>,
    },
    /// For so long; `None` resumes.
    Pause {
        name: &'static str,
        millis: Option<u64>,
    },
    Pull {
        name: &'static str,
        to: usize,
        batch: u64,
        no_wait: bool,
        expires_ms: Option<u64>,
    },
    /// Acks the delivery so many before the newest.
    Ack {
        back: usize,
        kind: Ack,
    },
    Wait(u64),
    /// Deletes the message so many sequences before the last.
    DeleteMessage {
        back: u64,
    },
    /// Below the sequence so many before the last, or behind it.
    Purge {
        filter: Option<&'static str>,
        below: Option<i64>,
        keep: u64,
    },
    Inspect(&'static str),
}

const SUBJECTS: [&str; 6] = ["s.a", "s.a", "s.b", "s.c", "s.a.x", "s.b.x"];
const NAMES: [&str; 3] = ["a", "b", "c"];
const FILTERS: [&[&str]; 11] = [
    &[],
    &[],
    &["s.a"],
    &["s.b"],
    &["s.*"],
    &["s.>"],
    &["s.a.*"],
    &["s.a", "s.b"],
    &["s.a.>", "s.c"],
    &["s.*.x"],
    &["s.*.x", "s.a.>"],
];
const PURGE_FILTERS: [&str; 5] = ["s.a", "s.*", "s.>", "s.a.>", "s.b.*"];

/// Subscriptions that pull requests name: `p.1` is subscription 1.
const INBOXES: usize = 4;

/// The subscription on the deliver subject of a push consumer.
fn push_sid(name: &str) -> usize {
    11 + NAMES.iter().position(|other| *other == name).expect("one of them")
}

fn operations(rng: &mut Rng) -> Vec<Operation> {
    let stream = StreamConfig {
        retention: pick(rng, &[Retention::Limits, Retention::Interest, Retention::WorkQueue]),
        max_msgs: pick(rng, &[-1, -1, -1, 2, 6]),
        max_msgs_per_subject: pick(rng, &[-1, -1, -1, 1, 3]),
    };
    let mut operations = vec![Operation::Stream(stream)];
    for _ in 0..1 + rng.below(3) {
        operations.push(create(rng, stream.retention));
    }
    while (operations.len() as u64) < OPERATIONS_PER_SEED {
        let name = pick(rng, &NAMES);
        operations.push(match rng.below(200) {
            0..54 => Operation::Publish(pick(rng, &SUBJECTS)),
            54..98 => pull(rng, name),
            98..148 => ack(rng),
            148..168 => Operation::Wait(pick(rng, &[1, 30, 100, 250, 900, 3_000])),
            168..174 => create(rng, stream.retention),
            174..176 => Operation::DeleteConsumer(name),
            176..180 => Operation::Update {
                name,
                max_deliver: pick(rng, &[-1, 3, 5]),
                max_ack_pending: pick(rng, &[-1, 1, 2, 5]),
            },
            180..182 => Operation::Reset { name, back: pick(rng, &[None, None, Some(0), Some(3), Some(-2)]) },
            182..185 => Operation::Pause { name, millis: pick(rng, &[None, Some(70), Some(600)]) },
            185..190 => Operation::DeleteMessage { back: rng.below(8) },
            190..193 => purge(rng),
            _ => Operation::Inspect(name),
        });
    }
    operations
}

fn create(rng: &mut Rng, retention: Retention) -> Operation {
    let is_queue = retention == Retention::WorkQueue && rng.below(10) > 0;
    let other = if is_queue { AckPolicy::Explicit } else { AckPolicy::All };
    let ack_policy = pick(rng, &[AckPolicy::Explicit, AckPolicy::Explicit, AckPolicy::Explicit, other]);
    let ack_policy = if !is_queue && rng.below(8) == 0 { AckPolicy::None } else { ack_policy };
    let has_acks = ack_policy != AckPolicy::None;
    let backoff_ms = if has_acks { pick::<&'static [u64]>(rng, &[&[], &[], &[], &[100, 350, 800]]) } else { &[] };
    let max_deliver = pick(rng, &[-1, -1, 1, 2, 3]);
    let seq = Start::Sequence(1 + rng.below(9));
    let start = pick(rng, &[Start::All, Start::All, Start::New, Start::Last, seq]);
    Operation::Create {
        name: pick(rng, &NAMES),
        config: Config {
            ack_policy,
            ack_wait_ms: pick(rng, &[100, 100, 400, 1_000, 30_000]),
            backoff_ms,
            max_deliver: if backoff_ms.len() as i64 > max_deliver { -1 } else { max_deliver },
            max_ack_pending: if has_acks { pick(rng, &[-1, 1, 2, 4]) } else { -1 },
            filters: pick(rng, &FILTERS),
            start: if is_queue { Start::All } else { start },
            is_push: rng.below(5) == 0,
        },
    }
}

fn pull(rng: &mut Rng, name: &'static str) -> Operation {
    Operation::Pull {
        name,
        to: 1 + rng.below(INBOXES as u64) as usize,
        batch: pick(rng, &[1, 1, 2, 3, 7]),
        no_wait: rng.below(3) == 0,
        expires_ms: pick(rng, &[None, Some(60), Some(200), Some(700), Some(4_000)]),
    }
}

fn ack(rng: &mut Rng) -> Operation {
    let kind = match rng.below(20) {
        0..11 => Ack::Done,
        11..14 => Ack::Nak,
        14..16 => Ack::NakFor(pick(rng, &[40, 300, 1_200])),
        16..18 => Ack::InProgress,
        _ => Ack::Term,
    };
    Operation::Ack { back: rng.below(10) as usize, kind }
}

fn purge(rng: &mut Rng) -> Operation {
    let filter = if rng.below(3) == 0 { None } else { Some(pick(rng, &PURGE_FILTERS)) };
    match rng.below(4) {
        0 => Operation::Purge { filter, below: None, keep: 1 + rng.below(3) },
        1 | 2 => Operation::Purge { filter, below: Some(pick(rng, &[0, 1, 3, 6, -1, -3])), keep: 0 },
        _ => Operation::Purge { filter, below: None, keep: 0 },
    }
}

/// A delivery as a client knows it.
struct Seen {
    consumer: String,
    delivered: u64,
    numbers: Numbers,
    reply: String,
    /// The consumer that sent it, and how often that had been reset.
    from: (Option<ConsumerId>, u64),
}

/// Engine and model side by side.
struct Pair {
    client: Client,
    model: Model,
    seen: Vec<Seen>,
    /// What came beside an answer.
    late: Vec<Received>,
    laws: Laws,
}

/// What holds for every consumer, whatever the model says.
#[derive(Default)]
struct Laws {
    ack_floors: BTreeMap<ConsumerId, (u64, u64)>,
    num_ack_pending: BTreeMap<ConsumerId, usize>,
    /// How often each was reset.
    resets: BTreeMap<ConsumerId, u64>,
    /// Those that got an ack for a delivery from before a reset, or of an earlier consumer of their name. It counts, with
    /// the consumer sequence of then.
    misled: BTreeSet<ConsumerId>,
    acked: BTreeSet<(ConsumerId, u64)>,
    /// Who got a message of a work queue.
    owners: BTreeMap<u64, ConsumerId>,
}

impl Pair {
    /// # Errors
    /// How the two differ.
    fn act(&mut self, operation: &Operation) -> Result<(), String> {
        match *operation {
            Operation::Stream(_) => {}
            Operation::Publish(subject) => {
                let (answer, received) = self.client.ask(subject, "", b"");
                self.late.extend(received);
                same("published", read(answer)?["seq"].as_u64(), Some(self.model.publish(subject)))?;
            }
            Operation::Create { name, config } => self.create(name, config)?,
            Operation::DeleteConsumer(name) if self.model.consumer(name).is_some() => {
                self.request(&format!("CONSUMER.DELETE.S.{name}"), &json!({}))?;
                self.model.delete_consumer(name);
            }
            Operation::Update { name, max_deliver, max_ack_pending } => {
                self.update(name, max_deliver, max_ack_pending)?;
            }
            Operation::Reset { name, back } if self.model.consumer(name).is_some() => {
                let seq = back.map_or(0, |back| self.model.last_seq.saturating_add_signed(-back).max(1));
                let body = if seq == 0 { json!({}) } else { json!({ "seq": seq }) };
                let error = self.request(&format!("CONSUMER.RESET.S.{name}"), &body)?;
                same("reset", error, self.model.reset(name, seq).err())?;
                self.laws.forget(self.id(name));
            }
            Operation::Pause { name, millis } if self.model.consumer(name).is_some() => {
                let until = millis.map(|millis| self.model.moment_in(millis));
                let body = until.map_or(json!({}), |until| json!({ "pause_until": until.to_string() }));
                self.request(&format!("CONSUMER.PAUSE.S.{name}"), &body)?;
                self.model.pause(name, until);
            }
            Operation::Pull { name, to, batch, no_wait, expires_ms } if self.is_pull(name) => {
                let body =
                    json!({ "batch": batch, "no_wait": no_wait, "expires": expires_ms.unwrap_or(0) * 1_000_000 });
                let subject = format!("$JS.API.CONSUMER.MSG.NEXT.S.{name}");
                self.client.publish(&subject, &format!("p.{to}"), "", body.to_string().as_bytes());
                let expires = expires_ms.map(|millis| self.model.moment_in(millis));
                self.model.pull(name, Request { to, batch, no_wait, expires, got_some: false });
            }
            Operation::Ack { back, kind } => self.ack(back, kind)?,
            Operation::Wait(millis) => {
                let until = self.client.now + Duration::from_millis(millis);
                self.client.pass_time(until);
                self.model.pass_time(until);
            }
            Operation::DeleteMessage { back } => {
                let seq = self.model.last_seq.saturating_sub(back).max(1);
                let error = self.request("STREAM.MSG.DELETE.S", &json!({ "seq": seq }))?;
                same("deleted", error.is_none(), self.model.remove(seq))?;
            }
            Operation::Purge { filter, below, keep } => self.purge(filter, below, keep)?,
            Operation::Inspect(name) if self.model.consumer(name).is_some() => self.inspect(name)?,
            _ => return Ok(()),
        }
        // What is due at this very moment.
        self.client.pass_time(self.client.now);
        self.model.pass_time(self.client.now);
        let mut received = std::mem::take(&mut self.late);
        received.extend(self.client.received());
        self.compare_received(received)?;
        self.compare_state()?;
        self.check_laws()
    }

    fn is_pull(&mut self, name: &str) -> bool {
        self.model.consumer(name).is_some_and(|consumer| !consumer.config.is_push)
    }

    fn id(&self, name: &str) -> Option<ConsumerId> {
        self.client.stream("S")?.consumer_id(name)
    }

    /// Asks the API. What comes besides the answer is kept; returns the code of an error.
    fn request(&mut self, subject: &str, body: &Value) -> Result<Option<u64>, String> {
        let (answer, received) = self.client.ask(&format!("$JS.API.{subject}"), "", body.to_string().as_bytes());
        self.late.extend(received);
        Ok(read(answer)?["error"]["err_code"].as_u64())
    }

    fn create(&mut self, name: &'static str, config: Config) -> Result<(), String> {
        if self.model.consumer(name).is_some() {
            return Ok(());
        }
        let error = self.request(&format!("CONSUMER.DURABLE.CREATE.S.{name}"), &config.to_json(name))?;
        same("create", error, self.model.create(name, config).err())
    }

    fn update(&mut self, name: &'static str, max_deliver: i64, max_ack_pending: i64) -> Result<(), String> {
        let Some(consumer) = self.model.consumer(name).filter(|consumer| consumer.has_acks()) else { return Ok(()) };
        let config = Config { max_deliver, max_ack_pending, ..consumer.config };
        let error = self.request(&format!("CONSUMER.DURABLE.CREATE.S.{name}"), &config.to_json(name))?;
        self.model.update(name, max_deliver, max_ack_pending);
        same("update", error, None)
    }

    fn ack(&mut self, back: usize, kind: Ack) -> Result<(), String> {
        let Some(at) = self.seen.len().checked_sub(back + 1) else { return Ok(()) };
        let Seen { consumer, numbers, reply, from, .. } = &self.seen[at];
        if !self.model.consumer(consumer).is_some_and(|consumer| consumer.has_acks()) {
            return Ok(());
        }
        let body = match kind {
            Ack::Done => "+ACK".to_owned(),
            Ack::Nak => "-NAK".to_owned(),
            Ack::NakFor(millis) => format!("-NAK {{\"delay\":{}}}", millis * 1_000_000),
            Ack::InProgress => "+WPI".to_owned(),
            Ack::Term => "+TERM".to_owned(),
        };
        let id = self.id(consumer);
        if *from != self.incarnation(consumer) {
            self.laws.misled.extend(id);
        }
        let before = self.pending(id);
        let (answer, received) = self.client.ask(reply, "", body.as_bytes());
        same("answered", answer.is_some(), self.model.ack(consumer, kind, *numbers))?;
        if let (Ack::Done | Ack::Term, Some(id)) = (kind, id) {
            let after = self.pending(Some(id));
            self.laws.acked.extend(before.difference(&after).map(|seq| (id, *seq)));
        }
        self.late.extend(received);
        Ok(())
    }

    /// The consumer of that name, and how often it was reset.
    fn incarnation(&self, name: &str) -> (Option<ConsumerId>, u64) {
        let id = self.id(name);
        (id, id.and_then(|id| self.laws.resets.get(&id)).copied().unwrap_or(0))
    }

    fn pending(&self, id: Option<ConsumerId>) -> BTreeSet<u64> {
        let consumer = id.and_then(|id| self.client.stream("S")?.consumer(id));
        consumer.map_or(BTreeSet::new(), |consumer| consumer.ack_pending().iter().map(|(seq, _)| seq).collect())
    }

    fn purge(&mut self, filter: Option<&'static str>, below: Option<i64>, keep: u64) -> Result<(), String> {
        let below = below.map(|back| self.model.last_seq.saturating_add_signed(-back).max(2));
        let mut body = json!({});
        if let Some(filter) = filter {
            body["filter"] = json!(filter);
        }
        if let Some(below) = below {
            body["seq"] = json!(below);
        }
        if keep > 0 {
            body["keep"] = json!(keep);
        }
        self.request("STREAM.PURGE.S", &body)?;
        self.model.purge(&Purge { filter, below, keep });
        Ok(())
    }

    fn compare_received(&mut self, received: Vec<Received>) -> Result<(), String> {
        let line = |message: &Received| {
            if message.headers.is_empty() {
                format!("{} {} {}", message.sid, message.subject, message.reply)
            } else {
                format!("{} {}", message.sid, message.headers)
            }
        };
        same("received", received.iter().map(line).collect::<Vec<_>>(), self.model.take_sent())?;
        for message in received {
            if let Some(mut seen) = Seen::read(&message.reply) {
                seen.from = self.incarnation(&seen.consumer);
                self.check_delivery(&seen)?;
                self.seen.push(seen);
            }
        }
        Ok(())
    }

    fn compare_state(&mut self) -> Result<(), String> {
        let stream = self.client.stream("S").ok_or("the stream is gone")?;
        let store = stream.store();
        let seqs: Vec<u64> = store.messages_from(0).map(|message| message.seq).collect();
        let model = &self.model;
        same("messages", seqs, model.messages.iter().map(|message| message.seq).collect())?;
        same("sequences", (store.first_seq(), store.last_seq()), (model.first_seq(), model.last_seq))?;
        same("consumers", stream.consumers().count(), model.consumers.len())?;
        for consumer in &model.consumers {
            let name = consumer.name;
            let engine = stream.consumer_named(name).ok_or_else(|| format!("{name} is gone"))?;
            let floor = |pair: consumer::Pair| (pair.consumer_seq, pair.stream_seq);
            same(&format!("{name}: floor"), engine.settled_up_to(), consumer.floor.stream_seq)?;
            let shown = engine.reported().ack_floor;
            let shown = (shown.consumer_seq, shown.stream_seq);
            same(&format!("{name}: ack floor"), shown, floor(consumer.shown_floor))?;
            let delivered = engine.reported().delivered;
            let delivered = (delivered.consumer_seq, delivered.stream_seq);
            same(&format!("{name}: delivered"), delivered, floor(consumer.shown_delivered))?;
            same(&format!("{name}: next"), engine.next_stream_seq(), consumer.next)?;
            same(&format!("{name}: num_pending"), engine.num_pending(), model.num_pending(consumer))?;
            let num_ack_pending = engine.ack_pending().len() as u64;
            same(&format!("{name}: num_ack_pending"), num_ack_pending, consumer.num_ack_pending())?;
            same(&format!("{name}: num_redelivered"), engine.num_redelivered(), consumer.num_redelivered())?;
            same(&format!("{name}: num_waiting"), engine.waiting().len(), consumer.requests.len())?;
        }
        Ok(())
    }

    /// What INFO says.
    fn inspect(&mut self, name: &str) -> Result<(), String> {
        self.model.show(name);
        let (answer, received) = self.client.ask(&format!("$JS.API.CONSUMER.INFO.S.{name}"), "", b"");
        self.late.extend(received);
        let info = read(answer)?;
        let numbers = ["num_pending", "num_ack_pending", "num_redelivered", "num_waiting"].map(|name| &info[name]);
        let numbers = numbers.map(|number| number.as_u64().unwrap_or(u64::MAX));
        let consumer = self.model.consumers.iter().find(|consumer| consumer.name == name).ok_or("is there")?;
        let model = [
            self.model.num_pending(consumer),
            consumer.num_ack_pending(),
            consumer.num_redelivered(),
            consumer.requests.len() as u64,
        ];
        same("info", numbers, model)
    }

    /// Nothing is delivered more than `max_deliver` times, nothing again that was acked, and in a work queue nothing to
    /// two consumers.
    fn check_delivery(&mut self, seen: &Seen) -> Result<(), String> {
        let stream = self.client.stream("S").ok_or("the stream is gone")?;
        // It may have been deleted at once after it delivered.
        let Some(consumer) = stream.consumer_named(&seen.consumer) else { return Ok(()) };
        let stream_seq = seen.numbers.stream_seq;
        if consumer.config.max_deliver.is_some_and(|max| seen.delivered > max) {
            return Err(format!("{} got {stream_seq} for the {}th time", seen.consumer, seen.delivered));
        }
        if self.laws.acked.contains(&(consumer.id, stream_seq)) {
            return Err(format!("{} got {stream_seq}, which it acked", seen.consumer));
        }
        if stream.config.retention == jetstream_sim::engine::stream::config::Retention::WorkQueue {
            let owner = *self.laws.owners.entry(stream_seq).or_insert(consumer.id);
            if owner != consumer.id && stream.consumer(owner).is_some() {
                return Err(format!("{} got {stream_seq}, which another has", seen.consumer));
            }
            self.laws.owners.insert(stream_seq, consumer.id);
        }
        Ok(())
    }

    /// The ack floor never goes back, and no more than `max_ack_pending` messages become pending.
    fn check_laws(&mut self) -> Result<(), String> {
        let stream = self.client.stream("S").ok_or("the stream is gone")?;
        for consumer in stream.consumers() {
            let (id, name) = (consumer.id, &consumer.name);
            let floor = consumer.reported().ack_floor;
            let floor = (floor.consumer_seq, floor.stream_seq);
            let before = self.laws.ack_floors.insert(id, floor).unwrap_or_default();
            let is_behind = floor.0 < before.0 && !self.laws.misled.contains(&id);
            if is_behind || floor.1 < before.1 {
                return Err(format!("the ack floor of {name} went back from {before:?} to {floor:?}"));
            }
            let pending = consumer.ack_pending().len();
            let before = self.laws.num_ack_pending.insert(id, pending).unwrap_or(0);
            let max = consumer.config.max_ack_pending.limit();
            // The limit may have been lowered since.
            if max.is_some_and(|max| pending as u64 > max.max(before as u64)) {
                return Err(format!("{name} has {pending} messages pending"));
            }
        }
        Ok(())
    }
}

impl Laws {
    /// A consumer begins anew.
    fn forget(&mut self, id: Option<ConsumerId>) {
        if let Some(id) = id {
            *self.resets.entry(id).or_default() += 1;
            self.ack_floors.remove(&id);
            self.acked.retain(|(other, _)| *other != id);
        }
    }
}

impl Seen {
    /// From `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`.
    fn read(reply: &str) -> Option<Self> {
        let words: Vec<&str> = reply.split('.').collect();
        let number = |at: usize| words.get(at)?.parse().ok();
        let delivered = number(4)?;
        let numbers = Numbers { stream_seq: number(5)?, consumer_seq: number(6)? };
        Some(Self { consumer: words[3].to_owned(), delivered, numbers, reply: reply.to_owned(), from: (None, 0) })
    }
}

fn read(answer: Option<Vec<u8>>) -> Result<Value, String> {
    serde_json::from_slice(&answer.ok_or("no answer")?).map_err(|error| error.to_string())
}

fn run(seed: u64, operations: &[Operation]) -> Result<(), String> {
    let Some(Operation::Stream(config)) = operations.first() else { return Ok(()) };
    let mut client = Client::new(seed);
    let pushes = NAMES.map(|name| format!("SUB d.{name} {}\r\n", push_sid(name)));
    let pulls: String = (1..=INBOXES).map(|inbox| format!("SUB p.{inbox} {inbox}\r\n")).collect();
    client.send((pulls + &pushes.concat()).as_bytes());
    let retention = match config.retention {
        Retention::Limits => "limits",
        Retention::Interest => "interest",
        Retention::WorkQueue => "workqueue",
    };
    let body = json!({
        "name": "S",
        "subjects": ["s.>"],
        "storage": "memory",
        "retention": retention,
        "max_msgs": config.max_msgs,
        "max_msgs_per_subject": config.max_msgs_per_subject,
    });
    let model = Model::new(*config, client.now);
    let mut pair = Pair { client, model, seen: Vec::new(), late: Vec::new(), laws: Laws::default() };
    same("create", pair.request("STREAM.CREATE.S", &body)?, None)?;
    operations.iter().try_for_each(|operation| pair.act(operation))
}

#[test]
fn the_engine_agrees_with_a_list_of_deliveries() {
    agree(OPERATIONS / OPERATIONS_PER_SEED, operations, run);
}
