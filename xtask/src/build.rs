//! `cargo xtask build`: the optimised page in `dist/`, and its size.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::args::Args;
use crate::say::{say, timed};
use crate::tools::{Toolbox, cargo_tool, node, rust_target, small_std};
use crate::{Result, process, project, size};

/// What the page is built from; a folder stands for all that is in it.
const SOURCES: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "index.html",
    "src",
    "www/attach",
    "www/build",
    "www/shell",
    "www/styles",
    "tests/e2e/package-lock.json",
    "tests/js/package-lock.json",
];

/// The arguments that make trunk build the page optimised; `web` is a profile of `Cargo.toml`.
pub const OPTIMISED: [&str; 3] = ["--release", "--cargo-profile", "web"];

/// What `index.html` makes trunk tell wasm-opt, for modules that trunk does not build. It names the features that rustc
/// uses: with more, wasm-opt would write modules that browsers refuse.
pub const WASM_OPT: [&str; 21] = [
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "-Oz",
    "--low-memory-unused",
    "--skip-pass=inlining-optimizing",
    "--skip-pass=local-cse",
    "--skip-pass=memory-packing",
    "--skip-pass=coalesce-locals",
    "--dealign",
    "--reorder-functions-by-name",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds the page and checks its size; with `--dev` quickly, unoptimised, and of any size.
///
/// # Errors
/// A tool is missing, the page does not build, or it is too large.
pub fn run(mut args: Args) -> Result {
    let is_dev = args.flag("--dev");
    args.done()?;
    if is_dev {
        return unoptimised();
    }
    optimised()?;
    size::check()
}

/// Brings `dist/` up to date quickly, for the eye.
///
/// # Errors
/// A tool is missing or the page does not build.
pub fn unoptimised() -> Result {
    let mut trunk = trunk(&toolbox()?, "build", &[])?;
    timed("quick build of the page", "about 1 min the first time, then seconds", || process::run(&mut trunk))
}

/// Brings `dist/` up to date with its sources, optimised.
///
/// # Errors
/// A tool is missing or the page does not build.
pub fn optimised() -> Result {
    let stamp = project::target_dir().join("xtask").join("dist-is-optimised");
    if is_fresh(&stamp) {
        say("dist/ is up to date");
        return Ok(());
    }
    let tools = toolbox()?.with(node::BROWSER.programs()?);
    let mut trunk = trunk(&tools, "build", &OPTIMISED)?;
    make_small(&mut trunk)?;
    timed("optimised build of the page", "about 4 min the first time, then 2 min", || process::run(&mut trunk))?;
    let dir = stamp.parent().expect("the stamp lies in a folder");
    project::at(dir, fs::create_dir_all(dir))?;
    project::at(&stamp, fs::write(&stamp, ""))
}

/// The tools of every build of the page, and its packages, which trunk itself is told not to download.
///
/// # Errors
/// One is missing and cannot be installed.
pub fn toolbox() -> Result<Toolbox> {
    rust_target::ensure()?;
    let tools = Toolbox::default().with(cargo_tool::trunk()?).with(cargo_tool::wasm_bindgen()?);
    process::run(process::cargo().args(["fetch", "--quiet", "--locked"]))?;
    if let Err(failure) = node::CLIENTS.link() {
        say(format!("{failure}; the page is built without the client that can be attached"));
    }
    Ok(tools)
}

/// Makes an optimised build as small as this toolchain can.
///
/// # Errors
/// There is no Rust compiler, or what it needs cannot be fetched.
pub fn make_small(trunk: &mut Command) -> Result {
    if !small_std::ensure()? {
        return Ok(());
    }
    // Offline, as trunk builds, the packages of the standard library must be there too.
    let mut fetch = process::cargo();
    small_std::apply(&mut fetch);
    process::run(fetch.args(["fetch", "--quiet", "--locked", "--target", rust_target::WASM]))?;
    small_std::apply(trunk);
    Ok(())
}

/// A trunk command that uses these tools and downloads none of its own.
///
/// # Errors
/// As [`Toolbox::command`].
pub fn trunk(tools: &Toolbox, verb: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = tools.command("trunk")?;
    command.arg(verb).arg("--offline").args(arguments);
    // trunk reads any value of this as its own flag and refuses all but true and false.
    command.env_remove("NO_COLOR");
    Ok(command)
}

/// Whether an optimised build wrote `dist/` last, and nothing that it is built from has changed since.
fn is_fresh(stamp: &Path) -> bool {
    let Some(built) = modified(stamp) else { return false };
    newest(&project::dist_dir()).is_some_and(|at| at <= built) && is_older_than(&SOURCES, stamp)
}

/// Whether all of `sources`, in the project's folder, changed last before `built` did, which is there.
pub fn is_older_than(sources: &[&str], built: &Path) -> bool {
    let Some(built) = modified(built) else { return false };
    sources.iter().all(|source| newest(&project::root().join(source)).is_some_and(|at| at <= built))
}

/// When the last change was made in `path`, a file or a folder with all that is in it; `None` where it is not there.
///
/// Folders count themselves, since a file that was removed shows there.
fn newest(path: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let inside = entries.filter_map(|entry| newest(&entry.path())).max();
    modified(path).max(inside)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_change_of_a_folder_is_found_at_any_depth() {
        let dir = std::env::temp_dir().join(format!("xtask-newest-{}", std::process::id()));
        fs::create_dir_all(dir.join("a/b")).expect("a temporary folder");
        fs::write(dir.join("a/b/file"), "").expect("a temporary file");
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        let file = fs::File::options().write(true).open(dir.join("a/b/file")).expect("the file is there");
        file.set_modified(later).expect("its time can be set");
        assert_eq!(newest(&dir), modified(&dir.join("a/b/file")));
        assert_eq!(newest(&dir.join("gone")), None);
        fs::remove_dir_all(&dir).expect("ours to remove");
    }

    #[test]
    fn wasm_opt_is_told_what_the_page_tells_it() {
        let page = project::read("index.html").expect("the page is there");
        for option in WASM_OPT {
            assert!(page.contains(option) || option == "-Oz", "{option}");
        }
    }

    #[test]
    fn every_source_is_there() {
        for source in SOURCES {
            assert!(project::root().join(source).exists(), "{source}");
        }
    }
}
