//! The bytes of subjects that are too long to lie in their entries.
//!
//! Names lie in blocks of [`BLOCK`] bytes, each in a place of its size class; a place that becomes free is used again
//! for a name of the same class. Clones share blocks until one writes.

use std::rc::Rc;

use super::StoreError;
use super::paged::{capacity_for, try_edit};

/// Bytes of a block, and the longest name.
const BLOCK: usize = 1 << 16;
/// Up to this size there is a class for each multiple of 8, beyond it one for each power of two.
const FINE: usize = 256;
const CLASSES: usize = FINE / 8 + 8;
/// Ends a list of free places.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(super) struct Names {
    blocks: Vec<Rc<Vec<u8>>>,
    /// For each class the first free place, whose bytes begin with the next one.
    free: [u32; CLASSES],
}

fn class_of(len: usize) -> usize {
    if len <= FINE {
        len.div_ceil(8).max(1) - 1
    } else {
        FINE / 8 + (len.next_power_of_two() / FINE).ilog2() as usize - 1
    }
}

const fn size_of_class(class: usize) -> usize {
    if class < FINE / 8 { (class + 1) * 8 } else { FINE << (class - FINE / 8 + 1) }
}

const fn split(place: u32) -> (usize, usize) {
    (place as usize / BLOCK, place as usize % BLOCK)
}

impl Names {
    pub(super) const fn new() -> Self {
        Self { blocks: Vec::new(), free: [NONE; CLASSES] }
    }

    pub(super) fn get(&self, place: u32, len: u16) -> &[u8] {
        let (block, at) = split(place);
        &self.blocks[block][at..at + usize::from(len)]
    }

    /// Keeps `name` and returns its place.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] beyond 65,535 bytes, [`StoreError::OutOfMemory`] if it takes more than `budget` bytes
    /// or the allocator refuses. Nothing has changed then.
    pub(super) fn add(&mut self, name: &[u8], budget: u64) -> Result<u32, StoreError> {
        if name.len() > usize::from(u16::MAX) {
            return Err(StoreError::TooLarge);
        }
        let class = class_of(name.len());
        let free = self.free[class];
        if free == NONE {
            return self.append(name, size_of_class(class), budget);
        }
        let (block, at) = split(free);
        let bytes = try_edit(&mut self.blocks[block], 0)?;
        let next = *bytes[at..].first_chunk().expect("a place has 8 bytes at least");
        bytes[at..at + name.len()].copy_from_slice(name);
        self.free[class] = u32::from_le_bytes(next);
        Ok(free)
    }

    /// Frees the place of a name of `len` bytes.
    pub(super) fn remove(&mut self, place: u32, len: u16) {
        let class = class_of(usize::from(len));
        let (block, at) = split(place);
        Rc::make_mut(&mut self.blocks[block])[at..at + 4].copy_from_slice(&self.free[class].to_le_bytes());
        self.free[class] = place;
    }

    /// Bytes of the blocks.
    pub(super) fn heap_bytes(&self) -> u64 {
        let last = self.blocks.last().map_or(0, |block| capacity_for(block.len(), BLOCK));
        (self.blocks.len().saturating_sub(1) * BLOCK + last) as u64
    }

    fn append(&mut self, name: &[u8], size: usize, budget: u64) -> Result<u32, StoreError> {
        let used = self.blocks.last().map_or(BLOCK, |block| block.len());
        let starts_block = used + size > BLOCK;
        let at = if starts_block { 0 } else { used };
        let growth = capacity_for(at + size, BLOCK) - if starts_block { 0 } else { capacity_for(used, BLOCK) };
        if budget < growth as u64 {
            return Err(StoreError::OutOfMemory);
        }
        let block = self.blocks.len() - usize::from(!starts_block);
        let place = u32::try_from(block * BLOCK + at).map_err(|_| StoreError::OutOfMemory)?;
        if starts_block {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(capacity_for(size, BLOCK))?;
            self.blocks.try_reserve(1)?;
            self.blocks.push(Rc::new(bytes));
        }
        let bytes = try_edit(&mut self.blocks[block], capacity_for(at + size, BLOCK))?;
        bytes.extend_from_slice(name);
        bytes.resize(at + size, 0);
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_its_names_and_the_next_smaller_does_not() {
        for len in [0, 1, 8, 9, 255, 256, 257, 512, 513, 4096, 40_000, 65_535] {
            let class = class_of(len);
            assert!(class < CLASSES && size_of_class(class) >= len, "{len}");
            assert!(class == 0 || size_of_class(class - 1) < len, "{len}");
        }
    }

    #[test]
    fn freed_places_are_used_again() {
        let mut names = Names::new();
        let places: Vec<u32> =
            (0..5_000u32).map(|n| names.add(format!("name.{n:030}").as_bytes(), u64::MAX).expect("fits")).collect();
        let occupied = names.heap_bytes();
        let before = names.clone();
        for place in &places[..2_500] {
            names.remove(*place, 35);
        }
        for n in 0..2_500u32 {
            let place = names.add(format!("again{n:030}").as_bytes(), 0).expect("takes no memory");
            assert_eq!(names.get(place, 35), format!("again{n:030}").as_bytes());
        }
        assert_eq!(names.heap_bytes(), occupied);
        assert_eq!(names.get(places[4_999], 35), b"name.000000000000000000000000004999");
        assert_eq!(before.get(places[0], 35), b"name.000000000000000000000000000000");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut names = Names::new();
        assert_eq!(names.add(&[b'a'; 70_000], u64::MAX), Err(StoreError::TooLarge));
        assert_eq!(names.add(&[b'a'; 100], 1023), Err(StoreError::OutOfMemory));
        assert_eq!(names.heap_bytes(), 0);
        assert!(names.add(&[b'a'; 65_535], u64::MAX).is_ok());
    }
}
