//! Every text that a reader of the page sees, place by place. A translation is this file with other words, and beside it
//! `lang`, title and description in `index.html`, which are there before the page runs. Nothing else has words of its own.
//!
//! A [`Template`] has places `{0}`, `{1}` for what differs, which may stand in any order; each has to be there, or the file
//! does not compile. A [`Plural`] has a template for each form that a language counts in, and [`form`] tells which; what
//! else differs between languages by rule stands beside it. Of tables, only the words behind the names are to be translated.
//!
//! What is NATS's own stays as it is, in every language: names of fields, headers, statuses and subjects, texts of
//! the server's errors, and commands. So do the sentences of presets and the code of examples, which are data.

use std::fmt::{Display, Write as _};

/// A text with so many places, in which what differs is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template<const PLACES: usize>(&'static str);

/// The template `text`, which has just the places that it has to have.
const fn of<const PLACES: usize>(text: &'static str) -> Template<PLACES> {
    assert!(has_places(text, PLACES), "a place is missing, or there is one too many");
    Template(text)
}

/// A form of a [`Plural`], which may do without its number.
const fn counts(text: &'static str) -> Template<1> {
    assert!(has_places(text, 0) || has_places(text, 1), "there is a place too many");
    Template(text)
}

/// Whether the places of `text` are `0` to `count`, each of them once or more, and nothing looks like a broken one.
const fn has_places(text: &str, count: usize) -> bool {
    let bytes = text.as_bytes();
    let (mut seen, mut at) = (0_u16, 0);
    while at + 1 < bytes.len() {
        if bytes[at] == b'{' && bytes[at + 1].is_ascii_digit() {
            let place = (bytes[at + 1] - b'0') as usize;
            if place >= count || at + 2 == bytes.len() || bytes[at + 2] != b'}' {
                return false;
            }
            seen |= 1 << place;
        }
        at += 1;
    }
    seen == (1 << count) - 1
}

impl<const PLACES: usize> Template<PLACES> {
    /// The text with `values` in its places.
    #[inline(always)]
    pub fn with(self, values: [&dyn Display; PLACES]) -> String {
        fill(self.0, &values)
    }

    pub const fn pieces(self) -> Pieces {
        Pieces(self.0)
    }
}

#[inline(never)]
fn fill(text: &'static str, values: &[&dyn Display]) -> String {
    let mut filled = String::new();
    for piece in Pieces(text) {
        // Writing to a string cannot fail.
        let _ = match piece {
            Piece::Words(words) => filled.write_str(words),
            Piece::Place(place) => values.get(place).map_or(Ok(()), |value| write!(filled, "{value}")),
        };
    }
    filled
}

/// Words of a template, or a place between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    Words(&'static str),
    Place(usize),
}

/// What a template consists of, in order.
pub struct Pieces(&'static str);

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let bytes = self.0.as_bytes();
        let is_place = |at: &usize| bytes[*at] == b'{' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let next = (0..bytes.len()).find(is_place).unwrap_or(bytes.len());
        let (piece, rest) = match next {
            0 => (Piece::Place(usize::from(bytes.get(1)? - b'0')), self.0.get(3..)),
            _ => (Piece::Words(&self.0[..next]), self.0.get(next..)),
        };
        self.0 = rest.unwrap_or_default();
        Some(piece)
    }
}

/// A text for each form in which things are counted.
pub type Plural = [Template<1>; 2];

