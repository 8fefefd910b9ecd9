//! Why a subject matches a filter or not, token by token, and who reads the subject.

use std::rc::Rc;

use super::Scene;
use super::scene::lossy;
use super::subjects::{ConsumerFacts, StreamFacts, Token, TokenKind, facts, malformed, tokens};
use super::text::Part::{Code, Plain, Strong};
use super::text::Phrase;
use crate::engine::stream::Stream;
use crate::engine::subject::{is_valid_filter, matches};
use crate::texts::subject as texts;

/// Readers that are named.
const SHOWN: usize = 24;

/// A filter set against a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub pairs: Vec<Pair>,
    pub is_match: bool,
    /// The verdict, one sentence.
    pub says: Phrase,
}

/// A token of the filter with what stands in its place in the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// `None` where the filter has ended.
    pub filter: Option<Token>,
    /// One token, or for `>` all that are left; `None` where the subject has ended.
    pub subject: Option<String>,
    pub meets: Meets,
}

/// How two tokens stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meets {
    Same,
    One,
    Rest,
    Different,
    /// The subject has no token there.
    TooShort,
    /// The filter has no token there.
    TooLong,
    /// No such token may stand there.
    Wrong,
}

impl Meets {
    pub const fn is_met(self) -> bool {
        matches!(self, Self::Same | Self::One | Self::Rest)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Same => texts::EQUAL,
            Self::One => texts::IS_ANY_ONE_TOKEN,
            Self::Rest => texts::ALL_REST,
            Self::Different => texts::DIFFERENT,
            Self::TooShort => texts::SUBJECT_ENDED,
            Self::TooLong => texts::FILTER_ENDED,
            Self::Wrong => texts::NOT_ALLOWED_HERE,
        }
    }
}

/// Sets `filter` against `subject`.
pub fn compare(filter: &str, subject: &str) -> Match {
    let mut pairs = Vec::new();
    let mut rest = tokens(subject).into_iter();
    for token in tokens(filter) {
        let found = match token.kind {
            TokenKind::Rest => {
                let rest: Vec<String> = rest.by_ref().map(|token| token.text).collect();
                (!rest.is_empty()).then(|| rest.join("."))
            }
            _ => rest.next().map(|token| token.text),
        };
        let meets = match (token.kind, &found) {
            (TokenKind::Wrong, _) => Meets::Wrong,
            (_, None) => Meets::TooShort,
            (_, Some(text)) if text.split('.').any(str::is_empty) => Meets::Wrong,
            (TokenKind::Rest, Some(_)) => Meets::Rest,
            (TokenKind::One, Some(_)) => Meets::One,
            (TokenKind::Literal, Some(text)) if *text == token.text => Meets::Same,
            (TokenKind::Literal, Some(_)) => Meets::Different,
        };
        pairs.push(Pair { filter: Some(token), subject: found, meets });
    }
    pairs.extend(rest.map(|token| Pair { filter: None, subject: Some(token.text), meets: Meets::TooLong }));
    let is_match = is_valid_filter(filter.as_bytes())
        && is_valid_filter(subject.as_bytes())
        && matches(filter.as_bytes(), subject.as_bytes());
    Match { says: verdict(filter, subject, &pairs), pairs, is_match }
}

fn verdict(filter: &str, subject: &str, pairs: &[Pair]) -> Phrase {
    for text in [filter, subject] {
        if !is_valid_filter(text.as_bytes()) {
            return malformed(text);
        }
    }
    let Some((place, unmet)) = pairs.iter().enumerate().find(|(_, pair)| !pair.meets.is_met()) else {
        return Phrase::new().strong(texts::IT_MATCHES);
    };
    let (place, head) = ((place + 1).to_string(), Strong(texts::DOES_NOT_MATCH));
    let place = Plain(&place);
    let wanted = Code(unmet.filter.as_ref().map_or("", |token| &token.text));
    let found = Code(unmet.subject.as_deref().unwrap_or_default());
    match unmet.meets {
        Meets::TooShort => {
            let says = texts::TOKEN_MISSING_SUBJECT_FILTER;
            Phrase::fill(says, &[head, place, wanted])
        }
        Meets::TooLong => {
            let says = texts::TOKEN_SUBJECT_ONE_MORE;
            Phrase::fill(says, &[head, place, found])
        }
        _ => Phrase::fill(texts::TOKEN_NOT, &[head, place, found, wanted]),
    }
}

/// The tab: a filter, a subject, and who reads the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatcherRow {
    pub filter: String,
    pub subject: String,
    pub of: Match,
    /// Who stores it, and which consumers read it there.
    pub readers: Vec<Reader>,
}

/// A stream that stores the subject, or a consumer that reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub stream: Rc<str>,
    /// `None` for the stream itself.
    pub consumer: Option<Rc<str>>,
    /// By which of its subjects or filters.
    pub by: Rc<str>,
}

pub fn row(scene: Scene<'_>) -> MatcherRow {
    let typed = &scene.focus.drawer.matched;
    let (filter, subject) = typed.clone().unwrap_or_else(|| example(scene));
    let readers = readers(&subject, &facts(scene));
    MatcherRow { of: compare(&filter, &subject), readers, filter, subject }
}

