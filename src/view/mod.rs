//! What the page shows, as plain rows: one file a panel, no Yew, no web.
//!
//! Rows are data that a panel can draw without asking back: texts are ready, positions are counted in cells, shares of
//! time in thousandths. They are made anew for every frame, so they are bounded: a tape shows a window of the stream
//! ([`streams::TapeWindow`]), the drawer its open tab. Equal rows are not drawn again, hence no value here is finer than what
//! the page can show.
//!
//! [`form`] and its neighbours are what the dialogs know: fields, defaults, explanations, and the request that they
//! make.

pub mod attached;
pub mod cli;
pub mod clock;
pub mod code;
pub mod compare;
pub mod consumer_form;
pub mod consumers;
pub mod drawer;
pub mod due;
pub mod form;
pub mod fragment;
pub mod inspector;
pub mod lit;
pub mod log;
pub mod loss;
pub mod matcher;
pub mod numbers;
pub mod payload;
pub mod publishers;
pub mod scene;
pub mod script_form;
pub mod search;
pub mod stream_form;
pub mod streams;
pub mod subjects;
pub mod text;
pub mod timeline;
pub mod transfer;
pub mod why;
pub mod wire;

use std::rc::Rc;
use std::time::Duration;

use crate::engine::time::Timestamp;
use crate::sim::actor::ActorId;

pub use scene::Scene;
pub use text::Phrase;

/// What the reader looks at: an input of the rows beside the world.
///
/// Lists, since they hold a handful.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// The window of each tape that was moved.
    pub windows: Vec<(Rc<str>, streams::TapeWindow)>,
    /// The message looked at: its stream and sequence.
    pub selected: Option<(Rc<str>, u64)>,
    /// The streams whose tape is read as a table.
    pub tables: Vec<Rc<str>>,
    /// Of the messages that a worker holds, the one that its buttons are about, by consumer sequence.
    pub chosen: Vec<(ActorId, u64)>,
    /// What was asked “why?” of, and is answered until it is asked again.
    pub asked: Vec<why::Ask>,
    /// How often the timeline was zoomed in, or out where negative.
    pub zoom: i8,
    /// Whether the handle of the timeline is in the hand: what is out of sight is drawn when it is let go.
    pub is_dragging: bool,
    /// How many cells at the end of a tape can be seen then, at most.
    pub seen_cells: usize,
    pub drawer: drawer::DrawerFocus,
    /// Which of many consumers have a card.
    pub consumers: consumers::ListFocus,
    /// The counter that is pointed at.
    pub lit: Option<lit::Lit>,
}

impl Focus {
    /// The window of a stream's tape; its end unless it was moved.
    pub fn window(&self, stream: &str) -> streams::TapeWindow {
        let moved = self.windows.iter().find(|(name, _)| **name == *stream);
        moved.map_or(streams::TapeWindow::default(), |(_, window)| *window)
    }

    pub fn move_window(&mut self, stream: Rc<str>, window: streams::TapeWindow) {
        self.windows.retain(|(name, _)| *name != stream);
        self.windows.push((stream, window));
    }

    /// The sequence looked at, if it is of `stream`.
    pub fn selected_in(&self, stream: &str) -> Option<u64> {
        self.selected.as_ref().filter(|(name, _)| **name == *stream).map(|(_, seq)| *seq)
    }

    pub fn is_table(&self, stream: &str) -> bool {
        self.tables.iter().any(|name| **name == *stream)
    }

    pub fn show_table(&mut self, stream: Rc<str>, is_table: bool) {
        self.tables.retain(|name| *name != stream);
        if is_table {
            self.tables.push(stream);
        }
    }

    pub fn asks(&self, ask: &why::Ask) -> bool {
        self.asked.contains(ask)
    }

    /// Asks, or no longer.
    pub fn ask(&mut self, ask: why::Ask) {
        match self.asked.iter().position(|asked| *asked == ask) {
            Some(at) => drop(self.asked.remove(at)),
            None => self.asked.push(ask),
        }
    }

    /// The consumer sequence that was chosen of those that `worker` holds.
    pub fn chosen_of(&self, worker: ActorId) -> Option<u64> {
        self.chosen.iter().find(|(id, _)| *id == worker).map(|(_, consumer_seq)| *consumer_seq)
    }

    pub fn choose(&mut self, worker: ActorId, consumer_seq: u64) {
        self.chosen.retain(|(id, _)| *id != worker);
        self.chosen.push((worker, consumer_seq));
    }
}

