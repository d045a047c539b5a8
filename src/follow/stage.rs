//! One slot back in time: the slopes of the cost to come before it, from those after it.

use super::slots::Slot;
use crate::forecast::WAYS;
use crate::policy::model::Battery;
use crate::worth::LEVELS;

/// Less than this many kWh are a rounding error.
const NOTHING: f64 = 1e-9;

/// What a stored kWh is worth, level by level from the reserve up to full: never rising.
pub(super) type Levels = [f64; LEVELS];

/// The store between the reserve and full, in kWh, kW and shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Store {
    /// How much energy each level holds.
    pub(super) width: f64,
    charge_power: f64,
    discharge_power: f64,
    /// Stored of taken.
    pub(super) into: f64,
    /// Given of drawn.
    pub(super) out: f64,
}

/// Something that a slot can do with the store: so many kWh of it, each worth so much.
#[derive(Clone, Copy, Debug)]
struct Offer {
    worth: f64,
    width: f64,
}

impl Store {
    pub(super) fn of(battery: &Battery) -> Store {
        let share = (100.0 - battery.reserve.percent()).max(0.0) / 100.0;
        Store {
            width: battery.capacity.kilowatt_hours().max(0.0) * share / f64::from(u32::try_from(LEVELS).unwrap_or(1)),
            charge_power: battery.charge_power.watts().max(0.0) / 1000.0,
            discharge_power: battery.discharge_power.watts().max(0.0) / 1000.0,
            into: battery.charge_efficiency.factor(),
            out: battery.discharge_efficiency.factor(),
        }
    }

    /// The mean worth before a slot over the ways in which it may come. `effort` is what a kWh stored from the grid must
    /// gain at least.
    ///
    /// In each way the slot adds its own offers to the sorted slopes, and what leaves the window at either end is cut
    /// off. A price below zero counts as zero and export as no dearer than import, so that each cost is convex.
    pub(super) fn before(&self, slot: &Slot, after: &Levels, effort: f64) -> Levels {
        let mut before = [0.0; LEVELS];
        let import = slot.import.max(0.0);
        let export = slot.export.min(import);
        let most_stored = self.charge_power * slot.hours * self.into;
        let most_drawn = self.discharge_power * slot.hours / self.out;
        for need in slot.needs {
            let sun = ((-need).max(0.0) * self.into).min(most_stored);
            let buy = Offer { worth: import / self.into + effort, width: most_stored - sun };
            let other = if need > 0.0 {
                Offer { worth: import * self.out, width: (need / self.out).min(most_drawn) }
            } else {
                Offer { worth: export / self.into, width: sun }
            };
            self.merge(after, [buy, other], most_stored, &mut before);
        }
        before
    }

    /// Adds one way's share of the slopes after a slot merged with its offers, without the first `skip` kWh.
    fn merge(&self, after: &Levels, offers: [Offer; 2], skip: f64, before: &mut Levels) {
        let share = 1.0 / f64::from(u32::try_from(WAYS).unwrap_or(1));
        let mut pour = Pour { levels: before.iter_mut(), level: None, room: 0.0, width: self.width, skip, share };
        let mut offers = offers.iter().peekable();
        for worth in after {
            while let Some(offer) = offers.next_if(|offer| offer.worth > *worth) {
                pour.add(offer.worth, offer.width);
            }
            pour.add(*worth, self.width);
        }
        offers.for_each(|offer| pour.add(offer.worth, offer.width));
    }
}

/// Slopes that fill the levels one after another.
struct Pour<'a> {
    levels: std::slice::IterMut<'a, f64>,
    level: Option<&'a mut f64>,
    room: f64,
    width: f64,
    skip: f64,
    share: f64,
}

impl Pour<'_> {
    fn add(&mut self, worth: f64, mut amount: f64) {
        let skipped = self.skip.min(amount);
        self.skip -= skipped;
        amount -= skipped;
        while amount > NOTHING {
            if self.room <= NOTHING {
                self.level = self.levels.next();
                self.room = self.width;
            }
            let Some(level) = self.level.as_mut() else { return };
            let part = amount.min(self.room);
            **level += worth * (part / self.width) * self.share;
            self.room -= part;
            amount -= part;
        }
    }
}
