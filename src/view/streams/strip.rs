//! What stands under a tape: the duplicate window, the next removal, the gave-up shelf.

use std::cmp::Reverse;

use crate::engine::stream::Stream;
use crate::engine::stream::config::{Discard, Retention};
use crate::engine::time::Timestamp;
use crate::texts::stream as texts;

use super::tape::oldest;
use super::{DedupBar, DedupId, GaveUpRow, NextRemoval};
use crate::view::scene::lossy;
use crate::view::{Ring, Scene, first_by, text};

/// Ids that the bar shows.
const SHOWN_IDS: usize = 6;
/// Messages on the shelf that are shown.
const SHOWN_GAVE_UP: usize = 6;
/// Messages given up that are looked at, for each consumer.
const LOOKED_AT: usize = 256;

/// The duplicate window; `None` where the stream has none.
pub fn dedup(scene: Scene<'_>, stream: &Stream) -> Option<DedupBar> {
    let window = stream.config.duplicate_window?;
    let more = stream.duplicates().len().saturating_sub(SHOWN_IDS);
    let mut newest: Vec<(&[u8], u64, Timestamp)> = stream.duplicates().iter(window).rev().take(SHOWN_IDS).collect();
    newest.reverse();
    let id = |(id, stream_seq, forgotten): (&[u8], u64, Timestamp)| DedupId {
        id: lossy(id),
        stream_seq,
        ring: Ring::at(scene.now(), forgotten - window, forgotten),
    };
    Some(DedupBar { window: text::duration(window), ids: newest.into_iter().map(id).collect(), more: more as u64 })
}

/// What goes next: by the limit that is reached, or by age or TTL if that is due, else by the ack that is missing.
pub fn next_removal(scene: Scene<'_>, stream: &Stream) -> Option<NextRemoval> {
    let by_ttl = stream.ttls().first().map(|(at, seq)| (at, seq, texts::TTL));
    let by_age = stream.oldest_ageing().map(|(at, seq)| (at, seq, texts::MAX_AGE_REMOVES));
    let due = by_ttl.into_iter().chain(by_age).filter(|_| !stream.config.sealed).min();
    let by_time = due.map(|(at, stream_seq, why)| {
        let left = text::countdown(at.since(scene.now()));
        NextRemoval { stream_seq, how: texts::BY_IN.with([&why, &left]) }
    });
    let oldest = oldest(stream.store())?;
    let is_full = stream.config.max_msgs.is_some_and(|max| stream.store().messages() >= max);
    if stream.config.discard == Discard::Old && is_full {
        let how = match by_time.filter(|next| next.stream_seq == oldest) {
            Some(next) => texts::BY_MAX_MSGS_OR.with([&next.how]),
            None => texts::MAX_MSGS_NEXT_PUBLISH.into(),
        };
        return Some(NextRemoval { stream_seq: oldest, how });
    }
    if by_time.is_some() {
        return by_time;
    }
    if stream.config.retention == Retention::Limits {
        return None;
    }
    let subject = stream.store().subject_of(oldest)?;
    let waits_for = stream.visible_consumers().find(|consumer| consumer.needs(oldest, subject))?;
    Some(NextRemoval { stream_seq: oldest, how: texts::WHEN_ACKS.with([&waits_for.name]) })
}

/// The shelf, the newest first.
pub fn gave_up(stream: &Stream) -> Vec<GaveUpRow> {
    let mut rows = Vec::new();
    for consumer in stream.visible_consumers() {
        let max = consumer.config.max_deliver.unwrap_or(u64::MAX);
        for (stream_seq, redeliveries) in consumer.ack_pending().given_up().take(LOOKED_AT) {
            if stream.store().contains(stream_seq) {
                let deliveries = (redeliveries + 1).min(max);
                rows.push(GaveUpRow { stream_seq, consumer: consumer.name.as_str().into(), deliveries });
            }
        }
    }
    first_by(SHOWN_GAVE_UP, rows.into_iter(), |row| Reverse(row.stream_seq))
}
