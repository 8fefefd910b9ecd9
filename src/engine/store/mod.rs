//! The messages of one stream, in memory, by sequence and by subject.
//!
//! Owns what is stored and the numbers that follow from it: first and last sequence, messages, bytes, subjects. What is
//! stored, and when it goes, others decide: limits, retention, expiry and who has seen what belong to the stream and
//! its consumers. The numbers follow nats-server `server/memstore.go`.
//!
//! Messages lie in segments of fixed size (`segment`), found by sequence (`log`): a row for each, and blocks with their
//! bytes. An index knows each stored subject and the tree of their tokens (`subjects`, `matching`); the messages of one
//! subject are linked to one another. So a filter is answered either by following the messages of the few subjects that
//! it covers, or by a look at each message's subject, whichever costs less (`cursor`, `queries`).
//!
//! A clone shares all segments, blocks and pages of the index. The first write to one of them copies it.

mod blocks;
mod cursor;
mod hash;
mod log;
mod matching;
mod merge;
mod names;
mod paged;
mod queries;
mod removal;
mod segment;
mod subjects;

use std::collections::TryReserveError;
use std::fmt;
use std::hash::{Hash, Hasher};

pub use cursor::Cursor;
pub use hash::hash_of;
pub use queries::FilteredState;
pub use removal::{Purge, Removed, RemovedMessage};

use crate::engine::time::Timestamp;
use log::Log;
use segment::NewMessage;
use subjects::SubjectIndex;

/// Why a message was not stored. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The byte budget is used up, or the allocator has no more.
    OutOfMemory,
    /// The subject is longer than 65,535 bytes, or headers and payload than 1 GiB.
    TooLarge,
    /// The last sequence is the last there is.
    NoSequenceLeft,
}

impl From<TryReserveError> for StoreError {
    fn from(_: TryReserveError) -> Self {
        Self::OutOfMemory
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "out of memory",
            Self::TooLarge => "message too large",
            Self::NoSequenceLeft => "no sequence left",
        })
    }
}

impl std::error::Error for StoreError {}

/// A message as it lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredMessage<'a> {
    pub seq: u64,
    pub subject: &'a [u8],
    /// The header block as it was published, with its first and last line; empty if there is none.
    pub headers: &'a [u8],
    pub payload: &'a [u8],
    pub time: Timestamp,
}

/// The last sequence there is. One more still counts as "behind the last" without an overflow.
const LAST_SEQ: u64 = u64::MAX - 1;

/// Headers and payload of one message at most.
const MAX_CONTENT: usize = 1 << 30;

/// The messages of one stream. Two are equal if they hold the same messages under the same sequences.
///
/// Filters are given as a list; none means every subject, and a message that several cover counts once. In stored
/// subjects the tokens `*` and `>` are plain text.
#[derive(Clone, Debug)]
pub struct MessageStore {
    log: Log,
    subjects: SubjectIndex,
    /// The first message stored; one more than `last_seq` if there is none.
    first_seq: u64,
    last_seq: u64,
    last_time: Option<Timestamp>,
    messages: u64,
    bytes: u64,
    byte_budget: u64,
    /// Whether messages count for what they would take in a file.
    is_file: bool,
}

impl MessageStore {
    /// An empty store whose first message gets `first_seq`, or 1 if that is 0.
    ///
    /// With 0 both [`first_seq`](Self::first_seq) and [`last_seq`](Self::last_seq) are 0 until the store is used.
    pub fn new(first_seq: u64) -> Self {
        Self {
            log: Log::new(),
            subjects: SubjectIndex::new(),
            first_seq,
            last_seq: first_seq.saturating_sub(1),
            last_time: None,
            messages: 0,
            bytes: 0,
            byte_budget: u64::MAX,
            is_file: false,
        }
    }

    /// The same, still empty, whose messages count for what they would take in a file if `is_file`.
    pub fn in_files(self, is_file: bool) -> Self {
        Self { is_file, ..self }
    }

    /// Bytes that a message counts for in `bytes` and towards `max_bytes`: its subject, headers and payload, and what a
    /// record has around them (nats-server `memStoreMsgSize`, `fileStoreMsgSize`).
    pub const fn message_size(&self, subject_len: usize, headers_len: usize, payload_len: usize) -> u64 {
        let around = match headers_len {
            _ if !self.is_file => 16,
            0 => 30,
            _ => 34,
        };
        (subject_len + headers_len + payload_len + around) as u64
    }

