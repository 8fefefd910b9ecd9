//! Calendar times as texts, RFC 3339 as Go's package `time` writes and reads them.
//!
//! The server keeps some times as the client wrote them, with their offset from UTC: `opt_start_time`, `pause_until`,
//! `start_time`. Those are a [`DateTime`]; everything that happens in the simulation has a [`Timestamp`].
//! Source: Go `time/format_rfc3339.go`, `time/format.go` (`Parse`).

use std::fmt;

use serde::{Serialize, Serializer};

use super::time::Timestamp;

const NANOS_PER_SEC: i128 = 1_000_000_000;
const SECS_PER_DAY: i64 = 86_400;
const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

/// A moment with the offset from UTC that it was written with. Equal if both are; compare moments with
/// [`is_same_moment`](Self::is_same_moment).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    unix_nanos: i128,
    /// East of UTC is positive.
    offset_secs: i32,
}

impl DateTime {
    /// Go's zero time, `0001-01-01T00:00:00Z`, which stands for none.
    pub const ZERO: Self = Self { unix_nanos: -62_135_596_800 * NANOS_PER_SEC, offset_secs: 0 };

    /// A moment, given in nanoseconds since 1970, written with an offset in seconds east of UTC.
    pub const fn new(unix_nanos: i128, offset_secs: i32) -> Self {
        Self { unix_nanos, offset_secs }
    }

    /// Reads an RFC 3339 text, as loosely as Go: one digit for the hour and a comma before the fraction pass as well.
    ///
    /// # Errors
    /// The text of Go's `time.ParseError`.
    pub fn parse(text: &[u8]) -> Result<Self, ParseTimeError> {
        Parser { text, rest: text }.parse()
    }

    /// Whether this is [`ZERO`](Self::ZERO), written with any offset.
    pub fn is_zero(self) -> bool {
        self.is_same_moment(Self::ZERO)
    }

    pub fn is_same_moment(self, other: Self) -> bool {
        self.unix_nanos == other.unix_nanos
    }

    /// The same moment, written in UTC.
    #[must_use]
    pub fn to_utc(self) -> Self {
        Self { offset_secs: 0, ..self }
    }

    /// Nanoseconds since 1970.
    pub const fn unix_nanos(self) -> i128 {
        self.unix_nanos
    }

    /// The same moment in simulated time; 1970 if it is earlier, the end of time if it is later.
    pub fn to_timestamp(self) -> Timestamp {
        let nanos = self.unix_nanos.clamp(0, i128::from(u64::MAX));
        Timestamp::from_nanos(u64::try_from(nanos).expect("clamped above"))
    }
}

impl DateTime {
    /// As [`to_timestamp`](Self::to_timestamp), but that times beyond the year 2262 are counted as Go counts nanoseconds: on
    /// from 1677. Likewise those before 1677 lie in the future.
    pub fn to_wrapped_timestamp(self) -> Timestamp {
        Self { unix_nanos: (self.unix_nanos as i64).into(), ..self }.to_timestamp()
    }
}

impl From<Timestamp> for DateTime {
    fn from(timestamp: Timestamp) -> Self {
        Self { unix_nanos: i128::from(timestamp.as_nanos()), offset_secs: 0 }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Rfc3339::new(self.unix_nanos, self.offset_secs).as_str())
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Rfc3339::new(self.unix_nanos, self.offset_secs).as_str())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Rfc3339::new(i128::from(self.as_nanos()), 0).as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Rfc3339::new(i128::from(self.as_nanos()), 0).as_str())
    }
}

/// Serialises a time, and its absence as Go's zero time.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_or_zero<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => time.serialize(serializer),
        None => DateTime::ZERO.serialize(serializer),
    }
}

/// A time as text, on the stack.
struct Rfc3339 {
    bytes: [u8; Self::LONGEST],
    len: usize,
}

impl Rfc3339 {
    /// `+10000-01-01T00:00:00.123456789+07:00` would be the longest.
    const LONGEST: usize = 40;

