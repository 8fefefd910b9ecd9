//! Reading JSON into requests.

use std::borrow::Cow;
use std::time::Duration;

use super::JsonError;
use super::scan::{ScanError, invalid_character, scan_value, skip_blanks};
use crate::engine::bound::Bound;
use crate::engine::date_time::DateTime;
use crate::engine::list::List;
use crate::engine::quote::quote;
use crate::engine::sorted_map::SortedMap;

/// What a JSON object is read into. The macro `object!` implements it.
pub trait Object: Default + Fields {
    const SHAPE: Shape;
}

/// What is said of an object's type.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Go's name of the type, as in `server.StreamConfigRequest`.
    pub go_type: &'static str,
    /// The type's name in paths to its fields.
    pub root: &'static str,
    pub fields: &'static [&'static str],
}

/// The fields of an object. Apart from [`Object`], so that one reader serves all objects.
pub trait Fields {
    /// Reads the value of the field at a place in [`Shape::fields`].
    fn decode_field(&mut self, place: usize, decoder: &mut Decoder<'_>);
}

/// One of a few words, which say themselves what is wrong with others.
pub trait Word: Sized {
    /// `raw` is the value as it stands in the text, quotes included; it may be none of a string.
    ///
    /// # Errors
    /// What Go says.
    fn from_json(raw: &[u8]) -> Result<Self, String>;
}

/// Declares how an object's fields are read: `"name" => reader(field)`, where the reader is a method of [`Decoder`].
macro_rules! object {
    ($type:ty as $go_type:literal $(in paths $root:literal)? {
        $($name:literal => $read:ident($($field:tt)+)),+ $(,)?
    }) => {
        impl $crate::engine::api::json::Object for $type {
            const SHAPE: $crate::engine::api::json::Shape = $crate::engine::api::json::Shape {
                fields: &[$($name),+],
                $(root: $root,)?
                ..$crate::engine::api::json::Shape::new($go_type)
            };
        }

        impl $crate::engine::api::json::Fields for $type {
            fn decode_field(&mut self, place: usize, decoder: &mut $crate::engine::api::json::Decoder<'_>) {
                let mut field = 0..;
                $(
                    if field.next() == Some(place) {
                        return decoder.$read(&mut self.$($field)+);
                    }
                )+
            }
        }
    };
}
pub(crate) use object;

impl Shape {
    /// Without fields; in paths, the type has its name without the package.
    pub const fn new(go_type: &'static str) -> Self {
        let mut at = 0;
        while go_type.as_bytes()[at] != b'.' {
            at += 1;
        }
        Self { go_type, root: go_type.split_at(at + 1).1, fields: &[] }
    }
}

/// A step on the way to a value.
enum Step<'a> {
    /// The member's name as it stands in the text.
    Member(&'a [u8]),
    Element(usize),
}

/// Goes through a text that was scanned before, and keeps the first error.
///
/// `null` leaves what has no null in Go as it is. A value that is given twice is read twice, the second time on top of
/// the first.
pub struct Decoder<'a> {
    text: &'a [u8],
    at: usize,
    is_strict: bool,
    root: &'static str,
    path: Vec<Step<'a>>,
    error: Option<String>,
}

impl<'a> Decoder<'a> {
    /// `text` holds a valid value from `at` to its end.
    pub(super) fn new(text: &'a [u8], at: usize, is_strict: bool) -> Self {
        Self { text, at, is_strict, root: "", path: Vec::new(), error: None }
    }

    /// Takes a text that holds one value.
    pub(super) fn of_value(text: &'a [u8]) -> Result<Self, JsonError> {
        let start = skip_blanks(text, 0);
        let end = scan_value(text, start).map_err(|error| match error {
            ScanError::Truncated => JsonError("unexpected end of JSON input".to_owned()),
            ScanError::Syntax { message, .. } => JsonError(message),
        })?;
        let rest = skip_blanks(text, end);
        if rest < text.len() {
            return Err(JsonError(invalid_character(text, rest, "after top-level value")));
        }
        Ok(Self::new(&text[..end], start, false))
    }

    pub(super) fn decode_root(mut self, read: impl FnOnce(&mut Self)) -> Result<(), JsonError> {
        read(&mut self);
        self.error.map_or(Ok(()), |error| Err(JsonError(error)))
    }

    /// The object that all paths begin with.
    pub(super) fn root(&mut self, shape: Shape, out: &mut dyn Fields) {
        self.root = shape.root;
        self.fields(shape, out);
    }

    pub fn object<T: Object>(&mut self, out: &mut T) {
        self.fields(T::SHAPE, out);
    }

