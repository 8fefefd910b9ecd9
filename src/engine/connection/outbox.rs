//! What waits for a client, in bytes.

use std::hash::{Hash, Hasher};

use super::writer::{EIGHT_DIGITS, MAX_DIGITS, digits, eight_digits};
use crate::engine::config::IS_PAGE;
use crate::engine::short;

/// Bytes that are put one part behind the other.
///
/// There is room for them beforehand, so that a short part is put in place: a call that copies a few bytes takes longer
/// than the copy, in WebAssembly by far.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// What waits, and room behind it. The page goes without that.
    bytes: Vec<u8>,
    len: usize,
    /// How much was [taken](Self::take) last: as much is likely to come again.
    last_len: usize,
}

impl Outbox {
    #[inline]
    pub const fn len(&self) -> usize {
        if IS_PAGE { self.bytes.len() } else { self.len }
    }

    /// Makes room for `more` bytes in one go.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn make_room(&mut self, more: usize) {
        if IS_PAGE {
            self.bytes.reserve(more);
        } else if self.bytes.len() - self.len < more {
            self.grow(more);
        }
    }

    #[inline(never)]
    fn grow(&mut self, more: usize) {
        let likely = self.last_len + self.last_len / 8;
        let room = (self.len + more).max(self.bytes.len() * 2).max(likely);
        if self.bytes.is_empty() {
            self.bytes = vec![0; room];
        } else {
            self.bytes.resize(room, 0);
        }
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn put(&mut self, part: &[u8]) {
        if IS_PAGE {
            return self.bytes.extend_from_slice(part);
        }
        self.make_room(part.len());
        let end = self.len + part.len();
        short::copy(&mut self.bytes[self.len..end], part);
        self.len = end;
    }

    /// Puts eight bytes at most, which are known beforehand.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn put_fixed<const N: usize>(&mut self, part: &[u8; N]) {
        const { assert!(N <= 8, "more than a word") };
        if IS_PAGE {
            return self.put(part);
        }
        let mut word = [0; 8];
        word[..N].copy_from_slice(part);
        self.put_word(u64::from_le_bytes(word), N);
    }

    /// Puts the lowest `len` bytes of `word`. All eight are stored, and those behind are room again.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn put_word(&mut self, word: u64, len: usize) {
        let bytes = word.to_le_bytes();
        if IS_PAGE {
            return self.bytes.extend_from_slice(&bytes[..len]);
        }
        self.make_room(bytes.len());
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(&bytes);
        self.len += len;
    }

    /// Puts `number` in decimal digits.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn put_decimal(&mut self, number: u64) {
        let (tens, ones) = (number / 10, number % 10);
        let digit = |digit: u64| u64::from(b'0') + digit;
        match number {
            0..10 => self.put_word(digit(ones), 1),
            10..100 => self.put_word(digit(tens) | digit(ones) << 8, 2),
            100..EIGHT_DIGITS => {
                let (digits, zeros) = eight_digits(number as u32);
                self.put_word(digits >> (8 * zeros), 8 - zeros as usize);
            }
            _ => {
                let mut buffer = [0; MAX_DIGITS];
                let start = digits(&mut buffer, number);
                self.put(&buffer[start..]);
            }
        }
    }

    /// Everything that waits, which does so no more.
    pub fn take(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.len());
        self.last_len = std::mem::take(&mut self.len);
        std::mem::take(&mut self.bytes)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }
}

impl PartialEq for Outbox {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Outbox {}

impl Hash for Outbox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
