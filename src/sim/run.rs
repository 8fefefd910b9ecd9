//! A run up to one of its moments: the world, and what is told of how it came about.
//!
//! It moves by commands and by what happens in the world, one of them at a time, and counts them. A clone shares what it
//! can, so it is a checkpoint.

use super::actor::{self, Actor, ActorId, Binding, Console, Publisher, Role, Worker};
use super::attached;
use super::command::{Command, Settlement};
use super::numbers::Numbers;
use super::trace::Trace;
use super::wire::Wire;
use super::world::{Outgoing, World};
use crate::engine::ServerConfig;
use crate::engine::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    moment: u64,
    world: World,
    trace: Trace,
    wire: Wire,
    numbers: Numbers,
    /// The page's own client.
    console: ActorId,
}

impl Run {
    pub fn new(config: ServerConfig, start: Timestamp, outgoing: &mut Vec<Outgoing>) -> Self {
        let mut world = World::new(config, start);
        let console = Actor::new("page".to_owned(), Role::Console(Console::default()));
        let console = world.add_actor(console, outgoing);
        let (trace, wire, numbers) = (Trace::default(), Wire::default(), Numbers::default());
        let mut run = Self { moment: 0, world, trace, wire, numbers, console };
        run.name_clients();
        // The page's own client is there before anything happens.
        run.world.take_events();
        run.note();
        run
    }

    /// How many commands were given, and how much happened of itself, since the start.
    pub const fn moment(&self) -> u64 {
        self.moment
    }

    pub const fn world(&self) -> &World {
        &self.world
    }

    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    pub const fn wire(&self) -> &Wire {
        &self.wire
    }

    pub const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    pub const fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// What the page's own client was answered last.
    pub fn answer(&self) -> Option<&actor::Answer> {
        self.world.actors().get(self.console)?.console()?.answer()
    }

    /// Lets the next thing happen, if it is not after `target`. Whether there was one.
    pub fn step(&mut self, target: Timestamp, outgoing: &mut Vec<Outgoing>) -> bool {
        let happened = self.world.step(target, outgoing);
        if happened {
            self.moment += 1;
            self.note();
        }
        happened
    }

    /// Moves time to `target`, before which nothing happens.
    pub fn skip_idle_time(&mut self, target: Timestamp) {
        self.world.skip_idle_time(target);
    }

    /// Does what a person asks.
    pub fn act(&mut self, command: Command, outgoing: &mut Vec<Outgoing>) {
        self.carry_out(command, outgoing);
        self.moment += 1;
        self.name_clients();
        self.note();
    }

    /// Keeps what happened since the last call.
    fn note(&mut self) {
        self.wire.extend(self.moment, self.world.now(), self.world.take_frames());
        let events = self.world.take_events();
        self.numbers.sample(self.moment, &self.world, &events);
        self.trace.extend(self.moment, events);
    }

    /// Only commands make clients and name them.
    fn name_clients(&mut self) {
        for (conn, connection) in self.world.attached() {
            let name = attached::name(conn, connection);
            if self.trace.client_name(conn) != Some(&name) {
                self.trace.name_client(conn, name);
            }
        }
        for (_, actor) in self.world.actors().iter() {
            if let Some(conn) = actor.conn
                && self.trace.client_name(conn) != Some(&actor.name)
            {
                self.trace.name_client(conn, actor.name.clone());
            }
        }
    }

