//! A field of a form: label, input, explanation, what is wrong.

use yew::{Callback, Html, InputEvent};

use crate::view::form::{Choice, Field, FieldKind};

use super::element::{Element, element};
use super::{is_ticked, typed};

/// What a field shows beside its specification.
pub struct FieldState<'a> {
    pub value: &'a str,
    pub is_locked: bool,
    /// The error to show beside it, the server's or our own.
    pub error: Option<String>,
    /// What is found about the value while it is typed.
    pub checks: Html,
}

/// What was typed into which field.
pub type Typed = (&'static str, String);

/// Draws `field`; `on_typed` gets its key and new value.
pub fn field(field: &Field, state: FieldState<'_>, on_typed: &Callback<Typed>) -> Element {
    let id = format!("field-{}", field.key);
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let described_by = if state.error.is_some() { format!("{help_id} {error_id}") } else { help_id.clone() };
    let label = element("label", "field__label").attr("for", id.clone()).text(field.key);
    let lock = state.is_locked.then(|| element("span", "field__lock").text("locked"));
    let later = field.later.label().map(|later| element("span", "field__later").text(format!(" {later}")));
    let mut input = input(field, state.value, on_typed)
        .attr("id", id.clone())
        .attr("aria-describedby", described_by)
        .flag("disabled", state.is_locked);
    if state.error.is_some() {
        input = input.attr("aria-invalid", "true");
    }
    let error = |error: String| element("p", "field__error").attr("id", error_id).text(error);
    element(
        "div",
        if matches!(field.kind, FieldKind::Subjects | FieldKind::Lines) { "field field--wide" } else { "field" },
    )
    .with(element("div", "field__head").with(label).with(lock))
    .with(input)
    .with(element("p", "field__help").attr("id", help_id).text(field.help).with(later))
    .with(state.checks)
    .with(state.error.map(error))
}

fn input(field: &Field, value: &str, on_typed: &Callback<Typed>) -> Element {
    let key = field.key;
    let on_text = on_typed.reform(move |event: InputEvent| (key, typed(&event)));
    match field.kind {
        FieldKind::Subjects | FieldKind::Lines => {
            plain(element("textarea", "input input--lines").attr("rows", "2").value(value)).on_input(on_text)
        }
        FieldKind::Flag => element("input", "input input--tick")
            .attr("type", "checkbox")
            .checked(value == "true")
            .on_input(on_typed.reform(move |event: InputEvent| (key, is_ticked(&event).to_string()))),
        FieldKind::Choice(choices) => {
            element("select", "input").each(choices.iter().map(|choice| option(choice, value))).on_input(on_text)
        }
        _ => plain(element("input", "input").attr("placeholder", placeholder(field)).value(value)).on_input(on_text),
    }
}

fn option(choice: &Choice, value: &str) -> Element {
    element("option", "")
        .attr("value", choice.value)
        .flag("selected", choice.value == value)
        .text(format!("{}: {}", choice.value, choice.help))
}

/// Without the browser's help, which knows no subjects.
pub fn plain(input: Element) -> Element {
    input.attr("autocomplete", "off").attr("spellcheck", "false")
}

fn placeholder(field: &Field) -> &'static str {
    match field.kind {
        FieldKind::Duration => "30s",
        FieldKind::Durations => "1s, 5s, 30s",
        FieldKind::Time => "2026-01-01T00:01:00Z",
        FieldKind::Bytes => "64KiB",
        _ => "",
    }
}
