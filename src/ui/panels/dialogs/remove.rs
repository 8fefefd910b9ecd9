//! What a request would remove, before it is sent.

use yew::Callback;

use crate::texts::page::dialogs as texts;
use crate::ui::action::{Action, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};
use crate::view::form::ApiRequest;

pub fn remove(subject: &str, body: &str, says: &str, on: &Callback<Action>) -> Element {
    let request = ApiRequest { subject: subject.to_owned(), body: body.to_owned() };
    let foot = element("div", "dialog__foot")
        .with(button("button", texts::CANCEL).on_click(does(on, PageAction::CloseDialog)))
        .with(button("button button--main", texts::REMOVE).on_click(does(on, request)));
    let body = element("div", "dialog__body").with(element("p", "").text(says.to_owned()));
    element("div", "dialog__form").with(body).with(foot)
}
