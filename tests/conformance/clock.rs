//! Moments and durations as text.

use std::time::Duration;

const DAY: u64 = 86_400;

/// A moment as Go writes it: RFC 3339 in UTC, with as many fractional digits as needed.
pub fn rfc3339(unix_nanos: u64) -> String {
    let text = rfc3339_nanos(unix_nanos);
    text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.').to_owned() + "Z"
}

/// The same with all nine digits, so that every moment is equally long.
pub fn rfc3339_nanos(unix_nanos: u64) -> String {
    let (seconds, nanos) = (unix_nanos / 1_000_000_000, unix_nanos % 1_000_000_000);
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// Reads what [`rfc3339`] writes; `None` for anything else.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let numbers = |text: &str, separator| {
        text.split(separator).map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<u64>>>()
    };
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let (date, time) = (numbers(date, '-')?, numbers(whole, ':')?);
    let ([year, month, day], [hour, minute, second]) = (date.as_slice(), time.as_slice()) else { return None };
    if *year < 1970 {
        return None;
    }
    let days = (0..).find(|days| civil(*days) == (*year, *month, *day) || civil(*days).0 > *year)?;
    let nanos = format!("{fraction:0<9}").parse::<u64>().ok()?;
    Some(((days * DAY) + hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanos)
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// A duration such as `1s`, `250ms`, `1m30s` or `24h`; `None` when it is not one.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let nanos = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        total += whole.parse::<u64>().ok()?.checked_mul(nanos)?;
        if !fraction.is_empty() {
            let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            total += nanos * fraction.parse::<u64>().ok()? / scale;
        }
        rest = next;
    }
    Some(Duration::from_nanos(total))
}
