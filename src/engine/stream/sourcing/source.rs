//! Taking the messages of the origins that a stream sources, and knowing where to go on.
//!
//! Source: nats-server `server/stream.go` (`processInboundSourceMsg`, `setStartingSequenceForSources`,
//! `startingSequenceForSources`, `updateWithAdvisory`), `server/memstore.go` (`SourcesState`).

use super::Sourcing;
use super::delivery::{Control, Delivery, handle_control, is_control};
use super::headers::{STREAM_SOURCE, SourceHeader, SourceName, sourced};
use super::link::{Link, LinkKind, Reached};
use crate::engine::context::Context;
use crate::engine::message::Headers;
use crate::engine::stream::config::{StreamConfig, StreamSource};
use crate::engine::stream::publish::{Accepted, Sender};
use crate::engine::stream::{Inbound, Room, Stream};
use crate::engine::subject::SubjectFilter;
use crate::engine::table::LinkId;

/// What was taken last from a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    pub seq: u64,
    pub identity: String,
}

impl Link {
    /// The origin made a consumer that begins behind `delivered_seq`.
    pub(super) fn connect_source(&mut self, identity: String, delivered_seq: u64) {
        let differs = !identity.is_empty() && !self.identity.is_empty() && self.identity != identity;
        if self.is_recreated || differs {
            self.reached.stream_seq = 0;
        }
        self.identity = identity;
        self.is_recreated = false;
        self.reached = Reached { stream_seq: self.reached.stream_seq.max(delivered_seq), consumer_seq: 0 };
    }

    /// Something is missing or did not fit: the origin is asked for another consumer, from `from_seq` on.
    fn go_back(&mut self, ctx: &mut Context<'_>, reached: Reached, from_seq: u64) {
        self.reached = reached;
        self.deaf_at = Some(ctx.now);
        self.plan(ctx, from_seq);
    }

    fn resume(&mut self, progress: Progress) {
        self.reached = Reached { stream_seq: progress.seq, consumer_seq: 0 };
        self.identity = progress.identity;
        self.is_recreated = false;
    }
}

impl Stream {
    /// Makes links for the sources that have none, and finds where each goes on.
    pub(super) fn add_sources(&mut self, ctx: &mut Context<'_>) {
        let mut added = Vec::new();
        for source in self.config.sources.iter() {
            let name = SourceName::of(source);
            if !self.links().any(|link| link.name == name) {
                let link = Link::new(self.sourcing.links.next_id(), LinkKind::Source, source.clone());
                added.push(self.sourcing.links.insert(link));
            }
        }
        self.find_progress(&added);
        for id in added {
            if let Some(link) = self.sourcing.links.get_mut(id) {
                link.plan(ctx, link.reached.next_seq());
            }
        }
    }

    /// Follows a change of the sources.
    pub(super) fn update_sources(&mut self, ctx: &mut Context<'_>, old: &StreamConfig) {
        self.delete_unused_consumers(ctx, old);
        let names: Vec<SourceName> = self.config.sources.iter().map(SourceName::of).collect();
        for id in self.sourcing.links.ids() {
            let Some(link) = self.sourcing.links.get(id).filter(|link| link.kind == LinkKind::Source) else { continue };
            let configured = self.config.sources.iter().find(|source| SourceName::of(source) == link.name).cloned();
            match (configured, self.sourcing.links.get_mut(id)) {
                // Told is the filter that it began with: `>` or none are the same.
                (Some(source), Some(link)) => {
                    let filter_subject = link.source.filter_subject.take();
                    link.source = StreamSource { filter_subject, ..source };
                }
                _ => {
                    if let Some(mut link) = self.sourcing.links.remove(id) {
                        link.end(ctx.router, self.id);
                    }
                }
            }
        }
        self.add_sources(ctx);
        self.sourcing.progress.retain(|name, _| names.contains(name));
        if names.is_empty() {
            self.sourcing.watched_since = None;
        }
    }

    /// Asks the origins to delete the consumers that no source has any more.
    fn delete_unused_consumers(&self, ctx: &mut Context<'_>, old: &StreamConfig) {
        let names = |sources: &[StreamSource]| -> Vec<_> {
            let own = sources.iter().filter(|source| source.consumer.is_none());
            own.map(|source| self.consumer_at_origin(ctx.domain(), source, sources)).collect()
        };
        let kept = names(&self.config.sources);
        for source in old.sources.iter().filter(|source| source.consumer.is_none()) {
            if !kept.contains(&self.consumer_at_origin(ctx.domain(), source, &old.sources)) {
                let name = SourceName::of(source);
                if let Some(link) = self.links().find(|link| link.name == name) {
                    self.request_deletion(ctx, link, &old.sources);
                }
            }
        }
    }

