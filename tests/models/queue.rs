//! A stream that keeps no more than numbers and subjects, with its consumers: who gets what, and when a message may go.
//!
//! The rules are those of nats-server `server/stream.go` (`ackMsg`, `checkInterest`, `purgeLocked`) and
//! `server/consumer.go` (`loopAndGatherMsgs`, `processNextMsgRequest`), written without any index.

use std::time::Duration;

use jetstream_sim::engine::time::Timestamp;

use crate::consumer::{Ack, AckPolicy, Config, Consumer, Numbers, Request, Start};
use crate::models::covers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    Limits,
    Interest,
    WorkQueue,
}

#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    pub retention: Retention,
    /// -1 for no limit.
    pub max_msgs: i64,
    pub max_msgs_per_subject: i64,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub seq: u64,
    pub subject: &'static str,
    stored: Timestamp,
}

/// What a purge is to remove.
#[derive(Clone, Copy, Debug)]
pub struct Purge {
    pub filter: Option<&'static str>,
    pub below: Option<u64>,
    pub keep: u64,
}

const PULL_NEEDS_ACKS: u64 = 10_084;
const NEEDS_EXPLICIT_ACKS: u64 = 10_098;
const NEEDS_DELIVER_ALL: u64 = 10_101;
const NEEDS_FILTERS: u64 = 10_099;
const NEEDS_OTHER_FILTERS: u64 = 10_100;
const INVALID_RESET: u64 = 10_204;

pub struct Model {
    config: StreamConfig,
    now: Timestamp,
    pub messages: Vec<Message>,
    pub last_seq: u64,
    /// The first sequence while there are no messages.
    empty_first_seq: u64,
    /// In the order of their making.
    pub consumers: Vec<Consumer>,
    /// Consumers for which a removal made room.
    unblocked: Vec<&'static str>,
    /// What went to the subscriptions.
    sent: Vec<String>,
}

impl Model {
    pub fn new(config: StreamConfig, now: Timestamp) -> Self {
        let (messages, consumers) = (Vec::new(), Vec::new());
        let (unblocked, sent) = (Vec::new(), Vec::new());
        Self { config, now, messages, last_seq: 0, empty_first_seq: 0, consumers, unblocked, sent }
    }

