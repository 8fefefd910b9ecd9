//! A map from subject filters to values, looked up by subject.
//!
//! A trie of tokens: walking it costs as many steps as the subject has tokens, however many filters there are. Used by
//! the router for subscriptions and by a stream for its consumers' filters. Source: nats-server `server/sublist.go`.

use std::rc::Rc;

use super::bytes_map::BytesMap;
use super::subject::{has_empty_token, split_token, tokens};

/// Values by filter. Several values may stand under one filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubjectMap<T> {
    root: Node<T>,
    len: usize,
}

/// Children are shared by clones of the map until one of them changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node<T> {
    literal: BytesMap<Rc<Node<T>>>,
    /// Under `*`.
    any: Option<Rc<Node<T>>>,
    /// Values of filters that end here.
    here: Vec<T>,
    /// Values of filters that end here with `>`.
    tail: Vec<T>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { literal: BytesMap::default(), any: None, here: Vec::new(), tail: Vec::new() }
    }
}

impl<T> Node<T> {
    fn is_empty(&self) -> bool {
        self.literal.is_empty() && self.any.is_none() && self.here.is_empty() && self.tail.is_empty()
    }
}

impl<T> Default for SubjectMap<T> {
    fn default() -> Self {
        Self { root: Node::default(), len: 0 }
    }
}

impl<T: Clone> SubjectMap<T> {
    pub fn insert(&mut self, filter: &[u8], value: T) {
        let mut node = &mut self.root;
        self.len += 1;
        for token in tokens(filter) {
            node = match token {
                b">" => {
                    node.tail.push(value);
                    return;
                }
                b"*" => Rc::make_mut(node.any.get_or_insert_default()),
                _ => {
                    if !node.literal.contains(token) {
                        node.literal.insert(token, Rc::default());
                    }
                    Rc::make_mut(node.literal.get_mut(token).expect("inserted above"))
                }
            };
        }
        node.here.push(value);
    }

    /// Removes the first value under `filter` that `is_it` accepts.
    pub fn remove(&mut self, filter: &[u8], is_it: impl Fn(&T) -> bool) -> Option<T> {
        let tokens: Vec<&[u8]> = tokens(filter).collect();
        let removed = remove(&mut self.root, &tokens, &is_it);
        self.len -= usize::from(removed.is_some());
        removed
    }
}

fn remove<T: Clone>(node: &mut Node<T>, tokens: &[&[u8]], is_it: &impl Fn(&T) -> bool) -> Option<T> {
    let take = |values: &mut Vec<T>| values.iter().position(is_it).map(|at| values.remove(at));
    let Some((token, rest)) = tokens.split_first() else { return take(&mut node.here) };
    match *token {
        b">" => take(&mut node.tail),
        b"*" => {
            let child = Rc::make_mut(node.any.as_mut()?);
            let removed = remove(child, rest, is_it);
            if child.is_empty() {
                node.any = None;
            }
            removed
        }
        token => {
            let child = Rc::make_mut(node.literal.get_mut(token)?);
            let removed = remove(child, rest, is_it);
            if child.is_empty() {
                node.literal.remove(token);
            }
            removed
        }
    }
}

