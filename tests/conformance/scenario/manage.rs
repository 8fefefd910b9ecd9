//! The steps that create, change, show and remove streams and consumers.

use super::print;
use super::run::{Runner, option};
use super::values::{changed, members};
use super::words::Word;
use crate::json::Json;

/// A config as the members of its JSON object.
type Config = Vec<(String, Json)>;

impl Runner {
    pub(super) fn management_step(&mut self, verb: &str, arguments: &[Word]) -> Result<Vec<String>, String> {
        let line = match (verb, arguments) {
            ("info", [name, options @ ..]) => self.info(&name.text, options)?,
            ("direct", [name, options @ ..]) => return self.direct(&name.text, options),
            ("stream", [verb, rest @ ..]) => self.stream(&verb.text, rest)?,
            ("consumer", [verb, rest @ ..]) => self.consumer(&verb.text, rest)?,
            _ => return Err(format!("{verb} wants more")),
        };
        Ok(vec![line])
    }

    /// Calls the API and prints the error, or what `success` makes of the reply.
    fn call(
        &mut self,
        tail: &str,
        body: &str,
        success: impl FnOnce(&Json, &mut crate::mask::Masks) -> String,
    ) -> String {
        let reply = self.request(&format!("$JS.API.{tail}"), None, body.as_bytes());
        print::outcome(&mut self.masks, reply.as_ref(), success)
    }

    fn info(&mut self, name: &str, options: &[Word]) -> Result<String, String> {
        let body = body(options)?;
        Ok(match name.split_once('/') {
            Some((stream, consumer)) => {
                self.call(&format!("CONSUMER.INFO.{stream}.{consumer}"), &body, print::consumer_state)
            }
            None => {
                let state = |json: &Json, masks: &mut _| print::stream_state(name, json, masks);
                self.call(&format!("STREAM.INFO.{name}"), &body, state)
            }
        })
    }

    /// Every reply to a direct get; the word after the stream may be a subject.
    fn direct(&mut self, stream: &str, options: &[Word]) -> Result<Vec<String>, String> {
        let by_subject = options.first().filter(|word| word.pair().is_none() && !word.text.starts_with('{'));
        let subject = by_subject.map(|word| format!(".{}", word.text)).unwrap_or_default();
        let options = if by_subject.is_some() { &options[1..] } else { options };
        let inbox = format!("_INBOX.direct.{stream}");
        let sid = self.subscribe(&inbox, None, None);
        let conn = self.conn();
        let body = body(options)?;
        self.client.publish(
            conn,
            &format!("$JS.API.DIRECT.GET.{stream}{subject}"),
            Some(&inbox),
            None,
            body.as_bytes(),
        );
        self.client.settle(self.pace.quiet);
        let (taken, other): (Vec<_>, Vec<_>) = self.client.take_events().into_iter().partition(|event| {
            event.conn == conn
                && matches!(&event.frame, Some(crate::wire::Frame::Message(message)) if message.sid == sid)
        });
        self.client.put_back(other);
        self.client.unsubscribe(conn, &sid, None);
        let mut lines = Vec::new();
        for event in taken {
            if let Some(crate::wire::Frame::Message(message)) = event.frame {
                lines.push(print::message(&mut self.masks, &message));
            }
        }
        Ok(lines)
    }

    fn stream(&mut self, verb: &str, arguments: &[Word]) -> Result<String, String> {
        let ok = |_: &Json, _: &mut _| "ok".to_owned();
        let whole = |json: &Json, masks: &mut crate::mask::Masks| masks.json(json).to_string();
        if matches!(verb, "names" | "list") {
            return Ok(self.call(&format!("STREAM.{}", verb.to_uppercase()), &body(arguments)?, whole));
        }
        let (name, options) = arguments.split_first().ok_or_else(|| format!("stream {verb} wants a name"))?;
        let name = &name.text;
        Ok(match verb {
            "create" | "update" => {
                let config = self.stream_config(verb, name, options)?;
                let request = Json::Object(config.clone()).to_string();
                let line = self.call(&format!("STREAM.{}.{name}", verb.to_uppercase()), &request, ok);
                self.keep(name, config, &line);
                line
            }
            "info" => self.call(&format!("STREAM.INFO.{name}"), &body(options)?, whole),
            "delete" => self.call(&format!("STREAM.DELETE.{name}"), "", ok),
            "purge" => self.call(&format!("STREAM.PURGE.{name}"), &body(options)?, |json, _| {
                format!("purged {}", json.get("purged").map(Json::to_string).unwrap_or_default())
            }),
            "get" => self.call(&format!("STREAM.MSG.GET.{name}"), &body(options)?, print::stored_message),
            "delete_message" => self.call(&format!("STREAM.MSG.DELETE.{name}"), &body(options)?, ok),
            _ => return Err(format!("unknown: stream {verb}")),
        })
    }

