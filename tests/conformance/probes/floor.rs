//! `floor.txt`: how many probes have to be equal at least, and which are excepted for which reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The list beside the recordings.
#[derive(Debug, Default)]
pub struct Floor {
    equal: BTreeMap<String, usize>,
    excepted: Vec<(String, String)>,
}

impl Floor {
    /// Reads lines `floor FILE N` and `except FILE | PROBE | REASON`.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut floor = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let known = floor.floor_line(line).or_else(|| floor.except_line(line));
            known.unwrap_or_else(|| panic!("{}: not understood: {line}", path.display()));
        }
        floor
    }

    fn floor_line(&mut self, line: &str) -> Option<()> {
        let (file, count) = line.strip_prefix("floor ")?.split_once(' ')?;
        self.equal.insert(file.to_owned(), count.trim().parse().ok()?);
        Some(())
    }

    fn except_line(&mut self, line: &str) -> Option<()> {
        let mut parts = line.strip_prefix("except ")?.split(" | ");
        let (file, probe, _reason) = (parts.next()?, parts.next()?, parts.next()?);
        self.excepted.push((file.to_owned(), probe.to_owned()));
        Some(())
    }

    /// How many probes of `file` have to be equal.
    pub fn equal(&self, file: &str) -> usize {
        self.equal.get(file).copied().unwrap_or(0)
    }

    pub fn excepts(&self, file: &str, probe: &str) -> bool {
        self.excepted.iter().any(|(in_file, name)| in_file == file && name == probe)
    }
}
