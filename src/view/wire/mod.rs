//! The wire: every operation that went over a connection, decoded.
//!
//! Like the log it looks through all that is kept, and while time runs only through what is new.

mod decode;
mod meaning;

use std::rc::Rc;

use crate::engine::message::Headers;
use crate::sim::trace::Traced;
use crate::sim::wire::WireEntry;
use crate::texts::wire as texts;

use super::Scene;
use super::log::{self, LogRow, Query};
use super::payload::{Payload, PayloadForm};
use super::scene::{lossy, time_of_day};
use super::search::folded;

use self::decode::{Op, ops};
use self::meaning::{ack_of, ack_tokens, meaning};

/// The lines that are shown at first, and more each time that they are asked for.
pub const SHOWN_LINES: usize = 200;
/// Letters of a subject that a line shows.
const SHOWN_SUBJECT: usize = 120;
/// Clients that can be chosen.
const SHOWN_CLIENTS: usize = 100;
/// What an operation caused, in lines of the log.
const SHOWN_CAUSED: usize = 30;
/// Frames that are looked through for the other half of an exchange.
const LOOKED_AT: usize = 500;
/// Operations of one frame that have numbers of their own.
const PER_FRAME: u64 = 1 << 9;

/// Which operations are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireFilter {
    /// Empty: of every client.
    pub client: Rc<str>,
    /// Whether PINGs, heartbeats and the like are shown.
    pub has_noise: bool,
    /// What stands in the operation, in small or large letters; empty: anything.
    pub search: String,
    /// How many more times [`SHOWN_LINES`] lines are shown.
    pub more: usize,
    /// The operation that is opened.
    pub open: Option<u64>,
}

