//! The drawer under the panels: which of its tabs is open, what each is asked, and what it shows.
//!
//! Only the tab that is open has rows.

use std::rc::Rc;

use super::cli::{self, CliLine, Face};
use super::inspector::{self, Inspected, InspectorRow};
use super::log::{self, LogFilter, LogKind, LogPanel};
use super::matcher::{self, MatcherRow};
use super::numbers::{self, NumbersFilter, NumbersPanel};
use super::payload::PayloadForm;
use super::wire::{self, WireFilter, WirePanel};
use super::{PageRows, Scene};
use crate::texts::drawer as texts;

/// A tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Log,
    Wire,
    Inspector,
    Numbers,
    Subjects,
}

impl Tab {
    pub const ALL: [Self; 5] = [Self::Log, Self::Wire, Self::Inspector, Self::Numbers, Self::Subjects];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Log => texts::LOG,
            Self::Wire => texts::WIRE,
            Self::Inspector => texts::INSPECTOR,
            Self::Numbers => texts::NUMBERS,
            Self::Subjects => texts::SUBJECTS,
        }
    }
}

/// What the reader asks of the drawer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrawerFocus {
    pub tab: Tab,
    pub log: LogFilter,
    pub wire: WireFilter,
    pub inspected: Inspected,
    /// What is typed to find something to inspect.
    pub wanted: String,
    /// `None`: the form that fits the payload best.
    pub payload: Option<PayloadForm>,
    /// The filter and the subject that are set against each other; `None` until something is typed.
    pub matched: Option<(String, String)>,
    pub numbers: NumbersFilter,
    /// What was done last is shown for this.
    pub face: Face,
}

/// A change of what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Open(Tab),
    LogKind(Option<LogKind>),
    LogStream(Rc<str>),
    LogConsumer(Rc<str>),
    LogSearch(String),
    LogMore,
    WireClient(Rc<str>),
    WireNoise(bool),
    WireSearch(String),
    WireMore,
    /// Opens an operation; `None` closes it.
    WireOpen(Option<u64>),
    /// Opens the inspector on something.
    Inspect(Inspected),
    Want(String),
    Payload(PayloadForm),
    NumbersOf(Rc<str>),
    NumbersSpan(usize),
    /// Sets a filter against a subject.
    Match(String, String),
    Face(Face),
}

impl DrawerFocus {
    pub fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Open(tab) => self.tab = tab,
            Turn::LogKind(kind) => (self.log.kind, self.log.more) = (kind, 0),
            Turn::LogStream(stream) => {
                (self.log.stream, self.log.consumer, self.log.more) = (stream, "".into(), 0);
            }
            Turn::LogConsumer(consumer) => (self.log.consumer, self.log.more) = (consumer, 0),
            Turn::LogSearch(search) => (self.log.search, self.log.more) = (search, 0),
            Turn::LogMore => self.log.more += 1,
            Turn::WireClient(client) => (self.wire.client, self.wire.more) = (client, 0),
            Turn::WireNoise(has_noise) => (self.wire.has_noise, self.wire.more) = (has_noise, 0),
            Turn::WireSearch(search) => (self.wire.search, self.wire.more) = (search, 0),
            Turn::WireMore => self.wire.more += 1,
            Turn::WireOpen(open) => self.wire.open = open,
            Turn::Inspect(inspected) => {
                (self.tab, self.inspected, self.payload) = (Tab::Inspector, inspected, None);
                self.wanted.clear();
            }
            Turn::Want(wanted) => self.wanted = wanted,
            Turn::Payload(form) => self.payload = Some(form),
            Turn::NumbersOf(of) => self.numbers.of = of,
            Turn::NumbersSpan(span) => self.numbers.span = span,
            Turn::Match(filter, subject) => self.matched = Some((filter, subject)),
            Turn::Face(face) => self.face = face,
        }
    }
}

/// The drawer.
#[derive(Clone, Debug)]
pub struct DrawerRow {
    pub shown: Shown,
    /// What was done last, as commands.
    pub cli: Rc<[CliLine]>,
    pub face: Face,
}

/// What the open tab shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    Log(LogPanel),
    Wire(WirePanel),
    Inspector(InspectorRow),
    Numbers(NumbersPanel),
    Subjects(MatcherRow),
}

impl Shown {
    pub const fn tab(&self) -> Tab {
        match self {
            Self::Log(_) => Tab::Log,
            Self::Wire(_) => Tab::Wire,
            Self::Inspector(_) => Tab::Inspector,
            Self::Numbers(_) => Tab::Numbers,
            Self::Subjects(_) => Tab::Subjects,
        }
    }
}

/// The drawer of `scene`; `before` are the rows that it goes on from, of the same run.
pub fn row(scene: Scene<'_>, before: Option<&PageRows>) -> DrawerRow {
    let old = before.map(|rows| (&rows.drawer.0.shown, rows.read_to));
    let shown = match scene.focus.drawer.tab {
        Tab::Log => Shown::Log(log::panel(
            scene,
            old.and_then(|(old, read_to)| if let Shown::Log(log) = old { Some((log, read_to)) } else { None }),
        )),
        Tab::Wire => Shown::Wire(wire::panel(
            scene,
            old.and_then(|(old, _)| if let Shown::Wire(wire) = old { Some(wire) } else { None }),
        )),
        Tab::Inspector => Shown::Inspector(inspector::row(scene)),
        Tab::Numbers => Shown::Numbers(numbers::panel(scene)),
        Tab::Subjects => Shown::Subjects(matcher::row(scene)),
    };
    DrawerRow { shown, cli: cli::lines(scene), face: scene.focus.drawer.face }
}
