//! What the consumer of an origin sends: messages, and words about itself.
//!
//! Source: nats-server `server/consumer.go` (`ackReplyInfo`), `server/stream.go` (`isControlMsg`, `handleFlowControl`).

use super::link::Reached;
use crate::engine::context::Context;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::stream::Inbound;
use crate::engine::subject::tokens;
use crate::engine::time::Timestamp;

/// What stands in the reply subject of a delivered message (ADR-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'a> {
    pub consumer: &'a [u8],
    /// 1 for the first delivery.
    pub delivered: u64,
    pub stream_seq: u64,
    pub consumer_seq: u64,
    pub stored: Timestamp,
    /// Messages that come after it.
    pub num_pending: u64,
}

impl<'a> Delivery<'a> {
    pub fn parse(reply: &'a [u8]) -> Option<Self> {
        let parts: Vec<&[u8]> = tokens(reply).collect();
        // The long form begins with domain and account.
        let (consumer, numbers) = match parts.as_slice() {
            [b"$JS", b"ACK", _, consumer, numbers @ ..] if numbers.len() == 5 => (*consumer, numbers),
            [b"$JS", b"ACK", _, _, _, consumer, numbers @ ..] if numbers.len() >= 5 => (*consumer, numbers),
            _ => return None,
        };
        let number = |at: usize| std::str::from_utf8(numbers[at]).ok().and_then(|digits| digits.parse().ok());
        Some(Self {
            consumer,
            delivered: number(0)?,
            stream_seq: number(1)?,
            consumer_seq: number(2)?,
            stored: Timestamp::from_nanos(number(3)?),
            num_pending: number(4)?,
        })
    }

    /// How far behind the stream is once this message is taken. The real server leaves one out.
    pub const fn lag(&self) -> u64 {
        self.num_pending.saturating_sub(1)
    }
}

/// Whether a message is a heartbeat or asks for flow control.
pub fn is_control(message: &Inbound<'_>) -> bool {
    message.payload.is_empty() && message.headers.starts_with(b"NATS/1.0 100 ")
}

/// What a word of the consumer about itself leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// It was answered, or needs no answer.
    Settled,
    /// Messages are missing.
    Gap,
}

/// Takes a heartbeat or a request for flow control. The answer to the latter tells what has been taken, which acks it.
pub fn handle_control(ctx: &mut Context<'_>, message: &Inbound<'_>, reached: Reached) -> Control {
    if !message.reply.is_empty() {
        let mut block = HeaderBlock::new();
        block
            .push("Nats-Last-Consumer", reached.consumer_seq.to_string())
            .push("Nats-Last-Stream", reached.stream_seq.to_string());
        ctx.effects.send_headers(message.reply, &block.finish());
        return Control::Settled;
    }
    let headers = Headers::new(message.headers);
    let last =
        headers.get("Nats-Last-Consumer").and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
    if last.is_some_and(|last| last > 0 && last != reached.consumer_seq) {
        return Control::Gap;
    }
    if let Some(stalled) = headers.get_filled("Nats-Consumer-Stalled") {
        ctx.effects.send(stalled, b"");
    }
    Control::Settled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_subjects_are_taken_apart() {
        let short = Delivery::parse(b"$JS.ACK.O.JS_SRC_a-b.1.7.3.1795615530087882635.2").expect("is one");
        assert_eq!((short.consumer, short.stream_seq, short.consumer_seq), (&b"JS_SRC_a-b"[..], 7, 3));
        assert_eq!((short.delivered, short.lag()), (1, 1));
        let long = Delivery::parse(b"$JS.ACK.hub.szMpdrwD.O.C.1.7.3.5.0.x").expect("is one");
        assert_eq!((long.consumer, long.stored, long.lag()), (&b"C"[..], Timestamp::from_nanos(5), 0));
        assert_eq!(Delivery::parse(b"$JS.ACK.O.C.1.x.3.5.0"), None);
        assert_eq!(Delivery::parse(b"inbox"), None);
    }
}
