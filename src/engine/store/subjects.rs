//! The stored subjects: their first and last message, how many there are, and where they stand in the tree of tokens.
//!
//! Every stored subject has an entry, and so has every prefix of one that ends before a dot; a prefix with something
//! below it has a branch as well. `orders.eu.new` stands below the branches `orders` and `orders.eu`. Branches count
//! the messages below them, so that what a wildcard filter covers is often known without looking at each subject.
//! Tokens beyond the [`DEEPEST`] are not told apart in the tree: they form one last step.

use super::StoreError;
use super::hash::{HashTable, hash_of};
use super::names::Names;
use super::paged::Paged;
use crate::engine::short;

/// Stands where there is no entry or branch.
pub(super) const NONE: u32 = u32::MAX;
/// The branch above the first tokens.
pub(super) const ROOT: u32 = 0;
/// Tokens that have branches at most.
pub(super) const DEEPEST: usize = 15;
/// Births that a cursor may be behind without having to look at every subject again.
pub(super) const RECENT_BIRTHS: usize = 64;
/// Bytes of a name that fit into its entry.
const INLINE_NAME: usize = 18;

/// A subject, or a prefix of subjects, in which case `messages` is 0. Also a free place, in which case
/// `next_sibling` is the next such one.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Entry {
    /// The first message of a subject that has some.
    pub(super) first_seq: u64,
    /// Likewise the last one.
    pub(super) last_seq: u64,
    pub(super) messages: u32,
    /// The branch that this stands below.
    pub(super) parent: u32,
    pub(super) name_len: u16,
    /// The name, or the place of a long one in [`SubjectIndex::long_names`].
    name: [u8; INLINE_NAME],
    /// The branch for what stands below this, or [`NONE`].
    pub(super) branch: u32,
    pub(super) next_sibling: u32,
    previous_sibling: u32,
}

impl Entry {
    /// Where the name of this lies if it is a long one.
    fn long_name(&self) -> u32 {
        let [a, b, c, d, ..] = self.name;
        u32::from_le_bytes([a, b, c, d])
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    /// The prefix; [`NONE`] for the root.
    pub(super) entry: u32,
    parent: u32,
    /// An entry, or [`NONE`]. In a free branch the next free one.
    pub(super) first_child: u32,
    /// Messages of all subjects that stand below, at any depth. Not kept for the root.
    pub(super) messages_below: u32,
    /// Children that have branches themselves.
    pub(super) inner_children: u32,
}

#[derive(Clone, Debug)]
pub(super) struct SubjectIndex {
    entries: Paged<Entry>,
    branches: Paged<Branch>,
    table: HashTable,
    long_names: Names,
    free_entry: u32,
    free_branch: u32,
    subjects: u32,
    births: u64,
    recent_births: [u32; RECENT_BIRTHS],
    /// The id that [`intern`](Self::intern) gave last.
    latest: u32,
    heap_bytes: u64,
}

const FREE_ENTRY: Entry = Entry {
    first_seq: 0,
    last_seq: 0,
    messages: 0,
    parent: ROOT,
    branch: NONE,
    next_sibling: NONE,
    previous_sibling: NONE,
    name_len: 0,
    name: [0; INLINE_NAME],
};

const FREE_BRANCH: Branch =
    Branch { entry: NONE, parent: ROOT, first_child: NONE, messages_below: 0, inner_children: 0 };

/// The prefix below whose branch `name` stands; `None` for the root's.
fn parent_name(name: &[u8]) -> Option<&[u8]> {
    let mut dots = name.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    let mut last = None;
    for _ in 0..DEEPEST {
        match dots.next() {
            Some(dot) => last = Some(dot),
            None => break,
        }
    }
    last.map(|dot| &name[..dot])
}

impl SubjectIndex {
    pub(super) fn new() -> Self {
        Self {
            entries: Paged::new(),
            branches: Paged::new(),
            table: HashTable::new(),
            long_names: Names::new(),
            free_entry: NONE,
            free_branch: NONE,
            subjects: 0,
            births: 0,
            recent_births: [NONE; RECENT_BIRTHS],
            latest: 0,
            heap_bytes: 0,
        }
    }

    /// Forgets all subjects. Cursors notice.
    pub(super) fn clear(&mut self) {
        *self = Self { births: self.births + RECENT_BIRTHS as u64 + 1, ..Self::new() };
    }

    /// Subjects with messages.
    pub(super) const fn len(&self) -> u32 {
        self.subjects
    }

    /// One more than any id in use.
    pub(super) const fn end(&self) -> u32 {
        self.entries.len()
    }

    pub(super) fn name(&self, id: u32) -> &[u8] {
        self.name_of(self.entries.get(id))
    }

