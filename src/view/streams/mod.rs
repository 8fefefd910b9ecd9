//! The streams: each a tape of numbered cells with a lane for every consumer.
//!
//! Positions are counted in cells of the window, never in pixels: a cell has a column, a bookmark stands on the border
//! behind `at` cells.

mod density;
mod detail;
mod lanes;
mod links;
mod marks;
mod slots;
mod strip;
mod tape;

pub use density::Density;
pub use detail::consumer_story;
pub use links::{LinkRow, LinkState, Passage};
pub use slots::keep_slots;
pub use tape::{COLORS, delay_began, hole_cause};

use std::rc::Rc;

use crate::engine::event::Removal;
use crate::engine::stream::Stream;
use crate::engine::stream::config::{Discard, Retention, StreamConfig};
use crate::texts::stream as texts;

use super::lit::{Counter, Lit};
use super::text::{self, Phrase};
use super::why::Answer;
use super::{NumberRow, Pips, Ring, Scene, Tag};

/// The most cells that a window holds.
pub const WINDOW_CELLS: usize = 48;

/// From one cell to the next, as `--step` in `tokens.css` says.
pub const STEP_PX: u32 = 76;

/// The most lanes that a stream shows; the rest is counted.
pub const SHOWN_LANES: usize = 12;

/// Which part of a tape is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TapeWindow {
    /// The end, moving on with it.
    #[default]
    Newest,
    /// From this sequence on.
    From(u64),
}

/// A stream's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRow {
    pub name: Rc<str>,
    pub tags: Vec<Tag>,
    /// What feeds it: its mirror or its sources.
    pub links: Vec<LinkRow>,
    pub tape: Tape,
    /// The whole stream at a glance; `None` where the window shows all of it.
    pub density: Option<Density>,
    /// Whether the tape is read as a table.
    pub is_table: bool,
    pub lanes: Vec<LaneRow>,
    /// How many consumers have no lane here.
    pub more_lanes: usize,
    /// `None` where the stream keeps no ids.
    pub dedup: Option<DedupBar>,
    pub next_removal: Option<NextRemoval>,
    /// Messages that some consumer delivered `max_deliver` times, the newest first; bounded.
    pub gave_up: Vec<GaveUpRow>,
    pub numbers: Vec<NumberRow>,
    /// The message that is looked at, if it is of this stream.
    pub selected: Option<MessageDetail>,
    /// The hole that is looked at, if it is of this stream: its sequence, and why the message is gone.
    pub hole: Option<(u64, Answer)>,
}

/// A window of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    pub first_seq: u64,
    pub last_seq: u64,
    /// By sequence, without a gap: what is not stored is a hole.
    pub cells: Vec<TapeCell>,
    /// How many of the first ones need not be drawn.
    pub unseen: usize,
    /// Whether the stream has stored messages before the window.
    pub has_earlier: bool,
    /// Whether the stream goes on behind the window.
    pub has_later: bool,
}

impl Tape {
    /// The highest sequence in the window that is stored.
    pub fn newest_stored(&self) -> Option<u64> {
        let stored = |cell: &&TapeCell| matches!(cell.content, CellContent::Stored(_));
        self.cells.iter().rev().find(stored).map(|cell| cell.seq)
    }
}

/// One place on the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeCell {
    pub seq: u64,
    pub content: CellContent,
    /// Whether the counter that is pointed at counts it.
    pub is_lit: bool,
    /// What tells it from the others in sight, also from those before: see [`keep_slots`].
    pub slot: u64,
    /// Whether it came while the cells beside it were in sight.
    pub has_come: bool,
}

impl TapeCell {
    /// The cell of `seq`.
    const fn new(seq: u64, content: CellContent) -> Self {
        Self { seq, content, is_lit: false, slot: seq, has_come: false }
    }

    /// Its sequence, or those of its run: `12`, `12–40`.
    pub fn numbers(&self) -> String {
        match self.content {
            CellContent::Hole { last_seq, .. } if last_seq > self.seq => format!("{}–{last_seq}", self.seq),
            _ => self.seq.to_string(),
        }
    }
}

