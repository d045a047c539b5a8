//! The optimum where some slots' costs are not convex: a pass back on curves, and a choice in each slot forward.

use super::curve::Curve;
use super::shape::Shape;
use super::slopes::Slopes;

/// How many slots lie between two curves that are always kept.
const STRIDE: usize = 128;

/// The most corners of all curves together that are kept for the way forward (64 MB). Where there are more, those within a
/// stride are worked out again when they are needed.
const MOST_KEPT: usize = 4_000_000;

/// A stretch of slots with what comes after its last, and, where it was kept, after each of them, the last first.
struct Stride<'a> {
    shapes: &'a [Shape],
    end: Curve,
    kept: Option<Vec<Curve>>,
}

/// What is drawn from the store in each slot: a least cost among all ways that keep to one direction in a slot.
pub(super) fn solve(after: &Slopes, capacity: f64, start: f64, shapes: &[Shape]) -> Vec<f64> {
    solve_keeping(MOST_KEPT, after, capacity, start, shapes)
}

fn solve_keeping(most: usize, after: &Slopes, capacity: f64, start: f64, shapes: &[Shape]) -> Vec<f64> {
    let mut ahead = Curve::convex(after.low, 0.0, after.pieces());
    let mut strides = Vec::with_capacity(shapes.len() / STRIDE + 1);
    let mut corners = 0_usize;
    for shapes in shapes.rchunks(STRIDE) {
        let (curves, begin) = back(ahead.clone(), shapes, capacity);
        corners = corners.saturating_add(curves.iter().map(|curve| curve.points.len()).sum());
        let end = std::mem::replace(&mut ahead, begin);
        strides.push(Stride { shapes, end, kept: (corners <= most).then_some(curves) });
    }
    let mut stored = start;
    let mut drawn = Vec::with_capacity(shapes.len());
    for Stride { shapes, end, kept } in strides.into_iter().rev() {
        let curves = kept.unwrap_or_else(|| back(end, shapes, capacity).0);
        for (shape, after) in shapes.iter().zip(curves.iter().rev()) {
            let much = choose(shape, after, stored);
            stored = (stored - much).clamp(0.0, capacity);
            drawn.push(much);
        }
    }
    drawn
}

/// What comes after each slot, the last first, and what comes before all of them.
fn back(end: Curve, shapes: &[Shape], capacity: f64) -> (Vec<Curve>, Curve) {
    let mut ahead = end;
    let mut curves = Vec::with_capacity(shapes.len());
    for shape in shapes.iter().rev() {
        let before = ahead.precede(shape, capacity);
        curves.push(std::mem::replace(&mut ahead, before));
    }
    (curves, ahead)
}

/// The draw of least cost in a slot, given what comes after it: at a corner of the one cost or of the other.
pub(super) fn choose(shape: &Shape, after: &Curve, stored: f64) -> f64 {
    let here = Curve::convex(shape.from, shape.cost, shape.pieces);
    let reach = after.range();
    let (least, most) = ((stored - reach.1).max(shape.from), (stored - reach.0).min(shape.to));
    let corners = here.points.iter().map(|point| point.stored);
    let within = after.between(stored - most, stored - least);
    let landings = within.iter().map(|point| stored - point.stored);
    // What lies beyond a limit, by a rounding error or by far, is tried at the limit.
    let tried = corners.chain(landings).chain([least, most]).map(|drawn| drawn.max(least).min(most));
    let cost = |drawn: f64| here.at(drawn) + after.at(stored - drawn);
    let best = tried.map(|drawn| (drawn, cost(drawn))).min_by(|one, other| one.1.total_cmp(&other.1));
    best.map_or(0.0, |(drawn, _)| drawn)
}

#[cfg(test)]
mod tests {
    use super::super::shape::Piece;
    use super::*;

    /// Half a kWh each way in each slot, in which selling pays more than buying costs.
    fn shape(number: usize) -> Shape {
        let step = |by: usize| f64::from(u32::try_from(number * by % 23).expect("small")) / 100.0;
        let pieces = [(0.1 + step(7), 0.5), (0.08 + step(7), 0.1), (0.15 + step(5), 0.4)];
        let pieces = pieces.into_iter().map(|(worth, width)| Piece { worth, width }).collect();
        Shape { from: -0.5, to: 0.5, cost: 1.0, pieces }
    }

    #[test]
    fn what_was_not_kept_is_worked_out_again_and_comes_to_the_same() {
        let shapes: Vec<Shape> = (0..3 * STRIDE + 5).map(shape).collect();
        let after = Slopes::new(2.0, 4.0, 0.0, [Piece { worth: 0.0, width: 2.0 }]);
        let all = solve_keeping(usize::MAX, &after, 4.0, 2.0, &shapes);
        assert!(all.iter().any(|drawn| *drawn > 0.0) && all.iter().any(|drawn| *drawn < 0.0));
        for most in [0, 1000] {
            assert_eq!(solve_keeping(most, &after, 4.0, 2.0, &shapes), all);
        }
    }
}
