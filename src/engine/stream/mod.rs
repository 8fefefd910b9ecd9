//! One stream: its messages, the consumers that read them, and the rules by which messages come and go.
//!
//! Owns the store and the consumers. What concerns several streams (overlap, limits of the account) is left to the
//! account; what other streams feed in comes by [`sourcing`]. Sources: nats-server `server/stream.go`, `server/memstore.go`.

mod ageing;
mod atomic;
mod checks;
pub mod config;
mod consumers;
mod counter;
mod cron;
mod direct;
pub mod duplicates;
mod expiry;
mod fast_batch;
pub(super) mod headers;
mod info;
mod leftover;
pub mod open_batches;
mod publish;
mod purge;
mod read;
mod restore;
mod retention;
pub mod schedule;
mod snapshot;
mod sourcing;
mod staged;
mod storing;
mod ttl;
mod update;

use self::ageing::Exempt;
pub use self::atomic::AtomicBatch;
use self::config::{Retention, Storage, StreamConfig};
use self::consumers::Readers;
pub use self::direct::{DirectGet, DirectSelection, UpTo};
use self::duplicates::Duplicates;
pub use self::fast_batch::{FastBatch, FastStep};
use self::leftover::Leftover;
pub use self::leftover::LeftoverKind;
use self::open_batches::OpenBatches;
pub use self::publish::Inbound;
pub use self::purge::PurgeRequest;
pub use self::read::{FoundMessage, MessageSelector};
pub use self::restore::{RestoreBounds, RestoreError, RestoreReader};
pub use self::retention::StreamDue;
use self::schedule::Schedules;
pub use self::snapshot::SnapshotReader;
use self::sourcing::Sourcing;
pub use self::sourcing::{Link, LinkDue, LinkKind, OriginRef, Reached};
pub use self::storing::Room;
use super::api::wire::{PubAck, PubAckDetail};
use super::connection::decimal;
use super::consumer::{AckSubject, Consumer, StreamView};
use super::context::Context;
use super::derived::Derived;
use super::expiring::Deadlines;
use super::latest::Latest;
use super::short_hash::short_hash;
use super::store::MessageStore;
use super::subject_map::SubjectMap;
use super::table::{ConsumerId, StreamId, Table};
use super::time::Timestamp;
use crate::engine::sorted_map::SortedMap;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    pub id: StreamId,
    pub config: StreamConfig,
    pub created: Timestamp,
    store: MessageStore,
    consumers: Table<ConsumerId, Consumer>,
    consumer_names: SortedMap<String, ConsumerId>,
    /// Consumers by the subjects that they read.
    filters: SubjectMap<ConsumerId>,
    /// Consumers that ever got other filters: what they have pending may leave without a word to them.
    refiltered: Vec<ConsumerId>,
    /// The consumers that read the subject that was asked about last.
    latest_readers: Derived<Latest<Readers>>,
    leftovers: Vec<Leftover>,
    /// Consumers for which a removal made room since the stream last told its consumers anything.
    unblocked: Vec<ConsumerId>,
    /// Who had pending what was just removed: as which delivery, and how many filters match it.
    removed_pending: Vec<(ConsumerId, AckSubject, usize)>,
    duplicates: Duplicates,
    /// The message id of the last message, empty if it had none.
    last_msg_id: Vec<u8>,
    /// Whether the stream was made with a retention other than limits: see [`Consumer::delivery_releases`].
    takes_delivery_as_ack: bool,
    /// When messages with a TTL of their own go.
    ttls: Deadlines,
    /// Messages that max age does not touch.
    exempt: Exempt,
    /// What feeds the stream from other streams.
    sourcing: Sourcing,
    schedules: Schedules,
    atomic_batches: OpenBatches<AtomicBatch>,
    fast_batches: OpenBatches<FastBatch>,
    /// The last sequence to which the checks of a refused atomic batch had come. As in the real server, fast batches take
    /// it for that of the stream until the stream is there.
    refused_up_to: u64,
    /// A PubAck up to its sequence.
    pub_ack: Box<str>,
    latest_ack: Derived<LatestAck>,
}

