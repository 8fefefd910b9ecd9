//! A stream made from an archive, while the archive comes in.
//!
//! Nothing else sees the stream before the archive has come to an end, where nats-server shows it as it grows. If something
//! is wrong with the archive, the stream stays as far as it came, as there. Errors are those of nats-server
//! `server/stream_backup.go` (`RestoreStreamV2`).

use super::config::{Discard, Retention, Storage, StreamConfig};
use super::headers::PublishHeaders;
use super::snapshot::{CONSUMER_ENTRIES, STATE_ENTRY};
use super::ttl::MessageTtl;
use super::{Context, Stream, StreamView};
use crate::engine::api::json::{JsonError, unmarshal};
use crate::engine::api::wire::{ArchivedConsumerRequest, ConsumerState, StreamStateRequest};
use crate::engine::archive::{EntryHead, InvalidArchive, MAGIC, PackError, Unpacker};
use crate::engine::consumer::config::{ConsumerConfig, ConsumerConfigLimits};
use crate::engine::consumer::{Consumer, MAX_SEQ};
use crate::engine::error::ApiError;
use crate::engine::event::{Event, Removal};
use crate::engine::table::{ConsumerId, Id, StreamId};
use crate::engine::time::Timestamp;

/// The longest entry that is no message, in bytes. A consumer's pending messages take some 60 bytes each.
const MAX_JSON: u64 = 32 << 20;

/// What an account has to say about a stream that is to be restored, at the moment at which its state is read.
#[derive(Clone, Debug, Default)]
pub struct RestoreBounds {
    /// Why the stream cannot come into being.
    pub refusal: Option<RestoreError>,
    /// Where the stream is kept, for which `room` and `unreserved` hold.
    pub storage: Storage,
    /// Bytes of messages that the account may still store.
    pub room: u64,
    /// Bytes that can still be set aside.
    pub unreserved: u64,
    pub max_consumers: Option<u64>,
    pub max_ack_pending: Option<u64>,
    pub max_request_batch: Option<u64>,
    pub server_max_ack_pending: Option<u64>,
}

/// Takes an archive in and makes a stream of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RestoreReader {
    config: StreamConfig,
    unpacker: Unpacker,
    /// Unpacked and not yet read.
    plain: Vec<u8>,
    progress: Progress,
    /// What is wrong with the archive. The rest of it is passed over.
    error: Option<RestoreError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Progress {
    Magic,
    State,
    Contents(Box<Growing>),
}

/// Why a stream cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RestoreError {
    /// Something is wrong with the archive, or with a stream of its configuration.
    Text(String),
    /// A stream of that name has come meanwhile.
    NameExists,
    /// The account has no room for it in this storage.
    Exceeded(Storage),
}

impl From<RestoreError> for ApiError {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Text(err) => Self::StreamRestore { err },
            RestoreError::NameExists => Self::StreamNameExistRestoreFailed,
            RestoreError::Exceeded(Storage::Memory) => Self::MemoryResourcesExceeded,
            RestoreError::Exceeded(Storage::File) => Self::StorageResourcesExceeded,
        }
    }
}

/// A stream with the messages that came so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Growing {
    stream: Stream,
    /// Where its consumers are to stand when all messages are there.
    consumers: Vec<(ConsumerId, ConsumerState)>,
    consumers_left: u64,
    /// The sequence that was read last.
    last_read: u64,
    /// The last sequence of the stream.
    last_seq: u64,
    /// What the messages count for so far.
    bytes: u64,
    /// Those that a consumer has pending and for which limits left no room when others came.
    trimmed: Vec<u64>,
    /// All is there; what follows is passed over.
    is_complete: bool,
}

fn text<T>(text: impl Into<String>) -> Result<T, RestoreError> {
    Err(RestoreError::Text(text.into()))
}

fn invalid<T>() -> Result<T, RestoreError> {
    text("archive: invalid archive stream")
}

impl RestoreReader {
    /// `config` is that of the stream to be.
    pub fn new(config: StreamConfig) -> Self {
        Self { config, unpacker: Unpacker::default(), plain: Vec::new(), progress: Progress::Magic, error: None }
    }

