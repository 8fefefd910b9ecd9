//! One message to everyone it reaches: clients, queue groups, streams and the server's own subjects.
//!
//! Sources: nats-server `server/client.go` (`processInboundClientMsg`, `processMsgResults`, `deliverMsg`).

use super::Server;
use super::config::IS_PAGE;
use super::connection::{Connection, Message, ProtocolError};
use super::consumer::AckSubject;
use super::context::Context;
use super::effects::Batch;
use super::event::Event;
use super::router::{Route, Subscription};
use super::stream::Inbound;
use super::subject::{has_empty_token, split_token, token_count, tokens};
use super::table::{ConnId, ConsumerId, LinkId, StreamId};
use super::time::Timestamp;

/// How many publications may follow from another by one input, and how many in all.
const MAX_ROUNDS: u32 = 10_000;
const MAX_PUBLICATIONS: usize = 1_000_000;
/// Begins the reply subject of every delivery.
pub(super) const ACK_PREFIX: &[u8] = b"$JS.ACK.";
/// Stands for the account `$G` in acknowledgement subjects with a domain.
const ACCOUNT_HASH: &[u8] = b"szMpdrwD";

impl Server {
    /// Routes what the server itself published, until nothing is left.
    ///
    /// Streams whose consumers deliver to each other pass a message round for ever. Where a real server stays busy with it, this
    /// stops after so many rounds: time would stand still.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn route_effects(&mut self, now: Timestamp) {
        let (mut rounds, mut publications) = (0, 0);
        while let Some(batch) = self.next_publications(now) {
            (rounds, publications) = (rounds + 1, publications + batch.count());
            if rounds > MAX_ROUNDS || publications > MAX_PUBLICATIONS {
                self.effects.recycle(batch);
                self.effects.tell(now, || Event::WentInCircles { rounds });
                return;
            }
            batch.for_each(|publication| {
                let message = Message {
                    subject: publication.subject,
                    reply: publication.reply,
                    headers: publication.headers,
                    payload: publication.payload,
                    header_digits: b"",
                    size_digits: b"",
                };
                let reached = self.dispatch(now, None, publication.to, &message);
                if !reached && let Some(delivery) = publication.reply.strip_prefix(ACK_PREFIX) {
                    self.handle_undelivered(now, delivery, publication.to);
                }
            });
            self.effects.recycle(batch);
        }
    }

    /// What is to be routed next. Before that, consumers learn that streams began or ceased to listen to them.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn next_publications(&mut self, now: Timestamp) -> Option<Box<Batch>> {
        if self.router.has_changed_by_server() {
            for subject in self.router.take_changed_by_server() {
                self.handle_interest_change(now, &subject);
            }
        }
        self.effects.take_publications()
    }

    /// A delivery, with what stands behind the prefix in its reply subject, reached nobody.
    #[cold]
    fn handle_undelivered(&mut self, now: Timestamp, delivery: &[u8], to: &[u8]) {
        let mut parts = tokens(delivery).map(|token| std::str::from_utf8(token).unwrap_or_default());
        let (Some(stream), Some(consumer)) = (parts.next(), parts.next()) else { return };
        let stream_seq = parts.nth(1).and_then(|seq| seq.parse().ok()).unwrap_or(0);
        let (account, mut ctx) = self.parts(now);
        if let Ok(stream) = account.find(stream)
            && let Some(id) = stream.consumer_id(consumer)
        {
            stream.with_consumer(&mut ctx, id, |consumer, ctx, view| {
                consumer.handle_undelivered(ctx, view, stream_seq, to);
            });
        }
    }

    /// Gives `message` to everyone who listens to `to`. Whether it reached anybody.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn dispatch(&mut self, now: Timestamp, from: Option<ConnId>, to: &[u8], message: &Message<'_>) -> bool {
        let route = self.router.route(to, from.is_some());
        let reached = route.is_some_and(|route| self.dispatch_along(now, from, &route, to, message));
        // Only the server listens on subjects of its own.
        let is_taken = to.starts_with(b"$") && self.dispatch_to_server(now, from, to, message);
        reached || is_taken
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn dispatch_along(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        route: &Route,
        to: &[u8],
        message: &Message<'_>,
    ) -> bool {
        let mut reached = false;
        for subscription in &route.plain {
            reached |= self.deliver_from(now, from, subscription, message);
        }
        // A trace tells of streams before groups.
        let is_traced = self.trace.is_some();
        for stream in route.streams.iter().filter(|_| is_traced) {
            reached = true;
            self.trace_publish(now, *stream, message);
        }
        for group in &route.groups {
            // From a random member on, the first that can take it.
            let start = self.rng.below(group.len() as u64) as usize;
            let mut members = group[start..].iter().chain(&group[..start]);
            reached |= members.any(|member| self.deliver_from(now, from, member, message));
        }
        for stream in route.streams.iter().filter(|_| !is_traced) {
            reached = true;
            self.publish_to_stream(now, *stream, message);
        }
        for (stream, link) in &route.links {
            reached = true;
            self.deliver_to_link(now, *stream, *link, to, message);
        }
        reached
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn publish_to_stream(&mut self, now: Timestamp, stream: StreamId, message: &Message<'_>) {
        let Self { config, clients, router, rng, effects, account, .. } = self;
        let Some(settings) = &config.jetstream else { return };
        let mut ctx = Context { now, config, clients, router, rng, effects };
        account.handle_publish(&mut ctx, settings, stream, &inbound(message));
    }

    /// Hands a stream what one of its origins answers or delivers.
    #[inline(never)]
    fn deliver_to_link(&mut self, now: Timestamp, stream: StreamId, link: LinkId, to: &[u8], message: &Message<'_>) {
        let Self { config, clients, router, rng, effects, account, .. } = self;
        let Some(settings) = &config.jetstream else { return };
        let mut ctx = Context { now, config, clients, router, rng, effects };
        account.handle_link(&mut ctx, settings, stream, link, to, inbound(message));
    }

    /// The server's own subjects: the API, acknowledgements, flow control. Whether one of them listens.
    #[inline(never)]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn dispatch_to_server(&mut self, now: Timestamp, from: Option<ConnId>, to: &[u8], message: &Message<'_>) -> bool {
        if self.trace.is_some() && self.trace_service(now, to) {
            return false;
        }
        let ack = to.strip_prefix(ACK_PREFIX).filter(|_| self.config.jetstream.is_some());
        let Some(rest) = ack else { return self.dispatch_to_service(now, from, to, message) };
        let is_taken = self.handle_ack(now, rest, message);
        if !is_taken {
            self.effects.tell(now, || Event::AckToNobody { subject: to.into() });
        }
        is_taken
    }

    /// As [`dispatch_to_server`](Self::dispatch_to_server), for all but acknowledgements.
    #[inline(never)]
    fn dispatch_to_service(&mut self, now: Timestamp, from: Option<ConnId>, to: &[u8], message: &Message<'_>) -> bool {
        if to.starts_with(b"$SYS.REQ.") {
            return self.handle_system_request(now, from, to, message);
        }
        if self.config.jetstream.is_none() {
            return false;
        }
        if to.starts_with(b"$JS.FC.") {
            return self.handle_flow_control(now, to, message);
        }
        if let Some(rest) = to.strip_prefix(b"$JS.SNAPSHOT.") {
            return self.handle_transfer(now, rest, message);
        }
        // Only what clients send is mapped.
        let request = if from.is_some() { self.api_request(to) } else { to.strip_prefix(b"$JS.API.") };
        match request {
            Some(request) => self.handle_api(now, from, to, request, message),
            None => false,
        }
    }

    /// The part of an API subject behind `$JS.API.` or, if a domain is set, `$JS.<domain>.API.`, which is mapped for what
    /// the API has (nats-server `server/jetstream_api.go`, `generateJSMappingTable`).
    pub(super) fn api_request<'t>(&self, to: &'t [u8]) -> Option<&'t [u8]> {
        let rest = to.strip_prefix(b"$JS.")?;
        rest.strip_prefix(b"API.").or_else(|| {
            let domain = self.config.jetstream.as_ref()?.domain.as_ref()?;
            let request = rest.strip_prefix(domain.as_bytes())?.strip_prefix(b".API.")?;
            let (first, rest) = split_token(request);
            let kinds = [&b"STREAM"[..], b"CONSUMER", b"DIRECT", b"META", b"SERVER", b"ACCOUNT"];
            (request == b"INFO" || (rest.is_some() && kinds.contains(&first))).then_some(request)
        })
    }

    /// An acknowledgement; `rest` is its subject behind the prefix. Whether there is a consumer that takes it.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn handle_ack(&mut self, now: Timestamp, rest: &[u8], message: &Message<'_>) -> bool {
        // As a rule it is for the consumer that was acked last. That may be gone.
        let latest = if IS_PAGE { None } else { self.router.latest_acked(rest) };
        if let Some((stream, consumer, numbers)) = latest
            && let Some(ack) = AckSubject::parse_usual(numbers)
            && let Some(is_taken) = self.ack(now, stream, consumer, ack, message)
        {
            return is_taken;
        }
        let acked = self.acked_consumer(rest);
        acked.and_then(|(stream, consumer, ack)| self.ack(now, stream, consumer, ack, message)).unwrap_or(false)
    }

    /// Hands a consumer what was said about a message. Whether it takes acknowledgements; `None` if there is no such one.
    #[cfg_attr(not(jetstream_sim_small), inline)]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn ack(
        &mut self,
        now: Timestamp,
        stream: StreamId,
        consumer: ConsumerId,
        ack: AckSubject,
        message: &Message<'_>,
    ) -> Option<bool> {
        let (account, mut ctx) = self.parts(now);
        account.stream_mut(stream)?.handle_ack(&mut ctx, consumer, ack, message.reply, message.payload)
    }

    /// The consumer that an acknowledgement names, and what it says. The whole subject has nine tokens or, with domain and
    /// account hash, eleven and more (ADR-15).
    #[inline(never)]
    fn acked_consumer(&mut self, rest: &[u8]) -> Option<(StreamId, ConsumerId, AckSubject)> {
        if has_empty_token(rest) {
            return None;
        }
        let names = match token_count(rest) {
            7 => rest,
            9.. => {
                let settings = self.config.jetstream.as_ref();
                let domain = settings.and_then(|settings| settings.domain.as_deref()).unwrap_or("_");
                let (found, rest) = split_token(rest);
                let (account, rest) = split_token(rest?);
                rest.filter(|_| found == domain.as_bytes() && account == ACCOUNT_HASH)?
            }
            _ => return None,
        };
        let (stream, after_stream) = split_token(names);
        let (consumer, numbers) = split_token(after_stream?);
        let stream = self.account.stream_id(str::from_utf8(stream).ok()?)?;
        let consumer = self.account.stream(stream)?.consumer_id(str::from_utf8(consumer).ok()?)?;
        let numbers = numbers?;
        if names.len() == rest.len() {
            self.router.note_acked(&rest[..rest.len() - numbers.len()], stream, consumer);
        }
        Some((stream, consumer, AckSubject::parse(numbers)))
    }

    /// The answer to a flow control request of a push consumer.
    #[inline(never)]
    fn handle_flow_control(&mut self, now: Timestamp, to: &[u8], message: &Message<'_>) -> bool {
        let parts: Vec<&[u8]> = tokens(to).collect();
        let [_, _, stream, consumer, _] = parts.as_slice() else { return false };
        let (Ok(stream), Ok(consumer)) = (std::str::from_utf8(stream), std::str::from_utf8(consumer)) else {
            return false;
        };
        let (account, mut ctx) = self.parts(now);
        let Ok(stream) = account.find(stream) else { return false };
        stream.handle_flow_control(&mut ctx, consumer, to, message.headers)
    }

    /// Delivers to a client, unless it is the publisher and does not want its own messages.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn deliver_from(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        subscription: &Subscription,
        message: &Message<'_>,
    ) -> bool {
        let is_echo = from == Some(subscription.conn)
            && self.clients.connections.get(subscription.conn).is_some_and(|connection| !connection.options.echo);
        if self.trace.is_some() && self.trace_delivery(now, subscription, is_echo) {
            return !is_echo;
        }
        !is_echo && self.deliver_to(now, subscription, message)
    }

    /// Delivers to a client. Whether it could take the message.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn deliver_to(&mut self, now: Timestamp, subscription: &Subscription, message: &Message<'_>) -> bool {
        let conn = subscription.conn;
        let Some(connection) = self.clients.connections.get_mut(conn) else { return false };
        if connection.is_closed() {
            return false;
        }
        let is_spent = connection.deliver(&subscription.sid, message);
        let ended = if is_spent { connection.take_spent(&subscription.sid) } else { None };
        self.clients.sent.count(message.size());
        let is_slow = connection.is_slow();
        if connection.make_ready() {
            self.clients.ready.push_back(conn);
        }
        if let Some(ended) = ended {
            self.router.unsubscribe(&ended.subject, ended.order);
            self.handle_interest_change(now, &ended.subject);
        }
        if is_slow {
            self.drop_slow(now, conn);
        }
        true
    }

    /// A client that leaves too much in its outbox is dropped without a word.
    #[cold]
    fn drop_slow(&mut self, now: Timestamp, conn: ConnId) {
        self.with_connection(conn, Connection::drop_outbox);
        self.close(now, conn, ProtocolError::SlowConsumer);
        self.slow_consumers += 1;
        self.effects.tell(now, || Event::SlowConsumer { conn });
    }

    /// A subscription to `subject` came or went.
    #[inline(never)]
    pub(super) fn handle_interest_change(&mut self, now: Timestamp, subject: &[u8]) {
        let (account, mut ctx) = self.parts(now);
        account.handle_interest_change(&mut ctx, subject);
    }
}

/// A message as a stream takes it. One that was delivered keeps the subject that it was stored under.
const fn inbound<'m>(message: &Message<'m>) -> Inbound<'m> {
    Inbound { subject: message.subject, reply: message.reply, headers: message.headers, payload: message.payload }
}
