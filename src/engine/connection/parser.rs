//! Bytes to [`ClientOp`]s.
//!
//! [`parse`] looks at the start of what has arrived and takes one operation off it, or says that more has to arrive.
//! Verbs are matched letter by letter, so that a wrong one is refused before its line is complete. Source: nats-server
//! `server/parser.go`, `server/client.go` (`processPub`, `processHeaderPub`, `parseSub`, `processUnsub`).

use super::{Message, ProtocolError};
use crate::engine::ServerConfig;
use crate::engine::api::json::{is_json, is_object_or_array};

/// One operation of a client. Borrowed from the bytes that it arrived in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOp<'a> {
    Connect(&'a [u8]),
    Ping,
    Pong,
    /// `+OK` and well-formed `INFO`: accepted and without effect.
    Ignored,
    Sub {
        subject: &'a [u8],
        queue: Option<&'a [u8]>,
        sid: &'a [u8],
    },
    Unsub {
        sid: &'a [u8],
        /// Deliveries in total after which the subscription ends; `None` ends it now.
        max: Option<u64>,
    },
    Pub(Message<'a>),
}

/// What [`parse`] found at the start of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// An operation that takes up the first `usize` bytes.
    Op(ClientOp<'a>, usize),
    /// The operation is cut off; it will have at least this many bytes.
    Incomplete(usize),
    /// The operation is cut off. What has arrived of it stands for the first `usize` bytes: the rest has no meaning.
    IncompleteAfter(usize),
    Violation(ProtocolError),
}

/// A verb and whether arguments follow it.
const VERBS: [(&[u8], Verb); 10] = [
    (b"PUB", Verb::Pub),
    (b"HPUB", Verb::Hpub),
    (b"SUB", Verb::Sub),
    (b"UNSUB", Verb::Unsub),
    (b"PING", Verb::Ping),
    (b"PONG", Verb::Pong),
    (b"CONNECT", Verb::Connect),
    (b"INFO", Verb::Info),
    (b"+OK", Verb::Ok),
    (b"-ERR", Verb::Err),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Pub,
    Hpub,
    Sub,
    Unsub,
    Ping,
    Pong,
    Connect,
    Info,
    Ok,
    Err,
}

/// Takes the first operation off `bytes`, which are not empty. `config` bounds lines and payloads; without `takes_headers`
/// there is no `HPUB`.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn parse<'a>(bytes: &'a [u8], config: &ServerConfig, takes_headers: bool) -> Parsed<'a> {
    let (verb, verb_len) = match verb(bytes) {
        Ok(Some(found)) => found,
        Ok(None) => return Parsed::Incomplete(bytes.len() + 1),
        Err(error) => return Parsed::Violation(error),
    };
    let rest = &bytes[verb_len..];
    match verb {
        // What follows these up to the end of the line is not looked at.
        Verb::Ping | Verb::Pong | Verb::Ok => {
            let op = match verb {
                Verb::Ping => ClientOp::Ping,
                Verb::Pong => ClientOp::Pong,
                _ => ClientOp::Ignored,
            };
            line_end(rest).map_or(Parsed::IncompleteAfter(verb_len), |end| Parsed::Op(op, verb_len + end + 1))
        }
        // Closed as soon as its line is there, as `-ERR` is.
        Verb::Hpub if !takes_headers => with_arguments(Verb::Err, bytes, verb_len, config),
        _ => with_arguments(verb, bytes, verb_len, config),
    }
}

/// A `PUB` as clients write it.
#[derive(Clone, Copy, Debug)]
pub struct Usual<'a> {
    pub subject: &'a [u8],
    /// Empty if there is none.
    pub reply: &'a [u8],
    size_digits: &'a [u8],
    pub payload: &'a [u8],
    /// Of the whole operation, in bytes.
    pub len: usize,
}

impl<'a> Usual<'a> {
    #[inline]
    pub const fn message(&self) -> Message<'a> {
        let Self { subject, reply, size_digits, payload, .. } = *self;
        Message { subject, reply, headers: b"", payload, header_digits: b"", size_digits }
    }
}

/// A `PUB` as clients write it: whole, with one blank before each argument, and within the limits. `None`
/// is no answer: then [`parse`] looks at it.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn usual_publish<'a>(bytes: &'a [u8], config: &ServerConfig) -> Option<Usual<'a>> {
    const VERB: usize = b"PUB ".len();
    if !bytes.starts_with(b"PUB ") {
        return None;
    }
    let subject_end = printable_end(bytes, VERB);
    let second = subject_end + 1;
    let second_end = printable_end(bytes, second);
    let (reply, size_start) = match bytes.get(second_end)? {
        b' ' => (&bytes[second..second_end], second_end + 1),
        _ => (&b""[..], second),
    };
    let has_empty = subject_end == VERB || second_end == second;
    if has_empty || bytes[subject_end] != b' ' {
        return None;
    }
    let (size, size_end) = short_size(bytes, size_start)?;
    let is_in_bounds = size_end - VERB <= config.client_limits().max_control_line && size <= config.max_payload;
    let payload_start = size_end + 2;
    let len = payload_start + size + 2;
    let (payload, end) = bytes.get(payload_start..len)?.split_last_chunk::<2>()?;
    let is_whole = is_in_bounds && bytes[size_end..payload_start] == *b"\r\n" && end == b"\r\n";
    let (subject, size_digits) = (&bytes[VERB..subject_end], &bytes[size_start..size_end]);
    is_whole.then_some(Usual { subject, reply, size_digits, payload, len })
}

