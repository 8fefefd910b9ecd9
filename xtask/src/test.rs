//! `cargo xtask test`: all tests.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::say::{duration, say};
use crate::tools::{Toolbox, browser, cargo_tool, rust_target};
use crate::{Failure, Result, build, clients, conformance, e2e, package, process, project, size};

/// The test targets that also run as wasm in a browser, as a pattern of cargo.
pub const BROWSER_TESTS: &str = "wasm*";

/// The suites of `cargo xtask conformance` that must agree.
const CONFORMANCE: [&str; 3] = ["scenarios", "probes", "errors"];

struct Part {
    name: &'static str,
    /// By experience, with all tools there and most of the code built.
    estimate: &'static str,
    run: fn() -> Result,
}

/// In order; the last one's closing line is the last that the whole run prints of its tests.
const PARTS: [Part; 7] = [
    Part { name: "native", estimate: "about 1 min", run: native },
    Part { name: "conformance", estimate: "about 3 min", run: conformance },
    Part { name: "wasm", estimate: "about 30 s", run: wasm },
    Part { name: "size", estimate: "about 2 min", run: size },
    Part { name: "package", estimate: "about 2 min", run: package },
    Part { name: "clients", estimate: "about 2 min", run: clients },
    Part { name: "e2e", estimate: "about 1 min", run: e2e },
];

/// Runs all parts, also after one that failed, or the named ones.
///
/// # Errors
/// There is no such part, or one fails.
pub fn run(args: Args) -> Result {
    let parts = pick(&args.rest())?;
    let mut failed = Vec::new();
    let mut lines = Vec::new();
    for part in parts {
        say(format!("test: {} ({} once everything is built)", part.name, part.estimate));
        let start = Instant::now();
        let result = (part.run)();
        lines.push(line(part.name, start.elapsed(), &result));
        failed.extend(result.is_err().then_some(part.name));
    }
    eprintln!("\n{}", lines.concat());
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("failed: {}", failed.join(", ")))) }
}

fn pick(names: &[String]) -> Result<Vec<&'static Part>> {
    if names.is_empty() {
        return Ok(PARTS.iter().collect());
    }
    let part = |name: &String| {
        let known = || PARTS.map(|part| part.name).join(", ");
        PARTS
            .iter()
            .find(|part| part.name == name)
            .ok_or_else(|| Failure::new(format!("no part of the tests is called {name:?}: there are {}", known())))
    };
    names.iter().map(part).collect()
}

fn line(name: &str, took: Duration, result: &Result) -> String {
    let took = duration(took);
    match result {
        Ok(()) => format!("  {name:<13} passed in {took}\n"),
        Err(failure) => format!("  {name:<13} FAILED after {took}: {failure}\n"),
    }
}

/// Unit tests, integration tests and documentation, of the library and of this tool.
fn native() -> Result {
    process::run_and_repeat(process::cargo().args(["test", "--workspace", "--locked"]))
}

fn conformance() -> Result {
    CONFORMANCE.iter().try_for_each(|suite| conformance::run(Args::new(vec![suite.to_string()])))
}

fn size() -> Result {
    build::optimised()?;
    size::check()
}

/// The JavaScript package: its size, what it does, the server in it, and its examples as written.
fn package() -> Result {
    package::check_size()?;
    let files = [
        "config.test.mjs",
        "unpack.test.mjs",
        "simulator.test.mjs",
        "types.test.mjs",
        "server.test.mjs",
        "limits.test.mjs",
        "monitoring.test.mjs",
        "websocket.test.mjs",
        "examples.test.mjs",
    ];
    process::run(&mut package::tests(&files)?)
}

fn clients() -> Result {
    clients::run(Args::new(Vec::new()))
}

fn e2e() -> Result {
    e2e::run(Args::new(Vec::new()))
}

/// The engine as wasm in headless Chromium.
fn wasm() -> Result {
    rust_target::ensure()?;
    let tools = Toolbox::default().with(cargo_tool::wasm_bindgen()?);
    let browser = browser::ensure()?;
    let mut cargo = tools.cargo()?;
    cargo.args(["test", "--locked", "--target", rust_target::WASM, "--test", BROWSER_TESTS]);
    cargo.env("WASM_BINDGEN_USE_BROWSER", "1");
    cargo.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_json(&browser)?);
    // Seconds. A busy machine starts a browser slowly, and the long tests are long in it.
    cargo.env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60").env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    process::run(cargo.env("CHROMEDRIVER", &browser.chromedriver))
}

/// Writes how ChromeDriver starts the browser, and gives the file. The test runner itself asks for a headless one.
fn webdriver_json(browser: &browser::Browser) -> Result<PathBuf> {
    let dir = project::target_dir().join("xtask");
    let file = dir.join("webdriver.json");
    project::at(&dir, fs::create_dir_all(&dir))?;
    project::at(&file, fs::write(&file, capabilities(&browser.chromium.to_string_lossy())))?;
    Ok(file)
}

fn capabilities(chromium: &str) -> String {
    let arguments = browser::ARGUMENTS.map(|argument| format!("{argument:?}")).join(", ");
    format!("{{ \"goog:chromeOptions\": {{ \"binary\": {chromium:?}, \"args\": [{arguments}] }} }}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_picked_by_name_and_all_without_one() {
        let names = |parts: Vec<&'static Part>| parts.iter().map(|part| part.name).collect::<Vec<_>>();
        assert_eq!(pick(&[]).map(names).map(|names| names.len()), Ok(PARTS.len()));
        assert_eq!(pick(&["wasm".into(), "native".into()]).map(names), Ok(vec!["wasm", "native"]));
        assert!(pick(&["rust".into()]).is_err_and(|failure| failure.to_string().contains("native, conformance")));
    }

    #[test]
    fn a_failed_part_says_why() {
        let failed = line("wasm", Duration::from_secs(61), &Err(Failure::new("no browser")));
        assert_eq!(failed, "  wasm          FAILED after 1 min 1 s: no browser\n");
    }

    #[test]
    fn capabilities_are_json() {
        let text = capabilities("/usr/bin/chromium");
        assert!(
            text.starts_with(r#"{ "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": ["--disable-gpu","#)
        );
    }
}
