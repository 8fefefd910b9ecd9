//! The forms of the scripted clients: publishers and workers.

use std::time::Duration;

use crate::engine::api::json::Map;
use crate::sim::actor::{ActorId, Draft, FetchRequest, PublisherScript, Role, WorkerScript};
use crate::sim::world::World;
use crate::texts::form as texts;

use super::form::{FieldError, Form};
use super::text::{form_duration, parse_duration};

const PUBLISHER: &str = texts::PUBLISHER;
const WORKER: &str = texts::WORKER;

/// The form of a scripted client; `None` if it is gone.
pub fn of(world: &World, client: ActorId) -> Option<Form> {
    let actor = world.actors().get(client)?;
    match &actor.role {
        Role::Publisher(publisher) => Some(edit_publisher(&actor.name, &publisher.script)),
        Role::Worker(worker) => Some(edit_worker(&actor.name, &worker.script)),
        Role::Console(_) => None,
    }
}

/// The form of a new publisher.
pub fn new_publisher() -> Form {
    let mut form = Form::new(PUBLISHER);
    let start = [("name", texts::PUBLISHER_NAME), ("subject", "orders.eu.created"), ("payload", "{\"order\": {n}}")];
    start.into_iter().for_each(|(key, value)| form.set(key, value));
    form
}

/// The form of a publisher.
fn edit_publisher(name: &str, script: &PublisherScript) -> Form {
    let mut form = Form::edit(PUBLISHER, Map::new());
    let values = [
        ("name", name.to_owned()),
        ("subject", script.draft.subject.clone()),
        ("payload", script.draft.payload.clone()),
        ("msg_id", script.draft.msg_id.clone()),
        ("headers", write_headers(&script.draft.headers)),
        ("every", script.every.map_or_else(String::new, typed_duration)),
        ("count", script.count.map_or_else(String::new, |count| count.to_string())),
    ];
    values.into_iter().for_each(|(key, value)| form.set(key, value));
    form
}

/// The form of a new worker.
pub fn new_worker() -> Form {
    let mut form = Form::new(WORKER);
    form.set("name", texts::WORKER_NAME);
    form
}

/// The form of a worker.
fn edit_worker(name: &str, script: &WorkerScript) -> Form {
    let mut form = Form::edit(WORKER, Map::new());
    let values = [
        ("name", name.to_owned()),
        ("is_running", script.is_running.to_string()),
        ("batch", script.fetch.batch.to_string()),
        ("expires", script.fetch.expires.map_or_else(String::new, typed_duration)),
        ("work_time", typed_duration(script.work_time)),
        ("fail_percent", script.fail_percent.to_string()),
        ("nak_delay", script.nak_delay.map_or_else(String::new, typed_duration)),
        ("crash_percent", script.crash_percent.to_string()),
        ("priority", script.priority.to_string()),
        ("min_pending", script.min_pending.to_string()),
    ];
    values.into_iter().for_each(|(key, value)| form.set(key, value));
    form
}

