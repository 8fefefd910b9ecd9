//! The page as a whole: takes actions to the simulation, and its rows to the panels.

mod time;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use web_sys::Window;
use yew::virtual_dom::VChild;
use yew::{AttrValue, Component, Context, Html, Properties};

use crate::sim::Simulation;
use crate::sim::actor::Answer;
use crate::sim::clock::Speed;
use crate::sim::command::Command;
use crate::sim::presets::Preset;
use crate::sim::rehearsal::Loss;
use crate::sim::scenario::{About, Bounds, Opening};
use crate::texts::page::app as texts;
use crate::view::attached::CLOCK_NOTE;
use crate::view::clock::ClockRow;
use crate::view::compare::{self, Comparison};
use crate::view::drawer::Turn;
use crate::view::form::{ApiError, ApiRequest};
use crate::view::fragment::{self, Mode};
use crate::view::inspector::Inspected;
use crate::view::log;
use crate::view::streams::{self, TapeWindow, WINDOW_CELLS};
use crate::view::transfer::{self, Import};
use crate::view::why::{Ask, refused};
use crate::view::{Before, Focus, PageRows, Same, Scene, cli, loss, scene, stream_form, subjects, timeline};

use super::action::{Action, ClockAction, Dialog, OnAction, PageAction};
use super::announcer::Announcer;
use super::bridge::{self, Told};
use super::frame::Frames;
use super::keys::{Key, Keys};
use super::panels::clock::Clock;
use super::panels::clock::compare::Compare;
use super::panels::consumers::Consumers;
use super::panels::dialogs::{self, DialogBox, DialogProps, OpenDialog};
use super::panels::drawer::Drawer;
use super::panels::embedded::Embedded;
use super::panels::first_steps::FirstSteps;
use super::panels::header::Header;
use super::panels::publishers::Publishers;
use super::panels::streams::Streams;
use super::panels::why;
use super::theme;
use super::widgets::element::{Element, Node, button, element, list};
use super::widgets::memo::memo;
use super::widgets::{copy, does, leads};

/// The class of what is for those who listen only.
const HIDDEN: &str = "hidden";

/// While time runs, the drawer is written again with every so many frames: nobody reads faster.
const DRAWER_EVERY: u32 = 8;

/// From this speed on nothing travels: it would be gone before it arrives.
const STILL_FROM: Speed = Speed::new(10_000);

/// Likewise where more events than these happen in one frame, and for some frames after it.
const STILL_ABOVE: u64 = 12;
const BUSY_FRAMES: u32 = 60;

#[derive(Properties)]
pub struct AppProps {
    /// Shared with whoever else drives it; never borrowed while a callback runs.
    pub simulation: Rc<RefCell<Simulation>>,
    /// The preset that it was opened from.
    pub preset: &'static Preset,
    /// The fragment of the page's address.
    pub address: AttrValue,
}

impl PartialEq for AppProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.simulation, &other.simulation)
    }
}

pub struct App {
    mode: Mode,
    simulation: Rc<RefCell<Simulation>>,
    /// `None` of what came from a link or file.
    preset: Option<&'static Preset>,
    /// What the reader is told of the world that is open.
    about: Rc<About>,
    /// The moments behind the first steps, or `u64::MAX` of those that were not done; `None` once they are closed.
    firsts: Option<Vec<u64>>,
    window: Option<Window>,
    focus: Focus,
    rows: PageRows,
    dialog: Option<OpenDialog>,
    comparison: Option<Rc<Comparison>>,
    /// A world in the making, that is to take the place of the one that is open.
    opening: Option<Box<Opening>>,
    /// The error of a request that came from no dialog, behind the subject of the request.
    error: Option<(String, ApiError)>,
    /// Counts the frames in a row.
    frame: u32,
    /// For so many frames on nothing travels.
    busy_frames: u32,
    /// Whether the page can be seen where it is part of another.
    is_in_sight: bool,
    /// Present while time runs or an announcement waits, and somebody can see it.
    frames: Option<Frames>,
    announcer: Announcer,
    /// How what is announced is shown: it may answer the last action.
    noted: &'static str,
    on_action: OnAction,
    _keys: Option<Keys>,
}

