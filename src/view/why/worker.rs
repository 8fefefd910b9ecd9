//! Why a worker gets nothing.

use super::consumer::{answer, head};
use super::gates::{Asker, Case};
use super::{Answer, Cause, Gate, Mend, Place, Step};
use crate::engine::event::{ConsumerEnd, Event};
use crate::sim::actor::{ActorId, OpenPull};
use crate::view::scene::time_of_day;
use crate::view::text::Part::{Code, Plain, Seq};
use crate::view::{Phrase, Scene, text};

/// Why the worker gets nothing; `None` if there is no such worker.
pub fn worker(scene: Scene<'_>, id: ActorId) -> Option<Answer> {
    let actor = scene.world.actors().get(id)?;
    let worker = actor.worker()?;
    let Some(stream) = scene.world.server().account().stream_named(&worker.stream) else {
        let says = head("Its stream is gone.", " There is no stream {}.", &[Code(&worker.stream)]);
        return Some(gone(Cause::StreamGone, says, "Make a stream", Place::NewStream));
    };
    let Some(consumer) = stream.consumer_named(&worker.consumer) else {
        let says = consumer_gone(scene, &worker.consumer);
        let place = Place::NewConsumer(worker.stream.as_str().into());
        return Some(gone(Cause::ConsumerGone, says, "Make a consumer", place));
    };
    Some(answer(&Case::new(scene, stream, consumer, Some(Asker { id, actor, worker }))))
}

fn gone(cause: Cause, says: Phrase, label: &str, place: Place) -> Answer {
    let mut answer = Answer::new(cause, says);
    answer.gates = vec![Gate::Exists];
    answer.mend = Some(Mend { label: label.into(), steps: vec![Step::Open(place)] });
    answer
}

fn consumer_gone(scene: Scene<'_>, consumer: &str) -> Phrase {
    let end = scene.recent().find_map(|traced| match &traced.event {
        Event::ConsumerDeleted { name, cause, .. } if name == consumer => Some((traced.at, *cause)),
        _ => None,
    });
    let Some((at, cause)) = end else {
        return head("Its consumer is gone.", " There is no consumer {}.", &[Code(consumer)]);
    };
    let why = match cause {
        ConsumerEnd::Inactive => "since nobody used it for its inactive threshold",
        ConsumerEnd::Deleted => "by a request",
        ConsumerEnd::StreamDeleted => "with its stream",
    };
    let says = " {} was deleted at {}, {}; whoever asks it gets 503, and acks for it do nothing.";
    head("Its consumer is gone.", says, &[Code(consumer), Code(&time_of_day(at)), Plain(why)])
}

/// The worker itself is what is wrong.
pub fn not_there(case: &Case<'_>, gate: Gate) -> (Cause, Phrase) {
    let name = case.asker.map_or("", |asker| &asker.actor.name);
    if gate == Gate::Connected {
        let says = " {} has no connection. What it held stays in flight until its AckWait ends, and its pull requests \
                    are passed over.";
        return (Cause::Disconnected, head("Not connected.", says, &[Code(name)]));
    }
    let how = match &case.consumer.config.deliver_subject {
        Some(to) => ["delivers to ", to, " now"].concat(),
        None if case.asker.is_some_and(|asker| !asker.worker.pin_id().is_empty()) => "pins nobody now".into(),
        None if case.consumer.config.priority_groups.is_empty() => "is to be asked by pull requests now".into(),
        None => "wants pull requests to name a priority group now".into(),
    };
    let says = " {} read the configuration when it connected, and {} {}.";
    (Cause::OutOfDate, head("Out of date.", says, &[Code(name), Code(&case.consumer.name), Plain(&how)]))
}

/// The worker has no pull request that could be served.
pub fn no_pull(case: &Case<'_>) -> (Cause, Phrase) {
    let Some(asker) = case.asker else { return (Cause::NeverAsked, Phrase::new()) };
    let name = Code(&asker.actor.name);
    let ended = asker.worker.pulls().rfind(|pull| pull.status.is_some());
    let Some(OpenPull { status: Some(status), request, received, .. }) = ended else {
        let says = " A pull consumer delivers only when it is asked, and {} has not asked yet.";
        return (Cause::NeverAsked, head("Never asked.", says, &[name]));
    };
    if status.is_empty() {
        let batch = text::counted(request.batch.into(), "message");
        let says = " The last pull request of {} was for {} and ended with {}; it takes another one.";
        let last = received.last().copied().unwrap_or_default();
        return (Cause::PullUsedUp, head("The pull is used up.", says, &[name, Plain(&batch), Seq(last)]));
    }
    let (cause, head_says, why) = explained(status);
    (cause, head(head_says, " The last pull request of {} ended with {}: {}.", &[name, Code(status), Plain(why)]))
}

/// What a status means (ADR-13).
fn explained(status: &str) -> (Cause, &'static str, &'static str) {
    const ENDS: [(&str, Cause, &str); 12] = [
        ("408 Request Timeout", Cause::PullExpired, "its expiry came before it had its batch"),
        (
            "408 Requests Pending",
            Cause::PullFoundNothing,
            "others in line had asked for all there was, and it did not wait",
        ),
        ("404", Cause::PullFoundNothing, "nothing was there to deliver, and it did not wait"),
        ("409 Exceeded MaxWaiting", Cause::PullRefused, "as many pull requests as may wait were in line"),
        ("409 Exceeded MaxRequestBatch", Cause::PullRefused, "it asked for more than one request may"),
        ("409 Exceeded MaxRequestExpires", Cause::PullRefused, "it wanted to wait longer than one request may"),
        ("409 Message Size", Cause::PullRefused, "the next message is larger than it would take"),
        ("409 Consumer Deleted", Cause::PullRefused, "the consumer was deleted"),
        ("409 Consumer is push", Cause::PullRefused, "a push consumer is not asked, it delivers by itself"),
        ("423", Cause::PullRefused, "it named a pin that is no longer one"),
        ("503", Cause::PullRefused, "there was no such consumer"),
        ("connection lost", Cause::PullRefused, "the connection took it along"),
    ];
    let found = ENDS.into_iter().find(|(begin, ..)| status.starts_with(begin));
    let (_, cause, why) = found.unwrap_or(("", Cause::PullRefused, "the server could not read it so"));
    let head = match cause {
        Cause::PullExpired => "The pull expired.",
        Cause::PullFoundNothing => "The pull found nothing.",
        _ => "The pull was refused.",
    };
    (cause, head, why)
}
