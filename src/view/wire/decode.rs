//! Bytes of the client protocol as operations, with their parts by name.
//!
//! For reading only: what is cut off or makes no sense is shown as far as it goes. Source: the client protocol in the
//! public documentation of NATS.

/// Operations that are read from one frame.
const MAX_OPS: usize = 256;

/// What an operation is called, and what its arguments are, the optional ones in brackets.
const VERBS: [(&str, &[&str]); 12] = [
    ("INFO", &["options"]),
    ("CONNECT", &["options"]),
    ("PUB", &["subject", "[reply-to]", "bytes"]),
    ("HPUB", &["subject", "[reply-to]", "header bytes", "total bytes"]),
    ("SUB", &["subject", "[queue group]", "sid"]),
    ("UNSUB", &["sid", "[max msgs]"]),
    ("MSG", &["subject", "sid", "[reply-to]", "bytes"]),
    ("HMSG", &["subject", "sid", "[reply-to]", "header bytes", "total bytes"]),
    ("PING", &[]),
    ("PONG", &[]),
    ("+OK", &[]),
    ("-ERR", &["error"]),
];

/// An operation, as far as it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Op<'a> {
    /// Empty for bytes that begin with no verb: the end of something that began in an earlier frame.
    pub verb: &'static str,
    /// Names and values, in their order.
    pub args: Vec<(&'static str, &'a [u8])>,
    /// A header block, or empty.
    pub headers: &'a [u8],
    pub payload: &'a [u8],
    /// Bytes of the payload that are not here.
    pub missing: usize,
}

impl<'a> Op<'a> {
    /// The argument `name`; empty where there is none.
    pub fn arg(&self, name: &str) -> &'a [u8] {
        self.args.iter().find(|(of, _)| *of == name).map_or(b"", |(_, value)| value)
    }
}

/// The operations of a frame.
pub fn ops(bytes: &[u8]) -> Vec<Op<'_>> {
    let mut ops = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() && ops.len() < MAX_OPS {
        let (op, len) = first(rest);
        ops.push(op);
        rest = rest.get(len..).unwrap_or_default();
    }
    ops
}

/// The first operation and its length, which may go beyond the bytes.
fn first(bytes: &[u8]) -> (Op<'_>, usize) {
    let is_end = |byte: &u8| *byte == b'\n';
    let end = bytes.iter().position(is_end);
    let line = &bytes[..end.unwrap_or(bytes.len())];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let len = end.map_or(bytes.len(), |end| end + 1);
    let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let Some((verb, names)) = VERBS.iter().find(|(verb, _)| verb.as_bytes().eq_ignore_ascii_case(word)) else {
        return (Op { payload: line, ..Op::default() }, len);
    };
    let after = line[word.len()..].trim_ascii();
    let args = match names {
        // One argument is all of the line: a JSON object has blanks in it.
        [name] => vec![(*name, after)],
        names => named(names, after),
    };
    let mut op = Op { verb, args, ..Op::default() };
    if !names.last().is_some_and(|last| last.ends_with("bytes")) {
        return (op, len);
    }
    let number = |name: &str| std::str::from_utf8(op.arg(name)).ok()?.parse::<usize>().ok();
    let header_len = number("header bytes").unwrap_or(0);
    let Some(total) = number("total bytes").or_else(|| number("bytes")) else { return (op, len) };
    let body = &bytes[len.min(bytes.len())..];
    let here = &body[..body.len().min(total)];
    let (headers, payload) = here.split_at(header_len.min(here.len()));
    op.missing = total.saturating_sub(header_len).saturating_sub(payload.len());
    (op.headers, op.payload) = (headers, payload);
    // Behind the payload the line ends once more.
    (op, len.saturating_add(total).saturating_add(2))
}

