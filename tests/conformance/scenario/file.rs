//! The text of a scenario: comments, steps, and what the real server answered.

use std::fs;
use std::path::{Path, PathBuf};

/// Ends the steps of a section; what follows up to a blank line is expected.
const DIVIDER: &str = "----";

/// One file of `tests/scenarios/`.
#[derive(Clone, Debug)]
pub struct Scenario {
    path: PathBuf,
    pub sections: Vec<Section>,
}

/// Steps and what they lead to.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The lines above the divider as they stand, comments and blanks included.
    lines: Vec<String>,
    /// The number of the first of them in the file, from 1.
    first_line: usize,
    pub expected: Vec<String>,
}

impl Section {
    /// The lines that are steps, with their numbers in the file.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.lines.iter().enumerate().map(|(index, line)| (self.first_line + index, line.trim()));
        numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    }
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or does not start with a comment that says why it is there.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !text.starts_with("# ") {
            return Err(format!("{name}: the first line has to be a comment that says what the scenario is about"));
        }
        Ok(Self { path: path.to_owned(), sections: sections(&text) })
    }

    /// A scenario that is not in a file yet.
    pub fn from_text(text: &str) -> Self {
        Self { path: PathBuf::new(), sections: sections(text) }
    }

    /// Writes the file anew with other expectations. True when that changed it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn record(&self, expected: &[Vec<String>]) -> Result<bool, String> {
        let mut text = String::new();
        for (section, expected) in self.sections.iter().zip(expected) {
            for line in section.lines.iter().map(String::as_str).chain([DIVIDER]) {
                text += line;
                text += "\n";
            }
            for line in expected {
                text += line;
                text += "\n";
            }
            text += "\n";
        }
        let text = text.trim_end().to_owned() + "\n";
        if fs::read_to_string(&self.path).is_ok_and(|old| old == text) {
            return Ok(false);
        }
        fs::write(&self.path, text).map_err(|error| format!("{}: {error}", self.path.display()))?;
        Ok(true)
    }
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut section = Section { first_line: 1, ..Section::default() };
    let mut in_expected = false;
    for (index, line) in text.lines().enumerate() {
        match line.trim_end() {
            DIVIDER => in_expected = true,
            "" if in_expected => {
                sections.push(std::mem::take(&mut section));
                section.first_line = index + 2;
                in_expected = false;
            }
            line if in_expected => section.expected.push(line.to_owned()),
            line => section.lines.push(line.to_owned()),
        }
    }
    if section.steps().next().is_some() {
        sections.push(section);
    }
    sections
}
