//! One message: what it says, and its life as far as the trace reaches.

use std::rc::Rc;

use crate::engine::event::Event;
use crate::engine::message::Headers;
use crate::engine::store::StoredMessage;
use crate::engine::stream::Stream;
use crate::sim::trace::Traced;
use crate::texts::inspector as texts;
use crate::texts::unit;
use crate::view::log::{self, LogRow, Query};
use crate::view::payload::Payload;
use crate::view::scene::{lossy, time_of_day};
use crate::view::streams::{HoleCause, consumer_story, hole_cause};
use crate::view::text::Part::Strong;
use crate::view::{Phrase, Scene, text};

/// Lines of a life that are told, the newest of them.
const TOLD: usize = 100;

/// A message, stored or gone.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRow {
    pub stream: Rc<str>,
    pub stream_seq: u64,
    /// What it says of itself; `None` once it is gone.
    pub content: Option<Content>,
    /// How it stands, with every consumer that wants it.
    pub state: Vec<Phrase>,
    pub story: Vec<StoryLine>,
    /// Whether the trace has forgotten how it began.
    pub is_cut: bool,
}

/// What a stored message says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub subject: String,
    pub stored_at: String,
    /// As it counts for `max_bytes`.
    pub size: String,
    /// In order of the header block.
    pub headers: Vec<(String, String)>,
    pub payload: Payload,
    /// Bytes of the payload.
    pub payload_size: String,
}

/// Something that happened to the message.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryLine {
    pub row: LogRow,
    /// Numbers that the sentence leaves out: `consumer seq 4`.
    pub note: String,
}

/// The message that is looked at; `None` where none is, or its stream is gone.
pub fn row(scene: Scene<'_>) -> Option<MessageRow> {
    let (name, seq) = scene.focus.selected.as_ref()?;
    let stream = scene.world.server().account().stream_named(name)?;
    let message = stream.store().get(*seq);
    let passes = |traced: &Traced| traced.event.stream() == Some(stream.id) && traced.event.stream_seq() == Some(*seq);
    let lines = log::find(scene, &Query { limit: TOLD, from: 0, passes: &passes, accepts: &|_| true });
    let began =
        |traced: &Traced| passes(traced) && matches!(traced.event, Event::Stored { .. } | Event::NotKept { .. });
    let first = scene.trace.events().next().map_or(0, |traced| traced.number);
    Some(MessageRow {
        stream: Rc::clone(name),
        stream_seq: *seq,
        state: state(scene, stream, *seq, message.as_ref()),
        content: message.as_ref().map(|message| content(scene, stream, message)),
        is_cut: lines.len() == TOLD || (first > 0 && !scene.trace.events().any(began)),
        story: lines.into_iter().map(|row| story_line(scene, row)).collect(),
    })
}

fn content(scene: Scene<'_>, stream: &Stream, message: &StoredMessage<'_>) -> Content {
    let headers = Headers::new(message.headers).iter();
    Content {
        subject: lossy(message.subject),
        stored_at: time_of_day(message.time),
        size: text::bytes(stream.store().size_of(message.seq).unwrap_or(0)),
        headers: headers.map(|(name, value)| (lossy(name), lossy(value))).collect(),
        payload: Payload::of(message.payload, scene.focus.drawer.payload),
        payload_size: text::counted(message.payload.len() as u64, unit::BYTES),
    }
}

fn state(scene: Scene<'_>, stream: &Stream, seq: u64, message: Option<&StoredMessage<'_>>) -> Vec<Phrase> {
    if let Some(message) = message {
        return consumer_story(stream, message);
    }
    let says = match hole_cause(scene, stream, seq) {
        _ if seq > stream.store().last_seq() => Phrase::new().plain(texts::NOT_STORED_YET),
        HoleCause::Forgotten => Phrase::new().plain(texts::GONE_LONG_TRACE_FORGOTTEN),
        cause => Phrase::fill(texts::GONE_WHAT_HELD_WENT, &[Strong(cause.label())]),
    };
    vec![says]
}

