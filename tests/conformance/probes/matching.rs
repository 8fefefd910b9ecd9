//! Compares what was recorded with what came, where only volatile values were replaced by placeholders.
//!
//! A placeholder stands in the recording as `<name>` inside a string; the rest of the string has to be equal.
//! `<pin:N>` is bound by its first match and has to be the same afterwards.

use crate::json::Json;
use std::collections::BTreeMap;
use std::fmt;

/// Marks a message whose control line had two spaces before the size; clients do not see a difference.
const TWO_SPACES: &str = "line_has_double_space";

/// Numbers that the recording shows as they were though they do not repeat: calls since the recorded server started, and
/// the size of a compressed snapshot with the times in it.
const VOLATILE_NUMBERS: [&str; 3] = [".api.total", ".api.errors", ".payload.bytes"];

/// The first place where a message is not as recorded.
#[derive(Clone, Debug)]
pub struct Difference {
    pub path: String,
    pub wanted: String,
    pub got: String,
}

impl Difference {
    pub fn new(path: &str, wanted: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), wanted: wanted.to_string(), got: got.to_string() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = |text: &str| text.chars().take(300).collect::<String>();
        write!(formatter, "{}: recorded {} got {}", self.path, cut(&self.wanted), cut(&self.got))
    }
}

/// Values of placeholders that keep their meaning through a probe.
#[derive(Clone, Debug, Default)]
pub struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// Replaces every bound placeholder in `text` by its value.
    pub fn resolve(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
    }

    fn resolve_pins(&self, text: &str) -> String {
        let pins = self.0.iter().filter(|(name, _)| name.starts_with("pin:"));
        pins.fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
    }

    /// Compares two JSON values; members have to come in the same order.
    ///
    /// # Errors
    /// The first difference.
    pub fn json(&mut self, path: &str, wanted: &Json, got: &Json) -> Result<(), Difference> {
        match (wanted, got) {
            (Json::Object(_), Json::Object(_)) if wanted.get(TWO_SPACES).is_some() => {
                let others = wanted.members().iter().filter(|(name, _)| name != TWO_SPACES);
                self.json(path, &Json::Object(others.cloned().collect()), got)
            }
            (Json::Object(wanted_members), Json::Object(members)) => {
                if wanted.get("<rest>").is_some() {
                    return self.some_members(path, wanted_members, got);
                }
                let name = |members: &[(String, Json)], index| {
                    members
                        .get(index)
                        .map_or("the end".to_owned(), |(name, _): &(String, Json)| format!("a member {name}"))
                };
                let pairs = wanted_members.iter().zip(members).enumerate();
                for (index, ((wanted_name, wanted), (got_name, got))) in pairs {
                    if wanted_name != got_name {
                        return Err(Difference::new(path, name(wanted_members, index), name(members, index)));
                    }
                    self.json(&format!("{path}.{got_name}"), wanted, got)?;
                }
                if wanted_members.len() == members.len() {
                    return Ok(());
                }
                let shorter = wanted_members.len().min(members.len());
                Err(Difference::new(path, name(wanted_members, shorter), name(members, shorter)))
            }
            (Json::Array(wanted_elements), Json::Array(elements)) if path.ends_with(".sources") => {
                self.unordered(path, wanted_elements, elements)
            }
            (Json::Array(wanted_elements), Json::Array(elements)) if wanted_elements.len() == elements.len() => {
                let mut pairs = wanted_elements.iter().zip(elements).enumerate();
                pairs.try_for_each(|(index, (wanted, got))| self.json(&format!("{path}[{index}]"), wanted, got))
            }
            (Json::String(pattern), Json::String(text)) if path.ends_with(".response") => {
                match (Json::parse(pattern), Json::parse(text)) {
                    (Ok(wanted), Ok(got)) => self.json(path, &wanted, &got),
                    _ => self.text(path, pattern, text),
                }
            }
            (Json::String(pattern), Json::String(text)) => self.text(path, pattern, text),
            (Json::String(pattern), Json::Number(number)) if pattern.contains('<') => self.text(path, pattern, number),
            _ if wanted == got => Ok(()),
            (Json::Number(_), Json::Number(_)) if VOLATILE_NUMBERS.iter().any(|end| path.ends_with(end)) => Ok(()),
            _ => Err(Difference::new(path, wanted, got)),
        }
    }

    /// Compares a string that may hold placeholders.
    ///
    /// # Errors
    /// They differ.
    pub fn text(&mut self, path: &str, pattern: &str, text: &str) -> Result<(), Difference> {
        let pattern = self.resolve_pins(&expand(pattern));
        let pieces = pieces(&pattern);
        let mut found = Vec::new();
        if !matches(&pieces, text, &mut found) {
            return Err(Difference::new(path, format!("{pattern:?}"), format!("{text:?}")));
        }
        for (name, value) in found {
            if name.starts_with("pin:") || name == "name" {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    fn some_members(&mut self, path: &str, wanted: &[(String, Json)], got: &Json) -> Result<(), Difference> {
        for (name, wanted) in wanted.iter().filter(|(name, _)| name != "<rest>") {
            let got = got.get(name).ok_or_else(|| Difference::new(path, format!("a member {name}"), got))?;
            self.json(&format!("{path}.{name}"), wanted, got)?;
        }
        Ok(())
    }

    /// The server gives the sources of a stream in a random order.
    fn unordered(&mut self, path: &str, wanted: &[Json], got: &[Json]) -> Result<(), Difference> {
        let mut left: Vec<&Json> = got.iter().collect();
        for element in wanted {
            let found = left.iter().position(|got| self.clone().json(path, element, got).is_ok());
            let found = found.ok_or_else(|| Difference::new(path, element, Json::Array(got.to_vec())))?;
            self.json(path, element, left.remove(found))?;
        }
        if left.is_empty() { Ok(()) } else { Err(Difference::new(path, "nothing more", left[0])) }
    }
}

/// Whether `text` is as `pattern` says, without binding anything.
pub fn is_like(pattern: &str, text: &str) -> bool {
    matches(&pieces(pattern), text, &mut Vec::new())
}

/// Replaces every `<N x c>`, and a whole text `c repeated N times (…)`, by N times the character.
pub fn expand(text: &str) -> String {
    if let Some((character, rest)) = text.split_once(" repeated ")
        && let Some((count, _)) = rest.split_once(" times (")
        && let Ok(count) = count.parse()
    {
        return character.repeat(count);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>').map(|end| start + end) else { break };
        let words: Vec<&str> = rest[start + 1..end].split(' ').collect();
        match words.as_slice() {
            [count, "x", character] if count.parse::<usize>().is_ok() => {
                out.push_str(&character.repeat(count.parse().expect("checked in the guard")));
            }
            _ => {
                out.push('<');
                rest = &rest[start + 1..];
                continue;
            }
        }
        rest = &rest[end + 1..];
    }
    out + rest
}

enum Piece<'a> {
    Text(&'a str),
    /// A placeholder, the least length of its values and the characters they may have.
    Placeholder(&'a str, usize, fn(char) -> bool),
}

fn placeholder(name: &str) -> Option<Piece<'_>> {
    let digits: fn(char) -> bool = |character| character.is_ascii_digit() || character == '-';
    let letters: fn(char) -> bool = |character| character.is_ascii_alphanumeric();
    let moment: fn(char) -> bool = |character| character.is_ascii_digit() || "-T:.Z+".contains(character);
    let any: fn(char) -> bool = |_| true;
    let (least, allowed) = match name {
        "time" => (10, moment),
        "ns" | "ts" | "nanos" | "n" | "rtt_ns" => (1, digits),
        "id" => (1, letters),
        "ident" | "id8" | "name" => (8, letters),
        "fc" => (4, letters),
        "server" | "server_id" | "go" | "git_commit" | "xkey" | "host" | "lang" | "ver" | "rtt" | "client_type"
        | "start" | "binary" => (0, any),
        _ if name.starts_with("pin:") => (22, letters),
        _ if name.starts_with("now+") || name.starts_with("time of seq ") => (10, moment),
        _ => return None,
    };
    Some(Piece::Placeholder(name, least, allowed))
}

fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut text_start, mut at) = (0, 0);
    while let Some(start) = pattern[at..].find('<').map(|start| at + start) {
        let Some(end) = pattern[start..].find('>').map(|end| start + end) else { break };
        if let Some(piece) = placeholder(&pattern[start + 1..end]) {
            pieces.push(Piece::Text(&pattern[text_start..start]));
            pieces.push(piece);
            (text_start, at) = (end + 1, end + 1);
        } else {
            at = start + 1;
        }
    }
    pieces.push(Piece::Text(&pattern[text_start..]));
    pieces
}

/// Matches piece by piece and takes back where a placeholder took too much.
fn matches<'a>(pieces: &[Piece<'a>], text: &'a str, found: &mut Vec<(&'a str, &'a str)>) -> bool {
    let Some((first, others)) = pieces.split_first() else { return text.is_empty() };
    match first {
        Piece::Text(wanted) => text.strip_prefix(wanted).is_some_and(|rest| matches(others, rest, found)),
        Piece::Placeholder(name, least, allowed) => {
            let longest = text.find(|character| !allowed(character)).unwrap_or(text.len());
            let ends = (*least..=longest).rev().filter(|end| text.is_char_boundary(*end));
            for end in ends {
                let (value, rest) = text.split_at(end);
                let is_zero_time = *name == "time" && value.starts_with("0001-01-01");
                found.push((name, value));
                if !is_zero_time && matches(others, rest, found) {
                    return true;
                }
                found.pop();
            }
            false
        }
    }
}
