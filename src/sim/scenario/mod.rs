//! The page's own file format: how a world began, what was done in it, and what to look at.
//!
//! Presets, share links, saved sessions and files are all this, one JSON object; `www/scenarios.md` shows it by examples.
//!
//! | member | is |
//! |---|---|
//! | `format`, `version` | `"jetstream-sim scenario"` and 1 |
//! | `title`, `look_at` | a name, and one sentence on what to look at |
//! | `first_steps` | up to eight of `{"text": …, "do": [step, …]}`: what a reader may try first |
//! | `seed`, `server`, `start` | what the server is set up with, and the time at which it starts |
//! | `clock` | `{"speed": 1, "playing": false}`, once the steps are done |
//! | `steps` | what is done, in order |
//!
//! A step is an object in which one member, its verb, says what is done. Clients are called by the name that they were
//! added with (`id` gives another, should two have one name). What a step leaves out is as it was: `publish` repeats
//! the publisher's draft, `edit` changes nothing else.
//!
//! | step | and its other members |
//! |---|---|
//! | `{"stream": {config}}`, `update_stream` | a request to create or change a stream |
//! | `{"delete_stream": name}`, `{"purge": name}` | |
//! | `{"consumer": {config}, "stream": name}` | a request to create or change a consumer |
//! | `{"delete_consumer": name, "stream": name}` | |
//! | `{"request": subject}` | `body`: an object or array, sent as it stands, or a text; or `bytes` |
//! | `{"publisher": name}` | `subject`, `payload`, `msg_id`, `headers` (names and values in turn), `every`, `count` |
//! | `{"worker": name, "stream": …, "consumer": …}` | `running`, `batch`, `no_wait`, `expires`, `work`, `fail`, `nak_delay`, `crash`, `priority`, `min_pending` |
//! | `{"edit": client}` | `name`, and what it may have been added with |
//! | `{"publish": publisher}` | `subject`, `payload`, `msg_id`, `headers`, `times` |
//! | `{"pause": publisher}`, `resume` | its script |
//! | `{"fetch": worker}` | `batch`, `no_wait`, `expires` |
//! | `{"ack": worker}`, `nak`, `in_progress`, `term`, `lose_ack` | `consumer_seq`, else what it holds longest; `delay` of a nak |
//! | `{"run": worker}`, `stop` | |
//! | `{"kill": client}`, `restart`, `remove` | |
//! | `{"cut": stream}`, `mend` | its link to its mirror, or to `source` number 0, 1, … |
//! | `{"attach": id}`, `{"say": id, "bytes": …}`, `{"detach": id}` | a client from outside |
//! | `{"wait": duration}` | everything happens within it |
//! | `{"step": number}` | so many events of the world happen |
//! | `{"until": what}` | up to the event before an [`ack_wait`](Milestone) or the like ends |
//!
//! Durations are texts as `"1m30s"`, or `"never"`. In `bytes` one character is one byte.
//!
//! A scenario comes from anywhere. Its size, its steps, and all that they set in motion are bounded ([`Bounds`]), and a
//! world is only handed out once it is whole.

mod cast;
mod export;
mod members;
mod play;
mod read;
mod requests;
mod script;
mod write;

use std::fmt;

use super::actor::ActorId;
use super::clock::Clock;
use super::command::{Command, Settlement};
use crate::engine::ServerConfig;
use crate::engine::time::Timestamp;
use std::time::Duration;

pub use play::{Answers, Milestone, Opening};

const FORMAT: &str = "jetstream-sim scenario";
const VERSION: u64 = 1;

/// First steps at most.
const MAX_FIRST_STEPS: usize = 8;
/// Bytes of a title, a name or a sentence.
const MAX_TITLE_BYTES: usize = 400;
/// Clients at most.
const MAX_CLIENTS: usize = 1_000;

/// How a world began, what was done in it, and what to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub about: About,
    pub server: ServerConfig,
    pub start: Timestamp,
    /// As it is once the steps are done.
    pub clock: Clock,
    pub steps: Vec<Step>,
}

/// What a reader is told of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub title: String,
    /// What to look at, one sentence.
    pub look_at: String,
    pub first_steps: Vec<FirstStep>,
}

/// Something to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstStep {
    pub text: String,
    /// What it does; nothing if the reader is to do it by hand.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Anything but what concerns clients from outside.
    Do(Command),
    /// A worker settles what it holds longest.
    SettleOldest {
        worker: ActorId,
        how: Settlement,
    },
    /// A client from outside comes.
    Attach,
    /// The client from outside that came as this one, from 0, says something.
    Say {
        client: usize,
        bytes: Vec<u8>,
    },
    Detach {
        client: usize,
    },
    /// Everything happens within this time.
    Wait(Duration),
    /// So many events of the world happen.
    Events(u64),
    /// Events happen up to the one before this.
    Until(Milestone),
}

/// What a scenario may cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of its text.
    pub text_bytes: usize,
    pub steps: usize,
    /// Events of the world and messages of clients, while it is opened.
    pub work: u64,
    /// Bytes of these messages.
    pub traffic_bytes: u64,
}

impl Bounds {
    /// Of a file or a saved session.
    pub const FILE: Self = Self { text_bytes: 16 << 20, steps: 200_000, work: 8_000_000, traffic_bytes: 1 << 30 };
    /// Of a link, which opens by a click.
    pub const LINK: Self = Self { text_bytes: 256 << 10, steps: 5_000, work: 500_000, traffic_bytes: 64 << 20 };
}

/// Why a text is no scenario, or why a scenario cannot be opened: one sentence for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError(String);

impl ScenarioError {
    fn new(says: impl Into<String>) -> Self {
        Self(says.into())
    }

    /// The same of a part of the scenario.
    fn at(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
