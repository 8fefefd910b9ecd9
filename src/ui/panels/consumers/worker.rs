//! A worker: what it holds, and what can be said of it.

use std::rc::Rc;
use std::time::Duration;

use crate::engine::table::Id;
use crate::sim::command::{Command, Settlement};
use crate::texts::ordinal;
use crate::texts::page::consumers as texts;
use crate::ui::action::{Dialog, OnAction, PageAction};
use crate::ui::panels::why;
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::icon::{self, icon};
use crate::ui::widgets::memo::memo;
use crate::ui::widgets::menu::{MenuItem, menu};
use crate::view::consumers::{ConsumerRow, HeldRow, WorkerRow, WorkerState};
use crate::view::text;
use crate::view::why::Ask;

use super::fetch::Fetch;

/// The delays that a nak offers.
const DELAYS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// Draws the worker `row` of `consumer`.
pub fn worker(consumer: &ConsumerRow, row: &WorkerRow, on: &OnAction) -> Element {
    let in_hand = row.in_hand();
    let says =
        says(row, in_hand, element("p", "worker__says").with(element("b", "").text(Rc::clone(&row.name))).text(" "));
    let choice = || {
        let more = (row.more_held > 0).then(|| element("li", "muted").text(format!("+{}", row.more_held)));
        element("ul", "worker__held")
            .label(texts::HELD)
            .each(row.held.iter().map(|held| one_held(row, held, in_hand, on)))
            .with(more)
    };
    element("section", "worker")
        .key(u64::from(row.id.index()))
        .label(texts::WORKER.with([&row.name]))
        .with(element("div", "worker__head").with(says).with(tools(consumer, row, on)))
        .with(row.standing.as_ref().map(|standing| element("p", "worker__standing").text(standing.clone())))
        .with((row.held.len() > 1).then(choice))
        .with(in_hand.map(|held| answers(row, held, on)))
        .with(row.why.as_ref().map(|of| why::answer(of, true, on)))
}

/// Asks why it gets nothing.
fn ask(row: &WorkerRow, on: &OnAction) -> Element {
    why::button_for(Ask::Worker(row.id), row.why.is_some(), texts::WHY_DOES_GET_NOTHING.with([&row.name]), on)
}

/// Ends the sentence that begins with the worker's name.
fn says(row: &WorkerRow, in_hand: Option<&HeldRow>, line: Element) -> Element {
    let Some(held) = in_hand.filter(|_| row.state != WorkerState::Killed) else {
        let class = if row.state == WorkerState::Killed { "worker__killed" } else { "muted" };
        return line.with(element("span", class).text(row.state.label()));
    };
    let (one, many) =
        if row.no_ack.is_some() { (texts::GOT, texts::GOT_MESSAGES) } else { (texts::HOLDS, texts::HOLDS_MESSAGES) };
    if row.held.len() > 1 {
        return line.text(many.with([&(row.held.len() as u64 + row.more_held)]));
    }
    line.woven(one, [element("code", "").text(text::seq(held.stream_seq))]).text(" ").with(delivery(row, held))
}

/// “2nd delivery”, and what has become of it.
fn delivery(row: &WorkerRow, held: &HeldRow) -> Element {
    let (_, ended) = held.state.words();
    let times = ordinal(held.delivered);
    let says = if ended.is_empty() || row.no_ack.is_some() {
        texts::DELIVERY.with([&times])
    } else {
        texts::DELIVERY_ENDED.with([&times, &ended])
    };
    let seq = texts::CONSUMER_SEQUENCE.with([&held.consumer_seq]);
    // Where the two sequences are the same there is nothing to tell apart.
    let and_seq = if held.consumer_seq == held.stream_seq { String::new() } else { [", ", &seq].concat() };
    element("span", "muted").title(seq).text(says).text(and_seq)
}

