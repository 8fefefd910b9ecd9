//! The rules for one consumer's configuration.

use std::time::Duration;

use super::request::{ConsumerConfigRequest, DeliverPolicyName, required_level};
use super::{AckPolicy, ConsumerConfig, DeliverPolicy, PriorityPolicy};
use crate::engine::asset::{
    MAX_DESCRIPTION_LEN, MAX_METADATA_LEN, MAX_NAME_LEN, is_valid_name, metadata_len, set_required_level,
};
use crate::engine::bound::Bound;
use crate::engine::duration::GoDuration;
use crate::engine::error::ApiError;
use crate::engine::quote::quote;
use crate::engine::stream::config::{Retention, StreamConfig};
use crate::engine::subject::{SubjectFilter, is_literal, is_subset, is_valid_filter};

const DEFAULT_MAX_WAITING: i64 = 512;
const DEFAULT_ACK_WAIT_NS: i64 = 30_000_000_000;
const DEFAULT_MAX_ACK_PENDING: u64 = 1000;
const DEFAULT_PRIORITY_TIMEOUT_NS: i64 = 120_000_000_000;
/// The heartbeat of every consumer that acks by flow control.
const FLOW_CONTROL_HEARTBEAT_NS: i64 = 1_000_000_000;
const SHORTEST_HEARTBEAT_NS: i64 = 100_000_000;
const SHORTEST_MAX_EXPIRES_NS: i64 = 1_000_000;
/// What an ephemeral has where nothing else is asked for.
const DEFAULT_INACTIVE_THRESHOLD_NS: i64 = 5_000_000_000;

/// What the stream, the account and the server allow a consumer.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerConfigLimits<'a> {
    pub stream: &'a StreamConfig,
    pub server_max_ack_pending: Option<u64>,
    pub account_max_ack_pending: Option<u64>,
    pub server_max_request_batch: Option<u64>,
}

impl ConsumerConfigRequest {
    /// Fills in defaults and applies every rule that needs no other consumer. Notes the required API level.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `server/consumer.go` (`setConsumerConfigDefaults`,
    /// `checkConsumerCfg`).
    pub fn checked(mut self, limits: &ConsumerConfigLimits<'_>, pedantic: bool) -> Result<ConsumerConfig, ApiError> {
        let level = self.required_level();
        set_required_level(&mut self.metadata, level);
        self.put_right_negatives(pedantic)?;
        self.fill_defaults(limits, pedantic)?;
        self.check_name()?;
        let num_replicas = self.check_replicas(limits.stream)?;
        self.check_waits()?;
        if self.description.len() > MAX_DESCRIPTION_LEN {
            return Err(ApiError::ConsumerDescriptionTooLong { max: MAX_DESCRIPTION_LEN });
        }
        if self.deliver_subject.is_empty() {
            self.check_pull(limits)?
        } else {
            self.check_push(limits.stream)?
        }
        self.check_bounds(limits)?;
        self.check_direct()?;
        self.check_filters()?;
        let deliver_policy = self.check_start()?;
        self.check_sampling()?;
        if self.flow_control && self.idle_heartbeat_ns == 0 {
            return Err(ApiError::ConsumerWithFlowControlNeedsHeartbeats);
        }
        if !self.durable_name.is_empty() && !self.name.is_empty() && self.name != self.durable_name {
            return Err(ApiError::ConsumerCreateDurableAndNameMismatch);
        }
        if metadata_len(&self.metadata) > MAX_METADATA_LEN {
            return Err(ApiError::ConsumerMetadataLength { limit: format!("{}KB", MAX_METADATA_LEN / 1024) });
        }
        self.check_priority()?;
        self.into_config(deliver_policy, num_replicas)
    }

    /// Looks at what was sent, before anything is put right.
    fn required_level(&self) -> u8 {
        let has_priority = self.priority_policy != PriorityPolicy::None
            || self.priority_timeout_ns != 0
            || !self.priority_groups.is_empty();
        required_level(self.ack_policy, self.pause_until, has_priority)
    }

