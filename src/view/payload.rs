//! Bytes from outside for reading: as text, as JSON, or in hexadecimal.
//!
//! Nothing is trusted: what is no text is replaced, what is long is cut and the rest counted.

use crate::engine::api::json::is_json;
use crate::texts::drawer as texts;

/// Bytes that are shown as text or JSON.
const SHOWN_TEXT: usize = 4_096;
/// Bytes that are shown in hexadecimal.
const SHOWN_HEX: usize = 512;
/// Longer texts are not tried as JSON.
const MAX_JSON: usize = 256 * 1024;
/// Steps that JSON is indented by at most, however deep it is.
const MAX_INDENT: usize = 24;
/// Bytes in a line of hexadecimal.
const HEX_LINE: usize = 16;

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadForm {
    Text,
    Json,
    Hex,
}

impl PayloadForm {
    pub const ALL: [Self; 3] = [Self::Text, Self::Json, Self::Hex];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => texts::TEXT,
            Self::Json => texts::JSON,
            Self::Hex => texts::HEX,
        }
    }
}

/// Bytes for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub form: PayloadForm,
    pub text: String,
    /// How many bytes are not shown.
    pub more: usize,
    /// Whether the bytes are JSON.
    pub is_json: bool,
}

impl Payload {
    /// `bytes` in the form `wanted` if they have it, else in the one that fits them best.
    pub fn of(bytes: &[u8], wanted: Option<PayloadForm>) -> Self {
        let is_json = bytes.len() <= MAX_JSON && is_json(bytes);
        let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
        let form = match wanted {
            Some(PayloadForm::Json) | None if is_json => PayloadForm::Json,
            Some(PayloadForm::Json) | None if is_text => PayloadForm::Text,
            Some(PayloadForm::Json) | None => PayloadForm::Hex,
            Some(form) => form,
        };
        let (text, shown) = match form {
            PayloadForm::Text => {
                let shown = cut(bytes);
                (String::from_utf8_lossy(&bytes[..shown]).into_owned(), shown)
            }
            PayloadForm::Json => pretty(bytes),
            PayloadForm::Hex => (hex(&bytes[..bytes.len().min(SHOWN_HEX)]), bytes.len().min(SHOWN_HEX)),
        };
        Self { form, text, more: bytes.len() - shown, is_json }
    }
}

impl Payload {
    /// The start of JSON whose end is missing.
    pub fn of_cut_json(bytes: &[u8]) -> Self {
        let (text, shown) = pretty(bytes);
        Self { form: PayloadForm::Json, text, more: bytes.len() - shown, is_json: false }
    }
}

/// Where a text is cut: between two characters, where it has some.
fn cut(bytes: &[u8]) -> usize {
    let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = bytes.len().min(SHOWN_TEXT);
    (end.saturating_sub(3)..=end).rev().find(|at| !is_inside(at)).unwrap_or(end)
}

/// JSON with a member or element a line, in its own order, and how many of its bytes that is.
fn pretty(json: &[u8]) -> (String, usize) {
    let mut out: Vec<u8> = Vec::new();
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    let mut read = json.len();
    for (at, byte) in json.iter().copied().enumerate() {
        if out.len() >= SHOWN_TEXT && byte & 0xc0 != 0x80 {
            read = at;
            break;
        }
        if is_text {
            (is_text, is_escaped) = (is_escaped || byte != b'"', !is_escaped && byte == b'\\');
            out.push(byte);
            continue;
        }
        let next = json[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !matches!(next, Some(b'}' | b']')) {
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    new_line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                is_text = byte == b'"';
                out.push(byte);
            }
        }
    }
    (String::from_utf8_lossy(&out).into_owned(), read)
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 2 * depth.min(MAX_INDENT)));
}

/// A line for sixteen bytes: where they stand, the bytes, and the letters among them.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |number: usize| char::from(DIGITS[number % 16]);
    let mut out = String::new();
    for (line, bytes) in bytes.chunks(HEX_LINE).enumerate() {
        let at = line * HEX_LINE;
        out.extend([12, 8, 4, 0].map(|shift| digit(at >> shift)));
        out.push_str("  ");
        for place in 0..HEX_LINE {
            match bytes.get(place) {
                Some(byte) => out.extend([digit(usize::from(*byte) >> 4), digit(usize::from(*byte)), ' ']),
                None => out.push_str("   "),
            }
        }
        out.push(' ');
        out.extend(bytes.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '·' }));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_in_its_own_order() {
        let json = br#" {"b":[1, {"c":"x,\"{y\\"}], "a" : {}, "e":[],"d":null} "#;
        let payload = Payload::of(json, None);
        assert_eq!((payload.form, payload.more), (PayloadForm::Json, 0));
        let expected = "{\n  \"b\": [\n    1,\n    {\n      \"c\": \"x,\\\"{y\\\\\"\n    }\n  ],\n  \"a\": {},\n  \"e\": [],\n  \"d\": null\n}";
        assert_eq!(payload.text, expected);
    }

    #[test]
    fn what_is_no_text_is_shown_in_hexadecimal() {
        let payload = Payload::of(b"\xff\x00<img onerror=1>", None);
        assert_eq!((payload.form, payload.is_json), (PayloadForm::Hex, false));
        assert_eq!(
            payload.text,
            "0000  ff 00 3c 69 6d 67 20 6f 6e 65 72 72 6f 72 3d 31  ··<img onerror=1\n\
             0010  3e                                               >\n"
        );
        assert_eq!(Payload::of(b"\xff", Some(PayloadForm::Text)).text, "\u{fffd}");
        assert_eq!(Payload::of(b"plain", Some(PayloadForm::Json)).form, PayloadForm::Text);
        assert_eq!(
            Payload::of(b"", None),
            Payload { form: PayloadForm::Text, text: String::new(), more: 0, is_json: false }
        );
    }

    #[test]
    fn whatever_comes_is_bounded() {
        let deep = ["[".repeat(9_000), "]".repeat(9_000)].concat();
        let wide = format!("[{}1]", "1,".repeat(100_000));
        let long = "é".repeat(2_500_000);
        let strange: Vec<u8> = (0..=255).cycle().take(5_000_000).collect();
        for bytes in [deep.as_bytes(), wide.as_bytes(), long.as_bytes(), &strange] {
            for wanted in [None, Some(PayloadForm::Text), Some(PayloadForm::Json), Some(PayloadForm::Hex)] {
                let payload = Payload::of(bytes, wanted);
                assert!(payload.text.len() < 4 * SHOWN_TEXT, "{wanted:?}: {}", payload.text.len());
                assert!(payload.more > 0 && payload.more < bytes.len());
            }
        }
        assert!(!Payload::of(long.as_bytes(), None).text.contains('\u{fffd}'), "it is cut between characters");
    }
}
