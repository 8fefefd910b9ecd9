//! The publishers: what each would send next, and what came back last.

use std::rc::Rc;
use std::time::Duration;

use crate::sim::actor::{Actor, ActorId, PubAck, Publisher, PublisherScript};
use crate::texts::publisher as texts;

use super::Scene;
use super::text::Part::Code;
use super::text::{self, Phrase};
use super::why::{self, Answer, Ask};

/// How often a publisher whose script does not say publishes, once it is let run.
pub const EVERY: Duration = Duration::from_secs(2);

/// A publisher's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherRow {
    pub id: ActorId,
    pub name: Rc<str>,
    /// What it sends.
    pub script: PublisherScript,
    /// How often it publishes once it is let run: `5 s`.
    pub every: String,
    /// Whether it publishes by itself now.
    pub is_running: bool,
    /// The last answer.
    pub reply: Option<PublishReply>,
    /// Why that answer, if it was asked.
    pub why: Option<Answer>,
}

/// What came back for a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishReply {
    pub kind: ReplyKind,
    /// What the answer says: “`ORDERS` seq `9`”.
    pub says: Phrase,
}

/// How a publish stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// A PubAck: stored.
    Stored,
    /// A PubAck with `duplicate: true`: the earlier message stands.
    Duplicate,
    /// An error of the stream.
    Refused,
    /// Status 503: no stream and no subscriber has the subject.
    NoResponders,
    /// No answer came.
    Open,
}

impl ReplyKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stored => texts::PUBACK,
            Self::Duplicate => texts::PUBACK_DUPLICATE,
            Self::Refused => texts::ERROR,
            Self::NoResponders => texts::N503_NO_RESPONDERS,
            Self::Open => texts::SENT,
        }
    }
}

/// The publishers of `scene`, in the order of their making.
pub fn rows(scene: Scene<'_>) -> Rc<[Rc<PublisherRow>]> {
    let row = |(id, actor): (ActorId, &Actor)| Some(Rc::new(row(scene, id, actor, actor.publisher()?)));
    scene.world.actors().iter().filter_map(row).collect()
}

fn row(scene: Scene<'_>, id: ActorId, actor: &Actor, publisher: &Publisher) -> PublisherRow {
    PublisherRow {
        id,
        name: actor.name.as_str().into(),
        script: publisher.script.clone(),
        every: text::duration(publisher.script.every.unwrap_or(EVERY)),
        is_running: actor.next_due().is_some(),
        reply: reply(scene, publisher),
        why: scene.focus.asks(&Ask::Publisher(id)).then(|| why::publisher(scene, id)).flatten(),
    }
}

fn reply(scene: Scene<'_>, publisher: &Publisher) -> Option<PublishReply> {
    if let Some(error) = publisher.last_error() {
        return Some(PublishReply { kind: ReplyKind::Refused, says: Phrase::new().code(error) });
    }
    let published = publisher.last()?;
    let Some(ack) = &published.ack else {
        let subject = &published.subject;
        let is_kept =
            scene.streams().any(|stream| stream.config.subjects.iter().any(|of| of.matches(subject.as_bytes())));
        let says = match is_kept {
            true => Phrase::new().plain(texts::NO_ANSWER),
            false => Phrase::fill(texts::SUBSCRIBERS_ONLY, &[Code(subject)]),
        };
        return Some(PublishReply { kind: ReplyKind::Open, says });
    };
    let (kind, says) = match ack {
        PubAck::Stored { stream, seq } => {
            (ReplyKind::Stored, Phrase::fill(texts::SEQ, &[Code(stream), Code(&seq.to_string())]))
        }
        PubAck::Duplicate { stream, seq } => {
            (ReplyKind::Duplicate, Phrase::fill(texts::SEQ_STANDS, &[Code(stream), Code(&seq.to_string())]))
        }
        PubAck::Refused { err_code, description } => {
            (ReplyKind::Refused, Phrase::new().plain(description.clone()).plain(" ").code(err_code.to_string()))
        }
        PubAck::Staged => (ReplyKind::Open, Phrase::new().plain(texts::WAITS_FOR_COMMIT)),
        PubAck::NoResponders => (ReplyKind::NoResponders, Phrase::fill(texts::NO_STREAM, &[Code(&published.subject)])),
    };
    Some(PublishReply { kind, says })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::actor::Draft;
    use crate::sim::command::Command;
    use crate::sim::presets::Preset;
    use crate::view::{Focus, tests::rows_of};

    #[test]
    fn a_publisher_runs_until_it_is_paused() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        let row =
            |simulation: &crate::sim::Simulation| Rc::clone(&rows_of(simulation, &Focus::default()).publishers[0]);
        let before = row(&simulation);
        assert_eq!((before.is_running, &*before.every), (true, "5 s"));
        simulation.act(Command::PausePublisher { publisher: before.id, is_paused: true });
        assert!(!row(&simulation).is_running);
    }

    #[test]
    fn a_message_of_a_batch_waits_for_its_commit() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        simulation.request("$JS.API.STREAM.CREATE.B", br#"{"name":"B","subjects":["b"],"allow_atomic":true}"#);
        let row =
            |simulation: &crate::sim::Simulation| Rc::clone(&rows_of(simulation, &Focus::default()).publishers[0]);
        let publisher = row(&simulation).id;
        let headers =
            [("Nats-Batch-Id", "x"), ("Nats-Batch-Sequence", "1")].map(|(a, b)| (a.into(), b.into())).to_vec();
        let draft = Draft { subject: "b".into(), headers, ..Draft::default() };
        simulation.act(Command::Publish { publisher, draft, times: 1 });
        let reply = row(&simulation).reply.clone().expect("it is answered");
        assert_eq!((reply.kind, &*reply.says.to_string()), (ReplyKind::Open, texts::WAITS_FOR_COMMIT));
    }

    #[test]
    fn a_publish_without_an_answer_says_so() {
        let preset = Preset::by_key("c31").expect("it exists");
        let mut simulation = preset.open();
        let firsts = preset.scenario().about.first_steps;
        let replies = firsts.iter().map(|first| {
            first.act(&mut simulation).expect("it can be done");
            let reply = rows_of(&simulation, &Focus::default()).publishers[0].reply.clone().expect("it published");
            (reply.kind, reply.says.to_string())
        });
        let expected = [
            (ReplyKind::NoResponders, "No stream has orders.new."),
            (ReplyKind::Open, "and no answer so far: no stream has orders.new, only subscribers"),
            (ReplyKind::Stored, "ORDERS seq 1"),
        ];
        assert_eq!(replies.collect::<Vec<_>>(), expected.map(|(kind, says)| (kind, says.to_owned())));
    }
}