pub enum Msg {
    Act(Rc<Action>),
    Key(Key),
    Frame(Duration),
    /// Something came from JavaScript.
    Told(Told),
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> Self {
        let AppProps { simulation, preset, address } = ctx.props();
        let window = web_sys::window();
        window.iter().for_each(theme::restore);
        let keys = window.clone().map(|window| Keys::listen(window, ctx.link().callback(Msg::Key)));
        bridge::open(simulation, ctx.link().callback(Msg::Told));
        let focus = Focus::default();
        let rows = PageRows::of(Scene::of(&simulation.borrow(), &focus), Before::Nothing);
        let mut app = Self {
            mode: Mode::of(address),
            simulation: Rc::clone(simulation),
            preset: Some(*preset),
            about: Rc::new(preset.scenario().about),
            firsts: Some(Vec::new()),
            window,
            focus,
            announcer: Announcer::after(rows.newest.as_deref()),
            rows,
            dialog: None,
            comparison: None,
            opening: None,
            error: None,
            noted: HIDDEN,
            frame: 0,
            busy_frames: 0,
            is_in_sight: true,
            frames: None,
            on_action: ctx.link().callback(Msg::Act),
            _keys: keys,
        };
        bridge::note(&app.about);
        app.run_frames(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let is_frame = matches!(msg, Msg::Frame(_));
        // Pointing at something is no doing: nothing but the light changes.
        let action = if let Msg::Act(action) = &msg { Some(&**action) } else { None };
        let pointed = if let Some(Action::Page(PageAction::Light(lit))) = action { Some(lit) } else { None };
        if pointed == Some(&self.focus.lit) {
            return false;
        }
        let is_light = pointed.is_some();
        let is_seek = matches!(action, Some(Action::Clock(ClockAction::SeekTime(_))));
        if !is_frame && !is_light {
            self.noted = HIDDEN;
        }
        match msg {
            Msg::Act(action) => self.act(&action),
            Msg::Key(key) => self.press(key),
            Msg::Told(Told::Attached) => {}
            Msg::Told(Told::Sight(is_in_sight)) => self.is_in_sight = is_in_sight,
            Msg::Told(Told::Opening(opening)) => self.await_opening(opening),
            Msg::Told(Told::Opened(about, preset)) => self.opened(about, preset),
            Msg::Told(Told::Imported(requests)) => self.import(requests),
            Msg::Told(Told::Noted(says)) => self.note(says),
            Msg::Told(Told::Problem(says)) => self.problem(says),
            Msg::Frame(wall) => {
                self.pass(wall);
                self.open_further();
            }
        }
        if !is_light {
            self.frame = if is_frame { self.frame.wrapping_add(1) } else { 0 };
        }
        let before = match self.frame {
            _ if is_light => Before::Stays(&self.rows),
            _ if is_seek => Before::Leaps(&self.rows),
            0 => Before::Nothing,
            turn if self.busy_frames > 0 => Before::Turn(&self.rows, turn),
            frame if frame.is_multiple_of(DRAWER_EVERY) => Before::Goes(&self.rows),
            _ => Before::Stays(&self.rows),
        };
        let mut rows = PageRows::of(Scene::of(&self.simulation.borrow(), &self.focus), before);
        streams::keep_slots(&mut rows.streams, &self.rows.streams, self.is_still());
        let has_news = self.announcer.read(rows.newest.as_deref());
        bridge::note(&self.about);
        let is_changed = !is_frame || has_news || self.opening.is_some() || rows != self.rows;
        self.rows = rows;
        self.run_frames(ctx);
        is_changed
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        if self.mode == Mode::Mini {
            return self.mini(ctx);
        }
        let rows = &self.rows;
        let on_action = || self.on_action.clone();
        let stream = rows.streams.first().map(|row| Rc::clone(&row.name));
        let panels = element("main", if self.is_still() { "page page--fast" } else { "page" })
            .on_click(leads(&self.on_action))
            .with(memo(
                "publishers",
                Publishers {
                    rows: Rc::clone(&rows.publishers),
                    attached: Rc::clone(&rows.attached),
                    on_action: on_action(),
                },
            ))
            .with(memo("streams", Streams { rows: Rc::clone(&rows.streams), on_action: on_action() }))
            .with(memo(
                "consumers",
                Consumers {
                    rows: Rc::clone(&rows.consumers),
                    list: Rc::clone(&rows.list),
                    attached: Rc::clone(&rows.attached),
                    stream,
                    on_action: on_action(),
                },
            ))
            .with(memo("drawer", Drawer { row: rows.drawer.clone(), on_action: on_action() }));
        list([
            self.header(ctx, None),
            self.first_steps(),
            memo("clock", Clock { row: Rc::clone(&rows.clock), on_action: on_action() }),
            self.simulation.borrow().is_attached().then(|| element("p", "clock__note").text(CLOCK_NOTE)).into_html(),
            self.error.as_ref().map(|(subject, error)| self.refusal(subject, error)).into_html(),
            self.comparison
                .as_ref()
                .map(|row| memo("compare", Compare { row: Rc::clone(row), on_action: on_action() }))
                .into_html(),
            self.opening.as_ref().map(|opening| self.progress(opening)).into_html(),
            panels.into_html(),
            element("p", self.noted).attr("role", "status").text(self.announcer.says.clone()).into_html(),
            self.open_dialog(),
        ])
    }
}

impl App {
    /// Lets time run for one frame.
    fn pass(&mut self, wall: Duration) {
        let mut simulation = self.simulation.borrow_mut();
        let before = simulation.moment();
        simulation.frame(wall);
        let is_busy = simulation.moment().saturating_sub(before) > STILL_ABOVE;
        self.busy_frames = if is_busy { BUSY_FRAMES } else { self.busy_frames.saturating_sub(1) };
        self.announcer.pass(wall);
    }