    fn put_right_negatives(&mut self, pedantic: bool) -> Result<(), ApiError> {
        let numbers = [
            (&mut self.max_deliver, -1, "max_deliver must be set to -1"),
            (&mut self.max_waiting, 0, "max_waiting must not be negative"),
            (&mut self.max_ack_pending, -1, "max_ack_pending must be set to -1"),
            (&mut self.max_batch, 0, "max_batch must not be negative"),
            (&mut self.max_expires_ns, 0, "max_expires must not be negative"),
            (&mut self.max_bytes, 0, "max_bytes must not be negative"),
            (&mut self.idle_heartbeat_ns, 0, "idle_heartbeat must not be negative"),
            (&mut self.inactive_threshold_ns, 0, "inactive_threshold must not be negative"),
            (&mut self.priority_timeout_ns, 0, "priority_timeout must not be negative"),
        ];
        for (number, lowest, complaint) in numbers {
            if *number < lowest {
                if pedantic {
                    return Err(ApiError::pedantic(complaint));
                }
                *number = lowest;
            }
        }
        if self.max_deliver == 0 {
            self.max_deliver = -1;
        }
        Ok(())
    }

    fn fill_defaults(&mut self, limits: &ConsumerConfigLimits<'_>, pedantic: bool) -> Result<(), ApiError> {
        let refuse_if = |is_pedantic_about: bool, complaint: &str| {
            if pedantic && is_pedantic_about { Err(ApiError::pedantic(complaint)) } else { Ok(()) }
        };
        let is_pull = self.deliver_subject.is_empty();
        if is_pull && self.max_waiting == 0 {
            self.max_waiting = DEFAULT_MAX_WAITING;
        }
        if self.ack_wait_ns == 0 && matches!(self.ack_policy, AckPolicy::Explicit | AckPolicy::All) {
            self.ack_wait_ns = DEFAULT_ACK_WAIT_NS;
        }
        if let Some(first) = self.backoff_ns.first().copied() {
            refuse_if(self.ack_wait_ns != first, "first backoff value has to equal batch AckWait")?;
            self.ack_wait_ns = first;
        }
        let defaults = limits.stream.consumer_limits;
        if self.max_ack_pending == 0 {
            let complaint = "max_ack_pending must be set if it's configured in stream limits";
            refuse_if(defaults.max_ack_pending.limit().is_some(), complaint)?;
            self.max_ack_pending = defaults.max_ack_pending.as_number();
        }
        if self.inactive_threshold_ns == 0 {
            let complaint = "inactive_threshold must be set if it's configured in stream limits";
            refuse_if(defaults.inactive_threshold.limit().is_some(), complaint)?;
            self.inactive_threshold_ns = defaults.inactive_threshold.as_number();
        }
        if self.max_ack_pending == 0 && self.ack_policy != AckPolicy::None {
            let bounds = [limits.server_max_ack_pending, limits.account_max_ack_pending];
            let default = bounds.into_iter().flatten().fold(DEFAULT_MAX_ACK_PENDING, u64::min);
            self.max_ack_pending = i64::try_from(default).expect("at most 1000");
        }
        if let Some(limit) = limits.server_max_request_batch.filter(|_| is_pull && self.max_batch == 0) {
            refuse_if(true, "max_request_batch must be set if it's JetStream limits are set")?;
            self.max_batch = i64::try_from(limit).unwrap_or(i64::MAX);
        }
        if self.priority_policy == PriorityPolicy::PinnedClient && self.priority_timeout_ns == 0 {
            self.priority_timeout_ns = DEFAULT_PRIORITY_TIMEOUT_NS;
        }
        if self.ack_policy == AckPolicy::FlowControl && !pedantic {
            self.flow_control = true;
            self.idle_heartbeat_ns = FLOW_CONTROL_HEARTBEAT_NS;
        }
        Ok(())
    }

    fn check_name(&self) -> Result<(), ApiError> {
        for (what, name) in [("name", &self.name), ("durable name", &self.durable_name)] {
            if !name.is_empty() && !is_valid_name(name) {
                return Err(ApiError::invalid_config(format!(
                    r"consumer {what} can not contain '.', '*', '>', '\', '/'"
                )));
            }
        }
        Ok(())
    }

    fn check_replicas(&self, stream: &StreamConfig) -> Result<u8, ApiError> {
        if self.num_replicas > i64::from(stream.num_replicas) {
            return Err(ApiError::ConsumerReplicasExceedsStream);
        }
        let Ok(num_replicas) = u8::try_from(self.num_replicas) else {
            return Err(ApiError::ReplicasCountCannotBeNegative);
        };
        if stream.retention != Retention::Limits && num_replicas != 0 && num_replicas != stream.num_replicas {
            return Err(ApiError::ConsumerReplicasShouldMatchStream);
        }
        Ok(num_replicas)
    }

