//! Every rule in a row: what is changed about a plain request, and what comes of it.

use super::*;
use crate::engine::error::ApiError;

const MS: i64 = 1_000_000;

/// A stream without anything special: memory, one subject.
fn plain() -> StreamConfigRequest {
    StreamConfigRequest {
        name: "S".into(),
        subjects: subjects(&["s.>"]),
        storage: Storage::Memory,
        ..StreamConfigRequest::default()
    }
}

fn subjects(list: &[&str]) -> List<String> {
    list.iter().map(ToString::to_string).collect()
}

fn source(name: &str) -> StreamSourceRequest {
    StreamSourceRequest { name: name.into(), ..StreamSourceRequest::default() }
}

fn transform(src: &str, dest: &str) -> SubjectTransformRequest {
    SubjectTransformRequest { src: src.into(), dest: dest.into() }
}

fn checked(request: StreamConfigRequest) -> Result<StreamConfig, ApiError> {
    request.checked(&ConfigLimits::default(), |_| None)
}

fn from(change: impl FnOnce(&mut StreamConfigRequest)) -> Result<StreamConfig, ApiError> {
    let mut request = plain();
    change(&mut request);
    checked(request)
}

fn valid(change: impl FnOnce(&mut StreamConfigRequest)) -> StreamConfig {
    from(change).expect("valid")
}

type Change = fn(&mut StreamConfigRequest);

