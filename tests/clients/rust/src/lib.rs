//! What the tests share: a connection to the server that `NATS_URL` names, and streams with names of their own.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::{self, Context, stream};
use futures_util::StreamExt;

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// A connection of its own.
///
/// # Errors
/// There is no server.
pub async fn connect() -> Result<Client> {
    let url = std::env::var("NATS_URL").map_err(|_| "run these tests by `cargo xtask clients rust`")?;
    Ok(async_nats::connect(url).await?)
}

/// A stream `name` on `name.>`, with `count` messages on `name.0`, `name.1`, `name.0`, …
///
/// # Errors
/// The server refuses.
pub async fn stream(name: &str, count: usize, config: stream::Config) -> Result<(Context, stream::Stream)> {
    let js = jetstream::new(connect().await?);
    let subjects = vec![format!("{name}.>")];
    let config = stream::Config { name: name.to_owned(), subjects, storage: stream::StorageType::Memory, ..config };
    let stream = js.create_stream(config).await?;
    for index in 0..count {
        js.publish(format!("{name}.{}", index % 2), (index + 1).to_string().into()).await?.await?;
    }
    Ok((js, stream))
}

/// The next `count` items of a stream of messages, at most 10 s each.
///
/// # Errors
/// One is an error, or they end before.
pub async fn take<T, E: Into<Error>>(
    messages: &mut (impl futures_util::Stream<Item = std::result::Result<T, E>> + Unpin),
    count: usize,
) -> Result<Vec<T>> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(10), messages.next()).await?;
        taken.push(next.ok_or("the messages ended")?.map_err(Into::into)?);
    }
    Ok(taken)
}

/// The payloads as text.
pub fn texts(messages: &[jetstream::Message]) -> Vec<String> {
    messages.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect()
}
