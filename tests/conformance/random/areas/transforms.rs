//! Subject transforms of streams, sources and republishing: functions, indexes and literals put together, right and wrong.

use crate::random::script::Script;

const SOURCES: [&str; 8] = ["s.*", "s.*.*", "s.>", "s.*.x", "*.*", "s.a", ">", "s.*.>"];
const PIECES: [&str; 34] = [
    "$1",
    "$2",
    "{{wildcard(1)}}",
    "{{wildcard(2)}}",
    "{{Wildcard( 1 )}}",
    "{{partition(3,1)}}",
    "{{partition(10,1,2)}}",
    "{{partition(5)}}",
    "{{partition(0)}}",
    "{{partition(7,2,1)}}",
    "{{split(1,-)}}",
    "{{split(2,_)}}",
    "{{splitFromLeft(1,2)}}",
    "{{splitfromright(1,1)}}",
    "{{SplitFromRight(2,3)}}",
    "{{sliceFromLeft(1,2)}}",
    "{{SliceFromRight(1,3)}}",
    "{{left(1,2)}}",
    "{{right(1,1)}}",
    "{{Right(2,0)}}",
    "{{left(1,99)}}",
    "x",
    "y-z",
    "a$1",
    "$0",
    "{{wildcard(0)}}",
    "{{wildcard(9)}}",
    "{{nope(1)}}",
    "{{partition()}}",
    "{{left(1)}}",
    "{{left(1,2,3)}}",
    "{{left(x,1)}}",
    "$",
    "{{wildcard(1)",
];
const SUBJECTS: [&str; 12] = [
    "s.a",
    "s.b",
    "s.a.b",
    "s.a-b-c",
    "s.abcdef",
    "s.a.x",
    "s.-a--b-",
    "s.a_b.c_d",
    "s.é1.x",
    "s.a.b.c",
    "s.1",
    "s.abc.de.f",
];

pub fn steps(script: &mut Script) {
    script.say("subscribe r.> as=again");
    create(script);
    for _ in 0..script.rng.between(12, 30) {
        match script.rng.below(12) {
            0..=1 => create(script),
            2 => {
                let change = change(script);
                script.say(format!("stream update S {change}"));
            }
            3 => script.say("info S subjects_filter=>"),
            4 => script.say("stream delete S"),
            _ => {
                let (subject, payload) = (script.rng.pick(&SUBJECTS), script.payload());
                script.say(format!("publish {subject} {payload}"));
            }
        }
    }
    script.say("info S subjects_filter=>");
}

fn create(script: &mut Script) {
    let change = change(script);
    script.say(format!("stream create S subjects=s.> {change}"));
}

fn change(script: &mut Script) -> String {
    let (transform, republish) = (transform(script, ""), transform(script, "r."));
    match script.rng.below(4) {
        0..=1 => format!("subject_transform={transform}"),
        2 => format!("republish={republish}"),
        _ => format!("subject_transform={transform} republish={republish}"),
    }
}

/// A transform whose destination starts with `prefix`, or with a literal of its own.
fn transform(script: &mut Script, prefix: &str) -> String {
    let src = script.rng.pick(&SOURCES);
    let mut pieces: Vec<&str> = (0..script.rng.between(1, 3)).map(|_| script.rng.pick(&PIECES)).collect();
    if src.ends_with('>') && script.rng.chance(85) {
        pieces.push(">");
    }
    let prefix = if prefix.is_empty() { script.rng.pick(&["z.", "z.", ""]) } else { prefix };
    format!("{{\"src\":\"{src}\",\"dest\":\"{prefix}{}\"}}", pieces.join("."))
}
