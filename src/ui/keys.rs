//! The keys that work everywhere on the page.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, KeyboardEvent, Window};
use yew::Callback;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Space: play or pause.
    PlayPause,
    /// →: one event on.
    Step,
    /// Shift and →: to the next redelivery, expiry or removal.
    SkipToNextLoss,
    /// ←: one event back.
    StepBack,
    /// Shift and ←: back to the last redelivery, expiry or removal.
    SeekLastLoss,
    /// Home and End: where the reader began, and the latest moment.
    SeekStart,
    SeekEnd,
    /// Ctrl and Z, with shift the other way.
    Undo,
    Redo,
    /// + and −: less of the time on the line, and more.
    Zoom(i8),
    /// ?: the help.
    Help,
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
            ("z", false) => Some(Key::Undo),
            ("z" | "Z", true) | ("y", false) => Some(Key::Redo),
            _ => None,
        };
    }
    match (&*event.key(), event.shift_key()) {
        (" ", false) if !is_in("button, summary, a") => Some(Key::PlayPause),
        ("ArrowRight", false) if !is_in("ol") => Some(Key::Step),
        ("ArrowRight", true) => Some(Key::SkipToNextLoss),
        ("ArrowLeft", false) if !is_in("ol") => Some(Key::StepBack),
        ("ArrowLeft", true) => Some(Key::SeekLastLoss),
        ("Home", false) if !is_in("ol") => Some(Key::SeekStart),
        ("End", false) if !is_in("ol") => Some(Key::SeekEnd),
        ("+", _) => Some(Key::Zoom(1)),
        ("-", _) => Some(Key::Zoom(-1)),
        ("?", _) => Some(Key::Help),
        _ => None,
    }
}
