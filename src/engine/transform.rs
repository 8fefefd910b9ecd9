//! Subject transforms: a filter, and how subjects that it covers are written anew (ADR-36).
//!
//! Used by `subject_transform`, by the transforms of mirrors and sources, and by `republish`.
//! Source: nats-server `server/subject_transform.go`, `server/sublist.go` (`ValidateMapping`).

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::rng::Rng;
use super::subject::tokens;

/// A transform from subjects that `src` covers. Equal if both texts are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubjectTransform {
    src: String,
    dest: String,
    /// Empty if nothing changes.
    destination: Vec<Piece>,
}

/// One token of a destination. Places count the tokens of the subject from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    Literal(String),
    /// `>`: the tokens that the `>` of the source covers.
    Rest,
    Wildcard(usize),
    /// Without places the whole subject is hashed.
    Partition {
        buckets: i32,
        places: Vec<u32>,
    },
    Random {
        bound: i32,
    },
    Split {
        place: usize,
        delimiter: String,
    },
    Cut {
        place: usize,
        cut: Cut,
        size: i32,
    },
}

/// What the functions of a place and a size do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cut {
    SplitFromLeft,
    SplitFromRight,
    SliceFromLeft,
    SliceFromRight,
    Left,
    Right,
}

/// Why there is no such transform, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransformError {
    /// The source or the destination is no subject, or only one of them ends in `>`.
    InvalidSubject,
    InvalidTransform(String),
    UnknownFunction(String),
    WildcardOutOfRange(String),
    NotEnoughArguments(String),
    TooManyArguments(String),
    InvalidArgument(String),
}

impl fmt::Display for TransformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, token) = match self {
            Self::InvalidSubject => return f.write_str("invalid subject"),
            Self::InvalidTransform(token) => ("invalid transform", token),
            Self::UnknownFunction(token) => ("unknown function", token),
            Self::WildcardOutOfRange(token) => ("wildcard index out of range", token),
            Self::NotEnoughArguments(token) => ("not enough arguments passed to the function", token),
            Self::TooManyArguments(token) => ("too many arguments passed to the function", token),
            Self::InvalidArgument(token) => ("function argument is invalid or in the wrong format", token),
        };
        write!(f, "invalid mapping destination: {what}")?;
        if token.is_empty() { Ok(()) } else { write!(f, " in {token}") }
    }
}

impl SubjectTransform {
    /// A transform as configurations have it. An empty `src` is `>`; an empty `dest` changes nothing.
    ///
    /// # Errors
    /// As the server's `ValidateMapping`, which looks at the tokens of `dest` before anything else.
    pub fn checked(src: &str, dest: &str) -> Result<Self, TransformError> {
        if !dest.is_empty() {
            check_destination(dest)?;
        }
        Self::new(src, dest)
    }

    /// As [`checked`](Self::checked), but blanks in `dest` pass.
    ///
    /// # Errors
    /// As the server's `NewSubjectTransform`.
    pub fn new(src: &str, dest: &str) -> Result<Self, TransformError> {
        let destination = if dest.is_empty() { Vec::new() } else { compile(src, dest)? };
        Ok(Self { src: src.to_owned(), dest: dest.to_owned(), destination })
    }

    /// The filter as it was written; empty means `>`.
    pub fn src(&self) -> &str {
        &self.src
    }

    /// The destination as it was written; empty means no change.
    pub fn dest(&self) -> &str {
        &self.dest
    }

    /// `subject` written anew; `None` if it stays as it is, because `src` does not cover it or nothing is to change.
    pub fn apply(&self, subject: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
        if self.destination.is_empty() || self.is_identity() {
            return None;
        }
        let found: Vec<&[u8]> = tokens(subject).collect();
        let is_literal = found.iter().all(|token| !token.is_empty() && !matches!(token, [b'*' | b'>']));
        if !is_literal || !self.covers(&found) {
            return None;
        }
        let mut out = Vec::with_capacity(subject.len() + self.dest.len());
        for (i, piece) in self.destination.iter().enumerate() {
            if i > 0 {
                out.push(b'.');
            }
            piece.write(&found, self.rest_of(&found), rng, &mut out);
        }
        Some(out)
    }

