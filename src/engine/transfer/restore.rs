//! A restore: chunks of an archive come in, each is answered, and an empty one ends it.

use super::PATIENCE;
use crate::engine::api::advisory::{ClientInfo, Head, RestoreComplete, RestoreCreate};
use crate::engine::context::Context;
use crate::engine::stream::config::StreamConfig;
use crate::engine::stream::{RestoreBounds, RestoreReader};
use crate::engine::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Restore {
    /// In the subject of its chunks.
    token: String,
    last_chunk: Timestamp,
    pub report: RestoreReport,
    pub contents: RestoreReader,
}

/// What is told of a restore when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RestoreReport {
    stream_name: String,
    client: ClientInfo,
    started: Timestamp,
    /// Of all chunks.
    bytes: u64,
}

impl Restore {
    /// Begins to restore a stream that is to be configured as `config`, and says so.
    pub fn begin(ctx: &mut Context<'_>, config: StreamConfig, client: ClientInfo) -> Self {
        let (now, domain) = (ctx.now, ctx.domain().map(str::to_owned));
        ctx.advise(
            || format!("$JS.EVENT.ADVISORY.STREAM.RESTORE_CREATE.{}", config.name),
            |id| RestoreCreate {
                head: Head::new(RestoreCreate::TYPE, id, now),
                stream: &config.name,
                client: &client,
                domain,
            },
        );
        let report = RestoreReport { stream_name: config.name.clone(), client, started: now, bytes: 0 };
        Self { token: ctx.rng.nuid(), last_chunk: now, report, contents: RestoreReader::new(config) }
    }

    /// Of the stream to be.
    pub fn stream_name(&self) -> &str {
        &self.report.stream_name
    }

    /// Where the chunks go.
    pub fn subject(&self) -> String {
        format!("$JS.SNAPSHOT.RESTORE.{}.{}", self.report.stream_name, self.token)
    }

    pub fn is_sent_on(&self, stream: &str, token: &str) -> bool {
        self.token == token && self.report.stream_name == stream
    }

    /// When the sender was silent for too long.
    pub fn due_at(&self) -> Timestamp {
        self.last_chunk + PATIENCE
    }

    /// Takes a chunk in and answers it. What is wrong with it is said at the end.
    pub fn handle_chunk(&mut self, ctx: &mut Context<'_>, bounds: &RestoreBounds, reply: &[u8], chunk: &[u8]) {
        self.last_chunk = ctx.now;
        self.report.bytes += chunk.len() as u64;
        self.contents.push(ctx, bounds, chunk);
        ctx.effects.send(reply, b"");
    }
}

impl RestoreReport {
    /// Tells everybody that it is over.
    pub fn advise(&self, ctx: &mut Context<'_>) {
        let (now, domain, name) = (ctx.now, ctx.domain().map(str::to_owned), &self.stream_name);
        ctx.advise(
            || format!("$JS.EVENT.ADVISORY.STREAM.RESTORE_COMPLETE.{name}"),
            |id| RestoreComplete {
                head: Head::new(RestoreComplete::TYPE, id, now),
                stream: name,
                start: self.started,
                end: now,
                bytes: self.bytes,
                client: &self.client,
                domain,
            },
        );
    }
}
