//! What a publisher asks of the stream in the headers of a message.
//!
//! Source: nats-server `server/stream.go` (`getMsgId`, `getExpectedLastSeq`, `getRollup`, …) and ADR-8, ADR-22.

use crate::engine::message::{Headers, split_line};

/// Length of a block without headers.
const EMPTY_BLOCK: usize = b"NATS/1.0\r\n\r\n".len();

/// The server's own headers of one message, read in one pass. Names are case-sensitive, the first of equal names counts,
/// and an empty value counts as absent, but for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishHeaders<'a> {
    pub msg_id: Option<&'a [u8]>,
    pub expected_stream: Option<&'a [u8]>,
    pub expected_last_seq: Option<&'a [u8]>,
    pub expected_last_subject_seq: Option<&'a [u8]>,
    /// The subject that the expected sequence is of, if not the message's own.
    pub expected_last_subject_seq_subject: Option<&'a [u8]>,
    pub expected_last_msg_id: Option<&'a [u8]>,
    pub rollup: Option<&'a [u8]>,
    pub ttl: Option<&'a [u8]>,
    pub incr: Option<&'a [u8]>,
    pub stream_source: Option<&'a [u8]>,
    pub batch_id: Option<&'a [u8]>,
    pub batch_sequence: Option<&'a [u8]>,
    /// An empty value is none, and not absent.
    pub batch_commit: Option<&'a [u8]>,
    pub required_api_level: Option<&'a [u8]>,
    pub schedule: Option<&'a [u8]>,
    pub schedule_ttl: Option<&'a [u8]>,
    pub schedule_target: Option<&'a [u8]>,
    pub schedule_source: Option<&'a [u8]>,
    pub schedule_rollup: Option<&'a [u8]>,
    pub schedule_next: Option<&'a [u8]>,
    pub scheduler: Option<&'a [u8]>,
    /// An empty value is none, and not absent.
    pub schedule_time_zone: Option<&'a [u8]>,
}

impl<'a> PublishHeaders<'a> {
    /// What is asked without headers.
    pub const NONE: Self = Self {
        msg_id: None,
        expected_stream: None,
        expected_last_seq: None,
        expected_last_subject_seq: None,
        expected_last_subject_seq_subject: None,
        expected_last_msg_id: None,
        rollup: None,
        ttl: None,
        incr: None,
        stream_source: None,
        batch_id: None,
        batch_sequence: None,
        batch_commit: None,
        required_api_level: None,
        schedule: None,
        schedule_ttl: None,
        schedule_target: None,
        schedule_source: None,
        schedule_rollup: None,
        schedule_next: None,
        scheduler: None,
        schedule_time_zone: None,
    };

    pub fn read(block: &'a [u8]) -> Self {
        let mut found = Self::NONE;
        if !block.is_empty() {
            found.fill(block);
        }
        found
    }

    /// Not inlined: most messages have no headers.
    #[inline(never)]
    fn fill(&mut self, block: &'a [u8]) {
        let found = &mut *self;
        for (name, value) in Headers::new(block).iter() {
            let slot = match name {
                b"Nats-Msg-Id" => &mut found.msg_id,
                b"Nats-Expected-Stream" => &mut found.expected_stream,
                b"Nats-Expected-Last-Sequence" => &mut found.expected_last_seq,
                b"Nats-Expected-Last-Subject-Sequence" => &mut found.expected_last_subject_seq,
                b"Nats-Expected-Last-Subject-Sequence-Subject" => &mut found.expected_last_subject_seq_subject,
                b"Nats-Expected-Last-Msg-Id" => &mut found.expected_last_msg_id,
                b"Nats-Rollup" => &mut found.rollup,
                b"Nats-TTL" => &mut found.ttl,
                b"Nats-Incr" => &mut found.incr,
                b"Nats-Stream-Source" => &mut found.stream_source,
                b"Nats-Batch-Id" => &mut found.batch_id,
                b"Nats-Batch-Sequence" => &mut found.batch_sequence,
                b"Nats-Batch-Commit" => &mut found.batch_commit,
                b"Nats-Required-Api-Level" => &mut found.required_api_level,
                b"Nats-Schedule" => &mut found.schedule,
                b"Nats-Schedule-TTL" => &mut found.schedule_ttl,
                b"Nats-Schedule-Target" => &mut found.schedule_target,
                b"Nats-Schedule-Source" => &mut found.schedule_source,
                b"Nats-Schedule-Rollup" => &mut found.schedule_rollup,
                b"Nats-Schedule-Next" => &mut found.schedule_next,
                b"Nats-Scheduler" => &mut found.scheduler,
                b"Nats-Schedule-Time-Zone" => &mut found.schedule_time_zone,
                _ => continue,
            };
            slot.get_or_insert(value);
        }
        found.drop_empty_values();
    }

