//! Sentences.

use yew::Html;

use crate::view::Phrase;
use crate::view::text::Span;

use super::element::{Node, element, list, text};

/// A sentence, each part set as it asks to be.
pub fn phrase(phrase: &Phrase) -> Html {
    list(phrase.0.iter().map(|span| match span {
        Span::Plain(words) => text(words.clone()),
        Span::Code(words) => element("code", "").text(words.clone()).into_html(),
        Span::Strong(words) => element("strong", "").text(words.clone()).into_html(),
    }))
}
