//! Random operations on a [`MessageStore`] and on a map that does everything the slow way. Both have to agree on every
//! answer, and a clone has to keep what it saw.

use std::collections::{BTreeMap, BTreeSet};

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::store::{Cursor, FilteredState, MessageStore, Purge, StoredMessage};
use jetstream_sim::engine::subject::SubjectFilter;
use jetstream_sim::engine::time::Timestamp;

const OPERATIONS: u64 = if cfg!(debug_assertions) { 40_000 } else { 1_000_000 };
const OPERATIONS_PER_RUN: u64 = if cfg!(debug_assertions) { 4_000 } else { 50_000 };

#[derive(Clone, PartialEq)]
struct Message {
    subject: Vec<u8>,
    headers: Vec<u8>,
    payload: Vec<u8>,
    time: Timestamp,
}

impl Message {
    fn size(&self) -> u64 {
        (self.subject.len() + self.headers.len() + self.payload.len() + 16) as u64
    }
}

/// What the store should do.
#[derive(Clone, Default)]
struct Model {
    messages: BTreeMap<u64, Message>,
    /// The first sequence while there are no messages; 0 while unused.
    empty_first: u64,
    last: u64,
    last_time: Option<Timestamp>,
}

impl Model {
    fn first(&self) -> u64 {
        self.messages.keys().next().copied().unwrap_or(self.empty_first)
    }

    fn use_up(&mut self, seq: u64) {
        self.last = seq;
        self.empty_first = seq + 1;
    }

    fn covered<'a>(&'a self, filters: &'a [SubjectFilter], from: u64) -> impl DoubleEndedIterator<Item = u64> + 'a {
        let is_covered = |subject: &[u8]| filters.is_empty() || filters.iter().any(|f| f.matches(subject));
        self.messages.range(from..).filter(move |(_, m)| is_covered(&m.subject)).map(|(seq, _)| *seq)
    }

    fn with_subject<'a>(&'a self, subject: &'a [u8]) -> impl Iterator<Item = u64> + 'a {
        self.messages.iter().filter(move |(_, message)| message.subject == subject).map(|(seq, _)| *seq)
    }

    fn last_per_subject(&self, filters: &[SubjectFilter], from: u64, up_to: u64) -> Vec<u64> {
        let mut last = BTreeMap::new();
        for seq in self.covered(filters, 0).take_while(|seq| *seq <= up_to) {
            last.insert(&self.messages[&seq].subject, seq);
        }
        let seqs: BTreeSet<u64> = last.into_values().filter(|seq| *seq >= from).collect();
        seqs.into_iter().collect()
    }

    fn subjects(&self, filters: &[SubjectFilter]) -> BTreeMap<&[u8], u64> {
        let mut counts = BTreeMap::new();
        for seq in self.covered(filters, 0) {
            *counts.entry(&self.messages[&seq].subject[..]).or_default() += 1;
        }
        counts
    }

    fn purge(&mut self, purge: &Purge) -> Vec<u64> {
        if purge.below.is_some_and(|below| below <= 1) {
            return Vec::new();
        }
        let covered: Vec<u64> = self.covered(purge.filters, 0).collect();
        let count = covered.len().saturating_sub(purge.keep as usize);
        let removed: Vec<u64> =
            covered.into_iter().take(count).filter(|seq| purge.below.is_none_or(|below| *seq < below)).collect();
        for seq in &removed {
            self.messages.remove(seq);
        }
        self.empty_first = self.last + 1;
        if let Some(below) = purge.below
            && below > self.last + 1
            && (purge.filters.is_empty() || purge.filters.iter().any(SubjectFilter::is_all))
            && self.messages.is_empty()
        {
            self.use_up(below - 1);
        }
        removed
    }
}

/// What a run is like.
struct Profile {
    /// Messages around which the store stays.
    size: u64,
    subjects: u64,
    /// How far the next sequence may jump.
    jump: u64,
    max_payload: u64,
}

