//! The line of what has happened and what is due.

use crate::ui::widgets::element::{Element, element};
use crate::view::clock::{AheadMark, MarkKind, PastMark, Timeline};

/// Draws the line. Shapes keep their form at every width: each stands at its share of the line.
pub fn timeline(row: &Timeline) -> Element {
    let now = share(row.now_at);
    let line =
        |class, to: String| element("line", class).attr("x1", "0").attr("x2", to).attr("y1", "20").attr("y2", "20");
    let drawn = element("svg", "timeline__line")
        .attr("role", "img")
        .label(spoken(row))
        .with(line("timeline__ahead", "100%".into()))
        .with(line("timeline__past", now.clone()))
        .each(row.past.iter().map(past))
        .each(row.ahead.iter().map(|mark| shape_at(mark.at, path("timeline__due", "M0 12v16"))))
        .with(element("circle", "timeline__now").attr("cx", now).attr("cy", "20").attr("r", "7"));
    let labels = element("div", "timeline__labels").attr("aria-hidden", "true").each(row.ahead.iter().map(label));
    element("div", "timeline").with(drawn).with(labels)
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