/// The PubAck that was written last: the next one differs from it in a digit or two.
#[derive(Debug, Default)]
struct LatestAck {
    text: Vec<u8>,
    seq: u64,
}

impl LatestAck {
    /// The PubAck of message `seq`, which begins with `prefix`, as all of the stream do.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn write(&mut self, prefix: &str, seq: u64) -> &[u8] {
        let is_next = seq == self.seq + 1;
        self.seq = seq;
        match self.text.as_mut_slice() {
            [.., digit @ b'0'..=b'8', _] if is_next => *digit += 1,
            _ => self.write_anew(prefix),
        }
        &self.text
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn write_anew(&mut self, prefix: &str) {
        self.text.clear();
        self.text.extend_from_slice(prefix.as_bytes());
        decimal(&mut self.text, self.seq);
        self.text.push(b'}');
    }
}

impl Stream {
    pub fn new(ctx: &Context<'_>, id: StreamId, config: StreamConfig) -> Self {
        Self {
            id,
            created: ctx.now,
            store: MessageStore::new(config.first_seq.unwrap_or(0)).in_files(config.storage == Storage::File),
            consumers: Table::default(),
            consumer_names: SortedMap::new(),
            filters: SubjectMap::default(),
            refiltered: Vec::new(),
            latest_readers: Derived::default(),
            leftovers: Vec::new(),
            unblocked: Vec::new(),
            removed_pending: Vec::new(),
            duplicates: Duplicates::default(),
            last_msg_id: Vec::new(),
            takes_delivery_as_ack: config.retention != Retention::Limits,
            ttls: Deadlines::default(),
            exempt: Exempt::default(),
            sourcing: Sourcing::default(),
            schedules: Schedules::default(),
            atomic_batches: OpenBatches::default(),
            fast_batches: OpenBatches::default(),
            refused_up_to: 0,
            pub_ack: pub_ack_prefix(&config.name, ctx.domain()),
            latest_ack: Derived::default(),
            config,
        }
    }

    pub const fn store(&self) -> &MessageStore {
        &self.store
    }

    /// How many entries a clone copies, of some 60 bytes each; messages and subjects it shares.
    pub fn own_entries(&self) -> usize {
        /// As much as a consumer without pending messages.
        const OF_CONSUMER: usize = 16;
        let of_consumers = self.consumers().map(|consumer| OF_CONSUMER + consumer.ack_pending().len());
        let of_messages = self.ttls.len() + self.exempt.len();
        self.duplicates.len() + of_messages + of_consumers.sum::<usize>()
    }

    pub const fn duplicates(&self) -> &Duplicates {
        &self.duplicates
    }

    pub const fn ttls(&self) -> &Deadlines {
        &self.ttls
    }

    /// What tells the stream from another one of its name: made of the moment of its making.
    pub fn identity(&self) -> String {
        short_hash(&self.created.to_string())
    }

    pub const fn atomic_batches(&self) -> &OpenBatches<AtomicBatch> {
        &self.atomic_batches
    }

    pub const fn fast_batches(&self) -> &OpenBatches<FastBatch> {
        &self.fast_batches
    }

    /// The stream as its consumers see it.
    pub fn view(&self) -> StreamView<'_> {
        let Self { id, config, store, .. } = self;
        StreamView { id: *id, config, store }
    }
}

/// A PubAck up to its sequence, made once: a stream answers every message with it.
fn pub_ack_prefix(name: &str, domain: Option<&str>) -> Box<str> {
    let ack = PubAck { stream: name, domain, seq: 0, detail: PubAckDetail::None }.to_json();
    String::from_utf8_lossy(&ack).trim_end_matches("0}").into()
}
