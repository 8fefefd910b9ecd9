//! What was done last, as commands of the `nats` tool.

use std::rc::Rc;

use yew::{Callback, Html};

use crate::ui::action::{Action, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::view::cli::CliLine;

#[derive(PartialEq)]
pub struct Cli {
    pub lines: Rc<[CliLine]>,
    pub on_action: Callback<Action>,
}

impl Draw for Cli {
    fn draw(&self) -> Html {
        let line = |line: &CliLine| {
            let (class, sign) = if line.is_remark { ("cli__line muted", "# ") } else { ("cli__line", "$ ") };
            element("li", class)
                .with(element("span", "cli__sign").attr("aria-hidden", "true").text(sign))
                .text(line.text.clone())
        };
        let head = element("div", "cli__head")
            .with(element("h3", "cli__title").text("What you just did, as ").with(element("b", "").text("nats")))
            .with((!self.lines.is_empty()).then(|| {
                button("button button--small", "Copy")
                    .label("Copy the commands")
                    .on_click(does(&self.on_action, PageAction::CopyCommands))
            }));
        let lines = element("div", "cli__lines").attr("tabindex", "0").attr("role", "region").label("Commands");
        let content = if self.lines.is_empty() {
            element("p", "muted").text("Nothing yet.")
        } else {
            element("ol", "").each(self.lines.iter().map(line))
        };
        element("section", "cli").label("Commands of the nats tool").with(head).with(lines.with(content)).into_html()
    }
}
