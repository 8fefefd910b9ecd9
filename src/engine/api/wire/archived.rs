//! What of a stream stands in its archive as JSON: its state and its consumers.
//!
//! Source: nats-server `server/stream_backup.go` (`SnapshotConsumerState`), `server/store.go` (`ConsumerState`).

use serde::Serialize;

use crate::engine::api::json::object;
use crate::engine::consumer::SequencePair;
use crate::engine::consumer::config::{ConsumerConfig, ConsumerConfigRequest};
use crate::engine::sorted_map::SortedMap;

/// A consumer as it is archived.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ArchivedConsumer<'a> {
    pub config: &'a ConsumerConfig,
    pub state: &'a ConsumerState,
}

/// A consumer as an archive has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchivedConsumerRequest {
    pub config: Option<ConsumerConfigRequest>,
    pub state: Option<ConsumerState>,
}

object! {
    ArchivedConsumerRequest as "server.SnapshotConsumerState" {
        "config" => pointer(config),
        "state" => pointer(state),
    }
}

/// How far a consumer is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ConsumerState {
    pub delivered: SequencePair,
    pub ack_floor: SequencePair,
    /// What was delivered and not acked, by stream sequence in digits.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub pending: SortedMap<String, ArchivedPending>,
    /// How often a message was delivered again, by stream sequence in digits.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub redelivered: SortedMap<String, u64>,
}

object! {
    ConsumerState as "server.ConsumerState" {
        "delivered" => object(delivered),
        "ack_floor" => object(ack_floor),
        "pending" => object_map(pending),
        "redelivered" => uint64_map(redelivered),
    }
}

object! {
    SequencePair as "server.SequencePair" {
        "consumer_seq" => uint64(consumer_seq),
        "stream_seq" => uint64(stream_seq),
    }
}

/// One message that was delivered and not acked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ArchivedPending {
    /// Of the consumer.
    #[serde(rename = "Sequence")]
    pub consumer_seq: u64,
    /// When its ack wait began, in nanoseconds since 1970.
    #[serde(rename = "Timestamp")]
    pub since_ns: i64,
}

object! {
    ArchivedPending as "server.Pending" {
        "Sequence" => uint64(consumer_seq),
        "Timestamp" => int64(since_ns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::json::{to_json, unmarshal};

    /// What nats-server 2.15.1 wrote.
    const STATE: &str = concat!(
        r#"{"delivered":{"consumer_seq":3,"stream_seq":14},"ack_floor":{"consumer_seq":1,"stream_seq":1},"#,
        r#""pending":{"14":{"Sequence":3,"Timestamp":1795615587783911290},"#,
        r#""4":{"Sequence":2,"Timestamp":1795615587483911290}},"redelivered":{"4":2}}"#,
    );

    #[test]
    fn states_are_read_and_written_as_the_server_does() {
        let archived: ArchivedConsumerRequest =
            unmarshal(format!(r#"{{"config":{{"name":"C"}},"state":{STATE}}}"#).as_bytes()).expect("valid");
        let state = archived.state.expect("given");
        assert_eq!(
            state.pending.get("4"),
            Some(&ArchivedPending { consumer_seq: 2, since_ns: 1_795_615_587_483_911_290 })
        );
        assert_eq!(String::from_utf8(to_json(&state)).expect("JSON is text"), STATE);
        assert_eq!(archived.config.expect("given").name, "C");
        let empty = r#"{"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0}}"#;
        assert_eq!(String::from_utf8(to_json(&ConsumerState::default())).expect("JSON is text"), empty);
    }
}
