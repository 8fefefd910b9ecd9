//! One link: what a stream knows of an origin that feeds it, and how far it has got.

use std::time::Duration;

use super::headers::SourceName;
use crate::engine::api::wire::{ErrorBlock, StreamSourceInfo};
use crate::engine::context::Context;
use crate::engine::list::List;
use crate::engine::router::Router;
use crate::engine::stream::config::StreamSource;
use crate::engine::table::{LinkId, StreamId};
use crate::engine::time::Timestamp;

/// Two requests for a consumer are at least so far apart.
const REQUEST_GAP: Duration = Duration::from_secs(2);
/// Each failure adds so much to the wait for the next attempt.
const BACKOFF: Duration = Duration::from_secs(10);
const LONGEST_BACKOFF: Duration = Duration::from_secs(120);
/// Every attempt comes later by this, and by up to as much again.
const JITTER: Duration = Duration::from_millis(100);
/// How often a stream looks whether its origins are silent, and for how long they may be.
const STALL_CHECK: Duration = Duration::from_secs(10);

/// What a link does without an input, in the order in which it acts at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkDue {
    /// The origin is asked for a consumer.
    Attempt,
    /// The origin did not answer.
    Timeout,
    /// The origin has been silent for too long.
    Stall,
}

impl LinkDue {
    pub const ALL: [Self; 3] = [Self::Attempt, Self::Timeout, Self::Stall];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    Mirror,
    Source,
}

/// How far a link has got with the consumer that it has now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reached {
    /// The origin's sequence.
    pub stream_seq: u64,
    pub consumer_seq: u64,
}

impl Reached {
    /// Where the origin goes on.
    pub(super) const fn next_seq(self) -> u64 {
        self.stream_seq.saturating_add(1)
    }
}

/// An attempt to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    at: Timestamp,
    /// A source begins here.
    pub from_seq: u64,
}

/// A request that the origin has not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Request {
    pub reply: String,
    /// Where messages will come.
    pub deliver_subject: String,
    pub timeout_at: Timestamp,
    pub from_seq: u64,
}

/// What the stream listens to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Listening {
    pub subject: String,
    /// When the consumer was made or found.
    pub since: Timestamp,
    /// Only to learn that the consumer is there after all, which shortens the wait.
    pub is_probe: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    pub id: LinkId,
    pub kind: LinkKind,
    /// As the stream's configuration has it.
    pub(super) source: StreamSource,
    pub(super) name: SourceName,
    /// The origin's consumer that delivers; empty while there is none.
    pub(super) consumer: String,
    /// That of the origin, to tell when another stream took its name.
    pub(super) identity: String,
    pub(super) reached: Reached,
    pub(super) lag: u64,
    pub(super) error: Option<ErrorBlock>,
    pub(super) failures: u32,
    pub(super) last_heard: Option<Timestamp>,
    last_request: Option<Timestamp>,
    pub(super) attempt: Option<Attempt>,
    pub(super) request: Option<Request>,
    pub(super) listening: Option<Listening>,
    /// Another stream took the origin's name, and is to be sourced from its beginning.
    pub(super) is_recreated: bool,
    /// When something came that did not fit. The real server then drops what came together with it, which here is what
    /// comes at the same moment.
    pub(super) deaf_at: Option<Timestamp>,
    is_cut: bool,
}

impl Link {
    pub(super) fn new(id: LinkId, kind: LinkKind, source: StreamSource) -> Self {
        Self {
            id,
            kind,
            name: SourceName::of(&source),
            source,
            consumer: String::new(),
            identity: String::new(),
            reached: Reached::default(),
            lag: 0,
            error: None,
            failures: 0,
            last_heard: None,
            last_request: None,
            attempt: None,
            request: None,
            listening: None,
            is_recreated: false,
            deaf_at: None,
            is_cut: false,
        }
    }

    /// What it asks for, as the stream's configuration has it.
    pub const fn source(&self) -> &StreamSource {
        &self.source
    }

    /// The name of the stream that it leads to.
    pub fn origin(&self) -> &str {
        &self.source.name
    }

    /// Whether the origin delivers to this stream.
    pub fn is_connected(&self) -> bool {
        self.listening.as_ref().is_some_and(|listening| !listening.is_probe)
    }

    /// Whether nothing passes, because somebody cut the link.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The consumer of the origin that delivers; empty while there is none.
    pub fn consumer(&self) -> &str {
        &self.consumer
    }

    /// Messages of the origin that are still to come, as far as the last one told.
    pub const fn lag(&self) -> u64 {
        self.lag
    }

    pub const fn reached(&self) -> Reached {
        self.reached
    }

    /// Why the origin could not be reached.
    pub const fn error(&self) -> Option<&ErrorBlock> {
        self.error.as_ref()
    }

    /// When the origin is asked next; `None` while nothing is planned.
    pub fn next_attempt(&self) -> Option<Timestamp> {
        self.attempt.map(|attempt| attempt.at)
    }

    pub const fn last_heard(&self) -> Option<Timestamp> {
        self.last_heard
    }

    /// Plans the next attempt: at once, or as long after the last one as failures make it. A source leaves a plan or a
    /// request alone that it has already.
    pub(super) fn plan(&mut self, ctx: &mut Context<'_>, from_seq: u64) {
        if self.kind == LinkKind::Source && (self.attempt.is_some() || self.request.is_some()) {
            return;
        }
        let mut delay = JITTER + Duration::from_nanos(ctx.rng.below(JITTER.as_nanos() as u64));
        if let Some(last) = self.last_request {
            delay += REQUEST_GAP.saturating_sub(ctx.now.since(last));
            delay += (BACKOFF * self.failures).min(LONGEST_BACKOFF);
        }
        self.attempt = Some(Attempt { at: ctx.now + delay, from_seq });
    }

