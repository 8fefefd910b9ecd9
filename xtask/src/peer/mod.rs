//! `cargo xtask bench server` and `bench beside`: how many times faster than others the benches are, by measurements
//! of both in turn, since a time alone says more about the machine.

mod connection;
mod workloads;

use std::path::PathBuf;
use std::process::Command;

use crate::args::Args;
use crate::bench::{self, field, median};
use crate::tools::nats_server;
use crate::{Failure, Result, process, project};

/// What each bench is to reach.
const GOALS: &str = "benches/goals.txt";

/// How often each side is asked in turn, and how often it measures then; the first time is not counted.
const ROUNDS: u32 = 3;
const REPS: u32 = 3;

/// As many messages as the goals were set for; `N=200000` is faster, and flatters those who search through all of them.
const DEFAULT_N: &str = "1000000";

/// Samples of one bench, of one side.
type Samples = Vec<workloads::Sample>;

/// The side that is compared with.
enum Peer {
    /// A nats-server, whose CPU time counts.
    Server(PathBuf),
    /// A program that is called with a number of messages and the name of a bench, and prints a line of JSON for each
    /// repetition, as the benches do.
    Program(String),
}

impl Peer {
    /// `None` where it does not know the bench.
    fn measure(&self, name: &str, n: &str) -> Result<Option<Samples>> {
        match self {
            Self::Server(binary) => {
                let messages = n.parse().map_err(|_| Failure::new(format!("N={n} is not a number of messages")))?;
                let samples = workloads::measure(binary, name, messages, REPS)?;
                Ok(samples.map(|samples| samples[1..].to_vec()))
            }
            Self::Program(program) => {
                let samples = read(&process::output(Command::new(program).args([n, name]))?, name)?;
                Ok((!samples.is_empty()).then_some(samples))
            }
        }
    }
}

/// Beside a real nats-server, over loopback: `bench server [--web] [NAME]`.
///
/// # Errors
/// The server or the benches fail, or a bench misses its goal.
pub fn server(mut args: Args) -> Result {
    let is_web = args.flag("--web");
    compare(&Peer::Server(nats_server::ensure()?), is_web, &args.rest())
}

/// Beside another program: `bench beside [--web] PROGRAM [NAME]`.
///
/// # Errors
/// A program fails, or a bench misses its goal.
pub fn beside(mut args: Args) -> Result {
    let is_web = args.flag("--web");
    let program = args.next()?;
    compare(&Peer::Program(program), is_web, &args.rest())
}

fn compare(peer: &Peer, is_web: bool, wanted: &[String]) -> Result {
    let wanted = wanted.first().map_or("", String::as_str);
    let n = std::env::var("N").unwrap_or_else(|_| DEFAULT_N.to_owned());
    let ours = if is_web { bench::web_program()? } else { bench::native_program()? };
    let (mut missed, mut compared) = (Vec::new(), 0);
    for (name, native, web) in goals(&project::read(GOALS)?)?.into_iter().filter(|(name, ..)| name.contains(wanted)) {
        let Some((theirs, own)) = in_turn(peer, &ours, &name, &n)? else { continue };
        let goal = if is_web { web } else { native };
        let [theirs, own] = medians(peer, &theirs, &own);
        let ratio = theirs / own;
        let verdict = if ratio < goal { "MISSED" } else { "reached" };
        println!("{name:26}{theirs:14.1} ns beside {own:12.1} ns: {ratio:9.1} times, goal {goal} {verdict}");
        compared += 1;
        if ratio < goal {
            missed.push(name);
        }
    }
    match missed.as_slice() {
        _ if compared == 0 => Err(Failure::new(format!("no bench in {GOALS} is called that and known to both sides"))),
        [] => Ok(()),
        missed => Err(Failure::new(format!("{} of {compared} miss their goals: {}", missed.len(), missed.join(", ")))),
    }
}

/// Both sides in turn; `None` if one does not know the bench.
fn in_turn(peer: &Peer, ours: &bench::Program, name: &str, n: &str) -> Result<Option<(Samples, Samples)>> {
    let (mut theirs, mut own) = (Samples::new(), Samples::new());
    for _ in 0..ROUNDS {
        let Some(samples) = peer.measure(name, n)? else { return Ok(None) };
        theirs.extend(samples);
        own.extend(read(&process::output(&mut ours.command(name, n))?, name)?);
    }
    Ok((!own.is_empty()).then_some((theirs, own)))
}

/// The medians that are compared: of CPU time where the peer is a server, or where other work on the machine pulled the
/// times apart; of time otherwise.
fn medians(peer: &Peer, theirs: &Samples, own: &Samples) -> [f64; 2] {
    let is_cpu = matches!(peer, Peer::Server(_)) || [theirs, own].into_iter().any(is_disturbed);
    [theirs, own].map(|samples| {
        let time = |sample: &workloads::Sample| if is_cpu { sample.cpu_op } else { sample.ns_op };
        median(&mut samples.iter().map(time).collect::<Vec<_>>())
    })
}

fn is_disturbed(samples: &Samples) -> bool {
    let times = || samples.iter().map(|sample| sample.ns_op);
    times().fold(0.0, f64::max) > 1.5 * times().fold(f64::INFINITY, f64::min)
}

/// The samples of bench `name` in lines of JSON, without the first repetition.
fn read(lines: &str, name: &str) -> Result<Samples> {
    let of_bench = |line: &&str| field(line, "bench").is_some_and(|bench| bench.trim_matches('"') == name);
    let counted = lines.lines().filter(of_bench).filter(|line| field(line, "rep") != Some("0"));
    let sample = |line: &str| {
        let number = |key| field(line, key)?.parse().ok();
        Some(workloads::Sample { ns_op: number("ns_op")?, cpu_op: number("cpu_op")? })
    };
    counted.map(|line| sample(line).ok_or_else(|| Failure::new(format!("not a sample: {line:?}")))).collect()
}

/// Names, and what each is to reach natively and as WebAssembly.
fn goals(text: &str) -> Result<Vec<(String, f64, f64)>> {
    let goal = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    };
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| goal(line).ok_or_else(|| Failure::new(format!("{GOALS}: not a goal: {line:?}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_read() {
        let goals = goals(&project::read(GOALS).expect("it is there")).expect("all are goals");
        assert!(goals.contains(&("publish_ack_128_10k".into(), 25.0, 20.0)));
        assert!(super::goals("get_seq 9").is_err());
    }

    #[test]
    fn samples_are_those_of_the_bench_but_the_first() {
        let line = |bench, rep| format!(r#"{{"impl":"x","bench":"{bench}","rep":{rep},"n":9,"ns_op":4.5,"cpu_op":4}}"#);
        let lines = [line("get", 0), line("get", 1), line("get_seq", 1)].join("\n");
        assert_eq!(read(&lines, "get"), Ok(vec![workloads::Sample { ns_op: 4.5, cpu_op: 4.0 }]));
        assert!(read(r#"{"bench":"get","rep":1}"#, "get").is_err());
    }

    #[test]
    fn times_that_lie_far_apart_are_disturbed() {
        let at = |ns_op| workloads::Sample { ns_op, cpu_op: 1.0 };
        assert!(is_disturbed(&vec![at(10.0), at(16.0)]) && !is_disturbed(&vec![at(10.0), at(14.0)]));
    }
}
