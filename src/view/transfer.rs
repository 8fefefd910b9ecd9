//! What goes out of the page as a file and comes in as one: sessions, and configurations as the `nats` tool reads and
//! writes them (`nats stream add --config`, `nats stream info --json`).
//!
//! What comes in is told by its members, and becomes another world or requests to this one.

use serde::Serialize;

use super::form::ApiRequest;
use super::scene::lossy;
use super::stream_form::name_flaw;
use crate::engine::api::json::{self, to_json};
use crate::sim::Simulation;
use crate::sim::scenario::{About, Bounds, Opening, Scenario};
use crate::sim::world::World;
use crate::texts::transfer as texts;

const ACCOUNT: &str = "jetstream-sim account";
/// Configurations in a file at most.
const MAX_REQUESTS: usize = 10_000;

/// Something to export: how it is named when it is asked for, and to the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    pub what: String,
    pub label: String,
}

/// What can be exported.
pub fn rows(world: &World) -> Vec<ExportRow> {
    let row = |what: String, label: String| ExportRow { what, label };
    let mut rows = vec![
        row("session".into(), texts::SESSION_UP_MOMENT_SHOWN.into()),
        row("account".into(), texts::ACCOUNT_ALL_STREAMS_CONSUMERS.into()),
    ];
    for stream in world.server().account().streams() {
        let name = &stream.config.name;
        rows.push(row(format!("stream {name}"), texts::STREAM.with([&name])));
        for consumer in stream.consumers().filter(|consumer| !consumer.is_hidden()) {
            let consumer = &consumer.name;
            rows.push(row(format!("consumer {name} {consumer}"), texts::CONSUMER.with([&name, &consumer])));
        }
    }
    rows
}

/// The text of something that [`rows`] names.
///
/// # Errors
/// Why there is none.
pub fn export(simulation: &Simulation, about: &About, what: &str) -> Result<String, String> {
    let mut words = what.split(' ');
    let (kind, stream, consumer) = (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let account = simulation.world().server().account();
    let found = account.stream_named(stream);
    match kind {
        Some("session") => {
            let scenario = Scenario::of(simulation, about.clone());
            return scenario.and_then(|scenario| scenario.to_json()).map_err(|error| error.to_string());
        }
        Some("account") => {
            let streams = account.streams().map(|stream| {
                let config = object(&[("config", json_of(&stream.config))]);
                let consumers = stream.consumers().filter(|consumer| !consumer.is_hidden()).map(|consumer| {
                    object(&[("name", json_of(&consumer.name)), ("config", json_of(&consumer.config))])
                });
                let consumers = format!("[{}]", consumers.collect::<Vec<_>>().join(","));
                format!("{},\"consumers\":{consumers}}}", &config[..config.len() - 1])
            });
            let streams = format!("[{}]", streams.collect::<Vec<_>>().join(","));
            return Ok(indented(&object(&[("format", json_of(ACCOUNT)), ("streams", streams)])));
        }
        Some("stream") => found.map(|stream| json_of(&stream.config)),
        _ => found.and_then(|stream| Some(json_of(&stream.consumer_named(consumer)?.config))),
    }
    .map(|config| indented(&config))
    .ok_or_else(|| texts::NOT_THERE_ANY_MORE.into())
}

fn json_of<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(to_json(value)).unwrap_or_default()
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// JSON with a member a line, as the `nats` tool writes it.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for char in json.chars() {
        let is_end = !in_text && matches!(char, '}' | ']');
        let is_first = !in_text && out.ends_with(['{', '[']);
        depth = depth.saturating_sub(usize::from(is_end));
        // What is empty stays together.
        if is_first != is_end {
            new_line(&mut out, depth);
        }
        out.push(char);
        if in_text {
            in_text = is_escaped || char != '"';
            is_escaped = char == '\\' && !is_escaped;
            continue;
        }
        match char {
            '"' => in_text = true,
            '{' | '[' => depth += 1,
            ',' => new_line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// What comes of a file.
#[derive(Debug)]
pub enum Import {
    /// Another world, which is still to be made.
    World(Box<Opening>),
    /// Requests that make what the file configures.
    Requests(Vec<ApiRequest>),
}

/// Reads a file, a link or what was pasted, within `bounds`.
///
/// # Errors
/// Why it is nothing that can be opened here, in a sentence.
pub fn import(text: &str, world: &World, bounds: Bounds) -> Result<Import, String> {
    if text.len() > bounds.text_bytes {
        return Err(texts::WHAT_OPENED_MOST_BYTES.with([&bounds.text_bytes, &text.len()]));
    }
    let members = json::members(text.as_bytes()).map_err(|error| texts::NO_JSON.with([&error]))?;
    let members = members.ok_or(texts::OBJECT_BRACES)?;
    let member = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, raw)| *raw);
    if member("format").and_then(json::text).is_some_and(|format| format == ACCOUNT) {
        return account(member("streams").unwrap_or_default()).map(Import::Requests);
    }
    if member("format").is_some() {
        let scenario = Scenario::parse(text, bounds).map_err(|error| error.to_string())?;
        return Ok(Import::World(Box::new(Opening::new(scenario, bounds))));
    }
    // What INFO says has the configuration within.
    let stream_name = member("stream_name").and_then(json::text);
    let is_of_consumer = ["ack_policy", "deliver_policy", "durable_name"].iter().any(|name| member(name).is_some());
    match member("config") {
        Some(config) if stream_name.is_none() => Ok(Import::Requests(vec![stream(config)?])),
        None if !is_of_consumer => Ok(Import::Requests(vec![stream(text.as_bytes())?])),
        config => {
            let mut streams = world.server().account().streams().map(|stream| stream.config.name.clone());
            let only = streams.next().filter(|_| streams.next().is_none());
            let of = stream_name.or(only).ok_or(texts::NO_STREAM_NAMED)?;
            Ok(Import::Requests(vec![consumer(&of, config.unwrap_or(text.as_bytes()))?]))
        }
    }
}

