//! What people type into the page's forms: never a panic, never half a change, and the page's own connection lives on.
//!
//! Seeded; a failure names the seed. `INPUTS=100000` runs longer.

use std::time::Duration;

use jetstream_sim::engine::ServerConfig;
use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::stream::Stream;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::actor::Answer;
use jetstream_sim::sim::command::Command;
use jetstream_sim::view::form::{ApiError, ApiRequest, Form};
use jetstream_sim::view::text::{form_duration, parse_duration};
use jetstream_sim::view::{consumer_form, script_form, stream_form};

/// Forms that are filled in, over all seeds.
fn inputs() -> u64 {
    std::env::var("INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

const SEEDS: u64 = 10;

/// What may be typed, and what to make more of.
const TEXTS: [&str; 44] = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "7",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e9",
    "1.5",
    "64KiB",
    "9223372036854775807GiB",
    "30s",
    "1h 30m",
    "1.5.5s",
    "-2m",
    "2562047h47m16.854775807s",
    ".s",
    "1µs",
    "٣s",
    "true",
    "yes",
    "null",
    "{}",
    "[1,2]",
    "\"",
    "\\",
    "S",
    "a b",
    "a.b",
    "s.*, s.>",
    ">",
    "*.*",
    "$JS.API.>",
    "s.{{wildcard(1)}}",
    "orders.{eu|us|}.{n}.{1..9}.{9..1}.{1..18446744073709551615}",
    "Nats-Msg-Id: x\nNats-TTL: 1s",
    "no colon",
    "2026-01-01T00:00:00Z",
    "9999-99-99",
    "memory",
    "\r\nPING\r\n",
    "é\u{0}\u{1F980}\u{202E}",
];

fn typed(rng: &mut Rng) -> String {
    let any = |rng: &mut Rng| TEXTS[rng.below(TEXTS.len() as u64) as usize];
    let text = any(rng);
    match rng.below(12) {
        0 => text.repeat(1 + rng.below(3_000) as usize),
        1 => format!("{text}{}", any(rng)),
        2 => format!("{text}\n{}", any(rng)),
        3 => {
            let keep = rng.below(text.chars().count() as u64 + 1) as usize;
            text.chars().take(keep).collect()
        }
        4 => format!("{}{}", rng.below(100_000), ["", "ms", "s", "KiB", "%", "d"][rng.below(6) as usize]),
        _ => text.to_owned(),
    }
}

/// Types into some of the fields; often the name stays.
fn fill(rng: &mut Rng, form: &mut Form) {
    for _ in 0..rng.below(5) {
        let key = form.entries[rng.below(form.entries.len() as u64) as usize].key.clone();
        if &*key != "name" || rng.below(4) == 0 {
            form.set(&key, typed(rng));
        }
    }
    for entry in &form.entries {
        let _ = (entry.field.read(&entry.value), form.is_locked(entry), form.lines(&entry.key));
    }
}

struct Page {
    simulation: Simulation,
    /// How many requests the server refused, and how many it carried out.
    refused: u64,
    done: u64,
}

impl Page {
    fn new(seed: u64) -> Self {
        let config = ServerConfig { seed, ..ServerConfig::default() };
        let mut page = Self { simulation: Simulation::new(config, Timestamp::SIMULATION_START), refused: 0, done: 0 };
        for (subject, body) in [
            ("$JS.API.STREAM.CREATE.S", r#"{"name":"S","subjects":["s.>"],"storage":"memory"}"#),
            (
                "$JS.API.STREAM.CREATE.W",
                r#"{"name":"W","subjects":["w.>"],"storage":"memory","retention":"workqueue"}"#,
            ),
            (
                "$JS.API.CONSUMER.CREATE.S.c",
                r#"{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit"}}"#,
            ),
        ] {
            assert!(page.simulation.request(subject, body.as_bytes()).is_some());
        }
        page
    }

    fn streams(&self) -> Vec<Stream> {
        self.simulation.world().server().account().streams().cloned().collect()
    }

    /// Sends what a form made. The error, if the server refused it.
    fn send(&mut self, request: &ApiRequest) -> Option<ApiError> {
        let before = self.streams();
        let answer = self.simulation.request(&request.subject, request.body.as_bytes());
        let answer = answer.unwrap_or_else(|| panic!("no answer to {request:?}"));
        let reply = match answer {
            Answer::Payload(payload) => String::from_utf8_lossy(&payload).into_owned(),
            Answer::NoResponders => String::new(),
        };
        let error = ApiError::in_reply(&reply);
        if error.is_some() {
            self.refused += 1;
            assert!(before == self.streams(), "refused, and yet changed: {request:?}");
        } else {
            self.done += 1;
        }
        error
    }
}

#[test]
fn forms_of_streams_and_consumers_make_requests_that_are_answered() {
    let (mut refused, mut done) = (0, 0);
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut page = Page::new(seed);
        for _ in 0..inputs() / SEEDS / 2 {
            let world = page.simulation.world();
            let is_edit = rng.below(2) == 0;
            let request = if rng.below(2) == 0 {
                let known = stream_form::of(world, if rng.below(2) == 0 { "S" } else { "W" });
                let mut form = known.filter(|_| is_edit).unwrap_or_else(stream_form::create);
                fill(&mut rng, &mut form);
                stream_form::request(&form).map(|request| (form, request, true))
            } else {
                let known = consumer_form::of(world, "S", "c");
                let mut form = known.filter(|_| is_edit).unwrap_or_else(consumer_form::create);
                fill(&mut rng, &mut form);
                consumer_form::request("S", &form).map(|request| (form, request, false))
            };
            let Ok((form, request, is_stream)) = request else { continue };
            if let Some(error) = page.send(&request) {
                let field = if is_stream {
                    stream_form::field_of(&form, &error)
                } else {
                    consumer_form::field_of(&form, &error)
                };
                assert!(field.is_none_or(|key| form.entries.iter().any(|entry| entry.key == key)), "seed {seed}");
            }
            page.simulation.advance(Duration::from_millis(rng.below(400)));
        }
        (refused, done) = (refused + page.refused, done + page.done);
    }
    assert!(refused > inputs() / 50 && done > inputs() / 50, "{refused} refused, {done} done");
}

#[test]
fn an_edit_form_that_is_sent_as_it_is_changes_nothing() {
    let (mut looped, mut forms) = (0, 0);
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut page = Page::new(seed);
        for _ in 0..inputs() / SEEDS / 4 {
            let mut form = stream_form::of(page.simulation.world(), "S").expect("it stays");
            fill(&mut rng, &mut form);
            if let Ok(request) = stream_form::request(&form)
                .map_err(|_| ())
                .and_then(|request| request.subject.ends_with(".S").then_some(request).ok_or(()))
            {
                page.send(&request);
            }
            let config =
                |page: &Page| page.streams().iter().find(|stream| stream.config.name == "S").map(|s| s.config.clone());
            let before = config(&page);
            let form = stream_form::of(page.simulation.world(), "S").expect("it stays");
            let request = stream_form::request(&form).expect("what is shown can be read");
            forms += 1;
            let error = page.send(&request);
            assert!(before == config(&page), "seed {seed}: {request:?}");
            // An update takes an empty destination for everything, which the server itself refuses the next time.
            let loops = |error: &ApiError| error.description.ends_with("republish destination forms a cycle");
            if error.as_ref().is_some_and(loops) {
                page = Page::new(seed + looped);
                looped += 1;
                continue;
            }
            assert!(error.is_none(), "seed {seed}: {error:?} to {request:?}");
        }
    }
    assert!(looped < forms / 10, "{looped} of {forms} republish to themselves");
}