/// The form of a [`Plural`] that `count` takes.
pub const fn form(count: u64) -> usize {
    if count == 1 { 0 } else { 1 }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`.
pub fn ordinal(number: u64) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    let mut text = number.to_string();
    text.push_str(suffix);
    text
}

/// What stood at the beginning of a label, as it stands within a sentence.
pub fn lower(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Durations, sizes and counts.
pub mod unit {
    use super::*;

    pub const DAYS: Template<1> = of("{0} d");
    pub const HOURS: Template<1> = of("{0} h");
    /// A number of units, and a number of smaller ones.
    pub const TWO_UNITS: Template<2> = of("{0} {1}");
    pub const MINUTES: Template<1> = of("{0} min");
    pub const SECONDS: Template<1> = of("{0} s");
    /// Whole seconds and tenths.
    pub const TENTHS: Template<2> = of("{0}.{1} s");
    pub const MILLISECONDS: Template<1> = of("{0} ms");
    pub const NANOSECONDS: Template<1> = of("{0} ns");
    /// A number and its unit.
    pub const SIZE: Template<2> = of("{0} {1}");
    pub const SIZE_WITH_TENTH: Template<3> = of("{0}.{1} {2}");

    pub const MESSAGES: Plural = [counts("{0} message"), counts("{0} messages")];
    pub const BYTES: Plural = [counts("{0} byte"), counts("{0} bytes")];
    pub const STREAMS: Plural = [counts("{0} stream"), counts("{0} streams")];
    pub const CONSUMERS: Plural = [counts("{0} consumer"), counts("{0} consumers")];
    pub const DELIVERIES: Plural = [counts("{0} delivery"), counts("{0} deliveries")];
}

/// What is due, and the marks on the line of time.
pub mod clock {
    use super::*;

    /// Messages, and what they take up.
    pub const WITH_SIZE: Template<2> = of("{0} ({1})");
    pub const WITH_IN_FLIGHT: Template<2> = of("{0} with {1} in flight");
    pub const REMOVES: Template<1> = of("This removes {0}. Undo brings it back.");
    pub const LINK: Template<1> = of("a link from {0}");
    pub const PINGED: Template<1> = of("client {0} is asked whether it is there");
    pub const PUBLISHES: Template<1> = of("{0} publishes");
    pub const WORKER_DONE: Template<1> = of("{0} is done with a message");
    pub const ASKS: Template<1> = of("{0} asks");
    pub const BACKUP_WAITS_NO_LONGER: Template<1> = of("Backup of {0} waits no longer for the client");
    pub const RESTORE_WAITS_NO_LONGER: Template<1> = of("Restore of {0} waits no longer for the client");
    pub const TTL_ENDS: Template<2> = of("TTL of {0} in {1} ends");
    pub const REACHES_MAX_AGE: Template<2> = of("{0} reaches max age of {1}");
    pub const ID_LEAVES_DUPLICATE_WINDOW: Template<1> = of("Id {0} leaves the duplicate window");
    pub const ATOMIC_BATCH_GIVEN_UP: Template<1> = of("An atomic batch to {0} is given up");
    pub const FAST_BATCH_FORGOTTEN: Template<1> = of("A fast batch to {0} is forgotten");
    pub const SCHEDULE_FIRES: Template<2> = of("Schedule {0} in {1} fires");
    pub const ASKS_MESSAGES: Template<2> = of("{0} asks for the messages of {1}");
    pub const WAITS_NO_LONGER_ANSWER: Template<2> = of("{0} waits no longer for an answer of {1}");
    pub const MISSES_HEARTBEATS: Template<2> = of("{0} misses the heartbeats of {1}");
    pub const DELAY_ENDS: Template<1> = of("Delay of {0} ends");
    pub const ACKWAIT_ENDS: Template<1> = of("AckWait of {0} ends");
    pub const PULL_REQUEST_EXPIRES: Template<1> = of("A pull request on {0} expires");
    pub const PAUSE_ENDS: Template<1> = of("Pause of {0} ends");
    pub const DELIVERS: Template<1> = of("{0} delivers");
    pub const HEARTBEAT_OF: Template<1> = of("Heartbeat of {0}");
    pub const PIN_ENDS: Template<1> = of("Pin of {0} ends");
    pub const LOOKED_DELETED_IF_UNUSED: Template<1> = of("{0} is looked at: deleted if unused");
    pub const LOOKS_THROUGH_PENDING: Template<1> = of("{0} looks through its pending messages");
    pub const TTL_ENDS_SHORT: &str = "TTL ends";
    pub const MAX_AGE: &str = "max age";
    pub const DEDUP_ID_EXPIRES: &str = "dedup id expires";
    pub const BATCH_GIVEN_UP: &str = "batch given up";
    pub const SCHEDULE: &str = "schedule";
    pub const ASKS_ORIGIN: &str = "asks origin";
    pub const NO_ANSWER: &str = "no answer";
    pub const ORIGIN_SILENT: &str = "origin silent";
    pub const DELAY: Template<1> = of("delay #{0}");
    pub const ACKWAIT: Template<1> = of("AckWait #{0}");
    pub const PULL_EXPIRES: &str = "pull expires";
    pub const PAUSE_ENDS_SHORT: &str = "pause ends";
    pub const UNUSED: &str = "unused";
    pub const HEARTBEAT: &str = "heartbeat";
    pub const DELIVERY: &str = "delivery";
    pub const STORED: &str = "stored";
    pub const DELIVERED: &str = "delivered";
    pub const ACKED: &str = "acked";
    pub const REDELIVERED_REDELIVERED: &str = "to be redelivered, or redelivered";
    pub const REMOVED_GIVEN_UP: &str = "removed or given up";
}

/// The log: what happened, and why.
pub mod log {
    use super::*;

    pub const KEEPS_SLOT: Template<1> = of("in {0}, and keeps its slot");
    pub const STREAM_CREATED: Template<1> = of("Stream {0} created.");
    pub const STREAM_UPDATED: Template<1> = of("Stream {0} updated");
    /// A field that an update changed, what it was and what it is.
    pub const CHANGE: Template<3> = of("; {0}: {1} → {2}");
    pub const SEALED: Template<0> = of("; sealed: no publish, delete, purge or expiry");
    pub const STREAM_DELETED_MESSAGES_CONSUMERS: Template<1> =
        of("Stream {0} deleted, with its messages and consumers.");
    pub const STORED_IN_ON: Template<4> = of("Stored {0} in {1} on {2}, {3}.");
    pub const NOT_KEPT: Template<3> = of("{0} took {1} in {2} and was not kept: no consumer wants it.");
    pub const DUPLICATE: Template<2> = of("Id {0} repeats {1} within the duplicate window: not stored again.");
    pub const PUBLISH_REFUSED: Template<3> = of("Publish on {0} refused: {1} ({2}).");
    pub const REFUSED: Template<3> = of("{0} refused: {1} ({2}).");
    pub const NOBODY_LISTENS_ANSWERED_503: Template<1> = of("Nobody listens on {0}: answered 503 no responders.");
    pub const ID_LEFT_DUPLICATE_WINDOW: Template<1> = of("Id {0} left the duplicate window: it would be stored again.");
    pub const CONNECTED: Template<1> = of("{0} is connected.");
    pub const GONE_WHAT_HELD_STAYS: Template<1> =
        of("{0} is gone; what it held stays in flight until its AckWait ends.");
    pub const A_CLIENT: &str = "A client";
    pub const READ_TOO_SLOWLY_DISCONNECTED: Template<1> = of("{0} read too slowly and was disconnected.");
    pub const IN_CIRCLES: Template<1> = of(
        "Messages led to each other {0} times at one instant, so the last was dropped. Do consumers deliver into each other's streams?",
    );
    pub const MESSAGE_WAITS_REST_BATCH: Template<2> = of("A message on {0} waits for the rest of batch {1}.");
    pub const BATCH_ENDED: Template<2> = of("Batch {0} ended with {1}.");
    pub const NOTHING_ADDED_TOO_LONG: &str = "nothing was added to it for too long";
    pub const TOO_MANY_MESSAGES: &str = "it has too many messages";
    pub const MESSAGE_MISSING: &str = "a message is missing";
    pub const NEEDS_NEWER_SERVER: &str = "it needs a newer server";
    pub const BATCH_GIVEN_UP: Template<2> = of("Batch {0} was given up: {1}.");
    pub const CONSUMER_CREATED: Template<2> = of("Consumer {0} on {1} created.");
    pub const CONSUMER_UPDATED: Template<1> = of("Consumer {0} updated");
    pub const ACK_OF_FOR: Template<2> = of("Ack of {0} for {1}.");
    pub const TERM_SETTLED_WITHOUT_SUCCESS: Template<2> =
        of("Term of {0} for {1}: settled without success, never delivered again.");
    pub const SETTLED_ACK_LATER_ONE: Template<2> = of("{0} settled for {1} by the ack of a later one.");
    pub const AT_ONCE: &str = "at once, as a nak waits for no backoff";
    pub const NAK_GOES_OUT_AGAIN: Template<3> = of("Nak of {0} for {1}: it is due again {2}.");
    pub const WORK_GOES_ACKWAIT_STARTS: Template<2> = of("Work on {0} goes on: its AckWait starts over, until {1}.");
    pub const ACK_TO_NOBODY: Template<2> =
        of("The answer to #{0} for {1} reached nobody, and nobody says so: that consumer is gone, or takes no acks.");
    pub const ACK_LOST: Template<2> = of("The answer to #{0} was lost on its way: {1} still waits for it.");
    pub const ACK_CHANGED_NOTHING_SETTLED: Template<2> =
        of("An ack of {0} for {1} changed nothing: it was settled, or removed, before.");
    pub const DELAY_ENDED: Template<2> = of("Delay of {0} ended; {1}.");
    pub const UNACKED: Template<2> = of("AckWait of {0} ended without an ack; {1}.");
    pub const OUT_WITH_PULL: &str = "it goes out again on the next pull";
    pub const OUT_AGAIN: &str = "it goes out again";
    pub const GIVEN_UP_NEXT: &str = "that was its last delivery: it is given up where it would go out again";
    pub const GAVE_UP: Template<3> =
        of("{0} gave up on {1} after {2}: it stays in the stream, and an advisory went out.");
    pub const PULL_ENDED: Template<2> = of("The pull request of {0} ended: {1}.");
    pub const TRAY_FULL_NOTHING_NEW: Template<1> =
        of("{0} has its tray full: nothing new goes out until one is acked.");
    pub const PAUSED: Template<2> = of("{0} paused until {1}.");
    pub const GOES_ON: Template<1> = of("{0} goes on.");
    pub const GETS_MESSAGES_FROM_NOW: Template<2> = of("{0} gets the messages of {1} from now on.");
    pub const ORIGIN_FAILED: Template<3> = of("{0} asked {1} for its messages: {2}.");
    pub const HEARD_NOTHING_TEN_SECONDS: Template<2> = of("{0} heard nothing of {1} for ten seconds and more.");
    pub const PINNED_CLIENT: Template<1> = of("{0} pinned a client.");
    pub const FIRED: Template<3> = of("Schedule {0} fired: a message for {1}, the next one at {2}.");
    pub const FIRED_LAST: Template<2> = of("Schedule {0} fired: a message for {1}, and that was all.");
    pub const CONSUMER_DELETED: Template<1> = of("Consumer {0} deleted.");
    pub const CONSUMER_UNUSED: Template<1> = of("Consumer {0} deleted: nobody used it for its inactive threshold.");
    pub const CONSUMER_GONE_WITH_STREAM: Template<1> = of("Consumer {0} deleted with its stream.");
    pub const DELIVERED: Template<3> = of("{0} delivered {1} to {2}.");
    pub const DELIVERED_UNTIL: Template<4> = of("{0} delivered {1} to {2}; AckWait runs until {3}.");
    /// The fourth place is an ordinal number.
    pub const DELIVERED_AGAIN: Template<4> = of("{0} delivered {1} to {2} for the {3} time.");
    pub const DELIVERED_AGAIN_UNTIL: Template<5> =
        of("{0} delivered {1} to {2} for the {3} time; AckWait runs until {4}.");
    pub const PULL: Template<3> = of("{0} asks {1} for {2}.");
    pub const PULL_WITHOUT_WAIT: Template<3> = of("{0} asks {1} for {2}, taking what is there.");
    pub const PULL_FOR_UP_TO: Template<4> = of("{0} asks {1} for {2}, for up to {3}.");
    pub const UNPINNED: Template<1> = of("{0} let its pinned client go.");
    pub const UNPINNED_AS_SILENT: Template<1> = of("{0} let its pinned client go: it was silent.");
    pub const REMOVED: Template<3> = of("{0} left {1}: {2}.");
    pub const SOME_CLIENT: &str = "a client";
    pub const KIND_STORED: &str = "stored";
    pub const KIND_DELIVERED: &str = "delivered";
    pub const KIND_ACKED: &str = "acked";
    pub const KIND_REDELIVERY: &str = "redelivery";
    pub const KIND_REMOVED: &str = "removed";
    pub const KIND_REFUSED: &str = "refused";
    pub const KIND_CHANGED: &str = "changed";
}

/// “Why?”: the answers.
pub mod why {
    use super::*;

    /// Behind what the server said.
    pub const RULE: Template<1> = of("{0}");
    pub const BESIDES: Template<1> = of("Besides, {0}.");
    /// Between what is told besides.
    pub const AND: &str = ", and ";
    pub const TO_DELIVER: Plural = [counts("{0} message to deliver."), counts("{0} messages to deliver.")];
    pub const WAIT: Plural = [counts("{0} message waits"), counts("{0} messages wait")];
    pub const SLOTS_HELD: Plural = [counts("{0} slot is held"), counts("{0} slots are held")];
    pub const NOBODY_ASKS: Template<0> = of("A pull consumer delivers only when a worker asks, and none does.");
    pub const DUE_WITHOUT_PULL: Template<0> = of("They are due again and no worker has an open pull request.");
    /// The rules behind the errors: code | words of the description | confusions | rule. Only the last is a text.
    pub const RULES: &str = r#"10012|deliver policy|9|Where a consumer begins is decided once, when it is made; make another consumer to begin elsewhere.
10012|start|9|Where a consumer begins is decided once, when it is made; RESET puts it back within its deliver policy.
10012|push||Push and pull are two kinds of consumers, and one does not become the other.
10012|||This setting is decided once, when the consumer is made.
10013|||No two consumers may deliver to one subject, and no two may have one name.
10014||10 29|The stream has no consumer of this name; it was never made, deleted, or went unused.
10025|||The body has to be JSON of the shape that the request asks for.
10026|||The stream, or the account, allows no further consumer.
10034||41|A mirror stores what its origin stores and nothing else, so it has no subjects of its own.
10037||30|No stored message is what was asked for.
10043||30|There is no message of this sequence; it may have been removed before.
10052|discard new|28|A limit per subject refuses new messages only where discard policy new is set for the stream as well.
10052|no-ack|31|These subjects include requests to the API, whose answers a PubAck would get ahead of, so the stream must not ack.
10052|duplicates window|32|The duplicate window may not be longer than max age: messages would be forgotten before their ids.
10052|||A stream's settings have to fit together.
10054|||The stream takes messages of up to max_msg_size, and this one is larger.
10056|||The subject and the body name the stream, and have to name the same.
10057|||The stream does not allow to delete this message.
10058|||A stream of this name exists with other settings; an update changes it, a creation does not.
10059|||The account has no stream of this name.
10060||35|The publisher named another stream by Nats-Expected-Stream than the one that has the subject.
10065||34|A subject belongs to one stream at most, so that a message is stored once, and another stream has one of these.
10069|retention|26|Messages that one retention would have removed may still be there, so retention changes only between limits and interest.
10069|||This setting is decided once, when the stream is made.
10070||35|The last message has another id than the publisher expected, so somebody else was first.
10071||35|The publisher expected another last sequence; it is a sequence of the stream, not a count, and stands at the end of the error.
10077|per subject|28|The subject has as many messages as it may, and with discard policy new the next one is refused.
10077||27 28|The stream is at its limit, and with discard policy new it refuses the next message rather than remove the oldest.
10080||20|A push consumer is never asked, so it has no line of pull requests.
10081||20|What is delivered to a subject of the stream would be stored in it again, without end.
10082||39|Without acks nothing is ever pending, so nothing can be limited.
10084||26 38|In a work queue an ack removes the message, so each has to be acked on its own.
10086||20|A pull consumer sends only what was asked for, so its pace is the client's.
10088||20|A pull consumer sends heartbeats only to pull requests that ask for them.
10089||20|Flow control asks whoever listens to confirm, and nobody listens to a pull consumer.
10094||8|Deliver policy and start have to fit: a start sequence or time goes with its own policy only.
10098||26 38|In a work queue an ack removes the message, so each has to be acked on its own.
10099||26|In a work queue each message has one consumer, so a second consumer needs filters, and so does the first.
10100||26|In a work queue each message has one consumer, and another consumer already reads some of these subjects.
10101||26|In a work queue every message has to be worked on, so a consumer begins with the first.
10108||20|With flow control a lost answer would stall for ever, and heartbeats bring it up again.
10109|||A sealed stream does not change any more, in either direction.
10110|||Messages cannot be purged here.
10116||15|Each step of a backoff belongs to a delivery, so it may not have more steps than max_deliver allows deliveries.
10121||1|The stream or the server allows fewer deliveries without an ack.
10131||7|The subject of the request ends with the filter, and the body has another one.
10136||7|One filter stands in filter_subject, several in filter_subjects, and never in both.
10138||7|Two filters of one consumer may not match the same subject, or it would count messages twice.
10139||7|An empty filter matches nothing.
10148||37|A consumer of this name exists with other settings; an update changes it, a creation does not.
10149||37|An update changes a consumer that exists, and there is none of this name.
10158||33|A publish with the same id is still under way.
10164||35|The publisher expected another last sequence of the subject; the number to use is a sequence of the stream.
10165||43|A Nats-TTL is a duration of at least a second, or never.
10166||43|The stream has to allow TTLs of messages, by allow_msg_ttl.
10168|||The stream has to allow counters, by allow_msg_counter.
10169|||Each message to a stream of counters adds to one, so it needs a Nats-Incr header.
10178||20|Priority groups say who of those that ask is served, and nobody asks a push consumer.
10188|||The stream has to allow schedules, by allow_msg_schedules.
10204||8|A consumer goes back only to where its deliver policy lets it begin.
"#;
    pub const WAITS_PULL: Template<1> = of("#{0} waits for a pull.");
    pub const REDELIVER_WAIT_PULL: Template<1> = of("{0} to redeliver wait for a pull.");
    pub const THERE_NO_SUCH_CONSUMER: &str = "there is no such consumer";
    pub const FILTER_MATCHES_NO_SUBJECT: &str = "the filter matches no subject of the stream";
    pub const WORKER_NOT_CONNECTED: &str = "the worker is not connected";
    pub const WORKER_KNOWS_OLDER_CONFIGURATION: &str = "the worker knows an older configuration";
    pub const MESSAGE_HELD_BACK_KEEP: &str = "a message is held back to keep the pace";
    pub const CONSUMER_PAUSED: &str = "the consumer is paused";
    pub const NOBODY_LISTENS_DELIVER_SUBJECT: &str = "nobody listens on the deliver subject";
    pub const FLOW_CONTROL_WAITS_ANSWER: &str = "flow control waits for an answer";
    pub const NOTHING_STORED_STILL_DELIVER: &str = "nothing is stored that it has still to deliver";
    pub const TRAY_FULL: &str = "the tray is full";
    pub const ANOTHER_CLIENT_PINNED: &str = "another client is pinned";
    pub const NO_PULL_REQUEST_WAITS: &str = "no pull request waits that could be served";
    pub const NOTHING_WAKES: &str = "nothing wakes it";
    pub const DELIVERS_WHAT_VERY_MOMENT: Template<1> = of("{0} delivers what it has at this very moment.");
    pub const NOTHING_STANDS_WAY: &str = "Nothing stands in its way.";
    pub const DELIVERS_NOTHING_UNTIL_PULL: Template<2> =
        of("{0} delivers nothing until {1}; pull requests wait, and those that expire get 408.");
    pub const PAUSED: &str = "Paused.";
    pub const NOBODY_LISTENS_DELIVER_SUBJECT_PUSH: Template<1> =
        of("Nobody listens on the deliver subject. A push consumer delivers while somebody listens on {0}.");
    pub const THEIR_WAY_WHERE_MAY: Template<2> =
        of("{0} are on their way where {1} may be; the next message goes out when the client confirms.");
    pub const FLOW_CONTROL_WAITS_FOR_AN: &str = "Flow control waits for an answer.";
    pub const WHAT_WOULD_DELIVER_THERE: Template<1> = of(
        "What {0} would deliver is there, and so is who wants it, but nothing has woken it since: the next message, pull request, ack or heartbeat does.",
    );
    pub const NOT_WOKEN: &str = "Not woken.";
    pub const NOBODY_ASKS_MESSAGES_AFTER: Template<3> =
        of("Nobody asks {0} for messages, and after {1} of that it is deleted, at {2}.");
    pub const NOBODY_LISTENS_AFTER_DELETED: Template<3> =
        of("Nobody listens to {0}, and after {1} of that it is deleted, at {2}.");
    pub const UNUSED: &str = "Unused.";
    pub const GOES_OUT_WHEN_RATE: Template<2> = of("{0} goes out at {1}, when the rate limit has room for it.");
    pub const LARGER_THAN_RATE: Template<1> =
        of("{0} never goes out: it is larger than the rate limit ever lets through.");
    pub const RATE_LIMITED: &str = "Rate limited.";
    pub const GOES_OUT_REPLAY_ORIGINAL: Template<2> =
        of("{0} goes out at {1}, as replay original keeps the pace at which messages were stored.");
    pub const KEEPS_PACE: &str = "Keeps the pace.";
    pub const MATCHES_NO_SUBJECT_STORES: Template<2> = of("{0} matches no subject that {1} stores, now or later.");
    pub const FILTER_MATCHES_NOTHING: &str = "The filter matches nothing.";
    pub const NO_MESSAGE_NONE_DELIVER: Template<2> = of("{0} has no message, so {1} has none to deliver.");
    pub const NOTHING_STORED: &str = "Nothing is stored.";
    pub const BEGINS_LAST_MESSAGE_STORED: Template<3> = of("{0} begins at {1}, and the last message stored is {2}.");
    pub const STARTS_LATER: &str = "It starts later.";
    pub const MATCHES_NONE_MESSAGES_STORED: Template<1> = of("{0} matches none of the messages stored.");
    pub const DELIVER_POLICY_BEGINS_BEHIND: Template<4> =
        of("Deliver policy {0}: {1} begins at {2}, behind {3} that it matches.");
    pub const EVERYTHING_UP_MATCHES_DELIVERED: Template<2> =
        of("Everything up to {0} that {1} matches was delivered, and nothing waits for an ack.");
    pub const CAUGHT_UP: &str = "Caught up.";
    pub const EVERYTHING_UP_MATCHES_DELIVERED_ACK: Template<3> =
        of("Everything up to {0} that {1} matches was delivered; {2} for an ack, and come again without one.");
    pub const MAXACKPENDING_NAKS_WAIT_OUT: Template<2> =
        of("MaxAckPending {0}: {1} by naks that wait out their delay, which keep their slots meanwhile.");
    pub const THE_TRAY_IS_FULL: &str = "The tray is full.";
    pub const MAXACKPENDING_NOTHING_NEW_GOES: Template<1> =
        of("MaxAckPending {0}: nothing new goes out until the client answers flow control.");
    pub const MAXACKPENDING_NOTHING_NEW_GOES_OUT: Template<2> =
        of("MaxAckPending {0}: nothing new goes out until one is acked, or given up; the next AckWait ends at {1}.");
    pub const MAXACKPENDING_NOTHING_NEW_GOES_OUT_UNTIL: Template<1> =
        of("MaxAckPending {0}: nothing new goes out until one is acked.");
    pub const ANOTHER_CLIENT: &str = "Another client";
    pub const ALONE_GETS_MESSAGES_UNTIL: Template<2> =
        of("{0} alone gets messages until it is silent for too long, at {1}; the pull requests of others wait.");
    pub const PINNED_ONE_CLIENT: &str = "Pinned to one client.";
    pub const PULL_REQUEST_WAITS_UNTIL: Template<2> =
        of("The pull request waits until more is pending: {0} of {1} now.");
    pub const BELOW_THRESHOLD: &str = "Below its threshold.";
    pub const DELAY: &str = "delay";
    pub const ACK_WAIT: &str = "AckWait";
    pub const ENDED_NO_OPEN: Template<3> = of("Its {0} ended at {1} and {2} has no open pull request.");
    pub const ENDED_NO_WORKER: Template<2> = of("Its {0} ended at {1} and no worker has an open pull request.");
    pub const THEY_DUE_AGAIN_NO: Template<1> = of("They are due again and {0} has no open pull request.");
    pub const DELIVERS_NOW: Template<1> = of("delivers to {0} now");
    pub const STREAM_GONE: &str = "Its stream is gone.";
    pub const THERE_NO_STREAM: Template<1> = of("There is no stream {0}.");
    pub const MAKE_STREAM: &str = "Make a stream";
    pub const MAKE_CONSUMER: &str = "Make a consumer";
    pub const CONSUMER_GONE: &str = "Its consumer is gone.";
    pub const NO_CONSUMER: &str = "Its consumer does not exist.";
    pub const THERE_NO_CONSUMER: Template<2> = of("There is no {0} on {1}; whoever asks it gets 503.");
    pub const SINCE_NOBODY_USED_INACTIVE: &str = "since nobody used it for its inactive threshold";
    pub const BY_A_REQUEST: &str = "by a request";
    pub const WITH_ITS_STREAM: &str = "with its stream";
    pub const DELETED_WHOEVER_ASKS_GETS: Template<3> =
        of("{0} was deleted at {1}, {2}; whoever asks it gets 503, and acks for it do nothing.");
    pub const NO_CONNECTION_WHAT_HELD: Template<1> = of(
        "{0} has no connection. What it held stays in flight until its AckWait ends, and its pull requests are passed over.",
    );
    pub const NOT_CONNECTED: &str = "Not connected.";
    pub const PINS_NOBODY_NOW: &str = "pins nobody now";
    pub const ASKED_PULL_REQUESTS_NOW: &str = "is to be asked by pull requests now";
    pub const WANTS_PULL_REQUESTS_NAME: &str = "wants pull requests to name a priority group now";
    pub const READ_CONFIGURATION_WHEN_CONNECTED: Template<3> =
        of("{0} read the configuration when it connected, and {1} {2}.");
    pub const OUT_DATE: &str = "Out of date.";
    pub const PULL_CONSUMER_DELIVERS_ONLY: Template<1> =
        of("A pull consumer delivers only when it is asked, and {0} has not asked yet.");
    pub const NEVER_ASKED: &str = "Never asked.";
    pub const LAST_PULL_REQUEST_ENDED: Template<3> =
        of("The last pull request of {0} was for {1} and ended with {2}; it takes another one.");
    pub const PULL_USED_UP: &str = "The pull is used up.";
    pub const THE_LAST_PULL_REQUEST_OF: Template<3> = of("The last pull request of {0} ended with {1}: {2}.");
    pub const EXPIRY_CAME_BEFORE_HAD: &str = "its expiry came before it had its batch";
    pub const OTHERS_LINE_HAD_ASKED: &str = "others in line had asked for all there was, and it did not wait";
    pub const NOTHING_THERE_DELIVER_DID: &str = "nothing was there to deliver, and it did not wait";
    pub const MANY_PULL_REQUESTS_MAY: &str = "as many pull requests as may wait were in line";
    pub const ASKED_MORE_THAN_ONE: &str = "it asked for more than one request may";
    pub const WANTED_WAIT_LONGER_THAN: &str = "it wanted to wait longer than one request may";
    pub const NEXT_MESSAGE_LARGER_THAN: &str = "the next message is larger than it would take";
    pub const CONSUMER_DELETED: &str = "the consumer was deleted";
    pub const PUSH_CONSUMER_NOT_ASKED: &str = "a push consumer is not asked, it delivers by itself";
    pub const NAMED_PIN_NO_LONGER: &str = "it named a pin that is no longer one";
    pub const THERE_WAS_NO_SUCH_CONSUMER: &str = "there was no such consumer";
    pub const CONNECTION_TOOK_ALONG: &str = "the connection took it along";
    pub const SERVER_COULD_NOT_READ: &str = "the server could not read it so";
    pub const PULL_EXPIRED: &str = "The pull expired.";
    pub const PULL_FOUND_NOTHING: &str = "The pull found nothing.";
    pub const PULL_REFUSED: &str = "The pull was refused.";
    pub const REFUSED: Template<2> = of("Refused: {0} ({1}).");
    pub const EDIT: Template<1> = of("Edit {0}");
    pub const SERVERS_OWN_WORDS_NAME: &str = "The server's own words name the rule; the request changed nothing.";
    pub const MAKE_STREAM_FOR_IT: Template<1> = of("Make stream {0} for it");
    pub const PUBLISH_WITH: Template<1> = of("Publish with {0}");
    pub const NO_STREAM_NO_SUBSCRIBER: Template<1> =
        of("No stream has {0}, and no subscriber listens on it, so the server answers at once that nobody is there.");
    pub const NO_RESPONDERS: &str = "No responders.";
    pub const STORED_BEFORE_WITHIN_DUPLICATE: Template<3> = of(
        "{0} was stored as {1} before and is within the duplicate window, so {2} stores nothing and acks as if it had.",
    );
    pub const A_DUPLICATE: &str = "A duplicate.";
    pub const SKIP_END_WINDOW: &str = "Skip to the end of its window";
}

/// The numbers of an answer, as they are called on the cards.
pub mod counter {
    pub const NUM_PENDING: &str = "num pending";
    pub const ACK_PENDING: &str = "ack pending";
    pub const MAX_ACK_PENDING: &str = "max ack pending";
    pub const DUE_AGAIN: &str = "due again";
    pub const WAITING: &str = "waiting";
    pub const MAX_WAITING: &str = "max waiting";
    pub const ACKS_MISSING: &str = "acks missing";
    pub const GOES_AT: &str = "goes at";
    pub const GOES_AFTER: &str = "goes after";
    pub const DELIVERED: &str = "delivered";
    pub const MAX_DELIVER: &str = "max deliver";
    pub const FIELD: &str = "field";
}

/// “Why?”: the buttons that mend.
pub mod mend {
    use super::*;

    /// What is done first, and what then.
    pub const THEN: Template<2> = of("{0}, then {1}");
    pub const EDIT: Template<1> = of("Edit {0}");
    pub const START_AGAIN: Template<1> = of("Start {0} again");
    pub const SKIP_TO: Template<1> = of("Skip to {0}");
    pub const CONNECT_ANEW: Template<1> = of("Connect {0} anew");
    pub const WORKER: Template<1> = of("worker {0}");
    pub const ACK: Template<1> = of("Ack #{0}");
    pub const RAISE_MAX_ACK_PENDING: Template<1> = of("Raise max ack pending to {0}");
    pub const LET_FETCH_1: Template<1> = of("Let {0} fetch 1");
    pub const LET_TAKE_ANY_MESSAGE: Template<1> = of("Let {0} take any message");
    pub const LET_PUBLISH: Template<2> = of("Let {0} publish {1}");
    pub const PUBLISH_ON: Template<2> = of("Publish {0} on {1}");
    pub const RESUME: &str = "Resume";
    pub const WAKE_IT: &str = "Wake it";
    pub const ADD_WORKER: &str = "Add a worker";
    pub const MEND_LINK: Template<1> = of("Mend the link to {0}");
    pub const CONFIRM_PLACE: &str = "Confirm in its place";
    pub const UNPIN_PINNED_CLIENT: &str = "Unpin the pinned client";
}

/// “Why?” of a message.
pub mod why_message {
    use super::*;

    pub const NOT_FOR: Template<1> = of("Not for {0}.");
    pub const COME_BEFORE: Plural = [counts("{0} comes before it"), counts("{0} come before it")];
    pub const GOES_AFTER: Template<2> = of("It goes by {0} when {1}, acked or not.");
    pub const MAX_MSGS: &str = "max msgs";
    pub const MORE_STORED: Plural = [counts("one more is stored"), counts("{0} more are stored")];
    pub const MAX_MSGS_PER_SUBJECT: &str = "max msgs per subject";
    pub const MORE_STORED_OF_SUBJECT: Plural =
        [counts("one more is stored of its subject"), counts("{0} more are stored of its subject")];
    pub const STAYS: Template<1> = of("#{0} stays.");
    pub const STILL_HERE: Template<1> = of("#{0} is still here.");
    pub const NOBODY_WANTS: Template<1> = of("Nobody wants #{0}.");
    pub const NOBODY_NEEDS: Template<1> = of("Nobody needs #{0}.");
    pub const AND_MORE: Template<1> = of(" and {0} more");
    pub const ACK_MISSING: Template<1> = of("The ack for #{0} is missing.");
    pub const SKIP_TO: Template<1> = of("Skip to {0}");
    pub const ACK_FOR: Template<2> = of("Ack #{0} for {1}");
    pub const DELETE: Template<1> = of("Delete #{0}");
    pub const NOT_THERE_YET: Template<1> = of("#{0} is not there yet.");
    pub const IS_GONE: Template<1> = of("#{0} is gone.");
    pub const WHOEVER_LISTENS: Template<1> = of("whoever listens on {0}");
    pub const ACKS_MOVE_BOOKMARK_REMOVE: Template<1> =
        of("Acks move a bookmark and remove nothing under limits retention, and no limit of {0} reaches it.");
    pub const ACKS_MOVE_BOOKMARK_REMOVE_NOTHING: Template<1> =
        of("Acks move a bookmark and remove nothing under limits retention of {0}; a limit does.");
    pub const NO_CONSUMER_READS_WORK: Template<2> =
        of("No consumer of {0} reads {1}, and a work queue keeps it until one does and acks it.");
    pub const NO_CONSUMER_ACK_ANY: Template<1> = of(
        "No consumer of {0} has to ack it any more; it was stored when one had, and only a limit, a purge or a delete removes it now.",
    );
    pub const WORK_QUEUE: &str = "work queue";
    pub const REMOVES_WHAT_ACKED_GAVE: Template<4> =
        of("{0} ({1}) removes what is acked, and {2}{3} gave up on it after max_deliver, which is no ack.");
    pub const KEEPS_UNTIL_ACKED: Template<4> = of("{0} ({1}) keeps it until it is acked by {2}{3}.");
    pub const MAX_AGE: &str = "max age";
    pub const ITS_TTL: &str = "its TTL";
    pub const GOES_ACKED_NOT: Template<2> = of("It goes by {0} at {1}, acked or not.");
    pub const LAST_SEQUENCE_GAVE_OUT: Template<2> = of("The last sequence that {0} gave out is {1}.");
    pub const LEFT_LONG_AGO_BEFORE: Template<1> =
        of("It left {0} so long ago, or before it was ever stored here, that the cause is not remembered.");
    pub const IT_LEFT_AT: Template<3> = of("It left {0} at {1}: {2}.");
    pub const IT_LEFT: Template<2> = of("It left {0}: {1}.");
    pub const UNDER_INTEREST_RETENTION_GOES: &str =
        "under interest retention it goes with the last ack that was missing";
    pub const TERM_SETTLED_IT: &str = "a Term settled it, which removes it as an ack does";
    pub const WORK_QUEUE_ACK_REMOVES: &str = "in a work queue an ack removes it";
    pub const UNDER_INTEREST_RETENTION_NOTHING: &str =
        "under interest retention nothing is kept that no consumer wants";
    pub const OLDEST_BEYOND_MAX_MSGS: &str = "it was the oldest beyond max msgs, acked or not";
    pub const OLDEST_BEYOND_MAX_BYTES: &str = "it was the oldest beyond max bytes, acked or not";
    pub const OLDEST_SUBJECT_BEYOND_MAX: &str = "it was the oldest of its subject beyond max msgs per subject";
    pub const OLDER_THAN_MAX_AGE: &str = "it was older than max age, acked or not";
    pub const OWN_TTL_ENDED: &str = "its own TTL ended";
    pub const DELETED_REQUEST: &str = "it was deleted by a request";
    pub const PURGE_REMOVED: &str = "a purge removed it";
    pub const MESSAGE_NATS_ROLLUP_HEADER: &str = "a message with a Nats-Rollup header replaced it";
    pub const SCHEDULE_DONE: &str = "its schedule is done";
    pub const READS_WHICH_DOES_NOT: Template<3> = of("{0} reads {1}, which {2} does not match.");
    pub const DUE_AGAIN: &str = "Due again.";
    pub const NOT_DELIVERED_YET: &str = "Not delivered yet.";
    pub const STOPPED_AFTER_MAX_DELIVER: Template<2> =
        of("{0} stopped after {1}: max_deliver is reached, an advisory went out, and it is not delivered again.");
    pub const GIVEN_UP: &str = "Given up.";
    pub const THEN_GIVEN_UP_SINCE: &str = "then it is given up, since max_deliver is reached";
    pub const THEN_GOES_OUT_AGAIN: &str = "then it goes out again to the next pull request";
    pub const THEN_IT_GOES_OUT_AGAIN: &str = "then it goes out again";
    pub const NOBODY_WHO_LEFT: &str = "nobody who is left";
    pub const DELIVERED_ACKWAIT_RUNS_UNTIL: Template<4> =
        of("{0} delivered it; {1} has it, and its AckWait runs until {2}: {3}.");
    pub const IN_FLIGHT: &str = "In flight.";
    pub const NAK_HOLDS_BACK_UNTIL: Template<3> = of("A nak to {0} holds it back until {1} and keeps its slot: {2}.");
    pub const HELD_BACK: &str = "Held back.";
    pub const MAY_NOT_DELIVER_ONCE: Template<1> =
        of("{0} may not deliver it once more, and finds that out with the next pull request.");
    pub const ABOUT_GIVEN_UP: &str = "About to be given up.";
    pub const DELIVERED_WAITS_ACK_WITHOUT: Template<1> = of("{0} delivered it and waits for its ack, without an end.");
    pub const IT_IS_NEXT: &str = "it is next";
    pub const DELIVER_GOES: Template<3> = of("{0} has it to deliver: {1} and goes to {2}.");
    pub const HAS_IT_TO_DELIVER: Template<2> = of("{0} has it to deliver: {1}.");
    pub const BUT: Template<1> = of("But {0}.");
    pub const BEGINS_DELIVER_POLICY_NEVER: Template<4> =
        of("{0} begins at {1} by deliver policy {2}, so it never delivers {3}.");
    pub const BEFORE_START: &str = "Before its start.";
    pub const MAKE_ANOTHER_CONSUMER: &str = "Make another consumer";
    pub const PAST_WAITS_NO_ACK: Template<1> = of("{0} is past it and waits for no ack of it.");
    pub const DONE: &str = "Done.";
    pub const WAS_ACKED: &str = "was acked";
    pub const ENDED_TERM: &str = "was ended by +TERM";
    pub const SETTLED_ACK_LATER_ONE: &str = "was settled by the ack of a later one";
    pub const SETTLED_DELIVERY_WITHOUT_ACKS: &str = "was settled by its delivery, without acks";
    pub const NOT_DELIVERED_AGAIN: Template<3> = of("For {0} it {1} at {2}, and it is not delivered again.");
    pub const INTEREST: &str = "interest";
}

/// The fields of the dialogs, what is wrong with them, and what is wrong with files.
pub mod form {
    use super::*;

    pub const SOURCE_NUMBER: Template<1> = of("Source {0}");
    pub const MIRROR: &str = "Mirror";
    /// The fields of a stream, as `view::form::field` reads them: key, kind, whether it can be changed later, default, text. Lines
    /// that are set in are the choices of the field above: value, text. `#` opens a group.
    pub const STREAM: &str = r#"# Basics
name text fixed _ Names the stream in every request; no blanks, dots, wildcards or slashes.
subjects subjects free _ What is published on these is stored, one a line. None is the stream's own name.
retention choice partly limits Why a message leaves, besides limits. Later only between limits and interest.
  limits no other reason
  interest every consumer that wants it has acked
  workqueue its one consumer has acked
storage choice fixed file>memory Where a real server keeps messages; here it is this tab either way.
  memory in memory
  file on disk
description text free _ For people; at most 4096 bytes.
# Limits
max_msgs count free -1 The most messages; -1 is unlimited. Discard says what happens beyond.
max_bytes bytes free -1 The most bytes, subjects and headers counted; -1 is unlimited.
max_age duration free 0s Messages older than this are removed, acked or not; 0s is never, else at least 100ms.
max_msgs_per_subject count free -1 The most messages of each subject; the oldest of it goes first.
max_msg_size bytes free -1 The largest message, headers included; -1 is unlimited.
max_consumers count free -1 The most consumers; those that exist stay.
discard choice free old What gives way when max_msgs or max_bytes is reached.
  old the oldest goes
  new the new one is refused
discard_new_per_subject flag free false Refuses the new one at max_msgs_per_subject as well; needs discard new and that limit.
consumer_limits.max_ack_pending count free _ The most, and the default, for max_ack_pending of the consumers.
consumer_limits.inactive_threshold duration free _ The most, and the default, for inactive_threshold of the consumers.
# Retention
allow_msg_ttl flag on false Lets a Nats-TTL header say when its message expires.
subject_delete_marker_ttl duration free 0s How long a marker stands for the last message of a subject that expired; 0s leaves none. Switches allow_msg_ttl and allow_rollup_hdrs on, deny_purge off.
allow_rollup_hdrs flag free false Lets a message with Nats-Rollup replace what stands before it; not with deny_purge.
deny_delete flag on false Refuses to delete single messages.
deny_purge flag on false Refuses to purge the stream.
sealed flag later false Freezes the stream: no publish, delete, purge or expiry. Switches deny_delete and deny_purge on, allow_rollup_hdrs off, and sets max_age 0s, discard new.
# Publishing
duplicate_window duration free 2m>_ How long a Nats-Msg-Id is remembered from when its message was stored; at most max_age. Left empty: 2m or a shorter max_age, and none with a mirror or sources.
no_ack flag free false Publishes are stored but never answered, neither with a PubAck nor with an error.
allow_msg_counter flag fixed false Makes each subject a counter: a message carries Nats-Incr and is stored with the new total.
allow_atomic flag free false Takes batches of messages that are stored all or none (Nats-Batch-Id).
allow_batched flag free false Takes fast batches, which are answered now and then instead of message by message.
allow_msg_schedules flag on false Takes messages that are published later or again and again (Nats-Schedule). Switches allow_rollup_hdrs on, deny_purge off.
subject_transform.src text free _ Messages on these subjects are stored under another; none is all.
subject_transform.dest text free _ That other subject, such as orders.{{wildcard(1)}}.
republish.src text free _ What is stored on these subjects is published once more; none is all.
republish.dest text free _ Where to, such as live.>.
republish.headers_only flag free false Without the payload, which Nats-Msg-Size measures.
# Access and placement
allow_direct flag free false Answers DIRECT.GET requests for messages.
mirror_direct flag free false Answers them for the stream that it mirrors.
first_seq count free 0 The sequence of the first message; 0 starts at 1. To change it later does nothing.
compression choice free none How a real server packs its files; here it means nothing.
  none not at all
  s2 with S2
persist_mode choice fixed default When a real server writes its files; here it means nothing.
  default before the PubAck
  async later
num_replicas count partly 1 Copies in a cluster; a single server takes no more than 1.
placement.cluster text free _ On which cluster; here it means nothing.
placement.tags subjects free _ On servers with these tags; here it means nothing.
placement.preferred text fixed _ Always refused: it is for requests that move a leader.
metadata map free _ Your own notes, one a line: owner: shop.
pedantic flag request false Refuses what would silently be put right.
"#;
    /// What a mirror and a source consist of.
    pub const SOURCE: &str = r#"name text free _ The stream whose messages come here.
filter_subject text free _ Only those on this subject; none is all.
subject_transforms pairs free _ Instead of a filter: filters and what they become, one a line, as orders.eu.> -> eu.>.
opt_start_seq count free _ Begins at this sequence of that stream.
opt_start_time time free _ Begins with what was stored from this time on.
external.api text free _ The API prefix of another account or domain, such as $JS.hub.API.
external.deliver text free _ The prefix of deliver subjects from there.
consumer.name text free _ A durable of that stream that is to deliver, instead of one made for the purpose.
consumer.deliver_subject text free _ Where that durable delivers.
"#;
    /// The fields of a consumer.
    pub const CONSUMER: &str = r#"# Basics
name text fixed _ Names the consumer within its stream; none lets the server choose.
durable_name flag free false>true Stays without workers. One that is not durable is deleted when unused for inactive_threshold.
filter_subjects subjects free _ Which of the stream's messages it delivers, one filter a line; none is all of them.
description text free _ For people; at most 4096 bytes.
# Where it starts
deliver_policy choice fixed all Which message comes first; decided once, when the consumer is created.
  all from the first
  last from the last
  new only from now on
  by_start_sequence opt_start_seq
  by_start_time opt_start_time
  last_per_subject the last of each subject
opt_start_seq count fixed _ The stream sequence to start at; for by_start_sequence only.
opt_start_time time fixed _ The time to start at; for by_start_time only.
replay_policy choice fixed instant The rhythm of delivery.
  instant as fast as asked for
  original as they were stored
# Acks and redelivery
ack_policy choice fixed none>explicit What an ack settles. A request without it means none; a work queue needs explicit.
  explicit each on its own
  all all before it too
  none delivered is done
  flow_control replies to flow control; sets flow_control and idle_heartbeat 1s, and takes no ack_wait, backoff or max_deliver
ack_wait duration free 30s How long a delivery may go without an ack before it is due again.
backoff durations free _ Waits for the 1st, 2nd, … delivery instead of ack_wait: 1s, 5s, 30s. A nak does not follow it.
max_deliver count free -1 The most deliveries of one message, which then stays in the stream; -1 is unlimited.
max_ack_pending count free 1000 The most deliveries that wait for an ack, over all workers; then nothing new goes out. -1 is unlimited.
sample_freq text free _ How many of a hundred acks are reported on the metrics subject, such as 100%.
# Pull requests
max_waiting count fixed 512 The most pull requests in line; one more is refused with 409.
max_batch count free 0 The most messages that one pull request may ask for; 0 is unlimited.
max_expires duration free 0s The longest expiry that a pull request may ask for; 0s is unlimited.
max_bytes bytes free 0 The most bytes that one pull request may ask for; 0 is unlimited.
# Priority groups
priority_policy choice free none Whom the messages go to, of those that ask for the group.
  none whoever is first in line
  overflow those whose threshold is reached
  pinned_client one, as long as it asks
  prioritized the lowest number first
priority_groups subjects free _ The groups, one a line; the server has use for one.
priority_timeout duration free _ How long a pinned client may be silent: 2m if none is given.
# Push
deliver_subject text partly _ Delivers here without being asked, which makes it a push consumer. Changes only while nobody listens.
deliver_group text partly _ The queue group that shares the deliver subject. A change counts with a new deliver subject.
flow_control flag fixed false Asks the client now and then to confirm, and waits for it; needs heartbeats.
idle_heartbeat duration fixed _ Says that it is alive when nothing was sent for so long; at least 100ms.
rate_limit_bps count free _ The most bits a second; none is unlimited.
# Life and storage
inactive_threshold duration free _ Deleted when unused for this long. None: never for a durable, 5s for others.
pause_until time fixed _ Delivers nothing before this time. Once created: Pause in its menu.
headers_only flag free false Delivers headers and Nats-Msg-Size instead of payloads.
mem_storage flag fixed false Keeps its state in memory on a real server; here it is this tab either way.
num_replicas count partly 0 Copies in a cluster; 0 is as many as the stream has. A single server takes no more than 1.
metadata map free _ Your own notes, one a line: owner: shop.
direct flag fixed false Hides it from lists and counts, as the server's own for mirrors and sources.
sourcing flag fixed false Feeds another stream.
pedantic flag request false Refuses what would silently be put right.
"#;
    /// The fields of a publisher.
    pub const PUBLISHER: &str = r#"# Publisher
name text page _ For the page only.
subject text page _ Where it publishes. {n} counts its messages, {eu|us} picks a word, {1..9} a number.
payload text page _ The body of the message, as text.
msg_id text page _ Nats-Msg-Id, by which the stream knows duplicates; empty sends none.
headers lines page _ Further headers, one a line, such as Nats-TTL: 60s or Nats-Expected-Last-Sequence: 7.
# By itself
every duration page _ Publishes this often; empty publishes by hand only.
count count page _ Stops after so many; empty never stops.
"#;
    /// The fields of a worker.
    pub const WORKER: &str = r#"# Worker
name text page _ For the page only.
# By itself
is_running flag page false Fetches, works and acks without your doing.
batch count page 1 Messages for each pull request; all their rings start at delivery.
expires duration page 30s When its pull request gives up; then it asks again.
work_time duration page 5s From delivery to ack, one message after the other.
fail_percent count page 0 Of a hundred messages, how many it naks instead of acking.
nak_delay duration page _ The delay of such a nak; empty asks for the message back at once.
crash_percent count page 0 Of a hundred messages, over how many it dies without a word.
# Priority
priority count page 0 Its place with a prioritized consumer: 0 first, 9 last.
min_pending count page 0 Of an overflow consumer it takes messages once so many are pending.
"#;
    pub const SUBJECT_LEAST_ONE_TOKEN: &str = "A subject has at least one token and no blanks.";
    pub const ONE_HEADER_LINE_NAME: &str = "One header a line, as Name: value.";
    pub const MIN_PENDING_FLAW: &str = "A whole number of messages.";
    pub const WHOLE_NUMBER_MESSAGES_LEAST: &str = "A whole number of messages, at least 1.";
    pub const WHOLE_NUMBER_FROM_0: &str = "A whole number from 0 to 9.";
    pub const WHOLE_NUMBER_FROM_0_100: &str = "A whole number from 0 to 100.";
    pub const NATS_TTL_30S_NATS: &str = "Nats-TTL: 30s\nNats-Rollup: sub\nNats-Incr: +1\nNats-Schedule: @every 10s\nNats-Schedule-Target: orders.due\nNats-Expected-Last-Sequence: 0\nNats-Expected-Last-Subject-Sequence: 0\nNats-Expected-Last-Msg-Id: 1\nNats-Expected-Stream: ORDERS\nNats-Batch-Id: b1\nNats-Batch-Sequence: 1\nNats-Batch-Commit: 1";
    pub const NAME_REQUIRED: &str = "A name is required.";
    pub const NAME_ONE_TOKEN_SUBJECT: &str = "A name is one token of a subject: no blanks, no dots, no wildcards.";
    pub const NAME_MOST_255_BYTES: &str = "A name has at most 255 bytes.";
    pub const NAME_10056_10058_10128: &str = "name 10056 10058 10128\nsubjects 10034 10065\nmax_consumers 10026\nmax_msg_size 10030 10046\nmax_bytes 10002 10028 10047 10113 10122\nnum_replicas 10074 10133\nfirst_seq 10143\nsubject_transform.dest 10156\nsubject_transform.src 10155\nallow_msg_counter 10173\nallow_msg_schedules 10186 10187\nallow_atomic 10198\nallow_batched 10209\nsources.0.name 10031 10140 10141\nmirror.name 10055 10142\nmirror.consumer.name 10213 10214\nsources.0.consumer.name 10215 10216 10217\nmirror.filter_subject 10150 10151\nsources.0.filter_subject 10144 10145 10146\nmirror.subject_transforms 10152 10153 10154\nsources.0.subject_transforms 10147\nsources.0.external.api 10021\nsources.0.external.deliver 10022 10024";
    pub const NAME_STREAM_NAME_DESCRIPTION: &str = "name stream name\ndescription description\ndiscard_new_per_subject discard new per subject\nduplicate_window duplicates window\nduplicate_window duplicate window\nmax_age max age\nsubject_delete_marker_ttl delete marker\nallow_rollup_hdrs roll-ups\nstorage storage type\nretention retention policy\nsealed unseal\nsealed sealed\ndeny_delete deny message deletes\ndeny_purge deny purge\nnum_replicas replicas\nsubjects requires no-ack\nsubjects overlaps\nmirror.filter_subject for the mirror\nsources.0.filter_subject for the source\nsources.0.external.api external api\nsubjects invalid subject\nallow_msg_counter counter\nallow_msg_ttl TTL status\nallow_msg_schedules schedul\npersist_mode persist mode\nmirror_direct mirror direct\nrepublish.dest republish\nplacement.preferred preferred server\nmetadata metadata\nmirror.name cycle";
    pub const CAN_CHANGED: &str = "can be changed";
    pub const FIXED_ONCE_CREATED: &str = "fixed once created";
    pub const CAN_SWITCHED_NEVER_OFF: &str = "can be switched on, never off";
    pub const CAN_SWITCHED_LATER: &str = "can be switched on later, never off";
    pub const OF_THIS_REQUEST: &str = "for this request only";
    pub const DEFAULT: Template<1> = of("default {0}");
    pub const NONE: &str = "none";
    pub const CAN_CHANGED_WITHIN_BOUNDS: &str = "can be changed within bounds";
    pub const CAN_GIVEN_UP_NOT: &str = "can be given up, not changed";
    pub const NO_PAIR: &str = "Not as a.* -> b.*";
    pub const NO_PAIR_OF_KEY: &str = "Not as key: value.";
    pub const NOT_WHOLE_NUMBER: &str = "Not a whole number.";
    pub const NOT_SIZE_SUCH_4096: &str = "Not a size such as 4096, 64KiB or 1MiB.";
    pub const NOT_DURATION_SUCH_30S: &str = "Not a duration such as 30s, 10m or 1h30m.";
    pub const NOT_TIME: &str = "Not a time such as 2026-01-01T00:01:00Z.";
    pub const SERVER_GAVE_NO_ANSWER: &str = "The server gave no answer.";
    pub const UNKNOWN_ERROR: &str = "unknown error";
    /// What a new publisher and a new worker are called.
    pub const PUBLISHER_NAME: &str = "publisher";
    pub const WORKER_NAME: &str = "worker";
}