    fn fields(&mut self, shape: Shape, out: &mut dyn Fields) {
        if self.opens(b'{', shape.go_type) {
            self.members(&mut |decoder, name| {
                let text = unquote(name);
                match find_field(shape.fields, &text) {
                    Some(place) => out.decode_field(place, decoder),
                    None => {
                        if decoder.is_strict {
                            decoder.fail(|| format!("json: unknown field {}", quote(text.as_bytes())));
                        }
                        decoder.raw();
                    }
                }
            });
        }
    }

    pub fn pointer<T: Object>(&mut self, out: &mut Option<T>) {
        if self.takes_null() { *out = None } else { self.object(out.get_or_insert_default()) }
    }

    pub fn string(&mut self, out: &mut String) {
        let raw = self.raw();
        match raw[0] {
            b'"' => *out = unquote(raw).into_owned(),
            b'n' => {}
            _ => self.mismatch(raw, "string"),
        }
    }

    pub fn boolean(&mut self, out: &mut bool) {
        let raw = self.raw();
        match raw[0] {
            b't' | b'f' => *out = raw[0] == b't',
            b'n' => {}
            _ => self.mismatch(raw, "bool"),
        }
    }

    pub fn int(&mut self, out: &mut i64) {
        self.signed(out, "int");
    }

    pub fn connection_state(&mut self, out: &mut i64) {
        self.signed(out, "server.ConnState");
    }

    pub fn int32(&mut self, out: &mut i32) {
        self.number("int32", &mut |digits| digits.parse().map(|number| *out = number).is_ok());
    }

    pub fn int64(&mut self, out: &mut i64) {
        self.signed(out, "int64");
    }

    pub fn uint64(&mut self, out: &mut u64) {
        self.number("uint64", &mut |digits| digits.parse().map(|number| *out = number).is_ok());
    }

    pub fn duration(&mut self, out: &mut i64) {
        self.signed(out, "time.Duration");
    }

    pub fn uint16(&mut self, out: &mut u16) {
        self.number("uint16", &mut |digits| digits.parse().map(|number| *out = number).is_ok());
    }

    pub fn uint32(&mut self, out: &mut u32) {
        self.number("uint32", &mut |digits| digits.parse().map(|number| *out = number).is_ok());
    }

    pub fn uint(&mut self, out: &mut usize) {
        self.number("uint", &mut |digits| digits.parse().map(|number| *out = number).is_ok());
    }

    fn signed(&mut self, out: &mut i64, go_type: &str) {
        self.number(go_type, &mut |digits| digits.parse().map(|number| *out = number).is_ok());
    }

    pub fn int_bound(&mut self, out: &mut Bound) {
        let mut number = out.as_number();
        self.int(&mut number);
        *out = Bound::new(number);
    }

    pub fn duration_bound(&mut self, out: &mut Bound) {
        let mut number = out.as_number();
        self.duration(&mut number);
        *out = Bound::new(number);
    }

    pub fn time(&mut self, out: &mut DateTime) {
        let raw = self.raw();
        match raw[0] {
            b'"' => match DateTime::parse(unquote(raw).as_bytes()) {
                Ok(time) => *out = time,
                Err(error) => self.fail(|| error.to_string()),
            },
            b'n' => {}
            _ => self.mismatch(raw, "time.Time"),
        }
    }

    pub fn time_pointer(&mut self, out: &mut Option<DateTime>) {
        if self.takes_null() {
            *out = None;
        } else {
            self.time(out.get_or_insert(DateTime::ZERO));
        }
    }

    pub fn word<T: Word>(&mut self, out: &mut T) {
        match T::from_json(self.raw()) {
            Ok(word) => *out = word,
            Err(error) => self.fail(|| error),
        }
    }

    pub fn string_pointer(&mut self, out: &mut Option<String>) {
        self.nullable(out, Self::string);
    }

    pub fn uint_pointer(&mut self, out: &mut Option<usize>) {
        self.nullable(out, Self::uint);
    }

    pub fn uint32_pointer(&mut self, out: &mut Option<u32>) {
        self.nullable(out, Self::uint32);
    }

    pub fn uint64_pointer(&mut self, out: &mut Option<u64>) {
        self.nullable(out, Self::uint64);
    }

    /// A number of nanoseconds.
    pub fn nanos_pointer(&mut self, out: &mut Option<Duration>) {
        let mut nanos = None;
        self.uint64_pointer(&mut nanos);
        *out = nanos.map(Duration::from_nanos);
    }

    fn nullable<T: Default>(&mut self, out: &mut Option<T>, read: fn(&mut Self, &mut T)) {
        if self.takes_null() { *out = None } else { read(self, out.get_or_insert_default()) }
    }

    pub fn strings(&mut self, out: &mut List<String>) {
        self.list(out, "string", Self::string);
    }

