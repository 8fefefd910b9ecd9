//! Courses of events that were left: what is done in the past begins a new one, and the old one is kept beside it.

use super::Simulation;
use super::line::Line;
use super::run::Run;
use crate::engine::time::Timestamp;

/// Branches that are kept; of more, the oldest goes.
pub const MAX_BRANCHES: usize = 8;

/// A line that is not the reader's.
#[derive(Clone, Debug)]
pub struct Branch {
    line: Line,
    /// Counts the branches of a simulation, from 1.
    pub number: u32,
    /// The first moment that it does not have in common with the reader's line.
    pub parted_at: u64,
    /// The simulated time then.
    pub parted: Timestamp,
}

impl Branch {
    /// Its latest state.
    pub fn end(&self) -> &Run {
        self.line.end().expect("who leaves a line leaves its end there")
    }

    /// Its state at `at`, or its last.
    pub fn at_time(&self, at: Timestamp) -> Run {
        self.line.at_time(at, self.end())
    }

    /// Commands that only it has.
    pub fn own_commands(&self) -> usize {
        self.line.journal().entries().rev().take_while(|entry| entry.moment >= self.parted_at).count()
    }

    fn part_from(&mut self, line: &Line, run: &Run) {
        let ends = self.end().moment().min(line.end().unwrap_or(run).moment());
        let parted_at = self.line.journal().parts_from(line.journal()).unwrap_or(ends);
        if self.parted_at != parted_at {
            self.parted_at = parted_at;
            self.parted = self.line.at_moment(parted_at, self.end()).now();
        }
    }
}

impl Simulation {
    /// The lines that were left, the oldest first.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// In the past: leaves the line that the reader is on, for one that ends here.
    pub(super) fn fork(&mut self) {
        if !self.is_in_past() {
            return;
        }
        let mut line = self.line.clone();
        line.cut_after(&self.run);
        let left = std::mem::replace(&mut self.line, line);
        self.keep_branch(left);
        self.opened_at = self.opened_at.min(self.moment());
        self.detach_all();
    }

    fn keep_branch(&mut self, line: Line) {
        let number = self.branches.iter().map(|branch| branch.number).max().unwrap_or(0) + 1;
        self.branches.push(Branch { line, number, parted_at: self.moment(), parted: self.now() });
        if self.branches.len() > MAX_BRANCHES {
            self.branches.remove(0);
        }
    }

    /// Goes to the end of a branch; the line that the reader was on becomes one.
    pub fn pick_up(&mut self, number: u32) {
        let Some(place) = self.branches.iter().position(|branch| branch.number == number) else { return };
        if self.is_attached() {
            return;
        }
        self.line.leave(&self.run);
        let branch = self.branches.remove(place);
        let end = branch.end().clone();
        let left = std::mem::replace(&mut self.line, branch.line);
        self.run = end;
        self.line.arrive(&self.run);
        self.branches.push(Branch { line: left, number, parted_at: branch.parted_at, parted: branch.parted });
        for branch in &mut self.branches {
            branch.part_from(&self.line, &self.run);
        }
    }

    /// Forgets a branch.
    pub fn drop_branch(&mut self, number: u32) {
        self.branches.retain(|branch| branch.number != number);
    }
}