/// What is found about subjects and filters.
pub mod subject {
    use super::*;

    pub const THIS_WORD: &str = "this word";
    pub const ANY_ONE_TOKEN: &str = "any one token";
    pub const ONE_MORE_TOKENS: &str = "one or more tokens";
    pub const NOT_ALLOWED_HERE: &str = "not allowed here";
    pub const CAPTURING_EVERY_SUBJECT_REQUIRES: &str = "Capturing every subject requires no_ack.";
    pub const OVERLAPS_SERVERS_OWN_SUBJECTS: &str = "Overlaps with the server's own subjects; that requires no_ack.";
    pub const OVERLAPS_SUBJECT_ABOVE: &str = "Overlaps with the subject above:";
    pub const OVERLAPS_STREAM_WHICH_STORES: Template<1> = of("Overlaps with stream {0}, which stores:");
    pub const WITHOUT_FILTER_WOULD_READ: Template<1> =
        of("Without a filter it would read everything, and in a work queue {0} already reads:");
    pub const ONE_TWO_CONTAINS_OTHER: &str = "One of the two contains the other:";
    pub const WORK_QUEUE_EACH_MESSAGE: Template<1> =
        of("In a work queue each message has one consumer, and {0} already reads:");
    pub const MATCHES_NOTHING_STORES_NOW: Template<1> = of("Matches nothing that {0} stores now.");
    pub const SUBJECT_LEAST_ONE_TOKEN: &str = "A subject has at least one token.";
    pub const SUBJECT_NO_BLANKS: &str = "A subject has no blanks.";
    pub const TOKENS_BETWEEN_DOTS_MUST: &str = "Tokens between dots must not be empty.";
    pub const WILDCARD_STANDS_END_ONLY: &str = "The wildcard > stands at the end only.";
    pub const EQUAL: &str = "equal";
    pub const IS_ANY_ONE_TOKEN: &str = "* is any one token";
    pub const ALL_REST: &str = "> is all the rest";
    pub const DIFFERENT: &str = "different";
    pub const SUBJECT_ENDED: &str = "the subject has ended";
    pub const FILTER_ENDED: &str = "the filter has ended";
    pub const IT_MATCHES: &str = "It matches.";
    pub const DOES_NOT_MATCH: &str = "It does not match:";
    pub const TOKEN_MISSING_SUBJECT_FILTER: Template<3> =
        of("{0} token {1} is missing in the subject, and the filter has {2}.");
    pub const TOKEN_SUBJECT_ONE_MORE: Template<3> =
        of("{0} token {1} of the subject, {2}, is one more than the filter has.");
    pub const TOKEN_NOT: Template<4> = of("{0} token {1} is {2} and not {3}.");
}

