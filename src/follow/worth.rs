//! The pass backward over the coming hours.

use std::time::Duration;

use super::slots::{Slot, slots};
use super::stage::{Levels, Store};
use crate::forecast::Forecast;
use crate::policy::model::Battery;
use crate::tariff::Prices;
use crate::time::Instant;
use crate::units::{Price, Soc};
use crate::worth::{LEVELS, Lack, SlotWorth, StoredWorth};

/// How far ahead is looked at most.
pub const HORIZON: Duration = Duration::from_secs(48 * 3600);

/// What a kWh stored from the grid, or kept back from the house, must gain, as a share of the mean price: forecasts err,
/// and a gain smaller than that is as likely a loss.
const EFFORT: f64 = 0.02;

/// What a kWh that is left at the end of what is known is worth, as a share of the mean price.
const LEFT_OVER: f64 = 0.5;

/// By what share a stored kWh is worth more for each hour that it is there earlier. It decides between hours of one price:
/// what is stored sooner survives an outage.
const SOONER: f64 = 0.0005;

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
    let store = Store::of(battery);
    let slots = slots(prices, forecast, now);
    if slots.is_empty() || store.width <= 0.0 {
        return StoredWorth::unknown(Lack::NoPrice);
    }
    let hours: f64 = slots.iter().map(|slot| slot.hours).sum();
    let mean = (slots.iter().map(|slot| slot.import * slot.hours).sum::<f64>() / hours).max(0.0);
    let mut levels = [mean * LEFT_OVER; LEVELS];
    let mut worth = Vec::with_capacity(slots.len());
    for slot in slots.iter().rev() {
        worth.push(slot_worth(battery, &store, slot, &levels, mean * EFFORT));
        levels = store.before(slot, &levels, mean * EFFORT).map(|worth| worth * (1.0 + SOONER * slot.hours));
    }
    worth.reverse();
    StoredWorth::new(worth).unwrap_or_default()
}

/// What is to be decided in a slot, given what a kWh is worth after it.
fn slot_worth(battery: &Battery, store: &Store, slot: &Slot, after: &Levels, effort: f64) -> SlotWorth {
    let storing = slot.import / store.into;
    let using = slot.import * store.out;
    SlotWorth {
        from: slot.from,
        until: slot.until,
        import: price(slot.import),
        storing: price(storing),
        using: price(using),
        charge_below: dearer(battery, after, storing + effort).min(battery.ceiling),
        hold_below: dearer(battery, after, using + effort),
        reserve: battery.reserve,
        levels: after.map(price),
    }
}

/// Up to which charge a stored kWh is worth more than this.
fn dearer(battery: &Battery, levels: &Levels, than: f64) -> Soc {
    let reserve = battery.reserve.percent();
    let count = levels.iter().take_while(|worth| **worth > than).count();
    let share = f64::from(u32::try_from(count).unwrap_or(0)) / f64::from(u32::try_from(LEVELS).unwrap_or(1));
    Soc::from_percent(reserve + (100.0 - reserve) * share.min(1.0)).unwrap_or(battery.reserve)
}

fn price(amount: f64) -> Price {
    Price::per_kwh(amount.clamp(-1e5, 1e5)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{Step, WAYS};
    use crate::tariff::{PriceSeries, PriceSlot};
    use crate::time::after;
    use crate::units::{Energy, Fraction, Power};
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
        (slot.charge_below.percent(), slot.hold_below.percent())
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
            assert_eq!((slot.charge_below.percent(), slot.hold_below.percent()), (10.0, 10.0), "{}", slot.from);
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
        let (charge, _) = first(&battery(0.0, 90.0), &[-0.1, 0.1], &[[0.0; WAYS], [0.0; WAYS]]);
        assert_eq!(charge, 90.0);
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
                prop_assert!(slot.charge_below >= battery.reserve && slot.charge_below <= battery.ceiling);
                prop_assert!(slot.hold_below >= battery.reserve);
            }
        }
    }
}