fn account(streams: &[u8]) -> Result<Vec<ApiRequest>, String> {
    const WRONG: &str = texts::STREAMS_LIST_OBJECTS_EACH;
    let mut requests = Vec::new();
    for raw in elements(Some(streams)).ok_or(WRONG)? {
        let config = member(raw, "config").ok_or(WRONG)?;
        requests.push(stream(config)?);
        let name = text_in(config, "name").unwrap_or_default();
        for raw in elements(member(raw, "consumers")).unwrap_or_default() {
            requests.push(consumer(&name, member(raw, "config").ok_or(WRONG)?)?);
        }
        if requests.len() > MAX_REQUESTS {
            return Err(texts::ACCOUNT_MOST_STREAMS_CONSUMERS.with([&MAX_REQUESTS]));
        }
    }
    Ok(requests)
}

fn elements(raw: Option<&[u8]>) -> Option<Vec<&[u8]>> {
    json::elements(raw?).ok()?
}

/// A member of an object as it stands in its text.
fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let members = json::members(object).ok()??;
    members.into_iter().find(|(member, _)| member == name).map(|(_, raw)| raw)
}

fn text_in(object: &[u8], name: &str) -> Option<String> {
    json::text(member(object, name)?)
}

fn stream(config: &[u8]) -> Result<ApiRequest, String> {
    let name = text_in(config, "name").ok_or(texts::STREAMS_CONFIGURATION_NAME)?;
    usable(&name)?;
    Ok(ApiRequest { subject: format!("$JS.API.STREAM.CREATE.{name}"), body: lossy(config) })
}

fn consumer(stream: &str, config: &[u8]) -> Result<ApiRequest, String> {
    let name = text_in(config, "name").or_else(|| text_in(config, "durable_name")).unwrap_or_default();
    [stream, &name].into_iter().filter(|name| !name.is_empty()).try_for_each(usable)?;
    let last = if name.is_empty() { String::new() } else { format!(".{name}") };
    let members = [("stream_name", json_of(stream)), ("action", "\"create\"".into()), ("config", lossy(config))];
    Ok(ApiRequest { subject: format!("$JS.API.CONSUMER.CREATE.{stream}{last}"), body: object(&members) })
}

