//! What an action would remove, before it is done.

use std::rc::Rc;

use crate::texts::page::dialogs as texts;
use crate::ui::action::{Action, OnAction, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};

pub fn remove(action: &Rc<Action>, says: &str, on: &OnAction) -> Element {
    let foot = element("div", "dialog__foot")
        .with(button("button", texts::CANCEL).on_click(does(on, PageAction::CloseDialog)))
        .with(button("button button--main", texts::REMOVE).on_click(does(on, Rc::clone(action))));
    let body = element("div", "dialog__body").with(element("p", "").text(says.to_owned()));
    element("div", "dialog__form").with(body).with(foot)
}
