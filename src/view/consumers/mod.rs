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
    pub tray: Tray,
    pub tickets: Vec<TicketRow>,
    pub workers: Vec<WorkerRow>,
    /// Why it delivers nothing: if that was asked, or if messages wait and nobody sees to them.
    pub why: Option<Answer>,
    /// Whether it was asked.
    pub is_asked: bool,
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
    /// What is left of its AckWait; `None` once that has ended, or without acks.
    pub ring: Option<Ring>,
}

/// The consumers of `scene` that are looked at, and where they stand among all.
pub fn rows(scene: Scene<'_>) -> (Rc<[Rc<ConsumerRow>]>, Rc<ConsumerList>) {
    let mut rows = Vec::new();
    let list = list::visit(scene, |stream, consumer| rows.push(Rc::new(row(scene, stream, consumer))));
    (rows.into(), list)
}

fn row<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> ConsumerRow {
    let ask = Ask::Consumer { stream: stream.config.name.as_str().into(), name: consumer.name.as_str().into() };
    let is_asked = scene.focus.asks(&ask);
    ConsumerRow {
        stream: stream.config.name.as_str().into(),
        name: consumer.name.as_str().into(),
        belt: belt::belt(scene, stream, consumer),
        tags: tags(scene, consumer),
        tray: tray(scene, stream, consumer),
        tickets: workers::tickets(scene, stream, consumer),
        workers: workers::rows(scene, stream, consumer),
        why: if is_asked {
            Some(why::consumer(scene, stream, consumer))
        } else {
            why::hindrance(scene, stream, consumer)
        },
        is_asked,
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
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::sim::Simulation;
    use crate::sim::actor::{Draft, FetchRequest};
    use crate::sim::command::{Command, Settlement};
    use crate::sim::presets::Preset;
    use crate::view::why::Step;
    use crate::view::{Focus, tests::rows_of};

    fn tray(held: usize, num_ack_pending: u64, max_ack_pending: Option<u64>) -> Tray {
        let slots = (0..held).map(|seq| Slot { stream_seq: seq as u64, state: SlotState::Expired }).collect();
        Tray { slots, num_ack_pending, max_ack_pending }
    }

    #[test]
    fn tray_draws_a_few_slots_and_counts_the_rest() {
        assert_eq!(tray(2, 2, Some(3)).shown_free(), 1);
        assert_eq!(tray(0, 0, Some(1000)).shown_free(), 2);
        assert_eq!(tray(0, 0, None).shown_free(), 2);
        assert_eq!(tray(6, 900, Some(1000)).shown_free(), 0);
        assert_eq!(tray(6, 900, Some(1000)).more(), 894);
    }

    #[test]
    fn tray_is_full_at_its_maximum() {
        assert!(tray(3, 3, Some(3)).is_full());
        assert!(!tray(2, 2, Some(3)).is_full());
        assert!(!tray(6, 5000, None).is_full());
    }

    fn ship(simulation: &Simulation) -> Rc<ConsumerRow> {
        let rows = rows_of(simulation, &Focus::default());
        Rc::clone(&rows.consumers[0])
    }

    fn work_queue() -> Simulation {
        Preset::by_key("work-queue").expect("it exists").open()
    }

    fn worker_of(simulation: &Simulation, name: &str) -> ActorId {
        let mut actors = simulation.world().actors().iter();
        actors.find(|(_, actor)| actor.name == name).expect("the preset has it").0
    }

    fn settle(simulation: &mut Simulation, name: &str, how: Settlement) {
        let (worker, row) = (worker_of(simulation, name), ship(simulation));
        let held = row.workers.iter().find(|row| row.id == worker).and_then(WorkerRow::in_hand);
        let consumer_seq = held.expect("it holds one").consumer_seq;
        simulation.act(Command::Settle { worker, consumer_seq, how });
    }

    #[test]
    fn a_card_shows_tray_tickets_and_workers() {
        let row = ship(&work_queue());
        assert_eq!((row.tray.num_ack_pending, row.tray.is_full()), (3, true));
        let slots: Vec<(u64, &str)> = row.tray.slots.iter().map(|slot| (slot.stream_seq, slot.state.label())).collect();
        assert_eq!(slots, [(2, "in flight"), (4, "in flight"), (6, "in flight")]);
        assert_eq!(row.tickets.last().map(|ticket| &ticket.state), Some(&TicketState::Used { stream_seq: 6 }));
        let holds: Vec<(&str, usize)> = row.workers.iter().map(|row| (&*row.name, row.held.len())).collect();
        assert_eq!(holds, [("worker A", 1), ("worker B", 2)]);
        assert_eq!(row.tags[1].text, "ack explicit");
    }

    #[test]
    fn an_expired_delivery_waits_for_a_pull_and_offers_one() {
        let mut simulation = work_queue();
        simulation.step();
        let row = ship(&simulation);
        assert_eq!((row.tray.slots[0].stream_seq, &row.tray.slots[0].state), (2, &SlotState::Expired));
        let why = row.why.as_ref().expect("nobody asks");
        let says = "#2 waits for a pull. Its AckWait ended at 00:00:35.0 and no worker has an open pull request.";
        assert_eq!(why.says.to_string(), says);
        let mend = why.mend.as_ref().expect("a worker is free");
        assert_eq!(mend.label, "Let worker A fetch 1");
        let [Step::Do(fetch)] = &*mend.steps else { panic!("{mend:?}") };
        simulation.act(fetch.clone());
        let row = ship(&simulation);
        let again =
            row.workers.iter().flat_map(|row| &row.held).find(|held| held.stream_seq == 2 && held.ring.is_some());
        assert_eq!(again.map(|held| held.delivered), Some(2));
        assert_eq!((&row.why, row.is_asked), (&None, false));
    }

    #[test]
    fn a_nak_with_delay_keeps_its_slot() {
        let mut simulation = work_queue();
        settle(&mut simulation, "worker A", Settlement::Nak(Some(Duration::from_secs(60))));
        simulation.advance(Duration::from_secs(6));
        let row = ship(&simulation);
        let delayed = row.tray.slots.iter().find(|slot| slot.stream_seq == 2).expect("it holds its slot");
        assert_eq!(delayed.state, SlotState::Delayed(Ring { permille: 900, left: "54 s".into() }));
        assert_eq!(row.workers[0].held.len(), 0);
    }

    #[test]
    fn a_killed_worker_leaves_its_message_in_flight() {
        let mut simulation = work_queue();
        let client = worker_of(&simulation, "worker A");
        simulation.act(Command::Kill { client });
        let row = ship(&simulation);
        assert_eq!((row.workers[0].state, row.tray.num_ack_pending), (WorkerState::Killed, 3));
    }

    fn push_preset() -> Simulation {
        Preset::by_key("push").expect("it exists").open()
    }

    fn consumer(simulation: &Simulation, name: &str) -> Rc<ConsumerRow> {
        let rows = rows_of(simulation, &Focus::default());
        Rc::clone(rows.consumers.iter().find(|row| &*row.name == name).expect("the preset has it"))
    }

    fn says(row: &ConsumerRow) -> Vec<String> {
        row.countdowns.iter().map(|countdown| countdown.says.with([&"…"])).collect()
    }

    #[test]
    fn a_belt_runs_while_somebody_listens() {
        let mut simulation = push_preset();
        let row = consumer(&simulation, "pager");
        let belt = row.belt.as_ref().expect("a push consumer has one");
        assert_eq!((&*belt.to, belt.says, belt.is_running), ("pager.in", "runs", true));
        assert!(!belt.carried.is_empty() && belt.carried.is_sorted_by(|a, b| a > b), "{:?}", belt.carried);
        assert!(belt.window.as_ref().is_some_and(|window| window.ends_with("of 2 MiB on their way")), "{belt:?}");
        assert_eq!(says(&row), ["Heartbeat in …"]);
        let client = worker_of(&simulation, "on call");
        simulation.act(Command::Kill { client });
        simulation.advance(Duration::from_secs(20));
        let row = consumer(&simulation, "pager");
        assert_eq!(row.belt.as_ref().map(|belt| belt.says), Some("stands: nobody listens"));
        let mend = row.why.as_ref().and_then(|why| why.mend.clone()).expect("somebody could listen");
        assert_eq!(mend.label, "Start on call again");
        simulation.act(Command::Restart { client });
        // Listened to again, it brings what waited, as much as the tray holds.
        let row = consumer(&simulation, "pager");
        assert_eq!(row.belt.as_ref().map(|belt| belt.says), Some("stands: the tray is full"));
        assert_eq!(row.workers[0].held.len(), 5);
    }

    #[test]
    fn a_worker_confirms_flow_control() {
        let mut simulation = push_preset();
        let publisher = worker_of(&simulation, "monitor");
        let client = worker_of(&simulation, "on call");
        let script = WorkerScript { is_running: true, work_time: Duration::ZERO, ..WorkerScript::default() };
        simulation.act(Command::SetWorkerScript { worker: client, name: "on call".into(), script });
        let draft = Draft { subject: "alerts.dump".into(), payload: "x".repeat(400_000), ..Draft::default() };
        for _ in 0..4 {
            simulation.act(Command::Publish { publisher, draft: draft.clone(), times: 1 });
            simulation.advance(Duration::from_millis(1));
        }
        let belt = consumer(&simulation, "pager").belt.clone().expect("a push consumer has one");
        assert!(belt.is_running);
        // Confirmed once, the window is twice as large.
        assert!(belt.window.as_ref().is_some_and(|window| window.contains("of 4 MiB on their way")), "{belt:?}");
    }

    /// A stream of two messages with a consumer `c` of `policy`, and a worker of each script, who asks for ten.
    fn group(policy: &str, scripts: [WorkerScript; 2]) -> Simulation {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        let config = format!(
            r#""durable_name":"c","ack_policy":"explicit","priority_groups":["g"],"priority_policy":"{policy}""#
        );
        let consumer = format!(r#"{{"stream_name":"S","config":{{{config}}}}}"#);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s"]}"#);
        simulation.request("$JS.API.CONSUMER.CREATE.S.c", consumer.as_bytes());
        for (name, script) in ["first", "second"].into_iter().zip(scripts) {
            let (stream, consumer) = ("S".to_owned(), "c".to_owned());
            simulation.act(Command::AddWorker { name: name.into(), stream, consumer, script });
            let worker = worker_of(&simulation, name);
            simulation.act(Command::Fetch { worker, request: FetchRequest { batch: 10, ..FetchRequest::ONE } });
        }
        simulation.request("s", b"1");
        simulation.request("s", b"2");
        simulation
    }

    #[test]
    fn a_group_serves_by_priority_or_by_what_is_pending() {
        let held = |simulation: &Simulation| -> Vec<(usize, String)> {
            let row = ship(simulation);
            row.workers.iter().map(|row| (row.held.len(), row.standing.clone().unwrap_or_default())).collect()
        };
        let scripts = [1, 0].map(|priority| WorkerScript { priority, ..WorkerScript::default() });
        let simulation = group("prioritized", scripts);
        assert_eq!(held(&simulation), [(0, "priority 1".into()), (2, "priority 0".into())]);
        let scripts = [3, 0].map(|min_pending| WorkerScript { min_pending, ..WorkerScript::default() });
        let simulation = group("overflow", scripts);
        let standing = ["takes messages from 3 pending on", "takes any message"].map(String::from);
        let [busy, free] = standing;
        assert_eq!(held(&simulation), [(0, busy), (2, free)]);
    }

    #[test]
    fn a_group_shows_who_is_pinned_and_who_waits() {
        let mut simulation = push_preset();
        let standing = |simulation: &Simulation| {
            let row = consumer(simulation, "desk");
            row.workers.iter().map(|worker| worker.standing.clone().unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(standing(&simulation), ["pinned: gets every message", "waits until the pin is free"]);
        let row = consumer(&simulation, "desk");
        assert_eq!(row.pinned_group.as_deref(), Some("desk"));
        assert_eq!(says(&row), ["Pinned client: let go, unless it asks, in …"]);
        let ann = worker_of(&simulation, "Ann");
        simulation.act(Command::Kill { client: ann });
        simulation.advance(Duration::from_secs(70));
        assert_eq!(standing(&simulation), ["not pinned", "pinned: gets every message"]);
    }

    #[test]
    fn pauses_and_ephemerals_count_down() {
        let mut simulation = push_preset();
        let row = consumer(&simulation, "peek");
        let [countdown] = &*row.countdowns else { panic!("it is unused: {:?}", row.countdowns) };
        assert_eq!(says(&row), ["Unused: deleted in …"]);
        let left = countdown.ring.left.clone();
        assert!(row.tags.iter().any(|tag| tag.text == "unused: gone after 1 min"), "{:?}", row.tags);
        simulation.advance(crate::view::text::parse_duration(&left.replace(' ', "")).expect("a duration"));
        assert!(rows_of(&simulation, &Focus::default()).consumers.iter().all(|row| &*row.name != "peek"), "{left}");
        let until = simulation.now() + Duration::from_secs(30);
        simulation.request("$JS.API.CONSUMER.PAUSE.ALERTS.desk", format!("{{\"pause_until\":\"{until}\"}}").as_bytes());
        simulation.advance(Duration::from_secs(12));
        let row = consumer(&simulation, "desk");
        assert_eq!((says(&row)[0].as_str(), &*row.countdowns[0].ring.left), ("Paused: goes on in …", "18 s"));
        assert_eq!(row.countdowns[0].ring.permille, 600);
    }
}
