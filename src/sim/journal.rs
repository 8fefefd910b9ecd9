//! The commands of a run with their moments: what a replay needs besides the seed.

use super::command::Command;
use crate::engine::time::Timestamp;

/// Bytes of commands that are kept.
const MAX_BYTES: usize = 16 * 1024 * 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    entries: Vec<(Timestamp, Command)>,
    bytes: usize,
    /// More happened than was kept; the run cannot be replayed from here.
    is_cut: bool,
}

impl Journal {
    pub fn record(&mut self, at: Timestamp, command: &Command) {
        let size = command.size();
        if self.is_cut || self.bytes + size > MAX_BYTES {
            self.is_cut = true;
            return;
        }
        self.bytes += size;
        self.entries.push((at, command.clone()));
    }

    pub fn entries(&self) -> &[(Timestamp, Command)] {
        &self.entries
    }

    /// Whether everything that happened is in here.
    pub const fn is_whole(&self) -> bool {
        !self.is_cut
    }
}
