//! Writing JSON.

use std::fmt;

use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};

use crate::engine::connection::decimal;

/// The JSON text of `value`, byte for byte as Go's `json.Marshal` writes it: compact, with `<`, `>`, `&` and the two
/// line separators of Unicode escaped.
///
/// # Panics
/// If `value` holds what no request and no reply does: floats, tuple structs, enums with fields.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut encoder = Encoder { out: Vec::with_capacity(256) };
    let Ok(()) = value.serialize(&mut encoder);
    encoder.out
}

/// A text that a client gave as bytes, such as a subject. What is no UTF-8 is written as U+FFFD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(pub &'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Writes into memory, so that nothing fails: neither are there errors to pass on, nor code that would do it.
struct Encoder {
    out: Vec<u8>,
}

impl Encoder {
    /// Goes on to the next member or element.
    fn separate(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        self.separate();
        // Nothing in the name of a field has to be escaped.
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        let Ok(()) = value.serialize(self);
    }

    fn signed(&mut self, number: i64) {
        if number < 0 {
            self.out.push(b'-');
        }
        decimal(&mut self.out, number.unsigned_abs());
    }

    fn text(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        for chunk in bytes.utf8_chunks() {
            self.escape(chunk.valid().as_bytes());
            for _ in chunk.invalid() {
                self.out.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        self.out.push(b'"');
    }

    fn escape(&mut self, text: &[u8]) {
        let mut written = 0;
        for (at, byte) in text.iter().enumerate().filter(|(_, byte)| may_be_escaped(**byte)) {
            let (letter, len) = match (byte, &text[at..]) {
                (b'"' | b'\\', _) => (*byte, 1),
                (0x08, _) => (b'b', 1),
                (0x0c, _) => (b'f', 1),
                (b'\n', _) => (b'n', 1),
                (b'\r', _) => (b'r', 1),
                (b'\t', _) => (b't', 1),
                (..b' ' | b'<' | b'>' | b'&', _) => (b'u', 1),
                (0xe2, [_, 0x80, 0xa8 | 0xa9, ..]) => (b'u', 3),
                _ => continue,
            };
            self.out.extend_from_slice(&text[written..at]);
            self.out.extend_from_slice(&[b'\\', letter]);
            if letter == b'u' {
                let digit = |bits: u8| b"0123456789abcdef"[usize::from(bits & 15)];
                let [high, low] = if len == 1 { [0, *byte] } else { [0x20, text[at + 2] - 0x80] };
                self.out.extend_from_slice(&[digit(high >> 4), digit(high), digit(low >> 4), digit(low)]);
            }
            written = at + len;
        }
        self.out.extend_from_slice(&text[written..]);
    }
}

/// Whether a byte is escaped, or begins what is.
const fn may_be_escaped(byte: u8) -> bool {
    matches!(byte, ..b' ' | b'"' | b'&' | b'<' | b'>' | b'\\' | 0xe2)
}

impl Serializer for &mut Encoder {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), Never>;
    type SerializeTupleVariant = Impossible<(), Never>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Never>;

    fn serialize_bool(self, value: bool) -> Result<(), Never> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, number: i8) -> Result<(), Never> {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result<(), Never> {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result<(), Never> {
        self.serialize_i64(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result<(), Never> {
        self.signed(number);
        Ok(())
    }

    fn serialize_u8(self, number: u8) -> Result<(), Never> {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<(), Never> {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<(), Never> {
        self.serialize_u64(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result<(), Never> {
        decimal(&mut self.out, number);
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Result<(), Never> {
        never("a float")
    }

    fn serialize_f64(self, _: f64) -> Result<(), Never> {
        never("a float")
    }

    fn serialize_char(self, value: char) -> Result<(), Never> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Never> {
        self.out.push(b'"');
        self.escape(text.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    /// Bytes are a text that may not be UTF-8, see [`Text`].
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Never> {
        self.text(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Never> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Never> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Never> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Never> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Never> {
        never("an enum with fields")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Never> {
        self.out.push(b'[');
        Ok(self)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self, Never> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Never> {
        never("a tuple struct")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Never> {
        never("an enum with fields")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Never> {
        self.out.push(b'{');
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Never> {
        never("an enum with fields")
    }
}

impl SerializeSeq for &mut Encoder {
    type Ok = ();
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.separate();
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Never> {
        self.out.push(b']');
        Ok(())
    }
}

/// Arrays of a fixed length.
impl SerializeTuple for &mut Encoder {
    type Ok = ();
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Never> {
        SerializeSeq::end(self)
    }
}

impl SerializeMap for &mut Encoder {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.separate();
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.out.push(b':');
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Never> {
        self.out.push(b'}');
        Ok(())
    }
}

impl SerializeStruct for &mut Encoder {
    type Ok = ();
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Never> {
        self.member(name, value);
        Ok(())
    }

    fn end(self) -> Result<(), Never> {
        self.out.push(b'}');
        Ok(())
    }
}

/// The error that there is none of.
#[derive(Debug)]
enum Never {}

fn never<T>(what: &str) -> T {
    unreachable!("{what} in the API")
}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl serde::ser::Error for Never {
    fn custom<T: fmt::Display>(_: T) -> Self {
        never("what serde does not flatten")
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
            (b"a\xff.\xe2\x82>", r#""a�.��\u003e""#),
            ("\u{fffd}\u{2028}".as_bytes(), "\"\u{fffd}\\u2028\""),
        ] {
            assert_eq!(String::from_utf8(to_json(&Text(bytes))).expect("JSON is text"), json);
        }
    }
}
