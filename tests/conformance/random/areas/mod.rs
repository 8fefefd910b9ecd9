//! Random scenarios area by area. Each is about one thing, and says more of it than scenarios about everything do.

mod accounts;
mod acks;
mod archives;
mod batches;
mod bodies;
mod consumers;
mod core;
mod expiry;
mod groups;
mod headers;
mod publishing;
mod pushing;
mod reads;
mod replaying;
mod retention;
mod schedules;
mod sourcing;
mod streams;
mod tracing;
mod transforms;

use super::script::Script;
use crate::scenario::run::Pace;

/// One area.
pub struct Area {
    pub name: &'static str,
    /// How long steps last; a difference has to show at every pace.
    pub paces: [Pace; 3],
    steps: fn(&mut Script),
}

impl Area {
    /// The steps of the case with this seed.
    pub fn steps(&self, seed: u64) -> Vec<String> {
        let mut script = Script::new(seed);
        (self.steps)(&mut script);
        script.steps
    }
}

/// All areas.
pub const AREAS: [Area; 20] = [
    Area { name: "streams", paces: Pace::BRISK, steps: streams::steps },
    Area { name: "consumers", paces: Pace::BRISK, steps: consumers::steps },
    Area { name: "bodies", paces: Pace::BRISK, steps: bodies::steps },
    Area { name: "publishing", paces: Pace::BRISK, steps: publishing::steps },
    Area { name: "headers", paces: Pace::BRISK, steps: headers::steps },
    Area { name: "transforms", paces: Pace::BRISK, steps: transforms::steps },
    Area { name: "batches", paces: Pace::BRISK, steps: batches::steps },
    Area { name: "accounts", paces: Pace::BRISK, steps: accounts::steps },
    Area { name: "reads", paces: Pace::CALM, steps: reads::steps },
    Area { name: "core", paces: Pace::CALM, steps: core::steps },
    Area { name: "tracing", paces: Pace::CALM, steps: tracing::steps },
    Area { name: "expiry", paces: Pace::CALM, steps: expiry::steps },
    Area { name: "sourcing", paces: Pace::CALM, steps: sourcing::steps },
    Area { name: "groups", paces: Pace::CALM, steps: groups::steps },
    Area { name: "pushing", paces: Pace::CALM, steps: pushing::steps },
    Area { name: "acks", paces: Pace::CALM, steps: acks::steps },
    Area { name: "replaying", paces: Pace::CALM, steps: replaying::steps },
    Area { name: "retention", paces: Pace::CALM, steps: retention::steps },
    Area { name: "schedules", paces: Pace::CALM, steps: schedules::steps },
    Area { name: "archives", paces: Pace::CALM, steps: archives::steps },
];
