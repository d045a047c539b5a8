//! A history cut into pieces in which nothing changes: load, sun, prices, the day, and every calendar test of a policy.

use chrono::{Datelike, NaiveDate};

use crate::engine::{banded_prices, edges};
use crate::history::{History, Slot};
use crate::policy::Policy;
use crate::tariff::{PriceSeries, PriceSlot, Prices};
use crate::time::{ClockTime, Instant, Zone, elapsed};
use crate::units::{Power, Price};

/// A stretch of the past in which load, sun and prices are constant, within one local day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Its first instant.
    pub at: Instant,
    /// How long it is.
    pub seconds: u32,
    /// Power that the house drew.
    pub load: Power,
    /// Power of the sun.
    pub solar: Power,
    /// What a kWh from the grid cost.
    pub import: Price,
    /// What a kWh to the grid earned.
    pub export: Price,
    /// Its local day, as a position in [`Track::days`].
    pub day: usize,
    /// Its local month, as a position in [`Track::months`].
    pub month: usize,
    /// Which slot of the history it is of.
    pub slot: usize,
    /// Whether the calendar may have changed its mind at its beginning, or something is missing before it.
    pub edge: bool,
}

/// The whole history in pieces, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// The local days that they lie in, in order.
    pub days: Vec<NaiveDate>,
    /// The local months that they lie in, in order: year and month, counted from 1.
    pub months: Vec<(i32, u32)>,
    /// Every price, known or not at any one moment.
    pub prices: Prices,
    /// Whether the prices of import come from the history, so that they were published day by day.
    pub published: bool,
    /// The site's zone.
    pub zone: Zone,
}

/// Why a history cannot be priced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    /// Neither the history nor the policy says what import costs.
    #[error("neither the history nor the policy's tariff says what import costs at {0}")]
    NoImport(Instant),
    /// Neither the history nor the policy says what export earns.
    #[error(
        "neither the history nor the policy's tariff says what export earns at {0}; a price that is absent is not \
         zero: write `export: {{ price: 0 }}` where it earns nothing"
    )]
    NoExport(Instant),
    /// Two policies are compared that count in different money.
    #[error("the one counts in {0} and the other in {1}; what they cost cannot be compared")]
    Currencies(String, String),
}

impl Track {
    /// Cuts a history for a policy, and at whatever `others` look at as well, so that their tracks lie beside each other.
    ///
    /// # Errors
    /// A price is missing.
    pub fn new(history: &History, policy: &Policy, others: &[&Policy]) -> Result<Track, TrackError> {
        let (from, until) = history.span();
        let prices = prices(history, policy);
        let cuts = cuts(policy, others, from, until);
        let mut track = Track {
            pieces: Vec::with_capacity(history.slots().len().saturating_add(cuts.len())),
            days: Vec::new(),
            months: Vec::new(),
            prices,
            published: history.priced().import,
            zone: policy.zone.clone(),
        };
        let mut cuts = cuts.into_iter().peekable();
        let mut newest = None;
        for (index, slot) in history.slots().iter().enumerate() {
            let mut from = slot.from;
            let mut edge = newest != Some(from);
            while let Some(cut) = cuts.next_if(|cut| *cut < slot.until) {
                if from < cut {
                    track.push(index, slot, from, cut, edge)?;
                }
                (from, edge) = (from.max(cut), edge || cut >= slot.from);
                edge |= cut == from;
            }
            track.push(index, slot, from, slot.until, edge)?;
            newest = Some(slot.until);
        }
        Ok(track)
    }

    /// Adds a piece of a slot.
    fn push(&mut self, index: usize, slot: &Slot, from: Instant, until: Instant, edge: bool) -> Result<(), TrackError> {
        let length = elapsed(slot.from, slot.until);
        let date = self.zone_date(from, edge);
        if self.days.last() != Some(&date) {
            self.days.push(date);
        }
        let month = (date.year(), date.month());
        if self.months.last() != Some(&month) {
            self.months.push(month);
        }
        let import = slot.import.or_else(|| self.prices.import.at(from)).ok_or(TrackError::NoImport(from))?;
        let export = slot.export.or_else(|| self.prices.export.at(from)).ok_or(TrackError::NoExport(from))?;
        self.pieces.push(Piece {
            at: from,
            seconds: u32::try_from(elapsed(from, until).as_secs()).unwrap_or(u32::MAX),
            load: slot.load.per(length),
            solar: slot.solar.per(length),
            import,
            export,
            day: self.days.len().saturating_sub(1),
            month: self.months.len().saturating_sub(1),
            slot: index,
            edge,
        });
        Ok(())
    }

    /// The local day of an instant; between two edges it is that of the piece before.
    fn zone_date(&self, at: Instant, edge: bool) -> NaiveDate {
        match self.days.last() {
            Some(last) if !edge => *last,
            _ => self.zone.local(at).date,
        }
    }

    /// The piece in which an instant lies; `None` where something is missing.
    #[must_use]
    pub fn piece_at(&self, at: Instant) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.at <= at);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        (elapsed(piece.at, at).as_secs() < u64::from(piece.seconds)).then_some(piece)
    }

    /// How long all of it is, in hours.
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.pieces.iter().map(|piece| f64::from(piece.seconds)).sum::<f64>() / 3600.0
    }

    /// The mean price of import over time, per kWh.
    #[must_use]
    pub fn mean_import(&self) -> f64 {
        let weighted: f64 = self.pieces.iter().map(|piece| piece.import.amount() * f64::from(piece.seconds)).sum();
        let hours = self.hours();
        if hours > 0.0 { weighted / 3600.0 / hours } else { 0.0 }
    }
}

/// Every price of the past: what the history says, else the policy's bands.
fn prices(history: &History, policy: &Policy) -> Prices {
    let (from, until) = history.span();
    let banded = banded_prices(policy, from, until);
    let of = |price: fn(&Slot) -> Option<Price>| {
        let slots = history.slots().iter();
        let slots =
            slots.filter_map(|slot| Some(PriceSlot { from: slot.from, until: slot.until, price: price(slot)? }));
        PriceSeries::from_slots(slots.collect()).unwrap_or_default()
    };
    let priced = history.priced();
    Prices {
        import: if priced.import { of(|slot| slot.import) } else { banded.import },
        export: if priced.export { of(|slot| slot.export) } else { banded.export },
        ..Prices::default()
    }
}

/// Every instant at which something of a policy's calendar may change, or a local day begins.
fn cuts(policy: &Policy, others: &[&Policy], from: Instant, until: Instant) -> Vec<Instant> {
    let mut cuts = edges(policy, from, until);
    others.iter().for_each(|other| cuts.extend(edges(other, from, until)));
    let last = policy.zone.local(until).date;
    let days = policy.zone.local(from).date.iter_days().take_while(|date| *date <= last);
    cuts.extend(days.map(|date| policy.zone.earliest(date, ClockTime::MIDNIGHT)));
    cuts.retain(|at| from < *at && *at < until);
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
