//! Vectors that clones share until one of them writes.
//!
//! [`Paged`] is a long vector in pages of fixed size: growing never copies more than a page, and so does the first
//! write after a clone.

use std::rc::Rc;

use super::StoreError;

/// Why [`Rc::get_mut`] gives what it is asked for.
pub(super) const SOLE_OWNER: &str = "has one owner: counted or copied just now, and nothing makes weak ones";

/// What is in `shared`, to change; copied first if a clone holds it as well.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub(super) fn edit<T: Clone>(shared: &mut Rc<T>) -> &mut T {
    #[cold]
    #[inline(never)]
    fn copy<T: Clone>(shared: &mut Rc<T>) {
        *shared = Rc::new(T::clone(shared));
    }
    if Rc::get_mut(shared).is_none() {
        copy(shared);
    }
    Rc::get_mut(shared).expect(SOLE_OWNER)
}

/// As [`edit`], for a run of items.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
pub(super) fn edit_items<T: Copy>(shared: &mut Rc<[T]>) -> &mut [T] {
    #[cold]
    #[inline(never)]
    fn copy<T: Copy>(shared: &mut Rc<[T]>) {
        *shared = Rc::from(&shared[..]);
    }
    if Rc::get_mut(shared).is_none() {
        copy(shared);
    }
    Rc::get_mut(shared).expect(SOLE_OWNER)
}

/// A run of `len` items: first those given, then as many copies of `filler` as it takes.
///
/// # Errors
/// [`StoreError::OutOfMemory`] if the allocator refuses.
pub(super) fn try_filled<T: Copy>(items: &[T], filler: T, len: usize) -> Result<Rc<[T]>, StoreError> {
    check_room::<T>(len)?;
    Ok(items.iter().copied().chain(std::iter::repeat_n(filler, len - items.len())).collect())
}

/// Makes sure that there is room for `len` items at once: where memory is short, what allocates without a way to say so
/// must not be the first to find out.
pub(super) fn check_room<T>(len: usize) -> Result<(), StoreError> {
    let mut room = Vec::<T>::new();
    Ok(room.try_reserve_exact(len)?)
}

/// As [`edit_items`], but that the allocator may refuse the copy.
///
/// # Errors
/// [`StoreError::OutOfMemory`] if it does; nothing has changed then.
pub(super) fn try_own<T: Copy>(shared: &mut Rc<[T]>) -> Result<&mut [T], StoreError> {
    if Rc::get_mut(shared).is_none() {
        check_room::<T>(shared.len())?;
    }
    Ok(edit_items(shared))
}

/// The vector in `shared`, copied first if a clone holds it as well. Either way it has room for `capacity` items.
///
/// # Errors
/// [`StoreError::OutOfMemory`] if the allocator refuses; nothing has changed then.
pub(super) fn try_edit<T: Copy>(shared: &mut Rc<Vec<T>>, capacity: usize) -> Result<&mut Vec<T>, StoreError> {
    if Rc::strong_count(shared) > 1 {
        let mut copy = Vec::new();
        copy.try_reserve_exact(capacity.max(shared.len()))?;
        copy.extend_from_slice(shared);
        *shared = Rc::new(copy);
    }
    let items = Rc::get_mut(shared).expect(SOLE_OWNER);
    if items.capacity() < capacity {
        items.try_reserve_exact(capacity - items.len())?;
    }
    Ok(items)
}

/// How many items a vector of at most `full` is given room for once it holds `len`: few for a small stream, and all
/// of a page after two steps.
pub(super) const fn capacity_for(len: usize, full: usize) -> usize {
    if len > full / 8 {
        full
    } else if len > full / 64 {
        full / 8
    } else {
        full / 64
    }
}

/// A long vector in pages of [`PAGE`] items.
#[derive(Clone, Debug)]
pub(super) struct Paged<T> {
    /// All full but the last, which has room for some more.
    pages: Vec<Rc<[T]>>,
    len: u32,
}

/// Items in a page of [`Paged`].
const PAGE: usize = 512;

impl<T: Copy> Paged<T> {
    pub(super) const fn new() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }

    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn get(&self, index: u32) -> &T {
        &self.pages[index as usize / PAGE][index as usize % PAGE]
    }

    /// The item at `index`, to change. Copies its page if a clone shares it.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn edit(&mut self, index: u32) -> &mut T {
        &mut edit_items(&mut self.pages[index as usize / PAGE])[index as usize % PAGE]
    }

    /// The page with the item at `index`, to change, and the index of its first item.
    #[inline]
    pub(super) fn edit_page(&mut self, index: u32) -> (u32, &mut [T]) {
        let page = index as usize / PAGE;
        ((page * PAGE) as u32, edit_items(&mut self.pages[page]))
    }

    /// Appends `item` and returns its index.
    pub(super) fn try_push(&mut self, item: T) -> Result<u32, StoreError> {
        let index = self.len;
        let in_page = index as usize % PAGE;
        if in_page == 0 {
            self.pages.try_reserve(1)?;
            self.pages.push(try_filled(&[], item, capacity_for(1, PAGE))?);
        }
        let page = self.pages.last_mut().expect("a page was added above if there was none");
        if in_page == page.len() || Rc::get_mut(page).is_none() {
            *page = try_filled(&page[..in_page], item, capacity_for(in_page + 1, PAGE))?;
        }
        Rc::get_mut(page).expect(SOLE_OWNER)[in_page] = item;
        self.len += 1;
        Ok(index)
    }

    /// All items with their index, page by page.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.pages.iter().zip(0..).flat_map(|(page, number)| {
            let first = number * PAGE as u32;
            page.iter().zip(first..self.len).map(|(item, index)| (index, item))
        })
    }

    /// Bytes of the pages; depends on the length alone.
    pub(super) fn heap_bytes(&self) -> u64 {
        Self::heap_bytes_at(self.len as usize)
    }

    /// Bytes that one more item takes, which is 0 if its page has room.
    pub(super) fn growth(&self) -> u64 {
        Self::heap_bytes_at(self.len as usize + 1) - self.heap_bytes()
    }

    fn heap_bytes_at(len: usize) -> u64 {
        let last_page = match len % PAGE {
            0 => 0,
            in_page => capacity_for(in_page, PAGE),
        };
        ((len / PAGE * PAGE + last_page) * size_of::<T>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_saw() {
        let mut paged = Paged::new();
        for item in 0..1500u32 {
            assert_eq!(paged.try_push(item), Ok(item));
        }
        let clone = paged.clone();
        *paged.edit(700) = 1;
        assert_eq!((*paged.get(700), *clone.get(700)), (1, 700));
        assert_eq!(paged.iter().map(|(index, _)| index).collect::<Vec<_>>(), (0..1500).collect::<Vec<_>>());
    }

    #[test]
    fn room_grows_in_steps() {
        for (len, expected) in [(0, 8), (8, 8), (9, 64), (64, 64), (65, 512), (512, 512)] {
            assert_eq!(capacity_for(len, 512), expected, "{len}");
        }
    }
}