const PROFILES: [Profile; 6] = [
    Profile { size: 12, subjects: 6, jump: 3, max_payload: 40 },
    Profile { size: 300, subjects: 40, jump: 3_000, max_payload: 40 },
    Profile { size: 3_000, subjects: 200, jump: 200_000, max_payload: 200 },
    Profile { size: 400, subjects: 2_000, jump: 1 << 34, max_payload: 20 },
    Profile { size: 200, subjects: 30, jump: 10, max_payload: 60_000 },
    Profile { size: 6_000, subjects: 20, jump: 2, max_payload: 8 },
];

struct Run {
    rng: Rng,
    profile: &'static Profile,
    store: MessageStore,
    model: Model,
    time: Timestamp,
    cursors: Vec<(Cursor, u64)>,
    clones: Vec<(MessageStore, Model)>,
}

/// Says which seed failed.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed with seed {}", self.0);
        }
    }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let profile = &PROFILES[(seed % PROFILES.len() as u64) as usize];
        let first_seq = if rng.below(2) == 0 { 0 } else { rng.below(5_000) };
        let model = Model { empty_first: first_seq, last: first_seq.saturating_sub(1), ..Model::default() };
        let store = MessageStore::new(first_seq);
        let time = Timestamp::SIMULATION_START;
        Self { rng, profile, store, model, time, cursors: Vec::new(), clones: Vec::new() }
    }

    fn subject(&mut self) -> Vec<u8> {
        let n = self.rng.below(self.profile.subjects);
        let subject = match self.rng.below(24) {
            0 => "*".to_string(),
            1 => "a.*".to_string(),
            2 => format!("a.{}.>", n % 3),
            3 => format!("a..{n}"),
            4 => ".".to_string(),
            5 => format!("deep.b.c.d.e.f.g.h.i.j.k.l.m.{}.o.p.q.{n}", n % 4),
            6 => format!("a.{}", n % 9),
            7 => format!("a.{}.{}.a-rather-long-token-that-does-not-fit", n % 9, n),
            8 => format!("b{n}"),
            9..16 => format!("a.{}.{}", n % 9, n),
            _ => format!("b.{}.{}.c", n / 9, n % 9),
        };
        subject.into_bytes()
    }

    fn filter(&mut self) -> SubjectFilter {
        let n = self.rng.below(self.profile.subjects);
        let filter = match self.rng.below(20) {
            0 => ">".to_string(),
            1 => "*".to_string(),
            2 => "a.*".to_string(),
            3 => "a.>".to_string(),
            4 => "*.*.*".to_string(),
            5 => format!("*.{}.>", n % 9),
            6 => format!("b.*.{}.c", n % 9),
            7 => format!("b.*.{}.*", n % 9),
            8 => "deep.b.c.d.e.f.g.h.i.j.k.l.m.2.o.p.*.*".to_string(),
            9 => "deep.b.c.d.e.f.g.h.i.j.k.l.m.*.o.>".to_string(),
            10 => format!("*.b.c.d.e.f.g.h.i.j.k.l.m.{}.o.p.q.{n}", n % 4),
            11 => "a.1.>".to_string(),
            12 => "nobody.*".to_string(),
            13 => format!("b{n}"),
            14 => format!("b.{}.{}.c", n / 9, n % 9),
            15 => "*.1.*".to_string(),
            _ => format!("a.{}.{}", n % 9, n),
        };
        SubjectFilter::new(&filter).expect("valid")
    }

    fn filters(&mut self) -> Vec<SubjectFilter> {
        let count = [0, 1, 1, 1, 1, 2, 2, 3, 5][self.rng.below(9) as usize];
        (0..count).map(|_| self.filter()).collect()
    }

    /// A sequence in the store or near it.
    fn seq(&mut self) -> u64 {
        match self.rng.below(8) {
            0 => self.rng.below(self.model.last + 3),
            1 => self.model.first().saturating_sub(self.rng.below(3)) + self.rng.below(3),
            2 => (self.model.last + 2).saturating_sub(self.rng.below(4)),
            3 => self.rng.next_u64() >> self.rng.below(64),
            _ => self.stored().unwrap_or(1),
        }
    }

    fn stored(&mut self) -> Option<u64> {
        let first = self.model.first();
        let guess = first + self.rng.below((self.model.last + 1).saturating_sub(first));
        let next = self.model.messages.range(guess..).next();
        next.or_else(|| self.model.messages.iter().next_back()).map(|(seq, _)| *seq)
    }

    fn bytes(&mut self, max: u64) -> Vec<u8> {
        let len = if self.rng.below(3) == 0 { 0 } else { self.rng.below(max + 1) };
        let byte = self.rng.next_u64() as u8;
        (0..len).map(|at| byte.wrapping_add(at as u8)).collect()
    }

    fn step(&mut self) {
        let is_full = self.store.messages() > self.profile.size;
        match self.rng.below(100) {
            0..40 if !is_full || self.rng.below(3) == 0 => self.push(),
            0..50 => self.remove(),
            50..52 => self.skip(),
            52 => self.purge(),
            53 => self.swap_clones(),
            54..56 => self.check_state(),
            _ => self.ask(),
        }
        self.check_numbers();
    }

    fn push(&mut self) {
        let subject = self.subject();
        let headers = if self.rng.below(4) == 0 { self.bytes(60) } else { Vec::new() };
        let payload = self.bytes(self.profile.max_payload);
        self.time = Timestamp::from_nanos(self.time.as_nanos() + self.rng.below(3));
        let seq = self.store.push(&subject, &headers, &payload, self.time);
        let message = Message { subject, headers, payload, time: self.time };
        self.model.use_up(self.model.last + 1);
        assert_eq!(seq, Ok(self.model.last));
        self.model.messages.insert(self.model.last, message);
        self.model.last_time = Some(self.time);
    }

    fn remove(&mut self) {
        let seq = match self.rng.below(4) {
            0 => self.seq(),
            1 => self.model.first(),
            _ => self.stored().unwrap_or(0),
        };
        let removed = self.store.remove(seq);
        let expected = self.model.messages.remove(&seq);
        assert_eq!(removed.map(|removed| removed.size), expected.as_ref().map(Message::size), "remove {seq}");
        if let (Some(removed), Some(expected)) = (removed, expected) {
            assert_eq!(removed.time, expected.time);
            let is_left = self.model.messages.values().any(|message| message.subject == expected.subject);
            assert_eq!(removed.was_last_of_subject, !is_left, "remove {seq}");
        }
    }

    fn skip(&mut self) {
        if self.rng.below(2) == 0 {
            assert_eq!(self.store.skip(self.time), Ok(self.model.last + 1));
            self.model.use_up(self.model.last + 1);
            self.model.last_time = Some(self.time);
        } else if self.rng.below(4) == 0 {
            let seq = self.model.last + 1 + self.rng.below(self.profile.jump);
            self.store.skip_to(seq, None);
            if seq > self.model.last + 1 || self.model.empty_first == 0 {
                self.model.use_up(seq - 1);
            }
        }
    }

    fn purge(&mut self) {
        let filters = self.filters();
        let below = if self.rng.below(2) == 0 { Some(self.stored().unwrap_or(0)) } else { None };
        let keep = if self.rng.below(2) == 0 { self.rng.below(self.store.messages() + 2) } else { 0 };
        let mut purge = Purge { filters: &filters, below, keep };
        if self.rng.below(40) == 0 {
            purge = Purge { below: Some(self.model.last + self.rng.below(self.profile.jump)), ..Purge::default() };
        }
        if purge.filters.is_empty() && self.rng.below(4) != 0 {
            purge.keep = purge.keep.max(self.store.messages() * 3 / 4);
        }
        let before = self.model.clone();
        let expected = self.model.purge(&purge);
        let mut removed = Vec::new();
        let count = self.store.purge(&purge, |message| {
            let expected = &before.messages[&message.seq];
            assert_eq!((message.subject, message.size), (&expected.subject[..], expected.size()));
            removed.push(message.seq);
        });
        assert_eq!((count, removed), (expected.len() as u64, expected), "{purge:?}");
    }

    /// Keeps a clone, and looks whether an earlier one still is what it was; sometimes goes on with that.
    fn swap_clones(&mut self) {
        self.clones.push((self.store.clone(), self.model.clone()));
        if self.clones.len() < 4 {
            return;
        }
        let at = self.rng.below(4) as usize;
        let (store, model) = self.clones.swap_remove(at);
        check_content(&store, &model);
        if self.rng.below(4) == 0 {
            (self.store, self.model) = (store, model);
            for (cursor, _) in &mut self.cursors {
                *cursor = cursor.clone();
            }
        }
    }

    fn check_numbers(&self) {
        let (store, model) = (&self.store, &self.model);
        assert_eq!((store.first_seq(), store.last_seq()), (model.first(), model.last));
        assert_eq!(store.messages(), model.messages.len() as u64);
    }

    fn check_state(&mut self) {
        let (store, model) = (&self.store, &self.model);
        assert_eq!(store.first_time(), model.messages.values().next().map(|message| message.time));
        assert_eq!(store.last_time(), model.last_time);
        assert_eq!(store.bytes(), model.messages.values().map(Message::size).sum::<u64>());
        assert_eq!(store.num_subjects(), model.subjects(&[]).len() as u64);
        let span = if model.messages.is_empty() { 0 } else { model.last - model.first() + 1 };
        assert_eq!(store.num_deleted(), span - store.messages());
        let deleted: Vec<u64> = store.deleted().take(2_000).collect();
        let holes = (model.first()..model.first().saturating_add(span)).filter(|seq| !model.messages.contains_key(seq));
        assert_eq!(deleted, holes.take(2_000).collect::<Vec<_>>());
        if self.rng.below(8) == 0 {
            check_content(store, model);
        }
    }

    fn ask(&mut self) {
        let (seq, up_to) = (self.seq(), self.seq());
        match self.rng.below(12) {
            0 => self.ask_about_message(seq),
            1 => self.ask_about_subject(),
            2..7 => self.walk(),
            question => self.ask_about_filters(question, seq, up_to),
        }
    }

    fn ask_about_message(&self, seq: u64) {
        let expected = self.model.messages.get(&seq);
        assert_eq!(self.store.get(seq), expected.map(|message| stored(seq, message)));
        assert_eq!(self.store.contains(seq), expected.is_some());
        assert_eq!(self.store.subject_of(seq), expected.map(|message| &message.subject[..]));
        assert_eq!(self.store.size_of(seq), expected.map(Message::size));
        assert_eq!(self.store.time_of(seq), expected.map(|message| message.time));
        let state = expected.map(|message| state_of(self.model.with_subject(&message.subject)));
        assert_eq!(self.store.subject_state(seq), state);
        let same = |other: &Message| expected.is_some_and(|message| message.subject == other.subject);
        let mut after = self.model.messages.range(seq.saturating_add(1)..).filter(|(_, message)| same(message));
        assert_eq!(self.store.next_of_subject(seq), after.next().map(|(seq, _)| *seq));
        let mut before = self.model.messages.range(..seq).rev().filter(|(_, message)| same(message));
        assert_eq!(self.store.previous_of_subject(seq), before.next().map(|(seq, _)| *seq));
    }

    fn ask_about_subject(&mut self) {
        let subject = self.subject();
        let seqs: Vec<u64> = self.model.with_subject(&subject).collect();
        assert_eq!(self.store.count_of(&subject), seqs.len() as u64);
        assert_eq!(self.store.first_of(&subject), seqs.first().copied());
        assert_eq!(self.store.last_of(&subject), seqs.last().copied());
        let time = Timestamp::from_nanos(self.time.as_nanos().saturating_sub(self.rng.below(500)));
        let expected = self.model.messages.iter().find(|(_, message)| message.time >= time);
        assert_eq!(self.store.first_at_or_after(time), expected.map(|(seq, _)| *seq));
    }

    /// Goes on with one of the cursors.
    fn walk(&mut self) {
        if self.cursors.len() < 12 || self.rng.below(400) == 0 {
            let filters = self.filters();
            self.cursors.push((Cursor::new(&filters), self.model.first()));
            if self.cursors.len() > 12 {
                let at = self.rng.below(12) as usize;
                self.cursors.swap_remove(at);
            }
        }
        let at = self.rng.below(self.cursors.len() as u64) as usize;
        if self.rng.below(30) == 0 {
            self.cursors[at].1 = self.seq();
        }
        let steps = self.rng.below(6) + 1;
        let (cursor, from) = &mut self.cursors[at];
        for _ in 0..steps {
            let expected = self.model.covered(cursor.filters(), *from).next();
            let found = self.store.next(cursor, *from);
            assert_eq!(found, expected, "{:?} from {from}", cursor.filters());
            let Some(seq) = found else { break };
            *from = seq + self.rng.below(4).min(1);
        }
    }

    fn ask_about_filters(&mut self, question: u64, from: u64, up_to: u64) {
        let filters = self.filters();
        let (store, model) = (&self.store, &self.model);
        match question {
            7 => {
                let expected = model.covered(&filters, from).count() as u64;
                assert_eq!(store.count_from(&filters, from), expected, "{filters:?} from {from}");
            }
            8 => {
                let expected = model.covered(&filters, 0).take_while(|seq| *seq <= up_to).last();
                assert_eq!(store.last_match(&filters, up_to), expected, "{filters:?} up to {up_to}");
            }
            9 => {
                let found = store.last_per_subject(&filters, from, up_to);
                assert_eq!(found, model.last_per_subject(&filters, from, up_to), "{filters:?} {from} to {up_to}");
                let count = model.last_per_subject(&filters, from, u64::MAX).len() as u64;
                assert_eq!(store.count_last_per_subject(&filters, from), count);
            }
            10 => {
                let subjects = model.subjects(&filters);
                assert_eq!(store.count_subjects(&filters), subjects.len() as u64);
                let (offset, limit) = (self.rng.below(20) as usize, self.rng.below(50) as usize);
                let expected: Vec<_> =
                    subjects.iter().skip(offset).take(limit).map(|(s, count)| (*s, *count)).collect();
                assert_eq!(store.subjects(&filters, offset, limit), expected, "{filters:?}");
                let mut visited = BTreeMap::new();
                store.visit_subjects(&filters, |subject, count| {
                    assert_eq!(visited.insert(subject.to_vec(), count), None, "visited twice");
                });
                assert!(
                    visited.iter().map(|(s, count)| (&s[..], count)).eq(subjects.iter().map(|(s, count)| (*s, count)))
                );
            }
            _ => {
                let expected = state_of(model.covered(&filters, 0));
                assert_eq!(store.filtered_state(&filters), expected, "{filters:?}");
            }
        }
    }
}

