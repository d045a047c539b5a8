//! What the timeline asks and the schedule does not do: what, why, and when it will be programmed.

use std::fmt;

use crate::device::Grip;
use crate::engine::Command;
use crate::plan::budget::Refusal;
use crate::time::Instant;

/// A stretch of time in which the schedule does something else than the timeline asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deferred {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What the timeline asks.
    pub asked: Command,
    /// What the schedule does instead.
    pub does: Grip,
    /// Down to how many percent the schedule self-consumes there; `None` if it does not, or down to the device's own floor.
    pub floor: Option<u8>,
    /// Why.
    pub why: Reason,
    /// When it will be programmed.
    pub due: Instant,
}

/// Why the schedule does something else than is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No grant may be sent now.
    MayNotGrant(Refusal),
    /// A window stands here from a day that asked for it: it is withdrawn `program ahead` before it would repeat.
    LeftOver,
    /// A window repeats every day, and the same time of day is asked to do something else within a day.
    Repeats,
    /// One target serves all charge windows.
    Target {
        /// The target asked, in percent.
        asked: u8,
        /// The target in the store.
        held: u8,
    },
    /// The store takes no target as low.
    LeastTarget {
        /// The least that it takes, in percent.
        least: u8,
    },
    /// One floor serves the whole day, and a lower one is asked within a day.
    Floor {
        /// The floor asked, in percent.
        asked: u8,
        /// The floor in the store.
        held: u8,
    },
    /// The day asks for more charge windows than there are.
    ChargeWindows {
        /// How many it would take, counted from 00:00 to 24:00.
        needed: u32,
        /// How many there are.
        most: u32,
    },
    /// The day asks for more permissions than there are.
    Permissions {
        /// How many it would take, counted from 00:00 to 24:00.
        needed: u32,
        /// How many there are.
        most: u32,
    },
    /// The day asks for more windows of both kinds together than there are.
    DayWindows {
        /// How many it would take, counted from 00:00 to 24:00.
        needed: u32,
        /// How many there are.
        most: u32,
    },
    /// The week asks for more windows than there are.
    WeekWindows {
        /// How many it would take, each counted on each of its days.
        needed: u32,
        /// How many there are.
        most: u32,
    },
    /// A day without any permission would not be held at all: a quarter hour at its far end stays permitted.
    LastPermission,
    /// Windows repeat every week, and the same time of the same day is asked to do something else.
    RepeatsWeekly,
    /// The device charges to a limit of its own and no lower.
    OnlyTarget {
        /// The target asked, in percent.
        asked: u8,
        /// The device's own, in percent.
        does: u8,
    },
    /// The store takes no floor as low.
    LeastFloor {
        /// The least that it takes, in percent.
        least: u8,
    },
    /// The device keeps a floor of its own, which cannot be set.
    OwnFloor {
        /// The floor asked, in percent.
        asked: u8,
    },
    /// It would cost a write that is not due yet, or it stands in the way of what comes first.
    Waits,
}

impl fmt::Display for Reason {
    /// As the plan says it, after what is deferred: `the day asks for 3 permissions, the store has 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::MayNotGrant(refusal) => refusal.fmt(f),
            Reason::LeftOver => f.write_str("left over, and withdrawn before it would repeat"),
            Reason::Repeats => f.write_str("windows repeat every day, and this time of day differs within a day"),
            Reason::Target { asked, held } => {
                write!(f, "one target serves all charge windows: {held} %, not {asked} %")
            }
            Reason::LeastTarget { least } => write!(f, "the store takes no target below {least} %"),
            Reason::Floor { asked, held } => write!(f, "one floor serves the whole day: {held} %, not {asked} %"),
            Reason::ChargeWindows { needed, most } => {
                write!(f, "the day asks for {needed} charge windows, the store has {most}")
            }
            Reason::Permissions { needed, most } => {
                write!(f, "the day asks for {needed} permissions, the store has {most}")
            }
            Reason::DayWindows { needed, most } => {
                write!(f, "the day asks for {needed} windows, the store has {most}")
            }
            Reason::WeekWindows { needed, most } => {
                write!(f, "the week asks for {needed} windows, the store has {most}")
            }
            Reason::LastPermission => f.write_str("every day keeps a quarter hour of permission"),
            Reason::RepeatsWeekly => f.write_str("windows repeat every week, and this time of the week differs"),
            Reason::OnlyTarget { asked, does } => {
                write!(f, "the device charges to {does} % by a limit of its own, never to {asked} %")
            }
            Reason::LeastFloor { least } => write!(f, "the store takes no floor below {least} %"),
            Reason::OwnFloor { asked } => write!(f, "the device keeps a floor of its own, not {asked} %"),
            Reason::Waits => f.write_str("not due yet"),
        }
    }
}
