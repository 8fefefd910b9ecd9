//! The tickets: pull requests, open and ended.

use crate::texts::page::consumers as texts;
use crate::ui::widgets::element::{Element, element};
use crate::view::consumers::{TicketRow, TicketState};

pub fn tickets(rows: &[TicketRow]) -> Element {
    element("ul", "tickets").label(texts::PULL_REQUESTS).each(rows.iter().map(ticket))
}

fn ticket(row: &TicketRow) -> Element {
    let (class, end) = match &row.state {
        TicketState::Open { left, expires } => {
            let says = match expires {
                Some(ring) => texts::LEFT_AND_TIME.with([left, &ring.left]),
                None => texts::LEFT.with([left]),
            };
            ("ticket ticket--open", says)
        }
        TicketState::Used { stream_seq } => ("ticket", texts::DELIVERED.with([&stream_seq])),
        TicketState::Ended { status } => ("ticket", status.clone()),
    };
    element("li", class).text(format!("{} · {end}", row.asks))
}
