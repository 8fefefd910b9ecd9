//! Frames of S2: blocks with their checksums, behind a word that says what they are.
//!
//! Source: the framing format of Snappy; klauspost/compress `s2/reader.go`, `s2/writer.go`.

use std::fmt;

use super::block::{MAX_BLOCK, PACKED_BLOCK, pack, unpack};

const STREAM_ID: &[u8; 10] = b"\xff\x06\x00\x00S2sTwO";
/// What Snappy calls itself. Its blocks are read as well.
const SNAPPY: &[u8] = b"sNaPpY";
const PACKED: u8 = 0x00;
const PLAIN: u8 = 0x01;
const IDENTIFIER: u8 = 0xff;
/// Kinds that mean something, and that we do not know. Those above may be passed over.
const RESERVED: std::ops::RangeInclusive<u8> = 0x02..=0x7f;
/// The longest frame, in bytes behind its head: what a block can at most grow to.
const MAX_FRAME: usize = MAX_BLOCK + MAX_BLOCK / 6 + 64;
const CHECKSUM: usize = 4;

/// Why packed bytes cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackError {
    Corrupt,
    WrongChecksum,
    Unsupported,
}

/// As the server's library says it.
impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Corrupt => "s2: corrupt input",
            Self::WrongChecksum => "s2: corrupt input, crc mismatch",
            Self::Unsupported => "s2: unsupported input",
        })
    }
}

/// Packs bytes, to be taken in pieces of any length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Packer {
    /// Less than a block.
    plain: Vec<u8>,
    packed: Vec<u8>,
    /// What of `packed` was taken.
    taken: usize,
}

impl Default for Packer {
    fn default() -> Self {
        Self::new()
    }
}

impl Packer {
    pub fn new() -> Self {
        Self { plain: Vec::new(), packed: STREAM_ID.to_vec(), taken: 0 }
    }

    pub fn push(&mut self, mut bytes: &[u8]) {
        while self.plain.len() + bytes.len() >= PACKED_BLOCK {
            let (filling, rest) = bytes.split_at(PACKED_BLOCK - self.plain.len());
            self.plain.extend_from_slice(filling);
            self.flush();
            bytes = rest;
        }
        self.plain.extend_from_slice(bytes);
    }

    /// Packs what is left.
    pub fn flush(&mut self) {
        if self.plain.is_empty() {
            return;
        }
        self.packed.drain(..self.taken);
        self.taken = 0;
        let packed = pack(&self.plain);
        let is_shorter = packed.len() < self.plain.len() - self.plain.len() / 8;
        let (kind, bytes) = if is_shorter { (PACKED, &packed) } else { (PLAIN, &self.plain) };
        let [a, b, c, ..] = ((bytes.len() + CHECKSUM) as u32).to_le_bytes();
        self.packed.extend([kind, a, b, c]);
        self.packed.extend(checksum(&self.plain).to_le_bytes());
        self.packed.extend_from_slice(bytes);
        self.plain.clear();
    }

    /// Packed bytes that can be taken.
    pub const fn len(&self) -> usize {
        self.packed.len() - self.taken
    }

    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that it occupies.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.plain.capacity() + self.packed.capacity()
    }

    /// Takes the first `len` packed bytes, or all if there are fewer.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let start = self.taken;
        self.taken += len.min(self.len());
        self.packed[start..self.taken].to_vec()
    }
}

/// Unpacks bytes that come in pieces of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unpacker {
    held: Vec<u8>,
    /// What of `held` is unpacked.
    at: usize,
    is_identified: bool,
}

impl Unpacker {
    /// Takes more packed bytes in. Call [`next_block`](Self::next_block) until there is none before the next.
    pub fn push(&mut self, packed: &[u8]) {
        self.held.drain(..self.at);
        self.at = 0;
        self.held.extend_from_slice(packed);
    }

    /// Whether everything was unpacked: no frame is cut off.
    pub const fn is_empty(&self) -> bool {
        self.at == self.held.len()
    }

