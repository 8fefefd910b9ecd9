//! What a person does in the simulation, as data: the journal keeps it, and a replay does it again.

use std::time::Duration;

use super::actor::{ActorId, FetchRequest, PublisherScript, WorkerScript};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    AddPublisher {
        name: String,
        script: PublisherScript,
    },
    AddWorker {
        name: String,
        stream: String,
        consumer: String,
        script: WorkerScript,
    },
    RemoveClient {
        client: ActorId,
    },
    /// Publishes `times` messages by the publisher's templates.
    Publish {
        publisher: ActorId,
        times: u32,
    },
    SetPublisherScript {
        publisher: ActorId,
        script: PublisherScript,
    },
    PausePublisher {
        publisher: ActorId,
        is_paused: bool,
    },
    Fetch {
        worker: ActorId,
        request: FetchRequest,
    },
    Ack {
        worker: ActorId,
        stream_seq: u64,
    },
    Nak {
        worker: ActorId,
        stream_seq: u64,
        delay: Option<Duration>,
    },
    InProgress {
        worker: ActorId,
        stream_seq: u64,
    },
    Term {
        worker: ActorId,
        stream_seq: u64,
    },
    /// Cuts the client's connection without a word.
    Kill {
        client: ActorId,
    },
    /// Connects a client that was killed or crashed.
    Restart {
        client: ActorId,
    },
    SetWorkerScript {
        worker: ActorId,
        script: WorkerScript,
    },
    /// A request of the page's own, as to the API.
    Request {
        subject: String,
        body: Vec<u8>,
    },
}

impl Command {
    /// Bytes that the command takes up in the journal, roughly.
    pub fn size(&self) -> usize {
        let texts = match self {
            Self::AddPublisher { name, script } => name.len() + script_size(script),
            Self::AddWorker { name, stream, consumer, .. } => name.len() + stream.len() + consumer.len(),
            Self::SetPublisherScript { script, .. } => script_size(script),
            Self::Request { subject, body } => subject.len() + body.len(),
            _ => 0,
        };
        size_of::<Self>() + texts
    }
}

fn script_size(script: &PublisherScript) -> usize {
    let headers: usize = script.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    script.subject.len() + script.payload.len() + script.msg_id.len() + headers
}
