//! What a component is handed for the time of one call.

use serde::Serialize;

use super::api::json::to_json;
use super::config::ServerConfig;
use super::effects::Effects;
use super::event::Event;
use super::rng::Rng;
use super::router::Router;
use super::time::Timestamp;

/// The moment, and the server's parts that everything may use.
pub struct Context<'a> {
    pub now: Timestamp,
    pub config: &'a ServerConfig,
    pub router: &'a mut Router,
    pub rng: &'a mut Rng,
    pub effects: &'a mut Effects,
}

impl Context<'_> {
    /// The JetStream domain, if one is set.
    pub fn domain(&self) -> Option<&str> {
        self.config.jetstream.as_ref().and_then(|jetstream| jetstream.domain.as_deref())
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
