//! Which gates are closed between a consumer's messages and whoever asks.

use crate::engine::consumer::config::PriorityPolicy;
use crate::engine::consumer::waiting::PullRequest;
use crate::engine::consumer::{Claim, Consumer, Outlook, Wakeup};
use crate::engine::stream::Stream;
use crate::engine::subject::SubjectFilter;
use crate::engine::table::Id;
use crate::sim::actor::{Actor, ActorId, Held, Worker};

use super::Gate;
use crate::view::Scene;

/// The worker that asks.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub id: ActorId,
    pub actor: &'a Actor,
    pub worker: &'a Worker,
}

impl<'a> Asker<'a> {
    /// What the worker holds and can settle. After a RESET two of them may have one consumer sequence, and the older one
    /// is settled by it.
    pub fn settles(&self) -> impl Iterator<Item = &'a Held> + use<'a> {
        let worker = self.worker;
        let is_meant = |of: &&Held| {
            let mut same = worker.held().filter(|held| held.consumer_seq == of.consumer_seq);
            same.next().is_some_and(|first| first.stream_seq == of.stream_seq)
        };
        worker.held().filter(move |held| is_meant(held))
    }
}

/// What is asked about: a consumer, by a worker of it or by nobody in particular.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub scene: Scene<'a>,
    pub stream: &'a Stream,
    pub consumer: &'a Consumer,
    pub outlook: Outlook,
    pub asker: Option<Asker<'a>>,
}

impl<'a> Case<'a> {
    pub fn new(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer, asker: Option<Asker<'a>>) -> Self {
        Self { scene, stream, consumer, outlook: consumer.outlook(stream.store()), asker }
    }

    /// The workers of the consumer.
    pub fn workers(&self) -> impl Iterator<Item = Asker<'a>> + use<'a> {
        let workers = self.scene.workers(&self.stream.config.name, &self.consumer.name);
        workers.map(|(id, actor, worker)| Asker { id, actor, worker })
    }

    /// The gates that are closed, those first that stand before the others.
    pub fn gates(&self) -> Vec<Gate> {
        let mut gates = Vec::new();
        if self.can_never_match() {
            return vec![Gate::Matching];
        }
        if let Some(asker) = &self.asker {
            close(&mut gates, asker.actor.conn.is_none(), Gate::Connected);
            close(&mut gates, asker.actor.conn.is_some() && !self.is_known_to(asker.worker), Gate::UpToDate);
        }
        // Whoever connects anew listens, and fetches if it runs.
        let comes_anew = !gates.is_empty();
        if self.outlook.paced.is_some() {
            gates.push(Gate::Paced);
            return gates;
        }
        close(&mut gates, self.consumer.is_paused(self.scene.now()), Gate::Running);
        if let Some(push) = self.consumer.push() {
            close(&mut gates, !push.is_bound() && !comes_anew, Gate::Bound);
            close(&mut gates, push.window().is_some_and(|(outstanding, window)| outstanding > window), Gate::Confirmed);
        }
        if self.outlook.again.is_none() {
            close(&mut gates, self.outlook.new.is_none(), Gate::Message);
            close(&mut gates, self.outlook.is_full, Gate::Slot);
        }
        if self.consumer.is_pull() {
            self.close_to_pulls(&mut gates, comes_anew);
        }
        let is_awake = self.consumer.due_at(Wakeup::Backlog).is_some_and(|at| at <= self.scene.now());
        let stumbles = self.outlook.lost_turns > 0 && self.outlook.again.is_none();
        // One more who listens wakes nobody.
        let is_all_else = gates.is_empty() || (comes_anew && gates.len() == 1 && self.consumer.is_push_bound());
        let is_asleep = (is_all_else && !is_awake) || (!gates.is_empty() && stumbles);
        close(&mut gates, is_asleep, Gate::Awake);
        gates
    }

    fn can_never_match(&self) -> bool {
        let (config, filters) = (&self.stream.config, self.consumer.filters());
        let is_changed = config.mirror.is_some() || !config.sources.is_empty() || config.subject_transform.is_some();
        let meets = |filter: &SubjectFilter| config.subjects.iter().any(|subject| filter.collides(subject));
        !is_changed
            && !filters.is_empty()
            && !filters.iter().any(meets)
            && self.outlook.again.or(self.outlook.new).is_none()
    }