    pub const fn config(&self) -> &StreamConfig {
        &self.config
    }

    /// Takes a piece of the archive in. What is wrong with it is said at the end.
    pub fn push(&mut self, ctx: &mut Context<'_>, bounds: &RestoreBounds, piece: &[u8]) {
        self.unpacker.push(piece);
        while !self.is_over() {
            let unpacked = self.unpacker.next_block(&mut self.plain);
            let error = match (self.read_entries(ctx, bounds), unpacked) {
                (Ok(()), Ok(true)) => continue,
                (Ok(()), Ok(false)) => return,
                (Ok(()), Err(_)) if self.is_over() => break,
                (Ok(()), Err(error)) => self.cut_off(Some(error)),
                (Err(error), _) => error,
            };
            self.error = Some(error);
        }
        self.unpacker = Unpacker::default();
        self.plain = Vec::new();
    }

    /// Whether nothing more is needed.
    fn is_over(&self) -> bool {
        self.error.is_some() || matches!(&self.progress, Progress::Contents(growing) if growing.is_complete)
    }

    /// Gives out the stream as far as it came, to be put into the account as `id`, and what is wrong with it.
    pub fn finish(mut self, ctx: &mut Context<'_>, id: StreamId) -> (Option<Stream>, Option<RestoreError>) {
        if !self.is_over() {
            let error = (!self.unpacker.is_empty()).then_some(PackError::Corrupt);
            self.error = Some(self.cut_off(error));
        }
        let stream = match self.progress {
            Progress::Contents(growing) => Some(growing.finish(ctx, id)),
            Progress::Magic | Progress::State => None,
        };
        (stream, self.error)
    }

    /// What is wrong if the archive ends here, or cannot be unpacked further because of `error`.
    fn cut_off(&self, error: Option<PackError>) -> RestoreError {
        let reason = match (&self.progress, error) {
            (Progress::Magic, Some(error)) => error.to_string(),
            (Progress::Magic, None) if !self.plain.is_empty() => "unexpected EOF".to_owned(),
            (_, None) if self.plain.is_empty() => "EOF".to_owned(),
            (progress, _) => match EntryHead::read(&self.plain) {
                Ok(Some((head, _))) => progress.cut_entry(&head),
                _ => "archive: invalid archive stream".to_owned(),
            },
        };
        RestoreError::Text(reason)
    }

