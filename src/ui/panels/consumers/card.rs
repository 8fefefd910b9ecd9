//! One consumer.

use std::rc::Rc;

use yew::Html;

use crate::texts::page::consumers as texts;
use crate::ui::action::{Dialog, OnAction, PageAction};
use crate::ui::panels::{card_head, why};
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::menu::{MenuItem, menu};
use crate::ui::widgets::ring::{RingKind, ring};
use crate::ui::widgets::{does, numbers, tags};
use crate::view::consumers::{ConsumerRow, Countdown};
use crate::view::form::ApiRequest;
use crate::view::why::Ask;

use super::{belt, tickets, tray, worker};

#[derive(PartialEq)]
pub struct Card {
    pub row: Rc<ConsumerRow>,
    pub on_action: OnAction,
}

impl Draw for Card {
    fn draw(&self) -> Html {
        let (row, on) = (&self.row, &self.on_action);
        let (how, of) = match &row.belt {
            None if row.is_gone => (texts::GONE, &row.stream),
            None => (texts::PULL_ON, &row.stream),
            Some(belt) => (texts::PUSH_TO, &belt.to),
        };
        // The answer to a question stands beside it; a hint beside what it is about.
        let why = |is_asked: bool| {
            row.why.as_ref().filter(|_| row.is_asked == is_asked).map(|of| why::answer(of, is_asked, on))
        };
        let class = if row.is_gone {
            "card consumers__card consumers__card--gone"
        } else if row.name.starts_with("JS_SRC_") {
            "card consumers__card consumers__card--link"
        } else {
            "card consumers__card"
        };
        let kind = element("span", "card__kind").woven(how, [element("code", "").text(Rc::clone(of))]);
        let edit = Dialog::EditConsumer { stream: Rc::clone(&row.stream), name: Rc::clone(&row.name) };
        let ask = Ask::Consumer { stream: Rc::clone(&row.stream), name: Rc::clone(&row.name) };
        let ask = why::button_for(ask, row.is_asked, texts::WHY_DOES_DELIVER_NOTHING.with([&row.name]), on);
        let add_worker = button("button button--quiet button--small consumers__add", texts::ONE_MORE_WORKER)
            .label(texts::ADD_WORKER.with([&row.name]))
            .on_click(does(on, new_worker(row)));
        element("article", class)
            .label(texts::CONSUMER.with([&row.name]))
            .with(card_head(&row.name, kind, texts::EDIT_CONSUMER, edit, on).with(more(row, on)).with(ask))
            .with(why(true))
            .with(tags(&row.tags))
            .each(row.countdowns.iter().map(countdown))
            .with(row.belt.as_ref().map(belt::belt))
            .with(row.tray.as_ref().map(tray::tray))
            .with((!row.tickets.is_empty()).then(|| tickets::tickets(&row.tickets)))
            .each(row.workers.iter().map(|of| worker::worker(row, of, on)))
            .with(why(false))
            .with(add_worker)
            .with(numbers(&row.numbers, on))
            .into_html()
    }
}

fn new_worker(row: &ConsumerRow) -> PageAction {
    PageAction::Open(Dialog::NewWorker { stream: Rc::clone(&row.stream), consumer: Rc::clone(&row.name) })
}

/// What is done to a consumer as a whole.
fn more(row: &ConsumerRow, on: &OnAction) -> Html {
    let of = [".", &row.stream, ".", &row.name].concat();
    let request = |label: &str, verb: &str, body: &str| {
        let subject = ["$JS.API.CONSUMER.", verb, &of].concat();
        MenuItem::new(label, ApiRequest { subject, body: body.into() })
    };
    let pause = |label: &str, seconds| {
        MenuItem::new(label, PageAction::PauseConsumer { stream: row.stream.clone(), name: row.name.clone(), seconds })
    };
    let mut items = vec![pause(texts::PAUSE_30_S, 30), pause(texts::PAUSE_5_MIN, 300)];
    if row.is_paused {
        items = vec![request(texts::RESUME, "PAUSE", "")];
    }
    if let Some(group) = &row.pinned_group {
        items.push(request(texts::UNPIN_PINNED_CLIENT, "UNPIN", &["{\"group\":\"", group, "\"}"].concat()));
    }
    items.push(request(texts::RESET_ACK_FLOOR, "RESET", ""));
    items.push(request(texts::DELETE_MESSAGES_STAY, "DELETE", ""));
    let says = texts::MORE_PAUSE_RESET_DELETE.with([&row.name]);
    menu(&["more", &of].concat(), "button button--quiet card__edit", texts::MORE, &says, items, on)
}

fn countdown(row: &Countdown) -> Element {
    element("p", "consumers__countdown").with(ring(&row.ring, RingKind::Delay)).text(row.says.with([&row.ring.left]))
}