/// What is done with the worker itself.
fn tools(consumer: &ConsumerRow, row: &WorkerRow, on: &OnAction) -> Element {
    let (worker, name) = (row.id, &row.name);
    if row.state == WorkerState::Killed {
        let restart = button("button", texts::START_AGAIN)
            .label(texts::START_AGAIN_NAME.with([&name]))
            .on_click(does(on, Command::Restart { client: worker }));
        return element("span", "worker__tools").with(restart).with(ask(row, on));
    }
    let is_running = row.script.is_running;
    let run = |does_what: &String| {
        let (sign, name) = if is_running {
            (icon::PAUSE, texts::TAKE_HAND.with([&name, &does_what]))
        } else {
            (icon::PLAY, texts::RUN.with([&name, &does_what]))
        };
        button("button button--square", "")
            .label(name.clone())
            .title(name)
            .with(icon(sign))
            .on_click(does(on, Command::RunWorker { worker, is_running: !is_running }))
    };
    let fetch = || memo("fetch", Fetch { worker, name: Rc::clone(name), on_action: on.clone() });
    let edit = Dialog::EditWorker { consumer: Rc::clone(&consumer.name), worker };
    element("span", "worker__tools")
        .with(row.does.as_ref().map(run))
        .with((!is_running && consumer.belt.is_none() && row.state != WorkerState::Listening).then(fetch))
        .with(row.held.is_empty().then(|| ask(row, on)))
        .with(row.held.is_empty().then(|| kill(row, on)))
        .with(
            button("button button--quiet button--square", "⋯")
                .label(texts::EDIT.with([&name]))
                .on_click(does(on, PageAction::Open(edit))),
        )
}

fn kill(row: &WorkerRow, on: &OnAction) -> Element {
    button("button button--quiet", texts::KILL)
        .label(texts::KILL_NAME.with([&row.name]))
        .on_click(does(on, Command::Kill { client: row.id }))
}

fn one_held(row: &WorkerRow, held: &HeldRow, in_hand: Option<&HeldRow>, on: &OnAction) -> Element {
    let is_in_hand = in_hand.is_some_and(|in_hand| in_hand.consumer_seq == held.consumer_seq);
    let (left, _) = held.state.words();
    let choose = PageAction::Choose { worker: row.id, consumer_seq: held.consumer_seq };
    let choice = button("button button--small", format!("#{} {left}", held.stream_seq))
        .state("aria-pressed", is_in_hand)
        .title(texts::DELIVERY_CONSUMER_SEQUENCE.with([&ordinal(held.delivered), &held.consumer_seq]))
        .on_click(does(on, choose));
    element("li", "").key(held.consumer_seq).with(choice)
}

/// What can be said of a message.
fn answers(row: &WorkerRow, held: &HeldRow, on: &OnAction) -> Element {
    if let Some(why) = row.no_ack {
        return element("p", "worker__no-ack").text(why);
    }
    let (worker, seq) = (row.id, held.stream_seq);
    let settle = |how| Command::Settle { worker, consumer_seq: held.consumer_seq, how };
    let one = |label: &'static str, class: &'static str, how| {
        button(class, label).label(texts::OF_MESSAGE.with([&label, &seq])).on_click(does(on, settle(how)))
    };
    let nak = |label: String, delay| MenuItem::new(label, settle(Settlement::Nak(delay)));
    let later = |delay| nak(texts::AFTER.with([&text::duration(delay)]), Some(delay));
    let naks = [nak(texts::NOW.into(), None)].into_iter().chain(DELAYS.map(later)).collect();
    element("div", "worker__answers")
        .attr("role", "group")
        .label(texts::ANSWER_TO.with([&seq]))
        .with(one(texts::ACK, "button button--main", Settlement::Ack))
        .with(menu(&format!("nak-{}", row.id.index()), "button", texts::NAK, &texts::NAK_NAME.with([&seq]), naks, on))
        .with(one(texts::IN_PROGRESS, "button", Settlement::InProgress))
        .with(one(texts::TERM, "button", Settlement::Term))
        .with(one(texts::LOSE_ACK, "button button--quiet", Settlement::LostAck))
        .with(kill(row, on))
}
