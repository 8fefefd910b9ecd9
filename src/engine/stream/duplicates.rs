//! Message ids of the duplicate window.
//!
//! An id is remembered from the moment at which its message was *stored*; a repetition does not prolong it. It outlives
//! the message. Source: nats-server `server/stream.go` (`checkMsgId`, `storeMsgId`, `purgeMsgIds`).

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use crate::engine::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    seq: u64,
    /// `None`: the message was not kept for lack of interest; the id goes as soon as the window is next looked at.
    stored: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duplicates {
    by_id: BTreeMap<Rc<[u8]>, Entry>,
    /// Ids in the order of their storing.
    order: VecDeque<Rc<[u8]>>,
    /// When the window is next looked at.
    next_run: Option<Timestamp>,
}

impl Duplicates {
    /// The sequence under which a message with this id was stored, while it is in the window.
    pub fn get(&self, id: &[u8]) -> Option<u64> {
        self.by_id.get(id).map(|entry| entry.seq)
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Ids with their sequences and the moment at which they are forgotten, oldest first.
    pub fn iter(&self, window: Duration) -> impl DoubleEndedIterator<Item = (&[u8], u64, Timestamp)> {
        self.order.iter().filter_map(move |id| {
            let entry = self.by_id.get(id)?;
            Some((&**id, entry.seq, entry.stored.map_or(self.next_run?, |stored| stored + window)))
        })
    }

    /// Remembers the id of a message that got sequence `seq` at `now`.
    pub fn insert(&mut self, now: Timestamp, id: &[u8], seq: u64, is_kept: bool, window: Duration) {
        let id: Rc<[u8]> = id.into();
        self.by_id.insert(Rc::clone(&id), Entry { seq, stored: is_kept.then_some(now) });
        self.order.push_back(id);
        self.next_run.get_or_insert(now + window);
    }

    /// When the window has to be looked at.
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.next_run
    }

    /// Forgets the ids that have left the window and returns them.
    pub fn expire(&mut self, now: Timestamp, window: Duration) -> Vec<Rc<[u8]>> {
        let mut forgotten = Vec::new();
        self.next_run = None;
        while let Some(id) = self.order.front() {
            let end = self.by_id.get(id).and_then(|entry| entry.stored).map_or(now, |stored| stored + window);
            if end > now {
                self.next_run = Some(end);
                break;
            }
            self.by_id.remove(id);
            forgotten.extend(self.order.pop_front());
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(duplicates, Duplicates::default());
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
