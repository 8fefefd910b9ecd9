//! The counters of streams and consumers over time, each as a small plot in steps.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use super::lit::{Counter, Lit};
use super::{Scene, text};
use crate::engine::sorted_map::SortedMap;
use crate::engine::stream::Stream;
use crate::engine::table::{ConsumerId, StreamId};
use crate::engine::time::Timestamp;
use crate::sim::numbers::{Counted, Sample};
use crate::texts::drawer as texts;
use crate::view::scene::time_of_day;

/// Plots that are drawn; the others are found by choosing what they are of.
const SHOWN: usize = 24;
/// Streams and consumers that can be chosen.
const SHOWN_NAMES: usize = 100;
/// The width and height of a plot, in its own units.
const WIDTH: u64 = 400;
const HEIGHT: u64 = 60;

/// How far back the plots reach; `None` to the beginning.
pub const SPANS: [(&str, Option<Duration>); 3] = [
    (texts::LAST_MINUTE, Some(Duration::from_secs(60))),
    (texts::LAST_10_MINUTES, Some(Duration::from_secs(600))),
    (texts::ALL_KEPT, None),
];

/// Which numbers are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumbersFilter {
    /// A stream, or `stream > consumer`; empty: the first of all.
    pub of: Rc<str>,
    /// Index into [`SPANS`].
    pub span: usize,
}

impl Default for NumbersFilter {
    fn default() -> Self {
        Self { of: "".into(), span: 1 }
    }
}

/// The plots.
#[derive(Clone, Debug, PartialEq)]
pub struct NumbersPanel {
    pub filter: NumbersFilter,
    /// What the plots can be narrowed to.
    pub names: Vec<Rc<str>>,
    /// When the plots begin and end.
    pub from: String,
    pub to: String,
    pub plots: Vec<Plot>,
    /// How many are not drawn.
    pub more: usize,
}

/// A counter over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// `ORDERS`, or `ORDERS > ship`.
    pub of: Rc<str>,
    /// By the name in NATS's JSON.
    pub name: &'static str,
    pub value: String,
    /// The highest value in sight.
    pub most: String,
    /// An SVG path in a box of 400 by 60.
    pub path: String,
    pub lit: Option<Lit>,
}

/// The counters that are drawn: their place among the values of a sample, and what they light.
const STREAM_PLOTS: [(usize, &str, Counter); 2] = [(0, "messages", Counter::Messages), (1, "bytes", Counter::Messages)];
const CONSUMER_PLOTS: [(usize, &str, Option<Counter>); 4] = [
    (0, "num_pending", Some(Counter::NumPending)),
    (1, "num_ack_pending", Some(Counter::AckPending)),
    (2, "num_redelivered", Some(Counter::Redelivered)),
    (3, "num_waiting", None),
];

pub fn panel(scene: Scene<'_>) -> NumbersPanel {
    let filter = &scene.focus.drawer.numbers;
    let all = counted(scene);
    let names = all.iter().map(|(_, name)| Rc::clone(name)).collect();
    let wanted = |name: &str| filter.of.is_empty() || *filter.of == *name;
    let shown: Vec<_> = all.into_iter().filter(|(_, name)| wanted(name)).collect();
    let series = series(scene);
    let from = begin(scene, filter.span);
    let mut plots = Vec::new();
    let mut total = 0;
    for (of, name) in shown {
        let samples = series.get(&of).map_or(&[][..], |samples| samples);
        let of_stream = STREAM_PLOTS.map(|(place, name, counter)| (place, name, Some(counter)));
        let counters = if of.1.is_none() { &of_stream[..] } else { &CONSUMER_PLOTS[..] };
        total += counters.len();
        for (place, counter_name, counter) in counters.iter().take(SHOWN.saturating_sub(plots.len())) {
            plots.push(plot(scene, (&name, counter_name), samples, *place, from, *counter));
        }
    }
    NumbersPanel {
        filter: filter.clone(),
        names,
        from: time_of_day(from),
        to: time_of_day(scene.now()),
        more: total - plots.len(),
        plots,
    }
}

/// Streams and their consumers with their names.
fn counted(scene: Scene<'_>) -> Vec<(Counted, Rc<str>)> {
    let mut all = Vec::new();
    for stream in scene.streams() {
        let of: (StreamId, Option<ConsumerId>) = (stream.id, None);
        all.push((of, Rc::from(stream.config.name.as_str())));
        all.extend(consumers(stream));
        if all.len() >= SHOWN_NAMES {
            break;
        }
    }
    all.truncate(SHOWN_NAMES);
    all
}

fn consumers(stream: &Stream) -> impl Iterator<Item = (Counted, Rc<str>)> {
    stream.visible_consumers().take(SHOWN_NAMES).map(|consumer| {
        let name = [&*stream.config.name, " > ", &consumer.name].concat();
        ((stream.id, Some(consumer.id)), name.into())
    })
}

/// The samples of each, oldest first.
fn series(scene: Scene<'_>) -> SortedMap<Counted, Vec<&Sample>> {
    let mut series = SortedMap::<Counted, Vec<&Sample>>::default();
    for sample in scene.simulation.numbers().samples() {
        series.get_or_default(sample.of).push(sample);
    }
    series
}

/// Where the plots begin.
fn begin(scene: Scene<'_>, span: usize) -> Timestamp {
    let first = scene.simulation.numbers().samples().next().map_or(Timestamp::SIMULATION_START, |sample| sample.at);
    match SPANS.get(span).and_then(|(_, span)| *span) {
        Some(span) => (scene.now() - span).max(first),
        None => first,
    }
}

