//! Forms: fields with defaults and explanations, what is typed into them, and the JSON that comes of it.
//!
//! A form knows its fields only; `stream_form`, `consumer_form` and `script_form` bring the tables of them and make the
//! request.

pub mod field;

use std::fmt::Write as _;
use std::rc::Rc;

use self::field::{Field, Later};
use crate::engine::api::json::{Map, Value};
use crate::sim::actor::Answer;
use crate::texts::Template;
use crate::texts::form as texts;
use crate::view::scene;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// `None` where no field is to blame.
    pub key: Option<Rc<str>>,
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
    /// The first refusal among answers, behind the subject of its request. A status without a body, such as a pull request
    /// ends with, is no answer of the API.
    pub fn in_answers(answers: Vec<(String, Answer)>) -> Option<(String, Self)> {
        answers.into_iter().find_map(|(subject, answer)| match answer {
            Answer::Payload(payload) if !payload.is_empty() => {
                Some((subject, Self::in_reply(&scene::lossy(&payload))?))
            }
            _ => None,
        })
    }

    /// The error that `reply` carries; `None` where it reports success. A reply that is no JSON object is an error too.
    pub fn in_reply(reply: &str) -> Option<Self> {
        let Some(reply) = object(reply.as_bytes()) else {
            return Some(Self { code: 0, err_code: 0, description: texts::SERVER_GAVE_NO_ANSWER.into() });
        };
        let error = reply.get("error")?;
        let number = |key: &str| error.get(key).and_then(Value::as_u64).unwrap_or(0);
        let description = error.get("description").and_then(Value::as_str).unwrap_or(texts::UNKNOWN_ERROR).into();
        Some(Self { code: number("code"), err_code: number("err_code"), description })
    }
}

/// Reads a JSON object; `None` if `json` is something else.
pub fn object(json: &[u8]) -> Option<Map> {
    if let Some(Value::Object(object)) = Value::parse(json) { Some(object) } else { None }
}

/// Members of a JSON object in the order in which they are written.
pub type Members = Vec<(String, Value)>;

/// Fields and what is typed into them.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub entries: Vec<Entry>,
    /// The configuration that is edited.
    base: Value,
    is_edit: bool,
    /// A part that there may be any number of.
    repeated: Option<ListPart>,
}

/// A table of its own within a form: the table, its title, and its key.
type Part = (&'static str, &'static str, &'static str);

/// Likewise, with the place of a number in its title.
type ListPart = (&'static str, Template<1>, &'static str);

/// A field and what is typed into it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The field's key, with that of the object before it: `name`, `mirror.name`, `sources.0.name`.
    pub key: Rc<str>,
    /// The heading that it stands under.
    pub group: Rc<str>,
    pub field: Field,
    pub value: String,
    /// Whether the reader chose the value: it then goes out, also where it is what the server takes by itself.
    is_typed: bool,
    /// The entry without which this one does not count.
    of: Option<Rc<str>>,
}

impl Entry {
    /// Whether there is something that differs from what the server takes by itself.
    pub fn is_changed(&self) -> bool {
        !self.value.is_empty() && self.value != self.field.default
    }
}

impl Form {
    /// A form for a new thing, with the defaults filled in.
    pub fn new(table: &'static str) -> Self {
        let mut form = Self::default();
        form.add(table, "", "");
        form
    }

    /// A form for a thing that has the configuration `base`. Members of it that have no field are kept as they are.
    pub fn edit(table: &'static str, base: Map) -> Self {
        let mut form = Self { base: Value::Object(base), is_edit: true, ..Self::default() };
        form.add(table, "", "");
        form
    }

    /// The form with the fields of an object as a group of their own, which counts only with a name in it.
    pub fn with_object(mut self, (table, title, key): Part, later: Later) -> Self {
        let first = self.entries.len();
        self.add(table, title, &format!("{key}."));
        self.entries[first..].iter_mut().for_each(|entry| entry.field.later = later);
        self
    }

