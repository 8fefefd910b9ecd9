//! What is found out from other parts of a state, and kept to find it sooner the next time.

use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};
use std::panic::RefUnwindSafe;

/// Counts for nothing when states are compared. A clone finds it out anew.
#[derive(Debug, Default)]
pub struct Derived<T>(T);

/// Behind a shared reference only cells change, and those are whole at any time.
impl<T> RefUnwindSafe for Derived<T> {}

impl<T> Deref for Derived<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Derived<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Default> Clone for Derived<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> PartialEq for Derived<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Derived<T> {}

impl<T> Hash for Derived<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_equal_and_knows_nothing() {
        let mut derived = Derived::<u32>::default();
        *derived = 7;
        assert_eq!((derived.clone(), *derived, *derived.clone()), (derived, 7, 0));
    }
}
