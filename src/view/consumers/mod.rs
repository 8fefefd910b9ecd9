//! The consumers: tray, tickets and workers.

mod belt;
mod list;
mod workers;

pub use belt::Belt;
pub use list::{ConsumerList, ListFocus, SHOWN_CARDS};

use std::rc::Rc;
use std::time::Duration;

use crate::engine::consumer::Consumer;
use crate::engine::consumer::ack_pending::{Pending, PendingState};
use crate::engine::consumer::config::{AckPolicy, DeliverPolicy};
use crate::engine::event::Event;
use crate::engine::stream::Stream;
use crate::engine::table::Id;
use crate::engine::time::Timestamp;
use crate::sim::actor::{ActorId, WorkerScript};
use crate::texts::Template;
use crate::texts::consumer as texts;

use super::lit::{Counter, Lit};
use super::streams::delay_began;
use super::text;
use super::why::{self, Answer, Ask};
use super::{NumberRow, Ring, Scene, Tag, first_by};

/// The most slots that a tray draws; the rest is counted.
pub const SHOWN_SLOTS: usize = 6;

/// The most tickets that a card shows, the newest of them.
pub const SHOWN_TICKETS: usize = 4;

/// The most messages that a worker shows of those it holds.
pub const SHOWN_HELD: usize = 8;

/// Pending messages that are looked at for the tray.
const LOOKED_AT: usize = 256;

/// A consumer's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerRow {
    pub stream: Rc<str>,
    pub name: Rc<str>,
    /// What a push consumer delivers by; `None` for pull.
    pub belt: Option<Belt>,
    pub tags: Vec<Tag>,
    /// `None` where nothing waits for an ack: without acks, and of a consumer that is gone.
    pub tray: Option<Tray>,
    pub tickets: Vec<TicketRow>,
    pub workers: Vec<WorkerRow>,
    /// Why it delivers nothing: if that was asked, or if messages wait and nobody sees to them.
    pub why: Option<Answer>,
    /// Whether it was asked.
    pub is_asked: bool,
    /// Whether it does not exist, and only its workers are there.
    pub is_gone: bool,
    pub numbers: Vec<NumberRow>,
    /// What comes to it by itself.
    pub countdowns: Vec<Countdown>,
    pub is_paused: bool,
    /// The group that has a pinned client; `None` without one.
    pub pinned_group: Option<Rc<str>>,
}

/// Something that happens to a consumer when a ring is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countdown {
    /// What comes, with a place for the time that is left.
    pub says: Template<1>,
    pub ring: Ring,
}

/// What is delivered and not yet acked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tray {
    /// The first of what it holds, those to be delivered again first.
    pub slots: Vec<Slot>,
    /// `num_ack_pending`.
    pub num_ack_pending: u64,
    /// `max_ack_pending`; `None` is unlimited.
    pub max_ack_pending: Option<u64>,
}

impl Tray {
    /// Whether nothing new is delivered until a slot is free.
    pub fn is_full(&self) -> bool {
        self.max_ack_pending.is_some_and(|max| self.num_ack_pending >= max)
    }

    /// How many free slots to draw, so that those drawn are at most [`SHOWN_SLOTS`].
    pub fn shown_free(&self) -> usize {
        let free = self.max_ack_pending.map_or(u64::MAX, |max| max.saturating_sub(self.num_ack_pending));
        let room = SHOWN_SLOTS.saturating_sub(self.slots.len()).min(2);
        usize::try_from(free).map_or(room, |free| free.min(room))
    }

    /// How many it holds beyond the slots drawn.
    pub fn more(&self) -> u64 {
        self.num_ack_pending.saturating_sub(self.slots.len() as u64)
    }
}

/// One delivery that waits for its ack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub stream_seq: u64,
    pub state: SlotState,
}

/// How a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// With a worker; the ring is its AckWait.
    InFlight(Ring),
    /// Nak'd with a delay: still holds its slot; the ring is the delay.
    Delayed(Ring),
    /// Its AckWait ended, or it was nak'd, and nobody has asked for it since.
    Expired,
}

