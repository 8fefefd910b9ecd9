//! Cells of a tape: which places a window shows, what stands there, what left.

use std::rc::Rc;

use crate::engine::consumer::Consumer;
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::event::Event;
use crate::engine::store::{MessageStore, StoredMessage};
use crate::engine::stream::Stream;
use crate::engine::stream::config::StreamConfig;
use crate::engine::subject::tokens;
use crate::texts::stream as texts;

use super::marks::marks;
use super::{CellContent, CellState, HoleCause, StoredCell, Tape, TapeCell, TapeWindow, WINDOW_CELLS};
use crate::view::lit::light;
use crate::view::scene::lossy;
use crate::view::{Pips, Ring, Scene};

/// Sequences that a window looks at, at most: long holes are one cell, but each place in them is looked up.
const MAX_STEPS: usize = 4_000;
/// Holes of one cause in a row beyond this share a cell.
const APART: u64 = 3;
/// Consumers that are asked about a message.
const ASKED: usize = 64;
/// The colours of subjects.
pub const COLORS: u8 = 6;

/// A place, or several that are empty for one cause.
struct Place {
    first: u64,
    last: u64,
    /// `None` where a message is stored.
    hole: Option<HoleCause>,
}

/// The window of `stream`'s tape that the reader looks at.
pub fn tape(scene: Scene<'_>, stream: &Stream) -> Tape {
    let store = stream.store();
    let places = match scene.focus.window(&stream.config.name) {
        TapeWindow::Newest => {
            let mut places = places(scene, stream, (1..=store.last_seq()).rev());
            places.reverse();
            places
        }
        TapeWindow::From(first) => places(scene, stream, first..=store.last_seq()),
    };
    let duplicates = duplicates(scene, stream);
    let mut cells: Vec<TapeCell> =
        places.into_iter().filter_map(|place| cell(scene, stream, &place, &duplicates)).collect();
    light(scene, stream, &mut cells);
    let unseen = if scene.focus.is_dragging { cells.len().saturating_sub(scene.focus.seen_cells) } else { 0 };
    let (first, last) = (cells.first().map(|cell| cell.seq), cells.last().map(TapeCell::last_seq));
    Tape {
        first_seq: store.first_seq(),
        last_seq: store.last_seq(),
        has_earlier: store.messages() > 0 && first.is_some_and(|first| store.first_seq() < first),
        has_later: last.is_some_and(|last| last < store.last_seq()),
        cells,
        unseen,
    }
}

/// The places of the sequences `seqs`, up and down alike, as many as a window holds.
fn places(scene: Scene<'_>, stream: &Stream, seqs: impl Iterator<Item = u64>) -> Vec<Place> {
    let store = stream.store();
    let mut places: Vec<Place> = Vec::new();
    for seq in seqs.take(MAX_STEPS) {
        let hole = (!store.contains(seq)).then(|| hole_cause(scene, stream, seq));
        if let Some(run) = places.last_mut().filter(|before| hole.is_some() && before.hole == hole) {
            (run.first, run.last) = (run.first.min(seq), run.last.max(seq));
        } else if places.len() < WINDOW_CELLS {
            places.push(Place { first: seq, last: seq, hole });
        } else {
            break;
        }
    }
    let is_downward = places.first().zip(places.last()).is_some_and(|(a, b)| a.first > b.first);
    let mut apart: Vec<Place> = Vec::with_capacity(places.len());
    for place in places {
        if place.last - place.first >= APART {
            apart.push(place);
            continue;
        }
        let one = |seq| Place { first: seq, last: seq, hole: place.hole };
        let seqs = place.first..=place.last;
        if is_downward { apart.extend(seqs.rev().map(one)) } else { apart.extend(seqs.map(one)) }
    }
    apart.truncate(WINDOW_CELLS);
    apart
}

/// What a hole says of why its message left.
pub fn hole_cause(scene: Scene<'_>, stream: &Stream, seq: u64) -> HoleCause {
    match scene.trace.removal(stream.id, seq) {
        Some(cause) => HoleCause::Left(cause),
        None if stream.config.first_seq.is_some_and(|first| seq < first) => HoleCause::NeverThere,
        None => HoleCause::Forgotten,
    }
}

/// Of late: which messages publishes with a known id ended at.
fn duplicates(scene: Scene<'_>, stream: &Stream) -> Vec<u64> {
    let of_stream = |event: &Event| match event {
        Event::Duplicate { stream: id, original_seq, .. } if *id == stream.id => Some(*original_seq),
        _ => None,
    };
    scene.recent().filter_map(|traced| of_stream(&traced.event)).collect()
}

