//! Subjects and the filters that match them.
//!
//! A subject is tokens between dots. A filter may hold `*` (one token) and, as its last token, `>` (one or more).
//! Both are wildcards only as whole tokens. Subjects of publications are bytes, since clients may send any; filters of
//! streams and consumers come out of JSON and are text. Sources: nats-server `server/sublist.go`.

use std::fmt;
use std::rc::Rc;

use serde::{Serialize, Serializer};

use super::config::IS_PAGE;

/// Whether a token of `subject` is empty; one that is empty itself has such a token.
pub fn has_empty_token(subject: &[u8]) -> bool {
    let (Some(first), Some(last)) = (subject.first(), subject.last()) else { return true };
    // Every pair is looked at, whatever was found: this way several are at once.
    let pairs = subject.iter().zip(&subject[1..]);
    pairs.fold(*first == b'.' || *last == b'.', |found, (a, b)| found | ((*a == b'.') & (*b == b'.')))
}

/// The tokens of `subject`, empty ones included.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn tokens(subject: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    subject.split(|byte| *byte == b'.')
}

/// How many tokens `subject` has.
pub fn token_count(subject: &[u8]) -> usize {
    // All at once, where that is worth its bytes.
    let (words, rest) = if IS_PAGE { (&[][..], subject) } else { subject.as_chunks() };
    let in_words: u32 = words.iter().map(|word| dots_in(u64::from_le_bytes(*word))).sum();
    1 + in_words as usize + rest.iter().filter(|byte| **byte == b'.').count()
}

/// Whether a dot is among the last `len` bytes of `subject`.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn has_dot_at_end(subject: &[u8], len: usize) -> bool {
    match subject.last_chunk() {
        // All at once, as nearly all are that short.
        Some(word) if !IS_PAGE && (1..=8).contains(&len) => dots_in(u64::from_le_bytes(*word) >> (64 - 8 * len)) > 0,
        _ => subject[subject.len() - len..].contains(&b'.'),
    }
}

/// How many of eight bytes are dots.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
const fn dots_in(bytes: u64) -> u32 {
    const EACH: u64 = u64::MAX / 0xFF;
    // A byte that is none has a bit, which makes its top bit come out set.
    let others = bytes ^ (EACH * b'.' as u64);
    let tops = ((others & (EACH * 0x7F)) + EACH * 0x7F) | others;
    // One for each, which the product adds up in its highest byte.
    (((!tops & (EACH << 7)) >> 7).wrapping_mul(EACH) >> 56) as u32
}

/// The first token, and what follows its dot.
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub fn split_token(subject: &[u8]) -> (&[u8], Option<&[u8]>) {
    match subject.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&subject[..dot], Some(&subject[dot + 1..])),
        None => (subject, None),
    }
}

/// Whether `token` is `*` or `>`.
pub fn is_wildcard(token: &[u8]) -> bool {
    token == b"*" || token == b">"
}

/// Whether `subject` may be subscribed to by a stream or a consumer: no empty token, no blank, `>` only at the end.
pub fn is_valid_filter(subject: &[u8]) -> bool {
    has_valid_tokens(subject) && !subject.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c))
}

/// Whether a client may subscribe to `subject`: no empty token, `>` only at the end.
pub fn has_valid_tokens(subject: &[u8]) -> bool {
    let mut after_full_wildcard = false;
    for token in tokens(subject) {
        if token.is_empty() || after_full_wildcard {
            return false;
        }
        after_full_wildcard = token == b">";
    }
    true
}

/// Whether `subject` is valid and names one subject: no wildcard token.
pub fn is_valid_literal(subject: &[u8]) -> bool {
    is_valid_filter(subject) && is_literal(subject)
}

/// Whether `subject` has no wildcard token. Says nothing about empty tokens.
pub fn is_literal(subject: &[u8]) -> bool {
    !tokens(subject).any(is_wildcard)
}

/// Whether `filter` covers `subject`. Wildcards count in `filter` only: in `subject`, `*` and `>` are plain text, so
/// that they match `*` and `>` but no literal.
pub fn matches(filter: &[u8], subject: &[u8]) -> bool {
    let mut subject_tokens = tokens(subject);
    for token in tokens(filter) {
        if token == b">" {
            return subject_tokens.next().is_some();
        }
        match subject_tokens.next() {
            Some(found) if token == b"*" || token == found => {}
            _ => return false,
        }
    }
    subject_tokens.next().is_none()
}

