//! What the optimum is, and what it would have done.

use super::CostToGo;
use crate::units::{Energy, Price};

/// The least cost with a schedule that has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// What the schedule costs over all slots, in the tariff's currency, less what the end's terms make of what is left.
    pub cost: f64,
    /// What no use of the battery can cost less than, not even one that changes direction within a slot.
    pub bound: f64,
    /// What the battery does in each slot.
    pub schedule: Vec<Step>,
    /// The cost of all slots by what is stored as the first begins: what a stored kWh is worth now.
    ///
    /// Where the bound is below the cost it belongs to the bound.
    pub ahead: CostToGo,
    /// What a stored kWh is worth as the last slot ends.
    ///
    /// If as much is asked for at the end as at the start: with this price for each kWh between start and end, no use of the
    /// battery costs less than the bound, wherever it ends. It is the demand's multiplier.
    pub worth_at_end: Price,
}

/// What the battery does in one slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What leaves the battery, measured outside it: `+` discharge, `-` charge.
    pub battery: Energy,
    /// What is stored as the slot ends, counted as the store counts it.
    pub stored: Energy,
}

impl Solution {
    /// How far the schedule may be from what is possible: zero where every slot's cost is convex.
    #[must_use]
    pub fn gap(&self) -> f64 {
        (self.cost - self.bound).max(0.0)
    }
}
