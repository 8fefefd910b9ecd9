//! Answers to publications.
//!
//! Unlike replies they have no `type`. Those of success are put together from pieces, as the server does it, with texts
//! quoted as Go's `%q` does. Source: nats-server `server/stream.go` (`JSPubAckResponse`, `BatchFlowAck`).

use std::fmt::{self, Write};

use serde::Serialize;

use crate::engine::api::json::to_json;
use crate::engine::error::ApiError;
use crate::engine::quote::quote;

/// The message was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PubAck<'a> {
    pub stream: &'a str,
    pub domain: Option<&'a str>,
    pub seq: u64,
    pub detail: PubAckDetail<'a>,
}

/// What else there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PubAckDetail<'a> {
    None,
    /// The message is the one of `seq`.
    Duplicate,
    /// What a counter now counts.
    Counter(&'a str),
    Batch {
        id: &'a [u8],
        count: u64,
    },
    DuplicateBatch {
        id: &'a [u8],
        count: u64,
    },
}

impl PubAck<'_> {
    /// The JSON of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = String::with_capacity(128);
        self.write(&mut json).expect("a text takes anything");
        json.into_bytes()
    }

    fn write(&self, json: &mut String) -> fmt::Result {
        write!(json, "{{\"stream\":{}", quote(self.stream.as_bytes()))?;
        if let Some(domain) = self.domain {
            write!(json, ",\"domain\":{}", quote(domain.as_bytes()))?;
        }
        write!(json, ",\"seq\":{}", self.seq)?;
        if matches!(self.detail, PubAckDetail::Duplicate | PubAckDetail::DuplicateBatch { .. }) {
            json.write_str(",\"duplicate\": true")?;
        }
        match self.detail {
            PubAckDetail::None | PubAckDetail::Duplicate => {}
            PubAckDetail::Counter(value) => write!(json, ",\"val\":{}", quote(value.as_bytes()))?,
            PubAckDetail::Batch { id, count } | PubAckDetail::DuplicateBatch { id, count } => {
                write!(json, ",\"batch\":{},\"count\":{count}", quote(id))?;
            }
        }
        json.write_str("}")
    }
}

/// The JSON of the answer to a message that was refused.
pub fn pub_ack_error(stream: &str, error: &ApiError) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        error: &'a ApiError,
        stream: &'a str,
        seq: u64,
    }
    to_json(&Shape { error, stream, seq: 0 })
}

/// In a fast batch: all is stored up to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "ack")]
pub struct FlowAck {
    pub seq: u64,
    /// There is an answer every so many messages.
    pub msgs: u16,
}

/// In a fast batch: messages are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "gap")]
pub struct FlowGap {
    /// The first that is missing.
    pub last_seq: u64,
    /// The one that came instead.
    pub seq: u64,
}

/// In a fast batch: a message was refused.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "err")]
pub struct FlowError {
    pub seq: u64,
    pub error: ApiError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_written_as_the_server_writes_them() {
        let plain = PubAck { stream: "T", domain: None, seq: 5, detail: PubAckDetail::None };
        for (ack, json) in [
            (plain, r#"{"stream":"T","seq":5}"#),
            (PubAck { domain: Some("hub"), ..plain }, r#"{"stream":"T","domain":"hub","seq":5}"#),
            (PubAck { stream: "a<\"b", ..plain }, r#"{"stream":"a<\"b","seq":5}"#),
            (PubAck { detail: PubAckDetail::Duplicate, ..plain }, r#"{"stream":"T","seq":5,"duplicate": true}"#),
            (PubAck { detail: PubAckDetail::Counter("123"), ..plain }, r#"{"stream":"T","seq":5,"val":"123"}"#),
            (
                PubAck { detail: PubAckDetail::Batch { id: b"x", count: 3 }, ..plain },
                r#"{"stream":"T","seq":5,"batch":"x","count":3}"#,
            ),
            (
                PubAck { detail: PubAckDetail::DuplicateBatch { id: b"x", count: 3 }, ..plain },
                r#"{"stream":"T","seq":5,"duplicate": true,"batch":"x","count":3}"#,
            ),
        ] {
            assert_eq!(String::from_utf8(ack.to_json()).expect("JSON is text"), json);
        }
        let error = pub_ack_error("T<", &ApiError::StreamSealed);
        assert_eq!(
            String::from_utf8(error).expect("JSON is text"),
            concat!(
                r#"{"error":{"code":400,"err_code":10109,"description":"invalid operation on sealed stream"},"#,
                r#""stream":"T\u003c","seq":0}"#,
            )
        );
    }

    #[test]
    fn a_fast_batch_is_answered_as_the_server_does() {
        let json = |value: &dyn Fn() -> Vec<u8>| String::from_utf8(value()).expect("JSON is text");
        assert_eq!(json(&|| to_json(&FlowAck { seq: 0, msgs: 10 })), r#"{"type":"ack","seq":0,"msgs":10}"#);
        assert_eq!(json(&|| to_json(&FlowGap { last_seq: 2, seq: 4 })), r#"{"type":"gap","last_seq":2,"seq":4}"#);
        assert_eq!(
            json(&|| to_json(&FlowError { seq: 2, error: ApiError::StreamSealed })),
            concat!(
                r#"{"type":"err","seq":2,"error":{"code":400,"err_code":10109,"#,
                r#""description":"invalid operation on sealed stream"}}"#,
            )
        );
    }
}
