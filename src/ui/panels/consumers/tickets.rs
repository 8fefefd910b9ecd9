//! The tickets: pull requests, open and ended.

use crate::ui::widgets::element::{Element, element};
use crate::view::consumers::{TicketRow, TicketState};

pub fn tickets(rows: &[TicketRow]) -> Element {
    element("ul", "tickets").label("Pull requests").each(rows.iter().map(ticket))
}

fn ticket(row: &TicketRow) -> Element {
    let (class, end) = match &row.state {
        TicketState::Open { left, expires } => {
            let expires = expires.as_ref().map_or_else(String::new, |ring| format!(", {}", ring.left));
            ("ticket ticket--open", format!("{left} left{expires}"))
        }
        TicketState::Used { stream_seq } => ("ticket", format!("delivered #{stream_seq}")),
        TicketState::Ended { status } => ("ticket", status.clone()),
    };
    element("li", class).key(row.number).text(format!("{} · {end}", row.asks))
}