    /// Whether nothing travels: so much changes that it would be gone before it arrives.
    fn is_still(&self) -> bool {
        let clock = &self.rows.clock;
        let is_fast = clock.is_playing && (clock.speed >= STILL_FROM || self.busy_frames > 0);
        is_fast || self.focus.is_dragging
    }

    /// The top line; with a clock where there is no other.
    fn header(&self, ctx: &Context<Self>, clock: Option<Rc<ClockRow>>) -> Html {
        let on_action = self.on_action.clone();
        if self.mode == Mode::Whole {
            return memo("header", Header { preset: self.preset, about: Same(Rc::clone(&self.about)), on_action });
        }
        let whole = fragment::whole(&ctx.props().address).into();
        memo("header", Embedded { title: self.about.title.clone().into(), whole, clock, on_action })
    }

    /// The first stream's tape with one consumer.
    fn mini(&self, ctx: &Context<Self>) -> Html {
        let (rows, on_action) = (&self.rows, || self.on_action.clone());
        let first = rows.streams.first();
        let consumer = rows.consumers.iter().find(|row| first.is_some_and(|first| first.name == row.stream));
        let streams = Streams { rows: first.into_iter().cloned().collect(), on_action: on_action() };
        let consumers = Consumers {
            rows: consumer.into_iter().cloned().collect(),
            list: Rc::default(),
            attached: Rc::default(),
            stream: None,
            on_action: on_action(),
        };
        let panels = element("main", "page page--mini")
            .on_click(leads(&self.on_action))
            .with(memo("streams", streams))
            .with(consumer.map(|_| memo("consumers", consumers)));
        list([
            self.header(ctx, Some(Rc::clone(&rows.clock))),
            self.error.as_ref().map(|(subject, error)| self.refusal(subject, error)).into_html(),
            panels.into_html(),
            self.open_dialog(),
        ])
    }

    fn first_steps(&self) -> Html {
        let Some(firsts) = self.firsts.as_ref().filter(|_| !self.about.first_steps.is_empty()) else {
            return Html::default();
        };
        // What is before a step has not seen it.
        let now = self.simulation.borrow().moment();
        let done = firsts.iter().rev().fold(0, |done, at| done << 1 | u32::from(*at <= now));
        memo("firsts", FirstSteps { about: Same(Rc::clone(&self.about)), done, on_action: self.on_action.clone() })
    }

