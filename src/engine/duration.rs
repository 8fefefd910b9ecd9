//! Durations as texts and numbers, as Go's `time.Duration` writes and reads them.
//!
//! Source: Go `time/time.go` (`Duration.String`), `time/format.go` (`ParseDuration`).

use std::fmt;
use std::time::Duration;

use serde::Serializer;

/// Writes a duration as Go does: `1m0s`, `1.5s`, `100ms`, `0s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = nanos(self.0);
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => with_fraction(f, nanos, 3, "µs"),
            1_000_000..1_000_000_000 => with_fraction(f, nanos, 6, "ms"),
            _ => {
                let minutes = nanos / 60_000_000_000;
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                with_fraction(f, nanos % 60_000_000_000, 9, "s")
            }
        }
    }
}

/// `nanos` in the unit of `10^places` nanoseconds, without zeros at the end.
fn with_fraction(f: &mut fmt::Formatter<'_>, nanos: u64, places: usize, unit: &str) -> fmt::Result {
    let one = 10u64.pow(places as u32);
    write!(f, "{}", nanos / one)?;
    let fraction = format!("{:0places$}", nanos % one);
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        write!(f, ".{fraction}")?;
    }
    f.write_str(unit)
}

/// A duration that went into a `time.Duration` comes out of one: an integer of nanoseconds.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_nanos<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(nanos(*duration))
}

/// As [`serialize_nanos`], and 0 for none.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_nanos_or_zero<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.map_or(0, nanos))
}

/// As [`serialize_nanos`], for each of a list.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_list_of_nanos<S: Serializer>(durations: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(durations.iter().map(|duration| nanos(*duration)))
}

/// The nanoseconds of a duration; at most as many as Go counts.
pub fn nanos(duration: Duration) -> u64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX).unsigned_abs()
}

/// The nanoseconds of a duration such as `1h30m`, `-1.5s` or `300ms`, as Go's `time.ParseDuration` reads it; `None` if
/// it is none.
pub fn parse(text: &[u8]) -> Option<i64> {
    let (is_negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    // One more than i64::MAX passes, for the sake of its negation.
    const LIMIT: u64 = 1 << 63;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let part;
        (part, rest) = parse_part(rest)?;
        total = total.checked_add(part).filter(|total| *total <= LIMIT)?;
    }
    match (is_negative, i64::try_from(total)) {
        (true, Ok(total)) => Some(-total),
        (true, Err(_)) => Some(i64::MIN),
        (false, total) => total.ok(),
    }
}

/// One number with its unit, in nanoseconds, and what follows.
fn parse_part(text: &[u8]) -> Option<(u64, &[u8])> {
    const LIMIT: u64 = 1 << 63;
    let (whole_digits, rest) = split_digits(text);
    let (fraction_digits, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest),
        _ => (&rest[..0], rest),
    };
    if whole_digits.is_empty() && fraction_digits.is_empty() {
        return None;
    }
    let unit_len = rest.iter().take_while(|byte| **byte != b'.' && !byte.is_ascii_digit()).count();
    let (unit, rest) = rest.split_at(unit_len);
    let unit_nanos: u64 = match unit {
        b"ns" => 1,
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole = whole_digits.iter().try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|number| *number <= LIMIT)
    })?;
    let whole_nanos = whole.checked_mul(unit_nanos).filter(|nanos| *nanos <= LIMIT)?;
    // Digits beyond the 18th are below a nanosecond for every unit.
    let digits = &fraction_digits[..fraction_digits.len().min(18)];
    let fraction = digits.iter().fold(0u128, |number, digit| number * 10 + u128::from(digit - b'0'));
    let fraction_nanos = fraction * u128::from(unit_nanos) / 10u128.pow(digits.len() as u32);
    let nanos = whole_nanos.checked_add(u64::try_from(fraction_nanos).ok()?).filter(|nanos| *nanos <= LIMIT)?;
    Some((nanos, rest))
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (100_000_000, "100ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (90_061_000_000_001, "25h1m1.000000001s"),
        ] {
            assert_eq!(GoDuration(Duration::from_nanos(nanos)).to_string(), text);
        }
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            (".5s", Some(500_000_000)),
            ("5.s", Some(5_000_000_000)),
            ("-900ms", Some(-900_000_000)),
            ("+1us", Some(1_000)),
            ("1µs", Some(1_000)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("9223372036854775808ns", None),
            ("", None),
            ("1", None),
            ("1d", None),
            (".s", None),
            ("1 s", None),
            ("-", None),
        ] {
            assert_eq!(parse(text.as_bytes()), nanos, "{text}");
        }
    }
}
