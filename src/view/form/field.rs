//! One field: what is typed into it, and which JSON comes of it.
//!
//! The fields of a form are listed in a table of text, a line each: key, kind, whether it can be changed later, default,
//! and what it does. `_` is an empty default, `a>b` the default `a` with which a new form is filled as `b`. Lines that
//! are set in are the choices of the field above; `#` opens a group.

use super::lines;
use crate::engine::api::json::{Map, Value};
use crate::engine::date_time::DateTime;
use crate::texts::form as texts;
use crate::view::text;

/// A line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in NATS's JSON; dots lead into objects.
    pub key: &'static str,
    pub kind: FieldKind,
    pub later: Later,
    /// What the server takes where the field is left out, as it would be typed.
    pub default: &'static str,
    /// What a new form starts with.
    pub start: &'static str,
    /// What it does, one line.
    pub help: &'static str,
    /// The lines of its choices.
    choices: &'static str,
}

/// What is typed into a field, and which JSON comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    Text,
    /// A string of several lines.
    Lines,
    /// Subjects or other words, one a line: an array of strings.
    Subjects,
    /// `from -> to`, one a line: an array of transforms.
    Pairs,
    /// `key: value`, one a line: an object of strings.
    Map,
    /// One of a few: a string.
    Choice,
    /// A whole number.
    Count,
    /// A whole number of bytes, also typed as `64KiB`.
    Bytes,
    /// Typed as `30s` or `10m`: nanoseconds.
    Duration,
    /// Several of them: an array of nanoseconds.
    Durations,
    /// Yes or no.
    Flag,
    /// RFC 3339: a string.
    Time,
}

/// The kinds as the tables name them.
const KINDS: [(&str, FieldKind); 12] = [
    ("text", FieldKind::Text),
    ("lines", FieldKind::Lines),
    ("subjects", FieldKind::Subjects),
    ("pairs", FieldKind::Pairs),
    ("map", FieldKind::Map),
    ("choice", FieldKind::Choice),
    ("count", FieldKind::Count),
    ("bytes", FieldKind::Bytes),
    ("duration", FieldKind::Duration),
    ("durations", FieldKind::Durations),
    ("flag", FieldKind::Flag),
    ("time", FieldKind::Time),
];

/// Whether a field can be changed once the thing exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    Free,
    Never,
    /// May be switched on, and then stays.
    OnlyOn,
    /// Likewise, but not when the thing is made.
    NotYet,
    /// Within bounds, which the explanation names.
    Partly,
    /// Part of an object that may be given up, but not changed.
    GivenUp,
    /// Of the request, and not kept.
    Request,
    /// The page's own, of which the server knows nothing.
    Page,
}

/// The words of the tables for [`Later`], with those of the page.
const LATERS: [(&str, Later, &str); 8] = [
    ("free", Later::Free, texts::CAN_CHANGED),
    ("fixed", Later::Never, texts::FIXED_ONCE_CREATED),
    ("on", Later::OnlyOn, texts::CAN_SWITCHED_NEVER_OFF),
    ("later", Later::NotYet, texts::CAN_SWITCHED_LATER),
    ("request", Later::Request, texts::OF_THIS_REQUEST),
    ("partly", Later::Partly, texts::CAN_CHANGED_WITHIN_BOUNDS),
    ("", Later::GivenUp, texts::CAN_GIVEN_UP_NOT),
    ("page", Later::Page, ""),
];

impl Later {
    pub fn label(self) -> &'static str {
        LATERS.iter().find(|(_, later, _)| *later == self).map_or("", |(_, _, label)| label)
    }
}

/// The fields of `table` with their groups.
pub fn read(table: &'static str) -> impl Iterator<Item = (&'static str, Field)> {
    let mut group = "";
    let mut rest = table;
    std::iter::from_fn(move || {
        loop {
            let (line, below) = rest.split_once('\n')?;
            rest = below;
            match line.strip_prefix("# ") {
                Some(title) => group = title,
                None if line.starts_with(' ') => {}
                None => return Some((group, field(line, below))),
            }
        }
    })
}

