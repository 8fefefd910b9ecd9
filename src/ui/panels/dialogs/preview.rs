//! What a form is about to do, and what hinders it.

use std::rc::Rc;

use crate::sim::command::Command;
use crate::sim::world::World;
use crate::ui::action::{Action, Dialog};
use crate::view::form::{ApiError, ApiRequest, FieldError, Form};
use crate::view::subjects::{StreamFacts, SubjectCheck, check_filters, check_subjects};
use crate::view::{consumer_form, script_form, stream_form};

/// The filled form of a dialog; `None` for one without a form, or for a thing that is gone.
pub fn form(dialog: &Dialog, world: &World) -> Option<Form> {
    match dialog {
        Dialog::NewStream => Some(stream_form::create()),
        Dialog::EditStream(name) => stream_form::of(world, name),
        Dialog::NewConsumer(_) => Some(consumer_form::create()),
        Dialog::EditConsumer { stream, name } => consumer_form::of(world, stream, name),
        Dialog::NewPublisher => Some(script_form::new_publisher()),
        Dialog::NewWorker { .. } => Some(script_form::new_worker()),
        Dialog::EditPublisher(client) | Dialog::EditWorker { worker: client, .. } => script_form::of(world, *client),
        Dialog::Help | Dialog::Share(_) | Dialog::Remove { .. } => None,
    }
}

/// What the form does when it is sent.
pub enum Outcome {
    /// A request to the server, to be shown letter for letter.
    Request(ApiRequest),
    Command(Command),
}

impl From<Outcome> for Rc<Action> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Request(request) => request.into(),
            Outcome::Command(command) => command.into(),
        }
    }
}

/// What the form does when it is sent.
///
/// # Errors
/// What cannot be read.
pub fn outcome(dialog: &Dialog, form: &Form) -> Result<Outcome, Vec<FieldError>> {
    let command = match dialog {
        Dialog::NewStream | Dialog::EditStream(_) => return stream_form::request(form).map(Outcome::Request),
        Dialog::NewConsumer(stream) | Dialog::EditConsumer { stream, .. } => {
            return consumer_form::request(stream, form).map(Outcome::Request);
        }
        Dialog::NewPublisher => {
            let (name, script) = script_form::publisher(form)?;
            Command::AddPublisher { name, script }
        }
        Dialog::EditPublisher(publisher) => {
            let (name, script) = script_form::publisher(form)?;
            Command::SetPublisherScript { publisher: *publisher, name, script }
        }
        Dialog::NewWorker { stream, consumer } => {
            let (name, script) = script_form::worker(form)?;
            Command::AddWorker { name, stream: stream.to_string(), consumer: consumer.to_string(), script }
        }
        Dialog::EditWorker { worker, .. } => {
            let (name, script) = script_form::worker(form)?;
            Command::SetWorkerScript { worker: *worker, name, script }
        }
        Dialog::Help | Dialog::Share(_) | Dialog::Remove { .. } => return Err(Vec::new()),
    };
    Ok(Outcome::Command(command))
}

/// What takes the thing away that is edited; `None` for a new one.
pub fn removal(dialog: &Dialog) -> Option<Rc<Action>> {
    let request = |subject: String| Some(ApiRequest { subject, body: String::new() }.into());
    match dialog {
        Dialog::EditStream(name) => request(format!("$JS.API.STREAM.DELETE.{name}")),
        Dialog::EditConsumer { stream, name } => request(format!("$JS.API.CONSUMER.DELETE.{stream}.{name}")),
        Dialog::EditPublisher(client) | Dialog::EditWorker { worker: client, .. } => {
            Some(Command::RemoveClient { client: *client }.into())
        }
        _ => None,
    }
}

/// The field that the server's `error` is about.
pub fn field_of(dialog: &Dialog, form: &Form, error: &ApiError) -> Option<Rc<str>> {
    match dialog {
        Dialog::NewStream | Dialog::EditStream(_) => stream_form::field_of(form, error),
        Dialog::NewConsumer(_) | Dialog::EditConsumer { .. } => consumer_form::field_of(form, error),
        _ => None,
    }
}

/// What is found about the subjects or filters that are typed.
pub fn checks(dialog: &Dialog, form: &Form, facts: &[StreamFacts]) -> Vec<SubjectCheck> {
    match dialog {
        Dialog::NewStream | Dialog::EditStream(_) => {
            check_subjects(form.value("name"), &form.lines("subjects"), form.is_on("no_ack"), facts)
        }
        Dialog::NewConsumer(stream) | Dialog::EditConsumer { stream, .. } => {
            let Some(stream) = facts.iter().find(|facts| facts.name == *stream) else { return Vec::new() };
            check_filters(form.value("name"), &form.lines("filter_subjects"), stream)
        }
        _ => Vec::new(),
    }
}
