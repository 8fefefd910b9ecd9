//! What can be said of a subject while it is typed, token by token.
//!
//! The server has the last word; this says beforehand what it is going to say. Sources: nats-server
//! `server/sublist.go` for matching, `server/stream.go` and `server/consumer.go` for overlaps.

use std::rc::Rc;

use crate::engine::consumer::Consumer;
use crate::engine::stream::Stream;
use crate::engine::stream::config::Retention;
use crate::engine::subject::{collide, is_subset, is_valid_filter};
use crate::texts::subject as texts;

use super::Scene;
use super::text::Part::Code;
use super::text::Phrase;

/// What the page knows of a stream when a form is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFacts {
    pub name: Rc<str>,
    pub subjects: Vec<Rc<str>>,
    pub is_work_queue: bool,
    pub consumers: Vec<ConsumerFacts>,
}

/// What the page knows of a consumer when a form is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerFacts {
    pub name: Rc<str>,
    /// Empty is everything.
    pub filters: Vec<Rc<str>>,
}

/// The facts of `scene`.
pub fn facts(scene: Scene<'_>) -> Rc<[StreamFacts]> {
    let consumer = |consumer: &Consumer| ConsumerFacts {
        name: consumer.name.as_str().into(),
        filters: consumer.filters().iter().map(|filter| filter.as_str().into()).collect(),
    };
    let stream = |stream: &Stream| StreamFacts {
        name: stream.config.name.as_str().into(),
        subjects: stream.config.subjects.iter().map(|subject| subject.as_str().into()).collect(),
        is_work_queue: stream.config.retention == Retention::WorkQueue,
        consumers: stream.visible_consumers().map(consumer).collect(),
    };
    scene.streams().map(stream).collect()
}

/// A token and how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub kind: TokenKind,
}

/// How a token is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Literal,
    /// `*`: any one token.
    One,
    /// `>` at the end: one or more tokens.
    Rest,
    /// Empty, with a blank, or a `>` that is not last.
    Wrong,
}

impl TokenKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Literal => texts::THIS_WORD,
            Self::One => texts::ANY_ONE_TOKEN,
            Self::Rest => texts::ONE_MORE_TOKENS,
            Self::Wrong => texts::NOT_ALLOWED_HERE,
        }
    }
}

/// Errors that are foreseen; see `engine/error.rs`.
const INVALID: u16 = 10052;
const STREAM_OVERLAP: u16 = 10065;
const UNFILTERED: u16 = 10099;
const NOT_UNIQUE: u16 = 10100;
const FILTER_OVERLAP: u16 = 10138;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// The server is going to refuse it.
    Clash,
}

/// What is found about one typed subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectCheck {
    pub tokens: Vec<Token>,
    pub finding: Option<Finding>,
}

/// A remark on a typed subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub weight: Weight,
    pub says: Phrase,
    /// The other subject, to be set below token by token.
    pub against: Vec<Token>,
    /// The error that the server is going to answer; 0 for a note.
    pub err_code: u16,
}

impl Finding {
    fn note(says: Phrase) -> Self {
        Self { weight: Weight::Note, says, against: Vec::new(), err_code: 0 }
    }

    /// A clash that is answered with `err_code`.
    fn clash(err_code: u16, says: Phrase) -> Self {
        Self { weight: Weight::Clash, says, against: Vec::new(), err_code }
    }

    fn against(self, other: &str) -> Self {
        Self { against: tokens(other), ..self }
    }
}

/// The tokens of `subject` as they are read.
pub fn tokens(subject: &str) -> Vec<Token> {
    let mut parts = subject.split('.').peekable();
    let mut tokens = Vec::new();
    while let Some(text) = parts.next() {
        let kind = match text {
            "*" => TokenKind::One,
            ">" if parts.peek().is_none() => TokenKind::Rest,
            ">" | "" => TokenKind::Wrong,
            _ if text.contains(char::is_whitespace) => TokenKind::Wrong,
            _ => TokenKind::Literal,
        };
        tokens.push(Token { text: text.into(), kind });
    }
    tokens
}

