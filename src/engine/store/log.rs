//! The messages by sequence: segments, and where to find them.
//!
//! Sequences without messages take no room between segments, however many they are. The last segment, which is
//! appended to, stands apart; the others stand in chunks of 64, which clones share.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::StoreError;
use super::segment::{FAR, Row, SPAN, Segment, Tidy};
use super::subjects::NONE;
use crate::engine::time::Timestamp;

/// Segments in a chunk.
const CHUNK: usize = 64;

#[derive(Clone, Debug)]
struct Chunk {
    /// The number of its first segment, divided by [`CHUNK`].
    number: u64,
    segments: Arc<[Option<Arc<Segment>>; CHUNK]>,
    /// Segments present; 1 at least.
    count: u32,
    /// Messages in them.
    messages: u64,
}

/// Bytes of a chunk, on every platform.
const CHUNK_BYTES: u64 = (CHUNK * 8 + 32) as u64;

#[derive(Clone, Debug)]
pub(super) struct Log {
    chunks: Vec<Chunk>,
    /// All other segments lie below its base.
    tail: Arc<Segment>,
    /// Neighbours of messages whose rows say [`FAR`].
    far_next: Arc<BTreeMap<u64, u64>>,
    far_previous: Arc<BTreeMap<u64, u64>>,
    heap_bytes: u64,
}

impl Log {
    pub(super) fn new() -> Self {
        let tail = Segment::new();
        let heap_bytes = tail.heap_bytes();
        Self {
            chunks: Vec::new(),
            tail: Arc::new(tail),
            far_next: Arc::default(),
            far_previous: Arc::default(),
            heap_bytes,
        }
    }

    pub(super) const fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    /// The segment and row of message `seq` if that is stored.
    #[inline]
    pub(super) fn find(&self, seq: u64) -> Option<(&Segment, usize)> {
        let segment = if seq >= self.tail.base() { &self.tail } else { self.segment(seq / SPAN)? };
        let index = segment.index_of(seq)?;
        (segment.subjects()[index] != NONE).then_some((segment, index))
    }

    #[inline]
    pub(super) fn row(&self, seq: u64) -> Option<&Row> {
        self.find(seq).map(|(segment, index)| segment.row(index))
    }

    /// The first message stored at or after `seq`.
    pub(super) fn next(&self, seq: u64) -> Option<u64> {
        if self.find(seq).is_some() {
            return Some(seq);
        }
        self.segments_from(seq).find_map(|segment| {
            let from = segment.index_from(seq);
            let found = segment.subjects()[from..].iter().position(|subject| *subject != NONE)?;
            Some(segment.seq(from + found))
        })
    }

