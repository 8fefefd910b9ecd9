//! The log for those who listen.

use std::time::Duration;

use crate::texts::page::app as texts;
use crate::view::log::LogRow;

/// The least time between two announcements.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(2);

/// Reads the log to those who listen, not more often than they can follow.
pub struct Announcer {
    pub says: String,
    /// The number of the last line that was read out.
    told: u64,
    pub is_waiting: bool,
    since: Duration,
}

impl Announcer {
    /// One that reads out what comes after the line `newest`.
    pub fn after(newest: Option<&LogRow>) -> Self {
        let told = newest.map_or(0, |row| row.number);
        Self { says: String::new(), told, is_waiting: false, since: ANNOUNCE_EVERY }
    }

    pub fn pass(&mut self, wall: Duration) {
        self.since = self.since.saturating_add(wall);
    }

    /// Whether there is something new to say now.
    pub fn read(&mut self, newest: Option<&LogRow>) -> bool {
        let Some(last) = newest.filter(|last| last.number != self.told) else {
            self.is_waiting = false;
            return false;
        };
        self.is_waiting = self.since < ANNOUNCE_EVERY;
        if self.is_waiting {
            return false;
        }
        let missed = last.number.saturating_sub(self.told).saturating_sub(1);
        self.says = if missed == 0 { last.says.to_string() } else { texts::MORE_LAST.with([&missed, &last.says]) };
        (self.told, self.since) = (last.number, Duration::ZERO);
        true
    }
}