    #[inline]
    pub(super) fn name_of<'a>(&'a self, entry: &'a Entry) -> &'a [u8] {
        let len = usize::from(entry.name_len);
        if len <= INLINE_NAME { &entry.name[..len] } else { self.long_names.get(entry.long_name(), entry.name_len) }
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn is_named(&self, id: u32, name: &[u8]) -> bool {
        let entry = self.entries.get(id);
        if usize::from(entry.name_len) != name.len() {
            return false;
        }
        short::is_same(self.name_of(entry), name)
    }

    #[inline]
    pub(super) fn entry(&self, id: u32) -> &Entry {
        self.entries.get(id)
    }

    /// The id of `subject` if it has messages.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn find(&self, subject: &[u8]) -> Option<u32> {
        self.find_entry(subject).filter(|id| self.entry(*id).messages > 0)
    }

    /// How many times a subject got its first message so far.
    pub(super) const fn births(&self) -> u64 {
        self.births
    }

    /// The ids of the subjects born after the first `seen` ones; `None` if these are no longer known.
    pub(super) fn births_since(&self, seen: u64) -> Option<impl Iterator<Item = u32>> {
        let is_known = self.births.wrapping_sub(seen) <= RECENT_BIRTHS as u64;
        is_known.then(|| (seen..self.births).map(|at| self.recent_births[at as usize % RECENT_BIRTHS]))
    }

    /// Bytes occupied. Depends on the subjects' history alone, neither on clones nor on the platform.
    pub(super) const fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    fn recount_heap(&mut self) {
        let (entries, branches) = (self.entries.heap_bytes(), self.branches.heap_bytes());
        self.heap_bytes = entries + branches + self.table.heap_bytes() + self.long_names.heap_bytes();
    }

    pub(super) fn find_entry(&self, name: &[u8]) -> Option<u32> {
        self.table.find(hash_of(name), |id| self.is_named(id, name))
    }
}

/// The tree.
impl SubjectIndex {
    pub(super) const fn is_empty(&self) -> bool {
        self.branches.len() == 0
    }

    pub(super) fn branch(&self, branch: u32) -> &Branch {
        self.branches.get(branch)
    }

    /// The branch for what stands below entry `id`, or [`NONE`].
    pub(super) fn branch_below(&self, id: u32) -> u32 {
        self.entries.get(id).branch
    }

    /// All entries, free places included, with their ids.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, &Entry)> {
        self.entries.iter()
    }
}

/// What adding and removing messages changes.
impl SubjectIndex {
    /// The id of `subject`, which is given an entry without messages if it has none. If no message is counted in,
    /// [`release`](Self::release) has to follow.
    ///
    /// # Errors
    /// [`StoreError::OutOfMemory`] if the index would get larger than `budget` says, or if the allocator refuses.
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn intern(&mut self, subject: &[u8], budget: impl FnOnce() -> u64) -> Result<u32, StoreError> {
        // Those who publish under some subjects in turn do so again and again, and ids are given in the order of the first
        // time: so the next one is likely, as is the same.
        let likely = [self.latest, self.latest.wrapping_add(1)];
        if let Some(id) = likely.into_iter().find(|id| self.is_in_use(*id, subject)) {
            self.latest = id;
            return Ok(id);
        }
        let hash = hash_of(subject);
        let id = match self.table.find(hash, |id| self.is_named(id, subject)) {
            Some(id) => id,
            None => {
                let added = self.add_entry(subject, hash, budget());
                self.recount_heap();
                added?
            }
        };
        self.latest = id;
        Ok(id)
    }

