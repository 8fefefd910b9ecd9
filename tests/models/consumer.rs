//! One consumer as simple as can be: a list of deliveries, one for each message, walked through for every question.
//!
//! The rules are those of nats-server `server/consumer.go` and of the floors in `server/memstore.go`
//! (`consumerMemStore`), written without any index, timer or counter.

use std::time::Duration;

use jetstream_sim::engine::time::Timestamp;
use serde_json::{Value, json};

use crate::models::covers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckPolicy {
    Explicit,
    All,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    All,
    New,
    Last,
    Sequence(u64),
}

/// Numbers as in the request: -1 means no limit.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub ack_policy: AckPolicy,
    pub ack_wait_ms: u64,
    /// Stands for the ack wait if it is not empty.
    pub backoff_ms: &'static [u64],
    pub max_deliver: i64,
    pub max_ack_pending: i64,
    pub filters: &'static [&'static str],
    pub start: Start,
    pub is_push: bool,
}

impl Config {
    pub fn to_json(self, name: &str) -> Value {
        let nanos = |millis: u64| millis * 1_000_000;
        let (policy, start_seq) = match self.start {
            Start::All => ("all", None),
            Start::New => ("new", None),
            Start::Last => ("last", None),
            Start::Sequence(seq) => ("by_start_sequence", Some(seq)),
        };
        let mut config = json!({
            "durable_name": name,
            "ack_policy": match self.ack_policy {
                AckPolicy::Explicit => "explicit",
                AckPolicy::All => "all",
                AckPolicy::None => "none",
            },
            "deliver_policy": policy,
            "max_deliver": self.max_deliver,
        });
        if self.ack_policy != AckPolicy::None {
            config["ack_wait"] = json!(nanos(self.ack_wait_ms));
            config["backoff"] = json!(self.backoff_ms.iter().map(|millis| nanos(*millis)).collect::<Vec<_>>());
            config["max_ack_pending"] = json!(self.max_ack_pending);
        }
        if let Some(seq) = start_seq {
            config["opt_start_seq"] = json!(seq);
        }
        match self.filters {
            [] => {}
            [one] => config["filter_subject"] = json!(one),
            several => config["filter_subjects"] = json!(several),
        }
        if self.is_push {
            config["deliver_subject"] = json!(format!("d.{name}"));
        }
        json!({ "stream_name": "S", "config": config })
    }

    /// How long the delivery with this number may stay without an ack.
    fn wait(&self, times: u64) -> Duration {
        let step = self.backoff_ms.get((times as usize - 1).min(self.backoff_ms.len().saturating_sub(1)));
        Duration::from_millis(*step.unwrap_or(&self.ack_wait_ms))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    pub consumer_seq: u64,
    pub stream_seq: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// With a client until then, or held back by a nak.
    InFlight(Timestamp),
    /// To be delivered again; the lowest number goes first.
    Due(u64),
    /// Delivered as often as it may be.
    GivenUp,
    Settled,
}

/// A message that was delivered, perhaps several times.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    stream_seq: u64,
    /// Of the first time.
    consumer_seq: u64,
    times: u64,
    /// When the ack wait began.
    since: Timestamp,
    state: State,
}

impl Delivery {
    fn is_pending(&self) -> bool {
        matches!(self.state, State::InFlight(_) | State::Due(_))
    }
}

/// A pull request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The subscription that gets the messages.
    pub to: usize,
    pub batch: u64,
    pub no_wait: bool,
    pub expires: Option<Timestamp>,
    pub got_some: bool,
}

/// How a client acks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    Done,
    Nak,
    NakFor(u64),
    InProgress,
    Term,
}

/// The numbers in the reply subject of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub stream_seq: u64,
    pub consumer_seq: u64,
}

