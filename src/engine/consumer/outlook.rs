//! What the delivery loop would find if something woke it now: for those who explain why nothing comes.
//!
//! Nothing here changes anything. The rules are those of the loop itself, in `deliver.rs` and `priority.rs`.

use super::Consumer;
use super::config::{AckPolicy, PriorityPolicy};
use super::waiting::PullRequest;
use crate::engine::store::MessageStore;
use crate::engine::time::Timestamp;

/// What a consumer has to deliver, and what holds it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// A message that is held back to keep a pace, and until when. Nothing else goes out before it.
    pub paced: Option<(u64, Timestamp)>,
    /// The message that is delivered again next. Max ack pending does not hold it back.
    pub again: Option<u64>,
    /// Max ack pending is reached: nothing new goes out.
    pub is_full: bool,
    /// The message that is delivered for the first time next.
    pub new: Option<u64>,
    /// Turns of the loop that find nothing before that, since a message that was listed for the consumer
    /// (`last_per_subject`) is gone, each of which ends a turn.
    pub lost_turns: usize,
    /// How many messages that match have to be stored before there is one to deliver for the first time.
    pub missing: u64,
}

/// What a pull request in line gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The next message, once its turn comes.
    Served,
    /// Nothing, since it expired, does not wait for what is not there, or names a pin that is no longer one.
    Ended,
    /// Nothing while another client is pinned.
    NotPinned,
    /// Nothing until its `min_pending` or `min_ack_pending` is reached.
    BelowThreshold,
}

impl Consumer {
    /// What the next turn of the delivery loop would find.
    pub fn outlook(&self, store: &MessageStore) -> Outlook {
        let mut again = None;
        // What is due and may not be delivered again leaves its slot on that turn.
        let mut leaving = 0;
        for stream_seq in self.ack_pending.due().chain(self.orphans.iter().copied()) {
            let delivered = self.ack_pending.redeliveries(stream_seq) + 2;
            if self.config.max_deliver.is_none_or(|max| delivered <= max) && store.contains(stream_seq) {
                again = Some(stream_seq);
                break;
            }
            leaving += u64::from(self.ack_pending.contains(stream_seq));
        }
        let num_ack_pending = self.ack_pending.len() as u64 - leaving;
        let max = self.config.max_ack_pending.limit().filter(|_| self.config.ack_policy != AckPolicy::None);
        let (new, lost_turns) = self.next_new(store);
        let missing = self.next_stream_seq.saturating_sub(store.last_seq()).max(1);
        Outlook {
            missing: if new.is_some() { 0 } else { missing },
            new,
            lost_turns,
            paced: self.in_hand.as_ref().map(|held| (held.stream_seq(), held.until)),
            again,
            is_full: max.is_some_and(|max| num_ack_pending >= max),
        }
    }

    /// The message that is delivered for the first time next, and how many turns are lost before.
    fn next_new(&self, store: &MessageStore) -> (Option<u64>, usize) {
        let (mut from, mut lost_turns) = (self.next_stream_seq, 0);
        if let Some(list) = &self.skip_list {
            for listed in &list.stream_seqs {
                if store.contains(*listed) {
                    return (Some(*listed), lost_turns);
                }
                lost_turns += 1;
            }
            from = list.resume + 1;
        }
        (store.next(&mut self.cursor.clone(), from), lost_turns)
    }

    /// Whether `stream_seq`, if it matches, is still to be delivered for the first time.
    pub fn is_ahead(&self, stream_seq: u64) -> bool {
        match &self.skip_list {
            Some(list) => list.stream_seqs.contains(&stream_seq) || stream_seq > list.resume,
            None => stream_seq >= self.next_stream_seq,
        }
    }

    /// Where it began to read: at its making, or by RESET.
    pub const fn start_seq(&self) -> u64 {
        self.start_seq
    }

    /// What `request` gets of what `outlook` names.
    pub fn claim(&self, now: Timestamp, outlook: &Outlook, request: &PullRequest) -> Claim {
        let has_nothing = outlook.again.is_none() && outlook.new.is_none();
        if request.has_expired(now) || (has_nothing && request.ends_with_stream()) {
            return Claim::Ended;
        }
        let priority = request.priority.as_ref();
        let id = priority.map_or("", |priority| &priority.id);
        match (self.config.priority_policy, self.pinned()) {
            (PriorityPolicy::PinnedClient, Some((pin, _))) if id == pin => Claim::Served,
            (PriorityPolicy::PinnedClient, Some(_)) if id.is_empty() => Claim::NotPinned,
            (PriorityPolicy::PinnedClient, _) if !id.is_empty() => Claim::Ended,
            (PriorityPolicy::Overflow, _) => {
                let min_pending = priority.map_or(0, |priority| priority.min_pending);
                let min_ack_pending = priority.map_or(0, |priority| priority.min_ack_pending);
                self.overflows(outlook, min_pending, min_ack_pending)
            }
            _ => Claim::Served,
        }
    }

