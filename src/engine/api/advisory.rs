//! What the server tells on `$JS.EVENT.>`: advisories, and the metric of acks.
//!
//! An event is published where somebody listens. Those of clusters do not happen here.
//! Sources: nats-server `server/jetstream_events.go`, `server/events.go` (`ClientInfo`).

use std::time::Duration;

use serde::Serialize;

use super::json::Text;
use super::wire::StreamState;
use crate::engine::consumer::AckSubject;
use crate::engine::date_time::DateTime;
use crate::engine::duration::nanos;
use crate::engine::emit::is_default;
use crate::engine::text_enum::text_enum;
use crate::engine::time::Timestamp;

/// The one account that there is.
pub const ACCOUNT: &str = "$G";

pub const CONSUMER_GROUP_PINNED: &str = ConsumerGroupPinned::TYPE;
pub const CONSUMER_GROUP_UNPINNED: &str = ConsumerGroupUnpinned::TYPE;

/// What all events begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    r#type: &'static str,
    id: String,
    timestamp: Timestamp,
}

impl Head {
    /// `kind` is the event's `TYPE`, `id` a nuid.
    pub fn new(kind: &'static str, id: String, timestamp: Timestamp) -> Self {
        Self { r#type: kind, id, timestamp }
    }
}

/// Declares events by their types. Each begins with a [`Head`].
macro_rules! events {
    ($($(#[$doc:meta])* $type:literal => $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $field_type:ty,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name<'a> {
            #[serde(flatten)]
            pub head: Head,
            $($(#[$field_meta])* pub $field: $field_type,)+
        }

        impl $name<'_> {
            pub const TYPE: &'static str = concat!("io.nats.jetstream.", $type);
        }
    )+};
}

events! {
    /// A request to the API and its reply, on `$JS.EVENT.ADVISORY.API`.
    "advisory.v1.api_audit" => ApiAudit {
        server: &'a str,
        client: &'a ClientInfo,
        subject: Text<'a>,
        #[serde(skip_serializing_if = "is_empty_text")]
        request: Text<'a>,
        response: Text<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.STREAM.CREATED.<stream>`, `UPDATED` and `DELETED`.
    "advisory.v1.stream_action" => StreamAction {
        stream: &'a str,
        /// `create`, `modify` or `delete`.
        action: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.CONSUMER.CREATED.<stream>.<consumer>` and `DELETED`.
    "advisory.v1.consumer_action" => ConsumerAction {
        stream: &'a str,
        consumer: &'a str,
        /// `create` or `delete`.
        action: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.CONSUMER.PAUSE.<stream>.<consumer>`.
    "advisory.v1.consumer_pause" => ConsumerPause {
        stream: &'a str,
        consumer: &'a str,
        paused: bool,
        /// Go's zero time where the consumer goes on.
        pause_until: DateTime,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// A message was acked, on `$JS.EVENT.METRIC.CONSUMER.ACK.<stream>.<consumer>`.
    "metric.v1.consumer_ack" => ConsumerAck {
        stream: &'a str,
        consumer: &'a str,
        consumer_seq: u64,
        stream_seq: u64,
        /// From delivery to ack.
        #[serde(rename = "ack_time")]
        ack_time_ns: u64,
        deliveries: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// A message was delivered as often as it may be, on
    /// `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.<stream>.<consumer>`.
    "advisory.v1.max_deliver" => MaxDeliver {
        stream: &'a str,
        consumer: &'a str,
        stream_seq: u64,
        deliveries: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.CONSUMER.MSG_NAKED.<stream>.<consumer>`. The numbers are those of the ack's subject.
    "advisory.v1.nak" => Nak {
        stream: &'a str,
        consumer: &'a str,
        consumer_seq: u64,
        stream_seq: u64,
        deliveries: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.<stream>.<consumer>`. The numbers are those of the ack's subject.
    "advisory.v1.terminated" => Terminated {
        stream: &'a str,
        consumer: &'a str,
        consumer_seq: u64,
        stream_seq: u64,
        deliveries: u64,
        /// What stood behind `+TERM`, if anything.
        #[serde(skip_serializing_if = "is_empty_text")]
        reason: Text<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.CONSUMER.PINNED.<stream>.<consumer>`.
    "advisory.v1.consumer_group_pinned" => ConsumerGroupPinned {
        account: &'a str,
        stream: &'a str,
        consumer: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        group: &'a str,
        pinned_id: &'a str,
    }

    /// On `$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.<stream>.<consumer>`.
    "advisory.v1.consumer_group_unpinned" => ConsumerGroupUnpinned {
        account: &'a str,
        stream: &'a str,
        consumer: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        group: &'a str,
        /// `timeout` or `admin`.
        reason: &'a str,
    }

    /// A batch came to nothing, on `$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.<stream>`.
    "advisory.v1.stream_batch_abandoned" => StreamBatchAbandoned {
        stream: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        /// The batch's id.
        batch: Text<'a>,
        /// `timeout`, `large`, `incomplete` or `unsupported`.
        reason: &'a str,
    }

    /// On `$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_CREATE.<stream>`.
    "advisory.v1.snapshot_create" => SnapshotCreate {
        stream: &'a str,
        state: &'a StreamState,
        client: &'a ClientInfo,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.<stream>`.
    "advisory.v1.snapshot_complete" => SnapshotComplete {
        stream: &'a str,
        start: Timestamp,
        end: Timestamp,
        client: &'a ClientInfo,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
    }

    /// On `$JS.EVENT.ADVISORY.STREAM.RESTORE_CREATE.<stream>`.
    "advisory.v1.restore_create" => RestoreCreate {
        stream: &'a str,
        client: &'a ClientInfo,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }

    /// On `$JS.EVENT.ADVISORY.STREAM.RESTORE_COMPLETE.<stream>`.
    "advisory.v1.restore_complete" => RestoreComplete {
        stream: &'a str,
        start: Timestamp,
        end: Timestamp,
        bytes: u64,
        client: &'a ClientInfo,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }
}

fn is_empty_text(text: &Text<'_>) -> bool {
    text.0.is_empty()
}

impl<'a> StreamAction<'a> {
    pub fn new(id: String, now: Timestamp, stream: &'a str, action: &'a str, domain: Option<String>) -> Self {
        Self { head: Head::new(Self::TYPE, id, now), stream, action, domain }
    }
}

impl<'a> ConsumerAction<'a> {
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        action: &'a str,
        domain: Option<String>,
    ) -> Self {
        Self { head: Head::new(Self::TYPE, id, now), stream, consumer, action, domain }
    }
}

impl<'a> Nak<'a> {
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        ack: AckSubject,
        domain: Option<String>,
    ) -> Self {
        let AckSubject { delivered: deliveries, stream_seq, consumer_seq } = ack;
        Self { head: Head::new(Self::TYPE, id, now), stream, consumer, consumer_seq, stream_seq, deliveries, domain }
    }
}

impl<'a> Terminated<'a> {
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        ack: AckSubject,
        reason: &'a [u8],
        domain: Option<String>,
    ) -> Self {
        let head = Head::new(Self::TYPE, id, now);
        let AckSubject { delivered: deliveries, stream_seq, consumer_seq } = ack;
        Self { head, stream, consumer, consumer_seq, stream_seq, deliveries, reason: Text(reason), domain }
    }
}

impl<'a> ConsumerAck<'a> {
    /// `time` is that from delivery to ack.
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        ack: AckSubject,
        time: Duration,
        domain: Option<String>,
    ) -> Self {
        let head = Head::new(Self::TYPE, id, now);
        let AckSubject { delivered: deliveries, stream_seq, consumer_seq } = ack;
        Self { head, stream, consumer, consumer_seq, stream_seq, ack_time_ns: nanos(time), deliveries, domain }
    }
}

impl<'a> MaxDeliver<'a> {
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        stream_seq: u64,
        deliveries: u64,
        domain: Option<String>,
    ) -> Self {
        Self { head: Head::new(Self::TYPE, id, now), stream, consumer, stream_seq, deliveries, domain }
    }
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientInfo {
    /// When it connected.
    pub start: Timestamp,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    pub id: u64,
    pub acc: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub lang: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ver: String,
    #[serde(rename = "rtt", skip_serializing_if = "is_default")]
    pub rtt_ns: u64,
    /// The name of the server.
    pub server: String,
    pub kind: ClientKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_type: Option<ClientType>,
}

text_enum! {
    /// There are no leaf nodes here.
    pub enum ClientKind {
        #[default]
        Client = "Client",
        /// A stream of the server itself.
        JetStream = "JetStream",
        /// The server, for a stream that asks nothing any more.
        Account = "Account",
    }
}

text_enum! {
    /// How a client connected.
    pub enum ClientType {
        #[default]
        Nats = "nats",
        WebSocket = "websocket",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::json::to_json;

    const NOW: Timestamp = Timestamp::SIMULATION_START;
    const ACK: AckSubject = AckSubject { delivered: 4, stream_seq: 2, consumer_seq: 1 };

    fn text(event: &impl Serialize) -> String {
        let json = String::from_utf8(to_json(event)).expect("JSON is text");
        json.replace(r#","id":"ID","timestamp":"2026-01-01T00:00:00Z","#, ",…,")
    }

    #[test]
    fn events_are_written_as_the_server_writes_them() {
        let id = || "ID".to_owned();
        let pause = ConsumerPause {
            head: Head::new(ConsumerPause::TYPE, id(), NOW),
            stream: "S",
            consumer: "C",
            paused: false,
            pause_until: DateTime::ZERO,
            domain: Some("hub".to_owned()),
        };
        for (json, expected) in [
            (
                text(&StreamAction::new(id(), NOW, "S", "modify", None)),
                r#"{"type":"io.nats.jetstream.advisory.v1.stream_action",…,"stream":"S","action":"modify"}"#,
            ),
            (
                text(&pause),
                concat!(
                    r#"{"type":"io.nats.jetstream.advisory.v1.consumer_pause",…,"stream":"S","consumer":"C","#,
                    r#""paused":false,"pause_until":"0001-01-01T00:00:00Z","domain":"hub"}"#,
                ),
            ),
            (
                text(&ConsumerAck::new(id(), NOW, "S", "C", ACK, Duration::from_nanos(3), None)),
                concat!(
                    r#"{"type":"io.nats.jetstream.metric.v1.consumer_ack",…,"stream":"S","consumer":"C","#,
                    r#""consumer_seq":1,"stream_seq":2,"ack_time":3,"deliveries":4}"#,
                ),
            ),
            (
                text(&Terminated::new(id(), NOW, "S", "C", ACK, b"bad", None)),
                concat!(
                    r#"{"type":"io.nats.jetstream.advisory.v1.terminated",…,"stream":"S","consumer":"C","#,
                    r#""consumer_seq":1,"stream_seq":2,"deliveries":4,"reason":"bad"}"#,
                ),
            ),
            (
                text(&MaxDeliver::new(id(), NOW, "S", "C", 7, 5, None)),
                concat!(
                    r#"{"type":"io.nats.jetstream.advisory.v1.max_deliver",…,"stream":"S","consumer":"C","#,
                    r#""stream_seq":7,"deliveries":5}"#,
                ),
            ),
        ] {
            assert_eq!(json, expected);
        }
    }

    #[test]
    fn an_audit_holds_the_texts_as_texts() {
        let client = ClientInfo {
            start: NOW,
            host: "127.0.0.1".into(),
            id: 5,
            acc: ACCOUNT.into(),
            user: String::new(),
            name: String::new(),
            lang: "rust".into(),
            ver: "1".into(),
            rtt_ns: 7,
            server: "sim".into(),
            kind: ClientKind::Client,
            client_type: Some(ClientType::Nats),
        };
        let audit = ApiAudit {
            head: Head::new(ApiAudit::TYPE, "ID".to_owned(), NOW),
            server: "sim",
            client: &client,
            subject: Text(b"$JS.API.X\xff"),
            request: Text(b""),
            response: Text(br#"{"a":">"}"#),
            domain: None,
        };
        assert_eq!(
            text(&audit),
            concat!(
                r#"{"type":"io.nats.jetstream.advisory.v1.api_audit",…,"server":"sim","client":{"#,
                r#""start":"2026-01-01T00:00:00Z","host":"127.0.0.1","id":5,"acc":"$G","lang":"rust","ver":"1","#,
                r#""rtt":7,"server":"sim","kind":"Client","client_type":"nats"},"#,
                r#""subject":"$JS.API.X�","response":"{\"a\":\"\u003e\"}"}"#,
            )
        );
    }
}
