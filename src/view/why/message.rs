//! Why a message is still stored or gone, and when each consumer delivers it.

use super::consumer::{head, titled};
use super::gates::Case;
use super::mend::mend;
use super::{Answer, Cause, Confusion, Counter, Gate, Mend, Place, Step};
use crate::engine::consumer::Consumer;
use crate::engine::consumer::ack_pending::{Pending, PendingState};
use crate::engine::consumer::config::{AckPolicy, DeliverPolicy};
use crate::engine::event::{AckKind, Event, Removal};
use crate::engine::store::StoredMessage;
use crate::engine::stream::Stream;
use crate::engine::stream::config::{Discard, Retention};
use crate::engine::subject::SubjectFilter;
use crate::engine::time::Timestamp;
use crate::sim::command::{Command, Settlement};
use crate::texts::why_message as texts;
use crate::texts::{counter, unit};
use crate::view::scene::{lossy, time_of_day};
use crate::view::text::Part::{Code, Plain, Seq};
use crate::view::{Phrase, Scene, text};

/// Consumers that are asked about a message.
const ASKED: usize = 8;
/// Consumers that are named in one sentence.
const NAMED: usize = 3;

/// Why message `seq` is still there, and when each consumer delivers it; or why it is gone.
pub fn message(scene: Scene<'_>, stream: &Stream, seq: u64) -> Vec<Answer> {
    let Some(message) = stream.store().get(seq) else { return vec![gone(scene, stream, seq)] };
    let mut answers = vec![stays(scene, stream, &message)];
    for consumer in stream.visible_consumers().take(ASKED) {
        answers.push(turn(&Case::new(scene, stream, consumer, None), &message));
    }
    answers
}

