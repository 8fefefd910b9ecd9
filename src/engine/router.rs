//! Who gets a message: interest by subject.
//!
//! Owns the subscriptions of all clients and the subjects of all streams. Matching is cached per subject until the
//! interest changes. Sources: nats-server `server/sublist.go`, `server/client.go` (`processMsgResults`).

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::subject_map::SubjectMap;
use super::table::{ConnId, StreamId};

/// A subscription of a client.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Subscription {
    pub conn: ConnId,
    /// The order of subscribing, over all clients: those who came first are served first.
    pub order: u64,
    pub sid: Arc<[u8]>,
    pub queue: Option<Arc<[u8]>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Interest {
    Client(Arc<Subscription>),
    Stream(StreamId),
}

/// Everyone a subject reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub plain: Vec<Arc<Subscription>>,
    /// One entry for each queue group, with its members.
    pub groups: Vec<Vec<Arc<Subscription>>>,
    pub streams: Vec<StreamId>,
}

impl Route {
    fn clear(&mut self) {
        self.plain.clear();
        self.groups.clear();
        self.streams.clear();
    }
}

/// A route to walk along. Give it back with [`Router::recycle`].
#[derive(Debug)]
pub enum Found {
    Remembered(Arc<Route>),
    Once(Route),
}

impl Deref for Found {
    type Target = Route;

    fn deref(&self) -> &Route {
        match self {
            Self::Remembered(route) => route,
            Self::Once(route) => route,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Router {
    interest: SubjectMap<Interest>,
    next_order: u64,
    cache: RouteCache,
}

impl Router {
    /// Adds a subscription and returns its place in the order.
    pub fn subscribe(&mut self, subject: &[u8], conn: ConnId, sid: Arc<[u8]>, queue: Option<Arc<[u8]>>) -> u64 {
        let order = self.next_order;
        self.next_order += 1;
        let subscription = Arc::new(Subscription { conn, order, sid, queue });
        self.interest.insert(subject, Interest::Client(subscription));
        self.changed();
        order
    }

    pub fn unsubscribe(&mut self, subject: &[u8], order: u64) {
        self.interest.remove(
            subject,
            |interest| matches!(interest, Interest::Client(subscription) if subscription.order == order),
        );
        self.changed();
    }

    pub fn add_stream(&mut self, subject: &[u8], stream: StreamId) {
        self.interest.insert(subject, Interest::Stream(stream));
        self.changed();
    }

    pub fn remove_stream(&mut self, subject: &[u8], stream: StreamId) {
        self.interest.remove(subject, |interest| *interest == Interest::Stream(stream));
        self.changed();
    }

    fn changed(&mut self) {
        self.cache.routes.clear();
    }

    /// Everyone `subject` reaches. Those of one kind stand in the order of their subscribing.
    pub fn route(&mut self, subject: &[u8]) -> Found {
        // Inboxes and the server's own subjects are used once; remembering them would push out what is used again.
        let is_used_once = subject.starts_with(b"_INBOX.") || subject.starts_with(b"$JS.");
        if is_used_once {
            let mut route = std::mem::take(&mut self.cache.spare);
            self.find(subject, &mut route);
            return Found::Once(route);
        }
        if let Some(route) = self.cache.routes.get(subject) {
            return Found::Remembered(Arc::clone(route));
        }
        let mut route = Route::default();
        self.find(subject, &mut route);
        let route = Arc::new(route);
        self.cache.remember(subject, &route);
        Found::Remembered(route)
    }

    /// Takes a route back, for its memory.
    pub fn recycle(&mut self, found: Found) {
        if let Found::Once(mut route) = found {
            route.clear();
            self.cache.spare = route;
        }
    }

    fn find(&self, subject: &[u8], route: &mut Route) {
        let mut queued: Vec<&Arc<Subscription>> = Vec::new();
        self.interest.for_each_match(subject, &mut |interest| match interest {
            Interest::Client(subscription) if subscription.queue.is_some() => queued.push(subscription),
            Interest::Client(subscription) => route.plain.push(Arc::clone(subscription)),
            Interest::Stream(stream) => route.streams.push(*stream),
        });
        route.plain.sort_unstable_by_key(|subscription| subscription.order);
        route.streams.sort_unstable();
        queued.sort_unstable_by_key(|subscription| subscription.order);
        for subscription in queued {
            match route.groups.iter_mut().find(|group| group[0].queue == subscription.queue) {
                Some(group) => group.push(Arc::clone(subscription)),
                None => route.groups.push(vec![Arc::clone(subscription)]),
            }
        }
    }

    /// Whether anybody, client or stream, gets what is sent to `subject`.
    pub fn has_interest(&self, subject: &[u8]) -> bool {
        self.interest.any_match(subject, |_| true)
    }

    /// Whether a push consumer with deliver subject `subject` is bound: a subscription to just that subject, in just
    /// that queue group or without one.
    pub fn has_exact_interest(&self, subject: &[u8], group: Option<&str>) -> bool {
        self.interest.exact(subject).iter().any(|interest| match interest {
            Interest::Client(subscription) => subscription.queue.as_deref() == group.map(str::as_bytes),
            Interest::Stream(_) => group.is_none(),
        })
    }

    /// The first subscription of `conn` without a queue group that covers `subject`.
    pub fn plain_subscription(&self, conn: ConnId, subject: &[u8]) -> Option<Arc<Subscription>> {
        let mut first: Option<&Arc<Subscription>> = None;
        self.interest.for_each_match(subject, &mut |interest| {
            if let Interest::Client(subscription) = interest
                && subscription.conn == conn
                && subscription.queue.is_none()
                && first.is_none_or(|first| subscription.order < first.order)
            {
                first = Some(subscription);
            }
        });
        first.cloned()
    }
}

/// Remembered routes. Derived from the interest, so it counts for nothing when servers are compared or cloned.
#[derive(Debug, Default)]
struct RouteCache {
    routes: FxHashMap<Box<[u8]>, Arc<Route>>,
    /// An empty route, kept for its memory.
    spare: Route,
}

impl RouteCache {
    const MAX_SUBJECTS: usize = 16_384;

    fn remember(&mut self, subject: &[u8], route: &Arc<Route>) {
        if self.routes.len() >= Self::MAX_SUBJECTS {
            self.routes.clear();
        }
        self.routes.insert(subject.into(), Arc::clone(route));
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