    /// The form with the fields of a list of objects, and always one more object than is filled.
    pub fn with_list(mut self, part: ListPart) -> Self {
        self.repeated = Some(part);
        self.offer_one_more();
        self
    }

    fn offer_one_more(&mut self) {
        let Some((table, title, list)) = self.repeated else { return };
        for number in 0.. {
            let prefix = format!("{list}.{number}.");
            let name = format!("{prefix}name");
            if self.index(&name).is_none() {
                self.add(table, &title.with([&(number + 1)]), &prefix);
            }
            if self.value(&name).trim().is_empty() {
                return;
            }
        }
    }

    /// Adds the fields of `table`, filled; those of a part stand under `title` and have `prefix` before their keys.
    fn add(&mut self, table: &'static str, title: &str, prefix: &str) {
        let of = (!prefix.is_empty()).then(|| Rc::from(format!("{prefix}name")));
        for (group, field) in field::read(table) {
            let key: Rc<str> = format!("{prefix}{}", field.key).into();
            let otherwise = match (self.is_edit, field.is_zero_default()) {
                (false, _) => field.start,
                (true, true) => field.default,
                (true, false) => "",
            };
            let value = self.was(&key).map_or(otherwise.into(), |value| field.kind.typed(value));
            let group = if title.is_empty() { group } else { title };
            self.entries.push(Entry { key, group: group.into(), field, value, is_typed: false, of: of.clone() });
        }
    }

    /// What the configuration that is edited has for `key`.
    fn was(&self, key: &str) -> Option<&Value> {
        key.split('.').try_fold(&self.base, |value, step| value.get(step))
    }

    pub fn is_edit(&self) -> bool {
        self.is_edit
    }

    /// What is typed into the field `key`; empty where there is no such field.
    pub fn value(&self, key: &str) -> &str {
        self.index(key).map_or("", |index| &self.entries[index].value)
    }

    pub fn is_on(&self, key: &str) -> bool {
        self.value(key) == "true"
    }

    /// The lines of a field.
    pub fn lines(&self, key: &str) -> Vec<&str> {
        lines(self.value(key)).collect()
    }

    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        if let Some(index) = self.index(key) {
            self.entries[index].value = value.into();
            self.entries[index].is_typed = true;
            self.offer_one_more();
        }
    }

    fn index(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| &*entry.key == key)
    }

    /// Whether `entry` cannot be changed, given what it is now.
    pub fn is_locked(&self, entry: &Entry) -> bool {
        let was = self.was(&entry.key);
        match entry.field.later {
            Later::Free | Later::Partly | Later::Request | Later::Page => false,
            Later::NotYet if !self.is_edit => true,
            _ if !self.is_edit => false,
            Later::Never => true,
            Later::OnlyOn | Later::NotYet => was.and_then(Value::as_bool) == Some(true),
            Later::GivenUp => was.is_none() || entry.of.as_ref() != Some(&entry.key),
        }
    }

    /// The members of the configuration: what was typed, differs from the default or was there before, in order of the
    /// fields, then what was there before and has no field.
    ///
    /// # Errors
    /// All fields whose text cannot be read.
    pub fn members(&self) -> Result<Members, Vec<FieldError>> {
        let (mut members, mut errors) = (Members::new(), Vec::new());
        let counts = |entry: &&Entry| entry.of.as_ref().is_none_or(|name| !self.value(name).trim().is_empty());
        for entry in self.entries.iter().filter(counts) {
            // What is not touched stays as it was, also where it could not be typed.
            let was = self.was(&entry.key).filter(|_| !entry.is_typed && !entry.value.is_empty());
            match was.map_or_else(|| entry.field.read(&entry.value), |was| Ok(Some(was.clone()))) {
                Ok(Some(value)) => {
                    if was.is_some() || entry.is_typed || entry.is_changed() {
                        put(&mut members, entry, value);
                    }
                }
                Ok(None) => {}
                Err(flaw) => errors.push(FieldError { key: Some(Rc::clone(&entry.key)), says: flaw.into() }),
            }
        }
        let has_field = |key: &str| self.entries.iter().any(|entry| entry.key.split('.').next() == Some(key));
        let others = self.base.as_object().into_iter().flat_map(Map::iter).filter(|(key, _)| !has_field(key));
        members.extend(others.map(|(key, value)| (key.clone(), value.clone())));
        if errors.is_empty() { Ok(members) } else { Err(errors) }
    }

    /// The key of the field that an error's text names; for errors that quote a member of the JSON.
    pub fn key_in(&self, description: &str) -> Option<Rc<str>> {
        let names =
            |key: &str| description.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == key);
        self.entries.iter().map(|entry| &entry.key).find(|key| names(key)).cloned()
    }
}

