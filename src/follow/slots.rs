//! The coming hours cut into slots in which prices and the forecast stay as they are.

use std::time::Duration;

use super::worth::HORIZON;
use crate::forecast::{Forecast, Step, WAYS};
use crate::tariff::{PriceSeries, Prices};
use crate::time::{Instant, after, elapsed};

/// The most slots that are looked at; what lies beyond is not.
const MOST_SLOTS: usize = 1000;

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
pub(super) fn slots(prices: &Prices, forecast: &Forecast, now: Instant) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(64);
    let end = after(now, HORIZON);
    let mut from = now;
    while from < end && slots.len() < MOST_SLOTS {
        let Some(slot) = slot(prices, forecast, from, end) else { break };
        from = slot.until;
        slots.push(slot);
    }
    slots
}

fn slot(prices: &Prices, forecast: &Forecast, from: Instant, end: Instant) -> Option<Slot> {
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
    Some(Slot { from, until, hours: span.as_secs_f64() / 3600.0, import, export, needs: needs(step, span) })
}

fn needs(step: &Step, span: Duration) -> [f64; WAYS] {
    step.needs.map(|need| need.over(span).kilowatt_hours())
}

/// A price and until when it holds.
fn price(series: &PriceSeries, at: Instant) -> Option<(f64, Instant)> {
    let after = series.slots().partition_point(|slot| slot.from <= at);
    let slot = series.slots().get(after.checked_sub(1)?).filter(|slot| at < slot.until)?;
    Some((slot.price.amount(), slot.until))
}
