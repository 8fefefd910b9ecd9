//! The keys that work everywhere on the page.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, KeyboardEvent, Window};
use yew::Callback;

use super::action::{Action, ClockAction, Dialog, PageAction};

/// What a key asks for.
#[derive(Clone, Debug)]
pub enum Key {
    /// Space: play or pause.
    PlayPause,
    /// One that does the same whatever the page shows.
    Does(Rc<Action>),
}

/// Listens until dropped.
pub struct Keys {
    window: Window,
    on_key: Closure<dyn FnMut(KeyboardEvent)>,
}

impl Keys {
    pub fn listen(window: Window, callback: Callback<Key>) -> Self {
        let on_key = Closure::new(move |event: KeyboardEvent| {
            if let Some(key) = key_of(&event) {
                event.prevent_default();
                callback.emit(key);
            }
        });
        let listening = window.add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
        debug_assert!(listening.is_ok(), "a window takes listeners");
        Self { window, on_key }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Removing fails only where no window is left.
        let _ = self.window.remove_event_listener_with_callback("keydown", self.on_key.as_ref().unchecked_ref());
    }
}

/// The key's meaning, unless the focused element has a use for it or a dialog is open.
fn key_of(event: &KeyboardEvent) -> Option<Key> {
    if event.default_prevented() || event.alt_key() {
        return None;
    }
    let focused: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
    let is_in =
        |selector: &str| focused.as_ref().is_some_and(|element| element.closest(selector).ok().flatten().is_some());
    if is_in("input, textarea, select, dialog, [popover]") {
        return None;
    }
    if event.ctrl_key() || event.meta_key() {
        return match (&*event.key(), event.shift_key()) {
            ("z", false) => does(ClockAction::Undo),
            ("z" | "Z", true) | ("y", false) => does(ClockAction::Redo),
            _ => None,
        };
    }
    match (&*event.key(), event.shift_key()) {
        (" ", false) if !is_in("button, summary, a") => Some(Key::PlayPause),
        ("ArrowRight", false) if !is_in("ol") => does(ClockAction::StepEvent),
        ("ArrowRight", true) => does(ClockAction::SkipToNextLoss),
        ("ArrowLeft", false) if !is_in("ol") => does(ClockAction::StepBack),
        ("ArrowLeft", true) => does(ClockAction::SeekLastLoss),
        ("Home", false) if !is_in("ol") => does(ClockAction::SeekStart),
        ("End", false) if !is_in("ol") => does(ClockAction::SeekEnd),
        ("+", _) => does(PageAction::Zoom(1)),
        ("-", _) => does(PageAction::Zoom(-1)),
        ("?", _) => does(PageAction::Open(Dialog::Help)),
        _ => None,
    }
}

fn does(action: impl Into<Rc<Action>>) -> Option<Key> {
    Some(Key::Does(action.into()))
}
