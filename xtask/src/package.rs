//! `cargo xtask package`: the JavaScript package in `target/package/`, ready for npm to install, and its size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;
use crate::say::{say, timed};
use crate::tools::{Toolbox, browser, cargo_tool, node, rust_target};
use crate::{Failure, Result, build, process, project, size};

/// What the package is made from; a folder stands for all that is in it.
const SOURCES: [&str; 6] = ["Cargo.toml", "Cargo.lock", "src", "www/package", "www/build", "LICENSE"];

/// What the WebAssembly may be at most, compressed with brotli.
const BUDGET_BYTES: u64 = 220_000;

/// The arguments that make `cargo rustc` build for the package; `web` is a profile of `Cargo.toml`.
///
/// Small functions are put into their callers more often than in the page, up to this measure of LLVM's, where 5 is what a
/// build for size allows. At 60 every message takes a third less time than there, for 6 % more bytes; at 130 deliveries and
/// acks take another tenth less than at 60, for another tenth of bytes, which the budget just has.
pub const OPTIMISED: [&str; 8] =
    ["--features", "js", "--target", rust_target::WASM, "--profile", "web", "--", "-Cllvm-args=-inline-threshold=130"];

/// Packed, since like beside like compresses a fifth better; the package unpacks it when it loads it.
const WASM_FILE: &str = "core.packed.wasm";

/// Writes the package and checks its size.
///
/// # Errors
/// A tool is missing, the package does not build, or it is too large.
pub fn run(args: Args) -> Result {
    args.done()?;
    let dir = write()?;
    say(format!("npm install {} installs it", dir.display()));
    check_size()
}

/// Checks the size of the package's WebAssembly.
///
/// # Errors
/// The package does not build, or is too large.
pub fn check_size() -> Result {
    size::check_file(&write()?.join(WASM_FILE), BUDGET_BYTES, "engine")
}

/// Brings `target/package/` up to date with its sources; the folder.
///
/// # Errors
/// A tool is missing or the package does not build.
pub fn write() -> Result<PathBuf> {
    let dir = project::target_dir().join("package");
    if build::is_older_than(&SOURCES, &dir.join("package.json")) {
        say("target/package/ is up to date");
        return Ok(dir);
    }
    rust_target::ensure()?;
    let tools = Toolbox::default().with(cargo_tool::wasm_bindgen()?).with(node::BROWSER.programs()?);
    timed("optimised build of the package", "about 3 min the first time, then 2 min", || {
        let wasm = compile(&tools)?;
        fill(&tools, &wasm, &dir)
    })?;
    Ok(dir)
}

/// Compiles the library as a WebAssembly module of its own.
fn compile(tools: &Toolbox) -> Result<PathBuf> {
    let mut cargo = tools.cargo()?;
    cargo.args(["rustc", "--locked", "--lib", "--crate-type", "cdylib"]);
    build::make_small(&mut cargo)?;
    process::run(cargo.args(OPTIMISED))?;
    Ok(project::target_dir().join(rust_target::WASM).join("web/jetstream_sim.wasm"))
}

/// Writes all files of the package, the manifest last: it says that the others are there.
fn fill(tools: &Toolbox, wasm: &Path, dir: &Path) -> Result {
    if dir.exists() {
        project::at(dir, fs::remove_dir_all(dir))?;
    }
    let bind = ["--target", "web", "--no-typescript", "--omit-default-module-path", "--out-name", "core", "--out-dir"];
    process::run(tools.command("wasm-bindgen")?.args(bind).arg(dir).arg(wasm))?;
    let module = dir.join("core_bg.wasm");
    process::run(tools.command("wasm-opt")?.args(build::WASM_OPT).arg(&module).arg("-o").arg(&module))?;
    let pack = project::root().join("www/build/pack.mjs");
    process::run(tools.command("node")?.arg(pack).arg(&module).arg(dir.join(WASM_FILE)))?;
    project::at(&module, fs::remove_file(&module))?;
    let source = project::root().join("www/package");
    copy_folder(&source, dir)?;
    let license = dir.join("LICENSE");
    project::at(&license, fs::copy(project::root().join("LICENSE"), &license).map(drop))?;
    let manifest = dir.join("package.json");
    let text = with_version(&project::read("www/package/package.json")?, &project::read("Cargo.toml")?)?;
    project::at(&manifest, fs::write(&manifest, text))
}

/// Copies what is in a folder, but for the manifest at its top.
fn copy_folder(from: &Path, to: &Path) -> Result {
    project::at(to, fs::create_dir_all(to))?;
    for entry in project::at(from, fs::read_dir(from))?.flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else if entry.file_name() != "package.json" {
            project::at(&source, fs::copy(&source, &target).map(drop))?;
        }
    }
    Ok(())
}

/// The package's manifest with the version of the crate.
fn with_version(manifest: &str, cargo_toml: &str) -> Result<String> {
    let version = cargo_toml.lines().find_map(|line| line.strip_prefix("version = "));
    let version = version.ok_or_else(|| Failure::new("Cargo.toml has no version"))?;
    Ok(manifest.replacen("\"0.0.0\"", version, 1))
}

/// Node's tests `files` of `tests/js/`, with the package, its friends from npm and a browser at hand.
///
/// # Errors
/// A tool is missing, or the package does not build.
pub fn tests(files: &[&str]) -> Result<Command> {
    let browser = browser::ensure()?;
    let mut tests = with_packages()?;
    // Node 20 has a WebSocket behind this flag, later ones have it without.
    tests.args(["--experimental-websocket", "--test", "--test-concurrency=1"]);
    tests.args(["--test-timeout=180000", "--test-reporter=spec"]);
    tests.args(files.iter().map(|file| script(file)));
    tests.env("CHROMIUM", browser.chromium).env("CHROMIUM_ARGUMENTS", browser::ARGUMENTS.join(" "));
    Ok(tests)
}

/// A script of `tests/js/` with the package and its friends from npm at hand.
///
/// # Errors
/// As [`tests`].
pub fn node(file: &str) -> Result<Command> {
    let mut node = with_packages()?;
    node.arg(script(file));
    Ok(node)
}

fn script(file: &str) -> PathBuf {
    project::root().join("tests/js").join(file)
}

fn with_packages() -> Result<Command> {
    let dir = write()?;
    node::BROWSER.link()?;
    node::CLIENTS.link()?;
    let mut node = Toolbox::default().command("node")?;
    node.env("JETSTREAM_SIM_PACKAGE", dir);
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_has_the_version_of_the_crate() {
        let manifest = project::read("www/package/package.json").expect("the package has a manifest");
        let text =
            with_version(&manifest, "[package]\nname = \"x\"\nversion = \"1.2.3\"\n").expect("there is a version");
        assert!(text.contains("\"version\": \"1.2.3\""), "{text}");
        assert!(with_version(&manifest, "[package]\n").is_err());
    }

    #[test]
    fn every_source_is_there() {
        for source in SOURCES {
            assert!(project::root().join(source).exists(), "{source}");
        }
    }
}
