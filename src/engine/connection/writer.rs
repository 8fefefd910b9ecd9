//! Messages to bytes: `MSG` and `HMSG`.

use super::outbox::Outbox;

/// A message on its way, as a client or the server itself published it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    pub subject: &'a [u8],
    /// Empty if there is none.
    pub reply: &'a [u8],
    /// A header block; empty if there is none, as for `HPUB` with a header size of 0.
    pub headers: &'a [u8],
    pub payload: &'a [u8],
    /// The digits of the sizes as the publisher sent them; `HMSG` and `MSG` repeat them. Empty for the server's own
    /// messages.
    pub header_digits: &'a [u8],
    pub size_digits: &'a [u8],
}

impl Message<'_> {
    /// Bytes of headers and payload.
    pub const fn size(&self) -> usize {
        self.headers.len() + self.payload.len()
    }
}

/// Appends `message` for subscription `sid`. A client without header support gets the payload alone.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn message(out: &mut Outbox, sid: &[u8], message: &Message<'_>, with_headers: bool) {
    let Message { subject, reply, headers, payload, header_digits, size_digits } = *message;
    let has_headers = with_headers && !headers.is_empty();
    out.make_room(subject.len() + sid.len() + reply.len() + headers.len() + payload.len() + 64);
    if has_headers {
        out.put_fixed(b"HMSG ");
    } else {
        out.put_fixed(b"MSG ");
    }
    out.put(subject);
    out.put_fixed(b" ");
    out.put(sid);
    out.put_fixed(b" ");
    if !reply.is_empty() {
        out.put(reply);
        out.put_fixed(b" ");
    }
    if has_headers && !header_digits.is_empty() {
        out.put(header_digits);
        out.put_fixed(b" ");
        out.put(size_digits);
    } else if has_headers {
        out.put_decimal(headers.len() as u64);
        out.put_fixed(b" ");
        out.put_decimal(message.size() as u64);
    } else if size_digits.is_empty() || !headers.is_empty() {
        out.put_decimal(payload.len() as u64);
    } else {
        out.put(size_digits);
    }
    out.put_fixed(b"\r\n");
    if has_headers {
        out.put(headers);
    }
    out.put(payload);
    out.put_fixed(b"\r\n");
}

/// Appends `number` in decimal digits.
#[cfg_attr(not(jetstream_sim_small), inline)]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn decimal(out: &mut Vec<u8>, number: u64) {
    if number >= 100 {
        return long_decimal(out, number);
    }
    let (tens, ones) = (b'0' + (number as u8) / 10, b'0' + (number as u8) % 10);
    if number >= 10 { out.extend_from_slice(&[tens, ones]) } else { out.push(ones) }
}

/// As [`decimal`], for a number of three digits and more.
#[cfg_attr(not(jetstream_sim_small), inline(never))]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn long_decimal(out: &mut Vec<u8>, number: u64) {
    if number < EIGHT_DIGITS {
        let (digits, zeros) = eight_digits(number as u32);
        // All eight are stored at once, where as many as there are would be copied by a call.
        out.extend_from_slice(&(digits >> (8 * zeros)).to_le_bytes());
        out.truncate(out.len() - zeros as usize);
    } else {
        let mut buffer = [0; MAX_DIGITS];
        let start = digits(&mut buffer, number);
        out.extend_from_slice(&buffer[start..]);
    }
}

/// Room for the digits of the largest number, which are written by eights.
pub const MAX_DIGITS: usize = 24;

pub(super) const EIGHT_DIGITS: u64 = 100_000_000;

/// Writes `number` in decimal digits to the end of `buffer`, which has room for [`MAX_DIGITS`]. Returns where they begin.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn digits(buffer: &mut [u8], mut number: u64) -> usize {
    let mut start = buffer.len();
    loop {
        let Some((_, last)) = buffer[..start].split_last_chunk_mut() else { return start };
        // As few divisions of 64 bits as can be: WebAssembly has no fast one.
        let is_last = number < EIGHT_DIGITS;
        let (digits, zeros) = eight_digits(if is_last { number } else { number % EIGHT_DIGITS } as u32);
        *last = digits.to_le_bytes();
        start -= last.len();
        if is_last {
            return start + zeros as usize;
        }
        number /= EIGHT_DIGITS;
    }
}

/// The digits of a number below [`EIGHT_DIGITS`], the first in the lowest byte, and how many zeros they begin with that are
/// not the last digit.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub(super) const fn eight_digits(number: u32) -> (u64, u32) {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    // Fours, then pairs, then single digits side by side, the higher ones lower; all are divided at once.
    let fours = (number / 10_000) as u64 | ((number % 10_000) as u64) << 32;
    let higher = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = higher | (fours - higher * 100) << 16;
    let higher = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    let digits = higher | (pairs - higher * 10) << 8;
    // With the last digit's lowest bit set, the search ends there.
    (digits | ZEROS, (digits | 1 << 56).trailing_zeros() / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(message: Message<'_>, with_headers: bool) -> String {
        let mut out = Outbox::default();
        super::message(&mut out, b"7", &message, with_headers);
        String::from_utf8(out.take()).expect("ascii")
    }

    #[test]
    fn headers_only_for_those_who_can_read_them() {
        let block = b"NATS/1.0\r\n\r\n";
        let message =
            Message { subject: b"a", headers: block, payload: b"hi", size_digits: b"14", ..Message::default() };
        assert_eq!(written(message, true), "HMSG a 7 12 14\r\nNATS/1.0\r\n\r\nhi\r\n");
        let padded = Message { header_digits: b"012", size_digits: b"014", ..message };
        assert_eq!(written(padded, true), "HMSG a 7 012 014\r\nNATS/1.0\r\n\r\nhi\r\n");
        assert_eq!(written(message, false), "MSG a 7 2\r\nhi\r\n");
        let message = Message { subject: b"a", reply: b"r", payload: b"hi", size_digits: b"002", ..Message::default() };
        assert_eq!(written(message, true), "MSG a 7 r 002\r\nhi\r\n");
    }

    #[test]
    fn decimals() {
        for number in
            [0, 9, 10, 99, 100, 101, 999, 1_000, 123_456, 99_999_999, 100_000_000, 10_000_000_000_000_007, u64::MAX]
        {
            let mut out = Vec::new();
            decimal(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
