//! JSON of any shape, for those who look at what they do not know, such as a form.

use std::fmt::{self, Write as _};
use std::ops::{Index, IndexMut};

use super::{Decoder, unmarshal_with};
use crate::engine::sorted_map::SortedMap;

/// The members of an object by their names.
pub type Map = SortedMap<String, Value>;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Map),
}

impl Value {
    /// `None` if `json` is none.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mut value = Self::Null;
        unmarshal_with(json, |decoder| decoder.value(&mut value)).ok()?;
        Some(value)
    }

    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(digits) = self { digits.parse().ok() } else { None }
    }

    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(digits) = self { digits.parse().ok() } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The member `name` of an object, or the element of an array at the place of that number.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            Self::Array(elements) => elements.get(name.parse::<usize>().ok()?),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Number(digits) => out.write_str(digits),
            Self::String(text) => write_text(out, text),
            Self::Array(elements) => write_list(out, "[]", elements, |out, element| element.write(out)),
            Self::Object(members) => write_list(out, "{}", members.iter(), |out, (name, value)| {
                write_text(out, name)?;
                out.write_str(":")?;
                value.write(out)
            }),
        }
    }
}

fn write_list<T>(
    out: &mut String,
    brackets: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T) -> fmt::Result,
) -> fmt::Result {
    let (open, close) = brackets.split_at(1);
    let mut before = open;
    for item in items {
        out.write_str(before)?;
        write(out, item)?;
        before = ",";
    }
    out.write_str(if before == open { brackets } else { close })
}

/// Writes a string, and escapes no more than has to be: what is written is there to be read.
///
/// # Errors
/// None: a `String` takes everything.
pub fn write_text(out: &mut String, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(out, "\\{c}")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            ..' ' => write!(out, "\\u{:04x}", u32::from(c))?,
            _ => out.write_char(c)?,
        }
    }
    out.write_char('"')
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text)?;
        f.write_str(&text)
    }
}

impl Decoder<'_> {
    pub fn value(&mut self, out: &mut Value) {
        *out = match self.first_byte() {
            b'{' => {
                let mut members = Map::new();
                self.map(&mut members, "any", Self::value);
                Value::Object(members)
            }
            b'[' => {
                let mut elements = Vec::new();
                self.opens(b'[', "any");
                self.elements(&mut |decoder, _| {
                    let mut element = Value::Null;
                    decoder.value(&mut element);
                    elements.push(element);
                });
                Value::Array(elements)
            }
            b'"' => {
                let mut text = String::new();
                self.string(&mut text);
                Value::String(text)
            }
            _ => match &*String::from_utf8_lossy(self.raw()) {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                digits => Value::Number(digits.to_owned()),
            },
        };
    }
}

static NULL: Value = Value::Null;

/// What an object lacks, and what is none, has only nulls.
impl Index<&str> for Value {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

/// What is no object becomes one.
impl IndexMut<&str> for Value {
    fn index_mut(&mut self, name: &str) -> &mut Self {
        if self.as_object().is_none() {
            *self = Self::Object(Map::new());
        }
        let Self::Object(members) = self else { unreachable!("it is an object now") };
        members.get_or_default(name.to_owned())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written() {
        for json in [
            "null",
            "true",
            "-12",
            "1.5e3",
            "18446744073709551615",
            r#""a \"b\" \\ \n\r\t\u0001 <é>""#,
            "[]",
            "{}",
            r#"{"a":[1,{"b":null},[]],"c":"d"}"#,
        ] {
            let value = Value::parse(json.as_bytes()).expect(json);
            assert_eq!(value.to_string(), json);
        }
        let value = Value::parse(br#" { "b" : [ true , "x" ] , "a" : 7 } "#).expect("JSON");
        assert_eq!(value.to_string(), r#"{"a":7,"b":[true,"x"]}"#);
        assert_eq!((value["a"].as_u64(), value["b"].get("1").and_then(Value::as_str)), (Some(7), Some("x")));
        assert!(value["c"]["d"].is_null());
        assert_eq!((Value::parse(b"{"), Value::parse(b"1 2")), (None, None));
    }
}