    fn new(unix_nanos: i128, offset_secs: i32) -> Self {
        let local = unix_nanos + i128::from(offset_secs) * NANOS_PER_SEC;
        let nanos = local.rem_euclid(NANOS_PER_SEC) as u32;
        let secs = local.div_euclid(NANOS_PER_SEC) as i64;
        let (year, month, day) = date_of(secs.div_euclid(SECS_PER_DAY));
        let second_of_day = secs.rem_euclid(SECS_PER_DAY);

        let mut text = Self { bytes: [0; Self::LONGEST], len: 0 };
        if year < 0 {
            text.push(b'-');
        }
        text.number(year.unsigned_abs(), 4);
        for (before, part) in [(b'-', month), (b'-', day)] {
            text.push(before);
            text.number(part, 2);
        }
        let clock = [(b'T', second_of_day / 3600), (b':', second_of_day / 60 % 60), (b':', second_of_day % 60)];
        for (before, part) in clock {
            text.push(before);
            text.number(part.unsigned_abs(), 2);
        }
        text.fraction(nanos);
        text.zone(offset_secs);
        text
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("digits and signs")
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// At least `width` digits.
    fn number(&mut self, mut number: u64, width: usize) {
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1).max(width);
        for digit in self.bytes[self.len..][..digits].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.len += digits;
    }

    /// Without the zeros at the end, and nothing for none.
    fn fraction(&mut self, nanos: u32) {
        if nanos == 0 {
            return;
        }
        self.push(b'.');
        self.number(u64::from(nanos), 9);
        while self.bytes[self.len - 1] == b'0' {
            self.len -= 1;
        }
    }

    fn zone(&mut self, offset_secs: i32) {
        if offset_secs == 0 {
            return self.push(b'Z');
        }
        let minutes = offset_secs / 60;
        self.push(if minutes < 0 { b'-' } else { b'+' });
        self.number(u64::from(minutes.unsigned_abs() / 60), 2);
        self.push(b':');
        self.number(u64::from(minutes.unsigned_abs() % 60), 2);
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
pub(super) fn date_of(day: i64) -> (i64, u64, u64) {
    // Years here begin in March, so that the leap day is the last of a year; 146,097 days make 400 years.
    let from_march_0000 = day + 719_468;
    let era = from_march_0000.div_euclid(146_097);
    let day_of_era = from_march_0000.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month.unsigned_abs(), day_of_month.unsigned_abs())
}

/// The inverse of [`date_of`]. A `day` beyond the month counts on.
pub(super) fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let march_month = (month + 9) % 12;
    let year_of_era = march_year.rem_euclid(400);
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    march_year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

fn days_in(month: i64, year: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Why a text is no time, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimeError(String);

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Goes through the layout `2006-01-02T15:04:05Z07:00` element by element.
struct Parser<'a> {
    text: &'a [u8],
    rest: &'a [u8],
}

impl Parser<'_> {
    fn parse(mut self) -> Result<DateTime, ParseTimeError> {
        let year = self.year()?;
        self.literal(b'-')?;
        let month = self.two_digits("01", Some(("month", 1, 12)))?;
        self.literal(b'-')?;
        // The day is held against the month at the end, as the year may still make it valid.
        let day = self.two_digits("02", None)?;
        self.literal(b'T')?;
        let hour = self.hour()?;
        self.literal(b':')?;
        let minute = self.two_digits("04", Some(("minute", 0, 59)))?;
        self.literal(b':')?;
        let second = self.two_digits("05", Some(("second", 0, 59)))?;
        let nanos = self.fraction();
        let offset_secs = self.zone()?;
        if !self.rest.is_empty() {
            return Err(self.says(&format!(": extra text: {}", quote(self.rest))));
        }
        if day < 1 || day > days_in(month, year) {
            return Err(self.says(": day out of range"));
        }
        let secs = day_of(year, month, day) * SECS_PER_DAY + hour * 3600 + minute * 60 + second - offset_secs;
        let unix_nanos = i128::from(secs) * NANOS_PER_SEC + nanos;
        Ok(DateTime { unix_nanos, offset_secs: i32::try_from(offset_secs).expect("two digits of hours") })
    }