    fn open_dialog(&self) -> Html {
        let Some(open) = &self.dialog else { return Html::default() };
        let props = DialogProps { open: open.clone(), on_action: self.on_action.clone() };
        VChild::<DialogBox>::new(props, Some(dialogs::title(&open.dialog).into())).into()
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Clock(action) => self.move_time(*action),
            Action::Do(command) => self.perform(command),
            Action::Page(action) => self.turn(action),
        }
    }

    fn press(&mut self, key: Key) {
        match key {
            Key::PlayPause if self.rows.clock.is_playing => self.act(&Action::Clock(ClockAction::Pause)),
            Key::PlayPause => self.act(&Action::Clock(ClockAction::Play)),
            Key::Does(action) => self.act(&action),
        }
    }

    /// Another world is open.
    fn opened(&mut self, about: About, preset: Option<&'static Preset>) {
        (self.about, self.preset, self.firsts) = (Rc::new(about), preset, Some(Vec::new()));
        (self.focus, self.error, self.comparison, self.dialog) = (Focus::default(), None, None, None);
        self.opening = None;
    }

    /// A world that takes more than a frame to make.
    fn await_opening(&mut self, opening: Box<Opening>) {
        (self.dialog, self.opening) = (None, Some(opening));
    }

    fn open_further(&mut self) {
        let Some(opening) = self.opening.take() else { return };
        match bridge::open_further(opening) {
            Ok(rest) => self.opening = rest,
            Err(error) => self.problem(error.to_string()),
        }
    }

    /// How far that world is, and how to stay with the one that is open.
    fn progress(&self, opening: &Opening) -> Element {
        let (done, all) = opening.progress();
        let bar = element("progress", "")
            .attr("aria-label", texts::OPENING)
            .attr("max", all.to_string())
            .attr("value", done.to_string());
        let cancel = button("button button--small", texts::STAY_HERE);
        element("section", "refusal__line opening")
            .attr("aria-label", texts::OPENING)
            .with(element("p", "").attr("role", "status").text(texts::OPENING_LARGE))
            .with(bar)
            .with(cancel.on_click(does(&self.on_action, PageAction::CancelOpening)))
    }

    fn first_step(&mut self, place: usize) {
        let about = Rc::clone(&self.about);
        let Some(first) = about.first_steps.get(place) else { return };
        let acted = first.act(&mut self.simulation.borrow_mut());
        let answers = match acted {
            Ok(answers) => answers,
            Err(error) => return self.note(error.to_string()),
        };
        if let Some(firsts) = &mut self.firsts {
            firsts.resize(firsts.len().max(place + 1), u64::MAX);
            firsts[place] = self.simulation.borrow().moment();
        }
        self.noted = "toast toast--narrow";
        self.error = ApiError::in_answers(answers);
    }

    /// Makes what a file configures, up to the first that is refused.
    fn import(&mut self, requests: Vec<ApiRequest>) {
        self.error = None;
        if requests.is_empty() {
            return self.problem(texts::THERE_NOTHING_MAKE.into());
        }
        for (place, ApiRequest { subject, body }) in requests.iter().enumerate() {
            self.request(subject, body.as_bytes());
            if self.error.is_some() || self.dialog.is_some() {
                return;
            }
            self.note(texts::IMPORTED_OF.with([&(place + 1), &requests.len()]));
        }
    }

    /// Says what went well.
    fn note(&mut self, says: String) {
        self.dialog = None;
        self.noted = "toast";
        self.announcer.says = says;
    }

    /// Says what did not, in the dialog that it came from.
    fn problem(&mut self, says: String) {
        match &mut self.dialog {
            Some(open) => {
                open.error = Some(ApiError { code: 0, err_code: 0, description: says });
                open.requests += 1;
            }
            None => self.note(says),
        }
    }

    fn perform(&mut self, command: &Command) {
        match command {
            Command::Request { subject, body } => self.request(subject, body),
            command => {
                // Under an open dialog only the dialog itself can act.
                self.dialog = None;
                self.simulation.borrow_mut().act(command.clone());
            }
        }
    }