/// Whether some subject is covered by both filters. `*` covers no empty token.
pub fn collide(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (tokens(a), tokens(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(b">"), Some(_)) | (Some(_), Some(b">")) => return true,
            (Some(b"*"), Some(token)) | (Some(token), Some(b"*")) if !token.is_empty() => {}
            (Some(x), Some(y)) if x == y => {}
            _ => return false,
        }
    }
}

/// Whether every subject that `filter` covers is covered by `wider` as well.
pub fn is_subset(filter: &[u8], wider: &[u8]) -> bool {
    let mut filter = tokens(filter);
    for token in tokens(wider) {
        let Some(narrow) = filter.next() else { return false };
        match token {
            b">" => return true,
            _ if narrow == b">" => return false,
            b"*" => {}
            _ if token != narrow => return false,
            _ => {}
        }
    }
    filter.next().is_none()
}

/// A valid filter, cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectFilter {
    text: Rc<str>,
    is_literal: bool,
}

impl SubjectFilter {
    /// `None` if `text` is no valid filter, see [`is_valid_filter`].
    pub fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        is_valid_filter(bytes).then(|| Self { text: text.into(), is_literal: is_literal(bytes) })
    }

    /// The filter that covers everything, `>`.
    pub fn all() -> Self {
        Self { text: ">".into(), is_literal: false }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Whether this covers one subject alone.
    pub const fn is_literal(&self) -> bool {
        self.is_literal
    }

    /// Whether this is `>`, which covers every subject.
    pub fn is_all(&self) -> bool {
        &*self.text == ">"
    }

    pub fn matches(&self, subject: &[u8]) -> bool {
        matches(self.as_bytes(), subject)
    }

    pub fn collides(&self, other: &Self) -> bool {
        collide(self.as_bytes(), other.as_bytes())
    }

    pub fn is_subset_of(&self, wider: &Self) -> bool {
        is_subset(self.as_bytes(), wider.as_bytes())
    }
}

impl fmt::Debug for SubjectFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for SubjectFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for SubjectFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_valid_or_not() {
        for (filter, valid) in [
            ("a", true),
            ("a.b.c", true),
            ("*", true),
            (">", true),
            ("a.*.c", true),
            ("a.>", true),
            ("foo*", true),
            ("f>oo", true),
            ("", false),
            (".", false),
            (".a", false),
            ("a.", false),
            ("a..b", false),
            ("a.>.b", false),
            (">.>", false),
            ("a b", false),
            ("a\tb", false),
        ] {
            assert_eq!(is_valid_filter(filter.as_bytes()), valid, "{filter:?}");
        }
    }

    #[test]
    fn a_filter_matches() {
        for (filter, subject, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a", false),
            ("a", "a.b", false),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("*.b", "a.b", true),
            ("w.>", "w.x", true),
            ("w.>", "w.x.y", true),
            ("w.>", "w", false),
            (">", "a", true),
            ("foo.*", "foo.*", true),
            ("foo.bar", "foo.*", false),
            ("foo.>", "foo.>", true),
        ] {
            assert_eq!(matches(filter.as_bytes(), subject.as_bytes()), expected, "{filter} {subject}");
        }
    }

    #[test]
    fn two_filters_collide_or_contain_one_another() {
        for (a, b, collides, subset) in [
            ("a", "a", true, true),
            ("a", "b", false, false),
            ("a.*", "a.b", true, false),
            ("a.b", "a.*", true, true),
            ("a.*", "*.b", true, false),
            ("a.*.c", "a.b.*", true, false),
            ("a.>", "a", false, false),
            ("a.>", "a.b.c", true, false),
            ("a.b.c", "a.>", true, true),
            ("a.>", "a.*", true, false),
            ("a.*", "a.>", true, true),
            (">", "a.b", true, false),
            ("*", ">", true, true),
            (">", "*", true, false),
            ("a.b", "a", false, false),
            ("a.*", "a.", false, false),
        ] {
            assert_eq!(collide(a.as_bytes(), b.as_bytes()), collides, "{a} {b}");
            assert_eq!(collide(b.as_bytes(), a.as_bytes()), collides, "{b} {a}");
            assert_eq!(is_subset(a.as_bytes(), b.as_bytes()), subset, "{a} in {b}");
        }
    }
}
