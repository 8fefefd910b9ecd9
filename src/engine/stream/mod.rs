//! Streams.

pub mod config;
