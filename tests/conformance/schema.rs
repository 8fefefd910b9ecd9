//! The official JSON schemas of the JetStream API, advisories and metrics, and a check against them.
//!
//! Knows the part of draft-07 that those schemas use. `tests/schemas/README.md` lists where server 2.15.1 itself breaks
//! them; those places are left out here too.

use crate::json::Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Types whose messages the real server sends otherwise than their schema says.
const SERVER_DIFFERS: [&str; 5] = [
    "io.nats.jetstream.advisory.v1.nak",
    "io.nats.jetstream.advisory.v1.terminated",
    "io.nats.jetstream.advisory.v1.consumer_group_pinned",
    "io.nats.jetstream.advisory.v1.consumer_group_unpinned",
    "io.nats.jetstream.advisory.v1.snapshot_create",
];

/// Types whose error replies match no or both branches of their schema, or whose schema has no place for an error.
const ERRORS_DIFFER: [&str; 7] = [
    "io.nats.jetstream.advisory.v1.snapshot_complete",
    "io.nats.jetstream.api.v1.stream_names_response",
    "io.nats.jetstream.api.v1.stream_list_response",
    "io.nats.jetstream.api.v1.consumer_names_response",
    "io.nats.jetstream.api.v1.consumer_list_response",
    "io.nats.jetstream.api.v1.consumer_pause_response",
    "io.nats.jetstream.api.v1.consumer_unpin_response",
];

/// Why an atomic batch was given up, in a word that the schema of `stream_batch_abandoned` does not know.
const UNKNOWN_REASON: &str = "unsupported";

/// The schemas by their `title`, which is the `type` of the messages they describe.
fn registry() -> &'static BTreeMap<String, Json> {
    static REGISTRY: OnceLock<BTreeMap<String, Json>> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut schemas = BTreeMap::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/jetstream");
        for folder in ["api/v1", "advisory/v1", "metric/v1"] {
            let files = fs::read_dir(root.join(folder)).expect("the schemas are part of the checkout");
            for file in files {
                let path = file.expect("a readable folder").path();
                if path.file_name().is_some_and(|name| name == "definitions.json") {
                    continue;
                }
                let text = fs::read_to_string(&path).expect("a readable schema");
                let schema = Json::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                if let Some(title) = schema.get("title").and_then(Json::as_str) {
                    schemas.insert(title.to_owned(), schema);
                }
            }
        }
        schemas
    })
}

/// Whether messages of this `type` have a schema.
pub fn has(kind: &str) -> bool {
    registry().contains_key(kind)
}

/// What is wrong with a message of type `kind`; `None` when nothing is or when it has no schema.
pub fn check(kind: &str, message: &Json) -> Option<String> {
    let is_error = message.get("error").is_some();
    let is_unsupported = message.get("reason").and_then(Json::as_str) == Some(UNKNOWN_REASON);
    if SERVER_DIFFERS.contains(&kind) || (is_error && ERRORS_DIFFER.contains(&kind)) || is_unsupported {
        return None;
    }
    let message = without_domain(kind, message);
    let wrong = validate(registry().get(kind)?, &message, "")?;
    Some(format!("{kind}: {wrong} in {message}"))
}

/// The server of a domain names it in `stream_action`, whose schema does not know the member.
fn without_domain(kind: &str, message: &Json) -> Json {
    match message {
        Json::Object(members) if kind.ends_with(".stream_action") => {
            Json::Object(members.iter().filter(|(name, _)| name != "domain").cloned().collect())
        }
        other => other.clone(),
    }
}

