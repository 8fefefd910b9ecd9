//! The top line of a page within another page: what is shown, what moves time, and the way to the whole page.

use std::rc::Rc;

use yew::{AttrValue, Html};

use crate::texts::page::header as texts;
use crate::ui::action::{ClockAction, OnAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::icon::{self, icon};
use crate::ui::widgets::memo::Draw;
use crate::view::clock::ClockRow;

#[derive(PartialEq)]
pub struct Embedded {
    pub title: AttrValue,
    /// The address of the whole page.
    pub whole: AttrValue,
    /// Where the page has no clock of its own.
    pub clock: Option<Rc<ClockRow>>,
    pub on_action: OnAction,
}

impl Draw for Embedded {
    fn draw(&self) -> Html {
        let link = element("a", "embedded__whole")
            .attr("href", self.whole.clone())
            .attr("target", "_blank")
            .attr("rel", "noopener")
            .text(texts::OPEN_JETSTREAM_SIMULATOR);
        element("header", "embedded")
            .with(self.clock.as_ref().map(|clock| self.transport(clock)))
            .with(element("h1", "embedded__title").text(self.title.clone()))
            .with(link)
            .into_html()
    }
}

impl Embedded {
    fn transport(&self, clock: &ClockRow) -> Element {
        let (name, sign, action) = if clock.is_playing {
            (texts::PAUSE, icon::PAUSE, ClockAction::Pause)
        } else {
            (texts::PLAY, icon::PLAY, ClockAction::Play)
        };
        let tool = |class, name: &'static str, sign, action: ClockAction| {
            button(class, "").label(name).with(icon(sign)).on_click(does(&self.on_action, action))
        };
        let now = element("output", "clock__now").label(texts::SIMULATED_TIME).attr("aria-live", "off");
        element("div", "embedded__transport")
            .with(tool("button button--main button--square", name, sign, action))
            .with(tool("button button--square", texts::ONE_EVENT, icon::STEP, ClockAction::StepEvent))
            .with(now.text(clock.now.clone()))
    }
}
