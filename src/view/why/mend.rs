//! What the page can do so that a consumer's messages flow again.

use std::time::Duration;

use super::gates::{Asker, Case};
use super::publishing::{literal, takes_messages};
use super::{Gate, Mend, Place, Step};
use crate::engine::consumer::ack_pending::PendingState;
use crate::engine::consumer::config::AckPolicy;
use crate::engine::stream::config::StreamConfig;
use crate::engine::stream::{Link, OriginRef};
use crate::engine::time::Timestamp;
use crate::sim::actor::{Actor, ActorId, Draft, FetchRequest, Held, WorkerScript};
use crate::sim::command::{Command, Settlement};
use crate::texts::lower;
use crate::texts::mend as texts;
use crate::view::consumer_form;
use crate::view::scene::time_of_day;

/// A pause that ends so soon is over at once, and its end wakes the delivery loop; clearing a pause does not.
const AT_ONCE: Duration = Duration::from_millis(1);

/// The most messages that are published to get as far as a consumer's start.
const MOST_PUBLISHED: u64 = 20;

/// Opens all of `gates`; where one of them cannot be opened with a click, the dialog in which it may be.
pub fn mend(case: &Case<'_>, gates: &[Gate]) -> Option<Mend> {
    if gates.is_empty() {
        return None;
    }
    open_all(case, gates).or_else(|| {
        let (stream, name) = (case.stream.config.name.as_str().into(), case.consumer.name.as_str().into());
        let steps = vec![Step::Open(Place::Consumer { stream, name })];
        Some(Mend { label: texts::EDIT.with([&case.consumer.name]), steps })
    })
}

fn open_all(case: &Case<'_>, gates: &[Gate]) -> Option<Mend> {
    let mut mend = Mend { label: String::new(), steps: Vec::new() };
    // Who connects anew has nothing to ack any more. A pause is over before anything is asked for. The message comes when everybody waits for it, so that
    // nobody who is gone is taken for the one who asks.
    let turn_of = |gate: &Gate| match gate {
        Gate::Running => 0,
        Gate::Slot => 1,
        Gate::Pin => 3,
        Gate::Message => 4,
        Gate::Awake => 5,
        _ => 2,
    };
    for turn in 0..=5 {
        for gate in gates.iter().filter(|gate| turn_of(gate) == turn) {
            let (label, steps) = open(case, gates, *gate)?;
            if mend.label.is_empty() {
                mend.label = label;
            } else if !label.is_empty() {
                mend.label = texts::THEN.with([&mend.label, &lower(&label)]);
            }
            mend.steps.extend(steps);
        }
    }
    (!mend.steps.is_empty()).then_some(mend)
}

type Opening = (String, Vec<Step>);

fn one(label: impl Into<String>, command: Command) -> Option<Opening> {
    Some((label.into(), vec![Step::Do(command)]))
}

fn open(case: &Case<'_>, gates: &[Gate], gate: Gate) -> Option<Opening> {
    let now = case.scene.now();
    match gate {
        // Answers of their own say what helps there.
        Gate::Exists | Gate::Matching => None,
        Gate::Connected => {
            let asker = case.asker?;
            one(texts::START_AGAIN.with([&asker.actor.name]), Command::Restart { client: asker.id })
        }
        Gate::UpToDate => Some(reconnect(&case.asker?)),
        Gate::Paced => {
            let (_, until) = case.outlook.paced.filter(|(_, until)| *until < Timestamp::MAX)?;
            Some((texts::SKIP_TO.with([&time_of_day(until)]), vec![Step::Wait(until.since(now))]))
        }
        // What comes next wakes it.
        Gate::Running if gates.contains(&Gate::Pull) || gates.contains(&Gate::Awake) => {
            one(texts::RESUME, resume(case))
        }
        Gate::Running => one(texts::RESUME, wake(case)),
        Gate::Bound => listen(case),
        Gate::Confirmed => confirm(case),
        Gate::Message => publish(case),
        Gate::Slot => free_slot(case),
        Gate::Pin => unpin(case, gates),
        Gate::Pull if gates.contains(&Gate::Pin) && pinned_worker(case).is_some() => Some((String::new(), Vec::new())),
        Gate::Pull => pull(case),
        Gate::Awake => awaken(case, gates),
    }
}

