//! `key=value` words as JSON.

use super::words::Word;
use crate::clock;
use crate::json::Json;

/// Fields that take a duration; `1s` stands for its nanoseconds.
const DURATIONS: [&str; 12] = [
    "ack_wait",
    "backoff",
    "delay",
    "duplicate_window",
    "expires",
    "idle_heartbeat",
    "inactive_threshold",
    "max_age",
    "max_expires",
    "priority_timeout",
    "subject_delete_marker_ttl",
    "deliver_in",
];

/// Fields that take a list; `a,b` stands for it.
const LISTS: [&str; 6] = ["subjects", "filter_subjects", "priority_groups", "backoff", "multi_last", "tags"];

/// The members of an object in the order of their words.
///
/// # Errors
/// A word is not `key=value`.
pub fn members(words: &[Word]) -> Result<Vec<(String, Json)>, String> {
    words
        .iter()
        .map(|word| match word.pair() {
            Some((key, text, quoted)) => Ok((key.to_owned(), value(key, text, quoted)?)),
            None if !word.is_quoted() && !word.text.is_empty() => Ok((word.text.clone(), Json::Bool(true))),
            None => Err(format!("expected key=value, not {:?}", word.text)),
        })
        .collect()
}

fn value(key: &str, text: &str, quoted: bool) -> Result<Json, String> {
    if quoted {
        return Ok(Json::string(text));
    }
    if text.starts_with(['{', '[']) {
        return Json::parse(text).map_err(|error| format!("{key}: {error}"));
    }
    if LISTS.contains(&key) {
        return Ok(Json::Array(
            text.split(',').filter(|part| !part.is_empty()).map(|part| scalar(key, part)).collect(),
        ));
    }
    Ok(scalar(key, text))
}

fn scalar(key: &str, text: &str) -> Json {
    if DURATIONS.contains(&key)
        && let Some(duration) = clock::parse_duration(text)
    {
        return Json::Number(duration.as_nanos().to_string());
    }
    match text {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        "null" => Json::Null,
        _ if text.parse::<i128>().is_ok() => Json::Number(text.to_owned()),
        _ => Json::string(text),
    }
}

/// Lays `changes` over `config`: a member named `-key` is taken out, the others are set.
pub fn changed(config: &[(String, Json)], changes: Vec<(String, Json)>) -> Vec<(String, Json)> {
    let mut config = config.to_vec();
    for (key, value) in changes {
        let name = key.strip_prefix('-').unwrap_or(&key);
        let at = config.iter().position(|(known, _)| known == name);
        match (at, key.starts_with('-')) {
            (Some(at), true) => {
                config.remove(at);
            }
            (Some(at), false) => config[at].1 = value,
            (None, true) => {}
            (None, false) => config.push((key, value)),
        }
    }
    config
}
