//! Configurations of streams: created, changed field by field, and what is in them while that happens.

use crate::random::script::{Field, Script};

const NAMES: [&str; 3] = ["S", "T", "U"];

#[rustfmt::skip]
const FIELDS: [Field; 36] = [
    ("subjects", 55, &["[\"s.>\"]", "[\"s.*\"]", "[\"s.a\",\"s.b\"]", "[\"t.>\"]", "[\"t.a\"]", "[]", "[\"$KV.b.>\"]", "[\"$JS.EVENT.METRIC.>\"]", "[\"u.*.x\",\"u.y\"]"],
        &["[\">\"]", "[\"s..a\"]", "[\"\"]", "[\"s.a\",\"s.a\"]", "[\"s.*\",\"s.a\"]", "[\"$JS.API.x\"]", "[\"$SYS.>\"]", "[\"*.a\"]", "[\"s. a\"]", "[\"s.>.a\"]", "null", "x", "[1]", "[\"$JS.>\"]", "[\"*.>\"]"]),
    ("description", 5, &["text", "\"a <b> & c\"", "\"\""], &["${x*4097}", "1"]),
    ("retention", 25, &["limits", "interest", "workqueue"], &["nope", "1", "\"\"", "Limits"]),
    ("max_consumers", 12, &["1", "2", "-1", "0"], &["-2", "\"1\"", "1.5"]),
    ("max_msgs", 20, &["1", "3", "-1", "0"], &["-2", "\"1\"", "9223372036854775808"]),
    ("max_bytes", 15, &["60", "1000", "-1", "0"], &["-2", "true"]),
    ("max_age", 15, &["1s", "60s", "0", "1h"], &["-1", "1000", "99999999", "\"1s\""]),
    ("max_msgs_per_subject", 15, &["1", "2", "-1", "0"], &["-2"]),
    ("max_msg_size", 12, &["10", "40", "-1", "0"], &["-2", "2147483648"]),
    ("discard", 20, &["old", "new"], &["x"]),
    ("storage", 3, &["memory"], &["x", "1"]),
    ("num_replicas", 8, &["1", "0"], &["-1", "2", "3", "6"]),
    ("no_ack", 8, &["true", "false"], &["1"]),
    ("duplicate_window", 12, &["1s", "100ms", "2m", "0"], &["-1", "1000", "2h", "\"\""]),
    ("placement", 5, &["{}", "{\"cluster\":\"x\"}", "{\"tags\":[\"a\"]}", "null"], &["{\"preferred\":\"s\"}", "[]"]),
    ("compression", 5, &["none", "s2"], &["zip", "1"]),
    ("first_seq", 8, &["1", "5", "0"], &["-1", "18446744073709551616"]),
    ("subject_transform", 12, &["{\"src\":\"s.*\",\"dest\":\"s.x.$1\"}", "{\"src\":\"\",\"dest\":\"\"}", "{\"src\":\">\",\"dest\":\"y.>\"}", "{\"src\":\"s.a\",\"dest\":\"s.{{partition(3)}}\"}", "{\"src\":\"s.a\"}", "null", "{}"],
        &["{\"src\":\"s..a\",\"dest\":\"x\"}", "{\"src\":\"s.*\",\"dest\":\"x.$2\"}", "{\"src\":\"s.*\",\"dest\":\"x.*\"}", "{\"src\":\"s.*\",\"dest\":\"{{unknown(1)}}\"}", "{\"src\":\"s.*\",\"dest\":\"{{split(1)}}\"}", "{\"src\":\"s.*\",\"dest\":\"{{wildcard()}}\"}", "{\"src\":\"s.>\",\"dest\":\"x\"}", "{\"src\":\"s.*\",\"dest\":\"x y\"}", "{\"src\":\"s.*\",\"dest\":\"{{left(1,x)}}\"}", "{\"from\":\"s\"}"]),
    ("republish", 12, &["{\"src\":\"s.*\",\"dest\":\"r.$1\"}", "{\"src\":\"\",\"dest\":\"r.>\"}", "{\"src\":\">\",\"dest\":\"r.>\",\"headers_only\":true}", "{\"dest\":\"\"}", "{\"dest\":\"r.>\"}", "null", "{}"],
        &["{\"src\":\">\",\"dest\":\"s.>\"}", "{\"src\":\"s.*\",\"dest\":\"r.$2\"}", "{\"src\":\">\",\"dest\":\">\"}", "{\"src\":\"s.a\",\"dest\":\"t.a\"}", "{\"src\":\"s..a\",\"dest\":\"r\"}"]),
    ("allow_direct", 15, &["true", "false"], &["\"x\""]),
    ("mirror_direct", 4, &["false"], &["true"]),
    ("discard_new_per_subject", 8, &["true", "false"], &[]),
    ("sealed", 4, &["false"], &["true"]),
    ("deny_delete", 8, &["true", "false"], &[]),
    ("deny_purge", 8, &["true", "false"], &[]),
    ("allow_rollup_hdrs", 15, &["true", "false"], &[]),
    ("consumer_limits", 10, &["{}", "{\"max_ack_pending\":5}", "{\"inactive_threshold\":1000000000}", "{\"inactive_threshold\":60000000000,\"max_ack_pending\":2}", "null"], &["{\"max_ack_pending\":-1}", "{\"inactive_threshold\":-1}", "{\"x\":1}", "[]"]),
    ("allow_msg_ttl", 12, &["true", "false"], &[]),
    ("subject_delete_marker_ttl", 8, &["1s", "60s", "0", "1500ms"], &["-1", "1", "999999999"]),
    ("allow_msg_counter", 8, &["true", "false"], &[]),
    ("allow_atomic", 10, &["true", "false"], &[]),
    ("allow_msg_schedules", 8, &["true", "false"], &[]),
    ("persist_mode", 4, &["default", "\"\""], &["async", "x"]),
    ("allow_batched", 8, &["true", "false"], &[]),
    ("metadata", 8, &["{}", "{\"a\":\"b\"}", "{\"_nats.req.level\":\"9\",\"b\":\"\"}", "null"], &["{\"a\":1}", "[]"]),
    ("pedantic", 8, &["true", "false"], &["1"]),
];

