//! `cargo xtask clients`: unmodified clients of NATS, on the package's server or on the real one.

use std::process::Command;

use crate::args::Args;
use crate::say::say;
use crate::tools::{nats_server, python};
use crate::{Failure, Result, package, process, project};

struct Language {
    name: &'static str,
    run: fn(&Server) -> Result,
}

const LANGUAGES: [Language; 3] =
    [Language { name: "js", run: js }, Language { name: "rust", run: rust }, Language { name: "python", run: python }];

/// The server that clients are tested with.
enum Server {
    /// That of the package.
    Simulated,
    Real,
}

/// Runs the tests in all languages, or the named ones; with `--real` on the real nats-server.
///
/// # Errors
/// There is no such language, a tool is missing, or a test fails.
pub fn run(mut args: Args) -> Result {
    let server = if args.flag("--real") { Server::Real } else { Server::Simulated };
    let mut results = Vec::new();
    for language in pick(&args.rest())? {
        say(format!("clients: {}", language.name));
        results.push((language.run)(&server));
    }
    // All languages, also after one that failed.
    results.into_iter().collect()
}

fn pick(names: &[String]) -> Result<Vec<&'static Language>> {
    if names.is_empty() {
        return Ok(LANGUAGES.iter().collect());
    }
    let language = |name: &String| {
        let known = LANGUAGES.map(|language| language.name).join(", ");
        LANGUAGES
            .iter()
            .find(|language| language.name == name)
            .ok_or_else(|| Failure::new(format!("no tests with a client in {name:?}: there are {known}")))
    };
    names.iter().map(language).collect()
}

impl Server {
    /// Tells node's scripts which server to start.
    fn choose(&self, node: &mut Command) -> Result {
        if let Self::Real = self {
            node.env("REAL", "1").env("NATS_SERVER_BIN", nats_server::ensure()?);
        }
        Ok(())
    }

    /// Runs a command with the address of a fresh server in `NATS_URL`.
    fn around(&self, command: &Command) -> Result {
        let mut node = package::node("with-server.mjs")?;
        node.arg(command.get_program()).args(command.get_args());
        node.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.choose(&mut node)?;
        process::run(&mut node)
    }
}

/// nats.js, in Node over TCP and WebSocket, and on the simulator also without either, in Node and in Chromium.
fn js(server: &Server) -> Result {
    let mut tests = package::tests(&["clients/clients.test.mjs"])?;
    server.choose(&mut tests)?;
    process::run(&mut tests)
}

/// async-nats, in a crate of its own.
fn rust(server: &Server) -> Result {
    let manifest = project::root().join("tests/clients/rust/Cargo.toml");
    let mut cargo = process::cargo();
    cargo.args(["test", "--locked", "--quiet", "--manifest-path"]).arg(manifest);
    cargo.arg("--target-dir").arg(project::target_dir().join("clients"));
    // Its dependencies are built before a server waits for it.
    process::run(Command::new(cargo.get_program()).args(cargo.get_args()).arg("--no-run"))?;
    server.around(&cargo)
}

/// nats-py.
fn python(server: &Server) -> Result {
    let mut tests = Command::new(python::with_packages("tests/clients/python/requirements.txt")?);
    tests.args(["-m", "unittest", "--verbose"]).arg(project::root().join("tests/clients/python/test_clients.py"));
    server.around(&tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_picked_by_name_and_all_without_one() {
        let names = |picked: Vec<&'static Language>| picked.iter().map(|it| it.name).collect::<Vec<_>>();
        assert_eq!(pick(&[]).map(names), Ok(vec!["js", "rust", "python"]));
        assert_eq!(pick(&["python".into()]).map(names), Ok(vec!["python"]));
        assert!(pick(&["go".into()]).is_err_and(|failure| failure.to_string().contains("js, rust, python")));
    }
}
