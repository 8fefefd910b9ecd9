//! Why a request was refused: the rule, its code, the field.

use super::consumer::titled;
use super::{Answer, Cause, Confusion, Counter, Mend, Place, Step};
use crate::texts::{counter, why as texts};
use crate::view::form::ApiError;
use crate::view::text::Part::Plain;
use crate::view::{Phrase, consumer_form, stream_form};

/// The rules: code | words of the description | confusions | rule.
const RULES: &str = texts::RULES;

/// The settings and headers that refused messages run into.
const BLAMED: [(&str, &[u64]); 9] = [
    ("max_msg_size", &[10054]),
    ("max_msgs, max_bytes", &[10077]),
    ("Nats-Expected-Stream", &[10060]),
    ("Nats-Expected-Last-Msg-Id", &[10070]),
    ("Nats-Expected-Last-Sequence", &[10071]),
    ("Nats-Expected-Last-Subject-Sequence", &[10164, 10193]),
    ("Nats-TTL", &[10165, 10166]),
    ("Nats-Incr", &[10168, 10169, 10170, 10171]),
    ("Nats-Schedule", &[10188, 10189, 10190, 10191, 10192]),
];

/// Why `error` was answered to the request on `subject`; `field` is the one of the form that it concerns, if there was a
/// form.
pub fn refused(subject: &str, error: &ApiError, field: Option<&str>) -> Answer {
    let (rule, confusions) = rule_of(error.err_code, &error.description);
    let says = refusal(&error.description, error.err_code, &rule);
    let mut answer = Answer::new(Cause::Refused, says);
    let guessed = || field_of(subject, error).or_else(|| blamed_of_code(error.err_code).map(str::to_owned));
    answer.confusions = confusions;
    answer.counters = vec![Counter::number("err_code", error.err_code)];
    answer.counters.extend(field.map(str::to_owned).or_else(guessed).map(|value| Counter::new(counter::FIELD, value)));
    // From a dialog, the field is before the reader's eyes.
    answer.mend = place(subject)
        .filter(|_| field.is_none())
        .map(|(what, place)| Mend { label: texts::EDIT.with([&what]), steps: vec![Step::Open(place)] });
    answer
}

/// What was refused, and by which rule.
pub fn refusal(description: &str, err_code: u64, rule: &str) -> Phrase {
    titled(texts::REFUSED.with([&description, &err_code]), texts::RULE, &[Plain(rule)])
}

/// The rule behind a code, and the confusions that it clears up. A code without a rule of its own says the least.
pub fn rule_of(err_code: u64, description: &str) -> (String, Vec<Confusion>) {
    let code = err_code.to_string();
    let mut rules = RULES.lines().map(|line| line.split('|').collect::<Vec<_>>());
    let found = rules.find(|rule| rule[0] == code && description.contains(rule[1]));
    let Some([_, _, confusions, rule]) = found.as_deref() else {
        return (texts::SERVERS_OWN_WORDS_NAME.to_owned(), Vec::new());
    };
    let numbers = confusions.split(' ').filter_map(|number| number.parse().ok());
    ((*rule).to_owned(), numbers.map(Confusion).collect())
}

/// The setting or header that a refused message ran into.
pub fn blamed_of_code(err_code: u64) -> Option<&'static str> {
    BLAMED.into_iter().find(|(_, codes)| codes.contains(&err_code)).map(|(blamed, _)| blamed)
}

/// The field of a form that the error concerns.
fn field_of(subject: &str, error: &ApiError) -> Option<String> {
    let field = match subject.strip_prefix("$JS.API.")?.split('.').next()? {
        "CONSUMER" => consumer_form::field_of(&consumer_form::create(), error),
        "STREAM" => stream_form::field_of(&stream_form::create(), error),
        _ => None,
    };
    field.map(|key| key.to_string())
}

/// What the request was about, if it exists as the names in its subject say.
fn place(subject: &str) -> Option<(&str, Place)> {
    let names: Vec<&str> = subject.strip_prefix("$JS.API.")?.split('.').collect();
    match *names.as_slice() {
        ["CONSUMER", _, stream, name] => Some((name, Place::Consumer { stream: stream.into(), name: name.into() })),
        ["STREAM", "MSG", _, stream] | ["STREAM", _, stream] => Some((stream, Place::Stream(stream.into()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error;

    #[test]
    fn every_rule_is_of_a_code_that_the_server_has() {
        for line in RULES.lines() {
            let rule: Vec<&str> = line.split('|').collect();
            let [code, _, confusions, text] = rule.as_slice() else { panic!("{line}") };
            let code: u16 = code.parse().expect(line);
            assert!(error::ApiError::ROWS.iter().any(|row| row.err_code == code), "{line}");
            assert!(text.ends_with('.') && text.len() < 140, "{line}");
            let is_number = |number: &str| number.parse().is_ok_and(|number| (1..=43).contains(&number));
            assert!(confusions.is_empty() || confusions.split(' ').all(is_number), "{line}");
        }
        for (_, codes) in BLAMED {
            let known = |code: &u64| error::ApiError::ROWS.iter().any(|row| u64::from(row.err_code) == *code);
            assert!(codes.iter().all(known));
        }
    }
}
