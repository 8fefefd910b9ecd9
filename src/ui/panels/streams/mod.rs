//! The streams.

mod card;
mod density;
mod detail;
mod lanes;
mod links;
mod strip;
mod table;
mod tape;

use std::rc::Rc;

use yew::Html;

use crate::texts::page::streams as texts;
use crate::ui::action::{Dialog, OnAction};
use crate::ui::widgets::element::Node;
use crate::ui::widgets::memo::{Draw, memo};
use crate::view::streams::StreamRow;

/// The panel.
#[derive(PartialEq)]
pub struct Streams {
    pub rows: Rc<[Rc<StreamRow>]>,
    pub on_action: OnAction,
}

impl Draw for Streams {
    fn draw(&self) -> Html {
        let on = &self.on_action;
        let card = |row: &Rc<StreamRow>| memo(&*row.name, card::Card { row: Rc::clone(row), on_action: on.clone() });
        let empty = texts::NO_STREAM_YET_STREAM;
        super::panel("streams", texts::STREAMS, Some(Dialog::NewStream), texts::ADD_STREAM, on)
            .with(self.rows.is_empty().then(|| super::empty(empty)))
            .each(self.rows.iter().map(card))
            .into_html()
    }
}