    pub fn durations(&mut self, out: &mut List<i64>) {
        self.list(out, "time.Duration", Self::duration);
    }

    pub fn uint64s(&mut self, out: &mut List<u64>) {
        self.list(out, "uint64", Self::uint64);
    }

    pub fn objects<T: Object>(&mut self, out: &mut List<T>) {
        self.list(out, T::SHAPE.go_type, Self::object);
    }

    pub fn pointers<T: Object>(&mut self, out: &mut List<Option<T>>) {
        self.list(out, &format!("*{}", T::SHAPE.go_type), Self::pointer);
    }

    pub fn string_map(&mut self, out: &mut SortedMap<String, String>) {
        self.map(out, "string", Self::string);
    }

    pub fn uint64_map(&mut self, out: &mut SortedMap<String, u64>) {
        self.map(out, "uint64", Self::uint64);
    }

    pub fn object_map<T: Object>(&mut self, out: &mut SortedMap<String, T>) {
        self.map(out, T::SHAPE.go_type, Self::object);
    }

    /// Maps of maps, of which the inner ones begin empty.
    pub fn string_maps(&mut self, out: &mut SortedMap<String, SortedMap<String, String>>) {
        self.map(out, "map[string]string", Self::string_map);
    }

    pub(super) fn map<T: Default>(
        &mut self,
        out: &mut SortedMap<String, T>,
        go_type: &str,
        read: fn(&mut Self, &mut T),
    ) {
        if self.takes_null() {
            out.clear();
        } else if self.opens(b'{', &format!("map[string]{go_type}")) {
            self.members(&mut |decoder, name| {
                let mut value = T::default();
                read(decoder, &mut value);
                out.insert(unquote(name).into_owned(), value);
            });
        }
    }

    fn list<T: Default>(&mut self, out: &mut List<T>, go_type: &str, read: fn(&mut Self, &mut T)) {
        if self.takes_null() {
            *out = List::ABSENT;
        } else if self.opens(b'[', &format!("[]{go_type}")) {
            let out = out.get_or_insert();
            let len = self.elements(&mut |decoder, place| {
                if place == out.len() {
                    out.push(T::default());
                }
                read(decoder, &mut out[place]);
            });
            out.truncate(len);
        }
    }

    /// Reads the elements of an array whose bracket is read, and counts them.
    pub(super) fn elements(&mut self, read: &mut dyn FnMut(&mut Self, usize)) -> usize {
        let mut len = 0;
        while !self.closes(b']') {
            self.path.push(Step::Element(len));
            read(self, len);
            self.path.pop();
            len += 1;
        }
        len
    }

    /// Reads the members of an object whose bracket is read.
    pub(super) fn members(&mut self, read: &mut dyn FnMut(&mut Self, &'a [u8])) {
        while !self.closes(b'}') {
            let name = self.raw();
            self.skip(b':');
            self.path.push(Step::Member(name));
            read(self, name);
            self.path.pop();
        }
    }

    /// `take` says whether it takes the digits.
    fn number(&mut self, go_type: &str, take: &mut dyn FnMut(&str) -> bool) {
        let raw = self.raw();
        match raw[0] {
            b'-' | b'0'..=b'9' => {
                let digits = String::from_utf8_lossy(raw);
                if !take(&digits) {
                    self.mismatch_with(&format!("number {digits}"), go_type);
                }
            }
            b'n' => {}
            _ => self.mismatch(raw, go_type),
        }
    }

    /// Whether the value is what begins with `bracket`, which is then read. Otherwise it is passed over; only `null` is
    /// no error.
    pub(super) fn opens(&mut self, bracket: u8, go_type: &str) -> bool {
        if self.first_byte() == bracket {
            self.at += 1;
            return true;
        }
        let raw = self.raw();
        if raw != b"null" {
            self.mismatch(raw, go_type);
        }
        false
    }

    /// Whether the object or array ends here. Reads the bracket, or the comma before the next member or element.
    fn closes(&mut self, bracket: u8) -> bool {
        self.skip(b',');
        if self.text[self.at] != bracket {
            return false;
        }
        self.at += 1;
        true
    }

    fn takes_null(&mut self) -> bool {
        let is_null = self.first_byte() == b'n';
        if is_null {
            self.at += b"null".len();
        }
        is_null
    }

    /// Goes on to the next token, past `byte` if it comes first.
    fn skip(&mut self, byte: u8) {
        self.at = skip_blanks(self.text, self.at);
        if self.text[self.at] == byte {
            self.at = skip_blanks(self.text, self.at + 1);
        }
    }

    /// The next value as it stands in the text.
    pub(super) fn raw(&mut self) -> &'a [u8] {
        let start = skip_blanks(self.text, self.at);
        self.at = scan_value(self.text, start).expect("the text was scanned before");
        &self.text[start..self.at]
    }

