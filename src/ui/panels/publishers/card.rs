//! One publisher: its draft, ready to be sent, and the last answer.

use std::rc::Rc;

use yew::{Callback, Event, Html, SubmitEvent};

use crate::engine::table::Id;
use crate::sim::actor::{ActorId, Draft, PublisherScript};
use crate::sim::command::Command;
use crate::texts::form::ONE_HEADER_LINE_NAME;
use crate::texts::page::publishers as texts;
use crate::ui::action::{Dialog, OnAction, PageAction};
use crate::ui::panels::{card_head, why};
use crate::ui::widgets::element::{Element, Node, button, element};
use crate::ui::widgets::field::plain;
use crate::ui::widgets::memo::{Draw, memo};
use crate::ui::widgets::phrase::phrase;
use crate::ui::widgets::{does, field_of, set_property, set_value, string, tags, typed, value_of};
use crate::view::Tag;
use crate::view::publishers::{EVERY, PublishReply, PublisherRow, ReplyKind};
use crate::view::script_form::{HEADERS, read_headers, write_headers};
use crate::view::why::Ask;

#[derive(PartialEq)]
pub struct Card {
    pub row: Rc<PublisherRow>,
    pub on_action: OnAction,
}

impl Draw for Card {
    fn draw(&self) -> Html {
        let (row, on) = (&self.row, &self.on_action);
        let form = memo("draft", DraftForm { row: Rc::clone(row), on_action: on.clone() });
        // What publishes by itself needs no form before its eyes.
        let form = if row.script.every.is_some() {
            let summary = element("summary", "publishers__more").text(texts::MESSAGE);
            element("details", "").with(summary).with(form).into_html()
        } else {
            form
        };
        let kind = element("span", "card__kind").text(state(row));
        element("article", "card publishers__card")
            .label(texts::PUBLISHER.with([&row.name]))
            .with(card_head(&row.name, kind, texts::EDIT_PUBLISHER, Dialog::EditPublisher(row.id), on))
            .with(row.script.every.map(|_| script(row)))
            .with(form)
            .with(buttons(row, on))
            .with(element("div", "").attr("aria-live", "polite").with(row.reply.as_ref().map(|of| reply(row, of, on))))
            .with(row.why.as_ref().map(|of| why::answer(of, true, on)))
            .into_html()
    }
}

fn state(row: &PublisherRow) -> &'static str {
    match (row.is_running, row.script.every.is_some()) {
        (true, _) => texts::RUNS,
        (false, true) => texts::PAUSED,
        (false, false) => "",
    }
}

fn script(row: &PublisherRow) -> Element {
    tags(&[Tag::subject(row.script.draft.subject.clone()), Tag::word(texts::EVERY.with([&row.every]))])
}

/// What is sent, open to be changed. Drawn again only for another script, so that what is typed stays until then.
struct DraftForm {
    row: Rc<PublisherRow>,
    on_action: OnAction,
}

impl PartialEq for DraftForm {
    fn eq(&self, other: &Self) -> bool {
        let (row, other) = (&self.row, &other.row);
        row.id == other.id && row.name == other.name && row.script == other.script
    }
}

impl Draw for DraftForm {
    fn draw(&self) -> Html {
        let (on, row) = (self.on_action.clone(), Rc::clone(&self.row));
        let on_submit = move |event: SubmitEvent| {
            event.prevent_default();
            let Some(draft) = typed_draft(&event) else { return on.emit(PageAction::Say(ONE_HEADER_LINE_NAME).into()) };
            let button = event.submitter().and_then(|button| string(&button, "value"));
            for command in commands(&row, draft, button.as_deref()) {
                on.emit(command.into());
            }
        };
        let draft = &self.row.script.draft;
        let subject = self.input("subject", &draft.subject);
        let subject = subject.flag("required", true).attr("pattern", r"\S+").title(texts::NO_BLANKS_COUNTS_MESSAGES);
        let optional = element("span", "muted").text(texts::OPTIONAL);
        element("form", "")
            .attr("id", form_id(self.row.id))
            .on_submit(on_submit.into())
            .with(self.label("subject", texts::SUBJECT))
            .with(subject)
            .with(self.label("payload", texts::PAYLOAD))
            .with(self.input("payload", &draft.payload).title(texts::COUNTS_MESSAGES))
            .with(self.label("msg-id", MSG_ID).with(optional))
            .with(self.input("msg-id", &draft.msg_id).title(texts::COUNTS_MESSAGES))
            .with(self.headers(&draft.headers))
            .into_html()
    }
}

/// What is typed into the form; `None` where a line is no header.
fn typed_draft(event: &SubmitEvent) -> Option<Draft> {
    Some(Draft {
        subject: value_of(event, "[name=subject]").trim().into(),
        payload: value_of(event, "[name=payload]"),
        msg_id: value_of(event, "[name=msg-id]").trim().into(),
        headers: read_headers(&value_of(event, "[name=headers]"))?,
    })
}

