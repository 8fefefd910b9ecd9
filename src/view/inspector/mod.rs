//! The inspector: one message, one consumer or one connection in full.

mod connection;
mod consumer;
mod message;

pub use connection::{ConnectionRow, SubscriptionRow};
pub use consumer::ConsumerJson;
pub use message::{Content, MessageRow, StoryLine};

use std::rc::Rc;

use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;
use crate::engine::table::{ConnId, Id};
use crate::texts::inspector as texts;

use super::Scene;
use super::search::folded;

/// Things to inspect that are listed; the others are found by typing more of their names.
const SHOWN: usize = 24;

/// What is inspected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inspected {
    /// The message that is looked at.
    #[default]
    Message,
    Consumer {
        stream: Rc<str>,
        name: Rc<str>,
    },
    Connection(ConnId),
}

/// The inspector.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectorRow {
    /// What is typed to find something.
    pub wanted: String,
    /// What can be inspected, and has `wanted` in its name.
    pub found: Vec<Found>,
    /// How many more there are.
    pub more: usize,
    pub shown: Inspection,
}

/// Something to inspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub what: Inspected,
    /// What kind of thing it is, in a word or two.
    pub kind: &'static str,
    pub name: String,
    /// The message that it is; with `what` the message looked at.
    pub message: Option<(Rc<str>, u64)>,
    pub is_shown: bool,
}

/// What is inspected, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub enum Inspection {
    /// Nothing was chosen, or it is gone: why nothing is shown.
    Nothing(&'static str),
    Message(MessageRow),
    Consumer(ConsumerJson),
    Connection(ConnectionRow),
}

pub fn row(scene: Scene<'_>) -> InspectorRow {
    let drawer = &scene.focus.drawer;
    let shown = match &drawer.inspected {
        Inspected::Message => message::row(scene).map(Inspection::Message),
        Inspected::Consumer { stream, name } => consumer::row(scene, stream, name).map(Inspection::Consumer),
        Inspected::Connection(conn) => connection::row(scene, *conn).map(Inspection::Connection),
    };
    let missing = match drawer.inspected {
        Inspected::Message => texts::NO_MESSAGE_LOOKED_CHOOSE,
        Inspected::Consumer { .. } => texts::CONSUMER_GONE,
        Inspected::Connection(_) => texts::CONNECTION_CLOSED,
    };
    let (found, more) = found(scene);
    InspectorRow { wanted: drawer.wanted.clone(), found, more, shown: shown.unwrap_or(Inspection::Nothing(missing)) }
}

/// What has the wanted words in its name, or is a message of that number; and how many more there are.
fn found(scene: Scene<'_>) -> (Vec<Found>, usize) {
    let drawer = &scene.focus.drawer;
    let wanted = folded(drawer.wanted.trim());
    let number = wanted.strip_prefix('#').unwrap_or(&wanted).parse::<u64>().ok();
    let (mut found, mut more) = (Vec::new(), 0);
    let mut offer = |thing: Found| {
        if found.len() < SHOWN { found.push(thing) } else { more += 1 }
    };
    let matches = |name: &str| wanted.is_empty() || folded(name).contains(&wanted);
    for stream in scene.streams() {
        let seq = number.filter(|seq| (1..=stream.store().last_seq()).contains(seq));
        let name = || Rc::from(stream.config.name.as_str());
        if let Some(message) = seq.map(|seq| (name(), seq)).or_else(|| looked_at(scene, stream)) {
            let is_shown = drawer.inspected == Inspected::Message && scene.focus.selected.as_ref() == Some(&message);
            let of = texts::OF.with([&message.1, &message.0]);
            offer(Found { what: Inspected::Message, kind: texts::MESSAGE, name: of, message: Some(message), is_shown });
        }
    }
    for stream in scene.streams() {
        for consumer in stream.visible_consumers().filter(|consumer: &&Consumer| matches(&consumer.name)) {
            let (of, name) = (&*stream.config.name, &*consumer.name);
            let is_shown = matches!(&drawer.inspected, Inspected::Consumer { stream, name: shown } if **stream == *of && **shown == *name);
            let what = Inspected::Consumer { stream: of.into(), name: name.into() };
            offer(Found { what, kind: texts::CONSUMER, name: [of, " > ", name].concat(), message: None, is_shown });
        }
    }
    for (conn, _) in scene.world.server().connections() {
        let name = scene.client_of(conn).map_or_else(|| texts::CLIENT.with([&conn.index().to_string()]), str::to_owned);
        if matches(&name) {
            let what = Inspected::Connection(conn);
            let is_shown = drawer.inspected == what;
            offer(Found { what, kind: texts::CONNECTION, name, message: None, is_shown });
        }
    }
    (found, more)
}

/// The message that is looked at, if it is of `stream` and nothing else is searched for.
fn looked_at(scene: Scene<'_>, stream: &Stream) -> Option<(Rc<str>, u64)> {
    let seq = scene.focus.selected_in(&stream.config.name).filter(|_| scene.focus.drawer.wanted.trim().is_empty())?;
    Some((stream.config.name.as_str().into(), seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::sim::presets::Preset;
    use crate::view::Focus;
    use crate::view::drawer::Turn;

    fn names(simulation: &Simulation, wanted: &str) -> (Vec<String>, usize) {
        let mut focus = Focus::default();
        focus.drawer.turn(Turn::Want(wanted.into()));
        let row = row(Scene::of(simulation, &focus));
        (row.found.iter().map(|found| format!("{} {}", found.kind, found.name)).collect(), row.more)
    }

    #[test]
    fn everything_is_found_by_its_name() {
        let simulation = Preset::by_key("work-queue").expect("it exists").open();
        let (all, more) = names(&simulation, "");
        assert!(
            all.contains(&"consumer ORDERS > ship".into()) && all.contains(&"connection worker A".into()),
            "{all:?}"
        );
        assert_eq!((more, names(&simulation, "SHIP").0), (0, vec!["consumer ORDERS > ship".to_owned()]));
        assert_eq!(names(&simulation, "#3").0, ["message #3 of ORDERS"]);
        assert!(names(&simulation, "99").0.is_empty());
    }

    #[test]
    fn of_many_consumers_some_are_listed_and_the_others_counted() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s"]}"#);
        for number in 0..100 {
            let body =
                format!(r#"{{"stream_name":"S","config":{{"durable_name":"c{number}","ack_policy":"explicit"}}}}"#);
            simulation.request(&format!("$JS.API.CONSUMER.CREATE.S.c{number}"), body.as_bytes());
        }
        let (found, more) = names(&simulation, "");
        assert_eq!((found.len(), more), (SHOWN, 101 - SHOWN));
        assert_eq!(names(&simulation, "c77"), (vec!["consumer S > c77".to_owned()], 0));
    }
}
