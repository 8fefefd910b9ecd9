//! Small worlds that the page can open: each shows one thing, and is one event away from it.
//!
//! A preset is a scenario of its own file beside this one.

use super::Simulation;
use super::scenario::{Bounds, Scenario};
use crate::texts::chapter as texts;

/// A scenario that comes with the page.
#[derive(Debug)]
pub struct Preset {
    /// Names it in actions and links.
    pub key: &'static str,
    /// The heading that it stands under.
    pub chapter: &'static str,
    text: &'static str,
}

impl PartialEq for Preset {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Preset {}

macro_rules! presets {
    ($($chapter:ident: $($key:literal)+;)+) => {
        /// All presets by chapter, the one first that the page opens on.
        pub static PRESETS: &[Preset] = &[
            $($(Preset { key: $key, chapter: texts::$chapter, text: include_str!(concat!($key, ".json")) },)+)+
        ];
    };
}

presets! {
    FIRST_WORLDS:
        "work-queue" "fan-out" "limits" "exactly-once" "silent-worker" "push" "sources" "headers";
    NOTHING_ARRIVES:
        "c1" "c2" "c3" "c4" "c5" "c6" "c7" "c8" "c9" "c10";
    COMES_TWICE:
        "c11" "c12" "c13" "c14" "c15" "c16" "c17" "c18" "c19" "c20";
    WILL_NOT_GO:
        "c21" "c22" "c23" "c24" "c25" "c26" "c27" "c28" "c29" "c30";
    PUBLISHING:
        "c31" "c32" "c33" "c34" "c35";
    NAMES_AND_NUMBERS:
        "c36" "c37" "c38" "c39" "c40";
    BEYOND_ONE_STREAM:
        "c41" "c42" "c43";
}

impl Preset {
    pub fn by_key(key: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.key == key)
    }

    pub fn scenario(&self) -> Scenario {
        Scenario::parse(self.text, Bounds::LINK).unwrap_or_else(|error| panic!("preset {}: {error}", self.key))
    }

    /// Makes the world of this preset.
    pub fn open(&self) -> Simulation {
        self.scenario().open(Bounds::LINK).unwrap_or_else(|error| panic!("preset {}: {error}", self.key))
    }

    pub fn title(&self) -> String {
        Scenario::title_in(self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::event::Event;
    use crate::sim::scenario::Milestone;

    /// The ones without a confusion of their own.
    fn first_worlds() -> impl Iterator<Item = &'static Preset> {
        PRESETS.iter().filter(|preset| preset.chapter == PRESETS[0].chapter)
    }

    #[test]
    fn the_first_worlds_open_one_event_before_their_first_redelivery() {
        for preset in first_worlds() {
            let mut simulation = preset.open();
            assert!(!simulation.clock.is_playing);
            let redelivered = |simulation: &Simulation| {
                simulation.trace().events().any(|traced| matches!(traced.event, Event::AckWaitEnded { .. }))
            };
            assert!(!redelivered(&simulation), "{}", preset.key);
            assert!(Milestone::AckWait.is_next(&simulation), "{}", preset.key);
            simulation.step();
            assert!(redelivered(&simulation), "{}", preset.key);
        }
    }

    #[test]
    fn a_preset_is_the_same_world_whenever_it_is_opened() {
        for preset in PRESETS {
            let (mut one, mut other) = (preset.open(), preset.open());
            one.advance(Duration::from_secs(300));
            for _ in 0..300 {
                other.advance(Duration::from_secs(1));
            }
            assert_eq!(one.world(), other.world(), "{}", preset.key);
        }
    }

    #[test]
    fn nothing_is_refused_while_a_preset_opens() {
        for preset in PRESETS {
            let simulation = preset.open();
            let refused = simulation.trace().events().find(|traced| {
                matches!(traced.event, Event::ApiError { .. } | Event::Refused { .. } | Event::NoResponders { .. })
            });
            assert!(refused.is_none(), "{}: {refused:?}", preset.key);
        }
    }

    #[test]
    fn presets_have_keys_and_titles_of_their_own() {
        for (place, preset) in PRESETS.iter().enumerate() {
            let title = preset.title();
            assert_eq!(title, preset.scenario().about.title, "{}", preset.key);
            assert!(!title.is_empty());
            for other in &PRESETS[..place] {
                assert!(other.key != preset.key && other.title() != title, "{}", preset.key);
            }
            assert_eq!(Preset::by_key(preset.key), Some(preset));
        }
    }
}
