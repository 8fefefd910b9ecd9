//! Configurations of consumers: created in every form, changed, and with what their streams allow.

use crate::random::script::{Field, Script};

#[rustfmt::skip]
const FIELDS: [Field; 33] = [
    ("description", 4, &["text"], &["${x*4097}", "1"]),
    ("deliver_policy", 30, &["all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"], &["x", "1"]),
    ("opt_start_seq", 12, &["1", "3", "0"], &["-1"]),
    ("opt_start_time", 8, &["2020-01-01T00:00:00Z", "2100-01-01T00:00:00.5+01:00"], &["x", "\"\"", "1"]),
    ("ack_policy", 40, &["none", "all", "explicit", "flow_control"], &["x"]),
    ("ack_wait", 15, &["1s", "30s", "0"], &["-1", "\"1s\""]),
    ("max_deliver", 20, &["1", "3", "-1", "0"], &["-2", "\"1\""]),
    ("backoff", 15, &["1s", "1s,2s", "1s,2s,5s", "[]"], &["[-1]", "[0]", "[1,0]", "1"]),
    ("filter_subject", 30, &["s.a", "s.*", "s.>", "\"\"", "t.a", ">"], &["s..a", "s.", "\"s. a\"", "s.>.a"]),
    ("filter_subjects", 15, &["s.a,s.b", "s.a", "[]", "t.a,t.b"], &["s.a,s.a", "s.*,s.a", "[\"\"]", "[\"s..b\"]", "[\"s.a\",\"\"]"]),
    ("replay_policy", 8, &["instant", "original"], &["x"]),
    ("rate_limit_bps", 6, &["1000", "0"], &["-1"]),
    ("sample_freq", 6, &["\"100\"", "\"50%\"", "\"0\"", "\"\""], &["x", "\"-1\"", "\"101\"", "\"%\"", "5"]),
    ("max_waiting", 10, &["1", "512", "0"], &["-1", "-2"]),
    ("max_ack_pending", 20, &["1", "5", "-1", "0", "2000"], &["-2", "\"1\""]),
    ("flow_control", 8, &["true", "false"], &["1"]),
    ("headers_only", 8, &["true", "false"], &["x"]),
    ("max_batch", 8, &["1", "5", "0"], &["-1"]),
    ("max_expires", 8, &["1s", "0"], &["-1", "1"]),
    ("max_bytes", 8, &["10", "0"], &["-1"]),
    ("deliver_subject", 20, &["d.x", "\"\"", "d.y"], &["d.*", "d..x", "\"d x\"", "s.a", "s.z", "\">\""]),
    ("deliver_group", 8, &["q", "\"\""], &["\"q x\"", "q.*"]),
    ("idle_heartbeat", 10, &["1s", "0", "100ms"], &["99ms", "-1"]),
    ("inactive_threshold", 12, &["10s", "60s", "0"], &["-1", "1h"]),
    ("num_replicas", 6, &["0", "1"], &["3", "-1", "6"]),
    ("mem_storage", 6, &["true", "false"], &[]),
    ("direct", 3, &["false"], &["true"]),
    ("sourcing", 3, &["false"], &["true"]),
    ("metadata", 8, &["{}", "{\"a\":\"b\"}", "{\"_nats.ver\":\"9\"}", "null"], &["{\"a\":1}"]),
    ("pause_until", 6, &["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"], &["x"]),
    ("priority_groups", 14, &["g", "a,b", "[]"], &["[\"\"]", "[\"g g\"]", "[\"${x*17}\"]", "[\"g\",\"g\"]"]),
    ("priority_policy", 14, &["none", "overflow", "pinned_client", "prioritized"], &["x", "\"\""]),
    ("priority_timeout", 8, &["1s", "0"], &["-1", "1"]),
];

#[rustfmt::skip]
const STREAM: [Field; 7] = [
    ("retention", 60, &["limits", "interest", "workqueue"], &[]),
    ("max_consumers", 15, &["1", "2"], &[]),
    ("consumer_limits", 25, &["{\"max_ack_pending\":3}", "{\"inactive_threshold\":20000000000}", "{\"inactive_threshold\":60000000000,\"max_ack_pending\":2}"], &[]),
    ("allow_direct", 10, &["true"], &[]),
    ("max_msgs", 10, &["2"], &[]),
    ("num_replicas", 5, &["1"], &[]),
    ("deny_delete", 5, &["true"], &[]),
];

