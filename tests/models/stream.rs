//! A stream as simple as can be: a list of messages, walked through for every question.
//!
//! The rules are those of nats-server `server/stream.go` and `server/memstore.go`, written without any index.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jetstream_sim::engine::time::Timestamp;
use serde_json::{Value, json};

use crate::models::covers;

pub type Headers = Vec<(&'static str, String)>;

/// What the stream says to an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Success,
    Stored {
        seq: u64,
        is_duplicate: bool,
    },
    Purged(u64),
    /// An `err_code`.
    Error(u64),
}

const BAD_REQUEST: u64 = 10_003;
const SEQUENCE_NOT_FOUND: u64 = 10_043;
const INVALID_CONFIG: u64 = 10_052;
const MESSAGE_TOO_LARGE: u64 = 10_054;
const DELETE_FAILED: u64 = 10_057;
const OTHER_STREAM: u64 = 10_060;
const WRONG_LAST_MSG_ID: u64 = 10_070;
const WRONG_LAST_SEQUENCE: u64 = 10_071;
const STORE_FAILED: u64 = 10_077;
const SEALED: u64 = 10_109;
const PURGE_FAILED: u64 = 10_110;
const ROLLUP_FAILED: u64 = 10_111;
const TTL_INVALID: u64 = 10_165;
const TTL_DISABLED: u64 = 10_166;
const SUBJECT_WITHOUT_SEQUENCE: u64 = 10_193;

/// One field of the configuration.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    MaxMsgs(i64),
    MaxBytes(i64),
    MaxMsgsPerSubject(i64),
    MaxMsgSize(i64),
    MaxAgeMs(u64),
    DiscardNew(bool),
    DiscardNewPerSubject(bool),
    DuplicateWindowMs(u64),
    AllowRollup(bool),
    AllowTtl(bool),
    MarkerTtlSeconds(u64),
    DenyDelete(bool),
    DenyPurge(bool),
    Sealed(bool),
    FirstSeq(u64),
}

/// Numbers as in the request: -1 and 0 mean none.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    max_msgs: i64,
    max_bytes: i64,
    max_msgs_per_subject: i64,
    max_msg_size: i64,
    max_age_ms: u64,
    discard_new: bool,
    discard_new_per_subject: bool,
    duplicate_window_ms: u64,
    allow_rollup: bool,
    allow_ttl: bool,
    marker_ttl_seconds: u64,
    deny_delete: bool,
    deny_purge: bool,
    sealed: bool,
    first_seq: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_msgs: -1,
            max_bytes: -1,
            max_msgs_per_subject: -1,
            max_msg_size: -1,
            max_age_ms: 0,
            discard_new: false,
            discard_new_per_subject: false,
            duplicate_window_ms: 0,
            allow_rollup: false,
            allow_ttl: false,
            marker_ttl_seconds: 0,
            deny_delete: false,
            deny_purge: false,
            sealed: false,
            first_seq: 0,
        }
    }
}

impl Config {
    #[must_use]
    pub fn with(mut self, setting: Setting) -> Self {
        match setting {
            Setting::MaxMsgs(limit) => self.max_msgs = limit,
            Setting::MaxBytes(limit) => self.max_bytes = limit,
            Setting::MaxMsgsPerSubject(limit) => self.max_msgs_per_subject = limit,
            Setting::MaxMsgSize(limit) => self.max_msg_size = limit,
            Setting::MaxAgeMs(millis) => self.max_age_ms = millis,
            Setting::DiscardNew(is_set) => self.discard_new = is_set,
            Setting::DiscardNewPerSubject(is_set) => self.discard_new_per_subject = is_set,
            Setting::DuplicateWindowMs(millis) => self.duplicate_window_ms = millis,
            Setting::AllowRollup(is_set) => self.allow_rollup = is_set,
            Setting::AllowTtl(is_set) => self.allow_ttl = is_set,
            Setting::MarkerTtlSeconds(seconds) => self.marker_ttl_seconds = seconds,
            Setting::DenyDelete(is_set) => self.deny_delete = is_set,
            Setting::DenyPurge(is_set) => self.deny_purge = is_set,
            Setting::Sealed(is_set) => self.sealed = is_set,
            Setting::FirstSeq(seq) => self.first_seq = seq,
        }
        self
    }

