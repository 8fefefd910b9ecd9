//! The seeded generator: the only source of randomness in the engine.
//!
//! Owns the choice of a queue group's member, generated names and ids. Equal seeds give equal runs, natively and in
//! wasm, so nothing here depends on the width of a pointer.

const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// SplitMix64: one word of state, full period, good enough to choose members and names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rng(u64);

impl Rng {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 if `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// `len` characters of base 62.
    pub fn base62(&mut self, len: usize) -> String {
        (0..len).map(|_| BASE_62[self.below(62) as usize] as char).collect()
    }

    /// `len` characters of base 32, as in a server's id.
    pub fn base32(&mut self, len: usize) -> String {
        (0..len).map(|_| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[self.below(32) as usize] as char).collect()
    }

    /// An identifier of 22 characters, as nats-server puts into advisories (`id`) and pins.
    pub fn nuid(&mut self) -> String {
        self.base62(22)
    }
}
