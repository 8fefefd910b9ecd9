//! Blocks of S2: runs of plain bytes, and copies of what came before.
//!
//! We read all that S2 knows and write the part of it that Snappy knows, which every reader of S2 reads. Sources: the
//! format description of Snappy; klauspost/compress `s2/README.md`, `s2/decode_other.go` (repeats).

/// The longest block that is unpacked, in bytes.
pub(super) const MAX_BLOCK: usize = 4 << 20;
/// The longest block that is packed. Offsets within it fit into two bytes.
pub(super) const PACKED_BLOCK: usize = 1 << 16;
const HASH_BITS: u32 = 14;
/// The shortest copy that is worth its tag.
const MIN_COPY: usize = 4;

/// The low two bits of a tag.
const LITERAL: u8 = 0;
const COPY_1: u8 = 1;
const COPY_2: u8 = 2;

/// Unpacks a block behind `out`. `None` if it is corrupt; `out` may then hold a part of it.
pub(super) fn unpack(mut packed: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let len = take_len(&mut packed)?;
    let start = out.len();
    out.try_reserve(len).ok()?;
    let mut offset = 0;
    while let Some((tag, rest)) = packed.split_first() {
        packed = rest;
        let bits = usize::from(tag >> 2);
        let count = match tag & 3 {
            LITERAL => {
                let count = if bits < 60 { bits } else { take_number(&mut packed, bits - 59)? } + 1;
                out.extend_from_slice(packed.get(..count)?);
                packed = &packed[count..];
                continue;
            }
            COPY_1 => {
                let near = usize::from(tag & 0xe0) << 3 | take_number(&mut packed, 1)?;
                if near == 0 {
                    take_repeat_len(&mut packed, bits & 7)?
                } else {
                    offset = near;
                    (bits & 7) + 4
                }
            }
            COPY_2 => {
                offset = take_number(&mut packed, 2)?;
                bits + 1
            }
            _ => {
                offset = take_number(&mut packed, 4)?;
                bits + 1
            }
        };
        if offset == 0 || offset > out.len() - start || count > len - (out.len() - start) {
            return None;
        }
        copy(out, offset, count);
    }
    (out.len() - start == len).then_some(())
}

/// Appends `count` bytes from `offset` before the end on, which may run into those that it appends.
fn copy(out: &mut Vec<u8>, offset: usize, mut count: usize) {
    let from = out.len() - offset;
    while count > 0 {
        let some = count.min(out.len() - from);
        out.extend_from_within(from..from + some);
        count -= some;
    }
}

/// The length of a block when unpacked.
fn take_len(packed: &mut &[u8]) -> Option<usize> {
    let mut at = 0;
    let len = super::read_uvarint(packed, &mut at).ok()??;
    *packed = &packed[at..];
    usize::try_from(len).ok().filter(|len| *len <= MAX_BLOCK)
}

/// A number of `bytes` bytes, the lowest first.
fn take_number(packed: &mut &[u8], bytes: usize) -> Option<usize> {
    let (number, rest) = packed.split_at_checked(bytes)?;
    *packed = rest;
    usize::try_from(number.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))).ok()
}

/// The length of a copy from where the last one came from.
fn take_repeat_len(packed: &mut &[u8], code: usize) -> Option<usize> {
    Some(match code {
        5 => take_number(packed, 1)? + 8,
        6 => take_number(packed, 2)? + (1 << 8) + 4,
        7 => take_number(packed, 3)? + (1 << 16) + 4,
        short => short + 4,
    })
}

