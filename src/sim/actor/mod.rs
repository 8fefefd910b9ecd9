//! Scripted clients: each holds one connection and acts on simulated time, as sans-IO as the server.
//!
//! An actor is given what its connection received and the moments at which it asked to be woken; it answers with the
//! bytes it sends. It learns of the server only through its connection.

mod console;
mod publisher;
mod worker;

pub use self::console::{Answer, Console};
pub use self::publisher::{Draft, PubAck, Published, Publisher, PublisherScript};
pub use self::worker::{Binding, FetchRequest, Held, OpenPull, Worker, WorkerScript};
use super::client::{ServerOp, ServerReader};
use crate::engine::rng::Rng;
use crate::engine::table::{ConnId, id_type};
use crate::engine::time::Timestamp;

id_type!(
    /// A scripted client, from its making to its removal.
    ActorId
);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    pub name: String,
    /// `None` while it is not connected.
    pub conn: Option<ConnId>,
    reader: ServerReader,
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Publisher(Publisher),
    Worker(Worker),
    Console(Console),
}

impl Actor {
    pub fn new(name: String, role: Role) -> Self {
        Self { name, conn: None, reader: ServerReader::default(), role }
    }

    pub const fn publisher(&self) -> Option<&Publisher> {
        match &self.role {
            Role::Publisher(publisher) => Some(publisher),
            Role::Worker(_) | Role::Console(_) => None,
        }
    }

    pub const fn publisher_mut(&mut self) -> Option<&mut Publisher> {
        match &mut self.role {
            Role::Publisher(publisher) => Some(publisher),
            Role::Worker(_) | Role::Console(_) => None,
        }
    }

    pub const fn worker(&self) -> Option<&Worker> {
        match &self.role {
            Role::Worker(worker) => Some(worker),
            Role::Publisher(_) | Role::Console(_) => None,
        }
    }

    pub const fn worker_mut(&mut self) -> Option<&mut Worker> {
        match &mut self.role {
            Role::Worker(worker) => Some(worker),
            Role::Publisher(_) | Role::Console(_) => None,
        }
    }

    pub const fn console_mut(&mut self) -> Option<&mut Console> {
        match &mut self.role {
            Role::Console(console) => Some(console),
            Role::Publisher(_) | Role::Worker(_) => None,
        }
    }

    pub const fn console(&self) -> Option<&Console> {
        match &self.role {
            Role::Console(console) => Some(console),
            Role::Publisher(_) | Role::Worker(_) => None,
        }
    }

    /// Takes a fresh connection. Returns what the actor says first.
    pub fn handle_connected(&mut self, now: Timestamp, conn: ConnId) -> Vec<u8> {
        self.conn = Some(conn);
        self.reader = ServerReader::default();
        let mut out = Vec::new();
        super::client::write_connect(&mut out, &self.name);
        match &mut self.role {
            Role::Publisher(publisher) => publisher.handle_connected(conn, &mut out),
            Role::Worker(worker) => worker.handle_connected(now, conn, &mut out),
            Role::Console(console) => console.handle_connected(conn, &mut out),
        }
        out
    }

    /// The connection is gone.
    pub fn handle_closed(&mut self) {
        self.conn = None;
        if let Role::Worker(worker) = &mut self.role {
            worker.handle_closed();
        }
    }

    /// Takes what the connection received. Returns what the actor answers.
    pub fn handle_bytes(&mut self, now: Timestamp, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for op in self.reader.read(bytes) {
            match (op, &mut self.role) {
                (ServerOp::Ping, _) => out.extend_from_slice(b"PONG\r\n"),
                (ServerOp::Message(message), Role::Publisher(publisher)) => publisher.handle_message(&message),
                (ServerOp::Message(message), Role::Worker(worker)) => worker.handle_message(now, &message, &mut out),
                (ServerOp::Message(message), Role::Console(console)) => console.handle_message(message),
                (ServerOp::Err(text), Role::Publisher(publisher)) => publisher.handle_error(text),
                _ => {}
            }
        }
        out
    }

    /// When the actor next does something of its own accord.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.conn?;
        match &self.role {
            Role::Publisher(publisher) => publisher.next_due(),
            Role::Worker(worker) => worker.next_due(),
            Role::Console(_) => None,
        }
    }

    /// Does what is due. Returns what the actor says.
    pub fn handle_due(&mut self, now: Timestamp, rng: &mut Rng) -> Due {
        let mut due = Due::default();
        if self.next_due().is_some_and(|at| at <= now) {
            match &mut self.role {
                Role::Publisher(publisher) => publisher.handle_due(now, rng, &mut due.bytes),
                Role::Worker(worker) => due.crashed = worker.handle_due(now, rng, &mut due.bytes),
                Role::Console(_) => {}
            }
        }
        due
    }
}

/// What an actor did when its moment came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub bytes: Vec<u8>,
    /// It dropped its connection without a word.
    pub crashed: bool,
}