fn request(subject: String, body: String) -> Command {
    Command::Request { subject, body: body.into_bytes() }
}

/// Clears the pause at once, which wakes nobody.
fn resume(case: &Case<'_>) -> Command {
    let (stream, consumer) = (&case.stream.config.name, &case.consumer.name);
    request(format!("$JS.API.CONSUMER.PAUSE.{stream}.{consumer}"), String::new())
}

/// Lets a pause end in a moment, which wakes the consumer.
fn wake(case: &Case<'_>) -> Command {
    pause(case, case.scene.now() + AT_ONCE)
}

fn pause(case: &Case<'_>, until: Timestamp) -> Command {
    let (stream, consumer) = (&case.stream.config.name, &case.consumer.name);
    request(format!("$JS.API.CONSUMER.PAUSE.{stream}.{consumer}"), format!("{{\"pause_until\":\"{until}\"}}"))
}

/// Wakes the consumer once more than it loses turns: a pull consumer by another pull request.
fn awaken(case: &Case<'_>, gates: &[Gate]) -> Option<Opening> {
    let times = case.outlook.lost_turns + 1;
    if let Some((label, steps)) = pull(case).filter(|_| case.consumer.is_pull()) {
        let label = if gates.contains(&Gate::Pull) { String::new() } else { label };
        return Some((label, std::iter::repeat_n(steps, times).flatten().collect()));
    }
    let ends = (1..=times).map(|turn| case.scene.now() + AT_ONCE * u32::try_from(turn).unwrap_or(u32::MAX));
    let steps = ends.flat_map(|until| [Step::Do(pause(case, until)), Step::Wait(AT_ONCE)]);
    Some((texts::WAKE_IT.into(), steps.collect()))
}

/// Lets a worker read the consumer's configuration again.
fn reconnect(asker: &Asker<'_>) -> Opening {
    let client = asker.id;
    let steps = [Command::Kill { client }, Command::Restart { client }].map(Step::Do);
    (texts::CONNECT_ANEW.with([&asker.actor.name]), steps.into())
}

fn listen(case: &Case<'_>) -> Option<Opening> {
    let connected = case.workers().find(|of| of.actor.conn.is_some());
    match connected.or_else(|| case.workers().next()) {
        Some(asker) if asker.actor.conn.is_some() => Some(reconnect(&asker)),
        Some(asker) => one(texts::START_AGAIN.with([&asker.actor.name]), Command::Restart { client: asker.id }),
        // What feeds another stream has no workers: they would take what is on its way.
        None if case.consumer.config.ack_policy == AckPolicy::FlowControl => mend_link(case),
        None => add_worker(case),
    }
}

/// Mends the link through which another stream reads this one.
fn mend_link(case: &Case<'_>) -> Option<Opening> {
    case.scene.streams().find_map(|stream| {
        let is_it = |link: &Link| link.is_cut() && link.origin() == case.stream.config.name;
        let mut origins = (0..stream.config.sources.len()).map(OriginRef::Source);
        let origin = origins.find(|origin| stream.link(*origin).is_some_and(is_it))?;
        let name = &stream.config.name;
        let mend = Command::CutLink { stream: name.clone(), origin, is_cut: false };
        one(texts::MEND_LINK.with([name]), mend)
    })
}

fn add_worker(case: &Case<'_>) -> Option<Opening> {
    let (stream, consumer) = (case.stream.config.name.clone(), case.consumer.name.clone());
    let script = WorkerScript { is_running: true, ..WorkerScript::default() };
    let taken = |name: &str| case.scene.world.actors().iter().any(|(_, actor)| actor.name == name);
    let name = ('A'..='Z').map(|letter| texts::WORKER.with([&letter])).find(|name| !taken(name))?;
    one(texts::ADD_WORKER, Command::AddWorker { name, stream, consumer, script })
}

