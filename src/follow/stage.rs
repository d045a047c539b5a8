//! One slot back in time: the slopes of the cost to come before it, from those after it.

use super::slots::Slot;
use crate::forecast::WAYS;
use crate::policy::model::Battery;
use crate::worth::LEVELS;

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
    ///
    /// The offers stand where they belong among the levels, the dearer one first. So up to any point of the merged slopes
    /// it is plain how much of each offer lies before it, and the rest of the way lies in the levels.
    fn merge(&self, after: &Levels, [buy, other]: [Offer; 2], skip: f64, before: &mut Levels) {
        let share = 1.0 / f64::from(u32::try_from(WAYS).unwrap_or(1)) / self.width;
        let buy_from = self.dearer(after, buy.worth);
        let other_from = self.dearer(after, other.worth) + buy.width;
        let mut levels = Sum { rest: after.iter(), level: 0.0, width: self.width, end: 0.0, sum: 0.0 };
        let mut up_to = |point: f64| {
            let bought = (point - buy_from).clamp(0.0, buy.width);
            let used = (point - other_from).clamp(0.0, other.width);
            levels.up_to(point - bought - used) + buy.worth * bought + other.worth * used
        };
        let mut point = skip;
        let mut sum = up_to(point);
        for level in before {
            point += self.width;
            let next = up_to(point);
            *level += (next - sum) * share;
            sum = next;
        }
    }

    /// How much energy lies in the levels that are worth more than this.
    fn dearer(&self, levels: &Levels, than: f64) -> f64 {
        levels.iter().take_while(|worth| **worth > than).map(|_| self.width).sum()
    }
}

/// The worth of all energy up to a point that moves on from level to level.
struct Sum<'a> {
    rest: std::slice::Iter<'a, f64>,
    level: f64,
    width: f64,
    /// Where the level ends, and what all up to there is worth.
    end: f64,
    sum: f64,
}

impl Sum<'_> {
    /// The worth of all up to a point that is no earlier than the one before.
    fn up_to(&mut self, point: f64) -> f64 {
        while self.end < point {
            let Some(level) = self.rest.next() else { break };
            self.level = *level;
            self.end += self.width;
            self.sum += self.level * self.width;
        }
        self.sum - self.level * (self.end - point)
    }
}
