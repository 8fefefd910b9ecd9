//! Removing messages: one, or all that a purge asks for.

use super::MessageStore;
use super::cursor::Cursor;
use super::log::Log;
use super::matching::covers_all;
use crate::engine::subject::SubjectFilter;
use crate::engine::time::Timestamp;

/// What [`MessageStore::remove`] removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// What the message counted for in [`MessageStore::bytes`].
    pub size: u64,
    pub time: Timestamp,
    /// Whether no message of its subject is left.
    pub was_last_of_subject: bool,
}

/// A message that a purge is about to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedMessage<'a> {
    pub seq: u64,
    pub subject: &'a [u8],
    /// What it counts for in [`MessageStore::bytes`].
    pub size: u64,
}

/// Which messages to purge; by default all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Purge<'a> {
    /// Only messages whose subject one of these covers; empty means all.
    pub filters: &'a [SubjectFilter],
    /// Only messages before this sequence.
    pub below: Option<u64>,
    /// How many of the newest messages that the filters cover stay.
    pub keep: u64,
}

impl MessageStore {
    /// Removes message `seq`. The last sequence and its time stay as they are.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn remove(&mut self, seq: u64) -> Option<Removed> {
        let is_first = seq == self.first_seq && self.messages > 0;
        let row = if is_first { self.log.remove_first() } else { *self.log.row(seq)? };
        let size = self.row_size(self.subjects.entry(row.subject).name_len.into(), &row);
        let Self { log, subjects, .. } = self;
        let subject = subjects.edit(row.subject);
        if subject.messages > 1 {
            if seq == subject.first_seq {
                subject.first_seq = log.next_of(seq, &row);
            } else if seq == subject.last_seq {
                subject.last_seq = log.previous_of(seq, &row);
            } else {
                log.link(log.previous_of(seq, &row), log.next_of(seq, &row));
            }
        }
        subject.messages -= 1;
        let (parent, was_last_of_subject) = (subject.parent, subject.messages == 0);
        subjects.note_removed(row.subject, parent, was_last_of_subject);
        log.forget_far(seq, &row);
        self.messages -= 1;
        self.bytes -= size;
        if is_first {
            self.first_seq = if self.messages == 0 { self.last_seq.saturating_add(1) } else { log.first() };
        } else {
            log.remove(seq);
        }
        Some(Removed { size, time: row.time(), was_last_of_subject })
    }

    /// Removes the messages that `purge` names, in ascending order, and returns how many. Calls `on_remove` with each
    /// before it goes.
    ///
    /// Without filters, a sequence beyond the end lets the next message get that sequence, as
    /// [`skip_to`](Self::skip_to) does.
    pub fn purge(&mut self, purge: &Purge, mut on_remove: impl FnMut(RemovedMessage)) -> u64 {
        let below = purge.below.unwrap_or(u64::MAX);
        if below <= 1 {
            return 0;
        }
        let is_unfiltered = covers_all(purge.filters);
        let mut to_remove = self.messages;
        if purge.keep > 0 {
            to_remove = self.count_from(purge.filters, 0).saturating_sub(purge.keep);
        }
        if is_unfiltered && purge.keep == 0 && below > self.last_seq {
            self.remove_all(on_remove);
            self.skip_to(purge.below.unwrap_or(1), None);
            return to_remove;
        }
        let mut cursor = Cursor::new(purge.filters);
        let (mut removed, mut from) = (0, self.first_seq);
        while removed < to_remove {
            let Some(seq) = self.next(&mut cursor, from).filter(|seq| *seq < below) else { break };
            on_remove(self.removed_message(seq));
            self.remove(seq);
            removed += 1;
            from = seq + 1;
        }
        removed
    }

    fn removed_message(&self, seq: u64) -> RemovedMessage<'_> {
        let row = self.log.row(seq).expect("is stored");
        let subject = self.subjects.name(row.subject);
        RemovedMessage { seq, subject, size: self.row_size(subject.len(), row) }
    }

    fn remove_all(&mut self, mut on_remove: impl FnMut(RemovedMessage)) {
        for seq in self.seqs_from(self.first_seq) {
            on_remove(self.removed_message(seq));
        }
        self.log = Log::new();
        self.subjects.clear();
        self.first_seq = self.last_seq.saturating_add(1);
        self.messages = 0;
        self.bytes = 0;
    }
}
