//! What components want done: publications to route, and events to tell.
//!
//! Components append here and never call their caller. The server takes the publications in the order of their making,
//! routes each, which may append more, until none is left.

use super::event::Event;
use super::time::Timestamp;

/// A message that the server itself sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Publication<'a> {
    /// Routed by this subject.
    pub to: &'a [u8],
    /// Shown to the receiver; a delivered message keeps the subject it was stored under.
    pub subject: &'a [u8],
    /// Empty if there is none.
    pub reply: &'a [u8],
    /// A header block, or empty.
    pub headers: &'a [u8],
    pub payload: &'a [u8],
}

/// Lengths of a publication's parts, which stand one behind the other in [`Batch::bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Lengths {
    to: u32,
    /// `None`: as `to`.
    subject: Option<u32>,
    reply: u32,
    headers: u32,
    payload: u32,
}

/// Publications in order, all their bytes in one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Batch {
    bytes: Vec<u8>,
    lengths: Vec<Lengths>,
}

impl Batch {
    /// Publications in it.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }

    /// Calls `each` with every publication, in order.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn for_each(&self, mut each: impl FnMut(Publication<'_>)) {
        let mut rest = &self.bytes[..];
        let mut take = |len: u32| {
            let (taken, after) = rest.split_at(len as usize);
            rest = after;
            taken
        };
        for lengths in &self.lengths {
            let to = take(lengths.to);
            let subject = lengths.subject.map_or(to, &mut take);
            let (reply, headers, payload) = (take(lengths.reply), take(lengths.headers), take(lengths.payload));
            each(Publication { to, subject, reply, headers, payload });
        }
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn push(&mut self, publication: Publication<'_>) {
        let payload = publication.payload;
        self.push_with(publication, |out| out.extend_from_slice(payload));
    }

    /// Adds a publication whose payload is written in place.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn push_with(
        &mut self,
        Publication { to, subject, reply, headers, .. }: Publication<'_>,
        write_payload: impl FnOnce(&mut Vec<u8>),
    ) {
        // As a rule it is the same text at the same place.
        let own_subject = !std::ptr::eq(subject, to) && subject != to;
        let to = self.append(|out| out.extend_from_slice(to));
        let subject = own_subject.then(|| self.append(|out| out.extend_from_slice(subject)));
        let reply = if reply.is_empty() { 0 } else { self.append(|out| out.extend_from_slice(reply)) };
        let headers = if headers.is_empty() { 0 } else { self.append(|out| out.extend_from_slice(headers)) };
        let payload = self.append(write_payload);
        self.lengths.push(Lengths { to, subject, reply, headers, payload });
    }

    /// Lets `write` append a part, and returns its length.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let start = self.bytes.len();
        write(&mut self.bytes);
        // Every part is bounded by the largest payload and the longest control line, far below 4 GiB.
        u32::try_from(self.bytes.len() - start).expect("bounded by max_payload")
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
    }
}

/// Collects what one input causes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Effects {
    /// `None` until something is published.
    pending: Option<Box<Batch>>,
    /// A cleared batch, kept for its memory.
    spare: Option<Box<Batch>>,
    /// Whether what is published may go to the client that alone gets it without waiting for its turn, as long as nothing
    /// else waits: while a message of a client is handled, say, and nothing else writes to clients.
    pub is_direct: bool,
    events: Option<Vec<(Timestamp, Event)>>,
}

impl Effects {
    /// Starts to collect events; without this call they cost nothing.
    pub fn watch(&mut self) {
        self.events.get_or_insert_default();
    }

    pub fn publish(&mut self, publication: Publication<'_>) {
        self.batch().push(publication);
    }

    #[inline]
    fn batch(&mut self) -> &mut Batch {
        self.pending.get_or_insert_with(|| self.spare.take().unwrap_or_default())
    }

    /// Whether anything waits to be routed.
    pub const fn has_publications(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether a publication may go to its receiver at once.
    #[inline]
    pub const fn goes_directly(&self) -> bool {
        self.is_direct && self.pending.is_none()
    }

    /// Publishes a payload on a subject, without reply or headers.
    pub fn send(&mut self, subject: &[u8], payload: &[u8]) {
        self.publish(Publication { to: subject, subject, payload, ..Publication::default() });
    }

    /// Publishes a payload that is written in place.
    pub fn send_with(&mut self, subject: &[u8], write_payload: impl FnOnce(&mut Vec<u8>)) {
        let publication = Publication { to: subject, subject, ..Publication::default() };
        self.batch().push_with(publication, write_payload);
    }

    /// Publishes a message without payload: a status, an acknowledgement.
    pub fn send_headers(&mut self, subject: &[u8], headers: &[u8]) {
        self.publish(Publication { to: subject, subject, headers, ..Publication::default() });
    }

    /// Tells what happened, if anybody watches. `event` is made only then.
    pub fn tell(&mut self, now: Timestamp, event: impl FnOnce() -> Event) {
        if let Some(events) = &mut self.events {
            push_event(events, now, event);
        }
    }

    pub fn take_events(&mut self) -> Vec<(Timestamp, Event)> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The publications so far. Give the batch back with [`recycle`](Self::recycle).
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn take_publications(&mut self) -> Option<Box<Batch>> {
        self.pending.take()
    }

    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn recycle(&mut self, mut batch: Box<Batch>) {
        batch.clear();
        self.spare = Some(batch);
    }
}

/// Set apart, so that what can be told takes no room where nobody watches.
#[cfg_attr(not(jetstream_sim_small), cold)]
fn push_event(events: &mut Vec<(Timestamp, Event)>, now: Timestamp, event: impl FnOnce() -> Event) {
    events.push((now, event()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publications_come_out_as_they_went_in() {
        let mut effects = Effects::default();
        effects.send(b"a", b"1");
        effects.publish(Publication { to: b"inbox", subject: b"orders", reply: b"r", headers: b"h", payload: b"2" });
        let batch = effects.take_publications().expect("two are pending");
        let mut seen = Vec::new();
        batch.for_each(|publication| {
            seen.push(format!("{} {}", publication.to.escape_ascii(), publication.payload.escape_ascii()));
            seen.push(format!("{} {}", publication.subject.escape_ascii(), publication.reply.escape_ascii()));
        });
        assert_eq!(seen, ["a 1", "a ", "inbox 2", "orders r"]);
        effects.recycle(batch);
        assert!(effects.take_publications().is_none());
    }
}