/// The streams.
pub mod stream {
    use super::*;

    pub const TIMES: Plural = [counts("{0} time"), counts("{0} times")];
    pub const BEHIND: Plural = [counts("{0} message behind."), counts("{0} messages behind.")];
    /// A header that needs no word before it.
    pub const AS_IT_IS: Template<1> = of("{0}");
    pub const MARKER: Template<1> = of("marker {0}");
    pub const KV: Template<1> = of("KV {0}");
    pub const ROLLUP_OF: Template<1> = of("rollup {0}");
    pub const SCHEDULED_BY: Template<1> = of("by {0}");
    pub const FROM: Template<1> = of("{0} copy");
    pub const TTL_LEFT: Template<1> = of("TTL {0}");
    pub const TTL_NEVER: &str = "TTL never";
    pub const DUPLICATES: Template<1> = of("+{0} dup");
    pub const TTL: &str = "TTL";
    pub const CLIENT_ATTACHED: &str =
        "A client is attached. Its own timers run on wall time, so the clock runs at ×1 until it is gone.";
    pub const STORED: &str = "stored";
    pub const IN_FLIGHT: &str = "in flight";
    pub const NAK_DELAYED: &str = "nak, delayed";
    pub const WAITS_REDELIVERED: &str = "waits to be redelivered";
    pub const WAITS_GIVEN_UP: &str = "waits to be given up";
    pub const GAVE_UP: &str = "gave up";
    pub const ACKED: &str = "acked";
    pub const TERMINATED: &str = "terminated";
    pub const NEVER_THERE: &str = "never here";
    pub const EXPIRED: &str = "expired";
    pub const PURGED: &str = "purged";
    pub const DELETED: &str = "deleted";
    pub const MAX_MSGS: &str = "max msgs";
    pub const MAX_BYTES: &str = "max bytes";
    pub const PER_SUBJECT: &str = "per subject";
    pub const ROLLUP: &str = "rollup";
    pub const NO_INTEREST: &str = "no interest";
    pub const SCHEDULED: &str = "scheduled";
    pub const REMOVED: &str = "removed";
    pub const EVERYTHING: &str = "everything";
    pub const LIMITS: &str = "limits";
    pub const INTEREST: &str = "interest";
    pub const WORK_QUEUE: &str = "work queue";
    pub const MAX_MSGS_OF: Template<1> = of("max msgs {0}");
    pub const MAX_BYTES_OF: Template<1> = of("max bytes {0}");
    pub const MAX_AGE: Template<1> = of("max age {0}");
    pub const MAX_PER_SUBJECT: Template<1> = of("max per subject {0}");
    pub const DEDUP: Template<1> = of("dedup {0}");
    pub const DISCARD_NEW: &str = "discard new";
    pub const NO_ACK: &str = "no ack";
    pub const DENY_DELETE: &str = "deny delete";
    pub const DENY_PURGE: &str = "deny purge";
    pub const SEALED: &str = "sealed";
    pub const SUBJECTS_HEADERS_PAYLOADS_16: &str =
        "Subjects, headers, payloads, and 16 bytes for each message; in files 30, or 34 with headers.";
    pub const SEQUENCE_OLDEST_MESSAGE_STORED: &str = "The sequence of the oldest message that is stored.";
    pub const HIGHEST_SEQUENCE_GIVEN_OUT: &str = "The highest sequence given out so far.";
    pub const HOLES_BETWEEN_FIRST_LAST: &str = "Holes between the first and the last sequence.";
    pub const MESSAGES: &str = "messages";
    pub const MESSAGES_STORED_NOW: &str = "Messages stored now.";
    pub const BYTES: &str = "bytes";
    pub const FIRST_SEQ: &str = "first seq";
    pub const LAST_SEQ: &str = "last seq";
    pub const DELETED_INSIDE: &str = "deleted inside";
    pub const CONSUMERS: &str = "consumers";
    pub const CONSUMERS_STREAM: &str = "Consumers of this stream.";
    pub const MESSAGES_TO_OF: Template<3> = of("messages {0} to {1} of {2}");
    pub const NO_LIMIT: &str = "no limit";
    pub const BY_IN: Template<2> = of("by {0} in {1}");
    pub const BY_MAX_MSGS_OR: Template<1> = of("by max msgs with the next publish, else {0}");
    pub const WHEN_ACKS: Template<1> = of("when {0} acks it");
    pub const MAX_AGE_REMOVES: &str = "max age";
    pub const MAX_MSGS_NEXT_PUBLISH: &str = "by max msgs with the next publish";
    pub const DELIVERED_ACKWAIT_RUNS_UNTIL: Template<3> = of("{0} delivered it {1}; its AckWait runs until {2}.");
    pub const DELIVERED_NAK_HOLDS_BACK: Template<3> = of("{0} delivered it {1}; a nak holds it back until {2}.");
    pub const DELIVERED_DELIVERS_AGAIN_SOON: Template<2> =
        of("{0} delivered it {1} and delivers it again as soon as a worker asks.");
    pub const DELIVERED_WAITS_ACK: Template<2> = of("{0} delivered it {1} and waits for its ack.");
    pub const DELIVERED_LAST: Template<2> =
        of("{0} delivered it {1}, as often as it may: it is given up where it would go out again.");
    pub const GAVE_UP_AFTER_STAYS: Template<2> = of("{0} gave up after {1}; it stays until something else removes it.");
    pub const NOT_DELIVERED_YET: Template<1> = of("{0} has not delivered it yet.");
    pub const IS_DONE_WITH_IT: Template<1> = of("{0} is done with it.");
    pub const LINK_CUT_NOTHING_PASSES: Template<1> = of(". The link is cut: nothing passes, {0} behind.");
    pub const ASKS_AGAIN: Template<2> = of(" {0}: asks again in {1}.");
    pub const ASKS_SOON: Template<1> = of(". Asks again in {0}.");
    pub const ONLY: Template<1> = of(", only {0}");
    pub const MIRRORS: Template<2> = of("Mirrors {0}{1}");
    pub const MIRRORS_UP: Template<3> = of("Mirrors {0} up to its {1}{2}");
    pub const SOURCES: Template<2> = of("Sources {0}{1}");
    pub const SOURCES_UP: Template<3> = of("Sources {0} up to its {1}{2}");
    pub const AND_HAS_EVERYTHING: &str = " and has everything.";
    pub const WAITS_ANSWER: &str = " and waits for an answer.";
}

