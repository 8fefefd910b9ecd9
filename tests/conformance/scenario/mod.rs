//! Text scenarios: the same steps on the engine and on a real server, and what the real one said.
//!
//! `tests/scenarios/README.md` tells the language.

pub mod file;
mod manage;
mod print;
pub mod run;
mod snapshot;
mod values;
mod words;

use crate::arm::ArmKind;
use crate::client::Observed;
use crate::parallel;
use crate::probes::{self, floor::Floor};
use file::Scenario;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Which scenarios to run, and how.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only scenarios whose name contains one of these; all when empty.
    pub only: Vec<String>,
    /// Write what came as what is expected.
    pub record: bool,
    pub verbose: bool,
}

/// How often a scenario that is different on the real server is run again.
const MORE_RUNS: usize = 2;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// How one scenario came out.
struct Outcome {
    name: String,
    /// What is wrong, as lines.
    wrong: Vec<String>,
    changed: bool,
    observed: Observed,
}

/// Runs the selected scenarios and prints the count and what is different. Returns what was seen in those as expected,
/// and whether all were.
pub fn run(kind: &ArmKind, selection: &Selection) -> (Observed, bool) {
    let start = Instant::now();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the scenarios are part of the checkout")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    paths.retain(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        selection.only.is_empty() || selection.only.iter().any(|only| name.contains(only.as_str()))
    });
    let mut outcomes = parallel::map(kind.parallel(), &paths, |path| outcome(kind, path, selection.record));
    if kind.is_real() && !selection.record {
        look_again(kind, &paths, &mut outcomes);
    }
    report(kind, outcomes, selection, start)
}

/// A real server on a busy machine may be late: what is different there is looked at again, by itself.
fn look_again(kind: &ArmKind, paths: &[PathBuf], outcomes: &mut [Outcome]) {
    for (path, outcome) in paths.iter().zip(outcomes) {
        for run in 1..=MORE_RUNS {
            if outcome.wrong.is_empty() {
                break;
            }
            let wrong: String = outcome.wrong.join(" / ").chars().take(400).collect();
            println!("  {} is run again ({run} of {MORE_RUNS}): {wrong}", outcome.name);
            *outcome = self::outcome(kind, path, false);
        }
    }
}

fn outcome(kind: &ArmKind, path: &Path, record: bool) -> Outcome {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let failed =
        |error| Outcome { name: name.clone(), wrong: vec![error], changed: false, observed: Observed::default() };
    let scenario = match Scenario::read(path) {
        Ok(scenario) => scenario,
        Err(error) => return failed(error),
    };
    let transcript = match run::run(kind, &scenario.sections) {
        Ok(transcript) => transcript,
        Err(error) => return failed(error),
    };
    let observed = transcript.observed;
    if record {
        return match scenario.record(&transcript.sections) {
            Ok(changed) => Outcome { name, wrong: Vec::new(), changed, observed },
            Err(error) => failed(error),
        };
    }
    let pairs = scenario.sections.iter().zip(&transcript.sections);
    let wrong = pairs.flat_map(|(section, got)| differences(&section.expected, got)).collect();
    Outcome { name, wrong, changed: false, observed }
}

/// The lines that differ, from the first difference on.
pub fn differences(expected: &[String], got: &[String]) -> Vec<String> {
    if expected == got {
        return Vec::new();
    }
    let same = expected.iter().zip(got).take_while(|(expected, got)| expected == got).count();
    let context = same.checked_sub(1).map(|last| format!("  {}", expected[last]));
    let skipped = common_start(expected.get(same), got.get(same));
    let shown = |sign: char, index: usize, line: &String| match (index, skipped) {
        (0, 1..) => format!("{sign} …{}", &line[skipped..]),
        _ => format!("{sign} {line}"),
    };
    let missing = expected[same..].iter().take(4).enumerate().map(|(index, line)| shown('-', index, line));
    let extra = got[same..].iter().take(4).enumerate().map(|(index, line)| shown('+', index, line));
    context.into_iter().chain(missing).chain(extra).collect()
}

/// How many bytes at the start of two long lines need not be shown, because they are the same in both.
fn common_start(one: Option<&String>, other: Option<&String>) -> usize {
    let (Some(one), Some(other)) = (one, other) else { return 0 };
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let start = same.saturating_sub(60);
    if same < 100 || !one.is_char_boundary(start) || !other.is_char_boundary(start) { 0 } else { start }
}

fn report(kind: &ArmKind, outcomes: Vec<Outcome>, selection: &Selection, start: Instant) -> (Observed, bool) {
    let total = outcomes.len();
    let mut observed = Observed::default();
    let (mut equal, mut changed) = (0, 0);
    let mut problems = Vec::new();
    for outcome in outcomes {
        changed += usize::from(outcome.changed);
        if outcome.changed {
            println!("  recorded {}", outcome.name);
        }
        for problem in &outcome.observed.problems {
            problems.push(format!("{}: {problem}", outcome.name));
        }
        if outcome.wrong.is_empty() {
            equal += 1;
            observed.merge(outcome.observed);
            continue;
        }
        println!("  {} is different", outcome.name);
        for line in outcome.wrong.iter().take(if selection.verbose { usize::MAX } else { 8 }) {
            println!("    {}", line.chars().take(if selection.verbose { 4000 } else { 240 }).collect::<String>());
        }
    }
    for problem in problems.iter().take(20) {
        println!("  schema · {}", problem.chars().take(400).collect::<String>());
    }
    let recorded = if selection.record { format!(", {changed} files changed") } else { String::new() };
    let seconds = start.elapsed().as_secs_f32();
    let checked = observed.validated;
    println!(
        "scenarios ({}): {equal}/{total}{recorded}; {checked} messages against their schemas ({seconds:.1} s)",
        kind.name()
    );
    let floor = if kind.is_real() || !selection.only.is_empty() { total } else { floor() };
    if equal < floor {
        println!("  below the floor of {floor}");
    }
    (observed, equal >= floor && problems.is_empty())
}

/// How many scenarios the engine has to get right.
fn floor() -> usize {
    Floor::read(&probes::folder().join("floor.txt")).equal("scenarios")
}
