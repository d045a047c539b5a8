//! The optimum against those who cannot be wrong in the same way: an LP solver, an exhaustive search, hand calculation,
//! measured years, and players who try to beat it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod optimum_support;

use std::time::Duration;

use fastrand::Rng;
use offpeak::optimum::{CostToGo, End, Slot, Store, cost_to_go, decide, solve};
use offpeak::units::{Energy, Power};
use optimum_support::lp::{self, Mixing};
use optimum_support::{
    Prices, any_slots, any_store, audited, between, hour, kw, kwh, lattice, price, real, reference_store, same, share,
};

/// The solver's word on so many random instances, none of which it may give up on but a few.
fn against_the_solver(prices: Prices, count: u64, most: usize) {
    let mixing = if prices == Prices::Usual { Mixing::Free } else { Mixing::ForItsTime };
    let mut silent = 0;
    for seed in 0..count {
        let mut random = Rng::with_seed(seed);
        let (store, slots) = (any_store(&mut random), any_slots(&mut random, prices, most));
        let what = format!("{prices:?}, seed {seed}");
        let solution = solve(&store, &slots).expect("a start within the window");
        let audited = audited(&store, &slots, &solution, &what);
        assert!(same(audited, solution.cost), "{what}: the schedule costs {audited}, not {}", solution.cost);
        assert!(solution.bound <= solution.cost, "{what}");
        let Some(expect) = lp::least(&store, &slots, mixing) else {
            silent += 1;
            continue;
        };
        assert!(same(solution.bound, expect), "{what}: bound {}, solver {expect}", solution.bound);
        if prices == Prices::Usual {
            assert!(same(solution.cost, expect), "{what}: cost {}, solver {expect}", solution.cost);
        }
    }
    assert!(silent * 100 <= count, "the solver gave up on {silent} of {count}");
}

#[test]
fn usual_prices_agree_with_an_lp_solver() {
    against_the_solver(Prices::Usual, 2000, 48);
}

#[test]
fn the_bound_under_negative_prices_agrees_with_an_lp_solver() {
    against_the_solver(Prices::Negative, 1000, 48);
}

/// The search is over whole numbers; stretching the unit of energy makes broken ones of them.
#[test]
fn any_prices_agree_with_exhaustive_search() {
    let mut bent = 0;
    for seed in 0..20_000 {
        let mut random = Rng::with_seed(seed);
        let (store, slots) = (lattice::store(&mut random), lattice::slots(&mut random, 24));
        let stretch = if random.bool() { 1.0 } else { between(&mut random, 0.01, 3.0) };
        let expect = lattice::least(&store, &slots) * stretch;
        let (store, slots) = lattice::stretched(&store, &slots, stretch);
        let what = format!("seed {seed}");
        let solution = solve(&store, &slots).expect("a start within the window");
        let audited = audited(&store, &slots, &solution, &what);
        assert!(same(solution.cost, expect), "{what}: {} against {expect}", solution.cost);
        assert!(same(audited, expect), "{what}: the schedule costs {audited}, not {expect}");
        assert!(solution.bound <= expect + 1e-9, "{what}: no bound: {} above {expect}", solution.bound);
        bent += u32::from(solution.gap() > 1e-9);
    }
    assert!(bent > 2000, "only {bent} instances could tell a bound from an optimum");
}

#[test]
fn reference_costs_of_a_measured_year_are_met_to_a_cent() {
    let check = |tariff: &str, flat: Option<f64>, expect: f64, gap: f64| {
        let Some(slots) = real::konstanz(tariff) else { return };
        let slots = real::repriced(&slots, |_, slot| (flat.unwrap_or(slot.import.amount()), slot.export.amount()));
        let solution = solve(&reference_store(), &slots).expect("a solution");
        let audited = audited(&reference_store(), &slots, &solution, tariff);
        assert!((audited - expect).abs() < 0.005, "{tariff} {flat:?}: {audited}, not {expect}");
        assert!(solution.gap() <= gap, "{tariff} {flat:?}: a gap of {}", solution.gap());
    };
    check("spot", Some(0.30), 110.80, 0.0);
    check("spot", None, -80.89, 0.005);
    // In 21 hours of this year an import earns money: burning it within the hour would earn more of it.
    check("spread", None, -144.72, 1.25);
}

