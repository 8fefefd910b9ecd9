//! How a link comes to its consumer: the request to the origin, the answer, and what follows if there is none.
//!
//! Everything goes as messages: the request through the API of the origin, the answer to a subject of the stream's own,
//! the deliveries to another. So whatever others can see of it, they see. Source: nats-server `server/stream.go`
//! (`setupMirrorConsumer`, `trySetupSourceConsumer`, `setupSourceConsumer`, `startProbeSubscription`,
//! `tryDeleteSourcingConsumer`), `server/consumer.go` (`createStableConsumerHash`, `createSourcingConsumerHash`).

use std::time::Duration;

use super::headers::SourceName;
use super::link::{Link, LinkKind, Reached, Request};
use crate::engine::api::advisory::ACCOUNT;
use crate::engine::api::json::{to_json, unmarshal};
use crate::engine::api::wire::{ErrorBlock, SourcingConsumer, SourcingReply, SourcingRequest};
use crate::engine::asset::Metadata;
use crate::engine::consumer::config::{AckPolicy, DeliverPolicy, ReplayPolicy};
use crate::engine::context::Context;
use crate::engine::effects::Publication;
use crate::engine::error::ApiError;
use crate::engine::event::Event;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::rng::Rng;
use crate::engine::short_hash::short_hash;
use crate::engine::store::MessageStore;
use crate::engine::stream::Stream;
use crate::engine::stream::config::{StreamConfig, StreamSource};
use crate::engine::table::{LinkId, StreamId};
use crate::engine::time::Timestamp;

const HEARTBEAT: Duration = Duration::from_secs(1);
/// After so long without its stream, a hidden consumer goes.
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(10);
const ACK_WAIT: Duration = Duration::from_secs(22 * 60 * 60);
/// How long the answer to the request for a new consumer may take, and that to one that is there.
const CREATE_TIMEOUT: Duration = Duration::from_secs(30);
const RESET_TIMEOUT: Duration = Duration::from_secs(5);
/// The API levels that mirrors and sources need of their origins.
const MIRROR_LEVEL: &str = "4";
const SOURCE_LEVEL: &str = "5";

impl Stream {
    /// The time for the next attempt has come.
    pub(super) fn attempt(&mut self, ctx: &mut Context<'_>, id: LinkId) {
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        let Some(attempt) = link.attempt.take() else { return };
        match link.kind {
            LinkKind::Mirror => self.set_up_mirror(ctx, id),
            LinkKind::Source => self.request_consumer(ctx, id, attempt.from_seq),
        }
    }

    /// Asks the origin of a mirror for a consumer, now or as soon as that is allowed again.
    pub(super) fn set_up_mirror(&mut self, ctx: &mut Context<'_>, id: LinkId) {
        let last_seq = self.store.last_seq();
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        link.let_go(ctx.router, self.id);
        link.reached.stream_seq = last_seq;
        if link.must_wait(ctx.now) {
            return link.plan(ctx, 0);
        }
        self.request_consumer(ctx, id, 0);
    }

    /// Sends the request: for a new consumer, or to put one back that the configuration names.
    fn request_consumer(&mut self, ctx: &mut Context<'_>, id: LinkId, from_seq: u64) {
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        link.let_go(ctx.router, self.id);
        let reply = reply_subject(ctx.rng);
        let (subject, deliver_subject, body) = match &link.source.consumer {
            Some(consumer) => {
                let subject = format!("$JS.API.CONSUMER.RESET.{}.{}", link.source.name, consumer.name);
                (subject, consumer.deliver_subject.clone(), Vec::new())
            }
            None => {
                let deliver_subject = deliver_subject(link, ctx.rng);
                let start = match link.kind {
                    LinkKind::Mirror => mirror_start(&link.source, &self.store),
                    LinkKind::Source => {
                        let is_later = self.sourcing.promoted_at != Some(self.store.last_seq());
                        source_start(link, &self.store, from_seq, is_later)
                    }
                };
                let names = ConsumerNames::new(&self.config, link, ctx.domain());
                let (subject, body) = names.create_request(link, start, &deliver_subject);
                (subject, deliver_subject, body)
            }
        };
        let subject = at_origin(&link.source, &subject);
        let timeout = if link.source.consumer.is_some() { RESET_TIMEOUT } else { CREATE_TIMEOUT };
        let headers = request_headers(link);
        let request = Request { reply: reply.clone(), deliver_subject, timeout_at: ctx.now + timeout, from_seq };
        link.await_reply(ctx, self.id, request);
        if !link.is_cut() {
            publish(ctx, &subject, &reply, &headers, &body);
        }
    }

