//! What a stream takes, and why it refused a message.

use super::consumer::head;
use super::refused::{blamed_of_code, refusal, rule_of};
use super::{Answer, Cause, Counter, Mend, Place, Step};
use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;
use crate::engine::stream::config::{Discard, StreamConfig};
use crate::engine::subject::SubjectFilter;
use crate::sim::actor::{ActorId, Draft, PubAck, Published};
use crate::sim::command::Command;
use crate::texts::{counter, why as texts};
use crate::view::text::Part::{Code, Seq};
use crate::view::{Scene, stream_form};

/// Whether a plain message of a few bytes is taken, whatever its subject.
pub fn takes_messages(stream: &Stream) -> bool {
    let config = &stream.config;
    let store = stream.store();
    let is_at_limit = config.discard == Discard::New
        && (config.max_msgs.is_some_and(|max| store.messages() >= max)
            || config.max_bytes.is_some_and(|max| store.bytes() + 128 > max));
    !config.sealed && config.mirror.is_none() && config.subject_transform.is_none() && !is_at_limit
}

/// A subject that the stream takes and the consumer matches; `None` if there is none.
pub fn literal(config: &StreamConfig, consumer: &Consumer) -> Option<String> {
    let all = [SubjectFilter::all()];
    let filters = if consumer.filters().is_empty() { &all } else { consumer.filters() };
    let mut pairs = filters.iter().flat_map(|filter| config.subjects.iter().map(move |subject| (filter, subject)));
    pairs.find_map(|(filter, subject)| meet(filter.as_str(), subject.as_str()))
}

/// A subject that both match.
fn meet(one: &str, other: &str) -> Option<String> {
    let (mut ones, mut others) = (one.split('.'), other.split('.'));
    let mut met: Vec<&str> = Vec::new();
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return Some(met.join(".")),
            (Some(">"), Some(rest)) => {
                met.extend([rest].into_iter().chain(others).map(named));
                return Some(met.join("."));
            }
            (Some(rest), Some(">")) => {
                met.extend([rest].into_iter().chain(ones).map(named));
                return Some(met.join("."));
            }
            (Some("*"), Some(token)) | (Some(token), Some("*")) => met.push(named(token)),
            (Some(token), Some(same)) if token == same => met.push(token),
            _ => return None,
        }
    }
}

fn named(token: &str) -> &str {
    if matches!(token, "*" | ">") { "any" } else { token }
}

/// Why the last message of a publisher was not stored; `None` if it was, or there was none.
pub fn publisher(scene: Scene<'_>, id: ActorId) -> Option<Answer> {
    let actor = scene.world.actors().get(id)?;
    let publisher = actor.publisher()?;
    let last = publisher.last()?;
    match last.ack.as_ref()? {
        PubAck::Stored { .. } | PubAck::Staged => None,
        PubAck::NoResponders => Some(no_responders(scene, last)),
        PubAck::Duplicate { stream, seq } => Some(duplicate(scene, last, stream, *seq)),
        PubAck::Refused { err_code, description } => {
            let code = u64::from(*err_code);
            let (rule, confusions) = rule_of(code, description);
            let says = refusal(description, code, &rule);
            let mut answer = Answer::new(Cause::Refused, says);
            answer.confusions = confusions;
            answer.counters.extend(blamed_of_code(code).map(|value| Counter::new(counter::FIELD, value)));
            answer.mend = mend(scene, id, &publisher.script.draft, last, code, description);
            Some(answer)
        }
    }
}

fn no_responders(scene: Scene<'_>, last: &Published) -> Answer {
    let says = texts::NO_STREAM_NO_SUBSCRIBER;
    let mut answer = Answer::new(Cause::NoResponders, head(texts::NO_RESPONDERS, says, &[Code(&last.subject)]));
    let taken = |name: &str| scene.world.server().account().stream_named(name).is_some();
    let name = (1..100).map(|number| format!("STREAM-{number}")).find(|name| !taken(name));
    answer.mend = name.map(|name| {
        let mut form = stream_form::create();
        form.set("name", name.as_str());
        form.set("subjects", last.subject.as_str());
        let steps = match stream_form::request(&form) {
            Ok(request) => {
                vec![Step::Do(Command::Request { subject: request.subject, body: request.body.into_bytes() })]
            }
            Err(_) => vec![Step::Open(Place::NewStream)],
        };
        Mend { label: texts::MAKE_STREAM_FOR_IT.with([&name]), steps }
    });
    answer
}

fn duplicate(scene: Scene<'_>, last: &Published, stream: &str, seq: u64) -> Answer {
    let says = texts::STORED_BEFORE_WITHIN_DUPLICATE;
    let mut answer =
        Answer::new(Cause::Duplicate, head(texts::A_DUPLICATE, says, &[Code(&last.msg_id), Seq(seq), Code(stream)]));
    let stream = scene.world.server().account().stream_named(stream);
    let window = stream.and_then(|stream| Some((stream, stream.config.duplicate_window?)));
    let forgotten = window.and_then(|(stream, window)| {
        let id = stream.duplicates().iter(window).find(|(id, ..)| *id == last.msg_id.as_bytes());
        id.map(|(_, _, at)| at)
    });
    answer.mend = forgotten
        .map(|at| Mend { label: texts::SKIP_END_WINDOW.into(), steps: vec![Step::Wait(at.since(scene.now()))] });
    answer
}

/// The same message again, with the number that was wrong put right.
fn mend(
    scene: Scene<'_>,
    publisher: ActorId,
    draft: &Draft,
    last: &Published,
    err_code: u64,
    description: &str,
) -> Option<Mend> {
    if matches!(err_code, 10071 | 10164) {
        let right: u64 = description.rsplit(' ').next()?.parse().ok()?;
        let mut draft = draft.clone();
        let is_expected = |name: &str| name.starts_with("Nats-Expected-Last-") && name.ends_with("Sequence");
        let header = draft.headers.iter_mut().find(|(name, _)| is_expected(name))?;
        header.1 = right.to_string();
        let steps = vec![Step::Do(Command::Publish { publisher, draft, times: 1 })];
        return Some(Mend { label: texts::PUBLISH_WITH.with([&right]), steps });
    }
    let stream = scene
        .streams()
        .find(|stream| stream.config.subjects.iter().any(|filter| filter.matches(last.subject.as_bytes())))?;
    let name = stream.config.name.as_str();
    Some(Mend { label: texts::EDIT.with([&name]), steps: vec![Step::Open(Place::Stream(name.into()))] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_filters_meet_in_a_subject() {
        for (one, other, met) in [
            ("a.b", "a.b", Some("a.b")),
            ("a.*", "*.b", Some("a.b")),
            ("a.>", "a.b.c", Some("a.b.c")),
            ("*.b.>", "a.>", Some("a.b.any")),
            (">", ">", Some("any")),
            ("a.*", "a.b.c", None),
            ("a", "b", None),
            ("a.>", "a", None),
        ] {
            assert_eq!(meet(one, other).as_deref(), met, "{one} and {other}");
            assert_eq!(meet(other, one).as_deref(), met, "{other} and {one}");
            let filters = [one, other].map(|text| SubjectFilter::new(text).expect("valid"));
            if let Some(met) = met {
                assert!(filters.iter().all(|filter| filter.matches(met.as_bytes())), "{met}");
            }
        }
    }
}