/// Something shared that is equal to itself only, and never looked through.
#[derive(Debug)]
pub struct Same<T>(pub Rc<T>);

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Everything that the page draws, panel by panel.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRows {
    pub clock: Rc<clock::ClockRow>,
    pub publishers: Rc<[Rc<publishers::PublisherRow>]>,
    /// Clients from outside, which stand with the publishers and with the workers.
    pub attached: Rc<[attached::AttachedRow]>,
    pub streams: Rc<[Rc<streams::StreamRow>]>,
    pub consumers: Rc<[Rc<consumers::ConsumerRow>]>,
    /// Where these stand among all consumers.
    pub list: Rc<consumers::ConsumerList>,
    /// Made anew it is drawn anew: to compare all that it shows is no less work.
    pub drawer: Same<drawer::DrawerRow>,
    /// The last line of the log, whatever the drawer shows.
    pub newest: Option<Rc<log::LogRow>>,
    /// How many events of the trace the drawer knows.
    pub read_to: u64,
}

/// What rows are made with of those before them.
#[derive(Clone, Copy)]
pub enum Before<'a> {
    /// Nothing: another run, another past, or another question.
    Nothing,
    /// Another moment of the same course of events.
    Leaps(&'a PageRows),
    /// The drawer goes on from what it showed.
    Goes(&'a PageRows),
    /// The drawer stays as it is: nobody reads so fast.
    Stays(&'a PageRows),
    /// Much happens: by turns one panel is made anew, so that no frame has to draw them all.
    Turn(&'a PageRows, u32),
}

impl PageRows {
    /// The rows of `scene`.
    pub fn of(scene: Scene<'_>, before: Before<'_>) -> Self {
        let (drawer, newest, read_to) = match before {
            Before::Stays(rows) => (rows.drawer.clone(), rows.newest.clone(), rows.read_to),
            Before::Goes(rows) => Self::drawer(scene, Some(rows)),
            Before::Nothing | Before::Leaps(_) => Self::drawer(scene, None),
            Before::Turn(rows, turn) => return rows.with_turn(scene, turn),
        };
        let (consumers, list) = consumers::rows(scene);
        let clock = if let Before::Goes(rows) | Before::Stays(rows) | Before::Leaps(rows) = before {
            clock::row(scene, Some(&rows.clock))
        } else {
            clock::row(scene, None)
        };
        Self {
            clock: Rc::new(clock),
            publishers: publishers::rows(scene),
            attached: attached::rows(scene),
            streams: streams::rows(scene),
            consumers,
            list,
            drawer,
            newest,
            read_to,
        }
    }

    /// These rows, and anew those of the panel whose turn it is.
    fn with_turn(&self, scene: Scene<'_>, turn: u32) -> Self {
        let mut rows = self.clone();
        match turn % 4 {
            0 => rows.streams = streams::rows(scene),
            1 => (rows.consumers, rows.list) = consumers::rows(scene),
            2 => {
                rows.clock = Rc::new(clock::row(scene, Some(&self.clock)));
                (rows.publishers, rows.attached) = (publishers::rows(scene), attached::rows(scene));
            }
            _ => (rows.drawer, rows.newest, rows.read_to) = Self::drawer(scene, Some(self)),
        }
        rows
    }

    fn drawer(scene: Scene<'_>, before: Option<&Self>) -> (Same<drawer::DrawerRow>, Option<Rc<log::LogRow>>, u64) {
        (Same(Rc::new(drawer::row(scene, before))), log::newest(scene).map(Rc::new), scene.trace.total())
    }
}

/// Time that runs out: the AckWait of a delivery, the delay of a nak, the expiry of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// What is left, in thousandths of the whole.
    pub permille: u16,
    /// What is left, as text: `12 s`.
    pub left: String,
}

impl Ring {
    /// The ring at `now` of what began at `began` and ends at `due`.
    pub fn at(now: Timestamp, began: Timestamp, due: Timestamp) -> Self {
        let left = due.since(now);
        Self { permille: share(left, due.since(began)), left: text::countdown(left) }
    }
}

/// The first `most` of `items` by `key`, in that order; of equal ones the earlier first. For a handful.
fn first_by<T, K: Ord>(most: usize, items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut first: Vec<(K, T)> = Vec::with_capacity(most + 1);
    for item in items {
        let key = key(&item);
        let at = first.iter().take_while(|(before, _)| *before <= key).count();
        if at < most {
            first.insert(at, (key, item));
            first.truncate(most);
        }
    }
    first.into_iter().map(|(_, item)| item).collect()
}

/// `part` of `whole` in thousandths, at most 1000.
pub fn share(part: Duration, whole: Duration) -> u16 {
    if whole.is_zero() {
        return 0;
    }
    let permille = part.as_nanos().saturating_mul(1000) / whole.as_nanos();
    u16::try_from(permille.min(1000)).unwrap_or(1000)
}

/// How often a message was delivered, of how often it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pips {
    pub delivered: u64,
    /// `max_deliver`; `None` is unlimited.
    pub max: Option<u64>,
}

/// A property of a stream or consumer in a word or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub text: String,
    /// Whether `text` is a subject or filter, to be set in the code face.
    pub is_subject: bool,
}

