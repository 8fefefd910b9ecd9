//! Each preset shows its confusion within the first three steps from where it opens, opens from a link, and is the same
//! world on every platform.

mod checks;

use std::time::Duration;

use checks::Checked;
use jetstream_sim::sim::hash::{state_hash, wire_hash};
use jetstream_sim::sim::presets::{PRESETS, Preset};
use jetstream_sim::sim::scenario::{Bounds, Scenario};

/// The states that presets open with, one a line. The same file is read in the browser.
const HASHES: &str = include_str!("presets.hashes.txt");

/// A preset, and for each of its first steps that does something what must be true then; the first line is how it opens.
/// See [`checks`] for the words.
type Row = (&'static str, &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "c1",
        &[
            "consumer ORDERS ship num_ack_pending=3 num_pending=2 num_waiting=0; holds A 1 2 3",
            "consumer ORDERS ship num_ack_pending=3 num_pending=2 num_waiting=1; pull A open",
            "consumer ORDERS ship num_ack_pending=3 num_pending=1 num_waiting=0; holds A 2 3 4",
        ],
    ),
    (
        "c2",
        &[
            "consumer ORDERS ship num_ack_pending=2 num_pending=2; holds A 1 2",
            "consumer ORDERS ship num_ack_pending=2 num_pending=2; holds A 2",
            "consumer ORDERS ship num_ack_pending=2 num_waiting=1; pull A open; holds A 2",
            "deliveries ORDERS ship 1 2 1; holds A 2 1",
        ],
    ),
    (
        "c3",
        &[
            "consumer ORDERS ship num_ack_pending=0 num_pending=8",
            "consumer ORDERS ship num_ack_pending=3 num_waiting=2 num_pending=5; holds C 3; holds D; holds E; pull E open",
            "consumer ORDERS ship num_ack_pending=3 num_waiting=1; holds A; holds D 4; holds E",
        ],
    ),
    (
        "c4",
        &[
            "consumer ORDERS ship num_ack_pending=0 num_waiting=0 num_pending=4",
            "consumer ORDERS ship num_ack_pending=0 num_waiting=0 num_pending=4; elapsed 10s",
            "consumer ORDERS ship num_ack_pending=2 num_pending=2; holds A 1 2",
            "consumer ORDERS ship num_ack_pending=4 num_pending=0; holds A 1 2 3 4; pull A 408 Request Timeout",
        ],
    ),
    (
        "c5",
        &[
            "consumer ORDERS a num_pending=2; consumer ORDERS b num_pending=2; consumer ORDERS c num_pending=2",
            "holds waits 1 2; holds expires 1 2; holds no_wait 1 2; pull waits open; pull expires open; pull no_wait 404 No Messages",
            "pull waits open; pull expires 408 Request Timeout",
            "holds waits 1 2 3; holds expires 1 2; holds no_wait 1 2",
        ],
    ),
    (
        "c6",
        &[
            "consumer ORDERS ship num_pending=0",
            "pull A 404 No Messages",
            "pull A 408 Request Timeout",
            "pull A 409 Consumer Deleted; absent ORDERS ship",
        ],
    ),
    (
        "c7",
        &[
            "stream ORDERS state.messages=3",
            "consumer ORDERS one num_pending=1",
            "consumer ORDERS rest num_pending=3",
            "consumer ORDERS none num_pending=0",
        ],
    ),
    (
        "c8",
        &[
            "stream ORDERS state.messages=4",
            "consumer ORDERS all num_pending=4; consumer ORDERS last num_pending=1; consumer ORDERS new num_pending=0",
            "consumer ORDERS all num_pending=5; consumer ORDERS last num_pending=2; consumer ORDERS new num_pending=1",
            "holds A 1 2 3 4 5; holds B 4 5; holds C 5",
        ],
    ),
    (
        "c9",
        &[
            "consumer ORDERS ship config.deliver_policy=all config.ack_wait=30000000000",
            "told 10012 deliver policy can not be updated; consumer ORDERS ship config.deliver_policy=all",
            "consumer ORDERS ship config.ack_wait=5000000000",
        ],
    ),
    (
        "c10",
        &[
            "consumer ORDERS ship num_pending=2",
            "absent ORDERS ship; event ConsumerDeleted; pull A 1 ended",
            "pull A 503",
        ],
    ),
    (
        "c11",
        &[
            "holds A 3 4 5; holds B; consumer ORDERS ship num_ack_pending=3",
            "event AckWaitEnded; holds B 3; deliveries ORDERS ship 1 2 3 4 5 3",
            "delivered ORDERS ship 3 2",
        ],
    ),
    (
        "c12",
        &[
            "holds A 1; holds B; pull B open",
            "holds A; consumer ORDERS ship num_ack_pending=1; holds B",
            "consumer ORDERS ship num_ack_pending=1 num_waiting=1; holds B; elapsed 10s",
            "holds B 1; delivered ORDERS ship 1 2",
        ],
    ),
    (
        "c13",
        &[
            "holds A 1; delivered ORDERS ship 1 1",
            "deliveries ORDERS ship 1 1; elapsed 0s; holds A 1",
            "event AckWaitEnded; elapsed 20s; deliveries ORDERS ship 1 1",
            "deliveries ORDERS ship 1 1 1",
        ],
    ),
    (
        "c14",
        &[
            "delivered ORDERS ship 1 0",
            "event GaveUp; delivered ORDERS ship 1 5; kept ORDERS 1; consumer ORDERS ship num_ack_pending=0",
            "delivered ORDERS ship 2 1; consumer ORDERS ship num_ack_pending=1",
        ],
    ),
    (
        "c15",
        &[
            "absent ORDERS ship",
            "told 10116; absent ORDERS ship",
            "consumer ORDERS ship config.ack_wait=1000000000 config.max_deliver=5",
        ],
    ),
    (
        "c16",
        &[
            "holds A 1; holds B 1; consumer ORDERS ship num_ack_pending=1 num_redelivered=1",
            "consumer ORDERS ship num_ack_pending=0 num_redelivered=0 ack_floor.stream_seq=1; holds B 1",
            "consumer ORDERS ship num_ack_pending=0 ack_floor.stream_seq=1; holds B",
        ],
    ),
    (
        "c17",
        &[
            "holds A 3; deliveries ORDERS ship 1 2 3 4 5",
            "deliveries ORDERS ship 1 2 3 4 5 3 6 7",
            "consumer ORDERS ship config.max_ack_pending=1 num_ack_pending=0",
            "holds A 8; pull A open; consumer ORDERS ship num_pending=1",
        ],
    ),
    (
        "c18",
        &[
            "consumer ORDERS ship num_ack_pending=2 num_redelivered=0",
            "event AckWaitEnded; consumer ORDERS ship num_ack_pending=2 num_redelivered=0",
            "holds B 1; consumer ORDERS ship num_ack_pending=2 num_redelivered=1",
        ],
    ),
    (
        "c19",
        &[
            "pull A open; pull B open; pull C open; pull D open",
            "holds A 1; holds B 1; holds C 1; holds D",
            "holds C 1; holds D 2",
        ],
    ),
    (
        "c20",
        &[
            "stream ORDERS state.messages=0",
            "holds push 1; holds pull",
            "holds pull 1",
            "ended 409 Consumer is push based",
        ],
    ),
    (
        "c21",
        &[
            "holds L 1; holds I 1; holds W 1",
            "kept LIMITS 1; gone INTEREST 1 Acked; gone WORK 1 Acked; consumer LIMITS c ack_floor.stream_seq=1",
        ],
    ),
    (
        "c22",
        &[
            "consumer JOBS do num_ack_pending=1; delivered JOBS do 1 2",
            "event AckWaitEnded; kept JOBS 1; consumer JOBS do num_ack_pending=1 num_pending=1",
            "event GaveUp; kept JOBS 1; deliveries JOBS do 1 1 2; consumer JOBS do num_ack_pending=1 num_pending=0",
            "gone JOBS 1 Acked; kept JOBS 2; holds A 2",
        ],
    ),
    (
        "c23",
        &[
            "absent DEAD; consumer JOBS do num_ack_pending=2",
            "event GaveUp; kept JOBS 1",
            "stream DEAD state.messages=0",
            "stream DEAD state.messages=1; kept JOBS 2",
        ],
    ),
    (
        "c24",
        &[
            "stream EVENTS state.messages=0",
            "puback app stored EVENTS 1; gone EVENTS 1 NoInterest",
            "puback app stored EVENTS 2; kept EVENTS 2",
            "stream EVENTS state.messages=0; gone EVENTS 2 NoInterest",
        ],
    ),
    (
        "c25",
        &[
            "stream EVENTS state.messages=4; consumer EVENTS fast ack_floor.stream_seq=4",
            "gone EVENTS 1 Acked; stream EVENTS state.messages=3",
            "stream EVENTS state.messages=0",
        ],
    ),
    ("c26", &["consumer JOBS a num_pending=1", "told 10099", "told 10100", "told 10101; absent JOBS b"]),
    (
        "c27",
        &[
            "holds A 1 2; stream ORDERS state.messages=3",
            "gone ORDERS 1 MaxMsgs; gone ORDERS 2 MaxMsgs; holds A 1 2",
            "consumer ORDERS ship num_ack_pending=0",
            "holds A 3",
        ],
    ),
    (
        "c28",
        &[
            "kept ORDERS 1",
            "puback shop stored ORDERS 2; gone ORDERS 1 MaxMsgsPerSubject",
            "stream ORDERS config.discard_new_per_subject=true",
            "puback shop refused 10077; kept ORDERS 2",
        ],
    ),
    (
        "c29",
        &[
            "holds A 1; consumer ORDERS ship num_ack_pending=1",
            "absent ORDERS ship",
            "kept ORDERS 1; holds A; event AckToNobody",
        ],
    ),
    (
        "c30",
        &[
            "holds A 3; consumer ORDERS ship ack_floor.stream_seq=2 delivered.stream_seq=5",
            "gone ORDERS 2 Deleted; stream ORDERS state.messages=5 state.num_deleted=1 state.first_seq=1 state.last_seq=6",
            "consumer ORDERS ship ack_floor.stream_seq=5",
            "stream ORDERS state.messages=0 state.first_seq=7 state.last_seq=6; gone ORDERS 6 Purged",
        ],
    ),
    (
        "c31",
        &[
            "absent ORDERS",
            "puback shop none; event NoResponders",
            "puback shop waits; absent ORDERS",
            "puback shop stored ORDERS 1",
        ],
    ),
    (
        "c32",
        &[
            "puback shop stored ORDERS 1",
            "puback shop duplicate ORDERS 1; stream ORDERS state.messages=1",
            "puback shop stored ORDERS 2; elapsed 5s",
        ],
    ),
    (
        "c33",
        &[
            "gone PAY 1 Acked; stream PAY state.messages=0",
            "puback shop duplicate PAY 1; stream PAY state.messages=0",
            "holds A; pull A open",
            "puback shop stored PAY 2; holds A 2",
        ],
    ),
    (
        "c34",
        &[
            "stream ORDERS state.messages=1",
            "told 10065; absent EU",
            "told 10065; absent NEW",
            "stream PAYMENTS state.messages=0",
        ],
    ),
    (
        "c35",
        &[
            "stream CARTS state.messages=4",
            "puback ben refused 10071 wrong last sequence: 4",
            "puback ann stored CARTS 5",
            "puback ben refused 10071 wrong last sequence: 5",
        ],
    ),
    (
        "c36",
        &[
            "consumer ORDERS ship num_pending=3 num_ack_pending=2 num_redelivered=1",
            "consumer ORDERS ship num_pending=2 num_ack_pending=3 num_redelivered=1",
            "consumer ORDERS ship num_pending=2 num_ack_pending=2 num_redelivered=0",
            "consumer ORDERS ship num_redelivered=1",
        ],
    ),
    (
        "c37",
        &[
            "stream ORDERS state.consumer_count=3",
            "stream ORDERS state.consumer_count=2; consumer ORDERS named num_pending=1",
            "stream ORDERS state.consumer_count=1; absent ORDERS named",
            "consumer ORDERS durable num_pending=1",
        ],
    ),
    (
        "c38",
        &[
            "stream ORDERS state.consumer_count=0",
            "consumer ORDERS raw config.ack_policy=none",
            "consumer ORDERS tool config.ack_policy=explicit",
            "consumer ORDERS raw num_ack_pending=0; consumer ORDERS tool num_ack_pending=1",
        ],
    ),
    (
        "c39",
        &[
            "holds A 1 2; consumer ORDERS peek num_ack_pending=0",
            "consumer ORDERS peek num_ack_pending=0; holds A 2; event AckToNobody",
            "deliveries ORDERS peek 1 2 3; holds A 3",
        ],
    ),
    (
        "c40",
        &[
            "consumer ORDERS ship num_pending=2",
            "consumer ORDERS ship delivered.consumer_seq=1 delivered.stream_seq=3",
            "consumer ORDERS ship delivered.consumer_seq=2 delivered.stream_seq=3",
            "consumer ORDERS ship delivered.consumer_seq=3 delivered.stream_seq=5",
        ],
    ),
    (
        "c41",
        &[
            "stream JOBS state.messages=0; stream ARCHIVE state.messages=0",
            "stream ARCHIVE state.messages=1; gone JOBS 1 Acked",
            "kept JOBS 2; stream ARCHIVE state.messages=1",
            "stream ARCHIVE state.messages=2; stream JOBS state.messages=0",
        ],
    ),
    (
        "c42",
        &[
            "stream ALL state.messages=0",
            "stream ALL state.messages=1",
            "stream ALL state.messages=1; stream US state.messages=1",
            "stream ALL state.messages=2",
        ],
    ),
    (
        "c43",
        &[
            "kept KV_plain 1; kept KV_plain 2; kept KV_marks 1; holds plain 1 2; holds marks 1",
            "kept KV_plain 3; holds plain 1 2 3",
            "gone KV_plain 1 Ttl; kept KV_plain 3; gone KV_marks 1 Ttl; holds plain 1 2 3; holds marks 1 2",
        ],
    ),
];