    pub fn to_json(self) -> Value {
        json!({
            "name": "S",
            "subjects": ["s.>"],
            "storage": "memory",
            "max_msgs": self.max_msgs,
            "max_bytes": self.max_bytes,
            "max_msgs_per_subject": self.max_msgs_per_subject,
            "max_msg_size": self.max_msg_size,
            "max_age": self.max_age_ms * 1_000_000,
            "discard": if self.discard_new { "new" } else { "old" },
            "discard_new_per_subject": self.discard_new_per_subject,
            "duplicate_window": self.duplicate_window_ms * 1_000_000,
            "allow_rollup_hdrs": self.allow_rollup,
            "allow_msg_ttl": self.allow_ttl,
            "subject_delete_marker_ttl": self.marker_ttl_seconds * 1_000_000_000,
            "deny_delete": self.deny_delete,
            "deny_purge": self.deny_purge,
            "sealed": self.sealed,
            "first_seq": self.first_seq,
        })
    }

    /// With its defaults.
    ///
    /// # Errors
    /// The `err_code`, if it is none.
    pub fn checked(mut self) -> Result<Self, u64> {
        let (age, window) = (self.max_age_ms, &mut self.duplicate_window_ms);
        if (1..100).contains(&age) {
            return Err(INVALID_CONFIG);
        }
        if *window == 0 {
            *window = if age > 0 { age.min(120_000) } else { 120_000 };
        }
        let per_subject_is_sound = self.discard_new && self.max_msgs_per_subject > 0;
        if (age > 0 && *window > age)
            || (self.deny_purge && self.allow_rollup)
            || (self.discard_new_per_subject && !per_subject_is_sound)
        {
            return Err(INVALID_CONFIG);
        }
        if self.marker_ttl_seconds > 0 {
            self.allow_ttl = true;
            self.deny_purge &= self.allow_rollup;
            self.allow_rollup = true;
        }
        Ok(self)
    }

    /// What it becomes where `new` is asked for.
    fn updated(self, new: Self) -> Result<Self, u64> {
        let mut new = new.checked()?;
        let unlocks = (self.sealed && !new.sealed)
            || (self.deny_delete && !new.deny_delete)
            || (self.deny_purge && !new.deny_purge)
            || (self.allow_ttl && !new.allow_ttl);
        if unlocks {
            return Err(INVALID_CONFIG);
        }
        if new.sealed {
            new.max_age_ms = 0;
            new.discard_new = true;
            new.deny_delete = true;
            new.deny_purge = true;
            new.allow_rollup = false;
        }
        Ok(new)
    }

    fn exceeds(limit: i64, number: usize) -> bool {
        limit > 0 && number as u64 > limit as u64
    }
}

#[derive(Clone, Debug)]
pub struct Message {
    pub seq: u64,
    pub subject: String,
    pub headers: Headers,
    pub payload: Vec<u8>,
    pub stored: Timestamp,
    /// When its own TTL ends.
    expires: Option<Timestamp>,
    never_ages: bool,
    /// Its time is over, and the marker in its place was refused.
    awaits_marker: bool,
}

impl Message {
    pub fn header_block(&self) -> String {
        if self.headers.is_empty() {
            return String::new();
        }
        let lines: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("NATS/1.0\r\n{lines}\r\n")
    }

    fn size(&self) -> u64 {
        (self.subject.len() + self.header_block().len() + self.payload.len() + 16) as u64
    }
}

/// What a purge is to remove.
pub struct Purge {
    pub filter: Option<&'static str>,
    pub below: Option<u64>,
    pub keep: Option<u64>,
}

enum Ttl {
    Never,
    Seconds(u64),
}

/// Whole seconds, `never`, or a duration of at least a second; `None` if it is neither.
fn read_ttl(text: &str) -> Option<Ttl> {
    match text {
        "never" => Some(Ttl::Never),
        "1500ms" => Some(Ttl::Seconds(1)),
        _ => text.trim_end_matches('s').parse().ok().filter(|seconds| *seconds > 0).map(Ttl::Seconds),
    }
}

struct Remembered {
    msg_id: String,
    seq: u64,
    stored: Timestamp,
}

pub struct Model {
    pub config: Config,
    now: Timestamp,
    pub messages: Vec<Message>,
    /// The first sequence while there are no messages.
    empty_first_seq: u64,
    pub last_seq: u64,
    pub last_time: Option<Timestamp>,
    duplicates: Vec<Remembered>,
    last_msg_id: String,
}