#[rustfmt::skip]
const ORIGINS: [Field; 2] = [
    ("mirror", 50, &["{\"name\":\"T\"}", "{\"name\":\"O\"}", "{\"name\":\"T\",\"filter_subject\":\"t.a\"}", "{\"name\":\"T\",\"opt_start_seq\":2}", "{\"name\":\"T\",\"opt_start_time\":\"2020-01-01T00:00:00Z\"}", "{\"name\":\"T\",\"subject_transforms\":[{\"src\":\"t.a\",\"dest\":\"x\"}]}", "{\"name\":\"O\",\"external\":{\"api\":\"$JS.x.API\",\"deliver\":\"d\"}}", "null"],
        &["{}", "{\"name\":\"x.y\"}", "{\"name\":\"T\",\"filter_subject\":\"t..a\"}", "{\"name\":\"T\",\"filter_subject\":\"t.a\",\"subject_transforms\":[{\"src\":\"t.a\",\"dest\":\"x\"}]}", "{\"name\":\"T\",\"subject_transforms\":[{\"src\":\"t.*\",\"dest\":\"x\"},{\"src\":\"t.a\",\"dest\":\"y\"}]}", "{\"name\":\"T\",\"subject_transforms\":[{\"src\":\"t..\",\"dest\":\"x\"}]}", "{\"name\":\"T\",\"subject_transforms\":[{\"src\":\"t.*\",\"dest\":\"x.$2\"}]}", "{\"name\":\"S\"}", "{\"name\":\"O\",\"external\":{\"api\":\"$JS.*.API\",\"deliver\":\"d\"}}", "{\"name\":\"O\",\"external\":{\"api\":\"$JS.API\",\"deliver\":\"d.*\"}}", "{\"name\":\"T\",\"consumer\":{\"name\":\"c\"}}", "{\"name\":\"T\",\"consumer\":{\"name\":\"c\",\"deliver_subject\":\"d.x\"},\"opt_start_seq\":1}"]),
    ("sources", 50, &["[{\"name\":\"T\"}]", "[{\"name\":\"O\"},{\"name\":\"T\",\"filter_subject\":\"t.a\"}]", "[{\"name\":\"T\",\"filter_subject\":\"t.a\"},{\"name\":\"T\",\"filter_subject\":\"t.b\"}]", "[{\"name\":\"T\",\"subject_transforms\":[{\"src\":\"t.*\",\"dest\":\"x.$1\"},{\"src\":\"t.a.>\",\"dest\":\"\"}]}]", "[]", "[{\"name\":\"O\",\"opt_start_seq\":3,\"opt_start_time\":\"2020-01-01T00:00:00Z\"}]"],
        &["[null]", "[{}]", "[{\"name\":\"T\"},{\"name\":\"T\"}]", "[{\"name\":\"T\",\"filter_subject\":\">\"},{\"name\":\"T\"}]", "[{\"name\":\"T\",\"filter_subject\":\"t..\"}]", "[{\"name\":\"T\",\"subject_transforms\":[{\"src\":\"t.>\",\"dest\":\"\"},{\"src\":\"t.a\",\"dest\":\"\"}]}]", "[{\"name\":\"S\"}]", "[{\"name\":\"T\",\"filter_subject\":\"a\",\"subject_transforms\":[{\"src\":\"a\",\"dest\":\"b\"}]}]", "[{\"name\":\"T\",\"consumer\":{\"name\":\"c\",\"deliver_subject\":\"d.*\"}}]", "[{\"name\":\"O\",\"external\":{\"api\":\"x.>\",\"deliver\":\"\"}}]", "{}", "[{\"name\":\"T\",\"nope\":1}]"]),
];

