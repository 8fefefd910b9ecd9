//! What the signs mean, and which keys work.

use yew::Callback;

use crate::ui::action::{Action, PageAction};
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};

const SIGNS: [(&str, &str); 12] = [
    ("Tape", "A stream: every message has a number, and what is removed leaves a dashed hole that names its cause."),
    ("▽ delivered", "A consumer's bookmark: the last message that it has sent out."),
    ("▲ ack floor", "The other bookmark: everything up to here is settled."),
    ("Ring", "AckWait running out in simulated time. A broken ring is a delay that a nak asked for."),
    ("Pips", "Deliveries of a message: filled ones were made, hollow ones are left up to max_deliver."),
    ("↺", "To be delivered again, as soon as a worker asks."),
    ("Tray", "Deliveries that wait for an ack; when max_ack_pending are in it, nothing new goes out."),
    ("Ticket", "A pull request: a worker gets messages only against one, and it ends with a status."),
    ("Timeline", "What happened, by shape. Draw its handle back to see any past moment; acting there begins a branch."),
    ("Map", "A long stream at a glance, high where messages are stored. A click or ← → looks there."),
    ("Numbers", "Pointing at one lights the cells of the tape that it counts."),
    ("✂ next removal", "Which message goes next, when and why."),
];

const KEYS: [(&str, &str); 12] = [
    ("Space", "Play or pause."),
    ("→", "One event on."),
    ("←", "One event back."),
    ("Shift →", "To the next redelivery, expiry or removal."),
    ("Shift ←", "Back to the last one."),
    ("Home, End", "To the start, and to the latest moment."),
    ("Ctrl Z", "Undo: to before your last action. With Shift: redo."),
    ("+ −", "Less of the time on the line, larger; more of it."),
    ("← → on a tape", "From message to message; Enter looks at it."),
    ("← → on a tab", "From tab to tab of the drawer; Home and End to its first and last."),
    ("Esc", "Closes a dialog or menu."),
    ("?", "This help."),
];

pub fn help(on: &Callback<Action>) -> Element {
    let body = element("div", "dialog__body")
        .attr("tabindex", "0")
        .attr("role", "region")
        .label("Signs and keys")
        .with(list(&SIGNS))
        .with(element("h3", "dialog__group").text("Keys"))
        .with(list(&KEYS));
    let close = button("button button--main", "Close").on_click(does(on, PageAction::CloseDialog));
    let single = element("a", "dialog__link")
        .attr("href", "jetstream-sim.html")
        .attr("download", "jetstream-sim.html")
        .attr("data-single", "")
        .text("Download the page as one file");
    element("div", "dialog__form").with(body).with(element("div", "dialog__foot").with(single).with(close))
}

fn list(entries: &[(&'static str, &'static str)]) -> Element {
    let entry = |(sign, meaning): &(&'static str, &'static str)| {
        element("div", "").with(element("dt", "").text(*sign)).with(element("dd", "").text(*meaning))
    };
    element("dl", "help").each(entries.iter().map(entry))
}
