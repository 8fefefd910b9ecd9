//! Runs workloads as WebAssembly in Node, three times each, with one JSON line for each sample: what `cargo xtask bench`
//! starts several times and compares with the native run.

use std::process::ExitCode;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{line, live_bytes};
use crate::workloads::{Group, Inputs, Platform, Sample, run};

const REPS: u32 = 3;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;

    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);

    #[wasm_bindgen(thread_local_v2, js_namespace = process, js_name = argv)]
    static ARGUMENTS: Vec<String>;
}

/// WebAssembly has one clock, of milliseconds and their fractions.
pub struct Web;

impl Platform for Web {
    fn wall_ns(&self) -> u64 {
        (now() * 1e6) as u64
    }

    fn cpu_ns(&self) -> u64 {
        self.wall_ns()
    }

    fn live_bytes(&self) -> u64 {
        live_bytes()
    }

    fn report(&mut self, sample: Sample) {
        log(&line("wasm", sample));
    }
}

/// Runs the benches that the first argument names, with as many messages as the second one says.
pub fn main(groups: &[Group<Web>], _limits: &[(&str, f64)]) -> ExitCode {
    let arguments = ARGUMENTS.with(Clone::clone);
    let wanted = arguments.get(2).map_or("", String::as_str);
    let n = arguments.get(3).map_or(1_000_000, |n| n.parse().expect("the second argument is a number"));
    run(groups, &mut Web, &Inputs::new(n), wanted, REPS);
    ExitCode::SUCCESS
}
