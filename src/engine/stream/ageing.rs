//! Which messages max age touches: all but those that are exempt, and the first of them again and again.

use std::cell::Cell;

use crate::engine::derived::Derived;
use crate::engine::seq_map::SeqMap;
use crate::engine::store::MessageStore;

/// The messages that max age does not touch. One that is among them stays so until it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Exempt {
    /// Messages that stay for as long as they like (`Nats-TTL: never`).
    pub ageless: SeqMap<()>,
    /// Messages that are past their time and still there, since the marker in their place was refused.
    pub refused_markers: SeqMap<()>,
    /// A sequence before which all messages are exempt. So it stays true whatever is stored or removed, and moves forward
    /// alone.
    reached: Derived<Cell<u64>>,
}

impl Exempt {
    pub fn len(&self) -> usize {
        self.ageless.len() + self.refused_markers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn contains(&self, seq: u64) -> bool {
        self.ageless.contains(seq) || self.refused_markers.contains(seq)
    }

    /// Message `seq` is gone.
    pub fn remove(&mut self, seq: u64) {
        self.ageless.remove(seq);
        self.refused_markers.remove(seq);
    }

    /// The first message in `store` that is not exempt. However often this is asked, it passes each one that is but once.
    pub fn first_ageing(&self, store: &MessageStore) -> Option<u64> {
        let first = store.seqs_from(self.reached.get()).find(|seq| !self.contains(*seq));
        self.reached.set(first.unwrap_or(store.last_seq().saturating_add(1)));
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Timestamp;

    #[test]
    fn exempt_messages_are_passed_once() {
        let (mut store, mut exempt) = (MessageStore::new(0), Exempt::default());
        let mut push = |is_ageless: bool, is_refused: bool| {
            let seq = store.push(b"a", b"", b"", Timestamp::SIMULATION_START).expect("stored");
            if is_ageless {
                exempt.ageless.insert(seq, ());
            }
            if is_refused {
                exempt.refused_markers.insert(seq, ());
            }
            (exempt.first_ageing(&store), exempt.reached.get())
        };
        for seq in 1..=100 {
            assert_eq!(push(seq % 2 == 0, seq % 2 == 1), (None, seq + 1));
        }
        assert_eq!(push(false, false), (Some(101), 101));
        assert_eq!(push(true, false), (Some(101), 101));
        assert_eq!(push(false, false), (Some(101), 101));
        for seq in [1, 101] {
            store.remove(seq);
            exempt.remove(seq);
        }
        assert_eq!((exempt.first_ageing(&store), exempt.reached.get()), (Some(103), 103));
        assert_eq!((exempt.len(), exempt.contains(1), exempt.contains(2)), (100, false, true));
    }
}
