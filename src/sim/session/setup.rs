//! What a session starts from, as JSON.

use std::fmt;

use serde::Serialize;

use crate::engine::api::json::{object, to_json, unmarshal_strict};
use crate::engine::config::{AccountLimits, BatchLimits, ClientLimits, JetStreamConfig, ServerConfig};
use crate::engine::date_time::DateTime;
use crate::engine::time::Timestamp;

/// Bytes of inputs that a session records unless told otherwise.
const JOURNAL_BYTES: usize = 16 * 1024 * 1024;

/// A server, and the moment at which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub server: ServerConfig,
    pub start: Timestamp,
    /// The most bytes of inputs that are recorded; `None` records nothing.
    pub journal_bytes: Option<usize>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { server: ServerConfig::default(), start: Timestamp::SIMULATION_START, journal_bytes: Some(JOURNAL_BYTES) }
    }
}

/// A [`Setup`] as it is written.
#[derive(Debug, Default, Serialize)]
struct Written {
    server: ServerConfig,
    clients: ClientLimits,
    /// RFC 3339.
    start: Option<String>,
    journal_bytes: Option<usize>,
}

object! {
    Written as "jetstream.Setup" {
        "server" => object(server),
        "clients" => object(clients),
        "start" => string_pointer(start),
        "journal_bytes" => uint_pointer(journal_bytes),
    }
}

object! {
    ServerConfig as "jetstream.Server" {
        "seed" => uint64(seed),
        "server_name" => string(server_name),
        "host" => string(host),
        "port" => uint16(port),
        "max_payload" => uint(max_payload),
        "ping_interval" => nanos_pointer(ping_interval),
        "jetstream" => pointer(jetstream),
    }
}

object! {
    ClientLimits as "jetstream.Clients" {
        "max_control_line" => uint(max_control_line),
        "max_subscriptions" => uint_pointer(max_subscriptions),
        "max_subscription_tokens" => uint_pointer(max_subscription_tokens),
        "ping_max" => uint32(ping_max),
    }
}

object! {
    JetStreamConfig as "jetstream.JetStream" {
        "strict" => boolean(strict),
        "domain" => string_pointer(domain),
        "account_enabled" => boolean(account_enabled),
        "max_memory_store" => uint64_pointer(max_memory_store),
        "max_file_store" => uint64_pointer(max_file_store),
        "max_total_store" => uint64_pointer(max_total_store),
        "duplicate_window" => nanos_pointer(duplicate_window),
        "max_request_batch" => uint64_pointer(max_request_batch),
        "max_ack_pending" => uint64_pointer(max_ack_pending),
        "batch" => object(batch),
        "limits" => object(limits),
    }
}

object! {
    BatchLimits as "jetstream.Batch" {
        "max_inflight_per_stream" => uint64_pointer(max_inflight_per_stream),
        "max_inflight_total" => uint64_pointer(max_inflight_total),
        "max_msgs" => uint64_pointer(max_msgs),
        "timeout" => nanos_pointer(timeout),
    }
}

object! {
    AccountLimits as "jetstream.Limits" {
        "max_memory" => uint64_pointer(max_memory),
        "max_storage" => uint64_pointer(max_storage),
        "max_streams" => uint64_pointer(max_streams),
        "max_consumers" => uint64_pointer(max_consumers),
        "max_ack_pending" => uint64_pointer(max_ack_pending),
        "memory_max_stream_bytes" => uint64_pointer(memory_max_stream_bytes),
        "storage_max_stream_bytes" => uint64_pointer(storage_max_stream_bytes),
        "max_bytes_required" => boolean(max_bytes_required),
    }
}

