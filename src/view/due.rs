//! What is due, in words: for the clock bar and the marks ahead on its line.

use crate::engine::Due;
use crate::engine::account::{Account, AccountDue};
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::{Consumer, Wakeup};
use crate::engine::stream::{LeftoverKind, LinkDue, Stream, StreamDue};
use crate::engine::table::Id;
use crate::engine::time::Timestamp;
use crate::engine::transfer::{Restore, Snapshot, TransferDue};
use crate::sim::actor::Role;
use crate::sim::world::{NextEvent, World};
use crate::texts::clock as texts;

use super::text::Part::{Code, Plain, Raw, Seq};
use super::{Phrase, Scene, first_by};

/// The name and reason of what happens next: “AckWait of `#4` ends”.
pub fn what(world: &World, next: NextEvent) -> Phrase {
    match next {
        NextEvent::Server(deadline) => {
            let account = world.server().account();
            match deadline.due {
                Due::Account(AccountDue::Stream(id, due)) => {
                    account.stream(id).map_or_else(Phrase::new, |stream| of_stream(stream, due))
                }
                Due::Account(AccountDue::Transfer(due)) => of_transfer(account, due),
                Due::Ping(conn) => {
                    let client = conn.index().to_string();
                    Phrase::fill(texts::PINGED, &[Plain(&client)])
                }
            }
        }
        NextEvent::Actor(_, id) => {
            let Some(actor) = world.actors().get(id) else { return Phrase::new() };
            let does = match &actor.role {
                Role::Publisher(_) => texts::PUBLISHES,
                Role::Worker(_) => texts::WORKER_DONE,
                Role::Console(_) => texts::ASKS,
            };
            Phrase::fill(does, &[Code(&actor.name)])
        }
    }
}

fn of_transfer(account: &Account, due: TransferDue) -> Phrase {
    let transfers = account.transfers();
    let (what, name) = match due {
        TransferDue::Snapshot(id) => {
            (texts::BACKUP_WAITS_NO_LONGER, transfers.snapshots.get(id).map(Snapshot::stream_name))
        }
        TransferDue::Restore(id) => {
            (texts::RESTORE_WAITS_NO_LONGER, transfers.restores.get(id).map(Restore::stream_name))
        }
    };
    Phrase::fill(what, &[Code(name.unwrap_or_default())])
}

fn of_stream(stream: &Stream, due: StreamDue) -> Phrase {
    let name = Code(&stream.config.name);
    match due {
        StreamDue::Ttl => {
            let seq = stream.ttls().first().map_or(0, |(_, seq)| seq);
            Phrase::fill(texts::TTL_ENDS, &[Seq(seq), name])
        }
        StreamDue::MaxAge => {
            let seq = stream.oldest_ageing().map_or(0, |(_, seq)| seq);
            Phrase::fill(texts::REACHES_MAX_AGE, &[Seq(seq), name])
        }
        StreamDue::DuplicateWindow => {
            let window = stream.config.duplicate_window.unwrap_or_default();
            let id = stream.duplicates().iter(window).next().map_or(&[][..], |(id, _, _)| id);
            Phrase::fill(texts::ID_LEAVES_DUPLICATE_WINDOW, &[Raw(id)])
        }
        StreamDue::AtomicBatch => Phrase::fill(texts::ATOMIC_BATCH_GIVEN_UP, &[name]),
        StreamDue::FastBatch => Phrase::fill(texts::FAST_BATCH_FORGOTTEN, &[name]),
        StreamDue::Schedule => {
            let subject = stream.schedules().first().unwrap_or_default();
            Phrase::fill(texts::SCHEDULE_FIRES, &[Raw(subject), name])
        }
        StreamDue::Leftover => stream.first_leftover().map_or_else(Phrase::new, |leftover| {
            let ends =
                if matches!(leftover.kind, LeftoverKind::Pause(_)) { texts::PAUSE_ENDS } else { texts::PIN_ENDS };
            Phrase::fill(ends, &[Code(&leftover.consumer)])
        }),
        StreamDue::Link(id, due) => {
            let origin = stream.links().find(|link| link.id == id).map_or("", |link| link.origin());
            let does = match due {
                LinkDue::Attempt => texts::ASKS_MESSAGES,
                LinkDue::Timeout => texts::WAITS_NO_LONGER_ANSWER,
                LinkDue::Stall => texts::MISSES_HEARTBEATS,
            };
            Phrase::fill(does, &[name, Code(origin)])
        }
        StreamDue::Consumer(id, wakeup) => {
            stream.consumer(id).map_or_else(Phrase::new, |consumer| of_consumer(stream, consumer, wakeup))
        }
    }
}

