//! What was found last for a subject. One after the other, subjects are often the same, or alike up to the last token.

use std::rc::Rc;

use super::config::IS_PAGE;
use super::short;
use super::subject::has_dot_at_end;

#[derive(Debug, Default)]
pub struct Latest<V> {
    /// Empty if nothing is known.
    subject: Vec<u8>,
    /// If the same was found for every subject that differs in the last token alone: how long the same part is, with its
    /// dot.
    siblings_start: Option<usize>,
    found: Rc<V>,
}

impl<V: Clone> Latest<V> {
    /// What was found, if that was for `subject`.
    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn get(&self, subject: &[u8]) -> Option<&Rc<V>> {
        let is_known = self.is_of_sibling(subject) || (self.subject == subject && !subject.is_empty());
        is_known.then_some(&self.found)
    }

    /// What was found, for whichever subject.
    #[inline]
    pub fn found(&self) -> &V {
        &self.found
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn is_of_sibling(&self, subject: &[u8]) -> bool {
        let Some(start) = self.siblings_start else { return false };
        let Some((same, last)) = subject.split_at_checked(start) else { return false };
        !last.is_empty() && is_known_start(same, &self.subject[..start]) && !has_dot_at_end(subject, last.len())
    }

    /// Lets `find` find anew, for `subject`, in place of what it is given. `fits_siblings` if the same would be found for
    /// every subject that differs in the last token alone.
    pub fn find(&mut self, subject: &[u8], fits_siblings: bool, find: impl FnOnce(&mut V)) -> Rc<V> {
        self.subject.clear();
        self.subject.extend_from_slice(subject);
        let start = memchr::memrchr(b'.', subject).map(|dot| dot + 1);
        // Nobody gets a subject with an empty token. If that is the last one, its siblings are not like it.
        self.siblings_start = start.filter(|start| fits_siblings && *start < subject.len());
        find(Rc::make_mut(&mut self.found));
        Rc::clone(&self.found)
    }

    /// What it was found in has changed.
    pub fn forget(&mut self) {
        self.subject.clear();
        self.siblings_start = None;
    }
}

/// Whether both are the same.
#[inline]
#[cfg_attr(jetstream_sim_small, optimize(speed))]
fn is_known_start(start: &[u8], known: &[u8]) -> bool {
    if IS_PAGE { start == known } else { short::is_same(start, known) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_that_of_its_siblings_where_the_last_token_does_not_count() {
        let mut latest = Latest::default();
        for (subject, fits_siblings, asked, is_of) in [
            ("_INBOX.a.1", true, "_INBOX.a.2", true),
            ("_INBOX.a.1", true, "_INBOX.a.", false),
            ("_INBOX.a.1", true, "_INBOX.a.2.3", false),
            ("_INBOX.a.1", true, "_INBOX.a", false),
            ("_INBOX.a.1", true, "_INBOX.b.1", false),
            ("_INBOX.a.1", false, "_INBOX.a.2", false),
            ("_INBOX.a.1", false, "_INBOX.a.1", true),
            ("_INBOX.a.", true, "_INBOX.a.1", false),
            ("_INBOX.a.", true, "_INBOX.a.", true),
        ] {
            latest.find(subject.as_bytes(), fits_siblings, |found| *found = subject.len());
            let found = latest.get(asked.as_bytes()).map(|found| **found);
            assert_eq!(found, is_of.then_some(subject.len()), "{subject} {asked}");
            latest.forget();
            assert_eq!(latest.get(asked.as_bytes()), None);
            assert_eq!(latest.get(b""), None);
        }
    }
}
