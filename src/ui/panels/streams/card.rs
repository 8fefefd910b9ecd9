//! One stream: its tape, the lanes of its consumers, what goes next, its counters.

use std::rc::Rc;

use yew::Html;

use crate::texts::page::streams as texts;
use crate::ui::action::{Dialog, OnAction, PageAction};
use crate::ui::panels::card_head;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::menu::{MenuItem, menu};
use crate::ui::widgets::{does, numbers, tags};
use crate::view::form::ApiRequest;
use crate::view::streams::{StreamRow, TapeWindow, WINDOW_CELLS};

use super::{density, detail, lanes, links, strip, table, tape};

#[derive(PartialEq)]
pub struct Card {
    pub row: Rc<StreamRow>,
    pub on_action: OnAction,
}

impl Draw for Card {
    fn draw(&self) -> Html {
        let (row, on) = (&self.row, &self.on_action);
        let content = if row.is_table { table::table(row) } else { self.scroller() };
        let map = row.density.as_ref().map(|density| density::density(row, density, on));
        let tape = element("div", "streams__box").with(self.bar()).with(map).with(content).with(strip::strip(row, on));
        let edit = Dialog::EditStream(Rc::clone(&row.name));
        element("article", "card streams__card")
            .label(texts::STREAM.with([&row.name]))
            .with(card_head(&row.name, None::<Element>, texts::EDIT_STREAM, edit, on).with(self.more()))
            .with(tags(&row.tags))
            .with((!row.links.is_empty()).then(|| links::links(row, on)))
            .with(tape)
            .with(row.selected.as_ref().map(|detail| detail::detail(row, detail, on)))
            .with(row.hole.as_ref().map(|(seq, why)| detail::hole(*seq, why, on)))
            .with(numbers(&row.numbers, on))
            .into_html()
    }
}

impl Card {
    /// What is done to a stream as a whole.
    fn more(&self) -> Html {
        let name = &self.row.name;
        let request = |label: &str, verb: &str, body: &str| {
            let subject = ["$JS.API.STREAM.", verb, name].concat();
            MenuItem::new(label, ApiRequest { subject, body: body.into() })
        };
        let items = vec![
            request(texts::PURGE_REMOVE_EVERY_MESSAGE, "PURGE.", ""),
            request(texts::PURGE_ALL_BUT_NEWEST, "PURGE.", r#"{"keep":1}"#),
            MenuItem::new(texts::SEAL_FREEZE_GOOD, PageAction::Seal(Rc::clone(name))),
            request(texts::DELETE_MESSAGES_CONSUMERS, "DELETE.", ""),
        ];
        let says = texts::MORE_PURGE_SEAL_DELETE.with([&name]);
        menu(&["more-", name].concat(), "button button--quiet card__edit", texts::MORE, &says, items, &self.on_action)
    }

    fn scroller(&self) -> Element {
        let length = element("div", "streams__length")
            .attr("style", format!("--cells:{}", self.row.tape.cells.len()))
            .with(tape::tape(&self.row))
            .with(lanes::lanes(&self.row));
        element("div", "streams__scroll").with(length)
    }

    fn bar(&self) -> Element {
        let row = &self.row;
        let switch = PageAction::ShowTable { stream: Rc::clone(&row.name), is_table: !row.is_table };
        let switch = button("button button--quiet button--small", texts::TABLE)
            .label(texts::AS_A_TABLE.with([&row.name]))
            .state("aria-pressed", row.is_table)
            .on_click(does(&self.on_action, switch));
        element("div", "streams__bar").with(self.ends()).with(switch)
    }

    /// First and last sequence, and the buttons that move the window over a stream longer than it.
    fn ends(&self) -> Element {
        let (row, ends) = (&self.row, element("span", "streams__ends"));
        let Some(shown) = row.tape.cells.first() else { return ends };
        let step = WINDOW_CELLS as u64 / 2;
        let to = |label: &'static str, window, is_there: bool| {
            let action = PageAction::MoveTape { stream: Rc::clone(&row.name), window };
            is_there.then(|| button("button button--small", label).on_click(does(&self.on_action, action)))
        };
        let (earlier, later) = (row.tape.has_earlier, row.tape.has_later);
        ends.with(element("span", "").text(texts::FIRST_LAST.with([&row.tape.first_seq, &row.tape.last_seq])))
            .with(to(texts::FIRST, TapeWindow::From(row.tape.first_seq), earlier))
            .with(to(texts::EARLIER, TapeWindow::From(shown.seq.saturating_sub(step).max(1)), earlier))
            .with(to(texts::LATER, TapeWindow::From(shown.seq + step), later))
            .with(to(texts::NEWEST, TapeWindow::Newest, later))
    }
}
