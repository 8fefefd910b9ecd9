//! Requests about consumers.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::json::{JsonError, unmarshal};
use super::streams::{LIST_PAGE, NAMES_PAGE, page};
use super::wire::{
    ConsumerInfo, ConsumerInfoReply, ConsumerListReply, ConsumerNamesReply, ConsumersRequest, NoBody, PauseReply,
    PauseRequest, ReplyKind, ResetReply, ResetRequest, Success, UnpinRequest, reply,
};
use super::{Answer, FollowUp, Request, STREAM_IDENTITY};
use crate::engine::Server;
use crate::engine::asset::is_above_api_level;
use crate::engine::connection::Message;
use crate::engine::consumer::Consumer;
use crate::engine::consumer::config::{
    ConsumerAction, ConsumerConfig, ConsumerConfigLimits, CreateConsumerRequest, check_group_name,
};
use crate::engine::error::ApiError;
use crate::engine::event::ConsumerEnd;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::stream::Stream;
use crate::engine::stream::config::Retention;
use crate::engine::table::ConsumerId;
use crate::engine::time::Timestamp;

/// Names that the server makes up.
const MADE_UP_NAME_LEN: usize = 8;

impl Server {
    pub(super) fn create_consumer(
        &mut self,
        now: Timestamp,
        stream: &str,
        endpoint: Endpoint<'_>,
        request: &Request<'_>,
    ) -> Answer {
        let result = self.try_create_consumer(now, stream, endpoint, request);
        let start =
            |info: &ConsumerInfo| FollowUp::StartConsumer { stream: stream.to_owned(), consumer: info.name.clone() };
        let follow_up = result.as_ref().ok().map(|(info, _)| start(info));
        let headers = result.as_ref().map(|(_, headers)| headers.clone()).unwrap_or_default();
        let reply = result.map(|(info, _)| ConsumerInfoReply { info: Some(info) });
        Answer { follow_up, headers, ..Answer::new(ReplyKind::ConsumerCreate, reply) }
    }

    fn try_create_consumer(
        &mut self,
        now: Timestamp,
        stream: &str,
        endpoint: Endpoint<'_>,
        request: &Request<'_>,
    ) -> Result<(ConsumerInfo, Vec<u8>), ApiError> {
        let mut wanted: CreateConsumerRequest = request.decode()?;
        request.check_level()?;
        if let Endpoint::ConsumerCreate { subject, .. } = endpoint {
            wanted.check_subject(subject)?;
        }
        let settings = self.config.jetstream.clone().ok_or(ApiError::NotEnabled)?;
        let (account, mut ctx) = self.parts(now);
        let stream = account.find(stream)?;
        wanted.adapt_sourcing(stream.config.retention, ctx.rng);
        let CreateConsumerRequest { mut config, action, pedantic, .. } = wanted;
        let mut headers = Vec::new();
        if config.direct || config.sourcing {
            let identity = stream.identity();
            if !request.identity.is_empty() && request.identity != identity.as_bytes() {
                return Err(ApiError::ConsumerStreamIdentityMismatch { msg: identity });
            }
            headers = identity_block(&identity);
        }
        let existing = stream.consumer_id(&config.name);
        if let Some(existing) = existing.and_then(|id| stream.consumer(id)) {
            config.adopt(&existing.config);
        }
        let limits = ConsumerConfigLimits {
            stream: &stream.config,
            server_max_ack_pending: settings.max_ack_pending,
            account_max_ack_pending: settings.limits.max_ack_pending,
            server_max_request_batch: settings.max_request_batch,
        };
        let config = config.checked(&limits, pedantic)?;
        let id = match existing {
            Some(id) => {
                update_existing(&mut ctx, stream, id, config, action)?;
                id
            }
            None if action == ConsumerAction::Update => return Err(ApiError::ConsumerDoesNotExist),
            None => {
                stream.check_new_consumer(&config, settings.limits.max_consumers)?;
                config.check_name_len()?;
                let name = config.name.clone().unwrap_or_else(|| ctx.rng.base62(MADE_UP_NAME_LEN));
                stream.add_consumer(&mut ctx, name, config)
            }
        };
        let info = stream.with_consumer(&mut ctx, id, |consumer, ctx, view| {
            if consumer.is_paused(ctx.now) {
                consumer.advise_pause(ctx);
            }
            consumer.info(ctx, view, true)
        });
        info.map(|info| (info, headers)).ok_or(ApiError::ConsumerNotFound)
    }

