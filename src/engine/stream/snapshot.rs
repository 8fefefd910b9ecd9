//! A stream as an archive: what it was at one moment, given out in pieces.
//!
//! First comes the state, then the consumers, then the messages, then an empty entry. Source: nats-server
//! `server/stream_backup.go` (`streamSnapshotV2`).

use super::Stream;
use crate::engine::api::json::to_json;
use crate::engine::api::wire::{ArchivedConsumer, StreamState};
use crate::engine::archive::{Entry, MAGIC, Packer};
use crate::engine::store::MessageStore;
use crate::engine::time::Timestamp;

/// The entry that holds the state.
pub(super) const STATE_ENTRY: &str = "state.json";
/// Begins the names of the entries that hold consumers.
pub(super) const CONSUMER_ENTRIES: &str = "consumers/";

/// Gives out the archive of a stream. It is made while it is read: besides the messages, which the stream shares, hardly
/// more than one piece of it is held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SnapshotReader {
    store: MessageStore,
    /// The next message to look at; `None` when all are in the archive.
    next_seq: Option<u64>,
    packer: Packer,
}

impl SnapshotReader {
    /// What `stream` holds now. Later changes to the stream do not show.
    pub fn new(stream: &Stream, now: Timestamp, no_consumers: bool) -> Self {
        let mut packer = Packer::new();
        packer.push(MAGIC);
        let mut write = |name: &str, json: &[u8]| {
            let time_ns = nanos(now);
            Entry { name: name.as_bytes(), time_ns, payload: json, ..Entry::default() }.write(&mut packer);
        };
        let state = stream.state(false);
        let consumer_count = if no_consumers { 0 } else { state.consumer_count };
        write(STATE_ENTRY, &to_json(&StreamState { consumer_count, ..state }));
        // In the order of their making, as the server has them.
        for consumer in stream.consumers().filter(|consumer| !no_consumers && !consumer.is_hidden()) {
            let archived =
                ArchivedConsumer { config: &consumer.config, state: &consumer.archived_state(&stream.store) };
            write(&format!("{CONSUMER_ENTRIES}{}", consumer.name), &to_json(&archived));
        }
        Self { store: stream.store.clone(), next_seq: Some(stream.store.first_seq()), packer }
    }

    /// The next `len` bytes of the archive; fewer only at its end.
    pub fn read(&mut self, len: usize) -> Vec<u8> {
        let Self { store, next_seq, packer } = self;
        if let Some(from) = *next_seq {
            let mut messages = store.messages_from(from);
            while packer.len() < len {
                let Some(message) = messages.next() else {
                    Entry::default().write(packer);
                    packer.flush();
                    *next_seq = None;
                    break;
                };
                let entry = Entry {
                    name: message.subject,
                    time_ns: nanos(message.time),
                    seq: message.seq,
                    headers: message.headers,
                    payload: message.payload,
                };
                entry.write(packer);
                *next_seq = Some(message.seq.saturating_add(1));
            }
        }
        packer.take(len)
    }
}

fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::archive::{EntryHead, Unpacker};
    use crate::engine::{Input, Server, ServerConfig};

    /// A server with stream `S`, which holds `messages` messages of 1,000 bytes that cannot be packed well.
    fn server(messages: u64) -> Server {
        let mut server = Server::new(ServerConfig::default());
        let now = Timestamp::SIMULATION_START;
        let conn = server.connect(now);
        let create = r#"{"name":"S","subjects":["s"],"storage":"memory"}"#;
        let mut bytes = format!("PUB $JS.API.STREAM.CREATE.S {}\r\n{create}\r\n", create.len()).into_bytes();
        for _ in 0..messages {
            bytes.extend(b"PUB s 1000\r\n");
            bytes.extend((0..125).flat_map(|_| server.rng.next_u64().to_le_bytes()));
            bytes.extend(b"\r\n");
        }
        server.handle(now, Input::Bytes { conn, bytes: &bytes });
        server
    }

    #[test]
    fn an_archive_holds_state_and_messages_and_an_end() {
        let server = server(3);
        let stream = server.account().stream_named("S").expect("was made");
        let mut reader = SnapshotReader::new(stream, Timestamp::SIMULATION_START, false);
        let (mut unpacker, mut plain) = (Unpacker::default(), Vec::new());
        unpacker.push(&reader.read(usize::MAX));
        while unpacker.next_block(&mut plain).expect("packed by us") {}
        let mut rest = plain.strip_prefix(MAGIC).expect("begins an archive");
        let mut heads = Vec::new();
        while let Some((head, len)) = EntryHead::read(rest).expect("written by us") {
            heads.push((std::str::from_utf8(head.name).expect("text"), head.seq, head.payload_len));
            rest = &rest[len + head.payload_len as usize..];
        }
        assert_eq!(heads[0].0, "state.json");
        assert_eq!(heads[1..], [("s", 1, 1_000), ("s", 2, 1_000), ("s", 3, 1_000), ("", 0, 0)]);
    }

    #[test]
    fn hardly_more_than_a_piece_is_held() {
        let server = server(2_000);
        let stream = server.account().stream_named("S").expect("was made");
        let mut reader = SnapshotReader::new(stream, Timestamp::SIMULATION_START, false);
        let mut total = 0;
        loop {
            let piece = reader.read(10_000);
            total += piece.len();
            assert!(reader.packer.held() < 400_000, "holds {} bytes", reader.packer.held());
            if piece.len() < 10_000 {
                break;
            }
        }
        assert!(total > 2_000_000);
    }
}
