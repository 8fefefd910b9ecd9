//! The session's own client: one request at a time, answered at once or not at all.

use std::fmt;

use crate::engine::message::Headers;
use crate::engine::table::ConnId;
use crate::sim::client::{ReceivedMessage, ServerOp, ServerReader, write_pub, write_sub, write_unsub};

/// Begins the inbox of every request: one token, however few a subscription may have.
const INBOX: &str = "_INBOX-sim-";

/// Short, since lines may be.
const CONNECT: &[u8] =
    b"CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"name\":\"jetstream-sim\"}\r\n";

/// What answered a request. A message of a stream comes with its own subject, and its reply subject acknowledges it.
pub type Answer = ReceivedMessage;

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
    /// The server ended the connection; the next request opens another.
    pub is_closed: bool,
    reader: ServerReader,
    is_open: bool,
    requests: u64,
    answer: Option<Result<Answer, RequestError>>,
}

impl Console {
    pub fn new(conn: ConnId) -> Self {
        Self { conn, is_closed: false, reader: ServerReader::default(), is_open: false, requests: 0, answer: None }
    }

    /// The bytes of a request.
    pub fn ask(&mut self, subject: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.is_open {
            out.extend_from_slice(CONNECT);
            self.is_open = true;
        }
        self.requests += 1;
        self.answer = None;
        let sid = self.sid();
        let inbox = format!("{INBOX}{sid}");
        write_sub(&mut out, &inbox, &sid);
        write_pub(&mut out, subject.as_bytes(), inbox.as_bytes(), headers, body);
        // What waits for an answer is let go of: no message is delivered to who does not look any more.
        write_unsub(&mut out, &sid);
        out
    }

    /// Of the last request. A message may come under any subject, and is known by this.
    fn sid(&self) -> String {
        self.requests.to_string()
    }

    /// Takes what the server sent. The first answer to the last request counts.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        for op in self.reader.read(bytes) {
            match op {
                ServerOp::Message(message) if message.sid == self.sid().as_bytes() => {
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
    let has_no_responders = message.payload.is_empty() && Headers::new(&message.headers).status() == Some(b"503");
    if has_no_responders { Err(RequestError::NoResponders) } else { Ok(message) }
}