    /// The subject of the schedule that ends with this message.
    pub fn ended_schedule(&self) -> Option<&'a [u8]> {
        self.scheduler.filter(|_| self.schedule_next == Some(b"purge"))
    }

    fn drop_empty_values(&mut self) {
        for slot in [
            &mut self.msg_id,
            &mut self.expected_stream,
            &mut self.expected_last_seq,
            &mut self.expected_last_subject_seq,
            &mut self.expected_last_subject_seq_subject,
            &mut self.expected_last_msg_id,
            &mut self.rollup,
            &mut self.ttl,
            &mut self.incr,
            &mut self.stream_source,
            &mut self.batch_id,
            &mut self.batch_sequence,
            &mut self.required_api_level,
            &mut self.schedule,
            &mut self.schedule_ttl,
            &mut self.schedule_target,
            &mut self.schedule_source,
            &mut self.schedule_rollup,
            &mut self.schedule_next,
            &mut self.scheduler,
        ] {
            *slot = slot.filter(|value| !value.is_empty());
        }
    }
}

/// An unsigned number of decimal digits that fits; `None` for anything else.
pub fn digits(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()
}

/// A number of decimal digits, of which the server keeps the lowest 64 bits; anything else is a number that no sequence
/// equals.
pub fn sequence(text: &[u8]) -> u64 {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return u64::MAX;
    }
    text.iter().fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}

/// A block without the lines whose name `is_gone` says. A block of which nothing remains is dropped.
pub fn without_headers(block: &[u8], is_gone: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut kept = Vec::with_capacity(block.len());
    let mut rest = block;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        let whole = &rest[..rest.len() - after.len()];
        let name = line.iter().position(|byte| *byte == b':').map(|colon| &line[..colon]);
        // What has no end stays.
        if whole == line || !name.is_some_and(&is_gone) {
            kept.extend_from_slice(whole);
        }
        rest = after;
    }
    if kept.len() <= EMPTY_BLOCK { Vec::new() } else { kept }
}

/// A header block as it is stored: without a status in its first line. A block of which nothing remains is dropped.
pub fn without_status(block: &[u8]) -> Option<Vec<u8>> {
    let status = block.strip_prefix(b"NATS/1.0")?;
    let end = status.iter().position(|byte| *byte == b'\r').filter(|end| *end > 0)?;
    let kept = [b"NATS/1.0", &status[end..]].concat();
    Some(if kept.len() == EMPTY_BLOCK { Vec::new() } else { kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_of_equal_names_and_ignores_empty_values() {
        let block = b"NATS/1.0\r\nNats-Msg-Id: a\r\nNats-Msg-Id: b\r\nNats-TTL: \r\nnats-rollup: all\r\n\r\n";
        let headers = PublishHeaders::read(block);
        assert_eq!(headers.msg_id, Some(&b"a"[..]));
        assert_eq!((headers.ttl, headers.rollup), (None, None));
    }

    #[test]
    fn sequences() {
        for (digits, expected) in
            [("0", 0), ("17", 17), ("18446744073709551618", 2), ("-1", u64::MAX), ("", u64::MAX), ("1x", u64::MAX)]
        {
            assert_eq!(sequence(digits.as_bytes()), expected, "{digits:?}");
        }
    }

    #[test]
    fn headers_are_taken_out() {
        let block = b"NATS/1.0\r\nA: 1\r\nNats-TTL: 1\r\nNats-TTL-Other: 2\r\n\r\n";
        let without = without_headers(block, |name| name == b"Nats-TTL");
        assert_eq!(without, b"NATS/1.0\r\nA: 1\r\nNats-TTL-Other: 2\r\n\r\n");
        assert_eq!(without_headers(block, |name| name != b"A"), b"NATS/1.0\r\nA: 1\r\n\r\n");
        assert_eq!(without_headers(block, |_| true), b"");
    }

    #[test]
    fn a_status_is_not_stored() {
        assert_eq!(without_status(b"NATS/1.0\r\n\r\n"), None);
        assert_eq!(without_status(b"NATS/1.0 503 Foo\r\n\r\n"), Some(Vec::new()));
        assert_eq!(without_status(b"NATS/1.0 503\r\nA: b\r\n\r\n"), Some(b"NATS/1.0\r\nA: b\r\n\r\n".to_vec()));
    }
}
