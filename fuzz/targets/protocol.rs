//! Any bytes, cut anywhere, on several connections that come and go, while time passes.
//!
//! A step's first byte says which connection and what (see [`Step`]); the bytes that are sent, or how far time goes, follow.
//! No input may cause a panic, and what a client leaves waiting stays bounded. When all clients are gone, nothing of them
//! is left.

#![no_main]

use jetstream_sim::engine::Due;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim_fuzz::{MAX_HELD, World, step_of_time, steps};
use libfuzzer_sys::fuzz_target;

/// Clients at one time.
const CLIENTS: usize = 4;

/// Bytes of a flood that are sent at once, at least.
const FLOOD_PIECE: usize = 128;

/// A step, in whose first byte two bits are the client, and the others what it does.
enum Step<'a> {
    /// Bytes in pieces of so many, and the rest.
    Send {
        bytes: &'a [u8],
        piece: usize,
    },
    /// The same bytes over and over, more than may be held of one operation.
    Flood {
        bytes: &'a [u8],
    },
    /// The client goes without a word, and another takes its place.
    Reconnect,
    PassTime {
        exponent: u8,
    },
}

impl<'a> Step<'a> {
    fn read(first: u8, rest: &'a [u8]) -> Self {
        match first / 4 % 16 {
            // The digits `0` to `3`, for samples that one can read.
            12 => Self::Send { bytes: rest, piece: rest.len() },
            13 => Self::Reconnect,
            14 => Self::PassTime { exponent: rest.first().copied().unwrap_or(20) },
            15 => Self::Flood { bytes: rest },
            piece => Self::Send { bytes: rest, piece: 1 + 2 * usize::from(piece) },
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let has_jetstream = input.first() != Some(&b'-');
    let mut world = World::new(has_jetstream);
    let subscriptions = world.subscriptions();
    let mut clients: [ConnId; CLIENTS] = std::array::from_fn(|_| world.connect());
    for step in steps(input) {
        let client = &mut clients[usize::from(step[0] % 4)];
        if !world.is_open(*client) {
            *client = world.connect();
        }
        match Step::read(step[0], &step[1..]) {
            Step::Send { bytes, piece } => bytes.chunks(piece.max(1)).for_each(|piece| world.send(*client, piece)),
            Step::Flood { bytes } => {
                let piece = bytes.repeat(1 + FLOOD_PIECE / bytes.len().max(1));
                (0..=2 * MAX_HELD / FLOOD_PIECE).for_each(|_| world.send(*client, &piece));
            }
            Step::Reconnect => {
                world.disconnect(*client);
                *client = world.connect();
            }
            Step::PassTime { exponent } => world.pass_time(step_of_time(exponent)),
        }
    }
    for client in clients {
        if world.is_open(client) {
            world.disconnect(client);
        }
    }
    assert_eq!(world.server.connection_count(), 0, "connections");
    assert_eq!(world.subscriptions(), subscriptions, "subscriptions");
    let next = world.server.next_deadline();
    assert!(!next.is_some_and(|deadline| matches!(deadline.due, Due::Ping(_))), "{next:?} is for nobody");
});
