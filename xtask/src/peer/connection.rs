//! A client of a real nats-server on loopback that costs the machine little: plain protocol, written in large pieces.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::{Failure, Result};

/// Where replies go.
pub const INBOX: &str = "_INBOX.c2VydmVyc2FyZWZ1bg";

/// How long the server may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of its own, with an empty memory account. It ends with this.
pub struct Server {
    child: Child,
    dir: PathBuf,
    port: u16,
}

impl Server {
    /// # Errors
    /// The binary does not start, or does not listen.
    pub fn start(binary: &Path) -> Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|taken| taken.local_addr());
        let port = free.map_err(|error| Failure::new(format!("no port is free: {error}")))?.port();
        let dir = env::temp_dir().join(format!("jetstream-sim-bench-{}-{port}", process::id()));
        let mut command = Command::new(binary);
        command.args(["-a", "127.0.0.1", "-js", "-p", &port.to_string(), "-sd"]).arg(&dir);
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let child = command.spawn().map_err(|error| Failure::new(format!("{}: {error}", binary.display())))?;
        let server = Self { child, dir, port };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if start.elapsed() > PATIENCE {
                return Err(Failure::new("nats-server does not listen"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Nanoseconds of CPU that all its threads have used.
    pub fn cpu_ns(&self) -> u64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let used = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("schedstat")).ok();
        threads.filter_map(used).filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok()).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whether it was there to be ended or not, it is not there afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A message that arrived.
pub struct Message {
    pub reply: Option<String>,
    /// Headers and payload.
    pub content: Vec<u8>,
}

/// A connection that hears what is sent to [`INBOX`].
pub struct Connection {
    reader: BufReader<TcpStream>,
    line: String,
}

impl Connection {
    /// # Errors
    /// The server does not take it.
    pub fn open(server: &Server) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).map_err(broken)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let mut connection = Self { reader: BufReader::with_capacity(1 << 18, stream), line: String::new() };
        connection.send(
            format!(
                "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}}\r\nSUB {INBOX}.* 1\r\n"
            )
            .as_bytes(),
        )?;
        Ok(connection)
    }

    /// # Errors
    /// The connection broke.
    pub fn send(&mut self, bytes: &[u8]) -> Result {
        self.reader.get_mut().write_all(bytes).map_err(broken)
    }

    /// The next message. Pings are answered on the way.
    ///
    /// # Errors
    /// The server says `-ERR`, nothing for long, or what is no message.
    pub fn next(&mut self) -> Result<Message> {
        loop {
            self.line.clear();
            if self.reader.read_line(&mut self.line).map_err(broken)? == 0 {
                return Err(Failure::new("nats-server closed the connection"));
            }
            let words: Vec<&str> = self.line.split_ascii_whitespace().collect();
            let sizes = match words.first().copied() {
                Some("MSG") => 1,
                Some("HMSG") => 2,
                Some("PING") => {
                    self.send(b"PONG\r\n")?;
                    continue;
                }
                Some("-ERR") => return Err(Failure::new(format!("nats-server says {}", self.line.trim()))),
                _ => continue,
            };
            let reply = (words.len() == 4 + sizes).then(|| words[3].to_owned());
            let len = words.last().and_then(|len| len.parse::<usize>().ok());
            let len = len.ok_or_else(|| Failure::new(format!("not a message: {}", self.line.trim())))?;
            let mut content = vec![0; len + 2];
            std::io::Read::read_exact(&mut self.reader, &mut content).map_err(broken)?;
            content.truncate(len);
            return Ok(Message { reply, content });
        }
    }

    /// What the server answers to a request.
    ///
    /// # Errors
    /// See [`next`](Self::next); or the answer is an error.
    pub fn request(&mut self, subject: &str, body: &str) -> Result<String> {
        self.send(request(subject, body).as_bytes())?;
        let answer = String::from_utf8_lossy(&self.next()?.content).into_owned();
        if answer.contains("\"error\"") { Err(Failure::new(format!("{subject}: {answer}"))) } else { Ok(answer) }
    }
}

/// A publish whose answer comes to [`INBOX`].
pub fn request(subject: &str, body: &str) -> String {
    format!("PUB {subject} {INBOX}.1 {}\r\n{body}\r\n", body.len())
}

fn broken(error: std::io::Error) -> Failure {
    Failure::new(format!("the connection to nats-server broke: {error}"))
}