    /// Takes the origin's answer.
    pub(super) fn handle_reply(&mut self, ctx: &mut Context<'_>, id: LinkId, headers: &[u8], body: &[u8]) {
        let Ok(reply) = unmarshal::<SourcingReply>(body) else { return };
        let stream = self.id;
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        let Some(request) = link.end_request(ctx.router, stream) else { return };
        if let Some(error) = reply.error {
            if link.kind == LinkKind::Source && error.err_code == IDENTITY_MISMATCH {
                return link.start_over(ctx, stream);
            }
            return link.fail(ctx, stream, request.from_seq, Some(error));
        }
        let Some(config) = reply.config else {
            let err = "invalid consumer create response".to_owned();
            let error = match link.kind {
                LinkKind::Mirror => ApiError::MirrorConsumerSetupFailed { err },
                LinkKind::Source => ApiError::SourceConsumerSetupFailed { err },
            };
            return link.fail(ctx, stream, request.from_seq, Some(error.into()));
        };
        if link.source.consumer.is_some() && config.ack_policy != AckPolicy::FlowControl {
            let error = match link.kind {
                LinkKind::Mirror => ApiError::MirrorConsumerRequiresAckFc,
                LinkKind::Source => ApiError::SourceConsumerRequiresAckFc,
            };
            return link.fail(ctx, stream, request.from_seq, Some(error.into()));
        }
        link.failures = 0;
        link.deaf_at = None;
        ctx.tell(|| Event::OriginConnected {
            stream,
            link: id,
            origin: link.origin().to_owned(),
            consumer: reply.name.clone(),
        });
        link.consumer = reply.name;
        link.last_heard = Some(ctx.now);
        let identity = Headers::new(headers).get("Nats-Stream-Identity").unwrap_or_default();
        let identity = String::from_utf8_lossy(identity).into_owned();
        match link.kind {
            LinkKind::Mirror => self.connect_mirror(ctx, id, request.deliver_subject, reply.delivered.stream_seq),
            LinkKind::Source => {
                link.connect_source(identity, reply.delivered.stream_seq);
                link.listen(ctx, stream, request.deliver_subject, false);
                self.sourcing.watched_since.get_or_insert(ctx.now);
            }
        }
    }

    /// The origin did not answer in time.
    pub(super) fn time_out(&mut self, ctx: &mut Context<'_>, id: LinkId) {
        let stream = self.id;
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        let Some(request) = link.end_request(ctx.router, stream) else { return };
        link.fail(ctx, stream, request.from_seq, None);
        if link.source.consumer.is_some() {
            link.listen(ctx, stream, request.deliver_subject, true);
        }
    }

    /// The origin has been silent for too long.
    pub(super) fn handle_stall(&mut self, ctx: &mut Context<'_>, id: LinkId) {
        let Some(link) = self.sourcing.links.get_mut(id) else { return };
        ctx.tell(|| Event::OriginSilent { stream: self.id, link: id, origin: link.origin().to_owned() });
        match link.kind {
            LinkKind::Mirror => self.set_up_mirror(ctx, id),
            LinkKind::Source => link.plan(ctx, link.reached.next_seq()),
        }
    }

    /// What tells the consumers of this stream's sources apart: where they are, and their names.
    pub(super) fn consumer_at_origin(
        &self,
        domain: Option<&str>,
        source: &StreamSource,
        sources: &[StreamSource],
    ) -> (String, Option<String>, String) {
        let api = source.external.as_ref().map(|external| external.api.clone());
        let name = consumer_name(&self.config.name, LinkKind::Source, source, sources, domain);
        (source.name.clone(), api, name)
    }

    /// Asks the origin to delete the consumer that it keeps for this stream, if it does. Nobody waits for an answer.
    pub(super) fn request_deletion(&self, ctx: &mut Context<'_>, link: &Link, sources: &[StreamSource]) {
        if link.source.consumer.is_some() || link.is_cut() {
            return;
        }
        let name = consumer_name(&self.config.name, link.kind, &link.source, sources, ctx.domain());
        let subject = format!("$JS.API.CONSUMER.DELETE.{}.{name}", link.source.name);
        let reply = reply_subject(ctx.rng);
        publish(ctx, &at_origin(&link.source, &subject), &reply, b"", b"");
    }
}

