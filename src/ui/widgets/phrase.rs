//! Sentences.

use std::rc::Rc;

use yew::{Callback, Html};

use crate::ui::action::{Action, PageAction};
use crate::view::Phrase;
use crate::view::text::{Span, seq};

use super::does;
use super::element::{Node, button, element, list, text};

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
pub fn linked(of: &Phrase, stream: Option<&Rc<str>>, on: &Callback<Action>) -> Html {
    let Some(stream) = stream else { return phrase(of) };
    list(of.0.iter().map(|span| match span {
        Span::Seq(number) => {
            let words = seq(*number);
            let look = PageAction::Select(Some((Rc::clone(stream), *number)));
            button("link log__seq", words).on_click(does(on, look)).into_html()
        }
        span => phrase(&Phrase(vec![span.clone()])),
    }))
}
