//! The JetStream API: requests on `$JS.API.>` and their replies (ADR-1).
//!
//! A request's subject names an [`Endpoint`]; its body is decoded, carried out and answered here, and here alone JSON
//! becomes typed values and back. Source: nats-server `server/jetstream_api.go`.

pub mod advisory;
mod audit;
mod consumers;
mod direct_get;
mod endpoint;
pub mod json;
mod streams;
mod transfers;
pub mod wire;

use super::Server;
use super::asset::is_above_api_level;
use super::connection::Message;
use super::context::Context;
use super::effects::Publication;
use super::error::ApiError;
use super::event::Event;
use super::message::Headers;
use super::subject::is_valid_filter;
use super::table::{ConnId, StreamId};
use super::time::Timestamp;
use endpoint::Endpoint;
use wire::{
    AccountInfo, AccountInfoReply, AccountLimits, ApiStats, ConsumerListReply, ConsumerNamesReply, NoBody, PauseReply,
    PurgeReply, ReplyKind, RestoreReply, SnapshotRequest, StreamInfoReply, StreamListReply, StreamNamesReply,
};

/// Tells a stream from another of its name, in requests and in replies.
const STREAM_IDENTITY: &str = "Nats-Stream-Identity";

/// A request that JSON answers.
struct Request<'a> {
    body: &'a [u8],
    /// What the request says that it needs, see ADR-44.
    is_above_level: bool,
    is_strict: bool,
    /// The stream that is meant, told from another of its name. Empty if that does not matter.
    identity: &'a [u8],
}

/// What a request is answered with.
struct Answer {
    /// A header block, mostly empty.
    headers: Vec<u8>,
    json: Vec<u8>,
    error: Option<ApiError>,
    /// Counts in account info, and is audited.
    counts: bool,
    /// What begins once the request was answered.
    follow_up: Option<FollowUp>,
}

/// What follows an answer.
enum FollowUp {
    /// A new consumer begins to deliver.
    StartConsumer { stream: String, consumer: String },
    /// A backup begins.
    Snapshot { stream: StreamId, request: SnapshotRequest },
}

impl Answer {
    fn new<B: serde::Serialize + Default>(kind: ReplyKind, result: Result<B, ApiError>) -> Self {
        let json = wire::reply(kind, &result);
        Self { headers: Vec::new(), json, error: result.err(), counts: true, follow_up: None }
    }
}

/// An error in the shape of a kind of reply, with the fields that it has even then.
fn refuse(kind: ReplyKind, error: ApiError) -> Answer {
    match kind {
        ReplyKind::StreamInfo => Answer::new::<StreamInfoReply>(kind, Err(error)),
        ReplyKind::StreamNames => Answer::new::<StreamNamesReply>(kind, Err(error)),
        ReplyKind::StreamList => Answer::new::<StreamListReply>(kind, Err(error)),
        ReplyKind::StreamPurge => Answer::new::<PurgeReply>(kind, Err(error)),
        ReplyKind::StreamRestore => Answer::new::<RestoreReply>(kind, Err(error)),
        ReplyKind::ConsumerNames => Answer::new::<ConsumerNamesReply>(kind, Err(error)),
        ReplyKind::ConsumerList => Answer::new::<ConsumerListReply>(kind, Err(error)),
        ReplyKind::ConsumerPause => Answer::new::<PauseReply>(kind, Err(error)),
        _ => Answer::new::<NoBody>(kind, Err(error)),
    }
}

