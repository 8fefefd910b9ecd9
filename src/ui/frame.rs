//! The only timer of the page: calls back on every animation frame while it lives.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Window;
use yew::Callback;

/// The most wall time that one frame passes on. After a tab was out of sight, time does not leap.
const LONGEST: Duration = Duration::from_millis(250);

/// Frames until dropped.
pub struct Frames(Rc<Request>);

type OnFrame = Closure<dyn FnMut(f64)>;

struct Request {
    window: Window,
    /// The frame that is asked for.
    handle: Cell<Option<i32>>,
    on_frame: RefCell<Option<OnFrame>>,
}

impl Frames {
    /// Calls `callback` with the wall time since the frame before.
    pub fn start(window: Window, callback: Callback<Duration>) -> Self {
        let request = Rc::new(Request { window, handle: Cell::new(None), on_frame: RefCell::new(None) });
        let weak = Rc::downgrade(&request);
        let mut before = None;
        let on_frame = OnFrame::new(move |now_ms: f64| {
            let Some(request) = weak.upgrade() else { return };
            request.ask();
            let passed_ms = (now_ms - before.replace(now_ms).unwrap_or(now_ms)).max(0.0);
            callback.emit(Duration::from_secs_f64(passed_ms / 1000.0).min(LONGEST));
        });
        *request.on_frame.borrow_mut() = Some(on_frame);
        request.ask();
        Self(request)
    }
}

impl Request {
    fn ask(&self) {
        let on_frame = self.on_frame.borrow();
        let Some(on_frame) = on_frame.as_ref() else { return };
        let handle = self.window.request_animation_frame(on_frame.as_ref().unchecked_ref());
        self.handle.set(handle.ok());
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Some(handle) = self.0.handle.take() {
            // It fails only where no window is left, and then no frame comes either.
            let _ = self.0.window.cancel_animation_frame(handle);
        }
    }
}
