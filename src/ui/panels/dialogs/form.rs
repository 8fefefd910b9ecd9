//! A form in a dialog: its fields in groups, and the request that comes of them.

use std::rc::Rc;

use web_sys::HtmlDialogElement;
use yew::{Callback, Component, Context, Event, Html, InputEvent, NodeRef, Properties, SubmitEvent};

use crate::texts::page::dialogs as texts;
use crate::ui::action::{Dialog, OnAction, PageAction};
use crate::ui::panels::why;
use crate::ui::widgets::element::{Element, Node, button, element, list};
use crate::ui::widgets::field::{FieldState, Typed, field, plain};
use crate::ui::widgets::menu::{MenuItem, menu};
use crate::ui::widgets::{does, tokens, typed};
use crate::view::form::field::FieldKind;
use crate::view::form::{ApiError, Entry, FieldError, Form};
use crate::view::matcher::compare;
use crate::view::subjects::StreamFacts;
use crate::view::why::refused;

use super::help::help;
use super::preview::Outcome;
use super::remove::remove;
use super::share::share;
use super::{OpenDialog, preview};

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub open: OpenDialog,
    pub on_action: OnAction,
}

/// The browser's own modal dialog: it keeps the focus, and the escape key closes it. Holds what is typed until it is
/// sent.
pub struct DialogBox {
    element: NodeRef,
    dialog: Dialog,
    /// `None` for the help.
    form: Option<Form>,
    /// Whether sending was tried: what is wrong is shown from then on.
    is_tried: bool,
    /// The error of the last request, until its field is changed.
    refusal: Option<ApiError>,
    /// A subject that is tried on what is typed.
    tried: String,
    /// Groups that are opened because something in them is wrong.
    opened: Vec<Rc<str>>,
    /// Whether it was asked why the last request was refused.
    is_why: bool,
}

pub enum Msg {
    Typed(Rc<str>, String),
    /// For a consumer: of which stream.
    Stream(String),
    Why,
    Try(String),
    Send,
}

impl Component for DialogBox {
    type Message = Msg;
    type Properties = DialogProps;

