//! What a client sends to create or update a consumer.

use super::{AckPolicy, ConsumerAction, ConsumerConfig, DeliverPolicy, PriorityPolicy, ReplayPolicy};
use crate::engine::asset::Metadata;
use crate::engine::date_time::DateTime;
use crate::engine::error::ApiError;
use crate::engine::list::List;
use crate::engine::rng::Rng;
use crate::engine::stream::config::Retention;
use crate::engine::text_enum::text_enum;

text_enum! {
    /// A deliver policy without its start.
    pub enum DeliverPolicyName {
        #[default]
        All = "all",
        Last = "last",
        New = "new",
        ByStartSequence = "by_start_sequence",
        ByStartTime = "by_start_time",
        LastPerSubject = "last_per_subject",
    }
}

/// A request to create or update a consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateConsumerRequest {
    pub stream_name: String,
    pub config: ConsumerConfigRequest,
    pub action: ConsumerAction,
    /// Refuse what would silently be put right.
    pub pedantic: bool,
}

/// A consumer's configuration as it was sent: numbers as nats-server has them, so that 0 means unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerConfigRequest {
    pub durable_name: String,
    pub name: String,
    pub description: String,
    pub deliver_policy: DeliverPolicyName,
    pub opt_start_seq: u64,
    pub opt_start_time: Option<DateTime>,
    pub ack_policy: AckPolicy,
    pub ack_wait_ns: i64,
    pub max_deliver: i64,
    pub backoff_ns: List<i64>,
    pub filter_subject: String,
    pub filter_subjects: List<String>,
    pub replay_policy: ReplayPolicy,
    pub rate_limit_bps: u64,
    pub sample_freq: String,
    pub max_waiting: i64,
    pub max_ack_pending: i64,
    pub flow_control: bool,
    pub headers_only: bool,
    pub max_batch: i64,
    pub max_expires_ns: i64,
    pub max_bytes: i64,
    pub deliver_subject: String,
    pub deliver_group: String,
    pub idle_heartbeat_ns: i64,
    pub inactive_threshold_ns: i64,
    pub num_replicas: i64,
    pub mem_storage: bool,
    pub direct: bool,
    pub sourcing: bool,
    pub metadata: Metadata,
    pub pause_until: Option<DateTime>,
    pub priority_groups: List<String>,
    pub priority_policy: PriorityPolicy,
    pub priority_timeout_ns: i64,
}

/// The subject that a request to create a consumer came on, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateSubject<'a> {
    /// `CONSUMER.CREATE.<stream>.<name>`, perhaps with a filter behind it.
    Named { stream: &'a str, name: &'a str, filter: Option<&'a str> },
    /// `CONSUMER.CREATE.<stream>`, as clients asked for ephemerals before 2.9.
    Ephemeral { stream: &'a str },
    /// `CONSUMER.DURABLE.CREATE.<stream>.<name>`, as they asked for durables.
    Durable { stream: &'a str, name: &'a str },
}

impl CreateConsumerRequest {
    /// Holds the request against its subject. The name in the subject becomes that of the consumer.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `jsConsumerCreateRequest`; all of them come before the stream
    /// is looked for.
    pub fn check_subject(&mut self, subject: CreateSubject<'_>) -> Result<(), ApiError> {
        let (stream, name) = match subject {
            CreateSubject::Named { stream, name, .. } | CreateSubject::Durable { stream, name } => (stream, name),
            CreateSubject::Ephemeral { stream } => (stream, &*self.config.name),
        };
        if stream != self.stream_name {
            return Err(ApiError::StreamMismatch);
        }
        if name.contains(['\\', '/']) {
            return Err(ApiError::ConsumerNameContainsPathSeparators);
        }
        match subject {
            CreateSubject::Ephemeral { .. } => self.check_ephemeral()?,
            CreateSubject::Durable { name, .. } => self.check_durable(name)?,
            CreateSubject::Named { name, filter, .. } => self.check_named(name, filter)?,
        }
        if self.config.num_replicas > 1 {
            return Err(ApiError::StreamReplicasNotSupported);
        }
        Ok(())
    }

    fn check_ephemeral(&self) -> Result<(), ApiError> {
        if self.config.durable_name.is_empty() { Ok(()) } else { Err(ApiError::ConsumerEphemeralWithDurableName) }
    }

    fn check_durable(&mut self, name: &str) -> Result<(), ApiError> {
        if self.config.durable_name.is_empty() {
            return Err(ApiError::ConsumerDurableNameNotSet);
        }
        if self.config.durable_name != name {
            return Err(ApiError::ConsumerDurableNameNotMatchSubject);
        }
        name.clone_into(&mut self.config.name);
        Ok(())
    }

    fn check_named(&mut self, name: &str, filter: Option<&str>) -> Result<(), ApiError> {
        if !self.config.durable_name.is_empty() && self.config.durable_name != name {
            return Err(ApiError::ConsumerDurableNameNotMatchSubject);
        }
        name.clone_into(&mut self.config.name);
        let Some(filter) = filter else { return Ok(()) };
        if !self.config.filter_subjects.is_empty() {
            return Err(ApiError::ConsumerMultipleFiltersNotAllowed);
        }
        if self.config.filter_subject != filter {
            return Err(ApiError::ConsumerCreateFilterSubjectMismatch);
        }
        Ok(())
    }

    /// Makes the consumer that another server would source by what this stream needs: one that acks where acks remove
    /// messages, one of a name of its own elsewhere.
    pub fn adapt_sourcing(&mut self, retention: Retention, rng: &mut Rng) {
        let config = &mut self.config;
        if !config.direct || !config.sourcing || config.name.is_empty() {
            return;
        }
        if retention == Retention::Limits {
            config.name = format!("{}-{}", config.name, rng.base62(8));
        } else {
            config.direct = false;
            config.durable_name.clone_from(&config.name);
            config.ack_policy = AckPolicy::FlowControl;
            config.ack_wait_ns = 0;
            config.max_deliver = 0;
            config.inactive_threshold_ns = 0;
        }
    }
}

impl ConsumerConfigRequest {
    /// Takes over from a consumer that exists what a request cannot change, and need not repeat: until when it is
    /// paused, and where a durable that feeds another stream begins.
    pub fn adopt(&mut self, existing: &ConsumerConfig) {
        self.pause_until = existing.pause_until;
        if !self.sourcing || self.durable_name.is_empty() {
            return;
        }
        self.deliver_policy = existing.deliver_policy.name();
        (self.opt_start_seq, self.opt_start_time) = match existing.deliver_policy {
            DeliverPolicy::ByStartSequence(seq) => (seq, None),
            DeliverPolicy::ByStartTime(time) => (0, Some(time)),
            _ => (0, None),
        };
    }
}

/// The API level that a server needs for all that the consumer does.
pub(super) fn required_level(ack_policy: AckPolicy, pause_until: Option<DateTime>, has_priority: bool) -> u8 {
    let is_paused = pause_until.is_some_and(|until| !until.is_zero());
    match ack_policy {
        AckPolicy::FlowControl => 4,
        _ => u8::from(is_paused || has_priority),
    }
}