fn state_of(seqs: impl Iterator<Item = u64>) -> FilteredState {
    seqs.fold(FilteredState::default(), |state, seq| FilteredState {
        messages: state.messages + 1,
        first_seq: if state.messages == 0 { seq } else { state.first_seq },
        last_seq: seq,
    })
}

fn stored(seq: u64, message: &Message) -> StoredMessage<'_> {
    let Message { subject, headers, payload, time } = message;
    StoredMessage { seq, subject, headers, payload, time: *time }
}

fn check_content(store: &MessageStore, model: &Model) {
    assert_eq!((store.first_seq(), store.last_seq(), store.last_time()), (model.first(), model.last, model.last_time));
    assert!(store.messages_from(0).eq(model.messages.iter().map(|(seq, message)| stored(*seq, message))));
    let subjects = model.subjects(&[]);
    assert_eq!(store.subjects(&[], 0, usize::MAX), subjects.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_store_agrees_with_the_model() {
    let first = std::env::var("STORE_SEED").ok().map(|seed| seed.parse().expect("STORE_SEED is a number"));
    let runs = if first.is_some() { 1 } else { OPERATIONS / OPERATIONS_PER_RUN };
    for seed in (first.unwrap_or(1)..).take(runs as usize) {
        let _seed = Seed(seed);
        let mut run = Run::new(seed);
        for _ in 0..OPERATIONS_PER_RUN {
            run.step();
        }
        check_content(&run.store, &run.model);
    }
}