fn plot(
    scene: Scene<'_>,
    (of, name): (&Rc<str>, &'static str),
    samples: &[&Sample],
    place: usize,
    from: Timestamp,
    counter: Option<Counter>,
) -> Plot {
    let before = samples.iter().rev().find(|sample| sample.at < from).map_or(0, |sample| sample.values[place]);
    let inside = || samples.iter().filter(|sample| sample.at >= from).map(|sample| (sample.at, sample.values[place]));
    let most = inside().map(|(_, value)| value).max().unwrap_or(0).max(before);
    let value = samples.last().map_or(0, |sample| sample.values[place]);
    let words = |value: u64| if name == "bytes" { text::bytes(value) } else { value.to_string() };
    let lit = counter.map(|counter| {
        let (stream, consumer) = of.split_once(" > ").unwrap_or((of, ""));
        Lit { counter, stream: stream.into(), consumer: consumer.into() }
    });
    Plot {
        of: Rc::clone(of),
        name,
        value: words(value),
        most: words(most),
        path: path(scene, from, before, most, inside()),
        lit,
    }
}

/// Steps from left to right. What falls into one column is drawn as its highest and its last value.
fn path(
    scene: Scene<'_>,
    from: Timestamp,
    before: u64,
    most: u64,
    points: impl Iterator<Item = (Timestamp, u64)>,
) -> String {
    let span = scene.now().since(from).as_nanos().max(1);
    let x = |at: Timestamp| (at.since(from).as_nanos() * u128::from(WIDTH) / span).min(u128::from(WIDTH)) as u64;
    let y = |value: u64| HEIGHT - (u128::from(value) * u128::from(HEIGHT) / u128::from(most.max(1))) as u64;
    // Writing to a string cannot fail.
    let mut path = format!("M0 {}", y(before));
    let mut column: Option<(u64, u64, u64)> = None;
    let end = |path: &mut String, column: Option<(u64, u64, u64)>| {
        if let Some((at, highest, last)) = column {
            let _ = write!(path, "H{at}V{}", y(highest));
            if highest != last {
                let _ = write!(path, "V{}", y(last));
            }
        }
    };
    for (at, value) in points {
        let at = x(at);
        column = match column {
            Some((same, highest, _)) if same == at => Some((at, highest.max(value), value)),
            old => {
                end(&mut path, old);
                Some((at, value, value))
            }
        };
    }
    end(&mut path, column);
    path + "H400"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerConfig;
    use crate::sim::Simulation;
    use crate::sim::presets::Preset;
    use crate::view::Focus;

    fn numbers(simulation: &Simulation, filter: NumbersFilter) -> NumbersPanel {
        let mut focus = Focus::default();
        focus.drawer.numbers = filter;
        panel(Scene::of(simulation, &focus))
    }

    #[test]
    fn plots_end_at_what_the_counters_are_now() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.advance(Duration::from_secs(40));
        let panel = numbers(&simulation, NumbersFilter::default());
        let value = |of: &str, name: &str| {
            let plot = panel.plots.iter().find(|plot| &*plot.of == of && plot.name == name).expect("it is drawn");
            (plot.value.clone(), plot.lit.as_ref().map(|lit| lit.counter))
        };
        let account = simulation.world().server().account();
        let stream = account.stream_named("ORDERS").expect("it exists");
        assert_eq!(value("ORDERS", "messages"), (stream.store().messages().to_string(), Some(Counter::Messages)));
        assert_eq!(value("ORDERS", "bytes").0, text::bytes(stream.store().bytes()));
        let ship = stream.consumer_named("ship").expect("it exists");
        assert_eq!(value("ORDERS > ship", "num_ack_pending").0, ship.ack_pending().len().to_string());
        assert_eq!(value("ORDERS > ship", "num_waiting").1, None);
        assert_eq!((panel.plots.len(), panel.more), (2 + 4 + 4, 0));
    }

    #[test]
    fn steps_are_drawn_from_left_to_right_and_within_the_box() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s"]}"#);
        for _ in 0..4 {
            simulation.advance(Duration::from_secs(10));
            simulation.request("s", b"x");
        }
        let panel = numbers(&simulation, NumbersFilter { of: "S".into(), span: 0 });
        assert_eq!(panel.plots[0].path, "M0 60H0V60H100V45H200V30H300V15H400V0H400");
        assert_eq!((&*panel.from, &*panel.to, &*panel.plots[0].most), ("00:00:00.0", "00:00:40.0", "4"));
        // Ten thousand changes are no longer than the columns.
        for _ in 0..3_000 {
            simulation.request("s", b"x");
            simulation.advance(Duration::from_millis(1));
        }
        for span in 0..SPANS.len() {
            let panel = numbers(&simulation, NumbersFilter { of: "".into(), span });
            assert!(panel.plots.iter().all(|plot| plot.path.len() < 8_000), "{}", panel.plots[0].path.len());
        }
    }

    #[test]
    fn of_many_consumers_some_are_drawn_and_one_can_be_chosen() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        simulation.request("$JS.API.STREAM.CREATE.S", br#"{"name":"S","subjects":["s"]}"#);
        for number in 0..20 {
            let body = format!(r#"{{"stream_name":"S","config":{{"durable_name":"c{number:02}"}}}}"#);
            simulation.request(&format!("$JS.API.CONSUMER.CREATE.S.c{number:02}"), body.as_bytes());
        }
        let panel = numbers(&simulation, NumbersFilter::default());
        assert_eq!((panel.plots.len(), panel.more), (SHOWN, 2 + 20 * 4 - SHOWN));
        let panel = numbers(&simulation, NumbersFilter { of: "S > c19".into(), ..NumbersFilter::default() });
        assert_eq!(
            panel.plots.iter().map(|plot| plot.name).collect::<Vec<_>>(),
            CONSUMER_PLOTS.map(|(_, name, _)| name)
        );
    }
}
