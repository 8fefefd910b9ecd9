//! JSON as Go's `encoding/json` reads and writes it, since clients see its texts: field orders, escapes, errors.
//!
//! A body is scanned first, for syntax alone; then its values go into a request whose fields an [`Object`] tells by
//! name. What does not fit is noted, and the first of it in the order of the text is the error.
//!
//! Source: the texts of nats-server 2.15.1, which is built with Go 1.27 (`encoding/json` on top of `encoding/json/v2`).

mod decode;
mod encode;
mod scan;
mod split;
mod value;

use crate::engine::error::ApiError;

pub(crate) use decode::object;
pub use decode::{Decoder, Fields, Object, Shape, Word, unmarshal_string};
pub use encode::{Text, to_json};
use scan::{ScanError, scan_value, skip_blanks};
pub use split::{Members, elements, members, text};
pub use value::{Map, Value, write_text};

/// Why a body is no request, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl JsonError {
    /// What is said of a body that is well-formed and yet no request.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        Self::InvalidJson { err: error.0 }
    }
}

/// Reads a request as most of the API does: every value in the body goes into it, one after the other, and an empty
/// body leaves its defaults. Unless the server is lenient (`is_strict` is false), unknown fields are errors.
///
/// # Errors
/// [`ApiError::InvalidJson`].
pub fn decode_request<T: Object>(body: &[u8], is_strict: bool) -> Result<T, ApiError> {
    let mut request = T::default();
    decode_into(body, is_strict, T::SHAPE, &mut request)?;
    Ok(request)
}

fn decode_into(body: &[u8], is_strict: bool, shape: Shape, request: &mut dyn Fields) -> Result<(), JsonError> {
    match decode_all(body, shape, request) {
        // What the first attempt read stays.
        Err(_) if !is_strict => unmarshal_with(body, |decoder| decoder.root(shape, request)),
        result => result,
    }
}

/// Reads a value as Go's `json.Unmarshal` does: exactly one, with unknown fields ignored.
///
/// # Errors
/// Why the body is none.
pub fn unmarshal<T: Object>(body: &[u8]) -> Result<T, JsonError> {
    let mut value = T::default();
    unmarshal_into(body, &mut value)?;
    Ok(value)
}

/// Reads an object in which every field is known.
///
/// # Errors
/// Why the body is none.
pub fn unmarshal_strict<T: Object>(body: &[u8]) -> Result<T, JsonError> {
    let mut value = T::default();
    decode_all(body, T::SHAPE, &mut value)?;
    Ok(value)
}

/// Reads an object as [`unmarshal`] does, on top of what is in `value`.
///
/// # Errors
/// Why the body is none.
pub fn unmarshal_into<T: Object>(body: &[u8], value: &mut T) -> Result<(), JsonError> {
    unmarshal_with(body, |decoder| decoder.root(T::SHAPE, value))
}

/// Whether the body is to be read as options: its first byte that is no blank is `{` or `[`.
pub fn is_object_or_array(body: &[u8]) -> bool {
    matches!(body.get(skip_blanks(body, 0)), Some(b'{' | b'['))
}

/// Whether `text` is one JSON value.
pub fn is_json(text: &[u8]) -> bool {
    Decoder::of_value(text).is_ok()
}

/// Whether nothing is asked for: no byte at all, or an object without members.
pub fn is_empty_request(body: &[u8]) -> bool {
    if body.is_empty() {
        return true;
    }
    let start = skip_blanks(body, 0);
    let end = skip_blanks(body, start + 1);
    body.get(start) == Some(&b'{') && body.get(end) == Some(&b'}') && skip_blanks(body, end + 1) == body.len()
}

fn decode_all(body: &[u8], shape: Shape, request: &mut dyn Fields) -> Result<(), JsonError> {
    let mut start = skip_blanks(body, 0);
    while start < body.len() {
        let end = scan_value(body, start).map_err(|error| match error {
            ScanError::Truncated => JsonError("unexpected EOF".to_owned()),
            ScanError::Syntax { message, offset } => JsonError(format!("{message} at offset {offset}")),
        })?;
        Decoder::new(&body[..end], start, true).decode_root(|decoder| decoder.root(shape, request))?;
        start = skip_blanks(body, end);
    }
    Ok(())
}

/// Reads the one value in the body with `read`.
///
/// # Errors
/// Why the body is none.
pub fn unmarshal_with(body: &[u8], read: impl FnOnce(&mut Decoder<'_>)) -> Result<(), JsonError> {
    Decoder::of_value(body)?.decode_root(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_nothing_is_known() {
        for (body, is_empty, is_options) in [
            ("", true, false),
            ("{}", true, true),
            (" {\n} ", true, true),
            (" ", false, false),
            ("null", false, false),
            ("[]", false, true),
            (r#"{"a":1}"#, false, true),
            ("{} x", false, true),
            ("{", false, true),
        ] {
            assert_eq!(is_empty_request(body.as_bytes()), is_empty, "{body}");
            assert_eq!(is_object_or_array(body.as_bytes()), is_options, "{body}");
        }
    }
}
