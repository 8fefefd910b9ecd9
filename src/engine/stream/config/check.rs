//! The rules for one stream's configuration.

use std::time::Duration;

use super::request::{RePublishRequest, StreamConfigRequest, SubjectTransformRequest};
use super::{Discard, PersistMode, Placement, RePublish, Retention, Storage, StreamConfig, positive, sourcing};
use crate::engine::asset::{
    MAX_DESCRIPTION_LEN, MAX_METADATA_LEN, MAX_NAME_LEN, is_valid_name, metadata_len, set_required_level,
};
use crate::engine::duration::GoDuration;
use crate::engine::error::ApiError;
use crate::engine::list::List;
use crate::engine::quote::quote;
use crate::engine::subject::{SubjectFilter, collide, is_subset, is_valid_filter};
use crate::engine::transform::SubjectTransform;

const MAX_REPLICAS: i64 = 5;
const DEFAULT_DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// The shortest age and duplicate window.
const SHORTEST: Duration = Duration::from_millis(100);

/// What the server and the account allow any one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConfigLimits {
    /// The server's `max_duplicate_window`.
    pub max_duplicate_window: Option<Duration>,
    /// Whether the account wants `max_bytes` for every stream.
    pub max_bytes_required: bool,
    pub memory_max_stream_bytes: Option<u64>,
    pub storage_max_stream_bytes: Option<u64>,
}

impl ConfigLimits {
    fn max_stream_bytes(&self, storage: Storage) -> Option<u64> {
        match storage {
            Storage::Memory => self.memory_max_stream_bytes,
            Storage::File => self.storage_max_stream_bytes,
        }
    }
}