    /// Finds where sources go on: from what is known of them, or from the headers of the messages that they gave.
    fn find_progress(&mut self, links: &[LinkId]) {
        let mut sought = Vec::new();
        for id in links {
            let Some(link) = self.sourcing.links.get_mut(*id) else { continue };
            match self.sourcing.progress.get(&link.name) {
                Some(progress) => link.resume(progress.clone()),
                None => sought.push(*id),
            }
        }
        let mut up_to = u64::MAX;
        while !sought.is_empty() {
            let filters: Vec<SubjectFilter> = sought.iter().filter_map(|id| self.searched(*id)).collect();
            let Some(seq) = self.store.last_match(&filters, up_to).filter(|_| !filters.is_empty()) else { return };
            up_to = seq - 1;
            let message = self.store.get(seq);
            let header = message.and_then(|message| Headers::new(message.headers).get_filled(STREAM_SOURCE));
            let Some(header) = header.and_then(SourceHeader::parse) else { continue };
            let found =
                sought.iter().position(|id| self.sourcing.links.get(*id).is_some_and(|link| link.name == header.name));
            if let Some(found) = found
                && let Some(link) = self.sourcing.links.get_mut(sought.remove(found))
            {
                let progress = Progress { seq: header.seq, identity: header.identity };
                link.resume(progress.clone());
                self.sourcing.progress.insert(header.name, progress);
            }
        }
    }

    /// Under which subjects the messages of a source are looked for: its filter, or everything. A text that is no filter
    /// finds nothing.
    fn searched(&self, id: LinkId) -> Option<SubjectFilter> {
        let source = &self.sourcing.links.get(id)?.source;
        SubjectFilter::new(source.filter_subject.as_deref().unwrap_or(">"))
    }

    /// Takes what the consumer of an origin sent.
    pub(super) fn handle_sourced(&mut self, ctx: &mut Context<'_>, room: &Room, id: LinkId, message: Inbound<'_>) {
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        let before = link.reached;
        if is_control(&message) {
            if handle_control(ctx, &message, before) == Control::Gap {
                link.go_back(ctx, before, before.next_seq());
            }
            return;
        }
        let Some(delivery) = Delivery::parse(message.reply) else { return };
        if delivery.consumer != link.consumer.as_bytes() || delivery.delivered > 1 {
            return;
        }
        let follows = delivery.consumer_seq == before.consumer_seq + 1;
        if delivery.stream_seq <= before.stream_seq {
            link.reached.consumer_seq += u64::from(follows);
            return;
        }
        if !follows {
            if delivery.consumer_seq > before.consumer_seq {
                link.go_back(ctx, before, before.next_seq());
            }
            return;
        }
        link.reached = Reached { stream_seq: delivery.stream_seq, consumer_seq: delivery.consumer_seq };
        link.lag = delivery.lag();
        let header = link.name.header(delivery.stream_seq, message.subject, &link.identity);
        let subject = link.subject(ctx, message.subject);
        let headers = sourced(message.headers, &header);
        match self.take_from_origin(ctx, room, Sender::Source, &subject, &headers, message.payload) {
            Ok(Accepted::Stored { .. }) => self.note_progress(id, delivery.stream_seq),
            Ok(Accepted::Skipped { .. } | Accepted::Duplicate { .. }) => {}
            Err(_) => {
                let Some(link) = self.sourcing.links.get_mut(id) else { return };
                link.go_back(ctx, before, delivery.stream_seq);
            }
        }
    }

    /// Notes that message `seq` of a source is stored.
    fn note_progress(&mut self, id: LinkId, seq: u64) {
        let Sourcing { links, progress, .. } = &mut self.sourcing;
        let Some(link) = links.get(id) else { return };
        match progress.get_mut(&link.name) {
            Some(progress) if progress.identity == link.identity => progress.seq = seq,
            _ => {
                progress.insert(link.name.clone(), Progress { seq, identity: link.identity.clone() });
            }
        }
    }
}
