//! Runs of a few bytes, without the call that copying or comparing slices makes: it takes longer than the work, in
//! WebAssembly by far.

use super::config::IS_PAGE;

/// Copies `from` to `to`.
///
/// # Panics
/// If one is longer than the other.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn copy(to: &mut [u8], from: &[u8]) {
    assert_eq!(to.len(), from.len(), "both are of one length");
    match from.len() {
        0 => {}
        1 => to[0] = from[0],
        2..4 => copy_ends::<2>(to, from),
        4..8 => copy_ends::<4>(to, from),
        8..=16 => copy_ends::<8>(to, from),
        17..=32 => copy_ends::<16>(to, from),
        33..=64 => {
            copy_ends::<16>(&mut to[..32], &from[..32]);
            let last = from.len() - 32;
            copy_ends::<16>(&mut to[last..], &from[last..]);
        }
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first `N` bytes and the last, some of which may be the same.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk()) {
        *to = *from;
    }
}

/// Whether `a` and `b` are equal.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        2..4 if !IS_PAGE => has_same_ends::<2>(a, b),
        4..8 if !IS_PAGE => has_same_ends::<4>(a, b),
        8..=16 => has_same_ends::<8>(a, b),
        17..=32 => has_same_ends::<8>(&a[..16], &b[..16]) && has_same_ends::<8>(&a[a.len() - 16..], &b[b.len() - 16..]),
        _ => a == b,
    }
}

/// Whether the first `N` bytes are the same, eight at most, and the last `N`.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn has_same_ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    word::<N>(a.first_chunk()) == word::<N>(b.first_chunk()) && word::<N>(a.last_chunk()) == word::<N>(b.last_chunk())
}

#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn word<const N: usize>(bytes: Option<&[u8; N]>) -> Option<u64> {
    let mut word = [0; 8];
    word[..N].copy_from_slice(bytes?);
    Some(u64::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts_at_every_length() {
        for len in 0..80_usize {
            let from: Vec<u8> = (1..).take(len).collect();
            let mut to = vec![0; len];
            copy(&mut to, &from);
            assert_eq!(to, from);
            assert!(is_same(&to, &from));
            for at in 0..len {
                let mut other = from.clone();
                other[at] = 0;
                assert!(!is_same(&other, &from), "{at} of {len}");
            }
        }
        assert!(!is_same(b"12345678", b"123456789"));
    }
}
