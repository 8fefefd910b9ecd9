//! What a server is set up with.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::duration::nanos;

/// Whether this is the page, whose budget of bytes is spent: there what is only faster is left out.
pub const IS_PAGE: bool = cfg!(all(jetstream_sim_small, not(feature = "js")));

/// Longest argument part of a control line unless a server is set up otherwise, in bytes.
pub const MAX_CONTROL_LINE: usize = 4096;

/// Bytes that all streams may store unless a server is set up otherwise: what a browser's tab bears, with what going back
/// in time holds of it.
pub const MAX_TOTAL_STORE: u64 = 1 << 30;

/// Settings of a server, named as in nats-server's configuration file. The default is a plain server with JetStream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerConfig {
    /// Seeds everything random.
    pub seed: u64,
    /// Empty: the server's id.
    pub server_name: String,
    pub host: String,
    pub port: u16,
    /// Largest message, headers and payload together, in bytes.
    pub max_payload: usize,
    /// How often clients are asked whether they are there; `None` never asks. In JSON a number of nanoseconds.
    #[serde(serialize_with = "serialize_nanos")]
    pub ping_interval: Option<Duration>,
    /// Not written with the rest: only the package's servers can have others.
    #[serde(skip)]
    pub clients: ClientLimits,
    /// `None`: JetStream is off, its subjects have no interest.
    pub jetstream: Option<JetStreamConfig>,
}

/// What a client may do. `None` means no limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientLimits {
    /// Longest argument part of a control line, in bytes.
    pub max_control_line: usize,
    /// Subscriptions of a connection.
    pub max_subscriptions: Option<usize>,
    /// Tokens of a subscription's subject.
    pub max_subscription_tokens: Option<usize>,
    /// So many PINGs may be unanswered.
    pub ping_max: u32,
}

impl ClientLimits {
    pub const DEFAULT: Self = Self {
        max_control_line: MAX_CONTROL_LINE,
        max_subscriptions: None,
        max_subscription_tokens: None,
        ping_max: 2,
    };
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl ServerConfig {
    /// What clients may do. In the page these are always the defaults, and what looks for others is left out of it.
    pub const fn client_limits(&self) -> &ClientLimits {
        if IS_PAGE { &ClientLimits::DEFAULT } else { &self.clients }
    }
}

/// Settings within `jetstream {}` and the account's limits. `None` means no limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct JetStreamConfig {
    /// Refuse requests with unknown fields.
    pub strict: bool,
    pub domain: Option<String>,
    /// Whether the account may use JetStream.
    pub account_enabled: bool,
    /// Bytes that all streams in memory may store.
    pub max_memory_store: Option<u64>,
    /// Bytes that all streams in files may store.
    pub max_file_store: Option<u64>,
    /// Bytes that all streams may store, whatever storage they ask for. Not in nats-server: here both take memory.
    pub max_total_store: Option<u64>,
    /// Longest duplicate window of a stream. In JSON a number of nanoseconds.
    #[serde(serialize_with = "serialize_nanos")]
    pub duplicate_window: Option<Duration>,
    pub max_request_batch: Option<u64>,
    /// Deliveries that wait for an ack, of any consumer.
    pub max_ack_pending: Option<u64>,
    pub batch: BatchLimits,
    pub limits: AccountLimits,
}

/// Settings within `limits { batch {} }`, for batches of published messages. `None` means the server's default, which
/// differs between atomic and fast batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct BatchLimits {
    /// Open batches of a stream.
    pub max_inflight_per_stream: Option<u64>,
    /// Open batches of the server.
    pub max_inflight_total: Option<u64>,
    /// Messages of an atomic batch.
    pub max_msgs: Option<u64>,
    /// A batch to which nothing is added for so long is dropped. In JSON a number of nanoseconds.
    #[serde(serialize_with = "serialize_nanos")]
    pub timeout: Option<Duration>,
}

/// What the account may use (nats-server `server/jetstream.go`, `JetStreamAccountLimits`). `None` means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct AccountLimits {
    pub max_memory: Option<u64>,
    pub max_storage: Option<u64>,
    pub max_streams: Option<u64>,
    pub max_consumers: Option<u64>,
    pub max_ack_pending: Option<u64>,
    pub memory_max_stream_bytes: Option<u64>,
    pub storage_max_stream_bytes: Option<u64>,
    pub max_bytes_required: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            server_name: "jetstream-sim".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 4222,
            max_payload: 1024 * 1024,
            ping_interval: None,
            clients: ClientLimits::DEFAULT,
            jetstream: Some(JetStreamConfig::default()),
        }
    }
}

impl JetStreamConfig {
    /// Whether what a stream may store depends on what others have stored.
    pub const fn has_store_limits(&self) -> bool {
        let of_server =
            self.max_memory_store.is_some() || self.max_file_store.is_some() || self.max_total_store.is_some();
        of_server || self.limits.max_memory.is_some() || self.limits.max_storage.is_some()
    }
}

impl Default for JetStreamConfig {
    fn default() -> Self {
        Self {
            strict: true,
            domain: None,
            account_enabled: true,
            max_memory_store: None,
            max_file_store: None,
            max_total_store: Some(MAX_TOTAL_STORE),
            duplicate_window: None,
            max_request_batch: None,
            max_ack_pending: None,
            batch: BatchLimits::default(),
            limits: AccountLimits::default(),
        }
    }
}

/// A duration in JSON: nanoseconds, as everywhere in the API.
fn serialize_nanos<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(nanos).serialize(serializer)
}
