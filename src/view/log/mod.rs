//! The log: one sentence for each thing that happened, and why.
//!
//! What is asked for is looked for in all that the trace still has, the newest first. While time runs, only what is new
//! is looked at: the lines before stay as they were written.

mod teller;

use std::rc::Rc;

use self::teller::Teller;
use super::Scene;
use super::scene::time_of_day;
use super::search::folded;
use super::text::Phrase;
use crate::engine::consumer::Consumer;
use crate::engine::event::Event;
use crate::engine::table::StreamId;
use crate::sim::trace::Traced;
use crate::texts::log as texts;

/// The lines that the log shows at first, and that it shows more when asked to.
pub const SHOWN_LINES: usize = 50;

/// Lines that are drawn while more than these come at once: what can be seen without scrolling.
const DRAWN_IN_HASTE: usize = 16;
/// Streams, and consumers, that the log can be narrowed to by choice; the others are found by searching.
const SHOWN_NAMES: usize = 100;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Rises from line to line.
    pub number: u64,
    /// The first moment of the run at which it has happened.
    pub moment: u64,
    /// Simulated time since the start.
    pub time: String,
    pub kind: LogKind,
    pub says: Phrase,
    /// The stream that the sequences in the sentence are of.
    pub stream: Option<Rc<str>>,
}

/// What a line is about; drawn as a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    Stored,
    Delivered,
    Acked,
    /// AckWait ended, nak, redelivery.
    Redelivery,
    /// Removed, expired, given up.
    Lost,
    /// Refused: an API error, a refused publish, an ended pull request.
    Refused,
    /// Streams, consumers and clients that come, change and go.
    Changed,
}

impl LogKind {
    pub const ALL: [Self; 7] =
        [Self::Stored, Self::Delivered, Self::Acked, Self::Redelivery, Self::Lost, Self::Refused, Self::Changed];

    /// The shape.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Stored => "▾",
            Self::Delivered => "▸",
            Self::Acked => "●",
            Self::Redelivery => "↺",
            Self::Lost => "✂",
            Self::Refused => "✕",
            Self::Changed => "◆",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Stored => texts::KIND_STORED,
            Self::Delivered => texts::KIND_DELIVERED,
            Self::Acked => texts::KIND_ACKED,
            Self::Redelivery => texts::KIND_REDELIVERY,
            Self::Lost => texts::KIND_REMOVED,
            Self::Refused => texts::KIND_REFUSED,
            Self::Changed => texts::KIND_CHANGED,
        }
    }
}

/// Which lines the log shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// `None`: of every kind.
    pub kind: Option<LogKind>,
    /// Empty: of every stream, and of none.
    pub stream: Rc<str>,
    /// Empty: of every consumer, and of none.
    pub consumer: Rc<str>,
    /// What stands in the sentence, in small or large letters; empty: anything.
    pub search: String,
    /// How many more times [`SHOWN_LINES`] lines are shown.
    pub more: usize,
}

/// The log with what it can be narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPanel {
    /// The oldest first.
    pub rows: Rc<[LogRow]>,
    /// Whether there may be older ones.
    pub has_more: bool,
    /// Whether lines come faster than they are read.
    pub is_in_haste: bool,
    pub filter: LogFilter,
    pub streams: Rc<[Rc<str>]>,
    pub consumers: Rc<[Rc<str>]>,
}

impl LogPanel {
    /// The rows that are drawn: the last few while they come faster than they are read, else all.
    pub fn drawn(&self) -> &[LogRow] {
        let most = if self.is_in_haste { DRAWN_IN_HASTE } else { self.rows.len() };
        &self.rows[self.rows.len().saturating_sub(most)..]
    }
}

