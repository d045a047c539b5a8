//! A cost to go in equal levels of stored energy, for whoever plans under doubt: exact within a slot, a mean within a level.
//!
//! Where a slot may come in several ways the cost before it is a mean over them, and its slopes change wherever those of any
//! way do. Over the slots that are looked at there would be no end of pieces. So after each slot the pieces that lie in one
//! level become one, of their mean worth: the cost stays convex and true at the levels' ends.

use tinyvec::ArrayVec;

use super::limits::Limits;
use super::shape::{PIECES, Piece, Shape};
use super::solve::least;
use super::{Slot, Store};

/// What a stored kWh is worth before a slot, level by level from empty to full, given what it is worth after it: never rising
/// if that never rises. Currency per kWh.
///
/// The store's start and end are not looked at. A slot whose cost is not convex counts at its convex envelope.
#[must_use]
pub fn levels_before<const LEVELS: usize>(store: &Store, slot: &Slot, after: &[f64; LEVELS]) -> [f64; LEVELS] {
    let limits = Limits::of(store);
    let width = limits.capacity / f64::from(u32::try_from(LEVELS).unwrap_or(u32::MAX).max(1));
    if width <= 0.0 {
        return *after;
    }
    let (shape, _) = least(&limits, slot);
    let offers = offers(&shape, after, width);
    let mut levels = Sum { rest: after.iter(), worth: 0.0, width, end: 0.0, sum: 0.0 };
    let mut up_to = |point: f64| {
        let parts = offers.iter().map(|offer| (offer.worth, (point - offer.from).clamp(0.0, offer.width)));
        let (taken, sum) = parts.fold((0.0, 0.0), |(taken, sum), (worth, part)| (taken + part, sum + worth * part));
        levels.up_to(point - taken) + sum
    };
    // What lies below this would have to be drawn from an empty store.
    let mut point = -shape.from;
    let mut sum = up_to(point);
    after.map(|_| {
        point += width;
        let (from, to) = (sum, up_to(point));
        sum = to;
        (to - from) / width
    })
}

/// Something that a slot can do with the store, among the levels where it belongs: the dearer before, the cheaper after it.
#[derive(Clone, Copy, Debug, Default)]
struct Offer {
    worth: f64,
    from: f64,
    width: f64,
}

/// The pieces of a slot's convex cost, each where it stands once all are merged with the levels.
fn offers(shape: &Shape, levels: &[f64], width: f64) -> ArrayVec<[Offer; PIECES]> {
    let mut dearer_offers = 0.0;
    let offer = |piece: &Piece| {
        let dearer = levels.partition_point(|worth| *worth > piece.worth);
        let from = f64::from(u32::try_from(dearer).unwrap_or(u32::MAX)) * width + dearer_offers;
        dearer_offers += piece.width;
        Offer { worth: piece.worth, from, width: piece.width }
    };
    shape.pieces.iter().map(offer).collect()
}

/// The worth of all energy up to a point that moves on from level to level.
struct Sum<'a> {
    rest: std::slice::Iter<'a, f64>,
    worth: f64,
    width: f64,
    /// Where the level ends, and what all up to there is worth.
    end: f64,
    sum: f64,
}

impl Sum<'_> {
    /// The worth of all up to a point that is no earlier than the one before.
    fn up_to(&mut self, point: f64) -> f64 {
        while self.end < point {
            let Some(worth) = self.rest.next() else { break };
            self.worth = *worth;
            self.end += self.width;
            self.sum += self.worth * self.width;
        }
        self.sum - self.worth * (self.end - point)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::optimum::{CostToGo, End, cost_to_go};
    use crate::units::{Energy, Fraction, Power, Price};

    const LEVELS: usize = 20;

    fn energy(kilowatt_hours: f64) -> Energy {
        Energy::from_watt_hours(kilowatt_hours * 1000.0).expect("an energy")
    }

    fn store(capacity: f64, efficiency: f64, may_export: bool) -> Store {
        let power = Power::from_watts(5000.0).expect("a power");
        let efficiency = Fraction::from_percent(efficiency).expect("a share");
        Store {
            capacity: energy(capacity),
            charge_power: power,
            discharge_power: power,
            charge_efficiency: efficiency,
            discharge_efficiency: efficiency,
            start: Energy::ZERO,
            end: End::Free,
            may_export,
            grid_charging: true,
        }
    }

    fn slot(need: f64, import: f64, export: f64) -> Slot {
        let price = |amount| Price::per_kwh(amount).expect("a price");
        let (load, solar) = (energy(need.max(0.0)), energy((-need).max(0.0)));
        Slot { span: Duration::from_secs(3600), load, solar, import: price(import), export: price(export) }
    }

    #[test]
    fn a_store_of_no_size_changes_nothing() {
        let after = [0.3; LEVELS];
        assert_eq!(levels_before(&store(0.0, 95.0, false), &slot(1.0, 0.2, 0.1), &after), after);
    }

    #[test]
    fn before_an_hour_that_pays_for_being_empty_a_full_store_is_worth_less_than_nothing() {
        let before = levels_before(&store(10.0, 95.0, false), &slot(0.0, -0.1, 0.08), &[0.0; LEVELS]);
        assert_eq!(before[0], 0.0, "what is stored already does no harm where there is room left");
        assert!((before[LEVELS - 1] + 0.1 / 0.95).abs() < 1e-9, "{before:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// One slot before what is worth the same throughout it is the exact cost to go, level by level; and it never rises.
        #[test]
        fn a_level_is_worth_what_the_exact_cost_to_go_says_on_average(
            capacity in 0.1..20.0,
            efficiency in 60.0..=100.0,
            need in -9.0..9.0,
            import in -0.5..1.0,
            export in -0.5..1.0,
            left in -0.2..1.0,
            may_export: bool,
        ) {
            let (store, slot) = (store(capacity, efficiency, may_export), slot(need, import, export));
            let exact = cost_to_go(&store, &[slot], &CostToGo::worth_each(store.capacity, Price::per_kwh(left).unwrap()));
            let levels = levels_before(&store, &slot, &[left; LEVELS]);
            let width = capacity / 20.0;
            let at = |stored: f64| exact.at(energy(stored.min(store.capacity.kilowatt_hours()))).expect("within");
            for (level, from) in levels.iter().zip((0..20).map(|level| f64::from(level) * width)) {
                let mean = (at(from) - at(from + width)) / width;
                prop_assert!((level - mean).abs() < 1e-6, "{level} {mean} at {from}: {levels:?}");
            }
            prop_assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{levels:?}");
        }
    }
}
