//! `cargo xtask lint`: formatting and clippy.

use crate::args::Args;
use crate::test::BROWSER_TESTS;
use crate::tools::rust_target;
use crate::{Result, process};

/// Checks the formatting, and runs clippy for both targets; a warning is an error.
///
/// # Errors
/// Something is to be mended.
pub fn run(args: Args) -> Result {
    args.done()?;
    process::run(process::cargo().args(["fmt", "--all", "--check"]))?;
    clippy(&["--workspace", "--all-targets"])?;
    rust_target::ensure()?;
    // The other tests and the benches need files, processes and sockets, which the web has not.
    clippy(&["--target", rust_target::WASM, "--lib", "--bins", "--test", BROWSER_TESTS])?;
    // The package has its own exports, and not the page's.
    clippy(&["--target", rust_target::WASM, "--features", "js", "--lib"])
}

fn clippy(selection: &[&str]) -> Result {
    process::run(process::cargo().args(["clippy", "--locked"]).args(selection).args(["--", "--deny", "warnings"]))
}
