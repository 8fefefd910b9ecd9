//! What the signs mean, and which keys work.

use crate::texts::page::help as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};

pub fn help(on: &OnAction) -> Element {
    let body = element("div", "dialog__body")
        .attr("tabindex", "0")
        .attr("role", "region")
        .label(texts::SIGNS_KEYS)
        .with(list(&texts::SIGNS))
        .with(element("h3", "dialog__group").text(texts::KEYS_TITLE))
        .with(list(&texts::KEYS));
    let close = button("button button--main", texts::CLOSE).on_click(does(on, PageAction::CloseDialog));
    let single = element("a", "dialog__link")
        .attr("href", "jetstream-sim.html")
        .attr("download", "jetstream-sim.html")
        .attr("data-single", "")
        .text(texts::DOWNLOAD_PAGE_ONE_FILE);
    element("div", "dialog__form").with(body).with(element("div", "dialog__foot").with(single).with(close))
}

fn list(entries: &[(&'static str, &'static str)]) -> Element {
    let entry = |(sign, meaning): &(&'static str, &'static str)| {
        element("div", "").with(element("dt", "").text(*sign)).with(element("dd", "").text(*meaning))
    };
    element("dl", "help").each(entries.iter().map(entry))
}
