//! What happened, for those who watch: the page's log, tape and timeline.
//!
//! Events carry ids and numbers, not sentences; the view turns them into words. They never influence the engine.

use std::time::Duration;

use serde::Serialize;

use super::api::json::to_json;
use super::table::{ConnId, ConsumerId, LinkId, StreamId};
use super::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    ClientConnected {
        conn: ConnId,
    },
    ClientGone {
        conn: ConnId,
    },
    /// A client left too much in its outbox and was dropped.
    SlowConsumer {
        conn: ConnId,
    },
    /// Messages that led to other messages without end were dropped after so many rounds.
    WentInCircles {
        rounds: u32,
    },
    StreamCreated {
        stream: StreamId,
        name: String,
    },
    StreamUpdated {
        stream: StreamId,
        changes: Changes,
    },
    StreamDeleted {
        stream: StreamId,
        name: String,
    },
    ConsumerCreated {
        stream: StreamId,
        consumer: ConsumerId,
        name: String,
    },
    ConsumerUpdated {
        stream: StreamId,
        consumer: ConsumerId,
        changes: Changes,
    },
    ConsumerDeleted {
        stream: StreamId,
        consumer: ConsumerId,
        name: String,
        cause: ConsumerEnd,
    },
    /// A message got a sequence and is kept.
    Stored {
        stream: StreamId,
        seq: u64,
        subject: Box<[u8]>,
        payload_bytes: usize,
    },
    /// A message got a sequence and is not kept, since no consumer is interested.
    NotKept {
        stream: StreamId,
        seq: u64,
        subject: Box<[u8]>,
    },
    /// A publish repeated a message id within the duplicate window.
    Duplicate {
        stream: StreamId,
        msg_id: Box<[u8]>,
        original_seq: u64,
    },
    /// A publish was refused.
    Refused {
        stream: StreamId,
        subject: Box<[u8]>,
        err_code: u16,
        description: String,
    },
    /// A message of an atomic batch waits for the others.
    BatchStaged {
        stream: StreamId,
        batch: Box<[u8]>,
        subject: Box<[u8]>,
    },
    /// An atomic or fast batch ended well, with so many messages.
    BatchCommitted {
        stream: StreamId,
        batch: Box<[u8]>,
        count: u64,
    },
    /// A batch was given up. Nothing of an atomic one is stored.
    BatchAbandoned {
        stream: StreamId,
        batch: Box<[u8]>,
        why: Abandoned,
    },
    /// A schedule published its message to the target.
    ScheduleFired {
        stream: StreamId,
        /// Of the schedule.
        seq: u64,
        subject: Box<[u8]>,
        target: Box<[u8]>,
        /// When it fires again; `None` if that was all.
        next: Option<Timestamp>,
    },
    /// A publish with a reply subject reached nobody.
    NoResponders {
        conn: ConnId,
        subject: Box<[u8]>,
    },
    /// A request to the API was answered with an error.
    ApiError {
        subject: Box<[u8]>,
        err_code: u16,
        description: String,
    },
    Removed {
        stream: StreamId,
        seq: u64,
        cause: Removal,
    },
    /// A duplicate window let go of a message id.
    MsgIdForgotten {
        stream: StreamId,
        msg_id: Box<[u8]>,
    },
    Delivered {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
        consumer_seq: u64,
        /// 1 for the first delivery.
        delivered: u64,
        /// The subject it was sent to: an inbox or the deliver subject.
        to: Box<[u8]>,
        /// When the acknowledgement is due; `None` where none is expected.
        ack_due: Option<Timestamp>,
    },
    Acked {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
        by: AckKind,
    },
    Naked {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
        delay: Option<Duration>,
    },
    InProgress {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
        ack_due: Timestamp,
    },
    /// Nobody took an acknowledgement: its consumer is gone, or takes none.
    AckToNobody {
        subject: Box<[u8]>,
    },
    /// A client's acknowledgement was lost on its way: the server waits for it.
    AckLost {
        subject: Box<[u8]>,
    },
    /// An acknowledgement that changed nothing.
    AckIgnored {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
    },
    /// An ack wait or nak delay ended: the message waits to be delivered again.
    AckWaitEnded {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
        /// Whether it was the delay of a nak that ended.
        nak_delay: bool,
        /// Whether it was delivered as often as it may be: it is given up where it would go out again.
        is_last: bool,
    },
    /// A message was delivered as often as it may be; it stays in the stream.
    GaveUp {
        stream: StreamId,
        consumer: ConsumerId,
        stream_seq: u64,
        delivered: u64,
    },
    PullRequested {
        stream: StreamId,
        consumer: ConsumerId,
        inbox: Box<[u8]>,
        batch: u64,
        no_wait: bool,
        expires: Option<Timestamp>,
    },
    /// A pull request left the line or was refused; `status` is empty if its batch was delivered.
    PullEnded {
        stream: StreamId,
        consumer: ConsumerId,
        inbox: Box<[u8]>,
        status: String,
    },
    /// Max ack pending was reached: nothing new is delivered until something is acked.
    Stalled {
        stream: StreamId,
        consumer: ConsumerId,
    },
    Heartbeat {
        stream: StreamId,
        consumer: ConsumerId,
    },
    Paused {
        stream: StreamId,
        consumer: ConsumerId,
        until: Timestamp,
    },
    Resumed {
        stream: StreamId,
        consumer: ConsumerId,
    },
    /// An origin delivers to a stream that mirrors or sources it, through a consumer that the stream asked for.
    OriginConnected {
        stream: StreamId,
        link: LinkId,
        origin: String,
        consumer: String,
    },
    /// An origin refused, or did not answer.
    OriginFailed {
        stream: StreamId,
        link: LinkId,
        origin: String,
        why: String,
    },
    /// Nothing was heard of an origin for longer than it may be silent.
    OriginSilent {
        stream: StreamId,
        link: LinkId,
        origin: String,
    },
    /// A priority group got a pinned client, or lost it.
    Pinned {
        stream: StreamId,
        consumer: ConsumerId,
    },
    Unpinned {
        stream: StreamId,
        consumer: ConsumerId,
        timed_out: bool,
    },
}

