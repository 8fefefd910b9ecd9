//! A client that sends requests and reads their answers: the hand of the page.

use crate::engine::message::Headers;
use crate::engine::table::{ConnId, Id};
use crate::sim::client::{ReceivedMessage, write_pub, write_sub};

/// What came back for a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Payload(Vec<u8>),
    /// Nobody listens on the subject.
    NoResponders,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Console {
    inbox: String,
    sent: u64,
    answer: Option<Answer>,
}

impl Console {
    pub(super) fn handle_connected(&mut self, conn: ConnId, out: &mut Vec<u8>) {
        self.inbox = format!("_INBOX.c{}", conn.index());
        write_sub(out, &format!("{}.*", self.inbox), "1");
    }

    /// Sends a request. Its answer stays until the next.
    pub fn request(&mut self, subject: &str, body: &[u8], out: &mut Vec<u8>) {
        self.sent += 1;
        self.answer = None;
        let reply = format!("{}.{}", self.inbox, self.sent);
        write_pub(out, subject.as_bytes(), reply.as_bytes(), &[], body);
    }

    pub(super) fn handle_message(&mut self, message: ReceivedMessage) {
        let is_no_responders = Headers::new(&message.headers).status().is_some_and(|status| status.starts_with(b"503"));
        self.answer = Some(if is_no_responders { Answer::NoResponders } else { Answer::Payload(message.payload) });
    }

    /// The answer to the last request; `None` if there was none.
    pub const fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }
}
