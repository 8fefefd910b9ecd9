//! What moves simulated time, forth and back.

use wasm_bindgen::JsCast;
use web_sys::{Element, Window};

use super::App;
use crate::ui::action::ClockAction;
use crate::view::streams::STEP_PX;

/// How many cells at the end of a tape can be seen, at most; all where one was moved from its end.
fn seen_cells(window: &Window) -> Option<usize> {
    let tapes = window.document()?.query_selector_all(".streams__scroll").ok()?;
    let tape = |place| tapes.get(place)?.dyn_into::<Element>().ok();
    let is_moved = (0..tapes.length()).filter_map(tape).any(|tape| tape.scroll_left() < 0);
    let width = window.inner_width().ok()?.as_f64().filter(|_| !is_moved)?;
    Some((width / f64::from(STEP_PX)) as usize + 1)
}

impl App {
    pub(super) fn move_time(&mut self, action: ClockAction) {
        let mut simulation = self.simulation.borrow_mut();
        // A client from outside lives on wall time, and the page says so.
        if simulation.is_attached() && !matches!(action, ClockAction::Open(_)) {
            return;
        }
        if action.goes_back() {
            simulation.clock.is_playing = false;
        }
        let is_dragging = matches!(action, ClockAction::SeekTime(_));
        if is_dragging && !self.focus.is_dragging {
            self.focus.seen_cells = self.window.as_ref().and_then(seen_cells).unwrap_or(usize::MAX);
        }
        self.focus.is_dragging = is_dragging;
        match action {
            ClockAction::Play => simulation.clock.is_playing = true,
            ClockAction::Pause => simulation.clock.is_playing = false,
            ClockAction::SetSpeed(speed) => simulation.clock.speed = speed,
            ClockAction::StepEvent => {
                simulation.step();
            }
            ClockAction::SkipToNext => {
                simulation.skip_to_next();
            }
            ClockAction::SkipToNextLoss => {
                simulation.skip_to_next_loss();
            }
            ClockAction::Advance(by) => simulation.advance(by),
            ClockAction::Seek(moment) => simulation.seek(moment),
            ClockAction::SeekTime(at) if at > simulation.end().now() => {
                simulation.seek_end();
                let ahead = at.since(simulation.now());
                simulation.advance(ahead);
            }
            ClockAction::SeekTime(at) => simulation.seek_time(at),
            ClockAction::StepBack => simulation.step_back(),
            ClockAction::SeekLastLoss => simulation.seek_last_loss(),
            ClockAction::SeekStart => simulation.seek_start(),
            ClockAction::SeekEnd => simulation.seek_end(),
            ClockAction::Undo => simulation.undo(),
            ClockAction::Redo => simulation.redo(),
            ClockAction::PickUp(branch) => simulation.pick_up(branch),
            ClockAction::DropBranch(branch) => {
                simulation.drop_branch(branch);
                self.dialog = None;
            }
            ClockAction::Open(preset) => {
                *simulation = preset.open();
                drop(simulation);
                self.opened(preset.scenario().about, Some(preset));
            }
        }
    }
}
