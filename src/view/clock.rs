//! The clock bar: where simulated time stands, what it has passed, what comes next.

use std::time::Duration;

use crate::engine::event::{Event, Removal};
use crate::engine::time::Timestamp;
use crate::sim::clock::Speed;

use super::text::Phrase;
use super::{Scene, due, scene, share, text};

/// The clock bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRow {
    /// Simulated time since the start, as [`text::clock`](super::text::clock) writes it.
    pub now: String,
    pub is_playing: bool,
    pub speed: Speed,
    /// What happens next without anybody's doing; `None` while nothing is due.
    pub next: Option<NextEvent>,
    /// The next redelivery, expiry or removal.
    pub next_loss: Option<NextEvent>,
    pub timeline: Timeline,
}

/// An event that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextEvent {
    /// Its name and reason: “AckWait of `#4` ends”.
    pub what: Phrase,
    /// How long until then: `12.0 s`.
    pub left: String,
}

/// What lies behind and ahead, on a line of a thousand parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Where now stands, in thousandths of the line.
    pub now_at: u16,
    /// Simulated time in a thousandth of the line.
    pub grain: Duration,
    /// What happened, in order. Bounded: what would fall on one place is one mark.
    pub past: Vec<PastMark>,
    /// What is due, in order; the first few.
    pub ahead: Vec<AheadMark>,
}

/// Something that happened, told by its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastMark {
    /// In thousandths of the line.
    pub at: u16,
    pub kind: MarkKind,
    /// How many events the mark stands for.
    pub count: u32,
}

/// What a [`PastMark`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A message stored: a wedge.
    Stored,
    /// An ack that settled a message: a filled dot.
    Acked,
    /// An AckWait that ended, a nak, a redelivery: a hollow dot.
    Redelivery,
    /// A message removed or given up: a cross.
    Lost,
}

impl MarkKind {
    pub const ALL: [Self; 4] = [Self::Stored, Self::Acked, Self::Redelivery, Self::Lost];

    /// What the marks count, in the plural.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Acked => "acked",
            Self::Redelivery => "to be redelivered",
            Self::Lost => "removed or given up",
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

/// What the page calls a speed: `×1`, `×0.1`, `×1000`.
pub fn speed_label(speed: Speed) -> String {
    let (whole, rest) = (speed.permille() / 1000, speed.permille() % 1000);
    if rest == 0 { format!("×{whole}") } else { format!("×{whole}.{}", rest / 100) }
}

/// The clock bar of `scene`.
pub fn row(scene: Scene<'_>) -> ClockRow {
    let next = scene.world.next_event().map(|next| (next.at(), due::what(scene.world, next)));
    ClockRow {
        now: scene::time_of_day(scene.now()),
        is_playing: scene.clock.is_playing,
        speed: scene.clock.speed,
        next: next.map(|(at, what)| next_event(scene, at, what)),
        next_loss: due::next_loss(scene).map(|(at, what)| next_event(scene, at, what)),
        timeline: timeline(scene),
    }
}

fn next_event(scene: Scene<'_>, at: Timestamp, what: Phrase) -> NextEvent {
    NextEvent { what, left: text::exact_countdown(at.since(scene.now())) }
}

/// How much of the past the line shows, at least and at most.
const PAST: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));
/// Where now stands on the line.
const NOW_AT: u16 = 650;
/// Marks of one kind that are closer than this are one, in thousandths of the line.
const GRAIN: u16 = 5;
/// What a label takes up of the line.
const LABEL: u16 = 80;
/// Marks ahead.
const SHOWN_AHEAD: usize = 4;

fn timeline(scene: Scene<'_>) -> Timeline {
    let elapsed = scene.now().since(Timestamp::SIMULATION_START);
    let span = elapsed.clamp(PAST.0, PAST.1);
    let now_at = scaled(elapsed, span, NOW_AT);
    let mut past: Vec<PastMark> = Vec::new();
    for traced in scene.trace.events().rev().take_while(|traced| scene.now().since(traced.at) <= span) {
        let Some(kind) = kind_of(&traced.event) else { continue };
        let at = now_at.saturating_sub(scaled(scene.now().since(traced.at), span, NOW_AT)) / GRAIN * GRAIN;
        match past.iter_mut().rev().take_while(|mark| mark.at == at).find(|mark| mark.kind == kind) {
            Some(mark) => mark.count += 1,
            None => past.push(PastMark { at, kind, count: 1 }),
        }
    }
    past.reverse();
    let grain = span / u32::from(NOW_AT);
    Timeline { now_at, grain, past, ahead: ahead(scene, now_at, grain * u32::from(1000 - now_at)) }
}

/// The marks of what is due before `horizon`, on the rest of the line behind `now_at`.
fn ahead(scene: Scene<'_>, now_at: u16, horizon: Duration) -> Vec<AheadMark> {
    let mut labelled_to = 0;
    let mark = |(at, label): (Timestamp, String)| {
        let left = scaled(at.since(scene.now()), horizon, 1000 - now_at);
        let at = now_at + left;
        let has_room = at >= labelled_to;
        if has_room {
            labelled_to = at + LABEL;
        }
        (at < 1000).then(|| AheadMark { at, label: if has_room { label } else { String::new() } })
    };
    due::ahead(scene, SHOWN_AHEAD).into_iter().filter_map(mark).collect()
}

/// `part` of `whole` on a stretch of the line.
fn scaled(part: Duration, whole: Duration, stretch: u16) -> u16 {
    let at = u32::from(share(part, whole)) * u32::from(stretch) / 1000;
    u16::try_from(at).unwrap_or(stretch)
}

const fn kind_of(event: &Event) -> Option<MarkKind> {
    Some(match event {
        Event::Stored { .. } => MarkKind::Stored,
        Event::Acked { .. } => MarkKind::Acked,
        Event::AckWaitEnded { .. } | Event::Naked { .. } => MarkKind::Redelivery,
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
    use crate::view::Focus;

    #[test]
    fn now_moves_to_its_place_and_stays_there() {
        for (seconds, now_at) in [(0, 0), (30, 325), (60, 650), (5_000, 650)] {
            let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
            simulation.advance(Duration::from_secs(seconds));
            let row = row(Scene::of(&simulation, &Focus::default()));
            assert_eq!(row.timeline.now_at, now_at, "{seconds}");
        }
    }

    #[test]
    fn speeds_are_labelled_by_their_factor() {
        let labels = Speed::ALL.map(speed_label);
        assert_eq!(labels.join(" "), "×0.1 ×0.5 ×1 ×5 ×10 ×100 ×1000");
    }
}
