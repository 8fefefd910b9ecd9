//! `cargo xtask`: all that is done to this project, as verbs.
//!
//! Each verb has a file. Tools that a verb needs and the machine lacks are installed by [`tools`] at pinned versions
//! into a cache outside `target/`; what cannot be installed ends the verb with one line that says what to do.
//! It runs where there is a Unix: Linux, macOS, WSL.

mod args;
mod bench;
mod build;
mod clients;
mod conformance;
mod e2e;
mod fuzz;
mod instructions;
mod lint;
mod package;
mod peer;
mod process;
mod project;
mod say;
mod serve;
mod size;
mod test;
mod tools;

use std::fmt;
use std::process::ExitCode;

use args::Args;

/// Why a verb ends early, in one line that says what to do where something can be done.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub type Result<T = ()> = std::result::Result<T, Failure>;

struct Verb {
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(Args) -> Result,
}

const VERBS: [Verb; 11] = [
    Verb {
        name: "serve",
        arguments: "[--dev] [--port N] [--open]",
        help: "build the page and serve it; --dev builds quickly, unoptimised",
        run: serve::run,
    },
    Verb {
        name: "build",
        arguments: "[--dev]",
        help: "write the optimised page to dist/ and check its size; --dev builds quickly, unoptimised",
        run: build::run,
    },
    Verb {
        name: "package",
        arguments: "",
        help: "write the JavaScript package to target/package/ and check its size",
        run: package::run,
    },
    Verb {
        name: "test",
        arguments: "[native|conformance|wasm|size|package|clients|e2e ...]",
        help: "run all tests, or the named parts",
        run: test::run,
    },
    Verb {
        name: "clients",
        arguments: "[--real] [js|rust|python ...]",
        help: "run unmodified clients on the package's server, or on the real one",
        run: clients::run,
    },
    Verb {
        name: "e2e",
        arguments: "[--dev] [NAME ...]",
        help: "drive the page in headless Chromium; NAME picks tests/e2e/NAME.test.mjs; --dev builds quickly",
        run: e2e::run,
    },
    Verb {
        name: "screenshots",
        arguments: "[WORD ...]",
        help: "take pictures of every view, and those of README; WORD picks views by name",
        run: e2e::screenshots,
    },
    Verb {
        name: "conformance",
        arguments: "[scenarios|probes|errors|random] ...",
        help: "compare the engine with the real nats-server",
        run: conformance::run,
    },
    Verb {
        name: "bench",
        arguments: "[--web] [NAME|server|beside|instructions|clients|frames|page]",
        help: "run the benchmarks, or those of a group (store, engine) or with a name; --web beside WebAssembly",
        run: bench::run,
    },
    Verb {
        name: "fuzz",
        arguments: "[--seconds N]",
        help: "throw made-up inputs at the protocol and the API, N seconds each (300)",
        run: fuzz::run,
    },
    Verb { name: "lint", arguments: "", help: "check formatting and run clippy, native and wasm32", run: lint::run },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    if matches!(name.as_str(), "" | "help" | "--help" | "-h") {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let verb = VERBS.iter().find(|verb| verb.name == name).map(|verb| verb.run);
    let Some(run) = verb.or((name == serve::ANNOUNCE).then_some(serve::announce)) else {
        eprintln!("xtask: no verb is called {name:?}\n\n{}", usage());
        return ExitCode::from(2);
    };
    match run(Args::new(words.collect())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask VERB\n\n");
    for Verb { name, arguments, help, .. } in &VERBS {
        text += &format!("  {:<52}{help}\n", format!("{name} {arguments}"));
    }
    text + &format!(
        "\nMissing tools are installed once into {}\n(JETSTREAM_SIM_CACHE names another parent folder).\n",
        project::cache_dir().display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_names_every_verb() {
        for verb in [
            "serve",
            "build",
            "package",
            "test",
            "clients",
            "e2e",
            "screenshots",
            "conformance",
            "bench",
            "fuzz",
            "lint",
        ] {
            assert!(usage().contains(&format!("\n  {verb} ")), "{verb}");
        }
    }
}
