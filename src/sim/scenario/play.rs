//! Carrying out the steps of a scenario.

use super::{About, Bounds, FirstStep, Scenario, ScenarioError, Step};
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
/// Events between two looks at whether there is time for more.
const EVENTS_BETWEEN: u64 = 16;

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
    pub fn open(self, bounds: Bounds) -> Result<Simulation, ScenarioError> {
        let mut opening = Opening::new(self, bounds);
        opening.go_on(&mut || true)?;
        Ok(opening.finish().0)
    }
}

/// A world in the making. A large one takes seconds, so it is made in slices, between which a page lives on.
#[derive(Debug)]
pub struct Opening {
    scenario: Scenario,
    simulation: Simulation,
    player: Player,
    /// The step that is next, or under way.
    place: usize,
}

impl Opening {
    pub fn new(scenario: Scenario, bounds: Bounds) -> Self {
        let simulation = Simulation::new(scenario.server.clone(), scenario.start);
        let player = Player::new(&simulation, bounds);
        Self { scenario, simulation, player, place: 0 }
    }

    /// Goes on for as long as `may_go_on`, which is asked after each step and every few events. Whether the world is whole.
    ///
    /// # Errors
    /// A step cannot be done, or more is set in motion than the bounds allow. The world will never be whole.
    pub fn go_on(&mut self, may_go_on: &mut dyn FnMut() -> bool) -> Result<bool, ScenarioError> {
        while let Some(step) = self.scenario.steps.get(self.place) {
            let played = self.player.play(&mut self.simulation, step, may_go_on);
            let is_done =
                played.map_err(|ScenarioError(says)| ScenarioError(texts::STEP.with([&(self.place + 1), &says])))?;
            // Nobody hears what clients from outside were told back then.
            self.simulation.take_outgoing();
            self.place += usize::from(is_done);
            if !is_done || !may_go_on() {
                break;
            }
        }
        Ok(self.place == self.scenario.steps.len())
    }

    /// How many steps are done, and how many there are.
    pub const fn progress(&self) -> (usize, usize) {
        (self.place, self.scenario.steps.len())
    }

    /// The world, which has to be whole, and what is told of it.
    pub fn finish(mut self) -> (Simulation, About) {
        self.simulation.clock = self.scenario.clock;
        self.simulation.open_here();
        (self.simulation, self.scenario.about)
    }
}

impl FirstStep {
    /// Does it in a world that was opened from its scenario. The world may have gone on since.
    ///
    /// # Errors
    /// It cannot be done any more; what came before it is done.
    pub fn act(&self, simulation: &mut Simulation) -> Result<Answers, ScenarioError> {
        let mut player = Player::new(simulation, Bounds::LINK);
        let played = self.steps.iter().try_for_each(|step| player.play(simulation, step, &mut || true).map(drop));
        played.map_err(|ScenarioError(says)| ScenarioError(texts::NOT_DONE_NOW.with([&says])))?;
        Ok(player.answers)
    }
}

/// A step that lets time pass, and what is left of it.
#[derive(Clone, Copy, Debug)]
enum Passing {
    To(Timestamp),
    Events(u64),
    Until(Milestone, u32),
}

#[derive(Debug)]
struct Player {
    /// Those that came from outside, in order.
    attached: Vec<ConnId>,
    answers: Answers,
    bounds: Bounds,
    /// The step that is under way.
    passing: Option<Passing>,
    /// Steps and events so far, more of them in a larger world.
    work: u64,
    events: u64,
    /// Messages and bytes of clients before the first step.
    before: (u64, u64),
}

impl Player {
    fn new(simulation: &Simulation, bounds: Bounds) -> Self {
        let before = simulation.world().server().traffic();
        let before = (before.msgs, before.bytes);
        Self { attached: Vec::new(), answers: Vec::new(), bounds, passing: None, work: 0, events: 0, before }
    }

    /// Does a step, or goes on with it. Whether it is done.
    fn play(
        &mut self,
        simulation: &mut Simulation,
        step: &Step,
        may_go_on: &mut dyn FnMut() -> bool,
    ) -> Result<bool, ScenarioError> {
        if self.passing.is_none() {
            self.passing = self.begin(simulation, step)?;
        }
        while let Some(passing) = self.passing {
            self.passing = self.pass(simulation, passing)?;
            if self.passing.is_some() && self.events.is_multiple_of(EVENTS_BETWEEN) && !may_go_on() {
                return Ok(false);
            }
        }
        self.work += 1 + weight(simulation) / 16;
        self.check(simulation)?;
        Ok(true)
    }

