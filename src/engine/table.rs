//! Rows by id, shared by clones until changed.
//!
//! A checkpoint of the world clones every table. The clone shares the rows; [`Table::get_mut`] copies a shared row
//! before it hands it out. Hence look first ([`Table::get`]), change second.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

/// An id that is given out once and never used again.
pub trait Id: Copy + Ord + Debug {
    fn from_index(index: u32) -> Self;
    fn index(self) -> u32;
}

/// Makes a type for ids, to tell those of one kind of row from another's.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $crate::engine::table::Id for $name {
            fn from_index(index: u32) -> Self {
                Self(index)
            }

            fn index(self) -> u32 {
                self.0
            }
        }
    };
}
pub(crate) use id_type;

id_type!(
    /// A client connection; on the wire its `client_id`.
    ConnId
);
id_type!(
    /// A stream, from its creation to its deletion. A stream of the same name made later has another id.
    StreamId
);
id_type!(
    /// A consumer, from its creation to its deletion.
    ConsumerId
);

/// Rows in order of their ids, which is the order of their making.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Table<I, R> {
    rows: BTreeMap<u32, Arc<R>>,
    next_index: u32,
    ids: PhantomData<I>,
}

impl<I, R> Clone for Table<I, R> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), next_index: self.next_index, ids: PhantomData }
    }
}

impl<I: Id, R> Default for Table<I, R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), next_index: 1, ids: PhantomData }
    }
}

impl<I: Id, R> Table<I, R> {
    pub fn insert(&mut self, row: R) -> I {
        let index = self.next_index;
        self.next_index += 1;
        self.rows.insert(index, Arc::new(row));
        I::from_index(index)
    }

    /// The id that the next [`insert`](Self::insert) will give.
    pub fn next_id(&self) -> I {
        I::from_index(self.next_index)
    }

    pub fn get(&self, id: I) -> Option<&R> {
        self.rows.get(&id.index()).map(Arc::as_ref)
    }

    pub fn get_mut(&mut self, id: I) -> Option<&mut R>
    where
        R: Clone,
    {
        self.rows.get_mut(&id.index()).map(Arc::make_mut)
    }

    pub fn remove(&mut self, id: I) -> Option<R>
    where
        R: Clone,
    {
        self.rows.remove(&id.index()).map(Arc::unwrap_or_clone)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (I, &R)> {
        self.rows.iter().map(|(index, row)| (I::from_index(*index), row.as_ref()))
    }

    /// The ids at this moment, so that rows may be changed or removed while walking over them.
    pub fn ids(&self) -> Vec<I> {
        self.rows.keys().map(|index| I::from_index(*index)).collect()
    }
}
