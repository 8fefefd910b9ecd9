//! Durations, sizes and sentences as the page words them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::texts::unit as texts;
use crate::texts::{Piece, Pieces, Plural, Template, form};

/// A sentence whose parts know how they are set.
///
/// What comes from outside (subjects, payloads, names) goes in as [`Span::Code`], so it can never pass for the page's
/// own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Span>);

/// A part of a [`Phrase`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    Plain(Cow<'static, str>),
    /// Names and subjects: in the code face.
    Code(String),
    /// A stream sequence, written `#4`.
    Seq(u64),
    Strong(Cow<'static, str>),
}

/// What stands in a place of a sentence that is filled in.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    Plain(&'a str),
    Code(&'a str),
    /// Bytes from outside, in the code face; what is no text is replaced.
    Raw(&'a [u8]),
    Seq(u64),
    Strong(&'a str),
}

impl Phrase {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn plain(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Span::Plain(text.into()));
        self
    }

    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Code(text.into()));
        self
    }

    pub fn strong(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }

    /// The sentence `template` with `parts` in its places.
    #[inline(always)]
    pub fn fill<const PLACES: usize>(template: Template<PLACES>, parts: &[Part<'_>; PLACES]) -> Self {
        Self::filled(template.pieces(), parts)
    }

    /// Likewise, of the `pieces` of a template.
    #[inline(never)]
    pub fn filled(pieces: Pieces, parts: &[Part<'_>]) -> Self {
        let mut phrase = Self::new();
        for piece in pieces {
            let part = match piece {
                Piece::Words(_) => None,
                Piece::Place(place) => parts.get(place),
            };
            let span = match (piece, part) {
                (Piece::Words(words), _) => Span::Plain(Cow::Borrowed(words)),
                (_, None | Some(Part::Plain(""))) => continue,
                (_, Some(Part::Plain(text))) => Span::Plain(Cow::Owned((*text).to_owned())),
                (_, Some(Part::Code(text))) => Span::Code((*text).to_owned()),
                (_, Some(Part::Raw(bytes))) => Span::Code(String::from_utf8_lossy(bytes).into_owned()),
                (_, Some(Part::Seq(seq))) => Span::Seq(*seq),
                (_, Some(Part::Strong(text))) => Span::Strong(Cow::Owned((*text).to_owned())),
            };
            phrase.0.push(span);
        }
        phrase
    }

    /// This sentence and the next.
    pub fn then(mut self, mut next: Self) -> Self {
        self.0.push(Span::Plain(Cow::Borrowed(" ")));
        self.0.append(&mut next.0);
        self
    }

    /// A stream sequence as the page writes it: `#4`.
    pub fn seq(mut self, stream_seq: u64) -> Self {
        self.0.push(Span::Seq(stream_seq));
        self
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|span| match span {
            Span::Plain(text) | Span::Strong(text) => f.write_str(text),
            Span::Code(text) => f.write_str(text),
            Span::Seq(seq) => write!(f, "#{seq}"),
        })
    }
}

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A duration for reading, at most two units: `250 ms`, `12 s`, `1 min 12 s`, `10 min`, `3 d 4 h`.
pub fn duration(duration: Duration) -> String {
    const UNITS: [(u64, Template<1>); 5] = [
        (DAY, texts::DAYS),
        (HOUR, texts::HOURS),
        (MINUTE, texts::MINUTES),
        (SECOND, texts::SECONDS),
        (MILLISECOND, texts::MILLISECONDS),
    ];
    let nanos = nanos(duration);
    if nanos > 0 && nanos < MILLISECOND {
        return texts::NANOSECONDS.with([&nanos]);
    }
    let Some(first) = UNITS.iter().position(|(unit, _)| nanos >= *unit) else { return texts::SECONDS.with([&0]) };
    let (unit, template) = UNITS[first];
    let text = template.with([&(nanos / unit)]);
    match UNITS.get(first + 1) {
        Some((next, template)) if nanos % unit >= *next => {
            texts::TWO_UNITS.with([&text, &template.with([&(nanos % unit / next)])])
        }
        _ => text,
    }
}

/// What is left of a duration, rounded up to what the eye can follow: `12 s`, `1 min 12 s`, `0.4 s` below a second.
pub fn countdown(left: Duration) -> String {
    let nanos = nanos(left);
    match nanos {
        0 => texts::SECONDS.with([&0]),
        1..SECOND => texts::TENTHS.with([&0, &nanos.div_ceil(SECOND / 10).min(9)]),
        _ => duration(Duration::from_secs(nanos.div_ceil(SECOND))),
    }
}

/// What is left of a duration, to a tenth of a second below a minute: `12.0 s`.
pub fn exact_countdown(left: Duration) -> String {
    let tenths = nanos(left).div_ceil(SECOND / 10);
    if tenths < 600 { texts::TENTHS.with([&(tenths / 10), &(tenths % 10)]) } else { countdown(left) }
}

/// Simulated time since the start: `00:01:18.0`, after a day `1 d 00:01:18.0`.
pub fn clock(since_start: Duration) -> String {
    let nanos = nanos(since_start);
    let (days, hours, minutes) = (nanos / DAY, nanos / HOUR % 24, nanos / MINUTE % 60);
    let (seconds, tenths) = (nanos / SECOND % 60, nanos / (SECOND / 10) % 10);
    let time = format!("{hours:02}:{minutes:02}:{seconds:02}.{tenths}");
    if days > 0 { texts::TWO_UNITS.with([&texts::DAYS.with([&days]), &time]) } else { time }
}