/// Packs a block of at most [`PACKED_BLOCK`] bytes.
pub(super) fn pack(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len() / 2 + 16);
    super::push_uvarint(&mut out, plain.len() as u64);
    // Where a word with this hash was last seen.
    let mut seen = vec![0u16; 1 << HASH_BITS];
    let (mut at, mut literal_start) = (1, 0);
    while let Some(word) = word_at(plain, at) {
        let hash = (word.wrapping_mul(0x1e35_a7bd) >> (32 - HASH_BITS)) as usize;
        let before = usize::from(std::mem::replace(&mut seen[hash], at as u16));
        if word_at(plain, before) != Some(word) {
            // The longer nothing is found, the wider the steps.
            at += 1 + (at - literal_start) / 64;
            continue;
        }
        let same = plain[at + MIN_COPY..].iter().zip(&plain[before + MIN_COPY..]).take_while(|(a, b)| a == b).count();
        push_literal(&mut out, &plain[literal_start..at]);
        push_copy(&mut out, at - before, MIN_COPY + same);
        at += MIN_COPY + same;
        literal_start = at;
    }
    push_literal(&mut out, &plain[literal_start..]);
    out
}

fn word_at(plain: &[u8], at: usize) -> Option<u32> {
    plain.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

fn push_literal(out: &mut Vec<u8>, plain: &[u8]) {
    let Some(last) = plain.len().checked_sub(1) else { return };
    match last {
        0..60 => out.push((last as u8) << 2 | LITERAL),
        60..256 => out.extend([60 << 2 | LITERAL, last as u8]),
        _ => out.extend([61 << 2 | LITERAL, last as u8, (last >> 8) as u8]),
    }
    out.extend_from_slice(plain);
}

fn push_copy(out: &mut Vec<u8>, offset: usize, mut len: usize) {
    while len > 0 {
        // What is left behind must be long enough for a copy of its own.
        let some = if len <= 64 { len } else { (len - MIN_COPY).min(64) };
        out.extend([((some - 1) as u8) << 2 | COPY_2, offset as u8, (offset >> 8) as u8]);
        len -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Rng;

    fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        unpack(packed, &mut out)?;
        Some(out.split_off(6))
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut rng = Rng::new(7);
        for case in 0..300 {
            let len = rng.below([10, 300, PACKED_BLOCK as u64 + 1][case % 3]) as usize;
            let letters = [1, 2, 30, 256][case % 4];
            let mut plain: Vec<u8> = (0..len).map(|_| rng.below(letters) as u8).collect();
            if case % 5 == 0 {
                plain = plain.repeat(4);
                plain.truncate(PACKED_BLOCK);
            }
            let packed = pack(&plain);
            assert_eq!(unpacked(&packed).as_deref(), Some(&plain[..]), "case {case}");
            for cut in 0..packed.len().min(50) {
                assert_eq!(unpacked(&packed[..cut]), None, "case {case} cut at {cut}");
            }
        }
        assert!(pack(&[b'a'; PACKED_BLOCK]).len() < PACKED_BLOCK / 20);
    }

    #[test]
    fn all_kinds_of_copies_are_understood() {
        for (packed, plain) in [
            (&b"\x03\x08abc"[..], "abc"),
            (b"\x08\x08abc\x05\x03", "abcabcab"),
            (b"\x05\x00a\x0e\x01\x00", "aaaaa"),
            (b"\x05\x00a\x0f\x01\x00\x00\x00", "aaaaa"),
            // A copy of two from where the next one of four comes from, too.
            (b"\x08\x04ab\x06\x02\x00\x01\x00", "abababab"),
            (b"\x0d\x04ab\x06\x02\x00\x15\x00\x01", "ababababababa"),
        ] {
            assert_eq!(unpacked(packed).as_deref(), Some(plain.as_bytes()), "{packed:?}");
        }
    }

    #[test]
    fn corrupt_blocks_are_refused() {
        for packed in [
            &b""[..],
            b"\xff\xff\xff\xff\x0f",
            // Nothing to copy from: before the start, offset 0, a repeat without a copy before it.
            b"\x05\x00a\x0d\x02",
            b"\x05\x00a\x0e\x00\x00",
            b"\x05\x00a\x01\x00",
            // More and less than was announced.
            b"\x04\x00a\x0e\x01\x00",
            b"\x03\x04ab",
            b"\x02\x08abc",
        ] {
            assert_eq!(unpacked(packed), None, "{packed:?}");
        }
    }
}
