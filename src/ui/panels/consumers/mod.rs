//! The consumers.

mod belt;
mod card;
mod fetch;
mod tickets;
mod tray;
mod worker;

use std::rc::Rc;

use yew::{Callback, Html};

use crate::ui::action::{Action, Dialog};
use crate::ui::panels::attached;
use crate::ui::widgets::element::Node;
use crate::ui::widgets::memo::{Draw, memo};
use crate::view::attached::AttachedRow;
use crate::view::consumers::ConsumerRow;

/// The panel.
#[derive(PartialEq)]
pub struct Consumers {
    pub rows: Rc<[Rc<ConsumerRow>]>,
    pub attached: Rc<[AttachedRow]>,
    /// The stream that a new consumer is for, unless chosen otherwise; `None` while there is no stream.
    pub stream: Option<Rc<str>>,
    pub on_action: Callback<Action>,
}

impl Draw for Consumers {
    fn draw(&self) -> Html {
        let on = &self.on_action;
        let card = |row: &Rc<ConsumerRow>| {
            memo(format!("{}/{}", row.stream, row.name), card::Card { row: Rc::clone(row), on_action: on.clone() })
        };
        let empty = "No consumer yet. A consumer remembers how far its workers are in a stream.";
        super::panel("consumers", "Consumers", self.stream.clone().map(Dialog::NewConsumer), "Add consumer", on)
            .with(self.rows.is_empty().then(|| super::empty(empty)))
            .each(self.rows.iter().map(card))
            .each(attached::cards(&self.attached, attached::Side::Worker))
            .into_html()
    }
}
