//! A run of sequences: the columns of its messages, and the blocks that hold their bytes.
//!
//! A segment covers [`SPAN`] sequences at most. It begins dense, with a row for each sequence from its base on, whether
//! or not the message still exists. Once more than half of its messages are gone it keeps rows for the others only.
//! Blocks do the same with bytes. So what is stored occupies at most about twice its size, whatever is removed.

use std::sync::Arc;

use super::StoreError;
use super::paged::{capacity_for, try_edit};
use super::subjects::NONE;
use crate::engine::time::Timestamp;

/// Sequences that a segment covers, from a multiple of this on.
pub(super) const SPAN: u64 = 1024;
/// Bytes of a block. A message larger than [`OWN_BLOCK`] has one to itself, of its own size.
const BLOCK: usize = 1 << 16;
const OWN_BLOCK: usize = BLOCK / 4;
/// A block of this many bytes or less is not worth shrinking.
const SMALL_BLOCK: usize = 256;
/// A neighbour that is too far away for its distance to lie in a row.
pub(super) const FAR: u32 = u32::MAX;
/// Bytes of a message in the columns.
const ROW_BYTES: u64 = (size_of::<u32>() + size_of::<Row>()) as u64;
/// Bytes for a segment or block besides its content, roughly, the same on every platform.
const OVERHEAD: u64 = 64;

/// What the columns hold about one message besides its subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    time: [u32; 2],
    /// How many sequences before this one the previous message of its subject is; [`FAR`] if that does not fit.
    /// Means nothing for the first message of a subject.
    pub(super) previous: u32,
    /// Likewise for the next message. Means nothing for the last message of a subject.
    pub(super) next: u32,
    place: Place,
    /// Bytes of headers and payload.
    pub(super) len: u32,
}

impl Row {
    pub(super) const fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.time[0] as u64 | (self.time[1] as u64) << 32)
    }
}

/// Where the bytes of a message lie: block (15 bits), offset in it (16 bits), and whether they begin with the length
/// of the headers (1 bit).
#[derive(Clone, Copy, Debug)]
struct Place(u32);

/// Bytes of the length of the headers, if there are headers.
const HEADERS_LEN: usize = size_of::<u32>();

impl Place {
    fn new(block: usize, offset: usize, has_headers: bool) -> Self {
        debug_assert!(block < 1 << 15 && offset < BLOCK);
        Self(u32::from(has_headers) << 31 | (block as u32) << 16 | offset as u32)
    }

    const fn block(self) -> usize {
        (self.0 >> 16 & 0x7FFF) as usize
    }

    const fn offset(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }

    const fn has_headers(self) -> bool {
        self.0 >> 31 == 1
    }
}

#[derive(Clone, Debug)]
struct Block {
    /// `None` while nothing is in it.
    bytes: Option<Arc<Vec<u8>>>,
    /// Bytes that there is room for now, and that it may be enlarged to.
    capacity: usize,
    limit: usize,
    /// Bytes of stored messages.
    live: usize,
}

impl Block {
    const fn with_limit(limit: usize) -> Self {
        Self { bytes: None, capacity: 0, limit, live: 0 }
    }

