//! A state as one number, the same on every platform.
//!
//! What `Hash` writes depends on the platform in two ways, which this evens out: sizes are 32 bits wide in WebAssembly
//! and count as 64 here, and numbers are taken low byte first. A list of sizes would still be written as it lies in
//! memory; the state has none.

use std::hash::{Hash, Hasher};

use super::wire::Wire;
use super::world::World;

/// The number of a world. Equal worlds have equal numbers.
pub fn state_hash(world: &World) -> u64 {
    let mut hasher = StateHasher(SEED);
    world.hash(&mut hasher);
    hasher.finish()
}

/// The number of what the server and its clients said so far, as far as that is kept: each line with its sequences and
/// timestamps. It costs a page less than [`state_hash`], which asks every type for every field.
pub fn wire_hash(wire: &Wire) -> u64 {
    let mut hasher = StateHasher(SEED);
    wire.entries().for_each(|entry| hasher.write(&entry.frame.bytes));
    hasher.finish()
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;
/// 2^64 over the golden ratio: odd, and its bits look random.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

struct StateHasher(u64);

impl StateHasher {
    /// What a state is made of is written in hundreds of places, each of which calls this.
    #[inline(never)]
    const fn mix(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(FACTOR);
        self.0 = mixed ^ (mixed >> 29);
    }
}

impl Hasher for StateHasher {
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(bytes.len() as u64);
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    /// Also what tells the variants of an enum apart.
    fn write_isize(&mut self, number: isize) {
        self.mix(number as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(value: &impl Hash) -> u64 {
        let mut hasher = StateHasher(SEED);
        value.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn every_bit_counts() {
        let near = [hash_of(&0u64), hash_of(&1u64), hash_of(&(1u64 << 63)), hash_of(&"a"), hash_of(&"b"), hash_of(&"")];
        for (place, one) in near.iter().enumerate() {
            assert!(near[..place].iter().all(|other| other != one), "{place}");
        }
        assert_ne!(hash_of(&("ab", "c")), hash_of(&("a", "bc")));
        assert_ne!(hash_of(&b"abcdefgh"), hash_of(&b"abcdefgh\0"));
    }

    #[test]
    fn sizes_count_as_64_bits() {
        assert_eq!(hash_of(&7usize), hash_of(&7u64));
        assert_eq!(hash_of(&-1isize), hash_of(&-1i64));
    }
}
