//! What a message says of itself in its headers: that it replaces others, expires, counts, repeats.

use crate::engine::message::Headers;
use crate::engine::store::StoredMessage;
use crate::engine::stream::Stream;
use crate::view::form::object;
use crate::view::scene::lossy;
use crate::view::{Scene, text};

/// The server's headers that are shown on the tape, in the order of their weight, with what stands before their value.
const HEADERS: [(&str, &str); 7] = [
    ("Nats-Schedule", ""),
    ("Nats-Marker-Reason", "marker "),
    ("KV-Operation", "KV "),
    ("Nats-Rollup", "rollup "),
    ("Nats-Incr", ""),
    ("Nats-Scheduler", "by "),
    ("Nats-Stream-Source", "from "),
];

/// The marks of a message, the weightiest first; `duplicates` is how many publishes with its id ended here.
pub fn marks(scene: Scene<'_>, stream: &Stream, message: &StoredMessage<'_>, duplicates: u64) -> Vec<String> {
    let headers = Headers::new(message.headers);
    let mut marks = Vec::new();
    let of_header = |(name, before): (&str, &str)| {
        let value = lossy(headers.get_filled(name)?);
        // A source header goes on with sequence and filter; the first words say whence.
        let words = if name == "Nats-Stream-Source" { 2 } else { usize::MAX };
        let value: Vec<&str> = value.split(' ').take(words).collect();
        Some(format!("{before}{}", value.join(if words == 2 { " #" } else { " " })))
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
        Some(at) => marks.push(format!("TTL {}", text::countdown(at.since(scene.now())))),
        None => marks.extend(headers.get_filled("Nats-TTL").map(|_| "TTL never".to_owned())),
    }
    if duplicates > 0 {
        marks.push(format!("+{duplicates} dup"));
    }
    marks
}
