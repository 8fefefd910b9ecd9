//! The log.

use std::rc::Rc;

use yew::{AttrValue, Event, Html, InputEvent};

use crate::texts::page::drawer as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::element::{Element, button, element, list};
use crate::ui::widgets::field::plain;
use crate::ui::widgets::phrase::linked;
use crate::ui::widgets::{does, moment, typed};
use crate::view::drawer::Turn;
use crate::view::log::{LogKind, LogPanel, LogRow};

use super::turn;

pub fn log(panel: &LogPanel, on: &OnAction) -> Html {
    let filter = &panel.filter;
    let is_all = filter.kind.is_none() && [&filter.stream, &filter.consumer].iter().all(|name| name.is_empty());
    let content = if panel.rows.is_empty() {
        let says = if is_all && filter.search.is_empty() { texts::NOTHING_HAPPENED_YET } else { texts::NOTHING_LIKE };
        element("p", "muted").text(says)
    } else {
        // In haste all lines are others each time: they are written over, where else a line keeps its element.
        let key = |place: usize, row: &LogRow| if panel.is_in_haste { place as u64 } else { row.number };
        let lines = panel.drawn().iter().enumerate().map(|(place, row)| line(row).key(key(place, row)));
        element("ol", "log__list").each(lines)
    };
    let more =
        || button("button button--small log__more", texts::SHOW_OLDER_LINES).on_click(does(on, turn(Turn::LogMore)));
    let lines = element("div", "log__lines").attr("tabindex", "0").attr("role", "region").label(texts::LOG_LINES);
    // The lines stand in a box of their own: its order is reversed, so that it stays at its end.
    let lines = lines.with(element("div", "").with(panel.has_more.then(more)).with(content));
    list([bar(panel, on), lines])
}

fn bar(panel: &LogPanel, on: &OnAction) -> Element {
    let filter = &panel.filter;
    let kinds = LogKind::ALL.map(|kind| (kind.label().into(), [kind.sign(), " ", kind.label()].concat().into()));
    let kind = |chosen: String| Turn::LogKind(LogKind::ALL.into_iter().find(|kind| kind.label() == chosen));
    let copy = button("button", texts::COPY).label(texts::COPY_LOG_TEXT).on_click(does(on, PageAction::CopyLog));
    element("div", "bar")
        .with(choice(
            texts::KIND,
            Some(texts::ALL_KINDS),
            filter.kind.map_or("", LogKind::label),
            kinds.into(),
            on,
            kind,
        ))
        .with(choice(texts::STREAM, Some(texts::ALL_STREAMS), &filter.stream, names(&panel.streams), on, |name| {
            Turn::LogStream(name.into())
        }))
        .with(choice(
            texts::CONSUMER,
            Some(texts::ALL_CONSUMERS),
            &filter.consumer,
            names(&panel.consumers),
            on,
            |name| Turn::LogConsumer(name.into()),
        ))
        .with(search(texts::SEARCH_LOG, &filter.search, on, Turn::LogSearch))
        .with(copy)
}

/// Names as options of a [`choice`].
pub fn names(names: &[Rc<str>]) -> Vec<(AttrValue, AttrValue)> {
    names.iter().map(|name| (Rc::clone(name).into(), Rc::clone(name).into())).collect()
}

/// A field that what is shown is narrowed by while it is typed into.
pub fn search(name: &'static str, value: &str, on: &OnAction, wanted: fn(String) -> Turn) -> Element {
    let input = element("input", "input bar__search")
        .attr("type", "search")
        .attr("placeholder", texts::SEARCH)
        .label(name)
        .value(value)
        .on_input(on.reform(move |event: InputEvent| turn(wanted(typed(&event))).into()));
    plain(input)
}

/// A choice among `options`, each a value and its words; `all` stands for no choice.
pub fn choice(
    name: &'static str,
    all: Option<&'static str>,
    chosen: &str,
    options: Vec<(AttrValue, AttrValue)>,
    on: &OnAction,
    choose: fn(String) -> Turn,
) -> Element {
    let option = |(value, words): (AttrValue, AttrValue)| {
        let is_chosen = value == chosen;
        element("option", "").attr("value", value).flag("selected", is_chosen).text(words)
    };
    // What was chosen and is gone stays chosen.
    let is_gone = !chosen.is_empty() && options.iter().all(|(value, _)| value != chosen);
    let gone = is_gone.then(|| (chosen.to_owned().into(), chosen.to_owned().into()));
    element("select", "input bar__choice")
        .label(name)
        .on_change(on.reform(move |event: Event| turn(choose(typed(&event))).into()))
        .each(
            all.map(|all| (AttrValue::Static(""), AttrValue::Static(all)))
                .into_iter()
                .chain(gone)
                .chain(options)
                .map(option),
        )
}

/// A time that leads to its moment.
pub fn time(words: &str, at: u64) -> Element {
    moment(button("log__time", words.to_owned()).title(texts::GO_THERE), at)
}

/// A line, with its sequences as links to their messages.
pub fn line(row: &LogRow) -> Element {
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
        .with(time(&row.time, row.moment))
        .with(sign)
        .with(element("span", "").with(linked(&row.says, row.stream.as_deref())))
}
