//! Cron patterns of six fields: second, minute, hour, day of month, month, day of week.
//!
//! Steps, ranges and lists are read as loosely as nats-server does, and the search for the next moment goes from field to
//! field as there, since where a clock is put forward or back its path decides what is found.
//! Sources: nats-server `server/cron.go` (`parseCron`), ADR-51.

use crate::engine::time_zone::{LocalTime, TimeZone};

/// If nothing is met within so many years, the pattern is invalid.
const YEARS: i64 = 5;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A pattern that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

/// The numbers that a field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    /// A bit a number.
    numbers: u64,
    /// Names all, with `*` or `?`.
    is_any: bool,
}

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    min: u64,
    max: u64,
    /// Names for the numbers from `min` on.
    names: &'static [&'static str],
}

impl Field {
    fn parse(text: &str, bounds: Bounds) -> Option<Self> {
        let mut field = Self { numbers: 0, is_any: false };
        for range in text.split(',').filter(|range| !range.is_empty()) {
            field.add(range, bounds)?;
        }
        // A field that names nothing would never be met.
        (field.numbers != 0).then_some(field)
    }

    /// Adds `a`, `a-b`, `*`, with or without `/step`. What follows a `*` up to the step does not matter.
    fn add(&mut self, range: &str, bounds: Bounds) -> Option<()> {
        let (numbers, step) = match range.split_once('/') {
            Some((numbers, step)) => (numbers, Some(number(step)?)),
            None => (range, None),
        };
        let (low, high) = match numbers.split_once('-') {
            Some((low, high)) => (low, Some(high)),
            None => (numbers, None),
        };
        let is_any = matches!(low, "*" | "?");
        let (first, last) = match (low, high) {
            _ if is_any => (bounds.min, bounds.max),
            (low, Some(high)) => (bounds.number(low)?, bounds.number(high)?),
            // A single number with a step runs to the end.
            (low, None) if step.is_some() => (bounds.number(low)?, bounds.max),
            (low, None) => (bounds.number(low)?, bounds.number(low)?),
        };
        let step = step.unwrap_or(1);
        if first < bounds.min || last > bounds.max || first > last || step == 0 {
            return None;
        }
        self.is_any |= is_any && step == 1;
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        for number in (first..=last).step_by(step) {
            self.numbers |= 1 << number;
        }
        Some(())
    }

    const fn has(self, number: i64) -> bool {
        self.numbers & 1 << number != 0
    }
}

impl Bounds {
    /// A number, or the name of one in any case.
    fn number(self, text: &str) -> Option<u64> {
        match self.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            Some(index) => Some(self.min + index as u64),
            None => number(text),
        }
    }
}

/// As Go's `strconv.Atoi`, and not negative.
fn number(text: &str) -> Option<u64> {
    let number: i64 = text.parse().ok()?;
    u64::try_from(number).ok()
}

impl Cron {
    /// `None` if `pattern` is none.
    pub fn parse(pattern: &str) -> Option<Self> {
        let fields: Vec<&str> = pattern.split_whitespace().collect();
        let [second, minute, hour, day, month, weekday] = *fields.as_slice() else { return None };
        let upto = |max| Bounds { min: 0, max, names: &[] };
        Some(Self {
            second: Field::parse(second, upto(59))?,
            minute: Field::parse(minute, upto(59))?,
            hour: Field::parse(hour, upto(23))?,
            day: Field::parse(day, Bounds { min: 1, max: 31, names: &[] })?,
            month: Field::parse(month, Bounds { min: 1, max: 12, names: &MONTHS })?,
            weekday: Field::parse(weekday, Bounds { min: 0, max: 6, names: &WEEKDAYS })?,
        })
    }

    /// The first moment after `after` that meets the pattern, both in seconds since 1970; `None` if there is none within
    /// five years.
    pub fn next(&self, zone: &TimeZone, after: i64) -> Option<i64> {
        let mut search = Search { zone, at: after + 1, is_cut: false };
        let last_year = search.shown().year + YEARS;
        // A field that comes round to its beginning may have changed the ones before it: then all are looked at again.
        while search.shown().year <= last_year {
            if search.find_month(self) && search.find_day(self) && search.find_hour(self) {
                let minute = search.find(60, |at| at.minute, self.minute);
                if minute && search.find(1, |at| at.second, self.second) {
                    return Some(search.at);
                }
            }
        }
        None
    }

    /// If both days are restricted, either may match.
    fn has_day(&self, at: LocalTime) -> bool {
        let (day, weekday) = (self.day.has(at.day), self.weekday.has(at.weekday()));
        if self.day.is_any || self.weekday.is_any { day && weekday } else { day || weekday }
    }
}