impl<T> SubjectMap<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `found` with every value whose filter covers `subject`, in the order of [`walk`]. A subject with an empty
    /// token is covered by none.
    pub fn for_each_match<'m>(&'m self, subject: &[u8], found: &mut impl FnMut(&'m T)) {
        if !self.is_empty() && !has_empty_token(subject) {
            walk(&self.root, subject, &mut |value| {
                found(value);
                false
            });
        }
    }

    /// Whether some value's filter covers `subject` and `accept` takes the value.
    pub fn any_match(&self, subject: &[u8], accept: impl Fn(&T) -> bool) -> bool {
        !self.is_empty() && !has_empty_token(subject) && walk(&self.root, subject, &mut |value| accept(value))
    }

    /// Whether all subjects that differ from `subject` in the last token alone are covered by the same filters.
    pub fn ignores_last_token(&self, subject: &[u8]) -> bool {
        fn names_last<T>(node: &Node<T>, parents: Option<&[u8]>) -> bool {
            let Some(parents) = parents else { return !node.literal.is_empty() };
            let (token, rest) = split_token(parents);
            node.literal.get(token).is_some_and(|child| names_last(child, rest))
                || node.any.as_ref().is_some_and(|child| names_last(child, rest))
        }
        let parents = memchr::memrchr(b'.', subject).map(|dot| &subject[..dot]);
        !names_last(&self.root, parents)
    }

    /// Whether some filter may cover a subject that begins with the tokens of `start`.
    pub fn any_below(&self, start: &[u8]) -> bool {
        fn reaches<T>(node: &Node<T>, start: &[&[u8]]) -> bool {
            let Some((token, rest)) = start.split_first() else { return !node.is_empty() };
            !node.tail.is_empty()
                || node.any.as_ref().is_some_and(|child| reaches(child, rest))
                || node.literal.get(token).is_some_and(|child| reaches(child, rest))
        }
        let start: Vec<&[u8]> = tokens(start).collect();
        reaches(&self.root, &start)
    }

    /// The values of the filter that is `subject` to the letter.
    pub fn exact(&self, subject: &[u8]) -> &[T] {
        let mut node = &self.root;
        for token in tokens(subject) {
            match node.literal.get(token) {
                Some(child) => node = child,
                None => return &[],
            }
        }
        &node.here
    }
}

/// Walks down as long as `found` answers `false`; whether it answered `true`. What it finds first is of effect: `>` before
/// what is below, `*` before a token, and only at the last token the token before `*` (nats-server `server/sublist.go`,
/// `matchLevel`).
fn walk<'m, T>(node: &'m Node<T>, subject: &[u8], found: &mut impl FnMut(&'m T) -> bool) -> bool {
    if node.tail.iter().any(&mut *found) {
        return true;
    }
    if node.literal.is_empty() && node.any.is_none() {
        return false;
    }
    let (token, rest) = split_token(subject);
    let mut children = [node.any.as_ref(), node.literal.get(token)];
    if rest.is_none() {
        children.reverse();
    }
    children.into_iter().flatten().any(|child| match rest {
        Some(rest) => walk(child, rest, found),
        None => child.here.iter().any(&mut *found),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(map: &SubjectMap<u32>, subject: &str) -> Vec<u32> {
        let mut found = Vec::new();
        map.for_each_match(subject.as_bytes(), &mut |value| found.push(*value));
        found.sort_unstable();
        found
    }

    #[test]
    fn finds_by_literal_and_wildcard() {
        let mut map = SubjectMap::default();
        for (filter, value) in
            [("a.b", 1), ("a.*", 2), ("a.>", 3), (">", 4), ("*.b", 5), ("a", 6), ("a.b", 7), ("w.>", 8)]
        {
            map.insert(filter.as_bytes(), value);
        }
        for (subject, expected) in [
            ("a.b", vec![1, 2, 3, 4, 5, 7]),
            ("a.c", vec![2, 3, 4]),
            ("a", vec![4, 6]),
            ("w", vec![4]),
            ("a.*", vec![2, 3, 4]),
            ("a..b", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(matches(&map, subject), expected, "{subject}");
        }
        for (subject, ignored) in [("a.c", false), ("w.c", false), ("a.b.c", true), ("x.y.z", true), ("x", false)] {
            assert_eq!(map.ignores_last_token(subject.as_bytes()), ignored, "{subject}");
        }
        assert_eq!(map.exact(b"a.b"), [1, 7]);
        assert!(map.any_match(b"a.b", |value| *value == 5));
        assert!(!map.any_match(b"a.b", |value| *value == 8));
    }

    #[test]
    fn what_was_removed_leaves_nothing_behind() {
        let mut map = SubjectMap::default();
        map.insert(b"a.*.c", 1);
        map.insert(b"a.>", 2);
        assert_eq!(map.remove(b"a.*.c", |value| *value == 9), None);
        assert_eq!(map.remove(b"a.*.c", |value| *value == 1), Some(1));
        assert_eq!(map.remove(b"a.>", |_| true), Some(2));
        assert_eq!(map, SubjectMap::default());
    }

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut map = SubjectMap::default();
        map.insert(b"a.b", 1);
        let before = map.clone();
        map.insert(b"a.b", 2);
        assert_eq!(matches(&before, "a.b"), [1]);
        assert_eq!(matches(&map, "a.b"), [1, 2]);
    }
}
