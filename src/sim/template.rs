//! Texts with blanks to fill in: subjects and payloads of scripted publishers.
//!
//! `{n}` is the number of the message, `{a|b|c}` one of the words by chance, `{1..9}` a number by chance. Anything else
//! in braces stays as it is, so that JSON needs no escapes.

use crate::engine::rng::Rng;

/// Fills in the blanks of `template` for message `number`.
pub fn expand(template: &str, number: u64, rng: &mut Rng) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let inner_start = open + 1;
        let close = rest[inner_start..].find(['{', '}']).map(|at| inner_start + at);
        match close.filter(|close| rest[*close..].starts_with('}')) {
            Some(close) if let Some(filled) = fill(&rest[inner_start..close], number, rng) => {
                out.push_str(&filled);
                rest = &rest[close + 1..];
            }
            _ => {
                out.push('{');
                rest = &rest[inner_start..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether what fills a blank of `template` is chosen by chance.
pub fn is_by_chance(template: &str) -> bool {
    let mut rng = Rng::new(0);
    let before = rng.clone();
    expand(template, 1, &mut rng);
    rng != before
}

fn fill(blank: &str, number: u64, rng: &mut Rng) -> Option<String> {
    if blank == "n" {
        return Some(number.to_string());
    }
    if let Some((low, high)) = blank.split_once("..") {
        let (low, high): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
        let span = high.checked_sub(low)?.checked_add(1)?;
        return Some((low + rng.below(span)).to_string());
    }
    // A JSON object has quotes; a choice has not.
    if !blank.contains('|') || blank.contains('"') {
        return None;
    }
    let words: Vec<&str> = blank.split('|').collect();
    Some(words[rng.below(words.len() as u64) as usize].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_by_chance_and_numbers_are_not() {
        for template in ["{a|b}", "x{1..9}", "{n}{a|b}"] {
            assert!(is_by_chance(template), "{template}");
        }
        for template in ["", "{n}", "{a}", r#"{"a":"x|y"}"#, "a.b"] {
            assert!(!is_by_chance(template), "{template}");
        }
    }

    #[test]
    fn fills_what_it_knows_and_leaves_the_rest() {
        for (template, expected) in [
            ("orders.{n}", "orders.7"),
            (r#"{"order":{n}}"#, r#"{"order":7}"#),
            (r#"{"a":"x|y"}"#, r#"{"a":"x|y"}"#),
            ("{3..3}", "3"),
            ("{x|x}.{", "x.{"),
            ("{}", "{}"),
            ("{9..1}", "{9..1}"),
        ] {
            assert_eq!(expand(template, 7, &mut Rng::new(1)), expected, "{template}");
        }
        let mut rng = Rng::new(1);
        assert!((0..20).all(|_| ["eu", "us"].contains(&expand("{eu|us}", 1, &mut rng).as_str())));
    }
}
