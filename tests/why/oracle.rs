//! What would a consumer or worker need? Found out by doing it in copies of the world.

use std::collections::BTreeSet;
use std::time::Duration;

use jetstream_sim::engine::consumer::Wakeup;
use jetstream_sim::engine::consumer::ack_pending::PendingState;
use jetstream_sim::engine::consumer::config::{AckPolicy, PriorityPolicy};
use jetstream_sim::engine::event::Event;
use jetstream_sim::engine::table::Id;
use jetstream_sim::sim::actor::{Actor, ActorId, FetchRequest, WorkerScript};
use jetstream_sim::sim::command::Command;
use jetstream_sim::view::why::Gate;

use crate::worlds::World;

/// Something that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// Wakes the delivery loop, and nothing else.
    Wake,
    /// Stores a message that matches.
    Message,
    Unpin,
    /// Connects the worker anew.
    Connect,
    Resume,
    /// Listens on the deliver subject.
    Listen,
    /// Answers flow control.
    Confirm,
    /// Acks until fewer are pending than may.
    Slot,
    /// Asks for one message, without thresholds.
    Pull,
}

/// All of them; where several would help, the first ones are meant.
const ALL: [Fix; 9] =
    [Fix::Wake, Fix::Pull, Fix::Slot, Fix::Connect, Fix::Resume, Fix::Listen, Fix::Confirm, Fix::Unpin, Fix::Message];

/// In the order in which they are done.
const ORDER: [Fix; 9] =
    [Fix::Resume, Fix::Connect, Fix::Slot, Fix::Listen, Fix::Confirm, Fix::Pull, Fix::Unpin, Fix::Message, Fix::Wake];

/// What an answer's gates ask for.
pub fn fixes(gates: &[Gate]) -> BTreeSet<Fix> {
    let fix = |gate: &Gate| match gate {
        Gate::Connected | Gate::UpToDate => Fix::Connect,
        Gate::Running => Fix::Resume,
        Gate::Bound => Fix::Listen,
        Gate::Confirmed => Fix::Confirm,
        Gate::Message => Fix::Message,
        Gate::Slot => Fix::Slot,
        Gate::Pin => Fix::Unpin,
        Gate::Pull => Fix::Pull,
        Gate::Awake => Fix::Wake,
        Gate::Exists | Gate::Matching | Gate::Paced => panic!("{gate:?} has no fix"),
    };
    gates.iter().map(fix).collect()
}

/// Who is asked about: a consumer, for one of its workers or for anybody.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub consumer: &'a str,
    pub worker: Option<ActorId>,
}

/// The fewest fixes after which a message goes out; `None` if it never does.
pub fn needed(world: &World, question: Question<'_>) -> Option<BTreeSet<Fix>> {
    let fixes: Vec<Fix> = ALL.into_iter().filter(|fix| fix.is_possible(world, question)).collect();
    (0..=fixes.len()).find_map(|size| needed_of(world, question, &fixes, size, &mut Vec::new()))
}

/// The first set of `size` more of `fixes` that helps together with those chosen.
fn needed_of(
    world: &World,
    question: Question<'_>,
    fixes: &[Fix],
    size: usize,
    chosen: &mut Vec<Fix>,
) -> Option<BTreeSet<Fix>> {
    if size == 0 {
        return does(world, question, chosen).then(|| chosen.iter().copied().collect());
    }
    fixes.iter().enumerate().find_map(|(at, fix)| {
        chosen.push(*fix);
        let found = needed_of(world, question, &fixes[at + 1..], size - 1, chosen);
        chosen.pop();
        found
    })
}

/// Whether a message goes out once `fixes` are done.
pub fn does(world: &World, question: Question<'_>, fixes: &[Fix]) -> bool {
    let mut world = world.clone();
    if let Some(worker) = question.worker {
        let others: Vec<ActorId> = workers(&world, question.consumer).filter(|other| *other != worker).collect();
        others.into_iter().for_each(|client| world.act(Command::Kill { client }));
        // INFO takes the requests out of line that nobody listens for, before one of them is pinned. It also puts
        // num pending right, so it is not asked where thresholds are.
        if Fix::Unpin.is_possible(&world, question) {
            world.request(&format!("$JS.API.CONSUMER.INFO.S.{}", question.consumer), "");
        }
    }
    let (before, was_held) = (world.simulation.trace().total(), is_held(&world, question));
    for fix in ORDER.iter().filter(|fix| fixes.contains(fix)) {
        fix.done_to(&mut world, question);
    }
    world.advance(Duration::from_nanos(1));
    has_received(&world, question, before) || (!was_held && is_held(&world, question))
}

fn workers(world: &World, consumer: &str) -> impl Iterator<Item = ActorId> {
    let is_of = move |(_, actor): &(ActorId, &Actor)| actor.worker().is_some_and(|worker| worker.consumer == consumer);
    world.simulation.world().actors().iter().filter(is_of).map(|(id, _)| id)
}

