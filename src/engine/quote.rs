//! Texts between quotes, as Go's `%q` writes them into the server's error texts.
//!
//! Source: Go `strconv/quote.go`.

/// `text` as a Go string literal. Bytes that are no UTF-8 become `\x..`.
pub fn quote(text: &[u8]) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        if valid.bytes().all(|byte| matches!(byte, b' '..b'\x7f') && byte != b'"' && byte != b'\\') {
            quoted.push_str(valid);
        } else {
            valid.chars().for_each(|c| push_escaped(&mut quoted, c, '"'));
        }
        for byte in chunk.invalid() {
            quoted.push_str(&format!("\\x{byte:02x}"));
        }
    }
    quoted.push('"');
    quoted
}

/// One character as a Go rune literal.
pub fn quote_char(c: char) -> String {
    let mut quoted = String::from('\'');
    push_escaped(&mut quoted, c, '\'');
    quoted.push('\'');
    quoted
}

fn push_escaped(out: &mut String, c: char, mark: char) {
    let letter = match c {
        '\x07' => 'a',
        '\x08' => 'b',
        '\x0c' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\x0b' => 'v',
        '\\' => '\\',
        _ if c == mark => c,
        _ if is_printable(c) => return out.push(c),
        ..' ' | '\x7f' => return out.push_str(&format!("\\x{:02x}", u32::from(c))),
        ..='\u{ffff}' => return out.push_str(&format!("\\u{:04x}", u32::from(c))),
        _ => return out.push_str(&format!("\\U{:08x}", u32::from(c))),
    };
    out.extend(['\\', letter]);
}

/// Letters, marks, numbers, punctuation, symbols, and of the blanks the ASCII one.
pub fn is_printable(c: char) -> bool {
    // The standard library knows what is printable where it escapes texts, and leaves marks alone behind a letter.
    let mut letter_and_c = String::from('a');
    letter_and_c.push(c);
    matches!(c, '\'' | '"' | '\\') || letter_and_c.escape_debug().eq(letter_and_c.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        for (text, quoted) in [
            (&b"a"[..], r#""a""#),
            (b"\"a\\b'\"", r#""\"a\\b'\"""#),
            (b"\x00\x07\n\x7f", r#""\x00\a\n\x7f""#),
            ("é\u{a0}\u{200b}\u{e000}\u{10ffff}e\u{301}".as_bytes(), "\"é\\u00a0\\u200b\\ue000\\U0010ffffe\u{301}\""),
            (b"a\xffb\xe2\x82", r#""a\xffb\xe2\x82""#),
            ("\u{fffd}".as_bytes(), "\"\u{fffd}\""),
        ] {
            assert_eq!(quote(text), quoted);
        }
        assert_eq!(quote_char('\''), r"'\''");
        assert_eq!(quote_char('"'), "'\"'");
        assert_eq!(quote_char('\0'), r"'\x00'");
    }
}
