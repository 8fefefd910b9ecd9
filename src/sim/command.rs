//! What a person does in the simulation, as data: the journal keeps it, and a replay does it again.

use std::time::Duration;

use super::actor::{ActorId, Draft, FetchRequest, PublisherScript, WorkerScript};
use crate::engine::stream::OriginRef;
use crate::engine::table::ConnId;

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
    /// Publishes `times` messages by `draft`, which becomes the publisher's.
    Publish {
        publisher: ActorId,
        draft: Draft,
        times: u32,
    },
    SetPublisherScript {
        publisher: ActorId,
        name: String,
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
    /// What a worker says of a message that it holds.
    Settle {
        worker: ActorId,
        consumer_seq: u64,
        how: Settlement,
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
        name: String,
        script: WorkerScript,
    },
    RunWorker {
        worker: ActorId,
        is_running: bool,
    },
    /// Cuts or mends the link between a stream and one of its origins.
    CutLink {
        stream: String,
        origin: OriginRef,
        is_cut: bool,
    },
    /// Connects a client from outside.
    Attach,
    /// A client from outside says something. What is not attached says nothing.
    AttachedSays {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    /// A client from outside hangs up.
    Detach {
        conn: ConnId,
    },
    /// A request of the page's own, as to the API.
    Request {
        subject: String,
        body: Vec<u8>,
    },
}

/// What can be said of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    Ack,
    /// Deliver it again: at once, or after a delay.
    Nak(Option<Duration>),
    /// Still working on it; it stays held.
    InProgress,
    /// Do not deliver it again.
    Term,
    /// An ack that is lost on its way: the worker is done, and the server hears nothing.
    LostAck,
}

impl Command {
    /// Bytes that the command takes up in the journal, roughly.
    pub fn size(&self) -> usize {
        let texts = match self {
            Self::AddPublisher { name, script } | Self::SetPublisherScript { name, script, .. } => {
                name.len() + draft_size(&script.draft)
            }
            Self::AddWorker { name, stream, consumer, .. } => name.len() + stream.len() + consumer.len(),
            Self::Publish { draft, .. } => draft_size(draft),
            Self::CutLink { stream, .. } => stream.len(),
            Self::AttachedSays { bytes, .. } => bytes.len(),
            Self::Request { subject, body } => subject.len() + body.len(),
            _ => 0,
        };
        size_of::<Self>() + texts
    }
}

fn draft_size(draft: &Draft) -> usize {
    let headers: usize = draft.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    draft.subject.len() + draft.payload.len() + draft.msg_id.len() + headers
}
