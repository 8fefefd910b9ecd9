//! Entry of the page: mounts the user interface, nothing else.

#[cfg(target_arch = "wasm32")]
fn main() {
    use std::cell::RefCell;
    use std::rc::Rc;

    use jetstream_sim::sim::presets::PRESETS;
    use jetstream_sim::ui::app::{App, AppProps};

    let preset = &PRESETS[0];
    let simulation = Rc::new(RefCell::new(preset.open()));
    yew::Renderer::<App>::with_props(AppProps { simulation, preset }).render();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("The page runs in a browser: `cargo xtask serve` builds it and prints its address.");
}
