//! The optimum where some slots' costs are not convex: the same pass back on curves, and a choice in each slot forward.

use super::curve::{Curve, Point};
use super::shape::{Piece, Shape};
use super::slopes::{Cut, Slopes};

/// How many slots lie between two costs that are kept; those between them are worked out again when they are needed.
const STRIDE: usize = 128;

/// The cost of all slots to come, in the cheaper form while it is convex.
#[derive(Clone, Debug)]
enum Ahead {
    Convex(Slopes),
    Bent(Curve),
}

/// What is drawn from the store in each slot: a least cost among all ways that keep to one direction in a slot.
pub(super) fn solve(after: &Slopes, capacity: f64, start: f64, shapes: &[Shape]) -> Vec<f64> {
    let mut ahead = Ahead::Convex(after.clone());
    let mut kept = Vec::with_capacity(shapes.len() / STRIDE + 1);
    for stride in shapes.rchunks(STRIDE) {
        kept.push(ahead.clone());
        ahead = stride.iter().rev().fold(ahead, |ahead, shape| ahead.precede(shape, capacity));
    }
    let mut stored = start;
    let mut drawn = Vec::with_capacity(shapes.len());
    let strides: Vec<&[Shape]> = shapes.rchunks(STRIDE).collect();
    for (stride, end) in strides.into_iter().zip(kept).rev() {
        for (shape, after) in stride.iter().zip(each_after(end, stride, capacity)) {
            let much = choose(shape, &after, stored);
            stored = (stored - much).clamp(0.0, capacity);
            drawn.push(much);
        }
    }
    drawn
}

/// What comes after each slot of a stride, from what comes after its last.
fn each_after(end: Ahead, stride: &[Shape], capacity: f64) -> Vec<Curve> {
    let mut ahead = end;
    let mut curves = Vec::with_capacity(stride.len());
    for shape in stride.iter().rev() {
        curves.push(ahead.curve());
        ahead = ahead.precede(shape, capacity);
    }
    curves.reverse();
    curves
}

/// The draw of least cost in a slot, given what comes after it: at a corner of the one cost or of the other.
pub(super) fn choose(shape: &Shape, after: &Curve, stored: f64) -> f64 {
    let here = Curve::convex(shape.from, shape.cost, shape.pieces);
    let reach = after.range();
    let (least, most) = ((stored - reach.1).max(shape.from), (stored - reach.0).min(shape.to));
    let corners = here.points.iter().map(|point| point.stored);
    let landings = after.points.iter().map(|point| stored - point.stored);
    // What lies beyond a limit, by a rounding error or by far, is tried at the limit.
    let tried = corners.chain(landings).map(|drawn| drawn.max(least).min(most));
    let cost = |drawn: f64| here.at(drawn) + after.at(stored - drawn);
    let best = tried.map(|drawn| (drawn, cost(drawn))).min_by(|one, other| one.1.total_cmp(&other.1));
    best.map_or(0.0, |(drawn, _)| drawn)
}

impl Ahead {
    fn precede(self, shape: &Shape, capacity: f64) -> Ahead {
        match self {
            Ahead::Convex(mut slopes) if shape.is_convex() => {
                let mut cuts: Vec<Cut> = Vec::new();
                slopes.precede(shape, capacity, &mut cuts);
                Ahead::Convex(slopes)
            }
            other => Ahead::from(other.curve().precede(shape, capacity)),
        }
    }

    fn curve(&self) -> Curve {
        match self {
            Ahead::Convex(slopes) => Curve::convex(slopes.low, 0.0, slopes.pieces()),
            Ahead::Bent(curve) => curve.clone(),
        }
    }
}

impl From<Curve> for Ahead {
    /// As slopes as soon as nothing bends the wrong way. Only differences of the cost matter here, so its level goes.
    fn from(mut curve: Curve) -> Ahead {
        curve.level();
        if !curve.is_convex() {
            return Ahead::Bent(curve);
        }
        let (low, high) = curve.range();
        let points = curve.points.iter().zip(curve.points.iter().skip(1));
        let pieces: Vec<Piece> = points.map(|(one, next): (&Point, &Point)| one.piece_to(*next)).collect();
        Ahead::Convex(Slopes::new(low, high, 0.0, pieces))
    }
}
