//! Programs from crates.io: trunk, wasm-bindgen with its test runner, and cargo-fuzz.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::{say, timed};
use crate::{Failure, Result, process, project};

/// `Trunk.toml` asks for no older one.
const TRUNK: &str = "0.21.14";

const CARGO_FUZZ: &str = "0.13.1";

/// One package of crates.io that is installed for its programs.
struct CargoTool {
    package: &'static str,
    version: String,
    /// The first one is asked for its version.
    programs: &'static [&'static str],
    features: &'static [&'static str],
    estimate: &'static str,
}

/// How the programs are built: they run for a second at a time, so a quick build is worth more than a quick program.
/// With its own settings, link-time optimisation among them, trunk took 7 min.
const PROFILE: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// The folder with `trunk`, installed where it is missing.
///
/// # Errors
/// It cannot be built.
pub fn trunk() -> Result<PathBuf> {
    CargoTool {
        package: "trunk",
        version: TRUNK.to_owned(),
        programs: &["trunk"],
        // Without the check for a newer trunk.
        features: &["--no-default-features", "--features", "rustls"],
        estimate: "2 to 5 min on 2 cores, once",
    }
    .ensure()
}

/// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner` at the version of the library in `Cargo.lock`,
/// installed where they are missing.
///
/// # Errors
/// `Cargo.lock` has no wasm-bindgen, or the programs cannot be built.
pub fn wasm_bindgen() -> Result<PathBuf> {
    let version = locked_version(&project::read("Cargo.lock")?, "wasm-bindgen")
        .ok_or_else(|| Failure::new("Cargo.lock names no wasm-bindgen: run `cargo fetch`"))?
        .to_owned();
    CargoTool {
        package: "wasm-bindgen-cli",
        version,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        features: &[],
        estimate: "1 to 2 min on 2 cores, once",
    }
    .ensure()
}

/// The folder with `cargo-fuzz`, installed where it is missing.
///
/// # Errors
/// It cannot be built.
pub fn cargo_fuzz() -> Result<PathBuf> {
    CargoTool {
        package: "cargo-fuzz",
        version: CARGO_FUZZ.to_owned(),
        programs: &["cargo-fuzz"],
        features: &[],
        estimate: "1 min on 2 cores, once",
    }
    .ensure()
}

impl CargoTool {
    /// The folder of the programs: on the search path at the right version, else in the cache.
    fn ensure(&self) -> Result<PathBuf> {
        let on_path = process::which(self.programs[0]).and_then(|file| file.parent().map(Path::to_owned));
        let installed = self.root().join("bin");
        if let Some(dir) = on_path.into_iter().chain([installed.clone()]).find(|dir| self.is_in(dir)) {
            return Ok(dir);
        }
        let what = format!("{} {} from crates.io", self.package, self.version);
        timed(&what, self.estimate, || self.install())?;
        if self.is_in(&installed) {
            Ok(installed)
        } else {
            Err(Failure::new(format!("{what} was built but does not run from {}", installed.display())))
        }
    }

    fn is_in(&self, dir: &Path) -> bool {
        let is_there = self.programs.iter().all(|program| process::program_in(dir, program).is_some());
        is_there
            && process::output(Command::new(dir.join(self.programs[0])).arg("--version"))
                .is_ok_and(|text| text.split_whitespace().nth(1) == Some(&self.version))
    }

    fn install(&self) -> Result {
        let build_dir = project::cache_dir().join(format!("build-{}-{}", self.package, self.version));
        let install = |arguments: &[&str]| {
            let mut command = process::cargo();
            command.args(["install", self.package, "--version", &self.version]).args(self.features).args(arguments);
            command.envs(PROFILE);
            // A folder of its own, so that an interrupted build goes on where it stopped.
            command.arg("--root").arg(self.root()).arg("--target-dir").arg(&build_dir);
            process::run(&mut command)
        };
        install(&["--locked"]).or_else(|_| {
            // A registry's mirror can lack a version that the package's lock file names.
            say(format!("{}'s own lock file does not build here: choosing its dependencies anew", self.package));
            install(&[])
        })?;
        // Half a gigabyte that nothing needs again; that it stays is no failure.
        let _ = fs::remove_dir_all(build_dir);
        Ok(())
    }

    fn root(&self) -> PathBuf {
        // Named after the first program, which is what one looks for.
        project::cache_dir().join(format!("{}-{}", self.programs[0], self.version))
    }
}

/// The version of a package in the text of a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_package_named_exactly() {
        let lock = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\ndependencies = [\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn the_projects_lock_names_wasm_bindgen() {
        let lock = project::read("Cargo.lock").expect("the project has a lock file");
        assert!(locked_version(&lock, "wasm-bindgen").is_some());
    }

    #[test]
    fn trunk_is_pinned_alike_here_and_in_its_configuration() {
        let config = project::read("Trunk.toml").expect("the project has a Trunk.toml");
        assert!(config.contains(&format!("trunk-version = \"^{TRUNK}\"")));
    }
}
