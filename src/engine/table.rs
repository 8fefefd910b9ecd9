//! Rows by id, shared by clones until changed.
//!
//! A checkpoint of the world clones every table. The clone shares the rows; [`Table::get_mut`] copies a shared row
//! before it hands it out. Hence look first ([`Table::get`]), change second.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Range;
use std::rc::Rc;

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
id_type!(
    /// What ties a stream to an origin that it mirrors or sources.
    LinkId
);

/// Rows in order of their ids, which is the order of their making.
///
/// Ids are never used twice, so a row that is gone leaves its place empty; empty places at the front are dropped.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Table<I, R> {
    rows: Vec<Option<Rc<R>>>,
    /// The index of the first place.
    first_index: u32,
    len: usize,
    ids: PhantomData<I>,
}

impl<I, R> Clone for Table<I, R> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), first_index: self.first_index, len: self.len, ids: PhantomData }
    }
}

impl<I: Id, R> Default for Table<I, R> {
    fn default() -> Self {
        Self { rows: Vec::new(), first_index: 1, len: 0, ids: PhantomData }
    }
}

impl<I: Id, R> Table<I, R> {
    pub fn insert(&mut self, row: R) -> I {
        let id = self.next_id();
        self.rows.push(Some(Rc::new(row)));
        self.len += 1;
        id
    }

    /// The id that the next [`insert`](Self::insert) will give.
    pub fn next_id(&self) -> I {
        let used = u32::try_from(self.rows.len()).expect("ids are 32 bits wide");
        I::from_index(self.first_index + used)
    }

    #[inline]
    fn place(&self, id: I) -> Option<usize> {
        id.index().checked_sub(self.first_index).map(|place| place as usize)
    }

    #[inline]
    pub fn get(&self, id: I) -> Option<&R> {
        self.rows.get(self.place(id)?)?.as_deref()
    }

    #[inline]
    pub fn get_mut(&mut self, id: I) -> Option<&mut R>
    where
        R: Clone,
    {
        let place = self.place(id)?;
        let row = self.rows.get_mut(place)?.as_mut()?;
        if Rc::get_mut(row).is_none() {
            unshare(row);
        }
        Rc::get_mut(row)
    }

    pub fn remove(&mut self, id: I) -> Option<R>
    where
        R: Clone,
    {
        let place = self.place(id)?;
        let row = self.rows.get_mut(place)?.take()?;
        self.len -= 1;
        let empty_at_front = self.rows.iter().take_while(|row| row.is_none()).count();
        self.rows.drain(..empty_at_front);
        self.first_index += empty_at_front as u32;
        Some(Rc::unwrap_or_clone(row))
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn iter(&self) -> Iter<'_, I, R> {
        Iter { table: self, places: 0..self.rows.len() }
    }

    /// The ids at this moment, so that rows may be changed or removed while walking over them.
    pub fn ids(&self) -> Vec<I> {
        self.iter().map(|(id, _)| id).collect()
    }
}

/// Copies a row that a clone holds as well. Set apart, so that what comes before every change is short.
#[cold]
#[inline(never)]
fn unshare<R: Clone>(row: &mut Rc<R>) {
    *row = Rc::new(R::clone(row));
}

/// Rows with their ids, see [`Table::iter`].
pub struct Iter<'a, I, R> {
    table: &'a Table<I, R>,
    places: Range<usize>,
}

impl<'a, I: Id, R> Iter<'a, I, R> {
    fn row(&self, place: usize) -> Option<(I, &'a R)> {
        let index = self.table.first_index + u32::try_from(place).expect("ids are 32 bits wide");
        Some((I::from_index(index), self.table.rows[place].as_deref()?))
    }
}

impl<'a, I: Id, R> Iterator for Iter<'a, I, R> {
    type Item = (I, &'a R);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(place) = self.places.next() {
            if let Some(row) = self.row(place) {
                return Some(row);
            }
        }
        None
    }
}

impl<I: Id, R> DoubleEndedIterator for Iter<'_, I, R> {
    fn next_back(&mut self) -> Option<Self::Item> {
        while let Some(place) = self.places.next_back() {
            if let Some(row) = self.row(place) {
                return Some(row);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_given_out_twice() {
        let mut table: Table<ConnId, &str> = Table::default();
        let (a, b) = (table.insert("a"), table.insert("b"));
        assert_eq!(table.remove(a), Some("a"));
        assert_eq!(table.remove(b), Some("b"));
        assert!(table.is_empty());
        let c = table.insert("c");
        assert!(c != a && c != b);
        assert_eq!((table.get(a), table.get(c)), (None, Some(&"c")));
        assert_eq!(table.iter().collect::<Vec<_>>(), [(c, &"c")]);
    }

    #[test]
    fn clones_share_rows_until_one_changes() {
        let mut table: Table<ConnId, String> = Table::default();
        let id = table.insert("a".to_owned());
        let before = table.clone();
        table.get_mut(id).expect("inserted").push('b');
        assert_eq!(before.get(id).map(String::as_str), Some("a"));
        assert_eq!(table.get(id).map(String::as_str), Some("ab"));
    }
}
