//! Requests about streams.

use super::wire::{
    ClusterInfo, CreateReply, MsgDeleteRequest, MsgGetReply, MsgGetRequest, Paged, PurgeReply, PurgeRequest, ReplyKind,
    StoredMessage, StreamInfo, StreamInfoReply, StreamInfoRequest, StreamListReply, StreamListRequest,
    StreamNamesReply, StreamNamesRequest, Success, UpdateReply,
};
use super::{Answer, Request};
use crate::engine::Server;
use crate::engine::date_time::DateTime;
use crate::engine::error::ApiError;
use crate::engine::stream::{MessageSelector, PurgeRequest as Purge, Stream};
use crate::engine::subject::collide;
use crate::engine::time::Timestamp;

/// Names that one reply lists.
pub(super) const NAMES_PAGE: usize = 1_024;
/// Infos that one reply lists.
pub(super) const LIST_PAGE: usize = 256;

/// A page of `total` entries from `offset` on. An offset beyond the ends counts as the end.
pub(super) fn page(total: usize, offset: i64, limit: usize) -> Paged {
    let offset = u64::try_from(offset).unwrap_or(0).min(total as u64);
    Paged { total: total as u64, offset, limit: limit as u64 }
}

impl Server {
    pub(super) fn create_stream(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Answer {
        Answer::new(ReplyKind::StreamCreate, self.try_create_stream(now, name, request))
    }

    fn try_create_stream(
        &mut self,
        now: Timestamp,
        name: &str,
        request: &Request<'_>,
    ) -> Result<CreateReply, ApiError> {
        request.check_level()?;
        let wanted = request.decode()?;
        let Some(settings) = self.config.jetstream.clone() else { return Err(ApiError::NotEnabled) };
        let (account, mut ctx) = self.parts(now);
        let id = account.create_stream(&mut ctx, &settings, name, wanted)?;
        let info = account.stream(id).map(|stream| stream.info(&ctx, true));
        Ok(CreateReply { info, did_create: true })
    }

    pub(super) fn update_stream(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Answer {
        Answer::new(ReplyKind::StreamUpdate, self.try_update_stream(now, name, request))
    }

    fn try_update_stream(
        &mut self,
        now: Timestamp,
        name: &str,
        request: &Request<'_>,
    ) -> Result<UpdateReply, ApiError> {
        request.check_level()?;
        let wanted = request.decode()?;
        let Some(settings) = self.config.jetstream.clone() else { return Err(ApiError::NotEnabled) };
        let (account, mut ctx) = self.parts(now);
        let id = account.update_stream(&mut ctx, &settings, name, wanted)?;
        let info =
            account.stream(id).map(|stream| StreamInfo { domain: settings.domain.clone(), ..stream.info(&ctx, true) });
        Ok(UpdateReply { info })
    }

    pub(super) fn stream_info(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Answer {
        Answer::new(ReplyKind::StreamInfo, self.try_stream_info(now, name, request))
    }

    fn try_stream_info(
        &mut self,
        now: Timestamp,
        name: &str,
        request: &Request<'_>,
    ) -> Result<StreamInfoReply, ApiError> {
        request.check_level()?;
        let options: StreamInfoRequest = request.decode_options()?;
        let (account, ctx) = self.parts(now);
        let stream = account.stream_named(name).ok_or(ApiError::StreamNotFound)?;
        let mut info = stream.info(&ctx, true);
        info.state = stream.state(options.deleted_details);
        info.domain = ctx.domain().map(str::to_owned);
        info.cluster = Some(ClusterInfo { leader: ctx.config.server_name.clone() });
        let mut paged = Paged::default();
        if !options.subjects_filter.is_empty() {
            let details = stream.subject_details(&options.subjects_filter, options.offset);
            paged = Paged { total: details.total, offset: details.offset, limit: details.limit };
            info.state.subjects = details.counts;
        }
        Ok(StreamInfoReply { paged, info: Some(info) })
    }

    /// Streams with a subject that collides with `filter`; all if it is empty.
    fn streams_on(&self, filter: &str) -> Vec<&Stream> {
        let is_on = |stream: &&Stream| {
            filter.is_empty()
                || stream.config.subjects.iter().any(|subject| collide(subject.as_bytes(), filter.as_bytes()))
        };
        self.account.streams().filter(is_on).collect()
    }

    pub(super) fn stream_names(&mut self, request: &Request<'_>) -> Answer {
        let names = |request: &Request<'_>| {
            request.check_level()?;
            let options: StreamNamesRequest = request.decode_options()?;
            let streams = self.streams_on(&options.subject);
            let paged = page(streams.len(), options.offset, NAMES_PAGE);
            let on_page = streams.iter().skip(paged.offset as usize).take(NAMES_PAGE);
            Ok(StreamNamesReply { paged, streams: on_page.map(|stream| stream.config.name.clone()).collect() })
        };
        Answer::new(ReplyKind::StreamNames, names(request))
    }

    pub(super) fn stream_list(&mut self, now: Timestamp, request: &Request<'_>) -> Answer {
        Answer::new(ReplyKind::StreamList, self.try_stream_list(now, request))
    }

    fn try_stream_list(&mut self, now: Timestamp, request: &Request<'_>) -> Result<StreamListReply, ApiError> {
        request.check_level()?;
        let options: StreamListRequest = request.decode_options()?;
        let streams = self.streams_on(&options.subject);
        let paged = page(streams.len(), options.offset, LIST_PAGE);
        let on_page: Vec<_> =
            streams.iter().skip(paged.offset as usize).take(LIST_PAGE).map(|stream| stream.id).collect();
        let (account, ctx) = self.parts(now);
        let domain = ctx.domain().map(str::to_owned);
        let infos = on_page.into_iter().filter_map(|id| account.stream(id));
        let streams = infos.map(|stream| StreamInfo { domain: domain.clone(), ..stream.info(&ctx, false) }).collect();
        Ok(StreamListReply { paged, streams })
    }

    pub(super) fn delete_stream(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Answer {
        let result = request.check_level().and_then(|()| request.check_empty()).and_then(|()| {
            let (account, mut ctx) = self.parts(now);
            account.delete_stream(&mut ctx, name)
        });
        Answer::new(ReplyKind::StreamDelete, result.map(|()| Success::DONE))
    }

    pub(super) fn purge_stream(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Answer {
        Answer::new(ReplyKind::StreamPurge, self.try_purge_stream(now, name, request))
    }

    fn try_purge_stream(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Result<PurgeReply, ApiError> {
        request.check_level()?;
        let asked: PurgeRequest = request.decode_options()?;
        if asked.seq > 0 && asked.keep > 0 {
            return Err(ApiError::BadRequest);
        }
        let purge = Purge {
            filter: Some(asked.filter).filter(|filter| !filter.is_empty()),
            seq: Some(asked.seq).filter(|seq| *seq > 0),
            keep: Some(asked.keep).filter(|keep| *keep > 0),
        };
        let (account, mut ctx) = self.parts(now);
        let purged = account.find(name)?.purge(&mut ctx, &purge)?;
        Ok(PurgeReply { success: true, purged })
    }

    pub(super) fn get_message(&mut self, name: &str, request: &Request<'_>) -> Answer {
        let found = request.check_level().and_then(|()| selector(request)).and_then(|(selector, no_hdr)| {
            let stream = self.account.stream_named(name).ok_or(ApiError::StreamNotFound)?;
            let message = stream.find_message(&selector).ok_or(ApiError::NoMessageFound)?;
            Ok(MsgGetReply {
                message: Some(StoredMessage {
                    subject: message.subject,
                    seq: message.seq,
                    hdrs: if no_hdr { b"" } else { message.headers },
                    data: message.payload,
                    time: message.time,
                }),
            })
        });
        // A message that was found counts as nothing.
        let counts = found.is_err();
        Answer { counts, ..Answer::new(ReplyKind::StreamMsgGet, found) }
    }

    pub(super) fn delete_message(&mut self, now: Timestamp, name: &str, request: &Request<'_>) -> Answer {
        let result =
            request.check_level().and_then(|()| request.decode_filled::<MsgDeleteRequest>()).and_then(|asked| {
                let (account, mut ctx) = self.parts(now);
                account.find(name)?.delete_message(&mut ctx, asked.seq)
            });
        Answer::new(ReplyKind::StreamMsgDelete, result.map(|()| Success::DONE))
    }
}

/// Which message MSG.GET asks for, and whether without headers.
fn selector(request: &Request<'_>) -> Result<(MessageSelector, bool), ApiError> {
    let asked: MsgGetRequest = request.decode_filled()?;
    if asked.batch > 0 || asked.max_bytes > 0 {
        return Err(ApiError::BadRequest);
    }
    let MsgGetRequest { seq, last_by_subj, next_by_subj, start_time, no_hdr, .. } = asked;
    let since = start_time.map(DateTime::to_wrapped_timestamp);
    let selector = match (seq, last_by_subj.as_str(), next_by_subj.as_str(), since) {
        (0, "", "", Some(since)) => MessageSelector::Since(since),
        (0, "", _, Some(since)) => MessageSelector::NextSince(next_by_subj, since),
        (seq, "", "", None) if seq > 0 => MessageSelector::Seq(seq),
        (seq, "", next, None) if !next.is_empty() => MessageSelector::NextBySubject(next_by_subj, seq),
        (0, last, "", None) if !last.is_empty() => MessageSelector::LastBySubject(last_by_subj),
        _ => return Err(ApiError::BadRequest),
    };
    Ok((selector, no_hdr))
}