/// The consumers and their workers.
pub mod consumer {
    use super::*;

    /// How a pull request ends whose worker is disconnected.
    pub const CONNECTION_LOST: &str = "connection lost";
    pub const STANDS_NOBODY_LISTENS: &str = "stands: nobody listens";
    pub const STANDS_PAUSED: &str = "stands: paused";
    pub const STANDS_TRAY_FULL: &str = "stands: the tray is full";
    pub const STANDS_FLOW_CONTROL_WAITS: &str = "stands: flow control waits for an answer";
    pub const RUNS: &str = "runs";
    pub const THEIR_WAY_ASKED_CONFIRM: Template<2> = of("{0} of {1} on their way, asked to confirm");
    pub const THEIR_WAY: Template<2> = of("{0} of {1} on their way");
    pub const ACK: Template<1> = of("ack {0}");
    pub const ACK_WAIT: Template<1> = of("ack wait {0}");
    pub const BACKOFF: Template<1> = of("backoff {0}");
    pub const MAX_DELIVER: Template<1> = of("max deliver {0}");
    pub const DELIVER: Template<1> = of("deliver {0}");
    pub const UNUSED_GONE_AFTER: Template<1> = of("unused: gone after {0}");
    pub const IN_FLIGHT: &str = "in flight";
    pub const NAK_DELAYED: &str = "nak, delayed";
    pub const EXPIRED: &str = "expired";
    pub const IDLE: &str = "idle";
    pub const LISTENS: &str = "listens";
    pub const WAITS_MESSAGES: &str = "waits for messages";
    pub const WORKS: &str = "works";
    pub const KILLED: &str = "killed";
    pub const EPHEMERAL: &str = "ephemeral";
    pub const HEADERS_ONLY: &str = "headers only";
    pub const PAUSED: &str = "paused";
    pub const FLOW_CONTROL: &str = "flow control";
    pub const MESSAGES_MATCH_FILTER_WERE: &str = "Messages that match the filter and were never delivered.";
    pub const MESSAGES_DELIVERED_MORE_THAN: &str = "Messages delivered more than once and not settled since.";
    pub const NUM_PENDING: &str = "num pending";
    pub const ACK_PENDING: &str = "ack pending";
    pub const DELIVERIES_WAIT_ACK: &str = "Deliveries that wait for an ack.";
    pub const REDELIVERED: &str = "redelivered";
    pub const WAITING: &str = "waiting";
    pub const PULL_REQUESTS_LINE: &str = "Pull requests in line.";
    pub const PAUSED_GOES: Template<1> = of("Paused: goes on in {0}");
    pub const HEARTBEAT_IN: Template<1> = of("Heartbeat in {0}");
    pub const PINNED_CLIENT_LET_GO: Template<1> = of("Pinned client: let go, unless it asks, in {0}");
    pub const UNUSED_DELETED: Template<1> = of("Unused: deleted in {0}");
    pub const PRIORITY: Template<1> = of("priority {0}");
    pub const TAKES_MESSAGES_FROM_PENDING: Template<1> = of("takes messages from {0} pending on");
    pub const TAKES: Template<1> = of("takes {0}");
    pub const FAILS: Template<1> = of(", fails {0} %");
    pub const CRASHES: Template<1> = of(", crashes {0} %");
    pub const ACK_POLICY_NONE_DELIVERY: &str =
        "Ack policy none: delivery settles a message, and an ack would have no address.";
    pub const ACK_POLICY_FLOW_CONTROL: &str =
        "Ack policy flow_control: the answers to flow control settle what was delivered.";
    pub const PINNED_GETS_EVERY_MESSAGE: &str = "pinned: gets every message";
    pub const WAITS_UNTIL_PIN_FREE: &str = "waits until the pin is free";
    pub const NOT_PINNED: &str = "not pinned";
    pub const FIRST_SERVED_PINNED: &str = "the first to be served is pinned";
    pub const TAKES_ANY_MESSAGE: &str = "takes any message";
    /// What has become of a delivery in a worker's hands: in a word, and behind “2nd delivery”.
    pub const HELD_LATE: (&str, &str) = ("late", "AckWait ended");
    pub const HELD_GONE: (&str, &str) = ("gone", "its message is gone");
    pub const HELD_GIVEN_UP: (&str, &str) = ("given up", "given up");
    pub const HELD_SETTLED: (&str, &str) = ("settled", "settled");
    pub const HELD_ORPHANED: (&str, &str) = ("no consumer", "its consumer is gone");
    pub const PULL_NO_WAIT: Template<1> = of("pull {0} no_wait");
    pub const PULL: Template<1> = of("pull {0}");
}

/// The publishers.
pub mod publisher {
    use super::*;

    pub const PUBACK: &str = "PubAck";
    pub const PUBACK_DUPLICATE: &str = "PubAck duplicate";
    pub const ERROR: &str = "Error";
    pub const N503_NO_RESPONDERS: &str = "503 No Responders";
    pub const SENT: &str = "Sent";
    pub const NO_ANSWER: &str = "and no answer so far";
    pub const SUBSCRIBERS_ONLY: Template<1> = of("and no answer so far: no stream has {0}, only subscribers");
    pub const WAITS_FOR_COMMIT: &str = "and an empty answer: it waits for its batch to be committed";
    pub const SEQ: Template<2> = of("{0} seq {1}");
    pub const SEQ_STANDS: Template<2> = of("{0} seq {1} stands");
    pub const NO_STREAM: Template<1> = of("No stream has {0}.");
}

/// The inspector.
pub mod inspector {
    use super::*;

    pub const CONNECTED_AT: &str = "connected at";
    pub const LAST_ACTIVITY: &str = "last activity";
    pub const OF: Template<2> = of("#{0} of {1}");
    pub const CLIENT: Template<1> = of("client {0}");
    pub const NO_MESSAGE_LOOKED_CHOOSE: &str =
        "No message is looked at. Choose one on a tape, in the log, or by its number here.";
    pub const CONSUMER_GONE: &str = "This consumer is gone.";
    pub const CONNECTION_CLOSED: &str = "This connection is closed.";
    pub const MESSAGE: &str = "message";
    pub const CONSUMER: &str = "consumer";
    pub const CONNECTION: &str = "connection";
    pub const DELIVERY_CONSUMER_SEQ: Template<2> = of("delivery {0}, consumer seq {1}");
    pub const NOT_STORED_YET: &str = "Not stored yet.";
    pub const GONE_LONG_TRACE_FORGOTTEN: &str = "Gone so long that the trace has forgotten why.";
    pub const GONE_WHAT_HELD_WENT: Template<1> = of("Gone: {0}. What it held went with it.");
    pub const A_CLIENT: &str = "client";
    pub const OPTIONS: &str = "options";
    pub const IN: &str = "in";
    pub const OUT: &str = "out";
    pub const PENDING: &str = "pending";
}