    pub(super) fn consumer_info(
        &mut self,
        now: Timestamp,
        stream: &str,
        consumer: &str,
        request: &Request<'_>,
    ) -> Answer {
        let result = request.check_empty().and_then(|()| request.check_level()).and_then(|()| {
            self.on_consumer(now, stream, consumer, |consumer, ctx, view| consumer.info(ctx, view, true))
        });
        Answer::new(ReplyKind::ConsumerInfo, result.map(|info| ConsumerInfoReply { info: Some(info) }))
    }

    /// Lets `act` do something with a consumer.
    fn on_consumer<R>(
        &mut self,
        now: Timestamp,
        stream: &str,
        consumer: &str,
        act: impl FnOnce(&mut Consumer, &mut super::Context<'_>, crate::engine::consumer::StreamView<'_>) -> R,
    ) -> Result<R, ApiError> {
        let (account, mut ctx) = self.parts(now);
        let stream = account.find(stream)?;
        let id = stream.consumer_id(consumer).ok_or(ApiError::ConsumerNotFound)?;
        stream.with_consumer(&mut ctx, id, act).ok_or(ApiError::ConsumerNotFound)
    }

    pub(super) fn consumer_names(&mut self, stream: &str, request: &Request<'_>) -> Answer {
        let names = |request: &Request<'_>| {
            request.check_level()?;
            let options: ConsumersRequest = request.decode_options()?;
            let stream = self.account.stream_named(stream).ok_or(ApiError::StreamNotFound)?;
            let paged = page(stream.visible_consumers().count(), options.offset, NAMES_PAGE);
            let on_page = stream.visible_consumers().skip(paged.offset as usize).take(NAMES_PAGE);
            Ok(ConsumerNamesReply { paged, consumers: on_page.map(|consumer| consumer.name.clone()).collect() })
        };
        Answer::new(ReplyKind::ConsumerNames, names(request))
    }

    pub(super) fn consumer_list(&mut self, now: Timestamp, stream: &str, request: &Request<'_>) -> Answer {
        Answer::new(ReplyKind::ConsumerList, self.try_consumer_list(now, stream, request))
    }

    fn try_consumer_list(
        &mut self,
        now: Timestamp,
        stream: &str,
        request: &Request<'_>,
    ) -> Result<ConsumerListReply, ApiError> {
        request.check_level()?;
        let options: ConsumersRequest = request.decode_options()?;
        let (account, mut ctx) = self.parts(now);
        let stream = account.find(stream)?;
        let paged = page(stream.visible_consumers().count(), options.offset, LIST_PAGE);
        let on_page: Vec<ConsumerId> = stream
            .visible_consumers()
            .skip(paged.offset as usize)
            .take(LIST_PAGE)
            .map(|consumer| consumer.id)
            .collect();
        let info = |id| stream.with_consumer(&mut ctx, id, |consumer, ctx, view| consumer.info(ctx, view, false));
        Ok(ConsumerListReply { paged, consumers: on_page.into_iter().filter_map(info).collect() })
    }

    pub(super) fn delete_consumer(
        &mut self,
        now: Timestamp,
        stream: &str,
        consumer: &str,
        request: &Request<'_>,
    ) -> Answer {
        let result = request.check_level().and_then(|()| request.check_empty()).and_then(|()| {
            let (account, mut ctx) = self.parts(now);
            let stream = account.find(stream)?;
            let id = stream.consumer_id(consumer).ok_or(ApiError::ConsumerNotFound)?;
            stream.delete_consumer(&mut ctx, id, ConsumerEnd::Deleted);
            Ok(())
        });
        Answer::new(ReplyKind::ConsumerDelete, result.map(|()| Success::DONE))
    }

    pub(super) fn pause_consumer(
        &mut self,
        now: Timestamp,
        stream: &str,
        consumer: &str,
        request: &Request<'_>,
    ) -> Answer {
        Answer::new(ReplyKind::ConsumerPause, self.try_pause_consumer(now, stream, consumer, request))
    }

    fn try_pause_consumer(
        &mut self,
        now: Timestamp,
        stream: &str,
        consumer: &str,
        request: &Request<'_>,
    ) -> Result<PauseReply, ApiError> {
        let asked: PauseRequest = request.decode_options()?;
        request.check_level()?;
        let pause_until = asked.pause_until.to_utc();
        self.on_consumer(now, stream, consumer, |consumer, ctx, view| {
            consumer.pause(ctx, view.id, pause_until);
        })?;
        let remaining = if pause_until.is_zero() { Duration::ZERO } else { pause_until.to_timestamp().since(now) };
        Ok(PauseReply { paused: !remaining.is_zero(), pause_until, pause_remaining: remaining })
    }

    pub(super) fn unpin_consumer(
        &mut self,
        now: Timestamp,
        stream: &str,
        consumer: &str,
        request: &Request<'_>,
    ) -> Answer {
        let result = unpin_request(request).and_then(|asked| {
            self.on_consumer(now, stream, consumer, |consumer, ctx, view| consumer.unpin(ctx, view, &asked.group))?
        });
        Answer::new(ReplyKind::ConsumerUnpin, result.map(|()| NoBody {}))
    }

    /// RESET is answered by the consumer itself: where there is none, there is no answer.
    pub(super) fn handle_reset(&mut self, now: Timestamp, stream: &str, consumer: &str, message: &Message<'_>) {
        if message.reply.is_empty() {
            return;
        }
        let level = Headers::new(message.headers).get("Nats-Required-Api-Level").unwrap_or_default();
        let asked: Result<ResetRequest, ApiError> = if is_above_api_level(level) {
            Err(ApiError::RequiredApiLevel)
        } else if message.payload.is_empty() {
            Ok(ResetRequest::default())
        } else {
            unmarshal(message.payload).map_err(ApiError::from)
        };
        let done = self.on_consumer(now, stream, consumer, |consumer, ctx, view| {
            let seq = asked.and_then(|asked| consumer.reset(ctx, view, asked.seq))?;
            Ok((seq, consumer.info(ctx, view, true)))
        });
        let Ok(done) = done else { return };
        let is_done = done.is_ok();
        let done = done.map(|(reset_seq, info)| ResetReply { info: Some(info), reset_seq });
        // Who names the stream that is meant, whichever, learns which it is.
        let asks = is_done && Headers::new(message.headers).get(STREAM_IDENTITY).is_some();
        let stream_found = self.account.stream_named(stream).filter(|_| asks);
        let headers = stream_found.map(|stream| identity_block(&stream.identity())).unwrap_or_default();
        self.reply(message.reply, &headers, &reply(ReplyKind::ConsumerReset, &done));
        if is_done {
            // The answer shows the consumer before it delivers again.
            let _: Result<(), ApiError> = self.on_consumer(now, stream, consumer, Consumer::start);
        }
    }

    /// A pull request. Whether there is such a consumer.
    pub(super) fn handle_next(&mut self, now: Timestamp, stream: &str, consumer: &str, message: &Message<'_>) -> bool {
        let level = Headers::new(message.headers).get("Nats-Required-Api-Level").unwrap_or_default();
        let is_above = is_above_api_level(level);
        let taken = self.on_consumer(now, stream, consumer, |consumer, ctx, view| {
            if is_above && consumer.is_pull() && !message.reply.is_empty() {
                let status = HeaderBlock::with_status("412 Required Api Level").finish();
                ctx.effects.send_headers(message.reply, &status);
            } else if !message.reply.is_empty() {
                consumer.handle_pull(ctx, view, message.reply, message.payload);
            }
        });
        taken.is_ok()
    }
}

