//! The log: one sentence for each thing that happened, and why.

use std::rc::Rc;
use std::time::Duration;

use crate::engine::event::{Abandoned, AckKind, ConsumerEnd, Event, Removal};
use crate::engine::stream::config::Retention;
use crate::engine::table::{ConsumerId, StreamId};
use crate::engine::time::Timestamp;
use crate::sim::trace::Traced;

use super::Scene;
use super::scene::{lossy, time_of_day};
use super::text::{self, Phrase};

/// The most lines that the log shows; older ones are left out.
pub const SHOWN_LINES: usize = 200;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Rises by one from line to line.
    pub number: u64,
    /// Simulated time since the start.
    pub time: String,
    pub kind: LogKind,
    pub says: Phrase,
}

/// What a line is about; drawn as a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    Stored,
    Delivered,
    Acked,
    /// AckWait ended, nak, redelivery.
    Redelivery,
    /// Removed, expired, given up.
    Lost,
    /// Refused: an API error, a refused publish, an ended pull request.
    Refused,
    /// Streams, consumers and clients that come, change and go.
    Changed,
}

impl LogKind {
    /// The shape.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Stored => "▾",
            Self::Delivered => "▸",
            Self::Acked => "●",
            Self::Redelivery => "↺",
            Self::Lost => "✂",
            Self::Refused => "✕",
            Self::Changed => "◆",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Delivered => "delivered",
            Self::Acked => "acked",
            Self::Redelivery => "redelivery",
            Self::Lost => "removed",
            Self::Refused => "refused",
            Self::Changed => "changed",
        }
    }
}

/// The last lines of `scene`.
pub fn rows(scene: Scene<'_>) -> Rc<[LogRow]> {
    let events: Vec<&Traced> = scene.trace.events().rev().take(2 * SHOWN_LINES).collect();
    let line = |(index, traced): (usize, &&Traced)| {
        let before = events.get(index + 1).map(|traced| &traced.event);
        let (kind, says) = Teller { scene, at: traced.at }.tell(&traced.event, before)?;
        Some(LogRow { number: traced.number, time: time_of_day(traced.at), kind, says })
    };
    let mut rows: Vec<LogRow> = events.iter().enumerate().filter_map(line).take(SHOWN_LINES).collect();
    rows.reverse();
    rows.into()
}

/// Puts events into sentences.
struct Teller<'a> {
    scene: Scene<'a>,
    at: Timestamp,
}

type Line = Option<(LogKind, Phrase)>;

