//! The archive in which nats-server 2.15 hands out a stream: entries one behind the other, packed in the frames of S2.
//!
//! Owns the bytes alone. Which entries there are, and in which order, the stream knows. Source: nats-server
//! `server/archive/archive.go`. What older servers wrote is a tar of their files, which only they can read.

mod block;
mod frame;

pub use frame::{PackError, Packer, Unpacker};

/// Begins every archive.
pub const MAGIC: &[u8; 8] = b"NATSARC1";
/// The longest name of an entry, in bytes.
const MAX_NAME: u64 = 1 << 20;

/// One entry: a message, or something of the server's in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The subject of a message.
    pub name: &'a [u8],
    pub time_ns: i64,
    /// 0 for what is no message.
    pub seq: u64,
    pub headers: &'a [u8],
    pub payload: &'a [u8],
}

/// An entry without its headers and payload, which follow as so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHead<'a> {
    pub name: &'a [u8],
    pub time_ns: i64,
    pub seq: u64,
    pub headers_len: u64,
    pub payload_len: u64,
}

/// The bytes are no archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidArchive;

impl Entry<'_> {
    pub fn write(&self, out: &mut Packer) {
        let mut head = Vec::with_capacity(self.name.len() + 32);
        push_uvarint(&mut head, self.name.len() as u64);
        // Signed numbers alternate: 0, -1, 1, -2, …
        push_uvarint(&mut head, ((self.time_ns << 1) ^ (self.time_ns >> 63)).cast_unsigned());
        push_uvarint(&mut head, self.seq);
        push_uvarint(&mut head, self.headers.len() as u64);
        push_uvarint(&mut head, self.payload.len() as u64);
        head.extend_from_slice(self.name);
        for part in [&head, self.headers, self.payload] {
            out.push(part);
        }
    }
}

impl<'a> EntryHead<'a> {
    /// Reads the head that `bytes` begin with. Returns it with its length; `None` if more bytes are needed.
    ///
    /// # Errors
    /// If no entry begins like this.
    pub fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, InvalidArchive> {
        let mut at = 0;
        let mut numbers = [0; 5];
        for number in &mut numbers {
            match read_uvarint(bytes, &mut at)? {
                Some(read) => *number = read,
                None => return Ok(None),
            }
        }
        let [name_len, time, seq, headers_len, payload_len] = numbers;
        let is_too_long = headers_len.checked_add(payload_len).is_none_or(|len| len > i64::MAX.cast_unsigned());
        if name_len > MAX_NAME || is_too_long {
            return Err(InvalidArchive);
        }
        let Some(name) = bytes[at..].get(..name_len as usize) else { return Ok(None) };
        let time_ns = (time >> 1).cast_signed() ^ -(time & 1).cast_signed();
        Ok(Some((Self { name, time_ns, seq, headers_len, payload_len }, at + name.len())))
    }
}

/// Seven bits a byte, the lowest first.
fn push_uvarint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number and moves `at` behind it; `None` if it is cut off.
fn read_uvarint(bytes: &[u8], at: &mut usize) -> Result<Option<u64>, InvalidArchive> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let Some(byte) = bytes.get(*at) else { return Ok(None) };
        *at += 1;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return Err(InvalidArchive);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(Some(number));
        }
    }
    Err(InvalidArchive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(entry: &Entry<'_>) -> Vec<u8> {
        let mut packer = Packer::new();
        entry.write(&mut packer);
        packer.flush();
        let (mut unpacker, mut plain) = (Unpacker::default(), Vec::new());
        unpacker.push(&packer.take(usize::MAX));
        while unpacker.next_block(&mut plain).expect("we packed it") {}
        plain
    }

    #[test]
    fn entries_are_read_as_they_were_written() {
        for (time_ns, seq) in [(0, 0), (1_795_615_587_480_753_171, 1), (-1, u64::MAX), (i64::MIN, 128), (i64::MAX, 127)]
        {
            let entry = Entry { name: b"a.b", time_ns, seq, headers: b"hh", payload: b"ppp" };
            let bytes = written(&entry);
            let (head, len) = EntryHead::read(&bytes).expect("valid").expect("whole");
            assert_eq!(head, EntryHead { name: b"a.b", time_ns, seq, headers_len: 2, payload_len: 3 });
            assert_eq!(&bytes[len..], b"hhppp");
            for cut in 0..len {
                assert_eq!(EntryHead::read(&bytes[..cut]), Ok(None), "cut at {cut}");
            }
        }
    }

    #[test]
    fn numbers_are_laid_out_as_go_does() {
        let entry = Entry { name: b"s", time_ns: -3, seq: 300, headers: b"", payload: b"x" };
        assert_eq!(written(&entry), b"\x01\x05\xac\x02\x00\x01sx");
    }

    #[test]
    fn what_no_entry_begins_with_is_refused() {
        let too_long_a_name = [0x81, 0x80, 0x40, 0, 1, 0, 0];
        let too_long = [&[1, 0, 1][..], &[0xff; 9], &[1, 1]].concat();
        let overflow = [0xff; 10];
        for bytes in [&too_long_a_name[..], &too_long, &overflow] {
            assert_eq!(EntryHead::read(bytes), Err(InvalidArchive), "{bytes:?}");
        }
    }
}