    fn read_entries(&mut self, ctx: &mut Context<'_>, bounds: &RestoreBounds) -> Result<(), RestoreError> {
        let mut at = 0;
        let plain = std::mem::take(&mut self.plain);
        let result = loop {
            if self.is_over() {
                break Ok(());
            }
            match self.read_entry(ctx, bounds, &plain[at..]) {
                Ok(Some(len)) => at += len,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.plain = plain;
        self.plain.drain(..at);
        result
    }

    /// Reads the next entry and returns its length; `None` if it is not there yet.
    fn read_entry(
        &mut self,
        ctx: &mut Context<'_>,
        bounds: &RestoreBounds,
        plain: &[u8],
    ) -> Result<Option<usize>, RestoreError> {
        if matches!(self.progress, Progress::Magic) {
            let Some(magic) = plain.first_chunk() else { return Ok(None) };
            if magic != MAGIC {
                // Older servers sent their files in a tar, which means nothing here.
                return text("archive/tar: invalid tar header");
            }
            self.progress = Progress::State;
            return Ok(Some(MAGIC.len()));
        }
        let (head, head_len) = match EntryHead::read(plain) {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(None),
            Err(InvalidArchive) => return invalid(),
        };
        self.progress.check_head(&head, ctx.config.max_payload)?;
        // Both were checked to be far below 4 GiB.
        let (headers_len, payload_len) = (head.headers_len as usize, head.payload_len as usize);
        let Some(content) = plain[head_len..].get(..headers_len + payload_len) else { return Ok(None) };
        match &mut self.progress {
            Progress::State => {
                let state: StreamStateRequest =
                    unmarshal(content).or_else(|error| text(format!("error in state.json: {}", go_text(&error))))?;
                self.progress = Progress::Contents(Growing::new(ctx, bounds, self.config.clone(), &state)?.into());
            }
            Progress::Contents(growing) if growing.consumers_left > 0 => {
                growing.add_consumer(ctx, bounds, &head, content)?;
            }
            Progress::Contents(growing) if head.seq == 0 => growing.complete(ctx.now),
            Progress::Contents(growing) => growing.add_message(ctx, bounds, &head, content.split_at(headers_len))?,
            Progress::Magic => return Ok(None),
        }
        Ok(Some(head_len + content.len()))
    }
}

impl Progress {
    /// What of an entry is wrong before its contents are looked at.
    fn check_head(&self, head: &EntryHead<'_>, max_payload: usize) -> Result<(), RestoreError> {
        let EntryHead { headers_len, payload_len, seq, .. } = *head;
        let growing = match self {
            Self::Magic => return Ok(()),
            Self::State if head.name != STATE_ENTRY.as_bytes() => return text("expected state.json first"),
            Self::State if headers_len + payload_len > MAX_JSON => return invalid(),
            Self::State => return Ok(()),
            Self::Contents(growing) => growing,
        };
        if growing.consumers_left > 0 {
            if consumer_name(head).is_none() {
                return text(format!("expected consumer, found {}", quoted(head.name)));
            }
            return if headers_len + payload_len > MAX_JSON { invalid() } else { Ok(()) };
        }
        if seq == 0 {
            let is_end = head.time_ns == 0 && headers_len == 0 && payload_len == 0;
            return if is_end { Ok(()) } else { text("expected message sequence") };
        }
        if headers_len + payload_len > max_payload as u64 {
            return text(format!("message sequence {seq} exceeds maximum payload size"));
        }
        let max_msg_size = growing.stream.config.max_msg_size.map_or(u64::MAX, u64::from);
        if headers_len + payload_len > max_msg_size {
            return text(format!("message sequence {seq} exceeds maximum message size"));
        }
        Ok(())
    }

    /// What is said of an entry whose contents do not come.
    fn cut_entry(&self, head: &EntryHead<'_>) -> String {
        const INVALID: &str = "archive: invalid archive stream";
        match self {
            Self::State => "expected state.json contents".to_owned(),
            Self::Contents(growing) if growing.consumers_left > 0 => {
                let name = consumer_name(head).unwrap_or_default();
                format!("failed to read consumer {} state: {INVALID}", quoted(name.as_bytes()))
            }
            Self::Contents(_) => format!("failed to read message sequence {}: {INVALID}", head.seq),
            Self::Magic => INVALID.to_owned(),
        }
    }
}

impl Growing {
    fn new(
        ctx: &Context<'_>,
        bounds: &RestoreBounds,
        config: StreamConfig,
        state: &StreamStateRequest,
    ) -> Result<Self, RestoreError> {
        if let Some(refusal) = &bounds.refusal {
            return Err(refusal.clone());
        }
        if state.first_seq.max(state.last_seq) > MAX_SEQ {
            return text("error in state.json: no such sequence");
        }
        check_room(bounds.room, state.bytes, bounds)?;
        check_room(bounds.unreserved, state.bytes.max(config.max_bytes.unwrap_or(0)), bounds)?;
        // The id is given when the stream is complete.
        let mut stream = Stream::new(ctx, StreamId::from_index(0), config);
        let opening_seq = if state.first_seq > 0 { state.first_seq } else { stream.store.last_seq() + 1 };
        stream.store.skip_to(opening_seq, None);
        Ok(Self {
            stream,
            consumers: Vec::new(),
            consumers_left: u64::try_from(state.consumer_count).unwrap_or(0),
            // A stream that was never used cannot hold a message.
            last_read: state.first_seq.wrapping_sub(1),
            last_seq: state.last_seq,
            bytes: 0,
            trimmed: Vec::new(),
            is_complete: false,
        })
    }

    /// Adds a consumer, as if the stream had no messages yet.
    fn add_consumer(
        &mut self,
        ctx: &mut Context<'_>,
        bounds: &RestoreBounds,
        head: &EntryHead<'_>,
        json: &[u8],
    ) -> Result<(), RestoreError> {
        let name = consumer_name(head).unwrap_or_default();
        let quoted = quoted(name.as_bytes());
        let archived: ArchivedConsumerRequest = unmarshal(json)
            .or_else(|error| text(format!("failed to decode consumer {quoted} state: {}", go_text(&error))))?;
        let Some(mut config) = archived.config else { return text(format!("consumer {quoted} is missing config")) };
        let Some(state) = archived.state else { return text(format!("consumer {quoted} is missing state")) };
        if config.durable_name.is_empty() && config.name.is_empty() {
            name.clone_into(&mut config.name);
        }
        let metadata = config.metadata.clone();
        let limits = ConsumerConfigLimits {
            stream: &self.stream.config,
            server_max_ack_pending: bounds.server_max_ack_pending,
            account_max_ack_pending: bounds.max_ack_pending,
            server_max_request_batch: bounds.max_request_batch,
        };
        let config = config.checked(&limits, false).or_else(|error| cannot_add(name, &error))?;
        let name = config.durable_name.clone().or_else(|| config.name.clone()).unwrap_or_default();
        let checked = match self.stream.consumer_id(&name) {
            Some(_) => Err(ApiError::ConsumerNameExist),
            None => self.stream.check_new_consumer(&config, bounds.max_consumers),
        };
        checked.and_then(|()| config.check_name_len()).or_else(|error| cannot_add(&name, &error))?;
        let (id, config) = (self.stream.consumers.next_id(), ConsumerConfig { metadata, ..config });
        let consumer = Consumer::new(ctx, self.stream.view(), id, name, config);
        self.stream.insert_consumer(consumer);
        self.consumers_left -= 1;
        state.check().or_else(|error| text(format!("failed to set consumer {quoted} state: {error}")))?;
        self.consumers.push((id, state));
        Ok(())
    }

    /// Stores a message under its sequence; those before it that the archive leaves out are used up.
    fn add_message(
        &mut self,
        ctx: &Context<'_>,
        bounds: &RestoreBounds,
        head: &EntryHead<'_>,
        (headers, payload): (&[u8], &[u8]),
    ) -> Result<(), RestoreError> {
        let seq = head.seq;
        self.bytes += self.stream.store.message_size(head.name.len(), headers.len(), payload.len());
        check_room(bounds.room, self.bytes, bounds)?;
        if seq <= self.last_read || seq > MAX_SEQ {
            return text(format!("message sequence {seq} out of order"));
        }
        const MISMATCH: &str = "expected sequence does not match store";
        if self.stream.store.last_seq() != self.last_read {
            let gap = if seq - self.last_read > 1 { "process gap" } else { &format!("store message sequence {seq}") };
            return text(format!("failed to {gap}: {MISMATCH}"));
        }
        let store = &mut self.stream.store;
        let first_skip = if store.last_time().is_none() { Some(ctx.now) } else { None };
        if seq - self.last_read > 1 {
            store.skip_to(seq, first_skip);
        }
        self.last_read = seq;
        let ttl = match MessageTtl::of(headers) {
            Ok(ttl) => ttl,
            Err(()) => {
                return text(format!("failed to parse message TTL: {}", with_code(&ApiError::MessageTtlInvalid)));
            }
        };
        let time = Timestamp::from_nanos(u64::try_from(head.time_ns).unwrap_or(0));
        if ttl.is_some_and(|ttl| ttl.is_over(time, ctx.now)) {
            store.skip_to(seq + 1, first_skip);
            return Ok(());
        }
        if let Err(error) = store.push(head.name, headers, payload, time) {
            return text(format!("failed to store message sequence {seq}: {error}"));
        }
        self.stream.track_ttl(time, seq, ttl);
        if self.stream.config.allow_msg_schedules {
            self.stream.track_schedule(ctx.now, time, seq, head.name, &PublishHeaders::read(headers));
        }
        self.trim(head.name);
        Ok(())
    }

    /// Removes the oldest messages until the limits hold, as if they had been stored one by one.
    fn trim(&mut self, subject: &[u8]) {
        let Stream { config, store, .. } = &self.stream;
        let is_over = |limit: Option<u64>, value: u64| limit.is_some_and(|limit| value > limit);
        let too_many_of_subject = is_over(config.max_msgs_per_subject, store.count_of(subject));
        let mut next = if too_many_of_subject { store.first_of(subject) } else { None };
        loop {
            if let Some(seq) = next {
                if self.consumers.iter().any(|(_, state)| state.pending_ack(seq).is_some()) {
                    self.trimmed.push(seq);
                }
                self.stream.forget_message(seq);
            }
            let Stream { config, store, .. } = &self.stream;
            let is_full = is_over(config.max_msgs, store.messages()) || is_over(config.max_bytes, store.bytes());
            if config.discard == Discard::New || !is_full {
                return;
            }
            next = Some(store.first_seq());
        }
    }

    /// No further message comes: uses up the sequences behind the last one.
    fn complete(&mut self, now: Timestamp) {
        self.is_complete = true;
        if self.last_read < self.last_seq {
            let store = &mut self.stream.store;
            let first_skip = if store.last_time().is_none() { Some(now) } else { None };
            store.skip_to(self.last_seq + 1, first_skip);
        }
    }

    /// All messages are there: puts the consumers where they stood among them.
    fn finish(mut self, ctx: &mut Context<'_>, id: StreamId) -> Stream {
        self.stream.id = id;
        let Stream { config, store, consumers, .. } = &mut self.stream;
        let view = StreamView { id, config, store };
        for (id, mut state) in self.consumers {
            let Some(consumer) = consumers.get_mut(id) else { continue };
            if self.is_complete {
                state.go_back_to(store.last_seq());
            }
            consumer.restore_state(ctx, &state, view);
            for seq in &self.trimmed {
                if let Some(ack) = state.pending_ack(*seq) {
                    consumer.terminate_removed(ctx, view, ack, 1);
                }
            }
        }
        self.stream
    }
}

fn cannot_add<T>(name: &str, error: &ApiError) -> Result<T, RestoreError> {
    text(format!("failed to add consumer {}: {}", quoted(name.as_bytes()), with_code(error)))
}

impl Stream {
    /// A stream that was restored is in the account: tells of its consumers, and drops what they had settled. Whoever
    /// restores it hears of what is left.
    pub fn settle_restored(&mut self, ctx: &mut Context<'_>) {
        for (id, consumer) in self.consumers.iter() {
            ctx.tell(|| Event::ConsumerCreated { stream: self.id, consumer: id, name: consumer.name.clone() });
        }
        match self.config.retention {
            Retention::Limits => {}
            _ if self.consumers.is_empty() => {}
            Retention::Interest if self.has_consumer_past_end() => self.drop_all(ctx),
            Retention::Interest => {
                self.drop_unread_head(ctx);
                self.drop_settled(ctx);
            }
            Retention::WorkQueue => self.drop_settled(ctx),
        }
    }

    /// The consumers of a stream that was restored take up their work.
    pub fn start_restored(&mut self, ctx: &mut Context<'_>) {
        for id in self.consumers.ids() {
            self.start_consumer(ctx, id);
        }
    }

    /// What lies before all that any consumer reads goes.
    fn drop_unread_head(&mut self, ctx: &mut Context<'_>) {
        while let Some(subject) = self.store.subject_of(self.store.first_seq())
            && !self.consumers().any(|consumer| consumer.matches(subject))
        {
            self.remove_message(ctx, self.store.first_seq(), Removal::NoInterest);
        }
    }
}

fn check_room(room: u64, wanted: u64, bounds: &RestoreBounds) -> Result<(), RestoreError> {
    if wanted > room { Err(RestoreError::Exceeded(bounds.storage)) } else { Ok(()) }
}

fn consumer_name<'a>(head: &EntryHead<'a>) -> Option<&'a str> {
    std::str::from_utf8(head.name).ok()?.strip_prefix(CONSUMER_ENTRIES)
}

fn quoted(text: &[u8]) -> String {
    crate::engine::quote::quote(text)
}

/// An error within the text of another one.
fn with_code(error: &ApiError) -> String {
    format!("{error} ({})", error.err_code())
}

/// The server reads these texts with a reader that says so of one that is cut off.
fn go_text(error: &JsonError) -> String {
    error.to_string().replace("unexpected end of JSON input", "unexpected EOF")
}