    fn len(&self) -> usize {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len())
    }

    fn fits(&self, space: usize) -> bool {
        let len = self.len();
        len < BLOCK && len + space <= self.limit
    }

    /// The room there has to be for `space` more bytes.
    fn capacity_with(&self, space: usize) -> usize {
        let needed = self.len() + space;
        if needed <= self.capacity { self.capacity } else { capacity_for(needed, self.limit).max(needed) }
    }

    fn is_shared(&self) -> bool {
        self.bytes.as_ref().is_some_and(|bytes| Arc::strong_count(bytes) > 1)
    }

    /// Gives back the room behind the content. Nothing is appended after this.
    fn close(&mut self) {
        if let Some(bytes) = self.bytes.as_mut().and_then(Arc::get_mut) {
            bytes.shrink_to_fit();
        }
        self.limit = self.len();
        self.capacity = self.limit;
    }

    /// Forgets the content, none of which is stored any more, and keeps the room.
    fn clear(&mut self) {
        match self.bytes.as_mut().and_then(Arc::get_mut) {
            Some(bytes) => bytes.clear(),
            None => self.bytes = None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Segment {
    /// The sequence of the first row, or what row offsets count from.
    base: u64,
    /// The subject of each row; [`NONE`] where the message is gone.
    subjects: Vec<u32>,
    rows: Vec<Row>,
    /// For each row its sequence less the base; empty while the rows are dense.
    offsets: Vec<u16>,
    /// Rows that there is room for.
    capacity: usize,
    /// Messages stored.
    live: u32,
    /// Only the last one is appended to. Rows refer to them in ascending order.
    blocks: Vec<Block>,
    heap_bytes: u64,
}

impl Clone for Segment {
    fn clone(&self) -> Self {
        self.try_clone().expect("there is memory to copy one segment")
    }
}

impl Segment {
    pub(super) const fn new() -> Self {
        Self {
            base: 0,
            subjects: Vec::new(),
            rows: Vec::new(),
            offsets: Vec::new(),
            capacity: 0,
            live: 0,
            blocks: Vec::new(),
            heap_bytes: OVERHEAD,
        }
    }

    /// A copy with the same room for more rows. Shares the blocks.
    pub(super) fn try_clone(&self) -> Result<Self, StoreError> {
        fn copy<T: Copy>(items: &[T], capacity: usize) -> Result<Vec<T>, StoreError> {
            let mut copy = Vec::new();
            copy.try_reserve_exact(capacity)?;
            copy.extend_from_slice(items);
            Ok(copy)
        }
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(self.blocks.len())?;
        blocks.extend_from_slice(&self.blocks);
        Ok(Self {
            subjects: copy(&self.subjects, self.capacity)?,
            rows: copy(&self.rows, self.capacity)?,
            offsets: copy(&self.offsets, self.offsets.len())?,
            blocks,
            ..*self
        })
    }

    /// Bytes occupied. Depends on what was stored and removed alone, neither on clones nor on the platform.
    pub(super) const fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    fn recount_heap(&mut self) {
        let blocks: u64 = self.blocks.iter().map(|block| OVERHEAD + block.capacity as u64).sum();
        let offsets = self.offsets.len() * size_of::<u16>();
        self.heap_bytes = OVERHEAD + self.capacity as u64 * ROW_BYTES + offsets as u64 + blocks;
    }

    pub(super) const fn number(&self) -> u64 {
        self.base / SPAN
    }

    pub(super) const fn base(&self) -> u64 {
        self.base
    }

    /// Messages stored.
    pub(super) const fn live(&self) -> u32 {
        self.live
    }

    /// The subject of each row; [`NONE`] where the message is gone.
    pub(super) fn subjects(&self) -> &[u32] {
        &self.subjects
    }

    pub(super) fn row(&self, index: usize) -> &Row {
        &self.rows[index]
    }

    pub(super) fn row_mut(&mut self, index: usize) -> &mut Row {
        &mut self.rows[index]
    }

    pub(super) fn seq(&self, index: usize) -> u64 {
        self.base + self.offsets.get(index).map_or(index as u64, |offset| u64::from(*offset))
    }

    /// The row of `seq`, whether or not its message still exists.
    pub(super) fn index_of(&self, seq: u64) -> Option<usize> {
        let offset = seq.wrapping_sub(self.base);
        if self.offsets.is_empty() {
            return (offset < self.rows.len() as u64).then_some(offset as usize);
        }
        self.offsets.binary_search(&u16::try_from(offset).ok()?).ok()
    }

    /// The first row at or after `seq`; the number of rows if there is none.
    pub(super) fn index_from(&self, seq: u64) -> usize {
        let offset = seq.saturating_sub(self.base);
        if self.offsets.is_empty() {
            return offset.min(self.rows.len() as u64) as usize;
        }
        self.offsets.partition_point(|other| u64::from(*other) < offset)
    }

    /// Messages stored at or after `seq`.
    pub(super) fn live_from(&self, seq: u64) -> u64 {
        if seq <= self.base {
            return u64::from(self.live);
        }
        self.subjects[self.index_from(seq)..].iter().filter(|subject| **subject != NONE).count() as u64
    }

    /// One past the last row at or before `seq`.
    pub(super) fn index_after(&self, seq: u64) -> usize {
        seq.checked_add(1).map_or(self.rows.len(), |next| self.index_from(next))
    }

    /// The first row at or after the time; the number of rows if there is none. May be that of a removed message.
    pub(super) fn index_at(&self, time: Timestamp) -> usize {
        self.rows.partition_point(|row| row.time() < time)
    }

    /// Headers and payload of the message in row `index`, which has to exist.
    pub(super) fn content(&self, index: usize) -> (&[u8], &[u8]) {
        let Row { place, len, .. } = self.rows[index];
        if len == 0 {
            return (&[], &[]);
        }
        let bytes = self.blocks[place.block()].bytes.as_ref().expect("a block with a message is kept");
        let start = place.offset();
        if !place.has_headers() {
            return (&[], &bytes[start..start + len as usize]);
        }
        let (prefix, content) = bytes[start..start + HEADERS_LEN + len as usize].split_at(HEADERS_LEN);
        let headers_len = *prefix.first_chunk().expect("was split there");
        content.split_at(u32::from_le_bytes(headers_len) as usize)
    }
}

/// Appending.
impl Segment {
    /// Begins anew at `base`. No message may be left.
    pub(super) fn restart(&mut self, base: u64) {
        debug_assert_eq!(self.live, 0);
        self.base = base;
        self.subjects.clear();
        self.rows.clear();
        let open = self.blocks.pop().filter(|block| block.limit == BLOCK);
        self.blocks.clear();
        self.blocks.extend(open);
        self.recount_heap();
    }

    /// The sequence after the last row's.
    pub(super) fn end(&self) -> u64 {
        self.base + self.rows.len() as u64
    }

    /// Makes sure that [`push`](Self::push) of message `seq` does not fail. Returns by how many bytes the heap grew.
    ///
    /// # Errors
    /// [`StoreError::OutOfMemory`] if that would be more than `budget` bytes, or if the allocator refuses.
    #[inline]
    pub(super) fn try_reserve(&mut self, seq: u64, space: usize, budget: u64) -> Result<u64, StoreError> {
        let rows = (seq - self.base) as usize + 1;
        let has_space = space == 0
            || self.blocks.last().is_some_and(|block| {
                block.fits(space)
                    && block.len() + space <= block.capacity
                    && !block.is_shared()
                    && block.bytes.is_some()
            });
        if rows <= self.capacity && has_space { Ok(0) } else { self.try_grow(rows, space, budget) }
    }

    #[cold]
    fn try_grow(&mut self, rows: usize, space: usize, budget: u64) -> Result<u64, StoreError> {
        let capacity = if rows <= self.capacity { self.capacity } else { capacity_for(rows, SPAN as usize) };
        let fits = space == 0 || self.blocks.last().is_some_and(|block| block.fits(space));
        let added = Block::with_limit(if space > OWN_BLOCK { space } else { BLOCK });
        let block_growth = match self.blocks.last() {
            _ if space == 0 => 0,
            Some(block) if fits => (block.capacity_with(space) - block.capacity) as u64,
            _ => OVERHEAD + added.capacity_with(space) as u64,
        };
        let growth = (capacity - self.capacity) as u64 * ROW_BYTES + block_growth;
        if growth > budget {
            return Err(StoreError::OutOfMemory);
        }
        self.subjects.try_reserve_exact(capacity - self.subjects.len())?;
        self.rows.try_reserve_exact(capacity - self.rows.len())?;
        if !fits {
            self.blocks.try_reserve(1)?;
        }
        let before = self.heap_bytes;
        self.capacity = capacity;
        if !fits {
            self.close_last_block();
            self.blocks.push(added);
        }
        if let (Some(block), 1..) = (self.blocks.last_mut(), space) {
            let capacity = block.capacity_with(space);
            try_edit(block.bytes.get_or_insert_default(), capacity)?;
            block.capacity = capacity;
        }
        self.recount_heap();
        // Closing the block before may have given back more than this one takes.
        Ok(self.heap_bytes.wrapping_sub(before))
    }

    /// Appends message `seq`, for which [`try_reserve`](Self::try_reserve) has made room.
    #[inline]
    pub(super) fn push(
        &mut self,
        seq: u64,
        subject: u32,
        previous: u32,
        headers: &[u8],
        payload: &[u8],
        time: Timestamp,
    ) {
        while self.end() < seq {
            self.push_gap();
        }
        let place = self.push_bytes(headers, payload);
        let len = (headers.len() + payload.len()) as u32;
        let time = time.as_nanos();
        self.subjects.push(subject);
        self.rows.push(Row { time: [time as u32, (time >> 32) as u32], previous, next: 0, place, len });
        self.live += 1;
    }

    /// Adds a row without a message, for a sequence that was skipped.
    fn push_gap(&mut self) {
        let row = *self.rows.last().expect("a segment begins with a message");
        self.subjects.push(NONE);
        self.rows.push(row);
    }

    #[inline]
    fn push_bytes(&mut self, headers: &[u8], payload: &[u8]) -> Place {
        let space = space_for(headers.len(), payload.len());
        let index = self.blocks.len().saturating_sub(1);
        let Some(block) = self.blocks.last_mut().filter(|_| space > 0) else { return Place::new(index, 0, false) };
        let bytes = block.bytes.as_mut().and_then(Arc::get_mut).expect("room was made for this message alone");
        let place = Place::new(index, bytes.len(), !headers.is_empty());
        if !headers.is_empty() {
            bytes.extend_from_slice(&(headers.len() as u32).to_le_bytes());
            bytes.extend_from_slice(headers);
        }
        bytes.extend_from_slice(payload);
        block.live += space;
        place
    }

    fn close_last_block(&mut self) {
        if let Some(block) = self.blocks.last_mut() {
            block.close();
        }
    }
}

/// Removing.
impl Segment {
    /// Removes the message in row `index`, and gives back memory where `tidy` allows.
    pub(super) fn remove(&mut self, index: usize, tidy: Tidy) {
        let Row { place, len, .. } = self.rows[index];
        self.subjects[index] = NONE;
        self.live -= 1;
        let space = len as usize + if place.has_headers() { HEADERS_LEN } else { 0 };
        let blocks = self.blocks.len();
        if space > 0 {
            let block = &mut self.blocks[place.block()];
            block.live -= space;
            if block.live == 0 {
                let is_open = block.limit == BLOCK && place.block() + 1 == blocks;
                if is_open {
                    block.clear();
                } else {
                    *block = Block::with_limit(0);
                    self.recount_heap();
                }
            } else if tidy != Tidy::Nothing {
                self.shrink_block(place.block());
            }
        }
        if tidy == Tidy::All {
            self.compact();
        }
    }

    /// Ends appending: gives back the room for more.
    pub(super) fn finish(&mut self) {
        self.close_last_block();
        for block in 0..self.blocks.len() {
            self.shrink_block(block);
        }
        self.compact();
        self.subjects.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.capacity = self.rows.len();
        self.recount_heap();
    }

    /// Moves what is left in a block to a smaller one if that is less than half of it.
    fn shrink_block(&mut self, index: usize) {
        let block = &self.blocks[index];
        let (len, live) = (block.len(), block.live);
        if len <= SMALL_BLOCK || live * 2 >= len || block.limit != len {
            return;
        }
        let old = block.bytes.clone().expect("has messages");
        let mut bytes = Vec::with_capacity(live);
        let first = self.rows.partition_point(|row| row.place.block() < index);
        let in_block = self.rows[first..].iter_mut().zip(&self.subjects[first..]);
        for (row, subject) in in_block.take_while(|(row, _)| row.place.block() == index) {
            let has_headers = row.place.has_headers();
            let space = row.len as usize + if has_headers { HEADERS_LEN } else { 0 };
            if *subject == NONE || space == 0 {
                continue;
            }
            let start = row.place.offset();
            row.place = Place::new(index, bytes.len(), has_headers);
            bytes.extend_from_slice(&old[start..start + space]);
        }
        debug_assert_eq!(bytes.len(), live);
        self.blocks[index] = Block { bytes: Some(Arc::new(bytes)), capacity: live, limit: live, live };
        self.recount_heap();
    }

    /// Drops the rows of removed messages if they are more than half.
    fn compact(&mut self) {
        let live = self.live as usize;
        if live * 2 >= self.rows.len() {
            return;
        }
        let kept = (0..self.rows.len()).filter(|index| self.subjects[*index] != NONE);
        let mut offsets = Vec::with_capacity(live);
        let mut subjects = Vec::with_capacity(live);
        let mut rows = Vec::with_capacity(live);
        for index in kept {
            offsets.push((self.seq(index) - self.base) as u16);
            subjects.push(self.subjects[index]);
            rows.push(self.rows[index]);
        }
        (self.offsets, self.subjects, self.rows, self.capacity) = (offsets, subjects, rows, live);
        self.recount_heap();
    }
}

/// What [`Segment::remove`] may tidy up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tidy {
    /// For messages at the front: what is left behind goes soon.
    Nothing,
    /// For the segment that is appended to.
    Blocks,
    All,
}

/// Bytes that a message takes in a block.
pub(super) const fn space_for(headers_len: usize, payload_len: usize) -> usize {
    if headers_len == 0 { payload_len } else { HEADERS_LEN + headers_len + payload_len }
}
