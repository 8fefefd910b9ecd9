//! Conformance: the engine against what a real nats-server says.

mod arm;
mod client;
mod clock;
mod json;
mod parallel;
mod probes;
mod schema;
mod wire;

use arm::{ArmKind, real};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kind = ArmKind::Real(real::binary().expect("a server"));
    let mut selection = probes::Selection::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--verbose" => selection.verbose = true,
            "--only" => selection.only = words.next().cloned(),
            other => selection.files.push(other.to_owned()),
        }
    }
    let (_, reached) = probes::run(&kind, &selection);
    if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