fn typed_duration(duration: Duration) -> String {
    form_duration(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// The name and script that the form of a publisher says.
///
/// # Errors
/// What cannot be read.
pub fn publisher(form: &Form) -> Result<(String, PublisherScript), Vec<FieldError>> {
    form.members()?;
    let subject = form.value("subject").trim();
    if subject.is_empty() || subject.contains(char::is_whitespace) {
        return flaw("subject", texts::SUBJECT_LEAST_ONE_TOKEN);
    }
    let Some(headers) = read_headers(form.value("headers")) else {
        return flaw("headers", texts::ONE_HEADER_LINE_NAME);
    };
    let Ok(count) = read_count(form.value("count")) else {
        return flaw("count", texts::MIN_PENDING_FLAW);
    };
    let draft = Draft {
        subject: subject.into(),
        payload: form.value("payload").into(),
        msg_id: form.value("msg_id").trim().into(),
        headers,
    };
    let script = PublisherScript { draft, every: read_duration(form, "every"), count };
    Ok((name(form, texts::PUBLISHER_NAME), script))
}

/// The name and script that the form of a worker says.
///
/// # Errors
/// What cannot be read.
pub fn worker(form: &Form) -> Result<(String, WorkerScript), Vec<FieldError>> {
    form.members()?;
    let Some(batch) = form.value("batch").trim().parse().ok().filter(|batch| *batch > 0) else {
        return flaw("batch", texts::WHOLE_NUMBER_MESSAGES_LEAST);
    };
    let up_to = |key: &str, most: u8| form.value(key).trim().parse().ok().filter(|number| *number <= most);
    let Some(fail_percent) = up_to("fail_percent", 100) else { return flaw("fail_percent", OF_A_HUNDRED) };
    let Some(crash_percent) = up_to("crash_percent", 100) else { return flaw("crash_percent", OF_A_HUNDRED) };
    let Some(priority) = up_to("priority", 9) else { return flaw("priority", texts::WHOLE_NUMBER_FROM_0) };
    let Ok(min_pending) = form.value("min_pending").trim().parse() else {
        return flaw("min_pending", texts::MIN_PENDING_FLAW);
    };
    let script = WorkerScript {
        is_running: form.is_on("is_running"),
        fetch: FetchRequest { batch, no_wait: false, expires: read_duration(form, "expires") },
        work_time: read_duration(form, "work_time").unwrap_or_default(),
        fail_percent,
        nak_delay: read_duration(form, "nak_delay"),
        crash_percent,
        priority,
        min_pending,
    };
    Ok((name(form, texts::WORKER_NAME), script))
}

const OF_A_HUNDRED: &str = texts::WHOLE_NUMBER_FROM_0_100;

fn flaw<T>(key: &'static str, says: &str) -> Result<T, Vec<FieldError>> {
    Err(vec![FieldError { key: Some(key.into()), says: says.into() }])
}

fn name(form: &Form, otherwise: &str) -> String {
    Some(form.value("name").trim()).filter(|name| !name.is_empty()).unwrap_or(otherwise).into()
}

/// A duration that passes; none and zero are the same.
fn read_duration(form: &Form, key: &str) -> Option<Duration> {
    parse_duration(form.value(key)).filter(|duration| !duration.is_zero())
}

fn read_count(typed: &str) -> Result<Option<u64>, std::num::ParseIntError> {
    let typed = typed.trim();
    if typed.is_empty() { Ok(None) } else { typed.parse().map(Some) }
}

/// Headers that the server has an ear for, as examples.
pub const HEADERS: &str = texts::NATS_TTL_30S_NATS;

/// `Name: value`, one a line.
pub fn write_headers(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| [name, ": ", value].concat()).collect::<Vec<_>>().join("\n")
}

/// The inverse; `None` where a line is no header.
pub fn read_headers(typed: &str) -> Option<Vec<(String, String)>> {
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim();
        (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| (name.into(), value.trim().into()))
    };
    typed.lines().filter(|line| !line.trim().is_empty()).map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_read_from_its_form() {
        let mut form = new_publisher();
        form.set("every", "2s");
        form.set("headers", "Nats-Expected-Last-Sequence: 7\nA:b");
        let (name, script) = publisher(&form).expect("a valid form");
        assert_eq!((&*name, &*script.draft.subject), ("publisher", "orders.eu.created"));
        assert_eq!((script.every, script.count), (Some(Duration::from_secs(2)), None));
        assert_eq!(script.draft.headers[0], ("Nats-Expected-Last-Sequence".into(), "7".into()));
        let edited = publisher(&edit_publisher(&name, &script)).expect("what was read can be read again");
        assert_eq!(edited, (name, script));
    }

    #[test]
    fn what_a_publisher_cannot_send_is_refused() {
        for (key, value) in
            [("subject", "a b"), ("subject", ""), ("headers", "no colon"), ("count", "-1"), ("every", "x")]
        {
            let mut form = new_publisher();
            form.set(key, value);
            assert_eq!(publisher(&form).expect_err(value)[0].key.as_deref(), Some(key), "{value}");
        }
    }

    #[test]
    fn a_worker_is_read_from_its_form() {
        let mut form = new_worker();
        form.set("fail_percent", "20");
        form.set("expires", String::new());
        let (name, script) = worker(&form).expect("a valid form");
        assert_eq!((script.fetch.batch, script.fail_percent, script.fetch.expires), (1, 20, None));
        assert_eq!(worker(&edit_worker(&name, &script)).expect("what was read can be read again"), (name, script));
        for (key, value) in [("work_time", "long"), ("batch", "0"), ("batch", "99999999999"), ("fail_percent", "101")] {
            let mut form = new_worker();
            form.set(key, value);
            assert_eq!(worker(&form).expect_err(value)[0].key.as_deref(), Some(key), "{value}");
        }
    }
}
