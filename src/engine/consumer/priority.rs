//! Which pull request is served next, and the pin of a `pinned_client` consumer (ADR-42).
//!
//! Source: nats-server `server/consumer.go` (`nextWaiting`, `assignNewPinId`, `setPinnedTimer`).

use std::time::Duration;

use super::config::PriorityPolicy;
use super::{Consumer, Context, StreamView};
use crate::engine::api::advisory;
use crate::engine::error::ApiError;
use crate::engine::event::Event;
use crate::engine::table::StreamId;
use crate::engine::time::Timestamp;

/// The client that alone gets messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pin {
    pub id: String,
    pub group: String,
    pub since: Timestamp,
    /// Lost then, unless a new request carries the id.
    pub until: Timestamp,
}

/// What becomes of the first request in line for a message.
enum Verdict {
    Serve,
    /// Later perhaps; the next one is looked at.
    Cycle,
    /// Leaves the line with this status, or without one.
    End(Option<&'static str>),
}

impl Consumer {
    /// Brings a request that can take a message of `size` bytes to the front of the line, and charges it. Requests that
    /// have come to their end are removed on the way. `None` if there is no such request.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn find_eligible(&mut self, ctx: &mut Context<'_>, stream: StreamId, size: usize) -> Option<()> {
        let wants_pin = self.pin.is_none() && self.config.priority_policy == PriorityPolicy::PinnedClient;
        let mut cycled = 0;
        while !self.waiting.is_empty() {
            let pinned_before = self.pin.is_some();
            if wants_pin {
                self.pin_front(ctx, stream);
            }
            match self.judge_front(ctx, size) {
                Verdict::Serve => return Some(()),
                Verdict::Cycle => {
                    self.waiting.cycle();
                    cycled += 1;
                    if cycled >= self.waiting.len() {
                        return None;
                    }
                }
                Verdict::End(status) => {
                    if let Some(request) = self.waiting.remove_front() {
                        self.end_request(ctx, stream, &request, status);
                    }
                    if wants_pin && !pinned_before && status == Some(super::pull::MAX_BYTES) {
                        self.pin = None;
                    }
                }
            }
        }
        None
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn judge_front(&mut self, ctx: &mut Context<'_>, size: usize) -> Verdict {
        let num_pending = self.num_pending;
        let num_ack_pending = self.ack_pending.len() as i64;
        let policy = self.config.priority_policy;
        let pin = self.pin.as_ref().map(|pin| pin.id.as_str());
        let Some(request) = self.waiting.front_mut() else { return Verdict::Cycle };
        if request.has_expired(ctx.now) {
            return Verdict::End(Some(super::pull::TIMEOUT));
        }
        let id = request.priority.as_ref().map_or("", |priority| &priority.id);
        // A pin outlives the policy, until its time is over.
        match pin {
            Some(pin) if id == pin => {}
            Some(_) if id.is_empty() => return Verdict::Cycle,
            Some(_) => return Verdict::End(Some(super::pull::WRONG_PIN)),
            None if policy == PriorityPolicy::PinnedClient && !id.is_empty() => {
                return Verdict::End(Some(super::pull::WRONG_PIN));
            }
            None => {}
        }
        if policy == PriorityPolicy::Overflow
            && let Some(priority) = &request.priority
        {
            let (min_pending, min_ack_pending) = (priority.min_pending, priority.min_ack_pending);
            let asks = min_pending > 0 || min_ack_pending > 0;
            let holds = (min_pending > 0 && min_pending <= num_pending + 1)
                || (min_ack_pending > 0 && min_ack_pending <= num_ack_pending);
            if asks && !holds {
                return Verdict::Cycle;
            }
        }
        if request.bytes_left > 0 {
            let left = request.bytes_left - size as i64;
            if left < 0 {
                return Verdict::End(Some(super::pull::MAX_BYTES));
            }
            request.bytes_left = left;
            if left == 0 {
                // The last message that fits ends the request.
                request.batch_left = 1;
            }
        }
        if ctx.router.has_interest_in_inbox(&request.reply) { Verdict::Serve } else { Verdict::End(None) }
    }

