//! Enums in requests: which words they take, and what is said about others.

use crate::engine::api::json::{Word, unmarshal_string};
use crate::engine::consumer::config::{AckPolicy, ConsumerAction, DeliverPolicyName, PriorityPolicy, ReplayPolicy};
use crate::engine::quote::quote;
use crate::engine::stream::config::{Compression, Discard, PersistMode, Retention, Storage};

/// The word that `raw` is between quotes; escapes count as such.
macro_rules! find {
    ($type:ty, $raw:expr) => {
        <$type>::ALL.iter().copied().find(|word| *$raw == *format!("\"{}\"", word.as_str()).as_bytes())
    };
}

fn can_not_unmarshal(raw: &[u8]) -> String {
    format!("can not unmarshal {}", quote(raw))
}

macro_rules! words {
    ($($type:ty),+) => {$(
        impl Word for $type {
            fn from_json(raw: &[u8]) -> Result<Self, String> {
                find!($type, raw).ok_or_else(|| can_not_unmarshal(raw))
            }
        }
    )+};
}

words!(Retention, Storage, AckPolicy, ReplayPolicy);

/// In any case of letters.
impl Word for Discard {
    fn from_json(raw: &[u8]) -> Result<Self, String> {
        find!(Self, raw.to_ascii_lowercase()).ok_or_else(|| can_not_unmarshal(raw))
    }
}

impl Word for PersistMode {
    fn from_json(raw: &[u8]) -> Result<Self, String> {
        if raw == b"\"\"" { Ok(Self::Default) } else { find!(Self, raw).ok_or_else(|| can_not_unmarshal(raw)) }
    }
}

impl Word for DeliverPolicyName {
    fn from_json(raw: &[u8]) -> Result<Self, String> {
        if raw == b"\"undefined\"" { Ok(Self::All) } else { find!(Self, raw).ok_or_else(|| can_not_unmarshal(raw)) }
    }
}

/// The one word that is read as a string, so that escapes do not matter.
impl Word for Compression {
    fn from_json(raw: &[u8]) -> Result<Self, String> {
        let text = unmarshal_string(raw)?;
        let word = Self::ALL.iter().copied().find(|word| word.as_str() == text);
        word.ok_or_else(|| "unknown compression algorithm".to_owned())
    }
}

impl Word for PriorityPolicy {
    fn from_json(raw: &[u8]) -> Result<Self, String> {
        find!(Self, raw).ok_or_else(|| format!("unknown priority policy: {}", String::from_utf8_lossy(raw)))
    }
}

impl Word for ConsumerAction {
    fn from_json(raw: &[u8]) -> Result<Self, String> {
        find!(Self, raw).ok_or_else(|| format!("unknown consumer action: {}", String::from_utf8_lossy(raw)))
    }
}