    /// Unpacks the next block behind `plain`. Whether there was one.
    ///
    /// # Errors
    /// If what comes next is none.
    pub fn next_block(&mut self, plain: &mut Vec<u8>) -> Result<bool, PackError> {
        while let Some([kind, a, b, c, rest @ ..]) = self.held.get(self.at..) {
            let len = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
            if !self.is_identified && *kind != IDENTIFIER || len > MAX_FRAME {
                return Err(PackError::Corrupt);
            }
            let Some(frame) = rest.get(..len) else { return Ok(false) };
            let is_block = matches!(*kind, PACKED | PLAIN);
            match *kind {
                PACKED | PLAIN => take_block(*kind == PACKED, frame, plain)?,
                IDENTIFIER if *frame != STREAM_ID[4..] && frame != SNAPPY => return Err(PackError::Corrupt),
                kind if RESERVED.contains(&kind) => return Err(PackError::Unsupported),
                _ => {}
            }
            self.is_identified = true;
            self.at += 4 + len;
            if is_block {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn take_block(is_packed: bool, frame: &[u8], plain: &mut Vec<u8>) -> Result<(), PackError> {
    let (expected, block) = frame.split_first_chunk::<CHECKSUM>().ok_or(PackError::Corrupt)?;
    let start = plain.len();
    let result = if is_packed {
        unpack(block, plain).ok_or(PackError::Corrupt)
    } else {
        plain.extend_from_slice(block);
        Ok(())
    };
    let result = result.and_then(|()| {
        let matches = checksum(&plain[start..]) == u32::from_le_bytes(*expected);
        if matches { Ok(()) } else { Err(PackError::WrongChecksum) }
    });
    if result.is_err() {
        plain.truncate(start);
    }
    result
}

/// CRC-32C, masked so that the checksum of bytes that hold a checksum means something, too.
fn checksum(bytes: &[u8]) -> u32 {
    let crc = !bytes.iter().fold(!0, |crc: u32, byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)]);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Rng;

    fn unpacked(packed: &[u8], piece: usize) -> Result<Vec<u8>, PackError> {
        let (mut unpacker, mut plain) = (Unpacker::default(), Vec::new());
        for piece in packed.chunks(piece) {
            unpacker.push(piece);
            loop {
                let before = plain.len();
                match unpacker.next_block(&mut plain) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        assert_eq!(plain.len(), before, "nothing of a bad block is left");
                        return Err(error);
                    }
                }
            }
        }
        Ok(plain)
    }

    #[test]
    fn pieces_of_any_length_come_and_go() {
        let mut rng = Rng::new(3);
        let plain: Vec<u8> = (0..200_000).map(|at| if at % 3 == 0 { rng.below(256) as u8 } else { 7 }).collect();
        for (into, out) in [(1_000, 1_024), (100_000, 1), (200_000, 70_000)] {
            let (mut packer, mut packed) = (Packer::new(), Vec::new());
            for piece in plain.chunks(into) {
                packer.push(piece);
                packed.extend(packer.take(out));
            }
            packer.flush();
            packed.extend(packer.take(usize::MAX));
            assert!(packer.is_empty());
            assert!(unpacked(&packed, out) == Ok(plain.clone()), "{into} {out}");
        }
    }

    #[test]
    fn frames_are_checked() {
        let with = |frames: &[u8]| [&STREAM_ID[..], frames].concat();
        let good = b"\x01\x05\x00\x00\x8f\x29\x46\x08a";
        let mut packer = Packer::new();
        packer.push(b"a");
        packer.flush();
        assert_eq!(packer.take(usize::MAX)[10..][..4], good[..4]);
        for (packed, expected) in [
            (b"garbage!".to_vec(), Err(PackError::Corrupt)),
            (b"\xff\x06\x00\x00S2sTwX".to_vec(), Err(PackError::Corrupt)),
            (b"\xff\x06\x00\x00sNaPpY".to_vec(), Ok(vec![])),
            (with(b"\x02\x04\x00\x00aaaa"), Err(PackError::Unsupported)),
            (with(b"\x99\x04\x00\x00aaaa"), Ok(vec![])),
            (with(b"\xfe\x01\x00\x00a"), Ok(vec![])),
            (with(b"\x01\xff\xff\xffa"), Err(PackError::Corrupt)),
            (with(b"\x01\x02\x00\x00aa"), Err(PackError::Corrupt)),
            (with(b"\x00\x08\x00\x00aaaa\xff\xff\xff\xff"), Err(PackError::Corrupt)),
            (with(b"\x01\x05\x00\x00aaaaa"), Err(PackError::WrongChecksum)),
            (with(b"\x01\x05\x00\x00aa"), Ok(vec![])),
        ] {
            assert_eq!(unpacked(&packed, 1_000), expected, "{packed:?}");
        }
    }

    /// The example of RFC 3720, appendix B.4.
    #[test]
    fn checksums_are_those_of_crc_32c() {
        assert_eq!(checksum(&[0; 32]).wrapping_sub(0xa282_ead8).rotate_left(15), 0x8a91_36aa);
    }
}
