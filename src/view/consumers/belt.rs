//! The belt of a push consumer: whether it runs, what it has just carried, what flow control says.

use std::rc::Rc;

use crate::engine::consumer::{Consumer, Push};
use crate::engine::event::Event;
use crate::engine::stream::Stream;
use crate::texts::consumer as texts;
use crate::view::{Scene, text};

/// Deliveries that are drawn, the newest of them.
const SHOWN: usize = 6;

/// A push consumer's belt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belt {
    /// Where it leads.
    pub to: Rc<str>,
    /// Whether it carries messages, or would if there were any.
    pub is_running: bool,
    /// Why it stands still, or that it runs.
    pub says: &'static str,
    /// The last deliveries, the newest first: their consumer and stream sequences.
    pub carried: Vec<(u64, u64)>,
    /// The bytes on their way, of how many; `None` without flow control.
    pub window: Option<String>,
}

pub fn belt(scene: Scene<'_>, stream: &Stream, consumer: &Consumer) -> Option<Belt> {
    let (to, push) = (consumer.config.deliver_subject.as_deref()?, consumer.push()?);
    let of_consumer = |event: &Event| match event {
        Event::Delivered { stream: id, consumer: of, consumer_seq, stream_seq, .. }
            if *id == stream.id && *of == consumer.id =>
        {
            Some((*consumer_seq, *stream_seq))
        }
        _ => None,
    };
    let says = if !push.is_bound() {
        texts::STANDS_NOBODY_LISTENS
    } else if consumer.is_paused(scene.now()) {
        texts::STANDS_PAUSED
    } else if consumer.is_stalled() {
        texts::STANDS_TRAY_FULL
    } else if !push.may_deliver() {
        texts::STANDS_FLOW_CONTROL_WAITS
    } else {
        texts::RUNS
    };
    Some(Belt {
        to: to.into(),
        is_running: says == texts::RUNS,
        says,
        carried: scene.recent().filter_map(|traced| of_consumer(&traced.event)).take(SHOWN).collect(),
        window: window(push),
    })
}

fn window(push: &Push) -> Option<String> {
    let (outstanding, window) = push.window()?;
    let is_asked = push.open_flow_control().is_some();
    let says = if is_asked { texts::THEIR_WAY_ASKED_CONFIRM } else { texts::THEIR_WAY };
    Some(says.with([&text::bytes(outstanding as u64), &text::bytes(window as u64)]))
}