    pub fn take_sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }

    pub fn first_seq(&self) -> u64 {
        self.messages.first().map_or(self.empty_first_seq, |message| message.seq)
    }

    pub fn consumer(&mut self, name: &str) -> Option<&mut Consumer> {
        self.consumers.iter_mut().find(|consumer| consumer.name == name)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.consumers.iter().position(|consumer| consumer.name == name)
    }

    fn message(&self, seq: u64) -> Option<&Message> {
        self.messages.iter().find(|message| message.seq == seq)
    }

    /// Messages that a consumer reads and has not got yet.
    pub fn num_pending(&self, consumer: &Consumer) -> u64 {
        self.counted(consumer).max(0) as u64
    }

    /// The same as it was counted, which may be below zero.
    fn counted(&self, consumer: &Consumer) -> i64 {
        let is_read = |message: &&Message| consumer.matches(message.subject) && Some(message.seq) != consumer.fresh;
        let ahead = self.messages.iter().filter(|message| message.seq >= consumer.next).filter(is_read).count() as i64;
        // What it got before it heard of it is taken off all the same.
        ahead + consumer.miscount - i64::from(consumer.got_fresh())
    }

    pub fn publish(&mut self, subject: &'static str) -> u64 {
        self.last_seq += 1;
        let seq = self.last_seq;
        let is_wanted = self.consumers.iter().any(|consumer| consumer.matches(subject));
        self.empty_first_seq = seq + 1;
        if self.config.retention == Retention::Interest && !is_wanted {
            return seq;
        }
        self.messages.push(Message { seq, subject, stored: self.now });
        for consumer in self.consumers.iter_mut().filter(|consumer| consumer.matches(subject)) {
            if seq >= consumer.next {
                consumer.fresh = Some(seq);
            } else {
                consumer.miscount += consumer.num_matches(subject);
            }
        }
        self.unblocked.clear();
        self.enforce_limits(subject);
        // What was removed made room for them.
        for name in std::mem::take(&mut self.unblocked) {
            if let Some(at) = self.position(name) {
                self.deliver(at);
            }
        }
        for at in 0..self.consumers.len() {
            let consumer = &mut self.consumers[at];
            if consumer.fresh.take().is_none() {
                continue;
            }
            consumer.miscount += consumer.num_matches(subject) - 1;
            if consumer.matches(subject)
                && seq >= consumer.next
                && (consumer.config.is_push || !consumer.requests.is_empty())
            {
                self.deliver(at);
            }
        }
        seq
    }

    fn enforce_limits(&mut self, subject: &str) {
        let exceeds = |limit: i64, number: usize| limit > 0 && number as i64 > limit;
        let of_subject = |model: &Self| {
            let seqs = model.messages.iter().filter(|message| message.subject == subject).map(|message| message.seq);
            seqs.collect::<Vec<u64>>()
        };
        while let seqs = of_subject(self)
            && exceeds(self.config.max_msgs_per_subject, seqs.len())
        {
            self.remove(seqs[0]);
        }
        while exceeds(self.config.max_msgs, self.messages.len()) {
            self.remove(self.messages[0].seq);
        }
    }

    /// Removes one message, and lets the consumers that read it know.
    pub fn remove(&mut self, seq: u64) -> bool {
        let Some(at) = self.messages.iter().position(|message| message.seq == seq) else { return false };
        let message = self.messages.remove(at);
        self.empty_first_seq = self.last_seq + 1;
        self.tell_removed(&message);
        true
    }

    fn tell_removed(&mut self, message: &Message) {
        for at in 0..self.consumers.len() {
            let consumer = &mut self.consumers[at];
            if let Some(numbers) = consumer.lose(message.seq, message.subject) {
                self.lose_pending(at, numbers);
            }
        }
    }

    fn lose_pending(&mut self, at: usize, numbers: Numbers) {
        let consumer = &mut self.consumers[at];
        if consumer.lose_pending(numbers) {
            self.unblocked.push(consumer.name);
        }
        self.release(at);
    }

    /// Lets the messages go that a consumer settled and that no other needs.
    fn release(&mut self, at: usize) {
        let released = std::mem::take(&mut self.consumers[at].released);
        if self.config.retention == Retention::Limits {
            return;
        }
        for seq in released {
            if self.message(seq).is_some_and(|message| !self.is_needed(message)) {
                self.remove(seq);
            }
        }
    }

    fn is_needed(&self, message: &Message) -> bool {
        self.consumers.iter().any(|consumer| consumer.matches(message.subject) && consumer.needs(message.seq))
    }

    fn remove_unneeded(&mut self, from: u64) {
        let is_beyond = |consumer: &Consumer| consumer.floor.stream_seq > self.last_seq;
        if from > self.last_seq && self.consumers.iter().any(is_beyond) {
            // The server miscounts what to look through, and drops what others need as well.
            self.messages.clear();
            self.empty_first_seq = self.last_seq + 1;
            let first = self.empty_first_seq;
            self.consumers.iter_mut().for_each(|consumer| consumer.forget_before(first));
            return;
        }
        let messages = self.messages.iter().filter(|message| message.seq >= from && !self.is_needed(message));
        for seq in messages.map(|message| message.seq).collect::<Vec<u64>>() {
            self.remove(seq);
        }
    }

    /// # Errors
    /// The `err_code`, if the stream does not allow such a consumer.
    pub fn create(&mut self, name: &'static str, config: Config) -> Result<(), u64> {
        if self.config.retention == Retention::WorkQueue {
            self.check_work_queue(&config)?;
        }
        let last = self.messages.iter().rfind(|message| {
            config.filters.is_empty() || config.filters.iter().any(|filter| covers(filter, message.subject))
        });
        let next = match config.start {
            Start::All => self.first_seq(),
            Start::New => self.last_seq + 1,
            Start::Last if config.filters.is_empty() => self.last_seq,
            Start::Last => last.map_or(0, |message| message.seq),
            Start::Sequence(seq) => seq,
        };
        self.consumers.push(Consumer::new(name, config, next.max(self.first_seq()).max(1)));
        self.deliver(self.consumers.len() - 1);
        Ok(())
    }

    /// In a work queue, every message belongs to one consumer.
    fn check_work_queue(&self, config: &Config) -> Result<(), u64> {
        if config.ack_policy == AckPolicy::None && !config.is_push {
            return Err(PULL_NEEDS_ACKS);
        }
        if config.ack_policy != AckPolicy::Explicit {
            return Err(NEEDS_EXPLICIT_ACKS);
        }
        if config.start != Start::All {
            return Err(NEEDS_DELIVER_ALL);
        }
        // Of the subjects that occur here.
        let overlaps = |one: &str, other: &str| {
            crate::SUBJECTS.iter().any(|subject| covers(one, subject) && covers(other, subject))
        };
        for other in &self.consumers {
            if config.filters.is_empty() {
                return Err(NEEDS_FILTERS);
            }
            let is_taken = |filter: &&str| other.config.filters.iter().any(|taken| overlaps(taken, filter));
            if other.config.filters.is_empty() || config.filters.iter().any(is_taken) {
                return Err(NEEDS_OTHER_FILTERS);
            }
        }
        Ok(())
    }

    pub fn delete_consumer(&mut self, name: &str) {
        let Some(at) = self.position(name) else { return };
        let consumer = self.consumers.remove(at);
        for request in consumer.requests {
            self.say(request.to, "409 Consumer Deleted", None);
        }
        match self.config.retention {
            Retention::Interest if self.consumers.is_empty() => {
                self.purge(&Purge { filter: None, below: None, keep: 0 });
            }
            Retention::Interest => self.remove_unneeded(consumer.floor.stream_seq),
            Retention::Limits | Retention::WorkQueue => {}
        }
    }

    pub fn update(&mut self, name: &str, max_deliver: i64, max_ack_pending: i64) {
        let Some(at) = self.position(name) else { return };
        let config = &mut self.consumers[at].config;
        config.max_deliver = max_deliver;
        let is_changed = config.max_ack_pending != max_ack_pending;
        config.max_ack_pending = max_ack_pending;
        self.show(name);
        if is_changed {
            self.deliver(at);
        }
    }

    /// Starts at a sequence again, or behind the ack floor.
    ///
    /// # Errors
    /// The `err_code`, if the deliver policy does not allow that.
    pub fn reset(&mut self, name: &str, seq: u64) -> Result<(), u64> {
        let Some(at) = self.position(name) else { return Ok(()) };
        let consumer = &self.consumers[at];
        let next = match consumer.config.start {
            _ if seq == 0 => consumer.floor.stream_seq + 1,
            Start::All => seq,
            Start::Sequence(start) if seq >= start => seq,
            _ => return Err(INVALID_RESET),
        };
        // Back at its floor, a consumer that acks all counts what was pending, and not anew.
        let counts_pending = consumer.config.ack_policy == AckPolicy::All && next == consumer.floor.stream_seq + 1;
        let counted = self.counted(consumer) + consumer.num_ack_pending() as i64;
        self.consumers[at].reset_to(self.now, next);
        if counts_pending {
            self.consumers[at].miscount += counted - self.counted(&self.consumers[at]);
        }
        self.show(name);
        if self.config.retention == Retention::Interest && next - 1 <= self.last_seq {
            let consumer = &self.consumers[at];
            let before = self.messages.iter().filter(|message| message.seq < next && consumer.matches(message.subject));
            self.consumers[at].released = before.map(|message| message.seq).collect();
            self.release(at);
        }
        self.deliver(at);
        Ok(())
    }

    pub fn pause(&mut self, name: &str, until: Option<Timestamp>) {
        if let Some(consumer) = self.consumer(name) {
            consumer.paused_until = until;
        }
    }

    pub fn pull(&mut self, name: &str, request: Request) {
        let Some(at) = self.position(name) else { return };
        if request.no_wait {
            let available = self.num_pending(&self.consumers[at]) + self.consumers[at].num_due();
            if available == 0 && request.expires.is_none() {
                return self.say(request.to, "404 No Messages", None);
            }
            if available > 0 {
                self.tidy(at, false);
                if available < self.consumers[at].requests.iter().map(|request| request.batch).sum() {
                    return self.say(request.to, "408 Requests Pending", None);
                }
            }
        }
        self.consumers[at].requests.push(request);
        self.deliver(at);
    }

    /// Whether the ack is answered.
    pub fn ack(&mut self, name: &str, kind: Ack, numbers: Numbers) -> bool {
        let Some(at) = self.position(name).filter(|at| self.consumers[*at].has_acks()) else { return false };
        let (first, looked_at) = (self.first_seq(), self.consumers[at].looks_at);
        let (is_answered, may_go_on) = self.consumers[at].ack(self.now, kind, numbers);
        if matches!(kind, Ack::NakFor(_)) && !self.consumers[at].is_pending_below(first) {
            self.consumers[at].looks_at = looked_at;
        }
        self.release(at);
        if may_go_on {
            self.deliver(at);
        }
        is_answered
    }

    /// Says to a subscription how its request ends.
    fn say(&mut self, to: usize, status: &str, left: Option<u64>) {
        let left = left.map(|left| format!("Nats-Pending-Messages: {left}\r\nNats-Pending-Bytes: 0\r\n"));
        self.sent.push(format!("{to} NATS/1.0 {status}\r\n{}\r\n", left.unwrap_or_default()));
    }

    /// Ends requests whose time is over, and those that do not wait if there is nothing more.
    fn tidy(&mut self, at: usize, is_at_end: bool) {
        for request in std::mem::take(&mut self.consumers[at].requests) {
            if request.expires.is_some_and(|expires| expires <= self.now) {
                self.say(request.to, "408 Request Timeout", Some(request.batch));
            } else if is_at_end && request.no_wait && (request.expires.is_none() || request.got_some) {
                self.say(request.to, "404 No Messages", None);
            } else {
                self.consumers[at].requests.push(request);
            }
        }
    }

    /// What shows a consumer, as INFO does, ends requests whose time is over, and counts no more as pending than there can be.
    pub fn show(&mut self, name: &str) {
        if let Some(at) = self.position(name) {
            let (last, stored) = (self.last_seq, self.messages.len() as u64);
            let counted = self.num_pending(&self.consumers[at]);
            let consumer = &mut self.consumers[at];
            let most = stored.min((last + 1).saturating_sub(consumer.next));
            if counted > most {
                consumer.miscount -= (counted - most) as i64;
            } else if most == 0 {
                consumer.miscount = 0;
            }
            self.tidy(at, false);
        }
    }

    /// Lets a consumer deliver what it may.
    fn deliver(&mut self, at: usize) {
        self.consumers[at].may_go_on = false;
        while self.deliver_one(at) {}
        self.release(at);
    }

    fn deliver_one(&mut self, at: usize) -> bool {
        let consumer = &self.consumers[at];
        if consumer.paused_until.is_some_and(|until| until > self.now) {
            self.tidy(at, true);
            return false;
        }
        if consumer.requests.is_empty() && !consumer.config.is_push {
            return false;
        }
        while let Some(seq) = self.consumers[at].first_due() {
            if self.consumers[at].give_up_if_spent(seq) {
                continue;
            }
            if self.message(seq).is_some() {
                return self.send(at, seq, true);
            }
            self.consumers[at].lose_due(seq);
        }
        if self.consumers[at].is_stalled() {
            self.tidy(at, false);
            return false;
        }
        let consumer = &self.consumers[at];
        let is_next = |message: &&Message| message.seq >= consumer.next && consumer.matches(message.subject);
        match self.messages.iter().find(is_next).map(|message| message.seq) {
            Some(seq) => self.send(at, seq, false),
            None => {
                let end = self.last_seq + 1;
                let consumer = &mut self.consumers[at];
                consumer.next = consumer.next.max(end);
                if consumer.miscount != i64::from(consumer.got_fresh()) {
                    (consumer.fresh, consumer.miscount) = (None, 0);
                }
                self.tidy(at, true);
                false
            }
        }
    }

    /// Sends a message to who is next in line. Whether there is anybody.
    fn send(&mut self, at: usize, seq: u64, is_again: bool) -> bool {
        let next_before = self.consumers[at].next;
        if !is_again {
            self.consumers[at].next = seq + 1;
        }
        let Some(to) = self.receiver(at) else {
            if is_again {
                self.consumers[at].put_back(seq);
            } else {
                self.consumers[at].next = next_before.max(seq);
            }
            self.tidy(at, true);
            return false;
        };
        let left = self.num_pending(&self.consumers[at]);
        let now = self.now;
        let consumer = &mut self.consumers[at];
        let delivered = consumer.deliver(now, seq);
        let (name, consumer_seq) = (consumer.name, consumer.last_consumer_seq);
        let message = self.message(seq).expect("it was just found");
        let (subject, stored) = (message.subject, message.stored.as_nanos());
        let reply = format!("$JS.ACK.S.{name}.{delivered}.{seq}.{consumer_seq}.{stored}.{left}");
        self.sent.push(format!("{to} {subject} {reply}"));
        true
    }

    /// The subscription that gets the next message. Its request goes to the end of the line.
    fn receiver(&mut self, at: usize) -> Option<usize> {
        if self.consumers[at].config.is_push {
            return Some(crate::push_sid(self.consumers[at].name));
        }
        while !self.consumers[at].requests.is_empty() {
            let mut request = self.consumers[at].requests.remove(0);
            if request.expires.is_some_and(|expires| expires <= self.now) {
                self.say(request.to, "408 Request Timeout", Some(request.batch));
                continue;
            }
            request.batch -= 1;
            request.got_some = true;
            if request.batch > 0 {
                self.consumers[at].requests.push(request);
            }
            return Some(request.to);
        }
        None
    }

    pub fn purge(&mut self, purge: &Purge) -> u64 {
        let is_covered = |message: &&Message| purge.filter.is_none_or(|filter| covers(filter, message.subject));
        let covered: Vec<u64> = self.messages.iter().filter(is_covered).map(|message| message.seq).collect();
        let mut gone = covered[..covered.len().saturating_sub(purge.keep as usize)].to_vec();
        gone.retain(|seq| purge.below.is_none_or(|below| *seq < below));
        let covers_all = purge.filter.is_none();
        if !gone.is_empty() || (covers_all && purge.below.is_none() && purge.keep == 0) {
            self.empty_first_seq = self.last_seq + 1;
        }
        if let Some(below) = purge.below.filter(|below| covers_all && *below > self.last_seq.max(1)) {
            (self.last_seq, self.empty_first_seq) = (below - 1, below);
        }
        let is_partial = purge.filter.is_some() || purge.keep > 0;
        let last_gone = gone.last().and_then(|seq| self.message(*seq)).cloned();
        self.messages.retain(|message| !gone.contains(&message.seq));
        match last_gone {
            // One message alone goes as if it had been deleted, but that the purge is followed first.
            Some(message) if gone.len() == 1 && is_partial => {
                let lose = |consumer: &mut Consumer| consumer.lose(message.seq, message.subject);
                let pending: Vec<Option<Numbers>> = self.consumers.iter_mut().map(lose).collect();
                self.follow_purge(purge.filter);
                for (at, numbers) in pending.into_iter().enumerate() {
                    if let Some(numbers) = numbers {
                        self.lose_pending(at, numbers);
                    }
                }
                return 1;
            }
            Some(_) => {
                let first = self.first_seq();
                self.consumers.iter_mut().for_each(|consumer| consumer.forget_before(first));
            }
            None => {}
        }
        self.follow_purge(purge.filter);
        gone.len() as u64
    }

    /// A consumer goes on behind what was purged: of the whole stream, or of all that it reads. One that reads more
    /// than was purged only looks at what it lost.
    fn follow_purge(&mut self, filter: Option<&str>) {
        let first = self.first_seq();
        let first_left =
            self.messages.iter().find(|message| filter.is_none_or(|filter| covers(filter, message.subject)));
        let behind = match filter {
            None => first,
            Some(_) => first_left.map_or(self.last_seq + 1, |message| message.seq),
        };
        let stored: Vec<u64> = self.messages.iter().map(|message| message.seq).collect();
        for at in 0..self.consumers.len() {
            let consumer = &mut self.consumers[at];
            let own = consumer.config.filters;
            let is_in = |own: &&&str| filter.is_none_or(|filter| covers_all_of(filter, own));
            let covered = own.iter().filter(is_in).count();
            let reads_more = own.is_empty() || own.iter().any(|own| filter.is_some_and(|filter| covers(own, filter)));
            if filter.is_none() || (covered > 0 && covered == own.len()) {
                consumer.follow_purge(self.now, behind, |seq| seq < behind);
            } else if covered > 0 || reads_more {
                consumer.follow_purge(self.now, first, |seq| seq < first || !stored.contains(&seq));
            }
        }
    }

    /// Goes from one moment at which something is due to the next.
    pub fn pass_time(&mut self, until: Timestamp) {
        while let Some(due) = self.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            for at in 0..self.consumers.len() {
                self.wake(at);
            }
        }
        self.now = until;
    }

    fn next_due(&self) -> Option<Timestamp> {
        let of_consumer = |consumer: &Consumer| {
            let pause_ends = consumer.paused_until.filter(|until| *until > self.now);
            let requests = consumer.requests.iter().filter_map(|request| request.expires).min();
            let goes_on = consumer.may_go_on.then_some(self.now);
            [goes_on, pause_ends, requests, consumer.looks_at, consumer.next_expiry()].into_iter().flatten().min()
        };
        self.consumers.iter().filter_map(of_consumer).min()
    }

    fn wake(&mut self, at: usize) {
        let now = self.now;
        if self.consumers[at].paused_until.is_some_and(|until| until == now) {
            self.deliver(at);
        }
        if self.consumers[at].next_expiry().is_some_and(|at| at <= now) {
            let (was_stalled, first) = (self.consumers[at].is_stalled(), self.first_seq());
            let any_gone = self.consumers[at].settle_below(first);
            let (any_due, any_given_up) = self.consumers[at].expire(now);
            self.consumers[at].follow_settled(any_gone);
            if any_due || (was_stalled && any_given_up) {
                self.deliver(at);
            }
        }
        if self.consumers[at].looks_at.is_some_and(|at| at <= now) {
            let first = self.first_seq();
            let any_gone = self.consumers[at].settle_below(first);
            self.consumers[at].follow_settled(any_gone);
            self.consumers[at].looks_at = self.consumers[at].next_expiry().filter(|at| *at > now);
        }
        if self.consumers[at].requests.iter().any(|request| request.expires.is_some_and(|expires| expires <= now)) {
            self.tidy(at, true);
            self.deliver(at);
        }
        if self.consumers[at].may_go_on {
            self.deliver(at);
        }
    }

    pub fn moment_in(&self, millis: u64) -> Timestamp {
        self.now + Duration::from_millis(millis)
    }
}

/// Whether `wide` covers every subject that `narrow` covers.
fn covers_all_of(wide: &str, narrow: &str) -> bool {
    covers(wide, narrow) && (wide.ends_with('>') || !narrow.ends_with('>'))
}