/// The log of `scene`. With `before`, the log that the same trace gave when it had so many events, only what came since
/// is looked at.
pub fn panel(scene: Scene<'_>, before: Option<(&LogPanel, u64)>) -> LogPanel {
    let filter = &scene.focus.drawer.log;
    let before = before.filter(|(before, _)| before.filter == *filter);
    let limit = SHOWN_LINES * (filter.more + 1);
    let from = before.map_or(0, |(_, read_to)| read_to);
    let mut rows = search(scene, limit, from);
    let is_fast = scene.focus.is_dragging || before.is_some() && rows.len() > DRAWN_IN_HASTE;
    let is_in_haste = is_fast && filter.more == 0;
    let mut has_more = before.is_some_and(|(before, _)| before.has_more);
    if let Some((before, _)) = before {
        let kept = before.rows.len().min(limit - rows.len());
        rows.splice(..0, before.rows[before.rows.len() - kept..].iter().cloned());
    }
    has_more |= rows.len() == limit;
    // What has not changed need not be made again.
    let keep = |old: Option<&Rc<[Rc<str>]>>, names: Vec<&str>| match old
        .filter(|old| old.iter().map(|name| &**name).eq(names.iter().copied()))
    {
        Some(old) => Rc::clone(old),
        None => names.into_iter().map(Rc::from).collect(),
    };
    let streams = scene.streams().take(SHOWN_NAMES).map(|stream| &*stream.config.name).collect();
    LogPanel {
        rows: rows.into(),
        has_more,
        is_in_haste,
        filter: filter.clone(),
        streams: keep(before.map(|(before, _)| &before.streams), streams),
        consumers: keep(before.map(|(before, _)| &before.consumers), consumers(scene)),
    }
}

/// Names of consumers, each once.
fn consumers(scene: Scene<'_>) -> Vec<&str> {
    let of = &*scene.focus.drawer.log.stream;
    let streams = scene.streams().filter(|stream| of.is_empty() || stream.config.name == of);
    let all = streams.flat_map(|stream| stream.visible_consumers()).map(|consumer: &Consumer| &*consumer.name);
    let mut names: Vec<&str> = all.take(SHOWN_NAMES).collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl LogFilter {
    fn passes(&self, scene: Scene<'_>, event: &Event) -> bool {
        let stream = event.stream().filter(|_| !self.stream.is_empty() || !self.consumer.is_empty());
        let is_stream = |id: StreamId| scene.trace.stream_name(id) == &*self.stream;
        let is_consumer = |id: StreamId| {
            event.consumer().is_some_and(|consumer| scene.trace.consumer_name(id, consumer) == &*self.consumer)
        };
        (self.stream.is_empty() || stream.is_some_and(is_stream))
            && (self.consumer.is_empty() || stream.is_some_and(is_consumer))
            // Its kind is asked for again with the sentence; most need none to be told apart.
            && self.kind.is_none_or(|kind| could_be(event, kind))
    }
}

/// Whether the line of `event` may be of `kind`.
const fn could_be(event: &Event, kind: LogKind) -> bool {
    match event {
        Event::Stored { .. } => matches!(kind, LogKind::Stored),
        Event::Delivered { .. } | Event::PullRequested { .. } => matches!(kind, LogKind::Delivered),
        Event::Acked { .. } => matches!(kind, LogKind::Acked),
        Event::Removed { .. } => matches!(kind, LogKind::Lost),
        _ => true,
    }
}

/// What is looked for in the trace.
pub struct Query<'a> {
    /// How many lines, the newest of them.
    pub limit: usize,
    /// The number of the first event that is looked at.
    pub from: u64,
    pub passes: &'a dyn Fn(&Traced) -> bool,
    /// Asked of lines whose event passes.
    pub accepts: &'a dyn Fn(&LogRow) -> bool,
}

/// The lines that are asked for, the oldest first.
pub fn find(scene: Scene<'_>, query: &Query<'_>) -> Vec<LogRow> {
    let mut rows = Vec::new();
    for traced in scene.trace.events().rev() {
        if traced.number < query.from || rows.len() == query.limit {
            break;
        }
        if (query.passes)(traced) {
            rows.extend(row(scene, traced).filter(|row| (query.accepts)(row)));
        }
    }
    rows.reverse();
    rows
}

/// The last line of `scene`, whatever the log is narrowed to.
pub fn newest(scene: Scene<'_>) -> Option<LogRow> {
    find(scene, &Query { limit: 1, from: 0, passes: &|_| true, accepts: &|_| true }).pop()
}

/// All that the log is narrowed to as text, a line each.
pub fn as_text(scene: Scene<'_>) -> String {
    let rows = search(scene, usize::MAX, 0);
    rows.iter().map(|row| [&*row.time, "  ", row.kind.sign(), " ", &row.says.to_string(), "\n"].concat()).collect()
}

fn search(scene: Scene<'_>, limit: usize, from: u64) -> Vec<LogRow> {
    let filter = &scene.focus.drawer.log;
    let needle = folded(filter.search.trim());
    let accepts = |row: &LogRow| {
        filter.kind.is_none_or(|kind| kind == row.kind)
            && (needle.is_empty() || folded(&row.says.to_string()).contains(&needle))
    };
    find(scene, &Query { limit, from, passes: &|traced| filter.passes(scene, &traced.event), accepts: &accepts })
}

