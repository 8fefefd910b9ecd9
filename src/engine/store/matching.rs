//! What a subject filter covers: a walk down the tree of tokens.

use std::ops::ControlFlow;

use super::subjects::{DEEPEST, Entry, NONE, ROOT, SubjectIndex};
use crate::engine::subject::{self, SubjectFilter};

/// What a filter covers, in as few pieces as the tree has.
#[derive(Clone, Copy, Debug)]
enum Match {
    /// One subject.
    Subject(u32),
    /// The subjects one step below a branch.
    Children(u32),
    /// All subjects below a branch.
    Below(u32),
}

/// Whether no message can be kept out: no filters, or `>` among them.
pub(super) fn covers_all(filters: &[SubjectFilter]) -> bool {
    filters.is_empty() || filters.iter().any(SubjectFilter::is_all)
}

impl SubjectIndex {
    /// Calls `visit` with the id and the entry of each subject that has messages and that one of `filters` covers, once
    /// each.
    pub(super) fn visit(
        &self,
        filters: &[SubjectFilter],
        visit: &mut dyn FnMut(u32, &Entry) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if covers_all(filters) {
            let mut subjects = self.entries().filter(|(_, entry)| entry.messages > 0);
            return subjects.try_for_each(|(id, entry)| visit(id, entry));
        }
        for (position, filter) in filters.iter().enumerate() {
            let earlier = &filters[..position];
            if earlier.iter().any(|other| other.collides(filter)) {
                self.visit_covered(filter, &mut |id, entry| {
                    let seen = earlier.iter().any(|other| other.matches(self.name_of(entry)));
                    if seen { ControlFlow::Continue(()) } else { visit(id, entry) }
                })?;
            } else {
                self.visit_covered(filter, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// [`visit`](Self::visit) to the end.
    pub(super) fn for_each(&self, filters: &[SubjectFilter], mut visit: impl FnMut(u32, &Entry)) {
        let _ = self.visit(filters, &mut |id, entry| {
            visit(id, entry);
            ControlFlow::Continue(())
        });
    }

    /// Messages of the subjects that `filters` cover.
    pub(super) fn messages_of(&self, filters: &[SubjectFilter]) -> u64 {
        let mut messages = 0;
        for (position, filter) in filters.iter().enumerate() {
            if filters[..position].iter().any(|other| other.collides(filter)) {
                messages = 0;
                self.for_each(filters, |_, entry| messages += u64::from(entry.messages));
                return messages;
            }
            let _ = self.matches(filter, &mut |found| {
                messages += self.messages_in(found);
                ControlFlow::Continue(())
            });
        }
        messages
    }

    fn visit_covered(
        &self,
        filter: &SubjectFilter,
        visit: &mut dyn FnMut(u32, &Entry) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut visit =
            |(id, entry): (u32, &Entry)| if entry.messages > 0 { visit(id, entry) } else { ControlFlow::Continue(()) };
        self.matches(filter, &mut |found| match found {
            Match::Subject(id) => visit((id, self.entry(id))),
            Match::Children(branch) => self.children(branch).try_for_each(&mut visit),
            Match::Below(branch) => self.below(branch).try_for_each(&mut visit),
        })
    }

    fn messages_in(&self, found: Match) -> u64 {
        match found {
            Match::Subject(id) => u64::from(self.entry(id).messages),
            Match::Below(ROOT) => self.entries().map(|(_, entry)| u64::from(entry.messages)).sum(),
            Match::Below(branch) => u64::from(self.branch(branch).messages_below),
            Match::Children(branch) if branch != ROOT && self.branch(branch).inner_children == 0 => {
                u64::from(self.branch(branch).messages_below)
            }
            Match::Children(branch) => self.children(branch).map(|(_, entry)| u64::from(entry.messages)).sum(),
        }
    }

    /// Calls `visit` with what `filter` covers. The pieces do not overlap.
    fn matches(&self, filter: &SubjectFilter, visit: &mut dyn FnMut(Match) -> ControlFlow<()>) -> ControlFlow<()> {
        let bytes = filter.as_bytes();
        if filter.is_literal() {
            return self.find(bytes).map_or(ControlFlow::Continue(()), |id| visit(Match::Subject(id)));
        }
        if self.is_empty() {
            return ControlFlow::Continue(());
        }
        self.descend(bytes, ROOT, 0, bytes, &mut Vec::new(), visit)
    }

    /// What `rest`, the end of `filter`, covers below `branch`, which is `depth` tokens down. `path` is scratch space.
    fn descend(
        &self,
        filter: &[u8],
        branch: u32,
        depth: usize,
        rest: &[u8],
        path: &mut Vec<u8>,
        visit: &mut dyn FnMut(Match) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (token, after) = split_token(rest);
        if token == b">" {
            return visit(Match::Below(branch));
        }
        if depth == DEEPEST {
            let mut covered = self.children(branch).filter(|(_, entry)| subject::matches(filter, self.name_of(entry)));
            return covered.try_for_each(|(id, _)| visit(Match::Subject(id)));
        }
        if token == b"*" {
            let Some(after) = after else { return visit(Match::Children(branch)) };
            for (_, child) in self.children(branch) {
                if child.branch != NONE {
                    self.descend(filter, child.branch, depth + 1, after, path, visit)?;
                }
            }
            return ControlFlow::Continue(());
        }
        // All literal tokens up to the next wildcard at once: their path names the next entry.
        path.clear();
        if branch != ROOT {
            path.extend_from_slice(self.name(self.branch(branch).entry));
            path.push(b'.');
        }
        path.extend_from_slice(token);
        let (mut depth, mut after) = (depth + 1, after);
        while let Some(rest) = after {
            let (token, after_token) = split_token(rest);
            if depth == DEEPEST || subject::is_wildcard(token) {
                break;
            }
            path.push(b'.');
            path.extend_from_slice(token);
            (depth, after) = (depth + 1, after_token);
        }
        let Some(id) = self.find_entry(path) else { return ControlFlow::Continue(()) };
        match after {
            None => visit(Match::Subject(id)),
            Some(_) if self.branch_below(id) == NONE => ControlFlow::Continue(()),
            Some(rest) => self.descend(filter, self.branch_below(id), depth, rest, path, visit),
        }
    }

    fn children(&self, branch: u32) -> impl Iterator<Item = (u32, &Entry)> {
        let mut next = self.branch(branch).first_child;
        std::iter::from_fn(move || {
            let id = next;
            (id != NONE).then(|| {
                let entry = self.entry(id);
                next = entry.next_sibling;
                (id, entry)
            })
        })
    }

    /// All entries below `top`, parents before children.
    fn below(&self, top: u32) -> impl Iterator<Item = (u32, &Entry)> {
        let mut next = self.branch(top).first_child;
        std::iter::from_fn(move || {
            let id = next;
            (id != NONE).then(|| {
                let entry = self.entry(id);
                next = self.entry_after(entry, top);
                (id, entry)
            })
        })
    }

    fn entry_after(&self, entry: &Entry, top: u32) -> u32 {
        if entry.branch != NONE {
            return self.branch(entry.branch).first_child;
        }
        let mut entry = entry;
        while entry.next_sibling == NONE {
            if entry.parent == top {
                return NONE;
            }
            entry = self.entry(self.branch(entry.parent).entry);
        }
        entry.next_sibling
    }
}

/// The first token of `rest` and what follows its dot.
fn split_token(rest: &[u8]) -> (&[u8], Option<&[u8]>) {
    match rest.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&rest[..dot], Some(&rest[dot + 1..])),
        None => (rest, None),
    }
}
