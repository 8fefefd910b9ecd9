//! Which statuses have been seen in what came out as recorded.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Prints `statuses: covered/all` and what is missing. True when nothing is.
pub fn report(seen: &BTreeSet<String>) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statuses.txt");
    let text = fs::read_to_string(&path).expect("the list is part of the checkout");
    let all: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    // The texts go on with numbers and reasons; a bare code does not.
    let is = |seen: &str, status: &str| seen == status || (status.contains(' ') && seen.starts_with(status));
    let is_seen = |status: &&&str| seen.iter().any(|seen| is(seen, status));
    let covered = all.iter().filter(is_seen).count();
    println!("statuses: {covered}/{}", all.len());
    for missing in all.iter().filter(|status| !is_seen(status)) {
        println!("  not seen: {missing}");
    }
    for unknown in seen.iter().filter(|seen| !all.iter().any(|status| is(seen, status))) {
        println!("  not in tests/statuses.txt: {unknown}");
    }
    covered == all.len()
}