impl SlotState {
    pub const fn label(&self) -> &'static str {
        match self {
            Self::InFlight(_) => texts::IN_FLIGHT,
            Self::Delayed(_) => texts::NAK_DELAYED,
            Self::Expired => texts::EXPIRED,
        }
    }
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// Rises with every request, so that a ticket keeps its place.
    pub number: u64,
    /// `pull 5 · no_wait · expires 30 s`.
    pub asks: String,
    pub state: TicketState,
}

/// How a pull request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// Waits in line.
    Open {
        /// Messages still wanted.
        left: u64,
        /// Until it expires; `None` waits for ever.
        expires: Option<Ring>,
    },
    /// Every message wanted was delivered; the server says nothing about it.
    Used {
        /// The last one.
        stream_seq: u64,
    },
    /// Ended with a status such as `404 No Messages`.
    Ended { status: String },
}

/// A worker of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerRow {
    pub id: ActorId,
    pub name: Rc<str>,
    pub state: WorkerState,
    pub script: WorkerScript,
    /// What it does by itself: `takes 5 s, fails 20 %`; `None` if nobody gave it a script.
    pub does: Option<String>,
    /// How it stands in its priority group; `None` without one.
    pub standing: Option<String>,
    /// Why its acks would mean nothing; `None` if they count.
    pub no_ack: Option<&'static str>,
    /// What it holds, the oldest first; bounded.
    pub held: Vec<HeldRow>,
    /// How many more it holds.
    pub more_held: u64,
    /// The consumer sequence of the message that was chosen among those held, if one was.
    pub chosen: Option<u64>,
    /// Why it gets nothing, if that was asked.
    pub why: Option<Answer>,
}

impl WorkerRow {
    /// The message that the buttons are about: the one chosen, as long as it is held, else the oldest.
    pub fn in_hand(&self) -> Option<&HeldRow> {
        self.held.iter().find(|held| Some(held.consumer_seq) == self.chosen).or(self.held.first())
    }
}

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    Idle,
    /// Is connected to a push consumer.
    Listening,
    /// Has an open pull request.
    Waiting,
    Working,
    /// Gone without a word: its messages stay in flight until their AckWait ends.
    Killed,
}

impl WorkerState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Idle => texts::IDLE,
            Self::Listening => texts::LISTENS,
            Self::Waiting => texts::WAITS_MESSAGES,
            Self::Working => texts::WORKS,
            Self::Killed => texts::KILLED,
        }
    }
}

/// A message in a worker's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    pub stream_seq: u64,
    pub consumer_seq: u64,
    /// The delivery count.
    pub delivered: u64,
    pub state: HeldState,
}

/// What has become of a delivery that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// It waits for its ack; what is left of its AckWait.
    InFlight(String),
    /// Its AckWait ended: it is due again, or went to somebody else.
    Late,
    /// Its message left the stream.
    Gone,
    GivenUp,
    /// Nothing waits for its ack: there are none, or another one settled it.
    Settled,
    /// Its consumer is gone.
    Orphaned,
}

impl HeldState {
    /// In a word, and as what stands behind “2nd delivery”.
    pub fn words(&self) -> (&str, &'static str) {
        match self {
            Self::InFlight(left) => (left, ""),
            Self::Late => texts::HELD_LATE,
            Self::Gone => texts::HELD_GONE,
            Self::GivenUp => texts::HELD_GIVEN_UP,
            Self::Settled => texts::HELD_SETTLED,
            Self::Orphaned => texts::HELD_ORPHANED,
        }
    }
}

/// The consumers of `scene` that are looked at, and where they stand among all.
pub fn rows(scene: Scene<'_>) -> (Rc<[Rc<ConsumerRow>]>, Rc<ConsumerList>) {
    let mut rows = Vec::new();
    let list = list::visit(scene, |stream, consumer| rows.push(Rc::new(row(scene, stream, consumer))));
    add_gone(scene, &mut rows);
    (rows.into(), list)
}

