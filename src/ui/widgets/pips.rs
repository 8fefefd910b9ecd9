//! Delivery counts as pips.

use crate::texts::page::widgets as texts;
use crate::texts::stream::TIMES;
use crate::view::Pips;
use crate::view::text::counted;

use super::element::{Element, element};
use super::heard;

/// The most pips that are drawn; a higher count is written.
const SHOWN: u64 = 6;

/// Filled pips for deliveries made, hollow ones up to `max_deliver`.
pub fn pips(row: Pips) -> Element {
    let spoken = match row.max {
        Some(max) => texts::DELIVERED_OF.with([&row.delivered, &max]),
        None => texts::DELIVERED_TIMES.with([&counted(row.delivered, TIMES)]),
    };
    let all = row.max.unwrap_or(0).max(row.delivered);
    let drawn = element("span", "pips__drawn").attr("aria-hidden", "true");
    let drawn = if all > SHOWN {
        let of = match row.max {
            Some(max) => texts::TIMES_OF.with([&row.delivered, &max]),
            None => texts::TIMES.with([&row.delivered]),
        };
        drawn.with(pip(true)).text(of)
    } else {
        drawn.each((0..all).map(|index| pip(index < row.delivered)))
    };
    element("span", "pips").with(drawn).with(heard(spoken))
}

fn pip(is_filled: bool) -> Element {
    element("i", if is_filled { "pips__pip" } else { "pips__pip pips__pip--hollow" })
}
