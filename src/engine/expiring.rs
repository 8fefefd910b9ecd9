//! Deadlines by stream sequence: for ack waits and message TTLs.
//!
//! Most deadlines are set in ascending order, since the wait is the same for all. Those stand in a queue; the others in
//! a heap. Setting, removing and finding the first cost a few steps however many there are.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::{Hash, Hasher};

use super::seq_map::SeqMap;
use super::time::Timestamp;

/// The order of deadlines that somebody else keeps by sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeadlineOrder {
    /// By ascending time; at one moment, in the order of their setting. One that was changed or removed since stays
    /// behind and does not count, and one that was set again may stand twice; the first counts.
    in_order: VecDeque<(Timestamp, u64)>,
    /// Likewise.
    out_of_order: Heap,
    /// Deadlines that count.
    len: usize,
}

/// The smallest comes first. Two are equal if they came to be alike.
#[derive(Clone, Debug, Default)]
struct Heap(BinaryHeap<Reverse<(Timestamp, u64)>>);

impl PartialEq for Heap {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice() == other.0.as_slice()
    }
}

impl Eq for Heap {}

impl Hash for Heap {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

impl DeadlineOrder {
    /// Those that do not count are cleared away when they outnumber the others, and are at least so many.
    const MIN_STALE_TO_CLEAR: usize = 256;

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn add(&mut self, seq: u64, at: Timestamp) {
        self.len += 1;
        if self.in_order.back().is_some_and(|(last, _)| *last > at) {
            self.out_of_order.0.push(Reverse((at, seq)));
        } else {
            self.in_order.push_back((at, seq));
        }
    }

    /// `seq` is no longer due at `at`, as it was; `due_at` says when a sequence is due now.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn forget(&mut self, seq: u64, at: Timestamp, due_at: impl Fn(u64) -> Option<Timestamp>) {
        let counts = |(at, seq): &(Timestamp, u64)| due_at(*seq) == Some(*at);
        self.len -= 1;
        if self.in_order.front() == Some(&(at, seq)) {
            self.in_order.pop_front();
        }
        if self.in_order.len() + self.out_of_order.0.len() == self.len {
            // All that stand there count.
            return;
        }
        while self.in_order.front().is_some_and(|first| !counts(first)) {
            self.in_order.pop_front();
        }
        while self.out_of_order.0.peek().is_some_and(|Reverse(first)| !counts(first)) {
            self.out_of_order.0.pop();
        }
        if self.in_order.len() + self.out_of_order.0.len() >= self.len * 2 + Self::MIN_STALE_TO_CLEAR {
            self.in_order.retain(counts);
            self.out_of_order.0.retain(|Reverse(of)| counts(of));
        }
    }

    /// The first deadline, and whose it is; of those at one moment, any.
    pub fn first(&self) -> Option<(Timestamp, u64)> {
        match (self.in_order.front(), self.out_of_order.0.peek()) {
            (Some(a), Some(Reverse(b))) => Some(*a.min(b)),
            (a, b) => a.or(b.map(|Reverse(b)| b)).copied(),
        }
    }
}

/// Deadlines by sequence, and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deadlines {
    by_seq: SeqMap<Timestamp>,
    order: DeadlineOrder,
}

impl Deadlines {
    pub const fn len(&self) -> usize {
        self.by_seq.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.by_seq.is_empty()
    }

    pub fn get(&self, seq: u64) -> Option<Timestamp> {
        self.by_seq.get(seq).copied()
    }

    /// Sets the deadline of `seq`, in place of the one that it has.
    pub fn set(&mut self, seq: u64, at: Timestamp) {
        self.remove(seq);
        self.by_seq.insert(seq, at);
        self.order.add(seq, at);
    }

    pub fn remove(&mut self, seq: u64) -> Option<Timestamp> {
        let at = self.by_seq.remove(seq)?;
        let by_seq = &self.by_seq;
        self.order.forget(seq, at, |seq| by_seq.get(seq).copied());
        Some(at)
    }

    /// The first deadline, and whose it is.
    pub fn first(&self) -> Option<(Timestamp, u64)> {
        self.order.first()
    }

    /// Takes the first deadline that is not after `now`.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let (at, seq) = self.first().filter(|(at, _)| *at <= now)?;
        self.remove(seq);
        Some((at, seq))
    }

    /// Deadlines by ascending sequence.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Timestamp)> {
        self.by_seq.iter().map(|(seq, at)| (seq, *at))
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::rng::Rng;

    #[test]
    fn agrees_with_a_plain_map() {
        for seed in 0..20 {
            let (mut rng, mut deadlines, mut model) = (Rng::new(seed), Deadlines::default(), BTreeMap::new());
            for step in 0..2_000 {
                let seq = rng.below(100);
                match rng.below(4) {
                    0 => assert_eq!(deadlines.remove(seq), model.remove(&seq), "seed {seed}"),
                    1 => {
                        let now = Timestamp::from_nanos(step);
                        let expected = model.values().min().copied().filter(|at| *at <= now);
                        let popped = deadlines.pop(now);
                        assert_eq!(popped.map(|(at, _)| at), expected, "seed {seed}");
                        assert_eq!(popped.and_then(|(_, seq)| model.remove(&seq)), expected, "seed {seed}");
                    }
                    kind => {
                        let at = Timestamp::from_nanos(step + if kind == 2 { 100 } else { rng.below(300) });
                        deadlines.set(seq, at);
                        model.insert(seq, at);
                    }
                }
                assert_eq!(deadlines.first().map(|(at, _)| at), model.values().min().copied(), "seed {seed}");
            }
            assert!(deadlines.iter().eq(model));
        }
    }
}