    /// What a request with these thresholds gets of an overflow consumer; 0 is none. Where there is nothing to deliver,
    /// what it would get once there is.
    pub fn overflows(&self, outlook: &Outlook, min_pending: i64, min_ack_pending: i64) -> Claim {
        // The loop counts the message in hand as pending, also one that is delivered again; and whatever matches, from
        // when it is stored, even if it is before the start.
        let more = if outlook.again.is_some() { 1 } else { i64::try_from(outlook.missing).unwrap_or(i64::MAX) };
        let num_pending = self.num_pending.saturating_add(more);
        let num_ack_pending = self.ack_pending.len() as i64;
        let asks = min_pending > 0 || min_ack_pending > 0;
        let is_reached = (min_pending > 0 && min_pending <= num_pending)
            || (min_ack_pending > 0 && min_ack_pending <= num_ack_pending);
        if asks && !is_reached { Claim::BelowThreshold } else { Claim::Served }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ServerConfig;
    use crate::sim::Simulation;
    use crate::sim::actor::{ActorId, FetchRequest, WorkerScript};
    use crate::sim::command::{Command, Settlement};

    /// A stream of three messages with a consumer `c` of `config`, and a worker.
    fn world(config: &str) -> (Simulation, ActorId) {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s.*"]}"#);
        for subject in ["s.a", "s.b", "s.a"] {
            simulation.request(subject, b"x");
        }
        let body = format!(r#"{{"stream_name":"S","config":{{"durable_name":"c","ack_policy":"explicit",{config}}}}}"#);
        simulation.request("$JS.API.CONSUMER.CREATE.S.c", body.as_bytes());
        let (name, stream, consumer) = ("w".into(), "S".into(), "c".into());
        simulation.act(Command::AddWorker { name, stream, consumer, script: WorkerScript::default() });
        let (worker, _) = simulation.world().actors().iter().next_back().expect("it was added");
        (simulation, worker)
    }

    fn outlook(simulation: &Simulation) -> Outlook {
        let stream = simulation.world().server().account().stream_named("S").expect("it exists");
        stream.consumer_named("c").expect("it exists").outlook(stream.store())
    }

    #[test]
    fn what_is_due_goes_before_what_is_new_and_whatever_is_pending() {
        let (mut simulation, worker) = world(r#""filter_subject":"s.a","max_ack_pending":1,"ack_wait":5000000000"#);
        let nothing = Outlook { paced: None, again: None, is_full: false, new: None, lost_turns: 0, missing: 0 };
        assert_eq!(outlook(&simulation), Outlook { new: Some(1), ..nothing });
        simulation.act(Command::Fetch { worker, request: FetchRequest::ONE });
        assert_eq!(outlook(&simulation), Outlook { new: Some(3), is_full: true, ..nothing });
        simulation.advance(Duration::from_secs(5));
        assert_eq!(outlook(&simulation), Outlook { new: Some(3), is_full: true, again: Some(1), ..nothing });
    }

    #[test]
    fn what_may_not_be_delivered_again_leaves_its_slot() {
        let (mut simulation, worker) = world(r#""max_deliver":1,"max_ack_pending":1"#);
        simulation.act(Command::Fetch { worker, request: FetchRequest::ONE });
        simulation.act(Command::Settle { worker, consumer_seq: 1, how: Settlement::Nak(None) });
        let expected = Outlook { paced: None, again: None, is_full: false, new: Some(2), lost_turns: 0, missing: 0 };
        assert_eq!(outlook(&simulation), expected);
    }

    #[test]
    fn the_last_of_each_subject_come_first() {
        let (simulation, _) = world(r#""deliver_policy":"last_per_subject","filter_subject":"s.*""#);
        let mut simulation = simulation;
        assert_eq!((outlook(&simulation).new, outlook(&simulation).lost_turns), (Some(2), 0));
        simulation.request("$JS.API.STREAM.MSG.DELETE.S", br#"{"seq":2}"#);
        assert_eq!((outlook(&simulation).new, outlook(&simulation).lost_turns), (Some(3), 1));
        let stream = simulation.world().server().account().stream_named("S").expect("it exists");
        let consumer = stream.consumer_named("c").expect("it exists");
        assert_eq!([1, 2, 3, 4].map(|seq| consumer.is_ahead(seq)), [false, true, true, true]);
        assert_eq!(consumer.start_seq(), 2);
    }
}
