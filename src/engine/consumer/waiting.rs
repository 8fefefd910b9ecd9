//! Pull requests in line (ADR-13, ADR-42).
//!
//! Owns the line and what is left of each request. Who is served next, and with which status a request ends, is decided
//! by the consumer. Source: nats-server `server/consumer.go` (`waitQueue`).

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::engine::api::wire::PriorityGroupRequest;
use crate::engine::time::Timestamp;

/// One pull request and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PullRequest {
    /// The inbox that messages and statuses go to.
    pub reply: Rc<[u8]>,
    /// Messages it still asks for. A request for none or fewer gets one.
    pub batch_left: i64,
    /// Bytes it still takes; unlimited if not above 0.
    pub bytes_left: i64,
    pub delivered: u64,
    pub no_wait: bool,
    pub received: Timestamp,
    pub expires: Option<Timestamp>,
    pub idle_heartbeat: Option<Duration>,
    pub next_heartbeat: Option<Timestamp>,
    /// `None` for requests that are not JSON; they are outside all priorities.
    pub priority: Option<PriorityGroupRequest>,
}

impl PullRequest {
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    /// Ends when the stream has nothing more: a `no_wait` request, or one with an expiry once it got something.
    pub const fn ends_with_stream(&self) -> bool {
        self.no_wait && (self.expires.is_none() || self.delivered > 0)
    }

    fn rank(&self) -> i64 {
        self.priority.as_ref().map_or(i64::MAX, |priority| priority.priority)
    }

    /// When something happens to it without a message.
    fn due_at(&self) -> Option<Timestamp> {
        self.expires.into_iter().chain(self.next_heartbeat).min()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Waiting {
    line: VecDeque<PullRequest>,
}

impl Waiting {
    pub fn len(&self) -> usize {
        self.line.len()
    }

    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &PullRequest> {
        self.line.iter()
    }

    pub fn push(&mut self, request: PullRequest) {
        self.line.push_back(request);
    }

    /// Puts a request behind those of the same or a better priority.
    pub fn push_by_priority(&mut self, request: PullRequest) {
        let at = self.line.iter().position(|other| other.rank() > request.rank()).unwrap_or(self.line.len());
        self.line.insert(at, request);
    }

    pub fn front(&self) -> Option<&PullRequest> {
        self.line.front()
    }

    pub fn front_mut(&mut self) -> Option<&mut PullRequest> {
        self.line.front_mut()
    }

    pub fn remove_front(&mut self) -> Option<PullRequest> {
        self.line.pop_front()
    }

    /// Sends the first request to the end of the line.
    pub fn cycle(&mut self) {
        if let Some(request) = self.line.pop_front() {
            self.line.push_back(request);
        }
    }

    /// Takes one message off the first request, which goes to the end of the line, or leaves it once it has its batch.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn serve_front(&mut self, now: Timestamp, by_priority: bool) {
        let is_alone = self.line.len() == 1;
        let Some(request) = self.line.front_mut() else { return };
        request.delivered += 1;
        request.batch_left -= 1;
        if request.batch_left <= 0 {
            self.line.pop_front();
            return;
        }
        request.next_heartbeat = request.idle_heartbeat.map(|every| now + every);
        if is_alone {
            return;
        }
        let Some(request) = self.line.pop_front() else { return };
        if by_priority { self.push_by_priority(request) } else { self.push(request) }
    }

    /// Gives a message back to the request with this inbox.
    pub fn credit(&mut self, reply: &[u8]) {
        if let Some(request) = self.line.iter_mut().find(|request| *request.reply == *reply) {
            request.batch_left += 1;
            request.delivered = request.delivered.saturating_sub(1);
        }
    }

    /// Calls `keep` with every request; those for which it answers `false` leave the line.
    pub fn retain_mut(&mut self, keep: impl FnMut(&mut PullRequest) -> bool) {
        self.line.retain_mut(keep);
    }

    /// Messages that all requests together still ask for.
    pub fn batch_left(&self) -> i64 {
        self.line.iter().map(|request| request.batch_left).sum()
    }

    /// When the first request expires or is due a heartbeat.
    pub fn first_due(&self) -> Option<Timestamp> {
        self.line.iter().filter_map(PullRequest::due_at).min()
    }

    pub fn take_all(&mut self) -> VecDeque<PullRequest> {
        std::mem::take(&mut self.line)
    }
}
