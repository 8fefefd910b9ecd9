//! Whether clients are still there: the server's own PINGs, and the end of those that answer none.
//!
//! Only where [`ServerConfig::ping_interval`](super::ServerConfig) is set: on a clock that runs a day in a moment, PINGs are
//! events like any other. Source: nats-server `server/client.go` (`processPingTimer`, `setFirstPingTimer`).

use std::time::Duration;

use super::Server;
use super::connection::{Connection, ProtocolError};
use super::table::{ConnId, Id};
use super::time::Timestamp;

/// After a CONNECT the first PING comes early: the real server measures the round trip with it.
pub(super) const FIRST_PING: Duration = Duration::from_secs(2);

impl Server {
    /// A client is asked now and then from here on: first after `first`, or after an interval that is shorter.
    pub(super) fn watch_over(&mut self, now: Timestamp, conn: ConnId, first: Duration) {
        if let Some(interval) = self.config.ping_interval {
            self.pings.set(u64::from(conn.index()), now + interval.min(first));
        }
    }

    /// The client is gone, and is asked no more.
    pub(super) fn stop_watching_over(&mut self, conn: ConnId) {
        self.pings.remove(u64::from(conn.index()));
    }

    /// When the next client is asked.
    pub(super) fn next_ping(&self) -> Option<(Timestamp, ConnId)> {
        self.pings.first().map(|(at, conn)| (at, id(conn)))
    }

    /// Asks everyone whose time has come, and ends the connections of those that are silent.
    pub(super) fn handle_pings(&mut self, now: Timestamp) {
        let Some(interval) = self.config.ping_interval else { return };
        while let Some((_, conn)) = self.next_ping().filter(|(at, _)| *at <= now) {
            let Some(connection) = self.clients.connections.get(conn) else {
                self.stop_watching_over(conn);
                continue;
            };
            let is_first = !connection.was_pinged;
            let is_silent = is_first || now.since(connection.last_activity) >= interval;
            if is_silent && connection.pings_out >= self.config.client_limits().ping_max {
                self.close(now, conn, ProtocolError::StaleConnection);
                continue;
            }
            if is_silent {
                self.with_connection(conn, Connection::ping);
            }
            self.pings.set(u64::from(conn.index()), now + interval);
        }
    }
}

fn id(conn: u64) -> ConnId {
    ConnId::from_index(u32::try_from(conn).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Input, ServerConfig};

    #[test]
    fn who_was_thrown_out_is_not_asked() {
        let config = ServerConfig { ping_interval: Some(Duration::from_secs(120)), ..ServerConfig::default() };
        let (mut server, now) = (Server::new(config), Timestamp::SIMULATION_START);
        let conn = server.connect(now);
        server.handle(now, Input::Bytes { conn, bytes: b"CONNECT {}\r\n" });
        assert!(server.next_deadline().is_some());
        server.handle(now, Input::Bytes { conn, bytes: b"HELLO?\r\n" });
        assert_eq!(server.next_deadline(), None);
    }
}