    fn check_waits(&self) -> Result<(), ApiError> {
        if self.backoff_ns.iter().any(|wait| *wait < 0) {
            return Err(ApiError::ConsumerBackOffNegative);
        }
        if self.ack_wait_ns < 0 {
            return Err(ApiError::ConsumerAckWaitNegative);
        }
        if self.ack_policy == AckPolicy::FlowControl {
            self.check_ack_by_flow_control()?;
        }
        check_backoff(self.backoff_ns.len(), u64::try_from(self.max_deliver).ok())
    }

    fn check_ack_by_flow_control(&self) -> Result<(), ApiError> {
        if self.deliver_subject.is_empty() {
            return Err(ApiError::ConsumerAckFcRequiresPush);
        }
        if !self.flow_control {
            return Err(ApiError::ConsumerAckFcRequiresFc);
        }
        if self.idle_heartbeat_ns != FLOW_CONTROL_HEARTBEAT_NS {
            return Err(ApiError::invalid_config("flow control ack policy heartbeat needs to be 1s"));
        }
        if self.max_ack_pending <= 0 {
            return Err(ApiError::ConsumerAckFcRequiresMaxAckPending);
        }
        if self.ack_wait_ns != 0 || !self.backoff_ns.is_empty() {
            return Err(ApiError::ConsumerAckFcRequiresNoAckWait);
        }
        if self.max_deliver > 0 {
            return Err(ApiError::ConsumerAckFcRequiresNoMaxDeliver);
        }
        Ok(())
    }

    fn check_push(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        let deliver_subject = self.deliver_subject.as_bytes();
        if !is_literal(deliver_subject) {
            return Err(ApiError::ConsumerDeliverToWildcards);
        }
        if !is_valid_filter(deliver_subject) {
            return Err(ApiError::ConsumerInvalidDeliverSubject);
        }
        if stream.subjects.iter().any(|subject| is_subset(deliver_subject, subject.as_bytes())) {
            return Err(ApiError::ConsumerDeliverCycle);
        }
        if self.max_waiting != 0 {
            return Err(ApiError::ConsumerPushMaxWaiting);
        }
        if self.max_ack_pending > 0 && self.ack_policy == AckPolicy::None {
            return Err(ApiError::ConsumerMaxPendingAckPolicyRequired);
        }
        if (1..SHORTEST_HEARTBEAT_NS).contains(&self.idle_heartbeat_ns) {
            return Err(ApiError::ConsumerSmallHeartbeat);
        }
        Ok(())
    }

    fn check_pull(&self, limits: &ConsumerConfigLimits<'_>) -> Result<(), ApiError> {
        if self.ack_policy == AckPolicy::None && limits.stream.retention == Retention::WorkQueue {
            return Err(ApiError::ConsumerPullRequiresAck);
        }
        if self.rate_limit_bps > 0 {
            return Err(ApiError::ConsumerPullWithRateLimit);
        }
        if self.idle_heartbeat_ns > 0 {
            return Err(ApiError::ConsumerHbRequiresPush);
        }
        if self.flow_control {
            return Err(ApiError::ConsumerFcRequiresPush);
        }
        if (1..SHORTEST_MAX_EXPIRES_NS).contains(&self.max_expires_ns) {
            return Err(ApiError::ConsumerMaxRequestExpiresTooSmall);
        }
        match limits.server_max_request_batch.and_then(|limit| i64::try_from(limit).ok()) {
            Some(limit) if self.max_batch > limit => Err(ApiError::ConsumerMaxRequestBatchExceeded { limit }),
            _ => Ok(()),
        }
    }

    fn check_bounds(&self, limits: &ConsumerConfigLimits<'_>) -> Result<(), ApiError> {
        let of_stream = limits.stream.consumer_limits;
        let bounds = [limits.server_max_ack_pending, limits.account_max_ack_pending, of_stream.max_ack_pending.limit()];
        for limit in bounds.into_iter().flatten().filter_map(|limit| i64::try_from(limit).ok()) {
            if self.max_ack_pending > limit {
                return Err(ApiError::ConsumerMaxPendingAckExcess { limit });
            }
        }
        match of_stream.inactive_threshold.duration() {
            Some(limit) if nanos_of(self.inactive_threshold_ns) > Some(limit) => {
                Err(ApiError::ConsumerInactiveThresholdExcess { limit: GoDuration(limit).to_string() })
            }
            _ => Ok(()),
        }
    }

