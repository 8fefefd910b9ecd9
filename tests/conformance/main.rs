//! Conformance: the engine against what a real nats-server 2.15.1 says.
//!
//! ```text
//! scenarios [--real] [--record] [--only NAME]   the text scenarios of tests/scenarios/
//! probes [FILE] [--real] [--only NAME]          the recorded exchanges of tests/probes/
//! errors [--real]                               which errors of the table, and which statuses, the two have shown
//! random --cases N --seed S [--area NAME] [--without WORD] [--only CASE]
//!                                               random scenarios, engine against real server; `--area all` goes through
//!                                               all areas by turns; `--only` takes one of the N that was different
//! ```
//!
//! Without a mode: scenarios and probes on the engine. `--real` runs them against the server that `NATS_SERVER_BIN` names,
//! each with a process of its own; without that variable it is skipped, unless `--require-real` asks for it. `--verbose`
//! shows everything that is different.

mod arm;
mod client;
mod clock;
mod errors;
mod json;
mod mask;
mod parallel;
mod probes;
mod random;
mod scenario;
mod schema;
mod statuses;
mod wire;

use arm::{ArmKind, real};
use std::process::ExitCode;

const MODES: [&str; 4] = ["scenarios", "probes", "errors", "random"];

/// The arguments, sorted.
#[derive(Debug, Default)]
struct Arguments {
    mode: Option<String>,
    /// What follows the mode without being an option.
    names: Vec<String>,
    only: Vec<String>,
    real: bool,
    require_real: bool,
    record: bool,
    verbose: bool,
    cases: u64,
    seed: u64,
    without: Vec<String>,
    areas: Vec<String>,
}

impl Arguments {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { cases: 100, seed: 1, ..Self::default() };
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--real" => arguments.real = true,
                "--require-real" => (arguments.real, arguments.require_real) = (true, true),
                "--record" => (arguments.real, arguments.record) = (true, true),
                "--verbose" => arguments.verbose = true,
                "--only" => arguments.only.push(words.next().ok_or("--only wants a name")?),
                "--area" => arguments.areas.push(words.next().ok_or("--area wants a name")?),
                "--without" => arguments.without.push(words.next().ok_or("--without wants a word")?),
                "--cases" => arguments.cases = number(words.next())?,
                "--seed" => arguments.seed = number(words.next())?,
                // Options of the standard test harness, which `cargo test` passes to every test.
                option if option.starts_with('-') => {}
                _ if arguments.mode.is_none() => arguments.mode = Some(word),
                _ => arguments.names.push(word),
            }
        }
        Ok(arguments)
    }

    /// The arm that the arguments ask for.
    ///
    /// # Errors
    /// Why there is no real server.
    fn arm(&self) -> Result<ArmKind, String> {
        let needs_real = self.real || self.mode.as_deref() == Some("random");
        if needs_real { real::binary().map(ArmKind::Real) } else { Ok(ArmKind::Engine) }
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => return failed(&error),
    };
    let kind = match arguments.arm() {
        Ok(kind) => kind,
        Err(reason) if arguments.require_real => return failed(&reason),
        Err(reason) => {
            println!("conformance: the real server is skipped: {reason}");
            return ExitCode::SUCCESS;
        }
    };
    if let Some(mode) = arguments.mode.as_ref().filter(|mode| !MODES.contains(&mode.as_str())) {
        println!("conformance: no mode {mode:?}; there are {}", MODES.join(", "));
        return ExitCode::SUCCESS;
    }
    if run(&kind, &arguments) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn number(word: Option<String>) -> Result<u64, String> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| "a number is missing".to_owned())
}

fn failed(reason: &str) -> ExitCode {
    println!("conformance: {reason}");
    ExitCode::FAILURE
}

/// Runs the mode; true when everything is as it has to be.
fn run(kind: &ArmKind, arguments: &Arguments) -> bool {
    let scenarios =
        scenario::Selection { only: arguments.only.clone(), record: arguments.record, verbose: arguments.verbose };
    let probes =
        probes::Selection { files: arguments.names.clone(), only: arguments.only.clone(), verbose: arguments.verbose };
    match arguments.mode.as_deref() {
        Some("scenarios") => scenario::run(kind, &scenarios).1,
        // With --real the real server is compared with itself: that shows what the comparison tells apart.
        Some("random") => {
            let ours = if arguments.real { kind.clone() } else { ArmKind::Engine };
            let selection = random::Selection {
                cases: arguments.cases,
                seed: arguments.seed,
                without: arguments.without.clone(),
                areas: arguments.areas.clone(),
                only: arguments.only.clone(),
                verbose: arguments.verbose,
            };
            random::run(&ours, kind, &selection)
        }
        Some("probes") => probes::run(kind, &probes).1,
        mode => {
            let (mut observed, scenarios_equal) = scenario::run(kind, &scenarios);
            let (in_probes, probes_equal) = probes::run(kind, &probes);
            observed.merge(in_probes);
            match mode {
                Some(_) => errors::report(&observed.err_codes) & statuses::report(&observed.statuses),
                None => scenarios_equal && probes_equal,
            }
        }
    }
}
