//! Messages to bytes: `MSG` and `HMSG`.

/// A message on its way to a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'a> {
    pub subject: &'a [u8],
    /// Empty if there is none.
    pub reply: &'a [u8],
    /// A header block, or empty.
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
pub fn message(out: &mut Vec<u8>, sid: &[u8], message: &Message<'_>, with_headers: bool) {
    let Message { subject, reply, headers, payload, header_digits, size_digits } = *message;
    let has_headers = with_headers && !headers.is_empty();
    out.reserve(subject.len() + sid.len() + reply.len() + headers.len() + payload.len() + 48);
    if has_headers {
        out.push(b'H');
    }
    out.extend_from_slice(b"MSG ");
    out.extend_from_slice(subject);
    out.push(b' ');
    out.extend_from_slice(sid);
    out.push(b' ');
    if !reply.is_empty() {
        out.extend_from_slice(reply);
        out.push(b' ');
    }
    if has_headers && !header_digits.is_empty() {
        out.extend_from_slice(header_digits);
        out.push(b' ');
        out.extend_from_slice(size_digits);
    } else if has_headers {
        decimal(out, headers.len() as u64);
        out.push(b' ');
        decimal(out, (headers.len() + payload.len()) as u64);
    } else if size_digits.is_empty() || !headers.is_empty() {
        decimal(out, payload.len() as u64);
    } else {
        out.extend_from_slice(size_digits);
    }
    // One byte is pushed in place, where more are copied by a call.
    out.push(b'\r');
    out.push(b'\n');
    if has_headers {
        out.extend_from_slice(headers);
    }
    if !payload.is_empty() {
        out.extend_from_slice(payload);
    }
    out.push(b'\r');
    out.push(b'\n');
}

/// Appends `number` in decimal digits.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn decimal(out: &mut Vec<u8>, number: u64) {
    if number < 1_000 {
        let [tens, ones] = PAIRS[number as usize % 100];
        if number >= 100 {
            out.push(b'0' + (number / 100) as u8);
        }
        if number >= 10 {
            out.push(tens);
        }
        return out.push(ones);
    }
    let mut buffer = [0; MAX_DIGITS];
    let start = digits(&mut buffer, number);
    out.extend_from_slice(&buffer[start..]);
}

/// Digits of the largest number.
pub const MAX_DIGITS: usize = 20;

/// Two digits at once: `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// Writes `number` in decimal digits to the end of `buffer`, which has room for them. Returns where they begin.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn digits(buffer: &mut [u8], mut number: u64) -> usize {
    const EIGHT_DIGITS: u64 = 100_000_000;
    let mut start = buffer.len();
    // Few divisions of 64 bits: WebAssembly has no fast one.
    while number >= EIGHT_DIGITS {
        let Some((_, eight)) = buffer[..start].split_last_chunk_mut::<8>() else { break };
        let mut lower = (number % EIGHT_DIGITS) as u32;
        number /= EIGHT_DIGITS;
        for pair in eight.as_chunks_mut().0.iter_mut().rev() {
            *pair = PAIRS[(lower % 100) as usize];
            lower /= 100;
        }
        start -= 8;
    }
    let mut number = number as u32;
    while number >= 10 {
        let Some((_, pair)) = buffer[..start].split_last_chunk_mut() else { break };
        *pair = PAIRS[(number % 100) as usize];
        number /= 100;
        start -= 2;
    }
    if (number > 0 || start == buffer.len())
        && let Some(last) = buffer[..start].last_mut()
    {
        *last = b'0' + number as u8;
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(message: Message<'_>, with_headers: bool) -> String {
        let mut out = Vec::new();
        super::message(&mut out, b"7", &message, with_headers);
        String::from_utf8(out).expect("ascii")
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
