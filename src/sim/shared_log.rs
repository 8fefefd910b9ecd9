//! A log that clones share, for what grows with a run and is part of every checkpoint of it.
//!
//! Entries stand behind `Rc` in chunks behind `Rc`, so a clone costs a few steps for each chunk, adding to a clone copies
//! the pointers of one chunk at most, and no entry is ever copied. Bounded by its owner: the oldest chunk goes.

use std::collections::VecDeque;
use std::rc::Rc;

/// Entries in one chunk.
const CHUNK: usize = 256;

/// Entries, oldest first.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SharedLog<T> {
    /// All but the last are full.
    chunks: VecDeque<Rc<Vec<Rc<T>>>>,
}

impl<T> Default for SharedLog<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new() }
    }
}

impl<T> Clone for SharedLog<T> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone() }
    }
}

impl<T> SharedLog<T> {
    pub fn len(&self) -> usize {
        self.chunks.back().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK).map(Rc::as_ref)
    }

    pub fn last(&self) -> Option<&T> {
        self.chunks.back()?.last().map(Rc::as_ref)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        // By place, not by chunk: the iterators that this goes through are built many times less.
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Where the entries begin of which `is_before` does not hold; it holds for all those before, and for none after.
    pub fn partition_point(&self, mut is_before: impl FnMut(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.get(middle).is_some_and(&mut is_before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Drops the oldest chunk, and gives it out.
    pub fn pop_chunk(&mut self) -> Option<Rc<Vec<Rc<T>>>> {
        self.chunks.pop_front()
    }

    pub fn push(&mut self, entry: T) {
        let entry = Rc::new(entry);
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => Rc::make_mut(last).push(entry),
            _ => self.chunks.push_back(Rc::new(vec![entry])),
        }
    }

    /// Adds an entry; of more than `most`, and the rest of a chunk, the oldest go.
    pub fn push_bounded(&mut self, entry: T, most: usize) {
        self.push(entry);
        if self.len() >= most + CHUNK {
            self.pop_chunk();
        }
    }

    /// Keeps the first `len` entries.
    pub fn truncate(&mut self, len: usize) {
        self.chunks.truncate(len.div_ceil(CHUNK));
        if let Some(last) = self.chunks.back_mut().filter(|_| !len.is_multiple_of(CHUNK)) {
            Rc::make_mut(last).truncate(len % CHUNK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(len: usize) -> SharedLog<usize> {
        let mut log = SharedLog::default();
        (0..len).for_each(|entry| log.push(entry));
        log
    }

    #[test]
    fn entries_keep_their_places() {
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7] {
            let log = counted(len);
            assert_eq!((log.len(), log.is_empty()), (len, len == 0));
            assert!(log.iter().copied().eq(0..len));
            assert!(log.iter().rev().copied().eq((0..len).rev()));
            assert_eq!(log.get(len), None);
            assert_eq!(log.last().copied(), len.checked_sub(1));
            for split in [0, len / 2, len] {
                assert_eq!(log.partition_point(|entry| *entry < split), split);
                let mut short = log.clone();
                short.truncate(split);
                assert_eq!(short, counted(split), "{split} of {len}");
            }
        }
    }

    #[test]
    fn a_clone_is_not_changed_by_what_comes_later() {
        let mut log = counted(CHUNK + 3);
        let before = log.clone();
        log.push(99);
        log.truncate(2);
        assert_eq!(before, counted(CHUNK + 3));
    }

    #[test]
    fn the_oldest_chunk_goes() {
        let mut log = SharedLog::default();
        (0..10 * CHUNK).for_each(|entry| log.push_bounded(entry, 2 * CHUNK));
        assert!((2 * CHUNK..3 * CHUNK).contains(&log.len()));
        assert_eq!(log.last(), Some(&(10 * CHUNK - 1)));
    }
}
