//! The bytes of the messages of a segment, in blocks that clones share.

use std::rc::Rc;

/// Blocks that are not appended to any more, by number. Keeps those of small messages where it stands itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    first: [Option<Rc<Vec<u8>>>; FIRST],
    others: Vec<Option<Rc<Vec<u8>>>>,
    count: u32,
}

const FIRST: usize = 2;

impl Blocks {
    pub(super) const fn len(&self) -> usize {
        self.count as usize
    }

    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<&Rc<Vec<u8>>> {
        match self.first.get(number) {
            Some(block) => block.as_ref(),
            None => self.others.get(number - FIRST)?.as_ref(),
        }
    }

    pub(super) fn push(&mut self, block: Rc<Vec<u8>>) {
        match self.first.get_mut(self.count as usize) {
            Some(first) => *first = Some(block),
            None => self.others.push(Some(block)),
        }
        self.count += 1;
    }

    /// Puts `block` in the place of block `number`, and returns that.
    pub(super) fn replace(&mut self, number: usize, block: Option<Rc<Vec<u8>>>) -> Option<Rc<Vec<u8>>> {
        let place = match self.first.get_mut(number) {
            Some(first) => first,
            None => &mut self.others[number - FIRST],
        };
        std::mem::replace(place, block)
    }

    /// Makes sure that the next [`push`](Self::push) does not allocate.
    pub(super) fn try_reserve(&mut self) -> Result<(), super::StoreError> {
        Ok(self.others.try_reserve(1)?)
    }
}
