//! The account's connections: `$SYS.REQ.ACCOUNT.PING.CONNZ`.
//!
//! All clients are near: a round trip takes no time, and every address is this machine. Connections that ended are told of
//! when they do, and not kept: a plain user of the real server is not shown them either. Source: nats-server
//! `server/monitor.go` (`Connz`, `ConnInfo`).

use std::cmp::Reverse;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{ServerFilter, for_servers};
use crate::engine::Server;
use crate::engine::api::advisory::ACCOUNT;
use crate::engine::api::json::{Text, to_json};
use crate::engine::connection::{ClientSubscription, Connection, ProtocolError};
use crate::engine::subject;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;

const DEFAULT_LIMIT: usize = 1024;

/// Of the field `state`.
const OPEN: i64 = 0;
const CLOSED: i64 = 1;
const ALL: i64 = 2;

#[derive(Default)]
pub(super) struct ConnectionsRequest {
    sort: String,
    offset: i64,
    limit: i64,
    cid: u64,
    state: i64,
    auth: bool,
    subscriptions: bool,
    subscriptions_detail: bool,
    user: String,
    mqtt_client: String,
    filter_subject: String,
    pub(super) servers: ServerFilter,
}

for_servers! {
    ConnectionsRequest as "server.ConnzEventOptions" {
        "sort" => string(sort),
        "auth" => boolean(auth),
        "subscriptions" => boolean(subscriptions),
        "subscriptions_detail" => boolean(subscriptions_detail),
        "offset" => int(offset),
        "limit" => int(limit),
        "cid" => uint64(cid),
        "state" => connection_state(state),
        "user" => string(user),
        "mqtt_client" => string(mqtt_client),
        "filter_subject" => string(filter_subject),
    }
}

/// A page of connections.
#[derive(Serialize)]
pub(super) struct ConnectionsPage<'a> {
    server_id: &'a str,
    now: Timestamp,
    num_connections: usize,
    total: usize,
    offset: usize,
    limit: usize,
    connections: Vec<ConnectionInfo<'a>>,
}

#[derive(Serialize)]
struct ConnectionInfo<'a> {
    cid: u32,
    kind: &'static str,
    #[serde(rename = "type")]
    transport: &'static str,
    ip: &'static str,
    port: u16,
    start: Timestamp,
    last_activity: Timestamp,
    rtt: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<Timestamp>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'static str,
    #[serde(serialize_with = "as_uptime")]
    uptime: Duration,
    #[serde(serialize_with = "as_uptime")]
    idle: Duration,
    pending_bytes: usize,
    in_msgs: u64,
    out_msgs: u64,
    in_bytes: u64,
    out_bytes: u64,
    subscriptions: usize,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    lang: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    authorized_user: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list_detail: Vec<SubscriptionInfo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_tag: Option<&'static str>,
}

#[derive(Serialize)]
struct SubscriptionInfo<'a> {
    subject: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qgroup: Option<Text<'a>>,
    sid: Text<'a>,
    msgs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u64>,
    cid: u32,
}

impl ConnectionsRequest {
    /// Whether it asks for this connection by its user, or by what it subscribes to. None is of MQTT.
    fn admits(&self, connection: &Connection) -> bool {
        let filter = self.filter_subject.as_bytes();
        let subscribes = |one: &ClientSubscription| subject::collide(filter, &one.subject);
        self.mqtt_client.is_empty()
            && (self.user.is_empty() || self.user == connection.options.auth_user())
            && (filter.is_empty() || filter == b">" || connection.subscriptions().iter().any(|one| subscribes(one)))
    }
}

impl Server {
    /// The connections that `request` asks for.
    ///
    /// # Errors
    /// It asks for an order that there is not; the server's text.
    pub(super) fn connections_page(
        &self,
        now: Timestamp,
        request: &ConnectionsRequest,
    ) -> Result<ConnectionsPage<'_>, String> {
        let mut connections: Vec<(ConnId, &Connection)> = self.connections().collect();
        sort(&mut connections, request)?;
        if request.state != OPEN && request.state != ALL {
            connections.clear();
        }
        let total = connections.len();
        let mut limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT);
        if request.cid > 0 {
            connections.retain(|(conn, _)| u64::from(conn.index()) == request.cid);
            limit = 1;
        } else {
            connections.retain(|(_, connection)| request.admits(connection));
        }
        let offset = usize::try_from(request.offset).unwrap_or(0);
        let page = connections.into_iter().skip(offset).take(limit);
        let connections: Vec<_> = page.map(|(conn, connection)| info(now, conn, connection, request)).collect();
        let num_connections = connections.len();
        Ok(ConnectionsPage { server_id: &self.server_id, now, num_connections, total, offset, limit, connections })
    }

    /// What monitoring tells of a connection that ends, with its subscriptions: closed by the server, or by its client.
    pub fn ended_connection(now: Timestamp, conn: ConnId, connection: &Connection) -> Vec<u8> {
        let request = ConnectionsRequest { subscriptions_detail: true, ..ConnectionsRequest::default() };
        let reason = connection.ended().map_or("Client Closed", ProtocolError::reason);
        to_json(&ConnectionInfo { stop: Some(now), reason, ..info(now, conn, connection, &request) })
    }
}

