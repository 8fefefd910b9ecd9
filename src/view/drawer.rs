//! The drawer under the panels: which of its tabs is open, what each is asked, and what it shows.
//!
//! Only the tab that is open has rows.

use std::rc::Rc;

use super::cli::{self, CliLine};
use super::inspector::{self, Inspected, InspectorRow};
use super::log::{self, LogFilter, LogKind, LogPanel};
use super::matcher::{self, MatcherRow};
use super::payload::PayloadForm;
use super::{PageRows, Scene};

/// A tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Log,
    Inspector,
    Subjects,
}

impl Tab {
    pub const ALL: [Self; 3] = [Self::Log, Self::Inspector, Self::Subjects];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Inspector => "Inspector",
            Self::Subjects => "Subjects",
        }
    }
}

/// What the reader asks of the drawer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrawerFocus {
    pub tab: Tab,
    pub log: LogFilter,
    pub inspected: Inspected,
    /// What is typed to find something to inspect.
    pub wanted: String,
    /// `None`: the form that fits the payload best.
    pub payload: Option<PayloadForm>,
    /// The filter and the subject that are set against each other; `None` until something is typed.
    pub matched: Option<(String, String)>,
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
    /// Opens the inspector on something.
    Inspect(Inspected),
    Want(String),
    Payload(PayloadForm),
    /// Sets a filter against a subject.
    Match(String, String),
}

impl DrawerFocus {
    pub fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Open(tab) => self.tab = tab,
            Turn::LogKind(kind) => self.log = LogFilter { kind, more: 0, ..std::mem::take(&mut self.log) },
            Turn::LogStream(stream) => {
                self.log = LogFilter { stream, consumer: "".into(), more: 0, ..std::mem::take(&mut self.log) };
            }
            Turn::LogConsumer(consumer) => {
                self.log = LogFilter { consumer, more: 0, ..std::mem::take(&mut self.log) };
            }
            Turn::LogSearch(search) => self.log = LogFilter { search, more: 0, ..std::mem::take(&mut self.log) },
            Turn::LogMore => self.log.more += 1,
            Turn::Inspect(inspected) => {
                (self.tab, self.inspected, self.payload) = (Tab::Inspector, inspected, None);
                self.wanted.clear();
            }
            Turn::Want(wanted) => self.wanted = wanted,
            Turn::Payload(form) => self.payload = Some(form),
            Turn::Match(filter, subject) => self.matched = Some((filter, subject)),
        }
    }
}

/// The drawer.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawerRow {
    pub shown: Shown,
    /// What was done last, as commands.
    pub cli: Rc<[CliLine]>,
}

/// What the open tab shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    Log(LogPanel),
    Inspector(InspectorRow),
    Subjects(MatcherRow),
}

impl Shown {
    pub const fn tab(&self) -> Tab {
        match self {
            Self::Log(_) => Tab::Log,
            Self::Inspector(_) => Tab::Inspector,
            Self::Subjects(_) => Tab::Subjects,
        }
    }
}

/// The drawer of `scene`; `before` are the rows that it goes on from, of the same run.
pub fn row(scene: Scene<'_>, before: Option<&PageRows>) -> DrawerRow {
    let shown = match scene.focus.drawer.tab {
        Tab::Log => {
            let before = before.and_then(|rows| match &rows.drawer.shown {
                Shown::Log(log) => Some((log, rows.read_to)),
                _ => None,
            });
            Shown::Log(log::panel(scene, before))
        }
        Tab::Inspector => Shown::Inspector(inspector::row(scene)),
        Tab::Subjects => Shown::Subjects(matcher::row(scene)),
    };
    DrawerRow { shown, cli: cli::lines(scene) }
}
