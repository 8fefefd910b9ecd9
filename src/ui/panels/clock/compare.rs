//! What is different between the moment that is shown and a branch.

use std::rc::Rc;

use yew::Html;

use crate::texts::page::clock as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::phrase::phrase;
use crate::view::compare::{Comparison, Difference};
use crate::view::log::LogRow;

#[derive(PartialEq)]
pub struct Compare {
    pub row: Rc<Comparison>,
    pub on_action: OnAction,
}

impl Draw for Compare {
    fn draw(&self) -> Html {
        let row = &self.row;
        let title = texts::HERE_BRANCH.with([&row.here, &row.branch, &row.there]);
        let close = button("button button--small", texts::CLOSE_COMPARISON);
        let head = element("div", "compare__head")
            .with(element("h2", "compare__title").attr("id", "compare").text(title))
            .with(close.on_click(does(&self.on_action, PageAction::CloseComparison)));
        let logs = element("div", "compare__logs")
            .with(log(texts::SINCE_THEY_PARTED_HERE, &row.log_here))
            .with(log(texts::IN_THE_BRANCH, &row.log_there));
        element("section", "compare")
            .attr("aria-labelledby", "compare")
            .with(head)
            .with(element("p", "muted").text(texts::THEY_PARTED.with([&row.parted])))
            .with(self.table())
            .with(logs)
            .into_html()
    }
}

impl Compare {
    fn table(&self) -> Element {
        let row = &self.row;
        if row.streams.is_empty() && row.consumers.is_empty() {
            return element("p", "").text(texts::STREAMS_CONSUMERS_SAME);
        }
        let names = [texts::OF, texts::FIELD, texts::HERE, texts::BRANCH]
            .map(|name| element("th", "").attr("scope", "col").text(name));
        let line = |difference: &Difference| {
            element("tr", "")
                .with(element("th", "").attr("scope", "row").text(difference.of.clone()))
                .with(element("td", "").text(difference.what.clone()))
                .with(element("td", "").text(difference.here.clone()))
                .with(element("td", "").text(difference.there.clone()))
        };
        let table = element("table", "table")
            .with(element("thead", "").with(element("tr", "").each(names)))
            .with(element("tbody", "").each(row.streams.iter().chain(&row.consumers).map(line)));
        element("div", "compare__table")
            .attr("tabindex", "0")
            .attr("role", "region")
            .label(texts::DIFFERENCES)
            .with(table)
    }
}

fn log(title: &'static str, rows: &[LogRow]) -> Element {
    let line = |row: &LogRow| {
        element("li", "compare__line")
            .with(element("span", "log__time").text(row.time.clone()))
            .with(element("span", "").with(phrase(&row.says)))
    };
    let lines = if rows.is_empty() {
        element("p", "muted").text(texts::NOTHING_HAPPENED)
    } else {
        element("ol", "log__list").each(rows.iter().map(line))
    };
    element("div", "")
        .with(element("h3", "compare__title").text(title))
        .with(element("div", "compare__lines").attr("tabindex", "0").attr("role", "region").label(title).with(lines))
}
