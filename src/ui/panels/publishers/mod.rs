//! The publishers.

mod card;

use std::rc::Rc;

use yew::Html;

use crate::engine::table::Id;
use crate::texts::page::publishers as texts;
use crate::ui::action::{Dialog, OnAction};
use crate::ui::panels::attached;
use crate::ui::widgets::element::Node;
use crate::ui::widgets::memo::{Draw, memo};
use crate::view::attached::AttachedRow;
use crate::view::publishers::PublisherRow;

/// The panel.
#[derive(PartialEq)]
pub struct Publishers {
    pub rows: Rc<[Rc<PublisherRow>]>,
    pub attached: Rc<[AttachedRow]>,
    pub on_action: OnAction,
}

impl Draw for Publishers {
    fn draw(&self) -> Html {
        let on = &self.on_action;
        let card = |row: &Rc<PublisherRow>| {
            memo(u64::from(row.id.index()), card::Card { row: Rc::clone(row), on_action: on.clone() })
        };
        super::panel("publishers", texts::PUBLISHERS, Some(Dialog::NewPublisher), texts::ADD_PUBLISHER, on)
            .each(self.rows.iter().map(card))
            .each(attached::cards(&self.attached, attached::Side::Publisher))
            .into_html()
    }
}