fn cell(scene: Scene<'_>, stream: &Stream, place: &Place, duplicates: &[u64]) -> Option<TapeCell> {
    let seq = place.first;
    if let Some(cause) = place.hole {
        return Some(TapeCell::new(seq, CellContent::Hole { last_seq: place.last, cause }));
    }
    let message = stream.store().get(seq)?;
    let (state, pips) = state(scene, stream, &message);
    let duplicates = duplicates.iter().filter(|original| **original == seq).count() as u64;
    let stored = StoredCell {
        subject: lossy(message.subject).into(),
        label: label(&stream.config, message.subject),
        color: color(message.subject),
        state,
        pips,
        duplicates,
        marks: marks(scene, stream, &message, duplicates),
    };
    Some(TapeCell::new(seq, CellContent::Stored(stored)))
}

/// The subject without the words that all subjects of its filter begin with.
fn label(config: &StreamConfig, subject: &[u8]) -> Rc<str> {
    let filter = config.subjects.iter().find(|filter| filter.matches(subject));
    // A mirror has no subjects of its own; those of its origin mostly begin with the same word.
    let shared = filter.map_or(usize::from(config.mirror.is_some()), |filter| {
        tokens(filter.as_bytes()).zip(tokens(subject)).take_while(|(token, found)| token == found).count()
    });
    let rest: Vec<&[u8]> = tokens(subject).skip(shared).collect();
    lossy(if rest.is_empty() { subject.to_vec() } else { rest.join(&b'.') }.as_slice()).into()
}

/// The same for the same subject, everywhere.
pub fn color(subject: &[u8]) -> u8 {
    let hash = subject.iter().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    u8::try_from((hash ^ hash >> 15) % u32::from(COLORS)).unwrap_or(0)
}

/// How far a message is with the consumer that most waits for it, and how often that one delivered it.
fn state(scene: Scene<'_>, stream: &Stream, message: &StoredMessage<'_>) -> (CellState, Option<Pips>) {
    let of_consumer = |consumer: &Consumer| {
        let pending = consumer.ack_pending();
        let delivered = pending.redeliveries(message.seq) + 1;
        let pips = |delivered| Some(Pips { delivered, max: consumer.config.max_deliver });
        match pending.get(message.seq) {
            Some(entry) => {
                let state = match entry.state {
                    PendingState::Due if consumer.config.max_deliver.is_some_and(|max| delivered >= max) => {
                        CellState::LastDue
                    }
                    PendingState::Due => CellState::Redeliver,
                    PendingState::InFlight(due) => CellState::InFlight(Ring::at(scene.now(), entry.since, due)),
                    PendingState::NakDelayed(due) => CellState::Delayed(Ring::at(
                        scene.now(),
                        delay_began(scene, stream, consumer, message.seq),
                        due,
                    )),
                    PendingState::Unbounded => {
                        CellState::InFlight(Ring { permille: 1000, left: texts::NO_LIMIT.into() })
                    }
                };
                Some((state, pips(delivered)))
            }
            None if pending.is_redelivered(message.seq) => {
                Some((CellState::GaveUp, pips(consumer.config.max_deliver.map_or(delivered, |max| delivered.min(max)))))
            }
            None => None,
        }
    };
    let states = stream.visible_consumers().take(ASKED).filter_map(of_consumer);
    states.min_by_key(|(state, _)| rank(state)).unwrap_or((CellState::Resting, None))
}

/// The most pressing first.
const fn rank(state: &CellState) -> (u8, u16) {
    match state {
        CellState::Redeliver | CellState::LastDue => (0, 0),
        CellState::InFlight(ring) => (1, ring.permille),
        CellState::Delayed(ring) => (2, ring.permille),
        CellState::GaveUp => (3, 0),
        CellState::Resting => (4, 0),
    }
}

/// When the delay of a nak began.
pub fn delay_began(scene: Scene<'_>, stream: &Stream, consumer: &Consumer, seq: u64) -> crate::engine::time::Timestamp {
    let is_it = |event: &Event| {
        matches!(event, Event::Naked { stream: id, consumer: of, stream_seq, .. }
            if *id == stream.id && *of == consumer.id && *stream_seq == seq)
    };
    scene.recent().find(|traced| is_it(&traced.event)).map_or(scene.now(), |traced| traced.at)
}

/// The oldest message that is stored.
pub fn oldest(store: &MessageStore) -> Option<u64> {
    (store.messages() > 0).then(|| store.first_seq())
}
