//! The pass backward over the coming hours.

use std::time::Duration;

use super::ahead::{Ahead, Levels, likely, price};
use super::slots::{Slot, slots};
use crate::forecast::Forecast;
use crate::optimum::{End, Store};
use crate::policy::model::Battery;
use crate::tariff::Prices;
use crate::time::{Instant, elapsed};
use crate::units::{Energy, Soc};
use crate::worth::{LEVELS, Lack, Reach, SlotWorth, StoredWorth};

/// How far ahead is looked at most.
pub const HORIZON: Duration = Duration::from_secs(48 * 3600);

/// What a change of what stands must gain: the worth of this share of the battery at the mean price. A smaller gain is not
/// worth a write.
const CHANGE: f64 = 0.0005;

/// What a kWh that is left at the end of what is known is worth, as a share of the mean price.
const LEFT_OVER: f64 = 0.5;

/// A difference between prices that is a rounding error, as a share of the mean price.
const HAIR: f64 = 1e-6;

/// What stored energy is worth over the coming hours, as far as prices and forecast are known.
///
/// The battery serves the house and never the grid, as every device does that offpeak drives.
#[must_use]
pub fn stored_worth(battery: &Battery, prices: &Prices, forecast: &Forecast, now: Instant) -> StoredWorth {
    if prices.import.at(now).is_none() {
        return StoredWorth::unknown(Lack::NoPrice);
    }
    if forecast.at(now).is_none() {
        return StoredWorth::unknown(Lack::NoForecast);
    }
    let store = store(battery);
    let slots = slots(prices, forecast, now);
    if slots.is_empty() || store.capacity <= Energy::ZERO {
        return StoredWorth::unknown(Lack::NoPrice);
    }
    let hours: f64 = slots.iter().map(|slot| slot.hours).sum();
    let mean = (slots.iter().map(|slot| slot.import * slot.hours).sum::<f64>() / hours).max(0.0);
    let mut ahead = Ahead::even(mean * LEFT_OVER);
    let mut later: Option<(f64, Levels)> = None;
    let mut worth = Vec::with_capacity(slots.len());
    for slot in slots.iter().rev() {
        let after = ahead.after(slot.hours);
        // The hour just past began an hour before this one.
        let since = elapsed(now, slot.from).as_secs_f64() / 3600.0 + 1.0;
        let mean_after = after.mean(&likely(forecast.way(), since));
        let same_price = later.filter(|(import, _)| (import - slot.import).abs() <= mean * HAIR);
        let beyond = same_price.map_or(mean_after, |(_, levels)| levels);
        later = Some((slot.import, beyond));
        worth.push(slot_worth(battery, slot, &mean_after, &beyond, mean));
        ahead = after.before(&store, slot);
    }
    worth.reverse();
    StoredWorth::new(worth).unwrap_or_default()
}

/// The battery from its reserve up to full, as the optimum sees it.
fn store(battery: &Battery) -> Store {
    Store {
        capacity: (battery.capacity - battery.reserve.of(battery.capacity)).max(Energy::ZERO),
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        start: Energy::ZERO,
        end: End::Free,
        may_export: false,
        grid_charging: true,
    }
}

/// What is to be decided in a slot, given what a kWh is worth after it, and after the last of the slots of its price that
/// follow it: that a kWh could be had for as much later is no reason to wait, for what is stored sooner survives an outage.
fn slot_worth(battery: &Battery, slot: &Slot, after: &Levels, beyond: &Levels, mean: f64) -> SlotWorth {
    let storing = slot.import / battery.charge_efficiency.factor();
    let using = slot.import * battery.discharge_efficiency.factor();
    let reach = |levels: &Levels, than: f64, most: Soc| reach(battery, levels, than, mean, most);
    // Where the grid pays, what is stored is kept: to use it and buy it again would gain by what the battery burns alone.
    let all = Reach { sure: Soc::FULL, even: Soc::FULL, near: Soc::FULL };
    SlotWorth {
        from: slot.from,
        until: slot.until,
        import: price(slot.import),
        storing: price(storing),
        using: price(using),
        charge_below: reach(beyond, storing, battery.ceiling),
        hold_below: if slot.import < 0.0 { all } else { reach(after, using, Soc::FULL) },
        reserve: battery.reserve,
        levels: after.map(price),
        beyond: beyond.map(price),
    }
}

