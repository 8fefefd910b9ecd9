//! Where the project, its build output and the tools' cache are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Failure, Result};

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// Where cargo builds: `CARGO_TARGET_DIR`, else `target/`.
pub fn target_dir() -> PathBuf {
    // A relative path is relative to the project: the folder in which cargo is started here.
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Where trunk writes the page.
pub fn dist_dir() -> PathBuf {
    root().join("dist")
}

/// Where tools are installed, once for all checkouts: `jetstream-sim` in `JETSTREAM_SIM_CACHE`, `XDG_CACHE_HOME` or
/// `~/.cache`.
pub fn cache_dir() -> PathBuf {
    let parent = ["JETSTREAM_SIM_CACHE", "XDG_CACHE_HOME"]
        .into_iter()
        .find_map(|name| env::var_os(name).filter(|dir| !dir.is_empty()).map(PathBuf::from))
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .unwrap_or_else(|| root().join("target"));
    root().join(parent).join("jetstream-sim")
}

/// Reads a text file of the project.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).map_err(|error| Failure::new(format!("{path}: {error}")))
}

/// Turns an error of the file system into one line that names the path.
pub fn at<T>(path: &Path, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