    /// Sends a request. A refusal stays in the dialog that it came from; success closes the dialog.
    fn request(&mut self, subject: &str, body: &[u8]) {
        if self.is_to_warn(subject, body) {
            return;
        }
        let reply = match self.simulation.borrow_mut().request(subject, body) {
            Some(Answer::Payload(payload)) => scene::lossy(&payload),
            Some(Answer::NoResponders) | None => String::new(),
        };
        // An answer to flow control is not answered.
        let error = ApiError::in_reply(&reply).filter(|_| !subject.starts_with("$JS.FC."));
        match &mut self.dialog {
            Some(open) if error.is_some() => {
                open.error = error;
                open.requests += 1;
            }
            Some(_) => self.dialog = None,
            None => self.error = error.map(|error| (subject.to_owned(), error)),
        }
    }

    /// Says what a request would remove, if that is much and was not said. Whether it was said now.
    fn is_to_warn(&mut self, subject: &str, body: &[u8]) -> bool {
        let text = scene::lossy(body);
        let is_told = self.dialog.as_ref().is_some_and(|open| {
            matches!(open.dialog, Dialog::Remove { .. }) || open.warned.as_ref().is_some_and(|(_, said)| *said == text)
        });
        let loss = if is_told { Loss::default() } else { self.simulation.borrow().rehearse(subject, body) };
        let Some(says) = loss::warning(loss) else { return false };
        let says: Rc<str> = says.into();
        match &mut self.dialog {
            Some(open) => {
                open.warned = Some((says, text));
                open.requests += 1;
            }
            None => {
                let does = ApiRequest { subject: subject.to_owned(), body: text }.into();
                self.open(Dialog::Remove { does, says });
            }
        }
        true
    }

    fn turn(&mut self, action: &PageAction) {
        match action {
            PageAction::Select(selected) => self.select(selected.clone()),
            PageAction::Drawer(turn) => self.focus.drawer.turn(turn.clone()),
            PageAction::Inspect(message) => {
                self.select(Some(message.clone()));
                self.focus.drawer.turn(Turn::Inspect(Inspected::Message));
            }
            PageAction::List(list) => self.focus.consumers = list.clone(),
            PageAction::Light(lit) => self.focus.lit = lit.clone(),
            PageAction::CopyLog => {
                let text = log::as_text(Scene::of(&self.simulation.borrow(), &self.focus));
                self.copy(&text);
            }
            PageAction::CopyCommands => self.copy(&cli::as_text(self.rows.drawer.0.face, &self.rows.drawer.0.cli)),
            PageAction::MoveTape { stream, window } => self.focus.move_window(Rc::clone(stream), *window),
            PageAction::ShowTable { stream, is_table } => self.focus.show_table(Rc::clone(stream), *is_table),
            PageAction::Choose { worker, consumer_seq } => self.focus.choose(*worker, *consumer_seq),
            PageAction::FirstStep(place) => self.first_step(*place),
            PageAction::CloseFirstSteps => self.firsts = None,
            PageAction::Share => {
                let rows = transfer::rows(self.simulation.borrow().world());
                self.open(Dialog::Share(rows.into()));
            }
            PageAction::CopyExport(what) => {
                let text = transfer::export(&self.simulation.borrow(), &self.about, what);
                match text {
                    Ok(text) => {
                        self.copy(&text);
                        self.dialog = None;
                    }
                    Err(problem) => self.problem(problem),
                }
            }
            PageAction::Import(text) => {
                let import = transfer::import(text, self.simulation.borrow().world(), Bounds::FILE);
                match import {
                    Ok(Import::World(opening)) => {
                        if let Some(problem) = bridge::begin(opening) {
                            self.problem(problem);
                        }
                    }
                    Ok(Import::Requests(requests)) => self.import(requests),
                    Err(problem) => self.problem(problem),
                }
            }
            PageAction::PauseConsumer { stream, name, seconds } => {
                let until = self.simulation.borrow().now() + Duration::from_secs((*seconds).into());
                let body = format!("{{\"pause_until\":\"{until}\"}}");
                self.request(&format!("$JS.API.CONSUMER.PAUSE.{stream}.{name}"), body.as_bytes());
            }
            PageAction::Seal(stream) => self.seal(stream),
            PageAction::Ask(ask) => self.focus.ask(ask.clone()),
            PageAction::Open(dialog) => self.open(dialog.clone()),
            PageAction::CloseDialog => self.dialog = None,
            PageAction::Say(what) => self.note((*what).into()),
            PageAction::DismissError => self.error = None,
            PageAction::LetGo => self.focus.is_dragging = false,
            PageAction::Zoom(by) => {
                let zoom = self.focus.zoom.saturating_add(*by);
                self.focus.zoom = zoom.clamp(*timeline::ZOOM.start(), *timeline::ZOOM.end());
            }
            PageAction::Compare(branch) => {
                let simulation = self.simulation.borrow();
                self.comparison = compare::with_branch(Scene::of(&simulation, &self.focus), *branch).map(Rc::new);
            }
            PageAction::CloseComparison => self.comparison = None,
            PageAction::CancelOpening => self.opening = None,
            PageAction::SwitchTheme => self.window.iter().for_each(theme::switch),
        }
    }

