//! The world around the server: scripted clients, the clock, what happened and what was done.
//!
//! [`Simulation`] is what the page holds: a [`run::Run`] that moves by its clock and by commands, and goes back along its
//! [`line::Line`]; what is done in the past begins a line of its own. [`session::Session`] is what programs hold. Equal
//! seeds and commands give equal runs.

pub mod actor;
pub mod attached;
pub mod branches;
pub mod client;
pub mod clock;
pub mod command;
pub mod hash;
pub mod journal;
pub mod line;
pub mod numbers;
pub mod presets;
pub mod rehearsal;
pub mod run;
pub mod scenario;
pub mod session;
pub mod shared_log;
pub mod template;
pub mod trace;
pub mod travel;
pub mod wire;
pub mod world;

use std::time::Duration;

use self::actor::Answer;
use self::branches::Branch;
use self::clock::Clock;
use self::command::Command;
use self::journal::{Entry, Journal};
use self::line::Line;
use self::numbers::Numbers;
use self::run::Run;
use self::trace::{Trace, Traced};
use self::wire::Wire;
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
    run: Run,
    line: Line,
    /// Courses of events that were left.
    branches: Vec<Branch>,
    pub clock: Clock,
    outgoing: Vec<Outgoing>,
    /// The moment that the reader began at; what is before it is how it came about.
    opened_at: u64,
}

impl Simulation {
    pub fn new(config: ServerConfig, start: Timestamp) -> Self {
        let mut outgoing = Vec::new();
        let run = Run::new(config, start, &mut outgoing);
        let line = Line::new(&run);
        Self { run, line, branches: Vec::new(), clock: Clock::default(), outgoing, opened_at: 0 }
    }

    pub const fn world(&self) -> &World {
        self.run.world()
    }

    pub const fn trace(&self) -> &Trace {
        self.run.trace()
    }

    pub const fn wire(&self) -> &Wire {
        self.run.wire()
    }

    pub const fn numbers(&self) -> &Numbers {
        self.run.numbers()
    }

    /// What was done on the line that the reader is on, also after the moment that is shown.
    pub const fn journal(&self) -> &Journal {
        self.line.journal()
    }

    pub const fn now(&self) -> Timestamp {
        self.run.now()
    }

    /// See [`Run::moment`].
    pub const fn moment(&self) -> u64 {
        self.run.moment()
    }

    /// Bytes for those connections that no scripted client holds.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outgoing)
    }

    /// Lets the next thing happen, if it is not after `target`; in the past, what happened then.
    fn go_on(&mut self, target: Timestamp) -> bool {
        self.line.go_on(&mut self.run, target, &mut self.outgoing)
    }

    /// Moves time to `target`, before which nothing happens.
    fn skip_idle_time(&mut self, target: Timestamp) {
        self.run.skip_idle_time(target);
        self.line.arrive(&self.run);
    }

    /// Lets everything happen until `target`, in so many steps at most.
    fn pass(&mut self, target: Timestamp, most: usize) {
        for _ in 0..most {
            if !self.go_on(target) {
                return self.skip_idle_time(target);
            }
        }
    }

    /// Lets as much simulated time pass as belongs to `real` time.
    pub fn frame(&mut self, real: Duration) {
        let elapsed = self.clock.elapsed(real);
        if !elapsed.is_zero() {
            self.pass(self.now() + elapsed, MAX_STEPS_PER_FRAME);
        }
    }

    /// Lets everything happen within `duration`. A world in which too much happens comes only part of the way.
    pub fn advance(&mut self, duration: Duration) {
        self.pass(self.now() + duration, MAX_STEPS_PER_ADVANCE);
    }

    /// Lets the next thing happen. Whether there was one.
    pub fn step(&mut self) -> bool {
        self.go_on(Timestamp::MAX)
    }

    /// When the next thing happens: what the world does of itself or, in the past, what was done then.
    fn next_at(&self) -> Option<Timestamp> {
        let entry = self.line.journal().at(self.moment()).map(|entry| entry.at);
        entry.or_else(|| self.world().next_event().as_ref().map(NextEvent::at))
    }

    /// Goes to the moment of the next event, and through all that happens then.
    pub fn skip_to_next(&mut self) -> bool {
        let Some(at) = self.next_at() else { return false };
        self.pass(at, MAX_STEPS_PER_ADVANCE);
        true
    }

    /// Goes on until a message is delivered again, expires or is removed. Whether that happened.
    pub fn skip_to_next_loss(&mut self) -> bool {
        for _ in 0..MAX_STEPS_PER_SKIP {
            let before = self.trace().total();
            if !self.step() {
                return false;
            }
            let mut new = self.trace().events().rev().take_while(|traced| traced.number >= before);
            if new.any(is_loss) {
                return true;
            }
        }
        false
    }

    /// Does what a person asks, and notes it in the journal. In the past this begins a new line.
    pub fn act(&mut self, command: Command) {
        self.fork();
        let next = self.world().next_event();
        let entry = Entry {
            moment: self.moment(),
            at: self.now(),
            is_settled: next.is_none_or(|next| next.at() > self.now()),
            command: command.clone(),
        };
        self.line.record(entry, &self.run);
        self.run.act(command, &mut self.outgoing);
        self.line.keep(&self.run);
    }

    /// Sends a request of the page's own and returns the answer; `None` if there was none.
    pub fn request(&mut self, subject: &str, body: &[u8]) -> Option<Answer> {
        self.act(Command::Request { subject: subject.to_owned(), body: body.to_vec() });
        self.run.answer().cloned()
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
