//! The lanes under the tape: how far each consumer is, and what its filters match.

use std::rc::Rc;

use crate::texts::Template;
use crate::texts::page::streams as texts;
use crate::ui::widgets::element::{Element, element};
use crate::view::streams::{Band, Bookmark, LaneRow, StreamRow};

pub fn lanes(row: &StreamRow) -> Element {
    let more = || element("li", "lanes__more").text(texts::MORE_CONSUMERS.with([&row.more_lanes]));
    element("ul", "lanes")
        .each(row.lanes.iter().map(|lane| self::lane(row, lane)))
        .with((row.more_lanes > 0).then(more))
}

fn lane(row: &StreamRow, lane: &LaneRow) -> Element {
    let cells = row.tape.cells.len();
    let name = element("span", "lanes__name")
        .with(element("b", "").text(Rc::clone(&lane.consumer)))
        .text(" ")
        .with(element("code", "").text(lane.filters_text()));
    element("li", "lanes__lane")
        .key(&*lane.consumer)
        .with(name)
        .with(bookmark("lanes__mark lanes__mark--delivered", texts::DELIVERED_TO, lane.delivered, cells))
        .with(element("span", "lanes__track").each(lane.bands.iter().map(band)))
        .with(bookmark("lanes__mark lanes__mark--floor", texts::ACK_FLOOR_AT, lane.ack_floor, cells))
}

fn band(band: &Band) -> Element {
    element("i", format!("lanes__band subject-{}", band.color))
        .attr("style", format!("--from:{};--over:{}", band.from, band.cells))
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
