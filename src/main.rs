//! Entry of the page: mounts the user interface, nothing else.

#[cfg(all(target_arch = "wasm32", not(feature = "js")))]
fn main() {
    use std::cell::RefCell;
    use std::rc::Rc;

    use jetstream_sim::sim::presets::{PRESETS, Preset};
    use jetstream_sim::ui::app::{App, AppProps};
    use jetstream_sim::view::fragment;

    let address = web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    let preset = fragment::value(&address, "preset").and_then(Preset::by_key).unwrap_or(&PRESETS[0]);
    let simulation = Rc::new(RefCell::new(preset.open()));
    yew::Renderer::<App>::with_props(AppProps { simulation, preset, address: address.into() }).render();
}

#[cfg(not(all(target_arch = "wasm32", not(feature = "js"))))]
fn main() {
    eprintln!("The page runs in a browser: `cargo xtask serve` builds it and prints its address.");
}