    /// Does a step, or says what has to pass for it.
    fn begin(&mut self, simulation: &mut Simulation, step: &Step) -> Result<Option<Passing>, ScenarioError> {
        match step {
            Step::Do(command) => self.act(simulation, command)?,
            Step::SettleOldest { worker, how } => {
                let actor = simulation.world().actors().get(*worker);
                let held = actor.and_then(Actor::worker).and_then(|worker| worker.held().next());
                let consumer_seq = held.ok_or_else(|| ScenarioError::new(texts::WORKER_HOLDS_NO_MESSAGE))?.consumer_seq;
                simulation.act(Command::Settle { worker: *worker, consumer_seq, how: *how });
            }
            Step::Attach => {
                simulation.act(Command::Attach);
                let last = simulation.world().attached().last();
                self.attached.push(last.ok_or_else(|| ScenarioError::new(texts::NOBODY_CAME))?.0);
            }
            Step::Say { client, bytes } => {
                let conn = self.attached(*client)?;
                simulation.attached_says(conn, bytes);
            }
            Step::Detach { client } => {
                let conn = self.attached(*client)?;
                simulation.detach(conn);
            }
            Step::Wait(span) => {
                let target = simulation.now() + *span;
                if target == Timestamp::MAX {
                    return Err(ScenarioError::new(texts::TIME_ENDS_BEFORE));
                }
                return Ok(Some(Passing::To(target)));
            }
            Step::Events(count) => return Ok(Some(Passing::Events(*count))),
            Step::Until(milestone) => return Ok(Some(Passing::Until(*milestone, MAX_UNTIL))),
        }
        Ok(None)
    }

    /// Lets one event of a step happen, or ends the step. What is left of it.
    fn pass(&mut self, simulation: &mut Simulation, passing: Passing) -> Result<Option<Passing>, ScenarioError> {
        match passing {
            Passing::To(target) => {
                if simulation.world().next_event().is_none_or(|next| next.at() > target) {
                    simulation.advance(target.since(simulation.now()));
                    return Ok(None);
                }
                self.event(simulation)?;
                Ok(Some(passing))
            }
            Passing::Events(0) => Ok(None),
            Passing::Events(left) if self.event(simulation)? => Ok(Some(Passing::Events(left - 1))),
            Passing::Events(_) => Err(ScenarioError::new(texts::NOTHING_MORE_HAPPENS)),
            Passing::Until(milestone, _) if milestone.is_next(simulation) => Ok(None),
            Passing::Until(milestone, left) if left > 0 && self.event(simulation)? => {
                Ok(Some(Passing::Until(milestone, left - 1)))
            }
            Passing::Until(milestone, _) => Err(ScenarioError::new(texts::DOES_NOT_COME.with([&milestone.word()]))),
        }
    }

    fn act(&mut self, simulation: &mut Simulation, command: &Command) -> Result<(), ScenarioError> {
        match command {
            Command::Request { subject, body } => {
                let answer = simulation.request(subject, body);
                self.answers.extend(answer.map(|answer| (subject.clone(), answer)));
            }
            command => {
                if let Command::Publish { publisher, draft, times } = command {
                    self.check_publishing(simulation, *publisher, draft, (*times).into())?;
                }
                simulation.act(command.clone());
            }
        }
        Ok(())
    }

    fn attached(&self, client: usize) -> Result<ConnId, ScenarioError> {
        self.attached.get(client).copied().ok_or_else(|| ScenarioError::new(texts::CLIENT_FROM_OUTSIDE_NOT))
    }

    /// Lets one event happen. Whether there was one.
    fn event(&mut self, simulation: &mut Simulation) -> Result<bool, ScenarioError> {
        self.events += 1;
        if self.events.is_multiple_of(64) {
            self.work += 64 + weight(simulation);
            self.check(simulation)?;
        }
        Ok(simulation.step())
    }

    /// # Errors
    /// A step of publishing would be more than what is left of the bounds.
    fn check_publishing(
        &self,
        simulation: &Simulation,
        publisher: ActorId,
        draft: &Draft,
        times: u64,
    ) -> Result<(), ScenarioError> {
        if simulation.world().actors().get(publisher).is_none() {
            return Ok(());
        }
        let headers: usize = draft.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let bytes = (draft.subject.len() + draft.payload.len() + draft.msg_id.len() + headers) as u64;
        let each = 1 + weight(simulation);
        self.check_with(simulation, times.saturating_mul(each), times.saturating_mul(each).saturating_mul(bytes))
    }

    fn check(&self, simulation: &Simulation) -> Result<(), ScenarioError> {
        self.check_with(simulation, 0, 0)
    }

    /// # Errors
    /// With this in addition, more than the bounds allow was set in motion.
    fn check_with(&self, simulation: &Simulation, work: u64, bytes: u64) -> Result<(), ScenarioError> {
        let passed = simulation.world().server().traffic();
        let done = self.work.saturating_add(passed.msgs - self.before.0).saturating_add(work);
        let bytes = (passed.bytes - self.before.1).saturating_add(bytes);
        if done > self.bounds.work || bytes > self.bounds.traffic_bytes {
            return Err(ScenarioError::new(texts::MORE_HAPPENS_THAN_SCENARIO));
        }
        Ok(())
    }
}

/// How much there is to go through at an event: streams, consumers, and what is stored.
fn weight(simulation: &Simulation) -> u64 {
    let account = simulation.world().server().account();
    account.streams().map(|stream| 1 + stream.consumers().count() as u64 + stream.store().messages() / 1024).sum()
}
