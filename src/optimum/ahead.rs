//! The cost of all slots to come as a function of what is stored, and with it what a stored kWh is worth.

use super::shape::Piece;
use super::slopes::Slopes;
use crate::units::{Energy, Price};

/// How far outside its range a stored energy is a rounding error, kWh.
const ROUNDING: f64 = 1e-9;

/// A piece that is narrower than this is a rounding error, kWh.
const SLIVER: f64 = 1e-12;

/// The cost of all slots to come by stored energy: convex and piecewise linear over a range of it.
///
/// Whoever has more stored pays less, by less and less for each kWh. The range begins above empty where what is stored
/// could no longer reach what is asked of it at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct CostToGo {
    low: f64,
    /// The cost at the low end.
    cost: f64,
    /// From the low end on, each worth less than the one before it.
    pieces: Vec<Piece>,
}

/// A range of stored energy in which each kWh is worth the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its lower end.
    pub from: Energy,
    /// Its upper end.
    pub to: Energy,
    /// By how much each stored kWh in it lowers what is to be paid later.
    pub worth: Price,
}

impl CostToGo {
    /// Nothing is to come, and every kWh that is left of at most this capacity is worth so much.
    #[must_use]
    pub fn worth_each(capacity: Energy, price: Price) -> CostToGo {
        let width = capacity.kilowatt_hours();
        let pieces = (width > 0.0).then_some(Piece { worth: price.amount(), width });
        CostToGo { low: 0.0, cost: 0.0, pieces: pieces.into_iter().collect() }
    }

    /// The cost of all slots to come from this stored energy on, in the tariff's currency; `None` outside the range.
    #[must_use]
    pub fn at(&self, stored: Energy) -> Option<f64> {
        let mut left = stored.kilowatt_hours() - self.low;
        if left < -ROUNDING {
            return None;
        }
        let mut cost = self.cost;
        for piece in &self.pieces {
            let part = piece.width.min(left.max(0.0));
            cost -= part * piece.worth;
            left -= part;
        }
        (left <= ROUNDING).then_some(cost)
    }

    /// What the next kWh would be worth if it were stored on top; `None` where there is no room for it.
    #[must_use]
    pub fn worth_of_more(&self, stored: Energy) -> Option<Price> {
        let stored = stored.kilowatt_hours();
        self.bounds().find(|(_, to, _)| stored < to - ROUNDING).map(|(_, _, worth)| price(worth))
    }

    /// What the kWh that would be drawn next is worth where it is; `None` where there is none to draw.
    #[must_use]
    pub fn worth_of_last(&self, stored: Energy) -> Option<Price> {
        let stored = stored.kilowatt_hours();
        self.bounds().take_while(|(from, _, _)| *from + ROUNDING < stored).last().map(|(_, _, worth)| price(worth))
    }

    /// The ranges of equal worth from the low end to the full one, each worth less than the one before it.
    pub fn segments(&self) -> impl Iterator<Item = Segment> {
        self.bounds().map(|(from, to, worth)| Segment { from: energy(from), to: energy(to), worth: price(worth) })
    }

    /// The expected cost when each of these is as likely as the others, over the range that all have in common.
    ///
    /// The mean of convex costs is convex: its slope at any stored energy is the mean of theirs. `None` without any, or
    /// without a common range.
    #[must_use]
    pub fn mean(all: &[CostToGo]) -> Option<CostToGo> {
        let share = 1.0 / f64::from(u32::try_from(all.len()).ok().filter(|count| *count > 0)?);
        let low = all.iter().map(|one| one.low).fold(f64::NEG_INFINITY, f64::max);
        let high = all.iter().map(CostToGo::high).fold(f64::INFINITY, f64::min);
        if low > high + ROUNDING {
            return None;
        }
        let cost = all.iter().filter_map(|one| one.at(energy(low))).sum::<f64>() * share;
        Some(CostToGo { low, cost, pieces: mean_pieces(all, low, high, share) })
    }

    pub(super) fn of(slopes: &Slopes) -> CostToGo {
        // Cutting leaves slivers that rounding alone made.
        let pieces = slopes.pieces().filter(|piece| piece.width > SLIVER).collect();
        CostToGo { low: slopes.low, cost: slopes.cost, pieces }
    }

    /// As the set of slopes that a pass works on, within a capacity.
    pub(super) fn slopes(&self, capacity: f64) -> Slopes {
        let mut slopes = Slopes::new(self.low.min(capacity), self.high().max(self.low), self.cost, []);
        self.pieces.iter().for_each(|piece| slopes.insert(*piece));
        slopes.narrow(capacity);
        slopes
    }

    fn high(&self) -> f64 {
        self.low + self.pieces.iter().map(|piece| piece.width).sum::<f64>()
    }

    /// Each piece with where it begins and ends.
    fn bounds(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.pieces.iter().scan(self.low, |from, piece| {
            let begins = *from;
            *from += piece.width;
            Some((begins, *from, piece.worth))
        })
    }
}

/// The pieces of a mean: wherever one of the costs changes its slope, so does the mean.
fn mean_pieces(all: &[CostToGo], low: f64, high: f64, share: f64) -> Vec<Piece> {
    // Each kink lowers the mean's worth by its share.
    let mut kinks: Vec<(f64, f64)> = Vec::new();
    let mut worth = 0.0;
    for one in all {
        let mut before: Option<f64> = None;
        for (from, _, here) in one.bounds().filter(|(from, to, _)| *to > low && *from < high) {
            match before {
                None => worth += here * share,
                Some(before) => kinks.push((from, (here - before) * share)),
            }
            before = Some(here);
        }
    }
    kinks.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut pieces = Vec::with_capacity(kinks.len() + 1);
    let mut from = low;
    for (to, change) in kinks {
        if to > from {
            pieces.push(Piece { worth, width: to - from });
            from = to;
        }
        worth += change;
    }
    if high > from {
        pieces.push(Piece { worth, width: high - from });
    }
    pieces
}

/// A stored energy within any store's window.
pub(super) fn energy(kilowatt_hours: f64) -> Energy {
    Energy::from_watt_hours(kilowatt_hours * 1000.0).unwrap_or_default()
}

/// What a kWh is worth, bounded to what a price can say.
pub(super) fn price(worth: f64) -> Price {
    Price::per_kwh(worth.clamp(-1e5, 1e5)).unwrap_or_default()
}
