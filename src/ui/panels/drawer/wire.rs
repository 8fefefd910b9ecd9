//! The wire.

use yew::{Html, InputEvent};

use crate::texts::page::drawer as texts;
use crate::ui::action::OnAction;
use crate::ui::widgets::element::{Element, button, element, list};
use crate::ui::widgets::{does, is_ticked};
use crate::view::drawer::Turn;
use crate::view::wire::{WireDetail, WirePanel, WireRow};

use super::log::{self, choice, names, search};
use super::{inspector, turn};

pub fn wire(panel: &WirePanel, on: &OnAction) -> Html {
    let content = if panel.rows.is_empty() {
        element("p", "muted").text(texts::NOTHING_LIKE_WENT_OVER)
    } else {
        element("ol", "wire__list").each(panel.rows.iter().map(|row| line(row, on)))
    };
    let more =
        || button("button button--small log__more", texts::SHOW_OLDER_LINES).on_click(does(on, turn(Turn::WireMore)));
    let lines =
        element("div", "log__lines wire__lines").attr("tabindex", "0").attr("role", "region").label(texts::WIRE_LINES);
    list([bar(panel, on), lines.with(element("div", "").with(panel.has_more.then(more)).with(content))])
}

fn bar(panel: &WirePanel, on: &OnAction) -> Element {
    let filter = &panel.filter;
    let on_noise = on.reform(|event: InputEvent| turn(Turn::WireNoise(is_ticked(&event))).into());
    let noise =
        element("input", "input input--tick").attr("type", "checkbox").checked(filter.has_noise).on_input(on_noise);
    element("div", "bar")
        .with(choice(texts::CLIENT, Some(texts::ALL_CLIENTS), &filter.client, names(&panel.clients), on, |name| {
            Turn::WireClient(name.into())
        }))
        .with(search(texts::SEARCH_WIRE, &filter.search, on, Turn::WireSearch))
        .with(element("label", "bar__tick").with(noise).text(texts::PING_HEARTBEATS))
}

fn line(row: &WireRow, on: &OnAction) -> Element {
    let is_open = row.detail.is_some();
    let arrow = if row.from_client { ("▸", texts::TO_SERVER) } else { ("◂", texts::FROM_SERVER) };
    let open = turn(Turn::WireOpen((!is_open).then_some(row.number)));
    let opener = button("wire__op", "")
        .state("aria-expanded", is_open)
        .on_click(does(on, open))
        .with(element("span", "wire__client").text(row.client.clone()))
        .with(element("span", "log__sign").attr("aria-hidden", "true").text(arrow.0))
        .with(element("span", "hidden").text(arrow.1))
        .with(element("code", "wire__verb").text(row.verb))
        .with(element("code", "wire__on").text(row.on.clone()))
        .with(
            element("span", if row.is_error { "wire__says wire__says--error" } else { "wire__says" })
                .text(row.says.clone()),
        );
    element("li", "")
        .key(row.number)
        .with(element("div", "wire__line").with(log::time(&row.time, row.moment)).with(opener))
        .with(row.detail.as_deref().map(|of| detail(of, on)))
}

fn detail(row: &WireDetail, on: &OnAction) -> Element {
    let parts = row.parts.iter().map(|(name, value)| (*name, &**value));
    let headers = row.headers.iter().map(|(name, value)| (&**name, &**value));
    let caused = || {
        list([
            element("h4", "inspector__part").text(texts::WHAT_HAPPENED),
            element("ol", "").each(row.caused.iter().map(log::line)),
        ])
    };
    let partner = |(number, label): (u64, &'static str)| {
        button("button button--small", label).on_click(does(on, turn(Turn::WireOpen(Some(number)))))
    };
    element("div", "wire__detail")
        .with(inspector::facts(parts))
        .with((!row.headers.is_empty()).then(|| element("h4", "inspector__part").text(texts::HEADERS)))
        .with((!row.headers.is_empty()).then(|| inspector::facts(headers)))
        .with(row.payload.as_ref().map(inspector::text))
        .with(row.partner.map(partner))
        .with((!row.caused.is_empty()).then(caused))
}
