//! A run of sequences: a row for each message, and the blocks that hold their bytes.
//!
//! A segment covers [`SPAN`] sequences at most. It begins dense, with a row for each sequence from its base on, whether
//! or not the message still exists. Once more than half of its messages are gone it keeps rows for the others only.
//! Blocks do the same with bytes. So what is stored occupies at most about twice its size, whatever is removed.
//!
//! What is known about one message lies side by side in 32 bytes, not in a column for each kind: whoever asks for a
//! message, or follows a subject from one to the next, then waits for memory once.

use std::rc::Rc;

use super::StoreError;
use super::blocks::Blocks;
use super::paged::{capacity_for, check_room};
use super::subjects::NONE;
use crate::engine::time::Timestamp;

/// Sequences that a segment covers, from a multiple of this on.
pub(super) const SPAN: u64 = 1024;
/// Bytes of a block. A message larger than [`OWN_BLOCK`] has one to itself, of its own size.
const BLOCK: usize = 1 << 16;
const OWN_BLOCK: usize = BLOCK / 4;
/// A block of which less than this part is free is full.
const FULL_TO: usize = 64;
/// Bytes of removed messages that are not worth moving the others.
const FEW_BYTES: usize = 512;
/// A neighbour that is too far away for its distance to lie in a row.
pub(super) const FAR: u32 = u32::MAX;
/// Bytes for a segment or block besides its content, roughly, the same on every platform.
const OVERHEAD: u64 = 64;

/// What is known about one message.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Row {
    time: Timestamp,
    /// Its subject; [`NONE`] if the message is gone.
    pub(super) subject: u32,
    /// How many sequences before this one the previous message of its subject is; [`FAR`] if that does not fit.
    /// Means nothing for the first message of a subject.
    pub(super) previous: u32,
    /// Likewise for the next message. Means nothing for the last message of a subject.
    pub(super) next: u32,
    place: Place,
    headers_len: u32,
    payload_len: u32,
}

impl Row {
    pub(super) const fn time(&self) -> Timestamp {
        self.time
    }

    pub(super) const fn headers_len(&self) -> usize {
        self.headers_len as usize
    }

    /// Bytes of headers and payload.
    pub(super) const fn len(&self) -> usize {
        self.headers_len as usize + self.payload_len as usize
    }

    pub(super) const fn is_stored(&self) -> bool {
        self.subject != NONE
    }
}

/// Where the bytes of a message begin: the number of the block and the offset in it.
#[derive(Clone, Copy, Debug)]
struct Place(u32);

impl Place {
    const fn new(block: usize, offset: usize) -> Self {
        debug_assert!(block <= SPAN as usize && offset < BLOCK);
        Self((block as u32) << 16 | offset as u32)
    }

    const fn block(self) -> usize {
        (self.0 >> 16) as usize
    }

    const fn offset(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }
}

/// A message to append.
pub(super) struct NewMessage<'a> {
    pub(super) subject: u32,
    /// See [`Row::previous`].
    pub(super) previous: u32,
    pub(super) headers: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) time: Timestamp,
}

#[derive(Debug)]
pub(super) struct Segment {
    /// The sequence of the first row, or what row offsets count from.
    base: u64,
    rows: Vec<Row>,
    /// Where the rows are not dense.
    sparse: Option<Box<Sparse>>,
    /// Rows that are stored.
    live: u32,
    /// Rows that there is room for.
    capacity: usize,
    /// Rows refer to blocks in ascending order.
    blocks: Blocks,
    /// Bytes of `blocks`, and how many of them are those of stored messages.
    closed_bytes: usize,
    closed_live: usize,
    /// The block that is appended to, the one after those in `blocks`.
    open: Vec<u8>,
    open_capacity: usize,
    open_live: usize,
    heap_bytes: u64,
}

impl Clone for Segment {
    fn clone(&self) -> Self {
        self.try_clone().expect("there is memory to copy one segment")
    }
}