const MSG_ID: &str = "Nats-Msg-Id";

/// What the choice of examples shows while none is picked.
const ADD: &str = texts::ADD;

/// Appends the example that was picked.
fn add_header(event: Event) {
    let Some(lines) = field_of(&event, "[name=headers]") else { return };
    let typed = string(&lines, "value").unwrap_or_default();
    let by = if typed.is_empty() || typed.ends_with('\n') { "" } else { "\n" };
    set_property(&lines, "value", &[&typed, by, &self::typed(&event)].concat());
    set_value(&event, ADD);
}

/// The value of the button that lets a publisher run.
const RUN: &str = "run";

/// What a button of the form asks for: to publish so many, or to run.
fn commands(row: &PublisherRow, draft: Draft, button: Option<&str>) -> Vec<Command> {
    let publisher = row.id;
    if button == Some(RUN) {
        let every = row.script.every.or(Some(EVERY));
        let script = PublisherScript { draft, every, ..row.script };
        let set = Command::SetPublisherScript { publisher, name: row.name.to_string(), script };
        return vec![set, Command::PausePublisher { publisher, is_paused: false }];
    }
    let times = button.and_then(|value| value.parse().ok()).unwrap_or(1);
    vec![Command::Publish { publisher, draft, times }]
}

impl DraftForm {
    /// The headers, folded away while there are none, and examples of them to pick from.
    fn headers(&self, headers: &[(String, String)]) -> Element {
        let lines = plain(element("textarea", "input input--lines"))
            .attr("id", self.input_id("headers"))
            .attr("name", "headers")
            .attr("rows", "3")
            .attr("placeholder", texts::NAME_VALUE)
            .value(&write_headers(headers));
        let examples = [ADD].into_iter().chain(HEADERS.lines());
        let example = |text: &'static str| element("option", "").flag("selected", text == ADD).text(text);
        let pick = element("select", "input input--choice")
            .label(texts::ADD_HEADER)
            .on_change(Callback::from(add_header))
            .each(examples.map(example));
        element("details", "publishers__headers")
            .flag("open", !headers.is_empty())
            .with(element("summary", "publishers__more").text(texts::HEADERS))
            .with(self.label("headers", texts::ONE_LINE))
            .with(lines)
            .with(pick)
    }

    fn label(&self, name: &'static str, text: &'static str) -> Element {
        element("label", "field__label").attr("for", self.input_id(name)).text(text)
    }

    fn input(&self, name: &'static str, value: &str) -> Element {
        plain(element("input", "input").attr("id", self.input_id(name)).attr("name", name).value(value))
    }

    fn input_id(&self, name: &str) -> String {
        format!("{}-{name}", form_id(self.row.id))
    }
}

fn form_id(publisher: ActorId) -> String {
    format!("publisher-{}", publisher.index())
}

fn buttons(row: &PublisherRow, on: &OnAction) -> Element {
    let is_scripted = row.script.every.is_some();
    let main = if is_scripted { "button publishers__publish" } else { "button button--main publishers__publish" };
    let sends = |class, label: String, value| {
        button(class, label).attr("type", "submit").attr("form", form_id(row.id)).attr("value", value)
    };
    // Two elements, or the click that stops would send the form: the page is drawn again before the click is over.
    let run = if row.is_running {
        button("button", texts::STOP)
            .key("stop")
            .label(texts::STOP_PUBLISHING_EVERY.with([&row.every]))
            .on_click(does(on, Command::PausePublisher { publisher: row.id, is_paused: true }))
    } else {
        let label = if is_scripted { texts::RUN.into() } else { row.every.clone() };
        let name = texts::RUN_PUBLISH_EVERY.with([&row.every]);
        sends("button", label, RUN).key("run").label(name.clone()).title(name)
    };
    element("div", "publishers__buttons")
        .with(sends(main, texts::PUBLISH.into(), "1"))
        .with(sends("button", "×10".into(), "10").label(texts::PUBLISH_10_TIMES).title(texts::PUBLISH_10_TIMES))
        .with(run)
}

fn reply(row: &PublisherRow, reply: &PublishReply, on: &OnAction) -> Element {
    let class = match reply.kind {
        ReplyKind::Stored => "reply reply--good",
        ReplyKind::Duplicate | ReplyKind::Open => "reply reply--note",
        ReplyKind::Refused | ReplyKind::NoResponders => "reply reply--bad",
    };
    let name = || texts::WHY_MESSAGE_NOT_STORED.with([&row.name]);
    let ask = || why::button_for(Ask::Publisher(row.id), row.why.is_some(), name(), on);
    let has_why = !matches!(reply.kind, ReplyKind::Stored | ReplyKind::Open);
    element("p", class)
        .with(element("b", "").text(reply.kind.label()))
        .text(" ")
        .with(phrase(&reply.says))
        .with(has_why.then(ask))
}