/// The first thing wrong with `value` at `path`.
fn validate(schema: &Json, value: &Json, path: &str) -> Option<String> {
    schema.members().iter().find_map(|(keyword, rule)| {
        let wrong = match keyword.as_str() {
            "type" => !has_type(rule, value),
            "const" => rule != value,
            "enum" => !rule.elements().contains(value),
            "minimum" => value.as_integer().zip(rule.as_integer()).is_some_and(|(number, least)| number < least),
            "maximum" => value.as_integer().zip(rule.as_integer()).is_some_and(|(number, most)| number > most),
            "minLength" => length(value).zip(rule.as_u64()).is_some_and(|(length, least)| length < least),
            "maxLength" => length(value).zip(rule.as_u64()).is_some_and(|(length, most)| length > most),
            "pattern" => value.as_str().is_some_and(|text| !matches(rule.as_str().unwrap_or(""), text)),
            "required" => return missing_member(rule, value, path),
            "properties" => return validate_members(rule, value, path),
            "additionalProperties" => return validate_other_members(schema, rule, value, path),
            "patternProperties" => return validate_every_member(rule, value, path),
            "items" => return validate_elements(rule, value, path),
            "allOf" => return rule.elements().iter().find_map(|part| validate(part, value, path)),
            "anyOf" => rule.elements().iter().all(|part| validate(part, value, path).is_some()),
            "oneOf" => return validate_one_of(rule, value, path),
            _ => false,
        };
        wrong.then(|| format!("{path}: {keyword} {rule}"))
    })
}

fn has_type(rule: &Json, value: &Json) -> bool {
    if let Json::Array(kinds) = rule {
        return kinds.iter().any(|kind| has_type(kind, value));
    }
    match (rule.as_str().unwrap_or(""), value) {
        ("integer", Json::Number(text)) => text.parse::<i128>().is_ok(),
        ("number", Json::Number(_))
        | ("string", Json::String(_))
        | ("boolean", Json::Bool(_))
        | ("array", Json::Array(_))
        | ("object", Json::Object(_))
        | ("null", Json::Null) => true,
        _ => false,
    }
}

fn length(value: &Json) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

/// The two expressions that the schemas use: a name without dots and wildcards.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[^.*>]+$" => !text.is_empty() && !text.contains(['.', '*', '>']),
        "^[^.*>]*$" => !text.contains(['.', '*', '>']),
        other => panic!("the pattern {other:?} is not known here"),
    }
}

fn missing_member(names: &Json, value: &Json, path: &str) -> Option<String> {
    let Json::Object(_) = value else { return None };
    let missing = names.elements().iter().filter_map(Json::as_str).find(|name| value.get(name).is_none())?;
    Some(format!("{path}: {missing} is missing"))
}

fn validate_members(schemas: &Json, value: &Json, path: &str) -> Option<String> {
    value.members().iter().find_map(|(name, member)| validate(schemas.get(name)?, member, &format!("{path}.{name}")))
}

fn validate_other_members(schema: &Json, rule: &Json, value: &Json, path: &str) -> Option<String> {
    let known = schema.get("properties");
    let others = value.members().iter().filter(|(name, _)| known.is_none_or(|known| known.get(name).is_none()));
    let mut others = others.map(|(name, member)| (format!("{path}.{name}"), member));
    match rule {
        Json::Bool(false) => others.next().map(|(path, _)| format!("{path}: not known to the schema")),
        Json::Bool(true) => None,
        schema => others.find_map(|(path, member)| validate(schema, member, &path)),
    }
}

fn validate_every_member(patterns: &Json, value: &Json, path: &str) -> Option<String> {
    let (pattern, schema) = patterns.members().first()?;
    assert_eq!(pattern, ".*", "the only pattern for names in the schemas");
    value.members().iter().find_map(|(name, member)| validate(schema, member, &format!("{path}.{name}")))
}

fn validate_elements(schema: &Json, value: &Json, path: &str) -> Option<String> {
    let mut elements = value.elements().iter().enumerate();
    elements.find_map(|(index, element)| validate(schema, element, &format!("{path}[{index}]")))
}

fn validate_one_of(branches: &Json, value: &Json, path: &str) -> Option<String> {
    let wrong: Vec<Option<String>> = branches.elements().iter().map(|branch| validate(branch, value, path)).collect();
    match wrong.iter().filter(|wrong| wrong.is_none()).count() {
        1 => None,
        0 => {
            Some(format!("{path}: no branch of oneOf: {}", wrong.into_iter().flatten().collect::<Vec<_>>().join("; ")))
        }
        count => Some(format!("{path}: {count} branches of oneOf")),
    }
}
