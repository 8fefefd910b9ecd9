//! Bounds that are written as they were given.

use std::time::Duration;

use serde::Serialize;

/// A bound as NATS writes it. Above 0 it binds; 0 is unset and below 0 is unlimited, which differ only in how they are
/// written: a stream may hand any such number on to its consumers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Bound(i64);

impl Bound {
    pub const UNSET: Self = Self(0);
    pub const UNLIMITED: Self = Self(-1);

    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number that binds.
    pub fn limit(self) -> Option<u64> {
        u64::try_from(self.0).ok().filter(|limit| *limit > 0)
    }

    /// The time that binds, where the number is one of nanoseconds.
    pub fn duration(self) -> Option<Duration> {
        self.limit().map(Duration::from_nanos)
    }

    pub fn is_unset(self) -> bool {
        self == Self::UNSET
    }

    pub const fn as_number(self) -> i64 {
        self.0
    }
}
