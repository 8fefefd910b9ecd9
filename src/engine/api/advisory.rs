use crate::engine::consumer::AckSubject;
use crate::engine::time::Timestamp;
use serde::Serialize;
use std::time::Duration;
pub const ACCOUNT: &str = "$G";
pub const CONSUMER_GROUP_PINNED: &str = "io.nats.jetstream.advisory.v1.consumer_group_pinned";
pub const CONSUMER_GROUP_UNPINNED: &str = "io.nats.jetstream.advisory.v1.consumer_group_unpinned";
#[derive(Serialize)]
pub struct Head {
    r#type: &'static str,
    id: String,
    timestamp: Timestamp,
}
impl Head {
    pub fn new(kind: &'static str, id: String, timestamp: Timestamp) -> Self {
        Self { r#type: kind, id, timestamp }
    }
}
#[derive(Serialize)]
pub struct ConsumerGroupPinned<'a> {
    #[serde(flatten)]
    pub head: Head,
    pub account: &'a str,
    pub stream: &'a str,
    pub consumer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    pub group: &'a str,
    pub pinned_id: &'a str,
}
#[derive(Serialize)]
pub struct ConsumerGroupUnpinned<'a> {
    #[serde(flatten)]
    pub head: Head,
    pub account: &'a str,
    pub stream: &'a str,
    pub consumer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    pub group: &'a str,
    pub reason: &'a str,
}
#[derive(Serialize)]
pub struct StreamAction<'a> {
    #[serde(flatten)]
    head: Head,
    stream: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
}
impl<'a> StreamAction<'a> {
    pub fn new(id: String, now: Timestamp, stream: &'a str, action: &'a str, domain: Option<String>) -> Self {
        Self { head: Head::new("io.nats.jetstream.advisory.v1.stream_action", id, now), stream, action, domain }
    }
}
#[derive(Serialize)]
pub struct ConsumerAction<'a> {
    #[serde(flatten)]
    head: Head,
    stream: &'a str,
    consumer: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
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
        Self {
            head: Head::new("io.nats.jetstream.advisory.v1.consumer_action", id, now),
            stream,
            consumer,
            action,
            domain,
        }
    }
}
#[derive(Serialize)]
pub struct Nak<'a> {
    #[serde(flatten)]
    head: Head,
    stream: &'a str,
    consumer: &'a str,
    consumer_seq: u64,
    stream_seq: u64,
    deliveries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
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
        Self {
            head: Head::new("io.nats.jetstream.advisory.v1.nak", id, now),
            stream,
            consumer,
            consumer_seq: ack.consumer_seq,
            stream_seq: ack.stream_seq,
            deliveries: ack.delivered,
            domain,
        }
    }
}
#[derive(Serialize)]
pub struct Terminated<'a> {
    #[serde(flatten)]
    head: Head,
    stream: &'a str,
    consumer: &'a str,
    consumer_seq: u64,
    stream_seq: u64,
    deliveries: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
}
impl<'a> Terminated<'a> {
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        ack: AckSubject,
        reason: &'a str,
        domain: Option<String>,
    ) -> Self {
        Self {
            head: Head::new("io.nats.jetstream.advisory.v1.terminated", id, now),
            stream,
            consumer,
            consumer_seq: ack.consumer_seq,
            stream_seq: ack.stream_seq,
            deliveries: ack.delivered,
            reason,
            domain,
        }
    }
}
#[derive(Serialize)]
pub struct ConsumerAck<'a> {
    #[serde(flatten)]
    head: Head,
    stream: &'a str,
    consumer: &'a str,
    consumer_seq: u64,
    stream_seq: u64,
    ack_time: u64,
    deliveries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
}
impl<'a> ConsumerAck<'a> {
    pub fn new(
        id: String,
        now: Timestamp,
        stream: &'a str,
        consumer: &'a str,
        ack: AckSubject,
        time: Duration,
        domain: Option<String>,
    ) -> Self {
        Self {
            head: Head::new("io.nats.jetstream.metric.v1.consumer_ack", id, now),
            stream,
            consumer,
            consumer_seq: ack.consumer_seq,
            stream_seq: ack.stream_seq,
            ack_time: time.as_nanos() as u64,
            deliveries: ack.delivered,
            domain,
        }
    }
}
#[derive(Serialize)]
pub struct MaxDeliver<'a> {
    #[serde(flatten)]
    head: Head,
    stream: &'a str,
    consumer: &'a str,
    stream_seq: u64,
    deliveries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
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
        Self {
            head: Head::new("io.nats.jetstream.advisory.v1.max_deliver", id, now),
            stream,
            consumer,
            stream_seq,
            deliveries,
            domain,
        }
    }
}
#[derive(Serialize)]
pub struct ConsumerPause<'a> {
    #[serde(flatten)]
    pub head: Head,
    pub stream: &'a str,
    pub consumer: &'a str,
    pub paused: bool,
    pub pause_until: crate::engine::date_time::DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}
