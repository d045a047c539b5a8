//! Prices with their validity. A price that is absent is not zero.

use crate::time::Instant;
use crate::units::Price;
use crate::worth::StoredWorth;

/// One price and the span for which it holds, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriceSlot {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// The price per kWh.
    pub price: Price,
}

/// Prices over time: slots in order that do not overlap, with holes where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceSeries {
    slots: Vec<PriceSlot>,
}

/// What energy costs: the prices of import and of export that are known at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// What a kWh from the grid costs.
    pub import: PriceSeries,
    /// What a kWh to the grid earns.
    pub export: PriceSeries,
    /// What a stored kWh is worth, if anyone worked that out: only `follow the cheapest plan` asks.
    pub stored: StoredWorth,
}

impl PriceSeries {
    /// A series from slots in order; `None` if one is empty, or begins before the one ahead of it ends.
    #[must_use]
    pub fn from_slots(slots: Vec<PriceSlot>) -> Option<PriceSeries> {
        let filled = slots.iter().all(|slot| slot.from < slot.until);
        let ordered = slots.iter().zip(slots.iter().skip(1)).all(|(one, next)| one.until <= next.from);
        (filled && ordered).then_some(PriceSeries { slots })
    }

    /// The price at an instant, if one is known.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<Price> {
        let after = self.slots.partition_point(|slot| slot.from <= at);
        let slot = self.slots.get(after.checked_sub(1)?)?;
        (at < slot.until).then_some(slot.price)
    }

    /// The slots in order.
    #[must_use]
    pub fn slots(&self) -> &[PriceSlot] {
        &self.slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(from: &str, until: &str, price: f64) -> PriceSlot {
        let at = |time: &str| format!("2026-01-15T{time}:00Z").parse().expect("an instant");
        PriceSlot { from: at(from), until: at(until), price: Price::per_kwh(price).expect("a price") }
    }

    #[test]
    fn a_series_has_holes_and_no_defaults() {
        let slots = vec![slot("01:00", "02:00", 0.1), slot("02:00", "03:00", -0.2), slot("04:00", "05:00", 0.3)];
        let series = PriceSeries::from_slots(slots).expect("ordered");
        let check = |time: &str, expect: Option<f64>| {
            let at = format!("2026-01-15T{time}:00Z").parse().expect("an instant");
            assert_eq!(series.at(at).map(Price::amount), expect, "{time}");
        };
        check("00:59", None);
        check("01:00", Some(0.1));
        check("02:59", Some(-0.2));
        check("03:00", None);
        check("04:30", Some(0.3));
        check("05:00", None);
    }

    #[test]
    fn a_series_refuses_disorder() {
        assert!(PriceSeries::from_slots(vec![slot("02:00", "02:00", 0.1)]).is_none());
        assert!(PriceSeries::from_slots(vec![slot("01:00", "02:30", 0.1), slot("02:00", "03:00", 0.1)]).is_none());
    }
}
