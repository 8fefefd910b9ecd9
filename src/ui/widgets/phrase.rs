//! Sentences.

use yew::Html;

use crate::view::Phrase;
use crate::view::text::{Span, seq};

use super::element::{Node, button, element, list, text};
use super::message;

/// A sentence, each part set as it asks to be.
pub fn phrase(phrase: &Phrase) -> Html {
    list(phrase.0.iter().map(|span| {
        match span {
            Span::Plain(words) => return text(words.clone()),
            Span::Code(words) => element("code", "").text(words.clone()),
            Span::Seq(number) => element("code", "").text(seq(*number)),
            Span::Strong(words) => element("strong", "").text(words.clone()),
        }
        .into_html()
    }))
}

/// A sentence whose sequences are of `stream` and lead to their messages.
pub fn linked(of: &Phrase, stream: Option<&str>) -> Html {
    let Some(stream) = stream else { return phrase(of) };
    list(of.0.iter().map(|span| match span {
        Span::Seq(number) => message(button("link log__seq", seq(*number)), stream, *number).into_html(),
        span => phrase(&Phrase(vec![span.clone()])),
    }))
}