/// What stands at a place of the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellContent {
    Stored(StoredCell),
    /// No longer, or never, stored: `seq` up to and with `last_seq`, all for one cause.
    Hole {
        last_seq: u64,
        cause: HoleCause,
    },
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCell {
    pub subject: Rc<str>,
    /// The end of the subject that tells the messages of this stream apart.
    pub label: Rc<str>,
    /// Index into the colours of subjects.
    pub color: u8,
    pub state: CellState,
    /// Deliveries by the consumer of `state`; `None` before the first.
    pub pips: Option<Pips>,
    /// How many publishes with the same `Nats-Msg-Id` ended at this message.
    pub duplicates: u64,
    /// What it says of itself, the weightiest first: `rollup sub`, `TTL 8 s`.
    pub marks: Vec<String>,
}

/// How far a stored message is, told by the consumer that most waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellState {
    /// No consumer has it in hand.
    Resting,
    /// Delivered; the ring is its AckWait.
    InFlight(Ring),
    /// Held back by a nak with a delay; the ring is the delay.
    Delayed(Ring),
    /// To be delivered again as soon as somebody asks.
    Redeliver,
    /// To be given up instead, as it was delivered `max_deliver` times.
    LastDue,
    /// Delivered `max_deliver` times without an ack, and still stored.
    GaveUp,
}

impl CellState {
    /// The state in words.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Resting => texts::STORED,
            Self::InFlight(_) => texts::IN_FLIGHT,
            Self::Delayed(_) => texts::NAK_DELAYED,
            Self::Redeliver => texts::WAITS_REDELIVERED,
            Self::LastDue => texts::WAITS_GIVEN_UP,
            Self::GaveUp => texts::GAVE_UP,
        }
    }
}

/// Why a place on the tape is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleCause {
    /// Its message left.
    Left(Removal),
    /// No message of the stream ever had this sequence.
    NeverThere,
    /// So long ago that the trace has forgotten it.
    Forgotten,
}

impl HoleCause {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Left(Removal::Acked) => texts::ACKED,
            Self::Left(Removal::Terminated) => texts::TERMINATED,
            Self::Left(Removal::MaxAge) => texts::EXPIRED,
            Self::Left(Removal::Ttl) => texts::TTL,
            Self::Left(Removal::Purged) => texts::PURGED,
            Self::Left(Removal::Deleted) => texts::DELETED,
            Self::Left(Removal::MaxMsgs) => texts::MAX_MSGS,
            Self::Left(Removal::MaxBytes) => texts::MAX_BYTES,
            Self::Left(Removal::MaxMsgsPerSubject) => texts::PER_SUBJECT,
            Self::Left(Removal::Rollup) => texts::ROLLUP,
            Self::Left(Removal::NoInterest) => texts::NO_INTEREST,
            Self::Left(Removal::Scheduled) => texts::SCHEDULED,
            Self::NeverThere => texts::NEVER_THERE,
            Self::Forgotten => texts::REMOVED,
        }
    }
}

/// A consumer under the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRow {
    pub consumer: Rc<str>,
    /// Its filters; empty is everything.
    pub filters: Vec<Rc<str>>,
    /// The cells that its filters match.
    pub bands: Vec<Band>,
    pub ack_floor: Bookmark,
    pub delivered: Bookmark,
    /// Whether that is where it starts, as it has delivered nothing so far.
    pub is_start: bool,
}

impl TapeCell {
    /// The last sequence that it stands for.
    pub const fn last_seq(&self) -> u64 {
        match self.content {
            CellContent::Hole { last_seq, .. } => last_seq,
            CellContent::Stored(_) => self.seq,
        }
    }
}

impl LaneRow {
    /// Its filters for reading.
    pub fn filters_text(&self) -> String {
        if self.filters.is_empty() { texts::EVERYTHING.into() } else { self.filters.join(", ") }
    }
}

