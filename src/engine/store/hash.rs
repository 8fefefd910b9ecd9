//! From the bytes of a subject to its id.
//!
//! A hash table in pages, each chosen by the first bits of the hash (extendible hashing). A full page is split in two,
//! so growing never copies more than a page; the list of pages alone doubles. Clones share pages until one writes.
//! The table holds hashes and ids; whether a candidate is the one asked for, the caller says.

use std::rc::Rc;

use super::StoreError;
use super::paged::{SOLE_OWNER, check_room, edit_items, try_filled, try_own};

/// A hash of `bytes`, the same on every platform. Meant for subjects and ids: short, and different towards their end.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn hash_of(bytes: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| {
        let product = (hash ^ word).wrapping_mul(MULTIPLIER);
        product ^ product >> 32
    };
    let mut hash = (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let mut rest = bytes;
    if bytes.len() < 16
        && let Some((word, after)) = rest.split_first_chunk()
    {
        // One word, without what a loop takes to begin.
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = after;
    }
    while let Some((word, after)) = rest.split_first_chunk() {
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = after;
    }
    if let Some(last) = bytes.last_chunk() {
        hash = mix(hash, u64::from_le_bytes(*last));
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        hash = mix(hash, u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32);
    } else {
        hash = mix(hash, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    (hash.wrapping_mul(MULTIPLIER) >> 32) as u32
}

/// Marks a slot without an id.
const FREE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    id: u32,
}

#[derive(Clone, Debug)]
struct Page {
    /// A power of two of slots; an id lies in the slot of its hash's last bits or in the next free one after it.
    slots: Rc<[Slot]>,
    used: u32,
    /// How many first bits of the hash are the same in all that is in this page.
    depth: u32,
}

#[derive(Clone, Debug)]
pub(super) struct HashTable {
    /// The page for each value of the first `depth` bits of a hash.
    directory: Rc<[u32]>,
    depth: u32,
    pages: Vec<Page>,
    /// Slots of all pages.
    slots: usize,
}

/// Slots of a new table's only page.
const FIRST_SLOTS: usize = 16;
/// Slots from which a page is split instead of enlarged.
const PAGE_SLOTS: usize = 512;
/// Bits of the hash that choose a page at most; a page of that depth is enlarged after all.
const MAX_DEPTH: u32 = 20;

impl HashTable {
    pub(super) fn new() -> Self {
        Self { directory: Rc::new([0]), depth: 0, pages: Vec::new(), slots: 0 }
    }

    /// The id stored under `hash` for which `is_it` holds.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let page = self.pages.get(self.page_of(hash))?;
        let slots = &page.slots[..];
        let mask = slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = slots[at & mask];
            if slot.id == FREE {
                return None;
            }
            if slot.hash == hash && is_it(slot.id) {
                return Some(slot.id);
            }
            at += 1;
        }
    }

    /// Makes sure that [`insert`](Self::insert) of one id with `hash` does not fail. `budget` is how many bytes this
    /// may take.
    ///
    /// # Errors
    /// [`StoreError::OutOfMemory`]; nothing that a caller can see has changed then.
    pub(super) fn try_reserve(&mut self, hash: u32, budget: u64) -> Result<(), StoreError> {
        if self.pages.is_empty() {
            if budget < (FIRST_SLOTS * size_of::<Slot>()) as u64 {
                return Err(StoreError::OutOfMemory);
            }
            self.pages.push(Page { slots: empty_slots(FIRST_SLOTS)?, used: 0, depth: 0 });
            self.slots = FIRST_SLOTS;
        }
        loop {
            let index = self.page_of(hash);
            let page = &mut self.pages[index];
            if (page.used as usize) < page.slots.len() / 16 * 12 {
                try_own(&mut page.slots)?;
                return Ok(());
            }
            if budget < ((page.slots.len() * 4).max(PAGE_SLOTS) * size_of::<Slot>()) as u64 {
                return Err(StoreError::OutOfMemory);
            }
            if page.slots.len() < PAGE_SLOTS || page.depth == MAX_DEPTH {
                self.slots += page.enlarge()?;
            } else {
                self.split(hash)?;
            }
        }
    }

    /// Stores `id` under `hash`. [`try_reserve`](Self::try_reserve) has to come first.
    pub(super) fn insert(&mut self, hash: u32, id: u32) {
        let index = self.page_of(hash);
        let page = &mut self.pages[index];
        place(Rc::get_mut(&mut page.slots).expect(SOLE_OWNER), Slot { hash, id });
        page.used += 1;
    }

    /// Takes out `id`, which has to be stored under `hash`.
    pub(super) fn remove(&mut self, hash: u32, id: u32) {
        let index = self.page_of(hash);
        let page = &mut self.pages[index];
        page.used -= 1;
        let slots = edit_items(&mut page.slots);
        let mask = slots.len() - 1;
        let mut hole = hash as usize & mask;
        while slots[hole].id != id {
            hole = (hole + 1) & mask;
        }
        // What lies after the hole moves into it unless that would put it before the slot of its hash.
        let mut at = (hole + 1) & mask;
        while slots[at].id != FREE {
            let home = slots[at].hash as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                slots[hole] = slots[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        slots[hole].id = FREE;
    }

    /// Bytes of pages and directory.
    pub(super) fn heap_bytes(&self) -> u64 {
        (self.slots * size_of::<Slot>() + self.directory.len() * size_of::<u32>()) as u64
    }

    fn page_of(&self, hash: u32) -> usize {
        // Two shifts, as one by 32 bits is none.
        let prefix = hash >> 1 >> (31 - self.depth);
        self.directory[prefix as usize] as usize
    }

    /// Moves what has the next bit of its hash set from the page of `hash` to a new one.
    fn split(&mut self, hash: u32) -> Result<(), StoreError> {
        let index = self.page_of(hash);
        let depth = self.pages[index].depth + 1;
        let added = u32::try_from(self.pages.len()).map_err(|_| StoreError::OutOfMemory)?;
        let mut halves = [empty_slots(PAGE_SLOTS)?, empty_slots(PAGE_SLOTS)?];
        self.pages.try_reserve(1)?;
        if depth > self.depth {
            check_room::<u32>(self.directory.len() * 2)?;
            self.directory = self.directory.iter().flat_map(|page| [*page, *page]).collect();
            self.depth = depth;
        }
        let directory = try_own(&mut self.directory)?;
        let mut used = [0, 0];
        for slot in self.pages[index].slots.iter().filter(|slot| slot.id != FREE) {
            let half = (slot.hash >> (32 - depth) & 1) as usize;
            place(Rc::get_mut(&mut halves[half]).expect("made above"), *slot);
            used[half] += 1;
        }
        let prefixes_in_half = 1 << (self.depth - depth);
        let second_half = ((hash >> (32 - depth) | 1) as usize) * prefixes_in_half;
        directory[second_half..second_half + prefixes_in_half].fill(added);
        let [zeros, ones] = halves;
        self.slots += PAGE_SLOTS * 2 - self.pages[index].slots.len();
        self.pages[index] = Page { slots: zeros, used: used[0], depth };
        self.pages.push(Page { slots: ones, used: used[1], depth });
        Ok(())
    }
}

impl Page {
    /// Returns how many slots were added.
    fn enlarge(&mut self) -> Result<usize, StoreError> {
        let before = self.slots.len();
        let mut slots = empty_slots((before * 4).min(PAGE_SLOTS).max(before * 2))?;
        let larger = Rc::get_mut(&mut slots).expect("made above");
        for slot in self.slots.iter().filter(|slot| slot.id != FREE) {
            place(larger, *slot);
        }
        self.slots = slots;
        Ok(self.slots.len() - before)
    }
}

fn empty_slots(count: usize) -> Result<Rc<[Slot]>, StoreError> {
    try_filled(&[], Slot { hash: 0, id: FREE }, count)
}

fn place(slots: &mut [Slot], slot: Slot) {
    let mask = slots.len() - 1;
    let mut at = slot.hash as usize & mask;
    while slots[at].id != FREE {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(table: &mut HashTable, hash: u32, id: u32) {
        table.try_reserve(hash, u64::MAX).expect("there is memory");
        table.insert(hash, id);
    }

    #[test]
    fn a_hash_sees_every_byte_and_the_length() {
        let mut hashes: Vec<u32> = (0..40).map(|len| hash_of(&vec![0; len])).collect();
        for len in 1..40 {
            for flipped in 0..len {
                let mut bytes = vec![0; len];
                bytes[flipped] = 1;
                hashes.push(hash_of(&bytes));
            }
        }
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn what_was_put_in_is_found_until_it_is_taken_out() {
        let mut table = HashTable::new();
        let hash = |id: u32| hash_of(&id.to_le_bytes());
        for id in 0..20_000 {
            insert(&mut table, hash(id), id);
        }
        let full = table.clone();
        for id in (0..20_000).filter(|id| id % 3 != 0) {
            table.remove(hash(id), id);
        }
        for id in 0..20_000 {
            assert_eq!(full.find(hash(id), |found| found == id), Some(id));
            assert_eq!(table.find(hash(id), |found| found == id), (id % 3 == 0).then_some(id));
        }
    }

    #[test]
    fn equal_hashes_are_told_apart_by_the_caller() {
        let mut table = HashTable::new();
        for id in 0..2_000 {
            insert(&mut table, 0xABCD_1234, id);
        }
        assert_eq!(table.find(0xABCD_1234, |found| found == 1_999), Some(1_999));
        assert_eq!(table.find(0xABCD_1234, |_| false), None);
        assert_eq!(table.find(0xABCD_1235, |_| true), None);
    }
}
