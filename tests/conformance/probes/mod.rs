//! Replays the recorded exchanges of `tests/probes/` and counts how many come out as recorded.

mod consumers;
mod core;
pub mod floor;
mod matching;
mod streams;

use crate::arm::{ArmKind, ServerOptions};
use crate::client::{Client, Observed};
use crate::json::Json;
use crate::parallel;
use floor::Floor;
use matching::Difference;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The three recordings, each with its own form of steps.
pub const FILES: [&str; 3] = ["probes-core.json", "probes-streams.json", "probes-consumers.json"];

/// How often a probe that is different on the real server is replayed again.
const MORE_RUNS: usize = 2;

/// What to replay.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only files whose name contains one of these; all when empty.
    pub files: Vec<String>,
    /// Only probes whose name contains one of these; all when empty.
    pub only: Vec<String>,
    pub verbose: bool,
}

/// How one probe came out.
struct Outcome {
    name: String,
    steps: usize,
    excepted: bool,
    /// The step, counted from 1, and what was different there.
    difference: Option<(usize, String)>,
    observed: Observed,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes")
}

/// Replays the selected probes and prints the counts. Returns what was seen in the equal ones, and whether every file
/// reaches its floor.
pub fn run(kind: &ArmKind, selection: &Selection) -> (Observed, bool) {
    let floor = Floor::read(&folder().join("floor.txt"));
    let mut observed = Observed::default();
    let mut reached = true;
    for file in FILES {
        if !selection.files.is_empty() && !selection.files.iter().any(|name| file.contains(name.as_str())) {
            continue;
        }
        let start = Instant::now();
        let text = fs::read_to_string(folder().join(file)).expect("the probes are part of the checkout");
        let probes = Json::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_named = |name: &str| selection.only.iter().any(|only| name.contains(only.as_str()));
        let wanted = |probe: &&Json| selection.only.is_empty() || is_named(name_of(probe));
        let probes: Vec<&Json> = probes.elements().iter().filter(wanted).collect();
        let mut outcomes =
            parallel::map(kind.parallel(), &probes, |probe| replay_some_times(kind, file, probe, &floor));
        let equal = report(file, &outcomes, selection.verbose, start);
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.difference.is_none()) {
            observed.merge(std::mem::take(&mut outcome.observed));
        }
        if selection.only.is_empty() && equal < floor.equal(file) {
            println!("  below the floor of {} in tests/probes/floor.txt", floor.equal(file));
            reached = false;
        }
    }
    (observed, reached)
}

fn name_of(probe: &Json) -> &str {
    probe.get("name").and_then(Json::as_str).expect("every probe has a name")
}

/// A real server on a busy machine may be late: what is different there is looked at again.
fn replay_some_times(kind: &ArmKind, file: &str, probe: &Json, floor: &Floor) -> Outcome {
    let mut outcome = replay(kind, file, probe, floor);
    for _ in 0..if kind.is_real() { MORE_RUNS } else { 0 } {
        if outcome.difference.is_none() {
            break;
        }
        outcome = replay(kind, file, probe, floor);
    }
    outcome
}

fn replay(kind: &ArmKind, file: &str, probe: &Json, floor: &Floor) -> Outcome {
    let name = name_of(probe).to_owned();
    let steps = probe.get("steps").map(Json::elements).expect("every probe has steps");
    let options = options(probe);
    let mut client = match kind.start(&options) {
        Ok(arm) => Client::new(arm),
        Err(error) => panic!("{name}: {error}"),
    };
    let result = parallel::caught(|| match file {
        "probes-core.json" => core::replay(&mut client, steps),
        "probes-streams.json" => streams::replay(&mut client, steps),
        _ => consumers::replay(&mut client, steps, kind.is_real()),
    });
    let difference = match result {
        Ok(result) => result.err().map(|(step, difference): (usize, Difference)| (step + 1, difference.to_string())),
        Err(panic) => Some((0, panic)),
    };
    let excepted = floor.excepts(file, &name);
    Outcome { name, steps: steps.len(), excepted, difference, observed: client.observed() }
}

/// The server that a probe wants, told by its `setup` or `note`.
fn options(probe: &Json) -> ServerOptions {
    let mut options = ServerOptions::default();
    let text = |member: &str| probe.get(member).and_then(Json::as_str);
    match text("setup").or(text("note")).unwrap_or("") {
        "account JetStream limits: max_mem 1000 bytes, max_streams 2, max_consumers 2" => {
            options.account.max_memory = Some(1000);
            options.account.max_storage = Some(2000);
            options.account.max_streams = Some(2);
            options.account.max_consumers = Some(2);
        }
        "account JetStream limits: max_bytes_required true, memory_max_stream_bytes 500" => {
            options.account.max_bytes_required = true;
            options.account.memory_max_stream_bytes = Some(500);
        }
        "account without JetStream" => options.account_without_jetstream = true,
        "JetStream not enabled on this server" => options.jetstream_off = true,
        "JetStream option strict set to false; the default is true" => options.lenient = true,
        "JetStream domain \"hub\" configured" => options.domain = Some("hub".to_owned()),
        _ => {}
    }
    options
}

/// Prints the counts of one file and what is different; returns how many are equal.
fn report(file: &str, outcomes: &[Outcome], verbose: bool, start: Instant) -> usize {
    let (excepted, counted): (Vec<&Outcome>, Vec<&Outcome>) = outcomes.iter().partition(|outcome| outcome.excepted);
    let different: Vec<&&Outcome> = counted.iter().filter(|outcome| outcome.difference.is_some()).collect();
    let equal = counted.len() - different.len();
    let steps: usize = outcomes.iter().map(|outcome| outcome.steps).sum();
    let seconds = start.elapsed().as_secs_f32();
    println!("{file}: {equal}/{}, excepted {} ({steps} steps, {seconds:.1} s)", counted.len(), excepted.len());
    let shown = if verbose { different.len() } else { 40 };
    for outcome in different.iter().take(shown) {
        let (step, difference) = outcome.difference.as_ref().expect("filtered");
        println!("  {} · step {step}/{} · {difference}", outcome.name, outcome.steps);
    }
    if different.len() > shown {
        println!("  … and {} more (--verbose)", different.len() - shown);
    }
    for problem in outcomes.iter().flat_map(|outcome| &outcome.observed.problems).take(if verbose { 1000 } else { 20 })
    {
        println!("  schema · {}", problem.chars().take(400).collect::<String>());
    }
    equal
}
