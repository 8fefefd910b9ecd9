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
    /// With so many more messages stored, of its subject or of any.
    After(u64, &'static str),
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
            let says =
                " Acks move a bookmark and remove nothing under limits retention, and no limit of {} reaches it.";
            Answer::new(Cause::StaysByLimits, titled(format!("#{seq} stays."), says, &[name]))
        }
        (Retention::Limits, _, Some(_)) => {
            let says = " Acks move a bookmark and remove nothing under limits retention of {}; a limit does.";
            Answer::new(Cause::StaysUntilLimit, titled(format!("#{seq} is still here."), says, &[name]))
        }
        (retention, false, _) => unacked(stream, message, &keepers, retention),
        (Retention::WorkQueue, true, _) => {
            let says = " No consumer of {} reads {}, and a work queue keeps it until one does and acks it.";
            let subject = lossy(message.subject);
            let says = titled(format!("Nobody wants #{seq}."), says, &[name, Code(&subject)]);
            Answer::new(Cause::StaysUnclaimed, says)
        }
        (Retention::Interest, true, _) => {
            let says = " No consumer of {} has to ack it any more; it was stored when one had, and only a limit, a purge \
                        or a delete removes it now.";
            Answer::new(Cause::StaysUnneeded, titled(format!("Nobody needs #{seq}."), says, &[name]))
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
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = names.join(", ");
    let kind = if retention == Retention::WorkQueue { "work queue" } else { "interest" };
    let parts = [Code(&stream.config.name), Plain(kind), Code(&names), Plain(&more)];
    let says = if given_up == keepers.len() {
        " {} ({}) removes what is acked, and {}{} gave up on it after max_deliver, which is no ack."
    } else {
        " {} ({}) keeps it until it is acked by {}{}."
    };
    let cause = if given_up == keepers.len() { Cause::StaysGivenUp } else { Cause::StaysUnacked };
    let mut answer = Answer::new(cause, titled(format!("The ack for #{seq} is missing."), says, &parts));
    answer.counters.push(Counter { label: "acks missing", value: keepers.len().to_string() });
    answer
}

/// The first limit that removes the message; `None` if none does.
fn limit(stream: &Stream, message: &StoredMessage<'_>) -> Option<Limit> {
    let (config, store) = (&stream.config, stream.store());
    if config.sealed {
        return None;
    }
    let by_age = config.max_age.filter(|_| !stream.is_ageless(message.seq)).map(|age| (message.time + age, "max age"));
    let by_ttl = stream.ttls().get(message.seq).map(|at| (at, "its TTL"));
    if let Some((at, what)) = by_age.into_iter().chain(by_ttl).min() {
        return Some(Limit::At(at, what));
    }
    let all = [SubjectFilter::all()];
    let from = message.seq;
    let of_subject = std::str::from_utf8(message.subject).ok().and_then(SubjectFilter::new).map(|subject| [subject]);
    let newer = store.count_from(&all, from) - 1;
    let newer_of_subject = of_subject.map_or(0, |subject| store.count_from(&subject, from).saturating_sub(1));
    let by_subject =
        config.max_msgs_per_subject.map(|max| (max.saturating_sub(newer_of_subject), "max msgs per subject"));
    let by_count =
        config.max_msgs.filter(|_| config.discard == Discard::Old).map(|max| (max.saturating_sub(newer), "max msgs"));
    let by_subject = by_subject.filter(|_| config.discard == Discard::Old || !config.discard_new_per_subject);
    by_subject.into_iter().chain(by_count).min().map(|(after, what)| Limit::After(after, what))
}

fn tell_limit(answer: &mut Answer, scene: Scene<'_>, limit: &Limit) {
    let says = match limit {
        Limit::At(at, what) => {
            if matches!(answer.cause, Cause::StaysUntilLimit) {
                let wait = at.since(scene.now());
                answer.mend =
                    Some(Mend { label: format!("Skip to {}", time_of_day(*at)), steps: vec![Step::Wait(wait)] });
            }
            let at = time_of_day(*at);
            answer.counters.push(Counter { label: "goes at", value: at.clone() });
            Phrase::fill(" It goes by {} at {}, acked or not.", &[Plain(what), Code(&at)])
        }
        Limit::After(count, what) => {
            answer.counters.push(Counter { label: "goes after", value: text::counted(*count, "message") });
            let of = if *what == "max msgs" { "" } else { " of its subject" };
            let stored = if *count == 1 { "one more is".into() } else { format!("{count} more are") };
            Phrase::fill(" It goes by {} when {} stored{}, acked or not.", &[Plain(what), Plain(&stored), Plain(of)])
        }
    };
    answer.says.0.extend(says.0);
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
    Some(Mend { label: format!("Ack #{seq} for {}", worker.actor.name), steps: vec![Step::Do(settle)] })
}

