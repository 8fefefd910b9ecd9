//! A session as a scenario: what was done in it, each at its moment, so that it opens as it is.

use super::cast;
use super::{About, Scenario, ScenarioError, Step};
use crate::engine::table::ConnId;
use crate::engine::time::Timestamp;
use crate::sim::Simulation;
use crate::sim::actor::ActorId;
use crate::sim::command::Command;
use crate::sim::journal::Journal;
use crate::sim::run::Run;
use crate::texts::scenario as texts;

impl Scenario {
    /// The scenario that opens as `simulation` is shown now.
    ///
    /// # Errors
    /// More was done than is remembered.
    pub fn of(simulation: &Simulation, about: About) -> Result<Self, ScenarioError> {
        Self::up_to(&simulation.run, simulation, about)
    }

    /// The scenario that opens as `simulation` is at the end of its line, also where an earlier moment is shown.
    ///
    /// # Errors
    /// More was done than is remembered.
    pub fn of_whole(simulation: &Simulation, about: About) -> Result<Self, ScenarioError> {
        Self::up_to(simulation.end(), simulation, about)
    }

    fn up_to(run: &Run, simulation: &Simulation, about: About) -> Result<Self, ScenarioError> {
        let (journal, start) = (simulation.journal(), simulation.line.started());
        if !journal.is_whole() {
            return Err(ScenarioError::new(texts::MORE_DONE_SESSION_THAN));
        }
        let attached = connections(journal, run);
        let mut recorder = Recorder { steps: Vec::new(), clients: Vec::new(), at: start, moment: 0, attached };
        for entry in journal.entries().take_while(|entry| entry.moment < run.moment()) {
            recorder.pass(entry.at, entry.moment, entry.is_settled);
            recorder.moment += 1;
            let step = recorder.step(&entry.command);
            recorder.steps.extend(step);
        }
        let is_settled = run.world().next_event().is_none_or(|next| next.at() > run.now());
        recorder.pass(run.now(), run.moment(), is_settled);
        let (server, clock) = (run.world().server().config().clone(), simulation.clock.clone());
        Ok(Self { about, server, start, clock, steps: recorder.steps })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Publisher,
    Worker,
}

struct Recorder {
    steps: Vec<Step>,
    /// In the order of their making.
    clients: Vec<Kind>,
    at: Timestamp,
    moment: u64,
    /// The connections of clients from outside, in the order in which they came.
    attached: Vec<ConnId>,
}

impl Recorder {
    /// Time passes until `at`, and things happen until `moment`.
    fn pass(&mut self, at: Timestamp, moment: u64, is_settled: bool) {
        if is_settled && (at > self.at || moment > self.moment) {
            let span = at.since(self.at);
            match self.steps.last_mut() {
                Some(Step::Wait(before)) => *before += span,
                _ => self.steps.push(Step::Wait(span)),
            }
        } else if moment > self.moment {
            self.steps.push(Step::Events(moment - self.moment));
        }
        (self.at, self.moment) = (at, moment);
    }

    /// The step that does `command`; `None` where it did nothing.
    fn step(&mut self, command: &Command) -> Option<Step> {
        Some(match command {
            Command::Attach => Step::Attach,
            Command::AttachedSays { conn, bytes } => Step::Say { client: self.place_of(*conn)?, bytes: bytes.clone() },
            Command::Detach { conn } => Step::Detach { client: self.place_of(*conn)? },
            command => {
                self.is_taken(command).then_some(())?;
                Step::Do(command.clone())
            }
        })
    }

    /// Whether the client that `command` is for was ever there, and of its kind.
    fn is_taken(&mut self, command: &Command) -> bool {
        let of_kind = |client: &ActorId, kind: Option<Kind>| {
            let found = cast::place(*client).and_then(|place| self.clients.get(place));
            found.is_some_and(|found| kind.is_none_or(|kind| *found == kind))
        };
        match command {
            Command::AddPublisher { .. } => self.clients.push(Kind::Publisher),
            Command::AddWorker { .. } => self.clients.push(Kind::Worker),
            Command::RemoveClient { client } | Command::Kill { client } | Command::Restart { client } => {
                return of_kind(client, None);
            }
            Command::Publish { publisher, .. }
            | Command::SetPublisherScript { publisher, .. }
            | Command::PausePublisher { publisher, .. } => return of_kind(publisher, Some(Kind::Publisher)),
            Command::Fetch { worker, .. }
            | Command::Settle { worker, .. }
            | Command::SetWorkerScript { worker, .. }
            | Command::RunWorker { worker, .. } => return of_kind(worker, Some(Kind::Worker)),
            _ => {}
        }
        true
    }

    fn place_of(&self, conn: ConnId) -> Option<usize> {
        self.attached.iter().position(|attached| *attached == conn)
    }
}

/// The connections of clients from outside, in the order in which they came, which is that of their ids: those that said
/// something or left, and those that are still there.
fn connections(journal: &Journal, run: &Run) -> Vec<ConnId> {
    let mentioned = journal.entries().filter_map(|entry| match entry.command {
        Command::AttachedSays { conn, .. } | Command::Detach { conn } => Some(conn),
        _ => None,
    });
    let mut all: Vec<ConnId> = mentioned.chain(run.world().attached().map(|(conn, _)| conn)).collect();
    all.sort_unstable();
    all.dedup();
    all
}
