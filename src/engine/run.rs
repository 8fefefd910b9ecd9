//! Publishes and acks for one stream, one behind the other: the way that the first takes is the way of all.
//!
//! Clients send them by the hundred. Each does what it would do alone; only what would be looked up anew for each, and is
//! the same as long as nothing else happens, is looked up once: the connection, the stream, what the account leaves to
//! that, and who listens.

use super::Server;
use super::client::{is_reserved_reply, is_reserved_subject};
use super::connection::Traffic;
use super::connection::parser::{Usual, usual_publish};
use super::consumer::AckSubject;
use super::context::Context;
use super::dispatch::ACK_PREFIX;
use super::router::Router;
use super::stream::Inbound;
use super::table::{ConnId, ConsumerId, StreamId};
use super::time::Timestamp;

/// What a message of a client asks of a stream, if it reaches nobody else.
struct Errand {
    stream: StreamId,
    /// What is acked; `None` for a message to keep.
    ack: Option<(ConsumerId, AckSubject)>,
}

impl Server {
    /// Handles `first`, which `bytes` begin with, and what follows in them, as long as it is for the same stream alone and
    /// nothing else comes of it. Returns how many bytes that were, and what was found behind them; `None` if `first` is
    /// nothing of the kind, and nothing has happened.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn handle_run<'b>(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        first: Usual<'b>,
        bytes: &'b [u8],
    ) -> Option<(usize, Option<Usual<'b>>)> {
        let Self { config, clients, router, rng, effects, account, received, .. } = self;
        let (mut taken, mut traffic, mut next) = (0, Traffic::default(), Some(first));
        // One that is verbose is told OK before each.
        if clients.connections.get(conn)?.options.verbose {
            return None;
        }
        let Errand { stream: id, mut ack } = errand(router, &first)?;
        let room = account.room_for(config.jetstream.as_ref()?, id);
        let stream = account.stream_mut(id)?;
        let mut ctx = Context { now, config, clients, router, rng, effects };
        ctx.effects.is_direct = true;
        while let Some(Usual { subject, reply, payload, len, .. }) = next {
            let is_done = match ack {
                None => {
                    stream.handle_publish(&mut ctx, &room, &Inbound { subject, reply, headers: b"", payload });
                    true
                }
                Some((consumer, ack)) => stream.handle_ack(&mut ctx, consumer, ack, reply, payload) == Some(true),
            };
            if !is_done {
                break;
            }
            taken += len;
            traffic.count(payload.len());
            next = None;
            if ctx.effects.has_publications() || ctx.router.has_changed_by_server() {
                break;
            }
            next = usual_publish(&bytes[taken..], config);
            let errand = next.as_ref().and_then(|next| errand(ctx.router, next));
            let Some(errand) = errand.filter(|errand| errand.stream == id) else { break };
            ack = errand.ack;
        }
        ctx.effects.is_direct = false;
        received.add(traffic);
        if let Some(connection) = clients.connections.get_mut(conn) {
            connection.received.add(traffic);
        }
        (taken > 0).then_some((taken, next))
    }
}

/// What a message without headers asks of the stream that it reaches, if it reaches just one and nobody else.
#[inline]
#[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
fn errand(router: &mut Router, publish: &Usual<'_>) -> Option<Errand> {
    let subject = publish.subject;
    if is_reserved_reply(publish.reply) || is_reserved_subject(subject) {
        return None;
    }
    if let Some(rest) = subject.strip_prefix(ACK_PREFIX) {
        if router.has_interest_in_acks() {
            return None;
        }
        let (stream, consumer, numbers) = router.latest_acked(rest)?;
        return Some(Errand { stream, ack: Some((consumer, AckSubject::parse_usual(numbers)?)) });
    }
    // The server itself may listen.
    if subject.starts_with(b"$JS.") || subject.starts_with(b"$SYS.") {
        return None;
    }
    Some(Errand { stream: router.only_stream(subject)?, ack: None })
}
