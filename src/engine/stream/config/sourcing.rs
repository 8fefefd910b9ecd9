//! The rules for mirrors and sources (ADR-59).
//!
//! They are the only ones that look at other streams: at those that feed this one.

use std::collections::VecDeque;

use super::check::refuse;
use super::request::{StreamConfigRequest, StreamSourceRequest, SubjectTransformRequest};
use super::{StreamConfig, StreamConsumerSource, StreamSource};
use crate::engine::asset::is_valid_name;
use crate::engine::error::ApiError;
use crate::engine::list::List;
use crate::engine::subject::{collide, is_subset, is_valid_filter, is_valid_literal};
use crate::engine::transform::SubjectTransform;

const API_PREFIX: &str = "$JS.API";

/// What feeds a stream, checked.
pub(super) struct Sourcing {
    pub mirror: Option<StreamSource>,
    pub sources: List<StreamSource>,
}

/// Checks all mirrors and sources; a mirror takes `mirror_direct` over from its origin.
///
/// # Errors
/// The first rule broken, in the server's order.
pub(super) fn check<'s>(
    request: &mut StreamConfigRequest,
    origin: &impl Fn(&str) -> Option<&'s StreamConfig>,
) -> Result<Sourcing, ApiError> {
    let mut external = External::default();
    let mirror = match request.mirror.clone() {
        None => None,
        Some(mirror) => {
            check_beside_mirror(request)?;
            let subject_transforms = check_mirror(request, &mirror)?;
            check_mirrored_stream(request, &mirror, origin, &mut external)?;
            Some(StreamSource::new(mirror, subject_transforms))
        }
    };
    if !request.sources.is_empty() && request.allow_msg_schedules {
        return Err(ApiError::SourceWithMsgSchedules);
    }
    let sources = check_sources(request, origin, &mut external)?;
    external.check()?;
    check_cycle(request, origin)?;
    Ok(Sourcing { mirror, sources })
}

impl StreamSource {
    fn new(request: StreamSourceRequest, subject_transforms: List<SubjectTransform>) -> Self {
        Self {
            name: request.name,
            opt_start_seq: Some(request.opt_start_seq).filter(|seq| *seq > 0),
            opt_start_time: request.opt_start_time,
            filter_subject: Some(request.filter_subject).filter(|filter| !filter.is_empty()),
            subject_transforms,
            external: request.external,
            consumer: request.consumer,
        }
    }
}

