//! Carrying out the steps of a scenario.

use std::time::Duration;

use super::{Bounds, FirstStep, Scenario, ScenarioError, Step};
use crate::engine::account::AccountDue;
use crate::engine::consumer::Wakeup;
use crate::engine::stream::StreamDue;
use crate::engine::table::ConnId;
use crate::engine::time::Timestamp;
use crate::engine::{Deadline, Due};
use crate::sim::Simulation;
use crate::sim::actor::{Actor, ActorId, Answer, Draft};
use crate::sim::command::Command;
use crate::sim::world::NextEvent;
use crate::texts::scenario as texts;

/// Events that a step looks through for the one that it wants.
const MAX_UNTIL: u32 = 10_000;

/// What a step can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// An ack wait or the delay of a nak ends.
    AckWait,
    /// A pull request expires.
    Expires,
    /// A message reaches max age.
    MaxAge,
    /// A message reaches its TTL.
    Ttl,
    /// A message id leaves the duplicate window.
    DuplicateWindow,
    /// A consumer has been inactive for too long.
    InactiveThreshold,
}

impl Milestone {
    pub const ALL: [Self; 6] =
        [Self::AckWait, Self::Expires, Self::MaxAge, Self::Ttl, Self::DuplicateWindow, Self::InactiveThreshold];

    pub const fn word(self) -> &'static str {
        match self {
            Self::AckWait => "ack_wait",
            Self::Expires => "expires",
            Self::MaxAge => "max_age",
            Self::Ttl => "ttl",
            Self::DuplicateWindow => "duplicate_window",
            Self::InactiveThreshold => "inactive_threshold",
        }
    }

    fn of(due: StreamDue) -> Option<Self> {
        match due {
            StreamDue::Consumer(_, Wakeup::AckWait) => Some(Self::AckWait),
            StreamDue::Consumer(_, Wakeup::Waiting) => Some(Self::Expires),
            StreamDue::Consumer(_, Wakeup::Inactivity) => Some(Self::InactiveThreshold),
            StreamDue::MaxAge => Some(Self::MaxAge),
            StreamDue::Ttl => Some(Self::Ttl),
            StreamDue::DuplicateWindow => Some(Self::DuplicateWindow),
            _ => None,
        }
    }

    /// Whether this is what happens next.
    pub fn is_next(self, simulation: &Simulation) -> bool {
        match simulation.world().next_event() {
            Some(NextEvent::Server(Deadline { due: Due::Account(AccountDue::Stream(_, due)), .. })) => {
                Self::of(due) == Some(self)
            }
            _ => false,
        }
    }
}

/// The subjects of requests and their answers, in order.
pub type Answers = Vec<(String, Answer)>;

impl Scenario {
    /// Makes the world of this scenario.
    ///
    /// # Errors
    /// A step cannot be done, or all of them set more in motion than the bounds allow.
    pub fn open(&self, bounds: Bounds) -> Result<Simulation, ScenarioError> {
        let mut simulation = Simulation::new(self.server.clone(), self.start);
        let mut player = Player::new(&mut simulation, bounds);
        for (place, step) in self.steps.iter().enumerate() {
            player.play(step).map_err(|ScenarioError(says)| ScenarioError(texts::STEP.with([&(place + 1), &says])))?;
            // Nobody hears what clients from outside were told back then.
            player.simulation.take_outgoing();
        }
        simulation.clock = self.clock.clone();
        simulation.open_here();
        Ok(simulation)
    }
}

impl FirstStep {
    /// Does it in a world that was opened from its scenario. The world may have gone on since.
    ///
    /// # Errors
    /// It cannot be done any more; what came before it is done.
    pub fn act(&self, simulation: &mut Simulation) -> Result<Answers, ScenarioError> {
        let mut player = Player::new(simulation, Bounds::LINK);
        let played = self.steps.iter().try_for_each(|step| player.play(step));
        played.map_err(|ScenarioError(says)| ScenarioError(texts::NOT_DONE_NOW.with([&says])))?;
        Ok(player.answers)
    }
}

struct Player<'a> {
    simulation: &'a mut Simulation,
    /// Those that came from outside, in order.
    attached: Vec<ConnId>,
    answers: Answers,
    bounds: Bounds,
    /// Steps and events so far, more of them in a larger world.
    work: u64,
    events: u64,
    /// Messages and bytes of clients before the first step.
    before: (u64, u64),
}

impl<'a> Player<'a> {
    fn new(simulation: &'a mut Simulation, bounds: Bounds) -> Self {
        let before = simulation.world().server().traffic();
        let before = (before.msgs, before.bytes);
        Self { simulation, attached: Vec::new(), answers: Vec::new(), bounds, work: 0, events: 0, before }
    }

