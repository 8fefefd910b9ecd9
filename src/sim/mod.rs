//! The world around the server: scripted clients, the clock, what happened and what was done.
//!
//! [`Simulation`] is what the page holds: a [`world::World`] that moves by its clock and by commands, the trace of what
//! happened, and the journal of what was done. [`session::Session`] is what programs hold. Equal seeds and commands give
//! equal runs.

pub mod actor;
pub mod attached;
pub mod client;
pub mod clock;
pub mod command;
pub mod journal;
pub mod presets;
pub mod session;
pub mod template;
pub mod trace;
pub mod world;

use std::time::Duration;

use self::actor::{Actor, ActorId, Answer, Binding, Console, Publisher, Role, Worker};
use self::clock::Clock;
use self::command::{Command, Settlement};
use self::journal::Journal;
use self::trace::{Trace, Traced};
use self::world::{NextEvent, Outgoing, World};
use crate::engine::ServerConfig;
use crate::engine::event::Event;
use crate::engine::time::Timestamp;

/// Events in one frame at most: a world that is busier than the page runs slower, and the page stays alive.
const MAX_STEPS_PER_FRAME: usize = 20_000;
/// Events in one advance at most: any duration may be typed.
const MAX_STEPS_PER_ADVANCE: usize = 1_000_000;
/// Events that a skip looks through for the one that it wants.
const MAX_STEPS_PER_SKIP: usize = 200_000;

#[derive(Clone, Debug)]
pub struct Simulation {
    world: World,
    trace: Trace,
    journal: Journal,
    pub clock: Clock,
    /// The page's own client.
    console: ActorId,
    outgoing: Vec<Outgoing>,
}

impl Simulation {
    pub fn new(config: ServerConfig, start: Timestamp) -> Self {
        let mut world = World::new(config, start);
        let mut outgoing = Vec::new();
        let console = Actor::new("page".to_owned(), Role::Console(Console::default()));
        let console = world.add_actor(console, &mut outgoing);
        let mut simulation = Self {
            world,
            trace: Trace::default(),
            journal: Journal::default(),
            clock: Clock::default(),
            console,
            outgoing,
        };
        simulation.after_change();
        simulation
    }

    pub const fn world(&self) -> &World {
        &self.world
    }

    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    pub const fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Bytes for those connections that no scripted client holds.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outgoing)
    }

    fn after_change(&mut self) {
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
        let events = self.world.take_events();
        self.trace.extend(events);
    }

    /// Lets as much simulated time pass as belongs to `real` time.
    pub fn frame(&mut self, real: Duration) {
        let elapsed = self.clock.elapsed(real);
        if elapsed.is_zero() {
            return;
        }
        let target = self.now() + elapsed;
        let mut steps = 0;
        while self.world.step(target, &mut self.outgoing) {
            steps += 1;
            if steps >= MAX_STEPS_PER_FRAME {
                return self.after_change();
            }
        }
        self.world.skip_idle_time(target);
        self.after_change();
    }

    /// Lets everything happen within `duration`. A world in which too much happens comes only part of the way.
    pub fn advance(&mut self, duration: Duration) {
        let target = self.now() + duration;
        for _ in 0..MAX_STEPS_PER_ADVANCE {
            if !self.world.step(target, &mut self.outgoing) {
                self.world.skip_idle_time(target);
                break;
            }
        }
        self.after_change();
    }

    /// Lets the next event happen. Whether there was one.
    pub fn step(&mut self) -> bool {
        let happened = self.world.step(Timestamp::MAX, &mut self.outgoing);
        self.after_change();
        happened
    }

    /// Goes to the moment of the next event, and through all that happens then.
    pub fn skip_to_next(&mut self) -> bool {
        let Some(at) = self.world.next_event().as_ref().map(NextEvent::at) else { return false };
        self.world.advance_to(at, &mut self.outgoing);
        self.after_change();
        true
    }

    /// Goes on until a message is delivered again, expires or is removed. Whether that happened.
    pub fn skip_to_next_loss(&mut self) -> bool {
        for _ in 0..MAX_STEPS_PER_SKIP {
            let before = self.trace.total();
            if !self.step() {
                return false;
            }
            let new = self.trace.events().rev().take_while(|traced| traced.number >= before);
            if new.into_iter().any(is_loss) {
                return true;
            }
        }
        false
    }

    /// Does what a person asks, and notes it in the journal.
    pub fn act(&mut self, command: Command) {
        self.journal.record(self.now(), &command);
        self.carry_out(command);
        self.after_change();
    }

    /// Sends a request of the page's own and returns the answer; `None` if there was none.
    pub fn request(&mut self, subject: &str, body: &[u8]) -> Option<Answer> {
        self.act(Command::Request { subject: subject.to_owned(), body: body.to_vec() });
        let mut answer = None;
        self.world.with_actor(self.console, &mut self.outgoing, |actor, _, _, _| {
            answer = actor.console_mut().and_then(Console::take_answer);
        });
        answer
    }

    fn carry_out(&mut self, command: Command) {
        let Self { world, outgoing, console, .. } = self;
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
                world.with_actor(worker, outgoing, |actor, now, _, out| {
                    let Some(worker) = actor.worker_mut() else { return };
                    match how {
                        Settlement::Ack => worker.ack(now, consumer_seq, out),
                        Settlement::Nak(delay) => worker.nak(now, consumer_seq, delay, out),
                        Settlement::InProgress => worker.in_progress(consumer_seq, out),
                        Settlement::Term => worker.term(now, consumer_seq, out),
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

/// Whether a message was delivered again, fell due, was given up, or left.
fn is_loss(traced: &Traced) -> bool {
    match &traced.event {
        Event::Delivered { delivered, .. } => *delivered > 1,
        Event::AckWaitEnded { .. } | Event::GaveUp { .. } | Event::Removed { .. } => true,
        _ => false,
    }
}