    /// Whether every subject becomes itself.
    pub fn is_identity(&self) -> bool {
        self.covers_all() && self.dest == ">"
    }

    fn covers_all(&self) -> bool {
        matches!(&*self.src, "" | ">")
    }

    fn covers(&self, found: &[&[u8]]) -> bool {
        if self.covers_all() {
            return true;
        }
        let mut found = found.iter();
        for token in tokens(self.src.as_bytes()) {
            let Some(next) = found.next() else { return false };
            if token == b">" {
                return true;
            }
            // The server looks at the first byte only, so that a literal such as `*a` covers everything here.
            if token.first() != Some(&b'*') && token != *next {
                return false;
            }
        }
        found.next().is_none()
    }

    /// What `>` at the end of the source covers.
    fn rest_of<'a, 's>(&self, found: &'a [&'s [u8]]) -> &'a [&'s [u8]] {
        let before = if self.covers_all() { 0 } else { tokens(self.src.as_bytes()).count() - 1 };
        found.get(before..).unwrap_or_default()
    }
}

impl Serialize for SubjectTransform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("SubjectTransform", 2)?;
        object.serialize_field("src", &self.src)?;
        object.serialize_field("dest", &self.dest)?;
        object.end()
    }
}

impl Piece {
    fn write(&self, found: &[&[u8]], rest: &[&[u8]], rng: &mut Rng, out: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Self::Rest => out.extend_from_slice(&rest.join(&b'.')),
            Self::Wildcard(place) => out.extend_from_slice(found[*place]),
            Self::Partition { buckets, places } if places.is_empty() => {
                write_number(out, partition(&found.join(&b'.'), *buckets));
            }
            Self::Partition { buckets, places } => {
                let key: Vec<u8> = places.iter().flat_map(|place| found[*place as usize]).copied().collect();
                write_number(out, partition(&key, *buckets));
            }
            Self::Random { bound } => write_number(out, rng.below(u64::from(bound.unsigned_abs()))),
            Self::Split { place, delimiter } => write_split(found[*place], delimiter.as_bytes(), out),
            Self::Cut { place, cut, size } => cut.write(found[*place], *size, out),
        }
    }
}

impl Cut {
    fn write(self, token: &[u8], size: i32, out: &mut Vec<u8>) {
        // A size that leaves nothing to cut leaves the token whole.
        let size = match usize::try_from(size) {
            Ok(size) if size > 0 && size < token.len() => size,
            _ => return out.extend_from_slice(token),
        };
        let from_right = token.len() - size;
        match self {
            Self::SplitFromLeft => write_joined([&token[..size], &token[size..]], out),
            Self::SplitFromRight => write_joined([&token[..from_right], &token[from_right..]], out),
            Self::SliceFromLeft => write_joined(token.chunks(size), out),
            Self::SliceFromRight => {
                let (short, whole) = token.split_at(token.len() % size);
                let short = Some(short).filter(|short| !short.is_empty());
                write_joined(short.into_iter().chain(whole.chunks(size)), out);
            }
            Self::Left => out.extend_from_slice(&token[..size]),
            Self::Right => out.extend_from_slice(&token[from_right..]),
        }
    }
}

fn write_joined<'a>(parts: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(part);
    }
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

fn partition(key: &[u8], buckets: i32) -> u64 {
    // FNV-1a of 32 bits. A negative number of buckets is taken for the unsigned one with the same bits.
    let hash = key.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    u64::from(hash.checked_rem(buckets as u32).unwrap_or_default())
}

/// The parts of `token` between `delimiter`s, with dots between them, where the server places them: none at the start,
/// none before an empty part.
fn write_split(token: &[u8], delimiter: &[u8], out: &mut Vec<u8>) {
    let parts = if delimiter.is_empty() { characters(token) } else { split_at_each(token, delimiter) };
    for (i, part) in parts.iter().enumerate() {
        out.extend_from_slice(part);
        let next_is_filled = parts.get(i + 1).is_some_and(|next| !next.is_empty());
        if next_is_filled && !(i == 0 && part.is_empty()) {
            out.push(b'.');
        }
    }
}