/// The verb at the start and its length; `None` while its letters are still arriving.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn verb(bytes: &[u8]) -> Result<Option<(Verb, usize)>, ProtocolError> {
    for (name, verb) in &VERBS {
        let common = name.iter().zip(bytes).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
        if common == name.len() {
            return Ok(Some((*verb, common)));
        }
        if common == bytes.len() {
            return Ok(None);
        }
    }
    Err(ProtocolError::UnknownOperation)
}

#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn with_arguments<'a>(verb: Verb, bytes: &'a [u8], verb_len: usize, config: &ServerConfig) -> Parsed<'a> {
    let rest = &bytes[verb_len..];
    let takes_json = matches!(verb, Verb::Connect | Verb::Info);
    match rest.first() {
        None => return Parsed::Incomplete(bytes.len() + 1),
        Some(b' ' | b'\t') => {}
        // CONNECT and INFO without an argument are closed like those with a bad argument, which may follow without a blank.
        Some(b'\r' | b'\n') if takes_json => return Parsed::Violation(ProtocolError::Silent),
        Some(_) if takes_json => {}
        Some(_) => return Parsed::Violation(ProtocolError::UnknownOperation),
    }
    let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
    let start = verb_len + blanks;
    if start == bytes.len() {
        return Parsed::IncompleteAfter(verb_len + 1);
    }
    // One byte more than allowed may be the CR of a line that is just as long as allowed.
    let window = &bytes[start..bytes.len().min(start + config.client_limits().max_control_line + 2)];
    let splits_at_cr = !matches!(verb, Verb::Pub | Verb::Hpub);
    let line = Line::read(window, splits_at_cr);
    let argument = &window[..line.end.unwrap_or(window.len())];
    let argument = argument.strip_suffix(b"\r").unwrap_or(argument);
    if argument.len() > config.client_limits().max_control_line {
        return Parsed::Violation(ProtocolError::MaxControlLine);
    }
    let Some(end) = line.end else { return Parsed::Incomplete(bytes.len() + 1) };
    let after_line = start + end + 1;
    let op = match verb {
        Verb::Pub | Verb::Hpub => return publish(bytes, after_line, &line, verb == Verb::Hpub, config.max_payload),
        Verb::Connect => Ok(ClientOp::Connect(argument)),
        Verb::Info if is_object_or_array(argument) && is_json(argument) => Ok(ClientOp::Ignored),
        Verb::Sub => sub(&line),
        Verb::Unsub => unsub(&line),
        Verb::Info | Verb::Err | Verb::Ping | Verb::Pong | Verb::Ok => Err(ProtocolError::Silent),
    };
    op.map_or_else(Parsed::Violation, |op| Parsed::Op(op, after_line))
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes)
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// More arguments than any operation takes.
const MAX_ARGUMENTS: usize = 5;

/// A line, taken apart in one pass.
struct Line<'a> {
    /// The first of its arguments.
    arguments: [&'a [u8]; MAX_ARGUMENTS],
    count: usize,
    /// Where the LF is; `None` if it has not arrived.
    end: Option<usize>,
}

impl<'a> Line<'a> {
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn read(bytes: &'a [u8], splits_at_cr: bool) -> Self {
        let mut line = Self { arguments: [b""; MAX_ARGUMENTS], count: 0, end: None };
        let mut start = 0;
        loop {
            let len = argument_len(&bytes[start..], splits_at_cr);
            let end = start + len;
            if len > 0 && line.count < MAX_ARGUMENTS {
                line.arguments[line.count] = &bytes[start..end];
                line.count += 1;
            }
            match bytes.get(end) {
                None => return line,
                Some(b'\n') => {
                    line.end = Some(end);
                    return line;
                }
                Some(_) => start = end + 1,
            }
        }
    }

    /// The arguments, if there are `N`.
    fn exactly<const N: usize>(&self) -> Option<[&'a [u8]; N]> {
        if self.count == N { self.arguments.first_chunk().copied() } else { None }
    }
}

