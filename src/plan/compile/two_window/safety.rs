//! Whether a schedule may be left alone on the device for a day: the rules, checked apart from the search that obeys them.

use super::demand::{Demand, LEAST_TARGET};
use super::order::Standing;
use super::{Request, demand};
use crate::device::{Grip, TwoWindow};
use crate::plan::compile::Violation;
use crate::plan::compile::slots::{QUARTER, instant, whole_down, whole_up};

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
