//! A cost to go in equal levels of stored energy, for whoever plans under doubt: exact within a slot, a mean within a level.
//!
//! Where a slot may come in several ways the cost before it is a mean over them, and its slopes change wherever those of any
//! way do. Over the slots that are looked at there would be no end of pieces. So after each slot the pieces that lie in one
//! level become one, of their mean worth: the cost stays convex and true at the levels' ends.

use super::limits::Limits;
use super::shape::Piece;
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
    let levels = after.iter().map(|worth| Piece { worth: *worth, width });
    let mut before = [0.0; LEVELS];
    pour(merged(levels, shape.pieces), -shape.from, width, &mut before);
    before
}

/// The pieces of two convex costs together, the dearest first.
fn merged(one: impl Iterator<Item = Piece>, other: impl IntoIterator<Item = Piece>) -> impl Iterator<Item = Piece> {
    let (mut one, mut other) = (one.peekable(), other.into_iter().peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if first.worth < second.worth => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

/// Fills levels of a width with the mean worth of the pieces that fall into each, without the first `skip` kWh.
fn pour(mut pieces: impl Iterator<Item = Piece>, mut skip: f64, width: f64, levels: &mut [f64]) {
    let mut piece = Piece::default();
    for level in levels {
        let (mut sum, mut room) = (0.0, width);
        while room > 0.0 {
            if piece.width <= 0.0 {
                let Some(next) = pieces.next() else { break };
                let gone = skip.min(next.width);
                skip -= gone;
                piece = Piece { worth: next.worth, width: next.width - gone };
            }
            let part = piece.width.min(room);
            sum += piece.worth * part;
            piece.width -= part;
            room -= part;
        }
        // What rounding left of the last level is worth as much as the last kWh before it.
        *level = (sum + piece.worth * room) / width;
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
