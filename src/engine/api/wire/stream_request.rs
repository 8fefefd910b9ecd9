//! Requests about streams.
//!
//! Source: nats-server `server/jetstream_api.go` (`JSApi…Request`), `server/stream.go`.

use crate::engine::api::json::{Decoder, Fields, Object, Shape, object};
use crate::engine::date_time::DateTime;
use crate::engine::list::List;
use crate::engine::sorted_map::SortedMap;
use crate::engine::stream::config::{
    ConsumerLimits, ExternalStream, Placement, RePublishRequest, StreamConfigRequest, StreamConsumerSource,
    StreamSourceRequest, SubjectTransformRequest,
};

object! {
    StreamConfigRequest as "server.StreamConfigRequest" {
        "name" => string(name),
        "description" => string(description),
        "subjects" => strings(subjects),
        "retention" => word(retention),
        "max_consumers" => int(max_consumers),
        "max_msgs" => int64(max_msgs),
        "max_bytes" => int64(max_bytes),
        "max_age" => duration(max_age_ns),
        "max_msgs_per_subject" => int64(max_msgs_per_subject),
        "max_msg_size" => int32(max_msg_size),
        "discard" => word(discard),
        "storage" => word(storage),
        "num_replicas" => int(num_replicas),
        "no_ack" => boolean(no_ack),
        "duplicate_window" => duration(duplicate_window_ns),
        "placement" => pointer(placement),
        "mirror" => pointer(mirror),
        "sources" => pointers(sources),
        "compression" => word(compression),
        "first_seq" => uint64(first_seq),
        "subject_transform" => pointer(subject_transform),
        "republish" => pointer(republish),
        "allow_direct" => boolean(allow_direct),
        "mirror_direct" => boolean(mirror_direct),
        "discard_new_per_subject" => boolean(discard_new_per_subject),
        "sealed" => boolean(sealed),
        "deny_delete" => boolean(deny_delete),
        "deny_purge" => boolean(deny_purge),
        "allow_rollup_hdrs" => boolean(allow_rollup_hdrs),
        "consumer_limits" => object(consumer_limits),
        "allow_msg_ttl" => boolean(allow_msg_ttl),
        "subject_delete_marker_ttl" => duration(subject_delete_marker_ttl_ns),
        "allow_msg_counter" => boolean(allow_msg_counter),
        "allow_atomic" => boolean(allow_atomic),
        "allow_msg_schedules" => boolean(allow_msg_schedules),
        "persist_mode" => word(persist_mode),
        "allow_batched" => boolean(allow_batched),
        "metadata" => string_map(metadata),
        "pedantic" => boolean(pedantic),
    }
}

object! {
    Placement as "server.Placement" {
        "cluster" => string(cluster),
        "tags" => strings(tags),
        "preferred" => string(preferred),
    }
}

object! {
    StreamSourceRequest as "server.StreamSource" {
        "name" => string(name),
        "opt_start_seq" => uint64(opt_start_seq),
        "opt_start_time" => time_pointer(opt_start_time),
        "filter_subject" => string(filter_subject),
        "subject_transforms" => objects(subject_transforms),
        "external" => pointer(external),
        "consumer" => pointer(consumer),
    }
}

object! {
    ExternalStream as "server.ExternalStream" {
        "api" => string(api),
        "deliver" => string(deliver),
    }
}

object! {
    StreamConsumerSource as "server.StreamConsumerSource" {
        "name" => string(name),
        "deliver_subject" => string(deliver_subject),
    }
}

object! {
    SubjectTransformRequest as "server.SubjectTransformConfig" {
        "src" => string(src),
        "dest" => string(dest),
    }
}

object! {
    RePublishRequest as "server.RePublish" {
        "src" => string(src),
        "dest" => string(dest),
        "headers_only" => boolean(headers_only),
    }
}

object! {
    ConsumerLimits as "server.StreamConsumerLimits" {
        "inactive_threshold" => duration_bound(inactive_threshold),
        "max_ack_pending" => int_bound(max_ack_pending),
    }
}

/// STREAM.NAMES.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamNamesRequest {
    pub offset: i64,
    /// Streams whose subjects collide with it.
    pub subject: String,
}

object! {
    StreamNamesRequest as "server.JSApiStreamNamesRequest" {
        "offset" => int(offset),
        "subject" => string(subject),
    }
}

/// STREAM.LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamListRequest {
    pub offset: i64,
    /// Streams whose subjects collide with it.
    pub subject: String,
}

object! {
    StreamListRequest as "server.JSApiStreamListRequest" {
        "offset" => int(offset),
        "subject" => string(subject),
    }
}

/// STREAM.INFO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamInfoRequest {
    /// Of the subjects.
    pub offset: i64,
    pub deleted_details: bool,
    pub subjects_filter: String,
}

object! {
    StreamInfoRequest as "server.JSApiStreamInfoRequest" {
        "offset" => int(offset),
        "deleted_details" => boolean(deleted_details),
        "subjects_filter" => string(subjects_filter),
    }
}