fn characters(text: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        parts.extend(valid.char_indices().map(|(at, c)| &valid.as_bytes()[at..at + c.len_utf8()]));
        parts.extend(chunk.invalid().chunks(1));
    }
    parts
}

fn split_at_each<'a>(mut text: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = text.windows(delimiter.len()).position(|window| window == delimiter) {
        parts.push(&text[..at]);
        text = &text[at + delimiter.len()..];
    }
    parts.push(text);
    parts
}

/// What can be wrong with a destination before anyone looks at the source.
fn check_destination(dest: &str) -> Result<(), TransformError> {
    let mut after_full_wildcard = false;
    for token in dest.split('.') {
        if token.is_empty() || after_full_wildcard {
            return Err(TransformError::InvalidTransform(token.to_owned()));
        }
        if is_mustache(token) {
            if !Function::ALL.iter().any(|(name, _)| arguments(token, name).is_some()) {
                return Err(TransformError::UnknownFunction(token.to_owned()));
            }
            continue;
        }
        after_full_wildcard = token == ">";
        if token.contains([' ', '\t', '\n', '\r', '\x0c']) {
            return Err(TransformError::InvalidTransform(String::new()));
        }
    }
    Ok(())
}

/// The tokens of `dest`, with the wildcards of `src` found.
fn compile(src: &str, dest: &str) -> Result<Vec<Piece>, TransformError> {
    let source = Shape::of(if src.is_empty() { ">" } else { src })?;
    let destination = Shape::of(dest)?;
    if !destination.wildcards.is_empty() || source.has_rest != destination.has_rest {
        return Err(TransformError::InvalidSubject);
    }
    let has_wildcards = source.has_rest || !source.wildcards.is_empty();
    dest.split('.').map(|token| place_wildcards(token, parse_token(token)?, &source, has_wildcards)).collect()
}

/// What matters of a source or destination.
struct Shape {
    /// The places of the tokens that are `*`.
    wildcards: Vec<usize>,
    has_rest: bool,
}

impl Shape {
    fn of(subject: &str) -> Result<Self, TransformError> {
        let mut shape = Self { wildcards: Vec::new(), has_rest: false };
        for (place, token) in subject.split('.').enumerate() {
            if token.is_empty() || shape.has_rest {
                return Err(TransformError::InvalidSubject);
            }
            match token {
                ">" => shape.has_rest = true,
                "*" => shape.wildcards.push(place),
                _ => {}
            }
        }
        Ok(shape)
    }

    /// The place of the `index`th wildcard, counted from 1; an index below 1 means the first token.
    fn place(&self, token: &str, index: i64) -> Result<usize, TransformError> {
        let Ok(index) = usize::try_from(index) else { return Ok(0) };
        match index.checked_sub(1) {
            None => Ok(0),
            Some(index_from_0) => self
                .wildcards
                .get(index_from_0)
                .copied()
                .ok_or_else(|| TransformError::WildcardOutOfRange(format!("{token}: [{index}]"))),
        }
    }
}

/// A token of a destination as it was written, its wildcards still numbered.
enum Parsed {
    Literal,
    Wildcard(i64),
    Partition { buckets: i32, indexes: Vec<i64> },
    Random { bound: i32 },
    Split { index: i64, delimiter: String },
    Cut { index: i64, cut: Cut, size: i32 },
}

