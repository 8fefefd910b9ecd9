//! The top line: name, preset, theme, help.

use yew::{Event, Html};

use crate::sim::presets::{PRESETS, Preset};
use crate::sim::scenario::About;
use crate::texts::page::header as texts;
use crate::ui::action::{ClockAction, Dialog, OnAction, PageAction};
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::memo::Draw;
use crate::ui::widgets::{does, typed};
use crate::view::Same;

/// The top line.
#[derive(PartialEq)]
pub struct Header {
    /// The preset that is open; `None` of what came from a link or file.
    pub preset: Option<&'static Preset>,
    pub about: Same<About>,
    pub on_action: OnAction,
}

impl Draw for Header {
    fn draw(&self) -> Html {
        let tool = |sign: &'static str, name: &'static str, title: &'static str, action: PageAction| {
            button("button button--quiet button--square", sign)
                .label(name)
                .title(title)
                .on_click(does(&self.on_action, action))
        };
        element("header", "header")
            .with(logo())
            .with(element("h1", "header__name").text(texts::JETSTREAM_SIMULATOR))
            .with(self.preset_choice())
            .with(element("p", "header__look").text(self.about.0.look_at.clone()))
            .with(
                button("button", texts::SHARE)
                    .title(texts::LINKS_FILES)
                    .on_click(does(&self.on_action, PageAction::Share)),
            )
            .with(element("button", "button").attr("type", "button").attr("data-attach", "").text(texts::ATTACH_CLIENT))
            .with(tool("◐", texts::LIGHT_DARK, texts::LIGHT_DARK, PageAction::SwitchTheme))
            .with(tool("?", texts::HELP_SIGNS_KEYS, texts::SIGNS_KEYS, PageAction::Open(Dialog::Help)))
            .into_html()
    }
}

impl Header {
    /// The entry of what came from elsewhere.
    fn own_title(&self) -> Element {
        let title = &self.about.0.title;
        let title = if title.is_empty() { texts::A_SESSION.into() } else { title.clone() };
        element("option", "").attr("value", "").flag("selected", true).text(title)
    }

    fn preset_choice(&self) -> Element {
        let on = self.on_action.clone();
        let on_change = move |event: Event| {
            if let Some(preset) = Preset::by_key(&typed(&event)) {
                on.emit(ClockAction::Open(preset).into());
            }
        };
        let option = |preset: &'static Preset| {
            element("option", "")
                .attr("value", preset.key)
                .flag("selected", Some(preset) == self.preset)
                .text(preset.title())
        };
        let chapter = |presets: &'static [Preset]| {
            element("optgroup", "").attr("label", presets[0].chapter).each(presets.iter().map(option))
        };
        element("select", "input header__presets")
            .label(texts::PRESET)
            .on_change(on_change.into())
            .with(self.preset.is_none().then(|| self.own_title()))
            .each(PRESETS.chunk_by(|preset, next| preset.chapter == next.chapter).map(chapter))
    }
}

fn logo() -> Element {
    element("svg", "header__logo")
        .attr("viewBox", "0 0 22 22")
        .attr("aria-hidden", "true")
        .with(element("path", "").attr("d", "M2 6h10a3 3 0 1 0-3-3M2 11h15a3 3 0 1 1-3 3M2 16h8a3 3 0 1 1-3 3"))
}
