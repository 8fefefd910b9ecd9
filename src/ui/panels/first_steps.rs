//! What a reader may try first in the world that is open.

use yew::Html;

use crate::sim::scenario::{About, FirstStep};
use crate::texts::page::app as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::{does, heard};
use crate::view::Same;

#[derive(PartialEq)]
pub struct FirstSteps {
    pub about: Same<About>,
    /// Which of them were done, by their bits.
    pub done: u32,
    pub on_action: OnAction,
}

impl Draw for FirstSteps {
    fn draw(&self) -> Html {
        let steps = self.about.0.first_steps.iter().enumerate().map(|(place, first)| self.step(place, first));
        let close = button("button button--quiet button--square", "×")
            .label(texts::CLOSE_FIRST_STEPS)
            .on_click(does(&self.on_action, PageAction::CloseFirstSteps));
        element("section", "firsts")
            .label(texts::FIRST_STEPS)
            .with(element("ul", "firsts__list").each(steps))
            .with(close)
            .into_html()
    }
}

impl FirstSteps {
    fn step(&self, place: usize, first: &FirstStep) -> Element {
        let is_done = self.done & (1 << place) != 0;
        let text = first.text.clone();
        let what = if first.steps.is_empty() {
            element("span", "firsts__text").text(text)
        } else {
            button("button firsts__do", text).on_click(does(&self.on_action, PageAction::FirstStep(place)))
        };
        element("li", if is_done { "firsts__step firsts__step--done" } else { "firsts__step" })
            .with(what)
            .with(is_done.then(|| heard(texts::DONE)))
    }
}
