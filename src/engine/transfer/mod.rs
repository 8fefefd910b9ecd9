//! Backups and restores of streams that are under way: archives that go out and come in by chunks.
//!
//! Each moves on when the other side answers, and is given up when that takes too long. Source: nats-server
//! `server/jetstream_api.go` (`streamSnapshot`, `processStreamRestore`).

mod restore;
mod snapshot;

use std::time::Duration;

pub use restore::Restore;
pub use snapshot::{Snapshot, SnapshotEnd};

use super::table::{Table, id_type};
use super::time::Timestamp;

id_type!(
    /// A backup, from its request to its end.
    SnapshotId
);
id_type!(
    /// A restore, from its request to its end.
    RestoreId
);

/// How long the other side may stay silent.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many of each kind there may be at once. They hold memory, and nobody needs so many.
const MAX_AT_ONCE: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transfers {
    pub snapshots: Table<SnapshotId, Snapshot>,
    pub restores: Table<RestoreId, Restore>,
}

/// What a transfer does without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferDue {
    /// The receiver did not subscribe in time, or does not ack.
    Snapshot(SnapshotId),
    /// The sender is silent.
    Restore(RestoreId),
}

impl Transfers {
    /// Whether no further backup may begin.
    pub const fn has_max_snapshots(&self) -> bool {
        self.snapshots.len() >= MAX_AT_ONCE
    }

    /// Whether no further restore may begin.
    pub const fn has_max_restores(&self) -> bool {
        self.restores.len() >= MAX_AT_ONCE
    }

    /// The backup that waits for acks on a subject with this stream and token.
    pub fn snapshot_id(&self, stream: &str, token: &str) -> Option<SnapshotId> {
        self.snapshots.iter().find(|(_, snapshot)| snapshot.is_acked_on(stream, token)).map(|(id, _)| id)
    }

    /// The restore whose chunks come on a subject with this stream and token.
    pub fn restore_id(&self, stream: &str, token: &str) -> Option<RestoreId> {
        self.restores.iter().find(|(_, restore)| restore.is_sent_on(stream, token)).map(|(id, _)| id)
    }

    /// When `due` falls due; `None` while it is not armed. Nothing else knows.
    pub fn due_at(&self, due: TransferDue) -> Option<Timestamp> {
        match due {
            TransferDue::Snapshot(id) => self.snapshots.get(id).map(Snapshot::due_at),
            TransferDue::Restore(id) => self.restores.get(id).map(Restore::due_at),
        }
    }

    /// Everything that can fall due.
    fn armed(&self) -> impl Iterator<Item = TransferDue> {
        let snapshots = self.snapshots.iter().map(|(id, _)| TransferDue::Snapshot(id));
        snapshots.chain(self.restores.iter().map(|(id, _)| TransferDue::Restore(id)))
    }

    /// The first deadline.
    pub fn next_due(&self) -> Option<(Timestamp, TransferDue)> {
        self.armed().filter_map(|due| Some((self.due_at(due)?, due))).min()
    }
}
