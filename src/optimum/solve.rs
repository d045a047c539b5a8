//! The ways in: the optimum, the cost to go, one slot's decision.

use super::ahead;
use super::branches;
use super::convex::{self, Mark};
use super::curve::Curve;
use super::limits::Limits;
use super::relaxed;
use super::shape::{Piece, Shape};
use super::slopes::Slopes;
use super::{CostToGo, End, Slot, Solution, Step, Store};
use crate::units::{Energy, Price};

/// A difference in cost that is a rounding error, as a share of the cost.
const SAME: f64 = 1e-12;

/// A move that is smaller than this is a rounding error, kWh for each kWh of capacity.
const SLIVER: f64 = 1e-12;

/// The least cost of these slots with this battery, each slot's load, sun and prices being known, and a schedule for it.
///
/// The battery keeps to one direction within a slot. `None` if the start lies outside the store's window.
#[must_use]
pub fn solve(store: &Store, slots: &[Slot]) -> Option<Solution> {
    let limits = Limits::of(store);
    let start = limits.within(store.start)?;
    let after = at_the_end(store, &limits, start);
    let mut all_ordinary = true;
    let back = slots.iter().rev().map(|slot| {
        let (shape, ordinary) = least(&limits, slot);
        all_ordinary &= ordinary;
        shape
    });
    let (slopes, past) = convex::back(after.clone(), limits.capacity, back);
    let (drawn, mark) = past.forth(Mark::at(&slopes, start), slots.iter().map(|slot| least(&limits, slot).0));
    let (cost, schedule) = account(store, &limits, slots, start, &drawn);
    let (ahead, worth_at_end) = (CostToGo::of(&slopes), end_worth(store.end, mark, || dearest(&limits, slots)));
    if all_ordinary {
        return Some(Solution { cost, bound: cost, schedule, ahead, worth_at_end });
    }
    let bound = ahead.at(store.start).unwrap_or(cost).min(cost);
    if cost - bound <= SAME * cost.abs() {
        return Some(Solution { cost, bound, schedule, ahead, worth_at_end });
    }
    let exact: Vec<Shape> = slots.iter().map(|slot| Shape::one_way(&limits, &limits.tick(slot))).collect();
    let drawn = branches::solve(&after, limits.capacity, start, &exact);
    let (cost, schedule) = account(store, &limits, slots, start, &drawn);
    Some(Solution { cost, bound: bound.min(cost), schedule, ahead, worth_at_end })
}

/// What these slots and what comes after them cost, by what is stored as the first begins.
///
/// The store's start and end are not looked at. A slot whose cost is not convex counts at its convex envelope: there the
/// cost is a lower bound. A cost that comes after and knows less than the store's capacity is known no further then.
#[must_use]
pub fn cost_to_go(store: &Store, slots: &[Slot], after: &CostToGo) -> CostToGo {
    let limits = Limits::of(store);
    let mut slopes = after.slopes(limits.capacity);
    let mut cuts = Vec::new();
    for slot in slots.iter().rev() {
        cuts.clear();
        slopes.precede(&least(&limits, slot).0, limits.capacity, &mut cuts);
    }
    CostToGo::of(&slopes)
}

/// The step of least cost in one slot, given what is stored as it begins and the cost of what comes after it.
///
/// `None` if what is stored lies outside the store's window.
#[must_use]
pub fn decide(store: &Store, slot: &Slot, stored: Energy, after: &CostToGo) -> Option<Step> {
    let limits = Limits::of(store);
    let stored = limits.within(stored)?;
    let slopes = after.slopes(limits.capacity);
    let curve = Curve::convex(slopes.low, slopes.cost, slopes.pieces());
    let shape = Shape::one_way(&limits, &limits.tick(slot));
    let drawn = branches::choose(&shape, &curve, stored);
    Some(step(&limits, stored, (stored - drawn).clamp(0.0, limits.capacity)))
}

/// The convex cost of a slot that is never above its cost, and whether it is its very cost.
pub(super) fn least(limits: &Limits, slot: &Slot) -> (Shape, bool) {
    let tick = limits.tick(slot);
    let one_way = Shape::one_way(limits, &tick);
    let ordinary = relaxed::is_ordinary(limits, &tick, &one_way);
    (if ordinary { one_way } else { relaxed::envelope(limits, &tick) }, ordinary)
}

/// The cost by what is stored when all is over.
pub(super) fn at_the_end(store: &Store, limits: &Limits, start: f64) -> Slopes {
    let (low, worth) = match store.end {
        End::Free => (0.0, 0.0),
        End::NotBelowStart => (start, 0.0),
        End::Worth(price) => (0.0, price.amount()),
    };
    let width = limits.capacity - low;
    let piece = (width > 0.0).then_some(Piece { worth, width });
    Slopes::new(low, limits.capacity, 0.0, piece)
}

/// What a stored kWh is worth when all is over: as the end says, or as much as the demand on the end makes the slots pay.
pub(super) fn end_worth(end: End, mark: Mark, dearest: impl Fn() -> f64) -> Price {
    match end {
        End::Free => Price::default(),
        End::Worth(price) => price,
        // Where nothing can be stored nothing may be drawn, and what keeps it there is the dearest draw of all.
        End::NotBelowStart if mark.worth.is_infinite() => ahead::price(dearest()),
        End::NotBelowStart => ahead::price(mark.worth.max(0.0)),
    }
}

/// The most that a drawn kWh saves in any slot, at least nothing.
pub(super) fn dearest(limits: &Limits, slots: &[Slot]) -> f64 {
    let worths = |slot: &Slot| least(limits, slot).0.pieces.iter().map(|piece| piece.worth).fold(0.0, f64::max);
    slots.iter().map(worths).fold(0.0, f64::max)
}

/// What a schedule costs, and its steps.
fn account(store: &Store, limits: &Limits, slots: &[Slot], start: f64, drawn: &[f64]) -> (f64, Vec<Step>) {
    let mut cost = 0.0;
    let mut stored = start;
    let mut steps = Vec::with_capacity(slots.len());
    for (slot, drawn) in slots.iter().zip(drawn) {
        let idle = drawn.abs() <= SLIVER * limits.capacity.max(1.0);
        let next = if idle { stored } else { (stored - drawn).clamp(0.0, limits.capacity) };
        cost += limits.tick(slot).cost(limits, stored - next);
        steps.push(step(limits, stored, next));
        stored = next;
    }
    if let End::Worth(price) = store.end {
        cost -= price.amount() * stored;
    }
    (cost, steps)
}

fn step(limits: &Limits, from: f64, to: f64) -> Step {
    Step { battery: energy(limits.outside(from - to)), stored: energy(to) }
}

/// An energy from kWh; a slot moves no more than an energy can hold.
fn energy(kilowatt_hours: f64) -> Energy {
    Energy::from_watt_hours((kilowatt_hours * 1000.0).clamp(-1e9, 1e9)).unwrap_or_default()
}
