//! Runs workloads natively: in three processes, three times each, with one JSON line for each sample.
//!
//! Then come, on stderr, the medians without the first repetitions, against `floor_copy` of the same process where a
//! limit on that is set; one over its limit ends the run with an error. `N=200000` makes it shorter.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use super::{line, live_bytes};
use crate::workloads::{Group, Inputs, Platform, Sample, run};

const PROCESSES: u32 = 3;
const REPS: u32 = 3;

/// What others are measured against: storing as nothing but copying.
const FLOOR: &str = "floor_copy";

/// Tells a process that it is to measure.
const PROCESS: &str = "JETSTREAM_SIM_BENCH_PROCESS";

/// Lets the C library keep freed memory. What is measured otherwise is how the kernel hands out pages.
const KEEP_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "8000000000"),
    ("MALLOC_MMAP_THRESHOLD_", "8000000000"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

pub struct Native {
    start: Instant,
}

impl Platform for Native {
    fn wall_ns(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn cpu_ns(&self) -> u64 {
        // The kernel brings the number up to date when it is asked for another thread to run.
        thread::yield_now();
        let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_else(|| self.wall_ns())
    }

    fn live_bytes(&self) -> u64 {
        live_bytes()
    }

    fn report(&mut self, sample: Sample) {
        println!("{}", line("native", sample));
    }
}

/// Runs the benches whose name contains the argument, or whose group has that name. `limits` says how many times [`FLOOR`]
/// a bench may take.
pub fn main(groups: &[Group<Native>], limits: &[(&str, f64)]) -> ExitCode {
    let wanted = env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    if env::var_os(PROCESS).is_some() {
        let n = env::var("N").ok().map_or(1_000_000, |n| n.parse().expect("N is a number"));
        run(groups, &mut Native { start: Instant::now() }, &Inputs::new(n), &wanted, REPS);
        return ExitCode::SUCCESS;
    }
    let processes: Vec<Results> = (0..PROCESSES).map(|_| measure(&wanted)).collect();
    summarize(&processes, limits)
}

/// The results of one process by bench, without the first repetition.
type Results = BTreeMap<String, Vec<Measured>>;

#[derive(Clone, Copy)]
struct Measured {
    /// Nanoseconds of an operation, or bytes of a message.
    value: f64,
    /// Nanoseconds of CPU, or bytes again.
    cpu: f64,
}

fn measure(wanted: &str) -> Results {
    let mut command = Command::new(env::current_exe().expect("this process has a file"));
    command.arg(wanted).env(PROCESS, "1").envs(KEEP_MEMORY).stderr(Stdio::inherit());
    let output = command.output().expect("the bench can be started again");
    assert!(output.status.success(), "the bench process failed");
    let text = String::from_utf8(output.stdout).expect("samples are text");
    let mut results = Results::new();
    for line in text.lines() {
        println!("{line}");
        let sample: serde_json::Value = serde_json::from_str(line).expect("samples are JSON");
        let first_of = |names: [&str; 2]| names.iter().find_map(|name| sample[*name].as_f64());
        let value = first_of(["ns_op", "bytes_msg"]).expect("a sample has a value");
        let cpu = first_of(["cpu_op", "bytes_msg"]).expect("a sample has a value");
        if let (Some(bench), Some(1..)) = (sample["bench"].as_str(), sample["rep"].as_u64()) {
            results.entry(bench.to_string()).or_default().push(Measured { value, cpu });
        }
    }
    results
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// How far values lie apart: the highest divided by the lowest.
fn spread(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().fold(0.0, f64::max) / values.fold(f64::INFINITY, f64::min)
}

/// How many times `floor_copy` a bench took in the same process; the median of all processes. If other work on the
/// machine pulled the times apart, CPU time counts instead.
fn times_floor(processes: &[Results], bench: &str) -> f64 {
    let wall = |name: &str| processes.iter().map(|r| median(r[name].iter().map(|m| m.value))).collect::<Vec<_>>();
    let is_disturbed = [bench, FLOOR].iter().any(|name| spread(wall(name).into_iter()) > 1.5);
    let time = |measured: &Measured| if is_disturbed { measured.cpu } else { measured.value };
    median(processes.iter().map(|r| median(r[bench].iter().map(time)) / median(r[FLOOR].iter().map(time))))
}

fn summarize(processes: &[Results], limits: &[(&str, f64)]) -> ExitCode {
    let mut verdict = ExitCode::SUCCESS;
    for bench in processes[0].keys() {
        let all = || processes.iter().flat_map(|results| &results[bench]);
        let least = all().map(|measured| measured.value).fold(f64::INFINITY, f64::min);
        let most = all().map(|measured| measured.value).fold(0.0, f64::max);
        let middle = median(all().map(|measured| measured.value));
        eprint!("{bench:24} {middle:12.1} ({least:.1} – {most:.1}), CPU {:.1}", median(all().map(|m| m.cpu)));
        let limit = limits.iter().find(|(name, _)| name == bench);
        if let (Some((_, limit)), true) = (limit, processes[0].contains_key(FLOOR)) {
            let ratio = times_floor(processes, bench);
            eprint!("  {ratio:.2} × floor, limit {limit}");
            if ratio > *limit {
                eprint!(": TOO SLOW");
                verdict = ExitCode::FAILURE;
            }
        }
        eprintln!();
    }
    verdict
}
