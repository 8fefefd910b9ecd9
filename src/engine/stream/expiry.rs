//! Messages whose time is over, and the markers that take the place of a subject's last one (ADR-43).
//!
//! Source: nats-server `server/memstore.go` (`expireMsgs`, `shouldProcessSdmLocked`, `handleRemovalOrSdm`) and
//! `server/sdm.go`.

use std::time::Duration;

use super::publish::Sender;
use super::storing::Room;
use super::{Context, Stream};
use crate::engine::duration::GoDuration;
use crate::engine::event::Removal;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::time::Timestamp;

/// When the marker for a message that is still there is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// How the server's own markers begin.
const MARKER_START: &[u8] = b"NATS/1.0\r\nNats-Marker-Reason: MaxAge\r\n";

impl Stream {
    /// Whether max age does not touch message `seq` (`Nats-TTL: never`).
    pub fn is_ageless(&self, seq: u64) -> bool {
        self.exempt.ageless.contains(seq)
    }

    /// The message that reaches max age first, and when.
    pub fn oldest_ageing(&self) -> Option<(Timestamp, u64)> {
        let max_age = self.config.max_age?;
        let seq = self.exempt.first_ageing(&self.store)?;
        Some((self.store.time_of(seq)? + max_age, seq))
    }

    pub(super) fn expire_ttls(&mut self, ctx: &mut Context<'_>, room: &Room) {
        let mut over: Vec<u64> = std::iter::from_fn(|| self.ttls.pop(ctx.now)).map(|(_, seq)| seq).collect();
        over.sort_unstable();
        for seq in over {
            self.expire(ctx, room, seq, Removal::Ttl);
        }
    }

    pub(super) fn expire_by_age(&mut self, ctx: &mut Context<'_>, room: &Room) {
        // What stays for want of a marker is exempt from then on.
        while let Some((_, seq)) = self.oldest_ageing().filter(|(at, _)| *at <= ctx.now) {
            self.expire(ctx, room, seq, Removal::MaxAge);
        }
    }

    /// Lets a message go because its time is over. The last one of its subject goes by the marker that rolls it up; where
    /// that is refused, or stored under another subject, the message stays until the marker is tried again.
    fn expire(&mut self, ctx: &mut Context<'_>, room: &Room, seq: u64, cause: Removal) {
        let Some(message) = self.store.get(seq) else { return };
        let Some(ttl) = self.config.subject_delete_marker_ttl else {
            self.remove_message(ctx, seq, cause);
            return;
        };
        let subject = message.subject.to_vec();
        let is_marker = is_marker(message.headers);
        let is_last = self.is_last_to_expire(seq, &subject);
        if is_marker || !is_last {
            self.remove_message(ctx, seq, cause);
            return;
        }
        self.place_marker(ctx, room, &subject, ttl);
        if self.store.contains(seq) {
            self.exempt.refused_markers.insert(seq, ());
            self.ttls.set(seq, ctx.now + RETRY);
        }
    }

    /// Whether no other message keeps the subject alive. Those for which a marker was refused count as gone.
    fn is_last_to_expire(&self, seq: u64, subject: &[u8]) -> bool {
        let count = self.store.count_of(subject);
        if count == 1 || count > self.exempt.refused_markers.len() as u64 + 1 {
            return count == 1;
        }
        let is_of_subject = |(refused, _): &(u64, &())| self.store.subject_of(*refused) == Some(subject);
        let expired = self.exempt.refused_markers.iter().filter(is_of_subject).count() as u64;
        count == expired + u64::from(!self.exempt.refused_markers.contains(seq))
    }

    /// Why the messages of `subject` go that a message with these headers rolls up.
    pub(super) fn cause_of_rollup(&self, now: Timestamp, subject: &[u8], headers: &[u8]) -> Removal {
        if !headers.starts_with(MARKER_START) {
            return Removal::Rollup;
        }
        let over = self.store.first_of(subject).filter(|seq| !self.is_ageless(*seq));
        let is_old = over.and_then(|seq| Some(self.store.time_of(seq)? + self.config.max_age? <= now));
        if is_old == Some(true) { Removal::MaxAge } else { Removal::Ttl }
    }

    /// Hands in the marker, as any message. Whatever refuses a message may refuse it as well.
    fn place_marker(&mut self, ctx: &mut Context<'_>, room: &Room, subject: &[u8], ttl: Duration) {
        let mut block = HeaderBlock::new();
        block
            .push("Nats-Marker-Reason", "MaxAge")
            .push("Nats-TTL", GoDuration(Duration::from_secs(ttl.as_secs())).to_string())
            .push("Nats-Rollup", "sub");
        _ = self.take_from_origin(ctx, room, Sender::Stream, subject, &block.finish(), b"");
    }
}

/// Whether the headers are those of a marker, by the server or by a key-value client: none takes its place.
fn is_marker(headers: &[u8]) -> bool {
    let headers = Headers::new(headers);
    headers.get_filled("Nats-Marker-Reason").is_some() || headers.get("KV-Operation") == Some(b"PURGE")
}