impl StreamConfigRequest {
    /// Fills in defaults and applies every rule that needs no other stream than origins. `origin` finds the stream of a
    /// name, that of this name included.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `server/stream.go` (`checkStreamCfg`).
    pub fn checked<'s>(
        mut self,
        limits: &ConfigLimits,
        origin: impl Fn(&str) -> Option<&'s StreamConfig>,
    ) -> Result<StreamConfig, ApiError> {
        self.check_texts()?;
        let num_replicas = self.check_replicas()?;
        self.check_limits()?;
        let max_age = self.check_max_age()?;
        let duplicate_window = self.check_duplicate_window(max_age, limits.max_duplicate_window)?;
        self.check_features()?;
        let sourcing = sourcing::check(&mut self, &origin)?;
        let subjects = self.check_subjects()?;
        self.check_max_bytes(limits)?;
        let subject_transform = check_subject_transform(self.subject_transform.as_ref())?;
        let republish = self.check_republish(&subjects)?;
        let placement = check_placement(self.placement)?;
        let mut config = StreamConfig {
            name: self.name,
            description: self.description,
            subjects,
            retention: self.retention,
            max_consumers: positive(self.max_consumers),
            max_msgs: positive(self.max_msgs),
            max_bytes: positive(self.max_bytes),
            max_age,
            max_msgs_per_subject: positive(self.max_msgs_per_subject),
            max_msg_size: u32::try_from(self.max_msg_size).ok().filter(|size| *size > 0),
            discard: self.discard,
            storage: self.storage,
            num_replicas,
            no_ack: self.no_ack,
            duplicate_window,
            placement,
            mirror: sourcing.mirror,
            sources: sourcing.sources,
            compression: self.compression,
            first_seq: Some(self.first_seq).filter(|seq| *seq > 0),
            subject_transform,
            republish,
            allow_direct: self.allow_direct,
            mirror_direct: self.mirror_direct,
            discard_new_per_subject: self.discard_new_per_subject,
            sealed: self.sealed,
            deny_delete: self.deny_delete,
            deny_purge: self.deny_purge,
            allow_rollup_hdrs: self.allow_rollup_hdrs,
            consumer_limits: self.consumer_limits,
            allow_msg_ttl: self.allow_msg_ttl,
            subject_delete_marker_ttl: positive(self.subject_delete_marker_ttl_ns).map(Duration::from_nanos),
            allow_msg_counter: self.allow_msg_counter,
            allow_atomic: self.allow_atomic,
            allow_msg_schedules: self.allow_msg_schedules,
            persist_mode: self.persist_mode,
            allow_batched: self.allow_batched,
            metadata: self.metadata,
        };
        let level = config.required_level();
        set_required_level(&mut config.metadata, level);
        Ok(config)
    }

    fn check_texts(&self) -> Result<(), ApiError> {
        if !is_valid_name(&self.name) {
            return refuse(r"stream name is required and can not contain '.', '*', '>', '\', '/'");
        }
        if self.name.len() > MAX_NAME_LEN {
            return refuse(format!("stream name is too long, maximum allowed is {MAX_NAME_LEN}"));
        }
        if self.description.len() > MAX_DESCRIPTION_LEN {
            return refuse(format!("stream description is too long, maximum allowed is {MAX_DESCRIPTION_LEN}"));
        }
        check_metadata_len(metadata_len(&self.metadata))
    }

    fn check_replicas(&self) -> Result<u8, ApiError> {
        match self.num_replicas {
            ..0 => Err(ApiError::ReplicasCountCannotBeNegative),
            replicas if replicas > MAX_REPLICAS => refuse(format!("maximum replicas is {MAX_REPLICAS}")),
            replicas => Ok(u8::try_from(replicas.max(1)).expect("at most 5")),
        }
    }

    /// Numbers below 1 mean no limit, but in pedantic mode only -1 and 0 do.
    fn check_limits(&self) -> Result<(), ApiError> {
        let limits = [
            ("max_msgs", self.max_msgs),
            ("max_msgs_per_subject", self.max_msgs_per_subject),
            ("max_bytes", self.max_bytes),
            ("max_msg_size", i64::from(self.max_msg_size)),
            ("max_consumers", self.max_consumers),
        ];
        match limits.iter().find(|(_, limit)| self.pedantic && *limit < -1) {
            Some((name, _)) => Err(ApiError::pedantic(format!("{name} must be set to -1"))),
            None => Ok(()),
        }
    }

    fn check_max_age(&self) -> Result<Option<Duration>, ApiError> {
        let Ok(max_age_ns) = u64::try_from(self.max_age_ns) else { return refuse("max age can not be negative") };
        match Duration::from_nanos(max_age_ns) {
            Duration::ZERO => Ok(None),
            max_age if max_age < SHORTEST => refuse("max age needs to be >= 100ms"),
            max_age => Ok(Some(max_age)),
        }
    }

    fn check_duplicate_window(
        &self,
        max_age: Option<Duration>,
        server_limit: Option<Duration>,
    ) -> Result<Option<Duration>, ApiError> {
        let Ok(window_ns) = u64::try_from(self.duplicate_window_ns) else {
            return refuse("duplicates window can not be negative");
        };
        let window = if window_ns == 0 && self.mirror.is_none() && self.sources.is_empty() {
            self.default_duplicate_window(max_age, server_limit)?
        } else {
            Duration::from_nanos(window_ns)
        };
        if max_age.is_some_and(|max_age| window > max_age) {
            return refuse("duplicates window can not be larger then max age");
        }
        if let Some(limit) = server_limit.filter(|limit| window > *limit) {
            return refuse(format!("duplicates window can not be larger then server limit of {}", GoDuration(limit)));
        }
        match window {
            Duration::ZERO => Ok(None),
            window if window < SHORTEST => refuse("duplicates window needs to be >= 100ms"),
            window => Ok(Some(window)),
        }
    }

    fn default_duplicate_window(
        &self,
        max_age: Option<Duration>,
        server_limit: Option<Duration>,
    ) -> Result<Duration, ApiError> {
        let mut window = DEFAULT_DUPLICATE_WINDOW;
        let bounds = [
            (server_limit, "duplicate window limits are higher than current limits"),
            (max_age, "duplicate window cannot be bigger than max age"),
        ];
        for (bound, pedantic) in bounds {
            if let Some(bound) = bound.filter(|bound| *bound < window) {
                if self.pedantic {
                    return Err(ApiError::pedantic(pedantic));
                }
                window = bound;
            }
        }
        Ok(window)
    }

    /// Which features go together. Markers and schedules switch on what they need.
    fn check_features(&mut self) -> Result<(), ApiError> {
        if self.deny_purge && self.allow_rollup_hdrs {
            return refuse("roll-ups require the purge permission");
        }
        if self.allow_msg_counter {
            self.check_counter()?;
        }
        if self.discard_new_per_subject {
            check_discard_new_per_subject(self.discard, positive(self.max_msgs_per_subject))?;
        }
        self.check_delete_markers()?;
        if self.allow_msg_schedules {
            if self.discard == Discard::New {
                return refuse("message scheduling cannot use discard new");
            }
            self.need_rollups("message scheduling cannot be set if roll-ups are disabled")?;
        }
        if self.persist_mode == PersistMode::Async { self.check_async() } else { Ok(()) }
    }

    fn check_counter(&self) -> Result<(), ApiError> {
        if self.discard == Discard::New {
            return refuse("counter stream cannot use discard new");
        }
        if self.allow_msg_ttl {
            return refuse("counter stream cannot use message TTLs");
        }
        if self.allow_msg_schedules {
            return refuse("counter stream cannot use message schedules");
        }
        if self.retention != Retention::Limits {
            return refuse("counter stream can only use limits retention");
        }
        Ok(())
    }

    fn check_delete_markers(&mut self) -> Result<(), ApiError> {
        match self.subject_delete_marker_ttl_ns {
            ..0 => return refuse("subject delete marker TTL must not be negative"),
            0 => return Ok(()),
            1..1_000_000_000 => return refuse("subject delete marker TTL must be at least 1 second"),
            _ => {}
        }
        if !self.allow_msg_ttl && self.pedantic {
            return refuse("subject delete marker cannot be set if message TTLs are disabled");
        }
        self.allow_msg_ttl = true;
        self.need_rollups("subject delete marker cannot be set if roll-ups are disabled")
    }

    /// Switches rollups on, and with them purges; `pedantic` is said instead in pedantic mode.
    fn need_rollups(&mut self, pedantic: &str) -> Result<(), ApiError> {
        if !self.allow_rollup_hdrs {
            if self.pedantic {
                return refuse(pedantic);
            }
            self.allow_rollup_hdrs = true;
            self.deny_purge = false;
        }
        Ok(())
    }

    fn check_async(&self) -> Result<(), ApiError> {
        if self.storage != Storage::File {
            return refuse("async persist mode is only supported on file storage");
        }
        if self.num_replicas > 1 {
            return refuse("async persist mode is not supported on replicated streams");
        }
        if self.allow_atomic {
            return refuse("async persist mode is not supported with atomic batch publish");
        }
        Ok(())
    }

    /// A stream without any listens to its name, unless it is fed by others.
    fn check_subjects(&mut self) -> Result<List<SubjectFilter>, ApiError> {
        if self.subjects.is_empty() && self.mirror.is_none() && self.sources.is_empty() {
            self.subjects = List::from(vec![self.name.clone()]);
            // A name is a valid subject: it holds neither dots nor wildcards nor blanks.
            return Ok(self.subjects.iter().filter_map(|name| SubjectFilter::new(name)).collect());
        }
        for (i, subject) in self.subjects.iter().enumerate() {
            if !is_valid_filter(subject.as_bytes()) {
                return refuse("invalid subject");
            }
            self.check_namespaces(subject)?;
            let overlaps = |later: &&String| collide(later.as_bytes(), subject.as_bytes());
            if let Some(later) = self.subjects[i + 1..].iter().find(overlaps) {
                let (earlier, later) = (quote(subject.as_bytes()), quote(later.as_bytes()));
                return refuse(format!("subject {earlier} overlaps with {later}"));
            }
        }
        std::mem::take(&mut self.subjects)
            .try_map(|subject| SubjectFilter::new(&subject).ok_or_else(|| ApiError::invalid_config("invalid subject")))
    }

    /// Some subjects are only for streams that do not answer: the answers would be captured in turn.
    fn check_namespaces(&self, subject: &str) -> Result<(), ApiError> {
        if subject == ">" {
            if !self.no_ack {
                return refuse("capturing all subjects requires no-ack to be true");
            }
            if self.num_replicas > 1 {
                return refuse("capturing all subjects requires replicas of 1");
            }
        }
        if self.no_ack {
            return Ok(());
        }
        let subject = subject.as_bytes();
        let reserved: [&[u8]; 3] = [b"$JS.>", b"$JSC.>", b"$NRG.>"];
        if reserved.iter().any(|space| collide(subject, space)) && !is_subset(subject, b"$JS.EVENT.>") {
            return refuse("subjects that overlap with jetstream api require no-ack to be true");
        }
        if collide(subject, b"$SYS.>") && !is_subset(subject, b"$SYS.ACCOUNT.>") {
            return refuse("subjects that overlap with system api require no-ack to be true");
        }
        Ok(())
    }

    fn check_max_bytes(&self, limits: &ConfigLimits) -> Result<(), ApiError> {
        let max_bytes = positive(self.max_bytes);
        if limits.max_bytes_required && max_bytes.is_none() {
            return Err(ApiError::StreamMaxBytesRequired);
        }
        match (max_bytes, limits.max_stream_bytes(self.storage)) {
            (Some(max_bytes), Some(limit)) if max_bytes > limit => Err(ApiError::StreamMaxStreamBytesExceeded),
            _ => Ok(()),
        }
    }

    fn check_republish(&self, subjects: &[SubjectFilter]) -> Result<Option<RePublish>, ApiError> {
        let Some(RePublishRequest { src, dest, headers_only }) = &self.republish else { return Ok(None) };
        if src.is_empty() && self.pedantic {
            return Err(ApiError::pedantic("republish source can not be empty"));
        }
        let (mut src, mut dest) = (if src.is_empty() { ">" } else { src }, dest.as_str());
        if let Some(transform) = self.transform_of_all(subjects).filter(|_| (src, dest) == (">", ">")) {
            if self.pedantic {
                return Err(ApiError::pedantic("implicit republish based on subject transform"));
            }
            (src, dest) = (&transform.dest, &transform.dest);
        }
        if subjects.iter().any(|subject| collide(dest.as_bytes(), subject.as_bytes())) {
            return refuse("stream configuration for republish destination forms a cycle");
        }
        match SubjectTransform::new(src, dest) {
            Ok(transform) => Ok(Some(RePublish { transform, headers_only: *headers_only })),
            Err(_) => {
                refuse(format!("stream configuration for republish with transform from '{src}' to '{dest}' not valid"))
            }
        }
    }

    /// The stream's transform, if its source is the one subject of the stream: everything is stored under another
    /// subject, so that republishing everything forms no cycle.
    fn transform_of_all(&self, subjects: &[SubjectFilter]) -> Option<&SubjectTransformRequest> {
        let [subject] = subjects else { return None };
        self.subject_transform.as_ref().filter(|transform| transform.src == subject.as_str())
    }
}

