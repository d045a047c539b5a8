//! Everything that is known at one moment.

use std::time::Duration;

use crate::policy::model::Quantity;
use crate::snapshot::{Quality, Reading, Signal, Snapshot, Unknown};
use crate::tariff::Prices;
use crate::time::{Instant, before};
use crate::units::Price;

use super::Override;

/// Everything that is known at one moment, but for what was remembered.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The readings.
    pub snapshot: &'a Snapshot,
    /// The prices.
    pub prices: &'a Prices,
    /// The owner's manual command, expired or not.
    pub manual: Option<&'a Override>,
    /// The moment.
    pub now: Instant,
}

/// What each signal says at one moment, in percent or watts, or why it cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Readings {
    pub(crate) soc: Result<f64, Unknown>,
    pub(crate) solar: Result<f64, Unknown>,
    pub(crate) load: Result<f64, Unknown>,
    pub(crate) grid: Result<f64, Unknown>,
    pub(crate) battery: Result<f64, Unknown>,
    pub(crate) ev: Result<f64, Unknown>,
    /// The prices of import and of export at that moment, if they were looked up already.
    pub(crate) prices: Option<[Option<Price>; 2]>,
}

impl Readings {
    /// No reading at all: what is left to time, calendars and prices.
    pub(crate) const BLIND: Readings = {
        let none = Err(Unknown::NoReading);
        Readings { soc: none, solar: none, load: none, grid: none, battery: none, ev: none, prices: None }
    };

    /// What a snapshot says at this moment.
    pub(crate) fn of(snapshot: &Snapshot, now: Instant, max_age: Duration) -> Readings {
        let oldest = before(now, max_age);
        let of = |signal| match snapshot.reading(signal) {
            // The usual case of `Reading::usable`, without working out an age.
            Some(reading)
                if reading.quality == Quality::Good && oldest <= reading.taken_at && reading.taken_at <= now =>
            {
                Ok(reading.value)
            }
            Some(reading) => reading.usable(now, max_age).copied(),
            None => Err(Unknown::NoReading),
        };
        Readings {
            soc: of(Signal::Soc),
            solar: of(Signal::Solar),
            load: of(Signal::Load),
            grid: of(Signal::Grid),
            battery: of(Signal::Battery),
            ev: of(Signal::Ev),
            prices: None,
        }
    }

    /// What one signal says.
    pub(crate) fn get(&self, signal: Signal) -> Result<f64, Unknown> {
        match signal {
            Signal::Soc => self.soc,
            Signal::Solar => self.solar,
            Signal::Load => self.load,
            Signal::Grid => self.grid,
            Signal::Battery => self.battery,
            Signal::Ev => self.ev,
        }
    }

    /// What a quantity is: a reading, or the price of that moment.
    pub(crate) fn quantity(&self, quantity: Quantity, prices: &Prices, now: Instant) -> Result<f64, Unknown> {
        let price = match (quantity, self.prices) {
            (Quantity::Reading(signal), _) => return self.get(signal),
            (Quantity::ImportPrice, Some([import, _])) => import,
            (Quantity::ExportPrice, Some([_, export])) => export,
            (Quantity::ImportPrice, None) => prices.import.at(now),
            (Quantity::ExportPrice, None) => prices.export.at(now),
        };
        price.map(Price::amount).ok_or(Unknown::NoPrice)
    }
}

impl Situation<'_> {
    /// The manual command if it has not expired.
    pub(crate) fn standing_override(&self) -> Option<&Override> {
        self.manual.filter(|manual| self.now < manual.until)
    }

    /// The reading behind a quantity, usable or not; prices have none.
    pub(crate) fn reading(&self, quantity: Quantity) -> Option<Reading<f64>> {
        match quantity {
            Quantity::Reading(signal) => self.snapshot.reading(signal),
            Quantity::ImportPrice | Quantity::ExportPrice => None,
        }
    }
}
