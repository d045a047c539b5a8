//! Whether a schedule may be left alone on the device for a day: the rules, checked apart from the search that obeys them.

use std::fmt;

use super::demand::{Demand, LEAST_TARGET, QUARTER, instant, whole_down, whole_up};
use super::order::Standing;
use super::{Request, demand};
use crate::device::{Grip, Oddity, TwoWindow};
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
        /// Minutes of the lap.
        minutes: usize,
    },
}

/// Every rule of orphan safety that a schedule breaks, laid over the lap from the present quarter hour on. A window left
/// from a day that asked for it breaks a rule here until it is withdrawn: the schedules that are written break none.
#[must_use]
pub fn violations(request: &Request<'_>, schedule: &TwoWindow) -> Vec<Violation> {
    let standing = Standing::of(schedule);
    let demand = demand(request, &standing);
    let odd = schedule.oddity().map(Violation::Odd);
    let limits = [below_reserve(request, &standing), too_high(request, &demand, &standing), above(request, &standing)];
    let grips = [charges(&demand, &standing), holds(request, &demand, &standing)];
    std::iter::once(odd).chain(limits).chain(grips).flatten().collect()
}

fn below_reserve(request: &Request<'_>, standing: &Standing) -> Option<Violation> {
    let (floor, reserve) = (standing.shape.floor, whole_up(request.reserve));
    (floor < reserve).then_some(Violation::BelowReserve { floor, reserve })
}

fn too_high(request: &Request<'_>, demand: &Demand, standing: &Standing) -> Option<Violation> {
    let asked = demand.floor?.max(whole_up(request.reserve));
    let floor = standing.shape.floor;
    (floor > asked).then_some(Violation::FloorTooHigh { floor, asked })
}

fn above(request: &Request<'_>, standing: &Standing) -> Option<Violation> {
    let (target, ceiling) = (standing.shape.cap, whole_down(request.ceiling));
    (!standing.shape.charged.is_empty() && target > ceiling).then_some(Violation::AboveCeiling { target, ceiling })
}

fn charges(demand: &Demand, standing: &Standing) -> Option<Violation> {
    let enough = |asked: Option<Grip>| match asked {
        Some(Grip::Charge(target)) => target >= standing.shape.cap,
        Some(Grip::Hold) => standing.shape.cap == LEAST_TARGET,
        Some(Grip::SelfConsume) | None => false,
    };
    let mut charged = demand.lap_slots().filter(|slot| standing.shape.charged.contains(slot.quarter));
    charged.find(|slot| !enough(slot.asked)).map(|slot| Violation::Charges { at: instant(slot.from) })
}

fn holds(request: &Request<'_>, demand: &Demand, standing: &Standing) -> Option<Violation> {
    let held = demand.held_too_much(standing.shape.unpermitted - standing.shape.charged);
    let minutes = held * usize::try_from(QUARTER / 60).unwrap_or_default();
    let allowed = request.extra_hold.as_secs() / 60;
    (u64::try_from(minutes).unwrap_or(u64::MAX) > allowed).then_some(Violation::Holds { minutes })
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Odd(Oddity::OffGrid(_, period)) => write!(f, "{period} is off the quarter hours"),
            Violation::Odd(Oddity::Wraps(_, period)) => write!(f, "{period} runs across midnight"),
            Violation::Odd(_) => f.write_str("a charge window and a permission overlap"),
            Violation::BelowReserve { floor, reserve } => write!(f, "floor {floor} % below the reserve {reserve} %"),
            Violation::FloorTooHigh { floor, asked } => write!(f, "floor {floor} % where {asked} % is asked for"),
            Violation::AboveCeiling { target, ceiling } => write!(f, "target {target} % above the ceiling {ceiling} %"),
            Violation::Charges { at } => write!(f, "charges at {} though it is not asked to", at.format("%F %R UTC")),
            Violation::Holds { minutes } => write!(f, "holds for {minutes} min a day though it is not asked to"),
        }
    }
}
