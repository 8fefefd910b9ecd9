//! “Why?”: why a consumer or worker gets nothing, why a message is where it is, why a request was refused.
//!
//! An [`Answer`] is worked out from the state of the engine and says what would have to change: the gates that are
//! closed, and a [`Mend`] that opens them. Rules: nats-server `server/consumer.go` (`loopAndGatherMsgs`, `getNextMsg`,
//! `nextWaiting`, `needAck`), `server/stream.go` (`ackMsg`). Where the sentences end, the lesson begins: each answer names
//! the [`Confusion`] that it clears up.

mod consumer;
mod gates;
mod mend;
mod message;
mod publishing;
mod refused;
mod worker;

use std::rc::Rc;
use std::time::Duration;

use crate::sim::actor::ActorId;
use crate::sim::command::Command;
use crate::sim::presets::Preset;

use super::Phrase;
use super::lit::{self, Lit};

pub use consumer::{consumer, hindrance};
pub use message::{message, why_removed};
pub use publishing::publisher;
pub use refused::refused;
pub use worker::{gone, worker};

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Why does it deliver nothing?
    Consumer { stream: Rc<str>, name: Rc<str> },
    /// Why does it get nothing?
    Worker(ActorId),
    /// Why is it still here, or gone, and when does it come?
    Message { stream: Rc<str>, seq: u64 },
    /// Why was its last message refused?
    Publisher(ActorId),
    /// Why was the last request refused?
    Refusal,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub cause: Cause,
    /// Of a consumer or worker: what has to change before it gets a message, each of it, and nothing else.
    pub gates: Vec<Gate>,
    /// One sentence behind its heading.
    pub says: Phrase,
    /// The numbers that it was worked out from.
    pub counters: Vec<Counter>,
    pub confusions: Vec<Confusion>,
    pub mend: Option<Mend>,
}

impl Answer {
    fn new(cause: Cause, says: Phrase) -> Self {
        let confusions = cause.confusions().iter().copied().map(Confusion).collect();
        Self { cause, gates: Vec::new(), says, counters: Vec::new(), confusions, mend: None }
    }
}

/// A number with the name that it has on its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    pub label: &'static str,
    pub value: String,
    /// Where it counts what is on a tape.
    pub lit: Option<Lit>,
}

impl Counter {
    fn new(label: &'static str, value: impl Into<String>) -> Self {
        Self { label, value: value.into(), lit: None }
    }

    fn number(label: &'static str, value: u64) -> Self {
        Self::new(label, value.to_string())
    }

    /// One of what a consumer counts: pointing at it lights the cells.
    fn lighting(self, counter: lit::Counter, case: &gates::Case<'_>) -> Self {
        let (stream, consumer) = (case.stream.config.name.as_str().into(), (&*case.consumer.name).into());
        Self { lit: Some(Lit { counter, stream, consumer }), ..self }
    }
}

/// One of what people find confusing, C1 to C43.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion(pub u8);

impl Confusion {
    /// The preset that shows it.
    pub fn preset(self) -> Option<&'static Preset> {
        Preset::by_key(&["c", &self.0.to_string()].concat())
    }
}

/// What the page can do about it, with one click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    pub label: String,
    /// In this order.
    pub steps: Vec<Step>,
}

/// A step of a [`Mend`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Do(Command),
    /// Lets so much time pass.
    Wait(Duration),
    /// Opens the dialog in which it can be changed.
    Open(Place),
}

/// A dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    NewStream,
    Stream(Rc<str>),
    /// For a consumer of this stream.
    NewConsumer(Rc<str>),
    Consumer {
        stream: Rc<str>,
        name: Rc<str>,
    },
}

