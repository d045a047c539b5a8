//! The battery as the optimum sees it: a window of stored energy with limits.

use crate::units::{Energy, Fraction, Power, Price};

/// A battery between its reserve and its ceiling. Stored energy counts from the reserve: 0 is as empty as it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Store {
    /// The stored energy between empty and full, at least zero.
    pub capacity: Energy,
    /// The most power with which it charges, outside the battery.
    pub charge_power: Power,
    /// The most power with which it discharges, outside the battery.
    pub discharge_power: Power,
    /// Energy stored of energy taken.
    pub charge_efficiency: Fraction,
    /// Energy given of energy drawn from the store.
    pub discharge_efficiency: Fraction,
    /// What is stored when the first slot begins, from zero to the capacity.
    pub start: Energy,
    /// What is asked of what is stored when the last slot ends.
    pub end: End,
    /// Whether the battery may discharge beyond the load, into the grid.
    pub may_export: bool,
    /// Whether the battery may charge beyond the sun's surplus, from the grid.
    pub grid_charging: bool,
}

/// What is asked of the stored energy at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Nothing: it may end empty, and what is left is worth nothing.
    Free,
    /// At least as much as at the start.
    NotBelowStart,
    /// Nothing, but every stored kWh that is left is worth so much.
    Worth(Price),
}