/// A moment on its way to the next that meets a pattern. The functions go to the next value of their field, and return
/// whether they stayed within its round.
struct Search<'z> {
    zone: &'z TimeZone,
    /// In seconds since 1970.
    at: i64,
    /// The first field that does not match sets those below it to their beginning; that is done once.
    is_cut: bool,
}

impl Search<'_> {
    fn shown(&self) -> LocalTime {
        self.zone.local_time(self.at)
    }

    fn go_to(&mut self, time: LocalTime) {
        self.at = self.zone.moment(time);
    }

    fn find_month(&mut self, cron: &Cron) -> bool {
        while !cron.month.has(self.shown().month) {
            let shown = self.shown();
            if !std::mem::replace(&mut self.is_cut, true) {
                self.go_to(LocalTime { day: 1, hour: 0, minute: 0, second: 0, ..shown });
            }
            let shown = self.shown();
            self.go_to(LocalTime { month: shown.month + 1, ..shown });
            if self.shown().month == 1 {
                return false;
            }
        }
        true
    }

    fn find_day(&mut self, cron: &Cron) -> bool {
        while !cron.has_day(self.shown()) {
            let shown = self.shown();
            if !std::mem::replace(&mut self.is_cut, true) {
                self.go_to(LocalTime { hour: 0, minute: 0, second: 0, ..shown });
            }
            let shown = self.shown();
            self.go_to(LocalTime { day: shown.day + 1, ..shown });
            if self.shown().day == 1 {
                return false;
            }
        }
        true
    }

    fn find_hour(&mut self, cron: &Cron) -> bool {
        while !cron.hour.has(self.shown().hour) {
            let shown = self.shown();
            if !std::mem::replace(&mut self.is_cut, true) {
                self.go_to(LocalTime { minute: 0, second: 0, ..shown });
            }
            self.at += 3600;
            if self.shown().hour == 0 {
                return false;
            }
        }
        true
    }

    /// Minutes and seconds: steps that no zone cuts in two.
    fn find(&mut self, step: i64, value: impl Fn(LocalTime) -> i64, field: Field) -> bool {
        while !field.has(value(self.shown())) {
            if !std::mem::replace(&mut self.is_cut, true) {
                self.at -= self.at.rem_euclid(step);
            }
            self.at += step;
            if value(self.shown()) == 0 {
                return false;
            }
        }
        true
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::date_time::DateTime;

    const NANOS_PER_SEC: i128 = 1_000_000_000;

    fn secs(text: &str) -> i64 {
        let nanos = DateTime::parse(text.as_bytes()).expect("a time").unix_nanos();
        i64::try_from(nanos / NANOS_PER_SEC).expect("a time of this age")
    }

    /// What nats-server 2.15 finds, the hours that clocks skip or repeat included.
    #[test]
    fn the_next_moment_is_the_servers() {
        for (pattern, name, after, expected) in [
            ("* * * * * *", "UTC", "2026-01-01T00:00:00Z", Some("2026-01-01T00:00:01Z")),
            ("0 * * * * *", "UTC", "2026-01-01T00:00:00Z", Some("2026-01-01T00:01:00Z")),
            ("30 * * * * *", "UTC", "2026-01-01T00:00:30Z", Some("2026-01-01T00:01:30Z")),
            ("*/15 * * * * *", "UTC", "2026-01-01T00:00:50Z", Some("2026-01-01T00:01:00Z")),
            ("5/20 * * * * *", "UTC", "2026-01-01T00:00:30Z", Some("2026-01-01T00:00:45Z")),
            ("10-20/5 * * * * *", "UTC", "2026-01-01T00:00:12Z", Some("2026-01-01T00:00:15Z")),
            ("1,,3 * * * * *", "UTC", "2026-01-01T00:00:01Z", Some("2026-01-01T00:00:03Z")),
            ("0 30 9 * * mon-fri", "UTC", "2026-01-02T10:00:00Z", Some("2026-01-05T09:30:00Z")),
            ("0 0 0 1 1 *", "UTC", "2026-01-01T00:00:00Z", Some("2027-01-01T00:00:00Z")),
            ("0 0 0 * * 0", "UTC", "2026-01-01T00:00:00Z", Some("2026-01-04T00:00:00Z")),
            ("0 0 0 29 feb ?", "UTC", "2026-01-01T00:00:00Z", Some("2028-02-29T00:00:00Z")),
            ("0 0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", Some("2026-03-31T00:00:00Z")),
            ("0 0 0 13 * fri", "UTC", "2026-01-10T00:00:00Z", Some("2026-01-13T00:00:00Z")),
            ("0 0 0 13 * *", "UTC", "2026-01-10T00:00:00Z", Some("2026-01-13T00:00:00Z")),
            ("0 0 0 */2 * fri", "UTC", "2026-01-01T00:00:00Z", Some("2026-01-02T00:00:00Z")),
            ("0 0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", None),
            ("0 0 12 * * *", "Europe/Berlin", "2026-01-01T00:00:00Z", Some("2026-01-01T12:00:00+01:00")),
            ("0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", Some("2026-03-30T02:30:00+02:00")),
            ("0 30 2 29 3 *", "Europe/Berlin", "2026-03-28T12:00:00Z", Some("2027-03-29T02:30:00+02:00")),
            ("0 0 2-3 * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", Some("2026-03-29T03:00:00+02:00")),
            ("0 */30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", Some("2026-03-29T03:00:00+02:00")),
            ("0 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", Some("2026-10-25T02:30:00+02:00")),
            ("0 30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", Some("2026-10-25T02:30:00+01:00")),
            ("0 30 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", Some("2026-10-26T02:30:00+01:00")),
            ("0 0 0 1 * *", "Europe/London", "2026-03-15T00:00:00Z", Some("2026-04-01T00:00:00+01:00")),
            ("0 30 1 * * *", "Europe/London", "2026-03-28T12:00:00Z", Some("2026-03-30T01:30:00+01:00")),
            ("0 30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", Some("2026-03-09T02:30:00-04:00")),
            ("0 30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", Some("2026-11-01T01:30:00-05:00")),
            ("0 0 0 * * *", "America/Havana", "2026-03-07T12:00:00Z", Some("2026-03-09T00:00:00-04:00")),
            ("0 0 12 * * sun", "America/Havana", "2026-03-05T12:00:00Z", Some("2026-03-15T12:00:00-04:00")),
            ("0 0 0 * 3 sun", "America/Havana", "2028-03-06T12:00:00Z", Some("2028-03-19T00:00:00-04:00")),
            ("0 0 0 * * fri", "Africa/Cairo", "2026-04-22T12:00:00Z", Some("2026-05-01T00:00:00+03:00")),
            ("0 0 0 24 4 *", "Africa/Cairo", "2026-04-22T12:00:00Z", Some("2027-04-24T00:00:00+02:00")),
            ("0 0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", Some("2026-09-07T00:00:00-03:00")),
            ("0 15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", Some("2026-10-05T02:15:00+11:00")),
            ("0 0 3 * * *", "Asia/Gaza", "2026-10-20T12:00:00Z", Some("2026-10-21T03:00:00+03:00")),
            ("0 0 6 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", Some("2026-01-01T06:00:00+05:45")),
            ("0 0 0 1 1 *", "Pacific/Kiritimati", "2026-01-01T00:00:00Z", Some("2027-01-01T00:00:00+14:00")),
        ] {
            let zone = TimeZone::find(name.as_bytes()).expect(name);
            let next = Cron::parse(pattern).expect(pattern).next(&zone, secs(after));
            let shown = next.map(|at| DateTime::new(i128::from(at) * NANOS_PER_SEC, zone.offset_at(at)).to_string());
            assert_eq!(shown.as_deref(), expected, "{pattern} {name} after {after}");
        }
    }

    #[test]
    fn patterns_are_good_or_not() {
        for (pattern, is_good) in [
            ("* * * * * *", true),
            ("? ? ? ? ? ?", true),
            ("*\t*  * * * *", true),
            ("1,,2 * * * * *", true),
            ("+5 05 * * * *", true),
            ("*/61 * * * * *", true),
            ("5/10 * * * * *", true),
            ("*-x */99999999999 * * * *", true),
            ("* * * * JAN-mar sun-FRI", true),
            ("* * * * *", false),
            ("* * * * * * *", false),
            (", * * * * *", false),
            ("60 * * * * *", false),
            ("5-3 * * * * *", false),
            ("*/0 * * * * *", false),
            ("*/9999999999999999999 * * * * *", false),
            ("1-2-3 * * * * *", false),
            ("1/2/3 * * * * *", false),
            ("1- * * * * *", false),
            ("-1 * * * * *", false),
            ("a * * * * *", false),
            ("* * * 0 * *", false),
            ("* * * jan * *", false),
            ("* * * * 13 *", false),
            ("* * * * * 7", false),
            ("* * * * * sunday", false),
        ] {
            assert_eq!(Cron::parse(pattern).is_some(), is_good, "{pattern:?}");
        }
    }
}
