//! Forms: fields with defaults and explanations, what is typed into them, and the JSON that comes of it.
//!
//! A form knows its fields only; `stream_form`, `consumer_form` and `script_form` list them and make the request.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::text;

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in NATS's JSON.
    pub key: &'static str,
    /// The heading that it stands under.
    pub group: &'static str,
    pub kind: FieldKind,
    /// What the server takes where the field is left out, as it would be typed.
    pub default: &'static str,
    /// What a new form starts with, where that is not `default`.
    pub start: Option<&'static str>,
    /// What it does, one line.
    pub help: &'static str,
    pub later: Later,
}

/// What is typed into a field, and which JSON comes of it.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// A string.
    Text,
    /// A string of several lines.
    Lines,
    /// Subjects, one a line: an array of strings.
    Subjects,
    /// One of a few: a string.
    Choice(&'static [Choice]),
    /// A whole number.
    Count,
    /// A whole number of bytes, also typed as `64KiB`.
    Bytes,
    /// Typed as `30s` or `10m`: nanoseconds.
    Duration,
    /// Several of them: an array of nanoseconds.
    Durations,
    /// Yes or no.
    Flag,
    /// RFC 3339: a string.
    Time,
}

/// One of the values of a [`FieldKind::Choice`].
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub value: &'static str,
    pub help: &'static str,
}

/// Whether a field can be changed once the thing exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    Free,
    Never,
    /// May be switched on, and then stays.
    OnlyOn,
    /// Within bounds, which the text names.
    Partly(&'static str),
}

impl Later {
    /// In words; `None` for what needs none.
    pub const fn label(self) -> Option<&'static str> {
        match self {
            Self::Free => None,
            Self::Never => Some("fixed once created"),
            Self::OnlyOn => Some("can be switched on later, never off"),
            Self::Partly(bounds) => Some(bounds),
        }
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// `None` where no field is to blame.
    pub key: Option<&'static str>,
    pub says: String,
}

/// A request to the server, as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    pub subject: String,
    pub body: String,
}

/// An error as the server answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub code: u64,
    pub err_code: u64,
    pub description: String,
}

impl ApiError {
    /// The error that `reply` carries; `None` where it reports success. A reply that is no JSON object is an error too.
    pub fn in_reply(reply: &str) -> Option<Self> {
        let Some(reply) = object(reply.as_bytes()) else {
            return Some(Self { code: 0, err_code: 0, description: "The server gave no answer.".into() });
        };
        let error = reply.get("error")?;
        let number = |key: &str| error.get(key).and_then(Value::as_u64).unwrap_or(0);
        let description = error.get("description").and_then(Value::as_str).unwrap_or("unknown error").into();
        Some(Self { code: number("code"), err_code: number("err_code"), description })
    }
}

