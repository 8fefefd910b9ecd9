//! Other programs: finding and running them.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failure, Result, project};

/// How many lines of output a failure repeats.
const REPEATED: usize = 12;

/// The cargo that runs this, started in the project's folder.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project::root());
    command
}

/// Runs a command that shares this terminal.
///
/// # Errors
/// It cannot be started or does not end with success.
pub fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| not_run(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{} failed ({status})", shown(command)))) }
}

/// Runs a command whose failure repeats the end of its output: what is between a failure and its own closing line may be
/// far more than a log keeps.
///
/// # Errors
/// It cannot be started or does not end with success.
pub fn run_and_repeat(command: &mut Command) -> Result {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_run(command, &error))?;
    let output = child.stdout.take().expect("it is piped");
    let mut last = VecDeque::new();
    // Output that cannot be read ends the reading, not the command: how that ends counts.
    for line in BufReader::new(output).split(b'\n').map_while(io::Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        println!("{line}");
        last.extend((!line.trim().is_empty()).then_some(line));
        last.drain(..last.len().saturating_sub(REPEATED));
    }
    let status = child.wait().map_err(|error| not_run(command, &error))?;
    if status.success() {
        return Ok(());
    }
    let repeated: String = last.iter().map(|line| format!("\n    | {line}")).collect();
    Err(Failure::new(format!("{} failed ({status}){repeated}", shown(command))))
}

/// Becomes a command that shares this terminal: it has this program's id and gets its signals.
///
/// # Errors
/// It cannot be started. Otherwise this does not return.
pub fn hand_over(mut command: Command) -> Result {
    let error = command.exec();
    Err(not_run(&command, &error))
}

/// Runs a command and gives what it printed to standard output, without white space at its ends.
///
/// # Errors
/// It cannot be started or does not end with success.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| not_run(command, &error))?;
    if !output.status.success() {
        return Err(Failure::new(format!("{} failed ({})", shown(command), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a command ends with success; what it prints is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Where a program is on the search path.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find_map(|dir| program_in(&dir, name))
}

/// The program `name` in `dir`, if it is there.
pub fn program_in(dir: &Path, name: &str) -> Option<PathBuf> {
    let file = dir.join(name);
    file.is_file().then_some(file)
}

/// The search path with `dirs` put before it.
pub fn path_with(dirs: &[PathBuf]) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(dirs.iter().cloned().chain(env::split_paths(&path)))
        .map_err(|error| Failure::new(format!("the search path cannot hold a tool's folder: {error}")))
}

/// Why a command could not be started, or waited for.
fn not_run(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", shown(command)))
}

/// The command as one would type it, without its folder.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    format!("`{}`", words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_how_it_ended() {
        let failure =
            run(cargo().args(["--no-such-flag"]).stderr(Stdio::null())).expect_err("cargo knows no such flag");
        assert!(failure.to_string().starts_with("`cargo"), "{failure}");
        assert!(failure.to_string().contains("--no-such-flag` failed (exit status: 1)"), "{failure}");
    }

    #[test]
    fn a_failure_repeats_the_end_of_the_output() {
        let script = "for number in $(seq 20); do echo line $number; echo; done; exit 3";
        let failure = run_and_repeat(Command::new("sh").args(["-c", script])).expect_err("it exits with 3");
        let text = failure.to_string();
        assert!(text.contains("failed (exit status: 3)\n    | line 9\n"), "{text}");
        assert!(text.ends_with("\n    | line 20"), "{text}");
        assert!(run_and_repeat(&mut Command::new("true")).is_ok());
    }

    #[test]
    fn programs_are_found_on_the_search_path_only() {
        assert!(which("cargo").is_some());
        assert_eq!(which("no-such-program-anywhere"), None);
    }
}
