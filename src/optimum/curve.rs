//! A piecewise linear cost over stored energy that need not be convex.

use super::shape::{Piece, Shape};
use super::window;

/// The most points that a curve has. Beyond it the curve gives way to its convex envelope, which is never above it.
const MOST_POINTS: usize = 4096;

/// A bend that is flatter than this share of the curve's costs is a rounding error.
const FLAT: f64 = 1e-12;

/// A stored energy, and what all slots to come cost from there on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) stored: f64,
    pub(super) cost: f64,
}

/// A cost by stored energy: straight between points in the order of what is stored, of which there is at least one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) points: Vec<Point>,
}

impl Curve {
    /// A convex curve from where it begins and its pieces in order.
    pub(super) fn convex(stored: f64, cost: f64, pieces: impl IntoIterator<Item = Piece>) -> Curve {
        let mut point = Point { stored, cost };
        let mut points = vec![point];
        points.extend(pieces.into_iter().map(|piece| {
            point = point.beyond(piece);
            point
        }));
        Curve { points }
    }

    /// The cost at a stored energy within the range, or at the nearer end of it.
    pub(super) fn at(&self, stored: f64) -> f64 {
        let after = self.points.partition_point(|point| point.stored < stored);
        let next = self.points.get(after);
        let before = after.checked_sub(1).and_then(|before| self.points.get(before));
        match (before, next) {
            (Some(before), Some(next)) => before.toward(*next, stored),
            (Some(end), None) | (None, Some(end)) => end.cost,
            (None, None) => 0.0,
        }
    }

    /// One slot back in time: the least cost over all that could be drawn in it, within the capacity.
    ///
    /// Only differences of the cost matter, so its level may change.
    pub(super) fn precede(&self, slot: &Shape, capacity: f64) -> Curve {
        if slot.is_convex() && self.is_convex() {
            return self.merged(slot, capacity).tidy();
        }
        let mut least = Point { stored: slot.from, cost: slot.cost };
        let mut lowest: Option<Curve> = None;
        for piece in &slot.pieces {
            let curve = window::drawn(self, least, *piece, capacity);
            lowest = [lowest, curve].into_iter().flatten().reduce(|one, other| lower(&one, &other));
            least = least.beyond(*piece);
        }
        lowest.map_or_else(|| self.clone(), Curve::tidy)
    }

    /// The least cost where both are convex: the pieces of both, the dearest first.
    fn merged(&self, slot: &Shape, capacity: f64) -> Curve {
        let own = self.points.iter().zip(self.points.iter().skip(1)).map(|(one, next)| one.piece_to(*next));
        let mut pieces: Vec<Piece> = own.chain(slot.pieces).collect();
        pieces.sort_by(|one, other| other.worth.total_cmp(&one.worth));
        Curve::convex(self.range().0 + slot.from, 0.0, pieces).clip(0.0, capacity)
    }

    /// The part between two stored energies, or what is nearest to it.
    fn clip(&self, low: f64, high: f64) -> Curve {
        let (first, last) = self.range();
        let (low, high) = (low.max(first).min(last), high.min(last).max(first));
        let at = |stored| Point { stored, cost: self.at(stored) };
        let inside = self.points.iter().filter(|point| point.stored > low && point.stored < high);
        let points = std::iter::once(at(low)).chain(inside.copied());
        Curve { points: points.chain((high > low).then(|| at(high))).collect() }
    }

    /// The points between two stored energies.
    pub(super) fn between(&self, low: f64, high: f64) -> &[Point] {
        let first = self.points.partition_point(|point| point.stored < low);
        let behind = self.points.partition_point(|point| point.stored <= high);
        self.points.get(first..behind).unwrap_or_default()
    }

    /// The least and the most stored energy that it speaks of.
    pub(super) fn range(&self) -> (f64, f64) {
        let end = |point: Option<&Point>| point.map_or(0.0, |point| point.stored);
        (end(self.points.first()), end(self.points.last()))
    }

    /// Whether the curve is convex.
    fn is_convex(&self) -> bool {
        let flat = self.flat();
        let bends = |three: &[Point]| match three {
            [before, point, next] => before.toward(*next, point.stored) < point.cost - flat,
            _ => false,
        };
        !self.points.windows(3).any(bends)
    }

    fn flat(&self) -> f64 {
        FLAT * self.points.iter().map(|point| point.cost.abs()).fold(0.0, f64::max)
    }

    /// From nothing on, without points that say nothing, and with a bound on those that do.
    fn tidy(mut self) -> Curve {
        // What is added over many slots would drown the bends.
        let level = self.points.first().map_or(0.0, |first| first.cost);
        self.points.iter_mut().for_each(|point| point.cost -= level);
        let flat = self.flat();
        let mut points: Vec<Point> = Vec::with_capacity(self.points.len());
        for point in self.points {
            while let [.., before, last] = points.as_slice()
                && (before.toward(point, last.stored) - last.cost).abs() <= flat
            {
                points.pop();
            }
            if points.last().is_none_or(|last| last.stored < point.stored) {
                points.push(point);
            }
        }
        if points.len() > MOST_POINTS { hull(&points) } else { Curve { points } }
    }
}

