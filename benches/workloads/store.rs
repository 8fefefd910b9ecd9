//! Workloads of the message store. The names are those by which other stores are measured as well.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::store::{Cursor, MessageStore, Purge, StoredMessage};
use jetstream_sim::engine::subject::SubjectFilter;
use jetstream_sim::engine::time::Timestamp;

use super::{Bench, Inputs, PAYLOAD, Platform, Timer, Value};

const START: Timestamp = Timestamp::SIMULATION_START;

impl Inputs {
    fn fill(&self, subjects: &[String], payload_len: usize) -> MessageStore {
        let mut store = MessageStore::new(0);
        self.push_all(&mut store, subjects, payload_len);
        store
    }

    fn push_all(&self, store: &mut MessageStore, subjects: &[String], payload_len: usize) {
        for i in 0..self.n {
            let subject = &subjects[i as usize % subjects.len()];
            self.push(store, i, subject, payload_len);
        }
    }

    fn push(&self, store: &mut MessageStore, i: u64, subject: &str, payload_len: usize) -> u64 {
        let time = START + Duration::from_micros(i);
        let stored = store.push(subject.as_bytes(), b"", self.payload(i, payload_len), time);
        stored.expect("there is memory")
    }
}

pub fn benches<P: Platform>() -> Vec<Bench<P>> {
    vec![
        ("store_1subj_128", |p, i| store(p, i, &i.subjects_10k[..1], 128)),
        ("store_10k_128", |p, i| store(p, i, &i.subjects_10k, 128)),
        ("store_10k_16", |p, i| store(p, i, &i.subjects_10k, 16)),
        ("store_10k_1024", |p, i| store(p, i, &i.subjects_10k, 1024)),
        ("store_100k_128", |p, i| store(p, i, &i.subjects_100k, 128)),
        ("store_10k_mixed", store_mixed),
        ("store_new_subject_1m", |p, i| store(p, i, &i.subjects_new, 128)),
        ("get_seq", get_seq),
        ("get_rand", get_rand),
        ("next_all", |p, i| next(p, i, None)),
        ("next_wild_1pct", |p, i| next(p, i, Some("orders.50.*"))),
        ("next_wild_mid", |p, i| next(p, i, Some("orders.*.50"))),
        ("next_literal", next_literal),
        ("next_nomatch", |p, i| next_nomatch(p, i, "orders.nobody.*")),
        ("next_nomatch_mid", |p, i| next_nomatch(p, i, "orders.*.nobody")),
        ("last_literal", |p, i| last(p, i, "5")),
        ("last_wild", |p, i| last(p, i, "*")),
        ("pending_wild_from1", |p, i| pending(p, i, "*", false)),
        ("pending_wild_mid", |p, i| pending(p, i, "*", true)),
        ("pending_lit_mid", |p, i| pending(p, i, "5", true)),
        ("fstate_literal", |p, i| filtered_state(p, i, "5")),
        ("fstate_wild", |p, i| filtered_state(p, i, "*")),
        ("totals_visit", totals_visit),
        ("multilast_all", multilast_all),
        ("remove_front", remove_front),
        ("remove_rand", remove_rand),
        ("limit_maxmsgs", limit_max_messages),
        ("limit_maxbytes", limit_max_bytes),
        ("kv_put", kv_put),
        ("push_remove", push_remove),
        ("expire_age", expire_age),
        ("expire_ttl", expire_ttl),
        ("purge_filter_1pct", purge_filter),
        ("clone", clone),
        ("bytes_16", |p, i| bytes(p, i, 16)),
        ("bytes_128", |p, i| bytes(p, i, 128)),
        ("bytes_1024", |p, i| bytes(p, i, 1024)),
        ("bytes_subject", bytes_subject),
        ("bytes_kv", bytes_kv),
    ]
}

fn filter(text: &str) -> SubjectFilter {
    SubjectFilter::new(text).expect("valid")
}

fn store(platform: &impl Platform, inputs: &Inputs, subjects: &[String], payload_len: usize) -> (u64, Value) {
    let mut store = MessageStore::new(0);
    let timer = Timer::start(platform);
    inputs.push_all(&mut store, subjects, payload_len);
    (inputs.n, timer.stop(platform, inputs.n))
}

