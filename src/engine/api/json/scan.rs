//! The syntax of JSON, and what Go says where it is broken.
//!
//! Nothing here calls itself, so that no nesting is too deep.

use crate::engine::quote::{is_printable, quote, quote_char};

/// Go gives up on deeper texts.
const MAX_DEPTH: usize = 10_000;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanError {
    /// It ends too early.
    Truncated,
    /// `offset` is that behind what is wrong.
    Syntax { message: String, offset: usize },
}

/// What a scan expects next.
enum Expect {
    Value,
    Name,
    AfterValue,
}

/// The end of the value that begins at `start`.
///
/// # Errors
/// The first breach of the syntax.
pub fn scan_value(text: &[u8], start: usize) -> Result<usize, ScanError> {
    // Whether each of the open brackets is an object's.
    let mut open: Vec<bool> = Vec::new();
    let mut at = start;
    let mut expect = Expect::Value;
    loop {
        at = skip_blanks(text, at);
        let byte = *text.get(at).ok_or(ScanError::Truncated)?;
        expect = match expect {
            Expect::Value if byte == b'{' || byte == b'[' => {
                if open.len() == MAX_DEPTH {
                    return Err(ScanError::Syntax { message: "exceeded max depth".to_owned(), offset: at + 1 });
                }
                let is_object = byte == b'{';
                open.push(is_object);
                at = skip_blanks(text, at + 1);
                match text.get(at).ok_or(ScanError::Truncated)? {
                    b'}' if is_object => Expect::AfterValue,
                    b']' if !is_object => Expect::AfterValue,
                    _ if is_object => Expect::Name,
                    _ => Expect::Value,
                }
            }
            Expect::Value => {
                at = scan_scalar(text, at)?;
                if open.is_empty() {
                    return Ok(at);
                }
                Expect::AfterValue
            }
            Expect::Name => {
                at = skip_blanks(text, scan_string(text, at)?);
                if *text.get(at).ok_or(ScanError::Truncated)? != b':' {
                    return Err(syntax(text, at, "after object key"));
                }
                at += 1;
                Expect::Value
            }
            Expect::AfterValue => match (byte, open.last()) {
                (b'}', Some(true)) | (b']', Some(false)) => {
                    at += 1;
                    open.pop();
                    if open.is_empty() {
                        return Ok(at);
                    }
                    Expect::AfterValue
                }
                (b',', Some(is_object)) => {
                    at += 1;
                    if *is_object { Expect::Name } else { Expect::Value }
                }
                (_, Some(true)) => return Err(syntax(text, at, "after object key:value pair")),
                _ => return Err(syntax(text, at, "after array element")),
            },
        };
    }
}

/// The next place that is no blank.
pub fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// Go's complaint about the character at `at`.
pub fn invalid_character(text: &[u8], at: usize, context: &str) -> String {
    let what = match first_char(&text[at..]) {
        Ok(c) => quote_char(c),
        Err(byte) => format!("'\\x{byte:x}'"),
    };
    format!("invalid character {what} {context}")
}

fn syntax(text: &[u8], at: usize, context: &str) -> ScanError {
    let len = first_char(&text[at..]).map_or(1, char::len_utf8);
    ScanError::Syntax { message: invalid_character(text, at, context), offset: at + len }
}

/// The first character, or the first byte if it begins none.
fn first_char(text: &[u8]) -> Result<char, u8> {
    let few = &text[..text.len().min(4)];
    few.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).ok_or(few[0])
}

fn scan_scalar(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text[at] {
        b'"' => scan_string(text, at),
        b'-' | b'0'..=b'9' => scan_number(text, at),
        b'n' => scan_literal(text, at, "null"),
        b't' => scan_literal(text, at, "true"),
        b'f' => scan_literal(text, at, "false"),
        _ => Err(syntax(text, at, "looking for beginning of value")),
    }
}

fn scan_literal(text: &[u8], at: usize, literal: &str) -> Result<usize, ScanError> {
    for (i, expected) in literal.chars().enumerate() {
        let byte = *text.get(at + i).ok_or(ScanError::Truncated)?;
        if char::from(byte) != expected {
            return Err(syntax(text, at + i, &format!("in literal {literal} (expecting '{expected}')")));
        }
    }
    Ok(at + literal.len())
}

fn scan_number(text: &[u8], start: usize) -> Result<usize, ScanError> {
    let mut at = start + usize::from(text[start] == b'-');
    // A number that begins with 0 ends with it; what follows is not part of it.
    at = if text.get(at) == Some(&b'0') { at + 1 } else { scan_digits(text, at)? };
    if text.get(at) == Some(&b'.') {
        at = scan_digits(text, at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'-' | b'+')));
        at = scan_digits(text, at)?;
    }
    Ok(at)
}

/// At least one digit.
fn scan_digits(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 if rest.is_empty() => Err(ScanError::Truncated),
        0 => Err(syntax(text, at, "in numeric literal")),
        digits => Ok(at + digits),
    }
}