pub struct Consumer {
    pub name: &'static str,
    pub config: Config,
    /// The next stream sequence to look at.
    pub next: u64,
    deliveries: Vec<Delivery>,
    /// How many consumer sequences were given out.
    pub last_consumer_seq: u64,
    /// Numbers for [`State::Due`].
    next_place: u64,
    /// Up to here everything is settled.
    pub floor: Pair,
    pub shown_floor: Pair,
    pub shown_delivered: Pair,
    pub requests: Vec<Request>,
    pub paused_until: Option<Timestamp>,
    /// What is pending is looked through then, since a nak came with a delay, or since it would have been if it had not been
    /// reset, or acked.
    pub looks_at: Option<Timestamp>,
    /// Until it has looked, no ack wait ends.
    held_until: Option<Timestamp>,
    /// A message that was stored and of which this consumer has not heard.
    pub fresh: Option<u64>,
    /// It was stalled, and a removal ended that.
    pub may_go_on: bool,
    /// By how much the number of pending messages is more than the truth: messages count when they come although they
    /// stand before the start of the consumer, and once for each filter that they match. At the end of the stream it is
    /// put right.
    pub miscount: i64,
    /// Settled since the stream was last told.
    pub released: Vec<u64>,
}

impl Consumer {
    pub fn new(name: &'static str, config: Config, next: u64) -> Self {
        let mut consumer = Self {
            name,
            config,
            next,
            deliveries: Vec::new(),
            last_consumer_seq: 0,
            next_place: 0,
            floor: Pair::default(),
            shown_floor: Pair::default(),
            shown_delivered: Pair::default(),
            requests: Vec::new(),
            paused_until: None,
            looks_at: None,
            held_until: None,
            fresh: None,
            may_go_on: false,
            miscount: 0,
            released: Vec::new(),
        };
        consumer.start_at(next);
        consumer
    }

    /// Forgets what was delivered, but not when it would have been looked through.
    pub fn reset_to(&mut self, now: Timestamp, next: u64) {
        let config = self.config;
        let look = |delivery: &Delivery| {
            let wait = config.wait(delivery.times);
            let mut at = delivery.since + wait;
            while at <= now {
                at += wait;
            }
            at
        };
        let looks = self.pending().map(look).min();
        self.looks_at = self.looks_at.into_iter().chain(looks).min();
        self.start_at(next);
    }

    /// Forgets what was delivered.
    fn start_at(&mut self, next: u64) {
        if self.next != next || self.num_ack_pending() > 0 {
            self.miscount = 0;
        }
        self.deliveries.clear();
        self.last_consumer_seq = 0;
        self.next = next;
        self.floor = Pair { consumer_seq: 0, stream_seq: next - 1 };
        (self.shown_floor, self.shown_delivered) = (self.floor, self.floor);
    }

    pub fn matches(&self, subject: &str) -> bool {
        self.config.filters.is_empty() || self.config.filters.iter().any(|filter| covers(filter, subject))
    }

    /// How many of the filters match.
    pub fn num_matches(&self, subject: &str) -> i64 {
        let matching = self.config.filters.iter().filter(|filter| covers(filter, subject)).count() as i64;
        if self.config.filters.is_empty() { 1 } else { matching }
    }

    /// Whether it was delivered what it has not heard of.
    pub fn got_fresh(&self) -> bool {
        self.fresh.is_some_and(|seq| seq < self.next)
    }

    pub fn has_acks(&self) -> bool {
        self.config.ack_policy != AckPolicy::None
    }