/// The wire: what an operation is about.
pub mod wire {
    use super::*;

    pub const DELIVERY: Template<1> = of(", delivery {0}");
    pub const DELIVERS_OF: Template<4> = of("{0} delivers #{1} of {2}{3}");
    pub const REFUSED: Template<2> = of("refused: {0} ({1})");
    pub const ANSWERS: Template<1> = of("answers {0}");
    pub const PUBACK_SEQ: Template<3> = of("PubAck {0} seq {1}{2}");
    pub const STORED_AT: Template<2> = of("{0}: stored at {1}");
    pub const SETTLES_IT: &str = "settles it";
    pub const ASKS_AGAIN: &str = "asks for it again";
    pub const WORK_GOES_ACKWAIT_STARTS: &str = "work goes on: its AckWait starts over";
    pub const SETTLES_WITHOUT_SUCCESS_NEVER: &str = "settles it without success: never again";
    pub const SETTLES_ASKS_MORE: &str = "settles it and asks for more";
    pub const NOTHING_DELIVER_STILL_THERE: &str = "nothing to deliver, and still there";
    pub const ASKS_WHETHER_CLIENT_KEPT: &str = "asks whether the client has kept up";
    pub const NOTHING_DELIVER_NOW: &str = "nothing to deliver now";
    pub const PULL_REQUEST_EXPIRED: &str = "the pull request has expired";
    pub const PULL_REQUEST_ENDED: &str = "the pull request was ended";
    pub const NOBODY_LISTENS_SUBJECT: &str = "nobody listens on the subject";
    pub const CLIENT_NOT_PINNED_ONE: &str = "the client is not the pinned one";
    pub const LISTENS: &str = "listens";
    pub const LISTENS_NO_LONGER: &str = "listens no longer";
    pub const SERVER_SAYS_WHO: &str = "the server says who it is";
    pub const CLIENT_SAYS_WHO: &str = "the client says who it is";
    pub const SERVER_COMPLAINS: &str = "the server complains";
    pub const GOES_WHAT_FRAME_BEFORE: &str = "goes on with what a frame before began";
    pub const STILL_THERE: &str = "is still there";
    pub const MEANS_NOTHING: &str = "means nothing";
    pub const PULL_REQUEST: &str = "pull request";
    pub const API_REQUEST: &str = "API request";
    pub const FLOW_CONTROL_KEPT_UP: &str = "flow control: has kept up";
    pub const PUBLISHES: &str = "publishes";
    pub const PUBLISHES_WANTS_ANSWER: &str = "publishes, and wants an answer";
    pub const A_STATUS: &str = "a status";
    pub const ADVISORY: &str = "advisory";
    pub const MESSAGE: &str = "message";
    pub const A_DUPLICATE: &str = ", a duplicate";
    pub const SHOW_ANSWER: &str = "Show the answer";
    pub const SHOW_REQUEST: &str = "Show the request";
    pub const ANSWER: &str = "answer";
    pub const CLIENT: &str = "client";
}

/// The tabs of the drawer, and what is small in them.
pub mod drawer {
    use super::*;

    pub const LOG: &str = "Log";
    pub const WIRE: &str = "Wire";
    pub const INSPECTOR: &str = "Inspector";
    pub const NUMBERS: &str = "Numbers";
    pub const SUBJECTS: &str = "Subjects";
    pub const LAST_MINUTE: &str = "last minute";
    pub const LAST_10_MINUTES: &str = "last 10 minutes";
    pub const ALL_KEPT: &str = "all that is kept";
    pub const TEXT: &str = "Text";
    pub const JSON: &str = "JSON";
    pub const HEX: &str = "Hex";
    pub const EXISTS: &str = "exists";
    pub const DOES_NOT_EXIST: &str = "does not exist";
    /// Between the commands of the `nats` tool: a worker, and the consumer sequence.
    pub const CHOSEN_EACH_TIME: Template<1> =
        of("publishes with {0}, chosen anew for each message: no command does that");
    pub const ANSWERED: Template<2> = of("{0} answered consumer sequence {1}");
    pub const LOST_ACK: Template<2> = of("the ack of {0} for consumer sequence {1} was lost on its way");
    pub const LOST_CONNECTION: Template<1> = of("{0} lost its connection");
    pub const LINK_CUT: Template<1> = of("a link of {0} was cut");
    pub const LINK_MENDED: Template<1> = of("a link of {0} was mended");
    pub const COMMAND_TOO_LONG: Template<1> = of("a command of {0} bytes, too long to show");
}

/// The chapters of presets.
pub mod chapter {
    pub const FIRST_WORLDS: &str = "First worlds";
    pub const NOTHING_ARRIVES: &str = "Nothing arrives";
    pub const COMES_TWICE: &str = "It comes twice, late, or out of order";
    pub const WILL_NOT_GO: &str = "It will not go away, or it went away";
    pub const PUBLISHING: &str = "Publishing";
    pub const NAMES_AND_NUMBERS: &str = "Names and numbers";
    pub const BEYOND_ONE_STREAM: &str = "Beyond one stream";
}

/// What is wrong with a scenario: the first letter is made large, and a full stop follows.
pub mod scenario {
    use super::*;

    pub const NOBODY_CAME: &str = "nobody came";
    pub const STEP_NUMBER: Template<1> = of("step {0}");
    pub const ACTION_NUMBER: Template<1> = of("action {0}");
    pub const NO_JSON: Template<1> = of("this is no JSON: {0}");
    pub const TWICE: Template<1> = of("“{0}” stands here twice");
    pub const MORE_THAN_BYTES: Template<2> = of("“{0}” has more than {1} bytes");
    pub const WHOLE_NUMBER_MOST: Template<1> = of("a whole number of at most {0}");
    pub const HAVE_END: Template<1> = of("“{0}” has to have an end");
    pub const HAS_TO_BE: Template<2> = of("“{0}” has to be {1}");
    pub const HAS_NO: Template<2> = of("{0} has no “{1}”");
    pub const OBJECT_BRACES: &str = "this has to be an object in braces";
    pub const A_TEXT: &str = "a text";
    pub const TRUE_FALSE: &str = "true or false";
    pub const WHOLE_NUMBER_NULL: &str = "a whole number or null";
    pub const DURATION_SUCH_1M30S: &str = "a duration such as \"1m30s\"";
    pub const LIST_TEXTS: &str = "a list of texts";
    pub const LIST_BRACKETS: &str = "a list in brackets";
    pub const TEXT_WHOSE_CHARACTERS_STAND: &str = "a text whose characters stand for bytes, none beyond U+00FF";
    pub const SCENARIO_MOST_BYTES_HERE: Template<2> = of("A scenario has at most {0} bytes here, and this has {1}.");
    pub const FORMAT_HAS_TO_BE: Template<1> = of("“format” has to be \"{0}\"");
    pub const VERSION_FORMAT_NOT_KNOWN: Template<1> = of("version {0} of the format is not known here");
    pub const SCENARIO_MOST_STEPS_HERE: Template<2> = of("a scenario has at most {0} steps here, and this has {1}");
    pub const THERE_MORE_THAN_FIRST: Template<1> = of("there are more than {0} first steps");
    pub const FIRST_STEP: Template<1> = of("first step {0}");
    pub const SERVER: Template<1> = of("“server”: {0}");
    pub const NOTHING_CAN_DONE: Template<1> = of("“{0}” is nothing that can be done");
    pub const UNTIL_ONE: Template<1> = of("“until” has to be one of {0}");
    pub const VERSION_MISSING: &str = "“version” is missing";
    pub const A_SCENARIO: &str = "a scenario";
    pub const FIRST_STEPS_CANNOT_ADD: &str = "first steps cannot add clients: add them in “steps”";
    pub const START_TIME_SUCH_2026: &str = "“start” has to be a time such as \"2026-01-01T00:00:00Z\" before 2100";
    pub const SPEED_NUMBER_FROM_01: &str = "“speed” has to be a number from 0.1 to 1000";
    pub const THE_CLOCK: &str = "the clock";
    pub const A_FIRST_STEP: &str = "a first step";
    pub const TEXT_MISSING: &str = "“text” is missing";
    pub const NOTHING_DONE: &str = "nothing is done";
    pub const NOBODY_WAITS_LONGER_THAN: &str = "nobody waits longer than a hundred years";
    pub const BODY_MORE_THAN_BYTES: Template<1> = of("the body has more than {0} bytes");
    pub const IS_MISSING: Template<1> = of("“{0}” is missing");
    pub const BODY_OBJECT_ARRAY_TEXT: &str = "“body” has to be an object, an array or a text";
    pub const REQUEST_BODY_BYTES_NOT: &str = "a request has “body” or “bytes”, not both";
    pub const STEP: Template<2> = of("Step {0}: {1}.");
    pub const NOT_DONE_NOW: Template<1> = of("This is not to be done now: {0}.");
    pub const DOES_NOT_COME: Template<1> = of("{0} does not come");
    pub const WORKER_HOLDS_NO_MESSAGE: &str = "the worker holds no message";
    pub const NOTHING_MORE_HAPPENS: &str = "nothing more happens";
    pub const CLIENT_FROM_OUTSIDE_NOT: &str = "this client from outside is not there";
    pub const TIME_ENDS_BEFORE: &str = "time ends before this";
    pub const MORE_HAPPENS_THAN_SCENARIO: &str = "more happens than a scenario may set in motion here";
    pub const CLIENTS_FROM_OUTSIDE_HAVE: &str = "clients from outside have steps of their own";
    pub const MORE_DONE_SESSION_THAN: &str = "More was done in this session than is remembered.";
    pub const WORKER_NOT_PUBLISHER: Template<1> = of("“{0}” is a worker, not a publisher");
    pub const PUBLISHER_NOT_WORKER: Template<1> = of("“{0}” is a publisher, not a worker");
    pub const TWO_CLIENTS_CALLED_GIVE: Template<1> = of("two clients are called “{0}”: give one an “id”");
    pub const THERE_MORE_THAN_CLIENTS: Template<1> = of("there are more than {0} clients");
    pub const NO_CLIENT_CALLED_FAR: Template<1> = of("no client is called “{0}” so far");
    pub const TWO_CLIENTS_FROM_OUTSIDE: Template<1> = of("two clients from outside are called “{0}”");
    pub const MORE_THAN_CLIENTS_COME: Template<1> = of("more than {0} clients come from outside");
    pub const NO_CLIENT_FROM_OUTSIDE: Template<1> = of("no client from outside is called “{0}” so far");
    pub const SOMETHING_DONE_CLIENT_NEVER: &str = "something is done to a client that never was";
    pub const HEADERS_MOST_NAMES_EACH: Template<1> =
        of("“headers” are at most {0} names, each with its value behind it");
    pub const EVERY_LONGER_THAN_NOTHING: &str = "“every” has to be longer than nothing";
    pub const WORKER_RUNS_WAIT_NO: &str = "a worker that runs has to wait: “no_wait” would have it ask without end";
    pub const ANSWER_NO_PUBACK: &str = "the answer is no PubAck";
}

/// Links and files.
pub mod transfer {
    use super::*;

    pub const STREAM: Template<1> = of("Stream {0}");
    pub const CONSUMER: Template<2> = of("Consumer {0} > {1}");
    pub const WHAT_OPENED_MOST_BYTES: Template<2> = of("What is opened has at most {0} bytes here, and this has {1}.");
    pub const NO_JSON: Template<1> = of("This is no JSON: {0}.");
    pub const ACCOUNT_MOST_STREAMS_CONSUMERS: Template<1> =
        of("An account has at most {0} streams and consumers here.");
    pub const SESSION_UP_MOMENT_SHOWN: &str = "This session, up to the moment shown";
    pub const ACCOUNT_ALL_STREAMS_CONSUMERS: &str = "The account: all streams and consumers";
    pub const NOT_THERE_ANY_MORE: &str = "It is not there any more.";
    pub const OBJECT_BRACES: &str = "This has to be an object in braces.";
    pub const STREAMS_LIST_OBJECTS_EACH: &str = "“streams” has to be a list of objects, each with its “config”.";
    pub const STREAMS_CONFIGURATION_NAME: &str = "A stream’s configuration has a “name”.";
    pub const NO_STREAM_NAMED: &str =
        "This configures a consumer and does not say of which stream: “nats consumer info --json” says it.";
    /// A name, and what is wrong with it.
    pub const FLAW: Template<2> = of("“{0}”: {1}");
}

/// What stands in the page only, not in the rows that it is drawn from.
#[cfg(all(target_arch = "wasm32", not(feature = "js")))]
pub mod page {
    /// The page as a whole.
    pub mod app {
        use crate::texts::*;

        pub const DONE: &str = "done";
        pub const IMPORTED_OF: Template<2> = of("Imported {0} of {1}.");
        pub const COPIED_LINES: Template<1> = of("Copied {0} lines.");
        pub const THERE_NOTHING_MAKE: &str = "There is nothing in it to make.";
        pub const REFUSED: &str = "Refused:";
        pub const DISMISS: &str = "Dismiss";
        pub const WHY_REFUSED: &str = "Why was it refused?";
        pub const BROWSER_DOES_NOT_LET: &str = "This browser does not let the page copy.";
        pub const MORE_LAST: Template<2> = of("{0} more; last: {1}");
        pub const OPENING: &str = "Opening";
        pub const OPENING_LARGE: &str =
            "A large session is being opened. This page stays as it is until all of it is there.";
        pub const STAY_HERE: &str = "Stay here";
        pub const THERE_NO_SUCH_PRESET: &str = "There is no such preset.";
        pub const CLOSE_FIRST_STEPS: &str = "Close the first steps";
        pub const FIRST_STEPS: &str = "First steps";
    }

    /// Clients from outside.
    pub mod attached {
        use crate::texts::*;

        pub const PUBLISHED: Template<1> = of("{0} published");
        pub const RECEIVED_SUBSCRIPTIONS: Template<2> = of("{0} received, {1} subscriptions");
        pub const ATTACHED_CLIENT: Template<1> = of("Attached client {0}");
        pub const ATTACHED: &str = "attached";
    }

    /// The clock bar.
    pub mod clock {
        use crate::texts::*;