/// The line of `traced`; `None` for what is not worth one.
fn row(scene: Scene<'_>, traced: &Traced) -> Option<LogRow> {
    let (kind, says) = Teller { scene, at: traced.at }.tell(&traced.event)?;
    let stream = traced.event.stream().map(|stream| scene.trace.stream_name(stream).into());
    Some(LogRow { number: traced.number, moment: traced.moment, time: time_of_day(traced.at), kind, says, stream })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ServerConfig;
    use crate::engine::event::Removal;
    use crate::engine::time::Timestamp;
    use crate::sim::Simulation;
    use crate::sim::actor::{Actor, ActorId};
    use crate::sim::command::{Command, Settlement};
    use crate::sim::presets::{PRESETS, Preset};
    use crate::view::Focus;
    use crate::view::streams::{CellContent, HoleCause};
    use crate::view::text::Span;

    fn log(simulation: &Simulation, focus: &Focus) -> LogPanel {
        panel(Scene::of(simulation, focus), None)
    }

    fn last(simulation: &Simulation, count: usize) -> Vec<String> {
        let rows = log(simulation, &Focus::default()).rows;
        rows[rows.len() - count..].iter().map(|row| row.says.to_string()).collect()
    }

    #[test]
    fn lines_say_what_happened_and_why() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.step();
        let expected = [
            "#3 left ORDERS: in a work queue an ack removes it.",
            "worker B asks ship for 2 messages, for up to 30 s.",
            "ship delivered #4 to worker B; AckWait runs until 00:00:57.0.",
            "ship delivered #6 to worker B; AckWait runs until 00:00:57.0.",
            "ship has its tray full: nothing new goes out until one is acked.",
            "AckWait of #2 ended without an ack; it goes out again on the next pull.",
        ];
        assert_eq!(last(&simulation, expected.len()), expected);
    }

    #[test]
    fn a_refusal_names_rule_and_code() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.request("$JS.API.STREAM.CREATE.X", br#"{"name":"X","subjects":["orders.eu.*"]}"#);
        let says = "$JS.API.STREAM.CREATE.X refused: subjects overlap with an existing stream (10065).";
        assert_eq!(last(&simulation, 1), [says]);
    }

    /// What a preset leads to.
    fn after_first_steps(key: &str) -> Simulation {
        let preset = Preset::by_key(key).expect("it exists");
        let mut simulation = preset.open();
        for first in &preset.scenario().about.first_steps {
            first.act(&mut simulation).expect("it can be done");
        }
        simulation
    }

    #[test]
    fn an_answer_that_reaches_nobody_is_told() {
        let says = last(&after_first_steps("c29"), 1).remove(0);
        assert!(says.starts_with("The answer to #1 for ship reached nobody"), "{says}");
    }

    #[test]
    fn an_ack_that_changes_nothing_is_told_as_such() {
        let nothing = "changed nothing: it was settled, or removed, before.";
        let late = last(&after_first_steps("c16"), 2);
        assert_eq!(late, ["Ack of #1 for ship.".to_owned(), format!("An ack of #1 for ship {nothing}")]);
        let removed = last(&after_first_steps("c27"), 4);
        assert_eq!(removed[..2], [1, 2].map(|seq| format!("An ack of #{seq} for ship {nothing}")));
        let given_up = last(&after_first_steps("c22"), 2);
        assert_eq!(given_up, ["Ack of #1 for do.", "#1 left JOBS: in a work queue an ack removes it."]);
    }

    #[test]
    fn a_ttl_that_ends_behind_a_marker_is_told_also_where_a_limit_would_remove_the_message() {
        let all = last(&after_first_steps("c43"), 5).join(" ");
        assert!(all.contains("#1 left KV_marks: its own TTL ended."), "{all}");
    }

    #[test]
    fn the_last_delivery_promises_no_other_and_a_push_consumer_waits_for_no_pull() {
        let mut simulation = Preset::by_key("c22").expect("it exists").open();
        simulation.step();
        let says = last(&simulation, 1).remove(0);
        assert!(says.ends_with("it is given up where it would go out again."), "{says}");
        let mut simulation = Preset::by_key("push").expect("it exists").open();
        simulation.step();
        let all = last(&simulation, 4).join(" ");
        assert!(all.contains("AckWait of #2 ended without an ack; it goes out again."), "{all}");
    }

    #[test]
    fn a_term_removes_as_such_and_a_lost_ack_is_told() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.step();
        let is_b = |(_, actor): &(ActorId, &Actor)| actor.name == "worker B";
        let (worker, _) = simulation.world().actors().iter().find(is_b).expect("the preset has it");
        let settle = |consumer_seq, how| Command::Settle { worker, consumer_seq, how };
        simulation.act(settle(4, Settlement::Term));
        let says = last(&simulation, 2);
        assert_eq!(says[1], "#4 left ORDERS: a Term settled it, which removes it as an ack does.");
        simulation.act(settle(5, Settlement::LostAck));
        assert_eq!(last(&simulation, 1), ["The answer to #6 was lost on its way: ship still waits for it."]);
        let rows = crate::view::tests::rows_of(&simulation, &Focus::default());
        let hole = rows.streams[0].tape.cells.iter().find(|cell| cell.seq == 4).map(|cell| cell.content.clone());
        let expected = CellContent::Hole { last_seq: 4, cause: HoleCause::Left(Removal::Terminated) };
        assert_eq!(hole, Some(expected));
    }

    #[test]
    fn an_update_says_what_it_changed() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let mut update = |subject: &str, body: &str| {
            simulation.request(&format!("$JS.API.{subject}"), body.as_bytes());
            last(&simulation, 1).remove(0)
        };
        update("STREAM.CREATE.M", r#"{"name":"M","subjects":["m"],"max_age":3600000000000,"sources":[{"name":"A"}]}"#);
        let body = r#"{"name":"M","subjects":["m","<b>"],"max_age":60000000000,"description":"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee"}"#;
        assert_eq!(
            update("STREAM.UPDATE.M", body),
            "Stream M updated; subjects: m → m, <b>; description: none → aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd…; \
             max_age: 1h → 1m; duplicate_window: none → 1m; sources.0.name: A → none."
        );
        assert_eq!(update("STREAM.UPDATE.M", body), "Stream M updated.");
        let long = format!(r#"{{"name":"M","subjects":["m","<b>"],"metadata":{{"a":"{}"}}}}"#, "x".repeat(9000));
        assert_eq!(update("STREAM.UPDATE.M", &long), "Stream M updated.");
        update("STREAM.UPDATE.M", body);
        let sealed = update("STREAM.UPDATE.M", r#"{"name":"M","subjects":["m","<b>"],"sealed":true}"#);
        assert!(sealed.contains("; max_age: 1m → 0s;"), "{sealed}");
        assert!(sealed.contains("; sealed: no publish, delete, purge or expiry"), "{sealed}");
        let body = r#"{"stream_name":"ORDERS","config":{"durable_name":"ship","ack_policy":"explicit","max_deliver":3,"ack_wait":5000000000,"filter_subject":"orders.eu.>","max_ack_pending":3},"action":"update"}"#;
        let says = update("CONSUMER.CREATE.ORDERS.ship.orders.eu.>", body);
        assert_eq!(says, "Consumer ship updated; ack_wait: 30s → 5s.");
    }

    #[test]
    fn a_client_that_starts_again_is_told() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let is_b = |(_, actor): &(ActorId, &Actor)| actor.name == "worker B";
        let (client, _) = simulation.world().actors().iter().find(is_b).expect("the preset has it");
        simulation.act(Command::Kill { client });
        assert!(last(&simulation, 1)[0].starts_with("worker B is gone;"));
        simulation.act(Command::Restart { client });
        let all = last(&simulation, 3);
        assert!(all.contains(&"worker B is connected.".to_owned()), "{all:?}");
        let fresh = Simulation::new(ServerConfig::default(), Timestamp::SIMULATION_START);
        assert_eq!(*log(&fresh, &Focus::default()).rows, [], "the page's own client was there before");
    }

    #[test]
    fn what_max_age_takes_by_a_marker_is_not_said_to_have_a_ttl() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let config =
            br#"{"name":"M","subjects":["m.*"],"max_age":10000000000,"subject_delete_marker_ttl":60000000000}"#;
        simulation.request("$JS.API.STREAM.CREATE.M", config);
        simulation.request("m.a", b"x");
        simulation.advance(Duration::from_secs(11));
        let all = last(&simulation, 20).join(" ");
        assert!(all.contains("#1 left M: it was older than max age, acked or not."), "{all}");
    }

    #[test]
    fn lines_are_numbered_in_order_and_bounded() {
        for preset in PRESETS {
            let mut simulation = preset.open();
            simulation.advance(Duration::from_secs(600));
            let rows = log(&simulation, &Focus::default()).rows;
            assert!(rows.len() <= SHOWN_LINES);
            assert!(rows.windows(2).all(|pair| pair[0].number < pair[1].number), "{}", preset.key);
        }
    }

    fn focus(log: LogFilter) -> Focus {
        let mut focus = Focus::default();
        focus.drawer.log = log;
        focus
    }

    #[test]
    fn the_log_is_narrowed_by_kind_stream_consumer_and_words() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.advance(Duration::from_secs(120));
        let says = |filter: LogFilter| {
            let rows = log(&simulation, &focus(filter)).rows;
            rows.iter().map(|row| (row.kind, row.says.to_string())).collect::<Vec<_>>()
        };
        for kind in LogKind::ALL {
            let lines = says(LogFilter { kind: Some(kind), ..LogFilter::default() });
            let all = says(LogFilter::default());
            assert_eq!(lines, all.into_iter().filter(|(of, _)| *of == kind).collect::<Vec<_>>(), "{kind:?}");
        }
        let of_ledger = says(LogFilter { consumer: "ledger".into(), ..LogFilter::default() });
        assert!(!of_ledger.is_empty() && of_ledger.iter().all(|(_, says)| !says.contains("ship")), "{of_ledger:?}");
        assert!(says(LogFilter { stream: "NONE".into(), ..LogFilter::default() }).is_empty());
        let found = says(LogFilter { search: " ACKWAIT of #2 ".into(), ..LogFilter::default() });
        assert!(!found.is_empty() && found.iter().all(|(_, says)| says.contains("AckWait of #2")), "{found:?}");
    }

    #[test]
    fn a_log_that_goes_on_equals_one_that_is_written_anew() {
        for filter in [
            LogFilter::default(),
            LogFilter { kind: Some(LogKind::Lost), ..LogFilter::default() },
            LogFilter { search: "STORED".into(), more: 1, ..LogFilter::default() },
        ] {
            let focus = focus(filter);
            let mut simulation = Preset::by_key("limits").expect("it exists").open();
            let mut before = log(&simulation, &focus);
            for _ in 0..60 {
                let read_to = simulation.trace().total();
                simulation.advance(Duration::from_secs(7));
                before = panel(Scene::of(&simulation, &focus), Some((&before, read_to)));
                let anew = log(&simulation, &focus);
                assert_eq!(before.rows, anew.rows);
                assert!(before.has_more || !anew.has_more);
            }
        }
    }

    #[test]
    fn all_lines_that_pass_are_copied_and_only_some_are_shown() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        simulation.advance(Duration::from_secs(1200));
        let focus = Focus::default();
        let panel = log(&simulation, &focus);
        assert_eq!((panel.rows.len(), panel.has_more), (SHOWN_LINES, true));
        assert_eq!(panel.drawn(), &*panel.rows);
        let dragging = log(&simulation, &Focus { is_dragging: true, ..Focus::default() });
        assert_eq!(dragging.drawn(), &panel.rows[SHOWN_LINES - DRAWN_IN_HASTE..], "the last ones, until it is let go");
        let copied = as_text(Scene::of(&simulation, &focus));
        assert!(copied.lines().count() > SHOWN_LINES);
        let last = panel.rows.last().expect("there are lines");
        assert_eq!(copied.lines().last(), Some(&*format!("{}  {} {}", last.time, last.kind.sign(), last.says)));
        assert_eq!(newest(Scene::of(&simulation, &focus)).as_ref(), Some(last));
    }

    #[test]
    fn of_lines_that_come_too_fast_the_last_are_drawn() {
        let mut simulation = Preset::by_key("limits").expect("it exists").open();
        let focus = Focus::default();
        let before = log(&simulation, &focus);
        assert_eq!(before.drawn(), &*before.rows);
        let read_to = simulation.trace().total();
        simulation.advance(Duration::from_secs(1200));
        let hasty = panel(Scene::of(&simulation, &focus), Some((&before, read_to)));
        assert_eq!(hasty.drawn(), &hasty.rows[SHOWN_LINES - DRAWN_IN_HASTE..]);
        let read_to = simulation.trace().total();
        let calm = panel(Scene::of(&simulation, &focus), Some((&hasty, read_to)));
        assert_eq!(calm.drawn(), &*hasty.rows);
    }

    #[test]
    fn hostile_text_stays_text_in_the_code_face() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let subject = "orders.<img/src=x/onerror=alert(1)>.\u{202e}";
        simulation.request(subject, b"x");
        let rows = log(&simulation, &Focus::default()).rows;
        let code = rows.iter().flat_map(|row| &row.says.0).any(|span| *span == Span::Code(subject.into()));
        assert!(code, "{rows:?}");
    }
}
