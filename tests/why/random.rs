//! Random streams, consumers, workers, acks and time: the oracle agrees with every answer.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use jetstream_sim::engine::consumer::config::PriorityPolicy;
use jetstream_sim::engine::rng::Rng;
use jetstream_sim::sim::actor::{ActorId, FetchRequest, Worker, WorkerScript};
use jetstream_sim::sim::command::{Command, Settlement};
use jetstream_sim::view::why::{Answer, Cause, Gate, Step};

use crate::messages;
use crate::oracle::{Fix, Question, does, fixes, has_received, is_held, needed};
use crate::worlds::{World, seconds};

/// Worlds of the run, and what is done in each.
const SEEDS: u64 = 100;
const STEPS: u64 = 70;

const SUBJECTS: [&str; 3] = ["s.a", "s.b", "s.c"];
const CONSUMERS: [&str; 3] = ["one", "two", "three"];

#[test]
fn an_oracle_agrees_with_every_answer() {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().expect("SEED is a number");
            seed..seed + 1
        }
        Err(_) => 1..SEEDS + 1,
    };
    let mut counts = Counts::default();
    for seed in seeds.clone() {
        let run = catch_unwind(AssertUnwindSafe(|| run(seed, &mut counts)));
        if let Err(panic) = run {
            eprintln!("seed {seed}: SEED={seed} cargo test --test why");
            resume_unwind(panic);
        }
    }
    println!("{counts:?}");
    if seeds.end - seeds.start == SEEDS {
        assert!(counts.consumers > 2_000 && counts.workers > 2_000 && counts.messages > 2_000, "{counts:?}");
        let gates = [
            Gate::Exists,
            Gate::Matching,
            Gate::Connected,
            Gate::UpToDate,
            Gate::Paced,
            Gate::Running,
            Gate::Bound,
            Gate::Message,
            Gate::Slot,
            Gate::Pin,
            Gate::Pull,
            Gate::Awake,
        ];
        for gate in gates {
            let times = counts.gates.iter().filter(|seen| **seen == gate).count();
            assert!(times >= 3, "{gate:?} was closed {times} times");
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    consumers: u64,
    workers: u64,
    messages: u64,
    gates: Vec<Gate>,
}

fn run(seed: u64, counts: &mut Counts) {
    let mut rng = Rng::new(seed);
    let mut world = Random::new(&mut rng);
    for step in 0..STEPS {
        world.step(&mut rng);
        // What is due at this very moment happens first.
        world.world.advance(Duration::ZERO);
        let name = CONSUMERS[rng.below(3) as usize];
        if world.world.found(name).is_some() {
            let answer = world.world.why(name);
            counts.consumers += 1;
            counts.gates.extend(&answer.gates);
            let question = Question { consumer: name, worker: None };
            check(&world.world, question, &answer, &format!("step {step}, consumer {name}"));
            check_mend(&world.world, question, &answer, &format!("step {step}, consumer {name}"));
        }
        let worker = world.workers[rng.below(world.workers.len() as u64) as usize];
        let answer = world.world.why_worker(worker);
        counts.workers += 1;
        counts.gates.extend(&answer.gates);
        let consumer = world.world.worker_of(worker).consumer.clone();
        let question = Question { consumer: &consumer, worker: Some(worker) };
        check(&world.world, question, &answer, &format!("step {step}, worker {worker:?} of {consumer}"));
        check_mend(&world.world, question, &answer, &format!("step {step}, worker {worker:?} of {consumer}"));
        counts.messages += messages::check_one(&world.world, &mut rng, &format!("step {step}"));
    }
}

/// The oracle's opinion of an answer.
fn check(world: &World, question: Question<'_>, answer: &Answer, place: &str) {
    let says = format!("{place}: {:?} {:?} {}", answer.cause, answer.gates, answer.says);
    if answer.gates == [Gate::Exists] {
        assert!(world.found(question.consumer).is_none(), "{says}");
        return;
    }
    if answer.gates.contains(&Gate::Paced) {
        assert_eq!(needed(world, question), None, "{says}");
        return;
    }
    if answer.cause == Cause::GoesUnused {
        let at = world.found(question.consumer).and_then(|consumer| consumer.goes_at()).expect(&says);
        let mut ahead = world.clone();
        ahead.advance(at.since(ahead.simulation.now()) - Duration::from_nanos(1));
        assert!(ahead.found(question.consumer).is_some(), "{says}");
        ahead.advance(Duration::from_nanos(1));
        assert!(ahead.found(question.consumer).is_none(), "{says}");
    }
    if answer.gates == [Gate::Matching] {
        assert_eq!(needed(world, question), None, "{says}");
        return;
    }
    if asks_again_by_itself(world, question.consumer) {
        return;
    }
    let mut needed = needed(world, question);
    if let Some(needed) = needed.as_mut().filter(|_| answer.gates.len() > 1 && answer.gates.contains(&Gate::Awake)) {
        // A turn of the loop is lost; which of several things wakes it once more, is a matter of their order.
        needed.insert(Fix::Wake);
    }
    assert_eq!(needed, Some(fixes(&answer.gates)), "{says}");
}

/// Whether a worker that runs may be pinned: refused when the next message comes, it asks anew in the
/// same instant, which no state of the server foretells.
fn asks_again_by_itself(world: &World, consumer: &str) -> bool {
    let policy = world.found(consumer).map(|consumer| consumer.config.priority_policy);
    let mut workers = world.simulation.world().actors().iter().filter_map(|(_, actor)| actor.worker());
    let runs = |of: &Worker| of.consumer == consumer && of.script.is_running;
    policy == Some(PriorityPolicy::PinnedClient) && workers.any(runs)
}

/// The button of an answer lets a message go out: to the worker that asked, if it was one.
fn check_mend(world: &World, question: Question<'_>, answer: &Answer, place: &str) {
    let Some(mend) = &answer.mend else {
        assert!(answer.gates.is_empty(), "{place}: nothing mends {:?}", answer.gates);
        return;
    };
    if mend.steps.iter().any(|step| matches!(step, Step::Open(_))) {
        return;
    }
    let mut mended = world.clone();
    mended.mend(mend);
    let before = world.simulation.trace().total();
    let anybody = Question { worker: None, ..question };
    let says = format!("{place}: {} does not mend {:?}: {}", mend.label, answer.gates, answer.says);
    let goes_out = has_received(&mended, anybody, before) || is_held(&mended, anybody);
    assert!(goes_out || !does_help(world, question), "{says}");
}

/// Whether anything lets a message go out at all: one that is held back may have left the stream meanwhile.
fn does_help(world: &World, question: Question<'_>) -> bool {
    does(world, question, &[]) || needed(world, question).is_some()
}

struct Random {
    world: World,
    workers: Vec<ActorId>,
    is_work_queue: bool,
}

impl Random {
    fn new(rng: &mut Rng) -> Self {
        let retention = pick(rng, &["limits", "limits", "interest", "workqueue"]);
        let max_age = pick(rng, &["", "", r#","max_age":40000000000"#]);
        let world = World::new(&format!(r#","retention":"{retention}"{max_age}"#));
        let mut random = Self { world, workers: Vec::new(), is_work_queue: retention == "workqueue" };
        let before = rng.below(4);
        random.publish(rng, before);
        for name in CONSUMERS {
            random.make_consumer(rng, name);
        }
        for _ in 0..4 {
            let consumer = pick(rng, &CONSUMERS);
            let script = random.script(rng);
            let id = random.world.scripted(consumer, script);
            random.workers.push(id);
        }
        random
    }

    fn script(&self, rng: &mut Rng) -> WorkerScript {
        WorkerScript {
            is_running: rng.below(8) == 0,
            min_pending: pick(rng, &[0, 0, 1, 3]),
            priority: rng.below(3) as u8,
            ..WorkerScript::default()
        }
    }

    fn publish(&mut self, rng: &mut Rng, times: u64) {
        for _ in 0..times {
            self.world.publish(pick(rng, &SUBJECTS), 1);
        }
    }

    fn make_consumer(&mut self, rng: &mut Rng, name: &str) {
        let mut fields: Vec<String> = Vec::new();
        let filters: &[&str] = if self.is_work_queue {
            match name {
                "one" => &["s.a"],
                "two" => &["s.b"],
                _ => &["s.c"],
            }
        } else {
            &["s.a", "s.b", "s.*", "", "", "x.y"]
        };
        let filter = pick(rng, filters);
        if !filter.is_empty() {
            fields.push(format!(r#""filter_subject":"{filter}""#));
        }
        let ack = if self.is_work_queue { "explicit" } else { pick(rng, &["explicit", "explicit", "all", "none"]) };
        fields.push(format!(r#""ack_policy":"{ack}""#));
        if ack != "none" {
            fields.push(format!(r#""max_ack_pending":{}"#, pick(rng, &[1, 2, 3, 1000])));
            fields.push(format!(r#""ack_wait":{}000000000"#, pick(rng, &[3, 7, 30])));
            fields.push(format!(r#""max_deliver":{}"#, pick(rng, &[-1, 1, 2, 3])));
        }
        if !self.is_work_queue {
            let last = self.world.stream().store().last_seq();
            let start = match rng.below(8) {
                0 => r#""deliver_policy":"new""#.to_owned(),
                1 => r#""deliver_policy":"last""#.to_owned(),
                2 => r#""deliver_policy":"last_per_subject""#.to_owned(),
                3 => format!(r#""deliver_policy":"by_start_sequence","opt_start_seq":{}"#, 1 + rng.below(last + 4)),
                4 => {
                    let at = self.world.simulation.now() + seconds(rng.below(10));
                    format!(r#""deliver_policy":"by_start_time","opt_start_time":"{at}""#)
                }
                _ => String::new(),
            };
            fields.extend((!start.is_empty()).then_some(start));
        }
        if rng.below(6) == 0 {
            fields.push(r#""replay_policy":"original""#.to_owned());
        }
        if rng.below(6) == 0 {
            fields.push(r#""inactive_threshold":20000000000"#.to_owned());
        }
        match rng.below(8) {
            0 | 1 => {
                fields.push(format!(r#""deliver_subject":"to.{name}""#));
                fields.extend((rng.below(3) == 0).then(|| r#""deliver_group":"g""#.to_owned()));
                fields.extend((rng.below(3) == 0).then(|| r#""idle_heartbeat":5000000000"#.to_owned()));
            }
            2 | 3 => {
                let policy = pick(rng, &["overflow", "pinned_client", "prioritized"]);
                fields.push(format!(r#""priority_groups":["g"],"priority_policy":"{policy}""#));
                fields.extend((policy == "pinned_client").then(|| r#""priority_timeout":25000000000"#.to_owned()));
            }
            _ => {}
        }
        self.world.consumer(name, &fields.join(","));
    }

    fn step(&mut self, rng: &mut Rng) {
        let name = pick(rng, &CONSUMERS);
        let worker = pick(rng, &self.workers);
        match rng.below(40) {
            0..=7 => {
                let times = 1 + rng.below(3);
                self.publish(rng, times);
            }
            8..=15 => {
                let request = FetchRequest {
                    batch: 1 + rng.below(3) as u32,
                    no_wait: rng.below(5) == 0,
                    expires: pick(rng, &[Some(seconds(4)), Some(seconds(15)), None]),
                };
                self.world.act(Command::Fetch { worker, request });
            }
            16..=22 => {
                let held: Vec<u64> = self.world.held(worker).map(|held| held.consumer_seq).collect();
                if !held.is_empty() {
                    let consumer_seq = pick(rng, &held);
                    let how = match rng.below(7) {
                        0 => Settlement::Nak(None),
                        1 | 2 => Settlement::Nak(Some(seconds(1 + rng.below(9)))),
                        3 => Settlement::InProgress,
                        4 => Settlement::Term,
                        _ => Settlement::Ack,
                    };
                    self.world.act(Command::Settle { worker, consumer_seq, how });
                }
            }
            23 => self.world.act(Command::Kill { client: worker }),
            24 | 25 => {
                let actor = self.world.simulation.world().actors().get(worker);
                // The page offers it only where there is no connection.
                if actor.is_some_and(|actor| actor.conn.is_none()) {
                    self.world.act(Command::Restart { client: worker });
                }
            }
            26 => {
                let until = self.world.simulation.now() + seconds(1 + rng.below(20));
                let body = format!("{{\"pause_until\":\"{until}\"}}");
                self.world.request(&format!("$JS.API.CONSUMER.PAUSE.S.{name}"), &body);
            }
            27 => {
                self.world.request(&format!("$JS.API.CONSUMER.PAUSE.S.{name}"), "");
            }
            28 => self.again(rng, name),
            29 => self.update(rng, name),
            30 => {
                self.world.request(&format!("$JS.API.CONSUMER.UNPIN.S.{name}"), r#"{"group":"g"}"#);
            }
            31 => {
                let seq = 1 + rng.below(self.world.stream().store().last_seq() + 1);
                self.world.request("$JS.API.STREAM.MSG.DELETE.S", &format!("{{\"seq\":{seq}}}"));
            }
            32 => {
                self.world.request("$JS.API.STREAM.PURGE.S", &format!("{{\"keep\":{}}}", rng.below(3)));
            }
            33 => {
                self.world.request(&format!("$JS.API.CONSUMER.RESET.S.{name}"), "");
            }
            34 => {
                let (name, script) = ("w".to_owned(), self.script(rng));
                self.world.act(Command::SetWorkerScript { worker, name, script });
            }
            _ => self.world.advance(Duration::from_millis(500 + rng.below(12_000))),
        }
    }

    /// Deletes a consumer, or makes another of its name.
    fn again(&mut self, rng: &mut Rng, name: &str) {
        if self.world.found(name).is_some() {
            self.world.request(&format!("$JS.API.CONSUMER.DELETE.S.{name}"), "");
        }
        if rng.below(3) > 0 {
            self.make_consumer(rng, name);
        }
    }

    fn update(&mut self, rng: &mut Rng, name: &str) {
        let Some(consumer) = self.world.found(name) else { return };
        let mut config: serde_json::Value = serde_json::to_value(&consumer.config).expect("it is JSON");
        config["max_ack_pending"] = pick(rng, &[1, 2, 4, -1]).into();
        config["max_deliver"] = pick(rng, &[-1, 2, 4]).into();
        let body = serde_json::json!({ "stream_name": "S", "action": "update", "config": config });
        self.world.request(&format!("$JS.API.CONSUMER.CREATE.S.{name}"), &body.to_string());
    }
}

fn pick<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.below(of.len() as u64) as usize].clone()
}
