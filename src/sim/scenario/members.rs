//! The members of an object, taken one after the other; what is left in the end is not known.

use std::time::Duration;

use super::ScenarioError;
use crate::engine::api::json;
use crate::engine::duration;
use crate::texts::scenario as texts;

/// Stands for no duration.
pub(super) const NEVER: &str = "never";

pub(super) struct Members<'a>(json::Members<'a>);

impl<'a> Members<'a> {
    pub fn of(json: &'a [u8]) -> Result<Self, ScenarioError> {
        let members = json::members(json).map_err(|error| ScenarioError::new(texts::NO_JSON.with([&error])))?;
        let members = members.ok_or_else(|| ScenarioError::new(texts::OBJECT_BRACES))?;
        for (at, (name, _)) in members.iter().enumerate() {
            if members[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(ScenarioError::new(texts::TWICE.with([&short(name)])));
            }
        }
        Ok(Self(members))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(member, _)| member == name)
    }

    /// The name of the first that is left.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }

    pub fn take(&mut self, name: &str) -> Option<&'a [u8]> {
        let at = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.remove(at).1)
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, ScenarioError> {
        self.read(name, texts::A_TEXT, json::text)
    }

    /// A text of at most `most` bytes.
    pub fn short_text(&mut self, name: &str, most: usize) -> Result<Option<String>, ScenarioError> {
        let text = self.text(name)?;
        if text.as_ref().is_some_and(|text| text.len() > most) {
            return Err(ScenarioError::new(texts::MORE_THAN_BYTES.with([&name, &most])));
        }
        Ok(text)
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ScenarioError> {
        self.read(name, texts::TRUE_FALSE, |raw| match raw {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        })
    }

    pub fn number(&mut self, name: &str, most: u64) -> Result<Option<u64>, ScenarioError> {
        let digits = |raw: &[u8]| std::str::from_utf8(raw).ok()?.parse().ok().filter(|number| *number <= most);
        self.read(name, &texts::WHOLE_NUMBER_MOST.with([&most]), digits)
    }

    /// A number; the inner `None` is null.
    pub fn number_or_null(&mut self, name: &str) -> Result<Option<Option<u64>>, ScenarioError> {
        self.read(name, texts::WHOLE_NUMBER_NULL, |raw| match raw {
            b"null" => Some(None),
            _ => std::str::from_utf8(raw).ok()?.parse().ok().map(Some),
        })
    }

    /// A duration; the inner `None` is never.
    pub fn duration(&mut self, name: &str) -> Result<Option<Option<Duration>>, ScenarioError> {
        self.read(name, texts::DURATION_SUCH_1M30S, |raw| {
            let text = json::text(raw)?;
            if text == NEVER {
                return Some(None);
            }
            let nanos = u64::try_from(duration::parse(text.as_bytes())?).ok()?;
            Some(Some(Duration::from_nanos(nanos)))
        })
    }

    /// A duration that cannot be never.
    pub fn span(&mut self, name: &str) -> Result<Option<Duration>, ScenarioError> {
        match self.duration(name)? {
            Some(None) => Err(ScenarioError::new(texts::HAVE_END.with([&name]))),
            span => Ok(span.flatten()),
        }
    }

    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, ScenarioError> {
        self.read(name, texts::LIST_TEXTS, |raw| json::elements(raw).ok()??.into_iter().map(json::text).collect())
    }

    pub fn elements(&mut self, name: &str) -> Result<Option<Vec<&'a [u8]>>, ScenarioError> {
        self.read(name, texts::LIST_BRACKETS, |raw| json::elements(raw).ok()?)
    }

    /// Bytes, each as one character.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ScenarioError> {
        self.read(name, texts::TEXT_WHOSE_CHARACTERS_STAND, |raw| {
            json::text(raw)?.chars().map(|char| u8::try_from(char).ok()).collect()
        })
    }

    fn read<T>(
        &mut self,
        name: &str,
        what: &str,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Result<Option<T>, ScenarioError> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        read(raw).map(Some).ok_or_else(|| ScenarioError::new(texts::HAS_TO_BE.with([&name, &what])))
    }

    /// # Errors
    /// Something is left.
    pub fn done(self, of: &str) -> Result<(), ScenarioError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ScenarioError::new(texts::HAS_NO.with([&of, &short(name)]))),
        }
    }
}

/// A text from outside, not longer than belongs into a sentence.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}
