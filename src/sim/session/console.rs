//! The session's own client: one request at a time, answered at once or not at all.

use std::fmt;

use crate::engine::message::Headers;
use crate::engine::table::ConnId;
use crate::sim::client::{ReceivedMessage, ServerOp, ServerReader, write_connect, write_pub, write_sub};

/// Begins the inbox of every request.
const INBOX: &str = "_INBOX.sim.";

/// What answered a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// A header block, or empty.
    pub headers: Vec<u8>,
    pub payload: Vec<u8>,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// Neither the server nor a stream nor a client listens on the subject.
    NoResponders,
    /// Somebody listens, and nobody answered within the call.
    Unanswered,
    /// The server refused the request; the text of its `-ERR`.
    Refused(String),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponders => f.write_str("no responders available for request"),
            Self::Unanswered => f.write_str("no answer: only the server itself answers at once"),
            Self::Refused(text) => f.write_str(text),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Console {
    pub conn: ConnId,
    reader: ServerReader,
    is_open: bool,
    requests: u64,
    answer: Option<Result<Answer, RequestError>>,
}

impl Console {
    pub fn new(conn: ConnId) -> Self {
        Self { conn, reader: ServerReader::default(), is_open: false, requests: 0, answer: None }
    }

    /// The bytes of a request.
    pub fn ask(&mut self, subject: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.is_open {
            write_connect(&mut out, "jetstream-sim");
            write_sub(&mut out, &format!("{INBOX}*"), "1");
            self.is_open = true;
        }
        self.requests += 1;
        self.answer = None;
        write_pub(&mut out, subject.as_bytes(), self.inbox().as_bytes(), headers, body);
        out
    }

    fn inbox(&self) -> String {
        format!("{INBOX}{}", self.requests)
    }

    /// Takes what the server sent. The first answer to the last request counts.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        for op in self.reader.read(bytes) {
            match op {
                ServerOp::Message(message) if message.subject == self.inbox().as_bytes() => {
                    self.answer.get_or_insert_with(|| answer(message));
                }
                ServerOp::Err(text) => self.answer = Some(Err(RequestError::Refused(text))),
                _ => {}
            }
        }
    }

    pub fn take_answer(&mut self) -> Result<Answer, RequestError> {
        self.answer.take().unwrap_or(Err(RequestError::Unanswered))
    }
}

fn answer(message: ReceivedMessage) -> Result<Answer, RequestError> {
    let ReceivedMessage { headers, payload, .. } = message;
    let has_no_responders = payload.is_empty() && Headers::new(&headers).status() == Some(b"503");
    if has_no_responders { Err(RequestError::NoResponders) } else { Ok(Answer { headers, payload }) }
}
