//! `cargo xtask conformance`: the engine beside the real nats-server.

use crate::args::Args;
use crate::tools::nats_server;
use crate::{Result, process};

/// Runs `tests/conformance` with the given arguments. It finds the real server's binary in `NATS_SERVER_BIN`.
///
/// # Errors
/// The server cannot be had, or something differs.
pub fn run(args: Args) -> Result {
    let server = nats_server::ensure()?;
    let conformance = |arguments: &Vec<String>| {
        let mut cargo = process::cargo();
        cargo.args(["test", "--locked", "--release", "--test", "conformance", "--"]).args(arguments);
        process::run_and_repeat(cargo.env("NATS_SERVER_BIN", &server))
    };
    // All runs, also after one that failed: what the two arms say is read together.
    let results: Vec<Result> = runs(args.rest()).iter().map(conformance).collect();
    results.into_iter().collect()
}

/// The arguments of each run. Scenarios have two arms, the engine and the real server, and both run where none is chosen.
fn runs(words: Vec<String>) -> Vec<Vec<String>> {
    let is_arm = |word: &String| ["--real", "--require-real", "--record"].contains(&word.as_str());
    let mut runs = vec![words.clone()];
    if words.first().is_some_and(|mode| mode == "scenarios") && !words.iter().any(is_arm) {
        runs.push(words.into_iter().chain([String::from("--require-real")]).collect());
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_run_on_both_arms_unless_one_is_chosen() {
        for (given, expected) in [
            ("scenarios", "scenarios | scenarios --require-real"),
            ("scenarios --only pull", "scenarios --only pull | scenarios --only pull --require-real"),
            ("scenarios --record", "scenarios --record"),
            ("probes", "probes"),
            ("", ""),
        ] {
            let words = given.split_whitespace().map(String::from).collect();
            let runs: Vec<String> = runs(words).iter().map(|words| words.join(" ")).collect();
            assert_eq!(runs.join(" | "), expected);
        }
    }
}
