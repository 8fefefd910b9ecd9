//! Distributed counters: messages that add to the total of their subject (ADR-49).
//!
//! Totals have no bound, so they are added digit by digit. Source: nats-server `server/stream.go` (`getMessageIncr`).

use std::cmp::Ordering;

use serde::Deserialize;

/// A whole number of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Increment {
    is_negative: bool,
    /// Without leading zeros; empty is 0.
    digits: Vec<u8>,
}

/// The payload of a counter message.
#[derive(Deserialize)]
struct Total {
    #[serde(default)]
    val: String,
}

impl Increment {
    /// Reads `[+-]digits`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (sign, digits) = match text.split_first()? {
            (b'+', rest) => (false, rest),
            (b'-', rest) => (true, rest),
            _ => (false, text),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = digits[zeros..].to_vec();
        Some(Self { is_negative: sign && !digits.is_empty(), digits })
    }

    /// The total after adding this to that of the last message, given as its payload. `None` if that holds no total.
    pub fn add_to(&self, last_payload: Option<&[u8]>) -> Option<String> {
        let zero = Self { is_negative: false, digits: Vec::new() };
        let last = match last_payload {
            None => zero,
            Some(payload) => Self::parse(serde_json::from_slice::<Total>(payload).ok()?.val.as_bytes())?,
        };
        Some(last.plus(self).to_text())
    }

    fn plus(&self, other: &Self) -> Self {
        if self.is_negative == other.is_negative {
            return Self { is_negative: self.is_negative, digits: add(&self.digits, &other.digits) };
        }
        let (larger, smaller) = match compare(&self.digits, &other.digits) {
            Ordering::Equal => return Self { is_negative: false, digits: Vec::new() },
            Ordering::Greater => (self, other),
            Ordering::Less => (other, self),
        };
        Self { is_negative: larger.is_negative, digits: subtract(&larger.digits, &smaller.digits) }
    }

    fn to_text(&self) -> String {
        let digits = if self.digits.is_empty() { "0".into() } else { String::from_utf8_lossy(&self.digits) };
        format!("{}{digits}", if self.is_negative { "-" } else { "" })
    }
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Digits from the last to the first, zeros without end behind them.
fn backwards(digits: &[u8]) -> impl Iterator<Item = u8> {
    digits.iter().rev().map(|digit| digit - b'0').chain(std::iter::repeat(0))
}

fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = backwards(a)
        .zip(backwards(b))
        .take(a.len().max(b.len()))
        .map(|(x, y)| {
            let digit = x + y + carry;
            carry = digit / 10;
            b'0' + digit % 10
        })
        .collect();
    if carry > 0 {
        sum.push(b'1');
    }
    sum.reverse();
    sum
}

/// `a` is the larger one.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut rest: Vec<u8> = backwards(a)
        .zip(backwards(b))
        .take(a.len())
        .map(|(x, y)| {
            let (digit, borrowed) = if x < y + borrow { (x + 10 - y - borrow, 1) } else { (x - y - borrow, 0) };
            borrow = borrowed;
            b'0' + digit
        })
        .collect();
    while rest.last() == Some(&b'0') {
        rest.pop();
    }
    rest.reverse();
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_any_length() {
        for (last, increment, expected) in [
            (None, "1", Some("1")),
            (Some(r#"{"val":"1"}"#), "+41", Some("42")),
            (Some(r#"{"val":"42"}"#), "-100", Some("-58")),
            (Some(r#"{"val":"-58"}"#), "58", Some("0")),
            (Some(r#"{"val":"99999999999999999999999"}"#), "1", Some("100000000000000000000000")),
            (Some(r#"{"val":"100000000000000000000000"}"#), "-1", Some("99999999999999999999999")),
            (Some("text"), "1", None),
            (Some(r#"{"val":"x"}"#), "1", None),
        ] {
            let increment = Increment::parse(increment.as_bytes()).expect("a number");
            assert_eq!(increment.add_to(last.map(str::as_bytes)).as_deref(), expected, "{last:?}");
        }
    }

    #[test]
    fn what_is_no_increment() {
        for text in ["", "+", "1.5", " 1", "0x1", "1_000"] {
            assert_eq!(Increment::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Increment::parse(b"-0").map(|zero| zero.to_text()), Some("0".to_owned()));
    }
}
