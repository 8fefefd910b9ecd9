//! What JavaScript calls for links and files.
//!
//! All that comes in is read within bounds and becomes a whole world before it takes the place of the one that is open.
//! A large world is made frame by frame, while the page lives on.

use wasm_bindgen::prelude::wasm_bindgen;

use super::bridge::{self, Told};
use crate::sim::hash::wire_hash;
use crate::sim::presets::Preset;
use crate::sim::scenario::Bounds;
use crate::texts::page::app as texts;
use crate::view::transfer::{self, Import};

/// Opens the scenario of a link; what is wrong with it where it cannot be opened.
#[wasm_bindgen(js_name = openLink)]
pub fn open_link(text: &str) -> Option<String> {
    bridge::open_within(text, Bounds::LINK)
}

/// Opens a preset; a sentence where there is none of that name.
#[wasm_bindgen(js_name = openPreset)]
pub fn open_preset(key: &str) -> Option<String> {
    let Some(preset) = Preset::by_key(key) else { return Some(texts::THERE_NO_SUCH_PRESET.into()) };
    bridge::replace(preset.open(), preset.scenario().about, Some(preset));
    None
}

/// The scenario that opens as what is shown; none where more was done than is remembered.
#[wasm_bindgen(js_name = linkText)]
pub fn link_text() -> Option<String> {
    text_of("session").ok()
}

/// The text of something to export; the page is told where there is none.
#[wasm_bindgen(js_name = exportText)]
pub fn export_text(what: &str) -> Option<String> {
    text_of(what).map_err(|problem| bridge::tell(Told::Problem(problem))).ok()
}

pub(super) fn text_of(what: &str) -> Result<String, String> {
    bridge::with(|simulation| transfer::export(simulation, &bridge::about(), what))
        .unwrap_or_else(|| Err(String::new()))
}

/// Takes the text of a file, of whichever kind, and tells the page.
#[wasm_bindgen(js_name = importText)]
pub fn import_text(text: &str) {
    match bridge::with(|simulation| transfer::import(text, simulation.world(), Bounds::FILE)) {
        Some(Ok(Import::World(opening))) => {
            if let Some(says) = bridge::begin(opening) {
                problem(says);
            }
        }
        Some(Ok(Import::Requests(requests))) => bridge::tell(Told::Imported(requests)),
        Some(Err(problem)) => bridge::tell(Told::Problem(problem)),
        None => {}
    }
}

/// Says something to the reader that went well.
#[wasm_bindgen(js_name = note)]
pub fn note(says: String) {
    bridge::tell(Told::Noted(says));
}

/// Says something that did not.
#[wasm_bindgen(js_name = problem)]
pub fn problem(says: String) {
    bridge::tell(Told::Problem(says));
}

/// The number of all that was said up to the state that is shown, for tests to compare.
#[wasm_bindgen(js_name = wireHash)]
pub fn wire_hash_text() -> String {
    bridge::with(|simulation| format!("{:016x}", wire_hash(simulation.wire()))).unwrap_or_default()
}