/// Checks each of the `subjects` of the stream `name` against the others and against the other `streams`.
pub fn check_subjects(name: &str, subjects: &[&str], no_ack: bool, streams: &[StreamFacts]) -> Vec<SubjectCheck> {
    let check = |(index, subject): (usize, &&str)| SubjectCheck {
        tokens: tokens(subject),
        finding: stream_finding(name, subject, &subjects[..index], no_ack, streams),
    };
    subjects.iter().enumerate().map(check).collect()
}

fn stream_finding(
    name: &str,
    subject: &str,
    earlier: &[&str],
    no_ack: bool,
    streams: &[StreamFacts],
) -> Option<Finding> {
    if !is_valid_filter(subject.as_bytes()) {
        return Some(Finding::clash(INVALID, malformed(subject)));
    }
    let hit = |other: &str| collide(subject.as_bytes(), other.as_bytes());
    if !no_ack && subject == ">" {
        let says = Phrase::new().plain(texts::CAPTURING_EVERY_SUBJECT_REQUIRES);
        return Some(Finding::clash(INVALID, says));
    }
    let reserved = ["$JS.>", "$JSC.>", "$NRG.>", "$SYS.>"];
    let is_exempt = is_subset(subject.as_bytes(), b"$JS.EVENT.>") || is_subset(subject.as_bytes(), b"$SYS.ACCOUNT.>");
    if !no_ack && !is_exempt && reserved.iter().any(|other| hit(other)) {
        let says = Phrase::new().plain(texts::OVERLAPS_SERVERS_OWN_SUBJECTS);
        return Some(Finding::clash(INVALID, says));
    }
    if let Some(other) = earlier.iter().find(|other| hit(other)) {
        let says = Phrase::new().plain(texts::OVERLAPS_SUBJECT_ABOVE);
        return Some(Finding::clash(INVALID, says).against(other));
    }
    for stream in streams.iter().filter(|stream| &*stream.name != name) {
        if let Some(other) = stream.subjects.iter().find(|other| hit(other)) {
            let says = Phrase::fill(texts::OVERLAPS_STREAM_WHICH_STORES, &[Code(&stream.name)]);
            return Some(Finding::clash(STREAM_OVERLAP, says).against(other));
        }
    }
    None
}

/// Checks each of the `filters` of the consumer `name` against the subjects of its stream and the filters beside it.
pub fn check_filters(name: &str, filters: &[&str], stream: &StreamFacts) -> Vec<SubjectCheck> {
    let check = |(index, filter): (usize, &&str)| SubjectCheck {
        tokens: tokens(filter),
        finding: filter_finding(name, filter, index, filters, stream),
    };
    if filters.is_empty() {
        return unfiltered(name, stream).into_iter().collect();
    }
    filters.iter().enumerate().map(check).collect()
}

/// What is found about a consumer without a filter: in a work queue with others it is refused.
fn unfiltered(name: &str, stream: &StreamFacts) -> Option<SubjectCheck> {
    let is_new = stream.consumers.iter().all(|consumer| &*consumer.name != name);
    let (rival, other) = rival_filter(name, b">", stream).filter(|_| stream.is_work_queue && is_new)?;
    let says = Phrase::fill(texts::WITHOUT_FILTER_WOULD_READ, &[Code(&rival)]);
    let finding = Finding::clash(UNFILTERED, says).against(&other);
    Some(SubjectCheck { tokens: tokens(">"), finding: Some(finding) })
}

