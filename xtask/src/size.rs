//! How much of the page goes over the wire, and the most that it may be.

use std::path::Path;
use std::process::Command;

use crate::{Failure, Result, process, project};

/// What the page may be at most, compressed with brotli, with time travel, presets and the drawer in it: all that a browser
/// loads before the panel "Attach a client" is asked for.
const BUDGET_BYTES: u64 = 350_000;

/// Prints the size of each file that a browser loads.
const SCRIPT: &str = include_str!("size.mjs");

/// One file of the page.
#[derive(Debug, PartialEq, Eq)]
struct Asset {
    name: String,
    plain_bytes: u64,
    brotli_bytes: u64,
}

/// Prints the sizes of what is in `dist/`.
///
/// # Errors
/// There is no page in it, or it is too large.
pub fn check() -> Result {
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", SCRIPT, "--"]).arg(project::dist_dir());
    let assets = parse(&process::output(&mut node)?)?;
    for Asset { name, plain_bytes, brotli_bytes } in &assets {
        println!("{brotli_bytes:>9} bytes of {plain_bytes:>9}  {name}");
    }
    let (verdict, fits) = verdict(&assets);
    println!("{verdict}");
    if fits { Ok(()) } else { Err(Failure::new("the page is too large")) }
}

/// Prints how large one file is, compressed with brotli, beside what it may be.
///
/// # Errors
/// It is not there, or larger than `budget_bytes`.
pub fn check_file(file: &Path, budget_bytes: u64, what: &str) -> Result {
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", SCRIPT, "--"]).arg(file.parent().unwrap_or(file));
    let assets = parse(&process::output(&mut node)?)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let asset = assets.iter().find(|asset| asset.name == name);
    let bytes = asset.ok_or_else(|| Failure::new(format!("{} is not there", file.display())))?.brotli_bytes;
    let fits = bytes <= budget_bytes;
    let word = if fits { "within" } else { "NOT within" };
    println!("{bytes:>9} bytes of {what}, compressed with brotli: {word} the budget of {budget_bytes}");
    if fits { Ok(()) } else { Err(Failure::new(format!("the {what} is too large"))) }
}

/// Reads lines of `plain brotli name`.
fn parse(text: &str) -> Result<Vec<Asset>> {
    let asset = |line: &str| {
        let mut words = line.splitn(3, ' ');
        Some(Asset {
            plain_bytes: words.next()?.parse().ok()?,
            brotli_bytes: words.next()?.parse().ok()?,
            name: words.next()?.to_owned(),
        })
    };
    text.lines().map(|line| asset(line).ok_or_else(|| Failure::new(format!("no size of a file: {line:?}")))).collect()
}

/// The closing line, and whether the page is within its budget. A page without code is none.
fn verdict(assets: &[Asset]) -> (String, bool) {
    let has_code = assets.iter().any(|asset| asset.name.ends_with(".wasm"));
    let total: u64 = assets.iter().map(|asset| asset.brotli_bytes).sum();
    let fits = has_code && total <= BUDGET_BYTES;
    let word = if fits { "within" } else { "NOT within" };
    (format!("{total:>9} bytes of page, compressed with brotli: {word} the budget of {BUDGET_BYTES}"), fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(wasm_brotli_bytes: u64) -> Vec<Asset> {
        let asset = |name: &str, brotli_bytes| Asset { name: name.into(), plain_bytes: 4 * brotli_bytes, brotli_bytes };
        vec![asset("page.js", 5_000), asset("page_bg.wasm", wasm_brotli_bytes)]
    }

    #[test]
    fn the_budget_is_for_all_files_together() {
        assert!(verdict(&page(BUDGET_BYTES - 5_000)).1);
        assert!(!verdict(&page(BUDGET_BYTES - 4_999)).1);
    }

    #[test]
    fn a_page_that_is_too_large_is_said_to_be() {
        assert!(verdict(&page(BUDGET_BYTES)).0.contains("NOT within"));
        assert!(!verdict(&page(1)).0.contains("NOT within"));
    }

    #[test]
    fn an_empty_folder_is_no_small_page() {
        assert!(!verdict(&[]).1);
        assert!(!verdict(&page(1)[..1]).1);
    }

    #[test]
    fn sizes_are_read_line_by_line() {
        let asset = Asset { name: "a b.css".into(), plain_bytes: 40, brotli_bytes: 10 };
        assert_eq!(parse("40 10 a b.css\n"), Ok(vec![asset]));
        assert!(parse("40 ten a.css").is_err());
    }
}
