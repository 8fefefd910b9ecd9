//! What JavaScript calls: to attach a client to the page's simulation, with connections as numbers and frames as byte
//! arrays; to save the session and open one; and to say whether the page can be seen.
//!
//! Nothing here calls JavaScript while the simulation is borrowed: what connections are given is fetched.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use yew::Callback;

use crate::engine::table::{ConnId, Id};
use crate::sim::Simulation;
use crate::sim::presets::Preset;
use crate::sim::scenario::{About, Bounds, Opening, Scenario, ScenarioError};
use crate::sim::world::Outgoing;
use crate::view::form::ApiRequest;

/// How long a world is worked on within one frame, in milliseconds.
const SLICE_MS: f64 = 8.0;

/// What the page is told.
pub enum Told {
    /// A client from outside came or went.
    Attached,
    /// The page, part of another, came into sight or went out of it.
    Sight(bool),
    /// A large world is to be opened; part of it is there.
    Opening(Box<Opening>),
    /// Another world was opened; the preset, if it was one.
    Opened(About, Option<&'static Preset>),
    /// A file configures what these requests make.
    Imported(Vec<ApiRequest>),
    /// Something went well, in a sentence.
    Noted(String),
    /// Something did not.
    Problem(String),
}

struct Bridge {
    simulation: Weak<RefCell<Simulation>>,
    on_told: Callback<Told>,
    /// What the reader is told of the world that is open.
    about: Rc<About>,
    /// How many worlds were opened.
    worlds: u32,
}

thread_local! {
    static BRIDGE: RefCell<Option<Bridge>> = const { RefCell::new(None) };
}

/// Lets JavaScript at `simulation`.
pub fn open(simulation: &Rc<RefCell<Simulation>>, on_told: Callback<Told>) {
    BRIDGE.set(Some(Bridge { simulation: Rc::downgrade(simulation), on_told, about: Rc::default(), worlds: 0 }));
}

/// Remembers what the reader is told of the world that is open. Other words are another world.
pub fn note(about: &Rc<About>) {
    BRIDGE.with_borrow_mut(|bridge| {
        if let Some(bridge) = bridge.as_mut().filter(|bridge| !Rc::ptr_eq(&bridge.about, about)) {
            bridge.about = Rc::clone(about);
            bridge.worlds += 1;
        }
    });
}

pub(super) fn with<T>(act: impl FnOnce(&mut Simulation) -> T) -> Option<T> {
    BRIDGE.with_borrow(|bridge| Some(act(&mut bridge.as_ref()?.simulation.upgrade()?.borrow_mut())))
}

/// What the reader is told of the world that is open.
pub(super) fn about() -> Rc<About> {
    BRIDGE.with_borrow(|bridge| bridge.as_ref().map(|bridge| Rc::clone(&bridge.about))).unwrap_or_default()
}

pub(super) fn tell(told: Told) {
    let on_told = BRIDGE.with_borrow(|bridge| bridge.as_ref().map(|bridge| bridge.on_told.clone()));
    if let Some(on_told) = on_told {
        on_told.emit(told);
    }
}

/// Says whether the page can be seen; while it cannot, no frames are drawn.
#[wasm_bindgen(js_name = setInSight)]
pub fn set_in_sight(is_in_sight: bool) {
    tell(Told::Sight(is_in_sight));
}

/// How many events and commands the session has, where there is more in it than it was opened with; else 0.
#[wasm_bindgen(js_name = sessionLength)]
pub fn session_length() -> f64 {
    let length = |simulation: &mut Simulation| {
        let moment = simulation.end().moment();
        if moment > simulation.opened_at() { moment as f64 } else { 0.0 }
    };
    with(length).unwrap_or(0.0)
}

/// How many worlds were opened so far; a session is of one.
#[wasm_bindgen(js_name = worldsOpened)]
pub fn worlds_opened() -> u32 {
    BRIDGE.with_borrow(|bridge| bridge.as_ref().map_or(0, |bridge| bridge.worlds))
}

/// The session up to its end as a scenario; none where more was done than is remembered.
#[wasm_bindgen(js_name = exportScenario)]
pub fn export_scenario() -> Option<String> {
    with(|simulation| Scenario::of_whole(simulation, About::clone(&about())))?.ok()?.to_json().ok()
}

/// Opens a scenario in place of the world; what is wrong with it where it cannot be opened.
#[wasm_bindgen(js_name = openScenario)]
pub fn open_scenario(text: &str) -> Option<String> {
    open_within(text, Bounds::FILE)
}

/// Likewise, within `bounds`. A large one is opened frame by frame, and what is wrong further on in it told then.
pub(super) fn open_within(text: &str, bounds: Bounds) -> Option<String> {
    match Scenario::parse(text, bounds) {
        Ok(scenario) => begin(Box::new(Opening::new(scenario, bounds))),
        Err(error) => Some(error.to_string()),
    }
}

/// Begins to open a world in place of the one that is there; what is wrong with it, if that shows at once.
pub(super) fn begin(opening: Box<Opening>) -> Option<String> {
    match open_further(opening) {
        Ok(None) => None,
        Ok(Some(rest)) => {
            tell(Told::Opening(rest));
            None
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Goes on with a world for as long as a frame has; gives it back if there is more to do.
///
/// # Errors
/// Why it cannot be opened.
pub(super) fn open_further(mut opening: Box<Opening>) -> Result<Option<Box<Opening>>, ScenarioError> {
    let start = Date::now();
    if !opening.go_on(&mut || Date::now() - start < SLICE_MS)? {
        return Ok(Some(opening));
    }
    let (world, about) = opening.finish();
    replace(world, about, None);
    Ok(None)
}

/// Puts a world in the place of the one that is open. Clients from outside who were in it are not there any more.
pub(super) fn replace(mut world: Simulation, about: About, preset: Option<&'static Preset>) {
    world.detach_all();
    with(|simulation| *simulation = world);
    tell(Told::Opened(about, preset));
}

/// Opens a connection; its number, or 0 where nothing can be attached.
#[wasm_bindgen(js_name = attach)]
pub fn attach() -> u32 {
    let conn = with(Simulation::attach).flatten().map_or(0, ConnId::index);
    tell(Told::Attached);
    conn
}

/// Hands the server a frame of a client.
#[wasm_bindgen(js_name = attachedSays)]
pub fn attached_says(conn: u32, bytes: &[u8]) {
    with(|simulation| simulation.attached_says(ConnId::from_index(conn), bytes));
}

/// A client hangs up.
#[wasm_bindgen(js_name = detach)]
pub fn detach(conn: u32) {
    with(|simulation| simulation.detach(ConnId::from_index(conn)));
    tell(Told::Attached);
}

/// Whether a client is attached; those of a simulation that is gone are not.
#[wasm_bindgen(js_name = isAttached)]
pub fn is_attached() -> bool {
    with(|simulation| simulation.is_attached()).unwrap_or(false)
}

/// What connections were given: a number and a frame in turn; where the connection was ended, `null` for a frame.
#[wasm_bindgen(js_name = takeOutgoing)]
pub fn take_outgoing() -> Array {
    let out = Array::new();
    for outgoing in with(Simulation::take_outgoing).unwrap_or_default() {
        let (conn, frame) = match outgoing {
            Outgoing::Bytes { conn, bytes } => (conn, Uint8Array::from(&*bytes).into()),
            Outgoing::Closed { conn, .. } => (conn, JsValue::NULL),
        };
        out.push(&conn.index().into());
        out.push(&frame);
    }
    out
}