/// Nearly a thousand hours in two years in which the market's price is negative, passed on both ways.
#[test]
fn a_measured_year_of_negative_prices_has_its_bound_from_an_lp_solver() {
    let (Some(home), Some(market)) = (real::konstanz("spot"), real::day_ahead()) else { return };
    let slots = real::repriced(&home, |number, _| (market[number] + 0.02, market[number]));
    let solution = solve(&reference_store(), &slots).expect("a solution");
    let audited = audited(&reference_store(), &slots, &solution, "2024");
    let expect = lp::least(&reference_store(), &slots, Mixing::ForItsTime).expect("the solver's word");
    assert!(same(audited, solution.cost) && same(solution.bound, expect), "{} and {expect}", solution.bound);
    assert!(solution.gap() > 0.0 && solution.gap() < 0.01 * solution.cost.abs(), "a gap of {}", solution.gap());
}

#[test]
fn small_cases_are_as_calculated_by_hand() {
    let lossless = Store {
        capacity: kwh(10.0),
        charge_power: kw(4.0),
        discharge_power: kw(3.0),
        charge_efficiency: share(1.0),
        discharge_efficiency: share(1.0),
        start: kwh(0.0),
        end: End::Free,
        may_export: true,
        grid_charging: true,
    };
    let check = |what: &str, store: Store, slots: &[Slot], cost: f64, battery: &[f64]| {
        let solution = solve(&store, slots).expect("a solution");
        let done: Vec<f64> = solution.schedule.iter().map(|step| step.battery.kilowatt_hours()).collect();
        let alike = done.iter().zip(battery).all(|(one, other)| (one - other).abs() < 1e-9);
        assert!((solution.cost - cost).abs() < 1e-9 && alike, "{what}: {} with {done:?}", solution.cost);
    };
    let dear_later = [hour(1.0, 0.1, 0.05), hour(2.0, 0.3, 0.05)];
    check("nothing to do", lossless, &[], 0.0, &[]);
    check("buys for later what is needed later", lossless, &dear_later, 0.3, &[-2.0, 2.0]);
    let lossy = Store { charge_efficiency: share(0.5), discharge_efficiency: share(0.5), ..lossless };
    check("not through such losses", lossy, &dear_later, 0.7, &[0.0, 0.0]);
    let weak = Store { discharge_power: kw(0.5), ..lossless };
    check("no more than the power", weak, &dear_later, 0.1 * 1.5 + 0.3 * 1.5, &[-0.5, 0.5]);
    let small = Store { capacity: kwh(1.5), ..lossless };
    check("no more than the room", small, &dear_later, 0.25 + 0.15, &[-1.5, 1.5]);
    let blocked = Store { grid_charging: false, ..lossless };
    check("not from the grid without leave", blocked, &dear_later, 0.7, &[0.0, 0.0]);
    let sun = [hour(-3.0, 0.3, 0.08), hour(1.0, 0.3, 0.25)];
    check("keeps the sun for the better export", lossless, &sun, -0.5, &[-3.0, 3.0]);
    let shy = Store { may_export: false, ..lossless };
    check("but not without leave", shy, &sun, -0.16, &[-1.0, 1.0]);
    let full = Store { start: kwh(2.0), end: End::NotBelowStart, ..lossless };
    check("gives back what it borrowed", full, &[hour(1.0, 0.3, 0.0), hour(0.0, 0.1, 0.0)], 0.1, &[1.0, -1.0]);
    let keeps = Store { start: kwh(2.0), end: End::Worth(price(0.4)), ..lossless };
    check("keeps what is worth more", keeps, &[hour(1.0, 0.3, 0.0)], 1.5 - 2.4, &[-4.0]);
    check("paid to import", lossless, &[hour(1.0, -0.1, -0.2)], -0.5, &[-4.0]);
    let round = Store { start: kwh(5.0), ..lossless };
    check("export that pays more than import", round, &[hour(1.0, 0.1, 0.3)], -0.6, &[3.0]);
    let empty = Store { capacity: kwh(0.0), ..lossless };
    check("no room at all", empty, &dear_later, 0.7, &[0.0, 0.0]);
}