impl Segment {
    pub(super) fn new() -> Self {
        Self {
            base: 0,
            rows: Vec::new(),
            sparse: None,
            live: 0,
            capacity: 0,
            blocks: Blocks::default(),
            closed_bytes: 0,
            closed_live: 0,
            open: Vec::new(),
            open_capacity: 0,
            open_live: 0,
            heap_bytes: OVERHEAD,
        }
    }

    /// A copy with the same room for more. Shares all blocks but the one that is appended to.
    pub(super) fn try_clone(&self) -> Result<Self, StoreError> {
        fn copy<T: Clone>(items: &[T], capacity: usize) -> Result<Vec<T>, StoreError> {
            let mut copy = Vec::new();
            copy.try_reserve_exact(capacity)?;
            copy.extend_from_slice(items);
            Ok(copy)
        }
        Ok(Self {
            rows: copy(&self.rows, self.capacity)?,
            sparse: self.sparse.clone(),
            blocks: self.blocks.clone(),
            open: copy(&self.open, self.open_capacity)?,
            ..*self
        })
    }

    pub(super) const fn number(&self) -> u64 {
        self.base / SPAN
    }

    pub(super) const fn base(&self) -> u64 {
        self.base
    }

    /// Messages stored, with those before the first of all that were in this segment.
    pub(super) const fn live(&self) -> u32 {
        self.live
    }

    /// Bytes occupied. Depends on what was stored and removed alone, neither on clones nor on the platform.
    pub(super) const fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    fn recount_heap(&mut self) {
        let sparse = if self.sparse.is_some() { SPARSE_BYTES + self.capacity as u64 * 2 } else { 0 };
        let rows = self.capacity * size_of::<Row>();
        let blocks = self.closed_bytes as u64 + self.blocks.len() as u64 * OVERHEAD;
        self.heap_bytes = OVERHEAD + rows as u64 + sparse + blocks + self.open_capacity as u64;
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn row(&self, index: usize) -> &Row {
        &self.rows[index]
    }

    #[inline]
    pub(super) fn row_mut(&mut self, index: usize) -> &mut Row {
        &mut self.rows[index]
    }

    #[inline]
    pub(super) fn seq(&self, index: usize) -> u64 {
        self.base + self.sparse.as_ref().map_or(index as u64, |sparse| u64::from(sparse.offsets[index]))
    }

    /// The row of `seq`, whether or not its message still exists.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn index_of(&self, seq: u64) -> Option<usize> {
        let offset = seq.wrapping_sub(self.base);
        match &self.sparse {
            None => (offset < self.rows.len() as u64).then_some(offset as usize),
            Some(sparse) => sparse.index_of(offset),
        }
    }

    /// The first row at or after `seq`; the number of rows if there is none.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn index_from(&self, seq: u64) -> usize {
        let offset = seq.saturating_sub(self.base);
        match &self.sparse {
            _ if offset >= SPAN => self.rows.len(),
            None => (offset as usize).min(self.rows.len()),
            Some(sparse) => sparse.rank(offset),
        }
    }

    /// One past the last row at or before `seq`.
    pub(super) fn index_after(&self, seq: u64) -> usize {
        seq.checked_add(1).map_or(self.rows.len(), |next| self.index_from(next))
    }

    /// The first row at or after the time; the number of rows if there is none. May be that of a removed message.
    pub(super) fn index_at(&self, time: Timestamp) -> usize {
        self.rows.partition_point(|row| row.time() < time)
    }

    /// The first row after `index` whose message is stored.
    #[inline]
    pub(super) fn stored_after(&self, index: usize) -> Option<usize> {
        let mut next = index + 1;
        while !self.rows.get(next)?.is_stored() {
            next += 1;
        }
        Some(next)
    }

    /// Messages stored at or after `seq`.
    pub(super) fn live_from(&self, seq: u64) -> u64 {
        if seq <= self.base {
            return u64::from(self.live);
        }
        let rows = &self.rows[self.index_from(seq)..];
        if self.live as usize == self.rows.len() {
            return rows.len() as u64;
        }
        rows.iter().filter(|row| row.is_stored()).count() as u64
    }

    /// Headers and payload of the message in one of its rows, which has to be stored.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn content(&self, row: &Row) -> (&[u8], &[u8]) {
        if row.len() == 0 {
            return (&[], &[]);
        }
        let bytes: &[u8] = match self.blocks.get(row.place.block()) {
            Some(block) => block,
            None => &self.open,
        };
        let start = row.place.offset();
        bytes[start..start + row.len()].split_at(row.headers_len as usize)
    }
}

