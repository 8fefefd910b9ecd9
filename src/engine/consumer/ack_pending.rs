//! What one consumer has delivered and waits to see acked.
//!
//! Keeps when each message falls due again, the queue of those that are due, and how often each was delivered again.
//! Floors are kept by the consumer; the messages stay in the store. Source: nats-server `server/consumer.go`
//! (`trackPending`, `checkPending`, `addToRedeliverQueue`, `incDeliveryCount`).

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::expiring::DeadlineOrder;
use crate::engine::seq_map::SeqMap;
use crate::engine::time::Timestamp;

/// One message that was delivered and not acked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Of the first delivery.
    pub consumer_seq: u64,
    /// When the ack wait began, or what stands for it after a nak with delay.
    pub since: Timestamp,
    pub state: PendingState,
    /// How often it was delivered again.
    redeliveries: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingState {
    /// With a client, until this moment.
    InFlight(Timestamp),
    /// Held back by a nak with delay, until this moment.
    NakDelayed(Timestamp),
    /// Due: delivered again as soon as somebody asks for messages.
    Due,
    /// Without a deadline (ack policy `flow_control`).
    Unbounded,
}

impl PendingState {
    const fn due_at(self) -> Option<Timestamp> {
        match self {
            Self::InFlight(at) | Self::NakDelayed(at) => Some(at),
            Self::Due | Self::Unbounded => None,
        }
    }
}

impl Pending {
    /// When the server's timer looks at it next after `now`, which goes on also while it is due.
    pub(super) fn next_look(&self, now: Timestamp, wait: AckWait<'_>) -> Option<Timestamp> {
        Some(self.last_begin(now, wait) + wait.after(self.redeliveries)?)
    }

    /// When the wait began that runs at `now`, where one follows the other.
    fn last_begin(&self, now: Timestamp, wait: AckWait<'_>) -> Timestamp {
        let every = wait.after(self.redeliveries).map_or(1, |every| every.as_nanos() as u64);
        let passed = now.since(self.since).as_nanos() as u64;
        self.since + Duration::from_nanos(passed - passed % every)
    }
}

/// What a real server's timer for acks waits at least.
const SHORTEST: Duration = Duration::from_millis(1);

/// How long a delivery may stay without an ack: ack wait, or the step of the backoff.
#[derive(Clone, Copy, Debug)]
pub struct AckWait<'a> {
    /// `None`: for ever, whatever the backoff says.
    pub ack_wait: Option<Duration>,
    pub backoff: &'a [Duration],
}

