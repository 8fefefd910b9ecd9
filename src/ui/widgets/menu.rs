//! A button that opens a list of actions, by the browser's own popovers.

use std::rc::Rc;

use yew::Html;

use crate::ui::action::{Action, OnAction};

use super::does;
use super::element::{button, element, list};

/// One entry.
pub struct MenuItem {
    pub label: String,
    pub action: Rc<Action>,
}

impl MenuItem {
    pub fn new(label: impl Into<String>, action: impl Into<Rc<Action>>) -> Self {
        Self { label: label.into(), action: action.into() }
    }
}

/// A button with `label` that opens `items`; `name` says to the ear what it opens, `id` is its own on the page.
pub fn menu(
    id: &str,
    class: &'static str,
    label: &'static str,
    name: &str,
    items: Vec<MenuItem>,
    on: &OnAction,
) -> Html {
    let item = |item: MenuItem| {
        let choice = button("menu__item", item.label)
            .attr("popovertarget", id.to_owned())
            .attr("popovertargetaction", "hide")
            .on_click(does(on, item.action));
        element("li", "").with(choice)
    };
    let arrow = element("span", "menu__arrow").attr("aria-hidden", "true").text("▾");
    let opener = button(class, label).attr("popovertarget", id.to_owned()).label(name.to_owned()).with(arrow);
    let list_of_items = element("ul", "menu")
        .attr("id", id.to_owned())
        .attr("popover", "auto")
        .label(name.to_owned())
        .each(items.into_iter().map(item));
    list([opener, list_of_items])
}
