//! The consumers.

mod belt;
mod card;
mod fetch;
mod tickets;
mod tray;
mod worker;

use std::rc::Rc;

use yew::{Html, InputEvent};

use crate::texts::page::consumers as texts;
use crate::ui::action::{Dialog, OnAction, PageAction};
use crate::ui::panels::attached;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::field::plain;
use crate::ui::widgets::memo::{Draw, memo};
use crate::ui::widgets::{does, typed};
use crate::view::attached::AttachedRow;
use crate::view::consumers::{ConsumerList, ConsumerRow, ListFocus};

/// The panel.
#[derive(PartialEq)]
pub struct Consumers {
    pub rows: Rc<[Rc<ConsumerRow>]>,
    pub list: Rc<ConsumerList>,
    pub attached: Rc<[AttachedRow]>,
    /// The stream that a new consumer is for, unless chosen otherwise; `None` while there is no stream.
    pub stream: Option<Rc<str>>,
    pub on_action: OnAction,
}

impl Draw for Consumers {
    fn draw(&self) -> Html {
        let on = &self.on_action;
        let card = |row: &Rc<ConsumerRow>| {
            memo(format!("{}/{}", row.stream, row.name), card::Card { row: Rc::clone(row), on_action: on.clone() })
        };
        let empty = texts::NO_CONSUMER;
        let none = texts::NONE_FOUND;
        super::panel(
            "consumers",
            texts::CONSUMERS,
            self.stream.clone().map(Dialog::NewConsumer),
            texts::ADD_CONSUMER,
            on,
        )
        .with(self.list.is_long().then(|| self.search()))
        .with(self.rows.is_empty().then(|| super::empty(if self.list.is_long() { none } else { empty })))
        .each(self.rows.iter().map(card))
        .each(attached::cards(&self.attached, attached::Side::Worker))
        .into_html()
    }
}

impl Consumers {
    /// Of many consumers some have a card: which is chosen by typing, and by going on.
    fn search(&self) -> Element {
        let (on, list) = (&self.on_action, &*self.list);
        let on_input =
            on.reform(|event: InputEvent| PageAction::List(ListFocus { wanted: typed(&event), from: 0 }).into());
        let search = element("input", "input")
            .attr("type", "search")
            .attr("placeholder", texts::NAME_STREAM_FILTER)
            .label(texts::FIND_CONSUMERS)
            .value(&list.wanted)
            .on_input(on_input);
        let (earlier, later) = list.neighbours();
        // A button that leads nowhere stays, so that the keyboard does not lose it.
        let go = |label: &'static str, name: &'static str, from: Option<usize>| {
            let to = ListFocus { wanted: list.wanted.clone(), from: from.unwrap_or(list.from) };
            button("button button--small", label)
                .label(name)
                .state("aria-disabled", from.is_none())
                .on_click(does(on, PageAction::List(to)))
        };
        let (first, last) = ((list.from + 1).min(list.found), list.from + list.shown);
        let range = if list.found == list.total {
            texts::RANGE.with([&first, &last, &list.found])
        } else {
            texts::RANGE_FOUND.with([&first, &last, &list.found, &list.total])
        };
        let says = element("span", "consumers__range").attr("role", "status");
        element("div", "consumers__search")
            .with(plain(search))
            .with(says.text(range))
            .with(go(texts::EARLIER, texts::EARLIER_CONSUMERS, earlier))
            .with(go(texts::LATER, texts::LATER_CONSUMERS, later))
    }
}
