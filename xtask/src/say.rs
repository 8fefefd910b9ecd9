//! What the verbs tell whoever runs them.

use std::time::{Duration, Instant};

use crate::Result;

/// One line about what happens now. It goes to standard error, so that results alone go to standard output.
pub fn say(text: impl AsRef<str>) {
    eprintln!("xtask: {}", text.as_ref());
}

/// Does `work`, saying before how long it takes by experience and after how long it took.
pub fn timed<T>(what: &str, estimate: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    say(format!("{what} ({estimate})"));
    let start = Instant::now();
    let result = work();
    if result.is_ok() {
        say(format!("{what}: done in {}", duration(start.elapsed())));
    }
    result
}

/// `0.4 s`, `48 s`, `6 min 40 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (millis, text) in [(0, "0.0 s"), (430, "0.4 s"), (48_900, "48 s"), (400_000, "6 min 40 s")] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