/// How long the argument is that `bytes` begin with: up to a blank or the end of the line. A CR within the line is a blank
/// only where it `splits`.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn argument_len(bytes: &[u8], splits_at_cr: bool) -> usize {
    let mut len = 0;
    loop {
        len = printable_end(bytes, len);
        match bytes.get(len) {
            None | Some(b' ' | b'\t' | b'\n') => return len,
            Some(b'\r') if splits_at_cr || matches!(bytes.get(len + 1), None | Some(b'\n')) => return len,
            Some(_) => len += 1,
        }
    }
}

/// Where the first blank or control character is, from `start` on, or where `bytes` end.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn printable_end(bytes: &[u8], start: usize) -> usize {
    const EACH: u64 = u64::MAX / 0xFF;
    let mut at = start;
    // Eight at once: the top bit of the first that is below `!` comes out set, and none before it.
    for word in bytes.get(start..).unwrap_or_default().as_chunks().0 {
        let word = u64::from_le_bytes(*word);
        let below = word.wrapping_sub(EACH * b'!' as u64) & !word & (EACH << 7);
        if below != 0 {
            return at + below.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte > b' ') {
        at += 1;
    }
    at
}

/// The number of nine digits at most that is at `start`, and where it ends.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn short_size(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let (mut size, mut end) = (0, start);
    while let Some(digit @ b'0'..=b'9') = bytes.get(end) {
        size = size * 10 + usize::from(digit - b'0');
        end += 1;
        if end - start > 9 {
            return None;
        }
    }
    (end > start).then_some((size, end))
}

fn sub<'a>(line: &Line<'a>) -> Result<ClientOp<'a>, ProtocolError> {
    if let Some([subject, sid]) = line.exactly() {
        Ok(ClientOp::Sub { subject, queue: None, sid })
    } else if let Some([subject, queue, sid]) = line.exactly() {
        Ok(ClientOp::Sub { subject, queue: Some(queue), sid })
    } else {
        Err(ProtocolError::Silent)
    }
}

fn unsub<'a>(line: &Line<'a>) -> Result<ClientOp<'a>, ProtocolError> {
    if let Some([sid]) = line.exactly() {
        Ok(ClientOp::Unsub { sid, max: None })
    } else if let Some([sid, max]) = line.exactly() {
        // What is no number counts as "now", like 0.
        Ok(ClientOp::Unsub { sid, max: size(max).map(|max| max as u64).filter(|max| *max > 0) })
    } else {
        Err(ProtocolError::Silent)
    }
}

/// A size of one to nine decimal digits.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn size(digits: &[u8]) -> Option<usize> {
    short_size(digits, 0).filter(|(_, end)| *end == digits.len()).map(|(size, _)| size)
}

