//! Direct get: messages and batches of them, answered as messages (ADR-31).
//!
//! Source: nats-server `server/stream.go` (`getDirectRequest`, `getDirectMulti`), whose oddities are kept: what is
//! still pending counts down by one for each message with headers only, and the last messages of subjects have headers
//! whatever was asked.

use super::{Context, MessageSelector, Stream};
use crate::engine::effects::Publication;
use crate::engine::message::HeaderBlock;
use crate::engine::store::{Cursor, StoredMessage};
use crate::engine::subject::SubjectFilter;
use crate::engine::time::Timestamp;

/// Subjects whose last messages one request may ask for.
const MAX_SUBJECTS: usize = 1_024;

/// What a direct get asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectGet {
    pub what: DirectSelection,
    /// How many messages at most, and a status behind them; `None` asks for one message alone.
    pub batch: Option<u64>,
    /// No message follows once subjects, headers and payloads of those sent are so many bytes.
    pub max_bytes: u64,
    /// Send payloads alone.
    pub no_hdr: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectSelection {
    /// This message; with a batch, also those behind it on the same subject filter.
    Message(MessageSelector),
    /// The last message of each subject that a filter covers.
    LastOfEach {
        filters: Vec<String>,
        /// Those before are left out.
        from: u64,
        up_to: UpTo,
    },
}

/// Which messages do not count when the last of a subject is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpTo {
    End,
    /// Those behind this sequence.
    Seq(u64),
    /// Those from this moment on.
    Before(Timestamp),
}

/// Where a message stands among those that answer a batch.
#[derive(Clone, Copy)]
struct InBatch {
    num_pending: u64,
    /// The message sent before, 0 for the first.
    last_seq: u64,
}

impl Stream {
    /// Answers a direct get on `reply`.
    pub fn handle_direct_get(&self, ctx: &mut Context<'_>, reply: &[u8], get: &DirectGet) {
        match (&get.what, get.batch) {
            (DirectSelection::Message(selector), None) => match self.find_message(selector) {
                Some(message) => self.send_direct(ctx, reply, message, None, get.no_hdr),
                None => send_status(ctx, reply, "404 Message Not Found"),
            },
            (DirectSelection::Message(selector), Some(batch)) => self.send_batch(ctx, reply, selector, batch, get),
            (DirectSelection::LastOfEach { filters, from, up_to }, _) => {
                self.send_last_of_each(ctx, reply, filters, *from, *up_to, get);
            }
        }
    }

    fn send_batch(&self, ctx: &mut Context<'_>, reply: &[u8], selector: &MessageSelector, batch: u64, get: &DirectGet) {
        let (subject, from) = match selector {
            MessageSelector::Seq(seq) => (None, *seq),
            MessageSelector::Since(time) => (None, self.seq_at(*time)),
            MessageSelector::NextBySubject(subject, seq) => (Some(subject), *seq),
            MessageSelector::NextSince(subject, time) => (Some(subject), self.seq_at(*time)),
            // Only without any message to send; what is pending is then counted over all subjects.
            MessageSelector::LastBySubject(_) => (None, 0),
        };
        let filter = subject.map(|subject| SubjectFilter::new(subject));
        let (filters, is_valid): (&[SubjectFilter], bool) = match &filter {
            None => (&[], true),
            Some(None) => (&[], false),
            Some(Some(filter)) => (std::slice::from_ref(filter), true),
        };
        let mut num_pending = if is_valid { self.store.count_from(filters, from) } else { 0 };
        let (mut cursor, mut next, mut last_seq, mut sent_bytes) = (Cursor::new(filters), from, 0, 0);
        for sent in 0..batch {
            let found = self.store.next(&mut cursor, next).filter(|_| is_valid).and_then(|seq| self.store.get(seq));
            let Some(message) = found else {
                if sent == 0 {
                    return send_status(ctx, reply, "404 Message Not Found");
                }
                break;
            };
            if !get.no_hdr {
                num_pending = num_pending.saturating_sub(1);
            }
            self.send_direct(ctx, reply, message, Some(InBatch { num_pending, last_seq }), get.no_hdr);
            (last_seq, next) = (message.seq, message.seq.saturating_add(1));
            sent_bytes += sent_size(&message);
            if sent_bytes >= get.max_bytes {
                break;
            }
        }
        send_end(ctx, reply, InBatch { num_pending, last_seq }, None);
    }

