//! A convex cost over stored energy as a sorted set of slopes.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::shape::{Piece, Shape};

/// What one kWh more is worth, in an order that every number has a place in.
#[derive(Clone, Copy, Debug)]
struct Worth(f64);

impl PartialEq for Worth {
    fn eq(&self, other: &Worth) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Worth {}

impl PartialOrd for Worth {
    fn partial_cmp(&self, other: &Worth) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Worth {
    fn cmp(&self, other: &Worth) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What was cut off an end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The slope that it was cut off.
    pub(super) worth: f64,
    /// How many kWh went.
    pub(super) gone: f64,
    /// How many kWh of this slope stayed.
    pub(super) stayed: f64,
}

/// The cost of all slots to come, convex over a range of stored energy.
///
/// The pieces lie from the dearest kWh at the empty end to the cheapest at the full end, so their widths by worth are
/// all there is to know.
#[derive(Clone, Debug)]
pub(super) struct Slopes {
    widths: BTreeMap<Worth, f64>,
    /// The least and the most stored energy, kWh.
    pub(super) low: f64,
    pub(super) high: f64,
    /// The cost at the least.
    pub(super) cost: f64,
}

impl Slopes {
    /// A cost over this range with these pieces in any order; the first kWh is the dearest.
    pub(super) fn new(low: f64, high: f64, cost: f64, pieces: impl IntoIterator<Item = Piece>) -> Slopes {
        let mut slopes = Slopes { widths: BTreeMap::new(), low, high, cost };
        pieces.into_iter().for_each(|piece| slopes.insert(piece));
        slopes
    }

    /// Goes one slot back in time: the least cost over all that could be drawn in it, within the capacity.
    ///
    /// The infimal convolution of two convex costs is the merge of their slopes. `cuts` receives what the window cuts
    /// off, and returned is how much of that came off the empty end, then off the full end.
    pub(super) fn precede(&mut self, slot: &Shape, capacity: f64, cuts: &mut Vec<Cut>) -> (usize, usize) {
        slot.pieces.iter().for_each(|piece| self.insert(*piece));
        self.cost += slot.cost;
        let before = cuts.len();
        let low = self.low + slot.from;
        self.low = low.max(0.0);
        self.cut_low(self.low - low, cuts);
        let between = cuts.len();
        let high = self.high + slot.to;
        self.high = high.min(capacity);
        self.cut_high(high - self.high, cuts);
        (between - before, cuts.len() - between)
    }

    /// Only what lies within the capacity.
    pub(super) fn narrow(&mut self, capacity: f64) {
        let over = self.high - capacity;
        self.high = self.high.min(capacity);
        self.cut_high(over, &mut Vec::new());
    }

    /// The pieces from the empty end to the full one.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        self.widths.iter().rev().map(|(worth, width)| Piece { worth: worth.0, width: *width })
    }

    /// Adds a piece where it belongs.
    pub(super) fn insert(&mut self, piece: Piece) {
        // Adding nothing makes one zero of the two that there are.
        *self.widths.entry(Worth(piece.worth + 0.0)).or_insert(0.0) += piece.width;
    }

    /// Cuts this many kWh off the empty end, where the dearest lie.
    fn cut_low(&mut self, mut much: f64, cuts: &mut Vec<Cut>) {
        while much > 0.0 {
            let Some(mut entry) = self.widths.last_entry() else { return };
            let (worth, width) = (entry.key().0, *entry.get());
            let cut = cut(worth, width, much);
            if width > much {
                *entry.get_mut() = cut.stayed;
            } else {
                entry.remove();
            }
            self.cost -= worth * cut.gone;
            much -= cut.gone;
            cuts.push(cut);
        }
    }

    /// Cuts this many kWh off the full end, where the cheapest lie.
    fn cut_high(&mut self, mut much: f64, cuts: &mut Vec<Cut>) {
        while much > 0.0 {
            let Some(mut entry) = self.widths.first_entry() else { return };
            let (worth, width) = (entry.key().0, *entry.get());
            let cut = cut(worth, width, much);
            if width > much {
                *entry.get_mut() = cut.stayed;
            } else {
                entry.remove();
            }
            much -= cut.gone;
            cuts.push(cut);
        }
    }
}

fn cut(worth: f64, width: f64, much: f64) -> Cut {
    let gone = width.min(much);
    Cut { worth, gone, stayed: width - gone }
}
