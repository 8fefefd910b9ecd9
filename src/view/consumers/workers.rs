//! The workers of a consumer: what they hold, what they asked for.

use std::cmp::Reverse;

use crate::engine::consumer::Consumer;
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::config::{AckPolicy, PriorityPolicy};
use crate::engine::stream::Stream;
use crate::engine::time::Timestamp;
use crate::sim::actor::{Actor, ActorId, FetchRequest, Held, OpenPull, Worker, WorkerScript};
use crate::texts::consumer as texts;

use super::{
    HeldRow, HeldState, SHOWN_HELD, SHOWN_TICKETS, TicketRow, TicketState, WorkerRow, WorkerState, ticket_number,
};
use crate::view::why::{self, Ask};
use crate::view::{Ring, Scene, first_by, text};

const NO_ACK: &str = texts::ACK_POLICY_NONE_DELIVERY;
const BY_FLOW: &str = texts::ACK_POLICY_FLOW_CONTROL;

/// Those of a consumer, also of one that does not exist.
pub fn rows(scene: Scene<'_>, stream: &str, consumer: &str) -> Vec<WorkerRow> {
    let of = scene.consumer(stream, consumer);
    scene.workers(stream, consumer).map(|(id, actor, worker)| row(scene, of, id, actor, worker)).collect()
}

/// A consumer with its stream; `None` where there is none.
type Of<'a> = Option<(&'a Stream, &'a Consumer)>;

fn row(scene: Scene<'_>, of: Of<'_>, id: ActorId, actor: &Actor, worker: &Worker) -> WorkerRow {
    let state = if actor.conn.is_none() {
        WorkerState::Killed
    } else if worker.held().len() > 0 {
        WorkerState::Working
    } else if worker.has_open_pull() {
        WorkerState::Waiting
    } else if worker.binding.listens.is_some() {
        WorkerState::Listening
    } else {
        WorkerState::Idle
    };
    WorkerRow {
        id,
        name: actor.name.as_str().into(),
        state,
        script: worker.script.clone(),
        does: does(&worker.script),
        standing: of.and_then(|(_, consumer)| standing(consumer, worker)),
        no_ack: match of.map(|(_, consumer)| consumer.config.ack_policy) {
            Some(AckPolicy::None) => Some(NO_ACK),
            Some(AckPolicy::FlowControl) => Some(BY_FLOW),
            _ => None,
        },
        held: worker.held().take(SHOWN_HELD).map(|held| self::held(scene, of, held)).collect(),
        more_held: worker.held().len().saturating_sub(SHOWN_HELD) as u64,
        chosen: scene.focus.chosen_of(id),
        why: scene.focus.asks(&Ask::Worker(id)).then(|| why::worker(scene, id)).flatten(),
    }
}

/// Who is pinned, who waits, and for what.
fn standing(consumer: &Consumer, worker: &Worker) -> Option<String> {
    let script = &worker.script;
    worker.binding.group.as_ref()?;
    Some(match (consumer.config.priority_policy, consumer.pinned()) {
        (PriorityPolicy::None, _) => return None,
        (PriorityPolicy::PinnedClient, Some((id, _))) if id == worker.pin_id() => {
            texts::PINNED_GETS_EVERY_MESSAGE.into()
        }
        (PriorityPolicy::PinnedClient, Some(_)) if worker.has_open_pull() => texts::WAITS_UNTIL_PIN_FREE.into(),
        (PriorityPolicy::PinnedClient, Some(_)) => texts::NOT_PINNED.into(),
        (PriorityPolicy::PinnedClient, None) => texts::FIRST_SERVED_PINNED.into(),
        (PriorityPolicy::Prioritized, _) => texts::PRIORITY.with([&script.priority]),
        (PriorityPolicy::Overflow, _) if script.min_pending == 0 => texts::TAKES_ANY_MESSAGE.into(),
        (PriorityPolicy::Overflow, _) => texts::TAKES_MESSAGES_FROM_PENDING.with([&script.min_pending]),
    })
}

/// `takes 5 s, fails 20 %`; `None` for the script that every worker begins with.
fn does(script: &WorkerScript) -> Option<String> {
    let idle = WorkerScript { is_running: false, ..script.clone() };
    if idle == WorkerScript::default() && !script.is_running {
        return None;
    }
    let mut does = texts::TAKES.with([&text::duration(script.work_time)]);
    if script.fail_percent > 0 {
        does += &texts::FAILS.with([&script.fail_percent]);
    }
    if script.crash_percent > 0 {
        does += &texts::CRASHES.with([&script.crash_percent]);
    }
    Some(does)
}

fn held(scene: Scene<'_>, of: Of<'_>, held: &Held) -> HeldRow {
    let state = of.map_or(HeldState::Orphaned, |(stream, consumer)| held_state(scene, stream, consumer, held));
    HeldRow { stream_seq: held.stream_seq, consumer_seq: held.consumer_seq, delivered: held.delivered, state }
}

fn held_state(scene: Scene<'_>, stream: &Stream, consumer: &Consumer, held: &Held) -> HeldState {
    let (pending, seq) = (consumer.ack_pending(), held.stream_seq);
    // A later delivery has a ring of its own, with somebody else.
    let is_latest = pending.redeliveries(seq) + 1 == held.delivered;
    match pending.get(seq).map(|entry| &entry.state) {
        Some(PendingState::InFlight(due)) if is_latest => HeldState::InFlight(text::countdown(due.since(scene.now()))),
        Some(PendingState::Unbounded) => HeldState::InFlight("∞".into()),
        Some(_) => HeldState::Late,
        None if consumer.config.ack_policy == AckPolicy::None => HeldState::Settled,
        None if !stream.store().contains(seq) => HeldState::Gone,
        None if pending.given_up().any(|(given_up, _)| given_up == seq) => HeldState::GivenUp,
        None => HeldState::Settled,
    }
}

/// The last pull requests of all workers, those that are open at the end.
pub fn tickets(scene: Scene<'_>, stream: &str, consumer: &str) -> Vec<TicketRow> {
    let mut pulls = Vec::new();
    for (id, _, worker) in scene.workers(stream, consumer) {
        pulls.extend(worker.pulls().map(|pull| (id, pull)));
    }
    let last = first_by(SHOWN_TICKETS, pulls.into_iter(), |(id, pull)| Reverse((order(pull), pull.number, *id)));
    last.into_iter().rev().map(|(id, pull)| ticket(scene, id, pull)).collect()
}

fn order(pull: &OpenPull) -> (bool, Timestamp) {
    (pull.status.is_none(), pull.sent)
}

fn ticket(scene: Scene<'_>, worker: ActorId, pull: &OpenPull) -> TicketRow {
    let received = pull.received.len() as u64;
    let state = match pull.status.as_deref() {
        None => TicketState::Open {
            left: u64::from(pull.request.batch).saturating_sub(received),
            expires: pull.request.expires.map(|expires| Ring::at(scene.now(), pull.sent, pull.sent + expires)),
        },
        Some("") => TicketState::Used { stream_seq: pull.received.last().copied().unwrap_or(0) },
        Some(status) => TicketState::Ended { status: status.into() },
    };
    TicketRow { number: ticket_number(worker, pull.number), asks: asks(&pull.request), state }
}

fn asks(request: &FetchRequest) -> String {
    let says = if request.no_wait { texts::PULL_NO_WAIT } else { texts::PULL };
    says.with([&request.batch])
}