/// Subjects in no order: which one comes next cannot be guessed.
fn store_mixed(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = MessageStore::new(0);
    let timer = Timer::start(platform);
    for i in 0..inputs.n {
        let at = (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 10_000;
        inputs.push(&mut store, i, &inputs.subjects_10k[at as usize], PAYLOAD);
    }
    (inputs.n, timer.stop(platform, inputs.n))
}

/// Copies a payload as a delivery would, and touches the copy.
fn copy(message: &StoredMessage, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    buffer.extend_from_slice(message.payload);
    u64::from(buffer[0]) + u64::from(buffer[buffer.len() - 1]) + message.subject.len() as u64
}

/// The same for message `seq`, which is stored.
fn take(store: &MessageStore, seq: u64, buffer: &mut Vec<u8>) -> u64 {
    copy(&store.get(seq).expect("is stored"), buffer)
}

fn get_seq(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let (mut buffer, mut sum) = (Vec::with_capacity(PAYLOAD), 0);
    let timer = Timer::start(platform);
    for seq in 1..=inputs.n {
        sum += take(&store, seq, &mut buffer);
    }
    let value = timer.stop(platform, inputs.n);
    black_box(sum);
    (inputs.n, value)
}

fn get_rand(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let mut rng = Rng::new(2);
    let seqs: Vec<u64> = (0..inputs.n).map(|_| rng.below(inputs.n) + 1).collect();
    let (mut buffer, mut sum) = (Vec::with_capacity(PAYLOAD), 0);
    let timer = Timer::start(platform);
    for seq in &seqs {
        sum += take(&store, *seq, &mut buffer);
    }
    let value = timer.stop(platform, inputs.n);
    black_box(sum);
    (inputs.n, value)
}

/// A walk through all that a filter covers, for each message found.
fn next(platform: &impl Platform, inputs: &Inputs, covered: Option<&str>) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let filters: Vec<SubjectFilter> = covered.map(filter).into_iter().collect();
    let (mut buffer, mut sum, mut found, mut from) = (Vec::with_capacity(PAYLOAD), 0, 0, 0);
    let timer = Timer::start(platform);
    let mut cursor = Cursor::new(&filters);
    // As consumers ask.
    while let Some(message) = store.next_message(&mut cursor, from) {
        sum += copy(&message, &mut buffer);
        from = message.seq + 1;
        found += 1;
    }
    let value = timer.stop(platform, found);
    black_box(sum);
    (found, value)
}

/// The walks of a hundred consumers, one after the other, each of a subject of its own.
fn next_literal(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let filters: Vec<SubjectFilter> = (0..100).map(|i| filter(&format!("orders.50.{i}"))).collect();
    let (mut buffer, mut sum, mut found) = (Vec::with_capacity(PAYLOAD), 0, 0);
    let timer = Timer::start(platform);
    for filter in &filters {
        let mut cursor = Cursor::new(std::slice::from_ref(filter));
        let mut from = 0;
        while let Some(message) = store.next_message(&mut cursor, from) {
            sum += copy(&message, &mut buffer);
            from = message.seq + 1;
            found += 1;
        }
    }
    let value = timer.stop(platform, found);
    black_box(sum);
    (found, value)
}

fn next_nomatch(platform: &impl Platform, inputs: &Inputs, covered: &str) -> (u64, Value) {
    const CALLS: u64 = 10_000;
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let filters = [filter(covered)];
    let timer = Timer::start(platform);
    for from in 0..CALLS {
        let mut cursor = Cursor::new(&filters);
        assert_eq!(store.next(&mut cursor, from), None);
    }
    (CALLS, timer.stop(platform, CALLS))
}

/// Calls `ask` with one filter `orders.<i>.<last_token>` after the other.
fn ask_each(
    platform: &impl Platform,
    last_token: &str,
    calls: u64,
    mut ask: impl FnMut(&[SubjectFilter]) -> u64,
) -> (u64, Value) {
    let filters: Vec<SubjectFilter> = (0..100).map(|i| filter(&format!("orders.{i}.{last_token}"))).collect();
    let mut sum = 0;
    let timer = Timer::start(platform);
    for call in 0..calls {
        let at = (call * 37 % 100) as usize;
        sum += ask(&filters[at..=at]);
    }
    let value = timer.stop(platform, calls);
    assert!(black_box(sum) > 0);
    (calls, value)
}