impl StreamConfig {
    /// The filters of mirror and sources have to be subjects where a stream is created; an update takes any text.
    ///
    /// # Errors
    /// [`ApiError::StreamCreate`].
    pub fn check_source_filters(&self) -> Result<(), ApiError> {
        let mirror = self.mirror.iter().map(|mirror| ("mirror", mirror));
        let sources = self.sources.iter().map(|source| ("source:", source));
        for (what, source) in mirror.chain(sources) {
            match source.filter_subject.as_deref() {
                Some(filter) if source.subject_transforms.is_empty() && !is_valid_filter(filter.as_bytes()) => {
                    let err = format!("subject filter '{filter}' for the {what} invalid subject");
                    return Err(ApiError::StreamCreate { err });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What a stream that mirrors may not do besides.
fn check_beside_mirror(request: &StreamConfigRequest) -> Result<(), ApiError> {
    let refused = [
        (request.first_seq > 0, ApiError::MirrorWithFirstSeq),
        (!request.subjects.is_empty(), ApiError::MirrorWithSubjects),
        (!request.sources.is_empty(), ApiError::MirrorWithSources),
        (request.allow_msg_counter, ApiError::MirrorWithCounters),
        (request.allow_atomic, ApiError::MirrorWithAtomicPublish),
        (request.allow_batched, ApiError::MirrorWithBatchPublish),
        (request.allow_msg_schedules, ApiError::MirrorWithMsgSchedules),
    ];
    match refused.into_iter().find(|(is_asked, _)| *is_asked) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn check_mirror(
    request: &StreamConfigRequest,
    mirror: &StreamSourceRequest,
) -> Result<List<SubjectTransform>, ApiError> {
    if mirror.consumer.as_ref().is_some_and(|consumer| !is_valid_consumer(mirror, consumer)) {
        return Err(ApiError::MirrorDurableConsumerCfgInvalid);
    }
    if !mirror.filter_subject.is_empty() && !mirror.subject_transforms.is_empty() {
        return Err(ApiError::MirrorMultipleFiltersNotAllowed);
    }
    if request.subject_delete_marker_ttl_ns > 0 {
        return refuse("subject delete markers forbidden on mirrors");
    }
    let transforms = &mirror.subject_transforms;
    for (i, transform) in transforms.iter().enumerate() {
        check_transform(
            transform,
            |err| ApiError::MirrorInvalidSubjectFilter { err },
            |err| ApiError::MirrorInvalidTransformDestination { err },
        )?;
        if others(transforms, i).any(|other| texts_collide(&transform.src, &other.src)) {
            return Err(ApiError::MirrorOverlappingSubjectFilters);
        }
    }
    compile(transforms)
}

/// The rules between a mirror and its origin. An origin in another account or domain cannot be seen.
fn check_mirrored_stream<'s>(
    request: &mut StreamConfigRequest,
    mirror: &StreamSourceRequest,
    origin: &impl Fn(&str) -> Option<&'s StreamConfig>,
    external: &mut External,
) -> Result<(), ApiError> {
    if mirror.external.is_some() {
        external.add(mirror);
        return Ok(());
    }
    if !is_valid_name(&mirror.name) {
        return Err(ApiError::MirrorInvalidStreamName);
    }
    let Some(origin) = origin(&mirror.name) else { return Ok(()) };
    external.add_subjects_of(origin);
    if is_smaller_than(request, origin) {
        return Err(ApiError::MirrorMaxMessageSizeTooBig);
    }
    if request.pedantic && request.mirror_direct != origin.allow_direct {
        return Err(ApiError::pedantic("origin stream has direct get set, mirror has it disabled"));
    }
    request.mirror_direct = origin.allow_direct;
    Ok(())
}

fn check_sources<'s>(
    request: &StreamConfigRequest,
    origin: &impl Fn(&str) -> Option<&'s StreamConfig>,
    external: &mut External,
) -> Result<List<StreamSource>, ApiError> {
    let (mut identities, mut consumers) = (Vec::new(), Vec::new());
    request.sources.clone().try_map(|source| {
        let source = source.filter(|source| is_valid_name(&source.name)).ok_or(ApiError::SourceInvalidStreamName)?;
        let identity = identity(&source);
        if identities.contains(&identity) {
            return Err(ApiError::SourceDuplicateDetected);
        }
        identities.push(identity);
        let subject_transforms = check_source(&source)?;
        if let Some(consumer) = &source.consumer {
            if !is_valid_consumer(&source, consumer) {
                return Err(ApiError::SourceDurableConsumerCfgInvalid);
            }
            let api = source.external.as_ref().map(|external| external.api.clone());
            let consumer = (source.name.clone(), api, consumer.name.clone());
            if consumers.contains(&consumer) {
                return Err(ApiError::SourceDurableConsumerDuplicateDetected);
            }
            consumers.push(consumer);
        }
        if source.external.is_some() {
            external.add(&source);
        } else if let Some(origin) = origin(&source.name) {
            external.add_subjects_of(origin);
            if is_smaller_than(request, origin) {
                return Err(ApiError::SourceMaxMessageSizeTooBig);
            }
        }
        Ok(StreamSource::new(source, subject_transforms))
    })
}

fn check_source(source: &StreamSourceRequest) -> Result<List<SubjectTransform>, ApiError> {
    let transforms = &source.subject_transforms;
    if !source.filter_subject.is_empty() && !transforms.is_empty() {
        return Err(ApiError::SourceMultipleFiltersNotAllowed);
    }
    for transform in transforms {
        check_transform(
            transform,
            |err| ApiError::SourceInvalidSubjectFilter { err },
            |err| ApiError::SourceInvalidTransformDestination { err },
        )?;
    }
    // Unlike those of a mirror, the filters may overlap in part.
    for (i, transform) in transforms.iter().enumerate() {
        if others(transforms, i).any(|other| is_contained(&transform.src, &other.src)) {
            return Err(ApiError::SourceOverlappingSubjectFilters);
        }
    }
    compile(transforms)
}

fn check_transform(
    transform: &SubjectTransformRequest,
    invalid_source: impl Fn(String) -> ApiError,
    invalid_destination: impl Fn(String) -> ApiError,
) -> Result<(), ApiError> {
    let SubjectTransformRequest { src, dest } = transform;
    if !src.is_empty() && !is_valid_filter(src.as_bytes()) {
        return Err(invalid_source(format!("invalid subject {src}")));
    }
    SubjectTransform::checked(src, dest).map(drop).map_err(|error| invalid_destination(error.to_string()))
}

fn compile(transforms: &List<SubjectTransformRequest>) -> Result<List<SubjectTransform>, ApiError> {
    transforms.clone().try_map(|SubjectTransformRequest { src, dest }| {
        SubjectTransform::checked(&src, &dest).map_err(|error| ApiError::invalid_config(error.to_string()))
    })
}

fn others(transforms: &[SubjectTransformRequest], i: usize) -> impl Iterator<Item = &SubjectTransformRequest> {
    transforms.iter().enumerate().filter(move |(other, _)| *other != i).map(|(_, other)| other)
}

fn is_valid_consumer(source: &StreamSourceRequest, consumer: &StreamConsumerSource) -> bool {
    is_valid_name(&consumer.name)
        && is_valid_literal(consumer.deliver_subject.as_bytes())
        && source.opt_start_seq == 0
        && source.opt_start_time.is_none()
        && source.filter_subject.is_empty()
}

/// Whether messages of `origin` may be too large for the stream.
fn is_smaller_than(request: &StreamConfigRequest, origin: &StreamConfig) -> bool {
    let own = u32::try_from(request.max_msg_size).ok().filter(|size| *size > 0);
    matches!((own, origin.max_msg_size), (Some(own), Some(origins)) if own < origins)
}

/// What tells one source from another: everything but where it starts.
fn identity(source: &StreamSourceRequest) -> impl PartialEq + use<> {
    let or_all = |text: &str| if text.is_empty() { ">".to_owned() } else { text.to_owned() };
    let mappings: Vec<(String, String)> = if source.subject_transforms.is_empty() {
        vec![(or_all(&source.filter_subject), or_all(""))]
    } else {
        source.subject_transforms.iter().map(|transform| (or_all(&transform.src), or_all(&transform.dest))).collect()
    };
    let api = source.external.as_ref().map(|external| external.api.clone());
    let consumer = source.consumer.as_ref().map(|consumer| consumer.name.clone());
    (source.name.clone(), api, consumer, mappings)
}

/// As [`collide`], for filters that may be empty: an empty one collides with itself and with `>`.
fn texts_collide(a: &str, b: &str) -> bool {
    match (a, b) {
        ("", other) | (other, "") => matches!(other, "" | ">"),
        _ => collide(a.as_bytes(), b.as_bytes()),
    }
}

/// As [`is_subset`], for filters that may be empty: an empty one is contained in `>` and contains nothing.
fn is_contained(filter: &str, wider: &str) -> bool {
    match (filter, wider) {
        (_, "") => false,
        ("", wider) => wider == ">",
        _ => is_subset(filter.as_bytes(), wider.as_bytes()),
    }
}

/// The prefixes of other accounts and domains, and the subjects of all origins that can be seen.
#[derive(Default)]
struct External {
    deliver_prefixes: Vec<String>,
    api_prefixes: Vec<String>,
    subjects: Vec<String>,
}

impl External {
    fn add(&mut self, source: &StreamSourceRequest) {
        let Some(external) = &source.external else { return };
        let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        self.deliver_prefixes.extend(filled(&external.deliver));
        self.api_prefixes.extend(filled(&external.api));
    }

    fn add_subjects_of(&mut self, origin: &StreamConfig) {
        self.subjects.extend(origin.subjects.iter().map(ToString::to_string));
    }

    fn check(&self) -> Result<(), ApiError> {
        for prefix in &self.deliver_prefixes {
            if !is_valid_literal(prefix.as_bytes()) {
                return Err(ApiError::StreamInvalidExternalDeliverySubj { prefix: prefix.clone() });
            }
            let delivers_into =
                |subject: &&String| collide(subject.as_bytes(), format!("{prefix}.{subject}").as_bytes());
            if let Some(subject) = self.subjects.iter().find(delivers_into) {
                let (prefix, subject) = (prefix.clone(), subject.clone());
                return Err(ApiError::StreamExternalDelPrefixOverlaps { prefix, subject });
            }
        }
        for prefix in &self.api_prefixes {
            if !is_valid_literal(prefix.as_bytes()) {
                let prefix = crate::engine::quote::quote(prefix.as_bytes());
                return refuse(format!(
                    "stream external api prefix {prefix} must be a valid subject without wildcards"
                ));
            }
            if collide(prefix.as_bytes(), API_PREFIX.as_bytes()) {
                let (prefix, subject) = (prefix.clone(), API_PREFIX.to_owned());
                return Err(ApiError::StreamExternalApiOverlap { prefix, subject });
            }
        }
        Ok(())
    }
}

/// A stream of the walk along mirrors and sources, with what feeds it.
struct Fed<'a> {
    name: &'a str,
    subjects: Vec<&'a str>,
    /// Names and filters of the sources in this account.
    sources: Vec<(&'a str, &'a str)>,
    mirror: Option<&'a str>,
}

impl<'a> From<&'a StreamConfigRequest> for Fed<'a> {
    fn from(request: &'a StreamConfigRequest) -> Self {
        let sources = request.sources.iter().flatten().filter(|source| source.external.is_none());
        let mirror = request.mirror.as_ref().filter(|mirror| mirror.external.is_none());
        Self {
            name: &request.name,
            subjects: request.subjects.iter().map(String::as_str).collect(),
            sources: sources.map(|source| (&*source.name, &*source.filter_subject)).collect(),
            mirror: mirror.map(|mirror| &*mirror.name),
        }
    }
}

impl<'a> From<&'a StreamConfig> for Fed<'a> {
    fn from(config: &'a StreamConfig) -> Self {
        let sources = config.sources.iter().filter(|source| source.external.is_none());
        let mirror = config.mirror.as_ref().filter(|mirror| mirror.external.is_none());
        Self {
            name: &config.name,
            subjects: config.subjects.iter().map(super::SubjectFilter::as_str).collect(),
            sources: sources.map(|source| (&*source.name, source.filter_subject.as_deref().unwrap_or(""))).collect(),
            mirror: mirror.map(|mirror| &*mirror.name),
        }
    }
}

impl Fed<'_> {
    fn listens_to(&self, filter: &str) -> bool {
        filter.is_empty() || self.subjects.iter().any(|subject| texts_collide(subject, filter))
    }
}

/// Walks from the stream along all that feeds it. Coming to a stream for the second time counts as a cycle, even where
/// two ways only meet; but a source passes whose filter lets nothing of the sourcing stream's own subjects through.
fn check_cycle<'s>(
    request: &StreamConfigRequest,
    origin: &impl Fn(&str) -> Option<&'s StreamConfig>,
) -> Result<(), ApiError> {
    let mut visited: Vec<&str> = Vec::new();
    let mut to_visit = VecDeque::from([Fed::from(request)]);
    while let Some(fed) = to_visit.pop_front() {
        visited.push(fed.name);
        for (name, filter) in &fed.sources {
            if !visited.contains(name) {
                to_visit.extend(origin(name).map(Fed::from));
            } else if fed.listens_to(filter) {
                return refuse("detected cycle");
            }
        }
        if let Some(name) = fed.mirror {
            if visited.contains(&name) {
                return refuse("detected cycle");
            }
            to_visit.extend(origin(name).map(Fed::from));
        }
    }
    Ok(())
}
