//! “Why?”: the button that asks, and the box that answers.

use std::rc::Rc;

use yew::{AttrValue, Callback};

use crate::sim::command::Command;
use crate::sim::presets::Preset;
use crate::texts::page::why as texts;
use crate::ui::action::{Action, ClockAction, Dialog, OnAction, PageAction};
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::phrase::phrase;
use crate::ui::widgets::{does, light, lights};
use crate::view::why::{Answer, Ask, Counter, Mend, Place, Step};

/// The button that asks, or no longer; `name` says of what.
pub fn button_for(ask: Ask, is_asked: bool, name: impl Into<AttrValue>, on: &OnAction) -> Element {
    button("button button--small why__ask", texts::WHY)
        .label(name)
        .state("aria-expanded", is_asked)
        .on_click(does(on, PageAction::Ask(ask)))
}

/// The sentence and the button that mends it; for whoever `is_asked`, also what it was worked out from.
pub fn answer(of: &Answer, is_asked: bool, on: &OnAction) -> Element {
    let says = element("p", "notice__says")
        .with(phrase(&of.says))
        .text(" ")
        .with(of.mend.as_ref().map(|mend| self::mend(mend, on)));
    let notice = element("div", "notice");
    if is_asked {
        notice
            .with(says.attr("role", "status"))
            .with((!of.counters.is_empty()).then(|| counters(&of.counters, on)))
            .with(confusions(of))
    } else {
        notice.with(says)
    }
}

/// What it was worked out from. Pointing at a number lights what it counts.
fn counters(rows: &[Counter], on: &OnAction) -> Element {
    let one = |row: &Counter| {
        let value = element("dd", "").with(light(row.lit.as_ref(), row.value.clone(), row.label));
        element("div", "").with(element("dt", "").text(row.label)).with(value)
    };
    element("dl", "why__counters").on_lit(&lights(on)).each(rows.iter().map(one))
}

/// What the answer clears up, each with a link to the preset that shows it, beside this page.
fn confusions(of: &Answer) -> Option<Element> {
    let one = |preset: &'static Preset| {
        let link = element("a", "why__preset")
            .attr("href", ["#preset=", preset.key].concat())
            .attr("target", "_blank")
            .title(texts::SHOWN_PRESET_OPENS_BESIDE)
            .text(preset.title());
        element("li", "").with(link)
    };
    let presets = of.confusions.iter().filter_map(|of| of.preset());
    let list = || element("ul", "why__confusions").label(texts::ANSWERS).each(presets.map(one));
    (!of.confusions.is_empty()).then(list)
}

fn mend(mend: &Mend, on: &OnAction) -> Element {
    let (on, steps) = (on.clone(), mend.steps.clone());
    let does = move |_| steps.iter().for_each(|step| on.emit(action(step)));
    button("link", mend.label.clone()).on_click(Callback::from(does))
}

fn action(step: &Step) -> Rc<Action> {
    match step.clone() {
        Step::Do(command) => Command::into(command),
        Step::Wait(time) => ClockAction::Advance(time).into(),
        Step::Open(place) => PageAction::Open(match place {
            Place::NewStream => Dialog::NewStream,
            Place::Stream(name) => Dialog::EditStream(name),
            Place::NewConsumer(stream) => Dialog::NewConsumer(stream),
            Place::Consumer { stream, name } => Dialog::EditConsumer { stream, name },
        })
        .into(),
    }
}
