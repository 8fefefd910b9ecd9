//! The shapes of requests and replies.

mod consumer_request;
mod stream_request;
mod words;

pub use consumer_request::{
    ConsumersRequest, NakOptions, NextRequest, PauseRequest, PriorityGroupRequest, ResetRequest, UnpinRequest,
};
pub use stream_request::{
    LostDataRequest, MsgDeleteRequest, MsgGetRequest, PurgeRequest, RestoreRequest, SnapshotRequest, StreamInfoRequest,
    StreamListRequest, StreamNamesRequest, StreamStateRequest,
};
