//! Clients from outside, as they stand with the publishers and with the workers.

use yew::Html;

use crate::texts::page::attached as texts;
use crate::ui::widgets::element::{Element, Node, element};
use crate::ui::widgets::memo::{Draw, memo};
use crate::view::attached::AttachedRow;

/// The side of a client that a panel shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Publisher,
    Worker,
}

#[derive(PartialEq)]
struct Card {
    row: AttachedRow,
    side: Side,
}

/// The cards of those that have anything on this side.
pub fn cards(rows: &[AttachedRow], side: Side) -> impl Iterator<Item = Html> {
    let is_here = move |row: &&AttachedRow| match side {
        Side::Publisher => row.published > 0,
        Side::Worker => row.subscriptions > 0,
    };
    rows.iter()
        .filter(is_here)
        .map(move |row| memo(format!("attached {}", row.client_id), Card { row: row.clone(), side }))
}

impl Draw for Card {
    fn draw(&self) -> Html {
        let AttachedRow { name, published, received, subscriptions, .. } = &self.row;
        let says = match self.side {
            Side::Publisher => texts::PUBLISHED.with([&published]),
            Side::Worker => texts::RECEIVED_SUBSCRIPTIONS.with([&received, &subscriptions]),
        };
        card(name, says).into_html()
    }
}

fn card(name: &str, says: String) -> Element {
    let head = element("div", "card__head")
        .with(element("h3", "card__name").text(name.to_owned()))
        .with(element("span", "card__kind").text(texts::ATTACHED));
    element("article", "card").label(texts::ATTACHED_CLIENT.with([&name])).with(head).with(element("p", "").text(says))
}
