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
    /// What the next stored kWh is worth later.
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
        Weighed { soc, worth: worth.worth_at(soc), import, storing, using }
    }
}
