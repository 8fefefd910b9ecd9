//! What a consumer is told to do.
//!
//! A [`CreateConsumerRequest`] holds what a client sent, magic numbers and all. [`ConsumerConfigRequest::checked`]
//! alone makes a [`ConsumerConfig`]. The order of all rules, those of the stream included, is that of nats-server:
//! [`CreateConsumerRequest::check_subject`] · the stream exists · [`CreateConsumerRequest::adapt_sourcing`] · if the
//! consumer exists, [`ConsumerConfigRequest::adopt`] · `checked` ·
//!
//! * if the consumer exists: for action `create`, `==` decides · overlap on a work queue ·
//!   [`ConsumerConfig::check_update`]
//! * if not: action `update` fails · number of consumers · rules of work queues · [`ConsumerConfig::check_name_len`] ·
//!   [`ConsumerConfig::fill_new_ephemeral`]
//!
//! Sources: nats-server `server/consumer.go` (`setConsumerConfigDefaults`, `checkConsumerCfg`,
//! `checkNewConsumerConfig`), `server/jetstream_api.go` (`jsConsumerCreateRequest`), ADR-13, ADR-15, ADR-42.

mod check;
mod request;
#[cfg(test)]
mod tests;
mod update;

use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::engine::asset::{Metadata, set_required_level, with_server_keys};
use crate::engine::bound::Bound;
use crate::engine::date_time::DateTime;
use crate::engine::duration::{serialize_list_of_nanos, serialize_nanos_or_zero};
use crate::engine::emit::{is_default, is_empty, limit};
use crate::engine::list::List;
use crate::engine::subject::SubjectFilter;
use crate::engine::text_enum::text_enum;

pub use check::{ConsumerConfigLimits, check_group_name};
pub use request::{ConsumerConfigRequest, CreateConsumerRequest, CreateSubject, DeliverPolicyName};

text_enum! {
    /// Which deliveries have to be acked.
    pub enum AckPolicy {
        #[default]
        None = "none",
        /// An ack stands for all messages before it.
        All = "all",
        Explicit = "explicit",
        /// As `All`, by the replies to flow control.
        FlowControl = "flow_control",
    }
}

text_enum! {
    /// How fast stored messages are delivered.
    pub enum ReplayPolicy {
        #[default]
        Instant = "instant",
        /// With the pauses between which they were stored.
        Original = "original",
    }
}

text_enum! {
    /// Whom the messages of a pull consumer go to (ADR-42).
    pub enum PriorityPolicy {
        #[default]
        None = "none",
        /// To those whose threshold is reached.
        Overflow = "overflow",
        /// To one client as long as it asks.
        PinnedClient = "pinned_client",
        /// To those that ask with the lowest number.
        Prioritized = "prioritized",
    }
}

text_enum! {
    /// What a request to create a consumer may do.
    pub enum ConsumerAction {
        #[default]
        CreateOrUpdate = "",
        Create = "create",
        Update = "update",
    }
}

/// Where a consumer begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeliverPolicy {
    #[default]
    All,
    Last,
    New,
    ByStartSequence(u64),
    ByStartTime(DateTime),
    LastPerSubject,
}

impl DeliverPolicy {
    pub const fn name(self) -> DeliverPolicyName {
        match self {
            Self::All => DeliverPolicyName::All,
            Self::Last => DeliverPolicyName::Last,
            Self::New => DeliverPolicyName::New,
            Self::ByStartSequence(_) => DeliverPolicyName::ByStartSequence,
            Self::ByStartTime(_) => DeliverPolicyName::ByStartTime,
            Self::LastPerSubject => DeliverPolicyName::LastPerSubject,
        }
    }
}

/// As three fields of the configuration.
impl Serialize for DeliverPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("DeliverPolicy", 3)?;
        fields.serialize_field("deliver_policy", &self.name())?;
        match self {
            Self::ByStartSequence(seq) => fields.serialize_field("opt_start_seq", seq)?,
            Self::ByStartTime(time) => fields.serialize_field("opt_start_time", time)?,
            Self::All | Self::Last | Self::New | Self::LastPerSubject => {}
        }
        fields.end()
    }
}

