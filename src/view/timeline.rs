//! The line of what has happened and what is due, with the branches that were left.

use std::rc::Rc;
use std::time::Duration;

use crate::engine::event::{Event, Removal};
use crate::engine::time::Timestamp;
use crate::sim::branches::Branch;
use crate::sim::run::Run;
use crate::texts::clock as texts;

use super::{Scene, due, scene};

/// What lies behind and ahead, on a line of a thousand parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The simulated time at the left end.
    pub from: Timestamp,
    /// Simulated time in a thousandth of the line.
    pub grain: Duration,
    /// The moment that is shown.
    pub now_at: u16,
    /// The latest moment; the same unless the past is shown.
    pub end_at: u16,
    /// What happened, in order, also after the moment that is shown. What would fall on one place is one mark.
    pub marks: Rc<[Mark]>,
    /// Of how many events the marks are.
    total: u64,
    /// What is due, in order; the first few.
    pub ahead: Vec<AheadMark>,
    pub branches: Vec<BranchRow>,
}

impl Timeline {
    /// The simulated time at a place on the line.
    pub fn time_at(&self, at: u16) -> Timestamp {
        self.from + self.grain * u32::from(at)
    }
}

/// Something that happened, told by its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// In thousandths of the line.
    pub at: u16,
    pub kind: MarkKind,
    /// How many events the mark stands for.
    pub count: u32,
}

/// What a [`Mark`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A message stored: a wedge.
    Stored,
    /// A first delivery: a wedge to the right, under the line.
    Delivered,
    /// An ack that settled a message: a filled dot.
    Acked,
    /// An AckWait that ended, a nak, a redelivery: a hollow dot.
    Redelivery,
    /// A message removed or given up: a cross.
    Lost,
}

impl MarkKind {
    pub const ALL: [Self; 5] = [Self::Stored, Self::Delivered, Self::Acked, Self::Redelivery, Self::Lost];

    /// What the marks count, in the plural.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stored => texts::STORED,
            Self::Delivered => texts::DELIVERED,
            Self::Acked => texts::ACKED,
            Self::Redelivery => texts::REDELIVERED_REDELIVERED,
            Self::Lost => texts::REMOVED_GIVEN_UP,
        }
    }
}

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AheadMark {
    /// In thousandths of the line.
    pub at: u16,
    /// A few words: `AckWait #4`; empty where there is no room.
    pub label: String,
}

/// A course of events that was left, as a track of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRow {
    pub number: u32,
    /// Where it leaves the reader's line and where it ends, in thousandths of the line.
    pub from: u16,
    pub to: u16,
    /// When, as time since the start.
    pub parted: String,
    pub ended: String,
    /// Commands that only it has.
    pub commands: usize,
    pub marks: Vec<Mark>,
}

/// How much of the past the line shows, at least and at most, unless it is zoomed.
const PAST: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));
/// Where the latest moment stands on the line.
const END_AT: u16 = 650;
/// Where a moment stands that would be left of the line.
const SCROLLED_AT: u16 = 100;
/// Marks of one kind that are closer than this are one, in thousandths of the line.
const GRAIN: u16 = 5;
/// More marks than these are noise: they are gathered in parts of the line, which have a place for each kind.
const MAX_MARKS: usize = 120;
const PART: u16 = GRAIN * MarkKind::ALL.len() as u16;
/// What a label takes up of the line.
const LABEL: u16 = 80;
/// Marks ahead.
const SHOWN_AHEAD: usize = 4;
/// Events of a branch that are drawn.
const BRANCH_EVENTS: usize = 1_000;
/// How far the line can be zoomed: each step doubles or halves it.
pub const ZOOM: std::ops::RangeInclusive<i8> = -12..=8;