/// The wire with what it can be narrowed to.
#[derive(Clone, Debug, PartialEq)]
pub struct WirePanel {
    /// The oldest first.
    pub rows: Rc<[WireRow]>,
    /// Whether there may be older ones.
    pub has_more: bool,
    pub filter: WireFilter,
    pub clients: Rc<[Rc<str>]>,
    /// Frames before this number were looked at.
    read_to: u64,
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct WireRow {
    /// Rises from line to line.
    pub number: u64,
    pub moment: u64,
    pub time: String,
    pub client: Rc<str>,
    pub from_client: bool,
    pub verb: &'static str,
    /// What it is on: a subject, or the first argument.
    pub on: String,
    /// What it is about, in a few words.
    pub says: String,
    pub is_error: bool,
    /// Present while it is opened.
    pub detail: Option<Box<WireDetail>>,
}

/// An operation in full.
#[derive(Clone, Debug, PartialEq)]
pub struct WireDetail {
    /// Its arguments, then the tokens of its ack subject.
    pub parts: Vec<(&'static str, String)>,
    /// The status line, then the headers.
    pub headers: Vec<(String, String)>,
    /// `None` where it has none.
    pub payload: Option<Payload>,
    /// The answer to a request, or the request of an answer: its number, and what leads there.
    pub partner: Option<(u64, &'static str)>,
    /// Lines of the log of the same moment.
    pub caused: Vec<LogRow>,
}

/// The wire of `scene`; `before` is the panel that it goes on from, of the same run.
pub fn panel(scene: Scene<'_>, before: Option<&WirePanel>) -> WirePanel {
    let filter = &scene.focus.drawer.wire;
    let before = before.filter(|before| before.filter == *filter);
    let limit = SHOWN_LINES * (filter.more + 1);
    let from = before.map_or(0, |before| before.read_to);
    let mut rows = find(scene, filter, limit, from);
    let mut has_more = rows.len() >= limit;
    if let Some(before) = before {
        let kept = before.rows.len().min(limit.saturating_sub(rows.len()));
        has_more = before.has_more || kept < before.rows.len();
        rows.splice(..0, before.rows[before.rows.len() - kept..].iter().cloned());
    }
    let last = scene.simulation.wire().entries().next_back();
    WirePanel {
        rows: rows.into(),
        has_more,
        filter: filter.clone(),
        clients: clients(scene, before),
        read_to: last.map_or(0, |entry| entry.number + 1),
    }
}

/// The names of those who are connected.
fn clients(scene: Scene<'_>, before: Option<&WirePanel>) -> Rc<[Rc<str>]> {
    let connections = scene.world.server().connections().take(SHOWN_CLIENTS);
    let names: Vec<&str> = connections.filter_map(|(conn, _)| scene.client_of(conn)).collect();
    let same = before.filter(|before| before.clients.iter().map(|name| &**name).eq(names.iter().copied()));
    same.map_or_else(|| names.into_iter().map(Rc::from).collect(), |before| Rc::clone(&before.clients))
}

fn find(scene: Scene<'_>, filter: &WireFilter, limit: usize, from: u64) -> Vec<WireRow> {
    let needle = folded(filter.search.trim());
    let mut rows = Vec::new();
    for entry in scene.simulation.wire().entries().rev().take_while(|entry| entry.number >= from) {
        let client = scene.client_of(entry.frame.conn).unwrap_or(texts::CLIENT);
        if !filter.client.is_empty() && *filter.client != *client {
            continue;
        }
        let client: Rc<str> = client.into();
        for (index, op) in ops(&entry.frame.bytes).iter().enumerate().rev() {
            let number = entry.number * PER_FRAME + index as u64;
            rows.extend(row(scene, filter, &needle, entry, (number, &client), op));
        }
        if rows.len() >= limit {
            break;
        }
    }
    rows.truncate(limit);
    rows.reverse();
    rows
}

/// The line of `op`; `None` if it is not asked for.
fn row(
    scene: Scene<'_>,
    filter: &WireFilter,
    needle: &str,
    entry: &WireEntry,
    (number, client): (u64, &Rc<str>),
    op: &Op<'_>,
) -> Option<WireRow> {
    let meaning = meaning(op);
    if meaning.is_noise && !filter.has_noise {
        return None;
    }
    let on = op.args.first().map_or(op.payload, |(_, value)| value);
    if !needle.is_empty() {
        let texts = [op.verb.as_bytes(), on, op.arg("reply-to"), meaning.says.as_bytes(), op.headers, op.payload];
        if !texts.iter().any(|text| folded(&lossy(text)).contains(needle)) {
            return None;
        }
    }
    let on: String = lossy(on).chars().take(SHOWN_SUBJECT).collect();
    let detail = (filter.open == Some(number)).then(|| Box::new(detail(scene, entry, op)));
    Some(WireRow {
        number,
        moment: entry.moment,
        time: time_of_day(entry.at),
        client: Rc::clone(client),
        from_client: entry.frame.from_client,
        verb: op.verb,
        on,
        says: meaning.says,
        is_error: meaning.is_error,
        detail,
    })
}

fn detail(scene: Scene<'_>, entry: &WireEntry, op: &Op<'_>) -> WireDetail {
    let mut parts: Vec<(&'static str, String)> = Vec::new();
    let mut payload = op.payload;
    for (name, value) in &op.args {
        // An object is shown below, where there is room for it.
        if *name == "options" { payload = value } else { parts.push((name, lossy(value))) }
    }
    let ack = [op.arg("subject"), op.arg("reply-to")].into_iter().find_map(ack_tokens);
    parts.extend(ack.into_iter().flatten());
    if op.arg("subject").starts_with(b"$JS.ACK.")
        && let Some((kind, does)) = ack_of(op.payload)
    {
        parts.push((texts::ANSWER, [kind, ": ", does].concat()));
    }
    let headers = Headers::new(op.headers);
    let status = headers.status().map(|status| ("status".to_owned(), lossy(status)));
    let of_moment = |traced: &Traced| traced.moment == entry.moment;
    let query = Query { limit: SHOWN_CAUSED, from: 0, passes: &of_moment, accepts: &|_| true };
    WireDetail {
        parts,
        headers: status.into_iter().chain(headers.iter().map(|(name, value)| (lossy(name), lossy(value)))).collect(),
        partner: partner(scene, entry, op),
        payload: (!payload.is_empty()).then(|| shown(payload, op.missing)),
        caused: log::find(scene, &query),
    }
}

/// The other half of an exchange: what was sent to the inbox that a request named, or who named it.
fn partner(scene: Scene<'_>, entry: &WireEntry, op: &Op<'_>) -> Option<(u64, &'static str)> {
    let from_client = entry.frame.from_client;
    let (inbox, theirs, label) = match from_client {
        true => (op.arg("reply-to"), "subject", texts::SHOW_ANSWER),
        false => (op.arg("subject"), "reply-to", texts::SHOW_REQUEST),
    };
    if inbox.is_empty() {
        return None;
    }
    let is_other = |other: &&WireEntry| other.frame.conn == entry.frame.conn && other.frame.from_client != from_client;
    let number = |other: &WireEntry| {
        let index = ops(&other.frame.bytes).iter().position(|op| op.arg(theirs) == inbox)?;
        Some(other.number * PER_FRAME + index as u64)
    };
    let entries = scene.simulation.wire().entries();
    let found = if from_client {
        entries.skip_while(|other| other.number < entry.number).take(LOOKED_AT).filter(is_other).find_map(number)
    } else {
        entries.rev().skip_while(|other| other.number > entry.number).take(LOOKED_AT).filter(is_other).find_map(number)
    };
    Some((found?, label))
}

/// A payload of which `missing` bytes were not kept.
fn shown(payload: &[u8], missing: usize) -> Payload {
    // What was an object is still indented as one.
    let wanted = (missing > 0 && payload.starts_with(b"{")).then_some(PayloadForm::Json);
    let shown = if wanted.is_some() { Payload::of_cut_json(payload) } else { Payload::of(payload, None) };
    Payload { more: shown.more + missing, ..shown }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::sim::presets::{PRESETS, Preset};
    use crate::view::Focus;

    fn focus(wire: WireFilter) -> Focus {
        let mut focus = Focus::default();
        focus.drawer.wire = wire;
        focus
    }

    fn wire(simulation: &Simulation, filter: WireFilter) -> WirePanel {
        panel(Scene::of(simulation, &focus(filter)), None)
    }

    fn short(panel: &WirePanel) -> Vec<String> {
        let arrow = |row: &WireRow| if row.from_client { "▸" } else { "◂" };
        panel
            .rows
            .iter()
            .map(|row| format!("{} {} {} {}: {}", row.client, arrow(row), row.verb, row.on, row.says))
            .collect()
    }

    #[test]
    fn an_exchange_is_read_from_request_to_answer() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.request("$JS.API.STREAM.CREATE.X", br#"{"name":"X","subjects":["orders.eu.*"]}"#);
        let panel = wire(&simulation, WireFilter { client: "page".into(), ..WireFilter::default() });
        let lines = short(&panel);
        let [.., request, answer] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(request, "page ▸ PUB $JS.API.STREAM.CREATE.X: API request");
        assert!(answer.ends_with(": refused: subjects overlap with an existing stream (10065)"), "{answer}");
        let last = panel.rows.last().expect("the answer");
        assert!(last.is_error && last.detail.is_none());
        let open = WireFilter { open: Some(last.number), ..WireFilter::default() };
        let opened = wire(&simulation, open);
        let detail = opened.rows.last().and_then(|row| row.detail.clone()).expect("it is open");
        assert_eq!(detail.parts[0].0, "subject");
        let request = panel.rows[panel.rows.len() - 2].number;
        assert_eq!(detail.partner, Some((request, "Show the request")));
        let asked = wire(&simulation, WireFilter { open: Some(request), ..WireFilter::default() });
        let asked = asked.rows.iter().find_map(|row| row.detail.as_ref()).expect("it is open");
        assert_eq!(asked.partner, Some((last.number, "Show the answer")));
        assert!(
            detail.payload.is_some_and(|payload| payload.form == PayloadForm::Json && payload.text.contains("10065"))
        );
        let caused: Vec<String> = detail.caused.iter().map(|row| row.says.to_string()).collect();
        assert!(caused.iter().any(|says| says.contains("refused: subjects overlap")), "{caused:?}");
    }

    #[test]
    fn deliveries_and_acks_are_linked_to_the_log() {
        let simulation = Preset::by_key("work-queue").expect("it exists").open();
        let all = wire(&simulation, WireFilter::default());
        let ack = all.rows.iter().find(|row| row.says == "+ACK #3: settles it").expect("the preset acks it");
        let opened = wire(&simulation, WireFilter { open: Some(ack.number), ..WireFilter::default() });
        let detail = opened.rows.iter().find_map(|row| row.detail.as_ref()).expect("it is open");
        let part = |name| detail.parts.iter().find(|(of, _)| *of == name).map(|(_, value)| &**value);
        assert_eq!((part("stream seq"), part("answer")), (Some("3"), Some("+ACK: settles it")));
        assert!(detail.caused.iter().any(|row| row.says.to_string() == "Ack of #3 for ship."));
        assert!(all.rows.iter().any(|row| row.says == "ship delivers #4 of ORDERS"), "{:?}", short(&all));
    }

    #[test]
    fn the_wire_is_narrowed_and_goes_on() {
        let mut simulation = Preset::by_key("push").expect("it exists").open();
        simulation.advance(Duration::from_secs(60));
        let quiet = wire(&simulation, WireFilter { client: "on call".into(), ..WireFilter::default() });
        let noisy =
            wire(&simulation, WireFilter { client: "on call".into(), has_noise: true, ..WireFilter::default() });
        assert!(noisy.rows.len() > quiet.rows.len());
        assert!(noisy.rows.iter().all(|row| &*row.client == "on call"));
        let found = wire(&simulation, WireFilter { search: "PUBACK".into(), ..WireFilter::default() });
        assert!(
            !found.rows.is_empty() && found.rows.iter().all(|row| row.says.contains("PubAck")),
            "{:?}",
            short(&found)
        );
        for filter in
            [WireFilter::default(), WireFilter { search: "alerts".into(), has_noise: true, ..WireFilter::default() }]
        {
            let focus = focus(filter);
            let mut before = panel(Scene::of(&simulation, &focus), None);
            for _ in 0..20 {
                simulation.advance(Duration::from_secs(9));
                before = panel(Scene::of(&simulation, &focus), Some(&before));
                assert_eq!(before.rows, panel(Scene::of(&simulation, &focus), None).rows);
            }
        }
    }

    #[test]
    fn whatever_goes_over_the_wire_is_shown_and_bounded() {
        let mut simulation = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        let conn = simulation.attach().expect("a client is attached");
        let frames: [&[u8]; 4] = [
            b"CONNECT {\"name\":\"<img src=x onerror=alert(1)>\",\"verbose\":false}\r\n",
            b"PUB <img/src=x/onerror=alert(1)> 3\r\n\xff\x00<\r\n",
            &[b"PUB big 100000\r\n", &vec![b'{'; 100_000][..], b"\r\n"].concat(),
            b"\xff\xfe nonsense\r\n",
        ];
        frames.iter().for_each(|frame| simulation.attached_says(conn, frame));
        let panel = wire(&simulation, WireFilter { has_noise: true, ..WireFilter::default() });
        assert!(panel.rows.iter().any(|row| row.on == "<img/src=x/onerror=alert(1)>"), "{:?}", short(&panel));
        assert!(panel.rows.iter().any(|row| row.verb == "-ERR" && row.is_error));
        for row in panel.rows.iter() {
            assert!(row.on.chars().count() <= SHOWN_SUBJECT);
            let open =
                wire(&simulation, WireFilter { open: Some(row.number), has_noise: true, ..WireFilter::default() });
            let detail = open.rows.iter().find_map(|row| row.detail.as_ref()).expect("it is open");
            assert!(detail.payload.as_ref().is_none_or(|payload| payload.text.len() < 20_000));
        }
    }

    #[test]
    fn every_operation_of_the_presets_is_understood() {
        for preset in PRESETS {
            let mut simulation = preset.open();
            simulation.advance(Duration::from_secs(120));
            let panel = wire(&simulation, WireFilter { has_noise: true, more: 100, ..WireFilter::default() });
            let strange = panel.rows.iter().find(|row| row.verb.is_empty());
            assert_eq!(strange, None, "{}", preset.key);
        }
    }
}
