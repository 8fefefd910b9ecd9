//! The messages by sequence: segments, and where to find them.
//!
//! Sequences without messages take no room between segments, however many they are. The last segment, which is
//! appended to, stands apart; the others stand in chunks of 64, which clones share.

use std::rc::Rc;

use super::StoreError;
use super::paged::{SOLE_OWNER, edit};
use super::segment::{FAR, NewMessage, Row, SPAN, Segment};
use crate::engine::seq_map::SeqMap;
use crate::engine::time::Timestamp;

/// Segments in a chunk.
const CHUNK: usize = 64;

#[derive(Clone, Debug)]
struct Chunk {
    /// The number of its first segment, divided by [`CHUNK`].
    number: u64,
    segments: Rc<[Option<Rc<Segment>>; CHUNK]>,
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
    /// Messages before this one are gone, whatever their rows say.
    first: u64,
    /// All other segments lie below its base.
    tail: Rc<Segment>,
    /// Neighbours of messages whose rows say [`FAR`].
    far_next: Rc<SeqMap<u64>>,
    far_previous: Rc<SeqMap<u64>>,
    heap_bytes: u64,
}

impl Log {
    pub(super) fn new() -> Self {
        let tail = Segment::new();
        let heap_bytes = tail.heap_bytes();
        Self {
            chunks: Vec::new(),
            first: 0,
            tail: Rc::new(tail),
            far_next: Rc::default(),
            far_previous: Rc::default(),
            heap_bytes,
        }
    }

    pub(super) const fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    /// The first message, if there are any.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The segment and row of message `seq` if that is stored.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn find(&self, seq: u64) -> Option<(&Segment, &Row)> {
        if seq < self.first {
            return None;
        }
        let segment = if seq >= self.tail.base() { &self.tail } else { self.segment(seq / SPAN)? };
        let row = segment.row(segment.index_of(seq)?);
        row.is_stored().then_some((segment, row))
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn row(&self, seq: u64) -> Option<&Row> {
        self.find(seq).map(|(_, row)| row)
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn first_segment(&self) -> &Segment {
        match self.chunks.first() {
            Some(chunk) => chunk.segments[(self.first / SPAN) as usize % CHUNK].as_ref().expect("is stored"),
            None => &self.tail,
        }
    }

    /// What is known about the first message of all, of which there has to be one.
    #[inline]
    pub(super) fn first_row(&self) -> &Row {
        let segment = self.first_segment();
        segment.row(segment.index_of(self.first).expect("is stored"))
    }

    /// The first message stored at or after `seq`.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn next(&self, seq: u64) -> Option<u64> {
        let seq = seq.max(self.first);
        if self.find(seq).is_some() {
            return Some(seq);
        }
        self.segments_from(seq).find_map(|segment| {
            let from = segment.index_from(seq);
            let found = segment.rows()[from..].iter().position(Row::is_stored)?;
            Some(segment.seq(from + found))
        })
    }

    /// The segments that may hold messages at or after `seq`, in order. Their rows before the first message of all mean
    /// nothing.
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
        if seq < self.first {
            return None;
        }
        if self.find(seq).is_some() {
            return Some(seq);
        }
        self.segments_to(seq).rev().find_map(|segment| {
            let end = segment.index_after(seq);
            let found = segment.rows()[..end].iter().rposition(Row::is_stored)?;
            Some(segment.seq(found))
        })
    }

    /// The segments that may hold messages at or before `seq`, in order. Their rows before the first message of all
    /// mean nothing.
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

    /// Messages stored at or after `seq`, which is not before the first one.
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
        let from = if index < segment.rows().len() { segment.seq(index) } else { segment.seq(index - 1) + 1 };
        self.next(from)
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn segment(&self, number: u64) -> Option<&Segment> {
        let chunk = &self.chunks[self.chunk(number / CHUNK as u64).ok()?];
        chunk.segments[number as usize % CHUNK].as_deref()
    }

    /// Where the chunk with this number is, or would be.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn chunk(&self, number: u64) -> Result<usize, usize> {
        let first = self.chunks.first().ok_or(0usize)?;
        let guess = number.wrapping_sub(first.number) as usize;
        match self.chunks.get(guess) {
            Some(chunk) if chunk.number == number => Ok(guess),
            _ => self.search_chunk(number),
        }
    }

    #[cold]
    #[inline(never)]
    fn search_chunk(&self, number: u64) -> Result<usize, usize> {
        self.chunks.binary_search_by_key(&number, |chunk| chunk.number)
    }
}

