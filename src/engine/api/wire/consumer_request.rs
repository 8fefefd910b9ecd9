//! Requests about consumers.
//!
//! Source: nats-server `server/jetstream_api.go` (`JSApiConsumer…Request`), `server/consumer.go` (`nextReqFromMsg`).

use crate::engine::api::json::{JsonError, object, unmarshal};
use crate::engine::consumer::config::{ConsumerConfigRequest, CreateConsumerRequest};
use crate::engine::date_time::DateTime;

object! {
    CreateConsumerRequest as "server.CreateConsumerRequest" {
        "stream_name" => string(stream_name),
        "config" => object(config),
        "action" => word(action),
        "pedantic" => boolean(pedantic),
    }
}

object! {
    ConsumerConfigRequest as "server.ConsumerConfig" {
        "durable_name" => string(durable_name),
        "name" => string(name),
        "description" => string(description),
        "deliver_policy" => word(deliver_policy),
        "opt_start_seq" => uint64(opt_start_seq),
        "opt_start_time" => time_pointer(opt_start_time),
        "ack_policy" => word(ack_policy),
        "ack_wait" => duration(ack_wait_ns),
        "max_deliver" => int(max_deliver),
        "backoff" => durations(backoff_ns),
        "filter_subject" => string(filter_subject),
        "filter_subjects" => strings(filter_subjects),
        "replay_policy" => word(replay_policy),
        "rate_limit_bps" => uint64(rate_limit_bps),
        "sample_freq" => string(sample_freq),
        "max_waiting" => int(max_waiting),
        "max_ack_pending" => int(max_ack_pending),
        "flow_control" => boolean(flow_control),
        "headers_only" => boolean(headers_only),
        "max_batch" => int(max_batch),
        "max_expires" => duration(max_expires_ns),
        "max_bytes" => int(max_bytes),
        "deliver_subject" => string(deliver_subject),
        "deliver_group" => string(deliver_group),
        "idle_heartbeat" => duration(idle_heartbeat_ns),
        "inactive_threshold" => duration(inactive_threshold_ns),
        "num_replicas" => int(num_replicas),
        "mem_storage" => boolean(mem_storage),
        "direct" => boolean(direct),
        "sourcing" => boolean(sourcing),
        "metadata" => string_map(metadata),
        "pause_until" => time_pointer(pause_until),
        "priority_groups" => strings(priority_groups),
        "priority_policy" => word(priority_policy),
        "priority_timeout" => duration(priority_timeout_ns),
    }
}

/// CONSUMER.NAMES and CONSUMER.LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumersRequest {
    pub offset: i64,
}

object! {
    ConsumersRequest as "server.JSApiConsumersRequest" {
        "offset" => int(offset),
    }
}

/// CONSUMER.PAUSE. Go's zero time resumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseRequest {
    pub pause_until: DateTime,
}

impl Default for PauseRequest {
    fn default() -> Self {
        Self { pause_until: DateTime::ZERO }
    }
}

object! {
    PauseRequest as "server.JSApiConsumerPauseRequest" {
        "pause_until" => time(pause_until),
    }
}

/// CONSUMER.UNPIN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnpinRequest {
    pub group: String,
}

object! {
    UnpinRequest as "server.JSApiConsumerUnpinRequest" {
        "group" => string(group),
    }
}

/// CONSUMER.RESET; 0 means to the ack floor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResetRequest {
    pub seq: u64,
}

object! {
    ResetRequest as "server.JSApiConsumerResetRequest" {
        "seq" => uint64(seq),
    }
}

/// What may follow `-NAK`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NakOptions {
    pub delay_ns: i64,
}

object! {
    NakOptions as "server.ConsumerNakOptions" {
        "delay" => duration(delay_ns),
    }
}

/// CONSUMER.MSG.NEXT, and what may follow `+NXT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextRequest {
    /// 0 means never, below 0 at once.
    pub expires_ns: i64,
    /// Below 1 still means one message.
    pub batch: i64,
    /// 0 means any number.
    pub max_bytes: i64,
    pub no_wait: bool,
    /// Below 1 means none.
    pub idle_heartbeat_ns: i64,
    pub priority_group: PriorityGroupRequest,
    /// Whether it was an object. Requests of another form pass by all rules of priority groups.
    pub is_object: bool,
}

/// What a pull request says to consumers with priority groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PriorityGroupRequest {
    pub group: String,
    pub min_pending: i64,
    pub min_ack_pending: i64,
    /// The pin that the client holds.
    pub id: String,
    pub priority: i64,
}

// Go names no type in paths here, as it is handed a pointer to a pointer.
object! {
    NextRequest as "server.JSApiConsumerGetNextRequest" in paths "" {
        "expires" => duration(expires_ns),
        "batch" => int(batch),
        "max_bytes" => int(max_bytes),
        "no_wait" => boolean(no_wait),
        "idle_heartbeat" => duration(idle_heartbeat_ns),
        "group" => string(priority_group.group),
        "min_pending" => int64(priority_group.min_pending),
        "min_ack_pending" => int64(priority_group.min_ack_pending),
        "id" => string(priority_group.id),
        "priority" => int(priority_group.priority),
    }
}

impl NextRequest {
    /// Reads an object or a number; anything else asks for one message.
    ///
    /// # Errors
    /// Why an object is none, or that its heartbeats are too far apart for its expiry.
    pub fn parse(body: &[u8]) -> Result<Self, JsonError> {
        let body = match std::str::from_utf8(body) {
            Ok(text) => text.trim().as_bytes(),
            Err(_) => body.trim_ascii(),
        };
        if body.first() == Some(&b'{') {
            let request = Self { is_object: true, ..unmarshal(body)? };
            // Twice the largest numbers go below 0, and pass.
            if request.idle_heartbeat_ns > 0 && request.idle_heartbeat_ns.wrapping_mul(2) > request.expires_ns {
                return Err(JsonError::new("heartbeat value too large"));
            }
            return Ok(request);
        }
        let batch = std::str::from_utf8(body).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        Ok(Self { batch, ..Self::default() })
    }
}
