//! The engine gives the same in a browser as natively. `cargo xtask test wasm` runs this file in headless Chromium,
//! `cargo test` on this machine.

use jetstream_sim::engine::rng::Rng;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn a_seed_names_one_sequence_of_nuids() {
    let mut rng = Rng::new(7);
    assert_eq!([rng.nuid(), rng.nuid()], ["xIUx4boI7B1uOCQ4JJzMfF", "PfYfy3Z1gGI0JZGxt7b36m"]);
}
