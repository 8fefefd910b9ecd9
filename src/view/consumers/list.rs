//! Which of many consumers have a card.

use std::rc::Rc;

use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;
use crate::view::Scene;
use crate::view::search::folded;

/// The most cards at once.
pub const SHOWN_CARDS: usize = 12;

/// Which consumers the reader wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFocus {
    /// What stands in a name, a stream's name or a filter, in small or large letters; empty: anything.
    pub wanted: String,
    /// How many of them come before the first card.
    pub from: usize,
}

/// Where the cards stand among all consumers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerList {
    pub wanted: String,
    pub from: usize,
    /// How many have a card.
    pub shown: usize,
    /// How many have what is wanted.
    pub found: usize,
    pub total: usize,
}

impl ConsumerList {
    /// Whether there is more than can be seen at once.
    pub const fn is_long(&self) -> bool {
        self.total > SHOWN_CARDS
    }

    /// Where the cards before these begin, and those after them.
    pub const fn neighbours(&self) -> (Option<usize>, Option<usize>) {
        let next = self.from + self.shown;
        let earlier = if self.from > 0 { Some(self.from.saturating_sub(SHOWN_CARDS)) } else { None };
        (earlier, if next < self.found { Some(next) } else { None })
    }
}

/// Calls `each` with the consumers that have a card, by stream, in the order of their making.
pub fn visit<'a>(scene: Scene<'a>, mut each: impl FnMut(&'a Stream, &'a Consumer)) -> Rc<ConsumerList> {
    let focus = &scene.focus.consumers;
    let wanted = folded(focus.wanted.trim());
    let has_it = |text: &str| folded(text).contains(&wanted);
    let mut list = ConsumerList { wanted: focus.wanted.clone(), ..ConsumerList::default() };
    let mut found = Vec::new();
    for stream in scene.streams() {
        let is_of_stream = wanted.is_empty() || has_it(&stream.config.name);
        for consumer in stream.consumers().filter(|consumer| !consumer.is_hidden()) {
            list.total += 1;
            let filters = || consumer.filters().iter().any(|filter| has_it(filter.as_str()));
            if is_of_stream || has_it(&consumer.name) || filters() {
                found.push((stream, consumer));
            }
        }
    }
    list.found = found.len();
    // Where fewer are found than before, the last of them are shown.
    list.from = focus.from.min(list.found.saturating_sub(1) / SHOWN_CARDS * SHOWN_CARDS);
    for (stream, consumer) in found.into_iter().skip(list.from).take(SHOWN_CARDS) {
        list.shown += 1;
        each(stream, consumer);
    }
    Rc::new(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::view::{Focus, PageRows, tests::rows_of};

    fn thousand() -> Simulation {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s.>"]}"#);
        for number in 0..1_000 {
            let config = format!(r#"{{"durable_name":"c{number:03}","filter_subject":"s.{}"}}"#, number % 7);
            let body = format!(r#"{{"stream_name":"S","config":{config}}}"#);
            simulation.request(&format!("$JS.API.CONSUMER.CREATE.S.c{number:03}"), body.as_bytes());
        }
        simulation
    }

    fn rows(simulation: &Simulation, wanted: &str, from: usize) -> PageRows {
        rows_of(simulation, &Focus { consumers: ListFocus { wanted: wanted.into(), from }, ..Focus::default() })
    }

    fn names(rows: &PageRows) -> Vec<&str> {
        rows.consumers.iter().map(|row| &*row.name).collect()
    }

    #[test]
    fn a_thousand_consumers_are_shown_in_windows_and_found_by_typing() {
        let simulation = thousand();
        let first = rows(&simulation, "", 0);
        assert_eq!((names(&first).len(), names(&first)[0], first.list.total), (SHOWN_CARDS, "c000", 1_000));
        assert_eq!(first.list.neighbours(), (None, Some(SHOWN_CARDS)));
        let last = rows(&simulation, "", 99_999);
        assert_eq!((names(&last)[0], last.list.shown, last.list.neighbours()), ("c996", 4, (Some(984), None)));
        let found = rows(&simulation, " C77", 0);
        assert_eq!((found.list.found, names(&found)[0], names(&found)[9]), (10, "c770", "c779"));
        assert_eq!(found.list.neighbours(), (None, None));
        assert_eq!(rows(&simulation, "s.3", 0).list.found, 143, "filters are looked through");
        assert_eq!(names(&rows(&simulation, "nothing", 24)), [""; 0]);
    }

    #[test]
    fn rows_of_a_thousand_consumers_are_cheap() {
        let simulation = thousand();
        let began = std::time::Instant::now();
        for _ in 0..20 {
            rows(&simulation, "", 0);
        }
        // Unoptimised and on a busy machine: a card for each would take many times as long.
        assert!(began.elapsed().as_millis() < 20 * 200, "{:?}", began.elapsed());
    }
}
