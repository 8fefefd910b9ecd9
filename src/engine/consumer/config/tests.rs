//! Every rule in a row: what is changed about a plain request, and what comes of it.

use super::*;
use crate::engine::error::ApiError;
use crate::engine::rng::Rng;
use crate::engine::stream::config::{ConfigLimits, Retention, StreamConfig, StreamConfigRequest};

const MS: i64 = 1_000_000;
const SECOND: i64 = 1000 * MS;

fn stream() -> StreamConfig {
    let subjects = ["s.>".to_owned()].into_iter().collect();
    let request = StreamConfigRequest { name: "S".into(), subjects, ..StreamConfigRequest::default() };
    request.checked(&ConfigLimits::default(), |_| None).expect("valid")
}

fn limits(stream: &StreamConfig) -> ConsumerConfigLimits<'_> {
    ConsumerConfigLimits {
        stream,
        server_max_ack_pending: None,
        account_max_ack_pending: None,
        server_max_request_batch: None,
    }
}

/// A durable pull consumer with acks.
fn pull() -> ConsumerConfigRequest {
    ConsumerConfigRequest {
        durable_name: "C".into(),
        name: "C".into(),
        ack_policy: AckPolicy::Explicit,
        ..ConsumerConfigRequest::default()
    }
}

fn push(request: &mut ConsumerConfigRequest) {
    request.deliver_subject = "d".into();
}

fn texts(list: &[&str]) -> List<String> {
    list.iter().map(ToString::to_string).collect()
}

fn from(change: impl FnOnce(&mut ConsumerConfigRequest)) -> Result<ConsumerConfig, ApiError> {
    let mut request = pull();
    change(&mut request);
    request.checked(&limits(&stream()), false)
}

fn valid(change: impl FnOnce(&mut ConsumerConfigRequest)) -> ConsumerConfig {
    from(change).expect("valid")
}

fn json(config: &ConsumerConfig) -> String {
    String::from_utf8(crate::engine::api::json::to_json(config)).expect("JSON is text")
}

type Change = fn(&mut ConsumerConfigRequest);

