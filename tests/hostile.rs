//! Links, files and saved sessions that somebody tampered with: a clear sentence or a valid state, in bounded time.

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::presets::{PRESETS, Preset};
use jetstream_sim::sim::scenario::{About, Bounds, Scenario};
use jetstream_sim::view::transfer::{self, Import};
use jetstream_sim::view::{Before, Focus, PageRows, Scene};

const MUTATIONS: u64 = 10_000;
/// Of opening one text; unoptimised code on a busy machine takes its time.
const LONGEST: Duration = Duration::from_secs(20);

/// What is put into texts: what the format knows, and what it does not expect.
const WORDS: &[&str] = &[
    "0",
    "-1",
    "1e9",
    "18446744073709551615",
    "99999999999999999999",
    "1.5",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "\"never\"",
    "\"1ns\"",
    "\"876000h\"",
    "\"-5s\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"<img src=x onerror=alert(1)>\"",
    "\"$JS.API.>\"",
    "\">\"",
    "{\"wait\":\"100h\"}",
    "{\"step\":10000000}",
    "{\"until\":\"ttl\"}",
    "{\"attach\":\"x\"}",
    "{\"say\":\"x\",\"bytes\":\"SUB > 1\\r\\n\"}",
    "{\"publish\":\"shop\",\"times\":1000000}",
    "{\"kill\":\"A\"}",
    "{\"request\":\"$JS.API.STREAM.PURGE.ORDERS\"}",
    "{\"request\":\"$JS.API.STREAM.DELETE.ORDERS\"}",
    "{\"stream\":{\"name\":\"X\",\"mirror\":{\"name\":\"X\"}}}",
    "\"every\":\"1ns\"",
    "\"running\":true",
    "\"work\":\"0s\"",
    "\"fail\":100",
    "\"expires\":\"1ns\"",
    "\"batch\":4294967295",
    "\"seed\":0",
    ",",
    ":",
    "\"",
    "{",
    "}",
    "\\",
    "é",
    "\u{2028}",
];

fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        PRESETS.iter().map(|preset| preset.scenario().to_json().expect("it is whole")).collect();
    // Saved sessions, and what else can be imported.
    for (place, preset) in PRESETS.iter().enumerate().step_by(5) {
        let mut simulation = preset.open();
        let scenario = preset.scenario();
        for first in &scenario.about.first_steps {
            let _ = first.act(&mut simulation);
        }
        simulation.clock.is_playing = true;
        (0..place).for_each(|_| simulation.frame(Duration::from_micros(16_667)));
        texts.push(transfer::export(&simulation, &scenario.about, "session").expect("it is whole"));
        texts.push(transfer::export(&simulation, &About::default(), "account").expect("it is there"));
    }
    texts.push(transfer::export(&PRESETS[0].open(), &About::default(), "stream ORDERS").expect("it is there"));
    texts
}

/// A few changes to a text: cut, doubled, swapped, replaced by what another text has, or by a word.
fn mutate(text: &str, other: &str, rng: &mut Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=rng.below(3) {
        let place = |rng: &mut Rng, len: usize| rng.below(len as u64 + 1) as usize;
        let (a, b) = (place(rng, bytes.len()), place(rng, bytes.len()));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
        match rng.below(8) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(b..b, part);
            }
            3 => {
                let (a, b) = (place(rng, other.len()), place(rng, other.len()));
                bytes.splice(from..to, other.as_bytes()[a.min(b)..a.max(b).min(a.min(b) + 80)].to_vec());
            }
            // A whole value goes for another.
            4..7 => {
                let starts: Vec<usize> =
                    (1..bytes.len()).filter(|at| matches!(bytes[at - 1], b':' | b'[' | b',')).collect();
                if starts.is_empty() {
                    continue;
                }
                let start = starts[rng.below(starts.len() as u64) as usize];
                let end = (start..bytes.len()).find(|at| matches!(bytes[*at], b',' | b'}' | b']')).unwrap_or(start);
                bytes.splice(start..end, WORDS[rng.below(WORDS.len() as u64) as usize].bytes());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << rng.below(8);
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A sentence for people: not empty, not endless, and ended.
fn assert_clear(says: &str, seed: u64) {
    assert!(says.ends_with('.') && says.len() < 600 && !says.contains('\n'), "seed {seed}: {says}");
}

/// What is opened works: it can be drawn, goes on, and can be exported again.
fn use_it(mut simulation: Simulation, about: &About) {
    let _ = PageRows::of(Scene::of(&simulation, &Focus::default()), Before::Nothing);
    for _ in 0..20 {
        simulation.step();
    }
    for first in &about.first_steps {
        let _ = first.act(&mut simulation);
    }
    let scenario = Scenario::of(&simulation, about.clone()).and_then(|scenario| scenario.to_json());
    assert!(scenario.is_ok(), "{scenario:?}");
}

#[test]
fn what_was_tampered_with_is_refused_or_works() {
    let texts = texts();
    let world = Preset::by_key("c12").expect("it exists").open();
    let (mut opened, mut slowest) = (0, Duration::ZERO);
    for seed in 0..MUTATIONS {
        let mut rng = Rng::new(seed);
        let pick = |rng: &mut Rng| &texts[rng.below(texts.len() as u64) as usize];
        let (text, other) = (pick(&mut rng).clone(), pick(&mut rng).clone());
        let text = mutate(&text, &other, &mut rng);
        let start = Instant::now();
        let outcome = catch_unwind(|| match transfer::import(&text, world.world(), Bounds::LINK) {
            Ok(Import::World(mut opening)) => match opening.go_on(&mut || true) {
                Ok(_) => {
                    let (simulation, about) = opening.finish();
                    use_it(simulation, &about);
                    true
                }
                Err(error) => {
                    assert_clear(&error.to_string(), seed);
                    false
                }
            },
            Ok(Import::Requests(requests)) => {
                let mut simulation = world.clone();
                for request in requests {
                    simulation.request(&request.subject, request.body.as_bytes());
                }
                true
            }
            Err(says) => {
                assert_clear(&says, seed);
                false
            }
        });
        let took = start.elapsed();
        assert!(took < LONGEST, "seed {seed} took {took:?}: {text}");
        slowest = slowest.max(took);
        opened += u32::from(outcome.unwrap_or_else(|_| panic!("seed {seed}: {text}")));
    }
    println!("{opened} of {MUTATIONS} opened, the slowest in {slowest:?}");
    assert!(opened > 500, "too few of the mutations are still scenarios: {opened}");
}

#[test]
fn a_link_that_unpacks_to_anything_is_told_from_one_that_holds_a_scenario() {
    let text = PRESETS[0].scenario().to_json().expect("it is whole");
    let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 9);
    let mut unpacked = 0;
    for seed in 0..MUTATIONS {
        let mut rng = Rng::new(seed);
        let mut bytes = packed.clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(bytes.len() as u64) as usize;
            match rng.below(3) {
                0 => bytes[at] ^= 1 << rng.below(8),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, rng.below(256) as u8),
            }
        }
        // As the page does: what cannot be unpacked within the bound is no link.
        let limit = Bounds::LINK.text_bytes;
        let Ok(bytes) = miniz_oxide::inflate::decompress_to_vec_with_limit(&bytes, limit) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        unpacked += 1;
        match Scenario::parse(&text, Bounds::LINK).and_then(|scenario| scenario.open(Bounds::LINK)) {
            Ok(simulation) => use_it(simulation, &About::default()),
            Err(error) => assert_clear(&error.to_string(), seed),
        }
    }
    assert!(unpacked > 100, "{unpacked}");
}