fn place_wildcards(token: &str, parsed: Parsed, source: &Shape, has_wildcards: bool) -> Result<Piece, TransformError> {
    let place = |index| source.place(token, index);
    Ok(match parsed {
        Parsed::Literal if token == ">" => Piece::Rest,
        Parsed::Literal => Piece::Literal(token.to_owned()),
        Parsed::Random { bound } => Piece::Random { bound },
        // Without wildcards the whole subject is hashed, whatever the arguments.
        Parsed::Partition { buckets, .. } if !has_wildcards => Piece::Partition { buckets, places: Vec::new() },
        _ if !has_wildcards => return Err(TransformError::WildcardOutOfRange(token.to_owned())),
        Parsed::Wildcard(index) => Piece::Wildcard(place(index)?),
        Parsed::Partition { buckets, indexes } => Piece::Partition {
            buckets,
            places: indexes.into_iter().map(|index| Ok(place(index)? as u32)).collect::<Result<_, _>>()?,
        },
        Parsed::Split { index, delimiter } => Piece::Split { place: place(index)?, delimiter },
        Parsed::Cut { index, cut, size } => Piece::Cut { place: place(index)?, cut, size },
    })
}

/// The functions of destinations, in the order in which the server tries them.
#[derive(Clone, Copy)]
enum Function {
    Wildcard,
    Partition,
    Cut(Cut),
    Split,
    Random,
}

impl Function {
    /// With each name's parts; each part may begin with either case.
    const ALL: [(&'static [&'static str], Self); 10] = [
        (&["wildcard"], Self::Wildcard),
        (&["partition"], Self::Partition),
        (&["split", "from", "left"], Self::Cut(Cut::SplitFromLeft)),
        (&["split", "from", "right"], Self::Cut(Cut::SplitFromRight)),
        (&["slice", "from", "left"], Self::Cut(Cut::SliceFromLeft)),
        (&["slice", "from", "right"], Self::Cut(Cut::SliceFromRight)),
        (&["right"], Self::Cut(Cut::Right)),
        (&["left"], Self::Cut(Cut::Left)),
        (&["split"], Self::Split),
        (&["random"], Self::Random),
    ];

    fn parse(self, token: &str, arguments: &[&str]) -> Result<Parsed, TransformError> {
        let invalid = || TransformError::InvalidArgument(token.to_owned());
        let index = |argument: &str| argument.trim_matches(' ').parse().map_err(|_| invalid());
        match self {
            Self::Wildcard if arguments == [""] => Err(TransformError::NotEnoughArguments(token.to_owned())),
            Self::Wildcard => {
                count(token, arguments, 1)?;
                Ok(Parsed::Wildcard(index(arguments[0])?))
            }
            Self::Partition => Ok(Parsed::Partition {
                buckets: size_of_32_bits(index(arguments[0])?).ok_or_else(invalid)?,
                indexes: arguments[1..].iter().map(|argument| index(argument)).collect::<Result<_, _>>()?,
            }),
            Self::Random if arguments.len() > 1 => Err(TransformError::NotEnoughArguments(token.to_owned())),
            Self::Random => Ok(Parsed::Random { bound: size_of_32_bits(index(arguments[0])?).ok_or_else(invalid)? }),
            Self::Split => {
                count(token, arguments, 2)?;
                let index = index(arguments[0])?;
                // A dot cannot be in here: the destination was split at dots before.
                if arguments[1].contains(' ') {
                    return Err(invalid());
                }
                Ok(Parsed::Split { index, delimiter: arguments[1].to_owned() })
            }
            Self::Cut(cut) => {
                count(token, arguments, 2)?;
                let index = index(arguments[0])?;
                let size = arguments[1].trim_matches(' ').parse().map_err(|_| invalid())?;
                Ok(Parsed::Cut { index, cut, size })
            }
        }
    }
}

fn count(token: &str, arguments: &[&str], wanted: usize) -> Result<(), TransformError> {
    match arguments.len() {
        found if found < wanted => Err(TransformError::NotEnoughArguments(token.to_owned())),
        found if found > wanted => Err(TransformError::TooManyArguments(token.to_owned())),
        _ => Ok(()),
    }
}

/// `None` if the number is above what 32 bits hold; below, it loses its upper bits, as it does in the server.
fn size_of_32_bits(number: i64) -> Option<i32> {
    (number <= i64::from(i32::MAX)).then_some(number as i32)
}