pub fn steps(script: &mut Script) {
    script.repeat(15, 40, step);
    for name in NAMES {
        script.say(format!("stream info {name} deleted_details=true subjects_filter=>"));
    }
    script.say("stream names");
}

fn step(script: &mut Script) {
    let name = script.rng.pick(&NAMES);
    match script.rng.below(20) {
        0..=3 => create(script, name),
        4..=10 => update(script, name),
        11..=12 => script.say(format!("stream info {name}")),
        13..=15 => {
            let (subject, payload) = (script.rng.pick(&["s.a", "s.b", "t.a", "u.y", "S", "T"]), script.payload());
            let headers = script.maybe(15, &["Nats-Rollup:sub", "Nats-TTL:60", "Nats-Msg-Id:1", "Nats-Incr:1"]);
            script.say(format!("publish {subject}{headers} {payload}"));
        }
        16 => {
            let options = script.maybe(70, &["max_ack_pending=3", "inactive_threshold=30s", "filter_subject=s.a"]);
            let consumer = script.rng.pick(&["a", "b"]);
            script.say(format!("consumer create {name}/{consumer}{options}"));
        }
        17 => {
            let options = script.maybe(50, &["keep=1", "seq=2", "filter=s.a"]);
            script.say(format!("stream purge {name}{options}"));
        }
        18 => script.say(format!("stream delete_message {name} seq=1")),
        _ => script.say(format!("stream delete {name}")),
    }
}

fn create(script: &mut Script, name: &str) {
    let config = config(script, 100);
    let subjects = format!(" subjects=[\"{}.>\"]", name.to_lowercase());
    let subjects = if config.contains(" subjects=") || config.contains("mirror={") { "" } else { &subjects };
    script.say(format!("stream create {name}{subjects}{config}"));
}

fn update(script: &mut Script, name: &str) {
    let config = config(script, 40);
    let removed = script.maybe(25, &["-max_msgs", "-subjects", "-retention", "-allow_msg_ttl", "-storage", "-mirror"]);
    script.say(format!("stream update {name}{config}{removed}"));
}

/// Fields of a config, fewer of them when `often` is below 100.
fn config(script: &mut Script, often: usize) -> String {
    let wrong = if script.rng.chance(50) { 0 } else { 20 };
    let mut fields = FIELDS;
    for field in &mut fields {
        field.1 = field.1 * often / 100;
    }
    let mut config = script.fields(&fields, wrong);
    if script.rng.chance(15) {
        config += &script.fields(&ORIGINS, if wrong == 0 { 0 } else { 60 });
    }
    config + &script.maybe(2, &["nope=1", "name=x", "name=\"\"", "template_owner=x", "name=a.b"])
}