impl Model {
    pub fn new(config: Config, now: Timestamp) -> Self {
        Self {
            config,
            now,
            messages: Vec::new(),
            empty_first_seq: config.first_seq,
            last_seq: config.first_seq.saturating_sub(1),
            last_time: None,
            duplicates: Vec::new(),
            last_msg_id: String::new(),
        }
    }

    pub fn first_seq(&self) -> u64 {
        self.messages.first().map_or(self.empty_first_seq, |message| message.seq)
    }

    pub fn first_time(&self) -> Option<Timestamp> {
        Some(self.messages.first()?.stored)
    }

    pub fn bytes(&self) -> u64 {
        self.messages.iter().map(Message::size).sum()
    }

    pub fn subjects(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for message in &self.messages {
            *counts.entry(message.subject.clone()).or_default() += 1;
        }
        counts
    }

    /// Sequences between the first and the last message that are gone.
    pub fn deleted(&self) -> Vec<u64> {
        let there: BTreeSet<u64> = self.messages.iter().map(|message| message.seq).collect();
        let Some(first) = there.first() else { return Vec::new() };
        (*first..=self.last_seq).filter(|seq| !there.contains(seq)).collect()
    }

    fn count_of(&self, subject: &str) -> usize {
        self.messages.iter().filter(|message| message.subject == subject).count()
    }

    pub fn publish(&mut self, subject: &str, headers: &Headers, payload: &[u8]) -> Answer {
        self.try_publish(subject, headers, payload).unwrap_or_else(Answer::Error)
    }

    fn try_publish(&mut self, subject: &str, headers: &Headers, payload: &[u8]) -> Result<Answer, u64> {
        let asked = |name: &str| {
            let found = headers.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let mut message = Message {
            seq: self.last_seq + 1,
            subject: subject.to_owned(),
            headers: headers.clone(),
            payload: payload.to_vec(),
            stored: self.now,
            expires: None,
            never_ages: false,
            awaits_marker: false,
        };
        if self.config.sealed {
            return Err(SEALED);
        }
        if Config::exceeds(self.config.max_msg_size, message.header_block().len() + payload.len()) {
            return Err(MESSAGE_TOO_LARGE);
        }
        if asked("Nats-Expected-Stream").is_some_and(|name| name != "S") {
            return Err(OTHER_STREAM);
        }
        let ttl = asked("Nats-TTL").map(read_ttl);
        if matches!(ttl, Some(Some(_))) && !self.config.allow_ttl {
            return Err(TTL_DISABLED);
        }
        self.check_expected(subject, asked)?;
        if let Some(id) = asked("Nats-Msg-Id")
            && let Some(known) = self.duplicates.iter().find(|known| known.msg_id == id)
        {
            return Ok(Answer::Stored { seq: known.seq, is_duplicate: true });
        }
        if asked("Nats-Expected-Last-Msg-Id").is_some_and(|id| id != self.last_msg_id) {
            return Err(WRONG_LAST_MSG_ID);
        }
        let rollup = asked("Nats-Rollup").map(str::to_lowercase);
        if let Some(rollup) = &rollup {
            let is_permitted = self.config.allow_rollup && !self.config.deny_purge;
            if !is_permitted || !["sub", "all"].contains(&rollup.as_str()) {
                return Err(ROLLUP_FAILED);
            }
        }
        match ttl {
            None => {}
            Some(None) => return Err(TTL_INVALID),
            Some(Some(Ttl::Never)) => message.never_ages = true,
            Some(Some(Ttl::Seconds(seconds))) => self.set_ttl(&mut message, seconds),
        }
        self.check_discard_new(&message, rollup.is_some())?;
        let seq = message.seq;
        self.store(message);
        self.last_msg_id = asked("Nats-Msg-Id").unwrap_or("").to_owned();
        if let Some(id) = asked("Nats-Msg-Id") {
            self.duplicates.push(Remembered { msg_id: id.to_owned(), seq, stored: self.now });
        }
        match rollup.as_deref() {
            Some("sub") => _ = self.remove(|message| message.subject == subject, None, 1),
            Some(_) => _ = self.remove(|_| true, None, 1),
            None => {}
        }
        Ok(Answer::Stored { seq, is_duplicate: false })
    }

    fn check_expected<'a>(&self, subject: &str, asked: impl Fn(&str) -> Option<&'a str>) -> Result<(), u64> {
        let of = asked("Nats-Expected-Last-Subject-Sequence-Subject");
        if let Some(expected) = asked("Nats-Expected-Last-Subject-Sequence") {
            let filter = of.unwrap_or(subject);
            let last = self.messages.iter().rfind(|message| covers(filter, &message.subject));
            if last.map_or(0, |message| message.seq).to_string() != expected {
                return Err(WRONG_LAST_SEQUENCE);
            }
        } else if of.is_some() {
            return Err(SUBJECT_WITHOUT_SEQUENCE);
        }
        if asked("Nats-Expected-Last-Sequence").is_some_and(|expected| expected != self.last_seq.to_string()) {
            return Err(WRONG_LAST_SEQUENCE);
        }
        Ok(())
    }

