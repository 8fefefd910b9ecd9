//! Replies about streams and the account.
//!
//! Sources: nats-server `server/jetstream_api.go` (`JSApi…Response`), `server/stream.go` (`StreamInfo`),
//! `server/store.go` (`StreamState`), `server/jetstream.go` (`JetStreamAccountStats`).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::base64::Base64;
use super::envelope::Paged;
use super::sourcing::ErrorBlock;
use crate::engine::api::json::Text;
use crate::engine::asset::API_LEVEL;
use crate::engine::date_time::serialize_or_zero;
use crate::engine::emit::{is_default, is_empty, limit};
use crate::engine::list::List;
use crate::engine::sorted_map::SortedMap;
use crate::engine::stream::config::{ExternalStream, StreamConfig};
use crate::engine::time::Timestamp;
use crate::engine::transform::SubjectTransform;

/// A stream's configuration and state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamInfo {
    pub config: StreamConfig,
    pub created: Timestamp,
    pub state: StreamState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<StreamSourceInfo>,
    #[serde(skip_serializing_if = "is_empty")]
    pub sources: Vec<StreamSourceInfo>,
    /// When this was said.
    pub ts: Timestamp,
}

/// What a stream holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamState {
    pub messages: u64,
    pub bytes: u64,
    pub first_seq: u64,
    #[serde(serialize_with = "serialize_or_zero")]
    pub first_ts: Option<Timestamp>,
    pub last_seq: u64,
    #[serde(serialize_with = "serialize_or_zero")]
    pub last_ts: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_default")]
    pub num_subjects: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub subjects: SubjectCounts,
    #[serde(skip_serializing_if = "is_default")]
    pub num_deleted: u64,
    #[serde(skip_serializing_if = "is_empty")]
    pub deleted: Vec<u64>,
    pub consumer_count: u64,
}

/// How many messages each subject has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectCounts(pub SortedMap<Vec<u8>, u64>);

impl Serialize for SubjectCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (subject, count) in self.0.iter() {
            map.serialize_entry(&Text(subject), count)?;
        }
        map.end()
    }
}

/// Where a stream lives: on this one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterInfo {
    pub leader: String,
}

/// How a mirror or source is getting on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamSourceInfo {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalStream>,
    /// How many messages behind.
    pub lag: u64,
    /// The origin's last sequence that was taken. Mirrors leave it at 0, as theirs is the same as the origin's.
    #[serde(skip_serializing_if = "is_default")]
    pub seq: u64,
    /// Since the last contact; `None` if there was none yet, which is written as -1.
    #[serde(rename = "active", serialize_with = "limit")]
    pub active_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBlock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_subject: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    pub subject_transforms: List<SubjectTransform>,
}

/// Of STREAM.CREATE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateReply {
    #[serde(flatten)]
    pub info: Option<StreamInfo>,
    #[serde(skip_serializing_if = "is_default")]
    pub did_create: bool,
}

/// Of STREAM.UPDATE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateReply {
    #[serde(flatten)]
    pub info: Option<StreamInfo>,
}

/// Of STREAM.INFO. The page is one of subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamInfoReply {
    #[serde(flatten)]
    pub paged: Paged,
    #[serde(flatten)]
    pub info: Option<StreamInfo>,
}

/// Of STREAM.NAMES.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamNamesReply {
    #[serde(flatten)]
    pub paged: Paged,
    #[serde(serialize_with = "null_if_empty")]
    pub streams: Vec<String>,
}

fn null_if_empty<S: Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    if names.is_empty() { serializer.serialize_none() } else { names.serialize(serializer) }
}

/// Of STREAM.LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamListReply {
    #[serde(flatten)]
    pub paged: Paged,
    pub streams: Vec<StreamInfo>,
}

/// Of STREAM.PURGE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PurgeReply {
    #[serde(skip_serializing_if = "is_default")]
    pub success: bool,
    pub purged: u64,
}

/// Of STREAM.MSG.GET.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MsgGetReply<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<StoredMessage<'a>>,
}

/// A message as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredMessage<'a> {
    pub subject: &'a [u8],
    pub seq: u64,
    /// The header block; empty if there is none.
    pub hdrs: &'a [u8],
    pub data: &'a [u8],
    pub time: Timestamp,
}

