//! Message schedules: stored messages that the server publishes to another subject when they are due (ADR-51).
//!
//! One schedule a subject. What is stored is the schedule; here stand only the moments. Sources: nats-server
//! `server/scheduler.go`, `server/stream.go` (`processJetStreamMsg`), `server/memstore.go` (`storeRawMsg`).

use std::time::Duration;

use super::cron::Cron;
use super::headers::{PublishHeaders, without_headers};
use super::publish::Sender;
use super::staged::Staged;
use super::storing::Room;
use super::ttl::MessageTtl;
use super::{Context, Stream};
use crate::engine::bytes_map::BytesMap;
use crate::engine::date_time::DateTime;
use crate::engine::duration;
use crate::engine::error::ApiError;
use crate::engine::event::Event;
use crate::engine::expiring::Deadlines;
use crate::engine::message::HeaderBlock;
use crate::engine::subject::{collide, is_valid_literal};
use crate::engine::time::Timestamp;
use crate::engine::time_zone::TimeZone;

/// The timers for schedules and TTLs never wait less.
pub(super) const SHORTEST_WAIT: Duration = Duration::from_millis(250);
const NANOS_PER_SEC: i128 = 1_000_000_000;

/// When a schedule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Firing {
    at: DateTime,
    repeats: bool,
}

/// What `Nats-Schedule` says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    At(DateTime),
    /// In nanoseconds.
    Every(i64),
    Cron(Cron, TimeZone),
}

impl Pattern {
    /// `None` if it is none, or a zone stands beside one that takes none.
    fn parse(text: &[u8], zone: Option<TimeZone>) -> Option<Self> {
        if let Some(time) = text.strip_prefix(b"@at ") {
            return DateTime::parse(time).ok().filter(|_| zone.is_none()).map(Self::At);
        }
        if let Some(interval) = text.strip_prefix(b"@every ") {
            let nanos = duration::parse(interval).filter(|_| zone.is_none())?;
            return (i128::from(nanos) >= NANOS_PER_SEC).then_some(Self::Every(nanos));
        }
        let cron = match text {
            b"@yearly" | b"@annually" => "0 0 0 1 1 *",
            b"@monthly" => "0 0 0 1 * *",
            b"@weekly" => "0 0 0 * * 0",
            b"@daily" | b"@midnight" => "0 0 0 * * *",
            b"@hourly" => "0 0 * * * *",
            cron => std::str::from_utf8(cron).ok()?,
        };
        Some(Self::Cron(Cron::parse(cron)?, zone.unwrap_or(TimeZone::UTC)))
    }

    /// When it fires after `after`. What has been missed by `now` is skipped, but for `@at`. `None` if never.
    fn next(&self, now: DateTime, after: DateTime) -> Option<Firing> {
        let at = match self {
            Self::At(at) => return Some(Firing { at: *at, repeats: false }),
            Self::Every(nanos) => {
                let next = |base: DateTime| DateTime::new(rounded(base) + i128::from(*nanos), 0);
                let at = next(after);
                // What was set for a time beyond all counting has been missed as well.
                if at.unix_nanos() < now.unix_nanos() || after.unix_nanos() == 0 { next(now) } else { at }
            }
            Self::Cron(cron, zone) => {
                let next = |base: i128| cron.next(zone, i64::try_from(base.div_euclid(NANOS_PER_SEC)).ok()?);
                let mut secs = next(after.unix_nanos())?;
                if i128::from(secs) * NANOS_PER_SEC < now.unix_nanos() {
                    secs = next(rounded(now))?;
                }
                DateTime::new(i128::from(secs) * NANOS_PER_SEC, zone.offset_at(secs))
            }
        };
        Some(Firing { at, repeats: true })
    }
}

/// Nanoseconds of the nearest whole second, the later one of two.
fn rounded(time: DateTime) -> i128 {
    (time.unix_nanos() + NANOS_PER_SEC / 2).div_euclid(NANOS_PER_SEC) * NANOS_PER_SEC
}