impl Event {
    /// The stream that it is about.
    pub const fn stream(&self) -> Option<StreamId> {
        match self {
            Self::StreamCreated { stream, .. }
            | Self::StreamUpdated { stream, .. }
            | Self::StreamDeleted { stream, .. }
            | Self::ConsumerCreated { stream, .. }
            | Self::ConsumerUpdated { stream, .. }
            | Self::ConsumerDeleted { stream, .. }
            | Self::Stored { stream, .. }
            | Self::NotKept { stream, .. }
            | Self::Duplicate { stream, .. }
            | Self::Refused { stream, .. }
            | Self::BatchStaged { stream, .. }
            | Self::BatchCommitted { stream, .. }
            | Self::BatchAbandoned { stream, .. }
            | Self::ScheduleFired { stream, .. }
            | Self::Removed { stream, .. }
            | Self::MsgIdForgotten { stream, .. }
            | Self::Delivered { stream, .. }
            | Self::Acked { stream, .. }
            | Self::Naked { stream, .. }
            | Self::InProgress { stream, .. }
            | Self::AckIgnored { stream, .. }
            | Self::AckWaitEnded { stream, .. }
            | Self::GaveUp { stream, .. }
            | Self::PullRequested { stream, .. }
            | Self::PullEnded { stream, .. }
            | Self::Stalled { stream, .. }
            | Self::Heartbeat { stream, .. }
            | Self::Paused { stream, .. }
            | Self::Resumed { stream, .. }
            | Self::OriginConnected { stream, .. }
            | Self::OriginFailed { stream, .. }
            | Self::OriginSilent { stream, .. }
            | Self::Pinned { stream, .. }
            | Self::Unpinned { stream, .. } => Some(*stream),
            _ => None,
        }
    }

    /// The consumer that it is about; `None` where it is about none.
    pub const fn consumer(&self) -> Option<ConsumerId> {
        match self {
            Self::ConsumerCreated { consumer, .. }
            | Self::ConsumerUpdated { consumer, .. }
            | Self::ConsumerDeleted { consumer, .. }
            | Self::Delivered { consumer, .. }
            | Self::Acked { consumer, .. }
            | Self::Naked { consumer, .. }
            | Self::InProgress { consumer, .. }
            | Self::AckIgnored { consumer, .. }
            | Self::AckWaitEnded { consumer, .. }
            | Self::GaveUp { consumer, .. }
            | Self::PullRequested { consumer, .. }
            | Self::PullEnded { consumer, .. }
            | Self::Stalled { consumer, .. }
            | Self::Heartbeat { consumer, .. }
            | Self::Paused { consumer, .. }
            | Self::Resumed { consumer, .. }
            | Self::Pinned { consumer, .. }
            | Self::Unpinned { consumer, .. } => Some(*consumer),
            _ => None,
        }
    }

    /// The sequence of the message that it is about, in its stream; `None` where it is about none.
    pub const fn stream_seq(&self) -> Option<u64> {
        match self {
            Self::Stored { seq, .. }
            | Self::NotKept { seq, .. }
            | Self::Removed { seq, .. }
            | Self::ScheduleFired { seq, .. }
            | Self::Duplicate { original_seq: seq, .. } => Some(*seq),
            Self::Delivered { stream_seq, .. }
            | Self::Acked { stream_seq, .. }
            | Self::Naked { stream_seq, .. }
            | Self::InProgress { stream_seq, .. }
            | Self::AckIgnored { stream_seq, .. }
            | Self::AckWaitEnded { stream_seq, .. }
            | Self::GaveUp { stream_seq, .. } => Some(*stream_seq),
            _ => None,
        }
    }
}

/// A configuration before and after an update, as JSON; nothing where it is too large to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Changes {
    pub before: Box<[u8]>,
    pub after: Box<[u8]>,
}

impl Changes {
    /// The most bytes that are kept of both: events are, and a client may update without end.
    const MAX_BYTES: usize = 8192;

    pub fn new<T: Serialize>(before: &T, after: &T) -> Self {
        let (before, after) = (to_json(before), to_json(after));
        if before.len() + after.len() > Self::MAX_BYTES {
            return Self::default();
        }
        Self { before: before.into(), after: after.into() }
    }
}

/// Why a batch was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Abandoned {
    /// Nothing was added to it for too long.
    Timeout,
    Large,
    /// A message is missing.
    Incomplete,
    /// It needs a newer API.
    Unsupported,
}

impl Abandoned {
    /// The word of the advisory.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Large => "large",
            Self::Incomplete => "incomplete",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Why a consumer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsumerEnd {
    Deleted,
    Inactive,
    StreamDeleted,
}

/// Which kind of acknowledgement settled a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckKind {
    Ack,
    Next,
    Term,
    /// Covered by the ack of a later message (ack policy `all`).
    AckAll,
    /// Ack policy `none`: delivery settles it.
    Delivery,
}

/// Why a message left a stream. The tape names it in the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Removal {
    Acked,
    /// Settled by a `+TERM`.
    Terminated,
    NoInterest,
    MaxMsgs,
    MaxBytes,
    MaxMsgsPerSubject,
    MaxAge,
    Ttl,
    Deleted,
    Purged,
    Rollup,
    Scheduled,
}
