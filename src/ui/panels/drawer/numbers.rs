//! The numbers over time.

use yew::{AttrValue, Html};

use crate::texts::page::drawer as texts;
use crate::ui::action::OnAction;
use crate::ui::widgets::element::{Element, element, list};
use crate::ui::widgets::{light, lights};
use crate::view::drawer::Turn;
use crate::view::numbers::{NumbersPanel, Plot, SPANS};

use super::log::{choice, names};

pub fn numbers(panel: &NumbersPanel, on: &OnAction) -> Html {
    let spans = SPANS.iter().enumerate().map(|(place, (name, _))| (place.to_string().into(), AttrValue::Static(name)));
    let bar = element("div", "bar")
        .with(choice(texts::NUMBERS_OF, Some(texts::ALL), &panel.filter.of, names(&panel.names), on, |of| {
            Turn::NumbersOf(of.into())
        }))
        .with(choice(texts::SPAN, None, &panel.filter.span.to_string(), spans.collect(), on, |span| {
            Turn::NumbersSpan(span.parse().unwrap_or_default())
        }))
        .with(element("span", "muted plots__span").text([&*panel.from, " – ", &panel.to].concat()));
    let more =
        (panel.more > 0).then(|| element("p", "muted").text(texts::MORE_CHOOSE_STREAM_CONSUMER.with([&panel.more])));
    let plots = element("ul", "plots").on_lit(&lights(on)).each(panel.plots.iter().map(plot));
    let content =
        element("div", "plots__scroll").attr("tabindex", "0").attr("role", "region").label(texts::NUMBERS_OVER_TIME);
    list([bar, content.with((!panel.plots.is_empty()).then_some(plots)).with(more)])
}

fn plot(row: &Plot) -> Element {
    let name = [&*row.of, " ", row.name].concat();
    let spoken = texts::NOW_MOST.with([&name, &row.value, &row.most]);
    let drawn = element("svg", "plot__drawn")
        .attr("viewBox", "0 0 400 60")
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .label(spoken)
        .with(element("path", "").attr("d", row.path.clone()));
    element("li", "plot")
        .key(name.clone())
        .with(element("p", "plot__of").text(row.of.clone()))
        .with(element("p", "plot__name").with(element("code", "").text(row.name)).with(light(
            row.lit.as_ref(),
            row.value.clone(),
            &name,
        )))
        .with(drawn)
        .with(element("p", "plot__most").text(texts::AT_MOST.with([&row.most])))
}