/// When the schedule in the headers fires after `after`; `None` if there is none, which a schedule for Go's zero time is
/// as well.
///
/// # Errors
/// If pattern or zone are none.
fn next_firing(asked: &PublishHeaders<'_>, now: DateTime, after: DateTime) -> Result<Option<Firing>, ApiError> {
    let zone = match asked.schedule_time_zone {
        Some(name) => Some(TimeZone::find(name).ok_or(ApiError::MessageSchedulesTimeZoneInvalid)?),
        None => None,
    };
    let Some(text) = asked.schedule else { return Ok(None) };
    let pattern = Pattern::parse(text, zone).and_then(|pattern| pattern.next(now, after));
    let firing = pattern.ok_or(ApiError::MessageSchedulesPatternInvalid)?;
    Ok(Some(firing).filter(|firing| !firing.at.is_zero()))
}

/// The headers of a schedule: there is one a subject. `None` if they say so already.
pub(super) fn with_rollup(headers: &[u8], asked: &PublishHeaders<'_>) -> Option<Vec<u8>> {
    if asked.rollup.is_some() {
        return None;
    }
    let mut block = HeaderBlock::from_bytes(headers);
    block.push("Nats-Rollup", "sub");
    Some(block.finish())
}

/// The schedules of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedules {
    /// Sequences of the schedules by their subjects.
    by_subject: BytesMap<u64>,
    /// When they fire, by their sequences; those whose message is under way are not here.
    due: Deadlines,
    /// When the timer runs next. It is not put off when the schedule that it runs for goes, and runs once more after each
    /// time that something fired; what it then finds it waits for at least [`SHORTEST_WAIT`].
    timer: Option<Timestamp>,
}

/// As Go's `Time.UnixNano`: years that do not fit come round, to a time before 1970, which is as good as 1970.
fn timestamp(time: DateTime) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(time.unix_nanos() as i64).unwrap_or(0))
}

impl Schedules {
    /// Subjects and sequences of schedules, and when they fire, if they do.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64, Option<Timestamp>)> {
        self.by_subject.iter().map(|(subject, seq)| (subject, *seq, self.due.get(*seq)))
    }

    /// The subject of the schedule that fires first.
    pub fn first(&self) -> Option<&[u8]> {
        let (_, seq) = self.due.first()?;
        self.by_subject.iter().find(|(_, of)| **of == seq).map(|(subject, _)| subject)
    }

    fn set(&mut self, now: Timestamp, seq: u64, subject: &[u8], at: Timestamp) {
        self.settle(now);
        if let Some(before) = self.by_subject.insert(subject, seq) {
            self.due.remove(before);
        }
        self.due.set(seq, at);
        let earliest = self.first_due().map_or(now, |first| first.max(now + SHORTEST_WAIT));
        self.timer = Some(self.timer.map_or(earliest, |timer| timer.min(earliest)));
    }

    /// Ends the schedule on a subject.
    fn end(&mut self, subject: &[u8]) {
        if let Some(seq) = self.by_subject.remove(subject) {
            self.due.remove(seq);
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.by_subject.is_empty()
    }

    /// Message `seq` on `subject` is gone.
    pub(super) fn handle_removed(&mut self, seq: u64, subject: &[u8]) {
        if self.by_subject.get(subject) == Some(&seq) {
            self.end(subject);
        }
    }

    /// Sets when the schedule on a subject fires again.
    fn repeat(&mut self, subject: &[u8], at: Timestamp) {
        if let Some(seq) = self.by_subject.get(subject) {
            self.due.set(*seq, at);
        }
    }

    fn first_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| at)
    }

    /// Takes note of the times at which the timer ran and found nothing.
    fn settle(&mut self, now: Timestamp) {
        while let Some(timer) = self.timer.filter(|timer| *timer <= now) {
            self.timer = self.first_due().map(|first| first.max(timer + SHORTEST_WAIT));
        }
    }

    /// When something fires.
    pub fn due_at(&self) -> Option<Timestamp> {
        let (first, timer) = (self.first_due()?, self.timer?);
        Some(if first <= timer { timer } else { first.max(timer + SHORTEST_WAIT) })
    }

    /// What fires at `now`, by sequence, and for when it was set. The timer runs again soon, if anything fires.
    fn take_due(&mut self, now: Timestamp) -> Vec<(u64, Timestamp)> {
        let mut taken: Vec<(u64, Timestamp)> = Vec::new();
        while let Some((at, seq)) = self.due.pop(now) {
            taken.insert(taken.partition_point(|(earlier, _)| *earlier < seq), (seq, at));
        }
        let soon = now + SHORTEST_WAIT;
        self.timer = if taken.is_empty() { self.first_due().map(|first| first.max(soon)) } else { Some(soon) };
        taken
    }
}

