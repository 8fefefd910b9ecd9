//! Lanes: how far each consumer is on the window of a tape.

use std::rc::Rc;

use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;

use super::{Band, Bookmark, CellContent, LaneRow, SHOWN_LANES, Tape, TapeCell};

/// The lanes of the first consumers, on the window that `tape` shows.
pub fn lanes(stream: &Stream, tape: &Tape) -> Vec<LaneRow> {
    stream
        .consumers()
        .filter(|consumer| !consumer.is_hidden())
        .take(SHOWN_LANES)
        .map(|consumer| lane(consumer, tape))
        .collect()
}

fn lane(consumer: &Consumer, tape: &Tape) -> LaneRow {
    let delivered = consumer.reported_delivered();
    LaneRow {
        consumer: consumer.name.as_str().into(),
        filters: consumer.filters().iter().map(|filter| Rc::from(filter.as_str())).collect(),
        bands: bands(consumer, &tape.cells),
        ack_floor: bookmark(consumer.reported().ack_floor.stream_seq, &tape.cells),
        delivered: bookmark(delivered.stream_seq, &tape.cells),
        is_start: delivered.consumer_seq == 0 && delivered.stream_seq > 0,
    }
}

fn bands(consumer: &Consumer, cells: &[TapeCell]) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    for (column, cell) in (0..).zip(cells) {
        let CellContent::Stored(stored) = &cell.content else { continue };
        if !consumer.matches(stored.subject.as_bytes()) {
            continue;
        }
        match bands.last_mut().filter(|band| band.from + band.cells == column && band.color == stored.color) {
            Some(band) => band.cells += 1,
            None => bands.push(Band { from: column, cells: 1, color: stored.color }),
        }
    }
    bands
}

/// A bookmark stands behind the last cell that it covers wholly.
fn bookmark(stream_seq: u64, cells: &[TapeCell]) -> Bookmark {
    let covered = cells.iter().take_while(|cell| cell.last_seq() <= stream_seq).count();
    Bookmark { stream_seq, at: u16::try_from(covered).unwrap_or(u16::MAX) }
}