    fn check_direct(&self) -> Result<(), ApiError> {
        if self.direct && self.deliver_subject.is_empty() {
            return Err(ApiError::ConsumerDirectRequiresPush);
        }
        if self.direct && !self.durable_name.is_empty() {
            return Err(ApiError::ConsumerDirectRequiresEphemeral);
        }
        Ok(())
    }

    fn check_filters(&self) -> Result<(), ApiError> {
        let invalid = || ApiError::invalid_config("invalid subject");
        if !self.filter_subject.is_empty() {
            if !self.filter_subjects.is_empty() {
                return Err(ApiError::ConsumerDuplicateFilterSubjects);
            }
            return if is_valid_filter(self.filter_subject.as_bytes()) { Ok(()) } else { Err(invalid()) };
        }
        let filters = &self.filter_subjects;
        if filters.iter().any(String::is_empty) {
            return Err(ApiError::ConsumerEmptyFilter);
        }
        for (i, filter) in filters.iter().enumerate() {
            if !is_valid_filter(filter.as_bytes()) {
                return Err(invalid());
            }
            let contains = |(j, other): (usize, &String)| i != j && is_subset(filter.as_bytes(), other.as_bytes());
            if filters.iter().enumerate().any(contains) {
                return Err(ApiError::ConsumerOverlappingSubjectFilters);
            }
        }
        Ok(())
    }

    /// Whether policy and start fit.
    fn check_start(&self) -> Result<DeliverPolicy, ApiError> {
        let refuse = |policy: &str, what: &str, is_set: &str| {
            let err = format!("consumer delivery policy is deliver {policy}, but optional {what} is {is_set} set");
            Err(ApiError::ConsumerInvalidPolicy { err })
        };
        let also = |policy: &str, start: &str| refuse(policy, &format!("start {start}"), "also");
        let (seq, time) = (self.opt_start_seq, self.opt_start_time);
        let without_start = |policy: &str, deliver_policy: DeliverPolicy| {
            if seq > 0 {
                also(policy, "sequence")
            } else if time.is_some() {
                also(policy, "time")
            } else {
                Ok(deliver_policy)
            }
        };
        match self.deliver_policy {
            DeliverPolicyName::All => without_start("all", DeliverPolicy::All),
            DeliverPolicyName::Last => without_start("last", DeliverPolicy::Last),
            DeliverPolicyName::New => without_start("new", DeliverPolicy::New),
            DeliverPolicyName::LastPerSubject => {
                let policy = without_start("last per subject", DeliverPolicy::LastPerSubject)?;
                if self.filter_subject.is_empty() && self.filter_subjects.is_empty() {
                    return refuse("last per subject", "filter subject", "not");
                }
                Ok(policy)
            }
            DeliverPolicyName::ByStartSequence => match (seq, time) {
                (0, _) => refuse("by start sequence", "start sequence", "not"),
                (_, Some(_)) => also("by start sequence", "time"),
                (seq, None) => Ok(DeliverPolicy::ByStartSequence(seq)),
            },
            DeliverPolicyName::ByStartTime => match (seq, time) {
                (_, None) => refuse("by start time", "start time", "not"),
                (0, Some(time)) => Ok(DeliverPolicy::ByStartTime(time)),
                // The word is doubled in the server as well.
                (_, Some(_)) => also("by start time", "start sequence"),
            },
        }
    }

    fn check_sampling(&self) -> Result<(), ApiError> {
        if self.sample_freq.is_empty() {
            return Ok(());
        }
        let digits = self.sample_freq.strip_suffix('%').unwrap_or(&self.sample_freq);
        let err = match digits.parse::<i64>() {
            Ok(0..) => return Ok(()),
            Ok(_) => "<nil>".to_owned(),
            Err(error) => {
                use std::num::IntErrorKind::{NegOverflow, PosOverflow};
                let is_out_of_range = matches!(error.kind(), NegOverflow | PosOverflow);
                let reason = if is_out_of_range { "value out of range" } else { "invalid syntax" };
                format!("strconv.Atoi: parsing {}: {reason}", quote(digits.as_bytes()))
            }
        };
        Err(ApiError::ConsumerInvalidSampling { err })
    }

    fn check_priority(&self) -> Result<(), ApiError> {
        if self.priority_policy == PriorityPolicy::None {
            if !self.priority_groups.is_empty() {
                return Err(ApiError::ConsumerPriorityGroupWithPolicyNone);
            }
            if self.priority_timeout_ns > 0 {
                return Err(ApiError::ConsumerPinnedTtlWithoutPriorityPolicyNone);
            }
            return Ok(());
        }
        if !self.deliver_subject.is_empty() {
            return Err(ApiError::ConsumerPushWithPriorityGroup);
        }
        if self.priority_groups.is_empty() {
            return Err(ApiError::ConsumerPriorityPolicyWithoutGroup);
        }
        self.priority_groups.iter().try_for_each(|group| check_group_name(group))
    }

