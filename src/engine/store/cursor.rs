//! The next message that filters cover, again and again.
//!
//! A [`Cursor`] remembers what it found out about its filters. Where they cover few of the messages it [merges](Merge)
//! the subjects' own messages; where they cover many it looks at each message's subject and remembers the
//! verdict. All that is derived: the answers are those of a cursor made just now.

use std::ops::ControlFlow;

use super::matching::covers_all;
use super::merge::{Head, Merge};
use super::segment::Row;
use super::{MessageStore, StoredMessage};
use crate::engine::derived::Derived;
use crate::engine::subject::SubjectFilter;

/// Filters, with a memory of what they cover in one store and its clones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    filters: Vec<SubjectFilter>,
    covers_all: bool,
    memory: Derived<Memory>,
}

/// Sequences that are looked at one by one without asking whether there is a better way.
const FEW: u64 = 64;
/// Sequences after which that question is asked again.
const SCAN: u64 = 4096;
/// Filters that cover this part of the messages cover many.
const MANY: u64 = 16;

impl Cursor {
    /// A cursor over the messages that one of `filters` covers, or over all if there are none.
    pub fn new(filters: &[SubjectFilter]) -> Self {
        Self { filters: filters.to_vec(), covers_all: covers_all(filters), memory: Derived::default() }
    }

    pub fn filters(&self) -> &[SubjectFilter] {
        &self.filters
    }
}

/// What a cursor found out about its filters.
#[derive(Debug, Default)]
struct Memory {
    /// Births of subjects that are known.
    births: u64,
    verdicts: Verdicts,
    merge: Merge,
    /// Sequences to look at one by one.
    scanned: Option<(u64, u64)>,
    /// For a single literal filter.
    literal: Option<Literal>,
}

/// The first message of subject `id` at or after `since` is `seq`.
#[derive(Debug)]
struct Literal {
    id: u32,
    since: u64,
    seq: u64,
    /// The one after `seq`; 0 if not known.
    after: u64,
}

/// What is known about subjects, two bits each: not yet, not covered, covered.
#[derive(Debug, Default)]
struct Verdicts {
    words: Vec<u64>,
}

impl Verdicts {
    const PER_WORD: u32 = 32;

    /// Whether subject `id` is covered, if that is known.
    fn get(&self, id: u32) -> Option<bool> {
        let word = self.words.get((id / Self::PER_WORD) as usize)?;
        match word >> (id % Self::PER_WORD * 2) & 3 {
            0 => None,
            verdict => Some(verdict == 2),
        }
    }

    fn set(&mut self, id: u32, is_covered: bool) {
        let index = (id / Self::PER_WORD) as usize;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        self.forget(id);
        self.words[index] |= (1 + u64::from(is_covered)) << (id % Self::PER_WORD * 2);
    }

    fn forget(&mut self, id: u32) {
        if let Some(word) = self.words.get_mut((id / Self::PER_WORD) as usize) {
            *word &= !(3 << (id % Self::PER_WORD * 2));
        }
    }
}

