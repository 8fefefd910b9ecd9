//! The map of a long stream, to jump by.

use std::rc::Rc;

use yew::InputEvent;

use crate::texts::page::streams as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::element::{Element, element};
use crate::ui::widgets::typed;
use crate::view::streams::{Density, StreamRow, TapeWindow, WINDOW_CELLS};

/// A slider over the drawn map: a click or the arrow keys move the window.
pub fn density(row: &StreamRow, density: &Density, on: &OnAction) -> Element {
    let (name, last) = (Rc::clone(&row.name), density.last);
    let on_input = on.reform(move |event: InputEvent| {
        let from = typed(&event).parse().unwrap_or(last);
        // At its end the window moves on with the stream.
        let is_end = from + WINDOW_CELLS as u64 > last;
        let window = if is_end { TapeWindow::Newest } else { TapeWindow::From(from) };
        PageAction::MoveTape { stream: Rc::clone(&name), window }.into()
    });
    let (at, width) = density.window;
    let window = element("rect", "density__window")
        .attr("x", (at / 5).min(198).to_string())
        .attr("width", (width / 5).max(2).to_string())
        .attr("height", "20");
    let drawn = element("svg", "density__map")
        .attr("viewBox", "0 0 200 20")
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true")
        .with(element("path", "density__stored").attr("d", density.path.clone()))
        .with(window);
    let handle = element("input", "density__handle")
        .attr("type", "range")
        .attr("min", density.first.to_string())
        .attr("max", last.to_string())
        .attr("step", Density::STEP.to_string())
        .label(texts::PART_SHOWN.with([&row.name]))
        .title(texts::WHOLE_STREAM_HIGH_WHERE)
        .attr("aria-valuetext", density.says.clone())
        .value(&density.from.to_string())
        .on_input(on_input);
    element("div", "density").with(drawn).with(handle)
}
