//! The line of what has happened and what is due, with a handle to go along it, and the branches that were left.

use std::rc::Rc;

use yew::{Event, InputEvent};

use crate::texts::page::clock as texts;
use crate::ui::action::{Action, ClockAction, Dialog, OnAction, PageAction};
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::{does, set_value, typed};
use crate::view::clock::ClockRow;
use crate::view::timeline::{AheadMark, BranchRow, Mark, MarkKind, Timeline};

/// Draws the line. Shapes keep their form at every width: each stands at its share of the line.
pub fn timeline(clock: &Rc<ClockRow>, on: &OnAction) -> Element {
    let row = &clock.timeline;
    let drawn = element("svg", "timeline__line")
        .attr("role", "img")
        .label(spoken(row))
        .with(line("timeline__ahead", 0, 1000))
        .with(line("timeline__later", row.now_at, row.end_at))
        .with(line("timeline__past", 0, row.now_at))
        .each(row.marks.iter().map(|mark| shape(mark, mark.at > row.now_at)))
        .with(clock.past.as_ref().map(|_| shape_at(row.end_at, path("timeline__end", "M0 10v20"))))
        .each(row.ahead.iter().map(|mark| shape_at(mark.at, path("timeline__due", "M0 12v16"))));
    let labels = element("div", "timeline__labels").attr("aria-hidden", "true").each(row.ahead.iter().map(label));
    let zoom = |sign: &'static str, name: &'static str, by: i8| {
        button("button button--quiet button--square timeline__zoom", sign)
            .label(name)
            .title(name)
            .on_click(does(on, PageAction::Zoom(by)))
    };
    element("div", "timeline")
        .with(element("div", "timeline__track").with(drawn).with(labels).with(handle(clock, on)))
        .with(zoom("−", texts::SHOW_MORE_TIME, -1))
        .with(zoom("+", texts::SHOW_LESS_TIME_LARGER, 1))
}

/// The branches, each a faint track with its name and what can be done with it.
pub fn branches(row: &Timeline, on: &OnAction) -> Option<Element> {
    let branch = |branch: &BranchRow| {
        let name = texts::BRANCH_NUMBER.with([&branch.number]);
        let says = texts::OWN_COMMANDS.with([&name, &branch.parted, &branch.ended, &branch.commands]);
        let track = element("svg", "timeline__line timeline__line--branch")
            .attr("role", "img")
            .label(says.clone())
            .with(line("timeline__later", branch.from, branch.to))
            .with(shape_at(branch.from, path("timeline__later", "M0 0v20")))
            .each(branch.marks.iter().map(|mark| shape(mark, true)));
        let tool = |text: &'static str, action: Rc<Action>| {
            button("button button--small", text).label(texts::OF_BRANCH.with([&text, &name])).on_click(does(on, action))
        };
        // Undo goes along a line, and does not bring back a line that is gone.
        let drop = match (ClockAction::DropBranch(branch.number).into(), branch.commands) {
            (drop, 0) => drop,
            (drop, _) => {
                let says = texts::DROPS.with([&says]).into();
                PageAction::Open(Dialog::Remove { does: drop, says }).into()
            }
        };
        let tools = element("div", "branches__tools")
            .with(element("span", "branches__name").title(says).text(name.clone()))
            .with(tool(texts::GO_TO, ClockAction::PickUp(branch.number).into()))
            .with(tool(texts::COMPARE, PageAction::Compare(branch.number).into()))
            .with(tool(texts::DROP, drop));
        element("li", "branches__branch").key(u64::from(branch.number)).with(track).with(tools)
    };
    let list = element("ul", "branches").label(texts::BRANCHES_WERE_LEFT).each(row.branches.iter().map(branch));
    (!row.branches.is_empty()).then_some(list)
}

