//! The account: its streams by name, its limits, and the rules between streams.
//!
//! Sources: nats-server `server/jetstream.go` (`jsAccount`), `server/stream.go` (`addStreamWithAssignment`,
//! `updateWithAdvisory`).

mod transfers;

pub use transfers::RestoreChunk;

use super::api::advisory;
use super::config::{AccountLimits, JetStreamConfig};
use super::context::Context;
use super::error::ApiError;
use super::event::{Changes, Event};
use super::stream::config::{ConfigLimits, Storage, StreamConfig, StreamConfigRequest};
use super::stream::{Inbound, Room, Stream, StreamDue};
use super::subject::collide;
use super::table::{ConsumerId, LinkId, StreamId, Table};
use super::time::Timestamp;
use super::transfer::{TransferDue, Transfers};
use crate::engine::sorted_map::SortedMap;

/// What a stream without a limit of its own sets aside, so that none fits into a full account.
const UNLIMITED_BYTES: u64 = 1;
/// What all streams of one storage may set aside on a server without a limit. A real one takes three quarters of its
/// machine's memory, or of the free disk: this is more than most have.
const MACHINE_BYTES: u64 = 1 << 40;

/// Counts of API requests, as account info shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ApiCounts {
    pub total: u64,
    pub errors: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Account {
    streams: Table<StreamId, Stream>,
    names: SortedMap<String, StreamId>,
    pub api: ApiCounts,
    transfers: Transfers,
}

/// What happens without an input, in the order in which it happens at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountDue {
    Stream(StreamId, StreamDue),
    Transfer(TransferDue),
}

/// What an account has stored and set aside, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub memory: u64,
    pub storage: u64,
    pub reserved_memory: u64,
    pub reserved_storage: u64,
    pub consumers: usize,
}

impl Account {
    pub fn stream_id(&self, name: &str) -> Option<StreamId> {
        self.names.get(name).copied()
    }