/// Adds those that do not exist, while there are workers who work for them.
fn add_gone(scene: Scene<'_>, rows: &mut Vec<Rc<ConsumerRow>>) {
    for (_, actor) in scene.world.actors().iter() {
        let Some(worker) = actor.worker() else { continue };
        let (stream, name) = (&*worker.stream, &*worker.consumer);
        let is_there = scene.consumer(stream, name).is_some();
        let has_row = |row: &Rc<ConsumerRow>| *row.stream == *stream && *row.name == *name;
        if !is_there && rows.len() < 2 * SHOWN_CARDS && !rows.iter().any(has_row) {
            rows.push(Rc::new(gone(scene, stream, name)));
        }
    }
}

fn gone(scene: Scene<'_>, stream: &str, name: &str) -> ConsumerRow {
    let (stream, name): (Rc<str>, Rc<str>) = (stream.into(), name.into());
    ConsumerRow {
        is_asked: scene.focus.asks(&Ask::Consumer { stream: Rc::clone(&stream), name: Rc::clone(&name) }),
        is_gone: true,
        belt: None,
        tags: Vec::new(),
        tray: None,
        tickets: workers::tickets(scene, &stream, &name),
        workers: workers::rows(scene, &stream, &name),
        why: why::gone(scene, &stream, &name),
        numbers: Vec::new(),
        countdowns: Vec::new(),
        is_paused: false,
        pinned_group: None,
        stream,
        name,
    }
}

fn row<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> ConsumerRow {
    let ask = Ask::Consumer { stream: stream.config.name.as_str().into(), name: consumer.name.as_str().into() };
    let is_asked = scene.focus.asks(&ask);
    ConsumerRow {
        stream: stream.config.name.as_str().into(),
        name: consumer.name.as_str().into(),
        belt: belt::belt(scene, stream, consumer),
        tags: tags(scene, consumer),
        tray: (consumer.config.ack_policy != AckPolicy::None).then(|| tray(scene, stream, consumer)),
        tickets: workers::tickets(scene, &stream.config.name, &consumer.name),
        workers: workers::rows(scene, &stream.config.name, &consumer.name),
        why: if is_asked {
            Some(why::consumer(scene, stream, consumer))
        } else {
            why::hindrance(scene, stream, consumer)
        },
        is_asked,
        is_gone: false,
        numbers: numbers(stream, consumer),
        countdowns: countdowns(scene, stream, consumer),
        is_paused: consumer.is_paused(scene.now()),
        pinned_group: consumer
            .config
            .priority_groups
            .iter()
            .next()
            .filter(|_| consumer.pinned().is_some())
            .map(|group| group.as_str().into()),
    }
}

fn tags(scene: Scene<'_>, consumer: &Consumer) -> Vec<Tag> {
    let config = &consumer.config;
    let mut tags: Vec<Tag> = consumer.filters().iter().map(|filter| Tag::subject(filter.as_str())).collect();
    tags.push(Tag::word(texts::ACK.with([&config.ack_policy.as_str()])));
    if config.ack_policy != AckPolicy::None {
        let steps: Vec<String> = config.backoff.iter().copied().map(text::duration).collect();
        let wait = config.ack_wait.map(|wait| texts::ACK_WAIT.with([&text::duration(wait)]));
        tags.extend(
            if steps.is_empty() { wait } else { Some(texts::BACKOFF.with([&steps.join(", ")])) }.map(Tag::word),
        );
        tags.extend(config.max_deliver.map(|max| Tag::word(texts::MAX_DELIVER.with([&max]))));
    }
    if config.deliver_policy != DeliverPolicy::All {
        tags.push(Tag::word(texts::DELIVER.with([&config.deliver_policy.name().as_str()])));
    }
    let flags = [
        (!config.is_durable(), texts::EPHEMERAL),
        (config.headers_only, texts::HEADERS_ONLY),
        (consumer.is_paused(scene.now()), texts::PAUSED),
        (config.flow_control, texts::FLOW_CONTROL),
    ];
    let group = config.priority_groups.iter().map(|group| [config.priority_policy.as_str(), " ", group].concat());
    tags.extend(group.map(Tag::word));
    let threshold = config.inactive_threshold.duration();
    tags.extend(threshold.map(|after| Tag::word(texts::UNUSED_GONE_AFTER.with([&text::duration(after)]))));
    tags.extend(flags.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| Tag::word(name)));
    tags
}

