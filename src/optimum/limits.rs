//! The store and the slots as bare numbers: kWh, kW, hours and currency per kWh.

use super::{Slot, Store};
use crate::units::Energy;

/// The most that one slot moves outside the battery, kWh: what an energy can hold.
const MOST: f64 = 1e6;

/// An efficiency below this counts as this: nobody could tell, and its inverse stays a number.
const LEAST_EFFICIENCY: f64 = 1e-9;

/// How far outside its window a start is a rounding error, kWh.
const ROUNDING: f64 = 1e-9;

/// The store's limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The width of the window, kWh stored.
    pub(super) capacity: f64,
    charge_power: f64,
    discharge_power: f64,
    /// Stored of taken, and its inverse.
    pub(super) into: f64,
    pub(super) per_into: f64,
    /// Given of drawn, and its inverse.
    pub(super) out: f64,
    pub(super) per_out: f64,
    may_export: bool,
    grid_charging: bool,
}

/// One slot, and what the battery may move in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tick {
    /// Load less sun.
    pub(super) need: f64,
    pub(super) import: f64,
    pub(super) export: f64,
    /// The most that can be taken by charging all the time, outside the battery.
    pub(super) charge: f64,
    /// The most that can be given by discharging all the time, outside the battery.
    pub(super) discharge: f64,
}

impl Limits {
    pub(super) fn of(store: &Store) -> Limits {
        let into = store.charge_efficiency.factor().max(LEAST_EFFICIENCY);
        let out = store.discharge_efficiency.factor().max(LEAST_EFFICIENCY);
        Limits {
            capacity: store.capacity.kilowatt_hours().max(0.0),
            charge_power: store.charge_power.watts().max(0.0) / 1000.0,
            discharge_power: store.discharge_power.watts().max(0.0) / 1000.0,
            into,
            per_into: 1.0 / into,
            out,
            per_out: 1.0 / out,
            may_export: store.may_export,
            grid_charging: store.grid_charging,
        }
    }

    /// A stored energy as a number within the window; `None` outside it.
    pub(super) fn within(&self, stored: Energy) -> Option<f64> {
        let stored = stored.kilowatt_hours();
        let inside = (-ROUNDING..=self.capacity + ROUNDING).contains(&stored);
        inside.then_some(stored.clamp(0.0, self.capacity))
    }

    pub(super) fn tick(&self, slot: &Slot) -> Tick {
        let hours = slot.span.as_secs_f64() / 3600.0;
        let need = (slot.load - slot.solar).kilowatt_hours();
        let mut charge = (self.charge_power * hours).min(MOST);
        let mut discharge = (self.discharge_power * hours).min(MOST);
        if !self.grid_charging {
            charge = charge.min((-need).max(0.0));
        }
        if !self.may_export {
            discharge = discharge.min(need.max(0.0));
        }
        Tick { need, import: slot.import.amount(), export: slot.export.amount(), charge, discharge }
    }

    /// What leaves the battery when this is drawn from the store; both `+` discharge, `-` charge.
    pub(super) fn outside(&self, drawn: f64) -> f64 {
        if drawn > 0.0 { drawn * self.out } else { drawn * self.per_into }
    }
}

impl Tick {
    /// What the meter charges for this much from the grid; less than nothing is export.
    pub(super) fn bill(&self, grid: f64) -> f64 {
        if grid > 0.0 { self.import * grid } else { self.export * grid }
    }

    /// What the slot costs when this is drawn from the store, `-` charge.
    pub(super) fn cost(&self, limits: &Limits, drawn: f64) -> f64 {
        self.bill(self.need - limits.outside(drawn))
    }
}
