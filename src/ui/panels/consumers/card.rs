//! One consumer.

use std::rc::Rc;

use yew::{Callback, Html};

use crate::sim::actor::FetchRequest;
use crate::sim::command::Command;
use crate::ui::action::{Action, Dialog, PageAction};
use crate::ui::panels::card_head;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::phrase::phrase;
use crate::ui::widgets::ring::{RingKind, ring};
use crate::ui::widgets::{does, numbers, tags};
use crate::view::Ring;
use crate::view::consumers::{ConsumerRow, Notice, Remedy};

use super::{tickets, tray, worker};

#[derive(PartialEq)]
pub struct Card {
    pub row: Rc<ConsumerRow>,
    pub on_action: Callback<Action>,
}

impl Draw for Card {
    fn draw(&self) -> Html {
        let (row, on) = (&self.row, &self.on_action);
        let (how, of) = match &row.deliver_subject {
            None => ("pull on ", &row.stream),
            Some(subject) => ("push to ", subject),
        };
        let kind = element("span", "card__kind").text(how).with(element("code", "").text(Rc::clone(of)));
        let edit = Dialog::EditConsumer { stream: Rc::clone(&row.stream), name: Rc::clone(&row.name) };
        let add_worker = button("button button--quiet button--small consumers__add", "+ Worker")
            .label(format!("Add worker to {}", row.name))
            .on_click(does(on, new_worker(row)));
        element("article", "card consumers__card")
            .label(format!("Consumer {}", row.name))
            .with(card_head(&row.name, kind, "consumer", edit, on))
            .with(tags(&row.tags))
            .with(row.inactive.as_ref().map(inactive))
            .with(tray::tray(&row.tray))
            .with((!row.tickets.is_empty()).then(|| tickets::tickets(&row.tickets)))
            .each(row.workers.iter().map(|of| worker::worker(row, of, on)))
            .with(row.notice.as_ref().map(|notice| self::notice(row, notice, on)))
            .with(row.deliver_subject.is_none().then_some(add_worker))
            .with(numbers(&row.numbers))
            .into_html()
    }
}

fn new_worker(row: &ConsumerRow) -> PageAction {
    PageAction::Open(Dialog::NewWorker { stream: Rc::clone(&row.stream), consumer: Rc::clone(&row.name) })
}

fn inactive(row: &Ring) -> Element {
    element("p", "consumers__inactive")
        .with(ring(row, RingKind::Delay))
        .text(format!("Unused: deleted in {}", row.left))
}

fn notice(row: &ConsumerRow, notice: &Notice, on: &Callback<Action>) -> Element {
    let remedy = |remedy: &Remedy| {
        let (label, action): (_, Action) = match remedy {
            Remedy::Fetch { worker, name } => {
                (format!("Let {name} fetch 1"), Command::Fetch { worker: *worker, request: FetchRequest::ONE }.into())
            }
            Remedy::AddWorker => ("Add a worker".into(), new_worker(row).into()),
        };
        button("link", label).on_click(does(on, action))
    };
    element("p", "notice").with(phrase(&notice.says)).text(" ").with(notice.remedy.as_ref().map(remedy))
}
