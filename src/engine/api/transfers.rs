//! `STREAM.SNAPSHOT` and `STREAM.RESTORE`, and the subjects on which their chunks are acked and sent.
//!
//! Source: nats-server `server/jetstream_api.go` (`jsStreamSnapshotRequest`, `jsStreamRestoreRequest`).

use super::wire::{ReplyKind, RestoreReply, RestoreRequest, SnapshotReply, SnapshotRequest};
use super::{Answer, FollowUp, Request};
use crate::engine::Server;
use crate::engine::account::RestoreChunk;
use crate::engine::connection::Message;
use crate::engine::error::ApiError;
use crate::engine::subject::is_valid_literal;
use crate::engine::table::ConnId;
use crate::engine::time::Timestamp;

impl Server {
    pub(super) fn snapshot_stream(&mut self, name: &str, request: &Request<'_>) -> Answer {
        match self.check_snapshot(name, request) {
            Ok((reply, follow_up)) => {
                Answer { follow_up: Some(follow_up), ..Answer::new(ReplyKind::StreamSnapshot, Ok(reply)) }
            }
            Err(error) => Answer::new::<SnapshotReply>(ReplyKind::StreamSnapshot, Err(error)),
        }
    }

    /// What is answered to the request, and the backup that follows.
    fn check_snapshot(&self, name: &str, request: &Request<'_>) -> Result<(SnapshotReply, FollowUp), ApiError> {
        request.check_level()?;
        request.check_filled()?;
        let stream = self.account.stream_named(name).ok_or(ApiError::StreamNotFound)?;
        let asked: SnapshotRequest = request.decode()?;
        if !is_valid_literal(asked.deliver_subject.as_bytes()) {
            return Err(ApiError::SnapshotDeliverSubjectInvalid);
        }
        if self.account.transfers().has_max_snapshots() {
            return Err(ApiError::StreamSnapshot { err: "too many snapshots at once".to_owned() });
        }
        let reply = SnapshotReply { config: Some(stream.config.clone()), state: Some(stream.state(false)) };
        Ok((reply, FollowUp::Snapshot { stream: stream.id, request: asked }))
    }

    pub(super) fn restore_stream(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        name: &str,
        request: &Request<'_>,
    ) -> Answer {
        let result = self.try_restore_stream(now, from, name, request);
        Answer::new(ReplyKind::StreamRestore, result.map(|deliver_subject| RestoreReply { deliver_subject }))
    }

    fn try_restore_stream(
        &mut self,
        now: Timestamp,
        from: Option<ConnId>,
        name: &str,
        request: &Request<'_>,
    ) -> Result<String, ApiError> {
        request.check_level()?;
        let wanted: RestoreRequest = request.decode_filled()?;
        let Some(settings) = self.config.jetstream.clone() else { return Err(ApiError::NotEnabled) };
        let client = self.client_info(now, from);
        let (account, mut ctx) = self.parts(now);
        account.begin_restore(&mut ctx, &settings, name, wanted, client)
    }

    /// Takes a message on a subject of a backup or restore, given without its prefix `$JS.SNAPSHOT.`. Whether any waits
    /// for it.
    pub(in crate::engine) fn handle_transfer(&mut self, now: Timestamp, rest: &[u8], message: &Message<'_>) -> bool {
        let Some(settings) = self.config.jetstream.clone() else { return false };
        let Ok(rest) = std::str::from_utf8(rest) else { return false };
        let (account, mut ctx) = self.parts(now);
        match *rest.split('.').collect::<Vec<_>>().as_slice() {
            ["ACK", stream, token, _, ..] => account.handle_snapshot_ack(&mut ctx, stream, token),
            ["RESTORE", stream, token] => {
                let Message { reply, headers, payload, .. } = *message;
                let chunk = RestoreChunk { stream, token, reply, headers, payload };
                account.handle_restore_chunk(&mut ctx, &settings, chunk)
            }
            _ => false,
        }
    }
}
