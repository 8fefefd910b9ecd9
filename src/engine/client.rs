//! What a client's operations do: CONNECT, PING, SUB, UNSUB, PUB.
//!
//! Sources: nats-server `server/client.go` (`processConnect`, `processPing`, `processSub`, `processUnsub`,
//! `processInboundClientMsg`).

use std::rc::Rc;

use serde::Serialize;

use super::Server;
use super::api::json::to_json;
use super::asset::{API_LEVEL, SERVER_VERSION};
use super::config::IS_PAGE;
use super::connection::parser::{ClientOp, Parsed, parse, usual_publish};
use super::connection::{Connection, Message, ProtocolError, Subscriptions};
use super::event::Event;
use super::liveness::FIRST_PING;
use super::message::HeaderBlock;
use super::subject::{has_valid_tokens, is_wildcard, token_count, tokens};
use super::table::ConnId;
use super::time::Timestamp;

/// INFO, in nats-server's order of fields (`server/server.go`, `Info`).
#[derive(Serialize)]
struct Info<'a> {
    server_id: &'a str,
    server_name: &'a str,
    version: &'a str,
    proto: u8,
    git_commit: &'a str,
    go: &'a str,
    host: &'a str,
    port: u16,
    headers: bool,
    max_payload: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    jetstream: bool,
    client_id: u32,
    client_ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    connect_info: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_account: Option<&'a str>,
    api_lvl: u8,
    xkey: &'a str,
}

impl Server {
    pub(super) fn send_info(&mut self, conn: ConnId, after_connect: bool) {
        let jetstream = self.config.jetstream.as_ref();
        let info = Info {
            server_id: &self.server_id,
            server_name: &self.config.server_name,
            version: SERVER_VERSION,
            proto: 1,
            git_commit: "jetstream-sim",
            go: "none",
            host: &self.config.host,
            port: self.config.port,
            headers: true,
            max_payload: self.config.max_payload,
            jetstream: jetstream.is_some(),
            client_id: super::table::Id::index(conn),
            client_ip: "127.0.0.1",
            domain: jetstream.and_then(|jetstream| jetstream.domain.as_deref()),
            connect_info: after_connect,
            remote_account: after_connect.then_some("$G"),
            api_lvl: API_LEVEL,
            xkey: "XJETSTREAMSIMXJETSTREAMSIMXJETSTREAMSIMXJETSTREAMSIMXJET",
        };
        let json = to_json(&info);
        self.with_connection(conn, |connection| {
            connection.send(b"INFO ");
            connection.send(&json);
            connection.send(b" \r\n");
        });
    }

    /// Lets `act` write to a connection that is still open.
    pub(super) fn with_connection(&mut self, conn: ConnId, act: impl FnOnce(&mut Connection)) {
        let Some(connection) = self.clients.connections.get_mut(conn) else { return };
        act(connection);
        self.mark_ready(conn);
    }

    pub(super) fn handle_bytes(&mut self, now: Timestamp, conn: ConnId, bytes: &[u8]) {
        let Some(connection) = self.clients.connections.get_mut(conn) else { return };
        if connection.is_closed() {
            return;
        }
        connection.last_activity = now;
        if connection.holds_nothing() {
            self.handle_operations(now, conn, bytes);
        } else if let Some(held) = connection.take_held(bytes) {
            self.handle_operations(now, conn, &held);
        }
    }

