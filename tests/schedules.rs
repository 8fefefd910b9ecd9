//! Schedules over days, through bytes: what fires, when, and what it says about the next time.

use jetstream_sim::engine::date_time::DateTime;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};

fn at(text: &str) -> Timestamp {
    DateTime::parse(text.as_bytes()).expect("a time").to_timestamp()
}

/// A server with a client on it that hears what schedules send to `t.>`.
struct World {
    server: Server,
    client: ConnId,
}

impl World {
    fn new(now: Timestamp) -> Self {
        let mut server = Server::new(ServerConfig::default());
        let client = server.connect(now);
        let mut world = Self { server, client };
        let config = r#"{"name":"S","subjects":["s.>","t.>"],"storage":"memory","allow_msg_schedules":true,
            "republish":{"src":"t.>","dest":"r.>"}}"#;
        let len = config.len();
        world.send(now, &format!("CONNECT {{\"headers\":true}}\r\nPUB $JS.API.STREAM.CREATE.S {len}\r\n{config}\r\n"));
        world.send(now, "SUB r.> 1\r\n");
        world
    }

    fn send(&mut self, now: Timestamp, text: &str) -> Vec<String> {
        self.server.handle(now, Input::Bytes { conn: self.client, bytes: text.as_bytes() });
        self.heard(now)
    }

    fn schedule(&mut self, now: Timestamp, subject: &str, headers: &str) {
        let block = format!("NATS/1.0\r\n{headers}\r\n");
        self.send(now, &format!("HPUB {subject} {0} {0}\r\n{block}\r\n", block.len()));
    }

    /// Lets time pass, from deadline to deadline, in steps.
    fn advance(&mut self, until: Timestamp) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(deadline) = self.server.next_deadline().filter(|deadline| deadline.at <= until) {
            self.server.handle(deadline.at, Input::Deadline);
            heard.extend(self.heard(deadline.at));
        }
        heard
    }

    /// When what was sent to the client says that it fires again.
    fn heard(&mut self, now: Timestamp) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(output) = self.server.poll_output() {
            let Output::Bytes { bytes, .. } = output else { continue };
            let text = String::from_utf8(bytes).expect("text");
            let next = text.lines().filter_map(|line| line.strip_prefix("Nats-Schedule-Next: "));
            heard.extend(next.map(|next| format!("{now} then {next}")));
        }
        heard
    }
}

#[test]
fn a_daily_schedule_skips_the_night_without_its_hour_and_keeps_to_the_clock_on_the_wall() {
    let start = at("2026-03-27T12:00:00Z");
    let mut world = World::new(start);
    let headers =
        "Nats-Schedule: 0 30 2 * * *\r\nNats-Schedule-Time-Zone: Europe/Berlin\r\nNats-Schedule-Target: t.x\r\n";
    world.schedule(start, "s.a", headers);
    let expected = [
        "2026-03-28T01:30:00Z then 2026-03-30T02:30:00+02:00",
        "2026-03-30T00:30:00Z then 2026-03-31T02:30:00+02:00",
        "2026-03-31T00:30:00Z then 2026-04-01T02:30:00+02:00",
    ];
    assert_eq!(world.advance(at("2026-03-31T12:00:00Z")), expected);
}

#[test]
fn a_schedule_in_seconds_fires_at_each_of_them() {
    let start = at("2026-01-01T00:00:00.2Z");
    let mut world = World::new(start);
    world.schedule(start, "s.a", "Nats-Schedule: @every 1s\r\nNats-Schedule-Target: t.x\r\n");
    world.schedule(start, "s.b", "Nats-Schedule: @at 2026-01-01T00:00:02.1Z\r\nNats-Schedule-Target: t.y\r\n");
    // The timer runs once more a quarter of a second after it fired.
    let expected = [
        "2026-01-01T00:00:01Z then 2026-01-01T00:00:02Z",
        "2026-01-01T00:00:02Z then 2026-01-01T00:00:03Z",
        "2026-01-01T00:00:02.25Z then purge",
        "2026-01-01T00:00:03Z then 2026-01-01T00:00:04Z",
    ];
    assert_eq!(world.advance(at("2026-01-01T00:00:03.5Z")), expected);
}

#[test]
fn what_was_missed_is_fired_once() {
    let start = at("2026-01-01T00:00:00Z");
    let mut world = World::new(start);
    world.schedule(start, "s.a", "Nats-Schedule: @every 10s\r\nNats-Schedule-Target: t.x\r\n");
    // The driver sleeps through a minute, which no driver of ours does.
    let late = at("2026-01-01T00:01:00.3Z");
    world.server.handle(late, Input::Deadline);
    assert_eq!(world.heard(late), ["2026-01-01T00:01:00.3Z then 2026-01-01T00:01:10Z"]);
    assert_eq!(world.advance(at("2026-01-01T00:01:15Z")), ["2026-01-01T00:01:10Z then 2026-01-01T00:01:20Z"]);
}
