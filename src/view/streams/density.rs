//! A whole stream at a glance: where messages are stored, where they are gone, where the window is.

use std::fmt::Write as _;

use crate::engine::store::MessageStore;
use crate::texts::stream as texts;

use super::{Tape, WINDOW_CELLS};

/// Columns of the map.
const BUCKETS: u64 = 200;
/// Steps of a column.
const LEVELS: u64 = 20;

/// The map of a stream that is longer than a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Density {
    /// The sequences at its ends.
    pub first: u64,
    pub last: u64,
    /// The first sequence of the window.
    pub from: u64,
    /// The window in thousandths of the map: where it begins and how wide it is.
    pub window: (u64, u64),
    /// An SVG path of 200 columns in a box of 200 by 20: the higher, the more of its messages are stored.
    pub path: String,
    /// What is in sight, in words.
    pub says: String,
}

impl Density {
    /// How far one step goes.
    pub const STEP: u64 = WINDOW_CELLS as u64 / 2;
}

/// The map of `store`; `None` where the window shows all of it.
pub fn density(store: &MessageStore, tape: &Tape) -> Option<Density> {
    let (first, last) = (store.first_seq(), store.last_seq());
    let shown = tape.cells.first()?.seq..=tape.cells.last()?.last_seq();
    if store.messages() == 0 || (*shown.start() <= first && *shown.end() >= last) {
        return None;
    }
    let len = u128::from(last - first + 1);
    // Where column `at` begins; behind the last one is the end.
    let seq_at = |at: u64| first + u64::try_from(len * u128::from(at) / u128::from(BUCKETS)).unwrap_or(0);
    let mut path = String::new();
    let mut rest = store.messages();
    let is_whole = u128::from(rest) == len;
    for column in 0..BUCKETS {
        let (begin, end) = (seq_at(column), seq_at(column + 1));
        let after = match end {
            _ if end > last => 0,
            _ if is_whole => last + 1 - end,
            _ => store.count_from(&[], end),
        };
        let stored = rest - after;
        rest = after;
        if begin < end && stored > 0 {
            // Whatever is stored is seen.
            let level = (stored * LEVELS / (end - begin)).max(1);
            // Writing to a string cannot fail.
            let _ = write!(path, "M{column}.5 20v-{level}");
        }
    }
    let permille = |seq: u64| u64::try_from(u128::from(seq.saturating_sub(first)) * 1000 / len).unwrap_or(1000);
    let from = permille(*shown.start());
    Some(Density {
        first,
        last,
        from: (*shown.start()).max(first),
        window: (from, (permille(*shown.end() + 1) - from).max(4)),
        path,
        says: texts::MESSAGES_TO_OF.with([&shown.start(), &shown.end(), &last]),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::engine::time::Timestamp;
    use crate::view::streams::{CellContent, HoleCause, TapeCell};

    fn store(messages: u64) -> MessageStore {
        let mut store = MessageStore::new(1);
        for number in 0..messages {
            let subject = format!("s.{}", number % 10);
            store.push(subject.as_bytes(), b"", b"x", Timestamp::SIMULATION_START).expect("there is room");
        }
        store
    }

    fn tape(store: &MessageStore, from: u64, to: u64) -> Tape {
        let content = CellContent::Hole { last_seq: to, cause: HoleCause::Forgotten };
        let cells = vec![TapeCell::new(from, content)];
        let (first_seq, last_seq) = (store.first_seq(), store.last_seq());
        Tape { first_seq, last_seq, cells, unseen: 0, has_earlier: true, has_later: true }
    }

    /// The heights of the columns.
    fn levels(density: &Density) -> Vec<u64> {
        let mut levels = vec![0; BUCKETS as usize];
        for column in density.path.split('M').skip(1) {
            let (at, level) = column.split_once(".5 20v-").expect("a column");
            levels[at.parse::<usize>().expect("a number")] = level.parse().expect("a number");
        }
        levels
    }

    #[test]
    fn columns_are_as_high_as_what_is_stored() {
        let mut store = store(2_000);
        let mut remove = |seq| assert!(store.remove(seq).is_some());
        (501..=1_000).for_each(&mut remove);
        (1_001..=1_500).step_by(2).for_each(&mut remove);
        let density = density(&store, &tape(&store, 1_953, 2_000)).expect("it is long");
        let levels = levels(&density);
        assert!(levels[..50].iter().all(|level| *level == 20), "{levels:?}");
        assert!(levels[50..100].iter().all(|level| *level == 0), "{levels:?}");
        assert!(levels[100..150].iter().all(|level| *level == 10), "{levels:?}");
        assert_eq!((density.window, &*density.says), ((976, 24), "messages 1953 to 2000 of 2000"));
    }

    #[test]
    fn a_stream_that_is_all_in_sight_has_no_map() {
        let small = store(40);
        assert_eq!(density(&small, &tape(&small, 1, 40)), None);
        assert_eq!(density(&MessageStore::new(1), &tape(&small, 1, 40)), None);
        assert!(density(&small, &tape(&small, 1, 39)).is_some());
    }

    #[test]
    fn a_million_messages_are_counted_and_not_walked() {
        let mut store = store(1_000_000);
        (2..=600_000).step_by(1_000).for_each(|seq| assert!(store.remove(seq).is_some()));
        let tape = tape(&store, 999_953, 1_000_000);
        let began = Instant::now();
        let density = density(&store, &tape).expect("it is long");
        // Unoptimised; walking takes hundreds of times as long.
        assert!(began.elapsed().as_millis() < 100, "{:?}", began.elapsed());
        assert!(levels(&density).iter().all(|level| *level >= 19));
    }
}
