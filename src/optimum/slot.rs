//! One stretch of time with what is known of it.

use std::time::Duration;

use crate::units::{Energy, Price};

/// A stretch of time over which load, sun and prices count as constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// How long it lasts.
    pub span: Duration,
    /// What the house uses in it.
    pub load: Energy,
    /// What the sun yields in it.
    pub solar: Energy,
    /// What a kWh from the grid costs.
    pub import: Price,
    /// What a kWh to the grid earns.
    pub export: Price,
}

impl Slot {
    /// What the slot costs if the battery does this outside it: `+` discharge, `-` charge. In the tariff's currency.
    #[must_use]
    pub fn cost(&self, battery: Energy) -> f64 {
        let grid = self.load - self.solar - battery;
        let price = if grid > Energy::ZERO { self.import } else { self.export };
        grid.kilowatt_hours() * price.amount()
    }
}
