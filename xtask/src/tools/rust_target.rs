//! The standard library for `wasm32-unknown-unknown`.

use std::path::Path;
use std::process::Command;

use crate::say::timed;
use crate::{Failure, Result, process};

pub const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that Rust can build for the web.
///
/// # Errors
/// The target is missing and rustup is too, or cannot add it.
pub fn ensure() -> Result {
    let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    timed(&format!("rustup target add {WASM}"), "about 10 s, once", || {
        process::run(Command::new("rustup").args(["target", "add", WASM]))
            .map_err(|_| Failure::new(format!("Rust cannot build for {WASM}: add that target to your toolchain")))
    })
}
