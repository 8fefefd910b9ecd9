//! What all replies have in common.

use serde::Serialize;

use crate::engine::api::json::to_json;
use crate::engine::emit::is_default;
use crate::engine::error::ApiError;
use crate::engine::text_enum::text_enum;

text_enum! {
    /// Which request is answered. The words are the middle of a reply's `type`.
    pub enum ReplyKind {
        #[default]
        AccountInfo = "account_info",
        StreamCreate = "stream_create",
        StreamUpdate = "stream_update",
        StreamInfo = "stream_info",
        StreamNames = "stream_names",
        StreamList = "stream_list",
        StreamDelete = "stream_delete",
        StreamPurge = "stream_purge",
        StreamMsgGet = "stream_msg_get",
        StreamMsgDelete = "stream_msg_delete",
        StreamSnapshot = "stream_snapshot",
        StreamRestore = "stream_restore",
        StreamLeaderStepdown = "stream_leader_stepdown",
        StreamRemovePeer = "stream_remove_peer",
        StreamEvacuatePeer = "stream_evacuate_peer",
        StreamCancelMove = "stream_cancel_move",
        ConsumerCreate = "consumer_create",
        ConsumerInfo = "consumer_info",
        ConsumerNames = "consumer_names",
        ConsumerList = "consumer_list",
        ConsumerDelete = "consumer_delete",
        ConsumerPause = "consumer_pause",
        ConsumerReset = "consumer_reset",
        ConsumerUnpin = "consumer_unpin",
        ConsumerLeaderStepdown = "consumer_leader_stepdown",
        ConsumerRemovePeer = "consumer_remove_peer",
        ConsumerEvacuatePeer = "consumer_evacuate_peer",
    }
}

/// The JSON of a reply: its type, the error if there is one, and the body, which an error leaves at its default. Fields
/// that Go does not leave out are there even then.
pub fn reply<B: Serialize + Default>(kind: ReplyKind, result: &Result<B, ApiError>) -> Vec<u8> {
    match result {
        Ok(body) => envelope(kind, None, &to_json(body)),
        Err(error) => envelope(kind, Some(error), &to_json(&B::default())),
    }
}

/// Puts the type and the error before the members of `body`, a JSON object.
fn envelope(kind: ReplyKind, error: Option<&ApiError>, body: &[u8]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Head<'a> {
        r#type: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a ApiError>,
    }
    let r#type = format!("io.nats.jetstream.api.v1.{}_response", kind.as_str());
    let mut json = to_json(&Head { r#type, error });
    if body != b"{}" {
        json.pop();
        json.push(b',');
        json.extend_from_slice(&body[1..]);
    }
    json
}

/// The body of replies that say no more than that it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Success {
    #[serde(skip_serializing_if = "is_default")]
    success: bool,
}

impl Success {
    /// It was done; the default is that it was not.
    pub const DONE: Self = Self { success: true };
}

/// The body of replies that have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoBody {}

/// Which part of a list a reply holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Paged {
    pub total: u64,
    pub offset: u64,
    pub limit: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_comes_first_then_the_error_then_the_body() {
        for (json, expected) in [
            (
                reply(ReplyKind::StreamDelete, &Ok(Success::DONE)),
                r#"{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}"#,
            ),
            (
                reply::<Success>(ReplyKind::StreamDelete, &Err(ApiError::NotEmptyRequest)),
                concat!(
                    r#"{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":400,"#,
                    r#""err_code":10038,"description":"expected an empty request payload"}}"#,
                ),
            ),
            (
                reply(ReplyKind::ConsumerUnpin, &Ok(NoBody {})),
                r#"{"type":"io.nats.jetstream.api.v1.consumer_unpin_response"}"#,
            ),
        ] {
            assert_eq!(String::from_utf8(json).expect("JSON is text"), expected);
        }
    }
}
