//! Clients from outside, such as nats.js in a worker of the page: their connections are held by nobody here.
//!
//! They live on wall time, so the clock runs at its speed while there is one: their timeouts would fire at once on a
//! faster clock, and on one that stands still nothing that they wait for would come.

use super::Simulation;
use super::clock::Speed;
use super::command::Command;
use crate::engine::connection::Connection;
use crate::engine::table::{ConnId, Id};

/// What a client from outside is called: by the name that it gave, or its library, and its number.
pub fn name(conn: ConnId, connection: &Connection) -> String {
    let options = &connection.options;
    let said = [&options.name, &options.lang].into_iter().find(|text| !text.is_empty());
    format!("{} #{}", said.map_or("client", String::as_str), conn.index())
}

impl Simulation {
    /// Opens a connection for a client from outside, and lets time run as its own does.
    pub fn attach(&mut self) -> Option<ConnId> {
        self.act(Command::Attach);
        self.clock.is_playing = true;
        self.clock.speed = Speed::REAL_TIME;
        self.world().attached().last().map(|(conn, _)| conn)
    }

    /// Hands the server what a client from outside says.
    pub fn attached_says(&mut self, conn: ConnId, bytes: &[u8]) {
        if self.holds_attached(conn) {
            self.act(Command::AttachedSays { conn, bytes: bytes.to_vec() });
        }
    }

    pub fn detach(&mut self, conn: ConnId) {
        if self.holds_attached(conn) {
            self.act(Command::Detach { conn });
        }
    }

    fn holds_attached(&self, conn: ConnId) -> bool {
        self.world().attached().any(|(attached, _)| attached == conn)
    }

    /// Whether a client from outside holds the clock. In the past there is only the memory of one.
    pub fn is_attached(&self) -> bool {
        !self.is_in_past() && self.world().attached().next().is_some()
    }

    /// Ends what is left of clients from outside, who are not in this course of events.
    pub fn detach_all(&mut self) {
        let all: Vec<ConnId> = self.world().attached().map(|(conn, _)| conn).collect();
        all.into_iter().for_each(|conn| self.detach(conn));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sim::presets::Preset;
    use crate::sim::world::Outgoing;

    fn text(simulation: &mut Simulation, conn: ConnId) -> String {
        let bytes = simulation.take_outgoing().into_iter().filter_map(|outgoing| match outgoing {
            Outgoing::Bytes { conn: to, bytes } if to == conn => Some(bytes),
            _ => None,
        });
        String::from_utf8(bytes.flatten().collect()).expect("the protocol is text here")
    }

    #[test]
    fn a_client_from_outside_speaks_with_those_within_and_holds_the_clock() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        simulation.clock.is_playing = false;
        assert!(!simulation.is_attached());
        let conn = simulation.attach().expect("it is attached");
        assert!(simulation.is_attached() && simulation.clock.is_playing);
        assert!(text(&mut simulation, conn).starts_with("INFO {"));
        simulation.attached_says(conn, b"CONNECT {\"verbose\":false,\"lang\":\"nats.ws\"}\r\nSUB > 1\r\n");
        simulation.advance(Duration::from_secs(10));
        assert!(text(&mut simulation, conn).contains("MSG "), "the publisher of the preset is heard");
        let named = format!("nats.ws #{}", conn.index());
        assert_eq!(simulation.trace().client_name(conn), Some(named.as_str()));
        simulation.detach(conn);
        assert!(!simulation.is_attached());
        let entries = simulation.journal().len();
        simulation.attached_says(conn, b"PING\r\n");
        assert_eq!(simulation.journal().len(), entries, "who is gone says nothing");
    }

    #[test]
    fn a_client_that_was_there_holds_no_clock_in_the_past_and_is_in_no_branch() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        let conn = simulation.attach().expect("it is attached");
        simulation.attached_says(conn, b"CONNECT {\"verbose\":false}\r\n");
        simulation.advance(Duration::from_secs(5));
        let there = simulation.moment();
        simulation.advance(Duration::from_secs(5));
        simulation.detach(conn);
        let after = simulation.moment();

        simulation.seek(there);
        assert!(simulation.world().attached().next().is_some() && !simulation.is_attached());
        simulation.seek(there - 1);
        assert_eq!(simulation.moment(), there - 1, "the past can be left again");
        assert!(simulation.request("$JS.API.INFO", b"").is_some());
        assert_eq!(simulation.world().attached().next(), None, "who acts there is alone");
        assert!(!simulation.is_attached());
        simulation.pick_up(simulation.branches()[0].number);
        assert_eq!(simulation.moment(), after);
    }
}
