//! The page: draws rows, and hands on what the reader does as [`Action`](action::Action)s.
//!
//! Action → [`Simulation`](crate::sim::Simulation) → rows ([`crate::view`]) → html. A panel is drawn again only when its rows have
//! changed, and keeps for itself what it alone can see: an open table, a half-typed payload.

pub mod action;
pub mod announcer;
pub mod app;
pub mod bridge;
pub mod frame;
pub mod keys;
pub mod panels;
pub mod share;
pub mod theme;
pub mod widgets;
