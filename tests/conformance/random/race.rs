//! The one race of the real server between whose two answers no number of repetitions tells the rarer.
//!
//! Where a limit removes a message that waits for its ack, the consumer that waited for room goes on, while the new message
//! is told to the consumers: it is counted before or after what goes out.

pub const REASON: &str = "a new message is counted before or after what the removal of another makes room for goes out";

/// What limits a stream, in a step that makes or changes one.
const LIMITS: [&str; 3] = [" max_msgs=", " max_msgs_per_subject=", " max_bytes="];

/// Whether two transcripts differ in nothing but that: the limit is there and so is the lack of room, and the lines that
/// differ are deliveries, each with one message more behind it in the same one of the two.
pub fn is_decided_by_it(steps: &[String], wanted: &[String], got: &[String]) -> bool {
    let of_stream = |step: &&String| step.starts_with("stream create ") || step.starts_with("stream update ");
    let has_limit = steps.iter().filter(of_stream).any(|step| LIMITS.iter().any(|limit| step.contains(limit)));
    let has_no_room = steps.iter().any(|step| step.contains(" max_ack_pending="));
    let is_other = |(one, other): &(&String, &String)| one != other;
    let counts = || wanted.iter().zip(got).filter(is_other).map(|(one, other)| counted_more(one, other));
    let is_race = |by: i64| counts().all(|counted| counted == Some(by));
    has_limit && has_no_room && wanted.len() == got.len() && (is_race(1) || is_race(-1))
}

/// How many messages more the first of two deliveries has behind it, which are the same otherwise.
fn counted_more(one: &str, other: &str) -> Option<i64> {
    let ((before, one, after), (other_before, other, other_after)) = (delivery(one)?, delivery(other)?);
    (before == other_before && after == other_after).then_some(one - other)
}

/// What a delivery says before and behind its `num_pending`, and that.
fn delivery(line: &str) -> Option<(&str, i64, &str)> {
    let (before, rest) = line.split_once(" num_pending=").filter(|(before, _)| before.contains(" consumer_seq="))?;
    let digits = rest.find(' ').unwrap_or(rest.len());
    Some((before, rest[..digits].parse().ok()?, &rest[digits..]))
}