/// Puts `value` where the key of `entry` leads.
fn put(members: &mut Members, entry: &Entry, value: Value) {
    let mut steps = entry.key.split('.');
    let head = steps.next().unwrap_or_default();
    let at = members.iter().position(|(key, _)| key == head).unwrap_or(members.len());
    if at == members.len() {
        members.push((head.into(), Value::Null));
    }
    let mut place = &mut members[at].1;
    for step in steps {
        if !step.starts_with(|c: char| c.is_ascii_digit()) {
            place = &mut place[step];
            continue;
        }
        if place.is_null() {
            *place = Value::Array(Vec::new());
        }
        let Value::Array(list) = place else { return };
        // The name comes first, and begins the next object of the list.
        if entry.of.as_ref() == Some(&entry.key) {
            list.push(Value::Null);
        }
        let Some(last) = list.last_mut() else { return };
        place = last;
    }
    *place = value;
}

/// The lines of `text` without the blanks around them; empty ones are left out. A comma is a letter of a subject.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
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
pub mod tests {
    use super::*;
    use crate::engine::api::json::Object;
    use crate::sim::Simulation;
    use crate::sim::actor::Answer;
    use crate::sim::world::World;

    /// Fails where `form` lacks a field that the official `schema` has, or does not explain one.
    pub fn assert_served(form: &Form, schema: &str) {
        fn properties(schema: &serde_json::Value, found: &mut Vec<String>) {
            found.extend(schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()));
            schema["allOf"].as_array().into_iter().flatten().for_each(|part| properties(part, found));
        }
        let file = format!("{}/tests/schemas/jetstream/api/v1/{schema}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).expect(&file);
        let mut found = Vec::new();
        properties(&serde_json::from_str(&text).expect("the schema is JSON"), &mut found);
        assert!(found.len() > 20, "{found:?}");
        // Of the two members for filters the form has the one that holds any number.
        for key in found.iter().filter(|key| *key != "filter_subject") {
            let has_field = form.entries.iter().any(|entry| entry.key.split('.').next() == Some(key));
            assert!(has_field, "{key} has no field");
        }
        for Entry { key, field, group, .. } in &form.entries {
            assert!(field.help.ends_with('.') && !group.is_empty() && !field.later.label().is_empty(), "{key}");
            let choices: Vec<&str> = field.choices().map(|(value, _)| value).collect();
            assert_eq!(!choices.is_empty(), field.kind == field::FieldKind::Choice, "{key}");
            assert!(choices.is_empty() || choices.contains(&field.default), "{key}");
        }
    }

    /// Fails where a member that the engine reads into `T` has no field under `prefix`, or the other way round.
    pub fn assert_read<T: Object>(form: &Form, prefix: &str, only_of: (&str, &[&str])) {
        let (of_form, of_engine) = only_of;
        let entries = form.entries.iter().filter_map(|entry| entry.key.strip_prefix(prefix)?.split('.').next());
        let fields: Vec<&str> = entries.filter(|key| of_form != *key).collect();
        for read in T::SHAPE.fields.iter().filter(|read| !of_engine.contains(read)) {
            assert!(fields.contains(read), "{prefix}{read} has no field");
        }
        for field in fields {
            assert!(T::SHAPE.fields.contains(&field), "{prefix}{field} is never read");
        }
    }

