//! Page milliseconds to simulated time: play, pause, speed.

use std::time::Duration;

/// Thousandths of real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speed(u32);

impl Speed {
    /// From ×0.1 to ×1000.
    pub const ALL: [Self; 7] =
        [Self(100), Self(500), Self(1_000), Self(5_000), Self(10_000), Self(100_000), Self(1_000_000)];
    pub const REAL_TIME: Self = Self(1_000);

    /// `permille` within ×0.1 and ×1000.
    pub const fn new(permille: u32) -> Self {
        Self(if permille < 100 {
            100
        } else if permille > 1_000_000 {
            1_000_000
        } else {
            permille
        })
    }

    pub const fn permille(self) -> u32 {
        self.0
    }
}

/// A frame that took longer than this counts as this long: a tab that slept does not leap.
const MAX_FRAME: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub is_playing: bool,
    pub speed: Speed,
}

impl Default for Clock {
    fn default() -> Self {
        Self { is_playing: false, speed: Speed::REAL_TIME }
    }
}

impl Clock {
    /// How much simulated time passes in a frame of `real` time.
    pub fn elapsed(&self, real: Duration) -> Duration {
        if self.is_playing { real.min(MAX_FRAME) * self.speed.0 / 1_000 } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_at_the_speed_that_was_chosen() {
        let mut clock = Clock::default();
        let frame = Duration::from_millis(16);
        assert_eq!(clock.elapsed(frame), Duration::ZERO);
        clock.is_playing = true;
        assert_eq!(clock.elapsed(frame), frame);
        clock.speed = Speed::new(100);
        assert_eq!(clock.elapsed(frame), Duration::from_micros(1_600));
        clock.speed = Speed::new(u32::MAX);
        assert_eq!(clock.elapsed(Duration::from_secs(60)), Duration::from_secs(250));
    }
}
