//! A piecewise linear cost over stored energy that need not be convex.

use super::shape::{Piece, Shape};

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

    /// The cost at a stored energy; `None` outside the range.
    fn within(&self, stored: f64) -> Option<f64> {
        let (first, last) = self.range();
        (first <= stored && stored <= last).then(|| self.at(stored))
    }

    /// One slot back in time: the least cost over all that could be drawn in it, within the capacity.
    ///
    /// Least costs are taken over the pairs of a convex run of this curve and a convex run of the slot's cost: each pair
    /// is a merge of slopes, and what remains is the lowest of them.
    pub(super) fn precede(&self, slot: &Shape, capacity: f64) -> Curve {
        let branches = branches(slot);
        let runs = self.runs();
        let with = |branch| lowest(runs.iter().filter_map(|run| sum(run, branch, capacity)).collect());
        let all = branches.iter().filter_map(with).reduce(|one, other| lower(&one, &other));
        all.map_or_else(|| self.clone(), Curve::tidy)
    }

    /// The least and the most stored energy that it speaks of.
    pub(super) fn range(&self) -> (f64, f64) {
        let end = |point: Option<&Point>| point.map_or(0.0, |point| point.stored);
        (end(self.points.first()), end(self.points.last()))
    }

    /// Whether the curve is convex.
    pub(super) fn is_convex(&self) -> bool {
        self.runs().len() <= 1
    }

    /// The runs of points between which the curve bends the wrong way; neighbours share a point.
    fn runs(&self) -> Vec<Vec<Point>> {
        let flat = self.flat();
        let mut runs: Vec<Vec<Point>> = Vec::new();
        let mut run: Vec<Point> = Vec::new();
        for point in &self.points {
            if let [.., before, last] = run.as_slice()
                && before.toward(*point, last.stored) < last.cost - flat
            {
                let last = *last;
                runs.push(std::mem::replace(&mut run, vec![last]));
            }
            run.push(*point);
        }
        runs.push(run);
        runs
    }

    /// The cost where the curve begins, taken away from all of it: what is added over many slots would drown the bends.
    pub(super) fn level(&mut self) {
        let level = self.points.first().map_or(0.0, |first| first.cost);
        self.points.iter_mut().for_each(|point| point.cost -= level);
    }

    fn flat(&self) -> f64 {
        FLAT * self.points.iter().map(|point| point.cost.abs()).fold(0.0, f64::max)
    }

    /// Without points that say nothing, and with a bound on those that do.
    fn tidy(self) -> Curve {
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

/// The convex runs of a slot's cost, as curves over what is drawn.
fn branches(slot: &Shape) -> Vec<Curve> {
    let mut start = Point { stored: slot.from, cost: slot.cost };
    let mut branches = vec![Curve { points: vec![start] }];
    let mut worth = f64::INFINITY;
    for piece in &slot.pieces {
        if piece.worth > worth {
            branches.push(Curve { points: vec![start] });
        }
        worth = piece.worth;
        start = start.beyond(*piece);
        if let Some(branch) = branches.last_mut() {
            branch.points.push(start);
        }
    }
    branches
}

/// The least cost of one convex run and one convex branch together, cut to the window; `None` where nothing is left.
fn sum(run: &[Point], branch: &Curve, capacity: f64) -> Option<Curve> {
    let (first, begin) = (run.first()?, branch.points.first()?);
    let mut pieces: Vec<Piece> = Vec::with_capacity(run.len() + branch.points.len());
    for points in [run, &branch.points] {
        pieces.extend(points.iter().zip(points.iter().skip(1)).map(|(one, next)| one.piece_to(*next)));
    }
    pieces.sort_by(|one, other| other.worth.total_cmp(&one.worth));
    let whole = Curve::convex(first.stored + begin.stored, first.cost + begin.cost, pieces);
    clip(&whole, 0.0, capacity)
}

/// The part of a curve between two stored energies.
fn clip(curve: &Curve, low: f64, high: f64) -> Option<Curve> {
    let (first, last) = curve.range();
    let (low, high) = (low.max(first), high.min(last));
    if low > high {
        return None;
    }
    let at = |stored| Point { stored, cost: curve.at(stored) };
    let inside = curve.points.iter().filter(|point| point.stored > low && point.stored < high);
    let points = std::iter::once(at(low)).chain(inside.copied());
    Some(Curve { points: points.chain((high > low).then(|| at(high))).collect() })
}

/// The lowest of curves in a row, each of which meets its neighbours: neighbours pair by pair, until one is left.
fn lowest(mut curves: Vec<Curve>) -> Option<Curve> {
    while curves.len() > 1 {
        let pair = |pair: &[Curve]| match pair {
            [one, other] => Some(lower(one, other)),
            rest => rest.first().cloned(),
        };
        curves = curves.chunks(2).filter_map(pair).collect();
    }
    curves.pop()
}

/// The lower of two curves whose ranges meet; where only one is, that one. Where one ends, the other is not above it.
fn lower(one: &Curve, other: &Curve) -> Curve {
    let mut stops: Vec<f64> = one.points.iter().chain(&other.points).map(|point| point.stored).collect();
    stops.sort_by(f64::total_cmp);
    stops.dedup();
    let mut points: Vec<Point> = Vec::with_capacity(stops.len() * 2);
    let mut before: Option<(f64, Option<f64>, Option<f64>)> = None;
    for stop in stops {
        let (here, there) = (one.within(stop), other.within(stop));
        if let Some((from, Some(a), Some(b))) = before
            && let (Some(c), Some(d)) = (here, there)
        {
            points.extend(crossing(from, a - b, stop, c - d).map(|stored| Point { stored, cost: one.at(stored) }));
        }
        let cost = here.into_iter().chain(there).fold(f64::INFINITY, f64::min);
        points.push(Point { stored: stop, cost });
        before = Some((stop, here, there));
    }
    Curve { points }
}

/// Where a difference that is linear between two stops changes its sign strictly between them.
fn crossing(from: f64, at_from: f64, to: f64, at_to: f64) -> Option<f64> {
    let crosses = (at_from < 0.0 && at_to > 0.0) || (at_from > 0.0 && at_to < 0.0);
    let stored = from + (to - from) * (at_from / (at_from - at_to));
    (crosses && stored > from && stored < to).then_some(stored)
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
        let tidied = bent.clone().tidy();
        assert!(!bent.is_convex() && tidied.is_convex() && tidied.points.len() <= MOST_POINTS);
        assert!(bent.points.iter().all(|point| tidied.at(point.stored) <= point.cost + 1e-9));
        assert_eq!(tidied.range(), bent.range());
    }

    #[test]
    fn the_lowest_of_curves_changes_over_where_they_cross() {
        let level = curve([(0.0, 2.0), (4.0, 2.0)]);
        let valley = curve([(1.0, 3.0), (3.0, 1.0), (6.0, 4.0)]);
        let both = lowest(vec![level, valley]).expect("a curve").tidy();
        assert_eq!(both, curve([(0.0, 2.0), (2.0, 2.0), (3.0, 1.0), (6.0, 4.0)]));
        assert_eq!(both.runs().len(), 2);
    }

    #[test]
    fn points_on_a_straight_line_say_nothing() {
        let straight = curve([(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 4.0)]);
        assert_eq!(straight.tidy(), curve([(0.0, 0.0), (2.0, 2.0), (3.0, 4.0)]));
    }
}
