//! Pull requests: what is refused at once, and how those in line end (ADR-13).
//!
//! Source: nats-server `server/consumer.go` (`processNextMsgRequest`, `processWaiting`, `nextReqFromMsg`).

use std::time::Duration;

use super::config::PriorityPolicy;
use super::waiting::PullRequest;
use super::{Consumer, Context, StreamView};
use crate::engine::api::wire::NextRequest;
use crate::engine::duration::GoDuration;
use crate::engine::event::Event;
use crate::engine::message::HeaderBlock;
use crate::engine::table::StreamId;
use crate::engine::time::Timestamp;

pub(super) const TIMEOUT: &str = "408 Request Timeout";
pub(super) const MAX_BYTES: &str = "409 Message Size Exceeds MaxBytes";
pub(super) const WRONG_PIN: &str = "423 Nats-Wrong-Pin-Id";
pub(super) const NO_MESSAGES: &str = "404 No Messages";
const CONSUMER_DELETED: &str = "409 Consumer Deleted";

/// An expiry below this is over before anything is delivered.
const SHORTEST_EXPIRY: Duration = Duration::from_micros(1);
/// As often as a real server's timers get to it.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(1);
/// How often a full line is looked through for requests that have ended.
const CHECK_EVERY: Duration = Duration::from_secs(1);

impl Consumer {
    /// Takes a pull request, the body of `$JS.API.CONSUMER.MSG.NEXT` or what follows `+NXT`. Without a `reply` nobody gets
    /// what is chosen for it, which goes to the end of what is delivered again.
    pub fn handle_pull(&mut self, ctx: &mut Context<'_>, stream: StreamView<'_>, reply: &[u8], body: &[u8]) {
        let outcome = self.check_pull(ctx, stream.id, reply, body);
        match outcome {
            Ok(request) => {
                ctx.tell(|| Event::PullRequested {
                    stream: stream.id,
                    consumer: self.id,
                    inbox: reply.into(),
                    batch: u64::try_from(request.batch_left).unwrap_or(0).max(1),
                    no_wait: request.no_wait,
                    expires: request.expires,
                });
                self.last_active = ctx.now;
                if self.config.priority_policy == PriorityPolicy::Prioritized {
                    // Requests that come in one read are all in line before the first message goes out.
                    self.waiting.push_by_priority(request);
                    self.has_backlog = Some(ctx.now);
                } else {
                    self.waiting.push(request);
                    self.deliver(ctx, stream);
                }
            }
            Err(status) => {
                if !status.is_empty() {
                    ctx.effects.send_headers(reply, &HeaderBlock::with_status(&status).finish());
                }
                ctx.tell(|| Event::PullEnded { stream: stream.id, consumer: self.id, inbox: reply.into(), status });
            }
        }
    }

    /// The request to put in line, or the status that refuses it. An empty status refuses it without a word.
    fn check_pull(
        &mut self,
        ctx: &mut Context<'_>,
        stream: StreamId,
        reply: &[u8],
        body: &[u8],
    ) -> Result<PullRequest, String> {
        if !self.is_pull() {
            return Err("409 Consumer is push based".to_owned());
        }
        let request = parse(ctx.now, reply, body).map_err(|problem| format!("400 Bad Request - {problem}"))?;
        self.check_request_limits(ctx.now, &request)?;
        self.check_priority(ctx.now, &request)?;
        let is_full = self.is_line_full();
        if is_full && ctx.now.since(self.waiting_checked) > CHECK_EVERY {
            self.tidy_waiting(ctx, stream, false);
        }
        if request.no_wait {
            self.check_no_wait(ctx, stream, &request)?;
        }
        if self.is_line_full() {
            let is_silent = request.idle_heartbeat.is_some();
            return Err(if is_silent { String::new() } else { "409 Exceeded MaxWaiting".to_owned() });
        }
        Ok(request)
    }

    fn is_line_full(&self) -> bool {
        self.config.max_waiting.is_some_and(|max| self.waiting.len() as u64 >= max)
    }

