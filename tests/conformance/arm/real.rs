//! A real nats-server: one process with its own port and store, real time.

use super::{Arm, Arrival, ServerLimits, ServerOptions};
use std::collections::VecDeque;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Names the server to run; without it the real arm is skipped.
pub const BINARY_VARIABLE: &str = "NATS_SERVER_BIN";

/// The server named by the environment.
///
/// # Errors
/// Why there is none.
pub fn binary() -> Result<PathBuf, String> {
    let path = std::env::var_os(BINARY_VARIABLE).ok_or_else(|| format!("{BINARY_VARIABLE} is not set"))?;
    let path = PathBuf::from(path);
    if path.is_file() { Ok(path) } else { Err(format!("{BINARY_VARIABLE} names no file: {}", path.display())) }
}

/// A server process; dropping it stops it and removes its store.
struct Process {
    child: Child,
    dir: PathBuf,
    port: u16,
}

impl Process {
    fn start(binary: &Path, options: &ServerOptions) -> Result<Self, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("jetstream-sim-conformance-{}-{number}", std::process::id()));
        fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let file = dir.join("server.conf");
        fs::write(&file, configuration(&dir, options)).map_err(|error| format!("{}: {error}", file.display()))?;
        let child = Command::new(binary)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let mut process = Self { child, dir, port: 0 };
        process.port = process.wait_for_port()?;
        Ok(process)
    }

    /// The server writes the port it chose into a file of its own.
    fn wait_for_port(&mut self) -> Result<u16, String> {
        let file = self.dir.join(format!("nats-server_{}.ports", self.child.id()));
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let port = text.split("nats://127.0.0.1:").nth(1).and_then(|rest| rest.split('"').next());
            if let Some(port) = port.and_then(|digits| digits.parse().ok()) {
                return Ok(port);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let log = fs::read_to_string(self.dir.join("server.log")).unwrap_or_default();
                return Err(format!("nats-server ended with {status}: {log}"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err("nats-server did not say its port within 20 s".to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn configuration(dir: &Path, options: &ServerOptions) -> String {
    let mut text =
        format!("listen: \"127.0.0.1:-1\"\nports_file_dir: {dir:?}\nlog_file: {:?}\n", dir.join("server.log"));
    if let Some(bytes) = options.max_payload {
        text += &format!("max_payload: {bytes}\n");
    }
    if !options.jetstream_off {
        text += &jetstream_block(dir, options);
    }
    if options.limits_account() {
        let block = if options.account_without_jetstream { String::new() } else { account_block(options) };
        text += &format!("accounts {{ A {{\n{block}\nusers: [{{user: u, password: p}}]\n}} }}\nno_auth_user: u\n");
    }
    text
}

fn jetstream_block(dir: &Path, options: &ServerOptions) -> String {
    let mut text = format!("jetstream {{\n  store_dir: {:?}\n", dir.join("store"));
    if options.lenient {
        text += "  strict: false\n";
    }
    if let Some(domain) = &options.domain {
        text += &format!("  domain: {domain}\n");
    }
    if let Some(bytes) = options.server_max_memory {
        text += &format!("  max_mem: {bytes}\n");
    }
    let limits = &options.limits;
    let window = limits.duplicate_window.map(|window| format!("duplicate_window: \"{}ms\"", window.as_millis()));
    let batch = limits.max_request_batch.map(|count| format!("max_request_batch: {count}"));
    let pending = limits.max_ack_pending.map(|count| format!("max_ack_pending: {count}"));
    let lines: Vec<String> = [window, batch, pending, batch_block(limits)].into_iter().flatten().collect();
    if !lines.is_empty() {
        text += &format!("  limits {{ {} }}\n", lines.join(", "));
    }
    text + "}\n"
}

/// Limits of batches of published messages.
fn batch_block(limits: &ServerLimits) -> Option<String> {
    let number = |key: &str, value: Option<u64>| value.map(|value| format!("{key}: {value}"));
    let lines: Vec<String> = [
        number("max_inflight_per_stream", limits.batch_max_inflight_per_stream),
        number("max_inflight_total", limits.batch_max_inflight_total),
        number("max_msgs", limits.batch_max_msgs),
        limits.batch_timeout.map(|timeout| format!("timeout: \"{}ms\"", timeout.as_millis())),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!lines.is_empty()).then(|| format!("batch {{ {} }}", lines.join(", ")))
}

fn account_block(options: &ServerOptions) -> String {
    let limits = &options.account;
    let mut parts = Vec::new();
    let mut number = |key: &str, value: Option<u64>| {
        if let Some(value) = value {
            parts.push(format!("{key}: {value}"));
        }
    };
    number("max_mem", limits.max_memory);
    number("max_file", limits.max_storage);
    number("max_streams", limits.max_streams);
    number("max_consumers", limits.max_consumers);
    number("max_ack_pending", limits.max_ack_pending);
    number("memory_max_stream_bytes", limits.memory_max_stream_bytes);
    if limits.max_bytes_required {
        parts.push("max_bytes: true".to_owned());
    }
    format!("jetstream {{ {} }}", parts.join(", "))
}

/// A real server and the connections to it.
pub struct RealArm {
    process: Process,
    start: Instant,
    connections: Vec<TcpStream>,
    sender: Sender<Arrival>,
    receiver: Receiver<Arrival>,
    arrived: VecDeque<Arrival>,
}

impl RealArm {
    /// Starts a server of its own.
    ///
    /// # Errors
    /// The server does not start.
    pub fn start(binary: &Path, options: &ServerOptions) -> Result<Self, String> {
        let process = Process::start(binary, options)?;
        let (sender, receiver) = channel();
        let arrived = VecDeque::new();
        Ok(Self { process, start: Instant::now(), connections: Vec::new(), sender, receiver, arrived })
    }
}

impl Arm for RealArm {
    fn connect(&mut self) -> usize {
        let conn = self.connections.len();
        let stream = TcpStream::connect(("127.0.0.1", self.process.port)).expect("the server listens on its port");
        stream.set_nodelay(true).expect("a TCP option");
        let reader = stream.try_clone().expect("a second handle of a socket");
        self.connections.push(stream);
        let (sender, start) = (self.sender.clone(), self.start);
        thread::spawn(move || read_all(reader, conn, start, &sender));
        conn
    }

    fn send(&mut self, conn: usize, bytes: &[u8]) {
        // A server that closed the connection already shows that by an arrival of its own.
        let _ = self.connections[conn].write_all(bytes);
    }

    fn disconnect(&mut self, conn: usize) {
        let _ = self.connections[conn].shutdown(Shutdown::Both);
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait_for_arrival(&mut self, until: Duration) -> bool {
        if !self.arrived.is_empty() {
            return true;
        }
        match self.receiver.recv_timeout(until.saturating_sub(self.start.elapsed())) {
            Ok(arrival) => {
                self.arrived.push_back(arrival);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => unreachable!("the arm itself holds a sender"),
        }
    }

    fn take(&mut self) -> Option<Arrival> {
        self.arrived.pop_front().or_else(|| self.receiver.try_recv().ok())
    }

    fn unix_nanos(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
        u64::try_from(since.as_nanos()).expect("before the year 2500")
    }
}

/// Passes on what the server sends on one connection until it is closed.
fn read_all(mut stream: TcpStream, conn: usize, start: Instant, sender: &Sender<Arrival>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        let bytes = (count > 0).then(|| buffer[..count].to_vec());
        let closed = bytes.is_none();
        if sender.send(Arrival { conn, at: start.elapsed(), bytes }).is_err() || closed {
            return;
        }
    }
}
