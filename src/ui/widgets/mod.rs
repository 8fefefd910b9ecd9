//! Small parts that several panels draw.

pub mod element;
pub mod field;
pub mod icon;
pub mod memo;
pub mod menu;
pub mod phrase;
pub mod pips;
pub mod ring;
pub mod tokens;

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MouseEvent};
use yew::{AttrValue, Callback, Html};

use crate::texts::page::widgets as texts;
use crate::view::lit::Lit;
use crate::view::{NumberRow, Tag};

use super::action::{Action, ClockAction, OnAction, PageAction};
use element::{Element, Node, button, element};

/// A click that does `action`.
pub fn does(on_action: &OnAction, action: impl Into<Rc<Action>>) -> Callback<MouseEvent> {
    does_action(on_action.clone(), action.into())
}

fn does_action(on_action: OnAction, action: Rc<Action>) -> Callback<MouseEvent> {
    Callback::from(move |_| on_action.emit(Rc::clone(&action)))
}

/// What a click leads to where the nearest button names a moment or a message: see [`moment`] and [`message`].
pub fn leads(on_action: &OnAction) -> Callback<MouseEvent> {
    let on_action = on_action.clone();
    Callback::from(move |event: MouseEvent| {
        if let Some(action) = lead(&event) {
            on_action.emit(action);
        }
    })
}

fn lead(event: &MouseEvent) -> Option<Rc<Action>> {
    let from: web_sys::Element = event.target()?.dyn_into().ok()?;
    let button = from.closest("button").ok()??;
    let said = |name| button.get_attribute(name);
    if let Some(moment) = said("data-moment") {
        return Some(ClockAction::Seek(moment.parse().ok()?).into());
    }
    let message = said("data-message")?;
    let (stream, seq) = message.split_once(' ')?;
    let seq = seq.parse().ok()?;
    let is_open = said("aria-pressed").as_deref() == Some("true");
    Some(PageAction::Select((!is_open).then(|| (stream.into(), seq))).into())
}

/// Makes `button` lead to a moment.
pub fn moment(button: Element, moment: u64) -> Element {
    button.attr("data-moment", moment.to_string())
}

/// Makes `button` lead to a message, or away from it while it is pressed. Names of streams hold no blanks.
pub fn message(button: Element, stream: &str, seq: u64) -> Element {
    button.attr("data-message", [stream, " ", &seq.to_string()].concat())
}

/// What stands in the field that `event` comes from. Works for inputs, text areas and selects alike.
pub fn typed(event: &Event) -> String {
    event.target().and_then(|target| string(&target, "value")).unwrap_or_default()
}

/// Puts `value` into the field that `event` comes from.
pub fn set_value(event: &Event, value: &str) {
    if let Some(target) = event.target() {
        set_property(&target, "value", value);
    }
}

/// Sets a property that holds text.
pub fn set_property(of: &JsValue, property: &str, value: &str) {
    // It fails only on an object that is frozen, which no element is.
    let _ = js_sys::Reflect::set(of, &property.into(), &value.into());
}

/// Whether the box that `event` comes from is ticked.
pub fn is_ticked(event: &Event) -> bool {
    event.target().is_some_and(|target| is_set(&target, "checked"))
}

/// What stands in the field that `selector` finds in the form or menu that `event` comes from.
pub fn value_of(event: &Event, selector: &str) -> String {
    field_of(event, selector).and_then(|field| string(&field, "value")).unwrap_or_default()
}

/// Whether the box is ticked that `selector` finds in the form or menu that `event` comes from.
pub fn tick_of(event: &Event, selector: &str) -> bool {
    field_of(event, selector).is_some_and(|field| is_set(&field, "checked"))
}

/// The field that `selector` finds there.
pub fn field_of(event: &Event, selector: &str) -> Option<web_sys::Element> {
    let from: web_sys::Element = event.target()?.dyn_into().ok()?;
    from.closest("form, [popover]").ok()??.query_selector(selector).ok()?
}

/// A property that holds text; `None` where it holds none.
pub fn string(of: &JsValue, property: &str) -> Option<String> {
    js_sys::Reflect::get(of, &property.into()).ok()?.as_string()
}

fn is_set(of: &JsValue, property: &str) -> bool {
    js_sys::Reflect::get(of, &property.into()).is_ok_and(|value| value.is_truthy())
}

/// Puts `text` on the clipboard. Whether the browser lets a page do so.
pub fn copy(text: &str) -> bool {
    let clipboard = web_sys::window().map(|window| window.navigator().clipboard());
    // Where a page may not, there is no clipboard, whatever the type says.
    let Some(clipboard) = clipboard.filter(|clipboard| clipboard.is_truthy()) else { return false };
    let _ = clipboard.write_text(text);
    true
}

/// Words that are heard and not seen.
pub fn heard(words: impl Into<AttrValue>) -> Element {
    element("span", "hidden").text(words)
}

/// The tags of a stream or consumer.
pub fn tags(rows: &[Tag]) -> Element {
    let tag = |row: &Tag| element("li", if row.is_subject { "tag tag--subject" } else { "tag" }).text(row.text.clone());
    element("ul", "tags").each(rows.iter().map(tag))
}

/// The counters at the foot of a card. Pointing at one lights what it counts.
pub fn numbers(rows: &[NumberRow], on: &OnAction) -> Html {
    let number = |row: &NumberRow| {
        element("div", "numbers__item")
            .title(row.explanation)
            .with(element("dt", "numbers__label").text(row.label))
            .with(element("dd", "").with(light(row.lit.as_ref(), row.value.clone(), row.label)))
    };
    let dl = || element("dl", "numbers").on_lit(&lights(on)).each(rows.iter().map(number));
    (!rows.is_empty()).then(dl).into_html()
}

/// A value that can be pointed at, where it counts what is on a tape.
pub fn light(lit: Option<&Lit>, value: String, name: &str) -> Element {
    let Some(lit) = lit else { return element("span", "numbers__value").text(value) };
    let spoken = texts::LIGHTS_WHAT_COUNTS.with([&value, &name]);
    button("numbers__value numbers__value--lights", value).label(spoken).attr("data-lit", lit.key())
}

/// What is pointed at, as an action.
pub fn lights(on: &OnAction) -> Callback<Option<String>> {
    on.reform(|key: Option<String>| PageAction::Light(key.as_deref().and_then(Lit::parse)).into())
}
