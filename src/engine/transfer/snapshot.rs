//! A backup: chunks go to a deliver subject, as many ahead of the acks as a window allows.

use std::time::Duration;

use super::PATIENCE;
use crate::engine::api::advisory::{ClientInfo, Head, SnapshotComplete, SnapshotCreate};
use crate::engine::api::wire::SnapshotRequest;
use crate::engine::context::Context;
use crate::engine::effects::Publication;
use crate::engine::message::HeaderBlock;
use crate::engine::stream::{SnapshotReader, Stream};
use crate::engine::table::StreamId;
use crate::engine::time::Timestamp;

/// How long the first chunk waits for somebody who subscribes to the deliver subject.
const RECEIVER_WAIT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    pub stream: StreamId,
    stream_name: String,
    /// In the subjects of its acks.
    token: String,
    deliver_subject: String,
    client: ClientInfo,
    started: Timestamp,
    contents: SnapshotReader,
    /// In bytes.
    chunk_size: usize,
    /// How many chunks may go out before one is acked.
    window: usize,
    unacked: usize,
    sent: u64,
    receiver: Receiver,
    /// The last full chunk went out, or could have.
    last_sent: Timestamp,
}

/// Whether somebody subscribes to just the deliver subject. Wider subscriptions do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Receiver {
    Present,
    /// Not yet. The first chunk waits until this moment.
    Awaited(Timestamp),
    /// Not in time. The chunks go out all the same.
    Absent,
}

/// How a backup ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotEnd {
    Complete,
    /// The receiver is gone.
    NoInterest,
    /// The receiver does not ack.
    NoFlowResponse,
}

impl Snapshot {
    /// Begins to back up `stream`, and says so. Call [`send_chunks`](Self::send_chunks) next.
    pub fn begin(ctx: &mut Context<'_>, stream: &Stream, request: &SnapshotRequest, client: ClientInfo) -> Self {
        let SnapshotRequest { deliver_subject, no_consumers, chunk_size, window_size, .. } = request;
        let chunk_size = size(*chunk_size, 128 << 10, 1 << 20);
        let window_size = size(*window_size, 8 << 20, 32 << 20).max(chunk_size);
        let is_present = ctx.router.has_exact_interest(deliver_subject.as_bytes(), None);
        let snapshot = Self {
            stream: stream.id,
            stream_name: stream.config.name.clone(),
            token: ctx.rng.nuid(),
            deliver_subject: deliver_subject.clone(),
            client,
            started: ctx.now,
            contents: SnapshotReader::new(stream, ctx.now, *no_consumers),
            chunk_size,
            window: window_size / chunk_size,
            unacked: 0,
            sent: 0,
            receiver: if is_present { Receiver::Present } else { Receiver::Awaited(ctx.now + RECEIVER_WAIT) },
            last_sent: ctx.now,
        };
        let (now, domain, name) = (ctx.now, ctx.domain().map(str::to_owned), &snapshot.stream_name);
        let state = stream.state(false);
        ctx.advise(
            || format!("$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_CREATE.{name}"),
            |id| SnapshotCreate {
                head: Head::new(SnapshotCreate::TYPE, id, now),
                stream: name,
                state: &state,
                client: &snapshot.client,
                domain,
            },
        );
        snapshot
    }

    pub fn stream_name(&self) -> &str {
        &self.stream_name
    }

    pub fn is_acked_on(&self, stream: &str, token: &str) -> bool {
        self.token == token && self.stream_name == stream
    }

    pub fn delivers_to(&self, subject: &[u8]) -> bool {
        self.deliver_subject.as_bytes() == subject
    }

    /// When the receiver was waited for long enough. A backup that waits for nothing is over.
    pub fn due_at(&self) -> Timestamp {
        match self.receiver {
            Receiver::Awaited(until) => until,
            Receiver::Present | Receiver::Absent => self.last_sent + PATIENCE,
        }
    }