    /// What a pull request in line gets, of those that somebody listens for, and that are the asker's.
    pub fn claims(&self) -> impl Iterator<Item = (&'a PullRequest, Claim)> + use<'a> {
        let Self { scene, consumer, outlook, asker, .. } = *self;
        let inbox = asker.and_then(|asker| asker.actor.conn).map(|conn| format!("_INBOX.w{}.", conn.index()));
        let is_own = move |request: &&PullRequest| {
            asker.is_none() || inbox.as_ref().is_some_and(|inbox| request.reply.starts_with(inbox.as_bytes()))
        };
        let is_heard = move |request: &&PullRequest| scene.world.server().has_interest(&request.reply);
        let claim = move |request| (request, consumer.claim(scene.now(), &outlook, request));
        consumer.waiting().iter().filter(is_own).filter(is_heard).map(claim)
    }

    fn close_to_pulls(&self, gates: &mut Vec<Gate>, comes_anew: bool) {
        let (mut is_served, mut waits_for_pin) = (false, false);
        for (_, claim) in self.claims() {
            is_served |= claim == Claim::Served;
            waits_for_pin |= claim == Claim::NotPinned;
        }
        if is_served {
            return;
        }
        let pulls_by_itself = comes_anew && self.asker.is_some_and(|asker| self.fetches_on_its_own(asker.worker));
        // Whoever connects anew has lost its pin.
        let is_pinned = self.is_pinned_elsewhere() || (comes_anew && self.consumer.pinned().is_some());
        close(gates, is_pinned, Gate::Pin);
        let is_asked_for = (is_pinned && waits_for_pin) || pulls_by_itself;
        close(gates, !is_asked_for, Gate::Pull);
    }

    /// Whether the pin is not the asker's; without an asker, whether there is one.
    fn is_pinned_elsewhere(&self) -> bool {
        let is_others = |pin: &str| self.asker.is_none_or(|asker| asker.worker.pin_id() != pin);
        self.consumer.config.priority_policy == PriorityPolicy::PinnedClient
            && self.consumer.pinned().is_some_and(|(pin, _)| is_others(pin))
    }

    /// Whether the worker knows the consumer as it is.
    pub fn is_known_to(&self, worker: &Worker) -> bool {
        is_up_to_date(self.consumer, worker) && !self.keeps_old_pin(worker)
    }

    /// Whether the worker names a pin that is no longer one.
    pub fn has_old_pin(&self, worker: &Worker) -> bool {
        let pin = self.consumer.pinned().map_or("", |(pin, _)| pin);
        self.consumer.config.priority_policy == PriorityPolicy::PinnedClient
            && !worker.pin_id().is_empty()
            && worker.pin_id() != pin
    }

    /// Whether nobody tells the worker that its pin is no longer one: while there is no other, only a message that goes
    /// out brings that up.
    fn keeps_old_pin(&self, worker: &Worker) -> bool {
        let has_nothing = self.outlook.again.is_none() && self.outlook.new.is_none();
        self.has_old_pin(worker) && self.consumer.pinned().is_none() && has_nothing
    }

    fn fetches_on_its_own(&self, worker: &Worker) -> bool {
        worker.script.is_running && !self.asks_in_vain(worker)
    }

    /// Whether a request of `worker` would wait for more to be pending, or be refused since it names a threshold where
    /// there is none.
    pub fn asks_in_vain(&self, worker: &Worker) -> bool {
        let min_pending = worker.script.min_pending.into();
        match self.consumer.config.priority_policy {
            PriorityPolicy::Overflow => self.consumer.overflows(&self.outlook, min_pending, 0) == Claim::BelowThreshold,
            _ => min_pending > 0,
        }
    }
}

fn close(gates: &mut Vec<Gate>, is_closed: bool, gate: Gate) {
    if is_closed {
        gates.push(gate);
    }
}

/// Whether what `worker` read of its consumer still leads it there.
fn is_up_to_date(consumer: &Consumer, worker: &Worker) -> bool {
    let config = &consumer.config;
    let listens = worker.binding.listens.as_deref().map(|listens| listens.split_once(' ').unwrap_or((listens, "")));
    let queue = config.deliver_group.as_deref().unwrap_or_default();
    let group = config.priority_groups.iter().next();
    let has_pin = !worker.pin_id().is_empty() && config.priority_policy != PriorityPolicy::PinnedClient;
    !has_pin
        && listens == config.deliver_subject.as_deref().map(|subject| (subject, queue))
        && (config.priority_policy == PriorityPolicy::None || worker.binding.group.as_ref() == group)
}