    /// A TTL below that of the markers is raised to it, unless a new message replaces the old one anyway.
    fn set_ttl(&self, message: &mut Message, seconds: u64) {
        let least = if self.config.max_msgs_per_subject == 1 { 0 } else { self.config.marker_ttl_seconds };
        if seconds < least {
            message.headers.retain(|(name, _)| *name != "Nats-TTL");
            message.headers.push(("Nats-TTL", least.to_string()));
        }
        message.expires = Some(message.stored + Duration::from_secs(seconds.max(least)));
    }

    fn check_discard_new(&self, message: &Message, is_rollup: bool) -> Result<(), u64> {
        let config = self.config;
        if !config.discard_new {
            return Ok(());
        }
        let replaces = Config::exceeds(config.max_msgs_per_subject, self.count_of(&message.subject) + 1);
        if replaces && config.discard_new_per_subject && !is_rollup {
            return Err(STORE_FAILED);
        }
        if Config::exceeds(config.max_msgs, self.messages.len() + 1) && !replaces {
            return Err(STORE_FAILED);
        }
        let oldest = self.messages.iter().find(|other| other.subject == message.subject).map_or(0, Message::size);
        let fits_in_place = replaces && message.size() <= oldest;
        if Config::exceeds(config.max_bytes, (self.bytes() + message.size()) as usize) && !fits_in_place {
            return Err(STORE_FAILED);
        }
        Ok(())
    }

    /// Appends a message, and removes what is beyond the limits.
    fn store(&mut self, message: Message) {
        let subject = message.subject.clone();
        self.last_seq = message.seq;
        self.empty_first_seq = message.seq + 1;
        self.last_time = Some(message.stored);
        self.messages.push(message);
        self.trim_subject(&subject);
        self.trim();
    }

    fn trim_subject(&mut self, subject: &str) {
        while Config::exceeds(self.config.max_msgs_per_subject, self.count_of(subject)) {
            let oldest = self.messages.iter().position(|message| message.subject == subject);
            self.messages.remove(oldest.expect("there are too many of it"));
        }
    }

    fn trim(&mut self) {
        let config = self.config;
        let is_beyond = |model: &Self| {
            Config::exceeds(config.max_msgs, model.messages.len())
                || Config::exceeds(config.max_bytes, model.bytes() as usize)
        };
        while !config.discard_new && is_beyond(self) {
            self.messages.remove(0);
        }
    }

    pub fn delete(&mut self, seq: u64) -> Answer {
        if self.config.sealed {
            return Answer::Error(SEALED);
        }
        if self.config.deny_delete {
            return Answer::Error(DELETE_FAILED);
        }
        let before = self.messages.len();
        self.messages.retain(|message| message.seq != seq);
        if self.messages.len() < before { Answer::Success } else { Answer::Error(SEQUENCE_NOT_FOUND) }
    }

    pub fn purge(&mut self, purge: &Purge) -> Answer {
        let below = purge.below.filter(|seq| *seq > 0);
        if below.is_some() && purge.keep.is_some() {
            return Answer::Error(BAD_REQUEST);
        }
        if self.config.sealed {
            return Answer::Error(SEALED);
        }
        if self.config.deny_purge {
            return Answer::Error(PURGE_FAILED);
        }
        let is_covered = |message: &Message| purge.filter.is_none_or(|filter| covers(filter, &message.subject));
        let purged = self.remove(is_covered, below, purge.keep.unwrap_or(0));
        let covers_all = purge.filter.is_none_or(|filter| filter == ">");
        if covers_all && below.is_none() && purge.keep.is_none() {
            // A stream that was never used counts as used.
            self.empty_first_seq = self.last_seq + 1;
        }
        // Purged beyond its end, the stream goes on from there.
        if let Some(below) = below.filter(|below| covers_all && *below > self.last_seq.max(1)) {
            self.last_seq = below - 1;
            self.empty_first_seq = below;
        }
        Answer::Purged(purged)
    }