    /// A new config, memory storage unless told otherwise, or the one before with changes.
    fn stream_config(&mut self, verb: &str, name: &str, options: &[Word]) -> Result<Config, String> {
        let changes = members(options)?;
        let start = match (verb, self.configs.get(name)) {
            ("update", Some(known)) => known.clone(),
            _ => vec![("name".to_owned(), Json::string(name)), ("storage".to_owned(), Json::string("memory"))],
        };
        Ok(changed(&start, changes))
    }

    /// Remembers a config that the server took, for later changes.
    fn keep(&mut self, key: &str, config: Config, line: &str) {
        if line == "ok" {
            let is_config = |key: &str| !matches!(key, "action" | "pedantic");
            self.configs.insert(key.to_owned(), config.into_iter().filter(|(key, _)| is_config(key)).collect());
        }
    }

    fn consumer(&mut self, verb: &str, arguments: &[Word]) -> Result<String, String> {
        let whole = |json: &Json, masks: &mut crate::mask::Masks| masks.json(json).to_string();
        let (place, options) = arguments.split_first().ok_or_else(|| format!("consumer {verb} wants a name"))?;
        if matches!(verb, "names" | "list") {
            return Ok(self.call(&format!("CONSUMER.{}.{}", verb.to_uppercase(), place.text), &body(options)?, whole));
        }
        let Some((stream, name)) = place.text.split_once('/') else {
            return self.create_unnamed(verb, &place.text, options);
        };
        let tail = |verb: &str| format!("CONSUMER.{verb}.{stream}.{name}");
        Ok(match verb {
            "create" | "update" => {
                let config = self.consumer_config(verb, &place.text, name, options)?;
                let request = envelope(stream, config.clone());
                let line = self.call(&tail("CREATE"), &request, |_, _| "ok".to_owned());
                self.keep(&place.text, config, &line);
                line
            }
            "info" => self.call(&tail("INFO"), "", whole),
            "delete" => self.call(&tail("DELETE"), "", |_, _| "ok".to_owned()),
            "pause" => {
                let until = option(options, "until").map(|until| format!("{{\"pause_until\":\"{until}\"}}"));
                self.call(&tail("PAUSE"), &until.unwrap_or_default(), whole)
            }
            "reset" => self.call(&tail("RESET"), &body(options)?, print::consumer_state),
            "unpin" => self.call(&tail("UNPIN"), &body(options)?, |_, _| "ok".to_owned()),
            _ => return Err(format!("unknown: consumer {verb}")),
        })
    }

    /// Creates a consumer whose name the server chooses.
    fn create_unnamed(&mut self, verb: &str, stream: &str, options: &[Word]) -> Result<String, String> {
        if verb != "create" {
            return Err(format!("consumer {verb} wants STREAM/CONSUMER"));
        }
        let config = explicit(members(options)?);
        let request = envelope(stream, config);
        Ok(self.call(&format!("CONSUMER.CREATE.{stream}"), &request, |json, masks| {
            let name = json.get("name").and_then(Json::as_str).unwrap_or("");
            masks.generated_name(name);
            masks.text(&format!("created {name}"))
        }))
    }

    /// A durable consumer with explicit acks unless told otherwise, or the one before with changes.
    fn consumer_config(&mut self, verb: &str, key: &str, name: &str, options: &[Word]) -> Result<Config, String> {
        let changes = members(options)?;
        let start = match (verb, self.configs.get(key)) {
            ("update", Some(known)) => known.clone(),
            _ if changes.iter().any(|(key, _)| key == "ephemeral") => vec![("name".to_owned(), Json::string(name))],
            _ => vec![("durable_name".to_owned(), Json::string(name))],
        };
        let changes = changes.into_iter().filter(|(key, _)| key != "ephemeral").collect();
        Ok(explicit(changed(&start, changes)))
    }
}

/// `ack_policy=explicit` where none is given.
fn explicit(mut config: Config) -> Config {
    if !config.iter().any(|(key, _)| key == "ack_policy") {
        config.push(("ack_policy".to_owned(), Json::string("explicit")));
    }
    config
}

/// The request to create a consumer: `action` and `pedantic` stand beside the config.
fn envelope(stream: &str, config: Config) -> String {
    let (beside, config): (Config, Config) =
        config.into_iter().partition(|(key, _)| matches!(key.as_str(), "action" | "pedantic"));
    let mut request =
        vec![("stream_name".to_owned(), Json::string(stream)), ("config".to_owned(), Json::Object(config))];
    request.extend(beside);
    Json::Object(request).to_string()
}

/// The body of a request: JSON as it stands, or made of `key=value`; empty without either.
fn body(options: &[Word]) -> Result<String, String> {
    match options {
        [] => Ok(String::new()),
        [word] if word.is_quoted() || word.text.starts_with(['{', '[']) => Ok(word.text.clone()),
        words => Ok(Json::Object(members(words)?).to_string()),
    }
}
