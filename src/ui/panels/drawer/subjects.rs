//! The matcher.

use yew::{Callback, Html, InputEvent};

use crate::texts::page::drawer as texts;
use crate::ui::action::OnAction;
use crate::ui::widgets::element::{Element, Node, element};
use crate::ui::widgets::field::plain;
use crate::ui::widgets::tokens::matched;
use crate::ui::widgets::typed;
use crate::view::drawer::Turn;
use crate::view::matcher::{MatcherRow, Reader};

use super::turn;

pub fn subjects(row: &MatcherRow, on: &OnAction) -> Html {
    let (filter, subject) = (row.filter.clone(), row.subject.clone());
    let on_filter = on.reform(move |event: InputEvent| turn(Turn::Match(typed(&event), subject.clone())).into());
    let on_subject = on.reform(move |event: InputEvent| turn(Turn::Match(filter.clone(), typed(&event))).into());
    let readers = if row.readers.is_empty() {
        element("p", "muted").text(texts::NO_STREAM_STORES_SUBJECT)
    } else {
        element("ul", "").each(row.readers.iter().map(reader))
    };
    element("div", "matcher")
        .attr("tabindex", "0")
        .attr("role", "region")
        .label(texts::MATCHER)
        .with(field("matcher-filter", texts::FILTER, &row.filter, on_filter))
        .with(field("matcher-subject", texts::SUBJECT, &row.subject, on_subject))
        .with(matched(&row.of))
        .with(element("h3", "inspector__part").text(texts::WHO_READS_SUBJECT))
        .with(readers)
        .into_html()
}

fn field(id: &'static str, name: &'static str, value: &str, on_input: Callback<InputEvent>) -> Element {
    let input = element("input", "input").attr("id", id).value(value).on_input(on_input);
    element("div", "matcher__field")
        .with(element("label", "field__label").attr("for", id).text(name))
        .with(plain(input))
}

fn reader(row: &Reader) -> Element {
    let (says, class, name) = match &row.consumer {
        None => (texts::STREAM_BY, "", &row.stream),
        Some(consumer) => (texts::CONSUMER_BY, "matcher__consumer", consumer),
    };
    let name = element("b", "").text(name.clone());
    element("li", class).woven(says, [name, element("code", "").text(row.by.clone())])
}