impl Point {
    /// The point at the end of a piece.
    fn beyond(self, piece: Piece) -> Point {
        Point { stored: self.stored + piece.width, cost: self.cost - piece.worth * piece.width }
    }

    /// The cost on the straight line to another point.
    fn toward(self, other: Point, stored: f64) -> f64 {
        let width = other.stored - self.stored;
        if width > 0.0 { self.cost + (other.cost - self.cost) * ((stored - self.stored) / width) } else { self.cost }
    }

    /// The piece to the next point.
    pub(super) fn piece_to(self, next: Point) -> Piece {
        let width = next.stored - self.stored;
        Piece { worth: if width > 0.0 { (self.cost - next.cost) / width } else { 0.0 }, width }
    }
}

/// A walk along a curve, from where it begins.
struct Walk<'a> {
    points: &'a [Point],
    /// How many points lie behind.
    passed: usize,
}

impl Walk<'_> {
    /// Where the next point is; nowhere if there is none.
    fn next(&self) -> f64 {
        self.points.get(self.passed).map_or(f64::INFINITY, |point| point.stored)
    }

    /// Goes on to a stop that is not beyond the next point, and tells the cost there; infinite outside the range.
    fn go_on(&mut self, stop: f64) -> f64 {
        let before = self.passed.checked_sub(1).and_then(|before| self.points.get(before));
        match (before, self.points.get(self.passed)) {
            (_, Some(next)) if next.stored <= stop => {
                self.passed += 1;
                next.cost
            }
            (Some(before), Some(next)) => before.toward(*next, stop),
            _ => f64::INFINITY,
        }
    }
}

/// The lower of two curves whose ranges meet; where only one is, that one. Where one ends, the other is not above it.
fn lower(one: &Curve, other: &Curve) -> Curve {
    let (mut one, mut other) = (Walk { points: &one.points, passed: 0 }, Walk { points: &other.points, passed: 0 });
    let mut points: Vec<Point> = Vec::with_capacity((one.points.len() + other.points.len()) * 2);
    let mut before: Option<(f64, f64, f64)> = None;
    loop {
        let stop = one.next().min(other.next());
        if stop.is_infinite() {
            return Curve { points };
        }
        let (here, there) = (one.go_on(stop), other.go_on(stop));
        if let Some((from, a, b)) = before
            && let Some(share) = crossing(a - b, here - there)
        {
            points.push(Point { stored: from + (stop - from) * share, cost: a + (here - a) * share });
        }
        points.push(Point { stored: stop, cost: here.min(there) });
        before = Some((stop, here, there));
    }
}

/// Where between two stops, as a share of the way, a difference that is linear between them changes its sign.
fn crossing(from: f64, to: f64) -> Option<f64> {
    let crosses = from.is_finite() && to.is_finite() && ((from < 0.0 && to > 0.0) || (from > 0.0 && to < 0.0));
    crosses.then(|| from / (from - to))
}

/// The convex envelope.
fn hull(points: &[Point]) -> Curve {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        while let [.., before, last] = kept.as_slice()
            && before.toward(*point, last.stored) <= last.cost
        {
            kept.pop();
        }
        kept.push(*point);
    }
    Curve { points: kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: impl IntoIterator<Item = (f64, f64)>) -> Curve {
        Curve { points: points.into_iter().map(|(stored, cost)| Point { stored, cost }).collect() }
    }

    #[test]
    fn too_many_points_give_way_to_an_envelope_that_is_convex_and_never_above() {
        let zigzag = |number: u32| {
            let stored = f64::from(number);
            (stored, (stored - 3000.0).powi(2) * 1e-6 + f64::from(number % 2))
        };
        let bent = curve((0..6000).map(zigzag));
        let (begins, tidied) = (bent.points[0].cost, bent.clone().tidy());
        assert!(!bent.is_convex() && tidied.is_convex() && tidied.points.len() <= MOST_POINTS);
        assert!(bent.points.iter().all(|point| tidied.at(point.stored) <= point.cost - begins + 1e-9));
        assert_eq!(tidied.range(), bent.range());
    }

    #[test]
    fn the_lowest_of_curves_changes_over_where_they_cross() {
        let level = curve([(0.0, 2.0), (4.0, 2.0)]);
        let valley = curve([(1.0, 3.0), (3.0, 1.0), (6.0, 4.0)]);
        let both = lower(&level, &valley).tidy();
        assert_eq!(both, curve([(0.0, 0.0), (2.0, 0.0), (3.0, -1.0), (6.0, 2.0)]));
        assert!(!both.is_convex());
    }

    #[test]
    fn points_on_a_straight_line_say_nothing() {
        let straight = curve([(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 4.0)]);
        assert_eq!(straight.tidy(), curve([(0.0, 0.0), (2.0, 2.0), (3.0, 4.0)]));
    }
}
