//! The lowest place of a curve within a window that glides along it.

use std::collections::VecDeque;

use super::curve::{Curve, Point};
use super::shape::Piece;

/// A window on a curve: from where the slot's greatest draw would leave what is stored to where its least would.
struct Window {
    corners: Vec<Point>,
    /// How steep the curve is behind each corner but the last.
    slopes: Vec<f64>,
    /// The least draw and the greatest: how far what is stored stands ahead of the window's end and of its beginning.
    least: f64,
    most: f64,
    /// How many corners the end has reached, and how many the beginning has left.
    reached: usize,
    left: usize,
    /// Of the corners within those that no later one is below: the first is the lowest.
    lowest: VecDeque<Point>,
}

/// A straight line by its value at some place.
#[derive(Clone, Copy)]
struct Line {
    value: f64,
    slope: f64,
}

/// The corners found so far, and how steep it goes on behind the last.
struct Trace {
    points: Vec<Point>,
    slope: f64,
}

/// Where there is no line.
const NOWHERE: Line = Line { value: f64::INFINITY, slope: 0.0 };

/// The least cost by what is stored before a slot, if in it a piece of its cost may be drawn from, in part or whole, that
/// begins at the draw `least`. Only what lies between nothing and the capacity; `None` where nothing does.
///
/// With the piece's worth for each kWh that stays added to the curve every draw costs the same. So the lowest place within
/// reach is sought, and that is where the reach begins, where it ends, or a corner in it: one sweep finds it for all that
/// may be stored. The curve need not be convex.
pub(super) fn drawn(curve: &Curve, least: Point, piece: Piece, capacity: f64) -> Option<Curve> {
    let most = least.stored + piece.width;
    let (first, last) = curve.range();
    let (from, until) = ((first + least.stored).max(0.0), (last + most).min(capacity));
    if from > until {
        return None;
    }
    let mut window = Window::new(curve, piece.worth, (least.stored, most), from);
    let mut trace = Trace { points: Vec::with_capacity(curve.points.len() * 2), slope: f64::NAN };
    let mut now = from;
    loop {
        let next = window.next_corner().min(until);
        let value = trace.follow(window.lines(now), now, next);
        if next >= until {
            trace.points.push(Point { stored: until, cost: value });
            break;
        }
        now = next;
        window.glide(now);
    }
    let added = |stored: f64| piece.worth * (least.stored - stored) + least.cost;
    trace.points.iter_mut().for_each(|point| point.cost += added(point.stored));
    Some(Curve { points: trace.points })
}

impl Window {
    /// The window where so much is stored. What its beginning stands upon is within.
    fn new(curve: &Curve, worth: f64, (least, most): (f64, f64), stored: f64) -> Window {
        let raised = |point: &Point| Point { cost: point.cost + worth * point.stored, ..*point };
        let corners: Vec<Point> = curve.points.iter().map(raised).collect();
        let slopes = corners.iter().zip(corners.iter().skip(1)).map(|(one, next)| -one.piece_to(*next).worth).collect();
        let mut window = Window { corners, slopes, least, most, reached: 0, left: 0, lowest: VecDeque::new() };
        window.reach(stored);
        window.leave(|corner| corner < stored);
        window
    }

    /// Moves on to where so much is stored.
    fn glide(&mut self, stored: f64) {
        self.reach(stored);
        self.leave(|corner| corner <= stored);
    }

    fn reach(&mut self, stored: f64) {
        let met = |corner: &&Point| corner.stored + self.least <= stored;
        while let Some(corner) = self.corners.get(self.reached).filter(met) {
            while self.lowest.back().is_some_and(|last| last.cost >= corner.cost) {
                self.lowest.pop_back();
            }
            self.lowest.push_back(*corner);
            self.reached += 1;
        }
    }

    fn leave(&mut self, gone: impl Fn(f64) -> bool) {
        while let Some(corner) = self.corners.get(self.left).filter(|corner| gone(corner.stored + self.most)) {
            if self.lowest.front().is_some_and(|first| first.stored <= corner.stored) {
                self.lowest.pop_front();
            }
            self.left += 1;
        }
    }

    /// What is stored where an end of the window meets its next corner.
    fn next_corner(&self) -> f64 {
        let meets = |corner: Option<&Point>, ahead: f64| corner.map_or(f64::INFINITY, |corner| corner.stored + ahead);
        meets(self.corners.get(self.reached), self.least).min(meets(self.corners.get(self.left), self.most))
    }

    /// The curve at the window's beginning and at its end, and the lowest corner within, from where so much is stored.
    fn lines(&self, stored: f64) -> [Line; 3] {
        let edge = |after: usize, at: f64| {
            let before = after.checked_sub(1).and_then(|before| self.corners.get(before).zip(self.slopes.get(before)));
            before.map_or(NOWHERE, |(corner, slope)| Line {
                value: corner.cost + slope * (at - corner.stored),
                slope: *slope,
            })
        };
        let within = self.lowest.front().map_or(NOWHERE, |corner| Line { value: corner.cost, slope: 0.0 });
        [edge(self.left, stored - self.most), edge(self.reached, stored - self.least), within]
    }
}

impl Trace {
    /// Follows the lowest of lines from one place to another, and tells how low it is there.
    fn follow(&mut self, lines: [Line; 3], from: f64, to: f64) -> f64 {
        let (mut at, mut line) = (from, lowest(lines));
        self.turn(at, line);
        while let Some((crossing, other)) = first_below(lines, from, (at, line), to) {
            (at, line) = (crossing, other);
            self.turn(at, line);
        }
        line.value + line.slope * (to - at)
    }

    /// A corner, unless it goes on as it did.
    fn turn(&mut self, at: f64, line: Line) {
        if line.slope != self.slope {
            self.points.push(Point { stored: at, cost: line.value });
            self.slope = line.slope;
        }
    }
}

/// The lowest line; of those that are as low, the one that is lowest next.
fn lowest(lines: [Line; 3]) -> Line {
    let below = |one: Line, other: Line| one.value < other.value || one.value == other.value && one.slope < other.slope;
    lines.into_iter().fold(NOWHERE, |least, line| if below(line, least) { line } else { least })
}

/// Where one of these lines, which begin at `from`, first goes below the one that is followed, before `to`.
fn first_below(lines: [Line; 3], from: f64, (at, line): (f64, Line), to: f64) -> Option<(f64, Line)> {
    let mut first: Option<(f64, Line)> = None;
    for other in lines.into_iter().filter(|other| other.slope < line.slope) {
        let above = (other.value + other.slope * (at - from) - line.value).max(0.0);
        let crossing = at + above / (line.slope - other.slope);
        if crossing < first.map_or(to, |(crossing, _)| crossing) {
            first = Some((crossing, Line { value: line.value + line.slope * (crossing - at), slope: other.slope }));
        }
    }
    first
}