fn filter_finding(name: &str, filter: &str, index: usize, filters: &[&str], stream: &StreamFacts) -> Option<Finding> {
    let bytes = filter.as_bytes();
    if !is_valid_filter(bytes) {
        return Some(Finding::clash(INVALID, malformed(filter)));
    }
    let contains = |other: &&&str| is_subset(bytes, other.as_bytes()) || is_subset(other.as_bytes(), bytes);
    if let Some(other) = filters[..index].iter().find(contains) {
        let says = Phrase::new().plain(texts::ONE_TWO_CONTAINS_OTHER);
        return Some(Finding::clash(FILTER_OVERLAP, says).against(other));
    }
    if stream.is_work_queue
        && let Some((rival, other)) = rival_filter(name, bytes, stream)
    {
        let says = texts::WORK_QUEUE_EACH_MESSAGE;
        return Some(Finding::clash(NOT_UNIQUE, Phrase::fill(says, &[Code(&rival)])).against(&other));
    }
    if !stream.subjects.iter().any(|subject| collide(bytes, subject.as_bytes())) {
        let says = Phrase::fill(texts::MATCHES_NOTHING_STORES_NOW, &[Code(&stream.name)]);
        return Some(Finding::note(says));
    }
    None
}

/// The first other consumer of a work queue that could get the same message, and its filter.
fn rival_filter(name: &str, filter: &[u8], stream: &StreamFacts) -> Option<(Rc<str>, Rc<str>)> {
    let everything: Rc<str> = ">".into();
    stream.consumers.iter().filter(|consumer| &*consumer.name != name).find_map(|consumer| {
        let all = consumer.filters.is_empty().then_some(&everything);
        let mut theirs = consumer.filters.iter().chain(all);
        let hit = theirs.find(|theirs| collide(filter, theirs.as_bytes()))?;
        Some((Rc::clone(&consumer.name), Rc::clone(hit)))
    })
}

