//! A map from texts to a few values, as a sorted list: small code, and small where there is little in it.

/// Values by texts, in the order of the texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BytesMap<V>(Vec<(Box<[u8]>, V)>);

impl<V> Default for BytesMap<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> BytesMap<V> {
    /// Up to so many texts, comparing each for equality is faster than finding a place among them.
    const FEW: usize = 8;

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &V)> {
        self.0.iter().map(|(text, value)| (&**text, value))
    }

    pub fn contains(&self, text: &[u8]) -> bool {
        self.place(text).is_ok()
    }

    pub fn get(&self, text: &[u8]) -> Option<&V> {
        if self.len() <= Self::FEW {
            return self.0.iter().find(|(other, _)| **other == *text).map(|(_, value)| value);
        }
        self.place(text).ok().map(|place| &self.0[place].1)
    }

    pub fn get_mut(&mut self, text: &[u8]) -> Option<&mut V> {
        self.place(text).ok().map(|place| &mut self.0[place].1)
    }

    /// Returns what was there before.
    pub fn insert(&mut self, text: &[u8], value: V) -> Option<V> {
        match self.place(text) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (text.into(), value));
                None
            }
        }
    }

    pub fn remove(&mut self, text: &[u8]) -> Option<V> {
        self.place(text).ok().map(|place| self.0.remove(place).1)
    }

    fn place(&self, text: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_texts() {
        let mut map = BytesMap::default();
        for (text, value) in [("b", 1), ("a", 2), ("c", 3), ("b", 4)] {
            map.insert(text.as_bytes(), value);
        }
        let mut many = map.clone();
        (0..100_u8).rev().for_each(|number| assert_eq!(many.insert(&[number, 0], i32::from(number)), None));
        assert!((0..100).all(|number| many.get(&[number, 0]) == Some(&i32::from(number))));
        assert_eq!(map.iter().collect::<Vec<_>>(), [(&b"a"[..], &2), (b"b", &4), (b"c", &3)]);
        assert_eq!((map.get(b"b"), map.contains(b"x"), map.len()), (Some(&4), false, 3));
        assert_eq!((map.remove(b"a"), map.remove(b"a"), map.is_empty()), (Some(2), None, false));
    }
}