    fn check_request_limits(&self, now: Timestamp, request: &PullRequest) -> Result<(), String> {
        let config = &self.config;
        if let Some(max) = config.max_batch
            && request.batch_left > 0
            && request.batch_left as u64 > max
        {
            return Err(format!("409 Exceeded MaxRequestBatch of {max}"));
        }
        if let (Some(max), Some(expires)) = (config.max_expires, request.expires)
            && expires > now + max
        {
            return Err(format!("409 Exceeded MaxRequestExpires of {}", GoDuration(max)));
        }
        if let Some(max) = config.max_bytes
            && request.bytes_left > 0
            && request.bytes_left as u64 > max
        {
            return Err(format!("409 Exceeded MaxRequestMaxBytes of {max}"));
        }
        Ok(())
    }

    fn check_priority(&mut self, now: Timestamp, request: &PullRequest) -> Result<(), String> {
        let Some(priority) = &request.priority else { return Ok(()) };
        let bad = |what: &str| Err(format!("400 Bad Request - {what}"));
        let policy = self.config.priority_policy;
        if (priority.min_pending != 0 || priority.min_ack_pending != 0) && policy != PriorityPolicy::Overflow {
            return bad("Not a Overflow Priority consumer");
        }
        if !priority.id.is_empty() && policy != PriorityPolicy::PinnedClient {
            return bad("Not a Pinned Client Priority consumer");
        }
        if !(0..=9).contains(&priority.priority) {
            return bad("Priority must be between 0 and 9");
        }
        if policy == PriorityPolicy::None {
            return Ok(());
        }
        if priority.group.is_empty() {
            return bad("Priority Group missing");
        }
        if !self.config.priority_groups.contains(&priority.group) {
            return bad("Invalid Priority Group");
        }
        match &self.pin {
            Some(pin) if pin.id == priority.id => self.keep_pin(now, &priority.group),
            Some(_) if !priority.id.is_empty() => return Err("423 Nats-Pin-Id mismatch".to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// A request that does not wait is refused if there is nothing for it.
    fn check_no_wait(&mut self, ctx: &mut Context<'_>, stream: StreamId, request: &PullRequest) -> Result<(), String> {
        let available = self.num_pending() + (self.ack_pending.num_due() + self.orphans.len()) as u64;
        if available == 0 {
            if request.expires.is_some() {
                return Ok(());
            }
            self.last_active = ctx.now;
            return Err(NO_MESSAGES.to_owned());
        }
        self.tidy_waiting(ctx, stream, false);
        // Requests may ask for a negative batch; their sum then counts as very large, as it does in the real server.
        if available < self.waiting.batch_left() as u64 {
            self.last_active = ctx.now;
            return Err("408 Requests Pending".to_owned());
        }
        Ok(())
    }

    /// Ends requests whose time is over or whose inbox nobody listens to, and sends heartbeats that are due. Those that
    /// do not wait end as well if the stream has nothing more.
    #[inline(never)]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn tidy_waiting(&mut self, ctx: &mut Context<'_>, stream: StreamId, at_end_of_stream: bool) {
        if self.waiting.is_empty() {
            return;
        }
        self.waiting_checked = ctx.now;
        let is_due = |request: &PullRequest| {
            how_it_ends(request, ctx, at_end_of_stream).is_some() || has_heartbeat_due(request, ctx.now)
        };
        // Mostly none is: the line stays as it is.
        if self.waiting.iter().any(is_due) {
            self.act_on_due(ctx, stream, at_end_of_stream);
        }
    }

    fn act_on_due(&mut self, ctx: &mut Context<'_>, stream: StreamId, at_end_of_stream: bool) {
        let now = ctx.now;
        let heartbeat = self.heartbeat_headers();
        let id = self.id;
        let mut ended: Vec<(PullRequest, Option<&str>)> = Vec::new();
        self.waiting.retain_mut(|request| {
            if let Some(status) = how_it_ends(request, ctx, at_end_of_stream) {
                ended.push((request.clone(), status));
                return false;
            }
            if has_heartbeat_due(request, now) {
                ctx.effects.send_headers(&request.reply, &heartbeat);
                ctx.effects.tell(now, || Event::Heartbeat { stream, consumer: id });
                request.next_heartbeat = request.idle_heartbeat.map(|every| now + every);
            }
            true
        });
        for (request, status) in ended {
            self.end_request(ctx, stream, &request, status);
        }
    }

    /// Tells a request's inbox how it ended; without a status, it ends in silence.
    #[inline(never)]
    pub(super) fn end_request(
        &self,
        ctx: &mut Context<'_>,
        stream: StreamId,
        request: &PullRequest,
        status: Option<&str>,
    ) {
        if let Some(status) = status {
            let mut block = HeaderBlock::with_status(status);
            if matches!(status, TIMEOUT | MAX_BYTES | WRONG_PIN) {
                block
                    .push("Nats-Pending-Messages", request.batch_left.to_string())
                    .push("Nats-Pending-Bytes", request.bytes_left.to_string());
            }
            ctx.effects.send_headers(&request.reply, &block.finish());
        }
        ctx.tell(|| Event::PullEnded {
            stream,
            consumer: self.id,
            inbox: Box::from(&*request.reply),
            status: status.unwrap_or("interest lost").to_owned(),
        });
    }

    /// Ends all requests because the consumer goes.
    pub(super) fn end_all_requests(&mut self, ctx: &mut Context<'_>, stream: StreamId) {
        for request in self.waiting.take_all() {
            self.end_request(ctx, stream, &request, Some(CONSUMER_DELETED));
        }
    }

    /// An idle heartbeat, with the position of the scan and the last consumer sequence.
    pub(super) fn heartbeat_headers(&self) -> Vec<u8> {
        let mut block = HeaderBlock::with_status("100 Idle Heartbeat");
        block
            .push("Nats-Last-Consumer", (self.next_consumer_seq - 1).to_string())
            .push("Nats-Last-Stream", (self.next_stream_seq.saturating_sub(1)).to_string());
        if let Some(stalled) = self.push.as_ref().and_then(|push| push.open_flow_control()) {
            block.push("Nats-Consumer-Stalled", stalled);
        }
        block.finish()
    }
}

fn has_heartbeat_due(request: &PullRequest, now: Timestamp) -> bool {
    request.next_heartbeat.is_some_and(|at| at <= now)
}

/// With which status a request ends now, or without one; `None` if it goes on.
fn how_it_ends(request: &PullRequest, ctx: &mut Context<'_>, at_end_of_stream: bool) -> Option<Option<&'static str>> {
    if request.has_expired(ctx.now) {
        Some(Some(TIMEOUT))
    } else if at_end_of_stream && request.ends_with_stream() {
        Some(Some(NO_MESSAGES))
    } else if ctx.router.has_interest_in_inbox(&request.reply) {
        None
    } else {
        Some(None)
    }
}

/// Reads the body of a pull request.
fn parse(now: Timestamp, reply: &[u8], body: &[u8]) -> Result<PullRequest, String> {
    let asked = NextRequest::parse(body).map_err(|error| error.to_string())?;
    // A negative one never comes, and still keeps the line from telling that it is full.
    let every = Duration::from_nanos(u64::try_from(asked.idle_heartbeat_ns).unwrap_or(u64::MAX));
    let heartbeat = (!every.is_zero()).then(|| every.max(SHORTEST_HEARTBEAT));
    // A negative expiry is over at once, and so is one that passes while a real server reads the request.
    let expires_in = Duration::from_nanos(u64::try_from(asked.expires_ns).unwrap_or(0));
    let expires_in = if expires_in < SHORTEST_EXPIRY { Duration::ZERO } else { expires_in };
    Ok(PullRequest {
        reply: reply.into(),
        batch_left: asked.batch,
        bytes_left: asked.max_bytes,
        delivered: 0,
        no_wait: asked.no_wait,
        received: now,
        expires: (asked.expires_ns != 0).then(|| now + expires_in),
        idle_heartbeat: heartbeat,
        next_heartbeat: heartbeat.map(|every| now + every),
        priority: asked.is_object.then_some(asked.priority_group),
    })
}
