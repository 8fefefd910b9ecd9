//! The workers of a consumer: what they hold, what they asked for.

use std::cmp::Reverse;

use crate::engine::consumer::Consumer;
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::config::{AckPolicy, PriorityPolicy};
use crate::engine::stream::Stream;
use crate::engine::time::Timestamp;
use crate::sim::actor::{Actor, ActorId, FetchRequest, Held, OpenPull, Worker, WorkerScript};
use crate::texts::consumer as texts;

use super::{HeldRow, SHOWN_HELD, SHOWN_TICKETS, TicketRow, TicketState, WorkerRow, WorkerState, ticket_number};
use crate::view::why::{self, Ask};
use crate::view::{Ring, Scene, first_by, text};

const NO_ACK: &str = texts::ACK_POLICY_NONE_DELIVERY;
const BY_FLOW: &str = texts::ACK_POLICY_FLOW_CONTROL;

pub fn rows<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> Vec<WorkerRow> {
    let workers = scene.workers(&stream.config.name, &consumer.name);
    workers.map(|(id, actor, worker)| row(scene, consumer, id, actor, worker)).collect()
}

fn row(scene: Scene<'_>, consumer: &Consumer, id: ActorId, actor: &Actor, worker: &Worker) -> WorkerRow {
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
        standing: standing(consumer, worker),
        no_ack: match consumer.config.ack_policy {
            AckPolicy::None => Some(NO_ACK),
            AckPolicy::FlowControl => Some(BY_FLOW),
            AckPolicy::All | AckPolicy::Explicit => None,
        },
        held: worker.held().take(SHOWN_HELD).map(|held| self::held(scene, consumer, held)).collect(),
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

fn held(scene: Scene<'_>, consumer: &Consumer, held: &Held) -> HeldRow {
    let pending = consumer.ack_pending();
    // A later delivery has a ring of its own, with somebody else.
    let is_latest = pending.redeliveries(held.stream_seq) + 1 == held.delivered;
    let ring = pending.get(held.stream_seq).filter(|_| is_latest).and_then(|entry| match entry.state {
        PendingState::InFlight(due) => Some(Ring::at(scene.now(), entry.since, due)),
        _ => None,
    });
    HeldRow { stream_seq: held.stream_seq, consumer_seq: held.consumer_seq, delivered: held.delivered, ring }
}

/// The last pull requests of all workers, those that are open at the end.
pub fn tickets<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> Vec<TicketRow> {
    let mut pulls = Vec::new();
    for (id, _, worker) in scene.workers(&stream.config.name, &consumer.name) {
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