/// A message that a schedule sends.
#[derive(Debug)]
struct FiredMessage {
    target: Vec<u8>,
    headers: Vec<u8>,
    payload: Vec<u8>,
}

impl Stream {
    pub const fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// Checks the headers of schedules, and returns whether the message is one.
    ///
    /// # Errors
    /// The first rule broken.
    pub(super) fn check_schedule(
        &self,
        now: Timestamp,
        subject: &[u8],
        asked: &PublishHeaders<'_>,
        staged: &Staged,
    ) -> Result<bool, ApiError> {
        let firing = next_firing(asked, now.into(), now.into());
        if !self.config.allow_msg_schedules && !matches!(firing, Ok(None)) {
            return Err(ApiError::MessageSchedulesDisabled);
        }
        let is_schedule = firing?.is_some();
        if is_schedule {
            self.check_schedule_details(subject, asked)?;
        }
        self.check_scheduler(subject, asked, staged)?;
        Ok(is_schedule)
    }

    fn check_schedule_details(&self, subject: &[u8], asked: &PublishHeaders<'_>) -> Result<(), ApiError> {
        if asked.schedule_ttl.is_some_and(|ttl| MessageTtl::parse(ttl).is_err()) {
            return Err(ApiError::MessageSchedulesTtlInvalid);
        }
        if asked.schedule_rollup.is_some_and(|rollup| rollup != b"sub") {
            return Err(ApiError::MessageSchedulesRollupInvalid);
        }
        if asked.schedule_ttl.is_some() && !self.config.allow_msg_ttl {
            return Err(ApiError::MessageTtlDisabled);
        }
        let target = asked.schedule_target.unwrap_or_default();
        if !is_valid_literal(target) || target == subject {
            return Err(ApiError::MessageSchedulesTargetInvalid);
        }
        let source = asked.schedule_source;
        if source.is_some_and(|source| source == target || source == subject || !is_valid_literal(source)) {
            return Err(ApiError::MessageSchedulesSourceInvalid);
        }
        let is_ours = |subject| self.config.subjects.iter().any(|own| collide(own.as_bytes(), subject));
        if !is_ours(target) {
            return Err(ApiError::MessageSchedulesTargetInvalid);
        }
        if source.is_some_and(|source| !is_ours(source)) {
            return Err(ApiError::MessageSchedulesSourceInvalid);
        }
        if asked.rollup.is_some_and(|rollup| !rollup.eq_ignore_ascii_case(b"sub")) {
            return Err(ApiError::MessageSchedulesRollupInvalid);
        }
        Ok(())
    }

    /// Clients may end a schedule, and nothing else, in the name of its subject.
    fn check_scheduler(&self, subject: &[u8], asked: &PublishHeaders<'_>, staged: &Staged) -> Result<(), ApiError> {
        if asked.schedule_next.is_none() && asked.scheduler.is_none() {
            return Ok(());
        }
        let Some(scheduler) = asked.ended_schedule().filter(|of| *of != subject && is_valid_literal(of)) else {
            return Err(ApiError::MessageSchedulesSchedulerInvalid);
        };
        if !self.config.allow_msg_schedules {
            return Err(ApiError::MessageSchedulesDisabled);
        }
        let is_stored_schedule = || {
            let stored = self.store.get(self.store.last_of(scheduler)?)?;
            Some(PublishHeaders::read(stored.headers).schedule.is_some())
        };
        // A schedule that is not there may be ended.
        match staged.is_schedule(scheduler).or_else(is_stored_schedule) {
            Some(false) => Err(ApiError::MessageSchedulesSchedulerInvalid),
            Some(true) | None => Ok(()),
        }
    }

