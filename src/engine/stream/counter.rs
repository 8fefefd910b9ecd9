//! Distributed counters: messages that add to the total of their subject (ADR-49).
//!
//! Totals have no bound, so they are added digit by digit. Source: nats-server `server/stream.go` (`getMessageIncr`).

use std::cmp::Ordering;

use super::sourcing::origin_and_subject;
use crate::engine::api::json::{object, to_json, unmarshal, unmarshal_with};
use crate::engine::message::{Headers, with_header};
use crate::engine::sorted_map::SortedMap;
use crate::engine::store::StoredMessage;

/// Keeps the totals that other streams sent last.
const COUNTER_SOURCES: &str = "Nats-Counter-Sources";

/// The last totals by origin and by the subject there.
type Sources = SortedMap<String, SortedMap<String, String>>;

/// A whole number of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Increment {
    is_negative: bool,
    /// Without leading zeros; empty is 0.
    digits: Vec<u8>,
}

/// The payload of a counter message.
#[derive(Default)]
struct Total {
    val: String,
}

object! {
    Total as "server.CounterValue" {
        "val" => string(val),
    }
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

    fn zero() -> Self {
        Self { is_negative: false, digits: Vec::new() }
    }

    /// The total that a payload holds.
    fn of_payload(payload: &[u8]) -> Option<Self> {
        Self::parse(unmarshal::<Total>(payload).ok()?.val.as_bytes())
    }

    fn minus(&self, other: &Self) -> Self {
        self.plus(&Self { is_negative: !other.is_negative && !other.digits.is_empty(), digits: other.digits.clone() })
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

/// A counter's total in another stream, which comes instead of an increment.
pub(super) struct SourcedTotal {
    origin: String,
    subject: String,
    /// `None` if the payload holds none.
    total: Option<Increment>,
}

impl SourcedTotal {
    /// `header` is that which says where the message came from, `subject` the one it has here.
    pub fn new(header: &[u8], subject: &[u8], payload: &[u8]) -> Self {
        let (origin, original) = origin_and_subject(header);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let subject = text(original.unwrap_or(subject));
        Self { origin: text(origin), subject, total: Increment::of_payload(payload) }
    }
}

/// A counter message as it is stored.
#[derive(Debug)]
pub(super) struct Counted {
    pub total: String,
    headers: Vec<u8>,
    payload: String,
}

impl Counted {
    /// Adds to the total of the `last` message of the subject. What comes from another stream adds as much as the total
    /// there has grown since it came last. `None` if a total cannot be read.
    pub fn new(
        last: Option<StoredMessage<'_>>,
        headers: &[u8],
        increment: Increment,
        sourced: Option<SourcedTotal>,
    ) -> Option<Self> {
        let (mut before, mut sources) = (Increment::zero(), Sources::new());
        if let Some(last) = last {
            before = Increment::of_payload(last.payload)?;
            if let Some(known) = Headers::new(last.headers).get_filled(COUNTER_SOURCES) {
                unmarshal_with(known, |decoder| decoder.string_maps(&mut sources)).ok()?;
            }
        }
        let (mut increment, mut headers) = (increment, headers.to_vec());
        if let Some(SourcedTotal { origin, subject, total }) = sourced {
            let total = total?;
            let known = sources.get_or_default(origin).insert(subject, total.to_text());
            let known = known.and_then(|known| Increment::parse(known.as_bytes())).unwrap_or_else(Increment::zero);
            increment = total.minus(&known);
            headers = with_header(&headers, "Nats-Incr", increment.to_text().as_bytes());
        }
        if !sources.is_empty() {
            headers = with_header(&headers, COUNTER_SOURCES, &to_json(&sources));
        }
        let total = before.plus(&increment).to_text();
        let payload = format!("{{\"val\":\"{total}\"}}");
        Some(Self { total, headers, payload })
    }

    pub fn content(&self) -> (&[u8], &[u8]) {
        (&self.headers, self.payload.as_bytes())
    }

    /// Bytes of headers and payload.
    pub fn len(&self) -> usize {
        self.headers.len() + self.payload.len()
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
    use crate::engine::time::Timestamp;

    fn message<'a>(headers: &'a [u8], payload: &'a str) -> StoredMessage<'a> {
        StoredMessage { seq: 1, subject: b"c", headers, payload: payload.as_bytes(), time: Timestamp::default() }
    }

    #[test]
    fn what_another_stream_counted_is_added_as_far_as_it_has_grown() {
        let sourced = |total| Some(SourcedTotal::new(b"A 2 a.> t.> a.x id", b"t.x", total));
        let increment = || Increment::parse(b"+5").expect("a number");
        let headers = b"NATS/1.0\r\nNats-Incr: +5\r\n\r\n";
        let first = Counted::new(None, headers, increment(), sourced(br#"{"val":"6"}"#)).expect("is a total");
        let stored = b"NATS/1.0\r\nNats-Incr: 6\r\nNats-Counter-Sources: {\"A\":{\"a.x\":\"6\"}}\r\n\r\n";
        assert_eq!(first.content(), (&stored[..], &br#"{"val":"6"}"#[..]));
        let known = message(stored, r#"{"val":"100"}"#);
        let second = Counted::new(Some(known), headers, increment(), sourced(br#"{"val":"1"}"#)).expect("is a total");
        assert_eq!(second.total, "95");
        let own = Counted::new(Some(known), headers, increment(), None).expect("is a total");
        assert_eq!((own.total.as_str(), own.content().0.ends_with(b"\"6\"}}\r\n\r\n")), ("105", true));
        assert!(Counted::new(None, headers, increment(), sourced(b"hi")).is_none());
    }

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
            let counted = Counted::new(last.map(|last| message(b"", last)), b"", increment, None);
            assert_eq!(counted.map(|counted| counted.total).as_deref(), expected, "{last:?}");
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
