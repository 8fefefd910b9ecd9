//! What clients do, as members of a step: read on top of what they do, and written as what differs from it.

use std::time::Duration;

use super::ScenarioError;
use super::members::Members;
use super::write::Object;
use crate::sim::actor::{Draft, FetchRequest, PublisherScript, WorkerScript};
use crate::texts::scenario as texts;

const MAX_SUBJECT_BYTES: usize = 4 << 10;
const MAX_PAYLOAD_BYTES: usize = 1 << 20;
const MAX_HEADERS: usize = 200;
const U32: u64 = u32::MAX as u64;

impl Draft {
    pub(super) fn read(&mut self, members: &mut Members<'_>) -> Result<(), ScenarioError> {
        put(&mut self.subject, members.short_text("subject", MAX_SUBJECT_BYTES)?);
        put(&mut self.payload, members.short_text("payload", MAX_PAYLOAD_BYTES)?);
        put(&mut self.msg_id, members.short_text("msg_id", MAX_SUBJECT_BYTES)?);
        if let Some(texts) = members.texts("headers")? {
            let (pairs, rest) = texts.as_chunks();
            if !rest.is_empty() || pairs.len() > MAX_HEADERS {
                let says = texts::HEADERS_MOST_NAMES_EACH.with([&MAX_HEADERS]);
                return Err(ScenarioError::new(says));
            }
            self.headers = pairs.iter().map(|[name, value]| (name.clone(), value.clone())).collect();
        }
        Ok(())
    }

    /// Writes what differs from `base`.
    pub(super) fn write(&self, base: &Self, out: &mut Object) {
        out.text_unless(&base.subject, "subject", &self.subject);
        out.text_unless(&base.payload, "payload", &self.payload);
        out.text_unless(&base.msg_id, "msg_id", &self.msg_id);
        if self.headers != base.headers {
            out.texts("headers", self.headers.iter().flat_map(|(name, value)| [name, value]));
        }
    }
}

impl PublisherScript {
    pub(super) fn read(&mut self, members: &mut Members<'_>) -> Result<(), ScenarioError> {
        self.draft.read(members)?;
        let every = members.duration("every")?;
        if every == Some(Some(Duration::ZERO)) {
            return Err(ScenarioError::new(texts::EVERY_LONGER_THAN_NOTHING));
        }
        put(&mut self.every, every);
        put(&mut self.count, members.number_or_null("count")?);
        Ok(())
    }

    pub(super) fn write(&self, base: &Self, out: &mut Object) {
        self.draft.write(&base.draft, out);
        out.duration_unless(base.every, "every", self.every);
        if self.count != base.count {
            out.raw("count", &self.count.map_or_else(|| "null".to_owned(), |count| count.to_string()));
        }
    }
}

impl FetchRequest {
    pub(super) fn read(&mut self, members: &mut Members<'_>) -> Result<(), ScenarioError> {
        put_number(&mut self.batch, members.number("batch", U32)?);
        put(&mut self.no_wait, members.flag("no_wait")?);
        put(&mut self.expires, members.duration("expires")?);
        Ok(())
    }

    pub(super) fn write(&self, base: &Self, out: &mut Object) {
        out.number_unless(base.batch.into(), "batch", self.batch.into());
        out.flag_unless(base.no_wait, "no_wait", self.no_wait);
        out.duration_unless(base.expires, "expires", self.expires);
    }
}

impl WorkerScript {
    pub(super) fn read(&mut self, members: &mut Members<'_>) -> Result<(), ScenarioError> {
        put(&mut self.is_running, members.flag("running")?);
        self.fetch.read(members)?;
        put(&mut self.work_time, members.span("work")?);
        put_number(&mut self.fail_percent, members.number("fail", 100)?);
        put(&mut self.nak_delay, members.duration("nak_delay")?);
        put_number(&mut self.crash_percent, members.number("crash", 100)?);
        put_number(&mut self.priority, members.number("priority", 9)?);
        put_number(&mut self.min_pending, members.number("min_pending", U32)?);
        self.check()
    }

    /// # Errors
    /// It would ask again and again within one moment.
    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        if self.is_running && self.fetch.no_wait {
            return Err(ScenarioError::new(texts::WORKER_RUNS_WAIT_NO));
        }
        Ok(())
    }

    pub(super) fn write(&self, base: &Self, out: &mut Object) {
        out.flag_unless(base.is_running, "running", self.is_running);
        self.fetch.write(&base.fetch, out);
        out.duration_unless(Some(base.work_time), "work", Some(self.work_time));
        out.number_unless(base.fail_percent.into(), "fail", self.fail_percent.into());
        out.duration_unless(base.nak_delay, "nak_delay", self.nak_delay);
        out.number_unless(base.crash_percent.into(), "crash", self.crash_percent.into());
        out.number_unless(base.priority.into(), "priority", self.priority.into());
        out.number_unless(base.min_pending.into(), "min_pending", self.min_pending.into());
    }
}

fn put<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn put_number<T: TryFrom<u64>>(field: &mut T, value: Option<u64>) {
    put(field, value.and_then(|number| T::try_from(number).ok()));
}
