//! What the tests of the optimum share: random instances, an LP solver's word, and an exhaustive search.
#![allow(dead_code, clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]

use std::time::Duration;

use fastrand::Rng;
use offpeak::optimum::{End, Slot, Solution, Store};
use offpeak::units::{Energy, Fraction, Power, Price};

pub(crate) mod lattice;
pub(crate) mod lp;
#[path = "../measurements/mod.rs"]
mod measurements;
pub(crate) mod real;

pub(crate) fn kwh(amount: f64) -> Energy {
    Energy::from_watt_hours(amount * 1000.0).expect("an energy")
}

pub(crate) fn kw(amount: f64) -> Power {
    Power::from_watts(amount * 1000.0).expect("a power")
}

pub(crate) fn price(amount: f64) -> Price {
    Price::per_kwh(amount).expect("a price")
}

pub(crate) fn share(factor: f64) -> Fraction {
    Fraction::from_percent(factor * 100.0).expect("a share")
}

/// An hour with so much load less sun, kWh.
pub(crate) fn hour(need: f64, import: f64, export: f64) -> Slot {
    slot(3600, need, import, export)
}

pub(crate) fn slot(seconds: u64, need: f64, import: f64, export: f64) -> Slot {
    let (load, solar) = (kwh(need.max(0.0)), kwh((-need).max(0.0)));
    Slot { span: Duration::from_secs(seconds), load, solar, import: price(import), export: price(export) }
}

/// The battery of the reference costs: 10 kWh, 5 kW, 0.95 in and out, half full, and as full at the end.
pub(crate) fn reference_store() -> Store {
    Store {
        capacity: kwh(10.0),
        charge_power: kw(5.0),
        discharge_power: kw(5.0),
        charge_efficiency: share(0.95),
        discharge_efficiency: share(0.95),
        start: kwh(5.0),
        end: End::NotBelowStart,
        may_export: true,
        grid_charging: true,
    }
}

/// One of these.
pub(crate) fn one_of<T: Copy>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

/// A number between two.
pub(crate) fn between(random: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * random.f64()
}

/// A store of any kind: lossless and lossy, tight and wide, without room, without power, without leave to export.
pub(crate) fn any_store(random: &mut Rng) -> Store {
    let capacity = one_of(random, &[0.0, 0.5, 2.0, 10.0, 40.0]) * between(random, 0.5, 1.0);
    let power = |random: &mut Rng| one_of(random, &[0.0, 0.4, 3.0, 5.0, 30.0]) * between(random, 0.5, 1.0);
    let efficiency = |random: &mut Rng| share(one_of(random, &[1.0, 0.97, 0.95, 0.8, 0.4]));
    let part = random.f64();
    let start = one_of(random, &[0.0, 1.0, part]);
    Store {
        capacity: kwh(capacity),
        charge_power: kw(power(random)),
        discharge_power: kw(power(random)),
        charge_efficiency: efficiency(random),
        discharge_efficiency: efficiency(random),
        start: kwh(capacity * start),
        end: one_of(random, &[End::Free, End::NotBelowStart, End::Worth(price(0.17)), End::Worth(price(-0.05))]),
        may_export: random.u8(..4) > 0,
        grid_charging: random.u8(..4) > 0,
    }
}

/// How prices behave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Prices {
    /// Import above export above nothing: every slot's cost is convex.
    Usual,
    /// Import above export, and both may be negative.
    Negative,
    /// Anything, also export that pays more than import.
    Any,
}

/// Slots of any kind, from one to a few days.
pub(crate) fn any_slots(random: &mut Rng, prices: Prices, most: usize) -> Vec<Slot> {
    let seconds = one_of(random, &[300, 900, 3600]);
    let steps = random.bool();
    let rounded = move |value: f64| if steps { (value * 10.0).round() / 10.0 } else { value };
    let count = 1 + random.usize(..most);
    (0..count)
        .map(|_| {
            let need = one_of(random, &[0.0, 1.0, 1.0, 1.0]) * between(random, -4.0, 2.0) * seconds as f64 / 3600.0;
            let (one, other) = match prices {
                Prices::Usual => (between(random, 0.0, 0.5), between(random, 0.0, 0.5)),
                _ => (between(random, -0.4, 0.5), between(random, -0.4, 0.5)),
            };
            let (one, other) = (rounded(one), rounded(other));
            let ordered = if prices == Prices::Any { (one, other) } else { (one.max(other), one.min(other)) };
            slot(seconds, need, ordered.0, ordered.1)
        })
        .collect()
}

/// What the owner's meter and the battery say of a schedule, by nothing but the slots' own words.
///
/// Asserts that the store can do it: its window, its powers, its efficiencies, its leave, its end.
pub(crate) fn audited(store: &Store, slots: &[Slot], solution: &Solution, what: &str) -> f64 {
    assert_eq!(solution.schedule.len(), slots.len(), "{what}");
    let mut stored = store.start.kilowatt_hours();
    let mut cost = 0.0;
    let near = 1e-7;
    for (number, (slot, step)) in slots.iter().zip(&solution.schedule).enumerate() {
        let outside = step.battery.kilowatt_hours();
        let need = (slot.load - slot.solar).kilowatt_hours();
        let most = |power: Power| power.over(slot.span).kilowatt_hours() + near;
        assert!(-outside <= most(store.charge_power) && outside <= most(store.discharge_power), "{what}: {number}");
        assert!(store.may_export || outside <= need.max(0.0) + near, "{what}: slot {number} exports");
        assert!(store.grid_charging || -outside <= (-need).max(0.0) + near, "{what}: slot {number} imports");
        let factor =
            if outside > 0.0 { 1.0 / store.discharge_efficiency.factor() } else { store.charge_efficiency.factor() };
        stored -= outside * factor;
        assert!((stored - step.stored.kilowatt_hours()).abs() < near, "{what}: slot {number} stores {stored}");
        stored = step.stored.kilowatt_hours();
        assert!((-near..=store.capacity.kilowatt_hours() + near).contains(&stored), "{what}: slot {number}");
        cost += slot.cost(step.battery);
    }
    match store.end {
        End::Worth(price) => cost -= stored * price.amount(),
        End::NotBelowStart => assert!(stored >= store.start.kilowatt_hours() - near, "{what}: ends at {stored}"),
        End::Free => (),
    }
    cost
}

/// Equal to a millionth, of the value where it is large.
pub(crate) fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * one.abs().max(other.abs()).max(1.0)
}