#[test]
fn a_bad_consumer_is_refused() {
    let rules: &[(Change, ApiError)] = &[
        (|r| r.name = "a.b".into(), ApiError::invalid_config(r"consumer name can not contain '.', '*', '>', '\', '/'")),
        (|r| r.num_replicas = 3, ApiError::ConsumerReplicasExceedsStream),
        (|r| r.num_replicas = -1, ApiError::ReplicasCountCannotBeNegative),
        (|r| r.backoff_ns = List::from(vec![1, -1]), ApiError::ConsumerBackOffNegative),
        (|r| r.ack_wait_ns = -1, ApiError::ConsumerAckWaitNegative),
        (|r| r.ack_policy = AckPolicy::FlowControl, ApiError::ConsumerAckFcRequiresPush),
        (|r| fc(r).max_ack_pending = -1, ApiError::ConsumerAckFcRequiresMaxAckPending),
        (|r| fc(r).ack_wait_ns = 1, ApiError::ConsumerAckFcRequiresNoAckWait),
        (|r| fc(r).max_deliver = 2, ApiError::ConsumerAckFcRequiresNoMaxDeliver),
        (|r| (r.backoff_ns, r.max_deliver) = (List::from(vec![1, 2, 3]), 2), ApiError::ConsumerMaxDeliverBackoff),
        (|r| r.description = "x".repeat(4097), ApiError::ConsumerDescriptionTooLong { max: 4096 }),
        (|r| r.deliver_subject = "d.*".into(), ApiError::ConsumerDeliverToWildcards),
        (|r| r.deliver_subject = "d..x".into(), ApiError::ConsumerInvalidDeliverSubject),
        (|r| r.deliver_subject = "s.x".into(), ApiError::ConsumerDeliverCycle),
        (|r| (r.deliver_subject, r.max_waiting) = ("d".into(), 1), ApiError::ConsumerPushMaxWaiting),
        (
            |r| (r.deliver_subject, r.ack_policy, r.max_ack_pending) = ("d".into(), AckPolicy::None, 1),
            ApiError::ConsumerMaxPendingAckPolicyRequired,
        ),
        (|r| (r.deliver_subject, r.idle_heartbeat_ns) = ("d".into(), 99 * MS), ApiError::ConsumerSmallHeartbeat),
        (|r| r.rate_limit_bps = 1, ApiError::ConsumerPullWithRateLimit),
        (|r| r.idle_heartbeat_ns = 1, ApiError::ConsumerHbRequiresPush),
        (|r| r.flow_control = true, ApiError::ConsumerFcRequiresPush),
        (|r| r.max_expires_ns = MS - 1, ApiError::ConsumerMaxRequestExpiresTooSmall),
        (|r| r.direct = true, ApiError::ConsumerDirectRequiresPush),
        (|r| (r.deliver_subject, r.direct) = ("d".into(), true), ApiError::ConsumerDirectRequiresEphemeral),
        (
            |r| (r.filter_subject, r.filter_subjects) = ("a".into(), texts(&["b"])),
            ApiError::ConsumerDuplicateFilterSubjects,
        ),
        (|r| r.filter_subject = "a..b".into(), ApiError::invalid_config("invalid subject")),
        (|r| r.filter_subjects = texts(&["a", ""]), ApiError::ConsumerEmptyFilter),
        (|r| r.filter_subjects = texts(&["a", "b..c"]), ApiError::invalid_config("invalid subject")),
        (|r| r.filter_subjects = texts(&["a.*", "a.b"]), ApiError::ConsumerOverlappingSubjectFilters),
        (
            |r| (r.deliver_subject, r.flow_control) = ("d".into(), true),
            ApiError::ConsumerWithFlowControlNeedsHeartbeats,
        ),
        (|r| r.name = "D".into(), ApiError::ConsumerCreateDurableAndNameMismatch),
        (
            |r| drop(r.metadata.insert("k".into(), "v".repeat(131_056))),
            ApiError::ConsumerMetadataLength { limit: "128KB".into() },
        ),
        (
            |r| (r.deliver_subject, r.priority_policy) = ("d".into(), PriorityPolicy::Overflow),
            ApiError::ConsumerPushWithPriorityGroup,
        ),
        (|r| r.priority_policy = PriorityPolicy::Overflow, ApiError::ConsumerPriorityPolicyWithoutGroup),
        (|r| grouped(r).priority_groups = texts(&[""]), ApiError::ConsumerEmptyGroupName),
        (|r| grouped(r).priority_groups = texts(&["a+b"]), ApiError::ConsumerInvalidGroupName),
        (|r| grouped(r).priority_groups = texts(&["12345678901234567"]), ApiError::ConsumerInvalidGroupName),
        (|r| r.priority_groups = texts(&["a"]), ApiError::ConsumerPriorityGroupWithPolicyNone),
        (|r| r.priority_timeout_ns = 1, ApiError::ConsumerPinnedTtlWithoutPriorityPolicyNone),
    ];
    for (change, expected) in rules {
        assert_eq!(from(change).as_ref().err(), Some(expected));
    }
}

/// Acks by flow control, as it should be.
fn fc(request: &mut ConsumerConfigRequest) -> &mut ConsumerConfigRequest {
    push(request);
    request.ack_policy = AckPolicy::FlowControl;
    request
}

fn grouped(request: &mut ConsumerConfigRequest) -> &mut ConsumerConfigRequest {
    request.priority_policy = PriorityPolicy::Overflow;
    request
}