/// Up to which charge a stored kWh is worth more than this, and how far beside it no more is lost than a change must gain.
fn reach(battery: &Battery, levels: &Levels, than: f64, mean: f64, most: Soc) -> Reach {
    let share =
        |count: usize| f64::from(u32::try_from(count).unwrap_or(0)) / f64::from(u32::try_from(LEVELS).unwrap_or(1));
    let reserve = battery.reserve.percent();
    let soc = |count: usize| {
        let percent = reserve + (100.0 - reserve) * share(count).min(1.0);
        Soc::from_percent(percent).unwrap_or(battery.reserve).min(most)
    };
    let even = levels.partition_point(|worth| *worth > than + mean * HAIR);
    let stake = mean * CHANGE / share(1);
    let within = |sum: &mut f64, worth: &f64| {
        *sum += (worth - than).abs();
        (*sum < stake).then_some(())
    };
    let less = levels.iter().take(even).rev().scan(0.0, within).count();
    let more = levels.iter().skip(even).scan(0.0, within).count();
    Reach { sure: soc(even.saturating_sub(less)), even: soc(even), near: soc(even.saturating_add(more)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{Step, WAYS};
    use crate::tariff::{PriceSeries, PriceSlot};
    use crate::time::after;
    use crate::units::{Fraction, Power, Price};
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn now() -> Instant {
        "2026-11-20T00:00:00Z".parse().expect("an instant")
    }

    fn battery(reserve: f64, ceiling: f64) -> Battery {
        let soc = |percent| Soc::from_percent(percent).expect("a percentage");
        let efficiency = Fraction::from_percent(95.0).expect("a share");
        let power = Power::from_watts(5000.0).expect("a power");
        Battery {
            capacity: Energy::from_watt_hours(10_000.0).expect("an energy"),
            charge_power: power,
            discharge_power: power,
            charge_efficiency: efficiency,
            discharge_efficiency: efficiency,
            reserve: soc(reserve),
            ceiling: soc(ceiling),
        }
    }

    fn prices(import: &[f64]) -> Prices {
        let mut from = now();
        let slot = |price: &f64| {
            let slot = PriceSlot { from, until: after(from, HOUR), price: Price::per_kwh(*price).expect("a price") };
            from = slot.until;
            slot
        };
        let import = PriceSeries::from_slots(import.iter().map(slot).collect()).expect("in order");
        Prices { import, ..Prices::default() }
    }

    /// Hours of these needs in watts, each in its ways.
    fn forecast(needs: &[[f64; WAYS]]) -> Forecast {
        let power = |watts| Power::from_watts(watts).expect("a power");
        let hours = (0u32..).zip(needs);
        let step = |(hour, needs): (u32, &[f64; WAYS])| Step {
            from: after(now(), HOUR * hour),
            until: after(now(), HOUR * (hour + 1)),
            load: Power::ZERO,
            solar: Power::ZERO,
            needs: needs.map(power),
        };
        Forecast::new(hours.map(step).collect())
    }

    /// Up to where it pays to charge and to hold in the first hour.
    fn first(battery: &Battery, import: &[f64], needs: &[[f64; WAYS]]) -> (f64, f64) {
        let worth = stored_worth(battery, &prices(import), &forecast(needs), now());
        let slot = worth.at(now()).expect("a slot");
        (slot.charge_below.even.percent(), slot.hold_below.even.percent())
    }

    #[test]
    fn it_charges_what_a_dearer_hour_will_need_and_no_more() {
        let whole = battery(0.0, 100.0);
        // 3.8 kWh at the socket are 4 kWh in the store.
        let (charge, hold) = first(&whole, &[0.2, 0.5], &[[0.0; WAYS], [3800.0; WAYS]]);
        assert_eq!((charge, hold), (40.0, 40.0));
        // The gain has to pay for the losses: 0.45 × 0.95 < 0.41 ÷ 0.95, but what is stored already is kept.
        let (charge, hold) = first(&whole, &[0.41, 0.45], &[[1000.0; WAYS], [3800.0; WAYS]]);
        assert_eq!((charge, hold), (0.0, 40.0));
        // What is needed in one way of four saves 0.5 × 0.95 there, and is left over, worth half the mean, in the others.
        let one_in_four = [[0.0; WAYS], [0.0, 0.0, 0.0, 3800.0]];
        let (charge, _) = first(&whole, &[0.2, 0.5], &one_in_four);
        assert_eq!(charge, 40.0, "0.475 ÷ 4 + 0.175 × 3 ÷ 4 > 0.2 ÷ 0.95");
        let (charge, _) = first(&whole, &[0.3, 0.5], &one_in_four);
        assert_eq!(charge, 0.0, "0.475 ÷ 4 + 0.2 × 3 ÷ 4 < 0.3 ÷ 0.95");
    }

    #[test]
    fn the_reserve_is_not_counted_and_the_ceiling_not_passed() {
        let (charge, hold) = first(&battery(20.0, 50.0), &[0.2, 0.5], &[[0.0; WAYS], [3800.0; WAYS]]);
        assert_eq!((charge, hold), (50.0, 60.0));
        let (charge, _) = first(&battery(20.0, 100.0), &[0.2, 0.5], &[[0.0; WAYS], [3800.0; WAYS]]);
        assert_eq!(charge, 60.0);
    }

    #[test]
    fn on_a_flat_price_nothing_is_bought_or_kept_back() {
        let needs: Vec<[f64; WAYS]> = (0..48)
            .map(|hour| if hour % 24 < 12 { [-3000.0, -1000.0, 0.0, 400.0] } else { [200.0, 500.0, 900.0, 3000.0] })
            .collect();
        let worth = stored_worth(&battery(10.0, 100.0), &prices(&[0.3; 48]), &forecast(&needs), now());
        assert_eq!(worth.slots().len(), 48);
        for slot in worth.slots() {
            assert_eq!(
                (slot.charge_below.even.percent(), slot.hold_below.even.percent()),
                (10.0, 10.0),
                "{}",
                slot.from
            );
        }
    }

    #[test]
    fn of_two_hours_of_one_price_the_earlier_is_taken() {
        let (charge, _) = first(
            &battery(0.0, 100.0),
            &[0.1, 0.1, 0.1, 0.5],
            &[[0.0; WAYS], [0.0; WAYS], [0.0; WAYS], [3800.0; WAYS]],
        );
        assert_eq!(charge, 40.0);
    }

    #[test]
    fn who_is_paid_to_take_energy_takes_it() {
        let (charge, hold) = first(&battery(0.0, 90.0), &[-0.1, 0.1], &[[0.0; WAYS], [0.0; WAYS]]);
        assert_eq!((charge, hold), (90.0, 100.0));
        // It is not used only to be bought again.
        let (charge, hold) = first(&battery(0.0, 90.0), &[-0.1, -0.1, 0.1], &[[500.0; WAYS]; 3]);
        assert_eq!((charge, hold), (90.0, 100.0));
    }

    #[test]
    fn what_is_not_known_says_why() {
        let battery = battery(0.0, 100.0);
        let check = |prices: &Prices, forecast: &Forecast, expect: Lack| {
            assert_eq!(stored_worth(&battery, prices, forecast, now()), StoredWorth::unknown(expect));
        };
        check(&Prices::default(), &forecast(&[[0.0; WAYS]]), Lack::NoPrice);
        check(&prices(&[0.1]), &Forecast::default(), Lack::NoForecast);
        let worth = stored_worth(&battery, &prices(&[0.1, 0.2]), &forecast(&[[0.0; WAYS]; 5]), now());
        assert_eq!(worth.slots().len(), 2, "no price is made up for what is not known");
    }

    #[test]
    fn later_prices_are_taken_together_by_the_hour() {
        let quarter = HOUR / 4;
        let slot = |index: u32| PriceSlot {
            from: after(now(), quarter * index),
            until: after(now(), quarter * (index + 1)),
            price: Price::per_kwh(0.1 * f64::from(index % 4)).expect("a price"),
        };
        let import = PriceSeries::from_slots((0..48 * 4).map(slot).collect()).expect("in order");
        let prices = Prices { import, ..Prices::default() };
        let worth = stored_worth(&battery(0.0, 100.0), &prices, &forecast(&[[500.0; WAYS]; 48]), now());
        assert_eq!(worth.slots().len(), 4 * 4 + 44);
        assert!(worth.slots().iter().skip(16).all(|slot| (slot.import.amount() - 0.15).abs() < 1e-9));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever comes, each level is worth no more than the one below it, and the charge lies within reserve and ceiling.
        #[test]
        fn the_more_is_stored_the_less_one_more_is_worth(
            hours in prop::collection::vec((-1.0..2.0, prop::array::uniform4(-9000.0..9000.0)), 1..49),
            reserve in 0.0..60.0,
            ceiling in 60.0..100.0,
        ) {
            let battery = battery(reserve, ceiling);
            let (import, needs): (Vec<f64>, Vec<[f64; WAYS]>) = hours.into_iter().unzip();
            let worth = stored_worth(&battery, &prices(&import), &forecast(&needs), now());
            prop_assert_eq!(worth.slots().len(), import.len());
            for slot in worth.slots() {
                let falls = slot.levels.windows(2).all(|pair| pair[1].amount() <= pair[0].amount() + 1e-9);
                prop_assert!(falls, "{:?}", slot.levels);
                prop_assert!(slot.charge_below.sure >= battery.reserve && slot.charge_below.near <= battery.ceiling);
                prop_assert!(slot.hold_below.sure >= battery.reserve);
                for reach in [slot.charge_below, slot.hold_below] {
                    prop_assert!(reach.sure <= reach.even && reach.even <= reach.near);
                }
            }
        }
    }
}
