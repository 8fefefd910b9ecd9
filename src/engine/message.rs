//! Header blocks of messages (ADR-4).
//!
//! A block is kept as the bytes that the publisher sent: `NATS/1.0[ status]\r\n`, lines `Name: value\r\n`, `\r\n`.
//! Nothing is parsed before it is asked for, and what is passed on is passed on byte for byte.

/// The first line of every block that the server writes.
pub const HEADER_LINE: &[u8] = b"NATS/1.0\r\n";

/// Reads a header block. Names are case-sensitive; the first of several equal names counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// `block` may be empty or malformed: then it has no headers.
    pub const fn new(block: &'a [u8]) -> Self {
        Self(block)
    }

    /// The value of the first header `name`, without leading blanks; `None` if there is none.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }

    /// As [`get`](Self::get), but an empty value counts as absent, as it does for most of the server's own headers.
    pub fn get_filled(self, name: &str) -> Option<&'a [u8]> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Names and values in the order of the block. Only CR and LF together end a line.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let (_, mut rest) = split_line(self.0);
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (line, after) = split_line(rest);
                rest = after;
                if let Some(colon) = line.iter().position(|byte| *byte == b':') {
                    let value = &line[colon + 1..];
                    let blanks = value.iter().take_while(|byte| **byte == b' ').count();
                    return Some((&line[..colon], &value[blanks..]));
                }
            }
            None
        })
    }

    /// What stands behind `NATS/1.0 ` in the first line.
    pub fn status(self) -> Option<&'a [u8]> {
        let line = self.0.split(|byte| *byte == b'\r').next()?;
        line.strip_prefix(b"NATS/1.0 ")
    }
}

/// What stands before the first CR and LF, and behind them.
pub fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    while let Some(found) = memchr::memchr(b'\r', &bytes[start..]) {
        let end = start + found;
        start = end + 1;
        if bytes.get(start) == Some(&b'\n') {
            return (&bytes[..end], &bytes[start + 1..]);
        }
    }
    (bytes, b"")
}

/// Writes a header block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderBlock(Vec<u8>);

impl HeaderBlock {
    pub fn new() -> Self {
        Self(HEADER_LINE.to_vec())
    }

    /// A block whose first line carries a status, such as `404 No Messages`.
    pub fn with_status(status: &str) -> Self {
        let mut block = b"NATS/1.0".to_vec();
        if !status.is_empty() {
            block.push(b' ');
            block.extend_from_slice(status.as_bytes());
        }
        block.extend_from_slice(b"\r\n");
        Self(block)
    }

    /// Goes on from `block`, to append to it; from nothing if it is empty. Its last two bytes go, whatever they are.
    pub fn from_bytes(block: &[u8]) -> Self {
        if block.len() <= 2 { Self::new() } else { Self(block[..block.len() - 2].to_vec()) }
    }

    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value.as_ref());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"\r\n");
        self.0
    }
}

/// A block with the value of header `name` replaced, or with the header behind the others if it has none.
pub fn with_header(block: &[u8], name: &str, value: &[u8]) -> Vec<u8> {
    let mut at = 0;
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        let after_name = line.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
        if let Some(old) = after_name {
            let blank = usize::from(old.first() == Some(&b' '));
            let start = at + name.len() + 1 + blank;
            let end = at + line.strip_suffix(b"\r\n").unwrap_or(line).len();
            return [&block[..start], value, &block[end.max(start)..]].concat();
        }
        at += line.len();
    }
    let mut block = HeaderBlock::from_bytes(block);
    block.push(name, value);
    block.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_client_sent() {
        let block = b"NATS/1.0\r\nNats-Msg-Id:  a b \r\nX:1\r\nX: 2\r\nEmpty:\r\n\r\n";
        let headers = Headers::new(block);
        assert_eq!(headers.get("Nats-Msg-Id"), Some(&b"a b "[..]));
        assert_eq!(headers.get("X"), Some(&b"1"[..]));
        assert_eq!(headers.get("nats-msg-id"), None);
        assert_eq!(headers.get("Empty"), Some(&b""[..]));
        assert_eq!(headers.get_filled("Empty"), None);
        assert_eq!(headers.iter().count(), 4);
        let torn = Headers::new(b"NATS/1.0\nA:0\r\nA:1\n\rB:2\r\nC:3");
        assert_eq!((torn.get("A"), torn.get("B"), torn.get("C")), (Some(&b"1\n\rB:2"[..]), None, Some(&b"3"[..])));
        assert_eq!(headers.status(), None);
    }

    #[test]
    fn reads_anything_without_a_panic() {
        for block in [&b""[..], b"\r\n", b"NATS/1.0", b"NATS/1.0 404 No Messages\r\n\r\n", b"\n:\n", b"x:y"] {
            let headers = Headers::new(block);
            assert_eq!(headers.get("Missing"), None);
        }
        assert_eq!(Headers::new(b"NATS/1.0 404 No Messages\r\n\r\n").status(), Some(&b"404 No Messages"[..]));
    }

    #[test]
    fn replaces_in_place() {
        let block = b"NATS/1.0\r\nA: 1\r\nB:2\r\n\r\n";
        assert_eq!(with_header(block, "A", b"10"), b"NATS/1.0\r\nA: 10\r\nB:2\r\n\r\n");
        assert_eq!(with_header(block, "B", b""), b"NATS/1.0\r\nA: 1\r\nB:\r\n\r\n");
        assert_eq!(with_header(block, "C", b"3"), b"NATS/1.0\r\nA: 1\r\nB:2\r\nC: 3\r\n\r\n");
        assert_eq!(with_header(b"", "C", b"3"), b"NATS/1.0\r\nC: 3\r\n\r\n");
    }

    #[test]
    fn writes_and_extends() {
        let mut block = HeaderBlock::new();
        block.push("A", "1");
        let first = block.finish();
        assert_eq!(first, b"NATS/1.0\r\nA: 1\r\n\r\n");
        let mut more = HeaderBlock::from_bytes(&first);
        more.push("B", "2");
        assert_eq!(more.finish(), b"NATS/1.0\r\nA: 1\r\nB: 2\r\n\r\n");
        assert_eq!(HeaderBlock::with_status("404 No Messages").finish(), b"NATS/1.0 404 No Messages\r\n\r\n");
    }
}
