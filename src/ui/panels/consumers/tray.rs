//! The tray: what is delivered and not yet acked.

use crate::texts::page::consumers as texts;
use crate::ui::widgets::element::{Element, element};
use crate::ui::widgets::heard;
use crate::ui::widgets::ring::{RingKind, ring};
use crate::view::consumers::{Slot, SlotState, Tray};
use crate::view::text::seq;

pub fn tray(row: &Tray) -> Element {
    let held = row.num_ack_pending;
    let of = row.max_ack_pending.map_or_else(|| held.to_string(), |max| texts::OF.with([&held, &max]));
    let more = (row.more() > 0).then(|| element("li", "tray__more").text(format!("+{}", row.more())));
    let free = (0..row.shown_free()).map(|_| element("li", "tray__slot tray__slot--free").text(texts::FREE));
    let slots = element("ul", "tray__slots").label(texts::TRAY).each(row.slots.iter().map(slot)).with(more).each(free);
    let full = row.is_full().then(|| element("strong", "tray__full").text(texts::TRAY_FULL));
    let count = element("p", "tray__count").with(element("b", "").text(of)).text(texts::ACK_PENDING).with(full);
    element("div", "tray").with(slots).with(count)
}

fn slot(row: &Slot) -> Element {
    let (class, drawn, text) = match &row.state {
        SlotState::InFlight(left) => ("tray__slot", Some(ring(left, RingKind::AckWait)), &*left.left),
        SlotState::Delayed(left) => ("tray__slot tray__slot--delayed", Some(ring(left, RingKind::Delay)), &*left.left),
        SlotState::Expired => ("tray__slot tray__slot--expired", None, row.state.label()),
    };
    let text = element("span", "tray__text")
        .with(element("b", if row.stream_seq > 999 { "tray__long" } else { "" }).text(seq(row.stream_seq)))
        .with(element("span", "").text(first_unit(text).to_owned()))
        .with(heard(format!(" {}", row.state.label())));
    element("li", class).title(row.state.label()).with(drawn).with(text)
}

/// Of `1 min 58 s` the minutes: there is no room for more in a ring, and the ring itself tells the rest.
fn first_unit(left: &str) -> &str {
    left.match_indices(' ').nth(1).map_or(left, |(end, _)| &left[..end])
}
