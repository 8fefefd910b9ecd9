//! What the random runs accept as a race of the real server.

#[path = "conformance/random/race.rs"]
mod race;

use race::{REASON, is_decided_by_it};

#[test]
fn one_message_more_in_one_direction_is_the_race() {
    let steps = |stream: &str, consumer: &str| [format!("stream create S subjects=s.> {stream}"), consumer.to_owned()];
    let race = steps("max_msgs=3", "consumer create S/c ack_wait=5s max_ack_pending=1");
    let without_limit = steps("", "consumer create S/c max_ack_pending=1 max_bytes=100");
    let with_room = steps("max_bytes=100", "consumer create S/c ack_wait=5s");
    let line =
        |seq: u64, left: u64| format!("s.1 \"1\" stream_seq={seq} consumer_seq={seq} delivered=1 num_pending={left}");
    let wanted = [line(1, 3), line(2, 2)];
    for (steps, got, is_race) in [
        (&race, vec![line(1, 3), line(2, 3)], true),
        (&race, vec![line(1, 2), line(2, 1)], true),
        (&race, vec![line(1, 2), line(2, 3)], false),
        (&race, vec![line(1, 3), line(2, 4)], false),
        (&race, vec![line(1, 3), line(3, 3)], false),
        (&race, vec![line(1, 3)], false),
        (&without_limit, vec![line(1, 3), line(2, 3)], false),
        (&with_room, vec![line(1, 3), line(2, 3)], false),
    ] {
        assert_eq!(is_decided_by_it(steps, &wanted, &got), is_race, "{REASON}: {steps:?} {got:?}");
    }
}