    /// Sends what the window allows. Returns the end if nothing is left.
    pub fn send_chunks(&mut self, ctx: &mut Context<'_>) -> Option<SnapshotEnd> {
        if matches!(self.receiver, Receiver::Awaited(_)) {
            return None;
        }
        while self.unacked < self.window {
            let chunk = self.contents.read(self.chunk_size);
            let is_full = chunk.len() == self.chunk_size;
            if is_full {
                self.sent += 1;
                self.unacked += 1;
                self.last_sent = ctx.now;
            }
            let (name, token) = (&self.stream_name, &self.token);
            let ack = format!("$JS.SNAPSHOT.ACK.{name}.{token}.{}.{}", chunk.len(), self.sent);
            let reply: &[u8] = if is_full { ack.as_bytes() } else { b"" };
            let to = self.deliver_subject.as_bytes();
            if !chunk.is_empty() {
                ctx.effects.publish(Publication { to, subject: to, reply, headers: b"", payload: &chunk });
            }
            if !is_full {
                return Some(SnapshotEnd::Complete);
            }
        }
        None
    }

    /// A chunk was acked; which one does not matter.
    pub fn handle_ack(&mut self, ctx: &mut Context<'_>) -> Option<SnapshotEnd> {
        self.unacked = self.unacked.saturating_sub(1);
        self.send_chunks(ctx)
    }

    /// A subscription to the deliver subject came or went.
    pub fn handle_interest_change(&mut self, ctx: &mut Context<'_>) -> Option<SnapshotEnd> {
        let is_present = ctx.router.has_exact_interest(self.deliver_subject.as_bytes(), None);
        match (self.receiver, is_present) {
            (Receiver::Awaited(_), true) => {
                self.receiver = Receiver::Present;
                self.last_sent = ctx.now;
                self.send_chunks(ctx)
            }
            // The server takes any change for the receiver's leaving, even if it comes late.
            (Receiver::Present, false) | (Receiver::Absent, true) => Some(SnapshotEnd::NoInterest),
            _ => None,
        }
    }

    /// What was waited for did not come.
    pub fn handle_due(&mut self, ctx: &mut Context<'_>) -> Option<SnapshotEnd> {
        if matches!(self.receiver, Receiver::Awaited(_)) {
            self.receiver = Receiver::Absent;
            self.last_sent = ctx.now;
            return self.send_chunks(ctx);
        }
        Some(SnapshotEnd::NoFlowResponse)
    }

    /// Tells the end: the receiver, unless the stream is gone, and everybody.
    pub fn finish(self, ctx: &mut Context<'_>, end: SnapshotEnd, has_stream: bool) {
        let (status, error) = match end {
            SnapshotEnd::Complete if self.sent == 0 => (None, None),
            SnapshotEnd::Complete => (Some("204"), None),
            SnapshotEnd::NoInterest => (Some("408 No Interest"), Some("no interest")),
            SnapshotEnd::NoFlowResponse => (Some("408 No Flow Response"), Some("no flow response")),
        };
        if has_stream {
            let headers = status.map(|status| HeaderBlock::with_status(status).finish()).unwrap_or_default();
            ctx.effects.send_headers(self.deliver_subject.as_bytes(), &headers);
        }
        let (now, domain, name) = (ctx.now, ctx.domain().map(str::to_owned), &self.stream_name);
        ctx.advise(
            || format!("$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.{name}"),
            |id| SnapshotComplete {
                head: Head::new(SnapshotComplete::TYPE, id, now),
                stream: name,
                start: self.started,
                end: now,
                client: &self.client,
                domain,
                error,
            },
        );
    }
}

/// A size in bytes within its bounds; 0 asks for the default.
fn size(asked: i64, default: usize, max: usize) -> usize {
    if asked == 0 { default } else { usize::try_from(asked).unwrap_or(0).clamp(1 << 10, max) }
}
