//! Debian's packages, for what no language's registry has. Their versions are the distribution's to choose.

use std::process::Command;

use crate::say::{say, timed};
use crate::{Result, process};

/// Installs Debian packages.
///
/// # Errors
/// This machine has no apt, this user may not install, or apt failed: `advice` is what to do by hand instead.
pub fn install(packages: &[&str], estimate: &str, advice: &str) -> Result {
    let failure = || crate::Failure::new(advice);
    let prefix = privilege().ok_or_else(failure)?;
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> =
            prefix.iter().copied().chain(["apt-get", "-qq"]).chain(arguments.iter().copied()).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    timed(&format!("apt-get install {}", packages.join(" ")), estimate, || {
        process::run(&mut apt(&["update"]))?;
        process::run(apt(&["install", "--yes"]).args(packages).stdout(std::process::Stdio::null()))
    })
    .map_err(|cause| {
        say(cause.to_string());
        failure()
    })
}

/// The words before `apt-get` that let this user install; `None` where nothing does.
fn privilege() -> Option<&'static [&'static str]> {
    process::which("apt-get")?;
    let is_root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    if is_root {
        return Some(&[]);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}
