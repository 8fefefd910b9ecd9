//! One message in full, with what each consumer has done with it.

use crate::engine::consumer::Consumer;
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::message::Headers;
use crate::engine::store::StoredMessage;
use crate::engine::stream::Stream;
use crate::texts::stream as texts;

use super::MessageDetail;
use crate::view::scene::{lossy, time_of_day};
use crate::view::text::Part::{Code, Plain};
use crate::view::why::{self, Answer, Ask};
use crate::view::{Phrase, Scene, text};

/// Bytes of a payload that are shown.
const SHOWN_PAYLOAD: usize = 2_048;
/// Consumers whose doings are told.
const TOLD: usize = 8;

/// Why message `seq` is gone; `None` if it is stored.
pub fn hole(scene: Scene<'_>, stream: &Stream, seq: u64) -> Option<(u64, Answer)> {
    let is_stored = stream.store().contains(seq);
    let mut answers = if is_stored { Vec::new() } else { why::message(scene, stream, seq) };
    answers.pop().map(|answer| (seq, answer))
}

/// Message `seq`; `None` if it is not stored.
pub fn detail(scene: Scene<'_>, stream: &Stream, seq: u64) -> Option<MessageDetail> {
    let message = stream.store().get(seq)?;
    let mut payload = lossy(&message.payload[..message.payload.len().min(SHOWN_PAYLOAD)]);
    if message.payload.len() > SHOWN_PAYLOAD {
        payload += &format!("… ({})", text::bytes(message.payload.len() as u64));
    }
    let headers = Headers::new(message.headers).iter();
    let ask = Ask::Message { stream: stream.config.name.as_str().into(), seq };
    let is_asked = scene.focus.asks(&ask);
    Some(MessageDetail {
        stream_seq: seq,
        stored_at: time_of_day(message.time),
        subject: lossy(message.subject).into(),
        headers: headers.map(|(name, value)| (lossy(name), lossy(value))).collect(),
        payload,
        size: text::bytes(stream.store().size_of(seq).unwrap_or(0)),
        story: consumer_story(stream, &message),
        why: if is_asked { why::message(scene, stream, seq) } else { Vec::new() },
    })
}

/// How `message` stands with each of the first consumers that want it.
pub fn consumer_story(stream: &Stream, message: &StoredMessage<'_>) -> Vec<Phrase> {
    let wanting = stream.visible_consumers().filter(|consumer| consumer.matches(message.subject));
    wanting.take(TOLD).map(|consumer| story(consumer, message)).collect()
}

fn story(consumer: &Consumer, message: &StoredMessage<'_>) -> Phrase {
    let seq = message.seq;
    let pending = consumer.ack_pending();
    // A message that was given up counts the delivery that it did not get.
    let (deliveries, max) = (pending.redeliveries(seq) + 1, consumer.config.max_deliver.unwrap_or(u64::MAX));
    let (name, times) = (Code(&consumer.name), text::counted(deliveries.min(max), texts::TIMES));
    let times = Plain(&times);
    match pending.get(seq).map(|entry| entry.state) {
        Some(PendingState::InFlight(due)) => {
            Phrase::fill(texts::DELIVERED_ACKWAIT_RUNS_UNTIL, &[name, times, Plain(&time_of_day(due))])
        }
        Some(PendingState::NakDelayed(due)) => {
            Phrase::fill(texts::DELIVERED_NAK_HOLDS_BACK, &[name, times, Plain(&time_of_day(due))])
        }
        Some(PendingState::Due) if deliveries >= max => Phrase::fill(texts::DELIVERED_LAST, &[name, times]),
        Some(PendingState::Due) => Phrase::fill(texts::DELIVERED_DELIVERS_AGAIN_SOON, &[name, times]),
        Some(PendingState::Unbounded) => Phrase::fill(texts::DELIVERED_WAITS_ACK, &[name, times]),
        None if pending.is_redelivered(seq) => Phrase::fill(texts::GAVE_UP_AFTER_STAYS, &[name, times]),
        None if seq >= consumer.next_stream_seq() => Phrase::fill(texts::NOT_DELIVERED_YET, &[name]),
        None => Phrase::fill(texts::IS_DONE_WITH_IT, &[name]),
    }
}
