//! The line of what has happened and what is due, with a handle that can be drawn ahead.

use yew::{Callback, Event, InputEvent};

use crate::ui::action::{Action, ClockAction};
use crate::ui::widgets::element::{Element, element};
use crate::ui::widgets::{set_value, typed};
use crate::view::clock::{AheadMark, ClockRow, MarkKind, PastMark, Timeline};

/// Draws the line. Shapes keep their form at every width: each stands at its share of the line.
pub fn timeline(clock: &ClockRow, on: &Callback<Action>) -> Element {
    let row = &clock.timeline;
    let line =
        |class, to: String| element("line", class).attr("x1", "0").attr("x2", to).attr("y1", "20").attr("y2", "20");
    let drawn = element("svg", "timeline__line")
        .attr("role", "img")
        .label(spoken(row))
        .with(line("timeline__ahead", "100%".into()))
        .with(line("timeline__past", share(row.now_at)))
        .each(row.past.iter().map(past))
        .each(row.ahead.iter().map(|mark| shape_at(mark.at, path("timeline__due", "M0 12v16"))));
    let labels = element("div", "timeline__labels").attr("aria-hidden", "true").each(row.ahead.iter().map(label));
    element("div", "timeline").with(drawn).with(labels).with(handle(clock, on))
}

/// Now, as a handle: drawn ahead it lets so much time pass. What is past cannot be gone back to, so there it returns.
fn handle(clock: &ClockRow, on: &Callback<Action>) -> Element {
    let (now_at, grain) = (clock.timeline.now_at, clock.timeline.grain);
    let advance = on.clone();
    let on_change = move |event: Event| match typed(&event).parse::<u16>() {
        Ok(to) if to > now_at => advance.emit(ClockAction::Advance(grain * u32::from(to - now_at)).into()),
        _ => set_value(&event, &now_at.to_string()),
    };
    // Time that runs would take the handle out of the hand.
    let on_input = on.reform(|_: InputEvent| ClockAction::Pause.into());
    element("input", "timeline__handle")
        .attr("type", "range")
        .attr("max", "1000")
        .label("Now: draw it ahead to let time pass")
        .title("Draw it ahead to let time pass")
        .attr("aria-valuetext", clock.now.clone())
        .value(&now_at.to_string())
        .on_input(on_input)
        .on_change(on_change.into())
}

/// A place on the line; a little off both ends, so that no shape is cut.
fn share(permille: u16) -> String {
    let at = permille.clamp(6, 994);
    format!("{}.{}%", at / 10, at % 10)
}

fn past(mark: &PastMark) -> Element {
    let dot = |class, radius| element("circle", class).attr("cy", "20").attr("r", radius);
    let shape = match mark.kind {
        MarkKind::Stored => path("timeline__stored", "M0 20l-4 -9h8z"),
        MarkKind::Acked => dot("timeline__acked", "4"),
        MarkKind::Redelivery => dot("timeline__again", "4.5"),
        MarkKind::Lost => path("timeline__lost", "M-4 16l8 8M4 16l-8 8"),
    };
    shape_at(mark.at, shape)
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
    let mut spoken = String::from("Timeline.");
    for kind in MarkKind::ALL {
        let count: u64 = row.past.iter().filter(|mark| mark.kind == kind).map(|mark| u64::from(mark.count)).sum();
        if count > 0 {
            spoken += &format!(" {count} {}.", kind.label());
        }
    }
    if let Some(next) = row.ahead.first() {
        spoken += &format!(" Next: {}.", next.label);
    }
    spoken
}
