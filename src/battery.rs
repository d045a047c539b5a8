//! One step of battery physics.
//!
//! Powers are measured outside the battery, so what is stored is what was taken times the charge efficiency, and what is
//! given is what was drawn times the discharge efficiency. At every moment load + export = solar + import + battery.

use std::time::Duration;

use crate::engine::Command;
use crate::policy::model::Battery;
use crate::units::{Energy, Power, Soc};

/// The most phases that one step can fall into: to a target, on to full, and one to spare.
const PHASES: usize = 4;

/// What a device does where the policy language leaves it to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Whether the sun may charge past the target of a charge command; if not, the battery idles there.
    pub sun_above_target: bool,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The state of charge at its end.
    pub soc: Soc,
    /// Mean power of the battery: `+` discharge, `-` charge.
    pub battery: Power,
    /// Mean power at the meter: `+` import, `-` export.
    pub grid: Power,
}

/// What the battery does from some moment on: its power, and the charge at which it will do something else.
#[derive(Clone, Copy, Debug)]
struct Phase {
    /// `+` discharge, `-` charge.
    power: Power,
    /// Where it ends.
    limit: Soc,
}

/// The state of charge after a command has held for some time under constant load and sun, with the mean powers.
///
/// A target or floor that is reached within the step is kept from there on, so the powers are means over the step.
#[must_use]
pub fn step(
    battery: &Battery,
    soc: Soc,
    command: Command,
    load: Power,
    solar: Power,
    duration: Duration,
    behaviour: Behaviour,
) -> Step {
    let whole = duration.as_secs_f64();
    let mut state = soc;
    let mut left = whole;
    let mut mean = Power::ZERO;
    for _ in 0..PHASES {
        if left <= 0.0 {
            break;
        }
        let phase = phase(battery, state, command, load - solar, behaviour);
        let (next, seconds) = run(battery, state, phase, left);
        mean = mean + phase.power * (seconds / whole);
        state = next;
        left -= seconds;
    }
    Step { soc: state, battery: mean, grid: load - solar - mean }
}

/// What the battery does at this state of charge. `need` is load less sun.
fn phase(battery: &Battery, soc: Soc, command: Command, need: Power, behaviour: Behaviour) -> Phase {
    let most = |asked: Option<Power>, limit: Power| asked.map_or(limit, |asked| asked.max(Power::ZERO).min(limit));
    match command {
        Command::ChargeTo { target, power } if soc < target => {
            Phase { power: -most(power, battery.charge_power), limit: target }
        }
        Command::ChargeTo { .. } if !behaviour.sun_above_target => idle(soc),
        Command::ChargeTo { .. } | Command::Hold => from_the_sun(battery, soc, need),
        Command::DischargeTo { floor, power } if soc > floor => {
            Phase { power: most(power, battery.discharge_power), limit: floor }
        }
        Command::SelfConsume { floor } | Command::DischargeTo { floor, .. } => {
            if need > Power::ZERO && soc > floor {
                Phase { power: need.min(battery.discharge_power), limit: floor }
            } else {
                from_the_sun(battery, soc, need)
            }
        }
    }
}

/// The sun's surplus charges, nothing discharges.
fn from_the_sun(battery: &Battery, soc: Soc, need: Power) -> Phase {
    if need < Power::ZERO && soc < Soc::FULL {
        Phase { power: -(-need).min(battery.charge_power), limit: Soc::FULL }
    } else {
        idle(soc)
    }
}

fn idle(soc: Soc) -> Phase {
    Phase { power: Power::ZERO, limit: soc }
}

/// The state of charge at the end of a phase, and how many of the seconds that are left it lasts.
fn run(battery: &Battery, soc: Soc, phase: Phase, left: f64) -> (Soc, f64) {
    // Watts into the store: negative while it discharges.
    let rate = -stored(battery, phase.power).watts();
    let room = (phase.limit.of(battery.capacity) - soc.of(battery.capacity)).watt_hours();
    if rate == 0.0 {
        return (soc, left);
    }
    let needed = (room / rate * 3600.0).max(0.0);
    if needed <= left {
        (phase.limit, needed)
    } else {
        // Less than there is room for, so well within what an energy can hold.
        let moved = Energy::from_watt_hours(rate * left / 3600.0).unwrap_or_default();
        (Soc::storing(soc.of(battery.capacity) + moved, battery.capacity), left)
    }
}