/// In one direction an hour, a paid import cannot be burnt: the bound can, the optimum cannot.
#[test]
fn what_only_both_directions_at_once_could_earn_is_in_the_bound_alone() {
    let store = Store {
        capacity: kwh(1.0),
        charge_efficiency: share(0.5),
        discharge_efficiency: share(0.5),
        start: kwh(1.0),
        end: End::NotBelowStart,
        ..reference_store()
    };
    let solution = solve(&store, &[hour(0.0, -1.0, -1.0)]).expect("a solution");
    // Full and to be full: nothing moves. For 5/6 of the hour charging 5 kW and for 1/6 discharging 5 kW stores as
    // much as it draws when 5/6 · 5 · 0.5 = 1/6 · 5 / 0.5 + … : shares a and 1 - a with a/2 = 2 (1 - a), a = 0.8.
    assert_eq!(solution.cost, 0.0);
    assert!((solution.bound + 5.0 * 0.8 - 5.0 * 0.2).abs() < 1e-9, "{}", solution.bound);
}

/// Plays at random within the rules, in one direction a slot or in several, billed by slot or by part.
fn played(random: &mut Rng, store: &Store, slots: &[Slot], parts: u32) -> f64 {
    let (mut stored, mut cost) = (store.start.kilowatt_hours(), 0.0);
    for slot in slots {
        let need = (slot.load - slot.solar).kilowatt_hours();
        let mut outside = 0.0;
        for _ in 0..parts {
            let part = 1.0 / f64::from(parts);
            let most_in = store.charge_power.over(slot.span).kilowatt_hours() * part;
            let most_out = store.discharge_power.over(slot.span).kilowatt_hours() * part;
            let sun = if store.grid_charging { f64::INFINITY } else { (-need).max(0.0) * part };
            let own = if store.may_export { f64::INFINITY } else { need.max(0.0) * part };
            let room = (store.capacity.kilowatt_hours() - stored) / store.charge_efficiency.factor();
            let left = stored * store.discharge_efficiency.factor();
            let much = if random.u8(..3) == 0 { 1.0 } else { random.f64() };
            if random.bool() {
                let taken = most_in.min(sun).min(room.max(0.0)) * much;
                stored += taken * store.charge_efficiency.factor();
                outside -= taken;
            } else {
                let given = most_out.min(own).min(left.max(0.0)) * much;
                stored -= given / store.discharge_efficiency.factor();
                outside += given;
            }
        }
        cost += slot.cost(kwh(outside));
    }
    if let End::Worth(price) = store.end {
        cost -= price.amount() * stored;
    }
    cost
}

#[test]
fn no_player_beats_the_optimum_nor_one_of_both_directions_the_bound() {
    for seed in 0..5000 {
        let mut random = Rng::with_seed(seed);
        let store = any_store(&mut random);
        let end = if store.end == End::NotBelowStart { End::Free } else { store.end };
        let (store, slots) = (Store { end, ..store }, any_slots(&mut random, Prices::Any, 12));
        let solution = solve(&store, &slots).expect("a solution");
        let slack = 1e-9 * solution.cost.abs().max(1.0);
        for _ in 0..20 {
            let cost = played(&mut random, &store, &slots, 1);
            assert!(cost >= solution.cost - slack, "seed {seed}: {cost} beats {}", solution.cost);
            let cost = played(&mut random, &store, &slots, 4);
            assert!(cost >= solution.bound - slack, "seed {seed}: {cost} beats the bound {}", solution.bound);
        }
    }
}