fn tray(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Tray {
    let pending = consumer.ack_pending();
    let entries = pending.iter().take(LOOKED_AT);
    let shown = first_by(SHOWN_SLOTS, entries, |(stream_seq, entry)| (entry.state != PendingState::Due, *stream_seq));
    let slot = |(stream_seq, entry): (u64, &Pending)| {
        let state = match entry.state {
            PendingState::Due => SlotState::Expired,
            PendingState::InFlight(due) => SlotState::InFlight(Ring::at(scene.now(), entry.since, due)),
            PendingState::NakDelayed(due) => {
                SlotState::Delayed(Ring::at(scene.now(), delay_began(scene, stream, consumer, stream_seq), due))
            }
            PendingState::Unbounded => SlotState::InFlight(Ring { permille: 1000, left: "∞".into() }),
        };
        Slot { stream_seq, state }
    };
    Tray {
        slots: shown.into_iter().map(slot).collect(),
        num_ack_pending: pending.len() as u64,
        max_ack_pending: consumer.config.max_ack_pending.limit(),
    }
}

fn numbers(stream: &Stream, consumer: &Consumer) -> Vec<NumberRow> {
    let number = |value: u64, label, explanation, counter: Option<Counter>| {
        let (of, name) = (stream.config.name.as_str(), consumer.name.as_str());
        let lit = counter.map(|counter| Lit { counter, stream: of.into(), consumer: name.into() });
        NumberRow { value: value.to_string(), label, explanation, lit }
    };
    let (pending, again) = (consumer.ack_pending().len() as u64, consumer.num_redelivered());
    let never = texts::MESSAGES_MATCH_FILTER_WERE;
    let more_than_once = texts::MESSAGES_DELIVERED_MORE_THAN;
    vec![
        number(consumer.num_pending(), texts::NUM_PENDING, never, Some(Counter::NumPending)),
        number(pending, texts::ACK_PENDING, texts::DELIVERIES_WAIT_ACK, Some(Counter::AckPending)),
        number(again, texts::REDELIVERED, more_than_once, Some(Counter::Redelivered)),
        number(consumer.waiting().len() as u64, texts::WAITING, texts::PULL_REQUESTS_LINE, None),
    ]
}

/// What comes to a consumer by itself: the end of its pause, of its pin, of itself, and its heartbeats.
fn countdowns(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Vec<Countdown> {
    let (config, now) = (&consumer.config, scene.now());
    let paused = |event: &Event| matches!(event, Event::Paused { stream: id, consumer: of, .. } if *id == stream.id && *of == consumer.id);
    let pause_began =
        || scene.recent().find(|traced| paused(&traced.event)).map_or(consumer.created, |traced| traced.at);
    let before = |at: Timestamp, span: Option<Duration>| at - span.unwrap_or(at.since(now));
    let rings = [
        (texts::PAUSED_GOES, consumer.paused_until().filter(|at| *at > now).map(|at| (pause_began(), at))),
        (
            texts::HEARTBEAT_IN,
            consumer.push().and_then(|push| push.heartbeat_at).map(|at| (before(at, config.idle_heartbeat), at)),
        ),
        (
            texts::PINNED_CLIENT_LET_GO,
            consumer.pinned().zip(consumer.pin().map(|(_, until)| until)).map(|((_, since), at)| (since, at)),
        ),
        (texts::UNUSED_DELETED, consumer.goes_at().map(|at| (before(at, config.inactive_threshold.duration()), at))),
    ];
    let countdown =
        |(says, span): (_, Option<(_, _)>)| span.map(|(began, at)| Countdown { says, ring: Ring::at(now, began, at) });
    rings.into_iter().filter_map(countdown).collect()
}

/// A number that tells the tickets of all workers apart.
fn ticket_number(worker: ActorId, pull: u64) -> u64 {
    u64::from(worker.index()) << 32 | pull
}

#[cfg(test)]
mod tests;