impl Request<'_> {
    /// # Errors
    /// If the request needs a newer API than this.
    fn check_level(&self) -> Result<(), ApiError> {
        if self.is_above_level { Err(ApiError::RequiredApiLevel) } else { Ok(()) }
    }

    fn decode<T: json::Object>(&self) -> Result<T, ApiError> {
        json::decode_request(self.body, self.is_strict)
    }

    /// Reads options: a body that is neither object nor array counts as none.
    fn decode_options<T: json::Object>(&self) -> Result<T, ApiError> {
        if json::is_object_or_array(self.body) { self.decode() } else { Ok(T::default()) }
    }

    /// # Errors
    /// If there is a body.
    fn check_empty(&self) -> Result<(), ApiError> {
        if json::is_empty_request(self.body) { Ok(()) } else { Err(ApiError::NotEmptyRequest) }
    }

    /// Reads a body that says something.
    fn decode_filled<T: json::Object>(&self) -> Result<T, ApiError> {
        self.check_filled()?;
        self.decode()
    }

    /// # Errors
    /// If the body says nothing.
    fn check_filled(&self) -> Result<(), ApiError> {
        if json::is_empty_request(self.body) { Err(ApiError::BadRequest) } else { Ok(()) }
    }
}

impl Server {
    /// Takes a request to the API; `request` is its subject behind the prefix. Whether anything listens there.
    pub(super) fn handle_api(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        subject: &[u8],
        request: &[u8],
        message: &Message<'_>,
    ) -> bool {
        // What is no text names nothing that there is.
        let text = String::from_utf8_lossy(request);
        let Some(endpoint) = Endpoint::parse(&text) else {
            // Whoever asks for what there is not gets no answer, and no word that nobody listens, unless streams and
            // consumers themselves would have to.
            let theirs = [&b"CONSUMER.MSG.NEXT."[..], b"DIRECT.GET"].iter().any(|own| request.starts_with(own));
            return !theirs && is_valid_filter(request);
        };
        match endpoint {
            Endpoint::ConsumerMsgNext { stream, consumer } => self.handle_next(now, stream, consumer, message),
            Endpoint::DirectGet { stream, subject } => self.handle_direct_get(now, stream, subject, message),
            Endpoint::ConsumerReset { stream, consumer } => {
                self.handle_reset(now, stream, consumer, message);
                true
            }
            _ => {
                self.answer(now, from, subject, endpoint, message);
                true
            }
        }
    }

    fn answer(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        subject: &[u8],
        endpoint: Endpoint<'_>,
        message: &Message<'_>,
    ) {
        let header = |name| Headers::new(message.headers).get(name).unwrap_or_default();
        let Some(settings) = self.config.jetstream.clone() else { return };
        let request = Request {
            body: message.payload,
            is_above_level: is_above_api_level(header("Nats-Required-Api-Level")),
            is_strict: settings.strict,
            identity: header(STREAM_IDENTITY),
        };
        let answer = if settings.account_enabled {
            self.carry_out(now, from, endpoint, &request)
        } else {
            refuse(endpoint.kind(), ApiError::NotEnabledForAccount)
        };
        if answer.counts {
            self.account.api.total += 1;
            // A delete that fails at the store counts as a success (nats-server `jsMsgDeleteRequest`).
            let is_error = |error: &ApiError| !matches!(error, ApiError::SequenceNotFound { .. });
            self.account.api.errors += u64::from(answer.error.as_ref().is_some_and(is_error));
        }
        if !message.reply.is_empty() {
            self.reply(message.reply, &answer.headers, &answer.json);
        }
        // What the server asks itself, for its streams, is told by those.
        if let Some(error) = answer.error.as_ref().filter(|_| from.is_some()) {
            self.effects.tell(now, || Event::ApiError {
                subject: subject.into(),
                err_code: error.err_code(),
                description: error.to_string(),
            });
        }
        if answer.counts {
            self.audit(now, from, subject, message.payload, &answer.json);
        }
        if let Some(follow_up) = answer.follow_up {
            self.follow_up(now, from, follow_up);
        }
    }

    fn follow_up(&mut self, now: Timestamp, from: Option<ConnId>, follow_up: FollowUp) {
        match follow_up {
            FollowUp::StartConsumer { stream, consumer } => {
                let (account, mut ctx) = self.parts(now);
                if let Ok(stream) = account.find(&stream)
                    && let Some(id) = stream.consumer_id(&consumer)
                {
                    stream.start_consumer(&mut ctx, id);
                }
            }
            FollowUp::Snapshot { stream, request } => {
                let client = self.client_info(now, from);
                let (account, mut ctx) = self.parts(now);
                account.begin_snapshot(&mut ctx, stream, &request, client);
            }
        }
    }

