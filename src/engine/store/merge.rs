//! The messages of several subjects in the order of their sequences.
//!
//! They are gathered for a run of sequences at once, by following each subject through it, and sorted then. That waits
//! for memory less than asking for one message after the other: where a subject goes on does not depend on the others.

use super::MessageStore;
use super::queries::sort;

/// Messages that are gathered at once, about; and as many as there are subjects.
const AT_ONCE: usize = 256;
/// Sequences among which they are looked for at first, and at most.
const FIRST_SPAN: u64 = 4096;
const MAX_SPAN: u64 = 1 << 16;

/// The messages of some subjects from one sequence up to another.
#[derive(Debug, Default)]
pub(super) struct Merge {
    heads: Vec<Head>,
    /// The first and the last sequence that this knows about.
    start: u64,
    end: u64,
    /// Messages that were gathered, ascending; those before `at` are behind.
    gathered: Vec<u64>,
    at: usize,
    /// The sequence up to which was gathered.
    up_to: u64,
    /// Sequences among which is gathered the next time.
    span: u64,
}

/// The first message of a subject that is not gathered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) id: u32,
}

impl Merge {
    /// Of the subjects in `heads`, each with its first message at or after `start`. `reused` gives its room.
    pub(super) fn new(heads: Vec<Head>, start: u64, end: u64, reused: Self) -> Self {
        let mut gathered = reused.gathered;
        gathered.clear();
        Self { heads, start, end, gathered, at: 0, up_to: start.saturating_sub(1), span: FIRST_SPAN }
    }

    /// The room for heads, emptied; nothing is known any more.
    pub(super) fn take_room(&mut self) -> Vec<Head> {
        let mut heads = std::mem::take(&mut self.heads);
        heads.clear();
        *self = Self { gathered: std::mem::take(&mut self.gathered), ..Self::default() };
        heads
    }

    /// The last sequence that this knows about, if `from` is not beyond that, nor before what is behind.
    pub(super) fn end_from(&self, from: u64) -> Option<u64> {
        (self.start..=self.end).contains(&from).then_some(self.end)
    }

    /// The first message at or after `from`, which [is known about](Self::end_from). What is before it is behind.
    pub(super) fn next(&mut self, store: &MessageStore, from: u64) -> Option<u64> {
        self.start = from;
        loop {
            if let Some(seq) = self.next_gathered(store, from) {
                return Some(seq);
            }
            if self.heads.is_empty() {
                return None;
            }
            self.gather(store, from.max(self.up_to.saturating_add(1)));
        }
    }

    /// The first message at or after `from`, if that is among those that were gathered.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn next_gathered(&mut self, store: &MessageStore, from: u64) -> Option<u64> {
        while let Some(seq) = self.likely(from) {
            if store.contains(seq) {
                return Some(seq);
            }
            self.at += 1;
        }
        None
    }

    /// As [`next_gathered`](Self::next_gathered), although the message may have been removed since.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn likely(&mut self, from: u64) -> Option<u64> {
        self.end_from(from)?;
        self.start = from;
        while *self.gathered.get(self.at)? < from {
            self.at += 1;
        }
        Some(self.gathered[self.at])
    }

    /// Gathers what comes at or after `from`; one message at least, if there is one.
    fn gather(&mut self, store: &MessageStore, from: u64) {
        let Self { heads, end, gathered, .. } = self;
        for head in &mut *heads {
            if head.seq < from || !store.contains(head.seq) {
                head.seq = store.first_of_from(head.id, from).unwrap_or(u64::MAX);
            }
        }
        heads.retain(|head| head.seq <= *end);
        let lowest = heads.iter().map(|head| head.seq).min().unwrap_or(*end);
        let up_to = lowest.saturating_add(self.span).min(*end);
        gathered.clear();
        // A message of each subject in turn: then those that follow do not wait for one another.
        let mut active = heads.len();
        while active > 0 {
            let mut at = 0;
            while at < active {
                let Head { seq, id } = heads[at];
                if seq > up_to {
                    active -= 1;
                    heads.swap(at, active);
                } else {
                    gathered.push(seq);
                    heads[at].seq = store.next_of_id(id, seq).unwrap_or(u64::MAX);
                    at += 1;
                }
            }
        }
        sort(gathered);
        let wanted = AT_ONCE.max(self.heads.len());
        if self.gathered.len() < wanted / 2 {
            self.span = (self.span * 2).min(MAX_SPAN);
        } else if self.gathered.len() > wanted * 2 {
            self.span /= 2;
        }
        (self.at, self.up_to) = (0, up_to);
    }
}
