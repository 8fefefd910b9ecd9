//! The inputs of a session with their moments: with its setup, all that a replay needs.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use super::MAX_REPLAYED_EVENTS;
use super::setup::Setup;
use crate::engine::api::json::{object, to_json, unmarshal_strict};
use crate::engine::list::List;
use crate::engine::table::{ConnId, Id};
use crate::engine::time::Timestamp;

const FORMAT: &str = "jetstream-sim journal";
const VERSION: u32 = 1;
/// Beside the bytes of an input.
const ENTRY_BYTES: usize = size_of::<(Timestamp, Entry)>();

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Connect,
    Write { conn: ConnId, bytes: Box<[u8]> },
    Close { conn: ConnId },
}

#[derive(Clone, Debug)]
pub struct SessionJournal {
    setup: Setup,
    max_bytes: usize,
    /// Shared with snapshots until more is recorded.
    entries: Rc<Vec<(Timestamp, Entry)>>,
    bytes: usize,
    /// More happened than was kept.
    is_cut: bool,
}

/// Why there is no journal, or why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The session was set up to record nothing.
    NotRecorded,
    /// More happened than these bytes could hold.
    TooLong {
        max_bytes: usize,
    },
    /// More happens in it without an input than is gone through.
    TooMuch,
    Malformed(String),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRecorded => f.write_str("this run records no journal"),
            Self::TooLong { max_bytes } => write!(f, "more happened than a journal of {max_bytes} bytes holds"),
            Self::TooMuch => write!(f, "more than {MAX_REPLAYED_EVENTS} events happen in this journal"),
            Self::Malformed(why) => write!(f, "not a journal: {why}"),
        }
    }
}

/// A journal as it is written.
#[derive(Default, Serialize)]
struct Written {
    format: String,
    version: u32,
    /// The setup's JSON, as text.
    setup: String,
    /// When the journal was written, in nanoseconds since the start.
    until: u64,
    inputs: List<Line>,
}

object! {
    Written as "jetstream.Journal" {
        "format" => string(format),
        "version" => uint32(version),
        "setup" => string(setup),
        "until" => uint64(until),
        "inputs" => objects(inputs),
    }
}

/// An input as it is written: bytes are a write, no connection is a new one, a connection alone ends.
#[derive(Default, Serialize)]
struct Line {
    /// Nanoseconds since the start.
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    conn: Option<u32>,
    /// One character for each byte, U+0000 to U+00FF.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

object! {
    Line as "jetstream.Input" {
        "at" => uint64(at),
        "conn" => uint32_pointer(conn),
        "bytes" => string_pointer(bytes),
    }
}

type Imported = (Setup, Vec<(Timestamp, Entry)>, Timestamp);

impl SessionJournal {
    pub(super) fn new(setup: Setup, max_bytes: usize) -> Self {
        Self { setup, max_bytes, entries: Rc::default(), bytes: 0, is_cut: false }
    }

    pub(super) fn record(&mut self, at: Timestamp, entry: impl FnOnce() -> Entry) {
        if self.is_cut {
            return;
        }
        let entry = entry();
        let size = ENTRY_BYTES + if let Entry::Write { bytes, .. } = &entry { bytes.len() } else { 0 };
        if self.bytes + size > self.max_bytes {
            // A journal with a hole is worth nothing; its memory is.
            self.is_cut = true;
            self.entries = Rc::default();
            return;
        }
        self.bytes += size;
        Rc::make_mut(&mut self.entries).push((at, entry));
    }

    /// The journal as text.
    pub(super) fn export(&self, now: Timestamp) -> Result<String, ReplayError> {
        if self.is_cut {
            return Err(ReplayError::TooLong { max_bytes: self.max_bytes });
        }
        let since_start = |at: Timestamp| at.as_nanos() - self.setup.start.as_nanos();
        let line = |(at, entry): &(Timestamp, Entry)| {
            let (conn, bytes) = match entry {
                Entry::Connect => (None, None),
                Entry::Write { conn, bytes } => {
                    (Some(conn.index()), Some(bytes.iter().copied().map(char::from).collect()))
                }
                Entry::Close { conn } => (Some(conn.index()), None),
            };
            Line { at: since_start(*at), conn, bytes }
        };
        let written = Written {
            format: FORMAT.to_owned(),
            version: VERSION,
            setup: self.setup.to_json(),
            until: since_start(now),
            inputs: self.entries.iter().map(line).collect(),
        };
        Ok(String::from_utf8(to_json(&written)).expect("JSON is text"))
    }

    /// Reads what [`export`](Self::export) wrote: the setup, the inputs, and the moment of writing.
    pub(super) fn import(text: &str) -> Result<Imported, ReplayError> {
        let written: Written = unmarshal_strict(text.as_bytes()).map_err(malformed)?;
        if (written.format.as_str(), written.version) != (FORMAT, VERSION) {
            return Err(malformed(format!("{} version {}", written.format, written.version)));
        }
        let setup = Setup::from_json(&written.setup).map_err(malformed)?;
        let after = |nanos| setup.start + Duration::from_nanos(nanos);
        let entries: Result<Vec<_>, ReplayError> =
            written.inputs.iter().map(|line| Ok((after(line.at), line.entry()?))).collect();
        let until = after(written.until);
        Ok((setup, entries?, until))
    }
}

impl Line {
    fn entry(&self) -> Result<Entry, ReplayError> {
        let conn = self.conn.map(ConnId::from_index);
        match (conn, &self.bytes) {
            (None, None) => Ok(Entry::Connect),
            (Some(conn), None) => Ok(Entry::Close { conn }),
            (Some(conn), Some(text)) => {
                let bytes: Option<Box<[u8]>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
                let bytes = bytes.ok_or_else(|| malformed("bytes hold a character that is no byte"))?;
                Ok(Entry::Write { conn, bytes })
            }
            (None, Some(_)) => Err(malformed("bytes without a connection")),
        }
    }
}

fn malformed(why: impl fmt::Display) -> ReplayError {
    ReplayError::Malformed(why.to_string())
}
