//! Requests of the page: the common ones have a short form, which stands for exactly one subject and body.

use super::ScenarioError;
use super::members::Members;
use super::write::Object;
use crate::engine::api::json;
use crate::sim::command::Command;
use crate::texts::scenario as texts;

const MAX_BODY_BYTES: usize = 1 << 20;
const MAX_NAME_BYTES: usize = 4 << 10;

/// The verbs whose value is a name, with the subject that they stand for up to the name. Those of a consumer name its
/// stream beside it.
const BY_NAME: [(&str, &str); 3] = [
    ("delete_consumer", "$JS.API.CONSUMER.DELETE."),
    ("delete_stream", "$JS.API.STREAM.DELETE."),
    ("purge", "$JS.API.STREAM.PURGE."),
];

/// Those whose value is a configuration.
const BY_CONFIG: [(&str, &str); 3] = [
    ("consumer", "$JS.API.CONSUMER.CREATE."),
    ("stream", "$JS.API.STREAM.CREATE."),
    ("update_stream", "$JS.API.STREAM.UPDATE."),
];

/// Reads a step with one of these verbs, or with `request`.
pub(super) fn read(verb: &str, members: &mut Members<'_>) -> Result<Command, ScenarioError> {
    let of = |table: &[(&str, &'static str)]| table.iter().find(|(name, _)| *name == verb).map(|(_, start)| *start);
    let stream = if verb.ends_with("consumer") { Some(required(members, "stream")?) } else { None };
    if let Some(start) = of(&BY_CONFIG) {
        let config = members.take(verb).unwrap_or_default();
        return Ok(create(start, stream.as_deref(), &name_in(config)?, config));
    }
    if let Some(start) = of(&BY_NAME) {
        let name = required(members, verb)?;
        return Ok(by_name(start, stream.as_deref(), &name));
    }
    let subject = required(members, "request")?;
    let body = match (members.take("body"), members.bytes("bytes")?) {
        (None, None) => Vec::new(),
        (None, Some(bytes)) => bytes,
        (Some(raw), None) => match (json::text(raw), raw.first()) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(b'{' | b'[')) => raw.to_vec(),
            _ => return Err(ScenarioError::new(texts::BODY_OBJECT_ARRAY_TEXT)),
        },
        (Some(_), Some(_)) => return Err(ScenarioError::new(texts::REQUEST_BODY_BYTES_NOT)),
    };
    if body.len() > MAX_BODY_BYTES {
        return Err(ScenarioError::new(texts::BODY_MORE_THAN_BYTES.with([&MAX_BODY_BYTES])));
    }
    Ok(Command::Request { subject, body })
}

pub(super) fn required(members: &mut Members<'_>, name: &str) -> Result<String, ScenarioError> {
    members.short_text(name, MAX_NAME_BYTES)?.ok_or_else(|| ScenarioError::new(texts::IS_MISSING.with([&name])))
}

/// The name in a configuration; empty without one.
fn name_in(config: &[u8]) -> Result<String, ScenarioError> {
    let mut members = Members::of(config)?;
    let name = members.text("name")?;
    Ok(name.or(members.text("durable_name")?).unwrap_or_default())
}

fn create(start: &str, stream: Option<&str>, name: &str, config: &[u8]) -> Command {
    let Some(stream) = stream else {
        return Command::Request { subject: format!("{start}{name}"), body: config.to_vec() };
    };
    let last = if name.is_empty() { String::new() } else { format!(".{name}") };
    let mut body = format!("{{\"stream_name\":{},\"config\":", json::Value::from(stream)).into_bytes();
    body.extend_from_slice(config);
    body.push(b'}');
    Command::Request { subject: format!("{start}{stream}{last}"), body }
}

fn by_name(start: &str, stream: Option<&str>, name: &str) -> Command {
    let stream = stream.map_or_else(String::new, |stream| format!("{stream}."));
    Command::Request { subject: format!("{start}{stream}{name}"), body: Vec::new() }
}

/// Writes a request, in the short form that stands for it if there is one.
pub(super) fn write(subject: &str, body: &[u8], out: &mut Object) {
    if write_short(subject, body, out).is_some() {
        return;
    }
    out.text("request", subject);
    match std::str::from_utf8(body) {
        Ok("") => {}
        Ok(text) if stands_alone(body) => out.raw("body", text),
        Ok(text) => out.text("body", text),
        Err(_) => out.bytes("bytes", body),
    }
}

/// Whether a body is an object or array with nothing around it, so that it can stand in a text as it is.
fn stands_alone(body: &[u8]) -> bool {
    match (body.first(), body.last()) {
        (Some(b'{'), Some(b'}')) => json::members(body).is_ok(),
        (Some(b'['), Some(b']')) => json::elements(body).is_ok(),
        _ => false,
    }
}

fn write_short(subject: &str, body: &[u8], out: &mut Object) -> Option<()> {
    let same =
        |command: &Command| matches!(command, Command::Request { subject: s, body: b } if s == subject && b == body);
    let find = |table: &'static [(&str, &str)]| table.iter().find(|(_, start)| subject.starts_with(start));
    if let Some((verb, start)) = find(&BY_NAME) {
        let rest = &subject[start.len()..];
        let (stream, name) = if verb.ends_with("consumer") {
            let (stream, name) = rest.split_once('.')?;
            (Some(stream), name)
        } else {
            (None, rest)
        };
        return same(&by_name(start, stream, name)).then(|| {
            out.text(verb, name);
            stream.into_iter().for_each(|stream| out.text("stream", stream));
        });
    }
    let (verb, start) = find(&BY_CONFIG)?;
    let whole = stands_alone(body).then_some(body)?;
    let (stream, config) = if *verb == "consumer" {
        let mut members = json::members(whole).ok()??.into_iter();
        let ((_, stream), (_, config)) = (members.next()?, members.next()?);
        (Some(json::text(stream)?), stands_alone(config).then_some(config)?)
    } else {
        (None, whole)
    };
    let command = create(start, stream.as_deref(), &name_in(config).ok()?, config);
    (same(&command) && config.starts_with(b"{")).then_some(())?;
    out.raw(verb, std::str::from_utf8(config).ok()?);
    stream.iter().for_each(|stream| out.text("stream", stream));
    Some(())
}
