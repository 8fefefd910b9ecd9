//! What a plain user may ask of the system: who it is, which connections its account has, and what passed on them.
//!
//! Source: nats-server `server/events.go` (`userInfoReq`, `connzReq`, `statzReq`, `ServerInfo`).

mod connections;
mod traffic;

/// As `object!`, for a request that also says in its field `servers` which servers it is for.
macro_rules! for_servers {
    ($type:ty as $go_type:literal { $($fields:tt)+ }) => {
        $crate::engine::api::json::object! {
            $type as $go_type {
                $($fields)+
                "server_name" => string(servers.server_name),
                "cluster" => string(servers.cluster),
                "host" => string(servers.host),
                "exact_match" => boolean(servers.exact_match),
                "tags" => strings(servers.tags),
                "domain" => string(servers.domain),
            }
        }
    };
}
use for_servers;

use serde::Serialize;

use super::Server;
use super::api::advisory::ACCOUNT;
use super::api::json::{JsonError, Object, to_json, unmarshal};
use super::asset::SERVER_VERSION;
use super::connection::Message;
use super::list::List;
use super::table::ConnId;
use super::time::Timestamp;

use connections::ConnectionsRequest;
use traffic::TrafficRequest;

/// Which servers a request is for. The others keep silent.
#[derive(Default)]
struct ServerFilter {
    server_name: String,
    cluster: String,
    host: String,
    exact_match: bool,
    tags: List<String>,
    domain: String,
}

impl ServerFilter {
    /// Whether it is for this server, which has no tags and is in no cluster.
    fn admits(&self, server: &Server) -> bool {
        let is = |asked: &str, own: &str| {
            asked.is_empty() || if self.exact_match { own == asked } else { own.contains(asked) }
        };
        is(&self.server_name, &server.config.server_name)
            && is(&self.host, &server.config.host)
            && self.cluster.is_empty()
            && self.tags.is_empty()
            && (self.domain.is_empty() || server.domain() == Some(&self.domain))
    }
}

/// Begins every answer.
#[derive(Serialize)]
struct ServerInfo<'a> {
    name: &'a str,
    host: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    ver: &'a str,
    feature_flags: FeatureFlags,
    jetstream: bool,
    flags: u64,
    seq: u64,
    time: Timestamp,
}

/// As they are where nobody changed them.
#[derive(Serialize)]
struct FeatureFlags {
    js_ack_fc_v2: bool,
    js_api_reply_v2: bool,
    js_raft_delete_range: bool,
    js_snapshot_sources: bool,
}

#[derive(Serialize)]
struct UserInfo<'a> {
    user: &'a str,
    account: &'a str,
    account_name: &'a str,
}

/// Field by field, as the answers have it.
#[derive(Serialize)]
struct SystemReply<'a, T> {
    server: ServerInfo<'a>,
    /// `Some(None)` is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Option<T>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SystemError>,
}

#[derive(Serialize)]
struct SystemError {
    code: u16,
    description: String,
}

impl<'a, T> SystemReply<'a, T> {
    fn with(server: ServerInfo<'a>, data: T) -> Self {
        Self { server, data: Some(Some(data)), error: None }
    }

    /// The body is no request.
    fn malformed(server: ServerInfo<'a>, error: &JsonError) -> Self {
        Self { server, data: None, error: Some(SystemError { code: 400, description: error.to_string() }) }
    }

    /// The request asks for what there is not.
    fn refused(server: ServerInfo<'a>, description: String) -> Self {
        Self { server, data: Some(None), error: Some(SystemError { code: 500, description }) }
    }
}

/// The request in a body; none asks for nothing in particular.
fn request<T: Object>(body: &[u8]) -> Result<T, JsonError> {
    if body.is_empty() { Ok(T::default()) } else { unmarshal(body) }
}

impl Server {
    /// Takes a request to the system. Whether anything listens on its subject.
    pub(super) fn handle_system_request(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        to: &[u8],
        message: &Message<'_>,
    ) -> bool {
        let answer = match to {
            b"$SYS.REQ.USER.INFO" => Self::user_info,
            b"$SYS.REQ.ACCOUNT.PING.CONNZ" | b"$SYS.REQ.SERVER.PING.CONNZ" => Self::connections_reply,
            b"$SYS.REQ.ACCOUNT.PING.STATZ" => Self::traffic_reply,
            _ => return false,
        };
        if !message.reply.is_empty()
            && let Some(reply) = answer(self, now, from, message.payload)
        {
            self.system_requests += 1;
            self.effects.send(message.reply, &reply);
        }
        true
    }

    fn user_info(&self, now: Timestamp, from: Option<ConnId>, _body: &[u8]) -> Option<Vec<u8>> {
        let user = from.and_then(|conn| self.clients.connections.get(conn)).map_or("", |it| it.options.auth_user());
        let data = UserInfo { user, account: ACCOUNT, account_name: ACCOUNT };
        Some(to_json(&SystemReply::with(self.server_info(now), data)))
    }

    fn connections_reply(&self, now: Timestamp, _: Option<ConnId>, body: &[u8]) -> Option<Vec<u8>> {
        let server = self.server_info(now);
        Some(to_json(&match request::<ConnectionsRequest>(body) {
            Err(error) => SystemReply::malformed(server, &error),
            Ok(request) if !request.servers.admits(self) => return None,
            Ok(request) => match self.connections_page(now, &request) {
                Ok(page) => SystemReply::with(server, page),
                Err(why) => SystemReply::refused(server, why),
            },
        }))
    }

    fn traffic_reply(&self, now: Timestamp, _: Option<ConnId>, body: &[u8]) -> Option<Vec<u8>> {
        let server = self.server_info(now);
        Some(to_json(&match request::<TrafficRequest>(body) {
            Err(error) => SystemReply::malformed(server, &error),
            Ok(request) if !request.servers.admits(self) => return None,
            Ok(_) => SystemReply::with(server, self.account_traffic(now)),
        }))
    }

    /// What begins an answer that is made elsewhere.
    pub(super) fn next_server_info(&mut self, now: Timestamp) -> Vec<u8> {
        let info = to_json(&self.server_info(now));
        self.system_requests += 1;
        info
    }

    fn domain(&self) -> Option<&str> {
        self.config.jetstream.as_ref()?.domain.as_deref()
    }

    fn server_info(&self, now: Timestamp) -> ServerInfo<'_> {
        ServerInfo {
            name: &self.config.server_name,
            host: &self.config.host,
            id: &self.server_id,
            domain: self.domain(),
            ver: SERVER_VERSION,
            feature_flags: FeatureFlags {
                js_ack_fc_v2: false,
                js_api_reply_v2: false,
                js_raft_delete_range: true,
                js_snapshot_sources: false,
            },
            jetstream: self.config.jetstream.is_some(),
            flags: if self.config.jetstream.is_some() { 7 } else { 0 },
            seq: self.system_requests + 1,
            time: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::config::{JetStreamConfig, ServerConfig};

    #[test]
    fn an_answer_names_the_domain_where_there_is_one() {
        for (domain, expected) in [(Some("hub"), r#","domain":"hub","ver":"#), (None, r#","ver":"#)] {
            let jetstream = JetStreamConfig { domain: domain.map(str::to_owned), ..JetStreamConfig::default() };
            let server = Server::new(ServerConfig { jetstream: Some(jetstream), ..ServerConfig::default() });
            let info = to_json(&server.server_info(Timestamp::SIMULATION_START));
            let expected = format!(r#""id":"{}"{expected}"#, server.server_id);
            assert!(String::from_utf8_lossy(&info).contains(&expected), "{domain:?}");
        }
    }
}