fn field(line: &'static str, below: &'static str) -> Field {
    let mut words = line;
    let mut word = || {
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        words = rest.trim_start();
        word
    };
    let (key, kind, later, default) = (word(), word(), word(), word());
    let (default, start) = default.split_once('>').unwrap_or((default, default));
    let filled = |value: &'static str| if value == "_" { "" } else { value };
    let choices = below.split_inclusive('\n').take_while(|line| line.starts_with(' ')).map(str::len).sum();
    Field {
        key,
        kind: KINDS.iter().find(|(name, _)| *name == kind).expect("a table names no other kinds").1,
        later: LATERS.iter().find(|(name, ..)| *name == later).expect("a table has no other words for it").1,
        default: filled(default),
        start: filled(start),
        help: words,
        choices: &below[..choices],
    }
}

impl Field {
    /// The values of a [`FieldKind::Choice`], and what they mean.
    pub fn choices(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.choices.lines().filter_map(|line| line.trim_start().split_once(' '))
    }

    /// Its default, and whether it can be changed later.
    pub fn facts(&self) -> String {
        let label = self.later.label();
        let default = match self.default {
            "" if label.is_empty() => return String::new(),
            "" => texts::NONE,
            default => default,
        };
        let default = texts::DEFAULT.with([&default]);
        if label.is_empty() { default } else { [&*default, " · ", label].concat() }
    }

    /// Whether the default is what the server means where its configuration does not name the field: zero, for numbers.
    pub fn is_zero_default(&self) -> bool {
        !matches!(self.kind, FieldKind::Count | FieldKind::Duration) || self.default.starts_with('0')
    }

    /// The value of `typed`; `None` where nothing is typed.
    pub fn read(&self, typed: &str) -> Result<Option<Value>, &'static str> {
        self.kind.read(typed)
    }
}

impl FieldKind {
    fn read(self, typed: &str) -> Result<Option<Value>, &'static str> {
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let value = match self {
            Self::Time if DateTime::parse(trimmed.as_bytes()).is_err() => return Err(texts::NOT_TIME),
            Self::Text | Self::Lines | Self::Time | Self::Choice => trimmed.into(),
            Self::Flag => (typed == "true").into(),
            Self::Subjects => return Ok(read_lines(typed, |line| Some(line.into()))),
            Self::Pairs => read_lines(typed, read_pair).ok_or(texts::NO_PAIR)?,
            Self::Map => {
                let mut members = Map::new();
                for line in lines(typed) {
                    let (key, value) = read_member(line).ok_or(texts::NO_PAIR_OF_KEY)?;
                    members.insert(key, value);
                }
                Value::Object(members)
            }
            Self::Count => read_count(trimmed).ok_or(texts::NOT_WHOLE_NUMBER)?,
            Self::Bytes => read_bytes(trimmed).ok_or(texts::NOT_SIZE_SUCH_4096)?,
            Self::Duration => read_nanos(trimmed).ok_or(NO_DURATION)?,
            Self::Durations => read_lines(&typed.replace(',', "\n"), read_nanos).ok_or(NO_DURATION)?,
        };
        Ok(Some(value))
    }

    /// What would be typed for `value`.
    pub fn typed(self, value: &Value) -> String {
        let duration = |value: &Value| match (value.as_u64(), value.as_i64()) {
            (Some(nanos), _) => text::form_duration(nanos),
            (None, Some(nanos)) => format!("-{}", text::form_duration(nanos.unsigned_abs())),
            (None, None) => value.to_string(),
        };
        match (self, value) {
            (Self::Duration, Value::Number(_)) => duration(value),
            (Self::Durations, Value::Array(values)) => joined(values.iter().map(duration), ", "),
            (_, Value::Array(values)) => joined(values.iter().map(line), "\n"),
            (_, Value::Object(members)) => {
                // The server's own notes are not the reader's to change.
                let own = members.iter().filter(|(key, _)| !key.starts_with("_nats."));
                joined(own.map(|(key, value)| format!("{key}: {}", line(value))), "\n")
            }
            _ => line(value),
        }
    }
}

fn joined(parts: impl Iterator<Item = String>, by: &str) -> String {
    parts.collect::<Vec<_>>().join(by)
}

/// A value on a line.
fn line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(pair) => ["src", "dest"].map(|key| pair.get(key).map_or(String::new(), line)).join(" -> "),
        _ => value.to_string(),
    }
}

const NO_DURATION: &str = texts::NOT_DURATION_SUCH_30S;