/// Neighbours of the same subject.
impl Log {
    /// The message of the same subject after `seq`, which is not the last.
    #[inline]
    pub(super) fn next_of(&self, seq: u64, row: &Row) -> u64 {
        if row.next == FAR { *self.far_next.get(seq).expect("it is far") } else { seq + u64::from(row.next) }
    }

    /// The message of the same subject before `seq`, which is not the first.
    #[inline]
    pub(super) fn previous_of(&self, seq: u64, row: &Row) -> u64 {
        if row.previous == FAR {
            *self.far_previous.get(seq).expect("it is far")
        } else {
            seq - u64::from(row.previous)
        }
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
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn link(&mut self, previous: u64, next: u64) {
        let distance = distance(previous, next);
        self.edit_row(previous).next = distance;
        self.edit_row(next).previous = distance;
        if distance == FAR {
            edit(&mut self.far_next).insert(previous, next);
            edit(&mut self.far_previous).insert(next, previous);
        }
    }

    fn edit_row(&mut self, seq: u64) -> &mut Row {
        let segment = self.try_edit(seq).expect("there is memory to copy one segment");
        let index = segment.index_of(seq).expect("is stored");
        segment.row_mut(index)
    }
}

/// The segment in `shared`, to change; copied first if a clone holds it as well.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn try_edit(shared: &mut Rc<Segment>) -> Result<&mut Segment, StoreError> {
    #[cold]
    fn copy(shared: &mut Rc<Segment>) -> Result<(), StoreError> {
        *shared = Rc::new(shared.try_clone()?);
        Ok(())
    }
    if Rc::strong_count(shared) > 1 {
        copy(shared)?;
    }
    Ok(Rc::get_mut(shared).expect(SOLE_OWNER))
}

fn distance(previous: u64, next: u64) -> u32 {
    u32::try_from(next - previous).unwrap_or(FAR)
}