#[test]
fn forms_of_scripted_clients_make_scripts_that_run() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut page = Page::new(seed);
        for _ in 0..inputs() / SEEDS / 20 {
            let is_publisher = rng.below(2) == 0;
            let mut form = if is_publisher { script_form::new_publisher() } else { script_form::new_worker() };
            fill(&mut rng, &mut form);
            let command = if is_publisher {
                script_form::publisher(&form).map(|(name, script)| Command::AddPublisher { name, script })
            } else {
                let (stream, consumer) = ("S".to_owned(), "c".to_owned());
                script_form::worker(&form).map(|(name, script)| Command::AddWorker { name, stream, consumer, script })
            };
            let Ok(command) = command else { continue };
            page.simulation.act(command);
            page.simulation.frame(Duration::from_millis(16));
            let clients: Vec<_> = page.simulation.world().actors().iter().map(|(id, _)| id).collect();
            if let Some(client) = clients.get(1..).and_then(|clients| clients.first()).filter(|_| clients.len() > 6) {
                page.simulation.act(Command::RemoveClient { client: *client });
            }
        }
        let answer = page.simulation.request("$JS.API.INFO", b"");
        assert!(answer.is_some(), "seed {seed}");
    }
}

#[test]
fn any_text_is_a_duration_or_none_and_what_is_shown_can_be_typed() {
    let mut rng = Rng::new(1);
    let mut read = 0;
    for _ in 0..inputs() {
        let text = typed(&mut rng);
        let Some(duration) = parse_duration(&text) else { continue };
        read += 1;
        let nanos = u64::try_from(duration.as_nanos()).expect("below 2^63");
        assert_eq!(parse_duration(&form_duration(nanos)), Some(duration), "{text:?}");
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        for _ in 0..3 {
            let before = simulation.now();
            simulation.advance(duration);
            assert!(simulation.now() >= before, "{text:?}");
        }
    }
    assert!(read > inputs() / 20, "only {read} were durations");
}