/// Which sequences of a segment have rows.
#[derive(Clone, Debug)]
struct Sparse {
    /// For each 64 sequences which of them do, and how many rows are before.
    words: [(u64, u32); SPAN as usize / 64],
    /// For each row its sequence less the base.
    offsets: Vec<u16>,
}

const SPARSE_BYTES: u64 = SPAN / 64 * 16 + 24;

impl Sparse {
    fn new(offsets: Vec<u16>) -> Self {
        let mut words = [(0u64, 0); SPAN as usize / 64];
        for offset in &offsets {
            words[usize::from(*offset) / 64].0 |= 1 << (offset % 64);
        }
        let mut rows = 0;
        for (bits, before) in &mut words {
            *before = rows;
            rows += bits.count_ones();
        }
        Self { words, offsets }
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn index_of(&self, offset: u64) -> Option<usize> {
        let (bits, before) = *self.words.get(usize::try_from(offset / 64).ok()?)?;
        let bit = 1 << (offset % 64);
        (bits & bit != 0).then(|| (before + (bits & (bit - 1)).count_ones()) as usize)
    }

    /// Rows before `offset`, which is within the segment.
    fn rank(&self, offset: u64) -> usize {
        let (bits, before) = self.words[offset as usize / 64];
        (before + (bits & ((1 << (offset % 64)) - 1)).count_ones()) as usize
    }
}

/// Appending.
impl Segment {
    /// Forgets all rows, none of which is stored any more, and keeps the room for others, which begin at `base`.
    pub(super) fn restart(&mut self, base: u64) {
        self.base = base;
        self.live = 0;
        self.rows.clear();
        self.open.clear();
        self.open_live = 0;
        if self.blocks.len() > 0 {
            self.blocks = Blocks::default();
            (self.closed_bytes, self.closed_live) = (0, 0);
            self.recount_heap();
        }
    }

    /// The sequence after the last row's.
    pub(super) const fn end(&self) -> u64 {
        self.base.saturating_add(self.rows.len() as u64)
    }

    /// Whether message `seq` of `len` bytes can be appended as the segment is: it is the next one of those that the segment
    /// covers, and small.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn has_room(&self, seq: u64, len: usize) -> bool {
        let is_next = seq.wrapping_sub(self.base) == self.rows.len() as u64 && !seq.is_multiple_of(SPAN);
        is_next
            && self.live > 0
            && self.rows.len() < self.capacity
            && self.open.len() + len <= self.open_capacity
            && len <= OWN_BLOCK
    }

    /// Makes sure that [`push`](Self::push) of message `seq` with `len` bytes does not fail. The segment covers it.
    ///
    /// # Errors
    /// [`StoreError::OutOfMemory`] if the segment would get larger than `budget` says, or if the allocator refuses.
    pub(super) fn make_room(&mut self, seq: u64, len: usize, budget: u64) -> Result<(), StoreError> {
        let rows = (seq - self.base) as usize + 1;
        if rows > self.capacity || self.open.len() + len > self.open_capacity || len > OWN_BLOCK {
            self.try_grow(rows, len, budget)?;
        }
        if self.end() != seq {
            self.push_gap(seq);
        }
        Ok(())
    }

