//! Random scenarios on two servers: what differs is shrunk to a short scenario.
//!
//! A difference counts only when it is none of time: the real server has to say the same at another pace, and the engine
//! must say something else at every pace, also at shorter ones, and, where messages expire, with one of the waits shorter.

mod areas;
mod generate;
mod race;
mod rng;
mod script;

use crate::arm::ArmKind;
use crate::clock;
use crate::parallel;
use crate::scenario::file::Scenario;
use crate::scenario::run::{Pace, run_at};
use crate::scenario::{self, differences};
use areas::{AREAS, Area};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many cases run at once: a real server mostly waits.
const PARALLEL: usize = 12;
/// How often the real server has to repeat what is different: some things it decides by which of its goroutines is
/// first, and says the rarer of two, or the commoner, many times in a row now and then.
const REPEATS: usize = 40;
/// Likewise of what is left while a case is shrunk.
const SHRINK_REPEATS: usize = 6;
/// Where a PUB and its payload come in different reads, the real server reads the PUB twice and complains twice; how much
/// it reads at once is its own affair.
const COMPLAINT: &str = "-ERR 'Invalid Publish Subject'";
/// How late, in milliseconds, the real server notices now and then that a message has expired. Its timer is set anew by the
/// first message with a TTL: then what max age ends may stay for two seconds more.
const LATE_MS: [u64; 11] = [60, 120, 180, 240, 500, 750, 1000, 1250, 1500, 1750, 2000];
/// How many of these there are where not both can end a message.
const MOSTLY: usize = 4;
/// How many differences are shrunk and shown.
const SHOWN: usize = 10;

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub cases: u64,
    pub seed: u64,
    /// Leave out steps that contain one of these.
    pub without: Vec<String>,
    /// The areas that cases are about by turns; about a bit of everything where none is named.
    pub areas: Vec<String>,
    /// Of the cases, take those with these numbers; all if there are none.
    pub only: Vec<String>,
    /// Show what is unstable, too.
    pub verbose: bool,
}

/// How one case came out.
enum Outcome {
    Equal,
    /// The real server itself does not repeat what it says.
    Unstable(Vec<String>),
    /// It repeats one of two answers between which its goroutines decide, and the engine gives the other.
    Raced(Vec<String>),
    Different,
}

/// The steps of one case, and how long they last.
struct Case {
    seed: u64,
    paces: [Pace; 3],
    steps: Vec<String>,
}

impl Selection {
    fn cases(&self) -> Vec<Case> {
        let areas: Vec<&Area> =
            AREAS.iter().filter(|area| self.areas.iter().any(|name| area.name == name || name == "all")).collect();
        (0..self.cases)
            .map(|number| {
                let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(number);
                let area = areas.get((number % areas.len().max(1) as u64) as usize);
                let (paces, mut steps) = match area {
                    Some(area) => (area.paces, area.steps(seed)),
                    None => (Pace::CALM, generate::steps(seed)),
                };
                steps.retain(|step| !self.without.iter().any(|word| step.contains(word.as_str())));
                Case { seed, paces, steps }
            })
            .filter(|case| self.only.is_empty() || self.only.contains(&case.seed.to_string()))
            .collect()
    }
}

/// Runs the cases of `ours` against `real` and prints what differs. True when nothing does.
pub fn run(ours: &ArmKind, real: &ArmKind, selection: &Selection) -> bool {
    let start = Instant::now();
    let cases = selection.cases();
    if !selection.only.is_empty() {
        // Whoever asks for a case wants to see it, also before it is shrunk.
        cases.iter().for_each(|case| show(ours, real, case.paces[0], &case.steps));
    }
    let outcomes = parallel::map(PARALLEL, &cases, |case| compare(ours, real, case.paces, &case.steps, REPEATS));
    let unstable = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Unstable(_))).count();
    let mut different = Vec::new();
    for (case, outcome) in cases.iter().zip(outcomes) {
        match outcome {
            Outcome::Different => {
                println!("  case {} is different", case.seed);
                different.push(case);
            }
            Outcome::Unstable(lines) if selection.verbose => {
                println!("  case {} is unstable: {}", case.seed, lines.join("\n    "))
            }
            Outcome::Raced(lines) => {
                println!("  case {} is decided by a race: {}\n    {}", case.seed, race::REASON, lines.join("\n    "))
            }
            _ => {}
        }
    }
    let seconds = start.elapsed().as_secs_f32();
    println!(
        "random (seed {}): {} cases, {} different, {unstable} unstable on the real server ({seconds:.1} s)",
        selection.seed,
        cases.len(),
        different.len()
    );
    for Case { seed, paces, steps } in different.iter().take(SHOWN) {
        let short = shrink(ours, real, *paces, steps.clone());
        match keep(*seed, real, &short) {
            Ok(path) => println!("  case {seed}, {} steps: {}", short.len(), path.display()),
            Err(error) => println!("  case {seed}: {error}"),
        }
        show(ours, real, paces[0], &short);
    }
    different.is_empty()
}

