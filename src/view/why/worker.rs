//! Why a worker gets nothing.

use super::consumer::{answer, head};
use super::gates::{Asker, Case};
use super::{Answer, Cause, Gate, Mend, Place, Step};
use crate::engine::event::{ConsumerEnd, Event};
use crate::sim::actor::{ActorId, OpenPull};
use crate::texts::why as texts;
use crate::texts::{consumer, unit};
use crate::view::scene::time_of_day;
use crate::view::text::Part::{Code, Plain, Seq};
use crate::view::{Phrase, Scene, text};

/// Why the worker gets nothing; `None` if there is no such worker.
pub fn worker(scene: Scene<'_>, id: ActorId) -> Option<Answer> {
    let actor = scene.world.actors().get(id)?;
    let worker = actor.worker()?;
    match scene.consumer(&worker.stream, &worker.consumer) {
        Some((stream, consumer)) => {
            Some(answer(&Case::new(scene, stream, consumer, Some(Asker { id, actor, worker }))))
        }
        None => gone(scene, &worker.stream, &worker.consumer),
    }
}

/// That a consumer does not exist, or not even its stream; `None` if it does.
pub fn gone(scene: Scene<'_>, stream: &str, consumer: &str) -> Option<Answer> {
    let (cause, says, label, place) = match scene.world.server().account().stream_named(stream) {
        None => {
            let says = head(texts::STREAM_GONE, texts::THERE_NO_STREAM, &[Code(stream)]);
            (Cause::StreamGone, says, texts::MAKE_STREAM, Place::NewStream)
        }
        Some(found) if found.consumer_named(consumer).is_none() => {
            let says = consumer_gone(scene, stream, consumer);
            (Cause::ConsumerGone, says, texts::MAKE_CONSUMER, Place::NewConsumer(stream.into()))
        }
        Some(_) => return None,
    };
    let mut answer = Answer::new(cause, says);
    answer.gates = vec![Gate::Exists];
    answer.mend = Some(Mend { label: label.into(), steps: vec![Step::Open(place)] });
    Some(answer)
}

fn consumer_gone(scene: Scene<'_>, of: &str, consumer: &str) -> Phrase {
    let end = scene.recent().find_map(|traced| match &traced.event {
        Event::ConsumerDeleted { stream, name, cause, .. }
            if name == consumer && scene.trace.stream_name(*stream) == of =>
        {
            Some((traced.at, *cause))
        }
        _ => None,
    });
    let Some((at, cause)) = end else {
        return head(texts::NO_CONSUMER, texts::THERE_NO_CONSUMER, &[Code(consumer), Code(of)]);
    };
    let why = match cause {
        ConsumerEnd::Inactive => texts::SINCE_NOBODY_USED_INACTIVE,
        ConsumerEnd::Deleted => texts::BY_A_REQUEST,
        ConsumerEnd::StreamDeleted => texts::WITH_ITS_STREAM,
    };
    let says = texts::DELETED_WHOEVER_ASKS_GETS;
    head(texts::CONSUMER_GONE, says, &[Code(consumer), Code(&time_of_day(at)), Plain(why)])
}

/// The worker itself is what is wrong.
pub fn not_there(case: &Case<'_>, gate: Gate) -> (Cause, Phrase) {
    let name = case.asker.map_or("", |asker| &asker.actor.name);
    if gate == Gate::Connected {
        let says = texts::NO_CONNECTION_WHAT_HELD;
        return (Cause::Disconnected, head(texts::NOT_CONNECTED, says, &[Code(name)]));
    }
    let how = match &case.consumer.config.deliver_subject {
        Some(to) => texts::DELIVERS_NOW.with([&to]),
        None if case.asker.is_some_and(|asker| !asker.worker.pin_id().is_empty()) => texts::PINS_NOBODY_NOW.into(),
        None if case.consumer.config.priority_groups.is_empty() => texts::ASKED_PULL_REQUESTS_NOW.into(),
        None => texts::WANTS_PULL_REQUESTS_NAME.into(),
    };
    let says = texts::READ_CONFIGURATION_WHEN_CONNECTED;
    (Cause::OutOfDate, head(texts::OUT_DATE, says, &[Code(name), Code(&case.consumer.name), Plain(&how)]))
}

/// The worker has no pull request that could be served.
pub fn no_pull(case: &Case<'_>) -> (Cause, Phrase) {
    let Some(asker) = case.asker else { return (Cause::NeverAsked, Phrase::new()) };
    let name = Code(&asker.actor.name);
    let ended = asker.worker.pulls().rfind(|pull| pull.status.is_some());
    let Some(OpenPull { status: Some(status), request, received, .. }) = ended else {
        let says = texts::PULL_CONSUMER_DELIVERS_ONLY;
        return (Cause::NeverAsked, head(texts::NEVER_ASKED, says, &[name]));
    };
    if status.is_empty() {
        let batch = text::counted(request.batch.into(), unit::MESSAGES);
        let says = texts::LAST_PULL_REQUEST_ENDED;
        let last = received.last().copied().unwrap_or_default();
        return (Cause::PullUsedUp, head(texts::PULL_USED_UP, says, &[name, Plain(&batch), Seq(last)]));
    }
    let (cause, head_says, why) = explained(status);
    let says = texts::THE_LAST_PULL_REQUEST_OF;
    (cause, head(head_says, says, &[name, Code(status), Plain(why)]))
}

/// What a status means (ADR-13).
fn explained(status: &str) -> (Cause, &'static str, &'static str) {
    const ENDS: [(&str, Cause, &str); 12] = [
        ("408 Request Timeout", Cause::PullExpired, texts::EXPIRY_CAME_BEFORE_HAD),
        ("408 Requests Pending", Cause::PullFoundNothing, texts::OTHERS_LINE_HAD_ASKED),
        ("404", Cause::PullFoundNothing, texts::NOTHING_THERE_DELIVER_DID),
        ("409 Exceeded MaxWaiting", Cause::PullRefused, texts::MANY_PULL_REQUESTS_MAY),
        ("409 Exceeded MaxRequestBatch", Cause::PullRefused, texts::ASKED_MORE_THAN_ONE),
        ("409 Exceeded MaxRequestExpires", Cause::PullRefused, texts::WANTED_WAIT_LONGER_THAN),
        ("409 Message Size", Cause::PullRefused, texts::NEXT_MESSAGE_LARGER_THAN),
        ("409 Consumer Deleted", Cause::PullRefused, texts::CONSUMER_DELETED),
        ("409 Consumer is push", Cause::PullRefused, texts::PUSH_CONSUMER_NOT_ASKED),
        ("423", Cause::PullRefused, texts::NAMED_PIN_NO_LONGER),
        ("503", Cause::PullRefused, texts::THERE_WAS_NO_SUCH_CONSUMER),
        (consumer::CONNECTION_LOST, Cause::PullRefused, texts::CONNECTION_TOOK_ALONG),
    ];
    let found = ENDS.into_iter().find(|(begin, ..)| status.starts_with(begin));
    let (_, cause, why) = found.unwrap_or(("", Cause::PullRefused, texts::SERVER_COULD_NOT_READ));
    let head = match cause {
        Cause::PullExpired => texts::PULL_EXPIRED,
        Cause::PullFoundNothing => texts::PULL_FOUND_NOTHING,
        _ => texts::PULL_REFUSED,
    };
    (cause, head, why)
}