/// Answers the open flow control request in the client's place.
fn confirm(case: &Case<'_>) -> Option<Opening> {
    let reply = case.consumer.push()?.open_flow_control()?;
    one(texts::CONFIRM_PLACE, request(reply.to_owned(), String::new()))
}

/// An ack of what a worker holds, if that is enough; else room for more.
fn free_slot(case: &Case<'_>) -> Option<Opening> {
    let pending = case.consumer.ack_pending();
    if case.consumer.config.ack_policy == AckPolicy::FlowControl {
        return raise(case);
    }
    let is_all = case.consumer.config.ack_policy == AckPolicy::All;
    let mut held = case.workers().filter(|of| of.actor.conn.is_some()).flat_map(|asker| {
        // With ack policy all the last one settles those before it too.
        let of_worker = asker.settles().filter(|held| pending.contains(held.stream_seq));
        let found = if is_all {
            of_worker.max_by_key(|held| held.consumer_seq)
        } else {
            of_worker.min_by_key(|held| held.consumer_seq)
        };
        found.map(|held| (asker.id, held))
    });
    let max = case.consumer.config.max_ack_pending.limit().unwrap_or(u64::MAX);
    let missing = (pending.len() as u64 + 1).saturating_sub(max);
    let floor = case.consumer.reported().ack_floor.consumer_seq;
    let settles = |held: &Held| match is_all {
        // What a late ack has moved the floor past cannot be acked any more.
        true if held.consumer_seq <= floor => 0,
        true => pending.iter().filter(|(seq, _)| *seq <= held.stream_seq).count() as u64,
        false => 1,
    };
    let delayed = pending.iter().any(|(_, entry)| matches!(entry.state, PendingState::NakDelayed(_)));
    let is_enough = |(_, held): &(ActorId, &Held)| !delayed && settles(held) >= missing;
    if let Some((worker, held)) = held.find(is_enough) {
        let settle = Command::Settle { worker, consumer_seq: held.consumer_seq, how: Settlement::Ack };
        return one(texts::ACK.with([&held.stream_seq]), settle);
    }
    raise(case)
}

/// Makes room for one delivery more than wait for their ack; where that is not allowed, lets the first wait end.
fn raise(case: &Case<'_>) -> Option<Opening> {
    let (stream, consumer) = (&case.stream.config.name, &case.consumer.name);
    let wanted = case.consumer.ack_pending().len() as u64 + 1;
    let account = case.scene.world.server().config().jetstream.as_ref();
    let most = [
        case.stream.config.consumer_limits.max_ack_pending.limit(),
        account.and_then(|account| account.max_ack_pending),
        account.and_then(|account| account.limits.max_ack_pending),
    ];
    if most.into_iter().flatten().any(|most| most < wanted) {
        let (at, _) = case.consumer.ack_pending().first_due_message()?;
        let steps = vec![Step::Wait(at.since(case.scene.now()))];
        return Some((texts::SKIP_TO.with([&time_of_day(at)]), steps));
    }
    let mut form = consumer_form::of(case.scene.world, stream, consumer)?;
    form.set("max_ack_pending", wanted.to_string());
    let update = consumer_form::request(stream, &form).ok()?;
    one(texts::RAISE_MAX_ACK_PENDING.with([&wanted]), request(update.subject, update.body))
}

/// The worker that is pinned, if it can ask.
fn pinned_worker<'a>(case: &Case<'a>) -> Option<Asker<'a>> {
    let (pin, _) = case.consumer.pinned()?;
    case.workers().find(|of| case.asker.is_none() && of.actor.conn.is_some() && of.worker.pin_id() == pin)
}

/// Lets the pinned worker ask; where it cannot, or another one wants the messages, takes its pin away.
fn unpin(case: &Case<'_>, gates: &[Gate]) -> Option<Opening> {
    if gates.contains(&Gate::Pull)
        && let Some(pinned) = pinned_worker(case)
    {
        return Some(ask(case, &pinned));
    }
    let (stream, consumer) = (&case.stream.config.name, &case.consumer.name);
    let group = case.consumer.config.priority_groups.iter().next()?;
    let unpin = request(format!("$JS.API.CONSUMER.UNPIN.{stream}.{consumer}"), format!("{{\"group\":\"{group}\"}}"));
    one(texts::UNPIN_PINNED_CLIENT, unpin)
}