    /// A message was stored, at `stored`: it may be a schedule, take the place of one, or tell when its own fires again.
    pub(super) fn track_schedule(
        &mut self,
        now: Timestamp,
        stored: Timestamp,
        seq: u64,
        subject: &[u8],
        asked: &PublishHeaders<'_>,
    ) {
        match next_firing(asked, now.into(), stored.into()) {
            Ok(Some(firing)) => self.schedules.set(now, seq, subject, timestamp(firing.at)),
            _ if asked.scheduler.is_none() => self.schedules.end(subject),
            _ => {}
        }
        let next = asked.schedule_next.and_then(|next| DateTime::parse(next).ok());
        if let (Some(scheduler), Some(next)) = (asked.scheduler, next) {
            self.schedules.repeat(scheduler, timestamp(next));
        }
    }

    /// Takes up the schedules among the messages that were stored before the stream knew of schedules.
    pub(super) fn recover_schedules(&mut self, now: Timestamp) {
        for message in self.store.messages_from(self.store.first_seq()) {
            let asked = PublishHeaders::read(message.headers);
            if let Ok(Some(firing)) = next_firing(&asked, now.into(), message.time.into()) {
                self.schedules.set(now, message.seq, message.subject, timestamp(firing.at));
            }
        }
    }

    /// Publishes what is due. What this stores is not yet seen by those that fire at the same time.
    pub(super) fn fire_schedules(&mut self, ctx: &mut Context<'_>, room: &Room) {
        let due = self.schedules.take_due(ctx.now);
        let messages: Vec<FiredMessage> = due.iter().filter_map(|(seq, at)| self.fire(ctx, *seq, *at)).collect();
        for message in messages {
            let FiredMessage { target, headers, payload } = &message;
            // A schedule whose message is refused never fires again, unless it is published anew.
            _ = self.take_from_origin(ctx, room, Sender::Stream, target, headers, payload);
        }
    }

    /// The message that a schedule sends, and when it does so again.
    fn fire(&self, ctx: &mut Context<'_>, seq: u64, at: Timestamp) -> Option<FiredMessage> {
        let schedule = self.store.get(seq)?;
        let asked = PublishHeaders::read(schedule.headers);
        let firing = next_firing(&asked, ctx.now.into(), at.into()).ok()??;
        let target = asked.schedule_target?;
        let source = asked.schedule_source.and_then(|source| self.store.get(self.store.last_of(source)?));
        let content = source.unwrap_or(schedule);
        let next = firing.repeats.then_some(firing.at);
        let mut headers = HeaderBlock::from_bytes(&without_headers(content.headers, is_not_passed_on));
        headers.push("Nats-Scheduler", schedule.subject);
        headers.push("Nats-Schedule-Next", next.map_or_else(|| "purge".to_owned(), |next| next.to_string()));
        if let Some(ttl) = asked.schedule_ttl {
            headers.push("Nats-TTL", ttl);
        }
        if let Some(rollup) = asked.schedule_rollup {
            headers.push("Nats-Rollup", rollup);
        }
        ctx.tell(|| Event::ScheduleFired {
            stream: self.id,
            seq,
            subject: schedule.subject.into(),
            target: target.into(),
            next: next.map(DateTime::to_timestamp),
        });
        Some(FiredMessage { target: target.to_vec(), headers: headers.finish(), payload: content.payload.to_vec() })
    }
}

