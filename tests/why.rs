//! “Why?”: every cause in generated states, the buttons that mend them, and an oracle that finds out by doing.
//!
//! The oracle knows nothing of the answers. It does things in copies of the world and looks whether a message then goes
//! out. `SEED=7 cargo test --test why` repeats one seed of the random run.

#[path = "why/causes.rs"]
mod causes;
#[path = "why/messages.rs"]
mod messages;
#[path = "why/oracle.rs"]
mod oracle;
#[path = "why/random.rs"]
mod random;
#[path = "why/refusals.rs"]
mod refusals;
#[path = "why/worlds.rs"]
mod worlds;
