//! What feeds a stream: the end of each origin's tape, and the link, which can be cut.

use crate::sim::command::Command;
use crate::texts::page::streams as texts;
use crate::ui::action::OnAction;
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::phrase::phrase;
use crate::view::streams::{LinkRow, LinkState, Passage, StreamRow};

pub fn links(row: &StreamRow, on: &OnAction) -> Element {
    element("ul", "links").label(texts::ORIGINS).each(row.links.iter().map(|link| self::link(row, link, on)))
}

fn link(row: &StreamRow, link: &LinkRow, on: &OnAction) -> Element {
    let (class, sign) = match link.state {
        LinkState::Flowing => ("links__link", "━━▶"),
        LinkState::Seeking => ("links__link links__link--seeking", "╌╌▷"),
        LinkState::Cut => ("links__link links__link--cut", "━ ✂ ━"),
    };
    let is_cut = link.state == LinkState::Cut;
    let command = Command::CutLink { stream: row.name.to_string(), origin: link.by, is_cut: !is_cut };
    let (verb, name) = if is_cut { (texts::MEND, texts::MEND_LINK) } else { (texts::CUT, texts::CUT_LINK) };
    let cell = |(seq, passage): &(u64, Passage)| {
        let class = match passage {
            Passage::Passed => "links__cell",
            Passage::Waits => "links__cell links__cell--waits",
            Passage::NotAsked => "links__cell links__cell--not-asked",
        };
        element("li", class).text(seq.to_string())
    };
    let tape = element("ol", "links__tape")
        .label(texts::MESSAGES_OF.with([&link.origin]))
        .each(link.cells.iter().map(cell))
        .with(element("li", "links__sign").attr("aria-hidden", "true").text(sign));
    let cut = button("button button--small", verb).label(name.with([&link.origin])).on_click(does(on, command));
    element("li", class)
        .with(element("b", "").text(link.origin.clone()))
        .with(tape)
        .with(cut)
        .with(element("p", "links__says").with(phrase(&link.says)))
}
