//! The tape: numbered cells, holes with their causes.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::{AttrValue, Callback};

use crate::texts::page::streams as texts;
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::pips::pips;
use crate::ui::widgets::ring::{RingKind, ring};
use crate::ui::widgets::{heard, message};
use crate::view::streams::{CellContent, CellState, StoredCell, StreamRow, TapeCell};

pub fn tape(row: &StreamRow) -> Element {
    if row.tape.cells.is_empty() {
        return element("p", "tape__empty").text(texts::NOTHING_STORED_YET);
    }
    let room = |cells: &usize| element("li", "").key("unseen").attr("style", format!("grid-column:span {cells}"));
    let unseen = Some(row.tape.unseen).filter(|cells| *cells > 0).as_ref().map(room);
    element("ol", "tape")
        .label(texts::MESSAGES_OF.with([&row.name]))
        .on_key(Callback::from(walk))
        .each(unseen.into_iter().chain(row.tape.cells[row.tape.unseen..].iter().map(|cell| place(row, cell))))
}

fn place(row: &StreamRow, cell: &TapeCell) -> Element {
    let class = match (&cell.content, cell.is_lit, cell.has_come) {
        (CellContent::Hole { .. }, false, _) => "tape__hole",
        (CellContent::Hole { .. }, true, _) => "tape__hole tape__hole--lit",
        (CellContent::Stored(_), false, false) => "tape__place",
        (CellContent::Stored(_), false, true) => "tape__place tape__place--come",
        (CellContent::Stored(_), true, false) => "tape__place tape__place--lit",
        (CellContent::Stored(_), true, true) => "tape__place tape__place--lit tape__place--come",
    };
    let (seq, place) = (cell.seq, element("li", class).key(cell.slot));
    match &cell.content {
        CellContent::Hole { cause, .. } => place.with(hole(row, cell, cause.label())),
        CellContent::Stored(cell) => place.with(stored(row, seq, cell)).with(cell.pips.map(pips)),
    }
}

/// What stands in a hole; asked, it says why.
fn hole(row: &StreamRow, cell: &TapeCell, cause: &'static str) -> Element {
    let seq = cell.last_seq();
    let is_selected = row.hole.as_ref().is_some_and(|(hole, _)| *hole == seq);
    message(button("tape__gone", ""), &row.name, seq)
        .attr("tabindex", if is_selected { "0" } else { "-1" })
        .state("aria-pressed", is_selected)
        .with(element("span", "").text(cell.numbers()))
        .with(element("span", "").text(cause))
}

fn stored(row: &StreamRow, seq: u64, cell: &StoredCell) -> Element {
    let is_selected = row.selected.as_ref().is_some_and(|detail| detail.stream_seq == seq);
    // Only one cell is a stop of the tab key; arrows go from there.
    let is_stop = is_selected || (row.selected.is_none() && row.tape.newest_stored() == Some(seq));
    let state = match cell.state {
        CellState::Resting => "",
        CellState::InFlight(_) => " tape__cell--flight",
        CellState::Delayed(_) => " tape__cell--delayed",
        CellState::Redeliver | CellState::LastDue => " tape__cell--again",
        CellState::GaveUp => " tape__cell--gave-up",
    };
    let bounced = if cell.duplicates > 0 { " tape__cell--bounced" } else { "" };
    message(element("button", format!("tape__cell{state}{bounced} subject-{}", cell.color)), &row.name, seq)
        // A new key for every duplicate lets the cell bounce again.
        .key(cell.duplicates)
        .attr("type", "button")
        .attr("tabindex", if is_stop { "0" } else { "-1" })
        .state("aria-pressed", is_selected)
        .title(title(cell))
        .with(element("span", "tape__seq").text(seq.to_string()))
        .with(sign(&cell.state))
        .with(
            cell.marks.first().map(|mark| element("span", "tape__mark").attr("aria-hidden", "true").text(mark.clone())),
        )
        .with(element("span", "tape__label").text(label(cell)))
        .with(heard(spoken(cell)))
}

fn sign(state: &CellState) -> Option<Element> {
    match state {
        CellState::InFlight(row) => Some(ring(row, RingKind::AckWait)),
        CellState::Delayed(row) => Some(ring(row, RingKind::Delay)),
        CellState::Redeliver => Some(element("span", "tape__sign").attr("aria-hidden", "true").text("↺")),
        CellState::Resting | CellState::LastDue | CellState::GaveUp => None,
    }
}

/// What stands at the foot of the cell. It may break behind every dot; below a mark there is room for the last token.
fn label(cell: &StoredCell) -> AttrValue {
    match cell.state {
        CellState::GaveUp => texts::CELL_GAVE_UP.into(),
        _ if !cell.marks.is_empty() => cell.label.rsplit('.').next().unwrap_or_default().to_owned().into(),
        _ => cell.label.replace('.', ".\u{200b}").into(),
    }
}

/// The subject in full, and all marks.
fn title(cell: &StoredCell) -> String {
    let marks = cell.marks.iter().map(|mark| &**mark);
    [&*cell.subject].into_iter().chain(marks).collect::<Vec<_>>().join(", ")
}

fn spoken(cell: &StoredCell) -> String {
    let state = match &cell.state {
        CellState::InFlight(ring) | CellState::Delayed(ring) => {
            texts::STATE_LEFT.with([&cell.state.label(), &ring.left])
        }
        state => state.label().into(),
    };
    format!(" {}, {state}", title(cell))
}

/// Left and right go from cell to cell.
fn walk(event: KeyboardEvent) {
    let key = event.key();
    let from = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let next_place = |place: &web_sys::Element| match &*key {
        "ArrowLeft" => place.previous_element_sibling(),
        "ArrowRight" => place.next_element_sibling(),
        _ => None,
    };
    let mut place = from.and_then(|from| from.closest("li").ok().flatten()).as_ref().and_then(next_place);
    while let Some(at) = place {
        if let Ok(Some(cell)) = at.query_selector("button")
            && let Ok(cell) = cell.dyn_into::<HtmlElement>()
        {
            event.prevent_default();
            // A cell that has just gone cannot be focused, and need not.
            let _ = cell.focus();
            return;
        }
        place = next_place(&at);
    }
}
