//! Requests whose bodies are not what they should be: bytes changed, values of other types, unknown and repeated fields.

use crate::random::script::Script;

/// Requests and bodies that are right; the fields are those whose values get other types.
const REQUESTS: [(&str, &str); 27] = [
    (
        "STREAM.CREATE.N",
        r#"{"name":"N","subjects":["n.>"],"retention":"limits","max_msgs":5,"max_age":0,"storage":"memory","no_ack":false,"placement":{"tags":["a"]},"metadata":{"a":"b"},"consumer_limits":{"max_ack_pending":3},"republish":{"src":"n.>","dest":"r.>"}}"#,
    ),
    (
        "STREAM.CREATE.N",
        r#"{"name":"N","storage":"memory","sources":[{"name":"S","opt_start_seq":1,"opt_start_time":"2020-01-01T00:00:00Z","subject_transforms":[{"src":"s.a","dest":"n.a"}]}],"compression":"none","discard":"old"}"#,
    ),
    (
        "STREAM.UPDATE.S",
        r#"{"name":"S","subjects":["s.>"],"storage":"memory","max_bytes":1000,"allow_direct":true,"duplicate_window":1000000000,"first_seq":1}"#,
    ),
    ("STREAM.INFO.S", r#"{"offset":0,"deleted_details":true,"subjects_filter":">"}"#),
    ("STREAM.NAMES", r#"{"offset":0,"subject":"s.a"}"#),
    ("STREAM.LIST", r#"{"offset":1,"subject":"s.a"}"#),
    ("STREAM.PURGE.S", r#"{"filter":"s.z","seq":1,"keep":0}"#),
    ("STREAM.DELETE.N", ""),
    ("STREAM.MSG.GET.S", r#"{"seq":1,"no_hdr":true,"batch":0,"multi_last":["s.a"],"start_time":null}"#),
    ("STREAM.MSG.GET.S", r#"{"next_by_subj":"s.a","start_time":"2020-01-01T00:00:00Z"}"#),
    ("DIRECT.GET.S", r#"{"seq":1,"no_hdr":false,"batch":2,"max_bytes":0}"#),
    ("DIRECT.GET.S", r#"{"multi_last":["s.a"],"up_to_seq":3,"batch":0}"#),
    ("DIRECT.GET.S", r#"{"next_by_subj":"s.a","start_time":"2020-01-01T00:00:00Z"}"#),
    ("DIRECT.GET.S.s.a", r#"{"no_hdr":true}"#),
    (
        "CONSUMER.MSG.NEXT.S.c",
        r#"{"no_wait":true,"batch":1,"expires":0,"max_bytes":0,"idle_heartbeat":0,"priority":0}"#,
    ),
    ("CONSUMER.MSG.NEXT.S.c", r#"{"no_wait":true,"group":"","id":"","min_pending":0,"min_ack_pending":0}"#),
    ("CONSUMER.LIST.S", r#"{"offset":1}"#),
    ("STREAM.MSG.DELETE.S", r#"{"seq":99,"no_erase":true}"#),
    ("STREAM.SNAPSHOT.N", r#"{"deliver_subject":"d.x","no_consumers":true,"chunk_size":1024,"jsck":false}"#),
    (
        "STREAM.RESTORE.S",
        r#"{"config":{"name":"S","storage":"memory","num_replicas":1},"state":{"messages":0,"first_ts":"2020-01-01T00:00:00Z","deleted":null}}"#,
    ),
    (
        "CONSUMER.CREATE.S.c",
        r#"{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit","deliver_policy":"by_start_time","opt_start_time":"2020-01-01T00:00:00Z","max_deliver":3,"backoff":[1000000000],"filter_subjects":["s.a"],"sample_freq":"100","metadata":{"a":"b"},"pause_until":"2020-01-01T00:00:00Z"},"action":"create","pedantic":false}"#,
    ),
    (
        "CONSUMER.DURABLE.CREATE.S.c",
        r#"{"stream_name":"S","config":{"durable_name":"c","ack_policy":"all","replay_policy":"instant","priority_groups":["g"],"priority_policy":"overflow"}}"#,
    ),
    ("CONSUMER.INFO.S.c", ""),
    ("CONSUMER.NAMES.S", r#"{"offset":0}"#),
    ("CONSUMER.PAUSE.S.c", r#"{"pause_until":"2020-01-01T00:00:00Z"}"#),
    ("CONSUMER.UNPIN.S.c", r#"{"group":"g"}"#),
    ("CONSUMER.RESET.S.c", r#"{"seq":1}"#),
];

const VALUES: [&str; 22] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e2",
    "1e400",
    "18446744073709551616",
    "9223372036854775808",
    "2147483648",
    "\"\"",
    "\"x\"",
    "\"1\"",
    "\"2020-01-01\"",
    "[]",
    "[1]",
    "[null]",
    "[\"x\"]",
    "{}",
    "{\"x\":1}",
    "-0",
    "\"\\ud800\"",
];
const BYTES: [&str; 23] = [
    "{", "}", "[", "]", "\"", ":", ",", "0", "-", "e", ".", "n", "t", " ", "\t", "\\", "\\x", "x", "é", "\n", "/",
    "01", "'",
];

pub fn steps(script: &mut Script) {
    script.say("stream create S subjects=s.> allow_direct");
    script.say("publish s.a x");
    script.say("consumer create S/c");
    for _ in 0..script.rng.between(20, 45) {
        let (subject, body) = REQUESTS[script.rng.below(REQUESTS.len())];
        let body = changed(script, body);
        script.say(format!("api {subject} \"{}\"", escaped(&body)));
    }
    script.say("info S");
    script.say("info S/c");
}

/// As a step writes it in quotes.
fn escaped(body: &str) -> String {
    let body = body.replace('\\', "\\\\").replace('"', "\\\"");
    body.replace('\n', "\\n").replace('\t', "\\t").replace("${", "$")
}

fn changed(script: &mut Script, body: &str) -> String {
    match script.rng.below(10) {
        0..=4 => other_value(script, body),
        5 => added_field(script, body),
        6 => script
            .rng
            .pick(&[
                "",
                "{}",
                "[]",
                "null",
                "x",
                " ",
                "{}{}",
                "{} x",
                "\"\"",
                "0",
                "{",
                " {\"offset\":\"x\"}",
                "[{}]",
                "{}\u{feff}",
            ])
            .to_owned(),
        7 => format!("{body}{}", script.rng.pick(&["{}", " ", "x", "}", "\n{\"seq\":1}", "[1]", "{\"offset\":3}"])),
        _ => {
            let mut body = body.to_owned();
            for _ in 0..script.rng.between(1, 2) {
                body = other_bytes(script, &body);
            }
            body
        }
    }
}

/// The ends of names of fields in a body: after each comes its value.
fn other_value(script: &mut Script, body: &str) -> String {
    let places: Vec<usize> = body.match_indices("\":").map(|(at, _)| at + 2).collect();
    if places.is_empty() {
        return script.rng.pick(&VALUES).to_owned();
    }
    let start = places[script.rng.below(places.len())];
    let end = start + value_length(&body[start..]);
    format!("{}{}{}", &body[..start], script.rng.pick(&VALUES), &body[end..])
}

/// How long the JSON value is that stands first.
fn value_length(text: &str) -> usize {
    let (mut depth, mut in_string) = (0usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b',' | b'}' | b']' if !in_string && depth == 0 => return at,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// A field that is unknown, repeated or spelled otherwise, at the start, at the end, or within.
fn added_field(script: &mut Script, body: &str) -> String {
    let names =
        ["nope", "NAME", "Seq", "config", "offset", "", "ſeq", "stream_name", "max_msgs", "Durable_Name", "subjects"];
    let field = format!("\"{}\":{}", script.rng.pick(&names), script.rng.pick(&VALUES));
    let places: Vec<usize> = body.match_indices('{').map(|(at, _)| at + 1).collect();
    if places.is_empty() {
        return format!("{{{field}}}");
    }
    if script.rng.chance(50) && body.len() > 2 {
        return format!("{},{field}}}", &body[..body.len() - 1]);
    }
    let at = places[script.rng.below(places.len())];
    format!("{}{field},{}", &body[..at], &body[at..])
}

fn other_bytes(script: &mut Script, body: &str) -> String {
    let places: Vec<usize> = body.char_indices().map(|(at, _)| at).chain([body.len()]).collect();
    let start = script.rng.below(places.len());
    let end = (start + script.rng.below(3)).min(places.len() - 1);
    let put = if script.rng.chance(70) { script.rng.pick(&BYTES) } else { "" };
    match script.rng.chance(20) {
        true => body[..places[start]].to_owned(),
        false => format!("{}{put}{}", &body[..places[start]], &body[places[end]..]),
    }
}