/// A run of cells that a filter matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The column of its first cell.
    pub from: u16,
    /// How many cells.
    pub cells: u16,
    pub color: u8,
}

/// A place that a consumer has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub stream_seq: u64,
    /// How many cells of the window lie before it.
    pub at: u16,
}

/// The ids that the duplicate window holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupBar {
    /// `duplicate_window`, for reading.
    pub window: String,
    /// The newest, oldest first; bounded.
    pub ids: Vec<DedupId>,
    /// How many more the window holds.
    pub more: u64,
}

/// An id in the duplicate window, from when its message was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupId {
    pub id: String,
    pub stream_seq: u64,
    /// Until it is forgotten.
    pub ring: Ring,
}

/// What goes next from a stream, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextRemoval {
    pub stream_seq: u64,
    /// “by max age in 1 min 12 s”, “by max msgs with the next publish”.
    pub how: String,
}

/// A message that a consumer gave up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUpRow {
    pub stream_seq: u64,
    pub consumer: Rc<str>,
    pub deliveries: u64,
}

/// Everything about one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageDetail {
    pub stream_seq: u64,
    /// Simulated time of its storing.
    pub stored_at: String,
    pub subject: Rc<str>,
    /// In order of the header block.
    pub headers: Vec<(String, String)>,
    /// As text, bounded; bytes that are no text are replaced.
    pub payload: String,
    /// Its size as it counts for `max_bytes`.
    pub size: String,
    /// What each consumer has done with it, one sentence each.
    pub story: Vec<Phrase>,
    /// Why it is still there and when it comes, if that was asked.
    pub why: Vec<Answer>,
}

/// The streams of `scene`, sorted by name.
pub fn rows(scene: Scene<'_>) -> Rc<[Rc<StreamRow>]> {
    scene.streams().map(|stream| Rc::new(row(scene, stream))).collect()
}

fn row(scene: Scene<'_>, stream: &Stream) -> StreamRow {
    let name = stream.config.name.as_str();
    let tape = tape::tape(scene, stream);
    let num_consumers = stream.visible_consumers().count();
    StreamRow {
        name: name.into(),
        tags: tags(&stream.config),
        links: links::links(scene, stream),
        density: density::density(stream.store(), &tape),
        lanes: lanes::lanes(stream, &tape),
        more_lanes: num_consumers.saturating_sub(SHOWN_LANES),
        is_table: scene.focus.is_table(name),
        dedup: strip::dedup(scene, stream),
        next_removal: strip::next_removal(scene, stream),
        gave_up: strip::gave_up(stream),
        numbers: numbers(stream, num_consumers),
        selected: scene.focus.selected_in(name).and_then(|seq| detail::detail(scene, stream, seq)),
        hole: scene.focus.selected_in(name).and_then(|seq| detail::hole(scene, stream, seq)),
        tape,
    }
}

fn tags(config: &StreamConfig) -> Vec<Tag> {
    let mut tags: Vec<Tag> = config.subjects.iter().map(|subject| Tag::subject(subject.as_str())).collect();
    tags.push(Tag::word(match config.retention {
        Retention::Limits => texts::LIMITS,
        Retention::Interest => texts::INTEREST,
        Retention::WorkQueue => texts::WORK_QUEUE,
    }));
    let limits = [
        (texts::MAX_MSGS_OF, config.max_msgs.map(|max| max.to_string())),
        (texts::MAX_BYTES_OF, config.max_bytes.map(text::bytes)),
        (texts::MAX_AGE, config.max_age.map(text::duration)),
        (texts::MAX_PER_SUBJECT, config.max_msgs_per_subject.map(|max| max.to_string())),
        (texts::DEDUP, config.duplicate_window.map(text::duration)),
    ];
    let limits = limits.into_iter().filter_map(|(words, value)| Some(Tag::word(words.with([&value?]))));
    tags.extend(limits);
    let flags = [
        (config.discard == Discard::New, texts::DISCARD_NEW),
        (config.no_ack, texts::NO_ACK),
        (config.deny_delete && !config.sealed, texts::DENY_DELETE),
        (config.deny_purge && !config.sealed, texts::DENY_PURGE),
        (config.sealed, texts::SEALED),
    ];
    tags.extend(flags.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| Tag::word(name)));
    tags
}

