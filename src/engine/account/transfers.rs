//! Backups and restores of the account's streams.

use super::{Account, Context, UNLIMITED_BYTES};
use crate::engine::api::advisory::ClientInfo;
use crate::engine::api::wire::{CreateReply, ReplyKind, RestoreRequest, SnapshotRequest, reply};
use crate::engine::config::JetStreamConfig;
use crate::engine::error::ApiError;
use crate::engine::stream::config::{Storage, StreamConfig};
use crate::engine::stream::{RestoreBounds, RestoreError};
use crate::engine::table::StreamId;
use crate::engine::transfer::{Restore, RestoreId, Snapshot, SnapshotEnd, SnapshotId, TransferDue};

/// A chunk of a restore.
#[derive(Clone, Copy, Debug)]
pub struct RestoreChunk<'a> {
    pub stream: &'a str,
    pub token: &'a str,
    /// Empty if there is none.
    pub reply: &'a [u8],
    /// Counts to the chunk like its payload.
    pub headers: &'a [u8],
    pub payload: &'a [u8],
}

/// Backups.
impl Account {
    /// Begins to back up a stream.
    pub fn begin_snapshot(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamId,
        request: &SnapshotRequest,
        client: ClientInfo,
    ) {
        let Some(stream) = self.streams.get(stream) else { return };
        let snapshot = Snapshot::begin(ctx, stream, request, client);
        let id = self.transfers.snapshots.insert(snapshot);
        self.with_snapshot(ctx, id, Snapshot::send_chunks);
    }

    /// Takes an ack of a chunk. Whether any backup waits for it.
    pub fn handle_snapshot_ack(&mut self, ctx: &mut Context<'_>, stream: &str, token: &str) -> bool {
        let id = self.transfers.snapshot_id(stream, token);
        let listens = |id: &SnapshotId| {
            self.transfers.snapshots.get(*id).is_some_and(|snapshot| self.streams.get(snapshot.stream).is_some())
        };
        let Some(id) = id.filter(listens) else { return false };
        self.with_snapshot(ctx, id, Snapshot::handle_ack);
        true
    }

    /// Interest in `subject` changed: backups that deliver there may begin to send, or end.
    pub(super) fn tell_snapshots(&mut self, ctx: &mut Context<'_>, subject: &[u8]) {
        for id in self.transfers.snapshots.ids() {
            if self.transfers.snapshots.get(id).is_some_and(|snapshot| snapshot.delivers_to(subject)) {
                self.with_snapshot(ctx, id, Snapshot::handle_interest_change);
            }
        }
    }

    /// Lets `act` move a backup on, and ends it if it says so.
    fn with_snapshot<'c>(
        &mut self,
        ctx: &mut Context<'c>,
        id: SnapshotId,
        act: impl FnOnce(&mut Snapshot, &mut Context<'c>) -> Option<SnapshotEnd>,
    ) {
        let Some(snapshot) = self.transfers.snapshots.get_mut(id) else { return };
        let Some(end) = act(snapshot, ctx) else { return };
        let Some(snapshot) = self.transfers.snapshots.remove(id) else { return };
        let has_stream = self.streams.get(snapshot.stream).is_some();
        snapshot.finish(ctx, end, has_stream);
    }
}

/// Restores.
impl Account {
    /// Begins to restore stream `name`. Returns where the chunks go.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `server/jetstream_api.go` (`jsStreamRestoreRequest`).
    pub fn begin_restore(
        &mut self,
        ctx: &mut Context<'_>,
        settings: &JetStreamConfig,
        name: &str,
        request: RestoreRequest,
        client: ClientInfo,
    ) -> Result<String, ApiError> {
        let mut config = request.config.0;
        if config.name.is_empty() {
            name.clone_into(&mut config.name);
        }
        if config.name != name {
            return Err(ApiError::StreamMismatch);
        }
        if name.contains(['\\', '/']) {
            return Err(ApiError::StreamNameContainsPathSeparators);
        }
        // The server leaves the metadata as it stands in the request.
        let metadata = config.metadata.clone();
        let config = config.checked(&super::config_limits(settings), |name| self.config_of(name))?;
        let config = StreamConfig { metadata, ..config };
        if settings.limits.max_streams.is_some_and(|max| self.len() as u64 >= max) {
            return Err(ApiError::MaximumStreamsLimit);
        }
        self.check_reservation(
            settings,
            (&config.name, config.storage),
            0,
            config.max_bytes.unwrap_or(UNLIMITED_BYTES),
            1,
        )?;
        if self.names.contains_key(name) {
            return Err(ApiError::StreamNameExistRestoreFailed);
        }
        if self.transfers.has_max_restores() {
            return Err(ApiError::StreamRestore { err: "too many restores at once".to_owned() });
        }
        let restore = Restore::begin(ctx, config, client);
        let subject = restore.subject();
        self.transfers.restores.insert(restore);
        Ok(subject)
    }