    /// The segments that may hold messages at or after `seq`, in order.
    pub(super) fn segments_from(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Segment> {
        let number = seq / SPAN;
        let wanted = number / CHUNK as u64;
        let first = self.chunk(wanted).unwrap_or_else(|next| next);
        let tail = Some(&*self.tail).filter(|tail| tail.live() > 0);
        let in_chunks = self.chunks[first..].iter().flat_map(move |chunk| {
            let skipped = if chunk.number == wanted { number as usize % CHUNK } else { 0 };
            chunk.segments[skipped..].iter().flatten().map(|segment| &**segment)
        });
        in_chunks.chain(tail)
    }

    /// The last message stored at or before `seq`.
    pub(super) fn previous(&self, seq: u64) -> Option<u64> {
        if self.find(seq).is_some() {
            return Some(seq);
        }
        self.segments_to(seq).rev().find_map(|segment| {
            let end = segment.index_after(seq);
            let found = segment.subjects()[..end].iter().rposition(|subject| *subject != NONE)?;
            Some(segment.seq(found))
        })
    }

    /// The segments that may hold messages at or before `seq`, in order.
    pub(super) fn segments_to(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Segment> {
        let number = seq / SPAN;
        let wanted = number / CHUNK as u64;
        let end = self.chunk(wanted).map_or_else(|next| next, |found| found + 1);
        let tail = Some(&*self.tail).filter(|tail| tail.live() > 0 && tail.base() <= seq);
        let in_chunks = self.chunks[..end].iter().flat_map(move |chunk| {
            let taken = if chunk.number == wanted { number as usize % CHUNK + 1 } else { CHUNK };
            chunk.segments[..taken].iter().flatten().map(|segment| &**segment)
        });
        in_chunks.chain(tail)
    }

    /// Messages stored at or after `seq`.
    pub(super) fn count_from(&self, seq: u64) -> u64 {
        let chunk = seq / SPAN / CHUNK as u64;
        let first_whole = self.chunks.partition_point(|other| other.number <= chunk);
        let whole: u64 = self.chunks[first_whole..].iter().map(|chunk| chunk.messages).sum();
        let partial = match first_whole.checked_sub(1) {
            Some(last) if self.chunks[last].number == chunk => {
                let segments = self.chunks[last].segments[(seq / SPAN) as usize % CHUNK..].iter().flatten();
                segments.map(|segment| segment.live_from(seq)).sum()
            }
            _ => 0,
        };
        whole + partial + self.tail.live_from(seq)
    }

    /// The first message stored whose time is `time` or later.
    pub(super) fn first_at(&self, time: Timestamp) -> Option<u64> {
        let starts_before = |segment: &Segment| segment.row(0).time() < time;
        let in_chunk = |chunk: &Chunk| chunk.segments.iter().flatten().next().is_some_and(|first| starts_before(first));
        // The segment looked for is the last one that starts before `time`.
        let segment = if self.tail.live() > 0 && starts_before(&self.tail) {
            Some(&*self.tail)
        } else {
            let chunk = self.chunks.partition_point(in_chunk).checked_sub(1);
            chunk.and_then(|chunk| {
                let segments = self.chunks[chunk].segments.iter().flatten();
                segments.take_while(|segment| starts_before(segment)).last().map(|segment| &**segment)
            })
        };
        let Some(segment) = segment else { return self.next(0) };
        let index = segment.index_at(time);
        let from = if index < segment.subjects().len() { segment.seq(index) } else { segment.seq(index - 1) + 1 };
        self.next(from)
    }

    fn segment(&self, number: u64) -> Option<&Segment> {
        let chunk = self.chunk(number / CHUNK as u64).ok()?;
        self.chunks[chunk].segments[number as usize % CHUNK].as_deref()
    }

    /// Where the chunk with this number is, or would be.
    #[inline]
    fn chunk(&self, number: u64) -> Result<usize, usize> {
        let first = self.chunks.first().ok_or(0usize)?;
        let guess = number.wrapping_sub(first.number);
        if guess < self.chunks.len() as u64 && self.chunks[guess as usize].number == number {
            return Ok(guess as usize);
        }
        self.chunks.binary_search_by_key(&number, |chunk| chunk.number)
    }
}

/// Neighbours of the same subject.
impl Log {
    /// The message of the same subject after `seq`, which is not the last.
    #[inline]
    pub(super) fn next_of(&self, seq: u64, row: &Row) -> u64 {
        if row.next == FAR { self.far_next[&seq] } else { seq + u64::from(row.next) }
    }

    /// The message of the same subject before `seq`, which is not the first.
    #[inline]
    pub(super) fn previous_of(&self, seq: u64, row: &Row) -> u64 {
        if row.previous == FAR { self.far_previous[&seq] } else { seq - u64::from(row.previous) }
    }

    /// Where the message of the same subject after `seq` is, or was; 0 if not known.
    #[inline]
    pub(super) fn after(&self, seq: u64, row: &Row) -> u64 {
        match row.next {
            0 | FAR => 0,
            distance => seq + u64::from(distance),
        }
    }

    /// Makes `previous` and `next` neighbours, both stored messages of one subject.
    pub(super) fn link(&mut self, previous: u64, next: u64) {
        let distance = distance(previous, next);
        self.link_next(previous, next);
        self.edit_row(next).previous = distance;
        if distance == FAR {
            Arc::make_mut(&mut self.far_previous).insert(next, previous);
        }
    }

    fn link_next(&mut self, previous: u64, next: u64) {
        let distance = distance(previous, next);
        self.edit_row(previous).next = distance;
        if distance == FAR {
            Arc::make_mut(&mut self.far_next).insert(previous, next);
        }
    }

    fn edit_row(&mut self, seq: u64) -> &mut Row {
        let segment = self.edit(seq);
        let index = segment.index_of(seq).expect("is stored");
        segment.row_mut(index)
    }

    fn edit(&mut self, seq: u64) -> &mut Segment {
        if seq >= self.tail.base() {
            return Arc::make_mut(&mut self.tail);
        }
        let number = seq / SPAN;
        let chunk = self.chunk(number / CHUNK as u64).expect("is stored");
        let segments = Arc::make_mut(&mut self.chunks[chunk].segments);
        Arc::make_mut(segments[number as usize % CHUNK].as_mut().expect("is stored"))
    }
}

fn distance(previous: u64, next: u64) -> u32 {
    u32::try_from(next - previous).unwrap_or(FAR)
}

/// Appending and removing.
impl Log {
    /// Makes sure that [`push`](Self::push) of message `seq`, with `space` bytes of content, does not fail.
    pub(super) fn try_reserve(&mut self, seq: u64, space: usize, budget: u64) -> Result<(), StoreError> {
        if self.tail.live() == 0 || self.tail.number() != seq / SPAN {
            self.start_tail(seq)?;
        }
        if Arc::strong_count(&self.tail) > 1 {
            self.tail = Arc::new(self.tail.try_clone()?);
        }
        let tail = Arc::get_mut(&mut self.tail).expect("has one owner: counted or copied just now");
        self.heap_bytes = self.heap_bytes.wrapping_add(tail.try_reserve(seq, space, budget)?);
        Ok(())
    }

    /// Appends message `seq`, for which [`try_reserve`](Self::try_reserve) has made room. `previous` is the message of
    /// the same subject before it.
    pub(super) fn push(
        &mut self,
        seq: u64,
        subject: u32,
        previous: Option<u64>,
        headers: &[u8],
        payload: &[u8],
        time: Timestamp,
    ) {
        let back = previous.map_or(0, |previous| distance(previous, seq));
        Arc::make_mut(&mut self.tail).push(seq, subject, back, headers, payload, time);
        if let Some(previous) = previous {
            self.link_next(previous, seq);
            if back == FAR {
                Arc::make_mut(&mut self.far_previous).insert(seq, previous);
            }
        }
    }

    /// Makes sure that changing the row of `seq` does not fail.
    pub(super) fn try_own(&mut self, seq: u64) -> Result<(), StoreError> {
        if seq >= self.tail.base() {
            return Ok(());
        }
        let number = seq / SPAN;
        let chunk = self.chunk(number / CHUNK as u64).expect("is stored");
        let segments = Arc::make_mut(&mut self.chunks[chunk].segments);
        let segment = segments[number as usize % CHUNK].as_mut().expect("is stored");
        if Arc::strong_count(segment) > 1 {
            *segment = Arc::new(segment.try_clone()?);
        }
        Ok(())
    }

    /// Removes message `seq`, which is stored. `is_first` if it is the first one of all.
    pub(super) fn remove(&mut self, seq: u64, is_first: bool) {
        if seq >= self.tail.base() {
            let tail = Arc::make_mut(&mut self.tail);
            let before = tail.heap_bytes();
            let index = tail.index_of(seq).expect("is stored");
            tail.remove(index, if is_first { Tidy::Nothing } else { Tidy::Blocks });
            self.heap_bytes = self.heap_bytes + tail.heap_bytes() - before;
            return;
        }
        let number = seq / SPAN;
        let at = self.chunk(number / CHUNK as u64).expect("is stored");
        let chunk = &mut self.chunks[at];
        let slot = &mut Arc::make_mut(&mut chunk.segments)[number as usize % CHUNK];
        let segment = Arc::make_mut(slot.as_mut().expect("is stored"));
        let before = segment.heap_bytes();
        let index = segment.index_of(seq).expect("is stored");
        segment.remove(index, if is_first { Tidy::Nothing } else { Tidy::All });
        chunk.messages -= 1;
        if segment.live() > 0 {
            self.heap_bytes = self.heap_bytes + segment.heap_bytes() - before;
            return;
        }
        *slot = None;
        self.heap_bytes -= before;
        chunk.count -= 1;
        if chunk.count == 0 {
            self.chunks.remove(at);
            self.heap_bytes -= CHUNK_BYTES;
        }
    }

    /// Forgets the far neighbours of message `seq`, which was removed.
    pub(super) fn forget_far(&mut self, seq: u64, row: &Row) {
        if row.next == FAR {
            Arc::make_mut(&mut self.far_next).remove(&seq);
        }
        if row.previous == FAR {
            Arc::make_mut(&mut self.far_previous).remove(&seq);
        }
    }

    /// Lets the tail begin at `seq`, after it was put among the other segments if it holds messages.
    fn start_tail(&mut self, seq: u64) -> Result<(), StoreError> {
        if self.tail.live() > 0 {
            self.put_tail_away()?;
            self.tail = Arc::new(Segment::new());
            self.heap_bytes += self.tail.heap_bytes();
        }
        if Arc::strong_count(&self.tail) > 1 {
            self.tail = Arc::new(self.tail.try_clone()?);
        }
        let tail = Arc::make_mut(&mut self.tail);
        let before = tail.heap_bytes();
        tail.restart(seq);
        self.heap_bytes = self.heap_bytes + tail.heap_bytes() - before;
        Ok(())
    }

    fn put_tail_away(&mut self) -> Result<(), StoreError> {
        let number = self.tail.number() / CHUNK as u64;
        if self.chunks.last().is_none_or(|chunk| chunk.number != number) {
            self.chunks.try_reserve(1)?;
            self.chunks.push(Chunk { number, segments: Arc::new([const { None }; CHUNK]), count: 0, messages: 0 });
            self.heap_bytes += CHUNK_BYTES;
        }
        if Arc::strong_count(&self.tail) > 1 {
            self.tail = Arc::new(self.tail.try_clone()?);
        }
        let tail = Arc::make_mut(&mut self.tail);
        let before = tail.heap_bytes();
        tail.finish();
        self.heap_bytes = self.heap_bytes + tail.heap_bytes() - before;
        let chunk = self.chunks.last_mut().expect("was added if there was none");
        chunk.count += 1;
        chunk.messages += u64::from(self.tail.live());
        Arc::make_mut(&mut chunk.segments)[self.tail.number() as usize % CHUNK] = Some(Arc::clone(&self.tail));
        Ok(())
    }
}
