//! One connection: who holds it, what it listens to, what went over it.

use crate::engine::connection::{Connection, Traffic};
use crate::engine::table::{ConnId, Id};
use crate::texts::inspector as texts;
use crate::texts::unit;
use crate::view::scene::{lossy, time_of_day};
use crate::view::{Scene, text};

/// Subscriptions that are shown.
const SHOWN: usize = 50;

/// A connection.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionRow {
    pub name: String,
    /// Names and values, as INFO, CONNECT and CONNZ have them.
    pub facts: Vec<(&'static str, String)>,
    /// In the order of their making.
    pub subscriptions: Vec<SubscriptionRow>,
    pub more: usize,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionRow {
    pub sid: String,
    pub subject: String,
    /// Empty without one.
    pub queue: String,
    /// Messages so far.
    pub delivered: u64,
}

/// The connection `conn`; `None` once it is closed.
pub fn row(scene: Scene<'_>, conn: ConnId) -> Option<ConnectionRow> {
    let (_, connection) = scene.world.server().connections().find(|(id, _)| *id == conn)?;
    let all = connection.subscriptions();
    let subscription = |of: &&crate::engine::connection::ClientSubscription| SubscriptionRow {
        sid: lossy(&of.sid),
        subject: lossy(&of.subject),
        queue: of.queue.as_deref().map(lossy).unwrap_or_default(),
        delivered: of.delivered,
    };
    Some(ConnectionRow {
        name: scene.client_of(conn).unwrap_or(texts::A_CLIENT).to_owned(),
        facts: facts(conn, connection),
        subscriptions: all.iter().take(SHOWN).map(subscription).collect(),
        more: all.len().saturating_sub(SHOWN),
    })
}

fn facts(conn: ConnId, connection: &Connection) -> Vec<(&'static str, String)> {
    let options = &connection.options;
    let traffic =
        |traffic: &Traffic| [text::counted(traffic.msgs, unit::MESSAGES), text::bytes(traffic.bytes)].join(", ");
    let flags = [
        (options.verbose, "verbose"),
        (options.pedantic, "pedantic"),
        (options.echo, "echo"),
        (options.headers, "headers"),
        (options.no_responders, "no_responders"),
    ];
    let flags: Vec<&str> = flags.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| name).collect();
    vec![
        ("client_id", conn.index().to_string()),
        ("lang", [&*options.lang, " ", &options.version].concat()),
        (texts::OPTIONS, flags.join(", ")),
        (texts::CONNECTED_AT, time_of_day(connection.started)),
        (texts::LAST_ACTIVITY, time_of_day(connection.last_activity)),
        (texts::IN, traffic(&connection.received)),
        (texts::OUT, traffic(&connection.sent)),
        (texts::PENDING, text::bytes(connection.pending_bytes() as u64)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::presets::Preset;
    use crate::view::Focus;

    #[test]
    fn a_connection_tells_what_it_listens_to_and_what_went_over_it() {
        let mut simulation = Preset::by_key("push").expect("it exists").open();
        let conn = simulation.world().actors().iter().find(|(_, actor)| actor.name == "on call").expect("there").1.conn;
        let conn = conn.expect("it is connected");
        let row = |simulation: &_| row(Scene::of(simulation, &Focus::default()), conn);
        let shown = row(&simulation).expect("it is connected");
        assert_eq!((&*shown.name, shown.more), ("on call", 0));
        assert!(shown.subscriptions.iter().any(|of| of.subject == "pager.in" && of.delivered > 0), "{shown:?}");
        let fact = |name| shown.facts.iter().find(|(fact, _)| *fact == name).map(|(_, value)| value.clone());
        assert_eq!(fact("options").as_deref(), Some("echo, headers, no_responders"));
        assert!(fact("out").is_some_and(|out| out.contains("message")), "{shown:?}");
        let (client, _) = simulation.world().actors().iter().find(|(_, of)| of.conn == Some(conn)).expect("there");
        simulation.act(crate::sim::command::Command::Kill { client });
        assert_eq!(row(&simulation), None);
    }
}