#[test]
fn every_preset_shows_its_confusion_within_three_steps() {
    let mut failed = Vec::new();
    for (key, lines) in ROWS {
        let preset = Preset::by_key(key).unwrap_or_else(|| panic!("no preset {key}"));
        let mut checked = Checked::open(preset);
        let actions = preset.scenario().about.first_steps.into_iter().filter(|first| !first.steps.is_empty());
        let actions: Vec<_> = actions.collect();
        assert!(actions.len() <= 3 && actions.len() + 1 == lines.len(), "{key} has {} actions", actions.len());
        failed.extend(checked.failures(lines[0]).map(|says| format!("{key} as it opens: {says}")));
        for (place, (first, line)) in actions.iter().zip(&lines[1..]).enumerate() {
            match checked.act(first) {
                Ok(()) => {
                    failed.extend(checked.failures(line).map(|says| format!("{key} step {}: {says}", place + 1)));
                    // The page shows a refusal where the row expects one, and nowhere else.
                    if checked.refusal.is_some() != line.contains("told ") {
                        failed.push(format!("{key} step {}: {:?}", place + 1, checked.refusal));
                    }
                }
                Err(error) => failed.push(format!("{key} step {}: {error}", place + 1)),
            }
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn every_confusion_has_a_preset_and_a_row() {
    let confusions: Vec<&str> = PRESETS.iter().map(|preset| preset.key).filter(|key| is_confusion(key)).collect();
    let rows: Vec<&str> = ROWS.iter().map(|(key, _)| *key).collect();
    assert_eq!(confusions, rows);
    assert_eq!(confusions, (1..=43).map(|number| format!("c{number}")).collect::<Vec<_>>());
}

fn is_confusion(key: &str) -> bool {
    key.strip_prefix('c').is_some_and(|rest| rest.parse::<u32>().is_ok())
}

#[test]
fn every_preset_says_what_to_look_at_and_what_to_try() {
    for preset in PRESETS {
        let about = preset.scenario().about;
        assert!(about.look_at.ends_with('.') && about.look_at.len() <= 180, "{}: {}", preset.key, about.look_at);
        assert!((1..=4).contains(&about.first_steps.len()), "{}", preset.key);
        for first in &about.first_steps {
            assert!(first.text.ends_with('.') && first.text.len() <= 140, "{}: {}", preset.key, first.text);
            assert!(!first.text.contains('!'), "{}", preset.key);
        }
        let mut simulation = preset.open();
        assert!(!simulation.clock.is_playing, "{}", preset.key);
        simulation.advance(Duration::from_secs(60));
    }
}

#[test]
fn every_preset_opens_from_its_link_with_its_state() {
    let mut lines = String::new();
    let mut longest = 0;
    for preset in PRESETS {
        let json = preset.scenario().to_json().unwrap_or_else(|error| panic!("{}: {error}", preset.key));
        let deflated = miniz_oxide::deflate::compress_to_vec(json.as_bytes(), 9);
        let link_chars = "#s=".len() + (deflated.len() * 4).div_ceil(3);
        assert!(link_chars <= 1_500, "the link of {} has {link_chars} characters", preset.key);
        longest = longest.max(link_chars);
        let inflated = miniz_oxide::inflate::decompress_to_vec(&deflated).expect("it was deflated just now");
        let text = String::from_utf8(inflated).expect("JSON is text");
        let scenario = Scenario::parse(&text, Bounds::LINK).unwrap_or_else(|error| panic!("{}: {error}", preset.key));
        let opened = scenario.clone().open(Bounds::LINK).unwrap_or_else(|error| panic!("{}: {error}", preset.key));
        assert!(opened.world() == preset.open().world(), "{}", preset.key);
        lines += &format!("{} {:016x} {:016x}\n", preset.key, state_hash(opened.world()), wire_hash(opened.wire()));
    }
    println!("the longest link has {longest} characters");
    if std::env::var_os("WRITE_HASHES").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/presets.hashes.txt");
        std::fs::write(file, &lines).expect("the file can be written");
    } else {
        assert_eq!(lines, HASHES, "if the states were meant to change: WRITE_HASHES=1 cargo test --test presets");
    }
}