fn text(steps: &[String]) -> String {
    format!("# found at random\n{}\n----\n", steps.join("\n"))
}

/// The transcript of one arm at a pace, or what was wrong with the steps.
fn transcript(kind: &ArmKind, steps: &[String], pace: Pace) -> Result<Vec<String>, String> {
    let scenario = Scenario::from_text(&text(steps));
    let mut lines = run_at(kind, &scenario.sections, pace)?.sections.concat();
    lines.dedup_by(|line, before| line == before && line.ends_with(COMPLAINT));
    Ok(lines)
}

fn compare(ours: &ArmKind, real: &ArmKind, paces: [Pace; 3], steps: &[String], repeats: usize) -> Outcome {
    let wanted = match transcript(real, steps, paces[0]) {
        Ok(wanted) => wanted,
        Err(error) => return Outcome::Unstable(vec![error]),
    };
    let agrees =
        |steps: &[String], pace| transcript(ours, steps, pace).is_ok_and(|got| differences(&wanted, &got).is_empty());
    // Up to 250 ms pass on the real server before it notices that a message has expired: as if the steps were shorter, or
    // the wait before that.
    let shorter = (1..4).map(|number| paces[0].quarters(number));
    if paces.into_iter().chain(shorter).any(|pace| agrees(steps, pace))
        || with_a_shorter_wait(steps).any(|steps| agrees(&steps, paces[0]))
    {
        return Outcome::Equal;
    }
    for pace in [paces[0], paces[1]].into_iter().cycle().take(repeats) {
        match transcript(real, steps, pace) {
            Ok(again) if again == wanted => {}
            Ok(again) => return Outcome::Unstable(differences(&wanted, &again)),
            Err(error) => return Outcome::Unstable(vec![error]),
        }
    }
    let other = paces.into_iter().filter_map(|pace| transcript(ours, steps, pace).ok());
    match other.into_iter().find(|got| race::is_decided_by_it(steps, &wanted, got)) {
        Some(got) => Outcome::Raced(differences(&wanted, &got)),
        None => Outcome::Different,
    }
}

/// The steps as they are when the real server notices late that messages have expired, at the end of one of their waits.
fn with_a_shorter_wait(steps: &[String]) -> impl Iterator<Item = Vec<String>> + '_ {
    let is_there = |word: &str| steps.iter().any(|step| step.contains(word));
    let late = match (is_there("max_age="), is_there("Nats-TTL:")) {
        (true, true) => &LATE_MS[..],
        (false, false) => &[],
        _ => &LATE_MS[..MOSTLY],
    };
    let wait = |step: &String| clock::parse_duration(step.strip_prefix("wait ")?);
    let waits = steps.iter().enumerate().filter_map(move |(at, step)| Some((at, wait(step)?)));
    waits.flat_map(move |(at, time)| {
        late.iter().map(move |late| {
            let mut steps = steps.to_vec();
            steps[at] = format!("wait {}ms", time.saturating_sub(Duration::from_millis(*late)).as_millis());
            steps
        })
    })
}

/// Leaves out steps as long as the difference stays.
fn shrink(ours: &ArmKind, real: &ArmKind, paces: [Pace; 3], mut steps: Vec<String>) -> Vec<String> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let starts: Vec<usize> = (0..steps.len()).step_by(size).collect();
        let shorter = parallel::map(PARALLEL, &starts, |start| {
            let end = (start + size).min(steps.len());
            let candidate = [&steps[..*start], &steps[end..]].concat();
            let outcome = compare(ours, real, paces, &candidate, SHRINK_REPEATS);
            matches!(outcome, Outcome::Different).then_some(candidate)
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

fn show(ours: &ArmKind, real: &ArmKind, pace: Pace, steps: &[String]) {
    for step in steps {
        println!("    {step}");
    }
    if let (Ok(wanted), Ok(got)) = (transcript(real, steps, pace), transcript(ours, steps, pace)) {
        for line in differences(&wanted, &got) {
            println!("      {line}");
        }
    }
}
