//! What a stream is told to do.
//!
//! A [`StreamConfigRequest`] holds what a client sent, magic numbers and all. [`StreamConfigRequest::checked`] alone
//! makes a [`StreamConfig`], which follows every rule that needs no other stream than the origins of mirrors and
//! sources. The order of all rules, those of the account included, is that of nats-server:
//!
//! * create: [`StreamConfigRequest::check_create`] · account limits · `checked` · [`StreamConfig::check_replicas`] ·
//!   if the stream exists, `==` decides · account limits · [`StreamConfig::check_source_filters`] · overlap with other
//!   streams
//! * update: `checked` · name in the subject · the stream exists · [`StreamConfig::check_update`] · account limits ·
//!   limits of the stream's consumers · overlap with other streams
//!
//! Sources: nats-server `server/stream.go` (`StreamConfig`, `checkStreamCfg`, `configUpdateCheck`).

mod check;
mod request;
mod sourcing;
#[cfg(test)]
mod tests;
mod update;

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::engine::asset::{Metadata, with_server_keys};
use crate::engine::bound::Bound;
use crate::engine::date_time::DateTime;
use crate::engine::duration::serialize_nanos_or_zero;
use crate::engine::emit::{is_default, is_empty, limit};
use crate::engine::list::List;
use crate::engine::rng::Rng;
use crate::engine::subject::SubjectFilter;
use crate::engine::text_enum::text_enum;
use crate::engine::transform::SubjectTransform;

pub use check::ConfigLimits;
pub use request::{RePublishRequest, StreamConfigRequest, StreamSourceRequest, SubjectTransformRequest};

text_enum! {
    /// What removes messages, besides limits.
    pub enum Retention {
        /// Nothing.
        #[default]
        Limits = "limits",
        /// The acks of all consumers whose filter covers the message.
        Interest = "interest",
        /// The ack of the one consumer whose filter covers the message.
        WorkQueue = "workqueue",
    }
}

text_enum! {
    /// What gives way when a limit is reached.
    pub enum Discard {
        /// The oldest messages.
        #[default]
        Old = "old",
        /// The message that comes in.
        New = "new",
    }
}

text_enum! {
    /// Where messages are kept. Here they always are in memory, but count for what they would take in a file.
    pub enum Storage {
        #[default]
        File = "file",
        Memory = "memory",
    }
}

text_enum! {
    /// How a file store packs its blocks. Noted, and means nothing here.
    pub enum Compression {
        #[default]
        None = "none",
        S2 = "s2",
    }
}

text_enum! {
    /// When a file store writes. Noted, and means nothing here.
    pub enum PersistMode {
        #[default]
        Default = "default",
        Async = "async",
    }
}

/// The configuration of a stream, valid and with its defaults filled in.
///
/// Serialises as the server writes it, in its order of fields. Equal if the server would find it equal where a stream
/// is created twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct StreamConfig {
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Overlap neither one another nor those of other streams. Empty for mirrors and streams that only source.
    #[serde(skip_serializing_if = "is_empty")]
    pub subjects: List<SubjectFilter>,
    pub retention: Retention,
    #[serde(serialize_with = "limit")]
    pub max_consumers: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub max_msgs: Option<u64>,
    #[serde(serialize_with = "limit")]
    pub max_bytes: Option<u64>,
    #[serde(serialize_with = "serialize_nanos_or_zero")]
    pub max_age: Option<Duration>,
    #[serde(serialize_with = "limit")]
    pub max_msgs_per_subject: Option<u64>,
    /// Of headers and payload together, in bytes.
    #[serde(serialize_with = "limit")]
    pub max_msg_size: Option<u32>,
    pub discard: Discard,
    pub storage: Storage,
    pub num_replicas: u8,
    #[serde(skip_serializing_if = "is_default")]
    pub no_ack: bool,
    /// How long message ids are remembered; `None`: not at all.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_nanos_or_zero")]
    pub duplicate_window: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<StreamSource>,
    #[serde(skip_serializing_if = "is_empty")]
    pub sources: List<StreamSource>,
    pub compression: Compression,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_transform: Option<SubjectTransform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub republish: Option<RePublish>,
    pub allow_direct: bool,
    pub mirror_direct: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub discard_new_per_subject: bool,
    pub sealed: bool,
    pub deny_delete: bool,
    pub deny_purge: bool,
    pub allow_rollup_hdrs: bool,
    pub consumer_limits: ConsumerLimits,
    pub allow_msg_ttl: bool,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_nanos_or_zero")]
    pub subject_delete_marker_ttl: Option<Duration>,
    #[serde(skip_serializing_if = "is_default")]
    pub allow_msg_counter: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub allow_atomic: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub allow_msg_schedules: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub persist_mode: PersistMode,
    #[serde(skip_serializing_if = "is_default")]
    pub allow_batched: bool,
    /// Holds the required API level, but not the server's version; see [`StreamConfig::shown`].
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// On which servers of a cluster a stream is to live. Noted, and means nothing here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Placement {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    #[serde(skip_serializing_if = "is_empty")]
    pub tags: List<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub preferred: String,
}

/// A stream that another one mirrors or sources.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct StreamSource {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_start_seq: Option<u64>,
    /// Counts where there is no `opt_start_seq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_start_time: Option<DateTime>,
    /// Text, since an update takes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_subject: Option<String>,
    /// The first that covers a message applies.
    #[serde(skip_serializing_if = "is_empty")]
    pub subject_transforms: List<SubjectTransform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalStream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<StreamConsumerSource>,
}

/// A stream of another account or domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ExternalStream {
    pub api: String,
    pub deliver: String,
}

/// The durable consumer that a stream is sourced by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct StreamConsumerSource {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub deliver_subject: String,
}

/// Stored messages are published again elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RePublish {
    /// Its destination may be empty: then nothing is published.
    pub transform: SubjectTransform,
    pub headers_only: bool,
}

impl RePublish {
    /// Where a message on `subject` is published again; `None` if nowhere.
    pub fn target(&self, subject: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
        if self.transform.is_identity() { Some(subject.to_vec()) } else { self.transform.apply(subject, rng) }
    }
}

impl Serialize for RePublish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            #[serde(skip_serializing_if = "str::is_empty")]
            src: &'a str,
            dest: &'a str,
            #[serde(skip_serializing_if = "is_default")]
            headers_only: bool,
        }
        let (src, dest) = (self.transform.src(), self.transform.dest());
        Shape { src, dest, headers_only: self.headers_only }.serialize(serializer)
    }
}

/// Defaults and upper bounds for the consumers of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ConsumerLimits {
    /// In nanoseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub inactive_threshold: Bound,
    #[serde(skip_serializing_if = "is_default")]
    pub max_ack_pending: Bound,
}

impl StreamConfig {
    /// The configuration as CREATE, UPDATE and INFO show it: with the server's version and level.
    #[must_use]
    pub fn shown(&self) -> Self {
        Self { metadata: with_server_keys(&self.metadata), ..self.clone() }
    }

    /// Whether messages of `subject` are the stream's.
    pub fn listens_to(&self, subject: &[u8]) -> bool {
        self.subjects.iter().any(|filter| filter.matches(subject))
    }
}

/// The number, if it is above 0.
fn positive(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}