/// A size for reading: `812 B`, `1.5 KiB`, `20 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return texts::SIZE.with([&bytes, &"B"]);
    }
    let (mut whole, mut rest, mut unit) = (bytes / 1024, bytes % 1024, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        (rest, whole, unit) = (whole % 1024, whole / 1024, unit + 1);
    }
    let tenth = rest * 10 / 1024;
    if whole >= 10 || tenth == 0 {
        texts::SIZE.with([&whole, &UNITS[unit]])
    } else {
        texts::SIZE_WITH_TENTH.with([&whole, &tenth, &UNITS[unit]])
    }
}

/// A stream sequence as the page writes it: `#4`.
pub fn seq(stream_seq: u64) -> String {
    ["#", &stream_seq.to_string()].concat()
}

/// `count` things, in the form in which so many are counted: `1 message`, `3 messages`.
pub fn counted(count: u64, of: Plural) -> String {
    of[form(count)].with([&count])
}

/// Reads a duration as Go and the `nats` tool write it: `30s`, `1h30m`, `1.5s`, `250ms`, `7d`. Blanks between the
/// parts are allowed; `None` for anything else, for a negative duration, and for one beyond 2^63 ns.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut total: u64 = 0;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let unit_len = tail.find(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        total = total.checked_add(scaled(number, unit_nanos(unit)?)?)?;
        rest = tail.trim_start();
        if rest.is_empty() {
            return i64::try_from(total).is_ok().then_some(Duration::from_nanos(total));
        }
    }
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1000,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    })
}

/// A decimal `number` times `unit`, what is below a nanosecond dropped.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut nanos = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.checked_mul(unit)? };
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        nanos = nanos.checked_add(u64::from(digit.checked_sub(b'0').filter(|digit| *digit <= 9)?) * place)?;
    }
    Some(nanos)
}

/// A duration for a form, readable by [`parse_duration`] without loss: `30s`, `1h30m`, `1500ms`; `0` is `0s`.
pub fn form_duration(nanos: u64) -> String {
    const UNITS: [(u64, &str); 7] =
        [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (MILLISECOND, "ms"), (1000, "us"), (1, "ns")];
    if nanos == 0 {
        return "0s".into();
    }
    let mut text = String::new();
    let mut rest = nanos;
    for (unit, name) in UNITS {
        if rest >= unit {
            text += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_in_at_most_two_units() {
        let cases = [
            (0, "0 s"),
            (500, "500 ns"),
            (250 * MILLISECOND, "250 ms"),
            (30 * SECOND, "30 s"),
            (72 * SECOND, "1 min 12 s"),
            (10 * MINUTE, "10 min"),
            (DAY + HOUR + SECOND, "1 d 1 h"),
            (DAY + SECOND, "1 d"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(duration(Duration::from_nanos(nanos)), expected);
        }
    }

    #[test]
    fn countdowns_round_up() {
        assert_eq!(countdown(Duration::from_millis(11_001)), "12 s");
        assert_eq!(countdown(Duration::from_millis(390)), "0.4 s");
        assert_eq!(countdown(Duration::from_millis(999)), "0.9 s");
        assert_eq!(exact_countdown(Duration::from_millis(11_950)), "12.0 s");
        assert_eq!(exact_countdown(Duration::from_secs(72)), "1 min 12 s");
    }

    #[test]
    fn clock_shows_tenths_and_days() {
        assert_eq!(clock(Duration::from_secs(78)), "00:01:18.0");
        assert_eq!(clock(Duration::from_millis(86_400_250)), "1 d 00:00:00.2");
    }

    #[test]
    fn sizes_use_binary_units() {
        let cases =
            [(812, "812 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (20 << 20, "20 MiB"), (u64::MAX, "16777215 TiB")];
        for (size, expected) in cases {
            assert_eq!(bytes(size), expected);
        }
    }

    #[test]
    fn counts_have_their_forms() {
        assert_eq!(counted(1, texts::MESSAGES), "1 message");
        assert_eq!(counted(0, texts::MESSAGES), "0 messages");
    }

    #[test]
    fn typed_durations_are_read_as_go_writes_them() {
        let cases = [
            ("30s", Some(30 * SECOND)),
            (" 1h30m ", Some(90 * MINUTE)),
            ("1.5s", Some(1500 * MILLISECOND)),
            (".5s", Some(500 * MILLISECOND)),
            ("250ms", Some(250 * MILLISECOND)),
            ("1 min 12 s", Some(72 * SECOND)),
            ("7d", Some(7 * DAY)),
            ("0", Some(0)),
            ("", None),
            ("30", None),
            ("s", None),
            (".s", None),
            ("-1s", None),
            ("1x", None),
            ("1.2.3s", None),
            ("3000000h", None),
            ("99999999999999999999s", None),
            ("9223372036854775807ns", Some(i64::MAX.unsigned_abs())),
            ("9223372036854775808ns", None),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse_duration(text), nanos.map(Duration::from_nanos), "{text}");
        }
    }

    #[test]
    fn form_durations_come_back_unchanged() {
        for nanos in [0, 1, 1500, SECOND, 90 * MINUTE, 1_500_000_000, DAY + 1, i64::MAX.unsigned_abs()] {
            assert_eq!(parse_duration(&form_duration(nanos)), Some(Duration::from_nanos(nanos)));
        }
        assert_eq!(form_duration(90 * MINUTE), "1h30m");
    }

    #[test]
    fn phrase_reads_as_one_sentence() {
        let phrase = Phrase::new().plain("Stored ").seq(9).plain(" on ").code("orders.eu.created").plain(".");
        assert_eq!(phrase.to_string(), "Stored #9 on orders.eu.created.");
    }
}
