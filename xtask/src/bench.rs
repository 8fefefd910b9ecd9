//! `cargo xtask bench`: the benchmarks.

use crate::args::Args;
use crate::{Result, process};

/// Runs all benchmarks, or those whose name contains the word given, or whose group has that name.
///
/// # Errors
/// A benchmark fails, or is slower than its limit.
pub fn run(args: Args) -> Result {
    process::run(process::cargo().args(["bench", "--bench", "speed", "--"]).args(args.rest()))
}
