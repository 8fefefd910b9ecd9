//! The message that is looked at.

use std::rc::Rc;

use crate::texts::page::streams as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::panels::why;
use crate::ui::widgets::does;
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::phrase::phrase;
use crate::view::form::ApiRequest;
use crate::view::streams::{MessageDetail, StreamRow};
use crate::view::text;
use crate::view::why::{Answer, Ask};

pub fn detail(row: &StreamRow, detail: &MessageDetail, on: &OnAction) -> Element {
    let seq = detail.stream_seq;
    let payload = element("pre", "detail__payload").attr("tabindex", "0").attr("role", "region").label(texts::PAYLOAD);
    let header = |(name, value): &(String, String)| {
        element("div", "").with(element("dt", "").text(name.clone())).with(element("dd", "").text(value.clone()))
    };
    let headers =
        (!detail.headers.is_empty()).then(|| element("dl", "detail__headers").each(detail.headers.iter().map(header)));
    element("section", "detail")
        .label(texts::MESSAGE.with([&seq]))
        .with(head(row, detail, on))
        .with(headers)
        .with(payload.text(detail.payload.clone()))
        .each(detail.story.iter().map(|says| element("p", "").with(phrase(says))))
        .each(detail.why.iter().map(|of| why::answer(of, true, on)))
}

/// The hole that is looked at: why the message is gone.
pub fn hole(seq: u64, answer: &Answer, on: &OnAction) -> Element {
    let head = element("div", "detail__head")
        .with(element("b", "").text(text::seq(seq)))
        .with(element("span", "detail__buttons").with(close(on)));
    element("section", "detail").label(texts::HOLE.with([&seq])).with(head).with(why::answer(answer, true, on))
}

fn close(on: &OnAction) -> Element {
    button("button button--quiet button--small", texts::CLOSE)
        .label(texts::CLOSE_MESSAGE)
        .on_click(does(on, PageAction::Select(None)))
}

fn head(row: &StreamRow, detail: &MessageDetail, on: &OnAction) -> Element {
    let seq = detail.stream_seq;
    let delete = button("button button--small", texts::DELETE).label(texts::DELETE_MESSAGE.with([&seq]));
    let request =
        ApiRequest { subject: format!("$JS.API.STREAM.MSG.DELETE.{}", row.name), body: format!("{{\"seq\":{seq}}}") };
    let ask = Ask::Message { stream: Rc::clone(&row.name), seq };
    let ask = why::button_for(ask, !detail.why.is_empty(), texts::WHY_STILL_HERE_WHEN.with([&seq]), on);
    element("div", "detail__head")
        .with(element("b", "").text(text::seq(seq)))
        .with(element("code", "").text(Rc::clone(&detail.subject)))
        .with(element("span", "muted").text(texts::STORED_AT.with([&detail.stored_at, &detail.size])))
        .with(element("span", "detail__buttons").with(ask).with(delete.on_click(does(on, request))).with(close(on)))
}
