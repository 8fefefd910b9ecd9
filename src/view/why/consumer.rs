//! Why a consumer delivers nothing.

use super::gates::{Asker, Case};
use super::mend::mend;
use super::{Answer, Cause, Counter, Gate};

use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::config::{AckPolicy, DeliverPolicy};
use crate::engine::consumer::{Claim, Consumer, Push};
use crate::engine::event::Event;
use crate::engine::stream::Stream;
use crate::engine::subject::SubjectFilter;
use crate::engine::time::Timestamp;
use crate::texts::why as texts;
use crate::texts::{Pieces, Template, counter, unit};
use crate::view::scene::time_of_day;
use crate::view::text::Part::{self, Code, Plain, Seq};
use crate::view::{Phrase, Scene, lit, text};

/// Why the consumer delivers nothing; that nothing hinders it, if so.
pub fn consumer(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Answer {
    answer(&Case::new(scene, stream, consumer, None))
}

/// What keeps messages from going out that are there to be delivered, or ever from being there; `None` if there are none,
/// or they go out, or it was asked for.
pub fn hindrance(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Option<Answer> {
    let is_waiting = consumer.num_pending() > 0 || consumer.ack_pending().num_due() > 0;
    let has_begun = consumer.reported_delivered().consumer_seq > 0 || consumer.filters().is_empty();
    if (!is_waiting && has_begun) || consumer.is_paused(scene.now()) {
        return None;
    }
    let case = Case::new(scene, stream, consumer, None);
    let gates = case.gates();
    let is_worth = match gates.first()? {
        Gate::Matching => true,
        _ if !is_waiting => false,
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
    let (cause, says) = says(case, &gates);
    let mut answer = Answer::new(cause, besides(says, &gates));
    answer.counters = counters(case);
    answer.mend = mend(case, &gates);
    answer.gates = gates;
    answer
}

/// A heading, and the sentence `template` with `parts` in its places.
#[inline(always)]
pub fn head<const PLACES: usize>(head: &'static str, template: Template<PLACES>, parts: &[Part<'_>; PLACES]) -> Phrase {
    headed(head, template.pieces(), parts)
}

#[inline(never)]
fn headed(head: &'static str, pieces: Pieces, parts: &[Part<'_>]) -> Phrase {
    Phrase::new().strong(head).then(Phrase::filled(pieces, parts))
}

/// Likewise, with a heading that says more than always the same.
#[inline(always)]
pub fn titled<const PLACES: usize>(title: String, template: Template<PLACES>, parts: &[Part<'_>; PLACES]) -> Phrase {
    entitled(title, template.pieces(), parts)
}

#[inline(never)]
fn entitled(title: String, pieces: Pieces, parts: &[Part<'_>]) -> Phrase {
    Phrase::new().strong(title).then(Phrase::filled(pieces, parts))
}

/// Names the gates behind the first.
fn besides(says: Phrase, gates: &[Gate]) -> Phrase {
    let mut others = String::new();
    for gate in gates.get(1..).unwrap_or_default() {
        others += if others.is_empty() { "" } else { texts::AND };
        others += short(*gate);
    }
    if others.is_empty() { says } else { says.then(Phrase::fill(texts::BESIDES, &[Plain(&others)])) }
}

pub const fn short(gate: Gate) -> &'static str {
    match gate {
        Gate::Exists => texts::THERE_NO_SUCH_CONSUMER,
        Gate::Matching => texts::FILTER_MATCHES_NO_SUBJECT,
        Gate::Connected => texts::WORKER_NOT_CONNECTED,
        Gate::UpToDate => texts::WORKER_KNOWS_OLDER_CONFIGURATION,
        Gate::Paced => texts::MESSAGE_HELD_BACK_KEEP,
        Gate::Running => texts::CONSUMER_PAUSED,
        Gate::Bound => texts::NOBODY_LISTENS_DELIVER_SUBJECT,
        Gate::Confirmed => texts::FLOW_CONTROL_WAITS_ANSWER,
        Gate::Message => texts::NOTHING_STORED_STILL_DELIVER,
        Gate::Slot => texts::TRAY_FULL,
        Gate::Pin => texts::ANOTHER_CLIENT_PINNED,
        Gate::Pull => texts::NO_PULL_REQUEST_WAITS,
        Gate::Awake => texts::NOTHING_WAKES,
    }
}

/// The cause behind the first closed gate, and a sentence about it.
fn says(case: &Case<'_>, gates: &[Gate]) -> (Cause, Phrase) {
    let consumer = case.consumer;
    let name = Code(&consumer.name);
    let Some(gate) = gates.first() else {
        let says = texts::DELIVERS_WHAT_VERY_MOMENT;
        return (Cause::Flows, head(texts::NOTHING_STANDS_WAY, says, &[name]));
    };
    if let Some(at) = goes_at(case, *gate) {
        return goes_unused(case, *gate, at);
    }
    match gate {
        Gate::Exists | Gate::Connected | Gate::UpToDate => super::worker::not_there(case, *gate),
        Gate::Running => {
            let until = consumer.paused_until().map_or_else(String::new, time_of_day);
            let says = texts::DELIVERS_NOTHING_UNTIL_PULL;
            (Cause::Paused, head(texts::PAUSED, says, &[name, Code(&until)]))
        }
        Gate::Paced => paced(case),
        Gate::Bound => {
            let to = consumer.config.deliver_subject.as_deref().unwrap_or_default();
            let waiting = text::counted(consumer.num_pending(), texts::TO_DELIVER);
            let says = texts::NOBODY_LISTENS_DELIVER_SUBJECT_PUSH;
            (Cause::NobodyListens, titled(waiting, says, &[Code(to)]))
        }
        Gate::Confirmed => {
            let (outstanding, window) = consumer.push().and_then(Push::window).unwrap_or_default();
            let (sent, most) = (text::bytes(outstanding as u64), text::bytes(window as u64));
            let says = texts::THEIR_WAY_WHERE_MAY;
            (Cause::FlowControl, head(texts::FLOW_CONTROL_WAITS_FOR_AN, says, &[Plain(&sent), Plain(&most)]))
        }
        Gate::Matching | Gate::Message => nothing_to_deliver(case, *gate),
        Gate::Slot => full(case),
        Gate::Pin => pinned(case),
        Gate::Pull => no_pull(case),
        Gate::Awake => {
            let says = texts::WHAT_WOULD_DELIVER_THERE;
            (Cause::Asleep, head(texts::NOT_WOKEN, says, &[name]))
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
    let says = if gate == Gate::Pull { texts::NOBODY_ASKS_MESSAGES_AFTER } else { texts::NOBODY_LISTENS_AFTER_DELETED };
    (Cause::GoesUnused, head(texts::UNUSED, says, &[Code(&case.consumer.name), Plain(&after), Code(&at)]))
}

fn paced(case: &Case<'_>) -> (Cause, Phrase) {
    let (stream_seq, until) = case.outlook.paced.unwrap_or_default();
    if until == Timestamp::MAX {
        let says = texts::LARGER_THAN_RATE;
        return (Cause::RateLimited, head(texts::RATE_LIMITED, says, &[Seq(stream_seq)]));
    }
    let at = time_of_day(until);
    let parts = [Seq(stream_seq), Code(&at)];
    if case.consumer.config.rate_limit_bps.is_some() {
        let says = texts::GOES_OUT_WHEN_RATE;
        return (Cause::RateLimited, head(texts::RATE_LIMITED, says, &parts));
    }
    let says = texts::GOES_OUT_REPLAY_ORIGINAL;
    (Cause::Replays, head(texts::KEEPS_PACE, says, &parts))
}

fn nothing_to_deliver(case: &Case<'_>, gate: Gate) -> (Cause, Phrase) {
    let (consumer, stream) = (case.consumer, case.stream);
    let name = Code(&consumer.name);
    let store = stream.store();
    let filters: Vec<&str> = consumer.filters().iter().map(SubjectFilter::as_str).collect();
    let filters = filters.join(", ");
    if gate == Gate::Matching {
        let says = texts::MATCHES_NO_SUBJECT_STORES;
        return (
            Cause::FilterCannotMatch,
            head(texts::FILTER_MATCHES_NOTHING, says, &[Code(&filters), Code(&stream.config.name)]),
        );
    }
    if store.messages() == 0 {
        let says = texts::NO_MESSAGE_NONE_DELIVER;
        return (Cause::NothingStored, head(texts::NOTHING_STORED, says, &[Code(&stream.config.name), name]));
    }
    let next = consumer.next_stream_seq();
    if next > store.last_seq() + 1 {
        let last = store.last_seq();
        let says = texts::BEGINS_LAST_MESSAGE_STORED;
        return (Cause::StartsLater, head(texts::STARTS_LATER, says, &[name, Seq(next), Seq(last)]));
    }
    let has_delivered = consumer.reported().last_delivered.is_some();
    let stored = store.count_from(consumer.filters(), 1);
    if stored == 0 {
        let says = texts::MATCHES_NONE_MESSAGES_STORED;
        return (Cause::FilterMatchesNothing, head(texts::FILTER_MATCHES_NOTHING, says, &[Code(&filters)]));
    }
    if !has_delivered && consumer.config.deliver_policy != DeliverPolicy::All {
        let (policy, stored) = (consumer.config.deliver_policy.name(), text::counted(stored, unit::MESSAGES));
        let says = texts::DELIVER_POLICY_BEGINS_BEHIND;
        let parts = [Code(policy.as_str()), name, Seq(consumer.start_seq()), Plain(&stored)];
        return (Cause::StartsLater, head(texts::STARTS_LATER, says, &parts));
    }
    match consumer.ack_pending().len() as u64 {
        0 => {
            let says = texts::EVERYTHING_UP_MATCHES_DELIVERED;
            (Cause::CaughtUp, head(texts::CAUGHT_UP, says, &[Seq(store.last_seq()), name]))
        }
        pending => {
            let says = texts::EVERYTHING_UP_MATCHES_DELIVERED_ACK;
            let waits = text::counted(pending, texts::WAIT);
            (Cause::CaughtUp, head(texts::CAUGHT_UP, says, &[Seq(store.last_seq()), name, Plain(&waits)]))
        }
    }
}

fn full(case: &Case<'_>) -> (Cause, Phrase) {
    let pending = case.consumer.ack_pending();
    let max = case.consumer.config.max_ack_pending.limit().unwrap_or(0);
    let delayed = pending.iter().filter(|(_, entry)| matches!(entry.state, PendingState::NakDelayed(_))).count();
    let limit = max.to_string();
    if delayed > 0 && ((pending.len() - delayed) as u64) < max {
        let says = texts::MAXACKPENDING_NAKS_WAIT_OUT;
        let held = text::counted(delayed as u64, texts::SLOTS_HELD);
        return (Cause::NaksHoldSlots, head(texts::THE_TRAY_IS_FULL, says, &[Plain(&limit), Plain(&held)]));
    }
    if case.consumer.config.ack_policy == AckPolicy::FlowControl {
        let says = texts::MAXACKPENDING_NOTHING_NEW_GOES;
        return (Cause::TrayFull, head(texts::THE_TRAY_IS_FULL, says, &[Plain(&limit)]));
    }
    let says = if pending.first_due_message().is_some() {
        let at = pending.first_due().map_or_else(String::new, time_of_day);
        let says = texts::MAXACKPENDING_NOTHING_NEW_GOES_OUT;
        head(texts::THE_TRAY_IS_FULL, says, &[Plain(&limit), Code(&at)])
    } else {
        let says = texts::MAXACKPENDING_NOTHING_NEW_GOES_OUT_UNTIL;
        head(texts::THE_TRAY_IS_FULL, says, &[Plain(&limit)])
    };
    (Cause::TrayFull, says)
}

fn pinned(case: &Case<'_>) -> (Cause, Phrase) {
    let until = case.consumer.pin().map(|(_, until)| until).map_or_else(String::new, time_of_day);
    let pin = case.consumer.pinned().map_or("", |(pin, _)| pin);
    let of = case.workers().find(|of| of.worker.pin_id() == pin);
    let who = of.map_or(texts::ANOTHER_CLIENT, |of| &of.actor.name);
    let says = texts::ALONE_GETS_MESSAGES_UNTIL;
    (Cause::PinnedToAnother, head(texts::PINNED_ONE_CLIENT, says, &[Code(who), Code(&until)]))
}

fn no_pull(case: &Case<'_>) -> (Cause, Phrase) {
    let consumer = case.consumer;
    if case.claims().any(|(_, claim)| claim == Claim::BelowThreshold) {
        let says = texts::PULL_REQUEST_WAITS_UNTIL;
        let asked = case.claims().filter_map(|(request, _)| Some(request.priority.as_ref()?.min_pending)).min();
        let (has, wants) = (consumer.num_pending().to_string(), asked.unwrap_or_default().to_string());
        let says = head(texts::BELOW_THRESHOLD, says, &[Plain(&has), Plain(&wants)]);
        return (Cause::BelowThreshold, says);
    }
    if case.outlook.again.is_some() {
        return (Cause::DueWithoutPull, due_without_pull(case));
    }
    if case.asker.is_some() {
        return super::worker::no_pull(case);
    }
    let waiting = text::counted(consumer.num_pending().max(1), texts::TO_DELIVER);
    (Cause::NeverAsked, titled(waiting, texts::NOBODY_ASKS, &[]))
}

fn due_without_pull(case: &Case<'_>) -> Phrase {
    let (stream, pending) = (case.stream.id, case.consumer.ack_pending());
    let ended = case.scene.recent().find_map(|traced| match traced.event {
        Event::AckWaitEnded { stream: id, consumer, stream_seq, nak_delay, .. }
            if id == stream && consumer == case.consumer.id =>
        {
            Some((traced.at, stream_seq, nak_delay))
        }
        _ => None,
    });
    let who = case.asker.map(|asker| Code(&asker.actor.name));
    match ended {
        Some((at, seq, is_delay)) if pending.num_due() == 1 && pending.contains(seq) => {
            let (title, at) = (texts::WAITS_PULL.with([&seq]), time_of_day(at));
            let what = Plain(if is_delay { texts::DELAY } else { texts::ACK_WAIT });
            match who {
                Some(who) => titled(title, texts::ENDED_NO_OPEN, &[what, Code(&at), who]),
                None => titled(title, texts::ENDED_NO_WORKER, &[what, Code(&at)]),
            }
        }
        _ => {
            let due = texts::REDELIVER_WAIT_PULL.with([&pending.num_due().max(1)]);
            match who {
                Some(who) => titled(due, texts::THEY_DUE_AGAIN_NO, &[who]),
                None => titled(due, texts::DUE_WITHOUT_PULL, &[]),
            }
        }
    }
}

/// The numbers of the consumer that stand on its card, and the limits that they run into.
pub fn counters(case: &Case<'_>) -> Vec<Counter> {
    let consumer = case.consumer;
    let number = Counter::number;
    let mut counters = vec![
        number(counter::NUM_PENDING, consumer.num_pending()).lighting(lit::Counter::NumPending, case),
        number(counter::ACK_PENDING, consumer.ack_pending().len() as u64).lighting(lit::Counter::AckPending, case),
    ];
    counters.extend(consumer.config.max_ack_pending.limit().map(|max| number(counter::MAX_ACK_PENDING, max)));
    if consumer.ack_pending().num_due() > 0 {
        counters.push(number(counter::DUE_AGAIN, consumer.ack_pending().num_due() as u64));
    }
    if consumer.is_pull() {
        counters.push(number(counter::WAITING, consumer.waiting().len() as u64));
        counters.extend(
            consumer
                .config
                .max_waiting
                .filter(|max| consumer.waiting().len() as u64 >= *max)
                .map(|max| number(counter::MAX_WAITING, max)),
        );
    }
    counters
}
