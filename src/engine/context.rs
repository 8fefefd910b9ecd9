//! What a component is handed for the time of one call.

use serde::Serialize;

use super::api::json::to_json;
use super::clients::Clients;
use super::config::{IS_PAGE, ServerConfig};
use super::connection::Message;
use super::effects::{Effects, Publication};
use super::event::Event;
use super::rng::Rng;
use super::router::Router;
use super::time::Timestamp;

/// The moment, and the server's parts that everything may use.
pub struct Context<'a> {
    pub now: Timestamp,
    pub config: &'a ServerConfig,
    pub clients: &'a mut Clients,
    pub router: &'a mut Router,
    pub rng: &'a mut Rng,
    pub effects: &'a mut Effects,
}

impl Context<'_> {
    /// The JetStream domain, if one is set.
    pub fn domain(&self) -> Option<&str> {
        self.config.jetstream.as_ref().and_then(|jetstream| jetstream.domain.as_deref())
    }

    /// Publishes what goes to one client as a rule: at once if that can be, which spares a copy.
    #[inline]
    pub fn publish(&mut self, publication: Publication<'_>) {
        if IS_PAGE || !self.publish_directly(&publication) {
            self.effects.publish(publication);
        }
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn publish_directly(&mut self, publication: &Publication<'_>) -> bool {
        let Publication { to, subject, reply, headers, payload } = *publication;
        // The server itself may listen on subjects of its own.
        if !self.effects.goes_directly() || to.starts_with(b"$") {
            return false;
        }
        let Some(subscription) = self.router.only_client(to) else { return false };
        let message = Message { subject, reply, headers, payload, header_digits: b"", size_digits: b"" };
        self.clients.deliver_simply(subscription, &message)
    }

    pub fn tell(&mut self, event: impl FnOnce() -> Event) {
        self.effects.tell(self.now, event);
    }

    /// Publishes an advisory or a metric, if anybody listens. `make` gets a fresh id for it.
    pub fn advise<T: Serialize>(&mut self, subject: impl FnOnce() -> String, make: impl FnOnce(String) -> T) {
        if self.router.has_interest_in_events() {
            self.publish_event(subject, make);
        }
    }

    #[cfg_attr(not(jetstream_sim_small), cold)]
    fn publish_event<T: Serialize>(&mut self, subject: impl FnOnce() -> String, make: impl FnOnce(String) -> T) {
        let subject = subject();
        if self.router.has_interest(subject.as_bytes()) {
            let advisory = make(self.rng.nuid());
            self.effects.send(subject.as_bytes(), &to_json(&advisory));
        }
    }
}