    /// Removes what is wanted below a sequence, but for the newest `keep`.
    fn remove(&mut self, wanted: impl Fn(&Message) -> bool, below: Option<u64>, keep: u64) -> u64 {
        if below.is_some_and(|below| below <= 1) {
            return 0;
        }
        let found: Vec<u64> =
            self.messages.iter().filter(|message| wanted(message)).map(|message| message.seq).collect();
        let gone: BTreeSet<u64> = found[..found.len().saturating_sub(keep as usize)]
            .iter()
            .copied()
            .filter(|seq| below.is_none_or(|below| *seq < below))
            .collect();
        self.messages.retain(|message| !gone.contains(&message.seq));
        gone.len() as u64
    }

    pub fn update(&mut self, config: Config) -> Answer {
        match self.config.updated(config) {
            Err(code) => Answer::Error(code),
            Ok(config) => {
                self.config = config;
                for subject in self.subjects().into_keys() {
                    self.trim_subject(&subject);
                }
                self.trim();
                self.expire_by_age();
                self.forget_duplicates();
                Answer::Success
            }
        }
    }

    /// Goes from one moment at which a message expires to the next.
    pub fn pass_time(&mut self, until: Timestamp) {
        while let Some(at) = self.next_expiry().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.expire_ttls();
            self.expire_by_age();
        }
        self.now = until;
        self.forget_duplicates();
    }

    fn ages_at(&self, message: &Message) -> Option<Timestamp> {
        let is_ageing = self.config.max_age_ms > 0 && !message.never_ages && !message.awaits_marker;
        is_ageing.then(|| message.stored + Duration::from_millis(self.config.max_age_ms))
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.messages.iter().flat_map(|message| message.expires.into_iter().chain(self.ages_at(message))).min()
    }

    fn expire_ttls(&mut self) {
        loop {
            let over = |message: &&Message| message.expires.is_some_and(|at| at <= self.now);
            let next = self.messages.iter().filter(over).min_by_key(|message| (message.expires, message.seq));
            let Some(seq) = next.map(|message| message.seq) else { return };
            self.expire(seq);
        }
    }

    fn expire_by_age(&mut self) {
        loop {
            let over = |message: &&Message| self.ages_at(message).is_some_and(|at| at <= self.now);
            let Some(seq) = self.messages.iter().find(over).map(|message| message.seq) else { return };
            self.expire(seq);
        }
    }

    /// The last message of a subject leaves a marker. While that is refused, the message stays.
    fn expire(&mut self, seq: u64) {
        let at = self.messages.iter().position(|message| message.seq == seq).expect("it was just found");
        let message = self.messages[at].clone();
        let is_marker = message.headers.iter().any(|(name, _)| *name == "Nats-Marker-Reason");
        let is_over = |other: &&Message| other.subject == message.subject && other.awaits_marker;
        let left = self.count_of(&message.subject) - self.messages.iter().filter(is_over).count();
        let is_last = left == usize::from(!message.awaits_marker);
        if self.config.marker_ttl_seconds == 0 || !is_last || is_marker {
            self.messages.remove(at);
            return;
        }
        let seconds = self.config.marker_ttl_seconds;
        let ttl = if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) };
        let marker = Message {
            seq: self.last_seq + 1,
            subject: message.subject.clone(),
            headers: vec![
                ("Nats-Marker-Reason", "MaxAge".to_owned()),
                ("Nats-TTL", ttl),
                ("Nats-Rollup", "sub".to_owned()),
            ],
            payload: Vec::new(),
            stored: self.now,
            expires: Some(self.now + Duration::from_secs(seconds)),
            never_ages: false,
            awaits_marker: false,
        };
        let is_too_large = Config::exceeds(self.config.max_msg_size, marker.header_block().len());
        if self.config.sealed || is_too_large || self.check_discard_new(&marker, true).is_err() {
            self.messages[at].awaits_marker = true;
            self.messages[at].expires = Some(self.now + Duration::from_secs(2));
            return;
        }
        self.last_msg_id.clear();
        self.store(marker);
        self.remove(|other| other.subject == message.subject, None, 1);
    }

    fn forget_duplicates(&mut self) {
        let window = Duration::from_millis(self.config.duplicate_window_ms);
        self.duplicates.retain(|known| known.stored + window > self.now);
    }
}
