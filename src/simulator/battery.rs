//! A battery behind its inverter. These physics are the simulator's own, written apart from those that the product plans
//! with.

use serde::{Deserialize, Serialize};

/// A battery. Power is measured on the house's side of the inverter: `+` discharges, `-` charges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    /// What it stores when full, in watt hours.
    pub capacity_wh: f64,
    /// The largest power at which it charges, in watts.
    pub charge_watts: f64,
    /// The largest power at which it discharges, in watts.
    pub discharge_watts: f64,
    /// What is stored of what is drawn, above 0 and at most 1.
    pub charge_efficiency: f64,
    /// What is delivered of what was stored, above 0 and at most 1.
    pub discharge_efficiency: f64,
    /// What it stores now, in watt hours.
    pub stored_wh: f64,
}

impl Default for Battery {
    /// Ten kilowatt hours at 40 %, five kilowatts either way, nine tenths for the round trip.
    fn default() -> Battery {
        Battery {
            capacity_wh: 10_100.0,
            charge_watts: 5000.0,
            discharge_watts: 5000.0,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            stored_wh: 4040.0,
        }
    }
}

impl Battery {
    /// State of charge in percent.
    #[must_use]
    pub fn soc(&self) -> f64 {
        (100.0 * self.stored_wh / self.capacity_wh).clamp(0.0, 100.0)
    }

    /// Sets the state of charge, in percent.
    pub fn set_soc(&mut self, percent: f64) {
        self.stored_wh = self.capacity_wh * percent.clamp(0.0, 100.0) / 100.0;
    }

    /// Discharges at up to this power for some seconds, not below the floor in percent; the power that came out.
    pub fn discharge(&mut self, watts: f64, floor: f64, seconds: f64) -> f64 {
        let room_wh = (self.stored_wh - self.capacity_wh * floor / 100.0).max(0.0) * self.discharge_efficiency;
        let power = watts.clamp(0.0, self.discharge_watts).min(room_wh * 3600.0 / seconds);
        self.stored_wh = (self.stored_wh - power * seconds / 3600.0 / self.discharge_efficiency).max(0.0);
        power
    }

    /// Charges at up to this power for some seconds, not above the cap in percent; the power that went in.
    pub fn charge(&mut self, watts: f64, cap: f64, seconds: f64) -> f64 {
        let room_wh = (self.capacity_wh * cap / 100.0 - self.stored_wh).max(0.0) / self.charge_efficiency;
        let power = watts.clamp(0.0, self.charge_watts).min(room_wh * 3600.0 / seconds);
        self.stored_wh = (self.stored_wh + power * seconds / 3600.0 * self.charge_efficiency).min(self.capacity_wh);
        power
    }

    /// Whether these numbers can belong to a battery.
    pub(super) fn is_sound(&self) -> bool {
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let power = |value: f64| (0.0..=10_000_000.0).contains(&value);
        (1.0..=1e9).contains(&self.capacity_wh)
            && (0.0..=self.capacity_wh).contains(&self.stored_wh)
            && power(self.charge_watts)
            && power(self.discharge_watts)
            && share(self.charge_efficiency)
            && share(self.discharge_efficiency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_battery_stops_at_its_bounds() {
        let mut battery = Battery { stored_wh: 5050.0, ..Battery::default() };
        assert_eq!(battery.charge(9000.0, 90.0, 60.0), 5000.0, "no more than its power");
        while battery.charge(5000.0, 90.0, 60.0) > 0.0 {}
        assert!((battery.soc() - 90.0).abs() < 1e-9);
        assert_eq!(battery.charge(5000.0, 50.0, 60.0), 0.0, "a cap below is no command to discharge");
        while battery.discharge(5000.0, 10.0, 60.0) > 0.0 {}
        assert!((battery.soc() - 10.0).abs() < 1e-9);
        assert_eq!(battery.discharge(5000.0, 30.0, 60.0), 0.0, "a floor above is no command to charge");
    }

    proptest! {
        #[test]
        fn energy_is_conserved(steps in prop::collection::vec((-9000.0..9000.0_f64, 0.0..100.0_f64), 1..200)) {
            let mut battery = Battery::default();
            for (ask, bound) in steps {
                let before = battery.stored_wh;
                if ask > 0.0 {
                    let power = battery.discharge(ask, bound, 60.0);
                    prop_assert!((before - battery.stored_wh - power / 60.0 / 0.95).abs() < 1e-6);
                    prop_assert!(power == 0.0 || battery.soc() >= bound - 1e-9);
                } else {
                    let power = battery.charge(-ask, bound, 60.0);
                    prop_assert!((battery.stored_wh - before - power / 60.0 * 0.95).abs() < 1e-6);
                    prop_assert!(power == 0.0 || battery.soc() <= bound + 1e-9);
                }
                prop_assert!(battery.is_sound());
            }
        }
    }
}
