//! What an action would remove, in words, before it is done.

use crate::sim::rehearsal::Loss;
use crate::texts::{clock as texts, unit};

use super::text;

/// What goes, if it is more than the one message that a button names.
pub fn warning(loss: Loss) -> Option<String> {
    if loss.messages <= 1 && loss.streams == 0 && loss.consumers == 0 {
        return None;
    }
    let mut parts = Vec::new();
    if loss.streams > 0 {
        parts.push(text::counted(loss.streams, unit::STREAMS));
    }
    if loss.messages > 0 {
        let messages = text::counted(loss.messages, unit::MESSAGES);
        parts.push(texts::WITH_SIZE.with([&messages, &text::bytes(loss.bytes)]));
    }
    if loss.consumers > 0 {
        let consumers = text::counted(loss.consumers, unit::CONSUMERS);
        parts.push(match loss.ack_pending {
            0 => consumers,
            count => texts::WITH_IN_FLIGHT.with([&consumers, &count]),
        });
    }
    Some(texts::REMOVES.with([&parts.join(", ")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_what_goes() {
        let one = Loss { messages: 1, bytes: 40, ..Loss::default() };
        assert_eq!((warning(Loss::default()), warning(one)), (None, None));
        for (loss, says) in [
            (Loss { messages: 5, bytes: 221, ..one }, "This removes 5 messages (221 B). Undo brings it back."),
            (Loss { consumers: 1, ..Loss::default() }, "This removes 1 consumer. Undo brings it back."),
            (
                Loss { streams: 1, messages: 2, bytes: 80, consumers: 2, ack_pending: 3 },
                "This removes 1 stream, 2 messages (80 B), 2 consumers with 3 in flight. Undo brings it back.",
            ),
        ] {
            assert_eq!(warning(loss).as_deref(), Some(says));
        }
    }
}
