//! The belt of a push consumer.

use crate::texts::page::consumers as texts;
use crate::ui::widgets::element::{Element, element};
use crate::view::consumers::Belt;
use crate::view::text;

pub fn belt(row: &Belt) -> Element {
    let cell = |(delivery, seq): &(u64, u64)| element("li", "belt__cell").key(*delivery).text(text::seq(*seq));
    let carried = element("ol", if row.is_running { "belt__band belt__band--runs" } else { "belt__band" })
        .label(texts::LAST_DELIVERIES)
        .each(row.carried.iter().map(cell));
    let window =
        row.window.as_ref().map(|window| element("p", "belt__window").text(texts::FLOW_CONTROL.with([&window])));
    element("div", "belt")
        .with(element("p", "belt__says").with(element("b", "").text(texts::BELT)).text(" ").text(row.says))
        .with(carried)
        .with(window)
}
