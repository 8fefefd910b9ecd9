//! The icons, as paths in a box of 14 by 14.

use super::element::{Element, element};

/// To the start.
pub const START: &str = "M1 2h2v10H1zM13 2v10L4 7z";
pub const PLAY: &str = "M3 1v12l9-6z";
pub const PAUSE: &str = "M3 2h3v10H3zM8 2h3v10H8z";
/// One event back.
pub const BACK: &str = "M11 2v10L3 7z";
/// One event on.
pub const STEP: &str = "M3 2v10l8-5z";
/// To the next event of a kind.
pub const SKIP: &str = "M11 2h2v10h-2zM1 2v10l9-5z";

/// An icon; what it means is said by the button around it.
pub fn icon(path: &'static str) -> Element {
    element("svg", "icon")
        .attr("viewBox", "0 0 14 14")
        .attr("aria-hidden", "true")
        .with(element("path", "").attr("d", path))
}