/// What is wrong with a subject or filter that is not valid.
pub fn malformed(subject: &str) -> Phrase {
    let why = if subject.is_empty() {
        texts::SUBJECT_LEAST_ONE_TOKEN
    } else if subject.contains(char::is_whitespace) {
        texts::SUBJECT_NO_BLANKS
    } else if subject.split('.').any(str::is_empty) {
        texts::TOKENS_BETWEEN_DOTS_MUST
    } else {
        texts::WILDCARD_STANDS_END_ONLY
    };
    Phrase::new().plain(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::json::Value;
    use crate::sim::Simulation;
    use crate::sim::actor::Answer;
    use crate::sim::presets::Preset;
    use crate::view::Focus;
    use crate::view::form::ApiError;

    fn orders(consumers: &[(&str, &[&str])]) -> StreamFacts {
        StreamFacts {
            name: "ORDERS".into(),
            subjects: vec!["orders.>".into()],
            is_work_queue: true,
            consumers: consumers
                .iter()
                .map(|(name, filters)| ConsumerFacts {
                    name: (*name).into(),
                    filters: filters.iter().map(|filter| (*filter).into()).collect(),
                })
                .collect(),
        }
    }

    fn says(checks: &[SubjectCheck]) -> Vec<String> {
        let text = |check: &SubjectCheck| check.finding.as_ref().map_or(String::new(), |found| found.says.to_string());
        checks.iter().map(text).collect()
    }

    #[test]
    fn tokens_are_told_apart() {
        let kinds = |subject: &str| tokens(subject).iter().map(|token| token.kind).collect::<Vec<_>>();
        assert_eq!(kinds("orders.*.>"), [TokenKind::Literal, TokenKind::One, TokenKind::Rest]);
        assert_eq!(kinds(">.a"), [TokenKind::Wrong, TokenKind::Literal]);
        assert_eq!(kinds("a..b c"), [TokenKind::Literal, TokenKind::Wrong, TokenKind::Wrong]);
        assert_eq!(kinds("a*.>b"), [TokenKind::Literal, TokenKind::Literal]);
    }

    #[test]
    fn stream_subjects_that_collide_are_named() {
        let facts = [orders(&[])];
        let check = |subjects: &[&str]| says(&check_subjects("NEW", subjects, false, &facts));
        assert_eq!(check(&["invoices.>"]), [""]);
        assert_eq!(check(&["orders.*"]), ["Overlaps with stream ORDERS, which stores:"]);
        assert_eq!(check(&["a.*", "a.b"]), ["", "Overlaps with the subject above:"]);
        assert_eq!(check(&["a..b"]), ["Tokens between dots must not be empty."]);
        assert_eq!(check(&["$JS.EVENT.ADVISORY.>"]), [""]);
        assert!(check(&["$JS.API.x"])[0].contains("own subjects"));
        assert_eq!(says(&check_subjects("NEW", &[">"], false, &[])), ["Capturing every subject requires no_ack."]);
        assert_eq!(says(&check_subjects("ORDERS", &["orders.>"], false, &facts)), [""]);
    }

    #[test]
    fn work_queue_filters_that_collide_name_the_rival() {
        let stream = orders(&[("ship", &["orders.eu.>"])]);
        let check = |name: &str, filters: &[&str]| says(&check_filters(name, filters, &stream));
        assert_eq!(
            check("new", &["orders.*.created"]),
            ["In a work queue each message has one consumer, and ship already reads:"]
        );
        assert_eq!(check("ship", &["orders.>"]), [""]);
        assert_eq!(check("new", &["orders.us.>"]), [""]);
        assert_eq!(check("new", &["invoices.>"]), ["Matches nothing that ORDERS stores now."]);
        assert_eq!(check("new", &["orders.us.>", "orders.us.a"])[1], "One of the two contains the other:");
        assert_eq!(
            check("new", &[]),
            ["Without a filter it would read everything, and in a work queue ship already reads:"]
        );
        assert!(check("ship", &[]).is_empty());
        let unfiltered = orders(&[("all", &[])]);
        let checks = check_filters("new", &["orders.us.>"], &unfiltered);
        assert_eq!(checks[0].finding.as_ref().map(|found| found.against.len()), Some(1));
    }

    #[test]
    fn what_is_foreseen_is_what_the_server_answers() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let known = |simulation: &Simulation| facts(Scene::of(simulation, &Focus::default()));
        for subjects in [&["orders.eu.*"][..], &["a..b"], &["a.*", "a.b"], &[">"], &["$JS.x"], &["x y"], &[">.a"]] {
            let foreseen = check_subjects("NEW", subjects, false, &known(&simulation));
            let body = format!(r#"{{"name":"NEW","subjects":{}}}"#, Value::from(subjects.to_vec()));
            assert_answered(&mut simulation, "$JS.API.STREAM.CREATE.NEW", &body, &foreseen);
        }
        for filters in [&["orders.eu.*"][..], &[], &["orders.x", "orders.x"], &["a..b"], &["orders.>.x"]] {
            let stream = &known(&simulation)[0];
            let foreseen = check_filters("new", filters, stream);
            let filters = Value::from(filters.to_vec());
            let body = format!(
                r#"{{"stream_name":"ORDERS","config":{{"name":"new","ack_policy":"explicit","filter_subjects":{filters}}}}}"#
            );
            assert_answered(&mut simulation, "$JS.API.CONSUMER.CREATE.ORDERS.new", &body, &foreseen);
        }
    }

    fn assert_answered(simulation: &mut Simulation, subject: &str, body: &str, foreseen: &[SubjectCheck]) {
        let Some(Answer::Payload(reply)) = simulation.request(subject, body.as_bytes()) else { panic!("no answer") };
        let error = ApiError::in_reply(&String::from_utf8_lossy(&reply)).map_or(0, |error| error.err_code);
        let first = foreseen.iter().filter_map(|check| check.finding.as_ref()).find(|found| found.err_code > 0);
        assert_eq!(first.map_or(0, |found| u64::from(found.err_code)), error, "{body}");
    }
}
