//! What a schedule would do that nobody asked for, if it were left alone.

use std::fmt;

use crate::device::Oddity;
use crate::time::Instant;

/// What a schedule would do that nobody asked for, if it were left alone for one lap of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Its meaning is not known: off the grid, across midnight, or windows that overlap.
    Odd(Oddity),
    /// The floor is below the reserve.
    BelowReserve {
        /// The floor, in percent.
        floor: u8,
        /// The reserve, in percent.
        reserve: u8,
    },
    /// The floor is above one that is asked for.
    FloorTooHigh {
        /// The floor, in percent.
        floor: u8,
        /// The lowest floor asked for within the lap, in percent.
        asked: u8,
    },
    /// The target is above the ceiling.
    AboveCeiling {
        /// The target, in percent.
        target: u8,
        /// The ceiling, in percent.
        ceiling: u8,
    },
    /// It charges where as much is not asked for.
    Charges {
        /// The beginning of the first quarter hour in which it does.
        at: Instant,
    },
    /// It holds for longer than is allowed where nothing of the kind is asked for.
    Holds {
        /// Minutes of the day.
        minutes: usize,
    },
    /// It has more windows than the store.
    TooManyWindows,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Odd(Oddity::OffGrid(_, period)) => write!(f, "{period} is off the quarter hours"),
            Violation::Odd(Oddity::Wraps(_, period)) => write!(f, "{period} runs across midnight"),
            Violation::Odd(Oddity::Overlap) => f.write_str("a charge window and a permission overlap"),
            Violation::Odd(Oddity::FlagsUnread) => f.write_str("whether its windows are in force is not known"),
            Violation::Odd(Oddity::DayWithoutPermission(day)) => write!(f, "{day} has no permission at all"),
            Violation::BelowReserve { floor, reserve } => write!(f, "floor {floor} % below the reserve {reserve} %"),
            Violation::FloorTooHigh { floor, asked } => write!(f, "floor {floor} % where {asked} % is asked for"),
            Violation::AboveCeiling { target, ceiling } => write!(f, "target {target} % above the ceiling {ceiling} %"),
            Violation::Charges { at } => write!(f, "charges at {} though it is not asked to", at.format("%F %R UTC")),
            Violation::Holds { minutes } => write!(f, "holds for {minutes} min a day though it is not asked to"),
            Violation::TooManyWindows => f.write_str("it has more windows than the store"),
        }
    }
}
