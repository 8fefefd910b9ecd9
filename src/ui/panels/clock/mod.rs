//! The clock bar.

pub mod compare;
mod timeline;

use std::rc::Rc;

use yew::{Event, Html, SubmitEvent};

use crate::sim::clock::Speed;
use crate::texts::page::clock as texts;
use crate::ui::action::{ClockAction, OnAction};
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::field::plain;
use crate::ui::widgets::icon::{self, icon};
use crate::ui::widgets::memo::{Draw, memo};
use crate::ui::widgets::phrase::phrase;
use crate::ui::widgets::{does, typed, value_of};
use crate::view::clock::{ClockRow, advance_by, speed_label};

/// The clock bar.
#[derive(PartialEq)]
pub struct Clock {
    pub row: Rc<ClockRow>,
    pub on_action: OnAction,
}

impl Draw for Clock {
    fn draw(&self) -> Html {
        let now = element("output", "clock__now").label(texts::SIMULATED_TIME).attr("aria-live", "off");
        let tools = element("div", "clock__tools")
            .with(self.history())
            .with(memo("advance", Advance { on_action: self.on_action.clone() }))
            .with(self.speeds());
        element("section", "clock")
            .label(texts::CLOCK)
            .with(self.transport())
            .with(self.next())
            .with(tools)
            .with(now.text(self.row.now.clone()))
            .with(timeline::timeline(&self.row, &self.on_action))
            .with(timeline::branches(&self.row.timeline, &self.on_action))
            .with(self.past())
            .into_html()
    }
}

impl Clock {
    fn transport(&self) -> Element {
        let (play, play_name, play_title, play_icon) = if self.row.is_playing {
            (ClockAction::Pause, texts::PAUSE, texts::PAUSE_TITLE, icon::PAUSE)
        } else {
            (ClockAction::Play, texts::PLAY, texts::PLAY_TITLE, icon::PLAY)
        };
        let play = self
            .button(play_name, icon(play_icon), play)
            .attr("class", "button button--main clock__play")
            .title(play_title);
        element("div", "clock__transport")
            .attr("role", "group")
            .label(texts::RUN)
            .with(self.button(texts::TO_START, icon(icon::START), ClockAction::SeekStart).title(texts::TO_START_TITLE))
            .with(self.button(texts::BACK, icon(icon::BACK), ClockAction::StepBack).title(texts::BACK_TITLE))
            .with(play)
            .with(self.button(texts::ON, icon(icon::STEP), ClockAction::StepEvent).title(texts::ON_TITLE))
            .with(self.button(texts::SKIP, icon(icon::SKIP), ClockAction::SkipToNextLoss).title(texts::SKIP_TITLE))
    }

    /// Says that it is the past, and leads out of it.
    fn past(&self) -> Option<Element> {
        let behind = self.row.past.as_ref()?;
        let mut says = texts::PAST.with([behind]);
        if self.row.is_cut {
            says = [&*says, " ", texts::NOT_KEPT].concat();
        }
        let leave = button("button button--small", texts::TO_END);
        let leave = leave.title(texts::TO_END_TITLE).on_click(does(&self.on_action, ClockAction::SeekEnd));
        Some(element("p", "clock__gone").text(says).with(leave))
    }

    /// Undo and redo.
    fn history(&self) -> Element {
        let tool = |sign: &'static str, name: &'static str, title: &'static str, action, is_there: bool| {
            let tool = button("button button--square", sign).label(name).title(title).flag("disabled", !is_there);
            tool.on_click(does(&self.on_action, action))
        };
        let undo = texts::UNDO_TITLE;
        let redo = texts::REDO_TITLE;
        element("div", "clock__transport")
            .attr("role", "group")
            .label(texts::HISTORY)
            .with(tool("↶", texts::UNDO, undo, ClockAction::Undo, self.row.can_undo))
            .with(tool("↷", texts::REDO, redo, ClockAction::Redo, self.row.can_redo))
    }

    fn button(&self, name: &'static str, icon: Element, action: ClockAction) -> Element {
        button("button button--square", "").label(name).with(icon).on_click(does(&self.on_action, action))
    }

    fn next(&self) -> Element {
        let line = element("p", "clock__next");
        let Some(next) = &self.row.next else { return line.text(texts::NOTHING_DUE) };
        let what = element("b", "clock__what").with(phrase(&next.what));
        let left = element("code", "").text(next.left.clone());
        let says = element("span", "").woven(texts::NEXT, [what, left]);
        line.with(says)
            .with(button("button", texts::SKIP_TO_IT).on_click(does(&self.on_action, ClockAction::SkipToNext)))
    }

    fn speeds(&self) -> Element {
        let on = self.on_action.clone();
        let on_change = move |event: Event| {
            let chosen = typed(&event);
            if let Some(speed) = Speed::ALL.into_iter().find(|speed| speed_label(*speed) == chosen) {
                on.emit(ClockAction::SetSpeed(speed).into());
            }
        };
        let option = |speed: Speed| {
            let label = speed_label(speed);
            element("option", "").attr("value", label.clone()).flag("selected", speed == self.row.speed).text(label)
        };
        element("select", "input clock__speed")
            .label(texts::SPEED)
            .on_change(on_change.into())
            .each(Speed::ALL.into_iter().map(option))
    }
}

/// Moves time by what is typed. Drawn once, so that what is typed stays.
#[derive(PartialEq)]
struct Advance {
    on_action: OnAction,
}

/// What the browser takes for a duration, before it is read.
const DURATION_PATTERN: &str = r"\s*\+?(\s*[0-9.]+\s*(ns|us|µs|ms|s|m|min|h|d))+\s*|\s*\+?[0-9.]+\s*";

impl Draw for Advance {
    fn draw(&self) -> Html {
        let on_action = self.on_action.clone();
        let on_submit = move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(by) = advance_by(&value_of(&event, "[name=by]")) {
                on_action.emit(ClockAction::Advance(by).into());
            }
        };
        let by = element("input", "input clock__by")
            .attr("name", "by")
            .label(texts::ADVANCE_BY)
            .title(texts::DURATION_TITLE)
            .value("30s")
            .flag("required", true)
            .attr("pattern", DURATION_PATTERN);
        element("form", "clock__advance")
            .on_submit(on_submit.into())
            .with(plain(by))
            .with(button("button", texts::ADVANCE).attr("type", "submit"))
            .into_html()
    }
}
