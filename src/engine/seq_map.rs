//! A map by stream sequence for entries that come and go roughly in order.
//!
//! A consumer's pending messages are added in ascending order and leave nearly so. A sorted queue with gaps serves that
//! without a node for each entry: adding at the end and removing cost a few steps, looking up a binary search at most.

use std::collections::VecDeque;

/// Values by ascending sequence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeqMap<V> {
    /// Sorted by sequence. `None` is a gap: an entry that was removed.
    slots: VecDeque<(u64, Option<V>)>,
    len: usize,
}

impl<V> Default for SeqMap<V> {
    fn default() -> Self {
        Self { slots: VecDeque::new(), len: 0 }
    }
}

impl<V> SeqMap<V> {
    /// Gaps are closed when more than this part of the slots are gaps, and at least so many slots.
    const MIN_SLOTS_TO_COMPACT: usize = 64;

    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where `seq` stands, or where it would have to be put in.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn position(&self, seq: u64) -> Result<usize, usize> {
        let Some((first, _)) = self.slots.front() else { return Err(0) };
        let Some(offset) = seq.checked_sub(*first) else { return Err(0) };
        // Without gaps between the sequences, the place follows from the first one.
        let guess = usize::try_from(offset).unwrap_or(usize::MAX);
        if self.slots.get(guess).is_some_and(|(found, _)| *found == seq) {
            return Ok(guess);
        }
        self.search(seq)
    }

    /// As [`position`](Self::position), where there are gaps or nothing.
    #[inline(never)]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn search(&self, seq: u64) -> Result<usize, usize> {
        if self.slots.back().is_some_and(|(last, _)| *last < seq) {
            return Err(self.slots.len());
        }
        self.slots.binary_search_by_key(&seq, |(found, _)| *found)
    }

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn get(&self, seq: u64) -> Option<&V> {
        self.position(seq).ok().and_then(|at| self.slots[at].1.as_ref())
    }

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn get_mut(&mut self, seq: u64) -> Option<&mut V> {
        self.position(seq).ok().and_then(|at| self.slots[at].1.as_mut())
    }

    pub fn contains(&self, seq: u64) -> bool {
        self.get(seq).is_some()
    }

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn insert(&mut self, seq: u64, value: V) {
        if self.slots.back().is_none_or(|(last, _)| *last < seq) {
            self.slots.push_back((seq, Some(value)));
            self.len += 1;
            return;
        }
        match self.position(seq) {
            Ok(at) => self.len += usize::from(self.slots[at].1.replace(value).is_none()),
            Err(at) => {
                self.slots.insert(at, (seq, Some(value)));
                self.len += 1;
            }
        }
    }

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn remove(&mut self, seq: u64) -> Option<V> {
        let at = self.position(seq).ok()?;
        let removed = self.slots[at].1.take()?;
        self.len -= 1;
        if at == 0 {
            while self.slots.front().is_some_and(|(_, value)| value.is_none()) {
                self.slots.pop_front();
            }
        } else if at + 1 == self.slots.len() {
            while self.slots.back().is_some_and(|(_, value)| value.is_none()) {
                self.slots.pop_back();
            }
        }
        if self.slots.len() > Self::MIN_SLOTS_TO_COMPACT && self.len * 4 < self.slots.len() {
            self.slots.retain(|(_, value)| value.is_some());
        }
        Some(removed)
    }

    /// The first sequence.
    pub fn first(&self) -> Option<u64> {
        self.slots.front().map(|(first, _)| *first)
    }

    /// The last sequence.
    #[inline]
    pub fn last(&self) -> Option<u64> {
        self.slots.back().map(|(last, _)| *last)
    }

    /// Drops the entries before `seq`.
    pub fn remove_below(&mut self, seq: u64) {
        while let Some(first) = self.first().filter(|first| *first < seq) {
            self.remove(first);
        }
    }

    pub fn clear(&mut self) {
        self.slots.clear();
        self.len = 0;
    }

    /// Entries in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.slots.iter().filter_map(|(seq, value)| Some((*seq, value.as_ref()?)))
    }

    /// The first entry with a sequence of at least `seq`.
    #[cfg_attr(not(jetstream_sim_small), inline)]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn first_from(&self, seq: u64) -> Option<(u64, &V)> {
        // As a rule it is asked for where the first one was removed.
        if let Some((first, Some(value))) = self.slots.front()
            && *first >= seq
        {
            return Some((*first, value));
        }
        self.find_from(seq)
    }

    /// As [`first_from`](Self::first_from), where it is not the first of all.
    #[inline(never)]
    fn find_from(&self, seq: u64) -> Option<(u64, &V)> {
        let start = self.position(seq).unwrap_or_else(|at| at);
        if let Some((seq, Some(value))) = self.slots.get(start) {
            return Some((*seq, value));
        }
        self.slots.range(start..).find_map(|(seq, value)| Some((*seq, value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::rng::Rng;

    #[test]
    fn behaves_like_a_plain_map() {
        for seed in 0..20 {
            let (mut rng, mut map, mut model) = (Rng::new(seed), SeqMap::default(), BTreeMap::new());
            let mut next = 1;
            for _ in 0..2_000 {
                match rng.below(5) {
                    0 | 1 => {
                        next += 1 + rng.below(3);
                        map.insert(next, next);
                        model.insert(next, next);
                    }
                    2 => {
                        let seq = rng.below(next + 1);
                        map.insert(seq, 0);
                        model.insert(seq, 0);
                    }
                    _ => {
                        let seq = rng.below(next + 1);
                        assert_eq!(map.remove(seq), model.remove(&seq), "seed {seed}");
                    }
                }
                let probe = rng.below(next + 2);
                assert_eq!(map.get(probe), model.get(&probe), "seed {seed}");
                assert_eq!(
                    map.first_from(probe).map(|(seq, _)| seq),
                    model.range(probe..).next().map(|(seq, _)| *seq),
                    "seed {seed}"
                );
                assert_eq!(map.len(), model.len());
            }
            assert!(map.iter().map(|(seq, value)| (seq, *value)).eq(model));
        }
    }
}