    fn reply(&mut self, to: &[u8], headers: &[u8], payload: &[u8]) {
        self.effects.publish(Publication { to, subject: to, headers, payload, ..Publication::default() });
    }

    fn carry_out(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        endpoint: Endpoint<'_>,
        request: &Request<'_>,
    ) -> Answer {
        let kind = endpoint.kind();
        match endpoint {
            Endpoint::Info => Answer::new(kind, self.account_info(request)),
            Endpoint::StreamCreate { stream } => self.create_stream(now, stream, request),
            Endpoint::StreamUpdate { stream } => self.update_stream(now, stream, request),
            Endpoint::StreamInfo { stream } => self.stream_info(now, stream, request),
            Endpoint::StreamNames => self.stream_names(request),
            Endpoint::StreamList => self.stream_list(now, request),
            Endpoint::StreamDelete { stream } => self.delete_stream(now, stream, request),
            Endpoint::StreamPurge { stream } => self.purge_stream(now, stream, request),
            Endpoint::StreamMsgGet { stream } => self.get_message(stream, request),
            Endpoint::StreamSnapshot { stream } => self.snapshot_stream(stream, request),
            Endpoint::StreamRestore { stream } => self.restore_stream(now, from, stream, request),
            Endpoint::StreamMsgDelete { stream } => self.delete_message(now, stream, request),
            Endpoint::ConsumerCreate { stream, .. } => {
                let stream = stream.to_owned();
                self.create_consumer(now, &stream, endpoint, request)
            }
            Endpoint::ConsumerInfo { stream, consumer } => self.consumer_info(now, stream, consumer, request),
            Endpoint::ConsumerNames { stream } => self.consumer_names(stream, request),
            Endpoint::ConsumerList { stream } => self.consumer_list(now, stream, request),
            Endpoint::ConsumerDelete { stream, consumer } => self.delete_consumer(now, stream, consumer, request),
            Endpoint::ConsumerPause { stream, consumer } => self.pause_consumer(now, stream, consumer, request),
            Endpoint::ConsumerUnpin { stream, consumer } => self.unpin_consumer(now, stream, consumer, request),
            Endpoint::ClusterOnly(_)
            | Endpoint::ConsumerMsgNext { .. }
            | Endpoint::DirectGet { .. }
            | Endpoint::ConsumerReset { .. } => Answer::new::<NoBody>(kind, Err(ApiError::ClusterRequired)),
        }
    }

    fn account_info(&self, request: &Request<'_>) -> Result<AccountInfoReply, ApiError> {
        request.check_level()?;
        let usage = self.account.usage();
        let settings = self.config.jetstream.as_ref();
        let limits = settings.map(|settings| settings.limits.clone()).unwrap_or_default();
        let info = AccountInfo {
            memory: usage.memory,
            storage: usage.storage,
            reserved_memory: usage.reserved_memory,
            reserved_storage: usage.reserved_storage,
            streams: self.account.len() as u64,
            consumers: usage.consumers as u64,
            limits: AccountLimits {
                max_memory: limits.max_memory,
                max_storage: limits.max_storage,
                max_streams: limits.max_streams,
                max_consumers: limits.max_consumers,
                max_ack_pending: limits.max_ack_pending,
                memory_max_stream_bytes: limits.memory_max_stream_bytes,
                storage_max_stream_bytes: limits.storage_max_stream_bytes,
                max_bytes_required: limits.max_bytes_required,
            },
            domain: settings.and_then(|settings| settings.domain.clone()),
            api: ApiStats::new(self.account.api.total, self.account.api.errors),
        };
        Ok(AccountInfoReply { info: Some(info) })
    }
}
