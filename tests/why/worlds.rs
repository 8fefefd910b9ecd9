//! Worlds to ask about, made by what a person does on the page.

use std::time::Duration;

use jetstream_sim::engine::ServerConfig;
use jetstream_sim::engine::consumer::Consumer;
use jetstream_sim::engine::stream::Stream;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::actor::{ActorId, Answer as Reply, FetchRequest, Held, Worker, WorkerScript};
use jetstream_sim::sim::command::{Command, Settlement};
use jetstream_sim::view::form::ApiError;
use jetstream_sim::view::why::{self, Answer, Mend, Step};
use jetstream_sim::view::{Focus, Scene};

/// A simulation with a stream `S` on `s.*`, and what is done in it.
#[derive(Clone)]
pub struct World {
    pub simulation: Simulation,
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl World {
    /// With a stream of `config`, members behind a comma.
    pub fn new(config: &str) -> Self {
        let simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        let mut world = Self { simulation };
        let refused =
            world.request("$JS.API.STREAM.CREATE.S", &format!(r#"{{"name":"S","subjects":["s.*"]{config}}}"#));
        assert_eq!(refused, None, "{config}");
        world
    }

    /// Sends a request; the error of its answer.
    pub fn request(&mut self, subject: &str, body: &str) -> Option<ApiError> {
        match self.simulation.request(subject, body.as_bytes()) {
            Some(Reply::Payload(reply)) => ApiError::in_reply(&String::from_utf8_lossy(&reply)),
            Some(Reply::NoResponders) | None => ApiError::in_reply(""),
        }
    }

    /// Makes a durable consumer; the error, if it is refused.
    pub fn consumer(&mut self, name: &str, config: &str) -> Option<ApiError> {
        let subject = format!("$JS.API.CONSUMER.CREATE.S.{name}");
        self.request(&subject, &format!(r#"{{"stream_name":"S","config":{{"durable_name":"{name}",{config}}}}}"#))
    }

    pub fn publish(&mut self, subject: &str, times: u64) {
        for _ in 0..times {
            self.simulation.request(subject, b"x");
        }
    }

    pub fn worker(&mut self, consumer: &str) -> ActorId {
        self.scripted(consumer, WorkerScript::default())
    }

    pub fn scripted(&mut self, consumer: &str, script: WorkerScript) -> ActorId {
        let name = format!("w{}", self.simulation.world().actors().iter().count());
        let (stream, consumer) = ("S".to_owned(), consumer.to_owned());
        self.act(Command::AddWorker { name, stream, consumer, script });
        let (id, _) = self.simulation.world().actors().iter().next_back().expect("it was added");
        id
    }

    pub fn act(&mut self, command: Command) {
        self.simulation.act(command);
    }

    pub fn fetch(&mut self, worker: ActorId, batch: u32) {
        self.act(Command::Fetch { worker, request: FetchRequest { batch, ..FetchRequest::ONE } });
    }

    pub fn advance(&mut self, by: Duration) {
        self.simulation.advance(by);
    }

    /// Settles what the worker holds longest.
    pub fn settle(&mut self, worker: ActorId, how: Settlement) {
        let first = self.held(worker).next().map(|held| held.consumer_seq);
        if let Some(consumer_seq) = first {
            self.act(Command::Settle { worker, consumer_seq, how });
        }
    }

    pub fn worker_of(&self, id: ActorId) -> &Worker {
        self.simulation.world().actors().get(id).and_then(|actor| actor.worker()).expect("it is a worker")
    }

    pub fn held(&self, worker: ActorId) -> impl Iterator<Item = &Held> {
        self.worker_of(worker).held()
    }

    pub fn stream(&self) -> &Stream {
        self.simulation.world().server().account().stream_named("S").expect("the stream stays")
    }

    pub fn found(&self, consumer: &str) -> Option<&Consumer> {
        self.stream().consumer_named(consumer)
    }

    pub fn ask<R>(&self, ask: impl FnOnce(Scene<'_>) -> R) -> R {
        let focus = Focus::default();
        ask(Scene::of(&self.simulation, &focus))
    }

    pub fn why(&self, consumer: &str) -> Answer {
        self.ask(|scene| why::consumer(scene, self.stream(), self.found(consumer).expect("it exists")))
    }

    pub fn why_worker(&self, worker: ActorId) -> Answer {
        self.ask(|scene| why::worker(scene, worker)).expect("it is a worker")
    }

    pub fn why_message(&self, seq: u64) -> Vec<Answer> {
        self.ask(|scene| why::message(scene, self.stream(), seq))
    }

    /// Does what the button of an answer does. A dialog opens to nobody here.
    pub fn mend(&mut self, mend: &Mend) {
        for step in &mend.steps {
            match step {
                Step::Do(command) => self.act(command.clone()),
                Step::Wait(time) => self.advance(*time),
                Step::Open(place) => panic!("{}: opens {place:?}", mend.label),
            }
        }
        // A pause that is ended lasts a moment longer.
        self.advance(Duration::from_millis(1));
    }
}
