//! The optimum where every slot's cost is convex: one pass back, one pass forward.

use super::shape::{Piece, Shape};
use super::slopes::{Cut, Slopes};

/// How the slopes came about, slot by slot from the last to the first, so that it can be undone.
#[derive(Debug)]
pub(super) struct Past {
    cuts: Vec<Cut>,
    /// How many cuts each slot made, off the empty end and off the full one.
    counts: Vec<(usize, usize)>,
}

/// Where the stored energy stands among the slopes: all that is worth more is below it, all that is worth less above.
///
/// What is worth more than `worth` is taken: the slot that brought it charges less or discharges more than it might.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) worth: f64,
    /// How many kWh of exactly this worth lie below, and above.
    below: f64,
    above: f64,
}

/// All slots backward from what comes after them.
pub(super) fn back(after: Slopes, capacity: f64, shapes: impl ExactSizeIterator<Item = Shape>) -> (Slopes, Past) {
    let mut slopes = after;
    let mut past = Past { cuts: Vec::with_capacity(shapes.len() * 4), counts: Vec::with_capacity(shapes.len()) };
    for shape in shapes {
        let counts = slopes.precede(&shape, capacity, &mut past.cuts);
        past.counts.push(counts);
    }
    (slopes, past)
}

impl Past {
    /// All slots forward from a mark: what is drawn from the store in each, and where the mark is at the end.
    ///
    pub(super) fn forth(self, mark: Mark, shapes: impl Iterator<Item = Shape>) -> (Vec<f64>, Mark) {
        let mut drawn = Vec::with_capacity(self.counts.len());
        let mark = self.forth_by(mark, shapes, |much, _| drawn.push(much));
        (drawn, mark)
    }

    /// The same, telling of each slot what is drawn in it and where the mark then is.
    ///
    /// Each slot undoes its cuts and takes its pieces out again. Those below the mark were drawn. The mark moves only
    /// where it would not lie between what is below and what is above: at the ends.
    pub(super) fn forth_by(
        mut self,
        mut mark: Mark,
        shapes: impl Iterator<Item = Shape>,
        mut tell: impl FnMut(f64, &Mark),
    ) -> Mark {
        for shape in shapes {
            let (low, high) = self.counts.pop().unwrap_or_default();
            (0..high).filter_map(|_| self.cuts.pop()).for_each(|cut| mark.restore_above(cut));
            (0..low).filter_map(|_| self.cuts.pop()).for_each(|cut| mark.restore_below(cut));
            tell(shape.from + shape.pieces.iter().map(|piece| mark.take(*piece)).sum::<f64>(), &mark);
        }
        mark
    }
}

impl Mark {
    /// The mark of a stored energy.
    pub(super) fn at(slopes: &Slopes, stored: f64) -> Mark {
        let mut left = (stored - slopes.low).max(0.0);
        let mut mark = Mark { worth: f64::INFINITY, below: 0.0, above: 0.0 };
        for piece in slopes.pieces() {
            let below = piece.width.min(left);
            mark = Mark { worth: piece.worth, below, above: piece.width - below };
            left -= below;
            if mark.above > 0.0 {
                break;
            }
        }
        mark
    }

    /// Puts back what the full end lost. It lies above, even where the mark must go down for it.
    fn restore_above(&mut self, cut: Cut) {
        if cut.worth == self.worth {
            self.above += cut.gone;
        } else if cut.worth > self.worth {
            *self = Mark { worth: cut.worth, below: cut.stayed, above: cut.gone };
        }
    }

    /// Puts back what the empty end lost. It lies below, even where the mark must go up for it.
    fn restore_below(&mut self, cut: Cut) {
        if cut.worth == self.worth {
            self.below += cut.gone;
        } else if cut.worth < self.worth {
            *self = Mark { worth: cut.worth, below: cut.gone, above: cut.stayed };
        }
    }

    /// Takes a slot's piece out again: how much of it lay below.
    fn take(&mut self, piece: Piece) -> f64 {
        if piece.worth != self.worth {
            return if piece.worth > self.worth { piece.width } else { 0.0 };
        }
        let below = piece.width.min(self.below);
        self.below -= below;
        self.above = (self.above - (piece.width - below)).max(0.0);
        below
    }
}