/// Puts connections into the order that is asked for: by number where nothing is, and the most first.
fn sort(connections: &mut [(ConnId, &Connection)], request: &ConnectionsRequest) -> Result<(), String> {
    let key: fn(&Connection) -> u64 = match request.sort.as_str() {
        "" | "cid" | "start" | "rtt" => return Ok(()),
        // The youngest first.
        "uptime" => |connection| connection.started.as_nanos(),
        "subs" => |connection| connection.subscription_count() as u64,
        "pending" => |connection| connection.pending_bytes() as u64,
        "msgs_to" => |connection| connection.sent.msgs,
        "msgs_from" => |connection| connection.received.msgs,
        "bytes_to" => |connection| connection.sent.bytes,
        "bytes_from" => |connection| connection.received.bytes,
        "last" => |connection| connection.last_activity.as_nanos(),
        "idle" => |connection| u64::MAX - connection.last_activity.as_nanos(),
        "stop" | "reason" if request.state == CLOSED => return Ok(()),
        only @ ("stop" | "reason") => return Err(format!("sort by {only} only valid on closed connections")),
        other => return Err(format!("invalid sorting option: {other}")),
    };
    connections.sort_by_key(|(_, connection)| Reverse(key(connection)));
    Ok(())
}

fn info<'a>(
    now: Timestamp,
    conn: ConnId,
    connection: &'a Connection,
    request: &ConnectionsRequest,
) -> ConnectionInfo<'a> {
    let cid = conn.index();
    let subscriptions = connection.subscriptions();
    let text = |subscription: &&'a ClientSubscription| Text(&subscription.subject);
    let detail = |subscription: &&'a ClientSubscription| SubscriptionInfo {
        subject: Text(&subscription.subject),
        qgroup: subscription.queue.as_deref().map(Text),
        sid: Text(&subscription.sid),
        msgs: subscription.delivered,
        max: subscription.max,
        cid,
    };
    let is_listed = request.subscriptions && !request.subscriptions_detail;
    ConnectionInfo {
        cid,
        kind: "Client",
        transport: "nats",
        ip: "127.0.0.1",
        port: 0,
        start: connection.started,
        last_activity: connection.last_activity,
        // As in advisories: the real server's is never nothing.
        rtt: "1ns",
        stop: None,
        reason: "",
        uptime: now.since(connection.started),
        idle: now.since(connection.last_activity),
        pending_bytes: connection.pending_bytes(),
        in_msgs: connection.received.msgs,
        out_msgs: connection.sent.msgs,
        in_bytes: connection.received.bytes,
        out_bytes: connection.sent.bytes,
        subscriptions: subscriptions.len(),
        name: &connection.options.name,
        lang: &connection.options.lang,
        version: &connection.options.version,
        authorized_user: if request.auth { connection.options.auth_user() } else { "" },
        name_tag: request.auth.then_some(ACCOUNT),
        subscriptions_list: subscriptions.iter().filter(|_| is_listed).map(text).collect(),
        subscriptions_list_detail: subscriptions.iter().filter(|_| request.subscriptions_detail).map(detail).collect(),
    }
}

fn as_uptime<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Uptime(*duration))
}

/// Whole seconds as the server's monitoring writes them: `1d2h0m5s`.
struct Uptime(Duration);

impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        let years = days / 365;
        if years > 0 {
            write!(f, "{years}y")?;
        }
        if days > 0 {
            write!(f, "{}d", days % 365)?;
        }
        if hours > 0 {
            write!(f, "{}h", hours % 24)?;
        }
        if minutes > 0 {
            write!(f, "{}m", minutes % 60)?;
        }
        write!(f, "{}s", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes_have_the_parts_that_are_needed() {
        let text = |seconds| Uptime(Duration::from_secs(seconds)).to_string();
        assert_eq!(text(0), "0s");
        assert_eq!(text(61), "1m1s");
        assert_eq!(text(3600), "1h0m0s");
        assert_eq!(text(90_061), "1d1h1m1s");
        assert_eq!(text(366 * 86_400), "1y1d0h0m0s");
    }
}