    /// Takes every whole operation off `bytes` and keeps the rest for later.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn handle_operations(&mut self, now: Timestamp, conn: ConnId, bytes: &[u8]) {
        let mut rest = bytes;
        // A publish that `rest` was found to begin with.
        let mut found = None;
        while !rest.is_empty() {
            let Some(connection) = self.clients.connections.get(conn).filter(|connection| !connection.is_closed())
            else {
                return;
            };
            let is_pedantic = connection.options.pedantic;
            let usual = match found.take() {
                None if !IS_PAGE && !is_pedantic => usual_publish(rest, &self.config),
                found => found,
            };
            let consumed = if let Some(usual) = usual {
                if let Some((taken, next)) = self.handle_run(now, conn, usual, rest) {
                    found = next;
                    taken
                } else {
                    self.handle_message(now, conn, &usual.message());
                    usual.len
                }
            } else {
                match parse(rest, &self.config, connection.options.headers) {
                    Parsed::Op(op, len) => {
                        match op {
                            ClientOp::Pub(publish) => self.handle_pub(now, conn, &publish, is_pedantic),
                            op => self.handle_control(now, conn, op),
                        }
                        len
                    }
                    Parsed::Incomplete(needed) => return self.hold(conn, rest, needed),
                    Parsed::IncompleteAfter(len) => return self.hold(conn, &rest[..len], len + 1),
                    Parsed::Violation(error) => {
                        if error == ProtocolError::MaxPayload {
                            self.trace_too_large(now, conn, rest);
                        }
                        return self.close(now, conn, error);
                    }
                }
            };
            self.route_effects(now);
            rest = &rest[consumed..];
        }
    }

    fn hold(&mut self, conn: ConnId, start: &[u8], needed: usize) {
        if let Some(connection) = self.clients.connections.get_mut(conn) {
            connection.hold(start, needed);
        }
    }

    /// Any operation but PUB. Set apart, so that what nearly all operations go through is short.
    #[inline(never)]
    fn handle_control(&mut self, now: Timestamp, conn: ConnId, op: ClientOp<'_>) {
        match op {
            ClientOp::Connect(argument) => self.handle_connect(now, conn, argument),
            ClientOp::Ping => self.handle_ping(conn),
            ClientOp::Pong => {
                if let Some(connection) = self.clients.connections.get_mut(conn) {
                    connection.pings_out = 0;
                }
            }
            ClientOp::Ignored | ClientOp::Pub(_) => {}
            ClientOp::Sub { subject, queue, sid } => self.handle_sub(now, conn, subject, queue, sid),
            ClientOp::Unsub { sid, max } => self.handle_unsub(now, conn, sid, max),
        }
    }

    fn handle_connect(&mut self, now: Timestamp, conn: ConnId, argument: &[u8]) {
        // A second one could lead into another account.
        if self.clients.connections.get(conn).is_some_and(Connection::is_connected) {
            self.drop_subscriptions(now, conn);
        }
        let Some(connection) = self.clients.connections.get_mut(conn) else { return };
        match connection.connect(argument) {
            Ok(()) => {
                self.with_connection(conn, Connection::send_ok);
                self.watch_over(now, conn, FIRST_PING);
            }
            Err(error) => self.close(now, conn, error),
        }
    }

    fn handle_ping(&mut self, conn: ConnId) {
        let mut owes_info = false;
        self.with_connection(conn, |connection| {
            connection.send(b"PONG\r\n");
            owes_info = connection.take_owed_info();
        });
        if owes_info {
            self.send_info(conn, true);
        }
    }

    fn handle_sub(&mut self, now: Timestamp, conn: ConnId, subject: &[u8], queue: Option<&[u8]>, sid: &[u8]) {
        let Some(connection) = self.clients.connections.get_mut(conn) else { return };
        if queue == Some(b"_sys_") {
            let quoted = [b"\"", subject, b"\" using queue \"_sys_\""].concat();
            let text = [b"Permissions Violation for Subscription to ", &quoted[..]].concat();
            return self.with_connection(conn, |connection| connection.send_error(&text));
        }
        if self.config.client_limits().max_subscription_tokens.is_some_and(|max| token_count(subject) > max) {
            let quoted = [b"\"", subject, b"\", too many tokens"].concat();
            let text = [b"Permissions Violation for Subscription to ", &quoted[..]].concat();
            return self.with_connection(conn, |connection| connection.send_error(&text));
        }
        if self.config.client_limits().max_subscriptions.is_some_and(|max| connection.subscription_count() >= max) {
            return self.with_connection(conn, |connection| connection.send_error(b"maximum subscriptions exceeded"));
        }
        if !has_valid_tokens(subject) {
            return self.with_connection(conn, |connection| connection.send_error(b"Invalid Subject"));
        }
        // A sid in use keeps its subscription.
        if connection.subscription(sid).is_none() {
            let sid: Rc<[u8]> = sid.into();
            let queue: Option<Rc<[u8]>> = queue.map(Rc::from);
            let order = self.router.subscribe(subject, conn, Rc::clone(&sid), queue.clone());
            connection.add_subscription(sid, subject, queue, order);
            self.handle_interest_change(now, subject);
        }
        self.with_connection(conn, Connection::send_ok);
    }

    fn handle_unsub(&mut self, now: Timestamp, conn: ConnId, sid: &[u8], max: Option<u64>) {
        let Some(connection) = self.clients.connections.get_mut(conn) else { return };
        if let Some(ended) = connection.unsubscribe(sid, max) {
            self.router.unsubscribe(&ended.subject, ended.order);
            self.handle_interest_change(now, &ended.subject);
        }
        self.with_connection(conn, Connection::send_ok);
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn handle_pub(&mut self, now: Timestamp, conn: ConnId, publish: &Message<'_>, is_pedantic: bool) {
        let is_wild = |token: &[u8]| token.is_empty() || is_wildcard(token);
        if is_pedantic && tokens(publish.subject).any(is_wild) {
            self.with_connection(conn, |connection| connection.send_error(b"Invalid Publish Subject"));
        }
        if Self::asks_for_trace(publish.headers) {
            return self.handle_traced(now, conn, publish);
        }
        self.handle_message(now, conn, publish);
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn handle_message(&mut self, now: Timestamp, conn: ConnId, publish: &Message<'_>) {
        let Some(connection) = self.clients.connections.get_mut(conn) else { return };
        let verbose = connection.options.verbose;
        let size = publish.headers.len() + publish.payload.len();
        connection.received.count(size);
        self.received.count(size);
        if let Some(error) = reserved(publish) {
            return self.with_connection(conn, |connection| connection.send_error(&error));
        }
        if verbose {
            self.with_connection(conn, Connection::send_ok);
        }
        self.effects.is_direct = self.trace.is_none();
        let reached_somebody = self.dispatch(now, Some(conn), publish.subject, publish);
        self.effects.is_direct = false;
        if !reached_somebody && !publish.reply.is_empty() {
            self.answer_no_responders(now, conn, publish);
        }
    }

    /// A request that reached nobody is answered on the requester's own subscription.
    #[cold]
    fn answer_no_responders(&mut self, now: Timestamp, conn: ConnId, publish: &Message<'_>) {
        if !self.clients.connections.get(conn).is_some_and(|connection| connection.options.no_responders) {
            return;
        }
        let Some(subscription) = self.router.plain_subscription(conn, publish.reply) else { return };
        let mut headers = HeaderBlock::with_status("503");
        // A request to the API of the domain is mapped before it is looked for.
        let mapped = self.api_request(publish.subject).map(|request| [b"$JS.API.", request].concat());
        headers.push("Nats-Subject", mapped.as_deref().unwrap_or(publish.subject));
        let headers = headers.finish();
        let message = Message { subject: publish.reply, headers: &headers, ..Message::default() };
        self.with_connection(conn, |connection| connection.write(&subscription.sid, &message));
        self.effects.tell(now, || Event::NoResponders { conn, subject: publish.subject.into() });
    }

    pub(super) fn handle_disconnect(&mut self, now: Timestamp, conn: ConnId) {
        self.drop_subscriptions(now, conn);
        self.stop_watching_over(conn);
        if self.clients.connections.remove(conn).is_some() {
            self.effects.tell(now, || Event::ClientGone { conn });
        }
    }

    /// Ends a connection. What is in its outbox still goes out.
    pub(super) fn close(&mut self, now: Timestamp, conn: ConnId, error: ProtocolError) {
        let subscriptions = self.drop_subscriptions(now, conn);
        self.stop_watching_over(conn);
        self.with_connection(conn, |connection| connection.close(error, subscriptions));
        self.effects.tell(now, || Event::ClientGone { conn });
    }

    fn drop_subscriptions(&mut self, now: Timestamp, conn: ConnId) -> Subscriptions {
        let dropped = self.clients.connections.get_mut(conn).map(Connection::take_subscriptions).unwrap_or_default();
        for ended in &dropped {
            self.router.unsubscribe(&ended.subject, ended.order);
            self.handle_interest_change(now, &ended.subject);
        }
        dropped
    }
}

/// Whether only servers publish on `subject`.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub(super) const fn is_reserved_subject(subject: &[u8]) -> bool {
    // `$NRG.`, `_GR_.` and `$GR.`, in patterns: a look at the first byte decides nearly always.
    matches!(
        subject,
        [b'$', b'N', b'R', b'G', b'.', ..] | [b'_', b'G', b'R', b'_', b'.', _, ..] | [b'$', b'G', b'R', b'.', _, ..]
    )
}

/// Whether only servers use `reply` as a reply subject: `_R_.`, `$JS.ACK.`, `_GR_.` and `$GR.`.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub(super) const fn is_reserved_reply(reply: &[u8]) -> bool {
    matches!(
        reply,
        [b'_', b'R', b'_', b'.', ..]
            | [b'$', b'J', b'S', b'.', b'A', b'C', b'K', b'.', _, ..]
            | [b'_', b'G', b'R', b'_', b'.', _, ..]
            | [b'$', b'G', b'R', b'.', _, ..]
    )
}

/// The error for a publish that only servers may make.
#[cfg_attr(not(jetstream_sim_small), inline)]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub(super) fn reserved(publish: &Message<'_>) -> Option<Vec<u8>> {
    if is_reserved_subject(publish.subject) {
        Some(refuse("to ", publish.subject))
    } else if is_reserved_reply(publish.reply) {
        Some(refuse("with Reply of ", publish.reply))
    } else {
        None
    }
}

pub(super) fn refuse(what: &str, subject: &[u8]) -> Vec<u8> {
    [b"Permissions Violation for Publish ", what.as_bytes(), b"\"", subject, b"\""].concat()
}
