//! One consumer: where it stands in the stream, what it delivered, and who waits for messages.
//!
//! A consumer holds sequence numbers and is handed the store. What the stream has to decide, above all whether an acked
//! message may go, is left in [`Consumer::take_released`]. Sources: nats-server `server/consumer.go`; ADR-13, ADR-15,
//! ADR-42.

pub mod ack_pending;
mod ack_reply;
mod ack_timer;
mod acks;
mod archived;
pub mod config;
mod deliver;
mod info;
mod outlook;
mod priority;
mod pull;
mod push;
mod removal;
mod start;
pub mod waiting;
mod wakeup;

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use self::ack_pending::{AckPending, AckWait};
use self::ack_reply::AckReply;
pub use self::acks::{AckOutcome, AckSubject};
pub use self::archived::MAX_SEQ;
use self::config::{AckPolicy, ConsumerConfig, DeliverPolicy};
use self::deliver::InHand;
pub use self::outlook::{Claim, Outlook};
use self::priority::Pin;
pub use self::priority::advise_unpin;
pub use self::push::Push;
pub use self::start::first_since;
use self::waiting::Waiting;
pub use self::wakeup::{Due, Wakeup, advise_pause};
use super::context::Context;
use super::date_time::DateTime;
use super::store::{Cursor, MessageStore};
use super::stream::config::StreamConfig;
use super::subject::SubjectFilter;
use super::table::{ConsumerId, StreamId};
use super::time::Timestamp;

/// Two sequences that belong together: of the consumer and of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct SequencePair {
    pub consumer_seq: u64,
    pub stream_seq: u64,
}

/// What INFO shows. Kept beside the floor that decides, and moved by simpler rules, as in the real server's consumer
/// store (`server/memstore.go`, `consumerMemStore`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reported {
    pub delivered: SequencePair,
    pub ack_floor: SequencePair,
    pub last_delivered: Option<Timestamp>,
    pub last_ack: Option<Timestamp>,
}

/// The last messages of all subjects, which a consumer with deliver policy `last_per_subject` gets first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SkipList {
    stream_seqs: VecDeque<u64>,
    /// Where it goes on in the stream after them.
    resume: u64,
}

/// The stream, as far as its consumers see it.
#[derive(Clone, Copy)]
pub struct StreamView<'a> {
    pub id: StreamId,
    pub config: &'a StreamConfig,
    pub store: &'a MessageStore,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer {
    pub id: ConsumerId,
    stream_name: String,
    pub name: String,
    pub config: ConsumerConfig,
    pub created: Timestamp,
    /// Where it began, at its making or by RESET.
    start_seq: u64,
    /// The next stream sequence to look at.
    next_stream_seq: u64,
    cursor: Cursor,
    skip_list: Option<SkipList>,
    next_consumer_seq: u64,
    ack_pending: AckPending,
    /// Everything up to here is settled. Decides retention and which acks count.
    floor: SequencePair,
    reported: Reported,
    /// Matching messages that were not delivered yet. May leave the truth, and even fall below zero, in the same cases
    /// as in the real server.
    num_pending: i64,
    /// Messages up to here were counted when `num_pending` was worked out.
    num_pending_counted_to: u64,
    waiting: Waiting,
    /// When the line of pull requests was last looked through.
    waiting_checked: Timestamp,
    /// Present while the consumer delivers to a subject of its own.
    push: Option<Push>,
    /// The queue group that binds the deliver subject. A change of the configuration counts only with a new subject.
    bound_group: Option<String>,
    pin: Option<Pin>,
    /// A message that is held back to keep a pace.
    in_hand: Option<InHand>,
    /// Store time of the last delivered message, while the pace of the stream is replayed up to a sequence.
    replay: Option<Replay>,
    /// There is more to deliver than one turn may.
    has_backlog: Option<Timestamp>,
    /// The last moment at which somebody used the consumer.
    last_active: Timestamp,
    /// Inactive threshold with the server's jitter.
    inactive_after: Option<Duration>,
    inactivity_check: Option<Timestamp>,
    /// When the server's timer for acks goes off, where that can be told from the end of an ack wait.
    ack_timer: Option<Timestamp>,
    /// No ack wait ends before.
    ack_waits_held: Timestamp,
    /// The pause that was not announced as over.
    pause_ends: Option<Timestamp>,
    /// Sequences that this consumer needs no longer; the stream decides about them.
    released: Vec<u64>,
    /// Without acks, a delivery releases the message. As in the real server only where the stream was made with a
    /// retention other than limits, and had one when the consumer was made, whatever it is later.
    pub delivery_releases: bool,
    /// A listed message that nobody could take, to be offered again.
    orphans: VecDeque<u64>,
    /// How many of a hundred acks send a metric. An update that takes the frequency away leaves it.
    sample_percent: i32,
    ack_reply: AckReply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Replay {
    last_time: Option<Timestamp>,
    until_seq: u64,
}

