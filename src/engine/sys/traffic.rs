//! What passed between the account and its clients: `$SYS.REQ.ACCOUNT.PING.STATZ`.
//!
//! Source: nats-server `server/events.go` (`statzReq`), `server/monitor.go` (`AccountStatz`).

use serde::Serialize;

use super::{ServerFilter, for_servers};
use crate::engine::Server;
use crate::engine::api::advisory::ACCOUNT;
use crate::engine::connection::Traffic;
use crate::engine::list::List;
use crate::engine::table::Id;
use crate::engine::time::Timestamp;

/// Subscriptions of the server itself in every account with JetStream.
const OWN_SUBSCRIPTIONS: usize = 5;

/// A plain user hears of its own account whatever it asks.
#[derive(Default)]
pub(super) struct TrafficRequest {
    accounts: List<String>,
    include_unused: bool,
    pub(super) servers: ServerFilter,
}

for_servers! {
    TrafficRequest as "server.AccountStatzEventOptions" {
        "accounts" => strings(accounts),
        "include_unused" => boolean(include_unused),
    }
}

#[derive(Serialize)]
pub(super) struct AccountsTraffic<'a> {
    server_id: &'a str,
    now: Timestamp,
    account_statz: Vec<AccountTraffic>,
}

#[derive(Serialize)]
struct AccountTraffic {
    acc: &'static str,
    name: &'static str,
    conns: usize,
    leafnodes: usize,
    total_conns: u32,
    num_subscriptions: usize,
    sent: TrafficByPeer,
    received: TrafficByPeer,
    slow_consumers: u64,
}

/// Only clients are peers here.
#[derive(Serialize)]
struct TrafficByPeer {
    msgs: u64,
    bytes: u64,
    gateways: Counts,
    routes: Counts,
    leafs: Counts,
}

#[derive(Default, Serialize)]
struct Counts {
    msgs: u64,
    bytes: u64,
}

impl From<Traffic> for TrafficByPeer {
    fn from(Traffic { msgs, bytes }: Traffic) -> Self {
        Self { msgs, bytes, gateways: Counts::default(), routes: Counts::default(), leafs: Counts::default() }
    }
}

impl Server {
    /// What passed between clients and server so far, both ways.
    pub const fn traffic(&self) -> Traffic {
        Traffic {
            msgs: self.received.msgs + self.clients.sent.msgs,
            bytes: self.received.bytes + self.clients.sent.bytes,
        }
    }

    pub(super) fn account_traffic(&self, now: Timestamp) -> AccountsTraffic<'_> {
        let account = AccountTraffic {
            acc: ACCOUNT,
            name: ACCOUNT,
            conns: self.connections().count(),
            leafnodes: 0,
            total_conns: self.clients.connections.next_id().index() - 1,
            num_subscriptions: self.router.subscription_count() + OWN_SUBSCRIPTIONS,
            sent: self.clients.sent.into(),
            received: self.received.into(),
            slow_consumers: self.slow_consumers,
        };
        AccountsTraffic { server_id: &self.server_id, now, account_statz: vec![account] }
    }
}
