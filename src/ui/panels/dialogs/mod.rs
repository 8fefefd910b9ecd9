//! The dialogs: forms for streams, consumers and scripted clients, and the help.

mod form;
mod help;
mod preview;
mod remove;
mod share;

pub use form::{DialogBox, DialogProps, title};
pub use preview::form as form_of;

use std::rc::Rc;

use crate::ui::action::Dialog;
use crate::view::form::{ApiError, Form};
use crate::view::subjects::StreamFacts;

/// A dialog that is open.
#[derive(Clone)]
pub struct OpenDialog {
    pub dialog: Dialog,
    /// As it was filled when it opened; `None` for one without a form.
    pub form: Option<Rc<Form>>,
    /// What subjects are checked against.
    pub facts: Rc<[StreamFacts]>,
    /// What the server said to its last request.
    pub error: Option<ApiError>,
    /// How many requests it has sent.
    pub requests: u32,
    /// What a request would remove, and its body: it is sent when it is asked for again.
    pub warned: Option<(Rc<str>, String)>,
}

impl PartialEq for OpenDialog {
    fn eq(&self, other: &Self) -> bool {
        let forms = match (&self.form, &other.form) {
            (Some(form), Some(other)) => Rc::ptr_eq(form, other),
            (form, other) => form.is_none() == other.is_none(),
        };
        // Facts are gathered anew for each dialog that opens, so they tell two of them apart.
        forms && self.requests == other.requests && Rc::ptr_eq(&self.facts, &other.facts)
    }
}
