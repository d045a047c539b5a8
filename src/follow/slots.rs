//! The coming hours cut into slots in which prices and the forecast stay as they are.

use std::time::Duration;

use super::worth::HORIZON;
use crate::forecast::{Forecast, Step, WAYS};
use crate::tariff::{PriceSeries, Prices};
use crate::time::{Instant, after, elapsed};

/// The most slots that are looked at; what lies beyond is not.
const MOST_SLOTS: usize = 1000;

/// Up to here each price is a slot of its own.
const NEAR: Duration = Duration::from_secs(4 * 3600);

/// One slot in bare numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) from: Instant,
    pub(super) until: Instant,
    pub(super) hours: f64,
    /// Currency per kWh.
    pub(super) import: f64,
    pub(super) export: f64,
    /// What the house may need beyond the sun in kWh, `-` surplus, in each way as likely as the others.
    pub(super) needs: [f64; WAYS],
}

/// The slots from now on, as far as prices and forecast are known without a hole.
///
/// Near ones are as fine as the prices are. Later ones are as long as the steps of the forecast, at the mean of their
/// prices: what they are is decided when they are near.
pub(super) fn slots(prices: &Prices, forecast: &Forecast, now: Instant) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::with_capacity(64);
    let (near, end) = (after(now, NEAR), after(now, HORIZON));
    let mut from = now;
    let mut step_ends = now;
    for _ in 0..MOST_SLOTS {
        let Some((slot, step)) = slot(prices, forecast, from, end) else { break };
        from = slot.until;
        match slots.last_mut().filter(|last| near <= last.from && slot.from < step_ends) {
            Some(last) => last.join(&slot),
            None => slots.push(slot),
        }
        step_ends = step.until;
    }
    slots
}

impl Slot {
    /// This slot and the one that follows it as one.
    fn join(&mut self, next: &Slot) {
        let hours = self.hours + next.hours;
        let mean = |one: f64, other: f64| (one * self.hours + other * next.hours) / hours;
        (self.import, self.export) = (mean(self.import, next.import), mean(self.export, next.export));
        self.needs.iter_mut().zip(next.needs).for_each(|(one, other)| *one += other);
        (self.until, self.hours) = (next.until, hours);
    }
}

/// The slot that begins at an instant, with the step of the forecast that it lies in.
fn slot<'f>(prices: &Prices, forecast: &'f Forecast, from: Instant, end: Instant) -> Option<(Slot, &'f Step)> {
    if end <= from {
        return None;
    }
    let (import, import_until) = price(&prices.import, from)?;
    let (export, export_until) = if prices.export.slots().is_empty() {
        // A tariff that names no price of export pays nothing for it.
        (0.0, end)
    } else {
        price(&prices.export, from)?
    };
    let step = forecast.at(from)?;
    let until = step.until.min(import_until).min(export_until).min(end);
    let span = elapsed(from, until);
    let needs = step.needs.map(|need| need.over(span).kilowatt_hours());
    Some((Slot { from, until, hours: span.as_secs_f64() / 3600.0, import, export, needs }, step))
}

/// A price and until when it holds.
fn price(series: &PriceSeries, at: Instant) -> Option<(f64, Instant)> {
    let after = series.slots().partition_point(|slot| slot.from <= at);
    let slot = series.slots().get(after.checked_sub(1)?).filter(|slot| at < slot.until)?;
    Some((slot.price.amount(), slot.until))
}
