//! The server as one value: bytes and the time in, bytes out.
//!
//! Asks nothing of the outside: time comes in as `now`, randomness from a seeded generator.

pub mod api;
pub mod asset;
pub mod bound;
pub mod consumer;
pub mod date_time;
pub mod duration;
pub mod emit;
pub mod error;
pub mod list;
pub mod message;
pub mod quote;
pub mod rng;
pub mod stream;
pub mod subject;
pub mod table;
mod text_enum;
pub mod time;
pub mod transform;
