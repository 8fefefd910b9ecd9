//! The connections of all clients, and the line of those with something to give out.

use std::collections::VecDeque;

use super::connection::{Connection, MAX_PENDING, Message, Traffic};
use super::router::Subscription;
use super::table::{ConnId, Table};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clients {
    pub connections: Table<ConnId, Connection>,
    /// Connections with something to give out, in the order in which they got it.
    pub ready: VecDeque<ConnId>,
    /// What clients were given, those that are gone included.
    pub sent: Traffic,
}

impl Clients {
    /// Delivers to a client, where nothing can come of it: the subscription does not end by itself, and the client has not
    /// left much in its outbox. Whether that is so; else nothing has happened.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn deliver_simply(&mut self, subscription: &Subscription, message: &Message<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(subscription.conn) else { return false };
        let is_full = connection.pending_bytes() + message.size() > MAX_PENDING / 2;
        if is_full || connection.is_closed() || !connection.deliver_endlessly(&subscription.sid, message) {
            return false;
        }
        self.sent.count(message.size());
        if connection.make_ready() {
            self.ready.push_back(subscription.conn);
        }
        true
    }
}