    fn carry_out(&mut self, command: Command, outgoing: &mut Vec<Outgoing>) {
        let Self { world, console, .. } = self;
        let now = world.now();
        match command {
            Command::AddPublisher { name, script } => {
                world.add_actor(Actor::new(name, Role::Publisher(Publisher::new(now, script))), outgoing);
            }
            Command::AddWorker { name, stream, consumer, script } => {
                let binding = binding(world, &stream, &consumer);
                let worker = Worker::new(stream, consumer, binding, script);
                world.add_actor(Actor::new(name, Role::Worker(worker)), outgoing);
            }
            Command::RemoveClient { client } => world.remove_actor(client, outgoing),
            Command::Kill { client } => world.kill_actor(client, outgoing),
            Command::Restart { client } => {
                if let Some(worker) = world.actors().get(client).and_then(Actor::worker) {
                    let binding = binding(world, &worker.stream, &worker.consumer);
                    world.with_actor(client, outgoing, |actor, _, _, _| {
                        if let Some(worker) = actor.worker_mut() {
                            worker.binding = binding;
                        }
                    });
                }
                world.connect_actor(client, outgoing);
            }
            Command::Publish { publisher, draft, times } => {
                world.with_actor(publisher, outgoing, |actor, _, rng, out| {
                    let Some(publisher) = actor.publisher_mut() else { return };
                    publisher.set_draft(draft);
                    for _ in 0..times {
                        publisher.publish(rng, out);
                    }
                });
            }
            Command::SetPublisherScript { publisher, name, script } => {
                world.with_actor(publisher, outgoing, |actor, now, _, _| {
                    actor.name = name;
                    if let Some(publisher) = actor.publisher_mut() {
                        publisher.set_script(now, script);
                    }
                });
            }
            Command::PausePublisher { publisher, is_paused } => {
                world.with_actor(publisher, outgoing, |actor, now, _, _| {
                    if let Some(publisher) = actor.publisher_mut() {
                        publisher.set_paused(now, is_paused);
                    }
                });
            }
            Command::Fetch { worker, request } => world.with_actor(worker, outgoing, |actor, now, _, out| {
                if let Some(worker) = actor.worker_mut() {
                    worker.fetch(now, request, out);
                }
            }),
            Command::Settle { worker, consumer_seq, how } => {
                if how == Settlement::LostAck {
                    world.note_lost_ack(worker, consumer_seq);
                }
                world.with_actor(worker, outgoing, |actor, now, _, out| {
                    let Some(worker) = actor.worker_mut() else { return };
                    match how {
                        Settlement::Ack => worker.ack(now, consumer_seq, out),
                        Settlement::Nak(delay) => worker.nak(now, consumer_seq, delay, out),
                        Settlement::InProgress => worker.in_progress(consumer_seq, out),
                        Settlement::Term => worker.term(now, consumer_seq, out),
                        Settlement::LostAck => worker.lose_ack(now, consumer_seq, out),
                    }
                });
            }
            Command::SetWorkerScript { worker, name, script } => {
                world.with_actor(worker, outgoing, |actor, now, _, out| {
                    actor.name = name;
                    if let Some(worker) = actor.worker_mut() {
                        worker.set_script(now, script, out);
                    }
                });
            }
            Command::RunWorker { worker, is_running } => world.with_actor(worker, outgoing, |actor, now, _, out| {
                if let Some(worker) = actor.worker_mut() {
                    let script = actor::WorkerScript { is_running, ..worker.script.clone() };
                    worker.set_script(now, script, out);
                }
            }),
            Command::CutLink { stream, origin, is_cut } => world.set_link_cut(&stream, origin, is_cut, outgoing),
            Command::Attach => {
                world.connect(outgoing);
            }
            Command::AttachedSays { conn, bytes } => world.send(conn, &bytes, outgoing),
            Command::Detach { conn } => world.disconnect(conn, outgoing),
            Command::Request { subject, body } => {
                // A request that was too long cost the page its connection.
                world.connect_actor(*console, outgoing);
                world.with_actor(*console, outgoing, |actor, _, _, out| {
                    if let Some(console) = actor.console_mut() {
                        console.request(&subject, &body, out);
                    }
                });
            }
        }
    }
}

/// What a client that takes up work reads in the info of its consumer.
fn binding(world: &World, stream: &str, consumer: &str) -> Binding {
    let stream = world.server().account().stream_named(stream);
    let Some(consumer) = stream.and_then(|stream| stream.consumer_named(consumer)) else { return Binding::default() };
    let config = &consumer.config;
    let group = config.deliver_group.as_ref().map_or(String::new(), |group| format!(" {group}"));
    Binding {
        listens: config.deliver_subject.as_ref().map(|subject| format!("{subject}{group}")),
        group: config.priority_groups.iter().next().cloned(),
    }
}
