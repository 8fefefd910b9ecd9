//! What async-nats does with a server: streams, consumers of every kind, key-value, object store, services.

use std::time::Duration;

use async_nats::Client;
use async_nats::client::RequestErrorKind;
use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, PullConsumer, PushConsumer, pull, push};
use async_nats::jetstream::{AckKind, kv, object_store, stream as config};
use async_nats::service::ServiceExt;
use clients::{Result, connect, stream, take, texts};
use futures_util::{StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;

const OBJECT_BYTES: usize = 5 * 1024 * 1024;

#[tokio::test]
async fn streams() -> Result {
    let (js, mut stream) = stream("rs_streams", 6, config::Config { max_messages: 5, ..Default::default() }).await?;
    let state = &stream.info().await?.state;
    assert_eq!((state.messages, state.first_sequence, state.last_sequence), (5, 2, 6));
    assert_eq!(stream.get_last_raw_message_by_subject("rs_streams.1").await?.payload, "6");
    assert!(stream.delete_message(3).await?);
    assert!(stream.get_raw_message(3).await.is_err());
    assert_eq!(stream.purge().filter("rs_streams.1").await?.purged, 3);
    let names: Vec<String> = js.stream_names().try_collect().await?;
    assert!(names.contains(&"rs_streams".to_owned()));
    js.delete_stream("rs_streams").await?;
    assert!(js.get_stream("rs_streams").await.is_err());
    Ok(())
}

#[tokio::test]
async fn pull_consumers_and_acknowledgements() -> Result {
    let (_js, stream) = stream("rs_pull", 10, config::Config::default()).await?;
    let ack_wait = Duration::from_secs(1);
    let consumer: PullConsumer =
        stream.create_consumer(pull::Config { durable_name: Some("w".into()), ack_wait, ..Default::default() }).await?;
    let mut batch = consumer.fetch().max_messages(4).expires(Duration::from_secs(2)).messages().await?;
    let first = take(&mut batch, 4).await?;
    assert_eq!(texts(&first), ["1", "2", "3", "4"]);
    first[0].double_ack().await?;
    first[1].ack_with(AckKind::Nak(None)).await?;
    first[2].ack_with(AckKind::Term).await?;
    first[3].ack_with(AckKind::Progress).await?;
    let mut messages = consumer.messages().await?;
    let mut seen = Vec::new();
    while seen.len() < 8 {
        let [message] = <[_; 1]>::try_from(take(&mut messages, 1).await?).map_err(|_| "one was asked for")?;
        let info = message.info()?;
        seen.push((info.stream_sequence, info.delivered));
        drop(info);
        message.ack().await?;
    }
    seen.sort_unstable();
    assert_eq!(seen, [(2, 2), (4, 2), (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1)]);
    Ok(())
}

#[tokio::test]
async fn starts_and_filters() -> Result {
    let (_js, stream) = stream("rs_starts", 10, config::Config::default()).await?;
    for (deliver_policy, filter_subject, expected) in [
        (DeliverPolicy::Last, "", &["10"][..]),
        (DeliverPolicy::ByStartSequence { start_sequence: 9 }, "", &["9", "10"]),
        (DeliverPolicy::LastPerSubject, "rs_starts.>", &["9", "10"]),
        (DeliverPolicy::All, "rs_starts.1", &["2", "4", "6", "8", "10"]),
    ] {
        let filter_subject = filter_subject.to_owned();
        let config = pull::Config { deliver_policy, filter_subject, ack_policy: AckPolicy::None, ..Default::default() };
        let consumer = stream.create_consumer(config).await?;
        let mut batch = consumer.fetch().max_messages(expected.len()).messages().await?;
        assert_eq!(texts(&take(&mut batch, expected.len()).await?), expected);
    }
    Ok(())
}

#[tokio::test]
async fn push_consumers() -> Result {
    let (_js, stream) = stream("rs_push", 20, config::Config::default()).await?;
    let consumer: PushConsumer = stream
        .create_consumer(push::Config {
            durable_name: Some("p".into()),
            deliver_subject: "rs_push_inbox".into(),
            flow_control: true,
            idle_heartbeat: Duration::from_millis(500),
            ..Default::default()
        })
        .await?;
    let mut messages = consumer.messages().await?;
    for message in take(&mut messages, 20).await? {
        message.ack().await?;
    }
    Ok(())
}

#[tokio::test]
async fn ordered_consumers_go_on_after_their_consumer_is_gone() -> Result {
    let (js, stream) = stream("rs_ordered", 5, config::Config::default()).await?;
    let ordered: consumer::Consumer<pull::OrderedConfig> =
        stream.create_consumer(pull::OrderedConfig::default()).await?;
    let mut messages = ordered.messages().await?;
    let first = take(&mut messages, 5).await?;
    assert_eq!(texts(&first), ["1", "2", "3", "4", "5"]);
    let names: Vec<String> = stream.consumer_names().try_collect().await?;
    for name in names {
        stream.delete_consumer(&name).await?;
    }
    js.publish("rs_ordered.0", "6".into()).await?.await?;
    // It may take an idle heartbeat or two until the client sees that its consumer is gone.
    let mut next = None;
    for _ in 0..10 {
        if let Ok(Ok(taken)) = tokio::time::timeout(Duration::from_secs(20), take(&mut messages, 1)).await {
            next = taken.into_iter().next();
            break;
        }
    }
    assert_eq!(next.ok_or("nothing came")?.info()?.stream_sequence, 6);
    Ok(())
}

#[tokio::test]
async fn key_value() -> Result {
    let js = async_nats::jetstream::new(connect().await?);
    let bucket = js
        .create_key_value(kv::Config {
            bucket: "rs_kv".into(),
            history: 5,
            storage: config::StorageType::Memory,
            limit_markers: Some(Duration::from_secs(2)),
            ..Default::default()
        })
        .await?;
    let mut watch = bucket.watch("a.>").await?;
    assert_eq!((bucket.put("a.x", "1".into()).await?, bucket.put("a.x", "2".into()).await?), (1, 2));
    assert_eq!(bucket.get("a.x").await?.as_deref(), Some(&b"2"[..]));
    let revision = bucket.create("b", "3".into()).await?;
    assert!(bucket.create("b", "4".into()).await.is_err());
    assert!(bucket.update("b", "5".into(), revision).await.is_ok());
    assert!(bucket.update("b", "6".into(), revision).await.is_err());
    bucket.delete("a.x").await?;
    assert_eq!(bucket.get("a.x").await?, None);
    let watched = take(&mut watch, 3).await?;
    let operations: Vec<_> = watched.iter().map(|entry| (entry.operation, entry.revision)).collect();
    assert_eq!(operations, [(kv::Operation::Put, 1), (kv::Operation::Put, 2), (kv::Operation::Delete, 5)]);
    let history: Vec<_> = bucket.history("a.x").await?.try_collect().await?;
    assert_eq!(history.len(), 3);
    let keys: Vec<String> = bucket.keys().await?.try_collect().await?;
    assert_eq!(keys, ["b"]);
    bucket.create_with_ttl("short", "x".into(), Duration::from_secs(1)).await?;
    assert!(bucket.get("short").await?.is_some());
    // A server looks for what has expired now and then.
    for _ in 0..50 {
        if bucket.get("short").await?.is_none() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("an entry outlives its time to live".into())
}

#[tokio::test]
async fn object_store() -> Result {
    let js = async_nats::jetstream::new(connect().await?);
    let config = object_store::Config {
        bucket: "rs_objects".into(),
        storage: config::StorageType::Memory,
        ..Default::default()
    };
    let objects = js.create_object_store(config).await?;
    let bytes: Vec<u8> = (0..OBJECT_BYTES).map(|index| (index * 7 % 251) as u8).collect();
    let info = objects.put("big", &mut bytes.as_slice()).await?;
    assert_eq!((info.size, info.chunks), (OBJECT_BYTES, 40));
    let mut back = Vec::new();
    objects.get("big").await?.read_to_end(&mut back).await?;
    assert!(back == bytes);
    let listed: Vec<_> = objects.list().await?.try_collect().await?;
    assert_eq!(listed.len(), 1);
    objects.delete("big").await?;
    assert!(objects.get("big").await.is_err());
    Ok(())
}

/// Asks until somebody listens: a service subscribes in its own time.
async fn ask(client: &Client, subject: &'static str, payload: &'static str) -> Result<String> {
    for _ in 0..50 {
        match client.request(subject, payload.into()).await {
            Ok(reply) => return Ok(String::from_utf8_lossy(&reply.payload).into_owned()),
            Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err("nobody listens".into())
}

#[tokio::test]
async fn services() -> Result {
    let (server, client) = (connect().await?, connect().await?);
    let service = server.service_builder().description("adds").start("rs-adder", "1.2.3").await?;
    let mut endpoint = service.endpoint("rs_add").await?;
    tokio::spawn(async move {
        while let Some(request) = endpoint.next().await {
            let sum: u32 = request.message.payload.iter().map(|byte| u32::from(byte - b'0')).sum();
            let _ = request.respond(Ok(sum.to_string().into())).await;
        }
    });
    assert_eq!(ask(&client, "rs_add", "123").await?, "6");
    assert!(ask(&client, "$SRV.INFO.rs-adder", "").await?.contains("\"version\":\"1.2.3\""));
    assert!(ask(&client, "$SRV.STATS.rs-adder", "").await?.contains("\"num_requests\":1"));
    Ok(())
}
