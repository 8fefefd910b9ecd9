//! Audit events: what was asked of the API, by whom, and what it answered.

use crate::engine::Server;
use crate::engine::table::ConnId;
use crate::engine::time::Timestamp;

impl Server {
    pub(super) fn audit(
        &mut self,
        _now: Timestamp,
        _from: Option<ConnId>,
        _subject: &[u8],
        _request: &[u8],
        _response: &[u8],
    ) {
    }
}
