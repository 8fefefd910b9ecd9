//! What a stream says to the origin that it mirrors or sources, and how it reads the answer.
//!
//! Source: nats-server `server/stream.go` (`setupMirrorConsumer`, `trySetupSourceConsumer`).

use std::time::Duration;

use serde::Serialize;

use crate::engine::api::json::object;
use crate::engine::asset::Metadata;
use crate::engine::consumer::config::{AckPolicy, DeliverPolicy, ReplayPolicy};
use crate::engine::duration::serialize_nanos;
use crate::engine::emit::is_empty;
use crate::engine::error::ApiError;

/// `CONSUMER.CREATE` as a stream sends it to its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourcingRequest<'a> {
    pub stream_name: &'a str,
    pub config: SourcingConsumer<'a>,
    /// Empty: create, or update what is there.
    pub action: &'a str,
}

/// The consumer that a stream asks its origin for. The origin may make another of it, see
/// [`adapt_sourcing`](crate::engine::consumer::config::CreateConsumerRequest::adapt_sourcing).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourcingConsumer<'a> {
    pub name: &'a str,
    #[serde(flatten)]
    pub deliver_policy: DeliverPolicy,
    pub ack_policy: AckPolicy,
    #[serde(serialize_with = "serialize_nanos")]
    pub ack_wait: Duration,
    pub max_deliver: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub filter_subject: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    pub filter_subjects: Vec<&'a str>,
    pub replay_policy: ReplayPolicy,
    pub flow_control: bool,
    pub deliver_subject: &'a str,
    #[serde(serialize_with = "serialize_nanos")]
    pub idle_heartbeat: Duration,
    #[serde(serialize_with = "serialize_nanos")]
    pub inactive_threshold: Duration,
    pub num_replicas: u8,
    pub direct: bool,
    pub sourcing: bool,
    pub metadata: &'a Metadata,
}

/// What a stream reads of the answer to `CONSUMER.CREATE` or `CONSUMER.RESET`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcingReply {
    pub error: Option<ErrorBlock>,
    pub name: String,
    pub config: Option<SourcingReplyConfig>,
    pub delivered: DeliveredSequence,
}

object! {
    SourcingReply as "server.JSApiConsumerCreateResponse" {
        "error" => pointer(error),
        "name" => string(name),
        "config" => pointer(config),
        "delivered" => object(delivered),
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcingReplyConfig {
    pub ack_policy: AckPolicy,
    pub deliver_subject: String,
}

object! {
    SourcingReplyConfig as "server.ConsumerConfig" {
        "ack_policy" => word(ack_policy),
        "deliver_subject" => string(deliver_subject),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveredSequence {
    pub stream_seq: u64,
}

object! {
    DeliveredSequence as "server.SequenceInfo" {
        "stream_seq" => uint64(stream_seq),
    }
}

/// An error as a reply carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ErrorBlock {
    pub code: i64,
    pub err_code: i64,
    pub description: String,
}

object! {
    ErrorBlock as "server.ApiError" {
        "code" => int64(code),
        "err_code" => int64(err_code),
        "description" => string(description),
    }
}

impl From<ApiError> for ErrorBlock {
    fn from(error: ApiError) -> Self {
        Self { code: error.code().into(), err_code: error.err_code().into(), description: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::json::{to_json, unmarshal};

    #[test]
    fn a_request_reads_as_the_server_writes_it() {
        let metadata = [("_nats.src.acc", "$G"), ("_nats.src.stream", "S")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let request = SourcingRequest {
            stream_name: "O",
            config: SourcingConsumer {
                name: "JS_SRC_SQxdoltL",
                deliver_policy: DeliverPolicy::ByStartSequence(1),
                ack_policy: AckPolicy::None,
                ack_wait: Duration::from_secs(22 * 60 * 60),
                max_deliver: 1,
                filter_subject: "o.b",
                filter_subjects: Vec::new(),
                replay_policy: ReplayPolicy::Instant,
                flow_control: true,
                deliver_subject: "$JS.S.NaWGUcKs",
                idle_heartbeat: Duration::from_secs(1),
                inactive_threshold: Duration::from_secs(10),
                num_replicas: 0,
                direct: true,
                sourcing: true,
                metadata: &metadata.into(),
            },
            action: "",
        };
        let json = String::from_utf8(to_json(&request)).expect("JSON is text");
        assert_eq!(
            json,
            concat!(
                r#"{"stream_name":"O","config":{"name":"JS_SRC_SQxdoltL","deliver_policy":"by_start_sequence","#,
                r#""opt_start_seq":1,"ack_policy":"none","ack_wait":79200000000000,"max_deliver":1,"#,
                r#""filter_subject":"o.b","replay_policy":"instant","flow_control":true,"#,
                r#""deliver_subject":"$JS.S.NaWGUcKs","idle_heartbeat":1000000000,"#,
                r#""inactive_threshold":10000000000,"num_replicas":0,"direct":true,"sourcing":true,"#,
                r#""metadata":{"_nats.src.acc":"$G","_nats.src.stream":"S"}},"action":""}"#,
            )
        );
    }

    #[test]
    fn replies_are_read() {
        let error: SourcingReply =
            unmarshal(br#"{"type":"t","error":{"code":404,"err_code":10059,"description":"stream not found"}}"#)
                .expect("is valid");
        assert_eq!(error.error, Some(ApiError::StreamNotFound.into()));
        let made: SourcingReply = unmarshal(
            br#"{"name":"A","config":{"ack_policy":"flow_control","deliver_subject":"d"},"delivered":{"stream_seq":7}}"#,
        )
        .expect("is valid");
        assert_eq!((made.name.as_str(), made.delivered.stream_seq), ("A", 7));
        assert_eq!(made.config.map(|config| config.ack_policy), Some(AckPolicy::FlowControl));
    }
}
