//! The drawer: its tabs, what the open one shows, and what was done as commands of the `nats` tool.

mod cli;
mod inspector;
mod log;
mod numbers;
mod subjects;
mod wire;

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::{Callback, Html, KeyboardEvent};

use crate::texts::page::drawer as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::{Draw, memo};
use crate::view::Same;
use crate::view::drawer::{DrawerRow, Shown, Tab, Turn};

/// The panel.
#[derive(PartialEq)]
pub struct Drawer {
    pub row: Same<DrawerRow>,
    pub on_action: OnAction,
}

impl Draw for Drawer {
    fn draw(&self) -> Html {
        let on = &self.on_action;
        let row = &*self.row.0;
        let open = row.shown.tab();
        let content = match &row.shown {
            Shown::Log(panel) => log::log(panel, on),
            Shown::Wire(panel) => wire::wire(panel, on),
            Shown::Inspector(of) => inspector::inspector(of, on),
            Shown::Numbers(panel) => numbers::numbers(panel, on),
            Shown::Subjects(of) => subjects::subjects(of, on),
        };
        let pane = element("div", "drawer__pane")
            .key(open.label())
            .attr("id", "drawer-pane")
            .attr("role", "tabpanel")
            .attr("aria-labelledby", tab_id(open))
            .with(content);
        let cli = cli::Cli { lines: Rc::clone(&row.cli), face: row.face, on_action: on.clone() };
        element("section", "drawer")
            .label(texts::DRAWER)
            .with(tabs(open, on))
            .with(pane)
            .with(memo("cli", cli))
            .into_html()
    }
}

fn tab_id(tab: Tab) -> String {
    format!("tab-{}", tab as usize)
}

/// The tabs. Only the open one is a stop of the tab key; arrows open the next.
fn tabs(open: Tab, on: &OnAction) -> Element {
    let tab = |tab: Tab| {
        let is_open = tab == open;
        button("drawer__tab", tab.label())
            .attr("id", tab_id(tab))
            .attr("role", "tab")
            .attr("aria-controls", "drawer-pane")
            .attr("tabindex", if is_open { "0" } else { "-1" })
            .state("aria-selected", is_open)
            .on_click(does(on, turn(Turn::Open(tab))))
    };
    element("div", "drawer__tabs")
        .attr("role", "tablist")
        .label(texts::DRAWER)
        .on_key(Callback::from(walk))
        .each(Tab::ALL.map(tab))
}

/// Arrows, Home and End go from tab to tab, and open it.
fn walk(event: KeyboardEvent) {
    let from = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some((from, list)) = from.and_then(|from| Some((from.clone(), from.parent_element()?))) else { return };
    let to = match &*event.key() {
        "ArrowLeft" => from.previous_element_sibling().or(list.last_element_child()),
        "ArrowRight" => from.next_element_sibling().or(list.first_element_child()),
        "Home" => list.first_element_child(),
        "End" => list.last_element_child(),
        _ => return,
    };
    event.prevent_default();
    if let Some(to) = to.and_then(|to| to.dyn_into::<HtmlElement>().ok()) {
        // A tab is always there to be focused.
        let _ = to.focus();
        to.click();
    }
}

/// A change of what the drawer is asked.
fn turn(turn: Turn) -> PageAction {
    PageAction::Drawer(turn)
}
