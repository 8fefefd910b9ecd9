//! The shapes of requests and replies, and of what the server publishes on its own.

mod archived;
mod base64;
mod consumer_reply;
mod consumer_request;
mod envelope;
mod pub_ack;
mod sourcing;
mod stream_reply;
mod stream_request;
#[cfg(test)]
mod tests;
mod words;

pub use archived::{ArchivedConsumer, ArchivedConsumerRequest, ArchivedPending, ConsumerState};
pub use consumer_reply::{
    ConsumerInfo, ConsumerInfoReply, ConsumerListReply, ConsumerNamesReply, PauseReply, PriorityGroupState, ResetReply,
    SequenceInfo,
};
pub use consumer_request::{
    ConsumersRequest, NakOptions, NextRequest, PauseRequest, PriorityGroupRequest, ResetRequest, UnpinRequest,
};
pub use envelope::{NoBody, Paged, ReplyKind, Success, reply};
pub use pub_ack::{FlowAck, FlowError, FlowGap, PubAck, PubAckDetail, pub_ack_error};
pub use sourcing::{ErrorBlock, SourcingConsumer, SourcingReply, SourcingRequest};
pub use stream_reply::{
    AccountInfo, AccountInfoReply, AccountLimits, ApiStats, ClusterInfo, CreateReply, MsgGetReply, PurgeReply,
    RestoreReply, SnapshotReply, StoredMessage, StreamInfo, StreamInfoReply, StreamListReply, StreamNamesReply,
    StreamSourceInfo, StreamState, SubjectCounts, UpdateReply,
};
pub use stream_request::{
    LostDataRequest, MsgDeleteRequest, MsgGetRequest, PurgeRequest, RestoreConfigRequest, RestoreRequest,
    SnapshotRequest, StreamInfoRequest, StreamListRequest, StreamNamesRequest, StreamStateRequest,
};