impl Serialize for StoredMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            subject: Text<'a>,
            seq: u64,
            #[serde(skip_serializing_if = "is_default")]
            hdrs: Base64<'a>,
            #[serde(skip_serializing_if = "is_default")]
            data: Base64<'a>,
            time: Timestamp,
        }
        let Self { subject, seq, hdrs, data, time } = *self;
        Shape { subject: Text(subject), seq, hdrs: Base64(hdrs), data: Base64(data), time }.serialize(serializer)
    }
}

/// Of STREAM.SNAPSHOT, before the chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<StreamConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StreamState>,
}

/// Of STREAM.RESTORE, before the chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestoreReply {
    /// Where the chunks go.
    pub deliver_subject: String,
}

/// Of INFO.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountInfoReply {
    #[serde(flatten)]
    pub info: Option<AccountInfo>,
}

/// What the account uses, and what it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountInfo {
    /// Bytes in use.
    pub memory: u64,
    pub storage: u64,
    /// The sum of `max_bytes`.
    pub reserved_memory: u64,
    pub reserved_storage: u64,
    pub streams: u64,
    pub consumers: u64,
    pub limits: AccountLimits,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    pub api: ApiStats,
}

/// `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct AccountLimits {
    #[serde(serialize_with = "limit")]
    pub max_memory: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub max_storage: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub max_streams: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub max_consumers: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub max_ack_pending: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub memory_max_stream_bytes: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub storage_max_stream_bytes: Option<u64>,
    pub max_bytes_required: bool,
}

/// How often the API was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ApiStats {
    level: u8,
    pub total: u64,
    pub errors: u64,
}

impl ApiStats {
    pub const fn new(total: u64, errors: u64) -> Self {
        Self { level: API_LEVEL, total, errors }
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{ReplyKind, reply};
    use super::*;
    use crate::engine::api::json::to_json;
    use crate::engine::error::ApiError;

    #[test]
    fn errors_keep_what_go_does_not_leave_out() {
        fn of<B: Serialize + Default>() -> String {
            let json = reply::<B>(ReplyKind::default(), &Err(ApiError::BadRequest));
            let text = String::from_utf8(json).expect("JSON is text");
            text.split_once("\"bad request\"}").expect("the error").1.to_owned()
        }
        assert_eq!(of::<CreateReply>(), "}");
        assert_eq!(of::<StreamInfoReply>(), r#","total":0,"offset":0,"limit":0}"#);
        assert_eq!(of::<StreamNamesReply>(), r#","total":0,"offset":0,"limit":0,"streams":null}"#);
        assert_eq!(of::<StreamListReply>(), r#","total":0,"offset":0,"limit":0,"streams":[]}"#);
        assert_eq!(of::<PurgeReply>(), r#","purged":0}"#);
        assert_eq!(of::<RestoreReply>(), r#","deliver_subject":""}"#);
        assert_eq!(of::<MsgGetReply<'_>>(), "}");
    }

    #[test]
    fn a_message_is_written_without_what_it_lacks() {
        let message =
            StoredMessage { subject: b"a\xff", seq: 3, hdrs: b"", data: b"1", time: Timestamp::from_nanos(1) };
        let json = to_json(&MsgGetReply { message: Some(message) });
        assert_eq!(
            String::from_utf8(json).expect("JSON is text"),
            r#"{"message":{"subject":"a�","seq":3,"data":"MQ==","time":"1970-01-01T00:00:00.000000001Z"}}"#
        );
    }

    #[test]
    fn states_leave_out_what_is_empty() {
        let mut state = StreamState::default();
        let json = |state: &StreamState| String::from_utf8(to_json(state)).expect("JSON is text");
        assert_eq!(
            json(&state),
            concat!(
                r#"{"messages":0,"bytes":0,"first_seq":0,"first_ts":"0001-01-01T00:00:00Z","last_seq":0,"#,
                r#""last_ts":"0001-01-01T00:00:00Z","consumer_count":0}"#,
            )
        );
        state.subjects = SubjectCounts([(b"b".to_vec(), 1), (b"a>".to_vec(), 2)].into());
        assert!(json(&state).contains(r#""subjects":{"a\u003e":2,"b":1},"#));
        state.subjects.0.insert(b"c\xff".to_vec(), 3);
        assert!(json(&state).contains(r#""subjects":{"a\u003e":2,"b":1,"c�":3},"#));
    }
}