/// The timeline of `scene`; `before` is one of the same course of events.
pub fn of(scene: Scene<'_>, before: Option<&Timeline>) -> Timeline {
    let end = scene.simulation.end();
    let elapsed = end.now().since(Timestamp::SIMULATION_START);
    let span = elapsed.clamp(PAST.0, PAST.1);
    let zoom = u32::from(scene.focus.zoom.unsigned_abs());
    let span = if scene.focus.zoom < 0 { span * (1 << zoom) } else { span / (1 << zoom) };
    let grain = (span / u32::from(END_AT)).max(Duration::from_nanos(1));
    let left_of = |at: Timestamp, place: u16| {
        let shift = grain * u32::from(place);
        Timestamp::SIMULATION_START + at.since(Timestamp::SIMULATION_START).saturating_sub(shift)
    };
    let mut from = left_of(end.now(), END_AT);
    if scene.now() < from {
        from = left_of(scene.now(), SCROLLED_AT);
    }
    let line = Scale { from, grain };
    let total = end.trace().total();
    // Thousands of events are looked at for them.
    let same = before.filter(|before| (before.from, before.grain, before.total) == (from, grain, total));
    let is_past = scene.simulation.is_in_past();
    Timeline {
        from,
        grain,
        now_at: line.place(scene.now()),
        end_at: line.place(end.now()),
        marks: same.map_or_else(|| line.marks(end, usize::MAX, 0).into(), |same| Rc::clone(&same.marks)),
        total,
        ahead: if is_past { Vec::new() } else { line.ahead(scene) },
        branches: scene.simulation.branches().iter().map(|branch| line.branch(branch)).collect(),
    }
}

/// Where times stand on the line.
#[derive(Clone, Copy)]
struct Scale {
    from: Timestamp,
    grain: Duration,
}

impl Scale {
    /// The place of `at`; 1000 for all that is right of the line.
    fn place(self, at: Timestamp) -> u16 {
        let grains = at.since(self.from).as_nanos() / self.grain.as_nanos();
        u16::try_from(grains.min(1000)).unwrap_or(1000)
    }

    /// The marks of the last `most` events of `run` that happened after `moment`.
    fn marks(self, run: &Run, most: usize, moment: u64) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let is_shown = |at: Timestamp| at >= self.from;
        let events = run.trace().events().rev().take(most);
        for traced in events.take_while(|traced| is_shown(traced.at) && traced.moment > moment) {
            let Some(kind) = kind_of(&traced.event) else { continue };
            let at = self.place(traced.at) / GRAIN * GRAIN;
            match marks.iter_mut().rev().take_while(|mark| mark.at == at).find(|mark| mark.kind == kind) {
                Some(mark) => mark.count += 1,
                None if at < 1000 => marks.push(Mark { at, kind, count: 1 }),
                None => {}
            }
        }
        marks.reverse();
        gathered(marks)
    }

    fn ahead(self, scene: Scene<'_>) -> Vec<AheadMark> {
        let mut labelled_to = 0;
        let mark = |(at, label): (Timestamp, String)| {
            let at = self.place(at);
            let has_room = at >= labelled_to;
            if has_room {
                labelled_to = at + LABEL;
            }
            (at < 1000).then(|| AheadMark { at, label: if has_room { label } else { String::new() } })
        };
        due::ahead(scene, SHOWN_AHEAD).into_iter().filter_map(mark).collect()
    }

    fn branch(self, branch: &Branch) -> BranchRow {
        let ended = branch.end().now();
        BranchRow {
            number: branch.number,
            from: self.place(branch.parted),
            to: self.place(ended),
            parted: scene::time_of_day(branch.parted),
            ended: scene::time_of_day(ended),
            commands: branch.own_commands(),
            marks: self.marks(branch.end(), BRANCH_EVENTS, branch.parted_at),
        }
    }
}

/// Of too many marks one of each kind stays in every part of the line, side by side.
fn gathered(marks: Vec<Mark>) -> Vec<Mark> {
    let end = marks.last().map_or(0, |mark| mark.at);
    if marks.len() <= MAX_MARKS {
        return marks;
    }
    let mut parts: Vec<Mark> = Vec::new();
    for mark in marks {
        let from = mark.at / PART * PART;
        match parts.iter_mut().rev().take_while(|part| part.at >= from).find(|part| part.kind == mark.kind) {
            Some(part) => part.count += mark.count,
            // Nothing stands where nothing has happened yet.
            None => parts.push(Mark { at: end.min(from + GRAIN * mark.kind as u16), ..mark }),
        }
    }
    parts
}