    /// The first byte of the next value.
    pub(super) fn first_byte(&mut self) -> u8 {
        self.at = skip_blanks(self.text, self.at);
        self.text[self.at]
    }

    fn mismatch(&mut self, raw: &[u8], go_type: &str) {
        let kind = match raw[0] {
            b'"' => "string",
            b'{' => "object",
            b'[' => "array",
            b't' | b'f' => "bool",
            b'n' => "null",
            _ => "number",
        };
        self.mismatch_with(kind, go_type);
    }

    fn mismatch_with(&mut self, value: &str, go_type: &str) {
        if self.error.is_some() {
            return;
        }
        let path: String = self.path.iter().map(Step::in_path).collect();
        let place = match self.path.last() {
            None => "Go value".to_owned(),
            // What looks like an element is not called a field, even if it is a key of digits.
            Some(last) if last.is_number() => format!("{}{path}", self.root),
            Some(_) => format!("Go struct field {}{path}", self.root),
        };
        self.error = Some(format!("json: cannot unmarshal {value} into {place} of type {go_type}"));
    }

    fn fail(&mut self, error: impl FnOnce() -> String) {
        if self.error.is_none() {
            self.error = Some(error());
        }
    }
}

impl Step<'_> {
    /// As Go writes a JSON pointer with dots.
    fn in_path(&self) -> String {
        match self {
            Self::Member(name) => format!(".{}", unquote(name).replace('~', "~0").replace('/', "~1")),
            Self::Element(index) => format!(".{index}"),
        }
    }

    fn is_number(&self) -> bool {
        match self {
            Self::Member(name) => {
                let name = unquote(name);
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Element(_) => true,
        }
    }
}

/// Reads a value that is to be a string, apart from any other.
///
/// # Errors
/// What Go says of other values; `null` is an empty string.
pub fn unmarshal_string(raw: &[u8]) -> Result<String, String> {
    let mut text = String::new();
    let mut decoder = Decoder::new(raw, 0, false);
    decoder.string(&mut text);
    decoder.error.map_or(Ok(text), Err)
}

/// The place of the field of that name; failing that, of the first that differs only in the case of letters.
fn find_field(fields: &[&str], name: &str) -> Option<usize> {
    let is_folded = |field: &&str| name.chars().map(fold).eq(field.chars().map(fold));
    fields.iter().position(|field| *field == name).or_else(|| fields.iter().position(is_folded))
}

/// The same for all cases of a letter. Two letters beyond ASCII are cases of ASCII ones.
fn fold(c: char) -> char {
    match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => c.to_ascii_lowercase(),
    }
}

/// The text between the quotes of a valid string. What is no character becomes U+FFFD.
pub(super) fn unquote(raw: &[u8]) -> Cow<'_, str> {
    let inner = &raw[1..raw.len() - 1];
    if let Ok(text) = std::str::from_utf8(inner)
        && !text.contains('\\')
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(inner.len());
    for chunk in inner.utf8_chunks() {
        push_unescaped(&mut text, chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

fn push_unescaped(out: &mut String, mut escaped: &str) {
    while let Some((plain, rest)) = escaped.split_once('\\') {
        out.push_str(plain);
        let (letter, rest) = rest.split_at(1);
        escaped = rest;
        match letter {
            "b" => out.push('\x08'),
            "f" => out.push('\x0c'),
            "n" => out.push('\n'),
            "r" => out.push('\r'),
            "t" => out.push('\t'),
            "u" => {
                let (c, rest) = unescape_unicode(rest);
                out.push(c);
                escaped = rest;
            }
            _ => out.push_str(letter),
        }
    }
    out.push_str(escaped);
}

/// The character of `XXXX`, or of `XXXX\uYYYY` if the two are a surrogate pair, and what follows.
fn unescape_unicode(text: &str) -> (char, &str) {
    let hexadecimal = |digits: &str| u32::from_str_radix(digits, 16).unwrap_or_default();
    let (digits, rest) = text.split_at(4);
    let first = hexadecimal(digits);
    if let Some(c) = char::from_u32(first) {
        return (c, rest);
    }
    let second = rest.strip_prefix("\\u").and_then(|rest| rest.split_at_checked(4));
    if let (0xd800..0xdc00, Some((digits, after))) = (first, second) {
        let low = hexadecimal(digits);
        if let 0xdc00..0xe000 = low
            && let Some(c) = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00))
        {
            return (c, after);
        }
    }
    (char::REPLACEMENT_CHARACTER, rest)
}
