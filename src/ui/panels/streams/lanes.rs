//! The lanes under the tape: how far each consumer is, and what its filters match.

use std::rc::Rc;

use crate::texts::Template;
use crate::texts::page::streams as texts;
use crate::ui::widgets::element::{Element, element};
use crate::view::streams::{Band, Bookmark, COLORS, LaneRow, STEP_PX, StreamRow};

/// What of a step lies between two cells.
const GAP_PX: u32 = 8;

/// Cells from its end that a tape shows on most screens.
const NEAR: usize = 9;

pub fn lanes(row: &StreamRow) -> Element {
    let more = || element("li", "lanes__more").text(texts::MORE_CONSUMERS.with([&row.more_lanes]));
    element("ul", "lanes")
        .each(row.lanes.iter().map(|lane| self::lane(row, lane)))
        .with((row.more_lanes > 0).then(more))
}

fn lane(row: &StreamRow, lane: &LaneRow) -> Element {
    let cells = row.tape.cells.len();
    // The name stays in view where the tape is scrolled, and bookmarks do not.
    let far = |name: Template<1>, at: Bookmark| {
        let says = || [" · ", &name.with([&at.stream_seq])].concat();
        (usize::from(at.at) + NEAR < cells).then(|| element("span", "").text(says()))
    };
    let delivered = if lane.is_start { texts::STARTS_BEHIND } else { texts::DELIVERED_TO };
    let name = element("span", "lanes__name")
        .with(element("b", "").text(Rc::clone(&lane.consumer)))
        .text(" ")
        .with(element("code", "").text(lane.filters_text()))
        .with(far(delivered, lane.delivered))
        .with(far(texts::ACK_FLOOR_AT, lane.ack_floor));
    element("li", "lanes__lane")
        .key(&*lane.consumer)
        .with(name)
        .with(bookmark("lanes__mark lanes__mark--delivered", delivered, lane.delivered, cells))
        .with(track(&lane.bands))
        .with(bookmark("lanes__mark lanes__mark--floor", texts::ACK_FLOOR_AT, lane.ack_floor, cells))
}

/// The bands, in one path for each colour: there may be one for every cell. Round ends add half of their height.
fn track(bands: &[Band]) -> Element {
    let path = |color: u8| {
        let drawn = bands.iter().filter(|band| band.color == color).map(|band| {
            let (from, len) = (STEP_PX * u32::from(band.from), STEP_PX * u32::from(band.cells));
            format!("M{} 4h{}", from + 4, len - GAP_PX - 8)
        });
        element("path", format!("lanes__band subject-{color}")).attr("d", drawn.collect::<String>())
    };
    element("svg", "lanes__track").attr("aria-hidden", "true").each((0..COLORS).map(path))
}

fn bookmark(class: &str, name: Template<1>, at: Bookmark, cells: usize) -> Element {
    let side = match usize::from(at.at) {
        0 | 1 => " lanes__mark--start",
        at if at + 1 >= cells => " lanes__mark--end",
        _ => "",
    };
    element("span", format!("{class}{side}"))
        .attr("style", format!("--at:{}", at.at))
        .with(element("span", "lanes__text").text(name.with([&at.stream_seq])))
}