#[test]
fn a_bad_stream_is_refused() {
    let rules: &[(Change, &str)] = &[
        (|r| r.name = String::new(), r"stream name is required and can not contain '.', '*', '>', '\', '/'"),
        (|r| r.name = "a.b".into(), r"stream name is required and can not contain '.', '*', '>', '\', '/'"),
        (|r| r.name = "x".repeat(256), "stream name is too long, maximum allowed is 255"),
        (|r| r.description = "x".repeat(4097), "stream description is too long, maximum allowed is 4096"),
        (
            |r| drop(r.metadata.insert("k".into(), "v".repeat(131_072))),
            "stream metadata exceeds maximum size of 131072 bytes",
        ),
        (|r| r.num_replicas = 6, "maximum replicas is 5"),
        (|r| r.max_age_ns = -1, "max age can not be negative"),
        (|r| r.max_age_ns = 99 * MS, "max age needs to be >= 100ms"),
        (|r| r.duplicate_window_ns = -1, "duplicates window can not be negative"),
        (
            |r| (r.max_age_ns, r.duplicate_window_ns) = (200 * MS, 201 * MS),
            "duplicates window can not be larger then max age",
        ),
        (|r| r.duplicate_window_ns = 99 * MS, "duplicates window needs to be >= 100ms"),
        (|r| (r.deny_purge, r.allow_rollup_hdrs) = (true, true), "roll-ups require the purge permission"),
        (|r| (r.allow_msg_counter, r.discard) = (true, Discard::New), "counter stream cannot use discard new"),
        (|r| (r.allow_msg_counter, r.allow_msg_ttl) = (true, true), "counter stream cannot use message TTLs"),
        (
            |r| (r.allow_msg_counter, r.allow_msg_schedules) = (true, true),
            "counter stream cannot use message schedules",
        ),
        (
            |r| (r.allow_msg_counter, r.retention) = (true, Retention::Interest),
            "counter stream can only use limits retention",
        ),
        (|r| r.discard_new_per_subject = true, "discard new per subject requires discard new policy to be set"),
        (
            |r| (r.discard_new_per_subject, r.discard) = (true, Discard::New),
            "discard new per subject requires max msgs per subject > 0",
        ),
        (|r| r.subject_delete_marker_ttl_ns = 999 * MS, "subject delete marker TTL must be at least 1 second"),
        (|r| r.subject_delete_marker_ttl_ns = -1, "subject delete marker TTL must not be negative"),
        (|r| (r.allow_msg_schedules, r.discard) = (true, Discard::New), "message scheduling cannot use discard new"),
        (|r| r.persist_mode = PersistMode::Async, "async persist mode is only supported on file storage"),
        (
            |r| (r.persist_mode, r.storage, r.allow_atomic) = (PersistMode::Async, Storage::File, true),
            "async persist mode is not supported with atomic batch publish",
        ),
        (|r| r.subjects = subjects(&["a..b"]), "invalid subject"),
        (|r| r.subjects = subjects(&[">"]), "capturing all subjects requires no-ack to be true"),
        (
            |r| (r.subjects, r.no_ack, r.num_replicas) = (subjects(&[">"]), true, 3),
            "capturing all subjects requires replicas of 1",
        ),
        (|r| r.subjects = subjects(&["*.>"]), "subjects that overlap with jetstream api require no-ack to be true"),
        (|r| r.subjects = subjects(&["$SYS.x"]), "subjects that overlap with system api require no-ack to be true"),
        (|r| r.subjects = subjects(&["a.*", "c", "a.b"]), r#"subject "a.*" overlaps with "a.b""#),
        (|r| r.subjects = subjects(&["a", "a"]), r#"subject "a" overlaps with "a""#),
        (|r| r.subject_transform = Some(transform("t..>", "x")), "stream transform source: invalid subject t..>"),
        (
            |r| r.subject_transform = Some(transform("t.*", "$2")),
            "stream transform: invalid mapping destination: wildcard index out of range in $2: [2]",
        ),
        (
            |r| r.republish = Some(RePublishRequest { dest: "s.x".into(), ..RePublishRequest::default() }),
            "stream configuration for republish destination forms a cycle",
        ),
        (
            |r| r.republish = Some(RePublishRequest { src: "t.*".into(), dest: "x.$2".into(), headers_only: false }),
            "stream configuration for republish with transform from 't.*' to 'x.$2' not valid",
        ),
        (
            |r| r.placement = Some(Placement { preferred: "x".into(), ..Placement::default() }),
            "preferred server not permitted in placement",
        ),
    ];
    for (change, text) in rules {
        assert_eq!(from(change).expect_err(text).to_string(), *text);
    }
    assert_eq!(from(|r| r.num_replicas = -1), Err(ApiError::ReplicasCountCannotBeNegative));
}

#[test]
fn pedantic_mode_refuses_what_would_be_put_right() {
    let rules: &[(Change, &str)] = &[
        (|r| r.max_msgs = -2, "pedantic mode: max_msgs must be set to -1"),
        (|r| r.max_msgs_per_subject = -2, "pedantic mode: max_msgs_per_subject must be set to -1"),
        (|r| (r.max_bytes, r.max_consumers) = (-2, -2), "pedantic mode: max_bytes must be set to -1"),
        (|r| r.max_msg_size = -2, "pedantic mode: max_msg_size must be set to -1"),
        (|r| r.max_consumers = -2, "pedantic mode: max_consumers must be set to -1"),
        (|r| r.max_age_ns = 200 * MS, "pedantic mode: duplicate window cannot be bigger than max age"),
        (
            |r| r.subject_delete_marker_ttl_ns = 1000 * MS,
            "subject delete marker cannot be set if message TTLs are disabled",
        ),
        (
            |r| (r.subject_delete_marker_ttl_ns, r.allow_msg_ttl) = (1000 * MS, true),
            "subject delete marker cannot be set if roll-ups are disabled",
        ),
        (|r| r.allow_msg_schedules = true, "message scheduling cannot be set if roll-ups are disabled"),
        (
            |r| r.republish = Some(RePublishRequest { dest: "x.>".into(), ..RePublishRequest::default() }),
            "pedantic mode: republish source can not be empty",
        ),
    ];
    for (change, text) in rules {
        let error = from(|request| {
            request.pedantic = true;
            change(request);
        });
        assert_eq!(error.expect_err(text).to_string(), *text);
        from(change).expect("put right");
    }
}

#[test]
fn a_bad_mirror_is_refused() {
    let rules: &[(Change, ApiError)] = &[
        (|r| r.first_seq = 1, ApiError::MirrorWithFirstSeq),
        (|r| r.subjects = subjects(&["a"]), ApiError::MirrorWithSubjects),
        (|r| r.sources = List::from(vec![Some(source("O"))]), ApiError::MirrorWithSources),
        (|r| r.allow_msg_counter = true, ApiError::MirrorWithCounters),
        (|r| r.allow_atomic = true, ApiError::MirrorWithAtomicPublish),
        (|r| r.allow_batched = true, ApiError::MirrorWithBatchPublish),
        (|r| r.allow_msg_schedules = true, ApiError::MirrorWithMsgSchedules),
        (
            |r| mirror(r).consumer = Some(StreamConsumerSource { name: "c".into(), deliver_subject: "d.*".into() }),
            ApiError::MirrorDurableConsumerCfgInvalid,
        ),
        (
            |r| {
                mirror(r).filter_subject = "a".into();
                mirror(r).subject_transforms = List::from(vec![transform("a", "b")]);
            },
            ApiError::MirrorMultipleFiltersNotAllowed,
        ),
        (
            |r| r.subject_delete_marker_ttl_ns = 1000 * MS,
            ApiError::StreamInvalidConfig { err: "subject delete markers forbidden on mirrors".into() },
        ),
        (
            |r| mirror(r).subject_transforms = List::from(vec![transform("o..a", "b")]),
            ApiError::MirrorInvalidSubjectFilter { err: "invalid subject o..a".into() },
        ),
        (
            |r| mirror(r).subject_transforms = List::from(vec![transform("a", "b.*")]),
            ApiError::MirrorInvalidTransformDestination { err: "invalid subject".into() },
        ),
        (
            |r| mirror(r).subject_transforms = List::from(vec![transform("a.*", "b"), transform("*.c", "d")]),
            ApiError::MirrorOverlappingSubjectFilters,
        ),
        (|r| mirror(r).name = String::new(), ApiError::MirrorInvalidStreamName),
        (|r| mirror(r).name = "S".into(), ApiError::StreamInvalidConfig { err: "detected cycle".into() }),
    ];
    for (change, expected) in rules {
        let error = from(|request| {
            request.subjects = List::ABSENT;
            request.mirror = Some(source("O"));
            change(request);
        });
        assert_eq!(error.as_ref().err(), Some(expected));
    }
}

fn mirror(request: &mut StreamConfigRequest) -> &mut StreamSourceRequest {
    request.mirror.as_mut().expect("set before")
}

#[test]
fn bad_sources_are_refused() {
    let external = |api: &str, deliver: &str| StreamSourceRequest {
        external: Some(ExternalStream { api: api.into(), deliver: deliver.into() }),
        ..source("X")
    };
    let filtered = |filter: &str| StreamSourceRequest { filter_subject: filter.into(), ..source("O") };
    let transformed = |transforms: &[(&str, &str)]| StreamSourceRequest {
        subject_transforms: transforms.iter().map(|(src, dest)| transform(src, dest)).collect(),
        ..source("O")
    };
    let by_consumer = |subject: &str| StreamSourceRequest {
        consumer: Some(StreamConsumerSource { name: "c".into(), deliver_subject: subject.into() }),
        ..source("O")
    };
    for (sources, expected) in [
        (vec![None], ApiError::SourceInvalidStreamName),
        (vec![Some(source("a.b"))], ApiError::SourceInvalidStreamName),
        (vec![Some(source("O")), Some(filtered(">"))], ApiError::SourceDuplicateDetected),
        (
            vec![Some(StreamSourceRequest { filter_subject: "a".into(), ..transformed(&[("a", "b")]) })],
            ApiError::SourceMultipleFiltersNotAllowed,
        ),
        (
            vec![Some(transformed(&[("o..a", "b")]))],
            ApiError::SourceInvalidSubjectFilter { err: "invalid subject o..a".into() },
        ),
        (
            vec![Some(transformed(&[("a", "b.*")]))],
            ApiError::SourceInvalidTransformDestination { err: "invalid subject".into() },
        ),
        (vec![Some(transformed(&[("a.*", "b"), ("a.c", "d")]))], ApiError::SourceOverlappingSubjectFilters),
        (vec![Some(by_consumer(""))], ApiError::SourceDurableConsumerCfgInvalid),
        (
            vec![
                Some(by_consumer("d")),
                Some(StreamSourceRequest {
                    subject_transforms: transformed(&[("a", "b")]).subject_transforms,
                    ..by_consumer("d")
                }),
            ],
            ApiError::SourceDurableConsumerDuplicateDetected,
        ),
        (
            vec![Some(external("$JS.hub.API", "x.*"))],
            ApiError::StreamInvalidExternalDeliverySubj { prefix: "x.*".into() },
        ),
        (
            vec![Some(source("O")), Some(external("$JS.hub.API", "o"))],
            ApiError::StreamExternalDelPrefixOverlaps { prefix: "o".into(), subject: "o.>".into() },
        ),
        (
            vec![Some(external("$JS.*.API", ""))],
            ApiError::invalid_config(
                r#"stream external api prefix "$JS.*.API" must be a valid subject without wildcards"#,
            ),
        ),
        (
            vec![Some(external("$JS.API", ""))],
            ApiError::StreamExternalApiOverlap { prefix: "$JS.API".into(), subject: "$JS.API".into() },
        ),
        (vec![Some(source("S"))], ApiError::invalid_config("detected cycle")),
        // O is found twice: directly, and by way of M.
        (vec![Some(source("O")), Some(source("M"))], ApiError::invalid_config("detected cycle")),
    ] {
        let origins = [
            valid(|r| (r.name, r.subjects) = ("O".into(), subjects(&["o.>"]))),
            valid(|r| {
                (r.name, r.subjects) = ("M".into(), List::ABSENT);
                r.sources = List::from(vec![Some(source("O"))]);
            }),
        ];
        let request = StreamConfigRequest { sources: List::from(sources), ..plain() };
        let found = request.checked(&ConfigLimits::default(), |name| origins.iter().find(|origin| origin.name == name));
        assert_eq!(found, Err(expected));
    }
    let partly = valid(|r| r.sources = List::from(vec![Some(transformed(&[("s.*.a", "b"), ("s.b.*", "d")]))]));
    assert_eq!(partly.sources.len(), 1);
    let own = valid(|r| r.sources = List::from(vec![Some(StreamSourceRequest { name: "S".into(), ..filtered("t") })]));
    assert_eq!(own.sources[0].name, "S");
}

#[test]
fn a_stream_minds_its_origin() {
    let origin = valid(|r| (r.name, r.max_msg_size, r.allow_direct) = ("O".into(), 100, true));
    let check = |change: Change| {
        let mut request = plain();
        change(&mut request);
        request.checked(&ConfigLimits::default(), |name| (name == "O").then_some(&origin))
    };
    let of_mirror = |r: &mut StreamConfigRequest| (r.subjects, r.mirror) = (List::ABSENT, Some(source("O")));
    let mirror = check(|r| (r.subjects, r.mirror) = (List::ABSENT, Some(source("O")))).expect("valid");
    assert!(mirror.mirror_direct && mirror.duplicate_window.is_none() && mirror.subjects.is_empty());
    let mut small = plain();
    of_mirror(&mut small);
    small.max_msg_size = 99;
    let origins = |name: &str| (name == "O").then_some(&origin);
    let refused = small.clone().checked(&ConfigLimits::default(), origins);
    assert_eq!(refused, Err(ApiError::MirrorMaxMessageSizeTooBig));
    let pedantic = StreamConfigRequest { max_msg_size: 100, pedantic: true, ..small };
    assert_eq!(
        pedantic.checked(&ConfigLimits::default(), origins),
        Err(ApiError::pedantic("origin stream has direct get set, mirror has it disabled"))
    );
    let refused = check(|r| (r.max_msg_size, r.sources) = (99, List::from(vec![Some(source("O"))])));
    assert_eq!(refused, Err(ApiError::SourceMaxMessageSizeTooBig));
}

#[test]
fn defaults_are_filled_in() {
    let config = checked(StreamConfigRequest { name: "A".into(), ..StreamConfigRequest::default() }).expect("valid");
    let json = String::from_utf8(crate::engine::api::json::to_json(&config.shown())).expect("JSON is text");
    assert_eq!(
        json,
        concat!(
            r#"{"name":"A","subjects":["A"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"#,
            r#""max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","#,
            r#""num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"#,
            r#""mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"#,
            r#""allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"#,
            r#""metadata":{"_nats.level":"5","_nats.req.level":"0","_nats.ver":"2.15.1"}}"#,
        )
    );
}

#[test]
fn windows_are_lowered_to_what_is_allowed() {
    let window = |max_age_ns: i64, limit: Option<u64>| {
        let limits = ConfigLimits { max_duplicate_window: limit.map(Duration::from_secs), ..ConfigLimits::default() };
        let request = StreamConfigRequest { max_age_ns, ..plain() };
        request.checked(&limits, |_| None).expect("valid").duplicate_window
    };
    assert_eq!(window(0, None), Some(Duration::from_secs(120)));
    assert_eq!(window(5000 * MS, None), Some(Duration::from_secs(5)));
    assert_eq!(window(0, Some(10)), Some(Duration::from_secs(10)));
    assert_eq!(window(5000 * MS, Some(10)), Some(Duration::from_secs(5)));
    let sourcing = valid(|r| r.sources = List::from(vec![Some(source("O"))]));
    assert_eq!(sourcing.duplicate_window, None);
    let limits = ConfigLimits { max_duplicate_window: Some(Duration::from_secs(10)), ..ConfigLimits::default() };
    let request = StreamConfigRequest { duplicate_window_ns: 11_000 * MS, ..plain() };
    assert_eq!(
        request.checked(&limits, |_| None),
        Err(ApiError::invalid_config("duplicates window can not be larger then server limit of 10s"))
    );
}

#[test]
fn features_switch_on_what_they_need() {
    let config = valid(|r| (r.subject_delete_marker_ttl_ns, r.deny_purge) = (1000 * MS, true));
    assert!(config.allow_msg_ttl && config.allow_rollup_hdrs && !config.deny_purge);
    let config = valid(|r| (r.allow_msg_schedules, r.deny_purge) = (true, true));
    assert!(config.allow_rollup_hdrs && !config.deny_purge && !config.allow_msg_ttl);
    for (change, level) in [
        ((|_| {}) as Change, "0"),
        (|r| r.allow_msg_ttl = true, "1"),
        (|r| r.allow_atomic = true, "2"),
        (|r| (r.allow_batched, r.allow_atomic) = (true, true), "4"),
    ] {
        assert_eq!(valid(change).metadata.get("_nats.req.level").map(String::as_str), Some(level));
    }
}

#[test]
fn all_can_be_republished_if_it_is_stored_elsewhere() {
    let all = |r: &mut StreamConfigRequest| {
        r.subjects = subjects(&["t.*"]);
        r.republish = Some(RePublishRequest { src: ">".into(), dest: ">".into(), headers_only: false });
    };
    assert!(from(all).is_err());
    let config = valid(|r| {
        all(r);
        r.subject_transform = Some(transform("t.*", "u"));
    });
    let republish = config.republish.expect("given");
    assert_eq!((republish.transform.src(), republish.transform.dest()), ("u", "u"));
}

#[test]
fn accounts_may_want_max_bytes() {
    let limits =
        ConfigLimits { max_bytes_required: true, memory_max_stream_bytes: Some(500), ..ConfigLimits::default() };
    let check = |max_bytes| StreamConfigRequest { max_bytes, ..plain() }.checked(&limits, |_| None).map(drop);
    assert_eq!(check(-1), Err(ApiError::StreamMaxBytesRequired));
    assert_eq!(check(501), Err(ApiError::StreamMaxStreamBytesExceeded));
    assert_eq!(check(500), Ok(()));
}

#[test]
fn a_creation_is_held_against_its_subject() {
    let check = |stream: &str, change: Change| {
        let mut request = plain();
        change(&mut request);
        request.check_create(stream)
    };
    assert_eq!(check("T", |_| {}), Err(ApiError::StreamMismatch));
    assert_eq!(check("a/b", |r| r.name = "a/b".into()), Err(ApiError::StreamNameContainsPathSeparators));
    let sealed = ApiError::invalid_config("stream configuration for create can not be sealed");
    assert_eq!(check("S", |r| (r.sealed, r.mirror_direct) = (true, true)), Err(sealed));
    let direct = ApiError::invalid_config("stream has no mirror but does have mirror direct");
    assert_eq!(check("S", |r| r.mirror_direct = true), Err(direct));
    assert_eq!(check("S", |_| {}), Ok(()));
}

#[test]
fn filters_of_sources_are_looked_at_last() {
    let bad = |name: &str| StreamSourceRequest { filter_subject: "o..a".into(), ..source(name) };
    let mirror = valid(|r| (r.subjects, r.mirror) = (List::ABSENT, Some(bad("O"))));
    let err = "subject filter 'o..a' for the mirror invalid subject".to_owned();
    assert_eq!(mirror.check_source_filters(), Err(ApiError::StreamCreate { err }));
    let sourcing = valid(|r| r.sources = List::from(vec![Some(bad("O"))]));
    let err = "subject filter 'o..a' for the source: invalid subject".to_owned();
    assert_eq!(sourcing.check_source_filters(), Err(ApiError::StreamCreate { err }));
}

#[test]
fn an_update_keeps_what_cannot_change() {
    let prefix = "stream configuration update can not ";
    let rules: &[(Change, Change, &str)] = &[
        (|_| {}, |r| r.num_replicas = 3, "replicas > 1 not supported in non-clustered mode"),
        (|_| {}, |r| r.storage = Storage::File, "!change storage type"),
        (|_| {}, |r| r.retention = Retention::WorkQueue, "!change retention policy to/from workqueue"),
        (|r| r.retention = Retention::WorkQueue, |_| {}, "!change retention policy to/from workqueue"),
        (|r| r.sealed = true, |_| {}, "!unseal a sealed stream"),
        (|r| r.deny_delete = true, |_| {}, "!cancel deny message deletes"),
        (|r| r.deny_purge = true, |_| {}, "!cancel deny purge"),
        (
            |_| {},
            |r| (r.subjects, r.mirror) = (List::ABSENT, Some(source("O"))),
            "stream mirror configuration can not be updated",
        ),
        (|r| r.allow_msg_ttl = true, |_| {}, "message TTL status can not be disabled"),
        (|_| {}, |r| r.allow_msg_counter = true, "!change message counter setting"),
        (
            |r| r.allow_msg_counter = true,
            |r| (r.allow_msg_counter, r.subject_delete_marker_ttl_ns) = (true, 1000 * MS),
            "counter stream cannot use message TTLs",
        ),
        (|r| r.allow_msg_schedules = true, |_| {}, "message schedules can not be disabled"),
        (
            |r| (r.storage, r.persist_mode) = (Storage::File, PersistMode::Async),
            |r| r.storage = Storage::File,
            "!change persist mode",
        ),
    ];
    for (old, new, text) in rules {
        let error = valid(old).check_update(valid(new)).expect_err(text);
        assert_eq!(error.to_string(), text.replace('!', prefix));
    }
}

#[test]
fn what_can_change_changes() {
    let allowed: &[(Change, Change)] = &[
        (|r| r.retention = Retention::Interest, |_| {}),
        (|r| (r.subjects, r.mirror) = (List::ABSENT, Some(source("O"))), |_| {}),
        (|_| {}, |r| (r.subjects, r.discard, r.max_msgs) = (subjects(&["x"]), Discard::New, 5)),
        (|_| {}, |r| (r.allow_msg_ttl, r.allow_atomic, r.allow_batched) = (true, true, true)),
    ];
    for (old, new) in allowed {
        assert_eq!(valid(old).check_update(valid(new)), Ok(valid(new)));
    }
    let sealed = valid(|_| {}).check_update(valid(|r| (r.sealed, r.max_age_ns) = (true, 1000 * MS))).expect("allowed");
    assert!(sealed.deny_delete && sealed.deny_purge && sealed.discard == Discard::New && sealed.max_age.is_none());
}
