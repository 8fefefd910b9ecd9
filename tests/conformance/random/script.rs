//! The steps of one case while they are made up.

use super::rng::Rng;

/// A field: its name, how often of 100 it is given, and its values, those that may stand first and those that may not.
/// Values are written as steps write them.
pub type Field = (&'static str, usize, &'static [&'static str], &'static [&'static str]);

/// Steps, and the numbers that decide them.
pub struct Script {
    pub rng: Rng,
    pub steps: Vec<String>,
    published: usize,
}

impl Script {
    pub fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), steps: Vec::new(), published: 0 }
    }

    pub fn say(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    /// Between `least` and `most` times what `add` adds.
    pub fn repeat(&mut self, least: usize, most: usize, add: fn(&mut Self)) {
        for _ in 0..self.rng.between(least, most) {
            add(self);
        }
    }

    /// One of the steps, as it stands.
    pub fn say_one(&mut self, steps: &[&str]) {
        let step = self.rng.pick(steps);
        self.say(step);
    }

    /// Some of the fields as ` key=value`, each of them wrong `wrong` times of 100.
    pub fn fields(&mut self, fields: &[Field], wrong: usize) -> String {
        let mut text = String::new();
        for (name, often, good, bad) in fields {
            if !self.rng.chance(*often) {
                continue;
            }
            let values = if !bad.is_empty() && self.rng.chance(wrong) { bad } else { good };
            text += &format!(" {name}={}", self.rng.pick(values));
        }
        text
    }

    /// One of the words `percent` times of 100, a blank before it.
    pub fn maybe(&mut self, percent: usize, words: &[&str]) -> String {
        if self.rng.chance(percent) { format!(" {}", self.rng.pick(words)) } else { String::new() }
    }

    /// A payload that no other message of the case has.
    pub fn payload(&mut self) -> String {
        self.published += 1;
        format!("\"m{}\"", self.published)
    }
}
