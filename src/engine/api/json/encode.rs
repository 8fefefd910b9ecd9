//! Writing JSON.

use std::io;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use serde_json::value::RawValue;

/// The JSON text of `value`, byte for byte as Go's `json.Marshal` writes it: compact, with `<`, `>`, `&` and the two
/// line separators of Unicode escaped.
///
/// # Panics
/// If `value` is a map whose keys are no texts.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, GoFormatter);
    value.serialize(&mut serializer).expect("only odd keys fail, as nothing is written outside of memory");
    out
}

/// A text that a client gave as bytes, such as a subject. What is no UTF-8 is written as `\ufffd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text<'a>(pub &'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(self.0) {
            return serializer.serialize_str(text);
        }
        let mut escaped = String::from('"');
        for chunk in self.0.utf8_chunks() {
            let valid = to_json(chunk.valid());
            escaped.push_str(str::from_utf8(&valid[1..valid.len() - 1]).map_err(S::Error::custom)?);
            escaped.extend(chunk.invalid().iter().map(|_| r"\ufffd"));
        }
        escaped.push('"');
        RawValue::from_string(escaped).map_err(S::Error::custom)?.serialize(serializer)
    }
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        let mut written = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let (escape, len) = match (byte, &bytes[at..]) {
                (b'<', _) => (r"\u003c", 1),
                (b'>', _) => (r"\u003e", 1),
                (b'&', _) => (r"\u0026", 1),
                (0xe2, [_, 0x80, 0xa8, ..]) => (r"\u2028", 3),
                (0xe2, [_, 0x80, 0xa9, ..]) => (r"\u2029", 3),
                _ => continue,
            };
            writer.write_all(&bytes[written..at])?;
            writer.write_all(escape.as_bytes())?;
            written = at + len;
        }
        writer.write_all(&bytes[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_go_escapes_them() {
        for (text, json) in [
            ("a", r#""a""#),
            ("<a>&b", r#""\u003ca\u003e\u0026b""#),
            ("\u{2028}x\u{2029}\u{2030}é", "\"\\u2028x\\u2029\u{2030}é\""),
            ("\"\\/\x08\x0c\n\r\t\x00\x1f\x7f", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\""),
            ("\u{fffd}", "\"\u{fffd}\""),
        ] {
            assert_eq!(String::from_utf8(to_json(text)).expect("JSON is text"), json);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        for (bytes, json) in [
            (&b"a.b"[..], r#""a.b""#),
            (b"a\xff.\xe2\x82>", r#""a\ufffd.\ufffd\ufffd\u003e""#),
            ("\u{fffd}\u{2028}".as_bytes(), "\"\u{fffd}\\u2028\""),
        ] {
            assert_eq!(String::from_utf8(to_json(&Text(bytes))).expect("JSON is text"), json);
        }
    }
}
