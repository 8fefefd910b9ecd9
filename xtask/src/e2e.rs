//! `cargo xtask e2e`: the page in headless Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;
use crate::tools::{Toolbox, browser, node};
use crate::{Failure, Result, build, process, project};

const FOLDER: &str = "tests/e2e";
const END: &str = ".test.mjs";
/// The files that measure times, which is done with nothing else running.
const MEASURING: [&str; 2] = ["embed", "page"];

/// Builds the page where it is not up to date and runs all of `tests/e2e/*.test.mjs`, or the named ones.
///
/// With `--dev` the page is built quickly, and is slower than its tests ask.
///
/// # Errors
/// A tool is missing, there is no such test, or one fails.
pub fn run(mut args: Args) -> Result {
    let is_dev = args.flag("--dev");
    let files = files(&args.rest())?;
    if is_dev {
        build::unoptimised()?
    } else {
        build::optimised()?
    }
    let (measuring, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| is_measuring(file));
    run_files(&measuring, 1).and(run_files(&others, 2))
}

/// Runs files, `at_once` of them at a time; the pictures that they take go to `e2e/` in cargo's target folder.
fn run_files(files: &[PathBuf], at_once: u32) -> Result {
    if files.is_empty() {
        return Ok(());
    }
    let pictures = project::target_dir().join("e2e");
    project::at(&pictures, fs::create_dir_all(&pictures))?;
    let mut tests = node()?;
    tests.args(["--test", "--test-reporter=spec"]).arg(format!("--test-concurrency={at_once}")).args(files);
    process::run(tests.env("JETSTREAM_SIM_PICTURES", pictures))
}

fn is_measuring(file: &Path) -> bool {
    MEASURING.iter().any(|name| file.ends_with(format!("{name}{END}")))
}

/// Node with what `tests/e2e/browser.mjs` needs, to run a file beside it.
///
/// # Errors
/// A tool is missing and cannot be installed.
pub fn node() -> Result<Command> {
    node::BROWSER.link()?;
    let browser = browser::ensure()?;
    let mut node = Toolbox::default().command("node")?;
    node.env("CHROMIUM", browser.chromium).env("CHROMIUM_ARGUMENTS", browser::ARGUMENTS.join(" "));
    node.env("JETSTREAM_SIM_DIST", project::dist_dir());
    Ok(node)
}

/// Builds the page where it is not up to date and gives the run of a file in `tests/e2e/` that is no test.
///
/// # Errors
/// A tool is missing, or the page does not build.
pub fn script(name: &str, arguments: &[String]) -> Result<Command> {
    build::optimised()?;
    let mut node = node()?;
    node.arg(project::root().join(FOLDER).join(name)).args(arguments);
    Ok(node)
}

/// Takes pictures of every view of the page, or of those whose name contains a word given.
///
/// They go to `screenshots/` in cargo's target folder; those that README shows also to `www/`.
///
/// # Errors
/// As [`script`]; or a view cannot be reached.
pub fn screenshots(args: Args) -> Result {
    let mut node = script("screenshots.mjs", &args.rest())?;
    node.env("JETSTREAM_SIM_PICTURES", project::target_dir().join("screenshots"));
    process::run(node.env("JETSTREAM_SIM_README", project::root().join("www")))
}

/// The test files with these names; all of them, in order, where none is named.
fn files(names: &[String]) -> Result<Vec<PathBuf>> {
    let dir = project::root().join(FOLDER);
    if names.is_empty() {
        let entries = project::at(&dir, fs::read_dir(&dir))?;
        let mut files: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|file| is_test(file)).collect();
        files.sort();
        return Ok(files);
    }
    let file = |name: &String| {
        let file = dir.join(format!("{}{END}", name.trim_end_matches(END)));
        if file.is_file() { Ok(file) } else { Err(Failure::new(format!("{FOLDER} has no {name}{END}"))) }
    };
    names.iter().map(file).collect()
}

fn is_test(file: &Path) -> bool {
    file.to_string_lossy().ends_with(END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_named_without_their_end() {
        let page = project::root().join(FOLDER).join("page.test.mjs");
        assert_eq!(files(&["page".into()]), Ok(vec![page.clone()]));
        assert_eq!(files(&["page.test.mjs".into()]), Ok(vec![page.clone()]));
        assert!(files(&[]).is_ok_and(|all| all.contains(&page) && all.iter().all(|file| is_test(file))));
        assert!(files(&["nothing".into()]).is_err());
    }

    #[test]
    fn what_is_measured_is_there_and_runs_by_itself() {
        let all = files(&[]).unwrap_or_default();
        assert_eq!(all.iter().filter(|file| is_measuring(file)).count(), MEASURING.len());
    }
}
