//! What moves simulated time, forth and back.

use super::App;
use crate::ui::action::ClockAction;

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
        self.focus.is_dragging = matches!(action, ClockAction::SeekTime(_));
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
            ClockAction::DropBranch(branch) => simulation.drop_branch(branch),
            ClockAction::Open(preset) => {
                *simulation = preset.open();
                drop(simulation);
                self.opened(preset.scenario().about, Some(preset));
            }
        }
    }
}
