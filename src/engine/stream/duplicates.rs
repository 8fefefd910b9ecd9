//! Message ids of the duplicate window.
//!
//! An id is remembered from the moment at which its message was *stored*; a repetition does not prolong it. It outlives
//! the message. Source: nats-server `server/stream.go` (`checkMsgId`, `storeMsgId`, `purgeMsgIds`).

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::engine::store::hash_of;
use crate::engine::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    id: Rc<[u8]>,
    seq: u64,
    /// `None`: the message was not kept for lack of interest; the id goes as soon as the window is next looked at.
    stored: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duplicates {
    /// In the order of their storing.
    entries: VecDeque<Entry>,
    /// How many entries were there before the first of them.
    gone: u64,
    /// Open addressing by the hash of an id: the number of its entry, counted from one and from the very first, or 0 where
    /// a slot is free. What leaves the window leaves its number behind until the table is made anew, so nothing is moved.
    slots: Vec<u64>,
    /// Slots that are not free.
    used: usize,
    /// When the window is next looked at.
    next_run: Option<Timestamp>,
}

impl Duplicates {
    /// Slots of the smallest table.
    const FEW: usize = 16;

    /// The sequence under which a message with this id was stored, while it is in the window.
    pub fn get(&self, id: &[u8]) -> Option<u64> {
        let mut at = Self::hash(id);
        loop {
            let number = *self.slots.get(at & self.slots.len().checked_sub(1)?)?;
            if number == 0 {
                return None;
            }
            if let Some(entry) = self.entry(number).filter(|entry| *entry.id == *id) {
                return Some(entry.seq);
            }
            at += 1;
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Ids with their sequences and the moment at which they are forgotten, oldest first.
    pub fn iter(&self, window: Duration) -> impl DoubleEndedIterator<Item = (&[u8], u64, Timestamp)> {
        (0..self.entries.len()).filter_map(move |place| {
            let entry = self.entries.get(place)?;
            Some((&*entry.id, entry.seq, entry.stored.map_or(self.next_run?, |stored| stored + window)))
        })
    }

    /// Remembers the id of a message that got sequence `seq` at `now`, and that is not in the window.
    pub fn insert(&mut self, now: Timestamp, id: &[u8], seq: u64, is_kept: bool, window: Duration) {
        self.entries.push_back(Entry { id: id.into(), seq, stored: is_kept.then_some(now) });
        self.next_run.get_or_insert(now + window);
        if self.used * 2 >= self.slots.len() {
            self.make_table();
        } else {
            self.enter(self.gone + self.entries.len() as u64);
        }
    }

    /// When the window has to be looked at.
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.next_run
    }

    /// Forgets the ids that have left the window and returns them.
    pub fn expire(&mut self, now: Timestamp, window: Duration) -> Vec<Rc<[u8]>> {
        let mut forgotten = Vec::new();
        self.next_run = None;
        while let Some(entry) = self.entries.front() {
            let end = entry.stored.map_or(now, |stored| stored + window);
            if end > now {
                self.next_run = Some(end);
                break;
            }
            forgotten.extend(self.entries.pop_front().map(|entry| entry.id));
            self.gone += 1;
        }
        if self.entries.is_empty() {
            self.slots = Vec::new();
            self.used = 0;
        }
        forgotten
    }

    fn hash(id: &[u8]) -> usize {
        hash_of(id) as usize
    }

    /// The entry with a number, if it has not left the window.
    fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.gone + 1)?).ok()?)
    }

    /// Puts the number of an entry into the first free slot for it.
    fn enter(&mut self, number: u64) {
        let Some(entry) = self.entry(number) else { return };
        let (mut at, mask) = (Self::hash(&entry.id), self.slots.len() - 1);
        while self.slots[at & mask] != 0 {
            at += 1;
        }
        self.slots[at & mask] = number;
        self.used += 1;
    }

    /// Makes a table of twice to four times as many slots as there are entries, without what has left.
    fn make_table(&mut self) {
        let len = self.entries.len() as u64;
        self.slots = vec![0; (self.entries.len() * 4).next_power_of_two().max(Self::FEW)];
        self.used = 0;
        for number in self.gone + 1..=self.gone + len {
            self.enter(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Rng;

    const WINDOW: Duration = Duration::from_secs(120);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn an_id_is_forgotten_one_window_after_it_was_stored() {
        let mut duplicates = Duplicates::default();
        duplicates.insert(at(0), b"a", 1, true, WINDOW);
        duplicates.insert(at(60), b"b", 2, true, WINDOW);
        assert_eq!(duplicates.due_at(), Some(at(120)));
        assert_eq!(duplicates.expire(at(120), WINDOW), [Rc::from(&b"a"[..])]);
        assert_eq!((duplicates.get(b"a"), duplicates.get(b"b")), (None, Some(2)));
        assert_eq!(duplicates.due_at(), Some(at(180)));
        duplicates.expire(at(180), WINDOW);
        assert!(duplicates.is_empty() && duplicates.due_at().is_none());
    }

    #[test]
    fn ids_are_found_exactly_while_they_are_in_the_window() {
        let (mut rng, mut duplicates) = (Rng::new(7), Duplicates::default());
        let mut model: VecDeque<(String, u64, u64)> = VecDeque::new();
        for step in 1..=20_000 {
            // More ids come than go, then fewer: the table grows, and is made anew without those that left.
            for _ in 0..rng.below(if step < 10_000 { 3 } else { 2 }) {
                let id = rng.below(100_000).to_string();
                let known = model.iter().find(|(other, ..)| *other == id).map(|(_, seq, _)| *seq);
                assert_eq!(duplicates.get(id.as_bytes()), known, "{id} at {step}");
                if known.is_none() {
                    duplicates.insert(at(step), id.as_bytes(), step, true, WINDOW);
                    model.push_back((id, step, step));
                }
            }
            let expected: Vec<_> = std::iter::from_fn(|| {
                model.pop_front_if(|(_, _, stored)| *stored + 120 <= step).map(|(id, ..)| Rc::from(id.as_bytes()))
            })
            .collect();
            assert_eq!(duplicates.expire(at(step), WINDOW), expected, "{step}");
            assert_eq!(duplicates.len(), model.len());
        }
    }

    #[test]
    fn the_id_of_a_message_that_was_not_kept_goes_with_the_next_look() {
        let mut duplicates = Duplicates::default();
        duplicates.insert(at(0), b"a", 1, true, WINDOW);
        duplicates.insert(at(119), b"b", 2, false, WINDOW);
        assert_eq!(duplicates.get(b"b"), Some(2));
        assert_eq!(duplicates.expire(at(120), WINDOW).len(), 2);
        assert!(duplicates.is_empty());
    }
}
