//! How fast the store and the engine are: `cargo bench [-- GROUP or PART_OF_A_NAME]`.

mod harness;
mod workloads;

use std::process::ExitCode;

use harness::Here;
use workloads::{Group, engine, store, travel};

/// How many times `floor_copy` a bench may take. This holds on every machine.
const LIMITS: [(&str, f64); 5] = [
    ("store_10k_128", 7.0),
    ("remove_front", 2.5),
    ("limit_maxmsgs", 9.0),
    ("publish_ack_128_10k", 18.0),
    ("consume_explicit_b500", 20.0),
];

fn main() -> ExitCode {
    let groups: [Group<Here>; 3] =
        [("store", store::benches()), ("engine", engine::benches()), ("travel", travel::benches())];
    harness::main(&groups, &LIMITS)
}