    /// Types `settings`, sends what `request` makes of them, and expects that `stored` shows them.
    pub fn assert_kept(
        simulation: &mut Simulation,
        mut form: Form,
        settings: &[(&str, &str)],
        request: fn(&Form) -> Result<ApiRequest, Vec<FieldError>>,
        stored: fn(&World) -> Option<Form>,
    ) {
        settings.iter().for_each(|(key, value)| form.set(key, *value));
        let ApiRequest { subject, body } = request(&form).expect("the form is filled");
        let Some(Answer::Payload(reply)) = simulation.request(&subject, body.as_bytes()) else { panic!("no answer") };
        assert_eq!(ApiError::in_reply(&String::from_utf8_lossy(&reply)), None, "{body}");
        let stored = stored(simulation.world()).expect("it exists");
        for (key, value) in settings {
            assert_eq!(stored.value(key), *value, "{key}");
        }
        // Sent back unchanged it is the same.
        let ApiRequest { subject, body } = request(&stored).expect("what was stored can be sent");
        let Some(Answer::Payload(reply)) = simulation.request(&subject, body.as_bytes()) else { panic!("no answer") };
        assert_eq!(ApiError::in_reply(&String::from_utf8_lossy(&reply)), None, "{body}");
    }

    /// Fails where `key` does not explain a field that is different between two things, of which one was made with it.
    pub fn assert_brings(key: &str, [without, with]: [&Form; 2]) {
        let field = with.entries.iter().find(|entry| &*entry.key == key).expect("it is a field").field;
        let help = field.choices().fold(field.help.to_owned(), |help, (_, says)| [&*help, " ", says].concat());
        let others = with.entries.iter().filter(|entry| &*entry.key != key);
        let brought: Vec<_> = others.filter(|entry| entry.value != without.value(&entry.key)).collect();
        assert!(!brought.is_empty(), "{key} brings nothing");
        for Entry { key: other, value, .. } in brought {
            assert!(help.contains(&**other), "{key} brings {other}: {value}");
        }
    }

    const TABLE: &str = "\
# Basics
name      text      fixed _      A name.
subjects  subjects  free  _      Subjects.
max_age   duration  free  0s     An age.
max_bytes bytes     free  -1     A size.
sealed    flag      on    false  Sealed.
backoff   durations free  _>1s,5s Waits.
to.src    text      free  _      From.
to.dest   text      free  _      To.
";
    const PART: &str = "name text free _ Its name.\nconsumer.name text free _ Another.\n";

    fn written(form: &Form) -> String {
        write_object(&form.members().expect("all fields are readable"), 0)
    }

    fn edit(base: &[u8]) -> Form {
        let form = Form::edit(TABLE, object(base).expect("an object"));
        form.with_object((PART, "Mirror", "mirror"), Later::GivenUp).with_list((PART, texts::SOURCE_NUMBER, "sources"))
    }

    #[test]
    fn defaults_are_left_out_of_the_request() {
        let mut form = Form::new(TABLE);
        assert_eq!(written(&form), "{\n  \"backoff\": [1000000000,5000000000]\n}");
        form.set("backoff", "");
        assert_eq!(written(&form), "{}");
        form.set("name", "A \"quoted\" name");
        form.set("subjects", "a.>\n\n b ");
        form.set("max_age", "10m");
        form.set("max_bytes", "64KiB");
        form.set("sealed", "true");
        let expected = "{\n  \"name\": \"A \\\"quoted\\\" name\",\n  \"subjects\": [\"a.>\",\"b\"],\n  \
                        \"max_age\": 600000000000,\n  \"max_bytes\": 65536,\n  \"sealed\": true\n}";
        assert_eq!(written(&form), expected);
    }

    #[test]
    fn what_is_typed_goes_out_even_where_it_is_the_default() {
        let mut form = Form::new(TABLE);
        form.set("backoff", "");
        form.set("max_bytes", "-1");
        assert_eq!(written(&form), "{\n  \"max_bytes\": -1\n}");
    }

