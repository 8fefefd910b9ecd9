//! Subjects, token by token.

use crate::engine::subject::collide;
use crate::texts::page::widgets as texts;
use crate::view::matcher::{Match, Pair};
use crate::view::subjects::{SubjectCheck, Token, TokenKind, Weight};

use super::element::{Element, element};
use super::phrase::phrase;

/// A subject as chips. Where `other` stands beside it, the tokens that can be the same are lit.
pub fn tokens(row: &[Token], other: &[Token]) -> Element {
    let token = |(place, token): (usize, &Token)| {
        let kind = match token.kind {
            TokenKind::Literal => "",
            TokenKind::One | TokenKind::Rest => " tokens__token--wild",
            TokenKind::Wrong => " tokens__token--wrong",
        };
        let lit = if can_meet(token, place, other) { " tokens__token--lit" } else { "" };
        let text = if token.text.is_empty() { "∅".into() } else { token.text.clone() };
        element("li", format!("tokens__token{kind}{lit}")).title(token.kind.label()).text(text)
    };
    element("ol", "tokens").each(row.iter().enumerate().map(token))
}

/// Whether `token` at `place` and what the other subject has there can be the same.
fn can_meet(token: &Token, place: usize, other: &[Token]) -> bool {
    let at_place = other.get(place).or_else(|| other.last().filter(|last| last.kind == TokenKind::Rest));
    at_place.is_some_and(|other| collide(token.text.as_bytes(), other.text.as_bytes()))
}

/// What was found about a typed subject, set against what it is about.
pub fn check(row: &SubjectCheck) -> Element {
    let Some(finding) = &row.finding else {
        return element("div", "check").with(tokens(&row.tokens, &[]));
    };
    let is_clash = finding.weight == Weight::Clash;
    let warning = is_clash.then(|| element("strong", "").text(texts::WILL_REFUSED).text(" "));
    let against = (!finding.against.is_empty()).then(|| tokens(&finding.against, &row.tokens));
    element("div", if is_clash { "check check--clash" } else { "check" })
        .with(tokens(&row.tokens, &finding.against))
        .with(element("p", "check__says").with(warning).with(phrase(&finding.says)).with(err_code(finding.err_code)))
        .with(against)
}

fn err_code(err_code: u16) -> Option<Element> {
    (err_code > 0).then(|| element("span", "muted").text([" (", &err_code.to_string(), ")"].concat()))
}

/// A filter set against a subject: token under token, and the verdict.
pub fn matched(row: &Match) -> Element {
    let pair = |pair: &Pair| {
        let filter = pair.filter.as_ref().map(|token| &*token.text);
        let class = if pair.meets.is_met() { "match__pair" } else { "match__pair match__pair--unmet" };
        element("li", class)
            .with(chip(filter))
            .with(chip(pair.subject.as_deref()))
            .with(element("span", "match__says").text(pair.meets.label()))
    };
    element("div", "match")
        .with(element("ol", "match__pairs").label(texts::TOKEN_TOKEN).each(row.pairs.iter().map(pair)))
        .with(element("p", "match__verdict").attr("role", "status").with(phrase(&row.says)))
}

fn chip(text: Option<&str>) -> Element {
    match text {
        None => element("span", "match__none").text("–"),
        Some(text) => element("code", "tokens__token").text(if text.is_empty() { "∅" } else { text }.to_owned()),
    }
}
