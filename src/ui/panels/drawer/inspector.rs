//! The inspector.

use yew::{Html, InputEvent};

use crate::texts::page::drawer as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::element::{Element, Node, button, element, list};
use crate::ui::widgets::field::plain;
use crate::ui::widgets::phrase::phrase;
use crate::ui::widgets::{does, typed};
use crate::view::drawer::Turn;
use crate::view::inspector::{
    ConnectionRow, ConsumerJson, Content, Found, Inspection, InspectorRow, MessageRow, StoryLine, SubscriptionRow,
};
use crate::view::payload::{Payload, PayloadForm};

use super::{log, turn};

pub fn inspector(row: &InspectorRow, on: &OnAction) -> Html {
    let shown = match &row.shown {
        Inspection::Nothing(says) => element("p", "muted").text(*says).into_html(),
        Inspection::Message(row) => message(row, on),
        Inspection::Consumer(row) => consumer(row),
        Inspection::Connection(row) => connection(row),
    };
    let content =
        element("div", "inspector__shown").attr("tabindex", "0").attr("role", "region").label(texts::INSPECTED);
    element("div", "inspector").with(choice(row, on)).with(content.with(shown)).into_html()
}

/// What can be inspected, found by typing.
fn choice(row: &InspectorRow, on: &OnAction) -> Element {
    let search = element("input", "input")
        .attr("type", "search")
        .attr("placeholder", texts::NAME_NUMBER)
        .label(texts::FIND_MESSAGE_CONSUMER_CONNECTION)
        .value(&row.wanted)
        .on_input(on.reform(|event: InputEvent| turn(Turn::Want(typed(&event))).into()));
    let found = |found: &Found| {
        let action = match &found.message {
            Some(message) => PageAction::Inspect(message.clone()),
            None => turn(Turn::Inspect(found.what.clone())),
        };
        let choice = button("inspector__choice", "")
            .state("aria-pressed", found.is_shown)
            .with(element("span", "muted").text(found.kind))
            .text(" ")
            .text(found.name.clone())
            .on_click(does(on, action));
        element("li", "").with(choice)
    };
    let more = (row.more > 0).then(|| element("li", "muted").text(texts::MORE_TYPE_FIND_THEM.with([&row.more])));
    element("div", "inspector__find")
        .with(plain(search))
        .with(element("ul", "inspector__found").each(row.found.iter().map(found)).with(more))
}

fn title(kind: &'static str, name: String) -> Element {
    element("h3", "inspector__title").with(element("span", "muted").text(kind)).text(" ").text(name)
}

fn message(row: &MessageRow, on: &OnAction) -> Html {
    let cut = texts::TRACE_DOES_NOT_REACH;
    list([
        title(texts::TITLE_MESSAGE, texts::OF.with([&row.stream_seq, &row.stream])).into_html(),
        row.content.as_ref().map(|content| self::content(content, on)).into_html(),
        list(row.state.iter().map(|says| element("p", "").with(phrase(says)))),
        element("h4", "inspector__part").text(texts::ITS_LIFE).into_html(),
        row.is_cut.then(|| element("p", "muted").text(cut)).into_html(),
        element("ol", "").each(row.story.iter().map(story)).into_html(),
    ])
}

fn story(line: &StoryLine) -> Element {
    let note = (!line.note.is_empty()).then(|| element("span", "muted log__note").text(line.note.clone()));
    log::line(&line.row).with(note)
}

/// Names and values.
pub fn facts<'a>(facts: impl Iterator<Item = (&'a str, &'a str)>) -> Element {
    let fact = |(name, value): (&str, &str)| {
        element("div", "").with(element("dt", "").text(name.to_owned())).with(element("dd", "").text(value.to_owned()))
    };
    element("dl", "facts").each(facts.map(fact))
}

fn content(row: &Content, on: &OnAction) -> Element {
    let head = [(texts::OF_SUBJECT, &*row.subject), (texts::STORED_AT, &*row.stored_at), (texts::SIZE, &*row.size)];
    let headers = row.headers.iter().map(|(name, value)| (&**name, &**value));
    element("div", "")
        .with(facts(head.into_iter()))
        .with((!row.headers.is_empty()).then(|| element("h4", "inspector__part").text(texts::HEADERS)))
        .with((!row.headers.is_empty()).then(|| facts(headers)))
        .with(payload(&row.payload, &row.payload_size, on))
}

fn payload(row: &Payload, size: &str, on: &OnAction) -> Html {
    let form = |form: PayloadForm| {
        button("button button--small", form.label())
            .state("aria-pressed", form == row.form)
            .flag("disabled", form == PayloadForm::Json && !row.is_json)
            .on_click(does(on, turn(Turn::Payload(form))))
    };
    let head = element("div", "inspector__head")
        .with(element("h4", "inspector__part").text(texts::PAYLOAD.with([&size])))
        .with(element("span", "").attr("role", "group").label(texts::SHOW_PAYLOAD).each(PayloadForm::ALL.map(form)));
    list([head.into_html(), text(row)])
}

/// Bytes in the form that they are shown in.
pub fn text(row: &Payload) -> Html {
    let more = (row.more > 0).then(|| element("p", "muted").text(texts::MORE_BYTES.with([&row.more])));
    list([element("pre", "inspector__text").text(row.text.clone()).into_html(), more.into_html()])
}

fn consumer(row: &ConsumerJson) -> Html {
    list([
        title(texts::TITLE_CONSUMER, [&*row.stream, " > ", &row.name].concat()),
        element("pre", "inspector__text").text(row.info.clone()),
    ])
}

fn connection(row: &ConnectionRow) -> Html {
    let subscription = |of: &SubscriptionRow| {
        let (sid, count) = (&of.sid, of.delivered);
        let says = if of.queue.is_empty() {
            texts::SUBSCRIPTION.with([sid, &count])
        } else {
            texts::SUBSCRIPTION_IN_GROUP.with([sid, &of.queue, &count])
        };
        element("li", "")
            .with(element("code", "").text(of.subject.clone()))
            .text(" ")
            .with(element("span", "muted").text(says))
    };
    let more = (row.more > 0).then(|| element("li", "muted").text(texts::AND_MORE.with([&row.more])));
    list([
        title(texts::TITLE_CONNECTION, row.name.clone()),
        facts(row.facts.iter().map(|(name, value)| (*name, &**value))),
        element("h4", "inspector__part").text(texts::SUBSCRIPTIONS),
        element("ul", "").each(row.subscriptions.iter().map(subscription)).with(more),
    ])
}
