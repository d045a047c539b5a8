//! What a slot costs as a function of the energy drawn from the store in it.

use tinyvec::ArrayVec;

use super::limits::{Limits, Tick};

/// The most straight pieces of a slot's cost.
pub(super) const PIECES: usize = 4;

/// A straight piece of a cost: so many kWh, of which each one more lowers the cost by so much.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Piece {
    /// By how much the cost falls for each kWh more.
    pub(super) worth: f64,
    /// How many kWh, above zero.
    pub(super) width: f64,
}

/// A piecewise linear cost over what is drawn from the store: from charging at most to discharging at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Where it begins: the least that is drawn, at most zero.
    pub(super) from: f64,
    /// Where it ends: the most that is drawn, at least zero.
    pub(super) to: f64,
    /// What the slot costs where it begins.
    pub(super) cost: f64,
    /// What follows, from there on.
    pub(super) pieces: ArrayVec<[Piece; PIECES]>,
}

impl Shape {
    /// The cost when the battery has one direction in a slot.
    ///
    /// Charging gives up import or export for each kWh that is taken, of which less arrives in the store; discharging
    /// saves import up to the need and earns export beyond it, from more that is drawn.
    pub(super) fn one_way(limits: &Limits, tick: &Tick) -> Shape {
        let charge = tick.charge.min(limits.capacity * limits.per_into);
        let discharge = tick.discharge.min(limits.capacity * limits.out);
        let sun = charge.min((-tick.need).max(0.0));
        let own = discharge.min(tick.need.max(0.0));
        let mut shape = Shape {
            from: -charge * limits.into,
            to: discharge * limits.per_out,
            cost: tick.bill(tick.need + charge),
            pieces: ArrayVec::new(),
        };
        shape.push(tick.import * limits.per_into, (charge - sun) * limits.into);
        shape.push(tick.export * limits.per_into, sun * limits.into);
        shape.push(tick.import * limits.out, own * limits.per_out);
        shape.push(tick.export * limits.out, (discharge - own) * limits.per_out);
        shape
    }

    /// What the slot costs when this is drawn.
    pub(super) fn at(&self, drawn: f64) -> f64 {
        let mut left = drawn - self.from;
        self.pieces.iter().fold(self.cost, |cost, piece| {
            let part = piece.width.min(left.max(0.0));
            left -= part;
            cost - part * piece.worth
        })
    }

    /// Appends a piece, unless it has no width.
    pub(super) fn push(&mut self, worth: f64, width: f64) {
        if width > 0.0 && self.pieces.len() < PIECES {
            self.pieces.push(Piece { worth, width });
        }
    }

    /// Whether each kWh more is worth no more than the one before it.
    pub(super) fn is_convex(&self) -> bool {
        let mut worths = self.pieces.iter().map(|piece| piece.worth);
        let first = worths.next().unwrap_or_default();
        worths.try_fold(first, |before, worth| (worth <= before).then_some(worth)).is_some()
    }
}
