//! What is left to tell of a consumer that was deleted: as in the real server, the end of its pause and of its pin.
//!
//! Source: nats-server `server/consumer.go` (`updatePauseState` and `setPinnedTimer`, whose timers `stopWithFlags` leaves
//! running).

use super::{Context, Stream};
use crate::engine::consumer::{Consumer, advise_pause, advise_unpin};
use crate::engine::date_time::DateTime;
use crate::engine::time::Timestamp;

/// So many are kept; of more, the oldest is forgotten.
const MOST: usize = 1_000;

/// Ends some time after its consumer was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leftover {
    pub consumer: String,
    pub at: Timestamp,
    pub kind: LeftoverKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LeftoverKind {
    /// The pause until a moment.
    Pause(DateTime),
    /// The pin of a client of this group.
    Pin(String),
}

impl Stream {
    /// Keeps in mind what is left to tell of a consumer that goes.
    pub(super) fn remember_leftovers(&mut self, consumer: &Consumer) {
        let pause = consumer.unfinished_pause().map(|until| (until.to_timestamp(), LeftoverKind::Pause(until)));
        let pin = consumer.pin().map(|(group, until)| (until, LeftoverKind::Pin(group.to_owned())));
        for (at, kind) in pause.into_iter().chain(pin) {
            if self.leftovers.len() >= MOST {
                self.leftovers.remove(0);
            }
            self.leftovers.push(Leftover { consumer: consumer.name.clone(), at, kind });
        }
    }

    /// The one that ends first.
    pub fn first_leftover(&self) -> Option<&Leftover> {
        self.leftovers.iter().min_by_key(|leftover| leftover.at)
    }

    pub(super) fn end_leftovers(&mut self, ctx: &mut Context<'_>) {
        let name = &self.config.name;
        self.leftovers.retain(|Leftover { consumer, at, kind }| {
            let is_over = *at <= ctx.now;
            match kind {
                LeftoverKind::Pause(until) if is_over => advise_pause(ctx, name, consumer, *until),
                LeftoverKind::Pin(group) if is_over => advise_unpin(ctx, name, consumer, group, "timeout"),
                _ => {}
            }
            !is_over
        });
    }
}
