//! What is due, in words: for the clock bar and the marks ahead on its line.

use crate::engine::Due;
use crate::engine::account::{Account, AccountDue};
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::{Consumer, Wakeup};
use crate::engine::stream::{LinkDue, Stream, StreamDue};
use crate::engine::table::Id;
use crate::engine::time::Timestamp;
use crate::engine::transfer::{Restore, Snapshot, TransferDue};
use crate::sim::actor::Role;
use crate::sim::world::{NextEvent, World};

use super::text::Part::{Code, Raw, Seq};
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
                Due::Ping(conn) => Phrase::new().plain(format!("client {} is asked whether it is there", conn.index())),
            }
        }
        NextEvent::Actor(_, id) => {
            let Some(actor) = world.actors().get(id) else { return Phrase::new() };
            let does = match &actor.role {
                Role::Publisher(_) => "{} publishes",
                Role::Worker(_) => "{} is done with a message",
                Role::Console(_) => "{} asks",
            };
            Phrase::fill(does, &[Code(&actor.name)])
        }
    }
}

fn of_transfer(account: &Account, due: TransferDue) -> Phrase {
    let transfers = account.transfers();
    let (what, name) = match due {
        TransferDue::Snapshot(id) => {
            ("Backup of {} waits no longer for the client", transfers.snapshots.get(id).map(Snapshot::stream_name))
        }
        TransferDue::Restore(id) => {
            ("Restore of {} waits no longer for the client", transfers.restores.get(id).map(Restore::stream_name))
        }
    };
    Phrase::fill(what, &[Code(name.unwrap_or_default())])
}

fn of_stream(stream: &Stream, due: StreamDue) -> Phrase {
    let name = Code(&stream.config.name);
    match due {
        StreamDue::Ttl => {
            let seq = stream.ttls().first().map_or(0, |(_, seq)| seq);
            Phrase::fill("TTL of {} in {} ends", &[Seq(seq), name])
        }
        StreamDue::MaxAge => {
            let seq = stream.oldest_ageing().map_or(0, |(_, seq)| seq);
            Phrase::fill("{} reaches max age of {}", &[Seq(seq), name])
        }
        StreamDue::DuplicateWindow => {
            let window = stream.config.duplicate_window.unwrap_or_default();
            let id = stream.duplicates().iter(window).next().map_or(&[][..], |(id, _, _)| id);
            Phrase::fill("Id {} leaves the duplicate window", &[Raw(id)])
        }
        StreamDue::AtomicBatch => Phrase::fill("An atomic batch to {} is given up", &[name]),
        StreamDue::FastBatch => Phrase::fill("A fast batch to {} is forgotten", &[name]),
        StreamDue::Schedule => {
            let subject = stream.schedules().first().unwrap_or_default();
            Phrase::fill("Schedule {} in {} fires", &[Raw(subject), name])
        }
        StreamDue::Link(id, due) => {
            let origin = stream.links().find(|link| link.id == id).map_or("", |link| link.origin());
            let does = match due {
                LinkDue::Attempt => "{} asks for the messages of {}",
                LinkDue::Timeout => "{} waits no longer for an answer of {}",
                LinkDue::Stall => "{} misses the heartbeats of {}",
            };
            Phrase::fill(does, &[name, Code(origin)])
        }
        StreamDue::Consumer(id, wakeup) => {
            stream.consumer(id).map_or_else(Phrase::new, |consumer| of_consumer(stream, consumer, wakeup))
        }
    }
}

fn of_consumer(stream: &Stream, consumer: &Consumer, wakeup: Wakeup) -> Phrase {
    let link = if consumer.is_hidden() { ["a link from ", &stream.config.name].concat() } else { String::new() };
    let name = Code(if link.is_empty() { &consumer.name } else { &link });
    let seq = consumer.ack_pending().first_due_message().map_or(0, |(_, seq)| seq);
    let (says, what) = match wakeup {
        Wakeup::AckWait if is_delayed(consumer, seq) => ("Delay of {} ends", Seq(seq)),
        Wakeup::AckWait => ("AckWait of {} ends", Seq(seq)),
        Wakeup::Waiting => ("A pull request on {} expires", name),
        Wakeup::PauseEnd => ("Pause of {} ends", name),
        Wakeup::InHand | Wakeup::Backlog => ("{} delivers", name),
        Wakeup::IdleHeartbeat => ("Heartbeat of {}", name),
        Wakeup::PinTimeout => ("Pin of {} ends", name),
        Wakeup::Inactivity => ("{} is looked at: deleted if unused", name),
    };
    Phrase::fill(says, &[what])
}

fn is_delayed(consumer: &Consumer, stream_seq: u64) -> bool {
    let pending = consumer.ack_pending().get(stream_seq);
    pending.is_some_and(|pending| matches!(pending.state, PendingState::NakDelayed(_)))
}

/// Whether `due` makes a message, or a consumer, go or come again.
const fn is_loss(due: StreamDue) -> bool {
    matches!(due, StreamDue::Ttl | StreamDue::MaxAge | StreamDue::Consumer(_, Wakeup::AckWait | Wakeup::Inactivity))
}

/// The next redelivery, expiry or removal.
pub fn next_loss(scene: Scene<'_>) -> Option<(Timestamp, Phrase)> {
    let mut first: Option<(Timestamp, StreamDue, &Stream)> = None;
    for stream in scene.streams() {
        for_each_deadline(stream, |at, due| {
            if is_loss(due) && first.is_none_or(|(before, _, _)| at < before) {
                first = Some((at, due, stream));
            }
        });
    }
    first.map(|(at, due, stream)| (at, of_stream(stream, due)))
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
        StreamDue::Ttl => "TTL ends".into(),
        StreamDue::MaxAge => "max age".into(),
        StreamDue::DuplicateWindow => "dedup id expires".into(),
        StreamDue::AtomicBatch | StreamDue::FastBatch => "batch given up".into(),
        StreamDue::Schedule => "schedule".into(),
        StreamDue::Link(_, LinkDue::Attempt) => "asks origin".into(),
        StreamDue::Link(_, LinkDue::Timeout) => "no answer".into(),
        StreamDue::Link(_, LinkDue::Stall) => "origin silent".into(),
        StreamDue::Consumer(id, wakeup) => match (wakeup, stream.consumer(id)) {
            (Wakeup::AckWait, Some(consumer)) => {
                let seq = consumer.ack_pending().first_due_message().map_or(0, |(_, seq)| seq);
                format!("{} #{seq}", if is_delayed(consumer, seq) { "delay" } else { "AckWait" })
            }
            (Wakeup::Waiting, _) => "pull expires".into(),
            (Wakeup::PauseEnd, _) => "pause ends".into(),
            (Wakeup::Inactivity, _) => "unused".into(),
            (Wakeup::IdleHeartbeat, _) => "heartbeat".into(),
            _ => "delivery".into(),
        },
    }
}