fn delete(stream: &Stream, seq: u64) -> Option<Mend> {
    let subject = format!("$JS.API.STREAM.MSG.DELETE.{}", stream.config.name);
    let body = format!("{{\"seq\":{seq}}}").into_bytes();
    let is_allowed = !stream.config.deny_delete && !stream.config.sealed;
    is_allowed
        .then(|| Mend { label: format!("Delete #{seq}"), steps: vec![Step::Do(Command::Request { subject, body })] })
}

fn gone(scene: Scene<'_>, stream: &Stream, seq: u64) -> Answer {
    let name = Code(&stream.config.name);
    let last = stream.store().last_seq();
    if seq > last {
        let says = " The last sequence that {} gave out is {}.";
        return Answer::new(Cause::NotYet, titled(format!("#{seq} is not there yet."), says, &[name, Seq(last)]));
    }
    let Some(cause) = scene.trace.removal(stream.id, seq) else {
        let says = " It left {} so long ago, or before it was ever stored here, that the cause is not remembered.";
        return Answer::new(Cause::Forgotten, titled(format!("#{seq} is gone."), says, &[name]));
    };
    let (why, confusion) = why_removed(stream, cause);
    let at = scene.recent().find_map(|traced| match &traced.event {
        Event::Removed { stream: id, seq: removed, .. } | Event::NotKept { stream: id, seq: removed, .. }
            if *id == stream.id && *removed == seq =>
        {
            Some(traced.at)
        }
        _ => None,
    });
    let at = at.map_or_else(String::new, |at| [" at ", &time_of_day(at)].concat());
    let says = titled(format!("#{seq} is gone."), " It left {}{}: {}.", &[name, Plain(&at), Plain(why)]);
    let mut answer = Answer::new(Cause::Removed, says);
    answer.confusions.splice(0..0, confusion.map(Confusion));
    answer
}

fn why_removed(stream: &Stream, cause: Removal) -> (&'static str, Option<u8>) {
    let is_interest = stream.config.retention == Retention::Interest;
    match cause {
        Removal::Acked if is_interest => {
            ("under interest retention it goes with the last ack that was missing", Some(25))
        }
        Removal::Acked => ("in a work queue an ack removes it", Some(21)),
        Removal::NoInterest => ("under interest retention nothing is kept that no consumer wants", Some(24)),
        Removal::MaxMsgs => ("it was the oldest beyond max msgs, acked or not", Some(27)),
        Removal::MaxBytes => ("it was the oldest beyond max bytes, acked or not", Some(27)),
        Removal::MaxMsgsPerSubject => ("it was the oldest of its subject beyond max msgs per subject", Some(27)),
        Removal::MaxAge => ("it was older than max age, acked or not", Some(27)),
        Removal::Ttl => ("its own TTL ended", Some(43)),
        Removal::Deleted => ("it was deleted by a request", None),
        Removal::Purged => ("a purge removed it", None),
        Removal::Rollup => ("a message with a Nats-Rollup header replaced it", None),
        Removal::Scheduled => ("its schedule is done", None),
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
        let says =
            head("Not for {}.", " {} reads {}, which {} does not match.", &[name, Code(&filters), Code(&subject)]);
        return Answer::new(Cause::FilteredOut, named(says, &consumer.name));
    }
    let mut answer = match pending.get(seq) {
        Some(entry) => delivered(case, seq, entry),
        None if case.outlook.again == Some(seq) => waits(case, seq, Cause::Due, "Due again."),
        None if case.outlook.paced.is_some_and(|(held, _)| held == seq) => {
            waits(case, seq, Cause::Ahead, "Not delivered yet.")
        }
        None if pending.is_redelivered(seq) => {
            let times = text::counted(pending.redeliveries(seq) + 1, "delivery").replace("deliverys", "deliveries");
            let says =
                " {} stopped after {}: max_deliver is reached, an advisory went out, and it is not delivered again.";
            Answer::new(Cause::GaveUp, head("Given up.", says, &[name, Plain(&times)]))
        }
        None if consumer.is_ahead(seq) => waits(case, seq, Cause::Ahead, "Not delivered yet."),
        None => passed(case, message),
    };
    if pending.contains(seq) || pending.is_redelivered(seq) {
        let number = |label, value: u64| Counter { label, value: value.to_string() };
        answer.counters.push(number("delivered", pending.redeliveries(seq) + 1));
        answer.counters.extend(consumer.config.max_deliver.map(|max| number("max deliver", max)));
    }
    answer
}