fn is_mustache(token: &str) -> bool {
    token.len() > 4 && token.starts_with("{{") && token.ends_with("}}")
}

fn parse_token(token: &str) -> Result<Parsed, TransformError> {
    if let Some(index) = token.strip_prefix('$') {
        // Other tokens may well begin with `$`.
        return Ok(index.parse().map_or(Parsed::Literal, Parsed::Wildcard));
    }
    if !is_mustache(token) {
        return Ok(Parsed::Literal);
    }
    let found = Function::ALL.iter().find_map(|(name, function)| Some((function, arguments(token, name)?)));
    match found {
        Some((function, arguments)) => function.parse(token, &arguments),
        None => Err(TransformError::UnknownFunction(token.to_owned())),
    }
}

/// The arguments of the call of the function `name` anywhere in `token`: `{{ name ( arguments ) }}`.
fn arguments<'a>(token: &'a str, name: &[&str]) -> Option<Vec<&'a str>> {
    let mut starts = (0..token.len()).filter_map(|at| token.get(at..)?.strip_prefix("{{"));
    let inner = starts.find_map(|text| call(text, name))?;
    let arguments = inner.split(',').enumerate();
    // A comma takes the blanks after it along.
    Some(arguments.map(|(i, argument)| if i == 0 { argument } else { argument.trim_start_matches(is_blank) }).collect())
}