    /// Sets up to which [`heap_bytes`](Self::heap_bytes) messages are stored. What is there already stays.
    pub const fn set_byte_budget(&mut self, byte_budget: u64) {
        self.byte_budget = byte_budget;
    }

    /// Stores a message and returns its sequence, one more than the last.
    ///
    /// `time` must not be before that of the last message, for the search by time.
    ///
    /// # Errors
    /// See [`StoreError`].
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn push(&mut self, subject: &[u8], headers: &[u8], payload: &[u8], time: Timestamp) -> Result<u64, StoreError> {
        let seq = self.next_seq()?;
        let content_len = headers.len().saturating_add(payload.len());
        if content_len > MAX_CONTENT || subject.len() > usize::from(u16::MAX) {
            return Err(StoreError::TooLarge);
        }
        let Self { log, subjects, byte_budget, .. } = self;
        let id = subjects.intern(subject, || byte_budget.saturating_sub(log.heap_bytes()))?;
        let index_bytes = subjects.heap_bytes();
        let entry = subjects.edit(id);
        let last = (entry.messages > 0).then_some(entry.last_seq);
        let message = NewMessage { subject: id, previous: 0, headers, payload, time };
        if let Err(error) = log.push(seq, last, message, || byte_budget.saturating_sub(index_bytes)) {
            subjects.release(id);
            return Err(error);
        }
        if last.is_none() {
            entry.first_seq = seq;
        }
        entry.last_seq = seq;
        entry.messages += 1;
        let parent = entry.parent;
        subjects.note_added(id, parent, last.is_none());
        if self.messages == 0 {
            self.first_seq = seq;
        }
        self.last_seq = seq;
        self.last_time = Some(time);
        self.messages += 1;
        self.bytes += self.message_size(subject.len(), headers.len(), payload.len());
        Ok(seq)
    }

    /// Uses up one sequence without a message, and returns it. The last time becomes `time`.
    ///
    /// # Errors
    /// [`StoreError::NoSequenceLeft`].
    pub fn skip(&mut self, time: Timestamp) -> Result<u64, StoreError> {
        let seq = self.next_seq()?;
        self.set_last_seq(seq);
        self.last_time = Some(time);
        Ok(seq)
    }

    /// Lets the next message get `seq`; the sequences before it are used up without messages. Does nothing if they
    /// are used up already. The last time becomes `time` if that is given.
    pub fn skip_to(&mut self, seq: u64, time: Option<Timestamp>) {
        if seq > self.last_seq.saturating_add(1) || (seq == 1 && self.is_unused()) {
            self.set_last_seq(seq - 1);
            self.last_time = time.or(self.last_time);
        }
    }

    fn next_seq(&self) -> Result<u64, StoreError> {
        if self.last_seq < LAST_SEQ { Ok(self.last_seq + 1) } else { Err(StoreError::NoSequenceLeft) }
    }

    /// Whether nothing was ever stored or skipped, and no first sequence was set.
    pub const fn is_unused(&self) -> bool {
        self.first_seq == 0
    }

    fn set_last_seq(&mut self, seq: u64) {
        self.last_seq = seq;
        if self.messages == 0 {
            self.first_seq = seq.saturating_add(1);
        }
    }
}

/// State.
impl MessageStore {
    /// The first message; one more than [`last_seq`](Self::last_seq) if there is none; 0 in an unused store.
    pub const fn first_seq(&self) -> u64 {
        self.first_seq
    }

    /// The highest sequence used up. Removing messages does not change it.
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The time of the first message.
    pub fn first_time(&self) -> Option<Timestamp> {
        (self.messages > 0).then(|| self.log.first_row().time())
    }

    /// The time at which the last sequence was used up. Removing messages does not change it.
    pub const fn last_time(&self) -> Option<Timestamp> {
        self.last_time
    }

    /// Messages stored.
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Sizes of all messages, see [`message_size`](Self::message_size).
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Subjects that have messages.
    pub const fn num_subjects(&self) -> u64 {
        self.subjects.len() as u64
    }

    /// Sequences without a message from the first one to the last one.
    pub const fn num_deleted(&self) -> u64 {
        if self.messages == 0 { 0 } else { self.last_seq - self.first_seq + 1 - self.messages }
    }

