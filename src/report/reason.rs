//! The codes of why a rule does not hold, and of what the one that decided rests on: all of them, in one place.

use crate::engine::{Finding, Seen};
use crate::policy::model::Observation;
use crate::snapshot::Unknown;

use super::words;

/// Why a rule does not hold, or cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Time and calendars say otherwise.
    Calendar,
    /// A value lies elsewhere.
    Value,
    /// It holds, but not as long as asked.
    HeldTooShort,
    /// It has no condition that could hold.
    Nothing,
    /// Something is not known.
    Unknown(Unknown),
}

/// What the rule that decided rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Time and calendars.
    Calendar,
    /// A value.
    Value,
    /// A value that has held as long as asked.
    Held,
    /// A latch that came on and has not been let go.
    Latched,
}

impl Reason {
    /// Every reason; those of a rule that does not hold first.
    pub const ALL: [Reason; 13] = [
        Reason::Calendar,
        Reason::Value,
        Reason::HeldTooShort,
        Reason::Nothing,
        Reason::Unknown(Unknown::NoReading),
        Reason::Unknown(Unknown::TooOld),
        Reason::Unknown(Unknown::Implausible),
        Reason::Unknown(Unknown::Frozen),
        Reason::Unknown(Unknown::Unconfirmed),
        Reason::Unknown(Unknown::NoPrice),
        Reason::Unknown(Unknown::NoForecast),
        Reason::Unknown(Unknown::TooFewSamples),
        Reason::Unknown(Unknown::NotYetKnown),
    ];

    /// That of a finding.
    #[must_use]
    pub fn of(found: &Finding<'_>) -> Reason {
        match found.seen {
            Seen::Calendar => Reason::Calendar,
            Seen::Value { held: Some(_), .. } if !found.negated => Reason::HeldTooShort,
            Seen::Value { .. } => Reason::Value,
            Seen::Missing { why, .. } => Reason::Unknown(why),
            Seen::NotYetKnown(_) => Reason::Unknown(Unknown::NotYetKnown),
            Seen::Nothing => Reason::Nothing,
        }
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Reason::Calendar => "calendar",
            Reason::Value => "value",
            Reason::HeldTooShort => "held-too-short",
            Reason::Nothing => "nothing",
            Reason::Unknown(why) => words::unknown_code(why),
        }
    }
}

impl Ground {
    /// Every ground.
    pub const ALL: [Ground; 4] = [Ground::Calendar, Ground::Value, Ground::Held, Ground::Latched];

    /// That of a finding, with what is remembered for it.
    #[must_use]
    pub fn of(found: &Finding<'_>, remembers: Option<&Observation>) -> Ground {
        match (found.seen, remembers) {
            (Seen::Calendar, _) => Ground::Calendar,
            (Seen::Value { value, .. }, Some(observation)) if !found.negated && !observation.bounds.contains(value) => {
                Ground::Latched
            }
            (Seen::Value { held: Some(_), .. }, _) if !found.negated => Ground::Held,
            _ => Ground::Value,
        }
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Ground::Calendar => "calendar",
            Ground::Value => "value",
            Ground::Held => "held",
            Ground::Latched => "latched",
        }
    }
}
