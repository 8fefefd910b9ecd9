//! Going to another moment of the run: back, and on again along what happened.

use super::run::Run;
use super::trace::Traced;
use super::{Simulation, is_loss};
use crate::engine::time::Timestamp;

impl Simulation {
    /// Whether the moment that is shown is not the latest of its line.
    pub fn is_in_past(&self) -> bool {
        self.line.end().is_some()
    }

    /// The latest state of the line that the reader is on.
    pub fn end(&self) -> &Run {
        self.line.end().unwrap_or(&self.run)
    }

    /// The first moment that can be gone to.
    pub fn start(&self) -> u64 {
        self.line.start()
    }

    /// Where the reader began: what is before it is how it came about.
    pub const fn opened_at(&self) -> u64 {
        self.opened_at
    }

    /// Says that the reader begins here.
    pub const fn open_here(&mut self) {
        self.opened_at = self.run.moment();
    }

    /// Goes to where `moment` had just happened; to the first or last moment that there is if it is beyond.
    ///
    /// Nowhere while a client from outside is attached: it could not be taken along.
    pub fn seek(&mut self, moment: u64) {
        if !self.is_attached() {
            self.go_to(self.line.at_moment(moment, &self.run));
        }
    }

    /// Goes to `at`, after all that happened until then; likewise.
    pub fn seek_time(&mut self, at: Timestamp) {
        if !self.is_attached() {
            self.go_to(self.line.at_time(at, &self.run));
        }
    }

    fn go_to(&mut self, run: Run) {
        self.line.leave(&self.run);
        self.run = run;
        self.line.arrive(&self.run);
    }

    /// Goes back by one event.
    pub fn step_back(&mut self) {
        self.seek(self.moment().saturating_sub(1));
    }

    /// Goes back to the last redelivery, expiry or removal before this moment; to the start if there is none.
    pub fn seek_last_loss(&mut self) {
        let mut moment = self.moment();
        while !self.is_attached() {
            let is_wanted = |traced: &&Traced| traced.moment < moment && is_loss(traced);
            let found = self.trace().events().rev().find(is_wanted).map(|traced| traced.moment);
            if let Some(found) = found {
                return self.seek(found);
            }
            // What is not kept here is kept further back.
            let first = self.trace().events().next().map(|traced| traced.moment);
            let Some(first) = first.filter(|first| *first < moment) else { return self.seek(self.start()) };
            moment = first;
            self.seek(first);
        }
    }

    /// Goes to where the reader began, or from there and before to the first moment.
    pub fn seek_start(&mut self) {
        let to = if self.moment() > self.opened_at { self.opened_at } else { self.start() };
        self.seek(to);
    }

    /// Goes to the latest moment.
    pub fn seek_end(&mut self) {
        self.seek(u64::MAX);
    }

    /// Goes to just before the last command, which is still there to be done again.
    pub fn undo(&mut self) {
        let before = self.line.journal().before(self.moment()).map(|entry| (entry.moment, entry.at));
        if let Some((moment, at)) = before.filter(|_| !self.is_attached()) {
            let mut run = self.line.at_moment(moment, &self.run);
            run.skip_idle_time(at);
            self.go_to(run);
        }
    }

    /// Goes to just after the next command that was given.
    pub fn redo(&mut self) {
        if let Some(entry) = self.line.journal().after(self.moment()) {
            self.seek(entry.moment + 1);
        }
    }
}