/// Reads a JSON object; `None` if `json` is something else.
pub fn object(json: &[u8]) -> Option<Map<String, Value>> {
    // By way of `Value`, which is read in one place only.
    match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Members of a JSON object in the order in which they are written.
pub type Members = Vec<(String, Value)>;

/// Fields and what is typed into them.
#[derive(Clone, Debug)]
pub struct Form {
    pub fields: &'static [Field],
    /// One for each field.
    values: Vec<String>,
    /// The configuration that is edited; empty for a new thing.
    base: Map<String, Value>,
    is_edit: bool,
}

impl Form {
    /// A form for a new thing, with the defaults filled in.
    pub fn new(fields: &'static [Field]) -> Self {
        let values = fields.iter().map(|field| field.start.unwrap_or(field.default).into()).collect();
        Self { fields, values, base: Map::new(), is_edit: false }
    }

    /// A form for a thing that has the configuration `base`. Members of it that have no field are kept as they are.
    pub fn edit(fields: &'static [Field], base: Map<String, Value>) -> Self {
        let typed = |field: &Field| base.get(field.key).map_or(field.default.into(), |value| field.kind.typed(value));
        Self { fields, values: fields.iter().map(typed).collect(), base, is_edit: true }
    }

    pub fn is_edit(&self) -> bool {
        self.is_edit
    }

    /// What is typed into the field `key`; empty where there is no such field.
    pub fn value(&self, key: &str) -> &str {
        self.index(key).map_or("", |index| &self.values[index])
    }

    pub fn is_on(&self, key: &str) -> bool {
        self.value(key) == "true"
    }

    /// The lines of a [`FieldKind::Subjects`] field.
    pub fn lines(&self, key: &str) -> Vec<&str> {
        lines(self.value(key)).collect()
    }

    pub fn set(&mut self, key: &str, value: String) {
        if let Some(index) = self.index(key) {
            self.values[index] = value;
        }
    }

    fn index(&self, key: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.key == key)
    }

    /// Whether `field` cannot be changed, given what it is now.
    pub fn is_locked(&self, field: &Field) -> bool {
        match field.later {
            Later::Never => self.is_edit,
            Later::OnlyOn => self.is_edit && self.base.get(field.key) == Some(&Value::Bool(true)),
            Later::Free | Later::Partly(_) => false,
        }
    }

    /// What is wrong with the text in `field`, before the server is asked.
    pub fn flaw(&self, field: &Field) -> Option<&'static str> {
        field.kind.read(self.value(field.key)).err()
    }

    /// The members of the configuration: what differs from the default or was there before, in order of the fields,
    /// then what was there before and has no field.
    ///
    /// # Errors
    /// All fields whose text cannot be read.
    pub fn members(&self) -> Result<Members, Vec<FieldError>> {
        let (mut members, mut errors) = (Members::new(), Vec::new());
        for (field, typed) in self.fields.iter().zip(&self.values) {
            match field.kind.read(typed) {
                Ok(Some(value)) => {
                    let is_default =
                        field.kind.read(field.default).is_ok_and(|default| default.as_ref() == Some(&value));
                    if !is_default || self.base.contains_key(field.key) {
                        members.push((field.key.into(), value));
                    }
                }
                Ok(None) => {}
                Err(flaw) => errors.push(FieldError { key: Some(field.key), says: flaw.into() }),
            }
        }
        let others = self.base.iter().filter(|(key, _)| self.index(key).is_none());
        members.extend(others.map(|(key, value)| (key.clone(), value.clone())));
        if errors.is_empty() { Ok(members) } else { Err(errors) }
    }

    /// The key of the field that an error's text names; for errors that quote a member of the JSON.
    pub fn key_in(&self, description: &str) -> Option<&'static str> {
        let names =
            |key: &str| description.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == key);
        self.fields.iter().map(|field| field.key).find(|key| names(key))
    }
}

/// The lines of `text` without the blanks around them; empty ones are left out.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty())
}

impl FieldKind {
    /// The value of `typed`; `None` where nothing is typed.
    fn read(self, typed: &str) -> Result<Option<Value>, &'static str> {
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let value = match self {
            Self::Text | Self::Lines | Self::Time => Value::from(trimmed),
            Self::Choice(_) => Value::from(typed),
            Self::Flag => Value::from(typed == "true"),
            Self::Subjects => lines(typed).collect::<Vec<_>>().into(),
            Self::Count => read_count(trimmed).ok_or("Not a whole number.")?,
            Self::Bytes => read_bytes(trimmed).ok_or("Not a size such as 4096, 64KiB or 1MiB.")?,
            Self::Duration => read_nanos(trimmed).ok_or(NO_DURATION)?,
            Self::Durations => lines(typed).map(read_nanos).collect::<Option<Vec<_>>>().ok_or(NO_DURATION)?.into(),
        };
        Ok(Some(value))
    }

    /// What would be typed for `value`.
    fn typed(self, value: &Value) -> String {
        let duration = |value: &Value| value.as_u64().map_or_else(|| value.to_string(), text::form_duration);
        match (self, value) {
            (Self::Duration, Value::Number(_)) => duration(value),
            (Self::Durations, Value::Array(values)) => values.iter().map(duration).collect::<Vec<_>>().join(", "),
            (Self::Subjects, Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => String::new(),
            _ => value.to_string(),
        }
    }
}

const NO_DURATION: &str = "Not a duration such as 30s, 10m or 1h30m.";

fn read_count(typed: &str) -> Option<Value> {
    typed.parse::<i64>().map(Value::from).or_else(|_| typed.parse::<u64>().map(Value::from)).ok()
}

fn read_bytes(typed: &str) -> Option<Value> {
    if let Some(count) = read_count(typed) {
        return Some(count);
    }
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    units.iter().find_map(|(unit, shift)| {
        let number: i64 = typed.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(1 << shift).map(Value::from)
    })
}

/// Nanoseconds; a negative number of them is passed on, for the server to judge.
fn read_nanos(typed: &str) -> Option<Value> {
    match typed.strip_prefix('-') {
        None => text::parse_duration(typed).and_then(|read| u64::try_from(read.as_nanos()).ok()).map(Value::from),
        Some(positive) => {
            let nanos = text::parse_duration(positive)?.as_nanos();
            i64::try_from(nanos).ok().map(|nanos| Value::from(-nanos))
        }
    }
}

