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
