//! Questions about many messages at once: how many, the first, the last, the last of each subject.

use super::MessageStore;
use super::matching::covers_all;
use super::segment::{Row, Segment};
use super::subjects::Entry;
use crate::engine::subject::SubjectFilter;

/// What filters cover, see [`MessageStore::filtered_state`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FilteredState {
    pub messages: u64,
    /// 0 if there are no messages, as `last_seq`.
    pub first_seq: u64,
    pub last_seq: u64,
}

/// How much following one message of a subject to the next costs, in looks at the next sequence's subject.
const STEP: u64 = 8;

/// By literal subject.
impl MessageStore {
    /// Messages stored under `subject`.
    pub fn count_of(&self, subject: &[u8]) -> u64 {
        self.subjects.find(subject).map_or(0, |id| u64::from(self.subjects.entry(id).messages))
    }

    /// The first message stored under `subject`.
    pub fn first_of(&self, subject: &[u8]) -> Option<u64> {
        self.subjects.find(subject).map(|id| self.subjects.entry(id).first_seq)
    }

    /// The last message stored under `subject`.
    pub fn last_of(&self, subject: &[u8]) -> Option<u64> {
        self.subjects.find(subject).map(|id| self.subjects.entry(id).last_seq)
    }

    /// How many messages there are under the subject of message `seq`, and the first and last of them.
    pub fn subject_state(&self, seq: u64) -> Option<FilteredState> {
        let entry = self.subjects.entry(self.log.row(seq)?.subject);
        Some(FilteredState { messages: entry.messages.into(), first_seq: entry.first_seq, last_seq: entry.last_seq })
    }

    /// The message after message `seq` under the same subject.
    pub fn next_of_subject(&self, seq: u64) -> Option<u64> {
        self.next_of_id(self.log.row(seq)?.subject, seq)
    }

    /// The message before message `seq` under the same subject.
    pub fn previous_of_subject(&self, seq: u64) -> Option<u64> {
        let row = self.log.row(seq)?;
        let is_first = self.subjects.entry(row.subject).first_seq == seq;
        (!is_first).then(|| self.log.previous_of(seq, row))
    }
}

/// By filters.
impl MessageStore {
    /// How many messages `filters` cover, and the first and last of them.
    pub fn filtered_state(&self, filters: &[SubjectFilter]) -> FilteredState {
        if self.messages == 0 {
            return FilteredState::default();
        }
        let mut state = FilteredState { messages: 0, first_seq: u64::MAX, last_seq: 0 };
        self.subjects.for_each(filters, |_, entry| {
            state.messages += u64::from(entry.messages);
            state.first_seq = state.first_seq.min(entry.first_seq);
            state.last_seq = state.last_seq.max(entry.last_seq);
        });
        if state.messages == 0 { FilteredState::default() } else { state }
    }

    /// The last message at or before `up_to` that one of `filters` covers.
    pub fn last_match(&self, filters: &[SubjectFilter], up_to: u64) -> Option<u64> {
        if covers_all(filters) {
            return self.log.previous(up_to);
        }
        if let [filter] = filters
            && filter.is_literal()
        {
            let id = self.subjects.find(filter.as_bytes())?;
            return self.last_of_to(id, self.subjects.entry(id), up_to);
        }
        let mut best = None;
        self.subjects.for_each(filters, |id, entry| {
            if Some(entry.last_seq) > best {
                best = best.max(self.last_of_to(id, entry, up_to));
            }
        });
        best
    }

    /// Messages at or after `from` that one of `filters` covers.
    pub fn count_from(&self, filters: &[SubjectFilter], from: u64) -> u64 {
        if covers_all(filters) {
            return if from <= self.first_seq { self.messages } else { self.log.count_from(from) };
        }
        let total = self.subjects.messages_of(filters);
        if from <= self.first_seq || total == 0 {
            return total;
        }
        let after = self.log.count_from(from);
        if total == self.messages || after == 0 {
            return after;
        }
        let before = self.messages - after;
        let nearer = after.min(before);
        // The cost of following each subject from its nearer end, if they are spread evenly.
        let steps = (u128::from(total) * u128::from(nearer) / u128::from(self.messages)) as u64;
        if steps.saturating_mul(STEP) <= nearer {
            let mut walks = Walks::new(self, from);
            self.subjects.for_each(filters, |_, entry| walks.add(entry));
            return walks.finish();
        }
        let mut is_covered = vec![false; self.subjects.end() as usize];
        self.subjects.for_each(filters, |id, _| is_covered[id as usize] = true);
        if after <= before { self.scan_after(&is_covered, from) } else { total - self.scan_before(&is_covered, from) }
    }

