//! Which gates are closed between a consumer's messages and whoever asks.

use crate::engine::consumer::config::PriorityPolicy;
use crate::engine::consumer::waiting::PullRequest;
use crate::engine::consumer::{Claim, Consumer, Outlook, Wakeup};
use crate::engine::stream::Stream;
use crate::engine::table::Id;
use crate::sim::actor::{Actor, ActorId, Worker};

use super::Gate;
use crate::view::Scene;

/// The worker that asks.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub id: ActorId,
    pub actor: &'a Actor,
    pub worker: &'a Worker,
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
        if let Some(asker) = &self.asker {
            close(&mut gates, asker.actor.conn.is_none(), Gate::Connected);
            close(
                &mut gates,
                asker.actor.conn.is_some() && !is_up_to_date(self.consumer, asker.worker),
                Gate::UpToDate,
            );
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
        let is_asleep = gates.is_empty() && !is_awake;
        close(&mut gates, is_asleep, Gate::Awake);
        gates
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
        let is_pinned = self.is_pinned_elsewhere();
        close(gates, is_pinned, Gate::Pin);
        let is_asked_for = (is_pinned && waits_for_pin) || pulls_by_itself;
        close(gates, !is_asked_for, Gate::Pull);
    }

    /// Whether the pin is not the asker's; without an asker, whether there is one.
    pub fn is_pinned_elsewhere(&self) -> bool {
        let is_others = |pin: &str| self.asker.is_none_or(|asker| asker.worker.pin_id() != pin);
        self.consumer.config.priority_policy == PriorityPolicy::PinnedClient
            && self.consumer.pinned().is_some_and(|(pin, _)| is_others(pin))
    }

    fn fetches_on_its_own(&self, worker: &Worker) -> bool {
        worker.script.is_running && !self.is_below_threshold(worker)
    }

    /// Whether a request of `worker` would wait for more to be pending.
    pub fn is_below_threshold(&self, worker: &Worker) -> bool {
        self.consumer.config.priority_policy == PriorityPolicy::Overflow
            && self.consumer.overflows(&self.outlook, worker.script.min_pending.into(), 0) == Claim::BelowThreshold
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
    let listens = worker.binding.listens.as_deref().map(|listens| listens.split(' ').next().unwrap_or_default());
    let group = config.priority_groups.iter().next();
    listens == config.deliver_subject.as_deref()
        && (config.priority_policy == PriorityPolicy::None || worker.binding.group.as_ref() == group)
}