/// Puts the consumer's name into the heading.
fn named(mut says: Phrase, name: &str) -> Phrase {
    if let Some(crate::view::text::Span::Strong(head)) = says.0.first_mut() {
        *head = head.replace("{}", name).into();
    }
    says
}

fn delivered(case: &Case<'_>, seq: u64, entry: &Pending) -> Answer {
    let consumer = case.consumer;
    let pending = consumer.ack_pending();
    let name = Code(&consumer.name);
    let comes_again = consumer.config.max_deliver.is_none_or(|max| pending.redeliveries(seq) + 2 <= max);
    let then = match (comes_again, consumer.is_pull()) {
        (false, _) => "then it is given up, since max_deliver is reached",
        (true, true) => "then it goes out again to the next pull request",
        (true, false) => "then it goes out again",
    };
    let skip = |at: Timestamp| {
        let steps = vec![Step::Wait(at.since(case.scene.now()))];
        Some(Mend { label: format!("Skip to {}", time_of_day(at)), steps })
    };
    match entry.state {
        PendingState::InFlight(at) => {
            let holder = case.workers().find(|of| of.worker.held().any(|held| held.stream_seq == seq));
            let who = holder.map_or("nobody who is left", |of| &of.actor.name);
            let due = time_of_day(at);
            let says = " {} delivered it; {} has it, and its AckWait runs until {}: {}.";
            let says = head("In flight.", says, &[name, Code(who), Code(&due), Plain(then)]);
            let mut answer = Answer::new(Cause::InFlight, says);
            answer.confusions.extend((!consumer.config.backoff.is_empty()).then_some(Confusion(15)));
            answer.mend = skip(at);
            answer
        }
        PendingState::NakDelayed(at) => {
            let due = time_of_day(at);
            let says = " A nak to {} holds it back until {} and keeps its slot: {}.";
            let mut answer = Answer::new(Cause::NakDelayed, head("Held back.", says, &[name, Code(&due), Plain(then)]));
            answer.mend = skip(at);
            answer
        }
        PendingState::Due if !comes_again => {
            let says = " {} may not deliver it once more, and finds that out with the next pull request.";
            Answer::new(Cause::GaveUp, head("About to be given up.", says, &[name]))
        }
        PendingState::Due => waits(case, seq, Cause::Due, "Due again."),
        PendingState::Unbounded => {
            let says = " {} delivered it and waits for its ack, without an end.";
            Answer::new(Cause::InFlight, head("In flight.", says, &[name]))
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
        0 => "it is next".to_owned(),
        before => format!("{} before it", if before == 1 { "1 comes".into() } else { format!("{before} come") }),
    };
    let to = to_whom(case);
    let (lead, to) = match &to {
        Some(to) if gates.is_empty() || gates == [Gate::Slot] => (" and goes to ", to.as_str()),
        _ => ("", ""),
    };
    let says = " {} has it to deliver: {}{}{}.";
    let mut says = head(title, says, &[Code(&consumer.name), Plain(&whose), Plain(lead), Plain(to)]);
    if let Some(gate) = gates.first() {
        says.0.extend(Phrase::fill(" But {}.", &[Plain(super::consumer::short(*gate))]).0);
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
        return Some(["whoever listens on ", to].concat());
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
        let says = " {} begins at {} by deliver policy {}, so it never delivers {}.";
        let says = head("Before its start.", says, &[name, Seq(start), Code(policy.as_str()), Seq(seq)]);
        let mut answer = Answer::new(Cause::BelowStart, says);
        let place = Place::NewConsumer(case.stream.config.name.as_str().into());
        answer.mend = Some(Mend { label: "Make another consumer".into(), steps: vec![Step::Open(place)] });
        return answer;
    }
    let Some((at, by)) = ack else {
        let says = " {} is past it and waits for no ack of it.";
        return Answer::new(Cause::Acked, head("Done.", says, &[name]));
    };
    let how = match by {
        AckKind::Ack | AckKind::Next => "was acked",
        AckKind::Term => "was ended by +TERM",
        AckKind::AckAll => "was settled by the ack of a later one",
        AckKind::Delivery => "was settled by its delivery, without acks",
    };
    let at = time_of_day(at);
    let says = head("Done.", " For {} it {} at {}, and it is not delivered again.", &[name, Plain(how), Code(&at)]);
    let mut answer = Answer::new(Cause::Acked, says);
    answer.confusions.extend((consumer.config.ack_policy == AckPolicy::None).then_some(Confusion(39)));
    answer
}