/// A pull request of the asker; of whoever holds least; of one who is not there yet; of a new worker.
fn pull(case: &Case<'_>) -> Option<Opening> {
    let is_able = |of: &Asker<'_>| of.actor.conn.is_some() && case.is_known_to(of.worker);
    let rank = |of: &Asker<'_>| {
        (!is_able(of), case.asks_in_vain(of.worker), of.worker.has_open_pull(), of.worker.held().len())
    };
    let Some(asker) = case.asker.or_else(|| case.workers().min_by_key(rank)) else { return add_worker(case) };
    if case.asker.is_some() || is_able(&asker) {
        return Some(ask(case, &asker));
    }
    let mut steps = Vec::new();
    if asker.actor.conn.is_some() {
        steps.push(Step::Do(Command::Kill { client: asker.id }));
    }
    steps.push(Step::Do(Command::Restart { client: asker.id }));
    steps.extend(ask(case, &asker).1);
    Some((texts::START_AGAIN.with([&asker.actor.name]), steps))
}

/// A pull request of this worker, without a threshold that it would not reach.
fn ask(case: &Case<'_>, asker: &Asker<'_>) -> Opening {
    let (mut label, mut steps) = (texts::LET_FETCH_1.with([&asker.actor.name]), Vec::new());
    if case.asks_in_vain(asker.worker) {
        let script = WorkerScript { min_pending: 0, ..asker.worker.script.clone() };
        steps.push(Step::Do(Command::SetWorkerScript { worker: asker.id, name: asker.actor.name.clone(), script }));
        label = texts::LET_TAKE_ANY_MESSAGE.with([&asker.actor.name]);
    }
    let fetch = || Step::Do(Command::Fetch { worker: asker.id, request: FetchRequest::ONE });
    if case.has_old_pin(asker.worker) {
        // The first request is refused, for its pin is no longer one; the worker then asks without.
        steps.push(fetch());
    }
    steps.push(fetch());
    (label, steps)
}

/// Publishes what the consumer would deliver; a publisher of the page does it if one has such a draft.
fn publish(case: &Case<'_>) -> Option<Opening> {
    let config = &case.stream.config;
    let missing = case.outlook.missing.max(1);
    if !takes_messages(case.stream) || missing > MOST_PUBLISHED {
        return None;
    }
    let by_draft = |(id, actor): (_, &Actor)| {
        let draft = &actor.conn.and(actor.publisher())?.script.draft;
        fits(case, config, draft).then(|| (id, actor.name.clone(), draft.clone()))
    };
    let times = u32::try_from(missing).ok()?;
    if let Some((publisher, name, draft)) = case.scene.world.actors().iter().find_map(by_draft) {
        return one(texts::LET_PUBLISH.with([&name, &times]), Command::Publish { publisher, draft, times });
    }
    let subject = literal(config, case.consumer).filter(|_| !config.allow_msg_counter)?;
    let step = Step::Do(request(subject.clone(), "hello".into()));
    Some((texts::PUBLISH_ON.with([&times, &subject]), vec![step; times as usize]))
}

/// Whether every message of `draft` is stored in the stream and matches the consumer.
fn fits(case: &Case<'_>, config: &StreamConfig, draft: &Draft) -> bool {
    let subject = draft.subject.replace("{n}", "1");
    let is_plain = !subject.contains(['{', ' ']) && draft.msg_id.is_empty();
    let is_open = draft.headers.is_empty() || (config.allow_msg_counter && draft.headers.len() == 1);
    let is_stored = config.subjects.iter().any(|filter| filter.matches(subject.as_bytes()));
    is_plain && is_open && is_stored && case.consumer.matches(subject.as_bytes())
}
