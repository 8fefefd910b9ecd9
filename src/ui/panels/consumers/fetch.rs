//! The fetch button: one message at a click, anything else from the box behind the arrow.

use std::rc::Rc;
use std::time::Duration;

use yew::{Html, MouseEvent};

use crate::engine::table::Id;
use crate::sim::actor::{ActorId, FetchRequest};
use crate::sim::command::Command;
use crate::texts::page::consumers as texts;
use crate::ui::action::OnAction;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::{does, tick_of, value_of};
use crate::view::text;

/// The expiries that a pull request is offered; none waits for ever.
const EXPIRES: [Option<Duration>; 5] = [
    None,
    Some(Duration::from_secs(1)),
    Some(Duration::from_secs(5)),
    Some(Duration::from_secs(30)),
    Some(Duration::from_secs(300)),
];

/// Drawn once for a worker, so that what is typed stays.
#[derive(PartialEq)]
pub struct Fetch {
    pub worker: ActorId,
    pub name: Rc<str>,
    pub on_action: OnAction,
}

impl Draw for Fetch {
    fn draw(&self) -> Html {
        let (worker, name) = (self.worker, &self.name);
        let one = Command::Fetch { worker, request: FetchRequest::ONE };
        element("span", "split")
            .with(
                button("button split__main", texts::FETCH)
                    .label(texts::FETCH_ONE.with([&name]))
                    .on_click(does(&self.on_action, one)),
            )
            .with(
                button("button split__more", "▾")
                    .attr("popovertarget", self.id(""))
                    .label(texts::FETCH_MORE.with([&name])),
            )
            .with(self.form())
            .into_html()
    }
}

impl Fetch {
    fn id(&self, part: &str) -> String {
        format!("fetch-{}{part}", self.worker.index())
    }

    fn form(&self) -> Element {
        let worker = self.worker;
        let fetch = move |event: MouseEvent| Command::Fetch { worker, request: read(&event) }.into();
        let label = |part: &'static str| element("label", "field__label").attr("for", self.id(part)).text(part);
        let batch = element("input", "input")
            .attr("id", self.id("batch"))
            .attr("name", "batch")
            .attr("type", "number")
            .attr("min", "1")
            .attr("max", "1000000")
            .value("5");
        let expires = element("select", "input")
            .attr("id", self.id("expires"))
            .attr("name", "expires")
            .each(EXPIRES.into_iter().enumerate().map(option));
        let no_wait = element("input", "input--tick").attr("name", "no_wait").attr("type", "checkbox");
        let send = button("button button--main", texts::FETCH)
            .attr("popovertarget", self.id(""))
            .attr("popovertargetaction", "hide")
            .on_click(self.on_action.reform(fetch));
        element("div", "menu menu--form")
            .attr("id", self.id(""))
            .attr("popover", "auto")
            .with(label("batch"))
            .with(batch)
            .with(label("expires"))
            .with(expires)
            .with(element("label", "menu__tick").with(no_wait).text(texts::NO_WAIT))
            .with(send)
    }
}

fn option((index, expires): (usize, Option<Duration>)) -> Element {
    element("option", "")
        .attr("value", index.to_string())
        .flag("selected", expires == FetchRequest::ONE.expires)
        .text(expires.map_or(texts::NEVER.into(), text::duration))
}

/// The pull request that is filled in; a batch that is no number is one message.
fn read(event: &MouseEvent) -> FetchRequest {
    let batch = value_of(event, "[name=batch]").parse().ok().filter(|batch| *batch > 0).unwrap_or(1);
    let chosen: usize = value_of(event, "[name=expires]").parse().unwrap_or_default();
    let expires = EXPIRES.get(chosen).copied().flatten();
    FetchRequest { batch, no_wait: tick_of(event, "[name=no_wait]"), expires }
}
