//! What a client sends to create or update a stream.

use super::{
    Compression, ConsumerLimits, Discard, ExternalStream, PersistMode, Placement, Retention, Storage,
    StreamConsumerSource,
};
use crate::engine::asset::{Metadata, set_required_level};
use crate::engine::date_time::DateTime;
use crate::engine::error::ApiError;
use crate::engine::list::List;

/// A stream's configuration as it was sent: numbers as nats-server has them, so that -1 and 0 mean no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamConfigRequest {
    pub name: String,
    pub description: String,
    pub subjects: List<String>,
    pub retention: Retention,
    pub max_consumers: i64,
    pub max_msgs: i64,
    pub max_bytes: i64,
    pub max_age_ns: i64,
    pub max_msgs_per_subject: i64,
    pub max_msg_size: i32,
    pub discard: Discard,
    pub storage: Storage,
    pub num_replicas: i64,
    pub no_ack: bool,
    pub duplicate_window_ns: i64,
    pub placement: Option<Placement>,
    pub mirror: Option<StreamSourceRequest>,
    /// A `null` among the sources is `None`.
    pub sources: List<Option<StreamSourceRequest>>,
    pub compression: Compression,
    pub first_seq: u64,
    pub subject_transform: Option<SubjectTransformRequest>,
    pub republish: Option<RePublishRequest>,
    pub allow_direct: bool,
    pub mirror_direct: bool,
    pub discard_new_per_subject: bool,
    pub sealed: bool,
    pub deny_delete: bool,
    pub deny_purge: bool,
    pub allow_rollup_hdrs: bool,
    pub consumer_limits: ConsumerLimits,
    pub allow_msg_ttl: bool,
    pub subject_delete_marker_ttl_ns: i64,
    pub allow_msg_counter: bool,
    pub allow_atomic: bool,
    pub allow_msg_schedules: bool,
    pub persist_mode: PersistMode,
    pub allow_batched: bool,
    pub metadata: Metadata,
    /// Refuse what would silently be put right. Belongs to the request, not to the stream.
    pub pedantic: bool,
}

/// See [`StreamSource`](super::StreamSource).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSourceRequest {
    pub name: String,
    pub opt_start_seq: u64,
    pub opt_start_time: Option<DateTime>,
    pub filter_subject: String,
    pub subject_transforms: List<SubjectTransformRequest>,
    pub external: Option<ExternalStream>,
    pub consumer: Option<StreamConsumerSource>,
}

/// See [`SubjectTransform`](crate::engine::transform::SubjectTransform).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectTransformRequest {
    pub src: String,
    pub dest: String,
}

/// See [`RePublish`](super::RePublish).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RePublishRequest {
    pub src: String,
    pub dest: String,
    pub headers_only: bool,
}

impl StreamConfigRequest {
    /// What a creation looks at before the account's limits, `stream` being the name in the subject.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `jsStreamCreateRequest`.
    pub fn check_create(&mut self, stream: &str) -> Result<(), ApiError> {
        // Its bytes count among those of the metadata; `checked` knows which level it is.
        set_required_level(&mut self.metadata, 0);
        if self.name != stream {
            return Err(ApiError::StreamMismatch);
        }
        if stream.contains(['\\', '/']) {
            return Err(ApiError::StreamNameContainsPathSeparators);
        }
        if self.sealed {
            return Err(ApiError::invalid_config("stream configuration for create can not be sealed"));
        }
        if self.mirror_direct && self.mirror.is_none() {
            return Err(ApiError::invalid_config("stream has no mirror but does have mirror direct"));
        }
        Ok(())
    }
}
