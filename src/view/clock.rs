//! The clock bar: where simulated time stands, what it has passed, what comes next.

use std::time::Duration;

use crate::engine::time::Timestamp;
use crate::sim::clock::Speed;

use super::text::Phrase;
use super::timeline::{self, Timeline};
use super::{Scene, due, scene, text};

/// The clock bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRow {
    /// Simulated time since the start, as [`text::clock`](super::text::clock) writes it.
    pub now: String,
    pub is_playing: bool,
    pub speed: Speed,
    /// What happens next without anybody's doing; `None` while nothing is due.
    pub next: Option<NextEvent>,
    /// How long before the latest moment this one is, where it is the past: `12.0 s`.
    pub past: Option<String>,
    /// Whether it is the first moment that is kept, and others were before it.
    pub is_cut: bool,
    pub can_undo: bool,
    pub can_redo: bool,
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

/// What the page calls a speed: `×1`, `×0.1`, `×1000`.
pub fn speed_label(speed: Speed) -> String {
    let (whole, rest) = (speed.permille() / 1000, speed.permille() % 1000);
    if rest == 0 { format!("×{whole}") } else { format!("×{whole}.{}", rest / 100) }
}

/// How far a reader wants time to go on: a duration, also with a plus before it. A bare number is seconds.
pub fn advance_by(typed: &str) -> Option<Duration> {
    let typed = typed.trim();
    let by = typed.strip_prefix('+').unwrap_or(typed);
    text::parse_duration(by).or_else(|| text::parse_duration(&[by, "s"].concat()))
}

/// The clock bar of `scene`; `before` is one of the same course of events.
pub fn row(scene: Scene<'_>, before: Option<&ClockRow>) -> ClockRow {
    let next = scene.world.next_event().map(|next| (next.at(), due::what(scene.world, next)));
    let simulation = scene.simulation;
    let journal = simulation.journal();
    let undone = journal.before(simulation.moment()).filter(|entry| entry.moment >= simulation.opened_at());
    let behind = simulation.end().now().since(scene.now());
    ClockRow {
        past: simulation.is_in_past().then(|| text::exact_countdown(behind)),
        is_cut: simulation.start() > 0 && simulation.moment() == simulation.start(),
        can_undo: undone.is_some(),
        can_redo: journal.after(simulation.moment()).is_some(),
        now: scene::time_of_day(scene.now()),
        is_playing: scene.clock.is_playing,
        speed: scene.clock.speed,
        next: next.map(|(at, what)| next_event(scene, at, what)),
        timeline: timeline::of(scene, before.map(|before| &before.timeline)),
    }
}

fn next_event(scene: Scene<'_>, at: Timestamp, what: Phrase) -> NextEvent {
    NextEvent { what, left: text::exact_countdown(at.since(scene.now())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_whose_beginning_is_not_kept_says_so() {
        use crate::sim::command::Command;
        use crate::view::Focus;
        let mut simulation = crate::sim::presets::PRESETS[0].open();
        let conn = simulation.attach().expect("a page takes clients");
        let frame = [b"PUB none 100000\r\n".as_slice(), &[b'x'; 100_000], b"\r\n"].concat();
        for _ in 0..600 {
            simulation.act(Command::AttachedSays { conn, bytes: frame.clone() });
        }
        simulation.detach(conn);
        assert!(!simulation.journal().is_whole());
        let is_cut = |simulation: &crate::sim::Simulation| row(Scene::of(simulation, &Focus::default()), None).is_cut;
        assert!(!is_cut(&simulation));
        simulation.seek(0);
        assert!(is_cut(&simulation) && simulation.is_in_past());
    }

    #[test]
    fn time_goes_on_by_what_is_typed() {
        let cases = [("+30s", 30), ("30", 30), (" + 10m ", 600), ("1h30m", 5400), ("+2", 2)];
        for (typed, seconds) in cases {
            assert_eq!(advance_by(typed), Some(Duration::from_secs(seconds)), "{typed}");
        }
        for typed in ["", "+", "-30s", "++2", "soon"] {
            assert_eq!(advance_by(typed), None, "{typed}");
        }
    }

    #[test]
    fn speeds_are_labelled_by_their_factor() {
        let labels = Speed::ALL.map(speed_label);
        assert_eq!(labels.join(" "), "×0.1 ×0.5 ×1 ×5 ×10 ×100 ×1000");
    }
}