fn of_consumer(stream: &Stream, consumer: &Consumer, wakeup: Wakeup) -> Phrase {
    let link = if consumer.is_hidden() { texts::LINK.with([&stream.config.name]) } else { String::new() };
    let name = Code(if link.is_empty() { &consumer.name } else { &link });
    let seq = consumer.ack_pending().first_due_message().map_or(0, |(_, seq)| seq);
    let (says, what) = match wakeup {
        Wakeup::AckWait if is_delayed(consumer, seq) => (texts::DELAY_ENDS, Seq(seq)),
        Wakeup::AckWait => (texts::ACKWAIT_ENDS, Seq(seq)),
        Wakeup::AckTimer => (texts::LOOKS_THROUGH_PENDING, name),
        Wakeup::Waiting => (texts::PULL_REQUEST_EXPIRES, name),
        Wakeup::PauseEnd => (texts::PAUSE_ENDS, name),
        Wakeup::InHand | Wakeup::Backlog => (texts::DELIVERS, name),
        Wakeup::IdleHeartbeat => (texts::HEARTBEAT_OF, name),
        Wakeup::PinTimeout => (texts::PIN_ENDS, name),
        Wakeup::Inactivity => (texts::LOOKED_DELETED_IF_UNUSED, name),
    };
    Phrase::fill(says, &[what])
}

fn is_delayed(consumer: &Consumer, stream_seq: u64) -> bool {
    let pending = consumer.ack_pending().get(stream_seq);
    pending.is_some_and(|pending| matches!(pending.state, PendingState::NakDelayed(_)))
}

/// The first `most` of what is due in the streams, in order, each in a few words.
pub fn ahead(scene: Scene<'_>, most: usize) -> Vec<(Timestamp, String)> {
    let mut all: Vec<(Timestamp, StreamDue, &Stream)> = Vec::new();
    for stream in scene.streams() {
        for_each_deadline(stream, |at, due| all.push((at, due, stream)));
    }
    let first = first_by(most, all.into_iter(), |(at, _, _)| *at);
    first.into_iter().map(|(at, due, stream)| (at, short(stream, due))).collect()
}

/// Calls `found` with the first deadline of every kind.
fn for_each_deadline(stream: &Stream, mut found: impl FnMut(Timestamp, StreamDue)) {
    let mut tell = |at: Option<Timestamp>, due| {
        if let Some(at) = at {
            found(at, due);
        }
    };
    tell(stream.ttls().first().map(|(at, _)| at), StreamDue::Ttl);
    tell(stream.oldest_ageing().map(|(at, _)| at), StreamDue::MaxAge);
    tell(stream.duplicates().due_at(), StreamDue::DuplicateWindow);
    tell(stream.atomic_batches().due_at(), StreamDue::AtomicBatch);
    tell(stream.fast_batches().due_at(), StreamDue::FastBatch);
    tell(stream.schedules().due_at(), StreamDue::Schedule);
    tell(stream.first_leftover().map(|leftover| leftover.at), StreamDue::Leftover);
    for link in stream.links() {
        for due in LinkDue::ALL {
            tell(stream.link_due_at(link.id, due), StreamDue::Link(link.id, due));
        }
    }
    for consumer in stream.visible_consumers() {
        for wakeup in Wakeup::ALL {
            tell(consumer.due_at(wakeup), StreamDue::Consumer(consumer.id, wakeup));
        }
    }
}

fn short(stream: &Stream, due: StreamDue) -> String {
    match due {
        StreamDue::Ttl => texts::TTL_ENDS_SHORT.into(),
        StreamDue::MaxAge => texts::MAX_AGE.into(),
        StreamDue::DuplicateWindow => texts::DEDUP_ID_EXPIRES.into(),
        StreamDue::AtomicBatch | StreamDue::FastBatch => texts::BATCH_GIVEN_UP.into(),
        StreamDue::Schedule => texts::SCHEDULE.into(),
        StreamDue::Leftover => match stream.first_leftover().map(|leftover| &leftover.kind) {
            Some(LeftoverKind::Pin(_)) => texts::DELIVERY.into(),
            _ => texts::PAUSE_ENDS_SHORT.into(),
        },
        StreamDue::Link(_, LinkDue::Attempt) => texts::ASKS_ORIGIN.into(),
        StreamDue::Link(_, LinkDue::Timeout) => texts::NO_ANSWER.into(),
        StreamDue::Link(_, LinkDue::Stall) => texts::ORIGIN_SILENT.into(),
        StreamDue::Consumer(id, wakeup) => match (wakeup, stream.consumer(id)) {
            (Wakeup::AckWait, Some(consumer)) => {
                let seq = consumer.ack_pending().first_due_message().map_or(0, |(_, seq)| seq);
                let says = if is_delayed(consumer, seq) { texts::DELAY } else { texts::ACKWAIT };
                says.with([&seq])
            }
            (Wakeup::Waiting, _) => texts::PULL_EXPIRES.into(),
            (Wakeup::PauseEnd, _) => texts::PAUSE_ENDS_SHORT.into(),
            (Wakeup::Inactivity, _) => texts::UNUSED.into(),
            (Wakeup::IdleHeartbeat, _) => texts::HEARTBEAT.into(),
            _ => texts::DELIVERY.into(),
        },
    }
}