/// An array of what stands on the lines; `None` where one of them cannot be read.
fn read_lines(typed: &str, read: fn(&str) -> Option<Value>) -> Option<Value> {
    lines(typed).map(read).collect::<Option<Vec<_>>>().map(Value::from)
}

fn read_pair(line: &str) -> Option<Value> {
    let (src, dest) = line.split_once("->")?;
    let mut pair = Value::Null;
    pair["src"] = src.trim().into();
    pair["dest"] = dest.trim().into();
    Some(pair)
}

fn read_member(line: &str) -> Option<(String, Value)> {
    // A key may have a colon in it, which no blank follows.
    let (key, value) = line.split_once(": ").or_else(|| line.split_once(':'))?;
    Some((key.trim().into(), value.trim().into()))
}

fn read_count(typed: &str) -> Option<Value> {
    typed.parse::<i64>().map(Value::from).or_else(|_| typed.parse::<u64>().map(Value::from)).ok()
}

fn read_bytes(typed: &str) -> Option<Value> {
    if let Some(count) = read_count(typed) {
        return Some(count);
    }
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    units.iter().find_map(|(unit, shift)| {
        let number: i64 = typed.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(1 << shift).map(Value::from)
    })
}

/// Nanoseconds; a negative number of them is passed on, for the server to judge.
fn read_nanos(typed: &str) -> Option<Value> {
    match typed.strip_prefix('-') {
        None => text::parse_duration(typed).and_then(|read| u64::try_from(read.as_nanos()).ok()).map(Value::from),
        Some(positive) => {
            let nanos = text::parse_duration(positive)?.as_nanos();
            i64::try_from(nanos).ok().map(|nanos| Value::from(-nanos))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_line_by_line() {
        let fields: Vec<_> =
            read("# A\nx choice on a>b Help me.\n  a one\n  b two words\n# B\ny.z  count   free _ Y.\n").collect();
        let [(a, x), (b, y)] = fields.as_slice() else { panic!("two fields: {fields:?}") };
        assert_eq!((*a, x.key, x.kind, x.later), ("A", "x", FieldKind::Choice, Later::OnlyOn));
        assert_eq!((x.default, x.start, x.help), ("a", "b", "Help me."));
        assert_eq!(x.choices().collect::<Vec<_>>(), [("a", "one"), ("b", "two words")]);
        assert_eq!((*b, y.key, y.default, y.start, y.choices().count()), ("B", "y.z", "", "", 0));
    }

    #[test]
    fn every_field_says_its_default_and_whether_it_can_be_changed() {
        let facts: Vec<_> = read("# A\na count free 5 A.\nb text fixed _ B.\nc count page 1 C.\nd text page _ D.\n")
            .map(|(_, field)| field.facts())
            .collect();
        assert_eq!(facts, ["default 5 · can be changed", "default none · fixed once created", "default 1", ""]);
    }

    #[test]
    fn what_is_typed_comes_back_as_it_was() {
        let cases = [
            (FieldKind::Pairs, "a.* -> b.{{wildcard(1)}}\nc -> d"),
            (FieldKind::Map, "a:b: c\nowner: shop\nurl: http://x"),
            (FieldKind::Subjects, "a,b\nb.>"),
            (FieldKind::Durations, "1s, 1m"),
            (FieldKind::Duration, "1h30m"),
            (FieldKind::Count, "-1"),
            (FieldKind::Time, "2026-01-01T00:00:00Z"),
            (FieldKind::Flag, "true"),
        ];
        for (kind, typed) in cases {
            let value = kind.read(typed).expect(typed).expect("something is typed");
            assert_eq!(kind.typed(&value), typed);
        }
        let unreadable = [
            (FieldKind::Pairs, "a b"),
            (FieldKind::Map, "no colon"),
            (FieldKind::Duration, "soon"),
            (FieldKind::Time, "tomorrow"),
            (FieldKind::Time, "2026-02-30T00:00:00Z"),
        ];
        for (kind, typed) in unreadable {
            assert!(kind.read(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn the_servers_notes_stay_out_of_sight() {
        let notes = Value::parse(br#"{"_nats.ver": "2.15.1", "owner": "me"}"#).expect("JSON");
        assert_eq!(FieldKind::Map.typed(&notes), "owner: me");
    }
}
