//! An exhaustive search over whole kilowatt hours.
//!
//! Where the capacity, the powers, the needs and their images through the efficiencies are whole numbers, the cost of
//! each slot has its kinks at whole numbers. For any choice of pieces what remains is a linear program whose constraints
//! are bounds and differences of what is stored, and such a program has a whole solution. So the least over whole
//! numbers is the least of all, convex or not.

use fastrand::Rng;
use offpeak::optimum::{End, Slot, Store};

use super::{hour, kw, kwh, one_of, price, share};

/// A store in whole numbers: powers and efficiencies such that what is stored stays whole.
pub(crate) fn store(random: &mut Rng) -> Store {
    let halved = [1.0, 0.5];
    let capacity = f64::from(random.u32(..13));
    Store {
        capacity: kwh(capacity),
        charge_power: kw(f64::from(random.u32(..4) * 2)),
        discharge_power: kw(f64::from(random.u32(..4))),
        charge_efficiency: share(one_of(random, &halved)),
        discharge_efficiency: share(one_of(random, &halved)),
        start: kwh((capacity * random.f64()).floor()),
        end: one_of(random, &[End::Free, End::NotBelowStart, End::Worth(price(0.17)), End::Worth(price(-0.08))]),
        may_export: random.u8(..4) > 0,
        grid_charging: random.u8(..4) > 0,
    }
}

/// Hours with whole needs, and any prices.
pub(crate) fn slots(random: &mut Rng, most: usize) -> Vec<Slot> {
    let stepped = random.bool();
    let amount = |random: &mut Rng| {
        let amount = random.f64() - 0.4;
        if stepped { (amount * 5.0).round() / 5.0 } else { amount }
    };
    (0..=random.usize(..most)).map(|_| hour(f64::from(random.i32(-3..4) * 2), amount(random), amount(random))).collect()
}

/// The same with every energy so many times as large. All costs are too, as nothing else is but prices.
pub(crate) fn stretched(store: &Store, slots: &[Slot], by: f64) -> (Store, Vec<Slot>) {
    let store = Store {
        capacity: store.capacity * by,
        charge_power: store.charge_power * by,
        discharge_power: store.discharge_power * by,
        start: store.start * by,
        ..*store
    };
    (store, slots.iter().map(|slot| Slot { load: slot.load * by, solar: slot.solar * by, ..*slot }).collect())
}

/// The least cost, by trying every whole draw from every whole stored energy in every slot.
pub(crate) fn least(store: &Store, slots: &[Slot]) -> f64 {
    let whole = |energy: f64| energy.round() as i32;
    let (capacity, start) = (whole(store.capacity.kilowatt_hours()), whole(store.start.kilowatt_hours()));
    let end = |stored: i32| match store.end {
        End::Free => 0.0,
        End::NotBelowStart if stored < start => f64::INFINITY,
        End::NotBelowStart => 0.0,
        End::Worth(price) => -price.amount() * f64::from(stored),
    };
    let mut ahead: Vec<f64> = (0..=capacity).map(end).collect();
    for slot in slots.iter().rev() {
        let best = |stored: i32| {
            let after = |next: i32| deed(store, slot, f64::from(stored - next)) + ahead[next as usize];
            (0..=capacity).map(after).fold(f64::INFINITY, f64::min)
        };
        ahead = (0..=capacity).map(best).collect();
    }
    ahead[start as usize]
}

/// What drawing this from the store costs in a slot; infinite if the store cannot.
fn deed(store: &Store, slot: &Slot, drawn: f64) -> f64 {
    let need = (slot.load - slot.solar).kilowatt_hours();
    let outside = if drawn > 0.0 {
        drawn * store.discharge_efficiency.factor()
    } else {
        drawn / store.charge_efficiency.factor()
    };
    let fits = -outside <= store.charge_power.over(slot.span).kilowatt_hours()
        && outside <= store.discharge_power.over(slot.span).kilowatt_hours()
        && (store.may_export || outside <= need.max(0.0))
        && (store.grid_charging || -outside <= (-need).max(0.0));
    if fits { slot.cost(kwh(outside)) } else { f64::INFINITY }
}
