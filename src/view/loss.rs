//! What an action would remove, in words, before it is done.

use crate::sim::rehearsal::Loss;

use super::text;

/// What goes, if it is more than the one message that a button names.
pub fn warning(loss: Loss) -> Option<String> {
    if loss.messages <= 1 && loss.streams == 0 && loss.consumers == 0 {
        return None;
    }
    let mut parts = Vec::new();
    let mut add = |count: u64, what: &str, rest: String| {
        if count > 0 {
            parts.push(text::counted(count, what) + &rest);
        }
    };
    let of_bytes = [" (", &text::bytes(loss.bytes), ")"].concat();
    let in_flight = match loss.ack_pending {
        0 => String::new(),
        count => format!(" with {count} in flight"),
    };
    add(loss.streams, "stream", String::new());
    add(loss.messages, "message", of_bytes);
    add(loss.consumers, "consumer", in_flight);
    Some(["This removes ", &parts.join(", "), ". Undo brings it back."].concat())
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