    /// The last message at or before `up_to` of each subject that one of `filters` covers, without those before
    /// `from`; ascending.
    pub fn last_per_subject(&self, filters: &[SubjectFilter], from: u64, up_to: u64) -> Vec<u64> {
        let room = if covers_all(filters) { self.subjects.len() as usize } else { 0 };
        let mut seqs = Vec::with_capacity(room);
        if covers_all(filters) && up_to >= self.last_seq {
            // Not each by a call: there may be very many.
            let stored = self.subjects.entries().filter(|(_, entry)| entry.messages > 0 && entry.last_seq >= from);
            stored.for_each(|(_, entry)| seqs.push(entry.last_seq));
            sort(&mut seqs);
            return seqs;
        }
        self.subjects.for_each(filters, |id, entry| {
            if let Some(seq) = self.last_of_to(id, entry, up_to).filter(|seq| *seq >= from) {
                seqs.push(seq);
            }
        });
        sort(&mut seqs);
        seqs
    }

    /// How many subjects that one of `filters` covers have their last message at or after `from`.
    pub fn count_last_per_subject(&self, filters: &[SubjectFilter], from: u64) -> u64 {
        let mut count = 0;
        self.subjects.for_each(filters, |_, entry| count += u64::from(entry.last_seq >= from));
        count
    }

    /// Calls `visit` with each subject that one of `filters` covers and how many messages it has. In no order that
    /// means anything.
    pub fn visit_subjects(&self, filters: &[SubjectFilter], mut visit: impl FnMut(&[u8], u64)) {
        self.subjects.for_each(filters, |_, entry| visit(self.subjects.name_of(entry), entry.messages.into()));
    }

    /// How many subjects one of `filters` covers.
    pub fn count_subjects(&self, filters: &[SubjectFilter]) -> u64 {
        if covers_all(filters) {
            return self.num_subjects();
        }
        let mut count = 0;
        self.subjects.for_each(filters, |_, _| count += 1);
        count
    }

    /// The subjects that one of `filters` covers and how many messages each has, in the order of their bytes: `limit`
    /// of them after the first `offset`.
    pub fn subjects(&self, filters: &[SubjectFilter], offset: usize, limit: usize) -> Vec<(&[u8], u64)> {
        let mut subjects = Vec::new();
        self.subjects.for_each(filters, |id, entry| subjects.push((self.subjects.name(id), entry.messages.into())));
        subjects.sort_unstable();
        subjects.into_iter().skip(offset).take(limit).collect()
    }
}

/// By subject id.
impl MessageStore {
    /// The first message of a subject at or after `from`.
    pub(super) fn first_of_from(&self, id: u32, from: u64) -> Option<u64> {
        let last = self.subjects.entry(id).last_seq;
        if self.subjects.entry(id).messages == 0 || last < from {
            return None;
        }
        let first = self.subjects.entry(id).first_seq;
        if first >= from {
            return Some(first);
        }
        // Messages between two of this subject, and how many of its own are to be passed at most.
        let gap = self.messages / u64::from(self.subjects.entry(id).messages);
        if gap < u64::from(self.subjects.entry(id).messages).saturating_mul(STEP)
            && let Some(seq) = self.scan_for(id, from, gap.saturating_mul(4))
        {
            return Some(seq);
        }
        if from - first < last - from {
            let mut seq = first;
            while seq < from {
                seq = self.log.next_of(seq, self.stored_row(seq));
            }
            Some(seq)
        } else {
            let mut seq = last;
            loop {
                let previous = self.log.previous_of(seq, self.stored_row(seq));
                if previous < from {
                    return Some(seq);
                }
                seq = previous;
            }
        }
    }

    /// The message of a subject after its message `seq`.
    pub(super) fn next_of_id(&self, id: u32, seq: u64) -> Option<u64> {
        let is_last = self.subjects.entry(id).last_seq == seq;
        (!is_last).then(|| self.log.next_of(seq, self.stored_row(seq)))
    }

    /// The last message of a subject at or before `up_to`.
    fn last_of_to(&self, id: u32, entry: &Entry, up_to: u64) -> Option<u64> {
        if entry.last_seq <= up_to {
            return Some(entry.last_seq);
        }
        // There is one after `up_to`, so what comes before the first of those is the one, unless that is the first.
        let after = self.first_of_from(id, up_to.checked_add(1)?)?;
        (after != entry.first_seq).then(|| self.log.previous_of(after, self.stored_row(after)))
    }

