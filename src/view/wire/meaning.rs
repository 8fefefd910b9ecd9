//! What an operation is about, in a few words.

use super::decode::Op;
use crate::engine::message::Headers;
use crate::engine::subject::tokens;
use crate::engine::time::Timestamp;
use crate::texts::wire as texts;
use crate::view::scene::{lossy, time_of_day};

/// What the tokens of an ack subject are, behind `$JS.ACK.`.
const ACK_TOKENS: [&str; 7] = ["stream", "consumer", "delivered", "stream seq", "consumer seq", "time", "pending"];

/// What can be said of a delivery, and what that does.
const ACKS: [(&[u8], &str); 5] = [
    (b"+ACK", texts::SETTLES_IT),
    (b"-NAK", texts::ASKS_AGAIN),
    (b"+WPI", texts::WORK_GOES_ACKWAIT_STARTS),
    (b"+TERM", texts::SETTLES_WITHOUT_SUCCESS_NEVER),
    (b"+NXT", texts::SETTLES_ASKS_MORE),
];

/// Statuses that the server sends in place of a message.
const STATUSES: [(&str, &str); 7] = [
    ("100 Idle Heartbeat", texts::NOTHING_DELIVER_STILL_THERE),
    ("100 FlowControl", texts::ASKS_WHETHER_CLIENT_KEPT),
    ("404", texts::NOTHING_DELIVER_NOW),
    ("408", texts::PULL_REQUEST_EXPIRED),
    ("409", texts::PULL_REQUEST_ENDED),
    ("503", texts::NOBODY_LISTENS_SUBJECT),
    ("423", texts::CLIENT_NOT_PINNED_ONE),
];

/// What an operation is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    pub says: String,
    /// Keeps a connection or subscription alive, and tells nothing else.
    pub is_noise: bool,
    pub is_error: bool,
}

fn says(says: impl Into<String>) -> Meaning {
    Meaning { says: says.into(), ..Meaning::default() }
}

/// What `op` is about.
pub fn meaning(op: &Op<'_>) -> Meaning {
    match op.verb {
        "PUB" | "HPUB" => published(op),
        "MSG" | "HMSG" => received(op),
        "SUB" => says(texts::LISTENS),
        "UNSUB" => says(texts::LISTENS_NO_LONGER),
        "INFO" => says(texts::SERVER_SAYS_WHO),
        "CONNECT" => says(texts::CLIENT_SAYS_WHO),
        "-ERR" => Meaning { is_error: true, ..says(texts::SERVER_COMPLAINS) },
        "" => says(texts::GOES_WHAT_FRAME_BEFORE),
        _ => Meaning { is_noise: true, ..says(texts::STILL_THERE) },
    }
}

fn published(op: &Op<'_>) -> Meaning {
    let subject = op.arg("subject");
    if subject.starts_with(b"$JS.ACK.") {
        let what = ack_of(op.payload).map_or(texts::MEANS_NOTHING, |(_, does)| does);
        let of = ack_tokens(subject).map_or_else(String::new, |tokens| [" #", &tokens[3].1].concat());
        return says([&lossy(word(op.payload)), &*of, ": ", what].concat());
    }
    if let Some(call) = subject.strip_prefix(b"$JS.API.") {
        if call.starts_with(b"CONSUMER.MSG.NEXT.") {
            return says(texts::PULL_REQUEST);
        }
        return says(texts::API_REQUEST);
    }
    if subject.starts_with(b"$JS.FC.") {
        return says(texts::FLOW_CONTROL_KEPT_UP);
    }
    says(if op.arg("reply-to").is_empty() { texts::PUBLISHES } else { texts::PUBLISHES_WANTS_ANSWER })
}

fn received(op: &Op<'_>) -> Meaning {
    if let Some(status) = Headers::new(op.headers).status().map(lossy) {
        let does =
            STATUSES.iter().find(|(known, _)| status.starts_with(known)).map_or(texts::A_STATUS, |(_, does)| does);
        let is_noise = status.starts_with("100 Idle");
        return Meaning { says: [&status, ": ", does].concat(), is_noise, is_error: false };
    }
    if let Some(tokens) = ack_tokens(op.arg("reply-to")) {
        let again = if tokens[2].1 == "1" { String::new() } else { texts::DELIVERY.with([&tokens[2].1]) };
        return says(texts::DELIVERS_OF.with([&&*tokens[1].1, &tokens[3].1, &tokens[0].1, &again]));
    }
    if op.arg("subject").starts_with(b"$JS.EVENT.") {
        return says(texts::ADVISORY);
    }
    answered(op.payload).unwrap_or_else(|| says(texts::MESSAGE))
}

/// An answer of the API, or of a stream that was published to. The end of it may be missing, so it is not read as JSON.
fn answered(payload: &[u8]) -> Option<Meaning> {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    if !text.starts_with('{') {
        return None;
    }
    let member = |name: &str| {
        let after = &text[text.find(&["\"", name, "\":"].concat())? + name.len() + 3..];
        let after = after.trim_start_matches('"');
        Some(&after[..after.find(['"', ',', '}']).unwrap_or(after.len())])
    };
    if let Some(err_code) = member("err_code") {
        let why = member("description").unwrap_or_default();
        return Some(Meaning { is_error: true, ..says(texts::REFUSED.with([&why, &err_code])) });
    }
    if let Some(kind) = member("type").and_then(|kind| kind.strip_prefix("io.nats.jetstream.api.v1.")) {
        return Some(says(texts::ANSWERS.with([&kind])));
    }
    let (stream, seq) = (member("stream")?, member("seq")?);
    let duplicate = if text.contains("\"duplicate\":true") { texts::A_DUPLICATE } else { "" };
    Some(says(texts::PUBACK_SEQ.with([&stream, &seq, &duplicate])))
}

