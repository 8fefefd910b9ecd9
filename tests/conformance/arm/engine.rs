//! The engine: one value, its clock moved by hand.

use super::{Arm, Arrival, ServerOptions};
use jetstream_sim::engine::config::{AccountLimits, BatchLimits, JetStreamConfig, ServerConfig};
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server};
use std::collections::VecDeque;
use std::time::Duration;

/// No wait of a scenario or probe has so many deadlines that send nothing.
const MOST_SILENT_DEADLINES: usize = 1_000_000;

/// When it starts: at no whole second, so that moments are written with nine digits, as a real server's mostly are.
const START: Timestamp = Timestamp::from_nanos(Timestamp::SIMULATION_START.as_nanos() + 123_456_789);

/// A server on simulated time and the connections to it.
pub struct EngineArm {
    server: Server,
    now: Timestamp,
    connections: Vec<ConnId>,
    arrived: VecDeque<Arrival>,
}

impl EngineArm {
    pub fn start(options: &ServerOptions) -> Self {
        let now = START;
        Self { server: Server::new(config(options)), now, connections: Vec::new(), arrived: VecDeque::new() }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.server.handle(self.now, input);
        self.collect();
    }

    fn collect(&mut self) {
        let at = self.elapsed();
        while let Some(output) = self.server.poll_output() {
            let (conn, bytes) = match output {
                Output::Bytes { conn, bytes } => (conn, Some(bytes)),
                Output::Closed { conn, .. } => (conn, None),
            };
            let conn = self.connections.iter().position(|known| *known == conn).expect("the arm opened it");
            self.arrived.push_back(Arrival { conn, at, bytes });
        }
    }
}

impl Arm for EngineArm {
    fn connect(&mut self) -> usize {
        let conn = self.server.connect(self.now);
        self.connections.push(conn);
        self.collect();
        self.connections.len() - 1
    }

    fn send(&mut self, conn: usize, bytes: &[u8]) {
        self.handle(Input::Bytes { conn: self.connections[conn], bytes });
    }

    fn disconnect(&mut self, conn: usize) {
        self.handle(Input::Disconnect { conn: self.connections[conn] });
    }

    fn elapsed(&self) -> Duration {
        self.now.since(START)
    }

    fn wait_for_arrival(&mut self, until: Duration) -> bool {
        let until = START + until;
        let mut silent = 0;
        while self.arrived.is_empty() {
            silent += 1;
            assert!(silent < MOST_SILENT_DEADLINES, "a deadline at {:?} falls due again and again", self.now);
            let due = self.server.next_deadline().map(|deadline| deadline.at).filter(|at| *at <= until);
            let Some(at) = due else {
                self.now = self.now.max(until);
                return false;
            };
            self.now = self.now.max(at);
            self.handle(Input::Deadline);
        }
        true
    }

    fn take(&mut self) -> Option<Arrival> {
        self.arrived.pop_front()
    }

    fn unix_nanos(&self) -> u64 {
        self.now.as_nanos()
    }
}

fn config(options: &ServerOptions) -> ServerConfig {
    let mut config = ServerConfig { jetstream: None, ..ServerConfig::default() };
    if let Some(bytes) = options.max_payload {
        config.max_payload = usize::try_from(bytes).expect("a size that fits");
    }
    if options.jetstream_off {
        return config;
    }
    let account = &options.account;
    config.jetstream = Some(JetStreamConfig {
        strict: !options.lenient,
        domain: options.domain.clone(),
        account_enabled: !options.account_without_jetstream,
        max_memory_store: options.server_max_memory,
        max_file_store: None,
        max_total_store: None,
        duplicate_window: options.limits.duplicate_window,
        max_request_batch: options.limits.max_request_batch,
        max_ack_pending: options.limits.max_ack_pending,
        batch: BatchLimits {
            max_inflight_per_stream: options.limits.batch_max_inflight_per_stream,
            max_inflight_total: options.limits.batch_max_inflight_total,
            max_msgs: options.limits.batch_max_msgs,
            timeout: options.limits.batch_timeout,
        },
        limits: AccountLimits {
            max_memory: account.max_memory,
            max_storage: account.max_storage,
            max_streams: account.max_streams,
            max_consumers: account.max_consumers,
            max_ack_pending: account.max_ack_pending,
            memory_max_stream_bytes: account.memory_max_stream_bytes,
            max_bytes_required: account.max_bytes_required,
            ..AccountLimits::default()
        },
    });
    config
}
