//! A field of a form: label, input, explanation, what is wrong.

use std::rc::Rc;

use yew::{Callback, Html, InputEvent};

use crate::texts::page::widgets as texts;
use crate::view::form::Entry;
use crate::view::form::field::FieldKind;

use super::element::{Element, element};
use super::{is_ticked, typed};

/// What a field shows beside what is typed into it.
pub struct FieldState {
    pub is_locked: bool,
    /// The error to show beside it, the server's or our own.
    pub error: Option<String>,
    /// What is found about the value while it is typed.
    pub checks: Html,
}

/// What was typed into which field.
pub type Typed = (Rc<str>, String);

/// Draws the field of `entry`; `on_typed` gets its key and new value.
pub fn field(entry: &Entry, state: FieldState, on_typed: &Callback<Typed>) -> Element {
    let (id, field) = (format!("field-{}", entry.key), entry.field);
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let described_by = if state.error.is_some() { format!("{help_id} {error_id}") } else { help_id.clone() };
    let label = element("label", "field__label").attr("for", id.clone()).text(Rc::clone(&entry.key));
    let lock = state.is_locked.then(|| element("span", "field__lock").text(texts::LOCKED));
    let mut input =
        input(entry, on_typed).attr("id", id).attr("aria-describedby", described_by).flag("disabled", state.is_locked);
    if state.error.is_some() {
        input = input.attr("aria-invalid", "true");
    }
    let facts = element("span", "field__facts").text(field.facts());
    let error = |error: String| element("p", "field__error").attr("id", error_id).text(error);
    let class = match field.kind {
        FieldKind::Subjects | FieldKind::Lines | FieldKind::Pairs | FieldKind::Map => "field field--wide",
        FieldKind::Flag => "field field--flag",
        _ => "field",
    };
    element("div", class)
        .with(element("div", "field__head").with(label).with(lock))
        .with(input)
        .with(element("p", "field__help").attr("id", help_id).text(field.help).text(" ").with(facts))
        .with(state.checks)
        .with(state.error.map(error))
}

fn input(entry: &Entry, on_typed: &Callback<Typed>) -> Element {
    let (key, value, field) = (Rc::clone(&entry.key), &*entry.value, entry.field);
    if field.kind == FieldKind::Flag {
        let on_tick = on_typed.reform(move |event: InputEvent| (Rc::clone(&key), is_ticked(&event).to_string()));
        return element("input", "input input--tick")
            .attr("type", "checkbox")
            .checked(value == "true")
            .on_input(on_tick);
    }
    let on_text = on_typed.reform(move |event: InputEvent| (Rc::clone(&key), typed(&event)));
    let input = match field.kind {
        FieldKind::Subjects | FieldKind::Lines | FieldKind::Pairs | FieldKind::Map => {
            plain(element("textarea", "input input--lines").attr("rows", "2").value(value))
        }
        FieldKind::Choice => {
            element("select", "input input--choice").each(field.choices().map(|choice| option(choice, value)))
        }
        kind => plain(element("input", "input").attr("placeholder", placeholder(kind)).value(value)),
    };
    input.on_input(on_text)
}

fn option((value, meaning): (&'static str, &'static str), chosen: &str) -> Element {
    element("option", "").attr("value", value).flag("selected", value == chosen).text(format!("{value}: {meaning}"))
}

/// Without the browser's help, which knows no subjects.
pub fn plain(input: Element) -> Element {
    input.attr("autocomplete", "off").attr("spellcheck", "false")
}

const fn placeholder(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Duration => "30s",
        FieldKind::Durations => "1s, 5s, 30s",
        FieldKind::Time => "2026-01-01T00:01:00Z",
        FieldKind::Bytes => "64KiB",
        _ => "",
    }
}