    /// The first message of a subject among the next `limit` rows at or after `from`.
    fn scan_for(&self, id: u32, from: u64, limit: u64) -> Option<u64> {
        let mut limit = limit as usize;
        for segment in self.log.segments_from(from) {
            let start = segment.index_from(from);
            let rows = &segment.rows()[start..];
            let looked_at = rows.len().min(limit);
            if let Some(found) = rows[..looked_at].iter().position(|row| row.subject == id) {
                return Some(segment.seq(start + found));
            }
            limit -= looked_at;
            if limit == 0 {
                break;
            }
        }
        None
    }

    fn scan_after(&self, is_covered: &[bool], from: u64) -> u64 {
        let segments = self.log.segments_from(from);
        segments.map(|segment| count_covered(&segment.rows()[segment.index_from(from)..], is_covered)).sum()
    }

    fn scan_before(&self, is_covered: &[bool], from: u64) -> u64 {
        let Some(last) = from.checked_sub(1) else { return 0 };
        let segments = self.log.segments_to(last);
        let rows = |segment: &Segment| segment.index_from(self.first_seq)..segment.index_from(from);
        segments.map(|segment| count_covered(&segment.rows()[rows(segment)], is_covered)).sum()
    }

    fn stored_row(&self, seq: u64) -> &Row {
        self.log.row(seq).expect("a link leads to a stored message")
    }
}

fn count_covered(rows: &[Row], is_covered: &[bool]) -> u64 {
    rows.iter().filter(|row| row.is_stored() && is_covered[row.subject as usize]).count() as u64
}

/// Counts the messages of many subjects at or after a sequence, following each subject from its nearer end.
///
/// A step waits for memory and cannot begin before the one before it. So several subjects are followed in turn: the
/// waiting overlaps.
struct Walks<'a> {
    store: &'a MessageStore,
    from: u64,
    count: u64,
    /// Where each walk stands, and whether it comes from the first message and takes off what lies before `from`.
    walks: [(u64, bool); AT_ONCE],
    active: usize,
}

const AT_ONCE: usize = 16;

impl<'a> Walks<'a> {
    const fn new(store: &'a MessageStore, from: u64) -> Self {
        Self { store, from, count: 0, walks: [(0, false); AT_ONCE], active: 0 }
    }

    fn add(&mut self, entry: &Entry) {
        let (first, last) = (entry.first_seq, entry.last_seq);
        if last < self.from {
            return;
        }
        let is_forward = first >= self.from || self.from - first < last - self.from;
        if is_forward {
            self.count += u64::from(entry.messages);
        }
        if first >= self.from {
            return;
        }
        self.walks[self.active] = (if is_forward { first } else { last }, is_forward);
        self.active += 1;
        while self.active == AT_ONCE {
            self.step();
        }
    }

    fn finish(mut self) -> u64 {
        while self.active > 0 {
            self.step();
        }
        self.count
    }

    /// Takes each walk one message on.
    fn step(&mut self) {
        let mut at = 0;
        while at < self.active {
            let (seq, is_forward) = self.walks[at];
            let row = self.store.stored_row(seq);
            let (next, is_done) = if is_forward {
                self.count -= 1;
                let next = self.store.log.next_of(seq, row);
                (next, next >= self.from)
            } else {
                self.count += 1;
                let next = self.store.log.previous_of(seq, row);
                (next, next < self.from)
            };
            self.walks[at].0 = next;
            if is_done {
                self.active -= 1;
                self.walks[at] = self.walks[self.active];
            } else {
                at += 1;
            }
        }
    }
}

/// Sorts distinct numbers. If they lie close together, by marking them in a row of bits.
pub(super) fn sort(numbers: &mut [u64]) {
    if numbers.is_sorted() {
        return;
    }
    let (Some(low), Some(high)) = (numbers.iter().min().copied(), numbers.iter().max().copied()) else { return };
    let words = (high - low) / 64 + 1;
    if words / 4 > numbers.len() as u64 {
        numbers.sort_unstable();
        return;
    }
    let mut bits = vec![0u64; words as usize];
    for number in &*numbers {
        let bit = number - low;
        bits[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    let mut sorted = numbers.iter_mut();
    for (index, word) in bits.into_iter().enumerate() {
        let mut word = word;
        while word != 0 {
            let number = low + index as u64 * 64 + u64::from(word.trailing_zeros());
            *sorted.next().expect("the numbers are distinct") = number;
            word &= word - 1;
        }
    }
}
