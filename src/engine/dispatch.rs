//! One message to everyone it reaches: clients, queue groups, streams and the server's own subjects.
//!
//! Sources: nats-server `server/client.go` (`processInboundClientMsg`, `processMsgResults`, `deliverMsg`).

use super::Server;
use super::connection::Message;
use super::event::Event;
use super::router::Subscription;
use super::table::ConnId;
use super::time::Timestamp;

impl Server {
    /// Routes what the server itself published, until nothing is left.
    pub(super) fn route_effects(&mut self, now: Timestamp) {
        while let Some(batch) = self.effects.take_publications() {
            batch.for_each(|publication| {
                let message = Message {
                    subject: publication.subject,
                    reply: publication.reply,
                    headers: publication.headers,
                    payload: publication.payload,
                    size_digits: b"",
                };
                self.dispatch(now, None, publication.to, &message);
            });
            self.effects.recycle(batch);
        }
    }

    /// Gives `message` to everyone who listens to `to`. Whether it reached anybody.
    pub(super) fn dispatch(&mut self, now: Timestamp, from: Option<ConnId>, to: &[u8], message: &Message<'_>) -> bool {
        let route = self.router.route(to);
        let mut reached = false;
        for subscription in &route.plain {
            reached |= self.deliver_from(now, from, subscription, message);
        }
        for group in &route.groups {
            // From a random member on, the first that can take it.
            let start = self.rng.below(group.len() as u64) as usize;
            let mut members = group[start..].iter().chain(&group[..start]);
            reached |= members.any(|member| self.deliver_from(now, from, member, message));
        }
        reached
    }

    /// Delivers to a client, unless it is the publisher and does not want its own messages.
    fn deliver_from(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        subscription: &Subscription,
        message: &Message<'_>,
    ) -> bool {
        let Some(connection) = self.connections.get(subscription.conn) else { return false };
        if from == Some(subscription.conn) && !connection.options.echo {
            return false;
        }
        self.deliver_to(now, subscription, message)
    }

    /// Delivers to a client. Whether it could take the message.
    pub(super) fn deliver_to(&mut self, now: Timestamp, subscription: &Subscription, message: &Message<'_>) -> bool {
        let conn = subscription.conn;
        let Some(connection) = self.connections.get_mut(conn) else { return false };
        if connection.is_closed() {
            return false;
        }
        if let Some(ended) = connection.deliver(&subscription.sid, message) {
            self.router.unsubscribe(&ended.subject, ended.order);
            self.handle_interest_change(now, &ended.subject);
        }
        self.mark_ready(conn);
        self.drop_if_slow(now, conn);
        true
    }

    /// A client that leaves too much in its outbox is dropped without a word.
    fn drop_if_slow(&mut self, now: Timestamp, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn) else { return };
        if connection.is_slow() {
            connection.drop_outbox();
            self.close(now, conn, super::connection::ProtocolError::Silent);
            self.effects.tell(now, || Event::SlowConsumer { conn });
        }
    }

    /// A subscription to `subject` came or went.
    pub(super) fn handle_interest_change(&mut self, _now: Timestamp, _subject: &[u8]) {}
}
