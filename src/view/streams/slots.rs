//! Which element a cell is drawn in.
//!
//! A cell that stays in sight keeps its own. Where a tape leaps to where few of them are, all are written over, which
//! costs a browser much less than to make as many anew.

use std::rc::Rc;

use super::{StreamRow, TapeCell};

/// Gives the cells of `rows` the slots that they, or those in their place, had in `before`. In a page that is `still`
/// none of them comes in.
pub fn keep_slots(rows: &mut Rc<[Rc<StreamRow>]>, before: &[Rc<StreamRow>], is_still: bool) {
    // Rows that are drawn already have theirs.
    for row in Rc::get_mut(rows).into_iter().flatten().filter_map(Rc::get_mut) {
        if let Some(before) = before.iter().find(|before| before.name == row.name) {
            keep(&mut row.tape.cells, &before.tape.cells, is_still);
        }
    }
}

fn keep(cells: &mut [TapeCell], before: &[TapeCell], is_still: bool) {
    let mut free = before.iter().map(|cell| cell.slot).max().map_or(0, |last| last + 1);
    let mut fresh = || {
        free += 1;
        free - 1
    };
    let old = |seq: u64| Some(&before[before.binary_search_by_key(&seq, |cell| cell.seq).ok()?]);
    let staying = cells.iter().filter(|cell| old(cell.seq).is_some()).count();
    if staying * 2 >= cells.len().min(before.len()) {
        for cell in cells {
            let fate = old(cell.seq).map(|old| (old.slot, old.has_come));
            (cell.slot, cell.has_come) = fate.unwrap_or_else(|| (fresh(), !is_still));
        }
    } else {
        // The ends of both stand where the reader looks.
        let mut slots = before.iter().rev().map(|cell| cell.slot);
        for cell in cells.iter_mut().rev() {
            cell.slot = slots.next().unwrap_or_else(&mut fresh);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Removal;
    use crate::view::streams::{CellContent, HoleCause};

    fn tape(seqs: std::ops::Range<u64>) -> Vec<TapeCell> {
        let hole =
            |seq| TapeCell::new(seq, CellContent::Hole { last_seq: seq, cause: HoleCause::Left(Removal::Acked) });
        seqs.map(hole).collect()
    }

    fn slots(cells: &[TapeCell]) -> Vec<(u64, bool)> {
        cells.iter().map(|cell| (cell.slot, cell.has_come)).collect()
    }

    #[test]
    fn what_stays_in_sight_keeps_its_slot_and_what_is_new_comes_in() {
        let before = tape(1..4);
        let mut cells = tape(2..6);
        keep(&mut cells, &before, false);
        assert_eq!(slots(&cells), [(2, false), (3, false), (4, true), (5, true)]);
        let mut later = tape(4..7);
        keep(&mut later, &cells, true);
        assert_eq!(slots(&later), [(4, true), (5, true), (6, false)], "a page that is still stays so");
    }

    #[test]
    fn a_leap_writes_all_cells_over_from_the_end_on() {
        let before = tape(1..4);
        let mut cells = tape(50..54);
        keep(&mut cells, &before, false);
        assert_eq!(slots(&cells), [(4, false), (1, false), (2, false), (3, false)]);
        let mut fewer = tape(53..58);
        keep(&mut fewer, &cells, false);
        assert_eq!(slots(&fewer), [(5, false), (4, false), (1, false), (2, false), (3, false)], "one is too few");
        let mut first = tape(1..3);
        keep(&mut first, &[], false);
        assert_eq!(slots(&first), [(0, true), (1, true)], "where nothing was, it comes in");
    }

    #[test]
    fn slots_are_never_given_twice() {
        let mut before = tape(1..49);
        for from in [2, 30, 500, 490, 1, 48, 47, 90] {
            let mut cells = tape(from..from + 48);
            keep(&mut cells, &before, false);
            let mut all: Vec<u64> = cells.iter().map(|cell| cell.slot).collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 48, "from {from}");
            before = cells;
        }
    }
}