    /// Takes a chunk. Whether any restore waits for it.
    pub fn handle_restore_chunk(
        &mut self,
        ctx: &mut Context<'_>,
        settings: &JetStreamConfig,
        chunk: RestoreChunk<'_>,
    ) -> bool {
        let RestoreChunk { stream, token, reply, headers, payload } = chunk;
        let Some(id) = self.transfers.restore_id(stream, token) else { return false };
        // Who does not want to hear how it goes ends it as well.
        if reply.is_empty() || headers.is_empty() && payload.is_empty() {
            self.end_restore(ctx, id, Some(reply));
        } else {
            let bounds = self.restore_bounds(settings, id);
            if let Some(restore) = self.transfers.restores.get_mut(id) {
                restore.handle_chunk(ctx, &bounds, reply, &[headers, payload].concat());
            }
        }
        true
    }

    /// Ends a restore: puts the stream into the account as far as it came, and tells `to` what is wrong with it. Nobody hears
    /// of the end of one that was given up.
    fn end_restore(&mut self, ctx: &mut Context<'_>, id: RestoreId, to: Option<&[u8]>) {
        let Some(Restore { report, contents, .. }) = self.transfers.restores.remove(id) else { return };
        let refusal = self.refuse_restored(contents.config());
        let (mut stream, mut error) = contents.finish(ctx, self.streams.next_id());
        if let Err(refusal) = refusal {
            stream = None;
            error.get_or_insert(refusal);
        }
        let id = stream.map(|stream| self.install(ctx, stream));
        let mut stream = id.and_then(|id| self.streams.get_mut(id));
        if let Some(stream) = &mut stream {
            stream.settle_restored(ctx);
        }
        if let Some(to) = to {
            report.advise(ctx);
            let info = match error {
                Some(error) => Err(ApiError::from(error)),
                None => Ok(stream.as_ref().map(|stream| stream.info(ctx, true))),
            };
            let info = info.map(|info| CreateReply { info, did_create: false });
            // Where there is no subject, nobody gets it.
            ctx.effects.send(to, &reply(ReplyKind::StreamCreate, &info));
        }
        if let Some(stream) = stream {
            stream.start_restored(ctx);
        }
    }

    /// What the account allows the stream that restore `id` makes.
    fn restore_bounds(&self, settings: &JetStreamConfig, id: RestoreId) -> RestoreBounds {
        let Some(restore) = self.transfers.restores.get(id) else { return RestoreBounds::default() };
        let config = restore.contents.config();
        let (usage, limits) = (self.usage(), &settings.limits);
        let (used, reserved, maxima) = match config.storage {
            Storage::Memory => (usage.memory, usage.reserved_memory, [limits.max_memory, settings.max_memory_store]),
            Storage::File => (usage.storage, usage.reserved_storage, [limits.max_storage, settings.max_file_store]),
        };
        let max = maxima.into_iter().flatten().min();
        let left = |max: Option<u64>, used: u64| max.map_or(u64::MAX, |max| max.saturating_sub(used));
        let room = left(max, used).min(left(settings.max_total_store, usage.memory + usage.storage));
        RestoreBounds {
            refusal: self.refuse_restored(config).err(),
            storage: config.storage,
            room,
            unreserved: left(max, reserved),
            max_consumers: limits.max_consumers,
            max_ack_pending: limits.max_ack_pending,
            max_request_batch: settings.max_request_batch,
            server_max_ack_pending: settings.max_ack_pending,
        }
    }

    /// # Errors
    /// Why a stream with this configuration cannot be added.
    fn refuse_restored(&self, config: &StreamConfig) -> Result<(), RestoreError> {
        if self.names.contains_key(&config.name) {
            return Err(RestoreError::NameExists);
        }
        let checked = config
            .check_replicas()
            .and_then(|()| config.check_source_filters())
            .and_then(|()| self.check_overlap(None, config));
        checked.map_err(|error| RestoreError::Text(format!("error adding stream: {error} ({})", error.err_code())))
    }
}

impl Account {
    /// Acts on everything of transfers that is due.
    pub(super) fn handle_transfer_deadlines(&mut self, ctx: &mut Context<'_>) {
        while let Some((_, due)) = self.transfers.next_due().filter(|(at, _)| *at <= ctx.now) {
            match due {
                TransferDue::Snapshot(id) => self.with_snapshot(ctx, id, Snapshot::handle_due),
                // The sender is told nothing: the next chunk finds nobody.
                TransferDue::Restore(id) => self.end_restore(ctx, id, None),
            }
        }
    }
}
