//! What JavaScript calls to attach a client to the page's simulation: connections as numbers, frames as byte arrays.
//!
//! Nothing here calls JavaScript while the simulation is borrowed: what connections are given is fetched.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use yew::Callback;

use crate::engine::table::{ConnId, Id};
use crate::sim::Simulation;
use crate::sim::world::Outgoing;

struct Bridge {
    simulation: Weak<RefCell<Simulation>>,
    on_change: Callback<()>,
    on_sight: Callback<bool>,
}

thread_local! {
    static BRIDGE: RefCell<Option<Bridge>> = const { RefCell::new(None) };
}

/// Lets JavaScript attach clients to `simulation`; `on_change` is told when one comes or goes, `on_sight` whether the page
/// can be seen.
pub fn open(simulation: &Rc<RefCell<Simulation>>, on_change: Callback<()>, on_sight: Callback<bool>) {
    BRIDGE.set(Some(Bridge { simulation: Rc::downgrade(simulation), on_change, on_sight }));
}

fn with<T>(act: impl FnOnce(&mut Simulation) -> T) -> Option<T> {
    BRIDGE.with_borrow(|bridge| Some(act(&mut bridge.as_ref()?.simulation.upgrade()?.borrow_mut())))
}

fn tell() {
    let on_change = BRIDGE.with_borrow(|bridge| bridge.as_ref().map(|bridge| bridge.on_change.clone()));
    if let Some(on_change) = on_change {
        on_change.emit(());
    }
}

/// Says whether the page can be seen; while it cannot, no frames are drawn.
#[wasm_bindgen(js_name = setInSight)]
pub fn set_in_sight(is_in_sight: bool) {
    let on_sight = BRIDGE.with_borrow(|bridge| bridge.as_ref().map(|bridge| bridge.on_sight.clone()));
    if let Some(on_sight) = on_sight {
        on_sight.emit(is_in_sight);
    }
}

/// Opens a connection; its number, or 0 where nothing can be attached.
#[wasm_bindgen(js_name = attach)]
pub fn attach() -> u32 {
    let conn = with(Simulation::attach).flatten().map_or(0, ConnId::index);
    tell();
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
    tell();
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
            Outgoing::Closed { conn } => (conn, JsValue::NULL),
        };
        out.push(&conn.index().into());
        out.push(&frame);
    }
    out
}