fn story_line(scene: Scene<'_>, row: LogRow) -> StoryLine {
    let note = match scene.trace.event(row.number) {
        Some(Event::Delivered { consumer_seq, delivered, .. }) => {
            texts::DELIVERY_CONSUMER_SEQ.with([&delivered, &consumer_seq])
        }
        _ => String::new(),
    };
    StoryLine { row, note }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::sim::actor::{Actor, Draft, FetchRequest, PublisherScript};
    use crate::sim::command::{Command, Settlement};
    use crate::sim::presets::Preset;
    use crate::view::Focus;
    use crate::view::payload::PayloadForm;

    fn message(simulation: &Simulation, stream: &str, seq: u64) -> MessageRow {
        let focus = Focus { selected: Some((stream.into(), seq)), ..Focus::default() };
        row(Scene::of(simulation, &focus)).expect("the stream exists")
    }

    fn story(row: &MessageRow) -> Vec<String> {
        row.story.iter().map(|line| format!("{} {}", line.row.says, line.note)).collect()
    }

    #[test]
    fn a_life_is_told_from_storing_to_removal() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let is_a = |(_, actor): &(_, &Actor)| actor.name == "worker A";
        let (worker, _) = simulation.world().actors().iter().find(is_a).expect("the preset has it");
        simulation.advance(Duration::from_secs(10));
        simulation.act(Command::Fetch { worker, request: FetchRequest::ONE });
        let held = simulation.world().actors().get(worker).and_then(Actor::worker).expect("a worker");
        let consumer_seq = held.held().find(|held| held.stream_seq == 2).expect("it was delivered again").consumer_seq;
        simulation.act(Command::Settle { worker, consumer_seq, how: Settlement::Ack });
        let row = message(&simulation, "ORDERS", 2);
        assert_eq!((row.content.is_none(), row.is_cut), (true, false));
        assert_eq!(row.state[0].to_string(), "Gone: acked. What it held went with it.");
        let story = story(&row);
        let parts = [
            "Stored #2 in ORDERS",
            "ship delivered #2 to worker A; AckWait",
            "AckWait of #2 ended",
            "ship delivered #2 to worker A for the 2nd time",
            "Ack of #2 for ship",
            "#2 left ORDERS: in a work queue an ack removes it",
        ];
        assert_eq!(story.len(), parts.len(), "{story:#?}");
        assert!(story.iter().zip(parts).all(|(says, part)| says.starts_with(part)), "{story:#?}");
        assert!(story[3].ends_with(&format!("delivery 2, consumer seq {consumer_seq}")), "{}", story[3]);
    }

    #[test]
    fn hostile_messages_are_shown_and_not_believed() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s.>"]}"#);
        simulation.request("s.1", b"\xff\xfe\x00");
        simulation.request("s.<img/src=x/onerror=alert(1)>", b"<img src=x onerror=alert(1)>");
        simulation.request("s.3", &vec![b'['; 900_000]);
        let script = PublisherScript::default();
        simulation.act(Command::AddPublisher { name: "p".into(), script });
        let (publisher, _) = simulation.world().actors().iter().next_back().expect("it was added");
        let headers = vec![("X<b>".to_owned(), "\u{202e}<script>".to_owned()), ("Y".into(), "z".repeat(3000))];
        let draft = Draft { subject: "s.4".into(), payload: "{\"a\":1}".into(), headers, ..Draft::default() };
        simulation.act(Command::Publish { publisher, draft, times: 1 });
        let content = |seq| message(&simulation, "S", seq).content.expect("it is stored");
        assert_eq!(content(1).payload.form, PayloadForm::Hex);
        assert_eq!(content(2).payload.text, "<img src=x onerror=alert(1)>");
        assert_eq!(content(2).subject, "s.<img/src=x/onerror=alert(1)>");
        let long = content(3).payload;
        assert!((long.form, long.is_json) == (PayloadForm::Text, false) && long.more > 800_000);
        assert_eq!((content(4).payload.form, content(4).headers[0].0.as_str()), (PayloadForm::Json, "X<b>"));
        assert_eq!(message(&simulation, "S", 9).state[0].to_string(), "Not stored yet.");
    }
}
