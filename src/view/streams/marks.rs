//! What a message says of itself in its headers: that it replaces others, expires, counts, repeats.

use crate::engine::message::Headers;
use crate::engine::store::StoredMessage;
use crate::engine::stream::Stream;
use crate::texts::Template;
use crate::texts::stream as texts;
use crate::view::form::object;
use crate::view::scene::lossy;
use crate::view::{Scene, text};

/// The server's headers that are shown on the tape, in the order of their weight, with what their values stand in.
const HEADERS: [(&str, Template<1>); 7] = [
    ("Nats-Schedule", texts::AS_IT_IS),
    ("Nats-Marker-Reason", texts::MARKER),
    ("KV-Operation", texts::KV),
    ("Nats-Rollup", texts::ROLLUP_OF),
    ("Nats-Incr", texts::AS_IT_IS),
    ("Nats-Scheduler", texts::SCHEDULED_BY),
    ("Nats-Stream-Source", texts::FROM),
];

/// The marks of a message, the weightiest first; `duplicates` is how many publishes with its id ended here.
pub fn marks(scene: Scene<'_>, stream: &Stream, message: &StoredMessage<'_>, duplicates: u64) -> Vec<String> {
    let headers = Headers::new(message.headers);
    let mut marks = Vec::new();
    let of_header = |(name, words): (&str, Template<1>)| {
        let value = lossy(headers.get_filled(name)?);
        // A source header goes on with sequence and filter; the first words say whence.
        let (taken, between) = if name == "Nats-Stream-Source" { (2, " #") } else { (usize::MAX, " ") };
        let value: Vec<&str> = value.split(' ').take(taken).collect();
        Some(words.with([&value.join(between)]))
    };
    if stream.config.allow_msg_counter
        && let Some(total) = object(message.payload).and_then(|body| Some(body.get("val")?.as_str()?.to_owned()))
    {
        marks.push(format!("= {total}"));
    }
    if !message.headers.is_empty() {
        marks.extend(HEADERS.into_iter().filter_map(of_header));
    }
    match stream.ttls().get(message.seq) {
        Some(at) => marks.push(texts::TTL_LEFT.with([&text::countdown(at.since(scene.now()))])),
        None => marks.extend(headers.get_filled("Nats-TTL").map(|_| texts::TTL_NEVER.to_owned())),
    }
    if duplicates > 0 {
        marks.push(texts::DUPLICATES.with([&duplicates]));
    }
    marks
}