    fn refusal(&self, subject: &str, error: &ApiError) -> Element {
        let (on, is_asked) = (&self.on_action, self.focus.asks(&Ask::Refusal));
        let says = element("p", "")
            .with(element("b", "").text(texts::REFUSED).text(" "))
            .text(error.description.clone())
            .with(element("code", "").text(format!(" {}", error.err_code)));
        let dismiss = button("button button--small", texts::DISMISS).on_click(does(on, PageAction::DismissError));
        let line = element("div", "refusal__line")
            .with(says)
            .with(why::button_for(Ask::Refusal, is_asked, texts::WHY_REFUSED, on))
            .with(dismiss);
        let answer = is_asked.then(|| why::answer(&refused(subject, error, None), true, on));
        element("div", "refusal").attr("role", "alert").with(line).with(answer)
    }

    /// Looks at a message, and moves the tape to it where it is out of sight.
    fn select(&mut self, selected: Option<(Rc<str>, u64)>) {
        if let Some((stream, seq)) = &selected {
            let row = self.rows.streams.iter().find(|row| row.name == *stream);
            let is_in_sight =
                row.is_none_or(|row| row.tape.cells.iter().any(|cell| (cell.seq..=cell.last_seq()).contains(seq)));
            if !is_in_sight {
                let from = seq.saturating_sub(WINDOW_CELLS as u64 / 2).max(1);
                self.focus.move_window(Rc::clone(stream), TapeWindow::From(from));
            }
        }
        self.focus.selected = selected;
    }

    fn copy(&mut self, text: &str) {
        self.noted = "toast";
        self.announcer.says = match copy(text) {
            true => texts::COPIED_LINES.with([&text.lines().count()]),
            false => texts::BROWSER_DOES_NOT_LET.into(),
        };
    }

    /// An update that changes nothing else.
    fn seal(&mut self, stream: &str) {
        let Some(mut form) = stream_form::of(self.simulation.borrow().world(), stream) else { return };
        form.set("sealed", "true");
        if let Ok(request) = stream_form::request(&form) {
            self.request(&request.subject, request.body.as_bytes());
        }
    }

    fn open(&mut self, dialog: Dialog) {
        let simulation = self.simulation.borrow();
        let form = dialogs::form_of(&dialog, simulation.world()).map(Rc::new);
        if form.is_some() || matches!(dialog, Dialog::Help | Dialog::Share(_) | Dialog::Remove { .. }) {
            let facts = subjects::facts(Scene::of(&simulation, &self.focus));
            self.dialog = Some(OpenDialog { dialog, form, facts, error: None, requests: 0, warned: None });
        }
    }

    /// Frames come while time runs, while something waits to be announced, and while a world is made.
    fn run_frames(&mut self, ctx: &Context<Self>) {
        let is_moving = self.rows.clock.is_playing || self.announcer.is_waiting || self.opening.is_some();
        if !self.is_in_sight || !is_moving {
            self.frames = None;
        } else if self.frames.is_none() {
            let callback = ctx.link().callback(Msg::Frame);
            self.frames = self.window.clone().map(|window| Frames::start(window, callback));
        }
    }
}