impl Teller<'_> {
    /// The line of `event`; `None` for what is not worth one, or was said with the event `before` it.
    fn tell(&self, event: &Event, before: Option<&Event>) -> Line {
        let p = Phrase::new();
        match event {
            Event::StreamCreated { name, .. } => {
                line(LogKind::Changed, p.plain("Stream ").code(name).plain(" created."))
            }
            Event::StreamUpdated { stream } => {
                line(LogKind::Changed, p.plain("Stream ").code(self.stream(*stream)).plain(" updated."))
            }
            Event::StreamDeleted { name, .. } => {
                line(LogKind::Lost, p.plain("Stream ").code(name).plain(" deleted, with its messages and consumers."))
            }
            Event::Stored { stream, seq, subject, payload_bytes } => {
                let size = text::counted(*payload_bytes as u64, "byte");
                let stored = p.plain("Stored ").seq(*seq).plain(" in ").code(self.stream(*stream));
                line(LogKind::Stored, stored.plain(" on ").code(lossy(subject)).plain(format!(", {size}.")))
            }
            Event::NotKept { stream, seq, subject } => {
                let taken = p.code(lossy(subject)).plain(" took ").seq(*seq).plain(" in ").code(self.stream(*stream));
                line(LogKind::Lost, taken.plain(" and was not kept: no consumer wants it."))
            }
            Event::Duplicate { msg_id, original_seq, .. } => {
                let repeats = p.plain("Id ").code(lossy(msg_id)).plain(" repeats ").seq(*original_seq);
                line(
                    LogKind::Refused,
                    repeats.plain(" within the duplicate window: not stored again, PubAck says duplicate."),
                )
            }
            Event::Refused { subject, err_code, description, .. } => {
                let refused = p.plain("Publish on ").code(lossy(subject)).plain(" refused: ");
                line(LogKind::Refused, refused.plain(description.clone()).plain(format!(" ({err_code}).")))
            }
            Event::NoResponders { subject, .. } => {
                let nobody = p.plain("Nobody listens on ").code(lossy(subject));
                line(LogKind::Refused, nobody.plain(": answered 503 no responders."))
            }
            Event::ApiError { subject, err_code, description } => {
                let refused = p.code(lossy(subject)).plain(" refused: ").plain(description.clone());
                line(LogKind::Refused, refused.plain(format!(" ({err_code}).")))
            }
            Event::Removed { stream, seq, cause } => self.tell_removed(*stream, *seq, *cause, before),
            Event::MsgIdForgotten { msg_id, .. } => {
                let left = p.plain("Id ").code(lossy(msg_id)).plain(" left the duplicate window");
                line(LogKind::Changed, left.plain(": it would be stored again."))
            }
            Event::ClientGone { conn } => {
                let name = self.scene.client_of(*conn)?;
                line(
                    LogKind::Changed,
                    p.code(name).plain(" is gone; what it held stays in flight until its AckWait ends."),
                )
            }
            Event::SlowConsumer { conn } => {
                let name = self.scene.client_of(*conn).unwrap_or("A client");
                line(LogKind::Refused, p.code(name).plain(" read too slowly and was disconnected."))
            }
            Event::WentInCircles { rounds } => line(
                LogKind::Refused,
                p.plain(format!(
                    "Messages led to each other {rounds} times at one instant, so the last was dropped. Do consumers \
                     deliver into each other's streams?"
                )),
            ),
            _ => self.tell_of_batch(event),
        }
    }

    /// Batches and schedules.
    fn tell_of_batch(&self, event: &Event) -> Line {
        let p = Phrase::new();
        match event {
            Event::BatchStaged { batch, subject, .. } => {
                let waits = p.plain("A message on ").code(lossy(subject)).plain(" waits for the rest of batch ");
                line(LogKind::Changed, waits.code(lossy(batch)).plain("."))
            }
            Event::BatchCommitted { batch, count, .. } => {
                let ended = p.plain("Batch ").code(lossy(batch)).plain(" ended with ");
                line(LogKind::Changed, ended.plain(text::counted(*count, "message")).plain("."))
            }
            Event::BatchAbandoned { batch, why, .. } => {
                let why = match why {
                    Abandoned::Timeout => ": nothing was added to it for too long.",
                    Abandoned::Large => ": it has too many messages.",
                    Abandoned::Incomplete => ": a message is missing.",
                    Abandoned::Unsupported => ": it needs a newer server.",
                };
                line(LogKind::Lost, p.plain("Batch ").code(lossy(batch)).plain(" was given up").plain(why))
            }
            Event::ScheduleFired { subject, target, next, .. } => {
                let fired =
                    p.plain("Schedule ").code(lossy(subject)).plain(" fired: a message for ").code(lossy(target));
                let then = match next {
                    Some(next) => format!(", the next one at {}.", time_of_day(*next)),
                    None => ", and that was all.".to_owned(),
                };
                line(LogKind::Changed, fired.plain(then))
            }
            _ => self.tell_of_consumer(event),
        }
    }

    fn tell_of_consumer(&self, event: &Event) -> Line {
        let p = Phrase::new();
        match event {
            Event::ConsumerCreated { stream, name, .. } => {
                let created = p.plain("Consumer ").code(name).plain(" on ").code(self.stream(*stream));
                line(LogKind::Changed, created.plain(" created."))
            }
            Event::ConsumerUpdated { stream, consumer } => {
                let updated = p.plain("Consumer ").code(self.consumer(*stream, *consumer));
                line(LogKind::Changed, updated.plain(" updated."))
            }
            Event::ConsumerDeleted { name, cause, .. } => {
                let why = match cause {
                    ConsumerEnd::Deleted => " deleted.",
                    ConsumerEnd::Inactive => " deleted: nobody used it for its inactive threshold.",
                    ConsumerEnd::StreamDeleted => " deleted with its stream.",
                };
                line(LogKind::Lost, p.plain("Consumer ").code(name).plain(why))
            }
            Event::Delivered { stream, consumer, stream_seq, delivered, to, ack_due, .. } => {
                let to = self.scene.client_of_inbox(to).map_or_else(|| lossy(to), str::to_owned);
                let sent = p.code(self.consumer(*stream, *consumer)).plain(" delivered ").seq(*stream_seq);
                self.tell_delivered(sent.plain(" to ").code(to), *delivered, *ack_due)
            }
            Event::Acked { stream, consumer, stream_seq, by } => {
                let name = self.consumer(*stream, *consumer);
                self.tell_acked(p, name, *stream_seq, *by)
            }
            Event::Naked { stream, consumer, stream_seq, delay } => {
                let nak = p.plain("Nak of ").seq(*stream_seq).plain(" for ").code(self.consumer(*stream, *consumer));
                line(LogKind::Redelivery, nak.plain(after(*delay)))
            }
            Event::InProgress { stream_seq, ack_due, .. } => {
                let until = time_of_day(*ack_due);
                let says = p.plain("Work on ").seq(*stream_seq).plain(" goes on: its AckWait starts over, until ");
                line(LogKind::Changed, says.plain(until).plain("."))
            }
            Event::AckIgnored { stream, consumer, stream_seq } => {
                let ack = p.plain("An ack of ").seq(*stream_seq).plain(" for ").code(self.consumer(*stream, *consumer));
                line(LogKind::Changed, ack.plain(" changed nothing: it was settled before."))
            }
            Event::AckWaitEnded { stream_seq, nak_delay, .. } => {
                let what = if *nak_delay { "Delay of " } else { "AckWait of " };
                let ended = p.plain(what).seq(*stream_seq);
                let how = if *nak_delay { " ended" } else { " ended without an ack" };
                line(LogKind::Redelivery, ended.plain(how).plain("; it goes out again on the next pull."))
            }
            Event::GaveUp { stream, consumer, stream_seq, delivered } => {
                let gave_up = p.code(self.consumer(*stream, *consumer)).plain(" gave up on ").seq(*stream_seq);
                let times = text::counted(*delivered, "delivery").replace("deliverys", "deliveries");
                line(
                    LogKind::Lost,
                    gave_up.plain(format!(" after {times}: it stays in the stream, and an advisory went out.")),
                )
            }
            _ => self.tell_of_pulls(event),
        }
    }

    fn tell_of_pulls(&self, event: &Event) -> Line {
        let p = Phrase::new();
        match event {
            Event::PullRequested { stream, consumer, inbox, batch, no_wait, expires } => {
                let asks = self.client(p, inbox).plain(" asks ").code(self.consumer(*stream, *consumer));
                let how = match (no_wait, expires) {
                    (true, _) => ", taking what is there".into(),
                    (false, Some(at)) => format!(", for up to {}", text::duration(at.since(self.at))),
                    (false, None) => String::new(),
                };
                line(LogKind::Delivered, asks.plain(format!(" for {}{how}.", text::counted(*batch, "message"))))
            }
            Event::PullEnded { inbox, status, .. } if !status.is_empty() => {
                let ended = p.plain("The pull request of ");
                line(LogKind::Refused, self.client(ended, inbox).plain(" ended: ").code(status).plain("."))
            }
            Event::Stalled { stream, consumer } => {
                let stalled = p.code(self.consumer(*stream, *consumer));
                line(LogKind::Refused, stalled.plain(" has its tray full: nothing new goes out until one is acked."))
            }
            Event::Paused { stream, consumer, until } => {
                let paused = p.code(self.consumer(*stream, *consumer)).plain(" paused until ");
                line(LogKind::Changed, paused.plain(time_of_day(*until)).plain("."))
            }
            Event::Resumed { stream, consumer } => {
                line(LogKind::Changed, p.code(self.consumer(*stream, *consumer)).plain(" goes on."))
            }
            Event::OriginConnected { stream, origin, .. } => {
                let gets = p.code(self.stream(*stream)).plain(" gets the messages of ").code(origin);
                line(LogKind::Changed, gets.plain(" from now on."))
            }
            Event::OriginFailed { stream, origin, why, .. } => {
                let failed = p.code(self.stream(*stream)).plain(" asked ").code(origin).plain(" for its messages: ");
                line(LogKind::Refused, failed.plain(why.clone()).plain("."))
            }
            Event::OriginSilent { stream, origin, .. } => {
                let silent = p.code(self.stream(*stream)).plain(" heard nothing of ").code(origin);
                line(LogKind::Changed, silent.plain(" for ten seconds and more."))
            }
            Event::Pinned { stream, consumer } => {
                line(LogKind::Changed, p.code(self.consumer(*stream, *consumer)).plain(" pinned a client."))
            }
            Event::Unpinned { stream, consumer, timed_out } => {
                let why =
                    if *timed_out { " let its pinned client go: it was silent." } else { " let its pinned client go." };
                line(LogKind::Changed, p.code(self.consumer(*stream, *consumer)).plain(why))
            }
            _ => None,
        }
    }

    fn tell_removed(&self, stream: StreamId, seq: u64, cause: Removal, before: Option<&Event>) -> Line {
        let name = self.stream(stream);
        let says = Phrase::new().seq(seq).plain(" left ").code(name);
        let why = match cause {
            Removal::Acked => return self.tell_removed_by_ack(stream, seq, says, before),
            Removal::NoInterest => ": no consumer needs it any more.",
            Removal::MaxMsgs => ": the oldest beyond max msgs.",
            Removal::MaxBytes => ": the oldest beyond max bytes.",
            Removal::MaxMsgsPerSubject => ": the oldest of its subject beyond max msgs per subject.",
            Removal::MaxAge => ": older than max age, acked or not.",
            Removal::Ttl => ": its TTL ended.",
            Removal::Deleted => ": deleted by hand.",
            Removal::Purged => ": purged.",
            Removal::Rollup => ": replaced by a rollup.",
            Removal::Scheduled => ": its schedule is done.",
        };
        line(LogKind::Lost, says.plain(why))
    }

    fn tell_removed_by_ack(&self, stream: StreamId, seq: u64, says: Phrase, before: Option<&Event>) -> Line {
        let was_acked = matches!(before, Some(Event::Acked { stream: of, stream_seq, .. })
            if *of == stream && *stream_seq == seq);
        let retention = self.scene.world.server().account().stream(stream).map(|stream| stream.config.retention);
        let policy = if retention == Some(Retention::Interest) {
            "interest: the last who wanted it has acked"
        } else {
            "work queue"
        };
        let by = if was_acked { " with that ack: " } else { ": " };
        line(LogKind::Lost, says.plain(by).plain(policy).plain("."))
    }

    fn tell_delivered(&self, sent: Phrase, delivered: u64, ack_due: Option<Timestamp>) -> Line {
        let sent = if delivered > 1 { sent.plain(format!(" for the {} time", text::ordinal(delivered))) } else { sent };
        let until = ack_due.map_or_else(|| ".".into(), |at| format!("; AckWait runs until {}.", time_of_day(at)));
        line(LogKind::Delivered, sent.plain(until))
    }

    fn tell_acked(&self, p: Phrase, consumer: &str, stream_seq: u64, by: AckKind) -> Line {
        let says = match by {
            AckKind::Ack | AckKind::Next => p.plain("Ack of ").seq(stream_seq).plain(" for ").code(consumer).plain("."),
            AckKind::Term => {
                let term = p.plain("Term of ").seq(stream_seq).plain(" for ").code(consumer);
                term.plain(": settled without success, never delivered again.")
            }
            AckKind::AckAll => {
                p.seq(stream_seq).plain(" settled for ").code(consumer).plain(" by the ack of a later one.")
            }
            // Said with the delivery.
            AckKind::Delivery => return None,
        };
        line(LogKind::Acked, says)
    }

    fn stream(&self, id: StreamId) -> &str {
        self.scene.trace.stream_name(id)
    }

    fn consumer(&self, stream: StreamId, id: ConsumerId) -> &str {
        self.scene.trace.consumer_name(stream, id)
    }

    fn client(&self, phrase: Phrase, inbox: &[u8]) -> Phrase {
        match self.scene.client_of_inbox(inbox) {
            Some(name) => phrase.code(name),
            None => phrase.plain("a client"),
        }
    }
}

