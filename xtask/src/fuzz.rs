//! `cargo xtask fuzz`: inputs that libFuzzer makes up, thrown at the protocol and at the API.

use std::fs;

use crate::args::Args;
use crate::say::{duration, say};
use crate::tools::{Toolbox, cargo_tool};
use crate::{Failure, Result, process, project};

const TARGETS: [&str; 2] = ["protocol", "api"];

/// How long each target runs unless told otherwise.
const SECONDS: u64 = 300;

/// An input that takes longer is a finding.
const LONGEST_INPUT_S: u64 = 10;

/// Runs each target for so many seconds, from the inputs of `fuzz/corpus/` and from what earlier runs found.
///
/// # Errors
/// cargo-fuzz cannot be had, or a target has a finding: its input stands in `fuzz/artifacts/`.
pub fn run(mut args: Args) -> Result {
    let seconds = args.value("--seconds")?.unwrap_or(SECONDS);
    args.done()?;
    if seconds == 0 {
        return Err(Failure::new("--seconds 0 would run for ever"));
    }
    let toolbox = Toolbox::default().with(cargo_tool::cargo_fuzz()?);
    // All targets, also after one with a finding.
    let results: Vec<Result> = TARGETS.iter().map(|target| fuzz(&toolbox, target, seconds)).collect();
    results.into_iter().collect()
}

fn fuzz(toolbox: &Toolbox, target: &str, seconds: u64) -> Result {
    let dir = project::target_dir().join("fuzz");
    // What libFuzzer adds goes to the first folder, so that the small corpus of the project stays as it is.
    let grown = dir.join("corpus").join(target);
    project::at(&grown, fs::create_dir_all(&grown))?;
    let time = duration(std::time::Duration::from_secs(seconds));
    say(format!("fuzz: {target} for {time}, after a build of 1 to 2 min on 2 cores"));
    let mut cargo = toolbox.cargo()?;
    // The engine has no unsafe code in which a sanitizer could find anything, and without one stable Rust will do.
    cargo.args(["fuzz", "run", "--sanitizer", "none", "--target-dir"]).arg(dir.join("build")).arg(target);
    cargo.arg(&grown).arg(format!("fuzz/corpus/{target}")).arg("--");
    cargo.args([format!("-max_total_time={seconds}"), format!("-timeout={LONGEST_INPUT_S}")]);
    cargo.arg(format!("-dict=fuzz/{target}.dict"));
    cargo.arg("-print_final_stats=1");
    process::run(&mut cargo)
}
