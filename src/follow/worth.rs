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
