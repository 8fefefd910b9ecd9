//! The client's side of the protocol: what scripted clients read from the server and write to it.
//!
//! Scripted clients are ordinary clients: they know nothing of the server but the bytes of their connection.

use crate::engine::api::json::to_json;

/// One thing that the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerOp {
    Info,
    Message(ReceivedMessage),
    Ping,
    Pong,
    Ok,
    /// The text between the quotes of `-ERR`.
    Err(String),
}

/// A message as it came in on a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReceivedMessage {
    pub subject: Vec<u8>,
    pub sid: Vec<u8>,
    /// Empty if there is none.
    pub reply: Vec<u8>,
    /// A header block, or empty.
    pub headers: Vec<u8>,
    pub payload: Vec<u8>,
}

/// Takes whole operations off the bytes that arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServerReader {
    held: Vec<u8>,
}

impl ServerReader {
    /// Adds bytes and returns the operations that are whole now. What a server never sends is passed over.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<ServerOp> {
        self.held.extend_from_slice(bytes);
        let mut ops = Vec::new();
        let mut at = 0;
        while let Some((op, consumed)) = next_op(&self.held[at..]) {
            at += consumed;
            ops.extend(op);
        }
        self.held.drain(..at);
        ops
    }
}

fn next_op(bytes: &[u8]) -> Option<(Option<ServerOp>, usize)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let after_line = end + 1;
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    let op = match words.as_slice() {
        [b"INFO", ..] => Some(ServerOp::Info),
        [b"PING"] => Some(ServerOp::Ping),
        [b"PONG"] => Some(ServerOp::Pong),
        [b"+OK"] => Some(ServerOp::Ok),
        [b"-ERR", ..] => {
            let text = String::from_utf8_lossy(line);
            Some(ServerOp::Err(text.trim_start_matches("-ERR").trim().trim_matches('\'').to_owned()))
        }
        [b"MSG", subject, sid, rest @ ..] => return message(bytes, after_line, subject, sid, rest, false),
        [b"HMSG", subject, sid, rest @ ..] => return message(bytes, after_line, subject, sid, rest, true),
        _ => None,
    };
    Some((op, after_line))
}

fn message(
    bytes: &[u8],
    after_line: usize,
    subject: &[u8],
    sid: &[u8],
    rest: &[&[u8]],
    has_headers: bool,
) -> Option<(Option<ServerOp>, usize)> {
    let number = |word: &[u8]| std::str::from_utf8(word).ok().and_then(|digits| digits.parse::<usize>().ok());
    let (reply, header_size, size) = match (has_headers, rest) {
        (false, [size]) => (&b""[..], Some(0), number(size)),
        (false, [reply, size]) => (*reply, Some(0), number(size)),
        (true, [header_size, size]) => (&b""[..], number(header_size), number(size)),
        (true, [reply, header_size, size]) => (*reply, number(header_size), number(size)),
        _ => return Some((None, after_line)),
    };
    let (Some(header_size), Some(size)) = (header_size, size) else { return Some((None, after_line)) };
    let body = bytes.get(after_line..after_line + size)?;
    bytes.get(after_line + size + 1)?;
    let (headers, payload) = body.split_at(header_size.min(size));
    let message = ReceivedMessage {
        subject: subject.to_vec(),
        sid: sid.to_vec(),
        reply: reply.to_vec(),
        headers: headers.to_vec(),
        payload: payload.to_vec(),
    };
    Some((Some(ServerOp::Message(message)), after_line + size + 2))
}

/// Appends CONNECT and PING, as every client opens its connection.
pub fn write_connect(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(br#"CONNECT {"verbose":false,"pedantic":false,"lang":"sim","version":"1.0.0","protocol":1,"#);
    out.extend_from_slice(br#""headers":true,"no_responders":true,"name":"#);
    out.extend_from_slice(&to_json(name));
    out.extend_from_slice(b"}\r\nPING\r\n");
}

pub fn write_sub(out: &mut Vec<u8>, subject: &str, sid: &str) {
    write_line(out, &["SUB", subject, sid]);
}

pub fn write_unsub(out: &mut Vec<u8>, sid: &str) {
    write_line(out, &["UNSUB", sid]);
}

/// Appends a publish, with a header block if there are headers. Blanks cannot stand in a subject; they are left out.
pub fn write_pub(out: &mut Vec<u8>, subject: &[u8], reply: &[u8], headers: &[(String, String)], payload: &[u8]) {
    let mut block = Vec::new();
    if !headers.is_empty() {
        block.extend_from_slice(b"NATS/1.0\r\n");
        for (name, value) in headers {
            let line = format!("{}: {}\r\n", one_line(name), one_line(value));
            block.extend_from_slice(line.as_bytes());
        }
        block.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(if block.is_empty() { b"PUB " } else { b"HPUB " });
    out.extend(subject.iter().filter(|byte| !byte.is_ascii_whitespace()));
    out.push(b' ');
    if !reply.is_empty() {
        out.extend_from_slice(reply);
        out.push(b' ');
    }
    let sizes = if block.is_empty() {
        format!("{}\r\n", payload.len())
    } else {
        format!("{} {}\r\n", block.len(), block.len() + payload.len())
    };
    out.extend_from_slice(sizes.as_bytes());
    out.extend_from_slice(&block);
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

/// A header's name or value cannot hold the end of a line.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn write_line(out: &mut Vec<u8>, words: &[&str]) {
    out.extend_from_slice(words.join(" ").as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_server_writes_however_it_is_cut() {
        let bytes = b"INFO {} \r\nMSG a 1 2\r\nhi\r\nHMSG b 2 r 12 14\r\nNATS/1.0\r\n\r\nyo\r\n-ERR 'Invalid Subject'\r\nPING\r\n";
        for size in 1..bytes.len() {
            let mut reader = ServerReader::default();
            let ops: Vec<ServerOp> = bytes.chunks(size).flat_map(|chunk| reader.read(chunk)).collect();
            let [ServerOp::Info, ServerOp::Message(a), ServerOp::Message(b), ServerOp::Err(error), ServerOp::Ping] =
                ops.as_slice()
            else {
                panic!("{ops:?}")
            };
            assert_eq!((a.subject.as_slice(), a.payload.as_slice()), (&b"a"[..], &b"hi"[..]));
            assert_eq!((b.reply.as_slice(), b.headers.as_slice()), (&b"r"[..], &b"NATS/1.0\r\n\r\n"[..]));
            assert_eq!(error, "Invalid Subject");
        }
    }

    #[test]
    fn what_is_typed_cannot_break_out_of_its_line() {
        let mut out = Vec::new();
        write_pub(&mut out, b"a b\r\nPING", b"", &[("X\r\nY".to_owned(), "1\n2".to_owned())], b"p");
        assert_eq!(out, b"HPUB abPING 23 24\r\nNATS/1.0\r\nX  Y: 1 2\r\n\r\np\r\n".as_slice());
    }
}