    fn into_config(self, deliver_policy: DeliverPolicy, num_replicas: u8) -> Result<ConsumerConfig, ApiError> {
        let filter =
            |text: String| SubjectFilter::new(&text).ok_or_else(|| ApiError::invalid_config("invalid subject"));
        let filter_subject = filled(self.filter_subject).map(filter).transpose()?;
        Ok(ConsumerConfig {
            durable_name: filled(self.durable_name),
            name: filled(self.name),
            description: self.description,
            deliver_policy,
            ack_policy: self.ack_policy,
            ack_wait: nanos_of(self.ack_wait_ns),
            max_deliver: positive(self.max_deliver),
            backoff: self.backoff_ns.try_map(|wait| {
                u64::try_from(wait).map(Duration::from_nanos).map_err(|_| ApiError::ConsumerBackOffNegative)
            })?,
            filter_subject,
            filter_subjects: self.filter_subjects.try_map(filter)?,
            replay_policy: self.replay_policy,
            rate_limit_bps: Some(self.rate_limit_bps).filter(|limit| *limit > 0),
            sample_freq: self.sample_freq,
            max_waiting: positive(self.max_waiting),
            max_ack_pending: Bound::new(self.max_ack_pending),
            flow_control: self.flow_control,
            headers_only: self.headers_only,
            max_batch: positive(self.max_batch),
            max_expires: nanos_of(self.max_expires_ns),
            max_bytes: positive(self.max_bytes),
            deliver_subject: filled(self.deliver_subject),
            deliver_group: filled(self.deliver_group),
            idle_heartbeat: nanos_of(self.idle_heartbeat_ns),
            inactive_threshold: Bound::new(self.inactive_threshold_ns),
            num_replicas,
            mem_storage: self.mem_storage,
            direct: self.direct,
            sourcing: self.sourcing,
            metadata: self.metadata,
            pause_until: self.pause_until,
            priority_groups: self.priority_groups,
            priority_policy: self.priority_policy,
            priority_timeout: nanos_of(self.priority_timeout_ns),
        })
    }
}

impl ConsumerConfig {
    /// Durable names have a longest length, others have not.
    ///
    /// # Errors
    /// [`ApiError::ConsumerNameTooLong`].
    pub fn check_name_len(&self) -> Result<(), ApiError> {
        match &self.durable_name {
            Some(name) if name.len() > MAX_NAME_LEN => Err(ApiError::ConsumerNameTooLong { max: MAX_NAME_LEN }),
            _ => Ok(()),
        }
    }

    /// Gives a new ephemeral the threshold that it has where none is asked for. Comes after configurations are
    /// compared. Returns whether it was filled in.
    pub fn fill_new_ephemeral(&mut self) -> bool {
        !self.is_durable() && self.fill_inactive_threshold()
    }

    pub(super) fn fill_inactive_threshold(&mut self) -> bool {
        let is_missing = self.inactive_threshold.limit().is_none();
        if is_missing {
            self.inactive_threshold = Bound::new(DEFAULT_INACTIVE_THRESHOLD_NS);
        }
        is_missing
    }
}

/// Whether there are enough deliveries for every wait.
pub(super) fn check_backoff(waits: usize, max_deliver: Option<u64>) -> Result<(), ApiError> {
    match max_deliver {
        Some(max_deliver) if waits as u64 > max_deliver => Err(ApiError::ConsumerMaxDeliverBackoff),
        _ => Ok(()),
    }
}

/// Whether a priority group may have this name.
///
/// # Errors
/// [`ApiError::ConsumerEmptyGroupName`], [`ApiError::ConsumerInvalidGroupName`].
pub fn check_group_name(group: &str) -> Result<(), ApiError> {
    if group.is_empty() {
        return Err(ApiError::ConsumerEmptyGroupName);
    }
    let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '=' | '-');
    if group.len() > 16 || !group.chars().all(is_valid) {
        return Err(ApiError::ConsumerInvalidGroupName);
    }
    Ok(())
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn positive(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}

fn nanos_of(number: i64) -> Option<Duration> {
    positive(number).map(Duration::from_nanos)
}
