//! The log.

use std::rc::Rc;

use yew::Html;

use crate::ui::widgets::element::{Element, Node, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::phrase::phrase;
use crate::view::log::{LogKind, LogRow};

/// The panel.
#[derive(PartialEq)]
pub struct Log {
    pub rows: Rc<[LogRow]>,
}

impl Draw for Log {
    fn draw(&self) -> Html {
        let content = if self.rows.is_empty() {
            element("p", "muted").text("Nothing has happened yet.")
        } else {
            element("ol", "log__list").each(self.rows.iter().map(line))
        };
        let lines = element("div", "log__lines").attr("tabindex", "0").attr("role", "region").label("Log lines");
        element("section", "log")
            .attr("aria-labelledby", "log")
            .with(element("h2", "log__title").attr("id", "log").text("Log"))
            .with(lines.with(content))
            .into_html()
    }
}

fn line(row: &LogRow) -> Element {
    let sign = match row.kind {
        LogKind::Stored | LogKind::Delivered => "log__sign log__sign--flow",
        LogKind::Acked => "log__sign log__sign--good",
        LogKind::Redelivery => "log__sign log__sign--again",
        LogKind::Lost | LogKind::Refused => "log__sign log__sign--lost",
        LogKind::Changed => "log__sign",
    };
    let sign = element("span", sign).title(row.kind.label()).attr("aria-hidden", "true").text(row.kind.sign());
    element("li", "log__line")
        .key(row.number)
        .with(element("span", "log__time").text(row.time.clone()))
        .with(sign)
        .with(element("span", "").with(phrase(&row.says)))
}
