//! Routes that were found, to be used again: derived from the interest, so they count for nothing when servers are
//! compared or cloned.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::router::Route;
use super::table::{ConsumerId, StreamId};

/// The route that was found last. One after the other, subjects are often the same, or alike up to the last token.
#[derive(Debug, Default)]
pub struct Latest {
    subject: Vec<u8>,
    /// How often the interest had changed when it was found.
    changes: u64,
    /// If every subject that differs in the last token alone has this route: how long the same part is, with its dot.
    siblings_start: Option<usize>,
    pub route: Rc<Route>,
}

impl Latest {
    /// Whether it is the route of `subject`, after so many changes of the interest.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn is_of(&self, subject: &[u8], changes: u64) -> bool {
        self.changes == changes && (self.is_of_sibling(subject) || self.subject == subject)
    }

    fn is_of_sibling(&self, subject: &[u8]) -> bool {
        let Some(start) = self.siblings_start else { return false };
        let Some((same, last)) = subject.split_at_checked(start) else { return false };
        *same == self.subject[..start] && !last.is_empty() && last.iter().all(|byte| *byte != b'.')
    }

    /// Begins anew for `subject`, with an empty route to fill.
    pub fn start(&mut self, subject: &[u8], changes: u64, fits_siblings: bool) -> &mut Route {
        self.subject.clear();
        self.subject.extend_from_slice(subject);
        self.changes = changes;
        let start = memchr::memrchr(b'.', subject).map(|dot| dot + 1);
        // Nobody gets a subject with an empty token. If that is the last one, its siblings have routes of their own.
        self.siblings_start = start.filter(|start| fits_siblings && *start < subject.len());
        let route = Rc::make_mut(&mut self.route);
        route.clear();
        route
    }
}

/// Inboxes and the server's own subjects are used once; remembering them would push out what is used again.
pub fn is_used_once(subject: &[u8]) -> bool {
    subject.starts_with(b"_INBOX.") || subject.starts_with(b"$JS.")
}

#[derive(Debug, Default)]
pub struct RouteCache {
    routes: FxHashMap<Box<[u8]>, Rc<Route>>,
    /// Some of the routes, to share them: many subjects go the same way.
    distinct: Vec<Rc<Route>>,
    /// The latest of the subjects that are used once.
    pub latest_used_once: Latest,
    /// The latest of the others.
    pub latest: Latest,
    /// The route of subjects to which nobody listens.
    pub nobody: Rc<Route>,
    /// The stream and consumer that were acked last, with their names as they stand in ack subjects.
    pub latest_acked: Option<(Box<[u8]>, StreamId, ConsumerId)>,
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

impl Clone for RouteCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for RouteCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for RouteCache {}

impl Hash for RouteCache {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_route_is_that_of_its_siblings_where_the_last_token_does_not_count() {
        let mut latest = Latest::default();
        for (subject, fits_siblings, asked, is_of) in [
            ("_INBOX.a.1", true, "_INBOX.a.2", true),
            ("_INBOX.a.1", true, "_INBOX.a.", false),
            ("_INBOX.a.1", true, "_INBOX.a.2.3", false),
            ("_INBOX.a.1", true, "_INBOX.a", false),
            ("_INBOX.a.1", true, "_INBOX.b.1", false),
            ("_INBOX.a.1", false, "_INBOX.a.2", false),
            ("_INBOX.a.1", false, "_INBOX.a.1", true),
            ("_INBOX.a.", true, "_INBOX.a.1", false),
            ("_INBOX.a.", true, "_INBOX.a.", true),
        ] {
            latest.start(subject.as_bytes(), 7, fits_siblings);
            assert_eq!(latest.is_of(asked.as_bytes(), 7), is_of, "{subject} {asked}");
            assert!(!latest.is_of(asked.as_bytes(), 8));
        }
    }
}
