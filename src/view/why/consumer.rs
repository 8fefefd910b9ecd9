//! Why a consumer delivers nothing.

use super::gates::{Asker, Case};
use super::mend::mend;
use super::{Answer, Cause, Counter, Gate};
use std::borrow::Cow;

use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::config::{AckPolicy, DeliverPolicy};
use crate::engine::consumer::{Claim, Consumer, Push};
use crate::engine::event::Event;
use crate::engine::stream::Stream;
use crate::engine::subject::SubjectFilter;
use crate::engine::time::Timestamp;
use crate::view::scene::time_of_day;
use crate::view::text::Part::{self, Code, Plain, Seq};
use crate::view::text::Span;
use crate::view::{Phrase, Scene, text};

/// Why the consumer delivers nothing; that nothing hinders it, if so.
pub fn consumer(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Answer {
    answer(&Case::new(scene, stream, consumer, None))
}

/// What keeps messages from going out that are there to be delivered; `None` if there are none, or they go out, or it
/// was asked for.
pub fn hindrance(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Option<Answer> {
    let is_waiting = consumer.num_pending() > 0 || consumer.ack_pending().num_due() > 0;
    if !is_waiting || consumer.is_paused(scene.now()) {
        return None;
    }
    let case = Case::new(scene, stream, consumer, None);
    let gates = case.gates();
    let is_worth = match gates.first()? {
        Gate::Bound | Gate::Confirmed | Gate::Slot | Gate::Awake => true,
        // A worker that holds something is about to act; the hint is for those that do nothing.
        Gate::Pull => case.outlook.again.is_some() || !case.workers().any(|of| is_busy(&of)),
        _ => false,
    };
    is_worth.then(|| answer_of(&case, gates))
}

fn is_busy(of: &Asker<'_>) -> bool {
    of.actor.conn.is_some() && of.worker.held().len() > 0
}

pub fn answer(case: &Case<'_>) -> Answer {
    answer_of(case, case.gates())
}

fn answer_of(case: &Case<'_>, gates: Vec<Gate>) -> Answer {
    let (cause, mut says) = says(case, &gates);
    besides(&mut says, &gates);
    let mut answer = Answer::new(cause, says);
    answer.counters = counters(case);
    answer.mend = mend(case, &gates);
    answer.gates = gates;
    answer
}

/// A heading, and the sentence `template` with `parts` in its places.
pub fn head(head: &'static str, template: &'static str, parts: &[Part<'_>]) -> Phrase {
    titled(head, template, parts)
}

pub fn titled(head: impl Into<Cow<'static, str>>, template: &'static str, parts: &[Part<'_>]) -> Phrase {
    let mut phrase = Phrase::new().strong(head);
    phrase.0.extend(Phrase::fill(template, parts).0);
    phrase
}

/// Names the gates behind the first.
fn besides(says: &mut Phrase, gates: &[Gate]) {
    for (at, gate) in gates.iter().enumerate().skip(1) {
        let before = if at == 1 { " Besides, " } else { ", and " };
        says.0.push(Span::Plain(before.into()));
        says.0.push(Span::Plain(short(*gate).into()));
    }
    if gates.len() > 1 {
        says.0.push(Span::Plain(".".into()));
    }
}

pub const fn short(gate: Gate) -> &'static str {
    match gate {
        Gate::Exists => "there is no such consumer",
        Gate::Matching => "the filter matches no subject of the stream",
        Gate::Connected => "the worker is not connected",
        Gate::UpToDate => "the worker knows an older configuration",
        Gate::Paced => "a message is held back to keep the pace",
        Gate::Running => "the consumer is paused",
        Gate::Bound => "nobody listens on the deliver subject",
        Gate::Confirmed => "flow control waits for an answer",
        Gate::Message => "nothing is stored that it has still to deliver",
        Gate::Slot => "the tray is full",
        Gate::Pin => "another client is pinned",
        Gate::Pull => "no pull request waits that could be served",
        Gate::Awake => "nothing wakes it",
    }
}

/// The cause behind the first closed gate, and a sentence about it.
fn says(case: &Case<'_>, gates: &[Gate]) -> (Cause, Phrase) {
    let consumer = case.consumer;
    let name = Code(&consumer.name);
    let Some(gate) = gates.first() else {
        let says = " {} delivers what it has at this very moment.";
        return (Cause::Flows, head("Nothing stands in its way.", says, &[name]));
    };
    if let Some(at) = goes_at(case, *gate) {
        return goes_unused(case, *gate, at);
    }
    match gate {
        Gate::Exists | Gate::Connected | Gate::UpToDate => super::worker::not_there(case, *gate),
        Gate::Running => {
            let until = consumer.paused_until().map_or_else(String::new, time_of_day);
            let says = " {} delivers nothing until {}; pull requests wait, and those that expire get 408.";
            (Cause::Paused, head("Paused.", says, &[name, Code(&until)]))
        }
        Gate::Paced => paced(case),
        Gate::Bound => {
            let to = consumer.config.deliver_subject.as_deref().unwrap_or_default();
            let waiting = text::counted(consumer.num_pending(), "message") + " to deliver.";
            let says = " Nobody listens on the deliver subject. A push consumer delivers while somebody listens on {}.";
            (Cause::NobodyListens, titled(waiting, says, &[Code(to)]))
        }
        Gate::Confirmed => {
            let (outstanding, window) = consumer.push().and_then(Push::window).unwrap_or_default();
            let (sent, most) = (text::bytes(outstanding as u64), text::bytes(window as u64));
            let says = " {} are on their way where {} may be; the next message goes out when the client confirms.";
            (Cause::FlowControl, head("Flow control waits for an answer.", says, &[Plain(&sent), Plain(&most)]))
        }
        Gate::Matching | Gate::Message => nothing_to_deliver(case, *gate),
        Gate::Slot => full(case),
        Gate::Pin => pinned(case),
        Gate::Pull => no_pull(case),
        Gate::Awake => {
            let says = " What {} would deliver is there, and so is who wants it, but nothing has woken it since: the \
                        next message, pull request, ack or heartbeat does.";
            (Cause::Asleep, head("Not woken.", says, &[name]))
        }
    }
}

/// When the consumer goes because nobody uses it.
fn goes_at(case: &Case<'_>, gate: Gate) -> Option<Timestamp> {
    let nobody = case.asker.is_none() && !case.workers().any(|of| of.actor.conn.is_some());
    case.consumer.goes_at().filter(|_| nobody && matches!(gate, Gate::Bound | Gate::Pull))
}

fn goes_unused(case: &Case<'_>, gate: Gate, at: Timestamp) -> (Cause, Phrase) {
    let threshold = case.consumer.config.inactive_threshold.duration().unwrap_or_default();
    let (after, at) = (text::duration(threshold), time_of_day(at));
    let says = if gate == Gate::Pull {
        " Nobody asks {} for messages, and after {} of that it is deleted, at {}."
    } else {
        " Nobody listens to {}, and after {} of that it is deleted, at {}."
    };
    (Cause::GoesUnused, head("Unused.", says, &[Code(&case.consumer.name), Plain(&after), Code(&at)]))
}

fn paced(case: &Case<'_>) -> (Cause, Phrase) {
    let (stream_seq, until) = case.outlook.paced.unwrap_or_default();
    let at = time_of_day(until);
    let parts = [Seq(stream_seq), Code(&at)];
    if case.consumer.config.rate_limit_bps.is_some() {
        let says = " {} goes out at {}, when the rate limit has room for it.";
        return (Cause::RateLimited, head("Rate limited.", says, &parts));
    }
    let says = " {} goes out at {}, as replay original keeps the pace at which messages were stored.";
    (Cause::Replays, head("Keeps the pace.", says, &parts))
}

fn nothing_to_deliver(case: &Case<'_>, gate: Gate) -> (Cause, Phrase) {
    let (consumer, stream) = (case.consumer, case.stream);
    let name = Code(&consumer.name);
    let store = stream.store();
    let filters: Vec<&str> = consumer.filters().iter().map(SubjectFilter::as_str).collect();
    let filters = filters.join(", ");
    if gate == Gate::Matching {
        let says = " {} matches no subject that {} stores, now or later.";
        return (
            Cause::FilterCannotMatch,
            head("The filter matches nothing.", says, &[Code(&filters), Code(&stream.config.name)]),
        );
    }
    if store.messages() == 0 {
        let says = " {} has no message, so {} has none to deliver.";
        return (Cause::NothingStored, head("Nothing is stored.", says, &[Code(&stream.config.name), name]));
    }
    let next = consumer.next_stream_seq();
    if next > store.last_seq() + 1 {
        let last = store.last_seq();
        let says = " {} begins at {}, and the last message stored is {}.";
        return (Cause::StartsLater, head("It starts later.", says, &[name, Seq(next), Seq(last)]));
    }
    let has_delivered = consumer.reported().last_delivered.is_some();
    let stored = store.count_from(consumer.filters(), 1);
    if stored == 0 {
        let says = " {} matches none of the messages stored.";
        return (Cause::FilterMatchesNothing, head("The filter matches nothing.", says, &[Code(&filters)]));
    }
    if !has_delivered && consumer.config.deliver_policy != DeliverPolicy::All {
        let (policy, stored) = (consumer.config.deliver_policy.name(), text::counted(stored, "message"));
        let says = " Deliver policy {}: {} begins at {}, behind {} that it matches.";
        let parts = [Code(policy.as_str()), name, Seq(consumer.start_seq()), Plain(&stored)];
        return (Cause::StartsLater, head("It starts later.", says, &parts));
    }
    match consumer.ack_pending().len() as u64 {
        0 => {
            let says = " Everything up to {} that {} matches was delivered, and nothing waits for an ack.";
            (Cause::CaughtUp, head("Caught up.", says, &[Seq(store.last_seq()), name]))
        }
        pending => {
            let says = " Everything up to {} that {} matches was delivered; {} for an ack, and come again without one.";
            let waits = if pending == 1 { "1 message waits".into() } else { format!("{pending} messages wait") };
            (Cause::CaughtUp, head("Caught up.", says, &[Seq(store.last_seq()), name, Plain(&waits)]))
        }
    }
}

fn full(case: &Case<'_>) -> (Cause, Phrase) {
    let pending = case.consumer.ack_pending();
    let max = case.consumer.config.max_ack_pending.limit().unwrap_or(0);
    let delayed = pending.iter().filter(|(_, entry)| matches!(entry.state, PendingState::NakDelayed(_))).count();
    let limit = max.to_string();
    if delayed > 0 && ((pending.len() - delayed) as u64) < max {
        let says = " MaxAckPending {}: {} by naks that wait out their delay, which keep their slots meanwhile.";
        let held = if delayed == 1 { "1 slot is held".into() } else { format!("{delayed} slots are held") };
        return (Cause::NaksHoldSlots, head("The tray is full.", says, &[Plain(&limit), Plain(&held)]));
    }
    if case.consumer.config.ack_policy == AckPolicy::FlowControl {
        let says = " MaxAckPending {}: nothing new goes out until the client answers flow control.";
        return (Cause::TrayFull, head("The tray is full.", says, &[Plain(&limit)]));
    }
    let says = match pending.first_due_message() {
        Some(_) => {
            " MaxAckPending {}: nothing new goes out until one is acked, or given up; the next AckWait ends at {}."
        }
        None => " MaxAckPending {}: nothing new goes out until one is acked.",
    };
    let at = pending.first_due().map_or_else(String::new, time_of_day);
    (Cause::TrayFull, head("The tray is full.", says, &[Plain(&limit), Code(&at)]))
}

fn pinned(case: &Case<'_>) -> (Cause, Phrase) {
    let until = case.consumer.pin_ends().map_or_else(String::new, time_of_day);
    let pin = case.consumer.pinned().map_or("", |(pin, _)| pin);
    let of = case.workers().find(|of| of.worker.pin_id() == pin);
    let who = of.map_or("Another client", |of| &of.actor.name);
    let says = " {} alone gets messages until it is silent for too long, at {}; the pull requests of others wait.";
    (Cause::PinnedToAnother, head("Pinned to one client.", says, &[Code(who), Code(&until)]))
}

fn no_pull(case: &Case<'_>) -> (Cause, Phrase) {
    let consumer = case.consumer;
    if case.claims().any(|(_, claim)| claim == Claim::BelowThreshold) {
        let says = " The pull request waits until more is pending: {} of {} now.";
        let asked = case.claims().filter_map(|(request, _)| Some(request.priority.as_ref()?.min_pending)).min();
        let (has, wants) = (consumer.num_pending().to_string(), asked.unwrap_or_default().to_string());
        let says = head("Below its threshold.", says, &[Plain(&has), Plain(&wants)]);
        return (Cause::BelowThreshold, says);
    }
    if case.outlook.again.is_some() {
        return (Cause::DueWithoutPull, due_without_pull(case));
    }
    if case.asker.is_some() {
        return super::worker::no_pull(case);
    }
    let waiting = text::counted(consumer.num_pending().max(1), "message") + " to deliver.";
    let says = " A pull consumer delivers only when a worker asks, and none does.";
    (Cause::NeverAsked, titled(waiting, says, &[]))
}

fn due_without_pull(case: &Case<'_>) -> Phrase {
    let (stream, pending) = (case.stream.id, case.consumer.ack_pending());
    let ended = case.scene.recent().find_map(|traced| match traced.event {
        Event::AckWaitEnded { stream: id, consumer, stream_seq, nak_delay }
            if id == stream && consumer == case.consumer.id =>
        {
            Some((traced.at, stream_seq, nak_delay))
        }
        _ => None,
    });
    let who = case.asker.map_or_else(|| "no worker".to_owned(), |asker| asker.actor.name.clone());
    let (who, open) = match case.asker {
        Some(_) => (Code(&who), " has no open pull request."),
        None => (Plain(&who), " has an open pull request."),
    };
    match ended {
        Some((at, seq, is_delay)) if pending.num_due() == 1 && pending.contains(seq) => {
            let what = if is_delay { "delay" } else { "AckWait" };
            let at = time_of_day(at);
            let says = " Its {} ended at {} and {}{}";
            titled(format!("#{seq} waits for a pull."), says, &[Plain(what), Code(&at), who, Plain(open)])
        }
        _ => {
            let due = format!("{} to redeliver wait for a pull.", pending.num_due().max(1));
            titled(due, " They are due again and {}{}", &[who, Plain(open)])
        }
    }
}

/// The numbers of the consumer that stand on its card, and the limits that they run into.
pub fn counters(case: &Case<'_>) -> Vec<Counter> {
    let consumer = case.consumer;
    let number = |label, value: u64| Counter { label, value: value.to_string() };
    let mut counters =
        vec![number("num pending", consumer.num_pending()), number("ack pending", consumer.ack_pending().len() as u64)];
    counters.extend(consumer.config.max_ack_pending.limit().map(|max| number("max ack pending", max)));
    if consumer.ack_pending().num_due() > 0 {
        counters.push(number("due again", consumer.ack_pending().num_due() as u64));
    }
    if consumer.is_pull() {
        counters.push(number("waiting", consumer.waiting().len() as u64));
        counters.extend(
            consumer
                .config
                .max_waiting
                .filter(|max| consumer.waiting().len() as u64 >= *max)
                .map(|max| number("max waiting", max)),
        );
    }
    counters
}
