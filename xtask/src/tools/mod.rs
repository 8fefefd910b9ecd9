//! The tools that verbs need: found on the machine or installed at a pinned version into the cache.

pub mod apt;
pub mod browser;
pub mod cargo_tool;
pub mod nats_server;
pub mod node;
pub mod python;
pub mod rust_target;
pub mod small_std;

use std::path::PathBuf;
use std::process::Command;

use crate::{Result, process, project};

/// Folders of tools that are ready, searched before the machine's own when a command runs.
#[derive(Default)]
pub struct Toolbox {
    dirs: Vec<PathBuf>,
}

impl Toolbox {
    /// The toolbox with the programs of `dir` in it.
    pub fn with(mut self, dir: PathBuf) -> Self {
        self.dirs.push(dir);
        self
    }

    /// A program, started in the project's folder, that finds the tools.
    ///
    /// # Errors
    /// A folder cannot stand in a search path.
    pub fn command(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(program);
        command.current_dir(project::root()).env("PATH", process::path_with(&self.dirs)?);
        Ok(command)
    }

    /// Cargo that finds the tools.
    ///
    /// # Errors
    /// As [`Toolbox::command`].
    pub fn cargo(&self) -> Result<Command> {
        let mut command = process::cargo();
        command.env("PATH", process::path_with(&self.dirs)?);
        Ok(command)
    }
}
