//! What was done last, as commands of the `nats` tool.

use std::rc::Rc;

use yew::{Callback, Html};

use crate::texts::page::drawer as texts;
use crate::ui::action::{Action, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::view::cli::CliLine;

/// The tool that the commands are of.
const NATS: &str = "nats";

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
            .with(element("h3", "cli__title").woven(texts::JUST_DID, [element("b", "").text(NATS)]))
            .with((!self.lines.is_empty()).then(|| {
                button("button button--small", texts::COPY)
                    .label(texts::COPY_COMMANDS)
                    .on_click(does(&self.on_action, PageAction::CopyCommands))
            }));
        let lines = element("div", "cli__lines").attr("tabindex", "0").attr("role", "region").label(texts::COMMANDS);
        let content = if self.lines.is_empty() {
            element("p", "muted").text(texts::NOTHING_YET)
        } else {
            element("ol", "").each(self.lines.iter().map(line))
        };
        element("section", "cli").label(texts::COMMANDS_NATS_TOOL).with(head).with(lines.with(content)).into_html()
    }
}