/// Gives each argument its name; optional ones are left out where there are too few.
fn named<'a>(names: &'static [&'static str], line: &'a [u8]) -> Vec<(&'static str, &'a [u8])> {
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let is_optional = |name: &&str| name.starts_with('[');
    let has_optional = words.len() >= names.len();
    let names = names.iter().filter(|name| has_optional || !is_optional(name));
    let bare = |name: &&'static str| name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    names.map(bare).zip(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Rng;

    /// An operation in short.
    fn short(op: &Op<'_>) -> String {
        let args: Vec<String> =
            op.args.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect();
        let rest = [op.headers, op.payload].map(|bytes| bytes.escape_ascii().to_string());
        format!("{} {} |{}|{}|{}", op.verb, args.join(" "), rest[0], rest[1], op.missing)
    }

    #[test]
    fn every_operation_is_read_with_its_parts() {
        let frame = b"INFO {\"a\": 1} \r\nCONNECT {}\r\nPUB a.b 2\r\nhi\r\nPUB a _INBOX.1 0\r\n\r\n\
                      HPUB a r 12 14\r\nNATS/1.0\r\n\r\nyo\r\nSUB a.> 1\r\nSUB a q 2\r\nUNSUB 1\r\nUNSUB 2 5\r\n\
                      MSG a 1 2\r\nhi\r\nMSG a 1 r 0\r\n\r\nHMSG a 1 r 12 12\r\nNATS/1.0\r\n\r\n\r\n\
                      PING\r\nPONG\r\n+OK\r\n-ERR 'Unknown Protocol Operation'\r\n";
        let read: Vec<String> = ops(frame).iter().map(short).collect();
        let expected = [
            r#"INFO options={"a": 1} |||0"#,
            "CONNECT options={} |||0",
            "PUB subject=a.b bytes=2 ||hi|0",
            "PUB subject=a reply-to=_INBOX.1 bytes=0 |||0",
            r"HPUB subject=a reply-to=r header bytes=12 total bytes=14 |NATS/1.0\r\n\r\n|yo|0",
            "SUB subject=a.> sid=1 |||0",
            "SUB subject=a queue group=q sid=2 |||0",
            "UNSUB sid=1 |||0",
            "UNSUB sid=2 max msgs=5 |||0",
            "MSG subject=a sid=1 bytes=2 ||hi|0",
            "MSG subject=a sid=1 reply-to=r bytes=0 |||0",
            r"HMSG subject=a sid=1 reply-to=r header bytes=12 total bytes=12 |NATS/1.0\r\n\r\n||0",
            "PING  |||0",
            "PONG  |||0",
            "+OK  |||0",
            "-ERR error='Unknown Protocol Operation' |||0",
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_cut_is_shown_as_far_as_it_goes() {
        let [message] = &ops(b"MSG a 1 1000\r\nbegin")[..] else { panic!("it is one") };
        assert_eq!((message.payload, message.missing), (&b"begin"[..], 995));
        let [rest, ping] = &ops(b"of it\r\nPING\r\n")[..] else { panic!("they are two") };
        assert_eq!((rest.verb, rest.payload, ping.verb), ("", &b"of it"[..], "PING"));
        assert_eq!(ops(b"HPUB a 12")[0].args.len(), 2);
        assert_eq!(ops(b"PUB a 99999999999999999999\r\nx").len(), 2);
        assert_eq!(ops(format!("PUB a {}\r\nx", usize::MAX).as_bytes()).len(), 1);
    }

    #[test]
    fn no_bytes_are_too_strange() {
        let mut rng = Rng::new(7);
        let words: [&[u8]; 12] = [
            b"PUB ",
            b"HPUB ",
            b"MSG ",
            b"a ",
            b"5",
            b" 12",
            b"\r\n",
            b"\n",
            b"NATS/1.0",
            b"\xff\x00",
            b"<img>",
            b"-ERR",
        ];
        for _ in 0..20_000 {
            let count = rng.below(14);
            let bytes: Vec<u8> = (0..count).flat_map(|_| words[rng.below(12) as usize]).copied().collect();
            let read = ops(&bytes);
            assert!(read.len() <= MAX_OPS && read.is_empty() == bytes.is_empty());
        }
    }
}