impl Consumer {
    pub const fn has_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// Sequences that this consumer needs no longer since the last call. Give the list back with
    /// [`recycle_released`](Self::recycle_released), for its memory.
    pub fn take_released(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.released)
    }

    pub fn recycle_released(&mut self, mut list: Vec<u64>) {
        if self.released.is_empty() {
            list.clear();
            self.released = list;
        }
    }

    pub const fn is_pull(&self) -> bool {
        self.config.deliver_subject.is_none()
    }

    /// The filters of the consumer; none means that it reads every message.
    pub fn filters(&self) -> &[SubjectFilter] {
        self.cursor.filters()
    }

    /// Whether the consumer is one that a mirror or source made, and that nobody else sees.
    pub const fn is_hidden(&self) -> bool {
        self.config.direct
    }

    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until().is_some_and(|until| until > now)
    }

    /// The end of the pause that was last asked for, which may be over.
    pub fn paused_until(&self) -> Option<Timestamp> {
        self.config.pause_until.map(DateTime::to_timestamp)
    }

    pub fn matches(&self, subject: &[u8]) -> bool {
        let filters = self.filters();
        filters.is_empty() || filters.iter().any(|filter| filter.matches(subject))
    }

    fn ack_wait(&self) -> AckWait<'_> {
        AckWait { ack_wait: self.config.ack_wait, backoff: &self.config.backoff }
    }

    pub const fn ack_pending(&self) -> &AckPending {
        &self.ack_pending
    }

    pub const fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    pub const fn reported(&self) -> &Reported {
        &self.reported
    }

    pub const fn next_stream_seq(&self) -> u64 {
        self.next_stream_seq
    }

    pub fn is_push_bound(&self) -> bool {
        self.push.as_ref().is_some_and(Push::is_bound)
    }

    /// Present while the consumer delivers to a subject of its own.
    pub const fn push(&self) -> Option<&Push> {
        self.push.as_ref()
    }

    /// The pinned client's id and since when.
    pub fn pinned(&self) -> Option<(&str, Timestamp)> {
        self.pin.as_ref().map(|pin| (pin.id.as_str(), pin.since))
    }

    /// Whether deliveries wait for acks before anything new goes out.
    pub fn is_stalled(&self) -> bool {
        self.config.ack_policy != AckPolicy::None
            && self.config.max_ack_pending.limit().is_some_and(|max| self.ack_pending.len() as u64 >= max)
    }

    /// Matching messages that were not delivered yet.
    pub fn num_pending(&self) -> u64 {
        u64::try_from(self.num_pending).unwrap_or(0)
    }

    /// The stream sequence of its ack floor.
    pub const fn ack_floor(&self) -> u64 {
        self.reported.ack_floor.stream_seq
    }

    /// Whether the stream has to keep message `stream_seq`, which stands under `subject`, for this consumer.
    pub fn needs(&self, stream_seq: u64, subject: &[u8]) -> bool {
        if !self.matches(subject) {
            return false;
        }
        let above_floor = stream_seq > self.floor.stream_seq;
        let needs_ack = match self.config.ack_policy {
            AckPolicy::Explicit => {
                above_floor && (stream_seq >= self.next_stream_seq || self.ack_pending.contains(stream_seq))
            }
            AckPolicy::None | AckPolicy::All | AckPolicy::FlowControl => above_floor,
        };
        needs_ack || self.ack_pending.is_redelivered(stream_seq)
    }

    /// Whether message `stream_seq` is behind it: it does not [need](Self::needs) it, nor is its removal anything that it
    /// would [notice](Self::handle_removed). Known of those alone that settle message by message.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn has_settled(&self, stream_seq: u64) -> bool {
        let is_explicit = self.config.ack_policy == AckPolicy::Explicit;
        is_explicit && stream_seq < self.next_stream_seq && self.ack_pending.has_settled(stream_seq)
    }

    /// Whether acknowledgements have an address.
    pub const fn takes_acks(&self) -> bool {
        matches!(self.config.ack_policy, AckPolicy::Explicit | AckPolicy::All)
    }

    /// Works out `num_pending` from the store.
    fn count_pending(&mut self, store: &MessageStore) {
        let filters = self.filters();
        let count = if self.config.deliver_policy == DeliverPolicy::LastPerSubject {
            store.count_last_per_subject(filters, self.next_stream_seq)
        } else {
            store.count_from(filters, self.next_stream_seq)
        };
        self.num_pending = i64::try_from(count).unwrap_or(i64::MAX);
        self.num_pending_counted_to = store.last_seq();
    }

    /// Behind the end of the stream nothing can be pending, whatever was counted.
    fn settle_pending_count(&mut self, stream: StreamView<'_>) {
        let last_seq = stream.store.last_seq();
        if self.next_stream_seq > last_seq && self.num_pending != 0 {
            self.num_pending = 0;
            self.num_pending_counted_to = last_seq;
        }
    }

    /// A new message was stored, which so many filters match. As in the real server, each of them counts it.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub const fn count_stored(&mut self, stream_seq: u64, matches: usize) {
        if stream_seq > self.num_pending_counted_to {
            self.num_pending += matches as i64;
        }
    }

    /// Whether somebody waits for a message that was just stored.
    #[inline]
    pub fn wants_stored(&self, stream_seq: u64) -> bool {
        stream_seq >= self.next_stream_seq && (self.is_push_bound() || !self.waiting.is_empty())
    }
}
