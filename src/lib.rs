//! NATS JetStream in a browser tab: the stream and consumer engine, in memory, on a clock that its owner moves.
//!
//! ```text
//! bytes ─▶ connection ─▶ router ─┬▶ other connections
//!                                ├▶ api ─▶ account
//!                                ├▶ stream ─▶ store ─▶ consumers
//!                                └▶ consumer
//! ```
//!
//! [`engine`] is a NATS server as one value, without input or output of its own; [`sim`] is the world around it.
//! [`view`] says what a page shows of that; `ui`, built for wasm32 only, draws it. `js`, built with the feature of that
//! name, is what the JavaScript package is made of.

// The page is built for size. What every message passes through says `optimize(speed)`, which costs 1 KB of it and makes
// WebAssembly twice as fast. The build with its own standard library sets this flag, see `xtask/src/tools/small_std.rs`.
// The package, which has room, says so also of what lies between: another sixth less time for 1 KB.
#![cfg_attr(jetstream_sim_small, feature(optimize_attribute))]

pub mod engine;
#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub mod js;
pub mod sim;
mod texts;
#[cfg(all(target_arch = "wasm32", not(feature = "js")))]
pub mod ui;
pub mod view;