#[test]
fn the_cost_to_go_is_the_optimum_from_wherever_one_stands() {
    for seed in 0..500 {
        let mut random = Rng::with_seed(seed);
        let slots = any_slots(&mut random, Prices::Usual, 40);
        let store = Store { end: End::Worth(price(0.2)), ..any_store(&mut random) };
        let after = CostToGo::worth_each(store.capacity, price(0.2));
        let split = random.usize(..slots.len());
        let whole = cost_to_go(&store, &slots, &after);
        let halves = cost_to_go(&store, &slots[..split], &cost_to_go(&store, &slots[split..], &after));
        for _ in 0..5 {
            let start = kwh(store.capacity.kilowatt_hours() * random.f64());
            let expect = solve(&Store { start, ..store }, &slots).expect("a solution").cost;
            for seen in [&whole, &halves] {
                let seen = seen.at(start).expect("in range");
                assert!(same(seen, expect), "seed {seed} from {start}: {seen}, not {expect}");
            }
        }
        assert_eq!(whole.at(store.capacity + kwh(0.1)), None);
        assert_eq!(whole.at(kwh(-0.1)), None);
    }
}

/// So a battery that ends elsewhere than it began can be compared: the difference has its price.
#[test]
fn the_worth_at_the_end_prices_any_other_end() {
    for seed in 0..2000 {
        let mut random = Rng::with_seed(seed);
        let prices = [Prices::Usual, Prices::Negative, Prices::Any][random.usize(..3)];
        let slots = any_slots(&mut random, prices, 40);
        let store = Store { end: End::NotBelowStart, ..any_store(&mut random) };
        let solution = solve(&store, &slots).expect("a solution");
        let priced = solve(&Store { end: End::Worth(solution.worth_at_end), ..store }, &slots).expect("a solution");
        let kept = solution.worth_at_end.amount() * store.start.kilowatt_hours();
        let seen = priced.bound + kept;
        assert!(same(seen, solution.bound), "seed {seed} {prices:?}: {seen}, not {}", solution.bound);
    }
}

#[test]
fn deciding_slot_by_slot_on_the_cost_to_go_is_the_optimum() {
    for seed in 0..300 {
        let mut random = Rng::with_seed(seed);
        let slots = any_slots(&mut random, Prices::Usual, 30);
        let store = Store { end: End::Worth(price(0.2)), ..any_store(&mut random) };
        let after = CostToGo::worth_each(store.capacity, price(0.2));
        let (mut stored, mut cost) = (store.start, 0.0);
        for (number, slot) in slots.iter().enumerate() {
            let ahead = cost_to_go(&store, &slots[number + 1..], &after);
            let step = decide(&store, slot, stored, &ahead).expect("within the window");
            cost += slot.cost(step.battery);
            stored = step.stored;
        }
        cost -= 0.2 * stored.kilowatt_hours();
        let expect = solve(&store, &slots).expect("a solution").cost;
        assert!(same(cost, expect), "seed {seed}: {cost}, not {expect}");
    }
}