/// What is set against each other before anything is typed: a filter of the page and its newest message.
fn example(scene: Scene<'_>) -> (String, String) {
    let newest = |stream: &Stream| {
        let subject = lossy(stream.store().subject_of(stream.store().last_seq())?);
        let filters = stream.visible_consumers().flat_map(|consumer| consumer.filters());
        let mut filters = filters.chain(stream.config.subjects.iter());
        let filter = filters.find(|filter| filter.matches(subject.as_bytes()))?;
        Some((filter.as_str().to_owned(), subject))
    };
    scene.streams().find_map(newest).unwrap_or_else(|| ("orders.*.>".into(), "orders.eu.created".into()))
}

fn readers(subject: &str, streams: &[StreamFacts]) -> Vec<Reader> {
    if !is_valid_filter(subject.as_bytes()) {
        return Vec::new();
    }
    let everything: Rc<str> = ">".into();
    let matching =
        |filters: &[Rc<str>]| filters.iter().find(|filter| matches(filter.as_bytes(), subject.as_bytes())).cloned();
    let mut readers = Vec::new();
    for stream in streams {
        let Some(by) = matching(&stream.subjects) else { continue };
        readers.push(Reader { stream: Rc::clone(&stream.name), consumer: None, by });
        let reads = |consumer: &ConsumerFacts| {
            let all = consumer.filters.is_empty().then(|| Rc::clone(&everything));
            let by = all.or_else(|| matching(&consumer.filters))?;
            Some(Reader { stream: Rc::clone(&stream.name), consumer: Some(Rc::clone(&consumer.name)), by })
        };
        readers.extend(stream.consumers.iter().filter_map(reads).take(SHOWN));
    }
    readers.truncate(SHOWN);
    readers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::presets::Preset;
    use crate::view::Focus;
    use crate::view::drawer::Turn;

    #[test]
    fn every_way_to_match_or_not_is_told() {
        let cases = [
            ("orders.eu", "orders.eu", "equal, equal", "It matches."),
            ("orders.*.>", "orders.eu.a.b", "equal, * is any one token, > is all the rest", "It matches."),
            (
                "orders.>",
                "orders",
                "equal, the subject has ended",
                "It does not match: token 2 is missing in the subject, and the filter has >.",
            ),
            (
                "orders.*",
                "orders.eu.a",
                "equal, * is any one token, the filter has ended",
                "It does not match: token 3 of the subject, a, is one more than the filter has.",
            ),
            (
                "orders.us.>",
                "orders.eu.a",
                "equal, different, > is all the rest",
                "It does not match: token 2 is eu and not us.",
            ),
            ("Orders", "orders", "different", "It does not match: token 1 is orders and not Orders."),
            ("a*", "ab", "different", "It does not match: token 1 is ab and not a*."),
            ("*", "*", "* is any one token", "It matches."),
            ("a", "*", "different", "It does not match: token 1 is * and not a."),
            ("a..b", "a.x.b", "equal, not allowed here, equal", "Tokens between dots must not be empty."),
            ("a.>", "a..b", "equal, not allowed here", "Tokens between dots must not be empty."),
            (">.a", "x.a", "not allowed here, equal", "The wildcard > stands at the end only."),
            ("", "", "not allowed here", "A subject has at least one token."),
        ];
        for (filter, subject, pairs, says) in cases {
            let of = compare(filter, subject);
            let labels: Vec<&str> = of.pairs.iter().map(|pair| pair.meets.label()).collect();
            assert_eq!((labels.join(", ").as_str(), &*of.says.to_string()), (pairs, says), "{filter} {subject}");
        }
    }

    #[test]
    fn the_verdict_is_that_of_the_engine() {
        let words = ["a", "b", "*", ">", ""];
        let subject = |mut number: usize| {
            let mut parts = Vec::new();
            while number > 0 {
                parts.push(words[number % words.len()]);
                number /= words.len();
            }
            parts.join(".")
        };
        for filter in (0..200).map(subject) {
            for subject in (0..200).map(subject) {
                let (a, b) = (filter.as_bytes(), subject.as_bytes());
                let expected = is_valid_filter(a) && is_valid_filter(b) && matches(a, b);
                let of = compare(&filter, &subject);
                assert_eq!(of.is_match, expected, "{filter} {subject}");
                assert_eq!(of.says.to_string() == "It matches.", expected, "{filter} {subject}: {}", of.says);
            }
        }
    }

    #[test]
    fn readers_of_a_subject_are_named() {
        let simulation = Preset::by_key("work-queue").expect("it exists").open();
        let mut focus = Focus::default();
        let row = |focus: &Focus| row(Scene::of(&simulation, focus));
        assert!(row(&focus).of.is_match && row(&focus).of.pairs.len() > 1, "it begins with an example");
        focus.drawer.turn(Turn::Match("orders.>".into(), "orders.us.paid".into()));
        let readers: Vec<String> = row(&focus)
            .readers
            .iter()
            .map(|reader| format!("{} {} {}", reader.stream, reader.consumer.as_deref().unwrap_or("-"), reader.by))
            .collect();
        assert_eq!(readers, ["ORDERS - orders.>", "ORDERS ledger orders.us.>"]);
        focus.drawer.turn(Turn::Match("orders.>".into(), "orders..x".into()));
        assert!(row(&focus).readers.is_empty());
    }
}