/// Something that has to be so before a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// The consumer or its stream exists.
    Exists,
    /// The filters can match a subject of the stream. Nothing else helps before.
    Matching,
    /// The worker is connected.
    Connected,
    /// The worker knows the consumer as it is configured now.
    UpToDate,
    /// The message that is held back to keep the pace has gone out.
    Paced,
    /// The consumer is not paused.
    Running,
    /// Somebody listens on the deliver subject.
    Bound,
    /// Flow control has been answered.
    Confirmed,
    /// A message is stored that it is to deliver.
    Message,
    /// Fewer deliveries wait for an ack than may.
    Slot,
    /// No other client is pinned.
    Pin,
    /// A pull request waits that can be served.
    Pull,
    /// Something wakes the delivery loop.
    Awake,
}

/// Why it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing stands in the way.
    Flows,
    StreamGone,
    ConsumerGone,
    Disconnected,
    /// The worker read the consumer's configuration before that changed.
    OutOfDate,
    Paused,
    RateLimited,
    /// It keeps the pace at which messages were stored.
    Replays,
    NobodyListens,
    FlowControl,
    /// No message of the stream ever matched, or the stream is empty.
    NothingStored,
    /// The filters can match no subject of the stream.
    FilterCannotMatch,
    FilterMatchesNothing,
    StartsLater,
    CaughtUp,
    TrayFull,
    /// The tray is full, and would not be without the naks that wait out their delay.
    NaksHoldSlots,
    /// What is due again waits for a pull.
    DueWithoutPull,
    NeverAsked,
    PullUsedUp,
    PullExpired,
    /// The pull request found nothing, and did not wait.
    PullFoundNothing,
    /// The pull request was refused.
    PullRefused,
    PinnedToAnother,
    BelowThreshold,
    Asleep,
    /// Nobody uses it, and it goes soon.
    GoesUnused,

    StaysByLimits,
    StaysUntilLimit,
    StaysUnacked,
    StaysGivenUp,
    StaysUnclaimed,
    /// Whoever wanted it is done with it, and yet nothing removed it.
    StaysUnneeded,
    Removed,
    /// No message has this sequence yet.
    NotYet,
    /// The trace does not go back so far.
    Forgotten,

    Ahead,
    InFlight,
    NakDelayed,
    Due,
    GaveUp,
    Acked,
    BelowStart,
    FilteredOut,

    /// A request or publish was refused.
    Refused,
    NoResponders,
    Duplicate,
}

impl Cause {
    /// The confusions that the answer clears up, by number.
    const fn confusions(self) -> &'static [u8] {
        match self {
            Self::StreamGone | Self::ConsumerGone => &[10, 29],
            Self::Disconnected => &[12],
            Self::OutOfDate | Self::NobodyListens | Self::FlowControl => &[20],
            Self::NothingStored | Self::CaughtUp | Self::Flows => &[36],
            Self::FilterCannotMatch | Self::FilterMatchesNothing | Self::FilteredOut => &[7],
            Self::StartsLater | Self::BelowStart => &[8],
            Self::TrayFull => &[1, 3],
            Self::NaksHoldSlots | Self::NakDelayed => &[2],
            Self::DueWithoutPull | Self::Due => &[18, 4],
            Self::NeverAsked | Self::PinnedToAnother | Self::BelowThreshold | Self::Ahead => &[4],
            Self::PullUsedUp => &[4, 5],
            Self::PullExpired | Self::PullFoundNothing => &[5, 6],
            Self::PullRefused => &[6],
            Self::GoesUnused => &[37, 10],
            Self::StaysByLimits | Self::StaysUntilLimit | Self::Acked => &[21],
            Self::StaysUnacked => &[25],
            Self::StaysGivenUp | Self::GaveUp => &[22, 23],
            Self::StaysUnclaimed | Self::StaysUnneeded => &[24],
            Self::Removed | Self::Forgotten | Self::NotYet => &[30],
            Self::InFlight => &[11, 12],
            Self::NoResponders => &[31],
            Self::Duplicate => &[32, 33],
            Self::Paused | Self::RateLimited | Self::Replays | Self::Asleep | Self::Refused => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_confusion_has_a_preset() {
        assert!((1..=43).all(|number| Confusion(number).preset().is_some()));
        assert_eq!(Confusion(4).preset().map(Preset::title).as_deref(), Some("No ticket, no delivery"));
    }
}
