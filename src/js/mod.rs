//! What the JavaScript package calls: a session behind numbers, texts and byte arrays.
//!
//! Nothing here calls JavaScript: what connections are given waits until it is fetched, one array a frame, so no session
//! is ever borrowed while foreign code runs. The face that people use (`www/package/`) is written in JavaScript on top.

use core::arch::wasm32::memory_size;

use js_sys::{Error, Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::time::Timestamp;
use crate::sim::session::{Answer, Delivery, ReplayError, RequestError, Session, Setup, Snapshot};
use crate::view::due;

/// WebAssembly's memory grows by pages.
const PAGE_BYTES: usize = 65536;
/// What it grows by once it has to, at least and at most.
const MIN_GROWTH_BYTES: usize = 1 << 20;
const MAX_GROWTH_BYTES: usize = 64 << 20;

/// A server with its clock. Times are nanoseconds since 1970, as `BigInt`; connections are numbers from 1 on.
#[wasm_bindgen]
pub struct Core {
    session: Session,
    /// The last answer, without its payload.
    answer: Answer,
    /// How large WebAssembly's memory was when it was last looked at, in pages.
    memory_pages: usize,
    /// What is told of the connection that ended last, as JSON.
    ended: Vec<u8>,
}

/// A state of a [`Core`] to go back to.
#[wasm_bindgen]
pub struct CoreSnapshot(Snapshot);

#[wasm_bindgen]
impl Core {
    /// A server set up by JSON, see [`Setup::from_json`].
    ///
    /// # Errors
    /// What is wrong with the setup.
    #[wasm_bindgen(constructor)]
    pub fn new(setup: &str) -> Result<Self, Error> {
        Ok(Self::of(Session::new(Setup::from_json(setup).map_err(|error| Error::new(&error.to_string()))?)))
    }

    /// A server in the state in which another exported its journal.
    ///
    /// # Errors
    /// The text is no journal.
    pub fn replay(journal: &str) -> Result<Self, Error> {
        Ok(Self::of(Session::replay(journal).map_err(replay_error)?))
    }

    fn of(session: Session) -> Self {
        Self { session, answer: Answer::default(), memory_pages: 0, ended: Vec::new() }
    }

    /// Opens a connection; its number.
    pub fn connect(&mut self) -> u32 {
        self.session.connect()
    }

    /// The server's number for an open connection, in INFO and events; 0 if it is not open.
    #[wasm_bindgen(js_name = clientId)]
    pub fn client_id(&self, connection: u32) -> u32 {
        self.session.client_id(connection).unwrap_or(0)
    }

    /// Hands the server a frame of a client. What [`peek`](Self::peek) says then.
    pub fn write(&mut self, connection: u32, bytes: &[u8]) -> u32 {
        self.session.write(connection, bytes);
        self.grow_ahead();
        self.peek()
    }

    /// Lets memory grow in few large steps: each makes JavaScript collect its garbage.
    fn grow_ahead(&mut self) {
        let pages = memory_size::<0>();
        if pages == self.memory_pages {
            return;
        }
        // The allocator keeps what it is given back. Where there is no more, it goes on with less.
        let mut ahead: Vec<u8> = Vec::new();
        let _ = ahead.try_reserve_exact((pages * PAGE_BYTES / 8).clamp(MIN_GROWTH_BYTES, MAX_GROWTH_BYTES));
        drop(std::hint::black_box(ahead));
        self.memory_pages = memory_size::<0>();
    }

    /// The client hangs up. What is told of that is in [`ended`](Self::ended).
    pub fn close(&mut self, connection: u32) {
        self.ended = self.session.close(connection);
    }

    /// The connection that [`take`](Self::take) gives a frame for; 0 if nothing waits.
    pub fn peek(&self) -> u32 {
        self.session.next_receiver().unwrap_or(0)
    }

    /// Takes the next frame; nothing if the server ended that connection.
    pub fn take(&mut self) -> Option<Uint8Array> {
        match self.session.pop_delivery()? {
            Delivery::Bytes { bytes, .. } => Some(Uint8Array::from(&*bytes)),
            Delivery::Closed { info, .. } => {
                self.ended = info;
                None
            }
        }
    }

    /// What monitoring tells of the connection that ended last, as JSON; empty if it tells nothing.
    pub fn ended(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.ended)).unwrap_or_default()
    }

    pub fn now(&self) -> u64 {
        self.session.now().as_nanos()
    }

    /// When something happens without an input; nothing if never.
    #[wasm_bindgen(js_name = nextAt)]
    pub fn next_at(&self) -> Option<u64> {
        self.session.next_event().map(|next| next.at().as_nanos())
    }

    /// What happens then, in a few words.
    #[wasm_bindgen(js_name = nextReason)]
    pub fn next_reason(&self) -> Option<String> {
        self.session.next_event().map(|next| due::what(self.session.world(), next).to_string())
    }

    /// Lets everything happen up to `target`, as far as one call goes. Whether `target` is reached.
    #[wasm_bindgen(js_name = advanceTo)]
    pub fn advance_to(&mut self, target: u64) -> bool {
        self.session.advance_to(Timestamp::from_nanos(target))
    }

    /// Lets happen what is due next, if it is before `target`, else moves time there. Whether `target` is reached.
    #[wasm_bindgen(js_name = advanceOnce)]
    pub fn advance_once(&mut self, target: u64) -> bool {
        self.session.advance_once(Timestamp::from_nanos(target))
    }

    /// Sends a request; the payload of what answers it at once. `headers` are names and values in turn.
    ///
    /// # Errors
    /// Nobody listens or answers; `code` is 503 or 408.
    pub fn request(&mut self, subject: &str, headers: Vec<String>, body: &[u8]) -> Result<Uint8Array, Error> {
        let pairs: Vec<(String, String)> =
            headers.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let answer = self.session.request(subject, &pairs, body);
        self.take_answer(answer)
    }

    /// The payload of what would answer a request, without a trace of it.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn inspect(&mut self, subject: &str, body: &[u8]) -> Result<Uint8Array, Error> {
        let answer = self.session.inspect(subject, body);
        self.take_answer(answer)
    }

    fn take_answer(&mut self, answer: Result<Answer, RequestError>) -> Result<Uint8Array, Error> {
        self.answer = answer.map_err(request_error)?;
        Ok(Uint8Array::from(&*std::mem::take(&mut self.answer.payload)))
    }

    /// The header block of what answered the last request.
    #[wasm_bindgen(js_name = answerHeaders)]
    pub fn answer_headers(&self) -> Uint8Array {
        Uint8Array::from(&*self.answer.headers)
    }

    /// Its subject.
    #[wasm_bindgen(js_name = answerSubject)]
    pub fn answer_subject(&self) -> String {
        String::from_utf8_lossy(&self.answer.subject).into_owned()
    }

    /// Its reply subject, or nothing.
    #[wasm_bindgen(js_name = answerReply)]
    pub fn answer_reply(&self) -> String {
        String::from_utf8_lossy(&self.answer.reply).into_owned()
    }

    /// Collects events from now on.
    pub fn watch(&mut self) {
        self.session.watch();
    }

    /// What happened since the last call, as a JSON array.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&mut self) -> String {
        self.session.take_events_json()
    }

    pub fn snapshot(&self) -> CoreSnapshot {
        CoreSnapshot(self.session.snapshot())
    }

    /// Goes back to a state, see [`Session::restore`].
    pub fn restore(&mut self, snapshot: &CoreSnapshot) {
        self.session.restore(&snapshot.0);
    }

    /// All inputs so far, as text.
    ///
    /// # Errors
    /// Nothing is recorded, or more happened than was kept.
    #[wasm_bindgen(js_name = exportJournal)]
    pub fn export_journal(&self) -> Result<String, Error> {
        self.session.export_journal().map_err(replay_error)
    }
}

fn request_error(error: RequestError) -> Error {
    let code = match error {
        RequestError::NoResponders => 503,
        RequestError::Unanswered => 408,
        RequestError::Refused(_) => 400,
    };
    with_code(&error.to_string(), code)
}

fn replay_error(error: ReplayError) -> Error {
    Error::new(&error.to_string())
}

/// An error whose property `code` tells kinds apart.
fn with_code(message: &str, code: u16) -> Error {
    let error = Error::new(message);
    // It fails only where the object is frozen, and this one is not.
    let _ = Reflect::set(&error, &JsValue::from_str("code"), &JsValue::from(code));
    error
}
