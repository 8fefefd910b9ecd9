//! The consumers of a stream: making and deleting them, waking them, and what they release.
//!
//! Source: nats-server `server/consumer.go` (`addConsumerWithAssignment`, `stopWithFlags`), `server/stream.go`
//! (`partitionUnique`).

use std::rc::Rc;

use super::config::Retention;
use super::{Context, Stream};
use crate::engine::api::advisory;
use crate::engine::consumer::config::{AckPolicy, ConsumerConfig, DeliverPolicy};
use crate::engine::consumer::{AckSubject, Consumer, StreamView};
use crate::engine::error::ApiError;
use crate::engine::event::{Changes, ConsumerEnd, Event, Removal};
use crate::engine::latest::Latest;
use crate::engine::subject::SubjectFilter;
use crate::engine::subject_map::SubjectMap;
use crate::engine::table::ConsumerId;

/// Consumers that a stream may have unless its configuration says otherwise.
const DEFAULT_MAX_CONSUMERS: u64 = 1_000;

impl Stream {
    pub fn consumer_id(&self, name: &str) -> Option<ConsumerId> {
        self.consumer_names.get(name).copied()
    }

    pub fn consumer(&self, id: ConsumerId) -> Option<&Consumer> {
        self.consumers.get(id)
    }

    /// The push consumers with this deliver subject.
    pub fn consumers_delivering_to(&self, subject: &[u8]) -> impl Iterator<Item = ConsumerId> {
        let delivers = move |consumer: &Consumer| {
            consumer.config.deliver_subject.as_ref().is_some_and(|to| to.as_bytes() == subject)
        };
        self.consumers.iter().filter(move |(_, consumer)| delivers(consumer)).map(|(id, _)| id)
    }

    pub fn consumer_named(&self, name: &str) -> Option<&Consumer> {
        self.consumers.get(self.consumer_id(name)?)
    }