    fn try_grow(&mut self, rows: usize, len: usize, budget: u64) -> Result<(), StoreError> {
        let capacity = if rows > self.capacity { capacity_for(rows, SPAN as usize) } else { self.capacity };
        let has_own_block = len > OWN_BLOCK;
        let closes_block = has_own_block || self.open.len() + len > BLOCK;
        let mut open_capacity = self.open_capacity;
        let mut added = 0;
        if closes_block {
            added += self.open.len() as u64 + OVERHEAD;
        }
        if has_own_block {
            added += len as u64 + OVERHEAD;
        } else {
            let open_len = if closes_block { 0 } else { self.open.len() };
            open_capacity = open_capacity.max(capacity_for(open_len + len, BLOCK));
        }
        let grown = (capacity - self.capacity) * size_of::<Row>() + open_capacity - self.open_capacity;
        if self.heap_bytes + grown as u64 + added > budget {
            return Err(StoreError::OutOfMemory);
        }
        self.rows.try_reserve_exact(capacity - self.rows.len())?;
        self.capacity = capacity;
        self.blocks.try_reserve()?;
        if closes_block {
            self.close_block()?;
            self.blocks.try_reserve()?;
        }
        if has_own_block {
            check_room::<u8>(len)?;
        }
        self.open.try_reserve_exact(open_capacity - self.open.len())?;
        self.open_capacity = open_capacity;
        self.recount_heap();
        Ok(())
    }

    /// Appends a message; [`make_room`](Self::make_room) has to come first, unless it [has](Self::has_room) some.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn push(&mut self, message: &NewMessage) {
        let NewMessage { subject, previous, headers, payload, time } = *message;
        let len = headers.len() + payload.len();
        let place = Place::new(self.blocks.len(), self.open.len().min(BLOCK - 1));
        if len > OWN_BLOCK {
            self.push_own_block(headers, payload);
        } else {
            if !headers.is_empty() {
                self.open.extend_from_slice(headers);
            }
            self.open.extend_from_slice(payload);
            self.open_live += len;
        }
        let (headers_len, payload_len) = (headers.len() as u32, payload.len() as u32);
        self.rows.push(Row { time, subject, previous, next: 0, place, headers_len, payload_len });
        self.live += 1;
    }

    /// Adds rows without messages, for sequences before `seq` that were skipped.
    fn push_gap(&mut self, seq: u64) {
        let last = *self.rows.last().expect("a segment begins with a message");
        let gap = Row { subject: NONE, ..last };
        self.rows.extend(std::iter::repeat_n(gap, (seq - self.end()) as usize));
    }

    #[cold]
    fn push_own_block(&mut self, headers: &[u8], payload: &[u8]) {
        self.push_block([headers, payload].concat());
        self.closed_live += headers.len() + payload.len();
        self.recount_heap();
    }

    fn push_block(&mut self, block: Vec<u8>) {
        self.closed_bytes += block.len();
        self.blocks.push(Rc::new(block));
    }

    /// Puts the open block to the others, and begins another in as much room. One that is all but full goes as it is,
    /// others are copied in their size.
    fn close_block(&mut self) -> Result<(), StoreError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let is_full = self.open.len() + self.open.len() / FULL_TO >= self.open_capacity;
        let mut other = Vec::new();
        other.try_reserve_exact(if is_full { self.open_capacity } else { self.open.len() })?;
        if is_full {
            std::mem::swap(&mut self.open, &mut other);
        } else {
            other.extend_from_slice(&self.open);
            self.open.clear();
        }
        self.push_block(other);
        self.closed_live += std::mem::take(&mut self.open_live);
        Ok(())
    }

    /// Ends appending: gives back the room for more, and returns an empty segment with that for bytes.
    pub(super) fn finish(&mut self) -> Result<Self, StoreError> {
        self.blocks.try_reserve()?;
        self.close_block()?;
        let mut next = Self::new();
        next.open = std::mem::take(&mut self.open);
        next.open_capacity = std::mem::take(&mut self.open_capacity);
        next.recount_heap();
        self.tidy();
        self.rows.shrink_to_fit();
        self.capacity = self.rows.len();
        self.recount_heap();
        Ok(next)
    }
}

