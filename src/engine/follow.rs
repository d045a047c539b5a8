//! What `follow the cheapest plan` comes to at one moment.

use super::Command;
use crate::policy::model::Battery;
use crate::units::{Price, Soc};
use crate::worth::{Reach, SlotWorth, Standing};

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
    /// Whether something else would be better, but by less than a change of what stands must gain.
    pub kept: bool,
}

/// The command for a state of charge, within reserve and ceiling.
///
/// A charge goes up to where a stored kWh is worth no more than it costs; while one that has reached its target would be
/// followed by a hold it stands, for at its target a charge holds. Where a stored kWh is worth more later than it saves
/// now, hold. Else the device's own way.
///
/// What stands already, a charge with its target, stays until a change gains enough. Where that is not known every gain counts.
#[must_use]
pub fn followed(battery: &Battery, worth: &SlotWorth, soc: Soc, standing: Option<Standing>) -> Command {
    let hold_below = match standing {
        Some(Standing::Charge(_) | Standing::Hold) => worth.hold_below.near,
        Some(Standing::OwnWay) => worth.hold_below.sure,
        None => worth.hold_below.even,
    };
    let holds = soc <= hold_below && hold_below > worth.reserve;
    match target(battery, worth, soc, standing, holds) {
        Some(target) if soc < target || holds && soc.percent() < target.percent() + STEP => {
            Command::ChargeTo { target, power: None }
        }
        _ if holds => Command::Hold,
        _ => Command::SelfConsume { floor: battery.reserve },
    }
}

/// Up to where a charge goes that stands or begins; `None` if there is none. Where the device leaves its own way to hold in any
/// case, it charges as well.
fn target(battery: &Battery, worth: &SlotWorth, soc: Soc, standing: Option<Standing>, holds: bool) -> Option<Soc> {
    let Reach { sure, even, near } = worth.charge_below;
    let rounded = |soc: Soc| {
        let up = Soc::from_percent(((soc.percent() / STEP).ceil() * STEP).min(100.0));
        up.unwrap_or(Soc::FULL).min(battery.ceiling)
    };
    let charges = match standing {
        Some(Standing::Charge(target)) if near > worth.reserve && within_a_step(target, sure, rounded(near)) => {
            return Some(target);
        }
        Some(Standing::Charge(_)) | None => even > worth.reserve,
        Some(Standing::OwnWay) => soc < sure || holds && even > worth.reserve,
        Some(Standing::Hold) => soc < sure,
    };
    charges.then(|| rounded(even))
}

/// Whether a target lies between two charges, or beside them by no more than targets are apart.
fn within_a_step(target: Soc, low: Soc, high: Soc) -> bool {
    low.percent() <= target.percent() + STEP && target.percent() <= high.percent() + STEP
}

impl Weighed {
    /// What is weighed at a state of charge, where this stands already.
    pub(super) fn of(battery: &Battery, worth: &SlotWorth, soc: Soc, standing: Option<Standing>) -> Weighed {
        let SlotWorth { import, storing, using, .. } = *worth;
        let later = if soc < worth.charge_below.even { worth.of_next(soc) } else { worth.of_last(soc) };
        let kept = followed(battery, worth, soc, standing) != followed(battery, worth, soc, None);
        Weighed { soc, worth: later, import, storing, using, kept }
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
    fn command(charge_below: [f64; 3], hold_below: [f64; 3], percent: f64, standing: Option<Standing>) -> String {
        let reach = |[sure, even, near]: [f64; 3]| Reach { sure: soc(sure), even: soc(even), near: soc(near) };
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
            charge_below: reach(charge_below),
            hold_below: reach(hold_below),
            reserve: soc(10.0),
            levels: [price(0.1); LEVELS],
            beyond: [price(0.1); LEVELS],
        };
        followed(&battery, &worth, soc(percent), standing).to_string()
    }

    #[test]
    fn a_plan_comes_to_one_of_three_commands() {
        let check = |(charge, hold): (f64, f64), percent: f64, expect: &str| {
            assert_eq!(command([charge; 3], [hold; 3], percent, None), expect, "{charge} {hold} {percent}");
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

    #[test]
    fn what_stands_stays_until_a_change_gains_enough() {
        let check = |charge: [f64; 3], hold: [f64; 3], percent: f64, standing: Standing, expect: &str| {
            let found = command(charge, hold, percent, Some(standing));
            assert_eq!(found, expect, "{charge:?} {hold:?} {percent} {standing:?}");
        };
        let (none, to_65) = ([10.0; 3], Standing::Charge(soc(65.0)));
        // A target that moves a little stays; one that moves far does not.
        check([52.0, 56.0, 66.0], none, 30.0, to_65, "charge to 65 %");
        check([61.0, 75.0, 90.0], none, 30.0, to_65, "charge to 65 %");
        check([71.0, 75.0, 90.0], none, 30.0, to_65, "charge to 75 %");
        check([30.0, 40.0, 60.0], none, 30.0, to_65, "charge to 65 %");
        check([30.0, 40.0, 55.0], none, 30.0, to_65, "charge to 40 %");
        check([10.0, 10.0, 66.0], none, 30.0, to_65, "charge to 65 %");
        check(none, none, 30.0, to_65, "self-consume down to 10 %");
        // A charge, and a hold, begin where they surely pay and end where they surely do not.
        check([40.0, 50.0, 60.0], none, 45.0, Standing::OwnWay, "self-consume down to 10 %");
        check([40.0, 50.0, 60.0], none, 35.0, Standing::OwnWay, "charge to 50 %");
        check([40.0, 50.0, 60.0], [50.0; 3], 45.0, Standing::OwnWay, "charge to 50 %");
        check([40.0, 50.0, 60.0], [50.0; 3], 45.0, Standing::Hold, "hold");
        check(none, [40.0, 50.0, 60.0], 45.0, Standing::OwnWay, "self-consume down to 10 %");
        check(none, [40.0, 50.0, 60.0], 55.0, Standing::Hold, "hold");
        check(none, [40.0, 50.0, 60.0], 61.0, Standing::Hold, "self-consume down to 10 %");
        check([61.0; 3], [61.0, 65.0, 70.0], 66.0, to_65, "charge to 65 %");
    }

    /// A plan that stands as it was made is made again.
    #[test]
    fn the_same_plan_follows_from_what_it_came_to() {
        let reaches = [[10.0; 3], [10.0, 10.0, 30.0], [10.0, 30.0, 60.0], [30.0, 50.0, 56.0], [61.0, 71.0, 92.0]];
        let standings = [Standing::OwnWay, Standing::Hold, Standing::Charge(soc(55.0)), Standing::Charge(soc(75.0))];
        for (charge, hold) in reaches.iter().flat_map(|charge| reaches.map(|hold| (*charge, hold))) {
            for (percent, standing) in
                [12.0, 33.0, 52.0, 74.0, 99.0].into_iter().flat_map(|p| standings.map(|s| (p, s)))
            {
                let first = command(charge, hold, percent, Some(standing));
                let stands = match first.as_str() {
                    "hold" => Standing::Hold,
                    own_way if own_way.starts_with("self") => Standing::OwnWay,
                    charge => Standing::Charge(soc(charge[10..charge.len() - 2].parse().expect("a percentage"))),
                };
                assert_eq!(
                    command(charge, hold, percent, Some(stands)),
                    first,
                    "{charge:?} {hold:?} {percent} {standing:?}"
                );
            }
        }
    }
}
