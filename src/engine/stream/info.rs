//! What INFO and its kin say about a stream.
//!
//! Source: nats-server `server/jetstream_api.go` (`jsStreamInfoRequest`).

use super::{Context, Stream};
use crate::engine::api::wire::{StreamInfo, StreamState, SubjectCounts};
use crate::engine::sorted_map::SortedMap;
use crate::engine::subject::SubjectFilter;

/// Subjects that one INFO shows.
pub const SUBJECTS_PAGE: usize = 100_000;

/// The subjects that an INFO was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectDetails {
    pub counts: SubjectCounts,
    /// Subjects that match in all; 0 if nothing was asked for or found.
    pub total: u64,
    pub offset: u64,
    pub limit: u64,
}

impl Stream {
    pub fn state(&self, with_deleted: bool) -> StreamState {
        StreamState {
            messages: self.store.messages(),
            bytes: self.store.bytes(),
            first_seq: self.store.first_seq(),
            first_ts: self.store.first_time(),
            last_seq: self.store.last_seq(),
            last_ts: self.store.last_time(),
            num_subjects: self.store.num_subjects(),
            subjects: SubjectCounts::default(),
            num_deleted: self.store.num_deleted(),
            deleted: if with_deleted { self.store.deleted().take(MAX_DELETED).collect() } else { Vec::new() },
            consumer_count: self.visible_consumers().count() as u64,
        }
    }

    /// Configuration and state, as CREATE and LIST show them. `shown` adds the server's version to the metadata.
    pub fn info(&self, ctx: &Context<'_>, shown: bool) -> StreamInfo {
        StreamInfo {
            config: if shown { self.config.shown() } else { self.config.clone() },
            created: self.created,
            state: self.state(false),
            domain: None,
            cluster: None,
            mirror: self.mirror_info(ctx.now),
            sources: self.sources_info(ctx.now),
            ts: ctx.now,
        }
    }

    /// The stored subjects that `filter` covers, with their counts, from the `offset`th on.
    pub fn subject_details(&self, filter: &str, offset: i64) -> SubjectDetails {
        let offset = u64::try_from(offset).unwrap_or(0);
        let Some(filter) = SubjectFilter::new(filter) else { return SubjectDetails::default() };
        let filters = [filter];
        let total = self.store.count_subjects(&filters);
        if total == 0 {
            return SubjectDetails::default();
        }
        let page = self.store.subjects(&filters, usize::try_from(offset).unwrap_or(usize::MAX), SUBJECTS_PAGE);
        let counts: SortedMap<Vec<u8>, u64> =
            page.into_iter().map(|(subject, count)| (subject.to_vec(), count)).collect();
        SubjectDetails { counts: SubjectCounts(counts), total, offset, limit: SUBJECTS_PAGE as u64 }
    }
}

/// Deleted sequences that one INFO lists, so that a jump of the sequence does not fill the memory.
const MAX_DELETED: usize = 1_000_000;
