//! One course of events: what was done, and states to start from, so that each of its moments can be gone back to.
//!
//! A past state is the nearest checkpoint before it, and a replay of what came after. Checkpoints share what did not
//! change between them; when there are many, or what they hold of their own is much, every second one goes.

use super::journal::{Entry, Journal};
use super::run::Run;
use super::world::Outgoing;
use crate::engine::time::Timestamp;

/// What is replayed at most before there are too many checkpoints, in moments and in events.
const EVERY: u64 = 256;
/// Checkpoints that are kept.
const MAX_CHECKPOINTS: usize = 384;
/// Bytes that they hold of their own, all together.
const MAX_OWN: u64 = 90_000_000;
/// Bytes of an entry that they do not share.
const ENTRY: u64 = 60;
/// A checkpoint comes after so many entries of its own for each moment at most: copying them takes no longer than what
/// happens meanwhile.
const OWN_FOR_EACH: u64 = 16;

/// A state to start from.
#[derive(Clone, Debug)]
struct Checkpoint {
    run: Run,
    /// Entries that it shares with no other: see [`World::own_entries`](super::world::World::own_entries).
    own: u64,
    /// Bytes of all messages that there are, and that were removed so far.
    stored: u64,
    removed: u64,
}

impl Checkpoint {
    fn of(run: &Run) -> Self {
        let (own, stored) = (run.world().own_entries(), run.world().stored_bytes());
        Self { run: run.clone(), own, stored, removed: run.trace().stored_bytes().saturating_sub(stored) }
    }

    /// The bytes that are held for the sake of this one, where `next` comes after it: of its entries, and of the messages
    /// that were removed since.
    fn held(&self, next: &Self) -> u64 {
        self.own * ENTRY + self.stored.min(next.removed.saturating_sub(self.removed))
    }
}

/// A course of events up to its end.
#[derive(Clone, Debug)]
pub struct Line {
    journal: Journal,
    /// By moment; never empty.
    checkpoints: Vec<Checkpoint>,
    /// Between two checkpoints there is at least so much.
    every: u64,
    /// The latest state of this line that was left; present while the reader is elsewhere.
    end: Option<Box<Run>>,
}

impl Line {
    pub fn new(start: &Run) -> Self {
        Self { journal: Journal::default(), checkpoints: vec![Checkpoint::of(start)], every: EVERY, end: None }
    }

    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The latest state, if the reader is not at it.
    pub fn end(&self) -> Option<&Run> {
        self.end.as_deref()
    }

    /// The first moment that can be gone back to.
    pub fn start(&self) -> u64 {
        self.checkpoints.first().map_or(0, |first| first.run.moment())
    }

    /// When the first state that is kept was reached: the beginning, if the journal is whole.
    pub fn started(&self) -> Timestamp {
        self.checkpoints[0].run.now()
    }

    /// Notes what is done at the end of the line, which `run` stands at.
    pub fn record(&mut self, entry: Entry, run: &Run) {
        self.journal.record(entry);
        let whole_from = self.journal.whole_from();
        if self.start() < whole_from {
            self.checkpoints.retain(|checkpoint| checkpoint.run.moment() >= whole_from);
            if self.checkpoints.is_empty() {
                self.checkpoints.push(Checkpoint::of(run));
            }
        }
    }

    /// Keeps `run`, the latest state of the line, as a checkpoint if the last one is far behind.
    pub fn keep(&mut self, run: &Run) {
        let mut every = self.every;
        let is_far = self.checkpoints.last().is_none_or(|Checkpoint { run: last, own, .. }| {
            let (moments, events) = (run.moment() - last.moment(), run.trace().total() - last.trace().total());
            every = every.max(own / OWN_FOR_EACH);
            moments.max(events) >= every
        });
        if !is_far {
            return;
        }
        self.checkpoints.push(Checkpoint::of(run));
        if self.checkpoints.len() > MAX_CHECKPOINTS || (self.held() > MAX_OWN && self.checkpoints.len() > 2) {
            let mut place = 0;
            self.checkpoints.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every = every * 2;
        }
    }

    /// The bytes that its checkpoints hold of their own.
    fn held(&self) -> u64 {
        self.checkpoints.windows(2).map(|pair| pair[0].held(&pair[1])).sum()
    }

    /// The reader goes elsewhere from `run`, the latest state.
    pub fn leave(&mut self, run: &Run) {
        if self.end.is_none() {
            self.end = Some(Box::new(run.clone()));
        }
    }

    /// Brings `run`, a state of this line, to the line's next moment, if that is not after `target`. Whether it was one.
    pub fn go_on(&mut self, run: &mut Run, target: Timestamp, outgoing: &mut Vec<Outgoing>) -> bool {
        let happened = self.replay(run, target, outgoing);
        self.arrive(run);
        if happened && self.end.is_none() {
            self.keep(run);
        }
        happened
    }

