//! A client that publishes: by hand, or every so often by a script.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::api::json::{object, unmarshal};
use crate::engine::api::wire::ErrorBlock;
use crate::engine::message::Headers;
use crate::engine::rng::Rng;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;
use crate::sim::client::{ReceivedMessage, write_pub, write_sub};
use crate::sim::template::expand;
use crate::texts::scenario as texts;

/// Publishes that wait for their PubAck at most; beyond, the oldest is given up.
const MAX_UNANSWERED: usize = 1_000;

/// What a publisher sends. Its texts may have blanks, see [`crate::sim::template`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Draft {
    pub subject: String,
    pub payload: String,
    /// Empty: no `Nats-Msg-Id`.
    pub msg_id: String,
    pub headers: Vec<(String, String)>,
}

impl Draft {
    /// Those that may have blanks.
    pub fn texts(&self) -> [&str; 3] {
        [&self.subject, &self.payload, &self.msg_id]
    }
}

/// What a publisher sends, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PublisherScript {
    pub draft: Draft,
    /// `None`: only by hand.
    pub every: Option<Duration>,
    /// How many messages the script sends; `None`: without end.
    pub count: Option<u64>,
}

/// What came back for a publish.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PubAck {
    Stored {
        stream: String,
        seq: u64,
    },
    Duplicate {
        stream: String,
        seq: u64,
    },
    Refused {
        err_code: u16,
        description: String,
    },
    /// Nothing in the answer: a batch took the message, and is not committed yet.
    Staged,
    /// No stream listens on the subject.
    NoResponders,
}

/// A publish and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Published {
    pub number: u64,
    pub subject: String,
    pub msg_id: String,
    pub ack: Option<PubAck>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Publisher {
    pub script: PublisherScript,
    /// The script stands still.
    pub is_paused: bool,
    inbox: String,
    /// Messages sent so far; numbers the next one.
    sent: u64,
    sent_by_script: u64,
    next_at: Option<Timestamp>,
    unanswered: VecDeque<Published>,
    last: Option<Published>,
    last_error: Option<String>,
}

/// The body of a PubAck.
#[derive(Default)]
struct AckBody {
    stream: String,
    seq: u64,
    duplicate: bool,
    error: Option<ErrorBlock>,
}

object! {
    AckBody as "client.PubAck" {
        "stream" => string(stream),
        "seq" => uint64(seq),
        "duplicate" => boolean(duplicate),
        "error" => pointer(error),
    }
}

impl Publisher {
    pub fn new(now: Timestamp, script: PublisherScript) -> Self {
        let next_at = script.every.map(|every| now + every);
        Self {
            script,
            is_paused: false,
            inbox: String::new(),
            sent: 0,
            sent_by_script: 0,
            next_at,
            unanswered: VecDeque::new(),
            last: None,
            last_error: None,
        }
    }

    /// The last publish that was answered, or that waits for its answer if none was.
    pub fn last(&self) -> Option<&Published> {
        self.last.as_ref().or(self.unanswered.back())
    }

    /// What the connection was told last by `-ERR`.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Replaces the script. Another interval or count starts anew; another draft alone does not.
    pub fn set_script(&mut self, now: Timestamp, script: PublisherScript) {
        if (script.every, script.count) != (self.script.every, self.script.count) {
            self.next_at = script.every.map(|every| now + every);
            self.sent_by_script = 0;
        }
        self.script = script;
    }

    pub fn set_draft(&mut self, draft: Draft) {
        self.script.draft = draft;
    }

    /// Stops and continues the script.
    pub fn set_paused(&mut self, now: Timestamp, is_paused: bool) {
        if self.is_paused && !is_paused {
            self.next_at = self.script.every.map(|every| now + every);
        }
        self.is_paused = is_paused;
    }

    pub(super) fn handle_connected(&mut self, conn: ConnId, out: &mut Vec<u8>) {
        self.inbox = format!("_INBOX.p{}", conn.index());
        write_sub(out, &format!("{}.*", self.inbox), "1");
    }

    /// Sends one message by the script's templates.
    pub fn publish(&mut self, rng: &mut Rng, out: &mut Vec<u8>) {
        self.sent += 1;
        let number = self.sent;
        let draft = &self.script.draft;
        let subject = expand(&draft.subject, number, rng);
        let payload = expand(&draft.payload, number, rng);
        let msg_id = expand(&draft.msg_id, number, rng);
        let mut headers = draft.headers.clone();
        if !msg_id.is_empty() {
            headers.push(("Nats-Msg-Id".to_owned(), msg_id.clone()));
        }
        let reply = format!("{}.{number}", self.inbox);
        write_pub(out, subject.as_bytes(), reply.as_bytes(), &headers, payload.as_bytes());
        if self.unanswered.len() >= MAX_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.last = None;
        self.last_error = None;
        self.unanswered.push_back(Published { number, subject, msg_id, ack: None });
    }

    pub(super) fn handle_message(&mut self, message: &ReceivedMessage) {
        let number =
            message.subject.rsplit(|byte| *byte == b'.').next().and_then(|token| std::str::from_utf8(token).ok());
        let number = number.and_then(|number| number.parse::<u64>().ok());
        let Some(at) = self.unanswered.iter().position(|published| Some(published.number) == number) else { return };
        let Some(mut published) = self.unanswered.remove(at) else { return };
        published.ack = Some(read_ack(message));
        self.last = Some(published);
    }

    pub(super) fn handle_error(&mut self, text: String) {
        self.last_error = Some(text);
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let is_done = self.script.count.is_some_and(|count| self.sent_by_script >= count);
        if self.is_paused || is_done { None } else { self.next_at }
    }

    pub(super) fn handle_due(&mut self, now: Timestamp, rng: &mut Rng, out: &mut Vec<u8>) {
        self.next_at = self.script.every.map(|every| now + every);
        self.sent_by_script += 1;
        self.publish(rng, out);
    }
}

fn read_ack(message: &ReceivedMessage) -> PubAck {
    if Headers::new(&message.headers).status().is_some_and(|status| status.starts_with(b"503")) {
        return PubAck::NoResponders;
    }
    if message.payload.is_empty() {
        return PubAck::Staged;
    }
    match unmarshal::<AckBody>(&message.payload) {
        Ok(AckBody { error: Some(error), .. }) => {
            PubAck::Refused { err_code: u16::try_from(error.err_code).unwrap_or(0), description: error.description }
        }
        Ok(AckBody { stream, seq, duplicate: true, .. }) => PubAck::Duplicate { stream, seq },
        Ok(AckBody { stream, seq, .. }) => PubAck::Stored { stream, seq },
        // A core subscriber answered instead of a stream.
        Err(_) => PubAck::Refused { err_code: 0, description: texts::ANSWER_NO_PUBACK.to_owned() },
    }
}