    fn year(&mut self) -> Result<i64, ParseTimeError> {
        match self.rest.split_at_checked(4) {
            Some((digits, rest)) if digits.iter().all(u8::is_ascii_digit) => {
                self.rest = rest;
                Ok(decimal(digits))
            }
            _ => Err(self.cannot_parse(self.rest, "2006")),
        }
    }

    fn literal(&mut self, byte: u8) -> Result<(), ParseTimeError> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(self.cannot_parse(self.rest, std::str::from_utf8(&[byte]).expect("ASCII"))),
        }
    }

    fn two_digits(&mut self, element: &str, range: Option<(&str, i64, i64)>) -> Result<i64, ParseTimeError> {
        match self.rest.split_at_checked(2) {
            Some((digits, rest)) if digits.iter().all(u8::is_ascii_digit) => {
                self.rest = rest;
                self.in_range(decimal(digits), range)
            }
            _ => Err(self.cannot_parse(self.rest, element)),
        }
    }

    fn hour(&mut self) -> Result<i64, ParseTimeError> {
        let digits = self.rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            // Go leaves -1 behind in neither case; the range is only looked at for a number.
            return Err(self.cannot_parse(self.rest, "15"));
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        self.in_range(decimal(number), Some(("hour", 0, 23)))
    }

    fn in_range(&self, number: i64, range: Option<(&str, i64, i64)>) -> Result<i64, ParseTimeError> {
        match range {
            Some((name, min, max)) if number < min || number > max => Err(self.says(&format!(": {name} out of range"))),
            _ => Ok(number),
        }
    }

    /// The layout has no fraction, but one may follow the seconds; what is beyond nanoseconds is cut off.
    fn fraction(&mut self) -> i128 {
        let [b'.' | b',', first, ..] = self.rest else { return 0 };
        if !first.is_ascii_digit() {
            return 0;
        }
        let digits = self.rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let nanos = (0..9).fold(0, |nanos, place| {
            let digit = if place < digits { self.rest[1 + place] - b'0' } else { 0 };
            nanos * 10 + i128::from(digit)
        });
        self.rest = &self.rest[1 + digits..];
        nanos
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Result<i64, ParseTimeError> {
        let before = self.rest;
        if let Some(rest) = before.strip_prefix(b"Z") {
            self.rest = rest;
            return Ok(0);
        }
        let Some((&[sign, h1, h2, b':', m1, m2], rest)) = before.split_first_chunk::<6>() else {
            return Err(self.cannot_parse(before, "Z07:00"));
        };
        self.rest = rest;
        let hours = [h1, h2].iter().all(u8::is_ascii_digit).then(|| decimal(&[h1, h2]));
        let minutes = hours.and_then(|_| [m1, m2].iter().all(u8::is_ascii_digit).then(|| decimal(&[m1, m2])));
        // The bounds themselves pass, as some write them.
        if minutes.is_some_and(|minutes| minutes > 60) {
            return Err(self.says(": time zone offset minute out of range"));
        }
        if hours.is_some_and(|hours| hours > 24) {
            return Err(self.says(": time zone offset hour out of range"));
        }
        match (sign, hours, minutes) {
            (b'+', Some(hours), Some(minutes)) => Ok((hours * 60 + minutes) * 60),
            (b'-', Some(hours), Some(minutes)) => Ok(-(hours * 60 + minutes) * 60),
            _ => Err(self.cannot_parse(before, "Z07:00")),
        }
    }

    fn cannot_parse(&self, rest: &[u8], element: &str) -> ParseTimeError {
        ParseTimeError(format!(
            "parsing time {} as \"{LAYOUT}\": cannot parse {} as \"{element}\"",
            quote(self.text),
            quote(rest)
        ))
    }

    fn says(&self, message: &str) -> ParseTimeError {
        ParseTimeError(format!("parsing time {}{message}", quote(self.text)))
    }
}

