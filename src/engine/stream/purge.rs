//! Purge: many messages go at once. Consumers follow without a word about each message.
//!
//! Source: nats-server `server/stream.go` (`purgeLocked`), `server/memstore.go` (`PurgeEx`).

use super::consumers::readers;
use super::{Context, Stream};
use crate::engine::error::ApiError;
use crate::engine::event::{Event, Removal};
use crate::engine::store::{Purge, RemovedMessage};
use crate::engine::subject::{SubjectFilter, is_subset};

/// What `STREAM.PURGE` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeRequest {
    /// Only subjects that this covers.
    pub filter: Option<String>,
    /// Only messages below this sequence.
    pub seq: Option<u64>,
    /// All but the newest so many.
    pub keep: Option<u64>,
}

impl Stream {
    /// Purges what the request names. Returns how many messages went.
    ///
    /// # Errors
    /// If the stream is sealed or forbids to purge.
    pub fn purge(&mut self, ctx: &mut Context<'_>, request: &PurgeRequest) -> Result<u64, ApiError> {
        if self.config.sealed {
            return Err(ApiError::StreamSealed);
        }
        if self.config.deny_purge {
            return Err(ApiError::StreamPurgeFailed { err: "stream purge not permitted".to_owned() });
        }
        let filter = request.filter.as_deref().map(str::as_bytes);
        Ok(self.purge_matching(ctx, filter, request.seq, request.keep.unwrap_or(0), Removal::Purged))
    }

    /// Deletes one message.
    ///
    /// # Errors
    /// If the stream is sealed or forbids to delete, or there is no such message.
    pub fn delete_message(&mut self, ctx: &mut Context<'_>, seq: u64) -> Result<(), ApiError> {
        if self.config.sealed {
            return Err(ApiError::StreamSealed);
        }
        if self.config.deny_delete {
            return Err(ApiError::StreamMsgDeleteFailed { err: "message delete not permitted".to_owned() });
        }
        if self.remove_message(ctx, seq, Removal::Deleted) { Ok(()) } else { Err(ApiError::SequenceNotFound { seq }) }
    }

    /// Removes messages below `before` (all, if `None`) that `filter` covers, and keeps the newest `keep` of them.
    pub(super) fn purge_matching(
        &mut self,
        ctx: &mut Context<'_>,
        filter: Option<&[u8]>,
        before: Option<u64>,
        keep: u64,
        cause: Removal,
    ) -> u64 {
        let valid = filter.map(|filter| std::str::from_utf8(filter).ok().and_then(SubjectFilter::new));
        let (id, ttls, exempt, schedules) = (self.id, &mut self.ttls, &mut self.exempt, &mut self.schedules);
        let mut last_removed = None;
        let mut removed = |message: RemovedMessage<'_>| {
            let seq = message.seq;
            ttls.remove(seq);
            exempt.remove(seq);
            schedules.handle_removed(seq, message.subject);
            last_removed = Some((seq, Vec::from(message.subject)));
            ctx.tell(|| Event::Removed { stream: id, seq, cause });
        };
        let purged = match valid {
            Some(None) => 0,
            Some(Some(filter)) => self.store.purge(&Purge { filters: &[filter], below: before, keep }, &mut removed),
            None => self.store.purge(&Purge { filters: &[], below: before, keep }, &mut removed),
        };
        let is_partial = filter.is_some() || keep > 0;
        match last_removed {
            // One message alone goes as if it had been deleted, but that consumers follow the purge before they take it
            // as an ack.
            Some((seq, subject)) if purged == 1 && is_partial => {
                let readers = readers(&mut self.latest_readers, &self.filters, &subject);
                self.tell_removed(ctx.now, seq, &readers);
            }
            Some(_) => self.tell_bulk_removal(ctx),
            None => {}
        }
        self.follow_purge(ctx, filter);
        self.terminate_removed(ctx);
        purged
    }

    pub(super) fn tell_bulk_removal(&mut self, ctx: &mut Context<'_>) {
        for id in self.consumers.ids() {
            self.with_consumer(ctx, id, |consumer, _, stream| consumer.handle_bulk_removal(stream.store));
        }
    }

    /// Lets the consumers whose subjects were purged follow.
    fn follow_purge(&mut self, ctx: &mut Context<'_>, filter: Option<&[u8]>) {
        let stream_first = self.store.first_seq();
        let start = match filter {
            None => stream_first,
            Some(filter) => self.first_matching(filter).unwrap_or(self.store.last_seq() + 1),
        };
        for id in self.consumers.ids() {
            self.with_consumer(ctx, id, |consumer, ctx, stream| {
                let (is_covered, is_concerned) =
                    filter.map_or((true, true), |purged| reach(purged, consumer.filters()));
                if is_covered {
                    consumer.handle_purge(ctx, stream.store, start, false);
                } else if is_concerned {
                    consumer.handle_purge(ctx, stream.store, stream_first, true);
                }
            });
        }
    }
}

/// Whether a purge of subjects covers all that a consumer with the filters `own` reads, and whether it concerns the
/// consumer at all: filters that merely cross do not count.
fn reach(purged: &[u8], own: &[SubjectFilter]) -> (bool, bool) {
    let covered = own.iter().filter(|own| is_subset(own.as_bytes(), purged)).count();
    let is_wider = own.is_empty() || own.iter().any(|own| is_subset(purged, own.as_bytes()));
    (covered > 0 && covered == own.len(), covered > 0 || is_wider)
}
