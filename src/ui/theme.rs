//! Light or dark: by the system, or as switched.
//!
//! The choice stands on the root element as `data-theme`, which `tokens.css` reads, and is remembered where the browser
//! lets us.

use web_sys::{Element, Window};

const KEY: &str = "theme";

fn root(window: &Window) -> Option<Element> {
    window.document()?.document_element()
}

/// Puts up what was chosen before.
pub fn restore(window: &Window) {
    let remembered = window.local_storage().ok().flatten().and_then(|storage| storage.get_item(KEY).ok().flatten());
    if let Some(theme) = remembered.filter(|theme| theme == "light" || theme == "dark") {
        set(window, &theme);
    }
}

/// Switches between light and dark.
pub fn switch(window: &Window) {
    let chosen = root(window).and_then(|root| root.get_attribute("data-theme"));
    let is_dark = match chosen.as_deref() {
        Some(theme) => theme == "dark",
        None => system_is_dark(window),
    };
    let theme = if is_dark { "light" } else { "dark" };
    set(window, theme);
    if let Ok(Some(storage)) = window.local_storage() {
        // A full or forbidden storage only means that the choice is not remembered.
        let _ = storage.set_item(KEY, theme);
    }
}

fn set(window: &Window, theme: &str) {
    if let Some(root) = root(window) {
        let is_set = root.set_attribute("data-theme", theme);
        debug_assert!(is_set.is_ok(), "the attribute's name is valid");
    }
}

fn system_is_dark(window: &Window) -> bool {
    window.match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches())
}
