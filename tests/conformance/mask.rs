//! Replaces what differs from run to run, so that a transcript reads the same from every server.

use crate::clock;
use crate::json::Json;

/// Members of JSON objects whose numbers are durations that were measured.
const MEASURED: [&str; 4] = ["active", "pause_remaining", "ack_time", "rtt"];
/// Members that name the server or something of its machine.
const OF_THE_SERVER: [&str; 7] = ["server", "leader", "server_id", "server_name", "git_commit", "go", "xkey"];

/// Errors that end in something of this server alone: the inside of a backup, which each server writes in its own form,
/// and the identity of a stream, which comes from the time of its creation.
const VARYING_ENDS: [(&str, &str); 2] =
    [("restore failed: ", "<reason>"), ("stream identity does not match: ", "<ident>")];

/// Remembers random values, so that the same one gets the same replacement.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    pins: Vec<String>,
    names: Vec<String>,
}

impl Masks {
    /// Makes a generated consumer name known.
    pub fn generated_name(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    /// The generated consumer name that was made known last.
    pub fn last_name(&self) -> Option<&str> {
        self.names.last().map(String::as_str)
    }

    /// The pin id that was seen last.
    pub fn last_pin(&self) -> Option<&str> {
        self.pins.last().map(String::as_str)
    }

    /// A JSON value as it stands in a transcript. Base64 members are decoded.
    pub fn json(&mut self, value: &Json) -> Json {
        match value {
            Json::Object(members) => {
                let kind = value.get("type").and_then(Json::as_str).unwrap_or("").to_owned();
                let masked = members.iter().map(|(name, value)| (name.clone(), self.member(&kind, name, value)));
                Json::Object(masked.collect())
            }
            Json::Array(elements) => Json::Array(elements.iter().map(|element| self.json(element)).collect()),
            Json::String(text) => Json::String(self.text(text)),
            other => other.clone(),
        }
    }

    fn member(&mut self, kind: &str, name: &str, value: &Json) -> Json {
        match value {
            Json::Number(number) if MEASURED.contains(&name) && number != "-1" => Json::string("<ns>"),
            Json::String(_) if matches!(name, "rtt" | "uptime" | "idle") => Json::string("<duration>"),
            Json::Number(_) if matches!(name, "client_id" | "cid" | "port") => Json::string("<n>"),
            Json::Number(_) if name == "id" => Json::string("<id>"),
            Json::Number(_) if name == "bytes" && kind.ends_with(".restore_complete") => Json::string("<n>"),
            Json::String(_) if name == "id" => Json::string("<id>"),
            Json::String(pin) if matches!(name, "pinned_client_id" | "pinned_id") => Json::String(self.pin(pin)),
            Json::String(text) if matches!(name, "hdrs" | "data") => Json::String(self.text(&decoded(text))),
            Json::String(text) if matches!(name, "request" | "response") => match Json::parse(text) {
                Ok(json) => self.json(&json),
                Err(_) => Json::String(self.text(text)),
            },
            Json::String(_) if OF_THE_SERVER.contains(&name) => Json::string("<server>"),
            Json::Object(_) if name == "server" => Json::string("<server>"),
            other => self.json(other),
        }
    }

    /// A header's value as it stands in a transcript.
    pub fn header(&mut self, name: &str, value: &str) -> String {
        match name {
            "Nats-Pin-Id" if !value.is_empty() => self.pin(value),
            "Nats-Stream-Identity" => "<id>".to_owned(),
            "Nats-Stream-Source" => match value.rsplit_once(' ') {
                Some((rest, _ident)) => format!("{rest} <ident>"),
                None => value.to_owned(),
            },
            _ => self.text(value),
        }
    }

    fn pin(&mut self, pin: &str) -> String {
        let known = self.pins.iter().position(|known| known == pin);
        let index = known.unwrap_or_else(|| {
            self.pins.push(pin.to_owned());
            self.pins.len() - 1
        });
        format!("<pin {}>", index + 1)
    }

    /// Text with its moments, generated names and random ends of subjects replaced.
    pub fn text(&self, text: &str) -> String {
        for (start, replacement) in VARYING_ENDS {
            if let Some((before, _)) = text.split_once(start) {
                return format!("{before}{start}{replacement}");
            }
        }
        let mut text = nanos(&moments(text));
        for (index, name) in self.names.iter().enumerate() {
            text = text.replace(name, &format!("<name {}>", index + 1));
        }
        for (prefix, tokens) in RANDOM_ENDS {
            text = random_end(&text, prefix, tokens);
        }
        text
    }
}

/// Subjects of the server, and after how many further tokens a random one comes.
const RANDOM_ENDS: [(&str, usize); 6] = [
    ("$JS.FC.", 2),
    ("$JS.SNAPSHOT.RESTORE.", 1),
    ("$JS.SNAPSHOT.ACK.", 1),
    ("$JSC.R.", 0),
    ("$JS.S.", 0),
    ("$JS.M.", 0),
];

fn random_end(text: &str, prefix: &str, tokens: usize) -> String {
    let Some(start) = text.find(prefix) else { return text.to_owned() };
    let mut at = start + prefix.len();
    for _ in 0..tokens {
        let Some(dot) = text[at..].find('.') else { return text.to_owned() };
        at += dot + 1;
    }
    let length = text[at..].find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(text.len() - at);
    if length == 0 { text.to_owned() } else { format!("{}<id>{}", &text[..at], &text[at + length..]) }
}

/// Replaces moments written as nanoseconds since 1970, as in ack subjects.
fn nanos(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let length = rest[start..].find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len() - start);
        let digits = &rest[start..start + length];
        out.push_str(&rest[..start]);
        out.push_str(if length == 19 && digits.starts_with("17") { "<ts>" } else { digits });
        rest = &rest[start + length..];
    }
    out + rest
}

/// Replaces moments of this time; those of the distant past and future were written by the scenario itself.
fn moments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("T") {
        let date = start.checked_sub(10).filter(|from| rest.is_char_boundary(*from));
        let end = rest[start..].find('Z').map(|end| start + end + 1);
        let moment = date.zip(end).map(|(from, to)| &rest[from..to]);
        let is_now = moment.is_some_and(|moment| {
            let year: u32 = moment[..4].parse().unwrap_or(0);
            (2024..2090).contains(&year) && moment.len() <= 30 && clock::parse_rfc3339(moment).is_some()
        });
        if let (true, Some((from, to))) = (is_now, date.zip(end)) {
            out.push_str(&rest[..from]);
            out.push_str("<time>");
            rest = &rest[to..];
        } else {
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
        }
    }
    out + rest
}

/// What base64 text of the standard alphabet stands for, where that is text; the base64 otherwise.
fn decoded(text: &str) -> String {
    String::from_utf8(base64(text)).unwrap_or_else(|_| text.to_owned())
}

/// Decodes the standard alphabet; what is not of it is skipped.
pub fn base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
