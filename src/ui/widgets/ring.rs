//! The ring that empties in simulated time.

use crate::view::Ring;

use super::element::{Element, element};

/// How a ring is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingKind {
    /// AckWait: a closed band that empties.
    AckWait,
    /// A delay: the same band, broken.
    Delay,
}

/// The ring alone; what is left is said by the text around it, and its size by the sheet.
pub fn ring(row: &Ring, kind: RingKind) -> Element {
    let class = match kind {
        RingKind::AckWait => "ring",
        RingKind::Delay => "ring ring--delay",
    };
    let circle = |class| element("circle", class).attr("cx", "20").attr("cy", "20").attr("r", "16");
    let left =
        circle("ring__left").attr("pathLength", "1000").attr("stroke-dasharray", format!("{} 1000", row.permille));
    element("svg", class)
        .attr("viewBox", "0 0 40 40")
        .attr("aria-hidden", "true")
        .with(circle("ring__whole"))
        .with(left)
}