#[test]
fn the_start_has_to_fit_the_policy() {
    let time = DateTime::parse(b"2026-01-01T01:00:00+01:00").expect("valid");
    let text = "consumer delivery policy is deliver ";
    for (policy, seq, start_time, expected) in [
        (DeliverPolicyName::All, 1, None, "all, but optional start sequence is also set"),
        (DeliverPolicyName::Last, 0, Some(time), "last, but optional start time is also set"),
        (DeliverPolicyName::New, 1, None, "new, but optional start sequence is also set"),
        (DeliverPolicyName::LastPerSubject, 0, Some(time), "last per subject, but optional start time is also set"),
        (DeliverPolicyName::LastPerSubject, 0, None, "last per subject, but optional filter subject is not set"),
        (DeliverPolicyName::ByStartSequence, 0, None, "by start sequence, but optional start sequence is not set"),
        (DeliverPolicyName::ByStartSequence, 1, Some(time), "by start sequence, but optional start time is also set"),
        (DeliverPolicyName::ByStartTime, 0, None, "by start time, but optional start time is not set"),
        (DeliverPolicyName::ByStartTime, 1, Some(time), "by start time, but optional start start sequence is also set"),
    ] {
        let refused = from(|r| (r.deliver_policy, r.opt_start_seq, r.opt_start_time) = (policy, seq, start_time));
        assert_eq!(refused, Err(ApiError::ConsumerInvalidPolicy { err: format!("{text}{expected}") }));
    }
    let by_time = valid(|r| (r.deliver_policy, r.opt_start_time) = (DeliverPolicyName::ByStartTime, Some(time)));
    assert!(
        json(&by_time).contains(r#""deliver_policy":"by_start_time","opt_start_time":"2026-01-01T01:00:00+01:00","#)
    );
    let by_seq = valid(|r| (r.deliver_policy, r.opt_start_seq) = (DeliverPolicyName::ByStartSequence, 7));
    assert!(json(&by_seq).contains(r#""deliver_policy":"by_start_sequence","opt_start_seq":7,"#));
}

#[test]
fn sampling_is_a_percentage() {
    for (text, expected) in [
        ("", Ok(0)),
        ("100", Ok(100)),
        ("25%", Ok(25)),
        ("+5", Ok(5)),
        ("-1", Err("<nil>")),
        ("abc", Err(r#"strconv.Atoi: parsing "abc": invalid syntax"#)),
        ("%", Err(r#"strconv.Atoi: parsing "": invalid syntax"#)),
        ("99999999999999999999", Err(r#"strconv.Atoi: parsing "99999999999999999999": value out of range"#)),
    ] {
        let found = from(|r| r.sample_freq = text.into()).map(|config| config.sample_percent());
        assert_eq!(found, expected.map_err(|err| ApiError::ConsumerInvalidSampling { err: err.into() }), "{text}");
    }
}

#[test]
fn defaults_are_filled_in() {
    let mut config = ConsumerConfigRequest { name: "C".into(), ..ConsumerConfigRequest::default() }
        .checked(&limits(&stream()), false)
        .expect("valid");
    assert!(config.fill_new_ephemeral());
    assert_eq!(
        json(&config.shown()),
        concat!(
            r#"{"name":"C","deliver_policy":"all","ack_policy":"none","max_deliver":-1,"replay_policy":"instant","#,
            r#""max_waiting":512,"inactive_threshold":5000000000,"num_replicas":0,"#,
            r#""metadata":{"_nats.level":"5","_nats.req.level":"0","_nats.ver":"2.15.1"}}"#,
        )
    );
    let mut explicit = valid(|_| {});
    assert!(!explicit.fill_new_ephemeral());
    assert_eq!(
        json(&explicit),
        concat!(
            r#"{"durable_name":"C","name":"C","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"#,
            r#""max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"#,
            r#""num_replicas":0,"metadata":{"_nats.req.level":"0"}}"#,
        )
    );
    let by_flow_control = valid(|r| _ = fc(r));
    assert!(by_flow_control.flow_control && by_flow_control.ack_wait.is_none());
    assert_eq!(by_flow_control.idle_heartbeat, Some(Duration::from_secs(1)));
    let backing_off = valid(|r| (r.ack_wait_ns, r.backoff_ns) = (5 * SECOND, List::from(vec![SECOND, 2 * SECOND])));
    assert_eq!(backing_off.ack_wait, Some(Duration::from_secs(1)));
    assert!(json(&backing_off).contains(r#""backoff":[1000000000,2000000000],"#));
    let pinned = valid(|r| (r.priority_policy, r.priority_groups) = (PriorityPolicy::PinnedClient, texts(&["a"])));
    assert_eq!(pinned.priority_timeout, Some(Duration::from_secs(120)));
}

#[test]
fn negatives_are_put_right_but_for_pedants() {
    let rules: &[(Change, &str)] = &[
        (|r| r.max_deliver = -2, "max_deliver must be set to -1"),
        (|r| r.max_waiting = -1, "max_waiting must not be negative"),
        (|r| r.max_ack_pending = -2, "max_ack_pending must be set to -1"),
        (|r| r.max_batch = -1, "max_batch must not be negative"),
        (|r| r.max_expires_ns = -1, "max_expires must not be negative"),
        (|r| r.max_bytes = -1, "max_bytes must not be negative"),
        (|r| r.idle_heartbeat_ns = -1, "idle_heartbeat must not be negative"),
        (|r| r.inactive_threshold_ns = -1, "inactive_threshold must not be negative"),
        (|r| r.priority_timeout_ns = -1, "priority_timeout must not be negative"),
        (|r| r.backoff_ns = List::from(vec![1]), "first backoff value has to equal batch AckWait"),
    ];
    for (change, text) in rules {
        let mut request = pull();
        change(&mut request);
        let stream = stream();
        assert!(request.clone().checked(&limits(&stream), false).is_ok(), "{text}");
        assert_eq!(request.checked(&limits(&stream), true), Err(ApiError::pedantic(*text)));
    }
    let mut fc_pedantic = pull();
    fc(&mut fc_pedantic);
    assert_eq!(fc_pedantic.checked(&limits(&stream()), true), Err(ApiError::ConsumerAckFcRequiresFc));
}

#[test]
fn the_stream_and_the_server_set_limits() {
    let mut stream = stream();
    stream.consumer_limits.max_ack_pending = Bound::new(10);
    stream.consumer_limits.inactive_threshold = Bound::new(60 * SECOND);
    let check = |change: Change, pedantic| {
        let mut request = pull();
        change(&mut request);
        request.checked(&limits(&stream), pedantic)
    };
    let config = check(|_| {}, false).expect("valid");
    assert_eq!((config.max_ack_pending.limit(), config.inactive_threshold.limit()), (Some(10), Some(60_000_000_000)));
    assert_eq!(check(|r| r.max_ack_pending = 11, false), Err(ApiError::ConsumerMaxPendingAckExcess { limit: 10 }));
    assert!(check(|r| r.max_ack_pending = -1, false).is_ok());
    assert_eq!(
        check(|r| r.inactive_threshold_ns = 61 * SECOND, false),
        Err(ApiError::ConsumerInactiveThresholdExcess { limit: "1m0s".into() })
    );
    let pedantic = "max_ack_pending must be set if it's configured in stream limits";
    assert_eq!(check(|_| {}, true), Err(ApiError::pedantic(pedantic)));

    let stream = self::stream();
    let server = ConsumerConfigLimits {
        server_max_ack_pending: Some(100),
        account_max_ack_pending: Some(50),
        server_max_request_batch: Some(5),
        ..limits(&stream)
    };
    let config = pull().checked(&server, false).expect("valid");
    assert_eq!((config.max_ack_pending.limit(), config.max_batch), (Some(50), Some(5)));
    let too_many = ConsumerConfigRequest { max_batch: 6, ..pull() };
    assert_eq!(too_many.checked(&server, false), Err(ApiError::ConsumerMaxRequestBatchExceeded { limit: 5 }));
}

#[test]
fn retention_has_a_say() {
    let work_queue = StreamConfig { retention: Retention::WorkQueue, ..stream() };
    let request = ConsumerConfigRequest { ack_policy: AckPolicy::None, ..pull() };
    assert_eq!(request.checked(&limits(&work_queue), false), Err(ApiError::ConsumerPullRequiresAck));
    let replicated = StreamConfig { retention: Retention::Interest, num_replicas: 3, ..stream() };
    let request = ConsumerConfigRequest { num_replicas: 1, ..pull() };
    assert_eq!(request.checked(&limits(&replicated), false), Err(ApiError::ConsumerReplicasShouldMatchStream));
}

#[test]
fn levels_follow_from_what_was_sent() {
    for (change, level) in [
        ((|_| {}) as Change, "0"),
        (|r| r.pause_until = Some(DateTime::ZERO), "0"),
        (|r| r.pause_until = DateTime::parse(b"2026-01-01T00:00:00Z").ok(), "1"),
        (|r| r.priority_timeout_ns = -1, "1"),
        (|r| _ = fc(r), "4"),
    ] {
        assert_eq!(valid(change).metadata.get("_nats.req.level").map(String::as_str), Some(level));
    }
}

#[test]
fn a_pause_needs_a_level_as_well() {
    let until = DateTime::parse(b"2026-01-01T01:00:00+01:00").expect("valid");
    let paused = valid(|_| {}).paused(until);
    let level = paused.metadata.get("_nats.req.level").map(String::as_str);
    assert_eq!((paused.pause_until, level), (Some(until.to_utc()), Some("1")));
    assert_eq!(paused.paused(DateTime::ZERO), valid(|_| {}));
}

#[test]
fn a_request_is_held_against_its_subject() {
    let named = |filter| CreateSubject::Named { stream: "S", name: "C", filter };
    let durable = CreateSubject::Durable { stream: "S", name: "C" };
    let ephemeral = CreateSubject::Ephemeral { stream: "S" };
    let rules: &[(CreateSubject<'_>, Change, ApiError)] = &[
        (CreateSubject::Named { stream: "T", name: "C", filter: None }, |_| {}, ApiError::StreamMismatch),
        (
            CreateSubject::Named { stream: "S", name: r"a\b", filter: None },
            |_| {},
            ApiError::ConsumerNameContainsPathSeparators,
        ),
        (ephemeral, |r| r.name = "a/b".into(), ApiError::ConsumerNameContainsPathSeparators),
        (ephemeral, |_| {}, ApiError::ConsumerEphemeralWithDurableName),
        (durable, |r| r.durable_name.clear(), ApiError::ConsumerDurableNameNotSet),
        (durable, |r| r.durable_name = "D".into(), ApiError::ConsumerDurableNameNotMatchSubject),
        (named(None), |r| r.durable_name = "D".into(), ApiError::ConsumerDurableNameNotMatchSubject),
        (named(Some("a")), |r| r.filter_subjects = texts(&["a"]), ApiError::ConsumerMultipleFiltersNotAllowed),
        (named(Some("a")), |r| r.filter_subject = "b".into(), ApiError::ConsumerCreateFilterSubjectMismatch),
        (named(None), |r| r.num_replicas = 2, ApiError::StreamReplicasNotSupported),
    ];
    for (subject, change, expected) in rules {
        let mut request =
            CreateConsumerRequest { stream_name: "S".into(), config: pull(), ..CreateConsumerRequest::default() };
        change(&mut request.config);
        assert_eq!(request.check_subject(*subject).as_ref().err(), Some(expected));
    }
    let mut request = CreateConsumerRequest { stream_name: "S".into(), ..CreateConsumerRequest::default() };
    assert_eq!(request.check_subject(named(None)), Ok(()));
    assert_eq!(request.config.name, "C");
}

#[test]
fn a_sourcing_consumer_suits_the_stream() {
    let sourcing = || {
        let mut request = CreateConsumerRequest { config: pull(), ..CreateConsumerRequest::default() };
        (request.config.direct, request.config.sourcing) = (true, true);
        request
    };
    let mut of_limits = sourcing();
    of_limits.adapt_sourcing(Retention::Limits, &mut Rng::new(1));
    assert!(of_limits.config.direct && of_limits.config.name.starts_with("C-") && of_limits.config.name.len() == 10);
    let mut of_interest = sourcing();
    of_interest.adapt_sourcing(Retention::Interest, &mut Rng::new(1));
    assert!(!of_interest.config.direct && of_interest.config.ack_policy == AckPolicy::FlowControl);
}

#[test]
fn a_request_takes_over_what_it_cannot_change() {
    let until = DateTime::parse(b"2026-01-01T00:00:00Z").expect("valid");
    let existing = valid(|r| {
        r.pause_until = Some(until);
        (r.deliver_policy, r.opt_start_seq) = (DeliverPolicyName::ByStartSequence, 7);
    });
    let mut request = pull();
    request.adopt(&existing);
    assert_eq!((request.pause_until, request.opt_start_seq), (Some(until), 0));
    request.sourcing = true;
    request.adopt(&existing);
    assert_eq!((request.deliver_policy, request.opt_start_seq), (DeliverPolicyName::ByStartSequence, 7));
}

#[test]
fn an_update_keeps_what_cannot_change() {
    let rules: &[(Change, Change, &str)] = &[
        (|_| {}, |r| r.deliver_policy = DeliverPolicyName::New, "deliver policy can not be updated"),
        (|_| {}, |r| r.mem_storage = true, "storage type can not be updated"),
        (|_| {}, |r| r.sourcing = true, "sourcing can not be updated"),
        (
            |r| (r.deliver_policy, r.opt_start_seq) = (DeliverPolicyName::ByStartSequence, 1),
            |r| (r.deliver_policy, r.opt_start_seq) = (DeliverPolicyName::ByStartSequence, 2),
            "start sequence can not be updated",
        ),
        (|_| {}, |r| r.ack_policy = AckPolicy::All, "ack policy can not be updated"),
        (|_| {}, |r| r.replay_policy = ReplayPolicy::Original, "replay policy can not be updated"),
        (push, |r| (r.deliver_subject, r.idle_heartbeat_ns) = ("d".into(), SECOND), "heart beats can not be updated"),
        (
            |r| (r.deliver_subject, r.idle_heartbeat_ns) = ("d".into(), SECOND),
            |r| (r.deliver_subject, r.idle_heartbeat_ns, r.flow_control) = ("d".into(), SECOND, true),
            "flow control can not be updated",
        ),
        (|_| {}, push, "can not update pull consumer to push based"),
        (push, |_| {}, "can not update push consumer to pull based"),
        (|_| {}, |r| r.max_waiting = 1, "max waiting can not be updated"),
    ];
    for (old, new, text) in rules {
        let refused = valid(old).check_update(valid(new), |_| false);
        assert_eq!(refused, Err(ApiError::ConsumerCreate { err: (*text).to_owned() }));
    }
    let (old, new) = (valid(push), valid(|r| r.deliver_subject = "e".into()));
    assert_eq!(old.check_update(new.clone(), |subject| subject == "d"), Err(ApiError::ConsumerNameExist));
    assert_eq!(old.check_update(new.clone(), |_| false), Ok(new));
}

#[test]
fn a_start_may_be_written_otherwise() {
    let at = |text: &str| {
        let time = DateTime::parse(text.as_bytes()).ok();
        valid(|r| (r.deliver_policy, r.opt_start_time) = (DeliverPolicyName::ByStartTime, time))
    };
    let (berlin, utc) = (at("2026-01-01T01:00:00+01:00"), at("2026-01-01T00:00:00Z"));
    assert!(berlin != utc && berlin.check_update(utc, |_| false).is_ok());
    let err = "start time can not be updated".to_owned();
    let other = at("2026-01-01T00:00:01Z");
    assert_eq!(berlin.check_update(other, |_| false), Err(ApiError::ConsumerCreate { err }));
}

#[test]
fn an_ephemeral_keeps_its_threshold_even_if_it_becomes_durable() {
    let named = |durable: &str| valid(|r| r.durable_name = durable.into());
    let mut ephemeral = named("");
    ephemeral.fill_new_ephemeral();
    let threshold = |old: &ConsumerConfig, new: ConsumerConfig| {
        old.check_update(new, |_| false).expect("allowed").inactive_threshold.limit()
    };
    assert_eq!(threshold(&ephemeral, named("C")), Some(5_000_000_000));
    assert_eq!(threshold(&named("C"), named("")), None);
}

#[test]
fn long_names_are_for_ephemerals() {
    let long = "x".repeat(256);
    let durable = valid(|r| (r.name, r.durable_name) = (long.clone(), long.clone()));
    assert_eq!(durable.check_name_len(), Err(ApiError::ConsumerNameTooLong { max: 255 }));
    let ephemeral = valid(|r| (r.name, r.durable_name) = (long.clone(), String::new()));
    assert_eq!(ephemeral.check_name_len(), Ok(()));
}