/// Writes `members` as a JSON object, a member a line, indented by `depth` steps.
pub fn write_object(members: &Members, depth: usize) -> String {
    let mut text = String::from("{");
    for (index, (key, value)) in members.iter().enumerate() {
        text += if index == 0 { "\n" } else { ",\n" };
        text += &"  ".repeat(depth + 1);
        // Writing to a string cannot fail.
        let _ = write!(text, "{}: {value}", Value::from(key.as_str()));
    }
    if !members.is_empty() {
        text += "\n";
        text += &"  ".repeat(depth);
    }
    text + "}"
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Field = Field {
        key: "name",
        group: "Basics",
        kind: FieldKind::Text,
        default: "",
        start: None,
        help: "",
        later: Later::Never,
    };

    static FIELDS: [Field; 6] = [
        PLAIN,
        Field { key: "subjects", kind: FieldKind::Subjects, later: Later::Free, ..PLAIN },
        Field { key: "max_age", kind: FieldKind::Duration, default: "0s", later: Later::Free, ..PLAIN },
        Field { key: "max_bytes", kind: FieldKind::Bytes, default: "-1", later: Later::Free, ..PLAIN },
        Field { key: "sealed", kind: FieldKind::Flag, default: "false", later: Later::OnlyOn, ..PLAIN },
        Field { key: "backoff", kind: FieldKind::Durations, start: Some("1s, 5s"), later: Later::Free, ..PLAIN },
    ];

    fn written(form: &Form) -> String {
        write_object(&form.members().expect("all fields are readable"), 0)
    }

    #[test]
    fn defaults_are_left_out_of_the_request() {
        let mut form = Form::new(&FIELDS);
        assert_eq!(written(&form), "{\n  \"backoff\": [1000000000,5000000000]\n}");
        form.set("backoff", String::new());
        assert_eq!(written(&form), "{}");
        form.set("name", "A \"quoted\" name".into());
        form.set("subjects", "a.>\n\n b ".into());
        form.set("max_age", "10m".into());
        form.set("max_bytes", "64KiB".into());
        form.set("sealed", "true".into());
        let expected = "{\n  \"name\": \"A \\\"quoted\\\" name\",\n  \"subjects\": [\"a.>\",\"b\"],\n  \
                        \"max_age\": 600000000000,\n  \"max_bytes\": 65536,\n  \"sealed\": true\n}";
        assert_eq!(written(&form), expected);
    }

    #[test]
    fn an_edit_keeps_what_has_no_field_and_names_what_it_clears() {
        let base =
            serde_json::json!({ "name": "S", "max_age": 60_000_000_000_u64, "metadata": {"a": "b"}, "sealed": true });
        let Value::Object(base) = base else { unreachable!("an object was written above") };
        let mut form = Form::edit(&FIELDS, base);
        assert_eq!(form.value("max_age"), "1m");
        form.set("max_age", "0s".into());
        let expected =
            "{\n  \"name\": \"S\",\n  \"max_age\": 0,\n  \"sealed\": true,\n  \"metadata\": {\"a\":\"b\"}\n}";
        assert_eq!(written(&form), expected);
        assert!(form.is_locked(&FIELDS[0]) && form.is_locked(&FIELDS[4]) && !form.is_locked(&FIELDS[1]));
    }

    #[test]
    fn unreadable_text_is_reported_beside_its_field() {
        let mut form = Form::new(&FIELDS);
        form.set("max_age", "soon".into());
        form.set("max_bytes", "many".into());
        let keys: Vec<_> = form.members().expect_err("two fields").iter().map(|error| error.key).collect();
        assert_eq!(keys, [Some("max_age"), Some("max_bytes")]);
    }

    #[test]
    fn negative_durations_are_left_to_the_server() {
        let mut form = Form::new(&FIELDS);
        form.set("backoff", "-1s".into());
        assert_eq!(written(&form), "{\n  \"backoff\": [-1000000000]\n}");
    }

    #[test]
    fn errors_come_out_of_replies() {
        assert_eq!(ApiError::in_reply(r#"{"type":"x","success":true}"#), None);
        let reply = r#"{"error":{"code":400,"err_code":10065,"description":"subjects overlap"}}"#;
        let expected = ApiError { code: 400, err_code: 10065, description: "subjects overlap".into() };
        assert_eq!(ApiError::in_reply(reply), Some(expected));
        assert!(ApiError::in_reply("").is_some());
    }

    #[test]
    fn an_error_that_quotes_a_member_names_its_field() {
        let form = Form::new(&FIELDS);
        let quoted = "invalid JSON: json: cannot unmarshal string into Go struct field StreamConfigRequest.max_age of type int64";
        assert_eq!(form.key_in(quoted), Some("max_age"));
        assert_eq!(form.key_in("something else"), None);
    }
}