    fn pending(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.is_pending())
    }

    fn pending_of(&mut self, stream_seq: u64) -> Option<&mut Delivery> {
        self.deliveries.iter_mut().find(|delivery| delivery.stream_seq == stream_seq && delivery.is_pending())
    }

    pub fn num_ack_pending(&self) -> u64 {
        self.pending().count() as u64
    }

    pub fn num_due(&self) -> u64 {
        self.deliveries.iter().filter(|delivery| matches!(delivery.state, State::Due(_))).count() as u64
    }

    pub fn num_redelivered(&self) -> u64 {
        let again =
            |delivery: &&Delivery| delivery.state == State::GivenUp || (delivery.is_pending() && delivery.times > 1);
        if self.config.max_deliver == 1 { 0 } else { self.deliveries.iter().filter(again).count() as u64 }
    }

    pub fn is_stalled(&self) -> bool {
        let max = self.config.max_ack_pending;
        self.has_acks() && max > 0 && self.num_ack_pending() >= max as u64
    }

    /// Whether the stream has to keep a message that this consumer reads.
    pub fn needs(&self, stream_seq: u64) -> bool {
        let delivery = self.deliveries.iter().find(|delivery| delivery.stream_seq == stream_seq);
        let is_open = delivery
            .is_some_and(|delivery| delivery.state == State::GivenUp || (delivery.is_pending() && delivery.times > 1));
        is_open
            || stream_seq > self.floor.stream_seq
                && match self.config.ack_policy {
                    AckPolicy::Explicit => stream_seq >= self.next || delivery.is_some_and(Delivery::is_pending),
                    AckPolicy::All | AckPolicy::None => true,
                }
    }

    fn first_expiry(&self) -> Option<Timestamp> {
        let until = |delivery: &Delivery| match delivery.state {
            State::InFlight(until) => Some(until),
            _ => None,
        };
        self.deliveries.iter().filter_map(until).min()
    }

    /// When an ack wait or a nak's delay ends.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.first_expiry().map(|at| self.held_until.map_or(at, |held| held.max(at)))
    }

    /// Makes due what was not acked in time, or gives it up. Whether anything is due, and whether anything was given up.
    pub fn expire(&mut self, now: Timestamp) -> (bool, bool) {
        let (mut any_due, mut any_given_up) = (false, false);
        for at in 0..self.deliveries.len() {
            if !matches!(self.deliveries[at].state, State::InFlight(until) if until <= now) {
                continue;
            }
            self.deliveries[at].since = now;
            // The last delivery is not counted here, unless it is the only one.
            let counted = (self.deliveries[at].times - 1).max(1) as i64;
            if (1..=counted).contains(&self.config.max_deliver) {
                self.give_up(self.deliveries[at].stream_seq);
                any_given_up = true;
            } else {
                self.make_due(self.deliveries[at].stream_seq);
                any_due = true;
            }
        }
        (any_due, any_given_up)
    }

    /// Whether something is pending below `first`, or below its floor.
    pub fn is_pending_below(&self, first: u64) -> bool {
        self.pending().any(|delivery| delivery.stream_seq < first || delivery.stream_seq <= self.floor.stream_seq)
    }

    /// What is pending below `first` is found gone when an ack wait ends, and counts as acked; likewise what is below its floor.
    /// Whether there was any.
    pub fn settle_below(&mut self, first: u64) -> bool {
        let first = first.max(self.floor.stream_seq + 1);
        let mut gone: Vec<Delivery> = self.pending().filter(|delivery| delivery.stream_seq < first).copied().collect();
        gone.sort_by_key(|delivery| delivery.stream_seq);
        for Delivery { stream_seq, consumer_seq, .. } in gone.iter().copied() {
            self.floor.consumer_seq = self.floor.consumer_seq.max(consumer_seq);
            self.floor.stream_seq = self.floor.stream_seq.max(stream_seq);
            if let Some(delivery) = self.pending_of(stream_seq) {
                delivery.state = State::Settled;
            }
        }
        !gone.is_empty()
    }

    /// The floor, once what is gone or given up is no longer pending.
    pub fn follow_settled(&mut self, any_gone: bool) {
        if self.pending().next().is_none() {
            self.floor = self.end();
        }
        if any_gone {
            self.show_purge();
        }
    }

    fn make_due(&mut self, stream_seq: u64) {
        let place = self.next_place;
        if let Some(delivery) = self.pending_of(stream_seq)
            && !matches!(delivery.state, State::Due(_))
        {
            delivery.state = State::Due(place);
            self.next_place += 1;
        }
    }

    /// The message to deliver again next.
    pub fn first_due(&self) -> Option<u64> {
        let place = |delivery: &&Delivery| match delivery.state {
            State::Due(place) => place,
            _ => u64::MAX,
        };
        let first = self.deliveries.iter().min_by_key(place)?;
        matches!(first.state, State::Due(_)).then_some(first.stream_seq)
    }

    pub fn times(&self, stream_seq: u64) -> u64 {
        self.deliveries.iter().find(|delivery| delivery.stream_seq == stream_seq).map_or(0, |delivery| delivery.times)
    }

    /// A message that is due and was delivered as often as it may be. Whether it was.
    pub fn give_up_if_spent(&mut self, stream_seq: u64) -> bool {
        let max = self.config.max_deliver;
        let is_spent = max > 0 && self.times(stream_seq) >= max as u64;
        if is_spent {
            self.give_up(stream_seq);
        }
        is_spent
    }

    fn give_up(&mut self, stream_seq: u64) {
        if let Some(delivery) = self.pending_of(stream_seq) {
            delivery.state = State::GivenUp;
            let consumer_seq = delivery.consumer_seq;
            self.move_floor(Pair { consumer_seq, stream_seq });
        }
    }

    /// Nobody could take a message that was due: it goes to the end of the line.
    pub fn put_back(&mut self, stream_seq: u64) {
        let place = self.next_place;
        if let Some(delivery) = self.pending_of(stream_seq) {
            delivery.state = State::Due(place);
            self.next_place += 1;
        }
    }

    /// Notes that a message goes out. Returns for which time.
    pub fn deliver(&mut self, now: Timestamp, stream_seq: u64) -> u64 {
        self.last_consumer_seq += 1;
        let consumer_seq = self.last_consumer_seq;
        let config = self.config;
        let delivered = self.times(stream_seq) + 1;
        // An ack from before a reset may have moved the floor further.
        if consumer_seq > self.shown_floor.consumer_seq {
            self.shown_delivered.consumer_seq = self.shown_delivered.consumer_seq.max(consumer_seq);
            self.shown_delivered.stream_seq = self.shown_delivered.stream_seq.max(stream_seq);
        }
        if !self.has_acks() {
            self.floor = Pair { consumer_seq, stream_seq };
            self.shown_floor = self.shown_delivered;
            self.released.push(stream_seq);
            return delivered;
        }
        let state = State::InFlight(now + config.wait(delivered));
        match self.pending_of(stream_seq) {
            Some(delivery) => {
                delivery.times += 1;
                delivery.since = now;
                delivery.state = state;
            }
            None => self.deliveries.push(Delivery { stream_seq, consumer_seq, times: 1, since: now, state }),
        }
        delivered
    }

    /// Takes an ack. Whether it is answered, and whether the consumer may go on.
    pub fn ack(&mut self, now: Timestamp, kind: Ack, numbers: Numbers) -> (bool, bool) {
        let Numbers { stream_seq, consumer_seq } = numbers;
        match kind {
            Ack::Done | Ack::Term => return self.settle(numbers),
            Ack::Nak => {
                let is_pending = self.is_current(consumer_seq) && self.pending_of(stream_seq).is_some();
                if is_pending {
                    self.make_due(stream_seq);
                }
                return (true, is_pending);
            }
            Ack::NakFor(millis) => {
                let config = self.config;
                if self.is_current(consumer_seq)
                    && let Some(delivery) = self.pending_of(stream_seq)
                {
                    // The ack wait counts as over but for the delay; a later step of the backoff lasts longer.
                    delivery.since = now - config.wait(1) + Duration::from_millis(millis);
                    delivery.state = State::InFlight(delivery.since + config.wait(delivery.times));
                    self.looks_at = Some(now + Duration::from_millis(10));
                    self.held_until = self.looks_at;
                }
            }
            Ack::InProgress => {
                let config = self.config;
                if let Some(delivery) = self.pending_of(stream_seq) {
                    delivery.since = now;
                    if matches!(delivery.state, State::InFlight(_)) {
                        delivery.state = State::InFlight(now + config.wait(delivery.times));
                    }
                }
            }
        }
        (true, false)
    }

    fn is_current(&self, consumer_seq: u64) -> bool {
        consumer_seq > self.floor.consumer_seq && consumer_seq <= self.last_consumer_seq + 1
    }

    fn settle(&mut self, numbers: Numbers) -> (bool, bool) {
        let Numbers { stream_seq, consumer_seq } = numbers;
        if stream_seq >= self.next {
            return (false, false);
        }
        let was_stalled = self.is_stalled();
        let was_pending = self.pending_of(stream_seq).is_some();
        match self.config.ack_policy {
            AckPolicy::None => return (true, false),
            AckPolicy::Explicit => {
                let first = self.deliveries.iter_mut().find(|delivery| delivery.stream_seq == stream_seq);
                let consumer_seq = first.map_or(0, |delivery| {
                    delivery.state = State::Settled;
                    delivery.consumer_seq
                });
                let settled = Pair { consumer_seq, stream_seq };
                if was_pending {
                    self.move_floor(settled);
                    self.show_floor(settled);
                }
                self.released.push(stream_seq);
            }
            AckPolicy::All => {
                if consumer_seq <= self.floor.consumer_seq || stream_seq <= self.floor.stream_seq {
                    return (true, false);
                }
                self.floor = Pair { consumer_seq, stream_seq };
                self.released.push(stream_seq);
                let in_flight = self.first_expiry();
                for delivery in &mut self.deliveries {
                    if delivery.is_pending() && delivery.stream_seq <= stream_seq || delivery.stream_seq == stream_seq {
                        delivery.state = State::Settled;
                        self.released.push(delivery.stream_seq);
                    }
                }
                if was_pending {
                    self.show_floor(self.floor);
                }
                if self.num_ack_pending() == 0 && self.floor != self.end() {
                    self.looks_at = self.looks_at.into_iter().chain(in_flight).min();
                }
            }
        }
        (true, was_stalled && (was_pending || self.config.ack_policy == AckPolicy::All))
    }

    /// The floor goes up to the next message that is pending, if it is the lowest that was settled.
    fn move_floor(&mut self, settled: Pair) {
        if self.num_ack_pending() == 0 {
            self.floor = self.end();
        } else if settled.consumer_seq == self.floor.consumer_seq + 1 {
            self.floor = self.before_next_pending(settled);
        }
    }

    fn show_floor(&mut self, settled: Pair) {
        if settled.consumer_seq <= self.shown_floor.consumer_seq {
            return;
        }
        if self.config.ack_policy == AckPolicy::All {
            // What lies below counts as acked, although a purge may have left it pending.
            if settled.stream_seq > self.shown_floor.stream_seq {
                self.shown_floor = settled;
            }
        } else if self.num_ack_pending() == 0 {
            self.shown_floor = self.shown_delivered;
        } else if settled.consumer_seq == self.shown_floor.consumer_seq + 1 {
            self.shown_floor = self.before_next_pending(settled);
        }
    }

    /// Where everything delivered is settled.
    fn end(&self) -> Pair {
        Pair { consumer_seq: self.last_consumer_seq, stream_seq: self.next - 1 }
    }

    fn before_next_pending(&self, settled: Pair) -> Pair {
        let next = self.pending().find(|delivery| delivery.stream_seq > settled.stream_seq);
        next.map_or(settled, |next| Pair { consumer_seq: next.consumer_seq - 1, stream_seq: next.stream_seq - 1 })
    }

    /// A message left the stream. If it was pending, [`Self::lose_pending`] is to follow.
    pub fn lose(&mut self, stream_seq: u64, subject: &str) -> Option<Numbers> {
        if !self.matches(subject) {
            return None;
        }
        if stream_seq >= self.next {
            self.miscount -= self.num_matches(subject) - 1;
        }
        let pending = self.pending().find(|delivery| delivery.stream_seq == stream_seq).copied();
        if pending.is_none() {
            self.forget(|delivery| delivery.stream_seq == stream_seq);
        }
        pending.map(|delivery| Numbers { stream_seq, consumer_seq: delivery.consumer_seq })
    }

    /// That counts as an ack. Whether it makes room for another message.
    pub fn lose_pending(&mut self, numbers: Numbers) -> bool {
        let was_stalled = self.is_stalled();
        self.settle(numbers);
        let has_room = was_stalled && !self.is_stalled();
        self.may_go_on |= has_room;
        has_room
    }

    /// A message that is due is found missing. Where the ack is too low to count, it stays pending for ever.
    pub fn lose_due(&mut self, stream_seq: u64) {
        let released = self.released.len();
        if let Some(Delivery { consumer_seq, .. }) = self.pending_of(stream_seq).copied() {
            self.settle(Numbers { stream_seq, consumer_seq });
        }
        self.released.truncate(released);
        if let Some(delivery) = self.pending_of(stream_seq) {
            delivery.state = State::InFlight(Timestamp::MAX);
        }
    }

    /// The stream lost several messages at once: those below `first` no longer count as delivered again.
    pub fn forget_before(&mut self, first: u64) {
        self.miscount = 0;
        self.forget(|delivery| delivery.stream_seq < first);
    }

    fn forget(&mut self, which: impl Fn(&Delivery) -> bool) {
        for delivery in self.deliveries.iter_mut().filter(|delivery| which(delivery)) {
            if delivery.state == State::GivenUp {
                delivery.state = State::Settled;
            }
            delivery.times = delivery.times.min(1);
        }
    }

    /// The stream was purged: goes on at `first`, without the messages that are gone. What is due waits for the next tick
    /// of the timer.
    pub fn follow_purge(&mut self, now: Timestamp, first: u64, is_gone: impl Fn(u64) -> bool) {
        self.next = self.next.max(first);
        if self.floor.stream_seq < first {
            self.floor.stream_seq = first.saturating_sub(1);
            for at in 0..self.deliveries.len() {
                let Delivery { stream_seq, consumer_seq, .. } = self.deliveries[at];
                if !self.deliveries[at].is_pending() || !is_gone(stream_seq) {
                    continue;
                }
                self.floor.consumer_seq = self.floor.consumer_seq.max(consumer_seq);
                self.deliveries[at].state = State::Settled;
                self.show_floor(Pair { consumer_seq, stream_seq });
            }
        }
        if self.num_ack_pending() == 0 {
            self.deliveries.clear();
            self.floor = self.end();
        }
        let config = self.config;
        for delivery in &mut self.deliveries {
            if matches!(delivery.state, State::Due(_)) {
                let wait = config.wait(delivery.times);
                while delivery.since + wait <= now {
                    delivery.since += wait;
                }
                delivery.state = State::InFlight(delivery.since + wait);
            }
        }
        self.show_purge();
    }

    /// After a purge, what is shown is what counts, if that is no step back.
    fn show_purge(&mut self) {
        let delivered = self.end();
        let first_pending = self.pending().map(|delivery| delivery.stream_seq).min();
        if self.floor.consumer_seq <= delivered.consumer_seq
            && self.floor.stream_seq <= delivered.stream_seq
            && delivered.consumer_seq >= self.shown_delivered.consumer_seq
            && self.floor.stream_seq >= self.shown_floor.stream_seq
            && first_pending.is_none_or(|first| first > self.floor.stream_seq)
        {
            (self.shown_delivered, self.shown_floor) = (delivered, self.floor);
        }
    }
}
