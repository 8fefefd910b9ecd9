//! Numbers that light up what they count: which cells of a tape a counter stands for.

use std::rc::Rc;

use super::Scene;
use super::streams::{CellContent, TapeCell};
use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;

/// A counter of a stream or consumer that counts messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    NumPending,
    AckPending,
    Redelivered,
    Messages,
    FirstSeq,
    LastSeq,
    Deleted,
}

impl Counter {
    pub const ALL: [Self; 7] = [
        Self::NumPending,
        Self::AckPending,
        Self::Redelivered,
        Self::Messages,
        Self::FirstSeq,
        Self::LastSeq,
        Self::Deleted,
    ];
}

/// A counter that is pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lit {
    pub counter: Counter,
    pub stream: Rc<str>,
    /// Empty for a counter of the stream itself.
    pub consumer: Rc<str>,
}

impl Lit {
    /// As a word that [`parse`](Self::parse) reads. Names of streams and consumers hold no blanks.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.counter as usize, self.stream, self.consumer)
    }

    pub fn parse(key: &str) -> Option<Self> {
        let mut words = key.split(' ');
        let counter = *Counter::ALL.get(words.next()?.parse::<usize>().ok()?)?;
        Some(Self { counter, stream: words.next()?.into(), consumer: words.next()?.into() })
    }
}

/// Which of the `cells` of a stream's tape the counter that is pointed at counts.
pub fn light(scene: Scene<'_>, stream: &Stream, cells: &mut [TapeCell]) {
    let Some(lit) = scene.focus.lit.as_ref().filter(|lit| *lit.stream == *stream.config.name) else { return };
    let consumer = stream.consumer_named(&lit.consumer);
    for cell in cells {
        cell.is_lit = counts(lit.counter, stream, consumer, cell);
    }
}

fn counts(counter: Counter, stream: &Stream, consumer: Option<&Consumer>, cell: &TapeCell) -> bool {
    let (store, seq) = (stream.store(), cell.seq);
    let CellContent::Stored(stored) = &cell.content else {
        // Counted are the holes behind the first message.
        return counter == Counter::Deleted && seq > store.first_seq() && store.messages() > 0;
    };
    let of_consumer = |counts: &dyn Fn(&Consumer) -> bool| consumer.is_some_and(counts);
    match counter {
        Counter::NumPending => of_consumer(&|of| of.is_ahead(seq) && of.matches(stored.subject.as_bytes())),
        Counter::AckPending => of_consumer(&|of| of.ack_pending().contains(seq)),
        Counter::Redelivered => of_consumer(&|of| of.ack_pending().is_redelivered(seq)),
        Counter::Messages => true,
        Counter::FirstSeq => seq == store.first_seq(),
        Counter::LastSeq => seq == store.last_seq(),
        Counter::Deleted => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sim::Simulation;
    use crate::sim::presets::PRESETS;
    use crate::view::streams::CellContent;
    use crate::view::{Focus, tests::rows_of};

    /// How many messages are lit, a hole as many as it stands for.
    fn lit(simulation: &Simulation, lit: Lit) -> u64 {
        let stream = Rc::clone(&lit.stream);
        let rows = rows_of(simulation, &Focus { lit: Some(lit), ..Focus::default() });
        let row = rows.streams.iter().find(|row| row.name == stream).expect("the stream exists");
        assert!(!row.tape.has_earlier, "the whole stream has to be in sight");
        row.tape.cells.iter().filter(|cell| cell.is_lit).map(|cell| cell.last_seq() - cell.seq + 1).sum()
    }

    #[test]
    fn as_many_cells_are_lit_as_the_number_says() {
        for preset in PRESETS {
            let mut simulation = preset.open();
            for _ in 0..4 {
                let account = simulation.world().server().account();
                for stream in account.streams().filter(|stream| stream.store().last_seq() < 40) {
                    let name: Rc<str> = stream.config.name.as_str().into();
                    let of = |counter, consumer: &str| {
                        lit(&simulation, Lit { counter, stream: Rc::clone(&name), consumer: consumer.into() })
                    };
                    let store = stream.store();
                    assert_eq!(of(Counter::Messages, ""), store.messages(), "{name}");
                    assert_eq!(of(Counter::Deleted, ""), store.num_deleted(), "{name}");
                    for consumer in stream.visible_consumers() {
                        let name = &*consumer.name;
                        assert_eq!(of(Counter::NumPending, name), consumer.num_pending(), "{} {name}", preset.key);
                        let pending = consumer.ack_pending();
                        let stored = pending.iter().filter(|(seq, _)| store.contains(*seq)).count() as u64;
                        assert_eq!(of(Counter::AckPending, name), stored, "{} {name}", preset.key);
                        let again = pending.redelivered().filter(|(seq, _)| store.contains(*seq)).count() as u64;
                        assert_eq!(of(Counter::Redelivered, name), again, "{} {name}", preset.key);
                    }
                }
                simulation.advance(Duration::from_secs(17));
            }
        }
    }

    #[test]
    fn a_key_comes_back_unchanged() {
        for (counter, consumer) in Counter::ALL.into_iter().zip(["", "c"].into_iter().cycle()) {
            let lit = Lit { counter, stream: "S-1".into(), consumer: consumer.into() };
            assert_eq!(Lit::parse(&lit.key()), Some(lit));
        }
        for key in ["", "9 S c", "x S c", "1 S"] {
            assert_eq!(Lit::parse(key), None);
        }
    }

    #[test]
    fn ends_of_a_stream_are_single_cells() {
        let simulation = crate::sim::presets::Preset::by_key("work-queue").expect("it exists").open();
        for counter in [Counter::FirstSeq, Counter::LastSeq] {
            assert_eq!(lit(&simulation, Lit { counter, stream: "ORDERS".into(), consumer: "".into() }), 1);
        }
        let rows = rows_of(&simulation, &Focus::default());
        let is_dark =
            |cell: &TapeCell| !cell.is_lit && matches!(cell.content, CellContent::Stored(_) | CellContent::Hole { .. });
        assert!(rows.streams[0].tape.cells.iter().all(is_dark));
    }
}
