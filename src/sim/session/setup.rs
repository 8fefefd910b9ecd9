//! What a session starts from, as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::ServerConfig;
use crate::engine::date_time::DateTime;
use crate::engine::time::Timestamp;

/// Bytes of inputs that a session records unless told otherwise.
const JOURNAL_BYTES: usize = 16 * 1024 * 1024;

/// A server, and the moment at which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub server: ServerConfig,
    pub start: Timestamp,
    /// The most bytes of inputs that are recorded; `None` records nothing.
    pub journal_bytes: Option<usize>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { server: ServerConfig::default(), start: Timestamp::SIMULATION_START, journal_bytes: Some(JOURNAL_BYTES) }
    }
}

/// A [`Setup`] as it is written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    server: ServerConfig,
    /// RFC 3339.
    start: Option<String>,
    journal_bytes: Option<usize>,
}

/// Why a text is no setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError(String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setup {
    /// Reads `{"server": {…}, "start": "2026-01-01T00:00:00Z", "journal_bytes": 16777216}`; what is left out keeps its
    /// default, and 0 journal bytes record nothing.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn from_json(json: &str) -> Result<Self, SetupError> {
        let written: Written = serde_json::from_str(json).map_err(|error| SetupError(error.to_string()))?;
        let start = match written.start {
            None => Timestamp::SIMULATION_START,
            Some(text) => DateTime::parse(text.as_bytes())
                .map_err(|_| SetupError(format!("start is no time as in 2026-01-01T00:00:00Z: {text}")))?
                .to_timestamp(),
        };
        let journal_bytes = Some(written.journal_bytes.unwrap_or(JOURNAL_BYTES)).filter(|bytes| *bytes > 0);
        Ok(Self { server: written.server, start, journal_bytes })
    }

    /// The setup as [`from_json`](Self::from_json) reads it.
    pub fn to_json(&self) -> String {
        let start = serde_json::to_value(self.start).ok().and_then(|start| start.as_str().map(str::to_owned));
        let written =
            Written { server: self.server.clone(), start, journal_bytes: Some(self.journal_bytes.unwrap_or(0)) };
        serde_json::to_string(&written).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_its_default() {
        assert_eq!(Setup::from_json("{}"), Ok(Setup::default()));
        let setup = Setup::from_json(
            r#"{"server":{"seed":7,"jetstream":{"domain":"hub","duplicate_window":1000}},"start":"2027-02-03T04:05:06.7Z","journal_bytes":0}"#,
        )
        .expect("a setup");
        let jetstream = setup.server.jetstream.as_ref().expect("JetStream is on");
        assert_eq!((setup.server.seed, jetstream.domain.as_deref()), (7, Some("hub")));
        assert_eq!(jetstream.duplicate_window, Some(std::time::Duration::from_nanos(1000)));
        assert_eq!((setup.start.as_nanos(), setup.journal_bytes), (1_801_627_506_700_000_000, None));
        assert_eq!(Setup::from_json(&setup.to_json()), Ok(setup));
        assert!(Setup::from_json(r#"{"server":{"jetstream":null}}"#).is_ok_and(|it| it.server.jetstream.is_none()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, text) in [
            ("{", "EOF"),
            (r#"{"sever":{}}"#, "sever"),
            (r#"{"server":{"prot":1}}"#, "prot"),
            (r#"{"start":"yesterday"}"#, "yesterday"),
            (r#"{"server":{"port":70000}}"#, "70000"),
        ] {
            let error = Setup::from_json(json).expect_err(json).to_string();
            assert!(error.contains(text), "{json}: {error}");
        }
    }
}