/// [`ApiError::ConsumerStreamIdentityMismatch`] in a reply.
const IDENTITY_MISMATCH: i64 = 10225;

impl Link {
    /// An attempt came to nothing; `error` is what the origin said, if it said anything.
    fn fail(&mut self, ctx: &mut Context<'_>, stream: StreamId, from_seq: u64, error: Option<ErrorBlock>) {
        ctx.tell(|| {
            let why = error.as_ref().map_or("no answer", |error| &error.description).to_owned();
            Event::OriginFailed { stream, link: self.id, origin: self.origin().to_owned(), why }
        });
        self.error = error;
        self.failures = self.failures.saturating_add(1);
        self.let_go(ctx.router, stream);
        self.plan(ctx, from_seq);
    }

    /// Another stream has the origin's name: it is sourced from its beginning.
    fn start_over(&mut self, ctx: &mut Context<'_>, stream: StreamId) {
        self.reached = Reached::default();
        self.identity.clear();
        self.is_recreated = true;
        self.let_go(ctx.router, stream);
        self.plan(ctx, 0);
    }

    /// A probe heard something of the consumer that did not answer: it is there, so there is no reason to wait.
    pub(super) fn hear_probe(&mut self, ctx: &mut Context<'_>) {
        if self.request.is_some() || self.failures == 0 {
            return;
        }
        self.failures = 0;
        if let Some(attempt) = self.attempt.take() {
            self.plan(ctx, attempt.from_seq);
        }
    }
}

/// What a stream calls its consumer at an origin, and writes into its metadata.
struct ConsumerNames {
    name: String,
    metadata: Metadata,
}

impl ConsumerNames {
    fn new(config: &StreamConfig, link: &Link, domain: Option<&str>) -> Self {
        let kind = match link.kind {
            LinkKind::Mirror => "mirror",
            LinkKind::Source => "src",
        };
        let mut metadata = Metadata::from([
            (format!("_nats.{kind}.stream"), config.name.clone()),
            (format!("_nats.{kind}.acc"), ACCOUNT.to_owned()),
        ]);
        if let Some(domain) = domain {
            metadata.insert(format!("_nats.{kind}.domain"), domain.to_owned());
        }
        Self { name: consumer_name(&config.name, link.kind, &link.source, &config.sources, domain), metadata }
    }

    /// The subject and the body of the request for a consumer.
    fn create_request(&self, link: &Link, start: DeliverPolicy, deliver_subject: &str) -> (String, Vec<u8>) {
        let (filter_subject, filter_subjects) = filters(link);
        let stream_name = link.source.name.as_str();
        // A single transform without a filter makes a source ask with an empty filter in the subject.
        let has_filter =
            !filter_subject.is_empty() || (link.kind == LinkKind::Source && link.source.subject_transforms.len() == 1);
        let subject = if has_filter {
            format!("$JS.API.CONSUMER.CREATE.{stream_name}.{}.{filter_subject}", self.name)
        } else {
            format!("$JS.API.CONSUMER.CREATE.{stream_name}")
        };
        let request = SourcingRequest {
            stream_name,
            config: SourcingConsumer {
                name: &self.name,
                deliver_policy: start,
                ack_policy: AckPolicy::None,
                ack_wait: ACK_WAIT,
                max_deliver: 1,
                filter_subject,
                filter_subjects,
                replay_policy: ReplayPolicy::Instant,
                flow_control: true,
                deliver_subject,
                idle_heartbeat: HEARTBEAT,
                inactive_threshold: INACTIVE_THRESHOLD,
                num_replicas: 0,
                direct: true,
                sourcing: true,
                metadata: &self.metadata,
            },
            action: "",
        };
        (subject, to_json(&request))
    }
}

/// One filter, or several.
fn filters(link: &Link) -> (&str, Vec<&str>) {
    if let Some(filter) = &link.source.filter_subject {
        return (filter, Vec::new());
    }
    match &*link.source.subject_transforms {
        [transform] => (transform.src(), Vec::new()),
        transforms => ("", transforms.iter().map(|transform| transform.src()).collect()),
    }
}

