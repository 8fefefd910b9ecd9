//! What a plain user may ask of the system: `$SYS.REQ.USER.INFO`.
//!
//! Source: nats-server `server/events.go` (`userInfoReq`, `ServerInfo`).

use serde::Serialize;

use super::Server;
use super::api::advisory::ACCOUNT;
use super::api::json::to_json;
use super::asset::SERVER_VERSION;
use super::connection::Message;
use super::time::Timestamp;

/// Begins every answer.
#[derive(Serialize)]
struct ServerInfo<'a> {
    name: &'a str,
    host: &'a str,
    id: &'a str,
    ver: &'a str,
    feature_flags: FeatureFlags,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
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

#[derive(Serialize)]
struct SystemReply<'a, T> {
    server: ServerInfo<'a>,
    data: T,
}

impl Server {
    /// Takes a request to the system. Whether anything listens on its subject.
    pub(super) fn handle_system_request(&mut self, now: Timestamp, to: &[u8], message: &Message<'_>) -> bool {
        if to != b"$SYS.REQ.USER.INFO" {
            return false;
        }
        if !message.reply.is_empty() {
            self.system_requests += 1;
            let data = UserInfo { user: "", account: ACCOUNT, account_name: ACCOUNT };
            let reply = to_json(&SystemReply { server: self.server_info(now), data });
            self.effects.send(message.reply, &reply);
        }
        true
    }

    fn server_info(&self, now: Timestamp) -> ServerInfo<'_> {
        ServerInfo {
            name: &self.config.server_name,
            host: &self.config.host,
            id: &self.server_id,
            ver: SERVER_VERSION,
            feature_flags: FeatureFlags {
                js_ack_fc_v2: false,
                js_api_reply_v2: false,
                js_raft_delete_range: true,
                js_snapshot_sources: false,
            },
            jetstream: self.config.jetstream.is_some(),
            flags: 7,
            seq: self.system_requests,
            time: now,
        }
    }
}
