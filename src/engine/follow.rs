//! What `follow the cheapest plan` comes to at one moment.

use super::Command;
use crate::policy::model::Battery;
use crate::units::{Price, Soc};
use crate::worth::SlotWorth;

/// Targets are rounded up to a multiple of this many percent, so that a plan that moves a little costs no write.
const STEP: f64 = 5.0;

/// What was weighed against each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    /// The state of charge.
    pub soc: Soc,
    /// What a stored kWh is worth later: the next one where it is charged, else the one that would be used next.
    pub worth: Price,
    /// What a kWh from the grid costs now.
    pub import: Price,
    /// What a kWh that is taken from the grid now costs once it is stored.
    pub storing: Price,
    /// What a stored kWh saves if it is used now.
    pub using: Price,
}

/// The command for a state of charge, within reserve and ceiling.
///
/// A charge goes up to where a stored kWh is worth no more than it costs; while one that has reached its target would be
/// followed by a hold it stands, for at its target a charge holds. Where a stored kWh is worth more later than it saves
/// now, hold. Else the device's own way.
#[must_use]
pub fn followed(battery: &Battery, worth: &SlotWorth, soc: Soc) -> Command {
    let target = Soc::from_percent(((worth.charge_below.percent() / STEP).ceil() * STEP).min(100.0));
    let target = target.unwrap_or(Soc::FULL).min(battery.ceiling);
    let charges = worth.charge_below > worth.reserve;
    let holds = soc <= worth.hold_below && worth.hold_below > worth.reserve;
    if charges && (soc < target || holds && soc.percent() < target.percent() + STEP) {
        Command::ChargeTo { target, power: None }
    } else if holds {
        Command::Hold
    } else {
        Command::SelfConsume { floor: battery.reserve }
    }
}

impl Weighed {
    /// What is weighed at a state of charge.
    #[must_use]
    pub fn of(worth: &SlotWorth, soc: Soc) -> Weighed {
        let SlotWorth { import, storing, using, .. } = *worth;
        let later = if soc < worth.charge_below { worth.of_next(soc) } else { worth.of_last(soc) };
        Weighed { soc, worth: later, import, storing, using }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Energy, Fraction, Power};
    use crate::worth::LEVELS;

    fn soc(percent: f64) -> Soc {
        Soc::from_percent(percent).expect("a percentage")
    }

    /// What a plan comes to that charges below one charge and holds up to another, at a state of charge.
    fn command(charge_below: f64, hold_below: f64, percent: f64) -> String {
        let power = Power::from_watts(5000.0).expect("a power");
        let battery = Battery {
            capacity: Energy::from_watt_hours(10_000.0).expect("an energy"),
            charge_power: power,
            discharge_power: power,
            charge_efficiency: Fraction::ONE,
            discharge_efficiency: Fraction::ONE,
            reserve: soc(10.0),
            ceiling: soc(92.0),
        };
        let from = "2026-11-20T00:00:00Z".parse().expect("an instant");
        let until = "2026-11-20T01:00:00Z".parse().expect("an instant");
        let price = |amount| Price::per_kwh(amount).expect("a price");
        let worth = SlotWorth {
            from,
            until,
            import: price(0.2),
            storing: price(0.2),
            using: price(0.2),
            charge_below: soc(charge_below),
            hold_below: soc(hold_below),
            reserve: soc(10.0),
            levels: [price(0.1); LEVELS],
        };
        followed(&battery, &worth, soc(percent)).to_string()
    }

    #[test]
    fn a_plan_comes_to_one_of_three_commands() {
        let check = |(charge, hold): (f64, f64), percent: f64, expect: &str| {
            assert_eq!(command(charge, hold, percent), expect, "{charge} {hold} {percent}");
        };
        check((61.0, 70.0), 30.0, "charge to 65 %");
        check((61.0, 70.0), 65.0, "charge to 65 %");
        check((61.0, 70.0), 69.9, "charge to 65 %");
        check((61.0, 70.0), 70.0, "hold");
        check((61.0, 70.0), 70.1, "self-consume down to 10 %");
        check((61.0, 61.0), 65.0, "self-consume down to 10 %");
        check((10.0, 40.0), 30.0, "hold");
        check((10.0, 10.0), 5.0, "self-consume down to 10 %");
        check((92.0, 100.0), 30.0, "charge to 92 %");
        check((92.0, 100.0), 95.0, "charge to 92 %");
        check((92.0, 100.0), 99.0, "hold");
    }
}