/// Whether a message is on its way that is held back to keep the pace.
pub fn is_held(world: &World, question: Question<'_>) -> bool {
    world.found(question.consumer).is_some_and(|consumer| consumer.due_at(Wakeup::InHand).is_some())
}

/// Whether the consumer delivered anything since the event of number `since`: to the worker, if one asks.
pub fn has_received(world: &World, question: Question<'_>, since: u64) -> bool {
    let trace = world.simulation.trace();
    let reached = |to: &[u8]| {
        let Some(id) = question.worker else { return true };
        let actor = world.simulation.world().actors().get(id);
        let Some(conn) = actor.and_then(|actor| actor.conn) else { return false };
        let listens = world.worker_of(id).binding.listens.as_deref().unwrap_or_default();
        let is_listened_to = listens.split(' ').next() == std::str::from_utf8(to).ok();
        is_listened_to || to.starts_with(format!("_INBOX.w{}.", conn.index()).as_bytes())
    };
    let new = trace.events().rev().take_while(|traced| traced.number >= since);
    new.into_iter().any(|traced| match &traced.event {
        Event::Delivered { stream, consumer, to, .. } => {
            trace.consumer_name(*stream, *consumer) == question.consumer && reached(to)
        }
        _ => false,
    })
}

impl Fix {
    /// Whether there is anything to do, by the consumer's configuration.
    fn is_possible(self, world: &World, question: Question<'_>) -> bool {
        let Some(consumer) = world.found(question.consumer) else { return false };
        let config = &consumer.config;
        match self {
            Self::Wake | Self::Message => true,
            Self::Unpin => config.priority_policy == PriorityPolicy::PinnedClient,
            Self::Connect => question.worker.is_some(),
            Self::Resume => config.pause_until.is_some(),
            Self::Listen => config.is_push() && question.worker.is_none(),
            Self::Confirm => config.flow_control,
            Self::Slot => config.ack_policy != AckPolicy::None && config.max_ack_pending.limit().is_some(),
            Self::Pull => !config.is_push(),
        }
    }

