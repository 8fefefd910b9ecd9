//! The commands of a run with their moments: what a replay needs besides the seed.

use std::rc::Rc;

use super::command::Command;
use super::shared_log::SharedLog;
use crate::engine::time::Timestamp;

/// Bytes of commands that are kept; of more, the oldest go, and the run begins later.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A command, and when it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How much had happened before: see [`Run::moment`](super::run::Run::moment).
    pub moment: u64,
    pub at: Timestamp,
    /// Whether nothing else was due at `at` any more. Then letting everything happen until `at` comes to the same.
    pub is_settled: bool,
    pub command: Command,
}

/// Entries by moment. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    entries: SharedLog<Entry>,
    bytes: usize,
    /// The first moment from which on every command is kept.
    whole_from: u64,
}

impl Journal {
    /// Adds a command, which is later than those that are there.
    pub fn record(&mut self, entry: Entry) {
        self.bytes += entry.command.size();
        self.entries.push(entry);
        while self.bytes > MAX_BYTES {
            let Some(oldest) = self.entries.pop_chunk() else { break };
            self.bytes -= size_of_all(oldest.iter().map(Rc::as_ref));
            self.whole_from = oldest.last().map_or(self.whole_from, |entry| entry.moment + 1);
        }
    }

    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The command that was given at `moment`.
    pub fn at(&self, moment: u64) -> Option<&Entry> {
        self.entries.get(self.place(moment)).filter(|entry| entry.moment == moment)
    }

    /// The last command that was given before `moment`.
    pub fn before(&self, moment: u64) -> Option<&Entry> {
        self.entries.get(self.place(moment).checked_sub(1)?)
    }

    /// The first command that was given at `moment` or after.
    pub fn after(&self, moment: u64) -> Option<&Entry> {
        self.entries.get(self.place(moment))
    }

    fn place(&self, moment: u64) -> usize {
        self.entries.partition_point(|entry| entry.moment < moment)
    }

    /// Forgets what was done at `moment` and after.
    pub fn truncate(&mut self, moment: u64) {
        self.entries.truncate(self.place(moment));
        self.bytes = size_of_all(self.entries.iter());
    }

    /// The first moment at which this journal and `other` tell different things.
    pub fn parts_from(&self, other: &Self) -> Option<u64> {
        let (mut these, mut those) = (self.entries.iter(), other.entries.iter());
        loop {
            match (these.next(), those.next()) {
                (Some(this), Some(that)) if this == that => {}
                (Some(this), Some(that)) => return Some(this.moment.min(that.moment)),
                (Some(only), None) | (None, Some(only)) => return Some(only.moment),
                (None, None) => return None,
            }
        }
    }

    /// The first moment from which on a replay is possible.
    pub const fn whole_from(&self) -> u64 {
        self.whole_from
    }

    /// Whether everything that was done is in here.
    pub const fn is_whole(&self) -> bool {
        self.whole_from == 0
    }
}

fn size_of_all<'a>(entries: impl Iterator<Item = &'a Entry>) -> usize {
    entries.map(|entry| entry.command.size()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::table::{ConnId, Id};

    fn entry(moment: u64, bytes: usize) -> Entry {
        let command = Command::AttachedSays { conn: ConnId::from_index(1), bytes: vec![0; bytes] };
        Entry { moment, at: Timestamp::SIMULATION_START, is_settled: true, command }
    }

    #[test]
    fn commands_are_found_by_their_moments() {
        let mut journal = Journal::default();
        [2, 5, 9].into_iter().for_each(|moment| journal.record(entry(moment, 1)));
        let moment = |found: Option<&Entry>| found.map(|entry| entry.moment);
        assert_eq!((moment(journal.at(5)), moment(journal.at(6))), (Some(5), None));
        assert_eq!((moment(journal.before(5)), moment(journal.before(2))), (Some(2), None));
        assert_eq!((moment(journal.after(6)), moment(journal.after(10))), (Some(9), None));
        let mut other = journal.clone();
        assert_eq!(journal.parts_from(&other), None);
        other.truncate(5);
        assert_eq!((other.len(), journal.parts_from(&other)), (1, Some(5)));
        other.record(entry(7, 1));
        assert_eq!(journal.parts_from(&other), Some(5));
    }

    #[test]
    fn of_too_much_the_oldest_goes() {
        let mut journal = Journal::default();
        (0..600).for_each(|moment| journal.record(entry(moment, 64 * 1024)));
        assert!(!journal.is_whole());
        assert_eq!(journal.entries().next().map(|entry| entry.moment), Some(journal.whole_from()));
        assert!(journal.bytes <= MAX_BYTES && journal.bytes == size_of_all(journal.entries.iter()));
    }
}
