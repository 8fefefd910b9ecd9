//! What is different between the moment that is shown and a branch: streams, consumers, and what happened since they parted.

use crate::engine::api::json::to_json;
use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;
use crate::texts::drawer as texts;

use super::form::object;
use super::log::{self, LogRow, Query};
use super::{Scene, scene};

/// Lines of each log that are compared.
const SHOWN_LINES: usize = 40;

/// Here is the moment that is shown; there is the branch at the same simulated time, or at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub branch: u32,
    pub parted: String,
    pub here: String,
    pub there: String,
    pub streams: Vec<Difference>,
    pub consumers: Vec<Difference>,
    pub log_here: Vec<LogRow>,
    pub log_there: Vec<LogRow>,
}

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose: a stream, or a stream and its consumer.
    pub of: String,
    /// The field in NATS's replies, or nothing if one side lacks the whole.
    pub what: String,
    pub here: String,
    pub there: String,
}

/// Compares the moment of `scene` with a branch; `None` if that is gone.
pub fn with_branch(scene: Scene<'_>, number: u32) -> Option<Comparison> {
    let branch = scene.simulation.branches().iter().find(|branch| branch.number == number)?;
    let there = branch.at_time(scene.now());
    let other = Scene { world: there.world(), trace: there.trace(), ..scene };
    Some(Comparison {
        branch: number,
        parted: scene::time_of_day(branch.parted),
        here: scene::time_of_day(scene.now()),
        there: scene::time_of_day(there.now()),
        streams: differences(&streams(scene), &streams(other)),
        consumers: differences(&consumers(scene), &consumers(other)),
        log_here: lines_after(scene, branch.parted_at),
        log_there: lines_after(other, branch.parted_at),
    })
}

/// A name with its fields, sorted by their names.
struct Told {
    name: String,
    fields: Vec<(String, String)>,
}

impl Told {
    fn new<const N: usize>(name: String, config: &[u8], counters: [(&'static str, u64); N]) -> Self {
        let config = object(config).unwrap_or_default();
        let config = config.iter().map(|(field, value)| (format!("config.{field}"), value.to_string()));
        let counters = counters.into_iter().map(|(field, count)| (field.to_owned(), count.to_string()));
        let mut fields: Vec<(String, String)> = counters.chain(config).collect();
        fields.sort();
        Self { name, fields }
    }

    fn value(&self, field: &str) -> &str {
        self.fields.iter().find(|(name, _)| name == field).map_or("–", |(_, value)| value)
    }
}

fn streams(scene: Scene<'_>) -> Vec<Told> {
    let told = |stream: &Stream| {
        let store = stream.store();
        let counters = [
            ("messages", store.messages()),
            ("bytes", store.bytes()),
            ("first_seq", store.first_seq()),
            ("last_seq", store.last_seq()),
            ("num_deleted", store.num_deleted()),
            ("num_subjects", store.num_subjects()),
        ];
        Told::new(stream.config.name.clone(), &to_json(&stream.config), counters)
    };
    scene.streams().map(told).collect()
}

fn consumers(scene: Scene<'_>) -> Vec<Told> {
    let told = |stream: &Stream, consumer: &Consumer| {
        let (delivered, floor) = (consumer.reported_delivered(), consumer.reported().ack_floor);
        let counters = [
            ("num_pending", consumer.num_pending()),
            ("num_ack_pending", consumer.ack_pending().len() as u64),
            ("num_redelivered", consumer.num_redelivered()),
            ("num_waiting", consumer.waiting().len() as u64),
            ("delivered.stream_seq", delivered.stream_seq),
            ("delivered.consumer_seq", delivered.consumer_seq),
            ("ack_floor.stream_seq", floor.stream_seq),
        ];
        Told::new(format!("{} › {}", stream.config.name, consumer.name), &to_json(&consumer.config), counters)
    };
    scene.streams().flat_map(|stream| stream.consumers().map(move |consumer| told(stream, consumer))).collect()
}

/// What differs between two lists, by name.
fn differences(here: &[Told], there: &[Told]) -> Vec<Difference> {
    let mut names: Vec<&str> = here.iter().chain(there).map(|told| &*told.name).collect();
    names.sort_unstable();
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        let [one, other] = [here, there].map(|list| list.iter().find(|told| told.name == name));
        let mut differ = |what: &str, here: &str, there: &str| {
            let [of, what, here, there] = [name, what, here, there].map(str::to_owned);
            out.push(Difference { of, what, here, there });
        };
        let (Some(one), Some(other)) = (one, other) else {
            let says = |told: Option<&Told>| if told.is_some() { texts::EXISTS } else { texts::DOES_NOT_EXIST };
            differ("", says(one), says(other));
            continue;
        };
        let mut fields: Vec<&str> = one.fields.iter().chain(&other.fields).map(|(field, _)| &**field).collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields.into_iter().filter(|field| one.value(field) != other.value(field)) {
            differ(field, one.value(field), other.value(field));
        }
    }
    out
}

/// The last lines of what happened at `parted_at` and after.
fn lines_after(scene: Scene<'_>, parted_at: u64) -> Vec<LogRow> {
    let first = scene.trace.events().find(|traced| traced.moment > parted_at).map(|traced| traced.number);
    let Some(from) = first else { return Vec::new() };
    log::find(scene, &Query { limit: SHOWN_LINES, from, passes: &|_| true, accepts: &|_| true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::presets::Preset;
    use crate::view::Focus;

    #[test]
    fn a_branch_differs_by_what_was_done_in_it_alone() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.request("$JS.API.STREAM.PURGE.ORDERS", b"");
        simulation.undo();
        simulation
            .request("$JS.API.STREAM.CREATE.OTHER", br#"{"name":"OTHER","subjects":["other"],"storage":"memory"}"#);
        let focus = Focus::default();
        let scene = Scene::of(&simulation, &focus);
        assert_eq!(with_branch(scene, 9), None);
        let comparison = with_branch(scene, 1).expect("it was left");
        let told = |what: &str| {
            let found = comparison.streams.iter().find(|difference| difference.what == what);
            found.map(|difference| (difference.of.as_str(), difference.here.as_str(), difference.there.as_str()))
        };
        assert_eq!(told(""), Some(("OTHER", "exists", "does not exist")));
        assert_eq!(told("last_seq"), None);
        let (of, here, there) = told("messages").expect("the branch was purged");
        assert!(of == "ORDERS" && here != "0" && there == "0");
        assert!(comparison.consumers.iter().any(|difference| difference.of == "ORDERS › ship"));
        let says = |rows: &[LogRow]| rows.iter().map(|row| row.says.to_string()).collect::<Vec<_>>().join("\n");
        assert!(says(&comparison.log_here).contains("OTHER created") && !says(&comparison.log_here).contains("purge"));
        assert!(says(&comparison.log_there).contains("purge"), "{}", says(&comparison.log_there));
    }
}
