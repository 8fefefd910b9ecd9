//! Bodies and what nats-server 2.15.1 says of them; and bodies that nobody would send.

use super::*;
use crate::engine::api::json::{Object, decode_request, to_json, unmarshal};
use crate::engine::consumer::config::{ConsumerConfigLimits, CreateConsumerRequest};
use crate::engine::rng::Rng;
use crate::engine::stream::config::{ConfigLimits, StreamConfig, StreamConfigRequest};

fn complaint<T: Object>(body: &[u8]) -> Option<String> {
    let error = decode_request::<T>(body, true).err()?.to_string();
    Some(error.strip_prefix("invalid JSON: ").expect("the only error").to_owned())
}

#[test]
fn streams_are_read_as_the_server_reads_them() {
    const FIELD: &str = "into Go struct field StreamConfigRequest";
    for (body, expected) in [
        ("", ""),
        (" null ", ""),
        ("null {}\n{}", ""),
        (r#"{"NAME":"x","deſcription":"y"}"#, ""),
        ("1", "json: cannot unmarshal number into Go value of type server.StreamConfigRequest"),
        ("[]", "json: cannot unmarshal array into Go value of type server.StreamConfigRequest"),
        ("{", "unexpected EOF"),
        (r#"{"a":1 2"#, "invalid character '2' after object key:value pair at offset 8"),
        ("{} x", "invalid character 'x' looking for beginning of value at offset 4"),
        (r#"{"zz":1} x"#, r#"json: unknown field "zz""#),
        (r#"{"name":"C"} {"zz":1}"#, r#"json: unknown field "zz""#),
        (r#"{"mirror":{"z\"z":1}}"#, r#"json: unknown field "z\"z""#),
        (r#"{"num-replicas":1}"#, r#"json: unknown field "num-replicas""#),
        (r#"{"name":1}"#, "json: cannot unmarshal number {}.name of type string"),
        (r#"{"NAME":1}"#, "json: cannot unmarshal number {}.NAME of type string"),
        (r#"{"n\u0061me":1}"#, "json: cannot unmarshal number {}.name of type string"),
        (r#"{"max_age":"1s"}"#, "json: cannot unmarshal string {}.max_age of type time.Duration"),
        (r#"{"max_msgs":1.5}"#, "json: cannot unmarshal number 1.5 {}.max_msgs of type int64"),
        (r#"{"max_consumers":1e3}"#, "json: cannot unmarshal number 1e3 {}.max_consumers of type int"),
        (r#"{"max_msg_size":2147483648}"#, "json: cannot unmarshal number 2147483648 {}.max_msg_size of type int32"),
        (r#"{"max_msgs":-9223372036854775808,"first_seq":18446744073709551615,"max_bytes":-0}"#, ""),
        (
            r#"{"first_seq":18446744073709551616}"#,
            "json: cannot unmarshal number 18446744073709551616 {}.first_seq of type uint64",
        ),
        (r#"{"first_seq":-0}"#, "json: cannot unmarshal number -0 {}.first_seq of type uint64"),
        (r#"{"sealed":"true"}"#, "json: cannot unmarshal string {}.sealed of type bool"),
        (r#"{"subjects":"x"}"#, "json: cannot unmarshal string {}.subjects of type []string"),
        (
            r#"{"subjects":[null,1]}"#,
            "json: cannot unmarshal number into StreamConfigRequest.subjects.1 of type string",
        ),
        (r#"{"sources":{}}"#, "json: cannot unmarshal object {}.sources of type []*server.StreamSource"),
        (
            r#"{"sources":[[]]}"#,
            "json: cannot unmarshal array into StreamConfigRequest.sources.0 of type server.StreamSource",
        ),
        (
            r#"{"mirror":{"subject_transforms":[{"src":{}}]}}"#,
            "json: cannot unmarshal object {}.mirror.subject_transforms.0.src of type string",
        ),
        (r#"{"metadata":[1]}"#, "json: cannot unmarshal array {}.metadata of type map[string]string"),
        (r#"{"metadata":{"a/b~c":1}}"#, "json: cannot unmarshal number {}.metadata.a~1b~0c of type string"),
        (
            r#"{"metadata":{"12":1}}"#,
            "json: cannot unmarshal number into StreamConfigRequest.metadata.12 of type string",
        ),
        (
            r#"{"consumer_limits":{"max_ack_pending":"x"}}"#,
            "json: cannot unmarshal string {}.consumer_limits.max_ack_pending of type int",
        ),
        (r#"{"retention":"x"}"#, r#"can not unmarshal "\"x\"""#),
        (r#"{"retention":null}"#, r#"can not unmarshal "null""#),
        (r#"{"retention":{"a": 1}}"#, r#"can not unmarshal "{\"a\": 1}""#),
        (r#"{"retention":"\u006cimits"}"#, r#"can not unmarshal "\"\\u006cimits\"""#),
        (r#"{"discard":"OLD","persist_mode":"","compression":"\u0073\u0032"}"#, ""),
        (r#"{"storage":"Memory"}"#, r#"can not unmarshal "\"Memory\"""#),
        (r#"{"compression":""}"#, "unknown compression algorithm"),
        (r#"{"compression":true}"#, "json: cannot unmarshal bool into Go value of type string"),
        (
            r#"{"mirror":{"opt_start_time":"x"}}"#,
            r#"parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006""#,
        ),
        (
            r#"{"mirror":{"opt_start_time":{}}}"#,
            "json: cannot unmarshal object {}.mirror.opt_start_time of type time.Time",
        ),
        (r#"{"name":1,"storage":"x","zz":1}"#, "json: cannot unmarshal number {}.name of type string"),
        (r#"{"storage":"x","name":1}"#, r#"can not unmarshal "\"x\"""#),
        (r#"{"zz":1,"name":1}"#, r#"json: unknown field "zz""#),
        (r#"{"mirror":null,"sources":null,"metadata":null,"subjects":null,"name":null,"sealed":null}"#, ""),
    ] {
        let expected = expected.replace("{}", FIELD);
        assert_eq!(complaint::<StreamConfigRequest>(body.as_bytes()).unwrap_or_default(), expected, "{body}");
    }
    assert_eq!(
        complaint::<StreamConfigRequest>(b"{\"metadata\":{\"\xff\":1}}").expect("a complaint"),
        format!("json: cannot unmarshal number {FIELD}.metadata.\u{fffd} of type string")
    );
}

#[test]
fn consumers_are_read_as_the_server_reads_them() {
    for (body, expected) in [
        (r#"{"action":1}"#, "unknown consumer action: 1"),
        (r#"{"action":["a" ]}"#, r#"unknown consumer action: ["a" ]"#),
        (r#"{"config":{"priority_policy":""}}"#, r#"unknown priority policy: """#),
        (r#"{"config":{"deliver_policy":"undefined"}}"#, ""),
        (
            r#"{"config":{"backoff":[1.5]}}"#,
            "json: cannot unmarshal number 1.5 into CreateConsumerRequest.config.backoff.0 of type time.Duration",
        ),
        (
            r#"{"config":[]}"#,
            concat!(
                "json: cannot unmarshal array into Go struct field CreateConsumerRequest.config of type ",
                "server.ConsumerConfig",
            ),
        ),
        (r#"{"config":{"durable":1}}"#, r#"json: unknown field "durable""#),
    ] {
        assert_eq!(complaint::<CreateConsumerRequest>(body.as_bytes()).unwrap_or_default(), expected, "{body}");
    }
}

#[test]
fn a_value_given_twice_is_read_twice() {
    let read = |body: &str| decode_request::<StreamConfigRequest>(body.as_bytes(), true).expect("valid");
    let twice = read(r#"{"name":"a","name":"b","max_msgs":1,"max_msgs":null}{"name":"c"}"#);
    assert_eq!((&*twice.name, twice.max_msgs), ("c", 1));
    let merged = read(r#"{"metadata":{"a":"1","b":"1"},"metadata":{"b":"2"},"mirror":{"name":"x"},"mirror":{}}"#);
    assert_eq!((merged.metadata.len(), merged.metadata.get("b").map(String::as_str)), (2, Some("2")));
    assert_eq!(merged.mirror.expect("given").name, "x");
    let shorter = read(r#"{"subjects":["a","b"],"subjects":[null]}"#);
    assert_eq!(*shorter.subjects, ["a"]);
    assert!(read(r#"{"subjects":["a"],"subjects":null}"#).subjects.is_absent());
}

#[test]
fn texts_are_unescaped() {
    for (json, text) in [
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\x08\x0c\n\r\t"),
        (r#""\u00e9\ud83d\ude00""#, "é😀"),
        (r#""\ud83dx\ude00\ud83d\u0041""#, "\u{fffd}x\u{fffd}\u{fffd}A"),
    ] {
        let request: UnpinRequest = unmarshal(format!(r#"{{"group":{json}}}"#).as_bytes()).expect("valid");
        assert_eq!(request.group, text);
    }
    let request: UnpinRequest = unmarshal(b"{\"group\":\"a\xffb\xe2\x82\"}").expect("valid");
    assert_eq!(request.group, "a\u{fffd}b\u{fffd}\u{fffd}");
}

#[test]
fn a_lenient_server_passes_over_unknown_fields() {
    let request: StreamNamesRequest = decode_request(br#"{"offset":3,"zz":{}}"#, false).expect("lenient");
    assert_eq!(request.offset, 3);
    let error = decode_request::<StreamNamesRequest>(br#"{"offset":"x","zz":1} x"#, false).expect_err("no JSON");
    assert_eq!(error.to_string(), "invalid JSON: invalid character 'x' after top-level value");
}

#[test]
fn one_value_is_one_value() {
    for (body, expected) in [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("{b", "invalid character 'b' looking for beginning of object key string"),
        (r#"{"group":1} x"#, "invalid character 'x' after top-level value"),
        (
            r#"{"group":1,"zz":1}"#,
            "json: cannot unmarshal number into Go struct field JSApiConsumerUnpinRequest.group of type string",
        ),
    ] {
        assert_eq!(unmarshal::<UnpinRequest>(body.as_bytes()).expect_err(body).to_string(), expected);
    }
}

#[test]
fn anything_asks_for_a_message() {
    for (body, batch, is_object) in [
        ("", 1, false),
        ("5", 5, false),
        (" +7\n", 7, false),
        ("-3", -3, false),
        ("junk", 1, false),
        ("1.5", 1, false),
        ("[1]", 1, false),
        (r#" {"batch":3,"zz":1}"#, 3, true),
        ("{}", 0, true),
    ] {
        let request = NextRequest::parse(body.as_bytes()).expect(body);
        assert_eq!((request.batch, request.is_object), (batch, is_object), "{body}");
    }
    for (body, expected) in [
        (r#"{"batch":"x"}"#, "json: cannot unmarshal string into Go struct field .batch of type int"),
        (r#"{"idle_heartbeat":5,"expires":9}"#, "heartbeat value too large"),
        (r#"{"idle_heartbeat":1}"#, "heartbeat value too large"),
    ] {
        assert_eq!(NextRequest::parse(body.as_bytes()).expect_err(body).to_string(), expected);
    }
    for body in [r#"{"idle_heartbeat":5,"expires":10}"#, r#"{"idle_heartbeat":-5}"#] {
        assert!(NextRequest::parse(body.as_bytes()).is_ok(), "{body}");
    }
}

/// Reads the body as both of the large requests, and as one of the others in turn.
fn read(round: usize, body: &[u8]) {
    const OTHERS: [fn(&[u8], bool); 14] = [
        |body, is_strict| drop(decode_request::<StreamNamesRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<StreamListRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<StreamInfoRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<PurgeRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<MsgGetRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<MsgDeleteRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<SnapshotRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<RestoreRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<ConsumersRequest>(body, is_strict)),
        |body, is_strict| drop(decode_request::<PauseRequest>(body, is_strict)),
        |body, _| drop(unmarshal::<UnpinRequest>(body)),
        |body, _| drop(unmarshal::<ResetRequest>(body)),
        |body, _| drop(unmarshal::<NakOptions>(body)),
        |body, _| drop(NextRequest::parse(body)),
    ];
    let is_strict = round.is_multiple_of(2);
    OTHERS[round / 2 % OTHERS.len()](body, is_strict);
    if let Ok(request) = decode_request::<StreamConfigRequest>(body, is_strict) {
        read_back(request);
    }
    if let Ok(request) = decode_request::<CreateConsumerRequest>(body, is_strict) {
        let stream = template();
        let limits = ConsumerConfigLimits {
            stream: &stream,
            server_max_ack_pending: None,
            account_max_ack_pending: None,
            server_max_request_batch: None,
        };
        if let Ok(config) = request.config.checked(&limits, request.pedantic) {
            let json = to_json(&config);
            let body = [br#"{"config":"#, &*json, b"}"].concat();
            let again: CreateConsumerRequest = decode_request(&body, true).expect("what we write can be read");
            let again = again.config.checked(&limits, false).expect("what is valid stays valid");
            assert_eq!(to_json(&again), json);
        }
    }
}

/// A valid configuration comes out of its own JSON.
fn read_back(request: StreamConfigRequest) {
    if let Ok(config) = request.checked(&ConfigLimits::default(), |_| None) {
        let json = to_json(&config);
        let again: StreamConfigRequest = decode_request(&json, true).expect("what we write can be read");
        let again = again.checked(&ConfigLimits::default(), |_| None).expect("what is valid stays valid");
        assert_eq!(to_json(&again), json);
    }
}

fn template() -> StreamConfig {
    let request: StreamConfigRequest = decode_request(TEMPLATES[0].as_bytes(), true).expect("valid");
    request.checked(&ConfigLimits::default(), |_| None).expect("valid")
}

const TEMPLATES: [&str; 8] = [
    r#"{"name":"S","subjects":["s.>"],"storage":"memory","max_msgs":5,"max_age":200000000,"metadata":{"a":"b"}}"#,
    r#"{"name":"S","sources":[{"name":"O","opt_start_time":"2026-01-01T00:00:00.5+02:00","external":{"api":"x"}}]}"#,
    r#"{"name":"S","mirror":{"name":"O","subject_transforms":[{"src":"a.*","dest":"b.{{split(1,-)}}"}]}}"#,
    r#"{"name":"S","subject_transform":{"src":"s.*","dest":"u.$1"},"republish":{"src":"a.>","dest":"r.>"}}"#,
    r#"{"config":{"durable_name":"C","backoff":[1,2],"filter_subjects":["a"],"sample_freq":"5%","ack_policy":"all"}}"#,
    r#"{"config":{"priority_policy":"overflow","priority_groups":["g"],"pause_until":"2026-01-01T00:00:00Z"}}"#,
    r#"{"seq":1,"last_by_subj":"x","batch":5,"expires":9,"no_wait":true,"group":"\u00e9\ud83d\ude00","offset":-1}"#,
    r#"{"state":{"messages":1,"first_ts":"2026-01-01T00:00:00Z","subjects":{"a":1},"lost":{"msgs":[1],"bytes":5}}}"#,
];

const PIECES: [&[u8]; 16] = [
    b"null",
    b"{}",
    b"[]",
    b"{\"",
    b"\\u00",
    b"\\ud800",
    b"-0",
    b"1e999",
    b"\xff",
    b"\xe2\x82",
    b"\"",
    b",",
    b":",
    b"}",
    b"9223372036854775808",
    b"[[[[",
];

#[test]
fn no_body_is_too_odd() {
    let mut rng = Rng::new(20_260_101);
    for round in 0..100_000 {
        let mut body = TEMPLATES[rng.below(8) as usize].as_bytes().to_vec();
        for _ in 0..rng.below(5) {
            let at = rng.below(body.len() as u64 + 1) as usize;
            match rng.below(5) {
                0 => body.truncate(at),
                1 => drop(body.splice(at..at, PIECES[rng.below(16) as usize].iter().copied())),
                2 if at < body.len() => body[at] = rng.next_u64() as u8,
                3 => drop(body.drain(at..(at + rng.below(9) as usize).min(body.len()).max(at))),
                _ => body.insert(at, b"0123456789eE+-.{}[]\",:\\ \n"[rng.below(25) as usize]),
            }
        }
        read(round, &body);
    }
}
