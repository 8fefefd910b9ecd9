//! The engine gives the same in a browser as natively. `cargo xtask test wasm` runs this file in headless Chromium,
//! `cargo test` on this machine.

mod worlds;

use std::time::Duration;

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::engine::{Input, Output, Server, ServerConfig};
use jetstream_sim::sim::hash::{state_hash, wire_hash};
use jetstream_sim::sim::presets::PRESETS;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

/// Of the bytes that [`transcript`] collects. Changes with what the server says; it must be one number on all platforms.
const TRANSCRIPT: u64 = 2_584_300_328_424_409_019;

/// FNV-1a: the same on every platform.
struct Fingerprint(u64);

impl Fingerprint {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn publish(out: &mut Vec<u8>, subject: &str, reply: &str, payload: &str) {
    out.extend_from_slice(format!("PUB {subject} {reply} {}\r\n{payload}\r\n", payload.len()).as_bytes());
}

/// Everything that a server says to two clients in a run that draws on its seed: queue groups, names, ids, jitter.
fn transcript(seed: u64) -> u64 {
    let mut server = Server::new(ServerConfig { seed, ..ServerConfig::default() });
    let mut now = Timestamp::SIMULATION_START;
    let mut fingerprint = Fingerprint::new();
    let mut rng = Rng::new(seed);
    let clients = [server.connect(now), server.connect(now)];
    let hello = "CONNECT {\"headers\":true,\"no_responders\":true,\"verbose\":false,\"protocol\":1}\r\nPING\r\n\
                 SUB i.* 1\r\nSUB work q 2\r\nSUB $JS.EVENT.> 3\r\n";
    let mut bytes = hello.as_bytes().to_vec();
    publish(&mut bytes, "$JS.API.STREAM.CREATE.S", "i.1", r#"{"name":"S","subjects":["s.>"],"storage":"memory"}"#);
    for round in 0..300 {
        for client in clients {
            server.handle(now, Input::Bytes { conn: client, bytes: &bytes });
            bytes.clear();
            bytes.extend_from_slice(if round == 0 { hello.as_bytes() } else { b"" });
        }
        for _ in 0..rng.below(4) {
            let number = rng.below(9).to_string();
            publish(&mut bytes, &format!("s.{number}"), "i.2", &number);
            publish(&mut bytes, "work", "i.3", &number);
        }
        let ephemeral =
            r#"{"stream_name":"S","config":{"ack_policy":"explicit","ack_wait":700000000,"max_deliver":3}}"#;
        publish(&mut bytes, "$JS.API.CONSUMER.CREATE.S", "i.4", ephemeral);
        publish(&mut bytes, "$JS.API.CONSUMER.LIST.S", "i.5", "");
        let until = now + Duration::from_millis(rng.below(900));
        while let Some(deadline) = server.next_deadline().filter(|deadline| deadline.at <= until) {
            now = now.max(deadline.at);
            server.handle(now, Input::Deadline);
        }
        now = until;
        while let Some(output) = server.poll_output() {
            if let Output::Bytes { bytes, .. } = output {
                fingerprint.add(&bytes);
            }
        }
    }
    fingerprint.0
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn a_seed_names_one_sequence_of_nuids() {
    let mut rng = Rng::new(7);
    assert_eq!([rng.nuid(), rng.nuid()], ["xIUx4boI7B1uOCQ4JJzMfF", "PfYfy3Z1gGI0JZGxt7b36m"]);
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn a_seed_names_one_transcript() {
    assert_eq!(transcript(7), TRANSCRIPT);
    assert_ne!(transcript(8), TRANSCRIPT);
}

/// A world's whole state as one number: what is in it, not what it weighs.
fn fingerprint_of(world: &impl std::fmt::Debug) -> u64 {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(format!("{world:?}").as_bytes());
    fingerprint.0
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn an_hour_is_the_same_in_any_steps() {
    let (mut in_one, mut in_seconds) = (worlds::world(), worlds::world());
    in_one.advance(Duration::from_secs(3_600));
    for _ in 0..3_600 {
        in_seconds.advance(Duration::from_secs(1));
    }
    assert_eq!(in_one.world(), in_seconds.world());
    assert_eq!(fingerprint_of(in_one.world()), fingerprint_of(in_seconds.world()));
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn every_preset_runs_for_an_hour() {
    for preset in PRESETS {
        let mut simulation = preset.open();
        simulation.advance(Duration::from_secs(3_600));
        assert!(simulation.trace().total() > 1, "{}", preset.key);
    }
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn every_preset_opens_with_its_state() {
    let states = PRESETS.iter().map(|preset| {
        let opened = preset.open();
        format!("{} {:016x} {:016x}\n", preset.key, state_hash(opened.world()), wire_hash(opened.wire()))
    });
    assert_eq!(states.collect::<String>(), include_str!("presets.hashes.txt"));
}
