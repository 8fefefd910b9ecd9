//! What was done last, as commands of the `nats` tool or as client code.

use std::rc::Rc;

use yew::Html;

use crate::texts::page::drawer as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::view::cli::{CliLine, Face};
use crate::view::drawer::Turn;

use super::log::choice;

#[derive(PartialEq)]
pub struct Cli {
    pub lines: Rc<[CliLine]>,
    pub face: Face,
    pub on_action: OnAction,
}

impl Draw for Cli {
    fn draw(&self) -> Html {
        let signs = match self.face {
            Face::Nats => ["$ ", "# "],
            Face::NatsJs => ["", "// "],
        };
        let line = |line: &CliLine| {
            let class = if line.is_remark { "cli__line muted" } else { "cli__line" };
            let sign = signs[usize::from(line.is_remark)];
            element("li", class)
                .with(element("span", "cli__sign").attr("aria-hidden", "true").text(sign))
                .text(line.text.clone())
        };
        let head = element("div", "cli__head")
            .with(element("div", "cli__title").woven(texts::JUST_DID, [self.faces()]))
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
        element("section", "cli").label(texts::WHAT_YOU_JUST_DID).with(head).with(lines.with(content)).into_html()
    }
}

impl Cli {
    fn faces(&self) -> Element {
        let options = Face::ALL.map(|face| (face.name().into(), face.name().into()));
        let choose =
            |name: String| Turn::Face(Face::ALL.into_iter().find(|face| face.name() == name).unwrap_or_default());
        choice(texts::WRITTEN_FOR, None, self.face.name(), options.into(), &self.on_action, choose)
    }
}
