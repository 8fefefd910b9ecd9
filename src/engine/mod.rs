//! The server as one value: bytes and the time in, bytes out.
//!
//! Asks nothing of the outside: time comes in as `now`, randomness from a seeded generator.

pub mod message;
pub mod rng;
pub mod subject;
pub mod table;
pub mod time;
