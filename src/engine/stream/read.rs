//! Reading single messages: `STREAM.MSG.GET`, and what direct get shares with it.
//!
//! Source: nats-server `server/jetstream_api.go` (`jsMsgGetRequest`).

use super::Stream;
use crate::engine::store::StoredMessage;
use crate::engine::subject::{SubjectFilter, is_literal};
use crate::engine::time::Timestamp;

/// Which message is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageSelector {
    Seq(u64),
    /// The newest one on a subject, which may have wildcards.
    LastBySubject(String),
    /// The first one on a subject with at least this sequence.
    NextBySubject(String, u64),
    /// The first one that is not older.
    Since(Timestamp),
    /// The first one on a subject that is not older.
    NextSince(String, Timestamp),
}

/// A message that was found.
pub type FoundMessage<'a> = StoredMessage<'a>;

impl Stream {
    pub fn find_message(&self, selector: &MessageSelector) -> Option<FoundMessage<'_>> {
        let seq = match selector {
            MessageSelector::Seq(seq) => *seq,
            MessageSelector::LastBySubject(subject) => self.last_matching(subject.as_bytes())?,
            MessageSelector::NextBySubject(subject, from) => self.next_matching(subject, *from)?,
            MessageSelector::Since(time) => self.store.first_at_or_after(*time)?,
            MessageSelector::NextSince(subject, time) => {
                self.next_matching(subject, self.store.first_at_or_after(*time)?)?
            }
        };
        self.store.get(seq)
    }

    /// The newest message whose subject `subject` covers, which may have wildcards.
    ///
    /// As in the real server's memory store, `>` asks for the last sequence and finds nothing if that is gone.
    pub(super) fn last_matching(&self, subject: &[u8]) -> Option<u64> {
        if subject == b">" {
            return Some(self.store.last_seq()).filter(|seq| self.store.contains(*seq));
        }
        if is_literal(subject) {
            return self.store.last_of(subject);
        }
        let filter = SubjectFilter::new(std::str::from_utf8(subject).ok()?)?;
        self.store.last_match(&[filter], u64::MAX)
    }

    /// The oldest message whose subject `subject` covers.
    pub(super) fn first_matching(&self, subject: &[u8]) -> Option<u64> {
        self.next_matching(std::str::from_utf8(subject).ok()?, self.store.first_seq())
    }

    fn next_matching(&self, subject: &str, from: u64) -> Option<u64> {
        let filter = SubjectFilter::new(subject)?;
        let mut cursor = crate::engine::store::Cursor::new(std::slice::from_ref(&filter));
        self.store.next(&mut cursor, from)
    }
}