    fn create(ctx: &Context<Self>) -> Self {
        let open = &ctx.props().open;
        Self {
            element: NodeRef::default(),
            dialog: open.dialog.clone(),
            form: open.form.as_deref().cloned(),
            is_tried: false,
            refusal: open.error.clone(),
            tried: String::new(),
            opened: Vec::new(),
            is_why: false,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &DialogProps) -> bool {
        self.refusal = ctx.props().open.error.clone();
        self.open_what_is_wrong();
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let Some(form) = &mut self.form else { return false };
        match msg {
            Msg::Typed(key, value) => {
                let blamed = self.refusal.as_ref().and_then(|error| preview::field_of(&self.dialog, form, error));
                if blamed.is_none_or(|blamed| blamed == key) {
                    self.refusal = None;
                }
                form.set(&key, value);
            }
            Msg::Why => self.is_why = !self.is_why,
            Msg::Try(subject) => self.tried = subject,
            Msg::Stream(stream) => self.dialog = Dialog::NewConsumer(stream.into()),
            Msg::Send => {
                self.is_tried = true;
                self.refusal = None;
                if let Ok(outcome) = preview::outcome(&self.dialog, form) {
                    ctx.props().on_action.emit(outcome.into());
                }
                self.open_what_is_wrong();
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let on = &ctx.props().on_action;
        let on_cancel = on.reform(|event: Event| {
            event.prevent_default();
            PageAction::CloseDialog.into()
        });
        let title = element("h2", "dialog__title").attr("id", "dialog-title").text(title(&self.dialog));
        let content = match (&self.form, &self.dialog) {
            (Some(form), _) => self.form(ctx, form),
            (None, Dialog::Remove { does, says }) => remove(does, says, on),
            (None, Dialog::Share(rows)) => {
                share(rows, self.refusal.as_ref().map(|error| error.description.as_str()), on)
            }
            (None, _) => help(on),
        };
        element("dialog", "dialog")
            .node_ref(&self.element)
            .attr("aria-labelledby", "dialog-title")
            .on_cancel(on_cancel)
            .with(title)
            .with(content)
            .into_html()
    }

    fn rendered(&mut self, _ctx: &Context<Self>, first_render: bool) {
        if let Some(element) = self.element.cast::<HtmlDialogElement>().filter(|_| first_render) {
            // It fails only where the element is open already or gone.
            let _ = element.show_modal();
        }
    }
}

impl DialogBox {
    /// Opens the groups with errors, for good: they must not close while the error is mended.
    fn open_what_is_wrong(&mut self) {
        let Some(form) = &self.form else { return };
        let errors = self.errors(form, &preview::outcome(&self.dialog, form));
        let is_wrong = |entry: &&Entry| errors.iter().any(|error| error.key.as_ref() == Some(&entry.key));
        self.opened.extend(form.entries.iter().filter(is_wrong).map(|entry| Rc::clone(&entry.group)));
    }

    fn form(&self, ctx: &Context<Self>, form: &Form) -> Element {
        let DialogProps { open, on_action: on } = ctx.props();
        let outcome = preview::outcome(&self.dialog, form);
        let checks = list(preview::checks(&self.dialog, form, &open.facts).iter().map(tokens::check));
        let checks = list([checks, self.trial(ctx, form)]);
        let errors = self.errors(form, &outcome);
        let on_typed = ctx.link().callback(|(key, value)| Msg::Typed(key, value));
        let on_submit = ctx.link().callback(|event: SubmitEvent| {
            event.prevent_default();
            Msg::Send
        });
        let groups = form.entries.chunk_by(|entry, next| entry.group == next.group);
        // As it was filled when the dialog opened: no group may close while it is typed into.
        let is_changed = |entry: &Entry| {
            let filled = open.form.iter().flat_map(|form| &form.entries);
            filled.filter(|filled| filled.key == entry.key).any(Entry::is_changed)
        };
        let body = element("div", "dialog__body")
            .with(self.stream_choice(ctx))
            .each(groups.enumerate().map(|(place, entries)| {
                let is_open = place < 2 || entries.iter().any(is_changed) || self.opened.contains(&entries[0].group);
                group(form, entries, is_open, &errors, &checks, &on_typed)
            }))
            .with(request(&outcome));
        let foot =
            element("div", "dialog__foot")
                .with(element("div", "dialog__error").attr("role", "alert").each(errors.iter().map(summary)).with(
                    open.warned.as_ref().map(|(says, _)| element("p", "").text(texts::SEND_AGAIN_GO.with([&says]))),
                ))
                .with(self.why(ctx, form))
                .with(removal(&self.dialog, on))
                .with(button("button", texts::CANCEL).on_click(does(on, PageAction::CloseDialog)))
                .with(button("button button--main", verb(&self.dialog, form)).attr("type", "submit"));
        element("form", "dialog__form").flag("novalidate", true).on_submit(on_submit).with(body).with(foot)
    }

    /// Why the last request was refused, once that is asked.
    fn why(&self, ctx: &Context<Self>, form: &Form) -> Option<Element> {
        let error = self.refusal.as_ref()?;
        let field = preview::field_of(&self.dialog, form, error);
        let subject =
            if matches!(self.dialog, Dialog::NewStream | Dialog::EditStream(_)) { "$JS.API.STREAM." } else { "" };
        let on_click = ctx.link().callback(|_| Msg::Why);
        let ask = button("button button--small why__ask", texts::WHY)
            .label(texts::WHY_REFUSED)
            .state("aria-expanded", self.is_why)
            .on_click(on_click);
        let answer = || why::answer(&refused(subject, error, field.as_deref()), true, &ctx.props().on_action);
        Some(element("div", "dialog__why").with(ask).with(self.is_why.then(answer)))
    }

    /// What is wrong: the server's word, and once sending was tried, what cannot be read.
    fn errors(&self, form: &Form, outcome: &Result<Outcome, Vec<FieldError>>) -> Vec<FieldError> {
        let mut errors = match outcome {
            Err(errors) if self.is_tried => errors.clone(),
            _ => Vec::new(),
        };
        if let Some(error) = &self.refusal {
            let key = preview::field_of(&self.dialog, form, error);
            errors.push(FieldError { key, says: format!("{} ({})", error.description, error.err_code) });
        }
        errors
    }

    /// A subject set against what is typed, where subjects or filters are.
    fn trial(&self, ctx: &Context<Self>, form: &Form) -> Html {
        let lines = [form.lines("subjects"), form.lines("filter_subjects")].concat();
        if lines.is_empty() {
            return Html::default();
        }
        let tries = if self.tried.is_empty() { Vec::new() } else { lines };
        let input = element("input", "input")
            .attr("placeholder", texts::TRY_SUBJECT_SUCH_AS)
            .label(texts::TRY_SUBJECT)
            .value(&self.tried)
            .on_input(ctx.link().callback(|event: InputEvent| Msg::Try(typed(&event))));
        element("div", "match__trial")
            .with(plain(input))
            .each(tries.iter().map(|filter| tokens::matched(&compare(filter, &self.tried))))
            .into_html()
    }

    fn stream_choice(&self, ctx: &Context<Self>) -> Option<Element> {
        let Dialog::NewConsumer(chosen) = &self.dialog else { return None };
        let on_change = ctx.link().callback(|event: Event| Msg::Stream(typed(&event)));
        let option = |facts: &StreamFacts| {
            let name = &facts.name;
            element("option", "").attr("value", Rc::clone(name)).flag("selected", name == chosen).text(Rc::clone(name))
        };
        let choice = element("select", "input")
            .attr("id", "field-stream")
            .on_change(on_change)
            .each(ctx.props().open.facts.iter().map(option));
        let field = element("div", "field")
            .with(element("label", "field__label").attr("for", "field-stream").text(texts::STREAM))
            .with(choice)
            .with(element("p", "field__help").text(texts::WHERE_MESSAGES_COME_FROM));
        Some(field)
    }
}

fn group(
    form: &Form,
    entries: &[Entry],
    is_open: bool,
    errors: &[FieldError],
    checks: &Html,
    on_typed: &Callback<Typed>,
) -> Element {
    let one = |entry: &Entry| {
        let said = errors.iter().find(|error| error.key.as_ref() == Some(&entry.key)).map(|error| error.says.clone());
        let is_checked = entry.field.kind == FieldKind::Subjects && entry.key.contains("subjects");
        let state = FieldState {
            is_locked: form.is_locked(entry),
            error: said.or_else(|| entry.field.read(&entry.value).err().map(str::to_owned)),
            checks: if is_checked { checks.clone() } else { Html::default() },
        };
        field(entry, state, on_typed)
    };
    let names: Vec<&str> = entries.iter().map(|entry| entry.field.key).collect();
    let summary = element("summary", "dialog__group")
        .text(Rc::clone(&entries[0].group))
        .with(element("span", "dialog__names").text(names.join(", ")));
    element("details", "dialog__part")
        .key(&*entries[0].group)
        .flag("open", is_open)
        .with(summary)
        .with(element("div", "dialog__fields").each(entries.iter().map(one)))
}

fn verb(dialog: &Dialog, form: &Form) -> &'static str {
    match (dialog, form.is_edit()) {
        (Dialog::NewPublisher | Dialog::NewWorker { .. }, _) => texts::ADD,
        (Dialog::EditPublisher(_) | Dialog::EditWorker { .. }, _) => texts::SAVE,
        (_, false) => texts::CREATE,
        (_, true) => texts::UPDATE,
    }
}

pub fn title(dialog: &Dialog) -> String {
    match dialog {
        Dialog::NewStream => texts::NEW_STREAM.into(),
        Dialog::EditStream(name) => texts::STREAM_TITLE.with([&name]),
        Dialog::NewConsumer(_) => texts::NEW_CONSUMER.into(),
        Dialog::EditConsumer { stream, name } => texts::CONSUMER_ON.with([&name, &stream]),
        Dialog::NewPublisher => texts::NEW_PUBLISHER.into(),
        Dialog::EditPublisher(_) => texts::PUBLISHER.into(),
        Dialog::NewWorker { consumer, .. } => texts::NEW_WORKER.with([&consumer]),
        Dialog::EditWorker { consumer, .. } => texts::WORKER_OF.with([&consumer]),
        Dialog::Remove { .. } => texts::REMOVE_TITLE.into(),
        Dialog::Share(_) => texts::SHARE_EXPORT_IMPORT.into(),
        Dialog::Help => texts::SIGNS_KEYS.into(),
    }
}

/// The request, letter for letter.
fn request(outcome: &Result<Outcome, Vec<FieldError>>) -> Option<Element> {
    let Ok(Outcome::Request(request)) = outcome else { return None };
    let sent = element("pre", "dialog__json")
        .attr("tabindex", "0")
        .attr("role", "region")
        .label(texts::SUBJECT_BODY)
        .with(element("b", "").text(request.subject.clone()))
        .text(format!("\n{}", request.body));
    let title = element("h3", "dialog__group").text(texts::WHAT_SENT);
    Some(element("section", "").label(texts::REQUEST).with(title).with(sent))
}

/// An error for the foot of the dialog, where it is seen however far the fields are scrolled.
fn summary(error: &FieldError) -> Element {
    let key = error.key.as_ref().map(|key| element("b", "").text(format!("{key}: ")));
    element("p", "").with(key).text(error.says.clone())
}

fn removal(dialog: &Dialog, on: &OnAction) -> Option<Html> {
    let remove = preview::removal(dialog)?;
    let label = match dialog {
        Dialog::EditStream(_) => texts::DELETE_STREAM_MESSAGES_CONSUMERS,
        Dialog::EditConsumer { .. } => texts::DELETE_CONSUMER_MESSAGES_STAY,
        _ => texts::TAKE_OFF_PAGE,
    };
    let items = vec![MenuItem::new(label, remove)];
    Some(menu("dialog-remove", "button button--quiet dialog__remove", texts::DELETE, texts::DELETE, items, on))
}