fn last(platform: &impl Platform, inputs: &Inputs, last_token: &str) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let (mut buffer, mut sum) = (Vec::with_capacity(PAYLOAD), 0);
    let result = ask_each(platform, last_token, 100_000, |filters| {
        let seq = store.last_match(filters, u64::MAX).expect("there is one");
        sum += take(&store, seq, &mut buffer);
        seq
    });
    black_box(sum);
    result
}

fn pending(platform: &impl Platform, inputs: &Inputs, last_token: &str, from_middle: bool) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let (from, calls) = if from_middle { (inputs.n / 2, 1_000) } else { (1, 100_000) };
    ask_each(platform, last_token, calls, |filters| store.count_from(filters, from))
}

fn filtered_state(platform: &impl Platform, inputs: &Inputs, last_token: &str) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_100k, PAYLOAD);
    ask_each(platform, last_token, 100_000, |filters| store.filtered_state(filters).last_seq)
}

fn totals_visit(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_100k, PAYLOAD);
    let mut sum = 0;
    let timer = Timer::start(platform);
    store.visit_subjects(&[], |subject, count| sum += subject.len() as u64 + u64::from(subject[0]) + count);
    let value = timer.stop(platform, 1);
    black_box(sum);
    (1, value)
}

fn multilast_all(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let store = inputs.fill(&inputs.subjects_100k, PAYLOAD);
    let timer = Timer::start(platform);
    let seqs = store.last_per_subject(&[], 0, u64::MAX);
    let value = timer.stop(platform, 1);
    assert_eq!(black_box(seqs).len() as u64, store.num_subjects());
    (1, value)
}

fn remove_front(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let timer = Timer::start(platform);
    for seq in 1..=inputs.n {
        black_box(store.remove(seq));
    }
    let value = timer.stop(platform, inputs.n);
    assert_eq!(store.messages(), 0);
    (inputs.n, value)
}

fn remove_rand(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let mut rng = Rng::new(3);
    let mut seqs: Vec<u64> = (1..=inputs.n).collect();
    for i in (1..seqs.len()).rev() {
        seqs.swap(i, rng.below(i as u64 + 1) as usize);
    }
    let timer = Timer::start(platform);
    for seq in &seqs {
        black_box(store.remove(*seq));
    }
    let value = timer.stop(platform, inputs.n);
    assert_eq!(store.messages(), 0);
    (inputs.n, value)
}

fn limit_max_messages(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let limit = inputs.n / 10;
    limited(platform, inputs, |store| store.messages() > limit)
}

fn limit_max_bytes(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let limit = inputs.n / 10 * 156;
    limited(platform, inputs, |store| store.bytes() > limit)
}

/// Storing into a stream that is full: each message pushes out the first.
fn limited(platform: &impl Platform, inputs: &Inputs, is_over: impl Fn(&MessageStore) -> bool) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    while is_over(&store) {
        store.remove(store.first_seq());
    }
    let timer = Timer::start(platform);
    for i in 0..inputs.n {
        inputs.push(&mut store, inputs.n + i, &inputs.subjects_10k[i as usize % 10_000], PAYLOAD);
        while is_over(&store) {
            store.remove(store.first_seq());
        }
    }
    (inputs.n, timer.stop(platform, inputs.n))
}

/// One message for each subject: each pushes out the one before it.
fn kv_put(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = MessageStore::new(0);
    let timer = Timer::start(platform);
    put_all(&mut store, inputs, |i| i % 10_000);
    (inputs.n, timer.stop(platform, inputs.n))
}

fn put_all(store: &mut MessageStore, inputs: &Inputs, key: impl Fn(u64) -> u64) {
    for i in 0..inputs.n {
        let subject = &inputs.subjects_10k[key(i) as usize];
        let seq = inputs.push(store, i, subject, PAYLOAD);
        let state = store.subject_state(seq).expect("was stored just now");
        if state.messages > 1 {
            store.remove(state.first_seq);
        }
    }
}

