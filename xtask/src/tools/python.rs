//! Python, and packages of PyPI in an environment of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::say::timed;
use crate::{Failure, Result, process, project};

use super::{apt, node};

const ADVICE: &str =
    "Python 3 with pip and venv is needed (Debian: apt-get install python3-venv): install it and run this again";

/// The Python of an environment with the packages of a file of requirements, installed where they are missing.
///
/// # Errors
/// There is no Python, or pip cannot install.
pub fn with_packages(requirements: &str) -> Result<PathBuf> {
    let text = project::read(requirements)?;
    let dir = project::cache_dir().join(format!("python-{:016x}", node::fnv1a(text.as_bytes())));
    let (python, stamp) = (dir.join("bin/python"), dir.join("complete"));
    if stamp.is_file() {
        return Ok(python);
    }
    let has_venv = || process::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]));
    if !has_venv() {
        apt::install(&["python3", "python3-venv"], "about 1 min, once", ADVICE)?;
    }
    if !has_venv() {
        return Err(Failure::new(ADVICE));
    }
    timed(&format!("pip install for {requirements}"), "about 10 s, once", || {
        process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        process::run(Command::new(&python).args(install).arg(project::root().join(requirements)))
    })?;
    project::at(&stamp, fs::write(&stamp, ""))?;
    Ok(python)
}
