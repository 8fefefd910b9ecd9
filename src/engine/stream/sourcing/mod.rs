//! What feeds a stream from other streams: the one that it mirrors, or those that it sources (ADR-59).
//!
//! Each origin has a [`Link`]. It asks the origin, with a request to the API, for a consumer that delivers to a subject
//! of the stream's own, and takes what comes there. Nothing is passed on behind the scenes: requests, answers,
//! deliveries, heartbeats and flow control are messages like all others. Where the origin lives, and whether it lives at
//! all, a link learns from the answers alone.
//!
//! Source: nats-server `server/stream.go` (`sourceInfo`, `subscribeToStream`, `updateWithAdvisory`,
//! `retryDisconnectedSyncConsumers`).

mod delivery;
mod headers;
mod link;
mod mirror;
mod setup;
mod source;

use self::headers::SourceName;
pub(super) use self::headers::origin_and_subject;
pub use self::link::{Link, LinkDue, LinkKind, Reached};
use self::source::Progress;
use super::config::StreamConfig;
use super::{Context, Inbound, Room, Stream};
use crate::engine::api::wire::StreamSourceInfo;
use crate::engine::sorted_map::SortedMap;
use crate::engine::table::{LinkId, Table};
use crate::engine::time::Timestamp;

/// The links of a stream, and what outlives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sourcing {
    /// The mirror's link, or those of the sources.
    links: Table<LinkId, Link>,
    /// What was taken last from each source that is configured. Outlives the messages.
    progress: SortedMap<SourceName, Progress>,
    /// Since when the stream looks regularly whether its sources are silent.
    watched_since: Option<Timestamp>,
    /// Mirrored messages that did not fit in. They shift the sequences of those that come after them, as they do in the
    /// real server.
    refused: u64,
    /// The origin for which this mirror answers direct gets.
    direct_for: Option<String>,
    /// What it held last when it ceased to be a mirror: a message with the time that it has at the origin.
    promoted_at: Option<u64>,
}

/// Names one of a stream's origins: the one that it mirrors, or the source at a place in its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginRef {
    Mirror,
    Source(usize),
}

