//! The tape as a table.

use std::rc::Rc;

use yew::AttrValue;

use crate::texts::page::streams as texts;
use crate::ui::widgets::element::{Element, element};
use crate::view::streams::{CellContent, CellState, LaneRow, StoredCell, StreamRow, TapeCell};

pub fn table(row: &StreamRow) -> Element {
    let messages = head([texts::SEQ, texts::SUBJECT, texts::STATE, texts::DELIVERED])
        .with(element("tbody", "").each(row.tape.cells.iter().map(message)));
    let consumers = head([texts::CONSUMER, texts::FILTER, texts::ACK_FLOOR, texts::DELIVERED])
        .with(element("tbody", "").each(row.lanes.iter().map(consumer)));
    element("div", "streams__table")
        .attr("tabindex", "0")
        .attr("role", "region")
        .label(texts::MESSAGES_CONSUMERS.with([&row.name]))
        .with(messages)
        .with(consumers)
}

fn head(names: [&'static str; 4]) -> Element {
    let names = names.map(|name| element("th", "").attr("scope", "col").text(name));
    element("table", "table").with(element("thead", "").with(element("tr", "").each(names)))
}

fn line(name: impl Into<AttrValue>, cells: [AttrValue; 3]) -> Element {
    element("tr", "")
        .with(element("th", "").attr("scope", "row").text(name))
        .each(cells.map(|cell| element("td", "").text(cell)))
}

fn message(cell: &TapeCell) -> Element {
    match &cell.content {
        CellContent::Hole { cause, .. } => {
            line(cell.numbers(), ["".into(), cause.label().into(), "".into()]).attr("class", "table__hole")
        }
        CellContent::Stored(stored) => {
            let delivered = stored.pips.map_or_else(String::new, |pips| pips.delivered.to_string());
            line(cell.numbers(), [Rc::clone(&stored.subject).into(), state(stored).into(), delivered.into()])
        }
    }
    .key(cell.seq)
}

fn consumer(lane: &LaneRow) -> Element {
    let cells = [
        lane.filters_text().into(),
        lane.ack_floor.stream_seq.to_string().into(),
        lane.delivered.stream_seq.to_string().into(),
    ];
    line(Rc::clone(&lane.consumer), cells).key(&*lane.consumer)
}

fn state(cell: &StoredCell) -> String {
    match &cell.state {
        CellState::InFlight(ring) | CellState::Delayed(ring) => {
            texts::STATE_LEFT.with([&cell.state.label(), &ring.left])
        }
        state => state.label().into(),
    }
}