fn decimal(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// Between quotes, as Go's package `time` does it: every byte that is no printable ASCII as `\x..`.
fn quote(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..0x80 => quoted.push(char::from(*byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1, "1970-01-01T00:00:00.000000001Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
            (1_767_225_600_120_000_000, "2026-01-01T00:00:00.12Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551615Z"),
        ] {
            assert_eq!(Timestamp::from_nanos(nanos).to_string(), text);
        }
        assert_eq!(DateTime::ZERO.to_string(), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn a_time_keeps_its_offset() {
        for (text, written) in [
            ("2026-05-06T07:08:09Z", "2026-05-06T07:08:09Z"),
            ("2026-05-06T07:08:09.120+02:00", "2026-05-06T07:08:09.12+02:00"),
            ("2026-05-06T07:08:09-00:00", "2026-05-06T07:08:09Z"),
            ("2026-05-06T7:08:09,5-11:30", "2026-05-06T07:08:09.5-11:30"),
            ("0000-01-01T00:00:00+23:59", "0000-01-01T00:00:00+23:59"),
            ("9999-12-31T23:59:59.9999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(DateTime::parse(text.as_bytes()).expect(text).to_string(), written);
        }
        let berlin = DateTime::parse(b"2026-05-06T09:00:00+02:00").expect("valid");
        let utc = DateTime::parse(b"2026-05-06T07:00:00Z").expect("valid");
        assert!(berlin != utc && berlin.is_same_moment(utc) && berlin.to_utc() == utc);
        assert_eq!(DateTime::from(utc.to_timestamp()), utc);
        assert_eq!(DateTime::ZERO.to_timestamp(), Timestamp::from_nanos(0));
        for (text, wrapped) in [
            ("1600-01-01T00:00:00Z", "2184-07-20T23:34:33.709551616Z"),
            ("2300-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            let time = DateTime::parse(text.as_bytes()).expect("valid").to_wrapped_timestamp();
            assert_eq!(DateTime::from(time).to_string(), wrapped);
        }
        assert!(DateTime::parse(b"0001-01-01T01:00:00+01:00").expect("valid").is_zero());
    }

    #[test]
    fn what_is_no_time_is_said_as_go_says_it() {
        let as_layout = r#"as "2006-01-02T15:04:05Z07:00": cannot parse"#;
        for (text, error) in [
            ("bad", format!(r#"parsing time "bad" {as_layout} "bad" as "2006""#)),
            ("", format!(r#"parsing time "" {as_layout} "" as "2006""#)),
            ("2026", format!(r#"parsing time "2026" {as_layout} "" as "-""#)),
            ("2026-13-01T00:00:00Z", r#"parsing time "2026-13-01T00:00:00Z": month out of range"#.into()),
            ("2026-02-30T00:00:00Z", r#"parsing time "2026-02-30T00:00:00Z": day out of range"#.into()),
            ("2026-02-03T24:00:00Z", r#"parsing time "2026-02-03T24:00:00Z": hour out of range"#.into()),
            ("2026-02-03T00:00:00", format!(r#"parsing time "2026-02-03T00:00:00" {as_layout} "" as "Z07:00""#)),
            ("2026-02-03T00:00:00Zé", r#"parsing time "2026-02-03T00:00:00Z\xc3\xa9": extra text: "\xc3\xa9""#.into()),
            (
                "2026-02-03T00:00:00+25:00",
                r#"parsing time "2026-02-03T00:00:00+25:00": time zone offset hour out of range"#.into(),
            ),
        ] {
            assert_eq!(DateTime::parse(text.as_bytes()).expect_err(text).to_string(), error);
        }
    }

    #[test]
    fn dates_and_days_are_inverse() {
        for day in (-800_000..3_000_000).step_by(13) {
            let (year, month, day_of_month) = date_of(day);
            assert_eq!(day_of(year, month as i64, day_of_month as i64), day);
            assert!((1..=days_in(month as i64, year)).contains(&(day_of_month as i64)));
        }
    }
}