    #[test]
    fn a_number_that_a_configuration_leaves_out_is_zero_and_not_its_default() {
        let table = "# A\na duration free 2m A.\nb count free 0 B.\nc count free 9>_ C.\n";
        let values = |form: Form| form.entries.into_iter().map(|entry| entry.value).collect::<Vec<_>>().join("|");
        assert_eq!(values(Form::new(table)), "2m|0|");
        let form = Form::edit(table, object(br#"{"c": 9}"#).expect("an object"));
        assert!(!form.entries.iter().any(Entry::is_changed));
        assert_eq!(values(form), "|0|9");
    }

    #[test]
    fn an_edit_keeps_what_has_no_field_and_names_what_it_clears() {
        let mut form = edit(br#"{"name": "S", "max_age": 60000000000, "other": {"a": "b"}, "sealed": true}"#);
        assert_eq!(form.value("max_age"), "1m");
        form.set("max_age", "0s");
        let expected = "{\n  \"name\": \"S\",\n  \"max_age\": 0,\n  \"sealed\": true,\n  \"other\": {\"a\":\"b\"}\n}";
        assert_eq!(written(&form), expected);
        let is_locked = |key: &str| form.entries.iter().any(|entry| &*entry.key == key && form.is_locked(entry));
        assert!(is_locked("name") && is_locked("sealed") && !is_locked("subjects") && is_locked("mirror.name"));
    }

    #[test]
    fn what_is_not_touched_goes_back_as_it_came() {
        let base = br#"{"name": "S", "subjects": ["a,b", "c"], "metadata": {"_nats.x": "1", "a: b": "c\nd"}}"#;
        let table = "# A\nname text fixed _ A.\nsubjects subjects free _ B.\nmetadata map free _ C.\n";
        let form = Form::edit(table, object(base).expect("an object"));
        let members: Map = form.members().expect("readable").into_iter().collect();
        assert_eq!(Some(Value::Object(members)), Value::parse(base));
    }

    #[test]
    fn objects_within_come_and_go_with_their_names() {
        let mut form = edit(
            br#"{
                "to": {"src": "a", "dest": "b"}, "mirror": {"name": "M", "consumer": {"name": "c"}},
                "sources": [{"name": "A"}, {"name": "B", "consumer": {"name": "d"}}]
            }"#,
        );
        assert_eq!((form.value("mirror.consumer.name"), form.value("sources.1.consumer.name")), ("c", "d"));
        assert_eq!(form.entries.last().map(|entry| &*entry.group), Some("Source 3"), "one more is offered");
        form.set("sources.2.name", "C");
        assert_eq!(form.entries.last().map(|entry| &*entry.group), Some("Source 4"));
        form.set("to.src", "");
        form.set("sources.0.name", " ");
        form.set("mirror.name", "");
        let members: Map = form.members().expect("readable").into_iter().collect();
        let expected = r#"{"sources":[{"consumer":{"name":"d"},"name":"B"},{"name":"C"}],"to":{"dest":"b"}}"#;
        assert_eq!(Value::Object(members).to_string(), expected);
        let mirror = form.entries.iter().find(|entry| &*entry.key == "mirror.name").expect("it is a field");
        assert!(!form.is_locked(mirror), "a mirror may be given up");
    }

    #[test]
    fn unreadable_text_is_reported_beside_its_field() {
        let mut form = Form::new(TABLE);
        form.set("max_age", "soon");
        form.set("max_bytes", "many");
        let keys: Vec<_> = form.members().expect_err("two fields").into_iter().filter_map(|error| error.key).collect();
        assert_eq!(keys, ["max_age".into(), "max_bytes".into()]);
    }

    #[test]
    fn negative_durations_are_left_to_the_server() {
        let mut form = Form::new(TABLE);
        form.set("backoff", "-1s");
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
        let form = Form::new(TABLE);
        let quoted = "invalid JSON: json: cannot unmarshal string into Go struct field StreamConfigRequest.max_age of type int64";
        assert_eq!(form.key_in(quoted).as_deref(), Some("max_age"));
        assert_eq!(form.key_in("something else"), None);
    }
}
