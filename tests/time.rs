//! Steps of time of any size see the same run: every deadline acts at its own instant.

mod worlds;

use std::time::Duration;

use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::trace::Traced;
use worlds::world;

const DAY: u64 = 24 * 60 * 60;

fn last_events(simulation: &Simulation) -> Vec<Traced> {
    simulation.trace().events().cloned().collect()
}

#[test]
fn one_day_in_one_step_is_one_day_in_seconds() {
    let (mut in_one, mut in_seconds) = (world(), world());
    in_one.advance(Duration::from_secs(DAY));
    for _ in 0..DAY {
        in_seconds.advance(Duration::from_secs(1));
    }
    assert_eq!(in_one.trace().total(), in_seconds.trace().total());
    assert!(in_one.trace().total() > 30_000, "little happened: {}", in_one.trace().total());
    assert_eq!(last_events(&in_one), last_events(&in_seconds));
    assert_eq!(in_one.world(), in_seconds.world());
}

#[test]
fn frames_of_odd_length_see_the_same_run_as_one_step() {
    let (mut in_one, mut in_frames) = (world(), world());
    let hour = Duration::from_secs(3_600);
    in_one.advance(hour);
    let mut left = hour;
    for millis in [16, 17, 33, 250, 1, 999, 60_007].into_iter().cycle() {
        let frame = Duration::from_millis(millis).min(left);
        in_frames.advance(frame);
        left -= frame;
        if left.is_zero() {
            break;
        }
    }
    assert_eq!(last_events(&in_one), last_events(&in_frames));
    assert_eq!(in_one.world(), in_frames.world());
}

#[test]
fn every_event_stands_at_its_own_instant() {
    let mut simulation = world();
    simulation.advance(Duration::from_secs(3_600));
    let times: Vec<Timestamp> = simulation.trace().events().map(|traced| traced.at).collect();
    assert!(times.is_sorted());
    // The world's intervals are odd on purpose: hardly two events share a second with the step's end.
    let distinct = times.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(distinct > times.len() / 4, "{distinct} of {}", times.len());
}
