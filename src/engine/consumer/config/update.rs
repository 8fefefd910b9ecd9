//! The rules for changing a consumer's configuration.

use super::check::check_backoff;
use super::{ConsumerConfig, DeliverPolicy};
use crate::engine::error::ApiError;

impl ConsumerConfig {
    /// What this configuration becomes where `new` is asked for, its threshold of inactivity filled in. `has_interest`
    /// says whether anyone listens to the deliver subject, which then cannot change.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `server/consumer.go` (`checkNewConsumerConfig`).
    pub fn check_update(&self, mut new: Self, has_interest: impl FnOnce(&str) -> bool) -> Result<Self, ApiError> {
        self.check_kept(&new)?;
        match (&self.deliver_subject, &new.deliver_subject) {
            (None, Some(_)) => return refuse("can not update pull consumer to push based"),
            (Some(_), None) => return refuse("can not update push consumer to pull based"),
            (Some(old), Some(new)) if old != new && has_interest(old) => return Err(ApiError::ConsumerNameExist),
            _ => {}
        }
        if self.max_waiting != new.max_waiting {
            return refuse("max waiting can not be updated");
        }
        check_backoff(new.backoff.len(), new.max_deliver)?;
        new.pause_until = new.pause_until.map(super::DateTime::to_utc);
        // What the consumer was counts here, whatever it becomes.
        if new.inactive_threshold != self.inactive_threshold && !self.is_durable() {
            new.fill_inactive_threshold();
        }
        Ok(new)
    }

    fn check_kept(&self, new: &Self) -> Result<(), ApiError> {
        let kept = [
            (self.deliver_policy.name() == new.deliver_policy.name(), "deliver policy"),
            (self.mem_storage == new.mem_storage, "storage type"),
            (self.direct == new.direct, "direct"),
            (self.sourcing == new.sourcing, "sourcing"),
            (self.start_seq() == new.start_seq(), "start sequence"),
            (self.starts_at_the_time_of(new), "start time"),
            (self.ack_policy == new.ack_policy, "ack policy"),
            (self.replay_policy == new.replay_policy, "replay policy"),
            (self.idle_heartbeat == new.idle_heartbeat, "heart beats"),
            (self.flow_control == new.flow_control, "flow control"),
        ];
        match kept.iter().find(|(is_kept, _)| !is_kept) {
            Some((_, what)) => refuse(&format!("{what} can not be updated")),
            None => Ok(()),
        }
    }

    fn start_seq(&self) -> Option<u64> {
        match self.deliver_policy {
            DeliverPolicy::ByStartSequence(seq) => Some(seq),
            _ => None,
        }
    }

    /// Moments count, not how they are written.
    fn starts_at_the_time_of(&self, new: &Self) -> bool {
        match (self.deliver_policy, new.deliver_policy) {
            (DeliverPolicy::ByStartTime(old), DeliverPolicy::ByStartTime(new)) => old.is_same_moment(new),
            _ => true,
        }
    }
}

fn refuse<T>(err: &str) -> Result<T, ApiError> {
    Err(ApiError::ConsumerCreate { err: err.to_owned() })
}