pub fn steps(script: &mut Script) {
    if script.rng.chance(15) {
        script.say_one(&[
            "server max_ack_pending=10",
            "server max_consumers=2",
            "server limit_max_request_batch=3",
            "server limit_max_ack_pending=4",
            "server strict=false",
            "server domain=hub",
        ]);
    }
    for name in ["S", "T"] {
        let options = script.fields(&STREAM, 0);
        let subjects = if script.rng.chance(70) { ".>" } else { ".a,s.b" };
        let subjects = if name == "S" { format!("s{subjects}") } else { "t.>".to_owned() };
        script.say(format!("stream create {name} subjects={subjects}{options}"));
    }
    for subject in ["s.a", "s.b", "s.a", "t.a"] {
        script.say(format!("publish {subject} x"));
    }
    script.repeat(15, 35, step);
    for place in ["S/a", "S/b", "T/a"] {
        script.say(format!("consumer info {place}"));
    }
    // Names that the server chooses stand anywhere among the others.
    let is_unnamed = |step: &String| step.strip_prefix("consumer create S").is_some_and(|rest| !rest.starts_with('/'));
    if !script.steps.iter().any(is_unnamed) {
        script.say("consumer names S");
    }
}

fn step(script: &mut Script) {
    let place = script.rng.pick(&["S/a", "S/a", "S/a", "S/b", "S/b", "T/a"]);
    match script.rng.below(20) {
        0..=7 => {
            let config = config(script, 100);
            let kind = script.maybe(20, &["ephemeral"]);
            script.say(format!("consumer create {place}{kind}{config}"));
        }
        8..=13 => {
            let config = config(script, 30);
            let removed =
                script.maybe(25, &["-backoff", "-deliver_subject", "-filter_subject", "-durable_name", "-max_deliver"]);
            script.say(format!("consumer update {place}{config}{removed}"));
        }
        14 => {
            let config = config(script, 40);
            script.say(format!("consumer create S{config}"));
        }
        15 => other_forms(script, place),
        16..=17 => script.say(format!("consumer info {place}")),
        18 => script.say(format!("consumer delete {place}")),
        _ => {
            let subject = script.rng.pick(&["s.a", "s.b"]);
            script.say(format!("publish {subject} x"));
        }
    }
}

fn config(script: &mut Script, often: usize) -> String {
    let wrong = if script.rng.chance(55) { 0 } else { 20 };
    // Half of all configs with few fields: with many something is nearly always refused.
    let often = if script.rng.chance(50) { often / 2 } else { often };
    let mut fields = FIELDS;
    for field in &mut fields {
        field.1 = field.1 * often / 100;
    }
    let mut config = script.fields(&fields, wrong);
    if config.contains("priority_policy") && !config.contains("priority_groups") {
        config += &script.maybe(80, &["priority_groups=g"]);
    }
    config
        + &script.maybe(25, &["action=create", "action=update", "action=\"\""])
        + &script.maybe(10, &["pedantic", "pedantic=false"])
        + &script
            .maybe(2, &["nope=1", "action=x", "name=other", "durable_name=\"a b\"", "name=\"\"", "durable_name=a.b"])
}

/// The older subjects, and bodies that do not fit theirs.
fn other_forms(script: &mut Script, place: &str) {
    let (stream, name) = place.split_once('/').unwrap_or((place, "a"));
    let subject = script.rng.pick(&[
        "CREATE.{s}",
        "DURABLE.CREATE.{s}.{c}",
        "CREATE.{s}.{c}",
        "CREATE.{s}.{c}.s.a",
        "CREATE.{s}.{c}.s.*",
    ]);
    let subject = subject.replace("{s}", stream).replace("{c}", name);
    let mut config: Vec<&str> = Vec::new();
    for (often, member) in [
        (50, "\"durable_name\":\"a\""),
        (10, "\"durable_name\":\"b\""),
        (40, "\"name\":\"a\""),
        (10, "\"name\":\"b\""),
        (60, "\"ack_policy\":\"explicit\""),
        (40, "\"filter_subject\":\"s.a\""),
        (10, "\"filter_subject\":\"s.*\""),
        (15, "\"filter_subjects\":[\"s.a\"]"),
        (15, "\"deliver_subject\":\"d.x\""),
    ] {
        if script.rng.chance(often) {
            config.push(member);
        }
    }
    // A name that the server chooses is another one each time.
    if !config.iter().any(|member| member.contains("name\":")) {
        config.push("\"name\":\"a\"");
    }
    let outer = script.rng.pick(&[
        "\"stream_name\":\"S\",",
        "\"stream_name\":\"T\",",
        "",
        "\"stream_name\":\"S\",\"action\":\"create\",",
    ]);
    script.say(format!("api CONSUMER.{subject} {{{outer}\"config\":{{{}}}}}", config.join(",")));
}