impl StreamConfig {
    /// The API level that a server needs for all that the stream does.
    fn required_level(&self) -> u8 {
        let since_2_12 = self.allow_msg_counter
            || self.allow_atomic
            || self.allow_msg_schedules
            || self.persist_mode == PersistMode::Async;
        if self.allow_batched {
            4
        } else if since_2_12 {
            2
        } else {
            u8::from(self.allow_msg_ttl)
        }
    }

    /// A server without a cluster has one replica of everything.
    ///
    /// # Errors
    /// [`ApiError::StreamReplicasNotSupported`].
    pub fn check_replicas(&self) -> Result<(), ApiError> {
        if self.num_replicas > 1 { Err(ApiError::StreamReplicasNotSupported) } else { Ok(()) }
    }
}

/// The rule for `discard_new_per_subject`.
fn check_discard_new_per_subject(discard: Discard, max_msgs_per_subject: Option<u64>) -> Result<(), ApiError> {
    if discard != Discard::New {
        return refuse("discard new per subject requires discard new policy to be set");
    }
    if max_msgs_per_subject.is_none() {
        return refuse("discard new per subject requires max msgs per subject > 0");
    }
    Ok(())
}

pub(super) fn check_metadata_len(len: usize) -> Result<(), ApiError> {
    if len > MAX_METADATA_LEN {
        return refuse(format!("stream metadata exceeds maximum size of {MAX_METADATA_LEN} bytes"));
    }
    Ok(())
}

fn check_subject_transform(request: Option<&SubjectTransformRequest>) -> Result<Option<SubjectTransform>, ApiError> {
    let Some(SubjectTransformRequest { src, dest }) = request else { return Ok(None) };
    if !src.is_empty() && !is_valid_filter(src.as_bytes()) {
        return Err(ApiError::StreamTransformInvalidSource { err: format!("invalid subject {src}") });
    }
    SubjectTransform::checked(src, dest)
        .map(Some)
        .map_err(|error| ApiError::StreamTransformInvalidDestination { err: error.to_string() })
}

fn check_placement(placement: Option<Placement>) -> Result<Option<Placement>, ApiError> {
    let placement = placement.filter(|placement| *placement != Placement::default());
    if placement.as_ref().is_some_and(|placement| !placement.preferred.is_empty()) {
        return refuse("preferred server not permitted in placement");
    }
    Ok(placement)
}

pub(super) fn refuse<T>(err: impl Into<String>) -> Result<T, ApiError> {
    Err(ApiError::invalid_config(err))
}