    /// The sequences that [`num_deleted`](Self::num_deleted) counts, ascending. There may be very many.
    pub fn deleted(&self) -> impl Iterator<Item = u64> {
        let mut stored = self.seqs_from(self.first_seq).peekable();
        let end = if self.messages == 0 { self.first_seq } else { self.last_seq.saturating_add(1) };
        let mut gap = self.first_seq..self.first_seq;
        std::iter::from_fn(move || {
            loop {
                if let Some(seq) = gap.next() {
                    return Some(seq);
                }
                if gap.start >= end {
                    return None;
                }
                let mut after = gap.end;
                while stored.next_if_eq(&after).is_some() {
                    after += 1;
                }
                gap = after..stored.peek().copied().unwrap_or(end);
            }
        })
    }

    /// Bytes that the store occupies, what clones share included. Depends on what was stored and removed alone,
    /// neither on clones nor on the platform.
    pub fn heap_bytes(&self) -> u64 {
        self.log.heap_bytes() + self.subjects.heap_bytes()
    }
}

/// One message.
impl MessageStore {
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn get(&self, seq: u64) -> Option<StoredMessage<'_>> {
        let (segment, row) = self.log.find(seq)?;
        let (headers, payload) = segment.content(row);
        Some(StoredMessage { seq, subject: self.subjects.name(row.subject), headers, payload, time: row.time() })
    }

    pub fn contains(&self, seq: u64) -> bool {
        self.log.row(seq).is_some()
    }

    pub fn subject_of(&self, seq: u64) -> Option<&[u8]> {
        self.log.row(seq).map(|row| self.subjects.name(row.subject))
    }

    /// What message `seq` counts for in [`bytes`](Self::bytes).
    pub fn size_of(&self, seq: u64) -> Option<u64> {
        let row = self.log.row(seq)?;
        let name_len = self.subjects.entry(row.subject).name_len;
        Some(self.row_size(name_len.into(), row))
    }

    fn row_size(&self, subject_len: usize, row: &segment::Row) -> u64 {
        self.message_size(subject_len, row.headers_len(), row.len() - row.headers_len())
    }

    pub fn time_of(&self, seq: u64) -> Option<Timestamp> {
        self.log.row(seq).map(segment::Row::time)
    }

    /// The messages at or after `seq`, ascending.
    pub fn messages_from(&self, seq: u64) -> impl Iterator<Item = StoredMessage<'_>> {
        self.seqs_from(seq).map(|seq| self.get(seq).expect("is stored"))
    }

    /// The sequences of the messages at or after `seq`, ascending.
    pub fn seqs_from(&self, seq: u64) -> impl Iterator<Item = u64> {
        let mut next = Some(seq);
        std::iter::from_fn(move || {
            let seq = self.log.next(next?)?;
            next = seq.checked_add(1);
            Some(seq)
        })
    }

    /// The first message whose time is `time` or later.
    pub fn first_at_or_after(&self, time: Timestamp) -> Option<u64> {
        self.log.first_at(time)
    }
}

impl PartialEq for MessageStore {
    fn eq(&self, other: &Self) -> bool {
        let state = |store: &Self| (store.first_seq, store.last_seq, store.last_time, store.messages, store.bytes);
        state(self) == state(other) && self.messages_from(self.first_seq).eq(other.messages_from(other.first_seq))
    }
}

impl Eq for MessageStore {}