/// The configuration of a consumer, valid and with its defaults filled in.
///
/// Serialises as the server writes it, in its order of fields. Equal if the server would find it equal where a consumer
/// is created twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ConsumerConfig {
    /// Set for durables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable_name: Option<String>,
    /// Not set where the server made the name up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(flatten)]
    pub deliver_policy: DeliverPolicy,
    pub ack_policy: AckPolicy,
    /// The first of `backoff`, if there is one. May be set, and unused, without acks.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_nanos_or_zero")]
    pub ack_wait: Option<Duration>,
    #[serde(serialize_with = "limit")]
    pub max_deliver: Option<u64>,
    #[serde(skip_serializing_if = "is_empty", serialize_with = "serialize_list_of_nanos")]
    pub backoff: List<Duration>,
    /// Never set together with `filter_subjects`; see [`filters`](Self::filters).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_subject: Option<SubjectFilter>,
    #[serde(skip_serializing_if = "is_empty")]
    pub filter_subjects: List<SubjectFilter>,
    pub replay_policy: ReplayPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_bps: Option<u64>,
    /// As it was written; see [`sample_percent`](Self::sample_percent).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sample_freq: String,
    /// How many pull requests may wait; `None` for push consumers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_waiting: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub max_ack_pending: Bound,
    #[serde(skip_serializing_if = "is_default")]
    pub flow_control: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub headers_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_nanos_or_zero")]
    pub max_expires: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// A literal subject. Set for push consumers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_nanos_or_zero")]
    pub idle_heartbeat: Option<Duration>,
    /// In nanoseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub inactive_threshold: Bound,
    /// 0 means as many as the stream has.
    pub num_replicas: u8,
    #[serde(skip_serializing_if = "is_default")]
    pub mem_storage: bool,
    /// Hidden: the server's own, for mirrors and sources.
    #[serde(skip_serializing_if = "is_default")]
    pub direct: bool,
    /// Feeds another stream.
    #[serde(skip_serializing_if = "is_default")]
    pub sourcing: bool,
    /// Holds the required API level, but not the server's version; see [`ConsumerConfig::shown`].
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_until: Option<DateTime>,
    #[serde(skip_serializing_if = "is_empty")]
    pub priority_groups: List<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub priority_policy: PriorityPolicy,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_nanos_or_zero")]
    pub priority_timeout: Option<Duration>,
}

impl ConsumerConfig {
    /// The configuration as CREATE, INFO and RESET show it: with the server's version and level.
    #[must_use]
    pub fn shown(&self) -> Self {
        Self { metadata: with_server_keys(&self.metadata), ..self.clone() }
    }

    /// The configuration of the consumer once it is paused until `until`; Go's zero time lets it go on. The required
    /// API level follows.
    #[must_use]
    pub fn paused(&self, until: DateTime) -> Self {
        let mut config = self.clone();
        config.pause_until = Some(until.to_utc()).filter(|until| !until.is_zero());
        let level = config.required_level();
        set_required_level(&mut config.metadata, level);
        config
    }

    fn required_level(&self) -> u8 {
        let has_priority = self.priority_policy != PriorityPolicy::None
            || self.priority_timeout.is_some()
            || !self.priority_groups.is_empty();
        request::required_level(self.ack_policy, self.pause_until, has_priority)
    }

    pub fn is_durable(&self) -> bool {
        self.durable_name.is_some()
    }

    pub fn is_push(&self) -> bool {
        self.deliver_subject.is_some()
    }

    /// All filters; none means that every message of the stream is wanted.
    pub fn filters(&self) -> impl Iterator<Item = &SubjectFilter> + Clone {
        self.filter_subjects.iter().chain(&self.filter_subject)
    }

    /// How many of a hundred acks send a metric; 0 if none does.
    pub fn sample_percent(&self) -> i32 {
        // The server cuts the number to 32 bits.
        self.sample_number().map_or(0, |percent| percent as i32)
    }

    /// The number in `sample_freq`, if there is one.
    pub fn sample_number(&self) -> Option<i64> {
        self.sample_freq.strip_suffix('%').unwrap_or(&self.sample_freq).parse().ok()
    }
}
