//! What went over the connections, as far back as is worth showing.

use super::shared_log::SharedLog;
use crate::engine::table::ConnId;
use crate::engine::time::Timestamp;

/// Bytes of a frame that are kept.
const MAX_FRAME_BYTES: usize = 1024;
/// Frames that are kept: of so many bytes, 4 MB at most.
const MAX_FRAMES: usize = 4_000;

/// Bytes that one side of a connection gave to the other, at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    pub conn: ConnId,
    pub from_client: bool,
    /// The first [`MAX_FRAME_BYTES`] of them.
    pub bytes: Box<[u8]>,
    /// How many there were.
    pub len: usize,
}

impl Frame {
    pub fn new(conn: ConnId, from_client: bool, bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(MAX_FRAME_BYTES)];
        Self { conn, from_client, bytes: kept.into(), len: bytes.len() }
    }
}

/// A frame with its place in the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WireEntry {
    /// Counts from 0; goes on when the oldest are dropped.
    pub number: u64,
    /// The first moment at which it has been sent: see [`Run::moment`](super::run::Run::moment).
    pub moment: u64,
    pub at: Timestamp,
    pub frame: Frame,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wire {
    entries: SharedLog<WireEntry>,
    next_number: u64,
}

impl Wire {
    /// Takes what was sent since the last call, which brought the run to `moment`.
    pub fn extend(&mut self, moment: u64, at: Timestamp, frames: Vec<Frame>) {
        for frame in frames {
            let entry = WireEntry { number: self.next_number, moment, at, frame };
            self.entries.push_bounded(entry, MAX_FRAMES);
            self.next_number += 1;
        }
    }

    /// The frames that are kept, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &WireEntry> {
        self.entries.iter()
    }
}
