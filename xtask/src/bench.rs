//! `cargo xtask bench`: the benchmarks.

use crate::args::Args;
use crate::{Result, process};

/// Runs the benchmarks named before `--`, or all; what follows `--` goes to them.
///
/// # Errors
/// There is no such benchmark, or one fails.
pub fn run(args: Args) -> Result {
    process::run(process::cargo().arg("bench").args(arguments(args.rest())))
}

/// The arguments of `cargo bench`.
fn arguments(words: Vec<String>) -> Vec<String> {
    let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (names, passed_on) = words.split_at(at);
    // A pattern, and not `--benches`, which would also run the unit tests of the library.
    let all = [String::from("*")];
    let names = if names.is_empty() { &all } else { names };
    let named = names.iter().flat_map(|name| [String::from("--bench"), name.clone()]);
    named.chain(passed_on.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_pick_benchmarks_and_the_rest_is_passed_on() {
        for (given, expected) in [
            ("", "--bench *"),
            ("store", "--bench store"),
            ("store consumer -- --quick", "--bench store --bench consumer -- --quick"),
            ("-- --quick", "--bench * -- --quick"),
        ] {
            let words = given.split_whitespace().map(String::from).collect();
            assert_eq!(arguments(words).join(" "), expected);
        }
    }
}
