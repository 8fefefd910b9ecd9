//! Time zones by their IANA names: how far local clocks are from UTC, and when that changes.
//!
//! The simulation begins in 2026, so the table beside this file, `zones.txt`, holds what is in force from then on: mostly
//! one rule a zone. `tests/time_zones.rs` writes it from the IANA database and compares the two. Local times become
//! moments as in Go's package `time` (`Date`), also where the clock skips or repeats them.

use super::date_time::{date_of, day_of};

/// What the zones of the world do; a zone that changed its mind in 2026 has what it did before in front.
const ZONES: &str = include_str!("zones.txt");

const SECS_PER_DAY: i64 = 86_400;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone {
    /// What was in force before the rule: offsets, and the moments until which they held.
    before: Vec<(i32, i64)>,
    /// Seconds east of UTC, as all offsets here.
    standard: i32,
    daylight: Option<Daylight>,
}

/// The part of every year in which another offset is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Daylight {
    offset: i32,
    start: Change,
    end: Change,
}

/// A moment of every year: a weekday of a month, and seconds on the clock since the midnight before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    month: i64,
    /// 5 is the last.
    week: i64,
    /// 0 is Sunday.
    weekday: i64,
    second: i64,
}

/// How long an offset is in force, from `start` on and before `end`, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    offset: i32,
    start: i64,
    end: i64,
}

/// What calendar and clock show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1. Given to [`TimeZone::moment`], one beyond the month counts on into the next.
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
}

impl LocalTime {
    /// 0 is Sunday.
    pub fn weekday(&self) -> i64 {
        weekday_of(day_of(self.year, self.month, self.day))
    }
}

impl TimeZone {
    pub const UTC: Self = Self { before: Vec::new(), standard: 0, daylight: None };

    /// The zone of this name, in its own case; `None` if there is none. `Local` is the server's own zone, which is UTC.
    pub fn find(name: &[u8]) -> Option<Self> {
        if name == b"Local" {
            return Some(Self::UTC);
        }
        let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
        let mut rules = ZONES.split('\n').filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        let (rule, _) = rules.find(|(_, names)| names.split(' ').any(|other| other == name))?;
        Some(Self::parse(rule).expect("the table was compared with its source"))
    }

    /// Reads a rule of the table, see its head.
    fn parse(rule: &str) -> Option<Self> {
        let seconds = |minutes: &str| Some(minutes.parse::<i32>().ok()? * 60);
        let mut before = Vec::new();
        let mut rest = Vec::new();
        for part in rule.split(' ') {
            match part.split_once('<') {
                Some((offset, until)) => before.push((seconds(offset)?, until.parse::<i64>().ok()? * 60)),
                None => rest.push(part),
            }
        }
        let (standard, daylight) = match *rest.as_slice() {
            [standard] => (seconds(standard)?, None),
            [standard, offset, start, end] => {
                let (start, end) = (Change::parse(start)?, Change::parse(end)?);
                (seconds(standard)?, Some(Daylight { offset: seconds(offset)?, start, end }))
            }
            _ => return None,
        };
        Some(Self { before, standard, daylight })
    }

    /// Seconds east of UTC at a moment, given in seconds since 1970.
    pub fn offset_at(&self, unix_secs: i64) -> i32 {
        self.period_at(unix_secs).offset
    }

    fn period_at(&self, unix_secs: i64) -> Period {
        let mut since = i64::MIN;
        for (offset, until) in &self.before {
            if unix_secs < *until {
                return Period { offset: *offset, start: since, end: *until };
            }
            since = *until;
        }
        let period = self.period_by_rule(unix_secs);
        Period { start: period.start.max(since), ..period }
    }

    fn period_by_rule(&self, unix_secs: i64) -> Period {
        let mut period = Period { offset: self.standard, start: i64::MIN, end: i64::MAX };
        let Some(daylight) = self.daylight else { return period };
        let (year, ..) = date_of(unix_secs.div_euclid(SECS_PER_DAY));
        for year in year - 1..=year + 1 {
            let starts = daylight.start.moment(year, self.standard);
            let ends = daylight.end.moment(year, daylight.offset);
            let (start, end) = ((starts, daylight.offset), (ends, self.standard));
            for (at, offset) in if starts < ends { [start, end] } else { [end, start] } {
                if at > unix_secs {
                    return Period { end: at, ..period };
                }
                period = Period { offset, start: at, end: i64::MAX };
            }
        }
        period
    }