impl Tag {
    pub fn subject(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_subject: true }
    }

    pub fn word(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_subject: false }
    }
}

/// A counter with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRow {
    pub value: String,
    /// The name of the field in NATS's own replies, in words: `num pending`.
    pub label: &'static str,
    /// What it counts, one sentence.
    pub explanation: &'static str,
    /// What it lights on the tape while it is pointed at.
    pub lit: Option<lit::Lit>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::table::Id;
    use crate::sim::Simulation;

    pub fn rows_of(simulation: &Simulation, focus: &Focus) -> PageRows {
        PageRows::of(Scene::of(simulation, focus), Before::Nothing)
    }

    #[test]
    fn each_panel_has_its_turn() {
        let mut simulation = crate::sim::presets::PRESETS[0].open();
        let focus = Focus::default();
        let old = rows_of(&simulation, &focus);
        simulation.advance(Duration::from_secs(9));
        let scene = Scene::of(&simulation, &focus);
        let new = PageRows::of(scene, Before::Nothing);
        let first = PageRows::of(scene, Before::Turn(&old, 4));
        assert!(first.streams == new.streams && first.clock == old.clock && first.consumers == old.consumers);
        let last = (1..4).fold(first, |rows, turn| PageRows::of(scene, Before::Turn(&rows, turn)));
        assert_eq!((last.consumers, last.clock, last.newest), (new.consumers, new.clock, new.newest));
    }

    #[test]
    fn ring_empties_from_a_thousand_to_nothing() {
        let at = |seconds| Timestamp::SIMULATION_START + Duration::from_secs(seconds);
        let ring = Ring::at(at(18), at(0), at(30));
        assert_eq!(ring, Ring { permille: 400, left: "12 s".into() });
        assert_eq!(Ring::at(at(40), at(0), at(30)).permille, 0);
        assert_eq!(Ring::at(at(0), at(0), at(30)).permille, 1000);
    }

    #[test]
    fn focus_keeps_one_entry_for_each_thing() {
        let mut focus = Focus::default();
        let stream: Rc<str> = "ORDERS".into();
        assert_eq!(focus.window("ORDERS"), streams::TapeWindow::Newest);
        focus.move_window(Rc::clone(&stream), streams::TapeWindow::From(5));
        focus.move_window(Rc::clone(&stream), streams::TapeWindow::From(9));
        assert_eq!((focus.window("ORDERS"), focus.windows.len()), (streams::TapeWindow::From(9), 1));
        focus.show_table(Rc::clone(&stream), true);
        assert!(focus.is_table("ORDERS") && !focus.is_table("OTHER"));
        focus.show_table(Rc::clone(&stream), false);
        assert!(!focus.is_table("ORDERS"));
        focus.ask(why::Ask::Refusal);
        assert!(focus.asks(&why::Ask::Refusal) && !focus.asks(&why::Ask::Worker(ActorId::from_index(1))));
        focus.ask(why::Ask::Refusal);
        assert!(focus.asked.is_empty());
        focus.choose(ActorId::from_index(1), 4);
        focus.choose(ActorId::from_index(1), 6);
        assert_eq!((focus.chosen_of(ActorId::from_index(1)), focus.chosen_of(ActorId::from_index(2))), (Some(6), None));
        focus.selected = Some((stream, 3));
        assert_eq!((focus.selected_in("ORDERS"), focus.selected_in("OTHER")), (Some(3), None));
    }

    #[test]
    fn the_first_are_kept_in_order() {
        let words = ["pear", "fig", "apple", "kiwi", "nut"];
        assert_eq!(first_by(3, words.into_iter(), |word| word.len()), ["fig", "nut", "pear"]);
        assert!(first_by(0, words.into_iter(), |word| word.len()).is_empty());
    }

    #[test]
    fn share_of_nothing_is_nothing() {
        assert_eq!(share(Duration::from_secs(1), Duration::ZERO), 0);
        assert_eq!(share(Duration::MAX, Duration::from_nanos(1)), 1000);
    }
}
