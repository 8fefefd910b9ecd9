//! The clients of a scenario: what its steps call them, and what they were told last.
//!
//! Clients get their ids in the order of their making, so a name says which id its client will have.

use super::members::short;
use super::{MAX_CLIENTS, ScenarioError};
use crate::engine::table::Id;
use crate::sim::actor::{ActorId, PublisherScript, WorkerScript};
use crate::texts::scenario as texts;

/// The page's own client is the first actor.
const FIRST_CLIENT: u32 = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cast {
    clients: Vec<Client>,
    /// Clients from outside.
    attached: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// What steps call it.
    id: String,
    pub name: String,
    pub script: Script,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Publisher(PublisherScript),
    Worker(WorkerScript),
}

impl Client {
    /// # Errors
    /// It is a worker.
    pub fn publisher(&mut self) -> Result<&mut PublisherScript, ScenarioError> {
        match &mut self.script {
            Script::Publisher(script) => Ok(script),
            Script::Worker(_) => Err(ScenarioError::new(texts::WORKER_NOT_PUBLISHER.with([&short(&self.id)]))),
        }
    }

    /// # Errors
    /// It is a publisher.
    pub fn worker(&mut self) -> Result<&mut WorkerScript, ScenarioError> {
        match &mut self.script {
            Script::Worker(script) => Ok(script),
            Script::Publisher(_) => Err(ScenarioError::new(texts::PUBLISHER_NOT_WORKER.with([&short(&self.id)]))),
        }
    }
}

impl Cast {
    /// # Errors
    /// The id is taken, or there are too many.
    pub fn add(&mut self, id: String, name: String, script: Script) -> Result<(), ScenarioError> {
        if self.clients.iter().any(|client| client.id == id) {
            return Err(ScenarioError::new(texts::TWO_CLIENTS_CALLED_GIVE.with([&short(&id)])));
        }
        if self.clients.len() >= MAX_CLIENTS {
            return Err(ScenarioError::new(texts::THERE_MORE_THAN_CLIENTS.with([&MAX_CLIENTS])));
        }
        self.clients.push(Client { id, name, script });
        Ok(())
    }

    /// Adds one under its name, or, if that is taken, under a name that is not.
    ///
    /// # Errors
    /// There are too many.
    pub fn add_unnamed(&mut self, name: &str, script: Script) -> Result<String, ScenarioError> {
        let is_free = |id: &String| self.clients.iter().all(|client| client.id != *id);
        let numbered = (2..).map(|number| format!("{name} {number}"));
        let id = std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
        self.add(id.clone(), name.to_owned(), script)?;
        Ok(id)
    }

    /// # Errors
    /// Nobody is called that.
    pub fn named(&mut self, id: &str) -> Result<(ActorId, &mut Client), ScenarioError> {
        let place = self.clients.iter().position(|client| client.id == id);
        let place = place.ok_or_else(|| ScenarioError::new(texts::NO_CLIENT_CALLED_FAR.with([&short(id)])))?;
        let index = FIRST_CLIENT + u32::try_from(place).expect("they are few");
        Ok((ActorId::from_index(index), &mut self.clients[place]))
    }

    fn place(&self, actor: ActorId) -> Result<usize, ScenarioError> {
        place(actor).filter(|place| *place < self.clients.len()).ok_or_else(nobody)
    }

    /// What steps call an actor.
    ///
    /// # Errors
    /// It never was.
    pub fn id_of(&self, actor: ActorId) -> Result<&str, ScenarioError> {
        let place = self.place(actor)?;
        Ok(&self.clients[place].id)
    }

    /// # Errors
    /// It never was.
    pub fn client(&mut self, actor: ActorId) -> Result<&mut Client, ScenarioError> {
        let place = self.place(actor)?;
        Ok(&mut self.clients[place])
    }

    /// Clients, and clients from outside.
    pub const fn len(&self) -> usize {
        self.clients.len() + self.attached.len()
    }

    /// # Errors
    /// The id is taken, or there are too many.
    pub fn attach(&mut self, id: String) -> Result<(), ScenarioError> {
        if self.attached.contains(&id) {
            return Err(ScenarioError::new(texts::TWO_CLIENTS_FROM_OUTSIDE.with([&short(&id)])));
        }
        if self.attached.len() >= MAX_CLIENTS {
            return Err(ScenarioError::new(texts::MORE_THAN_CLIENTS_COME.with([&MAX_CLIENTS])));
        }
        self.attached.push(id);
        Ok(())
    }

    /// The place of a client from outside.
    ///
    /// # Errors
    /// Nobody is called that.
    pub fn attached(&self, id: &str) -> Result<usize, ScenarioError> {
        let place = self.attached.iter().position(|attached| attached == id);
        place.ok_or_else(|| ScenarioError::new(texts::NO_CLIENT_FROM_OUTSIDE.with([&short(id)])))
    }

    /// Adds one under a name that is not taken.
    ///
    /// # Errors
    /// There are too many.
    pub fn attach_unnamed(&mut self) -> Result<String, ScenarioError> {
        let id = format!("client {}", self.attached.len() + 1);
        self.attach(id.clone())?;
        Ok(id)
    }

    /// # Errors
    /// It never was.
    pub fn attached_id(&self, place: usize) -> Result<&str, ScenarioError> {
        self.attached.get(place).map(String::as_str).ok_or_else(nobody)
    }
}

/// Which of the clients an actor is, in the order of their making; `None` of the page's own.
pub(super) fn place(actor: ActorId) -> Option<usize> {
    Some(actor.index().checked_sub(FIRST_CLIENT)? as usize)
}

fn nobody() -> ScenarioError {
    ScenarioError::new(texts::SOMETHING_DONE_CLIENT_NEVER)
}