/// The name that a stream gives its consumer at an origin. It stays the same, so that it can be found again; where a
/// stream sources the same origin twice, what is sourced enters into it.
fn consumer_name(
    stream: &str,
    kind: LinkKind,
    source: &StreamSource,
    sources: &[StreamSource],
    domain: Option<&str>,
) -> String {
    let domain = domain.map(|domain| format!(" {domain}")).unwrap_or_default();
    let id = short_hash(&format!("{stream} {ACCOUNT}{domain}"));
    if kind == LinkKind::Mirror {
        return format!("JS_MIRROR_{id}");
    }
    let is_sourced_twice = sources.iter().filter(|other| other.name == source.name).count() > 1;
    let id = if is_sourced_twice { format!("{id} {}", SourceName::of(source)) } else { id };
    format!("JS_SRC_{}", short_hash(&id))
}

/// Where a mirror begins: behind what it holds, or where it is told to if it never held anything.
fn mirror_start(source: &StreamSource, store: &MessageStore) -> DeliverPolicy {
    if !store.is_unused() {
        return DeliverPolicy::ByStartSequence(store.last_seq().saturating_add(1));
    }
    match (source.opt_start_seq, source.opt_start_time) {
        (Some(seq), _) => DeliverPolicy::ByStartSequence(seq),
        (None, Some(time)) => DeliverPolicy::ByStartTime(time),
        (None, None) => DeliverPolicy::All,
    }
}

/// Where a source begins: behind what it took last; if it took nothing, where it is told to; else, in a stream that was
/// used and emptied, at the time of its last message, which in a real server `is_later` than that of the origin's, except
/// for one that was mirrored.
fn source_start(link: &Link, store: &MessageStore, from_seq: u64, is_later: bool) -> DeliverPolicy {
    if from_seq > 1 {
        return DeliverPolicy::ByStartSequence(from_seq);
    }
    let last_time: Option<Timestamp> = store.last_time().map(|last| last + Duration::from_nanos(is_later.into()));
    match (link.source.opt_start_seq, link.source.opt_start_time, last_time) {
        (Some(seq), ..) => DeliverPolicy::ByStartSequence(seq),
        (None, Some(time), Some(last)) if time.to_timestamp() < last => DeliverPolicy::ByStartTime(last.into()),
        (None, Some(time), _) => DeliverPolicy::ByStartTime(time),
        (None, None, Some(last)) if store.first_seq() > 1 && !link.is_recreated => {
            DeliverPolicy::ByStartTime(last.into())
        }
        _ => DeliverPolicy::All,
    }
}

/// A subject of the API as it is called where the origin lives.
fn at_origin(source: &StreamSource, subject: &str) -> String {
    match &source.external {
        Some(external) => subject.replacen("$JS.API", &external.api, 1).replace("..", "."),
        None => subject.to_owned(),
    }
}

fn deliver_subject(link: &Link, rng: &mut Rng) -> String {
    let kind = match link.kind {
        LinkKind::Mirror => "M",
        LinkKind::Source => "S",
    };
    let prefix = link.source.external.as_ref().map(|external| external.deliver.as_str());
    let prefix = prefix.filter(|prefix| !prefix.is_empty()).unwrap_or("$JS");
    format!("{prefix}.{kind}.{}", rng.base62(8)).replace("..", ".")
}

fn reply_subject(rng: &mut Rng) -> String {
    format!("$JSC.R.{}", rng.base62(8))
}

fn request_headers(link: &Link) -> Vec<u8> {
    match link.kind {
        LinkKind::Mirror if link.source.consumer.is_some() => Vec::new(),
        LinkKind::Mirror => {
            let mut block = HeaderBlock::new();
            block.push("Nats-Required-Api-Level", MIRROR_LEVEL);
            block.finish()
        }
        LinkKind::Source => {
            let mut block = HeaderBlock::new();
            block.push("Nats-Required-Api-Level", SOURCE_LEVEL).push("Nats-Stream-Identity", &link.identity);
            block.finish()
        }
    }
}

fn publish(ctx: &mut Context<'_>, subject: &str, reply: &str, headers: &[u8], payload: &[u8]) {
    let (subject, reply) = (subject.as_bytes(), reply.as_bytes());
    ctx.effects.publish(Publication { to: subject, subject, reply, headers, payload });
}
