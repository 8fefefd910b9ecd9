//! Replies about consumers.
//!
//! Sources: nats-server `server/jetstream_api.go` (`JSApiConsumer…Response`), `server/consumer.go` (`ConsumerInfo`).

use std::time::Duration;

use serde::Serialize;

use super::envelope::Paged;
use crate::engine::consumer::config::ConsumerConfig;
use crate::engine::date_time::{DateTime, serialize_or_zero};
use crate::engine::duration::serialize_nanos;
use crate::engine::emit::{is_default, is_empty};
use crate::engine::time::Timestamp;

/// A consumer's configuration and state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerInfo {
    pub stream_name: String,
    pub name: String,
    pub created: Timestamp,
    pub config: ConsumerConfig,
    pub delivered: SequenceInfo,
    pub ack_floor: SequenceInfo,
    pub num_ack_pending: u64,
    pub num_redelivered: u64,
    pub num_waiting: u64,
    pub num_pending: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub push_bound: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub paused: bool,
    #[serde(skip_serializing_if = "is_default", serialize_with = "serialize_nanos")]
    pub pause_remaining: Duration,
    /// When this was said.
    pub ts: Timestamp,
    #[serde(skip_serializing_if = "is_empty")]
    pub priority_groups: Vec<PriorityGroupState>,
}

/// How far a consumer is, in its own sequence and in that of its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct SequenceInfo {
    pub consumer_seq: u64,
    pub stream_seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active: Option<Timestamp>,
}

/// Whom a priority group is pinned to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct PriorityGroupState {
    pub group: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_client_id: Option<String>,
    #[serde(serialize_with = "serialize_or_zero")]
    pub pinned_ts: Option<Timestamp>,
}

/// Of CONSUMER.CREATE and CONSUMER.INFO.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConsumerInfoReply {
    #[serde(flatten)]
    pub info: Option<ConsumerInfo>,
}

/// Of CONSUMER.NAMES.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConsumerNamesReply {
    #[serde(flatten)]
    pub paged: Paged,
    pub consumers: Vec<String>,
}

/// Of CONSUMER.LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConsumerListReply {
    #[serde(flatten)]
    pub paged: Paged,
    pub consumers: Vec<ConsumerInfo>,
}

/// Of CONSUMER.PAUSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PauseReply {
    pub paused: bool,
    /// Go's zero time if nothing was asked for.
    pub pause_until: DateTime,
    #[serde(skip_serializing_if = "is_default", serialize_with = "serialize_nanos")]
    pub pause_remaining: Duration,
}

impl Default for PauseReply {
    fn default() -> Self {
        Self { paused: false, pause_until: DateTime::ZERO, pause_remaining: Duration::ZERO }
    }
}

/// Of CONSUMER.RESET.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResetReply {
    #[serde(flatten)]
    pub info: Option<ConsumerInfo>,
    pub reset_seq: u64,
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{ReplyKind, reply};
    use super::*;
    use crate::engine::error::ApiError;

    #[test]
    fn errors_keep_what_go_does_not_leave_out() {
        fn of<B: Serialize + Default>() -> String {
            let json = reply::<B>(ReplyKind::default(), &Err(ApiError::BadRequest));
            let text = String::from_utf8(json).expect("JSON is text");
            text.split_once("\"bad request\"}").expect("the error").1.to_owned()
        }
        assert_eq!(of::<ConsumerInfoReply>(), "}");
        assert_eq!(of::<ConsumerNamesReply>(), r#","total":0,"offset":0,"limit":0,"consumers":[]}"#);
        assert_eq!(of::<PauseReply>(), r#","paused":false,"pause_until":"0001-01-01T00:00:00Z"}"#);
        assert_eq!(of::<ResetReply>(), r#","reset_seq":0}"#);
    }
}