fn identity_block(identity: &str) -> Vec<u8> {
    let mut block = HeaderBlock::new();
    block.push(STREAM_IDENTITY, identity);
    block.finish()
}

/// What is asked of a consumer that is there already.
fn update_existing(
    ctx: &mut super::Context<'_>,
    stream: &mut Stream,
    id: ConsumerId,
    config: ConsumerConfig,
    action: ConsumerAction,
) -> Result<(), ApiError> {
    let Some(existing) = stream.consumer(id) else { return Err(ApiError::ConsumerNotFound) };
    if action == ConsumerAction::Create {
        return if existing.config == config { Ok(()) } else { Err(ApiError::ConsumerAlreadyExists) };
    }
    if stream.config.retention == Retention::WorkQueue
        && config.filters().next().is_some()
        && !stream.is_partition_free(Some(id), &config)
    {
        return Err(ApiError::ConsumerWqConsumerNotUnique);
    }
    let config = existing.config.check_update(config, |subject| ctx.router.has_interest(subject.as_bytes()))?;
    stream.update_consumer(ctx, id, config);
    Ok(())
}

/// UNPIN reads its body as plain JSON and wants a group.
fn unpin_request(request: &Request<'_>) -> Result<UnpinRequest, ApiError> {
    request.check_level()?;
    let asked: UnpinRequest = unmarshal(request.body).map_err(|error: JsonError| ApiError::from(error))?;
    if asked.group.is_empty() {
        return Err(ApiError::InvalidJson { err: "consumer group not specified".to_owned() });
    }
    check_group_name(&asked.group)?;
    Ok(asked)
}
