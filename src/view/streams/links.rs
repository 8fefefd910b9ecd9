//! Links: the streams that feed this one, each as a short tape of its own, and how far its messages have come.

use std::rc::Rc;

use crate::engine::consumer::first_since;
use crate::engine::store::MessageStore;
use crate::engine::stream::config::StreamSource;
use crate::engine::stream::{Link, OriginRef, Stream};
use crate::engine::subject::SubjectFilter;
use crate::engine::transform::SubjectTransform;
use crate::texts::stream as texts;
use crate::view::text::Part::{Code, Plain, Seq};
use crate::view::{Phrase, Scene, text};

/// Messages of an origin that are drawn, the newest of them.
const SHOWN: u64 = 10;

/// A link to an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Names it in commands.
    pub by: OriginRef,
    pub origin: Rc<str>,
    pub state: LinkState,
    /// The end of the origin's tape.
    pub cells: Vec<(u64, Passage)>,
    pub says: Phrase,
}

/// How far a message of the origin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    Passed,
    Waits,
    /// The link does not ask for its subject, or begins behind it.
    NotAsked,
}

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The origin delivers.
    Flowing,
    /// The origin is asked, or will be.
    Seeking,
    /// Somebody cut it.
    Cut,
}

/// The links of a stream, in the order of its configuration.
pub fn links(scene: Scene<'_>, stream: &Stream) -> Vec<LinkRow> {
    let sources = (0..stream.config.sources.len()).map(OriginRef::Source);
    [OriginRef::Mirror].into_iter().chain(sources).filter_map(|by| Some(row(scene, by, stream.link(by)?))).collect()
}

fn row(scene: Scene<'_>, by: OriginRef, link: &Link) -> LinkRow {
    let state = match (link.is_cut(), link.is_connected()) {
        (true, _) => LinkState::Cut,
        (false, true) => LinkState::Flowing,
        (false, false) => LinkState::Seeking,
    };
    let (reached, origin) = (link.reached().stream_seq, scene.world.server().account().stream_named(link.origin()));
    let has_all = state == LinkState::Flowing && link.lag() == 0;
    let store = origin.map(Stream::store);
    let last = store.map_or(0, |store| store.last_seq());
    let shown = (last.saturating_sub(SHOWN) + 1)..=last;
    let shown = shown.filter(|seq| store.is_some_and(|store| store.contains(*seq)));
    let filters = filters(link.source());
    let start = store.map_or(0, |store| start(link.source(), store));
    let next = if reached > 0 { reached + 1 } else { start };
    let behind = store.map_or(0, |store| store.count_from(&filters, next));
    let mut end = waits_for(scene, link, state, behind);
    if filters[0].as_str() != ">" {
        let names: Vec<&str> = filters.iter().map(SubjectFilter::as_str).collect();
        end.insert_str(0, &texts::ONLY.with([&names.join(", ")]));
    }
    let passage = |seq: u64| match store.and_then(|store| store.subject_of(seq)) {
        Some(subject) if !filters.iter().any(|filter| filter.matches(subject)) => Passage::NotAsked,
        _ if seq < start.min(next) => Passage::NotAsked,
        _ if has_all || seq <= reached => Passage::Passed,
        _ => Passage::Waits,
    };
    let (of, end) = (Code(link.origin()), Plain(&end));
    let (new, old) = match by {
        OriginRef::Mirror => (texts::MIRRORS, texts::MIRRORS_UP),
        OriginRef::Source(_) => (texts::SOURCES, texts::SOURCES_UP),
    };
    let says = if reached == 0 { Phrase::fill(new, &[of, end]) } else { Phrase::fill(old, &[of, Seq(reached), end]) };
    LinkRow { by, origin: link.origin().into(), state, cells: shown.map(|seq| (seq, passage(seq))).collect(), says }
}

/// The message of the origin that a link which has none begins with.
fn start(source: &StreamSource, origin: &MessageStore) -> u64 {
    match (source.opt_start_seq, source.opt_start_time) {
        (Some(seq), _) => seq,
        (None, Some(time)) => first_since(origin, time),
        (None, None) => 1,
    }
}

/// The subjects of the origin that a link asks for.
fn filters(source: &StreamSource) -> Vec<SubjectFilter> {
    let mut filters: Vec<SubjectFilter> = Vec::new();
    for text in source.subject_transforms.iter().map(SubjectTransform::src).chain(source.filter_subject.as_deref()) {
        filters.extend(SubjectFilter::new(text));
    }
    if filters.is_empty() {
        filters.push(SubjectFilter::all());
    }
    filters
}