/// The mean over scenarios is what one expects to pay, at every stored energy; and its slopes are what a kWh is worth.
#[test]
fn a_mean_of_costs_to_go_is_the_mean_cost() {
    for seed in 0..500 {
        let mut random = Rng::with_seed(seed);
        let store = Store { capacity: kwh(between(&mut random, 0.5, 12.0)), ..any_store(&mut random) };
        let after = CostToGo::worth_each(store.capacity, price(0.2));
        let scenario =
            |_| cost_to_go(&store, &any_slots(&mut Rng::with_seed(random.u64(..)), Prices::Usual, 9), &after);
        let all: Vec<CostToGo> = (0..1 + seed % 5).map(scenario).collect();
        let mean = CostToGo::mean(&all).expect("a common range");
        let mut random = Rng::with_seed(seed);
        for _ in 0..20 {
            let stored = kwh(store.capacity.kilowatt_hours() * between(&mut random, 0.01, 0.98));
            let expect = all.iter().map(|one| one.at(stored).expect("in range")).sum::<f64>() / all.len() as f64;
            let seen = mean.at(stored).expect("in range");
            assert!(same(seen, expect), "seed {seed} at {stored}: {seen}, not {expect}");
            let little = kwh(1e-6 * store.capacity.kilowatt_hours());
            let more = (seen - mean.at(stored + little).expect("in range")) / little.kilowatt_hours();
            let (next, last) = (mean.worth_of_more(stored), mean.worth_of_last(stored));
            let (next, last) = (next.expect("room").amount(), last.expect("stored").amount());
            assert!(next <= last + 1e-9, "seed {seed}: the next kWh is worth {next}, the last {last}");
            let far = mean.worth_of_more(stored + little).expect("room").amount();
            assert!(more <= next + 1e-6 && more >= far - 1e-6, "seed {seed} at {stored}: {more}, not {next}");
        }
        let falls = mean.segments().map(|segment| segment.worth.amount()).collect::<Vec<_>>();
        assert!(falls.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "seed {seed}: {falls:?}");
    }
    assert_eq!(CostToGo::mean(&[]), None);
}

#[test]
fn a_start_outside_the_window_has_no_optimum() {
    let store = reference_store();
    let slots = [hour(1.0, 0.3, 0.1)];
    assert!(solve(&Store { start: kwh(10.1), ..store }, &slots).is_none());
    assert!(solve(&Store { start: kwh(-0.1), ..store }, &slots).is_none());
    assert!(decide(&store, &slots[0], kwh(10.1), &CostToGo::worth_each(store.capacity, price(0.0))).is_none());
}

/// The largest and the smallest that the units let in, in all combinations: a finite answer that is no worse than idling.
#[test]
fn hostile_numbers_neither_panic_nor_invent_money() {
    let energies = [0.0, 1e-300, 1.0, 1e9].map(|amount| Energy::from_watt_hours(amount).expect("an energy"));
    let powers = [0.0, 1e-300, -5.0, 1e7].map(|amount| Power::from_watts(amount).expect("a power"));
    let prices = [-1e5, -1e-300, 0.0, 0.3, 1e5].map(price);
    let spans = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(900), Duration::MAX];
    let shares = [1e-307, 1e-9, 0.5, 1.0].map(share);
    for seed in 0..20_000 {
        let mut random = Rng::with_seed(seed);
        let mut pick = |count: usize| random.usize(..count);
        let capacity = energies[pick(4)];
        let store = Store {
            capacity,
            charge_power: powers[pick(4)],
            discharge_power: powers[pick(4)],
            charge_efficiency: shares[pick(4)],
            discharge_efficiency: shares[pick(4)],
            start: capacity * [0.0, 0.5, 1.0][pick(3)],
            end: [End::Free, End::NotBelowStart, End::Worth(prices[pick(5)])][pick(3)],
            may_export: pick(2) == 0,
            grid_charging: pick(2) == 0,
        };
        let slot = |_| Slot {
            span: spans[pick(4)],
            load: energies[pick(4)],
            solar: energies[pick(4)],
            import: prices[pick(5)],
            export: prices[pick(5)],
        };
        let slots: Vec<Slot> = (0..6).map(slot).collect();
        let solution = solve(&store, &slots).expect("a solution");
        let idle: f64 = slots.iter().map(|slot| slot.cost(Energy::ZERO)).sum();
        let kept = if let End::Worth(price) = store.end { price.amount() * store.start.kilowatt_hours() } else { 0.0 };
        let scale = 1e-6 * (1.0 + 6.0 * 1e11);
        assert!(solution.cost.is_finite() && solution.bound.is_finite(), "seed {seed}: {}", solution.cost);
        assert!(solution.cost <= idle - kept + scale, "seed {seed}: {} is worse than {}", solution.cost, idle - kept);
    }
}
