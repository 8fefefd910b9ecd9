//! The two servers under comparison, seen alike: connections of bytes on one clock.

mod engine;
pub mod real;

use std::path::PathBuf;
use std::time::Duration;

/// Something that a server did.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The connection, counted from 0 in the order of [`Arm::connect`].
    pub conn: usize,
    /// When, since the arm started.
    pub at: Duration,
    /// What was sent; `None` when the server closed the connection.
    pub bytes: Option<Vec<u8>>,
}

/// A server and its clock.
pub trait Arm {
    fn connect(&mut self) -> usize;
    fn send(&mut self, conn: usize, bytes: &[u8]);
    /// Closes the connection from the client's side.
    fn disconnect(&mut self, conn: usize);
    /// Time since the arm started.
    fn elapsed(&self) -> Duration;
    /// Lets time go on until something arrives, at most until `until`. False when nothing came.
    fn wait_for_arrival(&mut self, until: Duration) -> bool;
    /// The next thing that arrived and was not taken yet.
    fn take(&mut self) -> Option<Arrival>;
    /// The server's own clock: nanoseconds since 1970.
    fn unix_nanos(&self) -> u64;
}

/// Which server a run talks to.
#[derive(Clone, Debug)]
pub enum ArmKind {
    /// The engine of this package.
    Engine,
    /// The nats-server at this path.
    Real(PathBuf),
}

impl ArmKind {
    /// Starts a server of its own for one scenario or probe.
    ///
    /// # Errors
    /// A real server does not start.
    pub fn start(&self, options: &ServerOptions) -> Result<Box<dyn Arm>, String> {
        match self {
            Self::Engine => Ok(Box::new(engine::EngineArm::start(options))),
            Self::Real(binary) => Ok(Box::new(real::RealArm::start(binary, options)?)),
        }
    }

    pub fn is_real(&self) -> bool {
        matches!(self, Self::Real(_))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Real(_) => "real server",
        }
    }

    /// How many may run at once: a real server mostly waits.
    pub fn parallel(&self) -> usize {
        match self {
            Self::Engine => std::thread::available_parallelism().map_or(1, Into::into),
            Self::Real(_) => 8,
        }
    }
}

/// How a scenario or probe wants its server, as far as it is not a plain one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ServerOptions {
    pub jetstream_off: bool,
    /// JetStream runs, but the client's account may not use it.
    pub account_without_jetstream: bool,
    /// Unknown JSON fields are ignored.
    pub lenient: bool,
    pub domain: Option<String>,
    pub max_payload: Option<u64>,
    /// Memory of the whole server, in bytes.
    pub server_max_memory: Option<u64>,
    pub account: AccountLimits,
    pub limits: ServerLimits,
}

/// What the account of the clients may use; `None` is without limit.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AccountLimits {
    pub max_memory: Option<u64>,
    pub max_storage: Option<u64>,
    pub max_streams: Option<u64>,
    pub max_consumers: Option<u64>,
    pub max_ack_pending: Option<u64>,
    pub max_bytes_required: bool,
    pub memory_max_stream_bytes: Option<u64>,
}

/// The block `limits` of a server's JetStream configuration.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ServerLimits {
    pub duplicate_window: Option<Duration>,
    pub max_request_batch: Option<u64>,
    pub max_ack_pending: Option<u64>,
    pub batch_max_inflight_per_stream: Option<u64>,
    pub batch_max_inflight_total: Option<u64>,
    pub batch_max_msgs: Option<u64>,
    pub batch_timeout: Option<Duration>,
}

impl ServerOptions {
    /// Sets the option named by one word of a `server` step.
    ///
    /// # Errors
    /// The word is not known or its value is not of the right kind.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number = || value.parse::<u64>().map(Some).map_err(|_| format!("{key} wants a number, not {value:?}"));
        match key {
            "jetstream" => self.jetstream_off = value == "off",
            "account_jetstream" => self.account_without_jetstream = value == "off",
            "strict" => self.lenient = value == "false",
            "domain" => self.domain = Some(value.to_owned()),
            "max_payload" => self.max_payload = number()?,
            "server_max_memory" => self.server_max_memory = number()?,
            "max_memory" => self.account.max_memory = number()?,
            "max_storage" => self.account.max_storage = number()?,
            "max_streams" => self.account.max_streams = number()?,
            "max_consumers" => self.account.max_consumers = number()?,
            "max_ack_pending" => self.account.max_ack_pending = number()?,
            "max_bytes_required" => self.account.max_bytes_required = value == "true",
            "memory_max_stream_bytes" => self.account.memory_max_stream_bytes = number()?,
            "limit_duplicate_window_ms" => self.limits.duplicate_window = number()?.map(Duration::from_millis),
            "limit_max_request_batch" => self.limits.max_request_batch = number()?,
            "limit_max_ack_pending" => self.limits.max_ack_pending = number()?,
            "limit_batch_max_inflight_per_stream" => self.limits.batch_max_inflight_per_stream = number()?,
            "limit_batch_max_inflight_total" => self.limits.batch_max_inflight_total = number()?,
            "limit_batch_max_msgs" => self.limits.batch_max_msgs = number()?,
            "limit_batch_timeout_ms" => self.limits.batch_timeout = number()?.map(Duration::from_millis),
            _ => return Err(format!("unknown server option {key:?}")),
        }
        Ok(())
    }

    /// Whether the clients' account has limits of its own.
    pub fn limits_account(&self) -> bool {
        self.account_without_jetstream || self.account != AccountLimits::default()
    }
}