/// Bytes that are no UTF-8 pass here; they are replaced where the text is read.
fn scan_string(text: &[u8], start: usize) -> Result<usize, ScanError> {
    if text[start] != b'"' {
        return Err(syntax(text, start, "looking for beginning of object key string"));
    }
    let mut at = start + 1;
    loop {
        match *text.get(at).ok_or(ScanError::Truncated)? {
            b'"' => return Ok(at + 1),
            b'\\' => at = scan_escape(text, at)?,
            ..b' ' => return Err(syntax(text, at, "in string")),
            _ => at += 1,
        }
    }
}

fn scan_escape(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at + 1).ok_or(ScanError::Truncated)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => {
            let escape = &text[at..text.len().min(at + 6)];
            let is_hexadecimal = escape[2..].iter().all(u8::is_ascii_hexdigit);
            match (is_hexadecimal, escape.len()) {
                (true, 6) => Ok(at + 6),
                (true, _) => Err(ScanError::Truncated),
                (false, _) => Err(invalid_escape(escape, at)),
            }
        }
        _ => Err(invalid_escape(&text[at..at + 2], at)),
    }
}

fn invalid_escape(escape: &[u8], at: usize) -> ScanError {
    let is_plain = |c: char| c != '`' && c != char::REPLACEMENT_CHARACTER && c != ' ' && is_printable(c);
    let what = match std::str::from_utf8(escape) {
        Ok(text) if text.chars().all(is_plain) => format!("`{text}`"),
        _ => quote(escape),
    };
    ScanError::Syntax { message: format!("invalid escape sequence {what} in string"), offset: at + escape.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        for (text, end) in [
            ("null", 4),
            ("nullx", 4),
            ("01", 1),
            ("-0.5e+10,", 8),
            (r#""a\"\\\u00e9" "#, 13),
            ("{}x", 2),
            (r#"{ "a" : [ 1 , {"b":[]} ] , "" : null }]"#, 38),
        ] {
            assert_eq!(scan_value(text.as_bytes(), 0), Ok(end), "{text}");
        }
    }

    #[test]
    fn a_broken_text_is_said_as_go_says_it() {
        for (text, message, offset) in [
            ("{b", "invalid character 'b' looking for beginning of object key string", 2),
            (r#"{"a" 1"#, "invalid character '1' after object key", 6),
            (r#"{"a":}"#, "invalid character '}' looking for beginning of value", 6),
            (r#"{"a":1 2"#, "invalid character '2' after object key:value pair", 8),
            (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string", 8),
            ("[1 2", "invalid character '2' after array element", 4),
            ("[1,]", "invalid character ']' looking for beginning of value", 4),
            ("[1}", "invalid character '}' after array element", 3),
            ("]", "invalid character ']' looking for beginning of value", 1),
            ("{'a':1}", r"invalid character '\'' looking for beginning of object key string", 2),
            ("\"a\nb\"", r"invalid character '\n' in string", 3),
            (r#""\x""#, r"invalid escape sequence `\x` in string", 3),
            (r#""\u12"}"#, r#"invalid escape sequence `\u12"}` in string"#, 7),
            (r#""\u 123""#, r#"invalid escape sequence "\\u 123" in string"#, 7),
            ("\"\\`\"", "invalid escape sequence \"\\\\`\" in string", 3),
            (r#"{"a":€}"#, "invalid character '€' looking for beginning of value", 8),
            ("\u{feff}{}", r"invalid character '\ufeff' looking for beginning of value", 3),
            (r#"{"a":nulL}"#, "invalid character 'L' in literal null (expecting 'l')", 9),
            (r#"{"a":-}"#, "invalid character '}' in numeric literal", 7),
            (r#"{"a":01}"#, "invalid character '1' after object key:value pair", 7),
            (r#"{"a":1e+}"#, "invalid character '}' in numeric literal", 9),
        ] {
            let error = ScanError::Syntax { message: message.to_owned(), offset };
            assert_eq!(scan_value(text.as_bytes(), 0), Err(error), "{text}");
        }
        let bytes = b"{\"a\":tr\xff}";
        let message = r"invalid character '\xff' in literal true (expecting 'u')".to_owned();
        assert_eq!(scan_value(bytes, 0), Err(ScanError::Syntax { message, offset: 8 }));
    }

    #[test]
    fn every_beginning_is_truncated() {
        let text = r#"{"a":[true,false,null,-1.5e-7,"\u00e9\n"],"b":{}}"#;
        for end in 0..text.len() {
            assert_eq!(scan_value(&text.as_bytes()[..end], 0), Err(ScanError::Truncated), "{end}");
        }
    }

    #[test]
    fn nesting_has_a_bound() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(scan_value(nested(MAX_DEPTH).as_bytes(), 0), Ok(2 * MAX_DEPTH));
        let error = ScanError::Syntax { message: "exceeded max depth".to_owned(), offset: MAX_DEPTH + 1 };
        assert_eq!(scan_value(nested(MAX_DEPTH + 1).as_bytes(), 0), Err(error));
    }
}
