//! The panels, one folder each; their rows are in [`crate::view`], their sheets in `www/styles`.

pub mod attached;
pub mod clock;
pub mod consumers;
pub mod dialogs;
pub mod drawer;
pub mod embedded;
pub mod first_steps;
pub mod header;
pub mod publishers;
pub mod streams;
pub mod why;

use super::action::{Dialog, OnAction, PageAction};
use super::widgets::does;
use super::widgets::element::{Element, Node, button, element};
use crate::texts::Template;
use crate::texts::page::header as texts;

/// The frame of a panel of cards; `add` opens the dialog for one more, and `name` says what that is.
fn panel(id: &'static str, title: &'static str, add: Option<Dialog>, name: &'static str, on: &OnAction) -> Element {
    let one_more =
        |dialog| button("button button--small", texts::ADD).label(name).on_click(does(on, PageAction::Open(dialog)));
    let head = element("div", "panel__head")
        .with(element("h2", "panel__title").attr("id", id).text(title))
        .with(add.map(one_more));
    element("section", format!("panel {id}")).attr("aria-labelledby", id).with(head)
}

/// What stands in a panel without cards.
fn empty(says: &'static str) -> Element {
    element("p", "panel__empty").text(says)
}

/// The head of a card: a name, what it is, and the button that opens `edit`, which `label` names.
fn card_head(name: &str, kind: impl Node, label: Template<1>, edit: Dialog, on: &OnAction) -> Element {
    let edit = button("button button--quiet card__edit", texts::EDIT)
        .label(label.with([&name]))
        .on_click(does(on, PageAction::Open(edit)));
    element("div", "card__head").with(element("h3", "card__name").text(name.to_owned())).with(kind).with(edit)
}