        /// What is due, and in what time.
        pub const NEXT: Template<2> = of("Next: {0} in {1}");
        pub const PAST: Template<1> = of("The past: {0} before the latest moment. What you do here begins a branch.");
        /// Of the first moment that is kept.
        pub const NOT_KEPT: &str = "What was before is not kept.";
        /// What has happened so many times.
        pub const COUNTED: Template<2> = of("{0} {1}.");
        pub const TIMELINE: &str = "Timeline.";
        /// What is done, and with which branch.
        pub const OF_BRANCH: Template<2> = of("{0} {1}");
        pub const OF: &str = "where";
        pub const FIELD: &str = "field";
        pub const HERE: &str = "here";
        pub const BRANCH: &str = "branch";
        pub const SIMULATED_TIME: &str = "Simulated time";
        pub const CLOCK: &str = "Clock";
        pub const PAUSE: &str = "Pause";
        pub const PAUSE_TITLE: &str = "Pause (space)";
        pub const PLAY: &str = "Play";
        pub const PLAY_TITLE: &str = "Play (space)";
        pub const SKIP: &str = "To the next redelivery, expiry or removal";
        pub const SKIP_TITLE: &str = "To the next redelivery, expiry or removal (shift →)";
        pub const RUN: &str = "Run";
        pub const TO_START: &str = "To the start";
        pub const TO_START_TITLE: &str = "To the start (Home)";
        pub const BACK: &str = "One event back";
        pub const BACK_TITLE: &str = "One event back (←)";
        pub const ON: &str = "One event on";
        pub const ON_TITLE: &str = "One event on (→)";
        pub const TO_END: &str = "To the latest moment";
        pub const TO_END_TITLE: &str = "To the latest moment (End)";
        pub const UNDO_TITLE: &str = "Undo the last action (Ctrl Z)";
        pub const REDO_TITLE: &str = "Redo the next action (Ctrl Shift Z)";
        pub const HISTORY: &str = "History";
        pub const UNDO: &str = "Undo";
        pub const REDO: &str = "Redo";
        pub const NOTHING_DUE: &str = "Nothing is due.";
        pub const SKIP_TO_IT: &str = "Skip to it";
        pub const SPEED: &str = "Speed";
        pub const ADVANCE_BY: &str = "Advance by";
        pub const DURATION_TITLE: &str = "A duration such as 30s, +10m or 1h30m; a bare number is seconds";
        pub const ADVANCE: &str = "Advance";
        pub const BRANCH_NUMBER: Template<1> = of("Branch {0}");
        pub const OWN_COMMANDS: Template<4> = of("{0}: {1} to {2}, own commands: {3}");
        pub const DROPS: Template<1> = of("{0}. It cannot be brought back.");
        pub const NEXT_DUE: Template<1> = of("Next: {0}.");
        pub const SHOW_MORE_TIME: &str = "Show more of the time";
        pub const SHOW_LESS_TIME_LARGER: &str = "Show less of the time, larger";
        pub const GO_TO: &str = "Go to";
        pub const COMPARE: &str = "Compare";
        pub const DROP: &str = "Drop";
        pub const BRANCHES_WERE_LEFT: &str = "Branches that were left";
        pub const HANDLE: &str = "Now: draw it back to see what was, ahead to let time pass";
        pub const HANDLE_TITLE: &str = "▼ stored, ▶ delivered, ● acked, ○ redelivery, ✕ removed or given up. Draw the handle back to see what was, ahead to let time pass";
        pub const HERE_BRANCH: Template<3> = of("Here, {0}, and branch {1}, {2}");
        pub const THEY_PARTED: Template<1> = of("They parted at {0}.");
        pub const CLOSE_COMPARISON: &str = "Close the comparison";
        pub const SINCE_THEY_PARTED_HERE: &str = "Since they parted, here";
        pub const IN_THE_BRANCH: &str = "In the branch";
        pub const STREAMS_CONSUMERS_SAME: &str = "Streams and consumers are the same.";
        pub const DIFFERENCES: &str = "Differences";
        pub const NOTHING_HAPPENED: &str = "Nothing happened.";
    }

    /// The consumers.
    pub mod consumers {
        use crate::texts::*;

        pub const PULL_ON: Template<1> = of("pull on {0}");
        pub const PUSH_TO: Template<1> = of("push to {0}");
        pub const EDIT_CONSUMER: Template<1> = of("Edit consumer {0}");
        pub const HOLDS: Template<1> = of("holds {0}");
        /// The place is an ordinal number.
        pub const DELIVERY: Template<1> = of("{0} delivery");
        /// An ordinal number, and what has become of it.
        pub const DELIVERY_ENDED: Template<2> = of("{0} delivery, {1}");
        /// Where there are no acks.
        pub const GOT: Template<1> = of("got {0}");
        pub const GOT_MESSAGES: Template<1> = of("got {0} messages");
        pub const GONE: Template<1> = of("is not on {0}");
        /// What is said of a message, and its sequence.
        pub const OF_MESSAGE: Template<2> = of("{0} #{1}");
        pub const NOW: &str = "now";
        pub const RANGE: Template<3> = of("{0}–{1} of {2}");
        pub const RANGE_FOUND: Template<4> = of("{0}–{1} of {2} found, {3} in all");
        /// Messages that a pull request still wants, and until when.
        pub const LEFT_AND_TIME: Template<2> = of("{0} left, {1}");
        pub const LEFT: Template<1> = of("{0} left");
        pub const NEVER: &str = "never";
        pub const NO_CONSUMER: &str = "No consumer. One remembers how far its workers are in a stream.";
        pub const NONE_FOUND: &str = "No consumer has that in its name, its stream or a filter.";
        pub const CONSUMERS: &str = "Consumers";
        pub const ADD_CONSUMER: &str = "Add consumer";
        pub const NAME_STREAM_FILTER: &str = "Name, stream or filter";
        pub const FIND_CONSUMERS: &str = "Find consumers";
        pub const EARLIER: &str = "Earlier";
        pub const EARLIER_CONSUMERS: &str = "Earlier consumers";
        pub const LATER: &str = "Later";
        pub const LATER_CONSUMERS: &str = "Later consumers";
        pub const WHY_DOES_DELIVER_NOTHING: Template<1> = of("Why does {0} deliver nothing?");
        pub const ADD_WORKER: Template<1> = of("Add worker to {0}");
        pub const CONSUMER: Template<1> = of("Consumer {0}");
        pub const MORE_PAUSE_RESET_DELETE: Template<1> = of("More: pause, reset or delete {0}");
        pub const ONE_MORE_WORKER: &str = "+ Worker";
        pub const PAUSE_30_S: &str = "Pause for 30 s";
        pub const PAUSE_5_MIN: &str = "Pause for 5 min";
        pub const RESUME: &str = "Resume";
        pub const UNPIN_PINNED_CLIENT: &str = "Unpin the pinned client";
        pub const RESET_ACK_FLOOR: &str = "Reset to the ack floor";
        pub const DELETE_MESSAGES_STAY: &str = "Delete; the messages stay";
        pub const MORE: &str = "More";
        pub const WORKER: Template<1> = of("Worker {0}");
        pub const WHY_DOES_GET_NOTHING: Template<1> = of("Why does {0} get nothing?");
        pub const HOLDS_MESSAGES: Template<1> = of("holds {0} messages");
        pub const CONSUMER_SEQUENCE: Template<1> = of("consumer sequence {0}");
        pub const TAKE_HAND: Template<2> = of("Take {0} in hand: {1}");
        pub const RUN: Template<2> = of("Run {0}: {1}");
        pub const EDIT: Template<1> = of("Edit {0}");
        pub const KILL_NAME: Template<1> = of("Kill {0}");
        pub const DELIVERY_CONSUMER_SEQUENCE: Template<2> = of("{0} delivery, consumer sequence {1}");
        pub const AFTER: Template<1> = of("after {0}");
        pub const ANSWER_TO: Template<1> = of("Answer to #{0}");
        pub const NAK_NAME: Template<1> = of("Nak #{0}");
        pub const START_AGAIN_NAME: Template<1> = of("Start again: {0}");
        pub const HELD: &str = "Holds";
        pub const START_AGAIN: &str = "Start again";
        pub const KILL: &str = "Kill";
        pub const ACK: &str = "Ack";
        pub const NAK: &str = "Nak";
        pub const LOSE_ACK: &str = "Lose ack";
        pub const IN_PROGRESS: &str = "In progress";
        pub const TERM: &str = "Term";
        pub const FETCH_ONE: Template<1> = of("Fetch 1 for {0}");
        pub const FETCH_MORE: Template<1> = of("Fetch for {0}: batch, expires, no_wait");
        pub const FETCH: &str = "Fetch";
        pub const NO_WAIT: &str = "no_wait: take what is there";
        pub const DELIVERED: Template<1> = of("delivered #{0} ✓");
        pub const PULL_REQUESTS: &str = "Pull requests";
        pub const OF: Template<2> = of("{0} of {1}");
        pub const FREE: &str = "free";
        pub const TRAY: &str = "Ack pending";
        pub const TRAY_FULL: &str = "full: nothing new goes out";
        pub const ACK_PENDING: &str = "ack pending";
        pub const FLOW_CONTROL: Template<1> = of("Flow control: {0}");
        pub const LAST_DELIVERIES: &str = "Last deliveries";
        pub const BELT: &str = "Belt";
    }

    /// The dialogs.
    pub mod dialogs {
        use crate::texts::*;

        pub const SEND_AGAIN_GO: Template<1> = of("{0} Send it again to go on.");
        pub const STREAM_TITLE: Template<1> = of("Stream {0}");
        pub const CONSUMER_ON: Template<2> = of("Consumer {0} on {1}");
        pub const NEW_WORKER: Template<1> = of("New worker for {0}");
        pub const WORKER_OF: Template<1> = of("Worker of {0}");
        pub const CANCEL: &str = "Cancel";
        pub const WHY: &str = "Why?";
        pub const WHY_REFUSED: &str = "Why was it refused?";
        pub const TRY_SUBJECT_SUCH_AS: &str = "Try a subject, such as orders.eu.created";
        pub const TRY_SUBJECT: &str = "Try a subject";
        pub const STREAM: &str = "stream";
        pub const WHERE_MESSAGES_COME_FROM: &str = "Where its messages come from.";
        pub const ADD: &str = "Add";
        pub const SAVE: &str = "Save";
        pub const CREATE: &str = "Create";
        pub const UPDATE: &str = "Update";
        pub const NEW_STREAM: &str = "New stream";
        pub const NEW_CONSUMER: &str = "New consumer";
        pub const NEW_PUBLISHER: &str = "New publisher";
        pub const PUBLISHER: &str = "Publisher";
        pub const REMOVE_TITLE: &str = "Remove?";
        pub const SHARE_EXPORT_IMPORT: &str = "Share, export, import";
        pub const SIGNS_KEYS: &str = "Signs and keys";
        pub const SUBJECT_BODY: &str = "Subject and body";
        pub const WHAT_SENT: &str = "What is sent";
        pub const REQUEST: &str = "Request";
        pub const DELETE_STREAM_MESSAGES_CONSUMERS: &str = "Delete the stream, its messages and its consumers";
        pub const DELETE_CONSUMER_MESSAGES_STAY: &str = "Delete the consumer; the messages stay";
        pub const TAKE_OFF_PAGE: &str = "Take it off the page";
        pub const DELETE: &str = "Delete";
        pub const LINK: &str = "Link";
        pub const OPENS_WHAT_SHOWN_NOW: &str =
            "Opens what is shown now. All of it stands in the link: nothing is stored anywhere.";
        pub const COPY_LINK: &str = "Copy a link";
        pub const COPY_EMBED: &str = "Copy for embedding";
        pub const OPENS_IN_FRAME: &str = "For embedding is an iframe that shows it on any page: as mini the tape with one consumer, as full all of it.";
        pub const EXPORT: &str = "Export";
        pub const EXPORT_HELP: &str =
            "Configurations are what “nats stream add --config” and “nats consumer add --config” read.";
        pub const WHAT_EXPORT: &str = "What to export";
        pub const DOWNLOAD: &str = "Download";
        pub const COPY: &str = "Copy";
        pub const FILE_IMPORT: &str = "A file to import";
        pub const PASTE_HERE: &str = "or paste it here";
        pub const JSON_IMPORT: &str = "JSON to import";
        pub const IMPORT: &str = "Import";
        pub const SESSION_SCENARIO_TAKES_PLACE: &str =
            "A session or scenario takes the place of this one; configurations of streams and consumers are added.";
        pub const CLOSE: &str = "Close";
        pub const REMOVE: &str = "Remove";
    }

    /// The sheet under `?`.
    pub mod help {
        pub const SIGNS: [(&str, &str); 17] = [
            (
                "Tape",
                "A stream: every message has a number, and what is removed leaves a dashed hole that names its cause.",
            ),
            ("▽ delivered", "A consumer's bookmark: the last message that it has sent out."),
            ("▲ ack floor", "The other bookmark: everything up to here is settled."),
            ("Ring", "AckWait running out in simulated time. A broken ring is a delay that a nak asked for."),
            ("Pips", "Deliveries of a message: filled ones were made, hollow ones are left up to max_deliver."),
            ("↺", "To be delivered again, as soon as a worker asks."),
            ("Tray", "Deliveries that wait for an ack; when max_ack_pending are in it, nothing new goes out."),
            ("Ticket", "A pull request: a worker gets messages only against one, and it ends with a status."),
            (
                "Timeline",
                "What happened, by shape. Draw its handle back to see any past moment; acting there begins a branch.",
            ),
            ("▼ ▶ ● ○ ✕", "On the timeline: stored, delivered, acked, redelivered or due again, removed or given up."),
            ("Colours", "A subject each; the band of a consumer lies under the messages that its filter matches."),
            ("Hatch", "In a form: subjects or filters that collide with others."),
            ("Struck cell", "Given up after max_deliver, and still stored."),
            ("Belt", "What a push consumer has sent of late, and whether it goes on."),
            ("Map", "A long stream at a glance, high where messages are stored. A click or ← → looks there."),
            ("Numbers", "Pointing at one lights the cells of the tape that it counts."),
            ("✂ next removal", "Which message goes next, when and why."),
        ];

        pub const KEYS: [(&str, &str); 12] = [
            ("Space", "Play or pause."),
            ("→", "One event on."),
            ("←", "One event back."),
            ("Shift →", "To the next redelivery, expiry or removal."),
            ("Shift ←", "Back to the last one."),
            ("Home, End", "To the start, and to the latest moment."),
            ("Ctrl Z", "Undo: to before your last action. With Shift: redo."),
            ("+ −", "Less of the time on the line, larger; more of it."),
            ("← → on a tape", "From message to message; Enter looks at it."),
            ("← → on a tab", "From tab to tab of the drawer; Home and End to its first and last."),
            ("Esc", "Closes a dialog or menu."),
            ("?", "This help."),
        ];
        pub const SIGNS_KEYS: &str = "Signs and keys";
        pub const KEYS_TITLE: &str = "Keys";
        pub const CLOSE: &str = "Close";
        pub const DOWNLOAD_PAGE_ONE_FILE: &str = "Download the page as one file";
    }

    /// The drawer.
    pub mod drawer {
        use crate::texts::*;

