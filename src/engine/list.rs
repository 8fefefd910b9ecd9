//! Lists that may be absent.

use std::ops::Deref;

use serde::{Serialize, Serializer};

/// A list of a configuration, which tells `[]` from an absent one, as the server does where it compares two
/// configurations. Reads as a slice; is absent by default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<T>(Option<Vec<T>>);

impl<T> List<T> {
    /// A list that is absent.
    pub const ABSENT: Self = Self(None);

    /// The list to add to; is no longer absent.
    pub fn get_or_insert(&mut self) -> &mut Vec<T> {
        self.0.get_or_insert_default()
    }

    /// Whether the list is absent, which `[]` is not.
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    /// Applies `f` to each element; the result is absent if `self` is.
    ///
    /// # Errors
    /// The first of `f`.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<List<U>, E> {
        let Some(list) = self.0 else { return Ok(List::ABSENT) };
        Ok(List(Some(list.into_iter().map(f).collect::<Result<_, _>>()?)))
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::ABSENT
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(list: Vec<T>) -> Self {
        Self(Some(list))
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(Some(items.into_iter().collect()))
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