    /// Notes where the reader is now: `run` may be the latest state again.
    pub fn arrive(&mut self, run: &Run) {
        if self.end().is_some_and(|end| (run.moment(), run.now()) >= (end.moment(), end.now())) {
            self.end = None;
        }
    }

    /// The state of `moment`, or of the first or last that there is. `near` is a state that may be close.
    pub fn at_moment(&self, moment: u64, near: &Run) -> Run {
        let end = self.end().unwrap_or(near);
        if moment >= end.moment() {
            return end.clone();
        }
        let kept = self.checkpoint_before(|run| run.moment() <= moment);
        // At `moment` itself it may have let idle time pass.
        let mut run = if (kept.moment() + 1..moment).contains(&near.moment()) { near.clone() } else { kept.clone() };
        // What goes to clients from outside went there when it happened.
        let mut gone = Vec::new();
        while run.moment() < moment && self.replay(&mut run, Timestamp::MAX, &mut gone) {
            gone.clear();
        }
        run
    }

    /// The state at `at`, after all that happened until then.
    pub fn at_time(&self, at: Timestamp, near: &Run) -> Run {
        let end = self.end().unwrap_or(near);
        if at >= end.now() {
            return end.clone();
        }
        let kept = self.checkpoint_before(|run| run.now() <= at);
        let is_nearer = near.now() <= at && near.moment() >= kept.moment();
        let mut run = if is_nearer { near.clone() } else { kept.clone() };
        let mut gone = Vec::new();
        while self.replay(&mut run, at, &mut gone) {
            gone.clear();
        }
        run.skip_idle_time(at);
        run
    }

    /// The last checkpoint of which `is_before` holds, or the first.
    fn checkpoint_before(&self, is_before: impl Fn(&Run) -> bool) -> &Run {
        let after = self.checkpoints.partition_point(|checkpoint| is_before(&checkpoint.run));
        &self.checkpoints[after.saturating_sub(1)].run
    }

    /// What is to happen next, if it is not after `target`: the command that was given then, or what the world does.
    fn replay(&self, run: &mut Run, target: Timestamp, outgoing: &mut Vec<Outgoing>) -> bool {
        match self.journal.at(run.moment()) {
            Some(entry) if entry.at > target => false,
            Some(entry) => {
                run.skip_idle_time(entry.at);
                run.act(entry.command.clone(), outgoing);
                true
            }
            None => run.step(target, outgoing),
        }
    }

    /// Forgets what comes after `run`, one of its states, which becomes the latest.
    pub fn cut_after(&mut self, run: &Run) {
        self.journal.truncate(run.moment());
        self.checkpoints.retain(|checkpoint| checkpoint.run.moment() <= run.moment());
        self.end = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ServerConfig;
    use crate::sim::actor::{Draft, PublisherScript};
    use crate::sim::command::Command;

    /// A run with a stream that holds `max_msgs`, and what a publisher brings every millisecond until `end`.
    fn flow(max_msgs: u64, draft: Draft, end: Duration) -> (Run, Line) {
        let mut outgoing = Vec::new();
        let mut run = Run::new(ServerConfig::default(), Timestamp::SIMULATION_START, &mut outgoing);
        let stream = format!(r#"{{"name":"S","subjects":["s"],"storage":"memory","max_msgs":{max_msgs}}}"#);
        let create = Command::Request { subject: "$JS.API.STREAM.CREATE.S".into(), body: stream.into_bytes() };
        run.act(create, &mut outgoing);
        let draft = Draft { subject: "s".into(), ..draft };
        let script = PublisherScript { draft, every: Some(Duration::from_millis(1)), count: None };
        run.act(Command::AddPublisher { name: "p".into(), script }, &mut outgoing);
        let mut line = Line::new(&run);
        while line.go_on(&mut run, Timestamp::SIMULATION_START + end, &mut outgoing) {}
        (run, line)
    }

    #[test]
    fn checkpoints_of_a_world_that_clones_do_not_share_are_few() {
        let draft = Draft { msg_id: "{n}".into(), ..Draft::default() };
        let (run, line) = flow(10, draft, Duration::from_secs(60));
        assert!(run.world().own_entries() > 50_000);
        assert!(line.held() <= MAX_OWN);
        assert!((8..64).contains(&line.checkpoints.len()), "{}", line.checkpoints.len());
        let past = line.at_moment(run.moment() / 2, &run);
        assert_eq!(past.moment(), run.moment() / 2);
    }

    #[test]
    fn large_messages_that_left_are_held_by_few_checkpoints() {
        let draft = Draft { payload: "x".repeat(10_000), ..Draft::default() };
        let (run, line) = flow(100, draft, Duration::from_secs(50));
        assert!(run.trace().stored_bytes() > 5 * MAX_OWN);
        assert!(line.held() <= MAX_OWN && line.held() > MAX_OWN / 4, "{}", line.held());
        assert!(line.checkpoints.len() > 20, "{}", line.checkpoints.len());
    }
}