/// The power at the store itself for a power outside it, by the efficiency of its direction.
fn stored(battery: &Battery, power: Power) -> Power {
    if power > Power::ZERO {
        power * (1.0 / battery.discharge_efficiency.factor())
    } else {
        power * battery.charge_efficiency.factor()
    }
}

impl Default for Behaviour {
    /// As the policy language says: no discharge at the target, the sun may charge.
    fn default() -> Behaviour {
        Behaviour { sun_above_target: true }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Fraction;

    const QUARTER: Duration = Duration::from_secs(900);

    fn battery(efficiency: f64) -> Battery {
        let efficiency = Fraction::from_percent(efficiency).expect("a share");
        Battery {
            capacity: Energy::from_watt_hours(10_000.0).expect("an energy"),
            charge_power: watts(5000.0),
            discharge_power: watts(4000.0),
            charge_efficiency: efficiency,
            discharge_efficiency: efficiency,
            reserve: soc(10.0),
            ceiling: Soc::FULL,
        }
    }

    fn watts(watts: f64) -> Power {
        Power::from_watts(watts).expect("a power")
    }

    fn soc(percent: f64) -> Soc {
        Soc::from_percent(percent).expect("a state of charge")
    }

    #[test]
    fn each_command_does_what_its_word_says() {
        let charge = |target, power: Option<f64>| Command::ChargeTo { target: soc(target), power: power.map(watts) };
        let own_way = |floor| Command::SelfConsume { floor: soc(floor) };
        let force = |floor, power: Option<f64>| Command::DischargeTo { floor: soc(floor), power: power.map(watts) };
        let check = |command, start, load, solar, expect: (f64, f64, f64)| {
            let step =
                step(&battery(100.0), soc(start), command, watts(load), watts(solar), QUARTER, Behaviour::default());
            let (end, power, grid) = expect;
            let near = |one: f64, other: f64| (one - other).abs() < 1e-6;
            let seen = (step.soc.percent(), step.battery.watts(), step.grid.watts());
            assert!(
                near(seen.0, end) && near(seen.1, power) && near(seen.2, grid),
                "{command} from {start} %: {seen:?}"
            );
        };
        check(charge(90.0, None), 40.0, 500.0, 0.0, (52.5, -5000.0, 5500.0));
        check(charge(90.0, Some(2000.0)), 40.0, 500.0, 0.0, (45.0, -2000.0, 2500.0));
        check(charge(90.0, Some(9000.0)), 40.0, 500.0, 0.0, (52.5, -5000.0, 5500.0));
        check(charge(90.0, None), 40.0, 500.0, 3000.0, (52.5, -5000.0, 2500.0));
        check(charge(50.0, None), 40.0, 500.0, 0.0, (50.0, -4000.0, 4500.0));
        check(charge(50.0, None), 60.0, 500.0, 0.0, (60.0, 0.0, 500.0));
        check(charge(50.0, None), 60.0, 500.0, 2500.0, (65.0, -2000.0, 0.0));
        check(Command::Hold, 60.0, 500.0, 0.0, (60.0, 0.0, 500.0));
        check(Command::Hold, 60.0, 500.0, 2500.0, (65.0, -2000.0, 0.0));
        check(Command::Hold, 99.0, 0.0, 2000.0, (100.0, -400.0, -1600.0));
        check(own_way(10.0), 60.0, 2000.0, 0.0, (55.0, 2000.0, 0.0));
        check(own_way(10.0), 60.0, 6000.0, 0.0, (50.0, 4000.0, 2000.0));
        check(own_way(10.0), 12.0, 2000.0, 0.0, (10.0, 800.0, 1200.0));
        check(own_way(10.0), 5.0, 2000.0, 0.0, (5.0, 0.0, 2000.0));
        check(own_way(10.0), 5.0, 0.0, 2000.0, (10.0, -2000.0, 0.0));
        check(force(30.0, None), 60.0, 500.0, 0.0, (50.0, 4000.0, -3500.0));
        check(force(30.0, Some(1000.0)), 60.0, 500.0, 0.0, (57.5, 1000.0, -500.0));
        check(force(30.0, None), 32.0, 500.0, 0.0, (30.0, 800.0, -300.0));
        check(force(30.0, None), 20.0, 500.0, 0.0, (20.0, 0.0, 500.0));
    }

    #[test]
    fn efficiency_is_lost_on_the_way_in_and_on_the_way_out() {
        let run = |command, start, load| {
            step(&battery(90.0), soc(start), command, watts(load), Power::ZERO, QUARTER, Behaviour::default())
                .soc
                .percent()
        };
        assert!((run(Command::ChargeTo { target: Soc::FULL, power: None }, 40.0, 0.0) - 51.25).abs() < 1e-9);
        assert!((run(Command::SelfConsume { floor: soc(10.0) }, 40.0, 1800.0) - 35.0).abs() < 1e-9);
    }

    #[test]
    fn a_device_may_idle_at_the_target_whatever_the_sun_does() {
        let command = Command::ChargeTo { target: soc(50.0), power: None };
        let idling = Behaviour { sun_above_target: false };
        let step = step(&battery(100.0), soc(60.0), command, Power::ZERO, watts(2000.0), QUARTER, idling);
        assert_eq!((step.soc, step.battery, step.grid), (soc(60.0), Power::ZERO, watts(-2000.0)));
    }

    fn commands() -> impl Strategy<Value = Command> {
        let percent = || (0.0..=100.0).prop_map(soc);
        let power = || proptest::option::of((0.0..12_000.0).prop_map(watts));
        prop_oneof![
            (percent(), power()).prop_map(|(target, power)| Command::ChargeTo { target, power }),
            Just(Command::Hold),
            percent().prop_map(|floor| Command::SelfConsume { floor }),
            (percent(), power()).prop_map(|(floor, power)| Command::DischargeTo { floor, power }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Nothing is made or lost, the store stays within its bounds, and nobody passes a floor or a target.
        #[test]
        fn energy_is_conserved_and_bounds_are_kept(
            command in commands(),
            percent in 0.0..=100.0,
            load in 0.0..20_000.0,
            solar in 0.0..20_000.0,
            seconds in 0_u64..7200,
            efficiency in 50.0..=100.0,
            sun_above_target in any::<bool>(),
        ) {
            let (battery, span) = (battery(efficiency), Duration::from_secs(seconds));
            let start = soc(percent);
            let end = step(&battery, start, command, watts(load), watts(solar), span, Behaviour { sun_above_target });

            let balance = watts(load) - watts(solar) - end.grid - end.battery;
            prop_assert!(balance.over(span).watt_hours().abs() < 1e-6);

            prop_assert!((0.0..=100.0).contains(&end.soc.percent()));
            prop_assert!(end.battery.watts() <= 4000.0 + 1e-6 && end.battery.watts() >= -5000.0 - 1e-6);
            if end.soc < start {
                let floor = match command {
                    Command::SelfConsume { floor } | Command::DischargeTo { floor, .. } => floor,
                    Command::ChargeTo { .. } | Command::Hold => Soc::FULL,
                };
                prop_assert!(end.soc >= floor, "discharged below the floor");
            }
            if let Command::ChargeTo { target, .. } = command && end.soc > target {
                prop_assert!(sun_above_target || start > target, "charged above the target");
                prop_assert!(start > target || solar > load, "charged above the target from the grid");
            }
        }

        /// What went into the store is what was taken less the loss, and what came out is what was drawn less the loss.
        #[test]
        fn the_store_moves_by_what_passes_the_terminals(
            command in commands(),
            percent in 0.0..=100.0,
            load in 0.0..20_000.0,
            solar in 0.0..20_000.0,
            efficiency in 50.0..=100.0,
        ) {
            let battery = battery(efficiency);
            let end = step(&battery, soc(percent), command, watts(load), watts(solar), QUARTER, Behaviour::default());
            let factor = efficiency / 100.0;
            let moved = end.soc.of(battery.capacity).watt_hours() - soc(percent).of(battery.capacity).watt_hours();
            let outside = end.battery.over(QUARTER).watt_hours();
            let both_ways = matches!(command, Command::DischargeTo { .. }) && solar > load;
            let expect = if outside > 0.0 { -outside / factor } else { -outside * factor };
            prop_assert!(both_ways || (moved - expect).abs() < 1e-6, "moved {moved}, expected {expect}");
        }
    }
}
