//! Everything that the reader can do, as data.

use std::rc::Rc;
use std::time::Duration;

use yew::Callback;

use crate::engine::time::Timestamp;
use crate::sim::actor::ActorId;
use crate::sim::clock::Speed;
use crate::sim::command::Command;
use crate::sim::presets::Preset;
use crate::view::consumers::ListFocus;
use crate::view::drawer::Turn;
use crate::view::form::ApiRequest;
use crate::view::lit::Lit;
use crate::view::streams::TapeWindow;
use crate::view::transfer::ExportRow;
use crate::view::why::Ask;

/// Takes what the reader does.
pub type OnAction = Callback<Rc<Action>>;

/// What the reader did.
#[derive(Debug)]
pub enum Action {
    Clock(ClockAction),
    /// Something that happens in the world, and that its journal keeps.
    Do(Command),
    /// What concerns the page only, and no past or future of the world.
    Page(PageAction),
}

/// What moves simulated time.
#[derive(Clone, Copy, Debug)]
pub enum ClockAction {
    Play,
    Pause,
    SetSpeed(Speed),
    /// One event on.
    StepEvent,
    /// To the moment of the next event, and through all that happens then.
    SkipToNext,
    /// Likewise to the next redelivery, expiry or removal.
    SkipToNextLoss,
    Advance(Duration),
    /// Opens a preset, from its beginning.
    Open(&'static Preset),
    /// To where a moment of the run had just happened.
    Seek(u64),
    /// To a point of simulated time; time that has not come yet passes.
    SeekTime(Timestamp),
    /// One event back.
    StepBack,
    /// Back to the last redelivery, expiry or removal.
    SeekLastLoss,
    SeekStart,
    /// To the latest moment of the line.
    SeekEnd,
    /// To just before the last command, and to just after the next.
    Undo,
    Redo,
    /// Goes to the end of a branch, by its number.
    PickUp(u32),
    DropBranch(u32),
}

impl ClockAction {
    /// Whether it leads along what has happened, so that time should not run off again.
    pub const fn goes_back(&self) -> bool {
        match self {
            Self::Play
            | Self::Pause
            | Self::SetSpeed(_)
            | Self::StepEvent
            | Self::SkipToNext
            | Self::SkipToNextLoss
            | Self::Advance(_)
            | Self::Open(_)
            | Self::DropBranch(_) => false,
            Self::Seek(_)
            | Self::SeekTime(_)
            | Self::StepBack
            | Self::SeekLastLoss
            | Self::SeekStart
            | Self::SeekEnd
            | Self::Undo
            | Self::Redo
            | Self::PickUp(_) => true,
        }
    }
}

/// What changes the page alone.
#[derive(Clone, Debug)]
pub enum PageAction {
    /// Looks at a message; `None` at none.
    Select(Option<(Rc<str>, u64)>),
    MoveTape {
        stream: Rc<str>,
        window: TapeWindow,
    },
    /// Asks something else of the drawer.
    Drawer(Turn),
    /// Looks at a message, and opens the inspector on it.
    Inspect((Rc<str>, u64)),
    /// Shows other consumers of many.
    List(ListFocus),
    /// Points at a counter; `None` at none.
    Light(Option<Lit>),
    /// Copies what the log shows, and what it would show of the rest.
    CopyLog,
    /// Copies what was done as commands.
    CopyCommands,
    /// Reads a tape as a table, or again as a tape.
    ShowTable {
        stream: Rc<str>,
        is_table: bool,
    },
    /// Takes up one of the messages that a worker holds.
    Choose {
        worker: ActorId,
        consumer_seq: u64,
    },
    /// Does the first step at this place.
    FirstStep(usize),
    CloseFirstSteps,
    /// Opens the dialog of links and files.
    Share,
    /// Copies something to export.
    CopyExport(String),
    /// Takes what was pasted.
    Import(String),
    /// Pauses a consumer from now on.
    PauseConsumer {
        stream: Rc<str>,
        name: Rc<str>,
        seconds: u32,
    },
    /// Seals a stream for good.
    Seal(Rc<str>),
    /// Asks why, or no longer.
    Ask(Ask),
    Open(Dialog),
    CloseDialog,
    /// Says what is wrong with what was typed.
    Say(&'static str),
    /// Away with the error that is shown.
    DismissError,
    SwitchTheme,
    /// Shows less of the time by so many steps, or more where negative.
    Zoom(i8),
    /// The handle of the timeline is out of the hand.
    LetGo,
    /// Compares the moment that is shown with a branch.
    Compare(u32),
    CloseComparison,
    /// Stays with the world that is open.
    CancelOpening,
}

/// A dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    NewStream,
    EditStream(Rc<str>),
    /// For a consumer of this stream.
    NewConsumer(Rc<str>),
    EditConsumer {
        stream: Rc<str>,
        name: Rc<str>,
    },
    NewPublisher,
    EditPublisher(ActorId),
    NewWorker {
        stream: Rc<str>,
        consumer: Rc<str>,
    },
    EditWorker {
        consumer: Rc<str>,
        worker: ActorId,
    },
    /// What an action would remove, before it is done.
    Remove {
        does: Rc<Action>,
        says: Rc<str>,
    },
    /// Links and files; what can be exported.
    Share(Rc<[ExportRow]>),
    Help,
}

impl From<ClockAction> for Rc<Action> {
    fn from(action: ClockAction) -> Self {
        Action::Clock(action).into()
    }
}

impl From<Command> for Rc<Action> {
    fn from(command: Command) -> Self {
        Action::Do(command).into()
    }
}

impl From<PageAction> for Rc<Action> {
    fn from(action: PageAction) -> Self {
        Action::Page(action).into()
    }
}

impl From<ApiRequest> for Rc<Action> {
    fn from(request: ApiRequest) -> Self {
        Command::Request { subject: request.subject, body: request.body.into_bytes() }.into()
    }
}