/// What stands in the brackets, if `text` begins with `name(…)}}`. The brackets reach as far as they can.
fn call<'a>(text: &'a str, name: &[&str]) -> Option<&'a str> {
    let mut rest = text.trim_start_matches(is_blank);
    for part in name {
        let (first, others) = part.split_at(1);
        rest = rest.strip_prefix(first).or_else(|| rest.strip_prefix(&*first.to_ascii_uppercase()))?;
        rest = rest.strip_prefix(others)?;
    }
    let inner = rest.trim_start_matches(is_blank).strip_prefix('(')?;
    let line = inner.split('\n').next().unwrap_or(inner);
    let closes = |(at, _): &(usize, &str)| inner[at + 1..].trim_start_matches(is_blank).starts_with("}}");
    let end = line.rmatch_indices(')').find(closes)?.0;
    Some(&inner[..end])
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(src: &str, dest: &str, subject: &str) -> Option<String> {
        let transform = SubjectTransform::checked(src, dest).unwrap_or_else(|error| panic!("{src} {dest}: {error}"));
        let out = transform.apply(subject.as_bytes(), &mut Rng::new(1))?;
        Some(String::from_utf8(out).expect("text in, text out"))
    }

    #[test]
    fn subjects_are_written_anew() {
        for (src, dest, subject, expected) in [
            ("t.*.*", "x.$2.$1", "t.a.b", "x.b.a"),
            ("t.*.*", "x.{{wildcard(2)}}.{{ Wildcard( 1 ) }}", "t.a.b", "x.b.a"),
            ("t.*.*", "{{partition(10,1,2)}}", "t.a.b", "6"),
            ("t.*.*", "{{partition(10,2,1)}}", "t.a.b", "8"),
            ("t.*", "{{partition(5,1)}}", "t.order1", "3"),
            ("t.*.*", "{{partition(10)}}", "t.a.b", "2"),
            ("t.*", "{{partition(0,1)}}", "t.a", "0"),
            ("t", "{{partition(3,1)}}.x", "t", "0.x"),
            ("t.*", "{{random(0)}}.{{random(1)}}", "t.a", "0.0"),
            ("t.*", "{{split(1,-)}}", "t.a-b-c", "a.b.c"),
            ("t.*", "{{split(1,-)}}", "t.-a--b-", "a.b"),
            ("t.*", "{{split(1,)}}", "t.abc", "a.b.c"),
            ("t.*", "{{splitFromLeft(1,3)}}", "t.abcdef", "abc.def"),
            ("t.*", "{{SplitFromRight(1,2)}}", "t.abcdef", "abcd.ef"),
            ("t.*", "{{splitFromLeft(1,6)}}", "t.abcdef", "abcdef"),
            ("t.*", "{{sliceFromLeft(1,4)}}", "t.abcdefghij", "abcd.efgh.ij"),
            ("t.*", "{{sliceFromRight(1,4)}}", "t.abcdefghij", "ab.cdef.ghij"),
            ("t.*", "{{sliceFromRight(1,5)}}", "t.abcdefghij", "abcde.fghij"),
            ("t.*", "{{left(1,3)}}.{{right(1,3)}}", "t.abcdef", "abc.def"),
            ("t.*", "{{left(1,0)}}.{{right(1,-1)}}", "t.abcdef", "abcdef.abcdef"),
            ("t.>", "u.>", "t.a.b", "u.a.b"),
            ("", "u.>", "t.a.b", "u.t.a.b"),
            ("t.*.>", "$1.u.>", "t.a.b.c", "a.u.b.c"),
            ("t.*", "$0.{{wildcard(-1)}}.$x.{{open", "t.a", "t.t.$x.{{open"),
            ("t.*", "{{split(1,.)}}", "t.a", "{{split(1,.)}}"),
            ("*a.b", "x", "anything.b", "x"),
        ] {
            assert_eq!(applied(src, dest, subject).as_deref(), Some(expected), "{src} {dest} {subject}");
        }
    }

    #[test]
    fn what_is_not_covered_stays() {
        for (src, dest, subject) in [
            ("t.*", "x", "u.a"),
            ("t.*", "x", "t"),
            ("t.>", "x.>", "t"),
            ("t.*", "x", "t.*"),
            ("t.*", "", "t.a"),
            ("", ">", "a"),
        ] {
            assert_eq!(applied(src, dest, subject), None, "{src} {dest} {subject}");
        }
    }

    #[test]
    fn a_bad_transform_is_refused_as_the_server_does() {
        let mapping = "invalid mapping destination: ";
        for (src, dest, error) in [
            ("t.*", "", None),
            ("t.*", ">", Some("invalid subject")),
            ("t.*", "a.*", Some("invalid subject")),
            ("t..x", "a", Some("invalid subject")),
            ("t", "a..b", Some("!invalid transform")),
            ("t.*", "a.>.b", Some("!invalid transform in b")),
            ("t.*", "a b", Some("!invalid transform")),
            ("t.*", "{{foo(1)}}", Some("!unknown function in {{foo(1)}}")),
            ("t.*", "{{wildcard(\n1)}}", Some("!unknown function in {{wildcard(\n1)}}")),
            ("t.*", "{{wildcard()}}", Some("!not enough arguments passed to the function in {{wildcard()}}")),
            ("t.*", "{{wildcard(1,2)}}", Some("!too many arguments passed to the function in {{wildcard(1,2)}}")),
            ("t.*", "{{random(3,4)}}", Some("!not enough arguments passed to the function in {{random(3,4)}}")),
            ("t.*", "{{split(1)}}", Some("!not enough arguments passed to the function in {{split(1)}}")),
            (
                "t.*",
                "{{left(1,99999999999)}}",
                Some("!function argument is invalid or in the wrong format in {{left(1,99999999999)}}"),
            ),
            (
                "t.*",
                "{{partition(99999999999)}}",
                Some("!function argument is invalid or in the wrong format in {{partition(99999999999)}}"),
            ),
            ("t.*", "$3", Some("!wildcard index out of range in $3: [3]")),
            ("t.*", "{{split(2,-)}}", Some("!wildcard index out of range in {{split(2,-)}}: [2]")),
            ("t", "$1", Some("!wildcard index out of range in $1")),
            ("t.*", "{{x{{wildcard(1)}}}}", None),
            ("t.*", "{{}}", None),
        ] {
            let found = SubjectTransform::checked(src, dest).err().map(|error| error.to_string());
            let expected = error.map(|error: &str| error.replace('!', mapping));
            assert_eq!(found, expected, "{src} {dest}");
        }
    }
}