impl Stream {
    /// The links to the stream's origins.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.sourcing.links.iter().map(|(_, link)| link)
    }

    /// The link to an origin.
    pub fn link(&self, origin: OriginRef) -> Option<&Link> {
        match origin {
            OriginRef::Mirror => self.links().find(|link| link.kind == LinkKind::Mirror),
            OriginRef::Source(place) => {
                let name = SourceName::of(self.config.sources.get(place)?);
                self.links().find(|link| link.kind == LinkKind::Source && link.name == name)
            }
        }
    }

    /// Makes the links of a new stream.
    pub fn start_sourcing(&mut self, ctx: &mut Context<'_>) {
        if let Some(mirror) = self.config.mirror.clone() {
            let link = Link::new(self.sourcing.links.next_id(), LinkKind::Mirror, mirror);
            let id = self.sourcing.links.insert(link);
            if let Some(link) = self.sourcing.links.get_mut(id) {
                link.plan(ctx, 0);
            }
        }
        self.add_sources(ctx);
    }

    /// Follows a change of the configuration, of which `old` is what it was.
    pub(super) fn update_sourcing(&mut self, ctx: &mut Context<'_>, old: &StreamConfig) {
        if old.mirror.is_some() && self.config.mirror.is_none() {
            self.promote(ctx);
        }
        if old.mirror_direct != self.config.mirror_direct {
            let origin = old.mirror.as_ref().map(|mirror| mirror.name.clone());
            self.sourcing.direct_for = origin.filter(|_| self.config.mirror_direct);
        }
        self.update_sources(ctx, old);
    }

    /// A mirror becomes a stream of its own.
    fn promote(&mut self, ctx: &mut Context<'_>) {
        self.sourcing.promoted_at = Some(self.store.last_seq());
        for id in self.sourcing.links.ids() {
            let Some(link) = self.sourcing.links.get(id).filter(|link| link.kind == LinkKind::Mirror) else { continue };
            self.request_deletion(ctx, link, &[]);
            if let Some(mut link) = self.sourcing.links.remove(id) {
                link.end(ctx.router, self.id);
            }
        }
    }

    /// Ends all links, since the stream goes.
    pub fn end_sourcing(&mut self, ctx: &mut Context<'_>) {
        for id in self.sourcing.links.ids() {
            let Some(link) = self.sourcing.links.get(id) else { continue };
            self.request_deletion(ctx, link, &self.config.sources);
            if let Some(mut link) = self.sourcing.links.remove(id) {
                link.end(ctx.router, self.id);
            }
        }
    }

    /// Takes what came for a link on subject `to`.
    pub fn handle_link(&mut self, ctx: &mut Context<'_>, room: &Room, id: LinkId, to: &[u8], message: Inbound<'_>) {
        let Some(link) = self.sourcing.links.get(id) else { return };
        if link.request.as_ref().is_some_and(|request| request.reply.as_bytes() == to) {
            return self.handle_reply(ctx, id, message.headers, message.payload);
        }
        let Some(listening) = &link.listening else { return };
        if listening.subject.as_bytes() != to {
            return;
        }
        let (is_probe, kind) = (listening.is_probe, link.kind);
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        if is_probe {
            return link.hear_probe(ctx);
        }
        link.last_heard = Some(ctx.now);
        if link.deaf_at == Some(ctx.now) {
            return;
        }
        match kind {
            LinkKind::Mirror => self.handle_mirrored(ctx, room, id, message),
            LinkKind::Source => self.handle_sourced(ctx, room, id, message),
        }
    }

    /// The first deadline of all links.
    pub(super) fn next_link_due(&self) -> Option<(Timestamp, LinkId, LinkDue)> {
        let of_link = |(id, link): (LinkId, &Link)| {
            let at = |due| link.due_at(due, self.sourcing.watched_since);
            let first = LinkDue::ALL.into_iter().filter_map(|due| Some((at(due)?, due))).min();
            first.map(|(at, due)| (at, id, due))
        };
        self.sourcing.links.iter().filter_map(of_link).min()
    }

    /// When `due` falls due in a link; `None` while it is not armed.
    pub fn link_due_at(&self, id: LinkId, due: LinkDue) -> Option<Timestamp> {
        self.sourcing.links.get(id)?.due_at(due, self.sourcing.watched_since)
    }

    /// Acts on everything that is due.
    pub(super) fn handle_link_deadlines(&mut self, ctx: &mut Context<'_>) {
        for id in self.sourcing.links.ids() {
            for due in LinkDue::ALL {
                if self.link_due_at(id, due).is_some_and(|at| at <= ctx.now) {
                    self.wake_link(ctx, id, due);
                    debug_assert!(
                        self.link_due_at(id, due).is_none_or(|at| at > ctx.now),
                        "{due:?} would fire forever"
                    );
                }
            }
        }
    }

    fn wake_link(&mut self, ctx: &mut Context<'_>, id: LinkId, due: LinkDue) {
        match due {
            LinkDue::Attempt => self.attempt(ctx, id),
            LinkDue::Timeout => self.time_out(ctx, id),
            LinkDue::Stall => self.handle_stall(ctx, id),
        }
    }

    /// Cuts a link, so that nothing passes in either direction, or mends it. A mended link behaves as the real server
    /// does when the connection to an origin elsewhere comes back: what was heard of lately goes on, all else begins
    /// anew, if no request is on its way. Whether there is such a link.
    pub fn set_link_cut(&mut self, ctx: &mut Context<'_>, origin: OriginRef, is_cut: bool) -> bool {
        let Some(id) = self.link(origin).map(|link| link.id) else { return false };
        let Some(link) = self.sourcing.links.get_mut(id) else { return false };
        if link.is_cut() == is_cut {
            return true;
        }
        link.set_cut(ctx.router, self.id, is_cut);
        let begins_anew = link.request.is_none() && (link.listening.is_none() || link.is_stale(ctx.now));
        if !is_cut && begins_anew {
            link.failures = 0;
            link.let_go(ctx.router, self.id);
            link.plan(ctx, link.reached.next_seq());
        }
        true
    }

    /// What INFO says about the origin of a mirror.
    pub(super) fn mirror_info(&self, now: Timestamp) -> Option<StreamSourceInfo> {
        self.links().find(|link| link.kind == LinkKind::Mirror).map(|link| link.info(now, 0))
    }

    /// What INFO says about the sources.
    pub(super) fn sources_info(&self, now: Timestamp) -> Vec<StreamSourceInfo> {
        let sources = self.links().filter(|link| link.kind == LinkKind::Source);
        let taken = |link: &Link| self.sourcing.progress.get(&link.name).map_or(0, |progress| progress.seq);
        sources.map(|link| link.info(now, taken(link))).collect()
    }

    /// The origin for which this mirror answers direct gets, once it has nearly caught up.
    pub fn answers_direct_for(&self) -> Option<&str> {
        self.sourcing.direct_for.as_deref()
    }
}