/// Removing.
impl Segment {
    /// Removes message `seq`, which is stored. `is_finished` if nothing is appended any more.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn remove(&mut self, seq: u64, is_finished: bool) {
        let index = self.index_of(seq).expect("is stored");
        let row = &mut self.rows[index];
        row.subject = NONE;
        self.live -= 1;
        let (place, len) = (row.place, row.len());
        if place.block() >= self.blocks.len() {
            self.open_live -= len;
            if self.open_live == 0 {
                self.open.clear();
            }
        } else {
            self.closed_live -= len;
            if len > OWN_BLOCK {
                self.drop_block(place.block());
                self.recount_heap();
            }
        }
        let has_dead_rows = is_finished && (self.live as usize) * 2 < self.rows.len();
        if has_dead_rows || (self.closed_live * 2 < self.closed_bytes && self.closed_bytes > FEW_BYTES) {
            self.tidy_after_removal(is_finished);
        }
    }

    /// Whether there are blocks that hold something of row `from`, or of a later one, but nothing from row `to` on.
    #[inline]
    pub(super) fn has_blocks_between(&self, from: usize, to: usize) -> bool {
        self.rows[from].place.block() < self.rows[to].place.block()
    }

    /// Drops the blocks that hold nothing from row `to` on, which is the first that is stored.
    pub(super) fn drop_blocks_before(&mut self, to: usize) {
        let end = self.rows[to].place.block();
        for row in self.rows[..to].iter().rev().skip_while(|row| row.place.block() >= end) {
            if self.blocks.get(row.place.block()).is_none() {
                break;
            }
            if row.is_stored() {
                self.closed_live -= row.len();
            }
        }
        for block in 0..end {
            self.drop_block(block);
        }
        self.recount_heap();
    }

    fn drop_block(&mut self, number: usize) {
        if let Some(bytes) = self.blocks.replace(number, None) {
            self.closed_bytes -= bytes.len();
        }
    }

    #[cold]
    #[inline(never)]
    fn tidy_after_removal(&mut self, is_finished: bool) {
        if is_finished {
            self.tidy();
        } else {
            self.shrink_blocks();
        }
        self.recount_heap();
    }

    fn tidy(&mut self) {
        if self.closed_live * 2 < self.closed_bytes {
            self.shrink_blocks();
        }
        if (self.live as usize) * 2 < self.rows.len() {
            self.compact();
        }
    }

    /// Moves what is left in a block to one of its size, wherever that is less than half.
    fn shrink_blocks(&mut self) {
        let mut rows = &mut self.rows[..];
        for number in 0..self.blocks.len() {
            let end = rows.partition_point(|row| row.place.block() <= number);
            let (in_block, others) = rows.split_at_mut(end);
            rows = others;
            let Some(old) = self.blocks.get(number).cloned() else { continue };
            let live: usize = in_block.iter().filter(|row| row.is_stored()).map(Row::len).sum();
            if live * 2 >= old.len() {
                continue;
            }
            let mut bytes = Vec::with_capacity(live);
            for row in in_block.iter_mut().filter(|row| row.is_stored() && row.len() > 0) {
                let start = row.place.offset();
                row.place = Place::new(number, bytes.len());
                bytes.extend_from_slice(&old[start..start + row.len()]);
            }
            self.closed_bytes -= old.len() - live;
            self.blocks.replace(number, (live > 0).then(|| Rc::new(bytes)));
        }
    }

    /// Drops the rows of removed messages.
    fn compact(&mut self) {
        let live = self.live as usize;
        let mut offsets = Vec::with_capacity(live);
        let mut rows = Vec::with_capacity(live);
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| row.is_stored()) {
            offsets.push((self.seq(index) - self.base) as u16);
            rows.push(*row);
        }
        self.sparse = Some(Box::new(Sparse::new(offsets)));
        (self.rows, self.capacity) = (rows, live);
    }
}
