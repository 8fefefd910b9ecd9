//! The one race of the real server between whose two answers no number of repetitions tells the rarer.
//!
//! Where a limit removes a message that waits for its ack, the consumer that waited for room goes on, while the new message
//! is told to the consumers: it is counted before or after what goes out.

pub const REASON: &str = "a new message is counted before or after what the removal of another makes room for goes out";

/// Whether two transcripts differ in nothing but that: the limit is there and so is the lack of room, and every line that
/// differs is a delivery with one message more or fewer behind it.
pub fn is_decided_by_it(steps: &[String], wanted: &[String], got: &[String]) -> bool {
    let says = |words: &[&str]| steps.iter().any(|step| words.iter().any(|word| step.contains(word)));
    let can_be = says(&["max_msgs", "max_bytes"]) && says(&["max_ack_pending="]);
    can_be && wanted.len() == got.len() && wanted.iter().zip(got).all(|(one, other)| is_same_but_for_one(one, other))
}

fn is_same_but_for_one(one: &str, other: &str) -> bool {
    one == other
        || match (delivery(one), delivery(other)) {
            (Some((before, one, after)), Some((other_before, other, other_after))) => {
                before == other_before && after == other_after && one.abs_diff(other) == 1
            }
            _ => false,
        }
}

/// What a delivery says before and behind its `num_pending`, and that.
fn delivery(line: &str) -> Option<(&str, u64, &str)> {
    let (before, rest) = line.split_once(" num_pending=").filter(|(before, _)| before.contains(" consumer_seq="))?;
    let digits = rest.find(' ').unwrap_or(rest.len());
    Some((before, rest[..digits].parse().ok()?, &rest[digits..]))
}