/// Why a text is no setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError(String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setup {
    /// Reads `{"server": {…}, "start": "2026-01-01T00:00:00Z", "journal_bytes": 16777216}`; what is left out keeps its
    /// default, and 0 journal bytes record nothing.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn from_json(json: &str) -> Result<Self, SetupError> {
        let written: Written = unmarshal_strict(json.as_bytes()).map_err(|error| SetupError(error.to_string()))?;
        let start = match written.start {
            None => Timestamp::SIMULATION_START,
            Some(text) => DateTime::parse(text.as_bytes())
                .map_err(|_| SetupError(format!("start is no time as in 2026-01-01T00:00:00Z: {text}")))?
                .to_timestamp(),
        };
        let journal_bytes = Some(written.journal_bytes.unwrap_or(JOURNAL_BYTES)).filter(|bytes| *bytes > 0);
        Ok(Self { server: without_zeros(written.server, written.clients), start, journal_bytes })
    }

    /// The setup as [`from_json`](Self::from_json) reads it.
    pub fn to_json(&self) -> String {
        let written = Written {
            server: self.server.clone(),
            clients: self.server.clients.clone(),
            start: Some(self.start.to_string()),
            journal_bytes: Some(self.journal_bytes.unwrap_or(0)),
        };
        String::from_utf8(to_json(&written)).expect("JSON is text")
    }
}

/// Limits of 0 are those that are not set, as nats-server has it (`setBaselineOptions`).
fn without_zeros(server: ServerConfig, clients: ClientLimits) -> ServerConfig {
    let default = ServerConfig::default();
    let max_control_line = Some(clients.max_control_line).filter(|bytes| *bytes > 0);
    ServerConfig {
        max_payload: if server.max_payload == 0 { default.max_payload } else { server.max_payload },
        ping_interval: server.ping_interval.filter(|interval| !interval.is_zero()),
        clients: ClientLimits {
            max_control_line: max_control_line.unwrap_or(default.clients.max_control_line),
            max_subscriptions: clients.max_subscriptions.filter(|count| *count > 0),
            max_subscription_tokens: clients.max_subscription_tokens.filter(|count| *count > 0),
            ping_max: if clients.ping_max == 0 { default.clients.ping_max } else { clients.ping_max },
        },
        ..server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_its_default() {
        assert_eq!(Setup::from_json("{}"), Ok(Setup::default()));
        let setup = Setup::from_json(
            r#"{"server":{"seed":7,"jetstream":{"domain":"hub","duplicate_window":1000}},"start":"2027-02-03T04:05:06.7Z","journal_bytes":0}"#,
        )
        .expect("a setup");
        let jetstream = setup.server.jetstream.as_ref().expect("JetStream is on");
        assert_eq!((setup.server.seed, jetstream.domain.as_deref()), (7, Some("hub")));
        assert_eq!(jetstream.duplicate_window, Some(std::time::Duration::from_nanos(1000)));
        assert_eq!((setup.start.as_nanos(), setup.journal_bytes), (1_801_627_506_700_000_000, None));
        assert_eq!(Setup::from_json(&setup.to_json()), Ok(setup));
        let limited = Setup::from_json(
            r#"{"server":{"max_payload":0,"ping_interval":0},"clients":{"max_subscriptions":2,"ping_max":0}}"#,
        );
        let limited = limited.expect("a setup");
        let clients = ClientLimits { max_subscriptions: Some(2), ..ClientLimits::DEFAULT };
        assert_eq!(limited.server, ServerConfig { clients, ..ServerConfig::default() });
        assert_eq!(Setup::from_json(&limited.to_json()), Ok(limited));
        assert!(Setup::from_json(r#"{"server":{"jetstream":null}}"#).is_ok_and(|it| it.server.jetstream.is_none()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, text) in [
            ("{", "EOF"),
            (r#"{"sever":{}}"#, "sever"),
            (r#"{"server":{"prot":1}}"#, "prot"),
            (r#"{"start":"yesterday"}"#, "yesterday"),
            (r#"{"server":{"port":70000}}"#, "70000"),
        ] {
            let error = Setup::from_json(json).expect_err(json).to_string();
            assert!(error.contains(text), "{json}: {error}");
        }
    }
}
