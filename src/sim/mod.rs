//! The world around the server: scripted clients, the clock, what happened and what was done.

pub mod actor;
pub mod client;
pub mod clock;
pub mod command;
pub mod journal;
pub mod template;
pub mod trace;
pub mod world;