    /// Whether `id` is that of `subject`, and that has messages.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn is_in_use(&self, id: u32, subject: &[u8]) -> bool {
        id < self.entries.len() && self.entries.get(id).messages > 0 && self.is_named(id, subject)
    }

    /// Entry `id`, to change. What else follows from a message more or less, [`note_added`](Self::note_added) or
    /// [`note_removed`](Self::note_removed) does.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn edit(&mut self, id: u32) -> &mut Entry {
        self.entries.edit(id)
    }

    /// A message was counted in for subject `id`; `is_first` if it had none.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn note_added(&mut self, id: u32, parent: u32, is_first: bool) {
        self.for_each_above(parent, |branch| branch.messages_below += 1);
        if is_first {
            self.subjects += 1;
            self.recent_births[self.births as usize % RECENT_BIRTHS] = id;
            self.births += 1;
        }
    }

    /// A message was counted out for subject `id`; `is_last` if it has none any more.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub(super) fn note_removed(&mut self, id: u32, parent: u32, is_last: bool) {
        self.for_each_above(parent, |branch| branch.messages_below -= 1);
        if is_last {
            self.subjects -= 1;
            self.release(id);
        }
    }

    /// Changes `branch` and all branches above it but the root.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn for_each_above(&mut self, branch: u32, change: impl Fn(&mut Branch)) {
        let mut branch = branch;
        while branch != ROOT {
            let (first, page) = self.branches.edit_page(branch);
            // As a rule all of them are in one page.
            while let Some(above) = page.get_mut(branch.wrapping_sub(first) as usize) {
                change(above);
                branch = above.parent;
                if branch == ROOT {
                    return;
                }
            }
        }
    }

    /// Frees the entry of `id` if it has neither messages nor anything below it; likewise the prefixes above it.
    pub(super) fn release(&mut self, id: u32) {
        let mut id = id;
        loop {
            let entry = *self.entries.get(id);
            if entry.messages > 0 || entry.branch != NONE {
                return;
            }
            self.table.remove(hash_of(self.name(id)), id);
            self.free_name(&entry);
            self.unlink(&entry);
            *self.entries.edit(id) = Entry { next_sibling: self.free_entry, ..FREE_ENTRY };
            self.free_entry = id;
            if entry.parent == ROOT || self.branches.get(entry.parent).first_child != NONE {
                return;
            }
            id = self.remove_branch(entry.parent);
        }
    }

    fn unlink(&mut self, entry: &Entry) {
        if entry.next_sibling != NONE {
            self.entries.edit(entry.next_sibling).previous_sibling = entry.previous_sibling;
        }
        if entry.previous_sibling != NONE {
            self.entries.edit(entry.previous_sibling).next_sibling = entry.next_sibling;
        } else {
            self.branches.edit(entry.parent).first_child = entry.next_sibling;
        }
    }

    /// Frees a branch that has no children and returns its prefix.
    fn remove_branch(&mut self, branch: u32) -> u32 {
        let Branch { entry: id, parent, .. } = *self.branches.get(branch);
        self.entries.edit(id).branch = NONE;
        self.branches.edit(parent).inner_children -= 1;
        *self.branches.edit(branch) = Branch { first_child: self.free_branch, ..FREE_BRANCH };
        self.free_branch = branch;
        id
    }

    fn free_name(&mut self, entry: &Entry) {
        if usize::from(entry.name_len) > INLINE_NAME {
            self.long_names.remove(entry.long_name(), entry.name_len);
        }
    }

    /// Makes entries for `name` and for its prefixes that have none.
    fn add_entry(&mut self, name: &[u8], hash: u32, budget: u64) -> Result<u32, StoreError> {
        let parent = match parent_name(name) {
            None => self.root()?,
            Some(prefix) => self.branch_of(prefix, budget)?,
        };
        match self.add_child(parent, name, hash, budget) {
            Ok(id) => Ok(id),
            Err(error) => {
                // A branch that was made for this child alone must not stay.
                if parent != ROOT && self.branches.get(parent).first_child == NONE {
                    let prefix = self.remove_branch(parent);
                    self.release(prefix);
                }
                Err(error)
            }
        }
    }

    fn root(&mut self) -> Result<u32, StoreError> {
        if self.branches.len() == 0 {
            self.branches.try_push(FREE_BRANCH)?;
        }
        Ok(ROOT)
    }

    /// The branch of `prefix`, made if there is none.
    fn branch_of(&mut self, prefix: &[u8], budget: u64) -> Result<u32, StoreError> {
        let hash = hash_of(prefix);
        let id = match self.table.find(hash, |id| self.is_named(id, prefix)) {
            Some(id) => id,
            None => self.add_entry(prefix, hash, budget)?,
        };
        let Entry { branch, parent, .. } = *self.entries.get(id);
        if branch != NONE {
            return Ok(branch);
        }
        let added = Branch { entry: id, parent, ..FREE_BRANCH };
        let branch = match self.free_branch {
            NONE => match self.branches.try_push(added) {
                Ok(branch) => branch,
                Err(error) => {
                    self.release(id);
                    return Err(error);
                }
            },
            free => {
                self.free_branch = self.branches.get(free).first_child;
                *self.branches.edit(free) = added;
                free
            }
        };
        self.entries.edit(id).branch = branch;
        self.branches.edit(parent).inner_children += 1;
        Ok(branch)
    }

    fn add_child(&mut self, parent: u32, name: &[u8], hash: u32, budget: u64) -> Result<u32, StoreError> {
        let name_len = u16::try_from(name.len()).map_err(|_| StoreError::TooLarge)?;
        self.recount_heap();
        let growth = self.entries.growth() + self.branches.growth();
        let budget = budget.checked_sub(self.heap_bytes + growth).ok_or(StoreError::OutOfMemory)?;
        self.table.try_reserve(hash, budget)?;
        let first_child = self.branches.get(parent).first_child;
        let mut entry = Entry { parent, next_sibling: first_child, name_len, ..FREE_ENTRY };
        if name.len() <= INLINE_NAME {
            entry.name[..name.len()].copy_from_slice(name);
        } else {
            let place = self.long_names.add(name, budget)?;
            entry.name[..4].copy_from_slice(&place.to_le_bytes());
        }
        let id = match self.free_entry {
            NONE => match self.entries.try_push(entry) {
                Ok(id) => id,
                Err(error) => {
                    self.free_name(&entry);
                    return Err(error);
                }
            },
            free => {
                self.free_entry = self.entries.get(free).next_sibling;
                *self.entries.edit(free) = entry;
                free
            }
        };
        if first_child != NONE {
            self.entries.edit(first_child).previous_sibling = id;
        }
        self.branches.edit(parent).first_child = id;
        self.table.insert(hash, id);
        Ok(id)
    }
}
