//! The rules for changing a stream's configuration.

use super::check::{check_metadata_len, refuse};
use super::{Discard, Retention, StreamConfig};
use crate::engine::asset::metadata_len;
use crate::engine::error::ApiError;
use crate::engine::transform::SubjectTransform;

impl StreamConfig {
    /// What this configuration becomes where `new` is asked for, as far as the two alone decide. Sealing has its
    /// effects.
    ///
    /// # Errors
    /// The first rule broken, in the order of nats-server `server/stream.go` (`configUpdateCheck`).
    pub fn check_update(&self, mut new: Self) -> Result<Self, ApiError> {
        new.check_again()?;
        new.check_replicas()?;
        if new.storage != self.storage {
            return refuse("stream configuration update can not change storage type");
        }
        let is_or_was_work_queue = [self.retention, new.retention].contains(&Retention::WorkQueue);
        if new.retention != self.retention && is_or_was_work_queue {
            return refuse("stream configuration update can not change retention policy to/from workqueue");
        }
        self.check_locks(&new)?;
        // A mirror may be given up, which makes it a stream of its own.
        if new.mirror.is_some() && new.mirror != self.mirror {
            return Err(ApiError::StreamMirrorNotUpdatable);
        }
        self.check_features_kept(&new)?;
        if new.sealed {
            new.seal();
        }
        Ok(new)
    }

    /// Where nothing is said about the destination of what is republished, an update takes it for everything.
    ///
    /// # Errors
    /// The source does not go with that.
    pub fn complete_republish(&mut self) -> Result<(), ApiError> {
        let Some(republish) = self.republish.as_mut().filter(|republish| republish.transform.dest().is_empty()) else {
            return Ok(());
        };
        let src = republish.transform.src();
        republish.transform = SubjectTransform::new(src, ">").map_err(|error| ApiError::StreamUpdate {
            err: format!("stream configuration for republish from '{src}' to '>': {error}"),
        })?;
        Ok(())
    }

    /// An update is checked as a new stream is, twice. The second time sees what the first has filled in: the server's
    /// own metadata, and that markers need TTLs.
    fn check_again(&self) -> Result<(), ApiError> {
        check_metadata_len(metadata_len(&self.metadata))?;
        if self.allow_msg_counter && self.allow_msg_ttl {
            return refuse("counter stream cannot use message TTLs");
        }
        Ok(())
    }

    /// What can be set, but not taken back.
    fn check_locks(&self, new: &Self) -> Result<(), ApiError> {
        let locks = [
            (self.sealed, new.sealed, "unseal a sealed stream"),
            (self.deny_delete, new.deny_delete, "cancel deny message deletes"),
            (self.deny_purge, new.deny_purge, "cancel deny purge"),
        ];
        match locks.iter().find(|(was, is, _)| *was && !is) {
            Some((_, _, what)) => refuse(format!("stream configuration update can not {what}")),
            None => Ok(()),
        }
    }

    fn check_features_kept(&self, new: &Self) -> Result<(), ApiError> {
        if self.allow_msg_ttl && !new.allow_msg_ttl {
            return refuse("message TTL status can not be disabled");
        }
        if self.allow_msg_counter != new.allow_msg_counter {
            return refuse("stream configuration update can not change message counter setting");
        }
        if self.allow_msg_schedules && !new.allow_msg_schedules {
            return refuse("message schedules can not be disabled");
        }
        if self.persist_mode != new.persist_mode {
            return refuse("stream configuration update can not change persist mode");
        }
        Ok(())
    }

    /// Nothing comes in or out any more, not even by age.
    fn seal(&mut self) {
        self.max_age = None;
        self.discard = Discard::New;
        self.deny_delete = true;
        self.deny_purge = true;
        self.allow_rollup_hdrs = false;
    }
}