    /// Whether the last request is so short ago that the next one has to wait, or not answered yet.
    pub(super) fn must_wait(&self, now: Timestamp) -> bool {
        self.request.is_some() || self.last_request.is_some_and(|last| now.since(last) < REQUEST_GAP)
    }

    /// Notes a request that goes out.
    pub(super) fn await_reply(&mut self, ctx: &mut Context<'_>, stream: StreamId, request: Request) {
        self.last_request = Some(ctx.now);
        self.error = None;
        if !self.is_cut {
            ctx.router.add_link(request.reply.as_bytes(), stream, self.id);
        }
        self.request = Some(request);
    }

    /// Takes the open request off, whatever became of it.
    pub(super) fn end_request(&mut self, router: &mut Router, stream: StreamId) -> Option<Request> {
        let request = self.request.take()?;
        router.remove_link(request.reply.as_bytes(), stream, self.id);
        Some(request)
    }

    pub(super) fn listen(&mut self, ctx: &mut Context<'_>, stream: StreamId, subject: String, is_probe: bool) {
        if !self.is_cut {
            ctx.router.add_link(subject.as_bytes(), stream, self.id);
        }
        self.listening = Some(Listening { subject, since: ctx.now, is_probe });
    }

    /// Lets go of the origin's consumer and of what was planned.
    pub(super) fn let_go(&mut self, router: &mut Router, stream: StreamId) {
        if let Some(listening) = self.listening.take() {
            router.remove_link(listening.subject.as_bytes(), stream, self.id);
        }
        self.consumer.clear();
        self.attempt = None;
    }

    /// Ends everything, since the stream goes or the origin is no longer its own.
    pub(super) fn end(&mut self, router: &mut Router, stream: StreamId) {
        self.let_go(router, stream);
        self.end_request(router, stream);
    }

    /// Cuts the link: what either side sends is lost. Or mends it.
    pub(super) fn set_cut(&mut self, router: &mut Router, stream: StreamId, is_cut: bool) {
        self.is_cut = is_cut;
        let request = self.request.as_ref().map(|request| &request.reply);
        let listening = self.listening.as_ref().map(|listening| &listening.subject);
        for subject in request.into_iter().chain(listening) {
            if is_cut {
                router.remove_link(subject.as_bytes(), stream, self.id);
            } else {
                router.add_link(subject.as_bytes(), stream, self.id);
            }
        }
    }

    /// When `due` falls due; `None` while it is not armed. `watched_since` is when the stream began to look after its
    /// sources; after a mirror it looks from the moment at which that got its consumer.
    pub(super) fn due_at(&self, due: LinkDue, watched_since: Option<Timestamp>) -> Option<Timestamp> {
        match due {
            LinkDue::Attempt => self.attempt.map(|attempt| attempt.at),
            LinkDue::Timeout => self.request.as_ref().map(|request| request.timeout_at),
            LinkDue::Stall => {
                let is_idle = self.attempt.is_none() && self.request.is_none();
                let listening = self.listening.as_ref().filter(|listening| is_idle && !listening.is_probe)?;
                let start = match self.kind {
                    LinkKind::Mirror => listening.since,
                    LinkKind::Source => watched_since?,
                };
                Some(first_check_after_silence(start, self.last_heard?))
            }
        }
    }

    /// Whether nothing was heard for longer than the origin may be silent.
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        self.last_heard.is_none_or(|last| now.since(last) > STALL_CHECK)
    }

    /// What INFO says; `taken_seq` is what was taken last, which a mirror does not tell.
    pub(super) fn info(&self, now: Timestamp, taken_seq: u64) -> StreamSourceInfo {
        // A mirror does not tell its filter before it asked its origin for the first time.
        let tells_filter = self.kind == LinkKind::Source || self.last_request.is_some();
        let filter = self.source.filter_subject.clone().filter(|_| tells_filter);
        StreamSourceInfo {
            name: self.source.name.clone(),
            external: self.source.external.clone(),
            lag: self.lag,
            seq: taken_seq,
            active_ns: self.last_heard.map(|last| now.since(last).as_nanos() as u64),
            error: self.error.clone(),
            filter_subject: filter.filter(|_| self.source.subject_transforms.is_empty()),
            subject_transforms: List::from(self.source.subject_transforms.to_vec()),
        }
    }

    /// The subject under which a message of the origin is taken.
    pub(super) fn subject(&self, ctx: &mut Context<'_>, subject: &[u8]) -> Vec<u8> {
        for transform in self.source.subject_transforms.iter().filter(|transform| !transform.dest().is_empty()) {
            if transform.is_identity() {
                break;
            }
            if let Some(transformed) = transform.apply(subject, ctx.rng) {
                return transformed;
            }
        }
        subject.to_vec()
    }
}

/// The first check, of those that come regularly from `start` on, at which the last word is older than is allowed. What
/// came at the start itself is older at the first; later words come a little after the check of their moment.
fn first_check_after_silence(start: Timestamp, last_heard: Timestamp) -> Timestamp {
    if last_heard == start {
        return start + STALL_CHECK;
    }
    let passed = last_heard.since(start).as_nanos() / STALL_CHECK.as_nanos();
    start + STALL_CHECK * (u32::try_from(passed).unwrap_or(u32::MAX - 2) + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_noticed_at_the_second_check_after_the_last_word() {
        let at = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
        for (last_heard, expected) in
            [(500, 10_500), (501, 20_500), (1_300, 20_500), (10_499, 20_500), (10_500, 30_500)]
        {
            assert_eq!(first_check_after_silence(at(500), at(last_heard)), at(expected), "{last_heard}");
        }
    }
}
