//! Random scenarios on two servers: what differs is shrunk to a short scenario.
//!
//! A difference counts only when it is none of time: the real server has to say the same at another pace, and the engine
//! must say something else at every pace.

mod generate;

use crate::arm::ArmKind;
use crate::parallel;
use crate::scenario::file::Scenario;
use crate::scenario::run::{Pace, run_at};
use crate::scenario::{self, differences};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many cases run at once: a real server mostly waits.
const PARALLEL: usize = 12;

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub cases: u64,
    pub seed: u64,
    /// Leave out steps that contain one of these.
    pub without: Vec<String>,
    /// Show what is unstable, too.
    pub verbose: bool,
}

/// How one case came out.
enum Outcome {
    Equal,
    /// The real server itself does not repeat what it says.
    Unstable(Vec<String>),
    Different(Vec<String>),
}

/// Runs the cases of `ours` against `real` and prints what differs. True when nothing does.
pub fn run(ours: &ArmKind, real: &ArmKind, selection: &Selection) -> bool {
    let start = Instant::now();
    let seeds: Vec<u64> =
        (0..selection.cases).map(|case| selection.seed.wrapping_mul(1_000_003).wrapping_add(case)).collect();
    let outcomes = parallel::map(PARALLEL, &seeds, |seed| {
        let mut steps = generate::steps(*seed);
        steps.retain(|step| !selection.without.iter().any(|word| step.contains(word.as_str())));
        (*seed, compare(ours, real, &steps))
    });
    let unstable = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Unstable(_))).count();
    let mut different = Vec::new();
    for (seed, outcome) in outcomes {
        match outcome {
            Outcome::Different(steps) => different.push((seed, steps)),
            Outcome::Unstable(lines) if selection.verbose => {
                println!("  case {seed} is unstable: {}", lines.join("\n    "))
            }
            _ => {}
        }
    }
    let seconds = start.elapsed().as_secs_f32();
    println!(
        "random (seed {}): {} cases, {} different, {unstable} unstable on the real server ({seconds:.1} s)",
        selection.seed,
        seeds.len(),
        different.len()
    );
    for (seed, steps) in different.iter().take(10) {
        let short = shrink(ours, real, steps.clone());
        match keep(*seed, real, &short) {
            Ok(path) => println!("  case {seed}, {} steps: {}", short.len(), path.display()),
            Err(error) => println!("  case {seed}: {error}"),
        }
        show(ours, real, &short);
    }
    different.is_empty()
}

fn text(steps: &[String]) -> String {
    format!("# found at random\n{}\n----\n", steps.join("\n"))
}

/// The transcript of one arm at a pace, or what was wrong with the steps.
fn transcript(kind: &ArmKind, steps: &[String], pace: Pace) -> Result<Vec<String>, String> {
    let scenario = Scenario::from_text(&text(steps));
    run_at(kind, &scenario.sections, pace).map(|transcript| transcript.sections.concat())
}

fn compare(ours: &ArmKind, real: &ArmKind, steps: &[String]) -> Outcome {
    let wanted = match transcript(real, steps, Pace::QUICK) {
        Ok(wanted) => wanted,
        Err(error) => return Outcome::Unstable(vec![error]),
    };
    let agrees = |pace| transcript(ours, steps, pace).is_ok_and(|got| differences(&wanted, &got).is_empty());
    if agrees(Pace::QUICK) || agrees(Pace::SLOW) || agrees(Pace::SLOWEST) {
        return Outcome::Equal;
    }
    for pace in [Pace::QUICK, Pace::SLOW] {
        match transcript(real, steps, pace) {
            Ok(again) if again == wanted => {}
            Ok(again) => return Outcome::Unstable(differences(&wanted, &again)),
            Err(error) => return Outcome::Unstable(vec![error]),
        }
    }
    Outcome::Different(steps.to_vec())
}

/// Leaves out steps as long as the difference stays.
fn shrink(ours: &ArmKind, real: &ArmKind, mut steps: Vec<String>) -> Vec<String> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let starts: Vec<usize> = (0..steps.len()).step_by(size).collect();
        let shorter = parallel::map(PARALLEL, &starts, |start| {
            let end = (start + size).min(steps.len());
            let candidate = [&steps[..*start], &steps[end..]].concat();
            matches!(compare(ours, real, &candidate), Outcome::Different(_)).then_some(candidate)
        });
        match shorter.into_iter().flatten().next() {
            Some(candidate) => steps = candidate,
            None => size /= 2,
        }
    }
    steps
}

/// Writes a scenario with the real server's answers beside the build, from where it can be taken into the tests.
fn keep(seed: u64, real: &ArmKind, steps: &[String]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(format!("found-{seed}.txt"));
    fs::write(&path, text(steps)).map_err(|error| format!("{}: {error}", path.display()))?;
    let scenario = Scenario::read(&path)?;
    let transcript = scenario::run::run(real, &scenario.sections)?;
    scenario.record(&transcript.sections)?;
    Ok(path)
}

fn show(ours: &ArmKind, real: &ArmKind, steps: &[String]) {
    for step in steps {
        println!("    {step}");
    }
    if let (Ok(wanted), Ok(got)) = (transcript(real, steps, Pace::QUICK), transcript(ours, steps, Pace::QUICK)) {
        for line in differences(&wanted, &got) {
            println!("      {line}");
        }
    }
}