/// Now, as a handle: behind, it goes back at once; drawn ahead of all that happened, it lets so much time pass.
fn handle(clock: &Rc<ClockRow>, on: &OnAction) -> Element {
    let seek = {
        let (on, clock) = (on.clone(), Rc::clone(clock));
        move |place: u16| {
            let line = &clock.timeline;
            let action =
                if place == line.end_at { ClockAction::SeekEnd } else { ClockAction::SeekTime(line.time_at(place)) };
            on.emit(action.into());
        }
    };
    let (now_at, end_at) = (clock.timeline.now_at, clock.timeline.end_at);
    let (advance, let_go) = (seek.clone(), on.clone());
    let on_change = move |event: Event| {
        match typed(&event).parse::<u16>() {
            Ok(to) if to > end_at => advance(to),
            Ok(_) => {}
            Err(_) => set_value(&event, &now_at.to_string()),
        }
        let_go.emit(PageAction::LetGo.into());
    };
    let pause = on.clone();
    let on_input = move |event: InputEvent| match typed(&event).parse::<u16>() {
        Ok(to) if to <= end_at => seek(to),
        // Time that runs would take the handle out of the hand.
        _ => pause.emit(ClockAction::Pause.into()),
    };
    element("input", "timeline__handle")
        .attr("type", "range")
        .attr("max", "1000")
        .label(texts::HANDLE)
        .title(texts::HANDLE_TITLE)
        .attr("aria-valuetext", clock.now.clone())
        .value(&now_at.to_string())
        .on_input(on_input.into())
        .on_change(on_change.into())
}

fn line(class: &'static str, from: u16, to: u16) -> Element {
    let from = if from == 0 { "0".into() } else { share(from) };
    let to = if to == 1000 { "100%".into() } else { share(to) };
    element("line", class).attr("x1", from).attr("x2", to).attr("y1", "20").attr("y2", "20")
}

/// A place on the line; a little off both ends, so that no shape is cut.
fn share(permille: u16) -> String {
    let at = permille.clamp(6, 994);
    format!("{}.{}%", at / 10, at % 10)
}

/// The shape of a mark; faint where it is not the past of what is shown.
fn shape(mark: &Mark, is_faint: bool) -> Element {
    let dot = |class, radius| element("circle", class).attr("cy", "20").attr("r", radius);
    let shape = match mark.kind {
        MarkKind::Stored => path("timeline__stored", "M0 20l-4 -9h8z"),
        MarkKind::Delivered => path("timeline__delivered", "M-3 23v8l6 -4z"),
        MarkKind::Acked => dot("timeline__acked", "4"),
        MarkKind::Redelivery => dot("timeline__again", "4.5"),
        MarkKind::Lost => path("timeline__lost", "M-4 16l8 8M4 16l-8 8"),
    };
    shape_at(mark.at, shape).attr("opacity", if is_faint { ".4" } else { "1" })
}

fn path(class: &'static str, d: &'static str) -> Element {
    element("path", class).attr("d", d)
}

fn shape_at(at: u16, shape: Element) -> Element {
    element("svg", "").attr("x", share(at)).attr("overflow", "visible").with(shape)
}

fn label(mark: &AheadMark) -> Element {
    let class = if mark.at > 900 { "timeline__label timeline__label--left" } else { "timeline__label" };
    element("span", class).attr("style", format!("--at:{}", share(mark.at))).text(mark.label.clone())
}

/// The line as one sentence.
fn spoken(row: &Timeline) -> String {
    let mut spoken = vec![texts::TIMELINE.to_owned()];
    for kind in MarkKind::ALL {
        let marks = row.marks.iter().filter(|mark| mark.kind == kind && mark.at <= row.now_at);
        let count: u64 = marks.map(|mark| u64::from(mark.count)).sum();
        if count > 0 {
            spoken.push(texts::COUNTED.with([&count, &kind.label()]));
        }
    }
    if let Some(next) = row.ahead.first() {
        spoken.push(texts::NEXT_DUE.with([&next.label]));
    }
    spoken.join(" ")
}
