//! What stored energy is worth from a slot on, for each way in which the hour at hand may come.

use std::time::Duration;

use super::slots::Slot;
use crate::forecast::{PERSISTENCE, WAYS};
use crate::optimum::{self, Store, levels_before};
use crate::units::{Energy, Price};
use crate::worth::LEVELS;

/// What a stored kWh is worth, level by level from the reserve up to full: never rising.
pub(super) type Levels = [f64; LEVELS];

/// How likely each way is.
pub(super) type Likely = [f64; WAYS];

/// Levels by the way in which the hour at hand comes, or has come.
#[derive(Clone, Debug)]
pub(super) struct Ahead([Levels; WAYS]);

impl Ahead {
    /// Every kWh is worth the same, whatever comes.
    pub(super) fn even(worth: f64) -> Ahead {
        Ahead([[worth; LEVELS]; WAYS])
    }

    /// Once a slot of so many hours is over, by the way in which it came: the next one comes in the same or in any.
    pub(super) fn after(&self, hours: f64) -> Ahead {
        let stays = PERSISTENCE.powf(hours);
        let any = self.mean(&[1.0 / count(); WAYS]);
        let mut after = self.0;
        for (worth, any) in after.iter_mut().flat_map(|levels| levels.iter_mut().zip(any)) {
            *worth = stays * *worth + (1.0 - stays) * any;
        }
        Ahead(after)
    }

    /// Before a slot, by the way in which it will come, if this is after it.
    pub(super) fn before(&self, store: &Store, slot: &Slot) -> Ahead {
        let mut before = self.0;
        for (levels, need) in before.iter_mut().zip(slot.needs) {
            *levels = levels_before(store, &in_way(slot, need), levels);
        }
        Ahead(before)
    }

    /// The mean over all ways.
    pub(super) fn mean(&self, likely: &Likely) -> Levels {
        let mut mean = [0.0; LEVELS];
        for (levels, likely) in self.0.iter().zip(likely) {
            mean.iter_mut().zip(levels).for_each(|(mean, worth)| *mean += likely * worth);
        }
        mean
    }
}

/// How likely each way is so many hours after an hour that came in a known one; all alike after one that nobody saw.
pub(super) fn likely(way: Option<usize>, hours: f64) -> Likely {
    let stays = if way.is_some() { PERSISTENCE.powf(hours) } else { 0.0 };
    let mut likely = [(1.0 - stays) / count(); WAYS];
    if let Some(same) = way.and_then(|way| likely.get_mut(way)) {
        *same += stays;
    }
    likely
}

/// A slot in one of its ways, as the optimum sees it.
fn in_way(slot: &Slot, need: f64) -> optimum::Slot {
    let energy = |kilowatt_hours: f64| Energy::from_watt_hours(kilowatt_hours * 1000.0).unwrap_or_default();
    optimum::Slot {
        span: Duration::from_secs_f64((slot.hours * 3600.0).max(0.0)),
        load: energy(need.max(0.0)),
        solar: energy((-need).max(0.0)),
        import: price(slot.import),
        export: price(slot.export),
    }
}

fn count() -> f64 {
    f64::from(u32::try_from(WAYS).unwrap_or(u32::MAX))
}

/// A price that was known, or made of such.
pub(super) fn price(amount: f64) -> Price {
    Price::per_kwh(amount.clamp(-1e5, 1e5)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-12, "{one} {other}");
    }

    #[test]
    fn an_hour_speaks_for_the_next_and_less_for_later_ones() {
        assert_eq!(likely(None, 1.0), [0.25; WAYS]);
        let next = likely(Some(3), 1.0);
        near(next[3], 0.7 + 0.3 / 4.0);
        near(next[0], 0.3 / 4.0);
        assert!(likely(Some(3), 48.0).iter().all(|share| (share - 0.25).abs() < 1e-6));
        for hours in [0.0, 0.25, 1.0, 7.5] {
            near(likely(Some(1), hours).iter().sum(), 1.0);
        }
    }

    #[test]
    fn four_quarters_of_an_hour_forget_as_much_as_the_hour() {
        let mut ahead = Ahead::even(0.0);
        ahead.0[2] = [1.0; LEVELS];
        let (mut quarters, hour) = (ahead.clone(), ahead.after(1.0));
        (0..4).for_each(|_| quarters = quarters.after(0.25));
        quarters.0.iter().zip(hour.0).for_each(|(one, other)| near(one[0], other[0]));
        near(hour.0[2][0], 0.7 + 0.3 / 4.0);
    }
}