impl Hash for MessageStore {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.first_seq, self.last_seq, self.last_time, self.messages, self.bytes).hash(state);
        for message in self.messages_from(self.first_seq) {
            message.hash(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Rng;
    use crate::engine::subject::SubjectFilter;
    use std::time::Duration;

    const START: Timestamp = Timestamp::SIMULATION_START;

    fn push(store: &mut MessageStore, subject: &str, payload: &[u8]) -> Result<u64, StoreError> {
        store.push(subject.as_bytes(), b"", payload, START)
    }

    #[test]
    fn a_store_starts_where_it_is_told_to() {
        for (first_seq, shown, next) in [(0, (0, 0), 1), (1, (1, 0), 1), (100, (100, 99), 100)] {
            let mut store = MessageStore::new(first_seq);
            assert_eq!((store.first_seq(), store.last_seq()), shown, "{first_seq}");
            assert_eq!(push(&mut store, "a", b""), Ok(next), "{first_seq}");
            assert_eq!((store.first_seq(), store.last_seq()), (next, next), "{first_seq}");
        }
    }

    #[test]
    fn a_message_counts_for_its_parts_and_16_bytes() {
        let mut store = MessageStore::new(0);
        store.push(b"orders.new", b"NATS/1.0\r\n\r\n", b"hello", START).expect("stored");
        assert_eq!(store.bytes(), 10 + 12 + 5 + 16);
        assert_eq!(store.size_of(1), Some(43));
    }

    #[test]
    fn a_subject_that_takes_the_place_of_another_is_told_from_it() {
        let mut store = MessageStore::new(0);
        for (subject, gone) in [("a", Some(1)), ("", None), ("b", None), ("c", Some(3)), ("b", None), ("c", None)] {
            push(&mut store, subject, b"").expect("stored");
            gone.map(|seq| store.remove(seq));
        }
        let counts = ["a", "b", "c", ""].map(|subject| store.count_of(subject.as_bytes()));
        assert_eq!((counts, store.num_subjects()), ([0, 1, 2, 1], 3));
    }

    #[test]
    fn removing_the_last_message_leaves_a_hole_at_the_end() {
        let mut store = MessageStore::new(0);
        for payload in ["1", "2", "3"] {
            push(&mut store, "a", payload.as_bytes()).expect("stored");
        }
        store.remove(3);
        assert_eq!((store.last_seq(), store.num_deleted(), store.last_time()), (3, 1, Some(START)));
        assert_eq!(store.deleted().collect::<Vec<_>>(), [3]);
        store.remove(1);
        store.remove(2);
        assert_eq!((store.first_seq(), store.last_seq(), store.num_deleted()), (4, 3, 0));
    }

    #[test]
    fn a_purge_removes_what_it_names() {
        let c = [SubjectFilter::new("c.*").expect("valid")];
        for (purge, left, first_seq, last_seq) in [
            (Purge::default(), &[][..], 7, 6),
            (Purge { below: Some(1), ..Purge::default() }, &[1, 2, 3, 4, 5, 6], 1, 6),
            (Purge { below: Some(4), ..Purge::default() }, &[4, 5, 6], 4, 6),
            (Purge { below: Some(7), ..Purge::default() }, &[], 7, 6),
            (Purge { below: Some(1 << 60), ..Purge::default() }, &[], 1 << 60, (1 << 60) - 1),
            (Purge { keep: 2, ..Purge::default() }, &[5, 6], 5, 6),
            (Purge { keep: 9, ..Purge::default() }, &[1, 2, 3, 4, 5, 6], 1, 6),
            (Purge { filters: &c, ..Purge::default() }, &[1, 3, 5], 1, 6),
            (Purge { filters: &c, keep: 1, ..Purge::default() }, &[1, 3, 5, 6], 1, 6),
            (Purge { filters: &c, below: Some(1 << 60), ..Purge::default() }, &[1, 3, 5], 1, 6),
            (Purge { filters: &c, below: Some(5), keep: 0 }, &[1, 3, 5, 6], 1, 6),
        ] {
            let mut store = MessageStore::new(0);
            for seq in 1..=6 {
                push(&mut store, if seq % 2 == 0 { "c.x" } else { "a" }, b"").expect("stored");
            }
            let mut removed = Vec::new();
            let count = store.purge(&purge, |message| removed.push(message.seq));
            assert_eq!(store.seqs_from(0).collect::<Vec<_>>(), left, "{purge:?}");
            assert_eq!((store.first_seq(), store.last_seq()), (first_seq, last_seq), "{purge:?}");
            assert_eq!((count, removed.len()), (6 - left.len() as u64, 6 - left.len()), "{purge:?}");
        }
    }

    #[test]
    fn sequences_end_without_a_panic() {
        let mut store = MessageStore::new(0);
        push(&mut store, "a", b"").expect("stored");
        store.skip_to(LAST_SEQ - 1, None);
        assert_eq!(push(&mut store, "a", b""), Ok(LAST_SEQ - 1));
        assert_eq!(push(&mut store, "a", b""), Ok(LAST_SEQ));
        assert_eq!(push(&mut store, "a", b""), Err(StoreError::NoSequenceLeft));
        assert_eq!(store.skip(START), Err(StoreError::NoSequenceLeft));
        assert_eq!((store.messages(), store.num_deleted()), (3, LAST_SEQ - 3));
        assert_eq!(store.deleted().take(2).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(store.next_of_subject(1), Some(LAST_SEQ - 1));
        assert_eq!(store.previous_of_subject(LAST_SEQ - 1), Some(1));
        let filters = [SubjectFilter::new("a").expect("valid")];
        assert_eq!(store.last_match(&filters, u64::MAX), Some(LAST_SEQ));
        assert_eq!(store.count_from(&filters, 2), 2);
        for seq in [1, LAST_SEQ - 1, LAST_SEQ] {
            assert_eq!(store.next(&mut Cursor::new(&filters), 0), Some(seq));
            assert!(store.remove(seq).is_some());
        }
        assert_eq!((store.first_seq(), store.messages()), (LAST_SEQ + 1, 0));
        assert!(store.heap_bytes() < 200_000);
    }

    #[test]
    fn the_budget_is_kept_and_a_refused_message_leaves_no_trace() {
        for (subjects, len) in [(1, 100), (1_000_000, 0), (10, 40_000)] {
            let mut store = MessageStore::new(0);
            store.set_byte_budget(3_000_000);
            let payload = vec![7; len];
            let mut pushed = 0;
            while push(&mut store, &format!("a.b{}.c", pushed % subjects), &payload).is_ok() {
                pushed += 1;
            }
            assert!(store.heap_bytes() <= 3_000_000 && store.heap_bytes() > 2_500_000, "{len}: {}", store.heap_bytes());
            assert_eq!((store.messages(), store.last_seq()), (pushed, pushed));
            assert_eq!(store.num_subjects(), pushed.min(subjects));
            assert_eq!(push(&mut store, "a.longer.than.others", &payload), Err(StoreError::OutOfMemory));
            assert_eq!(store.last_of(b"a.longer.than.others"), None);
            store.purge(&Purge { keep: pushed / 2, ..Purge::default() }, |_| {});
            assert_eq!(push(&mut store, "a.longer.than.others", &payload), Ok(pushed + 1), "{len}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let mut store = MessageStore::new(0);
        assert_eq!(push(&mut store, &"a".repeat(65_536), b""), Err(StoreError::TooLarge));
        assert_eq!(push(&mut store, &"a.".repeat(32_000), b""), Ok(1));
        assert_eq!(push(&mut store, "a", &vec![1; 5_000_000]), Ok(2));
        assert_eq!(store.get(2).map(|message| message.payload.len()), Some(5_000_000));
        assert_eq!(store.subject_of(1).map(<[u8]>::len), Some(64_000));
    }

    #[test]
    fn clones_do_not_change_what_a_store_occupies() {
        let run = |clone_every: u64| {
            let mut rng = Rng::new(7);
            let mut store = MessageStore::new(0);
            let mut clones = Vec::new();
            for step in 0..20_000 {
                let payload = vec![1; rng.below(300) as usize * if rng.below(500) == 0 { 200 } else { 1 }];
                push(&mut store, &format!("a.{}", rng.below(500)), &payload).expect("stored");
                if store.messages() > 3_000 || rng.below(3) == 0 {
                    store.remove(if rng.below(2) == 0 { store.first_seq() } else { rng.below(step + 1) });
                }
                if step % clone_every == 0 {
                    clones.push(store.clone());
                    clones.truncate(5);
                }
            }
            (store.heap_bytes(), store)
        };
        let (seldom, often) = (run(100_000), run(7));
        assert_eq!(seldom, often);
    }

    #[test]
    fn a_bucket_of_keys_does_not_grow() {
        let mut rng = Rng::new(3);
        let mut store = MessageStore::new(0);
        let mut occupied = Vec::new();
        for step in 0..200_000u64 {
            let key = if rng.below(1_000) == 0 { rng.below(1_000) } else { rng.below(500) };
            let seq = push(&mut store, &format!("$KV.b.{key}"), &[0; 128]).expect("stored");
            if let Some(previous) = store.previous_of_subject(seq) {
                store.remove(previous);
            }
            if step % 50_000 == 49_999 {
                occupied.push(store.heap_bytes());
            }
        }
        assert!(occupied.iter().all(|bytes| *bytes < 1_000_000), "{occupied:?}");
    }

    #[test]
    fn equal_is_who_holds_the_same() {
        let mut store = MessageStore::new(0);
        for subject in ["a", "b", "a", "c"] {
            push(&mut store, subject, b"x").expect("stored");
        }
        let other = store.clone();
        assert_eq!(store, other);
        store.remove(2);
        assert_ne!(store, other);
        let mut otherwise = MessageStore::new(0);
        for subject in ["a", "z", "a", "c"] {
            push(&mut otherwise, subject, b"x").expect("stored");
        }
        otherwise.remove(2);
        assert_eq!(store, otherwise);
        push(&mut store, "d", b"").expect("stored");
        otherwise.push(b"d", b"", b"", START + Duration::from_nanos(1)).expect("stored");
        assert_ne!(store, otherwise);
    }
}
