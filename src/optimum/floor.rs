//! What every use of the battery costs at least, told slot by slot.

use super::convex::{self, Mark};
use super::limits::Limits;
use super::solve::{at_the_end, dearest, end_worth, least};
use super::{Slot, Store, ahead};
use crate::units::{Energy, Price};

/// One slot of the play that no use of the battery can undercut.
///
/// With `worth` as the price of what is stored, at the beginning of any stretch of slots and at its end, no use of the battery
/// costs less over that stretch than this play does: neither in all nor between any two of its slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// What the slot costs in it, in the tariff's currency.
    pub cost: f64,
    /// What is stored as the slot ends, counted as the store counts it.
    pub stored: Energy,
    /// What a stored kWh is then worth.
    pub worth: Price,
}

/// The play that costs what `Solution::bound` says, slot by slot.
///
/// A slot whose cost is not convex counts at its convex envelope: what the battery could have if it changed its direction in it
/// at will. The worths are the multipliers of that convex problem (its dual solution), and by them each stretch stands
/// for itself. `None` if the start lies outside the store's window.
#[must_use]
pub fn floor(store: &Store, slots: &[Slot]) -> Option<Vec<Floor>> {
    let limits = Limits::of(store);
    let start = limits.within(store.start)?;
    let shape = |slot: &Slot| least(&limits, slot).0;
    let (slopes, past) =
        convex::back(at_the_end(store, &limits, start), limits.capacity, slots.iter().rev().map(shape));
    let mut floors = Vec::with_capacity(slots.len());
    let mut stored = start;
    let mut shapes = slots.iter().map(shape);
    let mark = past.forth_by(Mark::at(&slopes, start), slots.iter().map(shape), |drawn, mark| {
        stored = (stored - drawn).clamp(0.0, limits.capacity);
        let cost = shapes.next().map_or(0.0, |shape| shape.at(drawn));
        floors.push(Floor { cost, stored: ahead::energy(stored), worth: ahead::price(mark.worth) });
    });
    if let Some(last) = floors.last_mut() {
        last.worth = end_worth(store.end, mark, || dearest(&limits, slots));
    }
    Some(floors)
}