const fn kind_of(event: &Event) -> Option<MarkKind> {
    Some(match event {
        Event::Stored { .. } => MarkKind::Stored,
        Event::Delivered { delivered: 1, .. } => MarkKind::Delivered,
        Event::Acked { .. } => MarkKind::Acked,
        Event::AckWaitEnded { .. } | Event::Naked { .. } | Event::Delivered { .. } => MarkKind::Redelivery,
        Event::Removed { cause: Removal::Acked, .. } => return None,
        Event::Removed { .. } | Event::NotKept { .. } | Event::GaveUp { .. } => MarkKind::Lost,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::sim::Simulation;
    use crate::sim::presets::Preset;
    use crate::view::Focus;

    fn timeline(simulation: &Simulation, zoom: i8) -> Timeline {
        of(Scene::of(simulation, &Focus { zoom, ..Focus::default() }), None)
    }

    #[test]
    fn the_latest_moment_moves_to_its_place_and_stays_there() {
        for (seconds, end_at) in [(0, 0), (30, 325), (60, 650), (5_000, 650)] {
            let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
            simulation.advance(Duration::from_secs(seconds));
            let timeline = timeline(&simulation, 0);
            // Rounding may cost the last part.
            assert!(timeline.end_at.abs_diff(end_at) <= 1, "{seconds}: {}", timeline.end_at);
            assert_eq!(timeline.now_at, timeline.end_at);
        }
    }

    #[test]
    fn a_past_moment_stands_where_it_was_and_what_came_after_is_shown() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let live = timeline(&simulation, 0);
        assert!(!live.ahead.is_empty());
        let at = live.time_at(live.now_at / 2);
        simulation.seek_time(at);
        let past = timeline(&simulation, 0);
        assert_eq!((past.from, past.end_at, &past.marks), (live.from, live.end_at, &live.marks));
        assert!(past.now_at.abs_diff(live.now_at / 2) <= 1 && past.ahead.is_empty());
        let again = of(Scene::of(&simulation, &Focus::default()), Some(&live));
        assert!(again == past && Rc::ptr_eq(&again.marks, &live.marks), "they are not looked up again");
        simulation.advance(Duration::from_secs(60));
        let later = timeline(&simulation, 0);
        assert!(of(Scene::of(&simulation, &Focus::default()), Some(&live)) == later && later.marks != live.marks);
    }

    #[test]
    fn too_many_marks_are_gathered_and_none_is_lost() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        simulation.advance(Duration::from_secs(1_200));
        let timeline = timeline(&simulation, 0);
        let of_kind = |kind| timeline.marks.iter().filter(move |mark| mark.kind == kind);
        for kind in MarkKind::ALL {
            let parts: Vec<u16> = of_kind(kind).map(|mark| mark.at / PART).collect();
            assert!(parts.is_sorted_by(|part, next| part < next), "{parts:?}");
        }
        assert!(timeline.marks.iter().all(|mark| mark.at <= timeline.end_at), "nothing is ahead of now");
        let stored: u32 = of_kind(MarkKind::Stored).map(|mark| mark.count).sum();
        assert!((110..=130).contains(&stored), "one every 5 s for 10 min: {stored}");
    }

    #[test]
    fn zooming_in_keeps_the_moment_in_sight() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        simulation.advance(Duration::from_secs(300));
        let whole = timeline(&simulation, 0);
        let near = timeline(&simulation, 3);
        assert!(near.grain * 7 < whole.grain && near.end_at.abs_diff(END_AT) <= 1);
        simulation.seek_time(whole.time_at(20));
        let past = timeline(&simulation, 3);
        assert!((SCROLLED_AT - 1..=SCROLLED_AT).contains(&past.now_at) && past.end_at == 1000, "{past:?}");
        let far = timeline(&simulation, -3);
        assert!(far.from == Timestamp::SIMULATION_START && far.end_at < 200);
    }

    #[test]
    fn a_branch_is_a_track_from_where_it_parted() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        let (moment, ended) = (simulation.moment(), scene::time_of_day(simulation.now()));
        simulation.seek(moment - 4);
        let parted = scene::time_of_day(simulation.now());
        simulation.request("$JS.API.STREAM.NAMES", b"");
        let timeline = timeline(&simulation, 0);
        let [branch] = timeline.branches.as_slice() else { panic!("{timeline:?}") };
        assert_eq!((&branch.parted, &branch.ended, branch.number), (&parted, &ended, 1));
        assert!(branch.from <= branch.to && !branch.marks.is_empty());
    }
}