    fn send_last_of_each(
        &self,
        ctx: &mut Context<'_>,
        reply: &[u8],
        filters: &[String],
        from: u64,
        up_to: UpTo,
        get: &DirectGet,
    ) {
        let filters: Vec<SubjectFilter> = filters.iter().filter_map(|filter| SubjectFilter::new(filter)).collect();
        let up_to = match up_to {
            UpTo::End => Some(self.store.last_seq()),
            UpTo::Seq(seq) => Some(seq),
            UpTo::Before(time) => self.seq_at(time).checked_sub(1).filter(|seq| *seq >= self.store.first_seq()),
        };
        // No filter would mean every subject to the store.
        let Some(up_to) = up_to.filter(|_| !filters.is_empty()) else {
            return send_status(ctx, reply, "404 No Results");
        };
        let seqs = self.store.last_per_subject(&filters, 0, up_to);
        if seqs.len() > MAX_SUBJECTS {
            return send_status(ctx, reply, "413 Too Many Results");
        }
        if seqs.is_empty() {
            return send_status(ctx, reply, "404 No Results");
        }
        let (mut num_pending, mut last_seq, mut sent, mut sent_bytes) = (seqs.len() as u64, 0, 0, 0);
        for seq in seqs {
            num_pending -= 1;
            let Some(message) = self.store.get(seq).filter(|message| message.seq >= from) else { continue };
            self.send_direct(ctx, reply, message, Some(InBatch { num_pending, last_seq }), false);
            last_seq = seq;
            sent += 1;
            sent_bytes += sent_size(&message);
            if sent_bytes >= get.max_bytes || get.batch.is_some_and(|batch| batch > 0 && sent >= batch) {
                break;
            }
        }
        send_end(ctx, reply, InBatch { num_pending, last_seq }, Some(up_to));
    }

    /// The first sequence whose message is not older than `time`; behind the last if all are.
    fn seq_at(&self, time: Timestamp) -> u64 {
        self.store.first_at_or_after(time).unwrap_or_else(|| self.store.last_seq() + 1)
    }

    fn send_direct(
        &self,
        ctx: &mut Context<'_>,
        reply: &[u8],
        message: StoredMessage<'_>,
        place: Option<InBatch>,
        no_hdr: bool,
    ) {
        let mut block = HeaderBlock::from_bytes(message.headers);
        block
            .push("Nats-Stream", &self.config.name)
            .push("Nats-Subject", message.subject)
            .push("Nats-Sequence", message.seq.to_string())
            .push("Nats-Time-Stamp", message.time.to_string());
        if let Some(InBatch { num_pending, last_seq }) = place {
            block.push("Nats-Num-Pending", num_pending.to_string()).push("Nats-Last-Sequence", last_seq.to_string());
        }
        let headers = if no_hdr { Vec::new() } else { block.finish() };
        let payload = message.payload;
        ctx.publish(Publication { to: reply, subject: reply, reply: b"", headers: &headers, payload });
    }
}

/// What a message counts towards the bytes that were asked for.
fn sent_size(message: &StoredMessage<'_>) -> u64 {
    (message.subject.len() + message.headers.len() + message.payload.len()) as u64
}

/// Tells that no more follows.
fn send_end(ctx: &mut Context<'_>, reply: &[u8], place: InBatch, up_to: Option<u64>) {
    let mut block = HeaderBlock::with_status("204 EOB");
    block
        .push("Nats-Num-Pending", place.num_pending.to_string())
        .push("Nats-Last-Sequence", place.last_seq.to_string());
    if let Some(up_to) = up_to {
        block.push("Nats-UpTo-Sequence", up_to.to_string());
    }
    ctx.effects.send_headers(reply, &block.finish());
}

fn send_status(ctx: &mut Context<'_>, reply: &[u8], status: &str) {
    ctx.effects.send_headers(reply, &HeaderBlock::with_status(status).finish());
}