#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn publish<'a>(
    bytes: &'a [u8],
    after_line: usize,
    line: &Line<'a>,
    has_header_size: bool,
    max_payload: usize,
) -> Parsed<'a> {
    let found = line.arguments;
    let (subject, reply, header_size, total_size) = match (has_header_size, line.count) {
        (false, 2) => (found[0], &b""[..], Some(0), size(found[1])),
        (false, 3) => (found[0], found[1], Some(0), size(found[2])),
        (true, 3) => (found[0], &b""[..], size(found[1]), size(found[2])),
        (true, 4) => (found[0], found[1], size(found[2]), size(found[3])),
        _ => return Parsed::Violation(ProtocolError::Silent),
    };
    let size_digits = found[line.count - 1];
    let header_digits = if has_header_size { found[line.count - 2] } else { b"" };
    let (Some(header_size), Some(total_size)) = (header_size, total_size) else {
        return Parsed::Violation(ProtocolError::Silent);
    };
    if header_size > total_size {
        return Parsed::Violation(ProtocolError::Silent);
    }
    if total_size > max_payload {
        return Parsed::Violation(ProtocolError::MaxPayload);
    }
    let end = after_line + total_size;
    match (bytes.get(end), bytes.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => {}
        (None, _) | (Some(b'\r'), None) => return Parsed::Incomplete(end + 2),
        _ => return Parsed::Violation(ProtocolError::UnknownOperation),
    }
    let (headers, payload) = bytes[after_line..end].split_at(header_size);
    let message = Message { subject, reply, headers, payload, header_digits, size_digits };
    Parsed::Op(ClientOp::Pub(message), end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::config::MAX_CONTROL_LINE;

    const MAX: usize = 100;

    fn parse(bytes: &[u8], max_payload: usize, takes_headers: bool) -> Parsed<'_> {
        let config = ServerConfig { max_payload, ..ServerConfig::default() };
        let parsed = super::parse(bytes, &config, takes_headers);
        if let Some(usual) = usual_publish(bytes, &config) {
            let (publish, len) = (usual.message(), usual.len);
            assert_eq!(parsed, Parsed::Op(ClientOp::Pub(publish), len));
        }
        parsed
    }

    fn publish_of(bytes: &[u8]) -> Message<'_> {
        match parse(bytes, MAX, true) {
            Parsed::Op(ClientOp::Pub(publish), consumed) => {
                assert_eq!(consumed, bytes.len());
                publish
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn whole_operations() {
        let publish = publish_of(b"PUB a.b 002\r\nhi\r\n");
        assert_eq!((publish.subject, publish.reply, publish.payload), (&b"a.b"[..], &b""[..], &b"hi"[..]));
        assert_eq!(publish.size_digits, b"002");
        let publish = publish_of(b"PUB a\rb\r 1\r\nx\r\n");
        assert_eq!((publish.subject, publish.reply), (&b"a\rb\r"[..], &b""[..]));
        let publish = publish_of(b"hpub\t a  r 12 14\nNATS/1.0\r\n\r\nhi\r\n");
        assert_eq!((publish.reply, publish.headers), (&b"r"[..], &b"NATS/1.0\r\n\r\n"[..]));
        assert_eq!(parse(b"HPUB a 12 14\r\n", MAX, false), Parsed::Violation(ProtocolError::Silent));
        for (bytes, op) in [
            (&b"PINGxyz\r\n"[..], ClientOp::Ping),
            (b"pong\n", ClientOp::Pong),
            (b"+OK\r\n", ClientOp::Ignored),
            (b"SUB a 1\r\n", ClientOp::Sub { subject: b"a", queue: None, sid: b"1" }),
            (b"SUB a\rq 1\r\r\n", ClientOp::Sub { subject: b"a", queue: Some(b"q"), sid: b"1" }),
            (b"SUB a q 1\r\n", ClientOp::Sub { subject: b"a", queue: Some(b"q"), sid: b"1" }),
            (b"UNSUB 1\r\n", ClientOp::Unsub { sid: b"1", max: None }),
            (b"UNSUB 1 5\r\n", ClientOp::Unsub { sid: b"1", max: Some(5) }),
            (b"UNSUB 1 x\r\n", ClientOp::Unsub { sid: b"1", max: None }),
            (b"CONNECT {}\r\n", ClientOp::Connect(b"{}")),
        ] {
            assert_eq!(parse(bytes, MAX, true), Parsed::Op(op, bytes.len()), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn every_prefix_of_an_operation_is_incomplete() {
        for whole in [&b"HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"[..], b"SUB a 1\r\n", b"UNSUB 1 2\r\n", b"PING\r\n"] {
            for cut in 1..whole.len() {
                let parsed = parse(&whole[..cut], MAX, true);
                let is_incomplete = match parsed {
                    Parsed::Incomplete(need) => need > cut,
                    Parsed::IncompleteAfter(len) => len <= cut,
                    _ => false,
                };
                assert!(is_incomplete, "{cut}: {parsed:?}");
            }
        }
    }

    #[test]
    fn what_has_no_meaning_need_not_be_kept() {
        for (cut, len) in [(&b"PINGxyz"[..], 4), (b"pong    ", 4), (b"+OK\r", 3), (b"SUB \t  ", 4), (b"UNSUB  ", 6)] {
            assert_eq!(parse(cut, MAX, true), Parsed::IncompleteAfter(len), "{}", cut.escape_ascii());
        }
    }

    #[test]
    fn violations() {
        use ProtocolError::{MaxControlLine, MaxPayload, Silent, UnknownOperation};
        let too_long = [b"SUB ".to_vec(), vec![b'a'; MAX_CONTROL_LINE + 1]].concat();
        let cut_too_long = [too_long.clone(), b"\n".to_vec()].concat();
        for (bytes, error) in [
            (&b"FOO"[..], UnknownOperation),
            (b"\r\n", UnknownOperation),
            (b"MSG a 1 1\r\n", UnknownOperation),
            (b"PUX", UnknownOperation),
            (b"SUB\r\n", UnknownOperation),
            (b"PUB a 2\r\nhi\n", UnknownOperation),
            (b"PUB a 1\r\nhi\r\n", UnknownOperation),
            (b"PUB a\r\n", Silent),
            (b"PUB a b c 1\r\n", Silent),
            (b"PUB a 1 \r\r\n", Silent),
            (b"PUB a -1\r\n", Silent),
            (b"PUB a 1234567890\r\n", Silent),
            (b"HPUB a 3 2\r\n", Silent),
            (b"SUB a\r\n", Silent),
            (b"SUB a b c d\r\n", Silent),
            (b"UNSUB \r\n", Silent),
            (b"-ERR x\r\n", Silent),
            (b"CONNECT\r\n", Silent),
            (b"PUB a 101\r\n", MaxPayload),
            (&too_long, MaxControlLine),
            (&cut_too_long, MaxControlLine),
        ] {
            assert_eq!(parse(bytes, MAX, true), Parsed::Violation(error), "{}", bytes.escape_ascii());
        }
    }
}
