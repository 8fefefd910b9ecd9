//! `cargo xtask bench instructions`: how many instructions benchmarks take, which is the same however busy the machine is.
//!
//! Valgrind runs the benchmarks' own program and counts within one function of the engine. A count above the one in
//! [`COMMITTED`] by more than [`TOLERANCE`] fails.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::say::{say, timed};
use crate::tools::apt;
use crate::{Failure, Result, bench, process, project};

/// Where the counts stand that new ones are compared with.
const COMMITTED: &str = "benches/instructions.txt";
const HEAD: &str = "\
# Instructions of one operation, as `cargo xtask bench instructions --write` counted them in twenty thousand of each.
# What comes before, such as filling a stream for its consumers, is counted with it.
";

/// More than this part of a count is no accident.
const TOLERANCE: f64 = 0.05;

/// Messages in each. Natively they take seconds, in valgrind fifty times as long.
const MESSAGES: &str = "20000";

/// Benchmarks, and the function within which each is counted.
const COUNTED: [(&str, &str); 10] = [
    ("store_10k_128", "*MessageStore::push"),
    ("remove_rand", "*MessageStore>::remove"),
    ("publish_ack_128_10k", SERVER),
    ("publish_1000_consumers", SERVER),
    ("consume_explicit_b500", SERVER),
    ("consume_none_b500", SERVER),
    ("workqueue_explicit_b500", SERVER),
    ("redeliver_timeout_100k", SERVER),
    ("redeliver_nak_100k", SERVER),
    ("create_1000", SERVER),
];

const SERVER: &str = "*engine::Server::handle";

/// Counts, and compares with what is committed; with `write`, commits instead.
///
/// # Errors
/// Valgrind cannot be had, a benchmark fails, or one takes more instructions than it did.
pub fn run(write: bool) -> Result {
    if process::which("valgrind").is_none() {
        apt::install(
            &["valgrind"],
            "about 1 min",
            "valgrind counts instructions: install it (`apt-get install valgrind`)",
        )?;
    }
    let messages = timed("benches", "about 3 min", || {
        process::output(bench::native().args(["--no-run", "--message-format", "json-render-diagnostics"]))
    })?;
    let program = bench::program(&messages)?;
    let before = if write { String::new() } else { project::read(COMMITTED)? };
    let (mut text, mut slower) = (HEAD.to_owned(), Vec::new());
    for (name, function) in COUNTED {
        let count = count(Path::new(program), name, function)?;
        text += &format!("{name:24} {count:.0}\n");
        match committed(&before, name) {
            Some(before) => {
                println!("{name:24} {count:8.0}  {:.3} × before", count / before);
                if count > before * (1.0 + TOLERANCE) {
                    slower.push(name);
                }
            }
            None => println!("{name:24} {count:8.0}"),
        }
    }
    if write {
        let path = project::root().join(COMMITTED);
        return project::at(&path, fs::write(&path, text));
    }
    if slower.is_empty() {
        return Ok(());
    }
    say("where that has a reason, `cargo xtask bench instructions --write` takes the new counts");
    Err(Failure::new(format!("more instructions than {COMMITTED} says: {}", slower.join(", "))))
}

/// Instructions of one operation of benchmark `name`, within `function`.
fn count(program: &Path, name: &str, function: &str) -> Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1"]);
    valgrind.arg(format!("--toggle-collect={function}")).arg(program).arg(name);
    valgrind.env("JETSTREAM_SIM_BENCH_PROCESS", "1").env("N", MESSAGES);
    let output = process::output(&mut valgrind)?;
    let unreadable = || Failure::new(format!("valgrind said nothing of {name}"));
    let instructions = output.lines().find_map(collected).ok_or_else(unreadable)?;
    let samples = output.lines().filter(|line| line.contains(&format!("\"bench\":\"{name}\"")));
    let operations: f64 = samples.filter_map(|line| bench::field(line, "n")?.parse::<f64>().ok()).sum();
    if instructions > 0.0 && operations > 0.0 { Ok(instructions / operations) } else { Err(unreadable()) }
}

/// The number in valgrind's line about what it collected.
fn collected(line: &str) -> Option<f64> {
    line.split_once("Collected :")?.1.trim().parse().ok()
}

/// What the file says of a benchmark.
fn committed(text: &str, name: &str) -> Option<f64> {
    let mut words = text.lines().map(str::split_whitespace).find(|words| words.clone().next() == Some(name))?;
    words.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read() {
        assert_eq!(collected("==7== Collected : 254998188"), Some(254_998_188.0));
        assert_eq!(collected("==7== Events    : Ir"), None);
        let text = format!("{HEAD}store_10k_128            412\n");
        assert_eq!((committed(&text, "store_10k_128"), committed(&text, "store")), (Some(412.0), None));
    }

    #[test]
    fn every_count_is_committed() {
        let text = project::read(COMMITTED).expect("it is there");
        assert!(COUNTED.iter().all(|(name, _)| committed(&text, name).is_some()));
    }
}
