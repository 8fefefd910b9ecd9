//! Clients from outside: what each has said and heard.

use std::rc::Rc;

use crate::engine::connection::Connection;
use crate::engine::table::{ConnId, Id};
use crate::sim::attached::name;
use crate::texts::stream as texts;

use super::Scene;

/// Why the clock runs at the speed of the wall while a client from outside is there.
pub const CLOCK_NOTE: &str = texts::CLIENT_ATTACHED;

/// The card of a client from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedRow {
    /// As in INFO.
    pub client_id: u32,
    pub name: Rc<str>,
    /// Messages that it published, requests among them.
    pub published: u64,
    /// Messages that it was given.
    pub received: u64,
    pub subscriptions: usize,
}

/// The clients from outside, in the order of their coming.
pub fn rows(scene: Scene<'_>) -> Rc<[AttachedRow]> {
    let row = |(conn, connection): (ConnId, &Connection)| AttachedRow {
        client_id: conn.index(),
        name: name(conn, connection).into(),
        published: connection.received.msgs,
        received: connection.sent.msgs,
        subscriptions: connection.subscription_count(),
    };
    scene.world.attached().map(row).collect()
}