impl MessageStore {
    /// The first message at or after `from` that the cursor's filters cover.
    ///
    /// A cursor belongs to one store. Its answers hold whatever was stored or removed in between; fastest is a `from`
    /// that never goes back.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn next(&self, cursor: &mut Cursor, from: u64) -> Option<u64> {
        if from > self.last_seq || self.messages == 0 {
            return None;
        }
        if cursor.covers_all { self.log.next(from) } else { self.next_filtered(cursor, from.max(self.first_seq)) }
    }

    /// As [`next`](Self::next), with the message.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn next_message(&self, cursor: &mut Cursor, from: u64) -> Option<StoredMessage<'_>> {
        if from > self.last_seq {
            return None;
        }
        // Without filters it is mostly the very next one, otherwise one that was gathered before.
        let likely = if cursor.covers_all { Some(from) } else { cursor.memory.merge.likely(from) };
        likely.and_then(|seq| self.get(seq)).or_else(|| self.get(self.next(cursor, from)?))
    }

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn next_filtered(&self, cursor: &mut Cursor, from: u64) -> Option<u64> {
        match &cursor.filters[..] {
            [filter] if filter.is_literal() => self.next_literal(filter, &mut cursor.memory, from),
            filters => self.next_covered(filters, &mut cursor.memory, from),
        }
    }

    fn next_literal(&self, filter: &SubjectFilter, memory: &mut Memory, from: u64) -> Option<u64> {
        self.notice_births(memory);
        let known = memory.literal.as_ref().filter(|known| known.since <= from);
        let seq = match known {
            Some(known) if from <= known.seq && self.contains(known.seq) => known.seq,
            Some(known) if from <= known.after && self.contains(known.after) => known.after,
            _ => {
                let known = memory.literal.as_ref().map(|known| known.id);
                let id = known.filter(|id| self.subjects.entry(*id).messages > 0);
                self.first_of_from(id.or_else(|| self.subjects.find(filter.as_bytes()))?, from)?
            }
        };
        let row = self.log.row(seq)?;
        memory.literal = Some(Literal { id: row.subject, since: from, seq, after: self.stored_after(seq, row) });
        Some(seq)
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn next_covered(&self, filters: &[SubjectFilter], memory: &mut Memory, from: u64) -> Option<u64> {
        self.notice_births(memory);
        // Mostly it was gathered before. What it takes otherwise stands apart, or each call would prepare for that.
        memory.merge.next_gathered(self, from).or_else(|| self.search_covered(filters, memory, from))
    }

    #[inline(never)]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn search_covered(&self, filters: &[SubjectFilter], memory: &mut Memory, from: u64) -> Option<u64> {
        let mut from = from;
        let mut scan_was_fruitless = false;
        loop {
            if let Some(end) = memory.merge.end_from(from) {
                if let Some(seq) = memory.merge.next(self, from) {
                    return Some(seq);
                }
                from = self.log.next(end.checked_add(1)?)?;
            }
            let planned = memory.scanned.filter(|(start, end)| (*start..=*end).contains(&from));
            let end = match planned {
                Some((_, end)) => end,
                None if self.last_seq - from < FEW => self.last_seq,
                None => match self.plan(filters, memory, from, scan_was_fruitless) {
                    Some(end) => end,
                    None => continue,
                },
            };
            if let Some(seq) = self.scan(filters, &mut memory.verdicts, from, end) {
                return Some(seq);
            }
            scan_was_fruitless = true;
            from = self.log.next(end.checked_add(1)?)?;
        }
    }

    /// Decides how to go on at `from`: the last sequence to look at one by one, or `None` if those of the covered subjects are to be merged.
    fn plan(&self, filters: &[SubjectFilter], memory: &mut Memory, from: u64, scan_was_fruitless: bool) -> Option<u64> {
        let many = self.subjects.messages_of(filters).saturating_mul(MANY) >= self.messages;
        if (many && !scan_was_fruitless) || !self.begin_merge(filters, &mut memory.merge, from) {
            let end = from.saturating_add(SCAN).min(self.last_seq);
            memory.scanned = Some((from, end));
            return Some(end);
        }
        None
    }

    /// Prepares merging from `from` on, unless there are too many subjects for that.
    fn begin_merge(&self, filters: &[SubjectFilter], merge: &mut Merge, from: u64) -> bool {
        let limit = (self.messages / 256).max(4096) as usize;
        let mut heads = merge.take_room();
        let flow = self.subjects.visit(filters, &mut |id, _| {
            if heads.len() == limit {
                return ControlFlow::Break(());
            }
            if let Some(seq) = self.first_of_from(id, from) {
                heads.push(Head { seq, id });
            }
            ControlFlow::Continue(())
        });
        let is_complete = flow.is_continue();
        if is_complete {
            *merge = Merge::new(heads, from, self.last_seq, std::mem::take(merge));
        }
        is_complete
    }

    /// The message of the same subject after `seq` if that is known without a search; else 0.
    ///
    /// Looks at that message now: so it is fetched while the caller works on `seq`, and at hand when its turn comes.
    fn stored_after(&self, seq: u64, row: &Row) -> u64 {
        let after = self.log.after(seq, row);
        if after > 0 && self.contains(after) { after } else { 0 }
    }

    /// The first message from `from` to `end` whose subject is covered.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn scan(&self, filters: &[SubjectFilter], verdicts: &mut Verdicts, from: u64, end: u64) -> Option<u64> {
        for segment in self.log.segments_from(from) {
            if segment.base() > end {
                return None;
            }
            let start = segment.index_from(from);
            let covered = segment.rows()[start..].iter().position(|row| {
                row.is_stored()
                    && verdicts.get(row.subject).unwrap_or_else(|| {
                        let name = self.subjects.name(row.subject);
                        let is_covered = filters.iter().any(|filter| filter.matches(name));
                        verdicts.set(row.subject, is_covered);
                        is_covered
                    })
            });
            if let Some(covered) = covered {
                return Some(segment.seq(start + covered)).filter(|seq| *seq <= end);
            }
        }
        None
    }

    /// Forgets what is known about ids that were given to other subjects since.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn notice_births(&self, memory: &mut Memory) {
        if self.subjects.births() != memory.births {
            self.forget_reborn(memory);
        }
    }

    #[cold]
    #[inline(never)]
    fn forget_reborn(&self, memory: &mut Memory) {
        let births = self.subjects.births();
        match self.subjects.births_since(memory.births) {
            Some(born) => {
                for id in born {
                    memory.verdicts.forget(id);
                    memory.literal.take_if(|known| known.id == id);
                }
                memory.births = births;
            }
            None => *memory = Memory { births, ..Memory::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Timestamp;

    fn store(subjects: &[&str]) -> MessageStore {
        let mut store = MessageStore::new(0);
        for subject in subjects {
            store.push(subject.as_bytes(), b"", b"", Timestamp::SIMULATION_START).expect("stored");
        }
        store
    }

    fn cursor(filters: &[&str]) -> Cursor {
        let filters: Vec<SubjectFilter> = filters.iter().map(|f| SubjectFilter::new(f).expect("valid")).collect();
        Cursor::new(&filters)
    }

    fn walk(store: &MessageStore, filters: &[&str]) -> Vec<u64> {
        let mut cursor = cursor(filters);
        let mut from = 0;
        std::iter::from_fn(|| {
            let seq = store.next(&mut cursor, from)?;
            from = seq + 1;
            Some(seq)
        })
        .collect()
    }

    #[test]
    fn a_walk_finds_what_the_filters_cover() {
        let store = store(&["a.1", "b.1", "a.2", "a.*", "c", "a.1"]);
        for (filters, expected) in [
            (&[][..], &[1, 2, 3, 4, 5, 6][..]),
            (&[">"], &[1, 2, 3, 4, 5, 6]),
            (&["a.1"], &[1, 6]),
            (&["a.*"], &[1, 3, 4, 6]),
            (&["*.1", "a.*"], &[1, 2, 3, 4, 6]),
            (&["c", "d"], &[5]),
            (&["d.>"], &[]),
        ] {
            assert_eq!(walk(&store, filters), expected, "{filters:?}");
        }
    }

    #[test]
    fn a_cursor_notices_new_subjects_and_removed_messages() {
        let mut store = store(&["a.1", "b", "a.2"]);
        for filters in [&["a.*"][..], &["a.1", "a.*"], &["a.3"]] {
            let mut cursor = cursor(filters);
            let mut store = store.clone();
            let before = store.next(&mut cursor, 1);
            assert_eq!(before, (filters != ["a.3"]).then_some(1));
            let seq = store.push(b"a.3", b"", b"", Timestamp::SIMULATION_START).expect("stored");
            assert_eq!(store.next(&mut cursor, 4), Some(seq));
            store.remove(3);
            assert_eq!(store.next(&mut cursor, 2), Some(seq));
            store.remove(seq);
            assert_eq!(store.next(&mut cursor, 2), None);
        }
        store.purge(&crate::engine::store::Purge::default(), |_| {});
        assert_eq!(store.next(&mut cursor(&["a.*"]), 0), None);
    }
}