/// Ends the sentence: what the link has, or waits for.
fn waits_for(scene: Scene<'_>, link: &Link, state: LinkState, behind: u64) -> String {
    match state {
        LinkState::Flowing if link.lag() == 0 => texts::AND_HAS_EVERYTHING.into(),
        LinkState::Flowing => text::counted(link.lag(), texts::BEHIND),
        LinkState::Cut => texts::LINK_CUT_NOTHING_PASSES.with([&behind]),
        LinkState::Seeking => {
            let Some(at) = link.next_attempt() else { return texts::WAITS_ANSWER.into() };
            let left = text::countdown(at.since(scene.now()));
            match link.error() {
                Some(error) => texts::ASKS_AGAIN.with([&error.description, &left]),
                None => texts::ASKS_SOON.with([&left]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::date_time::DateTime;
    use crate::sim::Simulation;
    use crate::sim::command::Command;
    use crate::sim::presets::Preset;
    use crate::view::{Focus, tests::rows_of};
    use std::time::Duration;

    fn links_of(simulation: &Simulation, stream: &str) -> Vec<LinkRow> {
        let rows = rows_of(simulation, &Focus::default());
        rows.streams.iter().find(|row| &*row.name == stream).expect("the preset has it").links.clone()
    }

    #[test]
    fn a_cut_link_lets_nothing_pass_until_it_is_mended() {
        let mut simulation = Preset::by_key("sources").expect("it exists").open();
        let [link] = &*links_of(&simulation, "ORDERS-COPY") else { panic!("a mirror has one link") };
        assert_eq!((link.state, &*link.origin), (LinkState::Cut, "ORDERS"));
        let waiting = link.cells.iter().filter(|(_, passage)| *passage == Passage::Waits).count();
        assert!(waiting > 0 && waiting < link.cells.len(), "{:?}", link.cells);
        assert_eq!(
            link.says.to_string(),
            format!("Mirrors ORDERS up to its #7. The link is cut: nothing passes, {waiting} behind.")
        );
        let mend = Command::CutLink { stream: "ORDERS-COPY".into(), origin: link.by, is_cut: false };
        simulation.act(mend);
        simulation.advance(Duration::from_secs(30));
        let [link] = &*links_of(&simulation, "ORDERS-COPY") else { panic!("a mirror has one link") };
        assert_eq!(link.state, LinkState::Flowing);
        assert!(link.cells.iter().all(|(_, passage)| *passage == Passage::Passed), "{:?}", link.cells);
        assert!(link.says.to_string().ends_with("and has everything."), "{}", link.says);
    }

    #[test]
    fn what_a_link_does_not_ask_for_is_neither_behind_nor_drawn_as_passed() {
        let mut simulation = Preset::by_key("sources").expect("it exists").open();
        simulation.advance(Duration::from_secs(30));
        let cut = |is_cut| Command::CutLink { stream: "SALES".into(), origin: OriginRef::Source(0), is_cut };
        simulation.act(cut(true));
        for subject in ["orders.us.created", "orders.us.created", "orders.eu.created"] {
            simulation.request(subject, b"x");
        }
        let link = |simulation: &Simulation| links_of(simulation, "SALES")[0].clone();
        let cut_off = link(&simulation);
        let newest: Vec<Passage> = cut_off.cells.iter().rev().take(3).map(|(_, passage)| *passage).collect();
        assert_eq!(newest, [Passage::Waits, Passage::NotAsked, Passage::NotAsked]);
        let says = cut_off.says.to_string();
        assert!(says.ends_with(", only orders.eu.>. The link is cut: nothing passes, 1 behind."), "{says}");
        simulation.act(cut(false));
        simulation.advance(Duration::from_secs(30));
        let says = link(&simulation).says.to_string();
        assert!(says.ends_with(", only orders.eu.> and has everything."), "{says}");
        simulation.request("$JS.API.STREAM.CREATE.NEW", br#"{"name":"NEW","sources":[{"name":"ORDERS"}]}"#);
        let says = links_of(&simulation, "NEW")[0].says.to_string();
        assert!(says.starts_with("Sources ORDERS. Asks again in "), "{says}");
    }

    #[test]
    fn what_is_before_the_start_of_a_link_is_not_what_it_will_bring() {
        let mut simulation = Preset::by_key("sources").expect("it exists").open();
        simulation.advance(Duration::from_secs(10));
        let start = DateTime::from(simulation.now());
        let body = format!(r#"{{"name":"LATE","sources":[{{"name":"ORDERS","opt_start_time":"{start}"}}]}}"#);
        simulation.request("$JS.API.STREAM.CREATE.LATE", body.as_bytes());
        let cut = |is_cut| Command::CutLink { stream: "LATE".into(), origin: OriginRef::Source(0), is_cut };
        simulation.act(cut(true));
        simulation.request("orders.us.created", b"x");
        let first = links_of(&simulation, "LATE")[0].cells.last().expect("it was just stored").0;
        let passages = |simulation: &Simulation| {
            let link = links_of(simulation, "LATE").remove(0);
            let of = |seq| link.cells.iter().find(|cell| cell.0 == seq).map(|cell| cell.1);
            ([of(first - 1), of(first)].map(|passage| passage.expect("it is drawn")), link.says.to_string())
        };
        let (around, says) = passages(&simulation);
        assert_eq!(around, [Passage::NotAsked, Passage::Waits]);
        assert!(says.ends_with("The link is cut: nothing passes, 1 behind."), "{says}");
        simulation.act(cut(false));
        simulation.advance(Duration::from_secs(3));
        let (around, says) = passages(&simulation);
        assert_eq!(around, [Passage::NotAsked, Passage::Passed]);
        assert!(says.ends_with("and has everything."), "{says}");
    }

    #[test]
    fn sources_stand_in_the_order_of_the_configuration() {
        let simulation = Preset::by_key("sources").expect("it exists").open();
        let links = links_of(&simulation, "SALES");
        let origins: Vec<&str> = links.iter().map(|link| &*link.origin).collect();
        assert_eq!(origins, ["ORDERS", "REFUNDS"]);
        assert!(links.iter().all(|link| link.state == LinkState::Flowing));
        assert!(links_of(&simulation, "ORDERS").is_empty());
    }
}
