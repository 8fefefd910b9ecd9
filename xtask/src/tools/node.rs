//! Node.js, and packages of npm: those of `tests/e2e/package.json` are playwright-core, axe-core and binaryen's `wasm-opt`,
//! those of `tests/js/package.json` NATS's clients, vitest, TypeScript, and what the page's editor is bundled from and by.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::timed;
use crate::{Failure, Result, process, project};

use super::apt;

/// The first release line with all of node's test runner that the tests use.
const OLDEST: (u32, u32) = (20, 10);

/// The packages of one lock file.
pub struct Packages {
    /// Where `package.json` and `package-lock.json` are.
    folder: &'static str,
    /// What leads to `node_modules`, so that files beside and below it import packages by name.
    link: &'static str,
    estimate: &'static str,
}

/// What the build and the tests in a browser need.
pub const BROWSER: Packages =
    Packages { folder: "tests/e2e", link: "tests/node_modules", estimate: "about 5 s and 120 MB, once" };

/// NATS's clients in JavaScript, vitest, TypeScript, the page's editor and what bundles it.
pub const CLIENTS: Packages =
    Packages { folder: "tests/js", link: "tests/js/node_modules", estimate: "about 10 s and 90 MB, once" };

/// Makes sure that `node` and `npm` are on the search path and new enough.
///
/// # Errors
/// They are not, and cannot be installed.
pub fn ensure() -> Result {
    if is_ready() {
        return Ok(());
    }
    let advice =
        format!("Node.js {}.{} or newer with npm is needed: install it and run this again", OLDEST.0, OLDEST.1);
    apt::install(&["nodejs", "npm"], "about 1 min, once", &advice)?;
    if is_ready() { Ok(()) } else { Err(Failure::new(advice)) }
}

fn is_ready() -> bool {
    let version = || process::output(Command::new(process::which("node")?).arg("--version")).ok();
    process::which("npm").is_some() && version().and_then(|text| major_minor(&text)).is_some_and(|it| it >= OLDEST)
}

/// `(20, 11)` of `v20.11.1`.
fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

impl Packages {
    /// The folder `node_modules` with the packages of the lock file, installed where it is missing.
    ///
    /// # Errors
    /// Node.js is missing, or npm cannot install.
    pub fn ensure(&self) -> Result<PathBuf> {
        ensure()?;
        let lock = self.file("package-lock.json");
        let text = project::read(&lock)?;
        let dir = project::cache_dir().join(format!("node-{:016x}", fnv1a(text.as_bytes())));
        let modules = dir.join("node_modules");
        if !modules.is_dir() {
            timed(&format!("npm ci for {lock}"), self.estimate, || self.install(&dir))?;
        }
        Ok(modules)
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Installs beside `dir` and renames at the end, so that an interrupted install is never taken for a whole one.
    fn install(&self, dir: &Path) -> Result {
        let partial = dir.with_extension(format!("partial-{}", std::process::id()));
        project::at(&partial, fs::create_dir_all(&partial))?;
        for name in ["package.json", "package-lock.json"] {
            project::at(&partial, fs::write(partial.join(name), project::read(&self.file(name))?))?;
        }
        process::run(Command::new("npm").current_dir(&partial).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))?;
        let renamed = fs::rename(&partial, dir);
        if dir.is_dir() {
            // Either ours or that of another run that was faster, whose content is the same.
            let _ = fs::remove_dir_all(&partial);
            return Ok(());
        }
        project::at(dir, renamed)
    }

    /// Makes the link lead to the packages.
    ///
    /// # Errors
    /// As [`ensure`](Self::ensure); or the link cannot be made.
    pub fn link(&self) -> Result {
        let modules = self.ensure()?;
        let link = project::root().join(self.link);
        if fs::read_link(&link).is_ok_and(|target| target == modules) {
            return Ok(());
        }
        if link.is_symlink() {
            project::at(&link, fs::remove_file(&link))?;
        }
        project::at(&link, symlink(&modules, &link))
    }

    /// The folder with the packages' programs.
    ///
    /// # Errors
    /// As [`ensure`](Self::ensure).
    pub fn programs(&self) -> Result<PathBuf> {
        Ok(self.ensure()?.join(".bin"))
    }
}

/// A short name for a text; equal texts have equal names on every machine.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(major_minor("v20.11.1"), Some((20, 11)));
        assert!(major_minor("v9.11.2") < Some(OLDEST));
        assert!(major_minor("v20.9.0") < Some(OLDEST));
        assert!(major_minor("v22.0.0") >= Some(OLDEST));
        assert_eq!(major_minor("20"), None);
    }

    #[test]
    fn fnv1a_is_the_published_function() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn wasm_opt_is_pinned_alike_for_npm_and_trunk() {
        let manifest = project::read(&BROWSER.file("package.json")).expect("the end-to-end tests have a package.json");
        let (_, rest) = manifest.split_once("\"binaryen\": \"").expect("binaryen is among the packages");
        let (major, _) = rest.split_once('.').expect("its version is whole");
        let config = project::read("Trunk.toml").expect("the project has a Trunk.toml");
        assert!(config.contains(&format!("wasm_opt = \"version_{major}\"")), "binaryen {major}");
    }
}
