//! What follows the verb on the command line.

use std::str::FromStr;

use crate::{Failure, Result};

/// The words not yet taken.
pub struct Args(Vec<String>);

impl Args {
    pub fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Takes `--name`; whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    ///
    /// # Errors
    /// The value is missing or does not parse.
    pub fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(at) = self.0.iter().position(|word| word == name || word.starts_with(&format!("{name}="))) else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        let value = match word.split_once('=') {
            Some((_, value)) => value.to_owned(),
            None if at < self.0.len() => self.0.remove(at),
            None => return Err(Failure::new(format!("{name} needs a value"))),
        };
        value.parse().map(Some).map_err(|_| Failure::new(format!("{name} cannot be {value:?}")))
    }

    /// The next word, which stays.
    pub fn peek(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// Takes the next word if it is `word`; whether it was.
    pub fn take(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(word);
        if is_next {
            self.0.remove(0);
        }
        is_next
    }

    /// Takes the next word.
    ///
    /// # Errors
    /// There is none, or it does not parse.
    pub fn next<T: FromStr>(&mut self) -> Result<T> {
        if self.0.is_empty() {
            return Err(Failure::new("a word is missing"));
        }
        let word = self.0.remove(0);
        word.parse().map_err(|_| Failure::new(format!("{word:?} is not what is needed here")))
    }

    /// All words that are left.
    pub fn rest(self) -> Vec<String> {
        self.0
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// A word is left that the verb does not know.
    pub fn done(self) -> Result {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(Failure::new(format!("{word:?} is not known here; `cargo xtask` lists what is"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(String::from).collect())
    }

    #[test]
    fn flags_and_values_are_taken_in_any_order() {
        for line in ["--dev --port 9000", "--port 9000 --dev", "--port=9000 --dev"] {
            let mut args = args(line);
            assert!(args.flag("--dev"), "{line}");
            assert_eq!(args.value::<u16>("--port"), Ok(Some(9000)), "{line}");
            assert_eq!(args.done(), Ok(()), "{line}");
        }
    }

    #[test]
    fn absent_values_are_none() {
        let mut args = args("--dev");
        assert_eq!(args.value::<u16>("--port"), Ok(None));
        assert_eq!(args.rest(), ["--dev"]);
    }

    #[test]
    fn bad_words_are_named() {
        let text = |failure: Failure| failure.to_string();
        assert_eq!(args("--port").value::<u16>("--port").map_err(text), Err("--port needs a value".into()));
        assert_eq!(args("--port 70000").value::<u16>("--port").map_err(text), Err("--port cannot be \"70000\"".into()));
        assert!(args("--devv").done().is_err_and(|failure| text(failure).contains("--devv")));
    }
}
