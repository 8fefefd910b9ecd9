//! Batches that are open in a stream, and when each is given up.

use crate::engine::bytes_map::BytesMap;
use crate::engine::time::Timestamp;

/// Batches by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenBatches<T>(BytesMap<Open<T>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Open<T> {
    batch: T,
    /// When it is given up; `None`: not as long as nothing more is said about it.
    due: Option<Timestamp>,
}

impl<T> Default for OpenBatches<T> {
    fn default() -> Self {
        Self(BytesMap::default())
    }
}

impl<T> OpenBatches<T> {
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ids, batches, and when they are given up, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &T, Option<Timestamp>)> {
        self.0.iter().map(|(id, open)| (id, &open.batch, open.due))
    }

    pub fn contains(&self, id: &[u8]) -> bool {
        self.0.contains(id)
    }

    pub fn get_mut(&mut self, id: &[u8]) -> Option<&mut T> {
        self.0.get_mut(id).map(|open| &mut open.batch)
    }

    pub fn insert(&mut self, id: &[u8], batch: T, due: Timestamp) {
        self.0.insert(id, Open { batch, due: Some(due) });
    }

    pub fn remove(&mut self, id: &[u8]) -> Option<T> {
        self.0.remove(id).map(|open| open.batch)
    }

    /// Sets when the batch is given up. Returns when it would have been.
    pub fn set_due(&mut self, id: &[u8], due: Option<Timestamp>) -> Option<Timestamp> {
        std::mem::replace(&mut self.0.get_mut(id)?.due, due)
    }

    /// When the first batch is given up.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|(_, open)| open.due).min()
    }

    /// Takes the id of a batch that is to be given up by `now`: that of the one which has waited longest.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<Box<[u8]>> {
        let due = self.0.iter().filter_map(|(id, open)| Some((open.due.filter(|due| *due <= now)?, id)));
        let id: Box<[u8]> = due.min()?.1.into();
        self.remove(&id);
        Some(id)
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn the_batch_that_was_quiet_the_longest_is_given_up_first() {
        let mut open = OpenBatches::default();
        open.insert(b"a", 1, at(10));
        open.insert(b"b", 2, at(11));
        assert_eq!(open.set_due(b"a", Some(at(12))), Some(at(10)));
        assert_eq!((open.due_at(), open.pop_due(at(10))), (Some(at(11)), None));
        assert_eq!(open.pop_due(at(11)).as_deref(), Some(&b"b"[..]));
        assert_eq!(open.set_due(b"a", None), Some(at(12)));
        assert_eq!((open.due_at(), open.len(), open.set_due(b"x", None)), (None, 1, None));
        assert_eq!(open.remove(b"a"), Some(1));
        assert_eq!(open, OpenBatches::default());
    }
}
