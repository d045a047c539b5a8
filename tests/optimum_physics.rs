//! P25: no policy beats the optimum. The battery's own physics on both sides: what the optimum says can be done, and nothing that
//! can be done costs less than its bound.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod optimum_support;

use std::time::Duration;

use fastrand::Rng;
use offpeak::battery::{Behaviour, Step, step};
use offpeak::engine::Command;
use offpeak::optimum::{End, Slot, Store, solve};
use offpeak::policy::model::Battery;
use offpeak::units::{Energy, Power, Soc};
use optimum_support::{Prices, any_slots, any_store, between, kwh, same};

/// A battery without a reserve, so that what is stored counts from empty, and the store that stands for it.
fn any_battery(random: &mut Rng, end: End) -> (Battery, Store) {
    let store = Store { may_export: true, grid_charging: true, end, ..any_store(random) };
    let capacity = store.capacity.max(kwh(0.3));
    let start = kwh(capacity.kilowatt_hours() * random.f64());
    let store = Store { capacity, start, ..store };
    let battery = Battery {
        capacity,
        charge_power: store.charge_power,
        discharge_power: store.discharge_power,
        charge_efficiency: store.charge_efficiency,
        discharge_efficiency: store.discharge_efficiency,
        reserve: Soc::EMPTY,
        ceiling: Soc::FULL,
    };
    (battery, store)
}

fn stepped(battery: &Battery, soc: Soc, command: Command, slot: &Slot, span: Duration, behaviour: Behaviour) -> Step {
    step(battery, soc, command, slot.load.per(slot.span), slot.solar.per(slot.span), span, behaviour)
}

/// The command that a step of the optimum comes to.
fn command(outside: Energy, span: Duration) -> Command {
    if outside > Energy::ZERO {
        Command::DischargeTo { floor: Soc::EMPTY, power: Some(outside.per(span)) }
    } else {
        Command::ChargeTo { target: Soc::FULL, power: Some(Power::ZERO - outside.per(span)) }
    }
}

#[test]
fn the_battery_does_what_the_optimum_says_and_it_costs_as_much() {
    for seed in 0..1000 {
        let mut random = Rng::with_seed(seed);
        let (battery, store) = any_battery(&mut random, End::Free);
        let slots = any_slots(&mut random, Prices::Any, 30);
        let solution = solve(&store, &slots).expect("a solution");
        let (mut soc, mut cost) = (Soc::storing(store.start, store.capacity), 0.0);
        for (slot, step) in slots.iter().zip(&solution.schedule) {
            let done = stepped(&battery, soc, command(step.battery, slot.span), slot, slot.span, Behaviour::default());
            soc = done.soc;
            cost += slot.cost(done.battery.over(slot.span));
            let stored = soc.of(store.capacity) - step.stored;
            assert!(stored.watt_hours().abs() < 1e-3, "seed {seed}: {soc} where the optimum stores {}", step.stored);
        }
        assert!(same(cost, solution.cost), "seed {seed}: {cost}, not {}", solution.cost);
    }
}

fn any_command(random: &mut Rng) -> Command {
    let soc = Soc::from_percent(100.0 * random.f64()).expect("a state of charge");
    let most = Power::from_watts(between(random, 0.0, 9000.0)).expect("a power");
    let power = random.bool().then_some(most);
    match random.u8(..4) {
        0 => Command::ChargeTo { target: soc, power },
        1 => Command::Hold,
        2 => Command::SelfConsume { floor: soc },
        _ => Command::DischargeTo { floor: soc, power },
    }
}

/// Any commands, also several in a slot, billed by the slot or by the part of it for which each holds.
#[test]
fn no_commands_beat_the_bound() {
    for seed in 0..2000 {
        let mut random = Rng::with_seed(seed);
        let (battery, store) = any_battery(&mut random, End::Free);
        let prices = [Prices::Usual, Prices::Negative, Prices::Any][random.usize(..3)];
        let slots = any_slots(&mut random, prices, 12);
        let bound = solve(&store, &slots).expect("a solution").bound;
        let behaviour = Behaviour { sun_above_target: random.bool() };
        for _ in 0..10 {
            let parts = 1 + random.u32(..4);
            let mut soc = Soc::storing(store.start, store.capacity);
            let (mut by_slot, mut by_part) = (0.0, 0.0);
            for slot in &slots {
                let span = slot.span / parts;
                let mut given = Energy::ZERO;
                for _ in 0..parts {
                    let done = stepped(&battery, soc, any_command(&mut random), slot, span, behaviour);
                    soc = done.soc;
                    given = given + done.battery.over(span);
                    let share = 1.0 / f64::from(parts);
                    let part = Slot { span, load: slot.load * share, solar: slot.solar * share, ..*slot };
                    by_part += part.cost(done.battery.over(span));
                }
                by_slot += slot.cost(given);
            }
            let slack = 1e-6 * bound.abs().max(1.0);
            assert!(by_slot >= bound - slack, "seed {seed}: {by_slot} by the slot beats {bound}");
            assert!(by_part >= bound - slack, "seed {seed}: {by_part} by the part beats {bound}");
        }
    }
}

/// Where every kWh costs the same and is worth less to export, even through the losses, using one's own is all one can do,
/// but for what is stored at the end: that could have been sold when it came.
#[test]
fn on_a_flat_tariff_plain_self_consumption_is_the_optimum() {
    for seed in 0..1000 {
        let mut random = Rng::with_seed(seed);
        let (battery, store) = any_battery(&mut random, End::Free);
        let through = store.charge_efficiency.factor() * store.discharge_efficiency.factor();
        let (import, share) = (between(&mut random, 0.1, 0.5), random.f64());
        let priced = |slot: Slot| Slot {
            import: optimum_support::price(import),
            export: optimum_support::price(import * through * share),
            ..slot
        };
        let slots: Vec<Slot> = any_slots(&mut random, Prices::Usual, 60).into_iter().map(priced).collect();
        let (mut soc, mut cost) = (Soc::storing(store.start, store.capacity), 0.0);
        for slot in &slots {
            let own = Command::SelfConsume { floor: Soc::EMPTY };
            let done = stepped(&battery, soc, own, slot, slot.span, Behaviour::default());
            soc = done.soc;
            cost += slot.cost(done.battery.over(slot.span));
        }
        let taken = soc.of(store.capacity).kilowatt_hours() / store.charge_efficiency.factor();
        let could_be_sold = import * through * share * taken;
        let solution = solve(&store, &slots).expect("a solution");
        assert!(cost >= solution.cost - 1e-6, "seed {seed}: {cost} beats {}", solution.cost);
        assert!(cost <= solution.cost + could_be_sold + 1e-6, "seed {seed}: {cost}, not {}", solution.cost);
    }
}