/// Headers that a schedule keeps to itself: its own, and those that could keep its message from being stored.
fn is_not_passed_on(name: &[u8]) -> bool {
    let prefixes: [&[u8]; 2] = [b"Nats-Schedule", b"Nats-Expected-"];
    let names: [&[u8]; 3] = [b"Nats-Msg-Id", b"Nats-TTL", b"Nats-Rollup"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_pattern_says_when_it_fires_next() {
        for (text, now, after, expected) in [
            ("@at 2026-01-01T00:00:00.5+01:00", "2026-06-01T00:00:00Z", "", Some("2026-01-01T00:00:00.5+01:00")),
            ("@every 5s", "2026-01-01T00:00:00.4Z", "2026-01-01T00:00:00.4Z", Some("2026-01-01T00:00:05Z")),
            ("@every 5s", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.5Z", Some("2026-01-01T00:00:06Z")),
            ("@every 1.5s", "2026-01-01T00:00:05.2Z", "2026-01-01T00:00:05Z", Some("2026-01-01T00:00:06.5Z")),
            ("@every 1s", "2026-01-01T00:01:00.7Z", "2026-01-01T00:00:05Z", Some("2026-01-01T00:01:02Z")),
            ("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some("2026-01-01T01:00:00Z")),
            ("@weekly", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some("2026-01-04T00:00:00Z")),
            ("@yearly", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some("2027-01-01T00:00:00Z")),
            ("0 * * * * *", "2026-01-01T00:10:30Z", "2026-01-01T00:00:00Z", Some("2026-01-01T00:11:00Z")),
            ("@every 999ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None),
            ("@every  5s", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None),
            ("@every 5", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None),
            ("@at 2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None),
            ("@Yearly", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None),
        ] {
            let time = |text: &str| DateTime::parse(text.as_bytes()).unwrap_or(DateTime::ZERO);
            let firing = Pattern::parse(text.as_bytes(), None).and_then(|pattern| pattern.next(time(now), time(after)));
            assert_eq!(firing.map(|firing| firing.at.to_string()).as_deref(), expected, "{text} after {after}");
        }
    }

    #[test]
    fn a_zone_stands_only_beside_cron() {
        for (text, is_good) in
            [("@daily", true), ("0 0 9 * * *", true), ("@every 5s", false), ("@at 2026-01-01T00:00:00Z", false)]
        {
            let zone = TimeZone::find(b"Europe/Berlin");
            assert_eq!(Pattern::parse(text.as_bytes(), zone).is_some(), is_good, "{text}");
        }
    }

    /// Schedules set at 0 for some times fire at others.
    #[test]
    fn the_timer_waits_a_quarter_of_a_second_at_least() {
        for (set_for, fired_at) in [
            (&[0][..], &[250][..]),
            (&[100], &[250]),
            (&[300], &[300]),
            // The timer runs once more after it fired, and waits again if it finds nothing.
            (&[500, 600], &[500, 750]),
            (&[500, 800], &[500, 1000]),
            (&[500, 1050], &[500, 1050]),
            (&[300, 400, 450, 800], &[300, 550, 550, 800]),
        ] {
            let mut schedules = Schedules::default();
            for (seq, millis) in (1..).zip(set_for) {
                schedules.set(at(0), seq, &seq.to_be_bytes(), at(*millis));
            }
            let mut fired = Vec::new();
            while let Some(due) = schedules.due_at() {
                fired.extend(schedules.take_due(due).iter().map(|_| due));
            }
            let expected: Vec<Timestamp> = fired_at.iter().map(|millis| at(*millis)).collect();
            assert_eq!(fired, expected, "set for {set_for:?}");
        }
    }

    #[test]
    fn a_schedule_that_goes_leaves_its_timer() {
        let mut schedules = Schedules::default();
        schedules.set(at(0), 1, b"a", at(500));
        schedules.set(at(0), 2, b"b", at(550));
        schedules.end(b"a");
        assert_eq!(schedules.due_at(), Some(at(750)));
        schedules.handle_removed(2, b"b");
        assert_eq!(schedules.due_at(), None);
        // Long after the timer ran.
        schedules.set(at(5000), 3, b"c", at(5300));
        assert_eq!(schedules.due_at(), Some(at(5300)));
    }

    #[test]
    fn a_schedule_that_repeats_is_due_again() {
        let mut schedules = Schedules::default();
        schedules.set(at(0), 1, b"a", at(1000));
        assert_eq!(schedules.take_due(at(1000)), [(1, at(1000))]);
        assert_eq!(schedules.due_at(), None);
        schedules.repeat(b"a", at(2000));
        assert_eq!(schedules.due_at(), Some(at(2000)));
        // Published anew, under another sequence.
        schedules.set(at(1500), 7, b"a", at(9000));
        assert_eq!(schedules.iter().map(|(_, seq, due)| (seq, due)).collect::<Vec<_>>(), [(7, Some(at(9000)))]);
    }

    #[test]
    fn years_beyond_2262_come_round() {
        let time = DateTime::parse(b"2300-01-01T00:00:00Z").expect("a time");
        assert_eq!(timestamp(time), Timestamp::from_nanos(0));
    }
}