fn usable(name: &str) -> Result<(), String> {
    name_flaw(name).map_or(Ok(()), |flaw| Err(texts::FLAW.with([&name.chars().take(60).collect::<String>(), &flaw])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::presets::{PRESETS, Preset};

    fn do_all(simulation: &mut Simulation, import: Import) {
        let Import::Requests(requests) = import else { panic!("configurations are requests") };
        for ApiRequest { subject, body } in requests {
            let Some(crate::sim::actor::Answer::Payload(answer)) = simulation.request(&subject, body.as_bytes()) else {
                panic!("no answer to {subject}")
            };
            assert_eq!(super::super::form::ApiError::in_reply(&lossy(&answer)), None, "{subject} {body}");
        }
    }

    fn empty() -> Simulation {
        Preset::by_key("c24").expect("it exists").open()
    }

    #[test]
    fn an_account_is_made_again_from_its_file() {
        for preset in PRESETS {
            let simulation = preset.open();
            let file = export(&simulation, &About::default(), "account").expect("it is there");
            let mut made = Simulation::new(crate::engine::ServerConfig::default(), simulation.now());
            let import = import(&file, made.world(), Bounds::FILE).unwrap_or_else(|error| panic!("{error}"));
            do_all(&mut made, import);
            let again = export(&made, &About::default(), "account").expect("it is there");
            assert_eq!(again, file, "{}", preset.key);
        }
    }

    #[test]
    fn each_configuration_is_read_as_it_is_written_and_as_info_says_it() {
        let simulation = Preset::by_key("work-queue").expect("it exists").open();
        let of = |what: &str| export(&simulation, &About::default(), what).expect(what);
        let stream = of("stream ORDERS");
        assert!(stream.starts_with("{\n  \"name\": \"ORDERS\",\n"), "{stream}");
        let consumer = of("consumer ORDERS ship");
        for (stream, consumer) in [
            (stream.clone(), format!("{{\"stream_name\":\"ORDERS\",\"name\":\"ship\",\"config\":{consumer}}}")),
            (format!("{{\"config\":{stream},\"state\":{{}}}}"), consumer.replace("ship", "other")),
        ] {
            let mut made = Simulation::new(crate::engine::ServerConfig::default(), simulation.now());
            for text in [stream, consumer] {
                let import =
                    import(&text, made.world(), Bounds::FILE).unwrap_or_else(|error| panic!("{error}: {text}"));
                do_all(&mut made, import);
            }
            let stream = made.world().server().account().stream_named("ORDERS").expect("it was made");
            assert_eq!(stream.consumers().count(), 1);
        }
    }

    #[test]
    fn a_session_is_opened_in_place_of_another() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        simulation.advance(std::time::Duration::from_secs(20));
        let about = About { title: "mine".into(), ..About::default() };
        let file = export(&simulation, &about, "session").expect("it is whole");
        let Ok(Import::World(mut opening)) = import(&file, empty().world(), Bounds::FILE) else { panic!("a session") };
        assert_eq!(opening.go_on(&mut || true), Ok(true));
        let (world, told) = opening.finish();
        assert!(world.world() == simulation.world() && told == about);
    }

    #[test]
    fn what_cannot_be_opened_is_told() {
        let world = Preset::by_key("sources").expect("it exists").open();
        for (text, says) in [
            ("{", "This is no JSON: unexpected end of JSON input."),
            ("[]", "This has to be an object in braces."),
            ("{}", "A stream’s configuration has a “name”."),
            (r#"{"format":"x"}"#, "“format” has to be \"jetstream-sim scenario\"."),
            (r#"{"name":"a b"}"#, "“a b”: A name is one token of a subject: no blanks, no dots, no wildcards."),
            (
                r#"{"durable_name":"c"}"#,
                "This configures a consumer and does not say of which stream: “nats consumer info --json” says it.",
            ),
            (
                r#"{"format":"jetstream-sim account","streams":[1]}"#,
                "“streams” has to be a list of objects, each with its “config”.",
            ),
        ] {
            let error = import(text, world.world(), Bounds::FILE).expect_err(text);
            assert_eq!(error, says, "{text}");
        }
        assert!(export(&world, &About::default(), "stream GONE").is_err());
    }

    #[test]
    fn json_is_indented_as_people_read_it() {
        let json = r#"{"a":[],"b":{"c":[1,"x\"{,:"]},"d":{}}"#;
        let expected =
            "{\n  \"a\": [],\n  \"b\": {\n    \"c\": [\n      1,\n      \"x\\\"{,:\"\n    ]\n  },\n  \"d\": {}\n}";
        assert_eq!(indented(json), expected);
    }
}
