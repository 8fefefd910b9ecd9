//! Audit events: what was asked of the API, by whom, and what it answered.
//!
//! Source: nats-server `server/jetstream_api.go` (`sendJetStreamAPIAuditAdvisory`).

use super::advisory::{ACCOUNT, ApiAudit, ClientInfo, ClientKind, ClientType, Head};
use super::json::Text;
use crate::engine::Server;
use crate::engine::connection::ConnectOptions;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;

/// Where audit events go.
const SUBJECT: &str = "$JS.EVENT.ADVISORY.API";
/// In the subject of the one request that the server makes on its own behalf.
const DELETION: &[u8] = b".CONSUMER.DELETE.";

impl Server {
    /// Publishes what was asked and answered, if anybody listens.
    pub(super) fn audit(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        subject: &[u8],
        request: &[u8],
        response: &[u8],
    ) {
        if !self.router.has_interest(SUBJECT.as_bytes()) {
            return;
        }
        let client = match from {
            Some(_) => self.client_info(now, from),
            None => self.own_info(now, subject),
        };
        let (_, mut ctx) = self.parts(now);
        let server = ctx.config.server_name.clone();
        let domain = ctx.domain().map(str::to_owned);
        ctx.advise(
            || SUBJECT.to_owned(),
            |id| ApiAudit {
                head: Head::new(ApiAudit::TYPE, id, now),
                server: &server,
                client: &client,
                subject: Text(subject),
                request: Text(request),
                response: Text(response),
                domain,
            },
        );
    }

    /// What is known of a client.
    pub(super) fn client_info(&self, now: Timestamp, from: Option<ConnId>) -> ClientInfo {
        let connection = from.and_then(|conn| self.clients.connections.get(conn));
        let option = |of: fn(&ConnectOptions) -> &str| {
            connection.map(|connection| of(&connection.options).to_owned()).unwrap_or_default()
        };
        ClientInfo {
            start: connection.map_or(now, |connection| connection.started),
            host: "127.0.0.1".to_owned(),
            id: from.map_or(0, |conn| u64::from(conn.index())),
            acc: ACCOUNT.to_owned(),
            user: option(ConnectOptions::auth_user),
            name: option(|options| &options.name),
            lang: option(|options| &options.lang),
            ver: option(|options| &options.version),
            // A message passes at once here; the real server leaves a round trip of 0 out, so it is never that.
            rtt_ns: 1,
            server: self.config.server_name.clone(),
            kind: ClientKind::Client,
            client_type: Some(ClientType::Nats),
        }
    }

    /// What is known of the server itself, which asks for its streams: they ask their origins for consumers, and when
    /// they go, it deletes these.
    fn own_info(&self, now: Timestamp, subject: &[u8]) -> ClientInfo {
        let deletes = subject.windows(DELETION.len()).any(|part| part == DELETION);
        ClientInfo {
            start: now,
            host: String::new(),
            id: 0,
            acc: ACCOUNT.to_owned(),
            user: String::new(),
            name: String::new(),
            lang: String::new(),
            ver: String::new(),
            rtt_ns: 0,
            server: self.config.server_name.clone(),
            kind: if deletes { ClientKind::Account } else { ClientKind::JetStream },
            client_type: None,
        }
    }
}