fn numbers(stream: &Stream, num_consumers: usize) -> Vec<NumberRow> {
    let store = stream.store();
    let lit = |counter| Lit { counter, stream: stream.config.name.as_str().into(), consumer: "".into() };
    let number = |value: String, label, explanation, counter: Option<Counter>| NumberRow {
        value,
        label,
        explanation,
        lit: counter.map(lit),
    };
    let bytes = texts::SUBJECTS_HEADERS_PAYLOADS_16;
    let first = texts::SEQUENCE_OLDEST_MESSAGE_STORED;
    let last = texts::HIGHEST_SEQUENCE_GIVEN_OUT;
    let deleted = texts::HOLES_BETWEEN_FIRST_LAST;
    vec![
        number(store.messages().to_string(), texts::MESSAGES, texts::MESSAGES_STORED_NOW, Some(Counter::Messages)),
        number(text::bytes(store.bytes()), texts::BYTES, bytes, Some(Counter::Messages)),
        number(store.first_seq().to_string(), texts::FIRST_SEQ, first, Some(Counter::FirstSeq)),
        number(store.last_seq().to_string(), texts::LAST_SEQ, last, Some(Counter::LastSeq)),
        number(store.num_deleted().to_string(), texts::DELETED_INSIDE, deleted, Some(Counter::Deleted)),
        number(num_consumers.to_string(), texts::CONSUMERS, texts::CONSUMERS_STREAM, None),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::sim::actor::{Actor, ActorId, Draft, FetchRequest, PublisherScript};
    use crate::sim::command::Command;
    use crate::sim::presets::Preset;
    use crate::view::drawer::Shown;
    use crate::view::{Focus, PageRows, tests::rows_of};

    /// A stream `S` on `s.>` with `config`, and a publisher.
    fn stream(config: &str) -> Simulation {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        let body = format!(r#"{{"name":"S","subjects":["s.>"],"storage":"memory"{config}}}"#);
        simulation.request("$JS.API.STREAM.CREATE.S", body.as_bytes());
        let script = PublisherScript::default();
        simulation.act(Command::AddPublisher { name: "p".into(), script });
        simulation
    }

    fn publish(simulation: &mut Simulation, subject: &str, times: u32) {
        let (publisher, _) = simulation.world().actors().iter().next_back().expect("it was added");
        let draft = Draft { subject: subject.into(), payload: "x".into(), ..Draft::default() };
        simulation.act(Command::Publish { publisher, draft, times });
    }

    fn rows(simulation: &Simulation, focus: &Focus) -> PageRows {
        rows_of(simulation, focus)
    }

    /// The tape in short: `1-4 acked`, `5 eu.created in flight`.
    fn tape(row: &StreamRow) -> Vec<String> {
        let cell = |cell: &TapeCell| match &cell.content {
            CellContent::Hole { cause, .. } => format!("{} {}", cell.numbers(), cause.label()),
            CellContent::Stored(stored) => format!("{} {} {}", cell.seq, stored.label, stored.state.label()),
        };
        row.tape.cells.iter().map(cell).collect()
    }

    #[test]
    fn the_work_queue_shows_holes_rings_and_bookmarks() {
        let simulation = Preset::by_key("work-queue").expect("it exists").open();
        let rows = rows(&simulation, &Focus::default());
        let row = &rows.streams[0];
        assert_eq!(
            tape(row),
            [
                "1 acked",
                "2 eu.created in flight",
                "3 acked",
                "4 eu.created in flight",
                "5 us.paid in flight",
                "6 eu.created in flight",
            ]
        );
        let lane = &row.lanes[0];
        assert_eq!((&*lane.consumer, lane.ack_floor.at, lane.delivered.at), ("ship", 1, 6));
        let bands: Vec<(u16, u16)> = lane.bands.iter().map(|band| (band.from, band.cells)).collect();
        assert_eq!(bands, [(1, 1), (3, 1), (5, 1)]);
        assert!(row.next_removal.as_ref().is_some_and(|next| next.stream_seq == 2 && next.how.contains("max age")));
    }

    #[test]
    fn a_long_run_of_holes_is_one_cell() {
        let mut simulation = stream(r#","max_msgs":2"#);
        publish(&mut simulation, "s.a", 100);
        let rows = rows(&simulation, &Focus::default());
        assert_eq!(tape(&rows.streams[0]), ["1–98 max msgs", "99 a stored", "100 a stored"]);
        assert_eq!(rows.streams[0].next_removal.as_ref().map(|next| next.stream_seq), Some(99));
    }

    #[test]
    fn a_window_is_bounded_and_moves() {
        let mut simulation = stream("");
        publish(&mut simulation, "s.a", 200);
        let seqs = |focus: &Focus| {
            let rows = rows(&simulation, focus);
            let tape = &rows.streams[0].tape;
            let ends = (tape.cells.first().map(|cell| cell.seq), tape.cells.last().map(|cell| cell.seq));
            (ends, tape.cells.len(), tape.has_earlier, tape.has_later)
        };
        let mut focus = Focus::default();
        assert_eq!(seqs(&focus), ((Some(153), Some(200)), WINDOW_CELLS, true, false));
        focus.move_window("S".into(), TapeWindow::From(1));
        assert_eq!(seqs(&focus), ((Some(1), Some(48)), WINDOW_CELLS, false, true));
    }

    #[test]
    fn a_duplicate_counts_at_the_message_that_stands() {
        let simulation = Preset::by_key("exactly-once").expect("it exists").open();
        let rows = rows(&simulation, &Focus::default());
        let row = &rows.streams[0];
        let duplicates: Vec<u64> = row
            .tape
            .cells
            .iter()
            .map(|cell| match &cell.content {
                CellContent::Stored(stored) => stored.duplicates,
                CellContent::Hole { .. } => 0,
            })
            .collect();
        assert_eq!(duplicates, [1, 0]);
        let ids: Vec<&str> = row.dedup.iter().flat_map(|dedup| &dedup.ids).map(|id| &*id.id).collect();
        assert_eq!(ids, ["pay-1", "pay-2"]);
    }

    #[test]
    fn the_message_looked_at_tells_its_story() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let focus = Focus { selected: Some(("ORDERS".into(), 2)), ..Focus::default() };
        let story = |simulation: &Simulation| {
            let rows = rows(simulation, &focus);
            rows.streams[0].selected.as_ref().map(|detail| detail.story[0].to_string())
        };
        let in_flight = "ship delivered it 1 time; its AckWait runs until 00:00:35.0.";
        assert_eq!(story(&simulation).as_deref(), Some(in_flight));
        simulation.advance(Duration::from_secs(9));
        let due = "ship delivered it 1 time and delivers it again as soon as a worker asks.";
        assert_eq!(story(&simulation).as_deref(), Some(due));
        simulation.advance(Duration::from_secs(600));
        assert_eq!(story(&simulation), None, "it expired");
    }

    #[test]
    fn what_was_given_up_stays_on_the_tape_and_stands_on_the_shelf() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let is_a = |(_, actor): &(ActorId, &Actor)| actor.name == "worker A";
        let (worker, _) = simulation.world().actors().iter().find(is_a).expect("the preset has it");
        for _ in 0..4 {
            simulation.advance(Duration::from_secs(31));
            simulation.act(Command::Fetch { worker, request: FetchRequest { batch: 3, ..FetchRequest::ONE } });
        }
        let rows = rows(&simulation, &Focus::default());
        let row = &rows.streams[0];
        assert_eq!(tape(row)[1], "2 eu.created gave up");
        let shelf: Vec<(u64, &str, u64)> =
            row.gave_up.iter().map(|row| (row.stream_seq, &*row.consumer, row.deliveries)).collect();
        assert_eq!(shelf, [(6, "ship", 3), (4, "ship", 3), (2, "ship", 3)]);
        let Shown::Log(log) = &rows.drawer.0.shown else { panic!("it is the tab that is open first") };
        assert!(log.rows.iter().any(|row| row.says.to_string().starts_with("ship gave up on #2 after 3 deliveries")));
    }

    #[test]
    fn what_a_limit_takes_next_is_not_said_to_go_by_age_alone() {
        let simulation = Preset::by_key("limits").expect("it exists").open();
        let next = rows(&simulation, &Focus::default()).streams[0].next_removal.clone().expect("it is full");
        assert!(next.how.starts_with("by max msgs with the next publish, else by max age in "), "{}", next.how);
    }

    #[test]
    fn before_the_first_sequence_nothing_was_removed() {
        let mut simulation = stream(r#","first_seq":100"#);
        publish(&mut simulation, "s.a", 1);
        assert_eq!(tape(&rows(&simulation, &Focus::default()).streams[0]), ["1–99 never here", "100 a stored"]);
    }

    #[test]
    fn a_lane_says_where_a_consumer_starts_until_it_delivers() {
        let preset = Preset::by_key("c8").expect("it exists");
        let mut simulation = preset.open();
        let mut after_step = |place: usize| {
            preset.scenario().about.first_steps[place].act(&mut simulation).expect("it can be done");
            let lanes = &rows(&simulation, &Focus::default()).streams[0].lanes;
            lanes.iter().map(|lane| (lane.delivered.stream_seq, lane.is_start)).collect::<Vec<_>>()
        };
        assert_eq!(after_step(0), [(0, false), (3, true), (4, true)]);
        after_step(1);
        assert_eq!(after_step(2), [(5, false), (5, false), (5, false)]);
    }

    #[test]
    fn a_message_given_up_was_delivered_as_often_as_it_may() {
        let mut simulation = Preset::by_key("c22").expect("it exists").open();
        let story = |simulation: &Simulation| {
            let focus = Focus { selected: Some(("JOBS".into(), 1)), ..Focus::default() };
            rows(simulation, &focus).streams[0].selected.as_ref().map(|detail| detail.story[0].to_string())
        };
        simulation.step();
        let says = story(&simulation).unwrap_or_default();
        assert!(says.contains("2 times, as often as it may"), "{says}");
        let tape = tape(&rows(&simulation, &Focus::default()).streams[0]);
        assert_eq!(tape, ["1 x waits to be given up", "2 x stored"]);
    }

    #[test]
    fn a_step_is_as_wide_as_the_sheet_says() {
        let sheet = include_str!("../../../www/styles/tokens.css");
        assert!(sheet.contains(&format!("--step: {STEP_PX}px;")));
    }

    #[test]
    fn while_the_handle_is_in_the_hand_the_cells_in_sight_are_drawn() {
        let mut simulation = stream("");
        publish(&mut simulation, "s.a", 30);
        let mut focus = Focus { is_dragging: true, seen_cells: 12, ..Focus::default() };
        let tape = rows(&simulation, &focus).streams[0].tape.clone();
        assert_eq!((tape.cells.len(), tape.unseen), (30, 18));
        focus.is_dragging = false;
        assert_eq!(rows(&simulation, &focus).streams[0].tape, Tape { unseen: 0, ..tape });
    }

    #[test]
    fn every_cause_fits_a_cell() {
        let causes = [
            HoleCause::Left(Removal::Acked),
            HoleCause::Left(Removal::MaxMsgsPerSubject),
            HoleCause::Left(Removal::NoInterest),
            HoleCause::Forgotten,
        ];
        assert!(causes.iter().all(|cause| cause.label().len() <= 11));
    }
}
