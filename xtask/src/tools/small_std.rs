//! A standard library that is built with the page, for its size: without messages of panics, which a page has nowhere
//! to show, and with `std`'s own smaller algorithms.
//!
//! Cargo counts this as unstable, so it is asked for by the name under which the stable compiler gives it. A toolchain
//! that cannot do it builds the page with the standard library it came with: larger, otherwise the same.

use std::path::Path;
use std::process::Command;

use crate::say::{say, timed};
use crate::{Result, process};

use super::rust_target::WASM;

const RUSTFLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none \
                         --cfg jetstream_sim_small --cfg sha2_backend_soft=\"compact\"";

/// What makes cargo build the standard library too.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
    ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS),
];

/// Whether the toolchain can build its standard library; its sources are installed where they are missing.
///
/// # Errors
/// There is no Rust compiler.
pub fn ensure() -> Result<bool> {
    let is_ready = knows_flags() && has_sources()?;
    if !is_ready {
        say("this toolchain cannot build its own standard library: the page will be larger, but otherwise the same");
    }
    Ok(is_ready)
}

/// Makes a command's builds for the web build their own standard library.
pub fn apply(command: &mut Command) {
    command.envs(ENVIRONMENT);
}

fn knows_flags() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.env("RUSTC_BOOTSTRAP", "1").args(["--print", "cfg", "--target", WASM]).args(RUSTFLAGS.split(' '));
    process::succeeds(&mut rustc)
}

fn has_sources() -> Result<bool> {
    let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let manifest = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock");
    if manifest.is_file() {
        return Ok(true);
    }
    let add = || process::run(Command::new("rustup").args(["component", "add", "rust-src"]));
    Ok(timed("rustup component add rust-src", "about 5 s, once", add).is_ok() && manifest.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_flag_is_noticed() {
        let mut rustc = Command::new("rustc");
        assert!(!process::succeeds(rustc.args(["--print", "cfg", "-Zno-such-flag"])));
    }
}