/// STREAM.PURGE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeRequest {
    /// Messages before this one go; 0 means all.
    pub seq: u64,
    pub filter: String,
    /// How many stay; 0 means none.
    pub keep: u64,
}

object! {
    PurgeRequest as "server.JSApiStreamPurgeRequest" {
        "seq" => uint64(seq),
        "filter" => string(filter),
        "keep" => uint64(keep),
    }
}

/// STREAM.MSG.GET and DIRECT.GET.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MsgGetRequest {
    pub seq: u64,
    pub last_by_subj: String,
    pub next_by_subj: String,
    pub batch: i64,
    pub max_bytes: i64,
    pub start_time: Option<DateTime>,
    pub multi_last: List<String>,
    pub up_to_seq: u64,
    pub up_to_time: Option<DateTime>,
    pub no_hdr: bool,
}

object! {
    MsgGetRequest as "server.JSApiMsgGetRequest" {
        "seq" => uint64(seq),
        "last_by_subj" => string(last_by_subj),
        "next_by_subj" => string(next_by_subj),
        "batch" => int(batch),
        "max_bytes" => int(max_bytes),
        "start_time" => time_pointer(start_time),
        "multi_last" => strings(multi_last),
        "up_to_seq" => uint64(up_to_seq),
        "up_to_time" => time_pointer(up_to_time),
        "no_hdr" => boolean(no_hdr),
    }
}

/// STREAM.MSG.DELETE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MsgDeleteRequest {
    pub seq: u64,
    /// Makes no difference in memory.
    pub no_erase: bool,
}

object! {
    MsgDeleteRequest as "server.JSApiMsgDeleteRequest" {
        "seq" => uint64(seq),
        "no_erase" => boolean(no_erase),
    }
}

/// STREAM.SNAPSHOT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotRequest {
    pub deliver_subject: String,
    pub no_consumers: bool,
    /// In bytes; 0 means the default.
    pub chunk_size: i64,
    /// In bytes; 0 means the default.
    pub window_size: i64,
    /// Whether to look at every message first.
    pub jsck: bool,
}

object! {
    SnapshotRequest as "server.JSApiStreamSnapshotRequest" {
        "deliver_subject" => string(deliver_subject),
        "no_consumers" => boolean(no_consumers),
        "chunk_size" => int(chunk_size),
        "window_size" => int(window_size),
        "jsck" => boolean(jsck),
    }
}

/// STREAM.RESTORE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreRequest {
    pub config: RestoreConfigRequest,
    /// Read, but not looked at.
    pub state: StreamStateRequest,
}

object! {
    RestoreRequest as "server.JSApiStreamRestoreRequest" {
        "config" => object(config),
        "state" => object(state),
    }
}

/// The configuration of a stream to restore, which cannot be pedantic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreConfigRequest(pub StreamConfigRequest);

impl Object for RestoreConfigRequest {
    const SHAPE: Shape = Shape {
        // All but the last, `pedantic`.
        fields: StreamConfigRequest::SHAPE.fields.split_last().expect("there are fields").1,
        ..Shape::new("server.StreamConfig")
    };
}

impl Fields for RestoreConfigRequest {
    fn decode_field(&mut self, place: usize, decoder: &mut Decoder<'_>) {
        self.0.decode_field(place, decoder);
    }
}

/// What a stream to restore held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamStateRequest {
    pub messages: u64,
    pub bytes: u64,
    pub first_seq: u64,
    pub first_ts: DateTime,
    pub last_seq: u64,
    pub last_ts: DateTime,
    pub num_subjects: i64,
    pub subjects: SortedMap<String, u64>,
    pub num_deleted: i64,
    pub deleted: List<u64>,
    pub lost: Option<LostDataRequest>,
    pub consumer_count: i64,
}

impl Default for StreamStateRequest {
    fn default() -> Self {
        Self {
            messages: 0,
            bytes: 0,
            first_seq: 0,
            first_ts: DateTime::ZERO,
            last_seq: 0,
            last_ts: DateTime::ZERO,
            num_subjects: 0,
            subjects: SortedMap::new(),
            num_deleted: 0,
            deleted: List::ABSENT,
            lost: None,
            consumer_count: 0,
        }
    }
}

object! {
    StreamStateRequest as "server.StreamState" {
        "messages" => uint64(messages),
        "bytes" => uint64(bytes),
        "first_seq" => uint64(first_seq),
        "first_ts" => time(first_ts),
        "last_seq" => uint64(last_seq),
        "last_ts" => time(last_ts),
        "num_subjects" => int(num_subjects),
        "subjects" => uint64_map(subjects),
        "num_deleted" => int(num_deleted),
        "deleted" => uint64s(deleted),
        "lost" => pointer(lost),
        "consumer_count" => int(consumer_count),
    }
}

/// Messages that a file store lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostDataRequest {
    pub msgs: List<u64>,
    pub bytes: u64,
}

object! {
    LostDataRequest as "server.LostStreamData" {
        "msgs" => uint64s(msgs),
        "bytes" => uint64(bytes),
    }
}
