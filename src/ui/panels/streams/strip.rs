//! Under the tape: the duplicate window, what goes next, what was given up.

use std::rc::Rc;

use crate::texts::page::streams as texts;
use crate::texts::stream::TIMES;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::view::streams::{DedupBar, DedupId, GaveUpRow, StreamRow};
use crate::view::text::counted;

pub fn strip(row: &StreamRow, on: &OnAction) -> Element {
    let dedup = |dedup: &DedupBar| item(texts::DEDUP_WINDOW.with([&dedup.window]), ids(dedup));
    let next_removal = match &row.next_removal {
        None => muted(texts::NONE_DUE),
        Some(next) => element("b", "strip__next").text(format!("✂ #{} {}", next.stream_seq, next.how)),
    };
    let shelf = || {
        let shelf =
            element("span", "strip__shelf").each(row.gave_up.iter().map(|given_up| given_up_on(row, given_up, on)));
        item(texts::GAVE_UP.into(), shelf)
    };
    element("dl", "strip")
        .with(row.dedup.as_ref().map(dedup))
        .with(item(texts::NEXT_REMOVAL.into(), next_removal))
        .with((!row.gave_up.is_empty()).then(shelf))
}

fn item(name: String, content: impl Node) -> Element {
    element("div", "strip__item").with(element("dt", "").text(name)).with(element("dd", "").with(content))
}

fn muted(words: impl Into<yew::AttrValue>) -> Element {
    element("span", "muted").text(words)
}

fn ids(dedup: &DedupBar) -> Element {
    if dedup.ids.is_empty() {
        return muted(texts::EMPTY);
    }
    let id = |row: &DedupId| {
        element("code", "strip__id")
            .title(texts::REMEMBERED_ANOTHER.with([&row.stream_seq, &row.ring.left]))
            .attr("style", format!("--left:{}.{}%", row.ring.permille / 10, row.ring.permille % 10))
            .text(row.id.clone())
    };
    element("span", "strip__ids")
        .with((dedup.more > 0).then(|| muted(texts::MORE_IDS.with([&dedup.more]))))
        .each(dedup.ids.iter().map(id))
}

fn given_up_on(row: &StreamRow, given_up: &GaveUpRow, on: &OnAction) -> Element {
    let seq = given_up.stream_seq;
    button("button button--small strip__given-up", format!("#{seq}"))
        .title(texts::DELIVERED_TIMES_STAYS_STREAM.with([&given_up.consumer, &counted(given_up.deliveries, TIMES)]))
        .on_click(does(on, PageAction::Select(Some((Rc::clone(&row.name), seq)))))
}
