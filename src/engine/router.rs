//! Who gets a message: interest by subject.
//!
//! Owns the subscriptions of all clients and the subjects of all streams. Matching is cached per subject until the
//! interest changes. Sources: nats-server `server/sublist.go`, `server/client.go` (`processMsgResults`).

use std::rc::Rc;

use super::derived::Derived;
use super::route_cache::{RouteCache, is_used_once};
use super::subject_map::SubjectMap;
use super::table::{ConnId, ConsumerId, LinkId, StreamId};

/// A subscription of a client.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Subscription {
    pub conn: ConnId,
    /// The order of subscribing, over all clients. Those to one subject are served in it.
    pub order: u64,
    pub sid: Rc<[u8]>,
    pub queue: Option<Rc<[u8]>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Interest {
    Client(Rc<Subscription>),
    Stream(StreamId),
    /// A stream that waits for what an origin answers or delivers.
    Link(StreamId, LinkId),
}

/// Everyone a subject reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub plain: Vec<Rc<Subscription>>,
    /// One entry for each queue group, with its members.
    pub groups: Vec<Vec<Rc<Subscription>>>,
    pub streams: Vec<StreamId>,
    pub links: Vec<(StreamId, LinkId)>,
}

impl Route {
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.groups.is_empty() && self.streams.is_empty() && self.links.is_empty()
    }

    /// The client that alone gets the message, without a queue group.
    #[inline]
    pub fn only_client(&self) -> Option<&Subscription> {
        let [subscription] = self.plain.as_slice() else { return None };
        let is_alone = self.groups.is_empty() && self.streams.is_empty() && self.links.is_empty();
        is_alone.then_some(&**subscription)
    }

    /// The stream that alone gets the message.
    #[inline]
    pub fn only_stream(&self) -> Option<StreamId> {
        let [stream] = self.streams.as_slice() else { return None };
        let is_alone = self.plain.is_empty() && self.groups.is_empty() && self.links.is_empty();
        is_alone.then_some(*stream)
    }

    pub fn clear(&mut self) {
        self.plain.clear();
        self.groups.clear();
        self.streams.clear();
        self.links.clear();
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Router {
    interest: SubjectMap<Interest>,
    /// How many of them are of clients.
    subscriptions: usize,
    next_order: u64,
    /// Subjects in which the server's own interest changed, and nobody was told yet.
    changed_by_server: Vec<Box<[u8]>>,
    cache: Derived<RouteCache>,
}

impl Router {
    const FEW: usize = 32;

    /// Adds a subscription and returns its place in the order.
    pub fn subscribe(&mut self, subject: &[u8], conn: ConnId, sid: Rc<[u8]>, queue: Option<Rc<[u8]>>) -> u64 {
        let order = self.next_order;
        self.next_order += 1;
        let subscription = Rc::new(Subscription { conn, order, sid, queue });
        self.interest.insert(subject, Interest::Client(subscription));
        self.subscriptions += 1;
        self.cache.forget();
        order
    }

    pub fn unsubscribe(&mut self, subject: &[u8], order: u64) {
        let removed = self.interest.remove(
            subject,
            |interest| matches!(interest, Interest::Client(subscription) if subscription.order == order),
        );
        self.subscriptions -= usize::from(removed.is_some());
        self.cache.forget();
    }

    /// How many subscriptions there are, of all clients.
    pub const fn subscription_count(&self) -> usize {
        self.subscriptions
    }

    pub fn add_stream(&mut self, subject: &[u8], stream: StreamId) {
        self.interest.insert(subject, Interest::Stream(stream));
        self.changed_by_server.push(subject.into());
        self.cache.forget();
    }

    pub fn remove_stream(&mut self, subject: &[u8], stream: StreamId) {
        self.interest.remove(subject, |interest| *interest == Interest::Stream(stream));
        self.changed_by_server.push(subject.into());
        self.cache.forget();
    }

    pub fn add_link(&mut self, subject: &[u8], stream: StreamId, link: LinkId) {
        self.interest.insert(subject, Interest::Link(stream, link));
        self.changed_by_server.push(subject.into());
        self.cache.forget();
    }

    pub fn remove_link(&mut self, subject: &[u8], stream: StreamId, link: LinkId) {
        if self.interest.remove(subject, |interest| *interest == Interest::Link(stream, link)).is_some() {
            self.changed_by_server.push(subject.into());
            self.cache.forget();
        }
    }

    pub const fn has_changed_by_server(&self) -> bool {
        !self.changed_by_server.is_empty()
    }

    /// The subjects in which streams gained or lost interest since the last call.
    pub fn take_changed_by_server(&mut self) -> Vec<Box<[u8]>> {
        std::mem::take(&mut self.changed_by_server)
    }

    /// Everyone whom a message on `subject` reaches, `from_client` or of the server itself. Clients stand in the
    /// order in which the real server finds them, `>` first. `None` for acks to which only the server listens.
    #[cfg_attr(not(jetstream_sim_small), inline)]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn route(&mut self, subject: &[u8], from_client: bool) -> Option<Rc<Route>> {
        if subject.starts_with(b"$JS.ACK.") && !self.has_interest_in_acks() {
            return None;
        }
        let latest = self.cache.latest[usize::from(from_client)].get(subject).cloned();
        latest.or_else(|| Some(self.look_up(subject, from_client)))
    }

    /// The stream that alone gets what a client publishes on `subject`.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn only_stream(&mut self, subject: &[u8]) -> Option<StreamId> {
        match self.cache.latest[1].get(subject) {
            Some(latest) => latest.only_stream(),
            None => self.look_up(subject, true).only_stream(),
        }
    }

    /// The client that alone gets what the server itself publishes on `to`.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn only_client(&mut self, to: &[u8]) -> Option<&Subscription> {
        let of_inbox = self.cache.latest_inbox.as_ref().is_some_and(|(inbox, _)| std::ptr::eq(&**inbox, to));
        if of_inbox {
            return self.cache.latest_inbox.as_ref()?.1.only_client();
        }
        if self.cache.latest[0].get(to).is_none() {
            self.cache.looked_up = self.look_up(to, false);
            return self.cache.looked_up.only_client();
        }
        self.cache.latest[0].found().only_client()
    }

    /// As [`route`](Self::route), where it is not the latest.
    #[inline(never)]
    fn look_up(&mut self, subject: &[u8], from_client: bool) -> Rc<Route> {
        let Self { interest, cache, .. } = self;
        // Where few listen, finding them is faster than looking them up among many subjects.
        if is_used_once(subject) || interest.len() <= Self::FEW {
            let fits_siblings = interest.ignores_last_token(subject);
            let latest = &mut cache.latest[usize::from(from_client)];
            return latest.find(subject, fits_siblings, |route| find(interest, subject, route));
        }
        if let Some(route) = cache.get(subject) {
            return route;
        }
        let mut route = Route::default();
        find(interest, subject, &mut route);
        cache.remember(subject, route)
    }

    /// Whether anybody, client or stream, gets what is sent to `subject`.
    pub fn has_interest(&self, subject: &[u8]) -> bool {
        self.interest.any_match(subject, |_| true)
    }

    /// The consumer that was acked last, if `rest` of an ack subject names it, and the numbers behind its name. It may be
    /// gone.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn latest_acked<'t>(&self, rest: &'t [u8]) -> Option<(StreamId, ConsumerId, &'t [u8])> {
        let (names, stream, consumer) = self.cache.latest_acked.as_ref()?;
        Some((*stream, *consumer, rest.strip_prefix(&**names)?))
    }

    /// Notes where an ack went whose subject begins with `names`, dots included, behind the prefix of all.
    pub fn note_acked(&mut self, names: &[u8], stream: StreamId, consumer: ConsumerId) {
        self.cache.latest_acked = Some((names.into(), stream, consumer));
    }

    pub fn has_interest_in_acks(&mut self) -> bool {
        let interest = &self.interest;
        *self.cache.interest_in_acks.get_or_insert_with(|| interest.any_below(b"$JS.ACK"))
    }

    /// Whether anybody may get any advisory or metric.
    pub fn has_interest_in_events(&mut self) -> bool {
        let interest = &self.interest;
        *self.cache.interest_in_events.get_or_insert_with(|| interest.any_below(b"$JS.EVENT"))
    }

    /// As [`has_interest`](Self::has_interest), for an inbox that is asked about again and again.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn has_interest_in_inbox(&mut self, inbox: &Rc<[u8]>) -> bool {
        if self.cache.latest_inbox.as_ref().is_some_and(|(latest, _)| Rc::ptr_eq(latest, inbox)) {
            return true;
        }
        let route = self.route(inbox, false).filter(|route| !route.is_empty());
        let has_interest = route.is_some();
        if let Some(route) = route {
            self.cache.latest_inbox = Some((Rc::clone(inbox), route));
        }
        has_interest
    }

    /// Whether a push consumer with deliver subject `subject` is bound: a subscription to just that subject, in just
    /// that queue group or without one.
    pub fn has_exact_interest(&self, subject: &[u8], group: Option<&str>) -> bool {
        self.interest.exact(subject).iter().any(|interest| match interest {
            Interest::Client(subscription) => subscription.queue.as_deref() == group.map(str::as_bytes),
            Interest::Stream(_) | Interest::Link(..) => group.is_none(),
        })
    }

    /// The first subscription of `conn` without a queue group that covers `subject`.
    pub fn plain_subscription(&self, conn: ConnId, subject: &[u8]) -> Option<Rc<Subscription>> {
        let mut first: Option<&Rc<Subscription>> = None;
        self.interest.for_each_match(subject, &mut |interest| {
            if let Interest::Client(subscription) = interest
                && subscription.conn == conn
                && subscription.queue.is_none()
            {
                first.get_or_insert(subscription);
            }
        });
        first.cloned()
    }
}

/// Makes `route` that of `subject`.
fn find(interest: &SubjectMap<Interest>, subject: &[u8], route: &mut Route) {
    route.clear();
    let mut queued: Vec<&Rc<Subscription>> = Vec::new();
    interest.for_each_match(subject, &mut |interest| match interest {
        Interest::Client(subscription) if subscription.queue.is_some() => queued.push(subscription),
        Interest::Client(subscription) => route.plain.push(Rc::clone(subscription)),
        Interest::Stream(stream) => route.streams.push(*stream),
        Interest::Link(stream, link) => route.links.push((*stream, *link)),
    });
    route.streams.sort_unstable();
    route.links.sort_unstable();
    for subscription in queued {
        match route.groups.iter_mut().find(|group| group[0].queue == subscription.queue) {
            Some(group) => group.push(Rc::clone(subscription)),
            None => route.groups.push(vec![Rc::clone(subscription)]),
        }
    }
}