    /// Consumers sorted by name, without those that mirrors and sources made for themselves.
    pub fn visible_consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.consumer_names.values().filter_map(|id| self.consumers.get(*id)).filter(|consumer| !consumer.is_hidden())
    }

    /// Consumers in the order of their making.
    pub fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.consumers.iter().map(|(_, consumer)| consumer)
    }

    /// Lets `act` change a consumer, then does what the stream owes about it.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn with_consumer<R>(
        &mut self,
        ctx: &mut Context<'_>,
        id: ConsumerId,
        act: impl FnOnce(&mut Consumer, &mut Context<'_>, StreamView<'_>) -> R,
    ) -> Option<R> {
        let Self { id: stream, config, store, consumers, .. } = self;
        let consumer = consumers.get_mut(id)?;
        let view = StreamView { id: *stream, config, store };
        let result = act(consumer, ctx, view);
        if consumer.has_released() {
            let released = consumer.take_released();
            self.release(ctx, &released);
            if let Some(consumer) = self.consumers.get_mut(id) {
                consumer.recycle_released(released);
            }
        }
        Some(result)
    }

    /// Tells the consumers that read `subject` that message `seq` was stored. Those that had to wait until a removal
    /// made room go on before, and know nothing of it yet.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn signal_consumers(&mut self, ctx: &mut Context<'_>, subject: &[u8], seq: u64) {
        if !self.consumers.is_empty() || !self.unblocked.is_empty() {
            self.signal_readers(ctx, subject, seq);
        }
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn signal_readers(&mut self, ctx: &mut Context<'_>, subject: &[u8], seq: u64) {
        for id in std::mem::take(&mut self.unblocked) {
            self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.deliver(ctx, stream));
        }
        let readers = readers(&mut self.latest_readers, &self.filters, subject);
        for (id, matches) in readers.iter().copied() {
            let Some(consumer) = self.consumers.get_mut(id) else { continue };
            consumer.count_stored(seq, matches);
            if consumer.wants_stored(seq) {
                self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.deliver(ctx, stream));
            }
        }
    }

    /// Takes an acknowledgement for a consumer. Whether that takes acks; `None` if there is no such one.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn handle_ack(
        &mut self,
        ctx: &mut Context<'_>,
        id: ConsumerId,
        ack: AckSubject,
        reply: &[u8],
        body: &[u8],
    ) -> Option<bool> {
        if !self.consumers.get(id)?.takes_acks() {
            return Some(false);
        }
        let outcome =
            self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.handle_ack(ctx, stream, ack, body))?;
        if outcome.answer && !reply.is_empty() {
            ctx.effects.send(reply, b"");
        }
        if outcome.next {
            let request = body.strip_prefix(b"+NXT").unwrap_or_default();
            self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.handle_pull(ctx, stream, reply, request));
        }
        if outcome.wake {
            self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.deliver(ctx, stream));
        }
        Some(true)
    }

    /// Takes the answer to a flow control request. Whether there is such a consumer.
    pub fn handle_flow_control(
        &mut self,
        ctx: &mut Context<'_>,
        consumer: &str,
        subject: &[u8],
        headers: &[u8],
    ) -> bool {
        let Some(id) = self.consumer_id(consumer) else { return false };
        if !self.consumers.get(id).is_some_and(|consumer| consumer.config.flow_control) {
            return false;
        }
        let outcome = self.with_consumer(ctx, id, |consumer, ctx, stream| {
            consumer.handle_flow_control(ctx, stream, subject, headers)
        });
        if outcome.is_some_and(|outcome| outcome.wake) {
            self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.deliver(ctx, stream));
        }
        true
    }

    /// The rules for a new consumer that depend on the stream and its other consumers.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check_new_consumer(&self, config: &ConsumerConfig, account_max: Option<u64>) -> Result<(), ApiError> {
        // Those that feed other streams are not counted, and never too many.
        let feeds_streams = |config: &ConsumerConfig| config.direct || config.sourcing;
        if !feeds_streams(config) {
            let max = self.config.max_consumers.or(account_max).unwrap_or(DEFAULT_MAX_CONSUMERS);
            let others = || self.consumers().filter(|consumer| !feeds_streams(&consumer.config)).count();
            if self.consumers.len() as u64 >= max && others() as u64 >= max {
                return Err(ApiError::MaximumConsumersLimit);
            }
        }
        if self.config.retention == Retention::WorkQueue && !feeds_streams(config) {
            self.check_work_queue(config)?;
        }
        Ok(())
    }

    /// In a work queue, every message belongs to one consumer.
    fn check_work_queue(&self, config: &ConsumerConfig) -> Result<(), ApiError> {
        if !matches!(config.ack_policy, AckPolicy::Explicit | AckPolicy::FlowControl) {
            return Err(ApiError::ConsumerWqRequiresExplicitAck);
        }
        if config.deliver_policy != DeliverPolicy::All {
            return Err(ApiError::ConsumerWqConsumerNotDeliverAll);
        }
        let has_others = self.consumers.iter().any(|(_, consumer)| !consumer.is_hidden() && !consumer.config.sourcing);
        if has_others {
            if config.filters().next().is_none() {
                return Err(ApiError::ConsumerWqMultipleUnfiltered);
            }
            if !self.is_partition_free(None, config) {
                return Err(ApiError::ConsumerWqConsumerNotUnique);
            }
        }
        Ok(())
    }

    /// Whether no other consumer than `except` reads a subject that `wanted` reads.
    pub fn is_partition_free(&self, except: Option<ConsumerId>, wanted: &ConsumerConfig) -> bool {
        self.consumers.iter().filter(|(id, consumer)| Some(*id) != except && !consumer.config.sourcing).all(
            |(_, consumer)| {
                let taken = consumer.filters();
                !taken.is_empty() && !taken.iter().any(|taken| wanted.filters().any(|filter| filter.collides(taken)))
            },
        )
    }

    /// Adds a consumer whose configuration passed all checks. It does not deliver before
    /// [`start_consumer`](Self::start_consumer), so that its first info shows it untouched.
    pub fn add_consumer(&mut self, ctx: &mut Context<'_>, name: String, config: ConsumerConfig) -> ConsumerId {
        let consumer = Consumer::new(ctx, self.view(), self.consumers.next_id(), name.clone(), config);
        let id = self.insert_consumer(consumer);
        self.advise_consumer(ctx, &name, "CREATED", "create");
        ctx.tell(|| Event::ConsumerCreated { stream: self.id, consumer: id, name });
        id
    }

    /// Lets the stream know a consumer, which has the next id.
    pub(super) fn insert_consumer(&mut self, mut consumer: Consumer) -> ConsumerId {
        let id = consumer.id;
        consumer.delivery_releases = consumer.config.ack_policy == AckPolicy::None
            && self.takes_delivery_as_ack
            && self.config.retention != Retention::Limits;
        self.add_filters(id, consumer.filters().to_vec());
        self.consumer_names.insert(consumer.name.clone(), id);
        self.consumers.insert(consumer);
        id
    }

    pub fn start_consumer(&mut self, ctx: &mut Context<'_>, id: ConsumerId) {
        self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.start(ctx, stream));
    }

    /// Replaces the configuration of a consumer by one that passed the checks.
    pub fn update_consumer(&mut self, ctx: &mut Context<'_>, id: ConsumerId, config: ConsumerConfig) {
        let Some(consumer) = self.consumers.get(id) else { return };
        let (old, new) = (consumer.filters().to_vec(), config.filters().cloned().collect::<Vec<_>>());
        let (before, floor) = (consumer.config.clone(), consumer.settled_up_to());
        if old != new {
            if !self.refiltered.contains(&id) {
                self.refiltered.push(id);
            }
            self.remove_filters(id, &old);
            // As in the real server, a consumer that loses its last filter hears of no new message any more; it sees
            // them when something else wakes it.
            if !new.is_empty() {
                self.add_filters(id, new.clone());
            }
        }
        self.with_consumer(ctx, id, |consumer, ctx, stream| consumer.update(ctx, stream, config));
        if old != new && self.config.retention == Retention::Interest {
            self.remove_unneeded(ctx, floor);
        }
        if let Some(consumer) = self.consumers.get(id) {
            let changes = || Changes::new(&before, &consumer.config);
            ctx.tell(|| Event::ConsumerUpdated { stream: self.id, consumer: id, changes: changes() });
        }
    }

    fn add_filters(&mut self, id: ConsumerId, filters: Vec<SubjectFilter>) {
        self.latest_readers.forget();
        if filters.is_empty() {
            self.filters.insert(b">", id);
        }
        for filter in filters {
            self.filters.insert(filter.as_bytes(), id);
        }
    }

    fn remove_filters(&mut self, id: ConsumerId, filters: &[SubjectFilter]) {
        self.latest_readers.forget();
        if filters.is_empty() {
            self.filters.remove(b">", |other| *other == id);
        }
        for filter in filters {
            self.filters.remove(filter.as_bytes(), |other| *other == id);
        }
    }

    /// Deletes a consumer. In an interest stream, what only it wanted goes as well.
    pub fn delete_consumer(&mut self, ctx: &mut Context<'_>, id: ConsumerId, cause: ConsumerEnd) {
        let Some(consumer) = self.consumers.get_mut(id) else { return };
        let name = consumer.name.clone();
        self.advise_consumer(ctx, &name, "DELETED", "delete");
        let Some(consumer) = self.consumers.get_mut(id) else { return };
        consumer.end(ctx, self.id);
        let Some(consumer) = self.consumers.remove(id) else { return };
        self.consumer_names.remove(&consumer.name);
        self.remove_filters(id, consumer.filters());
        self.refiltered.retain(|refiltered| *refiltered != id);
        let start = consumer.settled_up_to();
        self.remember_leftovers(&consumer);
        ctx.tell(|| Event::ConsumerDeleted { stream: self.id, consumer: id, name: consumer.name, cause });
        if self.config.retention == Retention::Interest && cause != ConsumerEnd::StreamDeleted {
            if self.consumers.is_empty() {
                self.purge_matching(ctx, None, None, 0, Removal::NoInterest);
            } else {
                self.remove_unneeded(ctx, start);
            }
        }
    }

    /// Deletes all consumers because the stream goes.
    pub fn delete_all_consumers(&mut self, ctx: &mut Context<'_>) {
        for id in self.consumers.ids() {
            self.delete_consumer(ctx, id, ConsumerEnd::StreamDeleted);
        }
    }

    fn advise_consumer(&self, ctx: &mut Context<'_>, consumer: &str, kind: &str, action: &'static str) {
        let subject = || format!("$JS.EVENT.ADVISORY.CONSUMER.{kind}.{}.{consumer}", self.config.name);
        let (now, domain) = (ctx.now, ctx.domain().map(str::to_owned));
        ctx.advise(subject, |id| advisory::ConsumerAction::new(id, now, &self.config.name, consumer, action, domain));
    }
}

/// Consumers in the order of their making, each with how many of its filters match.
pub(super) type Readers = Vec<(ConsumerId, usize)>;

/// The consumers that read `subject`. `latest` are those that were asked for last.
pub(super) fn readers(latest: &mut Latest<Readers>, filters: &SubjectMap<ConsumerId>, subject: &[u8]) -> Rc<Readers> {
    latest.get(subject).cloned().unwrap_or_else(|| {
        latest.find(subject, filters.ignores_last_token(subject), |readers| {
            readers.clear();
            filters.for_each_match(subject, &mut |consumer| readers.push((*consumer, 1)));
            readers.sort_unstable();
            readers.dedup_by(|(id, matches), (kept, kept_matches)| {
                let is_same = id == kept;
                *kept_matches += if is_same { *matches } else { 0 };
                is_same
            });
        })
    })
}