/// A work queue that keeps up: each message is the only one of its subject, and soon gone.
fn push_remove(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = MessageStore::new(0);
    let timer = Timer::start(platform);
    for i in 0..inputs.n {
        inputs.push(&mut store, i, &inputs.subjects_10k[i as usize % 10_000], PAYLOAD);
        if store.messages() > 100 {
            store.remove(store.first_seq());
        }
    }
    (inputs.n, timer.stop(platform, inputs.n))
}

fn expire_age(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let cutoff = START + Duration::from_micros(inputs.n);
    let timer = Timer::start(platform);
    while store.first_time().is_some_and(|time| time <= cutoff) {
        store.remove(store.first_seq());
    }
    let value = timer.stop(platform, inputs.n);
    assert_eq!(store.messages(), 0);
    (inputs.n, value)
}

/// With a queue of what falls due beside the store, as a stream would have it.
fn expire_ttl(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let ttl = |i: u64| START + Duration::from_micros(i) + Duration::from_secs(1);
    let mut due: VecDeque<(Timestamp, u64)> = (0..inputs.n).map(|i| (ttl(i), i + 1)).collect();
    let now = ttl(inputs.n);
    let timer = Timer::start(platform);
    while due.front().is_some_and(|(at, _)| *at <= now) {
        due.pop_front().map(|(_, seq)| store.remove(seq));
    }
    let value = timer.stop(platform, inputs.n);
    assert_eq!(store.messages(), 0);
    (inputs.n, value)
}

fn purge_filter(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let filters = [filter("orders.50.*")];
    let timer = Timer::start(platform);
    let purged = store.purge(&Purge { filters: &filters, ..Purge::default() }, |_| {});
    let value = timer.stop(platform, 1);
    assert_eq!(purged, inputs.n / 100);
    (1, value)
}

/// A checkpoint of a full store, and the first write after it.
fn clone(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let mut store = inputs.fill(&inputs.subjects_10k, PAYLOAD);
    let timer = Timer::start(platform);
    let checkpoint = black_box(store.clone());
    inputs.push(&mut store, inputs.n, &inputs.subjects_10k[0], PAYLOAD);
    let value = timer.stop(platform, 1);
    assert_eq!(checkpoint.messages() + 1, store.messages());
    (1, value)
}

fn bytes(platform: &impl Platform, inputs: &Inputs, payload_len: usize) -> (u64, Value) {
    let before = platform.live_bytes();
    let store = inputs.fill(&inputs.subjects_10k, payload_len);
    let bytes = platform.live_bytes() - before;
    drop(black_box(store));
    (inputs.n, Value::Bytes(bytes as f64 / inputs.n as f64))
}

/// What a subject takes besides its message: against as many messages of one subject.
fn bytes_subject(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let fill = |subjects: &[String]| {
        let before = platform.live_bytes();
        let store = inputs.fill(subjects, 16);
        let bytes = platform.live_bytes() - before;
        drop(black_box(store));
        bytes
    };
    let (many, one) = (fill(&inputs.subjects_new), fill(&inputs.subjects_new[..1]));
    (inputs.n, Value::Bytes((many - one) as f64 / inputs.n as f64))
}

/// A bucket whose keys are put at random, half of them seldom: bytes of each message that is left.
fn bytes_kv(platform: &impl Platform, inputs: &Inputs) -> (u64, Value) {
    let before = platform.live_bytes();
    let mut store = MessageStore::new(0);
    let mut rng = Rng::new(4);
    let keys: Vec<u64> = (0..inputs.n)
        .map(|i| {
            if i < 10_000 {
                i
            } else if rng.below(1_000) == 0 {
                rng.below(10_000)
            } else {
                rng.below(5_000)
            }
        })
        .collect();
    put_all(&mut store, inputs, |i| keys[i as usize]);
    drop(keys);
    let bytes = platform.live_bytes() - before;
    let messages = store.messages();
    drop(black_box(store));
    (messages, Value::Bytes(bytes as f64 / messages as f64))
}