    fn done_to(self, world: &mut World, question: Question<'_>) {
        let name = question.consumer;
        let Some(consumer) = world.found(name) else { return };
        match self {
            Self::Wake => (0..4).for_each(|_| wake(world, name)),
            Self::Message => publish(world, name),
            Self::Unpin => {
                // To take the pin of the one who asks would be no help.
                let own = question.worker.map_or("", |worker| world.worker_of(worker).pin_id());
                if consumer.pinned().is_some_and(|(pin, _)| pin == own) {
                    return;
                }
                if let Some(group) = consumer.config.priority_groups.first().cloned() {
                    world.request(&format!("$JS.API.CONSUMER.UNPIN.S.{name}"), &format!(r#"{{"group":"{group}"}}"#));
                }
            }
            Self::Connect => {
                if let Some(client) = question.worker {
                    world.act(Command::Kill { client });
                    world.act(Command::Restart { client });
                }
            }
            Self::Resume => pause_for_a_moment(world, name),
            Self::Listen => {
                let Some(to) = &consumer.config.deliver_subject else { return };
                let group = consumer.config.deliver_group.as_deref().unwrap_or_default();
                let listen = format!("SUB {to} {group} 1\r\n");
                says(world, &listen);
            }
            Self::Confirm => {
                if let Some(reply) = consumer.push().and_then(|push| push.open_flow_control()) {
                    let confirm = format!("PUB {reply} 0\r\n\r\n");
                    says(world, &confirm);
                }
            }
            Self::Slot => free_slots(world, name),
            Self::Pull => match question.worker {
                Some(worker) => fetch(world, worker),
                None => {
                    let group = consumer.config.priority_groups.first().cloned();
                    pull(world, name, group.as_deref(), "\"batch\":1");
                }
            },
        }
    }
}

/// Lets a new client say something.
fn says(world: &mut World, bytes: &str) {
    let conn = world.simulation.attach().expect("a client can be attached");
    let greeting = "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n";
    world.simulation.attached_says(conn, [greeting, bytes].concat().as_bytes());
}

fn pull(world: &mut World, consumer: &str, group: Option<&str>, fields: &str) {
    let group = group.map_or_else(String::new, |group| format!(",\"group\":\"{group}\""));
    let body = format!("{{{fields}{group}}}");
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.S.{consumer}");
    says(world, &format!("SUB _ORACLE.> 1\r\nPUB {subject} _ORACLE.1 {}\r\n{body}\r\n", body.len()));
}

/// A pull request that is over before anything is delivered wakes the loop. A push consumer is woken by
/// the end of a pause.
fn wake(world: &mut World, name: &str) {
    let Some(consumer) = world.found(name) else { return };
    let group = consumer.config.priority_groups.first().cloned();
    if consumer.is_pull() {
        return pull(world, name, group.as_deref(), "\"batch\":1,\"expires\":-1");
    }
    if !consumer.is_paused(world.simulation.now()) {
        pause_for_a_moment(world, name);
    }
}

/// The end of a pause wakes the loop, and ends a pause that there was.
fn pause_for_a_moment(world: &mut World, name: &str) {
    let until = world.simulation.now() + Duration::from_nanos(1);
    world.request(&format!("$JS.API.CONSUMER.PAUSE.S.{name}"), &format!("{{\"pause_until\":\"{until}\"}}"));
    world.advance(Duration::from_nanos(1));
}

/// An update that lets more deliveries wait for their ack.
fn allow_more(world: &mut World, name: &str) {
    let Some(consumer) = world.found(name) else { return };
    let more = consumer.config.max_ack_pending.limit().map_or(1_000, |max| max + 1_000);
    let mut config: serde_json::Value = serde_json::to_value(&consumer.config).expect("it is JSON");
    config["max_ack_pending"] = more.into();
    let body = serde_json::json!({ "stream_name": "S", "action": "update", "config": config });
    world.request(&format!("$JS.API.CONSUMER.CREATE.S.{name}"), &body.to_string());
}

/// Publishes until the consumer has come to something that it matches.
fn publish(world: &mut World, name: &str) {
    for _ in 0..60 {
        let Some(consumer) = world.found(name) else { return };
        let next = consumer.next_stream_seq();
        let Some(subject) = ["s.a", "s.b", "s.c"].into_iter().find(|subject| consumer.matches(subject.as_bytes()))
        else {
            return;
        };
        world.publish(subject, 1);
        if world.stream().store().last_seq() >= next {
            return;
        }
    }
}

/// Acks what is pending, the oldest first, until one more may be.
fn free_slots(world: &mut World, name: &str) {
    for _ in 0..20 {
        let Some(consumer) = world.found(name).filter(|consumer| consumer.is_stalled()) else { return };
        let is_all = consumer.config.ack_policy == AckPolicy::All;
        let pending = consumer.ack_pending();
        // What is due again needs no slot, and with ack policy all the last settles all.
        let waits = |state: PendingState| state != PendingState::Due;
        let first = pending.iter().find(|(_, entry)| waits(entry.state)).or_else(|| pending.iter().next());
        let last = pending.iter().max_by_key(|(_, entry)| entry.consumer_seq);
        let Some((seq, entry)) = (if is_all { last } else { first }) else { return };
        let ack = format!("PUB $JS.ACK.S.{name}.1.{seq}.{}.0.0 4\r\n+ACK\r\n", entry.consumer_seq);
        says(world, &ack);
    }
    // With ack policy all, what is below a floor that a late ack has moved cannot be acked any more.
    allow_more(world, name);
}

/// Lets a worker ask for one message, whatever is pending. A pin that is no longer one costs it a request.
fn fetch(world: &mut World, worker: ActorId) {
    let script = WorkerScript { min_pending: 0, ..world.worker_of(worker).script.clone() };
    let name = "w".to_owned();
    world.act(Command::SetWorkerScript { worker, name, script });
    for _ in 0..2 {
        world.act(Command::Fetch { worker, request: FetchRequest { expires: None, ..FetchRequest::ONE } });
    }
}

/// How long [`open`] takes.
pub const fn wait_for_all() -> Duration {
    Duration::from_nanos(5)
}

/// Takes everything out of a consumer's way, and takes whatever it delivers.
pub fn open(world: &mut World, name: &str) {
    let began = world.simulation.now();
    world.request(&format!("$JS.API.CONSUMER.PAUSE.S.{name}"), "");
    let Some(consumer) = world.found(name) else { return };
    let question = Question { consumer: name, worker: None };
    let group = consumer.config.priority_groups.first().cloned();
    let is_pull = consumer.is_pull();
    let mut config: serde_json::Value = serde_json::to_value(&consumer.config).expect("it is JSON");
    config["max_ack_pending"] = (-1).into();
    let body = serde_json::json!({ "stream_name": "S", "action": "update", "config": config });
    world.request(&format!("$JS.API.CONSUMER.CREATE.S.{name}"), &body.to_string());
    if is_pull {
        // Several, since a turn of the loop may be lost.
        (0..4).for_each(|_| pull(world, name, group.as_deref(), "\"batch\":1000"));
        Fix::Unpin.done_to(world, question);
    } else {
        Fix::Listen.done_to(world, question);
        (0..4).for_each(|_| pause_for_a_moment(world, name));
    }
    world.advance(wait_for_all() - world.simulation.now().since(began));
}
