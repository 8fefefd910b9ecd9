//! One line of a scenario cut into words.

/// A word: bare, or quoted as a whole or after `key=` or `Name:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text, escapes resolved.
    pub text: String,
    /// Where the quoted part starts in `text`.
    pub quoted_from: Option<usize>,
}

impl Word {
    /// Whether the whole word stood in quotes.
    pub fn is_quoted(&self) -> bool {
        self.quoted_from == Some(0)
    }

    /// `key` and `value` of `key=value`, and whether the value stood in quotes.
    pub fn pair(&self) -> Option<(&str, &str, bool)> {
        let (key, value) = self.split('=')?;
        let is_key = !key.is_empty() && key.chars().all(|character| character.is_ascii_lowercase() || character == '_');
        is_key.then_some((key, value, self.quoted_from == Some(key.len() + 1)))
    }

    /// Name and value of a header `Name:value`.
    pub fn header(&self) -> Option<(&str, &str)> {
        let (name, value) = self.split(':')?;
        let first = name.chars().next()?;
        let rest = name.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character));
        (first.is_ascii_alphabetic() && rest).then_some((name, value))
    }

    fn split(&self, separator: char) -> Option<(&str, &str)> {
        if self.is_quoted() {
            return None;
        }
        self.text.split_once(separator).filter(|(key, _)| self.quoted_from.is_none_or(|from| key.len() < from))
    }
}

/// Cuts a line at its blanks. Quotes and JSON brackets hold blanks together.
///
/// # Errors
/// A quote or bracket is not closed.
pub fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    loop {
        while characters.next_if(|character| character.is_whitespace()).is_some() {}
        if characters.peek().is_none() {
            return Ok(words);
        }
        let mut word = Word { text: String::new(), quoted_from: None };
        while let Some(&character) = characters.peek() {
            match character {
                blank if blank.is_whitespace() => break,
                '"' if word.text.is_empty() || word.text.ends_with(['=', ':']) => {
                    word.quoted_from = Some(word.text.len());
                    characters.next();
                    quoted(&mut characters, &mut word.text)?;
                }
                '{' | '[' if word.text.is_empty() || word.text.ends_with(['=', ':']) => {
                    bracketed(&mut characters, &mut word.text)?;
                }
                other => {
                    word.text.push(other);
                    characters.next();
                }
            }
        }
        words.push(word);
    }
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(characters: &mut Characters<'_>, text: &mut String) -> Result<(), String> {
    while let Some(character) = characters.next() {
        match character {
            '"' => return Ok(()),
            '\\' => match characters.next() {
                Some('r') => text.push('\r'),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// Takes JSON as it stands, to the bracket that closes the first one.
fn bracketed(characters: &mut Characters<'_>, text: &mut String) -> Result<(), String> {
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for character in characters.by_ref() {
        text.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => depth += 1,
            '}' | ']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 && !in_string {
            return Ok(());
        }
    }
    Err("a bracket is not closed".to_owned())
}

/// Text in quotes, with the escapes that [`words`] reads.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out + "\""
}