    pub fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(id)
    }

    pub fn stream_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams.get_mut(id)
    }

    pub fn stream_named(&self, name: &str) -> Option<&Stream> {
        self.streams.get(self.stream_id(name)?)
    }

    /// # Errors
    /// If there is no such stream.
    pub fn find(&mut self, name: &str) -> Result<&mut Stream, ApiError> {
        let id = self.stream_id(name).ok_or(ApiError::StreamNotFound)?;
        self.streams.get_mut(id).ok_or(ApiError::StreamNotFound)
    }

    /// Streams sorted by name.
    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.names.values().filter_map(|id| self.streams.get(*id))
    }

    pub const fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    pub fn len(&self) -> usize {
        self.streams.len()
    }

    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for (_, stream) in self.streams.iter() {
            let bytes = stream.store().bytes();
            let reserved = stream.config.max_bytes.unwrap_or(0);
            let (used, set_aside) = match stream.config.storage {
                Storage::Memory => (&mut usage.memory, &mut usage.reserved_memory),
                Storage::File => (&mut usage.storage, &mut usage.reserved_storage),
            };
            *used += bytes;
            *set_aside += reserved;
            usage.consumers += stream.consumers().count();
        }
        usage
    }

    /// What a stream may still take, next to the others.
    fn room(&self, settings: &JetStreamConfig, id: StreamId) -> Room {
        let Some(StreamConfig { storage, allow_atomic, allow_batched, .. }) = self.stream(id).map(|own| &own.config)
        else {
            return Room::UNLIMITED;
        };
        let AccountLimits { max_memory, max_storage, .. } = settings.limits;
        let (account_max, server_max) = match storage {
            Storage::Memory => (max_memory, settings.max_memory_store),
            Storage::File => (max_storage, settings.max_file_store),
        };
        let mut room = Room { account_max, server_max, total_max: settings.max_total_store, ..Room::UNLIMITED };
        if settings.has_store_limits() || *allow_atomic || *allow_batched {
            for (_, other) in self.streams.iter().filter(|(other, _)| *other != id) {
                let bytes = other.store().bytes();
                room.total_others += bytes;
                room.storage_others += if other.config.storage == *storage { bytes } else { 0 };
                room.atomic_batches_others += other.atomic_batches().len();
                room.fast_batches_others += other.fast_batches().len();
            }
        }
        room
    }

    /// As [`room`](Self::room), if the stream has to heed it.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn room_for(&self, settings: &JetStreamConfig, id: StreamId) -> Room {
        let batches = self.stream(id).is_some_and(|stream| stream.config.allow_atomic || stream.config.allow_batched);
        if batches || settings.has_store_limits() { self.room(settings, id) } else { Room::UNLIMITED }
    }

    /// Hands a message to the stream that captures its subject.
    pub fn handle_publish(
        &mut self,
        ctx: &mut Context<'_>,
        settings: &JetStreamConfig,
        stream: StreamId,
        inbound: &Inbound<'_>,
    ) {
        let room = self.room_for(settings, stream);
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.handle_publish(ctx, &room, inbound);
        }
    }

    /// Hands a stream what came for one of its links on subject `to`.
    pub fn handle_link(
        &mut self,
        ctx: &mut Context<'_>,
        settings: &JetStreamConfig,
        stream: StreamId,
        link: LinkId,
        to: &[u8],
        inbound: Inbound<'_>,
    ) {
        let room = self.room(settings, stream);
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.handle_link(ctx, &room, link, to, inbound);
        }
    }

    /// The streams that answer direct gets for stream `name`: itself, if its configuration has it so, and mirrors that
    /// have caught up.
    pub fn streams_answering_direct(&self, name: &str) -> Vec<StreamId> {
        let answers = |stream: &&Stream| {
            (stream.config.name == name && stream.config.allow_direct) || stream.answers_direct_for() == Some(name)
        };
        self.streams().filter(answers).map(|stream| stream.id).collect()
    }

    /// Interest in `subject` changed: push consumers that deliver there may start or stop.
    pub fn handle_interest_change(&mut self, ctx: &mut Context<'_>, subject: &[u8]) {
        let affected: Vec<(StreamId, ConsumerId)> = self
            .streams
            .iter()
            .flat_map(|(stream_id, stream)| stream.consumers_delivering_to(subject).map(move |id| (stream_id, id)))
            .collect();
        for (stream, consumer) in affected {
            if let Some(stream) = self.streams.get_mut(stream) {
                stream.with_consumer(ctx, consumer, |consumer, ctx, view| consumer.handle_interest(ctx, view));
            }
        }
        self.tell_snapshots(ctx, subject);
    }

    /// The first deadline of all streams and transfers.
    pub fn next_due(&self) -> Option<(Timestamp, AccountDue)> {
        let of_stream = |(id, stream): (StreamId, &Stream)| stream.next_due().map(|(at, due)| (at, id, due));
        let of_streams = self.streams.iter().filter_map(of_stream).min_by_key(|(at, id, due)| (*at, *due, *id));
        let of_streams = of_streams.map(|(at, id, due)| (at, AccountDue::Stream(id, due)));
        let of_transfers = self.transfers.next_due().map(|(at, due)| (at, AccountDue::Transfer(due)));
        of_streams.into_iter().chain(of_transfers).min()
    }

    /// Acts on everything that is due.
    pub fn handle_deadlines(&mut self, ctx: &mut Context<'_>) {
        let Some(settings) = &ctx.config.jetstream else { return };
        for id in self.streams.ids() {
            let is_due = self.streams.get(id).and_then(Stream::next_due).is_some_and(|(at, _)| at <= ctx.now);
            if is_due {
                let room = self.room(settings, id);
                if let Some(stream) = self.streams.get_mut(id) {
                    stream.handle_deadlines(ctx, &room);
                }
            }
        }
        self.handle_transfer_deadlines(ctx);
    }

    /// Creates a stream, or finds that it is there already with just this configuration.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server (see [`crate::engine::stream::config`]).
    pub fn create_stream(
        &mut self,
        ctx: &mut Context<'_>,
        settings: &JetStreamConfig,
        name: &str,
        mut request: StreamConfigRequest,
    ) -> Result<StreamId, ApiError> {
        request.check_create(name)?;
        self.check_account_limits(settings, &request)?;
        let config = request.checked(&config_limits(settings), |name| self.config_of(name))?;
        config.check_replicas()?;
        if let Some(existing) = self.stream_named(&config.name) {
            return if existing.config == config { Ok(existing.id) } else { Err(ApiError::StreamNameExist) };
        }
        let wanted = config.max_bytes.unwrap_or(UNLIMITED_BYTES);
        self.check_reservation(settings, (&config.name, config.storage), 0, wanted, 1)?;
        config.check_source_filters()?;
        self.check_overlap(None, &config)?;
        let stream = Stream::new(ctx, self.streams.next_id(), config);
        Ok(self.install(ctx, stream))
    }

    /// Adds a stream, which has the next id.
    fn install(&mut self, ctx: &mut Context<'_>, mut stream: Stream) -> StreamId {
        stream.start_sourcing(ctx);
        let (id, name) = (stream.id, stream.config.name.clone());
        for subject in stream.config.subjects.iter() {
            ctx.router.add_stream(subject.as_bytes(), id);
        }
        self.streams.insert(stream);
        self.names.insert(name.clone(), id);
        advise_stream(ctx, &name, "CREATED", "create");
        ctx.tell(|| Event::StreamCreated { stream: id, name });
        id
    }

    fn config_of(&self, name: &str) -> Option<&StreamConfig> {
        self.stream_named(name).map(|stream| &stream.config)
    }

    /// What the account allows a stream, before anything else is looked at.
    fn check_account_limits(&self, settings: &JetStreamConfig, request: &StreamConfigRequest) -> Result<(), ApiError> {
        let limits = &settings.limits;
        let others = self.len() - usize::from(self.names.contains_key(&request.name));
        if limits.max_streams.is_some_and(|max| others as u64 >= max) {
            return Err(ApiError::MaximumStreamsLimit);
        }
        let max_consumers = u64::try_from(request.max_consumers).unwrap_or(0);
        if limits.max_consumers.is_some_and(|max| max_consumers > max) {
            return Err(ApiError::MaximumConsumersLimit);
        }
        let wanted = u64::try_from(request.max_bytes).unwrap_or(UNLIMITED_BYTES);
        let replicas = u64::try_from(request.num_replicas).unwrap_or(0).max(1);
        self.check_reservation(settings, (&request.name, request.storage), 0, wanted, replicas)
    }

    /// Whether `added` bytes can be set aside for a stream, next to those of others and to `kept` of its own. The server
    /// counts all that is set aside now, also for this stream.
    fn check_reservation(
        &self,
        settings: &JetStreamConfig,
        (name, storage): (&str, Storage),
        kept: u64,
        added: u64,
        replicas: u64,
    ) -> Result<(), ApiError> {
        let usage = self.usage();
        let limits = &settings.limits;
        let (reserved, account_max, server_max, error) = match storage {
            Storage::Memory => {
                (usage.reserved_memory, limits.max_memory, settings.max_memory_store, ApiError::MemoryResourcesExceeded)
            }
            Storage::File => (
                usage.reserved_storage,
                limits.max_storage,
                settings.max_file_store,
                ApiError::StorageResourcesExceeded,
            ),
        };
        let own = self.config_of(name).filter(|own| own.storage == storage).and_then(|own| own.max_bytes);
        let others = reserved.saturating_sub(own.unwrap_or(0));
        let of_account = others.saturating_add(kept).saturating_add(added.saturating_mul(replicas));
        let exceeds = |bytes: u64, max: Option<u64>| max.is_some_and(|max| bytes > max);
        let is_too_much =
            exceeds(of_account, account_max) || reserved.saturating_add(added) > server_max.unwrap_or(MACHINE_BYTES);
        if is_too_much { Err(error) } else { Ok(()) }
    }

    /// Whether another stream than `except` has a subject in common with `config`.
    fn check_overlap(&self, except: Option<StreamId>, config: &StreamConfig) -> Result<(), ApiError> {
        let others = self.streams.iter().filter(|(id, _)| Some(*id) != except);
        let mut taken = others.flat_map(|(_, stream)| stream.config.subjects.iter());
        let overlaps = taken.any(|taken| config.subjects.iter().any(|own| collide(own.as_bytes(), taken.as_bytes())));
        if overlaps { Err(ApiError::StreamSubjectOverlap) } else { Ok(()) }
    }

    /// Replaces the configuration of stream `name`.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server (see [`crate::engine::stream::config`]).
    pub fn update_stream(
        &mut self,
        ctx: &mut Context<'_>,
        settings: &JetStreamConfig,
        name: &str,
        request: StreamConfigRequest,
    ) -> Result<StreamId, ApiError> {
        let config = request.checked(&config_limits(settings), |name| self.config_of(name))?;
        if config.name != name {
            return Err(ApiError::StreamMismatch);
        }
        let id = self.stream_id(name).ok_or(ApiError::StreamNotFound)?;
        let stream = self.streams.get(id).ok_or(ApiError::StreamNotFound)?;
        let old = stream.config.clone();
        let mut config = old.check_update(config)?;
        config.check_replicas()?;
        if settings.limits.max_consumers.is_some_and(|max| config.max_consumers.unwrap_or(0) > max) {
            return Err(ApiError::MaximumConsumersLimit);
        }
        let wanted = config.max_bytes.unwrap_or(0);
        let added = wanted.saturating_sub(old.max_bytes.unwrap_or(0));
        self.check_reservation(settings, (name, config.storage), wanted - added, added, 1)?;
        stream.check_consumer_limits(&config)?;
        self.check_overlap(Some(id), &config)?;
        config.complete_republish()?;
        for subject in old.subjects.iter() {
            ctx.router.remove_stream(subject.as_bytes(), id);
        }
        for subject in config.subjects.iter() {
            ctx.router.add_stream(subject.as_bytes(), id);
        }
        let room = self.room(settings, id);
        if let Some(stream) = self.streams.get_mut(id) {
            stream.update(ctx, &room, config);
            ctx.tell(|| Event::StreamUpdated { stream: id, changes: Changes::new(&old, &stream.config) });
        }
        advise_stream(ctx, name, "UPDATED", "modify");
        Ok(id)
    }

    /// Deletes a stream with its consumers.
    ///
    /// # Errors
    /// If there is no such stream.
    pub fn delete_stream(&mut self, ctx: &mut Context<'_>, name: &str) -> Result<(), ApiError> {
        let id = self.stream_id(name).ok_or(ApiError::StreamNotFound)?;
        let stream = self.streams.get_mut(id).ok_or(ApiError::StreamNotFound)?;
        for subject in stream.config.subjects.iter() {
            ctx.router.remove_stream(subject.as_bytes(), id);
        }
        stream.delete_all_consumers(ctx);
        advise_stream(ctx, name, "DELETED", "delete");
        stream.end_sourcing(ctx);
        self.streams.remove(id);
        self.names.remove(name);
        ctx.tell(|| Event::StreamDeleted { stream: id, name: name.to_owned() });
        Ok(())
    }
}

fn config_limits(settings: &JetStreamConfig) -> ConfigLimits {
    ConfigLimits {
        max_duplicate_window: settings.duplicate_window,
        max_bytes_required: settings.limits.max_bytes_required,
        memory_max_stream_bytes: settings.limits.memory_max_stream_bytes,
        storage_max_stream_bytes: settings.limits.storage_max_stream_bytes,
    }
}

fn advise_stream(ctx: &mut Context<'_>, stream: &str, kind: &str, action: &'static str) {
    let subject = || format!("$JS.EVENT.ADVISORY.STREAM.{kind}.{stream}");
    let (now, domain) = (ctx.now, ctx.domain().map(str::to_owned));
    ctx.advise(subject, |id| advisory::StreamAction::new(id, now, stream, action, domain));
}