/// What removes a message without anybody's ack.
enum Limit {
    At(Timestamp, &'static str),
    /// With so many more messages stored, and whether they have to be of its subject.
    After(u64, bool),
}

/// Why it is still there, and what removes it.
fn stays(scene: Scene<'_>, stream: &Stream, message: &StoredMessage<'_>) -> Answer {
    let (seq, name) = (message.seq, Code(&stream.config.name));
    let keepers: Vec<&Consumer> = if stream.config.retention == Retention::Limits {
        Vec::new()
    } else {
        stream.consumers().filter(|consumer| consumer.needs(seq, message.subject)).collect()
    };
    let limit = limit(stream, message);
    let mut answer = match (stream.config.retention, keepers.is_empty(), &limit) {
        (Retention::Limits, _, None) => {
            let says = texts::ACKS_MOVE_BOOKMARK_REMOVE;
            Answer::new(Cause::StaysByLimits, titled(texts::STAYS.with([&seq]), says, &[name]))
        }
        (Retention::Limits, _, Some(_)) => {
            let says = texts::ACKS_MOVE_BOOKMARK_REMOVE_NOTHING;
            Answer::new(Cause::StaysUntilLimit, titled(texts::STILL_HERE.with([&seq]), says, &[name]))
        }
        (retention, false, _) => unacked(stream, message, &keepers, retention),
        (Retention::WorkQueue, true, _) => {
            let says = texts::NO_CONSUMER_READS_WORK;
            let subject = lossy(message.subject);
            let says = titled(texts::NOBODY_WANTS.with([&seq]), says, &[name, Code(&subject)]);
            Answer::new(Cause::StaysUnclaimed, says)
        }
        (Retention::Interest, true, _) => {
            let says = texts::NO_CONSUMER_ACK_ANY;
            Answer::new(Cause::StaysUnneeded, titled(texts::NOBODY_NEEDS.with([&seq]), says, &[name]))
        }
    };
    if let Some(limit) = limit {
        tell_limit(&mut answer, scene, &limit);
    }
    answer.mend = answer.mend.or_else(|| release(scene, stream, message, &keepers)).or_else(|| delete(stream, seq));
    answer
}

fn unacked(stream: &Stream, message: &StoredMessage<'_>, keepers: &[&Consumer], retention: Retention) -> Answer {
    let seq = message.seq;
    let gave_up = |of: &&&Consumer| !of.ack_pending().contains(seq) && of.ack_pending().is_redelivered(seq);
    let given_up = keepers.iter().filter(gave_up).count();
    let names: Vec<&str> = keepers.iter().take(NAMED).map(|of| &*of.name).collect();
    let more = keepers.len() - names.len();
    let more = if more > 0 { texts::AND_MORE.with([&more]) } else { String::new() };
    let names = names.join(", ");
    let kind = if retention == Retention::WorkQueue { texts::WORK_QUEUE } else { texts::INTEREST };
    let parts = [Code(&stream.config.name), Plain(kind), Code(&names), Plain(&more)];
    let says = if given_up == keepers.len() { texts::REMOVES_WHAT_ACKED_GAVE } else { texts::KEEPS_UNTIL_ACKED };
    let cause = if given_up == keepers.len() { Cause::StaysGivenUp } else { Cause::StaysUnacked };
    let mut answer = Answer::new(cause, titled(texts::ACK_MISSING.with([&seq]), says, &parts));
    answer.counters.push(Counter::number(counter::ACKS_MISSING, keepers.len() as u64));
    answer
}

/// The first limit that removes the message; `None` if none does.
fn limit(stream: &Stream, message: &StoredMessage<'_>) -> Option<Limit> {
    let (config, store) = (&stream.config, stream.store());
    if config.sealed {
        return None;
    }
    let by_age =
        config.max_age.filter(|_| !stream.is_ageless(message.seq)).map(|age| (message.time + age, texts::MAX_AGE));
    let by_ttl = stream.ttls().get(message.seq).map(|at| (at, texts::ITS_TTL));
    if let Some((at, what)) = by_age.into_iter().chain(by_ttl).min() {
        return Some(Limit::At(at, what));
    }
    let all = [SubjectFilter::all()];
    let from = message.seq;
    let of_subject = std::str::from_utf8(message.subject).ok().and_then(SubjectFilter::new).map(|subject| [subject]);
    let newer = store.count_from(&all, from) - 1;
    let newer_of_subject = of_subject.map_or(0, |subject| store.count_from(&subject, from).saturating_sub(1));
    let by_subject = config.max_msgs_per_subject.map(|max| (max.saturating_sub(newer_of_subject), true));
    let by_count =
        config.max_msgs.filter(|_| config.discard == Discard::Old).map(|max| (max.saturating_sub(newer), false));
    let by_subject = by_subject.filter(|_| config.discard == Discard::Old || !config.discard_new_per_subject);
    by_subject.into_iter().chain(by_count).min().map(|(after, is_of_subject)| Limit::After(after, is_of_subject))
}

fn tell_limit(answer: &mut Answer, scene: Scene<'_>, limit: &Limit) {
    let says = match limit {
        Limit::At(at, what) => {
            if matches!(answer.cause, Cause::StaysUntilLimit) {
                let wait = at.since(scene.now());
                answer.mend =
                    Some(Mend { label: texts::SKIP_TO.with([&time_of_day(*at)]), steps: vec![Step::Wait(wait)] });
            }
            let at = time_of_day(*at);
            answer.counters.push(Counter::new(counter::GOES_AT, at.clone()));
            Phrase::fill(texts::GOES_ACKED_NOT, &[Plain(what), Code(&at)])
        }
        Limit::After(count, is_of_subject) => {
            answer.counters.push(Counter::new(counter::GOES_AFTER, text::counted(*count, unit::MESSAGES)));
            let (limit, more) = match is_of_subject {
                true => (texts::MAX_MSGS_PER_SUBJECT, texts::MORE_STORED_OF_SUBJECT),
                false => (texts::MAX_MSGS, texts::MORE_STORED),
            };
            Phrase::fill(texts::GOES_AFTER, &[Plain(limit), Plain(&text::counted(*count, more))])
        }
    };
    answer.says = std::mem::take(&mut answer.says).then(says);
    let limits = Confusion(27);
    if !answer.confusions.contains(&limits) {
        answer.confusions.push(limits);
    }
}

/// The ack of a worker that holds it, where that is what is missing; else what lets the first keeper deliver.
fn release(scene: Scene<'_>, stream: &Stream, message: &StoredMessage<'_>, keepers: &[&Consumer]) -> Option<Mend> {
    let keeper = keepers.first().filter(|keeper| !keeper.is_hidden())?;
    let case = Case::new(scene, stream, keeper, None);
    if let Some(ack) = ack(&case, message.seq) {
        return Some(ack);
    }
    let pending = keeper.ack_pending();
    let is_next = case.outlook.again == Some(message.seq)
        || (case.outlook.again.is_none() && case.outlook.new == Some(message.seq));
    let gave_up = !pending.contains(message.seq) && pending.is_redelivered(message.seq);
    (is_next && !gave_up).then(|| mend(&case, &case.gates())).flatten()
}

fn ack(case: &Case<'_>, seq: u64) -> Option<Mend> {
    let pending = case.consumer.ack_pending().get(seq)?;
    let is_late = !matches!(pending.state, PendingState::InFlight(_));
    let mut holders = case.workers().filter(|of| of.actor.conn.is_some() && !is_late);
    let (worker, held) = holders.find_map(|of| Some((of, of.settles().find(|held| held.stream_seq == seq)?)))?;
    let settle = Command::Settle { worker: worker.id, consumer_seq: held.consumer_seq, how: Settlement::Ack };
    Some(Mend { label: texts::ACK_FOR.with([&seq, &worker.actor.name]), steps: vec![Step::Do(settle)] })
}

fn delete(stream: &Stream, seq: u64) -> Option<Mend> {
    let subject = format!("$JS.API.STREAM.MSG.DELETE.{}", stream.config.name);
    let body = format!("{{\"seq\":{seq}}}").into_bytes();
    let is_allowed = !stream.config.deny_delete && !stream.config.sealed;
    is_allowed
        .then(|| Mend { label: texts::DELETE.with([&seq]), steps: vec![Step::Do(Command::Request { subject, body })] })
}

fn gone(scene: Scene<'_>, stream: &Stream, seq: u64) -> Answer {
    let name = Code(&stream.config.name);
    let last = stream.store().last_seq();
    if seq > last {
        let says = texts::LAST_SEQUENCE_GAVE_OUT;
        return Answer::new(Cause::NotYet, titled(texts::NOT_THERE_YET.with([&seq]), says, &[name, Seq(last)]));
    }
    let Some(cause) = scene.trace.removal(stream.id, seq) else {
        let says = texts::LEFT_LONG_AGO_BEFORE;
        return Answer::new(Cause::Forgotten, titled(texts::IS_GONE.with([&seq]), says, &[name]));
    };
    let (why, confusion) = why_removed(stream.config.retention == Retention::Interest, cause);
    let at = scene.recent().find_map(|traced| match &traced.event {
        Event::Removed { stream: id, seq: removed, .. } | Event::NotKept { stream: id, seq: removed, .. }
            if *id == stream.id && *removed == seq =>
        {
            Some(traced.at)
        }
        _ => None,
    });
    let title = texts::IS_GONE.with([&seq]);
    let says = match at {
        Some(at) => titled(title, texts::IT_LEFT_AT, &[name, Plain(&time_of_day(at)), Plain(why)]),
        None => titled(title, texts::IT_LEFT, &[name, Plain(why)]),
    };
    let mut answer = Answer::new(Cause::Removed, says);
    answer.confusions.splice(0..0, confusion.map(Confusion));
    answer
}

/// Why a message left a stream, of interest retention or not, and the confusion about that.
pub fn why_removed(is_interest: bool, cause: Removal) -> (&'static str, Option<u8>) {
    match cause {
        Removal::Terminated => (texts::TERM_SETTLED_IT, None),
        Removal::Acked if is_interest => (texts::UNDER_INTEREST_RETENTION_GOES, Some(25)),
        Removal::Acked => (texts::WORK_QUEUE_ACK_REMOVES, Some(21)),
        Removal::NoInterest => (texts::UNDER_INTEREST_RETENTION_NOTHING, Some(24)),
        Removal::MaxMsgs => (texts::OLDEST_BEYOND_MAX_MSGS, Some(27)),
        Removal::MaxBytes => (texts::OLDEST_BEYOND_MAX_BYTES, Some(27)),
        Removal::MaxMsgsPerSubject => (texts::OLDEST_SUBJECT_BEYOND_MAX, Some(27)),
        Removal::MaxAge => (texts::OLDER_THAN_MAX_AGE, Some(27)),
        Removal::Ttl => (texts::OWN_TTL_ENDED, Some(43)),
        Removal::Deleted => (texts::DELETED_REQUEST, None),
        Removal::Purged => (texts::PURGE_REMOVED, None),
        Removal::Rollup => (texts::MESSAGE_NATS_ROLLUP_HEADER, None),
        Removal::Scheduled => (texts::SCHEDULE_DONE, None),
    }
}

/// When and to whom the consumer delivers it, or why it does not.
fn turn(case: &Case<'_>, message: &StoredMessage<'_>) -> Answer {
    let (consumer, seq) = (case.consumer, message.seq);
    let pending = consumer.ack_pending();
    let name = Code(&consumer.name);
    if !consumer.matches(message.subject) {
        let subject = lossy(message.subject);
        let filters: Vec<&str> = consumer.filters().iter().map(SubjectFilter::as_str).collect();
        let filters = filters.join(", ");
        let title = texts::NOT_FOR.with([&consumer.name]);
        let says = titled(title, texts::READS_WHICH_DOES_NOT, &[name, Code(&filters), Code(&subject)]);
        return Answer::new(Cause::FilteredOut, says);
    }
    let mut answer = match pending.get(seq) {
        Some(entry) => delivered(case, seq, entry),
        None if case.outlook.again == Some(seq) => waits(case, seq, Cause::Due, texts::DUE_AGAIN),
        None if case.outlook.paced.is_some_and(|(held, _)| held == seq) => {
            waits(case, seq, Cause::Ahead, texts::NOT_DELIVERED_YET)
        }
        None if pending.is_redelivered(seq) => {
            let times = text::counted(pending.redeliveries(seq) + 1, unit::DELIVERIES);
            let says = texts::STOPPED_AFTER_MAX_DELIVER;
            Answer::new(Cause::GaveUp, head(texts::GIVEN_UP, says, &[name, Plain(&times)]))
        }
        None if consumer.is_ahead(seq) => waits(case, seq, Cause::Ahead, texts::NOT_DELIVERED_YET),
        None => passed(case, message),
    };
    if pending.contains(seq) || pending.is_redelivered(seq) {
        let number = Counter::number;
        answer.counters.push(number(counter::DELIVERED, pending.redeliveries(seq) + 1));
        answer.counters.extend(consumer.config.max_deliver.map(|max| number(counter::MAX_DELIVER, max)));
    }
    answer
}

fn delivered(case: &Case<'_>, seq: u64, entry: &Pending) -> Answer {
    let consumer = case.consumer;
    let pending = consumer.ack_pending();
    let name = Code(&consumer.name);
    let comes_again = consumer.config.max_deliver.is_none_or(|max| pending.redeliveries(seq) + 2 <= max);
    let then = match (comes_again, consumer.is_pull()) {
        (false, _) => texts::THEN_GIVEN_UP_SINCE,
        (true, true) => texts::THEN_GOES_OUT_AGAIN,
        (true, false) => texts::THEN_IT_GOES_OUT_AGAIN,
    };
    let skip = |at: Timestamp| {
        let steps = vec![Step::Wait(at.since(case.scene.now()))];
        Some(Mend { label: texts::SKIP_TO.with([&time_of_day(at)]), steps })
    };
    match entry.state {
        PendingState::InFlight(at) => {
            let holder = case.workers().find(|of| of.worker.held().any(|held| held.stream_seq == seq));
            let who = holder.map_or(texts::NOBODY_WHO_LEFT, |of| &of.actor.name);
            let due = time_of_day(at);
            let says = texts::DELIVERED_ACKWAIT_RUNS_UNTIL;
            let says = head(texts::IN_FLIGHT, says, &[name, Code(who), Code(&due), Plain(then)]);
            let mut answer = Answer::new(Cause::InFlight, says);
            answer.confusions.extend((!consumer.config.backoff.is_empty()).then_some(Confusion(15)));
            answer.mend = skip(at);
            answer
        }
        PendingState::NakDelayed(at) => {
            let due = time_of_day(at);
            let says = texts::NAK_HOLDS_BACK_UNTIL;
            let mut answer =
                Answer::new(Cause::NakDelayed, head(texts::HELD_BACK, says, &[name, Code(&due), Plain(then)]));
            answer.mend = skip(at);
            answer
        }
        PendingState::Due if !comes_again => {
            let says = texts::MAY_NOT_DELIVER_ONCE;
            Answer::new(Cause::GaveUp, head(texts::ABOUT_GIVEN_UP, says, &[name]))
        }
        PendingState::Due => waits(case, seq, Cause::Due, texts::DUE_AGAIN),
        PendingState::Unbounded => {
            let says = texts::DELIVERED_WAITS_ACK_WITHOUT;
            Answer::new(Cause::InFlight, head(texts::IN_FLIGHT, says, &[name]))
        }
    }
}

/// It is to be delivered: after which others, to whom, and what hinders that.
fn waits(case: &Case<'_>, seq: u64, cause: Cause, title: &'static str) -> Answer {
    let consumer = case.consumer;
    let store = case.stream.store();
    let due = consumer.ack_pending().due();
    let before = if cause == Cause::Due {
        due.take_while(|due| *due != seq).count() as u64
    } else {
        let from = consumer.next_stream_seq();
        let new = store.count_from(consumer.filters(), from).saturating_sub(store.count_from(consumer.filters(), seq));
        due.count() as u64 + new
    };
    let gates = case.gates();
    let whose = match before {
        0 => texts::IT_IS_NEXT.to_owned(),
        before => text::counted(before, texts::COME_BEFORE),
    };
    let (name, whose) = (Code(&consumer.name), Plain(&whose));
    let mut says = match to_whom(case) {
        Some(to) if gates.is_empty() || gates == [Gate::Slot] => {
            head(title, texts::DELIVER_GOES, &[name, whose, Plain(&to)])
        }
        _ => head(title, texts::HAS_IT_TO_DELIVER, &[name, whose]),
    };
    if let Some(gate) = gates.first() {
        says = says.then(Phrase::fill(texts::BUT, &[Plain(super::consumer::short(*gate))]));
    }
    let mut answer = Answer::new(cause, says);
    answer.counters = super::consumer::counters(case);
    answer.mend = mend(case, &gates);
    answer.gates = gates;
    answer
}

/// The client whose turn it is.
fn to_whom(case: &Case<'_>) -> Option<String> {
    if let Some(to) = &case.consumer.config.deliver_subject {
        return Some(texts::WHOEVER_LISTENS.with([&to]));
    }
    let (request, _) = case.claims().find(|(_, claim)| *claim == crate::engine::consumer::Claim::Served)?;
    case.scene.client_of_inbox(&request.reply).map(str::to_owned)
}

/// The consumer is behind it.
fn passed(case: &Case<'_>, message: &StoredMessage<'_>) -> Answer {
    let (consumer, seq) = (case.consumer, message.seq);
    let name = Code(&consumer.name);
    let is_of = |stream, of, stream_seq| stream == case.stream.id && of == consumer.id && stream_seq == seq;
    let ack = case.scene.recent().find_map(|traced| match traced.event {
        Event::Acked { stream, consumer, stream_seq, by } if is_of(stream, consumer, stream_seq) => {
            Some((traced.at, by))
        }
        _ => None,
    });
    let is_listed_out = consumer.config.deliver_policy == DeliverPolicy::LastPerSubject
        && message.time <= consumer.created
        && ack.is_none();
    if seq < consumer.start_seq() || is_listed_out {
        let policy = consumer.config.deliver_policy.name();
        let start = consumer.start_seq();
        let says = texts::BEGINS_DELIVER_POLICY_NEVER;
        let says = head(texts::BEFORE_START, says, &[name, Seq(start), Code(policy.as_str()), Seq(seq)]);
        let mut answer = Answer::new(Cause::BelowStart, says);
        let place = Place::NewConsumer(case.stream.config.name.as_str().into());
        answer.mend = Some(Mend { label: texts::MAKE_ANOTHER_CONSUMER.into(), steps: vec![Step::Open(place)] });
        return answer;
    }
    let Some((at, by)) = ack else {
        let says = texts::PAST_WAITS_NO_ACK;
        return Answer::new(Cause::Acked, head(texts::DONE, says, &[name]));
    };
    let how = match by {
        AckKind::Ack | AckKind::Next => texts::WAS_ACKED,
        AckKind::Term => texts::ENDED_TERM,
        AckKind::AckAll => texts::SETTLED_ACK_LATER_ONE,
        AckKind::Delivery => texts::SETTLED_DELIVERY_WITHOUT_ACKS,
    };
    let at = time_of_day(at);
    let says = head(texts::DONE, texts::NOT_DELIVERED_AGAIN, &[name, Plain(how), Code(&at)]);
    let mut answer = Answer::new(Cause::Acked, says);
    answer.confusions.extend((consumer.config.ack_policy == AckPolicy::None).then_some(Confusion(39)));
    answer
}
