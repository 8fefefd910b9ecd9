//! TTLs of single messages (ADR-43). What happens when they end stands in [`expiry`](super::expiry).
//!
//! Source: nats-server `server/stream.go` (`getMessageTTL`, `parseMessageTTL`).

use std::borrow::Cow;

use super::Stream;
use super::headers::without_headers;
use super::schedule::SHORTEST_WAIT;
use crate::engine::duration;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::time::Timestamp;

/// What a `Nats-TTL` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageTtl {
    /// Exempt from max age.
    Never,
    Seconds(u64),
}

impl MessageTtl {
    /// Whole seconds, or a duration of at least one second of which the fraction is dropped, or `never`. `None` for digits
    /// that add up to 0, such as `00`; but `0` is a duration.
    ///
    /// # Errors
    /// If the text is none of these.
    pub fn parse(text: &[u8]) -> Result<Option<Self>, ()> {
        let text = std::str::from_utf8(text).map_err(|_| ())?;
        if text.eq_ignore_ascii_case("never") {
            return Ok(Some(Self::Never));
        }
        let seconds = match duration::parse(text.as_bytes()) {
            Some(nanos) if nanos < 1_000_000_000 => return Err(()),
            Some(nanos) => nanos / 1_000_000_000,
            // As Go adds up digits: beyond the largest number it goes on from the smallest.
            None if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) => {
                text.bytes().fold(0i64, |number, digit| number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')))
            }
            None => return Err(()),
        };
        let seconds = u64::try_from(seconds).map_err(|_| ())?;
        Ok((seconds > 0).then_some(Self::Seconds(seconds)))
    }
}

impl MessageTtl {
    /// What the headers of a message ask for.
    ///
    /// # Errors
    /// If they ask for no TTL that there is.
    pub fn of(headers: &[u8]) -> Result<Option<Self>, ()> {
        Headers::new(headers).get_filled("Nats-TTL").map_or(Ok(None), Self::parse)
    }

    /// Whether a message that was stored at `stored` is past its time.
    pub fn is_over(self, stored: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Never => false,
            Self::Seconds(seconds) => now > end(stored, seconds),
        }
    }
}

/// When a TTL of a message that was stored at `stored` is over. Beyond what Go counts, it goes on from the smallest
/// number: the message goes as soon as the timer lets any go.
fn end(stored: Timestamp, seconds: u64) -> Timestamp {
    let nanos = (seconds as i64).wrapping_mul(1_000_000_000).wrapping_add(stored.as_nanos() as i64);
    Timestamp::from_nanos(nanos.max(0) as u64).max(stored + SHORTEST_WAIT)
}

impl Stream {
    /// A TTL shorter than that of the markers is raised to it, and the header with it.
    pub(super) fn raise_ttl<'h>(
        &self,
        ttl: Option<MessageTtl>,
        headers: Cow<'h, [u8]>,
    ) -> (Option<MessageTtl>, Cow<'h, [u8]>) {
        if let (Some(MessageTtl::Seconds(seconds)), Some(marker)) = (ttl, self.config.subject_delete_marker_ttl)
            && self.config.max_msgs_per_subject != Some(1)
            && seconds < marker.as_secs()
        {
            let mut block = HeaderBlock::from_bytes(&without_headers(&headers, |name| name == b"Nats-TTL"));
            block.push("Nats-TTL", marker.as_secs().to_string());
            return (Some(MessageTtl::Seconds(marker.as_secs())), block.finish().into());
        }
        (ttl, headers)
    }

    /// Finds the TTLs of messages that were stored while nothing had one, such as those of an origin that has.
    pub(super) fn recover_ttls(&mut self) {
        let messages = self.store.messages_from(self.store.first_seq());
        let found =
            messages.filter_map(|message| Some((message.time, message.seq, MessageTtl::of(message.headers).ok()??)));
        for (time, seq, ttl) in found.collect::<Vec<_>>() {
            self.track_ttl(time, seq, Some(ttl));
        }
    }

    pub(super) fn track_ttl(&mut self, now: Timestamp, seq: u64, ttl: Option<MessageTtl>) {
        match ttl.filter(|_| self.config.allow_msg_ttl) {
            Some(MessageTtl::Never) => {
                self.exempt.ageless.insert(seq, ());
            }
            Some(MessageTtl::Seconds(seconds)) => self.ttls.set(seq, end(now, seconds)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttls() {
        use MessageTtl::{Never, Seconds};
        for (text, expected) in [
            ("1", Ok(Some(Seconds(1)))),
            ("90s", Ok(Some(Seconds(90)))),
            ("1h30m", Ok(Some(Seconds(5_400)))),
            ("1.9s", Ok(Some(Seconds(1)))),
            ("never", Ok(Some(Never))),
            ("NEVER", Ok(Some(Never))),
            ("0", Err(())),
            ("0s", Err(())),
            ("-1", Err(())),
            ("10.5", Err(())),
            ("+5", Err(())),
            ("+5s", Ok(Some(Seconds(5)))),
            ("05", Ok(Some(Seconds(5)))),
            ("00", Ok(None)),
            ("18446744073709551616", Ok(None)),
            ("9223372036854775808", Err(())),
            ("1d", Err(())),
            ("999ms", Err(())),
        ] {
            assert_eq!(MessageTtl::parse(text.as_bytes()), expected, "{text}");
        }
    }
}