/// Appending and removing.
impl Log {
    /// Appends message `seq`. `last` is the last message of the same subject so far.
    ///
    /// # Errors
    /// [`StoreError::OutOfMemory`] if the log would get larger than `budget` says, or if the allocator refuses.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn push(
        &mut self,
        seq: u64,
        last: Option<u64>,
        message: NewMessage,
        budget: impl FnOnce() -> u64,
    ) -> Result<(), StoreError> {
        let len = message.headers.len() + message.payload.len();
        if !self.tail.has_room(seq, len) {
            self.make_room(seq, len, budget())?;
        }
        let previous = match last {
            None => 0,
            // Should the rest fail, this link behind the last message of a subject means nothing.
            Some(last) => self.try_link_next(last, seq)?,
        };
        let tail = try_edit(&mut self.tail)?;
        let others = self.heap_bytes - tail.heap_bytes();
        tail.push(&NewMessage { previous, ..message });
        self.heap_bytes = others + tail.heap_bytes();
        if previous == FAR {
            let last = last.expect("is far away");
            edit(&mut self.far_previous).insert(seq, last);
        }
        Ok(())
    }

    /// Lets the tail be one that message `seq` of `len` bytes can be appended to.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, seq: u64, len: usize, budget: u64) -> Result<(), StoreError> {
        if self.tail.live() == 0 || self.tail.number() != seq / SPAN {
            self.start_tail(seq)?;
            if self.chunks.is_empty() {
                self.first = seq;
            }
        }
        let others = self.heap_bytes - self.tail.heap_bytes();
        let tail = try_edit(&mut self.tail)?;
        tail.make_room(seq, len, budget.saturating_sub(others))?;
        self.heap_bytes = others + tail.heap_bytes();
        Ok(())
    }

    /// Notes `seq` as what follows `last`, and returns their distance.
    fn try_link_next(&mut self, last: u64, seq: u64) -> Result<u32, StoreError> {
        let distance = distance(last, seq);
        let segment = self.try_edit(last)?;
        let index = segment.index_of(last).expect("is stored");
        segment.row_mut(index).next = distance;
        if distance == FAR {
            edit(&mut self.far_next).insert(last, seq);
        }
        Ok(distance)
    }

    /// The segment of message `seq`, which is stored, to change.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn try_edit(&mut self, seq: u64) -> Result<&mut Segment, StoreError> {
        let segment = if seq >= self.tail.base() {
            &mut self.tail
        } else {
            let number = seq / SPAN;
            let chunk = self.chunk(number / CHUNK as u64).expect("is stored");
            let segments = edit(&mut self.chunks[chunk].segments);
            segments[number as usize % CHUNK].as_mut().expect("is stored")
        };
        try_edit(segment)
    }

    /// Removes message `seq`, which is stored and not the first one.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn remove(&mut self, seq: u64) {
        if seq >= self.tail.base() {
            let tail = edit(&mut self.tail);
            let before = tail.heap_bytes();
            tail.remove(seq, false);
            self.heap_bytes = self.heap_bytes + tail.heap_bytes() - before;
            return;
        }
        let number = seq / SPAN;
        let at = self.chunk(number / CHUNK as u64).expect("is stored");
        let chunk = &mut self.chunks[at];
        chunk.messages -= 1;
        let slot = edit(&mut chunk.segments)[number as usize % CHUNK].as_mut().expect("is stored");
        let segment = edit(slot);
        let before = segment.heap_bytes();
        segment.remove(seq, true);
        self.heap_bytes = self.heap_bytes + segment.heap_bytes() - before;
        if segment.live() == 0 {
            self.drop_segment(at, number);
        }
    }

    /// Removes the first message of all, of which there has to be one, and returns its row. Its segment is not changed
    /// unless that frees memory.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn remove_first(&mut self) -> Row {
        let segment = self.first_segment();
        let index = segment.index_of(self.first).expect("is stored");
        let row = *segment.row(index);
        if let Some(next) = segment.stored_after(index) {
            let has_free_blocks = segment.has_blocks_between(index, next);
            self.first = segment.seq(next);
            if has_free_blocks {
                self.drop_blocks_before(self.first, next);
            }
        } else {
            self.drop_first_segment();
        }
        row
    }

    /// Drops the segment of the first message, which is the last of its messages.
    #[cold]
    #[inline(never)]
    fn drop_first_segment(&mut self) {
        if self.chunks.is_empty() {
            let end = self.tail.end();
            let before = self.tail.heap_bytes();
            let tail = edit(&mut self.tail);
            tail.restart(end);
            self.heap_bytes = self.heap_bytes + tail.heap_bytes() - before;
            self.first = end;
        } else {
            self.drop_segment(0, self.first / SPAN);
            let after = self.first.saturating_add(1);
            self.first = self.next(after).unwrap_or(after);
        }
    }

    #[cold]
    #[inline(never)]
    fn drop_blocks_before(&mut self, seq: u64, index: usize) {
        let segment = self.try_edit(seq).expect("there is memory to copy one segment");
        let before = segment.heap_bytes();
        segment.drop_blocks_before(index);
        let freed = before - segment.heap_bytes();
        self.heap_bytes -= freed;
    }

    fn drop_segment(&mut self, chunk_index: usize, number: u64) {
        let chunk = &mut self.chunks[chunk_index];
        let segment = edit(&mut chunk.segments)[number as usize % CHUNK].take().expect("is there");
        chunk.messages -= u64::from(segment.live());
        chunk.count -= 1;
        self.heap_bytes -= segment.heap_bytes();
        if chunk.count == 0 {
            self.chunks.remove(chunk_index);
            self.heap_bytes -= CHUNK_BYTES;
        }
    }

    /// Forgets the far neighbours of message `seq`, which was removed.
    pub(super) fn forget_far(&mut self, seq: u64, row: &Row) {
        if row.next == FAR {
            edit(&mut self.far_next).remove(seq);
        }
        if row.previous == FAR {
            edit(&mut self.far_previous).remove(seq);
        }
    }

    /// Lets the tail begin at `seq`, after it was put among the other segments if it holds messages.
    fn start_tail(&mut self, seq: u64) -> Result<(), StoreError> {
        if self.tail.live() > 0 {
            self.put_tail_away()?;
        }
        let before = self.tail.heap_bytes();
        try_edit(&mut self.tail)?.restart(seq);
        self.heap_bytes = self.heap_bytes + self.tail.heap_bytes() - before;
        Ok(())
    }

    fn put_tail_away(&mut self) -> Result<(), StoreError> {
        let number = self.tail.number() / CHUNK as u64;
        self.chunks.try_reserve(1)?;
        let before = self.tail.heap_bytes();
        let next = try_edit(&mut self.tail)?.finish()?;
        let finished = std::mem::replace(&mut self.tail, Rc::new(next));
        self.heap_bytes = self.heap_bytes + finished.heap_bytes() + self.tail.heap_bytes() - before;
        if self.chunks.last().is_none_or(|chunk| chunk.number != number) {
            self.chunks.push(Chunk { number, segments: Rc::new([const { None }; CHUNK]), count: 0, messages: 0 });
            self.heap_bytes += CHUNK_BYTES;
        }
        let chunk = self.chunks.last_mut().expect("was added if there was none");
        chunk.count += 1;
        chunk.messages += u64::from(finished.live());
        let slot = finished.number() as usize % CHUNK;
        edit(&mut chunk.segments)[slot] = Some(finished);
        Ok(())
    }
}