impl AckWait<'_> {
    /// The wait after a message was delivered again `redeliveries` times. A step of no time waits as long as the first.
    pub fn after(&self, redeliveries: u64) -> Option<Duration> {
        let step = usize::try_from(redeliveries).unwrap_or(usize::MAX).min(self.backoff.len().saturating_sub(1));
        let ack_wait = self.ack_wait?;
        Some(self.backoff.get(step).copied().filter(|step| !step.is_zero()).unwrap_or(ack_wait).max(SHORTEST))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AckPending {
    entries: SeqMap<Pending>,
    /// Of those that are in flight or delayed.
    deadlines: DeadlineOrder,
    /// Messages to deliver again, first come first served. One that is no longer [`PendingState::Due`] is passed over.
    due: VecDeque<u64>,
    num_due: usize,
    /// Pending messages that were delivered again.
    num_pending_redelivered: usize,
    /// Messages that are no longer pending and were not settled, and how often each was delivered again.
    given_up: SeqMap<u64>,
}

impl AckPending {
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn get(&self, stream_seq: u64) -> Option<&Pending> {
        self.entries.get(stream_seq)
    }

    pub fn contains(&self, stream_seq: u64) -> bool {
        self.entries.contains(stream_seq)
    }

    /// Whether all pending messages lie behind `floor`, and none behind `reached`.
    pub fn are_between(&self, floor: u64, reached: u64) -> bool {
        self.first_from(0).is_none_or(|(first, _)| first > floor) && self.entries.last() <= Some(reached)
    }

    /// Whether nothing is known of the message: it is not pending, nor given up.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn has_settled(&self, stream_seq: u64) -> bool {
        !self.entries.contains(stream_seq) && (self.given_up.is_empty() || !self.given_up.contains(stream_seq))
    }

    /// Pending messages by ascending stream sequence.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Pending)> {
        self.entries.iter()
    }

    /// The first pending message with a stream sequence of at least `stream_seq`.
    pub fn first_from(&self, stream_seq: u64) -> Option<(u64, &Pending)> {
        self.entries.first_from(stream_seq)
    }

    /// Notes a delivery at `now`. A message that was pending before keeps its first consumer sequence.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn track(&mut self, now: Timestamp, stream_seq: u64, consumer_seq: u64, wait: AckWait<'_>) {
        // As a rule it lies behind all that were delivered.
        let is_new = self.given_up.is_empty() && self.entries.last().is_none_or(|last| last < stream_seq);
        let in_flight = |redeliveries| {
            let due_at = wait.after(redeliveries).map(|wait| now + wait);
            due_at.map_or(PendingState::Unbounded, PendingState::InFlight)
        };
        if !is_new && let Some(pending) = self.entries.get_mut(stream_seq) {
            let state = in_flight(pending.redeliveries);
            pending.since = now;
            if pending.state == PendingState::Due {
                // It fell due again while it was [held](Self::hold), and goes out once more.
                return;
            }
            let before = std::mem::replace(&mut pending.state, state);
            return self.move_deadline(stream_seq, before, state);
        }
        let redeliveries = if is_new { 0 } else { self.given_up.remove(stream_seq).unwrap_or(0) };
        let state = in_flight(redeliveries);
        self.num_pending_redelivered += usize::from(redeliveries > 0);
        self.entries.insert(stream_seq, Pending { consumer_seq, since: now, state, redeliveries });
        if let Some(at) = state.due_at() {
            self.deadlines.add(stream_seq, at);
        }
    }

    /// Starts the ack wait anew, as `+WPI` asks. A message that is due already stays due.
    pub fn restart(&mut self, now: Timestamp, stream_seq: u64, wait: AckWait<'_>) {
        let Some(pending) = self.entries.get_mut(stream_seq) else { return };
        pending.since = now;
        if pending.state != PendingState::Due {
            self.set_deadline(stream_seq, wait, PendingState::InFlight);
        }
    }

    /// Holds a message back for `delay`, as a nak asks. With a backoff, a later delivery waits longer by what its step
    /// is longer than the first.
    pub fn delay(&mut self, now: Timestamp, stream_seq: u64, delay: Duration, wait: AckWait<'_>) {
        let Some(pending) = self.entries.get_mut(stream_seq) else { return };
        let was_due = pending.state == PendingState::Due;
        pending.since = now - wait.after(0).unwrap_or_default() + delay;
        if was_due {
            self.num_due -= 1;
            self.due.retain(|due| *due != stream_seq);
        }
        self.set_deadline(stream_seq, wait, PendingState::NakDelayed);
    }

    /// Makes a message due, behind those that are; nothing if it is due already.
    pub fn make_due(&mut self, stream_seq: u64) {
        if self.set_state(stream_seq, PendingState::Due).is_some_and(|before| before != PendingState::Due) {
            self.num_due += 1;
            self.due.push_back(stream_seq);
        }
    }

    /// Takes the next message to deliver again. It stays pending.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn pop_due(&mut self) -> Option<u64> {
        while let Some(stream_seq) = self.due.pop_front() {
            if let Some(pending) = self.entries.get_mut(stream_seq)
                && pending.state == PendingState::Due
            {
                self.num_due -= 1;
                pending.state = PendingState::Unbounded;
                return Some(stream_seq);
            }
        }
        None
    }

    /// Messages that are due wait for their deadline again.
    pub fn forget_due(&mut self, now: Timestamp, wait: AckWait<'_>) {
        for stream_seq in std::mem::take(&mut self.due) {
            if self.entries.get(stream_seq).is_some_and(|pending| pending.state == PendingState::Due) {
                self.num_due -= 1;
                self.hold(now, stream_seq, wait);
            }
        }
    }

    /// A message that was due and is not delivered yet waits for its deadline again. The timer went on meanwhile, once in
    /// each wait.
    pub fn hold(&mut self, now: Timestamp, stream_seq: u64, wait: AckWait<'_>) {
        if let Some(pending) = self.entries.get_mut(stream_seq) {
            pending.since = pending.last_begin(now, wait);
            self.set_deadline(stream_seq, wait, PendingState::InFlight);
        }
    }

    /// Messages that wait to be delivered again, the next one first.
    pub fn due(&self) -> impl Iterator<Item = u64> {
        self.due.iter().copied().filter(|seq| self.entries.get(*seq).is_some_and(|of| of.state == PendingState::Due))
    }

    /// How many wait to be delivered again.
    pub const fn num_due(&self) -> usize {
        self.num_due
    }

    /// Takes a message off what is pending, and forgets how often it was delivered again.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn settle(&mut self, stream_seq: u64) -> Option<Pending> {
        let settled = self.remove(stream_seq);
        if settled.is_none() {
            self.given_up.remove(stream_seq);
        }
        settled
    }

    /// Takes a message off what is pending that is not settled: how often it was delivered again is remembered.
    pub fn give_up(&mut self, stream_seq: u64) -> Option<Pending> {
        let removed = self.remove(stream_seq)?;
        if removed.redeliveries > 0 {
            self.given_up.insert(stream_seq, removed.redeliveries);
        }
        Some(removed)
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn remove(&mut self, stream_seq: u64) -> Option<Pending> {
        let removed = self.entries.remove(stream_seq)?;
        if let Some(at) = removed.state.due_at() {
            self.forget_deadline(stream_seq, at);
        }
        self.num_due -= usize::from(removed.state == PendingState::Due);
        self.num_pending_redelivered -= usize::from(removed.redeliveries > 0);
        if self.entries.is_empty() {
            self.due.clear();
        }
        Some(removed)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// When the first ack wait or nak delay ends.
    pub fn first_due(&self) -> Option<Timestamp> {
        self.first_due_message().map(|(at, _)| at)
    }

    /// The message whose ack wait or nak delay ends first, and when.
    pub fn first_due_message(&self) -> Option<(Timestamp, u64)> {
        self.deadlines.first()
    }

    /// Takes the messages whose time has come, in ascending order. Their wait starts anew, although nothing waits for
    /// it: an unattended consumer is kept alive by it.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn take_expired(&mut self, now: Timestamp) -> Vec<(u64, Pending)> {
        let mut expired = Vec::new();
        while let Some((_, stream_seq)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            let Some(pending) = self.entries.get_mut(stream_seq) else { break };
            expired.push((stream_seq, *pending));
            pending.since = now;
            self.set_state(stream_seq, PendingState::Unbounded);
        }
        expired.sort_unstable_by_key(|(stream_seq, _)| *stream_seq);
        expired
    }

    /// Works out all deadlines again, after the ack wait or the backoff changed.
    pub fn reset_deadlines(&mut self, wait: AckWait<'_>) {
        let running: Vec<(u64, PendingState)> = self
            .entries
            .iter()
            .filter(|(_, pending)| pending.state.due_at().is_some())
            .map(|(stream_seq, pending)| (stream_seq, pending.state))
            .collect();
        for (stream_seq, state) in running {
            let kind = if matches!(state, PendingState::NakDelayed(_)) {
                PendingState::NakDelayed
            } else {
                PendingState::InFlight
            };
            self.set_deadline(stream_seq, wait, kind);
        }
    }

    /// When the server's timer looks at what is pending next, after `now`.
    pub fn next_look(&self, now: Timestamp, wait: AckWait<'_>) -> Option<Timestamp> {
        self.entries.iter().filter_map(|(_, pending)| pending.next_look(now, wait)).min()
    }

    /// The last moment at which any pending message can fall due.
    pub fn last_wait_end(&self, wait: AckWait<'_>) -> Option<Timestamp> {
        let end = |(seq, pending): (u64, &Pending)| Some(pending.since + wait.after(self.redeliveries(seq))?);
        self.entries.iter().filter_map(end).max()
    }

    /// How often the message was delivered again.
    pub fn redeliveries(&self, stream_seq: u64) -> u64 {
        match self.entries.get(stream_seq) {
            Some(pending) => pending.redeliveries,
            None if self.given_up.is_empty() => 0,
            None => self.given_up.get(stream_seq).copied().unwrap_or(0),
        }
    }

    /// Whether the message was delivered again, or given up, and not settled since.
    pub fn is_redelivered(&self, stream_seq: u64) -> bool {
        self.redeliveries(stream_seq) > 0
    }

    /// Messages that were delivered again, or given up, with how often.
    pub fn redelivered(&self) -> impl Iterator<Item = (u64, u64)> {
        let pending = self.entries.iter().map(|(seq, pending)| (seq, pending.redeliveries));
        pending.filter(|(_, count)| *count > 0).chain(self.given_up())
    }

    pub fn num_redelivered(&self) -> usize {
        self.num_pending_redelivered + self.given_up.len()
    }

    /// Counts one more delivery; returns the number of this delivery.
    pub fn count_redelivery(&mut self, stream_seq: u64) -> u64 {
        self.change_redeliveries(stream_seq, |count| count + 1) + 1
    }

    /// Takes back a delivery that was counted and did not take place.
    pub fn uncount_redelivery(&mut self, stream_seq: u64) {
        self.change_redeliveries(stream_seq, |count| count.saturating_sub(1));
    }

    pub fn set_redeliveries(&mut self, stream_seq: u64, count: u64) {
        self.change_redeliveries(stream_seq, |_| count);
    }

    /// Changes how often the message was delivered again, and returns it.
    fn change_redeliveries(&mut self, stream_seq: u64, change: impl FnOnce(u64) -> u64) -> u64 {
        if let Some(pending) = self.entries.get_mut(stream_seq) {
            let before = pending.redeliveries;
            pending.redeliveries = change(before);
            self.num_pending_redelivered += usize::from(pending.redeliveries > 0);
            self.num_pending_redelivered -= usize::from(before > 0);
            return pending.redeliveries;
        }
        let count = change(self.given_up.get(stream_seq).copied().unwrap_or(0));
        if count > 0 {
            self.given_up.insert(stream_seq, count);
        } else {
            self.given_up.remove(stream_seq);
        }
        count
    }

    /// Forgets a message that was given up. Whether it was.
    pub fn forget_given_up(&mut self, stream_seq: u64) -> bool {
        self.given_up.remove(stream_seq).is_some()
    }

    pub fn forget_redeliveries_below(&mut self, stream_seq: u64) {
        self.given_up.remove_below(stream_seq);
        let below = self.entries.iter().take_while(|(seq, _)| *seq < stream_seq);
        let redelivered: Vec<u64> = below.filter(|(_, pending)| pending.redeliveries > 0).map(|(seq, _)| seq).collect();
        for seq in redelivered {
            self.set_redeliveries(seq, 0);
        }
    }

    /// Messages that were given up: delivered as often as allowed, no longer pending. With them, how often each was
    /// delivered again.
    pub fn given_up(&self) -> impl Iterator<Item = (u64, u64)> {
        self.given_up.iter().map(|(seq, count)| (seq, *count))
    }

    fn set_deadline(&mut self, stream_seq: u64, wait: AckWait<'_>, kind: fn(Timestamp) -> PendingState) {
        let redeliveries = self.redeliveries(stream_seq);
        let Some(pending) = self.entries.get(stream_seq) else { return };
        let state = wait.after(redeliveries).map_or(PendingState::Unbounded, |wait| kind(pending.since + wait));
        self.set_state(stream_seq, state);
    }

    /// Changes the state of a pending message, and its deadline with it. Returns the state before.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn set_state(&mut self, stream_seq: u64, state: PendingState) -> Option<PendingState> {
        let pending = self.entries.get_mut(stream_seq)?;
        let before = std::mem::replace(&mut pending.state, state);
        self.move_deadline(stream_seq, before, state);
        Some(before)
    }

    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn move_deadline(&mut self, stream_seq: u64, before: PendingState, now: PendingState) {
        if before.due_at() == now.due_at() {
            return;
        }
        if let Some(at) = before.due_at() {
            self.forget_deadline(stream_seq, at);
        }
        if let Some(at) = now.due_at() {
            self.deadlines.add(stream_seq, at);
        }
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn forget_deadline(&mut self, stream_seq: u64, at: Timestamp) {
        let entries = &self.entries;
        self.deadlines.forget(stream_seq, at, |seq| entries.get(seq)?.state.due_at());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: AckWait<'static> = AckWait { ack_wait: Some(Duration::from_secs(30)), backoff: &[] };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(1_000_000_000_000 + seconds * 1_000_000_000)
    }

    fn expired(pending: &mut AckPending, now: Timestamp) -> Vec<u64> {
        pending.take_expired(now).into_iter().map(|(stream_seq, _)| stream_seq).collect()
    }

    #[test]
    fn each_message_has_its_own_deadline() {
        let mut pending = AckPending::default();
        pending.track(at(0), 1, 1, WAIT);
        pending.track(at(5), 2, 2, WAIT);
        assert_eq!(pending.first_due_message(), Some((at(30), 1)));
        pending.settle(1);
        assert_eq!(pending.first_due_message(), Some((at(35), 2)));
        assert!(pending.take_expired(at(34)).is_empty());
        assert_eq!(expired(&mut pending, at(35)), [2]);
        assert_eq!(pending.first_due(), None);
    }

    #[test]
    fn due_messages_keep_the_order_in_which_they_fell_due() {
        let mut pending = AckPending::default();
        for seq in 1..=4 {
            pending.track(at(0), seq, seq, WAIT);
        }
        pending.make_due(3);
        pending.make_due(1);
        pending.make_due(3);
        assert_eq!(pending.num_due(), 2);
        pending.settle(3);
        assert_eq!(pending.pop_due(), Some(1));
        assert_eq!(pending.pop_due(), None);
        assert_eq!(pending.num_due(), 0);
    }

    #[test]
    fn a_message_that_is_held_can_fall_due_again() {
        let mut pending = AckPending::default();
        pending.track(at(0), 1, 1, WAIT);
        assert_eq!(expired(&mut pending, at(30)), [1]);
        pending.make_due(1);
        assert_eq!(pending.pop_due(), Some(1));
        pending.hold(at(75), 1, WAIT);
        assert_eq!(pending.first_due(), Some(at(90)), "the timer went off at 60 and found it in the queue");
        assert_eq!(expired(&mut pending, at(90)), [1]);
        pending.make_due(1);
        pending.track(at(95), 1, 2, WAIT);
        assert_eq!(pending.pop_due(), Some(1));
    }

    #[test]
    fn a_nak_with_delay_takes_a_message_out_of_the_queue() {
        let mut pending = AckPending::default();
        pending.track(at(0), 1, 1, WAIT);
        pending.track(at(0), 2, 2, WAIT);
        pending.make_due(1);
        pending.delay(at(1), 1, Duration::from_secs(60), WAIT);
        assert_eq!(pending.num_due(), 0);
        assert_eq!(expired(&mut pending, at(31)), [2]);
        assert_eq!(pending.first_due(), Some(at(61)));
        pending.restart(at(40), 1, WAIT);
        assert_eq!(pending.first_due(), Some(at(70)));
    }

    #[test]
    fn the_backoff_is_climbed_with_each_redelivery() {
        let backoff = [1, 5, 9].map(Duration::from_secs);
        let wait = AckWait { ack_wait: Some(backoff[0]), backoff: &backoff };
        let mut pending = AckPending::default();
        let mut ends = Vec::new();
        for _ in 0..4 {
            pending.track(at(0), 1, 1, wait);
            ends.push(pending.first_due());
            pending.count_redelivery(1);
        }
        assert_eq!(ends, [at(1), at(5), at(9), at(9)].map(Some));
        pending.delay(at(0), 1, Duration::from_secs(2), wait);
        assert_eq!(pending.first_due(), Some(at(10)));
    }
}