/// The word at the start of an ack's body; an empty body is one as well.
fn word(body: &[u8]) -> &[u8] {
    body.split(u8::is_ascii_whitespace).next().filter(|word| !word.is_empty()).unwrap_or(b"+ACK")
}

/// The kind of acknowledgement that `body` is, and what it does.
pub fn ack_of(body: &[u8]) -> Option<(&'static str, &'static str)> {
    let (kind, does) = ACKS.iter().find(|(kind, _)| word(body) == *kind)?;
    Some((std::str::from_utf8(kind).unwrap_or_default(), does))
}

/// The tokens of an ack subject by name; `None` if it is none.
pub fn ack_tokens(subject: &[u8]) -> Option<Vec<(&'static str, String)>> {
    let rest: Vec<&[u8]> = tokens(subject.strip_prefix(b"$JS.ACK.")?).collect();
    if rest.len() != ACK_TOKENS.len() {
        return None;
    }
    let named = |(name, value): (&'static str, &[u8])| {
        let value = lossy(value);
        match value.parse().ok().filter(|_| name == "time") {
            Some(nanos) => (name, texts::STORED_AT.with([&value, &time_of_day(Timestamp::from_nanos(nanos))])),
            None => (name, value),
        }
    };
    Some(ACK_TOKENS.into_iter().zip(rest).map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::super::decode::ops;
    use super::*;

    #[test]
    fn operations_say_what_they_are_about() {
        let cases: [(&[u8], &str); 22] = [
            (b"PUB orders.eu 0\r\n\r\n", "publishes"),
            (b"PUB orders.eu r 0\r\n\r\n", "publishes, and wants an answer"),
            (b"PUB $JS.API.STREAM.CREATE.S r 2\r\n{}\r\n", "API request"),
            (b"PUB $JS.API.CONSUMER.MSG.NEXT.S.c r 1\r\n1\r\n", "pull request"),
            (b"PUB $JS.ACK.S.c.1.4.5.6.7 0\r\n\r\n", "+ACK #4: settles it"),
            (b"PUB $JS.ACK.S.c.1.4.5.6.7 12\r\n-NAK {\"a\":1}\r\n", "-NAK #4: asks for it again"),
            (b"PUB $JS.ACK.S.c.1.4.5.6.7 4\r\n+WPI\r\n", "+WPI #4: work goes on: its AckWait starts over"),
            (b"PUB $JS.ACK.S.c.1.4.5.6.7 5\r\n+TERM\r\n", "+TERM #4: settles it without success: never again"),
            (b"PUB $JS.ACK.S.c.1.4.5.6.7 6\r\n+NXT 5\r\n", "+NXT #4: settles it and asks for more"),
            (b"PUB $JS.ACK.S 3\r\nabc\r\n", "abc: means nothing"),
            (b"HMSG i 1 21 21\r\nNATS/1.0 404 No M\r\n\r\n\r\n", "404 No M: nothing to deliver now"),
            (b"HMSG i 1 30 30\r\nNATS/1.0 408 Request Timeout\r\n\r\n\r\n", "408 Request Timeout: the pull request has expired"),
            (b"HMSG i 1 40 40\r\nNATS/1.0 409 Consumer Deleted\r\n\r\n\r\n", "409 Consumer Deleted: the pull request was ended"),
            (b"HMSG i 1 28 28\r\nNATS/1.0 100 Idle Heartbeat\r\n\r\n", "100 Idle Heartbeat: nothing to deliver, and still there"),
            (b"HMSG i 1 28 28\r\nNATS/1.0 777\r\n\r\n", "777: a status"),
            (b"MSG orders.eu 1 $JS.ACK.S.c.2.4.5.6.7 0\r\n\r\n", "c delivers #4 of S, delivery 2"),
            (b"MSG i 1 27\r\n{\"stream\":\"S\", \"seq\":7}   \r\n", "PubAck S seq 7"),
            (b"MSG i 1 99\r\n{\"type\":\"io.nats.jetstream.api.v1.stream_info_response\",\"tot", "answers stream_info_response"),
            (
                b"MSG i 1 99\r\n{\"type\":\"io.nats.jetstream.api.v1.x\",\"error\":{\"code\":400,\"err_code\":10065,\"description\":\"overlap\"}}",
                "refused: overlap (10065)",
            ),
            (b"MSG i 1 2\r\nhi\r\n", "message"),
            (b"-ERR 'x'\r\n", "the server complains"),
            (b"rest", "goes on with what a frame before began"),
        ];
        for (frame, expected) in cases {
            assert_eq!(meaning(&ops(frame)[0]).says, expected);
        }
        assert!(
            meaning(&ops(b"PING\r\n")[0]).is_noise
                && meaning(&ops(b"HMSG i 1 28 28\r\nNATS/1.0 100 Idle Heartbeat\r\n\r\n")[0]).is_noise
        );
    }

    #[test]
    fn an_ack_subject_is_named_token_by_token() {
        let tokens = ack_tokens(b"$JS.ACK.ORDERS.ship.1.6.5.1767225618000000000.0").expect("it is one");
        let text: Vec<String> = tokens.iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(
            text.join(", "),
            "stream ORDERS, consumer ship, delivered 1, stream seq 6, consumer seq 5, \
             time 1767225618000000000: stored at 00:00:18.0, pending 0"
        );
        assert_eq!(ack_tokens(b"$JS.ACK.a.b"), None);
    }
}
