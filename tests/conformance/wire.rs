//! From the bytes that a server sends to the operations of the client protocol.

use crate::json::Json;

/// One operation that a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Info(Json),
    Ok,
    /// The text between the quotes.
    Err(String),
    Ping,
    Pong,
    Message(Message),
    /// A line that the protocol does not know; kept so that it shows.
    Unknown(String),
}

/// A `MSG` or `HMSG`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Message {
    pub subject: String,
    pub sid: String,
    pub reply: Option<String>,
    /// The whole header block; `None` for a `MSG`.
    pub headers: Option<String>,
    pub payload: Vec<u8>,
    /// The size fields as sent: header length of an `HMSG`, total length.
    pub header_len: Option<String>,
    pub len: String,
}

impl Message {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }

    /// The payload as JSON where it is an object.
    pub fn json(&self) -> Option<Json> {
        if self.payload.first() != Some(&b'{') {
            return None;
        }
        Json::parse(std::str::from_utf8(&self.payload).ok()?).ok()
    }

    /// What follows `NATS/1.0 ` in the first line of the headers.
    pub fn status(&self) -> Option<&str> {
        let line = self.headers.as_deref()?.split("\r\n").next()?;
        line.strip_prefix("NATS/1.0").map(str::trim).filter(|status| !status.is_empty())
    }

    /// Names and values in their order, the blank after the colon taken off.
    pub fn header_fields(&self) -> Vec<(String, String)> {
        let lines = self.headers.as_deref().unwrap_or("").split("\r\n").skip(1);
        let split = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()))
        };
        lines.filter_map(split).collect()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.header_fields().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Cuts one connection's bytes into frames, however they were split on the way.
#[derive(Debug, Default)]
pub struct FrameParser {
    buffer: Vec<u8>,
}

impl FrameParser {
    /// Adds `bytes` and returns the frames that are complete now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.buffer.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut at = 0;
        while let Some((frame, used)) = next_frame(&self.buffer[at..]) {
            frames.push(frame);
            at += used;
        }
        self.buffer.drain(..at);
        frames
    }
}

fn next_frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let line = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let used = end + 2;
    let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let frame = match verb {
        "INFO" => Json::parse(rest).map_or_else(|_| Frame::Unknown(line.clone()), Frame::Info),
        "PING" => Frame::Ping,
        "PONG" => Frame::Pong,
        "+OK" => Frame::Ok,
        "-ERR" => Frame::Err(rest.trim_matches('\'').to_owned()),
        "MSG" | "HMSG" => {
            let (message, length) = message(verb, rest, &bytes[used..])?;
            return Some((message, used + length));
        }
        _ => Frame::Unknown(line.clone()),
    };
    Some((frame, used))
}

/// The message behind a control line, and how many bytes its body takes; `None` until the body is complete.
fn message(verb: &str, arguments: &str, body: &[u8]) -> Option<(Frame, usize)> {
    let words: Vec<&str> = arguments.split_ascii_whitespace().collect();
    let sizes = if verb == "HMSG" { 2 } else { 1 };
    if words.len() < 2 + sizes || words.len() > 3 + sizes {
        return Some((Frame::Unknown(format!("{verb} {arguments}")), 0));
    }
    let len = words[words.len() - 1];
    let header_len = (sizes == 2).then(|| words[words.len() - 2]);
    let total: usize = len.parse().ok()?;
    let split: usize = header_len.map_or(Some(0), |text| text.parse().ok())?;
    if body.len() < total + 2 {
        return None;
    }
    let message = Message {
        subject: words[0].to_owned(),
        sid: words[1].to_owned(),
        reply: (words.len() == 3 + sizes).then(|| words[2].to_owned()),
        headers: header_len.map(|_| String::from_utf8_lossy(&body[..split]).into_owned()),
        payload: body[split..total].to_vec(),
        header_len: header_len.map(str::to_owned),
        len: len.to_owned(),
    };
    Some((Frame::Message(message), total + 2))
}