    fn play(&mut self, step: &Step) -> Result<(), ScenarioError> {
        match step {
            Step::Do(command) => self.act(command)?,
            Step::SettleOldest { worker, how } => {
                let actor = self.simulation.world().actors().get(*worker);
                let held = actor.and_then(Actor::worker).and_then(|worker| worker.held().next());
                let consumer_seq = held.ok_or_else(|| ScenarioError::new(texts::WORKER_HOLDS_NO_MESSAGE))?.consumer_seq;
                self.simulation.act(Command::Settle { worker: *worker, consumer_seq, how: *how });
            }
            Step::Attach => {
                self.simulation.act(Command::Attach);
                let last = self.simulation.world().attached().last();
                self.attached.push(last.ok_or_else(|| ScenarioError::new(texts::NOBODY_CAME))?.0);
            }
            Step::Say { client, bytes } => {
                let conn = self.attached(*client)?;
                self.simulation.attached_says(conn, bytes);
            }
            Step::Detach { client } => {
                let conn = self.attached(*client)?;
                self.simulation.detach(conn);
            }
            Step::Wait(span) => self.wait(*span)?,
            Step::Events(count) => {
                for _ in 0..*count {
                    if !self.event()? {
                        return Err(ScenarioError::new(texts::NOTHING_MORE_HAPPENS));
                    }
                }
            }
            Step::Until(milestone) => self.until(*milestone)?,
        }
        self.work += 1 + self.weight() / 16;
        self.check()
    }

    fn act(&mut self, command: &Command) -> Result<(), ScenarioError> {
        match command {
            Command::Request { subject, body } => {
                let answer = self.simulation.request(subject, body);
                self.answers.extend(answer.map(|answer| (subject.clone(), answer)));
            }
            command => {
                if let Command::Publish { publisher, draft, times } = command {
                    self.check_publishing(*publisher, draft, (*times).into())?;
                }
                self.simulation.act(command.clone());
            }
        }
        Ok(())
    }

    fn attached(&self, client: usize) -> Result<ConnId, ScenarioError> {
        self.attached.get(client).copied().ok_or_else(|| ScenarioError::new(texts::CLIENT_FROM_OUTSIDE_NOT))
    }

    fn wait(&mut self, span: Duration) -> Result<(), ScenarioError> {
        let target = self.simulation.now() + span;
        if target == Timestamp::MAX {
            return Err(ScenarioError::new(texts::TIME_ENDS_BEFORE));
        }
        while self.simulation.world().next_event().is_some_and(|next| next.at() <= target) {
            self.event()?;
        }
        self.simulation.advance(target.since(self.simulation.now()));
        Ok(())
    }

    fn until(&mut self, milestone: Milestone) -> Result<(), ScenarioError> {
        for _ in 0..MAX_UNTIL {
            if milestone.is_next(self.simulation) {
                return Ok(());
            }
            if !self.event()? {
                break;
            }
        }
        Err(ScenarioError::new(texts::DOES_NOT_COME.with([&milestone.word()])))
    }

    /// Lets one event happen. Whether there was one.
    fn event(&mut self) -> Result<bool, ScenarioError> {
        self.events += 1;
        if self.events.is_multiple_of(64) {
            self.work += 64 + self.weight();
            self.check()?;
        }
        Ok(self.simulation.step())
    }

    /// How much there is to go through at an event: streams, consumers, and what is stored.
    fn weight(&self) -> u64 {
        let account = self.simulation.world().server().account();
        account.streams().map(|stream| 1 + stream.consumers().count() as u64 + stream.store().messages() / 1024).sum()
    }

    /// # Errors
    /// A step of publishing would be more than what is left of the bounds.
    fn check_publishing(&self, publisher: ActorId, draft: &Draft, times: u64) -> Result<(), ScenarioError> {
        if self.simulation.world().actors().get(publisher).is_none() {
            return Ok(());
        }
        let headers: usize = draft.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let bytes = (draft.subject.len() + draft.payload.len() + draft.msg_id.len() + headers) as u64;
        let each = 1 + self.weight();
        self.check_with(times.saturating_mul(each), times.saturating_mul(each).saturating_mul(bytes))
    }

    fn check(&self) -> Result<(), ScenarioError> {
        self.check_with(0, 0)
    }

    /// # Errors
    /// With this in addition, more than the bounds allow was set in motion.
    fn check_with(&self, work: u64, bytes: u64) -> Result<(), ScenarioError> {
        let passed = self.simulation.world().server().traffic();
        let done = self.work.saturating_add(passed.msgs - self.before.0).saturating_add(work);
        let bytes = (passed.bytes - self.before.1).saturating_add(bytes);
        if done > self.bounds.work || bytes > self.bounds.traffic_bytes {
            return Err(ScenarioError::new(texts::MORE_HAPPENS_THAN_SCENARIO));
        }
        Ok(())
    }
}
