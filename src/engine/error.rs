//! The one table of API errors.
//!
//! Each row is an error that a client of one server with memory storage can cause, with the numbers and texts of
//! nats-server `server/errors.json` (ADR-7). Rows of clusters, RAFT, file storage and templates are left out.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// One row as the table has it, placeholders unfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiErrorRow {
    /// Like a status of HTTP.
    pub code: u16,
    /// Unique to the row.
    pub err_code: u16,
    pub description: &'static str,
}

macro_rules! api_errors {
    (@value) => { &"" };
    (@value $value:ident) => { $value };
    ($(
        $(#[$doc:meta])*
        $name:ident $({ $first:ident: $type:ty $(, $second:ident: $second_type:ty)? })? = ($code:literal, $err_code:literal, $text:literal)
    ),+ $(,)?) => {
        /// What the server answers instead of what was asked for.
        #[derive(Debug, PartialEq, Eq, Hash)]
        pub enum ApiError {
            $($(#[$doc])* $name $({ $first: $type $(, $second: $second_type)? })?,)+
        }

        impl ApiError {
            /// The whole table, in the order of `err_code`.
            pub const ROWS: &[ApiErrorRow] = &[$(
                ApiErrorRow { code: $code, err_code: $err_code, description: $text },
            )+];

            /// What the table says of the error.
            pub fn row(&self) -> &'static ApiErrorRow {
                enum Row { $($name,)+ }
                let row = match self {
                    $(Self::$name { .. } => Row::$name,)+
                };
                &Self::ROWS[row as usize]
            }

            /// The values that belong between the braces of the description, in order.
            fn values(&self) -> (&dyn fmt::Display, &dyn fmt::Display) {
                match self {
                    $(Self::$name $({ $first $(, $second)? })? => (
                        api_errors!(@value $($first)?), api_errors!(@value $($($second)?)?),
                    ),)+
                }
            }

            /// The names of these values in each row.
            #[cfg(test)]
            const NAMES: &[&[&str]] = &[$(&[$(stringify!($first) $(, stringify!($second))?)?]),+];
        }
    };
}

api_errors! {
    /// The account's limits do not allow what was asked for.
    AccountResourcesExceeded = (400, 10002, "resource limits exceeded for account"),
    /// The request contradicts itself or says nothing.
    BadRequest = (400, 10003, "bad request"),
    /// The request is only for clusters.
    ClusterRequired = (503, 10010, "JetStream clustering support required"),
    /// An update of a consumer that is not allowed, or a creation that failed.
    ConsumerCreate { err: String } = (500, 10012, "{err}"),
    /// The consumer's deliver subject is in use, or its name taken.
    ConsumerNameExist = (400, 10013, "consumer name already in use"),
    /// The stream has no such consumer.
    ConsumerNotFound = (404, 10014, "consumer not found"),
    /// The deliver subject of a snapshot is not a literal subject.
    SnapshotDeliverSubjectInvalid = (400, 10015, "deliver subject not valid"),
    /// A durable's creation whose subject lacks the name.
    ConsumerDurableNameNotInSubject =
        (400, 10016, "consumer expected to be durable but no durable name set in subject"),
    /// The `durable_name` differs from the subject.
    ConsumerDurableNameNotMatchSubject =
        (400, 10017, "consumer name in subject does not match durable name in request"),
    /// The request on a subject for durables lacks `durable_name`.
    ConsumerDurableNameNotSet = (400, 10018, "consumer expected to be durable but a durable name was not set"),
    /// The request on the subject for ephemerals has a `durable_name`.
    ConsumerEphemeralWithDurableName =
        (400, 10020, "consumer expected to be ephemeral but a durable name was set in request"),
    /// The `external.api` of a source collides with the server's own API.
    StreamExternalApiOverlap { prefix: String, subject: String } =
        (400, 10021, "stream external api prefix {prefix} must not overlap with {subject}"),
    /// The `external.deliver` of a source collides with a subject of a sourced stream.
    StreamExternalDelPrefixOverlaps { prefix: String, subject: String } =
        (400, 10022, "stream external delivery prefix {prefix} overlaps with stream subject {subject}"),
    /// The server is out of memory for messages.
    InsufficientResources = (503, 10023, "insufficient resources"),
    /// The `external.deliver` of a source is not a literal subject.
    StreamInvalidExternalDeliverySubj { prefix: String } =
        (400, 10024, "stream external delivery prefix {prefix} must not contain wildcards"),
    /// The body is no JSON of the request's shape.
    InvalidJson { err: String } = (400, 10025, "invalid JSON: {err}"),
    /// The stream or the account allows no further consumer.
    MaximumConsumersLimit = (400, 10026, "maximum consumers limit reached"),
    /// The account allows no further stream.
    MaximumStreamsLimit = (400, 10027, "maximum number of streams reached"),
    /// The server cannot reserve the stream's `max_bytes` in memory.
    MemoryResourcesExceeded = (500, 10028, "insufficient memory resources available"),
    /// The consumer that feeds a mirror could not be made.
    MirrorConsumerSetupFailed { err: String } = (500, 10029, "{err}"),
    /// The origin's messages may be larger than the mirror's.
    MirrorMaxMessageSizeTooBig = (400, 10030, "stream mirror must have max message size >= source"),
    /// A stream with both `mirror` and `sources`.
    MirrorWithSources = (400, 10031, "stream mirrors can not also contain other sources"),
    /// A stream with both `mirror` and `subjects`.
    MirrorWithSubjects = (400, 10034, "stream mirrors can not contain subjects"),
    /// No message is left that the selector of MSG.GET chooses.
    NoMessageFound = (404, 10037, "no message found"),
    /// A body where none belongs.
    NotEmptyRequest = (400, 10038, "expected an empty request payload"),
    /// The server has JetStream, the account has not.
    NotEnabledForAccount = (503, 10039, "JetStream not enabled for account"),
    /// No such sequence to delete.
    SequenceNotFound { seq: u64 } = (400, 10043, "sequence {seq} not found"),
    /// The consumer that feeds a source could not be made.
    SourceConsumerSetupFailed { err: String } = (500, 10045, "{err}"),
    /// The origin's messages may be larger than the stream's.
    SourceMaxMessageSizeTooBig = (400, 10046, "stream source must have max message size >= target"),
    /// The server cannot reserve the stream's `max_bytes` on disk.
    StorageResourcesExceeded = (500, 10047, "insufficient storage resources available"),
    /// The stream could not be made.
    StreamCreate { err: String } = (500, 10049, "{err}"),
    /// The stream could not be deleted.
    StreamDelete { err: String } = (500, 10050, "{err}"),
    /// A rule for the stream's configuration is broken.
    StreamInvalidConfig { err: String } = (500, 10052, "{err}"),
    /// The message is larger than `max_msg_size`.
    StreamMessageExceedsMaximum = (400, 10054, "message size exceeds maximum allowed"),
    /// An update that adds or alters `mirror`.
    StreamMirrorNotUpdatable = (400, 10055, "stream mirror configuration can not be updated"),
    /// The subject names another stream than the body.
    StreamMismatch = (400, 10056, "stream name in subject does not match request"),
    /// The stream does not allow deletes, or the delete failed.
    StreamMsgDeleteFailed { err: String } = (500, 10057, "{err}"),
    /// The name is taken by a stream with another configuration.
    StreamNameExist = (400, 10058, "stream name already in use with a different configuration"),
    /// The request names a stream that the account does not have.
    StreamNotFound = (404, 10059, "stream not found"),
    /// `Nats-Expected-Stream` names another stream.
    StreamNotMatch = (400, 10060, "expected stream does not match"),
    /// A snapshot could not be restored.
    StreamRestore { err: String } = (500, 10062, "restore failed: {err}"),
    /// A snapshot could not be taken.
    StreamSnapshot { err: String } = (500, 10064, "snapshot failed: {err}"),
    /// Another stream listens to a subject of this one.
    StreamSubjectOverlap = (400, 10065, "subjects overlap with an existing stream"),
    /// The stream's update failed.
    StreamUpdate { err: String } = (500, 10069, "{err}"),
    /// `Nats-Expected-Last-Msg-Id` did not hold; `{id}` is the last one.
    StreamWrongLastMsgId { id: String } = (400, 10070, "wrong last msg ID: {id}"),
    /// An expected last sequence did not hold; `{seq}` is the last one, of the stream or of the subject.
    StreamWrongLastSequence { seq: u64 } = (400, 10071, "wrong last sequence: {seq}"),
    /// More replicas than a server without a cluster has.
    StreamReplicasNotSupported = (500, 10074, "replicas > 1 not supported in non-clustered mode"),
    /// The server runs without JetStream.
    NotEnabled = (503, 10076, "JetStream not enabled"),
    /// The store refused the message, as a limit with discard policy `new` demands.
    StreamStoreFailed { err: String } = (503, 10077, "{err}"),
    /// A deliver subject with a wildcard.
    ConsumerDeliverToWildcards = (400, 10079, "consumer deliver subject has wildcards"),
    /// `max_waiting` of a push consumer.
    ConsumerPushMaxWaiting = (400, 10080, "consumer in push mode can not set max waiting"),
    /// The deliver subject is a subject of the stream.
    ConsumerDeliverCycle = (400, 10081, "consumer deliver subject forms a cycle"),
    /// `max_ack_pending` of a push consumer that needs no acks.
    ConsumerMaxPendingAckPolicyRequired = (400, 10082, "consumer requires ack policy for max ack pending"),
    /// An `idle_heartbeat` that is too short.
    ConsumerSmallHeartbeat = (400, 10083, "consumer idle heartbeat needs to be >= 100ms"),
    /// A pull consumer without acks on a work queue.
    ConsumerPullRequiresAck = (400, 10084, "consumer in pull mode requires explicit ack policy on workqueue stream"),
    /// `rate_limit_bps` of a pull consumer.
    ConsumerPullWithRateLimit = (400, 10086, "consumer in pull mode can not have rate limit set"),
    /// `idle_heartbeat` of a pull consumer.
    ConsumerHbRequiresPush = (400, 10088, "consumer idle heartbeat requires a push based consumer"),
    /// `flow_control` of a pull consumer.
    ConsumerFcRequiresPush = (400, 10089, "consumer flow control requires a push based consumer"),
    /// `direct` of a pull consumer.
    ConsumerDirectRequiresPush = (400, 10090, "consumer direct requires a push based consumer"),
    /// `direct` of a durable.
    ConsumerDirectRequiresEphemeral = (400, 10091, "consumer direct requires an ephemeral consumer"),
    /// The deliver policy and the optional start do not fit.
    ConsumerInvalidPolicy { err: String } = (400, 10094, "{err}"),
    /// `sample_freq` is no percentage.
    ConsumerInvalidSampling { err: String } = (400, 10095, "failed to parse consumer sampling configuration: {err}"),
    /// The stream is going away.
    StreamInvalid = (500, 10096, "stream not valid"),
    /// The header block is larger than 64 KiB.
    StreamHeaderExceedsMaximum = (400, 10097, "header size exceeds maximum allowed of 64k"),
    /// A consumer without explicit acks on a work queue.
    ConsumerWqRequiresExplicitAck = (400, 10098, "workqueue stream requires explicit ack"),
    /// A consumer without a filter on a work queue that has another consumer.
    ConsumerWqMultipleUnfiltered = (400, 10099, "multiple non-filtered consumers not allowed on workqueue stream"),
    /// A filter on a work queue that collides with that of another consumer.
    ConsumerWqConsumerNotUnique = (400, 10100, "filtered consumer not unique on workqueue stream"),
    /// A consumer on a work queue that leaves out messages.
    ConsumerWqConsumerNotDeliverAll = (400, 10101, "consumer must be deliver all on workqueue stream"),
    /// The durable name is longer than `{max}` bytes.
    ConsumerNameTooLong { max: usize } = (400, 10102, "consumer name is too long, maximum allowed is {max}"),
    /// The description is longer than `{max}` bytes.
    ConsumerDescriptionTooLong { max: usize } =
        (400, 10107, "consumer description is too long, maximum allowed is {max}"),
    /// `flow_control` without `idle_heartbeat`.
    ConsumerWithFlowControlNeedsHeartbeats = (400, 10108, "consumer with flow control also needs heartbeats"),
    /// The stream is sealed.
    StreamSealed = (400, 10109, "invalid operation on sealed stream"),
    /// The stream does not allow purges, or the purge failed.
    StreamPurgeFailed { err: String } = (500, 10110, "{err}"),
    /// A rollup that the stream does not allow or that is none.
    StreamRollupFailed { err: String } = (500, 10111, "{err}"),
    /// The deliver subject is no subject.
    ConsumerInvalidDeliverSubject = (400, 10112, "invalid push consumer deliver subject"),
    /// The account wants `max_bytes` for every stream.
    StreamMaxBytesRequired = (400, 10113, "account requires a stream config to have max bytes set"),
    /// A `max_expires` that is too short.
    ConsumerMaxRequestExpiresTooSmall = (400, 10115, "consumer max request expires needs to be >= 1ms"),
    /// `backoff` is longer than `max_deliver` allows.
    ConsumerMaxDeliverBackoff = (400, 10116, "max deliver is required to be > length of backoff values"),
    /// `max_ack_pending` is above the limit of the server, the account or the stream.
    ConsumerMaxPendingAckExcess { limit: i64 } =
        (400, 10121, "consumer max ack pending exceeds system limit of {limit}"),
    /// `max_bytes` is above what the account allows one stream.
    StreamMaxStreamBytesExceeded = (400, 10122, "stream max bytes exceeds account limit max stream bytes"),
    /// `max_batch` is above the server's limit.
    ConsumerMaxRequestBatchExceeded { limit: i64 } =
        (400, 10125, "consumer max request batch exceeds server limit of {limit}"),
    /// More replicas than the stream has.
    ConsumerReplicasExceedsStream = (400, 10126, "consumer config replica count exceeds parent stream"),
    /// `/` or `\` in a consumer's name.
    ConsumerNameContainsPathSeparators = (400, 10127, "Consumer name can not contain path separators"),
    /// `/` or `\` in a stream's name.
    StreamNameContainsPathSeparators = (400, 10128, "Stream name can not contain path separators"),
    /// A snapshot cannot be restored over a stream.
    StreamNameExistRestoreFailed = (400, 10130, "stream name already in use, cannot restore"),
    /// The filter in the subject is not the one in the body.
    ConsumerCreateFilterSubjectMismatch =
        (400, 10131, "Consumer create request did not match filtered subject from create subject"),
    /// Two names for one consumer.
    ConsumerCreateDurableAndNameMismatch =
        (400, 10132, "Consumer Durable and Name have to be equal if both are provided"),
    /// Fewer than no replicas.
    ReplicasCountCannotBeNegative = (400, 10133, "replicas count cannot be negative"),
    /// Other replicas than the stream's, where the stream's retention needs the same.
    ConsumerReplicasShouldMatchStream =
        (400, 10134, "consumer config replicas must match interest retention stream's replicas"),
    /// The metadata is larger than `{limit}`.
    ConsumerMetadataLength { limit: String } = (400, 10135, "consumer metadata exceeds maximum size of {limit}"),
    /// Both `filter_subject` and `filter_subjects`.
    ConsumerDuplicateFilterSubjects =
        (400, 10136, "consumer cannot have both FilterSubject and FilterSubjects specified"),
    /// A filter in the subject and `filter_subjects` in the body.
    ConsumerMultipleFiltersNotAllowed =
        (400, 10137, "consumer with multiple subject filters cannot use subject based API"),
    /// One of `filter_subjects` contains another.
    ConsumerOverlappingSubjectFilters = (400, 10138, "consumer subject filters cannot overlap"),
    /// One of `filter_subjects` is empty.
    ConsumerEmptyFilter = (400, 10139, "consumer filter in FilterSubjects cannot be empty"),
    /// Two equal entries in `sources`.
    SourceDuplicateDetected = (400, 10140, "duplicate source configuration detected"),
    /// The name of a sourced stream is none.
    SourceInvalidStreamName = (400, 10141, "sourced stream name is invalid"),
    /// The name of a mirrored stream is none.
    MirrorInvalidStreamName = (400, 10142, "mirrored stream name is invalid"),
    /// A stream with both `mirror` and `first_seq`.
    MirrorWithFirstSeq = (400, 10143, "stream mirrors can not have first sequence configured"),
    /// A source with both a filter and transforms.
    SourceMultipleFiltersNotAllowed =
        (400, 10144, "source with multiple subject transforms cannot also have a single subject filter"),
    /// The filter of a source's transform is none.
    SourceInvalidSubjectFilter { err: String } = (400, 10145, "source transform source: {err}"),
    /// The destination of a source's transform is none.
    SourceInvalidTransformDestination { err: String } = (400, 10146, "source transform: {err}"),
    /// A filter of a source's transforms contains another.
    SourceOverlappingSubjectFilters = (400, 10147, "source filters can not overlap"),
    /// The consumer exists, and differs.
    ConsumerAlreadyExists = (400, 10148, "consumer already exists"),
    /// The consumer to update does not exist.
    ConsumerDoesNotExist = (400, 10149, "consumer does not exist"),
    /// A mirror with both a filter and transforms.
    MirrorMultipleFiltersNotAllowed =
        (400, 10150, "mirror with multiple subject transforms cannot also have a single subject filter"),
    /// The filter of a mirror's transform is none.
    MirrorInvalidSubjectFilter { err: String } = (400, 10151, "mirror transform source: {err}"),
    /// A filter of a mirror's transforms collides with another.
    MirrorOverlappingSubjectFilters = (400, 10152, "mirror subject filters can not overlap"),
    /// `inactive_threshold` is above the stream's limit.
    ConsumerInactiveThresholdExcess { limit: String } =
        (400, 10153, "consumer inactive threshold exceeds system limit of {limit}"),
    /// The destination of a mirror's transform is none.
    MirrorInvalidTransformDestination { err: String } = (400, 10154, "mirror transform: {err}"),
    /// The filter of the stream's transform is none.
    StreamTransformInvalidSource { err: String } = (400, 10155, "stream transform source: {err}"),
    /// The destination of the stream's transform is none.
    StreamTransformInvalidDestination { err: String } = (400, 10156, "stream transform: {err}"),
    /// What the server would silently put right, in pedantic mode.
    Pedantic { err: String } = (400, 10157, "pedantic mode: {err}"),
    /// The message id is part of an open batch.
    StreamDuplicateMessageConflict = (409, 10158, "duplicate message id is in process"),
    /// A priority policy without a group.
    ConsumerPriorityPolicyWithoutGroup =
        (400, 10159, "Setting PriorityPolicy requires at least one PriorityGroup to be set"),
    /// The consumer has no such priority group.
    ConsumerInvalidPriorityGroup = (400, 10160, "Provided priority group does not exist for this consumer"),
    /// A priority group without a name.
    ConsumerEmptyGroupName = (400, 10161, "Group name cannot be an empty string"),
    /// A priority group whose name is none.
    ConsumerInvalidGroupName =
        (400, 10162, "Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters"),
    /// The subject was written by the batch itself.
    StreamWrongLastSequenceConstant = (400, 10164, "wrong last sequence"),
    /// `Nats-TTL` is no time to live.
    MessageTtlInvalid = (400, 10165, "invalid per-message TTL"),
    /// `Nats-TTL` on a stream without `allow_msg_ttl`.
    MessageTtlDisabled = (400, 10166, "per-message TTL is disabled"),
    /// The stream cannot keep up.
    StreamTooManyRequests = (429, 10167, "too many requests"),
    /// `Nats-Incr` on a stream without `allow_msg_counter`.
    MessageIncrDisabled = (400, 10168, "message counters is disabled"),
    /// A message of a counter without `Nats-Incr`.
    MessageIncrMissing = (400, 10169, "message counter increment is missing"),
    /// A message of a counter with a payload.
    MessageIncrPayload = (400, 10170, "message counter has payload"),
    /// `Nats-Incr` is no number, or stands beside headers that it excludes.
    MessageIncrInvalid = (400, 10171, "message counter increment is invalid"),
    /// The last message of a counter holds no count.
    MessageCounterBroken = (400, 10172, "message counter is broken"),
    /// A mirror with `allow_msg_counter`.
    MirrorWithCounters = (400, 10173, "stream mirrors can not also calculate counters"),
    /// A batch on a stream without `allow_atomic`.
    AtomicPublishDisabled = (400, 10174, "atomic publish is disabled"),
    /// A message of a batch without its number.
    AtomicPublishMissingSeq = (400, 10175, "atomic publish sequence is missing"),
    /// A batch with a gap.
    AtomicPublishIncompleteBatch = (400, 10176, "atomic publish batch is incomplete"),
    /// A header that a batch may not use.
    AtomicPublishUnsupportedHeaderBatch { header: String } =
        (400, 10177, "atomic publish unsupported header used: {header}"),
    /// Priority groups of a push consumer.
    ConsumerPushWithPriorityGroup = (400, 10178, "priority groups can not be used with push consumers"),
    /// A batch id that is too long.
    AtomicPublishInvalidBatchId = (400, 10179, "atomic publish batch ID is invalid"),
    /// DIRECT.GET asks for more than the stream has yet.
    StreamMinLastSeq = (412, 10180, "min last sequence"),
    /// A negative `ack_wait`.
    ConsumerAckWaitNegative = (400, 10183, "consumer ack wait needs to be positive"),
    /// A negative entry of `backoff`.
    ConsumerBackOffNegative = (400, 10184, "consumer backoff needs to be positive"),
    /// The request needs a newer server.
    RequiredApiLevel = (412, 10185, "JetStream minimum api level required"),
    /// A mirror with `allow_msg_schedules`.
    MirrorWithMsgSchedules = (400, 10186, "stream mirrors can not also schedule messages"),
    /// `sources` with `allow_msg_schedules`.
    SourceWithMsgSchedules = (400, 10187, "stream source can not also schedule messages"),
    /// A schedule on a stream without `allow_msg_schedules`.
    MessageSchedulesDisabled = (400, 10188, "message schedules is disabled"),
    /// `Nats-Schedule` is no schedule.
    MessageSchedulesPatternInvalid = (400, 10189, "message schedules pattern is invalid"),
    /// `Nats-Schedule-Target` is not a subject that the schedule may write to.
    MessageSchedulesTargetInvalid = (400, 10190, "message schedules target is invalid"),
    /// `Nats-Schedule-TTL` is no time to live.
    MessageSchedulesTtlInvalid = (400, 10191, "message schedules invalid per-message TTL"),
    /// `Nats-Rollup` of a schedule that is not `sub`.
    MessageSchedulesRollupInvalid = (400, 10192, "message schedules invalid rollup"),
    /// An override of the expected subject without the expected sequence.
    StreamExpectedLastSeqPerSubjectInvalid = (400, 10193, "missing sequence for expected last sequence per subject"),
    /// Priority groups without a policy.
    ConsumerPriorityGroupWithPolicyNone = (400, 10196, "consumer can not have priority groups when policy is none"),
    /// `priority_timeout` without a policy.
    ConsumerPinnedTtlWithoutPriorityPolicyNone = (400, 10197, "PinnedTTL cannot be set when PriorityPolicy is none"),
    /// A mirror with `allow_atomic`.
    MirrorWithAtomicPublish = (400, 10198, "stream mirrors can not also use atomic publishing"),
    /// A batch of more than `{size}` messages.
    AtomicPublishTooLargeBatch { size: u64 } = (400, 10199, "atomic publish batch is too large: {size}"),
    /// `Nats-Batch-Commit` is neither `1` nor `eob`.
    AtomicPublishInvalidBatchCommit = (400, 10200, "atomic publish batch commit is invalid"),
    /// A message id in a batch that is known already.
    AtomicPublishContainsDuplicateMessage = (400, 10201, "atomic publish batch contains duplicate message id"),
    /// `Nats-Schedule-Source` is not a subject.
    MessageSchedulesSourceInvalid = (400, 10203, "message schedules source is invalid"),
    /// The consumer cannot be reset to that sequence.
    ConsumerInvalidReset { err: String } = (400, 10204, "invalid reset: {err}"),
    /// A fast batch on a stream without `allow_batched`.
    BatchPublishDisabled = (400, 10205, "batch publish is disabled"),
    /// The reply subject of a fast batch is none.
    BatchPublishInvalidPattern = (400, 10206, "batch publish pattern is invalid"),
    /// The id of a fast batch is too long.
    BatchPublishInvalidBatchId = (400, 10207, "batch publish ID is invalid"),
    /// The fast batch is not open.
    BatchPublishUnknownBatchId = (400, 10208, "batch publish ID unknown"),
    /// A mirror with `allow_batched`.
    MirrorWithBatchPublish = (400, 10209, "stream mirrors can not also use batch publishing"),
    /// Too many open batches.
    AtomicPublishTooManyInflight = (429, 10210, "atomic publish too many inflight"),
    /// Too many open fast batches.
    BatchPublishTooManyInflight = (429, 10211, "batch publish too many inflight"),
    /// `Nats-Scheduler` is not a subject.
    MessageSchedulesSchedulerInvalid = (400, 10212, "message schedules invalid scheduler"),
    /// The `consumer` of a mirror breaks a rule.
    MirrorDurableConsumerCfgInvalid = (400, 10213, "stream mirror consumer config is invalid"),
    /// The `consumer` of a mirror has another ack policy than it needs.
    MirrorConsumerRequiresAckFc = (400, 10214, "stream mirror consumer requires flow control ack policy"),
    /// The `consumer` of a source breaks a rule.
    SourceDurableConsumerCfgInvalid = (400, 10215, "stream source consumer config is invalid"),
    /// Two sources use one consumer.
    SourceDurableConsumerDuplicateDetected = (400, 10216, "duplicate stream source consumer detected"),
    /// The `consumer` of a source has another ack policy than it needs.
    SourceConsumerRequiresAckFc = (400, 10217, "stream source consumer requires flow control ack policy"),
    /// Ack policy `flow_control` of a pull consumer.
    ConsumerAckFcRequiresPush = (400, 10218, "flow control ack policy requires a push based consumer"),
    /// Ack policy `flow_control` without `flow_control`.
    ConsumerAckFcRequiresFc = (400, 10219, "flow control ack policy requires flow control"),
    /// Ack policy `flow_control` without `max_ack_pending`.
    ConsumerAckFcRequiresMaxAckPending = (400, 10220, "flow control ack policy requires max ack pending"),
    /// Ack policy `flow_control` with `ack_wait`.
    ConsumerAckFcRequiresNoAckWait = (400, 10221, "flow control ack policy requires unset ack wait"),
    /// Ack policy `flow_control` with `max_deliver`.
    ConsumerAckFcRequiresNoMaxDeliver = (400, 10222, "flow control ack policy requires unset max deliver"),
    /// `Nats-Schedule-Time-Zone` is none, or does not fit the schedule.
    MessageSchedulesTimeZoneInvalid = (400, 10223, "message schedules time zone is invalid"),
    /// The stream was made anew since the request was built.
    ConsumerStreamIdentityMismatch { msg: String } = (400, 10225, "consumer's stream identity does not match: {msg}"),
    /// Only the server may write `Nats-Stream-Source`.
    MessageSourceHdrNotAllowed = (400, 10227, "message stream source header is not allowed"),
    /// The consumer that feeds a source got no reply to its flow control.
    SourceConsumerFlowControlStalled = (500, 10228, "stream source consumer stalled on flow control"),
}

impl ApiError {
    /// Like a status of HTTP.
    pub fn code(&self) -> u16 {
        self.row().code
    }

    /// The number that names the error.
    pub fn err_code(&self) -> u16 {
        self.row().err_code
    }

    /// The commonest of all: a rule for the stream's configuration is broken.
    pub fn invalid_config(err: impl Into<String>) -> Self {
        Self::StreamInvalidConfig { err: err.into() }
    }

    /// Pedantic mode refuses what would silently be put right.
    pub fn pedantic(err: impl Into<String>) -> Self {
        Self::Pedantic { err: err.into() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.values();
        let mut rest = self.row().description;
        for value in [first, second] {
            if let Some((before, _, after)) = split_placeholder(rest) {
                f.write_str(before)?;
                value.fmt(f)?;
                rest = after;
            }
        }
        f.write_str(rest)
    }
}

/// What stands before the first name in braces, the name, and what stands behind it.
fn split_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

impl std::error::Error for ApiError {}

impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ApiError", 3)?;
        object.serialize_field("code", &self.code())?;
        object.serialize_field("err_code", &self.err_code())?;
        object.serialize_field("description", &format_args!("{self}"))?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::json::to_json;

    #[test]
    fn rows_are_in_order_and_each_number_is_used_once() {
        assert!(ApiError::ROWS.is_sorted_by(|a, b| a.err_code < b.err_code));
    }

    #[test]
    fn each_placeholder_has_a_value_of_its_name() {
        for (row, names) in ApiError::ROWS.iter().zip(ApiError::NAMES) {
            let mut rest = row.description;
            let mut placeholders = Vec::new();
            while let Some((_, name, after)) = split_placeholder(rest) {
                placeholders.push(name);
                rest = after;
            }
            assert_eq!(placeholders, *names, "{}", row.description);
        }
    }

    #[test]
    fn placeholders_are_filled() {
        let error = ApiError::StreamWrongLastSequence { seq: 7 };
        assert_eq!((error.code(), error.err_code(), error.to_string()), (400, 10071, "wrong last sequence: 7".into()));
        assert_eq!(
            String::from_utf8(to_json(&ApiError::StreamNotFound)).expect("JSON is text"),
            r#"{"code":404,"err_code":10059,"description":"stream not found"}"#
        );
        let overlap = ApiError::StreamExternalApiOverlap { prefix: "$JS.API".into(), subject: "$JS.API".into() };
        assert_eq!(overlap.to_string(), "stream external api prefix $JS.API must not overlap with $JS.API");
    }
}