        /// A choice of what it is written for: a tool, a library.
        pub const JUST_DID: Template<1> = of("What you just did, for {0}");
        pub const WRITTEN_FOR: &str = "Written for";
        /// Who reads a subject, and by which filter.
        pub const STREAM_BY: Template<2> = of("stream {0} by {1}");
        pub const CONSUMER_BY: Template<2> = of("consumer {0} by {1}");
        pub const PAYLOAD: Template<1> = of("Payload, {0}");
        pub const SUBSCRIPTION: Template<2> = of("sid {0}, {1} messages");
        pub const SUBSCRIPTION_IN_GROUP: Template<3> = of("sid {0}, queue group {1}, {2} messages");
        pub const TITLE_MESSAGE: &str = "message";
        pub const TITLE_CONSUMER: &str = "consumer";
        pub const TITLE_CONNECTION: &str = "connection";
        pub const OF_SUBJECT: &str = "subject";
        pub const STORED_AT: &str = "stored at";
        pub const SIZE: &str = "size";
        /// Between the client and the operation, for those who listen.
        pub const TO_SERVER: &str = " to the server: ";
        pub const FROM_SERVER: &str = " from the server: ";
        pub const DRAWER: &str = "Drawer";
        pub const NOTHING_HAPPENED_YET: &str = "Nothing has happened yet.";
        pub const NOTHING_LIKE: &str = "Nothing like that.";
        pub const SHOW_OLDER_LINES: &str = "Show older lines";
        pub const LOG_LINES: &str = "Log lines";
        pub const COPY: &str = "Copy";
        pub const COPY_LOG_TEXT: &str = "Copy the log as text";
        pub const KIND: &str = "Kind";
        pub const ALL_KINDS: &str = "all kinds";
        pub const STREAM: &str = "Stream";
        pub const ALL_STREAMS: &str = "all streams";
        pub const CONSUMER: &str = "Consumer";
        pub const ALL_CONSUMERS: &str = "all consumers";
        pub const SEARCH_LOG: &str = "Search the log";
        pub const SEARCH: &str = "Search";
        pub const GO_THERE: &str = "Go there";
        pub const NOTHING_LIKE_WENT_OVER: &str = "Nothing like that went over the wire.";
        pub const WIRE_LINES: &str = "Wire lines";
        pub const CLIENT: &str = "Client";
        pub const ALL_CLIENTS: &str = "all clients";
        pub const SEARCH_WIRE: &str = "Search the wire";
        pub const PING_HEARTBEATS: &str = "PING, heartbeats";
        pub const WHAT_HAPPENED: &str = "What happened with it";
        pub const HEADERS: &str = "Headers";
        pub const MORE_TYPE_FIND_THEM: Template<1> = of("{0} more: type to find them");
        pub const OF: Template<2> = of("#{0} of {1}");
        pub const MORE_BYTES: Template<1> = of("{0} more bytes");
        pub const AND_MORE: Template<1> = of("and {0} more");
        pub const INSPECTED: &str = "Inspected";
        pub const NAME_NUMBER: &str = "Name or #number";
        pub const FIND_MESSAGE_CONSUMER_CONNECTION: &str = "Find a message, consumer or connection";
        pub const TRACE_DOES_NOT_REACH: &str = "The trace does not reach back to its beginning.";
        pub const ITS_LIFE: &str = "Its life";
        pub const SHOW_PAYLOAD: &str = "Show the payload as";
        pub const SUBSCRIPTIONS: &str = "Subscriptions";
        pub const MORE_CHOOSE_STREAM_CONSUMER: Template<1> = of("{0} more: choose a stream or consumer above");
        pub const NOW_MOST: Template<3> = of("{0}: now {1}, at most {2}");
        pub const AT_MOST: Template<1> = of("at most {0}");
        pub const NUMBERS_OF: &str = "Numbers of";
        pub const ALL: &str = "all";
        pub const SPAN: &str = "Span";
        pub const NUMBERS_OVER_TIME: &str = "Numbers over time";
        pub const NO_STREAM_STORES_SUBJECT: &str = "No stream stores this subject.";
        pub const MATCHER: &str = "Matcher";
        pub const FILTER: &str = "Filter";
        pub const SUBJECT: &str = "Subject";
        pub const WHO_READS_SUBJECT: &str = "Who reads the subject";
        pub const COPY_COMMANDS: &str = "Copy the commands";
        pub const COMMANDS: &str = "Commands";
        pub const NOTHING_YET: &str = "Nothing yet.";
        pub const WHAT_YOU_JUST_DID: &str = "What you just did";
    }

    /// The top line.
    pub mod header {
        pub const OPEN_JETSTREAM_SIMULATOR: &str = "Open in JetStream Simulator";
        pub const PAUSE: &str = "Pause";
        pub const PLAY: &str = "Play";
        pub const SIMULATED_TIME: &str = "Simulated time";
        pub const ONE_EVENT: &str = "One event on";
        pub const ADD: &str = "+ Add";
        pub const EDIT: &str = "Edit";
        pub const JETSTREAM_SIMULATOR: &str = "JetStream Simulator";
        pub const SHARE: &str = "Share";
        pub const LINKS_FILES: &str = "Links and files";
        pub const ATTACH_CLIENT: &str = "Attach a client";
        pub const LIGHT_DARK: &str = "Light or dark";
        pub const HELP_SIGNS_KEYS: &str = "Help: signs and keys";
        pub const SIGNS_KEYS: &str = "Signs and keys (?)";
        pub const A_SESSION: &str = "A session";
        pub const PRESET: &str = "Preset";
    }

    /// The publishers.
    pub mod publishers {
        use crate::texts::*;

        pub const EDIT_PUBLISHER: Template<1> = of("Edit publisher {0}");
        /// What the choice of headers shows while none is picked.
        pub const ADD: &str = "Add…";
        pub const RUNS: &str = "runs";
        pub const PAUSED: &str = "paused";
        pub const PUBLISHERS: &str = "Publishers";
        pub const ADD_PUBLISHER: &str = "Add publisher";
        pub const PUBLISHER: Template<1> = of("Publisher {0}");
        pub const EVERY: Template<1> = of("every {0}");
        pub const STOP_PUBLISHING_EVERY: Template<1> = of("Stop publishing every {0}");
        pub const RUN_PUBLISH_EVERY: Template<1> = of("Run: publish every {0}");
        pub const WHY_MESSAGE_NOT_STORED: Template<1> = of("Why was the message of {0} not stored?");
        pub const MESSAGE: &str = "Message";
        pub const NO_BLANKS_COUNTS_MESSAGES: &str = "No blanks. {n} counts the messages.";
        pub const OPTIONAL: &str = " optional";
        pub const SUBJECT: &str = "Subject";
        pub const PAYLOAD: &str = "Payload";
        pub const COUNTS_MESSAGES: &str = "{n} counts the messages.";
        pub const NAME_VALUE: &str = "Name: value";
        pub const ADD_HEADER: &str = "Add a header";
        pub const HEADERS: &str = "Headers";
        pub const ONE_LINE: &str = "One a line";
        pub const STOP: &str = "Stop";
        pub const RUN: &str = "Run";
        pub const PUBLISH: &str = "Publish";
        pub const PUBLISH_10_TIMES: &str = "Publish 10 times";
    }

    /// The streams.
    pub mod streams {
        use crate::texts::*;

        pub const EDIT_STREAM: Template<1> = of("Edit stream {0}");
        pub const MEND: &str = "Mend";
        pub const MEND_LINK: Template<1> = of("Mend the link to {0}");
        pub const CUT: &str = "Cut";
        pub const CUT_LINK: Template<1> = of("Cut the link to {0}");
        /// Bookmarks, and the sequences that they stand behind.
        pub const DELIVERED_TO: Template<1> = of("delivered {0}");
        pub const ACK_FLOOR_AT: Template<1> = of("ack floor {0}");
        /// Of a consumer that has delivered nothing.
        pub const STARTS_BEHIND: Template<1> = of("starts behind {0}");
        pub const SEQ: &str = "seq";
        pub const SUBJECT: &str = "subject";
        pub const STATE: &str = "state";
        pub const DELIVERED: &str = "delivered";
        pub const CONSUMER: &str = "consumer";
        pub const FILTER: &str = "filter";
        pub const ACK_FLOOR: &str = "ack floor";
        pub const EMPTY: &str = "empty";
        /// How a message stands, and for how long.
        pub const STATE_LEFT: Template<2> = of("{0}, {1} left");
        pub const NO_STREAM_YET_STREAM: &str = "No stream yet. A stream stores what is published on its subjects.";
        pub const STREAMS: &str = "Streams";
        pub const ADD_STREAM: &str = "Add stream";
        pub const STREAM: Template<1> = of("Stream {0}");
        pub const AS_A_TABLE: Template<1> = of("{0} as a table");
        pub const FIRST_LAST: Template<2> = of("first {0} · last {1}");
        pub const MORE_PURGE_SEAL_DELETE: Template<1> = of("More: purge, seal or delete {0}");
        pub const PURGE_REMOVE_EVERY_MESSAGE: &str = "Purge: remove every message";
        pub const PURGE_ALL_BUT_NEWEST: &str = "Purge all but the newest message";
        pub const SEAL_FREEZE_GOOD: &str = "Seal: freeze it for good";
        pub const DELETE_MESSAGES_CONSUMERS: &str = "Delete, with its messages and consumers";
        pub const MORE: &str = "More";
        pub const TABLE: &str = "Table";
        pub const FIRST: &str = "First";
        pub const EARLIER: &str = "Earlier";
        pub const LATER: &str = "Later";
        pub const NEWEST: &str = "Newest";
        pub const DEDUP_WINDOW: Template<1> = of("Dedup window {0}");
        pub const REMEMBERED_ANOTHER: Template<2> = of("#{0}, remembered for another {1}");
        pub const MORE_IDS: Template<1> = of("{0} more");
        pub const DELIVERED_TIMES_STAYS_STREAM: Template<2> = of("{0} delivered it {1}; it stays in the stream");
        pub const NONE_DUE: &str = "none due";
        pub const GAVE_UP: &str = "Gave up";
        pub const NEXT_REMOVAL: &str = "Next removal";
        pub const MESSAGES_OF: Template<1> = of("Messages of {0}");
        pub const NOTHING_STORED_YET: &str = "Nothing was stored yet.";
        pub const CELL_GAVE_UP: &str = "gave up";
        pub const MESSAGES_CONSUMERS: Template<1> = of("Messages and consumers of {0}");
        pub const MESSAGE: Template<1> = of("Message #{0}");
        pub const HOLE: Template<1> = of("Hole #{0}");
        pub const DELETE_MESSAGE: Template<1> = of("Delete message #{0}");
        pub const WHY_STILL_HERE_WHEN: Template<1> = of("Why is #{0} still here, and when does it come?");
        /// A time, and a size with subject and headers.
        pub const STORED_AT: Template<2> = of("stored at {0}, takes up {1}");
        pub const PAYLOAD: &str = "Payload";
        pub const CLOSE: &str = "Close";
        pub const CLOSE_MESSAGE: &str = "Close the message";
        pub const DELETE: &str = "Delete";
        pub const ORIGINS: &str = "Origins";
        pub const MORE_CONSUMERS: Template<1> = of("and {0} more consumers");
        pub const PART_SHOWN: Template<1> = of("Part of {0} that is shown");
        pub const WHOLE_STREAM_HIGH_WHERE: &str =
            "The whole stream: high where messages are stored. Click to look there.";
    }

    /// “Why?”.
    pub mod why {
        pub const WHY: &str = "Why?";
        pub const SHOWN_PRESET_OPENS_BESIDE: &str = "Shown by a preset; opens beside this page";
        pub const ANSWERS: &str = "Answers";
    }

    /// Small parts.
    pub mod widgets {
        use crate::texts::*;

        pub const TIMES: Template<1> = of("×{0}");
        pub const TIMES_OF: Template<2> = of("×{0} of {1}");
        pub const LIGHTS_WHAT_COUNTS: Template<2> = of("{0} {1}: lights what it counts");
        pub const LOCKED: &str = "locked";
        pub const WILL_REFUSED: &str = "Will be refused.";
        pub const TOKEN_TOKEN: &str = "Token by token";
        pub const DELIVERED_OF: Template<2> = of("delivered {0} of {1} times");
        pub const DELIVERED_TIMES: Template<1> = of("delivered {0}");
    }
}

// What JavaScript shows: a line each, its name and the text. They are put into the scripts where the page is built.
//
// close Close
// no-editor The editor could not be loaded: the first time it comes from the network.
// no-links What opens links and files could not be loaded: the first time it comes from the network.
// saved-session Saved session
// was-saved Your session of {0}, {1} events, was saved.
// go-on Go on with it
// not-opened It cannot be opened: {0}
// download Download
// discard Discard
// not-now Not now
// link-too-long This link holds more than a link may hold.
// link-changed This link is incomplete or was changed: what it holds cannot be unpacked.
// link-not-opened This link cannot be opened. {0}
// not-linked More was done in this session than is remembered, so a link cannot hold it.
// link-copied Copied a link of {0} characters.
// embed-copied Copied an iframe of {0} characters.
// link-in-address This browser does not let the page copy: the link stands in its address.
// file-too-long This file has more than 16 MiB.
// attach Attach a client
// attach-note nats.js as it is, in a worker of this page. While it is attached the clock runs at ×1: its own timers run on wall time.
// code Code of the client; Escape, then Tab leaves it
// example Example
// publish-and-consume Publish and consume
// ordered-consumer Ordered consumer
// key-value-watch Key-value watch
// object-store Object store
// service Service
// output Output of the client
// run Run
// stop Stop
// ready ready
// runs runs
// stopped stopped
// done done
// failed failed
// attached still attached
// worker-failed the worker failed
// no-module There is no {0} here, only {1}.
// lines-dropped … {0} lines were too many

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_whichever_order_they_stand() {
        assert_eq!(of::<2>("{1} of {0}, {n} {").with([&"a", &7]), "7 of a, {n} {");
        assert_eq!(of::<1>("{0}{0}").with([&"µ"]), "µµ");
        assert_eq!(of::<0>("").with([]), "");
        let pieces: Vec<Piece> = of::<1>("a {0}.").pieces().collect();
        assert_eq!(pieces, [Piece::Words("a "), Piece::Place(0), Piece::Words(".")]);
    }

    #[test]
    fn a_place_too_few_or_too_many_is_found() {
        assert!(has_places("{1} {0} {1}", 2) && has_places("{n}", 0));
        for wrong in ["{0}", "{0} {2}", "{0} {1} {2}", "{0} {1", "{0} {1 }", "{0} {10}"] {
            assert!(!has_places(wrong, 2), "{wrong}");
        }
    }

    #[test]
    fn numbers_have_their_ordinals() {
        let ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal);
        assert_eq!(ordinals.join(" "), "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th");
        assert_eq!(lower("Ack #3"), "ack #3");
    }
}
