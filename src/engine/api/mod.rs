//! The JetStream API: requests on `$JS.API.>` and their replies.

pub mod json;
pub mod wire;
