//! Which errors of the server's table have been seen in what came out as recorded.

use crate::json::Json;
use crate::probes;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Prints `errors: covered/reachable` and what is missing. True when every reachable error was seen and no other.
pub fn report(seen: &BTreeSet<u64>) -> bool {
    let table = table();
    let unreachable = unreachable(&table);
    let reachable: BTreeMap<u64, &String> =
        table.iter().filter(|(code, _)| !unreachable.contains_key(code)).map(|(code, text)| (*code, text)).collect();
    let missing: Vec<String> = reachable
        .iter()
        .filter(|(code, _)| !seen.contains(code))
        .map(|(code, text)| format!("{code} {text}"))
        .collect();
    let covered = reachable.len() - missing.len();
    println!(
        "errors: {covered}/{} (of {} in the table, {} judged unreachable)",
        reachable.len(),
        table.len(),
        unreachable.len()
    );
    for line in missing {
        println!("  not seen: {line}");
    }
    for code in seen.iter().filter(|code| unreachable.contains_key(code)) {
        println!("  judged unreachable, yet seen: {code} {}", table[code]);
    }
    for (code, reason) in &unreachable {
        println!("  unreachable: {code} {} · {reason}", table[code]);
    }
    covered == reachable.len() && seen.is_disjoint(&unreachable.into_keys().collect())
}

/// The server's table: description by `err_code`.
fn table() -> BTreeMap<u64, String> {
    let text = fs::read_to_string(probes::folder().join("errors.json")).expect("the table is part of the checkout");
    let table = Json::parse(&text).expect("the table is JSON");
    let row = |row: &Json| {
        let code = row.get("err_code").and_then(Json::as_u64)?;
        Some((code, row.get("description").and_then(Json::as_str)?.to_owned()))
    };
    table.elements().iter().filter_map(row).collect()
}

/// The codes that no client of a single memory server can raise, with the reason: lines `CODE REASON`.
fn unreachable(table: &BTreeMap<u64, String>) -> BTreeMap<u64, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors-unreachable.txt");
    let text = fs::read_to_string(&path).expect("the list is part of the checkout");
    let mut reasons = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (code, reason) = line.split_once(' ').unwrap_or_else(|| panic!("{}: {line}", path.display()));
        let code = code.parse().unwrap_or_else(|_| panic!("{}: {line}", path.display()));
        assert!(table.contains_key(&code), "{}: {code} is not in the table", path.display());
        reasons.insert(code, reason.to_owned());
    }
    reasons
}
