//! Routes that were found, to be used again until the interest changes.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::latest::Latest;
use super::router::Route;
use super::table::{ConsumerId, StreamId};

/// Inboxes and the server's own subjects are used once; remembering them would push out what is used again.
pub fn is_used_once(subject: &[u8]) -> bool {
    subject.starts_with(b"_INBOX.") || subject.starts_with(b"$JS.")
}

#[derive(Debug, Default)]
pub struct RouteCache {
    routes: FxHashMap<Box<[u8]>, Rc<Route>>,
    /// Some of the routes, to share them: many subjects go the same way.
    distinct: Vec<Rc<Route>>,
    /// The latest of the server's own messages, and of those of clients: a publish and its answer take turns.
    pub latest: [Latest<Route>; 2],
    /// The stream and consumer that were acked last, with their names as they stand in ack subjects.
    pub latest_acked: Option<(Box<[u8]>, StreamId, ConsumerId)>,
    /// The inbox that was asked about last, if somebody listens there, and who.
    pub latest_inbox: Option<(Rc<[u8]>, Rc<Route>)>,
    /// What was looked up last where the latest would not do.
    pub looked_up: Rc<Route>,
    /// Whether anybody may get advisories and metrics, once that was asked.
    pub interest_in_events: Option<bool>,
    /// Whether anybody but the server may get acks, once that was asked.
    pub interest_in_acks: Option<bool>,
}

impl RouteCache {
    const MAX_SUBJECTS: usize = 16_384;
    const MAX_DISTINCT: usize = 16;

    /// The interest changed.
    pub fn forget(&mut self) {
        self.routes.clear();
        self.distinct.clear();
        self.latest.iter_mut().for_each(Latest::forget);
        self.latest_inbox = None;
        self.looked_up = Rc::default();
        self.interest_in_events = None;
        self.interest_in_acks = None;
    }

    pub fn get(&self, subject: &[u8]) -> Option<Rc<Route>> {
        self.routes.get(subject).map(Rc::clone)
    }

    pub fn remember(&mut self, subject: &[u8], route: Route) -> Rc<Route> {
        if self.routes.len() >= Self::MAX_SUBJECTS {
            self.routes.clear();
        }
        let known = self.distinct.iter().find(|known| ***known == route).map(Rc::clone);
        let route = known.unwrap_or_else(|| {
            let route = Rc::new(route);
            if self.distinct.len() < Self::MAX_DISTINCT {
                self.distinct.push(Rc::clone(&route));
            }
            route
        });
        self.routes.insert(subject.into(), Rc::clone(&route));
        route
    }
}