fn line(kind: LogKind, says: Phrase) -> Line {
    Some((kind, says))
}

fn after(delay: Option<Duration>) -> String {
    match delay {
        Some(delay) => format!(": it goes out again in {}, and keeps its slot.", text::duration(delay)),
        None => ": it goes out again at once, whatever the backoff says.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Simulation;
    use crate::sim::presets::{PRESETS, Preset};
    use crate::view::{Focus, tests::rows_of};

    fn last(simulation: &Simulation, count: usize) -> Vec<String> {
        let rows = rows_of(simulation, &Focus::default()).log;
        rows[rows.len() - count..].iter().map(|row| row.says.to_string()).collect()
    }

    #[test]
    fn lines_say_what_happened_and_why() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.step();
        let expected = [
            "#3 left ORDERS with that ack: work queue.",
            "worker B asks ship for 2 messages, for up to 30 s.",
            "ship delivered #4 to worker B; AckWait runs until 00:00:57.0.",
            "ship delivered #6 to worker B; AckWait runs until 00:00:57.0.",
            "ship has its tray full: nothing new goes out until one is acked.",
            "AckWait of #2 ended without an ack; it goes out again on the next pull.",
        ];
        assert_eq!(last(&simulation, expected.len()), expected);
    }

    #[test]
    fn a_refusal_names_rule_and_code() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.request("$JS.API.STREAM.CREATE.X", br#"{"name":"X","subjects":["orders.eu.*"]}"#);
        let says = "$JS.API.STREAM.CREATE.X refused: subjects overlap with an existing stream (10065).";
        assert_eq!(last(&simulation, 1), [says]);
    }

    #[test]
    fn lines_are_numbered_in_order_and_bounded() {
        for preset in &PRESETS {
            let mut simulation = preset.open();
            simulation.advance(Duration::from_secs(600));
            let rows = rows_of(&simulation, &Focus::default()).log;
            assert!(rows.len() <= SHOWN_LINES);
            assert!(rows.windows(2).all(|pair| pair[0].number < pair[1].number), "{}", preset.key);
        }
    }
}