    /// Pins the client of the first request, if that names a group and no pin of its own.
    fn pin_front(&mut self, ctx: &mut Context<'_>, stream: StreamId) {
        let now = ctx.now;
        let Some(request) = self.waiting.front_mut() else { return };
        if request.has_expired(now) {
            return;
        }
        let Some(priority) = request.priority.as_mut().filter(|priority| priority.id.is_empty()) else { return };
        if priority.group.is_empty() {
            return;
        }
        let id = ctx.rng.nuid();
        priority.id.clone_from(&id);
        let group = priority.group.clone();
        let until = now + self.config.priority_timeout.unwrap_or(Duration::from_secs(120));
        self.pin = Some(Pin { id, group, since: now, until });
        self.announce_pin(ctx, stream);
    }

    fn announce_pin(&self, ctx: &mut Context<'_>, stream: StreamId) {
        let Some(pin) = &self.pin else { return };
        let domain = ctx.domain().map(str::to_owned);
        let now = ctx.now;
        ctx.advise(
            || self.advisory_subject("PINNED"),
            |id| advisory::ConsumerGroupPinned {
                head: advisory::Head::new(advisory::CONSUMER_GROUP_PINNED, id, now),
                account: advisory::ACCOUNT,
                stream: &self.stream_name,
                consumer: &self.name,
                domain,
                group: &pin.group,
                pinned_id: &pin.id,
            },
        );
        ctx.tell(|| Event::Pinned { stream, consumer: self.id });
    }

    fn announce_unpin(&self, ctx: &mut Context<'_>, stream: StreamId, group: &str, reason: &'static str) {
        advise_unpin(ctx, &self.stream_name, &self.name, group, reason);
        ctx.tell(|| Event::Unpinned { stream, consumer: self.id, timed_out: reason == "timeout" });
    }

    /// The group of the pinned client, and when it loses its pin unless it asks before.
    pub fn pin(&self) -> Option<(&str, Timestamp)> {
        self.pin.as_ref().map(|pin| (pin.group.as_str(), pin.until))
    }

    /// A request that carries the pin's id keeps the pin.
    pub(super) fn keep_pin(&mut self, now: Timestamp, group: &str) {
        let timeout = self.config.priority_timeout.unwrap_or(Duration::from_secs(120));
        if let Some(pin) = &mut self.pin {
            pin.until = now + timeout;
            group.clone_into(&mut pin.group);
        }
    }

    pub(super) fn expire_pin(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>) {
        if let Some(pin) = self.pin.take() {
            self.announce_unpin(ctx, stream.id, &pin.group, "timeout");
        }
        self.deliver(ctx, stream);
    }

    /// Takes the pin away, as UNPIN asks.
    ///
    /// # Errors
    /// If the consumer has no such group.
    pub fn unpin(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, group: &str) -> Result<(), ApiError> {
        if !self.config.priority_groups.iter().any(|known| known == group) {
            return Err(ApiError::ConsumerInvalidPriorityGroup);
        }
        self.pin = None;
        self.announce_unpin(ctx, stream.id, group, "admin");
        self.deliver(ctx, stream);
        Ok(())
    }
}

/// Tells that a client of `group` lost its pin.
pub fn advise_unpin(ctx: &mut Context<'_>, stream: &str, consumer: &str, group: &str, reason: &'static str) {
    let (now, domain) = (ctx.now, ctx.domain().map(str::to_owned));
    ctx.advise(
        || format!("$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.{stream}.{consumer}"),
        |id| advisory::ConsumerGroupUnpinned {
            head: advisory::Head::new(advisory::CONSUMER_GROUP_UNPINNED, id, now),
            account: advisory::ACCOUNT,
            stream,
            consumer,
            domain,
            group,
            reason,
        },
    );
}