    /// What the clock shows at a moment, given in seconds since 1970.
    pub fn local_time(&self, unix_secs: i64) -> LocalTime {
        let local = unix_secs + i64::from(self.offset_at(unix_secs));
        let (year, month, day) = date_of(local.div_euclid(SECS_PER_DAY));
        let second = local.rem_euclid(SECS_PER_DAY);
        LocalTime {
            year,
            month: month.cast_signed(),
            day: day.cast_signed(),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// The moment at which the clock shows this, in seconds since 1970. Of a time that it skips or repeats, one of the two
    /// offsets around the change is taken, the one that Go takes.
    pub fn moment(&self, time: LocalTime) -> i64 {
        let months = time.month - 1;
        let day = day_of(time.year + months.div_euclid(12), months.rem_euclid(12) + 1, time.day);
        let local = day * SECS_PER_DAY + time.hour * 3600 + time.minute * 60 + time.second;
        // Go looks the offset up as if the local time were UTC, and once more if that led over a change.
        let period = self.period_at(local);
        if period.offset == 0 {
            return local;
        }
        let moment = local - i64::from(period.offset);
        if (period.start..period.end).contains(&moment) { moment } else { local - i64::from(self.offset_at(moment)) }
    }
}

impl Change {
    /// Reads `month.week.weekday/minutes`.
    fn parse(text: &str) -> Option<Self> {
        let (day, minutes) = text.split_once('/')?;
        let mut numbers = day.split('.').map(|number| number.parse::<i64>().ok());
        let (month, week, weekday) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(Self { month, week, weekday, second: minutes.parse::<i64>().ok()? * 60 })
    }

    /// When it comes in a year, in seconds since 1970. `offset` is in force before it.
    fn moment(self, year: i64, offset: i32) -> i64 {
        let first = day_of(year, self.month, 1);
        let next_month = if self.month == 12 { day_of(year + 1, 1, 1) } else { day_of(year, self.month + 1, 1) };
        let to_weekday = (self.weekday - weekday_of(first)).rem_euclid(7);
        let mut day = first + to_weekday + (self.week - 1) * 7;
        if day >= next_month {
            day -= 7;
        }
        day * SECS_PER_DAY + self.second - i64::from(offset)
    }
}

/// 0 is Sunday; days are counted from 1970-01-01.
fn weekday_of(day: i64) -> i64 {
    (day + 4).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::date_time::DateTime;

    fn secs(text: &str) -> i64 {
        let nanos = DateTime::parse(text.as_bytes()).expect("a time").unix_nanos();
        i64::try_from(nanos / 1_000_000_000).expect("a time of this age")
    }

    fn local(text: &str) -> LocalTime {
        TimeZone::UTC.local_time(secs(&format!("{text}Z")))
    }

    #[test]
    fn every_rule_of_the_table_can_be_read() {
        for line in ZONES.lines().filter(|line| !line.starts_with('#')) {
            let (rule, names) = line.split_once(':').expect(line);
            assert!(TimeZone::parse(rule).is_some() && !names.is_empty(), "{line}");
        }
    }

    #[test]
    fn names_are_those_of_iana() {
        for (name, known) in [
            ("UTC", true),
            ("Europe/Berlin", true),
            ("America/Argentina/Buenos_Aires", true),
            ("US/Pacific", true),
            ("Etc/GMT+5", true),
            ("Local", true),
            ("europe/berlin", false),
            ("Europe", false),
            ("Europe/Berlin ", false),
            ("utc", false),
            ("+60", false),
            ("", false),
        ] {
            assert_eq!(TimeZone::find(name.as_bytes()).is_some(), known, "{name:?}");
        }
    }

    #[test]
    fn offsets_change_at_their_moment() {
        for (name, at, hours) in [
            ("Europe/Berlin", "2026-03-29T00:59:59Z", 1),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", 2),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", 1),
            ("America/New_York", "2027-03-14T06:59:59Z", -5),
            ("America/New_York", "2027-03-14T07:00:00Z", -4),
            ("Australia/Sydney", "2026-01-01T00:00:00Z", 11),
            ("Australia/Sydney", "2026-06-01T00:00:00Z", 10),
            ("Asia/Tokyo", "2040-06-01T00:00:00Z", 9),
        ] {
            let zone = TimeZone::find(name.as_bytes()).expect(name);
            assert_eq!(zone.offset_at(secs(at)), hours * 3600, "{name} {at}");
        }
    }

    #[test]
    fn a_local_time_that_is_skipped_or_repeated_becomes_the_moment_that_go_takes() {
        for (name, shown, moment) in [
            ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T01:30:00Z"),
            ("Europe/London", "2026-03-29T01:30:00", "2026-03-29T01:30:00Z"),
            ("Europe/London", "2026-10-25T01:30:00", "2026-10-25T01:30:00Z"),
            ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T06:30:00Z"),
            ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
            ("Africa/Cairo", "2026-04-24T00:00:00", "2026-04-23T22:00:00Z"),
            ("America/Havana", "2026-03-08T00:00:00", "2026-03-08T04:00:00Z"),
            ("America/Santiago", "2026-09-06T00:30:00", "2026-09-06T03:30:00Z"),
            ("UTC", "2026-12-31T00:00:00", "2026-12-31T00:00:00Z"),
        ] {
            let zone = TimeZone::find(name.as_bytes()).expect(name);
            assert_eq!(zone.moment(local(shown)), secs(moment), "{name} {shown}");
        }
    }
}
